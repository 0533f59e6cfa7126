/* partitions.c - see partitions.h. */
#include "store/partitions.h"

#include <stdarg.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "store/schema.h"

#define BLOCK_BITS 28
#define LIMIT_MS 5000 /* for an answer, but where it may take longer */
#define SHARE 8 /* of the retention: how much a part holds */
#define PATIENCE "SET LOCAL lock_timeout=300;" /* milliseconds: readers that are under way */

struct history {
	const char *name, *time; /* table, and the column that says how old a row is */
	const char *follower; /* the table that goes with it */
	int shift; /* of the number in the follower's key */
};

static const struct history HISTORIES[] = {
	[PARTITIONS_MESSAGES] = { "message", "recorded", "conversation", 0 },
	[PARTITIONS_EVENTS] = { "event", "time", "delivery", 10 },
};

/* In quotes, so that nothing of it is taken for SQLite's. */
const char *
partitions_text(void)
{
	return "DO 'DECLARE part record; BEGIN FOR part IN SELECT * FROM (VALUES "
	       "(''message'', ''number'', 28), (''conversation'', ''message'', 28), "
	       "(''event'', ''number'', 28), (''delivery'', ''id'', 38)) "
	       "AS parts(name, key, bits) LOOP "
	       "EXECUTE format(''ALTER TABLE leadmilter.%I RENAME TO %I'', part.name, "
	       "part.name||''_whole''); "
	       "EXECUTE format(''CREATE TABLE leadmilter.%I (LIKE leadmilter.%I INCLUDING ALL) "
	       "PARTITION BY RANGE (%I)'', part.name, part.name||''_whole'', part.key); "
	       "EXECUTE format(''DROP TABLE leadmilter.%I'', part.name||''_whole''); "
	       "EXECUTE format(''CREATE TABLE leadmilter.%I PARTITION OF leadmilter.%I FOR VALUES "
	       "FROM (MINVALUE) TO (%s)'', part.name||''_0'', part.name, 1::bigint<<part.bits); "
	       "EXECUTE format(''CREATE TABLE leadmilter.%I PARTITION OF leadmilter.%I DEFAULT'', "
	       "part.name||''_rest'', part.name); "
	       "END LOOP; END';";
}

/* --- asking --- */

/* The first row's first column of a text made for it, 0 without one. */
static gboolean G_GNUC_PRINTF(4, 5)
	ask(struct database *database, gint64 *ret, GError **error, const char *format, ...)
{
	const struct driver *driver = database->driver;
	struct driver_statement *statement;
	enum driver_step step = DRIVER_FAILED;
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	statement = driver->prepare(database->connection, text, error);
	if (statement)
		step = driver->step(database->connection, statement, error);
	*ret = step == DRIVER_ROW ? driver->column_integer(statement, 0) : 0;
	if (statement)
		driver->finalize(statement);
	return step != DRIVER_FAILED;
}

#define PARTS_OF \
	" FROM pg_inherits i JOIN pg_class c ON c.oid=i.inhrelid WHERE " \
	"i.inhparent=to_regclass('leadmilter.%s') AND c.relname<>'%s_rest'"

/* The number of a table's first part after `after`. @param ret -1: none */
static gboolean
next_part(struct database *database, const struct history *history, gint64 after, gint64 *ret,
	  GError **error)
{
	gint64 next;

	if (!ask(database, &next, error,
		 "SELECT min(n)+1 FROM (SELECT CAST(substr(CAST(c.relname AS TEXT), %d) AS "
		 "INTEGER) AS n" PARTS_OF ") parts WHERE n>%" G_GINT64_FORMAT,
		 (int)strlen(history->name) + 2, history->name, history->name, after))
		return FALSE;
	*ret = next - 1;
	return TRUE;
}

static gint64
begin_of(gint64 part)
{
	return part << BLOCK_BITS;
}

/* @param order "" the oldest row, "DESC" the youngest; 0 without any */
static gboolean
time_in(struct database *database, const struct history *history, gint64 part, const char *order,
	gint64 *ret, GError **error)
{
	return ask(database, ret, error,
		   "SELECT %s FROM %s WHERE number>=%" G_GINT64_FORMAT
		   " AND number<%" G_GINT64_FORMAT " ORDER BY number %s LIMIT 1",
		   history->time, history->name, part == 0 ? G_MININT64 + 1 : begin_of(part),
		   begin_of(part + 1), order);
}

