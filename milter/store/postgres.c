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
 * PostgreSQL takes no text that isn't UTF-8; what isn't is replaced by U+FFFD on its way in, here,
 * so that a lookup of the same bytes finds it (SQLite keeps the bytes).  Its text knows no NUL
 * either, and neither does a C string.
 */
#include "store/postgres.h"

#include <string.h>

#include "base/error.h"
#include "store/postgres_link.h"
#include "store/postgres_sql.h"

#define WRITER_LOCK "1280142452" /* "LMlt": all hosts name the same */

#define PLANS_FIRST 32
#define LAST_VALUE "(SELECT CASE WHEN is_called THEN last_value ELSE last_value-1 END FROM %s)"

/* Types as the server numbers them (pg_type.dat), for ever. */
enum type {
	TYPE_UNKNOWN = 0,
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_OID = 26,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_NUMERIC = 1700
};

/* What is to be known of a table to insert rows. */
struct table {
	GPtrArray *keys; /* char *: its primary key */
	char *numbered; /* the column whose numbers come from a sequence, or NULL */
	char *sequence;
	gboolean is_known; /* `last` is right in this transaction */
	gboolean is_changed; /* the sequence is behind */
	gint64 last;
};

/* A SELECT that was sent before anybody waits for it. */
struct ahead {
	const struct driver_statement *statement; /* NULL: nobody wants it any more */
	GBytes *parameters;
	PGresult *result; /* once it has come */
};

struct driver_connection {
	struct postgres_link *link;
	GPtrArray *ahead; /* struct ahead * */
	struct driver_statement *first; /* to be sent with the next begin() */
	gboolean foresees;
	guint64 uses, next_plans; /* transactions and single reads; when plans are made anew */
	gboolean writable;
	gboolean in_transaction;
	GHashTable *tables; /* name -> struct table * */
	gint64 last_row;
};

struct parameter {
	gint64 number; /* as sent, for numbers */
	char *copy;
};

struct driver_statement {
	struct driver_connection *connection;
	struct postgres_sql *sql;
	struct table *table; /* whose rows it numbers, or NULL */
	char *name; /* for the types it was bound with last, or NULL */
	Oid *types;
	const char **values;
	int *lengths, *formats;
	struct parameter *parameters;
	PGresult *result;
	int row; /* in the result, -1 before the first */
	GPtrArray *words; /* texts made of numbers */
};

/* --- tables --- */

static void
table_free(gpointer data)
{
	struct table *table = data;

	g_ptr_array_unref(table->keys);
	g_free(table->numbered);
	g_free(table->sequence);
	g_free(table);
}

static gboolean
read_one(struct driver_connection *c, const char *text, const char *parameter, PGresult **ret,
	 GError **error)
{
	static const Oid types[] = { TYPE_TEXT };
	static const int formats[] = { 1 };
	const char *values[] = { parameter };
	const int lengths[] = { parameter ? (int)strlen(parameter) : 0 };
	const struct postgres_call call = {
		text, NULL, parameter ? 1 : 0, types, values, lengths, formats,
	};

	postgres_link_queue(c->link, &call, ret);
	if (postgres_link_finish(c->link, !c->in_transaction, error) && *ret)
		return TRUE;
	PQclear(*ret);
	*ret = NULL;
	return FALSE;
}

static gint64
big_endian(const PGresult *result, int row, int column)
{
	gint64 number;

	memcpy(&number, PQgetvalue(result, row, column), sizeof number);
	return GINT64_FROM_BE(number);
}

static struct table *
table_new(const PGresult *columns)
{
	struct table *table = g_new0(struct table, 1);

	table->keys = g_ptr_array_new_with_free_func(g_free);
	for (int i = 0; i < PQntuples(columns); i++) {
		const char *name = PQgetvalue(columns, i, 0);

		if (*PQgetvalue(columns, i, 1))
			g_ptr_array_add(table->keys, g_strdup(name));
		if (!PQgetisnull(columns, i, 2) && !table->numbered) {
			table->numbered = g_strdup(name);
			table->sequence = g_strdup(PQgetvalue(columns, i, 2));
		}
	}
	return table;
}

