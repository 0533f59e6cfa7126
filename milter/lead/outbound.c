/*
 * outbound.c - one of us writes to leads, and what comes back of it.
 *
 * The first human answer to a lead makes its sender the owner of what nobody owns, and dates the
 * response.  A bounce is no act of the person, but a hard one says that they can't be
 * reached.  It moves the stage only when it is about mail we are known to have sent: it has no
 * sender that could be authenticated, so anybody may have made it up.
 */
#include "base/clock.h"
#include "base/limits.h"
#include "lead/change.h"
#include "lead/identity.h"
#include "lead/sweep.h"
#include "lead/task.h"
#include "mail/address.h"

/* A report later than this after our last mail is not about it; queues give up after 5 days. */
#define BOUNCE_WINDOW (7 * CLOCK_DAY)

/* --- we write --- */

static void
count_outbound(const struct change_context *context, struct lead *lead)
{
	gint64 time = context->time;

	if (lead->first_inbound != 0 && lead->first_response == 0 && time >= lead->first_inbound)
		lead->first_response = time;
	lead->last_outbound = MAX(lead->last_outbound, time);
	lead->outbound_count++;
	lead->touch_count++;
	lead->updated = context->now;
}

static struct touch *
make_outbound_touch(const struct change_context *context, const struct lead *before)
{
	struct touch *touch = change_touch(context, "owner_reply", "outbound");

	if (before->last_inbound > before->last_outbound && before->last_inbound <= context->time)
		change_latency(context, touch, before->last_inbound);
	touch->note = g_strdup(context->facts->sender.address);
	return touch;
}

static void
change_by_outbound(const struct change_context *context, struct decision *decision,
		   struct change_types *types)
{
	struct lead *lead = decision->lead;
	const struct stage_input input = { .act = STAGE_ACT_ANSWERED,
					   .current = lead->stage,
					   .has_written = lead->first_inbound != 0 };
	const struct assign_input owners = { .config = context->config,
					     .facts = context->facts,
					     .known = context->known,
					     .lead = lead,
					     .time = context->time };
	struct assignment assignment;
	struct stage_result stage;
	gboolean assigned;

	assign_outbound(&owners, &assignment);
	assigned = change_owner(decision, &assignment);
	task_answer(lead, context->time);
	stage_decide(&input, &stage);
	change_stage(context, lead, &stage);
	change_add_type(types, TRUE,
			lead->stage == STAGE_CUSTOMER ? "customer.activity" : "lead.updated");
	change_add_type(types, stage.changed, "lead.stage_changed");
	change_add_type(types, assigned, "lead.assigned");
}

/* One lead the mail goes to.  Seen before (a second transaction of the same mail): nothing new. */
static struct decision *
decide_recipient(const struct change_context *context, struct candidate *candidate)
{
	struct decision *decision = change_decision(
		ACTION_OUTBOUND, g_strdup_printf("to lead %s", candidate->lead->id));
	g_autoptr(GPtrArray) all = NULL;
	struct change_types types = { .count = 0 };
	struct score score;

	change_promote(context->known, candidate);
	decision->match = candidate->match;
	decision->record_message = TRUE;
	decision->before = candidate->lead;
	decision->lead = lead_copy(candidate->lead);
	if (change_is_repeated(context->known->touches, context->facts->mail->message_id))
		return decision;
	decision->touch = make_outbound_touch(context, candidate->lead);
	count_outbound(context, decision->lead);
	change_by_outbound(context, decision, &types);
	change_score(context, decision->lead, context->known->touches, decision->touch, &score,
		     &all);
	decision->lead->due = sweep_due(decision->lead, all, context->scorecards, context->now);
	change_add_events(context, decision, &score, &types);
	score_clear(&score);
	return decision;
}

struct decision *
outbound_decide(const struct change_context *context)
{
	g_autoptr(GPtrArray) candidates = g_ptr_array_copy(context->known->candidates, NULL, NULL);
	struct decision *first = NULL, **end = &first;

	g_ptr_array_set_free_func(candidates, NULL);
	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		if (identity_is_shadow(candidate->lead) || candidate->match != MATCHED_LEAD_ADDRESS)
			continue;
		*end = decide_recipient(context, candidate);
		end = &(*end)->next;
	}
	if (first == NULL) {
		first = change_decision(ACTION_OUTBOUND, g_strdup("to nobody known"));
		first->record_message = TRUE;
	}
	return first;
}

/* --- our mail comes back --- */

static gboolean
is_failed_recipient(const struct candidate *candidate, const char *normalised)
{
	if (identity_is_shadow(candidate->lead))
		return FALSE;
	if (normalised == NULL)
		return candidate->match == MATCHED_REFERENCES;
	return g_strcmp0(candidate->lead->normalised, normalised) == 0;
}

static struct candidate *
find_bounced(const struct known *known, const struct bounce *bounce)
{
	g_autofree char *normalised =
		bounce->recipient != NULL ? address_normalise(bounce->recipient) : NULL;

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
change_by_bounce(const struct change_context *context, struct decision *decision,
		 struct change_types *types)
{
	struct lead *lead = decision->lead;
	const struct stage_input input = { .act = STAGE_ACT_BOUNCED, .current = lead->stage };
	struct stage_result stage = { .changed = FALSE };

	lead->unreachable = TRUE;
	lead->touch_count++;
	lead->updated = context->now;
	if (is_answer_to_ours(context, lead)) {
		stage_decide(&input, &stage);
		g_ptr_array_unref(decision->touch->contributions);
		decision->touch->contributions = scorecards_apply(
			context->scorecards, lead->scorecard, context->facts, context->known,
			decision->before, context->known->touches, context->now);
	}
	change_stage(context, lead, &stage);
	change_add_type(types, TRUE, "contact.bounced");
	change_add_type(types, stage.changed, "lead.stage_changed");
}

static struct decision *
decide_bounced(const struct change_context *context, struct candidate *candidate)
{
	struct decision *decision =
		change_decision(ACTION_ATTACH, describe_bounce(context->facts->kind->bounce));
	g_autoptr(GPtrArray) all = NULL;
	struct change_types types = { .count = 0 };
	struct score score;

	change_promote(context->known, candidate);
	decision->match = candidate->match;
	decision->before = candidate->lead;
	decision->lead = lead_copy(candidate->lead);
	decision->touch = change_touch(context, "bounce", "outside");
	decision->touch->note = g_strdup(decision->reason);
	change_by_bounce(context, decision, &types);
	change_score(context, decision->lead, context->known->touches, decision->touch, &score,
		     &all);
	decision->lead->due = sweep_due(decision->lead, all, context->scorecards, context->now);
	change_add_events(context, decision, &score, &types);
	score_clear(&score);
	return decision;
}

struct decision *
bounce_decide(const struct change_context *context)
{
	const struct bounce *bounce = context->facts->kind->bounce;
	struct candidate *candidate = NULL;

	if (bounce == NULL)
		return change_decision(ACTION_NONE, g_strdup("bounce without a report"));
	if (bounce->permanent)
		candidate = find_bounced(context->known, bounce);
	if (candidate == NULL || is_old_news(context, candidate->lead))
		return change_decision(ACTION_NONE, describe_bounce(bounce));
	return decide_bounced(context, candidate);
}
