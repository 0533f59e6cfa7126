/* test-jsonschema.c - values against schemas: what is found where, and schemas that are refused. */
#include "hooks/in/jsonschema.h"
#include "base/error.h"

#include <string.h>

static const struct {
	const char *schema, *value;
	const char *findings; /* "pointer: message", one a line; "" none */
} checks[] = {
	{ "{\"type\":\"string\"}", "\"x\"", "" },
	{ "{\"type\":\"string\"}", "1", ": expected a string\n" },
	{ "{\"type\":\"integer\"}", "1.0", "" },
	{ "{\"type\":\"integer\"}", "1.5", ": expected an integer\n" },
	{ "{\"type\":\"integer\"}", "1e300", ": expected an integer\n" },
	{ "{\"type\":[\"string\",\"null\"]}", "null", "" },
	{ "{\"type\":[\"string\",\"null\"]}", "[]", ": expected a string or null\n" },
	{ "{\"type\":\"boolean\"}", "\"true\"", ": expected true or false\n" },
	{ "{\"enum\":[\"a\",1,null]}", "1", "" },
	{ "{\"enum\":[\"a\",1,null]}", "\"b\"", ": expected one of \"a\", 1, null\n" },
	{ "{\"const\":{\"a\":[1]}}", "{\"a\":[1]}", "" },
	{ "{\"const\":{\"a\":[1]}}", "{\"a\":[2]}", ": expected {\"a\":[1]}\n" },
	{ "{\"minimum\":1,\"maximum\":3}", "0", ": expected at least 1\n" },
	{ "{\"minimum\":1,\"maximum\":3}", "4", ": expected at most 3\n" },
	{ "{\"minimum\":1}", "\"no number\"", "" },
	{ "{\"minLength\":2,\"maxLength\":3}", "\"\xc3\xa4\"",
	  ": expected at least 2 characters\n" },
	{ "{\"minLength\":2,\"maxLength\":3}", "\"\xc3\xa4\xc3\xb6\xc3\xbc\"", "" },
	{ "{\"minLength\":2,\"maxLength\":3}", "\"abcd\"", ": expected at most 3 characters\n" },
	{ "{\"minItems\":1,\"maxItems\":2}", "[]", ": expected at least 1 items\n" },
	{ "{\"minItems\":1,\"maxItems\":2}", "[1,2,3]", ": expected at most 2 items\n" },
	{ "{\"items\":{\"type\":\"string\"}}", "[\"a\",2,\"c\",4]",
	  "/1: expected a string\n/3: expected a string\n" },
	{ "{\"required\":[\"a\",\"b/c~d\"]}", "{}", "/a: is missing\n/b~1c~0d: is missing\n" },
	{ "{\"required\":[\"a\"]}", "[]", "" },
	{ "{\"properties\":{\"a\":{\"properties\":{\"b\":{\"type\":\"null\"}}}}}",
	  "{\"a\":{\"b\":0},\"other\":1}", "/a/b: expected null\n" },
	{ "{\"properties\":{\"a\":{}},\"additionalProperties\":false}", "{\"a\":1,\"z\":2}",
	  "/z: is not known here\n" },
	{ "{\"additionalProperties\":{\"type\":\"string\"}}", "{\"a\":\"x\",\"b\":1}",
	  "/b: expected a string\n" },
	{ "{\"format\":\"email\"}", "\"ada@example.com\"", "" },
	{ "{\"format\":\"email\"}", "\"ada at example\"", ": expected an e-mail address\n" },
	{ "{\"format\":\"date-time\"}", "\"2026-01-31T09:30:00Z\"", "" },
	{ "{\"format\":\"date-time\"}", "\"yesterday\"",
	  ": expected a time such as 2026-01-31T09:30:00Z\n" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "null", "" },
	{ "{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}", "1", ": expected a string\n" },
	{ "{\"$defs\":{\"n\":{\"type\":\"number\"}},\"items\":{\"$ref\":\"#/$defs/n\"}}",
	  "[1,\"x\"]", "/1: expected a number\n" },
};

