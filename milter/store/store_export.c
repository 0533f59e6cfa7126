/*
 * store_export.c - all that is kept of a person, as JSON: store_privacy.h.
 *
 * On a connection of its own and in one read transaction: one picture, and nobody waits.
 */
#include "store/store_privacy.h"

#include "base/error.h"
#include "base/limits.h"
#include "lead/json.h"
#include "store/forget.h"
#include "store/keys.h"
#include "store/people.h"
#include "store/private.h"
#include "store/record.h"

struct export
{
	struct database *database;
	const struct forget *who;
	GString *out;
	GError **error;
};

static gint64
number_of(const struct export *export, guint i)
{
	return g_array_index(export->who->leads, gint64, i);
}

/* The cards: what was merged too, as it was then. */
static gboolean
put_leads(struct export *export)
{
	json_open(export->out, "leads", '[');
	for (guint i = 0; i < export->who->leads->len; i++) {
		struct person_row *row =
			people_row_by_number(export->database, number_of(export, i), export->error);

		if (!row)
			return FALSE;
		json_open(export->out, NULL, '{');
		record_to_json(&record_lead, row->lead, export->out);
		json_close(export->out, '}');
		people_row_free(row);
	}
	json_close(export->out, ']');
	return TRUE;
}

static gboolean
put_touches_of(struct export *export, gint64 number)
{
	g_autoptr(GPtrArray) touches =
		people_touches(export->database, number, 0, 0, export->error);

	for (guint i = 0; touches && i < touches->len; i++) {
		json_open(export->out, NULL, '{');
		record_to_json(&record_touch, touches->pdata[i], export->out);
		json_close(export->out, '}');
	}
	return touches != NULL;
}

static gboolean
put_stages_of(struct export *export, gint64 number)
{
	struct database *database = export->database;
	struct driver_statement *row =
		database_select(database, QUERY_STAGE_CHANGES, export->error, "i", number);
	int got = -1;

	while (row && (got = database_next(database, row, export->error)) > 0) {
		json_open(export->out, NULL, '{');
		json_time(export->out, "time", database_column(database, row, 0));
		json_string(export->out, "from", database_column_text(database, row, 1),
			    LIMIT_NAME);
		json_string(export->out, "to", database_column_text(database, row, 2), LIMIT_NAME);
		json_string(export->out, "cause", database_column_text(database, row, 3),
			    LIMIT_EVENT_VALUE);
		json_close(export->out, '}');
	}
	return got == 0;
}

static gboolean
put_outcomes_of(struct export *export, gint64 number)
{
	struct database *database = export->database;
	struct driver_statement *row =
		database_select(database, QUERY_OUTCOMES, export->error, "i", number);
	int got = -1;

	while (row && (got = database_next(database, row, export->error)) > 0) {
		json_open(export->out, NULL, '{');
		json_string(export->out, "what", database_column_text(database, row, 0),
			    LIMIT_NAME);
		json_string(export->out, "reason", database_column_text(database, row, 1),
			    LIMIT_EVENT_VALUE);
		json_string(export->out, "source", database_column_text(database, row, 2),
			    LIMIT_EVENT_VALUE);
		json_time(export->out, "time", database_column(database, row, 3));
		json_string(export->out, "snapshot", database_column_text(database, row, 4),
			    LIMIT_EVENT);
		json_close(export->out, '}');
	}
	return got == 0;
}

static gboolean
put_events_of(struct export *export, gint64 number)
{
	struct database *database = export->database;
	struct driver_statement *row =
		database_select(database, QUERY_EVENTS_OF_LEAD, export->error, "i", number);
	int got = -1;

	while (row && (got = database_next(database, row, export->error)) > 0) {
		json_open(export->out, NULL, '{');
		json_string(export->out, "id", database_column_text(database, row, 1), LIMIT_NAME);
		json_string(export->out, "type", database_column_text(database, row, 2),
			    LIMIT_NAME);
		json_time(export->out, "time", database_column(database, row, 3));
		json_string(export->out, "body", database_column_text(database, row, 4),
			    LIMIT_EVENT * 2);
		json_close(export->out, '}');
	}
	return got == 0;
}

