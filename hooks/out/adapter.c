/* adapter.c - see adapter.h. */
#include "hooks/out/adapter.h"

#include <string.h>

#include "base/error.h"

#define INSTALLED LEADMILTER_DATADIR "/adapters"
#define FROM_PROGRAM "../share/leadmilter/adapters"

/*
 * Where the installed ones are: beside the program's own directory, as `make install` puts them
 * with any prefix and DESTDIR, also one that the program was not built for; else where it was built
 * for.
 */
static char *
installed_directory(void)
{
	g_autofree char *program = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *home = program ? g_path_get_dirname(program) : NULL;
	char *beside = home ? g_canonicalize_filename(FROM_PROGRAM, home) : NULL;

	if (beside && g_file_test(beside, G_FILE_TEST_IS_DIR))
		return beside;
	g_free(beside);
	return g_strdup(INSTALLED);
}

GPtrArray *
adapter_directories(const struct config *config)
{
	GPtrArray *directories = g_ptr_array_new_with_free_func(g_free);

	if (config->adapter_directory != NULL)
		g_ptr_array_add(directories, g_strdup(config->adapter_directory));
	g_ptr_array_add(directories, installed_directory());
	return directories;
}

/* Not lib*.lua, which others require, nor *_webhook.lua, which read what CRMs send to us. */
static gboolean
is_adapter(const char *file)
{
	return g_str_has_suffix(file, ".lua") && !g_str_has_suffix(file, "_webhook.lua") &&
	       !g_str_has_prefix(file, "lib");
}

static void
add_files(const char *directory, GHashTable *seen, GPtrArray *paths)
{
	g_autoptr(GDir) files = g_dir_open(directory, 0, NULL);
	const char *file;

	while (files != NULL && (file = g_dir_read_name(files)) != NULL)
		if (is_adapter(file) && g_hash_table_add(seen, g_strdup(file)))
			g_ptr_array_add(paths, g_build_filename(directory, file, NULL));
}

static gint
by_name(gconstpointer a, gconstpointer b)
{
	const char *one = strrchr(*(const char *const *)a, '/');
	const char *other = strrchr(*(const char *const *)b, '/');

	return strcmp(one, other);
}

GPtrArray *
adapter_paths(const struct config *config)
{
	g_autoptr(GPtrArray) directories = adapter_directories(config);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	GPtrArray *paths = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < directories->len; i++)
		add_files(directories->pdata[i], seen, paths);
	g_ptr_array_sort(paths, by_name);
	return paths;
}

struct lua_adapter *
adapter_load(const struct config *config, const char *name, GError **error)
{
	g_autoptr(GPtrArray) directories = adapter_directories(config);

	for (guint i = 0; i < directories->len && strchr(name, '/') == NULL; i++) {
		g_autofree char *path =
			g_strdup_printf("%s/%s.lua", (char *)directories->pdata[i], name);

		if (g_file_test(path, G_FILE_TEST_EXISTS))
			return lua_adapter_load(path, directories, error);
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND,
		    "no adapter \"%s\": neither %s%s%s.lua nor %s/%s.lua", name,
		    config->adapter_directory ? config->adapter_directory : "",
		    config->adapter_directory ? "/" : "", name,
		    (char *)directories->pdata[directories->len - 1], name);
	return NULL;
}
