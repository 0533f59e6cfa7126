/* hook.c - see hook.h. */
#include "hook.h"

#include "base/error.h"
#include "base/exposition.h"
#include "hooks/in/api.h"
#include "hooks/in/description.h"
#include "intake.h"
#include "metrics.h"

#define THREADS 4 /* a request waits for its commit */

struct hook {
	struct runtime *runtime;
	struct api *api;
	struct server *server;
};

static void
acquire(struct api_view *ret, gpointer data)
{
	struct hook *hook = data;
	struct generation *generation = runtime_generation(hook->runtime);

	*ret = (struct api_view){ generation->config, generation->scorecards, generation->analysis,
				  generation->vendors, generation };
}

static void
release(struct api_view *view, G_GNUC_UNUSED gpointer data)
{
	generation_unref(view->generation);
}

static gboolean
submit(const struct raw_mail *raw, struct answer *ret, gpointer data)
{
	struct hook *hook = data;
	g_autoptr(generation_owned) generation = runtime_generation(hook->runtime);

	return intake_message(hook->runtime, generation, raw, NULL, ret) != INTAKE_UNPROCESSED;
}

static void
metrics(GString *out, gpointer data)
{
	struct hook *hook = data;
	struct server_stats stats;

	struct server *server = g_atomic_pointer_get(&hook->server);

	metrics_write(hook->runtime, out);
	if (!server) /* a request before the start is quite done */
		return;
	server_stats(server, &stats);
	exposition_single(out, "leadmilter_hook_requests_total", "counter", "Requests handled.",
			  (double)stats.requests);
	exposition_head(out, "leadmilter_hook_refused_total", "counter",
			"Requests cut off by reason.");
	exposition_labelled(out, "leadmilter_hook_refused_total", "reason", "too_large",
			    (double)stats.too_large);
	exposition_labelled(out, "leadmilter_hook_refused_total", "reason", "too_slow",
			    (double)stats.too_slow);
	exposition_single(out, "leadmilter_hook_connections", "gauge", "Connections open now.",
			  stats.connections);
}

static char *
unready(gpointer data)
{
	struct hook *hook = data;
	struct store_stats stats;
	g_autoptr(GError) error = NULL;

	if (outage_is_on(hook->runtime->outage))
		return g_strdup("the store does not answer: mail goes to the spool");
	if (!store_stats(hook->runtime->store, &stats, &error))
		return g_strdup_printf("store: %s", error->message);
	return NULL;
}

static void
changed(gpointer data)
{
	struct hook *hook = data;

	if (hook->runtime->deliver)
		deliver_wake(hook->runtime->deliver);
}

static void
resume(const char *endpoint, gpointer data)
{
	struct hook *hook = data;

	if (hook->runtime->deliver)
		deliver_resume(hook->runtime->deliver, endpoint);
}

static char *
organisation(const struct api_view *view, const char *address, G_GNUC_UNUSED gpointer data)
{
	return runtime_organisation(view->generation, address);
}

static gboolean
open_hook(struct hook *hook, const struct config *config, GError **error)
{
	const struct api_host host = {
		.store = hook->runtime->store,
		.acquire = acquire,
		.release = release,
		.submit = submit,
		.metrics = metrics,
		.unready = unready,
		.changed = changed,
		.resume = resume,
		.organisation = organisation,
		.data = hook,
	};
	const struct server_options options = {
		.listen = config->hook_listen,
		.socket_mode = config->hook_socket_mode,
		.threads = THREADS,
		.max_connections = config->hook_max_connections,
		.request_seconds = config->hook_request_seconds,
		.max_body = (gsize)config->hook_max_body,
	};
	struct server *server;

	hook->api = api_new(&host, description_text, error);
	server = hook->api ? server_start(&options, api_handle, hook->api, error) : NULL;
	g_atomic_pointer_set(&hook->server, server);
	if (!server || !api_start(hook->api, server, error))
		return FALSE;
	log_notice("inbound hook at %s", config->hook_listen);
	return TRUE;
}

gboolean
hook_start(struct runtime *runtime, struct hook **ret_hook, GError **error)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	struct hook *hook;

	*ret_hook = NULL;
	if (!generation->config->hook_listen)
		return TRUE;
	hook = g_new0(struct hook, 1);
	hook->runtime = runtime;
	if (open_hook(hook, generation->config, error)) {
		*ret_hook = hook;
		return TRUE;
	}
	g_prefix_error(error, "hook_listen: ");
	hook_stop(hook);
	return FALSE;
}

void
hook_stop(struct hook *hook)
{
	if (!hook)
		return;
	api_stop(hook->api);
	server_stop(hook->server);
	api_free(hook->api);
	g_free(hook);
}
