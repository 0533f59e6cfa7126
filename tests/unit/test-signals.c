/* test-signals.c - the table of signals: complete, documented, safe to read with nothing known. */
#include "lead/signals.h"

#include <string.h>

#include "score-fixture.h"

static const struct signal *
signal_named(const char *name)
{
	const struct signal *signal = signals_find(name);

	if (signal == NULL)
		g_test_message("no signal %s", name);
	g_assert_nonnull(signal);
	return signal;
}

static void
test_table_is_sound(void)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	const struct signal *signal;
	guint count = 0;

	for (guint i = 0; (signal = signals_nth(i)) != NULL; i++, count++) {
		const char *name = signals_name(signal);

		g_assert_true(g_hash_table_add(names, (gpointer)name));
		g_assert_true(signals_find(name) == signal);
		g_assert_nonnull(strchr(name, '.'));
		g_assert_cmpuint(strlen(signals_doc(signal)), >, 5);
		g_assert_cmpint(signals_choices(signal) != NULL, ==,
				signals_type(signal) == VALUE_CHOICE);
		g_assert_cmpstr(signals_type_name(signals_type(signal)), !=, "unknown");
	}
	g_assert_cmpuint(count, >, 100);
	g_assert_null(signals_find("no.such"));
	g_assert_cmpstr(signals_type_name((enum value_type)99), ==, "unknown");
}

static void
test_choices_are_the_names_of_the_enums(void)
{
	const char *const *kinds = signals_choices(signal_named("message.kind"));
	const char *const *ranks = signals_choices(signal_named("person.title_rank"));
	const char *const *stages = signals_choices(signal_named("lead.stage"));
	const char *const *matches = signals_choices(signal_named("conversation.match"));
	const char *const *results = signals_choices(signal_named("auth.spf"));

	g_assert_cmpuint(g_strv_length((char **)kinds), ==, KIND_COUNT);
	for (guint i = 0; i < KIND_COUNT; i++)
		g_assert_cmpstr(kinds[i], ==, kind_name((enum mail_kind)i));
	for (guint i = RANK_USER; i <= RANK_DECISION_MAKER; i++)
		g_assert_cmpstr(ranks[i], ==, title_rank_name((enum title_rank)i));
	for (guint i = 0; i < STAGE_COUNT; i++)
		g_assert_cmpstr(stages[i], ==, stage_name((enum stage)i));
	for (guint i = 0; i <= MATCHED_REFERENCES; i++)
		g_assert_cmpstr(matches[i], ==, match_name((enum match)i));
	for (guint i = 0; i <= AUTH_PERMERROR; i++)
		g_assert_cmpstr(results[i], ==, auth_result_name((enum auth_result)i));
}

static void
read_all(const struct signal_input *input)
{
	const struct signal *signal;

	for (guint i = 0; (signal = signals_nth(i)) != NULL; i++) {
		struct value value = signals_read(signal, input);
		g_autofree char *shown = signals_format(signal, input);
		G_GNUC_UNUSED g_autofree char *evidence = signals_evidence(signal, input);

		g_assert_nonnull(shown);
		if (signals_type(signal) == VALUE_TEXT && value.known)
			g_assert_nonnull(value.text);
		if (signals_type(signal) == VALUE_LIST)
			g_assert_null(signals_item(signal, input, 1000));
		else
			g_assert_null(signals_item(signal, input, 0));
	}
}

static void
test_nothing_known(void)
{
	const struct signal_input nothing = { .now = NOW };
	struct facts facts = { .received = 0 };
	struct known known = { .candidates = NULL };
	struct fixture fixture;
	g_autoptr(lead_owned) lead = lead_new();
	g_autoptr(GPtrArray) touches = fixture_touches();
	const struct signal_input empty = { .facts = &facts, .known = &known, .now = NOW };
	struct signal_input some = { .facts = &fixture.facts, .lead = lead, .touches = touches };

	fixture_init(&fixture);
	read_all(&nothing);
	read_all(&empty);
	read_all(&some);
	fixture_touch(touches, NULL, NOW);
	fixture.facts.form = &fixture.form;
	fixture.facts.forward = &fixture.forward;
	fixture.kind.bounce = &fixture.bounce;
	fixture.kind.calendar = &fixture.calendar;
	fixture.known.account = &fixture.account;
	some.known = &fixture.known;
	read_all(&some);
	fixture.kind.kind = (enum mail_kind)77;
	fixture.facts.sender.auth.spf = (enum auth_result)77;
	lead->grade = 'x';
	lead->stage = (enum stage)77;
	read_all(&some);
	fixture_clear(&fixture);
}

