/* test-score-time.c - when time alone changes a score: exactly then, never late, hardly ever early.
 */
#include "lead/score.h"

#include <math.h>
#include <string.h>

#include "score-fixture.h"

#define HOUR (CLOCK_DAY / 24)

static const char CARD[] =
	"name = \"one\" mql = 65.0 hot = 30.0 warm = 10.0\n"
	"group \"low\" { cap = 12.0 }\n"
	"group \"mixed\" { cap = 25.0 floor = -5.0 }\n"
	"rule \"fades\" { when = \"true\" points = 1.0 half_life = 30.0 }\n"
	"rule \"fast\" { when = \"true\" points = 1.0 half_life = 3.0 }\n"
	"rule \"slow\" { when = \"true\" points = 1.0 half_life = 365.0 }\n"
	"rule \"stays\" { when = \"true\" points = 1.0 half_life = 0.0 }\n"
	"rule \"capped\" { when = \"true\" points = 1.0 half_life = 30.0 group = \"low\" }\n"
	"rule \"fit\" { when = \"true\" points = 1.0 dimension = \"fit\" }\n"
	"rule \"mixed-fit\" { when = \"true\" points = 1.0 dimension = \"fit\" group = \"mixed\" "
	"}\n"
	"rule \"mixed\" { when = \"true\" points = 1.0 half_life = 10.0 group = \"mixed\" }\n";
static const char OTHER[] = "name = \"two\" mql = 5.0 hot = 1000.0 warm = 500.0\n"
			    "rule \"fades\" { when = \"true\" points = 1.0 half_life = 20.0 }\n";

static struct scorecards *
cards(void)
{
	const char *const texts[] = { CARD, OTHER, NULL };
	g_autoptr(GError) error = NULL;
	struct scorecards *scorecards = fixture_cards(texts, &error);

	g_assert_no_error(error);
	return scorecards;
}

/* Grade, temperature and qualification on every card. */
static char *
state(const struct scorecards *scorecards, GPtrArray *touches, gint64 now)
{
	g_autoptr(GPtrArray) each = scorecards_of_ledger(scorecards, touches);
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < each->len; i++) {
		struct score score;

		score_evaluate(each->pdata[i], touches, NULL, now, &score);
		g_string_append_printf(text, "%s %c %s %d;", score.scorecard, score.grade,
				       temperature_name(score.temperature), score.qualified);
		score_clear(&score);
	}
	return g_string_free(text, FALSE);
}

static gboolean
is_same(const struct scorecards *scorecards, GPtrArray *touches, gint64 one, gint64 other)
{
	g_autofree char *a = state(scorecards, touches, one);
	g_autofree char *b = state(scorecards, touches, other);

	return strcmp(a, b) == 0;
}

static void
give(GPtrArray *touches, const char *rule, double value, double days_ago)
{
	struct touch *touch =
		fixture_touch(touches, "touch", NOW - (gint64)(days_ago * (double)CLOCK_DAY));

	fixture_gave(touch, "one", rule, value);
}

static void
test_single_thresholds(void)
{
	static const struct {
		const char *rule;
		double value, fit;
		double days; /* until it changes; 0 never */
	} want[] = {
		{ "fades", 60, 0, 30 }, /* 60 to 30: no longer hot */
		{ "fades", 20, 0, 30 }, /* 20 to 10: no longer warm */
		{ "fades", 10, 0, 0.0007 }, /* at 10, rounded: gone at once */
		{ "fades", 9, 0, 0 },
		{ "fades", 130, 0, 30 }, /* qualified until 65 */
		{ "fades", 90, 20, 30 }, /* 110 to 65 */
		{ "fast", 40, 0, 3 * 0.41503749927884376 }, /* log2(4/3) half-lives */
		{ "slow", 60, 0, 365 },
		{ "stays", 200, 0, 0 },
		{ "fit", 40, 0, 0 },
		{ "capped", 12, 0, 30 * 0.26303440583379378 }, /* 12 to 10: log2(1.2) */
		{ "capped", 24, 0, 30 * 1.2630344058337937 }, /* at the cap for a half-life first */
		{ "fades", -20, 200, 0 },
		{ "fades", -200, 200, 30 * 0.5669 }, /* 0, then up to 65: log2(200/135) */
	};
	g_autoptr(scorecards_owned) scorecards = cards();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		gint64 next, second;

		give(touches, want[i].rule, want[i].value, 0);
		if (want[i].fit != 0)
			give(touches, "fit", want[i].fit, 0);
		second = score_next_change(scorecards, touches, NOW);
		next = score_crossing(scorecards, touches, NOW, NOW + 800 * CLOCK_DAY);
		g_test_message("%u: %.4f days", i,
			       next != 0 ? (double)(next - NOW) / (double)CLOCK_DAY : 0);
		if (want[i].days == 0) {
			g_assert_cmpint(next, ==, 0);
			g_assert_cmpint(second, ==, 0);
			continue;
		}
		/* To the second. */
		g_assert_cmpint(second % CLOCK_SECOND, ==, 0);
		g_assert_cmpint(second, >=, next);
		g_assert_cmpint(second - next, <, CLOCK_SECOND);
		g_assert_cmpfloat_with_epsilon((double)(next - NOW) / (double)CLOCK_DAY,
					       want[i].days, 0.005);
		/* To the microsecond. */
		g_assert_true(is_same(scorecards, touches, NOW, next - 1));
		g_assert_false(is_same(scorecards, touches, NOW, next));
		g_assert_cmpint(score_crossing(scorecards, touches, NOW, next - 1), ==, 0);
		g_assert_cmpint(score_crossing(scorecards, touches, NOW, next), ==, next);
	}
}

