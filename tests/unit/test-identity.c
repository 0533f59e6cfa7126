/* test-identity.c - who a message is about: names, proof, and the choice among candidates. */
#include "lead/identity.h"

#include "lead-fixture.h"
#include "mail/address.h"

static void
test_names(void)
{
	static const struct {
		const char *one, *other;
		enum name_relation want;
	} CASES[] = {
		{ "Anna Schmidt", "Anna Schmidt", NAMES_SAME },
		{ "Anna Schmidt", "SCHMIDT, Anna", NAMES_SAME },
		{ "Anna Müller", "anna muller", NAMES_SAME },
		{ "Иван Петров", "ПЕТРОВ Иван", NAMES_SAME },
		{ "Ştefan Ionescu", "Stefan Ionescu", NAMES_SAME },
		{ "Conan O'Brien", "Conan O’Brien", NAMES_SAME },
		{ "王小明", "王小明", NAMES_SAME },
		{ "Anna Schmidt", "A. Schmidt", NAMES_COMPATIBLE },
		{ "A. P. Schmidt", "Anna Petra Schmidt", NAMES_COMPATIBLE },
		{ "A. S.", "Anna Schmidt", NAMES_DIFFERENT },
		{ "Anna Schmidt", "Anna Maria Schmidt", NAMES_DIFFERENT },
		{ "Anna Schmidt", "Bernd Schmidt", NAMES_DIFFERENT },
		{ "王小明", "李小明", NAMES_DIFFERENT },
		{ "Anna", "Anna Schmidt", NAMES_UNKNOWN },
		{ "王", "王小明", NAMES_UNKNOWN },
		{ "", "Anna Schmidt", NAMES_UNKNOWN },
		{ "...", "Anna Schmidt", NAMES_UNKNOWN },
		{ NULL, "Anna Schmidt", NAMES_UNKNOWN },
		{ "Anna \xff Schmidt", "Anna Schmidt", NAMES_UNKNOWN },
		{ "Anna Schmidt\xf0", "Anna Schmidt", NAMES_UNKNOWN },
	};

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_assert_cmpint(identity_compare_names(CASES[i].one, CASES[i].other), ==,
				CASES[i].want);
		g_assert_cmpint(identity_compare_names(CASES[i].other, CASES[i].one), ==,
				CASES[i].want);
	}
}

static void
test_proof(void)
{
	static const struct {
		struct mail_sample mail;
		enum proof want;
	} CASES[] = {
		{ { .kind = KIND_HUMAN }, PROOF_ACCEPTED },
		{ { .kind = KIND_HUMAN, .verified = TRUE }, PROOF_ACCEPTED },
		{ { .kind = KIND_HUMAN, .spoofed = TRUE }, PROOF_REFUTED },
		{ { .kind = KIND_HUMAN, .from = "x@our.example", .spoofed = TRUE }, PROOF_REFUTED },
		{ { .kind = KIND_HUMAN, .form = "www@site.example" }, PROOF_CLAIMED },
		{ { .kind = KIND_HUMAN, .form = "www@site.example", .verified = TRUE },
		  PROOF_CLAIMED },
		{ { .kind = KIND_HUMAN, .form = "anna@kunde.example" }, PROOF_ACCEPTED },
		{ { .kind = KIND_HUMAN, .form = "www@site.example", .trusted_form = TRUE },
		  PROOF_VOUCHED },
		{ { .kind = KIND_HUMAN, .form = "www@our.example" }, PROOF_VOUCHED },
		{ { .kind = KIND_HUMAN, .form = "www@our.example", .seen = TRUE }, PROOF_CLAIMED },
		{ { .kind = KIND_HUMAN, .form = "www@our.example", .spoofed = TRUE },
		  PROOF_REFUTED },
		{ { .kind = KIND_FORWARD, .forwarded_by = "ivan@our.example" }, PROOF_VOUCHED },
		{ { .kind = KIND_FORWARD, .forwarded_by = "joe@partner.example" }, PROOF_VOUCHED },
		{ { .kind = KIND_FORWARD, .forwarded_by = "eve@evil.example" }, PROOF_CLAIMED },
		{ { .kind = KIND_FORWARD,
		    .forwarded_by = "x@our.example",
		    .spoofed = TRUE,
		    .login = "ivan" },
		  PROOF_VOUCHED },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &CASES[i].mail);

		g_test_message("case %u", i);
		g_assert_cmpint(identity_proof(facts), ==, CASES[i].want);
	}
}

struct card {
	const char *id, *address, *name;
	enum match match;
	enum stage stage; /* EQL when 0 */
	gboolean interest, unverified;
	const char *linked;
};

