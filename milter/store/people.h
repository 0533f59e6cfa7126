/*
 * people.h - leads with their phones, touches and stage changes, as rows.
 */
#ifndef LEADMILTER_PEOPLE_H
#define LEADMILTER_PEOPLE_H

#include "store/transaction.h"

/* A lead and the number the store knows it by. */
struct person_row {
	gint64 number;
	struct lead *lead;
};
void people_row_free(struct person_row *row);

/** Insert or update by id, with phones, stage change and tallies.
 *  @param is_new nothing is known of it: then nothing is looked up */
gboolean people_write(struct transaction *transaction, const struct lead *lead, gboolean is_new,
		      gint64 *ret_number, GError **error);
/** It became a customer. @param id in the CRM, or NULL; since 0 is unknown */
gboolean people_write_customer(struct database *database, gint64 lead, const char *id, gint64 since,
			       GError **error);
/** Note what writing a lead's next touch reads (database_foresee()). */
gboolean people_foresee(struct database *database, const struct lead *lead, gint64 number,
			GError **error);
/** Append to the ledger. @param is_first of a new lead
 *  @return its sequence in touch order, 0 with an error */
gint64 people_append_touch(struct transaction *transaction, gint64 lead, const struct touch *touch,
			   gboolean is_first, GError **error);

/* A touch and where it lies. */
struct people_touch {
	gint64 id;
	struct touch *touch;
};
/** The next LIMIT_BATCH touches of any lead after an id. @return struct people_touch * */
GPtrArray *people_touches_after(struct database *database, gint64 id, GError **error);
gboolean people_touch_has_words(const struct touch *touch);
/** Take subject, excerpt, note and evidence out of it. */
gboolean people_drop_words(struct database *database, const struct people_touch *touch,
			   GError **error);
gboolean people_delete_touch(struct transaction *transaction, const struct people_touch *touch,
			     GError **error);
/** @return how many, or -1 */
gint people_delete_touches(struct transaction *transaction, gint64 lead, GError **error);

/* Where a touch goes to. */
struct people_move {
	gint64 from, from_sequence, to, to_sequence; /* numbers of leads */
	const char *origin;
};
/** Give touches new places, which may be the old ones of others among them. */
gboolean people_number_touches(struct database *database, const struct people_move *moves,
			       guint count, GError **error);

/** Leads of a key (keys.h). @return struct person_row *, or NULL with an error; caller unrefs */
GPtrArray *people_by_key(struct database *database, const char *key, GError **error);
/** The same, only their numbers: gint64; caller unrefs. */
GArray *people_numbers_by_key(struct database *database, const char *key, GError **error);
/** Note what is read of somebody whose number is known (database_foresee()): row and ledger. */
gboolean people_foresee_row(struct database *database, gint64 number, GError **error);
/** A card that was merged into another leads to that one.
 *  @return NULL without an error when there is none */
struct person_row *people_by_number(struct database *database, gint64 number, GError **error);
/** The row itself, even when it is only a sign to another one. */
struct person_row *people_row_by_id(struct database *database, const char *id, GError **error);
struct person_row *people_row_by_number(struct database *database, gint64 number, GError **error);
/** Cards that were merged into this one. @return struct person_row *; caller unrefs */
GPtrArray *people_signs(struct database *database, const char *id, GError **error);
struct person_row *people_by_id(struct database *database, const char *id, GError **error);
/** By id, a merged card's old id, or address. @return NULL with ERROR_NOT_FOUND or the store's */
struct person_row *people_named(struct database *database, const char *name, GError **error);
/** A part of a ledger as it is. @param direction or NULL @param from sequence: after it (or, newest
 *  first, before it) @return struct touch *, or NULL with an error; caller unrefs */
GPtrArray *people_touches_page(struct database *database, gint64 lead, const char *direction,
			       gboolean oldest_first, gint64 from, guint most, GError **error);
/** Touches of a ledger, oldest first. @param after only those with a higher sequence
 *  @param most 0: all of them
 *  @return struct touch * */
GPtrArray *people_touches(struct database *database, gint64 lead, gint64 after, guint most,
			  GError **error);

#endif
