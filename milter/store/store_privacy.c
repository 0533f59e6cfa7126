/*
 * store_privacy.c - forgetting a person: the jobs of store_privacy.h.
 *
 * What has no index (messages by author, events that name an address) is searched on a connection
 * of its own, so that mail isn't kept waiting; the writer then takes away what was found, in
 * steps.  First goes the card, so that no new mail is attached while the rest is searched.
 */
#include "store/store_privacy.h"

#include <sys/stat.h>

#include "store/forget.h"
#include "store/private.h"

#define COMPACTED_AT_ONCE (64 * 1024 * 1024) /* bytes: less than a second */

struct forget_job {
	struct store *store;
	const char *who;
	gboolean remember;
	gint64 now;
	struct forget *forget;
	const gint64 *numbers; /* of a step */
	guint count;
	struct forget_report report, before; /* a step may run twice */
};

static void
begin_step(struct transaction *transaction, struct forget_job *job)
{
	job->report = job->before;
	transaction->tally.erased = TRUE;
}

static gboolean
run_cards(struct transaction *transaction, gpointer data, GError **error)
{
	struct forget_job *job = data;

	begin_step(transaction, job);
	forget_free(job->forget);
	job->forget = forget_new();
	return forget_find(transaction->database, job->forget, job->who, error) &&
	       (!job->remember || forget_remember(transaction, job->forget, job->now, error)) &&
	       forget_cards(transaction, job->forget, job->store->endpoints, job->now, &job->report,
			    error);
}

static gboolean
run_addresses(struct transaction *transaction, gpointer data, GError **error)
{
	struct forget_job *job = data;

	begin_step(transaction, job);
	return forget_addresses(transaction, job->forget, &job->report, error);
}

static gboolean
run_messages(struct transaction *transaction, gpointer data, GError **error)
{
	struct forget_job *job = data;

	begin_step(transaction, job);
	return forget_messages(transaction, job->numbers, job->count, &job->report, error);
}

static gboolean
run_events(struct transaction *transaction, gpointer data, GError **error)
{
	struct forget_job *job = data;

	begin_step(transaction, job);
	return forget_events(transaction, job->forget, job->numbers, job->count, &job->report,
			     error);
}

static gboolean
run_steps(struct store *store, struct forget_job *job, const GArray *numbers,
	  gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	  GError **error)
{
	for (guint start = 0; start < numbers->len; start += LIMIT_BATCH) {
		job->numbers = (const gint64 *)(void *)numbers->data + start;
		job->count = MIN(LIMIT_BATCH, numbers->len - start);
		job->before = job->report;
		if (!store_run(store, run, job, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
search(struct store *store, struct forget_job *job, GError **error)
{
	g_autoptr(database_owned) database =
		database_open(store->driver, store->path, FALSE, error);
	g_autoptr(GArray) messages =
		database ? forget_list_messages(database, job->forget, error) : NULL;
	g_autoptr(GArray) events =
		messages ? forget_list_events(database, job->forget, error) : NULL;

	/* The log can't be cut while somebody reads. */
	g_clear_pointer(&database, database_close);
	return events && run_steps(store, job, messages, run_messages, error) &&
	       run_steps(store, job, events, run_events, error);
}

static gboolean
is_small(struct store *store)
{
	struct stat info;

	return stat(store->path, &info) == 0 && info.st_size <= COMPACTED_AT_ONCE;
}

static gboolean
run_compact(struct transaction *transaction, G_GNUC_UNUSED gpointer data,
	    G_GNUC_UNUSED GError **error)
{
	transaction->tally.compact = transaction->tally.erased = TRUE;
	return TRUE;
}

/* Answered after the log was cut, unless a reader was in the way. */
static gboolean
run_nothing(G_GNUC_UNUSED struct transaction *transaction, G_GNUC_UNUSED gpointer data,
	    G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static gboolean
run_last(struct store *store, struct forget_job *job, GError **error)
{
	job->before = job->report;
	if (!store_run(store, run_addresses, job, error))
		return FALSE;
	return is_small(store) ? store_compact(store, error)
			       : store_run(store, run_nothing, NULL, error);
}

gboolean
store_compact(struct store *store, GError **error)
{
	return store_run(store, run_compact, NULL, error) &&
	       store_run(store, run_nothing, NULL, error);
}

gboolean
store_forget(struct store *store, struct spool *spool, const char *who, gboolean remember,
	     gint64 now, struct forget_report *ret, GError **error)
{
	struct forget_job job = { .store = store, .who = who, .remember = remember, .now = now };
	gboolean done = store_run(store, run_cards, &job, error) && search(store, &job, error) &&
			run_last(store, &job, error);

	if (done && spool)
		done = spool_forget(spool, job.forget->addresses, &job.report.spooled, error);
	if (done)
		*ret = job.report;
	forget_free(job.forget);
	return done;
}
