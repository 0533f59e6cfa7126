/*
 * leadctl_show.c - one lead: its card with history, and every point of its score.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "lead/score.h"
#include "lead/show.h"

#include <stdio.h>
#include <string.h>

/* A lead with what is shown of it. */
struct shown {
	struct lead *lead;
	GPtrArray *touches;
	GPtrArray *changes; /* struct stage_change * */
	GPtrArray *contacts; /* struct contact *: others of the account in the conversation */
	struct score score; /* as of --now, from the ledger: a list or cache may be older */
};

static void
shown_clear(struct shown *shown)
{
	score_clear(&shown->score);
	if (shown->touches)
		g_ptr_array_unref(shown->touches);
	if (shown->changes)
		g_ptr_array_unref(shown->changes);
	if (shown->contacts)
		g_ptr_array_unref(shown->contacts);
	lead_free(shown->lead);
}

static const char *
or_dash(const char *text)
{
	return text && *text ? text : "-";
}

/* @return the exit code when it isn't there */
static int
load_shown(struct leadctl *leadctl, const char *key, struct shown *shown)
{
	g_autoptr(GError) error = NULL;
	if (!leadctl_generation(leadctl))
		return LEADCTL_FAILURE;
	shown->lead = leadctl_lead(leadctl, key, TRUE);
	if (!shown->lead)
		return leadctl->failure;
	shown->touches = store_touches(leadctl->store, shown->lead->id, &error);
	if (shown->touches)
		shown->changes = store_stage_changes(leadctl->store, shown->lead->id, &error);
	if (shown->changes)
		shown->contacts =
			shown->lead->account
				? store_contacts(leadctl->store, shown->lead->account, &error)
				: g_ptr_array_new();
	if (!shown->contacts)
		return leadctl_fail(error);
	score_evaluate_all(leadctl->generation->scorecards, shown->touches, shown->lead,
			   leadctl->now, &shown->score);
	return LEADCTL_OK;
}

/* Ids of cards that were merged into this one, by what their touches say.  @return char *, not
 * owned; caller unrefs */
static GPtrArray *
merged_cards(const struct shown *shown)
{
	GPtrArray *ids = g_ptr_array_new();
	for (guint i = 0; i < shown->touches->len; i++) {
		const struct touch *touch = g_ptr_array_index(shown->touches, i);
		if (touch->origin &&
		    !g_ptr_array_find_with_equal_func(ids, touch->origin, g_str_equal, NULL))
			g_ptr_array_add(ids, touch->origin);
	}
	return ids;
}

/* --- the card for people --- */

static void
print_time(const char *label, gint64 time)
{
	g_autofree char *text = time ? leadctl_time(time) : NULL;
	leadctl_row(label, text);
}

static void
print_list(const char *label, const GPtrArray *texts)
{
	for (guint i = 0; texts && i < texts->len; i++)
		leadctl_row(i ? "" : label, g_ptr_array_index(texts, i));
}

static void
print_person(const struct lead *lead)
{
	printf("%s  %s\n", lead->id, or_dash(lead->name));
	leadctl_row("address", lead->address);
	print_list("also", lead->addresses);
	leadctl_row("title", lead->title);
	leadctl_row("company", lead->company);
	leadctl_row("phone", lead->phone);
	leadctl_row("country", lead->country);
	leadctl_row("language", lead->language);
	leadctl_row("account", lead->account);
	leadctl_row("customer", lead->customer);
}

static void
print_task(const struct lead *lead)
{
	g_autofree char *due = leadctl_time(lead->task_due);
	g_autofree char *missed = leadctl_time(lead->task_breached);
	g_autofree char *task =
		!lead->task ? NULL
		: lead->task_breached
			? g_strdup_printf("%s by %s, MISSED at %s", lead->task, due, missed)
			: g_strdup_printf("%s by %s", lead->task, due);
	leadctl_row("task", task);
}

static void
print_sales(const struct lead *lead)
{
	g_autofree char *since = leadctl_time(lead->stage_since);
	g_autofree char *stage = g_strdup_printf("%s since %s (%s)", stage_name(lead->stage), since,
						 or_dash(lead->stage_cause));
	g_autofree char *owner =
		lead->owner ? g_strdup_printf("%s (%s)", lead->owner, or_dash(lead->owner_reason))
			    : g_strdup("nobody yet");
	leadctl_row("stage", stage);
	leadctl_row("owner", owner);
	print_task(lead);
	leadctl_row("source", lead->source);
	leadctl_row("mailbox tag", lead->source_tag);
	leadctl_row("form", lead->source_form);
	leadctl_row("campaign", lead->source_campaign);
	leadctl_row("forwarded by", lead->source_forwarder);
	leadctl_row("referrer", lead->source_referrer);
}

