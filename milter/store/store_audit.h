/*
 * store_audit.h - retention of the audit log, for store_expire().
 */
#ifndef LEADMILTER_STORE_AUDIT_H
#define LEADMILTER_STORE_AUDIT_H

#include "store/store.h"

/** Entries older than a time go. @return how many, or -1 */
gint64 store_audit_expire(struct store *store, gint64 before, GError **error);

#endif