struct choice {
	const char *label;
	struct mail_sample mail;
	struct card cards[3];
	const char *want; /* id of the card, NULL: a new one */
	const char *claimed, *conversation, *duplicate;
};

static struct known *
make_known(const struct card *cards, guint count)
{
	struct known *known = known_new();

	for (guint i = 0; i < count && cards[i].id != NULL; i++) {
		struct lead *lead = fixture_lead(cards[i].id, cards[i].address, cards[i].name);

		if (cards[i].stage != 0)
			lead->stage = cards[i].stage;
		if (cards[i].interest)
			lead->stage = STAGE_INTEREST;
		lead->unverified = cards[i].unverified;
		lead->linked = g_strdup(cards[i].linked);
		fixture_candidate(known, lead, cards[i].match);
	}
	return known;
}

static void
test_choice(void)
{
#define ANNA "anna@kunde.example"
#define BOB "bob@kunde.example"
	static const struct choice CASES[] = {
		{ .label = "nobody known", .mail = { .kind = KIND_HUMAN } },
		{ .label = "address",
		  .mail = { .kind = KIND_HUMAN },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .want = "ld_a" },
		{ .label = "address and conversation",
		  .mail = { .kind = KIND_HUMAN },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_REFERENCES } },
		  .want = "ld_a" },
		{ .label = "a colleague answers",
		  .mail = { .kind = KIND_HUMAN_REPLY, .from = BOB, .name = "Bob Berg" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_REFERENCES } },
		  .conversation = "ld_a" },
		{ .label = "a known colleague answers",
		  .mail = { .kind = KIND_HUMAN_REPLY, .from = BOB, .name = "Bob Berg" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_REFERENCES },
			     { .id = "ld_b",
			       .address = BOB,
			       .name = "Bob Berg",
			       .match = MATCHED_LEAD_ADDRESS } },
		  .want = "ld_b",
		  .conversation = "ld_a" },
		{ .label = "the same person from a second address",
		  .mail = { .kind = KIND_HUMAN_REPLY,
			    .from = "anna.s@gmail.com",
			    .freemail = TRUE,
			    .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Schmidt, Anna",
			       .match = MATCHED_REFERENCES } },
		  .want = "ld_a" },
		{ .label = "somebody without a name in the thread",
		  .mail = { .kind = KIND_HUMAN_REPLY, .from = BOB },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_REFERENCES } },
		  .conversation = "ld_a" },
		{ .label = "the office's thread, answered by a person of it",
		  .mail = { .kind = KIND_HUMAN_REPLY, .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_i",
			       .address = "info@kunde.example",
			       .name = NULL,
			       .match = MATCHED_REFERENCES,
			       .interest = TRUE } },
		  .want = "ld_i" },
		{ .label = "the office's thread, answered from elsewhere",
		  .mail = { .kind = KIND_HUMAN_REPLY,
			    .name = "Anna Schmidt",
			    .from = "anna@other.example" },
		  .cards = { { .id = "ld_i",
			       .address = "info@kunde.example",
			       .name = NULL,
			       .match = MATCHED_REFERENCES,
			       .interest = TRUE } },
		  .conversation = "ld_i" },
		{ .label = "a lead known by phone only",
		  .mail = { .kind = KIND_HUMAN, .phone = "+40213112233" },
		  .cards = { { .id = "ld_p",
			       .address = NULL,
			       .name = NULL,
			       .match = MATCHED_PHONE } },
		  .want = "ld_p" },
		{ .label = "same phone, same name",
		  .mail = { .kind = KIND_HUMAN,
			    .from = "a@gmail.com",
			    .freemail = TRUE,
			    .name = "A. Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE } },
		  .want = "ld_a" },
		{ .label = "a switchboard",
		  .mail = { .kind = KIND_HUMAN, .from = BOB, .name = "Bob Berg" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE } } },
		{ .label = "same phone, no name, another organisation",
		  .mail = { .kind = KIND_HUMAN, .from = "x@other.example" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE } },
		  .duplicate = "ld_a" },
		{ .label = "a customer's phone in a stranger's mail",
		  .mail = { .kind = KIND_HUMAN, .from = "x@evil.example", .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE,
			       .stage = STAGE_CUSTOMER } },
		  .duplicate = "ld_a" },
		{ .label = "name within the account",
		  .mail = { .kind = KIND_HUMAN,
			    .from = "a.schmidt@kunde.example",
			    .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_NAME } },
		  .want = "ld_a" },
		{ .label = "a given name is not a name",
		  .mail = { .kind = KIND_HUMAN, .from = "a.schmidt@kunde.example", .name = "Anna" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna",
			       .match = MATCHED_NAME } } },
		{ .label = "name at a free-mail provider",
		  .mail = { .kind = KIND_HUMAN,
			    .from = "schmidt@gmail.com",
			    .freemail = TRUE,
			    .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = "anna@gmail.com",
			       .name = "Anna Schmidt",
			       .match = MATCHED_NAME } },
		  .duplicate = "ld_a" },
		{ .label = "name at another account",
		  .mail = { .kind = KIND_HUMAN,
			    .from = "anna@other.example",
			    .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_NAME } },
		  .duplicate = "ld_a" },
		{ .label = "subject alone",
		  .mail = { .kind = KIND_HUMAN_REPLY, .from = "x@other.example" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_SUBJECT } } },
		{ .label = "address over phone, the other recorded",
		  .mail = { .kind = KIND_HUMAN, .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_LEAD_ADDRESS },
			     { .id = "ld_b",
			       .address = "anna@old.example",
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE } },
		  .want = "ld_a",
		  .duplicate = "ld_b" },
		{ .label = "a forged From claims a card",
		  .mail = { .kind = KIND_HUMAN, .spoofed = TRUE },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .claimed = "ld_a" },
		{ .label = "and again",
		  .mail = { .kind = KIND_HUMAN, .spoofed = TRUE },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS },
			     { .id = "ld_u",
			       .address = DECIDE_UNVERIFIED ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS,
			       .unverified = TRUE,
			       .linked = "ld_a" } },
		  .want = "ld_u",
		  .claimed = "ld_a" },
		{ .label = "the person is not drawn to the forger's card",
		  .mail = { .kind = KIND_HUMAN },
		  .cards = { { .id = "ld_u",
			       .address = DECIDE_UNVERIFIED ANNA,
			       .name = NULL,
			       .match = MATCHED_REFERENCES,
			       .unverified = TRUE,
			       .linked = "ld_a" },
			     { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .want = "ld_a" },
		{ .label = "a card begun by unproven mail, more of it",
		  .mail = { .kind = KIND_HUMAN, .spoofed = TRUE },
		  .cards = { { .id = "ld_u",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS,
			       .unverified = TRUE } },
		  .want = "ld_u" },
		{ .label = "a card begun by unproven mail, now proven",
		  .mail = { .kind = KIND_HUMAN, .verified = TRUE },
		  .cards = { { .id = "ld_u",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS,
			       .unverified = TRUE } },
		  .want = "ld_u" },
		{ .label = "what unproven mail wrote draws nobody",
		  .mail = { .kind = KIND_HUMAN,
			    .from = "anna@old.example",
			    .name = "Anna Schmidt" },
		  .cards = { { .id = "ld_u",
			       .address = ANNA,
			       .name = "Anna Schmidt",
			       .match = MATCHED_PHONE,
			       .unverified = TRUE } },
		  .duplicate = "ld_u" },
		{ .label = "a stranger's form claims a card",
		  .mail = { .kind = KIND_HUMAN, .form = "www@site.example" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .claimed = "ld_a" },
		{ .label = "our own form",
		  .mail = { .kind = KIND_HUMAN, .form = "www@our.example" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .want = "ld_a" },
		{ .label = "a colleague's forward",
		  .mail = { .kind = KIND_FORWARD, .forwarded_by = "ivan@our.example" },
		  .cards = { { .id = "ld_a",
			       .address = ANNA,
			       .name = NULL,
			       .match = MATCHED_LEAD_ADDRESS } },
		  .want = "ld_a" },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		const struct choice *c = &CASES[i];
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &c->mail);
		g_autoptr(known_owned) known = make_known(c->cards, G_N_ELEMENTS(c->cards));
		struct identity got;

		g_test_message("%s", c->label);
		identity_choose(facts, known, &got);
		g_assert_cmpstr(got.candidate ? got.candidate->lead->id : NULL, ==, c->want);
		g_assert_cmpstr(got.claimed ? got.claimed->id : NULL, ==, c->claimed);
		g_assert_cmpstr(got.conversation ? got.conversation->id : NULL, ==,
				c->conversation);
		g_assert_cmpuint(got.possible_duplicates->len, ==, c->duplicate != NULL);
		if (c->duplicate != NULL)
			g_assert_cmpstr(got.possible_duplicates->pdata[0], ==, c->duplicate);
		identity_clear(&got);
	}
}

/* A person found by other evidence is remembered by the address they prove. */
static void
test_second_address(void)
{
	static const struct {
		struct mail_sample mail;
		enum match match;
		gboolean second; /* known already */
		gboolean found, adds;
	} CASES[] = {
		{ { .from = "annas@gmail.com", .freemail = TRUE, .name = "Anna Schmidt" },
		  MATCHED_REFERENCES,
		  FALSE,
		  TRUE,
		  TRUE },
		{ { .from = "annas@gmail.com", .freemail = TRUE, .name = "Anna Schmidt" },
		  MATCHED_TOKEN,
		  FALSE,
		  TRUE,
		  TRUE },
		{ { .from = "annas@gmail.com", .name = "Anna Schmidt", .verified = TRUE },
		  MATCHED_REFERENCES,
		  FALSE,
		  TRUE,
		  TRUE },
		{ { .from = "annas@gmail.com", .name = "Anna Schmidt", .seen = TRUE },
		  MATCHED_REFERENCES,
		  FALSE,
		  TRUE,
		  FALSE },
		{ { .from = "annas@gmail.com", .name = "Bert Schmidt", .verified = TRUE },
		  MATCHED_REFERENCES,
		  FALSE,
		  FALSE,
		  FALSE },
		{ { .from = "annas@gmail.com", .name = "A. Nother", .verified = TRUE },
		  MATCHED_LEAD_ADDRESS,
		  TRUE,
		  TRUE,
		  FALSE },
		{ { .from = "as@kunde.example", .name = "Anna Schmidt", .verified = TRUE },
		  MATCHED_NAME,
		  FALSE,
		  TRUE,
		  TRUE },
		{ { .from = ANNA, .name = "Anna Schmidt", .verified = TRUE },
		  MATCHED_LEAD_ADDRESS,
		  FALSE,
		  TRUE,
		  FALSE },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &CASES[i].mail);
		g_autoptr(known_owned) known = known_new();
		struct lead *lead = fixture_lead("ld_a", ANNA, "Anna Schmidt");
		struct identity got;

		if (CASES[i].second)
			g_ptr_array_add(lead->addresses, address_normalise("annas@gmail.com"));
		fixture_candidate(known, lead, CASES[i].match);
		g_test_message("%u", i);
		identity_choose(facts, known, &got);
		g_assert_cmpint(got.candidate != NULL, ==, CASES[i].found);
		g_assert_cmpint(got.adds_address, ==, CASES[i].adds);
		identity_clear(&got);
	}
}

