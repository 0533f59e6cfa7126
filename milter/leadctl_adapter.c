/*
 * leadctl_adapter.c - commands on CRM adapters: which there are, a run of one on its own, a new
 * one.
 *
 * `adapter test` asks nobody unless --send is given: answers come from a script
 * (hooks/out/rehearsal.h), by default the example that is installed with the adapter.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"
#include "hooks/out/adapter.h"
#include "hooks/out/http.h"
#include "hooks/out/rehearsal.h"
#include "hooks/out/request.h"
#include "lead/show.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#define ASK_SECONDS 30
#define POLL_MS 1000

static struct config *
configuration(struct leadctl *leadctl)
{
	g_autoptr(GError) error = NULL;
	if (!leadctl->config)
		leadctl->config = leadctl->config_path ? config_load(leadctl->config_path, &error)
						       : config_default();
	if (!leadctl->config)
		leadctl_fail(error);
	return leadctl->config;
}

/* --- list --- */

static char *
joined(const GPtrArray *names)
{
	g_autoptr(GPtrArray) copy = g_ptr_array_new();
	for (guint i = 0; i < names->len; i++)
		g_ptr_array_add(copy, names->pdata[i]);
	g_ptr_array_add(copy, NULL);
	return g_strjoinv(" ", (char **)copy->pdata);
}

static void
print_adapter(struct leadctl *leadctl, const char *path, const struct lua_adapter *adapter,
	      const GError *error)
{
	g_autofree char *base = g_path_get_basename(path);
	g_autofree char *name = g_strndup(base, strcspn(base, "."));
	g_autofree char *needs = adapter ? joined(adapter->needs) : NULL;
	if (!leadctl->json) {
		printf("%-14s %-42s %s%s\n", name,
		       adapter ? adapter->title ? adapter->title : path : error->message,
		       adapter && *needs ? "needs " : "", adapter ? needs : "");
		return;
	}
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "adapter", name);
	show_add_text(object, "path", path);
	show_add_text(object, "title", adapter ? adapter->title : NULL);
	show_add_text(object, "tested", adapter ? adapter->tested : NULL);
	show_add_text(object, "error", error ? error->message : NULL);
	cJSON *list = cJSON_AddArrayToObject(object, "needs");
	for (guint i = 0; adapter && i < adapter->needs->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(adapter->needs->pdata[i]));
	cJSON *options = cJSON_AddObjectToObject(object, "options");
	for (guint i = 0; adapter && i < adapter->options->len; i++) {
		const struct lua_setting *setting = adapter->options->pdata[i];
		show_add_text(options, setting->name, setting->value);
	}
	leadctl_print_json(object);
}

static int
run_list(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	const struct config *config = configuration(leadctl);
	if (!config)
		return LEADCTL_FAILURE;
	g_autoptr(GPtrArray) paths = adapter_paths(config);
	g_autoptr(GPtrArray) directories = adapter_directories(config);
	gboolean good = paths->len > 0;
	for (guint i = 0; i < paths->len; i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(lua_adapter_owned) adapter =
			lua_adapter_load(paths->pdata[i], directories, &error);
		print_adapter(leadctl, paths->pdata[i], adapter, error);
		good &= adapter != NULL;
	}
	return good ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* --- test --- */

struct test {
	char *endpoint, *url, *answers, *scenario;
	char **settings;
	gboolean send, record;
	cJSON *script; /* or NULL */
	const struct config_endpoint *configured; /* or NULL */
};

static cJSON *
read_json(const char *path, GError **error)
{
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, error))
		return NULL;
	cJSON *json = cJSON_ParseWithOpts(text, NULL, 1);
	if (!json)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: is no JSON", path);
	return json;
}

/* Beside the adapter: examples/NAME.json. */
static char *
example_path(const struct lua_adapter *adapter)
{
	g_autofree char *directory = g_path_get_dirname(adapter->path);
	char *path = g_strdup_printf("%s/examples/%s.json", directory, adapter->name);
	if (g_file_test(path, G_FILE_TEST_EXISTS))
		return path;
	g_free(path);
	return NULL;
}

static gboolean
read_script(struct test *test, const struct lua_adapter *adapter, GError **error)
{
	if (!test->answers)
		test->answers = example_path(adapter);
	if (test->answers)
		test->script = read_json(test->answers, error);
	return !test->answers || test->script;
}

