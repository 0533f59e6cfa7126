/* test-oauth.c - access tokens: bytes asked with, answers of token servers, one request for all
 * who wait, renewal. */
#include "hooks/out/oauth.h"
#include "base/clock.h"
#include "base/limits.h"
#include "loopback.h"

#define START (1790000000 * (gint64)CLOCK_SECOND)
#define PATIENCE (20 * G_USEC_PER_SEC)

struct fixture {
	struct http *http;
	struct loopback *server;
	struct http_transport transport;
	struct oauth_client client;
	struct oauth *oauth;
	char *url;
};

struct outcome {
	guint answers;
	char *token, *error;
	gboolean refused, unreachable;
	long status;
	gint64 retry_after;
};

static void
outcome_clear(struct outcome *outcome)
{
	g_free(outcome->token);
	g_free(outcome->error);
	memset(outcome, 0, sizeof *outcome);
}

static void
take(const struct oauth_answer *answer, gpointer data)
{
	struct outcome *outcome = data;
	guint answers = outcome->answers + 1;
	g_assert_cmpint(answer->token == NULL, ==, answer->error != NULL);
	outcome_clear(outcome);
	*outcome = (struct outcome){ answers,
				     g_strdup(answer->token),
				     g_strdup(answer->error),
				     answer->refused,
				     answer->unreachable,
				     answer->status,
				     answer->retry_after };
}

static void
begin(struct fixture *f, loopback_script *script, gpointer data)
{
	clock_fix(START);
	f->http = http_new(NULL);
	f->server = loopback_start(0, script, data);
	f->transport = (struct http_transport){ .timeout_seconds = 5 };
	f->url = g_strdup_printf("http://127.0.0.1:%u/token", f->server->port);
	f->client = (struct oauth_client){ .token_url = f->url,
					   .id = "our client",
					   .secret = "s:cret&",
					   .transport = &f->transport };
}

static void
end(struct fixture *f)
{
	oauth_free(f->oauth);
	http_free(f->http);
	loopback_stop(f->server);
	g_free(f->url);
	clock_fix(0);
}

static void
run_until(struct fixture *f, const struct outcome *outcome, guint answers)
{
	gint64 late = g_get_monotonic_time() + PATIENCE;
	while (outcome->answers < answers) {
		g_assert_cmpint(g_get_monotonic_time(), <, late);
		http_run(f->http);
		if (outcome->answers < answers)
			http_wait(f->http, 100);
	}
}

static void
get(struct fixture *f, struct outcome *outcome)
{
	guint answers = outcome->answers;
	oauth_get(f->oauth, take, outcome);
	run_until(f, outcome, answers + 1);
}

/* A reply with a JSON body, in the server's memory until it goes. */
static void
reply_json(struct loopback_reply *reply, const char *status, const char *json)
{
	static char bytes[32768];
	reply->length = (gsize)g_snprintf(bytes, sizeof bytes,
					  "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
					  strlen(json), json);
	reply->bytes = bytes;
}

/* --- asking --- */

static void
script_token(struct loopback *server, const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	const char *rest = server->data;
	g_autofree char *json =
		g_strdup_printf("{\"access_token\":\"token-%u\",%s}", request->number + 1, rest);
	reply_json(reply, "200 OK", json);
}

static const struct {
	const char *scope, *refresh_token;
	gboolean in_body;
	const char *form, *authorization;
} forms[] = {
	{ NULL, NULL, FALSE, "grant_type=client_credentials",
	  "Basic b3VyJTIwY2xpZW50OnMlM0FjcmV0JTI2" },
	{ "crm.write crm.read", NULL, FALSE,
	  "grant_type=client_credentials&scope=crm.write%20crm.read",
	  "Basic b3VyJTIwY2xpZW50OnMlM0FjcmV0JTI2" },
	{ NULL, NULL, TRUE,
	  "grant_type=client_credentials&client_id=our%20client&client_secret=s%3Acret%26", NULL },
	{ NULL, "r/1", TRUE,
	  "grant_type=refresh_token&refresh_token=r%2F1&client_id=our%20client&"
	  "client_secret=s%3Acret%26",
	  NULL },
};

