/*
 * schema.h - what tables a store has, by version, and how an older one becomes a newer one.
 */
#ifndef LEADMILTER_SCHEMA_H
#define LEADMILTER_SCHEMA_H

#include "store/database.h"

/** The version this program writes. */
int schema_version(void);
/** The statements that make `version` of the one before it. */
const char *schema_text(int version);

/** What schema_mark() wrote, whatever it is, 0 for an empty place. @return FALSE with
 *  ERROR_STORE_CORRUPT (another program's) */
gboolean schema_read(struct database *database, int *ret_version, GError **error);
/** Is the file ours (or empty)?  Changes nothing.
 *  @return FALSE with ERROR_STORE_CORRUPT (another program's) or ERROR_STORE_SCHEMA (newer) */
gboolean schema_check(struct database *database, int *ret_version, GError **error);

/** Bring it to schema_version(), each version in a transaction of its own. */
gboolean schema_migrate(struct database *database, GError **error);

/** The same, and take it back: would it work? */
gboolean schema_try(struct database *database, GError **error);

/** Say what the store is: of this version, or, as a negative number, an unfinished copy of one,
 *  which schema_check() refuses and no daemon opens.  In the caller's transaction. */
gboolean schema_mark(struct database *database, int version, GError **error);

#endif
