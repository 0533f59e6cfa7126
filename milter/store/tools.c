/*
 * tools.c - see tools.h.
 *
 * A store that is a file is written to by who holds its lock (lock.h); who only reads and needs it
 * at rest tries the lock without making one.  Files are made beside their place, are synchronised
 * and then renamed.  What root makes here belongs to who owns the directory, so that the
 * daemon can open it.
 */
#include "store/tools.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "store/lock.h"
#include "store/postgres.h"
#include "store/rows.h"
#include "store/schema.h"
#include "store/sqlite.h"

#define BACKUP_MODE 0600
#define STORE_MODE 0640
#define FIRST_WITH_HOSTS 3 /* schema version */

enum use {
	USE_READ, /* whoever writes meanwhile */
	USE_READ_ALONE,
	USE_WRITE
};

struct place {
	char *path;
	int lock; /* descriptor, -1 none */
	struct database *database;
};

static void
place_close(struct place *place)
{
	database_close(place->database);
	if (place->lock >= 0)
		close(place->lock);
	g_free(place->path);
	*place = (struct place){ .lock = -1 };
}
typedef struct place place_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(place_owned, place_close)

static const struct driver *
driver_of(const char *where, const char **ret_path)
{
	*ret_path = g_str_has_prefix(where, "sqlite:") ? where + 7 : where;
	return postgres_is_url(where) ? &postgres_driver : &sqlite_driver;
}

static gboolean
is_file(const struct driver *driver)
{
	return !driver->is_server;
}

/* "user:secret@hosts" without ":secret". */
static void
append_hosts(GString *name, const char *text, gsize length)
{
	const char *at = memrchr(text, '@', length);
	const char *colon = at ? memchr(text, ':', at - text) : NULL;

	if (colon) {
		g_string_append_len(name, text, colon - text);
		g_string_append_len(name, at, text + length - at);
	} else {
		g_string_append_len(name, text, length);
	}
}

/* "?a=1&password=secret" without the password. */
static void
append_options(GString *name, const char *text)
{
	g_auto(GStrv) options = g_strsplit(text, "&", -1);
	gboolean any = FALSE;

	for (guint i = 0; options[i]; i++) {
		if (g_str_has_prefix(options[i], "password=") ||
		    g_str_has_prefix(options[i], "sslpassword="))
			continue;
		g_string_append_printf(name, "%c%s", any ? '&' : '?', options[i]);
		any = TRUE;
	}
}

char *
tools_name(const char *where)
{
	const char *scheme = strstr(where, "://");
	const char *hosts = scheme ? scheme + 3 : NULL;
	gsize length = hosts ? strcspn(hosts, "/?") : 0;
	GString *name;
	const char *path;

	if (!hosts) {
		driver_of(where, &path);
		return g_canonicalize_filename(path, NULL);
	}
	name = g_string_new_len(where, hosts - where);
	append_hosts(name, hosts, length);
	path = hosts + length;
	g_string_append_len(name, path, strcspn(path, "?"));
	if (strchr(path, '?'))
		append_options(name, strchr(path, '?') + 1);
	return g_string_free(name, FALSE);
}

/* --- opening --- */

static gboolean
fail_system(const char *path, GError **error)
{
	g_set_error(error, LEADMILTER_ERROR, errno == ENOSPC ? ERROR_STORE_FULL : ERROR_STORE,
		    "%s: %s", path, g_strerror(errno));
	return FALSE;
}

/* What root makes for the daemon. */
static gboolean
give_away(int fd, const char *like, GError **error)
{
	struct stat info;

	if (geteuid() != 0 || stat(like, &info) < 0)
		return TRUE;
	return fchown(fd, info.st_uid, info.st_gid) == 0 || fail_system(like, error);
}

/* An empty file that nobody else can have put there. @return TRUE when it is made */
static gboolean
make_file(const char *path, mode_t mode, const char *like, GError **error)
{
	int fd;
	gboolean made;

	if (unlink(path) < 0 && errno != ENOENT)
		return fail_system(path, error);
	fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return fail_system(path, error);
	made = fchmod(fd, mode) == 0 || fail_system(path, error);
	made = made && (!like || give_away(fd, like, error));
	close(fd);
	return made;
}

/* The place of a store that is made now: its directory says whose it is. */
static gboolean
make_store_file(const char *path, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);

	return g_file_test(path, G_FILE_TEST_EXISTS) ||
	       make_file(path, STORE_MODE, directory, error);
}

