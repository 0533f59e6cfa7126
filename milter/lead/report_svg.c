/*
 * report_svg.c - a report as a chart: the total as bars with their figures, below it how it went
 * over the periods.
 *
 * Bars tell shares of one whole by lying over each other (leads, of them qualified, of them
 * customers).  Every bar has its figures as a tooltip; the description tells the total in words.
 */
#include "lead/report_cells.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "lead/svg.h"

#define ROW 26 /* height of one, in a list of bars */
#define ROWS_MOST 20 /* sources or owners shown */
#define LABEL 190 /* width of the names before bars */
#define COLUMNS_HEIGHT 150

/* --- what is drawn --- */

static char *
span_text(const struct report *report)
{
	const struct report_request *request = &report->request;
	GDate first, last;
	char begin[32], end[32];

	g_date_clear(&first, 1);
	g_date_clear(&last, 1);
	g_date_set_julian(&last, (guint32)(request->span.end - 1 + 719163));
	g_date_strftime(end, sizeof end, "%Y-%m-%d", &last);
	if (request->since == 0)
		return g_strdup_printf("up to %s", end);
	g_date_set_julian(&first, (guint32)(request->span.first + 719163));
	g_date_strftime(begin, sizeof begin, "%Y-%m-%d", &first);
	return strcmp(begin, end) == 0 ? g_strdup(begin) : g_strdup_printf("%s to %s", begin, end);
}

static char *
subtitle(const struct report *report)
{
	const struct report_request *request = &report->request;
	g_autofree char *span = span_text(report);
	GString *text = g_string_new(span);

	g_string_append_printf(text, " (%s)", worktime_zone(report->worktime));
	if (request->mailbox != NULL)
		g_string_append_printf(text, ", %s", request->mailbox);
	if (request->scorecard != NULL)
		g_string_append_printf(text, ", scorecard %s", request->scorecard);
	return g_string_free(text, FALSE);
}

static char *
share_text(gint64 part, gint64 of)
{
	return of > 0 ? svg_value(100.0 * (double)part / (double)of, SVG_PERCENT) : g_strdup("–");
}

static char *
sample_text(const struct report_cell *cell, guint sample, double share)
{
	return cell->samples[sample].count > 0
		       ? report_duration(report_sample_percentile(&cell->samples[sample], share))
		       : g_strdup("–");
}

static void
take_text(GString *out, double x, double y, enum svg_anchor anchor, const char *class, char *text)
{
	svg_text(out, x, y, anchor, class, text);
	g_free(text);
}

/* --- groups over all periods --- */

static void
add_cell(struct report *report, struct report_cell *sum, const struct report_cell *cell)
{
	for (guint i = 0; i < report->definition->counts; i++)
		sum->counts[i] += cell->counts[i];
	for (guint i = 0; i < report->definition->samples; i++)
		report_sample_merge(&sum->samples[i], &cell->samples[i], &report->budget);
}

static gint
compare_sums(gconstpointer one, gconstpointer other, gpointer data)
{
	const struct report_cell *a = *(struct report_cell *const *)one;
	const struct report_cell *b = *(struct report_cell *const *)other;
	guint order = *(const guint *)data;

	if (a->is_rest != b->is_rest)
		return a->is_rest ? 1 : -1;
	if (a->counts[order] != b->counts[order])
		return a->counts[order] > b->counts[order] ? -1 : 1;
	return g_strcmp0(a->group, b->group);
}

/* A cell for each group, those with most first. */
static GPtrArray *
sum_groups(struct report *report)
{
	GPtrArray *sums = g_ptr_array_new();
	guint order = report->definition->order;

	for (guint i = 0; i < report->cells->len; i++) {
		const struct report_cell *cell = report->cells->pdata[i];
		struct report_cell *sum = NULL;

		for (guint k = 0; sum == NULL && k < sums->len; k++) {
			struct report_cell *known = sums->pdata[k];

			if (known->group == cell->group && known->is_rest == cell->is_rest)
				sum = known;
		}
		if (sum == NULL) {
			sum = report_cell_new(report, 0, cell->group);
			sum->is_rest = cell->is_rest;
			g_ptr_array_add(sums, sum);
		}
		add_cell(report, sum, cell);
	}
	g_ptr_array_sort_with_data(sums, compare_sums, &order);
	return sums;
}

