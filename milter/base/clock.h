/*
 * clock.h - time and randomness, so that a test or `leadctl --now` can set them.
 *
 * All times in the project are microseconds since 1970-01-01 UTC (gint64, 0 = unknown)
 * unless a name ends in _seconds or _days.
 */
#ifndef LEADMILTER_CLOCK_H
#define LEADMILTER_CLOCK_H

#include <glib.h>

#define CLOCK_SECOND G_USEC_PER_SEC
#define CLOCK_DAY (86400 * (gint64)G_USEC_PER_SEC)

/** Now, in microseconds since the epoch.  Any thread. */
gint64 clock_now(void);

/** Let every later clock_now() return `fixed` (0 gives the real time back). */
void clock_fix(gint64 fixed);

/** RFC 3339 UTC with milliseconds ("2026-11-21T10:00:00.000Z").  Caller frees. */
char *clock_format(gint64 time);

/**
 * Parse RFC 3339, "YYYY-MM-DD", "YYYY-MM-DD HH:MM[:SS]" (UTC) or "@SECONDS".
 * @return microseconds, or 0 with ERROR_INPUT.
 */
gint64 clock_parse(const char *text, GError **error);

/** Length of a unit of time ("s", "min", "h", "d", "w", "months", "years" and their like), 0 for an
 *  unknown one.  A month is 30 days, a year 365. */
gint64 clock_unit(const char *name, gsize length);

/**
 * Parse a duration: a number and a unit ("90m", "1.5 h", "180d"); "0" needs none.
 * @return microseconds, not negative; -1 with ERROR_INPUT
 */
gint64 clock_parse_duration(const char *text, GError **error);

/**
 * A new identifier: prefix, then 26 characters of Crockford base32 that sort by `time`
 * (48 bits of milliseconds, 80 of randomness from getrandom(2); the ULID layout).
 * Caller frees.  Any thread.
 */
char *clock_new_id(const char *prefix, gint64 time);

#endif
