/* test-lua.c - the Lua engine: steps, what answers mean, the journal, logins, limits. */
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/escape.h"
#include "hooks/out/lua.h"
#include "cpu_time.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW (1795000000 * (gint64)CLOCK_SECOND)
#define EVENT \
	"{\"type\":\"lead.created\",\"timestamp\":\"t\",\"data\":{\"name\":\"Ann\",\"none\":null," \
	"\"list\":[]}}"

static char *directory;

static char *
write_file(const char *name, const char *text)
{
	char *path = g_strdup_printf("%s/%s.lua", directory, name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	return path;
}

static struct lua_adapter *
load(const char *body)
{
	g_autofree char *text = g_strconcat("local lib = {}\nreturn { name = 't', needs = {'a'}, "
					    "options = {b = '2', ['stage.*'] = ''},\n"
					    "deliver = function(event, crm)\n",
					    body, "\nend }\n", NULL);
	g_autofree char *path = write_file("t", text);
	g_autoptr(GError) error = NULL;
	struct lua_adapter *adapter = lua_adapter_load(path, NULL, &error);

	g_assert_no_error(error);
	return adapter;
}

/* One run with what it needs. */
struct fixture {
	struct lua_adapter *adapter;
	struct lua_target *target;
	struct journal *journal;
	struct lua_session *session;
	struct lua_run *run;
};

static struct lua_run *
new_run(struct fixture *f)
{
	struct lua_event event = { "evt_1", EVENT, 1, NOW };

	return lua_run_new(f->adapter, f->target, &event, f->journal, f->session);
}

static void
fixture_open(struct fixture *f, const char *body)
{
	g_autoptr(GPtrArray) settings = g_ptr_array_new();
	g_autoptr(GError) error = NULL;

	g_ptr_array_add(settings, (char *)"a = one");
	g_ptr_array_add(settings, (char *)"stage.mql=3");
	f->adapter = load(body);
	f->target = lua_target_new(f->adapter, "https://crm.example.com/base/", settings, &error);
	g_assert_no_error(error);
	f->journal = journal_new(NULL);
	f->session = lua_session_new();
	f->run = new_run(f);
}

static void
fixture_close(struct fixture *f)
{
	lua_run_free(f->run);
	lua_session_free(f->session);
	journal_free(f->journal);
	lua_target_unref(f->target);
	lua_adapter_unref(f->adapter);
}

static const struct lua_step *
answer_after(struct lua_run *run, long status, const char *field, const char *body, gint64 after)
{
	g_autoptr(GPtrArray) headers = g_ptr_array_new();
	struct lua_response response = {
		status, headers, body, body ? strlen(body) : 0, after, NULL
	};

	if (field)
		g_ptr_array_add(headers, (char *)field);
	return lua_run_next(run, &response, NOW);
}

static const struct lua_step *
answer_with(struct lua_run *run, long status, const char *field, const char *body)
{
	return answer_after(run, status, field, body, 0);
}

static const char *
kind_name_of(enum lua_step_kind kind)
{
	static const char *const names[] = { "request", "save",   "wait",   "done",     "retry",
					     "hold",    "denied", "failed", "exhausted" };
	return names[kind];
}

/* --- what one run without requests comes to --- */

static const struct {
	const char *body, *kind, *says; /* id or part of the reason */
} ends[] = {
	{ "return crm.done{id = 7}", "done", "7" },
	{ "return crm.done{id = 'x'}", "done", "x" },
	{ "return", "done", NULL },
	{ "return crm.done{id = event.data.name .. event.id .. event.type}", "done",
	  "Annevt_1lead.created" },
	{ "return crm.done{id = tostring(event.data.none) .. #event.data.list}", "done", "nil0" },
	{ "return crm.done{id = crm.config.a .. crm.config.b .. crm.config['stage.mql']}", "done",
	  "one23" },
	{ "crm.retry('busy', 60)", "retry", "busy" },
	{ "crm.hold('no such team')", "hold", "no such team" },
	{ "crm.reauth()", "denied", "not valid" },
	{ "local x = nil\nreturn x.y", "failed", "t.lua:5: attempt to index a nil value" },
	{ "error('own words')", "failed", "t.lua:4: own words" },
	{ "error({})", "failed", "no text" },
	{ "crm:get('https://other.example.com/')", "failed", "no request goes there" },
	{ "crm:get('https://crm.example.com:444/')", "failed", "no request goes there" },
	{ "crm:get('https://x@crm.example.com/')", "failed", "no request goes there" },
	{ "crm:get('file:///etc/passwd')", "failed", "no request goes there" },
	{ "crm:get('/a b')", "failed", "no spaces" },
	{ "crm:get('/', {headers = {X = 'a\\r\\nb: c'}})", "failed", "header field" },
	{ "crm:post('/', {1, x = 2})", "failed", "not a string" },
	{ "crm:post('/', {f = function() end})", "failed", "nothing for a function" },
	{ "local t = {} t.t = t crm:post('/', t)", "failed", "nested deeper" },
	{ "local t = {} for i = 1, 30 do t = {t, t} end crm:post('/', t)", "failed",
	  "too much JSON" },
	{ "return crm.done{id = crm.text.trim('  x\\u{a0}\\n') .. crm.text.cut('äöü', 2) .. "
	  "crm.text.cut('äöü', nil, 3)}",
	  "done", "xäöä" },
	{ "return crm.done{id = crm.escape.soql(\"O'x\") .. crm.escape.uri('a b') .. "
	  "crm.base64('a')}",
	  "done", "O\\'xa%20bYQ==" },
	{ "local l = {{e = 'A@x.y', n = 1}, {e = 'a@x.yz', n = 2}}\n"
	  "return crm.done{id = crm.exact(l, 'e', 'a@X.yz').n}",
	  "done", "2" },
	{ "local l = {{e = {'q', 'A@x.y'}, n = 1}, {f = {{value = 'b'}}, n = 2}}\n"
	  "return crm.done{id = crm.exact(l, 'e', 'a@x.y').n .. crm.exact(l, 'f', 'b').n .. "
	  "tostring(crm.exact(l, 'e', 'z')) .. tostring(crm.exact(nil, 'e', 'z'))}",
	  "done", "12nilnil" },
	{ "return crm.done{id = crm.exact({{p = {name = 'n'}, v = 9}}, 'p.name', 'n').v}", "done",
	  "9" },
	/* what is not there */
	{ "io.open('/etc/passwd')", "failed", "'io'" },
	{ "os.exit(1)", "failed", "'os'" },
	{ "load('return 1')()", "failed", "'load'" },
	{ "debug.sethook()", "failed", "'debug'" },
	{ "pcall(error)", "failed", "'pcall'" },
	{ "coroutine.yield()", "failed", "'coroutine'" },
	{ "string.dump(error)", "failed", "'dump'" },
	{ "collectgarbage('stop')", "failed", "'collectgarbage'" },
	{ "getmetatable('').__index = nil", "failed", "'getmetatable'" },
	{ "require 'other'", "failed", "at the top of a file only" },
	/* hostile */
	{ "while true do end", "exhausted", "t.lua:4: runs on and on" },
	{ "local function f() return f() end f()", "exhausted", "runs on and on" },
	{ "local function f() return 1 + f() end f()", "exhausted", "MiB" },
	{ "local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "exhausted",
	  "more than 16 MiB of memory" },
	{ "local s = 'x' while true do s = s .. s end", "exhausted", "MiB" },
	{ "return ('x'):rep(2^40)", "failed", "string.rep: more than" },
	{ "return (''):rep(2^60)", "failed", "string.rep: more than" },
	{ "return ('x'):rep(1e5):match('.-.-.-.-b')", "failed", "may take too long" },
	{ "return ('x'):rep(1e5):find('.-.-.-.-b')", "failed", "may take too long" },
	{ "return ('x'):rep(1e5):gsub('x*x*x*b', '')", "failed", "may take too long" },
	{ "for w in ('x'):rep(1e5):gmatch('x*x*x*b') do end", "failed", "may take too long" },
	{ "local s = ('x'):rep(4000) while true do s:match('x*b') end", "exhausted", "on and on" },
	{ "return crm.done{id = ('a.b'):find('.', 1, true) .. ('k=v'):match('^(%w+)=(%w+)$') .. "
	  "('  x '):gsub('%s+', '')}",
	  "done", "2kx" },
	{ "table.insert(setmetatable({}, {__len = function() return 2^53 end}), 1, 1)", "failed",
	  "plain table" },
	{ "table.concat({}, '', 1, 2^60)", "failed", "invalid value" },
	{ "table.unpack({}, 1, 1e8)", "failed", "too many results" },
	{ "setmetatable({}, {__gc = function() while true do end end})", "failed", "finalizers" },
	{ "local x <close> = setmetatable({}, {__close = function() while true do end end})",
	  "exhausted", "on and on" },
	{ "table.sort({3, 2, 1}, function() while true do end end)", "exhausted", "on and on" },
};

static void
test_ends(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		struct fixture f;
		const struct lua_step *step;
		const char *said;
		gint64 began;

		fixture_open(&f, ends[i].body);
		began = cpu_time();
		step = lua_run_next(f.run, NULL, NOW);
		g_assert_cmpint(cpu_time() - began, <, 5 * G_USEC_PER_SEC);
		said = step->kind == LUA_DONE ? step->id : step->reason;
		if (strcmp(kind_name_of(step->kind), ends[i].kind) != 0 ||
		    (ends[i].says != NULL && (said == NULL || strstr(said, ends[i].says) == NULL)))
			g_error("%s: %s: %s", ends[i].body, kind_name_of(step->kind), said);
		if (strcmp(ends[i].kind, "retry") == 0)
			g_assert_cmpint(step->after, ==, NOW + 60 * CLOCK_SECOND);
		fixture_close(&f);
	}
}