static void
free_sums(struct report *report, GPtrArray *sums)
{
	for (guint i = 0; i < sums->len; i++)
		report_cell_free(report, sums->pdata[i]);
	g_ptr_array_unref(sums);
}

/* --- figures by period --- */

/* Periods as labels of columns, and values for them. */
struct periods {
	int first;
	guint count;
	char **labels; /* NULL-terminated */
};

static struct periods
periods_of(const struct report *report)
{
	struct periods periods = { .first = G_MAXINT };
	int last = -1;

	for (guint i = 0; i < report->cells->len; i++) {
		const struct report_cell *cell = report->cells->pdata[i];

		periods.first = MIN(periods.first, cell->period);
		last = MAX(last, cell->period);
	}
	periods.count = last >= periods.first ? (guint)(last - periods.first + 1) : 0;
	periods.labels = g_new0(char *, periods.count + 1);
	for (guint i = 0; i < periods.count; i++)
		periods.labels[i] = report_calendar_label(report->calendar, periods.first + (int)i);
	return periods;
}

/* A count summed up by period: of one group, or (any) of all.  Caller frees. */
static double *
counts_by_period(const struct report *report, const struct periods *periods, guint index,
		 guint many)
{
	double *values = g_new0(double, MAX(periods->count, 1));

	for (guint i = 0; i < report->cells->len; i++) {
		const struct report_cell *cell = report->cells->pdata[i];

		for (guint k = 0; k < many; k++)
			values[cell->period - periods->first] += (double)cell->counts[index + k];
	}
	return values;
}

static void
draw_periods(GString *out, double *y, const char *title, const struct periods *periods,
	     const struct svg_series *series, guint count, enum svg_unit unit)
{
	const struct svg_columns columns = {
		.title = title,
		.unit = unit,
		.labels = (const char *const *)periods->labels,
		.count = periods->count,
		.series = series,
		.series_count = count,
	};

	*y = svg_columns(out, *y, COLUMNS_HEIGHT, &columns);
}

/* Three counts of the same leads, each part of the one before. */
static void
draw_nested_periods(const struct report *report, GString *out, double *y, const char *title,
		    const char *const names[3], const guint indices[3])
{
	static const char *const CLASSES[] = { "a", "b", "c" };
	struct periods periods = periods_of(report);
	struct svg_series series[3];
	double *values[3];

	for (guint i = 0; i < 3; i++) {
		values[i] = counts_by_period(report, &periods, indices[i], 1);
		series[i] = (struct svg_series){ names[i], CLASSES[i], SVG_NESTED, values[i] };
	}
	if (periods.count > 1)
		draw_periods(out, y, title, &periods, series, 3, SVG_COUNT);
	for (guint i = 0; i < 3; i++)
		g_free(values[i]);
	g_strfreev(periods.labels);
}

/* --- funnel --- */

static void
draw_stage(const struct report *report, GString *out, double y, guint stage)
{
	const struct report_cell *total = report->total;
	gint64 captured = total->counts[FUNNEL_REACHED],
	       reached = total->counts[FUNNEL_REACHED + stage];
	double left = SVG_MARGIN + 90, width = 340;
	double length = captured > 0 ? width * (double)reached / (double)captured : 0;
	g_autofree char *number = svg_value((double)reached, SVG_COUNT);
	gboolean is_inside = length > width - 60;

	svg_text(out, SVG_MARGIN, y + 16, SVG_START, "strong", report_part_name(report, stage));
	svg_bar(out, left, y + 3, width, ROW - 8, "track", NULL);
	svg_bar(out, left, y + 3, length, ROW - 8, "a", number);
	svg_text(out, is_inside ? left + length - 8 : left + length + 8, y + 16,
		 is_inside ? SVG_END : SVG_START, NULL, number);
	if (stage == STAGE_INTEREST)
		return;
	take_text(out, 536, y + 16, SVG_END, NULL,
		  share_text(reached, total->counts[FUNNEL_REACHED + stage - 1]));
	take_text(out, 622, y + 16, SVG_END, NULL,
		  share_text(reached, total->counts[FUNNEL_REACHED + STAGE_NQL]));
	take_text(out, SVG_WIDTH - SVG_MARGIN, y + 16, SVG_END, NULL,
		  sample_text(total, FUNNEL_FIRST + stage, 0.5));
}

