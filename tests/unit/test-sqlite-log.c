/*
 * test-sqlite-log.c - commits of every size through the gathering log (store/sqlite_log.h): what
 * was committed is seen by another connection, whole; what was rolled back is not.
 */
#include "store/sqlite.h"

#include <glib/gstdio.h>

struct fixture {
	char *directory, *path;
	struct driver_connection *writer, *reader;
};

static struct driver_connection *
open_tuned(const char *path, gboolean writable)
{
	g_autoptr(GError) error = NULL;
	struct driver_connection *c = sqlite_driver.open(&sqlite_driver, path, writable, &error);

	g_assert_no_error(error);
	sqlite_driver.tune(c, &error);
	g_assert_no_error(error);
	return c;
}

static void
exec(struct fixture *f, const char *text)
{
	g_autoptr(GError) error = NULL;

	sqlite_driver.exec(f->writer, text, &error);
	g_assert_no_error(error);
}

static void
set_up(struct fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	f->directory = g_dir_make_tmp("leadmilter-log-XXXXXX", NULL);
	f->path = g_build_filename(f->directory, "log.db", NULL);
	f->writer = open_tuned(f->path, TRUE);
	exec(f, "CREATE TABLE piece(number INTEGER PRIMARY KEY, bytes BLOB)");
	f->reader = open_tuned(f->path, FALSE);
}

static void
tear_down(struct fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	sqlite_driver.close(f->reader);
	sqlite_driver.close(f->writer);
	g_unlink(f->path);
	g_rmdir(f->directory);
	g_free(f->path);
	g_free(f->directory);
}

static gint64
read_number(struct fixture *f, const char *text)
{
	g_autoptr(GError) error = NULL;
	struct driver_statement *s = sqlite_driver.prepare(f->reader, text, &error);
	gint64 number;

	g_assert_no_error(error);
	g_assert_cmpint(sqlite_driver.step(f->reader, s, &error), ==, DRIVER_ROW);
	number = sqlite_driver.column_integer(s, 0);
	sqlite_driver.finalize(s);
	return number;
}

/* Sum of what the table holds, and that its pages are sound. */
static void
expect_bytes(struct fixture *f, gint64 want)
{
	g_assert_cmpint(read_number(f, "SELECT coalesce(sum(length(bytes)), 0) FROM piece"), ==,
			want);
	g_assert_cmpint(read_number(f, "SELECT count(*) FROM pragma_quick_check "
				       "WHERE quick_check='ok'"),
			==, 1);
}

static void
insert(struct fixture *f, int bytes)
{
	g_autofree char *text =
		g_strdup_printf("INSERT INTO piece(bytes) VALUES(randomblob(%d))", bytes);

	exec(f, text);
}

/* Below, at and above what is gathered; the last is more than the page cache holds. */
static void
test_sizes(struct fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	static const int sizes[] = { 1, 5000, 120000, 131071, 131072, 262144, 1000000, 20000000 };
	gint64 all = 0;

	for (gsize i = 0; i < G_N_ELEMENTS(sizes); i++) {
		exec(f, "BEGIN IMMEDIATE");
		insert(f, sizes[i]);
		expect_bytes(f, all);
		exec(f, "COMMIT");
		expect_bytes(f, all += sizes[i]);
	}
}

static void
test_rolled_back(struct fixture *f, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	exec(f, "BEGIN IMMEDIATE");
	insert(f, 20000000);
	exec(f, "ROLLBACK");
	expect_bytes(f, 0);
	exec(f, "BEGIN IMMEDIATE");
	insert(f, 3000);
	exec(f, "SAVEPOINT job");
	insert(f, 20000000);
	exec(f, "ROLLBACK TO job");
	insert(f, 200000);
	exec(f, "COMMIT");
	expect_bytes(f, 203000);
	sqlite_driver.checkpoint(f->writer, TRUE, &error);
	g_assert_no_error(error);
	insert(f, 7000); /* at the start of the log again */
	expect_bytes(f, 210000);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add("/sqlite-log/sizes", struct fixture, NULL, set_up, test_sizes, tear_down);
	g_test_add("/sqlite-log/rolled-back", struct fixture, NULL, set_up, test_rolled_back,
		   tear_down);
	return g_test_run();
}
