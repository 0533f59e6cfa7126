/*
 * analysis.c - what understanding one message costs, step by step.
 *
 * usage: analysis [FILE…]; without files a 5 KB message of our own.  Medians of many runs, in
 * microseconds, each step measured in the same run.
 */
#include "base/log.h"
#include "mail/address.h"
#include "mail/facts.h"

#include <stdio.h>
#include <string.h>

#define RUNS 2000

enum step {
	STEP_PARSE,
	STEP_HTML,
	STEP_FORWARD,
	STEP_REPLY,
	STEP_FORM,
	STEP_KIND,
	STEP_PERSON,
	STEP_CONTENT,
	STEP_ALL,
	STEPS
};

static const char *const names[] = { "parse", "html",   "forward", "reply",           "form",
				     "kind",  "person", "content", "all of facts_new" };

static GString *
own_message(void)
{
	GString *s = g_string_new(
		"Received: from client.test (client.test [192.0.2.7])\n\tby mx.example.test\n"
		"From: Anna Weber <anna.weber@weber-pumps.co.uk>\nTo: sales@example.test\n"
		"Subject: Re: Offer for two packaging lines\nMessage-ID: <1@weber-pumps.co.uk>\n"
		"Date: Sat, 21 Nov 2026 10:00:00 +0000\nMIME-Version: 1.0\n"
		"Content-Type: text/plain; charset=utf-8\n\nHello,\n\n");
	while (s->len < 3000)
		g_string_append(s,
				"We are looking at new packaging machines for our second plant and "
				"would like an offer\nfor two lines, delivered before the end of "
				"March. Could you send the price list?\n\n");
	g_string_append(s, "Kind regards\nAnna Weber\nHead of Purchasing\nWeber Pumps Ltd\n"
			   "+44 20 7946 0958\n\nOn Fri, 20 Nov 2026 at 09:40, Ion Marin "
			   "<ion@example.test> wrote:\n");
	while (s->len < 5000)
		g_string_append(
			s, "> the price list is on its way, would Thursday at ten suit you?\n");
	return s;
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static gint64
nanoseconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * (gint64)1000000000 + t.tv_nsec;
}

static void
measure_once(const struct analysis *analysis, const struct raw_mail *raw, double *took)
{
	gint64 t[STEPS + 1];
	t[0] = nanoseconds();
	g_autoptr(mail_owned) mail = mail_parse(raw);
	t[1] = nanoseconds();
	g_autoptr(html_text_owned) html =
		mail->html ? html_to_text(mail->html, strlen(mail->html)) : NULL;
	if (html)
		mail_set_html_text(mail, html->text);
	t[2] = nanoseconds();
	g_autoptr(forward_owned) forward = forward_detect(mail);
	t[3] = nanoseconds();
	g_autoptr(reply_text_owned) text = reply_split(mail, html);
	t[4] = nanoseconds();
	g_autoptr(form_owned) form = form_detect(analysis->config, raw, mail, html);
	t[5] = nanoseconds();
	g_autoptr(kind_owned) kind = kind_classify(raw, mail, forward, text);
	t[6] = nanoseconds();
	struct authres auth = { 0 };
	struct sender sender = { 0 };
	const struct mail_address *author = mail_author(mail);
	sender_classify(analysis->domains, author ? author->name : NULL,
			author ? author->address : NULL, &auth, &sender);
	g_autoptr(person_owned) person =
		person_find(&(struct person_input){ mail, &sender, text, forward, form, "GB" });
	t[7] = nanoseconds();
	g_autoptr(content_owned) content =
		content_find(analysis->phrases, mail, text->new_text, html ? html->links : NULL);
	t[8] = nanoseconds();
	for (int i = 0; i < STEP_ALL; i++)
		took[i] = (t[i + 1] - t[i]) / 1e3;
	sender_clear(&sender);
	gint64 began = nanoseconds();
	g_autoptr(facts_owned) facts = facts_new(analysis, raw);
	took[STEP_ALL] = (nanoseconds() - began) / 1e3;
}

static double
median_of(const GArray *runs, int step)
{
	g_autoptr(GArray) values = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint i = 0; i < runs->len / STEPS; i++)
		g_array_append_val(values, g_array_index(runs, double, i *STEPS + step));
	g_array_sort(values, compare);
	return g_array_index(values, double, values->len / 2);
}

static void
measure(const struct analysis *analysis, const char *name, const char *bytes, gsize length)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, bytes, length);
	g_autoptr(GArray) runs = g_array_new(FALSE, FALSE, sizeof(double));
	for (int i = 0; i < RUNS; i++) {
		double took[STEPS];
		measure_once(analysis, raw, took);
		g_array_append_vals(runs, took, STEPS);
	}
	printf("%s (%zu bytes), medians in microseconds:\n", name, length);
	for (int i = 0; i < STEPS; i++)
		printf("  %-18s %8.1f\n", names[i], median_of(runs, i));
}

/* What facts_new() takes for a file, the best of three; 0 when it can't be read. */
static double
best_of_three(const struct analysis *analysis, const char *path)
{
	g_autofree char *bytes = NULL;
	gsize length;
	double best = 0;
	if (!g_file_get_contents(path, &bytes, &length, NULL))
		return 0;
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, bytes, length);
	for (int i = 0; i < 3; i++) {
		gint64 began = nanoseconds();
		g_autoptr(facts_owned) facts = facts_new(analysis, raw);
		double took = (nanoseconds() - began) / 1e3;
		best = i == 0 || took < best ? took : best;
	}
	return best;
}

static int
worst(const struct analysis *analysis, int count, char **paths)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(double));
	const char *slowest = "";
	double most = 0;
	for (int i = 0; i < count; i++) {
		double took = best_of_three(analysis, paths[i]);
		g_array_append_val(all, took);
		if (took > most) {
			most = took;
			slowest = paths[i];
		}
	}
	g_array_sort(all, compare);
	printf("%d files: median %.0f us, slowest %.0f us (%s)\n", count,
	       count ? g_array_index(all, double, all->len / 2) : 0, most, slowest);
	return most > 50000;
}

int
main(int argc, char **argv)
{
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	g_autoptr(analysis_owned) analysis = analysis_new(config, &error);
	if (!analysis) {
		fprintf(stderr, "analysis: %s\n", error->message);
		return 1;
	}
	if (argc > 1 && !strcmp(argv[1], "--worst"))
		return worst(analysis, argc - 2, argv + 2);
	if (argc < 2) {
		g_autoptr(GString) own = own_message();
		measure(analysis, "own message", own->str, own->len);
	}
	for (int i = 1; i < argc; i++) {
		g_autofree char *bytes = NULL;
		gsize length;
		if (g_file_get_contents(argv[i], &bytes, &length, NULL))
			measure(analysis, argv[i], bytes, length);
	}
	return 0;
}
