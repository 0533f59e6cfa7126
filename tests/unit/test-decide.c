/*
 * test-decide.c - whole stories: what a few mails in a row make of the leads.
 *
 * A step is a mail and what must come of it.  Between the steps stands a store of arrays that
 * looks people up by conversation and address as the real one does.
 */
#include "lead/decide.h"
#include "cpu_time.h"

#include <math.h>

#include "lead/identity.h"
#include "lead/score.h"
#include "lead-fixture.h"

#define ANNA "anna@kunde.example"
#define IVAN "ivan@our.example"

struct want {
	enum action action;
	const char *reason; /* part of it */
	const char *lead; /* address of the lead's card */
	enum stage stage;
	const char *owner, *owner_reason;
	const char *events; /* types, separated by spaces */
	const char *touch;
	enum match match;
	const char *linked; /* address of the card an unverified one is linked to */
	gint latency_minutes; /* 0: none */
	gboolean unverified, unreachable, opted_out;
	guint leads; /* in the store after it; 0: not asked */
};

struct step {
	struct mail_sample mail;
	gboolean customer, ours; /* known->is_customer; the bounce is of our mail */
	const char *replied_to;
	guint flood;
	struct want want;
};

struct row {
	struct lead *lead;
	GPtrArray *touches;
};

struct memory {
	struct config *config;
	struct scorecards *scorecards;
	GPtrArray *rows; /* struct row * */
	GHashTable *messages; /* Message-ID → lead id */
};

static void
row_free(gpointer data)
{
	struct row *row = data;

	lead_free(row->lead);
	g_ptr_array_unref(row->touches);
	g_free(row);
}

