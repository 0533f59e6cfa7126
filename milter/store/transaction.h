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
#include "mail/facts.h"
#include "store/database.h"

/* Types of events, for counting; an unknown one is "other". */
#define TALLY_EVENTS 16
extern const char *const tally_event_types[TALLY_EVENTS]; /* NULL: unused */

struct tally_endpoint {
	gint64 waiting, delivered, dead;
};

/* Mails of a day, an address, a kind and a direction. */
struct census_count {
	gint64 day; /* number of the local day since 1970-01-01 */
	enum mail_kind kind;
	enum direction direction;
	gint64 mails;
	char mailbox[LIMIT_ADDRESS + 1]; /* "" none */
};

struct census {
	struct census_count counts[LIMIT_CENSUS];
	guint count;
};

/* Leads by number, each once. */
struct tally_leads {
	gint64 numbers[LIMIT_BATCH];
	guint count;
};

struct tally {
	gint64 stages[STAGE_COUNT];
	gint64 touches, messages;
	struct tally_endpoint endpoints[LIMIT_ENDPOINTS + 1]; /* by number */
	guint most_endpoint; /* highest number used */
	guint events[TALLY_EVENTS]; /* since the last commit */
	struct tally_leads born, moved; /* whose rows of reports are to be made (progress.h) */
	struct census census; /* mails by kind (census.h) */
	gboolean waiting_written; /* `waiting` was, in this transaction */
	gboolean compact; /* the file is to be written anew after the commit */
	gboolean erased; /* the log is to be cut, so that nothing of it can be read there */
	gboolean deliveries_added; /* somebody should look at the outbox after the commit */
	gboolean news; /* something was changed that the page shows */
	gint64 changes; /* 1 until the tallies are written */
	gboolean changed; /* what other hosts have in memory */
};

struct roster;
struct feed;

/* Whether a table that most sites leave empty has rows: asked once, and not again for each message
 * while nobody adds one.  Who adds one makes it unknown; that is right after a rollback, too. */
enum has_rows { PRESENCE_UNKNOWN, PRESENCE_NONE, PRESENCE_SOME };

/* While the events of one lead are written: at which endpoints one of them waits already. */
struct at_endpoints {
	gint64 lead; /* 0: nothing is kept */
	guint8 at[LIMIT_ENDPOINTS / 8 + 1]; /* a bit each, by number */
};

struct outbox_endpoints;

struct transaction {
	struct database *database;
	const struct outbox_endpoints *endpoints; /* of the open message, or NULL */
	gboolean is_foreseen; /* what its messages read was noted for the whole batch */
	struct at_endpoints events_wait;
	gint64 holder; /* of what is claimed; 0: nobody else writes to the store */
	struct roster *roster; /* in memory, written with the tallies; NULL: nobody counts */
	struct feed *feed; /* what the page is told after the commit; NULL: nobody is */
	struct tally tally;
	enum has_rows accounts, forgotten;
	struct census
		waiting; /* counted in transactions that wrote nothing else, not written yet */
	gint64 waiting_since; /* g_get_monotonic_time() */
};

/** Count `by` deliveries of a state (enum delivery_state). */
void transaction_count(struct transaction *transaction, gint64 endpoint, int state, gint64 by);
/** Count an event of a type. */
void transaction_count_event(struct transaction *transaction, const char *type);
/** Something was changed that the page shows (feed.h). @param id or NULL @param number or 0 */
void transaction_tell(struct transaction *transaction, int news, const char *id, gint64 number);
/** Write the tallies; then they are empty. */
gboolean transaction_flush(struct transaction *transaction, GError **error);
/** It is on disk. */
void transaction_committed(struct transaction *transaction);
/** Whether counts of mails wait for a transaction that writes. */
gboolean transaction_waits(const struct transaction *transaction);
/** The next flush shall write them, whatever else it does. */
void transaction_hurry(struct transaction *transaction);

#endif
