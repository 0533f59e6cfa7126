/*
 * outcome.c - see outcome.h.
 *
 * What changes nothing is kept and told to nobody: a CRM that hears of a change from us and says
 * it back would else be told again, and again.
 */
#include "lead/outcome.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/change.h"
#include "lead/json.h"
#include "lead/signals.h"
#include "lead/sweep.h"
#include "lead/task.h"
#include "mail/address.h"

/* Two clocks differ, and a mail crosses an outcome: later than this is written since. */
#define CROSSING (10 * 60 * (gint64)CLOCK_SECOND)

enum motion {
	TO_STAGE, /* wherever the lead is */
	AT_LEAST, /* forward, or back into the funnel */
	OUT, /* out of the funnel */
	OUT_BUT_CUSTOMER, /* the same; a customer stays one */
	BY_VALUE,
	NOWHERE
};

struct word {
	const char *name;
	enum motion motion;
	enum stage stage;
};

static const struct word WORDS[] = {
	{ "won", TO_STAGE, STAGE_CUSTOMER },
	{ "lost", OUT, STAGE_DISQUALIFIED },
	{ "rejected", OUT, STAGE_DISQUALIFIED },
	{ "accepted", AT_LEAST, STAGE_SAL },
	{ "qualified", AT_LEAST, STAGE_SQL },
	{ "recycled", OUT, STAGE_RECYCLED },
	{ "unreachable", OUT_BUT_CUSTOMER, STAGE_DISQUALIFIED },
	{ "opted_out", OUT_BUT_CUSTOMER, STAGE_DISQUALIFIED },
	{ "stage", BY_VALUE, STAGE_INTEREST },
	{ "owner", NOWHERE, STAGE_INTEREST },
};

static const struct word *
find_word(const char *what)
{
	for (guint i = 0; what != NULL && i < G_N_ELEMENTS(WORDS); i++) {
		if (g_ascii_strcasecmp(WORDS[i].name, what) == 0)
			return &WORDS[i];
	}
	return NULL;
}

const char *
outcome_nth(guint i)
{
	return i < G_N_ELEMENTS(WORDS) ? WORDS[i].name : NULL;
}

/* --- may it be taken --- */

static gboolean
unknown_word(const char *kind, const char *given, const char *const *names, guint count,
	     GError **error)
{
	g_autofree char *shown = change_cut_text(given != NULL ? given : "", LIMIT_SHOWN);
	const char *nearest = signals_nearest_name(shown, names, count);

	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%s\" is no %s%s%s%s", shown, kind,
		    nearest != NULL ? "; the nearest is \"" : "", nearest != NULL ? nearest : "",
		    nearest != NULL ? "\"" : "");
	return FALSE;
}

static gboolean
check_word(const struct outcome *outcome, GError **error)
{
	const char *names[G_N_ELEMENTS(WORDS)];

	if (find_word(outcome->what) != NULL)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(WORDS); i++)
		names[i] = WORDS[i].name;
	return unknown_word("outcome", outcome->what, names, G_N_ELEMENTS(WORDS), error);
}

static gboolean
check_stage(const char *value, GError **error)
{
	const char *names[STAGE_COUNT];
	enum stage stage;

	if (stage_from_name(value, &stage))
		return TRUE;
	for (guint i = 0; i < STAGE_COUNT; i++)
		names[i] = stage_name((enum stage)i);
	return unknown_word("stage", value, names, STAGE_COUNT, error);
}

static gboolean
check_owner(const char *value, GError **error)
{
	g_autofree char *shown = NULL;

	if (value == NULL || *value == '\0' || address_is_valid(value))
		return TRUE;
	shown = change_cut_text(value, LIMIT_SHOWN);
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%s\" is no owner's address", shown);
	return FALSE;
}

gboolean
outcome_check(const struct outcome *outcome, gint64 now, GError **error)
{
	const struct word *word;

	if (!check_word(outcome, error) || !change_check_time(outcome->time, now, error))
		return FALSE;
	word = find_word(outcome->what);
	if (word->motion == BY_VALUE)
		return check_stage(outcome->value, error);
	return word->motion != NOWHERE || check_owner(outcome->value, error);
}

char *
outcome_key(const struct outcome *outcome)
{
	if (outcome->id == NULL || strlen(outcome->id) > LIMIT_OUTSIDE_ID)
		return NULL;
	return g_strdup_printf("outcome:%s:%s", outcome->source != NULL ? outcome->source : "",
			       outcome->id);
}

/* --- what is kept of it --- */