static void
memory_init(struct memory *memory)
{
	g_autoptr(GError) error = NULL;

	memory->config = fixture_config();
	memory->scorecards = scorecards_new(memory->config, &error);
	g_assert_no_error(error);
	memory->rows = g_ptr_array_new_with_free_func(row_free);
	memory->messages = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

static void
memory_clear(struct memory *memory)
{
	g_hash_table_unref(memory->messages);
	g_ptr_array_unref(memory->rows);
	scorecards_unref(memory->scorecards);
	config_unref(memory->config);
}

static struct row *
find_row(const struct memory *memory, const char *id)
{
	for (guint i = 0; id != NULL && i < memory->rows->len; i++) {
		struct row *row = memory->rows->pdata[i];

		if (strcmp(row->lead->id, id) == 0)
			return row;
	}
	return NULL;
}

static gpointer
copy_contribution(gconstpointer data, G_GNUC_UNUSED gpointer user)
{
	const struct contribution *contribution = data;
	struct contribution *copy = contribution_new();

	*copy = *contribution;
	copy->rule = g_strdup(copy->rule);
	copy->card = g_strdup(copy->card);
	copy->reason = g_strdup(copy->reason);
	copy->evidence = g_strdup(copy->evidence);
	return copy;
}

static gpointer
copy_touch(gconstpointer data, G_GNUC_UNUSED gpointer user)
{
	const struct touch *touch = data;
	struct touch *copy = touch_new();
	GPtrArray *contributions = copy->contributions;

	*copy = *touch;
	copy->name = g_strdup(touch->name);
	copy->direction = g_strdup(touch->direction);
	copy->message_key = g_strdup(touch->message_key);
	copy->message_id = g_strdup(touch->message_id);
	copy->subject = g_strdup(touch->subject);
	copy->mailbox = g_strdup(touch->mailbox);
	copy->author = g_strdup(touch->author);
	copy->origin = g_strdup(touch->origin);
	copy->note = g_strdup(touch->note);
	copy->excerpt = g_strdup(touch->excerpt);
	copy->contributions = contributions;
	for (guint i = 0; i < touch->contributions->len; i++)
		g_ptr_array_add(contributions,
				copy_contribution(touch->contributions->pdata[i], NULL));
	return copy;
}

static void
add_known(struct known *known, const struct row *row, enum match match)
{
	GPtrArray *ledger = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	struct candidate *candidate;

	for (guint i = 0; i < known->candidates->len; i++) {
		candidate = known->candidates->pdata[i];
		if (strcmp(candidate->lead->id, row->lead->id) == 0) {
			g_ptr_array_unref(ledger);
			return;
		}
	}
	for (guint i = 0; i < row->touches->len; i++)
		g_ptr_array_add(ledger, copy_touch(row->touches->pdata[i], NULL));
	candidate = fixture_candidate(known, lead_copy(row->lead), match);
	g_clear_pointer(&candidate->touches, g_ptr_array_unref);
	if (known->candidates->len > 1) {
		candidate->touches = ledger;
	} else {
		g_ptr_array_unref(known->touches);
		known->touches = ledger;
	}
}

static void
look_up_address(const struct memory *memory, struct known *known, const char *address)
{
	for (guint i = 0; address != NULL && i < memory->rows->len; i++) {
		const struct row *row = memory->rows->pdata[i];

		if (g_strcmp0(row->lead->normalised, address) == 0)
			add_known(known, row, MATCHED_LEAD_ADDRESS);
	}
}

static const char *
looked_for(const struct facts *facts, const struct mail_sample *mail)
{
	if (facts->kind->kind == KIND_BOUNCE)
		return mail->bounced;
	return facts->direction == DIRECTION_OUTBOUND ? NULL : facts->person->normalised;
}

static struct known *
look_up(const struct memory *memory, const struct facts *facts, const struct step *step)
{
	struct known *known = known_new();
	const char *account = identity_account(&facts->person_sender);
	const char *address = looked_for(facts, &step->mail);
	g_autofree char *unverified = g_strconcat(DECIDE_UNVERIFIED, address, NULL);
	const char *answers = step->mail.answers;
	const struct row *row =
		answers ? find_row(memory, g_hash_table_lookup(memory->messages, answers)) : NULL;

	if (row != NULL)
		add_known(known, row, MATCHED_REFERENCES);
	look_up_address(memory, known, address);
	if (address != NULL)
		look_up_address(memory, known, unverified);
	for (guint i = 0; facts->direction == DIRECTION_OUTBOUND && i < facts->recipients->len; i++)
		look_up_address(memory, known, facts->recipients->pdata[i]);
	for (guint i = 0; account != NULL && i < memory->rows->len; i++) {
		row = memory->rows->pdata[i];
		if (g_strcmp0(row->lead->account, account) == 0 && row->lead->owner != NULL)
			known->account_owner = g_strdup(row->lead->owner);
		if (known->account_owner != NULL)
			break;
	}
	known->is_customer = step->customer;
	known->bounce_is_ours = step->ours;
	known->replied_to = g_strdup(step->replied_to);
	known->sender_new_leads = step->flood;
	return known;
}

static void
remember(struct memory *memory, const struct facts *facts, struct decision *decision)
{
	for (; decision != NULL; decision = decision->next) {
		struct row *row;

		if (decision->lead == NULL || decision->action == ACTION_DUPLICATE)
			continue;
		row = find_row(memory, decision->lead->id);
		if (row == NULL) {
			row = g_new0(struct row, 1);
			row->touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
			g_ptr_array_add(memory->rows, row);
		}
		lead_free(row->lead);
		row->lead = lead_copy(decision->lead);
		if (decision->touch != NULL) {
			struct touch *touch = copy_touch(decision->touch, NULL);

			touch->sequence = row->touches->len + 1;
			g_ptr_array_add(row->touches, touch);
		}
		if (decision->record_message)
			g_hash_table_replace(memory->messages, g_strdup(facts->mail->message_id),
					     g_strdup(decision->lead->id));
	}
}

static char *
event_types(const struct decision *decision)
{
	GString *types = g_string_new(NULL);

	for (guint i = 0; i < decision->events->len; i++) {
		const struct event *event = decision->events->pdata[i];

		g_string_append_printf(types, "%s%s", i > 0 ? " " : "", event->type);
		g_assert_cmpstr(event->lead, ==, decision->lead->id);
		g_assert_true(g_utf8_validate(event->body, -1, NULL));
	}
	return g_string_free(types, FALSE);
}

static void
check_lead(const struct memory *memory, const struct decision *decision, const struct want *want)
{
	const struct lead *lead = decision->lead;
	const struct row *linked = find_row(memory, lead->linked);

	g_assert_cmpstr(lead->address ? lead->address : "", ==, want->lead);
	g_assert_cmpstr(stage_name(lead->stage), ==, stage_name(want->stage));
	g_assert_cmpstr(lead->owner, ==, want->owner);
	if (want->owner_reason != NULL)
		g_assert_cmpstr(lead->owner_reason, ==, want->owner_reason);
	g_assert_cmpint(lead->unverified, ==, want->unverified);
	g_assert_cmpint(lead->unreachable, ==, want->unreachable);
	g_assert_cmpint(lead->opted_out, ==, want->opted_out);
	g_assert_cmpstr(linked ? linked->lead->address : NULL, ==, want->linked);
}

static void
check_touch(const struct touch *touch, const struct want *want)
{
	g_assert_cmpstr(touch ? touch->name : NULL, ==, want->touch);
	if (touch != NULL)
		g_assert_cmpint(touch->latency, ==,
				want->latency_minutes ? want->latency_minutes * MINUTE : -1);
}

static void
check_decision(const struct memory *memory, const struct decision *decision,
	       const struct want *want)
{
	g_autofree char *events = event_types(decision);

	g_assert_cmpstr(action_name(decision->action), ==, action_name(want->action));
	g_assert_nonnull(decision->reason);
	if (want->reason != NULL && strstr(decision->reason, want->reason) == NULL)
		g_error("reason \"%s\", not \"%s\"", decision->reason, want->reason);
	g_assert_cmpint(decision->match, ==, want->match);
	g_assert_cmpstr(events, ==, want->events ? want->events : "");
	g_assert_cmpint(decision->lead != NULL, ==, want->lead != NULL);
	if (decision->lead != NULL)
		check_lead(memory, decision, want);
	check_touch(decision->touch, want);
	if (want->leads != 0)
		g_assert_cmpuint(memory->rows->len, ==, want->leads);
}

static void
run_story(const char *title, const struct step *steps, guint count)
{
	struct memory memory;

	memory_init(&memory);
	for (guint i = 0; i < count; i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(memory.config, &steps[i].mail);
		g_autoptr(known_owned) known = look_up(&memory, facts, &steps[i]);
		g_autoptr(decision_owned) decision =
			decide_message(facts, known, memory.scorecards, facts->received);

		g_test_message("%s: step %u: %s", title, i + 1, decision->reason);
		remember(&memory, facts, decision);
		check_decision(&memory, decision, &steps[i].want);
	}
	memory_clear(&memory);
}

#define RUN(steps) run_story(G_STRFUNC, steps, G_N_ELEMENTS(steps))
#define AT(minutes) (FIXTURE_NOW + (minutes)*MINUTE)
#define OUT(author, recipient, when, id) \
	{ \
		.kind = KIND_HUMAN, .direction = DIRECTION_OUTBOUND, .from = (author), \
		.to = (recipient), .time = AT(when), .message_id = (id) \
	}

static void
test_automatic_mail_makes_no_lead(void)
{
	static const enum mail_kind KINDS[] = { KIND_COMPLAINT, KIND_CHALLENGE,  KIND_AUTO_REPLY,
						KIND_LIST,      KIND_NEWSLETTER, KIND_NOTIFICATION,
						KIND_EMPTY };

	for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
		const struct step steps[] = {
			{ .mail = { .kind = KINDS[i] },
			  .want = { .action = ACTION_NONE, .reason = kind_name(KINDS[i]) } },
		};

		RUN(steps);
	}
}

