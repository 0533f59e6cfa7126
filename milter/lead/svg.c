/* svg.c - see svg.h. */
#include "lead/svg.h"

#include <math.h>
#include <string.h>

#include "lead/report_cells.h"

#define AXIS 64 /* left of columns, for the ticks */
#define TICKS 4
#define CHARACTER 6.6 /* width of one, about, in text of 12 units */

static const char STYLE[] =
	"svg{font:12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',sans-serif;"
	"font-variant-numeric:tabular-nums}"
	"text{fill:#1b2430}.paper{fill:#fff}.title{font-size:18px;font-weight:600}"
	".head{font-size:13px;font-weight:600}.strong{font-weight:600}.muted{fill:#5a6675}"
	".grid{stroke:#e3e8ee}.axis{stroke:#9aa5b2}.track{fill:#eef1f5}"
	".a{fill:#a9c8ec}.b{fill:#4a8bd0}.c{fill:#123f77}.d{fill:#d98a00}.e{fill:#7d5bb5}"
	".f{fill:#8b95a3}.g{fill:#1f9d83}.mark{fill:#d4541b}.good{fill:#1f9d83}"
	"@media (prefers-color-scheme:dark){"
	"text{fill:#e8ecf1}.paper{fill:#14181e}.muted{fill:#a2aebb}.grid{stroke:#2b333d}"
	".axis{stroke:#6a7684}.track{fill:#212831}.a{fill:#2f5d90}.b{fill:#5c9fe6}"
	".c{fill:#c9e1fb}.d{fill:#f0b13c}.e{fill:#b59ae6}.f{fill:#7c8794}.g{fill:#3fc5a8}"
	".mark{fill:#ff8a4f}.good{fill:#3fc5a8}}";

/* --- text --- */

static gboolean
is_allowed(gunichar c)
{
	return c >= ' ' && c != 0x7f && (c < 0xfdd0 || c > 0xfdef) && (c & 0xfffe) != 0xfffe;
}

/* At most `most` characters. */
static void
append_escaped(GString *out, const char *text, guint most)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	guint left = most;

	for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at), left--) {
		gunichar c = g_utf8_get_char(at);

		if (left == 1 && *g_utf8_next_char(at) != '\0') {
			g_string_append(out, "…");
			return;
		}
		if (c == '<')
			g_string_append(out, "&lt;");
		else if (c == '>')
			g_string_append(out, "&gt;");
		else if (c == '&')
			g_string_append(out, "&amp;");
		else if (c == '"')
			g_string_append(out, "&quot;");
		else
			g_string_append_unichar(out, is_allowed(c) ? c : 0xfffd);
	}
}

/* Two decimals at most, in any locale. */
static void
append_number(GString *out, double number)
{
	char text[G_ASCII_DTOSTR_BUF_SIZE];

	g_ascii_formatd(text, sizeof text, "%.2f", number);
	if (strchr(text, '.') != NULL) {
		gsize length = strlen(text);

		while (text[length - 1] == '0')
			length--;
		text[text[length - 1] == '.' ? length - 1 : length] = '\0';
	}
	g_string_append(out, strcmp(text, "-0") == 0 ? "0" : text);
}

static void
append_attribute(GString *out, const char *name, double number)
{
	g_string_append_printf(out, " %s=\"", name);
	append_number(out, number);
	g_string_append_c(out, '"');
}

static void
begin_text(GString *out, double x, double y, enum svg_anchor anchor, const char *class)
{
	static const char *const ANCHORS[] = { NULL, "middle", "end" };

	g_string_append(out, "<text");
	append_attribute(out, "x", x);
	append_attribute(out, "y", y);
	if (ANCHORS[anchor] != NULL)
		g_string_append_printf(out, " text-anchor=\"%s\"", ANCHORS[anchor]);
	if (class != NULL)
		g_string_append_printf(out, " class=\"%s\"", class);
	g_string_append_c(out, '>');
}

void
svg_text(GString *out, double x, double y, enum svg_anchor anchor, const char *class,
	 const char *text)
{
	begin_text(out, x, y, anchor, class);
	append_escaped(out, text, G_MAXUINT);
	g_string_append(out, "</text>\n");
}

static void
append_tip(GString *out, const char *tip)
{
	g_string_append(out, "<title>");
	append_escaped(out, tip, 200);
	g_string_append(out, "</title>");
}

