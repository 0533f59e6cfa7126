/*
 * rate.h - at most so many requests a second: a token bucket of values only.
 *
 * A second's worth may go at once after a pause (at least one), then they are spread evenly.  Not
 * thread-safe; belongs to the delivery thread.
 */
#ifndef LEADMILTER_RATE_H
#define LEADMILTER_RATE_H

#include <glib.h>

struct rate {
	double per_second; /* 0: no bound */
	gint64 full_at; /* when the bucket is full again, were nothing taken until then */
};

/** When the next request may go: `now`, or later. */
gint64 rate_next(const struct rate *rate, gint64 now);
/** One goes, whether it may or not: those after it wait accordingly. */
void rate_take(struct rate *rate, gint64 now);

#endif
