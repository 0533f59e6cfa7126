/* test-metrics.c - what figures are made of: the text format, the scales of histograms, what an
 * attempt came to, what lies in a spool. */
#include "base/clock.h"
#include "base/error.h"
#include "base/exposition.h"
#include "base/histogram.h"
#include "hooks/out/figures.h"
#include "store/spool_look.h"

#include <glib/gstdio.h>
#include <string.h>

static void
test_exposition(void)
{
	static const struct {
		const char *label, *want;
	} cases[] = {
		{ "plain", "m{l=\"plain\"} 2\n" },
		{ "", "m{l=\"\"} 2\n" },
		{ "a\"b\\c", "m{l=\"a\\\"b\\\\c\"} 2\n" },
		{ "two\nlines", "m{l=\"two lines\"} 2\n" },
		{ "продажи", "m{l=\"продажи\"} 2\n" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		exposition_labelled(out, "m", "l", cases[i].label, 2);
		g_assert_cmpstr(out->str, ==, cases[i].want);
	}
	g_autoptr(GString) out = g_string_new(NULL);
	exposition_single(out, "m_total", "counter", "Help.", 0.5);
	g_assert_cmpstr(out->str, ==,
			"# HELP m_total Help.\n# TYPE m_total counter\nm_total 0.5\n");
}

static void
test_histogram(void)
{
	static const struct {
		enum histogram_scale scale;
		gint64 microseconds;
		const char *below, *from; /* the last bucket without it, the first with it */
	} cases[] = {
		{ HISTOGRAM_MOMENTS, -5, NULL, "0.0001" },
		{ HISTOGRAM_MOMENTS, 100, NULL, "0.0001" },
		{ HISTOGRAM_MOMENTS, 101, "0.0001", "0.00025" },
		{ HISTOGRAM_MOMENTS, 10 * G_USEC_PER_SEC, "5", "10" },
		{ HISTOGRAM_MOMENTS, 11 * G_USEC_PER_SEC, "10", "+Inf" },
		{ HISTOGRAM_DAYS, 0, NULL, "0.1" },
		{ HISTOGRAM_DAYS, 301 * (gint64)G_USEC_PER_SEC, "300", "1800" },
		{ HISTOGRAM_DAYS, 7 * CLOCK_DAY, "259200", "604800" },
		{ HISTOGRAM_DAYS, 8 * CLOCK_DAY, "604800", "+Inf" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct histogram histogram = { .scale = cases[i].scale };
		g_autoptr(GString) out = g_string_new(NULL);
		histogram_add(&histogram, cases[i].microseconds);
		histogram_write(&histogram, out, "h", "");
		g_autofree char *with = g_strdup_printf("{le=\"%s\"} 1\n", cases[i].from);
		g_assert_nonnull(strstr(out->str, with));
		g_assert_nonnull(strstr(out->str, "h_count 1\n"));
		if (!cases[i].below)
			continue;
		g_autofree char *without = g_strdup_printf("{le=\"%s\"} 0\n", cases[i].below);
		g_assert_nonnull(strstr(out->str, without));
	}
}

static void
test_results(void)
{
	static const struct {
		struct lane_answer answer;
		const char *want;
	} cases[] = {
		{ { .status = 200 }, "delivered" },
		{ { .status = 204 }, "delivered" },
		{ { .verdict = VERDICT_DELIVERED, .status = 409 }, "delivered" },
		{ { .status = 0 }, "unreachable" },
		{ { .status = 0, .unreachable = TRUE, .verdict = VERDICT_RETRY }, "unreachable" },
		{ { .status = 301 }, "client_error" },
		{ { .status = 400 }, "client_error" },
		{ { .status = 401 }, "unauthorised" },
		{ { .status = 403, .verdict = VERDICT_REFUSED }, "unauthorised" },
		{ { .status = 403 }, "client_error" },
		{ { .status = 410 }, "client_error" },
		{ { .status = 429 }, "throttled" },
		{ { .status = 500 }, "server_error" },
		{ { .status = 503, .verdict = VERDICT_RETRY }, "server_error" },
		{ { .status = 200, .verdict = VERDICT_HOLD }, "adapter_error" },
		{ { .status = 0, .verdict = VERDICT_DEAD }, "adapter_error" },
		{ { .verdict = VERDICT_LATER }, "postponed" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpstr(figures_result_name(figures_result_of(&cases[i].answer, 0)), ==,
				cases[i].want);
}

static void
test_each(void)
{
	struct lane_single each[] = { { VERDICT_DELIVERED, 0 },
				      { VERDICT_LATER, 9 },
				      { VERDICT_DEAD, 0 } };
	struct lane_answer answer = { .verdict = VERDICT_DELIVERED, .status = 200 };
	answer.each = g_array_new(FALSE, FALSE, sizeof each[0]);
	g_array_append_vals(answer.each, each, G_N_ELEMENTS(each));
	struct delivery delivery = { .time = clock_now() - 2 * CLOCK_SECOND };
	g_autoptr(GPtrArray) deliveries = g_ptr_array_new();
	for (guint i = 0; i < G_N_ELEMENTS(each); i++)
		g_ptr_array_add(deliveries, &delivery);
	struct figures *figures = figures_new("crm");
	figures_count(figures, deliveries, &answer, 1000, clock_now());
	g_assert_cmpuint(figures->results[RESULT_DELIVERED], ==, 1);
	g_assert_cmpuint(figures->results[RESULT_POSTPONED], ==, 1);
	g_assert_cmpuint(figures->results[RESULT_ADAPTER_ERROR], ==, 1);
	g_autoptr(GString) out = g_string_new(NULL);
	histogram_write(&figures->latency, out, "l", "");
	g_assert_nonnull(strstr(out->str, "l_bucket{le=\"1\"} 0\n"));
	g_assert_nonnull(strstr(out->str, "l_bucket{le=\"2.5\"} 1\n"));
	figures_free(figures);
	g_array_unref(answer.each);
}

static void
put(const char *directory, const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(directory, name, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
test_spool_look(void)
{
	g_autofree char *directory = g_dir_make_tmp("leadmilter-look-XXXXXX", NULL);
	g_autofree char *bad = g_build_filename(directory, "bad", NULL);
	g_autoptr(GError) error = NULL;
	struct spool_look look;
	g_assert_true(spool_look(directory, &look, &error));
	g_assert_cmpuint(look.files, ==, 0);
	g_assert_cmpint(look.oldest, ==, 0);
	g_mkdir(bad, 0700);
	put(directory, "00060000000000ff-abcd.mail", "12345");
	put(directory, "00060000000000fe-abcd.mail", "123");
	put(directory, "tmp.77.00060000000000ff", "x");
	put(directory, "notes.mail", "x");
	put(directory, "zzzz00000000000f-abcd.mail", "x");
	put(bad, "00060000000000fd-abcd.mail", "x");
	g_assert_true(spool_look(directory, &look, &error));
	g_assert_cmpuint(look.files, ==, 2);
	g_assert_cmpint(look.bytes, ==, 8);
	g_assert_cmpint(look.oldest, ==, 0x60000000000feLL);
	g_assert_cmpuint(look.bad, ==, 1);
	g_autofree char *command = g_strdup_printf("rm -r '%s'", directory);
	g_assert_cmpint(system(command), ==, 0);
	g_assert_false(spool_look(directory, &look, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SPOOL);
	g_assert_cmpuint(look.files, ==, 2);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metrics/exposition", test_exposition);
	g_test_add_func("/metrics/histogram", test_histogram);
	g_test_add_func("/metrics/results", test_results);
	g_test_add_func("/metrics/each", test_each);
	g_test_add_func("/metrics/spool", test_spool_look);
	return g_test_run();
}
