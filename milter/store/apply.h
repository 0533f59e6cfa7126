/*
 * apply.h - writing a decision, whatever it was decided about.
 */
#ifndef LEADMILTER_APPLY_H
#define LEADMILTER_APPLY_H

#include "store/outbox.h"
#include "store/store.h"

/** Leads, touches, events, turns, outcomes and customers of a decision and those that follow it.
 *  @param ret_lead    number of the first lead written, 0 none
 *  @param ret_changes whether there was anything to write */
gboolean apply_decision(struct transaction *transaction, struct outbox_endpoints *endpoints,
			const struct decision *decision, gboolean shadow, gint64 *ret_lead,
			gboolean *ret_changes, GError **error);

/**
 * Nobody makes a card again of somebody who was forgotten later than this happened.
 * @param decision taken; what stays of it is returned
 * @return NULL with an error
 */
struct decision *apply_respect(struct transaction *transaction, struct decision *decision,
			       gint64 time, GError **error);

/** What a decision answers; `kind` is static or NULL. */
void apply_answer(const struct decision *decision, const char *kind, struct answer *ret);

#endif
