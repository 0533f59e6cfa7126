/* test-score.c - scores: the numbers of the guides, caps, thresholds, and what holds for any
 * ledger. */
#include "lead/score.h"

#include <math.h>
#include <string.h>

#include "score-fixture.h"

#define ROUNDS 300

static struct config_scorecard *
new_card(void)
{
	struct config_scorecard *card = g_new0(struct config_scorecard, 1);

	card->name = (char *)"test";
	card->half_life_days = 30;
	card->mql = 65;
	card->grade_a = 22;
	card->grade_b = 15;
	card->grade_c = 8;
	card->hot = 30;
	card->warm = 10;
	card->rules = g_ptr_array_new();
	card->touches = g_ptr_array_new();
	card->groups = g_ptr_array_new_with_free_func(g_free);
	return card;
}

static void
free_card(struct config_scorecard *card)
{
	g_ptr_array_unref(card->rules);
	g_ptr_array_unref(card->touches);
	g_ptr_array_unref(card->groups);
	g_free(card);
}

static void
add_group(struct config_scorecard *card, const char *name, double floor_points, double cap)
{
	struct config_group *group = g_new0(struct config_group, 1);

	group->name = (char *)name;
	group->floor = floor_points;
	group->cap = cap;
	g_ptr_array_add(card->groups, group);
}

static struct contribution *
add(GPtrArray *touches, double raw, gint64 days_ago)
{
	struct touch *touch = fixture_touch(touches, "touch", NOW - days_ago * CLOCK_DAY);

	return fixture_contribution(touch, "rule", NULL, DIMENSION_ENGAGEMENT, raw, 30);
}

static double
total_of(const struct config_scorecard *card, GPtrArray *touches, gint64 now)
{
	struct score score;
	double total;

	score_evaluate(card, touches, NULL, NULL, now, &score);
	total = score.total;
	score_clear(&score);
	return total;
}

/* --- the numbers of the guides --- */

static void
test_active_and_latent(void)
{
	static const struct {
		double points;
		gint64 days;
	} chrissy[] = { { 10, 0 }, { 12, 1 }, { 10, 5 }, { 4, 10 } },
	  jen[] = { { 3, 7 },   { 3, 30 },  { 2, 60 },  { 2, 90 },  { 2, 90 }, { 5, 90 },
		    { 3, 120 }, { 2, 120 }, { 4, 120 }, { 8, 150 }, { 2, 180 } };
	struct config_scorecard *card = new_card();
	g_autoptr(GPtrArray) active = fixture_touches();
	g_autoptr(GPtrArray) latent = fixture_touches();
	double active_raw = 0, latent_raw = 0;
	struct score score;

	for (guint i = 0; i < G_N_ELEMENTS(chrissy); i++)
		active_raw += add(active, chrissy[i].points, chrissy[i].days)->raw;
	for (guint i = 0; i < G_N_ELEMENTS(jen); i++)
		latent_raw += add(latent, jen[i].points, jen[i].days)->raw;
	g_assert_cmpfloat(active_raw, ==, 36);
	g_assert_cmpfloat(latent_raw, ==, 36);
	score_evaluate(card, active, NULL, NULL, NOW, &score);
	g_assert_cmpfloat(round(score.total * 10), ==, 338);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_HOT);
	score_clear(&score);
	score_evaluate(card, latent, NULL, NULL, NOW, &score);
	g_assert_cmpfloat(round(score.total * 10), ==, 65);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_COLD);
	score_clear(&score);
	free_card(card);
}

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
	struct config_scorecard *card = new_card();

	add_group(card, "demographic", 0, 30);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct touch *touch = fixture_touch(touches, "mail", NOW);
		struct score score;

		for (guint j = 0; j < 4; j++)
			fixture_contribution(touch, "rule", "demographic", DIMENSION_FIT,
					     want[i].points[j], 0);
		fixture_contribution(touch, "free", NULL, DIMENSION_ENGAGEMENT, 5, 0);
		score_evaluate(card, touches, NULL, NULL, NOW, &score);
		g_assert_cmpfloat(score.fit, ==, want[i].fit);
		g_assert_cmpfloat(score.engagement, ==, 5);
		g_assert_cmpfloat_with_epsilon(score.total, want[i].fit + 5, 1e-9);
		score_clear(&score);
	}
	free_card(card);
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
	struct config_scorecard *card = new_card();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct score score;

		for (guint j = 0; j < 3; j++)
			add(touches, want[i].points[j], 0);
		score_evaluate(card, touches, NULL, NULL, NOW, &score);
		g_assert_cmpint(score.qualified, ==, want[i].qualified);
		score_clear(&score);
	}
	free_card(card);
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
	struct config_scorecard *card = new_card();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct touch *touch = fixture_touch(touches, "mail", NOW);
		struct score score;

		fixture_contribution(touch, "a", NULL, DIMENSION_FIT, want[i].fit, 0);
		fixture_contribution(touch, "b", NULL, DIMENSION_ENGAGEMENT, want[i].engagement, 0);
		score_evaluate(card, touches, NULL, NULL, NOW, &score);
		g_assert_cmpint(score.grade, ==, want[i].grade);
		g_assert_cmpint(score.temperature, ==, want[i].temperature);
		g_assert_cmpstr(score.scorecard, ==, "test");
		score_clear(&score);
	}
	free_card(card);
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
	struct config_scorecard *card = new_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(lead_owned) lead = lead_new();
	struct score score;

	lead->name = g_strdup("Ana");
	lead->address = g_strdup("a@b.example");
	lead->company = g_strdup("B");
	score_evaluate(card, touches, NULL, lead, NOW, &score);
	g_assert_cmpfloat_with_epsilon(score.completeness, 100 * 2.5 / 7, 1e-9);
	score_clear(&score);
	/* Only a rule of that name that gave points tells the need. */
	fixture_contribution(fixture_touch(touches, "mail", NOW), "needle", NULL,
			     DIMENSION_ENGAGEMENT, 5, 30);
	g_assert_false(score_need_is_known(touches));
	fixture_contribution(touches->pdata[0], "need-desks", NULL, DIMENSION_ENGAGEMENT, 5, 30);
	g_assert_true(score_need_is_known(touches));
	score_evaluate(card, touches, NULL, lead, NOW, &score);
	g_assert_cmpfloat(score.completeness, ==, 50);
	score_clear(&score);
	free_card(card);
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
	struct config_scorecard *card = new_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct score score;

	add(touches, 5, 1);
	add(touches, 7, -1); /* tomorrow */
	score_evaluate(card, touches, NULL, NULL, NOW - CLOCK_DAY, &score);
	g_assert_cmpfloat(score.total, ==, 5);
	g_assert_cmpuint(score.contributions->len, ==, 1);
	score_clear(&score);
	g_assert_cmpfloat(total_of(card, touches, NOW - 2 * CLOCK_DAY), ==, 0);
	score_evaluate(card, touches, NULL, NULL, NOW + CLOCK_DAY, &score);
	g_assert_cmpuint(score.contributions->len, ==, 2);
	score_clear(&score);
	score_evaluate(card, NULL, NULL, NULL, NOW, &score);
	g_assert_cmpfloat(score.total, ==, 0);
	g_assert_cmpint(score.grade, ==, 'D');
	score_clear(&score);
	free_card(card);
}

