/* oauth.c - see oauth.h.  RFC 6749 sections 2.3.1, 4.4, 5 and 6. */
#include "hooks/out/oauth.h"
#include "base/clock.h"
#include "base/limits.h"

#include <cJSON.h>
#include <string.h>

#define USUAL_LIFE 1800 /* seconds, where the server doesn't say */
#define EARLY 60 /* seconds before its end a token isn't used any more */
#define LONGEST_LIFE (366 * 86400.0)

struct waiting {
	oauth_done *done;
	gpointer data;
};

struct oauth {
	struct http *http;
	struct oauth_client client;
	struct http_exchange *exchange; /* under way, or NULL */
	char *token; /* or NULL */
	char *refresh_token; /* the server may give a new one with each token */
	gint64 until;
	GArray *waiting; /* struct waiting */
};

struct oauth *
oauth_new(struct http *http, const struct oauth_client *client)
{
	struct oauth *oauth = g_new0(struct oauth, 1);
	oauth->http = http;
	oauth->client = *client;
	oauth->refresh_token = g_strdup(client->refresh_token);
	oauth->waiting = g_array_new(FALSE, FALSE, sizeof(struct waiting));
	return oauth;
}

void
oauth_free(struct oauth *oauth)
{
	if (!oauth)
		return;
	if (oauth->exchange)
		http_cancel(oauth->exchange);
	g_array_unref(oauth->waiting);
	g_free(oauth->token);
	g_free(oauth->refresh_token);
	g_free(oauth);
}

/* --- asking --- */

static void
add_parameter(GString *form, const char *name, const char *value)
{
	g_autofree char *escaped = value ? g_uri_escape_string(value, NULL, FALSE) : NULL;
	if (escaped)
		g_string_append_printf(form, "%s%s=%s", form->len ? "&" : "", name, escaped);
}

static char *
make_form(const struct oauth *oauth)
{
	const struct oauth_client *client = &oauth->client;
	GString *form = g_string_new(NULL);
	add_parameter(form, "grant_type",
		      oauth->refresh_token ? "refresh_token" : "client_credentials");
	add_parameter(form, "refresh_token", oauth->refresh_token);
	add_parameter(form, "scope", client->scope);
	if (client->in_body) {
		add_parameter(form, "client_id", client->id);
		add_parameter(form, "client_secret", client->secret);
	}
	return g_string_free(form, FALSE);
}

/* Both are form-encoded before they are joined (section 2.3.1). */
static char *
make_authorization(const struct oauth_client *client)
{
	g_autofree char *id = g_uri_escape_string(client->id, NULL, FALSE);
	g_autofree char *secret =
		g_uri_escape_string(client->secret ? client->secret : "", NULL, FALSE);
	g_autofree char *pair = g_strconcat(id, ":", secret, NULL);
	g_autofree char *base64 = g_base64_encode((const guchar *)pair, strlen(pair));
	return g_strconcat("Authorization: Basic ", base64, NULL);
}

static void take_response(const struct http_response *response, gpointer data);

static void
ask(struct oauth *oauth)
{
	g_autoptr(GPtrArray) headers = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *form = make_form(oauth);
	g_ptr_array_add(headers, g_strdup("Content-Type: application/x-www-form-urlencoded"));
	g_ptr_array_add(headers, g_strdup("Accept: application/json"));
	if (!oauth->client.in_body)
		g_ptr_array_add(headers, make_authorization(&oauth->client));
	struct http_request request = { "POST",       oauth->client.token_url, headers, form,
					strlen(form), oauth->client.transport };
	oauth->exchange = http_send(oauth->http, &request, take_response, oauth);
}

/* --- the answer --- */

/* Visible ASCII, as section A.12 says, so that it can stand in a header field. */
static gboolean
is_token(const char *token)
{
	gsize length = token ? strnlen(token, LIMIT_TOKEN + 1) : 0;
	for (gsize i = 0; i < length; i++)
		if (token[i] < ' ' || token[i] > '~')
			return FALSE;
	return length > 0 && length <= LIMIT_TOKEN;
}

