/*
 * worktime.h - working hours, holidays and time zone: when something is due, and how much working
 * time went by.
 *
 *   working_hours = "Mon-Thu 09:00-12:30,13:30-18:00; Fri 09:00-15:00"
 *   time_zone = "Europe/Bucharest"
 *   holidays = {"2026-12-25", "01-01", "file:holidays.txt"}
 *
 * Days are Mon Tue Wed Thu Fri Sat Sun (whole names too), alone, "Mon,Wed" or "Mon-Fri" (also over
 * the week's end); an hour is 00:00 to 24:00; what overlaps counts once.  A holiday without year
 * is one of every year; a file has one a line, anything may follow it, # begins a comment.
 *
 * Working time is real time that passes inside working hours: when clocks change within them
 * the day is an hour shorter or longer.  A wall clock time that a change skips stands for the
 * change; of one that comes twice the first begins a range, the second ends it.
 *
 * Immutable; any thread.  Costs grow with the days between, up to LIMIT_WORK_DAYS.
 */
#ifndef LEADMILTER_WORKTIME_H
#define LEADMILTER_WORKTIME_H

#include "base/config.h"

struct worktime;

/** From working_hours, time_zone and holidays.
 *  @return NULL with ERROR_CONFIG "file:line:column: …".  Caller frees. */
struct worktime *worktime_new(const struct config *config, GError **error);
void worktime_free(struct worktime *worktime);
typedef struct worktime worktime_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(worktime_owned, worktime_free)

/** The first moment when `duration` microseconds of working time have passed since `from`.  With
 *  nothing to wait for that is `from` itself. */
gint64 worktime_add(const struct worktime *worktime, gint64 from, gint64 duration);

/** Working microseconds from `begin` to `end`, 0 when it ends before it begins. */
gint64 worktime_between(const struct worktime *worktime, gint64 begin, gint64 end);

/** The number of the local day since 1970-01-01 that a moment is in. @param worktime NULL: UTC */
gint64 worktime_day(const struct worktime *worktime, gint64 time);
/** The hour of the week on the wall clock, from 0 (Monday 00:00). */
guint worktime_hour(const struct worktime *worktime, gint64 time);
/** The first moment of a local day: midnight, or the change of clocks that skips it. */
gint64 worktime_midnight(const struct worktime *worktime, gint64 day);
/** Working ranges of local days [first, last] in order.
 *  @return struct worktime_range; caller unrefs */
struct worktime_range {
	gint64 begin, end;
};
GArray *worktime_ranges(const struct worktime *worktime, gint64 first, gint64 last);
/** Name of the time zone: as configured, or what the system calls its own. */
const char *worktime_zone(const struct worktime *worktime);

#endif
