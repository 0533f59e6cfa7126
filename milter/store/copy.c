/*
 * copy.c - see copy.h.
 *
 * How far it is stands in the target's own table `copying`: a row for each table that was begun
 * (the key of the last row copied, or that it is done) and one without a name that says of
 * what it is a copy.  It goes with the mark.
 */
#include "store/copy.h"

#include <string.h>

#include "base/error.h"
#include "store/rows.h"
#include "store/schema.h"

#define BACKLOG_MOST 8192 /* pages in the target's log: they go into its file */
#define MAKE_PROGRESS \
	"CREATE TABLE copying(name TEXT PRIMARY KEY, done INTEGER NOT NULL, last TEXT)"

struct state {
	const struct table *table;
	char *last; /* key of the last row copied, or NULL */
	gboolean begun, done;
	gboolean earlier; /* some of it was copied by a run before */
	struct rows_sum sum; /* of the rows this run copied */
};

struct copying {
	struct database *from, *to;
	const struct copy_options *options;
	struct copy_report *report;
	GPtrArray *tables; /* struct table * */
	GPtrArray *states; /* struct state *, one a table */
	gboolean repairs; /* texts must be UTF-8 */
	struct copy_progress progress;
};

static void
state_free(gpointer data)
{
	struct state *state = data;

	g_free(state->last);
	g_free(state);
}

static void
copy_table_free(gpointer data)
{
	struct copy_table *table = data;

	g_free(table->name);
	g_free(table);
}

void
copy_report_clear(struct copy_report *report)
{
	g_clear_pointer(&report->tables, g_ptr_array_unref);
}

static void
tell(gpointer data, guint count)
{
	struct copying *copying = data;

	copying->progress.done += count;
	if (copying->options->tell)
		copying->options->tell(&copying->progress, copying->options->data);
}

static gboolean
exec_about(struct database *database, const char *words, const struct table *table, GError **error)
{
	g_autofree char *text = g_strconcat(words, table->name, NULL);

	return database->driver->exec(database->connection, text, error);
}

static gboolean
count_rows(struct database *database, const struct table *table, gint64 *ret, GError **error)
{
	g_autofree char *text = g_strconcat("SELECT count(*) FROM ", table->name, NULL);

	return rows_number(database, text, 0, ret, error);
}

/* --- the target --- */

static gboolean
begin(struct database *database, GError **error)
{
	return database->driver->begin(database->connection, error);
}

static gboolean
commit_or_undo(struct database *database, gboolean done, GError **error)
{
	done = done && database->driver->commit(database->connection, error);
	if (!done)
		database->driver->rollback(database->connection);
	return done;
}

/* A new store has a row of counters, and nothing else anywhere. */
static gboolean
is_empty(struct copying *copying, gboolean *ret, GError **error)
{
	*ret = TRUE;
	for (guint i = 0; i < copying->tables->len && *ret; i++) {
		const struct table *table = copying->tables->pdata[i];
		gint64 count = 0;

		if (!count_rows(copying->to, table, &count, error))
			return FALSE;
		*ret = count == 0 || !strcmp(table->name, "tally");
	}
	return TRUE;
}

