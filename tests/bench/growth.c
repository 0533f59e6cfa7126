/*
 * growth.c - does a store with many contacts cost more than one with few?  Identify and attach
 * (mail of known people), identify and make (mail of new ones), find what is due, with 10,000
 * contacts and with CONTACTS; and what a contact and a touch take on disk.
 *
 *   build/bench/growth [CONTACTS] [DIRECTORY]
 *   build/bench/growth CONTACTS postgresql://…FEW postgresql://…MANY    two empty databases
 *
 * The large store is made by copying rows a real message left, by the million.  With SQLite the
 * work is our processor time; with a server it is the clock's, the better of two rounds.
 */
#include "../unit/store_help.c"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "store/store_change.h"

#define FEW 10000
#define MESSAGES 4000
#define THREADS 16
#define DUE 100

/* --- filling --- */

static void
must(int code, sqlite3 *db)
{
	if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE)
		return;
	fprintf(stderr, "%s\n", sqlite3_errmsg(db));
	exit(1);
}

/* The columns of a table, each as it is in the template row or as `changed` says. */
static void
add_columns(sqlite3 *db, const char *table, const char *const *changed, GString *names,
	    GString *values)
{
	g_autofree char *text = g_strdup_printf("SELECT name FROM pragma_table_info('%s')", table);
	sqlite3_stmt *row;

	must(sqlite3_prepare_v2(db, text, -1, &row, NULL), db);
	while (sqlite3_step(row) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(row, 0);
		const char *value = NULL;

		for (guint i = 0; changed[i] && !value; i += 2)
			value = strcmp(changed[i], name) ? NULL : changed[i + 1];
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
		if (value)
			g_string_append_printf(values, "%s%s", values->len ? ", " : "", value);
		else
			g_string_append_printf(values, "%st.%s", values->len ? ", " : "", name);
	}
	sqlite3_finalize(row);
}

static void
multiply_rows(sqlite3 *db, const char *table, const char *key, guint count,
	      const char *const *changed)
{
	g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
	g_autofree char *text = NULL;

	add_columns(db, table, changed, names, values);
	text = g_strdup_printf("WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i+1 FROM n "
			       "WHERE i<%u) INSERT INTO %s(%s) SELECT %s FROM n, "
			       "(SELECT * FROM %s WHERE %s LIMIT 1) t",
			       count, table, names->str, values->str, table, key);
	must(sqlite3_exec(db, text, NULL, NULL, NULL), db);
}

static void
copy_keys(sqlite3 *db, guint count)
{
	static const char *const KEYS[] = {
		"printf('example.customer%d @person.%d', i, i), i, NULL, NULL",
		"printf('example.customer%d =person number%d', i, i), i, NULL, NULL",
		("printf('example.customer%d !%016x', i, 9223372036854775807-t.time), i, t.time, "
		 "t.owner"),
	};
	GString *text = g_string_new(NULL);

	/* In the order of the tree: a text's, not a number's. */
	for (guint i = 0; i < G_N_ELEMENTS(KEYS); i++)
		g_string_append_printf(text, "%sSELECT %s FROM n, t", i ? " UNION ALL " : "",
				       KEYS[i]);
	g_string_prepend(text, "t AS (SELECT * FROM identity WHERE time>0 LIMIT 1) "
			       "INSERT INTO identity(key, lead, time, owner) ");
	g_string_prepend_c(text, ' ');
	{
		g_autofree char *head = g_strdup_printf(
			"WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i+1 FROM n WHERE "
			"i<%u),",
			count);

		g_string_prepend(text, head);
		g_string_append(text, " ORDER BY 1");
	}
	must(sqlite3_exec(db, text->str, NULL, NULL, NULL), db);
	g_string_free(text, TRUE);
}

static void
copy_conversations(sqlite3 *db, guint count)
{
	g_autofree char *text = g_strdup_printf(
		"WITH RECURSIVE n(i) AS (VALUES(2) UNION ALL SELECT i+1 FROM n WHERE i<%u) "
		"INSERT OR IGNORE INTO conversation(hash, tag, message) "
		"SELECT random(), random(), i FROM n ORDER BY 1",
		count);

	must(sqlite3_exec(db, text, NULL, NULL, NULL), db);
}

