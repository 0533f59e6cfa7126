/*
 * rows.c - see rows.h.
 *
 * A page of rows is read into cells, with texts and blobs behind each other in one string, so that
 * reading and writing may go through different connections.  Pages are found by the key, which
 * costs the same wherever they are; both databases take (a, b)>(x, y).  A key as text is its
 * values with %-escapes, a space between.
 */
#include "store/rows.h"

#include <string.h>

#include "base/digest.h"
#include "base/limits.h"

enum cell_kind { CELL_NULL, CELL_INTEGER, CELL_REAL, CELL_TEXT, CELL_BLOB };

struct cell {
	enum cell_kind kind;
	gsize length; /* of a text or blob */
	union {
		gint64 integer;
		double real;
		gsize at; /* in `bytes`; a text ends with a NUL there */
	};
};

enum statement { READ_FIRST, READ_NEXT, WRITE_BLOCK, WRITE_ONE, STATEMENT_COUNT };

struct rows {
	const struct table *table;
	guint width, count;
	GArray *cells; /* struct cell, row by row */
	GString *bytes;
	struct {
		struct database *of;
		struct driver_statement *statement;
	} statements[STATEMENT_COUNT];
};

struct rows *
rows_new(const struct table *table)
{
	struct rows *rows = g_new0(struct rows, 1);

	rows->table = table;
	rows->width = table->columns->len;
	rows->cells = g_array_new(FALSE, FALSE, sizeof(struct cell));
	rows->bytes = g_string_new(NULL);
	return rows;
}

void
rows_release(struct rows *rows)
{
	for (guint i = 0; i < STATEMENT_COUNT; i++) {
		if (rows->statements[i].statement)
			rows->statements[i].of->driver->finalize(rows->statements[i].statement);
		rows->statements[i].statement = NULL;
	}
}

void
rows_free(struct rows *rows)
{
	if (!rows)
		return;
	rows_release(rows);
	g_array_unref(rows->cells);
	g_string_free(rows->bytes, TRUE);
	g_free(rows);
}

/* --- SQL --- */

static guint
rows_of_block(const struct rows *rows)
{
	return MAX(1, LIMIT_COPY_PARAMETERS / rows->width);
}

static void
append_parameters(GString *text, guint first, guint count)
{
	for (guint i = 0; i < count; i++)
		g_string_append_printf(text, "%s?%u", i ? ", " : "(", first + i);
	g_string_append_c(text, ')');
}

static char *
reading_text(const struct rows *rows, gboolean from_start)
{
	g_autofree char *columns = table_columns(rows->table), *key = table_key(rows->table);
	GString *text = g_string_new(NULL);

	g_string_printf(text, "SELECT %s FROM %s ", columns, rows->table->name);
	if (!from_start) {
		g_string_append_printf(text, "WHERE (%s)>", key);
		append_parameters(text, 1, rows->table->key->len);
	}
	g_string_append_printf(text, " ORDER BY %s LIMIT %d", key, LIMIT_COPY_PAGE);
	return g_string_free(text, FALSE);
}

/* A server wants one type for each parameter, which NULL doesn't have: numbers go there as texts.
 */
static void
append_values(GString *text, const struct rows *rows, guint first, gboolean to_server)
{
	for (guint i = 0; i < rows->width; i++) {
		const struct table_column *column = rows->table->columns->pdata[i];

		g_string_append(text, i ? ", " : "(");
		if (to_server && column->type == TABLE_INTEGER)
			g_string_append_printf(text, "CAST(?%u AS INTEGER)", first + i);
		else if (to_server && column->type == TABLE_REAL)
			g_string_append_printf(text, "CAST(?%u AS REAL)", first + i);
		else
			g_string_append_printf(text, "?%u", first + i);
	}
	g_string_append_c(text, ')');
}

static char *
writing_text(const struct rows *rows, guint count, gboolean to_server)
{
	g_autofree char *columns = table_columns(rows->table);
	GString *text = g_string_new(NULL);

	g_string_printf(text, "INSERT INTO %s(%s) VALUES", rows->table->name, columns);
	for (guint i = 0; i < count; i++) {
		if (i)
			g_string_append(text, ", ");
		append_values(text, rows, i * rows->width + 1, to_server);
	}
	return g_string_free(text, FALSE);
}

static char *
text_of(const struct rows *rows, enum statement which, const struct database *database)
{
	if (which == READ_FIRST || which == READ_NEXT)
		return reading_text(rows, which == READ_FIRST);
	return writing_text(rows, which == WRITE_BLOCK ? rows_of_block(rows) : 1,
			    database->driver->is_server);
}