/* --- values --- */

static void
make_all(struct fixture *fixture, struct mail_address *addresses, GPtrArray *to)
{
	struct sender *sender = &fixture->facts.person_sender;

	fixture_init(fixture);
	sender->address = (char *)"Ana@mail.acme.example";
	sender->domain = (char *)"mail.acme.example";
	sender->org_domain = (char *)"acme.example";
	addresses[0].address = (char *)"bob@acme.example";
	addresses[1].address = (char *)"ANA@mail.acme.example";
	addresses[2].address = (char *)"eve@notacme.example";
	addresses[3].address = (char *)"sales@ours.example";
	for (guint i = 0; i < 4; i++)
		g_ptr_array_add(to, &addresses[i]);
	fixture->mail.to = to;
	fixture->mail.date = NOW;
	fixture->mail.date_offset = -11 * 3600; /* Thursday 23:00 there */
	fixture->kind.calendar = &fixture->calendar;
	fixture->calendar.response = (char *)"accepted";
	fixture->content.need = fixture->content.timeline = TRUE;
	fixture->content.deadline = (char *)"by May";
	fixture->person.name = (char *)"Ana Pop";
	fixture->person.company = (char *)"Acme";
	fixture_phone(fixture, "+40213112233", "fixed");
	fixture->known.account = &fixture->account;
	fixture->known.last_outbound = NOW - 90 * 60 * (gint64)CLOCK_SECOND;
	fixture->account.domain = (char *)"acme.example";
	fixture->account.active_people = 3;
}

static void
test_values(void)
{
	static const struct {
		const char *name, *shown, *evidence;
	} want[] = {
		{ "message.kind", "human", NULL },
		{ "message.human", "yes", NULL },
		{ "message.hour", "23", "message.hour 23" },
		{ "message.weekday", "thu", "message.weekday thu" },
		{ "message.calendar", "accepted", "message.calendar accepted" },
		{ "message.colleagues", "1", "message.colleagues 1" },
		{ "message.date", "2025-11-21", "message.date 2025-11-21" },
		{ "sender.tld", "example", "example" },
		{ "sender.freemail", "no", "mail.acme.example" },
		{ "sender.role", "no", "Ana@mail.acme.example" },
		{ "sender.verified", "no", "spf=none dkim=none dmarc=none" },
		{ "content.bant", "2", "content.bant 2" },
		{ "content.timeline", "yes", "by May" },
		{ "person.phone", "+40213112233", "+40213112233" },
		{ "person.phone_region", "RO", "RO" },
		{ "person.phone_kinds", "fixed", "fixed" },
		{ "person.title", "Buyer", "Buyer" }, /* of the card */
		{ "person.title_rank", "influencer", "Buyer" },
		{ "person.company", "Acme", "Acme" }, /* of the mail */
		{ "person.completeness", "71.4", "person.completeness 71.4" },
		{ "reply.latency", "90 minutes", "reply.latency 90 minutes" },
		{ "account.domain", "acme.example", "acme.example" },
		{ "account.target", "yes", "acme.example" },
		{ "account.active_people", "3", "account.active_people 3" },
		{ "account.employees", "", NULL },
		{ "lead.grade", "B", "lead.grade B" },
		{ "history.touches", "2", "history.touches 2" },
		{ "history.names", "mail, visit", "mail, visit" },
		{ "history.last_touch", "2025-11-20", "history.last_touch 2025-11-20" },
		{ "conversation.match", "nothing", "conversation.match nothing" },
	};
	struct mail_address addresses[4];
	g_autoptr(GPtrArray) to = g_ptr_array_new();
	g_autoptr(GPtrArray) touches = fixture_touches();
	g_autoptr(word_list_owned) targets = word_list_new();
	g_autoptr(lead_owned) lead = lead_new();
	struct fixture fixture;
	const struct signal_input input = { .facts = &fixture.facts,
					    .known = &fixture.known,
					    .lead = lead,
					    .touches = touches,
					    .targets = targets,
					    .now = NOW };

	make_all(&fixture, addresses, to);
	lead->title = g_strdup("Buyer");
	lead->rank = g_strdup("influencer");
	lead->company = g_strdup("Old Acme");
	lead->grade = 'B';
	word_list_add(targets, "acme.example");
	fixture_touch(touches, "mail", NOW - CLOCK_DAY);
	fixture_touch(touches, "visit", NOW - 3 * CLOCK_DAY);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		const struct signal *signal = signal_named(want[i].name);
		g_autofree char *shown = signals_format(signal, &input);
		g_autofree char *evidence = signals_evidence(signal, &input);

		g_assert_cmpstr(shown, ==, want[i].shown);
		g_assert_cmpstr(evidence, ==, want[i].evidence);
	}
	fixture_clear(&fixture);
}

