/*
 * leadctl_mail.c - commands on messages: inspect, score, replay, signals.
 */
#include "leadctl.h"
#include "archive.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/shipped.h"
#include "intake.h"
#include "lead/alone.h"
#include "lead/inspect.h"
#include "lead/score_diff.h"
#include "lead/signals.h"
#include "mail/envelope.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

struct mail_options {
	char *mail_from;
	char **recipients;
	char *scorecard;
	char *client;
	gboolean shadow;
	gboolean submitted; /* mail from our own domains was sent by us */
};

/* A message as the milter would have got it. */
static struct raw_mail *
read_message(const struct mail_options *options, const void *bytes, gsize length, gint64 now)
{
	struct raw_mail *raw = raw_mail_new(now);
	raw_mail_read(raw, bytes, length);
	if (options->mail_from)
		raw_mail_set_sender(raw, options->mail_from);
	if (options->client)
		raw->client_address = g_strdup(options->client);
	for (char **each = options->recipients; each && *each; each++)
		raw_mail_add_recipient(raw, *each);
	return raw;
}

/* --- inspect and score --- */

struct inspection {
	struct leadctl *leadctl;
	struct mail_options options;
	gboolean with_score;
	gboolean with_diff;
	struct scorecards *before, *after; /* with_diff */
	struct score_diff *diff;
	guint count;
};

static void print_row(const char *label, const char *format, ...) G_GNUC_PRINTF(2, 3);

static void
print_row(const char *label, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *text = g_strdup_vprintf(format, args);
	va_end(args);
	if (*text)
		printf("  %-11s %s\n", label, text);
}

static const char *
or_empty(const char *text)
{
	return text ? text : "";
}

static void
print_facts(const struct facts *facts, const char *name)
{
	const struct sender *sender = &facts->sender;
	const struct person *person = facts->person;
	printf("%s\n", name);
	print_row("kind", "%s (%s)", kind_name(facts->kind->kind), facts->kind->evidence);
	print_row("direction", "%s", direction_name(facts->direction));
	print_row("subject", "%s", facts->mail->subject);
	print_row("sender", "%s <%s>%s%s%s%s%s", or_empty(sender->name), or_empty(sender->address),
		  sender->freemail ? " free-mail" : "", sender->disposable ? " disposable" : "",
		  sender->role ? " role" : "", sender->relay ? " relay" : "",
		  sender->verified  ? " verified"
		  : sender->spoofed ? " SPOOFED"
				    : "");
	print_row("person", "%s", or_empty(person->name));
	print_row("title", "%s", or_empty(person->title));
	print_row("company", "%s", or_empty(person->company));
	for (guint i = 0; i < person->phones->len; i++) {
		const struct phone *phone = g_ptr_array_index(person->phones, i);
		print_row("phone", "%s (%s)", phone->e164 ? phone->e164 : phone->raw, phone->kind);
	}
	if (facts->forward)
		print_row("forwarded", "%s <%s>", or_empty(facts->forward->name),
			  or_empty(facts->forward->address));
	for (guint i = 0; i < facts->content->hits->len; i++) {
		const struct content_hit *hit = g_ptr_array_index(facts->content->hits, i);
		print_row("signal", "%s: %s", hit->name, or_empty(hit->evidence));
	}
	g_autofree char *excerpt = g_utf8_substring(
		facts->text->new_text, 0, MIN(300, g_utf8_strlen(facts->text->new_text, -1)));
	g_strdelimit(excerpt, "\n\t", ' ');
	print_row("text", "%s", excerpt);
}

static void
print_one_score(const struct score *score)
{
	print_row("score", "%.1f on %s (fit %.1f, engagement %.1f, quality %.1f), grade %c, %s%s",
		  score->total, score->scorecard, score->fit, score->engagement, score->quality,
		  score->grade, temperature_name(score->temperature),
		  score->qualified ? ", qualified" : "");
	for (guint i = 0; i < score->contributions->len; i++) {
		const struct contribution *each = g_ptr_array_index(score->contributions, i);
		printf("    %+7.1f  %-22s %s%s%s\n", each->points, each->rule,
		       or_empty(each->reason), each->evidence ? ": " : "",
		       or_empty(each->evidence));
	}
}

/* The leading card comes first. */
static void
print_score(const struct score *score)
{
	print_row("complete", "%.0f %%", score->completeness);
	print_one_score(score);
	for (guint i = 0; score->others && i < score->others->len; i++)
		print_one_score(g_ptr_array_index(score->others, i));
}

