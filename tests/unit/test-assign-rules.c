/* test-assign-rules.c - assignment rules: strategies, who is asked, and shares over many leads. */
#include "lead/assign_rules.h"

#include <glib/gstdio.h>
#include <math.h>

#include "base/error.h"
#include "lead-fixture.h"
#include "lead/assign.h"

/* A site with its owners, their loads and turns, as the store would keep them. */
struct site {
	struct config *config;
	struct scorecards *scorecards;
	struct known *known;
};

static char *scratch;

static struct scorecards *
load_site(const char *text, struct config **ret_config, GError **error)
{
	g_autofree char *path = g_build_filename(scratch, "leadmilter.conf", NULL);
	g_autofree char *whole = g_strconcat(
		"own_domains = {\"our.example\"}\nscorecards = {\"" TEST_DATA "/lead/card.conf\"}\n"
		"mailbox \"sales@our.example\" {}\n"
		"mailbox \"info@our.example\" { owner = \"petra@x.test\" }\n",
		text, NULL);

	g_assert_true(g_file_set_contents(path, whole, -1, NULL));
	*ret_config = config_load(path, error);
	return *ret_config != NULL ? scorecards_new(*ret_config, error) : NULL;
}

static struct owner *
site_owner(struct site *site, const char *address)
{
	struct owner *owner;

	for (guint i = 0; i < site->known->owners->len; i++) {
		owner = site->known->owners->pdata[i];
		if (strcmp(owner->address, address) == 0)
			return owner;
	}
	owner = owner_new();
	owner->address = g_strdup(address);
	g_ptr_array_add(site->known->owners, owner);
	return owner;
}

/* "ann=3 bob=0" */
static void
set_loads(struct site *site, const char *loads)
{
	g_auto(GStrv) each = g_strsplit(loads != NULL ? loads : "", " ", -1);

	for (guint i = 0; each[i] != NULL; i++) {
		char *equals = strchr(each[i], '=');
		g_autofree char *address = NULL;

		if (equals == NULL)
			continue;
		*equals = '\0';
		address = g_strdup_printf("%s@x.test", each[i]);
		site_owner(site, address)->load = (guint)atoi(equals + 1);
	}
}

static void
open_site(struct site *site, const char *text, const char *loads)
{
	g_autoptr(GError) error = NULL;

	site->scorecards = load_site(text, &site->config, &error);
	g_assert_no_error(error);
	site->known = known_new();
	set_loads(site, loads);
}

static void
close_site(struct site *site)
{
	known_free(site->known);
	scorecards_unref(site->scorecards);
	config_unref(site->config);
}

static void
take_turns(struct site *site, const GPtrArray *credits)
{
	for (guint i = 0; credits != NULL && i < credits->len; i++) {
		const struct credit *new = credits->pdata[i];
		struct credit *credit = NULL;

		for (guint k = 0; k < site->known->credits->len && credit == NULL; k++) {
			struct credit *old = site->known->credits->pdata[k];

			if (strcmp(old->pool, new->pool) == 0 &&
			    strcmp(old->owner, new->owner) == 0)
				credit = old;
		}
		if (credit == NULL) {
			credit = g_new0(struct credit, 1);
			credit->pool = g_strdup(new->pool);
			credit->owner = g_strdup(new->owner);
			g_ptr_array_add(site->known->credits, credit);
		}
		credit->credit = new->credit;
	}
}

struct wanted {
	struct mail_sample mail;
	const char *language, *country, *tag;
	char grade;
	enum stage stage; /* EQL unless set */
	const char *owner, *owner_reason; /* it has already */
	const char *notice; /* to be said besides */
};

static void
assign_one(struct site *site, const struct wanted *wanted, struct assignment *ret)
{
	g_autoptr(fixture_facts_owned) facts = fixture_facts(site->config, &wanted->mail);
	g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);
	const struct assign_input input = { .config = site->config,
					    .scorecards = site->scorecards,
					    .facts = facts,
					    .known = site->known,
					    .lead = lead,
					    .time = facts->received };

	g_strlcpy(facts->text->language, wanted->language != NULL ? wanted->language : "",
		  sizeof facts->text->language);
	lead->country = g_strdup(wanted->country);
	lead->source_tag = g_strdup(wanted->tag);
	lead->grade = wanted->grade;
	lead->stage = wanted->stage != 0 ? wanted->stage : STAGE_EQL;
	lead->owner = g_strdup(wanted->owner);
	lead->owner_reason = g_strdup(wanted->owner_reason);
	assign_inbound(&input, ret);
}

