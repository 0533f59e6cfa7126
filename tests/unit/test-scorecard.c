/* test-scorecard.c - scorecards: compiled, refused with their place, applied to messages. */
#include "lead/scorecard.h"

#include "base/error.h"
#include "lead/score.h"
#include "score-fixture.h"

/* So that a phrase list the card asks for and nobody wrote is found. */
static void
add_phrase_files(struct config *config)
{
	GDir *directory = g_dir_open(TEST_CONF "/lists/phrases", 0, NULL);
	const char *name;

	g_assert_nonnull(directory);
	while ((name = g_dir_read_name(directory)) != NULL)
		g_ptr_array_add(config->phrase_files,
				g_build_filename(TEST_CONF "/lists/phrases", name, NULL));
	g_assert_cmpuint(config->phrase_files->len, >, 0);
	g_dir_close(directory);
}

static struct scorecards *
load_default(void)
{
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card =
		config_scorecard_load(TEST_CONF "/scorecards/default.conf", &error);
	struct scorecards *scorecards;

	g_assert_no_error(error);
	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->scorecards, card);
	g_ptr_array_add(config->target_domains, g_strdup("target.example"));
	add_phrase_files(config);
	scorecards = scorecards_new(config, &error);
	g_assert_no_error(error);
	return scorecards;
}

static GPtrArray *
apply(const struct scorecards *scorecards, const struct fixture *fixture, const GPtrArray *touches)
{
	return scorecards_apply(scorecards, NULL, &fixture->facts, &fixture->known, NULL, touches,
				NOW + CLOCK_SECOND);
}

static const struct contribution *
find(const GPtrArray *contributions, const char *rule)
{
	for (guint i = 0; i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		if (strcmp(contribution->rule, rule) == 0)
			return contribution;
	}
	return NULL;
}

static double
points(const GPtrArray *contributions, const char *rule)
{
	const struct contribution *contribution = find(contributions, rule);

	return contribution != NULL ? contribution->raw : 0;
}

/* --- the language at its place --- */

