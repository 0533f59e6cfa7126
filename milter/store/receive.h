/*
 * receive.h - one message's work inside the open transaction: look up, decide, write, answer.
 */
#ifndef LEADMILTER_RECEIVE_H
#define LEADMILTER_RECEIVE_H

#include "store/outbox.h"
#include "store/store.h"

struct receive {
	const struct facts *facts;
	const struct scorecards *scorecards;
	gint64 now;
	gboolean shadow;
	struct outbox_endpoints *endpoints;
	/** decide_message(), or a test's. */
	struct decision *(*decide)(const struct facts *facts, struct known *known,
				   const struct scorecards *scorecards, gint64 now);
};

/** May be run again after its transaction was rolled back. @param ret untouched on failure */
gboolean receive_message(struct transaction *transaction, const struct receive *receive,
			 struct answer *ret, GError **error);

/** Delete messages recorded before `before`, from number `*after` on; as outbox_expire(). */
gint receive_expire(struct transaction *transaction, gint64 *after, gint64 before,
		    gboolean *ret_more, GError **error);

#endif
