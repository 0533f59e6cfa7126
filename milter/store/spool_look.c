/* spool_look.c - see spool_look.h. */
#include "store/spool_look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/error.h"

/* A name is "<time, 16 hexadecimal digits>-<key>.mail". @return 0 for any other */
static gint64
time_of(const char *name)
{
	char *end = NULL;
	guint64 time = strlen(name) > 16 ? g_ascii_strtoull(name, &end, 16) : 0;

	if (time == 0 || end != name + 16 || *end != '-' || !g_str_has_suffix(name, ".mail"))
		return 0;
	return time <= G_MAXINT64 ? (gint64)time : 0;
}

static void
look_at(DIR *directory, struct spool_look *look)
{
	struct dirent *entry;

	while ((entry = readdir(directory))) {
		gint64 time = time_of(entry->d_name);
		struct stat info;

		if (time == 0 ||
		    fstatat(dirfd(directory), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0)
			continue;
		look->files++;
		look->bytes += info.st_size;
		look->oldest = look->oldest ? MIN(look->oldest, time) : time;
	}
}

/* Names of what was moved aside need not be those of mails any more. */
static guint
count_bad(const char *directory)
{
	g_autofree char *path = g_build_filename(directory, "bad", NULL);
	g_autoptr(GDir) bad = g_dir_open(path, 0, NULL);
	guint count = 0;

	while (bad && g_dir_read_name(bad))
		count++;
	return count;
}

gboolean
spool_look(const char *directory, struct spool_look *ret, GError **error)
{
	DIR *listing = opendir(directory);
	struct spool_look look = { 0 };

	if (!listing) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SPOOL, "%s: cannot be listed: %s",
			    directory, g_strerror(errno));
		return FALSE;
	}
	look_at(listing, &look);
	closedir(listing);
	look.bad = count_bad(directory);
	*ret = look;
	return TRUE;
}