static gboolean
put_each(struct export *export, const char *key,
	 gboolean (*put)(struct export *export, gint64 number))
{
	json_open(export->out, key, '[');
	for (guint i = 0; i < export->who->leads->len; i++)
		if (!put(export, number_of(export, i)))
			return FALSE;
	json_close(export->out, ']');
	return TRUE;
}

static gboolean
put_message(struct export *export, gint64 number)
{
	static const struct {
		const char *key;
		gboolean is_time;
	} COLUMNS[] = { { "message_id", FALSE }, { "time", TRUE },     { "recorded", TRUE },
			{ "direction", FALSE },  { "mailbox", FALSE }, { "author", FALSE },
			{ "kind", FALSE },       { "match", FALSE },   { "score", FALSE },
			{ "grade", FALSE },      { "stage", FALSE } };
	struct database *database = export->database;
	struct driver_statement *row =
		database_select(database, QUERY_MESSAGE_SHOWN, export->error, "i", number);
	int got = row ? database_next(database, row, export->error) : -1;

	if (got <= 0)
		return got == 0;
	json_open(export->out, NULL, '{');
	for (guint i = 0; i < G_N_ELEMENTS(COLUMNS); i++) {
		if (COLUMNS[i].is_time)
			json_time(export->out, COLUMNS[i].key, database_column(database, row, i));
		else
			json_string(export->out, COLUMNS[i].key,
				    database_column_text(database, row, i), LIMIT_MESSAGE_ID);
	}
	json_close(export->out, '}');
	database_end(database, row);
	return TRUE;
}

static gboolean
put_messages(struct export *export)
{
	g_autoptr(GArray) numbers =
		forget_list_messages(export->database, export->who, export->error);

	json_open(export->out, "messages", '[');
	for (guint i = 0; numbers && i < numbers->len; i++)
		if (!put_message(export, g_array_index(numbers, gint64, i)))
			return FALSE;
	json_close(export->out, ']');
	return numbers != NULL;
}

static gboolean
put_contact(struct export *export, const char *normalised)
{
	struct database *database = export->database;
	g_autofree char *key = keys_of_address(normalised);
	struct driver_statement *row =
		database_select(database, QUERY_CONTACT, export->error, "s", key);
	int got = row ? database_next(database, row, export->error) : -1;

	if (got <= 0)
		return got == 0;
	json_open(export->out, NULL, '{');
	json_string(export->out, "address", database_column_text(database, row, 0), LIMIT_ADDRESS);
	json_string(export->out, "name", database_column_text(database, row, 1), LIMIT_EVENT_VALUE);
	json_time(export->out, "first_seen", database_column(database, row, 2));
	json_time(export->out, "last_seen", database_column(database, row, 3));
	json_integer(export->out, "mails", database_column(database, row, 4));
	json_close(export->out, '}');
	database_end(database, row);
	return TRUE;
}

static gboolean
put_contacts(struct export *export)
{
	json_open(export->out, "contacts", '[');
	for (guint i = 0; i < export->who->addresses->len; i++)
		if (!put_contact(export, export->who->addresses->pdata[i]))
			return FALSE;
	json_close(export->out, ']');
	return TRUE;
}

static gboolean
put_all(struct export *export)
{
	json_open(export->out, NULL, '{');
	if (!put_leads(export) || !put_each(export, "touches", put_touches_of) ||
	    !put_each(export, "stage_changes", put_stages_of) ||
	    !put_each(export, "outcomes", put_outcomes_of) ||
	    !put_each(export, "events", put_events_of) || !put_messages(export) ||
	    !put_contacts(export))
		return FALSE;
	json_close(export->out, '}');
	return TRUE;
}

char *
store_export(struct store *store, const char *who, GError **error)
{
	g_autoptr(database_owned) database =
		database_open(store->driver, store->path, FALSE, error);
	struct forget *person = forget_new();
	struct export export = { database, person, g_string_new(NULL), error };
	gboolean done = database && store->driver->begin_read(database->connection, error) &&
			forget_find(database, person, who, error) && put_all(&export);

	if (database)
		store->driver->rollback(database->connection);
	forget_free(person);
	return g_string_free(export.out, !done);
}
