/*
 * record.c - see record.h.
 *
 * Names (stage, temperature) are stored as words, so that a later order of an enum can't change
 * what old rows mean.  A list of strings is one text, one a line; a line end inside
 * becomes a space.  Words that a newer or damaged row holds and this program doesn't know
 * are read as the enum's first value.
 */
#include "store/record.h"

#include <string.h>

#include "base/limits.h"
#include "lead/json.h"
#include "lead/lead.h"
#include "store/ledger.h"
#include "store/store.h"

enum type {
	TEXT,
	TIME, /* gint64, microseconds since the epoch */
	SPAN, /* gint64, any other number */
	COUNT, /* guint, int, gboolean and enums stored as numbers */
	REAL,
	LETTER,
	STAGE,
	TEMPERATURE,
	LIST, /* GPtrArray of char * */
	CONTRIBUTIONS, /* GPtrArray of struct contribution *, as JSON */
	SCORES /* GPtrArray of struct lead_score *, as text */
};

struct record_field {
	const char *column;
	enum type type;
	gsize offset;
};

#define LEAD(member, type) \
	{ \
#member, type, G_STRUCT_OFFSET(struct lead, member) \
	}
#define TOUCH(member, type) \
	{ \
#member, type, G_STRUCT_OFFSET(struct touch, member) \
	}
#define OWNER(member, type) \
	{ \
#member, type, G_STRUCT_OFFSET(struct owner, member) \
	}
#define ACCOUNT(member, type) \
	{ \
#member, type, G_STRUCT_OFFSET(struct account, member) \
	}
#define DELIVERY(column, member, type) \
	{ \
		column, type, G_STRUCT_OFFSET(struct delivery, member) \
	}