/* --- requests --- */

static const struct {
	const char *body, *method, *url, *fields, *sent; /* fields joined with "|" */
} requests[] = {
	{ "crm:get('/x')", "GET", "https://crm.example.com/base/x", "Accept: application/json",
	  NULL },
	{ "crm:get('/x?y=1', {query = {b = 'ä&', a = 1}})", "GET",
	  "https://crm.example.com/base/x?y=1&a=1&b=%C3%A4%26", "Accept: application/json", NULL },
	{ "crm:get('/x', {query = {{'f[]', 'b'}, {'f[]', 'a'}}})", "GET",
	  "https://crm.example.com/base/x?f%5B%5D=b&f%5B%5D=a", "Accept: application/json", NULL },
	{ "crm.headers['X-Key'] = 'k' crm:put('https://crm.example.com/y', {b = {}, a = "
	  "crm.array{}, n = crm.null, i = 2^53 | 0, f = 0.5, t = true, l = {1, 'x'}})",
	  "PUT", "https://crm.example.com/y",
	  "Accept: application/json|Content-Type: application/json|X-Key: k",
	  "{\"a\":[],\"b\":{},\"f\":0.5,\"i\":9007199254740992,\"l\":[1,\"x\"],\"n\":null,\"t\":"
	  "true}" },
	{ "crm:post('', 'text', {headers = {['content-type'] = 'text/x', Accept = 'a'}})", "POST",
	  "https://crm.example.com/base", "Accept: a|content-type: text/x", "text" },
	{ "crm:patch('/f', {grant_type = 'p&q', a = ' '}, {form = true})", "PATCH",
	  "https://crm.example.com/base/f",
	  "Accept: application/json|Content-Type: application/x-www-form-urlencoded",
	  "a=%20&grant_type=p%26q" },
	{ "crm:delete('/d')", "DELETE", "https://crm.example.com/base/d",
	  "Accept: application/json", NULL },
	{ "crm:post('/bad', {t = '\\xff\\0z'})", "POST", "https://crm.example.com/base/bad",
	  "Accept: application/json|Content-Type: application/json", "{\"t\":\"\xef\xbf\xbd\"}" },
};