static void
put_scores(GString *out, const struct lead *lead)
{
	json_open(out, "scores", '[');
	for (guint i = 0; i < lead->scores->len; i++) {
		const struct lead_score *score = lead->scores->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "card", score->card, LIMIT_EVENT_VALUE);
		json_number(out, "total", score->total, 4);
		json_number(out, "fit", score->fit, 4);
		json_number(out, "engagement", score->engagement, 4);
		json_number(out, "quality", score->quality, 4);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_rules(GString *out, const struct score *score)
{
	json_open(out, "rules", '[');
	for (guint i = 0; i < MIN(score->contributions->len, LIMIT_OUTCOME_RULES); i++) {
		const struct contribution *contribution = score->contributions->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "rule", contribution->rule, LIMIT_EVENT_VALUE);
		json_number(out, "points", contribution->points, 4);
		json_close(out, '}');
	}
	json_close(out, ']');
}

static void
put_score(GString *out, const struct score *score)
{
	json_number(out, "total", score->total, 4);
	json_number(out, "fit", score->fit, 4);
	json_number(out, "engagement", score->engagement, 4);
	json_number(out, "quality", score->quality, 4);
	json_number(out, "completeness", score->completeness, 1);
}

/* The lead as it was when it happened, whatever came since. */
static char *
take_snapshot(const struct change_context *context, const struct lead *lead)
{
	GString *out = g_string_sized_new(1024);
	struct score score;

	score_evaluate_all(context->scorecards, context->known->touches, lead, context->time,
			   &score);
	json_open(out, NULL, '{');
	json_string(out, "stage", stage_name(lead->stage), LIMIT_EVENT_VALUE);
	json_string(out, "scorecard", score.scorecard, LIMIT_EVENT_VALUE);
	put_score(out, &score);
	json_integer(out, "inbound", lead->inbound_count);
	json_integer(out, "outbound", lead->outbound_count);
	json_integer(out, "touches", lead->touch_count);
	put_scores(out, lead);
	put_rules(out, &score);
	json_close(out, '}');
	score_clear(&score);
	return g_string_free(out, FALSE);
}

static struct lead_outcome *
keep_outcome(const struct change_context *context, const struct outcome *outcome,
	     const struct lead *lead)
{
	struct lead_outcome *kept = g_new0(struct lead_outcome, 1);
	const struct word *word = find_word(outcome->what);

	kept->what = g_strdup(word->motion == BY_VALUE ? outcome->value : word->name);
	kept->reason =
		outcome->reason != NULL ? change_cut_text(outcome->reason, LIMIT_NOTE) : NULL;
	kept->source =
		outcome->source != NULL ? change_cut_text(outcome->source, LIMIT_NOTE) : NULL;
	kept->time = context->time;
	kept->snapshot = take_snapshot(context, lead);
	return kept;
}

/* --- what it does --- */

/* "rejected: no budget (crm)" */
static char *
put_in_words(const struct outcome *outcome, const struct word *word)
{
	gboolean valued = word->motion == BY_VALUE || word->motion == NOWHERE;
	const char *value =
		outcome->value != NULL && *outcome->value != '\0' ? outcome->value : "nobody";
	g_autofree char *words = g_strdup_printf(
		"%s%s%s%s%s (%s)", word->name, valued ? " " : "", valued ? value : "",
		outcome->reason != NULL ? ": " : "", outcome->reason != NULL ? outcome->reason : "",
		outcome->source != NULL ? outcome->source : "told");

	return change_cut_text(words, LIMIT_NOTE);
}

/* An old "lost" says nothing about a person who has written since. */
static gboolean
is_overtaken(const struct change_context *context, const struct lead *lead)
{
	return context->time + CROSSING < lead->last_inbound;
}

static enum stage
find_goal(const struct change_context *context, const struct outcome *outcome,
	  const struct word *word, const struct lead *lead)
{
	enum stage goal = word->stage;

	switch (word->motion) {
	case BY_VALUE:
		stage_from_name(outcome->value, &goal);
		return goal;
	case AT_LEAST:
		return stage_is_closed(lead->stage) || lead->stage < goal ? goal : lead->stage;
	case OUT_BUT_CUSTOMER:
		if (lead->stage == STAGE_CUSTOMER)
			return lead->stage;
		/* fall through */
	case OUT:
		return is_overtaken(context, lead) ? lead->stage : goal;
	case NOWHERE:
		return lead->stage;
	default:
		return goal;
	}
}

static void
move_stage(const struct change_context *context, struct decision *decision, const char *words,
	   enum stage goal, struct stage_result *ret)
{
	const struct stage_input input = { .act = STAGE_ACT_TOLD,
					   .current = decision->lead->stage,
					   .told = goal,
					   .cause = words };

	stage_decide(&input, ret);
	change_stage(context, decision->lead, ret);
}

static gboolean
give_to(const struct change_context *context, const struct outcome *outcome, const char *words,
	struct lead *lead)
{
	gboolean anybody = outcome->value != NULL && *outcome->value != '\0';

	return assign_to(lead, outcome->value, anybody ? words : NULL, context->time);
}

