/*
 * transaction.h - what one write transaction carries besides the database: counters to be added to
 * the tallies before the commit, and whether deliveries were added.
 *
 * A plain value: a copy of the tally taken at a savepoint undoes what a failed job counted.
 * Writer thread only.
 */
#ifndef LEADMILTER_TRANSACTION_H
#define LEADMILTER_TRANSACTION_H

#include "base/limits.h"
#include "lead/lead.h"
#include "store/database.h"

struct tally_endpoint {
	gint64 waiting, delivered, dead;
};

struct tally {
	gint64 stages[STAGE_COUNT];
	gint64 touches, messages;
	struct tally_endpoint endpoints[LIMIT_ENDPOINTS + 1]; /* by number */
	guint most_endpoint; /* highest number used */
	gboolean compact; /* the file is to be written anew after the commit */
	gboolean erased; /* the log is to be cut, so that nothing of it can be read there */
	gboolean deliveries_added; /* somebody should look at the outbox after the commit */
};

struct roster;

/* Whether a table that most sites leave empty has rows: asked once, and not again for each message
 * while nobody adds one.  Who adds one makes it unknown; that is right after a rollback, too. */
enum presence { PRESENCE_UNKNOWN, PRESENCE_NONE, PRESENCE_SOME };

struct transaction {
	struct database *database;
	struct roster *roster; /* in memory, written with the tallies; NULL: nobody counts */
	struct tally tally;
	enum presence accounts, forgotten;
};

/** Count `by` deliveries of a state (enum delivery_state). */
void transaction_count(struct transaction *transaction, gint64 endpoint, int state, gint64 by);
/** Write the tallies; then they are empty. */
gboolean transaction_flush(struct transaction *transaction, GError **error);

#endif
