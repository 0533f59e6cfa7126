/*
 * clerk.h - the delivery engine's paperwork: claims, results, parking, on a thread of its own.
 *
 * A commit takes a fraction of a millisecond at best and as long as a whole batch of mail at
 * worst; done on the network thread it would leave every connection idle meanwhile.  So the
 * clerk's thread carries out orders one after another, in the order given.  Results
 * collect while an earlier lot is being written and then go in one transaction.
 *
 * A result is never dropped: what the store refuses is tried every second, and no claim overtakes
 * it.  Should the program end first, the delivery's lease runs out and it is sent once
 * more, under the same id.
 *
 * All functions are for the one thread that started the clerk and never block, except
 * clerk_stop().
 */
#ifndef LEADMILTER_CLERK_H
#define LEADMILTER_CLERK_H

#include "store/store.h"

struct clerk;

/** @param done called on the clerk's thread when there is an answer; must not block */
struct clerk *clerk_start(struct store *store, void (*done)(gpointer data), gpointer data);
/** Carry out what was ordered (what the store refuses, once), stop and free. */
void clerk_stop(struct clerk *clerk);

/** Do others deliver what is in the store, too? */
gboolean clerk_is_shared(const struct clerk *clerk);
/**
 * Claim deliveries.
 * @param most  0: only look whether the endpoint rests
 * @param lease microseconds within which they will be settled
 * @param alone only one host may deliver to the endpoint at a time
 */
void clerk_claim(struct clerk *clerk, gpointer owner, const char *endpoint, guint most,
		 gint64 lease, gboolean alone);
/** Note a result; the texts in it are taken over.  It is ordered by clerk_flush(). */
void clerk_result(struct clerk *clerk, gpointer owner, const struct delivery_result *result,
		  char *error, char *response);
/** Order the results noted, unless an earlier lot is still being written. */
void clerk_flush(struct clerk *clerk);
/** After the results noted so far: everything waiting for the endpoint becomes due. */
void clerk_hurry(struct clerk *clerk, gpointer owner, const char *endpoint);
/** After the results noted so far: tell the other hosts that it doesn't answer, and when it is to
 *  be asked again. */
void clerk_rest(struct clerk *clerk, gpointer owner, const char *endpoint, gint64 until);
/** After the results noted so far: no more deliveries for the endpoint.
 *  @param mark of refused credentials, or NULL */
void clerk_park(struct clerk *clerk, gpointer owner, const char *endpoint, const char *reason,
		const char *mark);
/** Resume the endpoint if it was parked with another mark. */
void clerk_unlatch(struct clerk *clerk, gpointer owner, const char *endpoint, const char *mark);

/**
 * After the results noted so far: something else that must be written, by a courier between two
 * requests for example.  What the store refuses is tried every second.
 * @param run  on the clerk's thread; @return FALSE with an error when it must be tried again
 * @param done on the starter's thread, from clerk_answer() or clerk_stop(); also frees `data`.  It
 * is called once in any case: with FALSE when the end came first
 */
void clerk_work(struct clerk *clerk,
		gboolean (*run)(struct store *store, gpointer data, GError **error),
		void (*done)(gboolean written, gpointer data), gpointer data);

enum clerk_task {
	CLERK_CLAIM,
	CLERK_SETTLE,
	CLERK_HURRY,
	CLERK_REST,
	CLERK_PARK,
	CLERK_UNLATCH,
	CLERK_WORK
};

struct clerk_answer {
	enum clerk_task task;
	gpointer owner; /* NULL for SETTLE and WORK */
	/* CLAIM */
	GPtrArray *deliveries; /* struct delivery *, none twice while unsettled; NULL: refused */
	gboolean full; /* as many as asked for: there may be more */
	gint64 next; /* when the next one is due, 0 none or full */
	gint64 rest; /* of a shared store: as in struct store_outlook */
	gint64 began; /* monotonic: it has been claimed for so long at most */
	/* SETTLE */
	GPtrArray *owners; /* one a result */
};
/** The next order that was carried out, or NULL; work's done() is called in here.
 *  @return caller frees */
struct clerk_answer *clerk_answer(struct clerk *clerk);
void clerk_answer_free(struct clerk_answer *answer);
typedef struct clerk_answer clerk_answer_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(clerk_answer_owned, clerk_answer_free)

#endif
