/*
 * phrases.h - named phrase lists in many languages, found in one linear pass by vectorscan.
 *
 * A list file: lines of phrases, '#' comments, "[name]" starts a list, "[name:lang]" one for a
 * language.  Phrases and text are folded (fold.h), so case, accents, line ends and kinds of quotes
 * don't matter, and are matched at word boundaries; "word*" and "*word" leave one side open.  The
 * database is compiled once off the hot path and read by any thread; scratch space comes from a
 * pool inside.
 *
 * Lists named "_term…" and "_short_…" hold words so common that looking for them everywhere would cost
 * more than all the rest ("in", "no"); they are found by phrases_scan_part() only.
 */
#ifndef LEADMILTER_PHRASES_H
#define LEADMILTER_PHRASES_H

#include <glib.h>

#include "mail/fold.h"

struct phrase_match {
	const char *list; /* "opt_out"; owned by the database */
	const char *phrase; /* as in the file; owned by the database */
	guint begin, end; /* bytes of the text */
};

struct phrases;

/** Start a database; add files and single phrases; then compile. */
struct phrases *phrases_new(void);
void phrases_free(struct phrases *phrases);
typedef struct phrases phrases_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(phrases_owned, phrases_free)
gboolean phrases_add_file(struct phrases *phrases, const char *path, GError **error);
void phrases_add(struct phrases *phrases, const char *list, const char *phrase);
gboolean phrases_compile(struct phrases *phrases, GError **error);

/** All matches in `text` (UTF-8), in order of their end; struct phrase_match.  Caller unrefs.
 *  Any thread once compiled. */
GArray *phrases_scan(const struct phrases *phrases, const char *text, gsize length);
/** The same in text that was folded already; positions are of the text before folding. */
GArray *phrases_scan_folded(const struct phrases *phrases, const struct fold_text *text);
/** Matches of the common lists within the folded bytes from `begin` to `end`. */
GArray *phrases_scan_part(const struct phrases *phrases, const struct fold_text *text, gsize begin,
			  gsize end);

#endif
