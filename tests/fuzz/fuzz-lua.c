/* fuzz-lua.c - what a CRM answers: numbers, nesting and text on the way into Lua and back into a
 * request, searched as adapters do.  The first byte's low bits choose the status. */
#include "base/clock.h"
#include "hooks/out/lua.h"

#include <glib/gstdio.h>
#include <unistd.h>

static const char ADAPTER[] =
	"return {name = 'fuzz', deliver = function(event, crm)\n"
	"  local answer = crm:get('/a', {accept = {400, 404, 409}})\n"
	"  local found = crm.exact(answer.json, 'item.emails', 'a@b.example')\n"
	"  local text = crm.text.cut(crm.text.trim(answer.body), 100)\n"
	"  crm:once('k', nil, function() return crm:post('/b', {was = answer.json or crm.null,\n"
	"    text = text, found = found, query = crm.escape.soql(text) .. "
	"crm.escape.ticketsql(text)},\n"
	"    {query = {q = text}}).json end)\n"
	"  crm:remember('r', answer.json)\n"
	"  return crm.done{id = crm.json(crm:recall('r') or {})}\n"
	"end}\n";

static struct lua_adapter *adapter;
static struct lua_target *target;

static void
prepare(void)
{
	g_autofree char *directory = g_dir_make_tmp("fuzz-lua-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "fuzz.lua", NULL);

	g_file_set_contents(path, ADAPTER, -1, NULL);
	adapter = lua_adapter_load(path, NULL, NULL);
	target = lua_target_new(adapter, "https://crm.example.com", NULL, NULL);
	g_unlink(path);
	g_rmdir(directory);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, size_t size)
{
	static const long statuses[] = { 200, 404, 500, 302 };
	struct lua_event event = { "evt_1", "{\"type\":\"lead.created\",\"data\":{}}", 1, 1 };
	struct journal *journal = journal_new(NULL);
	struct lua_session *session = lua_session_new();

	if (adapter == NULL)
		prepare();
	if (size > 0) {
		struct lua_response response = { .status = statuses[data[0] & 3],
						 .body = (const char *)data + 1,
						 .length = size - 1 };
		struct lua_run *run = lua_run_new(adapter, target, &event, journal, session);
		const struct lua_step *step = lua_run_next(run, NULL, 1);

		while (step->kind < LUA_DONE) {
			if (step->kind == LUA_REQUEST && step->request.body)
				g_assert_true(g_utf8_validate(step->request.body, -1, NULL));
			step = lua_run_next(run, step->kind == LUA_REQUEST ? &response : NULL, 1);
		}
		lua_run_free(run);
	}
	lua_session_free(session);
	journal_free(journal);
	return 0;
}
