/* test-expression.c - the condition language: what it means, what it refuses and where. */
#include "lead/expression.h"
#include "cpu_time.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "lead/expression_node.h"
#include "score-fixture.h"

static const struct expression_source SOURCE = { "card.conf", 7, 1 };

/* A buyer who answers our mail of two hours ago. */
static void
make_buyer(struct fixture *fixture)
{
	struct sender *sender = &fixture->facts.person_sender;

	fixture_init(fixture);
	fixture->kind.kind = KIND_HUMAN_REPLY;
	fixture->mail.subject = (char *)"Re: Angebot für Büromöbel";
	fixture->mail.date = NOW;
	fixture->mail.date_offset = 7200;
	fixture->text.new_text = (char *)"Could you send a QUOTE for 20 desks?";
	strcpy(fixture->text.language, "en");
	sender->address = sender->normalised = (char *)"anna@mail.example.com";
	sender->domain = (char *)"mail.example.com";
	sender->org_domain = (char *)"example.com";
	sender->freemail = TRUE;
	fixture->person.name = (char *)"Anna Müller";
	fixture->person.company = (char *)"Example GmbH";
	fixture->person.title = (char *)"CEO";
	fixture->person.rank = RANK_DECISION_MAKER;
	fixture->content.words = 8;
	fixture->content.questions = 1;
	fixture->content.budget = TRUE;
	fixture->content.amount = (char *)"5,000 EUR";
	fixture_hit(fixture, "intent_price", "send a QUOTE");
	g_ptr_array_add(fixture->kinds, (gpointer) "brief");
	fixture->content.utm = g_hash_table_new(g_str_hash, g_str_equal);
	g_hash_table_insert(fixture->content.utm, (gpointer) "utm_source", (gpointer) "news");
	fixture->facts.form = NULL;
	fixture->known.we_wrote = TRUE;
	fixture->known.last_outbound = NOW - 2 * 3600 * (gint64)CLOCK_SECOND;
	fixture->known.replied_to = (char *)"sales@ours.example";
}

static gboolean
evaluate(const char *text, const struct fixture *fixture, const GPtrArray *touches,
	 char **ret_evidence)
{
	struct expression_names *names = expression_names_new();
	struct evaluation evaluation;
	struct signal_input input = { .facts = fixture != NULL ? &fixture->facts : NULL,
				      .known = fixture != NULL ? &fixture->known : NULL,
				      .touches = touches,
				      .now = NOW };
	g_autoptr(GError) error = NULL;
	g_autoptr(expression_owned) expression = expression_compile(text, &SOURCE, names, &error);
	gboolean result;

	if (error != NULL)
		g_test_message("%s: %s", text, error->message);
	g_assert_no_error(error);
	expression_begin(&evaluation, names, &input);
	result = expression_test(expression, &evaluation);
	if (ret_evidence != NULL)
		*ret_evidence = result ? expression_evidence(expression, &evaluation) : NULL;
	expression_end(&evaluation);
	expression_names_free(names);
	return result;
}

