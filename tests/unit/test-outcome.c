/* test-outcome.c - what the CRM and sales say became of a lead. */
#include "lead/outcome.h"

#include <cJSON.h>

#include "base/limits.h"
#include "outside-fixture.h"

#define NOW FIXTURE_NOW
#define IVAN "ivan@our.example"

/* --- what is taken at all --- */

static const struct {
	struct outcome outcome;
	const char *want; /* NULL: taken */
} CHECKS[] = {
	{ { .what = "won" }, NULL },
	{ { .what = "Won", .time = NOW - DAYS(300) }, NULL },
	{ { .what = "stage", .value = "SQL" }, NULL },
	{ { .what = "owner", .value = IVAN }, NULL },
	{ { .what = "owner", .value = "" }, NULL },
	{ { .what = "owner" }, NULL },
	{ { .what = NULL }, "\"\" is no outcome" },
	{ { .what = "wonn" }, "\"wonn\" is no outcome; the nearest is \"won\"" },
	{ { .what = "stage" }, "\"\" is no stage" },
	{ { .what = "stage", .value = "costumer" },
	  "\"costumer\" is no stage; the nearest is \"customer\"" },
	{ { .what = "owner", .value = "ivan" }, "\"ivan\" is no owner's address" },
	{ { .what = "won", .time = NOW + DAYS(1) }, "2025-11-22T10:00:00.000Z is in the future" },
};

static void
test_checks(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
		g_autoptr(GError) error = NULL;
		gboolean taken = outcome_check(&CHECKS[i].outcome, NOW, &error);

		g_assert_cmpstr(error != NULL ? error->message : NULL, ==, CHECKS[i].want);
		g_assert_true(taken == (CHECKS[i].want == NULL));
	}
}

static void
test_keys(void)
{
	const struct outcome with_id = { .what = "won", .source = "crm", .id = "7" };
	const struct outcome without = { .what = "won", .source = "crm" };
	g_autofree char *key = outcome_key(&with_id);

	g_assert_cmpstr(key, ==, "outcome:crm:7");
	g_assert_null(outcome_key(&without));
}

/* --- what comes of it --- */

struct row {
	const char *label;
	struct outcome outcome;
	enum stage stage;
	/* want */
	enum stage becomes;
	const char *cause; /* of the stage, when it changed */
	const char *events;
	const char *owner; /* IVAN unless set; "-" for none */
	gboolean unreachable, opted_out;
	const char *customer;
};

