/*
 * api_read.c - what can be asked of the hook: leads, and one lead with everything about it.
 *
 * A lead is shown as the `data` of an event shows it, so that a receiver of events and a reader
 * of this interface read one shape (conf/schemas).
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "lead/event.h"
#include "lead/score.h"
#include "lead/show.h"
#include "store/store_import.h"

#define PAGE 50
#define PAGE_MOST 500

/* --- parameters --- */

static gboolean
refuse(struct api_call *call, const char *name, const char *expected)
{
	g_autofree char *message = g_strdup_printf("%s: expected %s", name, expected);

	api_answer_error(call, 422, "invalid", message, NULL);
	return FALSE;
}

static gboolean
read_count(struct api_call *call, const char *name, guint least, guint most, guint *ret)
{
	const char *text = server_call_query(call->http, name);
	g_autofree char *expected = NULL;
	guint64 number;

	if (!text)
		return TRUE;
	if (g_ascii_string_to_unsigned(text, 10, least, most, &number, NULL)) {
		*ret = (guint)number;
		return TRUE;
	}
	expected = g_strdup_printf("a number from %u to %u", least, most);
	return refuse(call, name, expected);
}

static gboolean
read_time(struct api_call *call, const char *name, gint64 *ret)
{
	const char *text = server_call_query(call->http, name);

	if (!text)
		return TRUE;
	*ret = clock_parse(text, NULL);
	return *ret != 0 || refuse(call, name, "a time such as 2026-01-31T09:30:00Z");
}

static gboolean
read_stage(struct api_call *call, int *ret)
{
	const char *text = server_call_query(call->http, "stage");
	enum stage stage;

	*ret = -1;
	if (!text)
		return TRUE;
	if (!stage_from_name(text, &stage))
		return refuse(call, "stage",
			      "interest, nql, eql, mql, sal, sql, customer, "
			      "disqualified or recycled");
	*ret = stage;
	return TRUE;
}

static gboolean
read_filter(struct api_call *call, struct lead_filter *ret)
{
	const struct server_call *http = call->http;

	*ret = (struct lead_filter){
		.text = server_call_query(http, "q"),
		.owner = server_call_query(http, "owner"),
		.account = server_call_query(http, "account"),
		.scorecard = server_call_query(http, "scorecard"),
		.source = server_call_query(http, "source"),
		.most = PAGE,
	};
	return read_stage(call, &ret->stage) && read_time(call, "since", &ret->since) &&
	       read_count(call, "limit", 1, PAGE_MOST, &ret->most) &&
	       read_count(call, "skip", 0, G_MAXINT32, &ret->skip);
}

/* --- leads --- */

/* As `data` of an event. */
static cJSON *
snapshot(const struct lead *lead, const struct account *account, const struct score *score,
	 gint64 now)
{
	const struct event_input input = {
		.type = "lead.updated",
		.lead = lead,
		.score = score,
		.account = account,
		.time = now,
	};
	struct event *event = event_new(&input);
	cJSON *body = cJSON_Parse(event->body);
	cJSON *data = cJSON_DetachItemFromObjectCaseSensitive(body, "data");

	/* They are about what happened, which is nothing here. */
	cJSON_DeleteItemFromObjectCaseSensitive(data, "message");
	cJSON_DeleteItemFromObjectCaseSensitive(data, "conversation");
	cJSON_DeleteItemFromObjectCaseSensitive(data, "previous");
	cJSON_Delete(body);
	event_free(event);
	return data;
}

/* A list doesn't look at accounts: only whose the lead is. */
static cJSON *
listed(const struct lead *lead, gint64 now)
{
	cJSON *data = snapshot(lead, NULL, NULL, now);
	cJSON *account = cJSON_CreateObject();

	show_add_text(account, "domain", lead->account);
	if (lead->account)
		cJSON_ReplaceItemInObjectCaseSensitive(data, "account", account);
	else
		cJSON_Delete(account);
	return data;
}

