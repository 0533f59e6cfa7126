/* trial.c - see trial.h. */
#include "hooks/out/trial.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/cloudevents.h"
#include "hooks/out/courier.h"
#include "hooks/out/request.h"
#include "hooks/out/webhook.h"
#include "lead/event.h"

#include <string.h>

#define WAIT_MS 1000

void
trial_clear(struct trial *trial)
{
	g_free(trial->error);
	g_free(trial->response);
	g_free(trial->request);
	memset(trial, 0, sizeof *trial);
}

static const struct config_endpoint *
find(const struct config *config, const char *name, GError **error)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *e = g_ptr_array_index(config->endpoints, i);
		if (!strcmp(e->name, name))
			return e;
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no endpoint \"%s\" in %s", name,
		    config->path);
	return NULL;
}

static gboolean
is_fit(const struct config *config, const struct config_endpoint *endpoint, GError **error)
{
	const struct courier_kind *kind = courier_kind_of(endpoint);
	if (kind != &webhook_courier) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    endpoint->notify
				    ? "\"%s\" tells owners by mail: there is no webhook to test"
				    : "endpoint \"%s\" is served by an adapter: see 'leadctl "
				      "adapter test'",
			    endpoint->name);
		return FALSE;
	}
	return kind->check(config, endpoint, error);
}

static GPtrArray *
make_deliveries(const char *endpoint)
{
	struct event *event = event_new_test(endpoint, clock_now());
	struct delivery *delivery = g_new0(struct delivery, 1);
	GPtrArray *deliveries = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	delivery->endpoint = g_strdup(endpoint);
	delivery->event = g_strdup(event->id);
	delivery->type = g_strdup(event->type);
	delivery->time = event->time;
	delivery->body = g_strdup(event->body);
	delivery->attempts = 1;
	event_free(event);
	g_ptr_array_add(deliveries, delivery);
	return deliveries;
}

/* --- dry run --- */

/* The endpoint's own fields may carry credentials, whatever their names. */
static void
append_field(GString *out, const struct config_endpoint *endpoint, const char *field)
{
	gboolean is_own = g_str_has_prefix(field, "Authorization:");
	for (guint i = 0; endpoint->headers && i < endpoint->headers->len && !is_own; i++)
		is_own = !strcmp(g_ptr_array_index(endpoint->headers, i), field);
	if (is_own)
		g_string_append_printf(out, "%.*s: (left out)\n", (int)strcspn(field, ":"), field);
	else
		g_string_append_printf(out, "%s\n", field);
}

static char *
describe(const struct config *config, const struct config_endpoint *endpoint)
{
	g_autoptr(GPtrArray) deliveries = make_deliveries(endpoint->name);
	g_autofree char *source = cloudevents_source(config->hostname);
	g_autofree char *origin = request_origin(endpoint->url);
	struct request_message message;
	request_make(endpoint, source, deliveries, &message);
	g_autoptr(GPtrArray) headers = request_headers(
		endpoint, &message, request_logs_in(endpoint) ? "" : NULL, clock_now());
	GString *out = g_string_new(NULL);
	g_string_append_printf(out, "POST %s/…\n", origin);
	for (guint i = 0; i < headers->len; i++)
		append_field(out, endpoint, g_ptr_array_index(headers, i));
	g_string_append_printf(out, "\n%s\n", message.body);
	request_clear(&message);
	return g_string_free(out, FALSE);
}

/* --- for real --- */

struct waiting {
	struct trial *trial;
	gboolean over;
};

static void
take_answer(struct lane_answer *answer, gpointer data)
{
	struct waiting *waiting = data;
	struct trial *trial = waiting->trial;
	enum verdict verdict = answer->verdict ? answer->verdict : schedule_verdict(answer->status);
	trial->delivered = verdict == VERDICT_DELIVERED;
	trial->status = answer->status;
	trial->response = answer->response;
	trial->error = answer->error;
	if (!trial->delivered && !trial->error)
		trial->error = g_strdup_printf("HTTP %ld", answer->status);
	waiting->over = TRUE;
}

static void
send_it(struct config *config, const struct config_endpoint *endpoint, struct http *http,
	struct trial *trial)
{
	g_autoptr(GPtrArray) deliveries = make_deliveries(endpoint->name);
	struct rate rate = { 0 };
	struct waiting waiting = { trial, FALSE };
	gint64 start = g_get_monotonic_time();
	http_enter_thread();
	struct courier *courier = courier_new(config, endpoint, &rate, http, NULL);
	courier_start(courier, deliveries, take_answer, &waiting);
	while (!waiting.over) { /* every exchange has its time-out */
		http_run(http);
		if (!waiting.over)
			http_wait(http, WAIT_MS);
	}
	trial->duration = g_get_monotonic_time() - start;
	courier_unref(courier);
}

gboolean
trial_run(struct config *config, const char *name, gboolean dry_run, struct trial *ret,
	  GError **error)
{
	const struct config_endpoint *endpoint = find(config, name, error);
	if (!endpoint || !is_fit(config, endpoint, error))
		return FALSE;
	struct http *http = dry_run ? NULL : http_new(error);
	if (!dry_run && !http)
		return FALSE;
	*ret = (struct trial){ 0 };
	if (dry_run)
		ret->request = describe(config, endpoint);
	else {
		send_it(config, endpoint, http, ret);
		http_free(http);
	}
	return TRUE;
}
