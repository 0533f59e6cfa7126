/*
 * writer.c - see writer.h.
 *
 * pthread's own locks rather than GLib's, so that ThreadSanitizer sees them.  The mutex guards the
 * queue, the jobs' states and the counters; the database is touched by the thread alone.
 */
#include "store/writer.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "base/log.h"
#include "store/roster.h"

#define BATCH_TIME (3 * 1000) /* microseconds: a batch that ran so long takes no more */
#define TURN_TIME (20 * 1000) /* the same where other hosts wait meanwhile, and */
#define TURN_STEP 8 /* jobs are begun at a time: each takes some round trips */
#define SMALL_BATCH 6
#define IDLE_TIME (250 * 1000) /* nothing to do for so long: a checkpoint */
#define BACKLOG_MOST 8192 /* pages in the log: a checkpoint even so */
#define CHECKPOINT_PAUSE (2 * G_USEC_PER_SEC) /* after one that failed */
#define THREAD_STACK (2 * 1024 * 1024)

enum job_state { JOB_QUEUED, JOB_RUNNING, JOB_DONE };

struct job {
	struct job *previous, *next; /* in the queue */
	gboolean (*run)(struct transaction *transaction, gpointer data, GError **error);
	gpointer data;
	void (*abandon)(gpointer data);
	enum job_state state;
	gboolean abandoned; /* nobody waits any more: the writer frees it */
	GError *error;
	pthread_cond_t done;
};

struct writer {
	pthread_mutex_t mutex;
	pthread_cond_t wanted;
	pthread_t thread;
	struct job *first, *last;
	gboolean stopping;
	struct writer_stats stats;
	/* the thread's own: */
	struct transaction transaction;
	struct writer_hooks hooks;
	struct job *batch[LIMIT_BATCH];
	guint count;
	gint64 next_checkpoint; /* not before */
	gint64 commit_took; /* microseconds, the last */
	gboolean compact; /* outside of a transaction */
	gint64 version; /* of the store, when memory was like it */
	guint connected; /* the connection it was read by, by number */
	gboolean cut_log; /* something was erased that the log still holds */
};

/* --- queue (under the mutex) --- */

static void
append(struct writer *writer, struct job *job)
{
	job->previous = writer->last;
	job->next = NULL;
	if (writer->last)
		writer->last->next = job;
	else
		writer->first = job;
	writer->last = job;
	writer->stats.queued++;
}

static void
unlink_job(struct writer *writer, struct job *job)
{
	if (job->previous)
		job->previous->next = job->next;
	else
		writer->first = job->next;
	if (job->next)
		job->next->previous = job->previous;
	else
		writer->last = job->previous;
	writer->stats.queued--;
}

/* Move waiting jobs into the batch. @return how many */
static guint
take_jobs(struct writer *writer)
{
	guint before = writer->count;

	while (writer->first && writer->count < LIMIT_BATCH &&
	       (!writer->hooks.turns || writer->count - before < TURN_STEP)) {
		struct job *job = writer->first;

		unlink_job(writer, job);
		job->state = JOB_RUNNING;
		writer->batch[writer->count++] = job;
	}
	return writer->count - before;
}

static guint
take_more(struct writer *writer)
{
	guint taken;

	pthread_mutex_lock(&writer->mutex);
	taken = take_jobs(writer);
	pthread_mutex_unlock(&writer->mutex);
	return taken;
}

static void
job_free(struct job *job)
{
	pthread_cond_destroy(&job->done);
	g_clear_error(&job->error);
	g_free(job);
}

/* --- the batch (writer thread) --- */

/* Is it the job's own fault, so that the others may go on? */
static gboolean
is_own_fault(const struct database *database, const GError *error)
{
	if (error->domain != LEADMILTER_ERROR || error->code == ERROR_STORE_FULL ||
	    error->code == ERROR_STORE_CORRUPT)
		return FALSE;
	return error->code != ERROR_STORE ||
	       database->driver->blame(database->connection) == DRIVER_BLAMES_STATEMENT;
}

static void
forget_memory(struct writer *writer)
{
	if (writer->transaction.roster)
		roster_forget(writer->transaction.roster);
	writer->transaction.accounts = writer->transaction.forgotten = PRESENCE_UNKNOWN;
}

/* What jobs made is gone. */
static void
forget(struct writer *writer)
{
	forget_memory(writer);
	writer->hooks.rolled_back(writer->hooks.data);
}

static void
roll_back(struct writer *writer)
{
	struct database *database = writer->transaction.database;

	database->driver->rollback(database->connection);
	memset(&writer->transaction.tally, 0, sizeof writer->transaction.tally);
	forget(writer);
}

