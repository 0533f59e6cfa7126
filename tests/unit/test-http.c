/* test-http.c - HTTP exchanges against real servers on the loopback: bytes sent, what counts as an
 * answer, ceilings, pace, proxies and certificates. */
#include "hooks/out/http.h"
#include "base/clock.h"
#include "base/limits.h"
#include "loopback.h"
#include "loopback_tls.h"

#include <glib/gstdio.h>

#define START (1790000000 * (gint64)CLOCK_SECOND)
#define PATIENCE (20 * G_USEC_PER_SEC)

struct fixture {
	struct http *http;
	struct loopback *server;
	struct http_transport transport;
	char *url;
};

/* What came of exchanges, copied. */
struct outcome {
	guint answers;
	long status;
	char *body, *error, *field;
	gsize length;
	gboolean cut, unreachable;
	gint64 retry_after;
};

static void
outcome_clear(struct outcome *outcome)
{
	g_free(outcome->body);
	g_free(outcome->error);
	g_free(outcome->field);
	memset(outcome, 0, sizeof *outcome);
}

static void
take(const struct http_response *response, gpointer data)
{
	struct outcome *outcome = data;
	guint answers = outcome->answers + 1;
	outcome_clear(outcome);
	*outcome = (struct outcome){
		.answers = answers,
		.status = response->status,
		.body = g_strdup(response->body),
		.error = g_strdup(response->error),
		.field = g_strdup(http_header(response, "X-Field")),
		.length = response->length,
		.cut = response->cut,
		.unreachable = response->unreachable,
		.retry_after = response->retry_after,
	};
	g_assert_cmpint(response->status != 0, ==, response->error == NULL);
	g_assert_cmpuint(response->body[response->length], ==, 0);
}

static void
begin(struct fixture *f, loopback_script *script, gpointer data)
{
	g_autoptr(GError) error = NULL;
	http_enter_thread();
	clock_fix(START);
	f->http = http_new(&error);
	g_assert_no_error(error);
	f->server = loopback_start(0, script, data);
	f->transport = (struct http_transport){ .timeout_seconds = 5 };
	f->url = g_strdup_printf("http://127.0.0.1:%u/path?query=1", f->server->port);
}

static void
end(struct fixture *f)
{
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
ask(struct fixture *f, const char *method, const char *body, const GPtrArray *headers,
    struct outcome *outcome)
{
	struct http_request request = {
		method, f->url, headers, body, body ? strlen(body) : 0, &f->transport
	};
	http_send(f->http, &request, take, outcome);
}

/* --- requests --- */

static const struct {
	const char *method, *body, *length; /* Content-Length, or NULL */
} methods[] = {
	{ "GET", NULL, NULL },          { "POST", "{\"a\":1}", "7" }, { "POST", NULL, "0" },
	{ "PATCH", "{}", "2" },         { "PUT", "x", "1" },          { "DELETE", NULL, NULL },
	{ "DELETE", "{\"b\":2}", "7" },
};

static void
test_methods(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		ask(&f, methods[i].method, methods[i].body, NULL, &outcome);
		run_until(&f, &outcome, i + 1);
		g_assert_cmpint(outcome.status, ==, 200);
		const struct loopback_request *request = g_ptr_array_index(f.server->requests, i);
		g_autofree char *line =
			g_strconcat(methods[i].method, " /path?query=1 HTTP/1.1\r\n", NULL);
		g_assert_true(g_str_has_prefix(request->head, line));
		g_autofree char *length = loopback_field(request, "Content-Length");
		g_assert_cmpstr(length, ==, methods[i].length);
		g_assert_cmpstr(request->body, ==, methods[i].body ? methods[i].body : "");
		g_autofree char *expect = loopback_field(request, "Expect");
		g_assert_null(expect);
	}
	g_assert_cmpuint(f.server->connections, ==, 1);
	outcome_clear(&outcome);
	end(&f);
}

/* What can't be sent is an answer, too, and reaches nobody. */
static const struct {
	const char *method, *url, *field, *error;
} impossible[] = {
	{ "POST", NULL, "X-A: b\r\nX-Injected: c", "header field \"X-A\" can't be sent" },
	{ "POST", NULL, "Authorization: Bearer hunter2\n", "header field \"Authorization\"" },
	{ "POST", NULL, "no colon", "header field \"no colon\"" },
	{ "GET / HTTP/1.1\r\nX:", NULL, NULL, "no such HTTP method" },
	{ "", NULL, NULL, "no such HTTP method" },
	{ "GET", "ftp://127.0.0.1/hunter2", NULL, "Protocol \"ftp\"" },
	{ "GET", "file:///etc/passwd", NULL, "Protocol \"file\"" },
	{ "GET", "http://", NULL, "" },
	{ "GET", "", NULL, "" },
};

