/*
 * task.h - the owner's next task: "reply", due within working hours.
 *
 * A message wants an answer when a person who may buy wrote it: the lead is EQL or later (customers
 * too) and the message is no opt-out or refusal, no pitch of a vendor (below MQL: who may buy may
 * sound like one), no answer to an invitation (accepted, declined, tentative) or its cancellation.
 * The task is due `response_within` of working time after the message; while it is open the
 * earliest due time of its messages stays: who waits, waits since the first, in whatever order
 * mail is taken in.  Any answer of ours that is later than their last message ends it, and so
 * do opt-out and disqualification.  A message that is decided on more than TASK_STALE after it was
 * written comes from an archive and sets no task.
 *
 * By when the very first answer was wanted is kept in `first_due`, for the reports.
 *
 * Pure; any thread.
 */
#ifndef LEADMILTER_TASK_H
#define LEADMILTER_TASK_H

#include "base/clock.h"
#include "lead/lead.h"
#include "lead/worktime.h"
#include "mail/facts.h"

#define TASK_REPLY "reply"
#define TASK_STALE (7 * CLOCK_DAY)

/** @param lead as the message leaves it: stage moved */
gboolean task_is_wanted(const struct lead *lead, const struct facts *facts);

/** Set "reply" unless a task is open or the message was answered already.
 *  @param time of the message, later than or at what is counted in `lead`
 *  @return TRUE when the task is new */
gboolean task_open(struct lead *lead, const struct worktime *worktime, gint64 within, gint64 time,
		   gint64 now);
/** We answered at `time`. @return TRUE when that ended a task. */
gboolean task_answer(struct lead *lead, gint64 time);
/** Nothing is to be done any more. */
void task_clear(struct lead *lead);

/** Missed as of `now`, and not noted yet. */
gboolean task_is_breached(const struct lead *lead, gint64 now);
/** Note that it was missed, at its due time. @return TRUE when this is news. */
gboolean task_breach(struct lead *lead, gint64 now);
/** When the open task will be missed, 0 never (or it was). */
gint64 task_next(const struct lead *lead);

#endif
