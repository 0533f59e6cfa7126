/* jsonschema.c - see jsonschema.h. */
#include "hooks/in/jsonschema.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "mail/address.h"

#define DEPTH 16 /* of $ref and nesting while a schema is checked: ours have 6 */

struct jsonschema {
	const cJSON *document;
	const cJSON *root;
};

struct check {
	const cJSON *document;
	GPtrArray *findings;
	GString *pointer;
	gboolean quiet; /* only whether: a branch of anyOf */
	gboolean failed;
};

static void check_value(struct check *check, const cJSON *schema, const cJSON *value);

static const cJSON *
get(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* --- JSON Pointer --- */

static void
push(GString *pointer, const char *token)
{
	g_string_append_c(pointer, '/');
	for (; *token; token++) {
		if (*token == '~')
			g_string_append(pointer, "~0");
		else if (*token == '/')
			g_string_append(pointer, "~1");
		else
			g_string_append_c(pointer, *token);
	}
}

static char *
unescape(const char *token, gsize length)
{
	GString *text = g_string_sized_new(length);

	for (gsize i = 0; i < length; i++) {
		if (token[i] == '~' && i + 1 < length)
			g_string_append_c(text, token[++i] == '1' ? '/' : '~');
		else
			g_string_append_c(text, token[i]);
	}
	return g_string_free(text, FALSE);
}

const cJSON *
jsonschema_resolve(const cJSON *document, const char *pointer)
{
	const cJSON *at = document;

	while (at && *pointer == '/') {
		const char *token = pointer + 1;
		gsize length = strcspn(token, "/");
		g_autofree char *key = unescape(token, length);

		at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(key)) : get(at, key);
		pointer = token + length;
	}
	return *pointer == '\0' ? at : NULL;
}

/* --- findings --- */

void
jsonschema_finding_free(struct jsonschema_finding *finding)
{
	if (!finding)
		return;
	g_free(finding->pointer);
	g_free(finding->message);
	g_free(finding);
}

static void G_GNUC_PRINTF(2, 3) find(struct check *check, const char *format, ...)
{
	struct jsonschema_finding *finding;
	va_list arguments;

	check->failed = TRUE;
	if (check->quiet || check->findings->len >= JSONSCHEMA_FINDINGS)
		return;
	finding = g_new0(struct jsonschema_finding, 1);
	va_start(arguments, format);
	finding->message = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	finding->pointer = g_strdup(check->pointer->str);
	g_ptr_array_add(check->findings, finding);
}

/* --- types --- */

static gboolean
is_integer(const cJSON *value)
{
	return cJSON_IsNumber(value) && value->valuedouble == floor(value->valuedouble) &&
	       fabs(value->valuedouble) < 9007199254740992.0;
}

static cJSON_bool
is_integral(const cJSON *const value)
{
	return is_integer(value);
}

static const struct {
	const char *name, *article;
	cJSON_bool (*is)(const cJSON *const value);
} TYPES[] = {
	{ "string", "a string", cJSON_IsString },  { "number", "a number", cJSON_IsNumber },
	{ "integer", "an integer", is_integral },  { "boolean", "true or false", cJSON_IsBool },
	{ "object", "an object", cJSON_IsObject }, { "array", "an array", cJSON_IsArray },
	{ "null", "null", cJSON_IsNull },
};

static gboolean
has_type(const cJSON *value, const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++) {
		if (strcmp(TYPES[i].name, name) == 0)
			return TYPES[i].is(value);
	}
	return FALSE;
}

static const char *
article_of(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++) {
		if (strcmp(TYPES[i].name, name) == 0)
			return TYPES[i].article;
	}
	return NULL;
}

