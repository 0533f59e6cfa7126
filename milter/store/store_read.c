/* store_read.c - leads, figures and check of store.h. */
#include "store/private.h"

#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/error.h"
#include "lead/stage.h"
#include "store/contact.h"
#include "store/keys.h"
#include "store/people.h"
#include "store/record.h"
#include "store/roster.h"
#include "store/schema.h"

/* --- leads --- */

/* "%text%" with LIKE's own characters escaped; NULL stays NULL.  Caller frees. */
static char *
like_pattern(const char *text)
{
	GString *pattern;

	if (!text)
		return NULL;
	pattern = g_string_new("%");
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			g_string_append_c(pattern, '\\');
		g_string_append_c(pattern, *text);
	}
	g_string_append_c(pattern, '%');
	return g_string_free(pattern, FALSE);
}

static GPtrArray *
read_leads(struct database *database, const struct lead_filter *filter, GError **error)
{
	GPtrArray *leads = g_ptr_array_new_with_free_func((GDestroyNotify)lead_free);
	g_autofree char *folded = filter->text ? keys_fold_name(filter->text) : NULL;
	g_autofree char *name = like_pattern(folded);
	g_autofree char *company = like_pattern(filter->text);
	struct driver_statement *row = database_select(
		database, QUERY_LEADS, error, "isssssssnn", filter->since, name, company,
		filter->owner, filter->account, filter->scorecard, filter->source,
		filter->stage < 0 ? NULL : stage_name(filter->stage),
		filter->most ? (int)MIN(filter->most, G_MAXINT) : G_MAXINT,
		(int)MIN(filter->skip, G_MAXINT));
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct lead *lead = lead_new();

		record_read(&record_lead, database->driver, row, 1, lead);
		g_ptr_array_add(leads, lead);
	}
	if (got == 0)
		return leads;
	g_ptr_array_unref(leads);
	return NULL;
}

GPtrArray *
store_leads(struct store *store, const struct lead_filter *filter, GError **error)
{
	GPtrArray *leads;

	pthread_mutex_lock(&store->reading_mutex);
	leads = read_leads(store->reading, filter, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return leads;
}

struct lead *
store_lead(struct store *store, const char *id_or_address, GError **error)
{
	struct lead *lead = NULL;
	struct person_row *row;

	pthread_mutex_lock(&store->reading_mutex);
	row = people_named(store->reading, id_or_address, error);
	pthread_mutex_unlock(&store->reading_mutex);
	if (row)
		lead = g_steal_pointer(&row->lead);
	people_row_free(row);
	return lead;
}

GPtrArray *
store_touches(struct store *store, const char *lead, GError **error)
{
	GPtrArray *touches = NULL;
	struct person_row *row;

	pthread_mutex_lock(&store->reading_mutex);
	row = people_named(store->reading, lead, error);
	if (row)
		touches = people_touches(store->reading, row->number, 0, 0, error);
	pthread_mutex_unlock(&store->reading_mutex);
	people_row_free(row);
	return touches;
}

GPtrArray *
store_contacts(struct store *store, const char *domain, GError **error)
{
	GPtrArray *contacts;

	pthread_mutex_lock(&store->reading_mutex);
	contacts = contact_list(store->reading, domain, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return contacts;
}

void
stage_change_free(struct stage_change *change)
{
	if (!change)
		return;
	g_free(change->from);
	g_free(change->to);
	g_free(change->cause);
	g_free(change);
}

static GPtrArray *
read_stage_changes(struct database *database, gint64 lead, GError **error)
{
	GPtrArray *changes = g_ptr_array_new_with_free_func((GDestroyNotify)stage_change_free);
	struct driver_statement *row =
		database_select(database, QUERY_STAGE_CHANGES, error, "i", lead);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct stage_change *change = g_new0(struct stage_change, 1);

		change->time = database_column(database, row, 0);
		change->from = g_strdup(database_column_text(database, row, 1));
		change->to = g_strdup(database_column_text(database, row, 2));
		change->cause = g_strdup(database_column_text(database, row, 3));
		g_ptr_array_add(changes, change);
	}
	if (got == 0)
		return changes;
	g_ptr_array_unref(changes);
	return NULL;
}

GPtrArray *
store_stage_changes(struct store *store, const char *lead, GError **error)
{
	GPtrArray *changes = NULL;
	struct person_row *row;

	pthread_mutex_lock(&store->reading_mutex);
	row = people_named(store->reading, lead, error);
	if (row)
		changes = read_stage_changes(store->reading, row->number, error);
	pthread_mutex_unlock(&store->reading_mutex);
	people_row_free(row);
	return changes;
}

/* --- figures --- */

static gint64
read_count(struct database *database, struct driver_statement *row, int n)
{
	return MAX(database_column(database, row, n), 0);
}

static gboolean
read_tallies(struct database *database, struct store_stats *stats, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_TALLIES, error, "");
	int got = row ? database_next(database, row, error) : -1;

	if (got <= 0)
		return got == 0;
	for (int i = 0; i < STAGE_COUNT; i++) {
		stats->leads_by_stage[i] = read_count(database, row, i);
		stats->leads += stats->leads_by_stage[i];
	}
	stats->touches = read_count(database, row, STAGE_COUNT);
	stats->messages = read_count(database, row, STAGE_COUNT + 1);
	database_end(database, row);
	return TRUE;
}

