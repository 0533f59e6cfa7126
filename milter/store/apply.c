/* apply.c - see apply.h. */
#include "store/apply.h"

#include <string.h>

#include "lead/change.h"
#include "store/forget.h"
#include "store/people.h"
#include "store/roster.h"

static gboolean
write_events(struct transaction *transaction, struct outbox_endpoints *endpoints,
	     const struct decision *decision, gint64 lead, gboolean is_new, gboolean shadow,
	     GError **error)
{
	gboolean added = TRUE;

	memset(&transaction->events_wait, 0, sizeof transaction->events_wait);
	transaction->events_wait.lead = lead;
	for (guint i = 0; added && decision->events && i < decision->events->len; i++)
		added = outbox_add(transaction, endpoints, decision->events->pdata[i], lead,
				   is_new && i == 0, shadow, error);
	transaction->events_wait.lead = 0;
	return added;
}

static gboolean
write_turns(struct transaction *transaction, const struct decision *decision, GError **error)
{
	return !transaction->roster || roster_take_turns(transaction->roster, transaction->database,
							 decision->credits, error);
}

static gboolean
write_outcome(struct database *database, const struct lead_outcome *outcome, gint64 lead,
	      GError **error)
{
	return !outcome || lead == 0 ||
	       database_run(database, QUERY_OUTCOME_INSERT, error, "isssis", lead, outcome->what,
			    outcome->reason, outcome->source, outcome->time, outcome->snapshot);
}

/* A lead that became a customer has a row of its own for that. */
static gboolean
write_customer(struct database *database, const struct decision *decision, gint64 lead,
	       GError **error)
{
	const struct lead *now = decision->lead, *before = decision->before;

	if (lead == 0 || now->stage != STAGE_CUSTOMER ||
	    (before && before->stage == STAGE_CUSTOMER &&
	     !g_strcmp0(before->customer, now->customer)))
		return TRUE;
	return people_write_customer(database, lead, now->customer, now->stage_since, error);
}

static gboolean
write_one(struct transaction *transaction, struct outbox_endpoints *endpoints,
	  const struct decision *decision, gboolean shadow, gint64 *ret_lead, GError **error)
{
	gboolean is_new = decision->action == ACTION_CREATE && !decision->before;

	*ret_lead = 0;
	if (decision->lead && !people_write(transaction, decision->lead, is_new, ret_lead, error))
		return FALSE;
	if (*ret_lead && decision->touch &&
	    people_append_touch(transaction, *ret_lead, decision->touch, is_new, error) == 0)
		return FALSE;
	return write_customer(transaction->database, decision, *ret_lead, error) &&
	       write_outcome(transaction->database, decision->outcome, *ret_lead, error) &&
	       write_turns(transaction, decision, error) &&
	       write_events(transaction, endpoints, decision, *ret_lead, is_new, shadow, error);
}

gboolean
apply_decision(struct transaction *transaction, struct outbox_endpoints *endpoints,
	       const struct decision *decision, gboolean shadow, gint64 *ret_lead,
	       gboolean *ret_changes, GError **error)
{
	gint64 lead;

	*ret_lead = 0;
	*ret_changes = decision->next != NULL;
	for (; decision; decision = decision->next) {
		*ret_changes = *ret_changes || decision->lead ||
			       (decision->events && decision->events->len);
		if (!write_one(transaction, endpoints, decision, shadow, &lead, error))
			return FALSE;
		*ret_lead = *ret_lead ? *ret_lead : lead;
	}
	return TRUE;
}

struct decision *
apply_respect(struct transaction *transaction, struct decision *decision, gint64 time,
	      GError **error)
{
	const char *address = decision->lead ? decision->lead->normalised : NULL;
	gboolean forgotten = FALSE;

	if (decision->action == ACTION_CREATE &&
	    !forget_is_forgotten(transaction, address, time, &forgotten, error)) {
		decision_free(decision);
		return NULL;
	}
	if (!forgotten)
		return decision;
	decision_free(decision);
	return change_decision(ACTION_NONE, g_strdup("the person was forgotten since"));
}

void
apply_answer(const struct decision *decision, const char *kind, struct answer *ret)
{
	const struct lead *lead = decision->lead;

	*ret = (struct answer){
		.action = decision->action,
		.reason = g_strdup(decision->reason),
		.match = g_strdup(match_name(decision->match)),
		.kind = (char *)(kind ? kind : ""),
	};
	if (!lead)
		return;
	ret->lead = g_strdup(lead->id);
	ret->owner = g_strdup(lead->owner);
	ret->score = lead->total;
	ret->grade = lead->grade;
	ret->stage = lead->stage;
}
