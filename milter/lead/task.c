/* task.c - see task.h. */
#include "lead/task.h"

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
