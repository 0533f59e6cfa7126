/*
 * rows.h - rows of any table, some at a time: read in the order of its key, summed up, written into
 * the same table of another store.
 *
 * The sum of a table doesn't depend on the order of its rows, which databases may see
 * differently: SHA-256 of each row, added up.  One thread at a time.
 */
#ifndef LEADMILTER_ROWS_H
#define LEADMILTER_ROWS_H

#include "store/database.h"
#include "store/tables.h"

struct rows_sum {
	guint64 rows, low, high;
};

struct rows;

struct rows *rows_new(const struct table *table);
void rows_free(struct rows *rows);
typedef struct rows rows_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(rows_owned, rows_free)

/** Read on after the row whose key is `after` (rows_last(); NULL: from the beginning).
 *  @return how many were read, 0 at the end, -1 with an error */
int rows_read(struct rows *rows, struct database *from, const char *after, GError **error);
/** The key of the last row read, as a text to go on from; caller frees. */
char *rows_last(const struct rows *rows);
/** Texts that are not UTF-8 are made so. @return how many */
guint rows_repair(struct rows *rows);
/** Add what was read. */
void rows_add_to(const struct rows *rows, struct rows_sum *sum);
/** Insert what was read, in the open transaction. */
gboolean rows_write(struct rows *rows, struct database *to, GError **error);

/** The whole table.  Also forgets what was read.
 *  @param repaired as it would be after rows_repair()
 *  @param tell     called with rows read since the last call */
gboolean rows_sum_up(struct rows *rows, struct database *database, struct rows_sum *ret,
		     gboolean repaired, void (*tell)(gpointer data, guint count), gpointer data,
		     GError **error);
gboolean rows_sum_equal(const struct rows_sum *a, const struct rows_sum *b);
/** Statements prepared on a connection must go before it is closed. */
void rows_release(struct rows *rows);

/** One number of a statement that gives one; `otherwise` without a row. */
gboolean rows_number(struct database *database, const char *text, gint64 otherwise, gint64 *ret,
		     GError **error);

#endif