static gboolean
find_endpoint(struct test *test, const struct config *config, GError **error)
{
	for (guint i = 0; test->endpoint && i < config->endpoints->len; i++) {
		const struct config_endpoint *e = config->endpoints->pdata[i];
		if (!strcmp(e->name, test->endpoint))
			test->configured = e;
	}
	if (!test->endpoint || test->configured)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no endpoint \"%s\"", test->endpoint);
	return FALSE;
}

static const cJSON *
find_scenario(const struct test *test)
{
	const cJSON *scenarios = cJSON_GetObjectItemCaseSensitive(test->script, "scenarios");
	return test->scenario ? cJSON_GetObjectItemCaseSensitive(scenarios, test->scenario)
			      : cJSON_GetArrayItem(scenarios, 0);
}

/* Of the endpoint, else of the script; then what the command line says. */
static struct lua_target *
make_target(const struct test *test, const struct lua_adapter *adapter, GError **error)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new_with_free_func(g_free);
	g_autoptr(GPtrArray) scripted = rehearsal_settings(test->script, find_scenario(test));
	const GPtrArray *base = test->configured ? test->configured->settings : scripted;
	const char *url =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(test->script, "url"));
	for (guint i = 0; base && i < base->len; i++)
		g_ptr_array_add(settings, g_strdup(base->pdata[i]));
	for (guint i = 0; test->settings && test->settings[i]; i++) {
		char *setting = secret_read_setting(test->settings[i], ".", error);
		if (!setting)
			return NULL;
		g_ptr_array_add(settings, setting);
	}
	if (test->configured)
		url = test->configured->url;
	if (test->url)
		url = test->url;
	return lua_target_new(adapter, url ? url : "https://crm.example.com", settings, error);
}

struct asking {
	struct http *http;
	struct http_transport transport;
	cJSON *answer;
};

static void
take_response(const struct http_response *response, gpointer data)
{
	struct asking *asking = data;
	asking->answer = cJSON_CreateObject();
	cJSON_AddNumberToObject(asking->answer, "status", (double)response->status);
	cJSON *headers = cJSON_AddArrayToObject(asking->answer, "headers");
	for (guint i = 0; i < response->headers->len; i++)
		cJSON_AddItemToArray(headers, cJSON_CreateString(response->headers->pdata[i]));
	show_add_text(asking->answer, "body", response->body);
	if (!response->status)
		show_add_text(asking->answer, "error",
			      response->error ? response->error : "no answer");
}

static cJSON *
ask_network(const struct lua_request *request, gpointer data)
{
	struct asking *asking = data;
	struct http_request http = { request->method, request->url,    request->headers,
				     request->body,   request->length, &asking->transport };
	asking->answer = NULL;
	http_send(asking->http, &http, take_response, asking);
	for (;;) {
		http_run(asking->http);
		if (asking->answer)
			return asking->answer;
		http_wait(asking->http, POLL_MS);
	}
}

static cJSON *
rehearse(struct leadctl *leadctl, const struct test *test, struct lua_adapter *adapter,
	 struct lua_target *target, const char *event)
{
	struct rehearsal rehearsal = { .adapter = adapter,
				       .target = target,
				       .event_id = "evt_rehearsal",
				       .event_body = event,
				       .now = leadctl->now,
				       .scenario = find_scenario(test) };
	struct asking asking = { .transport = { .timeout_seconds = ASK_SECONDS,
						.most = LIMIT_ADAPTER_ANSWER } };
	g_autoptr(GError) error = NULL;
	if (test->send) {
		asking.http = http_new(&error);
		rehearsal.ask = ask_network;
		rehearsal.data = &asking;
	}
	if (test->send && !asking.http) {
		leadctl_fail(error);
		return NULL;
	}
	if (test->configured)
		asking.transport.ca_file = test->configured->ca_file;
	cJSON *transcript = rehearsal_run(&rehearsal);
	if (asking.http)
		http_free(asking.http);
	return transcript;
}

/* --- the transcript --- */

/* What a request proves itself with is shown as so many stars. */
static void
mask(cJSON *field)
{
	static const char *const secret[] = { "authorization:", "x-api-key:", "api_access_token:",
					      "x-redmine-api-key:", "x-api-token:" };
	const char *text = cJSON_GetStringValue(field);
	for (guint i = 0; text && i < G_N_ELEMENTS(secret); i++)
		if (!g_ascii_strncasecmp(text, secret[i], strlen(secret[i]))) {
			g_autofree char *masked =
				g_strdup_printf("%.*s ***", (int)strlen(secret[i]), text);
			cJSON_SetValuestring(field, masked);
			return;
		}
}

