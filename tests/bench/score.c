/*
 * score.c - what scoring costs: text matching and the whole of a message with cards of 20, 200 and
 * 2,000 rules (each text rule with a phrase list of its own), the default scorecard, and a
 * ledger of 10,000 touches of one lead.  Ratios that must hold are checked; exit 1 when one is
 * missed.
 */
#include <glib/gstdio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lead/decide.h"
#include "lead/score.h"
#include "lead/summary.h"
#include "mail/phrases.h"

#define NOW G_GINT64_CONSTANT(1763719200000000)
#define TRIES 25 /* the fastest counts: the machine is not ours alone */

/* The first ten rules hold or may; however many more there are, the mail is the same, so they are
 * tried and don't. */
static const char *const FIRST[] = {
	"has(content.hits, 'budget')",
	"message.subject matches '*quotation*'",
	"text.words > 100",
	"sender.domain in ('acme.example', 'b.example')",
	"person.title_rank == 'decision_maker'",
	"content.questions >= 1",
	"has(person.phone)",
	"count('visit', 30d) > 3",
	"reply.latency < 2h",
	"text.new matches phrases ('list_1', 'intent_price')",
};
static const char *const MORE[] = {
	"has(content.hits, 'list_%u')",
	"message.subject matches '*word%u*'",
	"text.words > %u00 and sender.freemail",
	"sender.domain in ('a%u.example', 'b.example')",
	"person.title_rank == 'user' and text.words != %u",
	"message.kind == 'forward' or text.words < 2 and content.budget and text.words != %u",
	"count('visit', 30d) > %u",
	"has(attachment.kinds, 'kind_%u')",
	"reply.latency < 2h and reply.depth > %u",
	"text.new matches phrases ('list_%u', 'intent_trial')",
};

static gboolean missed;

static void
show(const char *what, double value, double most)
{
	printf("  %-44s %6.2f (at most %g)%s\n", what, value, most, value > most ? "  MISSED" : "");
	missed |= value > most;
}

static void
die(const GError *error)
{
	fprintf(stderr, "%s\n", error->message);
	exit(1);
}

/* --- what is measured with --- */

struct site {
	struct analysis *analysis;
	struct scorecards *scorecards;
	struct phrases *phrases; /* the same as the analysis has */
};

static char *
make_card(guint rules)
{
	GString *card = g_string_new("name = \"bench\"\n");

	for (guint i = 0; i < rules; i++) {
		g_autofree char *number = g_strdup_printf("%u", i);
		const char *form =
			i < G_N_ELEMENTS(FIRST) ? FIRST[i] : MORE[i % G_N_ELEMENTS(MORE)];
		g_auto(GStrv) pieces = g_strsplit(form, "%u", 2);
		g_autofree char *when = g_strjoinv(number, pieces);

		g_string_append_printf(card, "rule \"r%u\" { when = \"%s\" points = 1.0 }\n", i,
				       when);
	}
	return g_string_free(card, FALSE);
}

/* Three phrases for each rule, of words as mail has, which together are not in this one. */
static char *
make_lists(guint rules)
{
	static const char *const WORDS[] = { "steel",   "delivery", "colleague",   "catalogue",
					     "meeting", "board",    "spreadsheet", "budget",
					     "vessel",  "tariff",   "harvest",     "quarter",
					     "reactor", "invoice",  "sensor",      "garden" };
	GString *lists = g_string_new(NULL);

	for (guint i = 0; i < rules; i++) {
		g_string_append_printf(lists, "[list_%u]\n", i);
		for (guint j = 0; j < 3; j++)
			g_string_append_printf(lists, "%s %s %s%u\n",
					       WORDS[(i + j * 5) % G_N_ELEMENTS(WORDS)],
					       WORDS[(i / 16 + j) % G_N_ELEMENTS(WORDS)],
					       WORDS[(i / 256 + j * 3) % G_N_ELEMENTS(WORDS)], i);
	}
	return g_string_free(lists, FALSE);
}

static void
use_lists(struct config *config)
{
	const struct {
		char **path;
		const char *name;
	} lists[] = { { &config->freemail_list, "freemail" },
		      { &config->disposable_list, "disposable" },
		      { &config->relay_list, "relay" },
		      { &config->role_list, "role" },
		      { &config->isp_list, "isp" } };

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_free(*lists[i].path);
		*lists[i].path = g_strdup_printf("conf/lists/%s.txt", lists[i].name);
	}
}

