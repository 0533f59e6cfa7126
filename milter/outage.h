/*
 * outage.h - whether messages go to the store or, while it is away, straight to the spool.
 *
 *   none       the store is asked.
 *   away       it failed or didn't answer in time: every message goes to the spool at once, so
 *              that no second mail waits.  A thread asks the store, at growing intervals.
 *   returning  it answers again: the spool is put into it in the order the messages came, and new
 * ones line up behind, in the spool.  With the last of them handed to the store, and before their
 * commit, it is none again: what comes then is decided after them.
 *
 * So messages of one person are decided in their order, as far as this host saw them.  What a
 * lost connection leaves in doubt is spooled, too: if it was committed after all, its key
 * makes the second try a duplicate.
 */
#ifndef LEADMILTER_OUTAGE_H
#define LEADMILTER_OUTAGE_H

#include "mail/raw.h"

struct runtime;
struct outage;

/** No thread yet. @param runtime its store and spool (or NULL) stay until outage_free() */
struct outage *outage_new(struct runtime *runtime);
/** Start the thread: what waits in the spool goes first, then messages. */
gboolean outage_start(struct outage *outage, GError **error);
/** End the thread and free.  NULL is nothing. */
void outage_free(struct outage *outage);

/** Messages go to the spool.  Any thread, no lock. */
gboolean outage_is_on(const struct outage *outage);
/** The store failed a message: from now on the spool.  Any thread. */
void outage_begin(struct outage *outage, const GError *why);
/** Put a message into the spool, in line with the others. @return as spool_put() */
gboolean outage_spool(struct outage *outage, const struct raw_mail *raw, GError **error);

/** One look at the store and the spool: what the thread does, for programs without it.
 *  @return microseconds until the next one */
gint64 outage_look(struct outage *outage);

struct outage_status {
	const char *state; /* none, away, returning */
	gint64 since; /* time, 0: none */
	guint count; /* outages since the start */
};
void outage_status(struct outage *outage, struct outage_status *ret);
/** What the store said last, while it is away. @return NULL when nothing; caller frees */
char *outage_why(struct outage *outage);

#endif