static char *
joined(const GPtrArray *fields)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; i < fields->len; i++)
		g_string_append_printf(out, "%s%s", i ? "|" : "", (char *)fields->pdata[i]);
	return g_string_free(out, FALSE);
}

static void
test_requests(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(requests); i++) {
		struct fixture f;
		const struct lua_step *step;
		g_autofree char *fields = NULL;

		fixture_open(&f, requests[i].body);
		step = lua_run_next(f.run, NULL, NOW);
		if (step->kind != LUA_REQUEST)
			g_error("%s: %s", requests[i].body, step->reason);
		fields = joined(step->request.headers);
		g_assert_cmpstr(step->request.method, ==, requests[i].method);
		g_assert_cmpstr(step->request.url, ==, requests[i].url);
		g_assert_cmpstr(fields, ==, requests[i].fields);
		g_assert_cmpstr(step->request.body, ==, requests[i].sent);
		fixture_close(&f);
	}
}

/* --- answers --- */

static const struct {
	const char *body;
	long status;
	const char *field, *answer, *kind, *says;
	gint after; /* seconds from now */
} answers[] = {
	{ "return crm.done{id = crm:get('/').json.id}", 200, NULL, "{\"id\":\"5\"}", "done", "5",
	  0 },
	{ "return crm.done{id = crm:get('/').json.id}", 200, NULL,
	  "{\"id\":12345678901234567890,\"t\":\"1234567890123456789\"}", "done",
	  "12345678901234567890", 0 },
	{ "local j = crm:get('/').json return crm.done{id = #j .. tostring(j[1] == crm.null) .. "
	  "tostring(j[2].x)}",
	  200, NULL, "[null,{\"x\":null}]", "done", "2truenil", 0 },
	{ "return crm.done{id = tostring(crm:get('/').json)}", 204, NULL, NULL, "done", "nil", 0 },
	{ "local r = crm:get('/') return crm.done{id = r.headers.location .. r.status .. r.body}",
	  201, "LOCATION:  /7", "b", "done", "/7201b", 0 },
	{ "return crm.done{id = crm:get('/', {accept = {404, 409}}).status}", 409, NULL, "x",
	  "done", "409", 0 },
	{ "crm:get('/p/q?secret')", 404, NULL, "gone", "hold", "GET /p/q: HTTP 404", 0 },
	{ "crm:get('/')", 400, NULL, "bad", "hold", "HTTP 400", 0 },
	{ "crm:get('/')", 302, NULL, NULL, "hold", "HTTP 302", 0 },
	{ "crm:get('/')", 429, "Retry-After: 30", NULL, "retry", "HTTP 429", 30 },
	{ "crm:get('/')", 503, NULL, NULL, "retry", "HTTP 503", 0 },
	{ "crm:get('/')", 0, NULL, NULL, "retry", "no answer", 0 },
	{ "crm:get('/')", 401, NULL, NULL, "denied", "HTTP 401", 0 },
	{ "crm:login(function() return crm:post('/l', {}).json end)", 400, NULL, NULL, "denied",
	  "HTTP 400", 0 },
	{ "crm:login(function() return crm:post('/l', {}).json end)", 503, NULL, NULL, "retry",
	  "HTTP 503", 0 },
	{ "return crm.done{id = crm:get('/').json.a}", 200, NULL, "not json", "failed",
	  "attempt to index a nil value", 0 },
	{ "while true do crm:get('/') end", 200, NULL, "{}", "failed", "more than 64 requests", 0 },
};

