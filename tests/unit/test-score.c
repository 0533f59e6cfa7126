/* test-score.c - scores: caps, thresholds, properties, today's rules, and what holds for any card
 * and ledger. */
#include "lead/score.h"

#include <math.h>
#include <string.h>

#include "lead/summary.h"
#include "score-fixture.h"

#define ROUNDS 100

/* A card whose rules are all the tests here need. */
static const char CARD[] = "name = \"test\" half_life = 30.0\n"
			   "group \"demographic\" { floor = 0.0 cap = 30.0 }\n"
			   "rule \"fades\" { when = \"true\" points = 1.0 }\n"
			   "rule \"stays\" { when = \"true\" points = 1.0 half_life = 0.0 }\n"
			   "rule \"fit\" { when = \"true\" points = 1.0 dimension = \"fit\" }\n"
			   "rule \"capped-1\" { when = \"true\" points = 1.0 dimension = \"fit\" "
			   "group = \"demographic\" }\n"
			   "rule \"capped-2\" { when = \"true\" points = 1.0 dimension = \"fit\" "
			   "group = \"demographic\" }\n"
			   "rule \"free-mail\" { when = \"true\" points = -1.0 dimension = "
			   "\"quality\" count = \"person\" }\n"
			   "rule \"role\" { when = \"true\" points = -1.0 dimension = \"quality\" "
			   "count = \"person\" }\n"
			   "rule \"need-desks\" { when = \"true\" points = 5.0 }\n"
			   "rule \"needle\" { when = \"true\" points = 5.0 }\n";

static struct scorecards *
test_card(void)
{
	g_autoptr(GError) error = NULL;
	struct scorecards *scorecards = fixture_card(CARD, &error);

	g_assert_no_error(error);
	return scorecards;
}

static struct contribution *
add(GPtrArray *touches, const char *rule, double value, gint64 days_ago)
{
	struct touch *touch = fixture_touch(touches, "touch", NOW - days_ago * CLOCK_DAY);

	return fixture_gave(touch, NULL, rule, value);
}

static double
total_of(const struct scorecards *scorecards, GPtrArray *touches, gint64 now)
{
	struct score score;
	double total;

	score_evaluate_all(scorecards, touches, NULL, now, &score);
	total = score.total;
	score_clear(&score);
	return total;
}

/* --- limits --- */

static void
test_fit_is_capped(void)
{
	static const struct {
		double points[4];
		double fit;
	} want[] = {
		{ { 10, 10, 5, 0 }, 25 },   { { 10, 10, 10, 0 }, 30 }, { { 10, 10, 10, 0.1 }, 30 },
		{ { 12, 15, 9, 4 }, 30 },   { { 7, 7, 7, 13 }, 30 },   { { 1000, 1, 1, 1 }, 30 },
		{ { 40, -5, -20, 0 }, 15 }, { { 10, -20, 0, 0 }, 0 },  { { -1, -1, -1, -1 }, 0 },
		{ { 50, -10, 0, 0 }, 30 },
	};
	g_autoptr(scorecards_owned) scorecards = test_card();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct touch *touch = fixture_touch(touches, "mail", NOW);
		struct score score;

		for (guint j = 0; j < 4; j++)
			fixture_gave(touch, "test", j % 2 ? "capped-1" : "capped-2",
				     want[i].points[j]);
		fixture_gave(touch, "test", "stays", 5);
		score_evaluate_all(scorecards, touches, NULL, NOW, &score);
		g_assert_cmpfloat(score.fit, ==, want[i].fit);
		g_assert_cmpfloat(score.engagement, ==, 5);
		g_assert_cmpfloat_with_epsilon(score.total, want[i].fit + 5, 1e-9);
		score_clear(&score);
	}
}

