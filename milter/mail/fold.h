/*
 * fold.h - text in the form phrases are compared in: what a reader takes for the same, is the same.
 *
 * Lower case; Latin and Greek letters without accents ("Preţ", "preț" and "pret" are one word to
 * people who type on any keyboard), Cyrillic io as ie, ligatures and sharp s as two letters; every
 * run of white space, line ends and no-break spaces included, one space; one kind of apostrophe,
 * quote and hyphen; full-width forms as ASCII; characters without width left out.  Bytes that are
 * not UTF-8 become a space, so the result is always UTF-8.  Pure, linear, any thread.
 */
#ifndef LEADMILTER_FOLD_H
#define LEADMILTER_FOLD_H

#include <glib.h>

struct fold_text {
	char *bytes; /* folded, NUL-terminated */
	gsize length;
	guint32 *origin; /* of each folded byte: offset of its character in the text; one more for
			    the end */
};

/** @param length bytes of `text`, less than 4 GiB. Caller frees with fold_text_clear(). */
void fold_text(const char *text, gsize length, struct fold_text *ret);
void fold_text_clear(struct fold_text *folded);

/**
 * Lower case and nothing else, as g_utf8_strdown() makes it.  Caller frees.
 * @param length bytes of `text`, -1: all
 */
char *fold_lower(const char *text, gssize length);

/** Letter, digit or combining mark of a script that puts spaces between words. */
gboolean fold_is_word(gunichar c);

#endif