static void
test_meaning(void)
{
	static const struct {
		const char *text;
		gboolean result;
	} want[] = {
		{ "sender.freemail", TRUE },
		{ "not sender.freemail", FALSE },
		{ "! sender.freemail || content.budget", TRUE },
		{ "sender.freemail and not sender.disposable", TRUE },
		{ "sender.freemail && sender.disposable", FALSE },
		{ "sender.disposable or sender.freemail and content.budget", TRUE },
		{ "(sender.freemail or content.budget) and sender.disposable", FALSE },
		{ "not (sender.disposable or sender.role)", TRUE },
		{ "not not sender.freemail", TRUE },
		{ "sender.freemail == true", TRUE },
		{ "sender.freemail != true", FALSE },
		{ "true", TRUE },
		{ "text.words > 7", TRUE },
		{ "text.words > 8", FALSE },
		{ "8 <= text.words", TRUE },
		{ "8 < text.words", FALSE },
		{ "text.words = 8", TRUE },
		{ "text.words != 8", FALSE },
		{ "text.words in 5..10", TRUE },
		{ "text.words in 9..10", FALSE },
		{ "text.words not in 9..10", TRUE },
		{ "text.words in (1, 8)", TRUE },
		{ "text.words in [1, 2]", FALSE },
		{ "text.words > -1.5", TRUE },
		{ "reply.latency < 3h", TRUE },
		{ "reply.latency < 2 hours", FALSE },
		{ "reply.latency in 1h..1d", TRUE },
		{ "reply.latency <= 120m", TRUE },
		{ "message.kind == 'human_reply'", TRUE },
		{ "'human_reply' == message.kind", TRUE },
		{ "message.kind == \"HUMAN_REPLY\"", TRUE },
		{ "message.kind in ('human', 'forward')", FALSE },
		{ "person.title_rank >= 'influencer'", TRUE },
		{ "person.title_rank < 'influencer'", FALSE },
		{ "person.title_rank in 'user'..'decision_maker'", TRUE },
		{ "person.company == 'EXAMPLE gmbh'", TRUE },
		{ "person.name == 'ANNA MÜLLER'", TRUE },
		{ "person.name != 'anna'", TRUE },
		{ "person.company == person.company", TRUE },
		{ "person.company == person.name", FALSE },
		{ "sender.domain in ('example.com')", TRUE },
		{ "sender.domain in ('ample.com')", FALSE },
		{ "person.company in ('com')", FALSE },
		{ "message.subject matches '*BÜRO*'", TRUE },
		{ "message.subject matches 're:*'", TRUE },
		{ "message.subject matches 'angebot*'", FALSE },
		{ "message.subject matches ('x*', '*möbel')", TRUE },
		{ "message.subject not matches '*?büro*'", FALSE },
		{ "text.new matches phrases 'intent_price'", TRUE },
		{ "text.new matches phrases ('opt_out', 'refusal')", FALSE },
		{ "has(content.hits, 'intent_price')", TRUE },
		{ "content.hits in ('intent_demo', 'intent_price')", TRUE },
		{ "has(content.hits, 'intent_demo')", FALSE },
		{ "has(content.hits)", TRUE },
		{ "has(attachment.kinds, 'BRIEF')", TRUE },
		{ "attachment.kinds in ('cv')", FALSE },
		{ "attachment.kinds matches 'b*'", TRUE },
		{ "count(attachment.kinds) == 1", TRUE },
		{ "has(person.company)", TRUE },
		{ "has(person.phone)", FALSE },
		{ "has(person.phones)", FALSE },
		{ "person.phone == 'x'", FALSE },
		{ "person.phone != 'x'", FALSE }, /* unknown: no test of it holds */
		{ "not person.phone != 'x'", TRUE },
		{ "account.employees > 5", FALSE },
		{ "account.employees <= 5", FALSE },
		{ "conversation.we_wrote and reply.to_us", TRUE },
		{ "age(conversation.last_outbound) == 2h", TRUE },
		{ "within(conversation.last_outbound, 3h)", TRUE },
		{ "within(conversation.last_outbound, 1h)", FALSE },
		{ "message.date > '2025-11-20'", TRUE },
		{ "message.date in '2025-01-01'..'2025-02-01'", FALSE },
		{ "message.weekday == 'fri' and message.hour == 12", TRUE },
		{ "utm('source') == 'news'", TRUE },
		{ "utm('utm_source') in ('news')", TRUE },
		{ "has(utm('campaign'))", FALSE },
		{ "form('budget') == '1'", FALSE },
		{ "text.words > 7 # all of it\n and sender.freemail", TRUE },
		{ "'it\\'s' == person.name", FALSE },
	};
	struct fixture fixture;

	make_buyer(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		gboolean result = evaluate(want[i].text, &fixture, NULL, NULL);

		if (result != want[i].result)
			g_test_message("%s", want[i].text);
		g_assert_cmpint(result, ==, want[i].result);
		/* With nothing known at all it still gives an answer. */
		evaluate(want[i].text, NULL, NULL, NULL);
	}
	fixture_clear(&fixture);
}