static void
test_refusals(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .direction = DIRECTION_INTERNAL, .from = IVAN },
		  .want = { .reason = "internal" } },
		{ .mail = { .kind = KIND_HUMAN, .to = "ivan@our.example" },
		  .want = { .reason = "no watched mailbox" } },
		{ .mail = { .kind = KIND_HUMAN, .from = IVAN }, .want = { .reason = "one of us" } },
		{ .mail = { .kind = KIND_HUMAN, .from = IVAN, .spoofed = TRUE },
		  .want = { .reason = "one of us" } },
		{ .mail = { .kind = KIND_HUMAN, .from = "-" }, .want = { .reason = "nobody" } },
		{ .mail = { .kind = KIND_HUMAN, .from = "joe@press.example" },
		  .want = { .reason = "never-log" } },
		{ .mail = { .kind = KIND_HUMAN, .from = "joe@mail.press.example" },
		  .want = { .reason = "never-log" } },
		{ .mail = { .kind = KIND_FORWARD,
			    .from = "joe@press.example",
			    .forwarded_by = IVAN },
		  .want = { .reason = "never-log" } },
		{ .mail = { .kind = KIND_HUMAN, .to = "hr-jobs@our.example" },
		  .want = { .reason = "never-log" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .direction = DIRECTION_OUTBOUND,
			    .from = "lawyer@our.example",
			    .to = ANNA },
		  .want = { .reason = "never-log" } },
		{ .mail = { .kind = KIND_HUMAN },
		  .flood = 20,
		  .want = { .reason = "20 new leads of this sender" } },
		{ .mail = { .kind = KIND_HUMAN, .form = "www@our.example" },
		  .flood = 20,
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "form",
			    .leads = 1 } },
		{ .mail = { .kind = KIND_HUMAN, .time = AT(1) },
		  .flood = 20,
		  .want = { .action = ACTION_ATTACH,
			    .reason = "by address",
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.updated",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .leads = 1 } },
	};

	RUN(STEPS);
}

/* A new lead, our answer, a quick reply that qualifies, the next answer. */
static void
test_a_lead_grows(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .name = "Anna Schmidt", .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .reason = "new lead at kunde.example",
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail",
			    .leads = 1 } },
		{ .mail = OUT(IVAN, ANNA, 30, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .owner_reason = "first to answer",
			    .events = "lead.updated lead.stage_changed lead.assigned",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 30 } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Anna Schmidt",
			    .answers = "o1",
			    .message_id = "m2",
			    .time = AT(50),
			    .budget = TRUE },
		  .want = { .action = ACTION_ATTACH,
			    .reason = "human_reply by references",
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .events = "lead.updated",
			    .touch = "reply",
			    .match = MATCHED_REFERENCES,
			    .latency_minutes = 20 } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .answers = "o1",
			    .message_id = "m3",
			    .time = AT(60),
			    .need = TRUE,
			    .authority = TRUE,
			    .timeline = TRUE },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_SQL,
			    .owner = IVAN,
			    .events = "lead.updated lead.stage_changed",
			    .touch = "reply",
			    .match = MATCHED_REFERENCES,
			    .leads = 1 } },
		{ .mail = OUT("olga@our.example", ANNA, 90, "o2"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SQL,
			    .owner = IVAN,
			    .events = "lead.updated",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 30 } },
	};

	RUN(STEPS);
}

