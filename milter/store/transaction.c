/* transaction.c - see transaction.h. */
#include "store/transaction.h"

#include <string.h>

#include "store/census.h"
#include "store/progress.h"
#include "store/feed.h"
#include "store/roster.h"
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

const char *const tally_event_types[TALLY_EVENTS] = {
	"other",           "lead.created",       "lead.updated",      "lead.qualified",
	"lead.assigned",   "lead.stage_changed", "lead.sla_breached", "lead.reopened",
	"lead.cooled",     "lead.merged",        "lead.split",        "customer.activity",
	"contact.bounced", "contact.opted_out",  "contact.forgotten",
};

void
transaction_count_event(struct transaction *transaction, const char *type)
{
	guint i = 1;

	while (i < TALLY_EVENTS && g_strcmp0(tally_event_types[i], type) != 0)
		i++;
	transaction->tally.events[i < TALLY_EVENTS ? i : 0]++;
}

void
transaction_tell(struct transaction *transaction, int news, const char *id, gint64 number)
{
	transaction->tally.changes = 1;
	transaction->tally.news = TRUE;
	if (transaction->feed)
		feed_add(transaction->feed, news, id, number);
}

G_STATIC_ASSERT(STAGE_COUNT == 9); /* columns of the row and parameters of QUERY_TALLY_ADD */

static gboolean
has_counts(const struct tally *tally)
{
	gint64 any = tally->touches | tally->messages | tally->changes | tally->changed;

	for (guint i = 0; i < STAGE_COUNT; i++)
		any |= tally->stages[i];
	return any != 0;
}

static gboolean
add_counts(struct database *database, struct tally *tally, GError **error)
{
	const struct driver *driver = database->driver;
	struct driver_statement *row;

	if (!has_counts(tally))
		return TRUE;
	row = database_statement(database, QUERY_TALLY_ADD, error);
	if (!row)
		return FALSE;
	for (guint i = 0; i < STAGE_COUNT; i++)
		driver->bind_integer(row, 1 + i, tally->stages[i]);
	driver->bind_integer(row, 1 + STAGE_COUNT, tally->touches);
	driver->bind_integer(row, 2 + STAGE_COUNT, tally->messages);
	driver->bind_integer(row, 4 + STAGE_COUNT, tally->changed);
	memset(tally->stages, 0, sizeof tally->stages);
	driver->bind_integer(row, 3 + STAGE_COUNT, tally->changes);
	tally->touches = tally->messages = tally->changes = 0;
	return database_finish(database, row, error);
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
	gboolean writing = has_counts(tally) || tally->born.count > 0 || tally->moved.count > 0 ||
			   tally->most_endpoint > 0;
	gboolean done =
		(!transaction->roster || roster_flush(transaction->roster, transaction->database,
						      &tally->changed, error)) &&
		progress_flush(transaction, error) && census_flush(transaction, writing, error) &&
		add_counts(transaction->database, tally, error);

	for (guint i = 1; done && i <= tally->most_endpoint; i++)
		done = add_endpoint(transaction->database, i, &tally->endpoints[i], error);
	tally->most_endpoint = 0;
	return done;
}

void
transaction_committed(struct transaction *transaction)
{
	census_committed(transaction);
}

gboolean
transaction_waits(const struct transaction *transaction)
{
	return census_waits(transaction);
}

void
transaction_hurry(struct transaction *transaction)
{
	transaction->waiting_since = 0;
}
