/* test-sweep.c - what time alone changes. */
#include "lead/sweep.h"

#include "base/limits.h"
#include "outside-fixture.h"

#define NOW FIXTURE_NOW
#define HOUR (60 * MINUTE)
/* Two demos are 40 points, hot from 30, warm from 10; half are left after 10 days: log2(40/30) and
 * log2(40/10) half-lives. */
#define WARM_AT 4.150374992788438 /* days */
#define COLD_AT 20.0
/* Points are rounded to a ten-thousandth: a threshold is passed some seconds after that. */
#define NEAR (MINUTE / 2)

struct row {
	const char *label;
	const char *config;
	enum stage stage;
	guint demos; /* at NOW */
	gint64 inbound, outbound; /* after NOW */
	gint64 task; /* due, after NOW; 0 none */
	gboolean away, breached, opted_out, unreachable, shadow, merged;
	gint64 at; /* when it is swept, after NOW */
	/* want */
	gint64 due; /* before it, after NOW; 0 never */
	const char *events;
	enum stage becomes;
	enum temperature temperature;
	const char *reason;
	gint64 next; /* due after it; 0 never, -1 whatever */
};

#define HOT TEMPERATURE_HOT
#define WARM TEMPERATURE_WARM
#define COLD TEMPERATURE_COLD
#define QUIET "silence_after = \"0\"\n"