static void
test_qualified(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .budget = TRUE, .need = TRUE, .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_MQL,
			    .events = "lead.created lead.qualified",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "bob@other.example",
			    .message_id = "m2",
			    .budget = TRUE },
		  .want = { .action = ACTION_CREATE,
			    .lead = "bob@other.example",
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "bob@other.example",
			    .message_id = "m3",
			    .need = TRUE },
		  .want = { .action = ACTION_ATTACH,
			    .lead = "bob@other.example",
			    .stage = STAGE_MQL,
			    .events = "lead.updated lead.qualified lead.stage_changed",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS } },
		{ .mail = { .kind = KIND_HUMAN, .from = "eve@target.example", .message_id = "m4" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "eve@target.example",
			    .stage = STAGE_MQL,
			    .events = "lead.created lead.qualified",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_AUTO_REPLY, .from = "joe@target.example" },
		  .want = { .reason = "auto_reply" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "joe@target.example",
			    .spoofed = TRUE,
			    .message_id = "m5" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "joe@target.example",
			    .stage = STAGE_NQL,
			    .events = "lead.created",
			    .touch = "mail",
			    .unverified = TRUE } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "sam@vendor.example",
			    .vendor = TRUE,
			    .message_id = "m6" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "sam@vendor.example",
			    .stage = STAGE_NQL,
			    .events = "lead.created",
			    .touch = "mail",
			    .leads = 5 } },
	};

	RUN(STEPS);
}

static void
test_a_colleague_joins(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN,
			    .name = "Anna Schmidt",
			    .message_id = "m1",
			    .to = "info@our.example" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .owner_reason = "owner of the mailbox",
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Bob Berg",
			    .from = "bob@kunde.example",
			    .answers = "m1",
			    .message_id = "m2" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "bob@kunde.example",
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .owner_reason = "owner of the account",
			    .events = "lead.created",
			    .touch = "reply" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Carl Consultant",
			    .freemail = TRUE,
			    .from = "carl@gmail.com",
			    .answers = "m2",
			    .message_id = "m3" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "carl@gmail.com",
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .owner_reason = "owner of the conversation",
			    .events = "lead.created",
			    .touch = "reply" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Anna Schmidt",
			    .freemail = TRUE,
			    .from = "anna.private@gmail.com",
			    .answers = "m1",
			    .message_id = "m4" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .events = "lead.updated",
			    .touch = "reply",
			    .match = MATCHED_REFERENCES,
			    .leads = 3 } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .from = "bob@kunde.example",
			    .answers = "m1",
			    .message_id = "m5" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = "bob@kunde.example",
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .events = "lead.updated",
			    .touch = "reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .leads = 3 } },
	};

	RUN(STEPS);
}

static void
test_an_office_gets_a_name(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "office@kunde.example",
			    .role = TRUE,
			    .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "office@kunde.example",
			    .stage = STAGE_INTEREST,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = OUT(IVAN, "office@kunde.example", 5, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = "office@kunde.example",
			    .stage = STAGE_INTEREST,
			    .owner = IVAN,
			    .events = "lead.updated lead.assigned",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 5 } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Anna Schmidt",
			    .answers = "o1",
			    .message_id = "m2",
			    .time = AT(10) },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = IVAN,
			    .events = "lead.updated lead.stage_changed",
			    .touch = "reply",
			    .match = MATCHED_REFERENCES,
			    .latency_minutes = 5,
			    .leads = 1 } },
	};

	RUN(STEPS);
}

static void
test_a_forged_sender(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN,
			    .name = "Anna Schmidt",
			    .verified = TRUE,
			    .to = "info@our.example",
			    .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .name = "Anna Schmidt",
			    .spoofed = TRUE,
			    .opt_out = TRUE,
			    .message_id = "m2" },
		  .want = { .action = ACTION_CREATE,
			    .reason = "claims another card",
			    .lead = ANNA,
			    .stage = STAGE_NQL,
			    .owner = "petra@our.example",
			    .owner_reason = "owner of the card it claims",
			    .events = "lead.created",
			    .touch = "mail",
			    .unverified = TRUE,
			    .linked = ANNA,
			    .leads = 2 } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .spoofed = TRUE,
			    .answers = "m1",
			    .budget = TRUE,
			    .need = TRUE,
			    .authority = TRUE,
			    .timeline = TRUE,
			    .message_id = "m3" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_NQL,
			    .owner = "petra@our.example",
			    .events = "lead.updated",
			    .touch = "reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .unverified = TRUE,
			    .linked = ANNA,
			    .leads = 2 } },
		{ .mail = { .kind = KIND_HUMAN, .verified = TRUE, .message_id = "m4" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .events = "lead.updated",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .leads = 2 } },
		{ .mail = OUT(IVAN, ANNA, 3, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = "petra@our.example",
			    .events = "lead.updated lead.stage_changed",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 3 } },
	};

	RUN(STEPS);
}

/* Unproven first, proven later: one card, and nothing of the forger's stays on it. */
static void
test_an_unproven_card_is_taken_over(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN,
			    .name = "Anna Fake",
			    .title = "CEO",
			    .phone = "+4930666",
			    .spoofed = TRUE,
			    .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .reason = "unverified",
			    .lead = ANNA,
			    .stage = STAGE_NQL,
			    .events = "lead.created",
			    .touch = "mail",
			    .unverified = TRUE } },
		{ .mail = { .kind = KIND_HUMAN,
			    .name = "Anna Schmidt",
			    .verified = TRUE,
			    .message_id = "m2" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_NQL,
			    .events = "lead.updated",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .leads = 1 } },
		{ .mail = { .kind = KIND_HUMAN,
			    .budget = TRUE,
			    .verified = TRUE,
			    .message_id = "m3" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.updated lead.stage_changed",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .leads = 1 } },
	};

	RUN(STEPS);
}

