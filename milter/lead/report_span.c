/* report_span.c - see report_span.h. */
#include "lead/report_span.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#define JULIAN_EPOCH 719163 /* GDate's number of 1970-01-01 */
#define YEAR_LEAST 1970
#define YEAR_MOST 9998

/* --- days --- */

static void
date_of(gint64 day, GDate *ret)
{
	g_date_clear(ret, 1);
	g_date_set_julian(ret, (guint32)(day + JULIAN_EPOCH));
}

static gint64
day_of(int year, int month, int day)
{
	GDate date;

	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	return (gint64)g_date_get_julian(&date) - JULIAN_EPOCH;
}

/* Months are counted from the year 0; the first day of one. */
static gint64
day_of_month(gint64 month)
{
	return day_of((int)(month / 12), (int)(month % 12) + 1, 1);
}

static gint64
month_of(gint64 day)
{
	GDate date;

	date_of(day, &date);
	return g_date_get_year(&date) * 12 + (int)g_date_get_month(&date) - 1;
}

/* Weeks are counted from the one of 1970-01-01, a Thursday; they begin on Monday. */
static gint64
week_of(gint64 day)
{
	return (day + 3) / 7;
}

/* The Monday of an ISO week: the first has the fourth of January. */
static gint64
day_of_week(int year, int week)
{
	return week_of(day_of(year, 1, 4)) * 7 - 3 + 7 * (week - 1);
}

/* --- spans --- */

