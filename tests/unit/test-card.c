/* test-card.c - what a message writes into a lead's card. */
#include "lead/card.h"

#include "lead-fixture.h"

struct field {
	const char *label;
	const char *name, *title, *company, *phone; /* on the card before */
	struct mail_sample mail;
	enum card_trust trust;
	const char *want_name, *want_title, *want_company, *want_phone;
};

static void
test_fields(void)
{
	static const struct field CASES[] = {
		{ .label = "an empty card is filled",
		  .mail = { .name = "Anna Schmidt",
			    .title = "CEO",
			    .company = "Kunde GmbH",
			    .phone = "+49301" },
		  .trust = CARD_FILL,
		  .want_name = "Anna Schmidt",
		  .want_title = "CEO",
		  .want_company = "Kunde GmbH",
		  .want_phone = "+49301" },
		{ .label = "nothing is emptied",
		  .name = "Anna Schmidt",
		  .title = "CEO",
		  .company = "Kunde GmbH",
		  .phone = "+49301",
		  .trust = CARD_UPDATE,
		  .want_name = "Anna Schmidt",
		  .want_title = "CEO",
		  .want_company = "Kunde GmbH",
		  .want_phone = "+49301" },
		{ .label = "filling replaces nothing",
		  .name = "Anna Schmidt",
		  .title = "CEO",
		  .company = "Kunde GmbH",
		  .phone = "+49301",
		  .mail = { .name = "Anna Berg",
			    .title = "CTO",
			    .company = "Other AG",
			    .phone = "+49302" },
		  .trust = CARD_FILL,
		  .want_name = "Anna Schmidt",
		  .want_title = "CEO",
		  .want_company = "Kunde GmbH",
		  .want_phone = "+49301" },
		{ .label = "what the person says of themself is newer",
		  .name = "Anna Schmidt",
		  .title = "Assistant",
		  .company = "Kunde GmbH",
		  .phone = "+49301",
		  .mail = { .name = "Anna Berg",
			    .title = "CEO",
			    .company = "Other AG",
			    .phone = "+49302" },
		  .trust = CARD_UPDATE,
		  .want_name = "Anna Berg",
		  .want_title = "CEO",
		  .want_company = "Other AG",
		  .want_phone = "+49302" },
		{ .label = "a given name does not replace a whole one",
		  .name = "Anna Schmidt",
		  .mail = { .name = "Anna" },
		  .trust = CARD_UPDATE,
		  .want_name = "Anna Schmidt" },
		{ .label = "what unproven mail wrote is forgotten",
		  .name = "Anna Fake",
		  .title = "CEO",
		  .company = "Fake Inc",
		  .phone = "+666",
		  .mail = { .name = "Anna Schmidt" },
		  .trust = CARD_REPLACE,
		  .want_name = "Anna Schmidt" },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		const struct field *c = &CASES[i];
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &c->mail);
		g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", c->name);

		lead->title = g_strdup(c->title);
		lead->company = g_strdup(c->company);
		lead->phone = g_strdup(c->phone);
		card_write(lead, facts, c->trust);
		g_test_message("%s", c->label);
		g_assert_cmpstr(lead->name, ==, c->want_name);
		g_assert_cmpstr(lead->title, ==, c->want_title);
		g_assert_cmpstr(lead->company, ==, c->want_company);
		g_assert_cmpstr(lead->phone, ==, c->want_phone);
		g_assert_cmpstr(lead->language, ==, "en");
	}
}

static void
test_what_is_not_believed(void)
{
	static const struct mail_sample MAIL = { .name = "Xqzrt", .company = "Telecom" };
	g_autoptr(config_owned) config = fixture_config();
	g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &MAIL);
	g_autoptr(lead_owned) lead = lead_new();

	facts->person->implausible_name = TRUE;
	facts->person->company_is_isp = TRUE;
	card_write(lead, facts, CARD_UPDATE);
	g_assert_null(lead->name);
	g_assert_null(lead->company);
	g_assert_cmpstr(lead->normalised, ==, "anna@kunde.example");
}

static struct phone *
make_phone(const char *e164, const char *kind, const char *extension)
{
	struct phone *phone = g_new0(struct phone, 1);

	phone->e164 = g_strdup(e164);
	phone->kind = g_strdup(kind);
	phone->extension = g_strdup(extension);
	return phone;
}