static void
draw_funnel(struct report *report, GString *out, double *y)
{
	static const char *const NAMES[] = { "leads", "reached mql", "customers" };
	static const guint INDICES[] = { FUNNEL_REACHED + STAGE_NQL, FUNNEL_REACHED + STAGE_MQL,
					 FUNNEL_REACHED + STAGE_CUSTOMER };

	svg_text(out, SVG_MARGIN, *y + 12, SVG_START, "muted", "stage");
	svg_text(out, SVG_MARGIN + 90, *y + 12, SVG_START, "muted", "reached");
	svg_text(out, 536, *y + 12, SVG_END, "muted", "of last stage");
	svg_text(out, 622, *y + 12, SVG_END, "muted", "of leads");
	svg_text(out, SVG_WIDTH - SVG_MARGIN, *y + 12, SVG_END, "muted", "since capture");
	*y += 20;
	for (guint stage = 0; stage < REPORT_STAGES; stage++, *y += ROW)
		draw_stage(report, out, *y, stage);
	*y += 24;
	draw_nested_periods(report, out, y, "Leads by the period of capture", NAMES, INDICES);
}

/* --- sources and owners --- */

struct bars {
	double left, width;
	gint64 most;
};

/* Counts of which each is part of the one before, over each other. */
static void
draw_nested(GString *out, double y, const struct bars *bars, const struct report_cell *cell,
	    const guint *indices, const char *const *names, guint count)
{
	static const char *const CLASSES[] = { "a", "b", "c" };

	svg_bar(out, bars->left, y + 3, bars->width, ROW - 8, "track", NULL);
	for (guint i = 0; i < count; i++) {
		gint64 number = cell->counts[indices[i]];
		g_autofree char *text = svg_value((double)number, SVG_COUNT);
		g_autofree char *tip = g_strdup_printf("%s %s", text, names[i]);

		svg_bar(out, bars->left, y + 3,
			bars->width * (double)number / (double)MAX(bars->most, 1), ROW - 8,
			CLASSES[3 - count + i], tip);
	}
}

static gint64
most_of(const GPtrArray *sums, guint index)
{
	gint64 most = 0;

	for (guint i = 0; i < sums->len; i++)
		most = MAX(most, ((struct report_cell *)sums->pdata[i])->counts[index]);
	return most;
}

static void
draw_more(GString *out, double *y, guint count)
{
	if (count <= ROWS_MOST)
		return;
	take_text(out, SVG_MARGIN, *y + 14, SVG_START, "muted",
		  g_strdup_printf("and %u more", count - ROWS_MOST));
	*y += ROW;
}

static void
draw_source(const struct report *report, GString *out, double y, const struct bars *bars,
	    const struct report_cell *cell)
{
	static const guint INDICES[] = { SOURCES_LEADS, SOURCES_QUALIFIED, SOURCES_CUSTOMERS };
	static const char *const NAMES[] = { "leads", "reached mql", "customers" };
	struct report_sample *score = &cell->samples[SOURCES_SCORE];
	g_autofree char *label = report_group_label(report, cell);

	svg_label(out, SVG_MARGIN, y + 16, SVG_START, 27, label);
	draw_nested(out, y, bars, cell, INDICES, NAMES, 3);
	take_text(out, 512, y + 16, SVG_END, NULL,
		  svg_value((double)cell->counts[SOURCES_LEADS], SVG_COUNT));
	take_text(out, 582, y + 16, SVG_END, NULL,
		  share_text(cell->counts[SOURCES_QUALIFIED], cell->counts[SOURCES_LEADS]));
	take_text(out, 664, y + 16, SVG_END, NULL,
		  share_text(cell->counts[SOURCES_CUSTOMERS], cell->counts[SOURCES_LEADS]));
	take_text(out, SVG_WIDTH - SVG_MARGIN, y + 16, SVG_END, NULL,
		  score->count > 0 ? g_strdup_printf("%.1f", report_sample_percentile(score, 0.5) /
									     REPORT_SCORE_SCALE -
								     REPORT_SCORE_SHIFT)
				   : g_strdup("–"));
}

