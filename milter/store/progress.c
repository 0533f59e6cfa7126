/*
 * progress.c - see progress.h.
 *
 * Making a row twice does no harm, so that a lead that is still noted after a savepoint was undone
 * needs no care.
 */
#include "store/progress.h"

#include "store/store.h"

#define TOGETHER 8 /* parameters of the queries for many */

gboolean
progress_note(struct transaction *transaction, gint64 lead, gboolean is_new, GError **error)
{
	struct tally *tally = &transaction->tally;
	struct tally_leads *leads = is_new ? &tally->born : &tally->moved;

	for (guint i = 0; !is_new && i < leads->count; i++)
		if (leads->numbers[i] == lead)
			return TRUE;
	if (leads->count == G_N_ELEMENTS(leads->numbers) && !progress_flush(transaction, error))
		return FALSE;
	leads->numbers[leads->count++] = lead;
	return TRUE;
}

gboolean
progress_is_new(const struct transaction *transaction, gint64 lead)
{
	const struct tally_leads *born = &transaction->tally.born;

	for (guint i = 0; i < born->count; i++)
		if (born->numbers[i] == lead)
			return TRUE;
	return FALSE;
}

gboolean
progress_drop(struct transaction *transaction, gint64 lead, GError **error)
{
	return database_run(transaction->database, QUERY_PROGRESS_DELETE, error, "i", lead);
}

static gboolean
write_rows(struct database *database, struct tally_leads *leads, enum query many, enum query one,
	   GError **error)
{
	/* a statement more costs a server more than a number that is named twice */
	guint at_least = database->driver->is_server ? 2 : TOGETHER, next = 0;
	gboolean done = TRUE;

	while (done && leads->count - next >= at_least) {
		gint64 lead[TOGETHER];

		for (guint i = 0; i < TOGETHER; i++, next++)
			lead[i] = leads->numbers[MIN(next, leads->count - 1)];
		next = MIN(next, leads->count);
		done = database_run(database, many, error, "iiiiiiii", lead[0], lead[1], lead[2],
				    lead[3], lead[4], lead[5], lead[6], lead[7]);
	}
	for (; done && next < leads->count; next++)
		done = database_run(database, one, error, "i", leads->numbers[next]);
	leads->count = 0;
	return done;
}

/* A new lead that moved in the same transaction is in both: the later row is the right one. */
gboolean
progress_flush(struct transaction *transaction, GError **error)
{
	struct database *database = transaction->database;
	struct tally *tally = &transaction->tally;

	return write_rows(database, &tally->born, QUERY_PROGRESS_NEW_MANY, QUERY_PROGRESS_NEW,
			  error) &&
	       write_rows(database, &tally->moved, QUERY_PROGRESS_AGAIN_MANY, QUERY_PROGRESS_AGAIN,
			  error);
}