/* Caller frees; NULL with an error. */
static struct table *
read_table(struct driver_connection *c, const char *name, GError **error)
{
	static const char text[] =
		"SELECT a.attname::text, coalesce(a.attnum=ANY(i.indkey), FALSE), "
		"pg_get_serial_sequence('leadmilter.'||$1, a.attname) FROM pg_attribute a "
		"LEFT JOIN pg_index i ON i.indrelid=a.attrelid AND i.indisprimary "
		"WHERE a.attrelid=to_regclass('leadmilter.'||$1) AND a.attnum>0 "
		"AND NOT a.attisdropped ORDER BY array_position(i.indkey::int2[], a.attnum)";
	struct table *table = NULL;
	PGresult *columns = NULL;

	if (!read_one(c, text, name, &columns, error))
		return NULL;
	if (PQntuples(columns) > 0)
		table = table_new(columns);
	else
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: no such table: %s",
			    postgres_link_label(c->link), name);
	PQclear(columns);
	return table;
}

/* Asked once; the tables of a schema version don't change. */
static struct table *
find_table(struct driver_connection *c, const char *name, GError **error)
{
	struct table *table = g_hash_table_lookup(c->tables, name);

	if (table)
		return table;
	table = read_table(c, name, error);
	if (table)
		g_hash_table_insert(c->tables, g_strdup(name), table);
	return table;
}

/* By what a text is known to the server: the same everywhere, whoever prepared it.  Caller frees.
 */
static char *
name_of(const char *text, const Oid *types, guint count)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)text, -1);
	if (count)
		g_checksum_update(sum, (const guchar *)types, (gssize)(count * sizeof *types));
	return g_strdup_printf("leadmilter_%.24s", g_checksum_get_string(sum));
}

/* --- numbers --- */

static GString *
sequences_text(struct driver_connection *c, gboolean changed, GPtrArray *ret_tables)
{
	GString *text = g_string_new("SELECT ");
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, c->tables);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct table *table = value;

		if (!table->numbered || (changed && !table->is_changed))
			continue;
		g_string_append(text, ret_tables->len ? ", " : "");
		if (changed)
			g_string_append_printf(text, "setval('%s', $%u)", table->sequence,
					       ret_tables->len + 1);
		else
			g_string_append_printf(text, LAST_VALUE, table->sequence);
		g_ptr_array_add(ret_tables, table);
	}
	return text;
}

/* Of all tables that rows were inserted in so far. */
static void
queue_numbers(struct driver_connection *c, GPtrArray *tables, PGresult **ret)
{
	g_autoptr(GString) text = sequences_text(c, FALSE, tables);

	g_autofree char *name = name_of(text->str, NULL, 0);

	if (tables->len)
		postgres_link_queue(
			c->link, &(struct postgres_call){ .text = text->str, .name = name }, ret);
}

static void
take_numbers(GPtrArray *tables, const PGresult *result)
{
	for (guint i = 0; i < tables->len; i++) {
		struct table *table = tables->pdata[i];

		table->last = big_endian(result, 0, (int)i);
		table->is_known = TRUE;
		table->is_changed = FALSE;
	}
}

/* The first row of a table that no insert was seen for before this transaction began. */
static gboolean
ask_number(struct driver_connection *c, struct table *table, GError **error)
{
	g_autofree char *text = g_strdup_printf("SELECT " LAST_VALUE, table->sequence);
	PGresult *result = NULL;

	if (table->is_known)
		return TRUE;
	if (!read_one(c, text, NULL, &result, error))
		return FALSE;
	table->last = big_endian(result, 0, 0);
	table->is_known = TRUE;
	PQclear(result);
	return TRUE;
}