static void
print_inspection(const struct inspection *inspection, const struct facts *facts, const char *name,
		 const struct score *score)
{
	if (inspection->leadctl->json) {
		g_autofree char *json = inspect_to_json(facts, name, score);
		puts(json);
		return;
	}
	print_facts(facts, name);
	if (score)
		print_score(score);
}

static void
print_scored(struct inspection *inspection, const struct facts *facts, const char *name)
{
	struct leadctl *leadctl = inspection->leadctl;
	struct alone alone;
	alone_score(leadctl->generation->scorecards, inspection->options.scorecard, facts,
		    leadctl->now, &alone);
	print_inspection(inspection, facts, name, &alone.score);
	alone_clear(&alone);
}

/* --- two scorecards beside each other --- */

static void
score_with(const struct scorecards *cards, const struct facts *facts, gint64 now, struct alone *ret)
{
	alone_score(cards, scorecards_find(cards, NULL)->name, facts, now, ret);
}

static void
print_diff(struct inspection *inspection, const struct facts *facts, const char *name)
{
	gint64 now = inspection->leadctl->now;
	struct alone before, after;
	if (!kind_is_human(facts->kind->kind))
		return;
	score_with(inspection->before, facts, now, &before);
	score_with(inspection->after, facts, now, &after);
	g_autoptr(score_diff_message_owned) message =
		score_diff_add(inspection->diff, &before.score, &after.score);
	alone_clear(&before);
	alone_clear(&after);
	if (!score_diff_message_differs(message))
		return;
	g_autofree char *text = inspection->leadctl->json
					? score_diff_message_to_json(message, name)
					: score_diff_message_to_text(message, name);
	fputs(text, stdout);
	if (inspection->leadctl->json)
		putchar('\n');
}

/* The site's configuration with one scorecard in place of its own. */
static struct scorecards *
load_card(struct leadctl *leadctl, const char *name)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *here = g_get_current_dir();
	g_autofree char *path = shipped_path(name, here);
	struct scorecards *cards = NULL;
	g_autoptr(config_owned) config =
		leadctl->config_path ? config_load(leadctl->config_path, &error) : config_default();
	struct config_scorecard *card = config ? config_scorecard_load(path, &error) : NULL;
	if (card) {
		g_ptr_array_set_size(config->scorecards, 0);
		g_ptr_array_add(config->scorecards, card);
		cards = scorecards_new(config, &error);
	}
	if (!cards)
		leadctl_fail(error);
	return cards;
}

static gboolean
begin_diff(struct inspection *inspection, char **files)
{
	inspection->diff = score_diff_new();
	inspection->before = load_card(inspection->leadctl, files[0]);
	inspection->after = inspection->before ? load_card(inspection->leadctl, files[1]) : NULL;
	return inspection->after != NULL;
}

static void
end_diff(struct inspection *inspection, gboolean show)
{
	if (show) {
		g_autofree char *text = inspection->leadctl->json
						? score_diff_to_json(inspection->diff)
						: score_diff_to_text(inspection->diff);
		fputs(inspection->leadctl->json ? "" : "\n", stdout);
		fputs(text, stdout);
		fputs(inspection->leadctl->json ? "\n" : "", stdout);
	}
	score_diff_free(inspection->diff);
	scorecards_unref(inspection->before);
	scorecards_unref(inspection->after);
}

static gboolean
inspect_message(const char *name, const void *bytes, gsize length, gpointer data)
{
	struct inspection *inspection = data;
	struct leadctl *leadctl = inspection->leadctl;
	g_autoptr(raw_mail_owned) raw =
		read_message(&inspection->options, bytes, length, leadctl->now);
	if (!raw->recipients->len && inspection->with_score) {
		g_autoptr(mail_owned) mail = mail_parse(raw);
		envelope_guess(raw, mail);
	}
	g_autoptr(facts_owned) facts = facts_new(leadctl->generation->analysis, raw);
	inspection->count++;
	if (inspection->with_diff)
		print_diff(inspection, facts, name);
	else if (inspection->with_score)
		print_scored(inspection, facts, name);
	else
		print_inspection(inspection, facts, name, NULL);
	return TRUE;
}

static gboolean
has_scorecard(const struct generation *generation, const char *name, GError **error)
{
	if (!name || !strcmp(scorecards_find(generation->scorecards, name)->name, name))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no scorecard \"%s\"", name);
	return FALSE;
}

