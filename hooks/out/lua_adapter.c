/*
 * lua_adapter.c - see lua.h: an adapter's file and what it requires, compiled when it is loaded,
 * and run from that code in each state.
 */
#include "hooks/out/lua.h"

#include <string.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/limits.h"
#include "hooks/out/lua_private.h"

#define LOADED "leadmilter.loaded" /* what require() gave, by name, in the registry */

/* --- code --- */

static void
chunk_free(gpointer data)
{
	struct lua_chunk *chunk = data;

	g_free(chunk->name);
	g_free(chunk->path);
	if (chunk->code != NULL)
		g_byte_array_unref(chunk->code);
	g_free(chunk);
}

static struct lua_chunk *
find_chunk(const struct lua_adapter *adapter, const char *name)
{
	for (guint i = 0; i < adapter->chunks->len; i++) {
		struct lua_chunk *chunk = adapter->chunks->pdata[i];

		if (strcmp(chunk->name, name) == 0)
			return chunk;
	}
	return NULL;
}

static int
append_code(lua_State *state, const void *bytes, size_t length, void *data)
{
	(void)state;
	g_byte_array_append(data, bytes, (guint)length);
	return 0;
}

static gboolean
look_at(const char *path, gint64 *ret_changed, gint64 *ret_size)
{
	struct stat status;

	if (stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return FALSE;
	*ret_changed = status.st_mtim.tv_sec * G_USEC_PER_SEC + status.st_mtim.tv_nsec / 1000;
	*ret_size = status.st_size;
	return TRUE;
}

/* What loading an adapter carries through Lua. */
struct loader {
	struct lua_budget budget; /* first: the allocator's */
	struct lua_adapter *adapter;
	const GPtrArray *directories;
	char *path, *text; /* of the file at hand */
	char *name; /* as the adapter says */
	cJSON *json;
};

/* Read and compile a file, push its function.  Its text and name hang on the loader. */
static struct lua_chunk *
compile(lua_State *state, struct loader *loader, const char *name)
{
	struct lua_chunk *chunk = g_new0(struct lua_chunk, 1);
	gsize length = 0;

	g_ptr_array_add(loader->adapter->chunks, chunk);
	chunk->name = g_strdup(name);
	chunk->path = g_strdup(loader->path);
	chunk->code = g_byte_array_new();
	g_clear_pointer(&loader->text, g_free);
	if (!look_at(chunk->path, &chunk->changed, &chunk->size) ||
	    chunk->size > LIMIT_ADAPTER_FILE ||
	    !g_file_get_contents(chunk->path, &loader->text, &length, NULL))
		luaL_error(state, "%s: can't be read, or is larger than %d bytes", chunk->path,
			   LIMIT_ADAPTER_FILE);
	lua_pushfstring(state, "@%s.lua", name);
	if (luaL_loadbufferx(state, loader->text, length, lua_tostring(state, -1), "t") != LUA_OK)
		lua_error(state);
	lua_dump(state, append_code, chunk->code, 0);
	lua_remove(state, -2);
	return chunk;
}

static gboolean
is_name(const char *name)
{
	for (const char *p = name; *p != '\0'; p++)
		if (!g_ascii_isalnum(*p) && *p != '_' && *p != '-')
			return FALSE;
	return *name != '\0' && strlen(name) <= LIMIT_NAME;
}

static gboolean
find_file(struct loader *loader, const char *directory, const char *name)
{
	g_free(loader->path);
	loader->path = g_strdup_printf("%s/%s.lua", directory, name);
	return g_file_test(loader->path, G_FILE_TEST_IS_REGULAR);
}

static gboolean
find_required(struct loader *loader, const char *name)
{
	g_autofree char *own = g_path_get_dirname(loader->adapter->path);
	gboolean found = find_file(loader, own, name);

	for (guint i = 0; !found && loader->directories != NULL && i < loader->directories->len;
	     i++)
		found = find_file(loader, loader->directories->pdata[i], name);
	return found;
}

/* require() while loading: from the disk; upvalue: the loader */
static int
require_file(lua_State *state)
{
	struct loader *loader = lua_touserdata(state, lua_upvalueindex(1));
	const char *name = luaL_checkstring(state, 1);

	lua_getfield(state, LUA_REGISTRYINDEX, LOADED);
	if (lua_getfield(state, -1, name) != LUA_TNIL)
		return 1;
	lua_pop(state, 1);
	if (!is_name(name) || find_chunk(loader->adapter, name) != NULL ||
	    !find_required(loader, name))
		return luaL_error(state, "require '%s': no such file beside the adapter", name);
	compile(state, loader, name);
	lua_call(state, 0, 1);
	lua_pushvalue(state, -1);
	lua_setfield(state, 2, name);
	return 1;
}

/* require() in a run: from what was compiled; upvalue: the adapter */
static int
require_chunk(lua_State *state)
{
	const struct lua_adapter *adapter = lua_touserdata(state, lua_upvalueindex(1));
	const char *name = luaL_checkstring(state, 1);
	const struct lua_chunk *chunk = find_chunk(adapter, name);

	lua_getfield(state, LUA_REGISTRYINDEX, LOADED);
	if (lua_getfield(state, -1, name) != LUA_TNIL)
		return 1;
	lua_pop(state, 1);
	if (chunk == NULL)
		return luaL_error(state, "require '%s': stands at the top of a file only", name);
	luaL_loadbufferx(state, (const char *)chunk->code->data, chunk->code->len, name, "b");
	lua_call(state, 0, 1);
	lua_pushvalue(state, -1);
	lua_setfield(state, 2, name);
	return 1;
}

static void
add_require(lua_State *state, lua_CFunction require, void *data)
{
	lua_newtable(state);
	lua_setfield(state, LUA_REGISTRYINDEX, LOADED);
	lua_pushlightuserdata(state, data);
	lua_pushcclosure(state, require, 1);
	lua_setglobal(state, "require");
}

void
lua_adapter_push(lua_State *state, const struct lua_adapter *adapter)
{
	const struct lua_chunk *chunk = adapter->chunks->pdata[0];

	add_require(state, require_chunk, (gpointer)adapter);
	if (luaL_loadbufferx(state, (const char *)chunk->code->data, chunk->code->len, chunk->name,
			     "b") != LUA_OK)
		lua_error(state);
	lua_call(state, 0, 1);
}

/* --- loading --- */

static char *
text_field(lua_State *state, int table, const char *name)
{
	char *text;

	lua_getfield(state, table, name);
	text = g_strdup(lua_type(state, -1) == LUA_TSTRING ? lua_tostring(state, -1) : NULL);
	lua_pop(state, 1);
	return text;
}

static void
read_needs(lua_State *state, struct lua_adapter *adapter, int table)
{
	if (lua_getfield(state, table, "needs") == LUA_TTABLE)
		for (lua_Integer i = 1; lua_rawgeti(state, -1, i) == LUA_TSTRING; i++) {
			g_ptr_array_add(adapter->needs, g_strdup(lua_tostring(state, -1)));
			lua_pop(state, 1);
		}
	lua_settop(state, table);
}

static void
setting_free(gpointer data)
{
	struct lua_setting *setting = data;

	g_free(setting->name);
	g_free(setting->value);
	g_free(setting);
}

static void
read_options(lua_State *state, struct loader *loader, int table)
{
	const cJSON *item;

	if (lua_getfield(state, table, "options") == LUA_TTABLE) {
		lua_value_read(state, -1, &loader->json); /* sorted */
		cJSON_ArrayForEach(item, loader->json)
		{
			struct lua_setting *setting = g_new0(struct lua_setting, 1);

			setting->name = g_strdup(item->string);
			setting->value = cJSON_IsString(item) ? g_strdup(item->valuestring)
							      : cJSON_PrintUnformatted(item);
			g_ptr_array_add(loader->adapter->options, setting);
		}
	}
	lua_settop(state, table);
}

static int
read_adapter(lua_State *state)
{
	struct loader *loader = lua_touserdata(state, 1);
	struct lua_adapter *adapter = loader->adapter;

	add_require(state, require_file, loader);
	lua_settop(state, 0);
	g_free(loader->path);
	loader->path = g_strdup(adapter->path);
	compile(state, loader, adapter->name);
	lua_call(state, 0, 1);
	if (!lua_istable(state, 1))
		return luaL_error(state, "%s.lua: returns %s, not {name, needs, options, deliver}",
				  adapter->name, luaL_typename(state, 1));
	adapter->delivers = lua_getfield(state, 1, "deliver") == LUA_TFUNCTION;
	adapter->receives = lua_getfield(state, 1, "receive") == LUA_TFUNCTION;
	if (!adapter->delivers && !adapter->receives)
		return luaL_error(state, "%s.lua: has no function `deliver`", adapter->name);
	lua_settop(state, 1);
	loader->name = text_field(state, 1, "name");
	if (g_strcmp0(loader->name, adapter->name) != 0)
		return luaL_error(state, "%s.lua: its `name` must be '%s'", adapter->name,
				  adapter->name);
	adapter->title = text_field(state, 1, "title");
	adapter->tested = text_field(state, 1, "tested");
	read_needs(state, adapter, 1);
	read_options(state, loader, 1);
	return 0;
}

static void
explain(struct lua_adapter *adapter, const struct lua_budget *budget, lua_State *state,
	GError **error)
{
	const char *what = lua_tostring(state, -1);

	if (budget->exceeded != NULL && strcmp(budget->exceeded, "memory") == 0)
		what = "needs too much memory";
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: %s", adapter->path,
		    what ? what : "raises an error without a message");
}

