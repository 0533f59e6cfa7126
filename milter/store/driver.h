/*
 * driver.h - a database as a struct of functions, so that the store's logic names no library.
 *
 * sqlite.c and postgres.c are the real ones; tests/unit/driver_fault.c wraps the first and fails
 * on demand.  A connection and its statements belong to one thread at a time: nothing here locks.
 * A text or blob that is bound must stay as it is until the step; columns are valid until the next
 * step or reset.  Every failure is a GError: ERROR_STORE_FULL (no space), ERROR_STORE_CORRUPT
 * (damaged or not ours), ERROR_STORE (anything else).
 */
#ifndef LEADMILTER_DRIVER_H
#define LEADMILTER_DRIVER_H

#include <glib.h>

struct driver;
struct driver_connection; /* each driver's own */
struct driver_statement;

enum driver_step { DRIVER_ROW, DRIVER_DONE, DRIVER_FAILED };

/* Whose the last failure was. */
enum driver_blame {
	DRIVER_BLAMES_STATEMENT, /* this piece of work alone: a constraint, a bad value */
	DRIVER_BLAMES_STORE /* disk, file, memory or lock: the whole transaction is lost */
};

struct driver {
	/** The store is a database on a server, which several hosts may share: no file, no lock
	 *  file.  What gives no rows may be queued: it has failed if the next read, release() or
	 *  commit() fails, and then nobody knows whose statement it was. */
	gboolean is_server;
	/** What people may read of the place: without a password.  NULL: the path; caller frees. */
	char *(*label)(const char *path);
	/** @param writable FALSE: this connection never writes and never checkpoints. */
	struct driver_connection *(*open)(const struct driver *driver, const char *path,
					  gboolean writable, GError **error);
	/** Set what a connection of ours is like (journal, durability, memory): only after the
	 *  file is known to be ours, because it writes to it. */
	gboolean (*tune)(struct driver_connection *connection, GError **error);
	/** A writing connection puts everything into the main file before it closes. */
	void (*close)(struct driver_connection *connection);
	/** Longest wait for a server's answer, in milliseconds; then the connection is given up.
	 *  0 is an hour.  NULL: there is no server. */
	void (*set_limit)(struct driver_connection *connection, guint milliseconds);
	/** Grows with each new connection to a server, which may be another one than before: with
	 *  less in it, after a failover.  NULL: there is no server. */
	guint (*generation)(struct driver_connection *connection);

	struct driver_statement *(*prepare)(struct driver_connection *connection, const char *text,
					    GError **error);
	void (*finalize)(struct driver_statement *statement);
	/* Parameters count from 1. */
	void (*bind_integer)(struct driver_statement *statement, int n, gint64 value);
	void (*bind_real)(struct driver_statement *statement, int n, double value);
	/** NULL binds NULL. @param keep FALSE: the driver takes a copy */
	void (*bind_text)(struct driver_statement *statement, int n, const char *value,
			  gboolean keep);
	void (*bind_blob)(struct driver_statement *statement, int n, const void *value, gsize size);
	enum driver_step (*step)(struct driver_connection *connection,
				 struct driver_statement *statement, GError **error);
	void (*reset)(struct driver_statement *statement);
	/** From `on` to its end (they may stand in each other) nothing is read or written: each
	 *  SELECT is noted as one that will be asked for again, with the same parameters, so that
	 *  all of them need one round trip.  It gives rows only when it was noted before and its
	 *  answer has come.  What is written meanwhile to a table makes those that read it
	 *  forgotten.  What is noted before begin() goes with it.  NULL: nothing is gained. */
	void (*foresee)(struct driver_connection *connection, gboolean on);
	/** Wait for the answers. @return 1 when one of them, that no arrive() saw yet, has rows
	 *  which may tell what else will be read; 0 when not, -1 failed */
	int (*arrive)(struct driver_connection *connection, GError **error);
	/* Columns count from 0. */
	gint64 (*column_integer)(struct driver_statement *statement, int n);
	double (*column_real)(struct driver_statement *statement, int n);
	const char *(*column_text)(struct driver_statement *statement, int n); /* or NULL */
	const void *(*column_blob)(struct driver_statement *statement, int n, gsize *ret_size);
	gboolean (*column_is_null)(struct driver_statement *statement, int n);

	/** Statements without parameters and rows, separated by ";". */
	gboolean (*exec)(struct driver_connection *connection, const char *text, GError **error);
	gboolean (*begin)(struct driver_connection *connection, GError **error); /* to write */
	/** To read: until rollback() everything is as it is now, whoever writes meanwhile. */
	gboolean (*begin_read)(struct driver_connection *connection, GError **error);
	gboolean (*commit)(struct driver_connection *connection, GError **error);
	void (*rollback)(struct driver_connection *connection); /* harmless outside of one */
	gboolean (*savepoint)(struct driver_connection *connection, GError **error);
	gboolean (*release)(struct driver_connection *connection, GError **error);
	/** Undo what was done since the savepoint, and forget it. */
	gboolean (*rollback_to)(struct driver_connection *connection, GError **error);

	gint64 (*last_row)(struct driver_connection *connection); /* of the last insert */
	gint64 (*changes)(struct driver_connection *connection); /* rows the last write changed */
	enum driver_blame (*blame)(struct driver_connection *connection);
	/** Pages of the write-ahead log not yet in the main file, as of the last commit. */
	guint (*backlog)(struct driver_connection *connection);
	/** Put the log into the main file; what a reader still needs is left for later.
	 *  @param whole TRUE: and cut the log to nothing, which fails while a reader holds it */
	gboolean (*checkpoint)(struct driver_connection *connection, gboolean whole,
			       GError **error);
	/** Write the store anew, so that nothing stays of what was erased, as far as that is the
	 *  store's own business. */
	gboolean (*compact)(struct driver_connection *connection, GError **error);

	/** Which version of our schema it has, 0 none; below 0 a mark of the tools.
	 *  @return FALSE with ERROR_STORE_CORRUPT when it is another program's */
	gboolean (*version)(struct driver_connection *connection, int *ret_version, GError **error);
	/** Note the version, in the open transaction. */
	gboolean (*mark)(struct driver_connection *connection, int version, GError **error);
	/** Make what the tables of version 1 stand in, in the open transaction; NULL: nothing. */
	gboolean (*prepare_place)(struct driver_connection *connection, GError **error);
	/** A quick look for damage. @return FALSE with ERROR_STORE_CORRUPT */
	gboolean (*check)(struct driver_connection *connection, GError **error);
	/** Rows were written with numbers of their own: new ones are to come after them.  In the
	 *  open transaction; NULL: nothing to do. */
	gboolean (*settle)(struct driver_connection *connection, GError **error);
	/** Give everything another name, so that the place is free: in the open transaction.  NULL:
	 *  the store is a file, which is renamed. @param suffix letters, digits and _ */
	gboolean (*set_aside)(struct driver_connection *connection, const char *suffix,
			      GError **error);
	/** Write everything, as it is now, into a new SQLite file, page by page.  NULL: this
	 *  driver can't, its rows are copied one by one (copy.h).
	 *  @param tell called now and then with how much of how much is done, or NULL */
	gboolean (*backup)(struct driver_connection *connection, const char *path,
			   void (*tell)(gint64 done, gint64 all, gpointer data), gpointer data,
			   GError **error);
};

#endif
