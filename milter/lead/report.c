/*
 * report.c - see report.h: what is asked, and the cells that figures are counted in.
 *
 * So many cells are kept apart as LIMIT_REPORT_CELLS says; sources or owners that come when there
 * are more are counted with the rest.  Of the others, those with most stand singly, so many as are
 * asked for, when the report is finished.
 */
#include "lead/report_cells.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#define LIMIT_SHOWN_GROUPS 1000
#define SHOWN_GROUPS 50

/* --- what is asked --- */

static const char *const BY[] = { "source",   "mailbox",  "tag",      "form",
				  "campaign", "referrer", "forwarder" };

const char *
report_name(enum report_name name)
{
	return REPORTS[name].name;
}

static gboolean
refuse(GError **error, const char *what, const char *expected)
{
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: expected %s", what, expected);
	return FALSE;
}

static gboolean
read_bound(const char *what, const char *text, const struct report *report, gint64 today,
	   struct report_span *ret, GError **error)
{
	if (report_span_read(text, report->worktime, today, ret, error))
		return TRUE;
	g_prefix_error(error, "%s: ", what);
	return FALSE;
}

/* @param ret_open there is no beginning */
static gboolean
read_span(struct report *report, const struct report_query *query, gboolean *ret_open,
	  GError **error)
{
	gint64 today = worktime_day(report->worktime, report->request.now);
	struct report_span since = { 0, 0 }, until = { today + 1, 0 },
			   *span = &report->request.span;

	*ret_open = query->since == NULL && query->during == NULL;
	if (query->during != NULL && (query->since != NULL || query->until != NULL))
		return refuse(error, "during", "no since or until beside it");
	if (query->during != NULL)
		return read_bound("during", query->during, report, today, span, error);
	if ((query->since != NULL &&
	     !read_bound("since", query->since, report, today, &since, error)) ||
	    (query->until != NULL &&
	     !read_bound("until", query->until, report, today, &until, error)))
		return FALSE;
	*span = (struct report_span){ since.first, until.first };
	return since.first < until.first ||
	       refuse(error, "until", "a day after that of since: it is not part of the span");
}

static gboolean
read_by(struct report *report, const char *text, GError **error)
{
	struct report_request *request = &report->request;

	request->by = report->definition->by;
	if (text == NULL)
		return TRUE;
	if (request->name == REPORT_KINDS) {
		request->by = REPORT_BY_MAILBOX;
		return strcmp(text, BY[REPORT_BY_MAILBOX]) == 0 || refuse(error, "by", "mailbox");
	}
	for (guint i = 0; request->name == REPORT_SOURCES && i < G_N_ELEMENTS(BY); i++) {
		if (strcmp(text, BY[i]) == 0) {
			request->by = (enum report_by)i;
			return TRUE;
		}
	}
	return refuse(error, "by",
		      request->name == REPORT_SOURCES
			      ? "source, mailbox, tag, form, campaign, referrer or forwarder"
			      : "nothing: that is for sources and kinds");
}

static gboolean
read_limit(struct report *report, const char *text, GError **error)
{
	guint64 limit = SHOWN_GROUPS;

	if (text != NULL &&
	    !g_ascii_string_to_unsigned(text, 10, 1, LIMIT_SHOWN_GROUPS, &limit, NULL))
		return refuse(error, "limit", "a number from 1 to 1000");
	report->request.limit = (guint)limit;
	return TRUE;
}

/* An empty word is none: forms of the page send those. */
static char *
word(const char *text)
{
	return text != NULL && *text != '\0' ? g_strdup(text) : NULL;
}

static gboolean
read_query(struct report *report, const struct report_query *query, gboolean *ret_open,
	   GError **error)
{
	struct report_request *request = &report->request;

	request->mailbox = word(query->mailbox);
	request->scorecard = word(query->scorecard);
	if (query->period != NULL && !report_period_from_name(query->period, &request->period))
		return refuse(error, "period", "day, week, month or all");
	if (request->scorecard != NULL && request->name == REPORT_KINDS)
		return refuse(error, "scorecard", "nothing: mail is counted before it is scored");
	return read_by(report, query->by, error) && read_limit(report, query->limit, error) &&
	       read_span(report, query, ret_open, error);
}

/* --- cells --- */

struct report_cell *
report_cell_new(const struct report *report, int period, const char *group)
{
	struct report_cell *cell = g_new0(struct report_cell, 1);

	cell->period = period;
	cell->group = group;
	cell->counts = g_new0(gint64, report->definition->counts);
	cell->samples = g_new0(struct report_sample, report->definition->samples);
	return cell;
}

void
report_cell_free(const struct report *report, struct report_cell *cell)
{
	if (cell == NULL)
		return;
	for (guint i = 0; i < report->definition->samples; i++)
		report_sample_clear(&cell->samples[i]);
	g_free(cell->counts);
	g_free(cell->samples);
	g_free(cell);
}