static void
test_threshold_from_both_sides(void)
{
	static const struct {
		double points[3];
		gboolean qualified;
	} want[] = {
		{ { 65, 0, 0 }, TRUE },          { { 64.9999, 0, 0 }, FALSE },
		{ { 20, 20, 24.9 }, FALSE },     { { 20, 20, 25 }, TRUE },
		{ { 64.7, 0.1, 0.2 }, TRUE }, /* 64.99999999999999 in doubles */
		{ { 100, -35, -0.001 }, FALSE }, { { 65.0001, 0, 0 }, TRUE },
	};
	g_autoptr(scorecards_owned) scorecards = test_card();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct score score;

		for (guint j = 0; j < 3; j++)
			add(touches, j % 2 ? "stays" : "fades", want[i].points[j], 0);
		score_evaluate_all(scorecards, touches, NULL, NOW, &score);
		g_assert_cmpint(score.qualified, ==, want[i].qualified);
		score_clear(&score);
	}
}

static void
test_grades_and_temperatures(void)
{
	static const struct {
		double fit, engagement;
		char grade;
		enum temperature temperature;
	} want[] = {
		{ 22, 30, 'A', TEMPERATURE_HOT },  { 21.9, 29.9, 'B', TEMPERATURE_WARM },
		{ 15, 10, 'B', TEMPERATURE_WARM }, { 14.9, 9.9, 'C', TEMPERATURE_COLD },
		{ 8, -5, 'C', TEMPERATURE_COLD },  { 7.9, 0, 'D', TEMPERATURE_COLD },
	};
	g_autoptr(scorecards_owned) scorecards = test_card();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct touch *touch = fixture_touch(touches, "mail", NOW);
		struct score score;

		fixture_gave(touch, NULL, "fit", want[i].fit);
		fixture_gave(touch, NULL, "stays", want[i].engagement);
		score_evaluate_all(scorecards, touches, NULL, NOW, &score);
		g_assert_cmpint(score.grade, ==, want[i].grade);
		g_assert_cmpint(score.temperature, ==, want[i].temperature);
		g_assert_cmpstr(score.scorecard, ==, "test");
		score_clear(&score);
	}
}

