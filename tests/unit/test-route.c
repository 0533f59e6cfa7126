/* test-route.c - rules for routing: what they are refused for, and what they decide. */
#include "lead/route.h"

#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "lead-fixture.h"
#include "mail/token.h"

static char *main_file;

/* A site with sales@ and info@ watched, and further lines. */
static struct config *
load(const char *more, GError **error)
{
	g_autofree char *text = g_strconcat(
		"own_domains = {\"our.example\"}\nhostname = \"mx.our.example\"\n"
		"scorecards = {\"" TEST_DATA "/lead/card.conf\"}\n"
		"mailbox \"sales@our.example\" {\n}\nmailbox \"info@our.example\" {\n}\n",
		more, "\n", NULL);

	g_assert_true(g_file_set_contents(main_file, text, -1, NULL));
	return config_load(main_file, error);
}

/* --- what is refused when it is loaded --- */

static const struct {
	const char *label, *text;
	const char *want; /* part of the complaint, NULL: none */
} load_cases[] = {
	{ "all there is",
	  "route \"hot\" {\nwhen = \"lead.temperature == 'hot'\"\nadd = {\"owner\", "
	  "\"team@our.example\"}\nreplace = \"true\"\nkeep_copy = \"archive@our.example\"\n"
	  "headers = {\"X-Team: sales\"}\nsubject_tag = \"[hot]\"\nquarantine = \"look\"\n"
	  "stop = true\n}",
	  NULL },
	{ "nothing", "", NULL },
	{ "an exception", "route \"none\" {\nwhen = \"lead.opted_out\"\nstop = true\n}", NULL },
	{ "a subdomain of ours", "route \"r\" {\nadd = {\"a@uk.our.example\"}\n}", NULL },
	{ "a domain that is allowed",
	  "route_domains = {\"partner.example\"}\nroute \"r\" {\nadd = {\"a@partner.example\"}\n}",
	  NULL },
	{ "a foreign domain", "route \"r\" {\n\nadd = {\"a@partner.example\"}\n}",
	  "main.conf:10: route \"r\": \"a@partner.example\" is neither in own_domains nor in "
	  "route_domains" },
	{ "a domain that only ends like ours", "route \"r\" {\nadd = {\"a@notour.example\"}\n}",
	  "neither in own_domains" },
	{ "a watched mailbox", "route \"r\" {\nadd = {\"INFO@our.example\"}\n}",
	  "is a watched mailbox itself" },
	{ "one with a tag", "route \"r\" {\nadd = {\"info+x@our.example\"}\n}",
	  "is a watched mailbox itself" },
	{ "replaced by a watched mailbox", "route \"r\" {\nreplace = \"info@our.example\"\n}",
	  "is a watched mailbox itself" },
	{ "a copy outside", "route \"r\" {\nreplace = \"owner\"\nkeep_copy = \"a@else.example\"\n}",
	  "neither in own_domains" },
	{ "a copy of what isn't taken away",
	  "route \"r\" {\nadd = {\"owner\"}\nkeep_copy = \"a@our.example\"\n}",
	  "keep_copy without replace" },
	{ "a copy for the owner", "route \"r\" {\nreplace = \"owner\"\nkeep_copy = \"owner\"\n}",
	  "keep_copy: expected an address" },
	{ "no address", "route \"r\" {\nadd = {\"nobody\"}\n}", "\"nobody\" is no address" },
	{ "more than an address", "route \"r\" {\nadd = {\"a@our.example> NOTIFY=NEVER\"}\n}",
	  "is no address" },
	{ "replaced by nobody", "route \"r\" {\nreplace = \"true\"\n}",
	  "expected somebody in add" },
	{ "replace = \"false\" is none", "route \"r\" {\nreplace = \"false\"\n}", NULL },
	{ "a condition", "route \"r\" {\n\n\nwhen = \"lead.stag == 'mql'\"\n}",
	  "main.conf:11:1: unknown signal \"lead.stag\": did you mean \"lead.stage\"?" },
	{ "a field without a name", "route \"r\" {\nheaders = {\": x\"}\n}",
	  "expected \"X-Name: value\"" },
	{ "a field without a value", "route \"r\" {\nheaders = {\"X-Team\"}\n}",
	  "expected \"X-Name: value\"" },
	{ "a name that is none", "route \"r\" {\nheaders = {\"X Team: a\"}\n}",
	  "expected \"X-Name: value\"" },
	{ "a second field in one", "route \"r\" {\nheaders = {\"X-A: b\\nBcc: c@d.example\"}\n}",
	  "expected \"X-Name: value\"" },
	{ "a field of the mail", "route \"r\" {\nheaders = {\"Reply-To: x@our.example\"}\n}",
	  "of a name that is not in use" },
	{ "a field of ours", "route \"r\" {\nheaders = {\"X-Lead-Score: 99\"}\n}",
	  "of a name that is not in use" },
	{ "a field of the signer", "route \"r\" {\nheaders = {\"DKIM-Signature: x\"}\n}",
	  "of a name that is not in use" },
	{ "a tag of two lines", "route \"r\" {\nsubject_tag = \"a\\nBcc: b@c.example\"\n}",
	  "expected texts of one line" },
	{ "a reason of two lines", "route \"r\" {\nquarantine = \"a\\r\\nb\"\n}",
	  "expected texts of one line" },
	{ "two of a name", "route \"r\" {\n}\nroute \"r\" {\n}", "main.conf:" },
};

