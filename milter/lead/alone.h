/*
 * alone.h - what one message alone scores: a lead with no history, as `leadctl score` and the page
 * show it.  Pure; any thread.
 */
#ifndef LEADMILTER_ALONE_H
#define LEADMILTER_ALONE_H

#include "lead/score.h"
#include "lead/scorecard.h"

struct alone {
	GPtrArray *touches; /* struct touch *: one */
	struct lead *lead;
	struct score score; /* points into them */
};

/** @param only this scorecard alone, whether it applies or not; NULL: those that apply */
void alone_score(const struct scorecards *cards, const char *only, const struct facts *facts,
		 gint64 now, struct alone *ret);
void alone_clear(struct alone *alone);

#endif
