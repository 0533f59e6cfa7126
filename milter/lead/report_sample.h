/*
 * report_sample.h - values of which percentiles are wanted.
 *
 * A percentile is that of PostgreSQL's percentile_cont (and of a spreadsheet's PERCENTILE.INC; R's
 * type 7): of n values in order, v[0] … v[n-1], the one at place p × (n - 1), interpolated between
 * its neighbours when that is no whole number.  Of 10, 20, 30 and 40 the median is 25 and the 90th
 * percentile 37.
 *
 * Values are kept as they are until the budget that several samples share is used up.  From then
 * on a sample of more than REPORT_SAMPLE_CLASSES values is counted in classes: those below 256 one
 * by one, above that 128 classes to each power of two, so that a class is at most 1/128 wide and
 * the middle of it, which is taken, at most 0.4 % off.
 */
#ifndef LEADMILTER_REPORT_SAMPLE_H
#define LEADMILTER_REPORT_SAMPLE_H

#include <glib.h>

#define REPORT_SAMPLE_CLASSES 3328

struct report_budget {
	gsize left; /* values that may still be kept */
	gboolean is_spent; /* something was counted in classes */
};

/* All zero is an empty one. */
struct report_sample {
	guint32 *values; /* or NULL */
	guint32 *classes; /* REPORT_SAMPLE_CLASSES counts, in place of values; or NULL */
	guint count, room;
	gboolean is_sorted;
};

void report_sample_clear(struct report_sample *sample);
/** @param budget NULL: keep it whatever there is */
void report_sample_add(struct report_sample *sample, guint32 value, struct report_budget *budget);
/** Add all of another one. */
void report_sample_merge(struct report_sample *sample, const struct report_sample *other,
			 struct report_budget *budget);
/** @param share 0.5 the median … @return 0 of nothing */
double report_sample_percentile(struct report_sample *sample, double share);

#endif