static void
draw_sources(struct report *report, GString *out, double *y)
{
	static const char *const NAMES[] = { "leads", "reached mql", "customers" };
	static const guint INDICES[] = { SOURCES_LEADS, SOURCES_QUALIFIED, SOURCES_CUSTOMERS };
	static const struct svg_series LEGEND[] = { { "leads", "a", SVG_NESTED, NULL },
						    { "of them mql", "b", SVG_NESTED, NULL },
						    { "of them customers", "c", SVG_NESTED,
						      NULL } };
	GPtrArray *sums = sum_groups(report);
	const struct bars bars = { SVG_MARGIN + LABEL, 240, most_of(sums, SOURCES_LEADS) };

	svg_legend(out, *y, LEGEND, G_N_ELEMENTS(LEGEND));
	svg_text(out, 512, *y + 10, SVG_END, "muted", "leads");
	svg_text(out, 582, *y + 10, SVG_END, "muted", "mql");
	svg_text(out, 664, *y + 10, SVG_END, "muted", "customers");
	svg_text(out, SVG_WIDTH - SVG_MARGIN, *y + 10, SVG_END, "muted", "score");
	*y += 20;
	for (guint i = 0; i < MIN(sums->len, ROWS_MOST); i++, *y += ROW)
		draw_source(report, out, *y, &bars, sums->pdata[i]);
	draw_more(out, y, sums->len);
	*y += 24;
	draw_nested_periods(report, out, y, "Leads by the period of capture", NAMES, INDICES);
	free_sums(report, sums);
}

/* A median as a bar, the 90th percentile as a mark. */
static void
draw_spread(GString *out, double y, double left, double width, double most,
	    struct report_sample *sample)
{
	double median = report_sample_percentile(sample, 0.5);
	double p90 = report_sample_percentile(sample, 0.9);
	g_autofree char *middle = report_duration(median), *slow = report_duration(p90);
	g_autofree char *tip = g_strdup_printf("median %s, 90 %% within %s", middle, slow);

	svg_bar(out, left, y + 3, width, ROW - 8, "track", NULL);
	if (sample->count == 0)
		return;
	svg_bar(out, left, y + 3, width * median / MAX(most, 1), ROW - 8, "b", tip);
	svg_bar(out, left + width * p90 / MAX(most, 1) - 1.5, y + 3, 3, ROW - 8, "mark", tip);
}

static void
draw_owner(const struct report *report, GString *out, double y, const struct bars *bars,
	   const struct report_cell *cell, double slowest)
{
	static const guint INDICES[] = { OWNERS_TAKEN, OWNERS_WON };
	static const char *const NAMES[] = { "taken", "won" };
	g_autofree char *label = report_group_label(report, cell);

	svg_label(out, SVG_MARGIN, y + 16, SVG_START, 24, label);
	draw_nested(out, y, bars, cell, INDICES, NAMES, 2);
	take_text(out, 384, y + 16, SVG_END, NULL,
		  svg_value((double)cell->counts[OWNERS_TAKEN], SVG_COUNT));
	take_text(out, 434, y + 16, SVG_END, NULL,
		  share_text(cell->counts[OWNERS_WON], cell->counts[OWNERS_TAKEN]));
	draw_spread(out, y, 452, 130, slowest, &cell->samples[RESPONSE_FIRST]);
	take_text(out, 664, y + 16, SVG_END, NULL, sample_text(cell, RESPONSE_FIRST, 0.5));
	take_text(out, SVG_WIDTH - SVG_MARGIN, y + 16, SVG_END, NULL,
		  svg_value((double)cell->counts[OWNERS_BREACHED], SVG_COUNT));
}

static void
draw_owners(struct report *report, GString *out, double *y)
{
	static const char *const NAMES[] = { "taken", "answered", "won" };
	static const guint INDICES[] = { OWNERS_TAKEN, OWNERS_ANSWERED, OWNERS_WON };
	static const struct svg_series LEGEND[] = { { "taken", "b", SVG_NESTED, NULL },
						    { "won", "c", SVG_NESTED, NULL } };
	GPtrArray *sums = sum_groups(report);
	const struct bars bars = { SVG_MARGIN + 166, 150, most_of(sums, OWNERS_TAKEN) };
	double slowest = 0;

	for (guint i = 0; i < MIN(sums->len, ROWS_MOST); i++) {
		struct report_cell *cell = sums->pdata[i];

		slowest =
			MAX(slowest, report_sample_percentile(&cell->samples[RESPONSE_FIRST], 0.9));
	}
	svg_legend(out, *y, LEGEND, G_N_ELEMENTS(LEGEND));
	svg_text(out, 384, *y + 10, SVG_END, "muted", "taken");
	svg_text(out, 434, *y + 10, SVG_END, "muted", "won");
	svg_text(out, 452, *y + 10, SVG_START, "muted", "response: median, 90 %");
	svg_text(out, 664, *y + 10, SVG_END, "muted", "median");
	svg_text(out, SVG_WIDTH - SVG_MARGIN, *y + 10, SVG_END, "muted", "breached");
	*y += 20;
	for (guint i = 0; i < MIN(sums->len, ROWS_MOST); i++, *y += ROW)
		draw_owner(report, out, *y, &bars, sums->pdata[i], slowest);
	draw_more(out, y, sums->len);
	*y += 24;
	draw_nested_periods(report, out, y, "Leads by the period they were taken in", NAMES,
			    INDICES);
	free_sums(report, sums);
}

