/* database.c - see database.h. */
#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/error.h"
#include "store/lock.h"

#define FILE_MODE 0640 /* personal data; leadctl reads as a member of the group */

/* SQLite would make it readable for all; its -wal and -shm take over the mode. */
static gboolean
make_file(const char *path, GError **error)
{
	int fd = lock_new_file(path), why;

	if (fd < 0 && errno == EEXIST)
		fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, FILE_MODE);
	why = errno;
	if (fd >= 0) {
		close(fd);
		return TRUE;
	}
	g_set_error(error, LEADMILTER_ERROR, why == ENOSPC ? ERROR_STORE_FULL : ERROR_STORE,
		    "%s: %s", path, g_strerror(why));
	return FALSE;
}

struct database *
database_open(const struct driver *driver, const char *path, gboolean writable, GError **error)
{
	struct driver_connection *connection;
	struct database *database;

	if (writable && !driver->is_server && !make_file(path, error))
		return NULL;
	connection = driver->open(driver, path, writable, error);
	if (!connection)
		return NULL;
	database = g_new0(struct database, 1);
	database->driver = driver;
	database->connection = connection;
	database->path = driver->label ? driver->label(path) : g_strdup(path);
	return database;
}

void
database_close(struct database *database)
{
	if (!database)
		return;
	for (guint i = 0; i < QUERY_COUNT; i++)
		if (database->statements[i])
			database->driver->finalize(database->statements[i]);
	database->driver->close(database->connection);
	g_free(database->path);
	g_free(database);
}

struct driver_statement *
database_statement(struct database *database, enum query query, GError **error)
{
	if (!database->statements[query]) {
		g_autofree char *text = queries_text(query);

		database->statements[query] =
			database->driver->prepare(database->connection, text, error);
	}
	return database->statements[query];
}

static void
bind(const struct driver *driver, struct driver_statement *statement, const char *types,
     va_list args)
{
	for (int n = 1; *types; types++, n++) {
		const void *blob;

		switch (*types) {
		case 'i':
			driver->bind_integer(statement, n, va_arg(args, gint64));
			break;
		case 'n':
			driver->bind_integer(statement, n, va_arg(args, int));
			break;
		case 'r':
			driver->bind_real(statement, n, va_arg(args, double));
			break;
		case 's':
			driver->bind_text(statement, n, va_arg(args, const char *), TRUE);
			break;
		case 'b':
			blob = va_arg(args, const void *);
			driver->bind_blob(statement, n, blob, va_arg(args, gsize));
			break;
		default:
			g_assert_not_reached();
		}
	}
}

struct driver_statement *
database_select(struct database *database, enum query query, GError **error, const char *types, ...)
{
	struct driver_statement *statement = database_statement(database, query, error);
	va_list args;

	if (!statement)
		return NULL;
	va_start(args, types);
	bind(database->driver, statement, types, args);
	va_end(args);
	return statement;
}

int
database_next(struct database *database, struct driver_statement *statement, GError **error)
{
	enum driver_step step = database->driver->step(database->connection, statement, error);

	if (step == DRIVER_ROW)
		return 1;
	database->driver->reset(statement);
	return step == DRIVER_DONE ? 0 : -1;
}

void
database_end(struct database *database, struct driver_statement *statement)
{
	database->driver->reset(statement);
}

gboolean
database_finish(struct database *database, struct driver_statement *statement, GError **error)
{
	enum driver_step step = database->driver->step(database->connection, statement, error);

	database->driver->reset(statement);
	return step != DRIVER_FAILED;
}

gboolean
database_run(struct database *database, enum query query, GError **error, const char *types, ...)
{
	struct driver_statement *statement = database_statement(database, query, error);
	va_list args;

	if (!statement)
		return FALSE;
	va_start(args, types);
	bind(database->driver, statement, types, args);
	va_end(args);
	return database_finish(database, statement, error);
}

gboolean
database_integer(struct database *database, enum query query, gint64 otherwise, gint64 *ret,
		 GError **error, const char *types, ...)
{
	struct driver_statement *statement = database_statement(database, query, error);
	va_list args;
	int got;

	if (!statement)
		return FALSE;
	va_start(args, types);
	bind(database->driver, statement, types, args);
	va_end(args);
	got = database_next(database, statement, error);
	if (got < 0)
		return FALSE;
	*ret = got ? database->driver->column_integer(statement, 0) : otherwise;
	if (got)
		database_end(database, statement);
	return TRUE;
}

gboolean
database_add_numbers(struct database *database, struct driver_statement *statement, GArray *numbers,
		     GError **error)
{
	int got = -1;

	while (statement && (got = database_next(database, statement, error)) > 0) {
		gint64 number = database_column(database, statement, 0);

		g_array_append_val(numbers, number);
	}
	return got == 0;
}

GArray *
database_numbers(struct database *database, struct driver_statement *statement, GError **error)
{
	GArray *numbers = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (database_add_numbers(database, statement, numbers, error))
		return numbers;
	g_array_unref(numbers);
	return NULL;
}

gint64
database_column(struct database *database, struct driver_statement *statement, int n)
{
	return database->driver->column_integer(statement, n);
}

double
database_column_real(struct database *database, struct driver_statement *statement, int n)
{
	return database->driver->column_real(statement, n);
}

const char *
database_column_text(struct database *database, struct driver_statement *statement, int n)
{
	return database->driver->column_text(statement, n);
}

gboolean
database_foresee(struct database *database, gboolean on)
{
	if (!database->driver->foresee)
		return FALSE;
	database->driver->foresee(database->connection, on);
	return TRUE;
}

gboolean
database_check(struct database *database, GError **error)
{
	return database->driver->check(database->connection, error);
}
