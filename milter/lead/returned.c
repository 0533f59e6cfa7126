/*
 * returned.c - what comes back of our mail and no person wrote: bounces and absence notes.
 *
 * Neither is an act of the person.  A hard bounce says that they can't be reached and is told to
 * the owner; it moves the stage only when it is about mail we are known to have sent: it has no
 * sender that could be authenticated, so anybody may have made it up.  A temporary failure of
 * ours is counted in the ledger and told to nobody.  An absence note leaves its return date
 * and who stands in on the card, without points, once.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/change.h"
#include "lead/identity.h"
#include "lead/sweep.h"
#include "lead/task.h"
#include "mail/address.h"

/* A report later than this after our last mail is not about it; queues give up after 5 days. */
#define BOUNCE_WINDOW (7 * CLOCK_DAY)
/* The same absence note again within this says nothing new. */
#define ABSENCE_WINDOW (30 * CLOCK_DAY)

/* --- a touch nobody is told of --- */

/* Begin the decision for a card; the caller writes reason and note, and what is to change. */
static struct decision *
open_card(const struct change_context *context, struct candidate *candidate, const char *touch,
	  char *words)
{
	struct decision *decision = change_decision(ACTION_ATTACH, words);

	change_promote(context->known, candidate);
	decision->match = candidate->match;
	decision->before = candidate->lead;
	decision->lead = lead_copy(candidate->lead);
	decision->touch = change_touch(context, touch, "outside");
	decision->touch->note = g_strdup(words);
	decision->lead->touch_count++;
	decision->lead->updated = context->now;
	return decision;
}

static void
close_card(const struct change_context *context, struct decision *decision,
	   const struct change_types *types)
{
	g_autoptr(GPtrArray) all = NULL;
	struct score score;

	change_score(context, decision->lead, context->known->touches, decision->touch, &score,
		     &all);
	decision->lead->due = sweep_due(decision->lead, all, context->scorecards, context->now);
	change_add_events(context, decision, &score, types);
	score_clear(&score);
}

/* --- bounces --- */

static gboolean
has_address(const struct lead *lead, const char *normalised)
{
	return g_strcmp0(lead->normalised, normalised) == 0 ||
	       g_ptr_array_find_with_equal_func(lead->addresses, normalised, g_str_equal, NULL);
}

static gboolean
is_failed_recipient(const struct candidate *candidate, const char *normalised)
{
	if (identity_is_shadow(candidate->lead))
		return FALSE;
	if (normalised == NULL)
		return candidate->match == MATCHED_REFERENCES;
	return has_address(candidate->lead, normalised);
}

static struct candidate *
find_bounced(const struct known *known, const char *normalised)
{
	for (guint i = 0; i < known->candidates->len; i++) {
		if (is_failed_recipient(known->candidates->pdata[i], normalised))
			return known->candidates->pdata[i];
	}
	return NULL;
}

/* A null sender is anybody's: the report must be about mail of ours. */
static gboolean
is_answer_to_ours(const struct change_context *context, const struct lead *lead)
{
	gint64 ours = MAX(context->known->last_outbound, lead->last_outbound);

	return context->known->bounce_is_ours ||
	       (ours != 0 && context->time >= ours && context->time - ours < BOUNCE_WINDOW);
}

static char *
describe_bounce(const struct bounce *bounce)
{
	g_autofree char *words = g_strdup_printf(
		"%s bounce of %s: %s%s%s", bounce->permanent ? "hard" : "temporary",
		bounce->recipient != NULL ? bounce->recipient : "an unnamed recipient",
		bounce->status != NULL ? bounce->status : "no status",
		bounce->diagnostic != NULL ? ", " : "",
		bounce->diagnostic != NULL ? bounce->diagnostic : "");

	return change_cut_text(words, LIMIT_NOTE);
}

/* Nothing new: the lead is known to be unreachable, and the stage would stay. */
static gboolean
is_old_news(const struct change_context *context, const struct lead *lead)
{
	if (!lead->unreachable)
		return FALSE;
	return lead->stage == STAGE_DISQUALIFIED || lead->stage == STAGE_CUSTOMER ||
	       !is_answer_to_ours(context, lead);
}

static void
apply_rules(const struct change_context *context, struct decision *decision)
{
	g_ptr_array_unref(decision->touch->contributions);
	decision->touch->contributions =
		scorecards_apply(context->scorecards, NULL, context->facts, context->known,
				 decision->before, context->known->touches, context->now);
}

static struct decision *
decide_hard(const struct change_context *context, struct candidate *candidate)
{
	struct decision *decision = open_card(context, candidate, "bounce",
					      describe_bounce(context->facts->kind->bounce));
	struct lead *lead = decision->lead;
	const struct stage_input input = { .act = STAGE_ACT_BOUNCED, .current = lead->stage };
	struct stage_result stage = { .changed = FALSE };
	struct change_types types = { .count = 0 };

	lead->unreachable = TRUE;
	if (is_answer_to_ours(context, lead)) {
		stage_decide(&input, &stage);
		apply_rules(context, decision);
	}
	change_stage(context, lead, &stage);
	if (stage_is_closed(lead->stage))
		task_clear(lead);
	change_add_type(&types, TRUE, "contact.bounced");
	change_add_type(&types, stage.changed, "lead.stage_changed");
	close_card(context, decision, &types);
	return decision;
}

