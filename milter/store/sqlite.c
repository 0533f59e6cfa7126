/*
 * sqlite.c - the SQLite driver: with sqlite_log.c the only file that knows sqlite3.h.
 *
 * WAL with synchronous=FULL: a commit is on disk when it returns.  SQLite before 3.51.3 can
 * corrupt a WAL when two connections write or checkpoint (the WAL-reset bug), so there is one
 * writing connection, automatic checkpoints are off everywhere, and only that one is ever asked for
 * a checkpoint; readers are opened read-only, with query_only, and don't checkpoint when
 * they close.  A write transaction begins IMMEDIATE, so it never fails half-way for a lock.
 * Connections are opened without SQLite's mutex: driver.h gives each to one thread at a time.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <sqlite3.h>

#include "base/error.h"
#include "store/sqlite_log.h"

#define BUSY_MILLISECONDS 2000 /* somebody else (sqlite3 by hand) holds the write lock */
#define CACHE_KIBIBYTES_WRITER 12288
#define CACHE_KIBIBYTES_READER 2048
#define LOG_KEPT_BYTES (32 * 1024 * 1024) /* a WAL that grew larger is cut when it restarts */

/* Every kind of control statement is prepared once. */
enum control {
	BEGIN,
	BEGIN_READ,
	COMMIT,
	ROLLBACK,
	SAVEPOINT,
	RELEASE,
	ROLLBACK_TO,
	CONTROL_COUNT
};
static const char *const CONTROL_TEXTS[CONTROL_COUNT] = {
	[BEGIN] = "BEGIN IMMEDIATE",       [BEGIN_READ] = "BEGIN",        [COMMIT] = "COMMIT",
	[ROLLBACK] = "ROLLBACK",           [SAVEPOINT] = "SAVEPOINT job", [RELEASE] = "RELEASE job",
	[ROLLBACK_TO] = "ROLLBACK TO job",
};

struct driver_connection {
	sqlite3 *db;
	char *path;
	gboolean writable;
	enum driver_blame blame;
	guint backlog;
	sqlite3_stmt *control[CONTROL_COUNT];
};

static gboolean
says_full(sqlite3_file *file)
{
	int number = 0;

	if (!file || !file->pMethods)
		return FALSE;
	file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &number);
	return number == ENOSPC || number == EDQUOT || number == EFBIG;
}

/* A full disk is SQLITE_FULL; an exhausted quota or file size is an I/O error with that errno,
 * which the main file or the log remembers. */
static gboolean
is_full(sqlite3 *db, int code)
{
	sqlite3_file *main_file = NULL, *log = NULL;

	if ((code & 0xff) == SQLITE_FULL)
		return TRUE;
	if (!db || (code & 0xff) != SQLITE_IOERR)
		return FALSE;
	sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &main_file);
	sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	return says_full(main_file) || says_full(log);
}

static enum driver_blame
blame_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_CONSTRAINT:
	case SQLITE_MISMATCH:
	case SQLITE_RANGE:
	case SQLITE_TOOBIG:
	case SQLITE_ERROR:
		return DRIVER_BLAMES_STATEMENT;
	default:
		return DRIVER_BLAMES_STORE;
	}
}

static void
fail(struct driver_connection *c, int code, GError **error)
{
	g_autofree char *words = g_strdup(c->db ? sqlite3_errmsg(c->db) : sqlite3_errstr(code));

	c->blame = blame_of(code);
	if (is_full(c->db, code))
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_FULL,
			    "%s: no space left on its device (%s)", c->path, words);
	else if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT,
			    "%s: damaged or not a store (%s); nothing in it was changed: stop the "
			    "daemon, move it away together with its -wal and -shm files and put a "
			    "copy back, or salvage it with `sqlite3 FILE .recover`",
			    c->path, words);
	else
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "%s: %s (SQLite %d)", c->path,
			    words, code);
}

/* --- connections --- */

static int
count_backlog(void *data, G_GNUC_UNUSED sqlite3 *db, G_GNUC_UNUSED const char *name, int pages)
{
	((struct driver_connection *)data)->backlog = pages;
	return SQLITE_OK;
}

static void
close_connection(struct driver_connection *c)
{
	if (!c)
		return;
	for (guint i = 0; i < CONTROL_COUNT; i++)
		sqlite3_finalize(c->control[i]);
	sqlite3_close_v2(c->db);
	g_free(c->path);
	g_free(c);
}