/* Replace a text wherever it stands in a document's strings. */
static void
hide(cJSON *node, const char *text, const char *with)
{
	cJSON *child;
	if (cJSON_IsString(node) && strstr(node->valuestring, text)) {
		g_autoptr(GString) hidden = g_string_new(node->valuestring);
		g_string_replace(hidden, text, with, 0);
		cJSON_SetValuestring(node, hidden->str);
	}
	cJSON_ArrayForEach(child, node) hide(child, text, with);
}

/* Paths of URLs are secrets, too: those of webhooks. */
static void
hide_url(cJSON *transcript, const char *url)
{
	g_autofree char *origin = request_origin(url);
	g_autofree char *hidden = g_strconcat(origin, "/***", NULL);
	if (strlen(url) > strlen(origin))
		hide(transcript, url, hidden);
}

static void
mask_all(cJSON *transcript, const struct lua_target *target)
{
	static const char *const secret[] = { "key", "secret", "token", "password",
					      "refresh_token" };
	cJSON *entry, *field;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(transcript, "exchange"))
	{
		cJSON *request = cJSON_GetObjectItem(entry, "request");
		cJSON_ArrayForEach(field, cJSON_GetObjectItem(request, "headers")) mask(field);
	}
	for (guint i = 0; i < G_N_ELEMENTS(secret); i++) {
		const char *value = g_hash_table_lookup(target->settings, secret[i]);
		if (value && *value)
			hide(transcript, value, "***");
	}
	hide_url(transcript, target->url);
}

static void
print_json_of(const char *label, const cJSON *value)
{
	char *text = cJSON_IsString(value) ? g_strdup(value->valuestring) : cJSON_Print(value);
	if (value && text && *text)
		printf("%s%s\n", label, text);
	g_free(text);
}

static void
print_exchange(const cJSON *entry)
{
	const cJSON *request = cJSON_GetObjectItem(entry, "request"), *field;
	const cJSON *answer = cJSON_GetObjectItem(entry, "answer");
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItem(answer, "error"));
	printf("%s %s\n", cJSON_GetStringValue(cJSON_GetObjectItem(request, "method")),
	       cJSON_GetStringValue(cJSON_GetObjectItem(request, "url")));
	cJSON_ArrayForEach(field, cJSON_GetObjectItem(request, "headers"))
		printf("%s\n", cJSON_GetStringValue(field));
	print_json_of("", cJSON_GetObjectItem(request, "body"));
	if (error)
		printf("  -> %s\n", error);
	else
		printf("  -> %.0f\n", cJSON_GetNumberValue(cJSON_GetObjectItem(answer, "status")));
	print_json_of("  ", cJSON_GetObjectItem(answer, "body"));
	printf("\n");
}

static void
print_transcript(const cJSON *transcript)
{
	const cJSON *entry;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(transcript, "exchange"))
		print_exchange(entry);
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(transcript, "saved"))
	{
		const char *key = cJSON_GetStringValue(cJSON_GetObjectItem(entry, "key"));
		const char *verb = cJSON_IsTrue(cJSON_GetObjectItem(entry, "remembered"))
					   ? "remembered"
					   : "done";
		g_autofree char *label = g_strdup_printf("%s: %s = ", verb, key);
		print_json_of(label, cJSON_GetObjectItem(entry, "value"));
	}
	const cJSON *outcome = cJSON_GetObjectItem(transcript, "outcome");
	cJSON_ArrayForEach(entry, outcome)
	{
		g_autofree char *label = g_strdup_printf("%s: ", entry->string);
		print_json_of(label, entry);
	}
}

/* Write the exchange into the script, so that it is what the next test compares with. */
static gboolean
record(struct test *test, const cJSON *transcript, GError **error)
{
	cJSON *scenario = (cJSON *)find_scenario(test);
	if (!scenario) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND,
			    "--record: the script has no such scenario");
		return FALSE;
	}
	cJSON *requests = cJSON_CreateArray();
	const cJSON *entry;
	cJSON_ArrayForEach(entry, cJSON_GetObjectItem(transcript, "exchange")) cJSON_AddItemToArray(
		requests, cJSON_Duplicate(cJSON_GetObjectItem(entry, "request"), TRUE));
	cJSON_DeleteItemFromObject(scenario, "requests");
	cJSON_AddItemToObject(scenario, "requests", requests);
	cJSON_DeleteItemFromObject(scenario, "outcome");
	cJSON_AddItemToObject(scenario, "outcome",
			      cJSON_Duplicate(cJSON_GetObjectItem(transcript, "outcome"), TRUE));
	g_autofree char *text = cJSON_Print(test->script);
	g_autofree char *file = g_strconcat(text, "\n", NULL);
	return g_file_set_contents(test->answers, file, -1, error);
}

