/* test-lua-receive.c - vendors' webhooks in the words of the inbound hook: what an adapter sees,
 * may do, and how it ends. */
#include "base/clock.h"
#include "hooks/out/lua_receive.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW (1795000000 * (gint64)CLOCK_SECOND)

static char *directory;

static struct lua_adapter *
load(const char *body)
{
	g_autofree char *text = g_strconcat("return { name = 'in', options = { secret = 'key' },\n"
					    "receive = function(request, hook)\n",
					    body, "\nend }\n", NULL);
	g_autofree char *path = g_build_filename(directory, "in.lua", NULL);
	g_autoptr(GError) error = NULL;
	struct lua_adapter *adapter;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	adapter = lua_adapter_load(path, NULL, &error);
	g_assert_no_error(error);
	g_assert_true(adapter->receives);
	g_assert_false(adapter->delivers);
	return adapter;
}

#define DONE LUA_RECEIVED
#define NO LUA_REFUSED
#define BAD LUA_UNREADABLE
#define BODY "{\"id\":12345678901234567890,\"a\":[1,2],\"email\":\"ada@example.com\"}"

static const struct {
	const char *code, *body, *query;
	enum lua_receive_result result;
	const char *says; /* the JSON, or part of the reason */
} runs[] = {
	{ "return {outcomes = {{outcome = 'won', email = request.json.email}}}", BODY, NULL, DONE,
	  "{\"outcomes\":[{\"email\":\"ada@example.com\",\"outcome\":\"won\"}]}" },
	{ "return {x = request.json.id}", BODY, NULL, DONE, "{\"x\":\"12345678901234567890\"}" },
	{ "return {x = request.method .. request.path .. request.headers['x-key']}", BODY, NULL,
	  DONE, "{\"x\":\"POST/v1/in/crm7\"}" },
	{ "return {x = request.query.b, y = request.query.none}", BODY, "a=1&b=%C3%A4+c&b=2", DONE,
	  "{\"x\":\"\xc3\xa4 c\"}" },
	{ "return {x = request.form['auth[token]'], y = request.json}", "auth%5Btoken%5D=t&z", NULL,
	  DONE, "{\"x\":\"t\"}" },
	{ "return {x = hook.time(1795000000123)}", BODY, NULL, DONE,
	  "{\"x\":\"2026-11-18T11:06:40.123Z\"}" },
	{ "return {x = hook.now}", BODY, NULL, DONE, "{\"x\":1795000000}" },
	{ "return {x = hook.hmac('sha256', hook.config.secret, 'The quick brown fox jumps over the "
	  "lazy dog')}",
	  BODY, NULL, DONE,
	  "{\"x\":\"f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8\"}" },
	{ "return {x = hook.hmac('sha1', 'key', 'The quick brown fox jumps over the lazy dog', "
	  "'base64')}",
	  BODY, NULL, DONE, "{\"x\":\"3nybhbi3iqa8ino29wqQcBydtNk=\"}" },
	{ "return {x = hook.equal('a', 'a'), y = hook.equal('a', 'b'), z = hook.equal(nil, nil), "
	  "e = hook.equal('', '')}",
	  BODY, NULL, DONE, "{\"e\":false,\"x\":true,\"y\":false,\"z\":false}" },
	{ "return nil", BODY, NULL, DONE, "{}" },
	{ "hook.deny('not signed')", BODY, NULL, NO, "not signed" },
	{ "hook.deny()", BODY, NULL, NO, "refuses" },
	{ "return 7", BODY, NULL, BAD, "returns number" },
	{ "return request.json.x.y", BODY, NULL, BAD, "in.lua:3:" },
	{ "while true do end", BODY, NULL, BAD, "too much" },
	{ "local t = {} while true do t[#t + 1] = request.body .. #t end", BODY, NULL, BAD,
	  "too much" },
	{ "hook.hmac('crc', 'a', 'b')", BODY, NULL, BAD, "invalid option" },
	{ "hook.hmac('sha256', nil, 'b')", BODY, NULL, BAD, "string expected" },
	{ "hook.time(-1)", BODY, NULL, BAD, "no time" },
	{ "return {x = io or os or load or debug or package or 1}", BODY, NULL, DONE, "{\"x\":1}" },
	{ "return {x = function() end}", BODY, NULL, BAD, "function" },
};

static void
test_runs(void)
{
	g_autoptr(GPtrArray) headers = g_ptr_array_new();

	g_ptr_array_add(headers, (char *)"X-Key: 7");
	g_ptr_array_add(headers, (char *)"no field");
	for (guint i = 0; i < G_N_ELEMENTS(runs); i++) {
		struct lua_adapter *adapter = load(runs[i].code);
		struct lua_target *target = lua_target_new(adapter, "", NULL, NULL);
		const struct lua_inbound request = { .method = "POST",
						     .path = "/v1/in/crm",
						     .query = runs[i].query,
						     .headers = headers,
						     .body = runs[i].body,
						     .length = strlen(runs[i].body) };
		g_autofree char *json = NULL, *reason = NULL;
		enum lua_receive_result result =
			lua_receive(adapter, target->settings, &request, NOW, &json, &reason);

		g_test_message("%s: %s", runs[i].code, reason ? reason : json);
		g_assert_cmpint(result, ==, runs[i].result);
		if (result == LUA_RECEIVED)
			g_assert_cmpstr(json, ==, runs[i].says);
		else
			g_assert_nonnull(strstr(reason, runs[i].says));
		lua_target_unref(target);
		lua_adapter_unref(adapter);
	}
}

int
main(int argc, char **argv)
{
	int code;
	g_autofree char *path = NULL;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_test_add_func("/lua-receive/runs", test_runs);
	code = g_test_run();
	path = g_build_filename(directory, "in.lua", NULL);
	g_unlink(path);
	g_rmdir(directory);
	g_free(directory);
	return code;
}
