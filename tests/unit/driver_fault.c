/* driver_fault.c - see driver_fault.h.  Included by the tests that need it. */
#include "driver_fault.h"

#include "base/error.h"
#include "store/sqlite.h"

struct fault_connection {
	struct driver_connection *real;
	struct driver_fault *fault;
	gboolean writable, failed;
};

static const struct {
	int code;
	const char *words;
} FAULTS[] = {
	[FAULT_FULL] = { ERROR_STORE_FULL, "no space (by the test)" },
	[FAULT_CORRUPT] = { ERROR_STORE_CORRUPT, "damaged (by the test)" },
	[FAULT_BUSY] = { ERROR_STORE, "busy (by the test)" },
};

static struct fault_connection *
own(struct driver_connection *connection)
{
	return (struct fault_connection *)connection;
}

static struct driver_connection *
real(struct driver_connection *connection)
{
	own(connection)->failed = FALSE;
	return own(connection)->real;
}

/* @return TRUE when this one is to fail; `counter` counts down to it, -1 is never */
static gboolean
strikes(struct driver_connection *connection, int *counter, GError **error)
{
	struct fault_connection *c = own(connection);
	int kind = __atomic_load_n(&c->fault->kind, __ATOMIC_SEQ_CST);
	int left = __atomic_load_n(counter, __ATOMIC_SEQ_CST);

	if (!c->writable || kind == FAULT_NONE || left < 0)
		return FALSE;
	if (left > 0) {
		__atomic_fetch_sub(counter, 1, __ATOMIC_SEQ_CST);
		return FALSE;
	}
	c->failed = TRUE;
	g_set_error_literal(error, LEADMILTER_ERROR, FAULTS[kind].code, FAULTS[kind].words);
	return TRUE;
}

static struct driver_connection *
fault_open(const struct driver *driver, const char *path, gboolean writable, GError **error)
{
	struct driver_connection *connection =
		sqlite_driver.open(&sqlite_driver, path, writable, error);
	struct fault_connection *c;

	if (!connection)
		return NULL;
	c = g_new0(struct fault_connection, 1);
	c->real = connection;
	c->fault = (struct driver_fault *)driver;
	c->writable = writable;
	return (struct driver_connection *)c;
}

static gboolean
fault_tune(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.tune(real(connection), error);
}

static void
fault_close(struct driver_connection *connection)
{
	sqlite_driver.close(real(connection));
	g_free(connection);
}

static struct driver_statement *
fault_prepare(struct driver_connection *connection, const char *text, GError **error)
{
	return sqlite_driver.prepare(real(connection), text, error);
}

static enum driver_step
fault_step(struct driver_connection *connection, struct driver_statement *statement, GError **error)
{
	if (strikes(connection, &own(connection)->fault->steps_before, error))
		return DRIVER_FAILED;
	return sqlite_driver.step(real(connection), statement, error);
}

static gboolean
fault_exec(struct driver_connection *connection, const char *text, GError **error)
{
	return sqlite_driver.exec(real(connection), text, error);
}

static gboolean
fault_version(struct driver_connection *connection, int *ret_version, GError **error)
{
	return sqlite_driver.version(real(connection), ret_version, error);
}

static gboolean
fault_mark(struct driver_connection *connection, int version, GError **error)
{
	return sqlite_driver.mark(real(connection), version, error);
}

static gboolean
fault_check(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.check(real(connection), error);
}

static gboolean
fault_compact(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.compact(real(connection), error);
}

static gboolean
fault_begin(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.begin(real(connection), error);
}

static gboolean
fault_begin_read(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.begin_read(real(connection), error);
}

static gboolean
fault_backup(struct driver_connection *connection, const char *path,
	     void (*tell)(gint64 done, gint64 all, gpointer data), gpointer data, GError **error)
{
	return sqlite_driver.backup(real(connection), path, tell, data, error);
}

static gboolean
fault_commit(struct driver_connection *connection, GError **error)
{
	struct driver_fault *fault = own(connection)->fault;
	int delay = __atomic_load_n(&fault->commit_delay_ms, __ATOMIC_SEQ_CST);

	if (delay)
		g_usleep(delay * 1000);
	if (strikes(connection, &fault->commits_before, error))
		return FALSE;
	if (!sqlite_driver.commit(real(connection), error))
		return FALSE;
	__atomic_fetch_add(&fault->commits, 1, __ATOMIC_SEQ_CST);
	return TRUE;
}

static void
fault_rollback(struct driver_connection *connection)
{
	sqlite_driver.rollback(own(connection)->real);
}

static gboolean
fault_savepoint(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.savepoint(real(connection), error);
}

static gboolean
fault_release(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.release(real(connection), error);
}

static gboolean
fault_rollback_to(struct driver_connection *connection, GError **error)
{
	return sqlite_driver.rollback_to(real(connection), error);
}

static gint64
fault_last_row(struct driver_connection *connection)
{
	return sqlite_driver.last_row(real(connection));
}

static gint64
fault_changes(struct driver_connection *connection)
{
	return sqlite_driver.changes(real(connection));
}

static enum driver_blame
fault_blame(struct driver_connection *connection)
{
	if (own(connection)->failed)
		return DRIVER_BLAMES_STORE;
	return sqlite_driver.blame(own(connection)->real);
}

static guint
fault_backlog(struct driver_connection *connection)
{
	return sqlite_driver.backlog(own(connection)->real);
}

static gboolean
fault_checkpoint(struct driver_connection *connection, gboolean whole, GError **error)
{
	return sqlite_driver.checkpoint(real(connection), whole, error);
}

void
driver_fault_init(struct driver_fault *fault)
{
	*fault = (struct driver_fault){ .driver = sqlite_driver, .steps_before = -1 };
	fault->driver.open = fault_open;
	fault->driver.tune = fault_tune;
	fault->driver.close = fault_close;
	fault->driver.prepare = fault_prepare;
	fault->driver.step = fault_step;
	fault->driver.exec = fault_exec;
	fault->driver.version = fault_version;
	fault->driver.mark = fault_mark;
	fault->driver.check = fault_check;
	fault->driver.compact = fault_compact;
	fault->driver.begin = fault_begin;
	fault->driver.begin_read = fault_begin_read;
	fault->driver.backup = fault_backup;
	fault->driver.commit = fault_commit;
	fault->driver.rollback = fault_rollback;
	fault->driver.savepoint = fault_savepoint;
	fault->driver.release = fault_release;
	fault->driver.rollback_to = fault_rollback_to;
	fault->driver.last_row = fault_last_row;
	fault->driver.changes = fault_changes;
	fault->driver.blame = fault_blame;
	fault->driver.backlog = fault_backlog;
	fault->driver.checkpoint = fault_checkpoint;
}

void
driver_fault_set(struct driver_fault *fault, enum fault_kind kind, gboolean steps, int before)
{
	__atomic_store_n(&fault->commits_before, steps ? -1 : before, __ATOMIC_SEQ_CST);
	__atomic_store_n(&fault->steps_before, steps ? before : -1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&fault->kind, kind, __ATOMIC_SEQ_CST);
}

void
driver_fault_clear(struct driver_fault *fault)
{
	__atomic_store_n(&fault->kind, FAULT_NONE, __ATOMIC_SEQ_CST);
}
