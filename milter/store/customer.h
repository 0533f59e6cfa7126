/*
 * customer.h - customers as imported: each has a card, which is a lead in stage customer.
 */
#ifndef LEADMILTER_CUSTOMER_H
#define LEADMILTER_CUSTOMER_H

#include "lead/lead.h"
#include "store/transaction.h"

/**
 * Find a customer's card, or make it, and write what the CRM knows into it.
 * @param ret_change   0 nothing new, 1 changed, 2 a card was made, -1 not possible
 * @param ret_conflict why not; caller frees
 */
gboolean customer_import(struct transaction *transaction, const struct customer *row, gint64 now,
			 int *ret_change, char **ret_conflict, GError **error);

#endif
