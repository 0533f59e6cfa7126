/* fuzz-hook.c - what comes to the inbound hook: JSON against each of its schemas, the proof of who
 * sent it, and a vendor's webhook through an adapter.  The first byte chooses. */
#include <cJSON.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "hooks/in/auth.h"
#include "hooks/in/description.h"
#include "hooks/in/jsonschema.h"
#include "hooks/out/lua_receive.h"

#define NOW (1795000000 * (gint64)CLOCK_SECOND)

static const char *const SCHEMAS[] = { "TouchBatch", "OutcomeBatch", "CustomerBatch", "Lead",
				       "LeadBatch" };

static void
check_schema(guint which, const char *text)
{
	static cJSON *document;
	static struct jsonschema *schemas[G_N_ELEMENTS(SCHEMAS)];
	cJSON *value = cJSON_Parse(text);
	g_autoptr(GPtrArray) findings = NULL;

	if (document == NULL) {
		document = cJSON_Parse(description_text);
		for (guint i = 0; i < G_N_ELEMENTS(SCHEMAS); i++) {
			g_autofree char *pointer =
				g_strconcat("/components/schemas/", SCHEMAS[i], NULL);

			schemas[i] = jsonschema_new(document, pointer, NULL);
			g_assert(schemas[i] != NULL);
		}
	}
	if (value == NULL)
		return;
	findings = jsonschema_check(schemas[which], value);
	g_assert(findings->len <= JSONSCHEMA_FINDINGS);
	for (guint i = 0; i < findings->len; i++) {
		const struct jsonschema_finding *finding = findings->pdata[i];

		/* What is missing has no place but its parent's. */
		g_assert(jsonschema_resolve(value, finding->pointer) != NULL ||
			 strcmp(finding->message, "is missing") == 0);
	}
	cJSON_Delete(value);
}

/* Nobody is let in who knows no secret. */
static void
check_auth(char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", 5);
	g_autoptr(GPtrArray) secrets = g_ptr_array_new(), tokens = g_ptr_array_new();
	g_autoptr(GPtrArray) none = g_ptr_array_new(), clients = g_ptr_array_new();
	struct config_client client = { .name = (char *)"c",
					.secrets = secrets,
					.tokens = tokens,
					.scopes = none,
					.networks = none };
	guint count = g_strv_length(lines);
	struct auth_request request = { .peer = "local" };

	if (count < 5)
		return;
	g_ptr_array_add(secrets, (char *)"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
	g_ptr_array_add(tokens, (char *)"nobody writes these four and twenty letters");
	g_ptr_array_add(clients, &client);
	request.id = lines[0];
	request.timestamp = lines[1];
	request.signature = *lines[2] ? lines[2] : NULL;
	request.authorization = *lines[3] ? lines[3] : NULL;
	request.body = lines[4];
	request.length = strlen(lines[4]);
	g_assert(auth_identify(clients, &request, NOW, NULL) == NULL);
}

static void
check_vendor(const char *text, gsize length)
{
	static struct lua_adapter *adapter;
	static struct lua_target *target;
	const struct lua_inbound request = { .method = "POST",
					     .path = "/v1/in/x",
					     .query = "token=t&outcome=won",
					     .body = text,
					     .length = length };
	g_autofree char *json = NULL, *reason = NULL;

	if (adapter == NULL) {
		g_autoptr(GPtrArray) settings = g_ptr_array_new();

		g_ptr_array_add(settings, (char *)"token=t");
		adapter = lua_adapter_load(TEST_CONF "/../hooks/adapters/bitrix24_webhook.lua",
					   NULL, NULL);
		target = lua_target_new(adapter, "", settings, NULL);
	}
	g_assert((lua_receive(adapter, target->settings, &request, NOW, &json, &reason) ==
		  LUA_RECEIVED) == (json != NULL));
	g_assert(json != NULL || g_utf8_validate(reason, -1, NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autofree char *text = NULL, *bytes = NULL;

	if (size < 1 || size > 65536)
		return 0;
	text = g_utf8_make_valid((const char *)data + 1, (gssize)size - 1);
	bytes = g_malloc(size);
	memcpy(bytes, data + 1, size - 1);
	bytes[size - 1] = '\0';
	if (data[0] % 7 < G_N_ELEMENTS(SCHEMAS))
		check_schema(data[0] % 7, text);
	else if (data[0] % 7 == 5)
		check_auth(text);
	else
		check_vendor(bytes, size - 1);
	return 0;
}
