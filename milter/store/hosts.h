/*
 * hosts.h - a store that several daemons share: who of them is there, and what one does for all.
 *
 * Each draws a number at its start, the holder of what it claims.  Its row in `host` says until
 * when it is taken for living, by the database's clock; it is renewed by store_keep(), and what was
 * claimed by one that isn't renewed any more goes back.  A row is known by an id that its daemon
 * keeps with its spool, so that a daemon that is started again takes the place of the one that was
 * killed.  Leases are rows of the same kind: of one name there is one holder.
 */
#ifndef LEADMILTER_HOSTS_H
#define LEADMILTER_HOSTS_H

#include "store/transaction.h"

struct hosts;

/** @param shared FALSE: there is nobody else, and nothing is ever asked of the database */
struct hosts *hosts_new(gboolean shared);
void hosts_free(struct hosts *hosts);
/** 0 when there is nobody else. */
gint64 hosts_holder(const struct hosts *hosts);
/** Before anything is claimed. @param id kept over restarts @param name for people */
void hosts_name(struct hosts *hosts, const char *id, const char *name);

/* Writer thread, in a transaction. */

/** We are here: row and leases are renewed, and what the dead claimed goes back. */
gboolean hosts_keep(struct hosts *hosts, struct transaction *transaction, GError **error);
/** Our row, if it was never written: before the first claim. */
gboolean hosts_join(struct hosts *hosts, struct transaction *transaction, GError **error);
/** Take or renew a lease. @param ret_held it is ours */
gboolean hosts_lease(struct hosts *hosts, struct transaction *transaction, const char *name,
		     gboolean *ret_held, GError **error);
/** Give everything up: a clean end. */
gboolean hosts_leave(struct hosts *hosts, struct transaction *transaction, GError **error);

/* Any thread. */

/** Our row was committed. */
void hosts_joined(struct hosts *hosts);
/** What was last found out about a lease. @return 1 ours, 0 another's, -1 it is time to ask */
int hosts_remembered(struct hosts *hosts, const char *name);
void hosts_remember(struct hosts *hosts, const char *name, gboolean held);

#endif