static void
test_load(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(load_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(config_owned) config = load(load_cases[i].text, &error);
		struct expression_names *names = expression_names_new();
		struct route_rules *rules =
			config != NULL ? route_rules_new(config, names, NULL, &error) : NULL;

		g_test_message("%s: %s", load_cases[i].label, error != NULL ? error->message : "-");
		if (load_cases[i].want == NULL) {
			g_assert_no_error(error);
			g_assert_nonnull(rules);
		} else {
			g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
			g_assert_nonnull(strstr(error->message, load_cases[i].want));
			g_assert_null(rules);
		}
		route_rules_free(rules);
		expression_names_free(names);
	}
}

static const struct {
	const char *text;
	guint want;
} action_cases[] = {
	{ "", 0 },
	{ "route \"r\" {\nheaders = {\"X-A: b\"}\nsubject_tag = \"[x]\"\n}", 0 },
	{ "route \"r\" {\nadd = {\"owner\"}\n}", ROUTE_RECIPIENTS },
	{ "route \"r\" {\nreplace = \"owner\"\n}", ROUTE_RECIPIENTS | ROUTE_REPLACEMENT },
	{ "route \"r\" {\nquarantine = \"x\"\n}\nroute \"s\" {\nadd = {\"a@our.example\"}\n}",
	  ROUTE_RECIPIENTS | ROUTE_QUARANTINE },
};

static void
test_actions(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(action_cases); i++) {
		g_autoptr(config_owned) config = load(action_cases[i].text, NULL);
		struct expression_names *names = expression_names_new();
		struct route_rules *rules = route_rules_new(config, names, NULL, NULL);

		g_assert_cmpuint(route_rules_actions(rules), ==, action_cases[i].want);
		route_rules_free(rules);
		expression_names_free(names);
	}
}

/* --- what is decided --- */

struct letter {
	const char *owner; /* of the lead; NULL nobody; "-" there is no lead */
	enum stage stage;
	guint inbound; /* mails before this one */
	const char *recipients; /* separated by a space, or NULL: sales@ alone */
	const char *mark; /* X-Lead-Routed it came with; "ours" is ours */
	enum mail_kind kind;
	enum direction direction;
	gboolean several; /* leads concerned */
	gboolean notification;
};

/* The routing in words: "+a add" "-a remove" "Name=value" "tag:" "hold:" "!refused" "reply:". */
static char *
in_words(const struct routing *routing)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < routing->add->len; i++)
		g_string_append_printf(out, " +%s", (char *)routing->add->pdata[i]);
	for (guint i = 0; i < routing->remove->len; i++)
		g_string_append_printf(out, " -%s", (char *)routing->remove->pdata[i]);
	for (guint i = 0; i < routing->fields->len; i++) {
		const struct route_field *field = routing->fields->pdata[i];

		g_string_append_printf(out, " %s=%s", field->name, field->value);
	}
	if (routing->subject_tag != NULL)
		g_string_append_printf(out, " tag:%s", routing->subject_tag);
	if (routing->quarantine != NULL)
		g_string_append_printf(out, " hold:%s", routing->quarantine);
	for (guint i = 0; i < routing->refused->len; i++)
		g_string_append_printf(out, " !%s", (char *)routing->refused->pdata[i]);
	if (routing->reply_lead != NULL)
		g_string_append_printf(out, " reply:%s", routing->reply_lead);
	if (routing->mark != NULL)
		g_string_append(out, " marked");
	g_string_erase(out, 0, out->len > 0);
	return g_string_free(out, FALSE);
}

