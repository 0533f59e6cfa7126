/*
 * api_show.c - what answers show of leads, touches and deliveries, and how query parameters are
 * read.
 *
 * A lead is shown as the `data` of an event shows it, so that a receiver of events and a reader of
 * this interface read one shape (conf/schemas).
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/event.h"
#include "lead/show.h"

/* --- parameters --- */

static gboolean
refuse(struct api_call *call, const char *name, const char *expected)
{
	g_autofree char *message = g_strdup_printf("%s: expected %s", name, expected);

	api_answer_error(call, 422, "invalid", message, NULL);
	return FALSE;
}

gboolean
api_read_count(struct api_call *call, const char *name, guint least, guint most, guint *ret)
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

gboolean
api_read_time(struct api_call *call, const char *name, gint64 *ret)
{
	const char *text = server_call_query(call->http, name);

	if (!text)
		return TRUE;
	*ret = clock_parse(text, NULL);
	return *ret != 0 || refuse(call, name, "a time such as 2026-01-31T09:30:00Z");
}

gboolean
api_read_choice(struct api_call *call, const char *name, const char *const *names, guint *ret)
{
	const char *text = server_call_query(call->http, name);
	g_autofree char *all = NULL;

	if (!text)
		return TRUE;
	for (guint i = 0; names[i]; i++) {
		if (strcmp(names[i], text) != 0)
			continue;
		*ret = i;
		return TRUE;
	}
	all = g_strjoinv(", ", (char **)names);
	return refuse(call, name, all);
}

gboolean
api_read_flag(struct api_call *call, const char *name, gboolean *ret)
{
	static const char *const names[] = { "false", "true", NULL };
	guint value = *ret ? 1 : 0;
	gboolean done = api_read_choice(call, name, names, &value);

	*ret = value == 1;
	return done;
}

gboolean
api_read_text(struct api_call *call, const char *name, const char **ret)
{
	const char *text = server_call_query(call->http, name);

	*ret = NULL;
	if (!text || !*text)
		return TRUE;
	if (strnlen(text, LIMIT_QUERY + 1) > LIMIT_QUERY || !g_utf8_validate(text, -1, NULL))
		return refuse(call, name, "a text in UTF-8 of at most 500 bytes");
	*ret = text;
	return TRUE;
}

/* --- leads --- */

static void
name_activity(cJSON *data)
{
	static const char *const only_of_a_touch[] = { "touch",       "direction",
						       "author",      "match",
						       "note",        "latency_seconds",
						       "in_reply_to", "working_latency_seconds",
						       "references" };
	cJSON *activity = cJSON_DetachItemFromObjectCaseSensitive(data, "conversation");

	for (guint i = 0; i < G_N_ELEMENTS(only_of_a_touch); i++)
		cJSON_DeleteItemFromObjectCaseSensitive(activity, only_of_a_touch[i]);
	cJSON_AddItemToObject(data, "activity", activity);
}

cJSON *
api_show_snapshot(const struct lead *lead, const struct account *account, const struct score *score,
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
	cJSON_DeleteItemFromObjectCaseSensitive(data, "previous");
	name_activity(data);
	cJSON_Delete(body);
	event_free(event);
	return data;
}

cJSON *
api_show_listed(const struct lead *lead, gint64 now)
{
	cJSON *data = api_show_snapshot(lead, NULL, NULL, now);
	cJSON *account = cJSON_CreateObject();

	show_add_text(account, "domain", lead->account);
	if (lead->account)
		cJSON_ReplaceItemInObjectCaseSensitive(data, "account", account);
	else
		cJSON_Delete(account);
	return data;
}

/* --- the history of one --- */

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

cJSON *
api_show_touch(const struct touch *touch)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddNumberToObject(one, "sequence", (double)touch->sequence);
	show_add_text(one, "touch", touch->name);
	show_add_text(one, "direction", touch->direction);
	show_add_time(one, "time", touch->time);
	show_add_text(one, "message_id", touch->message_id);
	show_add_text(one, "subject", touch->subject);
	show_add_text(one, "mailbox", touch->mailbox);
	show_add_text(one, "author", touch->author);
	show_add_text(one, "note", touch->note);
	show_add_text(one, "text", touch->excerpt);
	show_add_text(one, "origin", touch->origin);
	add_duration(one, "latency_seconds", touch->latency);
	add_duration(one, "working_latency_seconds", touch->working_latency);
	add_contributions(one, touch->contributions);
	return one;
}

cJSON *
api_show_stage(const struct stage_change *change)
{
	cJSON *one = cJSON_CreateObject();

	show_add_time(one, "time", change->time);
	show_add_text(one, "from", change->from);
	show_add_text(one, "to", change->to);
	show_add_text(one, "cause", change->cause);
	return one;
}

cJSON *
api_show_thresholds(const struct config_scorecard *card)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddNumberToObject(one, "mql", card->mql);
	cJSON_AddNumberToObject(one, "grade_a", card->grade_a);
	cJSON_AddNumberToObject(one, "grade_b", card->grade_b);
	cJSON_AddNumberToObject(one, "grade_c", card->grade_c);
	cJSON_AddNumberToObject(one, "warm", card->warm);
	cJSON_AddNumberToObject(one, "hot", card->hot);
	return one;
}

/* --- deliveries --- */

cJSON *
api_show_delivery(const struct delivery *delivery)
{
	static const char *const states[] = { "waiting", "delivered", "dead", "dropped" };
	cJSON *one = cJSON_CreateObject();

	cJSON_AddNumberToObject(one, "id", (double)delivery->id);
	show_add_text(one, "endpoint", delivery->endpoint);
	show_add_text(one, "event", delivery->event);
	show_add_text(one, "type", delivery->type);
	show_add_text(one, "lead", delivery->lead);
	show_add_time(one, "time", delivery->time);
	cJSON_AddStringToObject(one, "state", states[delivery->state]);
	cJSON_AddNumberToObject(one, "attempts", delivery->attempts);
	show_add_time(one, "next", delivery->state == DELIVERY_WAITING ? delivery->next : 0);
	if (delivery->status)
		cJSON_AddNumberToObject(one, "status", delivery->status);
	else
		cJSON_AddNullToObject(one, "status");
	show_add_text(one, "error", delivery->error);
	show_add_text(one, "response", delivery->response);
	return one;
}

cJSON *
api_show_page(cJSON *value, const char *name, gboolean more, const char *next)
{
	cJSON *list = cJSON_AddArrayToObject(value, name);

	cJSON_AddBoolToObject(value, "more", more);
	show_add_text(value, "next", next);
	return list;
}
