/*
 * test-store-copy.c - a copy has every row, whatever is in it, wherever it was interrupted; and is
 * no store before it is whole.
 */
#include "store_help.c"

#include "driver_fault.c"

#include <sqlite3.h>

#include "store/copy.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/tables.h"

#define MANY 2500 /* rows of a table: more than two pages */

struct fixture {
	struct scratch scratch;
	char *target;
	struct driver_fault fault;
};

/* --- rows of every kind --- */

static void
sql(const char *path, const char *text)
{
	char *words = NULL;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &words);
	g_assert_cmpstr(words, ==, NULL);
	sqlite3_close(db);
}

static const char *
value_of(const struct table_column *column, gboolean is_key, guint n, guint i)
{
	static const char *const texts[] = { "''", "'line\none'", "'\xc3\xa4 % \"q\"'", "'it''s'" };
	static char buffer[64];

	if (!is_key && (n + i) % 7 == 0)
		return "NULL";
	if (column->type == TABLE_BLOB)
		return i % 2 ? "x'00ff10'" : "x''";
	if (column->type == TABLE_REAL)
		g_snprintf(buffer, sizeof buffer, "%d.%d", (int)i - 3, (int)n);
	else if (column->type == TABLE_INTEGER)
		g_snprintf(buffer, sizeof buffer, "%s%u", i % 3 ? "" : "-", i * 1000003 + n);
	else if (is_key)
		g_snprintf(buffer, sizeof buffer, "'key %u%% /%u'", i, n);
	else
		return texts[(n + i) % G_N_ELEMENTS(texts)];
	return buffer;
}

static gboolean
is_key(const struct table *table, guint n)
{
	for (guint i = 0; i < table->key->len; i++)
		if (g_array_index(table->key, guint, i) == n)
			return TRUE;
	return FALSE;
}

/* "table.column" of those that may not be NULL. */
static GHashTable *
never_null(const char *path)
{
	GHashTable *full = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sqlite3_stmt *row;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_prepare_v2(db,
					   "SELECT t.name||'.'||c.name FROM sqlite_schema t, "
					   "pragma_table_info(t.name) c WHERE c.\"notnull\"",
					   -1, &row, NULL),
			==, SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		g_hash_table_add(full, g_strdup((const char *)sqlite3_column_text(row, 0)));
	sqlite3_finalize(row);
	sqlite3_close(db);
	return full;
}

static void
append_row(GString *text, const struct table *table, GHashTable *full, guint i)
{
	g_string_append_printf(text, "INSERT OR IGNORE INTO %s VALUES(", table->name);
	for (guint n = 0; n < table->columns->len; n++) {
		const struct table_column *column = table->columns->pdata[n];
		g_autofree char *place = g_strconcat(table->name, ".", column->name, NULL);
		gboolean needed = is_key(table, n) || g_hash_table_contains(full, place);

		g_string_append_printf(text, "%s%s", n ? ", " : "", value_of(column, needed, n, i));
	}
	g_string_append(text, ");");
}

static void
fill(const char *path)
{
	g_autoptr(GPtrArray) tables = tables_of_version(schema_version());
	g_autoptr(GString) text = g_string_new("BEGIN;DELETE FROM tally;");
	GHashTable *full = never_null(path);

	for (guint i = 0; i < tables->len; i++) {
		const struct table *table = tables->pdata[i];
		guint count = g_str_equal(table->name, "conversation") ||
					      g_str_equal(table->name, "identity")
				      ? MANY
				      : 9;

		for (guint row = 1; row <= count; row++)
			append_row(text, table, full, row);
	}
	g_string_append(text, "COMMIT;");
	sql(path, text->str);
	g_hash_table_unref(full);
}

static void
make_store(const char *path)
{
	g_autoptr(GError) error = NULL;
	struct database *database = database_open(&sqlite_driver, path, TRUE, &error);

	g_assert_no_error(error);
	g_assert_true(sqlite_driver.tune(database->connection, &error));
	g_assert_true(schema_migrate(database, &error));
	database_close(database);
}

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_make(&fixture->scratch);
	fixture->target = g_build_filename(fixture->scratch.directory, "copy.db", NULL);
	driver_fault_init(&fixture->fault);
	make_store(fixture->scratch.path);
	fill(fixture->scratch.path);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_remove(&fixture->scratch);
	g_free(fixture->target);
}

/* --- copying --- */