static void
test_history(void)
{
	static const struct {
		const char *text;
		gboolean result;
	} want[] = {
		{ "count('pricing_page') == 3", TRUE },
		{ "count('pricing_page', 10d) == 2", TRUE },
		{ "count('pricing_page', 1d) == 1", TRUE },
		{ "count('demo') == 0", TRUE },
		{ "has('pricing_page')", TRUE },
		{ "has('demo')", FALSE },
		{ "within('pricing_page', 1h)", TRUE },
		{ "within('webinar', 30d)", FALSE },
		{ "age('webinar') == 40d", TRUE },
		{ "age('demo') > 1s", FALSE },
		{ "history.touches == 4", TRUE },
		{ "has(history.names, 'webinar')", TRUE },
		{ "age(history.first_touch) > 39d and within(history.last_touch, 1m)", TRUE },
	};
	g_autoptr(GPtrArray) touches = fixture_touches();
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_touch(touches, "pricing_page", NOW);
	fixture_touch(touches, "webinar", NOW - 40 * CLOCK_DAY);
	fixture_touch(touches, "pricing_page", NOW - 35 * CLOCK_DAY);
	fixture_touch(touches, "pricing_page", NOW - 10 * CLOCK_DAY);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		gboolean result = evaluate(want[i].text, &fixture, touches, NULL);

		if (result != want[i].result)
			g_test_message("%s", want[i].text);
		g_assert_cmpint(result, ==, want[i].result);
	}
	fixture_clear(&fixture);
}

static void
test_evidence(void)
{
	static const struct {
		const char *text, *evidence;
	} want[] = {
		{ "sender.freemail", "mail.example.com" },
		{ "content.budget", "5,000 EUR" },
		{ "content.budget and sender.freemail", "5,000 EUR; mail.example.com" },
		{ "sender.disposable or content.budget", "5,000 EUR" },
		{ "not sender.disposable", NULL },
		{ "has(content.hits, 'intent_price')", "send a QUOTE" },
		{ "text.new matches phrases 'intent_price'", "send a QUOTE" },
		{ "person.title_rank == 'decision_maker'", "CEO" },
		{ "text.words > 3", "text.words 8" },
		{ "reply.latency < 1d", "reply.latency 2 hours" },
		{ "attachment.kinds in ('rfp', 'brief')", "brief" },
		{ "attachment.kinds matches 'b*'", "brief" },
		{ "message.subject matches '*'", "Re: Angebot für Büromöbel" },
		{ "message.kind == 'human_reply'", "no mark of a machine" },
		{ "utm('source') == 'news'", "news" },
		{ "conversation.we_wrote", NULL },
		{ "true", NULL },
	};
	struct fixture fixture;
	g_autofree char *long_subject = g_strnfill(3 * LIMIT_SHOWN, 'x');
	g_autofree char *evidence = NULL;

	make_buyer(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *found = NULL;

		g_assert_true(evaluate(want[i].text, &fixture, NULL, &found));
		g_assert_cmpstr(found, ==, want[i].evidence);
	}
	fixture.mail.subject = long_subject;
	g_assert_true(evaluate("message.subject matches 'x*'", &fixture, NULL, &evidence));
	g_assert_cmpuint(strlen(evidence), <=, LIMIT_SHOWN + strlen("…"));
	fixture_clear(&fixture);
}

