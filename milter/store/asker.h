/*
 * asker.h - questions a mail waits for, asked on a thread of its own so that no mail waits longer
 * than it may.
 *
 * A database elsewhere may answer late or never: its name is looked up, its connection is made and
 * its answer is read on the asker's thread.  Whoever asked goes on at the deadline, and the answer
 * is thrown away when it comes.  The thread has a connection of its own, so that no list or report
 * that somebody reads keeps a mail waiting.
 */
#ifndef LEADMILTER_ASKER_H
#define LEADMILTER_ASKER_H

#include "store/database.h"

struct asker;

/**
 * Start the thread.
 * @param open makes the connection, on the thread, when the first question is asked and again after
 *        a failure; the asker closes it
 * @return NULL with ERROR_SYSTEM
 */
struct asker *asker_start(struct database *(*open)(gpointer data, GError **error), gpointer data,
			  GError **error);
/** Answer what is being asked, end the thread and free.  NULL is nothing. */
void asker_stop(struct asker *asker);

/**
 * Ask, and wait for the answer.  Any thread but the asker's.
 * @param ask     reads the database on the asker's thread
 * @param abandon frees `question` when nobody waits any more: called once if this returned FALSE
 *        with ERROR_TIMEOUT, as soon as the question isn't needed; else it stays the caller's
 * @param deadline of g_get_monotonic_time(), 0 none
 */
gboolean asker_ask(struct asker *asker,
		   gboolean (*ask)(struct database *database, gpointer question, GError **error),
		   gpointer question, void (*abandon)(gpointer question), gint64 deadline,
		   GError **error);

#endif
