/*
 * figures.h - what came of the attempts at each endpoint since the start: counted by the delivery
 * thread, read by any.
 *
 * An endpoint's figures stay until the end of the program, also when it is no longer configured:
 * counters never go back.  Everything in them is atomic.
 */
#ifndef LEADMILTER_FIGURES_H
#define LEADMILTER_FIGURES_H

#include "base/histogram.h"
#include "hooks/out/lane.h"

/* What an attempt came to. */
enum figures_result {
	RESULT_DELIVERED,
	RESULT_POSTPONED, /* not tried: the adapter named a later time */
	RESULT_UNREACHABLE, /* no connection, name, TLS or answer */
	RESULT_THROTTLED, /* 429 */
	RESULT_UNAUTHORISED, /* our credentials are refused */
	RESULT_CLIENT_ERROR, /* any other 3xx or 4xx */
	RESULT_SERVER_ERROR, /* 5xx */
	RESULT_ADAPTER_ERROR, /* the CRM answered, its adapter could not go on */
	RESULT_COUNT
};

struct figures {
	char *endpoint;
	gsize results[RESULT_COUNT];
	struct histogram attempt; /* from the start of an attempt to its end */
	struct histogram latency; /* from an event to its delivery */
	int resting; /* the breaker holds everything but a probe */
};

struct figures *figures_new(const char *endpoint);
void figures_free(struct figures *figures);

/** What an answer means for its `place`th delivery.  Pure. */
enum figures_result figures_result_of(const struct lane_answer *answer, guint place);
const char *figures_result_name(enum figures_result result);

/** Count an attempt; before lane_finish(). @param took microseconds */
void figures_count(struct figures *figures, const GPtrArray *deliveries,
		   const struct lane_answer *answer, gint64 took, gint64 now);

#endif
