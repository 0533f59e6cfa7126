/* test-returned.c - what comes back of our mail, and robots that answer each other. */
#include "lead/decide.h"

#include "outside-fixture.h"

#define ANNA "anna@kunde.example"
#define IVAN "ivan@our.example"
#define AT(minutes) (FIXTURE_NOW + (minutes)*MINUTE)

/* One lead, and all that is written to and by her. */
struct story {
	struct site site;
	struct known *known;
	struct candidate *candidate;
};

static void
story_begin(struct story *story, const char *config)
{
	g_autofree char *text = g_strdup_printf(
		"own_domains = {\"our.example\"}\nmailbox \"sales@our.example\" {\n}\n"
		"%s",
		config);

	site_init(&story->site, text);
	story->known = known_new();
	story->candidate = fixture_candidate(story->known, fixture_lead("ld_1", ANNA, "Anna Koch"),
					     MATCHED_LEAD_ADDRESS);
	story->candidate->lead->owner = g_strdup(IVAN);
}

static void
story_end(struct story *story)
{
	known_free(story->known);
	site_clear(&story->site);
}

/* Decide, and keep what came of it as the store would. */
static char *
tell(struct story *story, struct facts *facts, enum action *ret_action)
{
	g_autoptr(decision_owned) decision =
		decide_message(facts, story->known, story->site.scorecards, facts->received);
	char *events = event_types(decision);
	struct lead *old = story->candidate->lead;

	g_test_message("%s", decision->reason);
	*ret_action = decision->action;
	if (decision->lead == NULL)
		return events;
	g_assert_cmpstr(decision->lead->id, ==, "ld_1");
	if (decision->touch != NULL) {
		decision->touch->sequence = story->known->touches->len + 1;
		g_ptr_array_add(story->known->touches, g_steal_pointer(&decision->touch));
	}
	story->candidate->lead = g_steal_pointer(&decision->lead);
	lead_free(old);
	return events;
}

static const struct touch *
last_touch(const struct story *story)
{
	const GPtrArray *touches = story->known->touches;

	return touches->len > 0 ? touches->pdata[touches->len - 1] : NULL;
}

/* --- absence notes --- */

struct absence {
	const char *label;
	struct mail_sample mail;
	const char *reason; /* of the reply */
	gint64 until;
	const char *substitute, *substitute_address;
	const char *want; /* the note; NULL: nothing is written */
};

static const struct absence ABSENCES[] = {
	{ "until a day", .reason = "out_of_office", .until = FIXTURE_NOW + DAYS(10),
	  .want = "out of office until 2025-12-01" },
	{ "with a substitute", .reason = "out_of_office", .until = FIXTURE_NOW + DAYS(10),
	  .substitute = "Vera Blum", .substitute_address = "vera@kunde.example",
	  .want = "out of office until 2025-12-01; Vera Blum <vera@kunde.example> stands in" },
	{ "who is only named", .reason = "out_of_office", .substitute = "Vera Blum",
	  .want = "out of office; Vera Blum stands in" },
	{ "without a word", .reason = "out_of_office", .want = "out of office" },
	{ "an automatic answer with a date", .reason = "auto_replied",
	  .until = FIXTURE_NOW + DAYS(10), .want = "out of office until 2025-12-01" },
	{ "an acknowledgement", .reason = "auto_replied", .want = NULL },
	{ "a forger's", .mail = { .spoofed = TRUE }, .reason = "out_of_office", .want = NULL },
	{ "of one of us", .mail = { .from = IVAN, .direction = DIRECTION_OUTBOUND, .to = ANNA },
	  .reason = "out_of_office", .want = NULL },
	{ "nobody's we know", .mail = { .from = "otto@elsewhere.example" },
	  .reason = "out_of_office", .want = NULL },
};

static void
set_absence(struct facts *facts, const struct absence *absence)
{
	struct auto_reply *reply = g_new0(struct auto_reply, 1);

	reply->reason = g_strdup(absence->reason);
	reply->until = absence->until;
	reply->substitute_name = g_strdup(absence->substitute);
	reply->substitute_address = g_strdup(absence->substitute_address);
	facts->kind->auto_reply = reply;
}

static void
free_absence(struct facts *facts)
{
	g_free(facts->kind->auto_reply->reason);
	g_free(facts->kind->auto_reply->substitute_name);
	g_free(facts->kind->auto_reply->substitute_address);
	g_free(facts->kind->auto_reply);
}

