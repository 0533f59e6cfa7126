/* lock.c - see lock.h. */
#include "store/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

#define LOCK_MODE 0640
#define SHARE_TRIES 40
#define SHARE_PAUSE (50 * 1000) /* microseconds */

static void
name_holder(int fd, char holder[32])
{
	ssize_t length = pread(fd, holder, 31, 0);

	holder[length > 0 ? length : 0] = '\0';
	g_strchomp(holder);
}

static void
write_holder(int fd)
{
	char holder[32];
	int length = g_snprintf(holder, sizeof holder, "%d\n", (int)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, holder, length, 0) != length)
		log_debug("lock file: %s", g_strerror(errno)); /* only words for people */
}

/* SQLite makes files beside the store, so the directory is what must be writable; its own words
 * for that ("readonly database") send people to the wrong place. */
static gboolean
check_directory(const char *path, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);
	int failed = access(directory, W_OK | X_OK) == 0 ? 0 : errno;

	if (failed)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: %s; the directory of the store must belong to the user %s",
			    directory, g_strerror(failed), g_get_user_name());
	return !failed;
}

/* One that root makes is for the daemon, to whom the directory belongs. */
static void
give_away(int fd, const char *name)
{
	g_autofree char *directory = g_path_get_dirname(name);
	struct stat owner;

	if (geteuid() == 0 && stat(directory, &owner) == 0 && owner.st_uid != 0 &&
	    fchown(fd, owner.st_uid, owner.st_gid) < 0)
		log_debug("%s: %s", name, g_strerror(errno));
}

int
lock_new_file(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, LOCK_MODE);

	if (fd >= 0)
		give_away(fd, path);
	return fd;
}

/* The directory is the daemon's: root follows no link that somebody put there. */
int
lock_file(const char *path, const char *suffix, GError **error)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	int fd = lock_new_file(name);

	if (fd < 0 && errno == EEXIST)
		fd = open(name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		g_set_error(error, LEADMILTER_ERROR,
			    errno == ENOSPC ? ERROR_STORE_FULL : ERROR_STORE, "%s: %s", name,
			    g_strerror(errno));
	return fd;
}

/* Another one that is starting has it for itself for a moment. */
static gboolean
lock_shared(int fd)
{
	for (guint i = 0; i < SHARE_TRIES; i++) {
		if (flock(fd, LOCK_SH | LOCK_NB) == 0)
			return TRUE;
		g_usleep(SHARE_PAUSE);
	}
	return FALSE;
}

static gboolean
take(int fd, gboolean shared, gboolean *ret_alone)
{
	*ret_alone = flock(fd, LOCK_EX | LOCK_NB) == 0;
	if (*ret_alone)
		write_holder(fd);
	return *ret_alone || (shared && lock_shared(fd));
}

gboolean
lock_take(const char *path, gboolean shared, int *ret_lock, gboolean *ret_alone, GError **error)
{
	char holder[32];

	if (!check_directory(path, error))
		return FALSE;
	*ret_lock = lock_file(path, ".lock", error);
	if (*ret_lock < 0)
		return FALSE;
	if (take(*ret_lock, shared, ret_alone))
		return TRUE;
	name_holder(*ret_lock, holder);
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
		    "%s: process %s is writing to this store (it holds %s.lock); only one may: "
		    "stop it, or go through its control socket",
		    path, *holder ? holder : "?", path);
	return FALSE;
}
