/*
 * lua_request.c - the requests an adapter makes (crm:get() and its like): where they may go, what
 * they hold, and what their answers mean; see lua_private.h and leadmilter-adapters(7).
 *
 * An answer the adapter didn't say it accepts never comes back to it: the run ends with what the
 * status means, so an adapter reads as if everything went well.
 */
#include "hooks/out/lua_private.h"

#include <string.h>

#include "base/limits.h"
#include "hooks/out/escape.h"
#include "hooks/out/request.h"

/* --- the URL --- */

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
		lua_crm_keep(&run->url, g_strconcat(run->target->url, path, NULL));
		return;
	}
	if (!is_allowed(run->target, path))
		luaL_error(state,
			   "%s: no request goes there: it is not the endpoint's URL and no "
			   "setting names it",
			   path);
	lua_crm_keep(&run->url, g_strdup(path));
}

/* --- query and form --- */

static void
append_pair(lua_State *state, struct lua_run *run, GString *out, int key, int value)
{
	if (out->len > 0 && strchr("?&", out->str[out->len - 1]) == NULL)
		g_string_append_c(out, '&');
	lua_crm_keep(&run->scratch, escape_uri(luaL_tolstring(state, key, NULL)));
	g_string_append(out, run->scratch);
	lua_pop(state, 1);
	g_string_append_c(out, '=');
	lua_crm_keep(&run->scratch, escape_uri(luaL_tolstring(state, value, NULL)));
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
		lua_crm_keep(&run->url, g_strdup(run->body->str));
	}
	lua_pop(state, 1);
}

/* --- fields and body --- */

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
	lua_crm_keep(&run->scratch, cJSON_PrintUnformatted(run->json));
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
		lua_crm_keep(&run->scratch, g_utf8_make_valid(run->body->str, -1));
		g_string_assign(run->body, run->scratch);
	}
	if (type != NULL)
		set_header(state, run, "Content-Type", type);
}

/* --- the answer --- */

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
	lua_crm_keep(&run->excerpt, request_excerpt(response->body, response->length));
	if (response->status == 0)
		lua_crm_keep(&run->reason,
			     g_strdup_printf("%s %.*s: %s", run->method, length, path,
					     response->error ? response->error : "no answer"));
	else
		lua_crm_keep(&run->reason, g_strdup_printf("%s %.*s: HTTP %ld", run->method, length,
							   path, response->status));
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
	struct lua_run *run = lua_crm_run(state);
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

/* --- a request --- */

int
lua_request(lua_State *state)
{
	struct lua_run *run = lua_crm_run(state);
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