/* What reply behaviour is read from: who began, who is silent, who joins. */
static void
test_behaviour(void)
{
	static const struct {
		const char *ledger; /* o outbound, i inbound, a an inbound answer, x outside */
		gboolean we_wrote, card;
		guint people, inbound;
		gint64 silent;
		const char *began, *unanswered, *joined, *silent_for;
	} want[] = {
		{ "", FALSE, FALSE, 0, 0, 0, "no", "0", "no", "" },
		{ "", TRUE, FALSE, 0, 0, 0, "yes", "0", "no", "" },
		{ "", FALSE, FALSE, 2, 0, 0, "no", "0", "yes", "" },
		{ "io", FALSE, TRUE, 1, 1, 2 * CLOCK_DAY, "no", "1", "no", "2 days" },
		{ "aoo", TRUE, TRUE, 2, 1, CLOCK_DAY, "yes", "2", "no", "24 hours" },
		{ "oia", TRUE, TRUE, 2, 2, 0, "yes", "0", "no", "" },
		{ "xoxo", FALSE, TRUE, 2, 0, 0, "yes", "2", "yes", "" },
		{ "xi", FALSE, TRUE, 1, 1, 400 * CLOCK_DAY, "no", "0", "no", "400 days" },
	};
	static const char *const NAMES[] = { "conversation.we_began", "conversation.unanswered",
					     "account.joined", "lead.silent_for" };

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		const char *const shown[] = { want[i].began, want[i].unanswered, want[i].joined,
					      want[i].silent_for };
		struct account account = { .people = want[i].people };
		struct known known = { .we_wrote = want[i].we_wrote, .account = &account };
		struct lead lead = { .inbound_count = want[i].inbound,
				     .last_inbound = want[i].silent ? NOW - want[i].silent : 0 };
		g_autoptr(GPtrArray) touches = fixture_touches();
		const struct signal_input input = { .known = &known,
						    .lead = want[i].card ? &lead : NULL,
						    .touches = touches,
						    .now = NOW };

		for (const char *c = want[i].ledger; *c; c++) {
			struct touch *touch = fixture_touch(touches, "mail", NOW);

			touch->sequence = touches->len;
			touch->direction = g_strdup(*c == 'o'   ? "outbound"
						    : *c == 'x' ? "outside"
								: "inbound");
			touch->latency = *c == 'a' ? CLOCK_SECOND : -1;
		}
		for (guint n = 0; n < G_N_ELEMENTS(NAMES); n++) {
			g_autofree char *got = signals_format(signal_named(NAMES[n]), &input);

			g_test_message("%u: %s", i, NAMES[n]);
			g_assert_cmpstr(got, ==, shown[n]);
		}
	}
}

static void
test_nearest(void)
{
	static const struct {
		const char *name, *nearest;
	} want[] = {
		{ "sender.freemial", "sender.freemail" },
		{ "sendr.freemail", "sender.freemail" },
		{ "freemail", "sender.freemail" },
		{ "opt_out", "content.opt_out" },
		{ "text.word", "text.words" },
		{ "account.emploees", "account.employees" },
		{ "weather.tomorrow_morning", NULL },
		{ "", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		const struct signal *signal = signals_nearest(want[i].name);

		g_assert_cmpstr(signal != NULL ? signals_name(signal) : NULL, ==, want[i].nearest);
	}
}

static void
test_text_lists_all(void)
{
	g_autofree char *text = signals_to_text();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint count = 0;

	while (signals_nth(count) != NULL)
		count++;
	g_assert_cmpuint(g_strv_length(lines), ==, count + 1);
	g_assert_true(g_str_has_prefix(lines[0], "message.kind "));
	g_assert_nonnull(strstr(lines[0], "complaint, bounce"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/signals/table", test_table_is_sound);
	g_test_add_func("/signals/choices", test_choices_are_the_names_of_the_enums);
	g_test_add_func("/signals/nothing-known", test_nothing_known);
	g_test_add_func("/signals/values", test_values);
	g_test_add_func("/signals/behaviour", test_behaviour);
	g_test_add_func("/signals/nearest", test_nearest);
	g_test_add_func("/signals/text", test_text_lists_all);
	return g_test_run();
}