static void
use_phrases(struct config *config, struct phrases *phrases, const char *more)
{
	GDir *directory = g_dir_open("conf/lists/phrases", 0, NULL);
	g_autoptr(GError) error = NULL;
	const char *name;

	g_ptr_array_set_size(config->phrase_files, 0);
	while (directory != NULL && (name = g_dir_read_name(directory)) != NULL)
		g_ptr_array_add(config->phrase_files,
				g_build_filename("conf/lists/phrases", name, NULL));
	if (directory != NULL)
		g_dir_close(directory);
	if (more != NULL)
		g_ptr_array_add(config->phrase_files, g_strdup(more));
	for (guint i = 0; i < config->phrase_files->len; i++) {
		if (!phrases_add_file(phrases, config->phrase_files->pdata[i], &error))
			die(error);
	}
	if (!phrases_compile(phrases, &error))
		die(error);
}

static void
open_site(struct site *site, const char *card_path, const char *lists_path)
{
	struct config *config = config_default();
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card = config_scorecard_load(card_path, &error);

	if (card == NULL)
		die(error);
	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->scorecards, card);
	use_lists(config);
	site->phrases = phrases_new();
	use_phrases(config, site->phrases, lists_path);
	site->scorecards = scorecards_new(config, &error);
	site->analysis = site->scorecards != NULL ? analysis_new(config, &error) : NULL;
	if (site->analysis == NULL)
		die(error);
	config_unref(config);
}

static void
close_site(struct site *site)
{
	scorecards_unref(site->scorecards);
	analysis_unref(site->analysis);
	phrases_free(site->phrases);
}

static void
open_rules(struct site *site, guint rules)
{
	g_autofree char *directory = g_dir_make_tmp("bench-XXXXXX", NULL);
	g_autofree char *card_path = g_build_filename(directory, "card.conf", NULL);
	g_autofree char *lists_path = g_build_filename(directory, "more.phrases", NULL);
	g_autofree char *card = make_card(rules);
	g_autofree char *lists = make_lists(rules);

	g_file_set_contents(card_path, card, -1, NULL);
	g_file_set_contents(lists_path, lists, -1, NULL);
	open_site(site, card_path, lists_path);
	g_remove(card_path);
	g_remove(lists_path);
	g_rmdir(directory);
}

/* Five kilobytes, as a mail with a longer story has. */
static char *
make_body(void)
{
	static const char *const LINES[] = {
		"we are looking for a system for 50 people and would like to see a demo next week.",
		"How much would it cost, and by when could you deliver? Our budget is 20,000 EUR.",
		"At present three of our teams work with spreadsheets, which costs us a day a "
		"week.",
		"The delivery line 20 of your catalogue is what my colleagues have been asking "
		"for.",
		"Please find attached what we wrote down after our meeting with the board in May.",
	};
	GString *body = g_string_new("Hello,\r\n\r\n");

	for (guint i = 0; body->len < 5000; i++)
		g_string_append_printf(body, "%s\r\n%s", LINES[i % G_N_ELEMENTS(LINES)],
				       i % 4 == 3 ? "\r\n" : "");
	g_string_append(body, "\r\n-- \r\nAna Pop\r\nHead of Purchasing\r\nAcme SRL\r\n"
			      "Tel. +40 21 311 2233\r\n");
	return g_string_free(body, FALSE);
}

static void
fill(struct raw_mail *raw, const char *body)
{
	raw_mail_set_sender(raw, "ana.pop@acme.example");
	raw_mail_add_recipient(raw, "sales@ours.example");
	raw_mail_add_header(raw, "From", "Ana Pop <ana.pop@acme.example>");
	raw_mail_add_header(raw, "Subject", "Request for a quotation");
	raw_mail_add_header(raw, "Message-ID", "<1@acme.example>");
	raw_mail_add_body(raw, body, strlen(body));
}

/* --- what is measured --- */

struct times {
	double matching, scoring, all; /* us a message */
	guint held;
};

static double
since(gint64 begin, guint rounds)
{
	return (double)(g_get_monotonic_time() - begin) / rounds;
}

static double
time_matching(const struct site *site, const char *text)
{
	enum { ROUNDS = 100 };
	gint64 begin = g_get_monotonic_time();

	for (guint i = 0; i < ROUNDS; i++)
		g_array_unref(phrases_scan(site->phrases, text, strlen(text)));
	return since(begin, ROUNDS);
}

static double
time_scoring(const struct site *site, const struct facts *facts, guint *ret_held)
{
	enum { ROUNDS = 100 };
	gint64 begin = g_get_monotonic_time();

	for (guint i = 0; i < ROUNDS; i++) {
		GPtrArray *contributions =
			scorecards_apply(site->scorecards, NULL, facts, NULL, NULL, NULL, NOW);

		*ret_held = contributions->len;
		g_ptr_array_unref(contributions);
	}
	return since(begin, ROUNDS);
}

