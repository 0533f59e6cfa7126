/*
 * test-adapter.c - every adapter against its script: the requests it makes and what it makes of
 * answers as the CRM's documentation gives them.
 *
 * A script is tests/data/adapters/NAME.json (hooks/out/rehearsal.h); `leadctl adapter test
 * --record` writes its requests, which are then read by a person.  A new CRM needs no line here.
 */
#include "base/clock.h"
#include "hooks/out/adapter.h"
#include "hooks/out/rehearsal.h"

#include <string.h>

#define ADAPTERS TEST_DATA "/../../hooks/adapters"
#define SCRIPTS TEST_DATA "/adapters"
#define NOW "2026-11-21T10:00:00Z"

static cJSON *
read_json(const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;
	cJSON *json;

	g_file_get_contents(path, &text, NULL, &error);
	g_assert_no_error(error);
	json = cJSON_ParseWithOpts(text, NULL, 1);
	g_assert_nonnull(json);
	return json;
}

static const cJSON *
member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static void
expect_same(const char *what, const cJSON *got, const cJSON *wanted)
{
	g_autofree char *one = cJSON_Print(got), *other = cJSON_Print(wanted);

	if (got == NULL || wanted == NULL || !cJSON_Compare(got, wanted, TRUE))
		g_error("%s\ngot    %s\nwanted %s", what, one, other);
}

/* --- one scenario --- */

static struct lua_adapter *
load(const char *name)
{
	g_autofree char *path = g_strdup_printf("%s/%s.lua", ADAPTERS, name);
	g_autoptr(GError) error = NULL;
	struct lua_adapter *adapter = lua_adapter_load(path, NULL, &error);

	g_assert_no_error(error);
	return adapter;
}

static cJSON *
requests_of(const cJSON *transcript)
{
	cJSON *requests = cJSON_CreateArray();
	const cJSON *entry;

	cJSON_ArrayForEach(entry, member(transcript, "exchange"))
		cJSON_AddItemToArray(requests, cJSON_Duplicate(member(entry, "request"), TRUE));
	return requests;
}

static void
run_scenario(const char *file, const cJSON *script, const cJSON *scenario)
{
	const char *name = cJSON_GetStringValue(member(script, "adapter"));
	g_autofree char *stem = g_strndup(file, strlen(file) - strlen(".json"));
	g_autofree char *label = g_strdup_printf("%s: %s", file, scenario->string);
	g_autofree char *path = g_strdup_printf("%s/events/%s.json", SCRIPTS,
						cJSON_GetStringValue(member(scenario, "event")));
	g_autofree char *event = NULL;
	g_autoptr(GPtrArray) settings = rehearsal_settings(script, scenario);
	g_autoptr(lua_adapter_owned) adapter = load(name ? name : stem);
	g_autoptr(GError) error = NULL;
	g_autoptr(lua_target_owned) target = lua_target_new(
		adapter, cJSON_GetStringValue(member(script, "url")), settings, &error);
	struct rehearsal rehearsal = { .adapter = adapter,
				       .target = target,
				       .event_id = "evt_rehearsal",
				       .now = clock_parse(NOW, NULL),
				       .scenario = scenario };
	cJSON *transcript, *requests;

	g_assert_no_error(error);
	g_file_get_contents(path, &event, NULL, &error);
	g_assert_no_error(error);
	rehearsal.event_body = event;
	transcript = rehearsal_run(&rehearsal);
	requests = requests_of(transcript);
	expect_same(label, requests, member(scenario, "requests"));
	expect_same(label, member(transcript, "outcome"), member(scenario, "outcome"));
	g_assert_cmpint(cJSON_GetArraySize(requests), ==,
			cJSON_GetArraySize(member(scenario, "answers")));
	cJSON_Delete(requests);
	cJSON_Delete(transcript);
}

/* --- one script --- */

static gboolean
is_chat(const char *file)
{
	return g_str_has_prefix(file, "slack") || g_str_has_prefix(file, "mattermost") ||
	       g_str_has_prefix(file, "teams");
}

static void
test_script(gconstpointer data)
{
	static const char *const wanted[] = { "create", "attach", "rate limit", "conflict",
					      "expired token" };
	const char *file = data;
	g_autofree char *path = g_strdup_printf("%s/%s", SCRIPTS, file);
	cJSON *script = read_json(path);
	const cJSON *scenarios = member(script, "scenarios"), *scenario;

	g_assert_nonnull(cJSON_GetStringValue(member(script, "documented")));
	for (guint i = 0; i < (is_chat(file) ? 3 : G_N_ELEMENTS(wanted)); i++)
		if (member(scenarios, wanted[i]) == NULL)
			g_error("%s: lacks the scenario \"%s\"", file, wanted[i]);
	cJSON_ArrayForEach(scenario, scenarios) run_scenario(file, script, scenario);
	cJSON_Delete(script);
}

/* --- all of them --- */

static void
test_complete(void)
{
	g_autoptr(GDir) files = g_dir_open(ADAPTERS, 0, NULL);
	const char *file;
	guint count = 0;

	while ((file = g_dir_read_name(files)) != NULL) {
		g_autofree char *script =
			g_strdup_printf("%s/%.*s.json", SCRIPTS, (int)strcspn(file, "."), file);

		if (!g_str_has_suffix(file, ".lua") || g_str_has_suffix(file, "_webhook.lua") ||
		    g_str_has_prefix(file, "lib"))
			continue;
		if (!g_file_test(script, G_FILE_TEST_EXISTS))
			g_error("%s has no script %s", file, script);
		count++;
	}
	g_assert_cmpuint(count, >=, 19);
}

/* Whatever an event lacks, an adapter must not stumble: every answer is an empty object. */
static cJSON *
answer_nothing(G_GNUC_UNUSED const struct lua_request *request, G_GNUC_UNUSED gpointer data)
{
	return cJSON_Parse("{\"status\":204}");
}

static void
test_bare_event(void)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new();
	g_autoptr(GError) error = NULL;
	g_autoptr(lua_adapter_owned) adapter = load("slack");
	g_autoptr(lua_target_owned) target =
		lua_target_new(adapter, "https://x.example", settings, &error);
	struct rehearsal rehearsal = { .adapter = adapter,
				       .target = target,
				       .event_id = "evt_1",
				       .event_body = "{\"type\":\"lead.qualified\",\"timestamp\":"
						     "\"2026-11-21T10:00:00Z\",\"data\":{}}",
				       .now = clock_parse(NOW, NULL),
				       .ask = answer_nothing };
	cJSON *transcript = rehearsal_run(&rehearsal);

	g_assert_cmpstr(cJSON_GetStringValue(member(member(transcript, "outcome"), "kind")), ==,
			"done");
	cJSON_Delete(transcript);
}

int
main(int argc, char **argv)
{
	g_autoptr(GDir) files = g_dir_open(SCRIPTS, 0, NULL);
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	const char *file;

	g_test_init(&argc, &argv, NULL);
	while ((file = g_dir_read_name(files)) != NULL) {
		g_autofree char *path = g_strdup_printf("/adapter/%s", file);

		if (!g_str_has_suffix(file, ".json"))
			continue;
		g_ptr_array_add(names, g_strdup(file));
		g_test_add_data_func(path, names->pdata[names->len - 1], test_script);
	}
	g_test_add_func("/adapter/complete", test_complete);
	g_test_add_func("/adapter/bare-event", test_bare_event);
	return g_test_run();
}