static const struct row ROWS[] = {
	{ "not yet", .config = QUIET, .stage = STAGE_EQL, .demos = 1, .inbound = 0, .at = DAYS(9),
	  .due = DAYS(10), .events = "", .becomes = STAGE_EQL, .temperature = WARM,
	  .reason = "nothing has changed", .next = DAYS(10) },
	{ "warm to cold, on the day", .config = QUIET, .stage = STAGE_EQL, .demos = 1,
	  .at = DAYS(10) + MINUTE, .due = DAYS(10), .events = "lead.cooled", .becomes = STAGE_EQL,
	  .temperature = COLD, .reason = "cooled" },
	{ "days later it is told still", .config = QUIET, .stage = STAGE_EQL, .demos = 1,
	  .at = DAYS(16), .due = DAYS(10), .events = "lead.cooled", .becomes = STAGE_EQL,
	  .temperature = COLD, .reason = "cooled" },
	{ "weeks later it is only put right", .config = QUIET, .stage = STAGE_EQL, .demos = 1,
	  .at = DAYS(18), .due = DAYS(10), .events = "", .becomes = STAGE_EQL, .temperature = COLD,
	  .reason = "cooled" },
	{ "a stage isn't lost by fading", .config = QUIET, .stage = STAGE_MQL, .demos = 2,
	  .at = HOUR, .due = 1, .events = "lead.cooled", .becomes = STAGE_MQL, .temperature = HOT,
	  .reason = "cooled", .next = -1 },
	{ "what is lost doesn't cool", .config = QUIET, .stage = STAGE_DISQUALIFIED, .demos = 1,
	  .at = DAYS(12), .events = "", .becomes = STAGE_DISQUALIFIED, .temperature = COLD,
	  .reason = "nothing has changed" },
	{ "nor does a customer", .config = QUIET, .stage = STAGE_CUSTOMER, .demos = 1,
	  .at = DAYS(12), .events = "", .becomes = STAGE_CUSTOMER, .temperature = COLD,
	  .reason = "nothing has changed" },
	{ "nor a forger's card", .config = QUIET, .stage = STAGE_NQL, .demos = 1, .shadow = TRUE,
	  .at = DAYS(12), .events = "", .becomes = STAGE_NQL, .temperature = COLD,
	  .reason = "nothing has changed" },
	{ "nor a sign to another card", .config = QUIET, .stage = STAGE_EQL, .demos = 1,
	  .merged = TRUE, .at = DAYS(12), .events = "", .becomes = STAGE_EQL, .temperature = COLD,
	  .reason = "nothing has changed" },

	{ "a task is missed", .stage = STAGE_EQL, .task = HOUR, .at = HOUR + MINUTE, .due = HOUR,
	  .events = "lead.sla_breached", .becomes = STAGE_EQL, .reason = "task missed" },
	{ "once", .stage = STAGE_EQL, .task = HOUR, .breached = TRUE, .at = HOUR + MINUTE,
	  .events = "", .becomes = STAGE_EQL, .reason = "nothing has changed" },
	{ "a customer's too", .stage = STAGE_CUSTOMER, .task = HOUR, .at = HOUR, .due = HOUR,
	  .events = "lead.sla_breached", .becomes = STAGE_CUSTOMER, .reason = "task missed" },
	{ "long ago", .stage = STAGE_EQL, .task = HOUR, .at = DAYS(8), .due = HOUR, .events = "",
	  .becomes = STAGE_EQL, .reason = "task missed" },

	{ "our mail without answer", .stage = STAGE_SAL, .outbound = HOUR, .at = HOUR + DAYS(7),
	  .due = HOUR + DAYS(7), .events = "lead.updated", .becomes = STAGE_SAL,
	  .reason = "no answer" },
	{ "in days of one's own", .config = "silence_after = \"2d\"\n", .stage = STAGE_SAL,
	  .outbound = HOUR, .at = HOUR + DAYS(2) - 1, .due = HOUR + DAYS(2), .events = "",
	  .becomes = STAGE_SAL, .reason = "nothing has changed", .next = HOUR + DAYS(2) },
	{ "they answered", .stage = STAGE_SAL, .outbound = HOUR, .inbound = 2 * HOUR, .at = DAYS(9),
	  .events = "", .becomes = STAGE_SAL, .reason = "nothing has changed" },
	{ "they are away until the twelfth day, and then it is a week", .stage = STAGE_SAL,
	  .outbound = HOUR, .away = TRUE, .at = DAYS(12),
	  .due = DAYS(19) - 10 * HOUR, /* NOW is at ten */
	  .events = "", .becomes = STAGE_SAL, .reason = "nothing has changed",
	  .next = DAYS(19) - 10 * HOUR },
	{ "a customer owes no answer", .stage = STAGE_CUSTOMER, .outbound = HOUR, .at = DAYS(9),
	  .events = "", .becomes = STAGE_CUSTOMER, .reason = "nothing has changed" },
	{ "they can't answer", .stage = STAGE_SAL, .outbound = HOUR, .unreachable = TRUE,
	  .at = DAYS(9), .events = "", .becomes = STAGE_SAL, .reason = "nothing has changed" },
	{ "they want no mail", .stage = STAGE_SAL, .outbound = HOUR, .opted_out = TRUE,
	  .at = DAYS(9), .events = "", .becomes = STAGE_SAL, .reason = "nothing has changed" },
	{ "found late, it is noted quietly", .stage = STAGE_SAL, .outbound = HOUR, .at = DAYS(30),
	  .due = HOUR + DAYS(7), .events = "", .becomes = STAGE_SAL, .reason = "no answer" },

	{ "nothing for long: recycled", .config = QUIET "recycle_after = \"180d\"\n",
	  .stage = STAGE_SAL, .outbound = HOUR, .at = HOUR + DAYS(180), .due = HOUR + DAYS(180),
	  .events = "lead.stage_changed", .becomes = STAGE_RECYCLED, .reason = "recycled" },
	{ "however late, the CRM follows the stage", .config = QUIET "recycle_after = \"180d\"\n",
	  .stage = STAGE_MQL, .inbound = HOUR, .at = DAYS(400), .due = HOUR + DAYS(180),
	  .events = "lead.stage_changed", .becomes = STAGE_RECYCLED, .reason = "recycled" },
	{ "what sales never had isn't recycled", .config = QUIET "recycle_after = \"180d\"\n",
	  .stage = STAGE_EQL, .at = DAYS(400), .events = "", .becomes = STAGE_EQL,
	  .reason = "nothing has changed" },
	{ "a customer isn't", .config = QUIET "recycle_after = \"180d\"\n", .stage = STAGE_CUSTOMER,
	  .at = DAYS(400), .events = "", .becomes = STAGE_CUSTOMER,
	  .reason = "nothing has changed" },

	{ "several things, in their order",
	  .config = "recycle_after = \"9d\"\nsilence_after = \"8d\"\n", .stage = STAGE_SAL,
	  .demos = 1, .outbound = HOUR, .task = DAYS(7), .at = DAYS(9) + 2 * HOUR, .due = DAYS(7),
	  .events = "lead.sla_breached lead.updated lead.stage_changed", .becomes = STAGE_RECYCLED,
	  .temperature = COLD, .reason = "task missed, no answer, recycled" },
};