static struct lead *
make_lead(const struct letter *letter)
{
	struct lead *lead;

	if (g_strcmp0(letter->owner, "-") == 0)
		return NULL;
	lead = lead_new();
	lead->id = g_strdup("ld_01KAK3Z7A0QWERTYUPASDFGHJK");
	lead->owner = g_strdup(letter->owner);
	lead->stage = letter->stage;
	lead->total = 70;
	lead->inbound_count = letter->inbound + 1;
	return lead;
}

static void
set_recipients(struct facts *facts, const char *recipients)
{
	g_auto(GStrv) each = g_strsplit(recipients, " ", -1);

	g_ptr_array_set_size(facts->recipients, 0);
	for (char **one = each; *one != NULL; one++)
		g_ptr_array_add(facts->recipients, g_strdup(*one));
}

static void
add_mark(struct facts *facts, const struct config *config, const char *mark)
{
	static struct mail_header header = { .name = (char *)ROUTE_MARK };

	g_free(header.value);
	header.value = strcmp(mark, "ours") == 0 ? token_mark(config, facts->mail->message_id)
						 : g_strdup(mark);
	g_ptr_array_add(facts->mail->headers, &header);
}

static char *
decide(struct config *config, const struct letter *letter, gboolean is_again, const char *then,
       char **ret_text)
{
	const struct mail_sample sample = { .kind = letter->kind, .direction = letter->direction };
	struct facts *facts = fixture_facts(config, &sample);
	struct expression_names *names = expression_names_new();
	g_autoptr(GError) error = NULL;
	struct route_rules *rules = route_rules_new(config, names, NULL, &error);
	g_autoptr(lead_owned) lead = make_lead(letter);
	g_autoptr(known_owned) known = known_new();
	const struct route_input input = { .facts = facts,
					   .known = known,
					   .lead = lead,
					   .only_lead = !letter->several,
					   .is_again = is_again,
					   .then = then,
					   .now = FIXTURE_NOW };
	struct routing *routing;
	char *words;

	g_assert_no_error(error);
	if (letter->recipients != NULL)
		set_recipients(facts, letter->recipients);
	if (letter->mark != NULL)
		add_mark(facts, config, letter->mark);
	facts->own_notification = letter->notification;
	routing = route_decide(rules, &input);
	words = routing != NULL ? in_words(routing) : NULL;
	if (ret_text != NULL)
		*ret_text = route_to_text(routing);
	route_free(routing);
	route_rules_free(rules);
	expression_names_free(names);
	fixture_facts_free(facts);
	return words;
}

#define OWNER "petra@our.example"
#define ADD_OWNER "route \"owner\" {\nadd = {\"owner\"}\n}\n"
#define REPLACE "route \"mine\" {\nreplace = \"owner\"\n}\n"
#define COPY "route \"mine\" {\nreplace = \"owner\"\nkeep_copy = \"all@our.example\"\n}\n"
#define TEAM "route \"team\" {\nadd = {\"team@our.example\"}\n}\n"
#define SECRET "reply_token_secret = {\"0123456789abcdef\"}\n"
#define TOKENS SECRET "reply_token = true\n"

