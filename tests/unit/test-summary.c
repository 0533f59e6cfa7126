/* test-summary.c - early touches summed up: no score changes by it, and what is counted stays. */
#include "lead/summary.h"

#include <string.h>

#include "base/limits.h"
#include "lead/expression.h"
#include "lead/score.h"
#include "score-fixture.h"

static const char CARD[] =
	"name = \"one\" mql = 40.0\n"
	"group \"g\" { cap = 20.0 floor = -10.0 }\n"
	"rule \"r0\" { when = \"true\" points = 3.0 }\n"
	"rule \"r1\" { when = \"true\" points = 2.5 half_life = 7.0 group = \"g\" }\n"
	"rule \"r2\" { when = \"true\" points = -4.0 half_life = 0.0 count = \"day\" group = \"g\" "
	"}\n"
	"rule \"r3\" { when = \"true\" points = 6.0 dimension = \"fit\" count = \"person\" }\n"
	"rule \"r4\" { when = \"true\" points = 1.5 count = \"person\" half_life = 90.0 }\n"
	"touch \"click\" { points = 3.0 }\n";
static const char OTHER[] = "name = \"two\" mql = 10.0\n"
			    "rule \"r0\" { when = \"true\" points = 1.0 half_life = 300.0 }\n"
			    "rule \"r3\" { when = \"true\" points = -1.0 dimension = \"quality\" "
			    "count = \"person\" }\n";
/* r0 fades faster, r3 adds up. */
static const char CHANGED[] = "name = \"one\" mql = 40.0\n"
			      "group \"g\" { cap = 20.0 floor = -10.0 }\n"
			      "rule \"r0\" { when = \"true\" points = 3.0 half_life = 10.0 }\n"
			      "rule \"r3\" { when = \"true\" points = 6.0 dimension = \"fit\" }\n"
			      "rule \"new\" { when = \"true\" points = 6.0 }\n";
static const char REPRICED[] =
	"name = \"one\" mql = 50.0\n"
	"rule \"r0\" { when = \"true\" points = 30.0 }\n"
	"rule \"r1\" { when = \"true\" points = 2.5 half_life = 7.0 }\n"
	"rule \"r2\" { when = \"true\" points = -4.0 half_life = 0.0 }\n"
	"rule \"r3\" { when = \"true\" points = 7.0 dimension = \"fit\" count = \"person\" }\n"
	"rule \"r4\" { when = \"true\" points = 1.5 half_life = 90.0 }\n"
	"touch \"click\" { points = 5.0 }\n";

static struct scorecards *
cards(const char *one)
{
	const char *const texts[] = { one, OTHER, NULL };
	g_autoptr(GError) error = NULL;
	struct scorecards *scorecards = fixture_cards(texts, &error);

	g_assert_no_error(error);
	return scorecards;
}

/* Mostly in order of time, some late. */
static GPtrArray *
random_ledger(guint count)
{
	static const char *const NAMES[] = { "mail", "reply", "click" };
	GPtrArray *touches = fixture_touches();

	for (guint i = 0; i < count; i++) {
		gint64 age = (gint64)(count - i) * CLOCK_DAY / 3;
		struct touch *touch;

		if (g_test_rand_int_range(0, 10) == 0)
			age = (gint64)g_test_rand_int_range(0, (gint)count) * CLOCK_DAY / 3;
		touch = fixture_touch(touches, NAMES[g_test_rand_int_range(0, 3)], NOW - age);
		for (guint j = 0; j < 3; j++) {
			g_autofree char *rule = g_strdup_printf("r%d", g_test_rand_int_range(0, 6));

			fixture_gave(touch, g_test_rand_bit() ? "one" : "two", rule,
				     g_test_rand_int_range(0, 4) == 0 ? 0 : 1);
		}
		if (g_test_rand_bit())
			fixture_gave(touch, "one", "click", 1);
	}
	return touches;
}

static GPtrArray *
copy_ledger(const GPtrArray *touches)
{
	GPtrArray *copies = fixture_touches();

	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		struct touch *copy = fixture_touch(copies, touch->name, touch->time);
		g_autofree char *json = contributions_to_json(touch->contributions);

		g_ptr_array_unref(copy->contributions);
		copy->contributions = contributions_from_json(json, NULL);
	}
	return copies;
}