/* @return FALSE when nothing else need be said. */
static gboolean
check_type(struct check *check, const cJSON *type, const cJSON *value)
{
	g_autoptr(GString) wanted = NULL;
	const cJSON *one;

	if (!type)
		return TRUE;
	if (cJSON_IsString(type)) {
		if (has_type(value, type->valuestring))
			return TRUE;
		find(check, "expected %s", article_of(type->valuestring));
		return FALSE;
	}
	wanted = g_string_new(NULL);
	cJSON_ArrayForEach(one, type)
	{
		if (has_type(value, one->valuestring))
			return TRUE;
		g_string_append_printf(wanted, "%s%s", wanted->len ? " or " : "",
				       article_of(one->valuestring));
	}
	find(check, "expected %s", wanted->str);
	return FALSE;
}

/* --- one keyword each --- */

static void
check_enum(struct check *check, const cJSON *keyword, const cJSON *value)
{
	g_autoptr(GString) names = g_string_new(NULL);
	const cJSON *one;

	cJSON_ArrayForEach(one, keyword)
	{
		g_autofree char *text = NULL;

		if (cJSON_Compare(one, value, TRUE))
			return;
		text = cJSON_PrintUnformatted(one);
		g_string_append_printf(names, "%s%s", names->len ? ", " : "", text);
	}
	find(check, "expected one of %s", names->str);
}

static void
check_const(struct check *check, const cJSON *keyword, const cJSON *value)
{
	g_autofree char *text = NULL;

	if (cJSON_Compare(keyword, value, TRUE))
		return;
	text = cJSON_PrintUnformatted(keyword);
	find(check, "expected %s", text);
}

static void
check_required(struct check *check, const cJSON *keyword, const cJSON *value)
{
	const cJSON *name;

	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(name, keyword)
	{
		gsize length = check->pointer->len;

		if (get(value, name->valuestring))
			continue;
		push(check->pointer, name->valuestring);
		find(check, "is missing");
		g_string_truncate(check->pointer, length);
	}
}

static void
check_member(struct check *check, const cJSON *schema, const cJSON *value, const char *token)
{
	gsize length = check->pointer->len;

	push(check->pointer, token);
	if (cJSON_IsFalse(schema))
		find(check, "is not known here");
	else
		check_value(check, schema, value);
	g_string_truncate(check->pointer, length);
}

static void
check_properties(struct check *check, const cJSON *schema, const cJSON *value)
{
	const cJSON *properties = get(schema, "properties");
	const cJSON *others = get(schema, "additionalProperties");
	const cJSON *member;

	if (!cJSON_IsObject(value))
		return;
	cJSON_ArrayForEach(member, value)
	{
		const cJSON *own = get(properties, member->string);

		if (own || others)
			check_member(check, own ? own : others, member, member->string);
	}
}

static void
check_items(struct check *check, const cJSON *keyword, const cJSON *value)
{
	const cJSON *item;
	guint i = 0;

	if (!cJSON_IsArray(value))
		return;
	cJSON_ArrayForEach(item, value)
	{
		g_autofree char *token = g_strdup_printf("%u", i++);

		check_member(check, keyword, item, token);
		if (check->findings->len >= JSONSCHEMA_FINDINGS)
			return;
	}
}

static void
check_min_items(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsArray(value) && cJSON_GetArraySize(value) < keyword->valuedouble)
		find(check, "expected at least %g items", keyword->valuedouble);
}

static void
check_max_items(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsArray(value) && cJSON_GetArraySize(value) > keyword->valuedouble)
		find(check, "expected at most %g items", keyword->valuedouble);
}

static void
check_min_length(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsString(value) && g_utf8_strlen(value->valuestring, -1) < keyword->valuedouble)
		find(check, "expected at least %g characters", keyword->valuedouble);
}

static void
check_max_length(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsString(value) && g_utf8_strlen(value->valuestring, -1) > keyword->valuedouble)
		find(check, "expected at most %g characters", keyword->valuedouble);
}

static void
check_minimum(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsNumber(value) && value->valuedouble < keyword->valuedouble)
		find(check, "expected at least %g", keyword->valuedouble);
}

