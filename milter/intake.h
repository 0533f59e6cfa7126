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

/**
 * Understand, decide, commit.  Waits at most config->store_deadline_ms for the store, then for
 * one spool file.  Never fails otherwise.  Any thread.
 * @param auth   its Authentication-Results, where they were read already: moved out of it when
 *               they are needed; or NULL
 * @param answer filled for INTAKE_STORED (caller clears), else zeroed
 */
enum intake_result intake_message(struct runtime *runtime, struct generation *generation,
				  const struct raw_mail *raw, struct authres *auth,
				  struct answer *answer);

/** The same for archives and the spool: no spool behind it, no deadline. */
gboolean intake_archived(struct runtime *runtime, struct generation *generation,
			 const struct raw_mail *raw, gboolean shadow, struct answer *answer,
			 GError **error);

/** A failure of the store is so fresh that messages go straight to the spool. */
gboolean intake_store_is_paused(struct runtime *runtime);

const char *intake_result_name(enum intake_result result);

#endif
