/*
 * database.h - one connection with its prepared statements: what the store's files talk to.
 *
 * Belongs to one thread at a time.  A statement's text is prepared when first needed and kept.
 * Parameters are given by a string of types, one letter each:
 *   i gint64   n int   r double   s text (kept until the step)   b blob (pointer, gsize)
 */
#ifndef LEADMILTER_DATABASE_H
#define LEADMILTER_DATABASE_H

#include "store/driver.h"
#include "store/queries.h"

struct database {
	const struct driver *driver;
	struct driver_connection *connection;
	char *path; /* for people: a server's without a password */
	struct driver_statement *statements[QUERY_COUNT];
};

/** @param writable it is made (0640) when there is none */
struct database *database_open(const struct driver *driver, const char *path, gboolean writable,
			       GError **error);
void database_close(struct database *database);
typedef struct database database_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(database_owned, database_close)

/** A statement ready for its parameters to be bound by hand, or NULL. */
struct driver_statement *database_statement(struct database *database, enum query query,
					    GError **error);
/** A statement with its parameters, ready for database_next(), or NULL. */
struct driver_statement *database_select(struct database *database, enum query query,
					 GError **error, const char *types, ...);
/** @return 1 a row, 0 no more (the statement is reset), -1 failed (the same) */
int database_next(struct database *database, struct driver_statement *statement, GError **error);
/** Leave a selection before its end. */
void database_end(struct database *database, struct driver_statement *statement);
/** Step a bound statement that gives no rows. */
gboolean database_finish(struct database *database, struct driver_statement *statement,
			 GError **error);
/** All at once, for what gives no rows. */
gboolean database_run(struct database *database, enum query query, GError **error,
		      const char *types, ...);
/** The first row's first column, or `otherwise` without a row. @return FALSE with an error */
gboolean database_integer(struct database *database, enum query query, gint64 otherwise,
			  gint64 *ret, GError **error, const char *types, ...);

/** The first column of all rows of a selection, behind what `numbers` has.
 *  @param statement NULL: it could not be made, and `error` says why
 *  @return FALSE with an error */
gboolean database_add_numbers(struct database *database, struct driver_statement *statement,
			      GArray *numbers, GError **error);
/** The same alone. @return gint64, caller unrefs; NULL with an error */
GArray *database_numbers(struct database *database, struct driver_statement *statement,
			 GError **error);

/** Note what will be read (driver.h). @return FALSE: this driver gains nothing by it */
gboolean database_foresee(struct database *database, gboolean on);

/** The driver's quick check. @return FALSE with ERROR_STORE_CORRUPT and the first finding */
gboolean database_check(struct database *database, GError **error);

/* Columns, short. */
gint64 database_column(struct database *database, struct driver_statement *statement, int n);
double database_column_real(struct database *database, struct driver_statement *statement, int n);
const char *database_column_text(struct database *database, struct driver_statement *statement,
				 int n);

#endif