/* --- one lead --- */

#define THREE \
	"owner \"ann@x.test\" { team = \"north\" languages = {\"de\", \"EN\"} countries = " \
	"{\"DE\"} }\n" \
	"owner \"bob@x.test\" { team = \"north\" weight = 2 capacity = 5 products = {\"pumps\"} " \
	"}\n" \
	"owner \"cyd@x.test\" { team = \"south\" languages = {\"ro\"} absent_from = " \
	"\"2025-11-20\" " \
	"absent_until = \"2025-12-01\" substitute = \"ann@x.test\" }\n" \
	"fallback_owner = \"boss@x.test\"\n"

static const struct {
	const char *label, *config, *loads;
	struct wanted lead;
	const char *want, *why;
} cases[] = {
	{ "no rules", THREE, "", { .grade = 'A' }, "boss@x.test", "fallback owner" },
	{ "no fallback", "", "", { .grade = 'A' }, NULL, NULL },
	/* conditions */
	{ "the first that holds",
	  THREE "assign \"a\" { when = \"lead.grade == 'A'\" strategy = \"fixed\" owners = "
		"{\"ann@x.test\"} }\nassign \"rest\" { strategy = \"fixed\" owners = "
		"{\"bob@x.test\"} }\n",
	  "ann=4",
	  { .grade = 'A' },
	  "ann@x.test",
	  "fixed by rule 'a': ann@x.test (4 open)" },
	{ "another holds",
	  THREE "assign \"a\" { when = \"lead.grade == 'A'\" strategy = \"fixed\" owners = "
		"{\"ann@x.test\"} }\nassign \"rest\" { strategy = \"fixed\" owners = "
		"{\"bob@x.test\"} }\n",
	  "",
	  { .grade = 'B' },
	  "bob@x.test",
	  "fixed by rule 'rest': bob@x.test (0 open)" },
	{ "a first mail is one",
	  THREE "assign \"back\" { when = \"conversation.returning\" strategy = \"manual\" }\n",
	  "",
	  { .grade = 'B' },
	  "boss@x.test",
	  "fallback owner" },
	{ "of the mail's text",
	  THREE "assign \"a\" { when = \"text.new matches '*pumps*'\" strategy = \"manual\" }\n",
	  "",
	  { .grade = 'B' },
	  NULL,
	  "by hand: rule 'a'" },
	{ "of the stage",
	  THREE "assign \"e\" { when = \"lead.stage >= 'eql'\" strategy = \"pool\" }\n",
	  "",
	  { .stage = STAGE_NQL },
	  "boss@x.test",
	  "fallback owner" },
	{ "what is closed is nobody's work",
	  THREE "assign \"p\" {}\n",
	  "",
	  { .stage = STAGE_DISQUALIFIED },
	  NULL,
	  NULL },
	/* strategies */
	{ "pool",
	  THREE "assign \"p\" { strategy = \"pool\" }\n",
	  "",
	  { .grade = 'A' },
	  NULL,
	  "pool of rule 'p': whoever answers first" },
	{ "fixed: the next when full",
	  THREE "assign \"f\" { strategy = \"fixed\" owners = {\"bob@x.test\", \"ann@x.test\"} }\n",
	  "bob=5",
	  { .grade = 'A' },
	  "ann@x.test",
	  "fixed by rule 'f': ann@x.test (0 open)" },
	{ "fixed: who stands in",
	  THREE "assign \"f\" { strategy = \"fixed\" owners = {\"cyd@x.test\", \"bob@x.test\"} }\n",
	  "",
	  { .grade = 'A' },
	  "ann@x.test",
	  "fixed by rule 'f': ann@x.test (0 open)" },
	{ "fixed: somebody without a section",
	  THREE "assign \"f\" { strategy = \"fixed\" owners = {\"zoe@x.test\"} }\n",
	  "zoe=9",
	  { .grade = 'A' },
	  "zoe@x.test",
	  "fixed by rule 'f': zoe@x.test (9 open)" },
	{ "least loaded",
	  THREE "assign \"l\" { strategy = \"least_loaded\" }\n",
	  "ann=1 bob=1",
	  { .grade = 'A' },
	  "bob@x.test",
	  "least loaded of rule 'l': bob@x.test (1 open, weight 2, of 2 free)" },
	{ "least loaded, weights count",
	  THREE "assign \"l\" { strategy = \"least_loaded\" }\n",
	  "ann=1 bob=3",
	  { .grade = 'A' },
	  "ann@x.test",
	  "least loaded of rule 'l': ann@x.test (1 open, weight 1, of 2 free)" },
	{ "least loaded, ties by address",
	  THREE "assign \"l\" { strategy = \"least_loaded\" }\n",
	  "ann=1 bob=2",
	  { .grade = 'A' },
	  "ann@x.test",
	  "least loaded of rule 'l': ann@x.test (1 open, weight 1, of 2 free)" },
	{ "round robin",
	  THREE "assign \"r\" {}\n",
	  "ann=1 bob=2",
	  { .grade = 'A' },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 2 of 3, 2 open)" },
	/* who is asked */
	{ "a team",
	  THREE "assign \"r\" { owners = {\"team:North\"} strategy = \"least_loaded\" }\n",
	  "bob=4",
	  { .grade = 'A' },
	  "ann@x.test",
	  "least loaded of rule 'r': ann@x.test (0 open, weight 1, of 2 free)" },
	{ "nobody twice",
	  THREE "assign \"r\" { owners = {\"all\", \"team:north\", \"ann@x.test\", \"ANN@x.test\"} "
		"strategy = \"least_loaded\" }\n",
	  "bob=4",
	  { .grade = 'A' },
	  "ann@x.test",
	  "least loaded of rule 'r': ann@x.test (0 open, weight 1, of 2 free)" },
	{ "an empty team",
	  THREE "assign \"r\" { owners = {\"team:west\"} }\n",
	  "",
	  { .grade = 'A' },
	  "boss@x.test",
	  "fallback owner: rule 'r': nobody free of 0" },
	{ "nobody free",
	  THREE "assign \"r\" { owners = {\"cyd@x.test\", \"bob@x.test\"} }\n",
	  "bob=5",
	  { .grade = 'A' },
	  "boss@x.test",
	  "fallback owner: rule 'r': nobody free of 2 (1 absent, 1 full)" },
	{ "nobody free: the next rule",
	  THREE
	  "assign \"r\" { owners = {\"team:south\"} }\nassign \"p\" { strategy = \"pool\" }\n",
	  "",
	  { .grade = 'A' },
	  NULL,
	  "pool of rule 'p': whoever answers first" },
	{ "nobody free, no fallback",
	  "owner \"bob@x.test\" { capacity = 1 }\nassign \"r\" {}\nassign \"s\" { owners = "
	  "{\"bob@x.test\"} }\n",
	  "bob=1",
	  { .grade = 'A' },
	  NULL,
	  "rule 'r': nobody free of 1 (0 absent, 1 full); rule 's': nobody free of 1 (0 absent, 1 "
	  "full)" },
	{ "back from an absence",
	  THREE "assign \"r\" { owners = {\"team:south\"} }\n",
	  "",
	  { .mail = { .time = FIXTURE_NOW + 10 * CLOCK_DAY } },
	  "cyd@x.test",
	  "round robin of rule 'r': cyd@x.test (weight 1 of 1, 0 open)" },
	/* wishes */
	{ "language",
	  THREE "assign \"r\" { strategy = \"least_loaded\" }\n",
	  "ann=4 bob=9",
	  { .language = "en" },
	  "ann@x.test",
	  "least loaded of rule 'r': ann@x.test (4 open, weight 1, of 1 free)" },
	{ "everybody speaks it",
	  "owner \"ann@x.test\" { languages = {\"en\"} }\nowner \"bob@x.test\" {}\nassign \"r\" "
	  "{}\n",
	  "",
	  { .language = "en" },
	  "ann@x.test",
	  "round robin of rule 'r': ann@x.test (weight 1 of 2, 0 open)" },
	{ "some speak it",
	  "owner \"ann@x.test\" { languages = {\"de\"} }\nowner \"bob@x.test\" {}\nassign \"r\" "
	  "{}\n",
	  "",
	  { .language = "en" },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 1 of 1, 0 open, language en)" },
	{ "nobody speaks it",
	  "owner \"ann@x.test\" { languages = {\"de\"} }\nassign \"r\" {}\n",
	  "",
	  { .language = "en" },
	  "ann@x.test",
	  "round robin of rule 'r': ann@x.test (weight 1 of 1, 0 open)" },
	{ "who speaks it is full",
	  "owner \"ann@x.test\" { languages = {\"en\"} capacity = 1 }\nowner \"bob@x.test\" { "
	  "languages = {\"de\"} }\nassign \"r\" {}\n",
	  "ann=1",
	  { .language = "en" },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 1 of 1, 0 open)" },
	{ "language before country",
	  "owner \"ann@x.test\" { languages = {\"en\"} countries = {\"US\"} }\n"
	  "owner \"bob@x.test\" { languages = {\"de\"} countries = {\"GB\"} }\nassign \"r\" {}\n",
	  "",
	  { .language = "en", .country = "GB" },
	  "ann@x.test",
	  "round robin of rule 'r': ann@x.test (weight 1 of 1, 0 open, language en)" },
	{ "language, then country",
	  "owner \"ann@x.test\" { languages = {\"en\"} countries = {\"US\"} }\n"
	  "owner \"bob@x.test\" { languages = {\"en\"} countries = {\"gb\"} }\n"
	  "owner \"cyd@x.test\" { languages = {\"de\"} }\nassign \"r\" {}\n",
	  "",
	  { .language = "en", .country = "GB" },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 1 of 1, 0 open, language en, country GB)" },
	{ "product of the tag",
	  "owner \"ann@x.test\" { products = {\"valves\"} }\n"
	  "owner \"bob@x.test\" { products = {\"Pumps\"} }\nassign \"r\" {}\n",
	  "",
	  { .tag = "pumps" },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 1 of 1, 0 open, product pumps)" },
	{ "one scorecard is no product",
	  "owner \"ann@x.test\" { products = {\"valves\"} }\n"
	  "owner \"bob@x.test\" { products = {\"test\"} }\nassign \"r\" {}\n",
	  "",
	  { .tag = NULL },
	  "ann@x.test",
	  "round robin of rule 'r': ann@x.test (weight 1 of 2, 0 open)" },
	/* what is owned stays, absences or not */
	{ "owned",
	  THREE "assign \"r\" {}\n",
	  "",
	  { .owner = "zoe@x.test", .owner_reason = "first to answer" },
	  "zoe@x.test",
	  "first to answer" },
	{ "owned, and absent",
	  THREE "assign \"r\" {}\n",
	  "",
	  { .owner = "cyd@x.test",
	    .owner_reason = "first to answer",
	    .notice = "cyd@x.test absent until 2025-12-01; ann@x.test stands in" },
	  "cyd@x.test",
	  "first to answer" },
	{ "owned, and full",
	  THREE "assign \"r\" {}\n",
	  "bob=99",
	  { .owner = "bob@x.test", .owner_reason = "first to answer" },
	  "bob@x.test",
	  "first to answer" },
	{ "their owner has left; somebody stands in",
	  "owner \"dan@x.test\" { absent_from = \"2025-01-01\" substitute = \"bob@x.test\" "
	  "}\nassign "
	  "\"r\" {}\n",
	  "",
	  { .owner = "dan@x.test", .owner_reason = "first to answer" },
	  "bob@x.test",
	  "was theirs (dan@x.test has left; bob@x.test stands in)" },
	{ "their owner has left; given anew",
	  "owner \"dan@x.test\" { absent_from = \"2025-01-01\" }\nowner \"bob@x.test\" {}\nassign "
	  "\"r\" {}\n",
	  "",
	  { .owner = "dan@x.test", .owner_reason = "first to answer" },
	  "bob@x.test",
	  "round robin of rule 'r': bob@x.test (weight 1 of 1, 0 open)" },
	{ "their owner has left; there is nobody",
	  "owner \"dan@x.test\" { absent_from = \"2025-01-01\" }\n",
	  "",
	  { .owner = "dan@x.test", .owner_reason = "first to answer" },
	  NULL,
	  NULL },
	/* a mailbox's owner, before rules */
	{ "the mailbox's owner",
	  "assign \"p\" { strategy = \"pool\" }\n",
	  "",
	  { .mail = { .to = "info@our.example" } },
	  "petra@x.test",
	  "owner of the mailbox" },
	{ "the mailbox's owner is absent",
	  "owner \"Petra@x.test\" { absent_until = \"2025-12-01\" substitute = \"bob@x.test\" }\n",
	  "",
	  { .mail = { .to = "info@our.example" } },
	  "bob@x.test",
	  "owner of the mailbox (Petra@x.test absent until 2025-12-01; bob@x.test stands in)" },
	{ "the mailbox's owner is absent, nobody stands in",
	  "owner \"petra@x.test\" { absent_until = \"2025-12-01\" }\n",
	  "",
	  { .mail = { .to = "info@our.example" },
	    .notice = "petra@x.test absent until 2025-12-01" },
	  "petra@x.test",
	  "owner of the mailbox" },
	{ "the fallback is absent",
	  "fallback_owner = \"boss@x.test\"\nowner \"boss@x.test\" { absent_until = \"2025-12-01\" "
	  "substitute = \"bob@x.test\" }\n",
	  "",
	  { .grade = 'A' },
	  "bob@x.test",
	  "fallback owner (boss@x.test absent until 2025-12-01; bob@x.test stands in)" },
	{ "the fallback has left",
	  "fallback_owner = \"boss@x.test\"\nowner \"boss@x.test\" { absent_from = \"2025-01-01\" "
	  "}\n",
	  "",
	  { .grade = 'A' },
	  NULL,
	  NULL },
};

