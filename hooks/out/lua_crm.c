/*
 * lua_crm.c - the table `crm` an adapter works with; see lua_private.h and leadmilter-adapters(7).
 *
 * Functions that need the outside set the run's step and yield; their continuation goes on with
 * the answer.  An answer the adapter didn't say it accepts never comes back to it: the run ends
 * with what the status means, so an adapter reads as if everything went well.
 */
#include "hooks/out/lua_private.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "hooks/out/escape.h"
#include "hooks/out/request.h"

static struct lua_run *
run_of(lua_State *state)
{
	return lua_touserdata(state, lua_upvalueindex(1));
}

static void
keep(char **place, char *value)
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

/* --- requests: the URL --- */

static gboolean
same_origin(GUri *a, const char *other)
{
	g_autoptr(GUri) b = g_uri_parse(other, G_URI_FLAGS_ENCODED, NULL);

	return b != NULL && g_strcmp0(g_uri_get_scheme(a), g_uri_get_scheme(b)) == 0 &&
	       g_strcmp0(g_uri_get_host(a), g_uri_get_host(b)) == 0 &&
	       g_uri_get_port(a) == g_uri_get_port(b);
}

/* Only where the configuration says: its URL, and settings that are URLs. */
static gboolean
is_allowed(const struct lua_target *target, const char *url)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_ENCODED, NULL);
	GHashTableIter iter;
	gpointer value;

	if (uri == NULL || g_uri_get_userinfo(uri) != NULL || strchr(url, '\\') != NULL)
		return FALSE;
	if (same_origin(uri, target->url))
		return TRUE;
	g_hash_table_iter_init(&iter, target->settings);
	while (g_hash_table_iter_next(&iter, NULL, &value))
		if (g_str_has_prefix(value, "http") && same_origin(uri, value))
			return TRUE;
	return FALSE;
}

static void
set_url(lua_State *state, struct lua_run *run, const char *path)
{
	for (const char *p = path; *p != '\0'; p++)
		if ((guchar)*p <= ' ' || *p == 0x7f)
			luaL_error(state, "a URL has no spaces: use crm.escape.uri");
	if (*path == '/' || *path == '?' || *path == '\0') {
		keep(&run->url, g_strconcat(run->target->url, path, NULL));
		return;
	}
	if (!is_allowed(run->target, path))
		luaL_error(state,
			   "%s: no request goes there: it is not the endpoint's URL and no "
			   "setting names it",
			   path);
	keep(&run->url, g_strdup(path));
}

/* --- requests: query and form --- */

static void
append_pair(lua_State *state, struct lua_run *run, GString *out, int key, int value)
{
	if (out->len > 0 && strchr("?&", out->str[out->len - 1]) == NULL)
		g_string_append_c(out, '&');
	keep(&run->scratch, escape_uri(luaL_tolstring(state, key, NULL)));
	g_string_append(out, run->scratch);
	lua_pop(state, 1);
	g_string_append_c(out, '=');
	keep(&run->scratch, escape_uri(luaL_tolstring(state, value, NULL)));
	g_string_append(out, run->scratch);
	lua_pop(state, 1);
}

/* {{"name", "value"}, …} in its order, or {name = "value", …} in that of the names. */
static void
append_pairs(lua_State *state, struct lua_run *run, GString *out, int table)
{
	const cJSON *item;

	for (lua_Integer i = 1; lua_rawgeti(state, table, i) == LUA_TTABLE; i++) {
		lua_rawgeti(state, -1, 1);
		lua_rawgeti(state, -2, 2);
		append_pair(state, run, out, -2, -1);
		lua_pop(state, 3);
	}
	lua_pop(state, 1);
	if (lua_rawlen(state, table) > 0)
		return;
	lua_value_read(state, table, &run->json); /* sorted */
	cJSON_ArrayForEach(item, run->json)
	{
		lua_pushstring(state, item->string);
		lua_getfield(state, table, item->string);
		append_pair(state, run, out, -2, -1);
		lua_pop(state, 2);
	}
}

static void
add_query(lua_State *state, struct lua_run *run, int options)
{
	if (lua_getfield(state, options, "query") == LUA_TTABLE) {
		g_string_assign(run->body, run->url);
		g_string_append_c(run->body, strchr(run->url, '?') != NULL ? '&' : '?');
		append_pairs(state, run, run->body, lua_gettop(state));
		keep(&run->url, g_strdup(run->body->str));
	}
	lua_pop(state, 1);
}

/* --- requests: fields and body --- */

static gboolean
is_field(const char *name, const char *value)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && strchr("-_", *p) == NULL)
			return FALSE;
	for (const char *p = value; *p != '\0'; p++)
		if ((guchar)*p < ' ' || *p == 0x7f)
			return FALSE;
	return *name != '\0';
}

