/*
 * sweep.h - what time alone changes of a lead, and when it will next.
 *
 * Four things happen without anybody writing:
 *  - scores fade: the temperature falls, the total goes below the threshold, a grade changes
 *    where a scorecard lets fit fade: lead.cooled, with the values before;
 *  - the owner's task is missed: lead.sla_breached, once;
 *  - our mail stays without answer for `silence_after`: a touch "no_answer", once for each time
 *    we wrote, with the points scorecards have for it;
 *  - nothing happens for `recycle_after` with a lead that was handed to sales: recycled.
 * The store finds leads by `due`, so a sweep costs what changes, not what there is.
 *
 * Each change is dated by its own moment, however late the sweep comes.  What is found
 * more than SWEEP_STALE late (an archive was replayed, the daemon was off for weeks) is put
 * right without an event: nobody wants hundreds of alarms about the past.  A sweep that is run
 * again changes nothing.  Pure; any thread.
 */
#ifndef LEADMILTER_SWEEP_H
#define LEADMILTER_SWEEP_H

#include "base/clock.h"
#include "lead/decide.h"

#define SWEEP_STALE (7 * CLOCK_DAY)

/**
 * When time alone next changes something of this lead, as `lead->due`; 0 never.  Set by every
 * decision that writes a lead; it may be in the past, then the next sweep finds it.
 * @param touches the whole ledger as the decision sees it, the new touch included
 */
gint64 sweep_due(const struct lead *lead, const GPtrArray *touches,
		 const struct scorecards *scorecards, gint64 now);

/**
 * What time has changed of the lead that is the first candidate.
 * @param known the lead as only candidate with its ledger, its account and the owners
 * @return never NULL: ACTION_ATTACH with a lead to write (its `due` moved on, at the least), and
 *         a touch and events when there are any; `next` when there is more than one touch;
 *         ACTION_NONE when nothing is to be written
 */
struct decision *sweep_decide(struct known *known, const struct scorecards *scorecards, gint64 now);

#endif
