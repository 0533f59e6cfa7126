/* runtime.c - see runtime.h. */
#include "runtime.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/in/api.h"
#include "intake.h"

struct generation *
generation_load(const char *path, GError **error)
{
	g_autoptr(config_owned) config = path ? config_load(path, error) : config_default();
	if (!config)
		return NULL;
	if (!deliver_check(config, error) || !api_check_clients(config, error))
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
	scorecards_unref(generation->scorecards);
	analysis_unref(generation->analysis);
	config_unref(generation->config);
	g_free(generation);
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
	outage_free(runtime->outage);
	if (runtime->deliver) {
		store_on_delivery(runtime->store, NULL, NULL);
		deliver_stop(runtime->deliver, grace);
	}
	if (runtime->spool)
		spool_close(runtime->spool);
	if (runtime->store)
		store_close(runtime->store);
	generation_unref(runtime->generation);
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
static void
warn_of_fixed_options(const struct config *old, const struct config *new)
{
	const struct {
		const char *name, *before, *after;
	} fixed[] = {
		{ "socket", old->socket, new->socket },
		{ "control_socket", old->control_socket, new->control_socket },
		{ "store", old->store, new->store },
		{ "spool_directory", old->spool_directory, new->spool_directory },
		{ "user", old->user, new->user },
		{ "hook_listen", old->hook_listen, new->hook_listen },
	};
	for (guint i = 0; i < G_N_ELEMENTS(fixed); i++)
		if (g_strcmp0(fixed[i].before, fixed[i].after))
			log_warning("%s: %s = \"%s\" takes effect at the next start", new->path,
				    fixed[i].name, fixed[i].after ? fixed[i].after : "");
}

gboolean
runtime_reload(struct runtime *runtime, GError **error)
{
	GError *failure = NULL;
	struct generation *new = generation_load(runtime->config_path, &failure);
	if (!new) {
		g_atomic_pointer_add(&runtime->counters.reload_failures, 1);
		log_error("the old configuration stays: %s", failure->message);
		g_propagate_error(error, failure);
		return FALSE;
	}
	pthread_mutex_lock(&runtime->mutex);
	struct generation *old = runtime->generation;
	runtime->generation = new;
	pthread_mutex_unlock(&runtime->mutex);
	warn_of_fixed_options(old->config, new->config);
	log_set_level(new->config->log_level);
	if (runtime->store)
		store_set_endpoints(runtime->store, new->config);
	if (runtime->deliver)
		deliver_reconfigure(runtime->deliver, new->config);
	generation_unref(old);
	g_atomic_pointer_add(&runtime->counters.reloads, 1);
	log_notice("configuration read again");
	return TRUE;
}
