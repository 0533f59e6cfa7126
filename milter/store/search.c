/* search.c - see search.h. */
#include "store/search.h"

#include <string.h>

#include "store/keys.h"

#define PLACE "search" /* in meta */
#define ROWS 16 /* of one statement */
#define CJK 0x2e80 /* from here on scripts write no spaces, and few characters are a word */

/* --- words --- */

/* Cut between characters. */
static void
cut(char *text)
{
	gsize length = strlen(text);

	if (length <= LIMIT_SEARCH_WORD)
		return;
	length = LIMIT_SEARCH_WORD;
	while (length > 0 && ((guchar)text[length] & 0xc0) == 0x80)
		length--;
	text[length] = '\0';
}

static void
take(GPtrArray *words, char *word)
{
	cut(word);
	if (!*word || words->len >= LIMIT_SEARCH_WORDS ||
	    g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL))
		g_free(word);
	else
		g_ptr_array_add(words, word);
}

static void
add_word(GPtrArray *words, const char *word)
{
	take(words, g_strdup(word));
	if (g_utf8_get_char(word) < CJK)
		return;
	for (const char *at = g_utf8_next_char(word); *at; at = g_utf8_next_char(at))
		take(words, g_strdup(at));
}

static void
add_text(GPtrArray *words, const char *text)
{
	g_auto(GStrv) plain = NULL, ascii = NULL;

	if (!text || !*text || !g_utf8_validate(text, -1, NULL))
		return;
	plain = g_str_tokenize_and_fold(text, NULL, &ascii);
	for (guint i = 0; plain[i]; i++)
		add_word(words, plain[i]);
	for (guint i = 0; ascii[i]; i++)
		add_word(words, ascii[i]);
}

static void
add_address(GPtrArray *words, const char *address)
{
	const char *at = strrchr(address, '@');

	take(words, g_ascii_strdown(address, -1));
	if (at)
		take(words, g_ascii_strdown(at + 1, -1));
	add_text(words, address);
}

static void
add_lines(GPtrArray *words, const char *lines, void (*add)(GPtrArray *words, const char *line))
{
	g_auto(GStrv) all = lines ? g_strsplit(lines, "\n", LIMIT_SEARCH_WORDS) : NULL;

	for (guint i = 0; all && all[i]; i++)
		if (*all[i])
			add(words, all[i]);
}

static void
add_phone(GPtrArray *words, const char *phone)
{
	take(words, g_strdup(phone));
}

static int
by_text(gconstpointer one, gconstpointer other)
{
	return strcmp(*(char *const *)one, *(char *const *)other);
}

static void
add_sorting(GPtrArray *words, char sign, const char *text)
{
	if (text && *text)
		take(words, g_strdup_printf("%c%s", sign, text));
}

GPtrArray *
search_words(const struct search_source *source)
{
	GPtrArray *words = g_ptr_array_new_with_free_func(g_free);

	add_sorting(words, SEARCH_NAME, source->name_key ? source->name_key : source->normalised);
	add_sorting(words, SEARCH_ACCOUNT, source->account);
	add_text(words, source->name_key);
	if (source->normalised)
		add_address(words, source->normalised);
	add_text(words, source->company);
	if (source->account)
		take(words, g_strdup(source->account));
	add_lines(words, source->addresses, add_address);
	add_lines(words, source->phones, add_phone);
	g_ptr_array_sort(words, by_text);
	return words;
}

char *
search_join(const GPtrArray *lines)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; lines && i < lines->len; i++)
		g_string_append_printf(text, "%s%s", i ? "\n" : "", (char *)lines->pdata[i]);
	return g_string_free(text, FALSE);
}

GPtrArray *
search_words_of(const struct lead *lead)
{
	g_autofree char *name_key = keys_fold_name(lead->name);
	g_autofree char *addresses = search_join(lead->addresses);
	g_autofree char *phones = search_join(lead->phones);
	const struct search_source source = {
		.name_key = name_key,
		.company = lead->company,
		.normalised = lead->normalised,
		.account = lead->account,
		.addresses = addresses,
		.phones = phones,
	};

	return search_words(&source);
}

