/* store_hosts.c - sharing a store with other hosts, as jobs: see store.h and hosts.h. */
#include "store/private.h"

#define KEEP_PATIENCE (5 * G_USEC_PER_SEC)

static void
nothing_to_free(G_GNUC_UNUSED gpointer data)
{
}

gboolean
store_is_shared(const struct store *store)
{
	return hosts_holder(store->hosts) != 0;
}

gboolean
store_is_remote(const struct store *store)
{
	return store->driver->is_server;
}

gboolean
store_is_ready(const struct store *store)
{
	return !store->driver->is_server || g_atomic_int_get(&store->is_ready);
}

void
store_set_host(struct store *store, const char *id, const char *name)
{
	hosts_name(store->hosts, id, name);
}

static gboolean
run_keep(struct transaction *transaction, gpointer data, GError **error)
{
	return hosts_keep(data, transaction, error);
}

gboolean
store_keep(struct store *store, GError **error)
{
	if (!store_is_shared(store))
		return TRUE;
	if (!writer_run_until(store->writer, run_keep, store->hosts, nothing_to_free,
			      g_get_monotonic_time() + KEEP_PATIENCE, error))
		return FALSE;
	hosts_joined(store->hosts);
	return TRUE;
}

static gboolean
run_leave(struct transaction *transaction, gpointer data, GError **error)
{
	return hosts_leave(data, transaction, error);
}

gboolean
store_leave(struct store *store, GError **error)
{
	return !store_is_shared(store) || store_run(store, run_leave, store->hosts, error);
}

struct lease_job {
	struct hosts *hosts;
	const char *name;
	gboolean held;
};

static gboolean
run_lease(struct transaction *transaction, gpointer data, GError **error)
{
	struct lease_job *job = data;

	return hosts_lease(job->hosts, transaction, job->name, &job->held, error);
}

gboolean
store_holds(struct store *store, const char *name)
{
	struct lease_job job = { store->hosts, name, FALSE };
	int known = hosts_remembered(store->hosts, name);

	if (known >= 0)
		return known;
	if (!store_run(store, run_lease, &job, NULL))
		return FALSE;
	hosts_remember(store->hosts, name, job.held);
	return job.held;
}
