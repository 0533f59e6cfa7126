/*
 * lua_crm.c - the table `crm` an adapter works with; see lua_private.h and leadmilter-adapters(7).
 *
 * Functions that need the outside set the run's step and yield; their continuation goes on with
 * the answer.  Its requests are in lua_request.c.
 */
#include "hooks/out/lua_private.h"

#include <string.h>

#include "base/clock.h"
#include "hooks/out/escape.h"

struct lua_run *
lua_crm_run(lua_State *state)
{
	return lua_touserdata(state, lua_upvalueindex(1));
}

void
lua_crm_keep(char **place, char *value)
{
	g_free(*place);
	*place = value;
}

int
lua_crm_raise(lua_State *state, struct lua_run *run, enum lua_signal signal, double after)
{
	run->signal = signal;
	run->signal_after = after;
	lua_pushlightuserdata(state, run);
	return lua_error(state);
}

/* --- the journal --- */

static void
put_value(lua_State *state, struct lua_run *run, gboolean of_lead, const char *key, int value)
{
	lua_value_read(state, value, &run->json);
	lua_crm_keep(&run->scratch, cJSON_PrintUnformatted(run->json));
	journal_put(run->journal, of_lead, key, run->scratch);
}

static int
push_kept(lua_State *state, struct lua_run *run, gboolean of_lead, const char *key)
{
	const char *kept = journal_get(run->journal, of_lead, key);

	if (kept == NULL)
		lua_pushnil(state);
	else
		lua_value_parse(state, kept, strlen(kept), &run->json);
	return 1;
}

static int
once_saved(lua_State *state, int status, lua_KContext context)
{
	(void)state;
	(void)status;
	(void)context;
	return 1; /* the value, which stayed at the top */
}

static int
once_made(lua_State *state, int status, lua_KContext context)
{
	struct lua_run *run = lua_crm_run(state);

	(void)status;
	(void)context;
	if (lua_isnil(state, -1)) {
		lua_pop(state, 1);
		lua_pushboolean(state, TRUE);
	}
	put_value(state, run, FALSE, luaL_checkstring(state, 2), -1);
	run->step.kind = LUA_SAVE;
	return lua_yieldk(state, 0, 0, once_saved);
}

static int
once_found(lua_State *state, int status, lua_KContext context)
{
	if (!lua_isnil(state, -1))
		return once_made(state, status, context);
	lua_settop(state, 4);
	lua_pushvalue(state, 4);
	lua_callk(state, 0, 1, 0, once_made);
	return once_made(state, LUA_OK, 0);
}

/* crm:once(key, find or nil, make): what make() gave, made once */
static int
once(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
	const char *key = luaL_checkstring(state, 2);

	luaL_checktype(state, 4, LUA_TFUNCTION);
	lua_settop(state, 4);
	push_kept(state, run, FALSE, key);
	if (!lua_isnil(state, -1))
		return 1;
	lua_settop(state, 4);
	if (lua_isnil(state, 3)) {
		lua_pushnil(state);
		return once_found(state, LUA_OK, 0);
	}
	lua_pushvalue(state, 3);
	lua_callk(state, 0, 1, 0, once_found);
	return once_found(state, LUA_OK, 0);
}

/* crm:remember(key, value): on disk before the next request is sent; nil forgets */
static int
remember(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
	const char *key = luaL_checkstring(state, 2);

	lua_settop(state, 3);
	if (lua_isnil(state, 3))
		journal_put(run->journal, TRUE, key, NULL);
	else
		put_value(state, run, TRUE, key, 3);
	return 0;
}

static int
recall(lua_State *state)
{
	return push_kept(state, lua_crm_run(state), TRUE, luaL_checkstring(state, 2));
}

/* --- logging in --- */

static int login_again(lua_State *state, int status, lua_KContext context);

static gint64
expiry_of(lua_State *state, int value, gint64 now)
{
	gint64 seconds = 0;

	if (lua_istable(state, value)) {
		lua_getfield(state, value, "expires");
		seconds = (gint64)lua_tonumber(state, -1);
		lua_pop(state, 1);
	}
	seconds = CLAMP(seconds, 0, 366 * (gint64)86400);
	return seconds > 0 ? now + MAX(seconds - 60, seconds / 2) * CLOCK_SECOND : 0;
}

static int
logged_in(lua_State *state, int status, lua_KContext context)
{
	struct lua_run *run = lua_crm_run(state);
	struct lua_session *session = run->session;

	(void)status;
	(void)context;
	run->logging_in = FALSE;
	session->by = NULL;
	if (lua_isnil(state, -1))
		return luaL_error(state, "the login function gave nothing");
	lua_value_read(state, -1, &run->json);
	lua_crm_keep(&session->value, cJSON_PrintUnformatted(run->json));
	session->expires = expiry_of(state, lua_gettop(state), run->now);
	run->used_generation = ++session->generation;
	return 1;
}