static void
test_completeness(void)
{
	static const struct {
		struct score_fields fields;
		double percent;
	} want[] = {
		{ { .need = FALSE }, 0 },
		{ { .name = "Ana Pop",
		    .address = "a@b.example",
		    .phone = "+40213112233",
		    .company = "B",
		    .title = "CEO",
		    .country = "RO",
		    .need = TRUE },
		  100 },
		/* half of seven: three and half a name */
		{ { .name = "Ana", .address = "a@b.example", .phone = "+4021", .company = "B" },
		  50 },
		{ { .first_name = "Ana", .title = "CEO", .country = "RO", .need = TRUE }, 50 },
		{ { .last_name = "Pop",
		    .name = "Pop",
		    .address = "a@b.example",
		    .company = "B",
		    .country = "RO" },
		  50 },
		{ { .first_name = "Ana", .last_name = "Pop" }, 100.0 / 7 },
		{ { .name = "李明" }, 100.0 / 7 },
		{ { .name = "李" }, 50.0 / 7 },
		{ { .name = "", .address = "" }, 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++)
		g_assert_cmpfloat_with_epsilon(score_completeness(&want[i].fields), want[i].percent,
					       1e-9);
	g_assert_cmpfloat(score_completeness(&want[1].fields), ==, 100);
	g_assert_cmpfloat(score_completeness(&want[2].fields), ==, 50);
}

static void
test_completeness_of_a_lead(void)
{
	g_autoptr(scorecards_owned) scorecards = test_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(lead_owned) lead = lead_new();
	struct score score;

	lead->name = g_strdup("Ana");
	lead->address = g_strdup("a@b.example");
	lead->company = g_strdup("B");
	score_evaluate_all(scorecards, touches, lead, NOW, &score);
	g_assert_cmpfloat_with_epsilon(score.completeness, 100 * 2.5 / 7, 1e-9);
	score_clear(&score);
	/* Only a rule of that name that gave points tells the need. */
	add(touches, "needle", 1, 0);
	score_resolve(scorecards, touches);
	g_assert_false(score_need_is_known(touches));
	add(touches, "need-desks", 1, 0);
	score_resolve(scorecards, touches);
	g_assert_true(score_need_is_known(touches));
	score_evaluate_all(scorecards, touches, lead, NOW, &score);
	g_assert_cmpfloat(score.completeness, ==, 50);
	score_clear(&score);
}

/* --- decay, properties, time --- */

static void
test_decay(void)
{
	g_assert_cmpfloat(score_decay(8, 0, 30), ==, 8);
	g_assert_cmpfloat(score_decay(8, 30 * CLOCK_DAY, 30), ==, 4);
	g_assert_cmpfloat(score_decay(8, 60 * CLOCK_DAY, 30), ==, 2);
	g_assert_cmpfloat(score_decay(-8, 30 * CLOCK_DAY, 30), ==, -4);
	g_assert_cmpfloat(score_decay(8, 1000 * CLOCK_DAY, 0), ==, 8);
	g_assert_cmpfloat(score_decay(8, -CLOCK_DAY, 30), ==, 8);
	g_assert_cmpfloat(score_decay(8, 100000 * CLOCK_DAY, 1e-3), ==, 0);
	for (guint i = 0; i < ROUNDS; i++) {
		gint64 a = g_test_rand_int_range(0, G_MAXINT32),
		       b = g_test_rand_int_range(0, 1 << 30);
		double half_life = g_test_rand_double_range(0.01, 400);
		double raw = g_test_rand_double_range(-100, 100);
		double at_once = score_decay(raw, (a + b) * 1000, half_life);
		double in_two =
			score_decay(score_decay(raw, a * 1000, half_life), b * 1000, half_life);

		g_assert_cmpfloat_with_epsilon(at_once, in_two, 1e-11 * fabs(raw));
	}
}

static void
test_what_has_not_happened_does_not_count(void)
{
	g_autoptr(scorecards_owned) scorecards = test_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct score score;

	add(touches, "fades", 5, 1);
	add(touches, "fades", 7, -1); /* tomorrow */
	score_evaluate_all(scorecards, touches, NULL, NOW - CLOCK_DAY, &score);
	g_assert_cmpfloat(score.total, ==, 5);
	g_assert_cmpuint(score.contributions->len, ==, 1);
	score_clear(&score);
	g_assert_cmpfloat(total_of(scorecards, touches, NOW - 2 * CLOCK_DAY), ==, 0);
	score_evaluate_all(scorecards, touches, NULL, NOW + CLOCK_DAY, &score);
	g_assert_cmpuint(score.contributions->len, ==, 2);
	score_clear(&score);
	score_evaluate_all(scorecards, NULL, NULL, NOW, &score);
	g_assert_cmpfloat(score.total, ==, 0);
	g_assert_cmpint(score.grade, ==, 'D');
	score_clear(&score);
}

static void
test_newest_judgement_counts(void)
{
	g_autoptr(scorecards_owned) scorecards = test_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct score score;

	add(touches, "free-mail", 5, 10);
	add(touches, "role", 8, 8);
	add(touches, "free-mail", 6, 5);
	add(touches, "free-mail", 7, 5); /* the same time: the later touch */
	score_evaluate_all(scorecards, touches, NULL, NOW, &score);
	g_assert_cmpfloat(score.quality, ==, -15);
	g_assert_cmpuint(score.contributions->len, ==, 2);
	score_clear(&score);
	add(touches, "role", 0, 1); /* withdrawn */
	score_evaluate_all(scorecards, touches, NULL, NOW, &score);
	g_assert_cmpfloat(score.quality, ==, -7);
	g_assert_cmpuint(score.contributions->len, ==, 1);
	score_clear(&score);
	/* As of nine days ago. */
	score_evaluate_all(scorecards, touches, NULL, NOW - 9 * CLOCK_DAY, &score);
	g_assert_cmpfloat(score.quality, ==, -5);
	score_clear(&score);
}

/* --- today's rules --- */

static void
test_rules_of_today_count(void)
{
	static const struct {
		const char *card;
		double total;
	} want[] = {
		{ "rule \"a\" { when = \"true\" points = 8.0 }", 8 * 0.5 * 3 },
		{ "rule \"a\" { when = \"true\" points = 8.0 importance = 2.0 }", 10 * 0.5 * 3 },
		{ "rule \"a\" { when = \"true\" points = 8.0 half_life = 15.0 }", 8 * 0.25 * 3 },
		{ "rule \"a\" { when = \"true\" points = 8.0 half_life = 0.0 }", 8 * 3 },
		{ "rule \"a\" { when = \"true\" points = -8.0 dimension = \"quality\" }", -8 * 3 },
		{ "group \"g\" { cap = 5.0 } rule \"a\" { when = \"true\" points = 8.0 group = "
		  "\"g\" }",
		  5 },
		{ "rule \"a\" { when = \"true\" points = 8.0 dimension = \"fit\" count = "
		  "\"person\" }",
		  8 * 2 }, /* the newest only, which said 2 */
		{ "rule \"b\" { when = \"true\" points = 8.0 }", 0 },
		{ "touch \"a\" { points = 4.0 }", 4 * 0.5 * 3 },
	};
	g_autoptr(GPtrArray) touches = fixture_touches();

	add(touches, "a", 1, 30);
	add(touches, "a", 2, 30);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *text = g_strconcat("name = \"x\"\n", want[i].card, "\n", NULL);
		g_autoptr(GError) error = NULL;
		g_autoptr(scorecards_owned) scorecards = fixture_card(text, &error);

		g_assert_no_error(error);
		g_assert_cmpfloat(total_of(scorecards, touches, NOW), ==, want[i].total);
	}
}