static int
walk_paths(struct inspection *inspection, char **paths)
{
	int code = LEADCTL_OK;
	for (; *paths; paths++) {
		g_autoptr(GError) error = NULL;
		if (!archive_walk(*paths, inspect_message, inspection, &error)) {
			leadctl_fail(error);
			code = LEADCTL_FAILURE;
		}
	}
	return code;
}

static int
inspect_paths(struct inspection *inspection, char **paths)
{
	struct leadctl *leadctl = inspection->leadctl;
	if (!leadctl_generation(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GError) missing = NULL;
	if (!has_scorecard(leadctl->generation, inspection->options.scorecard, &missing))
		return leadctl_fail(missing);
	if (!inspection->with_diff)
		return walk_paths(inspection, paths);
	gboolean begun = begin_diff(inspection, paths);
	int code = begun ? walk_paths(inspection, paths + 2) : LEADCTL_FAILURE;
	end_diff(inspection, begun);
	return code;
}

static int
run_inspection(struct leadctl *leadctl, const char *name, gboolean with_score, int argc,
	       char **argv)
{
	struct inspection inspection = { .leadctl = leadctl, .with_score = with_score };
	struct mail_options *options = &inspection.options;
	const struct leadctl_command *command = leadctl_find(leadctl_mail_commands, name);
	const GOptionEntry entries[] = {
		{ "mail-from", 0, 0, G_OPTION_ARG_STRING, &options->mail_from, NULL, NULL },
		{ "rcpt", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->recipients, NULL, NULL },
		{ "client", 0, 0, G_OPTION_ARG_STRING, &options->client, NULL, NULL },
		{ "scorecard", 0, 0, G_OPTION_ARG_STRING, &options->scorecard, NULL, NULL },
		{ "diff", 0, with_score ? 0 : G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE,
		  &inspection.with_diff, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc < (inspection.with_diff ? 4 : 2) || (inspection.with_diff && !with_score))
		return leadctl_usage(command);
	int code = inspect_paths(&inspection, argv + 1);
	g_free(options->mail_from);
	g_strfreev(options->recipients);
	g_free(options->client);
	g_free(options->scorecard);
	return code;
}

static int
run_inspect(struct leadctl *leadctl, int argc, char **argv)
{
	return run_inspection(leadctl, "inspect", FALSE, argc, argv);
}

static int
run_score(struct leadctl *leadctl, int argc, char **argv)
{
	return run_inspection(leadctl, "score", TRUE, argc, argv);
}

/* --- replay --- */

struct replay {
	struct leadctl *leadctl;
	struct mail_options options;
	guint total, files, messages, failed;
	guint actions[ACTION_DUPLICATE + 1];
	char *file; /* being read */
};

static void
show_progress(const struct replay *replay, gboolean end)
{
	if (!isatty(STDERR_FILENO))
		return;
	guint width = 40;
	guint filled = replay->total ? MIN(width, width * replay->files / replay->total) : width;
	fprintf(stderr, "\r[%.*s%.*s] %u messages%s", filled,
		"########################################", width - filled,
		"                                        ", replay->messages, end ? "\n" : "");
}

/* When the message came: its Date, unless that lies in the future or is missing. */
static gint64
message_time(const struct mail *mail, gint64 now)
{
	return mail->date > 0 && mail->date < now ? mail->date : now;
}

static cJSON *
replay_request(const struct replay *replay, const struct raw_mail *raw)
{
	g_autoptr(GBytes) bytes = raw_mail_to_bytes(raw);
	gsize length;
	const guchar *data = g_bytes_get_data(bytes, &length);
	g_autofree char *encoded = g_base64_encode(data, length);
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", "replay");
	cJSON_AddBoolToObject(request, "shadow", replay->options.shadow);
	cJSON_AddStringToObject(request, "mail", encoded);
	return request;
}

static void
count_reply(struct replay *replay, const char *name, const cJSON *reply)
{
	const char *action =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "action"));
	for (guint i = 0; i < G_N_ELEMENTS(replay->actions); i++)
		if (!g_strcmp0(action, action_name(i)))
			replay->actions[i]++;
	if (replay->leadctl->json) {
		cJSON *line = cJSON_Duplicate(reply, TRUE);
		cJSON_DeleteItemFromObject(line, "ok");
		cJSON_AddStringToObject(line, "file", name);
		leadctl_print_json(line);
	}
}

