/* request.c - see request.h. */
#include "hooks/out/request.h"
#include "base/clock.h"
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

GPtrArray *
request_headers(const struct config_endpoint *endpoint, const struct delivery *delivery, gint64 now)
{
	GPtrArray *out = g_ptr_array_new_with_free_func(g_free);
	gint64 seconds = now / CLOCK_SECOND;
	if (!has_field(endpoint->headers, "Content-Type"))
		g_ptr_array_add(out, g_strdup("Content-Type: application/json"));
	g_ptr_array_add(out, g_strdup("Expect:"));
	g_ptr_array_add(out, g_strconcat("webhook-id: ", delivery->event, NULL));
	g_ptr_array_add(out, g_strdup_printf("webhook-timestamp: %" G_GINT64_FORMAT, seconds));
	if (endpoint->secrets && endpoint->secrets->len) {
		g_autofree char *signature =
			sign_webhook(endpoint->secrets, delivery->event, seconds, delivery->body,
				     strlen(delivery->body));
		g_ptr_array_add(out, g_strconcat("webhook-signature: ", signature, NULL));
	}
	for (guint i = 0; endpoint->headers && i < endpoint->headers->len; i++) {
		const char *field = g_ptr_array_index(endpoint->headers, i);
		if (is_usable(field))
			g_ptr_array_add(out, g_strdup(field));
	}
	return out;
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
