/*
 * postgres_ahead.c - reads of the PostgreSQL driver that are sent before anybody asks.
 *
 * What a transaction will read is known before it reads (driver.h, foresee()), so it is all sent at
 * once.  A result holds until something is written that it may depend on.  A text may say what it
 * depends on (postgres_sql.h): then rows that don't meet the condition leave it alone.
 */
#include <string.h>

#include "store/postgres_private.h"

struct ahead {
	const struct driver_statement *statement; /* NULL: nobody wants it any more */
	GBytes *parameters; /* of each: length (-1 NULL) and bytes */
	Oid *types; /* as it was bound */
	char *name; /* by which the server knows it so */
	PGresult *result; /* once it has come */
	gboolean was_seen; /* by arrive() */
};

void
postgres_ahead_free(gpointer data)
{
	struct ahead *ahead = data;

	if (!ahead)
		return;
	PQclear(ahead->result);
	g_bytes_unref(ahead->parameters);
	g_free(ahead->types);
	g_free(ahead->name);
	g_free(ahead);
}

/* --- parameters --- */

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

static struct postgres_value
parameter(const struct ahead *ahead, guint number)
{
	const char *at = g_bytes_get_data(ahead->parameters, NULL);
	gint32 length = -1;

	for (guint i = 0; i < number; i++) {
		at += length > 0 ? length : 0;
		memcpy(&length, at, sizeof length);
		at += sizeof length;
	}
	return (struct postgres_value){ length < 0 ? NULL : at, length };
}

/* --- what it depends on --- */

static gboolean
meets(const struct ahead *ahead, const struct postgres_value *value)
{
	const struct postgres_only *only = &ahead->statement->sql->only;

	return postgres_sql_meets(only->kind, value, parameter(ahead, only->first),
				  parameter(ahead, only->second));
}

/* Is one of the rows that were read that one? */
static gboolean
has_row(const struct ahead *ahead, const struct postgres_value *number)
{
	if (!ahead->result)
		return TRUE;
	for (int i = 0; i < PQntuples(ahead->result); i++)
		if (PQgetlength(ahead->result, i, 0) == number->length &&
		    !memcmp(PQgetvalue(ahead->result, i, 0), number->bytes, number->length))
			return TRUE;
	return FALSE;
}

/* What a statement writes: NULL when it doesn't say which rows. */
static gboolean
written_value(const struct driver_statement *writing, const char *column,
	      struct postgres_value *ret)
{
	const struct postgres_sql *sql = writing->sql;
	guint n = sql->columns ? postgres_sql_parameter(sql, column) : 0;

	if (!sql->columns && sql->only.column && !strcmp(sql->only.column, column) &&
	    sql->only.kind == ONLY_EQUAL)
		n = sql->only.first;
	if (n == 0)
		return FALSE;
	*ret = (struct postgres_value){ writing->values[n - 1],
					writing->values[n - 1] ? writing->lengths[n - 1] : -1 };
	return TRUE;
}

static gboolean
depends(const struct ahead *ahead, const struct driver_statement *writing, const char *table)
{
	const struct postgres_sql *sql = ahead->statement->sql;
	struct postgres_value value;

	if (!g_ptr_array_find(sql->tables, table, NULL))
		return FALSE;
	if (sql->only.table == table && written_value(writing, sql->only.column, &value))
		return meets(ahead, &value);
	/* a row of its own means nothing to it */
	if (sql->only.table && sql->only.table != table && writing->sql->values_at)
		return FALSE;
	if (sql->only.rows_table == table && written_value(writing, sql->only.rows_column, &value))
		return has_row(ahead, &value);
	return TRUE;
}

/* --- forgetting --- */

static void
sweep(struct driver_connection *c)
{
	/* rows may still be on their way into it */
	if (!postgres_link_is_idle(c->link))
		return;
	for (guint i = c->ahead->len; i > 0; i--)
		if (!((struct ahead *)c->ahead->pdata[i - 1])->statement)
			g_ptr_array_remove_index_fast(c->ahead, i - 1);
}

void
postgres_ahead_forget_all(struct driver_connection *c)
{
	for (guint i = 0; i < c->ahead->len; i++)
		((struct ahead *)c->ahead->pdata[i])->statement = NULL;
	sweep(c);
}

void
postgres_ahead_forget(struct driver_connection *c, const struct driver_statement *statement)
{
	const GPtrArray *tables = statement->sql->tables;

	for (guint i = 0; i < c->ahead->len; i++) {
		struct ahead *ahead = c->ahead->pdata[i];

		if (ahead->statement &&
		    (tables->len == 0 || depends(ahead, statement, tables->pdata[0])))
			ahead->statement = NULL;
	}
}

