/*
 * test-task.c - "reply by …": which messages ask for it, when it is due, and what ends it; also
 * through whole decisions, with working time on both sides' answers.
 */
#include "lead/task.h"

#include <glib/gstdio.h>

#include "lead-fixture.h"
#include "lead/scorecard.h"

#define ANNA "anna@kunde.example"
#define IVAN "ivan@our.example"
#define FRIDAY FIXTURE_NOW /* 2025-11-21, noon in Bucharest */

/* --- what wants an answer --- */

static const struct {
	const char *label;
	struct mail_sample mail;
	enum stage stage;
	const char *calendar;
	gboolean opted_out, refusal;
	gboolean want;
} wanted_cases[] = {
	{ .label = "a mail", .mail = { .kind = KIND_HUMAN }, .stage = STAGE_EQL, .want = TRUE },
	{ .label = "an answer",
	  .mail = { .kind = KIND_HUMAN_REPLY },
	  .stage = STAGE_SAL,
	  .want = TRUE },
	{ .label = "a forward",
	  .mail = { .kind = KIND_FORWARD },
	  .stage = STAGE_MQL,
	  .want = TRUE },
	{ .label = "of a customer",
	  .mail = { .kind = KIND_HUMAN },
	  .stage = STAGE_CUSTOMER,
	  .want = TRUE },
	{ .label = "nobody to answer to", .mail = { .kind = KIND_HUMAN }, .stage = STAGE_INTEREST },
	{ .label = "not qualified", .mail = { .kind = KIND_HUMAN }, .stage = STAGE_NQL },
	{ .label = "disqualified", .mail = { .kind = KIND_HUMAN }, .stage = STAGE_DISQUALIFIED },
	{ .label = "recycled", .mail = { .kind = KIND_HUMAN }, .stage = STAGE_RECYCLED },
	{ .label = "an opt-out",
	  .mail = { .kind = KIND_HUMAN, .opt_out = TRUE },
	  .stage = STAGE_EQL },
	{ .label = "who opted out before and asks now",
	  .mail = { .kind = KIND_HUMAN },
	  .stage = STAGE_EQL,
	  .opted_out = TRUE,
	  .want = TRUE },
	{ .label = "not interested",
	  .mail = { .kind = KIND_HUMAN_REPLY },
	  .stage = STAGE_SAL,
	  .refusal = TRUE },
	{ .label = "a vendor", .mail = { .kind = KIND_HUMAN, .vendor = TRUE }, .stage = STAGE_EQL },
	{ .label = "who may buy may sound like a vendor",
	  .mail = { .kind = KIND_HUMAN, .vendor = TRUE },
	  .stage = STAGE_MQL,
	  .want = TRUE },
	{ .label = "an invitation",
	  .mail = { .kind = KIND_CALENDAR },
	  .stage = STAGE_SAL,
	  .calendar = "invitation",
	  .want = TRUE },
	{ .label = "accepted",
	  .mail = { .kind = KIND_CALENDAR },
	  .stage = STAGE_SAL,
	  .calendar = "accepted" },
	{ .label = "cancelled",
	  .mail = { .kind = KIND_CALENDAR },
	  .stage = STAGE_SAL,
	  .calendar = "cancelled" },
	{ .label = "a machine", .mail = { .kind = KIND_AUTO_REPLY }, .stage = STAGE_SAL },
};

static void
test_wanted(void)
{
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(wanted_cases); i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &wanted_cases[i].mail);
		g_autoptr(lead_owned) lead = fixture_lead("ld_a", ANNA, NULL);
		struct calendar calendar = { .response = (char *)wanted_cases[i].calendar };

		g_test_message("%s", wanted_cases[i].label);
		lead->stage = wanted_cases[i].stage;
		lead->opted_out = wanted_cases[i].opted_out;
		facts->content->refusal = wanted_cases[i].refusal;
		if (calendar.response != NULL)
			facts->kind->calendar = &calendar;
		g_assert_cmpint(task_is_wanted(lead, facts), ==, wanted_cases[i].want);
		facts->kind->calendar = NULL;
	}
}

/* --- open, answered, missed --- */

static struct worktime *
always(void)
{
	struct config config = { .path = "test",
				 .working_hours = "Mon-Sun 00:00-24:00",
				 .time_zone = "UTC" };
	struct worktime *worktime = worktime_new(&config, NULL);

	g_assert_nonnull(worktime);
	return worktime;
}