static void
print_score(const struct score *score)
{
	g_autofree char *total = g_strdup_printf(
		"%.1f on %s: grade %c, %s, %.0f %% complete", score->total, score->scorecard,
		score->grade, temperature_name(score->temperature), score->completeness);
	g_autofree char *parts = g_strdup_printf("fit %.1f, engagement %.1f, quality %.1f",
						 score->fit, score->engagement, score->quality);
	leadctl_row("score", total);
	leadctl_row("", parts);
	for (guint i = 0; score->others && i < score->others->len; i++) {
		const struct score *other = g_ptr_array_index(score->others, i);
		g_autofree char *text =
			g_strdup_printf("%.1f on %s: grade %c, %s", other->total, other->scorecard,
					other->grade, temperature_name(other->temperature));
		leadctl_row("", text);
	}
}

static void
print_duplicates(const struct lead *lead)
{
	const GPtrArray *ids = lead->possible_duplicates, *reasons = lead->duplicate_reasons;
	for (guint i = 0; ids && i < ids->len; i++) {
		const char *reason =
			reasons && i < reasons->len ? g_ptr_array_index(reasons, i) : NULL;
		g_autofree char *text = g_strdup_printf("%s%s%s", (char *)g_ptr_array_index(ids, i),
							reason ? ": " : "", reason ? reason : "");
		leadctl_row("maybe the same", text);
	}
}

static void
print_state(const struct shown *shown)
{
	const struct lead *lead = shown->lead;
	g_autoptr(GPtrArray) merged = merged_cards(shown);
	print_time("created", lead->created);
	print_time("first response", lead->first_response);
	if (lead->unverified)
		leadctl_row("unverified", "the sender's domain does not vouch for this mail");
	leadctl_row("claims to be", lead->linked);
	if (lead->unreachable)
		leadctl_row("unreachable", "mail to this address bounced");
	if (lead->opted_out)
		leadctl_row("opted out", "yes");
	print_duplicates(lead);
	print_list("merged", merged);
	leadctl_print_contacts(shown->contacts);
}

/* --- its history --- */

static void
print_touch(const struct touch *touch)
{
	g_autofree char *when = leadctl_time(touch->time);
	const char *what = touch->subject ? touch->subject : touch->note;
	leadctl_line("    %s  %-8s %-13s %s", when, or_dash(touch->direction), touch->name,
		     what ? what : "");
	if (touch->subject && touch->note)
		leadctl_line("    %40s %s", "", touch->note);
}

static void
print_change(const struct stage_change *change)
{
	g_autofree char *when = leadctl_time(change->time);
	leadctl_line("    %s  stage    %s -> %s (%s)", when, or_dash(change->from), change->to,
		     or_dash(change->cause));
}

/* What happened earlier may have been told later. */
static gint
compare_touches(gconstpointer one, gconstpointer other)
{
	const struct touch *a = *(struct touch *const *)one, *b = *(struct touch *const *)other;
	if (a->time != b->time)
		return a->time < b->time ? -1 : 1;
	return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

/* Touches and moves in the order they happened; a move comes after the touch that made it. */
static void
print_history(const struct shown *shown)
{
	guint t = 0, c = 0;
	g_ptr_array_sort(shown->touches, compare_touches);
	printf("  history\n");
	while (t < shown->touches->len || c < shown->changes->len) {
		const struct touch *touch =
			t < shown->touches->len ? g_ptr_array_index(shown->touches, t) : NULL;
		const struct stage_change *change =
			c < shown->changes->len ? g_ptr_array_index(shown->changes, c) : NULL;
		if (touch && (!change || touch->time <= change->time)) {
			print_touch(touch);
			t++;
		} else {
			print_change(change);
			c++;
		}
	}
}

/* --- as JSON --- */

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
	cJSON_AddNumberToObject(row, "times", MAX(each->times, 1));
	show_add_text(row, "reason", each->reason);
	show_add_text(row, "evidence", each->evidence);
	show_add_time(row, "time", each->time);
	return row;
}

static void
add_contributions(cJSON *object, const struct score *score)
{
	cJSON *list = cJSON_AddArrayToObject(object, "contributions");
	for (guint i = 0; i < score->contributions->len; i++)
		cJSON_AddItemToArray(
			list, contribution_to_json(g_ptr_array_index(score->contributions, i)));
}

static cJSON *
card_to_json(const struct score *score, gboolean explained)
{
	char grade[2] = { score->grade, '\0' };
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "scorecard", score->scorecard);
	cJSON_AddNumberToObject(object, "total", score->total);
	show_add_points(object, "fit", score->fit);
	show_add_points(object, "engagement", score->engagement);
	show_add_points(object, "quality", score->quality);
	show_add_text(object, "grade", grade);
	show_add_text(object, "temperature", temperature_name(score->temperature));
	cJSON_AddBoolToObject(object, "qualified", score->qualified);
	if (explained)
		add_contributions(object, score);
	return object;
}

/* The leading one, then the others. */
static void
add_cards(cJSON *object, const struct score *score, gboolean explained)
{
	cJSON *list = cJSON_AddArrayToObject(object, "scores");
	cJSON_AddItemToArray(list, card_to_json(score, explained));
	for (guint i = 0; score->others && i < score->others->len; i++)
		cJSON_AddItemToArray(list,
				     card_to_json(g_ptr_array_index(score->others, i), explained));
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
	show_add_text(object, "author", touch->author);
	show_add_text(object, "origin", touch->origin);
	show_add_text(object, "note", touch->note);
	if (touch->latency >= 0)
		cJSON_AddNumberToObject(object, "latency_seconds",
					(double)(touch->latency / CLOCK_SECOND));
	if (touch->working_latency >= 0)
		cJSON_AddNumberToObject(object, "working_latency_seconds",
					(double)(touch->working_latency / CLOCK_SECOND));
	return object;
}