static void
test_errors_name_their_place(void)
{
	static const struct {
		const char *text, *end; /* of the message, after the file's name */
	} want[] = {
		{ "name = \"x\"\nrule \"a\" {\n\twhen = \"sender.freemial\"\n}\n",
		  "card.conf:3:10: unknown signal \"sender.freemial\": did you mean "
		  "\"sender.freemail\"?" },
		{ "name = \"x\"\nrule \"a\" { points = 1.0 when = \"true and\n  text.wods > 3\" "
		  "}\n",
		  "card.conf:3:3: unknown signal \"text.wods\": did you mean \"text.words\"?" },
		{ "name = \"x\"\nrule \"a\" {\n\twhen = \"true\"\n\treason = \"is {nobody}\"\n}\n",
		  "card.conf:4:16: unknown signal \"nobody\" in the reason, expected one of "
		  "`leadctl "
		  "signals`" },
		{ "name = \"x\"\nrule \"a\" {\n\twhen = \"true\"\n\treason = \"is "
		  "{text.words\"\n}\n",
		  "card.conf:4:15: expected \"}\" after a placeholder in the reason" },
		{ "name = \"x\"\nrule \"a\" {\n\tvalue = \"person.name\"\n\twhen = \"true\"\n}\n",
		  "card.conf:3:11: expected a number, a list or a boolean, found person.name, a "
		  "text" },
		{ "name = \"x\"\nrule \"a\" {\n\twhen = \"true\"\n\tdimension = \"fit\"\n"
		  "\thalf_life = 5.0\n}\n",
		  "card.conf:5:14: rule \"a\": only engagement decays, expected 0" },
		{ "name = \"x\"\nrule \"a\" { when = \"true\" }\nrule \"b\" { when = \"text\" }\n",
		  "card.conf:3:20: unknown signal \"text\", expected one of `leadctl signals`" },
		{ "name = \"x\"\ngroup \"g\" { cap = -1.0 }\n",
		  "card.conf:0:0: group \"g\" has a cap below 0, expected cap >= 0 >= floor" },
		{ "name = \"x\"\ngroup \"g\" { floor = 1.0 }\n",
		  "card.conf:0:0: group \"g\" has a floor above 0, expected cap >= 0 >= floor" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(fixture_card(want[i].text, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		if (!g_str_has_suffix(error->message, want[i].end))
			g_assert_cmpstr(error->message, ==, want[i].end);
	}
}

static void
test_without_a_scorecard_nothing_counts(void)
{
	g_autoptr(config_owned) config = config_default();
	g_autoptr(scorecards_owned) scorecards = NULL;
	g_autoptr(GPtrArray) contributions = NULL;
	struct fixture fixture;

	g_ptr_array_set_size(config->scorecards, 0);
	scorecards = scorecards_new(config, NULL);
	fixture_init(&fixture);
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpuint(contributions->len, ==, 0);
	g_assert_cmpstr(scorecards_find(scorecards, "any")->name, ==, "default");
	g_assert_cmpfloat(scorecards_find(scorecards, NULL)->mql, ==, 65);
	fixture_clear(&fixture);
}

/* --- applying --- */

static void
test_points_value_and_importance(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(scorecards_owned) scorecards = fixture_card(
		"name = \"x\" half_life = 20.0\n"
		"rule \"plain\" { when = \"true\" points = 3.0 importance = 5.0 }\n"
		"rule \"value\" { when = \"true\" points = 2.0 value = \"content.questions\" "
		"importance = 1.0 half_life = 0.0 }\n"
		"rule \"none\" { when = \"text.words > 5\" points = 9.0 }\n"
		"rule \"zero\" { when = \"true\" points = 9.0 value = \"text.words\" }\n"
		"rule \"fit\" { when = \"true\" points = 4.0 dimension = \"fit\" kind = "
		"\"explicit\" reason = \"{{x} {content.questions} of {person.name}.\" }\n",
		&error);
	g_autoptr(GPtrArray) contributions = NULL;
	const struct contribution *fit;
	struct fixture fixture;

	g_assert_no_error(error);
	fixture_init(&fixture);
	fixture.content.questions = 4;
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpuint(contributions->len, ==, 3);
	g_assert_cmpfloat(points(contributions, "plain"), ==, 8);
	g_assert_cmpfloat(points(contributions, "value"), ==, 12);
	g_assert_cmpfloat(find(contributions, "plain")->half_life_days, ==, 20);
	g_assert_cmpfloat(find(contributions, "value")->half_life_days, ==, 0);
	g_assert_cmpint(find(contributions, "value")->time, ==, NOW);
	fit = find(contributions, "fit");
	g_assert_cmpfloat(fit->half_life_days, ==, 0);
	g_assert_cmpint(fit->dimension, ==, DIMENSION_FIT);
	g_assert_true(fit->is_explicit);
	g_assert_false(fit->is_property);
	g_assert_cmpstr(fit->reason, ==, "{x} 4 of .");
	fixture_clear(&fixture);
}

static void
test_active_period(void)
{
	g_autoptr(scorecards_owned) scorecards = fixture_card(
		"name = \"x\"\n"
		"rule \"past\" { when = \"true\" points = 1.0 until = \"2025-11-21\" }\n"
		"rule \"now\" { when = \"true\" points = 1.0 from = \"2025-11-21\" until = "
		"\"2025-11-22\" }\n"
		"rule \"later\" { when = \"true\" points = 1.0 from = \"2025-11-22\" }\n",
		NULL);
	g_autoptr(GPtrArray) contributions = NULL;
	struct fixture fixture;

	fixture_init(&fixture);
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpuint(contributions->len, ==, 1);
	g_assert_nonnull(find(contributions, "now"));
	fixture_clear(&fixture);
}

static const char COUNTS[] =
	"name = \"x\"\n"
	"rule \"always\" { when = \"true\" points = 1.0 }\n"
	"rule \"daily\" { when = \"true\" points = 1.0 count = \"day\" }\n"
	"rule \"once\" { when = \"true\" points = 1.0 count = \"person\" }\n"
	"rule \"is\" { when = \"sender.freemail\" points = -5.0 dimension = \"quality\" "
	"count = \"person\" reason = \"at {sender.domain}\" }\n";

/* Receive the message as it is now, and keep its touch. @return how many contributions it made */
static guint
receive(const struct scorecards *scorecards, struct fixture *fixture, GPtrArray *touches,
	gint64 time)
{
	GPtrArray *contributions;
	struct touch *touch;

	fixture->facts.received = time;
	contributions = scorecards_apply(scorecards, NULL, &fixture->facts, &fixture->known, NULL,
					 touches, time);
	touch = fixture_touch(touches, "mail", time);
	g_ptr_array_unref(touch->contributions);
	touch->contributions = contributions;
	return contributions->len;
}

static double
quality(const struct scorecards *scorecards, GPtrArray *touches, gint64 now)
{
	struct score score;
	double result;

	score_evaluate(scorecards_card(scorecards, NULL), touches, NULL, now, &score);
	result = score.quality;
	score_clear(&score);
	return result;
}

static void
test_counts(void)
{
	g_autoptr(scorecards_owned) scorecards = fixture_card(COUNTS, NULL);
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.facts.person_sender.freemail = TRUE;
	fixture.facts.person_sender.domain = (char *)"gmail.com";
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW), ==, 4);
	g_assert_cmpfloat(quality(scorecards, touches, NOW), ==, -5);
	/* The same day: only what counts each time; the person is still the same. */
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + CLOCK_SECOND), ==, 1);
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + CLOCK_DAY), ==, 2);
	g_assert_cmpfloat(quality(scorecards, touches, NOW + CLOCK_DAY), ==, -5);
	/* Another free-mail address: the judgement is renewed, not added. */
	fixture.facts.person_sender.domain = (char *)"gmx.de";
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + 2 * CLOCK_DAY), ==, 3);
	g_assert_cmpfloat(quality(scorecards, touches, NOW + 2 * CLOCK_DAY), ==, -5);
	/* A company's address: it is withdrawn, once. */
	fixture.facts.person_sender.freemail = FALSE;
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + 3 * CLOCK_DAY), ==, 3);
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + 4 * CLOCK_DAY), ==, 2);
	g_assert_cmpfloat(quality(scorecards, touches, NOW + 4 * CLOCK_DAY), ==, 0);
	/* As of the second day it still held. */
	g_assert_cmpfloat(quality(scorecards, touches, NOW + 2 * CLOCK_DAY), ==, -5);
	/* And back. */
	fixture.facts.person_sender.freemail = TRUE;
	g_assert_cmpuint(receive(scorecards, &fixture, touches, NOW + 5 * CLOCK_DAY), ==, 3);
	g_assert_cmpfloat(quality(scorecards, touches, NOW + 5 * CLOCK_DAY), ==, -5);
	fixture_clear(&fixture);
}

