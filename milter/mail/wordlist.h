/*
 * wordlist.h - words of folded text, and tables of words and phrases with a value each.
 *
 * Tables are made once, at first use, and kept for good.  Pure; any thread.
 */
#ifndef LEADMILTER_WORDLIST_H
#define LEADMILTER_WORDLIST_H

#include <glib.h>

#define WORDLIST_WORDS 16 /* of one line looked at */
#define WORDLIST_BYTES 40 /* of one word; longer ones are cut */

struct words {
	guint count;
	gboolean more; /* the line has more words than were read */
	struct word {
		char text[WORDLIST_BYTES]; /* folded, without dots: "S.R.L." is "srl" */
		guint begin, end; /* in the line, dots included */
	} word[WORDLIST_WORDS];
};

/** Split `length` bytes of UTF-8 into folded words. */
void words_split(const char *line, gsize length, struct words *ret);

/* Words of one value: "a|b|two words". They are folded when the table is made; of a word that
 * stands under two values the first counts. */
struct wordlist_entry {
	guint value; /* not 0 */
	const char *words;
};
struct wordlist;

/** @param entries with a {0, NULL} at the end; kept by reference */
struct wordlist *wordlist_new(const struct wordlist_entry *entries);

/** The value of one folded word or phrase, 0 when it is not in the list. */
guint wordlist_value(const struct wordlist *list, const char *folded);

/**
 * The value of the longest phrase of up to three words that begins at word `i`.
 * @param ret_words how many words it has, untouched when 0 is returned
 */
guint wordlist_match(const struct wordlist *list, const struct words *words, guint i,
		     guint *ret_words);

/** The value of the first entry, in table order, found anywhere in the bytes: for scripts
 *  without spaces.  @param ret_end where it ends, or NULL */
guint wordlist_inside(const struct wordlist_entry *entries, const char *text, gsize length,
		      gsize *ret_end);

#endif