static void
mark(const struct outcome *outcome, const struct word *word, struct lead *lead)
{
	if (strcmp(word->name, "unreachable") == 0)
		lead->unreachable = TRUE;
	if (strcmp(word->name, "opted_out") == 0)
		lead->opted_out = TRUE;
	if (outcome->customer != NULL && lead->stage == STAGE_CUSTOMER) {
		g_free(lead->customer);
		lead->customer = g_strdup(outcome->customer);
	}
}

static struct touch *
make_touch(const struct change_context *context, const struct outcome *outcome,
	   const struct word *word, const struct lead *lead, const char *words)
{
	struct touch *touch = touch_new();
	GPtrArray *points = change_touch_points(context, lead, word->name);

	touch->name = g_strdup(word->name);
	touch->direction = g_strdup("outside");
	touch->time = context->time;
	touch->message_key = outcome_key(outcome);
	touch->note = g_strdup(words);
	g_ptr_array_unref(touch->contributions);
	touch->contributions = points;
	return touch;
}

static gboolean
changes_anything(const struct lead *before, const struct lead *lead, gboolean assigned)
{
	return assigned || before->stage != lead->stage ||
	       before->unreachable != lead->unreachable || before->opted_out != lead->opted_out ||
	       g_strcmp0(before->customer, lead->customer) != 0;
}

static void
name_events(const struct decision *decision, const struct stage_result *stage, gboolean assigned,
	    struct change_types *types)
{
	const struct lead *before = decision->before, *lead = decision->lead;
	gboolean told = stage->changed || assigned;

	change_add_type(types, stage->reopened, "lead.reopened");
	change_add_type(types,
			stage_is_qualified(lead->stage) && !stage_is_qualified(before->stage) &&
				lead->stage != STAGE_CUSTOMER,
			"lead.qualified");
	change_add_type(types, stage->changed, "lead.stage_changed");
	change_add_type(types, lead->opted_out && !before->opted_out, "contact.opted_out");
	change_add_type(types, assigned, "lead.assigned");
	change_add_type(types, !told && changes_anything(before, lead, assigned), "lead.updated");
}

static struct decision *
take(const struct change_context *context, const struct outcome *outcome,
     struct candidate *candidate)
{
	const struct word *word = find_word(outcome->what);
	g_autofree char *words = put_in_words(outcome, word);
	struct decision *decision = change_decision(ACTION_ATTACH, g_strdup(words));
	enum stage goal = find_goal(context, outcome, word, candidate->lead);
	struct change_types types = { .count = 0 };
	g_autoptr(GPtrArray) all = NULL;
	struct stage_result stage;
	gboolean assigned = FALSE;
	struct score score;

	decision->match = candidate->match;
	decision->before = candidate->lead;
	decision->lead = lead_copy(candidate->lead);
	decision->outcome = keep_outcome(context, outcome, candidate->lead);
	decision->touch = make_touch(context, outcome, word, decision->lead, words);
	decision->lead->touch_count++;
	decision->lead->updated = context->now;
	move_stage(context, decision, words, goal, &stage);
	if (word->motion == NOWHERE)
		assigned = give_to(context, outcome, words, decision->lead);
	mark(outcome, word, decision->lead);
	if (stage_is_closed(decision->lead->stage))
		task_clear(decision->lead);
	change_score(context, decision->lead, context->known->touches, decision->touch, &score,
		     &all);
	decision->lead->due = sweep_due(decision->lead, all, context->scorecards, context->now);
	name_events(decision, &stage, assigned, &types);
	change_add_events(context, decision, &score, &types);
	score_clear(&score);
	g_free(stage.cause);
	return decision;
}

/* Two who claim one lead at once are decided one after the other. */
static struct decision *
refuse_claim(const struct outcome *outcome, const struct lead *lead)
{
	if (!outcome->claims || lead->owner == NULL ||
	    g_ascii_strcasecmp(lead->owner, outcome->value) == 0)
		return NULL;
	return change_decision(ACTION_NONE, g_strdup_printf("%s has it", lead->owner));
}

struct decision *
outcome_decide(const struct outcome *outcome, struct known *known,
	       const struct scorecards *scorecards, gint64 now)
{
	const struct change_context context =
		change_context_of(known, scorecards, outcome->time, now);
	const struct candidate *candidate =
		known->candidates->len ? known->candidates->pdata[0] : NULL;
	struct decision *refused;
	g_autoptr(GError) error = NULL;

	if (known->is_duplicate)
		return change_duplicate(known);
	if (!outcome_check(outcome, now, &error))
		return change_decision(ACTION_NONE, g_strdup(error->message));
	if (candidate == NULL)
		return change_decision(ACTION_NONE, g_strdup("there is no such lead"));
	refused = refuse_claim(outcome, candidate->lead);
	return refused != NULL ? refused : take(&context, outcome, known->candidates->pdata[0]);
}