/* --- response --- */

/* Percentiles and shares by period; negative: of nothing. */
static void
response_values(const struct report *report, const struct periods *periods, double *medians,
		double *p90s, double *shares)
{
	for (guint i = 0; i < periods->count; i++)
		medians[i] = p90s[i] = shares[i] = -1;
	for (guint i = 0; i < report->cells->len; i++) {
		const struct report_cell *cell = report->cells->pdata[i];
		struct report_sample *sample = &cell->samples[RESPONSE_FIRST];
		gint64 of = cell->counts[RESPONSE_WITHIN] + cell->counts[RESPONSE_LATE] +
			    cell->counts[RESPONSE_OVERDUE];
		int at = cell->period - periods->first;

		if (sample->count > 0) {
			medians[at] = report_sample_percentile(sample, 0.5);
			p90s[at] = report_sample_percentile(sample, 0.9);
		}
		if (of > 0)
			shares[at] = 100.0 * (double)cell->counts[RESPONSE_WITHIN] / (double)of;
	}
}

static void
draw_response_periods(const struct report *report, GString *out, double *y)
{
	struct periods periods = periods_of(report);
	guint count = MAX(periods.count, 1);
	g_autofree double *medians = g_new(double, count), *p90s = g_new(double, count);
	g_autofree double *shares = g_new(double, count);
	const struct svg_series times[] = { { "median", "b", SVG_NESTED, medians },
					    { "90 % within", "mark", SVG_MARKS, p90s } };
	const struct svg_series rates[] = { { "answered in time", "good", SVG_NESTED, shares } };

	response_values(report, &periods, medians, p90s, shares);
	if (periods.count > 1) {
		draw_periods(out, y, "First response by the period of the first message", &periods,
			     times, 2, SVG_SECONDS);
		draw_periods(out, y, "Answered by the time it was due", &periods, rates, 1,
			     SVG_PERCENT);
	}
	g_strfreev(periods.labels);
}

static void
draw_tile(GString *out, double x, double y, const char *name, char *value)
{
	svg_bar(out, x, y, 166, 54, "track", NULL);
	svg_text(out, x + 12, y + 20, SVG_START, "muted", name);
	take_text(out, x + 12, y + 43, SVG_START, "title", value);
}

static void
draw_hour(GString *out, double x, double y, double width, double height,
	  const struct report_cell *hour, guint number, gint64 most)
{
	static const char *const DAYS[] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
					    "Friday", "Saturday", "Sunday" };
	gint64 leads = hour->counts[RESPONSE_LEADS];
	g_autofree char *median = sample_text(hour, RESPONSE_FIRST, 0.5);
	g_autofree char *tip =
		g_strdup_printf("%s %02u:00: %" G_GINT64_FORMAT " leads, median first response %s",
				DAYS[number / 24], number % 24, leads, median);

	svg_bar(out, x, y, width, height, "track", leads > 0 ? NULL : tip);
	if (leads == 0)
		return;
	g_string_append_printf(out, "<g opacity=\"%.2f\">",
			       0.12 + 0.88 * sqrt((double)leads / (double)most));
	svg_bar(out, x, y, width, height, "b", tip);
	g_string_append(out, "</g>\n");
}