static char *
describe(const GPtrArray *findings)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < findings->len; i++) {
		const struct jsonschema_finding *finding = findings->pdata[i];

		g_string_append_printf(text, "%s: %s\n", finding->pointer, finding->message);
	}
	return g_string_free(text, FALSE);
}

static void
test_checks(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
		cJSON *document = cJSON_Parse(checks[i].schema);
		cJSON *value = cJSON_Parse(checks[i].value);
		g_autoptr(GError) error = NULL;
		struct jsonschema *schema = jsonschema_new(document, "", &error);
		g_autoptr(GPtrArray) findings = NULL;
		g_autofree char *text = NULL;

		g_test_message("%s ? %s", checks[i].schema, checks[i].value);
		g_assert_no_error(error);
		findings = jsonschema_check(schema, value);
		text = describe(findings);
		g_assert_cmpstr(text, ==, checks[i].findings);
		jsonschema_free(schema);
		cJSON_Delete(value);
		cJSON_Delete(document);
	}
}

/* What is wrong a thousand times is told twenty times. */
static void
test_bound(void)
{
	cJSON *document = cJSON_Parse("{\"items\":{\"type\":\"string\"}}");
	cJSON *value = cJSON_CreateArray();
	struct jsonschema *schema = jsonschema_new(document, "", NULL);
	g_autoptr(GPtrArray) findings = NULL;

	for (int i = 0; i < 1000; i++)
		cJSON_AddItemToArray(value, cJSON_CreateNumber(i));
	findings = jsonschema_check(schema, value);
	g_assert_cmpuint(findings->len, ==, JSONSCHEMA_FINDINGS);
	jsonschema_free(schema);
	cJSON_Delete(value);
	cJSON_Delete(document);
}

static const struct {
	const char *schema, *says;
} refusals[] = {
	{ "[]", "is no schema" },
	{ "{\"type\":\"text\"}", "no type of JSON Schema" },
	{ "{\"pattern\":\"^a\"}", "/pattern: is a keyword that isn't checked" },
	{ "{\"properties\":{\"a\":{\"oneOf\":[]}}}", "/properties/a/oneOf" },
	{ "{\"format\":\"uri\"}", "only date-time and email" },
	{ "{\"minimum\":\"1\"}", "/minimum: is no number" },
	{ "{\"$ref\":\"#/$defs/none\"}", "names nothing" },
	{ "{\"$ref\":\"http://example.com/schema\"}", "names nothing" },
	{ "{\"$defs\":{\"a\":{\"items\":{\"$ref\":\"#/$defs/a\"}}},\"$ref\":\"#/$defs/a\"}",
	  "refers to itself" },
	{ "{\"anyOf\":[]}", "holds no schema" },
};

static void
test_refusals(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		cJSON *document = cJSON_Parse(refusals[i].schema);
		g_autoptr(GError) error = NULL;

		g_test_message("%s", refusals[i].schema);
		g_assert_null(jsonschema_new(document, "", &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_nonnull(strstr(error->message, refusals[i].says));
		cJSON_Delete(document);
	}
}

static void
test_pointers(void)
{
	cJSON *document = cJSON_Parse("{\"a/b\":[{\"~\":7}]}");

	g_assert_true(jsonschema_resolve(document, "") == document);
	g_assert_cmpfloat(jsonschema_resolve(document, "/a~1b/0/~0")->valuedouble, ==, 7);
	g_assert_null(jsonschema_resolve(document, "/a~1b/1"));
	g_assert_null(jsonschema_resolve(document, "/none/0"));
	g_assert_null(jsonschema_resolve(document, "none"));
	cJSON_Delete(document);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/jsonschema/checks", test_checks);
	g_test_add_func("/jsonschema/bound", test_bound);
	g_test_add_func("/jsonschema/refusals", test_refusals);
	g_test_add_func("/jsonschema/pointers", test_pointers);
	return g_test_run();
}