static void
add_property(GPtrArray *touches, const char *rule, double raw, gint64 days_ago)
{
	struct touch *touch = fixture_touch(touches, "mail", NOW - days_ago * CLOCK_DAY);

	fixture_contribution(touch, rule, NULL, DIMENSION_QUALITY, raw, 0)->is_property = TRUE;
}

static void
test_newest_judgement_counts(void)
{
	struct config_scorecard *card = new_card();
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(GPtrArray) person =
		g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	struct contribution *imported = contribution_new();
	struct score score;

	imported->rule = g_strdup("role");
	imported->dimension = DIMENSION_QUALITY;
	imported->is_property = TRUE;
	imported->raw = -3;
	imported->time = NOW - 9 * CLOCK_DAY;
	g_ptr_array_add(person, imported);
	add_property(touches, "free-mail", -5, 10);
	add_property(touches, "role", -8, 8);
	add_property(touches, "free-mail", -6, 5);
	add_property(touches, "free-mail", -7, 5); /* the same time: the later touch */
	score_evaluate(card, touches, person, NULL, NOW, &score);
	g_assert_cmpfloat(score.quality, ==, -15);
	g_assert_cmpuint(score.contributions->len, ==, 2);
	g_assert_cmpfloat(imported->points, ==, 0);
	score_clear(&score);
	add_property(touches, "role", 0, 1); /* withdrawn */
	score_evaluate(card, touches, person, NULL, NOW, &score);
	g_assert_cmpfloat(score.quality, ==, -7);
	g_assert_cmpuint(score.contributions->len, ==, 1);
	score_clear(&score);
	/* As of nine days ago. */
	score_evaluate(card, touches, person, NULL, NOW - 9 * CLOCK_DAY, &score);
	g_assert_cmpfloat(score.quality, ==, -8);
	score_clear(&score);
	free_card(card);
}

/* --- what holds for any card and ledger --- */

static const char *const GROUPS[] = { "a", "b", "c", NULL };

static struct config_scorecard *
random_card(void)
{
	struct config_scorecard *card = new_card();

	for (guint i = 0; i < 3; i++) {
		double floor_points = -g_test_rand_double_range(0, 60);
		double cap = g_test_rand_double_range(0, 60);

		add_group(card, GROUPS[i], g_test_rand_bit() ? floor_points : NAN,
			  g_test_rand_bit() ? cap : NAN);
	}
	return card;
}

