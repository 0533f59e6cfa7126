/* runtime.c - see runtime.h. */
#include "runtime.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/in/vendors.h"
#include "intake.h"
#include "lead/identity.h"
#include "mail/address.h"
#include "service.h"

struct generation *
generation_load(const char *path, GError **error)
{
	g_autoptr(config_owned) config = path ? config_load(path, error) : config_default();
	if (!config)
		return NULL;
	if (!deliver_check(config, error))
		return NULL;
	g_autoptr(vendors_owned) vendors = vendors_load(config, error);
	if (!vendors)
		return NULL;
	g_autoptr(analysis_owned) analysis = analysis_new(config, error);
	g_autoptr(scorecards_owned) scorecards = analysis ? scorecards_new(config, error) : NULL;
	if (!scorecards)
		return NULL;
	struct generation *generation = g_new0(struct generation, 1);
	generation->references = 1;
	generation->config = g_steal_pointer(&config);
	generation->analysis = g_steal_pointer(&analysis);
	generation->scorecards = g_steal_pointer(&scorecards);
	generation->vendors = g_steal_pointer(&vendors);
	return generation;
}

struct generation *
generation_ref(struct generation *generation)
{
	g_atomic_int_inc(&generation->references);
	return generation;
}

void
generation_unref(struct generation *generation)
{
	if (!generation || !g_atomic_int_dec_and_test(&generation->references))
		return;
	vendors_free(generation->vendors);
	scorecards_unref(generation->scorecards);
	analysis_unref(generation->analysis);
	config_unref(generation->config);
	g_free(generation);
}

/* Among daemons that share the store we are known by a file that stays with our spool. */
static gboolean
join_hosts(struct runtime *runtime, const struct config *config, GError **error)
{
	g_autofree char *id = NULL;
	if (!store_is_shared(runtime->store))
		return TRUE;
	id = runtime->spool ? spool_id(runtime->spool, error) : NULL;
	if (!id)
		return FALSE;
	store_set_host(runtime->store, id, config->hostname ? config->hostname : g_get_host_name());
	return TRUE;
}

static gboolean
open_parts(struct runtime *runtime, guint parts, GError **error)
{
	struct config *config = runtime->generation->config;
	if (parts & RUNTIME_STORE) {
		runtime->store = store_open(
			config->store, config->store_shared ? STORE_SHARED : STORE_WRITE, error);
		if (!runtime->store)
			return FALSE;
		store_set_endpoints(runtime->store, config);
	}
	if (parts & RUNTIME_SPOOL) {
		runtime->spool =
			spool_open(config->spool_directory, config->spool_max_bytes, error);
		if (!runtime->spool)
			return FALSE;
	}
	runtime->outage = outage_new(runtime);
	if (parts & RUNTIME_DELIVER) {
		if (!join_hosts(runtime, config, error))
			return FALSE;
		runtime->deliver = deliver_start(runtime->store, config, error);
		if (!runtime->deliver)
			return FALSE;
		store_on_delivery(runtime->store, deliver_wake, runtime->deliver);
		return outage_start(runtime->outage, error);
	}
	return TRUE;
}

struct runtime *
runtime_open(const char *config_path, struct generation *generation, guint parts, GError **error)
{
	struct runtime *runtime = g_new0(struct runtime, 1);
	runtime->config_path = g_strdup(config_path);
	runtime->started = clock_now();
	runtime->generation = generation;
	runtime->first = config_ref(generation->config);
	runtime->reloaded = runtime->started;
	pthread_mutex_init(&runtime->mutex, NULL);
	if (open_parts(runtime, parts, error))
		return runtime;
	runtime_close(runtime, 0);
	return NULL;
}

void
runtime_close(struct runtime *runtime, gint64 grace)
{
	if (!runtime)
		return;
	gboolean outage_was_on = runtime->outage && outage_is_on(runtime->outage);
	outage_free(runtime->outage);
	if (runtime->deliver) {
		store_on_delivery(runtime->store, NULL, NULL);
		deliver_stop(runtime->deliver, grace);
		if (!outage_was_on)
			store_leave(runtime->store, NULL);
	}
	if (runtime->spool)
		spool_close(runtime->spool);
	if (runtime->store)
		store_close(runtime->store);
	generation_unref(runtime->generation);
	config_unref(runtime->first);
	pthread_mutex_destroy(&runtime->mutex);
	g_free(runtime->config_path);
	g_free(runtime);
}

struct generation *
runtime_generation(struct runtime *runtime)
{
	pthread_mutex_lock(&runtime->mutex);
	struct generation *generation = generation_ref(runtime->generation);
	pthread_mutex_unlock(&runtime->mutex);
	return generation;
}