/* A later one of the same name replaces an earlier one. */
static void
set_header(lua_State *state, struct lua_run *run, const char *name, const char *value)
{
	gsize length = strlen(name);

	if (!is_field(name, value))
		luaL_error(state, "'%s' can't be a header field with that value", name);
	for (guint i = 0; i < run->headers->len; i++) {
		const char *field = run->headers->pdata[i];

		if (g_ascii_strncasecmp(field, name, length) == 0 && field[length] == ':') {
			g_ptr_array_remove_index(run->headers, i);
			break;
		}
	}
	g_ptr_array_add(run->headers, g_strconcat(name, ": ", value, NULL));
}

static void
set_headers(lua_State *state, struct lua_run *run, int table)
{
	const cJSON *item;

	if (!lua_istable(state, table))
		return;
	lua_value_read(state, table, &run->json); /* sorted */
	cJSON_ArrayForEach(item, run->json)
	{
		lua_getfield(state, table, item->string);
		set_header(state, run, item->string, luaL_tolstring(state, -1, NULL));
		lua_pop(state, 2);
	}
}

static const char *
write_json(lua_State *state, struct lua_run *run, int body)
{
	lua_value_read(state, body, &run->json);
	keep(&run->scratch, cJSON_PrintUnformatted(run->json));
	g_string_assign(run->body, run->scratch);
	return "application/json";
}

/* @return its type, or NULL when there is none */
static const char *
write_body(lua_State *state, struct lua_run *run, int body, gboolean form)
{
	g_string_truncate(run->body, 0);
	if (lua_isnoneornil(state, body))
		return NULL;
	if (lua_istable(state, body)) {
		if (!form)
			return write_json(state, run, body);
		append_pairs(state, run, run->body, body);
		return "application/x-www-form-urlencoded";
	}
	g_string_assign(run->body, luaL_checkstring(state, body));
	return "text/plain; charset=utf-8";
}

static void
set_body(lua_State *state, struct lua_run *run, int body, int options)
{
	const char *type;
	gboolean form;

	lua_getfield(state, options, "form");
	form = lua_toboolean(state, -1);
	lua_pop(state, 1);
	type = write_body(state, run, body, form);
	if (run->body->len > LIMIT_ADAPTER_TEXT)
		luaL_error(state, "a request's body of more than %d bytes", LIMIT_ADAPTER_TEXT);
	if (!g_utf8_validate(run->body->str, -1, NULL)) {
		keep(&run->scratch, g_utf8_make_valid(run->body->str, -1));
		g_string_assign(run->body, run->scratch);
	}
	if (type != NULL)
		set_header(state, run, "Content-Type", type);
}

/* --- requests: the answer --- */

static enum lua_signal
meaning_of(const struct lua_run *run, long status)
{
	if (status == 0 || status == 408 || status == 425 || status == 429 || status >= 500)
		return SIGNAL_RETRY;
	if (run->logging_in)
		return SIGNAL_DENIED;
	return status == 401 ? SIGNAL_REAUTH : SIGNAL_HOLD;
}

/* The path as the adapter wrote it: the endpoint's own URL may be a secret. */
static void
refuse(lua_State *state, struct lua_run *run, const char *path)
{
	const struct lua_response *response = run->response;
	int length = (int)strcspn(path, "?");

	run->step.status = response->status;
	run->step.after = response->retry_after;
	keep(&run->excerpt, request_excerpt(response->body, response->length));
	if (response->status == 0)
		keep(&run->reason,
		     g_strdup_printf("%s %.*s: %s", run->method, length, path,
				     response->error ? response->error : "no answer"));
	else
		keep(&run->reason, g_strdup_printf("%s %.*s: HTTP %ld", run->method, length, path,
						   response->status));
	lua_crm_raise(state, run, meaning_of(run, response->status), 0);
}

static gboolean
is_accepted(lua_State *state, int options, long status)
{
	gboolean found = status >= 200 && status < 300;

	if (lua_getfield(state, options, "accept") == LUA_TTABLE)
		for (lua_Integer i = 1; !found && lua_rawgeti(state, -1, i) == LUA_TNUMBER; i++) {
			found = lua_tointeger(state, -1) == status;
			lua_pop(state, 1);
		}
	return found;
}

static void
push_lower(lua_State *state, const char *text, gsize length)
{
	luaL_Buffer buffer;
	char *at = luaL_buffinitsize(state, &buffer, length);

	for (gsize i = 0; i < length; i++)
		at[i] = g_ascii_tolower(text[i]);
	luaL_pushresultsize(&buffer, length);
}

static void
push_headers(lua_State *state, const struct lua_response *response)
{
	lua_newtable(state);
	for (guint i = 0; response->headers != NULL && i < response->headers->len; i++) {
		const char *field = response->headers->pdata[i];
		const char *colon = strchr(field, ':');

		if (colon == NULL)
			continue;
		push_lower(state, field, (gsize)(colon - field));
		lua_pushstring(state, colon + 1 + strspn(colon + 1, " \t"));
		lua_rawset(state, -3);
	}
}