static void
test_cases(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct assignment got;
		struct site site;

		g_test_message("%s", cases[i].label);
		open_site(&site, cases[i].config, cases[i].loads);
		assign_one(&site, &cases[i].lead, &got);
		g_assert_cmpstr(got.owner, ==, cases[i].want);
		g_assert_cmpstr(got.reason, ==, cases[i].why);
		g_assert_cmpstr(got.notice, ==, cases[i].lead.notice);
		g_assert_true((got.credits != NULL) ==
			      (got.reason != NULL && g_str_has_prefix(got.reason, "round robin")));
		assignment_clear(&got);
		close_site(&site);
	}
}

/* --- who answers --- */

static const struct {
	const char *label, *owner, *reason, *from, *want, *why;
} answers[] = {
	{ "a pool's lead", NULL, "pool of rule 'p': whoever answers first", "bob@our.example",
	  "bob@our.example", "first to answer" },
	{ "by hand: an answer takes nothing", NULL, "by hand: rule 'm'", "bob@our.example", NULL,
	  "by hand: rule 'm'" },
	{ "the fallback gives way, whatever its words", "boss@x.test",
	  "fallback owner: rule 'r': nobody free of 0", "bob@our.example", "bob@our.example",
	  "first to answer" },
	{ "a rule's choice stays", "ann@x.test", "round robin of rule 'r': …", "bob@our.example",
	  "ann@x.test", "round robin of rule 'r': …" },
	{ "who has left gives way", "dan@x.test", "first to answer", "bob@our.example",
	  "bob@our.example", "first to answer" },
	{ "the listed spelling counts", NULL, NULL, "EVE@our.example", "eve@our.example",
	  "first to answer" },
};