/* Ledgers of before kept points, no values and no card. */
static void
test_old_ledgers(void)
{
	static const char OLD[] = "[{\"r\":\"a\",\"g\":\"x\",\"w\":\"why\",\"d\":1,\"n\":8,\"h\":"
				  "30,\"t\":1763719200000000},"
				  "{\"r\":\"v\",\"n\":13,\"d\":1},{\"r\":\"p\",\"p\":1,\"n\":0}]";
	static const char NOW_CARD[] =
		"name = \"x\"\nrule \"a\" { when = \"true\" points = 5.0 half_life = 0.0 }\n"
		"rule \"v\" { when = \"true\" points = 4.0 importance = 1.0 value = "
		"\"content.questions\" half_life = 0.0 }\n"
		"rule \"p\" { when = \"true\" points = 9.0 dimension = \"fit\" count = \"person\" "
		"}\n";
	g_autoptr(scorecards_owned) scorecards = fixture_card(NOW_CARD, NULL);
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct touch *touch = fixture_touch(touches, "mail", NOW);

	g_ptr_array_unref(touch->contributions);
	touch->contributions = contributions_from_json(OLD, NULL);
	/* a: 5 today.  v: 13 were 4 * 3 + 1, so the value is 3 and gives (4 + 1) * 3.  p held no
	 * longer. */
	g_assert_cmpfloat(total_of(scorecards, touches, NOW), ==, 20);
	g_assert_cmpfloat(total_of(scorecards, touches, NOW), ==, 20);
}

/* --- several cards --- */

static const char B2B[] = "name = \"b2b\" mql = 65.0\n"
			  "rule \"a\" { when = \"true\" points = 10.0 half_life = 0.0 }\n"
			  "touch \"click\" { points = 3.0 }\n";
static const char SHOP[] = "name = \"shop\" mql = 20.0\n"
			   "rule \"a\" { when = \"true\" points = 4.0 half_life = 0.0 }\n"
			   "touch \"click\" { points = 7.0 }\n";
static const char BELOW[] = "name = \"below\" mql = -10.0\n"
			    "rule \"a\" { when = \"true\" points = -1.0 half_life = 0.0 }\n";
static const char NONE[] = "name = \"none\" mql = 0.0\n"
			   "rule \"a\" { when = \"true\" points = 1.0 half_life = 0.0 }\n";
static const char *const CARDS[] = { B2B, SHOP, BELOW, NONE, NULL };