static void
check_absence(const struct absence *absence)
{
	struct mail_sample sample = absence->mail;
	struct story story;

	story_begin(&story, "");
	sample.kind = KIND_AUTO_REPLY;
	for (guint round = 0; round < 2; round++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &sample);
		enum action action;
		gint64 before = story.candidate->lead->last_inbound;

		set_absence(facts, absence);
		g_autofree char *events = tell(&story, facts, &action);
		/* the same note again says nothing new */
		g_assert_cmpint(action, ==,
				absence->want != NULL && round == 0 ? ACTION_ATTACH : ACTION_NONE);
		g_assert_cmpstr(events, ==, "");
		g_assert_cmpint(story.candidate->lead->last_inbound, ==, before);
		free_absence(facts);
	}
	g_assert_cmpuint(story.known->touches->len, ==, absence->want != NULL);
	if (absence->want != NULL) {
		g_assert_cmpstr(last_touch(&story)->name, ==, "out_of_office");
		g_assert_cmpstr(last_touch(&story)->note, ==, absence->want);
		g_assert_cmpuint(last_touch(&story)->contributions->len, ==, 0);
	}
	story_end(&story);
}

static void
test_absences(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ABSENCES); i++) {
		g_test_message("%s", ABSENCES[i].label);
		check_absence(&ABSENCES[i]);
	}
}

/* --- bounces --- */

static const struct {
	const char *label;
	struct mail_sample mail;
	gboolean ours, other_address;
	enum action action;
	const char *touch, *events;
	gboolean unreachable;
} BOUNCES[] = {
	{ "hard, of our mail",
	  { .bounced = ANNA },
	  TRUE,
	  FALSE,
	  ACTION_ATTACH,
	  "bounce",
	  "contact.bounced lead.stage_changed",
	  TRUE },
	{ "hard, but was it ours?",
	  { .bounced = ANNA },
	  FALSE,
	  FALSE,
	  ACTION_ATTACH,
	  "bounce",
	  "contact.bounced",
	  TRUE },
	{ "temporary, of our mail",
	  { .bounced = ANNA, .temporary = TRUE },
	  TRUE,
	  FALSE,
	  ACTION_ATTACH,
	  "bounce_temporary",
	  "",
	  FALSE },
	{ "temporary, made up",
	  { .bounced = ANNA, .temporary = TRUE },
	  FALSE,
	  FALSE,
	  ACTION_NONE,
	  NULL,
	  "",
	  FALSE },
	{ "hard, of her other address",
	  { .bounced = "anna@old.example" },
	  TRUE,
	  TRUE,
	  ACTION_ATTACH,
	  "bounce_temporary",
	  "",
	  FALSE },
	{ "of somebody else",
	  { .bounced = "otto@kunde.example" },
	  TRUE,
	  FALSE,
	  ACTION_NONE,
	  NULL,
	  "",
	  FALSE },
};

static void
test_bounces(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(BOUNCES); i++) {
		struct mail_sample sample = BOUNCES[i].mail;
		struct story story;
		enum action action;

		g_test_message("%s", BOUNCES[i].label);
		story_begin(&story, "");
		sample.kind = KIND_BOUNCE;
		story.known->bounce_is_ours = BOUNCES[i].ours;
		story.candidate->lead->task = g_strdup("reply");
		if (BOUNCES[i].other_address)
			g_ptr_array_add(story.candidate->lead->addresses,
					g_strdup("anna@old.example"));
		{
			g_autoptr(fixture_facts_owned) facts =
				fixture_facts(story.site.config, &sample);
			g_autofree char *events = tell(&story, facts, &action);
			const struct lead *lead = story.candidate->lead;

			g_assert_cmpint(action, ==, BOUNCES[i].action);
			g_assert_cmpstr(events, ==, BOUNCES[i].events);
			g_assert_cmpint(lead->unreachable, ==, BOUNCES[i].unreachable);
			g_assert_cmpstr(last_touch(&story) != NULL ? last_touch(&story)->name
								   : NULL,
					==, BOUNCES[i].touch);
			g_assert_true((lead->task == NULL) == (lead->stage == STAGE_DISQUALIFIED));
		}
		story_end(&story);
	}
}

/* --- robots --- */

/* Her absence note answers our acknowledgement, which answers her note: no end, but nothing grows.
 */
static void
test_two_autoresponders(void)
{
	struct story story;

	story_begin(&story, "");
	for (guint i = 0; i < 500; i++) {
		const struct absence absence = { .reason = "out_of_office" };
		g_autofree char *id = g_strdup_printf("r%u", i);
		const struct mail_sample sample = {
			.kind = KIND_AUTO_REPLY,
			.direction = i % 2 == 0 ? DIRECTION_INBOUND : DIRECTION_OUTBOUND,
			.from = i % 2 == 0 ? ANNA : "sales@our.example",
			.to = i % 2 == 0 ? "sales@our.example" : ANNA,
			.message_id = id,
			.time = AT(i / 10),
		};
		g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &sample);
		enum action action;

		set_absence(facts, &absence);
		g_autofree char *events = tell(&story, facts, &action);
		g_assert_cmpint(action, ==, i == 0 ? ACTION_ATTACH : ACTION_NONE);
		g_assert_cmpstr(events, ==, "");
		free_absence(facts);
	}
	g_assert_cmpuint(story.known->touches->len, ==, 1);
	g_assert_cmpfloat(story.candidate->lead->total, ==, 0);
	story_end(&story);
}

