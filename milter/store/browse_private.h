/*
 * browse_private.h - what the files behind browse.h share: the connection, places in lists.
 */
#ifndef LEADMILTER_BROWSE_PRIVATE_H
#define LEADMILTER_BROWSE_PRIVATE_H

#include "store/browse.h"
#include "store/private.h"

/* First letters of cursors. */
#define BROWSE_BY_UPDATED 'u'
#define BROWSE_BY_CREATED 'c'
#define BROWSE_BY_SCORE 's'
#define BROWSE_BY_NAME 'n'
#define BROWSE_BY_SEQUENCE 't'
#define BROWSE_BY_DELIVERY 'd'
#define BROWSE_BY_PAIR 'p'
#define BROWSE_BY_ACTIVITY 'a'
#define BROWSE_BY_DOMAIN 'w'

/* Where a page begins: what lies before (time or score, number) is to come. */
struct browse_place {
	gint64 time;
	double score;
	gint64 number;
};

/** Sets the error. @return FALSE */
gboolean browse_bad_cursor(GError **error);
/** @param cursor NULL: the beginning */
gboolean browse_read_cursor(const char *cursor, char way, struct browse_place *ret, GError **error);
char *browse_make_cursor(char way, const struct browse_place *place);
/** The word a cursor of the search index holds (beginning with `sign`); NULL with an error */
char *browse_read_word(const char *cursor, char way, char sign, gint64 *ret_lead, GError **error);

char *browse_word_cursor(char way, const char *word, gint64 lead);

/** The connection for browsing, locked; NULL with an error. */
struct database *browse_begin(struct store *store, GError **error);
void browse_end(struct store *store);

#endif
