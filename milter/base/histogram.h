/*
 * histogram.h - how long things took: counts in buckets, as Prometheus wants them.
 *
 * Buckets are fixed, on one of two scales: 0.1 ms to 10 s, in steps of 1, 2.5 and 5, for what a
 * milter's callbacks may take, and what they must not; 0.1 s to a week for what a receiver may be
 * waited for.  Adding is a few atomic additions; any thread.
 */
#ifndef LEADMILTER_HISTOGRAM_H
#define LEADMILTER_HISTOGRAM_H

#include <glib.h>

#define HISTOGRAM_BUCKETS 16

enum histogram_scale { HISTOGRAM_MOMENTS, HISTOGRAM_DAYS };

struct histogram {
	enum histogram_scale scale;
	gsize buckets[HISTOGRAM_BUCKETS + 1]; /* the last: longer than all bounds */
	gsize sum; /* microseconds */
};

void histogram_add(struct histogram *histogram, gint64 microseconds);

/** The lines of a metric in Prometheus' text format (0.0.4), in seconds.
 *  @param labels "kind=\"x\"" or "" */
void histogram_write(struct histogram *histogram, GString *out, const char *name,
		     const char *labels);

#endif
