/*
 * gather.h - filling in struct known (lead/decide.h): who may be meant, the account, who sells.
 *
 * What is found by several ways is one candidate, with the way that came first.  A card that
 * was merged into another one is followed to it.  Writer thread only.
 */
#ifndef LEADMILTER_GATHER_H
#define LEADMILTER_GATHER_H

#include "lead/decide.h"
#include "store/people.h"

struct gather {
	struct transaction *transaction;
	struct database *database; /* the transaction's */
	gint64 now;
	const struct scorecards *scorecards; /* or NULL */
	struct known *known;
	GArray *numbers; /* gint64: of known->candidates, same order */
	GError **error;
};

/** @param known gets the owners at once; both belong to the caller
 *  @param scorecards what early touches are summed up with (ledger.h), and how long somebody is
 *         active at an account; NULL: all touches are read, and the default */
gboolean gather_begin(struct gather *gather, struct transaction *transaction, gint64 now,
		      const struct scorecards *scorecards, struct known *known, GError **error);
void gather_end(struct gather *gather);

/* Candidates; FALSE with an error, nobody is none. */
gboolean gather_lead(struct gather *gather, gint64 number, enum match match);
gboolean gather_id(struct gather *gather, const char *id, enum match match);
gboolean gather_key(struct gather *gather, const char *key, enum match match);
gboolean gather_address(struct gather *gather, const char *normalised);
gboolean gather_written_address(struct gather *gather, const char *address);

/** The account of a registrable domain: who of it is known, active, and whose it is.  NULL is
 *  none.  Needs no more of `gather` than database, scorecards, known, now, error, and the
 *  transaction's `accounts`. */
gboolean gather_account(struct gather *gather, const char *domain);
/** When we last wrote to a normalised address. */
gboolean gather_outbound(struct gather *gather, const char *address);

/** Load the ledgers of all candidates and put the strongest first. */
gboolean gather_ledgers(struct gather *gather);

#endif
