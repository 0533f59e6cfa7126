/*
 * svg.h - drawing charts as SVG 1.1: text, bars, a chart of columns.
 *
 * What is drawn needs nothing from outside and runs nothing: no script, no link, no font.  Colours
 * are classes of one style sheet with a light and a dark set (prefers-color-scheme).  Any text may
 * be given: markup in it is escaped, what XML doesn't allow becomes U+FFFD.  Pure; any thread.
 */
#ifndef LEADMILTER_SVG_H
#define LEADMILTER_SVG_H

#include <glib.h>

#define SVG_WIDTH 760 /* of every chart, in units of its view box */
#define SVG_MARGIN 24

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/** A document around what was drawn. @param title, description for who can't see it
 *  @param id made part of ids, so that several can stand in one page */
void svg_document(GString *out, const char *id, const char *title, const char *description,
		  double height, const GString *body);

/** @param class of the style sheet: "title", "muted", "strong" …, or NULL */
void svg_text(GString *out, double x, double y, enum svg_anchor anchor, const char *class,
	      const char *text);
/** A text of at most so many characters, the whole as its tooltip. */
void svg_label(GString *out, double x, double y, enum svg_anchor anchor, guint most,
	       const char *text);
/** @param tip shown when pointed at, or NULL */
void svg_bar(GString *out, double x, double y, double width, double height, const char *class,
	     const char *tip);
void svg_line(GString *out, double x1, double y1, double x2, double y2, const char *class);

/* A chart of columns. */
enum svg_kind {
	SVG_NESTED, /* each is part of the one before: drawn over it */
	SVG_STACKED,
	SVG_MARKS /* a mark each, over nested columns */
};
enum svg_unit { SVG_COUNT, SVG_SECONDS, SVG_PERCENT };

struct svg_series {
	const char *name;
	const char *class;
	enum svg_kind kind;
	const double *values; /* as many as there are columns; negative: none */
};
struct svg_columns {
	const char *title;
	enum svg_unit unit;
	const char *const *labels;
	guint count; /* of columns */
	const struct svg_series *series;
	guint series_count;
};
/** @return the y below it */
double svg_columns(GString *out, double y, double height, const struct svg_columns *columns);

/** Names of series with their colours. @return the y below it */
double svg_legend(GString *out, double y, const struct svg_series *series, guint count);

/** "1,234", "2 h 05 min", "12.5 %".  Caller frees. */
char *svg_value(double value, enum svg_unit unit);

#endif
