/*
 * decide.c - see decide.h.
 *
 * A message is refused, or is what comes back of our mail (returned.c), ours going out
 * (outbound.c), or a person writing (inbound.c).  No lead ever comes from a machine: complaints,
 * bounces, challenges, auto-replies, lists, newsletters and notifications end here with a reason.
 * A colleague's forward to a watched mailbox counts as mail from the original sender, though it
 * never left the house.
 */
#include "lead/decide.h"

#include "lead/card.h"
#include "lead/change.h"
#include "mail/mailbox.h"

/* --- records --- */

static void
candidate_free(gpointer data)
{
	struct candidate *candidate = data;

	lead_free(candidate->lead);
	g_clear_pointer(&candidate->touches, g_ptr_array_unref);
	g_free(candidate);
}

struct known *
known_new(void)
{
	struct known *known = g_new0(struct known, 1);

	known->candidates = g_ptr_array_new_with_free_func(candidate_free);
	known->touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	known->owners = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
	known->credits = g_ptr_array_new_with_free_func((GDestroyNotify)credit_free);
	return known;
}

void
credit_free(struct credit *credit)
{
	if (credit == NULL)
		return;
	g_free(credit->pool);
	g_free(credit->owner);
	g_free(credit);
}

void
known_free(struct known *known)
{
	if (known == NULL)
		return;
	lead_free(known->previous);
	g_clear_pointer(&known->candidates, g_ptr_array_unref);
	g_clear_pointer(&known->touches, g_ptr_array_unref);
	account_free(known->account);
	g_free(known->account_owner);
	g_free(known->replied_to);
	g_clear_pointer(&known->owners, g_ptr_array_unref);
	g_clear_pointer(&known->credits, g_ptr_array_unref);
	g_free(known);
}

void
decision_free(struct decision *decision)
{
	while (decision != NULL) {
		struct decision *next = decision->next;

		g_free(decision->reason);
		lead_free(decision->lead);
		touch_free(decision->touch);
		g_clear_pointer(&decision->credits, g_ptr_array_unref);
		lead_outcome_free(decision->outcome);
		g_ptr_array_unref(decision->events);
		g_free(decision);
		decision = next;
	}
}

const char *
action_name(enum action action)
{
	static const char *const NAMES[] = { "none", "create", "attach", "outbound", "duplicate" };

	return (guint)action < G_N_ELEMENTS(NAMES) ? NAMES[action] : "unknown";
}

const char *
match_name(enum match match)
{
	static const char *const NAMES[] = { "nothing", "name",         "subject",    "phone",
					     "address", "thread_index", "references", "token" };

	return (guint)match < G_N_ELEMENTS(NAMES) ? NAMES[match] : "unknown";
}

/* --- what is no business of ours --- */

static gboolean
is_never_logged(const struct change_context *context)
{
	const struct facts *facts = context->facts;
	const char *people[] = { facts->person->address, facts->sender.address, facts->mail_from };

	if (context->config->never_log->len == 0)
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(people); i++) {
		if (people[i] != NULL &&
		    mailbox_list_matches(context->config->never_log, people[i]))
			return TRUE;
	}
	for (guint i = 0; i < facts->recipients->len; i++) {
		if (mailbox_list_matches(context->config->never_log, facts->recipients->pdata[i]))
			return TRUE;
	}
	return FALSE;
}

/* What a colleague forwards to a watched mailbox comes from outside in the first place. */
static gboolean
is_internal(const struct change_context *context)
{
	const struct facts *facts = context->facts;

	return facts->direction == DIRECTION_INTERNAL &&
	       !(facts->forward != NULL && facts->mailboxes->len > 0);
}

/* A colleague's own mailbox is none of ours to look into, unless the answer comes to the address
 * we signed for it, or to a message we know. */
static gboolean
is_unwatched(const struct change_context *context)
{
	return context->facts->direction != DIRECTION_OUTBOUND && !change_is_watched(context);
}

static gboolean
is_own_person(const struct change_context *context)
{
	return context->facts->direction != DIRECTION_OUTBOUND && context->facts->person_sender.own;
}

static gboolean
is_nobody(const struct change_context *context)
{
	return context->facts->direction != DIRECTION_OUTBOUND && !card_has_contact(context->facts);
}

static const char *
find_refusal(const struct change_context *context)
{
	static const struct {
		gboolean (*applies)(const struct change_context *context);
		const char *reason;
	} REFUSALS[] = {
		{ is_internal, "internal mail" },
		{ is_unwatched, "no watched mailbox" },
		{ is_own_person, "written by one of us" },
		{ is_nobody, "names nobody" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(REFUSALS); i++) {
		if (REFUSALS[i].applies(context))
			return REFUSALS[i].reason;
	}
	return NULL;
}

static char *
describe_kind(const struct kind *kind)
{
	return g_strdup_printf("%s: %s", kind_name(kind->kind), kind->evidence);
}

/* --- which of them --- */

struct decision *
decide_message(const struct facts *facts, struct known *known, const struct scorecards *scorecards,
	       gint64 now)
{
	struct change_context context = change_context_of(known, scorecards, facts->received, now);
	const char *refusal;

	context.facts = facts;
	if (known->is_duplicate)
		return change_duplicate(known);
	if (is_never_logged(&context))
		return change_decision(ACTION_NONE, g_strdup("on the never-log list"));
	if (facts->own_notification)
		return change_decision(ACTION_NONE, g_strdup("our own notification"));
	if (facts->kind->kind == KIND_BOUNCE)
		return returned_decide_bounce(&context);
	if (facts->kind->kind == KIND_AUTO_REPLY)
		return returned_decide_reply(&context);
	if (!kind_is_human(facts->kind->kind))
		return change_decision(ACTION_NONE, describe_kind(facts->kind));
	refusal = find_refusal(&context);
	if (refusal != NULL)
		return change_decision(ACTION_NONE, g_strdup(refusal));
	return facts->direction == DIRECTION_OUTBOUND ? outbound_decide(&context)
						      : inbound_decide(&context);
}
