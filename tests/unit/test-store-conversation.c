/*
 * test-store-conversation.c - answers whose ids are not ours: what a provider wrote over them is
 * learned; and the people seen beside the one who writes.
 */
#include "store_fixture.c"

/* Takes the facts. */
static void
receive(struct fixture *fixture, struct facts *facts, struct answer *answer)
{
	g_autoptr(GError) error = NULL;

	store_message(fixture->store, facts, NULL, facts->received, 0, FALSE, answer, &error);
	g_assert_no_error(error);
	facts_unref(facts);
}

struct step {
	const char *from, *to, *key, *answers, *thread, *subject, *original;
	enum direction direction;
	const char *match; /* wanted */
	gboolean forged;
};

static void
play(struct fixture *fixture, const struct step *steps, guint count)
{
	for (guint i = 0; i < count; i++) {
		const struct step *step = &steps[i];
		struct message message = { .from = step->from,
					   .to = step->to,
					   .key = step->key,
					   .answers = step->answers,
					   .thread_index = step->thread,
					   .subject = step->subject,
					   .direction = step->direction,
					   .time = HELP_NOW + i };
		struct facts *facts = help_facts(&message);
		struct answer answer;

		facts->original_message_id = g_strdup(step->original);
		facts->sender.spoofed = step->forged;
		receive(fixture, facts, &answer);
		g_test_message("%u", i);
		g_assert_cmpstr(answer.match, ==, step->match);
		answer_clear(&answer);
	}
}

#define OURS "anna@example.com", "ada@customer.example"
#define THEIRS "ada@customer.example", "sales@example.com"
#define OTHER "ada@home.example", "sales@example.com"

static void
test_learned_by_thread(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct step STEPS[] = {
		{ OURS, "o1", NULL, "T", NULL, NULL, DIRECTION_OUTBOUND, "nothing", FALSE },
		{ THEIRS, "i1", "ses-1@provider.example", "T", NULL, NULL, DIRECTION_INBOUND,
		  "nothing", FALSE },
		{ OTHER, "i2", "ses-1@provider.example", NULL, NULL, NULL, DIRECTION_INBOUND,
		  "references", FALSE },
		{ OTHER, "i3", "ses-9@provider.example", NULL, NULL, NULL, DIRECTION_INBOUND,
		  "nothing", FALSE },
	};

	play(fixture, STEPS, G_N_ELEMENTS(STEPS));
}

static void
test_learned_by_subject(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct step STEPS[] = {
		{ OURS, "o1", NULL, NULL, "offer", NULL, DIRECTION_OUTBOUND, "nothing", FALSE },
		{ THEIRS, "i1", "ses-1@provider.example", NULL, "offer", NULL, DIRECTION_INBOUND,
		  "nothing", FALSE },
		{ OTHER, "i2", "ses-1@provider.example", NULL, "other", NULL, DIRECTION_INBOUND,
		  "references", FALSE },
	};

	play(fixture, STEPS, G_N_ELEMENTS(STEPS));
}

/* What a forger says it answers teaches nothing; nor does an answer to nothing of ours. */
static void
test_not_learned(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct step STEPS[] = {
		{ OURS, "o1", NULL, "T", NULL, NULL, DIRECTION_OUTBOUND, "nothing", FALSE },
		{ THEIRS, "i1", "ses-1@provider.example", "T", NULL, NULL, DIRECTION_INBOUND,
		  "nothing", TRUE },
		{ OTHER, "i2", "ses-1@provider.example", NULL, NULL, NULL, DIRECTION_INBOUND,
		  "nothing", FALSE },
		{ "eve@third.example", "sales@example.com", "i3", "ses-1@provider.example", NULL,
		  NULL, NULL, DIRECTION_INBOUND, "nothing", FALSE },
	};

	play(fixture, STEPS, G_N_ELEMENTS(STEPS));
}

/* Exchange wrote another id over theirs: both are the message. */
static void
test_original(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct step STEPS[] = {
		{ THEIRS, "i1", NULL, NULL, NULL, "first@client.example", DIRECTION_INBOUND,
		  "nothing", FALSE },
		{ OTHER, "i2", "first@client.example", NULL, NULL, NULL, DIRECTION_INBOUND,
		  "references", FALSE },
		{ "bob@third.example", "sales@example.com", "i3", NULL, NULL, NULL, "i1@test",
		  DIRECTION_INBOUND, "references", FALSE },
	};

	play(fixture, STEPS, G_N_ELEMENTS(STEPS));
}

/* --- contacts --- */

static void
add_copy(struct facts *facts, const char *name, const char *address)
{
	g_ptr_array_add(facts->mail->cc, mail_address_new(name, address));
}

static void
test_contacts(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) contacts = NULL, none = NULL;
	struct answer answer;
	const struct contact *contact;

	for (guint i = 0; i < 2; i++) {
		struct message message = { .from = "ada@customer.example",
					   .account = "customer.example",
					   .key = i ? "2" : "1",
					   .time = HELP_NOW + i };
		struct facts *facts = help_facts(&message);

		add_copy(facts, i ? "Bob Babbage" : NULL, "Bob@customer.example");
		add_copy(facts, NULL, "carl@mail.customer.example");
		add_copy(facts, NULL, "dave@customer-not.example");
		add_copy(facts, NULL, "ada@customer.example");
		add_copy(facts, NULL, "eve@other.example");
		receive(fixture, facts, &answer);
		answer_clear(&answer);
	}
	contacts = store_contacts(fixture->store, "customer.example", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(contacts->len, ==, 2);
	contact = contacts->pdata[0];
	g_assert_cmpstr(contact->address, ==, "Bob@customer.example");
	g_assert_cmpstr(contact->name, ==, "Bob Babbage");
	g_assert_cmpuint(contact->mails, ==, 2);
	g_assert_cmpint(contact->first_seen, ==, HELP_NOW);
	g_assert_nonnull(contact->lead);
	contact = contacts->pdata[1];
	g_assert_cmpstr(contact->address, ==, "carl@mail.customer.example");
	none = store_contacts(fixture->store, "other.example", &error);
	g_assert_cmpuint(none->len, ==, 0);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-conversation/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("learned-by-thread", test_learned_by_thread);
	ADD("learned-by-subject", test_learned_by_subject);
	ADD("not-learned", test_not_learned);
	ADD("original", test_original);
	ADD("contacts", test_contacts);
	return g_test_run();
}