/* Takes the error.  @return FALSE when it is not the job's own: *error gets it */
static gboolean
keep_own(struct writer *writer, struct job *job, GError *failure, GError **error)
{
	if (!is_own_fault(writer->transaction.database, failure)) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (g_error_matches(failure, LEADMILTER_ERROR, ERROR_STORE))
		failure->code = ERROR_STORE_REFUSED;
	job->error = failure;
	return TRUE;
}

static gboolean
run_job(struct writer *writer, struct job *job, GError **error)
{
	GError *own = NULL;

	if (job->run(&writer->transaction, job->data, &own))
		return TRUE;
	if (!own)
		g_set_error(&own, LEADMILTER_ERROR, ERROR_STORE, "the job failed without a reason");
	keep_own(writer, job, own, error);
	return FALSE;
}

static void
note_jobs(struct writer *writer, guint from)
{
	for (guint i = from; i < writer->count; i++)
		writer->hooks.foresee(&writer->transaction, writer->batch[i]->run,
				      writer->batch[i]->data);
}

static gboolean
foresees(const struct writer *writer)
{
	return writer->hooks.foresee && writer->transaction.database->driver->foresee;
}

/* What was found tells what else will be read: whose lead a key names, say. */
static gboolean
foresee_more(struct writer *writer, guint from, GError **error)
{
	const struct database *database = writer->transaction.database;
	int told = foresees(writer) ? database->driver->arrive(database->connection, error) : 0;

	if (told > 0)
		note_jobs(writer, from);
	return told >= 0;
}

static gboolean
foresee(struct writer *writer, guint from, GError **error)
{
	if (foresees(writer))
		note_jobs(writer, from);
	return foresee_more(writer, from, error);
}

/* While a server works on one batch the sessions work at the next, so those of a server stay small:
 * taking all that comes would have everybody wait for everybody. */
static gboolean
may_grow(const struct writer *writer)
{
	return !writer->transaction.database->driver->is_server || writer->count < SMALL_BATCH;
}

/* Every job at full speed.
 * @return FALSE without an error when a job failed by its own fault (job->error says so) */
static gboolean
run_plainly(struct writer *writer, GError **error)
{
	gint64 end = g_get_monotonic_time() + (writer->hooks.turns ? TURN_TIME : BATCH_TIME);
	guint i = 0;

	do {
		if (i > 0 && !foresee(writer, i, error))
			return FALSE;
		for (; i < writer->count; i++)
			if (!run_job(writer, writer->batch[i], error)) {
				/* what was queued may have failed, of any job before */
				if (writer->transaction.database->driver->is_server)
					g_clear_error(&writer->batch[i]->error);
				return FALSE;
			}
	} while (may_grow(writer) && g_get_monotonic_time() < end && take_more(writer) > 0);
	return TRUE;
}

/* The next savepoint's failure makes memory be read anew. */
static gboolean
flush_roster(struct writer *writer, GError **error)
{
	struct roster *roster = writer->transaction.roster;

	return !roster || roster_flush(roster, writer->transaction.database,
				       &writer->transaction.tally.changed, error);
}

/* What a server's driver queued for the job fails at the end of its savepoint. */
static gboolean
end_savepoint(struct writer *writer, struct job *job, GError **error)
{
	struct database *database = writer->transaction.database;
	GError *failure = NULL;

	if (flush_roster(writer, &failure) &&
	    database->driver->release(database->connection, &failure))
		return TRUE;
	keep_own(writer, job, failure, error);
	return FALSE;
}

static gboolean
run_in_savepoint(struct writer *writer, struct job *job, GError **error)
{
	struct database *database = writer->transaction.database;
	const struct driver *driver = database->driver;
	g_autofree struct tally *before = g_memdup2(&writer->transaction.tally, sizeof *before);
	GError *store_error = NULL;

	if (!driver->savepoint(database->connection, error))
		return FALSE;
	if (run_job(writer, job, &store_error) && end_savepoint(writer, job, &store_error))
		return TRUE;
	if (store_error) {
		g_propagate_error(error, store_error);
		return FALSE;
	}
	writer->transaction.tally = *before;
	forget(writer);
	return driver->rollback_to(database->connection, error);
}

static gboolean
run_carefully(struct writer *writer, GError **error)
{
	writer->transaction.is_foreseen = FALSE;
	for (guint i = 0; i < writer->count; i++)
		if (!writer->batch[i]->error && !run_in_savepoint(writer, writer->batch[i], error))
			return FALSE;
	return TRUE;
}