static GPtrArray *
random_ledger(void)
{
	static const char *const RULES[] = { "r", "s", "t", "u" };
	static const double HALF_LIVES[] = { 0, 1, 30, 90.5 };
	GPtrArray *touches = fixture_touches();
	guint count = g_test_rand_int_range(0, 40);

	for (guint i = 0; i < count; i++) {
		gint64 age = (gint64)g_test_rand_int_range(-10, 400) * CLOCK_DAY / 3;
		struct touch *touch = fixture_touch(touches, "touch", NOW - age);
		guint pieces = g_test_rand_int_range(0, 5);

		for (guint j = 0; j < pieces; j++) {
			struct contribution *contribution = fixture_contribution(
				touch, RULES[j % 4], GROUPS[g_test_rand_int_range(0, 4)],
				(enum dimension)g_test_rand_int_range(0, 3),
				g_test_rand_double_range(-30, 40),
				HALF_LIVES[g_test_rand_int_range(0, 4)]);

			contribution->is_property = j < 4 && g_test_rand_int_range(0, 4) == 0;
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

		g_assert_false(sum > group->cap + 1e-4);
		g_assert_false(sum < group->floor - 1e-4);
	}
}

static void
test_sum_is_total(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		struct config_scorecard *card = random_card();
		g_autoptr(GPtrArray) touches = random_ledger();
		struct score score;

		score_evaluate(card, touches, NULL, NULL, NOW, &score);
		g_assert_cmpfloat(sum_points(score.contributions, NULL), ==, score.total);
		g_assert_cmpint(sum_shown(score.contributions), ==,
				(gint64)nearbyint(score.total * 10000));
		g_assert_cmpfloat_with_epsilon(score.fit + score.engagement + score.quality,
					       score.total, 1e-9);
		check_groups(card, &score);
		score_clear(&score);
		free_card(card);
	}
}

static void
test_order_does_not_matter(void)
{
	for (guint i = 0; i < ROUNDS; i++) {
		struct config_scorecard *card = random_card();
		g_autoptr(GPtrArray) touches = random_ledger();
		double total = total_of(card, touches, NOW);

		for (guint j = touches->len; j > 1; j--) {
			guint other = g_test_rand_int_range(0, j);
			gpointer swap = touches->pdata[j - 1];

			touches->pdata[j - 1] = touches->pdata[other];
			touches->pdata[other] = swap;
		}
		g_assert_cmpfloat(total_of(card, touches, NOW), ==, total);
		/* Evaluating again changes nothing either. */
		g_assert_cmpfloat(total_of(card, touches, NOW), ==, total);
		free_card(card);
	}
}

/* The ledger written down and read again gives the same score. */
static void
test_reload_equals_restart(void)
{
	for (guint i = 0; i < ROUNDS / 3; i++) {
		struct config_scorecard *card = random_card();
		g_autoptr(GPtrArray) touches = random_ledger();
		double total = total_of(card, touches, NOW);

		for (guint j = 0; j < touches->len; j++) {
			struct touch *touch = touches->pdata[j];
			g_autofree char *json = contributions_to_json(touch->contributions);

			g_ptr_array_unref(touch->contributions);
			touch->contributions = contributions_from_json(json, NULL);
		}
		g_assert_cmpfloat(total_of(card, touches, NOW), ==, total);
		free_card(card);
	}
}

static void
test_hostile_numbers(void)
{
	static const double RAW[] = { 1e300, -1e300, 1e9, 0, 5e-324 };
	struct config_scorecard *card = new_card();
	g_autoptr(GPtrArray) touches = fixture_touches();

	add_group(card, "a", -10, 10);
	for (guint i = 0; i < G_N_ELEMENTS(RAW); i++) {
		struct touch *touch = fixture_touch(touches, "x", i % 2 ? 0 : G_MAXINT64 / 2);

		fixture_contribution(touch, "r", "a", DIMENSION_FIT, RAW[i], 1e-300);
		fixture_contribution(touch, "r", NULL, (enum dimension)7, RAW[i], 30);
		fixture_contribution(touch, NULL, NULL, DIMENSION_FIT, 1, 0)->is_property = TRUE;
	}
	g_assert_true(isfinite(total_of(card, touches, NOW)));
	g_assert_true(isfinite(total_of(card, touches, 0)));
	g_assert_true(isfinite(total_of(card, touches, G_MAXINT64)));
	free_card(card);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/score/active-and-latent", test_active_and_latent);
	g_test_add_func("/score/fit-cap", test_fit_is_capped);
	g_test_add_func("/score/threshold", test_threshold_from_both_sides);
	g_test_add_func("/score/grades", test_grades_and_temperatures);
	g_test_add_func("/score/completeness", test_completeness);
	g_test_add_func("/score/completeness/lead", test_completeness_of_a_lead);
	g_test_add_func("/score/decay", test_decay);
	g_test_add_func("/score/future", test_what_has_not_happened_does_not_count);
	g_test_add_func("/score/newest-judgement", test_newest_judgement_counts);
	g_test_add_func("/score/any/sum", test_sum_is_total);
	g_test_add_func("/score/any/order", test_order_does_not_matter);
	g_test_add_func("/score/any/reload", test_reload_equals_restart);
	g_test_add_func("/score/hostile", test_hostile_numbers);
	return g_test_run();
}