static void
test_rules_that_are_gone(void)
{
	g_autoptr(scorecards_owned) before = fixture_card(COUNTS, NULL);
	g_autoptr(scorecards_owned) after = fixture_card(
		"name = \"x\"\n"
		"rule \"renamed\" { when = \"sender.freemail\" points = -4.0 dimension = "
		"\"quality\" count = \"person\" }\n",
		NULL);
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.facts.person_sender.freemail = TRUE;
	receive(before, &fixture, touches, NOW);
	g_assert_cmpfloat(quality(before, touches, NOW), ==, -5);
	/* What it gave counts nothing, at once; the new rule counts from the next message on. */
	g_assert_cmpfloat(quality(after, touches, NOW), ==, 0);
	g_assert_cmpuint(receive(after, &fixture, touches, NOW + CLOCK_DAY), ==, 1);
	g_assert_cmpfloat(quality(after, touches, NOW + CLOCK_DAY), ==, -4);
	g_assert_cmpuint(receive(after, &fixture, touches, NOW + 2 * CLOCK_DAY), ==, 0);
	/* It comes back with the rule. */
	g_assert_cmpfloat(quality(before, touches, NOW + 2 * CLOCK_DAY), ==, -5);
	fixture_clear(&fixture);
}

static void
test_only_acts_of_people_count(void)
{
	g_autoptr(scorecards_owned) scorecards = fixture_card(
		"name = \"x\"\n"
		"rule \"any\" { when = \"text.words >= 0\" points = 1.0 }\n"
		"rule \"bounced\" { when = \"message.bounce == 'permanent'\" points = -9.0 }\n",
		NULL);
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.kind.bounce = &fixture.bounce;
	fixture.bounce.class = BOUNCE_PERMANENT;
	for (guint kind = 0; kind < KIND_COUNT; kind++) {
		g_autoptr(GPtrArray) contributions = NULL;

		fixture.kind.kind = (enum mail_kind)kind;
		contributions = apply(scorecards, &fixture, NULL);
		g_assert_cmpint(find(contributions, "any") != NULL, ==,
				kind_is_human((enum mail_kind)kind));
		g_assert_nonnull(find(contributions, "bounced"));
	}
	fixture_clear(&fixture);
}

