/*
 * postgres_statement.c - statements of the PostgreSQL driver: parameters go out in binary format,
 * reads wait for their rows, writes don't.
 *
 * PostgreSQL takes no text that isn't UTF-8; what isn't is replaced by U+FFFD on its way in, here,
 * so that a lookup of the same bytes finds it (SQLite keeps the bytes).  Its text knows no NUL
 * either, and neither does a C string.
 */
#include "store/postgres.h"

#include <string.h>

#include "store/postgres_private.h"

static void
clear_result(struct driver_statement *statement)
{
	if (!statement->is_borrowed)
		PQclear(statement->result);
	statement->is_borrowed = FALSE;
	statement->result = NULL;
	statement->row = -1;
	g_ptr_array_set_size(statement->words, 0);
}

void
postgres_statement_finalize(struct driver_statement *statement)
{
	if (!statement)
		return;
	postgres_ahead_forget_statement(statement);
	if (statement->is_gathered)
		postgres_gather_send(statement->connection);
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
	struct postgres_table *table =
		sql->table ? postgres_table_find(c, sql->table, error) : NULL;

	if (!sql->table)
		return TRUE;
	if (!table)
		return FALSE;
	if (table->numbered && sql->values_at &&
	    !g_ptr_array_find_with_equal_func(sql->columns, table->numbered, g_str_equal, NULL)) {
		postgres_sql_number(sql, table->numbered);
		statement->is_numbered = TRUE;
	}
	statement->table = table;
	statement->is_gathered = postgres_sql_is_whole(sql, table->keys);
	postgres_sql_resolve(sql, table->keys);
	return TRUE;
}

struct driver_statement *
postgres_statement_prepare(struct driver_connection *c, const char *text, GError **error)
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
		postgres_statement_finalize(statement);
		return NULL;
	}
	count = statement->sql->parameters;
	statement->types = g_new0(Oid, count);
	statement->values = g_new0(const char *, count);
	statement->lengths = g_new0(int, count);
	statement->formats = g_new0(int, count);
	statement->parameters = g_new0(struct postgres_parameter, count);
	for (guint i = 0; i < count; i++) {
		statement->formats[i] = 1;
		statement->types[i] = TYPE_TEXT; /* one that the text skips needs a type, too */
	}
	return statement;
}

/* --- parameters --- */

static void
bind(struct driver_statement *statement, int n, enum postgres_type type, const void *value,
     gsize length)
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
bind_number(struct driver_statement *statement, int n, enum postgres_type type, gint64 bits)
{
	struct postgres_parameter *parameter = &statement->parameters[n - 1];

	parameter->number = GINT64_TO_BE(bits);
	statement->formats[n - 1] = 1;
	bind(statement, n, type, &parameter->number, sizeof parameter->number);
}

void
postgres_statement_bind_integer(struct driver_statement *statement, int n, gint64 value)
{
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		bind_number(statement, n, TYPE_INT8, value);
}

void
postgres_statement_bind_real(struct driver_statement *statement, int n, double value)
{
	gint64 bits;

	memcpy(&bits, &value, sizeof bits);
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		bind_number(statement, n, TYPE_FLOAT8, bits);
}

