/*
 * forget.h - erasing what is known of a person, inside a transaction of the writer.
 */
#ifndef LEADMILTER_FORGET_H
#define LEADMILTER_FORGET_H

#include "store/outbox.h"
#include "store/store_privacy.h"

/* Whose data are erased. */
struct forget {
	GPtrArray *addresses; /* char *, normalised: found in the cards, more may be added */
	GArray *leads; /* gint64: numbers, filled in by forget_find() */
	GPtrArray *ids; /* char *, their ids */
	GPtrArray *texts; /* char *, the addresses as they were written, too */
};
struct forget *forget_new(void);
void forget_free(struct forget *forget);

/** The cards of a person: by id or address, what was merged into them, what claims to be them. */
gboolean forget_find(struct database *database, struct forget *forget, const char *who,
		     GError **error);

/** Erase cards, touches and all that hangs on them; tell contact.forgotten. */
gboolean forget_cards(struct transaction *transaction, const struct forget *forget,
		      struct outbox_endpoints *endpoints, gint64 now, struct forget_report *report,
		      GError **error);
/** Erase messages by number. */
gboolean forget_messages(struct transaction *transaction, const gint64 *numbers, guint count,
			 struct forget_report *report, GError **error);
/** Erase the addresses themselves: contacts, that mail was sent to them. */
gboolean forget_addresses(struct transaction *transaction, const struct forget *forget,
			  struct forget_report *report, GError **error);
/** Keep salted hashes of the addresses. */
gboolean forget_remember(struct transaction *transaction, const struct forget *forget, gint64 now,
			 GError **error);

/** Numbers of the messages of the cards or written by the addresses.  Reads the whole table: on a
 *  connection of its own. @return gint64, or NULL with an error */
GArray *forget_list_messages(struct database *database, const struct forget *forget,
			     GError **error);

/** Events that still name an address. The same. */
GArray *forget_list_events(struct database *database, const struct forget *forget, GError **error);
/** Put another word in the place of the addresses. */
gboolean forget_events(struct transaction *transaction, const struct forget *forget,
		       const gint64 *numbers, guint count, struct forget_report *report,
		       GError **error);

/** Was the address forgotten after `time`?  FALSE when nobody was. @return FALSE with an error */
gboolean forget_is_forgotten(struct transaction *transaction, const char *normalised, gint64 time,
			     gboolean *ret, GError **error);

#endif
