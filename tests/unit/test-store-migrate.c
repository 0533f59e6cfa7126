/*
 * test-store-migrate.c - stores of every released schema, as they are on disks (tests/data/stores),
 * and ones with rows that real messages left: brought to the schema of today nothing is lost, rows
 * fit together, everything works on; and wherever it is killed, it is the old one or the new.
 */
#include "store_help.c"

#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>

#include "store/rows.h"
#include "store/schema.h"
#include "store/sqlite.h"
#include "store/store_import.h"
#include "store/store_privacy.h"
#include "store/tables.h"

#define RELEASED 2 /* versions on users' disks */
#define KILLS 25

struct fixture {
	struct scratch scratch;
};

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_make(&fixture->scratch);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_remove(&fixture->scratch);
}

/* --- old stores --- */

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

static char *
data_file(const char *name, int version)
{
	g_autofree char *path = g_strdup_printf("%s/stores/%s-%d.sql", TEST_DATA, name, version);
	char *text = NULL;

	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	return text;
}

/* As a program of that version left it. */
static void
make_old(const char *path, int version)
{
	for (int i = 1; i <= version; i++) {
		g_autofree char *schema = data_file("schema", i), *rows = data_file("rows", i);

		sql(path, schema);
		sql(path, rows);
	}
	sql(path, "PRAGMA journal_mode=WAL");
}

/* --- what must stay --- */

static void
no_tell(G_GNUC_UNUSED gpointer data, G_GNUC_UNUSED guint count)
{
}

/* Version 2 said of each contribution on which scorecard it counts. */
static gboolean
is_changed(const struct table *table, const char *column, int version)
{
	return version == 1 && g_str_equal(table->name, "touch") &&
	       g_str_equal(column, "contributions");
}

static void
leave_out_changed(struct table *table, int version)
{
	for (guint i = table->columns->len; i > 0; i--)
		if (is_changed(table, ((struct table_column *)table->columns->pdata[i - 1])->name,
			       version))
			g_ptr_array_remove_index(table->columns, i - 1);
}

/* Sums of all rows in the columns of a version, one line a table. */
static char *
rows_of(const char *path, int version)
{
	g_autoptr(GPtrArray) tables = tables_of_version(version);
	g_autoptr(database_owned) database = database_open(&sqlite_driver, path, FALSE, NULL);
	GString *text = g_string_new(NULL);

	g_assert_nonnull(database);
	for (guint i = 0; i < tables->len; i++) {
		struct table *table = tables->pdata[i];
		g_autoptr(rows_owned) rows = NULL;
		struct rows_sum sum;

		leave_out_changed(table, version);
		rows = rows_new(table);
		g_assert_true(rows_sum_up(rows, database, &sum, FALSE, no_tell, NULL, NULL));
		g_assert_cmpuint(sum.rows, >, 0);
		g_string_append_printf(text, "%s %lu %lx %lx\n", table->name, (gulong)sum.rows,
				       (gulong)sum.low, (gulong)sum.high);
	}
	return g_string_free(text, FALSE);
}

/* --- what it is then --- */

static void
check_leads(struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) ada = store_lead(store, "ada@customer.example", &error);
	g_autoptr(lead_owned) cleo = store_lead(store, "cleo@gmail.example", &error);
	g_autoptr(GPtrArray) touches = store_touches(store, "ld_ada", &error);
	const struct contribution *first;

	g_assert_no_error(error);
	g_assert_cmpstr(ada->id, ==, "ld_ada");
	g_assert_cmpstr(ada->phones->pdata[0], ==, "+40213112233");
	g_assert_cmpstr(ada->possible_duplicates->pdata[0], ==, "ld_bob");
	g_assert_null(ada->merged_into);
	g_assert_cmpfloat(ada->total, ==, 12.5);
	g_assert_cmpstr(cleo->name, ==, "Κλειώ");
	g_assert_cmpuint(touches->len, >=, 2);
	first = ((struct touch *)touches->pdata[0])->contributions->pdata[0];
	g_assert_cmpstr(first->rule, ==, "reply");
	g_assert_cmpstr(first->card, ==, "default");
	g_assert_cmpfloat(first->raw, ==, 10);
	g_assert_cmpint(((struct touch *)touches->pdata[0])->working_latency, ==, -1);
}

static void
check_outbox(struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) waiting =
		store_outbox_list(store, DELIVERY_WAITING, NULL, NULL, 10, &error);
	const struct delivery *delivery;

	g_assert_no_error(error);
	g_assert_cmpuint(waiting->len, ==, 1);
	delivery = waiting->pdata[0];
	g_assert_cmpstr(delivery->event, ==, "evt_2");
	g_assert_cmpstr(delivery->lead, ==, "ld_ada");
	g_assert_cmpuint(delivery->attempts, ==, 3);
	g_assert_cmpstr(delivery->body, ==, "{\"type\":\"lead.touched\"}");
}

