/*
 * search.h - leads by the beginnings of words: name, company, addresses, domain, phones.
 *
 * The table `search` has a row for each word of a lead (lower case; accents also taken off; Chinese
 * from every character on), and two that sort: "=name" and "#account".  New leads are entered
 * later, in steps of their own (search_catch_up()), so that a message costs nothing; whoever
 * searches looks at the rest himself: the leads whose numbers are above search_until().  When a
 * lead that is entered changes, its words do in the same transaction.  A row is never more than a
 * hint: whoever finds a lead by one looks at the lead again.
 */
#ifndef LEADMILTER_SEARCH_H
#define LEADMILTER_SEARCH_H

#include "store/transaction.h"

/* What words are made of; columns of a lead's row, any may be NULL. */
struct search_source {
	const char *name_key, *company, *normalised, *account;
	const char *addresses, *phones; /* one a line: search_join() */
};
/** One a line.  @param lines or NULL. @return caller frees */
char *search_join(const GPtrArray *lines);

/** @return char *, sorted, none twice; caller unrefs */
GPtrArray *search_words(const struct search_source *source);
/** The same of a lead. */
GPtrArray *search_words_of(const struct lead *lead);
/** What somebody typed, as beginnings of words. @return char *; caller unrefs */
GPtrArray *search_terms(const char *typed);
/** Every term begins a word. */
gboolean search_fits(const GPtrArray *words, const GPtrArray *terms);

/** Words of a lead changed.  @param new empty: it is none any more */
gboolean search_change(struct database *database, gint64 lead, const struct search_source *old,
		       const struct search_source *new, GError **error);

/** Leads with higher numbers are not entered. @return FALSE with an error */
gboolean search_until(struct database *database, gint64 *ret_number, GError **error);
/** Enter the next LIMIT_SEARCH_STEP leads. @return how many, or -1 */
gint search_catch_up(struct transaction *transaction, GError **error);

/** Numbers of leads with a word that begins so, at most `most`. @return gint64; caller unrefs */
GArray *search_find(struct database *database, const char *term, guint most, GError **error);
/** The next row that sorts after a place (word, and lead of it), for words that begin with `sign`
 *  and `prefix`.  @param ret_word caller frees; NULL: no more. @return FALSE with an error */
gboolean search_next(struct database *database, const char *word, gint64 lead, const char *end,
		     char **ret_word, gint64 *ret_lead, GError **error);

#define SEARCH_NAME '='
#define SEARCH_ACCOUNT '#'

#endif
