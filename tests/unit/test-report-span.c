/* test-report-span.c - spans as people write them, and days, weeks and months where clocks change.
 */
#include "lead/report_span.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define BUCHAREST "Europe/Bucharest" /* +02:00, +03:00 from 29 March to 25 October 2026 */
#define TODAY "2026-11-22T10:00:00Z" /* a Sunday */

static struct worktime *
zone(const char *name)
{
	struct config config = { .path = "/nowhere/leadmilter.conf", .time_zone = (char *)name };
	g_autoptr(GError) error = NULL;
	struct worktime *worktime;

	config.working_hours = (char *)"Mon-Fri 09:00-18:00";
	worktime = worktime_new(&config, &error);
	g_assert_no_error(error);
	return worktime;
}

static gint64
at(const char *text)
{
	g_autoptr(GError) error = NULL;
	gint64 time = clock_parse(text, &error);

	g_assert_no_error(error);
	return time;
}

static char *
moment(const struct worktime *worktime, gint64 day)
{
	return clock_format(worktime_midnight(worktime, day));
}

static const struct {
	const char *zone, *text, *begin, *end; /* NULL: not understood */
} read_cases[] = {
	{ "UTC", "2026-11-22", "2026-11-22T00", "2026-11-23T00" },
	{ "UTC", "2024-02-29", "2024-02-29T00", "2024-03-01T00" },
	{ "UTC", "2026-02-29", NULL, NULL },
	{ "UTC", "2026-11", "2026-11-01T00", "2026-12-01T00" },
	{ "UTC", "2026-12", "2026-12-01T00", "2027-01-01T00" },
	{ "UTC", "2026-00", NULL, NULL },
	{ "UTC", "2026-13", NULL, NULL },
	{ "UTC", "2026-1", NULL, NULL },
	{ "UTC", "2026", "2026-01-01T00", "2027-01-01T00" },
	{ "UTC", "1969", NULL, NULL },
	{ "UTC", "9999", NULL, NULL },
	{ "UTC", "2026-Q1", "2026-01-01T00", "2026-04-01T00" },
	{ "UTC", "2026-q4", "2026-10-01T00", "2027-01-01T00" },
	{ "UTC", "2026-Q0", NULL, NULL },
	{ "UTC", "2026-Q5", NULL, NULL },
	{ "UTC", "2026-Q11", NULL, NULL },
	/* ISO 8601: 2026 begins on a Thursday and has 53 weeks, the first from 29 December */
	{ "UTC", "2026-W01", "2025-12-29T00", "2026-01-05T00" },
	{ "UTC", "2026-W47", "2026-11-16T00", "2026-11-23T00" },
	{ "UTC", "2026-W53", "2026-12-28T00", "2027-01-04T00" },
	{ "UTC", "2027-W53", NULL, NULL },
	{ "UTC", "2027-W01", "2027-01-04T00", "2027-01-11T00" },
	{ "UTC", "2025-W01", "2024-12-30T00", "2025-01-06T00" },
	{ "UTC", "2026-W00", NULL, NULL },
	{ "UTC", "2026-W7", NULL, NULL },
	{ "UTC", "today", "2026-11-22T00", "2026-11-23T00" },
	{ "UTC", "1d", "2026-11-21T00", "2026-11-23T00" },
	{ "UTC", "30d", "2026-10-23T00", "2026-11-23T00" },
	{ "UTC", "30 days", "2026-10-23T00", "2026-11-23T00" },
	{ "UTC", "12w", "2026-08-30T00", "2026-11-23T00" },
	{ "UTC", "6months", "2026-05-22T00", "2026-11-23T00" },
	{ "UTC", "1Y", "2025-11-22T00", "2026-11-23T00" },
	{ "UTC", "0d", NULL, NULL },
	{ "UTC", "60y", NULL, NULL },
	{ "UTC", "99999999999999999999d", NULL, NULL },
	{ "UTC", "3 parsecs", NULL, NULL },
	{ "UTC", "2026-11-20T23:30:00Z", "2026-11-20T00", "2026-11-21T00" },
	{ "UTC", "", NULL, NULL },
	{ "UTC", "yesterday", NULL, NULL },
	{ "UTC", "-5d", NULL, NULL },
	/* in a time zone */
	{ BUCHAREST, "2026-11-22", "2026-11-21T22", "2026-11-22T22" },
	{ BUCHAREST, "2026-11-20T23:30:00Z", "2026-11-20T22", "2026-11-21T22" },
	{ BUCHAREST, "2026-03-29", "2026-03-28T22", "2026-03-29T21" }, /* 23 hours */
	{ BUCHAREST, "2026-10-25", "2026-10-24T21", "2026-10-25T22" }, /* 25 hours */
	{ BUCHAREST, "2026-Q3", "2026-06-30T21", "2026-09-30T21" },
	{ "America/Santiago", "2026-09-06", "2026-09-06T04", "2026-09-07T03" }, /* from 01:00 on */
	{ "Asia/Kathmandu", "2026-11-22", "2026-11-21T18:15", "2026-11-22T18:15" },
};