static const struct {
	const char *label, *rules;
	struct letter letter;
	const char *want; /* NULL: nothing is done */
} decide_cases[] = {
	{ "no rule", "", { .owner = OWNER }, NULL },
	{ "the owner", ADD_OWNER, { .owner = OWNER }, "+petra@our.example marked" },
	{ "nobody owns it", ADD_OWNER, { 0 }, "" },
	{ "no lead came of it", ADD_OWNER, { .owner = "-" }, "" },
	{ "an owner elsewhere", ADD_OWNER, { .owner = "eve@else.example" }, "!eve@else.example" },
	{ "an owner who is watched",
	  ADD_OWNER,
	  { .owner = "info@our.example" },
	  "!info@our.example" },
	{ "an owner of no address", ADD_OWNER, { .owner = "petra" }, "!petra" },
	{ "an owner with more to it",
	  ADD_OWNER,
	  { .owner = "p@our.example>\r\nX: y@our.example" },
	  "!p@our.example>\r\nX: y@our.example" },
	{ "an owner where routes may go",
	  "route_domains = {\"else.example\"}\n" ADD_OWNER,
	  { .owner = "eve@else.example" },
	  "+eve@else.example marked" },
	{ "the owner has it already",
	  ADD_OWNER,
	  { .owner = OWNER, .recipients = "sales@our.example Petra@our.example" },
	  "" },
	{ "twice the same",
	  TEAM "route \"b\" {\nadd = {\"Team@our.example\"}\n}",
	  { .owner = OWNER },
	  "+team@our.example marked" },
	{ "several rules",
	  ADD_OWNER TEAM,
	  { .owner = OWNER },
	  "+petra@our.example +team@our.example marked" },
	{ "until one stops",
	  "route \"s\" {\nstop = true\nheaders = {\"X-Team: sales\"}\n}\n" TEAM,
	  { .owner = OWNER },
	  "X-Team=sales" },
	{ "a condition that holds",
	  "route \"hot\" {\nwhen = \"lead.total >= 65 and lead.stage == 'mql'\"\nsubject_tag = "
	  "\"[hot]\"\n}",
	  { .stage = STAGE_MQL },
	  "tag:[hot]" },
	{ "one that doesn't",
	  "route \"hot\" {\nwhen = \"lead.stage == 'mql'\"\nsubject_tag = \"[hot]\"\n}",
	  { .stage = STAGE_EQL },
	  NULL },
	{ "of a lead that isn't there",
	  "route \"hot\" {\nwhen = \"lead.stage == 'interest'\"\nsubject_tag = \"[i]\"\n}",
	  { .owner = "-" },
	  NULL },
	{ "the owner as after this mail",
	  "route \"o\" {\nwhen = \"lead.owner == 'petra@our.example'\"\nheaders = {\"X-A: b\"}\n}",
	  { .owner = OWNER },
	  "X-A=b" },
	{ "mails as before this one",
	  "route \"first\" {\nwhen = \"lead.inbound == 0\"\nsubject_tag = \"[new]\"\n}",
	  { .inbound = 0 },
	  "tag:[new]" },
	{ "the first tag and reason count",
	  "route \"a\" {\nsubject_tag = \"[a]\"\nquarantine = \"one\"\n}\n"
	  "route \"b\" {\nsubject_tag = \"[b]\"\nquarantine = \"two\"\n}",
	  { 0 },
	  "tag:[a] hold:one" },
	{ "all fields do",
	  "route \"a\" {\nheaders = {\"X-A: 1\",\"X-B:  2 \"}\n}\nroute \"b\" {\nheaders = "
	  "{\"X-A: 3\"}\n}",
	  { 0 },
	  "X-A=1 X-B=2 X-A=3" },
	/* replacing */
	{ "the owner instead",
	  REPLACE,
	  { .owner = OWNER },
	  "+petra@our.example -sales@our.example marked" },
	{ "nobody to replace it", REPLACE, { 0 }, "" },
	{ "an owner who can't", REPLACE, { .owner = "eve@else.example" }, "!eve@else.example" },
	{ "as the envelope writes it",
	  REPLACE,
	  { .owner = OWNER, .recipients = "bob@our.example SALES@our.example" },
	  "+petra@our.example -SALES@our.example marked" },
	{ "the owner has it already, the mailbox needs not",
	  REPLACE,
	  { .owner = OWNER, .recipients = "sales@our.example petra@our.example" },
	  "-sales@our.example marked" },
	{ "and a copy",
	  COPY,
	  { .owner = OWNER },
	  "+petra@our.example +all@our.example -sales@our.example marked" },
	{ "a copy alone replaces nothing", COPY, { 0 }, "" },
	{ "by those of add",
	  "route \"r\" {\nadd = {\"owner\", \"team@our.example\"}\nreplace = \"true\"\n}",
	  { 0 },
	  "+team@our.example -sales@our.example marked" },
	/* loops */
	{ "routed here before",
	  ADD_OWNER "route \"t\" {\nsubject_tag = \"[x]\"\n}",
	  { .owner = OWNER, .mark = "ours" },
	  "tag:[x] marked" },
	{ "the mark stays where no rule applies",
	  "route \"t\" {\nwhen = \"lead.opted_out\"\nsubject_tag = \"[x]\"\n}",
	  { .owner = OWNER, .mark = "ours" },
	  "marked" },
	{ "a mark of others",
	  ADD_OWNER,
	  { .owner = OWNER, .mark = "by=mx.else.example" },
	  "+petra@our.example marked" },
	{ "a signed mark", SECRET ADD_OWNER, { .owner = OWNER, .mark = "ours" }, "marked" },
	{ "a forged mark",
	  SECRET ADD_OWNER,
	  { .owner = OWNER, .mark = "by=mx.our.example" },
	  "+petra@our.example marked" },
	{ "our own notification", ADD_OWNER, { .owner = OWNER, .notification = TRUE }, NULL },
	/* what no person wrote */
	{ "a newsletter", ADD_OWNER TEAM, { .owner = "-", .kind = KIND_NEWSLETTER }, NULL },
	{ "asked for by its kind",
	  "route \"n\" {\nwhen = \"message.kind == 'newsletter'\"\nsubject_tag = \"[list]\"\n}" TEAM,
	  { .owner = "-", .kind = KIND_NEWSLETTER },
	  "tag:[list]" },
	/* our own mail */
	{ "what we send", ADD_OWNER, { .owner = OWNER, .direction = DIRECTION_OUTBOUND }, NULL },
	{ "between us", ADD_OWNER, { .owner = OWNER, .direction = DIRECTION_INTERNAL }, NULL },
	{ "to a lead, with a token",
	  TOKENS,
	  { .direction = DIRECTION_OUTBOUND },
	  "reply:ld_01KAK3Z7A0QWERTYUPASDFGHJK" },
	{ "to nobody known", TOKENS, { .owner = "-", .direction = DIRECTION_OUTBOUND }, NULL },
	{ "to several leads", TOKENS, { .direction = DIRECTION_OUTBOUND, .several = TRUE }, NULL },
	{ "a secret alone makes no tokens", SECRET, { .direction = DIRECTION_OUTBOUND }, NULL },
	{ "what comes in gets none", TOKENS, { .owner = OWNER }, NULL },
};

