/* test-scoring-numbers.c - the published numbers, on the default scorecard as it is shipped, and
 * the character of each example scorecard. */
#include <math.h>
#include <string.h>

#include "lead-fixture.h"
#include "lead/score.h"
#include "lead/stage.h"
#include "score-fixture.h"

static struct scorecards *
load_file(const char *name)
{
	g_autofree char *path = g_strconcat(TEST_CONF "/scorecards/", name, ".conf", NULL);
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card = config_scorecard_load(path, &error);
	struct scorecards *scorecards;

	g_assert_no_error(error);
	g_assert_cmpstr(card->name, ==, name);
	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->scorecards, card);
	scorecards = scorecards_new(config, &error);
	g_assert_no_error(error);
	return scorecards;
}

static void
act(const struct scorecards *scorecards, GPtrArray *touches, const char *name, gint64 days_ago)
{
	struct touch *touch = fixture_touch(touches, name, NOW - days_ago * CLOCK_DAY);

	g_ptr_array_unref(touch->contributions);
	touch->contributions = scorecards_touch(scorecards, NULL, name, touch->time);
	g_assert_cmpuint(touch->contributions->len, ==, 1);
}

static void
score_now(const struct scorecards *scorecards, GPtrArray *touches, struct score *ret)
{
	score_evaluate_all(scorecards, touches, NULL, NOW, ret);
}

static double
total_now(const struct scorecards *scorecards, GPtrArray *touches)
{
	struct score score;
	double total;

	score_now(scorecards, touches, &score);
	total = score.total;
	score_clear(&score);
	return total;
}

/* --- acts --- */

static void
test_points_of_acts(void)
{
	static const struct {
		const char *touch;
		double points;
	} want[] = {
		{ "visit", 1 },         { "open", 1 },           { "click", 3 },
		{ "product_page", 3 },  { "form_filled", 5 },    { "brand_search", 15 },
		{ "download", 3 },      { "webinar_signup", 2 }, { "webinar", 8 },
		{ "rfp_download", 10 }, { "demo_video", 12 },    { "pricing_page", 10 },
		{ "fair", 4 },          { "link", 2 },           { "click_industry", 4 },
		{ "click_company", 8 }, { "click_product", 13 },
	};
	g_autoptr(scorecards_owned) scorecards = load_file("default");

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();

		act(scorecards, touches, want[i].touch, 0);
		g_test_message("%s", want[i].touch);
		g_assert_cmpfloat(total_now(scorecards, touches), ==, want[i].points);
	}
}

static void
test_active_and_latent(void)
{
	static const struct {
		const char *touch;
		guint times;
		gint64 days;
	} chrissy[] = { { "rfp_download", 1, 0 },
			{ "demo_video", 1, 1 },
			{ "pricing_page", 1, 5 },
			{ "fair", 1, 10 } },
	  jen[] = { { "download", 1, 7 },
		    { "download", 1, 30 },
		    { "link", 1, 60 },
		    { "link", 2, 90 },
		    { "visit", 5, 90 },
		    { "download", 1, 120 },
		    { "webinar_signup", 1, 120 },
		    { "visit", 4, 120 },
		    { "webinar", 1, 150 },
		    { "webinar_signup", 1, 180 } };
	g_autoptr(scorecards_owned) scorecards = load_file("default");
	g_autoptr(GPtrArray) active = fixture_touches();
	g_autoptr(GPtrArray) latent = fixture_touches();
	struct score score;
	double raw = 0;

	for (guint i = 0; i < G_N_ELEMENTS(chrissy); i++)
		act(scorecards, active, chrissy[i].touch, chrissy[i].days);
	for (guint i = 0; i < G_N_ELEMENTS(jen); i++) {
		for (guint j = 0; j < jen[i].times; j++)
			act(scorecards, latent, jen[i].touch, jen[i].days);
	}
	score_now(scorecards, active, &score);
	for (guint i = 0; i < score.contributions->len; i++)
		raw += ((const struct contribution *)score.contributions->pdata[i])->raw;
	g_assert_cmpfloat(raw, ==, 36);
	g_assert_cmpfloat(round(score.total * 10), ==, 338);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_HOT);
	score_clear(&score);
	score_now(scorecards, latent, &score);
	raw = 0;
	for (guint i = 0; i < score.contributions->len; i++)
		raw += ((const struct contribution *)score.contributions->pdata[i])->raw;
	g_assert_cmpfloat(raw, ==, 36);
	g_assert_cmpfloat(round(score.total * 10), ==, 65);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_COLD);
	score_clear(&score);
}

