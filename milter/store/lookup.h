/*
 * lookup.h - what the store knows that matters for one message (struct known, lead/decide.h).
 */
#ifndef LEADMILTER_LOOKUP_H
#define LEADMILTER_LOOKUP_H

#include "lead/decide.h"
#include "store/transaction.h"

/* A duplicate's answer, as it was given the first time. */
struct lookup_previous {
	gint64 lead; /* number, 0 none */
	char *match, *kind, *stage; /* names */
	char *routes; /* route_to_text() of then, or NULL */
	double score;
	char grade;
	gboolean teaches_ids; /* not of a duplicate: it answers messages by ids that a provider gave
			       * them, which the conversation is found by from now on */
};
void lookup_previous_clear(struct lookup_previous *previous);

/** @param scorecards may be NULL: gather_begin()
 *  @param ret_previous filled when the result says is_duplicate
 *  @return NULL with an error */
struct known *lookup_known(struct transaction *transaction, const struct facts *facts,
			   const struct scorecards *scorecards, gint64 now,
			   struct lookup_previous *ret_previous, GError **error);

/** Where new leads of an envelope sender are counted, or FALSE when they need not be: one
 *  address writing for itself makes one lead at most. */
gboolean lookup_flood_hash(const struct facts *facts, gint64 *ret_hash);

/** Note what lookup_known() will read of a message, so that it needs no round trip of its own. */
void lookup_foresee(struct transaction *transaction, const struct facts *facts,
		    const struct scorecards *scorecards, gint64 now);

#endif
