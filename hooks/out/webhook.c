/* webhook.c - see webhook.h. */
#include "hooks/out/webhook.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/request.h"
#include "hooks/out/sign.h"

#include <string.h>

struct attempt {
	courier_done *done;
	gpointer data;
	struct http_exchange *exchange;
};

static gboolean
takes(G_GNUC_UNUSED const struct config_endpoint *endpoint)
{
	return TRUE;
}

static gboolean
check(G_GNUC_UNUSED const struct config *config, const struct config_endpoint *endpoint,
      GError **error)
{
	if (!g_str_has_prefix(endpoint->url, "https://") &&
	    !g_str_has_prefix(endpoint->url, "http://")) {
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "the URL must begin with https:// or http://");
		return FALSE;
	}
	for (guint i = 0; endpoint->secrets && i < endpoint->secrets->len; i++)
		if (!sign_secret_check(g_ptr_array_index(endpoint->secrets, i), error))
			return FALSE;
	return TRUE;
}

static gpointer
open_webhook(const struct courier_context *context)
{
	return (gpointer)context;
}

static void
close_webhook(G_GNUC_UNUSED gpointer self)
{
}

static void
take_response(const struct http_response *response, gpointer data)
{
	struct attempt *attempt = data;
	struct lane_answer answer = {
		.status = response->status,
		.unreachable = response->unreachable,
		.retry_after = response->retry_after,
		.error = g_strdup(response->error),
		.response = request_excerpt(response->body, response->length),
	};
	attempt->done(&answer, attempt->data);
	g_free(attempt);
}

static gpointer
start(gpointer self, const GPtrArray *deliveries, courier_done *done, gpointer data)
{
	const struct courier_context *context = self;
	struct delivery *delivery = g_ptr_array_index(deliveries, 0);
	struct attempt *attempt = g_new0(struct attempt, 1);
	attempt->done = done;
	attempt->data = data;
	request_prepare_body(context->endpoint, delivery);
	g_autoptr(GPtrArray) headers = request_headers(context->endpoint, delivery, clock_now());
	struct http_request request = {
		.method = "POST",
		.url = context->endpoint->url,
		.headers = headers,
		.body = delivery->body,
		.length = strlen(delivery->body),
		.transport = context->transport,
	};
	attempt->exchange = http_send(context->http, &request, take_response, attempt);
	return attempt;
}

static void
cancel(gpointer data)
{
	struct attempt *attempt = data;
	http_cancel(attempt->exchange);
	g_free(attempt);
}

const struct courier_kind webhook_courier = {
	.name = "webhook",
	.takes = takes,
	.check = check,
	.open = open_webhook,
	.close = close_webhook,
	.start = start,
	.cancel = cancel,
};