static void
test_life(void)
{
	g_autoptr(worktime_owned) worktime = always();
	g_autoptr(lead_owned) lead = fixture_lead("ld_a", ANNA, NULL);
	gint64 hour = 60 * MINUTE, t = FRIDAY;

	g_assert_cmpint(task_next(lead), ==, 0);
	g_assert_false(task_answer(lead, t));
	lead->last_inbound = t;
	g_assert_true(task_open(lead, worktime, 2 * hour, t, t));
	g_assert_cmpstr(lead->task, ==, TASK_REPLY);
	g_assert_cmpint(lead->task_due, ==, t + 2 * hour);
	g_assert_cmpint(task_next(lead), ==, t + 2 * hour);
	/* a second message moves nothing, one of before does */
	g_assert_false(task_open(lead, worktime, 2 * hour, t + hour, t + hour));
	g_assert_cmpint(lead->task_due, ==, t + 2 * hour);
	g_assert_false(task_open(lead, worktime, 2 * hour, t - hour, t + hour));
	g_assert_cmpint(lead->task_due, ==, t + hour);
	/* missed: once, at its due time */
	g_assert_false(task_is_breached(lead, t + hour - 1));
	g_assert_true(task_is_breached(lead, t + hour));
	g_assert_false(task_breach(lead, t + hour - 1));
	g_assert_true(task_breach(lead, t + 3 * hour));
	g_assert_cmpint(lead->task_breached, ==, t + hour);
	g_assert_false(task_breach(lead, t + 4 * hour));
	g_assert_cmpint(task_next(lead), ==, 0);
	/* what was missed stays to be done */
	g_assert_false(task_open(lead, worktime, 2 * hour, t + hour, t + 4 * hour));
	g_assert_cmpint(lead->task_due, ==, t + hour);
	/* an answer to something before their last message ends nothing */
	lead->last_inbound = t + hour;
	g_assert_false(task_answer(lead, t + hour - 1));
	g_assert_true(task_answer(lead, t + hour));
	g_assert_null(lead->task);
	g_assert_cmpint(lead->task_due, ==, 0);
	g_assert_cmpint(lead->task_breached, ==, 0);
	/* what we answered already, and what is from an archive */
	lead->last_outbound = t + 5 * hour;
	g_assert_false(task_open(lead, worktime, hour, t + 4 * hour, t + 6 * hour));
	g_assert_null(lead->task);
	g_assert_false(task_open(lead, worktime, hour, t + 6 * hour, t + 7 * hour + TASK_STALE));
	g_assert_null(lead->task);
	/* another task is not ours to end */
	lead->task = g_strdup("call");
	g_assert_false(task_answer(lead, t + 9 * hour));
	g_assert_false(task_open(lead, worktime, hour, t + 9 * hour, t + 9 * hour));
	g_assert_cmpstr(lead->task, ==, "call");
}

/* --- in decisions --- */

struct step {
	const char *label;
	const char *when;
	struct mail_sample mail;
	const char *due; /* NULL: no task */
	gint latency, working; /* minutes of the touch; -1 none */
};

#define OURS .direction = DIRECTION_OUTBOUND, .from = IVAN, .to = ANNA