static void
test_any_card(void)
{
	g_autoptr(scorecards_owned) scorecards = cards();
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct touch *touch = fixture_touch(touches, "touch", NOW);

	fixture_gave(touch, "one", "fades", 60); /* in 30 days */
	fixture_gave(touch, "two", "fades", 10); /* in 20 days */
	g_assert_cmpint((score_next_change(scorecards, touches, NOW) - NOW) / HOUR, ==, 20 * 24);
	g_assert_cmpint(
		(score_next_change(scorecards, touches, NOW + 20 * CLOCK_DAY + HOUR) - NOW) / HOUR,
		==, 30 * 24);
}

static void
test_what_is_still_to_come(void)
{
	g_autoptr(scorecards_owned) scorecards = cards();
	g_autoptr(GPtrArray) touches = fixture_touches();

	give(touches, "stays", 50, -3); /* in three days */
	g_assert_cmpint(score_next_change(scorecards, touches, NOW), ==, NOW + 3 * CLOCK_DAY);
	g_assert_cmpint(score_crossing(scorecards, touches, NOW, NOW + 9 * CLOCK_DAY), ==,
			NOW + 3 * CLOCK_DAY);
	g_assert_cmpint(score_next_change(scorecards, NULL, NOW), ==, 0);
}

/* What was filled in for an event stays. */
static void
test_points_are_left_alone(void)
{
	g_autoptr(scorecards_owned) scorecards = cards();
	g_autoptr(GPtrArray) touches = fixture_touches();
	const struct contribution *contribution;
	struct score score;

	give(touches, "fades", 60, 30);
	score_evaluate_all(scorecards, touches, NULL, NOW, &score);
	contribution = score.contributions->pdata[0];
	g_assert_cmpfloat(contribution->points, ==, 30);
	score_next_change(scorecards, touches, NOW + 50 * CLOCK_DAY);
	g_assert_cmpfloat(contribution->points, ==, 30);
	g_assert_cmpfloat(contribution->decayed, ==, 30);
	score_clear(&score);
}

/* Any mixture of signs and half-lives: walk along hour by hour and compare. */
static void
test_never_late(void)
{
	static const char *const RULES[] = { "fades",  "fast", "slow",      "stays",
					     "capped", "fit",  "mixed-fit", "mixed" };
	g_autoptr(scorecards_owned) scorecards = cards();
	guint wakes = 0, changes = 0;

	for (guint round = 0; round < 30; round++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		gint64 due, end = NOW + 60 * CLOCK_DAY;

		for (guint i = 0; i < 8; i++)
			give(touches, RULES[g_test_rand_int_range(0, 8)],
			     g_test_rand_int_range(-40, 60), g_test_rand_double_range(0, 40));
		due = score_next_change(scorecards, touches, NOW);
		for (gint64 now = NOW; now < end; now += HOUR) {
			if (due != 0 && due <= now + HOUR) {
				wakes++;
				due = score_next_change(scorecards, touches, MAX(due, now));
				changes += !is_same(scorecards, touches, now, now + HOUR);
				continue;
			}
			/* Nothing was announced: nothing changes that lasts. */
			if (!is_same(scorecards, touches, now, now + HOUR))
				g_assert_true(is_same(scorecards, touches, now, now + 2 * HOUR));
		}
	}
	g_test_message("%u wake-ups for %u changes", wakes, changes);
	g_assert_cmpuint(wakes, <=, changes * 2 + 60);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/score-time/single", test_single_thresholds);
	g_test_add_func("/score-time/cards", test_any_card);
	g_test_add_func("/score-time/to-come", test_what_is_still_to_come);
	g_test_add_func("/score-time/points", test_points_are_left_alone);
	g_test_add_func("/score-time/never-late", test_never_late);
	return g_test_run();
}
