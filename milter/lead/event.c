/*
 * event.c - see event.h.
 *
 * Written with json.h since this runs once a message on the writer thread.  The text is
 * the last key of the message, so that taking it out again for an endpoint is a cut.
 */
#include "lead/event.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/json.h"

static void
put(GString *out, const char *key, const char *value)
{
	json_string(out, key, value, LIMIT_EVENT_VALUE);
}

static void
put_list(GString *out, const char *key, const GPtrArray *list, guint most)
{
	json_open(out, key, '[');
	for (guint i = 0; list != NULL && i < MIN(list->len, most); i++)
		put(out, NULL, list->pdata[i]);
	json_close(out, ']');
}

static void
put_grade(GString *out, const char *key, char grade)
{
	char text[2] = { grade, '\0' };

	json_string(out, key, grade >= 'A' && grade <= 'D' ? text : NULL, 1);
}

static void
put_lead(GString *out, const struct lead *lead)
{
	json_open(out, "lead", '{');
	put(out, "id", lead->id);
	json_time(out, "created", lead->created);
	json_time(out, "updated", lead->updated);
	put(out, "stage", stage_name(lead->stage));
	json_time(out, "stage_since", lead->stage_since);
	put(out, "stage_cause", lead->stage_cause);
	json_boolean(out, "unverified", lead->unverified);
	json_boolean(out, "unreachable", lead->unreachable);
	json_boolean(out, "opted_out", lead->opted_out);
	put(out, "linked", lead->linked);
	put_list(out, "possible_duplicates", lead->possible_duplicates, LIMIT_DUPLICATES);
	put_list(out, "duplicate_reasons", lead->duplicate_reasons, LIMIT_DUPLICATES);
	put(out, "merged_into", lead->merged_into);
	put(out, "customer", lead->customer);
	json_close(out, '}');
}

static void
put_person(GString *out, const struct lead *lead)
{
	json_open(out, "person", '{');
	put(out, "address", lead->address);
	put_list(out, "addresses", lead->addresses, LIMIT_URLS);
	put(out, "name", lead->name);
	put(out, "prefix", lead->prefix);
	put(out, "first_name", lead->first_name);
	put(out, "last_name", lead->last_name);
	put(out, "title", lead->title);
	put(out, "rank", lead->rank);
	put(out, "company", lead->company);
	put(out, "country", lead->country);
	put(out, "language", lead->language);
	put(out, "phone", lead->phone);
	put_list(out, "phones", lead->phones, LIMIT_PHONES);
	put_list(out, "urls", lead->urls, LIMIT_URLS);
	json_close(out, '}');
}

static void
put_account(GString *out, const struct lead *lead, const struct account *account)
{
	static const struct account NOTHING;
	const struct account *known = account != NULL ? account : &NOTHING;

	if (account == NULL && lead->account == NULL) {
		json_null(out, "account");
		return;
	}
	json_open(out, "account", '{');
	put(out, "domain", account != NULL ? account->domain : lead->account);
	put(out, "company", known->company);
	put(out, "industry", known->industry);
	put(out, "country", known->country);
	if (known->employees > 0)
		json_integer(out, "employees", known->employees);
	else
		json_null(out, "employees");
	if (known->revenue > 0)
		json_number(out, "revenue", known->revenue, 2);
	else
		json_null(out, "revenue");
	put(out, "owner", known->owner);
	json_boolean(out, "target", known->target > 0);
	json_boolean(out, "customer", known->customer > 0);
	json_integer(out, "people", known->people);
	json_integer(out, "active_people", known->active_people);
	json_close(out, '}');
}

/* --- score --- */

static void
put_contribution(GString *out, const struct contribution *contribution, gboolean with_words)
{
	json_open(out, NULL, '{');
	put(out, "rule", contribution->rule);
	json_string(out, "scorecard", contribution->card, LIMIT_NAME);
	put(out, "group", contribution->group);
	put(out, "dimension", dimension_name(contribution->dimension));
	put(out, "kind", contribution->is_explicit ? "explicit" : "implicit");
	json_number(out, "points", contribution->points, 4);
	json_number(out, "raw", contribution->raw, 4);
	json_number(out, "decayed", contribution->decayed, 4);
	put(out, "reason", with_words ? contribution->reason : NULL);
	put(out, "evidence", with_words ? contribution->evidence : NULL);
	json_time(out, "time", contribution->time);
	json_close(out, '}');
}

