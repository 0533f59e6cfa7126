/*
 * store_import.h - what the CRM knows: accounts, customers, people who sell.
 *
 * Rows are written over what was imported before (by domain, address or the CRM's id) and
 * said again change nothing, so a file can be imported every night.  A field that is NULL, 0 or
 * empty says nothing and leaves what is known.  Done in steps of LIMIT_BATCH, each one
 * transaction; after a failure what came before stays and `report` says how far it went.
 * Safe from any thread.
 */
#ifndef LEADMILTER_STORE_IMPORT_H
#define LEADMILTER_STORE_IMPORT_H

#include "store/store.h"

struct import_report {
	guint created, updated, unchanged;
	guint moved; /* leads that got another account */
	GPtrArray *conflicts; /* char *, one line each with the row's number: rows left out */
	guint done; /* rows taken, those left out included */
};
void import_report_clear(struct import_report *report);

/**
 * @param rows struct account *: domain or domains (any of them may be the one known; the first
 *        that is given becomes an account's own when it is new); target and customer
 *        are as given, unless negative: then what is known stays
 * @param report cleared by the caller, also after a failure
 */
gboolean store_import_accounts(struct store *store, const GPtrArray *rows, gint64 now,
			       struct import_report *report, GError **error);
/** @param rows struct customer *: each finds its card by the CRM's id, address, phone or name at
 *  the account, or gets one; a card that is no customer yet becomes one.  No events. */
gboolean store_import_customers(struct store *store, const GPtrArray *rows, gint64 now,
				struct import_report *report, GError **error);
/** @param rows struct owner *; their load is not read */
gboolean store_import_owners(struct store *store, const GPtrArray *rows, gint64 now,
			     struct import_report *report, GError **error);

/* --- reading --- */

/** By any of its domains. NULL with ERROR_NOT_FOUND. */
struct account *store_account(struct store *store, const char *domain, GError **error);
/** The same with its people and who of them wrote of late (account_heat of the configuration), as
 *  events tell it; one that nobody imported has those alone. NULL on failure only. */
struct account *store_account_heat(struct store *store, const char *domain,
				   struct scorecards *scorecards, gint64 now, GError **error);
/** @return struct account *, by domain; caller unrefs */
GPtrArray *store_accounts(struct store *store, guint most, guint skip, GError **error);
/** @return struct owner *, by address, with their loads; caller unrefs */
GPtrArray *store_owners(struct store *store, GError **error);

#endif