static gboolean
copy_named(struct fixture *fixture, const char *source, gboolean anew, struct copy_report *report,
	   GError **error)
{
	const struct copy_options options = { .source = source, .anew = anew };
	g_autoptr(database_owned) from =
		database_open(&sqlite_driver, fixture->scratch.path, FALSE, error);
	g_autoptr(database_owned) to =
		database_open(&fixture->fault.driver, fixture->target, TRUE, NULL);
	gboolean done;

	g_assert_nonnull(from);
	g_assert_nonnull(to);
	g_assert_true(fixture->fault.driver.tune(to->connection, NULL));
	done = copy_rows(from, to, &options, report, error);
	copy_report_clear(report);
	return done;
}

static gboolean
copy(struct fixture *fixture, struct copy_report *report, GError **error)
{
	return copy_named(fixture, "here", FALSE, report, error);
}

static void
no_tell(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED guint count)
{
}

static void
assert_same(struct fixture *fixture)
{
	g_autoptr(GPtrArray) tables = tables_of_version(schema_version());
	g_autoptr(database_owned) from =
		database_open(&sqlite_driver, fixture->scratch.path, FALSE, NULL);
	g_autoptr(database_owned) to = database_open(&sqlite_driver, fixture->target, FALSE, NULL);
	int version;

	g_assert_true(schema_check(to, &version, NULL));
	g_assert_cmpint(version, ==, schema_version());
	for (guint i = 0; i < tables->len; i++) {
		g_autoptr(rows_owned) rows = rows_new(tables->pdata[i]);
		struct rows_sum one, two;

		g_test_message("%s", ((struct table *)tables->pdata[i])->name);
		g_assert_true(rows_sum_up(rows, from, &one, FALSE, no_tell, NULL, NULL));
		g_assert_true(rows_sum_up(rows, to, &two, FALSE, no_tell, NULL, NULL));
		g_assert_cmpuint(one.rows, >, 0);
		g_assert_true(rows_sum_equal(&one, &two));
	}
}

/* No daemon takes it, and says why. */
static void
assert_unfinished(struct fixture *fixture)
{
	const enum store_mode modes[] = { STORE_WRITE, STORE_READ };

	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(help_open(fixture->target, modes[i], &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA);
		g_assert_nonnull(strstr(error->message, "unfinished copy"));
	}
}

static int
version_of(const char *path)
{
	g_autoptr(database_owned) database = database_open(&sqlite_driver, path, FALSE, NULL);
	int version = 0;

	g_assert_true(schema_read(database, &version, NULL));
	return version;
}

/* --- tests --- */

/* What is read of the texts is what the database made of them. */
static void
test_tables(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GPtrArray) tables = tables_of_version(schema_version());
	GString *mine = g_string_new(NULL), *theirs = g_string_new(NULL);
	sqlite3 *db;
	sqlite3_stmt *row;

	for (guint i = 0; i < tables->len; i++) {
		const struct table *table = tables->pdata[i];

		for (guint n = 0; n < table->columns->len; n++) {
			static const char *const types[] = { "INTEGER", "REAL", "TEXT", "BLOB" };
			const struct table_column *column = table->columns->pdata[n];
			guint place = 0;

			for (guint k = 0; k < table->key->len; k++)
				if (g_array_index(table->key, guint, k) == n)
					place = k + 1;
			g_string_append_printf(mine, "%s %s %s %u\n", table->name, column->name,
					       types[column->type], place);
		}
	}
	g_assert_cmpint(sqlite3_open(fixture->scratch.path, &db), ==, SQLITE_OK);
	g_assert_cmpint(
		sqlite3_prepare_v2(db,
				   "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, "
				   "pragma_table_info(t.name) c WHERE t.type='table' AND "
				   "t.name NOT LIKE 'sqlite%' ORDER BY t.rowid, c.cid",
				   -1, &row, NULL),
		==, SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW)
		g_string_append_printf(theirs, "%s %s %s %s\n", sqlite3_column_text(row, 0),
				       sqlite3_column_text(row, 1), sqlite3_column_text(row, 2),
				       sqlite3_column_text(row, 3));
	sqlite3_finalize(row);
	sqlite3_close(db);
	g_assert_cmpstr(mine->str, ==, theirs->str);
	g_string_free(mine, TRUE);
	g_string_free(theirs, TRUE);
}

static void
test_whole(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct copy_report report;

	g_assert_true(copy(fixture, &report, &error));
	g_assert_no_error(error);
	g_assert_false(report.resumed);
	g_assert_cmpint(report.rows, ==, report.written);
	assert_same(fixture);
	g_assert_false(copy(fixture, &report, &error)); /* it is a store now */
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	assert_same(fixture);
}