static gboolean
read_endpoints(struct database *database, struct store_stats *stats, GError **error)
{
	g_autoptr(GPtrArray) list = outbox_endpoint_status(database, error);

	for (guint i = 0; list && i < list->len; i++) {
		const struct endpoint_status *status = list->pdata[i];

		stats->waiting += status->waiting;
		stats->delivered += status->delivered;
		stats->dead += status->dead;
	}
	return list != NULL;
}

G_STATIC_ASSERT(TALLY_EVENTS == STORE_EVENT_TYPES);

const char *
store_event_type(guint i)
{
	return i < TALLY_EVENTS ? tally_event_types[i] : NULL;
}

/* Owners know how many leads of the funnel they have: what is left over is nobody's. */
static gboolean
read_unowned(struct database *database, struct store_stats *stats, GError **error)
{
	g_autoptr(GPtrArray) owners = roster_read(database, error);
	guint64 open = 0, owned = 0;

	if (!owners)
		return FALSE;
	for (guint i = 0; i < owners->len; i++)
		owned += ((const struct owner *)owners->pdata[i])->load;
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		if (stage != STAGE_CUSTOMER && !stage_is_closed(stage))
			open += stats->leads_by_stage[stage];
	stats->unowned = open > owned ? open - owned : 0;
	return TRUE;
}

static void
read_writer(struct store *store, struct store_stats *stats)
{
	struct writer_stats writer = { 0 };

	if (store->writer)
		writer_stats(store->writer, &writer);
	stats->commits = writer.commits;
	stats->jobs = writer.jobs;
	stats->failed_jobs = writer.failed_jobs;
	stats->checkpoints = writer.checkpoints;
	stats->failed_checkpoints = writer.failed_checkpoints;
	stats->queued = writer.queued;
	stats->committing = writer.committing;
	stats->checkpointing = writer.checkpointing;
	for (guint i = 0; i < TALLY_EVENTS; i++)
		stats->events[i] = (gsize)g_atomic_pointer_get(&store->events[i]);
}

static gint64
bytes_of(const char *path, const char *suffix)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	struct stat info;

	return stat(name, &info) == 0 ? info.st_size : 0;
}

gboolean
store_stats(struct store *store, struct store_stats *ret, GError **error)
{
	struct store_stats stats = { .schema = schema_version() };
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	done = read_tallies(store->reading, &stats, error) &&
	       read_endpoints(store->reading, &stats, error) &&
	       read_unowned(store->reading, &stats, error);
	pthread_mutex_unlock(&store->reading_mutex);
	if (!done)
		return FALSE;
	stats.log_bytes = bytes_of(store->path, "-wal");
	stats.bytes = bytes_of(store->path, "") + stats.log_bytes;
	read_writer(store, &stats);
	*ret = stats;
	return TRUE;
}

gboolean
store_clock(struct store *store, gint64 *ret_ahead, GError **error)
{
	gint64 seconds;
	gboolean done;

	*ret_ahead = 0;
	if (!store_is_remote(store))
		return TRUE;
	pthread_mutex_lock(&store->reading_mutex);
	done = database_integer(store->reading, QUERY_CLOCK, 0, &seconds, error, "");
	pthread_mutex_unlock(&store->reading_mutex);
	if (done)
		*ret_ahead = seconds * CLOCK_SECOND - g_get_real_time();
	return done;
}

/* A connection of its own: it reads all, and other readers shall not wait for that. */
gboolean
store_check(struct store *store, GError **error)
{
	g_autoptr(database_owned) database =
		database_open(store->driver, store->path, FALSE, error);

	return database && database_check(database, error);
}