static const struct row ROWS[] = {
	{ "won", .outcome = { "won", .source = "crm", .customer = "C-1", .time = NOW - MINUTE },
	  .stage = STAGE_SQL, .becomes = STAGE_CUSTOMER, .cause = "won (crm)",
	  .events = "lead.stage_changed", .customer = "C-1" },
	{ "won again, as the echo of our own event", .outcome = { "won", .source = "crm" },
	  .stage = STAGE_CUSTOMER, .becomes = STAGE_CUSTOMER, .events = "" },
	{ "its id in the CRM, later", .outcome = { "won", .source = "crm", .customer = "C-1" },
	  .stage = STAGE_CUSTOMER, .becomes = STAGE_CUSTOMER, .events = "lead.updated",
	  .customer = "C-1" },
	{ "lost", .outcome = { "lost", .source = "crm", .reason = "went to others" },
	  .stage = STAGE_SQL, .becomes = STAGE_DISQUALIFIED, .cause = "lost: went to others (crm)",
	  .events = "lead.stage_changed" },
	{ "a customer lost", .outcome = { "lost", .source = "crm" }, .stage = STAGE_CUSTOMER,
	  .becomes = STAGE_DISQUALIFIED, .cause = "lost (crm)", .events = "lead.stage_changed" },
	{ "rejected", .outcome = { "rejected", .source = "leadctl", .reason = "a student" },
	  .stage = STAGE_MQL, .becomes = STAGE_DISQUALIFIED,
	  .cause = "rejected: a student (leadctl)", .events = "lead.stage_changed" },
	{ "accepted", .outcome = { .what = "accepted" }, .stage = STAGE_MQL, .becomes = STAGE_SAL,
	  .cause = "accepted (told)", .events = "lead.stage_changed" },
	{ "accepted from before the threshold", .outcome = { .what = "accepted" },
	  .stage = STAGE_EQL, .becomes = STAGE_SAL, .cause = "accepted (told)",
	  .events = "lead.qualified lead.stage_changed" },
	{ "accepted is no way back", .outcome = { .what = "accepted" }, .stage = STAGE_SQL,
	  .becomes = STAGE_SQL, .events = "" },
	{ "accepted after all", .outcome = { .what = "accepted" }, .stage = STAGE_DISQUALIFIED,
	  .becomes = STAGE_SAL, .cause = "accepted (told)",
	  .events = "lead.reopened lead.qualified lead.stage_changed" },
	{ "qualified", .outcome = { .what = "qualified" }, .stage = STAGE_SAL, .becomes = STAGE_SQL,
	  .cause = "qualified (told)", .events = "lead.stage_changed" },
	{ "recycled", .outcome = { "recycled", .reason = "next year" }, .stage = STAGE_SAL,
	  .becomes = STAGE_RECYCLED, .cause = "recycled: next year (told)",
	  .events = "lead.stage_changed" },
	{ "unreachable", .outcome = { .what = "unreachable" }, .stage = STAGE_MQL,
	  .becomes = STAGE_DISQUALIFIED, .cause = "unreachable (told)",
	  .events = "lead.stage_changed", .unreachable = TRUE },
	{ "a customer who moved is still one", .outcome = { .what = "unreachable" },
	  .stage = STAGE_CUSTOMER, .becomes = STAGE_CUSTOMER, .events = "lead.updated",
	  .unreachable = TRUE },
	{ "wants no mail", .outcome = { .what = "opted_out" }, .stage = STAGE_EQL,
	  .becomes = STAGE_DISQUALIFIED, .cause = "opted_out (told)",
	  .events = "lead.stage_changed contact.opted_out", .opted_out = TRUE },
	{ "back to any stage", .outcome = { "stage", .value = "eql", .source = "leadctl" },
	  .stage = STAGE_SQL, .becomes = STAGE_EQL, .cause = "stage eql (leadctl)",
	  .events = "lead.stage_changed" },
	{ "given to somebody",
	  .outcome = { "owner", .value = "vera@our.example", .source = "leadctl" },
	  .stage = STAGE_MQL, .becomes = STAGE_MQL, .events = "lead.assigned",
	  .owner = "vera@our.example" },
	{ "given to who has it", .outcome = { "owner", .value = IVAN }, .stage = STAGE_MQL,
	  .becomes = STAGE_MQL, .events = "" },
	{ "given back to the pool", .outcome = { "owner", .value = "", .source = "leadctl" },
	  .stage = STAGE_MQL, .becomes = STAGE_MQL, .events = "lead.assigned", .owner = "-" },
	{ "an old rejection of somebody who wrote since",
	  .outcome = { "rejected", .time = NOW - DAYS(30) }, .stage = STAGE_EQL,
	  .becomes = STAGE_EQL, .events = "" },
	{ "an old success is one all the same", .outcome = { "won", .time = NOW - DAYS(30) },
	  .stage = STAGE_EQL, .becomes = STAGE_CUSTOMER, .cause = "won (told)",
	  .events = "lead.stage_changed" },
};

static struct known *
make_known(const struct site *site, enum stage stage)
{
	struct known *known = known_new();
	struct lead *lead = fixture_lead("ld_1", "anna@kunde.example", "Anna Koch");

	lead->stage = stage;
	lead->stage_since = NOW - DAYS(40);
	lead->owner = g_strdup(IVAN);
	fixture_candidate(known, lead, MATCHED_TOKEN);
	add_touch(site, known, "demo", "outside", NOW - DAYS(10));
	return known;
}

static void
check_row(const struct row *row, const struct decision *decision)
{
	g_autofree char *events = event_types(decision);
	const struct lead *lead = decision->lead;
	gint64 time = row->outcome.time != 0 ? row->outcome.time : NOW;

	g_assert_cmpint(decision->action, ==, ACTION_ATTACH);
	g_assert_cmpstr(events, ==, row->events);
	g_assert_cmpstr(stage_name(lead->stage), ==, stage_name(row->becomes));
	g_assert_cmpstr(lead->stage_cause, ==, row->cause);
	if (row->cause != NULL)
		g_assert_cmpint(lead->stage_since, ==, time);
	g_assert_cmpstr(lead->owner != NULL ? lead->owner : "-", ==,
			row->owner != NULL ? row->owner : IVAN);
	g_assert_cmpint(lead->unreachable, ==, row->unreachable);
	g_assert_cmpint(lead->opted_out, ==, row->opted_out);
	g_assert_cmpstr(lead->customer, ==, row->customer);
	g_assert_cmpstr(decision->touch->direction, ==, "outside");
	g_assert_cmpint(decision->touch->time, ==, time);
	g_assert_cmpint(decision->outcome->time, ==, time);
	g_assert_cmpstr(decision->outcome->source, ==, row->outcome.source);
	g_assert_cmpstr(decision->outcome->reason, ==, row->outcome.reason);
}

