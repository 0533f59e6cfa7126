/*
 * account.h - organisations that were imported, found by any of their domains.
 */
#ifndef LEADMILTER_ACCOUNT_H
#define LEADMILTER_ACCOUNT_H

#include "lead/lead.h"
#include "store/database.h"

/** @param ret_number or NULL
 *  @param ret_account NULL: not imported; else the caller's
 *  @return FALSE with an error */
gboolean account_find(struct database *database, const char *domain, gint64 *ret_number,
		      struct account **ret_account, GError **error);

#endif