/* Two domains of one organisation; people who were said not to be one; why somebody may be. */
static void
test_domains_and_doubts(void)
{
	static const struct mail_sample SAMPLE = { .from = "as@second.example",
						   .name = "Anna Schmidt" };
	g_autoptr(config_owned) config = fixture_config();
	g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &SAMPLE);
	g_autoptr(known_owned) known = known_new();
	struct lead *first = fixture_lead("ld_a", ANNA, "Anna Schmidt");
	struct lead *other = fixture_lead("ld_b", BOB, "Anna Schmidt");
	struct identity got;

	known->account = account_new();
	known->account->domain = g_strdup("kunde.example");
	g_ptr_array_add(known->account->domains, g_strdup("kunde.example"));
	g_ptr_array_add(known->account->domains, g_strdup("second.example"));
	fixture_candidate(known, first, MATCHED_NAME);
	fixture_candidate(known, other, MATCHED_NAME);
	identity_choose(facts, known, &got);
	g_assert_nonnull(got.candidate);
	g_assert_cmpstr(got.candidate->lead->id, ==, "ld_a");
	g_assert_cmpstr(identity_account_of(facts, known), ==, "kunde.example");
	g_assert_cmpuint(got.possible_duplicates->len, ==, 1);
	g_assert_cmpstr(got.duplicate_reasons->pdata[0], ==, "the same name at one organisation");
	identity_clear(&got);
	g_ptr_array_add(first->apart, g_strdup("ld_b"));
	identity_choose(facts, known, &got);
	g_assert_cmpuint(got.possible_duplicates->len, ==, 0);
	identity_clear(&got);
}

static void
test_account(void)
{
	struct sender sender = { .org_domain = (char *)"kunde.example" };

	g_assert_cmpstr(identity_account(&sender), ==, "kunde.example");
	sender.freemail = TRUE;
	g_assert_null(identity_account(&sender));
	sender = (struct sender){ .org_domain = (char *)"duck.com", .relay = TRUE };
	g_assert_null(identity_account(&sender));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/identity/names", test_names);
	g_test_add_func("/identity/proof", test_proof);
	g_test_add_func("/identity/choice", test_choice);
	g_test_add_func("/identity/second-address", test_second_address);
	g_test_add_func("/identity/domains-and-doubts", test_domains_and_doubts);
	g_test_add_func("/identity/account", test_account);
	return g_test_run();
}
