/*
 * copy.h - all rows of a store into another one, of the same or the other database.
 *
 * The source is read in one snapshot.  The target is made, marked as unfinished (schema_mark(): no
 * daemon opens it) and filled table by table in the order of their keys, some rows and how
 * far it is in each transaction, so that a copy that ended anywhere, however hard, is gone on with
 * where it was.  At the end every row of the target is read again and compared by number
 * and sum with the source's; a table the source has changed since an interruption is copied anew.
 * Only then is the mark taken away.
 */
#ifndef LEADMILTER_COPY_H
#define LEADMILTER_COPY_H

#include "store/database.h"

struct copy_progress {
	const char *table;
	gboolean verifying;
	gint64 done, all; /* rows of all tables: to copy and to verify */
};

struct copy_options {
	/** What the source is called, without secrets: only the same copy is gone on with. */
	const char *source;
	gboolean anew; /* an unfinished copy is begun again */
	void (*tell)(const struct copy_progress *progress, gpointer data); /* or NULL */
	gpointer data;
};

struct copy_table {
	char *name;
	gint64 rows;
	char sum[33]; /* hexadecimal */
};

struct copy_report {
	GPtrArray *tables; /* struct copy_table * */
	gint64 rows, written; /* in all; by this run */
	guint repaired; /* texts that were not UTF-8 */
	guint again; /* tables that were copied anew because the source had changed */
	gboolean resumed;
};
void copy_report_clear(struct copy_report *report);

/**
 * @param from opened to read, of the newest schema, nobody's else while it lasts
 * @param to   opened to write and tuned, nobody's else either: empty, a store without a row, or an
 *             unfinished copy of the same source
 * @return FALSE with ERROR_INPUT (the target is something else) or the stores' errors
 */
gboolean copy_rows(struct database *from, struct database *to, const struct copy_options *options,
		   struct copy_report *ret, GError **error);

#endif
