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
	  { "Content-Type: application/json", "webhook-id: evt_1", "webhook-timestamp: 1790000000",
	    "webhook-signature: v1," } },
	{ "own ones are added",
	  { "Authorization: Bearer x", "X-Empty:" },
	  { "Content-Type: application/json", "webhook-id: evt_1", "webhook-timestamp: 1790000000",
	    "webhook-signature: v1,", "Authorization: Bearer x", "X-Empty:" } },
	{ "or replace the type",
	  { "content-type: application/vnd.example; v=1" },
	  { "webhook-id: evt_1", "webhook-timestamp: 1790000000", "webhook-signature: v1,",
	    "content-type: application/vnd.example; v=1" } },
	{ "but not the signature's or the framing's",
	  { "Webhook-ID: x", "CONTENT-LENGTH: 1", "transfer-encoding: chunked" },
	  { "Content-Type: application/json", "webhook-id: evt_1", "webhook-timestamp: 1790000000",
	    "webhook-signature: v1," } },
	{ "nor forge lines",
	  { "X: a\r\nY: b", "no colon", ": no name", "a b: space" },
	  { "Content-Type: application/json", "webhook-id: evt_1", "webhook-timestamp: 1790000000",
	    "webhook-signature: v1," } },
};

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define BODY "{\"type\":\"lead.created\",\"data\":{\"x\":1}}"

static struct delivery *
new_delivery(const char *event, const char *lead)
{
	struct delivery *delivery = g_new0(struct delivery, 1);
	delivery->event = g_strdup(event);
	delivery->type = g_strdup("lead.created");
	delivery->lead = g_strdup(lead);
	delivery->time = NOW;
	delivery->body = g_strdup(BODY);
	return delivery;
}

/* The message and header fields for so many deliveries. */
static GPtrArray *
make(const struct config_endpoint *endpoint, guint count, const char *authorization,
     struct request_message *message, GPtrArray **ret_deliveries)
{
	*ret_deliveries = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	for (guint i = 0; i < count; i++) {
		g_autofree char *event = g_strdup_printf("evt_%u", i + 1);
		g_autofree char *lead = g_strdup_printf("ld_%u", i + 1);
		g_ptr_array_add(*ret_deliveries, new_delivery(event, lead));
	}
	request_make(endpoint, "urn:leadmilter:mx.example.com", *ret_deliveries, message);
	return request_headers(endpoint, message, authorization, NOW);
}

static void
check_fields(guint i)
{
	g_autoptr(GPtrArray) own = g_ptr_array_new(), secrets = g_ptr_array_new();
	for (guint k = 0; k < 4 && fields[i].own[k]; k++)
		g_ptr_array_add(own, (gpointer)fields[i].own[k]);
	g_ptr_array_add(secrets, (gpointer)SECRET);
	struct config_endpoint endpoint = { .headers = own, .secrets = secrets };
	struct request_message message;
	g_autoptr(GPtrArray) deliveries = NULL;
	g_autoptr(GPtrArray) got = make(&endpoint, 1, NULL, &message, &deliveries);
	for (guint k = 0; k < 8 && fields[i].want[k]; k++) {
		g_assert_cmpuint(k, <, got->len);
		const char *field = g_ptr_array_index(got, k);
		if (!g_str_has_prefix(field, fields[i].want[k]))
			g_assert_cmpstr(field, ==, fields[i].want[k]);
	}
	g_assert_true(got->len == 8 || !fields[i].want[got->len]);
	request_clear(&message);
}

static void
test_headers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_test_message("%s", fields[i].name);
		check_fields(i);
	}
	struct config_endpoint bare = { 0 };
	struct request_message message;
	g_autoptr(GPtrArray) deliveries = NULL;
	g_autoptr(GPtrArray) got = make(&bare, 1, NULL, &message, &deliveries);
	g_assert_cmpuint(got->len, ==, 3); /* no secret, no signature */
	request_clear(&message);
}

#define CLOUD(n) \
	"{\"specversion\":\"1.0\",\"id\":\"evt_" n \
	"\",\"source\":\"urn:leadmilter:mx.example.com\"," \
	"\"type\":\"lead.created\",\"time\":\"2026-09-21T14:13:20.000Z\",\"subject\":\"ld_" n \
	"\"," \
	"\"datacontenttype\":\"application/json\",\"data\":" BODY "}"

/* Bytes on the wire in each mode. */
static const struct {
	const char *mode;
	guint count;
	const char *id, *type, *body; /* id begins so */
	const char *cloud[7]; /* the ce- fields */
} modes[] = {
	{ "off", 1, "evt_1", "Content-Type: application/json", BODY, { NULL } },
	{ "binary",
	  1,
	  "evt_1",
	  "Content-Type: application/json",
	  BODY,
	  { "ce-specversion: 1.0", "ce-id: evt_1", "ce-source: urn:leadmilter:mx.example.com",
	    "ce-type: lead.created", "ce-time: 2026-09-21T14:13:20.000Z", "ce-subject: ld_1" } },
	{ "structured",
	  1,
	  "evt_1",
	  "Content-Type: application/cloudevents+json",
	  CLOUD("1"),
	  { NULL } },
	{ "batch",
	  1,
	  "evt_1",
	  "Content-Type: application/cloudevents-batch+json",
	  "[" CLOUD("1") "]",
	  { NULL } },
	{ "batch",
	  2,
	  "batch_",
	  "Content-Type: application/cloudevents-batch+json",
	  "[" CLOUD("1") "," CLOUD("2") "]",
	  { NULL } },
};

