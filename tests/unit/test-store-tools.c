/*
 * test-store-tools.c - a store is saved while it is written to, and put back; what can't be put
 * back changes nothing.
 */
#include "store_help.c"

#include <pthread.h>
#include <sqlite3.h>
#include <sys/stat.h>

#include "store/rows.h"
#include "store/schema.h"
#include "store/sqlite.h"

struct fixture {
	struct scratch scratch;
	char *backup;
	struct store *store;
};

static const struct copy_options PLAIN = { 0 };

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

static void
send_mail(struct store *store, guint person)
{
	g_autofree char *from = g_strdup_printf("p%u@buyers%u.example", person, person % 7);
	g_autofree char *key = g_strdup_printf("mail %u", person);
	const struct message message = { .from = from, .key = key };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;

	store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
}

static void
open_store(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
}

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_make(&fixture->scratch);
	fixture->backup = g_build_filename(fixture->scratch.directory, "backup.db", NULL);
	open_store(fixture);
	for (guint i = 0; i < 20; i++)
		send_mail(fixture->store, i);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	scratch_remove(&fixture->scratch);
	g_free(fixture->backup);
}

static void
save(struct fixture *fixture, struct tools_backup *ret)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(tools_backup(fixture->scratch.path, fixture->backup, &PLAIN, ret, &error));
	g_assert_no_error(error);
}

static gboolean
put_back(struct fixture *fixture, struct tools_restored *ret, GError **error)
{
	return tools_restore(fixture->backup, fixture->scratch.path, &PLAIN, ret, error);
}

static gint64
count_leads(const char *path)
{
	g_autoptr(database_owned) database = database_open(&sqlite_driver, path, FALSE, NULL);
	gint64 count = -1;

	rows_number(database, "SELECT count(*) FROM lead", 0, &count, NULL);
	return count;
}

static guint
count_files(const char *directory)
{
	GDir *dir = g_dir_open(directory, 0, NULL);
	guint count = 0;

	while (g_dir_read_name(dir))
		count++;
	g_dir_close(dir);
	return count;
}

/* --- tests --- */

static void
test_there_and_back(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct tools_restored restored;
	struct tools_backup backup;
	struct stat info;

	save(fixture, &backup);
	g_assert_cmpint(backup.leads, ==, 20);
	g_assert_cmpint(backup.schema, ==, schema_version());
	g_assert_cmpint(stat(fixture->backup, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0600);
	g_assert_cmpint(info.st_size, ==, backup.bytes);
	for (guint i = 20; i < 25; i++)
		send_mail(fixture->store, i);
	g_assert_false(put_back(fixture, &restored, &error)); /* while it is written to */
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_clear_error(&error);
	g_clear_pointer(&fixture->store, store_close);
	g_assert_true(put_back(fixture, &restored, &error));
	g_assert_no_error(error);
	g_assert_cmpint(count_leads(restored.aside), ==, 25);
	help_verify(restored.aside);
	g_assert_cmpint(count_leads(fixture->scratch.path), ==, 20);
	g_free(restored.aside);
	open_store(fixture);
	send_mail(fixture->store, 30);
	help_verify(fixture->scratch.path);
}

/* The place is empty. */
static void
test_into_nothing(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *path = g_build_filename(fixture->scratch.directory, "new.db", NULL);
	g_autoptr(GError) error = NULL;
	struct tools_restored restored;
	struct tools_backup backup;

	save(fixture, &backup);
	g_assert_true(tools_restore(fixture->backup, path, &PLAIN, &restored, &error));
	g_assert_no_error(error);
	g_assert_null(restored.aside);
	g_assert_cmpint(count_leads(path), ==, 20);
}

/* A daemon that was killed leaves a log; it goes aside with what it belongs to, not to the new. */
static void
test_log_left(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *log = g_strconcat(fixture->scratch.path, "-wal", NULL);
	g_autofree char *bytes = NULL;
	g_autoptr(GError) error = NULL;
	struct tools_restored restored;
	struct tools_backup backup;
	gsize length;

	save(fixture, &backup);
	send_mail(fixture->store, 99);
	g_assert_true(g_file_get_contents(log, &bytes, &length, NULL));
	g_clear_pointer(&fixture->store, store_close);
	g_assert_true(g_file_set_contents(log, bytes, length, NULL));
	g_assert_true(put_back(fixture, &restored, &error));
	g_assert_no_error(error);
	g_assert_cmpint(count_leads(fixture->scratch.path), ==, 20);
	g_assert_cmpint(count_leads(restored.aside), ==, 21);
	g_free(restored.aside);
	open_store(fixture);
}

/* A damaged store is what backups are for: it goes aside as it is. */
static void
test_damaged_store(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *aside = NULL;
	struct tools_restored restored;
	struct tools_backup backup;

	save(fixture, &backup);
	g_clear_pointer(&fixture->store, store_close);
	g_assert_true(g_file_set_contents(fixture->scratch.path, "no database at all", -1, NULL));
	g_assert_true(put_back(fixture, &restored, &error));
	g_assert_no_error(error);
	g_assert_true(g_file_get_contents(restored.aside, &aside, NULL, NULL));
	g_assert_cmpstr(aside, ==, "no database at all");
	g_free(restored.aside);
	open_store(fixture);
	send_mail(fixture->store, 50);
}

static void
cut(const char *path)
{
	g_assert_cmpint(truncate(path, 40000), ==, 0);
}

static void
overwrite(const char *path)
{
	FILE *file = fopen(path, "r+");

	for (long at = 4096; at < 60000; at += 2048) {
		fseek(file, at, SEEK_SET);
		fputs("nonsense nonsense nonsense", file);
	}
	fclose(file);
}

/* What is no sound backup of a schema this program knows changes nothing. */
static void
test_bad_backups(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *sql;
		void (*spoil)(const char *path);
		int code;
	} WANTED[] = {
		{ "PRAGMA user_version=99", NULL, ERROR_STORE_SCHEMA },
		{ "PRAGMA user_version=-3", NULL, ERROR_STORE_SCHEMA },
		{ "PRAGMA application_id=5", NULL, ERROR_STORE_CORRUPT },
		{ NULL, cut, ERROR_STORE_CORRUPT },
		{ NULL, overwrite, ERROR_STORE_CORRUPT },
	};
	struct tools_backup backup;
	guint files;

	save(fixture, &backup);
	g_clear_pointer(&fixture->store, store_close);
	files = count_files(fixture->scratch.directory);
	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		g_autoptr(GError) error = NULL;
		struct tools_restored restored;

		save(fixture, &backup);
		if (WANTED[i].sql)
			sql(fixture->backup, WANTED[i].sql);
		else
			WANTED[i].spoil(fixture->backup);
		g_assert_false(put_back(fixture, &restored, &error));
		g_assert_error(error, LEADMILTER_ERROR, WANTED[i].code);
		g_assert_null(restored.aside);
		g_assert_cmpint(count_leads(fixture->scratch.path), ==, 20);
		g_assert_cmpuint(count_files(fixture->scratch.directory), <=, files + 3);
	}
	open_store(fixture);
}

