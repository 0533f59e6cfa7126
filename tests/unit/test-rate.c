/* test-rate.c - so many a second, after a pause and without one. */
#include "hooks/out/rate.h"
#include "base/clock.h"

#define START (1790000000 * (gint64)CLOCK_SECOND)

static const struct {
	double per_second;
	double seconds; /* so long everything goes that may */
	guint least, most; /* go */
} cases[] = {
	{ 1, 10, 10, 11 },
	{ 7, 10, 70, 77 },
	{ 10, 10, 100, 110 },
	{ 0.1, 60, 6, 7 },
	{ 0.5, 60, 30, 31 },
	{ 1000, 2, 2000, 3000 },
	{ 100000, 0.5, 50000, 150000 },
};

static void
test_pace(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct rate rate = { cases[i].per_second, 0 };
		gint64 now = START, end = START + (gint64)(cases[i].seconds * CLOCK_SECOND);
		guint count = 0;
		while ((now = rate_next(&rate, now)) < end) {
			rate_take(&rate, now);
			count++;
		}
		g_assert_cmpuint(count, >=, cases[i].least);
		g_assert_cmpuint(count, <=, cases[i].most);
	}
}

/* A second's worth goes at once after a pause, and no more than that. */
static void
test_burst(void)
{
	struct rate rate = { 10, 0 };
	for (guint round = 0; round < 3; round++) {
		gint64 now = START + round * 100 * CLOCK_SECOND;
		guint count = 0;
		for (; rate_next(&rate, now) == now; count++)
			rate_take(&rate, now);
		g_assert_cmpuint(count, ==, 10);
		g_assert_cmpint(rate_next(&rate, now), ==, now + CLOCK_SECOND / 10);
	}
}

static void
test_unbounded(void)
{
	struct rate rate = { 0, 0 };
	for (guint i = 0; i < 1000; i++) {
		g_assert_cmpint(rate_next(&rate, START), ==, START);
		rate_take(&rate, START);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rate/pace", test_pace);
	g_test_add_func("/rate/burst", test_burst);
	g_test_add_func("/rate/unbounded", test_unbounded);
	return g_test_run();
}