static void
test_leading_card(void)
{
	static const struct {
		double b2b, shop, below, none; /* values of rule a; 0: nothing of that card */
		const char *leading;
		gboolean qualified;
	} want[] = {
		{ 0, 0, 0, 0, "b2b", FALSE },
		{ 1, 0, 0, 0, "b2b", FALSE },
		{ 0, 1, 0, 0, "shop", FALSE },
		{ 3, 2, 0, 0, "b2b", FALSE }, /* 30 of 65 before 8 of 20 */
		{ 3, 3, 0, 0, "shop", FALSE }, /* 12 of 20 before 30 of 65 */
		{ 6.5, 5, 0, 0, "b2b", TRUE }, /* equal: the first */
		{ 6.5, 5.1, 0, 0, "shop", TRUE },
		{ 6.4, 4, 5, 0, "below", TRUE }, /* -5 is half its size beyond -10 */
		{ 6.4, 4, 20, 0, "b2b", FALSE }, /* -20 is once its size short of -10 */
		{ 9.8, 0, 5, 0, "b2b", TRUE }, /* 98: 33 beyond 65 */
		{ 9.7, 0, 5, 0, "below", TRUE },
		{ 6.5, 0, 0, 0.5, "none", TRUE }, /* a threshold of 0 has the size 1 */
		{ 6.5, 0, 0, -0.5, "b2b", TRUE },
	};
	g_autoptr(scorecards_owned) scorecards = fixture_cards(CARDS, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		const double values[] = { want[i].b2b, want[i].shop, want[i].below, want[i].none };
		static const char *const NAMES[] = { "b2b", "shop", "below", "none" };
		g_autoptr(GPtrArray) touches = fixture_touches();
		g_autoptr(lead_owned) lead = lead_new();
		struct touch *touch = fixture_touch(touches, "mail", NOW);
		struct score score;
		guint cards = 0;

		for (guint j = 0; j < G_N_ELEMENTS(values); j++) {
			if (values[j] != 0)
				fixture_gave(touch, NAMES[j], "a", values[j]);
			cards += values[j] != 0;
		}
		score_evaluate_all(scorecards, touches, lead, NOW, &score);
		g_test_message("%u", i);
		g_assert_cmpstr(score.scorecard, ==, want[i].leading);
		g_assert_cmpint(score.qualified, ==, want[i].qualified);
		g_assert_cmpuint(score.others != NULL ? score.others->len : 0, ==,
				 MAX(cards, 1) - 1);
		score_keep(&score, lead);
		g_assert_cmpuint(lead->scores->len, ==, MAX(cards, 1));
		g_assert_cmpstr(lead->scorecard, ==, want[i].leading);
		g_assert_cmpfloat(lead->total, ==, lead_score_of(lead, want[i].leading)->total);
		score_clear(&score);
	}
}

static void
test_cards_are_independent(void)
{
	g_autoptr(scorecards_owned) both = fixture_cards(CARDS, NULL);
	g_autoptr(scorecards_owned) shop = fixture_card(SHOP, NULL);
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(lead_owned) lead = lead_new();
	struct touch *touch = fixture_touch(touches, "mail", NOW);
	struct score score;

	fixture_gave(touch, "b2b", "a", 1);
	fixture_gave(touch, "shop", "a", 2);
	fixture_gave(touch, "gone", "a", 50);
	score_evaluate_all(both, touches, lead, NOW, &score);
	score_keep(&score, lead);
	score_clear(&score);
	g_assert_cmpfloat(lead_score_of(lead, "b2b")->total, ==, 10);
	g_assert_cmpfloat(lead_score_of(lead, "shop")->total, ==, 8);
	g_assert_cmpfloat(total_of(shop, touches, NOW), ==, 8);
	/* A touch counts on the cards of the lead. */
	touch = fixture_touch(touches, "click", NOW);
	g_ptr_array_unref(touch->contributions);
	touch->contributions = scorecards_touch(both, lead, "click", NOW);
	g_assert_cmpuint(touch->contributions->len, ==, 2);
	score_evaluate_all(both, touches, lead, NOW, &score);
	score_keep(&score, lead);
	score_clear(&score);
	g_assert_cmpfloat(lead_score_of(lead, "b2b")->total, ==, 13);
	g_assert_cmpfloat(lead_score_of(lead, "shop")->total, ==, 15);
}