/* Before the commit: how far the sequences went. */
static void
queue_numbers_used(struct driver_connection *c)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	g_autoptr(GString) text = sequences_text(c, TRUE, tables);
	g_autofree char *name = name_of(text->str, NULL, 0);
	g_autofree gint64 *numbers = g_new(gint64, tables->len);
	g_autofree Oid *types = g_new(Oid, tables->len);
	g_autofree const char **values = g_new(const char *, tables->len);
	g_autofree int *lengths = g_new(int, tables->len), *formats = g_new(int, tables->len);

	for (guint i = 0; i < tables->len; i++) {
		numbers[i] = GINT64_TO_BE(((struct table *)tables->pdata[i])->last);
		types[i] = TYPE_INT8;
		values[i] = (const char *)&numbers[i];
		lengths[i] = sizeof numbers[i];
		formats[i] = 1;
	}
	if (tables->len)
		postgres_link_queue(c->link,
				    &(struct postgres_call){ text->str, name, tables->len, types,
							     values, lengths, formats },
				    NULL);
}

static void
forget_numbers(struct driver_connection *c)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, c->tables);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct table *)value)->is_known = ((struct table *)value)->is_changed = FALSE;
}

/* --- what will be read --- */

static void
ahead_free(gpointer data)
{
	struct ahead *ahead = data;

	PQclear(ahead->result);
	g_bytes_unref(ahead->parameters);
	g_free(ahead);
}

static gboolean
reads(const struct driver_statement *statement, const char *table)
{
	return g_ptr_array_find(statement->sql->tables, table, NULL);
}

/* @param table interned; NULL: all */
static void
forget_ahead(struct driver_connection *c, const char *table)
{
	gboolean idle = postgres_link_is_idle(c->link);

	for (guint i = c->ahead->len; i > 0; i--) {
		struct ahead *ahead = c->ahead->pdata[i - 1];

		if (ahead->statement && (!table || reads(ahead->statement, table)))
			ahead->statement = NULL;
		/* its rows may still be on their way */
		if (!ahead->statement && idle)
			g_ptr_array_remove_index_fast(c->ahead, i - 1);
	}
}

static GBytes *
parameters_of(const struct driver_statement *statement)
{
	GByteArray *bytes = g_byte_array_new();

	for (guint i = 0; i < statement->sql->parameters; i++) {
		gint32 length = statement->values[i] ? statement->lengths[i] : -1;

		g_byte_array_append(bytes, (const guint8 *)&length, sizeof length);
		if (length > 0)
			g_byte_array_append(bytes, (const guint8 *)statement->values[i],
					    (guint)length);
	}
	return g_byte_array_free_to_bytes(bytes);
}

static struct ahead *
find_ahead(struct driver_connection *c, const struct driver_statement *statement)
{
	g_autoptr(GBytes) parameters = c->ahead->len ? parameters_of(statement) : NULL;

	for (guint i = 0; i < c->ahead->len; i++) {
		struct ahead *ahead = c->ahead->pdata[i];

		if (ahead->statement == statement && g_bytes_equal(ahead->parameters, parameters))
			return ahead;
	}
	return NULL;
}

static void queue(struct driver_connection *c, struct driver_statement *statement, PGresult **ret);

static void
send_ahead(struct driver_connection *c, struct driver_statement *statement)
{
	struct ahead *ahead = g_new0(struct ahead, 1);

	ahead->statement = statement;
	ahead->parameters = parameters_of(statement);
	g_ptr_array_add(c->ahead, ahead);
	queue(c, statement, &ahead->result);
}

static void
note_ahead(struct driver_connection *c, struct driver_statement *statement)
{
	if (!c->in_transaction)
		c->first = statement->sql->parameters ? NULL : statement;
	else if (!find_ahead(c, statement))
		send_ahead(c, statement);
}

static void
foresee(struct driver_connection *c, gboolean on)
{
	c->foresees = on;
	/* the server has something to do while we have */
	postgres_link_send(c->link);
}

/* @return FALSE when it was not foreseen */
static gboolean
take_ahead(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	struct ahead *ahead = find_ahead(c, statement);

	if (!ahead)
		return FALSE;
	if (!ahead->result && !postgres_link_finish(c->link, FALSE, error))
		return FALSE;
	statement->result = g_steal_pointer(&ahead->result);
	ahead->statement = NULL;
	return statement->result != NULL;
}