static gboolean
has_open(struct database *database, const struct history *history, gint64 part, gint64 *ret,
	 GError **error)
{
	*ret = 0;
	if (history->shift == 0)
		return TRUE;
	return ask(database, ret, error,
		   "SELECT 1 WHERE EXISTS (SELECT 1 FROM %s_%" G_GINT64_FORMAT " WHERE state=0) OR "
		   "EXISTS (SELECT 1 FROM %s_%" G_GINT64_FORMAT " WHERE state=2)",
		   history->follower, part, history->follower, part);
}

/* --- changing --- */

/* Out of the history within a moment; what it held is counted later, which may take minutes. */
static gboolean
detach(struct database *database, const struct history *history, gint64 part, GError **error)
{
	g_autofree char *text = g_strdup_printf(
		PATIENCE
		"ALTER TABLE leadmilter.%s DETACH PARTITION leadmilter.%s_%" G_GINT64_FORMAT
		";ALTER TABLE leadmilter.%s DETACH PARTITION leadmilter.%s_%" G_GINT64_FORMAT,
		history->name, history->name, part, history->follower, history->follower, part);

	return database->driver->exec(database->connection, text, error);
}

static gboolean
make_next(struct database *database, const struct history *history, gint64 part, GError **error)
{
	g_autofree char *text = NULL;
	gint64 highest, first;

	if (!ask(database, &highest, error, "SELECT max(number) FROM %s", history->name))
		return FALSE;
	part = MAX(part, highest >> BLOCK_BITS) + 1;
	first = begin_of(part);
	text = g_strdup_printf(
		PATIENCE
		"CREATE TABLE leadmilter.%s_%" G_GINT64_FORMAT " PARTITION OF leadmilter.%s FOR "
		"VALUES FROM (%" G_GINT64_FORMAT ") TO (%" G_GINT64_FORMAT ");"
		"CREATE TABLE leadmilter.%s_%" G_GINT64_FORMAT " PARTITION OF leadmilter.%s FOR "
		"VALUES FROM (%" G_GINT64_FORMAT ") TO (%" G_GINT64_FORMAT ");"
		"SELECT setval(pg_get_serial_sequence('leadmilter.%s', 'number'), "
		"%" G_GINT64_FORMAT ", FALSE)",
		history->name, part, history->name, first, begin_of(part + 1), history->follower,
		part, history->follower, first << history->shift,
		begin_of(part + 1) << history->shift, history->name, first);
	return database->driver->exec(database->connection, text, error);
}

struct expiry {
	const struct history *history;
	gint64 before, turn; /* times: what is older is past, and too old for the present part */
	gint64 singly;
};

/* @param is_last the present part, which new rows go to */
static gboolean
look_at_part(struct database *database, struct expiry *expiry, gint64 part, gboolean is_last,
	     GError **error)
{
	const struct history *history = expiry->history;
	gint64 oldest, youngest, open;

	if (!time_in(database, history, part, "", &oldest, error))
		return FALSE;
	if (is_last)
		return !oldest || oldest >= expiry->turn ||
		       make_next(database, history, part, error);
	if (!time_in(database, history, part, "DESC", &youngest, error))
		return FALSE;
	if (youngest >= expiry->before)
		return TRUE;
	if (!has_open(database, history, part, &open, error))
		return FALSE;
	if (!open)
		return detach(database, history, part, error);
	expiry->singly = MAX(expiry->singly, youngest + 1);
	return TRUE;
}

static gboolean
look_at_all(struct database *database, struct expiry *expiry, GError **error)
{
	gint64 part, next, rest;

	if (!next_part(database, expiry->history, -1, &part, error))
		return FALSE;
	if (part < 0) /* made otherwise: as in a file */
		expiry->singly = expiry->before;
	for (; part >= 0; part = next)
		if (!next_part(database, expiry->history, part, &next, error) ||
		    !look_at_part(database, expiry, part, next < 0, error))
			return FALSE;
	if (!ask(database, &rest, error, "SELECT 1 FROM %s_rest LIMIT 1", expiry->history->name))
		return FALSE;
	if (rest)
		expiry->singly = expiry->before;
	return TRUE;
}

/* --- what was taken out --- */

/* Parts are taken out in one transaction and dropped in another: one that was interrupted is found
 * the next time.  @param ret its number, -1: none */