static void
test_modes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		struct config_endpoint endpoint = { .cloudevents = (char *)modes[i].mode };
		struct request_message message;
		g_autoptr(GPtrArray) deliveries = NULL;
		g_autoptr(GPtrArray) got =
			make(&endpoint, modes[i].count, NULL, &message, &deliveries);
		g_assert_true(g_str_has_prefix(message.id, modes[i].id));
		g_assert_cmpstr(message.body, ==, modes[i].body);
		g_assert_cmpuint(message.length, ==, strlen(modes[i].body));
		g_assert_cmpstr(g_ptr_array_index(got, 0), ==, modes[i].type);
		for (guint k = 0; k < 6 && modes[i].cloud[k]; k++)
			g_assert_cmpstr(g_ptr_array_index(got, 3 + k), ==, modes[i].cloud[k]);
		g_assert_cmpuint(got->len, ==, modes[i].cloud[0] ? 9 : 3);
		request_clear(&message);
	}
}

/* The id of a batch is that of its events, whatever the attempt. */
static void
test_batch_id(void)
{
	struct config_endpoint endpoint = { .cloudevents = (char *)"batch" };
	struct request_message messages[3];
	for (guint i = 0; i < G_N_ELEMENTS(messages); i++) {
		g_autoptr(GPtrArray) deliveries = NULL;
		g_ptr_array_unref(make(&endpoint, i == 2 ? 3 : 2, NULL, &messages[i], &deliveries));
	}
	g_assert_cmpstr(messages[0].id, ==, messages[1].id);
	g_assert_cmpstr(messages[0].id, !=, messages[2].id);
	for (guint i = 0; i < G_N_ELEMENTS(messages); i++)
		request_clear(&messages[i]);
}

static const struct {
	const char *bearer, *basic, *want;
} logins[] = {
	{ "abc", NULL, "Bearer abc" },
	{ NULL, "Aladdin:open sesame", "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==" }, /* RFC 7617 */
	{ NULL, NULL, NULL },
};

static void
test_authorization(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(logins); i++) {
		struct config_endpoint endpoint = { .url = (char *)"https://crm.example.com/x",
						    .bearer = (char *)logins[i].bearer,
						    .basic = (char *)logins[i].basic };
		g_autofree char *got = request_authorization(&endpoint);
		g_assert_cmpstr(got, ==, logins[i].want);
		g_assert_cmpint(request_logs_in(&endpoint), ==, logins[i].want != NULL);
		struct request_message message;
		g_autoptr(GPtrArray) deliveries = NULL;
		g_autoptr(GPtrArray) headers = make(&endpoint, 1, got, &message, &deliveries);
		g_autofree char *field = g_strconcat("Authorization: ", got, NULL);
		g_assert_cmpint(g_ptr_array_find_with_equal_func(headers, field, g_str_equal, NULL),
				==, got != NULL);
		request_clear(&message);
	}
	struct config_endpoint in_url = { .url = (char *)"https://u:p@crm.example.com/x" };
	g_assert_true(request_logs_in(&in_url));
	g_autoptr(GPtrArray) own = g_ptr_array_new();
	g_ptr_array_add(own, (gpointer) "authorization: Token x");
	struct config_endpoint in_field = { .url = (char *)"https://crm.example.com/x",
					    .headers = own };
	g_assert_true(request_logs_in(&in_field));
}

/* Whatever proves us or names the receiver changes the mark; the rest doesn't. */
static void
test_mark(void)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new(), two = g_ptr_array_new();
	g_ptr_array_add(one, (gpointer) "a");
	g_ptr_array_add(two, (gpointer) "b");
	const struct config_endpoint different[] = {
		{ .url = (char *)"http://a" },
		{ .url = (char *)"http://b" },
		{ .url = (char *)"http://a", .bearer = (char *)"x" },
		{ .url = (char *)"http://a", .basic = (char *)"x" },
		{ .url = (char *)"http://a", .basic = (char *)"" },
		{ .url = (char *)"http://a", .oauth_client_secret = (char *)"x" },
		{ .url = (char *)"http://a", .secrets = one },
		{ .url = (char *)"http://a", .secrets = two },
		{ .url = (char *)"http://a", .headers = one },
		{ .url = (char *)"http://a", .settings = one },
		{ .url = (char *)"http://a", .adapter = (char *)"odoo" },
	};
	g_autoptr(GHashTable) marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (guint i = 0; i < G_N_ELEMENTS(different); i++)
		g_assert_true(g_hash_table_add(marks, request_mark(&different[i])));
	struct config_endpoint same = { .url = (char *)"http://a", .concurrency = 9 };
	g_autofree char *mark = request_mark(&same);
	g_assert_true(g_hash_table_contains(marks, mark));
	g_assert_cmpuint(strlen(mark), ==, 8);
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
	g_test_add_func("/request/modes", test_modes);
	g_test_add_func("/request/batch-id", test_batch_id);
	g_test_add_func("/request/authorization", test_authorization);
	g_test_add_func("/request/mark", test_mark);
	g_test_add_func("/request/origin", test_origin);
	g_test_add_func("/request/excerpt", test_excerpt);
	g_test_add_func("/request/prepare-body", test_prepare_body);
	return g_test_run();
}