static void
test_threshold(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("default");
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct score score;

	for (guint i = 0; i < 4; i++)
		act(scorecards, touches, "brand_search", 0);
	act(scorecards, touches, "fair", 0);
	score_now(scorecards, touches, &score);
	g_assert_cmpfloat(score.total, ==, 64);
	g_assert_false(score.qualified);
	score_clear(&score);
	act(scorecards, touches, "visit", 0);
	score_now(scorecards, touches, &score);
	g_assert_cmpfloat(score.total, ==, 65);
	g_assert_true(score.qualified);
	score_clear(&score);
	/* A minute later it is a little less. */
	score_evaluate_all(scorecards, touches, NULL, NOW + 60 * CLOCK_SECOND, &score);
	g_assert_false(score.qualified);
	score_clear(&score);
}

/* --- mail --- */

static void
receive(const struct scorecards *scorecards, const struct fixture *fixture, GPtrArray *touches)
{
	struct touch *touch = fixture_touch(touches, "mail", NOW);

	g_ptr_array_unref(touch->contributions);
	touch->contributions = scorecards_apply(scorecards, NULL, &fixture->facts, &fixture->known,
						NULL, NULL, NOW);
}

static void
score_fixture(const struct scorecards *scorecards, const struct fixture *fixture, struct score *ret,
	      GPtrArray *touches)
{
	receive(scorecards, fixture, touches);
	score_now(scorecards, touches, ret);
}

static void
make_director(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture->facts.person_sender.domain = (char *)"acme.example";
	fixture->facts.person_sender.org_domain = (char *)"acme.example";
	fixture->person.title = (char *)"Managing Director";
	fixture->person.rank = RANK_DECISION_MAKER;
	fixture->person.name = (char *)"Ana Pop";
	fixture->person.first_name = (char *)"Ana";
	fixture->person.last_name = (char *)"Pop";
	fixture->person.company = (char *)"Acme";
	fixture->person.country = (char *)"RO";
	fixture_phone(fixture, "+40213112233", "fixed");
}

static void
test_fit_is_capped(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("default");
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct fixture fixture;
	struct score score;
	double raw = 0;

	make_director(&fixture);
	fixture.account.target = TRUE;
	fixture.account.employees = 900;
	fixture.account.domain = (char *)"acme.example";
	fixture.known.account = &fixture.account;
	score_fixture(scorecards, &fixture, &score, touches);
	for (guint i = 0; i < score.contributions->len; i++) {
		const struct contribution *contribution = score.contributions->pdata[i];

		if (contribution->dimension == DIMENSION_FIT)
			raw += contribution->raw;
	}
	g_assert_cmpfloat(raw, >, 30);
	g_assert_cmpfloat(score.fit, ==, 30);
	g_assert_cmpint(score.grade, ==, 'A');
	score_clear(&score);
	fixture_clear(&fixture);
}

static void
test_completeness(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("default");
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(lead_owned) lead = lead_new();
	struct fixture fixture;
	struct score score;

	fixture_init(&fixture);
	fixture.content.need = TRUE;
	receive(scorecards, &fixture, touches);
	lead->name = g_strdup("Ana Pop");
	lead->address = g_strdup("ana@acme.example");
	lead->phone = g_strdup("+40213112233");
	lead->company = g_strdup("Acme");
	lead->title = g_strdup("Director");
	lead->country = g_strdup("RO");
	score_evaluate_all(scorecards, touches, lead, NOW, &score);
	g_assert_cmpfloat(score.completeness, ==, 100);
	score_clear(&score);
	/* Half: the need, the address, the phone and half a name. */
	g_clear_pointer(&lead->company, g_free);
	g_clear_pointer(&lead->title, g_free);
	g_clear_pointer(&lead->country, g_free);
	g_free(lead->name);
	lead->name = g_strdup("Ana");
	score_evaluate_all(scorecards, touches, lead, NOW, &score);
	g_assert_cmpfloat(score.completeness, ==, 50);
	score_clear(&score);
	fixture_clear(&fixture);
}

/* Free-mail costs a little, a disposable address much more; neither keeps a buyer out. */
static void
test_free_mail_is_a_penalty_not_a_gate(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("default");
	double quality[3];

	for (guint i = 0; i < 3; i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct fixture fixture;
		struct score score;

		make_director(&fixture);
		fixture.content.budget = fixture.content.need = fixture.content.timeline = TRUE;
		fixture.content.words = 50;
		fixture.content.questions = 1;
		fixture_hit(&fixture, "intent_price", "how much");
		fixture.facts.person_sender.freemail = i >= 1;
		fixture.facts.person_sender.disposable = i == 2;
		if (i > 0)
			fixture.facts.person_sender.org_domain = NULL;
		score_fixture(scorecards, &fixture, &score, touches);
		quality[i] = score.quality;
		if (i == 1)
			g_assert_true(score.qualified);
		score_clear(&score);
		fixture_clear(&fixture);
	}
	g_assert_cmpfloat(quality[1], ==, quality[0] - 5);
	g_assert_cmpfloat(quality[2], ==, quality[0] - 25);
}