/* Who never was written to has no lock file. */
static gboolean
is_at_rest(struct place *place, GError **error)
{
	g_autofree char *name = g_strconcat(place->path, ".lock", NULL);

	place->lock = open(name, O_RDONLY | O_CLOEXEC);
	if (place->lock < 0 && errno == ENOENT)
		return TRUE;
	if (place->lock < 0)
		return fail_system(name, error);
	if (flock(place->lock, LOCK_EX | LOCK_NB) == 0)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
		    "%s: is being written to; stop the daemon first, or use `leadctl backup`",
		    place->path);
	return FALSE;
}

static gboolean
take_place(struct place *place, const struct driver *driver, enum use use, GError **error)
{
	gboolean alone;

	if (!is_file(driver))
		return TRUE;
	if (use == USE_WRITE)
		return lock_take(place->path, FALSE, &place->lock, &alone, error) &&
		       make_store_file(place->path, error);
	if (access(place->path, R_OK) < 0)
		return fail_system(place->path, error);
	return use == USE_READ || is_at_rest(place, error);
}

static gboolean
place_open(struct place *place, const char *where, enum use use, GError **error)
{
	const char *path;
	const struct driver *driver = driver_of(where, &path);

	place->path = g_strdup(path);
	place->lock = -1;
	if (!take_place(place, driver, use, error))
		return FALSE;
	place->database = database_open(driver, path, use == USE_WRITE, error);
	if (place->database && driver->is_server) /* what concerns all rows takes its time */
		driver->set_limit(place->database->connection, 0);
	return place->database != NULL;
}

static gboolean
tune(struct place *place, GError **error)
{
	return place->database->driver->tune(place->database->connection, error);
}

/* Daemons on hosts that share a store say in it until when they are there (hosts.h). */
static gboolean
nobody_serves(struct place *place, int version, GError **error)
{
	const struct driver *driver = place->database->driver;
	struct driver_statement *row;
	int got = -1;

	if (is_file(driver) || version < FIRST_WITH_HOSTS)
		return TRUE;
	row = driver->prepare(place->database->connection,
			      "SELECT name FROM host WHERE until>=unixepoch() LIMIT 1", error);
	if (row)
		got = database_next(place->database, row, error);
	if (got > 0)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
			    "%s: the daemon on %s serves it; stop it first (one that was killed "
			    "counts for some seconds more)",
			    place->database->path, database_column_text(place->database, row, 0));
	if (row)
		driver->finalize(row);
	return got == 0;
}

/* One that is there, and that this program knows. */
static gboolean
open_known(struct place *place, const char *where, enum use use, int *ret_version, GError **error)
{
	if (!place_open(place, where, use, error) ||
	    !schema_check(place->database, ret_version, error))
		return FALSE;
	if (*ret_version > 0)
		return (use == USE_READ || nobody_serves(place, *ret_version, error)) &&
		       tune(place, error);
	g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "%s: there is no store",
		    place->database->path);
	return FALSE;
}

static gboolean
open_newest(struct place *place, const char *where, enum use use, GError **error)
{
	int version;

	if (!open_known(place, where, use, &version, error))
		return FALSE;
	if (version == schema_version())
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
		    "%s: has schema version %d, this program has %d; run `leadctl store migrate` "
		    "first",
		    place->database->path, version, schema_version());
	return FALSE;
}

/* --- copy --- */

static gboolean
copy_between(struct place *from, struct place *to, const char *source,
	     const struct copy_options *options, struct copy_report *ret, GError **error)
{
	struct copy_options own = *options;
	int version;

	own.source = source;
	return schema_read(to->database, &version, error) && tune(to, error) &&
	       copy_rows(from->database, to->database, &own, ret, error);
}

gboolean
tools_copy(const char *from, const char *to, const struct copy_options *options,
	   struct copy_report *ret, GError **error)
{
	g_auto(place_owned) source = { .lock = -1 }, target = { .lock = -1 };
	g_autofree char *name = tools_name(from), *other = tools_name(to);

	if (!strcmp(name, other)) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: is both source and target",
			    name);
		return FALSE;
	}
	return open_newest(&source, from, USE_READ_ALONE, error) &&
	       place_open(&target, to, USE_WRITE, error) &&
	       copy_between(&source, &target, name, options, ret, error);
}

/* --- migration --- */

gboolean
tools_migrate(const char *where, gboolean dry_run, struct tools_migration *ret, GError **error)
{
	g_auto(place_owned) place = { .lock = -1 };
	gint64 began;

	if (!open_known(&place, where, USE_WRITE, &ret->before, error))
		return FALSE;
	began = g_get_monotonic_time();
	if (dry_run ? !schema_try(place.database, error) : !schema_migrate(place.database, error))
		return FALSE;
	ret->after = schema_version();
	ret->duration = g_get_monotonic_time() - began;
	return TRUE;
}

