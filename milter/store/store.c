/*
 * store.c - opening, closing and the main job of the store; see store.h.
 *
 * Who may write holds the lock file (flock on PATH.lock, gone with its process): a second writer is
 * refused with the first one's process id.  Daemons that share a store hold it together; then each
 * holds PATH.gate too while it writes or puts the log into the file, since SQLite before 3.51.3
 * may damage a log that two connections reset at once, and PATH.turn while it waits for
 * that.  What a process has in memory of the file is read anew when the file was changed by
 * another one.  Deliveries need nothing: a claim is written with the time until it holds.  Only who
 * finds nobody else migrates, checks, and takes back claims of before.  The file is looked at
 * before anything is written to it, so that another program's database, a newer schema or a damaged
 * file stay as they are.  After a shutdown that left a log behind, a small file is checked in full;
 * a large one would keep mail waiting, so that is left to store_check().
 */
#include "store/store.h"

#include <errno.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "store/lock.h"
#include "store/feed.h"
#include "store/private.h"
#include "store/roster.h"
#include "store/schema.h"
#include "store/sqlite.h"

#define CHECKED_ON_OPEN (64 * 1024 * 1024) /* bytes: a fraction of a second */

/* --- sharing --- */

static void
lock_wait(int fd)
{
	while (flock(fd, LOCK_EX) != 0 && errno == EINTR)
		;
}

/* Whoever waits for the gate holds the turn, so that nobody passes twice while another waits. */
static void
enter_gate(gpointer data)
{
	const struct store *store = data;

	lock_wait(store->turn);
	lock_wait(store->gate);
	flock(store->turn, LOCK_UN);
}

static void
leave_gate(gpointer data)
{
	flock(((const struct store *)data)->gate, LOCK_UN);
}

static gboolean
open_gate(struct store *store, GError **error)
{
	store->gate = lock_file(store->path, ".gate", error);
	if (store->gate >= 0)
		store->turn = lock_file(store->path, ".turn", error);
	return store->turn >= 0;
}

/* --- opening --- */

static gboolean
was_left_open(const char *path)
{
	g_autofree char *log = g_strconcat(path, "-wal", NULL);
	struct stat info;

	return stat(log, &info) == 0 && info.st_size > 0;
}

static gboolean
is_small(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && info.st_size <= CHECKED_ON_OPEN;
}

/* Others may be writing: nothing is checked, migrated or recovered. */
static struct database *
open_beside_others(struct store *store, GError **error)
{
	g_autoptr(database_owned) database = database_open(store->driver, store->path, TRUE, error);
	int version;

	if (!database || !schema_check(database, &version, error))
		return NULL;
	if (version != schema_version()) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: has schema version %d, this program writes %d; stop the older "
			    "daemons that share it",
			    store->path, version, schema_version());
		return NULL;
	}
	return store->driver->tune(database->connection, error) ? g_steal_pointer(&database) : NULL;
}

static struct database *
open_to_write(struct store *store, GError **error)
{
	gboolean left_open = was_left_open(store->path);
	g_autoptr(database_owned) database = database_open(store->driver, store->path, TRUE, error);
	int version;

	if (!database || !schema_check(database, &version, error))
		return NULL;
	if (left_open && is_small(store->path) && !database_check(database, error))
		return NULL;
	if (!store->driver->tune(database->connection, error) || !schema_migrate(database, error))
		return NULL;
	return g_steal_pointer(&database);
}

struct database *
store_open_reader(const struct store *store, GError **error)
{
	g_autoptr(database_owned) database = NULL;
	int version;

	if (access(store->path, R_OK) < 0 && errno != ENOENT) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: %s; ask as root or as the daemon's user", store->path,
			    g_strerror(errno));
		return NULL;
	}
	if (!g_file_test(store->path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: there is no store yet; the daemon makes it when it starts",
			    store->path);
		return NULL;
	}
	database = database_open(store->driver, store->path, FALSE, error);
	if (!database || !schema_check(database, &version, error) ||
	    !store->driver->tune(database->connection, error))
		return NULL;
	if (version == schema_version())
		return g_steal_pointer(&database);
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
		    "%s: has schema version %d, this program reads %d; start the daemon once, it "
		    "brings the store up to date",
		    store->path, version, schema_version());
	return NULL;
}

