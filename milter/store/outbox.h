/*
 * outbox.h - events and their deliveries, as rows: who waits, who is next, what came of it.
 *
 * Of the waiting deliveries of one lead at one endpoint only the oldest, the head, may be sent:
 * head is 1 when it waits for its time and 2 while somebody has claimed it; all others are 0.
 * A head that is settled for good hands on to the next one in the same transaction.
 */
#ifndef LEADMILTER_OUTBOX_H
#define LEADMILTER_OUTBOX_H

#include "store/store.h"
#include "store/transaction.h"

/* The endpoints of the configuration that events are written for.  Writer thread. */
struct outbox_endpoints;
struct outbox_endpoints *outbox_endpoints_new(const struct config *config);
void outbox_endpoints_free(struct outbox_endpoints *endpoints);
/** Their numbers must be looked up again (a transaction that made one was rolled back). */
void outbox_endpoints_forget(struct outbox_endpoints *endpoints);
/** Make rows for those that have none. */
gboolean outbox_endpoints_resolve(struct transaction *transaction,
				  struct outbox_endpoints *endpoints, GError **error);

/** Write an event and a delivery for each endpoint that wants it. @param lead 0 none
 *  @param is_first nothing was ever written for that lead: no older one is looked for */
gboolean outbox_add(struct transaction *transaction, struct outbox_endpoints *endpoints,
		    const struct event *event, gint64 lead, gboolean is_first, gboolean shadow,
		    GError **error);

/** Note what adding events of a lead reads (database_foresee()). */
gboolean outbox_foresee(struct database *database, const struct outbox_endpoints *endpoints,
			gint64 lead, GError **error);

struct outbox_claim {
	const char *endpoint;
	gint64 now;
	guint most;
	gint64 (*next)(guint attempts, gint64 now, gpointer data);
	gpointer data;
};
/** @return struct delivery *, or NULL with an error */
GPtrArray *outbox_claim(struct transaction *transaction, const struct outbox_claim *claim,
			GError **error);
gboolean outbox_settle(struct transaction *transaction, const struct delivery_result *result,
		       GError **error);
/** A claim nobody will settle (of a program that ended): it may be hurried again. */
gboolean outbox_recover(struct transaction *transaction, GError **error);
/** Claims of hosts that don't live any more: when they are due, anybody may have them. */
gboolean outbox_recover_dead(struct transaction *transaction, GError **error);
/** Nobody claims anything for the endpoint before `until`, and then one delivery only, until it is
 *  told that it answers. @param until 0: it answers */
gboolean outbox_rest(struct transaction *transaction, const char *endpoint, gint64 until,
		     GError **error);
/** It answers: nothing rests.  At most LIMIT_BATCH of them. @return how many, or -1 */
gint outbox_hurry(struct transaction *transaction, const char *endpoint, gint64 now,
		  GError **error);
/** @return 1, 0 when there is no such delivery, or -1 */
gint outbox_retry(struct transaction *transaction, gint64 id, gint64 now, GError **error);
gint outbox_drop(struct transaction *transaction, gint64 id, GError **error);
/** Dead ones, at most LIMIT_BATCH. @return how many, or -1 */
gint outbox_retry_dead(struct transaction *transaction, gint64 now, GError **error);

/** @param since 0: resume @param mark of what made it park, or NULL; see outbox_unlatch() */
gboolean outbox_park(struct transaction *transaction, const char *endpoint, gint64 since,
		     const char *reason, const char *mark, GError **error);
/** Resume it if it was parked with another mark than this. @return 1, 0 or -1 with an error */
gint outbox_unlatch(struct transaction *transaction, const char *endpoint, const char *mark,
		    GError **error);

/* Reading. */
gint64 outbox_next(struct database *database, const char *endpoint, gint64 holder, GError **error);
/** @param ret_rest until when it rests, 0 it answers; G_MAXINT64: it is parked */
gboolean outbox_resting(struct database *database, const char *endpoint, gint64 *ret_rest,
			GError **error);
struct delivery *outbox_get(struct database *database, gint64 id, GError **error);
GPtrArray *outbox_list(struct database *database, int state, const char *endpoint, const char *lead,
		       guint most, GError **error);
/** The same, those with lower ids than `before`. */
GPtrArray *outbox_page(struct database *database, int state, const char *endpoint, const char *lead,
		       gint64 before, guint most, GError **error);
GPtrArray *outbox_endpoint_status(struct database *database, GError **error);

/** Delete all events of a lead, whether somebody waits for them or not. @return how many, or -1 */
gint outbox_delete_events(struct transaction *transaction, gint64 lead, GError **error);

/** Delete events of before `before` that nobody waits for, from number `*after` on.
 *  @param ret_more FALSE at the end
 *  @return how many, or -1 */
gint outbox_expire(struct transaction *transaction, gint64 *after, gint64 before,
		   gboolean *ret_more, GError **error);

#endif