static void
test_forms(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(forms); i++) {
		struct fixture f;
		struct outcome outcome = { 0 };
		begin(&f, script_token, (gpointer) "\"token_type\":\"Bearer\"");
		f.client.scope = forms[i].scope;
		f.client.refresh_token = forms[i].refresh_token;
		f.client.in_body = forms[i].in_body;
		f.oauth = oauth_new(f.http, &f.client);
		get(&f, &outcome);
		g_assert_cmpstr(outcome.token, ==, "token-1");
		const struct loopback_request *request = g_ptr_array_index(f.server->requests, 0);
		g_assert_true(g_str_has_prefix(request->head, "POST /token HTTP/1.1\r\n"));
		g_assert_cmpstr(request->body, ==, forms[i].form);
		g_autofree char *authorization = loopback_field(request, "Authorization");
		g_assert_cmpstr(authorization, ==, forms[i].authorization);
		g_autofree char *type = loopback_field(request, "Content-Type");
		g_assert_cmpstr(type, ==, "application/x-www-form-urlencoded");
		outcome_clear(&outcome);
		end(&f);
	}
}

/* --- answers --- */

struct answer_case {
	const char *status, *json;
	const char *token, *error;
	gboolean refused;
};
static const struct answer_case cases[] = {
	{ "200 OK", "{\"access_token\":\"abc\"}", "abc", NULL, FALSE },
	{ "201 Created", "{\"access_token\":\"abc\",\"expires_in\":\"soon\"}", "abc", NULL, FALSE },
	{ "200 OK", "{\"access_token\":\"\"}", NULL, "token: no access_token in the answer",
	  FALSE },
	{ "200 OK", "{\"access_token\":7}", NULL, "token: no access_token in the answer", FALSE },
	{ "200 OK", "{\"access_token\":\"a\\r\\nX: b\"}", NULL,
	  "token: no access_token in the answer", FALSE },
	{ "200 OK", "{\"access_token\":\"\\u00e4\"}", NULL, "token: no access_token in the answer",
	  FALSE },
	{ "200 OK", "no JSON", NULL, "token: no access_token in the answer", FALSE },
	{ "200 OK", "", NULL, "token: no access_token in the answer", FALSE },
	{ "400 No", "{\"error\":\"invalid_client\"}", NULL, "token: HTTP 400 invalid_client",
	  TRUE },
	{ "400 No", "{\"error\":\"invalid_grant\",\"error_description\":\"hunter2\"}", NULL,
	  "token: HTTP 400 invalid_grant", TRUE },
	{ "401 No", "{\"error\":\"hunter2 was wrong\"}", NULL, "token: HTTP 401", TRUE },
	{ "403 No", "", NULL, "token: HTTP 403", TRUE },
	{ "400 No", "{\"error\":\"temporarily_unavailable\"}", NULL,
	  "token: HTTP 400 temporarily_unavailable", FALSE },
	{ "500 Oh", "", NULL, "token: HTTP 500", FALSE },
	{ "302 Found", "", NULL, "token: HTTP 302", FALSE },
};

static void
script_case(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
	    struct loopback_reply *reply)
{
	const struct answer_case *c = server->data;
	reply_json(reply, c->status, c->json);
}

static void
test_answers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct fixture f;
		struct outcome outcome = { 0 };
		begin(&f, script_case, (gpointer)&cases[i]);
		f.oauth = oauth_new(f.http, &f.client);
		g_test_message("%s %s", cases[i].status, cases[i].json);
		get(&f, &outcome);
		g_assert_cmpstr(outcome.token, ==, cases[i].token);
		g_assert_cmpstr(outcome.error, ==, cases[i].error);
		g_assert_cmpint(outcome.refused, ==, cases[i].refused);
		outcome_clear(&outcome);
		end(&f);
	}
}

static void
test_endless_token(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	g_autofree char *token = g_strnfill(LIMIT_TOKEN + 1, 'x');
	g_autofree char *json = g_strdup_printf("{\"access_token\":\"%s\"}", token);
	struct answer_case c = { "200 OK", json, NULL, NULL, FALSE };
	begin(&f, script_case, &c);
	f.oauth = oauth_new(f.http, &f.client);
	get(&f, &outcome);
	g_assert_null(outcome.token);
	outcome_clear(&outcome);
	end(&f);
}

