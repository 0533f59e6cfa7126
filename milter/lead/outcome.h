/*
 * outcome.h - what became of a lead, in the words of those who know: the CRM, or sales through
 * `leadctl stage` and `leadctl claim`.
 *
 * This is the one way back: mail and time move a lead forward (or out of the funnel), an outcome
 * moves it anywhere.  Each is dated, says who said it and why, is told by events, and is kept
 * with a picture of the scores as they were, to learn weights from later (struct
 * lead_outcome).  An outcome that ends a lead but is older than what the person has written since
 * is kept and moves nothing.  Pure; any thread.
 */
#ifndef LEADMILTER_OUTCOME_H
#define LEADMILTER_OUTCOME_H

#include "lead/decide.h"

struct outcome {
	/*
	 * "won"          a customer            "accepted"     sales took it: SAL at least
	 * "lost"         disqualified          "qualified"    SQL at least
	 * "rejected"     disqualified          "recycled"     back to marketing
	 * "unreachable"  disqualified          "opted_out"    disqualified, wants no mail
	 * "stage"        to `value`, a stage   "owner"        given to `value`, an address;
	 *                                                     "" or NULL: to nobody
	 */
	const char *what;
	const char *value;
	const char *reason; /* or NULL; "rejected" and "lost" should have one */
	const char *source; /* who says so: "leadctl", the name of the hook's client; or NULL */
	const char *id; /* the source's own for this outcome, or NULL */
	const char *customer; /* the customer's id in the CRM, with "won", or NULL */
	gint64 time; /* when it happened, 0: now */
	gboolean claims; /* "owner": only if nobody else has it; else ACTION_NONE */
};

/** What can be checked without the lead. @return FALSE with ERROR_INPUT, the nearest word named */
gboolean outcome_check(const struct outcome *outcome, gint64 now, GError **error);

/** What an outcome with an id that was taken before is known by (struct touch's message_key),
 *  or NULL without an id.  Caller frees. */
char *outcome_key(const struct outcome *outcome);

/**
 * The decision for an outcome of the lead that is the first candidate.
 * @param known the lead as only candidate with its ledger; account and owners; is_duplicate
 *        with `previous` when outcome_key() was written before
 * @return never NULL; ACTION_ATTACH with `outcome` set, or ACTION_NONE with a reason
 */
struct decision *outcome_decide(const struct outcome *outcome, struct known *known,
				const struct scorecards *scorecards, gint64 now);

/** The words of `what`, for help and completion: NULL past the end. */
const char *outcome_nth(guint i);

#endif