/* Digits, exactly so many. @return -1 when there is anything else */
static int
read_digits(const char *text, gsize count)
{
	int number = 0;

	for (gsize i = 0; i < count; i++) {
		if (!g_ascii_isdigit(text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

static gboolean
read_month(int year, const char *text, struct report_span *ret)
{
	int month = strlen(text) == 2 ? read_digits(text, 2) : -1;

	if (month < 1 || month > 12)
		return FALSE;
	ret->first = day_of(year, month, 1);
	ret->end = day_of_month(year * 12 + month);
	return TRUE;
}

static gboolean
read_quarter(int year, const char *text, struct report_span *ret)
{
	int quarter = strlen(text) == 2 ? read_digits(text + 1, 1) : -1;

	if (quarter < 1 || quarter > 4)
		return FALSE;
	ret->first = day_of_month(year * 12 + 3 * (quarter - 1));
	ret->end = day_of_month(year * 12 + 3 * quarter);
	return TRUE;
}

static gboolean
read_week(int year, const char *text, struct report_span *ret)
{
	int week = strlen(text) == 3 ? read_digits(text + 1, 2) : -1;

	if (week < 1)
		return FALSE;
	ret->first = day_of_week(year, week);
	ret->end = ret->first + 7;
	return ret->first < day_of_week(year + 1, 1);
}

static gboolean
read_day(int year, const char *text, struct report_span *ret)
{
	int month, day;

	if (strlen(text) != 5 || text[2] != '-')
		return FALSE;
	month = read_digits(text, 2);
	day = read_digits(text + 3, 2);
	if (month < 1 || day < 1 ||
	    !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return FALSE;
	ret->first = day_of(year, month, day);
	ret->end = ret->first + 1;
	return TRUE;
}

/* What begins with a year. */
static gboolean
read_named(const char *text, struct report_span *ret)
{
	int year = strlen(text) >= 4 ? read_digits(text, 4) : -1;

	if (year < YEAR_LEAST || year > YEAR_MOST)
		return FALSE;
	if (!text[4]) {
		ret->first = day_of(year, 1, 1);
		ret->end = day_of(year + 1, 1, 1);
		return TRUE;
	}
	if (text[4] != '-')
		return FALSE;
	text += 5;
	if (*text == 'Q' || *text == 'q')
		return read_quarter(year, text, ret);
	if (*text == 'W' || *text == 'w')
		return read_week(year, text, ret);
	return read_month(year, text, ret) || read_day(year, text, ret);
}

/* So long before today. */
static gboolean
read_back(const char *text, gint64 today, struct report_span *ret)
{
	static const struct {
		const char *name;
		int days, months;
	} UNITS[] = {
		{ "d", 1, 0 },      { "day", 1, 0 },   { "days", 1, 0 },  { "w", 7, 0 },
		{ "week", 7, 0 },   { "weeks", 7, 0 }, { "m", 0, 1 },     { "month", 0, 1 },
		{ "months", 0, 1 }, { "y", 0, 12 },    { "year", 0, 12 }, { "years", 0, 12 },
	};
	char *unit;
	guint64 number = g_ascii_isdigit(*text) ? g_ascii_strtoull(text, &unit, 10) : 0;
	GDate date;

	if (number == 0 || number > LIMIT_WORK_DAYS)
		return FALSE;
	while (*unit == ' ')
		unit++;
	for (guint i = 0; i < G_N_ELEMENTS(UNITS); i++) {
		if (g_ascii_strcasecmp(unit, UNITS[i].name) != 0)
			continue;
		date_of(today, &date);
		if ((gint64)number * (UNITS[i].days + 31 * UNITS[i].months) > today)
			return FALSE;
		if (UNITS[i].months)
			g_date_subtract_months(&date, (guint)number * UNITS[i].months);
		else
			g_date_subtract_days(&date, (guint)number * UNITS[i].days);
		ret->first = (gint64)g_date_get_julian(&date) - JULIAN_EPOCH;
		ret->end = today + 1;
		return TRUE;
	}
	return FALSE;
}

static gboolean
read_moment(const char *text, const struct worktime *worktime, struct report_span *ret)
{
	gint64 time = clock_parse(text, NULL);

	if (time <= 0)
		return FALSE;
	ret->first = worktime_day(worktime, time);
	ret->end = ret->first + 1;
	return TRUE;
}

gboolean
report_span_read(const char *text, const struct worktime *worktime, gint64 today,
		 struct report_span *ret, GError **error)
{
	struct report_span span = { today, today + 1 };

	if (g_ascii_strcasecmp(text, "today") == 0 || read_named(text, &span) ||
	    read_back(text, today, &span) || read_moment(text, worktime, &span)) {
		*ret = span;
		return TRUE;
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
		    "\"%.40s\": expected a day (2026-11-22), month (2026-11), quarter (2026-Q4), "
		    "week (2026-W47) or year, or a time back from today (30d, 12w, 6months, 1y)",
		    text);
	return FALSE;
}

/* --- periods --- */

static const char *const PERIODS[] = { "all", "day", "week", "month" };

const char *
report_period_name(enum report_period period)
{
	return PERIODS[period];
}

gboolean
report_period_from_name(const char *name, enum report_period *ret)
{
	for (guint i = 0; i < G_N_ELEMENTS(PERIODS); i++) {
		if (strcmp(name, PERIODS[i]) == 0) {
			*ret = (enum report_period)i;
			return TRUE;
		}
	}
	return FALSE;
}

struct report_calendar {
	const struct worktime *worktime;
	enum report_period period;
	struct report_span span;
	gboolean open;
	gint64 begin, end;
	gint64 first; /* number of the first period, as number_of() says */
	GArray *midnights; /* gint64: where the days of the span begin, and the end of the last */
	guint last; /* day of the span last found: moments come nearly in order */
};

static gint64
number_of(enum report_period period, gint64 day)
{
	switch (period) {
	case REPORT_DAY:
		return day;
	case REPORT_WEEK:
		return week_of(day);
	case REPORT_MONTH:
		return month_of(day);
	case REPORT_ALL:
		break;
	}
	return 0;
}

/* First day of a period, by its number. */
static gint64
first_day_of(enum report_period period, gint64 number)
{
	switch (period) {
	case REPORT_DAY:
		return number;
	case REPORT_WEEK:
		return number * 7 - 3;
	case REPORT_MONTH:
		return day_of_month(number);
	case REPORT_ALL:
		break;
	}
	return 0;
}

struct report_calendar *
report_calendar_new(const struct worktime *worktime, enum report_period period,
		    const struct report_span *span, gboolean open)
{
	struct report_calendar *calendar = g_new0(struct report_calendar, 1);

	calendar->worktime = worktime;
	calendar->period = period;
	calendar->span = *span;
	calendar->open = open;
	calendar->begin = open ? 0 : worktime_midnight(worktime, span->first);
	calendar->end = worktime_midnight(worktime, span->end);
	calendar->first = number_of(period, span->first);
	if (period == REPORT_ALL)
		return calendar;
	calendar->midnights = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (gint64 day = span->first; day <= span->end; day++) {
		gint64 midnight = worktime_midnight(worktime, day);

		g_array_append_val(calendar->midnights, midnight);
	}
	return calendar;
}

void
report_calendar_free(struct report_calendar *calendar)
{
	if (calendar == NULL)
		return;
	g_clear_pointer(&calendar->midnights, g_array_unref);
	g_free(calendar);
}

gint64
report_calendar_begin(const struct report_calendar *calendar)
{
	return calendar->begin;
}

gint64
report_calendar_end(const struct report_calendar *calendar)
{
	return calendar->end;
}

static gint64
midnight(const struct report_calendar *calendar, guint i)
{
	return g_array_index(calendar->midnights, gint64, i);
}

/* The day of the span a moment is in; it is in the span. */
static guint
find_day(struct report_calendar *calendar, gint64 time)
{
	guint low = 0, high = calendar->midnights->len - 1;

	if (time >= midnight(calendar, calendar->last) &&
	    time < midnight(calendar, calendar->last + 1))
		return calendar->last;
	while (high - low > 1) {
		guint middle = low + (high - low) / 2;

		if (midnight(calendar, middle) <= time)
			low = middle;
		else
			high = middle;
	}
	calendar->last = low;
	return low;
}

int
report_calendar_find(struct report_calendar *calendar, gint64 time)
{
	if (time < calendar->begin || time >= calendar->end)
		return -1;
	if (calendar->period == REPORT_ALL)
		return 0;
	return (int)(number_of(calendar->period, calendar->span.first + find_day(calendar, time)) -
		     calendar->first);
}

int
report_calendar_find_day(const struct report_calendar *calendar, gint64 day)
{
	if (day < calendar->span.first || day >= calendar->span.end)
		return -1;
	return (int)(number_of(calendar->period, day) - calendar->first);
}

int
report_calendar_count(const struct report_calendar *calendar)
{
	return (int)(number_of(calendar->period, calendar->span.end - 1) - calendar->first) + 1;
}

char *
report_calendar_label(const struct report_calendar *calendar, int period)
{
	gint64 day = first_day_of(calendar->period, calendar->first + period);
	GDate date;

	if (calendar->period == REPORT_ALL)
		return g_strdup("all");
	if (calendar->period == REPORT_WEEK) {
		/* The week's year is that of its Thursday. */
		date_of(day + 3, &date);
		return g_strdup_printf("%04d-W%02d", g_date_get_year(&date),
				       (g_date_get_day_of_year(&date) - 1) / 7 + 1);
	}
	date_of(day, &date);
	if (calendar->period == REPORT_MONTH)
		return g_strdup_printf("%04d-%02d", g_date_get_year(&date),
				       (int)g_date_get_month(&date));
	return g_strdup_printf("%04d-%02d-%02d", g_date_get_year(&date),
			       (int)g_date_get_month(&date), g_date_get_day(&date));
}

void
report_calendar_bounds(const struct report_calendar *calendar, int period, gint64 *ret_begin,
		       gint64 *ret_end)
{
	gint64 number = calendar->first + period;

	*ret_begin = calendar->begin;
	*ret_end = calendar->end;
	if (calendar->period == REPORT_ALL)
		return;
	*ret_begin = worktime_midnight(calendar->worktime, first_day_of(calendar->period, number));
	*ret_begin = MAX(*ret_begin, calendar->begin);
	*ret_end =
		worktime_midnight(calendar->worktime, first_day_of(calendar->period, number + 1));
	*ret_end = MIN(*ret_end, calendar->end);
}