/* --- what somebody typed --- */

GPtrArray *
search_terms(const char *typed)
{
	GPtrArray *terms = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) pieces = g_utf8_validate(typed, -1, NULL)
				       ? g_strsplit_set(typed, " \t\r\n,;", LIMIT_SEARCH_TERMS + 1)
				       : NULL;

	for (guint i = 0; pieces && pieces[i] && terms->len < LIMIT_SEARCH_TERMS; i++) {
		g_auto(GStrv) tokens = NULL;

		if (strpbrk(pieces[i], "@.+")) { /* an address, a domain, a phone */
			take(terms, g_ascii_strdown(pieces[i], -1));
			continue;
		}
		tokens = g_str_tokenize_and_fold(pieces[i], NULL, NULL);
		for (guint j = 0; tokens[j] && terms->len < LIMIT_SEARCH_TERMS; j++)
			take(terms, g_strdup(tokens[j]));
	}
	return terms;
}

static gboolean
begins_one(const GPtrArray *words, const char *term)
{
	for (guint i = 0; i < words->len; i++)
		if (g_str_has_prefix(words->pdata[i], term))
			return TRUE;
	return FALSE;
}

gboolean
search_fits(const GPtrArray *words, const GPtrArray *terms)
{
	for (guint i = 0; i < terms->len; i++)
		if (!begins_one(words, terms->pdata[i]))
			return FALSE;
	return TRUE;
}

/* --- changes --- */

static gboolean
is_same(const struct search_source *one, const struct search_source *other)
{
	return !g_strcmp0(one->name_key, other->name_key) &&
	       !g_strcmp0(one->company, other->company) &&
	       !g_strcmp0(one->normalised, other->normalised) &&
	       !g_strcmp0(one->account, other->account) &&
	       !g_strcmp0(one->addresses, other->addresses) &&
	       !g_strcmp0(one->phones, other->phones);
}

/* Words of the first that the other hasn't. */
static gboolean
run_for_others(struct database *database, enum query query, gint64 lead, const GPtrArray *words,
	       GPtrArray *others, GError **error)
{
	for (guint i = 0; i < words->len; i++)
		if (!g_ptr_array_find_with_equal_func(others, words->pdata[i], g_str_equal, NULL) &&
		    !database_run(database, query, error, "si", words->pdata[i], lead))
			return FALSE;
	return TRUE;
}

gboolean
search_change(struct database *database, gint64 lead, const struct search_source *old,
	      const struct search_source *new, GError **error)
{
	g_autoptr(GPtrArray) before = NULL, after = NULL;

	if (is_same(old, new))
		return TRUE;
	before = search_words(old);
	after = search_words(new);
	return run_for_others(database, QUERY_SEARCH_DELETE, lead, before, after, error) &&
	       run_for_others(database, QUERY_SEARCH_INSERT, lead, after, before, error);
}

/* --- catching up --- */

struct row {
	char *word;
	gint64 lead;
};

static void
row_clear(gpointer row)
{
	g_free(((struct row *)row)->word);
}

static int
by_word(gconstpointer one, gconstpointer other)
{
	const struct row *a = one, *b = other;
	int order = strcmp(a->word, b->word);

	return order ? order : (a->lead > b->lead) - (a->lead < b->lead);
}

gboolean
search_until(struct database *database, gint64 *ret_number, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_META, error, "s", PLACE);
	int got = row ? database_next(database, row, error) : -1;

	*ret_number = 0;
	if (got > 0) {
		*ret_number = g_ascii_strtoll(database_column_text(database, row, 0), NULL, 10);
		database_end(database, row);
	}
	return got >= 0;
}