static double
time_all(const struct site *site, const struct raw_mail *raw)
{
	enum { ROUNDS = 20 };
	gint64 begin = g_get_monotonic_time();

	for (guint i = 0; i < ROUNDS; i++) {
		struct facts *facts = facts_new(site->analysis, raw);
		GPtrArray *contributions =
			scorecards_apply(site->scorecards, NULL, facts, NULL, NULL, NULL, NOW);

		g_ptr_array_unref(contributions);
		facts_unref(facts);
	}
	return since(begin, ROUNDS);
}

static void
measure(const char *name, const struct site *site, struct times *ret)
{
	g_autofree char *body = make_body();
	g_autoptr(raw_mail_owned) raw = raw_mail_new(NOW);
	g_autoptr(facts_owned) facts = NULL;

	fill(raw, body);
	facts = facts_new(site->analysis, raw);
	*ret = (struct times){ G_MAXDOUBLE, G_MAXDOUBLE, G_MAXDOUBLE, 0 };
	for (guint i = 0; i < TRIES; i++) {
		ret->matching = MIN(ret->matching, time_matching(site, body));
		ret->scoring = MIN(ret->scoring, time_scoring(site, facts, &ret->held));
		ret->all = MIN(ret->all, time_all(site, raw));
	}
	printf("%-16s matching %6.2f us, rules %6.2f us (%u held), a message in all %7.2f us\n",
	       name, ret->matching, ret->scoring, ret->held, ret->all);
}

/* --- ledgers --- */

static GPtrArray *
make_ledger(const struct scorecards *scorecards, guint count)
{
	static const char *const NAMES[] = { "visit", "click", "pricing_page", "webinar" };
	GPtrArray *touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);

	for (guint i = 0; i < count; i++) {
		struct touch *touch = touch_new();

		touch->sequence = i + 1;
		touch->name = g_strdup(NAMES[i % 4]);
		touch->time = NOW - (gint64)(count - i) * CLOCK_SECOND * 3600;
		g_ptr_array_unref(touch->contributions);
		touch->contributions =
			scorecards_touch(scorecards, NULL, NAMES[i % 4], touch->time);
		g_ptr_array_add(touches, touch);
	}
	return touches;
}

static double
time_ledger(const struct scorecards *scorecards, GPtrArray *touches, guint rounds)
{
	double fastest = G_MAXDOUBLE;

	for (guint i = 0; i < TRIES; i++) {
		gint64 begin = g_get_monotonic_time();

		for (guint j = 0; j < rounds; j++) {
			struct score score;

			score_evaluate_all(scorecards, touches, NULL, NOW, &score);
			score_clear(&score);
		}
		fastest = MIN(fastest, since(begin, rounds));
	}
	return fastest;
}

static double
time_next_change(const struct scorecards *scorecards, GPtrArray *touches)
{
	enum { ROUNDS = 100 };
	double fastest = G_MAXDOUBLE;

	for (guint i = 0; i < TRIES; i++) {
		gint64 begin = g_get_monotonic_time();

		for (guint j = 0; j < ROUNDS; j++)
			score_next_change(scorecards, touches, NOW);
		fastest = MIN(fastest, since(begin, ROUNDS));
	}
	return fastest;
}

static void
bench_ledgers(const struct scorecards *scorecards)
{
	enum { TOUCHES = 10000 };
	g_autoptr(GPtrArray) touches = make_ledger(scorecards, TOUCHES);
	double whole = time_ledger(scorecards, touches, 10), folded, next;

	summary_ledger(touches, scorecards);
	folded = time_ledger(scorecards, touches, 1000);
	next = time_next_change(scorecards, touches);
	printf("%-16s %7.2f us for %d touches; %.2f us with the early ones summed up, when that "
	       "changes %.2f us\n",
	       "ledger", whole, TOUCHES, folded, next);
	show("10,000 touches of one lead, ms", whole / 1000, 1);
}

int
main(void)
{
	static const guint COUNTS[] = { 20, 200, 2000 };
	struct times times[G_N_ELEMENTS(COUNTS)], standard;
	struct site site;

	open_site(&site, "conf/scorecards/default.conf", NULL);
	measure("default card", &site, &standard);
	bench_ledgers(site.scorecards);
	close_site(&site);
	for (guint i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
		g_autofree char *name = g_strdup_printf("%u rules", COUNTS[i]);

		open_rules(&site, COUNTS[i]);
		measure(name, &site, &times[i]);
		close_site(&site);
	}
	show("text matching, 2,000 rules / 20", times[2].matching / times[0].matching, 1.5);
	show("a message in all, 2,000 rules / 20", times[2].all / times[0].all, 3);
	return missed;
}