static void
assert_same_scores(const struct scorecards *scorecards, GPtrArray *one, GPtrArray *other,
		   gint64 now)
{
	g_autoptr(lead_owned) a = lead_new();
	g_autoptr(lead_owned) b = lead_new();
	g_autofree char *a_text = NULL;
	g_autofree char *b_text = NULL;
	struct score score;

	score_evaluate_all(scorecards, one, a, now, &score);
	score_keep(&score, a);
	score_clear(&score);
	score_evaluate_all(scorecards, other, b, now, &score);
	score_keep(&score, b);
	score_clear(&score);
	a_text = lead_scores_to_text(a->scores);
	b_text = lead_scores_to_text(b->scores);
	g_assert_cmpstr(a_text, ==, b_text);
	g_assert_cmpfloat(a->completeness, ==, b->completeness);
}

/* As the store does: written down, read back, and on. */
static void
write_and_read(GPtrArray *ledger)
{
	struct touch *folded = ledger->pdata[0];
	g_autofree char *json = contributions_to_folded_json(folded->contributions);
	g_autofree char *names = summary_names_to_text(folded->summary);
	struct touch *again =
		summary_from_text(folded->sequence, contributions_from_json(json, NULL), names);

	g_assert_nonnull(again);
	touch_free(folded);
	ledger->pdata[0] = again;
}

static void
test_no_score_changes(void)
{
	g_autoptr(scorecards_owned) scorecards = cards(CARD);
	g_autoptr(scorecards_owned) repriced = cards(REPRICED);

	for (guint round = 0; round < 40; round++) {
		g_autoptr(GPtrArray) whole = random_ledger(300);
		g_autoptr(GPtrArray) all = copy_ledger(whole);
		g_autoptr(GPtrArray) folded = fixture_touches();

		/* One after another, as mail comes. */
		g_ptr_array_set_free_func(all, NULL);
		for (guint i = 0; i < all->len; i++) {
			g_ptr_array_add(folded, all->pdata[i]);
			if (summary_ledger(folded, scorecards))
				write_and_read(folded);
		}
		g_assert_cmpuint(folded->len, <=, LIMIT_LEDGER + 1);
		g_assert_cmpuint(folded->len, >, LIMIT_LEDGER_KEPT);
		g_assert_true(summary_is_current(folded->pdata[0], scorecards));
		for (guint days = 0; days < 400; days += 57) {
			gint64 now = NOW + (gint64)days * CLOCK_DAY;

			assert_same_scores(scorecards, whole, folded, now);
			/* Other points, thresholds and groups need no other summary. */
			g_assert_true(summary_is_current(folded->pdata[0], repriced));
			assert_same_scores(repriced, whole, folded, now);
		}
	}
}

static void
test_made_again(void)
{
	g_autoptr(scorecards_owned) before = cards(CARD);
	g_autoptr(scorecards_owned) after = cards(CHANGED);
	g_autoptr(GPtrArray) whole = random_ledger(200);
	g_autoptr(GPtrArray) folded = copy_ledger(whole);
	g_autoptr(GPtrArray) again = copy_ledger(whole);

	g_assert_true(summary_ledger(folded, before));
	g_assert_false(summary_is_current(folded->pdata[0], after));
	g_assert_true(summary_ledger(again, after));
	g_assert_true(summary_is_current(again->pdata[0], after));
	assert_same_scores(after, whole, again, NOW);
	/* Rules that were gone are back. */
	g_assert_false(summary_is_current(again->pdata[0], before));
}

/* What explain shows of the summary. */
static void
test_summary_is_shown(void)
{
	g_autoptr(scorecards_owned) scorecards = cards(CARD);
	g_autoptr(GPtrArray) touches = fixture_touches();
	const struct contribution *shown;
	struct score score;

	for (guint i = 0; i < 200; i++)
		fixture_gave(fixture_touch(touches, "click", NOW - CLOCK_DAY), "one", "click", 1);
	summary_ledger(touches, scorecards);
	score_evaluate_all(scorecards, touches, NULL, NOW - CLOCK_DAY, &score);
	g_assert_cmpfloat(score.total, ==, 600);
	g_assert_cmpuint(score.contributions->len, ==, 1 + LIMIT_LEDGER_KEPT);
	shown = score.contributions->pdata[0];
	g_assert_cmpuint(shown->times, ==, 200 - LIMIT_LEDGER_KEPT);
	g_assert_cmpfloat(shown->points, ==, 3 * (200 - LIMIT_LEDGER_KEPT));
	g_assert_cmpstr(shown->reason, ==, "click");
	score_clear(&score);
}