static void
test_answers(void)
{
	struct site site;

	open_site(&site,
		  "owner \"dan@x.test\" { absent_from = \"2025-01-01\" }\nowner "
		  "\"eve@our.example\" {}\n",
		  "");
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		const struct mail_sample mail = { .from = answers[i].from };
		g_autoptr(fixture_facts_owned) facts = fixture_facts(site.config, &mail);
		g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);
		const struct assign_input input = { .config = site.config,
						    .scorecards = site.scorecards,
						    .facts = facts,
						    .known = site.known,
						    .lead = lead,
						    .time = FIXTURE_NOW };
		struct assignment got;

		g_test_message("%s", answers[i].label);
		lead->owner = g_strdup(answers[i].owner);
		lead->owner_reason = g_strdup(answers[i].reason);
		assign_outbound(&input, &got);
		g_assert_cmpstr(got.owner, ==, answers[i].want);
		g_assert_cmpstr(got.reason, ==, answers[i].why);
		assignment_clear(&got);
	}
	close_site(&site);
}

/* A touch from outside has no message: rules that ask for one don't hold. */
static void
test_outside(void)
{
	g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);
	struct assignment got;
	struct site site;

	open_site(&site,
		  "owner \"ann@x.test\" { languages = {\"en\"} products = {\"a\"} }\n"
		  "assign \"text\" { when = \"text.new matches '*pumps*' or sender.freemail or "
		  "text.new matches phrases 'intent_price' or message.human\" strategy = "
		  "\"manual\" }\n"
		  "assign \"rest\" { when = \"lead.stage >= 'eql'\" }\n",
		  "");
	const struct assign_input input = { .config = site.config,
					    .scorecards = site.scorecards,
					    .known = site.known,
					    .lead = lead,
					    .time = FIXTURE_NOW };

	assign_inbound(&input, &got);
	g_assert_cmpstr(got.owner, ==, "ann@x.test");
	assignment_clear(&got);
	g_assert_cmpint(assign_response_within(&input), ==, 120 * MINUTE);
	close_site(&site);
}

