/*
 * journal.h - rows of what adapters did (table journal, by delivery) and of the records they know
 * a lead by at an endpoint (table remembered).
 *
 * The journal of an event goes with the event; what is remembered of a lead goes with the lead and
 * is handed on when leads are merged.  Writer thread.
 */
#ifndef LEADMILTER_STORE_JOURNAL_H
#define LEADMILTER_STORE_JOURNAL_H

#include "store/transaction.h"

/** What was done for the deliveries from `first` to `last`, which are deleted. */
gboolean journal_delete_deliveries(struct database *database, gint64 first, gint64 last,
				   GError **error);
/** What is remembered of a lead that is deleted. */
gboolean journal_delete_lead(struct database *database, gint64 lead, GError **error);
/** Give what is remembered of lead `from` to lead `to`, which keeps what it has itself. */
gboolean journal_move_lead(struct database *database, gint64 from, gint64 to, GError **error);

#endif
