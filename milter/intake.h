/*
 * intake.h - one complete message from bytes to a durable result: the path every message takes,
 * from the MTA, from an archive and from the spool.
 */
#ifndef LEADMILTER_INTAKE_H
#define LEADMILTER_INTAKE_H

#include "runtime.h"

enum intake_result {
	INTAKE_STORED, /* decided and committed: `answer` says what */
	INTAKE_SPOOLED, /* durable in the spool, decided later */
	INTAKE_UNPROCESSED /* neither could take it: the mail is marked, replay finds it */
};

/** Until when (monotonic) a callback that begins to ask the store now may wait for it. */
gint64 intake_deadline(const struct generation *generation);

/**
 * Understand, decide, commit.  Waits at most until intake_deadline() for the store, then for
 * one spool file; during an outage for the file only.  Never fails otherwise.  Any thread.
 * @param auth   its Authentication-Results, where they were read already: moved out of it when
 *               they are needed; or NULL
 * @param answer filled for INTAKE_STORED (caller clears), else zeroed
 */
enum intake_result intake_message(struct runtime *runtime, struct generation *generation,
				  const struct raw_mail *raw, struct authres *auth,
				  struct answer *answer);

/** A message of which nobody can say now whether it is ours: to the spool as it is. */
enum intake_result intake_later(struct runtime *runtime, const struct raw_mail *raw);

/** Is one of these Message-IDs of a conversation we know?  Waits like intake_message().
 *  @return 1, 0, or -1: the store doesn't say */
int intake_has_message(struct runtime *runtime, struct generation *generation,
		       const GPtrArray *ids);

/**
 * Messages from the spool into the store, decided in this order.
 * @param items what became of each is noted there
 * @param queued, data, deadline as for store_messages()
 */
void intake_spooled(struct runtime *runtime, struct spool_item *items, guint count,
		    void (*queued)(gpointer data), gpointer data, gint64 deadline);

/** A message of an archive: no spool behind it, no deadline. */
gboolean intake_archived(struct runtime *runtime, struct generation *generation,
			 const struct raw_mail *raw, gboolean shadow, struct answer *answer,
			 GError **error);

const char *intake_result_name(enum intake_result result);

#endif
