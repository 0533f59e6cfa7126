/*
 * leadctl_leads.c - commands that read the store: leads, show, explain.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "lead/show.h"
#include "base/error.h"
#include "lead/score.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *
or_dash(const char *text)
{
	return text && *text ? text : "-";
}

/* The score as of --now, from the ledger: what a list or a cache says may be older. */
static gboolean
evaluate(struct leadctl *leadctl, const struct lead *lead, GPtrArray **ret_touches,
	 struct score *ret_score)
{
	g_autoptr(GError) error = NULL;
	*ret_touches = store_touches(leadctl->store, lead->id, &error);
	if (!*ret_touches) {
		leadctl_fail(error);
		return FALSE;
	}
	score_evaluate(scorecards_find(leadctl->generation->scorecards, lead->scorecard),
		       *ret_touches, NULL, lead, leadctl->now, ret_score);
	return TRUE;
}

static cJSON *
lead_to_json(const struct lead *lead, const struct score *score)
{
	char grade[2] = { score ? score->grade : lead->grade, '\0' };
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "id", lead->id);
	show_add_text(object, "name", lead->name);
	show_add_text(object, "address", lead->address);
	show_add_text(object, "company", lead->company);
	show_add_text(object, "title", lead->title);
	show_add_text(object, "phone", lead->phone);
	show_add_text(object, "country", lead->country);
	show_add_text(object, "account", lead->account);
	show_add_text(object, "stage", stage_name(lead->stage));
	show_add_time(object, "stage_since", lead->stage_since);
	show_add_text(object, "stage_cause", lead->stage_cause);
	show_add_text(object, "owner", lead->owner);
	show_add_text(object, "owner_reason", lead->owner_reason);
	show_add_text(object, "source", lead->source);
	show_add_text(object, "scorecard", lead->scorecard);
	show_add_points(object, "score", score ? score->total : lead->total);
	show_add_points(object, "fit", score ? score->fit : lead->fit);
	show_add_points(object, "engagement", score ? score->engagement : lead->engagement);
	show_add_points(object, "quality", score ? score->quality : lead->quality);
	show_add_points(object, "completeness", score ? score->completeness : lead->completeness);
	show_add_text(object, "grade", grade);
	show_add_text(object, "temperature",
		      temperature_name(score ? score->temperature : lead->temperature));
	cJSON_AddBoolToObject(object, "unverified", lead->unverified);
	cJSON_AddBoolToObject(object, "unreachable", lead->unreachable);
	cJSON_AddBoolToObject(object, "opted_out", lead->opted_out);
	cJSON_AddNumberToObject(object, "touches", lead->touch_count);
	show_add_time(object, "created", lead->created);
	show_add_time(object, "updated", lead->updated);
	show_add_time(object, "first_inbound", lead->first_inbound);
	show_add_time(object, "last_inbound", lead->last_inbound);
	show_add_time(object, "first_response", lead->first_response);
	cJSON *duplicates = cJSON_AddArrayToObject(object, "possible_duplicates");
	for (guint i = 0; lead->possible_duplicates && i < lead->possible_duplicates->len; i++)
		cJSON_AddItemToArray(duplicates, cJSON_CreateString(g_ptr_array_index(
							 lead->possible_duplicates, i)));
	return object;
}

/* --- leads --- */

/* A column of `width` characters, whatever their script: cut or filled up. */
static char *
column(const char *text, glong width)
{
	glong length = g_utf8_strlen(text, -1);
	if (length > width)
		return g_utf8_substring(text, 0, width);
	return g_strdup_printf("%s%*s", text, (int)(width - length), "");
}

static void
print_lead_line(const struct lead *lead)
{
	g_autofree char *when = leadctl_time(lead->last_inbound);
	g_autofree char *owner = column(or_dash(lead->owner), 26);
	g_autofree char *name = column(or_dash(lead->name ? lead->name : lead->address), 30);
	printf("%-29s %6.1f %c %-4s %-12s %s %s %s\n", lead->id, lead->total,
	       lead->grade ? lead->grade : '-', temperature_name(lead->temperature),
	       stage_name(lead->stage), owner, name, when);
}