/* One that looks like a person and answers every mail within seconds. */
static void
test_robot_that_passes(void)
{
	struct story story;
	guint told = 0;

	story_begin(&story, "flood_messages = 20\nflood_window = \"1h\"\n");
	for (guint i = 0; i < 400; i++) {
		g_autofree char *id = g_strdup_printf("r%u", i);
		const struct mail_sample sample = {
			.kind = KIND_HUMAN_REPLY,
			.direction = i % 2 == 0 ? DIRECTION_INBOUND : DIRECTION_OUTBOUND,
			.from = i % 2 == 0 ? ANNA : IVAN,
			.to = i % 2 == 0 ? "sales@our.example" : ANNA,
			.message_id = id,
			.time = AT(0) + i * CLOCK_SECOND,
		};
		g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &sample);
		enum action action;
		g_autofree char *events = tell(&story, facts, &action);

		g_assert_cmpint(action, ==, i % 2 == 0 ? ACTION_ATTACH : ACTION_OUTBOUND);
		told += *events != '\0';
	}
	g_assert_cmpuint(told, ==, 20);
	g_assert_cmpuint(story.known->touches->len, ==, 400); /* the history has them all */
	g_assert_cmpuint(story.candidate->lead->inbound_count, ==, 201);

	/* An hour later somebody writes in earnest: that is told, with what was not. */
	const struct mail_sample late = { .kind = KIND_HUMAN,
					  .message_id = "late",
					  .time = AT(90) };
	g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &late);
	enum action action;
	g_autofree char *events = tell(&story, facts, &action);
	g_assert_cmpstr(events, ==, "lead.updated");
	story_end(&story);
}

/* A robot that asks us to stop is heard, however much it wrote. */
static void
test_opt_out_in_a_flood(void)
{
	const struct mail_sample out = {
		.kind = KIND_HUMAN, .message_id = "stop", .opt_out = TRUE, .time = AT(3)
	};
	struct story story;

	story_begin(&story, "flood_messages = 2\n");
	for (guint i = 0; i < 3; i++) {
		g_autofree char *id = g_strdup_printf("r%u", i);
		const struct mail_sample sample = { .kind = KIND_HUMAN,
						    .message_id = id,
						    .time = AT(i) };
		g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &sample);
		enum action action;

		g_free(tell(&story, facts, &action));
	}
	g_autoptr(fixture_facts_owned) facts = fixture_facts(story.site.config, &out);
	enum action action;
	g_autofree char *events = tell(&story, facts, &action);
	g_assert_cmpstr(events, ==, "contact.opted_out lead.stage_changed");
	g_assert_cmpint(story.candidate->lead->stage, ==, STAGE_DISQUALIFIED);
	story_end(&story);
}

/* --- who accepts a lead --- */

static const struct {
	const char *config, *author;
	enum stage want;
} ANSWERS[] = {
	{ "", "clerk@our.example", STAGE_SAL }, /* nobody is named: everybody sells */
	{ "owner \"vera@our.example\" {\n}\n", IVAN, STAGE_SAL }, /* whose it is */
	{ "owner \"vera@our.example\" {\n}\n", "vera@our.example", STAGE_SAL },
	{ "owner \"vera@our.example\" {\n}\n", "sales@our.example", STAGE_SAL },
	{ "owner \"vera@our.example\" {\n}\n", "clerk@our.example", STAGE_EQL },
};

static void
test_who_accepts(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ANSWERS); i++) {
		const struct mail_sample sample = { .kind = KIND_HUMAN_REPLY,
						    .direction = DIRECTION_OUTBOUND,
						    .from = ANSWERS[i].author,
						    .to = ANNA,
						    .time = AT(5) };
		struct story story;
		enum action action;

		story_begin(&story, ANSWERS[i].config);
		{
			g_autoptr(fixture_facts_owned) facts =
				fixture_facts(story.site.config, &sample);

			g_free(tell(&story, facts, &action));
			g_assert_cmpstr(stage_name(story.candidate->lead->stage), ==,
					stage_name(ANSWERS[i].want));
			g_assert_cmpint(story.candidate->lead->first_response, ==, AT(5));
		}
		story_end(&story);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/returned/absences", test_absences);
	g_test_add_func("/returned/bounces", test_bounces);
	g_test_add_func("/returned/two-autoresponders", test_two_autoresponders);
	g_test_add_func("/returned/robot-that-passes", test_robot_that_passes);
	g_test_add_func("/returned/opt-out-in-a-flood", test_opt_out_in_a_flood);
	g_test_add_func("/returned/who-accepts", test_who_accepts);
	return g_test_run();
}