static void
test_rows(void)
{
	struct site site;

	site_init(&site, "");
	for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
		const struct row *row = &ROWS[i];
		g_autoptr(known_owned) known = make_known(&site, row->stage);
		g_autoptr(decision_owned) decision =
			outcome_decide(&row->outcome, known, site.scorecards, NOW);

		g_test_message("%s", row->label);
		check_row(row, decision);
	}
	site_clear(&site);
}

/* The picture is that of the moment, not of today. */
static void
test_snapshot(void)
{
	const struct outcome won = { "won", .time = NOW - DAYS(10) + 1 };
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) known = make_known(&site, STAGE_SAL);
	add_touch(&site, known, "demo", "outside", NOW - DAYS(1));
	g_autoptr(decision_owned) decision = outcome_decide(&won, known, site.scorecards, NOW);
	cJSON *picture = cJSON_Parse(decision->outcome->snapshot);

	g_assert_nonnull(picture);
	g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(picture, "stage")), ==, "sal");
	g_assert_cmpfloat_with_epsilon(
		cJSON_GetNumberValue(cJSON_GetObjectItem(picture, "engagement")), 20, 0.001);
	g_assert_cmpint(cJSON_GetArraySize(cJSON_GetObjectItem(picture, "rules")), ==, 1);
	cJSON_Delete(picture);
	site_clear(&site);
}

/* A scorecard may have points for an outcome; an open task ends when the lead is closed. */
static void
test_consequences(void)
{
	const struct outcome rejected = { .what = "rejected" };
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) known = make_known(&site, STAGE_SAL);
	struct lead *lead = ((struct candidate *)known->candidates->pdata[0])->lead;
	lead->task = g_strdup("reply");
	lead->task_due = NOW + MINUTE;
	g_autoptr(decision_owned) decision = outcome_decide(&rejected, known, site.scorecards, NOW);
	g_assert_cmpfloat_with_epsilon(decision->lead->total, 0, 0.001);
	g_assert_null(decision->lead->task);
	g_assert_cmpint(decision->lead->due, ==, 0);
	site_clear(&site);
}

static void
test_nothing(void)
{
	const struct outcome won = { .what = "won" }, wrong = { .what = "wonn" };
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) nobody = known_new();
	g_autoptr(decision_owned) none = outcome_decide(&won, nobody, site.scorecards, NOW);
	g_assert_cmpint(none->action, ==, ACTION_NONE);
	g_assert_cmpstr(none->reason, ==, "there is no such lead");
	g_autoptr(known_owned) known = make_known(&site, STAGE_SAL);
	g_autoptr(decision_owned) refused = outcome_decide(&wrong, known, site.scorecards, NOW);
	g_assert_cmpint(refused->action, ==, ACTION_NONE);
	g_assert_nonnull(strstr(refused->reason, "the nearest is \"won\""));
	known->is_duplicate = TRUE;
	known->previous = fixture_lead("ld_9", NULL, NULL);
	g_autoptr(decision_owned) again = outcome_decide(&won, known, site.scorecards, NOW);
	g_assert_cmpint(again->action, ==, ACTION_DUPLICATE);
	g_assert_cmpstr(again->lead->id, ==, "ld_9");
	site_clear(&site);
}

static void
test_words(void)
{
	guint count = 0;

	while (outcome_nth(count) != NULL)
		count++;
	g_assert_cmpuint(count, ==, 10);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/outcome/checks", test_checks);
	g_test_add_func("/outcome/keys", test_keys);
	g_test_add_func("/outcome/rows", test_rows);
	g_test_add_func("/outcome/snapshot", test_snapshot);
	g_test_add_func("/outcome/consequences", test_consequences);
	g_test_add_func("/outcome/nothing", test_nothing);
	g_test_add_func("/outcome/words", test_words);
	return g_test_run();
}