static int
finish_test(struct leadctl *leadctl, struct test *test, const struct lua_target *target,
	    cJSON *transcript)
{
	g_autoptr(GError) error = NULL;
	const char *kind = cJSON_GetStringValue(
		cJSON_GetObjectItem(cJSON_GetObjectItem(transcript, "outcome"), "kind"));
	int code = !strcmp(kind, "done") ? LEADCTL_OK : LEADCTL_NEGATIVE;
	if (test->record && !record(test, transcript, &error))
		code = leadctl_fail(error);
	if (test->send || test->configured)
		mask_all(transcript, target);
	if (leadctl->json)
		leadctl_print_json(cJSON_Duplicate(transcript, TRUE));
	else
		print_transcript(transcript);
	cJSON_Delete(transcript);
	return code;
}

static int
test_adapter(struct leadctl *leadctl, struct test *test, const char *name, const char *event_path,
	     GError **error)
{
	const struct config *config = configuration(leadctl);
	g_autofree char *event = NULL;
	if (!config)
		return LEADCTL_FAILURE;
	g_autoptr(lua_adapter_owned) adapter = adapter_load(config, name, error);
	if (!adapter || !g_file_get_contents(event_path, &event, NULL, error) ||
	    !find_endpoint(test, config, error) || !read_script(test, adapter, error))
		return leadctl_fail(*error);
	g_autoptr(lua_target_owned) target = make_target(test, adapter, error);
	if (!target)
		return leadctl_fail(*error);
	cJSON *transcript = rehearse(leadctl, test, adapter, target, event);
	return transcript ? finish_test(leadctl, test, target, transcript) : LEADCTL_FAILURE;
}