static gboolean
load(struct loader *loader, GError **error)
{
	lua_State *state = lua_sandbox_new(&loader->budget);
	gboolean good;

	if (state == NULL) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s: no memory",
			    loader->adapter->path);
		return FALSE;
	}
	lua_pushcfunction(state, read_adapter);
	lua_pushlightuserdata(state, loader);
	good = lua_pcall(state, 1, 0, 0) == LUA_OK;
	if (!good)
		explain(loader->adapter, &loader->budget, state, error);
	lua_close(state);
	return good;
}

struct lua_adapter *
lua_adapter_load(const char *path, const GPtrArray *directories, GError **error)
{
	g_autofree char *base = g_path_get_basename(path);
	struct lua_adapter *adapter = g_new0(struct lua_adapter, 1);
	struct loader loader = { .adapter = adapter, .directories = directories };
	gboolean good;

	adapter->references = 1;
	adapter->path = g_strdup(path);
	adapter->name = g_strndup(base, strcspn(base, "."));
	adapter->needs = g_ptr_array_new_with_free_func(g_free);
	adapter->options = g_ptr_array_new_with_free_func(setting_free);
	adapter->chunks = g_ptr_array_new_with_free_func(chunk_free);
	good = load(&loader, error);
	g_free(loader.path);
	g_free(loader.text);
	g_free(loader.name);
	cJSON_Delete(loader.json);
	if (good)
		return adapter;
	lua_adapter_unref(adapter);
	return NULL;
}

struct lua_adapter *
lua_adapter_ref(struct lua_adapter *adapter)
{
	g_atomic_int_inc(&adapter->references);
	return adapter;
}

void
lua_adapter_unref(struct lua_adapter *adapter)
{
	if (adapter == NULL || !g_atomic_int_dec_and_test(&adapter->references))
		return;
	g_free(adapter->name);
	g_free(adapter->path);
	g_free(adapter->title);
	g_free(adapter->tested);
	g_ptr_array_unref(adapter->needs);
	g_ptr_array_unref(adapter->options);
	g_ptr_array_unref(adapter->chunks);
	g_free(adapter);
}

gboolean
lua_adapter_is_stale(const struct lua_adapter *adapter)
{
	for (guint i = 0; i < adapter->chunks->len; i++) {
		const struct lua_chunk *chunk = adapter->chunks->pdata[i];
		gint64 changed, size;

		if (!look_at(chunk->path, &changed, &size) || changed != chunk->changed ||
		    size != chunk->size)
			return TRUE;
	}
	return FALSE;
}