static const struct record_field LEAD_FIELDS[] = {
	LEAD(id, TEXT), /* comes first, see record_lead_state */
	LEAD(created, TIME),
	LEAD(updated, TIME),
	LEAD(address, TEXT),
	LEAD(normalised, TEXT),
	LEAD(name, TEXT),
	LEAD(prefix, TEXT),
	LEAD(first_name, TEXT),
	LEAD(last_name, TEXT),
	LEAD(title, TEXT),
	LEAD(rank, TEXT),
	LEAD(company, TEXT),
	LEAD(country, TEXT),
	LEAD(language, TEXT),
	LEAD(phone, TEXT),
	LEAD(phones, LIST),
	LEAD(urls, LIST),
	LEAD(account, TEXT),
	LEAD(scorecard, TEXT),
	LEAD(stage, STAGE),
	LEAD(stage_since, TIME),
	LEAD(stage_cause, TEXT),
	LEAD(owner, TEXT),
	LEAD(owner_reason, TEXT),
	LEAD(source, TEXT),
	LEAD(source_mailbox, TEXT),
	LEAD(source_tag, TEXT),
	LEAD(source_form, TEXT),
	LEAD(source_campaign, TEXT),
	LEAD(source_forwarder, TEXT),
	LEAD(source_referrer, TEXT),
	LEAD(first_inbound, TIME),
	LEAD(last_inbound, TIME),
	LEAD(first_response, TIME),
	LEAD(last_outbound, TIME),
	LEAD(inbound_count, COUNT),
	LEAD(outbound_count, COUNT),
	LEAD(touch_count, COUNT),
	LEAD(unverified, COUNT),
	LEAD(unreachable, COUNT),
	LEAD(opted_out, COUNT),
	LEAD(linked, TEXT),
	LEAD(possible_duplicates, LIST),
	LEAD(duplicate_reasons, LIST),
	LEAD(addresses, LIST),
	LEAD(apart, LIST),
	LEAD(merged_into, TEXT),
	LEAD(customer, TEXT),
	LEAD(task, TEXT),
	LEAD(task_due, TIME),
	LEAD(task_breached, TIME),
	LEAD(first_due, TIME),
	LEAD(owner_since, TIME),
	LEAD(due, TIME),
	LEAD(scores, SCORES),
	LEAD(total, REAL),
	LEAD(fit, REAL),
	LEAD(engagement, REAL),
	LEAD(quality, REAL),
	LEAD(completeness, REAL),
	LEAD(grade, LETTER),
	LEAD(temperature, TEMPERATURE),
};
static const struct record_field TOUCH_FIELDS[] = {
	TOUCH(name, TEXT),
	TOUCH(direction, TEXT),
	TOUCH(time, TIME),
	TOUCH(message_key, TEXT),
	TOUCH(message_id, TEXT),
	TOUCH(subject, TEXT),
	TOUCH(mailbox, TEXT),
	TOUCH(author, TEXT),
	TOUCH(origin, TEXT),
	TOUCH(note, TEXT),
	TOUCH(excerpt, TEXT),
	TOUCH(latency, SPAN),
	TOUCH(working_latency, SPAN),
	TOUCH(contributions, CONTRIBUTIONS),
};
static const struct record_field OWNER_FIELDS[] = {
	OWNER(address, TEXT),      OWNER(name, TEXT),       OWNER(team, TEXT),
	OWNER(capacity, COUNT),    OWNER(weight, COUNT),    OWNER(languages, LIST),
	OWNER(countries, LIST),    OWNER(products, LIST),   OWNER(absent_from, TIME),
	OWNER(absent_until, TIME), OWNER(substitute, TEXT), OWNER(load, COUNT),
	OWNER(imported, COUNT),
};
static const struct record_field ACCOUNT_FIELDS[] = {
	ACCOUNT(domain, TEXT),  ACCOUNT(company, TEXT), ACCOUNT(industry, TEXT),
	ACCOUNT(country, TEXT), ACCOUNT(owner, TEXT),   ACCOUNT(employees, SPAN),
	ACCOUNT(revenue, REAL), ACCOUNT(target, COUNT), ACCOUNT(customer, COUNT),
	ACCOUNT(created, TIME), ACCOUNT(domains, LIST),
};
/* Read only: a join of delivery d, event e, endpoint p and lead l. */
static const struct record_field DELIVERY_FIELDS[] = {
	DELIVERY("d.id", id, SPAN),
	DELIVERY("p.name", endpoint, TEXT),
	DELIVERY("e.id", event, TEXT),
	DELIVERY("e.type", type, TEXT),
	DELIVERY("l.id", lead, TEXT),
	DELIVERY("e.body", body, TEXT),
	DELIVERY("e.time", time, TIME),
	DELIVERY("d.attempts", attempts, COUNT),
	DELIVERY("d.due", next, TIME),
	DELIVERY("d.state", state, COUNT),
	DELIVERY("d.status", status, COUNT),
	DELIVERY("d.error", error, TEXT),
	DELIVERY("d.response", response, TEXT),
};

const struct record record_lead = { LEAD_FIELDS, G_N_ELEMENTS(LEAD_FIELDS) };
const struct record record_lead_state = { LEAD_FIELDS + 1, G_N_ELEMENTS(LEAD_FIELDS) - 1 };
const struct record record_touch = { TOUCH_FIELDS, G_N_ELEMENTS(TOUCH_FIELDS) };
const struct record record_owner = { OWNER_FIELDS, G_N_ELEMENTS(OWNER_FIELDS) };
const struct record record_account = { ACCOUNT_FIELDS, G_N_ELEMENTS(ACCOUNT_FIELDS) };
const struct record record_delivery = { DELIVERY_FIELDS, G_N_ELEMENTS(DELIVERY_FIELDS) };

/* --- SQL --- */

char *
record_columns(const struct record *record, const char *prefix)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < record->count; i++)
		g_string_append_printf(text, "%s%s%s", i ? ", " : "", prefix,
				       record->fields[i].column);
	return g_string_free(text, FALSE);
}

char *
record_values(const struct record *record, int first)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < record->count; i++)
		g_string_append_printf(text, "%s?%u", i ? ", " : "", first + i);
	return g_string_free(text, FALSE);
}

char *
record_assignments(const struct record *record, int first)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < record->count; i++)
		g_string_append_printf(text, "%s%s=?%u", i ? ", " : "", record->fields[i].column,
				       first + i);
	return g_string_free(text, FALSE);
}

/* --- values into parameters --- */