static void
test_find(void)
{
	g_autoptr(scorecards_owned) scorecards = fixture_card("name = \"one\" mql = 12.0\n", NULL);
	g_autoptr(scorecards_owned) again = scorecards_ref(scorecards);

	g_assert_cmpstr(scorecards_find(scorecards, NULL)->name, ==, "one");
	g_assert_cmpstr(scorecards_find(again, "one")->name, ==, "one");
	g_assert_cmpstr(scorecards_find(again, "other")->name, ==, "one");
	g_assert_cmpfloat(scorecards_find(again, "one")->mql, ==, 12);
	g_assert_nonnull(scorecards_config(again));
	scorecards_unref(NULL);
}

/* --- several cards --- */

static const char *const CARDS[] = {
	"name = \"first\"\nrule \"a\" { when = \"true\" points = 1.0 }\n",
	"name = \"shop\" applies = \"person.country == 'RO'\"\n"
	"rule \"a\" { when = \"true\" points = 2.0 }\n",
	"name = \"named\"\nrule \"a\" { when = \"true\" points = 3.0 }\n"
	"rule \"bounced\" { when = \"message.bounce == 'permanent'\" points = -9.0 }\n",
	NULL,
};

/* The cards that gave something, in their order. */
static char *
cards_of(const GPtrArray *contributions)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < contributions->len; i++)
		g_string_append_printf(
			text, "%s%s", i > 0 ? " " : "",
			((const struct contribution *)contributions->pdata[i])->card);
	return g_string_free(text, FALSE);
}

static void
test_which_cards_apply(void)
{
	static const struct {
		const char *mailboxes[3]; /* a list of cards each; NULL: none */
		const char *country, *only;
		const char *cards;
	} want[] = {
		{ { NULL }, NULL, NULL, "first" },
		{ { "" }, NULL, NULL, "first" },
		{ { "" }, "RO", NULL, "first shop" },
		{ { "named" }, "RO", NULL, "named" },
		{ { "named first" }, NULL, NULL, "first named" },
		{ { "", "named" }, "RO", NULL, "named" },
		{ { "shop", "named" }, NULL, NULL, "shop named" },
		{ { "shop" }, NULL, "named", "named" },
		{ { "shop" }, NULL, "nobody", "" },
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(scorecards_owned) scorecards = fixture_cards(CARDS, &error);

	g_assert_no_error(error);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) mailboxes = g_ptr_array_new();
		g_autoptr(GPtrArray) contributions = NULL;
		g_autofree char *cards = NULL;
		struct config_mailbox boxes[3] = { { .name = NULL } };
		struct fixture fixture;

		fixture_init(&fixture);
		for (guint j = 0; want[i].mailboxes[j] != NULL; j++) {
			g_auto(GStrv) names = g_strsplit(want[i].mailboxes[j], " ", -1);

			boxes[j].scorecards = g_ptr_array_new_with_free_func(g_free);
			for (guint k = 0; names[k] != NULL; k++)
				g_ptr_array_add(boxes[j].scorecards, g_strdup(names[k]));
			g_ptr_array_add(mailboxes, &boxes[j]);
		}
		fixture.facts.mailboxes = mailboxes;
		fixture.person.country = (char *)want[i].country;
		contributions = scorecards_apply(scorecards, want[i].only, &fixture.facts, NULL,
						 NULL, NULL, NOW);
		cards = cards_of(contributions);
		g_test_message("%u", i);
		g_assert_cmpstr(cards, ==, want[i].cards);
		for (guint j = 0; j < 3; j++)
			g_clear_pointer(&boxes[j].scorecards, g_ptr_array_unref);
		fixture_clear(&fixture);
	}
}

