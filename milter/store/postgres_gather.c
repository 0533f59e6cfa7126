/*
 * postgres_gather.c - rows of INSERT … VALUES that go to the server together.
 *
 * Rows of different tables don't depend on each other, so they are kept, each statement's behind
 * each other, until something is sent that might see them: another kind of write, a read of their
 * table (unless its text says that it doesn't read those rows, postgres_sql.h), the commit.  A row
 * that replaces one that is kept takes its place.  Statements are made for 1, 2, 4, 8 … rows, so
 * that the server knows few of them.
 */
#include <string.h>

#include "store/postgres_private.h"

#define ROWS_MOST 40 /* then they are sent, so that the server doesn't wait for us */

struct gathered {
	const struct driver_statement *statement;
	guint width; /* parameters of a row */
	Oid *types; /* as the first row was bound */
	int *formats; /* the same */
	char *name; /* of text and types */
	GArray *cells; /* struct cell, row by row */
	GByteArray *bytes;
};

struct cell {
	guint at;
	gint32 length; /* -1 NULL */
};

void
postgres_gather_free(gpointer data)
{
	struct gathered *gathered = data;

	g_array_unref(gathered->cells);
	g_byte_array_unref(gathered->bytes);
	g_free(gathered->types);
	g_free(gathered->formats);
	g_free(gathered->name);
	g_free(gathered);
}

static guint
rows_of(const struct gathered *gathered)
{
	return gathered->cells->len / gathered->width;
}

static struct postgres_value
value_at(const struct gathered *gathered, guint row, guint parameter)
{
	const struct cell *cell =
		&g_array_index(gathered->cells, struct cell, row * gathered->width + parameter - 1);

	return (struct postgres_value){ cell->length < 0
						? NULL
						: (const char *)gathered->bytes->data + cell->at,
					cell->length };
}

/* --- keeping --- */

static struct gathered *
find(const struct driver_connection *c, const struct driver_statement *statement)
{
	for (guint i = 0; i < c->gathered->len; i++)
		if (((struct gathered *)c->gathered->pdata[i])->statement == statement)
			return c->gathered->pdata[i];
	return NULL;
}

static gsize
types_size(const struct driver_statement *statement)
{
	return statement->sql->parameters * sizeof *statement->types;
}

static gsize
formats_size(const struct driver_statement *statement)
{
	return statement->sql->parameters * sizeof *statement->formats;
}

static gboolean
is_alike(const struct gathered *gathered, const struct driver_statement *statement)
{
	return !memcmp(gathered->types, statement->types, types_size(statement)) &&
	       !memcmp(gathered->formats, statement->formats, formats_size(statement));
}

static struct gathered *
make(struct driver_connection *c, struct driver_statement *statement)
{
	struct gathered *gathered = g_new0(struct gathered, 1);

	gathered->statement = statement;
	gathered->width = statement->sql->parameters;
	gathered->types = g_memdup2(statement->types, types_size(statement));
	gathered->formats = g_memdup2(statement->formats, formats_size(statement));
	gathered->name = g_strdup(postgres_statement_name(statement));
	gathered->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
	gathered->bytes = g_byte_array_new();
	g_ptr_array_add(c->gathered, gathered);
	return gathered;
}

static gboolean
has_key(const struct gathered *gathered, guint row, const struct driver_statement *statement)
{
	const GPtrArray *keys = statement->table->keys;

	for (guint i = 0; i < keys->len; i++) {
		guint n = postgres_sql_parameter(statement->sql, keys->pdata[i]);
		struct postgres_value old = value_at(gathered, row, n);
		gint32 length = statement->values[n - 1] ? statement->lengths[n - 1] : -1;

		if (old.length != length ||
		    (length > 0 && memcmp(old.bytes, statement->values[n - 1], length) != 0))
			return FALSE;
	}
	return TRUE;
}

/* The row that this one replaces, or behind the last. */
static guint
place(const struct gathered *gathered, const struct driver_statement *statement)
{
	guint rows = rows_of(gathered);

	if (statement->sql->conflict == CONFLICT_REPLACES)
		for (guint i = 0; i < rows; i++)
			if (has_key(gathered, i, statement))
				return i;
	return rows;
}

