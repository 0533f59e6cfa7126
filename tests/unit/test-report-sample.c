/* test-report-sample.c - percentiles as percentile_cont has them, exact and in classes. */
#include "lead/report_sample.h"

#include <math.h>
#include <string.h>

#define PLENTY \
	{ \
		1 << 20, FALSE \
	}

/* What PostgreSQL's percentile_cont(share) WITHIN GROUP (ORDER BY value) gives. */
static const struct {
	guint32 values[12];
	guint count;
	double median, p90;
} cases[] = {
	{ { 7 }, 1, 7, 7 },
	{ { 1, 2 }, 2, 1.5, 1.9 },
	{ { 3, 1, 2 }, 3, 2, 2.8 },
	{ { 40, 10, 30, 20 }, 4, 25, 37 },
	{ { 5, 5, 5, 5, 5 }, 5, 5, 5 },
	{ { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 }, 10, 5.5, 9.1 },
	{ { 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1 }, 11, 6, 10 },
	{ { 0, 4294967295u }, 2, 2147483647.5, 3865470565.5 },
};

static void
test_exact(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct report_budget budget = PLENTY;
		struct report_sample sample = { 0 };

		for (guint k = 0; k < cases[i].count; k++)
			report_sample_add(&sample, cases[i].values[k], &budget);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&sample, 0.5),
					       cases[i].median, 1e-6);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&sample, 0.9), cases[i].p90,
					       1e-6);
		g_assert_false(budget.is_spent);
		report_sample_clear(&sample);
		g_assert_cmpfloat(report_sample_percentile(&sample, 0.5), ==, 0);
	}
}

/* --- against a naive one, and PostgreSQL's definition --- */

static gint
compare(gconstpointer one, gconstpointer other)
{
	guint32 a = *(const guint32 *)one, b = *(const guint32 *)other;

	return a < b ? -1 : a > b;
}

static double
naive(GArray *values, double share)
{
	double row = share * (values->len - 1);
	double low, high;

	g_array_sort(values, compare);
	low = g_array_index(values, guint32, (guint)floor(row));
	high = g_array_index(values, guint32, (guint)ceil(row));
	return low == high ? low : low + (row - floor(row)) * (high - low);
}

static guint32
random_duration(void)
{
	return (guint32)exp(g_test_rand_double_range(0, 20)); /* seconds to fifteen years */
}

static void
test_random(void)
{
	static const double SHARES[] = { 0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1 };

	for (guint round = 0; round < 60; round++) {
		struct report_sample sample = { 0 };
		struct report_budget budget = PLENTY;
		g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(guint32));
		guint count = (guint)g_test_rand_int_range(1, round < 40 ? 300 : 20000);

		for (guint i = 0; i < count; i++) {
			guint32 value = random_duration();

			g_array_append_val(values, value);
			report_sample_add(&sample, value, &budget);
		}
		for (gsize i = 0; i < G_N_ELEMENTS(SHARES); i++)
			g_assert_cmpfloat_with_epsilon(report_sample_percentile(&sample, SHARES[i]),
						       naive(values, SHARES[i]), 1e-3);
		report_sample_clear(&sample);
	}
}

/* Without a budget for them, values are known to 0.4 %, small ones exactly. */
static void
test_classes(void)
{
	static const double SHARES[] = { 0, 0.1, 0.5, 0.9, 1 };
	struct report_budget budget = { 1000, FALSE };
	struct report_sample sample = { 0 };
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; i < 100000; i++) {
		guint32 value = i % 3 ? random_duration() : (guint32)g_test_rand_int_range(0, 256);

		g_array_append_val(values, value);
		report_sample_add(&sample, value, &budget);
	}
	g_assert_true(budget.is_spent);
	g_assert_null(sample.values);
	g_assert_cmpuint(sample.count, ==, 100000);
	for (gsize i = 0; i < G_N_ELEMENTS(SHARES); i++) {
		double right = naive(values, SHARES[i]);

		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&sample, SHARES[i]), right,
					       right < 256 ? 1e-9 : right * 0.004);
	}
	report_sample_clear(&sample);
}

/* Every value is in a class that tells it well. */
static void
test_class_bounds(void)
{
	static const guint32 VALUES[] = { 0,     1,       127,        128,         255,
					  256,   257,     511,        512,         65535,
					  65536, 1 << 30, 0x7fffffff, 0x80000000u, 0xffffffffu };

	for (gsize i = 0; i < G_N_ELEMENTS(VALUES); i++) {
		struct report_budget budget = { 0, FALSE };
		struct report_sample sample = { 0 };

		for (guint k = 0; k <= REPORT_SAMPLE_CLASSES; k++)
			report_sample_add(&sample, VALUES[i], &budget);
		g_assert_nonnull(sample.classes);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&sample, 0.5), VALUES[i],
					       VALUES[i] / 256.0 + 1e-9);
		report_sample_clear(&sample);
	}
}

static void
test_merge(void)
{
	for (guint spent = 0; spent < 4; spent++) {
		struct report_budget tight = { 0, FALSE }, plenty = PLENTY;
		struct report_sample one = { 0 }, other = { 0 };

		for (guint i = 0; i < 5000; i++) {
			report_sample_add(&one, i % 100, spent & 1 ? &tight : &plenty);
			report_sample_add(&other, 100 + i % 100, spent & 2 ? &tight : &plenty);
		}
		report_sample_merge(&one, &other, &plenty);
		g_assert_cmpuint(one.count, ==, 10000);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&one, 0.5), 99.5, 1e-9);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&one, 0), 0, 1e-9);
		g_assert_cmpfloat_with_epsilon(report_sample_percentile(&one, 1), 199, 1e-9);
		report_sample_clear(&one);
		report_sample_clear(&other);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report-sample/exact", test_exact);
	g_test_add_func("/report-sample/random", test_random);
	g_test_add_func("/report-sample/classes", test_classes);
	g_test_add_func("/report-sample/class-bounds", test_class_bounds);
	g_test_add_func("/report-sample/merge", test_merge);
	return g_test_run();
}
