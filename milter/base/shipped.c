/* shipped.c - see shipped.h. */
#include "base/shipped.h"

#define FROM_PROGRAM "../share/leadmilter" /* as `make install` puts it, whatever the prefix */
#define FROM_BUILD "../conf"

static gboolean
has_lists(const char *directory)
{
	g_autofree char *lists = g_build_filename(directory, "lists", "phrases", NULL);
	return g_file_test(lists, G_FILE_TEST_IS_DIR);
}

char *
shipped_directory(const char *beside)
{
	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *program = g_path_get_dirname(exe ? exe : "/");
	g_autofree char *installed = g_canonicalize_filename(FROM_PROGRAM, program);
	g_autofree char *source_tree = g_canonicalize_filename(FROM_BUILD, program);
	const char *candidates[] = { beside, g_getenv("LEADMILTER_CONF_DIR"), installed,
				     LEADMILTER_DATADIR, source_tree };
	for (guint i = 0; i < G_N_ELEMENTS(candidates); i++)
		if (candidates[i] && has_lists(candidates[i]))
			return g_canonicalize_filename(candidates[i], NULL);
	return g_strdup(LEADMILTER_DATADIR);
}

char *
shipped_path(const char *name, const char *directory)
{
	char *own = g_canonicalize_filename(name, directory);
	if (g_path_is_absolute(name) || g_file_test(own, G_FILE_TEST_EXISTS))
		return own;
	g_autofree char *shipped = shipped_directory(NULL);
	const char *folders[] = { ".", "scorecards" };
	for (guint i = 0; i < G_N_ELEMENTS(folders); i++) {
		g_autofree char *folder = g_build_filename(shipped, folders[i], NULL);
		g_autofree char *path = g_canonicalize_filename(name, folder);
		if (g_file_test(path, G_FILE_TEST_EXISTS)) {
			g_free(own);
			return g_steal_pointer(&path);
		}
	}
	return own;
}