static guint
generation(const struct writer *writer)
{
	const struct database *database = writer->transaction.database;

	return database->driver->generation ? database->driver->generation(database->connection)
					    : 0;
}

/* What another process or host wrote since makes memory be read anew; so does a new connection,
 * behind which a failover may have lost as many writes as there were since. */
static gboolean
compare(struct writer *writer, GError **error)
{
	guint connected = generation(writer);
	gint64 version;

	if (!writer->transaction.holder)
		return TRUE;
	if (!database_integer(writer->transaction.database, QUERY_VERSION, 0, &version, error, ""))
		return FALSE;
	if (version != writer->version || connected != writer->connected)
		forget_memory(writer);
	writer->version = version;
	writer->connected = connected;
	return TRUE;
}

static gboolean
foresee_version(struct writer *writer, GError **error)
{
	struct database *database = writer->transaction.database;
	gint64 ignored;
	gboolean noted;

	if (!writer->transaction.holder || !database_foresee(database, TRUE))
		return TRUE;
	noted = database_integer(database, QUERY_VERSION, 0, &ignored, error, "");
	database_foresee(database, FALSE);
	return noted;
}

static gboolean
begin(struct writer *writer, GError **error)
{
	const struct database *database = writer->transaction.database;

	return foresee_version(writer, error) &&
	       database->driver->begin(database->connection, error) && compare(writer, error);
}

/* What is known of the jobs goes out with the beginning. */
static gboolean
begin_plainly(struct writer *writer, GError **error)
{
	if (foresees(writer))
		note_jobs(writer, 0);
	writer->transaction.is_foreseen = foresees(writer);
	return begin(writer, error) && foresee_more(writer, 0, error);
}

static gboolean
run_all(struct writer *writer, GError **error)
{
	GError *failure = NULL;

	if (!begin_plainly(writer, error))
		return FALSE;
	if (run_plainly(writer, &failure))
		return TRUE;
	if (failure) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	roll_back(writer);
	return begin(writer, error) && run_carefully(writer, error);
}

static gboolean
commit(struct writer *writer, GError **error)
{
	struct database *database = writer->transaction.database;
	gboolean added = writer->transaction.tally.deliveries_added;
	gint64 began = g_get_monotonic_time();
	gboolean changed;

	if (!transaction_flush(&writer->transaction, error))
		return FALSE;
	changed = writer->transaction.tally.changed;
	if (!database->driver->commit(database->connection, error))
		return FALSE;
	writer->commit_took = g_get_monotonic_time() - began;
	writer->version += changed;
	writer->transaction.tally.changed = FALSE;
	transaction_committed(&writer->transaction);
	writer->transaction.tally.deliveries_added = added;
	writer->cut_log |= writer->transaction.tally.erased;
	writer->compact |= writer->transaction.tally.compact;
	writer->transaction.tally.erased = writer->transaction.tally.compact = FALSE;
	writer->hooks.committed(&writer->transaction.tally, writer->hooks.data);
	writer->transaction.tally.deliveries_added = FALSE;
	memset(writer->transaction.tally.events, 0, sizeof writer->transaction.tally.events);
	writer->transaction.tally.news = FALSE;
	return TRUE;
}

static void
count_job(struct writer *writer, const struct job *job)
{
	writer->stats.jobs++;
	if (job->error)
		writer->stats.failed_jobs++;
}

/* Wake who waits; jobs nobody waits for are left in `batch`, as are their number. */
static void
answer(struct writer *writer, const GError *failure)
{
	guint abandoned = 0;

	pthread_mutex_lock(&writer->mutex);
	writer->stats.commits += failure == NULL;
	if (!failure)
		histogram_add(&writer->stats.committing, writer->commit_took);
	for (guint i = 0; i < writer->count; i++) {
		struct job *job = writer->batch[i];

		if (failure && !job->error)
			job->error = g_error_copy(failure);
		count_job(writer, job);
		job->state = JOB_DONE;
		if (job->abandoned)
			writer->batch[abandoned++] = job;
		else
			pthread_cond_signal(&job->done);
	}
	writer->count = abandoned;
	pthread_mutex_unlock(&writer->mutex);
}

static void
enter(struct writer *writer)
{
	if (writer->hooks.enter)
		writer->hooks.enter(writer->hooks.data);
}

static void
leave(struct writer *writer)
{
	if (writer->hooks.leave)
		writer->hooks.leave(writer->hooks.data);
}

