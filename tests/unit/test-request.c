/* test-request.c - what goes over the wire, and what may be said of it. */
#include "hooks/out/request.h"
#include "base/clock.h"

#include <string.h>

#define NOW (1790000000 * (gint64)CLOCK_SECOND)

static const struct {
	const char *name;
	const char *own[4]; /* the endpoint's fields */
	const char *want[8]; /* begins of all fields, in order; signature's aside */
} fields[] = {
	{ "plain",
	  { NULL },
	  { "Content-Type: application/json", "Expect:", "webhook-id: evt_1",
	    "webhook-timestamp: 1790000000", "webhook-signature: v1," } },
	{ "own ones are added",
	  { "Authorization: Bearer x", "X-Empty:" },
	  { "Content-Type: application/json", "Expect:", "webhook-id: evt_1",
	    "webhook-timestamp: 1790000000", "webhook-signature: v1,", "Authorization: Bearer x",
	    "X-Empty:" } },
	{ "or replace the type",
	  { "content-type: application/vnd.example; v=1" },
	  { "Expect:", "webhook-id: evt_1", "webhook-timestamp: 1790000000",
	    "webhook-signature: v1,", "content-type: application/vnd.example; v=1" } },
	{ "but not the signature's or the framing's",
	  { "Webhook-ID: x", "CONTENT-LENGTH: 1", "transfer-encoding: chunked" },
	  { "Content-Type: application/json", "Expect:", "webhook-id: evt_1",
	    "webhook-timestamp: 1790000000", "webhook-signature: v1," } },
	{ "nor forge lines",
	  { "X: a\r\nY: b", "no colon", ": no name", "a b: space" },
	  { "Content-Type: application/json", "Expect:", "webhook-id: evt_1",
	    "webhook-timestamp: 1790000000", "webhook-signature: v1," } },
};

static void
check_fields(guint i)
{
	g_autoptr(GPtrArray) own = g_ptr_array_new(), secrets = g_ptr_array_new();
	for (guint k = 0; k < 4 && fields[i].own[k]; k++)
		g_ptr_array_add(own, (gpointer)fields[i].own[k]);
	g_ptr_array_add(secrets, (gpointer) "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	struct config_endpoint endpoint = { .headers = own, .secrets = secrets };
	struct delivery delivery = { .event = (char *)"evt_1", .body = (char *)"{}" };
	g_autoptr(GPtrArray) got = request_headers(&endpoint, &delivery, NOW);
	for (guint k = 0; k < 8 && fields[i].want[k]; k++) {
		g_assert_cmpuint(k, <, got->len);
		const char *field = g_ptr_array_index(got, k);
		if (!g_str_has_prefix(field, fields[i].want[k]))
			g_assert_cmpstr(field, ==, fields[i].want[k]);
	}
	g_assert_true(got->len == 8 || !fields[i].want[got->len]);
}

static void
test_headers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_test_message("%s", fields[i].name);
		check_fields(i);
	}
	struct config_endpoint bare = { 0 };
	struct delivery delivery = { .event = (char *)"evt_1", .body = (char *)"{}" };
	g_autoptr(GPtrArray) got = request_headers(&bare, &delivery, NOW);
	g_assert_cmpuint(got->len, ==, 4); /* no secret, no signature */
}

static const struct {
	const char *url, *want;
} origins[] = {
	{ "https://crm.example.com/hook?token=x", "https://crm.example.com" },
	{ "https://crm.example.com:8443/a", "https://crm.example.com:8443" },
	{ "https://user:pass@crm.example.com/a", "https://crm.example.com" },
	{ "https://user:p@ss@crm.example.com/a@b", "https://crm.example.com" },
	{ "https://crm.example.com?token=x@y", "https://crm.example.com" },
	{ "https://crm.example.com#x", "https://crm.example.com" },
	{ "http://[::1]:80/x", "http://[::1]:80" },
	{ "http://", "http://" },
	{ "secret", "(no URL)" },
	{ "", "(no URL)" },
};

static void
test_origin(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(origins); i++) {
		g_autofree char *got = request_origin(origins[i].url);
		g_assert_cmpstr(got, ==, origins[i].want);
	}
}

static void
test_excerpt(void)
{
	g_assert_null(request_excerpt("x", 0));
	g_autofree char *plain = request_excerpt("hello", 5);
	g_assert_cmpstr(plain, ==, "hello");
	g_autofree char *with_nul = request_excerpt("a\0b", 3);
	g_assert_cmpstr(with_nul, ==,
			"a\xef\xbf\xbd"
			"b");
	static const char *const fill[] = { "x", "\xc3\xa4", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
					    "\xff" };
	for (guint i = 0; i < G_N_ELEMENTS(fill); i++)
		for (guint shift = 0; shift < 4; shift++) {
			g_autoptr(GString) text = g_string_new(NULL);
			for (guint k = 0; k < shift; k++)
				g_string_append_c(text, '-');
			while (text->len < 2000)
				g_string_append(text, fill[i]);
			g_autofree char *got = request_excerpt(text->str, text->len);
			g_assert_cmpuint(strlen(got), <=, REQUEST_EXCERPT);
			g_assert_cmpuint(strlen(got), >, REQUEST_EXCERPT - 4);
			g_assert_true(g_utf8_validate(got, -1, NULL));
		}
}

#define WITH_TEXT "{\"type\":\"t\",\"data\":{\"message\":{\"id\":1,\"text\":\"hello\"}}}"

static const struct {
	const char *body;
	gboolean include_text;
	const char *want;
} bodies[] = {
	{ "{\"a\":\"\xc3\xa4\"}", FALSE, "{\"a\":\"\xc3\xa4\"}" },
	{ "{\"a\":\"\xe4\"}", FALSE, "{\"a\":\"\xef\xbf\xbd\"}" },
	{ WITH_TEXT, TRUE, WITH_TEXT },
	{ WITH_TEXT, FALSE, "{\"type\":\"t\",\"data\":{\"message\":{\"id\":1}}}" },
	{ "{\"data\":{\"other\":{\"text\":\"x\"}}}", FALSE,
	  "{\"data\":{\"other\":{\"text\":\"x\"}}}" },
	{ "no JSON \"text\":", FALSE, "no JSON \"text\":" },
};

static void
test_prepare_body(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(bodies); i++) {
		struct config_endpoint endpoint = { .include_text = bodies[i].include_text };
		struct delivery delivery = { .body = g_strdup(bodies[i].body) };
		request_prepare_body(&endpoint, &delivery);
		g_assert_cmpstr(delivery.body, ==, bodies[i].want);
		g_free(delivery.body);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/request/headers", test_headers);
	g_test_add_func("/request/origin", test_origin);
	g_test_add_func("/request/excerpt", test_excerpt);
	g_test_add_func("/request/prepare-body", test_prepare_body);
	return g_test_run();
}