static void
bind_list(const struct driver *driver, struct driver_statement *statement, int n,
	  const GPtrArray *list)
{
	g_autoptr(GString) text = g_string_new(NULL);

	for (guint i = 0; list && i < list->len; i++) {
		gsize start;

		if (i)
			g_string_append_c(text, '\n');
		start = text->len;
		g_string_append(text, list->pdata[i]);
		g_strdelimit(text->str + start, "\n", ' ');
	}
	driver->bind_text(statement, n, text->len ? text->str : NULL, FALSE);
}

static void
bind_contributions(const struct driver *driver, struct driver_statement *statement, int n,
		   const GPtrArray *contributions)
{
	g_autofree char *json = NULL;

	if (contributions && contributions->len)
		json = contributions_to_json(contributions);
	driver->bind_text(statement, n, json, FALSE);
}

static void
bind_scores(const struct driver *driver, struct driver_statement *statement, int n,
	    const GPtrArray *scores)
{
	g_autofree char *text = scores && scores->len ? lead_scores_to_text(scores) : NULL;

	driver->bind_text(statement, n, text, FALSE);
}

static void
bind_field(const struct record_field *field, const struct driver *driver,
	   struct driver_statement *statement, int n, const void *value)
{
	const void *member = (const char *)value + field->offset;
	char letter[2] = "";

	switch (field->type) {
	case TEXT:
		driver->bind_text(statement, n, *(char *const *)member, TRUE);
		break;
	case TIME:
	case SPAN:
		driver->bind_integer(statement, n, *(const gint64 *)member);
		break;
	case COUNT:
		driver->bind_integer(statement, n, *(const int *)member);
		break;
	case REAL:
		driver->bind_real(statement, n, *(const double *)member);
		break;
	case LETTER:
		letter[0] = *(const char *)member;
		driver->bind_text(statement, n, letter, FALSE);
		break;
	case STAGE:
		driver->bind_text(statement, n, stage_name(*(const enum stage *)member), TRUE);
		break;
	case TEMPERATURE:
		driver->bind_text(statement, n, temperature_name(*(const enum temperature *)member),
				  TRUE);
		break;
	case LIST:
		bind_list(driver, statement, n, *(GPtrArray *const *)member);
		break;
	case CONTRIBUTIONS:
		bind_contributions(driver, statement, n, *(GPtrArray *const *)member);
		break;
	case SCORES:
		bind_scores(driver, statement, n, *(GPtrArray *const *)member);
		break;
	}
}

void
record_bind(const struct record *record, const struct driver *driver,
	    struct driver_statement *statement, int first, const void *value)
{
	for (guint i = 0; i < record->count; i++)
		bind_field(&record->fields[i], driver, statement, first + i, value);
}

/* --- columns into values --- */

static void
read_list(const char *text, GPtrArray **list)
{
	if (!*list)
		*list = g_ptr_array_new_with_free_func(g_free);
	while (text && *text) {
		const char *end = strchrnul(text, '\n');

		g_ptr_array_add(*list, g_strndup(text, end - text));
		text = *end ? end + 1 : end;
	}
}

/* A damaged cell costs its contributions, not the lead. */
static void
read_contributions(const char *text, GPtrArray **contributions)
{
	GPtrArray *read = text ? ledger_read(text) : NULL;

	if (text && !read)
		read = contributions_from_json(text, NULL);
	if (!read)
		return;
	if (*contributions)
		g_ptr_array_unref(*contributions);
	*contributions = read;
}

static void
read_scores(const char *text, GPtrArray **scores)
{
	if (!text)
		return;
	if (*scores)
		g_ptr_array_unref(*scores);
	*scores = lead_scores_from_text(text);
}

static enum temperature
temperature_from_name(const char *name)
{
	for (int i = TEMPERATURE_COLD; name && i <= TEMPERATURE_HOT; i++)
		if (!strcmp(name, temperature_name(i)))
			return i;
	return TEMPERATURE_COLD;
}

static void
read_field(const struct record_field *field, const struct driver *driver,
	   struct driver_statement *statement, int n, void *value)
{
	void *member = (char *)value + field->offset;
	const char *text;

