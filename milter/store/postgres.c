/*
 * postgres.c - the PostgreSQL driver.
 *
 * Texts come in SQLite's dialect and are translated (postgres_sql.h).  Everything stands in a
 * schema of its own, leadmilter.  What gives no rows is queued and not waited for: its failure is
 * told by the next read or at the commit, which is why blame() may point at a later statement;
 * only commit(), release() and a read know that all before them went well.
 *
 * Whoever writes holds one advisory lock for its transaction, so transactions of all hosts come one
 * after another, as with SQLite.  Under that lock a row's number is taken from memory: the
 * sequences are read when the transaction begins and set when it ends, which saves a round trip for
 * each insert.  So numbers of events grow in the order of commits, whatever host wrote them.
 *
 * Rows of INSERT … VALUES are gathered and go out together (postgres_gather.c), and a read that is
 * foreseen goes out before it is asked for (postgres_ahead.c): both only as far as the result is
 * the same as if each statement had been run when its turn came.
 */
#include "store/postgres.h"

#include <string.h>

#include "base/error.h"
#include "store/postgres_private.h"
#include "store/postgres_url.h"

#define WRITER_LOCK "1280142452" /* "LMlt": all hosts name the same */
#define PLANS_FIRST 32
#define ANALYZE_MOST 2000

/* --- transactions --- */

/* What was inserted into so far. */
static void
analyze(struct driver_connection *c)
{
	g_autoptr(GString) text = g_string_new("ANALYZE");
	GHashTableIter iter;
	gpointer name;

	g_hash_table_iter_init(&iter, c->tables);
	for (guint i = 0; g_hash_table_iter_next(&iter, &name, NULL); i++)
		g_string_append_printf(text, "%s %s", i ? "," : "", (char *)name);
	if (g_hash_table_size(c->tables))
		postgres_link_queue_text(c->link, text->str, NULL);
}

/* A plan made while a table was empty takes any index, and would be kept while the table grows:
 * until the server looks at it by itself, a minute later at best.  So plans are made anew, ever
 * more seldom, and at the tables of a new store it is asked to look. */
void
postgres_renew_plans(struct driver_connection *c)
{
	if (++c->uses < c->next_plans || postgres_link_is_pooled(c->link))
		return;
	if (c->is_new && c->uses < ANALYZE_MOST && c->in_transaction)
		analyze(c);
	postgres_link_queue_text(c->link, "DISCARD PLANS", NULL);
	c->next_plans = c->uses * 3;
}

static gboolean
try_begin(struct driver_connection *c, GError **error)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	PGresult *numbers = NULL;
	gboolean done;

	/* Each statement shall see what was there when the lock was got, whatever level is
	 * the default of the database. */
	postgres_link_queue_text(c->link, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
				 "leadmilter_begin");
	if (postgres_link_is_pooled(c->link))
		postgres_link_queue_settings(c->link);
	postgres_link_queue_text(c->link, "SELECT pg_advisory_xact_lock(" WRITER_LOCK ")",
				 "leadmilter_lock");
	postgres_table_queue_numbers(c, tables, &numbers);
	c->in_transaction = TRUE;
	postgres_renew_plans(c);
	postgres_ahead_forget_all(c);
	postgres_ahead_send_first(c);
	done = postgres_link_finish(c->link, FALSE, error);
	if (done && numbers)
		postgres_table_take_numbers(tables, numbers);
	PQclear(numbers);
	return done;
}