static guint
hash_cell(gconstpointer key)
{
	const struct report_cell *cell = key;

	return g_direct_hash(cell->group) * 31 + (guint)cell->period * 2 + (guint)cell->is_rest;
}

static gboolean
is_same_cell(gconstpointer one, gconstpointer other)
{
	const struct report_cell *a = one, *b = other;

	return a->period == b->period && a->group == b->group && a->is_rest == b->is_rest;
}

/* The report's own copy, the same for the same text. */
static const char *
keep_group(struct report *report, const char *group)
{
	const char *kept = group != NULL ? g_hash_table_lookup(report->groups, group) : NULL;
	char *copy;

	if (group == NULL || kept != NULL)
		return kept;
	copy = g_strdup(group);
	g_hash_table_add(report->groups, copy);
	return copy;
}

static gboolean
is_known(const struct report *report, const char *group)
{
	return group == NULL || g_hash_table_contains(report->groups, group);
}

struct report_cell *
report_cell_get(struct report *report, int period, const char *group)
{
	gboolean is_full = report->cells->len >= LIMIT_REPORT_CELLS;
	struct report_cell key = { .period = period,
				   .is_rest = is_full && !is_known(report, group) };
	struct report_cell *cell;

	if (report->definition->group == NULL && report->request.period == REPORT_ALL)
		return report->total;
	key.group = key.is_rest ? NULL : keep_group(report, group);
	cell = g_hash_table_lookup(report->by_key, &key);
	if (cell != NULL)
		return cell;
	if (is_full && key.group != NULL) {
		key = (struct report_cell){ .period = period, .is_rest = TRUE };
		cell = g_hash_table_lookup(report->by_key, &key);
	}
	if (cell == NULL) {
		cell = report_cell_new(report, period, key.group);
		cell->is_rest = key.is_rest;
		g_hash_table_add(report->by_key, cell);
		g_ptr_array_add(report->cells, cell);
	}
	return cell;
}

/* --- the report --- */

static struct report *
begin(const char *name, const struct worktime *worktime, gint64 now)
{
	struct report *report;

	for (guint i = 0; i < REPORT_COUNT; i++) {
		if (strcmp(name, REPORTS[i].name) != 0)
			continue;
		report = g_new0(struct report, 1);
		report->definition = &REPORTS[i];
		report->worktime = worktime;
		report->request.name = (enum report_name)i;
		report->request.now = now;
		report->budget.left = LIMIT_REPORT_SAMPLES;
		report->groups = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
		report->by_key = g_hash_table_new(hash_cell, is_same_cell);
		report->cells = g_ptr_array_new();
		report->names = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
		report->total = report_cell_new(report, 0, NULL);
		return report;
	}
	return NULL;
}

static void
open_hours(struct report *report)
{
	report->hours = g_new0(struct report_cell *, REPORT_HOURS);
	for (guint i = 0; i < REPORT_HOURS; i++)
		report->hours[i] = report_cell_new(report, (int)i, NULL);
}

struct report *
report_new(const char *name, const struct report_query *query, const struct worktime *worktime,
	   gint64 now, GError **error)
{
	struct report *report = begin(name, worktime, now);
	gboolean open = FALSE;

	if (report == NULL) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND,
			    "no report \"%.40s\": there are funnel, sources, owners, response and "
			    "kinds",
			    name);
		return NULL;
	}
	if (!read_query(report, query, &open, error)) {
		report_free(report);
		return NULL;
	}
	report->calendar =
		report_calendar_new(worktime, report->request.period, &report->request.span, open);
	report->request.since = report_calendar_begin(report->calendar);
	report->request.until = report_calendar_end(report->calendar);
	if (report->request.name == REPORT_RESPONSE)
		open_hours(report);
	return report;
}

void
report_free(struct report *report)
{
	if (report == NULL)
		return;
	for (guint i = 0; i < report->cells->len; i++)
		if (report->cells->pdata[i] != report->total)
			report_cell_free(report, report->cells->pdata[i]);
	for (guint i = 0; report->hours != NULL && i < REPORT_HOURS; i++)
		report_cell_free(report, report->hours[i]);
	report_cell_free(report, report->total);
	g_free(report->hours);
	g_ptr_array_unref(report->cells);
	g_hash_table_unref(report->by_key);
	g_hash_table_unref(report->groups);
	g_hash_table_unref(report->names);
	g_clear_pointer(&report->work, g_array_unref);
	g_clear_pointer(&report->work_before, g_array_unref);
	report_calendar_free(report->calendar);
	g_free(report->request.mailbox);
	g_free(report->request.scorecard);
	g_free(report);
}

const struct report_request *
report_request(const struct report *report)
{
	return &report->request;
}