static gboolean
next_detached(struct database *database, const struct history *history, gint64 *ret, GError **error)
{
	gint64 next;

	if (!ask(database, &next, error,
		 "SELECT min(CAST(substr(CAST(c.relname AS TEXT), %d) AS INTEGER))+1 FROM pg_class "
		 "c "
		 "JOIN pg_namespace n ON n.oid=c.relnamespace WHERE n.nspname='leadmilter' AND "
		 "c.relkind='r' AND NOT c.relispartition AND c.relname ~ '^%s_[0-9]+$'",
		 (int)strlen(history->name) + 2, history->name))
		return FALSE;
	*ret = next - 1;
	return TRUE;
}

/* Statements that take the deliveries of a part out of the figures; caller frees. */
static char *
uncount_deliveries(struct database *database, gint64 part, GError **error)
{
	const struct driver *driver = database->driver;
	g_autofree char *text =
		g_strdup_printf("SELECT endpoint, count(*) FROM delivery_%" G_GINT64_FORMAT
				" WHERE state=1 GROUP BY endpoint",
				part);
	GString *changes = g_string_new(NULL);
	struct driver_statement *row = driver->prepare(database->connection, text, error);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0)
		g_string_append_printf(changes,
				       "UPDATE endpoint SET delivered=delivered-%" G_GINT64_FORMAT
				       " WHERE number=%" G_GINT64_FORMAT ";",
				       database_column(database, row, 1),
				       database_column(database, row, 0));
	if (row)
		driver->finalize(row);
	g_string_append_printf(changes,
			       "DELETE FROM journal WHERE delivery>=%" G_GINT64_FORMAT
			       " AND delivery<%" G_GINT64_FORMAT ";",
			       begin_of(part) << HISTORIES[PARTITIONS_EVENTS].shift,
			       begin_of(part + 1) << HISTORIES[PARTITIONS_EVENTS].shift);
	return g_string_free(changes, got < 0);
}

static char *
uncount_messages(gint64 count)
{
	return g_strdup_printf(
		"UPDATE tally SET messages=messages-%" G_GINT64_FORMAT " WHERE number=1;", count);
}

/* Nobody writes to it any more, so it is counted beside all other work, however long that takes. */
static gboolean
drop(struct database *database, const struct history *history, gint64 part, gint64 *ret_rows,
     GError **error)
{
	const struct driver *driver = database->driver;
	g_autofree char *figures = NULL, *text = NULL;
	gint64 count;

	driver->set_limit(database->connection, 0);
	if (ask(database, &count, error, "SELECT count(*) FROM %s_%" G_GINT64_FORMAT, history->name,
		part))
		figures = history->shift == 0 ? uncount_messages(count)
					      : uncount_deliveries(database, part, error);
	driver->set_limit(database->connection, LIMIT_MS);
	if (!figures)
		return FALSE;
	text = g_strdup_printf(PATIENCE "%sDROP TABLE leadmilter.%s_%" G_GINT64_FORMAT
					";DROP TABLE leadmilter.%s_%" G_GINT64_FORMAT,
			       figures, history->name, part, history->follower, part);
	if (!driver->exec(database->connection, text, error))
		return FALSE;
	*ret_rows += count;
	log_notice("retention: part %" G_GINT64_FORMAT " of the %ss, %" G_GINT64_FORMAT
		   " rows, was dropped",
		   part, history->name, count);
	return TRUE;
}

static gboolean
drop_detached(struct database *database, const struct history *history, gint64 *ret_rows,
	      GError **error)
{
	gint64 part;

	*ret_rows = 0;
	do {
		if (!next_detached(database, history, &part, error) ||
		    (part >= 0 && !drop(database, history, part, ret_rows, error)))
			return FALSE;
	} while (part >= 0);
	return TRUE;
}

/* --- the whole --- */

static gboolean
take_out(struct database *database, struct expiry *expiry, GError **error)
{
	const struct driver *driver = database->driver;

	if (driver->begin(database->connection, error) && look_at_all(database, expiry, error) &&
	    driver->commit(database->connection, error))
		return TRUE;
	driver->rollback(database->connection);
	return FALSE;
}

gint64
partitions_expire(struct database *database, enum partitions_of which, guint days, gint64 now,
		  gint64 *ret_singly, GError **error)
{
	struct expiry expiry = {
		.history = &HISTORIES[which],
		.before = now - days * CLOCK_DAY,
		.turn = now - MAX(days * CLOCK_DAY / SHARE, CLOCK_DAY),
	};
	gint64 rows;
	int version;

	if (!schema_check(database, &version, error) || !take_out(database, &expiry, error) ||
	    !drop_detached(database, expiry.history, &rows, error))
		return -1;
	*ret_singly = expiry.singly;
	return rows;
}
