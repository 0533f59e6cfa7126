/* test-clock.c - times as text and back, a clock that stands, identifiers that sort. */
#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define NOON (G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND) /* 2026-11-21T10:00:00Z */

static const struct {
	const char *text;
	gint64 want; /* 0: no time */
} parse_cases[] = {
	{ "2026-11-21T10:00:00Z", NOON },
	{ "2026-11-21t10:00:00Z", NOON },
	{ "2026-11-21T10:00:00.25Z", NOON + CLOCK_SECOND / 4 },
	{ "2026-11-21T12:00:00+02:00", NOON },
	{ "2026-11-21T04:30:00-05:30", NOON },
	{ "2026-11-21T10:00:00", NOON },
	{ "2026-11-21 10:00:00", NOON },
	{ "2026-11-21 10:00", NOON },
	{ "2026-11-21T10:00", NOON },
	{ "2026-11-21", NOON - (gint64)36000 * CLOCK_SECOND },
	{ "2024-02-29", G_GINT64_CONSTANT(1709164800) * CLOCK_SECOND },
	{ "1970-01-02", CLOCK_DAY },
	{ "@1795255200", NOON },
	{ "@1", CLOCK_SECOND },
	{ "", 0 },
	{ "@", 0 },
	{ "@-5", 0 },
	{ "@12 o'clock", 0 },
	{ "@99999999999999999999", 0 },
	{ "@9223372036854775807", 0 },
	{ "@253402300800", 0 },
	{ "now", 0 },
	{ "yesterday.", 0 },
	{ "2026-11-21T25:00:00Z", 0 },
	{ "2026-02-29", 0 },
	{ "2026-13-01", 0 },
	{ "21.11.2026", 0 },
	{ "2026-11-21 10:00:00 and more", 0 },
	{ "2026-11-21 10:0x", 0 },
};

static void
test_parse(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(parse_cases); i++) {
		g_autoptr(GError) error = NULL;
		gint64 got = clock_parse(parse_cases[i].text, &error);
		g_test_message("%s", parse_cases[i].text);
		g_assert_cmpint(got, ==, parse_cases[i].want);
		if (parse_cases[i].want)
			g_assert_no_error(error);
		else {
			g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
			g_assert_nonnull(strstr(error->message, "is not a time; write"));
			g_assert_nonnull(strstr(error->message, parse_cases[i].text));
		}
	}
}

static const struct {
	gint64 time;
	const char *want;
} format_cases[] = {
	{ NOON, "2026-11-21T10:00:00.000Z" },
	{ NOON + 123456, "2026-11-21T10:00:00.123Z" },
	{ NOON + 999999, "2026-11-21T10:00:00.999Z" },
	{ 0, "1970-01-01T00:00:00.000Z" },
	{ 1000, "1970-01-01T00:00:00.001Z" },
	{ -1000, "1969-12-31T23:59:59.999Z" },
	{ -CLOCK_SECOND, "1969-12-31T23:59:59.000Z" },
	{ G_GINT64_CONSTANT(253402300799) * CLOCK_SECOND, "9999-12-31T23:59:59.000Z" },
	{ G_MAXINT64, "" },
	{ G_MININT64, "" },
};

static void
test_format(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(format_cases); i++) {
		g_autofree char *got = clock_format(format_cases[i].time);
		g_assert_cmpstr(got, ==, format_cases[i].want);
	}
}

static const struct {
	const char *text;
	gint64 want; /* -1: refused */
} duration_cases[] = {
	{ "0", 0 },
	{ "90m", 5400 * (gint64)CLOCK_SECOND },
	{ "90 min", 5400 * (gint64)CLOCK_SECOND },
	{ "1.5h", 5400 * (gint64)CLOCK_SECOND },
	{ "2 weeks", 14 * CLOCK_DAY },
	{ "180d", 180 * CLOCK_DAY },
	{ "1year", 365 * CLOCK_DAY },
	{ "0s", 0 },
	{ "", -1 },
	{ "90", -1 },
	{ "-1d", -1 },
	{ "d", -1 },
	{ "1 d d", -1 },
	{ "1fortnight", -1 },
	{ "inf d", -1 },
	{ "1e30 d", -1 },
};

static void
test_durations(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(duration_cases); i++) {
		g_autoptr(GError) error = NULL;
		gint64 got = clock_parse_duration(duration_cases[i].text, &error);
		g_assert_cmpint(got, ==, duration_cases[i].want);
		g_assert_true((error != NULL) == (got < 0));
	}
}

/* What was written is what is read. */
static void
test_round_trip(void)
{
	for (gint64 time = CLOCK_SECOND; time < 4 * NOON / 3;
	     time += (gint64)86399 * CLOCK_SECOND + 7000) {
		g_autofree char *text = clock_format(time);
		g_assert_cmpint(clock_parse(text, NULL), ==, time);
	}
}

static void
test_fixed(void)
{
	gint64 before = g_get_real_time();
	gint64 now = clock_now();
	g_assert_cmpint(now, >=, before);
	g_assert_cmpint(now, <=, g_get_real_time());
	clock_fix(NOON);
	g_assert_cmpint(clock_now(), ==, NOON);
	g_assert_cmpint(clock_now(), ==, NOON);
	clock_fix(0);
	g_assert_cmpint(clock_now(), >=, before);
	g_assert_cmpint(clock_now(), <=, g_get_real_time());
}

static const struct {
	gint64 time;
	const char *want; /* the first ten characters after the prefix */
} id_cases[] = {
	{ 0, "0000000000" },
	{ 1000, "0000000001" },
	{ 31 * 1000, "000000000Z" },
	{ 32 * 1000, "0000000010" },
	/* the example of the ULID specification */
	{ G_GINT64_CONSTANT(1469918176385) * 1000, "01ARYZ6S41" },
};

static void
test_id_time(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(id_cases); i++) {
		g_autofree char *id = clock_new_id("ld_", id_cases[i].time);
		g_assert_cmpuint(strlen(id), ==, 3 + 26);
		g_assert_true(g_str_has_prefix(id, "ld_"));
		g_assert_cmpint(strncmp(id + 3, id_cases[i].want, 10), ==, 0);
		g_assert_cmpuint(strspn(id + 3, "0123456789ABCDEFGHJKMNPQRSTVWXYZ"), ==, 26);
	}
}

static void
test_id_order(void)
{
	g_autofree char *previous = g_strdup("");
	for (gint64 time = 0; time < NOON; time += NOON / 997) {
		char *id = clock_new_id("evt_", time);
		g_assert_cmpstr(previous, <, id);
		g_free(previous);
		previous = id;
	}
}

static void
test_id_unique(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	guint places[26][32] = { { 0 } };
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	for (guint i = 0; i < 10000; i++) {
		char *id = clock_new_id("", NOON);
		for (guint j = 10; j < 26; j++)
			places[j][strchr(alphabet, id[j]) - alphabet]++;
		g_assert_true(g_hash_table_add(seen, id));
	}
	/* every random place takes every value: about 312 of each are due */
	for (guint j = 10; j < 26; j++)
		for (guint value = 0; value < 32; value++)
			g_assert_cmpuint(places[j][value], >, 150);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/clock/parse", test_parse);
	g_test_add_func("/clock/format", test_format);
	g_test_add_func("/clock/round-trip", test_round_trip);
	g_test_add_func("/clock/durations", test_durations);
	g_test_add_func("/clock/fixed", test_fixed);
	g_test_add_func("/clock/id-time", test_id_time);
	g_test_add_func("/clock/id-order", test_id_order);
	g_test_add_func("/clock/id-unique", test_id_unique);
	return g_test_run();
}