static void
append_words(GArray *rows, struct database *database, struct driver_statement *statement)
{
	const struct search_source source = {
		.name_key = database_column_text(database, statement, 1),
		.company = database_column_text(database, statement, 2),
		.normalised = database_column_text(database, statement, 3),
		.account = database_column_text(database, statement, 4),
		.addresses = database_column_text(database, statement, 5),
		.phones = database_column_text(database, statement, 6),
	};
	g_autoptr(GPtrArray) words = search_words(&source);

	for (guint i = 0; i < words->len; i++) {
		struct row row = { g_strdup(words->pdata[i]),
				   database_column(database, statement, 0) };

		g_array_append_val(rows, row);
	}
}

/* @return how many leads, or -1 */
static gint
read_leads(struct database *database, GArray *rows, gint64 *number, GError **error)
{
	struct driver_statement *statement =
		database_select(database, QUERY_SEARCH_LEADS, error, "i", *number);
	int got = -1;
	gint count = 0;

	while (statement && (got = database_next(database, statement, error)) > 0) {
		*number = database_column(database, statement, 0);
		if (!database_column_text(database, statement, 7)) /* no sign to another one */
			append_words(rows, database, statement);
		count++;
	}
	return got == 0 ? count : -1;
}

static gboolean
insert_many(struct database *database, const struct row *rows, GError **error)
{
	struct driver_statement *statement =
		database_statement(database, QUERY_SEARCH_INSERT_MANY, error);

	for (guint i = 0; statement && i < ROWS; i++) {
		database->driver->bind_text(statement, 1 + 2 * (int)i, rows[i].word, TRUE);
		database->driver->bind_integer(statement, 2 + 2 * (int)i, rows[i].lead);
	}
	return statement && database_finish(database, statement, error);
}

static gboolean
insert(struct database *database, const GArray *rows, GError **error)
{
	guint i = 0;

	for (; i + ROWS <= rows->len; i += ROWS)
		if (!insert_many(database, &g_array_index(rows, struct row, i), error))
			return FALSE;
	for (; i < rows->len; i++) {
		const struct row *row = &g_array_index(rows, struct row, i);

		if (!database_run(database, QUERY_SEARCH_INSERT, error, "si", row->word, row->lead))
			return FALSE;
	}
	return TRUE;
}

gint
search_catch_up(struct transaction *transaction, GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(struct row));
	char place[24];
	gint64 number;
	gint count;

	g_array_set_clear_func(rows, row_clear);
	if (!search_until(database, &number, error))
		return -1;
	count = read_leads(database, rows, &number, error);
	if (count <= 0)
		return count;
	g_array_sort(rows, by_word); /* neighbours go to one page */
	g_snprintf(place, sizeof place, "%" G_GINT64_FORMAT, number);
	return insert(database, rows, error) &&
			       database_run(database, QUERY_META_WRITE, error, "ss", PLACE, place)
		       ? count
		       : -1;
}

/* --- finding --- */

/* The first text after all that begin with this one: UTF-8 never has the byte 0xff, but a
 * database's text must be UTF-8: the last character there is stands for it.  Caller frees. */
static char *
end_of(const char *prefix)
{
	return g_strconcat(prefix, "\xf4\x8f\xbf\xbf", NULL);
}

GArray *
search_find(struct database *database, const char *term, guint most, GError **error)
{
	g_autofree char *end = end_of(term);

	return database_numbers(
		database,
		database_select(database, QUERY_SEARCH_FIND, error, "ssn", term, end, (int)most),
		error);
}

gboolean
search_next(struct database *database, const char *word, gint64 lead, const char *end,
	    char **ret_word, gint64 *ret_lead, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_SEARCH_NEXT, error, "sis", word, lead, end);
	int got = row ? database_next(database, row, error) : -1;

	*ret_word = NULL;
	if (got > 0) {
		*ret_word = g_strdup(database_column_text(database, row, 0));
		*ret_lead = database_column(database, row, 1);
		database_end(database, row);
	}
	return got >= 0;
}