static void
test_impossible(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, NULL, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(impossible); i++) {
		g_autoptr(GPtrArray) headers = g_ptr_array_new();
		if (impossible[i].field)
			g_ptr_array_add(headers, (gpointer)impossible[i].field);
		struct http_request request = { impossible[i].method,
						impossible[i].url ? impossible[i].url : f.url,
						headers,
						"body",
						4,
						&f.transport };
		http_send(f.http, &request, take, &outcome);
		g_assert_cmpuint(outcome.answers, ==, i);
		run_until(&f, &outcome, i + 1);
		g_assert_cmpint(outcome.status, ==, 0);
		g_assert_true(g_str_has_prefix(outcome.error, impossible[i].error));
		g_assert_null(strstr(outcome.error, "hunter2"));
	}
	g_assert_cmpuint(loopback_count(f.server), ==, 0);
	outcome_clear(&outcome);
	end(&f);
}

/* --- answers --- */

static void
script_bytes(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	reply->bytes = server->data;
	reply->close = TRUE;
}

#define HEAD(status, fields) "HTTP/1.1 " status "\r\n" fields "Content-Length: 2\r\n\r\nok"

static const struct {
	const char *name, *bytes;
	long status;
	const char *body, *field;
	gint64 wait; /* seconds, 0 none */
} answers[] = {
	{ "plain", HEAD("200 OK", "x-field: a\r\n"), 200, "ok", "a", 0 },
	{ "the last of several", HEAD("200 OK", "X-Field: a\r\nX-FIELD:   b \r\n"), 200, "ok", "b",
	  0 },
	{ "empty field", HEAD("200 OK", "X-Field:\r\n"), 200, "ok", "", 0 },
	{ "no such field", HEAD("200 OK", "X-Fields: a\r\n"), 200, "ok", NULL, 0 },
	{ "an interim answer's fields are not the answer's",
	  "HTTP/1.1 103 Early Hints\r\nX-Field: early\r\nRetry-After: 5\r\n\r\n" HEAD("200 OK", ""),
	  200, "ok", NULL, 0 },
	{ "nor are a trailer's",
	  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Field\r\n\r\n"
	  "2\r\nok\r\n0\r\nX-Field: late\r\n\r\n",
	  200, "ok", NULL, 0 },
	{ "no content", "HTTP/1.1 204 No Content\r\n\r\n", 204, "", NULL, 0 },
	{ "a redirect is an answer", HEAD("302 Found", "Location: http://127.0.0.1:1/\r\n"), 302,
	  "ok", NULL, 0 },
	{ "Retry-After", HEAD("503 Later", "Retry-After: 7\r\n"), 503, "ok", NULL, 7 },
	{ "Retry-After with a date",
	  HEAD("429 Slow", "Retry-After: Mon, 21 Sep 2026 14:13:30 GMT\r\n"), 429, "ok", NULL, 10 },
	{ "x-ratelimit-reset in seconds", HEAD("429 Slow", "X-RateLimit-Reset: 3\r\n"), 429, "ok",
	  NULL, 3 },
	{ "since 1970", HEAD("429 Slow", "x-ratelimit-reset: 1790000060\r\n"), 429, "ok", NULL,
	  60 },
	{ "in milliseconds", HEAD("429 Slow", "x-rate-limit-reset: 1790000060000\r\n"), 429, "ok",
	  NULL, 60 },
	{ "Retry-After comes first",
	  HEAD("429 Slow", "x-ratelimit-reset: 99\r\nRetry-After: 4\r\n"), 429, "ok", NULL, 4 },
	{ "the reset of one that isn't throttled",
	  HEAD("200 OK", "x-ratelimit-reset: 99\r\nx-ratelimit-remaining: 0\r\n"), 200, "ok", NULL,
	  0 },
	{ "403 with nothing left",
	  HEAD("403 No", "x-ratelimit-reset: 9\r\nx-ratelimit-remaining: 0\r\n"), 403, "ok", NULL,
	  9 },
	{ "403 with something left",
	  HEAD("403 No", "x-ratelimit-reset: 9\r\nx-ratelimit-remaining: 5\r\n"), 403, "ok", NULL,
	  0 },
	{ "a reset of nonsense", HEAD("429 Slow", "x-ratelimit-reset: soon\r\n"), 429, "ok", NULL,
	  0 },
	{ "broken off", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", 0, "half", NULL, 0 },
};

static void
test_answer(gconstpointer data)
{
	guint i = GPOINTER_TO_UINT(data);
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, script_bytes, (gpointer)answers[i].bytes);
	ask(&f, "GET", NULL, NULL, &outcome);
	run_until(&f, &outcome, 1);
	g_assert_cmpint(outcome.status, ==, answers[i].status);
	g_assert_cmpstr(outcome.body, ==, answers[i].body);
	g_assert_cmpstr(outcome.field, ==, answers[i].field);
	g_assert_cmpint(outcome.retry_after, ==,
			answers[i].wait ? START + answers[i].wait * CLOCK_SECOND : 0);
	g_assert_cmpuint(loopback_count(f.server), ==, 1);
	outcome_clear(&outcome);
	end(&f);
}

