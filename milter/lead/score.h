/*
 * score.h - a score as a pure function of a ledger and a time.
 *
 * points = raw * 2^(-(now - time) / half_life); groups are capped and floored on the decayed
 * sum, and the cap's effect is spread over the group's contributions so that the
 * contributions always sum to the total exactly as shown.
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
	GPtrArray *contributions; /* const struct contribution *, in ledger order; not owned */
};

/**
 * Evaluate a ledger as of `now`, filling in decayed and points of every contribution.
 * @param touches struct touch *; @param person contributions of the person as such, or NULL
 */
void score_evaluate(const struct config_scorecard *card, GPtrArray *touches, GPtrArray *person,
		    const struct lead *lead, gint64 now, struct score *ret);
void score_clear(struct score *score);

#endif
