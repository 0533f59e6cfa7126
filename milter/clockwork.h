/*
 * clockwork.h - the daemon's thread for what time alone changes: leads that are due are swept.
 *
 * It looks at the store's next due time every second, which is one step into an index, so
 * that no commit has to wake it and a clock that was set is no harm.  What is due is done in small
 * batches, each one job of the writer among the mail's, with as much rest after it as it
 * took: a million leads due at once take their time, mail does not wait for them.  When the
 * store fails it is left alone for a minute; what is due stays due.
 */
#ifndef LEADMILTER_CLOCKWORK_H
#define LEADMILTER_CLOCKWORK_H

#include "runtime.h"

struct clockwork;

/** Start the thread. @param runtime stays until clockwork_stop(); its store writes
 *  @return NULL with ERROR_SYSTEM */
struct clockwork *clockwork_start(struct runtime *runtime, GError **error);
/** End the thread and free; at most one batch is waited for.  NULL is nothing. */
void clockwork_stop(struct clockwork *clockwork);

/**
 * Sweep what is due at `now`, on the caller's thread: `leadctl sweep`.
 * @param most leads, 0 all
 * @return how many were looked at, or -1
 */
gint64 clockwork_sweep(struct runtime *runtime, gint64 now, guint most, GError **error);

#endif
