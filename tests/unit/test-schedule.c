/* test-schedule.c - when a delivery is tried again. */
#include "hooks/out/schedule.h"
#include "base/clock.h"

#define NOW (1790000000 * (gint64)CLOCK_SECOND) /* Mon, 21 Sep 2026 14:13:20 GMT */

static const struct {
	guint attempts;
	int want; /* seconds without jitter */
} steps[] = {
	{ 0, 5 },
	{ 1, 5 },
	{ 2, 300 },
	{ 3, 1800 },
	{ 4, 7200 },
	{ 5, 18000 },
	{ 6, 36000 },
	{ 7, 50400 },
	{ 8, 72000 },
	{ 9, 86400 },
	{ 10, 86400 },
	{ 11, 86400 },
	{ 4000000000u, 86400 },
};

static void
test_next(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
		gint64 want = steps[i].want * (gint64)CLOCK_SECOND;
		g_assert_cmpint(schedule_next(steps[i].attempts, NOW, 0.5) - NOW, ==, want);
		g_assert_cmpint(schedule_next(steps[i].attempts, NOW, 0) - NOW, ==, want * 9 / 10);
		gint64 latest = schedule_next(steps[i].attempts, NOW, 1) - NOW;
		g_assert_cmpint(ABS(latest - want * 11 / 10), <=, 1);
		g_assert_cmpint(schedule_next(steps[i].attempts, NOW, 7) - NOW, ==, latest);
	}
}

#define NONE G_MININT64
static const struct {
	const char *value;
	gint64 want; /* seconds from NOW; NONE: unreadable */
} retries[] = {
	{ "0", 0 },
	{ "120", 120 },
	{ " 120 ", 120 },
	{ "86400", 86400 },
	{ "86401", 86400 },
	{ "99999999999999999999999999", 86400 },
	{ "Mon, 21 Sep 2026 14:15:20 GMT", 120 },
	{ "Monday, 21-Sep-26 14:15:20 GMT", 120 },
	{ "Mon Sep 21 14:15:20 2026", 120 },
	{ "Thu Oct  1 14:15:20 2026", 86400 },
	{ "Sun, 06 Nov 1994 08:49:37 GMT", 784111777 - 1790000000LL },
	{ "Sunday, 06-Nov-94 08:49:37 GMT", 784111777 - 1790000000LL },
	{ "Fri, 31 Dec 9999 23:59:59 GMT", 86400 },
	{ "", NONE },
	{ "-1", NONE },
	{ "1.5", NONE },
	{ "soon", NONE },
	{ "12 apples", NONE },
	{ "Mon, 21 Sep 2026 14:15:20", NONE },
	{ "Mon, 21 Sep 2026 14:15:20 GMT+1", NONE },
	{ "Mon, 31 Sep 2026 14:15:20 GMT", NONE },
	{ "Mon, 21 Foo 2026 14:15:20 GMT", NONE },
	{ "Mon, 21 Sep 2026 25:15:20 GMT", NONE },
	{ "Mon, 21 Sep 1026 14:15:20 GMT", NONE },
};

static void
test_retry_after(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(retries); i++) {
		gint64 got = schedule_retry_after(retries[i].value, NOW);
		g_test_message("'%s'", retries[i].value);
		if (retries[i].want == NONE)
			g_assert_cmpint(got, ==, 0);
		else
			g_assert_cmpint((got - NOW) / CLOCK_SECOND, ==, retries[i].want);
	}
	g_autofree char *huge = g_strnfill(100000, 'x');
	g_assert_cmpint(schedule_retry_after(huge, NOW), ==, 0);
}

static const struct {
	long status;
	enum verdict want;
} verdicts[] = {
	{ 200, VERDICT_DELIVERED }, { 201, VERDICT_DELIVERED }, { 204, VERDICT_DELIVERED },
	{ 299, VERDICT_DELIVERED }, { 0, VERDICT_RETRY },       { 199, VERDICT_RETRY },
	{ 300, VERDICT_RETRY },     { 302, VERDICT_RETRY },     { 400, VERDICT_RETRY },
	{ 401, VERDICT_RETRY },     { 404, VERDICT_RETRY },     { 410, VERDICT_PARK },
	{ 429, VERDICT_RETRY },     { 500, VERDICT_RETRY },     { 503, VERDICT_RETRY },
	{ 999, VERDICT_RETRY },     { -1, VERDICT_RETRY },
};

static void
test_verdict(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(verdicts); i++)
		g_assert_cmpint(schedule_verdict(verdicts[i].status), ==, verdicts[i].want);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/schedule/next", test_next);
	g_test_add_func("/schedule/retry-after", test_retry_after);
	g_test_add_func("/schedule/verdict", test_verdict);
	return g_test_run();
}
