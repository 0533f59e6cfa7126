/*
 * account.h - organisations that were imported, found by any of their domains.
 */
#ifndef LEADMILTER_ACCOUNT_H
#define LEADMILTER_ACCOUNT_H

#include "lead/lead.h"
#include "store/transaction.h"

/** @param ret_number or NULL
 *  @param ret_account NULL: not imported; else the caller's
 *  @return FALSE with an error */
gboolean account_find(struct database *database, const char *domain, gint64 *ret_number,
		      struct account **ret_account, GError **error);

/**
 * Insert or update an account as imported.
 * @param ret_change   0 nothing new, 1 changed, 2 new, -1 not possible
 * @param ret_conflict why not; caller frees
 */
gboolean account_import(struct database *database, const struct account *row, gint64 now,
			int *ret_change, char **ret_conflict, GError **error);

/** Leads of one domain become leads of the account it belongs to, at most LIMIT_BATCH.
 *  @return how many, or -1 */
gint account_move(struct transaction *transaction, const char *domain, GError **error);

/** @return struct account *, by domain */
GPtrArray *account_list(struct database *database, guint most, guint skip, GError **error);

#endif
