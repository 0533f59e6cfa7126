/*
 * webhook.c - see webhook.h.
 *
 * An attempt gets a token first where OAuth is configured, sends, and logs in anew once when the
 * token is refused.  Credentials that can't be renewed get a second chance, too, after the pause
 * that the breaker makes; then the endpoint is parked, before the receiver locks the account.
 */
#include "hooks/out/webhook.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/cloudevents.h"
#include "hooks/out/oauth.h"
#include "hooks/out/request.h"
#include "hooks/out/sign.h"

#include <string.h>

#define SECOND_CHANCE (5 * (gint64)CLOCK_SECOND)

struct webhook {
	const struct courier_context *context;
	char *source;
	char *authorization; /* that doesn't change, or NULL */
	struct oauth *oauth; /* or NULL */
	gboolean logs_in;
	guint refusals; /* in a row */
	char *refused; /* id of the last message that was */
};

struct attempt {
	struct webhook *webhook;
	courier_done *done;
	gpointer data;
	struct request_message message;
	char *token;
	gboolean waits_for_token, logged_in_anew;
	guint refusals; /* when it was sent */
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

static struct oauth *
open_oauth(const struct courier_context *context)
{
	const struct config_endpoint *endpoint = context->endpoint;
	struct oauth_client client = {
		.token_url = endpoint->oauth_token_url,
		.id = endpoint->oauth_client_id,
		.secret = endpoint->oauth_client_secret,
		.scope = endpoint->oauth_scope,
		.refresh_token = endpoint->oauth_refresh_token,
		.in_body = !g_strcmp0(endpoint->oauth_client_auth, "post"),
		.transport = context->transport,
	};
	return client.token_url ? oauth_new(context->http, &client) : NULL;
}

static gpointer
open_webhook(const struct courier_context *context)
{
	struct webhook *webhook = g_new0(struct webhook, 1);
	webhook->context = context;
	webhook->source = cloudevents_source(context->config->hostname);
	webhook->authorization = request_authorization(context->endpoint);
	webhook->oauth = open_oauth(context);
	webhook->logs_in = request_logs_in(context->endpoint);
	return webhook;
}

static void
close_webhook(gpointer self)
{
	struct webhook *webhook = self;
	oauth_free(webhook->oauth);
	g_free(webhook->source);
	g_free(webhook->refused);
	g_free(webhook->authorization);
	g_free(webhook);
}

static guint
batch(gpointer self, gsize *ret_bytes)
{
	const struct webhook *webhook = self;
	const struct config_endpoint *endpoint = webhook->context->endpoint;
	*ret_bytes = endpoint->batch_bytes;
	return request_mode_of(endpoint) == REQUEST_BATCH ? MAX(endpoint->batch_events, 1) : 1;
}

/* --- an attempt --- */

static void
attempt_free(struct attempt *attempt)
{
	request_clear(&attempt->message);
	g_free(attempt->token);
	g_free(attempt);
}

static void
end(struct attempt *attempt, struct lane_answer *answer)
{
	attempt->done(answer, attempt->data);
	attempt_free(attempt);
}

/* Refused, and not throttled. */
static gboolean
is_refusal(const struct webhook *webhook, const struct http_response *response)
{
	return webhook->logs_in && !response->retry_after &&
	       (response->status == 401 || response->status == 403);
}

/* What was on its way with the first refusal says nothing new, and 403 for one message alone may be
 * about what it holds. */
static void
judge_refusal(struct attempt *attempt, struct lane_answer *answer)
{
	struct webhook *webhook = attempt->webhook;
	gboolean again = attempt->refusals > 0 || attempt->logged_in_anew;
	gboolean same = !g_strcmp0(webhook->refused, attempt->message.id);
	if (again && (answer->status == 401 || !same)) {
		answer->verdict = VERDICT_REFUSED;
		return;
	}
	webhook->refusals++;
	g_free(webhook->refused);
	webhook->refused = g_strdup(attempt->message.id);
	answer->retry_after = clock_now() + SECOND_CHANCE;
}

static void send_attempt(struct attempt *attempt);
static void log_in(struct attempt *attempt);

static void
take_response(const struct http_response *response, gpointer data)
{
	struct attempt *attempt = data;
	struct webhook *webhook = attempt->webhook;
	attempt->exchange = NULL;
	if (webhook->oauth && response->status == 401 && !attempt->logged_in_anew) {
		attempt->logged_in_anew = TRUE;
		oauth_reject(webhook->oauth, attempt->token);
		log_in(attempt);
		return;
	}
	struct lane_answer answer = {
		.status = response->status,
		.unreachable = response->unreachable,
		.retry_after = response->retry_after,
		.error = g_strdup(response->error),
		.response = request_excerpt(response->body, response->length),
	};
	if (is_refusal(webhook, response))
		judge_refusal(attempt, &answer);
	else if (response->status)
		webhook->refusals = 0;
	end(attempt, &answer);
}

static void
send_attempt(struct attempt *attempt)
{
	struct webhook *webhook = attempt->webhook;
	const struct courier_context *context = webhook->context;
	const struct request_message *message = &attempt->message;
	g_autofree char *bearer =
		attempt->token ? g_strconcat("Bearer ", attempt->token, NULL) : NULL;
	g_autoptr(GPtrArray) headers = request_headers(
		context->endpoint, message, bearer ? bearer : webhook->authorization, clock_now());
	struct http_request request = { "POST",        context->endpoint->url, headers,
					message->body, message->length,        context->transport };
	attempt->refusals = webhook->refusals;
	attempt->exchange = http_send(context->http, &request, take_response, attempt);
}

static void
take_token(const struct oauth_answer *token, gpointer data)
{
	struct attempt *attempt = data;
	attempt->waits_for_token = FALSE;
	if (token->token) {
		g_free(attempt->token);
		attempt->token = g_strdup(token->token);
		send_attempt(attempt);
		return;
	}
	struct lane_answer answer = {
		.verdict = token->refused ? VERDICT_REFUSED : VERDICT_RETRY,
		.status = token->status / 100 == 2 ? 0 : token->status,
		.unreachable = token->unreachable,
		.retry_after = token->retry_after,
		.error = g_strdup(token->error),
	};
	end(attempt, &answer);
}

static void
log_in(struct attempt *attempt)
{
	attempt->waits_for_token = TRUE;
	oauth_get(attempt->webhook->oauth, take_token, attempt);
}

static gpointer
start(gpointer self, const GPtrArray *deliveries, courier_done *done, gpointer data)
{
	struct webhook *webhook = self;
	struct attempt *attempt = g_new0(struct attempt, 1);
	attempt->webhook = webhook;
	attempt->done = done;
	attempt->data = data;
	request_make(webhook->context->endpoint, webhook->source, deliveries, &attempt->message);
	if (webhook->oauth)
		log_in(attempt);
	else
		send_attempt(attempt);
	return attempt;
}

static void
cancel(gpointer data)
{
	struct attempt *attempt = data;
	if (attempt->waits_for_token)
		oauth_cancel(attempt->webhook->oauth, attempt);
	if (attempt->exchange)
		http_cancel(attempt->exchange);
	attempt_free(attempt);
}

const struct courier_kind webhook_courier = {
	.name = "webhook",
	.takes = takes,
	.check = check,
	.open = open_webhook,
	.close = close_webhook,
	.batch = batch,
	.start = start,
	.cancel = cancel,
};
