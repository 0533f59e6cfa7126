/* store_audit.c - the audit log and the news of store.h. */
#include "store/private.h"

#include "store/feed.h"
#include "store/store_audit.h"

void
store_audit_free(struct store_audit *entry)
{
	if (!entry)
		return;
	g_free(entry->who);
	g_free(entry->role);
	g_free(entry->peer);
	g_free(entry->action);
	g_free(entry->target);
	g_free(entry->detail);
	g_free(entry);
}

/* --- writing --- */

struct write_job {
	const struct store_audit *entry;
	gint64 id;
};

static gboolean
run_write(struct transaction *transaction, gpointer data, GError **error)
{
	struct database *database = transaction->database;
	struct write_job *job = data;
	const struct store_audit *entry = job->entry;

	if (!database_run(database, QUERY_AUDIT_INSERT, error, "issssssn", entry->time, entry->who,
			  entry->role, entry->peer, entry->action, entry->target, entry->detail,
			  entry->status))
		return FALSE;
	job->id = database->driver->last_row(database->connection);
	return TRUE;
}

gint64
store_audit_write(struct store *store, const struct store_audit *entry, GError **error)
{
	struct write_job job = { entry, 0 };

	return store_run(store, run_write, &job, error) ? job.id : 0;
}

struct end_job {
	gint64 id;
	int status;
};

static gboolean
run_end(struct transaction *transaction, gpointer data, GError **error)
{
	const struct end_job *job = data;

	return database_run(transaction->database, QUERY_AUDIT_STATUS, error, "in", job->id,
			    job->status);
}

gboolean
store_audit_end(struct store *store, gint64 id, int status, GError **error)
{
	struct end_job job = { id, status };

	return store_run(store, run_end, &job, error);
}

/* --- reading --- */

static struct store_audit *
read_entry(struct database *database, struct driver_statement *row)
{
	struct store_audit *entry = g_new0(struct store_audit, 1);
	char **texts[] = { &entry->who,    &entry->role,   &entry->peer,
			   &entry->action, &entry->target, &entry->detail };

	entry->id = database_column(database, row, 0);
	entry->time = database_column(database, row, 1);
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		*texts[i] = g_strdup(database_column_text(database, row, 2 + (int)i));
	entry->status = (int)database_column(database, row, 8);
	return entry;
}

GPtrArray *
store_audit_list(struct store *store, const char *who, const char *action, gint64 before,
		 guint most, GError **error)
{
	GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)store_audit_free);
	struct driver_statement *row;
	int got = -1;

	pthread_mutex_lock(&store->reading_mutex);
	row = database_select(store->reading, QUERY_AUDIT, error, "issn",
			      before ? before : G_MAXINT64, who, action, (int)most);
	while (row && (got = database_next(store->reading, row, error)) > 0)
		g_ptr_array_add(list, read_entry(store->reading, row));
	pthread_mutex_unlock(&store->reading_mutex);
	if (got == 0)
		return list;
	g_ptr_array_unref(list);
	return NULL;
}

/* --- retention --- */

struct expire_job {
	gint64 before;
	gint64 count;
};

static gboolean
run_expire(struct transaction *transaction, gpointer data, GError **error)
{
	struct database *database = transaction->database;
	struct expire_job *job = data;

	if (!database_run(database, QUERY_AUDIT_EXPIRE, error, "i", job->before))
		return FALSE;
	job->count = database->driver->changes(database->connection);
	return TRUE;
}

gint64
store_audit_expire(struct store *store, gint64 before, GError **error)
{
	struct expire_job job = { before, 0 };
	gint64 total = 0;

	do {
		if (!store_run(store, run_expire, &job, error))
			return -1;
		total += job.count;
	} while (job.count == LIMIT_BATCH);
	return total;
}

/* --- news --- */

void
store_on_news(struct store *store,
	      void (*told)(const struct store_news *news, guint count, gpointer data),
	      gpointer data)
{
	feed_listen(store->feed, told, data);
}

/* A commit is counted in the store a moment before it is counted here. */
gint64
store_foreign_changes(struct store *store, GError **error)
{
	gint64 all;
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	done = database_integer(store->reading, QUERY_CHANGES, 0, &all, error, "");
	pthread_mutex_unlock(&store->reading_mutex);
	return done ? MAX(all - feed_own_changes(store->feed), 0) : -1;
}
