/* auth.c - see auth.h.  Standard Webhooks 1.0, "Verifying signatures". */
#include "hooks/in/auth.h"

#include <gio/gio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/sign.h"

#define SIGNATURES_MOST 16 /* looked at in one field */

/* How long it takes tells the length at most. */
static gboolean
equal(const char *secret, const char *given)
{
	gsize length = strlen(given);
	guchar difference = strlen(secret) != length;

	for (gsize i = 0; i < length && secret[i]; i++)
		difference |= (guchar)(secret[i] ^ given[i]);
	return difference == 0;
}

static gboolean
signature_matches(const char *expected, const char *field)
{
	g_auto(GStrv) given = g_strsplit(field, " ", SIGNATURES_MOST + 1);
	gboolean found = FALSE;

	for (guint i = 0; given[i] && i < SIGNATURES_MOST; i++)
		found |= equal(expected, given[i]);
	return found;
}

static gboolean
has_signed(const struct config_client *client, const struct auth_request *request, gint64 seconds)
{
	gboolean found = FALSE;

	for (guint i = 0; i < client->secrets->len; i++) {
		gpointer one[] = { client->secrets->pdata[i] };
		GPtrArray secrets = { .pdata = one, .len = 1 };
		g_autofree char *expected = sign_webhook(&secrets, request->id, seconds,
							 request->body, request->length);

		found |= signature_matches(expected, request->signature);
	}
	return found;
}

static gboolean
has_token(const struct config_client *client, const char *token)
{
	gboolean found = FALSE;

	for (guint i = 0; i < client->tokens->len; i++)
		found |= equal(client->tokens->pdata[i], token);
	return found;
}

gboolean
auth_may_come_from(const struct config_client *client, const char *peer)
{
	g_autoptr(GInetAddress) address = NULL;

	if (client->networks->len == 0)
		return TRUE;
	address = g_inet_address_new_from_string(peer);
	for (guint i = 0; address && i < client->networks->len; i++) {
		if (g_inet_address_mask_matches(client->networks->pdata[i], address))
			return TRUE;
	}
	return FALSE;
}

static gboolean
refuse(GError **error, const char *why)
{
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT, why);
	return FALSE;
}

static gboolean
read_time(const struct auth_request *request, gint64 now, gint64 *ret_seconds, GError **error)
{
	gint64 seconds;

	if (!request->id || !*request->id || !request->timestamp)
		return refuse(error, "a signature without webhook-id and webhook-timestamp");
	if (!g_ascii_string_to_signed(request->timestamp, 10, 0, G_MAXINT32 * (gint64)4, &seconds,
				      NULL))
		return refuse(error, "webhook-timestamp is no number of seconds");
	if (ABS(now / CLOCK_SECOND - seconds) > AUTH_TOLERANCE_SECONDS)
		return refuse(error, "webhook-timestamp is more than five minutes off");
	*ret_seconds = seconds;
	return TRUE;
}

static const char *
token_of(const char *authorization)
{
	if (!authorization || g_ascii_strncasecmp(authorization, "Bearer ", 7) != 0)
		return NULL;
	authorization += 7;
	return authorization + strspn(authorization, " ");
}

const struct config_client *
auth_identify(const GPtrArray *clients, const struct auth_request *request, gint64 now,
	      GError **error)
{
	const char *token = token_of(request->authorization);
	gint64 seconds = 0;

	if (!request->signature && !token) {
		refuse(error, "neither a signature nor a token");
		return NULL;
	}
	if (request->signature && !read_time(request, now, &seconds, error))
		return NULL;
	for (guint i = 0; i < clients->len; i++) {
		const struct config_client *client = clients->pdata[i];

		if (request->signature ? !has_signed(client, request, seconds)
				       : !has_token(client, token))
			continue;
		if (auth_may_come_from(client, request->peer))
			return client;
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "client \"%s\" may not come from %s", client->name, request->peer);
		return NULL;
	}
	refuse(error,
	       request->signature ? "the signature is no client's" : "the token is no client's");
	return NULL;
}

gboolean
auth_allows(const struct config_client *client, const char *scope)
{
	for (guint i = 0; i < client->scopes->len; i++) {
		if (strcmp(client->scopes->pdata[i], scope) == 0)
			return TRUE;
	}
	return FALSE;
}

guint
auth_take(struct auth_bucket *bucket, guint rate, gint64 monotonic)
{
	double most = 2.0 * rate, passed;

	if (rate == 0)
		return 0;
	passed = bucket->filled ? (double)(monotonic - bucket->filled) / CLOCK_SECOND : 2.0;
	bucket->tokens = MIN(bucket->tokens + passed * rate, most);
	bucket->filled = monotonic;
	if (bucket->tokens < 1)
		return MAX(1, (guint)((1 - bucket->tokens) / rate + 0.999));
	bucket->tokens--;
	return 0;
}