static void
test_errors(void)
{
	static const struct {
		const char *text, *message;
	} want[] = {
		{ "", "card.conf:7:1: expected a signal, a function or a value, found the end" },
		{ "sender.freemial",
		  "card.conf:7:1: unknown signal \"sender.freemial\": did you mean "
		  "\"sender.freemail\"?" },
		{ "freemail", "card.conf:7:1: unknown signal \"freemail\": did you mean "
			      "\"sender.freemail\"?" },
		{ "zzzzzzzzzzzzzzzzzzzzz", "card.conf:7:1: unknown signal "
					   "\"zzzzzzzzzzzzzzzzzzzzz\", expected one of `leadctl "
					   "signals`" },
		{ "sender.freemail and\n  text.wrods > 3",
		  "card.conf:8:3: unknown signal \"text.wrods\": did you mean \"text.words\"?" },
		{ "text.words", "card.conf:7:1: expected a condition, found text.words, a number: "
				"compare it, or ask has(…)" },
		{ "text.words > 'a'",
		  "card.conf:7:14: expected a number to compare with text.words, "
		  "a number, found the text 'a'" },
		{ "reply.latency < 2",
		  "card.conf:7:17: expected a duration to compare with "
		  "reply.latency, a duration, found a number: write a duration "
		  "with its unit, like 2h or 30d" },
		{ "message.kind == 'humann'",
		  "card.conf:7:17: message.kind is never 'humann': did you mean 'human'?; expected "
		  "one of complaint, bounce, challenge, auto_reply, calendar, list, newsletter, "
		  "notification, forward, human_reply, human, empty" },
		{ "message.date > 'soon'", "card.conf:7:16: expected a time like '2026-01-31' or "
					   "'2026-01-31 12:00', found 'soon'" },
		{ "person.name < 'b'", "card.conf:7:1: expected a number, duration, time or choice "
				       "on both sides, found person.name, a text" },
		{ "attachment.kinds == 'cv'",
		  "card.conf:7:21: expected a text to compare with attachment.kinds, a list, found "
		  "the text 'cv': ask has(list, 'item') or count(list)" },
		{ "(sender.freemail", "card.conf:7:17: expected \")\", found the end" },
		{ "sender.freemail)", "card.conf:7:16: expected \"and\", \"or\" or the end, found "
				      "\")\"" },
		{ "sender.freemail sender.role",
		  "card.conf:7:17: expected \"and\", \"or\" or the end, found \"sender.role\"" },
		{ "sender.freemail and",
		  "card.conf:7:20: expected a signal, a function or a value, "
		  "found the end" },
		{ "text.words > and", "card.conf:7:14: expected a signal, a function or a value, "
				      "found \"and\"" },
		{ "person.name == 'a", "card.conf:7:16: text without its closing quote" },
		{ "text.words > 5x",
		  "card.conf:7:14: a number with an unknown unit, expected s, m, "
		  "h, d, w, months or years" },
		{ "text.words @ 5", "card.conf:7:12: a character that means nothing here" },
		{ "text.words in 9..5", "card.conf:7:15: the range ends before it begins" },
		{ "text.words in 9", "card.conf:7:16: expected \"..\", found the end" },
		{ "text.words in (1, 'a')", "card.conf:7:19: expected a number to compare with "
					    "text.words, a number, found the text 'a'" },
		{ "person.name in 1..2", "card.conf:7:16: expected a list in parentheses or file "
					 "'…', found \"1\"" },
		{ "text.words matches 'a'", "card.conf:7:1: expected a text or list before "
					    "\"matches\", found text.words, a number" },
		{ "message.subject matches phrases 'x'",
		  "card.conf:7:1: expected text.new before \"matches phrases\", found "
		  "message.subject, a text" },
		{ "cuont('x') > 1",
		  "card.conf:7:1: no function \"cuont\": did you mean \"count\"?; "
		  "expected one of count, age, within, has, header, utm, form" },
		{ "count(text.words) > 1",
		  "card.conf:7:7: expected a list or the name of a touch in "
		  "quotes, found text.words, a number" },
		{ "count('x', 5) > 1", "card.conf:7:12: expected a duration like 30d or 2h, found "
				       "\"5\"" },
		{ "within('x')", "card.conf:7:11: expected \",\", found \")\"" },
		{ "has(sender.freemail)",
		  "card.conf:7:5: expected something that may be empty: a "
		  "boolean stands alone, found sender.freemail, a boolean" },
		{ "has(text.words, 'x')", "card.conf:7:5: expected a list before the \",\", found "
					  "text.words, a number" },
		{ "age(text.words) > 1d",
		  "card.conf:7:5: expected a time or the name of a touch in "
		  "quotes, found text.words, a number" },
		{ "text.words not 5",
		  "card.conf:7:16: expected \"in\" or \"matches\" after \"not\", "
		  "found \"5\"" },
		{ "header(5) == 'x'", "card.conf:7:8: expected a name in quotes, found \"5\"" },
		{ "message.kind == lead.stage",
		  "card.conf:7:17: expected a choice to compare with message.kind, a choice, found "
		  "lead.stage, a choice" },
		{ "1 < text.words < 5",
		  "card.conf:7:16: expected \"and\", \"or\" or the end, found "
		  "\"<\"" },
		{ "'müller' == person.name and x.y",
		  "card.conf:7:29: unknown signal \"x.y\", expected one of `leadctl signals`" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct expression_names *names = expression_names_new();
		g_autoptr(GError) error = NULL;
		g_autoptr(expression_owned) expression =
			expression_compile(want[i].text, &SOURCE, names, &error);

		g_assert_null(expression);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, want[i].message);
		expression_names_free(names);
	}
}