static gboolean
test_on(const GPtrArray *touches, const char *condition)
{
	const struct expression_source source = { "test", 1, 1 };
	struct expression_names *names = expression_names_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(expression_owned) expression =
		expression_compile(condition, &source, names, &error);
	const struct signal_input input = { .touches = touches, .now = NOW };
	struct evaluation evaluation;
	gboolean holds;

	g_assert_no_error(error);
	expression_begin(&evaluation, names, &input);
	holds = expression_test(expression, &evaluation);
	expression_end(&evaluation);
	expression_names_free(names);
	return holds;
}

static void
test_functions(void)
{
	static const char *const want[] = {
		"count('click') == 150",
		"count('visit') == 50",
		"count('nothing') == 0",
		"count('click', 9000d) == 150",
		"not has('nothing')",
		"has('visit')",
		"age('visit') == 150d",
		"age('click') == 0d",
		"within('visit', 150d)",
		"not within('visit', 149d)",
		"within('click', 1h)",
		/* the last 64 singly, then whole days of ten each */
		"count('click', 10h) == 11",
		"count('click', 24h) >= 20 and count('click', 24h) <= 25",
		"count('click', 5d) >= 100 and count('click', 5d) <= 121",
		"history.touches == 200",
		"history.names in ('visit')",
		"age(history.first_touch) == 199d",
		"age(history.last_touch) == 0d",
	};
	g_autoptr(scorecards_owned) scorecards = cards(CARD);
	g_autoptr(GPtrArray) touches = fixture_touches();

	for (guint i = 0; i < 50; i++)
		fixture_touch(touches, "visit", NOW - (199 - (gint64)i) * CLOCK_DAY);
	for (guint i = 0; i < 150; i++)
		fixture_touch(touches, "click", NOW - (149 - (gint64)i) * CLOCK_DAY / 24);
	summary_ledger(touches, scorecards);
	g_assert_nonnull(((struct touch *)touches->pdata[0])->summary);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_test_message("%s", want[i]);
		g_assert_true(test_on(touches, want[i]));
	}
}

static void
test_once_stays_once(void)
{
	g_autoptr(scorecards_owned) scorecards = cards(CARD);
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(GPtrArray) given = NULL;
	struct fixture fixture;
	guint days = 0, once = 0;

	fixture_init(&fixture);
	fixture_gave(fixture_touch(touches, "mail", NOW - CLOCK_DAY), "one", "r4", 1);
	fixture_gave(fixture_touch(touches, "mail", NOW), "one", "r2", 1);
	for (guint i = 0; i < 200; i++)
		fixture_touch(touches, "open", NOW);
	summary_ledger(touches, scorecards);
	given = scorecards_apply(scorecards, NULL, &fixture.facts, NULL, NULL, touches, NOW);
	for (guint i = 0; i < given->len; i++) {
		const char *rule = ((const struct contribution *)given->pdata[i])->rule;

		days += strcmp(rule, "r2") == 0;
		once += strcmp(rule, "r4") == 0;
	}
	g_assert_cmpuint(days, ==, 0);
	g_assert_cmpuint(once, ==, 0);
	fixture_clear(&fixture);
}

static void
test_damaged(void)
{
	static const char *const names[] = {
		NULL,
		"",
		"x",
		"1 2",
		"1 2 x",
		"1 2 3\n",
		"1 2 3\nmail",
		"1 2 3\nmail 1 2",
		"1 2 3\nmail 1 2 3 4:x",
		"1 2 3\n% 1 2 3",
		"1 2 3\nmail 1 2 3 4",
	};
	g_autoptr(touch_owned) good = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		GPtrArray *contributions = g_ptr_array_new();

		g_test_message("%s", names[i]);
		g_assert_null(summary_from_text(5, contributions, names[i]));
	}
	g_assert_null(summary_from_text(5, NULL, "1 2 3"));
	good = summary_from_text(5, g_ptr_array_new(), "7 2 3\na%20b 7 2 3 0:4 9:3");
	g_assert_nonnull(good);
	g_assert_cmpuint(summary_count(good->summary, "a b", 0), ==, 7);
	g_assert_cmpint(good->sequence, ==, 5);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/summary/scores", test_no_score_changes);
	g_test_add_func("/summary/made-again", test_made_again);
	g_test_add_func("/summary/shown", test_summary_is_shown);
	g_test_add_func("/summary/functions", test_functions);
	g_test_add_func("/summary/once", test_once_stays_once);
	g_test_add_func("/summary/damaged", test_damaged);
	return g_test_run();
}
