/*
 * sqlite_log.c - see sqlite_log.h.
 *
 * A log file is a struct log_file with the system's own file behind it.  Writes that continue the
 * gathered bytes are appended to them; anything else (a gap, a read, a size, a sync, the end) first
 * sends them on.  Other connections read the log only as far as the index in shared memory says,
 * and that is written after the sync.  A write that fails is reported by the call that sent it
 * on; the gathered bytes are dropped with it, as the transaction is.  LIMIT_LOG_GATHERED is what
 * SQLite's unix VFS writes in one call (os_unix.c, seekAndWriteFd: a length is taken modulo 128
 * KiB).
 */
#include "store/sqlite_log.h"

#include <glib.h>
#include <sqlite3.h>
#include <string.h>

#include "base/limits.h"

#define NAME "leadmilter-log"

struct log_file {
	sqlite3_file base;
	sqlite3_file *real; /* lies behind this struct */
	char *bytes; /* LIMIT_LOG_GATHERED of them; made at the first write */
	gsize length;
	sqlite3_int64 offset; /* in the file, of the gathered bytes */
};

static struct log_file *
log_of(sqlite3_file *file)
{
	return (struct log_file *)file;
}

static int
send_on(struct log_file *log)
{
	gsize length = log->length;

	log->length = 0;
	return length == 0
		       ? SQLITE_OK
		       : log->real->pMethods->xWrite(log->real, log->bytes, length, log->offset);
}

static int
close_file(sqlite3_file *file)
{
	struct log_file *log = log_of(file);
	int sent = send_on(log);
	int closed = log->real->pMethods->xClose(log->real);

	g_clear_pointer(&log->bytes, g_free);
	return sent == SQLITE_OK ? closed : sent;
}

static int
read_file(sqlite3_file *file, void *bytes, int length, sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	int sent = send_on(log);

	return sent == SQLITE_OK ? log->real->pMethods->xRead(log->real, bytes, length, offset)
				 : sent;
}

static int
write_file(sqlite3_file *file, const void *bytes, int length, sqlite3_int64 offset)
{
	struct log_file *log = log_of(file);
	gboolean fits = log->length + length <= LIMIT_LOG_GATHERED;
	int sent = SQLITE_OK;

	if (!fits || offset != log->offset + (sqlite3_int64)log->length)
		sent = send_on(log);
	if (sent != SQLITE_OK)
		return sent;
	if (length > LIMIT_LOG_GATHERED)
		return log->real->pMethods->xWrite(log->real, bytes, length, offset);
	if (!log->bytes)
		log->bytes = g_malloc(LIMIT_LOG_GATHERED);
	if (log->length == 0)
		log->offset = offset;
	memcpy(log->bytes + log->length, bytes, length);
	log->length += length;
	return SQLITE_OK;
}

static int
truncate_file(sqlite3_file *file, sqlite3_int64 size)
{
	struct log_file *log = log_of(file);
	int sent = send_on(log);

	return sent == SQLITE_OK ? log->real->pMethods->xTruncate(log->real, size) : sent;
}

static int
sync_file(sqlite3_file *file, int flags)
{
	struct log_file *log = log_of(file);
	int sent = send_on(log);

	return sent == SQLITE_OK ? log->real->pMethods->xSync(log->real, flags) : sent;
}

static int
file_size(sqlite3_file *file, sqlite3_int64 *ret)
{
	struct log_file *log = log_of(file);
	int sent = send_on(log);

	return sent == SQLITE_OK ? log->real->pMethods->xFileSize(log->real, ret) : sent;
}

static int
lock_file(sqlite3_file *file, int level)
{
	return log_of(file)->real->pMethods->xLock(log_of(file)->real, level);
}

static int
unlock_file(sqlite3_file *file, int level)
{
	return log_of(file)->real->pMethods->xUnlock(log_of(file)->real, level);
}

static int
check_reserved_lock(sqlite3_file *file, int *ret)
{
	return log_of(file)->real->pMethods->xCheckReservedLock(log_of(file)->real, ret);
}

static int
control_file(sqlite3_file *file, int operation, void *argument)
{
	return log_of(file)->real->pMethods->xFileControl(log_of(file)->real, operation, argument);
}

static int
sector_size(sqlite3_file *file)
{
	return log_of(file)->real->pMethods->xSectorSize(log_of(file)->real);
}

static int
device_characteristics(sqlite3_file *file)
{
	return log_of(file)->real->pMethods->xDeviceCharacteristics(log_of(file)->real);
}

static const sqlite3_io_methods log_methods = {
	.iVersion = 1, /* a log has no shared memory of its own and is not mapped */
	.xClose = close_file,
	.xRead = read_file,
	.xWrite = write_file,
	.xTruncate = truncate_file,
	.xSync = sync_file,
	.xFileSize = file_size,
	.xLock = lock_file,
	.xUnlock = unlock_file,
	.xCheckReservedLock = check_reserved_lock,
	.xFileControl = control_file,
	.xSectorSize = sector_size,
	.xDeviceCharacteristics = device_characteristics,
};

static int
open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *ret_flags)
{
	sqlite3_vfs *system = vfs->pAppData;
	struct log_file *log = log_of(file);
	int opened;

	if (!(flags & SQLITE_OPEN_WAL))
		return system->xOpen(system, name, file, flags, ret_flags);
	*log = (struct log_file){ .real = (sqlite3_file *)(void *)(log + 1) };
	opened = system->xOpen(system, name, log->real, flags, ret_flags);
	if (opened == SQLITE_OK)
		log->base.pMethods = &log_methods;
	return opened;
}

/* A copy of the system's VFS: only how files are opened differs. */
static gboolean
register_vfs(void)
{
	static sqlite3_vfs vfs;
	sqlite3_vfs *system = sqlite3_vfs_find(NULL);

	if (!system)
		return FALSE;
	vfs = *system;
	vfs.zName = NAME;
	vfs.szOsFile = sizeof(struct log_file) + system->szOsFile;
	vfs.pNext = NULL;
	vfs.pAppData = system;
	vfs.xOpen = open_file;
	return sqlite3_vfs_register(&vfs, FALSE) == SQLITE_OK;
}

const char *
sqlite_log_vfs(void)
{
	static gsize once;

	if (g_once_init_enter(&once))
		g_once_init_leave(&once, register_vfs() ? 2 : 1);
	return once == 2 ? NAME : NULL;
}