static void
test_scores_as_text(void)
{
	static const char *const bad[] = {
		NULL, "", ";", "x", "x 1 2 3 4 Q hot 1", "%00 1 2 3 4 A hot 1", "x 1 2 3"
	};
	g_autoptr(GPtrArray) scores =
		g_ptr_array_new_with_free_func((GDestroyNotify)lead_score_free);
	g_autoptr(GPtrArray) again = NULL;
	g_autofree char *text = NULL;
	struct lead_score *score = lead_score_new();

	score->card = g_strdup("our shop; Köln");
	score->total = 65.1234;
	score->engagement = -3;
	score->grade = 'B';
	score->temperature = TEMPERATURE_WARM;
	score->qualified = TRUE;
	g_ptr_array_add(scores, score);
	g_ptr_array_add(scores, lead_score_copy(score));
	text = lead_scores_to_text(scores);
	again = lead_scores_from_text(text);
	g_assert_cmpuint(again->len, ==, 2);
	score = again->pdata[1];
	g_assert_cmpstr(score->card, ==, "our shop; Köln");
	g_assert_cmpfloat(score->total, ==, 65.1234);
	g_assert_cmpfloat(score->engagement, ==, -3);
	g_assert_cmpint(score->grade, ==, 'B');
	g_assert_cmpint(score->temperature, ==, TEMPERATURE_WARM);
	g_assert_true(score->qualified);
	for (guint i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autoptr(GPtrArray) none = lead_scores_from_text(bad[i]);

		g_assert_cmpuint(none->len, ==, 0);
	}
}

/* --- what holds for any card and ledger --- */

static const char *const NAMES[] = { "one", "two" };

static void
random_groups(GString *text)
{
	for (guint i = 0; i < 3; i++) {
		g_string_append_printf(text, "group \"g%u\" {", i);
		if (g_test_rand_bit())
			g_string_append_printf(text, " floor = -%d.0",
					       g_test_rand_int_range(0, 60));
		if (g_test_rand_bit())
			g_string_append_printf(text, " cap = %d.5", g_test_rand_int_range(0, 60));
		g_string_append(text, " }\n");
	}
}

static char *
random_card(const char *name)
{
	static const char *const DIMENSIONS[] = { "fit", "engagement", "engagement", "quality" };
	static const char *const COUNTS[] = { "message", "day", "person" };
	static const double HALF_LIVES[] = { 0, 1, 30, 90.5 };
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "name = \"%s\" mql = %d.0 hot = %d.0\n", name,
			       g_test_rand_int_range(-20, 100), g_test_rand_int_range(11, 60));
	random_groups(text);
	for (guint i = 0; i < 6; i++) {
		const char *dimension = DIMENSIONS[g_test_rand_int_range(0, 4)];
		guint group = g_test_rand_int_range(0, 4);

		g_string_append_printf(text,
				       "rule \"r%u\" { when = \"true\" points = %d.25 dimension = "
				       "\"%s\" count = \"%s\"",
				       i, g_test_rand_int_range(-30, 40), dimension,
				       COUNTS[g_test_rand_int_range(0, 3)]);
		if (group < 3)
			g_string_append_printf(text, " group = \"g%u\"", group);
		if (strcmp(dimension, "engagement") == 0)
			g_string_append_printf(text, " half_life = %.1f",
					       HALF_LIVES[g_test_rand_int_range(0, 4)]);
		g_string_append(text, " }\n");
	}
	return g_string_free(text, FALSE);
}

