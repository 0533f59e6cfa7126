/*
 * lua_sandbox.c - a Lua state an adapter can't hurt us from; see lua_private.h.
 *
 * The count hook sees Lua's own instructions only, so each library function that can be made to
 * loop in C is either left out or bounded here: patterns by an estimate of their backtracking,
 * string.rep by what it makes, table functions by taking plain tables (a __len of 2^53 would keep
 * table.insert busy for years).  Once the budget is exceeded the hook raises at every
 * instruction.  Finalizers run without a hook, hence no __gc.  pcall is left out so that the errors
 * by which the engine leaves deliver() arrive.
 */
#include "hooks/out/lua_private.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/limits.h"

#define HOOK_EVERY 1000 /* instructions */
#define NANOSECONDS_OF_INSTRUCTION 10
#define CHEAP 100000 /* steps of a pattern match that needn't be measured */
#define LONGEST_TABLE 1000000 /* a border of a table with holes can be anything */

struct lua_budget *
lua_sandbox_budget(lua_State *state)
{
	void *budget;

	lua_getallocf(state, &budget);
	return budget;
}

/* --- memory and time --- */

static void *
allocate(void *data, void *block, size_t before, size_t after)
{
	struct lua_budget *budget = data;
	gsize held = block != NULL ? before : 0;
	void *moved;

	if (after == 0) {
		budget->memory -= held;
		free(block);
		return NULL;
	}
	if (after > held && !budget->unlimited &&
	    budget->memory + after - held > LIMIT_ADAPTER_MEMORY) {
		budget->exceeded = "memory";
		return NULL;
	}
	moved = realloc(block, after);
	if (moved == NULL)
		return NULL;
	budget->memory += after - held;
	budget->most_memory = MAX(budget->most_memory, budget->memory);
	return moved;
}

static void count_instructions(lua_State *state, lua_Debug *record);

/* From now on every instruction raises: nothing catches that. */
static void
stop_if_exceeded(lua_State *state, lua_Debug *record)
{
	struct lua_budget *budget = lua_sandbox_budget(state);

	if (budget->unlimited || budget->instructions <= LIMIT_ADAPTER_INSTRUCTIONS)
		return;
	budget->exceeded = "time";
	lua_sethook(state, count_instructions, LUA_MASKCOUNT, 1);
	lua_getinfo(state, "Sl", record);
	lua_pushfstring(state, "%s:%d: runs on and on: stopped after %d instructions",
			record->short_src, record->currentline, LIMIT_ADAPTER_INSTRUCTIONS);
	lua_error(state);
}

static void
count_instructions(lua_State *state, lua_Debug *record)
{
	lua_sandbox_budget(state)->instructions += HOOK_EVERY;
	stop_if_exceeded(state, record);
}

/* --- patterns --- */

/* Of a pattern: how many parts may match any number of characters, and how many one or none. */
static void
count_repeats(const char *pattern, gsize length, guint *ret_many, guint *ret_optional)
{
	gboolean in_set = FALSE;

	*ret_many = *ret_optional = 0;
	for (gsize i = 0; i < length; i++) {
		char c = pattern[i];

		if (c == '%') {
			i++;
			*ret_many += i < length && (pattern[i] == 'b' || pattern[i] == '1');
		} else if (in_set || c == '[') {
			in_set = c != ']' || (i > 0 && pattern[i - 1] == '[');
		} else if (c == '?') {
			++*ret_optional;
		} else if (strchr("*+-", c) != NULL && c != '\0') {
			++*ret_many;
		}
	}
}

static double
pattern_steps(const char *pattern, gsize length, gsize text)
{
	guint many, optional;

	count_repeats(pattern, length, &many, &optional);
	if (length == 0 || pattern[0] != '^')
		many++; /* begins anywhere */
	return pow((double)MAX(text, 1), many) * pow(2, optional);
}

static gint64
time_used(void)
{
	struct timespec used;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
	return used.tv_sec * (gint64)1000000000 + used.tv_nsec;
}

static void
charge_time(lua_State *state, gint64 nanoseconds)
{
	lua_Debug caller;

	lua_sandbox_budget(state)->instructions +=
		(guint64)(nanoseconds / NANOSECONDS_OF_INSTRUCTION);
	if (lua_getstack(state, 1, &caller))
		stop_if_exceeded(state, &caller);
}

/* The function in upvalue 1 with all arguments; what takes long counts as instructions. */
static int
call_timed(lua_State *state, gboolean measured)
{
	gint64 began = measured ? time_used() : 0;

	lua_pushvalue(state, lua_upvalueindex(1));
	lua_insert(state, 1);
	lua_call(state, lua_gettop(state) - 1, LUA_MULTRET);
	if (measured)
		charge_time(state, time_used() - began);
	return lua_gettop(state);
}

static int
timed(lua_State *state)
{
	return call_timed(state, TRUE);
}

/* Before one of string's functions that take (text, pattern): the original is an upvalue. */
static int
bounded_pattern(lua_State *state)
{
	gsize text, length;
	const char *pattern;
	double steps;

	luaL_checklstring(state, 1, &text);
	pattern = luaL_checklstring(state, 2, &length);
	steps = pattern_steps(pattern, length, text);
	if (lua_toboolean(state, lua_upvalueindex(2)) && lua_toboolean(state, 4))
		steps = (double)text; /* string.find of plain text */
	if (steps > LIMIT_ADAPTER_PATTERN)
		return luaL_error(state,
				  "the pattern '%s' may take too long on a text of %d bytes: cut "
				  "the text, or use crm.text",
				  pattern, (int)text);
	return call_timed(state, steps > CHEAP);
}