static void
test_read(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(read_cases); i++) {
		g_autoptr(worktime_owned) worktime = zone(read_cases[i].zone);
		gint64 today = worktime_day(worktime, at(TODAY));
		struct report_span span = { -1, -1 };
		g_autoptr(GError) error = NULL;
		g_autofree char *begin = NULL, *end = NULL;
		gboolean read =
			report_span_read(read_cases[i].text, worktime, today, &span, &error);

		g_test_message("%s in %s", read_cases[i].text, read_cases[i].zone);
		g_assert_cmpint(read, ==, read_cases[i].begin != NULL);
		if (!read) {
			g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
			g_assert_cmpint(span.first, ==, -1);
			continue;
		}
		begin = moment(worktime, span.first);
		end = moment(worktime, span.end);
		g_assert_true(g_str_has_prefix(begin, read_cases[i].begin));
		g_assert_true(g_str_has_prefix(end, read_cases[i].end));
	}
}

static const struct {
	const char *zone, *span;
	enum report_period period;
	const char *time; /* of what is looked for */
	const char *label; /* NULL: not in the span */
	const char *begin, *end;
} find_cases[] = {
	{ "UTC", "2026", REPORT_ALL, "2026-05-05T00:00:00Z", "all", "2026-01-01T00",
	  "2027-01-01T00" },
	{ "UTC", "2026", REPORT_ALL, "2025-12-31T23:59:59Z", NULL, NULL, NULL },
	{ "UTC", "2026", REPORT_ALL, "2027-01-01T00:00:00Z", NULL, NULL, NULL },
	{ "UTC", "2026", REPORT_MONTH, "2026-02-28T23:59:59Z", "2026-02", "2026-02-01T00",
	  "2026-03-01T00" },
	{ "UTC", "2026", REPORT_MONTH, "2026-03-01T00:00:00Z", "2026-03", "2026-03-01T00",
	  "2026-04-01T00" },
	/* a week belongs to the year of its Thursday; rows are cut to the span */
	{ "UTC", "2026", REPORT_WEEK, "2026-01-01T00:00:00Z", "2026-W01", "2026-01-01T00",
	  "2026-01-05T00" },
	{ "UTC", "2027", REPORT_WEEK, "2027-01-03T12:00:00Z", "2026-W53", "2027-01-01T00",
	  "2027-01-04T00" },
	{ "UTC", "2026-W47", REPORT_DAY, "2026-11-22T23:59:59Z", "2026-11-22", "2026-11-22T00",
	  "2026-11-23T00" },
	{ BUCHAREST, "2026-11", REPORT_DAY, "2026-11-21T22:00:00Z", "2026-11-22", "2026-11-21T22",
	  "2026-11-22T22" },
	{ BUCHAREST, "2026-11", REPORT_DAY, "2026-11-21T21:59:59Z", "2026-11-21", "2026-11-20T22",
	  "2026-11-21T22" },
	{ BUCHAREST, "2026-11", REPORT_DAY, "2026-10-31T22:00:00Z", "2026-11-01", "2026-10-31T22",
	  "2026-11-01T22" },
	/* the hour that comes twice, and the end of the day that is one longer */
	{ BUCHAREST, "2026", REPORT_DAY, "2026-10-25T00:30:00Z", "2026-10-25", "2026-10-24T21",
	  "2026-10-25T22" },
	{ BUCHAREST, "2026", REPORT_DAY, "2026-10-25T01:30:00Z", "2026-10-25", "2026-10-24T21",
	  "2026-10-25T22" },
	{ BUCHAREST, "2026", REPORT_DAY, "2026-10-25T21:30:00Z", "2026-10-25", "2026-10-24T21",
	  "2026-10-25T22" },
	{ BUCHAREST, "2026", REPORT_DAY, "2026-03-29T20:59:59Z", "2026-03-29", "2026-03-28T22",
	  "2026-03-29T21" },
	{ BUCHAREST, "2026", REPORT_DAY, "2026-03-29T21:00:00Z", "2026-03-30", "2026-03-29T21",
	  "2026-03-30T21" },
	{ BUCHAREST, "2026", REPORT_WEEK, "2026-03-29T21:00:00Z", "2026-W14", "2026-03-29T21",
	  "2026-04-05T21" },
};