static void
draw_hours(const struct report *report, GString *out, double *y)
{
	static const char *const DAYS[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	double left = SVG_MARGIN + 44, width = (SVG_WIDTH - SVG_MARGIN - left) / 24, height = 18;
	gint64 most = 1;

	for (guint i = 0; i < REPORT_HOURS; i++)
		most = MAX(most, report->hours[i]->counts[RESPONSE_LEADS]);
	svg_text(out, SVG_MARGIN, *y + 12, SVG_START, "head", "First messages by hour of the week");
	*y += 24;
	for (guint i = 0; i < REPORT_HOURS; i++)
		draw_hour(out, left + width * (i % 24), *y + height * (i / 24), width - 2,
			  height - 2, report->hours[i], i, most);
	for (guint day = 0; day < 7; day++)
		svg_text(out, SVG_MARGIN, *y + height * day + 12, SVG_START, "muted", DAYS[day]);
	*y += height * 7;
	for (guint hour = 0; hour < 24; hour += 3)
		take_text(out, left + width * hour, *y + 14, SVG_START, "muted",
			  g_strdup_printf("%02u", hour));
	*y += 32;
}

static void
draw_response(struct report *report, GString *out, double *y)
{
	const struct report_cell *total = report->total;
	double step = 166 + 16;

	draw_tile(out, SVG_MARGIN, *y, "median first response",
		  sample_text(total, RESPONSE_FIRST, 0.5));
	draw_tile(out, SVG_MARGIN + step, *y, "90 % within",
		  sample_text(total, RESPONSE_FIRST, 0.9));
	draw_tile(out, SVG_MARGIN + 2 * step, *y, "answered in time",
		  share_text(total->counts[RESPONSE_WITHIN],
			     total->counts[RESPONSE_WITHIN] + total->counts[RESPONSE_LATE] +
				     total->counts[RESPONSE_OVERDUE]));
	draw_tile(out, SVG_MARGIN + 3 * step, *y, "waiting, of them overdue",
		  g_strdup_printf("%" G_GINT64_FORMAT ", %" G_GINT64_FORMAT,
				  total->counts[RESPONSE_WAITING],
				  total->counts[RESPONSE_OVERDUE]));
	*y += 54 + 28;
	draw_response_periods(report, out, y);
	draw_hours(report, out, y);
}

/* --- kinds --- */

static gint64
kind_count(const struct report_cell *cell, guint part)
{
	return cell->counts[KINDS_INBOUND + part] + cell->counts[KINDS_OUTBOUND + part] +
	       cell->counts[KINDS_INTERNAL + part];
}

static void
draw_kind(const struct report *report, GString *out, double y, guint part, gint64 most)
{
	static const struct {
		guint index;
		const char *name, *class;
	} DIRECTIONS[] = { { KINDS_INBOUND, "inbound", "b" },
			   { KINDS_OUTBOUND, "outbound", "d" },
			   { KINDS_INTERNAL, "internal", "f" } };
	double left = SVG_MARGIN + 110, width = 420, x = left;

	svg_text(out, SVG_MARGIN, y + 16, SVG_START, NULL, report_part_name(report, part));
	svg_bar(out, left, y + 3, width, ROW - 8, "track", NULL);
	for (guint i = 0; i < G_N_ELEMENTS(DIRECTIONS); i++) {
		gint64 count = report->total->counts[DIRECTIONS[i].index + part];
		double length = width * (double)count / (double)MAX(most, 1);
		g_autofree char *text = svg_value((double)count, SVG_COUNT);
		g_autofree char *tip = g_strdup_printf("%s %s", text, DIRECTIONS[i].name);

		if (count == 0)
			continue;
		svg_bar(out, x, y + 3, length, ROW - 8, DIRECTIONS[i].class, tip);
		x += length;
	}
	take_text(out, 640, y + 16, SVG_END, NULL,
		  svg_value((double)kind_count(report->total, part), SVG_COUNT));
	take_text(out, SVG_WIDTH - SVG_MARGIN, y + 16, SVG_END, "muted",
		  share_text(kind_count(report->total, part), report->total->counts[KINDS_MAILS]));
}

/* Kinds next to each other are told apart by period only where people wrote. */
static void
draw_kind_periods(const struct report *report, GString *out, double *y)
{
	static const struct {
		const char *name, *class;
		guint first, count; /* parts */
	} GROUPS[] = { { "human", "c", 0, 1 },
		       { "human_reply", "b", 1, 1 },
		       { "forward, calendar", "g", 2, 2 },
		       { "auto_reply, bounce, complaint, challenge", "d", 4, 4 },
		       { "list, newsletter", "e", 8, 2 },
		       { "notification, empty", "f", 10, 2 } };
	static const guint DIRECTIONS[] = { KINDS_INBOUND, KINDS_OUTBOUND, KINDS_INTERNAL };
	struct periods periods = periods_of(report);
	struct svg_series series[G_N_ELEMENTS(GROUPS)];
	double *values[G_N_ELEMENTS(GROUPS)];

	for (guint i = 0; i < G_N_ELEMENTS(GROUPS); i++) {
		values[i] = g_new0(double, MAX(periods.count, 1));
		for (guint d = 0; d < G_N_ELEMENTS(DIRECTIONS); d++) {
			g_autofree double *each = counts_by_period(
				report, &periods, DIRECTIONS[d] + GROUPS[i].first, GROUPS[i].count);

			for (guint k = 0; k < periods.count; k++)
				values[i][k] += each[k];
		}
		series[i] = (struct svg_series){ GROUPS[i].name, GROUPS[i].class, SVG_STACKED,
						 values[i] };
	}
	if (periods.count > 1)
		draw_periods(out, y, "Mails by period", &periods, series, G_N_ELEMENTS(GROUPS),
			     SVG_COUNT);
	for (guint i = 0; i < G_N_ELEMENTS(GROUPS); i++)
		g_free(values[i]);
	g_strfreev(periods.labels);
}

static void
draw_kinds(struct report *report, GString *out, double *y)
{
	static const struct svg_series LEGEND[] = { { "inbound", "b", SVG_STACKED, NULL },
						    { "outbound", "d", SVG_STACKED, NULL },
						    { "internal", "f", SVG_STACKED, NULL } };
	gint64 most = 0;

	for (guint part = 0; part < KIND_COUNT; part++)
		most = MAX(most, kind_count(report->total, part));
	svg_legend(out, *y, LEGEND, G_N_ELEMENTS(LEGEND));
	svg_text(out, 640, *y + 10, SVG_END, "muted", "mails");
	svg_text(out, SVG_WIDTH - SVG_MARGIN, *y + 10, SVG_END, "muted", "share");
	*y += 20;
	for (guint part = 0; part < KIND_COUNT; part++) {
		if (kind_count(report->total, part) == 0)
			continue;
		draw_kind(report, out, *y, part, most);
		*y += ROW;
	}
	*y += 24;
	draw_kind_periods(report, out, y);
}

/* --- all of it --- */

/* The total in words. */
static char *
describe(const struct report *report, const char *below)
{
	const struct report_definition *definition = report->definition;
	const struct report_column *column = definition->columns;
	GString *text = g_string_new(below);

	for (; column->name != NULL; column++) {
		double value = 0;

		if (column->type == REPORT_NUMBER)
			g_string_append_printf(text, "; %s %" G_GINT64_FORMAT, column->heading,
					       report_count(report->total, column, 0));
		if (column->type == REPORT_SPREAD &&
		    report_percentile(report->total, column, 0, 0.5, &value)) {
			g_autofree char *median = report_duration(value);

			g_string_append_printf(text, "; median %s %s", column->heading, median);
		}
	}
	for (guint part = 0; part < definition->part_count; part++) {
		gint64 count = report->request.name == REPORT_KINDS
				       ? kind_count(report->total, part)
				       : report->total->counts[FUNNEL_REACHED + part];

		g_string_append_printf(text, "; %s %" G_GINT64_FORMAT,
				       report_part_name(report, part), count);
	}
	return g_string_free(text, FALSE);
}

void
report_write_svg(struct report *report, GString *out)
{
	static void (*const DRAW[REPORT_COUNT])(struct report *, GString *, double *) = {
		[REPORT_FUNNEL] = draw_funnel, [REPORT_SOURCES] = draw_sources,
		[REPORT_OWNERS] = draw_owners, [REPORT_RESPONSE] = draw_response,
		[REPORT_KINDS] = draw_kinds,
	};
	g_autofree char *below = subtitle(report);
	g_autofree char *description = describe(report, below);
	g_autoptr(GString) body = g_string_sized_new(8192);
	double y = 84;

	svg_text(body, SVG_MARGIN, 38, SVG_START, "title", report->definition->title);
	svg_text(body, SVG_MARGIN, 58, SVG_START, "muted", below);
	DRAW[report->request.name](report, body, &y);
	svg_document(out, report->definition->name, report->definition->title, description, y,
		     body);
}
