/* postgres_sql_only.c - what a text says of itself (struct postgres_only): reading it, and whether
 * a value meets it. */
#include "store/postgres_sql_private.h"

#include <string.h>

/* --- reading --- */

/* "table.column", and what follows it. */
static const char *
read_column(const char *at, const char **ret_table, char **ret_column)
{
	gsize table = 0, column = 0;
	g_autofree char *name = NULL;

	while (postgres_sql_is_word(at[table]))
		table++;
	if (at[table] != '.')
		return NULL;
	while (postgres_sql_is_word(at[table + 1 + column]))
		column++;
	name = g_strndup(at, table);
	*ret_table = g_intern_string(name);
	*ret_column = g_strndup(at + table + 1, column);
	return at + table + 1 + column;
}

static const char *
read_number(const char *at, const char *mark, guint *ret)
{
	char *after;

	if (!at || !g_str_has_prefix(at, mark))
		return NULL;
	*ret = (guint)g_ascii_strtoull(at + strlen(mark), &after, 10);
	return after;
}

static void
read_condition(struct postgres_only *only, const char *at)
{
	const char *after;

	if (!at)
		return;
	if ((after = read_number(at, "=?", &only->first)))
		only->kind = ONLY_EQUAL;
	else if ((after = read_number(at, ">=?", &only->first)) &&
		 read_number(after, "<=?", &only->second)) {
		only->kind = ONLY_NUMBERS;
		after = read_number(after, "<=?", &only->second);
	} else if (after && (after = read_number(after, "<?", &only->second)))
		only->kind = ONLY_TEXTS;
	if (after && *after == ';')
		read_column(after + 1, &only->rows_table, &only->rows_column);
}

const char *
postgres_sql_read_only(const char *text, struct postgres_only *only)
{
	const char *end = g_str_has_prefix(text, "/*") ? strstr(text, "*/") : NULL;

	if (!end)
		return text;
	read_condition(only, read_column(text + 2, &only->table, &only->column));
	return postgres_sql_skip_space(end + 2);
}

/* --- values --- */

static int
by_bytes(const struct postgres_value *one, const struct postgres_value *other)
{
	gint32 shorter = MIN(one->length, other->length);
	int order = shorter > 0 ? memcmp(one->bytes, other->bytes, (gsize)shorter) : 0;

	return order ? order : one->length - other->length;
}

static gint64
as_number(const struct postgres_value *value)
{
	gint64 number = 0;

	if (value->length == sizeof number)
		memcpy(&number, value->bytes, sizeof number);
	return GINT64_FROM_BE(number);
}

gboolean
postgres_sql_meets(enum postgres_only_kind kind, const struct postgres_value *value,
		   struct postgres_value first, struct postgres_value second)
{
	if (value->length < 0 || first.length < 0)
		return FALSE;
	switch (kind) {
	case ONLY_EQUAL:
		return by_bytes(value, &first) == 0;
	case ONLY_TEXTS:
		return by_bytes(value, &first) >= 0 && by_bytes(value, &second) < 0;
	case ONLY_NUMBERS:
		return as_number(value) >= as_number(&first) &&
		       as_number(value) <= as_number(&second);
	case ONLY_ANY:
		break;
	}
	return TRUE;
}