static struct driver_statement *
statement_of(struct rows *rows, enum statement which, struct database *database, GError **error)
{
	if (rows->statements[which].statement && rows->statements[which].of != database)
		rows_release(rows);
	if (!rows->statements[which].statement) {
		g_autofree char *text = text_of(rows, which, database);

		rows->statements[which].of = database;
		rows->statements[which].statement =
			database->driver->prepare(database->connection, text, error);
	}
	return rows->statements[which].statement;
}

/* --- reading --- */

static void
keep_bytes(struct rows *rows, struct cell *cell, const void *bytes, gsize length)
{
	cell->at = rows->bytes->len;
	cell->length = length;
	g_string_append_len(rows->bytes, bytes, length);
	g_string_append_c(rows->bytes, '\0');
}

static void
read_cell(struct rows *rows, const struct driver *driver, struct driver_statement *statement,
	  guint n)
{
	const struct table_column *column = rows->table->columns->pdata[n];
	struct cell cell = { .kind = CELL_NULL };
	const void *bytes = "";

	if (!driver->column_is_null(statement, n)) {
		cell.kind = CELL_INTEGER + column->type;
		switch (cell.kind) {
		case CELL_INTEGER:
			cell.integer = driver->column_integer(statement, n);
			break;
		case CELL_REAL:
			cell.real = driver->column_real(statement, n);
			break;
		case CELL_TEXT:
			bytes = driver->column_text(statement, n);
			keep_bytes(rows, &cell, bytes, strlen(bytes));
			break;
		default:
			bytes = driver->column_blob(statement, n, &cell.length);
			keep_bytes(rows, &cell, cell.length ? bytes : "", cell.length);
		}
	}
	g_array_append_val(rows->cells, cell);
}

G_STATIC_ASSERT(CELL_REAL - CELL_INTEGER == TABLE_REAL - TABLE_INTEGER &&
		CELL_TEXT - CELL_INTEGER == TABLE_TEXT - TABLE_INTEGER &&
		CELL_BLOB - CELL_INTEGER == TABLE_BLOB - TABLE_INTEGER);

static void
bind_key(const struct rows *rows, const struct driver *driver, struct driver_statement *statement,
	 const char *after)
{
	g_auto(GStrv) values = g_strsplit(after, " ", -1);

	for (guint i = 0; i < rows->table->key->len && values[i]; i++) {
		const struct table_column *column =
			rows->table->columns->pdata[g_array_index(rows->table->key, guint, i)];
		g_autofree char *value = g_uri_unescape_string(values[i], NULL);

		if (column->type == TABLE_INTEGER)
			driver->bind_integer(statement, i + 1,
					     g_ascii_strtoll(values[i], NULL, 10));
		else
			driver->bind_text(statement, i + 1, value, FALSE);
	}
}

int
rows_read(struct rows *rows, struct database *from, const char *after, GError **error)
{
	struct driver_statement *statement =
		statement_of(rows, after ? READ_NEXT : READ_FIRST, from, error);
	int got = -1;

	g_array_set_size(rows->cells, 0);
	g_string_truncate(rows->bytes, 0);
	rows->count = 0;
	if (statement && after)
		bind_key(rows, from->driver, statement, after);
	while (statement && (got = database_next(from, statement, error)) > 0) {
		for (guint i = 0; i < rows->width; i++)
			read_cell(rows, from->driver, statement, i);
		rows->count++;
	}
	return got < 0 ? -1 : (int)rows->count;
}

static const struct cell *
cell_at(const struct rows *rows, guint row, guint column)
{
	return &g_array_index(rows->cells, struct cell, row * rows->width + column);
}

char *
rows_last(const struct rows *rows)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < rows->table->key->len; i++) {
		const struct cell *cell =
			cell_at(rows, rows->count - 1, g_array_index(rows->table->key, guint, i));

		if (i)
			g_string_append_c(text, ' ');
		if (cell->kind == CELL_INTEGER)
			g_string_append_printf(text, "%" G_GINT64_FORMAT, cell->integer);
		else if (cell->kind == CELL_TEXT)
			g_string_append_uri_escaped(text, rows->bytes->str + cell->at, NULL, FALSE);
	}
	return g_string_free(text, FALSE);
}

guint
rows_repair(struct rows *rows)
{
	guint repaired = 0;

	for (guint i = 0; i < rows->cells->len; i++) {
		struct cell *cell = &g_array_index(rows->cells, struct cell, i);
		g_autofree char *valid = NULL;

		if (cell->kind != CELL_TEXT ||
		    g_utf8_validate(rows->bytes->str + cell->at, cell->length, NULL))
			continue;
		valid = g_utf8_make_valid(rows->bytes->str + cell->at, cell->length);
		keep_bytes(rows, cell, valid, strlen(valid));
		repaired++;
	}
	return repaired;
}

/* --- sums --- */

