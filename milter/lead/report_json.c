/* report_json.c - a report as JSON: conf/schemas/report-*.schema.json. */
#include "lead/report_cells.h"

#include "base/limits.h"
#include "lead/json.h"

#define SHARE_DECIMALS 4
#define SECONDS_DECIMALS 1
#define SCORE_DECIMALS 2

static const char *const BY[] = { "source",   "mailbox",   "tag", "form", "campaign",
				  "referrer", "forwarder", NULL,  NULL };

static void
write_optional(GString *out, const char *key, gboolean has, double value, guint decimals)
{
	if (has)
		json_number(out, key, value, decimals);
	else
		json_null(out, key);
}

static void
write_spread(GString *out, const struct report_cell *cell, const struct report_column *column,
	     guint part)
{
	double median = 0, p90 = 0;
	gboolean has = report_percentile(cell, column, part, 0.5, &median) &&
		       report_percentile(cell, column, part, 0.9, &p90);

	json_open(out, column->name, '{');
	json_integer(out, "count", cell->samples[column->index + part].count);
	write_optional(out, "median_seconds", has, median, SECONDS_DECIMALS);
	write_optional(out, "p90_seconds", has, p90, SECONDS_DECIMALS);
	json_close(out, '}');
}

static void
write_figures(GString *out, const struct report_cell *cell, const struct report_column *column,
	      guint part)
{
	for (; column->name != NULL; column++) {
		double value = 0;
		gboolean has;

		switch (column->type) {
		case REPORT_NUMBER:
			json_integer(out, column->name, report_count(cell, column, part));
			break;
		case REPORT_SHARE:
			has = report_share(cell, column, part, &value);
			write_optional(out, column->name, has, value, SHARE_DECIMALS);
			break;
		case REPORT_SCORE:
			has = report_percentile(cell, column, part, 0.5, &value);
			write_optional(out, column->name, has, value, SCORE_DECIMALS);
			break;
		case REPORT_SPREAD:
			write_spread(out, cell, column, part);
			break;
		}
	}
}

static void
write_period(const struct report *report, GString *out, const struct report_cell *cell)
{
	gboolean whole = cell == report->total;
	g_autofree char *label =
		whole ? g_strdup("all") : report_calendar_label(report->calendar, cell->period);
	gint64 begin = report->request.since, end = report->request.until;

	if (!whole)
		report_calendar_bounds(report->calendar, cell->period, &begin, &end);
	json_string(out, "period", label, LIMIT_NAME);
	json_time(out, "begin", begin);
	json_time(out, "end", end);
}

static void
write_group(const struct report *report, GString *out, const struct report_cell *cell)
{
	if (report->definition->group == NULL)
		return;
	json_string(out, report->definition->group, cell->group, LIMIT_EVENT_VALUE);
	if (report->request.name == REPORT_SOURCES)
		json_boolean(out, "rest", cell->is_rest);
	if (report->request.name == REPORT_OWNERS)
		json_string(out, "name",
			    cell->group != NULL ? g_hash_table_lookup(report->names, cell->group)
						: NULL,
			    LIMIT_EVENT_VALUE);
}

static void
write_row(const struct report *report, GString *out, const char *key,
	  const struct report_cell *cell)
{
	const struct report_definition *definition = report->definition;

	json_open(out, key, '{');
	write_period(report, out, cell);
	write_group(report, out, cell);
	write_figures(out, cell, definition->columns, 0);
	if (definition->parts != NULL) {
		json_open(out, definition->parts, '[');
		for (guint part = 0; part < definition->part_count; part++) {
			json_open(out, NULL, '{');
			json_string(out, definition->part, report_part_name(report, part),
				    LIMIT_NAME);
			write_figures(out, cell, definition->part_columns, part);
			json_close(out, '}');
		}
		json_close(out, ']');
	}
	json_close(out, '}');
}

static void
write_hours(const struct report *report, GString *out)
{
	static const struct report_column MEDIAN = { "",    "", REPORT_SPREAD, RESPONSE_FIRST,
						     { 0 }, 0,  FALSE,         0 };

	json_open(out, "hours", '[');
	for (guint i = 0; i < REPORT_HOURS; i++) {
		const struct report_cell *hour = report->hours[i];
		double median = 0;
		gboolean has = report_percentile(hour, &MEDIAN, 0, 0.5, &median);

		json_open(out, NULL, '{');
		json_integer(out, "weekday", i / 24 + 1);
		json_integer(out, "hour", i % 24);
		json_integer(out, "leads", hour->counts[RESPONSE_LEADS]);
		json_integer(out, "answered", hour->counts[RESPONSE_ANSWERED]);
		write_optional(out, "median_seconds", has, median, SECONDS_DECIMALS);
		json_close(out, '}');
	}
	json_close(out, ']');
}

void
report_write_json(struct report *report, GString *out)
{
	const struct report_request *request = &report->request;

	json_open(out, NULL, '{');
	json_string(out, "report", report->definition->name, LIMIT_NAME);
	json_time(out, "generated", request->now);
	json_string(out, "time_zone", worktime_zone(report->worktime), LIMIT_NAME);
	json_string(out, "period", report_period_name(request->period), LIMIT_NAME);
	json_time(out, "since", request->since);
	json_time(out, "until", request->until);
	json_string(out, "mailbox", request->mailbox, LIMIT_EVENT_VALUE);
	json_string(out, "scorecard", request->scorecard, LIMIT_EVENT_VALUE);
	json_string(out, "by", request->by < G_N_ELEMENTS(BY) ? BY[request->by] : NULL, LIMIT_NAME);
	json_string(out, "percentiles", report->budget.is_spent ? "approximate" : "exact",
		    LIMIT_NAME);
	if (report->hours != NULL)
		write_hours(report, out);
	json_open(out, "rows", '[');
	for (guint i = 0; i < report->cells->len; i++)
		write_row(report, out, NULL, report->cells->pdata[i]);
	json_close(out, ']');
	write_row(report, out, "total", report->total);
	json_close(out, '}');
}