static void
check_maximum(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (cJSON_IsNumber(value) && value->valuedouble > keyword->valuedouble)
		find(check, "expected at most %g", keyword->valuedouble);
}

static void
check_format(struct check *check, const cJSON *keyword, const cJSON *value)
{
	if (!cJSON_IsString(value))
		return;
	if (strcmp(keyword->valuestring, "date-time") == 0 &&
	    clock_parse(value->valuestring, NULL) == 0)
		find(check, "expected a time such as 2026-01-31T09:30:00Z");
	else if (strcmp(keyword->valuestring, "email") == 0 &&
		 !address_is_valid(value->valuestring))
		find(check, "expected an e-mail address");
}

/* The first branch's findings are told when none holds: it is the usual form. */
static void
check_any_of(struct check *check, const cJSON *keyword, const cJSON *value)
{
	const cJSON *branch;
	struct check quiet = *check;

	quiet.quiet = TRUE;
	cJSON_ArrayForEach(branch, keyword)
	{
		quiet.failed = FALSE;
		check_value(&quiet, branch, value);
		if (!quiet.failed)
			return;
	}
	check_value(check, keyword->child, value);
}

static void
check_ref(struct check *check, const cJSON *keyword, const cJSON *value)
{
	check_value(check, jsonschema_resolve(check->document, keyword->valuestring + 1), value);
}

static const struct keyword {
	const char *name;
	void (*check)(struct check *check, const cJSON *keyword, const cJSON *value);
} KEYWORDS[] = {
	{ "$ref", check_ref },
	{ "enum", check_enum },
	{ "const", check_const },
	{ "required", check_required },
	{ "items", check_items },
	{ "minItems", check_min_items },
	{ "maxItems", check_max_items },
	{ "minLength", check_min_length },
	{ "maxLength", check_max_length },
	{ "minimum", check_minimum },
	{ "maximum", check_maximum },
	{ "format", check_format },
	{ "anyOf", check_any_of },
	/* handled together, below */
	{ "type", NULL },
	{ "properties", NULL },
	{ "additionalProperties", NULL },
	/* say nothing of the value */
	{ "title", NULL },
	{ "description", NULL },
	{ "examples", NULL },
	{ "example", NULL },
	{ "default", NULL },
	{ "deprecated", NULL },
	{ "readOnly", NULL },
	{ "writeOnly", NULL },
	{ "$schema", NULL },
	{ "$id", NULL },
	{ "$defs", NULL },
	{ "$comment", NULL },
};

static const struct keyword *
find_keyword(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(KEYWORDS); i++) {
		if (strcmp(KEYWORDS[i].name, name) == 0)
			return &KEYWORDS[i];
	}
	return NULL;
}

static void
check_value(struct check *check, const cJSON *schema, const cJSON *value)
{
	const cJSON *member;

	if (!check_type(check, get(schema, "type"), value))
		return;
	cJSON_ArrayForEach(member, schema)
	{
		const struct keyword *keyword = find_keyword(member->string);

		if (keyword && keyword->check)
			keyword->check(check, member, value);
	}
	check_properties(check, schema, value);
}

GPtrArray *
jsonschema_check(const struct jsonschema *schema, const cJSON *value)
{
	g_autoptr(GString) pointer = g_string_new(NULL);
	struct check check = { .document = schema->document, .pointer = pointer };

	check.findings = g_ptr_array_new_with_free_func((GDestroyNotify)jsonschema_finding_free);
	check_value(&check, schema->root, value);
	return check.findings;
}

/* --- loading: is the schema itself one we understand? --- */

struct load {
	const cJSON *document;
	GError **error;
};

static gboolean load_schema(const struct load *load, const cJSON *schema, const char *place,
			    guint depth);

static gboolean
refuse(const struct load *load, const char *place, const char *keyword, const char *why)
{
	g_set_error(load->error, LEADMILTER_ERROR, ERROR_CONFIG, "schema %s/%s: %s", place, keyword,
		    why);
	return FALSE;
}