static void
add_cell(struct digest *digest, const struct rows *rows, const struct cell *cell)
{
	const guint8 kind = cell->kind;
	const guint64 length = cell->length;

	digest_add(digest, &kind, 1);
	if (cell->kind == CELL_INTEGER)
		digest_add(digest, &cell->integer, sizeof cell->integer);
	else if (cell->kind == CELL_REAL)
		digest_add(digest, &cell->real, sizeof cell->real);
	else if (cell->kind != CELL_NULL) {
		digest_add(digest, &length, sizeof length);
		digest_add(digest, rows->bytes->str + cell->at, cell->length);
	}
}

void
rows_add_to(const struct rows *rows, struct rows_sum *sum)
{
	for (guint row = 0; row < rows->count; row++) {
		struct digest *digest = digest_new();
		guint8 bytes[DIGEST_SIZE];
		guint64 halves[2];

		for (guint i = 0; i < rows->width; i++)
			add_cell(digest, rows, cell_at(rows, row, i));
		digest_end(digest, bytes);
		memcpy(halves, bytes, sizeof halves);
		sum->rows++;
		sum->low += halves[0];
		sum->high += halves[1];
	}
}

gboolean
rows_sum_equal(const struct rows_sum *a, const struct rows_sum *b)
{
	return a->rows == b->rows && a->low == b->low && a->high == b->high;
}

gboolean
rows_sum_up(struct rows *rows, struct database *database, struct rows_sum *ret, gboolean repaired,
	    void (*tell)(gpointer data, guint count), gpointer data, GError **error)
{
	g_autofree char *last = NULL;
	int count;

	*ret = (struct rows_sum){ 0 };
	while ((count = rows_read(rows, database, last, error)) > 0) {
		g_free(last);
		last = rows_last(rows);
		if (repaired)
			rows_repair(rows);
		rows_add_to(rows, ret);
		tell(data, count);
	}
	return count == 0;
}

/* --- writing --- */

static void
bind_null(const struct table_column *column, const struct driver *driver,
	  struct driver_statement *statement, int n)
{
	if (column->type == TABLE_BLOB)
		driver->bind_blob(statement, n, NULL, 0);
	else
		driver->bind_text(statement, n, NULL, TRUE);
}

static void
bind_number(const struct cell *cell, const struct driver *driver,
	    struct driver_statement *statement, int n)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	if (!driver->is_server && cell->kind == CELL_INTEGER)
		driver->bind_integer(statement, n, cell->integer);
	else if (!driver->is_server)
		driver->bind_real(statement, n, cell->real);
	else {
		if (cell->kind == CELL_INTEGER)
			g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, cell->integer);
		else
			g_ascii_dtostr(text, sizeof text, cell->real);
		driver->bind_text(statement, n, text, FALSE);
	}
}

static void
bind_cell(const struct rows *rows, const struct driver *driver, struct driver_statement *statement,
	  int n, guint column, const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_NULL:
		bind_null(rows->table->columns->pdata[column], driver, statement, n);
		break;
	case CELL_INTEGER:
	case CELL_REAL:
		bind_number(cell, driver, statement, n);
		break;
	case CELL_TEXT:
		driver->bind_text(statement, n, rows->bytes->str + cell->at, TRUE);
		break;
	case CELL_BLOB:
		driver->bind_blob(statement, n, rows->bytes->str + cell->at, cell->length);
		break;
	}
}

static gboolean
write_rows(struct rows *rows, struct database *to, enum statement which, guint first, guint count,
	   GError **error)
{
	struct driver_statement *statement = statement_of(rows, which, to, error);

	if (!statement)
		return FALSE;
	for (guint i = 0; i < count * rows->width; i++)
		bind_cell(rows, to->driver, statement, i + 1, i % rows->width,
			  cell_at(rows, first + i / rows->width, i % rows->width));
	return database_finish(to, statement, error);
}

gboolean
rows_write(struct rows *rows, struct database *to, GError **error)
{
	guint block = rows_of_block(rows), row = 0;

	for (; row + block <= rows->count; row += block)
		if (!write_rows(rows, to, WRITE_BLOCK, row, block, error))
			return FALSE;
	for (; row < rows->count; row++)
		if (!write_rows(rows, to, WRITE_ONE, row, 1, error))
			return FALSE;
	return TRUE;
}

gboolean
rows_number(struct database *database, const char *text, gint64 otherwise, gint64 *ret,
	    GError **error)
{
	const struct driver *driver = database->driver;
	struct driver_statement *statement = driver->prepare(database->connection, text, error);
	enum driver_step step;

	if (!statement)
		return FALSE;
	step = driver->step(database->connection, statement, error);
	*ret = step == DRIVER_ROW && !driver->column_is_null(statement, 0)
		       ? driver->column_integer(statement, 0)
		       : otherwise;
	driver->finalize(statement);
	return step != DRIVER_FAILED;
}