/* What can't change while the program runs, so that nobody believes it did. */
static const struct {
	const char *name;
	gsize member;
	enum { FIXED_TEXT, FIXED_NUMBER, FIXED_BYTES, FIXED_FLAG } type;
} FIXED[] = {
	{ "socket", G_STRUCT_OFFSET(struct config, socket), FIXED_TEXT },
	{ "socket_group", G_STRUCT_OFFSET(struct config, socket_group), FIXED_TEXT },
	{ "socket_mode", G_STRUCT_OFFSET(struct config, socket_mode), FIXED_NUMBER },
	{ "user", G_STRUCT_OFFSET(struct config, user), FIXED_TEXT },
	{ "group", G_STRUCT_OFFSET(struct config, group), FIXED_TEXT },
	{ "pid_file", G_STRUCT_OFFSET(struct config, pid_file), FIXED_TEXT },
	{ "control_socket", G_STRUCT_OFFSET(struct config, control_socket), FIXED_TEXT },
	{ "store", G_STRUCT_OFFSET(struct config, store), FIXED_TEXT },
	{ "store_shared", G_STRUCT_OFFSET(struct config, store_shared), FIXED_FLAG },
	{ "spool_directory", G_STRUCT_OFFSET(struct config, spool_directory), FIXED_TEXT },
	{ "spool_max_bytes", G_STRUCT_OFFSET(struct config, spool_max_bytes), FIXED_BYTES },
	{ "hook_listen", G_STRUCT_OFFSET(struct config, hook_listen), FIXED_TEXT },
	{ "hook_socket_mode", G_STRUCT_OFFSET(struct config, hook_socket_mode), FIXED_NUMBER },
	{ "hook_max_body", G_STRUCT_OFFSET(struct config, hook_max_body), FIXED_BYTES },
	{ "hook_max_connections", G_STRUCT_OFFSET(struct config, hook_max_connections),
	  FIXED_NUMBER },
	{ "hook_request_seconds", G_STRUCT_OFFSET(struct config, hook_request_seconds),
	  FIXED_NUMBER },
	{ "log_target", G_STRUCT_OFFSET(struct config, log_target), FIXED_TEXT },
};

static gboolean
is_same(guint i, const struct config *a, const struct config *b)
{
	gconstpointer one = (const char *)a + FIXED[i].member;
	gconstpointer other = (const char *)b + FIXED[i].member;
	switch (FIXED[i].type) {
	case FIXED_TEXT:
		return !g_strcmp0(*(char *const *)one, *(char *const *)other);
	case FIXED_NUMBER:
		return *(const guint *)one == *(const guint *)other;
	case FIXED_BYTES:
		return *(const gint64 *)one == *(const gint64 *)other;
	default:
		return *(const gboolean *)one == *(const gboolean *)other;
	}
}

GPtrArray *
runtime_restart_needed(struct runtime *runtime)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	GPtrArray *names = g_ptr_array_new();
	for (guint i = 0; i < G_N_ELEMENTS(FIXED); i++)
		if (!is_same(i, runtime->first, generation->config))
			g_ptr_array_add(names, (gpointer)FIXED[i].name);
	return names;
}

/* Values stay out of the log: the store's may hold a password. */
static void
warn_of_fixed_options(struct runtime *runtime)
{
	g_autoptr(GPtrArray) names = runtime_restart_needed(runtime);
	for (guint i = 0; i < names->len; i++)
		log_warning("%s: %s was changed; it takes effect at the next start",
			    runtime->config_path, (const char *)g_ptr_array_index(names, i));
}

gint64
runtime_reloaded(struct runtime *runtime, gboolean *ret_failed)
{
	pthread_mutex_lock(&runtime->mutex);
	gint64 reloaded = runtime->reloaded;
	*ret_failed = runtime->reload_failed;
	pthread_mutex_unlock(&runtime->mutex);
	return reloaded;
}

static struct generation *
take_generation(struct runtime *runtime, struct generation *new)
{
	pthread_mutex_lock(&runtime->mutex);
	struct generation *old = runtime->generation;
	if (new) {
		runtime->generation = new;
		runtime->reloaded = clock_now();
	}
	runtime->reload_failed = !new;
	pthread_mutex_unlock(&runtime->mutex);
	return new ? old : NULL;
}

gboolean
runtime_reload(struct runtime *runtime, GError **error)
{
	GError *failure = NULL;
	service_reloading();
	struct generation *new = generation_load(runtime->config_path, &failure);
	struct generation *old = take_generation(runtime, new);
	if (!new) {
		g_atomic_pointer_add(&runtime->counters.reload_failures, 1);
		log_error("the old configuration stays: %s", failure->message);
		service_reloaded(failure->message);
		g_propagate_error(error, failure);
		return FALSE;
	}
	warn_of_fixed_options(runtime);
	log_set_level(new->config->log_level);
	if (runtime->store)
		store_set_endpoints(runtime->store, new->config);
	if (runtime->deliver)
		deliver_reconfigure(runtime->deliver, new->config);
	generation_unref(old);
	g_atomic_pointer_add(&runtime->counters.reloads, 1);
	service_reloaded(NULL);
	log_notice("configuration read again");
	return TRUE;
}

char *
runtime_organisation(const struct generation *generation, const char *address)
{
	struct sender sender = { 0 };
	struct authres none = { 0 };
	if (!address_is_valid(address))
		return NULL;
	sender_classify(generation->analysis->domains, NULL, address, &none, &sender);
	char *domain = g_strdup(identity_account(&sender));
	sender_clear(&sender);
	return domain;
}
