/* postgres.h - the PostgreSQL driver (driver.h). */
#ifndef LEADMILTER_POSTGRES_H
#define LEADMILTER_POSTGRES_H

#include "store/driver.h"

extern const struct driver postgres_driver;

/** Is it the URL of a PostgreSQL database ("postgresql://…" or "postgres://…")? */
gboolean postgres_is_url(const char *where);
/** The file with passwords that a URL names (passfile=), or NULL; caller frees. */
char *postgres_passfile(const char *url);

/** For tests: whatever a transaction read before its turn, or beside rows that were not sent yet,
 *  is read once more with all of them sent; another answer ends the program.  Before any thread. */
void postgres_verify(gboolean on);

#endif