static void
test_to(void)
{
	g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);

	g_assert_true(assign_to(lead, "ann@x.test", "claimed", 10));
	g_assert_false(assign_to(lead, "ann@x.test", "the CRM says so", 20));
	g_assert_cmpstr(lead->owner_reason, ==, "the CRM says so");
	g_assert_cmpint(lead->owner_since, ==, 10);
	g_assert_true(assign_to(lead, "ben@x.test", "handed over", 30));
	g_assert_cmpint(lead->owner_since, ==, 30);
	g_assert_true(assign_to(lead, "", NULL, 40));
	g_assert_null(lead->owner);
	g_assert_null(lead->owner_reason);
	g_assert_cmpint(lead->owner_since, ==, 0);
	g_assert_false(assign_to(lead, NULL, NULL, 50));
}

/* --- many leads --- */

struct seller {
	guint weight, capacity, count;
	gboolean absent;
	char *address;
};

static char *
write_sellers(struct seller *sellers, guint count, const char *strategy)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < count; i++) {
		sellers[i].address = g_strdup_printf("s%02u@x.test", i);
		g_string_append_printf(text, "owner \"%s\" { weight = %u capacity = %u %s }\n",
				       sellers[i].address, sellers[i].weight, sellers[i].capacity,
				       sellers[i].absent ? "absent_until = \"2026-01-01\"" : "");
	}
	g_string_append_printf(text, "assign \"x\" { strategy = \"%s\" }\n", strategy);
	return g_string_free(text, FALSE);
}

