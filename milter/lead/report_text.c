/*
 * report_text.c - a report as a table for people, and as CSV.
 *
 * CSV is RFC 4180's: lines end with CRLF, a field with a comma, quote or line end is quoted.  Names
 * of sources come out of other people's mail: one that a spreadsheet would take for a formula (it
 * begins with =, +, -, @, wide ones too, a tab or a carriage return) gets an apostrophe in front.
 * Figures never begin with one of those but the minus of a score.
 */
#include "lead/report_cells.h"

#include <string.h>

#define LABEL_MOST 40 /* characters of a source or owner in a table */

/* --- a grid of texts --- */

struct grid {
	GPtrArray *cells; /* char * */
	guint columns; /* of one row; as many as the first one has */
	guint texts; /* so many of them are texts, the others figures */
};

static void
grid_add(struct grid *grid, char *text)
{
	g_ptr_array_add(grid->cells, text);
}

static const char *
grid_at(const struct grid *grid, guint row, guint column)
{
	return g_ptr_array_index(grid->cells, row * grid->columns + column);
}

static guint
grid_rows(const struct grid *grid)
{
	return grid->columns > 0 ? grid->cells->len / grid->columns : 0;
}

/* --- for people --- */

static char *
people_share(gboolean has, double value)
{
	return has ? g_strdup_printf("%.1f %%", value * 100) : g_strdup("-");
}

static char *
people_duration(gboolean has, double value)
{
	return has ? report_duration(value) : g_strdup("-");
}

static void
add_people_figures(struct grid *grid, const struct report_cell *cell,
		   const struct report_column *column, guint part)
{
	for (; column->name != NULL; column++) {
		double value = 0;
		gboolean has;

		switch (column->type) {
		case REPORT_NUMBER:
			grid_add(grid, g_strdup_printf("%" G_GINT64_FORMAT,
						       report_count(cell, column, part)));
			break;
		case REPORT_SHARE:
			has = report_share(cell, column, part, &value);
			grid_add(grid, people_share(has, value));
			break;
		case REPORT_SCORE:
			has = report_percentile(cell, column, part, 0.5, &value);
			grid_add(grid, has ? g_strdup_printf("%.1f", value) : g_strdup("-"));
			break;
		case REPORT_SPREAD:
			has = report_has(column, part) &&
			      report_percentile(cell, column, part, 0.5, &value);
			grid_add(grid, people_duration(has, value));
			has = has && report_percentile(cell, column, part, 0.9, &value);
			grid_add(grid, people_duration(has, value));
			break;
		}
	}
}

static void
add_people_headings(struct grid *grid, const struct report_column *column)
{
	for (; column->name != NULL; column++) {
		grid_add(grid, g_strdup(column->heading));
		if (column->type == REPORT_SPREAD)
			grid_add(grid, g_strdup("90 %"));
	}
}

static char *
period_label(const struct report *report, const struct report_cell *cell)
{
	return cell == report->total && report->request.period != REPORT_ALL
		       ? g_strdup("total")
		       : report_calendar_label(report->calendar, cell->period);
}

static gboolean
is_grouped(const struct report *report)
{
	return report->definition->group != NULL && report->request.by != REPORT_BY_NOTHING;
}

/* What comes from others must not move the cursor of a terminal. */
static char *
plain_label(const struct report *report, const struct report_cell *cell)
{
	char *label = report_group_label(report, cell);

	for (char *at = label; *at != '\0'; at++)
		if ((guchar)*at < ' ' || *at == 0x7f)
			*at = ' ';
	if (g_utf8_validate(label, -1, NULL) && g_utf8_strlen(label, -1) > LABEL_MOST) {
		g_autofree char *cut = g_utf8_substring(label, 0, LABEL_MOST - 1);

		g_free(label);
		label = g_strconcat(cut, "…", NULL);
	}
	return label;
}

