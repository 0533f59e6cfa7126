/*
 * deliver.h - the thread that empties the outbox.
 *
 * Per endpoint: many requests in flight, at most one per lead, in order per lead.  Every
 * request is signed anew with the same webhook-id.  TLS is verified, redirects are not followed,
 * answers bounded in size and time.  A failing endpoint never holds up another, and an outage
 * costs the waiting deliveries no attempts (breaker.h).  What is said to an endpoint is its
 * courier's business (courier.h).
 */
#ifndef LEADMILTER_DELIVER_H
#define LEADMILTER_DELIVER_H

#include "base/config.h"
#include "store/store.h"

struct deliver;

/** Whether the endpoints' secrets and URLs can be used. @return FALSE with ERROR_CONFIG */
gboolean deliver_check(const struct config *config, GError **error);
/** Start the thread. @param store outlives it. */
struct deliver *deliver_start(struct store *store, struct config *config, GError **error);
/** Take a new, checked configuration; requests in flight finish under the old one.  Any thread. */
void deliver_reconfigure(struct deliver *deliver, struct config *config);
/** Look at the outbox now.  Any thread, never blocks; fits store_on_delivery(). */
void deliver_wake(gpointer deliver);
/** Try an endpoint (NULL: all) now, whatever its answers were: everything waiting for it becomes
 *  due.  For the administrator's retry and resume, after the store's.  Any thread. */
void deliver_resume(struct deliver *deliver, const char *endpoint);
/** Finish requests in flight within `grace` microseconds, stop and free. */
void deliver_stop(struct deliver *deliver, gint64 grace);

struct deliver_stats {
	guint64 attempts, delivered, failed;
	guint in_flight;
};
void deliver_stats(struct deliver *deliver, struct deliver_stats *ret);
/** What came of attempts, by endpoint (figures.h). @return struct figures *, which last as long as
 *  the deliverer; caller unrefs the array */
GPtrArray *deliver_figures(struct deliver *deliver);

#endif
