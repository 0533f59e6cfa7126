/* lua_receive.c - see lua_receive.h; the table `hook` is described in leadmilter-adapters(7). */
#include "hooks/out/lua_receive.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "hooks/out/lua_private.h"

#define PAIRS_MOST 1000 /* of a form or query */

struct receiver {
	struct lua_budget budget; /* first: the allocator's */
	const struct lua_adapter *adapter;
	GHashTable *settings;
	const struct lua_inbound *request;
	gint64 now;
	cJSON *json; /* in the making */
	char *scratch;
	char *denied; /* why, or NULL */
	char *result;
};

static struct receiver *
receiver_of(lua_State *state)
{
	return lua_touserdata(state, lua_upvalueindex(1));
}

static void
keep(struct receiver *receiver, char *text)
{
	g_free(receiver->scratch);
	receiver->scratch = text;
}

/* --- hook.… --- */

static int
deny(lua_State *state)
{
	struct receiver *receiver = receiver_of(state);
	const char *reason = luaL_optstring(state, 1, "the adapter refuses it");

	g_free(receiver->denied);
	receiver->denied = g_utf8_make_valid(reason, (gssize)MIN(strlen(reason), LIMIT_NOTE));
	lua_pushliteral(state, "denied");
	return lua_error(state);
}

/* hook.hmac(digest, key, text, form): digest "sha256", "sha1" or "md5"; form "hex" or "base64" */
static int
hmac(lua_State *state)
{
	static const char *const names[] = { "sha256", "sha1", "md5", NULL };
	static const char *const forms[] = { "hex", "base64", NULL };
	static const GChecksumType types[] = { G_CHECKSUM_SHA256, G_CHECKSUM_SHA1, G_CHECKSUM_MD5 };
	struct receiver *receiver = receiver_of(state);
	GChecksumType type = types[luaL_checkoption(state, 1, NULL, names)];
	gsize key_length, length;
	const char *key = luaL_checklstring(state, 2, &key_length);
	const char *text = luaL_checklstring(state, 3, &length);
	gboolean hex = luaL_checkoption(state, 4, "hex", forms) == 0;
	GHmac *made = g_hmac_new(type, (const guchar *)key, key_length);
	guint8 bytes[64];
	gsize made_length = sizeof bytes;

	g_hmac_update(made, (const guchar *)text, (gssize)length);
	if (hex) {
		keep(receiver, g_strdup(g_hmac_get_string(made)));
	} else {
		g_hmac_get_digest(made, bytes, &made_length);
		keep(receiver, g_base64_encode(bytes, made_length));
	}
	g_hmac_unref(made);
	lua_pushstring(state, receiver->scratch);
	return 1;
}

/* hook.equal(a, b): takes as long wherever they differ; nil equals nothing */
static int
equal(lua_State *state)
{
	gsize length, other_length;
	const char *text = lua_tolstring(state, 1, &length);
	const char *other = lua_tolstring(state, 2, &other_length);
	guchar difference = 0;

	if (!text || !other || length != other_length || length == 0) {
		lua_pushboolean(state, FALSE);
		return 1;
	}
	for (gsize i = 0; i < length; i++)
		difference |= (guchar)(text[i] ^ other[i]);
	lua_pushboolean(state, difference == 0);
	return 1;
}

/* hook.time(milliseconds): RFC 3339 */
static int
time_text(lua_State *state)
{
	struct receiver *receiver = receiver_of(state);
	lua_Number milliseconds = luaL_checknumber(state, 1);

	luaL_argcheck(state, milliseconds >= 0 && milliseconds < 253402300800000.0, 1,
		      "no time of the years 1970 to 9999");
	keep(receiver, clock_format((gint64)(milliseconds * 1000)));
	lua_pushstring(state, receiver->scratch);
	return 1;
}

/* --- forms and queries --- */

/* A part of a form, percent-decoded; NULL when it is none. */
static char *
decode(const char *text, gsize length)
{
	g_autofree char *part = g_strndup(text, length);

	return g_uri_unescape_string(g_strdelimit(part, "+", ' '), NULL);
}

/* Push {name = value, …} of name=value&…; the first of a name counts. */
static void
push_form(lua_State *state, struct receiver *receiver, const char *text)
{
	guint count = 0;

	lua_newtable(state);
	while (text != NULL && *text != '\0' && count++ < PAIRS_MOST) {
		gsize length = strcspn(text, "&");
		const char *equals = memchr(text, '=', length);
		gsize name = equals ? (gsize)(equals - text) : length;

		keep(receiver, decode(text, name));
		lua_pushstring(state, receiver->scratch ? receiver->scratch : "");
		keep(receiver, equals ? decode(equals + 1, length - name - 1) : NULL);
		lua_pushstring(state, receiver->scratch ? receiver->scratch : "");
		lua_pushvalue(state, -2);
		if (lua_rawget(state, -4) == LUA_TNIL) {
			lua_pop(state, 1);
			lua_rawset(state, -3);
		} else {
			lua_pop(state, 3);
		}
		text += length + (text[length] == '&');
	}
}

