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
#include "store/lookup.h"
#include "store/feed.h"
#include "store/postgres.h"
#include "store/private.h"
#include "store/roster.h"
#include "store/schema.h"
#include "store/sqlite.h"

#define CHECKED_ON_OPEN (64 * 1024 * 1024) /* bytes: a fraction of a second */
#define WRITER_LIMIT_MS 2000 /* of an answer, a lock, and of doing nothing inside a transaction */
#define ASKER_LIMIT_MS 1000
#define ENDPOINTS_PATIENCE (2 * G_USEC_PER_SEC)

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

/* On a server: others may come and go, who makes a version is settled in its transaction. */
static gboolean
make_ready(struct store *store, GError **error)
{
	if (!g_atomic_int_get(&store->is_ready) && !schema_migrate(store->writing, error))
		return FALSE;
	g_atomic_int_set(&store->is_ready, 1);
	return TRUE;
}

/* A server that is away is no reason not to serve mail; one that is not for us is. */
static gboolean
meet_server(struct store *store, GError **error)
{
	g_autoptr(GError) failure = NULL;

	if (make_ready(store, &failure))
		return TRUE;
	if (g_error_matches(failure, LEADMILTER_ERROR, ERROR_STORE_SCHEMA) ||
	    g_error_matches(failure, LEADMILTER_ERROR, ERROR_STORE_CORRUPT)) {
		g_propagate_error(error, g_steal_pointer(&failure));
		return FALSE;
	}
	log_warning("the store is not there yet: %s", failure->message);
	return TRUE;
}

static gboolean
open_on_server(struct store *store, GError **error)
{
	store->writing = database_open(store->driver, store->path, TRUE, error);
	if (!store->writing || !store->driver->tune(store->writing->connection, error))
		return FALSE;
	store->driver->set_limit(store->writing->connection, WRITER_LIMIT_MS);
	return meet_server(store, error);
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

static gboolean
check_file(const struct store *store, GError **error)
{
	if (access(store->path, R_OK) < 0 && errno != ENOENT) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: %s; ask as root or as the daemon's user", store->path,
			    g_strerror(errno));
		return FALSE;
	}
	if (!g_file_test(store->path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: there is no store yet; the daemon makes it when it starts",
			    store->path);
		return FALSE;
	}
	return TRUE;
}

struct database *
store_open_reader(const struct store *store, GError **error)
{
	g_autoptr(database_owned) database = NULL;
	int version;

	if (!store->driver->is_server && !check_file(store, error))
		return NULL;
	database = database_open(store->driver, store->path, FALSE, error);
	if (!database || !schema_check(database, &version, error) ||
	    !store->driver->tune(database->connection, error))
		return NULL;
	if (version == schema_version())
		return g_steal_pointer(&database);
	if (version == 0)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: there is no store yet; the daemon makes it when it starts",
			    database->path);
	else
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: has schema version %d, this program reads %d; start the daemon "
			    "once, it brings the store up to date",
			    database->path, version, schema_version());
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
take_new_endpoints(struct store *store)
{
	struct outbox_endpoints *new;

	pthread_mutex_lock(&store->wake_mutex);
	new = g_steal_pointer(&store->new_endpoints);
	pthread_mutex_unlock(&store->wake_mutex);
	if (!new)
		return;
	outbox_endpoints_free(store->endpoints);
	store->endpoints = new;
}