/* Counted, for rules and for people; of an address that is not the one we write to, too. */
static struct decision *
decide_soft(const struct change_context *context, struct candidate *candidate)
{
	const struct change_types nothing = { .count = 0 };
	struct decision *decision = open_card(context, candidate, "bounce_temporary",
					      describe_bounce(context->facts->kind->bounce));

	apply_rules(context, decision);
	close_card(context, decision, &nothing);
	return decision;
}

/* They can be reached at another address, or later. */
static gboolean
is_soft(const struct bounce *bounce, const struct lead *lead, const char *normalised)
{
	return !bounce->permanent ||
	       (normalised != NULL && g_strcmp0(lead->normalised, normalised) != 0);
}

struct decision *
returned_decide_bounce(const struct change_context *context)
{
	const struct bounce *bounce = context->facts->kind->bounce;
	g_autofree char *normalised = NULL;
	struct candidate *candidate = NULL;

	if (bounce == NULL)
		return change_decision(ACTION_NONE, g_strdup("bounce without a report"));
	if (bounce->recipient != NULL)
		normalised = address_normalise(bounce->recipient);
	if (bounce->class != BOUNCE_DELIVERED)
		candidate = find_bounced(context->known, normalised);
	if (candidate == NULL)
		return change_decision(ACTION_NONE, describe_bounce(bounce));
	if (is_soft(bounce, candidate->lead, normalised))
		return is_answer_to_ours(context, candidate->lead)
			       ? decide_soft(context, candidate)
			       : change_decision(ACTION_NONE, describe_bounce(bounce));
	if (is_old_news(context, candidate->lead))
		return change_decision(ACTION_NONE, describe_bounce(bounce));
	return decide_hard(context, candidate);
}

/* --- absence notes --- */

#define ABSENT "out of office"

/* "out of office until 2026-12-01; Vera Blum <vera@kunde.example> stands in" */
static char *
describe_absence(const struct auto_reply *reply)
{
	GString *words = g_string_new(ABSENT);
	g_autofree char *until = reply->until > 0 ? clock_format(reply->until) : NULL;
	g_autofree char *whole = NULL;

	if (until != NULL)
		g_string_append_printf(words, " until %.10s", until);
	if (reply->substitute_name != NULL || reply->substitute_address != NULL)
		g_string_append_printf(words, "; %s%s%s%s stands in",
				       reply->substitute_name != NULL ? reply->substitute_name : "",
				       reply->substitute_address != NULL ? " <" : "",
				       reply->substitute_address != NULL ? reply->substitute_address
									 : "",
				       reply->substitute_address != NULL ? ">" : "");
	whole = g_string_free(words, FALSE);
	return change_cut_text(whole, LIMIT_NOTE);
}

gint64
returned_absent_until(const struct touch *touch)
{
	static const char UNTIL[] = ABSENT " until ";
	g_autofree char *date = NULL;

	if (g_strcmp0(touch->name, "out_of_office") != 0 || touch->note == NULL ||
	    !g_str_has_prefix(touch->note, UNTIL))
		return 0;
	date = g_strndup(touch->note + strlen(UNTIL), strlen("2026-12-01"));
	return clock_parse(date, NULL);
}

static gboolean
is_absence(const struct auto_reply *reply)
{
	return reply != NULL && (g_strcmp0(reply->reason, "out_of_office") == 0 ||
				 reply->until > 0 || reply->substitute_address != NULL);
}

/* The person's own card, or the one whose conversation this is. */
static struct candidate *
find_absent(const struct change_context *context)
{
	const GPtrArray *candidates = context->known->candidates;
	const char *address = context->facts->person->normalised;

	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		if (!identity_is_shadow(candidate->lead) &&
		    ((address != NULL && has_address(candidate->lead, address)) ||
		     candidate->match >= MATCHED_THREAD_INDEX))
			return candidate;
	}
	return NULL;
}

static gboolean
is_noted(const struct change_context *context, const char *words)
{
	const GPtrArray *touches = context->known->touches;

	for (guint i = touches->len; i > 0; i--) {
		const struct touch *touch = touches->pdata[i - 1];

		if (g_strcmp0(touch->name, "out_of_office") == 0 &&
		    ABS(context->time - touch->time) < ABSENCE_WINDOW &&
		    g_strcmp0(touch->note, words) == 0)
			return TRUE;
	}
	return FALSE;
}

static char *
describe_kind(const struct kind *kind)
{
	return g_strdup_printf("%s: %s", kind_name(kind->kind), kind->evidence);
}

struct decision *
returned_decide_reply(const struct change_context *context)
{
	const struct change_types nothing = { .count = 0 };
	const struct facts *facts = context->facts;
	struct candidate *candidate = NULL;
	g_autofree char *words = NULL;
	struct decision *decision;

	if (is_absence(facts->kind->auto_reply) && facts->direction == DIRECTION_INBOUND &&
	    change_is_watched(context) && identity_proof(facts) >= PROOF_ACCEPTED)
		candidate = find_absent(context);
	if (candidate == NULL)
		return change_decision(ACTION_NONE, describe_kind(facts->kind));
	words = describe_absence(facts->kind->auto_reply);
	change_promote(context->known, candidate);
	if (is_noted(context, words))
		return change_decision(ACTION_NONE, describe_kind(facts->kind));
	decision = open_card(context, candidate, "out_of_office", g_steal_pointer(&words));
	close_card(context, decision, &nothing);
	return decision;
}