static gboolean
exec(struct driver_connection *c, const char *text, GError **error)
{
	int code = sqlite3_exec(c->db, text, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		fail(c, sqlite3_extended_errcode(c->db), error);
	return code == SQLITE_OK;
}

/* Reading the schema's version finds a file that is no database at all. */
static gboolean
configure(struct driver_connection *c, GError **error)
{
	sqlite3_extended_result_codes(c->db, 1);
	sqlite3_busy_timeout(c->db, BUSY_MILLISECONDS);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(c->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (!c->writable)
		sqlite3_db_config(c->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	return exec(c, "PRAGMA wal_autocheckpoint=0", error) &&
	       (c->writable || exec(c, "PRAGMA query_only=1", error)) &&
	       exec(c, "PRAGMA schema_version", error);
}

/* SQLite's memory statistics take a lock at every allocation, and nobody reads them. */
static void
set_up_library(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
		g_once_init_leave(&once, 1);
	}
}

static struct driver_connection *
open_connection(G_GNUC_UNUSED const struct driver *driver, const char *path, gboolean writable,
		GError **error)
{
	int flags = SQLITE_OPEN_NOMUTEX |
		    (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
	struct driver_connection *c = g_new0(struct driver_connection, 1);
	int code;

	set_up_library();
	c->path = g_strdup(path);
	c->writable = writable;
	code = sqlite3_open_v2(path, &c->db, flags, sqlite_log_vfs());
	if (code != SQLITE_OK)
		fail(c, code, error);
	else if (configure(c, error))
		return c;
	close_connection(c);
	return NULL;
}

static gboolean
tune(struct driver_connection *c, GError **error)
{
	g_autofree char *cache = g_strdup_printf(
		"PRAGMA cache_size=-%d; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=0",
		c->writable ? CACHE_KIBIBYTES_WRITER : CACHE_KIBIBYTES_READER);
	g_autofree char *journal = g_strdup_printf(
		"PRAGMA page_size=2048; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
		"PRAGMA journal_size_limit=%d; PRAGMA secure_delete=ON",
		LOG_KEPT_BYTES);

	if (!exec(c, cache, error) || (c->writable && !exec(c, journal, error)))
		return FALSE;
	if (c->writable)
		sqlite3_wal_hook(c->db, count_backlog, c);
	return TRUE;
}

/* --- statements --- */

static struct driver_statement *
prepare(struct driver_connection *c, const char *text, GError **error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v3(c->db, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);

	if (code != SQLITE_OK)
		fail(c, sqlite3_extended_errcode(c->db), error);
	return (struct driver_statement *)statement;
}

static sqlite3_stmt *
statement_of(struct driver_statement *statement)
{
	return (sqlite3_stmt *)statement;
}

static void
finalize(struct driver_statement *statement)
{
	sqlite3_finalize(statement_of(statement));
}

static void
bind_integer(struct driver_statement *statement, int n, gint64 value)
{
	sqlite3_bind_int64(statement_of(statement), n, value);
}

static void
bind_real(struct driver_statement *statement, int n, double value)
{
	sqlite3_bind_double(statement_of(statement), n, value);
}

static void
bind_text(struct driver_statement *statement, int n, const char *value, gboolean keep)
{
	sqlite3_bind_text(statement_of(statement), n, value, -1,
			  keep ? SQLITE_STATIC : SQLITE_TRANSIENT);
}

static void
bind_blob(struct driver_statement *statement, int n, const void *value, gsize size)
{
	sqlite3_bind_blob64(statement_of(statement), n, value, size, SQLITE_STATIC);
}

static enum driver_step
step(struct driver_connection *c, struct driver_statement *statement, GError **error)
{
	switch (sqlite3_step(statement_of(statement))) {
	case SQLITE_ROW:
		return DRIVER_ROW;
	case SQLITE_DONE:
		return DRIVER_DONE;
	default:
		fail(c, sqlite3_extended_errcode(c->db), error);
		sqlite3_reset(statement_of(statement));
		return DRIVER_FAILED;
	}
}

static void
reset(struct driver_statement *statement)
{
	sqlite3_reset(statement_of(statement));
}

static gint64
column_integer(struct driver_statement *statement, int n)
{
	return sqlite3_column_int64(statement_of(statement), n);
}

static double
column_real(struct driver_statement *statement, int n)
{
	return sqlite3_column_double(statement_of(statement), n);
}

static const char *
column_text(struct driver_statement *statement, int n)
{
	return (const char *)sqlite3_column_text(statement_of(statement), n);
}

static const void *
column_blob(struct driver_statement *statement, int n, gsize *ret_size)
{
	const void *value = sqlite3_column_blob(statement_of(statement), n);

	*ret_size = sqlite3_column_bytes(statement_of(statement), n);
	return value;
}

static gboolean
column_is_null(struct driver_statement *statement, int n)
{
	return sqlite3_column_type(statement_of(statement), n) == SQLITE_NULL;
}

/* --- transactions --- */

static gboolean
control(struct driver_connection *c, enum control what, GError **error)
{
	enum driver_step result;

	if (!c->control[what]) {
		c->control[what] = statement_of(prepare(c, CONTROL_TEXTS[what], error));
		if (!c->control[what])
			return FALSE;
	}
	result = step(c, (struct driver_statement *)c->control[what], error);
	sqlite3_reset(c->control[what]);
	return result == DRIVER_DONE;
}

static gboolean
begin(struct driver_connection *c, GError **error)
{
	return control(c, BEGIN, error);
}

/* The first look at the file is what fixes the picture. */
static gboolean
begin_read(struct driver_connection *c, GError **error)
{
	return control(c, BEGIN_READ, error) &&
	       exec(c, "SELECT 1 FROM sqlite_schema LIMIT 1", error);
}

static gboolean
commit(struct driver_connection *c, GError **error)
{
	return control(c, COMMIT, error);
}

/* SQLite may have rolled back by itself (disk full, I/O error). */
static void
rollback(struct driver_connection *c)
{
	if (!sqlite3_get_autocommit(c->db))
		control(c, ROLLBACK, NULL);
}

static gboolean
savepoint(struct driver_connection *c, GError **error)
{
	return control(c, SAVEPOINT, error);
}

static gboolean
release(struct driver_connection *c, GError **error)
{
	return control(c, RELEASE, error);
}

static gboolean
rollback_to(struct driver_connection *c, GError **error)
{
	return control(c, ROLLBACK_TO, error) && control(c, RELEASE, error);
}

static gint64
last_row(struct driver_connection *c)
{
	return sqlite3_last_insert_rowid(c->db);
}

static gint64
changes(struct driver_connection *c)
{
	return sqlite3_changes64(c->db);
}

static enum driver_blame
blame(struct driver_connection *c)
{
	return c->blame;
}

static guint
backlog(struct driver_connection *c)
{
	return c->backlog;
}

static gboolean
checkpoint(struct driver_connection *c, gboolean whole, GError **error)
{
	int mode = whole ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_PASSIVE;
	int in_log = 0, done = 0;
	int code = sqlite3_wal_checkpoint_v2(c->db, NULL, mode, &in_log, &done);

	if (code != SQLITE_OK && code != SQLITE_BUSY) {
		fail(c, sqlite3_extended_errcode(c->db), error);
		return FALSE;
	}
	c->backlog = in_log > done ? in_log - done : 0;
	if (!whole || code == SQLITE_OK)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "a reader holds the log");
	return FALSE;
}

static gboolean
compact(struct driver_connection *c, GError **error)
{
	return exec(c, "VACUUM", error);
}

/* --- what the file is --- */

#define APPLICATION_ID 1280142452 /* "LMlt" */

/* The first column of the first row, or 0; *ret_words too when they are wanted. */
static gboolean
ask(struct driver_connection *c, const char *text, gint64 *ret, char **ret_words, GError **error)
{
	struct driver_statement *statement = prepare(c, text, error);
	enum driver_step result;

	if (!statement)
		return FALSE;
	result = step(c, statement, error);
	if (ret)
		*ret = result == DRIVER_ROW ? column_integer(statement, 0) : 0;
	if (ret_words)
		*ret_words = result == DRIVER_ROW ? g_strdup(column_text(statement, 0)) : NULL;
	finalize(statement);
	return result != DRIVER_FAILED;
}

static gboolean
version(struct driver_connection *c, int *ret_version, GError **error)
{
	gint64 application, number, tables;

	if (!ask(c, "PRAGMA application_id", &application, NULL, error) ||
	    !ask(c, "PRAGMA user_version", &number, NULL, error) ||
	    !ask(c, "SELECT count(*) FROM sqlite_schema", &tables, NULL, error))
		return FALSE;
	if (application != APPLICATION_ID && (application != 0 || number != 0 || tables != 0)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT,
			    "%s: is the database of another program (application id %d); name "
			    "another file as the store",
			    c->path, (int)application);
		return FALSE;
	}
	*ret_version = (int)number;
	return TRUE;
}

static gboolean
mark(struct driver_connection *c, int number, GError **error)
{
	g_autofree char *text = g_strdup_printf("PRAGMA application_id=%d; PRAGMA user_version=%d",
						APPLICATION_ID, number);

	return exec(c, text, error);
}

static gboolean
check(struct driver_connection *c, GError **error)
{
	g_autofree char *finding = NULL;

	if (!ask(c, "PRAGMA quick_check(1)", NULL, &finding, error))
		return FALSE;
	if (!g_strcmp0(finding, "ok"))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_CORRUPT,
		    "%s: damaged (%s); stop the daemon, move it away together with its -wal and "
		    "-shm files and put a copy back, or salvage it with `sqlite3 FILE .recover`",
		    c->path, finding ? finding : "no answer from the check");
	return FALSE;
}