void
svg_label(GString *out, double x, double y, enum svg_anchor anchor, guint most, const char *text)
{
	gboolean is_long = g_utf8_strlen(text, -1) > (glong)most;

	begin_text(out, x, y, anchor, NULL);
	if (is_long)
		append_tip(out, text);
	append_escaped(out, text, most);
	g_string_append(out, "</text>\n");
}

/* --- shapes --- */

void
svg_bar(GString *out, double x, double y, double width, double height, const char *class,
	const char *tip)
{
	g_string_append(out, "<rect");
	append_attribute(out, "x", x);
	append_attribute(out, "y", y);
	append_attribute(out, "width", MAX(width, 0));
	append_attribute(out, "height", MAX(height, 0));
	g_string_append_printf(out, " class=\"%s\"", class);
	if (tip == NULL) {
		g_string_append(out, "/>\n");
		return;
	}
	g_string_append_c(out, '>');
	append_tip(out, tip);
	g_string_append(out, "</rect>\n");
}

void
svg_line(GString *out, double x1, double y1, double x2, double y2, const char *class)
{
	g_string_append(out, "<line");
	append_attribute(out, "x1", x1);
	append_attribute(out, "y1", y1);
	append_attribute(out, "x2", x2);
	append_attribute(out, "y2", y2);
	g_string_append_printf(out, " class=\"%s\"/>\n", class);
}

void
svg_document(GString *out, const char *id, const char *title, const char *description,
	     double height, const GString *body)
{
	g_string_append_printf(out,
			       "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" "
			       "height=\"%d\" viewBox=\"0 0 %d %d\" role=\"img\" "
			       "aria-labelledby=\"%s-title %s-desc\">\n<title id=\"%s-title\">",
			       SVG_WIDTH, (int)ceil(height), SVG_WIDTH, (int)ceil(height), id, id,
			       id);
	append_escaped(out, title, G_MAXUINT);
	g_string_append_printf(out, "</title>\n<desc id=\"%s-desc\">", id);
	append_escaped(out, description, G_MAXUINT);
	g_string_append_printf(out, "</desc>\n<style>%s</style>\n", STYLE);
	svg_bar(out, 0, 0, SVG_WIDTH, ceil(height), "paper", NULL);
	g_string_append_len(out, body->str, (gssize)body->len);
	g_string_append(out, "</svg>\n");
}

/* --- values --- */

static char *
with_commas(gint64 number)
{
	GString *text = g_string_new(NULL);
	gint from;

	g_string_printf(text, "%" G_GINT64_FORMAT, number);
	from = number < 0 ? 1 : 0;
	for (gint at = (gint)text->len - 3; at > from; at -= 3)
		g_string_insert_c(text, at, ',');
	return g_string_free(text, FALSE);
}

char *
svg_value(double value, enum svg_unit unit)
{
	if (unit == SVG_SECONDS)
		return report_duration(value);
	if (unit == SVG_PERCENT) {
		char text[G_ASCII_DTOSTR_BUF_SIZE];

		return g_strconcat(g_ascii_formatd(text, sizeof text, "%.1f", value), " %", NULL);
	}
	return with_commas(llround(value));
}

/* --- columns --- */

/* A round step, so that a few of them reach `most`. */
static double
step_of(double most, enum svg_unit unit)
{
	static const double TIMES[] = { 15,     60,     300,     900,     1800,    3600,
					7200,   14400,  21600,   43200,   86400,   172800,
					432000, 604800, 1209600, 2592000, 5184000, 7776000 };
	double least = most / TICKS, power;

	if (unit == SVG_PERCENT)
		return 25;
	for (guint i = 0; unit == SVG_SECONDS && i < G_N_ELEMENTS(TIMES); i++)
		if (TIMES[i] >= least)
			return TIMES[i];
	power = pow(10, floor(log10(MAX(least, 1))));
	for (double factor = 1; factor <= 10; factor = factor == 2 ? 5 : factor * 2)
		if (factor * power >= least)
			return factor * power;
	return 10 * power;
}

static char *
tick_label(double value, enum svg_unit unit)
{
	if (unit == SVG_PERCENT)
		return g_strdup_printf("%.0f %%", value);
	if (unit == SVG_COUNT)
		return with_commas(llround(value));
	if (value == 0)
		return g_strdup("0");
	if (value < 60)
		return g_strdup_printf("%.0f s", value);
	if (value < 3600)
		return g_strdup_printf("%.0f min", value / 60);
	if (value < 86400)
		return g_strdup_printf("%g h", value / 3600);
	return g_strdup_printf("%g d", value / 86400);
}