	switch (field->type) {
	case TEXT:
		*(char **)member = g_strdup(driver->column_text(statement, n));
		break;
	case TIME:
	case SPAN:
		*(gint64 *)member = driver->column_integer(statement, n);
		break;
	case COUNT:
		*(int *)member = driver->column_integer(statement, n);
		break;
	case REAL:
		*(double *)member = driver->column_real(statement, n);
		break;
	case LETTER:
		text = driver->column_text(statement, n);
		*(char *)member = text ? text[0] : 0;
		break;
	case STAGE:
		stage_from_name(driver->column_text(statement, n), member);
		break;
	case TEMPERATURE:
		*(enum temperature *)member =
			temperature_from_name(driver->column_text(statement, n));
		break;
	case LIST:
		read_list(driver->column_text(statement, n), member);
		break;
	case CONTRIBUTIONS:
		read_contributions(driver->column_text(statement, n), member);
		break;
	case SCORES:
		read_scores(driver->column_text(statement, n), member);
		break;
	}
}

void
record_read(const struct record *record, const struct driver *driver,
	    struct driver_statement *statement, int first, void *value)
{
	for (guint i = 0; i < record->count; i++)
		read_field(&record->fields[i], driver, statement, first + i, value);
}

/* --- values as JSON, for people --- */

static void
list_to_json(GString *out, const char *key, const GPtrArray *list)
{
	json_open(out, key, '[');
	for (guint i = 0; list && i < list->len; i++)
		json_string(out, NULL, list->pdata[i], LIMIT_EVENT_VALUE);
	json_close(out, ']');
}

static void
scores_to_json(GString *out, const char *key, const GPtrArray *scores)
{
	json_open(out, key, '[');
	for (guint i = 0; scores && i < scores->len; i++) {
		const struct lead_score *score = scores->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "scorecard", score->card, LIMIT_NAME);
		json_exact(out, "total", score->total);
		json_exact(out, "fit", score->fit);
		json_exact(out, "engagement", score->engagement);
		json_exact(out, "quality", score->quality);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
contributions_to_member(GString *out, const char *key, const GPtrArray *contributions)
{
	json_open(out, key, '[');
	for (guint i = 0; contributions && i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "rule", contribution->rule, LIMIT_NAME);
		json_string(out, "scorecard", contribution->card, LIMIT_NAME);
		json_exact(out, "points", contribution->raw);
		json_string(out, "reason", contribution->reason, LIMIT_EVENT_VALUE);
		json_string(out, "evidence", contribution->evidence, LIMIT_EVENT_VALUE);
		json_time(out, "time", contribution->time);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
field_to_json(const struct record_field *field, const void *value, GString *out)
{
	const void *member = (const char *)value + field->offset;
	const char *key = field->column;
	char letter[2] = "";

	switch (field->type) {
	case TEXT:
		json_string(out, key, *(char *const *)member, LIMIT_EVENT);
		break;
	case TIME:
		json_time(out, key, *(const gint64 *)member);
		break;
	case SPAN:
		json_integer(out, key, *(const gint64 *)member);
		break;
	case COUNT:
		json_integer(out, key, *(const int *)member);
		break;
	case REAL:
		json_exact(out, key, *(const double *)member);
		break;
	case LETTER:
		letter[0] = *(const char *)member;
		json_string(out, key, *letter ? letter : NULL, 1);
		break;
	case STAGE:
		json_string(out, key, stage_name(*(const enum stage *)member), LIMIT_NAME);
		break;
	case TEMPERATURE:
		json_string(out, key, temperature_name(*(const enum temperature *)member),
			    LIMIT_NAME);
		break;
	case LIST:
		list_to_json(out, key, *(GPtrArray *const *)member);
		break;
	case CONTRIBUTIONS:
		contributions_to_member(out, key, *(GPtrArray *const *)member);
		break;
	case SCORES:
		scores_to_json(out, key, *(GPtrArray *const *)member);
		break;
	}
}

void
record_to_json(const struct record *record, const void *value, GString *out)
{
	for (guint i = 0; i < record->count; i++)
		field_to_json(&record->fields[i], value, out);
}