/* Some queued statement was refused, nobody knows whose: each job in turn, then. */
static gboolean
try_carefully(struct writer *writer, GError **error)
{
	const struct database *database = writer->transaction.database;

	if (!*error || !database->driver->is_server || !is_own_fault(database, *error))
		return FALSE;
	g_clear_error(error);
	roll_back(writer);
	return begin(writer, error) && run_carefully(writer, error) && commit(writer, error);
}

static void
run_batch(struct writer *writer)
{
	g_autoptr(GError) failure = NULL;

	enter(writer);
	if ((writer->hooks.starting && !writer->hooks.starting(writer->hooks.data, &failure)) ||
	    ((!run_all(writer, &failure) || !commit(writer, &failure)) &&
	     !try_carefully(writer, &failure)))
		roll_back(writer);
	leave(writer);
	answer(writer, failure);
	for (guint i = 0; i < writer->count; i++) {
		writer->batch[i]->abandon(writer->batch[i]->data);
		job_free(writer->batch[i]);
	}
	writer->count = 0;
}

/* --- checkpoints --- */

/* Slack in pages keeps copies of rows that were moved to other pages, whatever is zeroed when a row
 * is deleted (SQLite's secure_delete); only a file written anew has none. */
static void
compact(struct writer *writer)
{
	struct database *database = writer->transaction.database;
	g_autoptr(GError) error = NULL;

	if (!writer->compact)
		return;
	writer->compact = FALSE;
	if (!database->driver->compact(database->connection, &error))
		log_warning("the store could not be written anew: %s", error->message);
}

static void
make_checkpoint(struct writer *writer)
{
	struct database *database = writer->transaction.database;
	g_autoptr(GError) error = NULL;
	gint64 began = g_get_monotonic_time();

	if (began < writer->next_checkpoint)
		return;
	writer->next_checkpoint = 0;
	compact(writer);
	if (!database->driver->checkpoint(database->connection, writer->cut_log, &error)) {
		log_warning("checkpoint: %s", error->message);
		writer->next_checkpoint = g_get_monotonic_time() + CHECKPOINT_PAUSE;
	} else {
		writer->cut_log = FALSE;
	}
	pthread_mutex_lock(&writer->mutex);
	histogram_add(&writer->stats.checkpointing, g_get_monotonic_time() - began);
	writer->stats.checkpoints++;
	writer->stats.failed_checkpoints += error != NULL;
	pthread_mutex_unlock(&writer->mutex);
}

static void
checkpoint(struct writer *writer)
{
	enter(writer);
	make_checkpoint(writer);
	leave(writer);
}

static guint
backlog(const struct writer *writer)
{
	const struct database *database = writer->transaction.database;

	return database->driver->backlog(database->connection);
}

/* --- the thread --- */

static struct timespec
monotonic(gint64 time)
{
	return (struct timespec){ .tv_sec = time / G_USEC_PER_SEC,
				  .tv_nsec = time % G_USEC_PER_SEC * 1000 };
}

/* @return FALSE when the time passed without a job */
static gboolean
wait_for_jobs(struct writer *writer, gint64 until)
{
	const struct timespec end = monotonic(until);
	int result = 0;

	while (!writer->first && !writer->stopping && result != ETIMEDOUT)
		result = until ? pthread_cond_timedwait(&writer->wanted, &writer->mutex, &end)
			       : pthread_cond_wait(&writer->wanted, &writer->mutex);
	return writer->first || writer->stopping;
}

static void *
writer_main(void *data)
{
	struct writer *writer = data;

	for (;;) {
		gboolean idle, stopping;
		gboolean waits = transaction_waits(&writer->transaction);
		guint pages = backlog(writer);

		if (pages >= BACKLOG_MOST || writer->cut_log)
			checkpoint(writer);
		pthread_mutex_lock(&writer->mutex);
		idle = !wait_for_jobs(writer, pages || writer->cut_log || waits
						      ? g_get_monotonic_time() + IDLE_TIME
						      : (gint64)0);
		take_jobs(writer);
		stopping = writer->stopping && writer->count == 0;
		pthread_mutex_unlock(&writer->mutex);
		if (writer->count == 0 && waits && (idle || stopping))
			transaction_hurry(&writer->transaction);
		if (writer->count || (waits && (idle || stopping)))
			run_batch(writer);
		if (stopping)
			return NULL;
		if (idle)
			checkpoint(writer);
	}
}

static void
condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void
writer_free(struct writer *writer)
{
	pthread_cond_destroy(&writer->wanted);
	pthread_mutex_destroy(&writer->mutex);
	g_free(writer);
}

