/*
 * store_privacy.h - a person's right to be forgotten, and to see what is kept.
 *
 * Safe from any thread; bounded in memory by what is kept of one person.
 */
#ifndef LEADMILTER_STORE_PRIVACY_H
#define LEADMILTER_STORE_PRIVACY_H

#include "store/spool.h"
#include "store/store.h"

struct forget_report {
	guint leads, touches, messages, events, contacts, spooled;
};

/**
 * Erase a person: card (with those that were merged into it), touches, messages, conversations,
 * stage changes, outcomes, events and deliveries, what adapters remember, contacts, and mails of
 * theirs in the spool.  Of the card its id stays, and contact.forgotten tells it to the endpoints.
 * The file is cleaned too: a store of up to 64 MiB is written anew and its log is cut, so that what
 * was erased can't be read in them afterwards (unless a reader holds the log just then: it is cut
 * as soon as that ends).  In a larger one the rows are overwritten, but copies of them may be left
 * in the slack of pages until store_compact(), which takes its time.
 * @param who      id or address; an address nobody has a card for is erased all the same
 * @param spool    or NULL
 * @param remember keep a salted hash of the addresses, so that mail dated before `now` makes no
 *                 card of them again (an archive that is replayed)
 * @return FALSE with ERROR_NOT_FOUND (an id nobody has) or the store's error; what was begun is
 *         gone on with when it is called again
 */
gboolean store_forget(struct store *store, struct spool *spool, const char *who, gboolean remember,
		      gint64 now, struct forget_report *ret, GError **error);

/** Write the file anew, without any trace of what was deleted.  Nothing else can be written
 *  meanwhile (about a second for 100 MB): messages go to the spool. */
gboolean store_compact(struct store *store, GError **error);

/**
 * All that is kept of a person, as one JSON document: leads (the card, and those that became it),
 * touches, stage_changes, outcomes, events, messages, contacts.
 * @return caller frees; NULL with ERROR_NOT_FOUND or the store's error
 */
char *store_export(struct store *store, const char *who, GError **error);

#endif