/* It came to no mailbox: it counts where the lead has a score. */
static void
test_bounces_count_on_the_leads_cards(void)
{
	g_autoptr(scorecards_owned) scorecards = fixture_cards(CARDS, NULL);
	g_autoptr(GPtrArray) contributions = NULL;
	g_autoptr(lead_owned) lead = lead_new();
	struct lead_score *score = lead_score_new();
	struct fixture fixture;

	score->card = g_strdup("named");
	g_ptr_array_add(lead->scores, score);
	fixture_init(&fixture);
	fixture.kind.kind = KIND_BOUNCE;
	fixture.kind.bounce = &fixture.bounce;
	fixture.bounce.class = BOUNCE_PERMANENT;
	contributions = scorecards_apply(scorecards, NULL, &fixture.facts, NULL, lead, NULL, NOW);
	g_assert_cmpuint(contributions->len, ==, 1);
	g_assert_cmpfloat(points(contributions, "bounced"), ==, -9);
	fixture_clear(&fixture);
}

static void
test_applies_is_checked(void)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(fixture_card("name = \"x\"\n\n  applies = \"sender.freemial\"\n", &error));
	g_assert_nonnull(
		strstr(error->message, "card.conf:3:14: unknown signal \"sender.freemial\""));
}

/* --- the default scorecard --- */

static void
test_named_touches(void)
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
	g_autoptr(scorecards_owned) scorecards = load_default();
	g_autoptr(GPtrArray) none = NULL;
	const char *nearest = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) contributions =
			scorecards_touch(scorecards, NULL, want[i].touch, NOW);
		const struct contribution *contribution = contributions->pdata[0];

		g_assert_cmpfloat(contribution->raw, ==, want[i].points);
		g_assert_cmpint(contribution->dimension, ==, DIMENSION_ENGAGEMENT);
		g_assert_cmpfloat(contribution->half_life_days, ==, 30);
		g_assert_cmpint(contribution->time, ==, NOW);
	}
	none = scorecards_touch(scorecards, NULL, "teleport", NOW);
	g_assert_cmpuint(none->len, ==, 0);
	/* The name of a rule is none of a touch. */
	g_assert_false(scorecards_has_touch(scorecards, "wrote", NULL));
	g_assert_true(scorecards_has_touch(scorecards, "click", NULL));
	g_assert_false(scorecards_has_touch(scorecards, "clik", &nearest));
	g_assert_cmpstr(nearest, ==, "click");
}

static void
test_thresholds_are_those_of_the_guides(void)
{
	g_autoptr(scorecards_owned) scorecards = load_default();
	const struct config_scorecard *card = scorecards_find(scorecards, "default");

	g_assert_cmpfloat(card->mql, ==, 65);
	g_assert_cmpfloat(card->half_life_days, ==, 30);
	for (guint i = 0; i < card->groups->len; i++) {
		const struct config_group *group = card->groups->pdata[i];

		if (strcmp(group->name, "demographic") == 0) {
			g_assert_cmpfloat(group->cap, ==, 30);
			g_assert_cmpfloat(group->floor, ==, 0);
		}
	}
}

