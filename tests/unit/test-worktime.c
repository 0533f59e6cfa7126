/* test-worktime.c - working hours: what is written, what is due when, and where clocks change. */
#include "lead/worktime.h"
#include "cpu_time.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"

#define MINUTE (60 * (gint64)CLOCK_SECOND)
#define WEEK "Mon-Fri 09:00-18:00"
#define ALWAYS "Mon-Sun 00:00-24:00"
#define BUCHAREST "Europe/Bucharest" /* +02:00, +03:00 from 29 March to 25 October 2026 */

static struct worktime *
make(const char *hours, const char *zone, const char *holidays, GError **error)
{
	struct config config = { .path = "/nowhere/leadmilter.conf",
				 .working_hours = (char *)hours,
				 .time_zone = (char *)zone };
	struct worktime *worktime;

	config.holidays = g_ptr_array_new_with_free_func(g_free);
	if (holidays != NULL) {
		g_auto(GStrv) each = g_strsplit(holidays, "|", -1);

		for (guint i = 0; each[i] != NULL; i++)
			g_ptr_array_add(config.holidays, g_strdup(each[i]));
	}
	worktime = worktime_new(&config, error);
	g_ptr_array_unref(config.holidays);
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

static const struct {
	const char *hours, *zone, *holidays;
	const char *from;
	gint64 minutes;
	const char *due;
} due_cases[] = {
	/* an ordinary week; 2026-11-20 is a Friday */
	{ WEEK, "UTC", NULL, "2026-11-20T10:00:00Z", 120, "2026-11-20T12:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T16:00:00Z", 120, "2026-11-20T18:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T16:00:01Z", 120, "2026-11-23T09:00:01Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T17:30:00Z", 120, "2026-11-23T10:30:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T18:00:00Z", 120, "2026-11-23T11:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-19T23:15:00Z", 120, "2026-11-20T11:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T03:00:00Z", 120, "2026-11-20T11:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-21T12:00:00Z", 30, "2026-11-23T09:30:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T10:00:00Z", 540, "2026-11-23T10:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-20T10:00:00Z", 0, "2026-11-20T10:00:00Z" },
	{ WEEK, "UTC", NULL, "2026-11-21T10:00:00Z", 0, "2026-11-21T10:00:00Z" },
	/* pauses, short days, names and forms of days */
	{ "Mon-Thu 09:00-12:30,13:30-18:00; Fri 09:00-15:00", "UTC", NULL, "2026-11-19T12:00:00Z",
	  120, "2026-11-19T15:00:00Z" },
	{ "Mon-Thu 09:00-12:30,13:30-18:00; Fri 09:00-15:00", "UTC", NULL, "2026-11-20T14:00:00Z",
	  120, "2026-11-23T10:00:00Z" },
	{ "monday 9:00-10:00 ; FRIDAY 09:00-10:00;", "UTC", NULL, "2026-11-20T09:30:00Z", 60,
	  "2026-11-23T09:30:00Z" },
	{ "Sat-Mon 10:00-12:00", "UTC", NULL, "2026-11-20T10:00:00Z", 270, "2026-11-23T10:30:00Z" },
	{ "Mon,Wed , Fri 10:00-12:00", "UTC", NULL, "2026-11-16T11:00:00Z", 90,
	  "2026-11-18T10:30:00Z" },
	/* what overlaps counts once */
	{ "Fri 09:00-12:00,10:00-11:00,11:30-13:00; Fri 13:00-14:00", "UTC", NULL,
	  "2026-11-20T08:00:00Z", 300, "2026-11-20T14:00:00Z" },
	{ "Mon-Sun 22:00-24:00, 00:00-06:00", "UTC", NULL, "2026-11-20T23:00:00Z", 120,
	  "2026-11-21T01:00:00Z" },
	/* holidays: once, every year, several in a row */
	{ WEEK, "UTC", "2026-12-25", "2026-12-24T17:00:00Z", 120, "2026-12-28T10:00:00Z" },
	{ WEEK, "UTC", "12-25|01-01", "2025-12-31T17:00:00Z", 120, "2026-01-02T10:00:00Z" },
	{ WEEK, "UTC", "2025-12-25", "2026-12-25T10:00:00Z", 60, "2026-12-25T11:00:00Z" },
	{ WEEK, "UTC", "12-25 Christmas", "2026-12-25T10:00:00Z", 60, "2026-12-28T10:00:00Z" },
	{ ALWAYS, "UTC", "02-29", "2028-02-28T23:00:00Z", 120, "2028-03-01T01:00:00Z" },
	{ ALWAYS, "UTC", "02-29", "2026-02-28T23:00:00Z", 120, "2026-03-01T01:00:00Z" },
	/* a holiday is one of the place, not of UTC */
	{ WEEK, BUCHAREST, "2026-12-01", "2026-11-30T15:30:00Z", 60, "2026-12-02T07:30:00Z" },
	/* a zone: morning there */
	{ WEEK, BUCHAREST, NULL, "2026-11-19T20:00:00Z", 120, "2026-11-20T09:00:00Z" },
	{ WEEK, "America/Los_Angeles", NULL, "2026-11-21T01:30:00Z", 60, "2026-11-23T17:30:00Z" },
	{ WEEK, "Pacific/Kiritimati", NULL, "2026-11-19T18:00:00Z", 120, "2026-11-19T21:00:00Z" },
	{ WEEK, "Asia/Kathmandu", NULL, "2026-11-20T00:00:00Z", 60, "2026-11-20T04:15:00Z" },
	/* clocks go forward on Sunday: Monday begins an hour earlier in UTC */
	{ WEEK, BUCHAREST, NULL, "2026-03-27T16:30:00Z", 60, "2026-03-30T07:00:00Z" },
	{ WEEK, BUCHAREST, NULL, "2026-10-23T15:30:00Z", 60, "2026-10-26T08:00:00Z" },
	/* through the change: 03:00 to 04:00 is not there in March, twice in October */
	{ ALWAYS, BUCHAREST, NULL, "2026-03-29T00:30:00Z", 60, "2026-03-29T01:30:00Z" },
	{ "Sun 00:00-06:00", BUCHAREST, NULL, "2026-03-28T12:00:00Z", 300, "2026-03-29T03:00:00Z" },
	{ "Sun 00:00-06:00", BUCHAREST, NULL, "2026-03-28T12:00:00Z", 301, "2026-04-04T21:01:00Z" },
	{ "Sun 00:00-06:00", BUCHAREST, NULL, "2026-10-24T12:00:00Z", 420, "2026-10-25T04:00:00Z" },
	/* a range inside of what is skipped is no time; one that begins there begins at the change
	 */
	{ "Sun 03:15-03:45", BUCHAREST, NULL, "2026-03-28T12:00:00Z", 30, "2026-04-05T00:45:00Z" },
	{ "Sun 03:30-05:00", BUCHAREST, NULL, "2026-03-28T12:00:00Z", 60, "2026-03-29T02:00:00Z" },
	{ "Sun 02:00-03:30", BUCHAREST, NULL, "2026-03-28T12:00:00Z", 60, "2026-03-29T01:00:00Z" },
	/* what comes twice: from the first 03:30 to the second 03:45 */
	{ "Sun 03:30-03:45", BUCHAREST, NULL, "2026-10-24T12:00:00Z", 75, "2026-10-25T01:45:00Z" },
	/* a day without midnight (Beirut, 2022-03-27), a day with two (Havana, 2026-11-01) */
	{ "Sun 00:00-24:00", "Asia/Beirut", NULL, "2022-03-26T12:00:00Z", 60,
	  "2022-03-26T23:00:00Z" },
	{ ALWAYS, "America/Havana", NULL, "2026-11-01T03:30:00Z", 180, "2026-11-01T06:30:00Z" },
	/* a day that was left out (Samoa went from the 29th to the 31st of December 2011) */
	{ ALWAYS, "Pacific/Apia", NULL, "2011-12-30T09:00:00Z", 120, "2011-12-30T11:00:00Z" },
};

static void
test_due(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(due_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(worktime_owned) worktime =
			make(due_cases[i].hours, due_cases[i].zone, due_cases[i].holidays, &error);
		gint64 from = at(due_cases[i].from), duration = due_cases[i].minutes * MINUTE;
		g_autofree char *got = NULL;
		g_autofree char *want = clock_format(at(due_cases[i].due));

		g_assert_no_error(error);
		g_test_message("%s %s: %s + %d minutes", due_cases[i].hours, due_cases[i].zone,
			       due_cases[i].from, (int)due_cases[i].minutes);
		got = clock_format(worktime_add(worktime, from, duration));
		g_assert_cmpstr(got, ==, want);
		g_assert_cmpint(worktime_between(worktime, from, at(due_cases[i].due)), ==,
				duration);
	}
}

static const struct {
	const char *hours, *zone, *begin, *end;
	gint64 minutes;
} between_cases[] = {
	{ WEEK, "UTC", "2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z", 0 },
	{ WEEK, "UTC", "2026-11-20T11:00:00Z", "2026-11-20T10:00:00Z", 0 },
	{ WEEK, "UTC", "2026-11-20T10:00:00Z", "2026-11-20T10:20:00Z", 20 },
	{ WEEK, "UTC", "2026-11-20T17:50:00Z", "2026-11-23T09:10:00Z", 20 },
	{ WEEK, "UTC", "2026-11-20T19:00:00Z", "2026-11-23T08:00:00Z", 0 },
	{ WEEK, "UTC", "2026-11-16T00:00:00Z", "2026-11-23T00:00:00Z", 5 * 540 },
	{ ALWAYS, "UTC", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 365 * 1440 },
	/* a year of clocks going forth and back is a whole year */
	{ ALWAYS, BUCHAREST, "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 365 * 1440 },
	{ ALWAYS, "America/Havana", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z", 365 * 1440 },
	{ ALWAYS, "Asia/Beirut", "2021-01-01T00:00:00Z", "2023-01-01T00:00:00Z", 730 * 1440 },
	{ ALWAYS, "Pacific/Apia", "2011-01-01T00:00:00Z", "2012-01-01T00:00:00Z", 365 * 1440 },
	{ ALWAYS, "Australia/Lord_Howe", "2026-01-01T00:00:00Z", "2027-01-01T00:00:00Z",
	  365 * 1440 },
	/* all of a Sunday of 23 and of 25 hours */
	{ "Sun 00:00-24:00", BUCHAREST, "2026-03-28T00:00:00Z", "2026-03-30T12:00:00Z", 23 * 60 },
	{ "Sun 00:00-24:00", BUCHAREST, "2026-10-24T00:00:00Z", "2026-10-26T12:00:00Z", 25 * 60 },
	/* 25 years, and what is before the epoch */
	{ ALWAYS, "UTC", "2001-01-01T00:00:00Z", "2026-01-01T00:00:00Z", 9131 * 1440 },
	{ WEEK, "UTC", "1969-12-29T00:00:00Z", "1970-01-05T00:00:00Z", 5 * 540 },
};

static void
test_between(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(between_cases); i++) {
		g_autoptr(worktime_owned) worktime =
			make(between_cases[i].hours, between_cases[i].zone, NULL, NULL);

		g_test_message("%s %s: %s to %s", between_cases[i].hours, between_cases[i].zone,
			       between_cases[i].begin, between_cases[i].end);
		g_assert_cmpint(worktime_between(worktime, at(between_cases[i].begin),
						 at(between_cases[i].end)),
				==, between_cases[i].minutes * MINUTE);
	}
}

static const struct {
	const char *hours, *zone, *holidays;
	const char *want; /* after the path */
} complaints[] = {
	{ "", NULL, NULL,
	  ":1:1: working_hours: expected a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)" },
	{ "Fry 09:00-18:00", NULL, NULL, ":1:1: working_hours: expected a day (Mon" },
	{ "Mo-Fr 09:00-18:00", NULL, NULL, ":1:1: working_hours: expected a day (Mon" },
	{ "Mon- 09:00-18:00", NULL, NULL, ":1:6: working_hours: expected a day (Mon" },
	{ "Mon-Fri", NULL, NULL, ":1:8: working_hours: expected an hour, 00:00 to 24:00" },
	{ "Mon-Fri 9-18", NULL, NULL, ":1:9: working_hours: expected an hour, 00:00 to 24:00" },
	{ "Mon-Fri 09:00", NULL, NULL, ":1:14: working_hours: expected 09:00-18:00" },
	{ "Mon-Fri 09:00-25:00", NULL, NULL, ":1:15: working_hours: expected an hour" },
	{ "Mon-Fri 09:00-24:01", NULL, NULL, ":1:15: working_hours: expected an hour" },
	{ "Mon-Fri 09:60-18:00", NULL, NULL, ":1:9: working_hours: expected an hour" },
	{ "Mon-Fri 09:000-18:00", NULL, NULL, ":1:9: working_hours: expected an hour" },
	{ "Mon-Fri 18:00-09:00", NULL, NULL,
	  ":1:20: working_hours: expected an end after the beginning (over midnight: two ranges" },
	{ "Mon-Fri 09:00-18:00 Sat 10:00-12:00", NULL, NULL,
	  ":1:21: working_hours: expected \";\" or the end" },
	{ WEEK, "Europe/Bukarest", NULL,
	  ":1:1: time_zone: expected a time zone such as Europe/Bucharest" },
	{ WEEK, "UTC", "2026-13-01",
	  ":1:1: holidays: expected a day, 2026-12-25 or 12-25, or file:PATH, at most 4000 of "
	  "them, not \"2026-13-01\"" },
	{ WEEK, "UTC", "2026-02-29", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", "25.12.", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", "Christmas", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", " ", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", "12-5", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", "1\xc3\xa4-05", ":1:1: holidays: expected a day" },
	{ WEEK, "UTC", "file:/nowhere/holidays", ":1:1: holidays: expected Failed to open file" },
};

static void
test_complaints(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(complaints); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(worktime_owned) worktime = make(complaints[i].hours, complaints[i].zone,
							  complaints[i].holidays, &error);
		g_autofree char *want =
			g_strconcat("/nowhere/leadmilter.conf", complaints[i].want, NULL);

		g_test_message("%s", complaints[i].want);
		g_assert_null(worktime);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_true(g_str_has_prefix(error->message, want) ||
			      (g_test_message("got %s", error->message), FALSE));
	}
}

/* A file beside the configuration, and its lines in complaints. */
static void
test_file(void)
{
	g_autofree char *directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "leadmilter.conf", NULL);
	g_autofree char *file = g_build_filename(directory, "days", NULL);
	struct config config = { .path = path, .working_hours = WEEK, .time_zone = "UTC" };
	struct worktime *worktime;
	GError *error = NULL;

	config.holidays = g_ptr_array_new();
	g_ptr_array_add(config.holidays, "file:days");
	g_file_set_contents(file, "# ours\n\n12-25\tChristmas\r\n  2026-12-28 # bridge\n", -1,
			    NULL);
	worktime = worktime_new(&config, &error);
	g_assert_no_error(error);
	g_assert_cmpint(worktime_add(worktime, at("2026-12-24T17:30:00Z"), 60 * MINUTE), ==,
			at("2026-12-29T09:30:00Z"));
	worktime_free(worktime);
	g_file_set_contents(file, "12-25\n26.12.\n", -1, NULL);
	g_assert_null(worktime_new(&config, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
	g_assert_nonnull(strstr(error->message, "/days:2:1: \"26.12.\": expected a day"));
	g_clear_error(&error);
	/* the place of an option in its file */
	g_file_set_contents(
		path, "# holidays = {}\nmailbox \"a@b.test\" {}\n  working_hours = \"Mon 9\"\n", -1,
		NULL);
	config.working_hours = "Mon 9";
	g_assert_null(worktime_new(&config, &error));
	g_assert_nonnull(strstr(error->message, ".conf:3:24: working_hours: expected an hour"));
	g_clear_error(&error);
	g_ptr_array_unref(config.holidays);
	g_remove(file);
	g_remove(path);
	g_rmdir(directory);
}

/* Adding is the inverse of counting, for any times and spans; what is due is in working hours. */
static void
test_inverse(void)
{
	static const char *const ZONES[] = { "UTC", BUCHAREST, "America/New_York", "Asia/Kolkata" };
	static const char *const HOURS[] = { WEEK, ALWAYS, "Sat-Mon 01:00-03:30,04:00-23:00" };
	gint64 base = at("2026-01-01T00:00:00Z");

	for (guint i = 0; i < 3000; i++) {
		g_autoptr(worktime_owned) worktime =
			make(HOURS[i % G_N_ELEMENTS(HOURS)], ZONES[i % G_N_ELEMENTS(ZONES)],
			     "12-25|2026-03-30", NULL);
		gint64 from = base + g_test_rand_int_range(0, 500 * 24 * 60) * MINUTE;
		gint64 one = g_test_rand_int_range(1, 6000) * MINUTE;
		gint64 two = g_test_rand_int_range(1, 6000) * MINUTE;
		gint64 middle = worktime_add(worktime, from, one);
		gint64 due = worktime_add(worktime, middle, two);

		g_assert_cmpint(worktime_add(worktime, from, one + two), ==, due);
		g_assert_cmpint(worktime_between(worktime, from, due), ==, one + two);
		g_assert_cmpint(worktime_between(worktime, from, due - 1), ==, one + two - 1);
		g_assert_cmpint(worktime_between(worktime, from, middle), ==, one);
	}
}

/* Spans nobody has, and days without any work: an end is found. */
static void
test_bounds(void)
{
	g_autoptr(worktime_owned) week = make(WEEK, BUCHAREST, NULL, NULL);
	g_autoptr(worktime_owned) rare = make("Mon 00:00-00:01", BUCHAREST, NULL, NULL);
	gint64 now = at("2026-11-20T10:00:00Z"), began = cpu_time();

	g_assert_cmpint(worktime_add(rare, now, 1000 * 3600 * (gint64)CLOCK_SECOND), >, now);
	g_assert_cmpint(worktime_add(week, now, G_MAXINT64), >, now);
	g_assert_cmpint(worktime_between(week, 0, at("9999-12-31T00:00:00Z")), >, 0);
	g_assert_cmpint(worktime_between(week, -at("9999-12-31T00:00:00Z"), 0), >, 0);
	g_assert_cmpint(cpu_time() - began, <, 2 * CLOCK_SECOND);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/worktime/due", test_due);
	g_test_add_func("/worktime/between", test_between);
	g_test_add_func("/worktime/complaints", test_complaints);
	g_test_add_func("/worktime/file", test_file);
	g_test_add_func("/worktime/inverse", test_inverse);
	g_test_add_func("/worktime/bounds", test_bounds);
	return g_test_run();
}