static const struct step STEPS[] = {
	{ "at night: due in the morning",
	  "2025-11-20T23:00:00+02:00",
	  { .message_id = "1@k" },
	  "2025-11-21T11:00:00+02:00",
	  -1,
	  -1 },
	{ "one more while it is open",
	  "2025-11-21T08:00:00+02:00",
	  { .message_id = "2@k" },
	  "2025-11-21T11:00:00+02:00",
	  -1,
	  -1 },
	{ "the same for another mailbox",
	  "2025-11-21T08:00:00+02:00",
	  { .message_id = "2@k", .to = "info@our.example" },
	  "2025-11-21T11:00:00+02:00",
	  -1,
	  -1 },
	{ "we answer: half an hour of work after 90 minutes",
	  "2025-11-21T09:30:00+02:00",
	  { OURS, .message_id = "3@o" },
	  NULL,
	  90,
	  30 },
	{ "they answer after work on Friday: due on Monday",
	  "2025-11-21T19:30:00+02:00",
	  { .kind = KIND_HUMAN_REPLY, .message_id = "4@k", .answers = "3@o" },
	  "2025-11-24T11:00:00+02:00",
	  600,
	  510 },
	{ "not interested any more",
	  "2025-11-24T09:30:00+02:00",
	  { .kind = KIND_HUMAN_REPLY, .message_id = "5@k", .opt_out = TRUE, .verified = TRUE },
	  NULL,
	  -1,
	  -1 },
	{ "and yet: reopened",
	  "2025-11-24T15:00:00+02:00",
	  { .message_id = "6@k", .verified = TRUE },
	  "2025-11-24T17:00:00+02:00",
	  -1,
	  -1 },
	{ "the vip mailbox wants it sooner",
	  "2025-11-24T15:30:00+02:00",
	  { .message_id = "7@k", .to = "vip@our.example", .verified = TRUE },
	  "2025-11-24T16:00:00+02:00",
	  -1,
	  -1 },
};

static struct scorecards *
load(void)
{
	g_autofree char *path = g_build_filename(g_get_tmp_dir(), "leadmilter-task.XXXXXX", NULL);
	int file = g_mkstemp(path);
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = NULL;
	struct scorecards *scorecards;

	g_assert_cmpint(file, >=, 0);
	g_close(file, NULL);
	g_file_set_contents(path,
			    "own_domains = {\"our.example\"}\nscorecards = {\"" TEST_DATA
			    "/lead/card.conf\"}\ntime_zone = \"Europe/Bucharest\"\n"
			    "mailbox \"sales@our.example\" {}\nmailbox \"info@our.example\" {}\n"
			    "mailbox \"vip@our.example\" { response_within = \"30m\" }\n",
			    -1, NULL);
	config = config_load(path, &error);
	g_remove(path);
	g_assert_no_error(error);
	scorecards = scorecards_new(config, &error);
	g_assert_no_error(error);
	return scorecards;
}

static void
keep_step(struct decision *decision, struct lead **lead, GPtrArray *touches)
{
	lead_free(*lead);
	*lead = g_steal_pointer(&decision->lead);
	if (decision->touch != NULL)
		g_ptr_array_add(touches, g_steal_pointer(&decision->touch));
}

static void
check_step(const struct step *step, const struct lead *lead, const struct touch *touch)
{
	gint64 due = step->due != NULL ? clock_parse(step->due, NULL) : 0;

	g_assert_cmpint(lead->task_due, ==, due);
	g_assert_cmpstr(lead->task, ==, due != 0 ? TASK_REPLY : NULL);
	g_assert_cmpint(touch->latency, ==, step->latency < 0 ? -1 : step->latency * MINUTE);
	g_assert_cmpint(touch->working_latency, ==,
			step->working < 0 ? -1 : step->working * MINUTE);
}

static void
test_decisions(void)
{
	struct scorecards *scorecards = load();
	struct config *config = (struct config *)scorecards_config(scorecards);
	GPtrArray *touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	struct lead *lead = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
		struct mail_sample mail = STEPS[i].mail;
		g_autoptr(known_owned) known = known_new();

		g_test_message("%s", STEPS[i].label);
		mail.time = clock_parse(STEPS[i].when, NULL);
		if (mail.direction != DIRECTION_OUTBOUND)
			mail.kind = mail.kind != 0 ? mail.kind : KIND_HUMAN;
		else
			mail.kind = KIND_HUMAN;
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &mail);
		if (lead != NULL)
			fixture_candidate(known, lead_copy(lead), MATCHED_LEAD_ADDRESS);
		g_ptr_array_unref(known->touches);
		known->touches = g_ptr_array_ref(touches);
		g_autoptr(decision_owned) decision =
			decide_message(facts, known, scorecards, facts->received);
		g_assert_nonnull(decision->lead);
		g_assert_nonnull(decision->touch);
		check_step(&STEPS[i], decision->lead, decision->touch);
		keep_step(decision, &lead, touches);
	}
	lead_free(lead);
	g_ptr_array_unref(touches);
	scorecards_unref(scorecards);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/task/wanted", test_wanted);
	g_test_add_func("/task/life", test_life);
	g_test_add_func("/task/decisions", test_decisions);
	return g_test_run();
}
