/*
 * deliver.h - the thread that empties the outbox with libcurl's multi interface.
 *
 * Per endpoint: many requests in flight, at most one per lead, in order per lead.  Every
 * request is signed anew with the same webhook-id.  TLS is verified, redirects are not followed,
 * answers bounded in size and time.  A failing endpoint never holds up another.  libcurl is known
 * in deliver.c only.
 */
#ifndef LEADMILTER_DELIVER_H
#define LEADMILTER_DELIVER_H

#include "base/config.h"
#include "store/store.h"

struct deliver;

/** Start the thread. @param store outlives it. */
struct deliver *deliver_start(struct store *store, struct config *config, GError **error);
/** Take a new configuration; requests in flight finish under the old one.  Any thread. */
void deliver_reconfigure(struct deliver *deliver, struct config *config);
/** Look at the outbox now.  Any thread, never blocks; fits store_on_delivery(). */
void deliver_wake(gpointer deliver);
/** Finish requests in flight within `grace` microseconds, stop and free. */
void deliver_stop(struct deliver *deliver, gint64 grace);

struct deliver_stats {
	guint64 attempts, delivered, failed;
	guint in_flight;
};
void deliver_stats(struct deliver *deliver, struct deliver_stats *ret);

#endif