static void
add_stages(cJSON *object, const GPtrArray *changes)
{
	cJSON *array = cJSON_AddArrayToObject(object, "stages");
	for (guint i = 0; i < changes->len; i++) {
		const struct stage_change *change = g_ptr_array_index(changes, i);
		cJSON *row = cJSON_CreateObject();
		show_add_time(row, "time", change->time);
		show_add_text(row, "from", change->from);
		show_add_text(row, "to", change->to);
		show_add_text(row, "cause", change->cause);
		cJSON_AddItemToArray(array, row);
	}
}

static cJSON *
shown_to_json(const struct shown *shown)
{
	cJSON *object = leadctl_lead_to_json(shown->lead, &shown->score);
	g_autoptr(GPtrArray) ids = merged_cards(shown);
	add_cards(object, &shown->score, FALSE);
	cJSON *merged = cJSON_AddArrayToObject(object, "merged");
	for (guint i = 0; i < ids->len; i++)
		cJSON_AddItemToArray(merged, cJSON_CreateString(g_ptr_array_index(ids, i)));
	cJSON_AddItemToObject(object, "contacts", leadctl_contacts_to_json(shown->contacts));
	cJSON *history = cJSON_AddArrayToObject(object, "history");
	for (guint i = 0; i < shown->touches->len; i++)
		cJSON_AddItemToArray(history, touch_to_json(g_ptr_array_index(shown->touches, i)));
	add_stages(object, shown->changes);
	return object;
}

static int
run_show(struct leadctl *leadctl, int argc, char **argv)
{
	struct shown shown = { 0 };
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_show_commands, "show"));
	int code = load_shown(leadctl, argv[1], &shown);
	if (code == LEADCTL_OK && leadctl->json)
		leadctl_print_json(shown_to_json(&shown));
	else if (code == LEADCTL_OK) {
		print_person(shown.lead);
		print_sales(shown.lead);
		print_score(&shown.score);
		print_state(&shown);
		print_history(&shown);
	}
	shown_clear(&shown);
	return code;
}

/* --- explain --- */

/* The figures on one line, the reason below it. */
static void
print_contribution(const struct contribution *each)
{
	g_autofree char *when = leadctl_time(each->time);
	leadctl_line("  %+7.2f %+7.2f  %-24s %-10s %s", each->points, each->raw, each->rule,
		     dimension_name(each->dimension), when);
	leadctl_line("                   %s%s%s%s", or_dash(each->reason),
		     each->evidence ? " [" : "", each->evidence ? each->evidence : "",
		     each->evidence ? "]" : "");
}

static void
print_card(const struct score *score)
{
	printf("  %7s %7s  %-24s %-10s %s\n", "points", "raw", "rule", "dimension", "when");
	for (guint i = 0; i < score->contributions->len; i++)
		print_contribution(g_ptr_array_index(score->contributions, i));
	printf("  %+7.2f          = fit %.2f + engagement %.2f + quality %.2f\n", score->total,
	       score->fit, score->engagement, score->quality);
	printf("                   on scorecard \"%s\"\n", score->scorecard);
	printf("  grade %c, %s, %s, %.0f %% of the key fields known\n", score->grade,
	       temperature_name(score->temperature),
	       score->qualified ? "qualified" : "not qualified", score->completeness);
}

static void
print_explanation(const struct lead *lead, const struct score *score)
{
	leadctl_line("%s  %s  %s", lead->id, or_dash(lead->name), or_dash(lead->address));
	print_card(score);
	for (guint i = 0; score->others && i < score->others->len; i++) {
		printf("\n");
		print_card(g_ptr_array_index(score->others, i));
	}
}

static cJSON *
explanation_to_json(const struct lead *lead, const struct score *score)
{
	cJSON *object = leadctl_lead_to_json(lead, score);
	cJSON_ReplaceItemInObject(object, "score", cJSON_CreateNumber(score->total));
	add_contributions(object, score);
	add_cards(object, score, TRUE);
	return object;
}

static int
run_explain(struct leadctl *leadctl, int argc, char **argv)
{
	struct shown shown = { 0 };
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_show_commands, "explain"));
	int code = load_shown(leadctl, argv[1], &shown);
	if (code == LEADCTL_OK && leadctl->json)
		leadctl_print_json(explanation_to_json(shown.lead, &shown.score));
	else if (code == LEADCTL_OK)
		print_explanation(shown.lead, &shown.score);
	shown_clear(&shown);
	return code;
}

const struct leadctl_command leadctl_show_commands[] = {
	{ "show", "LEAD|ADDRESS|NAME", "one lead with its history", run_show },
	{ "explain", "LEAD|ADDRESS|NAME", "every point of its score", run_explain },
	{ NULL, NULL, NULL, NULL },
};
