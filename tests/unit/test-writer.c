/* test-writer.c - group commit: who shares a commit, who fails alone, who stops waiting. */
#include "store_help.c"

#include "driver_fault.c"

#include <pthread.h>

#include "store/schema.h"

struct counts {
	int committed, rolled_back; /* atomic */
};

static void
committed(G_GNUC_UNUSED const struct tally *tally, gpointer data)
{
	__atomic_fetch_add(&((struct counts *)data)->committed, 1, __ATOMIC_SEQ_CST);
}

static void
rolled_back(gpointer data)
{
	__atomic_fetch_add(&((struct counts *)data)->rolled_back, 1, __ATOMIC_SEQ_CST);
}

struct fixture {
	struct scratch scratch;
	struct driver_fault fault;
	struct database *database;
	struct writer *writer;
	struct counts counts;
};

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	const struct writer_hooks hooks = { .committed = committed,
					    .rolled_back = rolled_back,
					    .data = &fixture->counts };
	g_autoptr(GError) error = NULL;

	scratch_make(&fixture->scratch);
	driver_fault_init(&fixture->fault);
	fixture->database =
		database_open(&fixture->fault.driver, fixture->scratch.path, TRUE, &error);
	g_assert_no_error(error);
	g_assert_true(fixture->fault.driver.tune(fixture->database->connection, &error));
	g_assert_true(schema_migrate(fixture->database, &error));
	fixture->fault.commits = 0;
	fixture->writer = writer_start(fixture->database, &hooks, &error);
	g_assert_no_error(error);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	writer_stop(fixture->writer);
	database_close(fixture->database);
	scratch_remove(&fixture->scratch);
}

static int
commits(struct fixture *fixture)
{
	return __atomic_load_n(&fixture->fault.commits, __ATOMIC_SEQ_CST);
}

/* Inserting the name of an endpoint stands for work; "bad" fails by its own fault after writing. */
struct work {
	struct fixture *fixture;
	const char *name;
	int runs;
	gboolean done;
	GError *error;
};

static gboolean
run_work(struct transaction *transaction, gpointer data, GError **error)
{
	struct work *work = data;

	work->runs++;
	transaction->tally.touches++;
	if (!database_run(transaction->database, QUERY_ENDPOINT_INSERT, error, "s", work->name))
		return FALSE;
	if (!g_str_has_prefix(work->name, "bad"))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "its own fault");
	return FALSE;
}

static void *
work_thread(void *data)
{
	struct work *work = data;

	work->done = writer_run(work->fixture->writer, run_work, work, &work->error);
	return NULL;
}