/* --- transactions --- */

/* A plan made while a table was empty takes any index, and would be kept while the table grows:
 * until the server's own statistics come, a minute later at best.  So plans are made anew, ever
 * more seldom. */
static void
renew_plans(struct driver_connection *c)
{
	if (++c->uses < c->next_plans || postgres_link_is_pooled(c->link))
		return;
	postgres_link_queue_text(c->link, "DISCARD PLANS", NULL);
	c->next_plans = c->uses * 3;
}

static gboolean
try_begin(struct driver_connection *c, GError **error)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	PGresult *numbers = NULL;
	gboolean done;

	postgres_link_queue_text(c->link, "BEGIN READ WRITE", "leadmilter_begin");
	if (postgres_link_is_pooled(c->link))
		postgres_link_queue_settings(c->link);
	renew_plans(c);
	postgres_link_queue_text(c->link, "SELECT pg_advisory_xact_lock(" WRITER_LOCK ")",
				 "leadmilter_lock");
	queue_numbers(c, tables, &numbers);
	c->in_transaction = TRUE;
	forget_ahead(c, NULL);
	if (c->first)
		send_ahead(c, c->first);
	done = postgres_link_finish(c->link, FALSE, error);
	if (done && numbers)
		take_numbers(tables, numbers);
	PQclear(numbers);
	return done;
}

static void rollback(struct driver_connection *c);

/* A connection that broke since the last transaction is noticed here: once more, then. */
static gboolean
begin(struct driver_connection *c, GError **error)
{
	GError *failure = NULL;

	if (c->in_transaction)
		rollback(c);
	forget_numbers(c);
	for (guint i = 0; i < 2; i++) {
		g_clear_error(&failure);
		if (!postgres_link_ready(c->link, &failure))
			break;
		if (try_begin(c, &failure)) {
			c->first = NULL;
			return TRUE;
		}
		rollback(c);
		if (postgres_link_is_open(c->link))
			break;
	}
	c->first = NULL;
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
	rollback(c);
	return FALSE;
}

static gboolean
commit(struct driver_connection *c, GError **error)
{
	gboolean done;

	queue_numbers_used(c);
	postgres_link_queue_text(c->link, "COMMIT", "leadmilter_commit");
	done = postgres_link_finish(c->link, TRUE, error);
	forget_ahead(c, NULL);
	c->in_transaction = !done; /* what failed before kept COMMIT from being read */
	forget_numbers(c);
	if (!done || postgres_link_was_committed(c->link))
		return done;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: was rolled back",
		    postgres_link_label(c->link));
	return FALSE;
}

static void
rollback(struct driver_connection *c)
{
	if (c->in_transaction && postgres_link_is_open(c->link)) {
		postgres_link_finish(c->link, TRUE, NULL);
		postgres_link_queue_text(c->link, "ROLLBACK", NULL);
		postgres_link_finish(c->link, TRUE, NULL);
	}
	c->in_transaction = FALSE;
	forget_ahead(c, NULL);
	forget_numbers(c);
}