/* A form nobody vouches for: unproven until the person writes, but what it told stays. */
static void
test_a_form_is_confirmed(void)
{
	static const struct mail_sample FORM = { .kind = KIND_HUMAN,
						 .form = "bot@site.example",
						 .name = "Anna Schmidt",
						 .phone = "+493012345678",
						 .message_id = "m1" };
	static const struct mail_sample REPLY = { .kind = KIND_HUMAN_REPLY, .message_id = "m2" };
	static const struct step STEP;
	struct memory memory;
	const struct lead *lead;

	memory_init(&memory);
	for (guint i = 0; i < 2; i++) {
		g_autoptr(fixture_facts_owned) facts =
			fixture_facts(memory.config, i == 0 ? &FORM : &REPLY);
		g_autoptr(known_owned) known = look_up(&memory, facts, &STEP);
		g_autoptr(decision_owned) decision =
			decide_message(facts, known, memory.scorecards, FIXTURE_NOW);

		g_assert_cmpint(decision->lead->unverified, ==, i == 0);
		remember(&memory, facts, decision);
	}
	g_assert_cmpuint(memory.rows->len, ==, 1);
	lead = ((struct row *)memory.rows->pdata[0])->lead;
	g_assert_cmpstr(lead->phone, ==, "+493012345678");
	g_assert_cmpstr(lead->name, ==, "Anna Schmidt");
	g_assert_cmpuint(lead->inbound_count, ==, 2);
	memory_clear(&memory);
}

static void
test_a_customer(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m1" },
		  .customer = TRUE,
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_CUSTOMER,
			    .events = "customer.activity",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN, .opt_out = TRUE, .message_id = "m2" },
		  .customer = TRUE,
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_CUSTOMER,
			    .events = "customer.activity contact.opted_out",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .opted_out = TRUE } },
		{ .mail = OUT(IVAN, ANNA, 3, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_CUSTOMER,
			    .owner = IVAN,
			    .events = "customer.activity lead.assigned",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 3,
			    .opted_out = TRUE } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .bounced = ANNA,
			    .message_id = "b1",
			    .time = AT(4) },
		  .ours = TRUE,
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_CUSTOMER,
			    .owner = IVAN,
			    .events = "contact.bounced",
			    .touch = "bounce",
			    .match = MATCHED_LEAD_ADDRESS,
			    .unreachable = TRUE,
			    .opted_out = TRUE } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "carl@kunde.example",
			    .spoofed = TRUE,
			    .message_id = "m3" },
		  .customer = TRUE,
		  .want = { .action = ACTION_CREATE,
			    .lead = "carl@kunde.example",
			    .stage = STAGE_NQL,
			    .owner = IVAN,
			    .events = "lead.created",
			    .touch = "mail",
			    .unverified = TRUE } },
	};

	RUN(STEPS);
}

static void
test_opt_out_and_back(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY, .opt_out = TRUE, .message_id = "m2" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_DISQUALIFIED,
			    .events = "lead.updated contact.opted_out lead.stage_changed",
			    .touch = "reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .opted_out = TRUE } },
		{ .mail = OUT(IVAN, ANNA, 3, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_DISQUALIFIED,
			    .owner = IVAN,
			    .events = "lead.updated lead.assigned",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 3,
			    .opted_out = TRUE } },
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m3", .time = AT(9), .need = TRUE },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = IVAN,
			    .events = "lead.updated lead.reopened lead.stage_changed",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 6,
			    .opted_out = TRUE,
			    .leads = 1 } },
		{ .mail = { .kind = KIND_HUMAN,
			    .from = "x@other.example",
			    .opt_out = TRUE,
			    .message_id = "m4" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "x@other.example",
			    .stage = STAGE_DISQUALIFIED,
			    .events = "contact.opted_out",
			    .touch = "mail",
			    .opted_out = TRUE } },
		{ .mail = { .kind = KIND_FORWARD,
			    .from = "y@other.example",
			    .forwarded_by = IVAN,
			    .opt_out = TRUE,
			    .message_id = "m5" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "y@other.example",
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "forward" } },
	};

	RUN(STEPS);
}

