/*
 * phrases.h - named phrase lists in many languages, found in one linear pass by vectorscan.
 *
 * A list file: lines of phrases, '#' comments, "[name]" starts a list, "[name:lang]" one for a
 * language. Phrases are matched case-insensitively at word boundaries (checked in the match
 * callback: see DESIGN's measurement).  The database is compiled once off the hot path and read by
 * any thread; scratch space comes from a pool inside.
 */
#ifndef LEADMILTER_PHRASES_H
#define LEADMILTER_PHRASES_H

#include <glib.h>

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

#endif