static void
test_domain_quality_is_graded(void)
{
	static const struct {
		gboolean freemail, disposable, role, relay;
		double points;
	} want[] = {
		{ FALSE, FALSE, FALSE, FALSE, 0 }, { TRUE, FALSE, FALSE, FALSE, -5 },
		{ TRUE, TRUE, FALSE, FALSE, -25 }, { FALSE, TRUE, FALSE, FALSE, -25 },
		{ FALSE, FALSE, TRUE, FALSE, -8 }, { TRUE, FALSE, TRUE, FALSE, -13 },
		{ FALSE, FALSE, FALSE, TRUE, -8 },
	};
	g_autoptr(scorecards_owned) scorecards = load_default();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) contributions = NULL;
		struct fixture fixture;
		double sum = 0;

		fixture_init(&fixture);
		fixture.facts.person_sender.domain = (char *)"mail.example";
		fixture.facts.person_sender.freemail = want[i].freemail;
		fixture.facts.person_sender.disposable = want[i].disposable;
		fixture.facts.person_sender.role = want[i].role;
		fixture.facts.person_sender.relay = want[i].relay;
		contributions = apply(scorecards, &fixture, NULL);
		for (guint j = 0; j < contributions->len; j++) {
			const struct contribution *contribution = contributions->pdata[j];

			if (contribution->dimension == DIMENSION_QUALITY)
				sum += contribution->raw;
		}
		g_assert_cmpfloat(sum, ==, want[i].points);
		fixture_clear(&fixture);
	}
}

static void
score_message(const struct scorecards *scorecards, const struct fixture *fixture, struct score *ret,
	      GPtrArray *touches)
{
	struct touch *touch = fixture_touch(touches, "mail", NOW);

	g_ptr_array_unref(touch->contributions);
	touch->contributions = apply(scorecards, fixture, NULL);
	score_evaluate(scorecards_card(scorecards, NULL), touches, NULL, NOW, ret);
}

static void
make_buyer(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture->facts.person_sender.domain = (char *)"acme.example";
	fixture->facts.person_sender.org_domain = (char *)"acme.example";
	fixture->facts.person_sender.verified = fixture->facts.sender.verified = TRUE;
	fixture->person.title = (char *)"Managing Director";
	fixture->person.rank = RANK_DECISION_MAKER;
	fixture->person.company = (char *)"Acme";
	fixture->person.country = (char *)"RO";
	fixture_phone(fixture, "+40213112233", "fixed");
	fixture->content.words = 60;
	fixture->content.questions = 2;
	fixture->content.budget = fixture->content.timeline = fixture->content.need = TRUE;
	fixture->content.amount = (char *)"50,000 EUR";
	fixture_hit(fixture, "intent_price", "how much would it cost");
	g_ptr_array_add(fixture->kinds, (gpointer) "brief");
}

static void
test_buyer_newsletter_and_vendor(void)
{
	g_autoptr(scorecards_owned) scorecards = load_default();
	g_autoptr(GPtrArray) buyer_touches = fixture_touches();
	g_autoptr(GPtrArray) vendor_touches = fixture_touches();
	g_autoptr(GPtrArray) contributions = NULL;
	struct fixture fixture;
	struct score score;

	make_buyer(&fixture);
	score_message(scorecards, &fixture, &score, buyer_touches);
	g_assert_true(score.qualified);
	g_assert_cmpint(score.grade, ==, 'A');
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_HOT);
	g_assert_cmpfloat(score.fit, <=, 30);
	score_clear(&score);
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpstr(find(contributions, "budget")->evidence, ==, "50,000 EUR");
	g_assert_cmpstr(find(contributions, "intent-price")->evidence, ==,
			"how much would it cost");
	g_assert_cmpstr(find(contributions, "decision-maker")->reason, ==,
			"decides: Managing Director");
	g_assert_cmpstr(find(contributions, "brief")->evidence, ==, "brief");
	fixture.content.vendor_pitch = TRUE;
	score_message(scorecards, &fixture, &score, vendor_touches);
	g_assert_false(score.qualified);
	g_assert_cmpfloat(score.engagement, <, 0);
	g_assert_cmpint(score.temperature, ==, TEMPERATURE_COLD);
	score_clear(&score);
	fixture.kind.kind = KIND_NEWSLETTER;
	g_clear_pointer(&contributions, g_ptr_array_unref);
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpuint(contributions->len, ==, 0);
	fixture_clear(&fixture);
}

