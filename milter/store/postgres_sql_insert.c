/*
 * postgres_sql_insert.c - the values of an INSERT: which column gets which parameter, one more
 * column, more rows, and what becomes of a row that is there already; see postgres_sql.h.
 *
 * All of it works on the translated text, by the places that postgres_sql_new() noted.
 */
#include "store/postgres_sql_private.h"

#include <string.h>

/* --- columns and their parameters --- */

static guint
plain_parameter(const char *at, const char *end)
{
	char *after;
	guint number;

	if (*at != '$')
		return 0;
	number = (guint)g_ascii_strtoull(at + 1, &after, 10);
	return after == end ? number : 0;
}

void
postgres_sql_read_values(struct postgres_sql *sql)
{
	const char *open = sql->text->str + sql->values_at - 1, *at = open + 1, *end;
	guint depth = 0, commas;

	end = postgres_sql_matching(open, &commas);
	sql->values_end = (gsize)(end - sql->text->str);
	sql->value_parameters = g_array_new(FALSE, FALSE, sizeof(guint));
	for (const char *next = at; next <= end && *open;
	     next += MAX(postgres_sql_token_length(next), 1)) {
		guint number;

		depth += *next == '(';
		depth -= *next == ')' && depth > 0 && next < end;
		if (next < end && (*next != ',' || depth > 0))
			continue;
		number = plain_parameter(postgres_sql_skip_space(at), next);
		g_array_append_val(sql->value_parameters, number);
		at = next + 1;
		if (next == end)
			break;
	}
}

guint
postgres_sql_parameter(const struct postgres_sql *sql, const char *column)
{
	for (guint i = 0; sql->value_parameters && i < sql->columns->len; i++)
		if (!strcmp(sql->columns->pdata[i], column) && i < sql->value_parameters->len)
			return g_array_index(sql->value_parameters, guint, i);
	return 0;
}

gboolean
postgres_sql_is_whole(const struct postgres_sql *sql, const GPtrArray *keys)
{
	if (!sql->values_at || sql->parameters == 0 || sql->values_end + 1 != sql->text->len)
		return FALSE;
	for (guint i = 0; sql->conflict == CONFLICT_REPLACES && i < keys->len; i++)
		if (postgres_sql_parameter(sql, keys->pdata[i]) == 0)
			return FALSE;
	return sql->conflict != CONFLICT_REPLACES || keys->len > 0;
}

void
postgres_sql_number(struct postgres_sql *sql, const char *column)
{
	g_autofree char *value = g_strdup_printf("$%u, ", ++sql->parameters);
	g_autofree char *name = g_strconcat(column, ", ", NULL);

	g_string_insert(sql->text, (gssize)sql->values_at, value);
	g_string_insert(sql->text, (gssize)sql->columns_at, name);
	sql->values_at += strlen(name);
	sql->values_end += strlen(name) + strlen(value);
	g_ptr_array_add(sql->columns, g_strdup(column));
	g_array_append_val(sql->value_parameters, sql->parameters);
}

/* --- more rows --- */

/* One row's values with other parameters. */
static void
append_row(GString *text, const char *at, const char *end, guint by)
{
	while (at < end) {
		gsize length = 1;

		if (*at == '$') {
			char *after;
			guint number = (guint)g_ascii_strtoull(at + 1, &after, 10);

			g_string_append_printf(text, "$%u", number + by);
			at = after;
			continue;
		}
		length = postgres_sql_token_length(at);
		g_string_append_len(text, at, (gssize)length);
		at += length;
	}
}

const char *
postgres_sql_block(struct postgres_sql *sql, guint block)
{
	const char *values = sql->text->str + sql->values_at;
	const char *end = sql->text->str + sql->values_end;
	GString *text;

	if (sql->blocks[block])
		return sql->blocks[block];
	text = g_string_new_len(sql->text->str, (gssize)sql->values_end);
	for (guint i = 1; i < 1u << block; i++) {
		g_string_append(text, "), (");
		append_row(text, values, end, i * sql->parameters);
	}
	g_string_append(text, end);
	sql->blocks[block] = g_string_free(text, FALSE);
	return sql->blocks[block];
}

/* --- a row that is there already --- */

static gboolean
has_name(const GPtrArray *names, const char *name)
{
	for (guint i = 0; names && i < names->len; i++)
		if (!strcmp(names->pdata[i], name))
			return TRUE;
	return FALSE;
}

/* SQLite's REPLACE takes the row away; here it is written over, in the columns that are given. */
void
postgres_sql_resolve(struct postgres_sql *sql, const GPtrArray *keys)
{
	gboolean any = FALSE;

	if (sql->conflict == CONFLICT_IGNORED)
		g_string_append(sql->text, " ON CONFLICT DO NOTHING");
	if (sql->conflict != CONFLICT_REPLACES || !keys || keys->len == 0)
		return;
	g_string_append(sql->text, " ON CONFLICT(");
	for (guint i = 0; i < keys->len; i++)
		g_string_append_printf(sql->text, "%s%s", i ? ", " : "", (char *)keys->pdata[i]);
	g_string_append(sql->text, ") DO ");
	for (guint i = 0; sql->columns && i < sql->columns->len; i++) {
		const char *column = sql->columns->pdata[i];

		if (has_name(keys, column))
			continue;
		g_string_append_printf(sql->text, "%s%s=excluded.%s", any ? ", " : "UPDATE SET ",
				       column, column);
		any = TRUE;
	}
	if (!any)
		g_string_append(sql->text, "NOTHING");
}