static void
committed(const struct tally *tally, gpointer data)
{
	struct store *store = data;

	for (guint i = 0; i < TALLY_EVENTS; i++)
		if (tally->events[i])
			g_atomic_pointer_add(&store->events[i], tally->events[i]);
	feed_committed(store->feed, tally->news);
	if (!tally->deliveries_added)
		return;
	pthread_mutex_lock(&store->wake_mutex);
	if (store->wake)
		store->wake(store->wake_data);
	pthread_mutex_unlock(&store->wake_mutex);
}

static void
rolled_back(gpointer data)
{
	struct store *store = data;

	outbox_endpoints_forget(store->endpoints);
	feed_rolled_back(store->feed);
}

static gboolean
recover(struct transaction *transaction, G_GNUC_UNUSED gpointer data, GError **error)
{
	return outbox_recover(transaction, error);
}

static gboolean
start_writer(struct store *store, gboolean shared, GError **error)
{
	const struct writer_hooks hooks = {
		.committed = committed,
		.rolled_back = rolled_back,
		.enter = shared ? enter_gate : NULL,
		.leave = shared ? leave_gate : NULL,
		.data = store,
		.roster = store->roster,
		.feed = store->feed,
	};

	store->writer = writer_start(store->writing, &hooks, error);
	return store->writer &&
	       (!store->is_alone || writer_run(store->writer, recover, NULL, error));
}

static gboolean
start_writing(struct store *store, gboolean shared, GError **error)
{
	if (!lock_take(store->path, shared, &store->lock, &store->is_alone, error) ||
	    (shared && !open_gate(store, error)))
		return FALSE;
	store->writing =
		store->is_alone ? open_to_write(store, error) : open_beside_others(store, error);
	if (!store->writing || !start_writer(store, shared, error))
		return FALSE;
	/* Others may come now. */
	return !shared || !store->is_alone || flock(store->lock, LOCK_SH) == 0;
}

struct store *
store_open_with(const char *where, enum store_mode mode, const struct store_options *options,
		GError **error)
{
	g_autoptr(store_owned) store = g_new0(struct store, 1);

	store->path = g_strdup(g_str_has_prefix(where, "sqlite:") ? where + 7 : where);
	store->lock = store->gate = store->turn = -1;
	store->roster = roster_new();
	store->feed = feed_new();
	store->driver = options->driver ? options->driver : &sqlite_driver;
	store->decide = options->decide ? options->decide : decide_message;
	pthread_mutex_init(&store->reading_mutex, NULL);
	pthread_mutex_init(&store->wake_mutex, NULL);
	pthread_mutex_init(&store->browsing_mutex, NULL);
	if (mode != STORE_READ && !start_writing(store, mode == STORE_SHARED, error))
		return NULL;
	store->reading = store_open_reader(store, error);
	return store->reading ? g_steal_pointer(&store) : NULL;
}

struct store *
store_open(const char *where, enum store_mode mode, GError **error)
{
	const struct store_options options = { NULL, NULL };

	return store_open_with(where, mode, &options, error);
}

/* The reader goes first: the last connection to close cuts the log. */
void
store_close(struct store *store)
{
	int files[] = { store ? store->gate : -1, store ? store->turn : -1,
			store ? store->lock : -1 };

	if (!store)
		return;
	writer_stop(store->writer);
	database_close(store->browsing);
	database_close(store->reading);
	/* The last to close puts the log into the file. */
	if (store->turn >= 0 && store->writing)
		enter_gate(store);
	database_close(store->writing);
	outbox_endpoints_free(store->endpoints);
	roster_free(store->roster);
	feed_free(store->feed);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++)
		if (files[i] >= 0)
			close(files[i]);
	pthread_mutex_destroy(&store->reading_mutex);
	pthread_mutex_destroy(&store->wake_mutex);
	pthread_mutex_destroy(&store->browsing_mutex);
	g_free(store->path);
	g_free(store);
}

