/*
 * progress.c - see progress.h.
 *
 * Making a row twice does no harm, so that a lead that is still noted after a savepoint was undone
 * needs no care.
 */
#include "store/progress.h"

#include "store/store.h"

#define TOGETHER 8 /* parameters of QUERY_PROGRESS_WRITE_MANY */

gboolean
progress_note(struct transaction *transaction, gint64 lead, GError **error)
{
	struct tally *tally = &transaction->tally;

	for (guint i = 0; i < tally->moved_count; i++)
		if (tally->moved[i] == lead)
			return TRUE;
	if (tally->moved_count == G_N_ELEMENTS(tally->moved) && !progress_flush(transaction, error))
		return FALSE;
	tally->moved[tally->moved_count++] = lead;
	return TRUE;
}

gboolean
progress_drop(struct transaction *transaction, gint64 lead, GError **error)
{
	return database_run(transaction->database, QUERY_PROGRESS_DELETE, error, "i", lead);
}

gboolean
progress_flush(struct transaction *transaction, GError **error)
{
	struct database *database = transaction->database;
	struct tally *tally = &transaction->tally;
	const gint64 *lead = tally->moved;
	guint left = tally->moved_count;
	gboolean done = TRUE;

	for (; done && left >= TOGETHER; left -= TOGETHER, lead += TOGETHER)
		done = database_run(database, QUERY_PROGRESS_WRITE_MANY, error, "iiiiiiii", lead[0],
				    lead[1], lead[2], lead[3], lead[4], lead[5], lead[6], lead[7]);
	for (; done && left > 0; left--, lead++)
		done = database_run(database, QUERY_PROGRESS_WRITE, error, "i", *lead);
	tally->moved_count = 0;
	return done;
}