static void
phone_free(gpointer data)
{
	struct phone *phone = data;

	g_free(phone->e164);
	g_free(phone->kind);
	g_free(phone->extension);
	g_free(phone);
}

static void
test_the_best_phone(void)
{
	static const struct {
		struct {
			const char *e164, *kind, *extension;
		} phones[3];
		const char *best;
		guint known;
	} CASES[] = {
		{ { { "+1", "fax", NULL }, { "+2", "fixed", NULL } }, "+2", 2 },
		{ { { "+1", "fixed", NULL }, { "+2", "mobile", NULL } }, "+2", 2 },
		{ { { "+1", "fixed", NULL }, { "+2", "fixed", "12" } }, "+2", 2 },
		{ { { "+1", "toll_free", NULL }, { "+2", "fixed", NULL } }, "+2", 2 },
		{ { { "+1", "fixed", NULL }, { "+2", "fixed", NULL } }, "+1", 2 },
		{ { { "+1", "fax", NULL } }, NULL, 1 },
		{ { { "+1", "mobile", NULL }, { "+1", "mobile", NULL } }, "+1", 1 },
		{ { { NULL, "fixed", NULL } }, NULL, 0 },
	};
	static const struct mail_sample MAIL = { .kind = KIND_HUMAN };
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &MAIL);
		g_autoptr(GPtrArray) phones = g_ptr_array_new_with_free_func(phone_free);
		GPtrArray *none = facts->person->phones;
		g_autoptr(lead_owned) lead = lead_new();

		for (guint p = 0; p < 3 && CASES[i].phones[p].kind != NULL; p++)
			g_ptr_array_add(phones,
					make_phone(CASES[i].phones[p].e164, CASES[i].phones[p].kind,
						   CASES[i].phones[p].extension));
		facts->person->phones = phones;
		card_write(lead, facts, CARD_FILL);
		facts->person->phones = none;
		g_assert_cmpstr(lead->phone, ==, CASES[i].best);
		g_assert_cmpuint(lead->phones->len, ==, CASES[i].known);
	}
}

static void
test_source(void)
{
	static const struct {
		struct mail_sample mail;
		const char *campaign, *tag;
		const char *source, *form, *forwarder;
	} CASES[] = {
		{ { .kind = KIND_HUMAN }, "spring", "fair", "sales", NULL, NULL },
		{ { .kind = KIND_HUMAN, .to = "info@our.example" },
		  NULL,
		  NULL,
		  "info@our.example",
		  NULL,
		  NULL },
		{ { .kind = KIND_HUMAN, .form = "www@site.example" },
		  NULL,
		  NULL,
		  "form:auto",
		  "auto",
		  NULL },
		{ { .kind = KIND_FORWARD, .forwarded_by = "ivan@our.example" },
		  NULL,
		  NULL,
		  "sales",
		  NULL,
		  "ivan@our.example" },
	};
	g_autoptr(config_owned) config = fixture_config();

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(fixture_facts_owned) facts = fixture_facts(config, &CASES[i].mail);
		g_autoptr(lead_owned) lead = lead_new();

		if (CASES[i].campaign != NULL)
			g_hash_table_insert(facts->content->utm, g_strdup("utm_campaign"),
					    g_strdup(CASES[i].campaign));
		facts->mailbox_tags->pdata[0] = (gpointer)CASES[i].tag;
		card_write_source(lead, facts);
		g_assert_cmpstr(lead->source, ==, CASES[i].source);
		g_assert_cmpstr(lead->source_mailbox, ==, facts->mailbox_addresses->pdata[0]);
		g_assert_cmpstr(lead->source_campaign, ==, CASES[i].campaign);
		g_assert_cmpstr(lead->source_tag, ==, CASES[i].tag);
		g_assert_cmpstr(lead->source_form, ==, CASES[i].form);
		g_assert_cmpstr(lead->source_forwarder, ==, CASES[i].forwarder);
		facts->mailbox_tags->pdata[0] = NULL;
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/card/fields", test_fields);
	g_test_add_func("/card/what-is-not-believed", test_what_is_not_believed);
	g_test_add_func("/card/the-best-phone", test_the_best_phone);
	g_test_add_func("/card/source", test_source);
	return g_test_run();
}