/* A connection that broke since the last transaction is noticed here: once more, then. */
gboolean
postgres_begin(struct driver_connection *c, GError **error)
{
	GError *failure = NULL;

	if (c->in_transaction)
		postgres_rollback(c);
	postgres_table_forget_numbers(c);
	for (guint i = 0; i < 2; i++) {
		g_clear_error(&failure);
		if (!postgres_link_ready(c->link, &failure))
			break;
		if (try_begin(c, &failure))
			return TRUE;
		postgres_rollback(c);
		if (postgres_link_is_open(c->link))
			break;
	}
	g_ptr_array_set_size(c->first, 0);
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
begin_read(struct driver_connection *c, GError **error)
{
	if (!postgres_link_ready(c->link, error))
		return FALSE;
	postgres_link_queue_text(c->link, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL);
	if (postgres_link_is_pooled(c->link))
		postgres_link_queue_settings(c->link);
	c->in_transaction = TRUE;
	if (postgres_link_finish(c->link, FALSE, error))
		return TRUE;
	postgres_rollback(c);
	return FALSE;
}

gboolean
postgres_commit(struct driver_connection *c, GError **error)
{
	gboolean done;

	postgres_gather_send(c);
	postgres_table_queue_used(c);
	postgres_link_queue_text(c->link, "COMMIT", "leadmilter_commit");
	done = postgres_link_finish(c->link, TRUE, error);
	postgres_ahead_forget_all(c);
	c->in_transaction = !done; /* what failed before kept COMMIT from being read */
	postgres_table_forget_numbers(c);
	if (!done || postgres_link_was_committed(c->link))
		return done;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: was rolled back",
		    postgres_link_label(c->link));
	return FALSE;
}

void
postgres_rollback(struct driver_connection *c)
{
	postgres_gather_drop(c);
	if (c->in_transaction && postgres_link_is_open(c->link)) {
		postgres_link_finish(c->link, TRUE, NULL);
		postgres_link_queue_text(c->link, "ROLLBACK", NULL);
		postgres_link_finish(c->link, TRUE, NULL);
	}
	c->in_transaction = FALSE;
	postgres_ahead_forget_all(c);
	postgres_table_forget_numbers(c);
}

