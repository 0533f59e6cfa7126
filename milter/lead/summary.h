/*
 * summary.h - the early touches of a ledger, summed up.
 *
 * A decision and a listing need the whole ledger of a lead, and some leads write for years.  So
 * all but the newest touches are one entry at the head of the ledger: a struct touch named
 * "earlier" whose `fold` says what it stands for and whose contributions are one for each rule
 * of each scorecard:
 *  - of what adds up, `value` is the sum of the values, each decayed to the time of the last of
 * them with the half-life the rule had, which is kept with it: what is left of such a sum at any
 * later time is exactly what is left of its parts;
 *  - of a property of the person it is the newest judgement.
 * Folding changes no score (score.h rounds sums of rules, not their parts).  A summary is good
 * as long as every rule in it has the half-life and the counting it was made with; else it is made
 * again from the touches, which are all kept.  What is gone from the scorecards is counted but not
 * summed; should it come back, the summary is made again.
 *
 * Of touches by name it keeps how many, the first and the last time, and how many on each of
 * the last SUMMARY_DAYS days: a window (count('click', 7d)) counts the folded touches of days that
 * lie in it as a whole, all others singly.  As at least LIMIT_LEDGER_KEPT newest touches are never
 * folded, a count of less than that is exact.  A touch that comes late, dated before others,
 * is one of the newest.
 */
#ifndef LEADMILTER_SUMMARY_H
#define LEADMILTER_SUMMARY_H

#include "lead/lead.h"

#define SUMMARY_DAYS 90

struct scorecards;

struct summary_day {
	gint64 day; /* since the epoch */
	guint count;
};

/* The folded touches of a name. */
struct summary_name {
	char *name;
	guint count;
	gint64 first, last; /* time */
	GArray *days; /* struct summary_day, ascending */
};

struct summary {
	guint count; /* touches */
	gint64 first, last; /* time */
	GPtrArray *names; /* struct summary_name * */
};

void summary_free(struct summary *summary);

/** An entry that stands for no touch yet. */
struct touch *summary_new(void);
/** It holds for today's scorecards. */
gboolean summary_is_current(const struct touch *folded, const struct scorecards *scorecards);
/** Take one more touch in: the next by sequence. */
void summary_add(struct touch *folded, const struct touch *touch,
		 const struct scorecards *scorecards);
/**
 * Sum up the oldest touches of a ledger when more than LIMIT_LEDGER are not, so that
 * LIMIT_LEDGER_KEPT are left.
 * @return TRUE when the summary (the first entry then) is another one than before
 */
gboolean summary_ledger(GPtrArray *touches, const struct scorecards *scorecards);

/** What it says of touches by name, as text; caller frees. */
char *summary_names_to_text(const struct summary *summary);
/** A summary read back. @param contributions taken; @param names as above
 *  @return NULL when either can't be read: then it is made again */
struct touch *summary_from_text(gint64 until, GPtrArray *contributions, const char *names);

/** How many folded touches of a name happened since `begin`; all when it is before everything. */
guint summary_count(const struct summary *summary, const char *name, double begin);
const struct summary_name *summary_find(const struct summary *summary, const char *name);

#endif