static struct known *
make_known(const struct site *site, const struct row *row)
{
	struct known *known = known_new();
	struct lead *lead = fixture_lead("ld_1", "anna@kunde.example", "Anna Koch");

	lead->stage = row->stage;
	lead->stage_since = NOW;
	lead->updated = NOW;
	lead->last_inbound = NOW + row->inbound;
	lead->last_outbound = row->outbound != 0 ? NOW + row->outbound : 0;
	lead->opted_out = row->opted_out;
	lead->unreachable = row->unreachable;
	if (row->task != 0) {
		lead->task = g_strdup("reply");
		lead->task_due = NOW + row->task;
		lead->task_breached = row->breached ? lead->task_due : 0;
	}
	if (row->merged)
		lead->merged_into = g_strdup("ld_2");
	if (row->shadow) {
		g_free(lead->normalised);
		lead->normalised = g_strdup(DECIDE_UNVERIFIED "anna@kunde.example");
		lead->linked = g_strdup("ld_2");
		lead->unverified = TRUE;
	}
	fixture_candidate(known, lead, MATCHED_TOKEN);
	for (guint i = 0; i < row->demos; i++)
		add_touch(site, known, "demo", "outside", NOW);
	if (row->away)
		add_touch(site, known, "out_of_office", "outside", NOW + row->outbound + MINUTE)
			->note = g_strdup("out of office until 2025-12-03; Vera Blum stands in");
	/* the figures as of NOW */
	lead->total = lead->engagement = 20.0 * row->demos;
	lead->temperature = row->demos == 0 ? COLD : row->demos == 1 ? WARM : HOT;
	if (row->demos == 2) {
		struct lead_score *score = lead_score_new();

		score->card = g_strdup("test");
		score->total = 40;
		score->temperature = HOT;
		score->qualified = TRUE;
		g_ptr_array_add(lead->scores, score);
	}
	return known;
}

static gint64
after_now(gint64 time)
{
	return time != 0 ? time - NOW : 0;
}

static void
check_row(const struct row *row, const struct decision *decision)
{
	g_autofree char *events = event_types(decision);
	const struct lead *lead = decision->lead;

	g_assert_cmpstr(decision->reason, ==, row->reason);
	g_assert_cmpstr(events, ==, row->events);
	g_assert_cmpstr(stage_name(lead->stage), ==, stage_name(row->becomes));
	g_assert_cmpint(lead->temperature, ==, row->temperature);
	if (row->next >= 0)
		g_assert_cmpint(ABS(after_now(lead->due) - row->next), <, NEAR);
	g_assert_true(lead->due == 0 || lead->due > NOW + row->at);
	for (guint i = 0; i < decision->events->len; i++) {
		const struct event *event = decision->events->pdata[i];

		g_assert_cmpint(event->time, <=, NOW + row->at);
		if (strcmp(event->type, "lead.stage_changed") != 0)
			g_assert_cmpint(event->time, >=, NOW + row->at - SWEEP_STALE);
	}
}

/* Swept once more, nothing is new. */
static void
sweep_again(const struct site *site, const struct row *row, struct known *known,
	    struct decision *decision)
{
	struct candidate *candidate = known->candidates->pdata[0];
	struct lead *old = candidate->lead;

	if (decision->touch != NULL)
		g_ptr_array_add(known->touches, g_steal_pointer(&decision->touch));
	candidate->lead = g_steal_pointer(&decision->lead);
	g_autoptr(decision_owned) again = sweep_decide(known, site->scorecards, NOW + row->at);
	g_assert_cmpstr(again->reason, ==, "nothing has changed");
	g_assert_cmpuint(again->events->len, ==, 0);
	g_assert_null(again->touch);
	lead_free(old);
}

static void
test_rows(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
		const struct row *row = &ROWS[i];
		struct site site;

		site_init(&site, row->config != NULL ? row->config : "");
		g_test_message("%s", row->label);
		{
			g_autoptr(known_owned) known = make_known(&site, row);
			struct candidate *candidate = known->candidates->pdata[0];
			gint64 due =
				sweep_due(candidate->lead, known->touches, site.scorecards, NOW);

			g_assert_cmpint(ABS(after_now(due) - row->due), <, NEAR);
			g_autoptr(decision_owned) decision =
				sweep_decide(known, site.scorecards, NOW + row->at);
			check_row(row, decision);
			sweep_again(&site, row, known, decision);
		}
		site_clear(&site);
	}
}

