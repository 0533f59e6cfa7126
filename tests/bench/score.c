/*
 * score.c - what scoring costs: rules applied to one message with cards of 20, 200 and 2,000 rules
 * (text rules included), the default scorecard, and a ledger of 10,000 touches.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "lead/decide.h"
#include "lead/score.h"

#define NOW G_GINT64_CONSTANT(1763719200000000)

static const char *const CONDITIONS[] = {
	"has(content.hits, 'list_%u')",
	"message.subject matches '*word%u*'",
	"text.words > %u and sender.freemail",
	"sender.domain in ('a%u.example', 'b.example')",
	"person.title_rank == 'user' and text.words != %u",
	"message.kind == 'forward' or text.words < %u and content.budget",
	"count('visit', 30d) > %u",
	"has(attachment.kinds, 'kind_%u')",
	"reply.latency < 2h and reply.depth > %u",
	"text.new matches phrases ('list_%u', 'other')",
};

static char *
make_card(guint rules)
{
	GString *card = g_string_new("name = \"bench\"\n");

	for (guint i = 0; i < rules; i++) {
		g_autofree char *number = g_strdup_printf("%u", i + 100);
		g_auto(GStrv) pieces =
			g_strsplit(CONDITIONS[i % G_N_ELEMENTS(CONDITIONS)], "%u", 2);
		g_autofree char *when = g_strjoinv(number, pieces);

		g_string_append_printf(card, "rule \"r%u\" { when = \"%s\" points = 1.0 }\n", i,
				       when);
	}
	return g_string_free(card, FALSE);
}

static struct scorecards *
load(const char *path)
{
	struct config *config = config_default();
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card = config_scorecard_load(path, &error);
	struct scorecards *scorecards = NULL;

	if (card != NULL) {
		g_ptr_array_set_size(config->scorecards, 0);
		g_ptr_array_add(config->scorecards, card);
		scorecards = scorecards_new(config, &error);
	}
	if (error != NULL) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	config_unref(config);
	return scorecards;
}

static void
fill(struct raw_mail *raw)
{
	static const char BODY[] =
		"Hello,\r\n\r\nwe are looking for a system for 50 people and would like to see a "
		"demo next week. How much would it cost, and by when could you deliver? Our budget "
		"is 20,000 EUR.\r\n\r\n-- \r\nAna Pop\r\nHead of Purchasing\r\nAcme SRL\r\n"
		"Tel. +40 21 311 2233\r\n";

	raw_mail_set_sender(raw, "ana.pop@acme.example");
	raw_mail_add_recipient(raw, "sales@ours.example");
	raw_mail_add_header(raw, "From", "Ana Pop <ana.pop@acme.example>");
	raw_mail_add_header(raw, "Subject", "Request for a quotation");
	raw_mail_add_header(raw, "Message-ID", "<1@acme.example>");
	raw_mail_add_body(raw, BODY, strlen(BODY));
}

static void
bench_apply(const char *name, const struct scorecards *scorecards, const struct facts *facts)
{
	enum { ROUNDS = 20000 };
	guint rounds = strstr(name, "2000") != NULL ? ROUNDS / 20 : ROUNDS, found = 0;
	gint64 begin = g_get_monotonic_time();

	for (guint i = 0; i < rounds; i++) {
		GPtrArray *contributions =
			scorecards_apply(scorecards, NULL, facts, NULL, NULL, NULL, NOW);

		found = contributions->len;
		g_ptr_array_unref(contributions);
	}
	printf("%-16s %8.2f us a message, %u rules held\n", name,
	       (double)(g_get_monotonic_time() - begin) / rounds, found);
}

static void
bench_ledger(const struct scorecards *scorecards)
{
	enum { TOUCHES = 10000, ROUNDS = 100 };
	g_autoptr(GPtrArray) touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	gint64 begin;

	for (guint i = 0; i < TOUCHES; i++) {
		static const char *const NAMES[] = { "visit", "click", "pricing_page", "webinar" };
		struct touch *touch = touch_new();

		touch->sequence = i + 1;
		touch->time = NOW - (gint64)(TOUCHES - i) * CLOCK_SECOND * 3600;
		g_ptr_array_unref(touch->contributions);
		touch->contributions =
			scorecards_touch(scorecards, NULL, NAMES[i % 4], touch->time);
		((struct contribution *)touch->contributions->pdata[0])->group =
			g_strdup(i % 2 ? "intent" : NULL);
		g_ptr_array_add(touches, touch);
	}
	begin = g_get_monotonic_time();
	for (guint i = 0; i < ROUNDS; i++) {
		struct score score;

		score_evaluate(scorecards_find(scorecards, NULL), touches, NULL, NULL, NOW, &score);
		score_clear(&score);
	}
	printf("%-16s %8.2f us for %d touches\n", "ledger",
	       (double)(g_get_monotonic_time() - begin) / ROUNDS, TOUCHES);
}

/* The lists of the source tree. */
static struct analysis *
new_analysis(void)
{
	struct config *config = config_default();
	const struct {
		char **path;
		const char *name;
	} lists[] = { { &config->freemail_list, "freemail" },
		      { &config->disposable_list, "disposable" },
		      { &config->relay_list, "relay" },
		      { &config->role_list, "role" },
		      { &config->isp_list, "isp" } };
	g_autoptr(GError) error = NULL;
	struct analysis *analysis;

	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		g_free(*lists[i].path);
		*lists[i].path = g_strdup_printf("conf/lists/%s.txt", lists[i].name);
	}
	analysis = analysis_new(config, &error);
	if (analysis == NULL) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	config_unref(config);
	return analysis;
}

int
main(int argc, char **argv)
{
	static const guint COUNTS[] = { 20, 200, 2000 };
	const char *conf = argc > 1 ? argv[1] : "conf/scorecards/default.conf";
	g_autoptr(analysis_owned) analysis = new_analysis();
	g_autoptr(raw_mail_owned) raw = raw_mail_new(NOW);
	g_autoptr(facts_owned) facts = NULL;
	g_autoptr(scorecards_owned) scorecards = load(conf);

	fill(raw);
	facts = facts_new(analysis, raw);
	bench_apply("default card", scorecards, facts);
	bench_ledger(scorecards);
	for (guint i = 0; i < G_N_ELEMENTS(COUNTS); i++) {
		g_autofree char *text = make_card(COUNTS[i]);
		g_autofree char *name = g_strdup_printf("%u rules", COUNTS[i]);
		g_autofree char *path = g_strdup("bench-card-XXXXXX");
		g_autoptr(scorecards_owned) card = NULL;
		int file = g_mkstemp(path);

		close(file);
		g_file_set_contents(path, text, -1, NULL);
		card = load(path);
		remove(path);
		bench_apply(name, card, facts);
	}
	return 0;
}
