/*
 * schema.h - what tables a store has, by version, and how an older one becomes a newer one.
 */
#ifndef LEADMILTER_SCHEMA_H
#define LEADMILTER_SCHEMA_H

#include "store/database.h"

/** The version this program writes. */
int schema_version(void);

/** Is the file ours (or empty)?  Changes nothing.
 *  @return FALSE with ERROR_STORE_CORRUPT (another program's) or ERROR_STORE_SCHEMA (newer) */
gboolean schema_check(struct database *database, int *ret_version, GError **error);

/** Bring it to schema_version(), each version in a transaction of its own. */
gboolean schema_migrate(struct database *database, GError **error);

/** Say what the store is: of this version, or, as a negative number, an unfinished copy of one,
 *  which schema_check() refuses and no daemon opens.  In the caller's transaction. */
gboolean schema_mark(struct database *database, int version, GError **error);

#endif
