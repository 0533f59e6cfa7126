/* journal.c - see journal.h and store.h. */
#include "store/journal.h"

#include "base/error.h"
#include "lead/json.h"
#include "store/private.h"

void
journal_entry_free(struct journal_entry *entry)
{
	if (entry == NULL)
		return;
	g_free(entry->key);
	g_free(entry->value);
	g_free(entry);
}

/* --- reading --- */

static gboolean
append_entries(struct database *database, struct driver_statement *row, gboolean of_lead,
	       GPtrArray *entries, GError **error)
{
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct journal_entry *entry = g_new0(struct journal_entry, 1);

		entry->of_lead = of_lead;
		entry->key = g_strdup(database_column_text(database, row, 0));
		entry->value = g_strdup(database_column_text(database, row, 1));
		g_ptr_array_add(entries, entry);
	}
	return got == 0;
}

static gboolean
read_entries(struct database *database, gint64 delivery, GPtrArray *entries, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_JOURNAL, error, "i", delivery);

	if (!append_entries(database, row, FALSE, entries, error))
		return FALSE;
	row = database_select(database, QUERY_REMEMBERED, error, "i", delivery);
	return append_entries(database, row, TRUE, entries, error);
}

/* Values are JSON: an id is a text or a number there. */
static char *
read_lead(struct database *database, const char *endpoint, const char *record, GError **error)
{
	g_autoptr(GString) text = g_string_new(NULL);
	struct driver_statement *row;
	char *lead = NULL;

	json_string(text, NULL, record, G_MAXSIZE - 1);
	row = database_select(database, QUERY_REMEMBERED_LEAD, error, "sss", endpoint, record,
			      text->str);
	if (!row)
		return NULL;
	switch (database_next(database, row, error)) {
	case 1:
		lead = g_strdup(database_column_text(database, row, 0));
		database_end(database, row);
		return lead;
	case 0:
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND,
			    "no lead is known as %s at endpoint \"%s\"", record, endpoint);
		return NULL;
	default:
		return NULL;
	}
}

char *
store_remembered_lead(struct store *store, const char *endpoint, const char *record, GError **error)
{
	char *lead;

	pthread_mutex_lock(&store->reading_mutex);
	lead = read_lead(store->reading, endpoint, record, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return lead;
}

GPtrArray *
store_journal(struct store *store, gint64 delivery, GError **error)
{
	GPtrArray *entries = g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
	gboolean good;

	pthread_mutex_lock(&store->reading_mutex);
	good = read_entries(store->reading, delivery, entries, error);
	pthread_mutex_unlock(&store->reading_mutex);
	if (good)
		return entries;
	g_ptr_array_unref(entries);
	return NULL;
}

/* --- writing --- */

struct add_job {
	gint64 delivery;
	const GPtrArray *entries;
};

static gboolean
add_entry(struct database *database, gint64 delivery, const struct journal_entry *entry,
	  GError **error)
{
	if (!entry->of_lead)
		return database_run(database, QUERY_JOURNAL_INSERT, error, "iss", delivery,
				    entry->key, entry->value);
	if (entry->value == NULL)
		return database_run(database, QUERY_REMEMBERED_DELETE, error, "is", delivery,
				    entry->key);
	return database_run(database, QUERY_REMEMBERED_INSERT, error, "iss", delivery, entry->key,
			    entry->value);
}

static gboolean
run_add(struct transaction *transaction, gpointer data, GError **error)
{
	const struct add_job *job = data;

	for (guint i = 0; i < job->entries->len; i++)
		if (!add_entry(transaction->database, job->delivery, job->entries->pdata[i], error))
			return FALSE;
	return TRUE;
}

gboolean
store_journal_add(struct store *store, gint64 delivery, const GPtrArray *entries, GError **error)
{
	struct add_job job = { delivery, entries };

	return entries->len == 0 || store_run(store, run_add, &job, error);
}

/* --- the end of it --- */

gboolean
journal_delete_deliveries(struct database *database, gint64 first, gint64 last, GError **error)
{
	return database_run(database, QUERY_JOURNAL_DELETE, error, "ii", first, last);
}

gboolean
journal_delete_lead(struct database *database, gint64 lead, GError **error)
{
	return database_run(database, QUERY_REMEMBERED_FORGET, error, "i", lead);
}

gboolean
journal_move_lead(struct database *database, gint64 from, gint64 to, GError **error)
{
	return database_run(database, QUERY_REMEMBERED_MOVE, error, "ii", from, to) &&
	       journal_delete_lead(database, from, error);
}