void
api_list_leads(struct api_call *call)
{
	g_autoptr(GPtrArray) leads = NULL;
	g_autoptr(GError) error = NULL;
	struct lead_filter filter;
	guint most;
	cJSON *value, *list;

	if (!read_filter(call, &filter))
		return;
	most = filter.most++; /* one more tells whether there is more */
	leads = store_leads(call->host->store, &filter, &error);
	if (!leads) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	list = cJSON_AddArrayToObject(value, "leads");
	for (guint i = 0; i < MIN(leads->len, most); i++)
		cJSON_AddItemToArray(list, listed(leads->pdata[i], call->now));
	cJSON_AddBoolToObject(value, "more", leads->len > most);
	api_answer_json(call, 200, value);
}

static void
add_contributions(cJSON *object, const GPtrArray *contributions)
{
	cJSON *list = cJSON_AddArrayToObject(object, "contributions");

	for (guint i = 0; i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];
		cJSON *one = cJSON_CreateObject();

		show_add_text(one, "scorecard", contribution->card);
		show_add_text(one, "rule", contribution->rule);
		show_add_text(one, "dimension", dimension_name(contribution->dimension));
		show_add_text(one, "reason", contribution->reason);
		show_add_text(one, "evidence", contribution->evidence);
		show_add_points(one, "raw", contribution->raw);
		show_add_points(one, "points", contribution->points);
		cJSON_AddItemToArray(list, one);
	}
}

static void
add_duration(cJSON *object, const char *key, gint64 duration)
{
	if (duration < 0)
		cJSON_AddNullToObject(object, key);
	else
		cJSON_AddNumberToObject(object, key, (double)(duration / CLOCK_SECOND));
}

static void
add_touches(cJSON *value, const GPtrArray *touches)
{
	cJSON *list = cJSON_AddArrayToObject(value, "touches");

	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		cJSON *one = cJSON_CreateObject();

		cJSON_AddNumberToObject(one, "sequence", (double)touch->sequence);
		show_add_text(one, "touch", touch->name);
		show_add_text(one, "direction", touch->direction);
		show_add_time(one, "time", touch->time);
		show_add_text(one, "message_id", touch->message_id);
		show_add_text(one, "subject", touch->subject);
		show_add_text(one, "mailbox", touch->mailbox);
		show_add_text(one, "note", touch->note);
		show_add_text(one, "text", touch->excerpt);
		add_duration(one, "latency_seconds", touch->latency);
		add_contributions(one, touch->contributions);
		cJSON_AddItemToArray(list, one);
	}
}

static void
add_stages(cJSON *value, const GPtrArray *changes)
{
	cJSON *list = cJSON_AddArrayToObject(value, "stages");

	for (guint i = 0; i < changes->len; i++) {
		const struct stage_change *change = changes->pdata[i];
		cJSON *one = cJSON_CreateObject();

		show_add_time(one, "time", change->time);
		show_add_text(one, "from", change->from);
		show_add_text(one, "to", change->to);
		show_add_text(one, "cause", change->cause);
		cJSON_AddItemToArray(list, one);
	}
}

static void
answer_lead(struct api_call *call, struct lead *lead, GPtrArray *touches, const GPtrArray *changes,
	    gint64 now)
{
	g_autoptr(account_owned) account = NULL;
	g_autoptr(GError) error = NULL;
	struct score score;
	cJSON *value;

	if (lead->account)
		account = store_account_heat(call->host->store, lead->account,
					     call->view.scorecards, now, &error);
	if (error) {
		api_answer_failure(call, error);
		return;
	}
	score_evaluate_all(call->view.scorecards, touches, lead, now, &score);
	score_keep(&score, lead);
	value = snapshot(lead, account, &score, now);
	add_touches(value, touches);
	add_stages(value, changes);
	score_clear(&score);
	api_answer_json(call, 200, value);
}

void
api_get_lead(struct api_call *call)
{
	struct store *store = call->host->store;
	g_autoptr(GPtrArray) touches = NULL, changes = NULL;
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = NULL;
	gint64 now = call->now;

	if (!read_time(call, "now", &now))
		return;
	lead = store_lead(store, call->parameter, &error);
	touches = lead ? store_touches(store, lead->id, &error) : NULL;
	changes = touches ? store_stage_changes(store, lead->id, &error) : NULL;
	if (!changes)
		api_answer_failure(call, error);
	else
		answer_lead(call, lead, touches, changes, now);
}
