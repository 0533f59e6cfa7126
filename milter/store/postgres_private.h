/*
 * postgres_private.h - what the files of the PostgreSQL driver share; see postgres.c.
 *
 * A connection, what it is given here and its statements belong to one thread at a time (driver.h).
 */
#ifndef LEADMILTER_POSTGRES_PRIVATE_H
#define LEADMILTER_POSTGRES_PRIVATE_H

#include "store/driver.h"
#include "store/postgres_link.h"
#include "store/postgres_sql.h"

/* Types as the server numbers them (pg_type.dat), for ever. */
enum postgres_type {
	TYPE_UNKNOWN = 0,
	TYPE_BOOL = 16,
	TYPE_BYTEA = 17,
	TYPE_INT8 = 20,
	TYPE_INT2 = 21,
	TYPE_INT4 = 23,
	TYPE_TEXT = 25,
	TYPE_OID = 26,
	TYPE_FLOAT4 = 700,
	TYPE_FLOAT8 = 701,
	TYPE_NUMERIC = 1700
};

/* What is to be known of a table to insert rows; the numbers hold for one transaction. */
struct postgres_table {
	GPtrArray *keys; /* char *: its primary key */
	char *numbered; /* the column whose numbers come from a sequence, or NULL */
	char *sequence; /* its name, quoted where SQL needs it, or NULL */
	guint idle; /* transactions since a row was inserted */
	gboolean is_known; /* `last` is right in this transaction */
	gboolean is_changed; /* the sequence is behind `last` */
	gint64 last; /* number that was given to a row */
};

struct driver_connection {
	struct postgres_link *link;
	GPtrArray *ahead; /* postgres_ahead.c: what was sent before anybody asked */
	GPtrArray *first; /* the same, to be sent with the next begin() */
	guint foresees; /* how many foresee() are open */
	GPtrArray *gathered; /* postgres_gather.c: rows that are not sent yet */
	guint gathered_rows;
	guint64 uses, next_plans; /* transactions and single reads; when plans are made anew */
	gboolean in_transaction;
	gboolean is_new; /* there was no store when it was first looked for */
	GHashTable *tables; /* name -> struct postgres_table *, of those rows were inserted into */
	gint64 last_row; /* number of the row inserted last */
};

/* Where a bound value stands that isn't the caller's. */
struct postgres_parameter {
	gint64 number; /* big end first, as it is sent */
	char *copy; /* or NULL */
};

struct driver_statement {
	struct driver_connection *connection;
	struct postgres_sql *sql;
	struct postgres_table *table; /* of an INSERT, or NULL */
	gboolean is_numbered; /* its last parameter is the row's number */
	gboolean is_gathered; /* its rows may go together with others */
	char *name; /* for the types it was bound with last, or NULL */
	/* of each parameter, as in struct postgres_call */
	Oid *types;
	const char **values;
	int *lengths, *formats;
	struct postgres_parameter *parameters;
	PGresult *result; /* NULL: it is not stepped yet */
	gboolean is_borrowed; /* it is that of an answer that will be taken */
	int row; /* in the result, -1 before the first */
	GPtrArray *words; /* texts made of numbers, of this row */
};

/* --- transactions (postgres.c) --- */

gboolean postgres_begin(struct driver_connection *c, GError **error);
gboolean postgres_commit(struct driver_connection *c, GError **error);
void postgres_rollback(struct driver_connection *c);
/** Before the statements of a transaction that writes, and of a read outside of one: now and then
 *  have the server make its plans anew. */
void postgres_renew_plans(struct driver_connection *c);

/* --- tables and numbers (postgres_table.c) --- */

/** Rows of a text with at most one parameter, waiting for them.
 *  @param parameter NULL: it has none
 *  @param ret NULL before; caller clears, NULL on failure */
gboolean postgres_table_ask(struct driver_connection *c, const char *text, const char *parameter,
			    PGresult **ret, GError **error);
/** The value of a BIGINT; 0 when there is none, or it is something else. */
gint64 postgres_table_number(const PGresult *result, int row, int column);
void postgres_table_free(gpointer table);
/** As it is now; caller frees.  NULL with an error. */
struct postgres_table *postgres_table_read(struct driver_connection *c, const char *name,
					   GError **error);
/** As it was when it was first asked for: the tables of a schema version don't change.  The
 *  connection's. */
