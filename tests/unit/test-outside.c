/* test-outside.c - touches that did not come by mail. */
#include "lead/outside.h"

#include "base/limits.h"
#include "outside-fixture.h"

#define NOW FIXTURE_NOW
#define ANNA "anna@kunde.example"

/* --- what is taken at all --- */

static const struct {
	struct outside_touch touch;
	const char *want; /* NULL: taken */
} CHECKS[] = {
	{ { .name = "demo", .address = ANNA }, NULL },
	{ { .name = "demo", .phone = "+441632960000", .time = NOW - DAYS(800) }, NULL },
	{ { .name = "demo", .lead = "ld_1", .time = NOW + 60 * CLOCK_SECOND }, NULL },
	{ { .name = "demmo", .address = ANNA },
	  "no scorecard knows a touch \"demmo\"; the nearest is \"demo\"" },
	{ { .name = "zzzzzzzzzz", .address = ANNA }, "no scorecard knows a touch \"zzzzzzzzzz\"" },
	{ { .address = ANNA }, "a touch needs a name of at most 64 bytes" },
	{ { .name = "", .address = ANNA }, "a touch needs a name of at most 64 bytes" },
	{ { .name = "demo" }, "a touch names nobody: a lead, an address or a phone is needed" },
	{ { .name = "demo", .address = "anna" }, "\"anna\" is not an address" },
	{ { .name = "demo", .address = ANNA, .time = NOW + DAYS(1) },
	  "2025-11-22T10:00:00.000Z is in the future" },
	{ { .name = "demo", .address = ANNA, .time = 1 },
	  "1970-01-01T00:00:00.000Z is more than 20 years ago" },
};

static void
test_checks(void)
{
	struct site site;

	site_init(&site, "");
	for (guint i = 0; i < G_N_ELEMENTS(CHECKS); i++) {
		g_autoptr(GError) error = NULL;
		gboolean taken = outside_check(&CHECKS[i].touch, site.scorecards, NOW, &error);

		g_assert_cmpstr(error != NULL ? error->message : NULL, ==, CHECKS[i].want);
		g_assert_true(taken == (CHECKS[i].want == NULL));
	}
	site_clear(&site);
}

static void
test_keys(void)
{
	const struct outside_touch with_id = { .name = "demo", .source = "hook", .id = "7" };
	const struct outside_touch one = { .name = "demo", .address = ANNA, .time = NOW };
	const struct outside_touch same = { .name = "demo",
					    .address = "Anna@Kunde.example",
					    .time = NOW };
	const struct outside_touch later = { .name = "demo", .address = ANNA, .time = NOW + 1 };
	const struct outside_touch other = { .name = "visit", .address = ANNA, .time = NOW };
	const struct outside_touch now = { .name = "demo", .address = ANNA };
	g_autofree char *long_id = g_strnfill(LIMIT_OUTSIDE_ID + 1, 'x');
	const struct outside_touch long_one = { .name = "demo", .id = long_id };
	g_autofree char *k0 = outside_key(&with_id), *k1 = outside_key(&one);
	g_autofree char *k2 = outside_key(&same), *k3 = outside_key(&later);
	g_autofree char *k4 = outside_key(&other), *k5 = outside_key(&long_one);

	g_assert_cmpstr(k0, ==, "touch:hook:7");
	g_assert_cmpstr(k1, ==, k2);
	g_assert_cmpstr(k1, !=, k3);
	g_assert_cmpstr(k1, !=, k4);
	g_assert_cmpuint(strlen(k5), <, 64);
	g_assert_null(outside_key(&now));
}

/* --- what comes of it --- */

struct row {
	const char *label;
	struct outside_touch touch;
	/* who is known: stage of the lead, STAGE_COUNT for nobody */
	enum stage known;
	guint demos; /* touches of 20 points they have, of now */
	const char *owner; /* theirs */
	const char *account_owner;
	gboolean customer, shadow, unverified;
	/* want */
	enum action action;
	const char *reason;
	enum stage stage;
	const char *events;
	const char *new_owner;
};

static struct sender own = { .own = TRUE }, office = { .role = TRUE },
		     company = { .org_domain = (char *)"kunde.example" },
		     thrown_away = { .disposable = TRUE };