static void
test_answers(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		struct fixture f;
		const struct lua_step *step;
		const char *said;

		fixture_open(&f, answers[i].body);
		step = lua_run_next(f.run, NULL, NOW);
		while (step->kind == LUA_REQUEST)
			step = answer_after(
				f.run, answers[i].status, answers[i].field, answers[i].answer,
				answers[i].after ? NOW + answers[i].after * CLOCK_SECOND : 0);
		said = step->kind == LUA_DONE ? step->id : step->reason;
		if (strcmp(kind_name_of(step->kind), answers[i].kind) != 0 || said == NULL ||
		    strstr(said, answers[i].says) == NULL)
			g_error("%s: %s: %s", answers[i].body, kind_name_of(step->kind), said);
		g_assert_cmpint(step->after, ==,
				answers[i].after ? NOW + answers[i].after * CLOCK_SECOND : 0);
		if (step->kind != LUA_DONE && step->kind != LUA_FAILED)
			g_assert_cmpint(step->status, ==, answers[i].status);
		fixture_close(&f);
	}
}

/* --- the journal --- */

static const char STEPS[] =
	"local id = crm:once('create', function() return (crm:get('/find').json or {}).id end,\n"
	" function() return crm:post('/create', {}).json.id end)\n"
	"crm:remember('record', id)\n"
	"crm:once('note', nil, function() crm:post('/note', {}) end)\n"
	"return crm.done{id = crm:recall('record')}";