static gint64
size_of(sqlite3 *db)
{
	sqlite3_stmt *row;
	gint64 size;

	must(sqlite3_prepare_v2(db,
				"SELECT page_count*page_size FROM pragma_page_count, "
				"pragma_page_size",
				-1, &row, NULL),
	     db);
	sqlite3_step(row);
	size = sqlite3_column_int64(row, 0);
	sqlite3_finalize(row);
	return size;
}

static void
fill(const char *path, guint count)
{
#define ADDRESS "printf('person.%d@customer%d.example', i, i)"
	static const char *const LEAD[] = { "number",     "i",
					    "id",         "printf('ld_%026d', i)",
					    "normalised", ADDRESS,
					    "address",    ADDRESS,
					    "account",    "printf('customer%d.example', i)",
					    "name",       "printf('Person Number%d', i)",
					    "name_key",   "printf('person number%d', i)",
					    NULL };
	static const char *const TOUCH[] = { "id", "(i<<20)+1", NULL };
	static const char *const MESSAGE[] = {
		"number", "i", "lead", "i", "author", ADDRESS, NULL
	};
	gint64 start = g_get_monotonic_time(), empty, contacts;
	sqlite3 *db;

	must(sqlite3_open(path, &db), db);
	must(sqlite3_exec(db,
			  "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; "
			  "PRAGMA cache_size=-400000; PRAGMA temp_store=FILE; BEGIN",
			  NULL, NULL, NULL),
	     db);
	empty = size_of(db);
	multiply_rows(db, "lead", "number=1", count, LEAD);
	copy_keys(db, count);
	contacts = size_of(db);
	multiply_rows(db, "touch", "1", count, TOUCH);
	multiply_rows(db, "message", "1", count, MESSAGE);
	copy_conversations(db, count);
	must(sqlite3_exec(db, "COMMIT; PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL), db);
	printf("growth contacts=%u bytes_per_contact=%.0f bytes_per_touch=%.0f filled_s=%.1f\n",
	       count, (double)(contacts - empty) / count, (double)(size_of(db) - contacts) / count,
	       (g_get_monotonic_time() - start) / 1e6);
	sqlite3_close(db);
}

/* --- filling a server's --- */

static void
execute(struct database *database, const char *text)
{
	g_autoptr(GError) error = NULL;

	if (database->driver->exec(database->connection, text, &error))
		return;
	fprintf(stderr, "%s\n", error->message);
	exit(1);
}

static void
add_server_columns(struct database *database, const char *table, const char *const *changed,
		   GString *names, GString *values)
{
	const struct driver *driver = database->driver;
	struct driver_statement *row = driver->prepare(
		database->connection,
		"SELECT CAST(column_name AS text) FROM information_schema.columns WHERE "
		"table_schema='leadmilter' AND table_name=?1",
		NULL);

	driver->bind_text(row, 1, table, TRUE);
	while (driver->step(database->connection, row, NULL) == DRIVER_ROW) {
		const char *name = driver->column_text(row, 0), *value = NULL;

		for (guint i = 0; changed[i] && !value; i += 2)
			value = strcmp(changed[i], name) ? NULL : changed[i + 1];
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", name);
		g_string_append_printf(values, "%s%s%s", values->len ? ", " : "", value ? "" : "t.",
				       value ? value : name);
	}
	driver->finalize(row);
}

static void
multiply_server_rows(struct database *database, const char *table, guint count,
		     const char *const *changed)
{
	g_autoptr(GString) names = g_string_new(NULL), values = g_string_new(NULL);
	g_autofree char *text = NULL;

	add_server_columns(database, table, changed, names, values);
	text = g_strdup_printf("INSERT INTO %s(%s) SELECT %s FROM generate_series(2, %u) i, "
			       "(SELECT * FROM %s LIMIT 1) t",
			       table, names->str, values->str, count, table);
	execute(database, text);
}

static void
fill_server(const char *url, guint count)
{
#define AT_SERVER "format('person.%s@customer%s.example', i, i)"
	static const char *const LEAD[] = { "number",     "i",
					    "id",         "'ld_'||lpad(i::text, 26, '0')",
					    "normalised", AT_SERVER,
					    "address",    AT_SERVER,
					    "account",    "format('customer%s.example', i)",
					    "name",       "format('Person Number%s', i)",
					    "name_key",   "format('person number%s', i)",
					    NULL };
	static const char *const TOUCH[] = { "id", "(i::bigint<<20)+1", NULL };
	static const char *const MESSAGE[] = {
		"number", "i", "lead", "i", "author", AT_SERVER, NULL
	};
	g_autofree char *keys = g_strdup_printf(
		"INSERT INTO identity(key, lead, time, owner) SELECT format(k, i, i), i, NULL, "
		"NULL FROM generate_series(2, %u) i, (VALUES('example.customer%%s @person.%%s'), "
		"('example.customer%%s =person number%%s')) p(k); "
		"INSERT INTO identity(key, lead, time, owner) SELECT "
		"format('example.customer%%s !', i)||lpad(to_hex(9223372036854775807-t.time), "
		"16, '0'), i, t.time, t.owner FROM generate_series(2, %u) i, "
		"(SELECT * FROM identity WHERE time>0 LIMIT 1) t",
		count, count);
	g_autofree char *conversations = g_strdup_printf(
		"INSERT INTO conversation(hash, tag, message) SELECT hashint8extended(i, 1), "
		"hashint8extended(i, 2), i FROM generate_series(2, %u) i",
		count);
	g_autoptr(database_owned) database = help_database(url);
	gint64 start = g_get_monotonic_time();

	multiply_server_rows(database, "lead", count, LEAD);
	execute(database, keys);
	multiply_server_rows(database, "touch", count, TOUCH);
	multiply_server_rows(database, "message", count, MESSAGE);
	execute(database, conversations);
	g_assert_true(database->driver->begin(database->connection, NULL));
	g_assert_true(database->driver->settle(database->connection, NULL));
	g_assert_true(database->driver->commit(database->connection, NULL));
	execute(database, "ANALYZE lead, identity, touch, message, conversation");
	printf("growth contacts=%u filled_s=%.1f\n", count, (g_get_monotonic_time() - start) / 1e6);
	fflush(stdout);
}

/* --- measuring --- */

struct run {
	struct store *store;
	guint seed, contacts, count;
	gboolean known;
};

static void
send_one(const struct run *run, guint sender, guint i)
{
	g_autofree char *from = g_strdup_printf("person.%u@customer%u.example", sender, sender);
	g_autofree char *account = g_strdup_printf("customer%u.example", sender);
	g_autofree char *id = g_strdup_printf("%u.%u.%d@mail.example", run->seed, i, run->known);
	g_autofree char *name = g_strdup_printf("Person Number%u", sender);
	struct message message = { .from = from,
				   .name = name,
				   .id = id,
				   .account = account,
				   .to = "sales@example.com",
				   .subject = "an offer" };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;

	if (!store_message(run->store, facts, NULL, HELP_NOW + i, 0, FALSE, &answer, &error)) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	if ((answer.action == ACTION_ATTACH) != run->known) {
		fprintf(stderr, "%s: %s\n", from, action_name(answer.action));
		exit(1);
	}
	answer_clear(&answer);
}

static gpointer
run_thread(gpointer data)
{
	const struct run *run = data;
	g_autoptr(GRand) random = g_rand_new_with_seed(run->seed);

	for (guint i = 0; i < run->count; i++) {
		guint sender = run->known ? (guint)g_rand_int_range(random, 1, run->contacts)
					  : run->contacts + 1 + run->seed * run->count + i;

		send_one(run, sender, i);
	}
	return NULL;
}

/* Of the whole process: says more than the clock on a machine that is shared. */
static double
cpu_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec +
	       usage.ru_stime.tv_usec;
}

/* @return microseconds a message: of processor time, or of a server by the clock */
static double
measure(struct store *store, guint contacts, gboolean known, guint round)
{
	struct run runs[THREADS];
	GThread *threads[THREADS];
	gint64 start = g_get_monotonic_time();
	double cpu = cpu_time(), elapsed;

	for (guint i = 0; i < THREADS; i++) {
		runs[i] = (struct run){ store, round * THREADS + i, contacts, MESSAGES / THREADS,
					known };
		threads[i] = g_thread_new("sender", run_thread, &runs[i]);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	cpu = (cpu_time() - cpu) / MESSAGES;
	elapsed = (double)(g_get_monotonic_time() - start) / MESSAGES;
	printf("growth contacts=%u known=%d cpu_us=%.1f elapsed_us=%.1f\n", contacts, known, cpu,
	       elapsed);
	fflush(stdout);
	return store->driver->is_server ? elapsed : cpu;
}

static struct decision *
decide_due(struct known *known, gint64 now, G_GNUC_UNUSED gpointer data)
{
	struct decision *decision = g_new0(struct decision, 1);
	const struct candidate *first = known->candidates->pdata[0];

	decision->action = ACTION_ATTACH;
	decision->reason = g_strdup("due");
	decision->before = first->lead;
	decision->lead = lead_copy(first->lead);
	decision->lead->due = 0;
	decision->lead->updated = now;
	decision->events = g_ptr_array_new();
	return decision;
}

static void
set_due(const char *path, guint contacts)
{
	g_autofree char *text =
		g_strdup_printf("UPDATE lead SET due=1 WHERE number%%%u=1", contacts / DUE);

	help_sql(path, text);
}

static void
sweep(struct store *store, guint contacts)
{
	const struct store_decide decide = { .decide = decide_due };
	g_autoptr(GError) error = NULL;
	gint64 start = g_get_monotonic_time();
	gint count = store_due(store, &decide, HELP_NOW, 256, FALSE, &error);

	printf("growth contacts=%u due=%d sweep_ms=%.1f\n", contacts, count,
	       (g_get_monotonic_time() - start) / 1e3);
}

struct times {
	double attach, make;
};

static struct times
run_store(const char *path, guint contacts)
{
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(path, STORE_WRITE, &error);
	struct run first = { .store = store, .seed = 999, .contacts = contacts };
	struct times times;

	g_assert_no_error(error);
	send_one(&first, 1, 0);
	store_close(store);
	if (postgres_is_url(path))
		fill_server(path, contacts);
	else
		fill(path, contacts);
	set_due(path, contacts);
	sync(); /* what was filled shall not be written while it is measured */
	store = help_open(path, STORE_WRITE, &error);
	g_assert_no_error(error);
	sweep(store, contacts);
	measure(store, contacts, TRUE, 0); /* fills the cache */
	times.attach = measure(store, contacts, TRUE, 1);
	times.make = measure(store, contacts, FALSE, 2);
	if (store->driver->is_server) {
		double attach = measure(store, contacts, TRUE, 3);
		double make = measure(store, contacts, FALSE, 4);

		times = (struct times){ MIN(times.attach, attach), MIN(times.make, make) };
	}
	store_close(store);
	return times;
}

static void
compare(const char *few_path, const char *many_path, guint contacts)
{
	struct times few = run_store(few_path, FEW), many = run_store(many_path, contacts);

	printf("growth attach_ratio=%.2f make_ratio=%.2f (at most 1.5)\n", many.attach / few.attach,
	       many.make / few.make);
}

int
main(int argc, char **argv)
{
	guint contacts = argc > 1 ? (guint)MAX(atoi(argv[1]), FEW) : 1000000;
	g_autofree char *pattern =
		g_build_filename(argc > 2 ? argv[2] : g_get_tmp_dir(), "growth-XXXXXX", NULL);
	g_autofree char *few = NULL, *many = NULL;
	const char *directory;

	if (argc > 3) {
		compare(argv[2], argv[3], contacts);
		return 0;
	}
	directory = g_mkdtemp(pattern);
	if (!directory) {
		perror(pattern);
		return 1;
	}
	few = g_build_filename(directory, "few.db", NULL);
	many = g_build_filename(directory, "many.db", NULL);
	compare(few, many, contacts);
	remove_tree(directory);
	return 0;
}
