/*
 * postgres_table.c - what the PostgreSQL driver has to know of a table, and numbers of new rows:
 * under the writers' lock they are taken from memory (postgres.c).
 */
#include <string.h>

#include "base/error.h"
#include "store/postgres_private.h"

#define LAST_VALUE "(SELECT CASE WHEN is_called THEN last_value ELSE last_value-1 END FROM %s)"
#define IDLE_MOST 100 /* transactions without a row: then its number is asked for when needed */

/* --- tables --- */

void
postgres_table_free(gpointer data)
{
	struct postgres_table *table = data;

	g_ptr_array_unref(table->keys);
	g_free(table->numbered);
	g_free(table->sequence);
	g_free(table);
}

gboolean
postgres_table_ask(struct driver_connection *c, const char *text, const char *parameter,
		   PGresult **ret, GError **error)
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

gint64
postgres_table_number(const PGresult *result, int row, int column)
{
	gint64 number;

	if (row >= PQntuples(result) || column >= PQnfields(result) ||
	    PQgetlength(result, row, column) != sizeof number)
		return 0;
	memcpy(&number, PQgetvalue(result, row, column), sizeof number);
	return GINT64_FROM_BE(number);
}

static struct postgres_table *
table_new(const PGresult *columns)
{
	struct postgres_table *table = g_new0(struct postgres_table, 1);

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

struct postgres_table *
postgres_table_read(struct driver_connection *c, const char *name, GError **error)
{
	static const char text[] =
		"SELECT a.attname::text, coalesce(a.attnum=ANY(i.indkey), FALSE), "
		"pg_get_serial_sequence('leadmilter.'||$1, a.attname) FROM pg_attribute a "
		"LEFT JOIN pg_index i ON i.indrelid=a.attrelid AND i.indisprimary "
		"WHERE a.attrelid=to_regclass('leadmilter.'||$1) AND a.attnum>0 "
		"AND NOT a.attisdropped ORDER BY array_position(i.indkey::int2[], a.attnum)";
	struct postgres_table *table = NULL;
	PGresult *columns = NULL;

	if (!postgres_table_ask(c, text, name, &columns, error))
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
struct postgres_table *
postgres_table_find(struct driver_connection *c, const char *name, GError **error)
{
	struct postgres_table *table = g_hash_table_lookup(c->tables, name);

	if (table)
		return table;
	table = postgres_table_read(c, name, error);
	if (table)
		g_hash_table_insert(c->tables, g_strdup(name), table);
	return table;
}

char *
postgres_table_name_of(const char *text, const Oid *types, guint count)
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)text, -1);
	if (count)
		g_checksum_update(sum, (const guchar *)types, (gssize)(count * sizeof *types));
	return g_strdup_printf("leadmilter_%.24s", g_checksum_get_string(sum));
}

/* --- numbers --- */

/* A SELECT of a number of each table that has a sequence: how far it went, for those in use (with
 * that, one more transaction went without a row), or, for those that changed, setting it. */
static GString *
sequences_text(struct driver_connection *c, gboolean changed, GPtrArray *ret_tables)
{
	GString *text = g_string_new("SELECT ");
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, c->tables);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct postgres_table *table = value;

		if (!table->numbered || (changed ? !table->is_changed : ++table->idle > IDLE_MOST))
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

void
postgres_table_queue_numbers(struct driver_connection *c, GPtrArray *tables, PGresult **ret)
{
	g_autoptr(GString) text = sequences_text(c, FALSE, tables);
	g_autofree char *name = postgres_table_name_of(text->str, NULL, 0);

	if (tables->len)
		postgres_link_queue(
			c->link, &(struct postgres_call){ .text = text->str, .name = name }, ret);
}

void
postgres_table_take_numbers(GPtrArray *tables, const PGresult *result)
{
	for (guint i = 0; i < tables->len; i++) {
		struct postgres_table *table = tables->pdata[i];

		table->last = postgres_table_number(result, 0, (int)i);
		table->is_known = TRUE;
		table->is_changed = FALSE;
	}
}

/* The first row of a table that no insert was seen for before this transaction began. */
static gboolean
ask_number(struct driver_connection *c, struct postgres_table *table, GError **error)
{
	g_autofree char *text = g_strdup_printf("SELECT " LAST_VALUE, table->sequence);
	PGresult *result = NULL;

	if (table->is_known)
		return TRUE;
	if (!postgres_table_ask(c, text, NULL, &result, error))
		return FALSE;
	table->last = postgres_table_number(result, 0, 0);
	table->is_known = TRUE;
	PQclear(result);
	return TRUE;
}

void
postgres_table_queue_used(struct driver_connection *c)
{
	g_autoptr(GPtrArray) tables = g_ptr_array_new();
	g_autoptr(GString) text = sequences_text(c, TRUE, tables);
	g_autofree char *name = postgres_table_name_of(text->str, NULL, 0);
	g_autofree gint64 *numbers = g_new(gint64, tables->len);
	g_autofree Oid *types = g_new(Oid, tables->len);
	g_autofree const char **values = g_new(const char *, tables->len);
	g_autofree int *lengths = g_new(int, tables->len), *formats = g_new(int, tables->len);

	for (guint i = 0; i < tables->len; i++) {
		numbers[i] = GINT64_TO_BE(((struct postgres_table *)tables->pdata[i])->last);
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

void
postgres_table_forget_numbers(struct driver_connection *c)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, c->tables);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		((struct postgres_table *)value)->is_known =
			((struct postgres_table *)value)->is_changed = FALSE;
}

gboolean
postgres_table_next(struct driver_connection *c, struct postgres_table *table, GError **error)
{
	if (!ask_number(c, table, error))
		return FALSE;
	c->last_row = ++table->last;
	table->idle = 0;
	table->is_changed = TRUE;
	return TRUE;
}