static struct seller *
find_seller(struct seller *sellers, guint count, const char *address)
{
	for (guint i = 0; address != NULL && i < count; i++) {
		if (strcmp(sellers[i].address, address) == 0)
			return &sellers[i];
	}
	return NULL;
}

/* @return who got it, or NULL; loads and turns are kept as the store would */
static struct seller *
give_one(struct site *site, struct seller *sellers, guint count)
{
	static const struct wanted LEAD = { .grade = 'A' };
	struct assignment got;
	struct seller *seller;

	assign_one(site, &LEAD, &got);
	seller = find_seller(sellers, count, got.owner);
	take_turns(site, got.credits);
	if (seller != NULL) {
		seller->count++;
		site_owner(site, seller->address)->load++;
	}
	assignment_clear(&got);
	return seller;
}

static void
free_sellers(struct seller *sellers, guint count)
{
	for (guint i = 0; i < count; i++)
		g_free(sellers[i].address);
}

#define SELLERS 12
#define LEADS 500
#define ROUNDS 20 /* 10,000 leads a strategy */

static guint
make_sellers(struct seller *sellers, guint most_capacity)
{
	guint count = (guint)g_test_rand_int_range(1, SELLERS + 1);

	memset(sellers, 0, SELLERS * sizeof *sellers);
	for (guint i = 0; i < count; i++) {
		sellers[i].weight = (guint)g_test_rand_int_range(1, 20);
		sellers[i].absent = count > 1 && g_test_rand_int_range(0, 4) == 0;
		if (most_capacity > 0)
			sellers[i].capacity = (guint)g_test_rand_int_range(1, (gint)most_capacity);
	}
	sellers[0].absent = FALSE;
	return count;
}