static gboolean
replay_message(const char *name, const void *bytes, gsize length, gpointer data)
{
	struct replay *replay = data;
	g_autoptr(raw_mail_owned) raw =
		read_message(&replay->options, bytes, length, replay->leadctl->now);
	g_autoptr(mail_owned) mail = mail_parse(raw);
	raw->received = message_time(mail, replay->leadctl->now);
	if (!raw->recipients->len)
		envelope_guess(raw, mail);
	const struct mail_address *author = mail_author(mail);
	if (replay->options.submitted && author)
		raw->auth_login = g_strdup(author->address);
	cJSON *request = replay_request(replay, raw);
	cJSON *reply = leadctl_ask(replay->leadctl, request);
	cJSON_Delete(request);
	if (g_strcmp0(replay->file, name)) {
		g_free(replay->file);
		replay->file = g_strdup(name);
		replay->files++;
	}
	replay->messages++;
	if (reply)
		count_reply(replay, name, reply);
	else
		replay->failed++;
	cJSON_Delete(reply);
	if (replay->messages % 16 == 0)
		show_progress(replay, FALSE);
	return replay->failed < 10; /* the store is gone: no use in going on */
}

static void
print_replay(const struct replay *replay)
{
	show_progress(replay, TRUE);
	if (replay->leadctl->json)
		return;
	printf("%u messages:", replay->messages);
	for (guint i = 0; i < G_N_ELEMENTS(replay->actions); i++)
		if (replay->actions[i])
			printf(" %s %u", action_name(i), replay->actions[i]);
	printf(" failed %u\n", replay->failed);
}

static int
run_replay(struct leadctl *leadctl, int argc, char **argv)
{
	struct replay replay = { .leadctl = leadctl };
	const struct leadctl_command *command = leadctl_find(leadctl_mail_commands, "replay");
	const GOptionEntry entries[] = {
		{ "shadow", 0, 0, G_OPTION_ARG_NONE, &replay.options.shadow, NULL, NULL },
		{ "submitted", 0, 0, G_OPTION_ARG_NONE, &replay.options.submitted, NULL, NULL },
		{ "mail-from", 0, 0, G_OPTION_ARG_STRING, &replay.options.mail_from, NULL, NULL },
		{ "rcpt", 0, 0, G_OPTION_ARG_STRING_ARRAY, &replay.options.recipients, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv) || argc < 2)
		return argc < 2 ? leadctl_usage(command) : LEADCTL_USAGE;
	for (int i = 1; i < argc; i++)
		replay.total += archive_count(argv[i]);
	int code = LEADCTL_OK;
	for (int i = 1; i < argc; i++) {
		g_autoptr(GError) error = NULL;
		if (!archive_walk(argv[i], replay_message, &replay, &error)) {
			leadctl_fail(error);
			code = LEADCTL_FAILURE;
		}
	}
	print_replay(&replay);
	g_free(replay.file);
	g_free(replay.options.mail_from);
	g_strfreev(replay.options.recipients);
	return replay.failed ? LEADCTL_FAILURE : code;
}

/* --- signals --- */

static cJSON *
signal_to_json(const struct signal *signal)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "name", signals_name(signal));
	cJSON_AddStringToObject(object, "type", signals_type_name(signals_type(signal)));
	cJSON_AddStringToObject(object, "meaning", signals_doc(signal));
	const char *const *choices = signals_choices(signal);
	cJSON *list = choices ? cJSON_AddArrayToObject(object, "values") : NULL;
	for (; list && *choices; choices++)
		cJSON_AddItemToArray(list, cJSON_CreateString(*choices));
	return object;
}

static int
run_signals(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argv;
	if (argc != 1)
		return leadctl_usage(leadctl_find(leadctl_mail_commands, "signals"));
	if (leadctl->json) {
		for (guint i = 0; signals_nth(i); i++)
			leadctl_print_json(signal_to_json(signals_nth(i)));
		return LEADCTL_OK;
	}
	g_autofree char *text = signals_to_text();
	fputs(text, stdout);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_mail_commands[] = {
	{ "inspect", "[--mail-from A] [--rcpt A]… [--client IP] PATH…",
	  "what the milter sees in messages", run_inspect },
	{ "score",
	  "[--scorecard NAME | --diff OLD.conf NEW.conf] [--mail-from A] [--rcpt A]… PATH…",
	  "the same with points and reasons, or what another scorecard would change", run_score },
	{ "replay", "[--shadow] [--submitted] [--mail-from A] [--rcpt A]… PATH…",
	  "run an archive into the store", run_replay },
	{ "signals", "", "what a rule\'s condition may test", run_signals },
	{ NULL, NULL, NULL, NULL },
};
