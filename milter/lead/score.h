/*
 * score.h - a score as a pure function of a ledger and a time.
 *
 * points = raw * 2^(-(now - time) / half_life); groups are capped and floored on the decayed
 * sum, and the cap's effect is spread over the group's contributions so that the
 * contributions always sum to the total exactly as shown: points are rounded to 0.0001, and the
 * total is their sum in ledger order, in double arithmetic.
 *
 * What counts:
 *  - touches and contributions later than `now` have not happened yet;
 *  - of contributions marked `is_property` (fit and quality rules with count "person": what
 *    the person is, judged anew with each message) only the newest of each rule counts, by time,
 *    then by the touch's sequence.  scorecards_apply() writes one only when the judgement
 *    changed, and one with 0 points when the rule no longer holds;
 *  - all others add up, each decaying from its own time.
 * A changed scorecard applies at once with its groups and thresholds; points and half-lives in the
 * ledger stay as they were given, except that a person's next message renews every judgement and
 * withdraws those of rules that are gone.
 * A ledger is read in the order of its sequence numbers, however the array is sorted.
 */
#ifndef LEADMILTER_SCORE_H
#define LEADMILTER_SCORE_H

#include "base/config.h"
#include "lead/lead.h"

struct score {
	const char *scorecard;
	double total, fit, engagement, quality;
	double completeness; /* 0..100 */
	char grade; /* 'A'..'D' from fit */
	enum temperature temperature; /* from engagement */
	gboolean qualified; /* total >= the scorecard's mql threshold */
	GPtrArray *contributions; /* const struct contribution *, in ledger order, those that
				     count; not owned */
};

/**
 * Evaluate a ledger as of `now`, filling in decayed and points of every contribution.
 * @param touches struct touch *; @param person contributions of the person as such, or NULL
 */
void score_evaluate(const struct config_scorecard *card, GPtrArray *touches, GPtrArray *person,
		    const struct lead *lead, gint64 now, struct score *ret);
void score_clear(struct score *score);

/** What is left of `raw` points after `age` microseconds; ages below 0 count as 0. */
double score_decay(double raw, gint64 age, double half_life_days);

/* The seven key fields.  NULL or "" is not known. */
struct score_fields {
	const char *name, *first_name, *last_name;
	const char *address, *phone, *company, *title, *country;
	gboolean need;
};

/**
 * How much of the key fields is known: 100 when all seven are, 50 when half are.  Each field is a
 * seventh; the name alone has halves (given and family name), so that half of seven exists:
 * three fields and half a name are exactly 50.
 */
double score_completeness(const struct score_fields *fields);
/** The need is known when the ledger holds points of a rule named "need" or "need-…". */
gboolean score_need_is_known(const GPtrArray *touches);

#endif
