/*
 * census.c - see census.h.
 *
 * What waits has been counted out of transactions that are committed, so a rollback must not undo
 * it: it is forgotten only when the transaction that wrote it is committed.  A rollback clears
 * tally.waiting_written, as it does all of the tally.
 */
#include "store/census.h"

#include <string.h>

#include "base/clock.h"
#include "lead/worktime.h"

#define WAIT_MOST G_USEC_PER_SEC

static gboolean
is_same(const struct census_count *a, const struct census_count *b)
{
	return a->day == b->day && a->kind == b->kind && a->direction == b->direction &&
	       !strcmp(a->mailbox, b->mailbox);
}

/* @return FALSE when there is no room */
static gboolean
add(struct census *census, const struct census_count *count)
{
	for (guint i = 0; i < census->count; i++) {
		if (is_same(&census->counts[i], count)) {
			census->counts[i].mails += count->mails;
			return TRUE;
		}
	}
	if (census->count == G_N_ELEMENTS(census->counts))
		return FALSE;
	census->counts[census->count++] = *count;
	return TRUE;
}

static gboolean
write_all(struct database *database, const struct census *census, GError **error)
{
	for (guint i = 0; i < census->count; i++) {
		const struct census_count *count = &census->counts[i];

		if (!database_run(database, QUERY_CENSUS_ADD, error, "isssi", count->day,
				  count->mailbox, kind_name(count->kind),
				  direction_name(count->direction), count->mails))
			return FALSE;
	}
	return TRUE;
}

gboolean
census_count(struct transaction *transaction, const struct facts *facts,
	     const struct scorecards *scorecards, gint64 now, GError **error)
{
	struct census *census = &transaction->tally.census;
	gint64 time = facts->received ? facts->received : now;
	const GPtrArray *mailboxes = facts->mailbox_addresses;
	struct census_count count = {
		.day = worktime_day(scorecards ? scorecards_worktime(scorecards) : NULL, time),
		.kind = facts->kind ? facts->kind->kind : KIND_EMPTY,
		.direction = facts->direction,
		.mails = 1,
	};

	if (facts->direction == DIRECTION_INBOUND && mailboxes && mailboxes->len)
		g_strlcpy(count.mailbox, mailboxes->pdata[0], sizeof count.mailbox);
	if (add(census, &count))
		return TRUE;
	if (!write_all(transaction->database, census, error))
		return FALSE;
	census->count = 0;
	return add(census, &count);
}

/* @return FALSE when they must be written now */
static gboolean
may_wait(struct transaction *transaction)
{
	struct census *waiting = &transaction->waiting, *census = &transaction->tally.census;
	gint64 now = g_get_monotonic_time();
	guint i = 0;

	if (waiting->count == 0)
		transaction->waiting_since = now;
	if (now - transaction->waiting_since >= WAIT_MOST)
		return FALSE;
	while (i < census->count && add(waiting, &census->counts[i]))
		i++;
	census->count -= i;
	memmove(census->counts, census->counts + i, census->count * sizeof census->counts[0]);
	return census->count == 0;
}

gboolean
census_flush(struct transaction *transaction, gboolean writing, GError **error)
{
	struct tally *tally = &transaction->tally;

	if (!writing && may_wait(transaction))
		return TRUE;
	if (!write_all(transaction->database, &tally->census, error) ||
	    !write_all(transaction->database, &transaction->waiting, error))
		return FALSE;
	tally->census.count = 0;
	tally->waiting_written = transaction->waiting.count > 0;
	return TRUE;
}

void
census_committed(struct transaction *transaction)
{
	if (transaction->tally.waiting_written)
		transaction->waiting.count = 0;
	transaction->tally.waiting_written = FALSE;
}

gboolean
census_waits(const struct transaction *transaction)
{
	return transaction->waiting.count > 0;
}