static int
after_response(lua_State *state, int status, lua_KContext context)
{
	struct lua_run *run = run_of(state);
	const struct lua_response *response = run->response;
	int options = (int)context;

	(void)status;
	if (!is_accepted(state, options, response->status))
		refuse(state, run, lua_tostring(state, 2));
	lua_newtable(state);
	lua_pushinteger(state, response->status);
	lua_setfield(state, -2, "status");
	push_headers(state, response);
	lua_setfield(state, -2, "headers");
	lua_pushlstring(state, response->body ? response->body : "", response->length);
	lua_setfield(state, -2, "body");
	lua_value_parse(state, response->body, response->length, &run->json);
	lua_setfield(state, -2, "json");
	return 1;
}

/* crm:get(path, options), crm:post(path, body, options); upvalues: run, method, takes a body */
static int
request(lua_State *state)
{
	struct lua_run *run = run_of(state);
	int options = lua_toboolean(state, lua_upvalueindex(3)) ? 4 : 3;

	luaL_checktype(state, 1, LUA_TTABLE);
	if (++run->requests > LIMIT_ADAPTER_REQUESTS)
		return luaL_error(state, "more than %d requests for one event",
				  LIMIT_ADAPTER_REQUESTS);
	lua_settop(state, options);
	if (lua_isnil(state, options)) {
		lua_newtable(state);
		lua_replace(state, options);
	}
	luaL_checktype(state, options, LUA_TTABLE);
	g_ptr_array_set_size(run->headers, 0);
	set_url(state, run, luaL_checkstring(state, 2));
	add_query(state, run, options);
	set_header(state, run, "Accept", "application/json");
	g_string_truncate(run->body, 0);
	if (options == 4)
		set_body(state, run, 3, options);
	lua_getfield(state, 1, "headers");
	set_headers(state, run, lua_gettop(state));
	lua_getfield(state, options, "headers");
	set_headers(state, run, lua_gettop(state));
	lua_settop(state, options);
	run->method = lua_tostring(state, lua_upvalueindex(2));
	run->step.kind = LUA_REQUEST;
	run->step.request = (struct lua_request){
		.method = run->method,
		.url = run->url,
		.headers = run->headers,
		.body = options == 4 && !lua_isnil(state, 3) ? run->body->str : NULL,
		.length = run->body->len,
	};
	return lua_yieldk(state, 0, options, after_response);
}

/* --- the journal --- */

static void
put_value(lua_State *state, struct lua_run *run, gboolean of_lead, const char *key, int value)
{
	lua_value_read(state, value, &run->json);
	keep(&run->scratch, cJSON_PrintUnformatted(run->json));
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
	struct lua_run *run = run_of(state);

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
	struct lua_run *run = run_of(state);
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
	struct lua_run *run = run_of(state);
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
	return push_kept(state, run_of(state), TRUE, luaL_checkstring(state, 2));
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
	struct lua_run *run = run_of(state);
	struct lua_session *session = run->session;

	(void)status;
	(void)context;
	run->logging_in = FALSE;
	session->by = NULL;
	if (lua_isnil(state, -1))
		return luaL_error(state, "the login function gave nothing");
	lua_value_read(state, -1, &run->json);
	keep(&session->value, cJSON_PrintUnformatted(run->json));
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
	struct lua_run *run = run_of(state);
	struct lua_session *session = run->session;

	(void)status;
	(void)context;
	if (session->denied != NULL) {
		keep(&run->reason, g_strdup(session->denied));
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
	struct lua_run *run = run_of(state);

	keep(&run->reason, g_strdup(luaL_optstring(state, 1, otherwise)));
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
	const struct lua_run *run = run_of(state);

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
	struct lua_run *run = run_of(state);
	char *(*escape)(const char *text) = lua_touserdata(state, lua_upvalueindex(2));

	keep(&run->scratch, escape(luaL_checkstring(state, 1)));
	lua_pushstring(state, run->scratch);
	return 1;
}

/* crm.text.cut(text, characters or nil, bytes or nil) */
static int
cut_text(lua_State *state)
{
	struct lua_run *run = run_of(state);
	lua_Integer characters = luaL_optinteger(state, 2, 0);
	lua_Integer bytes = luaL_optinteger(state, 3, 0);

	keep(&run->scratch, escape_cut(luaL_checkstring(state, 1), (gsize)MAX(bytes, 0),
				       (gsize)MAX(characters, 0)));
	lua_pushstring(state, run->scratch);
	return 1;
}

static int
base64(lua_State *state)
{
	struct lua_run *run = run_of(state);
	gsize length;
	const char *text = luaL_checklstring(state, 1, &length);

	keep(&run->scratch, g_base64_encode((const guchar *)text, length));
	lua_pushstring(state, run->scratch);
	return 1;
}

/* crm.json(value): its text */
static int
json(lua_State *state)
{
	struct lua_run *run = run_of(state);

	luaL_checkany(state, 1);
	lua_value_read(state, 1, &run->json);
	keep(&run->scratch, cJSON_PrintUnformatted(run->json));
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
		lua_pushcclosure(state, request, 3);
		lua_setfield(state, -2, methods[i].name);
	}
	lua_pushlightuserdata(state, run);
	luaL_setfuncs(state, functions, 1);
	add_texts(state, run);
	add_values(state, run);
}