static void
test_bounces(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_BOUNCE, .bounced = ANNA, .message_id = "b0" },
		  .want = { .reason = "hard bounce of anna@kunde.example: 5.1.1" } },
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_BOUNCE, .bounced = ANNA, .message_id = "b1" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "contact.bounced",
			    .touch = "bounce",
			    .match = MATCHED_LEAD_ADDRESS,
			    .unreachable = TRUE } },
		{ .mail = OUT(IVAN, ANNA, 5, "o1"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .events = "lead.updated lead.stage_changed lead.assigned",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 5,
			    .unreachable = TRUE } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .bounced = ANNA,
			    .temporary = TRUE,
			    .status = "4.4.1",
			    .message_id = "b2",
			    .time = AT(6) },
		  .want = { .action = ACTION_ATTACH,
			    .reason = "temporary bounce of anna@kunde.example: 4.4.1",
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .touch = "bounce_temporary",
			    .match = MATCHED_LEAD_ADDRESS,
			    .unreachable = TRUE } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .bounced = "other@kunde.example",
			    .answers = "o1",
			    .message_id = "b3",
			    .time = AT(6) },
		  .ours = TRUE,
		  .want = { .reason = "hard bounce of other@kunde.example" } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .bounced = ANNA,
			    .message_id = "b4",
			    .time = AT(6),
			    .to = "-" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_DISQUALIFIED,
			    .owner = IVAN,
			    .events = "contact.bounced lead.stage_changed",
			    .touch = "bounce",
			    .match = MATCHED_LEAD_ADDRESS,
			    .unreachable = TRUE } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .bounced = ANNA,
			    .message_id = "b4a",
			    .time = AT(7),
			    .to = "-" },
		  .ours = TRUE,
		  .want = { .reason = "hard bounce" } },
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m2", .time = AT(9) },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = IVAN,
			    .events = "lead.updated lead.reopened lead.stage_changed",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 4,
			    .leads = 1 } },
		{ .mail = { .kind = KIND_BOUNCE,
			    .answers = "o1",
			    .message_id = "b5",
			    .time = AT(10) },
		  .ours = TRUE,
		  .want = { .action = ACTION_ATTACH,
			    .reason = "an unnamed recipient",
			    .lead = ANNA,
			    .stage = STAGE_DISQUALIFIED,
			    .owner = IVAN,
			    .events = "contact.bounced lead.stage_changed",
			    .touch = "bounce",
			    .match = MATCHED_REFERENCES,
			    .unreachable = TRUE } },
	};

	RUN(STEPS);
}

static void
test_forwards_and_forms(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_FORWARD,
			    .direction = DIRECTION_INTERNAL,
			    .forwarded_by = IVAN,
			    .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "forward" } },
		{ .mail = { .kind = KIND_HUMAN, .form = "www@our.example", .message_id = "m2" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.updated",
			    .touch = "form",
			    .match = MATCHED_LEAD_ADDRESS } },
		{ .mail = { .kind = KIND_HUMAN, .form = "bot@site.example", .message_id = "m3" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_NQL,
			    .events = "lead.created",
			    .touch = "form",
			    .unverified = TRUE,
			    .linked = ANNA,
			    .leads = 2 } },
		{ .mail = { .kind = KIND_HUMAN,
			    .form = "bot@site.example",
			    .from = "new@other.example",
			    .budget = TRUE,
			    .need = TRUE,
			    .message_id = "m4" },
		  .want = { .action = ACTION_CREATE,
			    .lead = "new@other.example",
			    .stage = STAGE_MQL,
			    .events = "lead.created lead.qualified",
			    .touch = "form",
			    .unverified = TRUE } },
		{ .mail = { .kind = KIND_HUMAN,
			    .form = "bot@site.example",
			    .from = "-",
			    .phone = "+40213112233",
			    .message_id = "m5" },
		  .want = { .action = ACTION_CREATE,
			    .stage = STAGE_INTEREST,
			    .events = "lead.created",
			    .touch = "form",
			    .unverified = TRUE,
			    .lead = "" } },
	};

	RUN(STEPS);
}

static void
test_outbound(void)
{
	static const struct step STEPS[] = {
		{ .mail = OUT(IVAN, ANNA, 0, "o1"),
		  .want = { .action = ACTION_OUTBOUND, .reason = "nobody known" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .answers = "o1",
			    .message_id = "m1",
			    .time = AT(5) },
		  .replied_to = IVAN,
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = IVAN,
			    .owner_reason = "answers this person",
			    .events = "lead.created",
			    .touch = "reply" } },
		{ .mail = { .kind = KIND_AUTO_REPLY,
			    .direction = DIRECTION_OUTBOUND,
			    .from = IVAN,
			    .to = ANNA,
			    .message_id = "o2",
			    .time = AT(6) },
		  .want = { .reason = "auto_reply" } },
		{ .mail = { .kind = KIND_NEWSLETTER,
			    .direction = DIRECTION_OUTBOUND,
			    .from = IVAN,
			    .to = ANNA,
			    .message_id = "o3",
			    .time = AT(6) },
		  .want = { .reason = "newsletter" } },
		{ .mail = OUT("sales@our.example", ANNA, 7, "o4"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .events = "lead.updated lead.stage_changed",
			    .touch = "owner_reply",
			    .match = MATCHED_LEAD_ADDRESS,
			    .latency_minutes = 2 } },
		{ .mail = OUT("sales@our.example", ANNA, 8, "o4"),
		  .want = { .action = ACTION_OUTBOUND,
			    .lead = ANNA,
			    .stage = STAGE_SAL,
			    .owner = IVAN,
			    .match = MATCHED_LEAD_ADDRESS } },
	};

	RUN(STEPS);
}

/* Answers that come to a colleague's own mailbox: of whom we know, and nobody new. */
static void
test_unwatched_conversation(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m1" },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN, .to = "-", .message_id = "m2" },
		  .want = { .reason = "no watched mailbox" } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .to = "-",
			    .answers = "m1",
			    .message_id = "m3" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.updated",
			    .touch = "reply",
			    .match = MATCHED_REFERENCES } },
		{ .mail = { .kind = KIND_HUMAN_REPLY,
			    .from = "otto@kunde.example",
			    .name = "Otto Weber",
			    .to = "-",
			    .answers = "m1",
			    .message_id = "m4" },
		  .want = { .reason = "no watched mailbox, and no lead we know", .leads = 1 } },
	};

	RUN(STEPS);
}

