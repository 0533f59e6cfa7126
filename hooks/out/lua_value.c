/*
 * lua_value.c - JSON to Lua and back; see lua_private.h.
 *
 * An array is a table with the array metatable, so that an empty one stays one; a member that is
 * null is absent, an element that is null is crm.null.  Integers up to 2^53 are integers, larger
 * ones (record ids of several CRMs) strings of the digits as they came.
 */
#include "hooks/out/lua_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define SAFE_DIGITS 15 /* every integer of so many digits is below 2^53 */
#define NODE 64 /* bytes a value takes besides its text */
#define EXACT 9007199254740992.0 /* 2^53 */

static const char ARRAY[] = "leadmilter.array"; /* the metatable's name in the registry */

/* --- text --- */

static gsize
number_length(const char *text, gsize length, gboolean *ret_integer)
{
	gsize n = 0;

	*ret_integer = TRUE;
	for (; n < length && strchr("+-.eE0123456789", text[n]) != NULL && text[n] != '\0'; n++)
		if (strchr(".eE", text[n]) != NULL)
			*ret_integer = FALSE;
	return n;
}

static gsize
string_length(const char *text, gsize length)
{
	gsize n = 1;

	while (n < length && text[n] != '"')
		n += text[n] == '\\' ? 2 : 1;
	return MIN(n + 1, length);
}

char *
lua_value_quote_integers(const char *text, gsize length)
{
	GString *out = g_string_sized_new(length + 64);

	for (gsize i = 0; i < length;) {
		gboolean integer = FALSE;
		gsize n = 1;

		if (text[i] == '"')
			n = string_length(text + i, length - i);
		else if (g_ascii_isdigit(text[i]) || text[i] == '-')
			n = number_length(text + i, length - i, &integer);
		if (integer && n > SAFE_DIGITS)
			g_string_append_c(out, '"');
		g_string_append_len(out, text + i, (gssize)n);
		if (integer && n > SAFE_DIGITS)
			g_string_append_c(out, '"');
		i += n;
	}
	return g_string_free(out, FALSE);
}

/* --- to Lua --- */

void
lua_value_mark_array(lua_State *state)
{
	luaL_newmetatable(state, ARRAY);
	lua_setmetatable(state, -2);
}

static void push(lua_State *state, const cJSON *item, int depth);

static void
push_array(lua_State *state, const cJSON *array, int depth)
{
	const cJSON *item;
	lua_Integer n = 0;

	lua_createtable(state, 0, 0);
	lua_value_mark_array(state);
	cJSON_ArrayForEach(item, array)
	{
		if (cJSON_IsNull(item))
			lua_pushlightuserdata(state, NULL);
		else
			push(state, item, depth + 1);
		lua_rawseti(state, -2, ++n);
	}
}

static void
push_object(lua_State *state, const cJSON *object, int depth)
{
	const cJSON *item;

	lua_createtable(state, 0, 0);
	cJSON_ArrayForEach(item, object)
	{
		if (cJSON_IsNull(item))
			continue;
		lua_pushstring(state, item->string);
		push(state, item, depth + 1);
		lua_rawset(state, -3);
	}
}

static void
push_number(lua_State *state, double value)
{
	if (floor(value) == value && fabs(value) <= EXACT)
		lua_pushinteger(state, (lua_Integer)value);
	else
		lua_pushnumber(state, value);
}

static void
push(lua_State *state, const cJSON *item, int depth)
{
	if (depth > LIMIT_ADAPTER_NESTING)
		luaL_error(state, "JSON nested deeper than %d", LIMIT_ADAPTER_NESTING);
	luaL_checkstack(state, 4, "JSON");
	if (cJSON_IsObject(item))
		push_object(state, item, depth);
	else if (cJSON_IsArray(item))
		push_array(state, item, depth);
	else if (cJSON_IsString(item))
		lua_pushstring(state, item->valuestring);
	else if (cJSON_IsNumber(item))
		push_number(state, item->valuedouble);
	else if (cJSON_IsBool(item))
		lua_pushboolean(state, cJSON_IsTrue(item));
	else
		lua_pushnil(state);
}

gboolean
lua_value_parse(lua_State *state, const char *text, gsize length, cJSON **room)
{
	g_clear_pointer(room, cJSON_Delete);
	if (length > 0) {
		g_autofree char *valid = g_utf8_make_valid(text, (gssize)length);
		g_autofree char *quoted = lua_value_quote_integers(valid, strlen(valid));

		*room = cJSON_ParseWithOpts(quoted, NULL, 1);
	}
	if (*room == NULL) {
		lua_pushnil(state);
		return FALSE;
	}
	push(state, *room, 0);
	g_clear_pointer(room, cJSON_Delete);
	return TRUE;
}

/* --- from Lua --- */

static cJSON *read_value(lua_State *state, int index, int depth);

/* An item is in the tree before anything is put into it, so that an error leaks nothing. */
static void read_into(lua_State *state, int index, cJSON *parent, const char *key, int depth);