/* The n-th thing fails, and from then on all: as if the process ended there. */
static void
interrupt(struct fixture *fixture, gboolean steps)
{
	struct copy_report report;
	guint resumed = 0, n = 0;
	gboolean done = FALSE;

	for (; !done; n++) {
		g_autoptr(GError) error = NULL;

		driver_fault_set(&fixture->fault, FAULT_FULL, steps, n);
		done = copy(fixture, &report, &error);
		driver_fault_clear(&fixture->fault);
		resumed += report.resumed;
		if (done)
			break;
		g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_FULL);
		if (version_of(fixture->target) < 0)
			assert_unfinished(fixture);
		if (steps && n > 60)
			n += 37; /* each takes as long as the whole */
	}
	g_assert_cmpuint(n, >, 3);
	g_assert_cmpuint(resumed, >, 3);
	assert_same(fixture);
}

static void
test_interrupted_commits(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	interrupt(fixture, FALSE);
}

static void
test_interrupted_steps(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	interrupt(fixture, TRUE);
}

/* Copy a part: as far as `commits` go. */
static void
copy_part(struct fixture *fixture, int commits)
{
	g_autoptr(GError) error = NULL;
	struct copy_report report;

	driver_fault_set(&fixture->fault, FAULT_BUSY, FALSE, commits);
	g_assert_false(copy(fixture, &report, &error));
	driver_fault_clear(&fixture->fault);
	assert_unfinished(fixture);
}

/* What the source changed of the part that was copied is seen, and copied again. */
static void
test_changed(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct copy_report report;

	copy_part(fixture, 12);
	sql(fixture->scratch.path, "UPDATE lead SET name='other' WHERE number>0;"
				   "DELETE FROM identity WHERE key LIKE 'key 1%';"
				   "INSERT INTO audit(who) VALUES('late')");
	g_assert_true(copy(fixture, &report, &error));
	g_assert_no_error(error);
	g_assert_true(report.resumed);
	g_assert_cmpuint(report.again, ==, 2);
	assert_same(fixture);
}

static void
test_other_source(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct copy_report report;

	copy_part(fixture, 12);
	g_assert_false(copy_named(fixture, "elsewhere", FALSE, &report, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	g_assert_nonnull(strstr(error->message, "unfinished copy of here"));
	g_clear_error(&error);
	g_assert_true(copy_named(fixture, "elsewhere", TRUE, &report, &error));
	g_assert_no_error(error);
	g_assert_false(report.resumed);
	assert_same(fixture);
}

/* A new store without a row is an empty place; one with rows, or of a newer schema, is none. */
static void
test_places(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *sql;
		int code; /* -1: it is taken */
	} WANTED[] = {
		{ "SELECT 1", -1 },
		{ "INSERT INTO meta VALUES('salt', 'x')", ERROR_INPUT },
		{ "PRAGMA user_version=99", ERROR_STORE_SCHEMA },
		{ "PRAGMA user_version=-1", ERROR_STORE_SCHEMA },
		{ "PRAGMA application_id=77", ERROR_STORE_CORRUPT },
	};

	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		g_autoptr(GError) error = NULL;
		struct copy_report report;

		g_unlink(fixture->target);
		make_store(fixture->target);
		sql(fixture->target, WANTED[i].sql);
		g_assert_cmpint(copy(fixture, &report, &error), ==, WANTED[i].code < 0);
		if (WANTED[i].code >= 0)
			g_assert_error(error, LEADMILTER_ERROR, WANTED[i].code);
		else
			assert_same(fixture);
	}
}

/* A database that wants UTF-8 gets it; SQLite keeps what is there. */
static void
test_not_utf8(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct copy_report report;
	g_autoptr(database_owned) target = NULL;
	gint64 repaired;

	sql(fixture->scratch.path, "UPDATE message SET author=cast(x'41ff42' AS TEXT)");
	copy_part(fixture, 30);
	g_assert_true(copy(fixture, &report, &error)); /* of another driver: the test's */
	g_assert_no_error(error);
	target = database_open(&sqlite_driver, fixture->target, FALSE, &error);
	g_assert_true(rows_number(target,
				  "SELECT count(*) FROM message WHERE "
				  "author='A\xef\xbf\xbd"
				  "B'",
				  0, &repaired, &error));
	g_assert_cmpint(repaired, ==, 9);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-copy/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("tables", test_tables);
	ADD("whole", test_whole);
	ADD("interrupted-commits", test_interrupted_commits);
	ADD("interrupted-steps", test_interrupted_steps);
	ADD("changed", test_changed);
	ADD("other-source", test_other_source);
	ADD("places", test_places);
	ADD("not-utf8", test_not_utf8);
	return g_test_run();
}