static const char *
member_text(const cJSON *json, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));
}

/* Seconds; some servers write them as text. */
static double
life_of(const cJSON *json)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(json, "expires_in");
	double life = cJSON_IsNumber(item)   ? item->valuedouble
		      : cJSON_IsString(item) ? g_ascii_strtod(item->valuestring, NULL)
					     : 0;
	return life > 0 ? MIN(life, LONGEST_LIFE) : USUAL_LIFE;
}

static gboolean
take_token(struct oauth *oauth, const cJSON *json)
{
	const char *token = member_text(json, "access_token");
	const char *refresh = member_text(json, "refresh_token");
	if (!is_token(token))
		return FALSE;
	double life = life_of(json);
	g_free(oauth->token);
	oauth->token = g_strdup(token);
	oauth->until = clock_now() + (gint64)(MAX(life - EARLY, life / 2) * CLOCK_SECOND);
	if (oauth->refresh_token && is_token(refresh)) {
		g_free(oauth->refresh_token);
		oauth->refresh_token = g_strdup(refresh);
	}
	return TRUE;
}

/* Codes of section 5.2 that no repetition changes. */
static gboolean
is_refusal(long status, const char *code)
{
	static const char *const codes[] = { "invalid_client",      "invalid_grant",
					     "unauthorized_client", "unsupported_grant_type",
					     "invalid_scope",       NULL };
	return status == 401 || status == 403 ||
	       (status == 400 && code && g_strv_contains(codes, code));
}

static char *
describe(const struct http_response *response, const char *code)
{
	gboolean known = code && *code && strlen(code) <= 64 &&
			 strspn(code, "abcdefghijklmnopqrstuvwxyz_") == strlen(code);
	if (!response->status)
		return g_strconcat("token: ", response->error, NULL);
	if (response->status / 100 == 2)
		return g_strdup("token: no access_token in the answer");
	return g_strdup_printf("token: HTTP %ld%s%s", response->status, known ? " " : "",
			       known ? code : "");
}

/* Whoever is told may ask again, or tell others not to wait. */
static void
tell_all(struct oauth *oauth, const struct oauth_answer *answer)
{
	guint count = oauth->waiting->len;
	while (count-- && oauth->waiting->len) {
		struct waiting next = g_array_index(oauth->waiting, struct waiting, 0);
		g_array_remove_index(oauth->waiting, 0);
		next.done(answer, next.data);
	}
}

static void
take_response(const struct http_response *response, gpointer data)
{
	struct oauth *oauth = data;
	cJSON *json = cJSON_ParseWithLength(response->body, response->length);
	const char *code = member_text(json, "error");
	struct oauth_answer answer = { .status = response->status,
				       .unreachable = response->unreachable,
				       .retry_after = response->retry_after };
	g_autofree char *error = NULL;
	g_autofree char *token = NULL;
	oauth->exchange = NULL;
	if (response->status / 100 == 2 && take_token(oauth, json))
		answer.token = token = g_strdup(oauth->token);
	else {
		answer.refused = is_refusal(response->status, code);
		answer.error = error = describe(response, code);
	}
	cJSON_Delete(json);
	tell_all(oauth, &answer);
}

void
oauth_get(struct oauth *oauth, oauth_done *done, gpointer data)
{
	if (oauth->token && clock_now() < oauth->until) {
		g_autofree char *token = g_strdup(oauth->token);
		struct oauth_answer answer = { .token = token };
		done(&answer, data);
		return;
	}
	struct waiting waiting = { done, data };
	g_array_append_val(oauth->waiting, waiting);
	if (!oauth->exchange)
		ask(oauth);
}

void
oauth_cancel(struct oauth *oauth, gpointer data)
{
	for (guint i = oauth->waiting->len; i > 0; i--)
		if (g_array_index(oauth->waiting, struct waiting, i - 1).data == data)
			g_array_remove_index(oauth->waiting, i - 1);
}

void
oauth_reject(struct oauth *oauth, const char *token)
{
	if (!g_strcmp0(oauth->token, token))
		g_clear_pointer(&oauth->token, g_free);
}