gboolean
store_run(struct store *store,
	  gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	  gpointer data, GError **error)
{
	if (store->writer)
		return writer_run(store->writer, run, data, error);
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: was opened to read", store->path);
	return FALSE;
}

/* --- messages --- */

struct message_job {
	struct store *store;
	struct receive receive;
	struct facts *facts;
	struct scorecards *scorecards;
	struct answer answer;
};

static gboolean
run_message(struct transaction *transaction, gpointer data, GError **error)
{
	struct message_job *job = data;

	answer_clear(&job->answer);
	job->receive.endpoints = job->store->endpoints;
	return receive_message(transaction, &job->receive, &job->answer, error);
}

static void
message_job_free(gpointer data)
{
	struct message_job *job = data;

	answer_clear(&job->answer);
	facts_unref(job->facts);
	if (job->scorecards)
		scorecards_unref(job->scorecards);
	g_free(job);
}

static struct message_job *
message_job_new(struct store *store, struct facts *facts, struct scorecards *scorecards, gint64 now,
		gboolean shadow)
{
	struct message_job *job = g_new0(struct message_job, 1);

	job->store = store;
	job->facts = facts_ref(facts);
	job->scorecards = scorecards ? scorecards_ref(scorecards) : NULL;
	job->receive = (struct receive){
		.facts = facts,
		.scorecards = scorecards,
		.now = now,
		.shadow = shadow,
		.decide = store->decide,
	};
	return job;
}

gboolean
store_message(struct store *store, struct facts *facts, struct scorecards *scorecards, gint64 now,
	      gint64 deadline, gboolean shadow, struct answer *ret, GError **error)
{
	GError *failure = NULL;
	struct message_job *job;
	gboolean done;

	if (!store->writer)
		return store_run(store, NULL, NULL, error);
	job = message_job_new(store, facts, scorecards, now, shadow);
	done = writer_run_until(store->writer, run_message, job, message_job_free, deadline,
				&failure);
	if (done) {
		*ret = job->answer;
		memset(&job->answer, 0, sizeof job->answer);
	}
	if (done || !g_error_matches(failure, LEADMILTER_ERROR, ERROR_TIMEOUT))
		message_job_free(job);
	if (failure)
		g_propagate_error(error, failure);
	return done;
}

/* --- endpoints --- */

struct endpoints_job {
	struct store *store;
	struct outbox_endpoints *endpoints; /* new ones, until taken */
};

static gboolean
run_set_endpoints(struct transaction *transaction, gpointer data, GError **error)
{
	struct endpoints_job *job = data;

	if (job->endpoints) {
		outbox_endpoints_free(job->store->endpoints);
		job->store->endpoints = g_steal_pointer(&job->endpoints);
	}
	return outbox_endpoints_resolve(transaction, job->store->endpoints, error);
}

void
store_set_endpoints(struct store *store, const struct config *config)
{
	struct endpoints_job job = { store, outbox_endpoints_new(config) };
	g_autoptr(GError) error = NULL;

	if (!store_run(store, run_set_endpoints, &job, &error))
		log_warning("endpoints: %s; tried again with the next message", error->message);
	outbox_endpoints_free(job.endpoints);
}

void
store_on_delivery(struct store *store, void (*wake)(gpointer data), gpointer data)
{
	pthread_mutex_lock(&store->wake_mutex);
	store->wake = wake;
	store->wake_data = data;
	pthread_mutex_unlock(&store->wake_mutex);
}