static int
run_test(struct leadctl *leadctl, int argc, char **argv)
{
	static struct test test;
	const struct leadctl_command *command =
		leadctl_find(leadctl_adapter_commands, "adapter test");
	const GOptionEntry entries[] = {
		{ "endpoint", 0, 0, G_OPTION_ARG_STRING, &test.endpoint, NULL, NULL },
		{ "url", 0, 0, G_OPTION_ARG_STRING, &test.url, NULL, NULL },
		{ "set", 0, 0, G_OPTION_ARG_STRING_ARRAY, &test.settings, NULL, NULL },
		{ "answers", 0, 0, G_OPTION_ARG_FILENAME, &test.answers, NULL, NULL },
		{ "scenario", 0, 0, G_OPTION_ARG_STRING, &test.scenario, NULL, NULL },
		{ "send", 0, 0, G_OPTION_ARG_NONE, &test.send, NULL, NULL },
		{ "record", 0, 0, G_OPTION_ARG_NONE, &test.record, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autoptr(GError) error = NULL;
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc != 3)
		return leadctl_usage(command);
	int code = test_adapter(leadctl, &test, argv[1], argv[2], &error);
	cJSON_Delete(test.script);
	return code;
}

/* --- new --- */

static const char SKELETON[] =
	"-- NAME.lua - deliver leads to NAME; leadmilter-adapters(7) explains what stands here.\n"
	"\n"
	"local lib = require \"lib\"\n"
	"\n"
	"-- The record the CRM has for this lead, or nil.  Searches can be fuzzy: compare "
	"exactly.\n"
	"local function find(crm, lead)\n"
	"\tlocal found = crm:get(\"/leads\", {query = {email = lead.email}}).json\n"
	"\tlocal mine = crm.exact(found, \"email\", lead.email)\n"
	"\treturn mine and mine.id\n"
	"end\n"
	"\n"
	"-- A new record; a conflict tells the id of the one that is there.\n"
	"local function create(crm, lead)\n"
	"\tlocal answer = crm:post(\"/leads\", {\n"
	"\t\temail = lead.email, name = lead.name, company = lead.company, title = lead.subject,\n"
	"\t\tscore = lead.score, stage = lib.stage(crm, lead), owner = lib.owner(crm, lead),\n"
	"\t}, {accept = {409}})\n"
	"\treturn answer.json.id\n"
	"end\n"
	"\n"
	"-- What may have changed; lib.gone when the CRM doesn't know the record any more.\n"
	"local function update(crm, id, lead)\n"
	"\tlocal answer = crm:patch(\"/leads/\" .. id, {\n"
	"\t\tscore = lead.score, stage = lib.stage(crm, lead), owner = lib.owner(crm, lead),\n"
	"\t}, {accept = {404}})\n"
	"\tif answer.status == 404 then return lib.gone end\n"
	"end\n"
	"\n"
	"-- Whether this note is there already: it holds lead.marker.\n"
	"local function noted(crm, id, lead)\n"
	"\treturn lib.marked(crm:get(\"/leads/\" .. id .. \"/notes\").json, \"text\", lead)\n"
	"end\n"
	"\n"
	"local function note(crm, id, lead)\n"
	"\treturn crm:post(\"/leads/\" .. id .. \"/notes\", {text = lead.note}).json.id\n"
	"end\n"
	"\n"
	"return {\n"
	"\tname = \"NAME\", title = \"NAME\",\n"
	"\tneeds = {\"key\"}, -- settings the endpoint must give: settings = {\"key=file:/…\"}\n"
	"\toptions = {[\"stage.*\"] = \"\", [\"owner.*\"] = \"\"}, -- settings it may give\n"
	"\tdeliver = lib.deliver{\n"
	"\t\tlogin = function(crm) crm.headers.Authorization = \"Bearer \" .. crm.config.key end,\n"
	"\t\tfind = find, create = create, update = update, noted = noted, note = note,\n"
	"\t},\n"
	"}\n";

static const char EXAMPLE[] = "{\n"
			      "\t\"url\": \"https://crm.example.com\",\n"
			      "\t\"settings\": {\"key\": \"secret\"},\n"
			      "\t\"scenarios\": {\n"
			      "\t\t\"create\": {\n"
			      "\t\t\t\"event\": \"mail-1\",\n"
			      "\t\t\t\"answers\": [\n"
			      "\t\t\t\t{\"status\": 200, \"body\": []},\n"
			      "\t\t\t\t{\"status\": 201, \"body\": {\"id\": \"7\"}},\n"
			      "\t\t\t\t{\"status\": 200, \"body\": []},\n"
			      "\t\t\t\t{\"status\": 201, \"body\": {\"id\": \"8\"}}\n"
			      "\t\t\t]\n"
			      "\t\t}\n"
			      "\t}\n"
			      "}\n";

static gboolean
write_new(const char *path, const char *text, GError **error)
{
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: is there already", path);
		return FALSE;
	}
	return g_file_set_contents(path, text, -1, error);
}

static int
run_new(struct leadctl *leadctl, int argc, char **argv)
{
	static char *directory;
	const struct leadctl_command *command =
		leadctl_find(leadctl_adapter_commands, "adapter new");
	const GOptionEntry entries[] = {
		{ "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc != 2 ||
	    strspn(argv[1], "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(argv[1]))
		return leadctl_usage(command);
	const struct config *config = configuration(leadctl);
	if (!config)
		return LEADCTL_FAILURE;
	g_autoptr(GPtrArray) directories = adapter_directories(config);
	g_autoptr(GError) error = NULL;
	g_autoptr(GString) code = g_string_new(SKELETON);
	g_string_replace(code, "NAME", argv[1], 0);
	const char *where = directory ? directory : directories->pdata[0];
	g_autofree char *examples = g_build_filename(where, "examples", NULL);
	g_autofree char *path = g_strdup_printf("%s/%s.lua", where, argv[1]);
	g_autofree char *example = g_strdup_printf("%s/%s.json", examples, argv[1]);
	if (g_mkdir_with_parents(examples, 0755) != 0) {
		g_set_error(&error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s", examples,
			    g_strerror(errno));
		return leadctl_fail(error);
	}
	if (!write_new(path, code->str, &error) || !write_new(example, EXAMPLE, &error))
		return leadctl_fail(error);
	printf("%s\n%s\n", path, example);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_adapter_commands[] = {
	{ "adapter list", "", "what speaks to which CRM", run_list },
	{ "adapter test",
	  "[--endpoint E] [--url U] [--set NAME=VALUE]… [--answers FILE] [--scenario S] [--send] "
	  "[--record] NAME EVENT.json",
	  "run one on its own and show its requests", run_test },
	{ "adapter new", "[--directory DIR] NAME", "begin one of your own", run_new },
	{ NULL, NULL, NULL, NULL },
};