static gboolean
is_array(lua_State *state, int index)
{
	lua_Unsigned length = lua_rawlen(state, index), count = 0;
	gboolean marked = FALSE;

	if (lua_getmetatable(state, index)) {
		luaL_getmetatable(state, ARRAY);
		marked = lua_rawequal(state, -1, -2);
		lua_pop(state, 2);
	}
	if (marked || length == 0)
		return marked;
	for (lua_pushnil(state); lua_next(state, index); lua_pop(state, 1))
		count++;
	return count == length;
}

static void
read_array(lua_State *state, int index, cJSON *array, int depth)
{
	lua_Integer length = (lua_Integer)lua_rawlen(state, index);

	for (lua_Integer i = 1; i <= length; i++) {
		lua_rawgeti(state, index, i);
		read_into(state, lua_gettop(state), array, NULL, depth + 1);
		lua_pop(state, 1);
	}
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, so that the same event makes the same request.  The keys stay in the table. */
static const char **
sorted_keys(lua_State *state, int index, gsize *ret_count)
{
	gsize count = 0, n = 0;
	const char **keys;

	for (lua_pushnil(state); lua_next(state, index); lua_pop(state, 1)) {
		if (lua_type(state, -2) != LUA_TSTRING)
			luaL_error(state, "a key of a JSON object is %s, not a string",
				   luaL_typename(state, -2));
		count++;
	}
	keys = lua_newuserdatauv(state, (count + 1) * sizeof *keys, 0);
	for (lua_pushnil(state); n < count && lua_next(state, index); lua_pop(state, 1))
		keys[n++] = lua_tostring(state, -2);
	qsort(keys, n, sizeof *keys, by_text);
	*ret_count = n;
	return keys;
}

static void
read_object(lua_State *state, int index, cJSON *object, int depth)
{
	int top = lua_gettop(state);
	gsize count;
	const char **keys = sorted_keys(state, index, &count);

	for (gsize i = 0; i < count; i++) {
		lua_pushstring(state, keys[i]);
		lua_rawget(state, index);
		read_into(state, lua_gettop(state), object, keys[i], depth + 1);
		lua_pop(state, 1);
	}
	lua_settop(state, top);
}

static cJSON *
read_number(lua_State *state, int index)
{
	double value = lua_tonumber(state, index);

	if (lua_isinteger(state, index))
		return cJSON_CreateRaw(lua_pushfstring(state, "%I", lua_tointeger(state, index)));
	if (!isfinite(value))
		luaL_error(state, "JSON has no number for %f", value);
	return cJSON_CreateNumber(value);
}

static cJSON *
read_value(lua_State *state, int index, int depth)
{
	switch (lua_type(state, index)) {
	case LUA_TSTRING:
		return cJSON_CreateString(lua_tostring(state, index));
	case LUA_TNUMBER:
		return read_number(state, index);
	case LUA_TBOOLEAN:
		return cJSON_CreateBool(lua_toboolean(state, index));
	case LUA_TTABLE:
		if (depth > LIMIT_ADAPTER_NESTING)
			luaL_error(state, "a table is nested deeper than %d, or in itself",
				   LIMIT_ADAPTER_NESTING);
		return is_array(state, index) ? cJSON_CreateArray() : cJSON_CreateObject();
	case LUA_TNIL:
		return cJSON_CreateNull();
	case LUA_TLIGHTUSERDATA:
		if (lua_touserdata(state, index) == NULL)
			return cJSON_CreateNull();
		/* fall through */
	default:
		luaL_error(state, "JSON has nothing for a %s", luaL_typename(state, index));
		return NULL;
	}
}

static void
fill(lua_State *state, int index, cJSON *item, int depth)
{
	if (cJSON_IsArray(item))
		read_array(state, index, item, depth);
	else if (cJSON_IsObject(item))
		read_object(state, index, item, depth);
}

static void
charge(lua_State *state, int index)
{
	struct lua_budget *budget = lua_sandbox_budget(state);

	budget->json += NODE;
	if (lua_type(state, index) == LUA_TSTRING)
		budget->json += lua_rawlen(state, index);
	if (budget->json > LIMIT_ADAPTER_MEMORY)
		luaL_error(state, "too much JSON: more than %d bytes", LIMIT_ADAPTER_MEMORY);
}

static void
read_into(lua_State *state, int index, cJSON *parent, const char *key, int depth)
{
	int top = lua_gettop(state);
	cJSON *item;

	luaL_checkstack(state, 8, "JSON");
	charge(state, index); /* a table in many places is written many times */
	item = read_value(state, index, depth);
	if (key != NULL)
		cJSON_AddItemToObject(parent, key, item);
	else
		cJSON_AddItemToArray(parent, item);
	fill(state, index, item, depth);
	lua_settop(state, top);
}

void
lua_value_read(lua_State *state, int index, cJSON **room)
{
	int top = lua_gettop(state);

	g_clear_pointer(room, cJSON_Delete);
	index = lua_absindex(state, index);
	*room = read_value(state, index, 0);
	fill(state, index, *room, 0);
	lua_settop(state, top);
}
