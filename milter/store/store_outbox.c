/* store_outbox.c - the outbox of store.h: jobs for the writer, look-ups for the reader. */
#include "store/private.h"

#include "base/clock.h"
#include "base/error.h"

/* --- claims and results --- */

struct claim_job {
	struct hosts *hosts;
	struct outbox_claim claim;
	GPtrArray *deliveries;
};

static gboolean
run_claim(struct transaction *transaction, gpointer data, GError **error)
{
	struct claim_job *job = data;

	g_clear_pointer(&job->deliveries, g_ptr_array_unref);
	if (!hosts_join(job->hosts, transaction, error))
		return FALSE;
	job->deliveries = outbox_claim(transaction, &job->claim, error);
	return job->deliveries != NULL;
}

GPtrArray *
store_outbox_claim(struct store *store, const char *endpoint, gint64 now, guint most,
		   gint64 (*next)(guint attempts, gint64 now, gpointer data), gpointer data,
		   GError **error)
{
	struct claim_job job = { store->hosts, { endpoint, now, most, next, data }, NULL };

	if (store_run(store, run_claim, &job, error)) {
		hosts_joined(store->hosts);
		return job.deliveries;
	}
	g_clear_pointer(&job.deliveries, g_ptr_array_unref);
	return NULL;
}

struct settle_job {
	const struct delivery_result *results;
	guint count;
};

static gboolean
run_settle(struct transaction *transaction, gpointer data, GError **error)
{
	const struct settle_job *job = data;

	for (guint i = 0; i < job->count; i++)
		if (!outbox_settle(transaction, &job->results[i], error))
			return FALSE;
	return TRUE;
}

gboolean
store_outbox_settle(struct store *store, const struct delivery_result *results, guint count,
		    GError **error)
{
	struct settle_job job = { results, count };

	return count == 0 || store_run(store, run_settle, &job, error);
}

/* --- by hand --- */

struct change_job {
	gint64 id;
	const char *endpoint, *reason, *mark;
	gint64 now;
	gint count;
};

static gboolean
run_hurry(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;

	job->count = outbox_hurry(transaction, job->endpoint, job->now, error);
	return job->count >= 0;
}

static gboolean
run_retry_dead(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;

	job->count = outbox_retry_dead(transaction, job->now, error);
	return job->count >= 0;
}

/* Step by step, so that messages get in between. */
static gint
run_steps(struct store *store,
	  gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	  struct change_job *job, GError **error)
{
	gint total = 0;

	do {
		if (!store_run(store, run, job, error))
			return -1;
		total += job->count;
	} while (job->count > 0);
	return total;
}

gint
store_outbox_hurry(struct store *store, const char *endpoint, gint64 now, GError **error)
{
	struct change_job job = { .endpoint = endpoint, .now = now };

	return run_steps(store, run_hurry, &job, error);
}

static gboolean
run_retry(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;

	job->count = outbox_retry(transaction, job->id, job->now, error);
	return job->count >= 0;
}

gint
store_outbox_retry(struct store *store, gint64 id, gint64 now, GError **error)
{
	struct change_job job = { .id = id, .now = now };

	if (id == 0)
		return run_steps(store, run_retry_dead, &job, error);
	return store_run(store, run_retry, &job, error) ? job.count : -1;
}

static gboolean
run_drop(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;

	job->count = outbox_drop(transaction, job->id, error);
	return job->count >= 0;
}

gint
store_outbox_drop(struct store *store, gint64 id, GError **error)
{
	struct change_job job = { .id = id };

	return store_run(store, run_drop, &job, error) ? job.count : -1;
}

static gboolean
run_park(struct transaction *transaction, gpointer data, GError **error)
{
	const struct change_job *job = data;

	transaction->tally.deliveries_added = job->now == 0; /* resumed: somebody should look */
	return outbox_park(transaction, job->endpoint, job->now, job->reason, job->mark, error);
}

gboolean
store_endpoint_park(struct store *store, const char *endpoint, const char *reason, const char *mark,
		    gint64 now, GError **error)
{
	struct change_job job = {
		.endpoint = endpoint, .reason = reason, .mark = mark, .now = MAX(now, 1)
	};

	return store_run(store, run_park, &job, error);
}

static gboolean
run_rest(struct transaction *transaction, gpointer data, GError **error)
{
	const struct change_job *job = data;

	return outbox_rest(transaction, job->endpoint, job->now, error);
}

gboolean
store_endpoint_rest(struct store *store, const char *endpoint, gint64 until, GError **error)
{
	struct change_job job = { .endpoint = endpoint, .now = until };

	return store_run(store, run_rest, &job, error);
}

static gboolean
run_unlatch(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;

	job->count = outbox_unlatch(transaction, job->endpoint, job->mark, error);
	transaction->tally.deliveries_added = job->count > 0;
	return job->count >= 0;
}

gint
store_endpoint_unlatch(struct store *store, const char *endpoint, const char *mark, GError **error)
{
	struct change_job job = { .endpoint = endpoint, .mark = mark };

	return store_run(store, run_unlatch, &job, error) ? job.count : -1;
}

gboolean
store_endpoint_resume(struct store *store, const char *endpoint, GError **error)
{
	struct change_job job = { .endpoint = endpoint };

	return store_run(store, run_park, &job, error);
}

/* --- reading --- */

gint64
store_outbox_next(struct store *store, const char *endpoint, GError **error)
{
	gint64 next;

	pthread_mutex_lock(&store->reading_mutex);
	next = outbox_next(store->reading, endpoint, hosts_holder(store->hosts), error);
	pthread_mutex_unlock(&store->reading_mutex);
	return next;
}

gboolean
store_outbox_look(struct store *store, const char *endpoint, struct store_outlook *ret,
		  GError **error)
{
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	ret->next = outbox_next(store->reading, endpoint, hosts_holder(store->hosts), error);
	done = ret->next >= 0 && outbox_resting(store->reading, endpoint, &ret->rest, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return done;
}

GPtrArray *
store_outbox_list(struct store *store, int state, const char *endpoint, const char *lead,
		  guint most, GError **error)
{
	GPtrArray *list;

	pthread_mutex_lock(&store->reading_mutex);
	list = outbox_list(store->reading, state, endpoint, lead, most, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return list;
}

struct delivery *
store_outbox_get(struct store *store, gint64 id, GError **error)
{
	g_autoptr(GError) failure = NULL;
	struct delivery *delivery;

	pthread_mutex_lock(&store->reading_mutex);
	delivery = outbox_get(store->reading, id, &failure);
	pthread_mutex_unlock(&store->reading_mutex);
	if (failure)
		g_propagate_error(error, g_steal_pointer(&failure));
	else if (!delivery)
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND,
			    "no delivery %" G_GINT64_FORMAT, id);
	return delivery;
}

GPtrArray *
store_endpoint_status(struct store *store, GError **error)
{
	GPtrArray *list;

	pthread_mutex_lock(&store->reading_mutex);
	list = outbox_endpoint_status(store->reading, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return list;
}
