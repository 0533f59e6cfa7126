/* rate.c - see rate.h.  The bucket is kept as the time at which it will be full (GCRA). */
#include "hooks/out/rate.h"
#include "base/clock.h"

static gint64
interval(const struct rate *rate)
{
	return (gint64)(CLOCK_SECOND / rate->per_second);
}

/* How far ahead `full_at` may lie while one may still go. */
static gint64
tolerance(const struct rate *rate)
{
	return MAX(CLOCK_SECOND - interval(rate), 0);
}

gint64
rate_next(const struct rate *rate, gint64 now)
{
	if (rate->per_second <= 0)
		return now;
	return MAX(now, rate->full_at - tolerance(rate));
}

void
rate_take(struct rate *rate, gint64 now)
{
	if (rate->per_second > 0)
		rate->full_at = MAX(rate->full_at, now) + interval(rate);
}