/* gmatch() itself does nothing yet: what it returns does. */
static int
bounded_gmatch(lua_State *state)
{
	bounded_pattern(state);
	lua_settop(state, 1);
	lua_pushcclosure(state, timed, 1);
	return 1;
}

static int
bounded_rep(lua_State *state)
{
	gsize text, separator;
	lua_Integer times = luaL_checkinteger(state, 2);

	luaL_checklstring(state, 1, &text);
	luaL_optlstring(state, 3, "", &separator);
	if (times > LIMIT_ADAPTER_TEXT ||
	    (times > 0 && (gsize)times * (text + separator) > LIMIT_ADAPTER_TEXT))
		return luaL_error(state, "string.rep: more than %d bytes", LIMIT_ADAPTER_TEXT);
	return call_timed(state, FALSE);
}

/* --- tables --- */

/* Ours (of arrays) has no metamethods. */
static int
plain_table(lua_State *state)
{
	luaL_checktype(state, 1, LUA_TTABLE);
	if (luaL_getmetafield(state, 1, "__len") != LUA_TNIL ||
	    luaL_getmetafield(state, 1, "__index") != LUA_TNIL ||
	    luaL_getmetafield(state, 1, "__newindex") != LUA_TNIL)
		return luaL_error(state, "a plain table is needed, not one with metamethods");
	if (lua_rawlen(state, 1) > LONGEST_TABLE)
		return luaL_error(state, "a table of more than %d elements", LONGEST_TABLE);
	return call_timed(state, FALSE);
}

static int
set_metatable(lua_State *state)
{
	luaL_checktype(state, 1, LUA_TTABLE);
	if (!lua_isnil(state, 2)) {
		luaL_checktype(state, 2, LUA_TTABLE);
		lua_getfield(state, 2, "__gc");
		if (!lua_isnil(state, -1))
			return luaL_error(state, "an adapter has no finalizers (__gc)");
	}
	lua_settop(state, 2);
	lua_setmetatable(state, 1);
	return 1;
}

/* --- what a state has --- */

static const char *const base_names[] = { "assert",   "error",    "ipairs", "next",     "pairs",
					  "rawequal", "rawget",   "rawlen", "rawset",   "select",
					  "tonumber", "tostring", "type",   "_VERSION", NULL };
static const char *const string_names[] = { "byte",  "char", "format",  "len", "lower",
					    "upper", "sub",  "reverse", NULL };
static const char *const pattern_names[] = { "find", "match", "gsub", NULL };
static const char *const gmatch_names[] = { "gmatch", NULL };
static const char *const rep_names[] = { "rep", NULL };
static const char *const table_names[] = { "concat", "insert", "remove", "sort", "unpack", NULL };

/* Copy fields from the table below the top to the table at the top; with `guard`, wrapped. */
static void
copy(lua_State *state, const char *const *names, lua_CFunction guard)
{
	for (; *names != NULL; names++) {
		lua_getfield(state, -2, *names);
		if (guard != NULL) {
			lua_pushboolean(state, strcmp(*names, "find") == 0);
			lua_pushcclosure(state, guard, 2);
		}
		lua_setfield(state, -2, *names);
	}
}

static void
add_base(lua_State *state)
{
	luaL_requiref(state, "_G", luaopen_base, 0);
	lua_newtable(state);
	copy(state, base_names, NULL);
	lua_pushcfunction(state, set_metatable);
	lua_setfield(state, -2, "setmetatable");
	lua_pushvalue(state, -1);
	lua_setfield(state, -2, "_G");
	lua_rawseti(state, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
	lua_pop(state, 1);
}

static void
add_string(lua_State *state)
{
	luaL_requiref(state, "string", luaopen_string, 0);
	lua_newtable(state);
	copy(state, string_names, NULL);
	copy(state, pattern_names, bounded_pattern);
	copy(state, gmatch_names, bounded_gmatch);
	copy(state, rep_names, bounded_rep);
	lua_pushliteral(state, ""); /* for text:method() */
	lua_getmetatable(state, -1);
	lua_pushvalue(state, -3);
	lua_setfield(state, -2, "__index");
	lua_pushboolean(state, FALSE);
	lua_setfield(state, -2, "__metatable");
	lua_pop(state, 2);
	lua_setglobal(state, "string");
	lua_pop(state, 1);
}

static void
add_table(lua_State *state)
{
	luaL_requiref(state, "table", luaopen_table, 0);
	lua_newtable(state);
	copy(state, table_names, plain_table);
	lua_setglobal(state, "table");
	lua_pop(state, 1);
}

static int
prepare(lua_State *state)
{
	add_base(state);
	add_string(state);
	add_table(state);
	luaL_requiref(state, "math", luaopen_math, 1);
	luaL_requiref(state, "utf8", luaopen_utf8, 1);
	lua_settop(state, 0);
	lua_newtable(state); /* package.loaded, which requiref made */
	lua_setfield(state, LUA_REGISTRYINDEX, LUA_LOADED_TABLE);
	return 0;
}

lua_State *
lua_sandbox_new(struct lua_budget *budget)
{
	lua_State *state = lua_newstate(allocate, budget);
	gboolean good;

	if (state == NULL)
		return NULL;
	budget->unlimited = TRUE;
	lua_pushcfunction(state, prepare);
	good = lua_pcall(state, 0, 0, 0) == LUA_OK;
	budget->unlimited = FALSE;
	if (!good) {
		lua_close(state);
		return NULL;
	}
	lua_sethook(state, count_instructions, LUA_MASKCOUNT, HOOK_EVERY);
	return state;
}
