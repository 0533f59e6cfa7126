/*
 * score_sums.h - what the rules of a card give in all, as of a time; between score.c, which adds up
 * ledgers, score_time.c, which asks when that changes, and score_card.c.  Nobody else's.
 */
#ifndef LEADMILTER_SCORE_SUMS_H
#define LEADMILTER_SCORE_SUMS_H

#include "lead/score.h"

/* One rule's. */
struct score_sum {
	const struct score_rule *rule; /* NULL: it gave nothing */
	double decayed; /* of its contributions */
	double points; /* after the group's limit, rounded */
	double factor; /* limit / sum of the group where the limit is passed, else 1 */
};

struct score_figures {
	double total, fit, engagement, quality;
	char grade;
	enum temperature temperature;
	gboolean qualified;
};

/** Is it a rule named "need" or "need-…"? */
gboolean score_tells_need(const char *name);
double score_quantize(double points);
/** @param sums `rule` and `decayed` given; fills in the rest */
void score_limit(const struct score_card *card, struct score_sum *sums, guint count);
void score_figures(const struct score_card *card, const struct score_sum *sums, guint count,
		   struct score_figures *ret);
/** Sum up what a ledger holds for a card as of `now`: its contributions stay as they are.
 *  @param ret_next the first time after `now` at which something counts that doesn't yet, or 0
 *  @return struct score_sum of each rule that gave something; caller unrefs */
GArray *score_sum_ledger(const struct score_card *card, GPtrArray *touches, gint64 now,
			 gint64 *ret_next);

#endif