/* --- finishing --- */

/* By period, then those with most first, then by name; the rest last. */
static gint
compare_cells(gconstpointer one, gconstpointer other, gpointer data)
{
	const struct report_cell *a = *(struct report_cell *const *)one;
	const struct report_cell *b = *(struct report_cell *const *)other;
	const struct report *report = data;
	guint order = report->definition->order;

	if (a->period != b->period)
		return a->period < b->period ? -1 : 1;
	if (a->is_rest != b->is_rest)
		return a->is_rest ? 1 : -1;
	if (a->counts[order] != b->counts[order])
		return a->counts[order] > b->counts[order] ? -1 : 1;
	return g_strcmp0(a->group, b->group);
}

static void
add_to_rest(struct report *report, struct report_cell *rest, const struct report_cell *cell)
{
	for (guint i = 0; i < report->definition->counts; i++)
		rest->counts[i] += cell->counts[i];
	for (guint i = 0; i < report->definition->samples; i++)
		report_sample_merge(&rest->samples[i], &cell->samples[i], &report->budget);
}

/* Ordered cells in, those of a period after `limit` made one out. */
static void
join_rest(struct report *report)
{
	GPtrArray *cells = report->cells;
	struct report_cell *rest = NULL;
	guint kept = 0, in_period = 0;

	for (guint i = 0; i < cells->len; i++) {
		struct report_cell *cell = cells->pdata[i];

		if (i == 0 || cell->period != ((struct report_cell *)cells->pdata[i - 1])->period)
			in_period = 0;
		if (++in_period <= report->request.limit) {
			cells->pdata[kept++] = cell;
			continue;
		}
		if (in_period == report->request.limit + 1) {
			rest = cell;
			rest->is_rest = TRUE;
			rest->group = NULL;
			cells->pdata[kept++] = rest;
			continue;
		}
		add_to_rest(report, rest, cell);
		/* its place in the array must not be read again: the period of it may */
		report_cell_free(report, cell);
		cells->pdata[i] = rest;
	}
	g_ptr_array_set_size(cells, (gint)kept);
}

/* Periods without anything are rows, too, from the beginning or else the first that has any. */
static gboolean
fill_periods(struct report *report, GError **error)
{
	int first = report->request.since != 0 ? 0 : G_MAXINT;
	int count = report_calendar_count(report->calendar);

	for (guint i = 0; i < report->cells->len; i++)
		first = MIN(first, ((struct report_cell *)report->cells->pdata[i])->period);
	if (first < count && count - first > LIMIT_REPORT_PERIODS) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "period: %d of them are more than a report may have (%d); ask for "
			    "longer ones, or say since",
			    count - first, LIMIT_REPORT_PERIODS);
		return FALSE;
	}
	if (report->definition->group != NULL && report->request.by != REPORT_BY_NOTHING)
		return TRUE;
	for (int period = first; period < count; period++)
		report_cell_get(report, period, NULL);
	return TRUE;
}

static void
name_owners(struct report *report, const struct owners *owners)
{
	for (guint i = 0; owners != NULL && i < report->cells->len; i++) {
		const struct report_cell *cell = report->cells->pdata[i];
		const struct owner *owner =
			cell->group != NULL ? owners_find(owners, cell->group) : NULL;

		if (owner != NULL && owner->name != NULL)
			g_hash_table_insert(report->names, (gpointer)cell->group,
					    g_strdup(owner->name));
	}
}

gboolean
report_finish(struct report *report, const struct owners *owners, GError **error)
{
	if (report->definition->group == NULL && report->request.period == REPORT_ALL) {
		g_ptr_array_add(report->cells, report->total);
		return TRUE;
	}
	if (!fill_periods(report, error))
		return FALSE;
	g_ptr_array_sort_with_data(report->cells, compare_cells, report);
	g_hash_table_remove_all(report->by_key);
	join_rest(report);
	if (report->request.name == REPORT_OWNERS)
		name_owners(report, owners);
	return TRUE;
}

/* --- showing --- */

static const char *const FORMATS[] = { "table", "csv", "json", "svg" };

gboolean
report_format_from_name(const char *name, enum report_format *ret)
{
	for (guint i = 0; i < G_N_ELEMENTS(FORMATS); i++) {
		if (strcmp(name, FORMATS[i]) == 0) {
			*ret = (enum report_format)i;
			return TRUE;
		}
	}
	return FALSE;
}

GString *
report_show(struct report *report, enum report_format format)
{
	static void (*const WRITE[])(struct report *, GString *) = {
		[REPORT_TABLE] = report_write_table,
		[REPORT_CSV] = report_write_csv,
		[REPORT_JSON] = report_write_json,
		[REPORT_SVG] = report_write_svg,
	};
	GString *out = g_string_sized_new(4096);

	WRITE[format](report, out);
	return out;
}
