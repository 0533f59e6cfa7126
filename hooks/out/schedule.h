/*
 * schedule.h - when a delivery is tried again: pure functions of attempt, answer and chance.
 *
 * Standard Webhooks' schedule: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h, then
 * daily, each ±10 % jitter; Retry-After (seconds or date) when later, bounded.
 */
#ifndef LEADMILTER_SCHEDULE_H
#define LEADMILTER_SCHEDULE_H

#include <glib.h>

/** @param attempts tries made so far (>= 1). @param chance 0..1, spreads the jitter.
 *  @return when to try next, microseconds */
gint64 schedule_next(guint attempts, gint64 now, double chance);

/** Both forms of Retry-After (RFC 9110 section 10.2.3), at most a day ahead.
 *  @return the time, or 0 when unreadable */
gint64 schedule_retry_after(const char *value, gint64 now);

/** A throttle's end as x-ratelimit-reset and its like give it: seconds from now, or since 1970, or
 *  milliseconds since then; at most a day ahead. @return the time, or 0 when unreadable */
gint64 schedule_reset(const char *value, gint64 now);

/* What comes of an attempt. */
enum verdict {
	VERDICT_BY_STATUS, /* what the HTTP status says, see schedule_verdict() */
	VERDICT_DELIVERED, /* the receiver has it, whatever the status was */
	VERDICT_RETRY, /* again when the schedule says so; the endpoint may be at fault */
	VERDICT_HOLD, /* the same, but it is this event that isn't taken, the endpoint is well */
	VERDICT_DEAD, /* never again by itself: an administrator's `outbox retry` may */
	VERDICT_PARK, /* nothing more to this endpoint until an administrator resumes it */
	VERDICT_LATER, /* not tried: at a time the courier names, uncounted; nobody is at fault */
	VERDICT_REFUSED /* the same, since our credentials are wrong: also until they change */
};
/** What an HTTP status means: 2xx delivered, 410 park the endpoint, 413 dead, all others again. */
enum verdict schedule_verdict(long status);

#endif