/* Everybody has their share to within one lead, after every lead. */
static void
test_round_robin(void)
{
	for (guint round = 0; round < ROUNDS; round++) {
		struct seller sellers[SELLERS];
		guint count = make_sellers(sellers, 0);
		g_autofree char *text = write_sellers(sellers, count, "round_robin");
		double total = 0;
		struct site site;

		open_site(&site, text, NULL);
		for (guint i = 0; i < count; i++)
			total += sellers[i].absent ? 0 : sellers[i].weight;
		for (guint n = 1; n <= LEADS; n++) {
			g_assert_nonnull(give_one(&site, sellers, count));
			for (guint i = 0; i < count; i++) {
				double share =
					sellers[i].absent ? 0 : n * sellers[i].weight / total;

				g_assert_cmpfloat(fabs(sellers[i].count - share), <=, 1);
			}
		}
		close_site(&site);
		free_sellers(sellers, count);
	}
}

/* Nobody ever got a lead who, for their weight, had one more than somebody else. */
static void
test_least_loaded(void)
{
	for (guint round = 0; round < ROUNDS; round++) {
		struct seller sellers[SELLERS];
		guint count = make_sellers(sellers, 0);
		g_autofree char *text = write_sellers(sellers, count, "least_loaded");
		struct site site;

		open_site(&site, text, NULL);
		for (guint n = 1; n <= LEADS; n++) {
			const struct seller *got = give_one(&site, sellers, count);

			g_assert_nonnull(got);
			g_assert_false(got->absent);
			for (guint i = 0; i < count; i++) {
				if (!sellers[i].absent)
					g_assert_cmpuint((got->count - 1) * sellers[i].weight, <=,
							 sellers[i].count * got->weight);
			}
		}
		close_site(&site);
		free_sellers(sellers, count);
	}
}

/* Capacities hold, the absent get nothing, and nobody is passed over while somebody has room. */
static void
test_capacity(void)
{
	static const char *const STRATEGIES[] = { "round_robin", "least_loaded" };

	for (guint round = 0; round < ROUNDS; round++) {
		struct seller sellers[SELLERS];
		guint count = make_sellers(sellers, 60), room = 0, given = 0;
		g_autofree char *text = write_sellers(sellers, count, STRATEGIES[round % 2]);
		struct site site;

		open_site(&site, text, NULL);
		for (guint i = 0; i < count; i++)
			room += sellers[i].absent ? 0 : sellers[i].capacity;
		for (guint n = 1; n <= LEADS; n++)
			given += give_one(&site, sellers, count) != NULL;
		g_assert_cmpuint(given, ==, MIN(room, LEADS));
		for (guint i = 0; i < count; i++)
			g_assert_cmpuint(sellers[i].count, <=,
					 sellers[i].absent ? 0 : sellers[i].capacity);
		close_site(&site);
		free_sellers(sellers, count);
	}
}

/* Who comes and goes at random: nothing breaks, and who was away is owed at most a round. */
static void
test_comings_and_goings(void)
{
	struct seller sellers[4] = {
		{ .weight = 1 }, { .weight = 2 }, { .weight = 3 }, { .weight = 4 }
	};
	g_autofree char *text = write_sellers(sellers, 4, "round_robin");
	struct site site;

	open_site(&site, text, NULL);
	for (guint n = 0; n < LEADS * 4; n++) {
		struct seller *got;

		for (guint i = 0; i < 4; i++)
			((struct config_owner *)site.config->owners->pdata[i])->absent_until =
				sellers[i].absent ? FIXTURE_NOW + CLOCK_DAY : 0;
		got = give_one(&site, sellers, 4);
		g_assert_true(got != NULL && !got->absent);
		for (guint i = 1; i < 4; i++)
			sellers[i].absent = g_test_rand_int_range(0, 3) == 0;
		for (guint i = 0; i < site.known->credits->len; i++)
			g_assert_cmpfloat(
				fabs(((const struct credit *)site.known->credits->pdata[i])
					     ->credit),
				<=, 20);
	}
	close_site(&site);
	free_sellers(sellers, 4);
}

