/*
 * histogram.h - how long things took: counts in buckets, as Prometheus wants them.
 *
 * Buckets are fixed (0.1 ms to 10 s, in steps of 1, 2.5 and 5): what a milter's callbacks may
 * take, and what they must not.  Adding is a few atomic additions; any thread.
 */
#ifndef LEADMILTER_HISTOGRAM_H
#define LEADMILTER_HISTOGRAM_H

#include <glib.h>

#define HISTOGRAM_BUCKETS 16

struct histogram {
	gsize buckets[HISTOGRAM_BUCKETS + 1]; /* the last: longer than all bounds */
	gsize sum; /* microseconds */
};

void histogram_add(struct histogram *histogram, gint64 microseconds);

/** The lines of a metric in Prometheus' text format (0.0.4), in seconds.
 *  @param labels "kind=\"x\"" or "" */
void histogram_write(struct histogram *histogram, GString *out, const char *name,
		     const char *labels);

#endif