static int
run_leads(struct leadctl *leadctl, int argc, char **argv)
{
	static char *text, *owner, *account, *stage, *since, *scorecard, *source;
	static int most = 50, skip;
	const struct leadctl_command *command = leadctl_find(leadctl_lead_commands, "leads");
	const GOptionEntry entries[] = {
		{ "text", 0, 0, G_OPTION_ARG_STRING, &text, NULL, NULL },
		{ "owner", 0, 0, G_OPTION_ARG_STRING, &owner, NULL, NULL },
		{ "account", 0, 0, G_OPTION_ARG_STRING, &account, NULL, NULL },
		{ "scorecard", 0, 0, G_OPTION_ARG_STRING, &scorecard, NULL, NULL },
		{ "source", 0, 0, G_OPTION_ARG_STRING, &source, NULL, NULL },
		{ "stage", 0, 0, G_OPTION_ARG_STRING, &stage, NULL, NULL },
		{ "since", 0, 0, G_OPTION_ARG_STRING, &since, NULL, NULL },
		{ "most", 0, 0, G_OPTION_ARG_INT, &most, NULL, NULL },
		{ "skip", 0, 0, G_OPTION_ARG_INT, &skip, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 1)
		return leadctl_usage(command);
	struct lead_filter filter = { text,
				      owner,
				      account,
				      scorecard,
				      source,
				      -1,
				      0,
				      (guint)MAX(most, 0),
				      (guint)MAX(skip, 0) };
	enum stage wanted;
	g_autoptr(GError) error = NULL;
	if (stage && !stage_from_name(stage, &wanted)) {
		fprintf(stderr, "leadctl leads: --stage: no stage \"%s\"\n", stage);
		return LEADCTL_USAGE;
	}
	if (stage)
		filter.stage = (int)wanted;
	if (since) {
		filter.since = clock_parse(since, &error);
		if (error) {
			fprintf(stderr, "leadctl leads: --since: %s\n", error->message);
			return LEADCTL_USAGE;
		}
	}
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GPtrArray) leads = store_leads(leadctl->store, &filter, &error);
	if (!leads)
		return leadctl_fail(error);
	for (guint i = 0; i < leads->len; i++) {
		const struct lead *lead = g_ptr_array_index(leads, i);
		if (leadctl->json)
			leadctl_print_json(lead_to_json(lead, NULL));
		else
			print_lead_line(lead);
	}
	return leads->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* --- show --- */

static void
print_row(const char *label, const char *value)
{
	if (value && *value)
		printf("  %-14s %s\n", label, value);
}

static void
print_lead(const struct lead *lead, const struct score *score)
{
	g_autofree char *created = leadctl_time(lead->created);
	g_autofree char *response = leadctl_time(lead->first_response);
	printf("%s  %s\n", lead->id, or_dash(lead->name));
	print_row("address", lead->address);
	print_row("title", lead->title);
	print_row("company", lead->company);
	print_row("phone", lead->phone);
	print_row("country", lead->country);
	print_row("account", lead->account);
	g_autofree char *stage =
		g_strdup_printf("%s (%s)", stage_name(lead->stage), or_dash(lead->stage_cause));
	print_row("stage", stage);
	g_autofree char *owner =
		lead->owner ? g_strdup_printf("%s (%s)", lead->owner, or_dash(lead->owner_reason))
			    : g_strdup("nobody yet");
	print_row("owner", owner);
	print_row("source", lead->source);
	g_autofree char *total = g_strdup_printf(
		"%.1f (fit %.1f, engagement %.1f, quality %.1f), grade %c, %s, %.0f %% complete",
		score->total, score->fit, score->engagement, score->quality, score->grade,
		temperature_name(score->temperature), score->completeness);
	print_row("score", total);
	print_row("created", created);
	print_row("first response", response);
	if (lead->unverified)
		print_row("unverified", "the sender's domain does not vouch for this mail");
	if (lead->unreachable)
		print_row("unreachable", "mail to this address bounced");
	if (lead->opted_out)
		print_row("opted out", "yes");
	for (guint i = 0; lead->possible_duplicates && i < lead->possible_duplicates->len; i++)
		print_row("maybe the same", g_ptr_array_index(lead->possible_duplicates, i));
}

static cJSON *
touch_to_json(const struct touch *touch)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "sequence", (double)touch->sequence);
	show_add_time(object, "time", touch->time);
	show_add_text(object, "touch", touch->name);
	show_add_text(object, "direction", touch->direction);
	show_add_text(object, "subject", touch->subject);
	show_add_text(object, "mailbox", touch->mailbox);
	show_add_text(object, "message_id", touch->message_id);
	show_add_text(object, "note", touch->note);
	if (touch->latency >= 0)
		cJSON_AddNumberToObject(object, "latency_seconds",
					(double)(touch->latency / CLOCK_SECOND));
	return object;
}

static cJSON *
stage_changes_to_json(const GPtrArray *changes)
{
	cJSON *array = cJSON_CreateArray();
	for (guint i = 0; i < changes->len; i++) {
		const struct stage_change *change = g_ptr_array_index(changes, i);
		cJSON *object = cJSON_CreateObject();
		show_add_time(object, "time", change->time);
		show_add_text(object, "from", change->from);
		show_add_text(object, "to", change->to);
		show_add_text(object, "cause", change->cause);
		cJSON_AddItemToArray(array, object);
	}
	return array;
}

static void
print_history(const GPtrArray *touches, const GPtrArray *changes)
{
	printf("  history\n");
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = g_ptr_array_index(touches, i);
		g_autofree char *when = leadctl_time(touch->time);
		printf("    %s  %-8s %-12s %s\n", when, or_dash(touch->direction), touch->name,
		       touch->subject ? touch->subject : "");
	}
	for (guint i = 0; i < changes->len; i++) {
		const struct stage_change *change = g_ptr_array_index(changes, i);
		g_autofree char *when = leadctl_time(change->time);
		printf("    %s  stage    %s -> %s (%s)\n", when, or_dash(change->from), change->to,
		       or_dash(change->cause));
	}
}