static struct scorecards *
random_cards(void)
{
	g_autofree char *one = random_card(NAMES[0]);
	g_autofree char *two = random_card(NAMES[1]);
	const char *const texts[] = { one, two, NULL };
	g_autoptr(GError) error = NULL;
	struct scorecards *scorecards = fixture_cards(texts, &error);

	g_assert_no_error(error);
	return scorecards;
}

static GPtrArray *
random_ledger(guint most)
{
	GPtrArray *touches = fixture_touches();
	guint count = g_test_rand_int_range(0, most);

	for (guint i = 0; i < count; i++) {
		gint64 age = (gint64)g_test_rand_int_range(-10, 400) * CLOCK_DAY / 3;
		struct touch *touch = fixture_touch(touches, "touch", NOW - age);
		guint pieces = g_test_rand_int_range(0, 5);

		for (guint j = 0; j < pieces; j++) {
			g_autofree char *rule = g_strdup_printf("r%d", g_test_rand_int_range(0, 7));
			double value = g_test_rand_bit() ? 1 : g_test_rand_double_range(0, 3);

			fixture_gave(touch, NAMES[g_test_rand_bit()], rule, value);
		}
	}
	return touches;
}

static double
sum_points(const GPtrArray *contributions, const char *group)
{
	double sum = 0;

	for (guint i = 0; i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		if (group == NULL || g_strcmp0(contribution->group, group) == 0)
			sum += contribution->points;
	}
	return sum;
}

/* As a reader of the JSON sees them: with four decimals. */
static gint64
sum_shown(const GPtrArray *contributions)
{
	gint64 sum = 0;

	for (guint i = 0; i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		g_assert_cmpfloat_with_epsilon(contribution->points * 10000,
					       nearbyint(contribution->points * 10000), 1e-6);
		sum += (gint64)nearbyint(contribution->points * 10000);
	}
	return sum;
}

static void
check_groups(const struct config_scorecard *card, const struct score *score)
{
	for (guint i = 0; i < card->groups->len; i++) {
		const struct config_group *group = card->groups->pdata[i];
		double sum = sum_points(score->contributions, group->name);

		g_assert_false(sum > group->cap + 1e-6);
		g_assert_false(sum < group->floor - 1e-6);
	}
}

static void
check_sum(const struct scorecards *scorecards, const struct score *score)
{
	for (guint i = 0; i < score->contributions->len; i++)
		g_assert_cmpstr(((struct contribution *)score->contributions->pdata[i])->card, ==,
				score->scorecard);
	g_assert_cmpint(sum_shown(score->contributions), ==,
			(gint64)nearbyint(score->total * 10000));
	g_assert_cmpfloat_with_epsilon(score->fit + score->engagement + score->quality,
				       score->total, 1e-9);
	check_groups(scorecards_find(scorecards, score->scorecard), score);
}

static void
test_sum_is_total(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(scorecards_owned) scorecards = random_cards();
		g_autoptr(GPtrArray) touches = random_ledger(40);
		struct score score;

		score_evaluate_all(scorecards, touches, NULL, NOW, &score);
		check_sum(scorecards, &score);
		for (guint j = 0; score.others != NULL && j < score.others->len; j++)
			check_sum(scorecards, score.others->pdata[j]);
		score_clear(&score);
	}
}

static void
test_order_does_not_matter(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(scorecards_owned) scorecards = random_cards();
		g_autoptr(GPtrArray) touches = random_ledger(40);
		double total = total_of(scorecards, touches, NOW);

		for (guint j = touches->len; j > 1; j--) {
			guint other = g_test_rand_int_range(0, j);
			gpointer swap = touches->pdata[j - 1];

			touches->pdata[j - 1] = touches->pdata[other];
			touches->pdata[other] = swap;
		}
		g_assert_cmpfloat(total_of(scorecards, touches, NOW), ==, total);
		/* Evaluating again changes nothing either. */
		g_assert_cmpfloat(total_of(scorecards, touches, NOW), ==, total);
	}
}