static void
test_target_account(void)
{
	g_autoptr(scorecards_owned) scorecards = load_default();
	g_autoptr(GPtrArray) contributions = NULL;
	struct fixture fixture;

	fixture_init(&fixture);
	fixture.facts.person_sender.domain = (char *)"mail.target.example";
	fixture.facts.person_sender.org_domain = (char *)"target.example";
	contributions = apply(scorecards, &fixture, NULL);
	g_assert_cmpfloat(points(contributions, "target-account"), ==, 15);
	g_assert_cmpstr(find(contributions, "target-account")->evidence, ==, "target.example");
	fixture_clear(&fixture);
}

static void
test_reply_speed(void)
{
	static const struct {
		gint64 latency;
		const char *rule; /* or NULL: none for the speed */
	} want[] = {
		{ 60 * (gint64)CLOCK_SECOND, "reply-within-hour" },
		{ 5 * 3600 * (gint64)CLOCK_SECOND, "reply-within-day" },
		{ 3 * CLOCK_DAY, NULL },
	};
	g_autoptr(scorecards_owned) scorecards = load_default();

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GPtrArray) contributions = NULL;
		struct fixture fixture;

		fixture_init(&fixture);
		fixture.kind.kind = KIND_HUMAN_REPLY;
		fixture.known.replied_to = (char *)"sales@ours.example";
		fixture.known.last_outbound = NOW - want[i].latency;
		contributions = apply(scorecards, &fixture, NULL);
		g_assert_cmpfloat(points(contributions, "reply"), ==, 10);
		g_assert_cmpint(find(contributions, "reply-within-hour") != NULL, ==,
				g_strcmp0(want[i].rule, "reply-within-hour") == 0);
		g_assert_cmpint(find(contributions, "reply-within-day") != NULL, ==,
				g_strcmp0(want[i].rule, "reply-within-day") == 0);
		fixture_clear(&fixture);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/scorecard/cards/apply", test_which_cards_apply);
	g_test_add_func("/scorecard/cards/bounces", test_bounces_count_on_the_leads_cards);
	g_test_add_func("/scorecard/cards/checked", test_applies_is_checked);
	g_test_add_func("/scorecard/errors", test_errors_name_their_place);
	g_test_add_func("/scorecard/none", test_without_a_scorecard_nothing_counts);
	g_test_add_func("/scorecard/points", test_points_value_and_importance);
	g_test_add_func("/scorecard/period", test_active_period);
	g_test_add_func("/scorecard/counts", test_counts);
	g_test_add_func("/scorecard/rules-gone", test_rules_that_are_gone);
	g_test_add_func("/scorecard/kinds", test_only_acts_of_people_count);
	g_test_add_func("/scorecard/find", test_find);
	g_test_add_func("/scorecard/default/touches", test_named_touches);
	g_test_add_func("/scorecard/default/thresholds", test_thresholds_are_those_of_the_guides);
	g_test_add_func("/scorecard/default/domain-quality", test_domain_quality_is_graded);
	g_test_add_func("/scorecard/default/messages", test_buyer_newsletter_and_vendor);
	g_test_add_func("/scorecard/default/target-account", test_target_account);
	g_test_add_func("/scorecard/default/reply-speed", test_reply_speed);
	return g_test_run();
}
