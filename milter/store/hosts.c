/* hosts.c - see hosts.h. */
#include "store/hosts.h"

#include <pthread.h>

#include "base/log.h"
#include "store/outbox.h"

#define LIVES 60 /* seconds without a word after which a host is taken for dead */
#define HELD_TIME (10 * G_USEC_PER_SEC) /* a lease of ours is not asked for again */
#define OTHERS_TIME (3 * G_USEC_PER_SEC) /* another's */

struct hosts {
	gint64 holder;
	char *id, *name;
	int joined; /* atomic */
	pthread_mutex_t mutex;
	GHashTable *leases; /* char *, name -> struct lease *; under the mutex */
};

struct lease {
	gboolean held;
	gint64 until; /* monotonic: so long it is remembered */
};

struct hosts *
hosts_new(gboolean shared)
{
	struct hosts *hosts = g_new0(struct hosts, 1);

	if (shared)
		hosts->holder = ((gint64)g_random_int_range(1, G_MAXINT32) << 31) |
				g_random_int_range(1, G_MAXINT32);
	hosts->id = g_strdup_printf("%016" G_GINT64_MODIFIER "x", (guint64)hosts->holder);
	hosts->name = g_strdup(g_get_host_name());
	hosts->leases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	pthread_mutex_init(&hosts->mutex, NULL);
	return hosts;
}

void
hosts_free(struct hosts *hosts)
{
	if (!hosts)
		return;
	g_hash_table_unref(hosts->leases);
	pthread_mutex_destroy(&hosts->mutex);
	g_free(hosts->id);
	g_free(hosts->name);
	g_free(hosts);
}

gint64
hosts_holder(const struct hosts *hosts)
{
	return hosts->holder;
}

void
hosts_name(struct hosts *hosts, const char *id, const char *name)
{
	g_free(hosts->id);
	hosts->id = g_strdup(id);
	g_free(hosts->name);
	hosts->name = g_strdup(name);
}

/* --- rows --- */

/* The row of a daemon that is started again is its own, whatever holder it has; one that it wrote
 * itself is nobody else's.  Unless the host, with its spool, was made as a copy of another one. */
static gboolean
find_place(struct hosts *hosts, struct transaction *transaction, GError **error)
{
	gint64 holder;

	if (!g_atomic_int_get(&hosts->joined))
		return TRUE;
	if (!database_integer(transaction->database, QUERY_HOST_HOLDER, hosts->holder, &holder,
			      error, "s", hosts->id))
		return FALSE;
	if (holder == hosts->holder)
		return TRUE;
	log_warning("hosts: another daemon goes by our id %s: remove the file host-id of the spool "
		    "that was copied, and restart the daemon there",
		    hosts->id);
	g_free(hosts->id);
	hosts->id = g_uuid_string_random();
	return TRUE;
}

static gboolean
write_row(struct hosts *hosts, struct transaction *transaction, GError **error)
{
	return database_run(transaction->database, QUERY_HOST_WRITE, error, "ssin", hosts->id,
			    hosts->name, hosts->holder, LIVES);
}

gboolean
hosts_keep(struct hosts *hosts, struct transaction *transaction, GError **error)
{
	struct database *database = transaction->database;

	if (!find_place(hosts, transaction, error) || !write_row(hosts, transaction, error) ||
	    !database_run(database, QUERY_LEASES_RENEW, error, "in", hosts->holder, LIVES) ||
	    !database_run(database, QUERY_HOSTS_PAST, error, ""))
		return FALSE;
	return outbox_recover_dead(transaction, error);
}

gboolean
hosts_join(struct hosts *hosts, struct transaction *transaction, GError **error)
{
	return hosts->holder == 0 || g_atomic_int_get(&hosts->joined) ||
	       write_row(hosts, transaction, error);
}

void
hosts_joined(struct hosts *hosts)
{
	g_atomic_int_set(&hosts->joined, 1);
}

gboolean
hosts_leave(struct hosts *hosts, struct transaction *transaction, GError **error)
{
	struct database *database = transaction->database;

	return database_run(database, QUERY_LEASES_GIVE, error, "i", hosts->holder) &&
	       database_run(database, QUERY_HOST_GIVE, error, "i", hosts->holder) &&
	       outbox_recover_dead(transaction, error);
}

/* --- leases --- */

gboolean
hosts_lease(struct hosts *hosts, struct transaction *transaction, const char *name,
	    gboolean *ret_held, GError **error)
{
	struct database *database = transaction->database;

	if (!database_run(database, QUERY_LEASE_TAKE, error, "sin", name, hosts->holder, LIVES))
		return FALSE;
	*ret_held = database->driver->changes(database->connection) > 0;
	return TRUE;
}

int
hosts_remembered(struct hosts *hosts, const char *name)
{
	gint64 now = g_get_monotonic_time();
	const struct lease *lease;
	int known;

	if (hosts->holder == 0)
		return 1;
	pthread_mutex_lock(&hosts->mutex);
	lease = g_hash_table_lookup(hosts->leases, name);
	known = !lease || lease->until < now ? -1 : lease->held;
	pthread_mutex_unlock(&hosts->mutex);
	return known;
}

void
hosts_remember(struct hosts *hosts, const char *name, gboolean held)
{
	struct lease *lease = g_new(struct lease, 1);

	lease->held = held;
	lease->until = g_get_monotonic_time() + (held ? HELD_TIME : OTHERS_TIME);
	pthread_mutex_lock(&hosts->mutex);
	g_hash_table_replace(hosts->leases, g_strdup(name), lease);
	pthread_mutex_unlock(&hosts->mutex);
}
