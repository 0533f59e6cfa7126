/* test-assign.c - whose lead it is. */
#include "lead/assign.h"

#include "lead-fixture.h"

struct given {
	const char *label;
	struct mail_sample mail;
	const char *owner, *owner_reason; /* the lead's */
	const char *account_owner, *known_account_owner; /* imported; of another lead */
	const char *conversation, *claimed; /* owners there */
	const char *replied_to, *fallback;
	gboolean no_account; /* the lead's */
	const char *want, *why;
};

static void
check(struct config *config, const struct given *g,
      void (*assign)(const struct assign_input *input, struct assignment *ret))
{
	g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &g->mail);
	g_autoptr(known_owned) known = known_new();
	g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);
	g_autoptr(lead_owned) conversation = fixture_lead("ld_b", "bob@kunde.example", NULL);
	g_autoptr(lead_owned) claimed = fixture_lead("ld_c", "anna@kunde.example", NULL);
	struct assign_input input = { .config = config,
				      .facts = facts,
				      .known = known,
				      .lead = lead,
				      .conversation = g->conversation ? conversation : NULL,
				      .claimed = g->claimed ? claimed : NULL,
				      .time = FIXTURE_NOW };
	struct assignment got;

	lead->owner = g_strdup(g->owner);
	lead->owner_reason = g_strdup(g->owner_reason);
	if (g->no_account)
		g_clear_pointer(&lead->account, g_free);
	conversation->owner = g_strdup(g->conversation);
	claimed->owner = g_strdup(g->claimed);
	known->account_owner = g_strdup(g->known_account_owner);
	known->replied_to = g_strdup(g->replied_to);
	if (g->account_owner != NULL) {
		known->account = account_new();
		known->account->owner = g_strdup(g->account_owner);
	}
	g_free(config->fallback_owner);
	config->fallback_owner = g_strdup(g->fallback);
	g_test_message("%s", g->label);
	assign(&input, &got);
	g_assert_cmpstr(got.owner, ==, g->want);
	g_assert_cmpstr(got.reason, ==, g->why);
	g_assert_null(got.notice);
	g_assert_null(got.credits);
	assignment_clear(&got);
}

static void
test_inbound(void)
{
	static const struct given CASES[] = {
		{ .label = "an unowned pool", .mail = { .kind = KIND_HUMAN } },
		{ .label = "the fallback",
		  .fallback = "boss@our.example",
		  .want = "boss@our.example",
		  .why = "fallback owner" },
		{ .label = "the mailbox's owner over the fallback",
		  .mail = { .to = "info@our.example" },
		  .fallback = "boss@our.example",
		  .want = "petra@our.example",
		  .why = "owner of the mailbox" },
		{ .label = "whom they answer over the mailbox's owner",
		  .mail = { .to = "info@our.example" },
		  .replied_to = "ivan@our.example",
		  .want = "ivan@our.example",
		  .why = "answers this person" },
		{ .label = "a shared mailbox is nobody",
		  .replied_to = "Sales@our.example",
		  .fallback = "boss@our.example",
		  .want = "boss@our.example",
		  .why = "fallback owner" },
		{ .label = "nor is what is no address", .replied_to = "ivan" },
		{ .label = "the conversation's owner over whom they answer",
		  .conversation = "olga@our.example",
		  .replied_to = "ivan@our.example",
		  .want = "olga@our.example",
		  .why = "owner of the conversation" },
		{ .label = "the account's owner over the conversation's",
		  .known_account_owner = "maria@our.example",
		  .conversation = "olga@our.example",
		  .want = "maria@our.example",
		  .why = "owner of the account" },
		{ .label = "the imported owner over a lead's",
		  .account_owner = "karl@our.example",
		  .known_account_owner = "maria@our.example",
		  .want = "karl@our.example",
		  .why = "owner of the account" },
		{ .label = "a free-mail lead has no account",
		  .no_account = TRUE,
		  .known_account_owner = "maria@our.example" },
		{ .label = "the owner of a claimed card is told",
		  .claimed = "nina@our.example",
		  .known_account_owner = "maria@our.example",
		  .want = "nina@our.example",
		  .why = "owner of the card it claims" },
		{ .label = "the person's own before all",
		  .mail = { .to = "info@our.example" },
		  .owner = "otto@our.example",
		  .owner_reason = "first to answer",
		  .account_owner = "karl@our.example",
		  .replied_to = "ivan@our.example",
		  .want = "otto@our.example",
		  .why = "first to answer" },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
		check(config, &CASES[i], assign_inbound);
}

static void
test_outbound(void)
{
	static const struct given CASES[] = {
		{ .label = "first to answer",
		  .mail = { .from = "ivan@our.example" },
		  .want = "ivan@our.example",
		  .why = "first to answer" },
		{ .label = "from the shared mailbox", .mail = { .from = "sales@our.example" } },
		{ .label = "from the shared mailbox, by login",
		  .mail = { .from = "sales@our.example", .login = "ivan@our.example" },
		  .want = "ivan@our.example",
		  .why = "first to answer" },
		{ .label = "a login that is no address",
		  .mail = { .from = "sales@our.example", .login = "ivan" } },
		{ .label = "an owned lead stays",
		  .mail = { .from = "ivan@our.example" },
		  .owner = "otto@our.example",
		  .owner_reason = "owner of the account",
		  .want = "otto@our.example",
		  .why = "owner of the account" },
		{ .label = "the fallback gives way",
		  .mail = { .from = "ivan@our.example" },
		  .owner = "boss@our.example",
		  .owner_reason = "fallback owner",
		  .want = "ivan@our.example",
		  .why = "first to answer" },
		{ .label = "but not to a shared mailbox",
		  .mail = { .from = "sales@our.example" },
		  .owner = "boss@our.example",
		  .owner_reason = "fallback owner",
		  .want = "boss@our.example",
		  .why = "fallback owner" },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++)
		check(config, &CASES[i], assign_outbound);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/assign/inbound", test_inbound);
	g_test_add_func("/assign/outbound", test_outbound);
	return g_test_run();
}
