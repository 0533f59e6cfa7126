/* wordlist.c - see wordlist.h. */
#include "mail/wordlist.h"

#include <string.h>

#include "mail/fold.h"

#define ASCII_BYTES 256
#define BEGINS_PHRASE 1u /* a word's bit beside its value: longer entries begin with it */

struct wordlist {
	GHashTable *values; /* value << 1 | BEGINS_PHRASE */
};

static gboolean
is_word_byte(guchar c)
{
	return g_ascii_isalnum(c) || c >= 0x80 || c == '.' || c == '\'' || c == '&';
}

static void
word_take(struct words *words, const char *from, gsize length, guint begin, guint end)
{
	struct word *word;
	gsize n = 0;

	if (words->count == WORDLIST_WORDS) {
		words->more = TRUE;
		return;
	}
	word = &words->word[words->count];
	for (gsize i = 0; i < length && n < sizeof word->text - 1; i++)
		if (from[i] != '.')
			word->text[n++] = from[i];
	word->text[n] = '\0';
	word->begin = begin;
	word->end = end;
	words->count += n > 0;
}

/* Most lines are ASCII: folding them is lower case, and every byte its own origin. */
static gboolean
fold_ascii(const char *line, gsize length, char *ret)
{
	for (gsize i = 0; i < length; i++) {
		if (line[i] & 0x80)
			return FALSE;
		ret[i] = g_ascii_tolower(line[i]);
	}
	return TRUE;
}

static void
split_folded(const char *bytes, gsize length, const guint32 *origin, struct words *ret)
{
	for (gsize i = 0; i < length;) {
		gsize from = i;

		while (i < length && is_word_byte(bytes[i]))
			i++;
		if (i > from)
			word_take(ret, bytes + from, i - from, origin ? origin[from] : from,
				  origin ? origin[i] : i);
		else
			i++;
	}
}

void
words_split(const char *line, gsize length, struct words *ret)
{
	struct fold_text folded;
	char ascii[ASCII_BYTES];

	ret->count = 0;
	ret->more = FALSE;
	if (length <= sizeof ascii && fold_ascii(line, length, ascii)) {
		split_folded(ascii, length, NULL, ret);
		return;
	}
	fold_text(line, length, &folded);
	split_folded(folded.bytes, folded.length, folded.origin, ret);
	fold_text_clear(&folded);
}

static guint
stored(const struct wordlist *list, const char *folded)
{
	return GPOINTER_TO_UINT(g_hash_table_lookup(list->values, folded));
}

static void
store(struct wordlist *list, const char *key, guint bits)
{
	g_hash_table_insert(list->values, g_strdup(key),
			    GUINT_TO_POINTER(stored(list, key) | bits));
}

static void
add_words(struct wordlist *list, const struct wordlist_entry *entry)
{
	g_auto(GStrv) names = g_strsplit(entry->words, "|", -1);

	for (char **name = names; *name; name++) {
		struct words words;
		g_autoptr(GString) key = g_string_new(NULL);

		words_split(*name, strlen(*name), &words);
		if (words.count > 1)
			store(list, words.word[0].text, BEGINS_PHRASE);
		for (guint i = 0; i < words.count; i++)
			g_string_append_printf(key, "%s%s", i > 0 ? " " : "", words.word[i].text);
		if (words.count > 0 && stored(list, key->str) <= BEGINS_PHRASE)
			store(list, key->str, entry->value << 1);
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
	return stored(list, folded) >> 1;
}

guint
wordlist_match(const struct wordlist *list, const struct words *words, guint i, guint *ret_words)
{
	guint first = stored(list, words->word[i].text), best = first >> 1;
	char phrase[3 * WORDLIST_BYTES];

	if (best)
		*ret_words = 1;
	if (!(first & BEGINS_PHRASE))
		return best;
	g_strlcpy(phrase, words->word[i].text, sizeof phrase);
	for (guint n = 2; n <= 3 && i + n <= words->count; n++) {
		guint value;

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