/* --- looking through --- */

gboolean
tools_verify(const char *where, const struct verify_options *options, struct verify_report *ret,
	     GError **error)
{
	g_auto(place_owned) place = { .lock = -1 };

	return open_newest(&place, where, options->repair ? USE_WRITE : USE_READ, error) &&
	       verify_store(place.database, options, ret, error);
}

/* --- files --- */

static gboolean
sync_path(const char *path, int flags, GError **error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | flags);
	gboolean done = fd >= 0 && fsync(fd) == 0;

	if (!done)
		fail_system(path, error);
	if (fd >= 0)
		close(fd);
	return done;
}

static gboolean
sync_directory(const char *path, GError **error)
{
	g_autofree char *directory = g_path_get_dirname(path);

	return sync_path(directory, O_DIRECTORY, error);
}

static gboolean
put_in_place(const char *made, const char *path, GError **error)
{
	if (!sync_path(made, 0, error))
		return FALSE;
	if (rename(made, path) < 0)
		return fail_system(path, error);
	return sync_directory(path, error);
}

static void
remove_store_file(const char *path)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", "-journal", ".lock" };

	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *name = g_strconcat(path, suffixes[i], NULL);

		unlink(name);
	}
}

/* --- backup --- */

struct telling {
	const struct copy_options *options;
	const char *name;
};

static void
tell_pages(gint64 done, gint64 all, gpointer data)
{
	const struct telling *telling = data;
	const struct copy_progress progress = { telling->name, FALSE, done, all };

	if (telling->options->tell)
		telling->options->tell(&progress, telling->options->data);
}

/* The rows into a file, and that into one that stands alone. */
static gboolean
save_rows(struct place *from, const char *where, const char *file,
	  const struct copy_options *options, GError **error)
{
	g_autofree char *rows = g_strconcat(file, ".rows", NULL);
	g_autofree char *name = tools_name(where);
	g_auto(place_owned) to = { .lock = -1 };
	struct copy_report report = { 0 };
	gboolean done = make_file(rows, BACKUP_MODE, NULL, error) &&
			place_open(&to, rows, USE_WRITE, error) &&
			copy_between(from, &to, name, options, &report, error);

	copy_report_clear(&report);
	done = done && sqlite_driver.backup(to.database->connection, file, NULL, NULL, error);
	place_close(&to);
	remove_store_file(rows);
	return done;
}

static gboolean
save(struct place *from, const char *where, const char *file, const struct copy_options *options,
     GError **error)
{
	const struct driver *driver = from->database->driver;
	struct telling telling = { options, "pages" };

	if (!make_file(file, BACKUP_MODE, NULL, error))
		return FALSE;
	if (is_file(driver))
		return driver->backup(from->database->connection, file, tell_pages, &telling,
				      error);
	return save_rows(from, where, file, options, error);
}

/* A backup that can't be read is none. */
static gboolean
look_at_backup(const char *file, int *ret_schema, gint64 *ret_leads, GError **error)
{
	g_auto(place_owned) place = { .lock = -1 };

	return open_known(&place, file, USE_READ_ALONE, ret_schema, error) &&
	       database_check(place.database, error) &&
	       rows_number(place.database, "SELECT count(*) FROM lead WHERE merged_into IS NULL", 0,
			   ret_leads, error);
}

gboolean
tools_backup(const char *where, const char *file, const struct copy_options *options,
	     struct tools_backup *ret, GError **error)
{
	g_auto(place_owned) from = { .lock = -1 };
	g_autofree char *partial = g_strconcat(file, ".partial", NULL);
	struct stat info;
	gboolean done = open_newest(&from, where, USE_READ, error) &&
			save(&from, where, partial, options, error) &&
			look_at_backup(partial, &ret->schema, &ret->leads, error) &&
			put_in_place(partial, file, error);

	if (!done)
		remove_store_file(partial);
	ret->bytes = done && stat(file, &info) == 0 ? info.st_size : 0;
	return done;
}

/* --- restore --- */

static char *
name_aside(const char *path, char separator)
{
	g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(clock_now() / CLOCK_SECOND);
	g_autofree char *time = g_date_time_format(now, "%Y%m%dt%H%M%Sz");

	return g_strdup_printf("%s%creplaced_%s", path, separator, time);
}

/* All of it into the file, so that its log is empty; a damaged one may refuse, and takes its log
 * with it. */