static void
expect_request(const struct lua_step *step, const char *path)
{
	if (step->kind != LUA_REQUEST)
		g_error("%s wanted, not %s: %s", path, kind_name_of(step->kind), step->reason);
	g_assert_true(g_str_has_suffix(step->request.url, path));
}

static void
expect_entry(const struct lua_step *step, guint n, gboolean of_lead, const char *key,
	     const char *value)
{
	const struct journal_entry *entry;

	g_assert_nonnull(step->saves);
	g_assert_cmpuint(step->saves->len, >, n);
	entry = step->saves->pdata[n];
	g_assert_cmpint(entry->of_lead, ==, of_lead);
	g_assert_cmpstr(entry->key, ==, key);
	g_assert_cmpstr(entry->value, ==, value);
}

static void
test_journal(void)
{
	struct fixture f;
	const struct lua_step *step;

	fixture_open(&f, STEPS);
	expect_request(lua_run_next(f.run, NULL, NOW), "/find");
	expect_request(answer_with(f.run, 204, NULL, NULL), "/create");
	step = answer_with(f.run, 200, NULL, "{\"id\":7}");
	g_assert_cmpint(step->kind, ==, LUA_SAVE);
	expect_entry(step, 0, FALSE, "create", "7");
	step = lua_run_next(f.run, NULL, NOW);
	expect_request(step, "/note");
	expect_entry(step, 0, TRUE, "record", "7");
	/* the program ends here; the next try goes on after the last write on disk */
	lua_run_free(f.run);
	f.run = new_run(&f);
	step = lua_run_next(f.run, NULL, NOW);
	expect_request(step, "/note");
	g_assert_null(step->saves);
	step = answer_with(f.run, 200, NULL, NULL);
	g_assert_cmpint(step->kind, ==, LUA_SAVE);
	expect_entry(step, 0, FALSE, "note", "true");
	step = lua_run_next(f.run, NULL, NOW);
	g_assert_cmpint(step->kind, ==, LUA_DONE);
	g_assert_cmpstr(step->id, ==, "7");
	/* and when everything was written, nothing is */
	lua_run_free(f.run);
	f.run = new_run(&f);
	g_assert_cmpint(lua_run_next(f.run, NULL, NOW)->kind, ==, LUA_DONE);
	fixture_close(&f);
}

static void
test_journal_finds(void)
{
	struct fixture f;
	const struct lua_step *step;

	fixture_open(&f, STEPS);
	expect_request(lua_run_next(f.run, NULL, NOW), "/find");
	step = answer_with(f.run, 200, NULL, "{\"id\":\"found\"}");
	g_assert_cmpint(step->kind, ==, LUA_SAVE);
	expect_entry(step, 0, FALSE, "create", "\"found\"");
	expect_request(lua_run_next(f.run, NULL, NOW), "/note");
	fixture_close(&f);
}

static void
test_forget(void)
{
	struct fixture f;
	const struct lua_step *step;

	fixture_open(&f, "crm:remember('a', {x = 1}) crm:remember('a', nil)\n"
			 "return crm.done{id = tostring(crm:recall('a'))}");
	step = lua_run_next(f.run, NULL, NOW);
	g_assert_cmpstr(step->id, ==, "nil");
	expect_entry(step, 0, TRUE, "a", "{\"x\":1}");
	expect_entry(step, 1, TRUE, "a", NULL);
	fixture_close(&f);
}

/* --- logging in --- */