/* Two rules have turns of their own. */
static void
test_pools(void)
{
	static const struct wanted A = { .grade = 'A' }, B = { .grade = 'B' };
	guint got[2] = { 0, 0 };
	struct site site;

	open_site(&site,
		  "owner \"ann@x.test\" {}\nowner \"bob@x.test\" {}\n"
		  "assign \"a\" { when = \"lead.grade == 'A'\" }\nassign \"b\" {}\n",
		  NULL);
	for (guint n = 0; n < 100; n++) {
		struct assignment one;

		assign_one(&site, n % 2 == 0 ? &A : &B, &one);
		take_turns(&site, one.credits);
		got[n % 2] += strcmp(one.owner, "ann@x.test") == 0;
		assignment_clear(&one);
	}
	g_assert_cmpuint(got[0], ==, 25);
	g_assert_cmpuint(got[1], ==, 25);
	close_site(&site);
}

/* --- response_within --- */

static void
test_response_within(void)
{
	static const struct {
		const char *to;
		char grade;
		gint64 minutes;
	} CASES[] = { { "sales@our.example", 'A', 30 },
		      { "sales@our.example", 'B', 240 },
		      { "vip@our.example", 'A', 30 },
		      { "vip@our.example", 'B', 60 } };
	struct site site;

	open_site(&site,
		  "response_within = \"4h\"\nmailbox \"vip@our.example\" { response_within = "
		  "\"1h\" }\n"
		  "assign \"none\" { strategy = \"pool\" }\n"
		  "assign \"a\" { when = \"lead.grade == 'A'\" response_within = \"30m\" }\n"
		  "assign \"also\" { when = \"lead.grade == 'A'\" response_within = \"10m\" }\n",
		  NULL);
	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		const struct mail_sample mail = { .to = CASES[i].to };
		g_autoptr(fixture_facts_owned) facts = fixture_facts(site.config, &mail);
		g_autoptr(lead_owned) lead = fixture_lead("ld_a", "anna@kunde.example", NULL);
		const struct assign_input input = { .config = site.config,
						    .scorecards = site.scorecards,
						    .facts = facts,
						    .known = site.known,
						    .lead = lead,
						    .time = FIXTURE_NOW };

		lead->grade = CASES[i].grade;
		g_assert_cmpint(assign_response_within(&input), ==, CASES[i].minutes * MINUTE);
	}
	close_site(&site);
}

/* --- what is wrong --- */

static const struct {
	const char *text, *want;
} complaints[] = {
	{ "assign \"a\" {\n\twhen = \"lead.grad == 'A'\"\n}\n", ":6:10: " },
	{ "assign \"a\" { when = \"lead.grade == 'A'\" }\nassign \"b\" {\n\tstrategy = \"pool\"\n"
	  "\twhen =   \"lead.grade == 7\"\n}\n",
	  ":8:" },
	{ "working_hours = \"Mon-Fri 9\"\n", ":5:26: working_hours: expected an hour" },
	{ "holidays = {\"12-25\",\n\"25.12.\"}\n", ":5:" },
};

static void
test_complaints(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(complaints); i++) {
		g_autoptr(config_owned) config = NULL;
		g_autoptr(GError) error = NULL;
		g_autoptr(scorecards_owned) scorecards =
			load_site(complaints[i].text, &config, &error);
		g_autofree char *want =
			g_strconcat(scratch, "/leadmilter.conf", complaints[i].want, NULL);

		g_assert_null(scorecards);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_test_message("%s", error->message);
		g_assert_true(g_str_has_prefix(error->message, want));
	}
}

int
main(int argc, char **argv)
{
	int code;

	g_test_init(&argc, &argv, NULL);
	scratch = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_test_add_func("/assign-rules/cases", test_cases);
	g_test_add_func("/assign-rules/answers", test_answers);
	g_test_add_func("/assign-rules/outside", test_outside);
	g_test_add_func("/assign-rules/to", test_to);
	g_test_add_func("/assign-rules/round-robin", test_round_robin);
	g_test_add_func("/assign-rules/least-loaded", test_least_loaded);
	g_test_add_func("/assign-rules/capacity", test_capacity);
	g_test_add_func("/assign-rules/comings-and-goings", test_comings_and_goings);
	g_test_add_func("/assign-rules/pools", test_pools);
	g_test_add_func("/assign-rules/response-within", test_response_within);
	g_test_add_func("/assign-rules/complaints", test_complaints);
	code = g_test_run();
	g_autofree char *path = g_build_filename(scratch, "leadmilter.conf", NULL);
	g_remove(path);
	g_rmdir(scratch);
	g_free(scratch);
	return code;
}