static void
forget_in(GPtrArray *aheads, const struct driver_statement *statement)
{
	for (guint i = 0; i < aheads->len; i++) {
		struct ahead *ahead = aheads->pdata[i];

		if (ahead->statement == statement)
			ahead->statement = NULL;
	}
}

void
postgres_ahead_forget_statement(struct driver_statement *statement)
{
	forget_in(statement->connection->ahead, statement);
	forget_in(statement->connection->first, statement);
}

/* --- foreseeing --- */

static struct ahead *
find(const GPtrArray *aheads, const struct driver_statement *statement)
{
	g_autoptr(GBytes) parameters = aheads->len ? parameters_of(statement) : NULL;

	for (guint i = 0; i < aheads->len; i++) {
		struct ahead *ahead = aheads->pdata[i];

		if (ahead->statement == statement && g_bytes_equal(ahead->parameters, parameters))
			return ahead;
	}
	return NULL;
}

static struct ahead *
make(struct driver_statement *statement)
{
	struct ahead *ahead = g_new0(struct ahead, 1);

	ahead->statement = statement;
	ahead->parameters = parameters_of(statement);
	ahead->types =
		g_memdup2(statement->types, statement->sql->parameters * sizeof *statement->types);
	ahead->name = g_strdup(postgres_statement_name(statement));
	return ahead;
}

/* Takes it. */
static void
send(struct driver_connection *c, struct ahead *ahead)
{
	const struct postgres_sql *sql = ahead->statement->sql;
	g_autofree const char **values = g_new(const char *, sql->parameters);
	g_autofree int *lengths = g_new(int, sql->parameters);

	for (guint i = 0; i < sql->parameters; i++) {
		struct postgres_value value = parameter(ahead, i + 1);

		values[i] = value.bytes;
		lengths[i] = MAX(value.length, 0);
	}
	g_ptr_array_add(c->ahead, ahead);
	postgres_link_queue(c->link,
			    &(struct postgres_call){ sql->text->str, ahead->name, sql->parameters,
						     ahead->types, values, lengths,
						     ahead->statement->formats },
			    &ahead->result);
}

PGresult *
postgres_ahead_note(struct driver_connection *c, struct driver_statement *statement)
{
	struct ahead *ahead = find(c->in_transaction ? c->ahead : c->first, statement);

	if (ahead)
		return ahead->result;
	ahead = make(statement);
	if (!c->in_transaction) {
		g_ptr_array_add(c->first, ahead);
		return NULL;
	}
	if (postgres_gather_matters(c, statement))
		postgres_gather_send(c);
	send(c, ahead);
	return NULL;
}

void
postgres_ahead_send_first(struct driver_connection *c)
{
	for (guint i = 0; i < c->first->len; i++)
		if (((struct ahead *)c->first->pdata[i])->statement)
			send(c, g_steal_pointer(&c->first->pdata[i]));
	g_ptr_array_set_size(c->first, 0);
}

void
postgres_ahead_foresee(struct driver_connection *c, gboolean on)
{
	if (on)
		c->foresees++;
	else if (--c->foresees == 0) /* the server has something to do while we have */
		postgres_link_send(c->link);
}

/* What has no parameters, a counter say, tells nothing of other rows. */
static gboolean
tells(struct ahead *ahead)
{
	gboolean is_new = !ahead->was_seen && ahead->result;

	ahead->was_seen |= is_new;
	return is_new && ahead->statement && ahead->statement->sql->parameters > 0 &&
	       PQntuples(ahead->result) > 0;
}

int
postgres_ahead_arrive(struct driver_connection *c, GError **error)
{
	guint told = 0;

	if (!postgres_link_is_idle(c->link) && !postgres_link_finish(c->link, FALSE, error))
		return -1;
	for (guint i = 0; i < c->ahead->len; i++)
		told += tells(c->ahead->pdata[i]);
	return told > 0;
}

gboolean
postgres_ahead_take(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	struct ahead *ahead = find(c->ahead, statement);

	if (!ahead)
		return FALSE;
	if (!ahead->result && !postgres_link_finish(c->link, FALSE, error))
		return FALSE;
	statement->result = g_steal_pointer(&ahead->result);
	ahead->statement = NULL;
	sweep(c);
	return statement->result != NULL;
}
