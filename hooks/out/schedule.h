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

enum verdict { VERDICT_DELIVERED, VERDICT_RETRY, VERDICT_PARK };
/** What an HTTP status means: 2xx delivered, 410 park the endpoint, everything else again. */
enum verdict schedule_verdict(long status);

#endif
