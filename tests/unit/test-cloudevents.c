/* test-cloudevents.c - CloudEvents 1.0: what may stand in a header field, attributes that are not
 * there, hostile values. */
#include "hooks/out/cloudevents.h"
#include "base/clock.h"

#include <cJSON.h>
#include <string.h>

static const struct {
	const char *value, *want;
} encodings[] = {
	{ "plain-~value/1:2", "plain-~value/1:2" },
	{ "a b", "a%20b" },
	{ "100%", "100%25" },
	{ "say \"x\"", "say%20%22x%22" },
	{ "Euro \xe2\x82\xac \xf0\x9f\x98\x80",
	  "Euro%20%E2%82%AC%20%F0%9F%98%80" }, /* the binding's */
	{ "a\r\nX-Forged: b", "a%0D%0AX-Forged:%20b" },
	{ "\x7f", "%7F" },
	{ "", "" },
};

static void
test_encode(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(encodings); i++) {
		g_autofree char *got = cloudevents_encode(encodings[i].value);
		g_assert_cmpstr(got, ==, encodings[i].want);
	}
}

static const struct {
	const char *host, *want;
} sources[] = {
	{ "mx.example.com", "urn:leadmilter:mx.example.com" },
	{ "::1", "urn:leadmilter:::1" },
	{ "a host", "urn:leadmilter:a%20host" },
	{ NULL, "urn:leadmilter:localhost" },
};

static void
test_source(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(sources); i++) {
		g_autofree char *got = cloudevents_source(sources[i].host);
		g_assert_cmpstr(got, ==, sources[i].want);
	}
}

static void
test_attributes(void)
{
	struct delivery delivery = { .event = (char *)"evt_\"1\"",
				     .type = (char *)"lead.created",
				     .body = (char *)"{\"a\":[1,\"\xc3\xa4\"]}",
				     .time = 1790000000 * (gint64)CLOCK_SECOND };
	g_autoptr(GPtrArray) fields = g_ptr_array_new_with_free_func(g_free);
	cloudevents_add_fields(fields, &delivery, "urn:x");
	g_assert_cmpuint(fields->len, ==, 5); /* no lead, no subject */
	g_assert_cmpstr(g_ptr_array_index(fields, 1), ==, "ce-id: evt_%221%22");
	g_autoptr(GString) json = g_string_new(NULL);
	cloudevents_append(json, &delivery, "urn:x");
	cJSON *read = cJSON_Parse(json->str);
	g_assert_nonnull(read);
	g_assert_null(cJSON_GetObjectItem(read, "subject"));
	g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(read, "id")), ==, "evt_\"1\"");
	g_assert_cmpstr(cJSON_GetStringValue(cJSON_GetObjectItem(read, "time")), ==,
			"2026-09-21T14:13:20.000Z");
	g_assert_true(g_str_has_suffix(json->str, ",\"data\":{\"a\":[1,\"\xc3\xa4\"]}}"));
	cJSON_Delete(read);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cloudevents/encode", test_encode);
	g_test_add_func("/cloudevents/source", test_source);
	g_test_add_func("/cloudevents/attributes", test_attributes);
	return g_test_run();
}