static void
test_find(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(find_cases); i++) {
		g_autoptr(worktime_owned) worktime = zone(find_cases[i].zone);
		g_autofree char *label = NULL, *first = NULL, *last = NULL;
		struct report_calendar *calendar;
		struct report_span span;
		gint64 time = at(find_cases[i].time), begin, end;
		int period;

		g_test_message("%s in %s", find_cases[i].time, find_cases[i].span);
		g_assert_true(report_span_read(find_cases[i].span, worktime, 0, &span, NULL));
		calendar = report_calendar_new(worktime, find_cases[i].period, &span, FALSE);
		period = report_calendar_find(calendar, time);
		g_assert_cmpint(period, ==, find_cases[i].label ? period : -1);
		if (period >= 0) {
			label = report_calendar_label(calendar, period);
			report_calendar_bounds(calendar, period, &begin, &end);
			first = clock_format(begin);
			last = clock_format(end);
			g_assert_cmpstr(label, ==, find_cases[i].label);
			g_assert_true(g_str_has_prefix(first, find_cases[i].begin));
			g_assert_true(g_str_has_prefix(last, find_cases[i].end));
			g_assert_cmpint(
				report_calendar_find_day(calendar, worktime_day(worktime, time)),
				==, period);
		}
		report_calendar_free(calendar);
	}
}

/* Periods cover the span without a gap, and a moment is in the one that says so. */
static void
check_periods(const struct worktime *worktime, enum report_period period, const char *year)
{
	struct report_calendar *calendar;
	struct report_span span;
	gint64 until;
	int count;

	g_assert_true(report_span_read(year, worktime, 0, &span, NULL));
	calendar = report_calendar_new(worktime, period, &span, FALSE);
	count = report_calendar_count(calendar);
	until = report_calendar_begin(calendar);
	for (int i = 0; i < count; i++) {
		gint64 begin, end;

		report_calendar_bounds(calendar, i, &begin, &end);
		g_assert_cmpint(begin, ==, until);
		g_assert_cmpint(begin, <, end);
		g_assert_cmpint(report_calendar_find(calendar, begin), ==, i);
		g_assert_cmpint(report_calendar_find(calendar, end - 1), ==, i);
		until = end;
	}
	g_assert_cmpint(until, ==, report_calendar_end(calendar));
	g_assert_cmpint(report_calendar_find(calendar, until), ==, -1);
	report_calendar_free(calendar);
}

static void
test_cover(void)
{
	static const char *const ZONES[] = { "UTC",
					     BUCHAREST,
					     "America/Santiago",
					     "Asia/Kathmandu",
					     "Australia/Lord_Howe",
					     "Pacific/Auckland" };

	for (gsize i = 0; i < G_N_ELEMENTS(ZONES); i++) {
		g_autoptr(worktime_owned) worktime = zone(ZONES[i]);

		for (enum report_period period = REPORT_ALL; period <= REPORT_MONTH; period++) {
			check_periods(worktime, period, "2024");
			check_periods(worktime, period, "2026");
			check_periods(worktime, period, "2026-W01");
		}
	}
}

static void
test_hour(void)
{
	static const struct {
		const char *zone, *time;
		guint hour;
	} CASES[] = {
		{ "UTC", "2026-11-16T00:00:00Z", 0 },
		{ "UTC", "2026-11-22T23:59:59Z", 167 },
		{ BUCHAREST, "2026-11-15T22:00:00Z", 0 },
		{ BUCHAREST, "2026-03-29T00:30:00Z", 6 * 24 + 2 },
		{ BUCHAREST, "2026-03-29T01:30:00Z", 6 * 24 + 4 }, /* clocks went on */
		{ "UTC", "1969-12-31T23:00:00Z", 2 * 24 + 23 },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(worktime_owned) worktime = zone(CASES[i].zone);

		g_assert_cmpuint(worktime_hour(worktime, at(CASES[i].time)), ==, CASES[i].hour);
	}
	g_assert_cmpint(worktime_day(NULL, -1), ==, -1);
	g_assert_cmpint(worktime_day(NULL, CLOCK_DAY), ==, 1);
	g_assert_cmpint(worktime_midnight(NULL, 3), ==, 3 * CLOCK_DAY);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report-span/read", test_read);
	g_test_add_func("/report-span/find", test_find);
	g_test_add_func("/report-span/cover", test_cover);
	g_test_add_func("/report-span/hour", test_hour);
	return g_test_run();
}
