/* request.c - see request.h. */
#include "hooks/out/request.h"
#include "base/clock.h"
#include "base/digest.h"
#include "hooks/out/cloudevents.h"
#include "hooks/out/sign.h"
#include "lead/event.h"

#include <string.h>

/* Fields that an endpoint's own may not touch: the signature's, the framing's. */
static const char *const reserved[] = { "webhook-id",     "webhook-timestamp", "webhook-signature",
					"content-length", "transfer-encoding", "expect",
					"connection" };

static gboolean
same_name(const char *field, const char *name)
{
	gsize length = strlen(name);
	return !g_ascii_strncasecmp(field, name, length) && field[length] == ':';
}

static gboolean
is_usable(const char *field)
{
	const char *colon = strchr(field, ':');
	if (!colon || colon == field)
		return FALSE;
	for (const char *p = field; *p; p++)
		if ((guchar)*p < ' ' || *p == 0x7f || (p < colon && *p == ' '))
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(reserved); i++)
		if (same_name(field, reserved[i]))
			return FALSE;
	return TRUE;
}

static gboolean
has_field(const GPtrArray *fields, const char *name)
{
	for (guint i = 0; fields && i < fields->len; i++)
		if (same_name(g_ptr_array_index(fields, i), name))
			return TRUE;
	return FALSE;
}

static void
replace_body(struct delivery *delivery, char *body)
{
	g_free(delivery->body);
	delivery->body = body;
}

void
request_prepare_body(const struct config_endpoint *endpoint, struct delivery *delivery)
{
	struct event event = { .body = delivery->body, .has_text = TRUE };
	if (!endpoint->include_text && strstr(delivery->body, "\"text\":"))
		replace_body(delivery, event_body_without_text(&event));
	if (!g_utf8_validate(delivery->body, -1, NULL))
		replace_body(delivery, g_utf8_make_valid(delivery->body, -1));
}

/* --- the message --- */

enum request_mode
request_mode_of(const struct config_endpoint *endpoint)
{
	static const char *const names[] = { "off", "binary", "structured", "batch" };
	for (guint i = 0; endpoint->cloudevents && i < G_N_ELEMENTS(names); i++)
		if (!strcmp(endpoint->cloudevents, names[i]))
			return (enum request_mode)i;
	return REQUEST_PLAIN;
}

/* The same events give the same id, in whatever attempt. */
static char *
batch_id(const GPtrArray *deliveries)
{
	struct digest *digest = digest_new();
	for (guint i = 0; i < deliveries->len; i++) {
		const struct delivery *delivery = g_ptr_array_index(deliveries, i);
		digest_add(digest, delivery->event, strlen(delivery->event) + 1);
	}
	g_autofree char *hex = digest_end_hex(digest);
	return g_strdup_printf("batch_%.32s", hex);
}

static char *
make_json(enum request_mode mode, const char *source, const GPtrArray *deliveries)
{
	GString *out = g_string_sized_new(8192);
	if (mode == REQUEST_BATCH)
		g_string_append_c(out, '[');
	for (guint i = 0; i < deliveries->len; i++)
		cloudevents_append(out, g_ptr_array_index(deliveries, i), source);
	if (mode == REQUEST_BATCH)
		g_string_append_c(out, ']');
	return g_string_free(out, FALSE);
}

void
request_make(const struct config_endpoint *endpoint, const char *source,
	     const GPtrArray *deliveries, struct request_message *ret)
{
	static const char *const types[] = { "application/json", "application/json",
					     CLOUDEVENTS_STRUCTURED, CLOUDEVENTS_BATCH };
	enum request_mode mode = request_mode_of(endpoint);
	const struct delivery *first = g_ptr_array_index(deliveries, 0);
	for (guint i = 0; i < deliveries->len; i++)
		request_prepare_body(endpoint, g_ptr_array_index(deliveries, i));
	*ret = (struct request_message){ .type = types[mode], .body = first->body };
	ret->id = deliveries->len > 1 ? batch_id(deliveries) : g_strdup(first->event);
	ret->fields = g_ptr_array_new_with_free_func(g_free);
	if (mode == REQUEST_BINARY)
		cloudevents_add_fields(ret->fields, first, source);
	else if (mode != REQUEST_PLAIN)
		ret->body = ret->made = make_json(mode, source, deliveries);
	ret->length = strlen(ret->body);
}

void
request_clear(struct request_message *message)
{
	g_clear_pointer(&message->id, g_free);
	g_clear_pointer(&message->made, g_free);
	g_clear_pointer(&message->fields, g_ptr_array_unref);
}

/* --- header fields --- */

