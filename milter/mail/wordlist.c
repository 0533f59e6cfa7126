/* wordlist.c - see wordlist.h. */
#include "mail/wordlist.h"

#include <string.h>

#include "mail/fold.h"

struct wordlist {
	GHashTable *values;
};

static gboolean
is_word_byte(guchar c)
{
	return g_ascii_isalnum(c) || c >= 0x80 || c == '.' || c == '\'' || c == '&';
}

static void
word_take(struct words *words, const struct fold_text *folded, gsize from, gsize to)
{
	struct word *word;
	gsize length = 0;

	if (words->count == WORDLIST_WORDS) {
		words->more = TRUE;
		return;
	}
	word = &words->word[words->count];
	for (gsize i = from; i < to && length < sizeof word->text - 1; i++)
		if (folded->bytes[i] != '.')
			word->text[length++] = folded->bytes[i];
	word->text[length] = '\0';
	word->begin = folded->origin[from];
	word->end = folded->origin[to];
	words->count += length > 0;
}

void
words_split(const char *line, gsize length, struct words *ret)
{
	struct fold_text folded;

	ret->count = 0;
	ret->more = FALSE;
	fold_text(line, length, &folded);
	for (gsize i = 0; i < folded.length;) {
		gsize from = i;

		while (i < folded.length && is_word_byte(folded.bytes[i]))
			i++;
		if (i > from)
			word_take(ret, &folded, from, i);
		else
			i++;
	}
	fold_text_clear(&folded);
}

static void
add_words(struct wordlist *list, const struct wordlist_entry *entry)
{
	g_auto(GStrv) names = g_strsplit(entry->words, "|", -1);

	for (char **name = names; *name; name++) {
		struct words words;
		GString *key = g_string_new(NULL);

		words_split(*name, strlen(*name), &words);
		for (guint i = 0; i < words.count; i++)
			g_string_append_printf(key, "%s%s", i > 0 ? " " : "", words.word[i].text);
		g_hash_table_insert(list->values, g_string_free(key, FALSE),
				    GUINT_TO_POINTER(entry->value));
	}
}

struct wordlist *
wordlist_new(const struct wordlist_entry *entries)
{
	struct wordlist *list = g_new(struct wordlist, 1);

	list->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (; entries->words; entries++)
		add_words(list, entries);
	return list;
}

guint
wordlist_value(const struct wordlist *list, const char *folded)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(list->values, folded));
}

guint
wordlist_match(const struct wordlist *list, const struct words *words, guint i, guint *ret_words)
{
	char phrase[3 * WORDLIST_BYTES];
	guint best = 0;

	*phrase = '\0';
	for (guint n = 1; n <= 3 && i + n <= words->count; n++) {
		guint value;

		if (n > 1)
			g_strlcat(phrase, " ", sizeof phrase);
		g_strlcat(phrase, words->word[i + n - 1].text, sizeof phrase);
		value = wordlist_value(list, phrase);
		if (value) {
			best = value;
			*ret_words = n;
		}
	}
	return best;
}

guint
wordlist_inside(const struct wordlist_entry *entries, const char *text, gsize length,
		gsize *ret_end)
{
	for (; entries->words; entries++)
		for (const char *p = entries->words; *p;) {
			gsize n = strcspn(p, "|");
			const char *found = n > 0 ? memmem(text, length, p, n) : NULL;

			if (found) {
				if (ret_end)
					*ret_end = found - text + n;
				return entries->value;
			}
			p += n + (p[n] == '|');
		}
	return 0;
}