static const struct row ROWS[] = {
	{ "a known person", .touch = { .name = "demo", .address = ANNA, .source = "site" },
	  .known = STAGE_EQL, .owner = "ivan@our.example", .action = ACTION_ATTACH,
	  .reason = "touch demo by site", .stage = STAGE_EQL, .events = "lead.updated",
	  .new_owner = "ivan@our.example" },
	{ "it is enough", .touch = { .name = "demo", .address = ANNA }, .known = STAGE_EQL,
	  .demos = 1, .owner = "ivan@our.example", .action = ACTION_ATTACH,
	  .reason = "touch demo by ?", .stage = STAGE_MQL,
	  .events = "lead.updated lead.qualified lead.stage_changed",
	  .new_owner = "ivan@our.example" },
	{ "a lead of the account's owner", .touch = { .name = "visit", .address = ANNA },
	  .known = STAGE_EQL, .account_owner = "vera@our.example", .action = ACTION_ATTACH,
	  .reason = "touch visit", .stage = STAGE_EQL, .events = "lead.updated lead.assigned",
	  .new_owner = "vera@our.example" },
	{ "a customer", .touch = { .name = "visit", .address = ANNA }, .known = STAGE_CUSTOMER,
	  .action = ACTION_ATTACH, .reason = "touch visit", .stage = STAGE_CUSTOMER,
	  .events = "customer.activity" },
	{ "a lead that bought", .touch = { .name = "visit", .address = ANNA }, .known = STAGE_EQL,
	  .customer = TRUE, .action = ACTION_ATTACH, .reason = "touch visit",
	  .stage = STAGE_CUSTOMER, .events = "customer.activity lead.stage_changed" },
	{ "recycled comes back when it is enough", .touch = { .name = "demo", .address = ANNA },
	  .known = STAGE_RECYCLED, .demos = 1, .action = ACTION_ATTACH, .reason = "touch demo",
	  .stage = STAGE_MQL,
	  .events = "lead.updated lead.reopened lead.qualified lead.stage_changed" },
	{ "and not before", .touch = { .name = "demo", .address = ANNA }, .known = STAGE_RECYCLED,
	  .action = ACTION_ATTACH, .reason = "touch demo", .stage = STAGE_RECYCLED,
	  .events = "lead.updated" },
	{ "disqualified stays so", .touch = { .name = "demo", .address = ANNA },
	  .known = STAGE_DISQUALIFIED, .demos = 3, .action = ACTION_ATTACH, .reason = "touch demo",
	  .stage = STAGE_DISQUALIFIED, .events = "lead.updated" },
	{ "an unproven card isn't qualified by clicks",
	  .touch = { .name = "demo", .address = ANNA }, .known = STAGE_NQL, .demos = 3,
	  .unverified = TRUE, .action = ACTION_ATTACH, .reason = "touch demo", .stage = STAGE_NQL,
	  .events = "lead.updated" },

	{ "nobody known", .touch = { .name = "demo", .address = ANNA }, .known = STAGE_COUNT,
	  .action = ACTION_NONE, .reason = "nobody known is " ANNA },
	{ "nobody known by phone", .touch = { .name = "demo", .phone = "+441632960000" },
	  .known = STAGE_COUNT, .action = ACTION_NONE, .reason = "nobody known is +441632960000" },
	{ "no such lead", .touch = { .name = "demo", .lead = "ld_7", .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_NONE, .reason = "there is no lead ld_7" },
	{ "a forger's card isn't theirs", .touch = { .name = "demo", .address = ANNA },
	  .known = STAGE_NQL, .shadow = TRUE, .action = ACTION_NONE,
	  .reason = "nobody known is " ANNA },
	{ "one of us",
	  .touch = { .name = "demo",
		     .address = "ivan@our.example",
		     .sender = &own,
		     .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_NONE, .reason = "one of us" },
	{ "an unknown touch", .touch = { .name = "dmo", .address = ANNA }, .known = STAGE_EQL,
	  .action = ACTION_NONE, .reason = "the nearest is \"demo\"" },

	{ "a new person",
	  .touch = { .name = "demo",
		     .address = ANNA,
		     .person = "Anna Koch",
		     .source = "fair",
		     .campaign = "spring",
		     .sender = &company,
		     .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_CREATE, .reason = "touch demo by fair",
	  .stage = STAGE_EQL, .events = "lead.created" },
	{ "a new person of an owned account",
	  .touch = { .name = "demo",
		     .address = ANNA,
		     .person = "Anna Koch",
		     .sender = &company,
		     .create = TRUE },
	  .known = STAGE_COUNT, .account_owner = "vera@our.example", .action = ACTION_CREATE,
	  .reason = "touch demo", .stage = STAGE_EQL, .events = "lead.created",
	  .new_owner = "vera@our.example" },
	{ "no name is an interest", .touch = { .name = "demo", .address = ANNA, .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_CREATE, .reason = "touch demo",
	  .stage = STAGE_INTEREST, .events = "lead.created" },
	{ "so is an office",
	  .touch = { .name = "demo",
		     .address = "info@kunde.example",
		     .person = "Anna Koch",
		     .sender = &office,
		     .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_CREATE, .reason = "touch demo",
	  .stage = STAGE_INTEREST, .events = "lead.created" },
	{ "unless there is a phone",
	  .touch = { .name = "demo",
		     .address = "info@kunde.example",
		     .phone = "+441632960000",
		     .person = "Anna Koch",
		     .sender = &office,
		     .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_CREATE, .reason = "touch demo", .stage = STAGE_EQL,
	  .events = "lead.created" },
	{ "an address to throw away",
	  .touch = { .name = "demo",
		     .address = "a@mail.invalid",
		     .person = "Anna Koch",
		     .sender = &thrown_away,
		     .create = TRUE },
	  .known = STAGE_COUNT, .action = ACTION_CREATE, .reason = "touch demo", .stage = STAGE_NQL,
	  .events = "lead.created" },
};

static struct known *
make_known(const struct site *site, const struct row *row)
{
	struct known *known = known_new();
	struct lead *lead;

	known->is_customer = row->customer;
	known->account_owner = g_strdup(row->account_owner);
	if (row->known == STAGE_COUNT)
		return known;
	lead = fixture_lead("ld_1", ANNA, "Anna Koch");
	lead->stage = row->known;
	lead->owner = g_strdup(row->owner);
	lead->unverified = row->unverified || row->shadow;
	if (row->shadow) {
		g_free(lead->normalised);
		lead->normalised = g_strdup(DECIDE_UNVERIFIED ANNA);
		lead->linked = g_strdup("ld_2");
	}
	fixture_candidate(known, lead, MATCHED_LEAD_ADDRESS);
	for (guint i = 0; i < row->demos; i++)
		add_touch(site, known, "demo", "outside", NOW);
	return known;
}

static void
check_card(const struct row *row, const struct decision *decision)
{
	const struct lead *lead = decision->lead;

	g_assert_cmpstr(stage_name(lead->stage), ==, stage_name(row->stage));
	g_assert_cmpstr(lead->owner, ==, row->new_owner);
	g_assert_cmpstr(decision->touch->name, ==, row->touch.name);
	g_assert_cmpstr(decision->touch->direction, ==, "outside");
	g_assert_cmpuint(decision->touch->contributions->len, ==, 1);
	g_assert_cmpint(lead->inbound_count, ==, row->known == STAGE_COUNT ? 0 : 1);
	if (row->known == STAGE_COUNT) {
		g_assert_cmpstr(lead->address, ==, row->touch.address);
		g_assert_cmpstr(lead->source, ==,
				row->touch.source != NULL ? row->touch.source : "outside");
		g_assert_cmpstr(lead->source_campaign, ==, row->touch.campaign);
		g_assert_cmpstr(lead->account, ==,
				row->touch.sender == &company ? "kunde.example" : NULL);
	}
}

static void
test_rows(void)
{
	struct site site;

	site_init(&site, "");
	for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
		const struct row *row = &ROWS[i];
		g_autoptr(known_owned) known = make_known(&site, row);
		g_autoptr(decision_owned) decision =
			outside_decide(&row->touch, known, site.scorecards, NOW);
		g_autofree char *events = event_types(decision);

		g_test_message("%s", row->label);
		g_assert_cmpint(decision->action, ==, row->action);
		g_assert_nonnull(strstr(decision->reason, row->reason));
		g_assert_cmpstr(events, ==, row->events != NULL ? row->events : "");
		if (row->action == ACTION_NONE)
			g_assert_null(decision->lead);
		else
			check_card(row, decision);
	}
	site_clear(&site);
}

/* A touch that is in the ledger, or that the store knows, counts once. */
static void
test_repeated(void)
{
	const struct outside_touch touch = { .name = "demo", .address = ANNA, .time = NOW - 5 };
	const struct row anna = { .known = STAGE_EQL };
	struct site site;

	site_init(&site, "");
	{
		g_autoptr(known_owned) known = make_known(&site, &anna);
		g_autoptr(decision_owned) first =
			outside_decide(&touch, known, site.scorecards, NOW);

		g_assert_cmpint(first->touch->time, ==, NOW - 5);
		g_ptr_array_add(known->touches, g_steal_pointer(&first->touch));
		g_autoptr(decision_owned) second =
			outside_decide(&touch, known, site.scorecards, NOW + 9);
		g_assert_cmpint(second->action, ==, ACTION_DUPLICATE);
		g_assert_cmpstr(second->lead->id, ==, "ld_1");
		g_assert_null(second->touch);
	}
	{
		g_autoptr(known_owned) known = known_new();
		known->is_duplicate = TRUE;
		known->previous = fixture_lead("ld_9", ANNA, NULL);
		g_autoptr(decision_owned) again =
			outside_decide(&touch, known, site.scorecards, NOW);
		g_assert_cmpint(again->action, ==, ACTION_DUPLICATE);
		g_assert_cmpstr(again->lead->id, ==, "ld_9");
	}
	site_clear(&site);
}

/* An import of what happened long ago scores as of its time. */
static void
test_old(void)
{
	const struct outside_touch touch = { .name = "demo",
					     .address = ANNA,
					     .time = NOW - DAYS(20) };
	const struct row anna = { .known = STAGE_EQL };
	struct site site;

	site_init(&site, "");
	g_autoptr(known_owned) known = make_known(&site, &anna);
	g_autoptr(decision_owned) decision = outside_decide(&touch, known, site.scorecards, NOW);
	g_assert_cmpfloat_with_epsilon(decision->lead->total, 5, 0.001);
	g_assert_cmpint(decision->lead->created, ==, NOW - DAYS(20));
	site_clear(&site);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/outside/checks", test_checks);
	g_test_add_func("/outside/keys", test_keys);
	g_test_add_func("/outside/rows", test_rows);
	g_test_add_func("/outside/repeated", test_repeated);
	g_test_add_func("/outside/old", test_old);
	return g_test_run();
}