/* One mail of ours to two leads: both are answered. */
static void
test_outbound_to_several(void)
{
	static const struct mail_sample MAIL = OUT(IVAN, ANNA, 0, "o1");
	struct memory memory;
	g_autoptr(fixture_facts_owned) facts = NULL;
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = NULL;

	memory_init(&memory);
	facts = fixture_facts(memory.config, &MAIL);
	fixture_candidate(known, fixture_lead("ld_a", ANNA, NULL), MATCHED_LEAD_ADDRESS);
	fixture_candidate(known, fixture_lead("ld_b", "bob@kunde.example", NULL),
			  MATCHED_LEAD_ADDRESS);
	fixture_candidate(known, fixture_lead("ld_c", "carl@kunde.example", NULL),
			  MATCHED_REFERENCES);
	decision = decide_message(facts, known, memory.scorecards, FIXTURE_NOW);
	g_assert_cmpstr(decision->lead->id, ==, "ld_a");
	g_assert_nonnull(decision->next);
	g_assert_cmpstr(decision->next->lead->id, ==, "ld_b");
	g_assert_null(decision->next->next);
	for (const struct decision *d = decision; d != NULL; d = d->next) {
		g_assert_cmpint(d->lead->stage, ==, STAGE_SAL);
		g_assert_cmpint(d->lead->first_response, ==, FIXTURE_NOW);
		g_assert_cmpstr(d->lead->owner, ==, IVAN);
		g_assert_cmpstr(d->before->id, ==, d->lead->id);
		g_assert_cmpint(d->touch->latency, ==, CLOCK_DAY);
		g_assert_cmpuint(d->events->len, ==, 3);
	}
	memory_clear(&memory);
}

/* The same mail for a second mailbox is a touch, but its points count once. */
static void
test_two_mailboxes(void)
{
	static const struct step STEPS[] = {
		{ .mail = { .kind = KIND_HUMAN, .message_id = "m1", .budget = TRUE },
		  .want = { .action = ACTION_CREATE,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .events = "lead.created",
			    .touch = "mail" } },
		{ .mail = { .kind = KIND_HUMAN,
			    .message_id = "m1",
			    .budget = TRUE,
			    .to = "info@our.example" },
		  .want = { .action = ACTION_ATTACH,
			    .lead = ANNA,
			    .stage = STAGE_EQL,
			    .owner = "petra@our.example",
			    .owner_reason = "owner of the mailbox",
			    .events = "lead.updated lead.assigned",
			    .touch = "mail",
			    .match = MATCHED_LEAD_ADDRESS } },
	};

	RUN(STEPS);
}

static void
test_duplicate(void)
{
	static const struct mail_sample MAIL = { .kind = KIND_HUMAN };
	struct memory memory;
	g_autoptr(fixture_facts_owned) facts = NULL;
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = NULL;

	memory_init(&memory);
	facts = fixture_facts(memory.config, &MAIL);
	known->is_duplicate = TRUE;
	known->previous = fixture_lead("ld_a", ANNA, NULL);
	decision = decide_message(facts, known, memory.scorecards, FIXTURE_NOW);
	g_assert_cmpint(decision->action, ==, ACTION_DUPLICATE);
	g_assert_cmpstr(decision->lead->id, ==, "ld_a");
	g_assert_cmpuint(decision->events->len, ==, 0);
	g_assert_null(decision->touch);
	g_assert_false(decision->record_message);
	memory_clear(&memory);
}

/* What is written into a card, and what it is worth. */
static void
test_card_and_score(void)
{
	static const struct mail_sample MAIL = { .kind = KIND_HUMAN,
						 .name = "Anna Schmidt",
						 .title = "Head of Purchasing",
						 .company = "Kunde GmbH",
						 .phone = "+493012345678",
						 .budget = TRUE };
	struct memory memory;
	g_autoptr(fixture_facts_owned) facts = NULL;
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = NULL;
	double sum = 0;

	memory_init(&memory);
	facts = fixture_facts(memory.config, &MAIL);
	decision = decide_message(facts, known, memory.scorecards, FIXTURE_NOW + MINUTE);
	g_assert_cmpstr(decision->lead->name, ==, "Anna Schmidt");
	g_assert_cmpstr(decision->lead->title, ==, "Head of Purchasing");
	g_assert_cmpstr(decision->lead->company, ==, "Kunde GmbH");
	g_assert_cmpstr(decision->lead->phone, ==, "+493012345678");
	g_assert_cmpstr(decision->lead->account, ==, "kunde.example");
	g_assert_cmpstr(decision->lead->scorecard, ==, "test");
	g_assert_cmpstr(decision->lead->source, ==, "sales");
	g_assert_cmpstr(decision->lead->source_mailbox, ==, "sales@our.example");
	g_assert_cmpint(decision->lead->created, ==, FIXTURE_NOW);
	g_assert_cmpint(decision->lead->updated, ==, FIXTURE_NOW + MINUTE);
	for (guint i = 0; i < decision->touch->contributions->len; i++)
		sum += ((struct contribution *)decision->touch->contributions->pdata[i])->points;
	g_assert_cmpfloat_with_epsilon(decision->lead->total, sum, 1e-9);
	g_assert_cmpfloat_with_epsilon(decision->lead->total, 50, 0.01);
	g_assert_cmpfloat_with_epsilon(decision->lead->fit, 10, 0.01);
	g_assert_true(decision->record_message);
	memory_clear(&memory);
}