static gboolean
delete_rows(struct copying *copying, GError **error)
{
	for (guint i = 0; i < copying->tables->len; i++)
		if (!exec_about(copying->to, "DELETE FROM ", copying->tables->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean
write_state(struct copying *copying, const char *name, gboolean done, const char *last,
	    gboolean is_new, GError **error)
{
	const struct driver *driver = copying->to->driver;
	const char *text = is_new ? "INSERT INTO copying(name, done, last) VALUES(?1, ?2, ?3)"
				  : "UPDATE copying SET done=?2, last=?3 WHERE name=?1";
	struct driver_statement *statement = driver->prepare(copying->to->connection, text, error);
	gboolean written;

	if (!statement)
		return FALSE;
	driver->bind_text(statement, 1, name, TRUE);
	driver->bind_integer(statement, 2, done);
	driver->bind_text(statement, 3, last, TRUE);
	written = database_finish(copying->to, statement, error);
	driver->finalize(statement);
	return written;
}

/* All in one transaction: it is an unfinished copy, or what it was. */
static gboolean
mark_begun(struct copying *copying, gboolean has_progress, GError **error)
{
	struct database *to = copying->to;

	if (!begin(to, error))
		return FALSE;
	return commit_or_undo(
		to,
		delete_rows(copying, error) &&
			(!has_progress ||
			 to->driver->exec(to->connection, "DROP TABLE copying", error)) &&
			to->driver->exec(to->connection, MAKE_PROGRESS, error) &&
			write_state(copying, "", FALSE, copying->options->source, TRUE, error) &&
			schema_mark(to, -schema_version(), error),
		error);
}

static gboolean
begin_anew(struct copying *copying, int version, GError **error)
{
	gboolean empty;

	if (version >= 0 &&
	    (!schema_migrate(copying->to, error) || !is_empty(copying, &empty, error)))
		return FALSE;
	if (version < 0 || empty)
		return mark_begun(copying, version < 0, error);
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
		    "%s: is a store with rows in it; a copy needs a place that is empty",
		    copying->to->path);
	return FALSE;
}

/* --- going on with a copy --- */

static struct state *
state_of(struct copying *copying, const char *name)
{
	for (guint i = 0; i < copying->states->len; i++) {
		struct state *state = copying->states->pdata[i];

		if (!strcmp(state->table->name, name))
			return state;
	}
	return NULL;
}

static gboolean
read_states(struct copying *copying, char **ret_source, GError **error)
{
	struct database *to = copying->to;
	struct driver_statement *row =
		to->driver->prepare(to->connection, "SELECT name, done, last FROM copying", error);
	int got = -1;

	while (row && (got = database_next(to, row, error)) > 0) {
		const char *name = database_column_text(to, row, 0);
		struct state *state = state_of(copying, name);

		if (!*name)
			*ret_source = g_strdup(database_column_text(to, row, 2));
		if (!state)
			continue;
		state->begun = state->earlier = TRUE;
		state->done = database_column(to, row, 1) != 0;
		state->last = g_strdup(database_column_text(to, row, 2));
	}
	if (row)
		to->driver->finalize(row);
	return got == 0;
}

static gboolean
go_on(struct copying *copying, GError **error)
{
	g_autofree char *source = NULL;

	if (!read_states(copying, &source, error))
		return FALSE;
	copying->report->resumed = TRUE;
	if (!g_strcmp0(source, copying->options->source))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
		    "%s: is an unfinished copy of %s; finish that, remove it or say --anew",
		    copying->to->path, source);
	return FALSE;
}

static gboolean
prepare_target(struct copying *copying, GError **error)
{
	int version;

	if (!schema_read(copying->to, &version, error))
		return FALSE;
	if (version > schema_version())
		return schema_check(copying->to, &version, error);
	if (version < 0 && version != -schema_version()) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA,
			    "%s: is an unfinished copy by a program with schema version %d, this "
			    "one has %d; remove it and begin again",
			    copying->to->path, -version, schema_version());
		return FALSE;
	}
	if (version < 0 && !copying->options->anew)
		return go_on(copying, error);
	return begin_anew(copying, version, error);
}

/* --- copying --- */

/* Rows and how far it is, together. */
static gboolean
write_page(struct copying *copying, struct state *state, struct rows *rows, gboolean is_last,
	   GError **error)
{
	gboolean is_new = !state->begun;

	if (!begin(copying->to, error) ||
	    !commit_or_undo(copying->to,
			    rows_write(rows, copying->to, error) &&
				    write_state(copying, state->table->name, is_last, state->last,
						is_new, error),
			    error))
		return FALSE;
	state->begun = TRUE;
	state->done = is_last;
	if (copying->to->driver->backlog(copying->to->connection) < BACKLOG_MOST)
		return TRUE;
	return copying->to->driver->checkpoint(copying->to->connection, FALSE, error);
}

static gboolean
copy_pages(struct copying *copying, struct state *state, struct rows *rows, GError **error)
{
	while (!state->done) {
		int count = rows_read(rows, copying->from, state->last, error);

		if (count < 0)
			return FALSE;
		if (count > 0) {
			g_free(state->last);
			state->last = rows_last(rows);
		}
		if (copying->repairs)
			copying->report->repaired += rows_repair(rows);
		rows_add_to(rows, &state->sum);
		if (!write_page(copying, state, rows, count == 0, error))
			return FALSE;
		copying->report->written += count;
		tell(copying, count);
	}
	return TRUE;
}

static gboolean
copy_table(struct copying *copying, struct state *state, GError **error)
{
	g_autoptr(rows_owned) rows = rows_new(state->table);

	copying->progress.table = state->table->name;
	return copy_pages(copying, state, rows, error);
}

static gboolean
copy_tables(struct copying *copying, GError **error)
{
	for (guint i = 0; i < copying->states->len; i++)
		if (!copy_table(copying, copying->states->pdata[i], error))
			return FALSE;
	return TRUE;
}

/* --- verifying --- */

/* What this run copied was summed up by the way, the rest is read once more. */
static gboolean
sum_source(struct copying *copying, struct state *state, struct rows *rows, GError **error)
{
	return !state->earlier || rows_sum_up(rows, copying->from, &state->sum, copying->repairs,
					      tell, copying, error);
}

