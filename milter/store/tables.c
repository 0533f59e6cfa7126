/*
 * tables.c - see tables.h.
 *
 * Reads what schema.c writes and no more of SQL: CREATE TABLE with columns and PRIMARY KEY (of a
 * column or at the end), ALTER TABLE ADD COLUMN, DROP TABLE.  Everything else makes no table.  A
 * test holds the result against what the database itself says.
 */
#include "store/tables.h"

#include <string.h>

#include "store/schema.h"

/* --- words --- */

/* What stands next: a word, a text in quotes or one sign; NULL at the end.  Caller frees. */
static char *
next_token(const char **at)
{
	const char *start;

	while (g_ascii_isspace(**at))
		(*at)++;
	start = *at;
	if (!*start)
		return NULL;
	if (*start == '\'') {
		do
			(*at)++;
		while (**at && **at != '\'');
		*at += **at != '\0';
	} else if (g_ascii_isalnum(*start) || *start == '_') {
		while (g_ascii_isalnum(**at) || **at == '_')
			(*at)++;
	} else {
		(*at)++;
	}
	return g_strndup(start, *at - start);
}

/* One statement as words, without the ";". */
static GPtrArray *
next_statement(const char **at)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
	char *word;

	while ((word = next_token(at)) && strcmp(word, ";") != 0)
		g_ptr_array_add(words, word);
	g_free(word);
	return words;
}

static const char *
word_at(const GPtrArray *words, guint i)
{
	return i < words->len ? words->pdata[i] : "";
}

static gboolean
begins_with(const GPtrArray *words, guint at, const char *one, const char *two)
{
	return !strcmp(word_at(words, at), one) && (!two || !strcmp(word_at(words, at + 1), two));
}

/* --- tables --- */

static void
column_free(gpointer data)
{
	struct table_column *column = data;

	g_free(column->name);
	g_free(column);
}

static void
table_free(gpointer data)
{
	struct table *table = data;

	g_free(table->name);
	g_ptr_array_unref(table->columns);
	g_array_unref(table->key);
	g_free(table);
}

static struct table *
table_new(const char *name)
{
	struct table *table = g_new(struct table, 1);

	table->name = g_strdup(name);
	table->columns = g_ptr_array_new_with_free_func(column_free);
	table->key = g_array_new(FALSE, FALSE, sizeof(guint));
	return table;
}

static enum table_type
type_of(const char *word)
{
	static const char *const names[] = { "INTEGER", "REAL", "TEXT", "BLOB" };

	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(word, names[i]))
			return i;
	return TABLE_TEXT;
}

static void
add_to_key(struct table *table, const char *name)
{
	for (guint i = 0; i < table->columns->len; i++) {
		const struct table_column *column = table->columns->pdata[i];

		if (!strcmp(column->name, name))
			g_array_append_val(table->key, i);
	}
}

/* A column or a constraint, up to the comma or bracket that ends it. @return where that stands */
static guint
read_part(struct table *table, const GPtrArray *words, guint at)
{
	gboolean is_column = !begins_with(words, at, "PRIMARY", "KEY");
	const char *name = word_at(words, at);
	int depth = 0;

	if (is_column) {
		struct table_column *column = g_new(struct table_column, 1);

		column->name = g_strdup(name);
		column->type = type_of(word_at(words, at + 1));
		g_ptr_array_add(table->columns, column);
	}
	for (; at < words->len; at++) {
		const char *word = words->pdata[at];

		if (depth == 0 && (!strcmp(word, ",") || !strcmp(word, ")")))
			return at;
		depth += (*word == '(') - (*word == ')');
		if (is_column && begins_with(words, at, "PRIMARY", "KEY"))
			add_to_key(table, name);
		else if (!is_column && depth > 0)
			add_to_key(table, word);
	}
	return at;
}

static struct table *
find(GPtrArray *tables, const char *name, guint *ret_at)
{
	for (guint i = 0; i < tables->len; i++) {
		struct table *table = tables->pdata[i];

		*ret_at = i;
		if (!strcmp(table->name, name))
			return table;
	}
	return NULL;
}

/* CREATE TABLE name ( */
static void
create_table(GPtrArray *tables, const GPtrArray *words)
{
	struct table *table = table_new(word_at(words, 2));
	guint at = 3;

	do
		at = read_part(table, words, at + 1);
	while (!strcmp(word_at(words, at), ","));
	g_ptr_array_add(tables, table);
}

static void
read_statement(GPtrArray *tables, const GPtrArray *words)
{
	guint at = 0;
	struct table *table = find(tables, word_at(words, 2), &at);

	if (begins_with(words, 0, "CREATE", "TABLE"))
		create_table(tables, words);
	else if (table && begins_with(words, 0, "DROP", "TABLE"))
		g_ptr_array_remove_index(tables, at);
	else if (table && begins_with(words, 0, "ALTER", "TABLE") &&
		 begins_with(words, 3, "ADD", "COLUMN"))
		read_part(table, words, 5);
}

GPtrArray *
tables_of_version(int version)
{
	GPtrArray *tables = g_ptr_array_new_with_free_func(table_free);

	for (int i = 1; i <= version; i++) {
		const char *text = schema_text(i);

		while (*text) {
			g_autoptr(GPtrArray) words = next_statement(&text);

			read_statement(tables, words);
		}
	}
	return tables;
}

/* --- SQL --- */

char *
table_columns(const struct table *table)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < table->columns->len; i++)
		g_string_append_printf(text, "%s%s", i ? ", " : "",
				       ((struct table_column *)table->columns->pdata[i])->name);
	return g_string_free(text, FALSE);
}

char *
table_key(const struct table *table)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < table->key->len; i++) {
		const struct table_column *column =
			table->columns->pdata[g_array_index(table->key, guint, i)];

		g_string_append_printf(text, "%s%s", i ? ", " : "", column->name);
	}
	return g_string_free(text, FALSE);
}