static gboolean
load_type(const struct load *load, const cJSON *type, const char *place)
{
	const cJSON *one = cJSON_IsArray(type) ? type->child : type;

	for (; one; one = cJSON_IsArray(type) ? one->next : NULL) {
		if (!cJSON_IsString(one) || !article_of(one->valuestring))
			return refuse(load, place, "type", "no type of JSON Schema");
	}
	return TRUE;
}

static gboolean
load_format(const struct load *load, const cJSON *format, const char *place)
{
	if (cJSON_IsString(format) && (strcmp(format->valuestring, "date-time") == 0 ||
				       strcmp(format->valuestring, "email") == 0))
		return TRUE;
	return refuse(load, place, "format", "only date-time and email are checked");
}

static gboolean
load_ref(const struct load *load, const cJSON *ref, const char *place, guint depth)
{
	const char *text = cJSON_GetStringValue(ref);
	const cJSON *target =
		text && *text == '#' ? jsonschema_resolve(load->document, text + 1) : NULL;

	if (!cJSON_IsObject(target))
		return refuse(load, place, "$ref", "names nothing in this document");
	return load_schema(load, target, text + 1, depth + 1);
}

static gboolean
load_each(const struct load *load, const cJSON *schemas, const char *place, const char *keyword,
	  guint depth)
{
	const cJSON *one;

	if (!schemas || !schemas->child)
		return refuse(load, place, keyword, "holds no schema");
	cJSON_ArrayForEach(one, schemas)
	{
		g_autofree char *inner = g_strdup_printf("%s/%s/%s", place, keyword,
							 one->string ? one->string : "-");

		if (!load_schema(load, one, inner, depth + 1))
			return FALSE;
	}
	return TRUE;
}

static gboolean
load_keyword(const struct load *load, const cJSON *member, const char *place, guint depth)
{
	static const char *const NUMBERS[] = { "minItems",  "maxItems", "minLength",
					       "maxLength", "minimum",  "maximum" };
	const char *name = member->string;

	if (!find_keyword(name))
		return refuse(load, place, name, "is a keyword that isn't checked");
	if (strcmp(name, "type") == 0)
		return load_type(load, member, place);
	if (strcmp(name, "format") == 0)
		return load_format(load, member, place);
	if (strcmp(name, "$ref") == 0)
		return load_ref(load, member, place, depth);
	if (strcmp(name, "properties") == 0 || strcmp(name, "anyOf") == 0)
		return load_each(load, member, place, name, depth);
	if (strcmp(name, "items") == 0 ||
	    (strcmp(name, "additionalProperties") == 0 && !cJSON_IsBool(member)))
		return load_schema(load, member, place, depth + 1);
	for (guint i = 0; i < G_N_ELEMENTS(NUMBERS); i++) {
		if (strcmp(name, NUMBERS[i]) == 0 && !cJSON_IsNumber(member))
			return refuse(load, place, name, "is no number");
	}
	return TRUE;
}

static gboolean
load_schema(const struct load *load, const cJSON *schema, const char *place, guint depth)
{
	const cJSON *member;

	if (!cJSON_IsObject(schema))
		return refuse(load, place, "", "is no schema");
	if (depth > DEPTH)
		return refuse(load, place, "", "is nested too deep, or refers to itself");
	cJSON_ArrayForEach(member, schema)
	{
		if (!load_keyword(load, member, place, depth))
			return FALSE;
	}
	return TRUE;
}

struct jsonschema *
jsonschema_new(const cJSON *document, const char *pointer, GError **error)
{
	const struct load load = { document, error };
	const cJSON *root = jsonschema_resolve(document, pointer);
	struct jsonschema *schema;

	if (!load_schema(&load, root, pointer, 0))
		return NULL;
	schema = g_new0(struct jsonschema, 1);
	schema->document = document;
	schema->root = root;
	return schema;
}

void
jsonschema_free(struct jsonschema *schema)
{
	g_free(schema);
}