static void
check_figures(struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) owners = store_owners(store, &error);
	struct store_stats stats;

	g_assert_no_error(error);
	g_assert_cmpuint(owners->len, >=, 1); /* of open leads */
	g_assert_cmpstr(((struct owner *)owners->pdata[0])->address, ==, "anna@example.com");
	g_assert_cmpuint(((struct owner *)owners->pdata[0])->load, ==, 1);
	g_assert_true(store_stats(store, &stats, &error));
	g_assert_cmpuint(stats.leads, ==, 3);
	g_assert_cmpuint(stats.waiting, ==, 1);
	g_assert_cmpint(stats.schema, ==, schema_version());
}

/* Their next mail, and what later versions brought. */
static void
go_on(struct store *store)
{
	struct message message = { .from = "ada@customer.example",
				   .name = "Ada Byron",
				   .account = "customer.example",
				   .key = "new" };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct forget_report report;
	struct answer answer;

	store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(answer.lead, ==, "ld_ada");
	g_assert_cmpstr(answer.match, ==, "address");
	answer_clear(&answer);
	g_assert_true(store_forget(store, NULL, "ld_bob", FALSE, HELP_NOW, &report, &error));
	g_assert_cmpuint(report.touches, ==, 1);
	g_assert_true(store_check(store, &error));
}

/* --- tests --- */

static char *
without_spaces(const char *text)
{
	GString *out = g_string_new(NULL);

	for (; *text; text++)
		if (!g_ascii_isspace(*text))
			g_string_append_c(out, *text);
	return g_string_free(out, FALSE);
}

/* What is on disks is never changed any more. */
static void
test_texts(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	for (int version = 1; version <= RELEASED; version++) {
		g_autofree char *text = data_file("schema", version);
		g_autofree char *old = without_spaces(strchr(text, '\n'));
		g_autofree char *now = without_spaces(schema_text(version));

		g_assert_cmpstr(now, ==, old);
	}
	g_assert_nonnull(fixture->scratch.path);
}

static void
test_released(struct fixture *fixture, gconstpointer data)
{
	int version = GPOINTER_TO_INT(data);
	const char *path = fixture->scratch.path;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;
	struct store *store;

	make_old(path, version);
	before = rows_of(path, version);
	store = help_open(path, STORE_READ, &error);
	g_assert_null(store); /* only who may write brings it up to date */
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA);
	g_clear_error(&error);
	for (guint i = 0; i < 2; i++) {
		store = help_open(path, STORE_WRITE, &error);
		g_assert_no_error(error);
		check_leads(store);
		check_outbox(store);
		check_figures(store);
		store_close(store);
		help_verify(path);
	}
	after = rows_of(path, version);
	g_assert_cmpstr(after, ==, before);
	store = help_open(path, STORE_WRITE, &error);
	g_assert_no_error(error);
	go_on(store);
	store_close(store);
	help_verify(path);
}