static gint
by_weight(gconstpointer one, gconstpointer other)
{
	const struct contribution *a = *(const struct contribution *const *)one;
	const struct contribution *b = *(const struct contribution *const *)other;
	double difference = fabs(b->points) - fabs(a->points);

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

static void
put_others(GString *out, double points, guint count)
{
	g_autofree char *reason = g_strdup_printf("%u further contributions", count);
	struct contribution others = { .rule = (char *)"others",
				       .reason = reason,
				       .raw = points,
				       .decayed = points,
				       .points = points,
				       .dimension = DIMENSION_ENGAGEMENT };

	put_contribution(out, &others, TRUE);
}

/* All, or the weightiest; a quarter of the ceiling is for them, whatever their strings are. */
static void
put_contributions(GString *out, const GPtrArray *contributions, gboolean with_words)
{
	g_autoptr(GPtrArray) sorted = NULL;
	double others = 0;
	guint listed = 0;

	json_open(out, "contributions", '[');
	if (contributions != NULL && contributions->len > LIMIT_EVENT_CONTRIBUTIONS) {
		sorted = g_ptr_array_copy((GPtrArray *)contributions, NULL, NULL);
		g_ptr_array_set_free_func(sorted, NULL);
		g_ptr_array_sort(sorted, by_weight);
		contributions = sorted;
	}
	for (guint i = 0; contributions != NULL && i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		if (listed < LIMIT_EVENT_CONTRIBUTIONS && out->len < LIMIT_EVENT / 4) {
			put_contribution(out, contribution, with_words);
			listed++;
		} else {
			others += contribution->points;
		}
	}
	if (contributions != NULL && listed < contributions->len)
		put_others(out, others, contributions->len - listed);
	json_close(out, ']');
}

static void
put_figures(GString *out, const struct lead_score *figures)
{
	json_string(out, "scorecard", figures->card, LIMIT_NAME);
	json_number(out, "total", figures->total, 2);
	json_number(out, "fit", figures->fit, 2);
	json_number(out, "engagement", figures->engagement, 2);
	json_number(out, "quality", figures->quality, 2);
}

static void
put_score(GString *out, const struct event_input *input)
{
	const struct lead *lead = input->lead;
	const struct score *score = input->score;
	const struct lead_score figures = { .card = lead->scorecard,
					    .total = lead->total,
					    .fit = lead->fit,
					    .engagement = lead->engagement,
					    .quality = lead->quality };

	json_open(out, "score", '{');
	put_figures(out, &figures);
	json_number(out, "completeness", lead->completeness, 1);
	put_grade(out, "grade", lead->grade);
	put(out, "temperature", temperature_name(lead->temperature));
	put_contributions(out, score != NULL ? score->contributions : NULL,
			  !input->without_content);
	json_close(out, '}');
}

/* What the lead is worth on each scorecard that applies to it. */
static void
put_scores(GString *out, const struct lead *lead)
{
	json_open(out, "scores", '[');
	for (guint i = 0; lead->scores != NULL && i < MIN(lead->scores->len, LIMIT_EVENT_SCORES);
	     i++) {
		const struct lead_score *figures = lead->scores->pdata[i];

		json_open(out, NULL, '{');
		put_figures(out, figures);
		put_grade(out, "grade", figures->grade);
		put(out, "temperature", temperature_name(figures->temperature));
		json_boolean(out, "qualified", figures->qualified);
		json_close(out, '}');
	}
	json_close(out, ']');
}

/* --- the rest of a lead --- */

static void
put_owner(GString *out, const struct lead *lead)
{
	if (lead->owner == NULL) {
		json_null(out, "owner");
		return;
	}
	json_open(out, "owner", '{');
	put(out, "address", lead->owner);
	put(out, "reason", lead->owner_reason);
	json_close(out, '}');
}

/* The next thing its owner is to do. */
static void
put_task(GString *out, const struct lead *lead)
{
	if (lead->task == NULL) {
		json_null(out, "task");
		return;
	}
	json_open(out, "task", '{');
	put(out, "kind", lead->task);
	json_time(out, "due", lead->task_due);
	json_time(out, "breached_at", lead->task_breached);
	json_close(out, '}');
}

static void
put_source(GString *out, const struct lead *lead)
{
	json_open(out, "source", '{');
	put(out, "name", lead->source);
	put(out, "mailbox", lead->source_mailbox);
	put(out, "tag", lead->source_tag);
	put(out, "form", lead->source_form);
	put(out, "campaign", lead->source_campaign);
	put(out, "forwarder", lead->source_forwarder);
	put(out, "referrer", lead->source_referrer);
	json_close(out, '}');
}

static void
put_references(GString *out, const struct mail *mail)
{
	const GPtrArray *in_reply_to = mail != NULL ? mail->in_reply_to : NULL;

	put(out, "in_reply_to",
	    in_reply_to != NULL && in_reply_to->len > 0 ? in_reply_to->pdata[0] : NULL);
	put_list(out, "references", mail != NULL ? mail->references : NULL, LIMIT_REFERENCES);
}

static void
put_latency(GString *out, const char *key, gint64 latency)
{
	if (latency >= 0)
		json_number(out, key, (double)latency / CLOCK_SECOND, 0);
	else
		json_null(out, key);
}

static void
put_conversation(GString *out, const struct event_input *input)
{
	const struct lead *lead = input->lead;
	const struct touch *touch = input->touch;

	json_open(out, "conversation", '{');
	put(out, "touch", touch != NULL ? touch->name : NULL);
	put(out, "direction", touch != NULL ? touch->direction : NULL);
	put(out, "author", touch != NULL ? touch->author : NULL);
	put(out, "match", input->match != MATCHED_NOTHING ? match_name(input->match) : NULL);
	put(out, "note", touch != NULL && !input->without_content ? touch->note : NULL);
	put_latency(out, "latency_seconds", touch != NULL ? touch->latency : -1);
	put_latency(out, "working_latency_seconds", touch != NULL ? touch->working_latency : -1);
	put_references(out, input->facts != NULL ? input->facts->mail : NULL);
	json_integer(out, "inbound", lead->inbound_count);
	json_integer(out, "outbound", lead->outbound_count);
	json_integer(out, "touches", lead->touch_count);
	json_time(out, "first_inbound", lead->first_inbound);
	json_time(out, "last_inbound", lead->last_inbound);
	json_time(out, "first_response", lead->first_response);
	json_time(out, "last_outbound", lead->last_outbound);
	json_close(out, '}');
}

/* --- the message --- */

static void
put_attachments(GString *out, const struct mail *mail, gboolean with_names)
{
	json_open(out, "attachments", '[');
	for (guint i = 0; with_names && i < MIN(mail->attachments->len, LIMIT_ATTACHMENTS); i++) {
		const struct mail_attachment *attachment = mail->attachments->pdata[i];

		if (attachment->filename != NULL && !attachment->is_inline)
			json_string(out, NULL, attachment->filename, LIMIT_FILENAME);
	}
	json_close(out, ']');
}

static void
put_text(GString *out, const struct facts *facts)
{
	json_string(out, "text",
		    facts->forward != NULL ? facts->forward->text : facts->text->new_text,
		    LIMIT_EXCERPT);
}

static gboolean
has_text(const struct event_input *input)
{
	return input->with_text && !input->without_content && input->facts != NULL;
}

static void
put_message(GString *out, const struct event_input *input)
{
	const struct facts *facts = input->facts;

	if (facts == NULL) {
		json_null(out, "message");
		return;
	}
	json_open(out, "message", '{');
	put(out, "id", facts->key);
	json_string(out, "message_id", facts->mail->message_id, LIMIT_MESSAGE_ID);
	json_string(out, "subject", input->without_content ? NULL : facts->mail->subject,
		    LIMIT_SUBJECT);
	put(out, "kind", kind_name(facts->kind->kind));
	put(out, "direction", direction_name(facts->direction));
	put(out, "mailbox",
	    facts->mailbox_addresses->len > 0 ? facts->mailbox_addresses->pdata[0] : NULL);
	json_time(out, "date", facts->mail->date);
	put_attachments(out, facts->mail, !input->without_content);
	if (has_text(input))
		put_text(out, facts);
	json_close(out, '}');
}

static void
put_previous(GString *out, const struct lead *before)
{
	if (before == NULL) {
		json_null(out, "previous");
		return;
	}
	json_open(out, "previous", '{');
	put(out, "stage", stage_name(before->stage));
	put(out, "owner", before->owner);
	json_number(out, "total", before->total, 2);
	put_grade(out, "grade", before->grade);
	put(out, "temperature", temperature_name(before->temperature));
	json_close(out, '}');
}

/* Only events about two cards have it. */
static void
put_other(GString *out, const struct lead *other)
{
	if (other == NULL)
		return;
	json_open(out, "other", '{');
	put(out, "id", other->id);
	put(out, "address", other->address);
	put(out, "name", other->name);
	put(out, "customer", other->customer);
	json_close(out, '}');
}

static GString *
write_data(const struct event_input *input)
{
	GString *out = g_string_sized_new(8192);

	json_open(out, NULL, '{');
	json_integer(out, "schema", EVENT_SCHEMA);
	put_lead(out, input->lead);
	put_person(out, input->lead);
	put_account(out, input->lead, input->account);
	put_score(out, input);
	put_scores(out, input->lead);
	put_owner(out, input->lead);
	put_task(out, input->lead);
	put_source(out, input->lead);
	put_conversation(out, input);
	put_message(out, input);
	put_previous(out, input->before);
	put_other(out, input->other);
	json_close(out, '}');
	return out;
}

static struct event *
wrap(const struct event_input *input, const char *type, const GString *data)
{
	struct event *event = g_new0(struct event, 1);
	GString *body = g_string_sized_new(data->len + 128);

	json_open(body, NULL, '{');
	put(body, "type", type);
	json_time(body, "timestamp", input->time);
	json_raw(body, "data", data->str, data->len);
	json_close(body, '}');
	event->id = clock_new_id("evt_", input->time);
	event->type = g_strdup(type);
	event->lead = g_strdup(input->lead->id);
	event->time = input->time;
	if (input->facts != NULL && input->facts->mailbox_addresses->len > 0)
		event->mailbox = g_strdup(input->facts->mailbox_addresses->pdata[0]);
	else if (input->touch != NULL)
		event->mailbox = g_strdup(input->touch->mailbox);
	event->has_text = has_text(input);
	event->body = g_string_free(body, FALSE);
	return event;
}

/* Of a person who was forgotten nothing is told but which card it was. */
static struct event *
new_forgotten(const struct event_input *input)
{
	const struct lead *lead = input->lead;
	struct lead bare = { .id = lead->id,
			     .created = lead->created,
			     .updated = input->time,
			     .stage = lead->stage,
			     .stage_since = lead->stage_since };
	const struct event_input bare_input = { .lead = &bare, .time = input->time };
	GString *data = write_data(&bare_input);
	struct event *event = wrap(&bare_input, EVENT_FORGOTTEN, data);

	g_string_free(data, TRUE);
	return event;
}

struct event *
event_new(const struct event_input *input)
{
	GString *data;
	struct event *event;

	if (strcmp(input->type, EVENT_FORGOTTEN) == 0)
		return new_forgotten(input);
	data = write_data(input);
	event = wrap(input, input->type, data);
	g_string_free(data, TRUE);
	return event;
}

void
event_add_all(GPtrArray *events, const struct event_input *input, const char *const *types)
{
	GString *data = write_data(input);

	for (; *types != NULL; types++)
		g_ptr_array_add(events, strcmp(*types, EVENT_FORGOTTEN) == 0
						? new_forgotten(input)
						: wrap(input, *types, data));
	g_string_free(data, TRUE);
}

struct event *
event_new_test(const char *endpoint, gint64 time)
{
	struct event *event = g_new0(struct event, 1);
	GString *body = g_string_new(NULL);

	json_open(body, NULL, '{');
	put(body, "type", EVENT_TEST);
	json_time(body, "timestamp", time);
	json_open(body, "data", '{');
	json_integer(body, "schema", EVENT_SCHEMA);
	put(body, "endpoint", endpoint);
	json_close(body, '}');
	json_close(body, '}');
	event->id = clock_new_id("evt_", time);
	event->type = g_strdup(EVENT_TEST);
	event->time = time;
	event->body = g_string_free(body, FALSE);
	return event;
}

/* A quote inside a string is escaped, so this is found as a key only; nothing else has it. */
static const char TEXT_KEY[] = ",\"text\":\"";

char *
event_body_without_text(const struct event *event)
{
	const char *begin = event->has_text ? strstr(event->body, TEXT_KEY) : NULL;
	const char *end;
	GString *body;

	if (begin == NULL)
		return g_strdup(event->body);
	for (end = begin + strlen(TEXT_KEY); *end != '"' && *end != '\0'; end++)
		end += *end == '\\' && end[1] != '\0';
	body = g_string_new_len(event->body, begin - event->body);
	if (*end == '"')
		g_string_append(body, end + 1);
	return g_string_free(body, FALSE);
}