void
postgres_statement_bind_text(struct driver_statement *statement, int n, const char *value,
			     gboolean keep)
{
	gboolean is_valid = !value || g_utf8_validate(value, -1, NULL);
	struct postgres_parameter *parameter;

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
void
postgres_statement_bind_blob(struct driver_statement *statement, int n, const void *value,
			     gsize size)
{
	if (n >= 1 && (guint)n <= statement->sql->parameters)
		statement->formats[n - 1] = 1;
	bind(statement, n, TYPE_BYTEA, value, size);
}

/* --- steps --- */

const char *
postgres_statement_name(struct driver_statement *statement)
{
	if (!statement->name)
		statement->name = postgres_table_name_of(
			statement->sql->text->str, statement->types, statement->sql->parameters);
	return statement->name;
}

void
postgres_statement_queue(struct driver_connection *c, struct driver_statement *statement,
			 PGresult **ret)
{
	postgres_link_queue(c->link,
			    &(struct postgres_call){
				    .text = statement->sql->text->str,
				    .name = postgres_statement_name(statement),
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
		postgres_renew_plans(c);
	else if (postgres_gather_matters(c, statement))
		postgres_gather_send(c);
	postgres_statement_queue(c, statement, &statement->result);
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

/* --- what was read ahead, or beside rows that are kept --- */

static gboolean verifies;

void
postgres_verify(gboolean on)
{
	verifies = on;
}

static void
must_be_alike(const struct driver_statement *statement, const PGresult *one, const PGresult *other)
{
	gboolean alike = PQntuples(one) == PQntuples(other);

	for (int i = 0; alike && i < PQntuples(one); i++)
		for (int j = 0; alike && j < PQnfields(one); j++)
			alike = PQgetisnull(one, i, j) == PQgetisnull(other, i, j) &&
				PQgetlength(one, i, j) == PQgetlength(other, i, j) &&
				!memcmp(PQgetvalue(one, i, j), PQgetvalue(other, i, j),
					PQgetlength(one, i, j));
	if (!alike)
		g_error("read too early: %s", statement->sql->text->str);
}

/* Would the server say the same now that it has everything? */
static gboolean
verify(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	PGresult *early = g_steal_pointer(&statement->result);
	gboolean done;

	postgres_gather_send(c);
	postgres_statement_queue(c, statement, &statement->result);
	done = postgres_link_finish(c->link, FALSE, error);
	if (done)
		must_be_alike(statement, early, statement->result);
	PQclear(early);
	return done;
}

static gboolean
read_inside(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	GError *failure = NULL;
	gboolean done = postgres_ahead_take(c, statement, &failure);

	if (failure) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	done = done || read_rows(c, statement, error);
	return done && verifies ? verify(c, statement, error) : done;
}

/* Outside of a transaction a connection that broke in the meantime is made anew. */
static gboolean
read_or_reconnect(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	GError *failure = NULL;

	if (c->in_transaction)
		return read_inside(c, statement, error);
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
write_rows(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	if (statement->is_numbered && !postgres_table_next(c, statement->table, error))
		return FALSE;
	if (statement->is_numbered)
		postgres_statement_bind_integer(statement, (int)statement->sql->parameters,
						c->last_row);
	postgres_ahead_forget(c, statement);
	if (statement->is_gathered) {
		postgres_gather_add(c, statement);
		return TRUE;
	}
	postgres_gather_send(c);
	postgres_statement_queue(c, statement, NULL);
	return TRUE;
}

static enum driver_step
write_alone(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	if (postgres_begin(c, error) && write_rows(c, statement, error) &&
	    postgres_commit(c, error))
		return DRIVER_DONE;
	postgres_rollback(c);
	return DRIVER_FAILED;
}

static enum driver_step
next_row(struct driver_statement *statement)
{
	g_ptr_array_set_size(statement->words, 0);
	return ++statement->row < PQntuples(statement->result) ? DRIVER_ROW : DRIVER_DONE;
}

static enum driver_step
foresee(struct driver_connection *c, struct driver_statement *statement)
{
	if (!statement->sql->gives_rows)
		return DRIVER_DONE;
	if (!statement->result) {
		statement->result = postgres_ahead_note(c, statement);
		statement->is_borrowed = statement->result != NULL;
	}
	return statement->result ? next_row(statement) : DRIVER_DONE;
}

enum driver_step
postgres_statement_step(struct driver_connection *c, struct driver_statement *statement,
			GError **error)
{
	if (c->foresees)
		return foresee(c, statement);
	if (!statement->sql->gives_rows && !c->in_transaction)
		return write_alone(c, statement, error);
	if (!statement->sql->gives_rows)
		return write_rows(c, statement, error) ? DRIVER_DONE : DRIVER_FAILED;
	if (!statement->result && !read_or_reconnect(c, statement, error)) {
		clear_result(statement);
		return DRIVER_FAILED;
	}
	return next_row(statement);
}

void
postgres_statement_reset(struct driver_statement *statement)
{
	clear_result(statement);
}