static void
report_table(struct copying *copying, const struct state *state)
{
	struct copy_table *table = g_new(struct copy_table, 1);

	table->name = g_strdup(state->table->name);
	table->rows = state->sum.rows;
	g_snprintf(table->sum, sizeof table->sum,
		   "%016" G_GINT64_MODIFIER "x%016" G_GINT64_MODIFIER "x", state->sum.high,
		   state->sum.low);
	g_ptr_array_add(copying->report->tables, table);
	copying->report->rows += table->rows;
}

static gboolean
copy_again(struct copying *copying, struct state *state, GError **error)
{
	struct database *to = copying->to;

	copying->report->again++;
	state->done = state->earlier = FALSE;
	g_clear_pointer(&state->last, g_free);
	state->sum = (struct rows_sum){ 0 };
	if (!begin(to, error) ||
	    !commit_or_undo(
		    to,
		    exec_about(to, "DELETE FROM ", state->table, error) &&
			    write_state(copying, state->table->name, FALSE, NULL, FALSE, error),
		    error))
		return FALSE;
	return copy_table(copying, state, error);
}

static gboolean
verify_once(struct copying *copying, struct state *state, gboolean *ret_same, GError **error)
{
	g_autoptr(rows_owned) rows = rows_new(state->table);
	struct rows_sum sum;

	copying->progress.table = state->table->name;
	if (!sum_source(copying, state, rows, error))
		return FALSE;
	rows_release(rows);
	if (!rows_sum_up(rows, copying->to, &sum, FALSE, tell, copying, error))
		return FALSE;
	*ret_same = rows_sum_equal(&sum, &state->sum);
	return TRUE;
}

static gboolean
verify_table(struct copying *copying, struct state *state, GError **error)
{
	gboolean had_earlier = state->earlier, same;

	if (!verify_once(copying, state, &same, error))
		return FALSE;
	if (!same && had_earlier &&
	    (!copy_again(copying, state, error) || !verify_once(copying, state, &same, error)))
		return FALSE;
	if (same) {
		report_table(copying, state);
		return TRUE;
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_STORE,
		    "%s: table %s is not what it is in the source (%s); the copy stays unfinished",
		    copying->to->path, state->table->name, copying->options->source);
	return FALSE;
}

static gboolean
verify_tables(struct copying *copying, GError **error)
{
	copying->progress.verifying = TRUE;
	for (guint i = 0; i < copying->states->len; i++)
		if (!verify_table(copying, copying->states->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean
mark_finished(struct copying *copying, GError **error)
{
	struct database *to = copying->to;

	return begin(to, error) &&
	       commit_or_undo(
		       to,
		       to->driver->exec(to->connection, "DROP TABLE copying", error) &&
			       (!to->driver->settle || to->driver->settle(to->connection, error)) &&
			       schema_mark(to, schema_version(), error),
		       error);
}

/* --- the whole --- */

/* Rows to copy, and to read once more for each side that has to be. */
static gboolean
count_all(struct copying *copying, GError **error)
{
	for (guint i = 0; i < copying->states->len; i++) {
		const struct state *state = copying->states->pdata[i];
		gint64 count, there = 0;

		if (!count_rows(copying->from, state->table, &count, error) ||
		    (state->earlier && !count_rows(copying->to, state->table, &there, error)))
			return FALSE;
		copying->progress.all += (state->earlier ? 3 : 2) * count;
		copying->progress.done += MIN(there, count);
	}
	return TRUE;
}

static gboolean
copy_in_snapshot(struct copying *copying, GError **error)
{
	gboolean done = prepare_target(copying, error) && count_all(copying, error) &&
			copy_tables(copying, error) && verify_tables(copying, error);

	copying->from->driver->rollback(copying->from->connection);
	return done && mark_finished(copying, error);
}

static void
make_states(struct copying *copying)
{
	copying->tables = tables_of_version(schema_version());
	copying->states = g_ptr_array_new_with_free_func(state_free);
	for (guint i = 0; i < copying->tables->len; i++) {
		struct state *state = g_new0(struct state, 1);

		state->table = copying->tables->pdata[i];
		g_ptr_array_add(copying->states, state);
	}
}

gboolean
copy_rows(struct database *from, struct database *to, const struct copy_options *options,
	  struct copy_report *ret, GError **error)
{
	struct copying copying = {
		.from = from,
		.to = to,
		.options = options,
		.report = ret,
		.repairs = from->driver != to->driver,
	};
	gboolean done;

	*ret = (struct copy_report){ .tables = g_ptr_array_new_with_free_func(copy_table_free) };
	if (!from->driver->begin_read(from->connection, error))
		return FALSE;
	make_states(&copying);
	done = copy_in_snapshot(&copying, error);
	g_ptr_array_unref(copying.states);
	g_ptr_array_unref(copying.tables);
	return done;
}
