/*
 * census.h - how many mails of each kind came and went, by day and watched address.
 *
 * Days are those of the site's time zone as it was configured then.  Counts are gathered while a
 * transaction runs and written before its commit, one statement for a day, address, kind and
 * direction.  A mail that changes nothing (a newsletter, a bounce of nobody) shall cost no write
 * of its own: its count waits in memory for the next transaction that writes anyway, for a second
 * at most while the store is busy, and until the writer has nothing else to do.  Such a mail
 * leaves no row by which a second try of the MTA could be known, so it counts again; and a crash
 * loses those of the last second.
 *
 * The address is the first watched one of mail that comes in; other mail has none, since whoever
 * it is written to is nobody's business here.  The counts outlive the messages they were made of.
 * Writer thread only.
 */
#ifndef LEADMILTER_STORE_CENSUS_H
#define LEADMILTER_STORE_CENSUS_H

#include "lead/scorecard.h"
#include "mail/facts.h"
#include "store/transaction.h"

/** Count a message that is new. @param scorecards know the time zone; NULL: UTC */
gboolean census_count(struct transaction *transaction, const struct facts *facts,
		      const struct scorecards *scorecards, gint64 now, GError **error);

/** Before a commit. @param writing something else is written in the transaction, too */
gboolean census_flush(struct transaction *transaction, gboolean writing, GError **error);

/** What was written is on disk. */
void census_committed(struct transaction *transaction);

/** Whether counts wait in memory: then a flush with `writing` should come soon. */
gboolean census_waits(const struct transaction *transaction);

#endif
