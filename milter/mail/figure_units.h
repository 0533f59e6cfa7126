/*
 * figure_units.h - the words that make a figure of a number: currencies, magnitudes, months,
 * spans of time, in folded form (fold.h).  Constant tables; any thread.
 */
#ifndef LEADMILTER_FIGURE_UNITS_H
#define LEADMILTER_FIGURE_UNITS_H

#include <glib.h>

enum figure_unit_flag {
	UNIT_OPEN = 1, /* an ending may follow: "dollar|s" */
	UNIT_CAPITALS = 2, /* an English word otherwise: counts in capitals only */
	UNIT_BEHIND = 4, /* stands behind the number only */
	UNIT_GLUED = 8, /* counts only right behind the number: "500р" */
};

enum figure_unit_kind {
	UNIT_CURRENCY,
	UNIT_MAGNITUDE,
	UNIT_MONTH,
	UNIT_SPAN,
	UNIT_FILLER, /* between a number, its magnitude and its unit: "de" */
	UNIT_KINDS
};

struct figure_unit {
	const char *word;
	guint flags; /* enum figure_unit_flag */
};

#define FIGURE_UNITS_MOST 160 /* of one kind */

/* Rows are chained by the byte they begin with, and those that may stand before a number by the
 * byte they end with, so that a look at the one byte there dismisses nearly all.  Numbers are those
 * of rows plus one; 0 ends a chain. */
struct figure_units {
	const struct figure_unit *rows;
	guint count;
	guint8 first[256], next[FIGURE_UNITS_MOST + 1];
	guint8 last[256], previous[FIGURE_UNITS_MOST + 1];
};

const struct figure_units *figure_units(enum figure_unit_kind kind);

#endif