/* The one lead a command names, with store and configuration opened; NULL after an error. */
static struct lead *
find_lead(struct leadctl *leadctl, const struct leadctl_command *command, int argc, char **argv,
	  int *ret_code)
{
	g_autoptr(GError) error = NULL;
	if (argc != 2) {
		*ret_code = leadctl_usage(command);
		return NULL;
	}
	*ret_code = LEADCTL_FAILURE;
	if (!leadctl_generation(leadctl) || !leadctl_store(leadctl))
		return NULL;
	struct lead *lead = store_lead(leadctl->store, argv[1], &error);
	if (!lead)
		*ret_code = leadctl_fail(error);
	return lead;
}

static int
run_show(struct leadctl *leadctl, int argc, char **argv)
{
	int code;
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead =
		find_lead(leadctl, leadctl_find(leadctl_lead_commands, "show"), argc, argv, &code);
	g_autoptr(GPtrArray) touches = NULL;
	struct score score = { 0 };
	if (!lead || !evaluate(leadctl, lead, &touches, &score))
		return code;
	g_autoptr(GPtrArray) changes = store_stage_changes(leadctl->store, lead->id, &error);
	if (!changes) {
		score_clear(&score);
		return leadctl_fail(error);
	}
	if (leadctl->json) {
		cJSON *object = lead_to_json(lead, &score);
		cJSON *list = cJSON_AddArrayToObject(object, "history");
		for (guint i = 0; i < touches->len; i++)
			cJSON_AddItemToArray(list, touch_to_json(g_ptr_array_index(touches, i)));
		cJSON_AddItemToObject(object, "stages", stage_changes_to_json(changes));
		leadctl_print_json(object);
	} else {
		print_lead(lead, &score);
		print_history(touches, changes);
	}
	score_clear(&score);
	return LEADCTL_OK;
}

/* --- explain --- */

static void
print_explanation(const struct lead *lead, const struct score *score)
{
	printf("%s  %s  %s\n", lead->id, or_dash(lead->name), or_dash(lead->address));
	printf("  %7s %7s  %-22s %-10s %-16s %s\n", "points", "raw", "rule", "dimension", "when",
	       "reason");
	for (guint i = 0; i < score->contributions->len; i++) {
		const struct contribution *each = g_ptr_array_index(score->contributions, i);
		g_autofree char *when = leadctl_time(each->time);
		printf("  %+7.2f %+7.2f  %-22s %-10s %-16s %s%s%s%s\n", each->points, each->raw,
		       each->rule, dimension_name(each->dimension), when, or_dash(each->reason),
		       each->evidence ? " [" : "", each->evidence ? each->evidence : "",
		       each->evidence ? "]" : "");
	}
	printf("  %+7.2f          = fit %.2f + engagement %.2f + quality %.2f on scorecard "
	       "\"%s\"\n",
	       score->total, score->fit, score->engagement, score->quality, score->scorecard);
	printf("  grade %c, %s, %.0f %% of the key fields known\n", score->grade,
	       temperature_name(score->temperature), score->completeness);
}

static cJSON *
contribution_to_json(const struct contribution *each)
{
	cJSON *row = cJSON_CreateObject();
	show_add_text(row, "rule", each->rule);
	show_add_text(row, "group", each->group);
	show_add_text(row, "dimension", dimension_name(each->dimension));
	show_add_text(row, "kind", each->is_explicit ? "explicit" : "implicit");
	cJSON_AddNumberToObject(row, "raw", each->raw);
	cJSON_AddNumberToObject(row, "decayed", each->decayed);
	cJSON_AddNumberToObject(row, "points", each->points);
	cJSON_AddNumberToObject(row, "half_life_days", each->half_life_days);
	show_add_text(row, "reason", each->reason);
	show_add_text(row, "evidence", each->evidence);
	show_add_time(row, "time", each->time);
	return row;
}

static int
run_explain(struct leadctl *leadctl, int argc, char **argv)
{
	int code;
	g_autoptr(lead_owned) lead = find_lead(
		leadctl, leadctl_find(leadctl_lead_commands, "explain"), argc, argv, &code);
	g_autoptr(GPtrArray) touches = NULL;
	struct score score = { 0 };
	if (!lead || !evaluate(leadctl, lead, &touches, &score))
		return code;
	if (leadctl->json) {
		cJSON *object = lead_to_json(lead, &score);
		cJSON_ReplaceItemInObject(object, "score", cJSON_CreateNumber(score.total));
		cJSON *list = cJSON_AddArrayToObject(object, "contributions");
		for (guint i = 0; i < score.contributions->len; i++)
			cJSON_AddItemToArray(list, contribution_to_json(g_ptr_array_index(
							   score.contributions, i)));
		leadctl_print_json(object);
	} else
		print_explanation(lead, &score);
	score_clear(&score);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_lead_commands[] = {
	{ "leads", "[--stage S] [--owner A] [--account D] [--text T] [--since TIME] [--most N]",
	  "the leads, last changed first", run_leads },
	{ "show", "LEAD|ADDRESS", "one lead with its history", run_show },
	{ "explain", "LEAD|ADDRESS", "every point of its score", run_explain },
	{ NULL, NULL, NULL, NULL },
};