static void
test_unreachable(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, NULL, NULL);
	g_free(f.url);
	f.url = g_strdup_printf("http://127.0.0.1:%u/", loopback_free_port());
	f.client.token_url = f.url;
	f.oauth = oauth_new(f.http, &f.client);
	get(&f, &outcome);
	g_assert_true(outcome.unreachable);
	g_assert_false(outcome.refused);
	outcome_clear(&outcome);
	end(&f);
}

/* --- keeping --- */

/* One request for all who wait; who no longer waits isn't told. */
static void
test_single_flight(void)
{
	struct fixture f;
	struct outcome outcome = { 0 }, gone = { 0 };
	begin(&f, script_token, (gpointer) "\"expires_in\":3600");
	f.oauth = oauth_new(f.http, &f.client);
	for (guint i = 0; i < 20; i++)
		oauth_get(f.oauth, take, &outcome);
	oauth_get(f.oauth, take, &gone);
	oauth_cancel(f.oauth, &gone);
	run_until(&f, &outcome, 20);
	oauth_get(f.oauth, take, &outcome); /* at once, from memory */
	g_assert_cmpuint(outcome.answers, ==, 21);
	g_assert_cmpuint(gone.answers, ==, 0);
	g_assert_cmpuint(loopback_count(f.server), ==, 1);
	outcome_clear(&outcome);
	end(&f);
}

static const struct {
	const char *expires;
	gint64 kept, renewed; /* seconds after which it is still used, or no longer */
} lives[] = {
	{ "\"expires_in\":3600", 3539, 3541 }, { "\"expires_in\":\"3600\"", 3539, 3541 },
	{ "\"expires_in\":60", 29, 31 },       { "\"expires_in\":0", 1739, 1741 },
	{ "\"expires_in\":-5", 1739, 1741 },   { "\"expires_in\":1e300", 366 * 86400 - 61, 0 },
	{ "\"scope\":\"x\"", 1739, 1741 },
};

static void
test_expiry(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(lives); i++) {
		struct fixture f;
		struct outcome outcome = { 0 };
		begin(&f, script_token, (gpointer)lives[i].expires);
		f.oauth = oauth_new(f.http, &f.client);
		get(&f, &outcome);
		clock_fix(START + lives[i].kept * CLOCK_SECOND);
		get(&f, &outcome);
		g_assert_cmpstr(outcome.token, ==, "token-1");
		if (lives[i].renewed) {
			clock_fix(START + lives[i].renewed * CLOCK_SECOND);
			get(&f, &outcome);
			g_assert_cmpstr(outcome.token, ==, "token-2");
		}
		outcome_clear(&outcome);
		end(&f);
	}
}

static void
test_reject(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, script_token, (gpointer) "\"expires_in\":3600");
	f.oauth = oauth_new(f.http, &f.client);
	get(&f, &outcome);
	oauth_reject(f.oauth, "token-1");
	get(&f, &outcome);
	g_assert_cmpstr(outcome.token, ==, "token-2");
	oauth_reject(f.oauth, "token-1"); /* said late: the new one stays */
	get(&f, &outcome);
	g_assert_cmpstr(outcome.token, ==, "token-2");
	g_assert_cmpuint(loopback_count(f.server), ==, 2);
	outcome_clear(&outcome);
	end(&f);
}

/* A server may give a new refresh token with each access token. */
static void
test_refresh_rotation(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, script_token, (gpointer) "\"expires_in\":3600,\"refresh_token\":\"second\"");
	f.client.refresh_token = "first";
	f.oauth = oauth_new(f.http, &f.client);
	get(&f, &outcome);
	oauth_reject(f.oauth, "token-1");
	get(&f, &outcome);
	const struct loopback_request *last = g_ptr_array_index(f.server->requests, 1);
	g_assert_nonnull(strstr(last->body, "refresh_token=second"));
	outcome_clear(&outcome);
	end(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	http_enter_thread();
	g_test_add_func("/oauth/forms", test_forms);
	g_test_add_func("/oauth/answers", test_answers);
	g_test_add_func("/oauth/endless-token", test_endless_token);
	g_test_add_func("/oauth/unreachable", test_unreachable);
	g_test_add_func("/oauth/single-flight", test_single_flight);
	g_test_add_func("/oauth/expiry", test_expiry);
	g_test_add_func("/oauth/reject", test_reject);
	g_test_add_func("/oauth/refresh-rotation", test_refresh_rotation);
	return g_test_run();
}