/* A backup that can't be written leaves the one that is there. */
static void
test_no_place(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *nowhere = g_build_filename(fixture->scratch.directory, "no", "x.db", NULL);
	g_autoptr(GError) error = NULL;
	struct tools_backup backup;

	g_assert_false(tools_backup(fixture->scratch.path, nowhere, &PLAIN, &backup, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_clear_error(&error);
	g_assert_false(tools_backup(nowhere, fixture->backup, &PLAIN, &backup, &error));
	g_assert_nonnull(error);
	g_assert_false(g_file_test(fixture->backup, G_FILE_TEST_EXISTS));
}

struct mailer {
	struct store *store;
	int stop; /* atomic */
	guint sent;
};

static void *
mail_on(void *data)
{
	struct mailer *mailer = data;

	while (!__atomic_load_n(&mailer->stop, __ATOMIC_SEQ_CST))
		send_mail(mailer->store, 1000 + mailer->sent++);
	return NULL;
}

/* Many backups while mail comes in: each is of one moment, none is in its way. */
static void
test_beside_mail(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct mailer mailer = { .store = fixture->store };
	gint64 before = 0;
	pthread_t thread;

	g_assert_cmpint(pthread_create(&thread, NULL, mail_on, &mailer), ==, 0);
	for (guint i = 0; i < 8; i++) {
		struct tools_backup backup;

		save(fixture, &backup);
		g_assert_cmpint(backup.leads, >=, before);
		before = backup.leads;
		help_verify(fixture->backup);
	}
	__atomic_store_n(&mailer.stop, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	g_assert_cmpint(before, >, 20);
	help_verify(fixture->scratch.path);
}

static void
test_copy_places(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *other = g_build_filename(fixture->scratch.directory, "other.db", NULL);
	g_autoptr(GError) error = NULL;
	struct copy_report report = { 0 };

	g_assert_false(tools_copy(fixture->scratch.path, other, &PLAIN, &report, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE); /* it is written to */
	g_assert_nonnull(strstr(error->message, "stop the daemon"));
	g_clear_error(&error);
	g_clear_pointer(&fixture->store, store_close);
	g_assert_false(
		tools_copy(fixture->scratch.path, fixture->scratch.path, &PLAIN, &report, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	g_clear_error(&error);
	g_assert_true(tools_copy(fixture->scratch.path, other, &PLAIN, &report, &error));
	g_assert_no_error(error);
	copy_report_clear(&report);
	help_verify(other);
	g_assert_cmpint(count_leads(other), ==, 20);
	open_store(fixture);
}

static void
test_names(G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *where, *name;
	} WANTED[] = {
		{ "/a/../b/leads.db", "/b/leads.db" },
		{ "sqlite:/b/leads.db", "/b/leads.db" },
		{ "postgresql://host/db", "postgresql://host/db" },
		{ "postgresql://me@host/db", "postgresql://me@host/db" },
		{ "postgresql://me:secret@host/db", "postgresql://me@host/db" },
		{ "postgresql://me:se@cret@one,two/db?x=a@b:c",
		  "postgresql://me@one,two/db?x=a@b:c" },
		{ "postgresql://host/db?x=a:b@c", "postgresql://host/db?x=a:b@c" },
		{ "postgresql://host?password=s", "postgresql://host" },
		{ "postgresql://h/db?sslpassword=s&b=2", "postgresql://h/db?b=2" },
		{ "postgresql://h/db?a=1&password=s&b=2", "postgresql://h/db?a=1&b=2" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		g_autofree char *name = tools_name(WANTED[i].where);

		g_assert_cmpstr(name, ==, WANTED[i].name);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/store-tools/names", NULL, test_names);
#define ADD(name, function) \
	g_test_add("/store-tools/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("there-and-back", test_there_and_back);
	ADD("into-nothing", test_into_nothing);
	ADD("log-left", test_log_left);
	ADD("damaged-store", test_damaged_store);
	ADD("bad-backups", test_bad_backups);
	ADD("no-place", test_no_place);
	ADD("beside-mail", test_beside_mail);
	ADD("copy-places", test_copy_places);
	return g_test_run();
}