static void
add_people_row(const struct report *report, struct grid *grid, const struct report_cell *cell)
{
	const struct report_definition *definition = report->definition;
	guint parts = definition->parts != NULL ? definition->part_count : 1;

	for (guint part = 0; part < parts; part++) {
		if (definition->parts != NULL && !report_has_part(report, cell, part))
			continue;
		grid_add(grid, period_label(report, cell));
		if (is_grouped(report))
			grid_add(grid, plain_label(report, cell));
		if (definition->parts != NULL)
			grid_add(grid, g_strdup(report_part_name(report, part)));
		add_people_figures(grid, cell,
				   definition->parts != NULL ? definition->part_columns
							     : definition->columns,
				   part);
	}
}

static struct grid
people_grid(const struct report *report)
{
	const struct report_definition *definition = report->definition;
	struct grid grid = { g_ptr_array_new_with_free_func(g_free), 0, 1 };

	grid_add(&grid, g_strdup("period"));
	if (is_grouped(report))
		grid_add(&grid, g_strdup(definition->group));
	if (definition->parts != NULL)
		grid_add(&grid, g_strdup(definition->part));
	grid.texts = grid.cells->len;
	add_people_headings(&grid, definition->parts != NULL ? definition->part_columns
							     : definition->columns);
	grid.columns = grid.cells->len;
	for (guint i = 0; i < report->cells->len; i++)
		add_people_row(report, &grid, report->cells->pdata[i]);
	if (is_grouped(report) || report->request.period != REPORT_ALL)
		add_people_row(report, &grid, report->total);
	return grid;
}

static void
write_grid(const struct grid *grid, GString *out)
{
	g_autofree glong *widths = g_new0(glong, grid->columns);

	for (guint i = 0; i < grid->cells->len; i++)
		widths[i % grid->columns] =
			MAX(widths[i % grid->columns], g_utf8_strlen(grid->cells->pdata[i], -1));
	for (guint row = 0; row < grid_rows(grid); row++) {
		for (guint column = 0; column < grid->columns; column++) {
			const char *text = grid_at(grid, row, column);
			int blanks = (int)(widths[column] - g_utf8_strlen(text, -1));

			if (column >= grid->texts)
				g_string_append_printf(out, "%*s", blanks, "");
			g_string_append(out, text);
			if (column < grid->texts)
				g_string_append_printf(out, "%*s", blanks, "");
			g_string_append(out, column + 1 < grid->columns ? "  " : "\n");
		}
	}
}

/* What a row says besides its parts. */
static void
write_sums(const struct report *report, GString *out)
{
	const struct report_column *column = report->definition->columns;

	for (; column->name != NULL; column++)
		g_string_append_printf(out, "%s%s %" G_GINT64_FORMAT,
				       column == report->definition->columns ? "" : ", ",
				       column->heading, report_count(report->total, column, 0));
	g_string_append_c(out, '\n');
}

void
report_write_table(struct report *report, GString *out)
{
	struct grid grid = people_grid(report);

	write_grid(&grid, out);
	if (report->definition->parts != NULL)
		write_sums(report, out);
	if (report->budget.is_spent)
		g_string_append(out, "medians and percentiles are within 0.4 %\n");
	g_ptr_array_unref(grid.cells);
}

/* --- CSV --- */

/* In some languages a spreadsheet takes the wide signs for the same. */
static gboolean
begins_formula(const char *text)
{
	static const gunichar SIGNS[] = { '=',  '+',    '-',    '@',    '\t',
					  '\r', 0xff1d, 0xff0b, 0xff0d, 0xff20 };
	gunichar first = g_utf8_get_char_validated(text, -1);
	guint i = 0;

	while (i < G_N_ELEMENTS(SIGNS) && SIGNS[i] != first)
		i++;
	return i < G_N_ELEMENTS(SIGNS);
}

