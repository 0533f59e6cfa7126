/* test-dates.c - dates as people write them. */
#include "mail/dates.h"

#include <glib.h>
#include <string.h>

#define DAY (24 * 3600 * G_TIME_SPAN_SECOND)

/* Seen from Saturday, 21 November 2026. */
static const struct {
	const char *text, *days; /* ISO, space-separated */
	gboolean month_first;
} cases[] = {
	{ "2026-12-05", "2026-12-05", FALSE },
	{ "2026/12/05 and 2026.12.06", "2026-12-05 2026-12-06", FALSE },
	{ "5.12.2026", "2026-12-05", FALSE },
	{ "05.12.26", "2026-12-05", FALSE },
	{ "5.12.", "2026-12-05", FALSE },
	{ "05. 12. 2026", "2026-12-05", FALSE },
	{ "5/12/2026", "2026-12-05", FALSE },
	{ "5/12/2026", "2026-05-12", TRUE },
	{ "12/25", "2026-12-25", TRUE },
	{ "25/12", "2026-12-25", TRUE },
	{ "12/25", "2026-12-25", FALSE },
	{ "5 december", "2026-12-05", FALSE },
	{ "5th of december, 2027", "2027-12-05", FALSE },
	{ "december 5th", "2026-12-05", FALSE },
	{ "dec. 5, 2026", "2026-12-05", FALSE },
	{ "december 5 - 16", "2026-12-16", FALSE },
	{ "5-16 december", "2026-12-16", FALSE },
	{ "january 7", "2027-01-07", FALSE },
	{ "10 november", "2026-11-10", FALSE },
	{ "5. dezember", "2026-12-05", FALSE },
	{ "7. jänner 2027", "2027-01-07", FALSE },
	{ "le 1er février", "2027-02-01", FALSE },
	{ "5 de diciembre de 2026", "2026-12-05", FALSE },
	{ "5 dicembre", "2026-12-05", FALSE },
	{ "5 de dezembro", "2026-12-05", FALSE },
	{ "7 maart", "2027-03-07", FALSE },
	{ "5 decembrie", "2026-12-05", FALSE },
	{ "с 30 ноября по 5 декабря 2026", "2026-11-30 2026-12-05", FALSE },
	{ "5 грудня", "2026-12-05", FALSE },
	{ "5 grudnia", "2026-12-05", FALSE },
	{ "5. prosince", "2026-12-05", FALSE },
	{ "5. joulukuuta", "2026-12-05", FALSE },
	{ "március 5", "2027-03-05", FALSE },
	{ "5 aralık", "2026-12-05", FALSE },
	{ "5 δεκεμβρίου", "2026-12-05", FALSE },
	{ "12月5日", "2026-12-05", FALSE },
	{ "2026年12月5日", "2026-12-05", FALSE },
	{ "12월 5일", "2026-12-05", FALSE },
	{ "ngày 5 tháng 12", "2026-12-05", FALSE },
	{ "monday", "2026-11-23", FALSE },
	{ "saturday", "2026-11-28", FALSE },
	{ "monday, 7 december", "2026-12-07", FALSE },
	{ "am montag", "2026-11-23", FALSE },
	{ "понедельник", "2026-11-23", FALSE },
	{ "tomorrow", "2026-11-22", FALSE },
	{ "завтра", "2026-11-22", FALSE },
	/* none of these is a date */
	{ "31 february, 32.1.2026, 5/13/2026/9 0.0.", "", FALSE },
	{ "version 2.4.1 costs 99.5 % at 10:30, call 555-1234", "", FALSE },
	{ "you may contact me, march on, sat down", "", FALSE },
	{ "123456789 december 99999999999", "", FALSE },
	{ "", "", FALSE },
};

static char *
as_iso(gint64 day)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(day / G_TIME_SPAN_SECOND);
	return g_date_time_format(time, "%Y-%m-%d");
}

static void
test_find(void)
{
	gint64 reference = dates_day(2026, 11, 21) + DAY / 2;
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GArray) found =
			dates_find(cases[i].text, reference, cases[i].month_first);
		g_autoptr(GString) days = g_string_new(NULL);
		for (guint j = 0; j < found->len; j++) {
			const struct date_found *date = &g_array_index(found, struct date_found, j);
			g_autofree char *iso = as_iso(date->day);
			g_string_append_printf(days, "%s%s", j ? " " : "", iso);
			g_assert_cmpuint(date->begin, <, date->end);
			g_assert_cmpuint(date->end, <=, strlen(cases[i].text));
		}
		g_test_message("%s", cases[i].text);
		g_assert_cmpstr(days->str, ==, cases[i].days);
	}
}

static void
test_day(void)
{
	static const struct {
		gint year, month, day;
		gint64 days;
	} rows[] = {
		{ 1971, 1, 1, 365 }, { 2000, 2, 29, 11016 }, { 2026, 11, 21, 20778 },
		{ 1900, 1, 1, 0 },   { 2026, 2, 29, 0 },     { 2026, 13, 1, 0 },
		{ 2026, 0, 1, 0 },   { 2026, 1, 0, 0 },      { 3000, 1, 1, 0 },
		{ -1, -1, -1, 0 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		g_assert_cmpint(dates_day(rows[i].year, rows[i].month, rows[i].day), ==,
				rows[i].days * DAY);
}

static void
test_many(void)
{
	g_autoptr(GString) text = g_string_new(NULL);
	for (guint i = 0; i < 5000; i++)
		g_string_append(text, "5 december ");
	g_autoptr(GArray) found = dates_find(text->str, dates_day(2026, 11, 21), FALSE);
	g_assert_cmpuint(found->len, ==, 64);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/dates/find", test_find);
	g_test_add_func("/dates/day", test_day);
	g_test_add_func("/dates/many", test_many);
	return g_test_run();
}
