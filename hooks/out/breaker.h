/*
 * breaker.h - whether an endpoint as a whole may be asked now: a circuit breaker of values only.
 *
 * Closed: up to `window` requests in flight.  Failures that speak of the endpoint (no
 * connection, 5xx, 429, 404, 401, a redirect) of at least two different deliveries, THRESHOLD in
 * a row, open it; a connection that can't be made opens it at once, as does a Retry-After.  Open:
 * one delivery at a time probes it, after 5, 10, 20, 40 and then every 60 s, every 5 min when it
 * has been away for half an hour, never before its Retry-After.  The first success of a probe
 * closes it, and the window grows by one with each success, so that an endpoint that just came back
 * isn't run over.  An answer about one event alone (400, 422, 413) says that the endpoint is there.
 *
 * So an outage costs the waiting deliveries none of their attempts, apart from the one that probes.
 * Not thread-safe; belongs to the delivery thread.
 */
#ifndef LEADMILTER_BREAKER_H
#define LEADMILTER_BREAKER_H

#include <glib.h>

struct breaker {
	guint limit; /* configured concurrency */
	guint window; /* in flight at most while closed, 1..limit */
	guint failures; /* in a row, weighted */
	gint64 last_failed; /* delivery id */
	gboolean open;
	guint generation; /* counts openings: an answer of an earlier one closes nothing */
	guint probes; /* failed since it opened */
	gint64 opened_at, next_probe;
};

/** What one answer says. */
struct breaker_answer {
	gint64 delivery;
	long status; /* 0: none came */
	gboolean unreachable; /* no connection, name or TLS: it says nothing about the event */
	gint64 retry_after; /* time, 0 none; heeded when the status is about the endpoint */
	guint generation; /* of the breaker when the request was sent */
};

void breaker_init(struct breaker *breaker, guint concurrency);

/** Whether a status speaks of the endpoint rather than of the event. */
gboolean breaker_blames_endpoint(long status);

/** Somebody else found it away, and it is to be asked again at `next_probe`.
 *  @return TRUE when that is news: it opened */
gboolean breaker_follow(struct breaker *breaker, gint64 next_probe, gint64 now);

/** How many requests may be in flight at `now`, 0 when it must rest. */
guint breaker_allowance(const struct breaker *breaker, gint64 now);

enum breaker_change {
	BREAKER_SAME,
	BREAKER_OPENED, /* hold everything but a probe */
	BREAKER_CLOSED /* everything that waits may go now */
};

/** Take note of an answer, good (2xx) or not. @param chance 0..1, spreads the probes */
enum breaker_change breaker_take(struct breaker *breaker, const struct breaker_answer *answer,
				 gint64 now, double chance);

#endif