/* --- request --- */

static void
push_headers(lua_State *state, struct receiver *receiver)
{
	const GPtrArray *headers = receiver->request->headers;

	lua_newtable(state);
	for (guint i = 0; headers != NULL && i < headers->len; i++) {
		const char *header = headers->pdata[i];
		const char *colon = strchr(header, ':');

		if (colon == NULL)
			continue;
		keep(receiver, g_ascii_strdown(header, colon - header));
		lua_pushstring(state, colon + 1 + strspn(colon + 1, " "));
		lua_setfield(state, -2, receiver->scratch);
	}
}

static void
push_request(lua_State *state, struct receiver *receiver)
{
	const struct lua_inbound *request = receiver->request;

	lua_newtable(state);
	lua_pushstring(state, request->method);
	lua_setfield(state, -2, "method");
	lua_pushstring(state, request->path);
	lua_setfield(state, -2, "path");
	push_headers(state, receiver);
	lua_setfield(state, -2, "headers");
	push_form(state, receiver, request->query);
	lua_setfield(state, -2, "query");
	lua_pushlstring(state, request->body, request->length);
	lua_setfield(state, -2, "body");
	lua_value_parse(state, request->body, request->length, &receiver->json);
	lua_setfield(state, -2, "json");
	push_form(state, receiver, request->body);
	lua_setfield(state, -2, "form");
}

static void
push_hook(lua_State *state, struct receiver *receiver)
{
	static const luaL_Reg functions[] = { { "deny", deny },
					      { "hmac", hmac },
					      { "equal", equal },
					      { "time", time_text },
					      { NULL, NULL } };
	GHashTableIter iter;
	gpointer name, value;

	lua_newtable(state);
	lua_pushlightuserdata(state, receiver);
	luaL_setfuncs(state, functions, 1);
	lua_newtable(state);
	g_hash_table_iter_init(&iter, receiver->settings);
	while (g_hash_table_iter_next(&iter, &name, &value)) {
		lua_pushstring(state, value);
		lua_setfield(state, -2, name);
	}
	lua_setfield(state, -2, "config");
	lua_pushnumber(state, (lua_Number)receiver->now / CLOCK_SECOND);
	lua_setfield(state, -2, "now");
}

/* --- the run --- */

static int
run(lua_State *state)
{
	struct receiver *receiver = lua_touserdata(state, 1);

	lua_settop(state, 0);
	lua_adapter_push(state, receiver->adapter);
	if (lua_getfield(state, 1, "receive") != LUA_TFUNCTION)
		return luaL_error(state, "%s.lua: has no function `receive`",
				  receiver->adapter->name);
	push_request(state, receiver);
	push_hook(state, receiver);
	lua_call(state, 2, 1);
	if (lua_isnil(state, -1))
		lua_newtable(state);
	if (!lua_istable(state, -1))
		return luaL_error(state, "%s.lua: receive returns %s, not {touches, outcomes, …}",
				  receiver->adapter->name, luaL_typename(state, -1));
	lua_value_read(state, -1, &receiver->json);
	receiver->result = cJSON_PrintUnformatted(receiver->json);
	return 0;
}

static char *
explain(const struct receiver *receiver, lua_State *state)
{
	const char *what = lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : NULL;

	if (receiver->denied != NULL)
		return g_strdup(receiver->denied);
	if (receiver->budget.exceeded != NULL)
		return g_strdup_printf("%s.lua: needs too much %s", receiver->adapter->name,
				       receiver->budget.exceeded);
	return g_utf8_make_valid(what ? what : "raises an error without a message", -1);
}

enum lua_receive_result
lua_receive(const struct lua_adapter *adapter, GHashTable *settings,
	    const struct lua_inbound *request, gint64 now, char **ret_json, char **ret_reason)
{
	struct receiver receiver = {
		.adapter = adapter, .settings = settings, .request = request, .now = now
	};
	lua_State *state = lua_sandbox_new(&receiver.budget);
	enum lua_receive_result result = LUA_UNREADABLE;

	if (state == NULL) {
		*ret_reason = g_strdup("no memory");
		return LUA_UNREADABLE;
	}
	lua_pushcfunction(state, run);
	lua_pushlightuserdata(state, &receiver);
	if (lua_pcall(state, 1, 0, 0) == LUA_OK && receiver.result != NULL) {
		*ret_json = g_steal_pointer(&receiver.result);
		result = LUA_RECEIVED;
	} else {
		*ret_reason = explain(&receiver, state);
		if (receiver.denied != NULL && receiver.budget.exceeded == NULL)
			result = LUA_REFUSED;
	}
	lua_close(state);
	cJSON_Delete(receiver.json);
	g_free(receiver.scratch);
	g_free(receiver.denied);
	g_free(receiver.result);
	return result;
}