/* lead.cooled is dated by the moment itself, and says how it was. */
static void
test_cooled(void)
{
	const struct row hot = { .stage = STAGE_MQL, .demos = 2, .outbound = 0 };
	struct site site;

	site_init(&site, "silence_after = \"0\"\n");
	g_autoptr(known_owned) known = make_known(&site, &hot);
	gint64 moment = NOW + (gint64)(WARM_AT * (double)CLOCK_DAY);
	struct lead_score *score =
		((struct candidate *)known->candidates->pdata[0])->lead->scores->pdata[0];
	score->qualified = FALSE; /* that one went at once */
	g_autoptr(decision_owned) decision = sweep_decide(known, site.scorecards, moment + DAYS(2));
	g_assert_cmpuint(decision->events->len, ==, 1);
	const struct event *event = decision->events->pdata[0];
	g_assert_cmpstr(event->type, ==, "lead.cooled");
	g_assert_cmpint(ABS(event->time - moment), <, NEAR);
	g_assert_nonnull(strstr(event->body, "\"previous\":{"));
	g_assert_nonnull(strstr(event->body, "\"temperature\":\"warm\""));
	g_assert_cmpint(ABS(decision->lead->due - NOW - (gint64)(COLD_AT * (double)CLOCK_DAY)), <,
			NEAR);
	site_clear(&site);
}

/* No answer is a touch with its points, and once for each time we wrote. */
static void
test_silence(void)
{
	const struct row wrote = { .stage = STAGE_SAL, .demos = 1, .outbound = HOUR };
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) known = make_known(&site, &wrote);
	g_autoptr(decision_owned) first =
		sweep_decide(known, site.scorecards, NOW + HOUR + DAYS(7) + 5);
	g_assert_cmpstr(first->touch->name, ==, "no_answer");
	g_assert_cmpint(first->touch->time, ==, NOW + HOUR + DAYS(7));
	g_assert_cmpuint(first->touch->contributions->len, ==, 1);
	struct lead *lead = ((struct candidate *)known->candidates->pdata[0])->lead;
	g_ptr_array_add(known->touches, g_steal_pointer(&first->touch));
	g_assert_cmpint(after_now(sweep_due(lead, known->touches, site.scorecards, NOW + DAYS(8))),
			==, DAYS(10) > 0 ? after_now(first->lead->due) : 0);
	lead->last_outbound = NOW + DAYS(8);
	g_autoptr(decision_owned) second = sweep_decide(known, site.scorecards, NOW + DAYS(15));
	g_assert_cmpstr(second->touch->name, ==, "no_answer");
	g_assert_cmpint(second->touch->time, ==, NOW + DAYS(15));
	site_clear(&site);
}

static void
test_nobody(void)
{
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = sweep_decide(known, site.scorecards, NOW);
	g_assert_cmpint(decision->action, ==, ACTION_NONE);
	site_clear(&site);
}

/* Whatever the history, one sweep is enough, and the next is in the future. */
static void
test_random(void)
{
	static const char *const NAMES[] = { "demo", "visit", "no_answer", "rejected" };
	struct site site;

	site_init(&site, "recycle_after = \"30d\"\n");
	for (guint story = 0; story < 300; story++) {
		const struct row row = {
			.stage = (enum stage)g_test_rand_int_range(0, STAGE_COUNT),
			.inbound = g_test_rand_int_range(0, 20) * DAYS(1),
			.outbound = g_test_rand_int_range(0, 20) * DAYS(1),
			.task = g_test_rand_int_range(0, 2) * DAYS(2),
			.at = g_test_rand_int_range(0, 60) * DAYS(1),
		};
		g_autoptr(known_owned) known = make_known(&site, &row);

		for (guint i = g_test_rand_int_range(0, 12); i > 0; i--)
			add_touch(&site, known, NAMES[g_test_rand_int_range(0, 4)], "outside",
				  NOW + g_test_rand_int_range(-30, 20) * DAYS(1));
		g_autoptr(decision_owned) decision =
			sweep_decide(known, site.scorecards, NOW + row.at);
		g_assert_true(decision->lead->due == 0 || decision->lead->due > NOW + row.at);
		sweep_again(&site, &row, known, decision);
	}
	site_clear(&site);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sweep/rows", test_rows);
	g_test_add_func("/sweep/cooled", test_cooled);
	g_test_add_func("/sweep/silence", test_silence);
	g_test_add_func("/sweep/nobody", test_nobody);
	g_test_add_func("/sweep/random", test_random);
	return g_test_run();
}