/* Whatever its size, an answer costs no more memory than its ceiling. */
static void
test_ceiling(void)
{
	g_autofree char *huge = g_strnfill(1000000, 'x');
	g_autofree char *bytes =
		g_strconcat("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", huge, NULL);
	static const struct {
		gsize most, length;
	} cases[] = { { 0, LIMIT_RESPONSE }, { 1000, 1000 }, { 10000000, 1000000 } };
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct fixture f;
		struct outcome outcome = { 0 };
		begin(&f, script_bytes, bytes);
		f.transport.most = cases[i].most;
		ask(&f, "GET", NULL, NULL, &outcome);
		run_until(&f, &outcome, 1);
		g_assert_cmpint(outcome.status, ==, 200);
		g_assert_cmpint(outcome.cut, ==, cases[i].length < 1000000);
		g_assert_cmpuint(outcome.length, <=, cases[i].length);
		g_assert_cmpuint(outcome.length, >, cases[i].length - 100);
		outcome_clear(&outcome);
		end(&f);
	}
}

static void
test_unreachable(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, NULL, NULL);
	g_free(f.url);
	f.url = g_strdup_printf("http://127.0.0.1:%u/hunter2", loopback_free_port());
	ask(&f, "GET", NULL, NULL, &outcome);
	run_until(&f, &outcome, 1);
	g_assert_true(outcome.unreachable);
	g_assert_null(strstr(outcome.error, "hunter2"));
	outcome_clear(&outcome);
	end(&f);
}

/* --- many --- */

static void
test_cancel(void)
{
	struct fixture f;
	struct outcome outcome = { 0 }, other = { 0 };
	struct rate rate = { 1, 0 };
	begin(&f, NULL, NULL);
	f.transport.rate = &rate;
	struct http_request request = { "GET", f.url, NULL, NULL, 0, &f.transport };
	struct http_exchange *begun = http_send(f.http, &request, take, &outcome);
	struct http_exchange *waits = http_send(f.http, &request, take, &outcome);
	g_assert_cmpuint(http_count(f.http), ==, 2);
	http_cancel(begun);
	http_cancel(waits);
	g_assert_cmpuint(http_count(f.http), ==, 0);
	f.transport.rate = NULL;
	http_send(f.http, &request, take, &other);
	run_until(&f, &other, 1);
	g_assert_cmpuint(outcome.answers, ==, 0);
	http_send(f.http, &request, take, &outcome); /* http_free() ends it */
	outcome_clear(&other);
	end(&f);
	g_assert_cmpuint(outcome.answers, ==, 0);
}

/* One that is told may end those that others wait for. */
struct killer {
	struct http_exchange *victim;
	guint answers;
};

static void
kill_other(G_GNUC_UNUSED const struct http_response *response, gpointer data)
{
	struct killer *killer = data;
	killer->answers++;
	http_cancel(killer->victim);
}

static void
test_cancel_inside(void)
{
	struct fixture f;
	struct killer one = { 0 }, two = { 0 };
	begin(&f, NULL, NULL);
	struct http_request request = { "GET", f.url, NULL, NULL, 0, &f.transport };
	two.victim = http_send(f.http, &request, kill_other, &one);
	one.victim = http_send(f.http, &request, kill_other, &two);
	gint64 late = g_get_monotonic_time() + PATIENCE;
	while (http_count(f.http) && g_get_monotonic_time() < late) {
		http_run(f.http);
		http_wait(f.http, 10);
	}
	g_assert_cmpuint(one.answers + two.answers, ==, 1);
	end(&f);
}