static gboolean
savepoint(struct driver_connection *c, GError **error)
{
	postgres_ahead_forget_all(c);
	postgres_gather_send(c);
	postgres_link_queue_text(c->link, "SAVEPOINT job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

static gboolean
release(struct driver_connection *c, GError **error)
{
	postgres_gather_send(c);
	postgres_link_queue_text(c->link, "RELEASE job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

/* What is still queued may fail: that is undone as well. */
static gboolean
rollback_to(struct driver_connection *c, GError **error)
{
	postgres_gather_drop(c);
	if (!postgres_link_finish(c->link, FALSE, NULL) && !postgres_link_is_open(c->link))
		return postgres_link_finish(c->link, FALSE, error);
	postgres_ahead_forget_all(c);
	postgres_link_queue_text(c->link, "ROLLBACK TO job", NULL);
	postgres_link_queue_text(c->link, "RELEASE job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

/* --- the store as a whole --- */

/* Queries are written for SQLite, where rows of one key come in the order of their numbers. */
static gboolean
order_index(struct driver_connection *c, const char *text, struct postgres_sql *sql, GError **error)
{
	g_autofree char *name = postgres_sql_indexed(text);
	struct postgres_table *table = NULL;

	if (!name)
		return TRUE;
	if (!postgres_link_finish(c->link, FALSE, error))
		return FALSE;
	table = postgres_table_read(c, name, error);
	if (!table)
		return FALSE;
	if (table->numbered)
		postgres_sql_order(sql, table->numbered);
	postgres_table_free(table);
	return TRUE;
}

static gboolean
queue_exec(struct driver_connection *c, const char *text, GError **error)
{
	struct postgres_sql *sql = postgres_sql_new(text);
	gboolean done = order_index(c, text, sql, error);

	if (done)
		postgres_link_queue_text(c->link, sql->text->str, NULL);
	postgres_sql_free(sql);
	return done;
}

static gboolean
exec_inside(struct driver_connection *c, const char *texts, GError **error)
{
	g_autoptr(GPtrArray) statements = postgres_sql_split(texts);
	gboolean done = TRUE;

	postgres_ahead_forget_all(c);
	postgres_gather_send(c);
	postgres_link_be_patient(c->link, TRUE);
	for (guint i = 0; done && i < statements->len; i++)
		done = queue_exec(c, statements->pdata[i], error);
	done = done && postgres_link_finish(c->link, FALSE, error);
	postgres_link_be_patient(c->link, FALSE);
	return done;
}

/* It may take as long as it takes: it is how tables are made and changed. */
static gboolean
exec(struct driver_connection *c, const char *texts, GError **error)
{
	if (c->in_transaction)
		return exec_inside(c, texts, error);
	if (postgres_begin(c, error) && exec_inside(c, texts, error) && postgres_commit(c, error))
		return TRUE;
	postgres_rollback(c);
	return FALSE;
}

static gboolean
read_number(struct driver_connection *c, const char *text, gint64 *ret, GError **error)
{
	PGresult *result = NULL;

	if (!postgres_table_ask(c, text, NULL, &result, error))
		return FALSE;
	*ret = PQntuples(result) > 0 ? postgres_table_number(result, 0, 0) : 0;
	PQclear(result);
	return TRUE;
}

static gboolean
version(struct driver_connection *c, int *ret_version, GError **error)
{
	gint64 is_ours, tables, number = 0;

	if (!c->in_transaction && !postgres_link_ready(c->link, error))
		return FALSE;
	if (!read_number(
		    c, "SELECT (to_regclass('leadmilter.schema_version') IS NOT NULL)::int4::int8",
		    &is_ours, error) ||
	    !read_number(c,
			 "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON "
			 "n.oid=c.relnamespace WHERE n.nspname='leadmilter'",
			 &tables, error))
		return FALSE;
	if (!is_ours && tables > 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT,
			    "%s: its schema leadmilter is not ours; name another database as the "
			    "store",
			    postgres_link_label(c->link));
		return FALSE;
	}
	if (is_ours &&
	    !read_number(c, "SELECT number FROM leadmilter.schema_version", &number, error))
		return FALSE;
	c->is_new |= !is_ours;
	*ret_version = (int)number;
	return TRUE;
}

static gboolean
prepare_place(struct driver_connection *c, GError **error)
{
	return exec(c,
		    "CREATE SCHEMA IF NOT EXISTS leadmilter;"
		    "CREATE TABLE IF NOT EXISTS leadmilter.schema_version(number INTEGER);"
		    "CREATE SEQUENCE IF NOT EXISTS leadmilter.generation MINVALUE 0;",
		    error);
}

static gboolean
mark(struct driver_connection *c, int number, GError **error)
{
	g_autofree char *text = g_strdup_printf("DELETE FROM schema_version;"
						"INSERT INTO schema_version VALUES(%d)",
						number);

	return exec(c, text, error);
}

/* Every sequence goes to behind the highest number of its table. */
static gboolean
settle(struct driver_connection *c, GError **error)
{
	static const char text[] =
		"SELECT format('SELECT setval(%L, greatest(coalesce(max(%I), 0), 0)+1, FALSE) FROM "
		"leadmilter.%I', "
		"pg_get_serial_sequence('leadmilter.'||c.relname, a.attname), "
		"a.attname, c.relname) FROM pg_class c JOIN pg_namespace n ON "
		"n.oid=c.relnamespace "
		"JOIN pg_attribute a ON a.attrelid=c.oid WHERE n.nspname='leadmilter' AND "
		"c.relkind IN ('r', 'p') AND a.attnum>0 AND NOT a.attisdropped AND "
		"pg_get_serial_sequence('leadmilter.'||c.relname, a.attname) IS NOT NULL";
	PGresult *texts = NULL;
	gboolean done;

	if (!postgres_table_ask(c, text, NULL, &texts, error))
		return FALSE;
	postgres_link_be_patient(c->link, TRUE);
	for (int i = 0; i < PQntuples(texts); i++)
		postgres_link_queue_text(c->link, PQgetvalue(texts, i, 0), NULL);
	PQclear(texts);
	done = postgres_link_finish(c->link, !c->in_transaction, error);
	postgres_link_be_patient(c->link, FALSE);
	postgres_table_forget_numbers(c);
	return done;
}

static gboolean
set_aside(struct driver_connection *c, const char *suffix, GError **error)
{
	g_autofree char *text =
		g_strdup_printf("ALTER SCHEMA leadmilter RENAME TO leadmilter_%s", suffix);

	return exec(c, text, error);
}

static gint64
last_row(struct driver_connection *c)
{
	return c->last_row;
}

static gint64
changes(struct driver_connection *c)
{
	postgres_gather_send(c);
	postgres_link_catch_up(c->link);
	return postgres_link_changes(c->link);
}

static enum driver_blame
blame(struct driver_connection *c)
{
	return postgres_link_blame(c->link);
}

static void
set_limit(struct driver_connection *c, guint milliseconds)
{
	postgres_link_set_limit(c->link, milliseconds);
}

static guint
generation(struct driver_connection *c)
{
	return postgres_link_generation(c->link);
}

/* The server keeps its own log and looks after its own pages. */

static guint
backlog(G_GNUC_UNUSED struct driver_connection *c)
{
	return 0;
}

static gboolean
checkpoint(G_GNUC_UNUSED struct driver_connection *c, G_GNUC_UNUSED gboolean whole,
	   G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static gboolean
compact(G_GNUC_UNUSED struct driver_connection *c, G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static gboolean
check(struct driver_connection *c, GError **error)
{
	return c->in_transaction || postgres_link_ready(c->link, error);
}

static gboolean
tune(G_GNUC_UNUSED struct driver_connection *c, G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

/* --- connections --- */

static void
close_connection(struct driver_connection *c)
{
	if (!c)
		return;
	postgres_link_free(c->link);
	g_ptr_array_unref(c->ahead);
	g_ptr_array_unref(c->first);
	g_ptr_array_unref(c->gathered);
	g_hash_table_unref(c->tables);
	g_free(c);
}

/* Connected when it is needed: a server that is away is the first statement's failure. */
static struct driver_connection *
open_connection(G_GNUC_UNUSED const struct driver *driver, const char *url, gboolean writable,
		G_GNUC_UNUSED GError **error)
{
	struct driver_connection *c = g_new0(struct driver_connection, 1);

	c->link = postgres_link_new(url, writable);
	c->next_plans = PLANS_FIRST;
	c->ahead = g_ptr_array_new_with_free_func(postgres_ahead_free);
	c->first = g_ptr_array_new_with_free_func(postgres_ahead_free);
	c->gathered = g_ptr_array_new_with_free_func(postgres_gather_free);
	c->tables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, postgres_table_free);
	return c;
}

static char *
label(const char *url)
{
	struct postgres_link *link = postgres_link_new(url, FALSE);
	char *words = g_strdup(postgres_link_label(link));

	postgres_link_free(link);
	return words;
}

gboolean
postgres_is_url(const char *where)
{
	return g_str_has_prefix(where, "postgresql://") || g_str_has_prefix(where, "postgres://");
}

char *
postgres_passfile(const char *url)
{
	struct postgres_url *parsed = postgres_url_new(url);
	char *passfile = g_steal_pointer(&parsed->passfile);

	postgres_url_free(parsed);
	return passfile;
}

const struct driver postgres_driver = {
	.is_server = TRUE,
	.label = label,
	.open = open_connection,
	.tune = tune,
	.close = close_connection,
	.set_limit = set_limit,
	.generation = generation,
	.prepare = postgres_statement_prepare,
	.finalize = postgres_statement_finalize,
	.bind_integer = postgres_statement_bind_integer,
	.bind_real = postgres_statement_bind_real,
	.bind_text = postgres_statement_bind_text,
	.bind_blob = postgres_statement_bind_blob,
	.step = postgres_statement_step,
	.foresee = postgres_ahead_foresee,
	.arrive = postgres_ahead_arrive,
	.reset = postgres_statement_reset,
	.column_integer = postgres_column_integer,
	.column_real = postgres_column_real,
	.column_text = postgres_column_text,
	.column_blob = postgres_column_blob,
	.column_is_null = postgres_column_is_null,
	.exec = exec,
	.begin = postgres_begin,
	.begin_read = begin_read,
	.commit = postgres_commit,
	.rollback = postgres_rollback,
	.savepoint = savepoint,
	.release = release,
	.rollback_to = rollback_to,
	.last_row = last_row,
	.changes = changes,
	.blame = blame,
	.backlog = backlog,
	.checkpoint = checkpoint,
	.compact = compact,
	.prepare_place = prepare_place,
	.version = version,
	.mark = mark,
	.check = check,
	.settle = settle,
	.set_aside = set_aside,
};
