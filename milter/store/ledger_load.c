/*
 * ledger_load.c - a lead's ledger with its early touches summed up; see ledger.h.
 *
 * The usual case is one row of summary and the touches after it.  Without a summary that holds (a
 * rule got another half-life, touches were merged in) the whole ledger is read once, in
 * pieces, so that a lead with a million touches takes time but no memory.
 */
#include "store/ledger.h"

#include "base/limits.h"
#include "lead/summary.h"
#include "store/people.h"

/* A damaged row is one that doesn't hold. */
static struct touch *
read_row(struct database *database, struct driver_statement *row)
{
	const char *json = database_column_text(database, row, 1);
	GPtrArray *contributions = json ? ledger_read(json) : NULL;

	if (json && !contributions)
		contributions = contributions_from_json(json, NULL);
	return summary_from_text(database_column(database, row, 0), contributions,
				 database_column_text(database, row, 2));
}

/* @return FALSE with an error; a summary that doesn't hold is none */
static gboolean
read_summary(struct database *database, gint64 lead, const struct scorecards *scorecards,
	     struct touch **ret, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_SUMMARY, error, "i", lead);
	int got = row ? database_next(database, row, error) : -1;

	if (got <= 0)
		return got == 0;
	*ret = read_row(database, row);
	database_end(database, row);
	if (*ret && !summary_is_current(*ret, scorecards))
		g_clear_pointer(ret, touch_free);
	return TRUE;
}

static gboolean
write_summary(struct database *database, gint64 lead, const struct touch *summary, GError **error)
{
	g_autofree char *contributions = contributions_to_folded_json(summary->contributions);
	g_autofree char *names = summary_names_to_text(summary->summary);

	return database_run(database, QUERY_SUMMARY_WRITE, error, "iiss", lead, summary->sequence,
			    contributions, names);
}

/* Move what was read to the ledger, and sum up what is too much. */
static gboolean
take(GPtrArray *ledger, GPtrArray *touches, const struct scorecards *scorecards)
{
	g_ptr_array_set_free_func(touches, NULL);
	g_ptr_array_extend(ledger, touches, NULL, NULL);
	return scorecards && summary_ledger(ledger, scorecards);
}

static gboolean
read_touches(struct database *database, gint64 lead, const struct scorecards *scorecards,
	     GPtrArray *ledger, gboolean *ret_changed, GError **error)
{
	gint64 after = ledger->len ? ((struct touch *)ledger->pdata[0])->sequence : 0;
	guint got;

	do {
		g_autoptr(GPtrArray) touches =
			people_touches(database, lead, after, LIMIT_LEDGER_CHUNK, error);

		if (!touches)
			return FALSE;
		got = touches->len;
		if (got)
			after = ((struct touch *)touches->pdata[got - 1])->sequence;
		*ret_changed |= take(ledger, touches, scorecards);
	} while (got == LIMIT_LEDGER_CHUNK);
	return TRUE;
}

GPtrArray *
ledger_load(struct database *database, gint64 lead, guint count,
	    const struct scorecards *scorecards, GError **error)
{
	g_autoptr(GPtrArray) ledger = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	struct touch *summary = NULL;
	gboolean changed = FALSE;

	if (scorecards && count > LIMIT_LEDGER_KEPT &&
	    !read_summary(database, lead, scorecards, &summary, error))
		return NULL;
	if (summary)
		g_ptr_array_add(ledger, summary);
	if (!read_touches(database, lead, scorecards, ledger, &changed, error) ||
	    (changed && !write_summary(database, lead, ledger->pdata[0], error)))
		return NULL;
	return g_steal_pointer(&ledger);
}

gboolean
ledger_forget_summary(struct database *database, gint64 lead, GError **error)
{
	return database_run(database, QUERY_SUMMARY_DELETE, error, "i", lead);
}