/* `before`, `count` times `middle`, `after` */
static char *
repeat(const char *before, const char *middle, guint count, const char *after)
{
	GString *text = g_string_new(before);

	for (guint i = 0; i < count; i++)
		g_string_append(text, middle);
	g_string_append(text, after);
	return g_string_free(text, FALSE);
}

static void
test_ceilings(void)
{
	const struct {
		char *text;
		const char *error; /* part of it, or NULL: it compiles */
	} want[] = {
		{ repeat("", "(", LIMIT_EXPRESSION_DEPTH, "true"), "expected \")\"" },
		{ repeat("", "(", LIMIT_EXPRESSION_DEPTH + 1, "true"), "nested deeper than 32" },
		{ repeat("", "not ", LIMIT_EXPRESSION_DEPTH, "true"), NULL },
		{ repeat("", "not ", LIMIT_EXPRESSION_DEPTH + 1, "true"), "nested deeper than 32" },
		{ repeat("", "age(", 1000, ""), "nested deeper than 32" },
		{ repeat("true", " or true", 400, ""), NULL },
		{ repeat("true", " and true", 1000, ""), "more than 4096 bytes" },
		{ repeat("message.subject matches '", "x", LIMIT_PATTERN + 1, "'"),
		  "more than 256 bytes" },
		{ repeat("text.words > ", "9", 33, ""), "more than 32 digits" },
		{ g_strdup("person.name == '\xff'"), "not UTF-8" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct expression_names *names = expression_names_new();
		g_autoptr(GError) error = NULL;
		G_GNUC_UNUSED g_autoptr(expression_owned) expression =
			expression_compile(want[i].text, &SOURCE, names, &error);

		if (want[i].error == NULL)
			g_assert_no_error(error);
		else
			g_assert_nonnull(strstr(error->message, want[i].error));
		g_free(want[i].text);
		expression_names_free(names);
	}
}

static void
test_in_file(void)
{
	g_autofree char *directory = g_dir_make_tmp("expression-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "list.txt", NULL);
	g_autofree char *card = g_build_filename(directory, "card.conf", NULL);
	g_autofree char *missing = g_strdup_printf("sender.domain in file '%s.no'", path);
	struct expression_source source = { card, 1, 1 };
	struct expression_names *names = expression_names_new();
	g_autoptr(expression_owned) domains = NULL;
	g_autoptr(expression_owned) companies = NULL;
	g_autoptr(GError) error = NULL;
	struct fixture fixture;
	struct signal_input input = { .facts = &fixture.facts };
	struct evaluation evaluation;

	g_assert_true(g_file_set_contents(path, "# ours\nexample.com\nexample gmbh\n", -1, NULL));
	make_buyer(&fixture);
	domains = expression_compile("sender.domain in file 'list.txt'", &source, names, &error);
	g_assert_no_error(error);
	companies =
		expression_compile("person.company in file \"list.txt\"", &source, names, &error);
	g_assert_no_error(error);
	expression_begin(&evaluation, names, &input);
	g_assert_true(expression_test(domains, &evaluation));
	g_assert_true(expression_test(companies, &evaluation));
	fixture.facts.person_sender.domain = (char *)"example.org";
	g_assert_false(expression_test(domains, &evaluation));
	expression_end(&evaluation);
	g_assert_null(expression_compile(missing, &source, names, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
	expression_names_free(names);
	fixture_clear(&fixture);
	remove(path);
	remove(directory);
}

static void
test_phrase_lists_that_exist(void)
{
	static const struct {
		const char *text, *message; /* NULL: it compiles */
	} want[] = {
		{ "has(content.hits, 'intent_price')", NULL },
		{ "text.new matches phrases ('opt_out', 'intent_price')", NULL },
		{ "has(content.hits, 'intent_prise')",
		  "card.conf:7:19: no phrase list 'intent_prise': did you mean 'intent_price'?" },
		{ "content.hits in ('opt_out', 'weather')",
		  "card.conf:7:29: no phrase list 'weather', expected one of conf/lists/phrases" },
		{ "text.new matches phrases 'optout'",
		  "card.conf:7:26: no phrase list 'optout': did you mean 'opt_out'?" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct expression_names *names = expression_names_new();
		g_autoptr(expression_owned) expression = NULL;
		g_autoptr(GError) error = NULL;

		expression_names_allow(names, "intent_price");
		expression_names_allow(names, "opt_out");
		expression_names_allow(names, "opt_out");
		expression = expression_compile(want[i].text, &SOURCE, names, &error);
		g_assert_cmpstr(error != NULL ? error->message : NULL, ==, want[i].message);
		expression_names_free(names);
	}
}

static void
test_numbers(void)
{
	static const struct {
		const char *text;
		double number; /* -1: refused */
	} want[] = {
		{ "text.words", 8 },      { "attachment.kinds", 1 },  { "count(content.hits)", 1 },
		{ "sender.freemail", 1 }, { "account.employees", 0 }, { "count('x')", 0 },
		{ "person.name", -1 },    { "text.words > 3", -1 },
	};
	struct fixture fixture;
	struct signal_input input = { .facts = &fixture.facts };

	make_buyer(&fixture);
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct expression_names *names = expression_names_new();
		g_autoptr(expression_owned) expression =
			expression_compile_number(want[i].text, &SOURCE, names, NULL);
		struct evaluation evaluation;

		g_assert_true((expression == NULL) == (want[i].number < 0));
		if (expression != NULL) {
			expression_begin(&evaluation, names, &input);
			g_assert_cmpfloat(expression_number(expression, &evaluation), ==,
					  want[i].number);
			expression_end(&evaluation);
		}
		expression_names_free(names);
	}
	fixture_clear(&fixture);
}

static void
test_patterns(void)
{
	static const struct {
		const char *glob, *text;
		gboolean matches;
	} want[] = {
		{ "", "", TRUE },
		{ "", "a", FALSE },
		{ "*", "", TRUE },
		{ "*", "abc", TRUE },
		{ "**", "abc", TRUE },
		{ "abc", "abc", TRUE },
		{ "abc", "abcd", FALSE },
		{ "a*c", "abc", TRUE },
		{ "a*c", "ac", TRUE },
		{ "a*c", "acb", FALSE },
		{ "*b*", "abc", TRUE },
		{ "*ab", "aab", TRUE },
		{ "ab*ab", "ab", FALSE },
		{ "ab*ab", "abab", TRUE },
		{ "a?c", "abc", TRUE },
		{ "a?c", "ac", FALSE },
		{ "?", "é", TRUE },
		{ "??", "é", FALSE },
		{ "*?", "", FALSE },
		{ "*?", "é", TRUE },
		{ "*a?b*", "xxaéby", TRUE },
		{ "*a?b*", "xxaby", FALSE },
		{ "*aab", "aaab", TRUE },
		{ "a*b*c", "a1b2b3c", TRUE },
		{ "*.pdf", "x.PDF", FALSE }, /* texts come folded */
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct pattern *pattern = pattern_new(want[i].glob);
		gboolean matches = pattern_matches(pattern, want[i].text, strlen(want[i].text));

		if (matches != want[i].matches)
			g_test_message("%s on %s", want[i].glob, want[i].text);
		g_assert_cmpint(matches, ==, want[i].matches);
		pattern_free(pattern);
	}
}

/* The classic that makes backtracking matchers stand still. */
static void
test_pattern_takes_linear_time(void)
{
	g_autofree char *text = g_strnfill(LIMIT_PATTERN_TEXT, 'a');
	g_autofree char *glob = repeat("", "a*", 100, "?b");
	struct pattern *pattern = pattern_new(glob);
	gint64 begin = cpu_time();

	for (guint i = 0; i < 10; i++)
		g_assert_false(pattern_matches(pattern, text, strlen(text)));
	g_assert_cmpint(cpu_time() - begin, <, G_USEC_PER_SEC / 2);
	pattern_free(pattern);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/expression/meaning", test_meaning);
	g_test_add_func("/expression/history", test_history);
	g_test_add_func("/expression/evidence", test_evidence);
	g_test_add_func("/expression/errors", test_errors);
	g_test_add_func("/expression/ceilings", test_ceilings);
	g_test_add_func("/expression/in-file", test_in_file);
	g_test_add_func("/expression/phrase-lists", test_phrase_lists_that_exist);
	g_test_add_func("/expression/numbers", test_numbers);
	g_test_add_func("/expression/patterns", test_patterns);
	g_test_add_func("/expression/patterns/linear", test_pattern_takes_linear_time);
	return g_test_run();
}