/* --- backup --- */

#define BACKUP_PAGES 4096 /* at a time: 8 MiB */

/* The reading transaction keeps the pages as they are while others write; all steps are of one
 * picture, and no step begins anew. */
static gboolean
copy_pages(struct driver_connection *c, sqlite3 *to,
	   void (*tell)(gint64 done, gint64 all, gpointer data), gpointer data)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", c->db, "main");
	int code = backup ? SQLITE_OK : sqlite3_extended_errcode(to);

	while (backup && code == SQLITE_OK) {
		gint64 all;

		code = sqlite3_backup_step(backup, BACKUP_PAGES);
		all = sqlite3_backup_pagecount(backup);
		if (tell)
			tell(all - sqlite3_backup_remaining(backup), all, data);
	}
	if (backup)
		sqlite3_backup_finish(backup);
	return code == SQLITE_DONE;
}

/* A file that stands alone: without the mark that says there is a log beside it. */
static gboolean
write_copy(struct driver_connection *c, struct driver_connection *to,
	   void (*tell)(gint64 done, gint64 all, gpointer data), gpointer data, GError **error)
{
	if (!begin_read(c, error))
		return FALSE;
	if (!copy_pages(c, to->db, tell, data)) {
		fail(to, sqlite3_extended_errcode(to->db), error);
		rollback(c);
		return FALSE;
	}
	rollback(c);
	return exec(to, "PRAGMA journal_mode=DELETE", error);
}