static void
write_field(GString *out, const char *text)
{
	gboolean is_formula = begins_formula(text);

	if (!is_formula && strpbrk(text, ",\"\r\n") == NULL) {
		g_string_append(out, text);
		return;
	}
	g_string_append(out, is_formula ? "\"'" : "\"");
	for (; *text != '\0'; text++) {
		if (*text == '"')
			g_string_append_c(out, '"');
		g_string_append_c(out, *text);
	}
	g_string_append_c(out, '"');
}

static void
write_next(GString *out, const char *text)
{
	g_string_append_c(out, ',');
	if (text != NULL)
		write_field(out, text);
}

static void
write_decimals(GString *out, gboolean has, double value, const char *format)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_string_append_c(out, ',');
	if (has)
		g_string_append(out, g_ascii_formatd(text, sizeof text, format, value));
}

static void
write_csv_figures(GString *out, const struct report_cell *cell, const struct report_column *column,
		  guint part)
{
	for (; column->name != NULL; column++) {
		double value = 0;
		gboolean has;

		switch (column->type) {
		case REPORT_NUMBER:
			g_string_append_printf(out, ",%" G_GINT64_FORMAT,
					       report_count(cell, column, part));
			break;
		case REPORT_SHARE:
			has = report_share(cell, column, part, &value);
			write_decimals(out, has, value, "%.4f");
			break;
		case REPORT_SCORE:
			has = report_percentile(cell, column, part, 0.5, &value);
			write_decimals(out, has, value, "%.2f");
			break;
		case REPORT_SPREAD:
			g_string_append_printf(out, ",%u",
					       cell->samples[column->index + part].count);
			has = report_percentile(cell, column, part, 0.5, &value);
			write_decimals(out, has, value, "%.1f");
			has = report_percentile(cell, column, part, 0.9, &value);
			write_decimals(out, has, value, "%.1f");
			break;
		}
	}
}

static void
write_csv_headings(GString *out, const struct report_column *column)
{
	for (; column->name != NULL; column++) {
		if (column->type == REPORT_SPREAD)
			g_string_append_printf(out, ",%s_count,%s_median_seconds,%s_p90_seconds",
					       column->name, column->name, column->name);
		else
			g_string_append_printf(out, ",%s", column->name);
	}
}

static void
write_csv_key(const struct report *report, GString *out, const struct report_cell *cell)
{
	g_autofree char *label = report_calendar_label(report->calendar, cell->period);

	g_string_append(out, label);
	if (report->definition->group != NULL)
		write_next(out, cell->is_rest ? "(rest)" : cell->group);
	if (report->request.name == REPORT_OWNERS)
		write_next(out, cell->group != NULL
					? g_hash_table_lookup(report->names, cell->group)
					: NULL);
}

static void
write_csv_row(const struct report *report, GString *out, const struct report_cell *cell)
{
	const struct report_definition *definition = report->definition;

	for (guint part = 0; part < MAX(definition->part_count, 1); part++) {
		if (definition->parts != NULL && !report_has_part(report, cell, part))
			continue;
		write_csv_key(report, out, cell);
		if (definition->parts != NULL)
			write_next(out, report_part_name(report, part));
		write_csv_figures(out, cell,
				  definition->parts != NULL ? definition->part_columns
							    : definition->columns,
				  part);
		g_string_append(out, "\r\n");
	}
}

/* Without the total: who adds up a column shall not count everything twice. */
void
report_write_csv(struct report *report, GString *out)
{
	const struct report_definition *definition = report->definition;

	g_string_append(out, "period");
	if (definition->group != NULL)
		write_next(out, definition->group);
	if (report->request.name == REPORT_OWNERS)
		write_next(out, "name");
	if (definition->parts != NULL)
		write_next(out, definition->part);
	write_csv_headings(out, definition->parts != NULL ? definition->part_columns
							  : definition->columns);
	g_string_append(out, "\r\n");
	for (guint i = 0; i < report->cells->len; i++)
		write_csv_row(report, out, report->cells->pdata[i]);
}