static double
most_of(const struct svg_columns *columns)
{
	double most = columns->unit == SVG_PERCENT ? 100 : 0;

	for (guint i = 0; i < columns->count; i++) {
		double stack = 0;

		for (guint s = 0; s < columns->series_count; s++) {
			const struct svg_series *series = &columns->series[s];
			double value = MAX(series->values[i], 0);

			stack = series->kind == SVG_STACKED ? stack + value : stack;
			most = MAX(most, series->kind == SVG_STACKED ? stack : value);
		}
	}
	return most;
}

struct frame {
	double left, bottom, height, width; /* width: of a column with its gap */
	double most; /* what the height stands for */
};

static void
draw_axis(GString *out, const struct svg_columns *columns, const struct frame *frame, double step)
{
	guint ticks = (guint)llround(frame->most / step);

	for (guint i = 0; i <= ticks; i++) {
		double y = frame->bottom - frame->height * i / ticks;
		g_autofree char *label = tick_label(step * i, columns->unit);

		svg_line(out, frame->left, y, SVG_WIDTH - SVG_MARGIN, y, i ? "grid" : "axis");
		svg_text(out, frame->left - 8, y + 4, SVG_END, "muted", label);
	}
}

static void
draw_column(GString *out, const struct svg_columns *columns, const struct frame *frame, guint i)
{
	double width = frame->width > 6 ? MIN(frame->width * 0.72, 46) : frame->width;
	double x = frame->left + frame->width * i + (frame->width - width) / 2, below = 0;

	for (guint s = 0; s < columns->series_count; s++) {
		const struct svg_series *series = &columns->series[s];
		double value = series->values[i];
		double height = frame->height * MAX(value, 0) / frame->most;
		g_autofree char *text = svg_value(value, columns->unit);
		g_autofree char *tip =
			g_strdup_printf("%s: %s %s", columns->labels[i], series->name, text);

		if (value < 0 || (value == 0 && series->kind != SVG_MARKS))
			continue;
		if (series->kind == SVG_MARKS)
			svg_bar(out, x, frame->bottom - height - 1.5, width, 3, series->class, tip);
		else
			svg_bar(out, x, frame->bottom - below - height, width, height,
				series->class, tip);
		if (series->kind == SVG_STACKED)
			below += height;
	}
}

/* As many labels as there is room for. */
static void
draw_labels(GString *out, const struct svg_columns *columns, const struct frame *frame)
{
	double room = CHARACTER * (double)(g_utf8_strlen(columns->labels[0], -1) + 2);
	guint every = (guint)MAX(ceil(room / frame->width), 1);

	for (guint i = 0; i < columns->count; i += every)
		svg_text(out, frame->left + frame->width * (i + 0.5), frame->bottom + 18,
			 SVG_MIDDLE, "muted", columns->labels[i]);
}

double
svg_columns(GString *out, double y, double height, const struct svg_columns *columns)
{
	double most = MAX(most_of(columns), 1), step = step_of(most, columns->unit);
	struct frame frame = {
		.left = SVG_MARGIN + AXIS,
		.height = height,
		.most = ceil(most / step) * step,
	};

	svg_text(out, SVG_MARGIN, y + 12, SVG_START, "head", columns->title);
	y = svg_legend(out, y + 22, columns->series, columns->series_count);
	frame.bottom = y + 8 + height;
	frame.width = (SVG_WIDTH - SVG_MARGIN - frame.left) / MAX(columns->count, 1);
	draw_axis(out, columns, &frame, step);
	for (guint i = 0; i < columns->count; i++)
		draw_column(out, columns, &frame, i);
	if (columns->count > 0)
		draw_labels(out, columns, &frame);
	return frame.bottom + 36;
}

double
svg_legend(GString *out, double y, const struct svg_series *series, guint count)
{
	double x = SVG_MARGIN;

	for (guint i = 0; i < count; i++) {
		double width = 18 + CHARACTER * (double)g_utf8_strlen(series[i].name, -1) + 18;

		if (x > SVG_MARGIN && x + width > SVG_WIDTH - SVG_MARGIN) {
			x = SVG_MARGIN;
			y += 18;
		}
		svg_bar(out, x, y, 11, 11, series[i].class, NULL);
		svg_text(out, x + 17, y + 10, SVG_START, "muted", series[i].name);
		x += width;
	}
	return y + 18;
}
