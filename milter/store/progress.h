/*
 * progress.h - what reports want of each lead, in a row of its own: where it came from, when it
 * first got how far, who has it, when it first wrote and was answered.
 *
 * The row is made of the lead's own row and its stage changes by one statement, so it is never
 * anything but what those say.  Leads that are new or moved are noted while a transaction runs and
 * their rows made together before the commit, several by one statement: a message costs the
 * statement's eighth part when the store is busy.  A card that was merged into another one has no
 * row. Writer thread only.
 */
#ifndef LEADMILTER_STORE_PROGRESS_H
#define LEADMILTER_STORE_PROGRESS_H

#include "store/transaction.h"

/** A lead is new, or something that its row tells has changed. */
gboolean progress_note(struct transaction *transaction, gint64 lead, gboolean is_new,
		       GError **error);
/** A lead was made in this transaction: what is written of it now, its row tells, too. */
gboolean progress_is_new(const struct transaction *transaction, gint64 lead);
/** A card is no lead any more. */
gboolean progress_drop(struct transaction *transaction, gint64 lead, GError **error);
/** Make the rows of those noted. */
gboolean progress_flush(struct transaction *transaction, GError **error);

#endif