struct postgres_table *postgres_table_find(struct driver_connection *c, const char *name,
					   GError **error);
/** By what a text with those types is known to the server: the same on every connection, whoever
 *  prepared it.  Caller frees. */
char *postgres_table_name_of(const char *text, const Oid *types, guint count);
/** Read how far the sequences of the tables in use went, without waiting.
 *  @param ret_tables struct postgres_table *, the connection's: one for each column of `ret` */
void postgres_table_queue_numbers(struct driver_connection *c, GPtrArray *ret_tables,
				  PGresult **ret);
/** Note what came of that. */
void postgres_table_take_numbers(GPtrArray *tables, const PGresult *result);
/** Before the commit: set the sequences to where the numbers went. */
void postgres_table_queue_used(struct driver_connection *c);
/** The transaction is over, so other hosts give numbers. */
void postgres_table_forget_numbers(struct driver_connection *c);
/** Give the row that is about to be inserted its number: last_row. */
gboolean postgres_table_next(struct driver_connection *c, struct postgres_table *table,
			     GError **error);

/* --- what will be read (postgres_ahead.c) --- */

void postgres_ahead_free(gpointer ahead);
/** Nothing of it holds any more. */
void postgres_ahead_forget_all(struct driver_connection *c);
/** The statement is about to write: what depends on that holds no more. */
void postgres_ahead_forget(struct driver_connection *c, const struct driver_statement *statement);
/** The statement is about to be freed. */
void postgres_ahead_forget_statement(struct driver_statement *statement);
/** The statement, as it is bound, will be asked for: send it, or keep it for begin().
 *  @return the answer, when it has come; it stays where it is until the statement is reset */
PGresult *postgres_ahead_note(struct driver_connection *c, struct driver_statement *statement);
/** driver.h, foresee(). */
void postgres_ahead_foresee(struct driver_connection *c, gboolean on);
/** driver.h, arrive(). */
int postgres_ahead_arrive(struct driver_connection *c, GError **error);
/** What begin() was told to send. */
void postgres_ahead_send_first(struct driver_connection *c);
/** Give the statement the rows that were sent for, as it is bound.
 *  @return FALSE when it was not foreseen, or with an error */
gboolean postgres_ahead_take(struct driver_connection *c, struct driver_statement *statement,
			     GError **error);

/* --- rows that go together (postgres_gather.c) --- */

void postgres_gather_free(gpointer gathered);
/** Keep the row that an is_gathered statement is bound to; its bytes are copied. */
void postgres_gather_add(struct driver_connection *c, struct driver_statement *statement);
/** Queue all of them. */
void postgres_gather_send(struct driver_connection *c);
/** They are rolled back before they were sent. */
void postgres_gather_drop(struct driver_connection *c);
/** Could the statement read one of them? */
gboolean postgres_gather_matters(const struct driver_connection *c,
				 const struct driver_statement *statement);

/* --- statements (postgres_statement.c): those of driver.h --- */

struct driver_statement *postgres_statement_prepare(struct driver_connection *c, const char *text,
						    GError **error);
void postgres_statement_finalize(struct driver_statement *statement);
void postgres_statement_bind_integer(struct driver_statement *statement, int n, gint64 value);
void postgres_statement_bind_real(struct driver_statement *statement, int n, double value);
void postgres_statement_bind_text(struct driver_statement *statement, int n, const char *value,
				  gboolean keep);
void postgres_statement_bind_blob(struct driver_statement *statement, int n, const void *value,
				  gsize size);
enum driver_step postgres_statement_step(struct driver_connection *c,
					 struct driver_statement *statement, GError **error);
void postgres_statement_reset(struct driver_statement *statement);
/** By what the server knows it, as it is bound.  The statement's, until it is bound otherwise. */
const char *postgres_statement_name(struct driver_statement *statement);
/** Queue it as it is bound. @param ret as of postgres_link_queue() */
void postgres_statement_queue(struct driver_connection *c, struct driver_statement *statement,
			      PGresult **ret);

/* --- columns (postgres_column.c): those of driver.h --- */

gboolean postgres_column_is_null(struct driver_statement *statement, int n);
gint64 postgres_column_integer(struct driver_statement *statement, int n);
double postgres_column_real(struct driver_statement *statement, int n);
const char *postgres_column_text(struct driver_statement *statement, int n);
const void *postgres_column_blob(struct driver_statement *statement, int n, gsize *ret_size);

#endif
