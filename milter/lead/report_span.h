/*
 * report_span.h - the calendar of reports: spans of whole days as people write them, and the
 * days, weeks or months a span is divided into.
 *
 * A day is the number of a local day since 1970-01-01 (worktime_day()).  A span is half-open: its
 * first day is in it, `end` isn't.  What may be written:
 *
 *   2026-11-22  2026-11  2026-Q4  2026-W47 (ISO 8601)  2026  today
 *   30d 12w 6months 1y              so long before today, in whole days; to the end of today
 *   2026-11-22T09:30:00Z  @1795000000   the local day that moment is in
 *
 * Days begin when the wall clock says 00:00, or when a change of clocks skips that: a day may have
 * 23, 24 or 25 hours.  Pure; any thread.
 */
#ifndef LEADMILTER_REPORT_SPAN_H
#define LEADMILTER_REPORT_SPAN_H

#include "lead/worktime.h"

struct report_span {
	gint64 first, end; /* local days */
};

/** @param today local day @return FALSE with ERROR_INPUT; *ret untouched */
gboolean report_span_read(const char *text, const struct worktime *worktime, gint64 today,
			  struct report_span *ret, GError **error);

enum report_period { REPORT_ALL, REPORT_DAY, REPORT_WEEK, REPORT_MONTH };
const char *report_period_name(enum report_period period);
gboolean report_period_from_name(const char *name, enum report_period *ret);

/* A span divided into periods. */
struct report_calendar;

/** @param open the span has no beginning: periods begin with the first that is asked for */
struct report_calendar *report_calendar_new(const struct worktime *worktime,
					    enum report_period period,
					    const struct report_span *span, gboolean open);
void report_calendar_free(struct report_calendar *calendar);
/** Moments: the first of the span (0: it has no beginning) and the one it ends at. */
gint64 report_calendar_begin(const struct report_calendar *calendar);
gint64 report_calendar_end(const struct report_calendar *calendar);

/** The period a moment is in, from 0; -1: not in the span. */
int report_calendar_find(struct report_calendar *calendar, gint64 time);
/** The same of a local day. */
int report_calendar_find_day(const struct report_calendar *calendar, gint64 day);
int report_calendar_count(const struct report_calendar *calendar);
/** "2026-11-22", "2026-W47", "2026-11", "all".  Caller frees. */
char *report_calendar_label(const struct report_calendar *calendar, int period);
/** Its moments, cut to the span. */
void report_calendar_bounds(const struct report_calendar *calendar, int period, gint64 *ret_begin,
			    gint64 *ret_end);

#endif