/* The ledger written down and read again gives the same score. */
static void
test_reload_equals_restart(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		g_autoptr(scorecards_owned) before = random_cards();
		g_autoptr(scorecards_owned) after = random_cards();
		g_autoptr(GPtrArray) touches = random_ledger(40);
		double total;

		/* A process that had other cards before, then reloaded. */
		total_of(before, touches, NOW);
		total = total_of(after, touches, NOW);
		for (guint j = 0; j < touches->len; j++) {
			struct touch *touch = touches->pdata[j];
			g_autofree char *json = contributions_to_json(touch->contributions);

			g_ptr_array_unref(touch->contributions);
			touch->contributions = contributions_from_json(json, NULL);
		}
		g_assert_cmpfloat(total_of(after, touches, NOW), ==, total);
	}
}

/* One card more changes nothing on the others. */
static void
test_cards_do_not_touch_each_other(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		g_autofree char *one = random_card(NAMES[0]);
		g_autofree char *two = random_card(NAMES[1]);
		const char *const texts[] = { one, two, NULL };
		g_autoptr(scorecards_owned) both = fixture_cards(texts, NULL);
		g_autoptr(scorecards_owned) alone = fixture_card(one, NULL);
		g_autoptr(GPtrArray) touches = random_ledger(40);
		struct score score;
		double total;

		score_evaluate(scorecards_card(both, "one"), touches, NULL, NOW, &score);
		total = score.total;
		score_clear(&score);
		score_evaluate(scorecards_card(both, "two"), touches, NULL, NOW, &score);
		score_clear(&score);
		score_evaluate(scorecards_card(alone, "one"), touches, NULL, NOW, &score);
		g_assert_cmpfloat(score.total, ==, total);
		score_clear(&score);
	}
}

static void
test_hostile_numbers(void)
{
	static const double VALUES[] = { 1e300, -1e300, 1e9, 0, 5e-324 };
	static const char *const RULES[] = { "capped-1", "fades", "free-mail", NULL, "" };
	g_autoptr(scorecards_owned) scorecards = test_card();
	g_autoptr(GPtrArray) touches = fixture_touches();

	for (guint i = 0; i < G_N_ELEMENTS(VALUES); i++) {
		struct touch *touch = fixture_touch(touches, "x", i % 2 ? 0 : G_MAXINT64 / 2);

		for (guint j = 0; j < G_N_ELEMENTS(RULES); j++)
			fixture_gave(touch, j % 2 ? NULL : "test", RULES[j], VALUES[i])->is_raw =
				i == 3;
	}
	g_assert_true(isfinite(total_of(scorecards, touches, NOW)));
	g_assert_true(isfinite(total_of(scorecards, touches, 0)));
	g_assert_true(isfinite(total_of(scorecards, touches, G_MAXINT64)));
	score_next_change(scorecards, touches, NOW);
	score_crossing(scorecards, touches, 0, G_MAXINT64);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/score/fit-cap", test_fit_is_capped);
	g_test_add_func("/score/threshold", test_threshold_from_both_sides);
	g_test_add_func("/score/grades", test_grades_and_temperatures);
	g_test_add_func("/score/completeness", test_completeness);
	g_test_add_func("/score/completeness/lead", test_completeness_of_a_lead);
	g_test_add_func("/score/decay", test_decay);
	g_test_add_func("/score/future", test_what_has_not_happened_does_not_count);
	g_test_add_func("/score/newest-judgement", test_newest_judgement_counts);
	g_test_add_func("/score/today", test_rules_of_today_count);
	g_test_add_func("/score/old-ledgers", test_old_ledgers);
	g_test_add_func("/score/cards/leading", test_leading_card);
	g_test_add_func("/score/cards/independent", test_cards_are_independent);
	g_test_add_func("/score/cards/text", test_scores_as_text);
	g_test_add_func("/score/any/sum", test_sum_is_total);
	g_test_add_func("/score/any/order", test_order_does_not_matter);
	g_test_add_func("/score/any/reload", test_reload_equals_restart);
	g_test_add_func("/score/any/cards", test_cards_do_not_touch_each_other);
	g_test_add_func("/score/hostile", test_hostile_numbers);
	return g_test_run();
}
