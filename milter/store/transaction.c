/* transaction.c - see transaction.h. */
#include "store/transaction.h"

#include <string.h>

#include "store/store.h"

void
transaction_count(struct transaction *transaction, gint64 endpoint, int state, gint64 by)
{
	struct tally *tally = &transaction->tally;
	struct tally_endpoint *count;

	if (endpoint < 1 || endpoint > LIMIT_ENDPOINTS)
		return;
	count = &tally->endpoints[endpoint];
	tally->most_endpoint = MAX(tally->most_endpoint, (guint)endpoint);
	if (state == DELIVERY_WAITING)
		count->waiting += by;
	else if (state == DELIVERY_DELIVERED)
		count->delivered += by;
	else if (state == DELIVERY_DEAD)
		count->dead += by;
}

static gboolean
add(struct database *database, const char *name, gint64 *value, GError **error)
{
	gboolean done =
		!*value || database_run(database, QUERY_TALLY_ADD, error, "si", name, *value);

	*value = 0;
	return done;
}

static gboolean
add_endpoint(struct database *database, guint number, struct tally_endpoint *count, GError **error)
{
	gboolean done = TRUE;

	if (count->waiting || count->delivered || count->dead)
		done = database_run(database, QUERY_ENDPOINT_TALLY, error, "iiii", (gint64)number,
				    count->waiting, count->delivered, count->dead);
	memset(count, 0, sizeof *count);
	return done;
}

gboolean
transaction_flush(struct transaction *transaction, GError **error)
{
	struct tally *tally = &transaction->tally;
	gboolean done = TRUE;

	for (guint i = 0; done && i < STAGE_COUNT; i++)
		done = add(transaction->database, stage_name(i), &tally->stages[i], error);
	done = done && add(transaction->database, "touches", &tally->touches, error) &&
	       add(transaction->database, "messages", &tally->messages, error);
	for (guint i = 1; done && i <= tally->most_endpoint; i++)
		done = add_endpoint(transaction->database, i, &tally->endpoints[i], error);
	tally->most_endpoint = 0;
	return done;
}