/* Hold the writer inside a slow commit while the others queue up. */
static void
run_together(struct fixture *fixture, struct work *works, guint count)
{
	g_autofree pthread_t *threads = g_new0(pthread_t, count);
	struct work first = { fixture, "first", 0, FALSE, NULL };
	pthread_t blocker;
	struct writer_stats stats;

	__atomic_store_n(&fixture->fault.commit_delay_ms, 100, __ATOMIC_SEQ_CST);
	pthread_create(&blocker, NULL, work_thread, &first);
	g_usleep(20 * 1000); /* it is in its commit */
	for (guint i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, work_thread, &works[i]);
	do {
		g_usleep(1000);
		writer_stats(fixture->writer, &stats);
	} while (stats.queued < count && stats.jobs == 0);
	__atomic_store_n(&fixture->fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	pthread_join(blocker, NULL);
	for (guint i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	g_assert_true(first.done);
}

static gint64
count_rows(struct fixture *fixture, gint64 *ret_touches)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(database_owned) reader =
		database_open(&sqlite_driver, fixture->scratch.path, FALSE, &error);
	struct driver_statement *row;
	gint64 rows = 0;

	g_assert_no_error(error);
	row = database_select(reader, QUERY_TALLIES, &error, "");
	while (database_next(reader, row, &error) > 0)
		*ret_touches = database_column(reader, row, STAGE_COUNT);
	row = database_select(reader, QUERY_ENDPOINTS, &error, "");
	while (database_next(reader, row, &error) > 0)
		rows++;
	g_assert_no_error(error);
	return rows;
}

static void
test_group(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work works[20];
	char names[20][8];
	gint64 touches;

	for (guint i = 0; i < 20; i++) {
		g_snprintf(names[i], sizeof names[i], "n%u", i);
		works[i] = (struct work){ fixture, names[i], 0, FALSE, NULL };
	}
	run_together(fixture, works, 20);
	for (guint i = 0; i < 20; i++)
		g_assert_true(works[i].done);
	g_assert_cmpint(commits(fixture), <=, 4); /* not twenty-one */
	g_assert_cmpint(count_rows(fixture, &touches), ==, 21);
	g_assert_cmpint(touches, ==, 21);
}

/* One of a batch fails by its own fault: it alone, whatever its place. */
static void
test_fails_alone(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work works[] = {
		{ fixture, "a", 0, FALSE, NULL },    { fixture, "bad1", 0, FALSE, NULL },
		{ fixture, "b", 0, FALSE, NULL },    { fixture, "c", 0, FALSE, NULL },
		{ fixture, "bad2", 0, FALSE, NULL }, { fixture, "d", 0, FALSE, NULL },
	};
	struct writer_stats stats;
	gint64 touches;

	run_together(fixture, works, G_N_ELEMENTS(works));
	for (guint i = 0; i < G_N_ELEMENTS(works); i++) {
		if (!g_str_has_prefix(works[i].name, "bad")) {
			g_assert_no_error(works[i].error);
			continue;
		}
		g_assert_error(works[i].error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
		g_clear_error(&works[i].error);
	}
	g_assert_cmpint(count_rows(fixture, &touches), ==, 5);
	g_assert_cmpint(touches, ==, 5);
	writer_stats(fixture->writer, &stats);
	g_assert_cmpuint(stats.jobs, ==, 7);
	g_assert_cmpuint(stats.failed_jobs, ==, 2);
	g_assert_cmpint(__atomic_load_n(&fixture->counts.rolled_back, __ATOMIC_SEQ_CST), >, 0);
}

/* The commit fails: all of the batch do, and the next batch is fine. */
static void
test_commit_fails(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work works[] = { { fixture, "a", 0, FALSE, NULL },
				{ fixture, "b", 0, FALSE, NULL },
				{ fixture, "c", 0, FALSE, NULL } };
	struct work after = { fixture, "after", 0, FALSE, NULL };
	gint64 touches;

	driver_fault_set(&fixture->fault, FAULT_FULL, FALSE, 1);
	run_together(fixture, works, 3);
	for (guint i = 0; i < 3; i++) {
		g_assert_false(works[i].done);
		g_assert_error(works[i].error, LEADMILTER_ERROR, ERROR_STORE_FULL);
		g_clear_error(&works[i].error);
	}
	driver_fault_clear(&fixture->fault);
	work_thread(&after);
	g_assert_true(after.done);
	g_assert_cmpint(count_rows(fixture, &touches), ==, 2);
	g_assert_cmpint(touches, ==, 2);
}

/* --- the end of the wait --- */

static void
abandon(gpointer data)
{
	__atomic_store_n(&((struct work *)data)->done, TRUE, __ATOMIC_SEQ_CST);
}

static void
wait_until_abandoned(struct work *work)
{
	while (!__atomic_load_n(&work->done, __ATOMIC_SEQ_CST))
		g_usleep(1000);
}

/* Timed out while it runs: the writer keeps its data until the commit. */
static void
test_abandon_running(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work work = { fixture, "slow", 0, FALSE, NULL };
	g_autoptr(GError) error = NULL;
	gint64 touches;

	__atomic_store_n(&fixture->fault.commit_delay_ms, 100, __ATOMIC_SEQ_CST);
	g_assert_false(writer_run_until(fixture->writer, run_work, &work, abandon,
					g_get_monotonic_time() + 10 * 1000, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_TIMEOUT);
	wait_until_abandoned(&work);
	__atomic_store_n(&fixture->fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	g_assert_cmpint(count_rows(fixture, &touches), ==, 1);
}

/* Timed out in the queue: taken out, never run. */
static void
test_abandon_queued(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work first = { fixture, "first", 0, FALSE, NULL };
	struct work work = { fixture, "late", 0, FALSE, NULL };
	g_autoptr(GError) error = NULL;
	struct writer_stats stats;
	pthread_t blocker;
	gint64 touches;

	__atomic_store_n(&fixture->fault.commit_delay_ms, 200, __ATOMIC_SEQ_CST);
	pthread_create(&blocker, NULL, work_thread, &first);
	g_usleep(50 * 1000);
	g_assert_false(writer_run_until(fixture->writer, run_work, &work, abandon,
					g_get_monotonic_time() + 10 * 1000, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_TIMEOUT);
	g_assert_true(work.done);
	writer_stats(fixture->writer, &stats);
	g_assert_cmpuint(stats.queued, ==, 0);
	pthread_join(blocker, NULL);
	__atomic_store_n(&fixture->fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	g_assert_cmpint(work.runs, ==, 0);
	g_assert_cmpint(count_rows(fixture, &touches), ==, 1);
}

/* Waiting jobs are finished before the thread ends. */
static void
test_stop(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work works[4];
	pthread_t threads[4];
	const struct writer_hooks hooks = { .committed = committed,
					    .rolled_back = rolled_back,
					    .data = &fixture->counts };
	struct writer_stats stats = { 0 };
	gint64 touches;

	__atomic_store_n(&fixture->fault.commit_delay_ms, 50, __ATOMIC_SEQ_CST);
	for (guint i = 0; i < 4; i++) {
		works[i] = (struct work){ fixture, (const char *[]){ "a", "b", "c", "d" }[i], 0,
					  FALSE, NULL };
		pthread_create(&threads[i], NULL, work_thread, &works[i]);
	}
	while (stats.jobs + stats.queued < 1)
		writer_stats(fixture->writer, &stats);
	for (guint i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	writer_stop(fixture->writer);
	__atomic_store_n(&fixture->fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	g_assert_cmpint(count_rows(fixture, &touches), ==, 4);
	fixture->writer = writer_start(fixture->database, &hooks, NULL);
}

/* Idle, the log goes into the main file. */
static void
test_idle_checkpoint(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct work work = { fixture, "a", 0, FALSE, NULL };
	struct writer_stats stats = { 0 };

	work_thread(&work);
	g_assert_true(work.done);
	for (guint i = 0; i < 200 && stats.checkpoints == 0; i++) {
		g_usleep(10 * 1000);
		writer_stats(fixture->writer, &stats);
	}
	g_assert_cmpuint(stats.checkpoints, ==, 1);
}

#define ADD(path, test) g_test_add("/writer/" path, struct fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("group", test_group);
	ADD("fails-alone", test_fails_alone);
	ADD("commit-fails", test_commit_fails);
	ADD("abandon-running", test_abandon_running);
	ADD("abandon-queued", test_abandon_queued);
	ADD("stop", test_stop);
	ADD("idle-checkpoint", test_idle_checkpoint);
	return g_test_run();
}