static const char LOGIN[] =
	"local l = crm:login(function() local r = crm:post('/login', {}) return r.json end)\n"
	"crm.headers.Authorization = 'Bearer ' .. l.token\n"
	"local id = crm:once('create', nil, function() return crm:post('/create', {}).json.id "
	"end)\n"
	"return crm.done{id = id}";

static void
test_login(void)
{
	struct fixture f;
	const struct lua_step *step;
	struct lua_run *other;

	fixture_open(&f, LOGIN);
	other = new_run(&f);
	expect_request(lua_run_next(f.run, NULL, NOW), "/login");
	/* single flight */
	g_assert_cmpint(lua_run_next(other, NULL, NOW)->kind, ==, LUA_WAIT);
	g_assert_cmpint(lua_run_next(other, NULL, NOW)->kind, ==, LUA_WAIT);
	step = answer_with(f.run, 200, NULL, "{\"token\":\"t1\",\"expires\":3600}");
	expect_request(step, "/create");
	g_assert_cmpstr(step->request.headers->pdata[step->request.headers->len - 1], ==,
			"Authorization: Bearer t1");
	expect_request(lua_run_next(other, NULL, NOW), "/create");
	/* an expired token: one new login, then on; the other run uses it too */
	expect_request(answer_with(f.run, 401, NULL, NULL), "/login");
	step = answer_with(f.run, 200, NULL, "{\"token\":\"t2\"}");
	expect_request(step, "/create");
	step = answer_with(other, 401, NULL, NULL);
	expect_request(step, "/create");
	g_assert_cmpstr(step->request.headers->pdata[step->request.headers->len - 1], ==,
			"Authorization: Bearer t2");
	/* refused again: nobody tries a third time, until the host says so */
	g_assert_cmpint(answer_with(f.run, 401, NULL, NULL)->kind, ==, LUA_DENIED);
	lua_run_free(other);
	other = new_run(&f);
	g_assert_cmpint(lua_run_next(other, NULL, NOW)->kind, ==, LUA_DENIED);
	lua_session_forget(f.session);
	lua_run_free(other);
	other = new_run(&f);
	expect_request(lua_run_next(other, NULL, NOW), "/login");
	lua_run_free(other);
	fixture_close(&f);
}

static void
test_login_expires(void)
{
	struct fixture f;

	fixture_open(&f, LOGIN);
	expect_request(lua_run_next(f.run, NULL, NOW), "/login");
	expect_request(answer_with(f.run, 200, NULL, "{\"token\":\"t\",\"expires\":600}"),
		       "/create");
	lua_run_free(f.run);
	f.run = new_run(&f);
	expect_request(lua_run_next(f.run, NULL, NOW + 500 * CLOCK_SECOND), "/create");
	lua_run_free(f.run);
	f.run = new_run(&f);
	expect_request(lua_run_next(f.run, NULL, NOW + 541 * CLOCK_SECOND), "/login");
	/* who logs in is gone: the next one does */
	lua_run_free(f.run);
	f.run = new_run(&f);
	expect_request(lua_run_next(f.run, NULL, NOW + 541 * CLOCK_SECOND), "/login");
	fixture_close(&f);
}

/* --- files --- */

static const struct {
	const char *text, *says;
} broken[] = {
	{ "return {", "t.lua:1: unexpected symbol" },
	{ "return 1", "returns number" },
	{ "return {name = 't'}", "no function `deliver`" },
	{ "return {name = 'u', deliver = function() end}", "`name` must be 't'" },
	{ "error('at the top')", "t.lua:1: at the top" },
	{ "while true do end", "runs on and on" },
	{ "local s = 'x' while true do s = s .. s end", "too much memory" },
	{ "require 'nowhere'", "no such file" },
	{ "require '../t'", "no such file" },
	{ "require 't'", "no such file" },
	{ "\x1bLua", "attempt to load a binary chunk" },
};