static gboolean
starting(gpointer data, GError **error)
{
	struct store *store = data;

	take_new_endpoints(store);
	return !store->driver->is_server || make_ready(store, error);
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

static void foresee_job(struct transaction *transaction,
			gboolean (*run)(struct transaction *transaction, gpointer data,
					GError **error),
			gpointer data);

static gboolean
start_writer(struct store *store, gboolean shared, GError **error)
{
	const struct writer_hooks hooks = {
		.committed = committed,
		.foresee = foresee_job,
		.rolled_back = rolled_back,
		.starting = starting,
		.enter = shared ? enter_gate : NULL,
		.leave = shared ? leave_gate : NULL,
		.data = store,
		.roster = store->roster,
		.feed = store->feed,
		.turns = store->driver->is_server,
		.holder = hosts_holder(store->hosts),
	};

	store->writer = writer_start(store->writing, &hooks, error);
	return store->writer &&
	       (!store->is_alone || writer_run(store->writer, recover, NULL, error));
}

static gboolean
start_writing(struct store *store, gboolean shared, GError **error)
{
	if (store->driver->is_server)
		return open_on_server(store, error) && start_writer(store, FALSE, error);
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

static struct database *
open_for_asker(gpointer data, GError **error)
{
	const struct store *store = data;
	struct database *database = store_open_reader(store, error);

	if (database && store->driver->is_server)
		store->driver->set_limit(database->connection, ASKER_LIMIT_MS);
	return database;
}

/* A daemon reads when the server is there, and its writer sees to the schema. */
static struct database *
open_reading(const struct store *store, enum store_mode mode, GError **error)
{
	if (mode == STORE_READ || !store->driver->is_server)
		return store_open_reader(store, error);
	return database_open(store->driver, store->path, FALSE, error);
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
	store->driver = options->driver          ? options->driver
			: postgres_is_url(where) ? &postgres_driver
						 : &sqlite_driver;
	store->hosts = hosts_new(mode == STORE_SHARED || store->driver->is_server);
	store->decide = options->decide ? options->decide : decide_message;
	pthread_mutex_init(&store->reading_mutex, NULL);
	pthread_mutex_init(&store->wake_mutex, NULL);
	pthread_mutex_init(&store->browsing_mutex, NULL);
	if (mode != STORE_READ && !start_writing(store, mode == STORE_SHARED, error))
		return NULL;
	store->reading = open_reading(store, mode, error);
	if (store->reading && mode != STORE_READ)
		store->asker = asker_start(open_for_asker, store, error);
	return store->reading && (store->asker || mode == STORE_READ) ? g_steal_pointer(&store)
								      : NULL;
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
	asker_stop(store->asker);
	database_close(store->reading);
	/* The last to close puts the log into the file. */
	if (store->turn >= 0 && store->writing)
		enter_gate(store);
	database_close(store->writing);
	outbox_endpoints_free(store->endpoints);
	outbox_endpoints_free(store->new_endpoints);
	roster_free(store->roster);
	feed_free(store->feed);
	hosts_free(store->hosts);
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
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: was opened to read",
		    store->reading->path);
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
	gboolean done;

	answer_clear(&job->answer);
	job->receive.endpoints = job->store->endpoints;
	transaction->endpoints = job->store->endpoints;
	done = receive_message(transaction, &job->receive, &job->answer, error);
	transaction->endpoints = NULL;
	return done;
}

static void
foresee_job(struct transaction *transaction,
	    gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	    gpointer data)
{
	const struct message_job *job = data;

	if (run != run_message)
		return;
	transaction->endpoints = job->store->endpoints;
	lookup_foresee(transaction, job->receive.facts, job->receive.scorecards, job->receive.now);
	transaction->endpoints = NULL;
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
message_job_new(struct store *store, const struct store_letter *letter, gboolean shadow)
{
	struct message_job *job = g_new0(struct message_job, 1);

	job->store = store;
	job->facts = facts_ref(letter->facts);
	job->scorecards = letter->scorecards ? scorecards_ref(letter->scorecards) : NULL;
	job->receive = (struct receive){
		.facts = letter->facts,
		.scorecards = letter->scorecards,
		.now = letter->now,
		.shadow = shadow,
		.decide = store->decide,
	};
	return job;
}

/* Takes the answer out of the job, unless the writer still has it. */
static void
take_answer(struct store_letter *letter, struct writer_task *task)
{
	struct message_job *job = task->data;

	letter->error = task->error;
	if (g_error_matches(task->error, LEADMILTER_ERROR, ERROR_TIMEOUT))
		return;
	if (!task->error) {
		letter->answer = job->answer;
		memset(&job->answer, 0, sizeof job->answer);
	}
	message_job_free(job);
}

static void
run_letters(struct store *store, struct store_letter *letters, guint count, gboolean shadow,
	    void (*queued)(gpointer data), gpointer data, gint64 deadline)
{
	g_autofree struct writer_task *tasks = g_new0(struct writer_task, count);

	for (guint i = 0; i < count; i++)
		tasks[i] = (struct writer_task){ run_message,
						 message_job_new(store, &letters[i], shadow),
						 message_job_free, NULL };
	writer_run_tasks(store->writer, tasks, count, queued, data, deadline);
	for (guint i = 0; i < count; i++)
		take_answer(&letters[i], &tasks[i]);
}

void
store_messages(struct store *store, struct store_letter *letters, guint count,
	       void (*queued)(gpointer data), gpointer data, gint64 deadline)
{
	run_letters(store, letters, count, FALSE, queued, data, deadline);
}

gboolean
store_message(struct store *store, struct facts *facts, struct scorecards *scorecards, gint64 now,
	      gint64 deadline, gboolean shadow, struct answer *ret, GError **error)
{
	struct store_letter letter = { .facts = facts, .scorecards = scorecards, .now = now };

	if (!store->writer)
		return store_run(store, NULL, NULL, error);
	run_letters(store, &letter, 1, shadow, NULL, NULL, deadline);
	if (letter.error) {
		g_propagate_error(error, letter.error);
		return FALSE;
	}
	*ret = letter.answer;
	return TRUE;
}

static gboolean
run_nothing(G_GNUC_UNUSED struct transaction *transaction, G_GNUC_UNUSED gpointer data,
	    G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static void
nothing_to_free(G_GNUC_UNUSED gpointer data)
{
}

gboolean
store_ping(struct store *store, gint64 deadline, GError **error)
{
	if (!store->writer)
		return store_run(store, NULL, NULL, error);
	return writer_run_until(store->writer, run_nothing, NULL, nothing_to_free, deadline, error);
}

/* --- endpoints --- */

static gboolean
run_set_endpoints(struct transaction *transaction, gpointer data, GError **error)
{
	return outbox_endpoints_resolve(transaction, ((struct store *)data)->endpoints, error);
}

/* The writer takes them before its next transaction, whether this one waits for that or not. */
void
store_set_endpoints(struct store *store, const struct config *config)
{
	struct outbox_endpoints *unused, *endpoints = outbox_endpoints_new(config);
	gint64 deadline = g_get_monotonic_time() + ENDPOINTS_PATIENCE;
	g_autoptr(GError) error = NULL;

	pthread_mutex_lock(&store->wake_mutex);
	unused = store->new_endpoints;
	store->new_endpoints = endpoints;
	pthread_mutex_unlock(&store->wake_mutex);
	outbox_endpoints_free(unused);
	if (store->writer && !writer_run_until(store->writer, run_set_endpoints, store,
					       nothing_to_free, deadline, &error))
		log_warning("endpoints: %s; tried again with the next message", error->message);
}

void
store_on_delivery(struct store *store, void (*wake)(gpointer data), gpointer data)
{
	pthread_mutex_lock(&store->wake_mutex);
	store->wake = wake;
	store->wake_data = data;
	pthread_mutex_unlock(&store->wake_mutex);
}