static gboolean
savepoint(struct driver_connection *c, GError **error)
{
	forget_ahead(c, NULL);
	postgres_link_queue_text(c->link, "SAVEPOINT job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

static gboolean
release(struct driver_connection *c, GError **error)
{
	postgres_link_queue_text(c->link, "RELEASE job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

/* What is still queued may fail: that is undone as well. */
static gboolean
rollback_to(struct driver_connection *c, GError **error)
{
	if (!postgres_link_finish(c->link, FALSE, NULL) && !postgres_link_is_open(c->link))
		return postgres_link_finish(c->link, FALSE, error);
	forget_ahead(c, NULL);
	postgres_link_queue_text(c->link, "ROLLBACK TO job", NULL);
	postgres_link_queue_text(c->link, "RELEASE job", NULL);
	return postgres_link_finish(c->link, FALSE, error);
}

/* --- statements --- */

static void
clear_result(struct driver_statement *statement)
{
	PQclear(statement->result);
	statement->result = NULL;
	statement->row = -1;
	g_ptr_array_set_size(statement->words, 0);
}

static void
forget_statement(struct driver_statement *statement)
{
	struct driver_connection *c = statement->connection;

	if (c->first == statement)
		c->first = NULL;
	for (guint i = 0; i < c->ahead->len; i++) {
		struct ahead *ahead = c->ahead->pdata[i];

		if (ahead->statement == statement)
			ahead->statement = NULL;
	}
}

static void
finalize(struct driver_statement *statement)
{
	if (!statement)
		return;
	forget_statement(statement);
	clear_result(statement);
	for (guint i = 0; i < statement->sql->parameters; i++)
		g_free(statement->parameters[i].copy);
	g_ptr_array_unref(statement->words);
	g_free(statement->name);
	g_free(statement->types);
	g_free(statement->values);
	g_free(statement->lengths);
	g_free(statement->formats);
	g_free(statement->parameters);
	postgres_sql_free(statement->sql);
	g_free(statement);
}

static gboolean
complete_insert(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	struct postgres_sql *sql = statement->sql;
	struct table *table = sql->table ? find_table(c, sql->table, error) : NULL;

	if (!sql->table)
		return TRUE;
	if (!table)
		return FALSE;
	if (table->numbered && sql->values_at &&
	    !g_ptr_array_find_with_equal_func(sql->columns, table->numbered, g_str_equal, NULL)) {
		postgres_sql_number(sql, table->numbered);
		statement->table = table;
	}
	postgres_sql_resolve(sql, table->keys);
	return TRUE;
}

static struct driver_statement *
prepare(struct driver_connection *c, const char *text, GError **error)
{
	struct driver_statement *statement;
	guint count;

	if (!c->in_transaction && !postgres_link_ready(c->link, error))
		return NULL;
	statement = g_new0(struct driver_statement, 1);
	statement->connection = c;
	statement->sql = postgres_sql_new(text);
	statement->words = g_ptr_array_new_with_free_func(g_free);
	statement->row = -1;
	if (!complete_insert(c, statement, error)) {
		statement->sql->parameters = 0;
		finalize(statement);
		return NULL;
	}
	count = statement->sql->parameters;
	statement->types = g_new0(Oid, count);
	statement->values = g_new0(const char *, count);
	statement->lengths = g_new0(int, count);
	statement->formats = g_new0(int, count);
	statement->parameters = g_new0(struct parameter, count);
	for (guint i = 0; i < count; i++) {
		statement->formats[i] = 1;
		statement->types[i] = TYPE_TEXT; /* one that the text skips needs a type, too */
	}
	return statement;
}

/* --- parameters --- */

static void
bind(struct driver_statement *statement, int n, enum type type, const void *value, gsize length)
{
	int i = n - 1;

	if (n < 1 || (guint)n > statement->sql->parameters)
		return;
	if (statement->types[i] != type) {
		g_clear_pointer(&statement->name, g_free);
		statement->types[i] = type;
	}
	statement->values[i] = value;
	statement->lengths[i] = (int)length;
}

static void
bind_number(struct driver_statement *statement, int n, enum type type, gint64 bits)
{
	struct parameter *parameter = &statement->parameters[n - 1];

	parameter->number = GINT64_TO_BE(bits);
	statement->formats[n - 1] = 1;
	bind(statement, n, type, &parameter->number, sizeof parameter->number);
}

static void
bind_integer(struct driver_statement *statement, int n, gint64 value)
{
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		bind_number(statement, n, TYPE_INT8, value);
}

static void
bind_real(struct driver_statement *statement, int n, double value)
{
	gint64 bits;

	memcpy(&bits, &value, sizeof bits);
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		bind_number(statement, n, TYPE_FLOAT8, bits);
}

static void
bind_text(struct driver_statement *statement, int n, const char *value, gboolean keep)
{
	gboolean is_valid = !value || g_utf8_validate(value, -1, NULL);
	struct parameter *parameter;

	if (n < 1 || (guint)n > statement->sql->parameters)
		return;
	parameter = &statement->parameters[n - 1];
	g_clear_pointer(&parameter->copy, g_free);
	if (!is_valid)
		parameter->copy = g_utf8_make_valid(value, -1);
	else if (!keep)
		parameter->copy = g_strdup(value);
	value = parameter->copy ? parameter->copy : value;
	/* In a row of VALUES the column says what it is, so that NULL fits a number, too; and what
	 * is none may be a number's digits, which are read as text. */
	statement->formats[n - 1] = !statement->sql->values_at;
	bind(statement, n, statement->sql->values_at ? TYPE_UNKNOWN : TYPE_TEXT, value,
	     value ? strlen(value) : 0);
}

/* A blob of no bytes is nothing, as with SQLite. */
static void
bind_blob(struct driver_statement *statement, int n, const void *value, gsize size)
{
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		statement->formats[n - 1] = 1;
	bind(statement, n, TYPE_BYTEA, value, size);
}

/* --- steps --- */

static void
name_statement(struct driver_statement *statement)
{
	if (!statement->name)
		statement->name = name_of(statement->sql->text->str, statement->types,
					  statement->sql->parameters);
}

static void
queue(struct driver_connection *c, struct driver_statement *statement, PGresult **ret)
{
	name_statement(statement);
	postgres_link_queue(c->link,
			    &(struct postgres_call){
				    .text = statement->sql->text->str,
				    .name = statement->name,
				    .count = statement->sql->parameters,
				    .types = statement->types,
				    .values = statement->values,
				    .lengths = statement->lengths,
				    .formats = statement->formats,
			    },
			    ret);
}

/* A pooler keeps no settings outside of a transaction. */
static gboolean
read_rows(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	gboolean wrapped = !c->in_transaction && postgres_link_is_pooled(c->link);

	if (wrapped) {
		postgres_link_queue_text(c->link, "BEGIN READ ONLY", NULL);
		postgres_link_queue_settings(c->link);
	}
	if (!c->in_transaction)
		renew_plans(c);
	queue(c, statement, &statement->result);
	if (wrapped)
		postgres_link_queue_text(c->link, "COMMIT", NULL);
	if (postgres_link_finish(c->link, !c->in_transaction, error) && statement->result)
		return TRUE;
	if (wrapped && postgres_link_is_open(c->link)) {
		postgres_link_queue_text(c->link, "ROLLBACK", NULL);
		postgres_link_finish(c->link, TRUE, NULL);
	}
	return FALSE;
}

/* Outside of a transaction a connection that broke in the meantime is made anew. */
static gboolean
read_or_reconnect(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	GError *failure = NULL;

	if (c->in_transaction && take_ahead(c, statement, &failure))
		return TRUE;
	if (failure) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (c->in_transaction)
		return read_rows(c, statement, error);
	for (guint i = 0; i < 2; i++) {
		g_clear_error(&failure);
		if (!postgres_link_ready(c->link, &failure))
			break;
		if (read_rows(c, statement, &failure))
			return TRUE;
		if (postgres_link_is_open(c->link))
			break;
	}
	g_propagate_error(error, failure);
	return FALSE;
}

static gboolean
number_row(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	struct table *table = statement->table;

	if (!table)
		return TRUE;
	if (!ask_number(c, table, error))
		return FALSE;
	c->last_row = ++table->last;
	table->is_changed = TRUE;
	bind_integer(statement, (int)statement->sql->parameters, c->last_row);
	return TRUE;
}

static gboolean
write_rows(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	if (!number_row(c, statement, error))
		return FALSE;
	if (statement->sql->tables->len)
		forget_ahead(c, statement->sql->tables->pdata[0]);
	queue(c, statement, NULL);
	return TRUE;
}

static enum driver_step
write_alone(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	if (begin(c, error) && write_rows(c, statement, error) && commit(c, error))
		return DRIVER_DONE;
	rollback(c);
	return DRIVER_FAILED;
}

static enum driver_step
step(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	if (c->foresees) {
		if (statement->sql->gives_rows)
			note_ahead(c, statement);
		return DRIVER_DONE;
	}
	if (!statement->sql->gives_rows && !c->in_transaction)
		return write_alone(c, statement, error);
	if (!statement->sql->gives_rows)
		return write_rows(c, statement, error) ? DRIVER_DONE : DRIVER_FAILED;
	if (!statement->result && !read_or_reconnect(c, statement, error)) {
		clear_result(statement);
		return DRIVER_FAILED;
	}
	g_ptr_array_set_size(statement->words, 0);
	return ++statement->row < PQntuples(statement->result) ? DRIVER_ROW : DRIVER_DONE;
}

static void
reset(struct driver_statement *statement)
{
	clear_result(statement);
}

/* --- columns --- */

static gboolean
column_is_null(struct driver_statement *statement, int n)
{
	return !statement->result || n >= PQnfields(statement->result) ||
	       PQgetisnull(statement->result, statement->row, n);
}

/* The server's decimal numbers (sums, averages): digits in base 10000 (numeric_send). */
static double
numeric_value(const char *bytes)
{
	gint16 head[4]; /* digits, weight, sign, scale */
	double value = 0;
	int weight;

	for (guint i = 0; i < 4; i++) {
		memcpy(&head[i], bytes + 2 * i, 2);
		head[i] = GINT16_FROM_BE(head[i]);
	}
	weight = head[1];
	for (int i = 0; i < head[0]; i++) {
		gint16 digit;

		memcpy(&digit, bytes + 8 + 2 * i, 2);
		value = value * 10000 + GINT16_FROM_BE(digit);
	}
	for (int i = head[0] - 1; i < weight; i++)
		value *= 10000;
	for (int i = weight + 1; i < head[0]; i++)
		value /= 10000;
	return head[2] ? -value : value;
}

static double
float_value(const char *bytes, gsize size)
{
	guint64 wide;
	guint32 narrow;
	double value;
	float small;

	if (size == sizeof narrow) {
		memcpy(&narrow, bytes, sizeof narrow);
		narrow = GUINT32_FROM_BE(narrow);
		memcpy(&small, &narrow, sizeof small);
		return small;
	}
	memcpy(&wide, bytes, sizeof wide);
	wide = GUINT64_FROM_BE(wide);
	memcpy(&value, &wide, sizeof value);
	return value;
}

static gint64
integer_value(const char *bytes, int size)
{
	gint64 value = size > 0 && (bytes[0] & 0x80) ? -1 : 0;

	for (int i = 0; i < size; i++)
		value = (gint64)(((guint64)value << 8) | (guchar)bytes[i]);
	return value;
}

static gboolean
is_integer(Oid type)
{
	return type == TYPE_INT8 || type == TYPE_INT4 || type == TYPE_INT2 || type == TYPE_OID ||
	       type == TYPE_BOOL;
}

static gboolean
is_real(Oid type)
{
	return type == TYPE_FLOAT8 || type == TYPE_FLOAT4 || type == TYPE_NUMERIC;
}

static double
real_value(const PGresult *result, int row, int n)
{
	const char *bytes = PQgetvalue(result, row, n);

	return PQftype(result, n) == TYPE_NUMERIC ? numeric_value(bytes)
						  : float_value(bytes, PQgetlength(result, row, n));
}

static gint64
column_integer(struct driver_statement *statement, int n)
{
	const PGresult *result = statement->result;
	Oid type = result ? PQftype(result, n) : TYPE_UNKNOWN;

	if (column_is_null(statement, n))
		return 0;
	if (is_integer(type))
		return integer_value(PQgetvalue(result, statement->row, n),
				     PQgetlength(result, statement->row, n));
	if (is_real(type))
		return (gint64)real_value(result, statement->row, n);
	return g_ascii_strtoll(PQgetvalue(result, statement->row, n), NULL, 10);
}

static double
column_real(struct driver_statement *statement, int n)
{
	if (column_is_null(statement, n))
		return 0;
	if (is_real(PQftype(statement->result, n)))
		return real_value(statement->result, statement->row, n);
	if (is_integer(PQftype(statement->result, n)))
		return (double)column_integer(statement, n);
	return g_ascii_strtod(PQgetvalue(statement->result, statement->row, n), NULL);
}

static const char *
keep_words(struct driver_statement *statement, char *words)
{
	g_ptr_array_add(statement->words, words);
	return words;
}

static const char *
column_text(struct driver_statement *statement, int n)
{
	char words[G_ASCII_DTOSTR_BUF_SIZE];

	if (column_is_null(statement, n))
		return NULL;
	if (is_integer(PQftype(statement->result, n)))
		return keep_words(statement, g_strdup_printf("%" G_GINT64_FORMAT,
							     column_integer(statement, n)));
	if (is_real(PQftype(statement->result, n)))
		return keep_words(statement, g_strdup(g_ascii_dtostr(words, sizeof words,
								     column_real(statement, n))));
	return PQgetvalue(statement->result, statement->row, n);
}

static const void *
column_blob(struct driver_statement *statement, int n, gsize *ret_size)
{
	*ret_size = 0;
	if (column_is_null(statement, n))
		return NULL;
	*ret_size = (gsize)PQgetlength(statement->result, statement->row, n);
	return PQgetvalue(statement->result, statement->row, n);
}

/* --- the store as a whole --- */

/* Queries are written for SQLite, where rows of one key come in the order of their numbers. */
static gboolean
order_index(struct driver_connection *c, const char *text, struct postgres_sql *sql, GError **error)
{
	g_autofree char *name = postgres_sql_indexed(text);
	struct table *table = NULL;

	if (!name)
		return TRUE;
	if (!postgres_link_finish(c->link, FALSE, error))
		return FALSE;
	table = read_table(c, name, error);
	if (!table)
		return FALSE;
	if (table->numbered)
		postgres_sql_order(sql, table->numbered);
	table_free(table);
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

	forget_ahead(c, NULL);
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
	if (begin(c, error) && exec_inside(c, texts, error) && commit(c, error))
		return TRUE;
	rollback(c);
	return FALSE;
}

static gboolean
read_number(struct driver_connection *c, const char *text, gint64 *ret, GError **error)
{
	PGresult *result = NULL;

	if (!read_one(c, text, NULL, &result, error))
		return FALSE;
	*ret = PQntuples(result) > 0 ? big_endian(result, 0, 0) : 0;
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
		"leadmilter.%I', pg_get_serial_sequence('leadmilter.'||c.relname, a.attname), "
		"a.attname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid=c.relnamespace "
		"JOIN pg_attribute a ON a.attrelid=c.oid WHERE n.nspname='leadmilter' AND "
		"c.relkind IN ('r', 'p') AND a.attnum>0 AND NOT a.attisdropped AND "
		"pg_get_serial_sequence('leadmilter.'||c.relname, a.attname) IS NOT NULL";
	PGresult *texts = NULL;
	gboolean done;

	if (!read_one(c, text, NULL, &texts, error))
		return FALSE;
	postgres_link_be_patient(c->link, TRUE);
	for (int i = 0; i < PQntuples(texts); i++)
		postgres_link_queue_text(c->link, PQgetvalue(texts, i, 0), NULL);
	PQclear(texts);
	done = postgres_link_finish(c->link, !c->in_transaction, error);
	postgres_link_be_patient(c->link, FALSE);
	forget_numbers(c);
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
	c->writable = writable;
	c->next_plans = PLANS_FIRST;
	c->ahead = g_ptr_array_new_with_free_func(ahead_free);
	c->tables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, table_free);
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

const struct driver postgres_driver = {
	.is_server = TRUE,
	.label = label,
	.open = open_connection,
	.tune = tune,
	.close = close_connection,
	.set_limit = set_limit,
	.prepare = prepare,
	.finalize = finalize,
	.bind_integer = bind_integer,
	.bind_real = bind_real,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = step,
	.foresee = foresee,
	.reset = reset,
	.column_integer = column_integer,
	.column_real = column_real,
	.column_text = column_text,
	.column_blob = column_blob,
	.column_is_null = column_is_null,
	.exec = exec,
	.begin = begin,
	.begin_read = begin_read,
	.commit = commit,
	.rollback = rollback,
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
