/*
 * merge.h - two cards that are one person become one, and one card becomes two.
 *
 * Merged, a card keeps its id, its address and what it knows; the other one fills what it doesn't,
 * adds its addresses, phones and touches (each with its `origin`), and stays as a sign: it keeps
 * what it was when it was merged, and leads to the other.  The stage is the further one: a
 * customer stays one, whoever wants no mail gets none, an open card counts before a closed one,
 * and of two closed ones the later.  Scores come from the ledger of both.
 *
 * Divided, a sign becomes the card it was, with its touches and what was written from its addresses
 * since; or what one address wrote becomes a card of its own, at the account of that address and
 * with what the card it was merged with says of the person.  Counts are those of the ledgers then.
 * The two are known not to be one person from then on.  Pure; any thread.
 */
#ifndef LEADMILTER_MERGE_H
#define LEADMILTER_MERGE_H

#include "lead/decide.h"

/**
 * @param known two candidates, the one that stays first, each with its whole ledger.  The other's
 *        touches get an origin, and all are put into one ledger, known->touches, by time
 * @return the card with its events, `next` the sign
 */
struct decision *merge_decide(struct known *known, const struct scorecards *scorecards, gint64 now);

/* What is divided off a card. */
struct merge_part {
	const struct lead *sign; /* a card that was merged into it, or NULL: */
	const char *address; /* normalised: what was written from it */
	const struct lead *person; /* of the address: a card merged into it, or NULL */
	struct account *account; /* of the sign, or of the address' organisation; or NULL */
};

/** The touch goes with the part. @param lead it is divided off */
gboolean merge_takes(const struct merge_part *part, const struct lead *lead,
		     const struct touch *touch);

/**
 * @param known the card as only candidate with its whole ledger, which is put in two
 * @param ret_ledger the part's touches: struct touch *; caller unrefs
 * @return the card with its events, `next` the part's card with its own; or ACTION_NONE with a
 *         reason when nothing is to be divided
 */
struct decision *merge_divide(const struct merge_part *part, struct known *known,
			      const struct scorecards *scorecards, gint64 now,
			      GPtrArray **ret_ledger);

/** `id` is somebody else: no possible duplicate, now and later. */
void merge_set_apart(struct lead *lead, const char *id);

#endif