/* --- target accounts --- */

static enum stage
stage_of(const struct mail_sample *mail, gboolean *ret_lead)
{
	g_autoptr(config_owned) config = fixture_config();
	g_autoptr(scorecards_owned) scorecards = NULL;
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = NULL;
	struct facts *facts;
	enum stage stage;

	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->scorecards,
			config_scorecard_load(TEST_CONF "/scorecards/default.conf", NULL));
	scorecards = scorecards_new(config, NULL);
	facts = fixture_facts(config, mail);
	decision = decide_message(facts, known, scorecards, FIXTURE_NOW);
	*ret_lead = decision->lead != NULL;
	stage = decision->lead != NULL ? decision->lead->stage : STAGE_INTEREST;
	fixture_facts_free(facts);
	return stage;
}

static void
test_target_account(void)
{
	static const struct {
		struct mail_sample mail;
		gboolean lead;
		enum stage stage;
	} want[] = {
		{ { .kind = KIND_HUMAN,
		    .from = "eve@target.example",
		    .text = "Hello, who are you?" },
		  TRUE,
		  STAGE_MQL },
		{ { .kind = KIND_HUMAN,
		    .from = "eve@other.example",
		    .text = "Hello, who are you?" },
		  TRUE,
		  STAGE_EQL },
		{ { .kind = KIND_AUTO_REPLY, .from = "eve@target.example" }, FALSE, 0 },
		{ { .kind = KIND_NEWSLETTER, .from = "eve@target.example" }, FALSE, 0 },
		{ { .kind = KIND_LIST, .from = "eve@target.example" }, FALSE, 0 },
		{ { .kind = KIND_BOUNCE,
		    .from = "eve@target.example",
		    .bounced = "x@target.example" },
		  FALSE,
		  0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		gboolean lead;
		enum stage stage = stage_of(&want[i].mail, &lead);

		g_test_message("%u", i);
		g_assert_cmpint(lead, ==, want[i].lead);
		if (lead)
			g_assert_cmpint(stage, ==, want[i].stage);
	}
}

/* --- the examples --- */

static void
test_account_based(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("account-based");
	g_autoptr(scorecards_owned) standard = load_file("default");
	struct fixture fixture;
	struct score score;

	/* A perfectly fitting account: a few points of activity are enough. */
	make_director(&fixture);
	fixture.account.domain = (char *)"acme.example";
	fixture.account.industry = (char *)"software";
	fixture.account.country = (char *)"RO";
	fixture.account.employees = 900;
	fixture.account.revenue = 5e7;
	fixture.account.target = TRUE;
	fixture.known.account = &fixture.account;
	for (guint i = 0; i < 2; i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();

		fixture.content.words = i == 0 ? 2 : 20;
		score_fixture(scorecards, &fixture, &score, touches);
		g_assert_cmpfloat(score.fit, ==, 65);
		g_assert_cmpfloat(score.engagement, ==, i == 0 ? 0 : 8);
		g_assert_cmpint(score.grade, ==, 'A');
		g_assert_true(score.qualified);
		score_clear(&score);
	}
	/* The same letter from a stranger's small company is far from it. */
	{
		g_autoptr(GPtrArray) touches = fixture_touches();

		fixture.account =
			(struct account){ .domain = (char *)"acme.example", .employees = 5 };
		score_fixture(scorecards, &fixture, &score, touches);
		g_assert_cmpfloat(score.fit, <, 20);
		g_assert_false(score.qualified);
		score_clear(&score);
	}
	/* And several people of an account are worth more than on the default card. */
	fixture.account.active_people = 4;
	{
		g_autoptr(GPtrArray) here = fixture_touches();
		g_autoptr(GPtrArray) there = fixture_touches();
		double engagement;

		score_fixture(scorecards, &fixture, &score, here);
		engagement = score.engagement;
		score_clear(&score);
		score_fixture(standard, &fixture, &score, there);
		g_assert_cmpfloat(engagement, ==, score.engagement + 9);
		score_clear(&score);
	}
	fixture_clear(&fixture);
}

/* Somebody on a free-mail address asks what something costs. */
static void
make_private_buyer(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture->facts.person_sender.domain = (char *)"gmail.com";
	fixture->facts.person_sender.freemail = TRUE;
	fixture->facts.person_sender.verified = TRUE;
	fixture->person.name = (char *)"Ana Pop";
	fixture->person.first_name = (char *)"Ana";
	fixture->person.last_name = (char *)"Pop";
	fixture_phone(fixture, "+40721112233", "mobile");
	fixture->content.words = 25;
	fixture->content.questions = 1;
	fixture->content.need = fixture->content.timeline = TRUE;
	fixture_hit(fixture, "intent_price", "how much would it cost");
}

static void
test_private_buyers(void)
{
	static const struct {
		const char *card;
		gboolean qualified;
		double quality_at_least;
	} want[] = {
		{ "default", FALSE, -60 },
		{ "consumer", TRUE, 0 },
		{ "shop", TRUE, 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(scorecards_owned) scorecards = load_file(want[i].card);
		g_autoptr(GPtrArray) touches = fixture_touches();
		struct fixture fixture;
		struct score score;

		make_private_buyer(&fixture);
		score_fixture(scorecards, &fixture, &score, touches);
		g_test_message("%s: %.1f", want[i].card, score.total);
		g_assert_cmpint(score.qualified, ==, want[i].qualified);
		g_assert_cmpfloat(score.quality, >=, want[i].quality_at_least);
		score_clear(&score);
		fixture_clear(&fixture);
	}
}

/* A shop forgets within weeks. */
static void
test_shop_forgets(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("shop");
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct fixture fixture;
	struct score score;

	make_private_buyer(&fixture);
	receive(scorecards, &fixture, touches);
	score_evaluate_all(scorecards, touches, NULL, NOW + 30 * CLOCK_DAY, &score);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_COLD);
	g_assert_false(score.qualified);
	score_clear(&score);
	fixture_clear(&fixture);
}

static void
test_agency(void)
{
	g_autoptr(scorecards_owned) scorecards = load_file("agency");
	g_autoptr(GPtrArray) client = fixture_touches();
	g_autoptr(GPtrArray) applicant = fixture_touches();
	struct fixture fixture;
	struct score score;

	make_director(&fixture);
	fixture.content.words = 100;
	fixture.content.budget = fixture.content.timeline = TRUE;
	fixture.content.amount = (char *)"40,000 EUR";
	fixture.content.deadline = (char *)"in March";
	g_ptr_array_add(fixture.kinds, (gpointer) "brief");
	score_fixture(scorecards, &fixture, &score, client);
	g_assert_true(score.qualified);
	score_clear(&score);
	/* A project takes its time: a month later it is still one. */
	score_evaluate_all(scorecards, client, NULL, NOW + 30 * CLOCK_DAY, &score);
	g_assert_true(score.qualified);
	score_clear(&score);
	fixture_clear(&fixture);
	make_director(&fixture);
	fixture.mail.subject = (char *)"Application as a designer";
	g_ptr_array_add(fixture.kinds, (gpointer) "cv");
	fixture.content.words = 100;
	score_fixture(scorecards, &fixture, &score, applicant);
	g_assert_cmpfloat(score.total, <, 0);
	score_clear(&score);
	fixture_clear(&fixture);
}

static void
test_activity(void)
{
	static const struct {
		const char *touch;
		double points;
	} want[] = {
		{ "open", 5 },
		{ "click", 10 },
		{ "form_filled", 20 },
		{ "click_product", 20 },
	};
	g_autoptr(scorecards_owned) scorecards = load_file("activity");

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) touches = fixture_touches();

		act(scorecards, touches, want[i].touch, 0);
		g_assert_cmpfloat(total_now(scorecards, touches), ==, want[i].points);
	}
}

