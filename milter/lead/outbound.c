/*
 * outbound.c - one of us writes to leads.
 *
 * The first human answer to a lead dates the response, and its sender becomes the owner of what
 * nobody owns.  Sales accepted a lead when its owner, another of those who sell, or a shared
 * mailbox answers: a note of somebody else in the house leaves the stage as it is.
 */
#include "lead/change.h"
#include "lead/identity.h"
#include "lead/owner.h"
#include "lead/sweep.h"
#include "lead/task.h"
#include "mail/mailbox.h"

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

/* sales@: whoever of sales sits at it. */
static gboolean
is_shared(const struct config *config, const char *address)
{
	const struct config_mailbox *mailbox = mailbox_find(config, address, NULL);

	return mailbox != NULL && mailbox->match == MATCH_ADDRESS;
}

/* Who answers sells.  Where nobody is named as one who does, everybody of ours may. */
static gboolean
is_sales(const struct change_context *context, const struct lead *lead)
{
	const struct facts *facts = context->facts;
	const char *authors[] = { facts->sender.address, facts->auth_login };
	g_autoptr(owners_owned) owners = owners_new(context->config, context->known->owners);

	if (owners_nth(owners, 0) == NULL)
		return TRUE;
	for (guint i = 0; i < G_N_ELEMENTS(authors); i++) {
		if (authors[i] != NULL &&
		    ((lead->owner != NULL && g_ascii_strcasecmp(lead->owner, authors[i]) == 0) ||
		     owners_find(owners, authors[i]) != NULL ||
		     is_shared(context->config, authors[i])))
			return TRUE;
	}
	return FALSE;
}

static void
change_by_outbound(const struct change_context *context, struct decision *decision,
		   struct change_types *types)
{
	struct lead *lead = decision->lead;
	struct stage_input input = { .act = STAGE_ACT_ANSWERED, .current = lead->stage };
	const struct assign_input owners = { .config = context->config,
					     .facts = context->facts,
					     .known = context->known,
					     .lead = lead,
					     .time = context->time };
	struct assignment assignment;
	struct stage_result stage;
	gboolean assigned;

	assign_outbound(&owners, &assignment);
	assigned = change_owner(context, decision, &assignment);
	task_answer(lead, context->time);
	input.has_written = lead->first_inbound != 0 && is_sales(context, lead);
	stage_decide(&input, &stage);
	change_stage(context, lead, &stage);
	change_add_type(types, !change_is_flood(context, context->known->touches),
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