static void
settle_log(const char *path)
{
	g_auto(place_owned) place = { .lock = -1 };
	int version;

	place.database = database_open(&sqlite_driver, path, TRUE, NULL);
	if (place.database && schema_read(place.database, &version, NULL) && tune(&place, NULL))
		sqlite_driver.checkpoint(place.database->connection, TRUE, NULL);
}

static gboolean
rename_if_there(const char *from, const char *to, const char *suffix, GError **error)
{
	g_autofree char *old = g_strconcat(from, suffix, NULL);
	g_autofree char *new = g_strconcat(to, suffix, NULL);

	return rename(old, new) == 0 || errno == ENOENT || fail_system(old, error);
}

/* The old file gets a second name first and loses its own to the new one in one step, so that there
 * is a store at every moment. */
static gboolean
exchange(const char *made, const char *path, const char *aside, GError **error)
{
	if (link(path, aside) < 0)
		return fail_system(aside, error);
	return rename_if_there(path, aside, "-wal", error) &&
	       rename_if_there(path, aside, "-shm", error) && put_in_place(made, path, error);
}

static gboolean
restore_file(struct place *from, struct place *to, const struct copy_options *options,
	     char **ret_aside, GError **error)
{
	g_autofree char *made = g_strconcat(to->path, ".restoring", NULL);
	g_autofree char *directory = g_path_get_dirname(to->path);
	gboolean is_there = g_file_test(to->path, G_FILE_TEST_EXISTS), done;
	struct telling telling = { options, "pages" };

	done = make_file(made, STORE_MODE, is_there ? to->path : directory, error) &&
	       from->database->driver->backup(from->database->connection, made, tell_pages,
					      &telling, error);
	if (done && is_there) {
		*ret_aside = name_aside(to->path, '.');
		settle_log(to->path);
		done = exchange(made, to->path, *ret_aside, error);
	} else if (done) {
		done = put_in_place(made, to->path, error);
	}
	if (!done)
		remove_store_file(made);
	return done;
}

/* What is there goes aside in one step; the rows are copied to the free place, which is marked as
 * unfinished until they are there. */
static gboolean
clear_place(struct place *to, char **ret_aside, GError **error)
{
	const struct driver *driver = to->database->driver;
	g_autofree char *suffix = name_aside("", '_');
	int version;

	if (!schema_read(to->database, &version, error))
		return FALSE;
	if (version <= 0)
		return TRUE;
	if (!nobody_serves(to, version, error) || !driver->begin(to->database->connection, error))
		return FALSE;
	if (driver->set_aside(to->database->connection, suffix + 1, error) &&
	    driver->commit(to->database->connection, error)) {
		*ret_aside = g_strconcat("the schema leadmilter", suffix, NULL);
		return TRUE;
	}
	driver->rollback(to->database->connection);
	return FALSE;
}

/* Rows can only be copied from a store of the same schema: an older backup is brought up to date
 * in a file of its own. */
static gboolean
restore_rows(struct place *from, const char *where, const struct copy_options *options,
	     char **ret_aside, GError **error)
{
	g_autofree char *file = g_strconcat(from->path, ".restoring", NULL);
	g_autofree char *name = tools_name(from->path);
	g_auto(place_owned) source = { .lock = -1 }, to = { .lock = -1 };
	struct copy_report report = { 0 };
	gboolean done = make_file(file, BACKUP_MODE, NULL, error) &&
			from->database->driver->backup(from->database->connection, file, NULL, NULL,
						       error) &&
			place_open(&source, file, USE_WRITE, error) && tune(&source, error) &&
			schema_migrate(source.database, error) &&
			place_open(&to, where, USE_WRITE, error) &&
			clear_place(&to, ret_aside, error) &&
			copy_between(&source, &to, name, options, &report, error);

	copy_report_clear(&report);
	place_close(&source);
	remove_store_file(file);
	return done;
}

gboolean
tools_restore(const char *file, const char *where, const struct copy_options *options,
	      struct tools_restored *ret, GError **error)
{
	g_auto(place_owned) from = { .lock = -1 }, to = { .lock = -1 };
	const char *path;
	const struct driver *driver = driver_of(where, &path);
	gboolean alone;

	*ret = (struct tools_restored){ 0 };
	if (!look_at_backup(file, &ret->schema, &ret->leads, error) ||
	    !open_known(&from, file, USE_READ_ALONE, &ret->schema, error))
		return FALSE;
	if (!is_file(driver))
		return restore_rows(&from, where, options, &ret->aside, error);
	to.path = g_strdup(path);
	return lock_take(path, FALSE, &to.lock, &alone, error) &&
	       restore_file(&from, &to, options, &ret->aside, error);
}
