/*
 * dates.h - dates as people write them, in the languages our correspondents use.
 *
 * "5 July", "July 5th, 2026", "05.07.", "2026-07-05", "le 1er juillet", "с 5 июля", "7月5日",
 * "Monday", "tomorrow".  Linear in the text, pure, any thread.  What isn't a date of the calendar
 * is no date.
 */
#ifndef LEADMILTER_DATES_H
#define LEADMILTER_DATES_H

#include <glib.h>

struct date_found {
	gint64 day; /* microseconds, midnight UTC of that day */
	guint begin, end; /* bytes of the text */
	gboolean relative; /* a weekday or "tomorrow", seen from the reference */
};

/**
 * @param text        lower case, NFKC (full-width digits are then plain ones)
 * @param reference   microseconds; days without a year lie at or after it (a past of up to
 *                    two months is believed), weekdays in the week after it
 * @param month_first 7/5 is the fifth of July
 * @return struct date_found in the order of the text, at most LIMIT_DATES; caller unrefs
 */
GArray *dates_find(const char *text, gint64 reference, gboolean month_first);

/** Microseconds of midnight UTC; 0 when that isn't a day of the calendar. */
gint64 dates_day(gint year, gint month, gint day);

#endif