static gboolean
backup(struct driver_connection *c, const char *path,
       void (*tell)(gint64 done, gint64 all, gpointer data), gpointer data, GError **error)
{
	struct driver_connection *to = open_connection(&sqlite_driver, path, TRUE, error);
	gboolean done = to && exec(to, "PRAGMA synchronous=OFF", error) &&
			write_copy(c, to, tell, data, error);

	close_connection(to);
	return done;
}

const struct driver sqlite_driver = {
	.open = open_connection,
	.tune = tune,
	.close = close_connection,
	.prepare = prepare,
	.finalize = finalize,
	.bind_integer = bind_integer,
	.bind_real = bind_real,
	.bind_text = bind_text,
	.bind_blob = bind_blob,
	.step = step,
	.reset = reset,
	.column_integer = column_integer,
	.column_real = column_real,
	.column_text = column_text,
	.column_blob = column_blob,
	.column_is_null = column_is_null,
	.exec = exec,
	.begin = begin,
	.begin_read = begin_read,
	.commit = commit,
	.rollback = rollback,
	.savepoint = savepoint,
	.release = release,
	.rollback_to = rollback_to,
	.last_row = last_row,
	.changes = changes,
	.blame = blame,
	.backlog = backlog,
	.checkpoint = checkpoint,
	.compact = compact,
	.version = version,
	.mark = mark,
	.check = check,
	.backup = backup,
};