static void
test_rate(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	struct rate rate = { 5, 0 };
	begin(&f, NULL, NULL);
	f.transport.rate = &rate;
	for (guint i = 0; i < 12; i++)
		ask(&f, "GET", NULL, NULL, &outcome);
	static const guint wanted[] = { 5, 10, 12, 12 };
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++) {
		run_until(&f, &outcome, wanted[i]);
		for (guint pass = 0; pass < 20; pass++)
			http_run(f.http);
		g_assert_cmpuint(outcome.answers, ==, wanted[i]);
		clock_fix(clock_now() + CLOCK_SECOND);
	}
	g_assert_cmpuint(http_count(f.http), ==, 0);
	outcome_clear(&outcome);
	end(&f);
}

/* --- transport --- */

static void
test_proxy(void)
{
	struct fixture f;
	struct outcome outcome = { 0 };
	begin(&f, NULL, NULL);
	g_autofree char *proxy = g_strdup_printf("http://u:p@127.0.0.1:%u", f.server->port);
	f.transport.proxy = proxy;
	g_free(f.url);
	f.url = g_strdup("http://crm.invalid/hook");
	ask(&f, "GET", NULL, NULL, &outcome);
	run_until(&f, &outcome, 1);
	g_assert_cmpint(outcome.status, ==, 200);
	const struct loopback_request *request = g_ptr_array_index(f.server->requests, 0);
	g_assert_true(g_str_has_prefix(request->head, "GET http://crm.invalid/hook HTTP/1.1\r\n"));
	g_autofree char *field = loopback_field(request, "Proxy-Authorization");
	g_assert_cmpstr(field, ==, "Basic dTpw");
	outcome_clear(&outcome);
	end(&f);
}

/* The server asks for a certificate, and takes its own. */
static char *
demand_certificate(struct loopback_tls *server)
{
	char *path = NULL;
	SSL_CTX_set_verify(server->context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
			   NULL);
	SSL_CTX_load_verify_locations(server->context, server->ca_file, NULL);
	FILE *file = fdopen(g_file_open_tmp("leadmilter-key-XXXXXX", &path, NULL), "w");
	PEM_write_PrivateKey(file, SSL_CTX_get0_privatekey(server->context), NULL, NULL, 0, NULL,
			     NULL);
	fclose(file);
	return path;
}

static void
test_client_certificate(void)
{
	for (gboolean with = FALSE; with <= TRUE; with++) {
		struct fixture f;
		struct outcome outcome = { 0 };
		struct loopback_tls *server = loopback_tls_start("IP:127.0.0.1", 1);
		g_autofree char *key = demand_certificate(server);
		begin(&f, NULL, NULL);
		g_free(f.url);
		f.url = g_strdup_printf("https://127.0.0.1:%u/", server->port);
		f.transport.ca_file = server->ca_file;
		f.transport.client_cert = with ? server->ca_file : NULL;
		f.transport.client_key = with ? key : NULL;
		ask(&f, "POST", "{}", NULL, &outcome);
		run_until(&f, &outcome, 1);
		g_assert_cmpint(outcome.status, ==, with ? 200 : 0);
		g_assert_cmpint(g_atomic_int_get(&server->requests), ==, with ? 1 : 0);
		outcome_clear(&outcome);
		end(&f);
		loopback_tls_stop(server);
		g_unlink(key);
	}
}

int
main(int argc, char **argv)
{
	/* a proxy of the environment must not be used */
	g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
	g_setenv("all_proxy", "http://127.0.0.1:1", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/http/methods", test_methods);
	g_test_add_func("/http/impossible", test_impossible);
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		g_autofree char *path = g_strconcat("/http/answer/", answers[i].name, NULL);
		g_test_add_data_func(path, GUINT_TO_POINTER(i), test_answer);
	}
	g_test_add_func("/http/ceiling", test_ceiling);
	g_test_add_func("/http/unreachable", test_unreachable);
	g_test_add_func("/http/cancel", test_cancel);
	g_test_add_func("/http/cancel-inside", test_cancel_inside);
	g_test_add_func("/http/rate", test_rate);
	g_test_add_func("/http/proxy", test_proxy);
	g_test_add_func("/http/client-certificate", test_client_certificate);
	return g_test_run();
}