/* A trial changes nothing, the real thing says what it did. */
static void
test_tool(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	const char *path = fixture->scratch.path;
	g_autoptr(GError) error = NULL;
	g_autofree char *before = NULL, *after = NULL;
	struct tools_migration migration;

	make_old(path, 1);
	before = rows_of(path, 1);
	g_assert_true(tools_migrate(path, TRUE, &migration, &error));
	g_assert_cmpint(migration.before, ==, 1);
	g_assert_cmpint(migration.after, ==, schema_version());
	after = rows_of(path, 1);
	g_assert_cmpstr(after, ==, before);
	for (int i = 0; i < 2; i++) {
		g_assert_true(tools_migrate(path, FALSE, &migration, &error));
		g_assert_no_error(error);
		g_assert_cmpint(migration.before, ==, i ? schema_version() : 1);
	}
	sql(path, "PRAGMA user_version=99");
	g_assert_false(tools_migrate(path, FALSE, &migration, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA);
	g_assert_nonnull(strstr(error->message, "newer program"));
}

/* --- rows of real messages --- */

#define PEOPLE 100
#define MORE 100 /* times as many touches as they made */

static void
live_in(const char *path)
{
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(path, STORE_WRITE, &error);

	g_assert_no_error(error);
	help_add_endpoint(config, "crm", NULL);
	store_set_endpoints(store, config);
	for (guint i = 0; i < 3 * PEOPLE; i++) {
		g_autofree char *from =
			g_strdup_printf("p%u@buyers%u.example", i % PEOPLE, i % PEOPLE % 50);
		g_autofree char *account = g_strdup_printf("buyers%u.example", i % PEOPLE % 50);
		g_autofree char *key = g_strdup_printf("mail %u", i);
		const struct message message = { .from = from, .account = account, .key = key };
		g_autoptr(facts_owned) facts = help_facts(&message);
		struct answer answer;

		store_message(store, facts, NULL, HELP_NOW + i, 0, FALSE, &answer, &error);
		g_assert_no_error(error);
		answer_clear(&answer);
	}
	store_close(store);
}

/* The same rows in the tables of an older version, as far as it has columns for them. */
static void
age(const char *path, const char *old, int version)
{
	g_autoptr(GPtrArray) tables = tables_of_version(version);
	g_autoptr(GString) text = g_string_new(NULL);

	for (int i = 1; i <= version; i++) {
		g_autofree char *schema = data_file("schema", i);

		sql(old, schema);
	}
	g_string_printf(text, "ATTACH '%s' AS new; BEGIN;", path);
	for (guint i = 0; i < tables->len; i++) {
		const struct table *table = tables->pdata[i];
		g_autofree char *columns = table_columns(table);

		g_string_append_printf(text,
				       "DELETE FROM %s; INSERT INTO %s(%s) SELECT %s FROM new.%s;",
				       table->name, table->name, columns, columns, table->name);
	}
	g_string_append_printf(text,
			       "COMMIT; PRAGMA application_id=1280142452; PRAGMA user_version=%d;"
			       "PRAGMA journal_mode=WAL",
			       version);
	sql(old, text->str);
}

static void
test_real_rows(struct fixture *fixture, gconstpointer data)
{
	g_autofree char *old = g_build_filename(fixture->scratch.directory, "old.db", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) waiting = NULL, touches = NULL;
	g_autoptr(lead_owned) lead = NULL;
	struct store *store;

	live_in(fixture->scratch.path);
	age(fixture->scratch.path, old, GPOINTER_TO_INT(data));
	store = help_open(old, STORE_WRITE, &error);
	g_assert_no_error(error);
	lead = store_lead(store, "p7@buyers7.example", &error);
	g_assert_no_error(error);
	touches = store_touches(store, lead->id, &error);
	g_assert_cmpuint(touches->len, ==, 3);
	waiting = store_outbox_list(store, DELIVERY_WAITING, NULL, lead->id, 10, &error);
	g_assert_cmpuint(waiting->len, ==, 3);
	store_close(store);
	help_verify(old);
}

/* --- killed --- */

static void
copy_file(const char *from, const char *to)
{
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	g_assert_true(g_file_set_contents(to, bytes, length, NULL));
}

/* @return microseconds until it was brought up to date, or was killed */
static gint64
migrate_in_child(const char *path, gint64 kill_after)
{
	gint64 began = g_get_monotonic_time();
	int status;
	pid_t child = fork();

	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		struct tools_migration migration;

		_exit(tools_migrate(path, FALSE, &migration, NULL) ? 0 : 1);
	}
	if (kill_after >= 0) {
		g_usleep(kill_after);
		kill(child, SIGKILL);
	}
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	if (kill_after < 0)
		g_assert_cmpint(status, ==, 0);
	return g_get_monotonic_time() - began;
}

static int
version_of(const char *path)
{
	g_autoptr(database_owned) database = database_open(&sqlite_driver, path, TRUE, NULL);
	int version = 0;

	g_assert_true(schema_check(database, &version, NULL));
	return version;
}

static void
test_killed(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *old = g_build_filename(fixture->scratch.directory, "old.db", NULL);
	g_autofree char *path = g_build_filename(fixture->scratch.directory, "killed.db", NULL);
	static const char *const suffixes[] = { "-wal", "-shm", "-journal" };
	gint64 whole = 0;

	live_in(fixture->scratch.path);
	age(fixture->scratch.path, old, 1);
	sql(old,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n "
	    "WHERE i<" G_STRINGIFY(MORE) ") INSERT INTO touch SELECT id+4*i, name, direction, "
					 "time, message_key, message_id, subject, mailbox, note, "
					 "excerpt, latency, "
					 "contributions FROM touch, n;"
					 "UPDATE tally SET touches=(SELECT count(*) FROM touch);"
					 "PRAGMA journal_mode=DELETE");
	for (gint i = -1; i < KILLS; i++) {
		int version;

		for (guint n = 0; n < G_N_ELEMENTS(suffixes); n++) {
			g_autofree char *beside = g_strconcat(path, suffixes[n], NULL);

			g_unlink(beside);
		}
		copy_file(old, path);
		if (i < 0)
			whole = migrate_in_child(path, -1);
		else
			migrate_in_child(path, whole * i / KILLS);
		version = version_of(path);
		g_assert_cmpint(version, >=, 1);
		g_assert_cmpint(version, <=, schema_version());
		migrate_in_child(path, -1);
		g_assert_cmpint(version_of(path), ==, schema_version());
		help_verify(path);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function, data) \
	g_test_add("/store-migrate/" name, struct fixture, data, set_up, function, tear_down)
	ADD("texts", test_texts, NULL);
	ADD("version-1", test_released, GINT_TO_POINTER(1));
	ADD("version-2", test_released, GINT_TO_POINTER(2));
	ADD("tool", test_tool, NULL);
	ADD("real-rows-1", test_real_rows, GINT_TO_POINTER(1));
	ADD("real-rows-2", test_real_rows, GINT_TO_POINTER(2));
	ADD("killed", test_killed, NULL);
	return g_test_run();
}