static void
test_names(void)
{
	g_assert_cmpstr(action_name(ACTION_NONE), ==, "none");
	g_assert_cmpstr(action_name(ACTION_DUPLICATE), ==, "duplicate");
	g_assert_cmpstr(action_name((enum action)99), ==, "unknown");
	g_assert_cmpstr(match_name(MATCHED_NOTHING), ==, "nothing");
	g_assert_cmpstr(match_name(MATCHED_REFERENCES), ==, "references");
	g_assert_cmpstr(match_name((enum match)99), ==, "unknown");
	decision_free(NULL);
	known_free(NULL);
}

static void
test_speed(void)
{
	static const struct mail_sample MAIL = { .kind = KIND_HUMAN,
						 .name = "Anna Schmidt",
						 .title = "Head of Purchasing",
						 .phone = "+493012345678",
						 .budget = TRUE,
						 .need = TRUE };
	struct memory memory;
	g_autoptr(fixture_facts_owned) facts = NULL;
	gint64 begin;

	memory_init(&memory);
	facts = fixture_facts(memory.config, &MAIL);
	begin = cpu_time();
	for (guint i = 0; i < 10000; i++) {
		struct known *known = known_new();

		decision_free(decide_message(facts, known, memory.scorecards, FIXTURE_NOW));
		known_free(known);
	}
	g_test_message("%.1f us for a new lead and its two events",
		       (double)(cpu_time() - begin) / 10000);
	memory_clear(&memory);
}

/* Not a word of a mail is kept or told; what it means is. */
static void
test_without_words(void)
{
	static const struct mail_sample SAMPLE = { .from = "anna@kunde.example",
						   .name = "Anna Schmidt",
						   .kind = KIND_HUMAN };
	g_autoptr(config_owned) config = fixture_config();
	g_autoptr(GError) error = NULL;
	struct scorecards *scorecards = scorecards_new(config, &error);
	g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &SAMPLE);
	g_autoptr(known_owned) known = known_new();
	g_autoptr(decision_owned) decision = NULL;

	g_assert_no_error(error);
	g_free(config->content);
	config->content = g_strdup("none");
	g_free(facts->mail->subject);
	facts->mail->subject = g_strdup("an unspeakable subject");
	decision = decide_message(facts, known, scorecards, facts->received);
	g_assert_cmpint(decision->action, ==, ACTION_CREATE);
	g_assert_null(decision->touch->subject);
	g_assert_null(decision->touch->excerpt);
	for (guint i = 0; i < decision->touch->contributions->len; i++) {
		const struct contribution *points = decision->touch->contributions->pdata[i];

		g_assert_nonnull(points->rule);
		g_assert_null(points->evidence);
	}
	g_assert_cmpuint(decision->events->len, >, 0);
	for (guint i = 0; i < decision->events->len; i++)
		g_assert_null(
			strstr(((struct event *)decision->events->pdata[i])->body, "unspeakable"));
	scorecards_unref(scorecards);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/decide/automatic-mail", test_automatic_mail_makes_no_lead);
	g_test_add_func("/decide/refusals", test_refusals);
	g_test_add_func("/decide/a-lead-grows", test_a_lead_grows);
	g_test_add_func("/decide/qualified", test_qualified);
	g_test_add_func("/decide/a-colleague-joins", test_a_colleague_joins);
	g_test_add_func("/decide/an-office-gets-a-name", test_an_office_gets_a_name);
	g_test_add_func("/decide/a-forged-sender", test_a_forged_sender);
	g_test_add_func("/decide/an-unproven-card", test_an_unproven_card_is_taken_over);
	g_test_add_func("/decide/a-form-is-confirmed", test_a_form_is_confirmed);
	g_test_add_func("/decide/a-customer", test_a_customer);
	g_test_add_func("/decide/opt-out-and-back", test_opt_out_and_back);
	g_test_add_func("/decide/bounces", test_bounces);
	g_test_add_func("/decide/forwards-and-forms", test_forwards_and_forms);
	g_test_add_func("/decide/outbound", test_outbound);
	g_test_add_func("/decide/unwatched-conversation", test_unwatched_conversation);
	g_test_add_func("/decide/outbound-to-several", test_outbound_to_several);
	g_test_add_func("/decide/two-mailboxes", test_two_mailboxes);
	g_test_add_func("/decide/duplicate", test_duplicate);
	g_test_add_func("/decide/card-and-score", test_card_and_score);
	g_test_add_func("/decide/names", test_names);
	g_test_add_func("/decide/speed", test_speed);
	g_test_add_func("/decide/without-words", test_without_words);
	return g_test_run();
}
