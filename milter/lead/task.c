/* task.c - see task.h. */
#include "lead/task.h"

#include <string.h>

/* "accepted", "declined", "tentative", "cancelled": an invitation alone asks something. */
static gboolean
is_calendar_answer(const struct calendar *calendar)
{
	return calendar != NULL && calendar->response != NULL &&
	       strcmp(calendar->response, "invitation") != 0;
}

gboolean
task_is_wanted(const struct lead *lead, const struct facts *facts)
{
	const struct content *content = facts->content;

	if (lead->stage < STAGE_EQL || lead->stage > STAGE_CUSTOMER)
		return FALSE;
	if (!kind_is_human(facts->kind->kind) || is_calendar_answer(facts->kind->calendar))
		return FALSE;
	if (content == NULL)
		return TRUE;
	return !content->opt_out && !content->refusal &&
	       !(content->vendor_pitch && lead->stage < STAGE_MQL);
}

static gboolean
is_reply(const struct lead *lead)
{
	return lead->task != NULL && strcmp(lead->task, TASK_REPLY) == 0;
}

gboolean
task_open(struct lead *lead, const struct worktime *worktime, gint64 within, gint64 time,
	  gint64 now)
{
	gint64 due;

	if (time <= lead->last_outbound || now - time > TASK_STALE)
		return FALSE;
	if (lead->task != NULL && (!is_reply(lead) || lead->task_breached != 0))
		return FALSE;
	due = worktime_add(worktime, time, within);
	if (lead->first_response == 0)
		lead->first_due = lead->first_due != 0 ? MIN(lead->first_due, due) : due;
	if (lead->task != NULL) {
		lead->task_due = MIN(lead->task_due, due);
		return FALSE;
	}
	lead->task = g_strdup(TASK_REPLY);
	lead->task_due = due;
	lead->task_breached = 0;
	return TRUE;
}

gboolean
task_answer(struct lead *lead, gint64 time)
{
	if (!is_reply(lead) || time < lead->last_inbound)
		return FALSE;
	task_clear(lead);
	return TRUE;
}

void
task_clear(struct lead *lead)
{
	g_clear_pointer(&lead->task, g_free);
	lead->task_due = 0;
	lead->task_breached = 0;
}

gboolean
task_is_breached(const struct lead *lead, gint64 now)
{
	return task_next(lead) != 0 && task_next(lead) <= now;
}

gboolean
task_breach(struct lead *lead, gint64 now)
{
	gboolean news = task_is_breached(lead, now);

	if (news)
		lead->task_breached = lead->task_due;
	return news;
}

gint64
task_next(const struct lead *lead)
{
	return lead->task != NULL && lead->task_breached == 0 ? lead->task_due : 0;
}