static void
test_decide(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(decide_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(config_owned) config = load(decide_cases[i].rules, &error);
		struct letter letter = decide_cases[i].letter;
		g_autofree char *words = NULL;

		g_assert_no_error(error);
		if (letter.kind == KIND_COMPLAINT)
			letter.kind = KIND_HUMAN;
		words = decide(config, &letter, FALSE, NULL, NULL);
		g_test_message("%s: %s", decide_cases[i].label, words);
		g_assert_cmpstr(words, ==, decide_cases[i].want);
	}
}

/* The MTA tries again: the rules of then, whatever holds now; the owner is today's. */
static void
test_again(void)
{
	static const char rules[] =
		"route \"mql\" {\nwhen = \"lead.stage == 'mql'\"\nadd = {\"owner\"}\n}\n"
		"route \"eql\" {\nwhen = \"lead.stage == 'eql'\"\nsubject_tag = \"[eql]\"\n}\n";
	g_autoptr(config_owned) config = load(rules, NULL);
	g_autoptr(config_owned) without = load("", NULL);
	g_autoptr(config_owned) tokens = load(TOKENS, NULL);
	struct letter letter = { .owner = OWNER, .stage = STAGE_MQL, .kind = KIND_HUMAN };
	g_autofree char *text = NULL, *reply = NULL;
	g_autofree char *first = decide(config, &letter, FALSE, NULL, &text);
	g_autofree char *again = NULL, *gone = NULL, *nothing = NULL, *sent = NULL, *resent = NULL;

	g_assert_cmpstr(first, ==, "+petra@our.example marked");
	g_assert_cmpstr(text, ==, "mql");
	letter.stage = STAGE_EQL;
	letter.owner = "paul@our.example";
	again = decide(config, &letter, TRUE, text, NULL);
	g_assert_cmpstr(again, ==, "+paul@our.example marked");
	gone = decide(without, &letter, TRUE, text, NULL);
	g_assert_null(gone);
	nothing = decide(config, &letter, TRUE, NULL, NULL);
	g_assert_null(nothing);
	letter.direction = DIRECTION_OUTBOUND;
	sent = decide(tokens, &letter, FALSE, NULL, &reply);
	resent = decide(tokens, &letter, TRUE, reply, NULL);
	g_assert_nonnull(sent);
	g_assert_cmpstr(sent, ==, resent);
	g_free(resent);
	resent = decide(tokens, &letter, TRUE, NULL, NULL);
	g_assert_null(resent);
}

int
main(int argc, char **argv)
{
	g_autofree char *scratch = g_dir_make_tmp("route-XXXXXX", NULL);
	int status;

	main_file = g_build_filename(scratch, "main.conf", NULL);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/route/load", test_load);
	g_test_add_func("/route/actions", test_actions);
	g_test_add_func("/route/decide", test_decide);
	g_test_add_func("/route/again", test_again);
	status = g_test_run();
	g_unlink(main_file);
	g_rmdir(scratch);
	g_free(main_file);
	return status;
}