struct writer *
writer_start(struct database *database, const struct writer_hooks *hooks, GError **error)
{
	struct writer *writer = g_new0(struct writer, 1);
	pthread_attr_t attributes;
	int result;

	pthread_mutex_init(&writer->mutex, NULL);
	condition_init(&writer->wanted);
	writer->transaction.database = database;
	writer->transaction.roster = hooks->roster;
	writer->transaction.feed = hooks->feed;
	writer->transaction.holder = hooks->holder;
	writer->version = -1;
	writer->hooks = *hooks;
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	result = pthread_create(&writer->thread, &attributes, writer_main, writer);
	pthread_attr_destroy(&attributes);
	if (result == 0)
		return writer;
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "the store's thread: %s",
		    g_strerror(result));
	writer_free(writer);
	return NULL;
}

void
writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->mutex);
	writer->stopping = TRUE;
	pthread_cond_signal(&writer->wanted);
	pthread_mutex_unlock(&writer->mutex);
	pthread_join(writer->thread, NULL);
	writer_free(writer);
}

/* --- callers --- */

/* @return FALSE when the deadline passed first; the job is then taken out or left to the writer */
static gboolean
wait_for_answer(struct writer *writer, struct job *job, gint64 deadline)
{
	const struct timespec end = monotonic(deadline);
	int result = deadline && g_get_monotonic_time() >= deadline ? ETIMEDOUT : 0;

	while (job->state != JOB_DONE && result != ETIMEDOUT)
		result = deadline ? pthread_cond_timedwait(&job->done, &writer->mutex, &end)
				  : pthread_cond_wait(&job->done, &writer->mutex);
	if (job->state == JOB_DONE)
		return TRUE;
	job->abandoned = job->state == JOB_RUNNING;
	if (job->state == JOB_QUEUED)
		unlink_job(writer, job);
	return FALSE;
}

static struct job *
job_new(gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	gpointer data, void (*abandon)(gpointer data))
{
	struct job *job = g_new0(struct job, 1);

	job->run = run;
	job->data = data;
	job->abandon = abandon;
	condition_init(&job->done);
	return job;
}

static void
put_in_queue(struct writer *writer, struct job *job)
{
	append(writer, job);
	if (writer->first == job)
		pthread_cond_signal(&writer->wanted);
}

/* Under the mutex.  @return NULL when the job is done, else why it isn't */
static GError *
see_job_through(struct writer *writer, struct job *job, gint64 deadline)
{
	if (wait_for_answer(writer, job, deadline))
		return g_steal_pointer(&job->error);
	return g_error_new(LEADMILTER_ERROR, ERROR_TIMEOUT,
			   "the store did not answer within its deadline");
}

/* A job that runs without anybody waiting is the writer's to free. */
static void
finish_job(struct job *job, gboolean is_left)
{
	if (is_left)
		return;
	if (job->state != JOB_DONE && job->abandon)
		job->abandon(job->data);
	job_free(job);
}

void
writer_run_tasks(struct writer *writer, struct writer_task *tasks, guint count,
		 void (*queued)(gpointer data), gpointer data, gint64 deadline)
{
	g_autofree struct job **jobs = g_new(struct job *, count);
	g_autofree gboolean *left = g_new(gboolean, count);

	for (guint i = 0; i < count; i++)
		jobs[i] = job_new(tasks[i].run, tasks[i].data, tasks[i].abandon);
	pthread_mutex_lock(&writer->mutex);
	for (guint i = 0; i < count; i++)
		put_in_queue(writer, jobs[i]);
	if (queued)
		queued(data);
	for (guint i = 0; i < count; i++) {
		tasks[i].error = see_job_through(writer, jobs[i], deadline);
		left[i] = jobs[i]->abandoned;
	}
	pthread_mutex_unlock(&writer->mutex);
	for (guint i = 0; i < count; i++)
		finish_job(jobs[i], left[i]);
}

gboolean
writer_run_until(struct writer *writer,
		 gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
		 gpointer data, void (*abandon)(gpointer data), gint64 deadline, GError **error)
{
	struct writer_task task = { run, data, abandon, NULL };

	writer_run_tasks(writer, &task, 1, NULL, NULL, deadline);
	if (!task.error)
		return TRUE;
	g_propagate_error(error, task.error);
	return FALSE;
}

gboolean
writer_run(struct writer *writer,
	   gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	   gpointer data, GError **error)
{
	return writer_run_until(writer, run, data, NULL, 0, error);
}

void
writer_stats(struct writer *writer, struct writer_stats *ret)
{
	pthread_mutex_lock(&writer->mutex);
	*ret = writer->stats;
	pthread_mutex_unlock(&writer->mutex);
}
