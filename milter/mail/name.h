/*
 * name.h - the parts of a person's name, as the world writes them.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_NAME_H
#define LEADMILTER_NAME_H

#include <glib.h>

struct name_parts {
	char *whole; /* in the order it is read, without titles of address's mark-up; NULL: no name
		      */
	char *prefix, *first, *last, *suffix; /* or NULL */
	char *organisation; /* "Acme" of "Ana Berg (Acme)" or "Ana Berg at Acme"; or NULL */
};

/** Split what a header, form or signature shows.  Free with name_parts_clear(). */
void name_split(const char *shown, struct name_parts *ret);
void name_parts_clear(struct name_parts *parts);

/** No vowel in a script that writes them (Latin, Greek, Cyrillic). */
gboolean name_is_implausible(const char *name);

/** TRUE when it names a function or a company ("Sales Team"), or is an address. */
gboolean name_is_impersonal(const char *name);

/** TRUE when it can be nothing but one to five words of a name: "Ana-Maria von Berg". */
gboolean name_looks_personal(const char *text, gsize length);

/** TRUE when both share a word of at least two letters; for "Ana" and "Ana Berg". */
gboolean name_shares_word(const char *text, gsize length, const char *name);

#endif