/* crm:login(function): what it gave, to all runs of the endpoint, until it expires or a 401 */
static int
login(lua_State *state)
{
	luaL_checktype(state, 2, LUA_TFUNCTION);
	lua_settop(state, 2);
	return login_again(state, LUA_OK, 0);
}

static int
login_again(lua_State *state, int status, lua_KContext context)
{
	struct lua_run *run = lua_crm_run(state);
	struct lua_session *session = run->session;

	(void)status;
	(void)context;
	if (session->denied != NULL) {
		lua_crm_keep(&run->reason, g_strdup(session->denied));
		return lua_crm_raise(state, run, SIGNAL_DENIED, 0);
	}
	if (session->value != NULL && (session->expires == 0 || run->now < session->expires)) {
		run->used_generation = session->generation;
		lua_value_parse(state, session->value, strlen(session->value), &run->json);
		return 1;
	}
	if (session->by != NULL && session->by != run) {
		run->step.kind = LUA_WAIT;
		return lua_yieldk(state, 0, 0, login_again);
	}
	session->by = run;
	run->logging_in = TRUE;
	lua_pushvalue(state, 2);
	lua_callk(state, 0, 1, 0, logged_in);
	return logged_in(state, LUA_OK, 0);
}

/* --- how it ends --- */

static int
end_with(lua_State *state, enum lua_signal signal, const char *otherwise)
{
	struct lua_run *run = lua_crm_run(state);

	lua_crm_keep(&run->reason, g_strdup(luaL_optstring(state, 1, otherwise)));
	return lua_crm_raise(state, run, signal, luaL_optnumber(state, 2, 0));
}

static int
retry(lua_State *state)
{
	return end_with(state, SIGNAL_RETRY, "the adapter says: later");
}

static int
hold(lua_State *state)
{
	return end_with(state, SIGNAL_HOLD, "the adapter says: not so");
}

static int
reauth(lua_State *state)
{
	const struct lua_run *run = lua_crm_run(state);

	return end_with(state, run->logging_in ? SIGNAL_DENIED : SIGNAL_REAUTH,
			"the login is not valid");
}

static int
done(lua_State *state)
{
	luaL_checktype(state, 1, LUA_TTABLE);
	lua_settop(state, 1);
	return 1;
}

/* --- helpers --- */

/* crm.escape.… and crm.text.trim; upvalues: run, the function */
static int
escape_text(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
	char *(*escape)(const char *text) = lua_touserdata(state, lua_upvalueindex(2));

	lua_crm_keep(&run->scratch, escape(luaL_checkstring(state, 1)));
	lua_pushstring(state, run->scratch);
	return 1;
}

/* crm.text.cut(text, characters or nil, bytes or nil) */
static int
cut_text(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
	lua_Integer characters = luaL_optinteger(state, 2, 0);
	lua_Integer bytes = luaL_optinteger(state, 3, 0);

	lua_crm_keep(&run->scratch, escape_cut(luaL_checkstring(state, 1), (gsize)MAX(bytes, 0),
					       (gsize)MAX(characters, 0)));
	lua_pushstring(state, run->scratch);
	return 1;
}

static int
base64(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
	gsize length;
	const char *text = luaL_checklstring(state, 1, &length);

	lua_crm_keep(&run->scratch, g_base64_encode((const guchar *)text, length));
	lua_pushstring(state, run->scratch);
	return 1;
}

/* crm.json(value): its text */
static int
json(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);

	luaL_checkany(state, 1);
	lua_value_read(state, 1, &run->json);
	lua_crm_keep(&run->scratch, cJSON_PrintUnformatted(run->json));
	lua_pushstring(state, run->scratch);
	return 1;
}

static int
array(lua_State *state)
{
	luaL_checktype(state, 1, LUA_TTABLE);
	lua_settop(state, 1);
	lua_value_mark_array(state);
	return 1;
}

/* Push what a dotted path leads to. */
static void
follow(lua_State *state, int item, const char *path)
{
	lua_pushvalue(state, item);
	while (*path != '\0' && lua_istable(state, -1)) {
		gsize length = strcspn(path, ".");

		lua_pushlstring(state, path, length);
		lua_rawget(state, -2);
		lua_remove(state, -2);
		path += length + (path[length] == '.' ? 1 : 0);
	}
}

static gboolean equals(lua_State *state, int value, const char *wanted);