char *
request_authorization(const struct config_endpoint *endpoint)
{
	if (endpoint->bearer)
		return g_strconcat("Bearer ", endpoint->bearer, NULL);
	if (!endpoint->basic)
		return NULL;
	g_autofree char *base64 =
		g_base64_encode((const guchar *)endpoint->basic, strlen(endpoint->basic));
	return g_strconcat("Basic ", base64, NULL);
}

gboolean
request_logs_in(const struct config_endpoint *endpoint)
{
	g_autofree char *origin = request_origin(endpoint->url);
	return endpoint->bearer || endpoint->basic || endpoint->oauth_token_url ||
	       has_field(endpoint->headers, "Authorization") ||
	       !g_str_has_prefix(endpoint->url, origin); /* user and password in it */
}

static void
mark_text(struct digest *digest, const char *text)
{
	digest_add(digest, text ? text : "", text ? strlen(text) + 1 : 0);
	digest_add(digest, text ? "+" : "-", 1);
}

char *
request_mark(const struct config_endpoint *endpoint)
{
	const char *const texts[] = {
		endpoint->url,
		endpoint->bearer,
		endpoint->basic,
		endpoint->oauth_token_url,
		endpoint->oauth_client_id,
		endpoint->oauth_client_secret,
		endpoint->oauth_refresh_token,
		endpoint->oauth_scope,
		endpoint->oauth_client_auth,
		endpoint->ca_file,
		endpoint->client_cert,
		endpoint->client_key,
		endpoint->proxy,
		endpoint->adapter,
		endpoint->adapter,
	};
	const GPtrArray *const lists[] = { endpoint->secrets, endpoint->headers,
					   endpoint->settings };
	struct digest *digest = digest_new();
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		mark_text(digest, texts[i]);
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		for (guint k = 0; lists[i] && k < lists[i]->len; k++)
			mark_text(digest, g_ptr_array_index(lists[i], k));
		mark_text(digest, NULL);
	}
	g_autofree char *hex = digest_end_hex(digest);
	return g_strndup(hex, 8);
}

static void
add_signature(GPtrArray *out, const struct config_endpoint *endpoint,
	      const struct request_message *message, gint64 seconds)
{
	g_ptr_array_add(out, g_strconcat("webhook-id: ", message->id, NULL));
	g_ptr_array_add(out, g_strdup_printf("webhook-timestamp: %" G_GINT64_FORMAT, seconds));
	if (!endpoint->secrets || !endpoint->secrets->len)
		return;
	g_autofree char *signature = sign_webhook(endpoint->secrets, message->id, seconds,
						  message->body, message->length);
	g_ptr_array_add(out, g_strconcat("webhook-signature: ", signature, NULL));
}

GPtrArray *
request_headers(const struct config_endpoint *endpoint, const struct request_message *message,
		const char *authorization, gint64 now)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	if (!has_field(endpoint->headers, "Content-Type"))
		g_ptr_array_add(out, g_strconcat("Content-Type: ", message->type, NULL));
	add_signature(out, endpoint, message, now / CLOCK_SECOND);
	for (guint i = 0; i < message->fields->len; i++)
		g_ptr_array_add(out, g_strdup(g_ptr_array_index(message->fields, i)));
	if (authorization)
		g_ptr_array_add(out, g_strconcat("Authorization: ", authorization, NULL));
	for (guint i = 0; endpoint->headers && i < endpoint->headers->len; i++) {
		const char *field = g_ptr_array_index(endpoint->headers, i);
		if (is_usable(field))
			g_ptr_array_add(out, g_strdup(field));
	}
	return out;
}

/* --- what is said and kept --- */

char *
request_origin(const char *url)
{
	const char *host = strstr(url, "://");
	if (!host)
		return g_strdup("(no URL)");
	host += 3;
	gsize length = strcspn(host, "/?#\\");
	for (gsize i = length; i > 0; i--) /* the last '@' ends the user information */
		if (host[i - 1] == '@') {
			g_autofree char *scheme = g_strndup(url, host - url);
			return g_strdup_printf("%s%.*s", scheme, (int)(length - i), host + i);
		}
	return g_strndup(url, host - url + length);
}

char *
request_excerpt(const char *bytes, gsize length)
{
	if (!length)
		return NULL;
	g_autofree char *text = g_utf8_make_valid(bytes, MIN(length, REQUEST_EXCERPT));
	const char *end = text + MIN(strlen(text), REQUEST_EXCERPT);
	if (*end) /* replacement characters made it longer */
		end = g_utf8_find_prev_char(text, end + 1);
	return g_strndup(text, end - text);
}