static void
put(struct gathered *gathered, guint row, const struct driver_statement *statement)
{
	for (guint i = 0; i < gathered->width; i++) {
		struct cell cell = { gathered->bytes->len, -1 };

		if (statement->values[i]) {
			cell.length = statement->lengths[i];
			g_byte_array_append(gathered->bytes, (const guint8 *)statement->values[i],
					    (guint)cell.length);
			/* what goes as text ends with a NUL */
			g_byte_array_append(gathered->bytes, (const guint8 *)"", 1);
		}
		if (row * gathered->width + i < gathered->cells->len)
			g_array_index(gathered->cells, struct cell, row * gathered->width + i) =
				cell;
		else
			g_array_append_val(gathered->cells, cell);
	}
}

void
postgres_gather_add(struct driver_connection *c, struct driver_statement *statement)
{
	struct gathered *gathered = find(c, statement);

	if (gathered && !is_alike(gathered, statement)) {
		postgres_gather_send(c);
		gathered = NULL;
	}
	if (!gathered)
		gathered = make(c, statement);
	put(gathered, place(gathered, statement), statement);
	if (++c->gathered_rows < ROWS_MOST)
		return;
	postgres_gather_send(c);
	postgres_link_send(c->link);
}

/* --- sending --- */

static void
send_block(struct driver_connection *c, const struct gathered *gathered, guint first, guint block)
{
	guint count = (1u << block) * gathered->width;
	g_autofree char *name = g_strdup_printf("%s_%u", gathered->name, 1u << block);
	g_autofree Oid *types = g_new(Oid, count);
	g_autofree const char **values = g_new(const char *, count);
	g_autofree int *lengths = g_new(int, count), *formats = g_new(int, count);

	for (guint i = 0; i < count; i++) {
		struct postgres_value value =
			value_at(gathered, first + i / gathered->width, i % gathered->width + 1);

		types[i] = gathered->types[i % gathered->width];
		values[i] = value.bytes;
		lengths[i] = MAX(value.length, 0);
		formats[i] = gathered->formats[i % gathered->width];
	}
	postgres_link_queue(
		c->link,
		&(struct postgres_call){ postgres_sql_block(gathered->statement->sql, block), name,
					 count, types, values, lengths, formats },
		NULL);
}

void
postgres_gather_drop(struct driver_connection *c)
{
	g_ptr_array_set_size(c->gathered, 0);
	c->gathered_rows = 0;
}

void
postgres_gather_send(struct driver_connection *c)
{
	for (guint i = 0; i < c->gathered->len; i++) {
		const struct gathered *gathered = c->gathered->pdata[i];
		guint rows = rows_of(gathered), block = POSTGRES_BLOCKS - 1;

		for (guint first = 0; first < rows; first += 1u << block) {
			while (1u << block > rows - first)
				block--;
			send_block(c, gathered, first, block);
		}
	}
	postgres_gather_drop(c);
}

/* --- reading beside them --- */

static struct postgres_value
bound(const struct driver_statement *statement, guint n)
{
	if (n == 0 || !statement->values[n - 1])
		return (struct postgres_value){ NULL, -1 };
	return (struct postgres_value){ statement->values[n - 1], statement->lengths[n - 1] };
}

static gboolean
has_row(const struct gathered *gathered, const struct driver_statement *statement)
{
	const struct postgres_only *only = &statement->sql->only;
	guint n = postgres_sql_parameter(gathered->statement->sql, only->column);

	for (guint i = 0; n > 0 && i < rows_of(gathered); i++) {
		struct postgres_value value = value_at(gathered, i, n);

		if (postgres_sql_meets(only->kind, &value, bound(statement, only->first),
				       bound(statement, only->second)))
			return TRUE;
	}
	return n == 0;
}

gboolean
postgres_gather_matters(const struct driver_connection *c, const struct driver_statement *statement)
{
	const struct postgres_sql *sql = statement->sql;

	for (guint i = 0; i < c->gathered->len; i++) {
		const struct gathered *gathered = c->gathered->pdata[i];
		const char *table = gathered->statement->sql->tables->pdata[0];

		if (!sql->only.table ? g_ptr_array_find(sql->tables, table, NULL)
				     : sql->only.table == table && has_row(gathered, statement))
			return TRUE;
	}
	return FALSE;
}