/* A list holds it, as a string or as {value = …}. */
static gboolean
holds(lua_State *state, int list, const char *wanted)
{
	gboolean found = FALSE;

	for (lua_Integer i = 1; !found && lua_rawgeti(state, list, i) != LUA_TNIL; i++) {
		if (lua_istable(state, -1)) {
			lua_getfield(state, -1, "value");
			lua_remove(state, -2);
		}
		found = !lua_istable(state, -1) && equals(state, lua_gettop(state), wanted);
		lua_pop(state, 1);
	}
	return found;
}

static gboolean
equals(lua_State *state, int value, const char *wanted)
{
	gboolean same;

	if (lua_istable(state, value))
		return holds(state, value, wanted);
	if (lua_isnil(state, value))
		return FALSE;
	same = g_ascii_strcasecmp(luaL_tolstring(state, value, NULL), wanted) == 0;
	lua_pop(state, 1);
	return same;
}

/* crm.exact(list, field, value): the first item whose field is really that value */
static int
exact(lua_State *state)
{
	const char *path = luaL_checkstring(state, 2);
	const char *wanted = luaL_checkstring(state, 3);

	lua_settop(state, 3);
	lua_pushnil(state);
	if (!lua_istable(state, 1))
		return 1;
	for (lua_Integer i = 1; lua_rawgeti(state, 1, i) != LUA_TNIL; i++) {
		gboolean same;

		follow(state, lua_gettop(state), path);
		same = equals(state, lua_gettop(state), wanted);
		lua_pop(state, 1);
		if (same)
			return 1;
		lua_pop(state, 1);
	}
	return 1;
}

/* --- the table --- */

static const struct {
	const char *name, *method;
	gboolean body;
} methods[] = {
	{ "get", "GET", FALSE },    { "post", "POST", TRUE },      { "put", "PUT", TRUE },
	{ "patch", "PATCH", TRUE }, { "delete", "DELETE", FALSE },
};

static const luaL_Reg functions[] = {
	{ "once", once },     { "remember", remember }, { "recall", recall }, { "login", login },
	{ "retry", retry },   { "hold", hold },         { "reauth", reauth }, { "done", done },
	{ "base64", base64 }, { "json", json },         { "array", array },   { "exact", exact },
	{ NULL, NULL },
};

static const struct {
	const char *name;
	char *(*escape)(const char *text);
} escapes[] = {
	{ "soql", escape_soql }, { "ticketsql", escape_ticketsql }, { "ilike", escape_ilike },
	{ "uri", escape_uri },   { "html", escape_html },
};

static void
push_escape(lua_State *state, struct lua_run *run, char *(*escape)(const char *text))
{
	lua_pushlightuserdata(state, run);
	lua_pushlightuserdata(state, (void *)escape);
	lua_pushcclosure(state, escape_text, 2);
}

static void
add_texts(lua_State *state, struct lua_run *run)
{
	lua_newtable(state);
	for (guint i = 0; i < G_N_ELEMENTS(escapes); i++) {
		push_escape(state, run, escapes[i].escape);
		lua_setfield(state, -2, escapes[i].name);
	}
	lua_setfield(state, -2, "escape");
	lua_newtable(state);
	push_escape(state, run, escape_trim);
	lua_setfield(state, -2, "trim");
	lua_pushlightuserdata(state, run);
	lua_pushcclosure(state, cut_text, 1);
	lua_setfield(state, -2, "cut");
	lua_setfield(state, -2, "text");
}

static void
add_values(lua_State *state, struct lua_run *run)
{
	GHashTableIter iter;
	gpointer name, value;

	lua_newtable(state);
	g_hash_table_iter_init(&iter, run->target->settings);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		lua_pushstring(state, value);
		lua_setfield(state, -2, name);
	}
	lua_setfield(state, -2, "config");
	lua_newtable(state);
	lua_setfield(state, -2, "headers");
	lua_pushstring(state, run->target->url);
	lua_setfield(state, -2, "url");
	lua_pushinteger(state, run->attempts);
	lua_setfield(state, -2, "attempt");
	lua_pushlightuserdata(state, NULL);
	lua_setfield(state, -2, "null");
}

void
lua_crm_push(lua_State *state, struct lua_run *run)
{
	lua_newtable(state);
	for (guint i = 0; i < G_N_ELEMENTS(methods); i++) {
		lua_pushlightuserdata(state, run);
		lua_pushstring(state, methods[i].method);
		lua_pushboolean(state, methods[i].body);
		lua_pushcclosure(state, lua_request, 3);
		lua_setfield(state, -2, methods[i].name);
	}
	lua_pushlightuserdata(state, run);
	luaL_setfuncs(state, functions, 1);
	add_texts(state, run);
	add_values(state, run);
}