static void
test_broken(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(broken); i++) {
		g_autofree char *path = write_file("t", broken[i].text);
		g_autoptr(GError) error = NULL;

		g_assert_null(lua_adapter_load(path, NULL, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		if (!strstr(error->message, broken[i].says))
			g_error("%s: %s", broken[i].text, error->message);
	}
}

static void
test_require(void)
{
	g_autofree char *library = write_file("mylib", "return {id = function() return 'lib' end}");
	g_autofree char *path = write_file("t", "local lib = require 'mylib'\n"
						"return {name = 't', deliver = function(e, crm) "
						"return crm.done{id = lib.id()} end}");
	g_autoptr(GError) error = NULL;
	struct fixture f = { .journal = journal_new(NULL), .session = lua_session_new() };

	f.adapter = lua_adapter_load(path, NULL, &error);
	g_assert_no_error(error);
	f.target = lua_target_new(f.adapter, "http://x", NULL, &error);
	f.run = new_run(&f);
	g_assert_cmpstr(lua_run_next(f.run, NULL, NOW)->id, ==, "lib");
	g_assert_false(lua_adapter_is_stale(f.adapter));
	g_assert_true(g_file_set_contents(library, "return {}  ", -1, NULL));
	g_assert_true(lua_adapter_is_stale(f.adapter));
	fixture_close(&f);
}

static const struct {
	const char *setting, *says;
} settings_table[] = {
	{ NULL, "needs the setting \"a\"" }, { "a", "name=value" },
	{ "a=", "needs the setting \"a\"" }, { "c=1", "has no setting \"c\"" },
	{ "stag.x=1", "has no setting" },
};

static void
test_settings(void)
{
	struct lua_adapter *adapter = load("return");

	for (guint i = 0; i < G_N_ELEMENTS(settings_table); i++) {
		g_autoptr(GPtrArray) list = g_ptr_array_new();
		g_autoptr(GError) error = NULL;

		if (settings_table[i].setting)
			g_ptr_array_add(list, (char *)settings_table[i].setting);
		g_assert_null(lua_target_new(adapter, "http://x", list, &error));
		g_assert_nonnull(strstr(error->message, settings_table[i].says));
	}
	lua_adapter_unref(adapter);
}

/* --- text --- */

static const struct {
	char *(*escape)(const char *text);
	const char *text, *wanted;
} escapes[] = {
	{ escape_soql, "O'Neil \\ \"x\"\n", "O\\'Neil \\\\ \\\"x\\\" " },
	{ escape_ticketsql, "a' OR id > 0 OR Subject='\\", "a\\' OR id > 0 OR Subject=\\'\\\\" },
	{ escape_ilike, "50%_\\a@x", "50\\%\\_\\\\a@x" },
	{ escape_uri, "a b!*'()/?&ä~-._", "a%20b%21%2A%27%28%29%2F%3F%26%C3%A4~-._" },
	{ escape_html, "<a href=\"x\">'&'\n", "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\n" },
	{ escape_trim, "\t x y\xc2\xa0\n", "x y" },
	{ escape_trim, " \n", "" },
	{ escape_trim, "a\xff", "a\xef\xbf\xbd" },
};

static void
test_escapes(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(escapes); i++) {
		g_autofree char *got = escapes[i].escape(escapes[i].text);

		g_assert_cmpstr(got, ==, escapes[i].wanted);
	}
}

int
main(int argc, char **argv)
{
	g_autoptr(GError) error = NULL;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("lua-XXXXXX", &error);
	g_assert_no_error(error);
	g_test_add_func("/lua/ends", test_ends);
	g_test_add_func("/lua/requests", test_requests);
	g_test_add_func("/lua/answers", test_answers);
	g_test_add_func("/lua/journal", test_journal);
	g_test_add_func("/lua/journal/finds", test_journal_finds);
	g_test_add_func("/lua/journal/forgets", test_forget);
	g_test_add_func("/lua/login", test_login);
	g_test_add_func("/lua/login/expires", test_login_expires);
	g_test_add_func("/lua/broken", test_broken);
	g_test_add_func("/lua/require", test_require);
	g_test_add_func("/lua/settings", test_settings);
	g_test_add_func("/lua/escapes", test_escapes);

	int result = g_test_run();
	g_autofree char *command = g_strdup_printf("rm -rf '%s'", directory);

	if (system(command) != 0)
		result = 1;
	g_free(directory);
	return result;
}