/* All of them beside each other, as a site may have them. */
static void
test_all_together(void)
{
	static const char *const NAMES[] = { "default", "account-based", "shop",
					     "agency",  "consumer",      "activity" };
	g_autoptr(config_owned) config = config_default();
	g_autoptr(scorecards_owned) scorecards = NULL;
	g_autoptr(GError) error = NULL;

	g_ptr_array_set_size(config->scorecards, 0);
	for (guint i = 0; i < G_N_ELEMENTS(NAMES); i++) {
		g_autofree char *path =
			g_strconcat(TEST_CONF "/scorecards/", NAMES[i], ".conf", NULL);

		g_ptr_array_add(config->scorecards, config_scorecard_load(path, &error));
		g_assert_no_error(error);
	}
	scorecards = scorecards_new(config, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(scorecards_count(scorecards), ==, G_N_ELEMENTS(NAMES));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/numbers/acts", test_points_of_acts);
	g_test_add_func("/numbers/active-and-latent", test_active_and_latent);
	g_test_add_func("/numbers/threshold", test_threshold);
	g_test_add_func("/numbers/fit-cap", test_fit_is_capped);
	g_test_add_func("/numbers/completeness", test_completeness);
	g_test_add_func("/numbers/free-mail", test_free_mail_is_a_penalty_not_a_gate);
	g_test_add_func("/numbers/target-account", test_target_account);
	g_test_add_func("/examples/account-based", test_account_based);
	g_test_add_func("/examples/private-buyers", test_private_buyers);
	g_test_add_func("/examples/shop", test_shop_forgets);
	g_test_add_func("/examples/agency", test_agency);
	g_test_add_func("/examples/activity", test_activity);
	g_test_add_func("/examples/together", test_all_together);
	return g_test_run();
}
