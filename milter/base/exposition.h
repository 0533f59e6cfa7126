/*
 * exposition.h - figures in Prometheus' text format (0.0.4).
 *
 * A metric is its head (HELP and TYPE) and then its values, one a line.  Names are written as
 * given: prefix, base unit and _total are whose metric it is.  Texts of labels are escaped; labels
 * with values that grow without bound (addresses, leads, ids) are nobody's here.  Pure.
 */
#ifndef LEADMILTER_EXPOSITION_H
#define LEADMILTER_EXPOSITION_H

#include <glib.h>

/** @param type "counter", "gauge" or "histogram" */
void exposition_head(GString *out, const char *name, const char *type, const char *help);
/** @param labels as exposition_label() makes them, or "" */
void exposition_value(GString *out, const char *name, const char *labels, double value);
/** A metric that has one value. */
void exposition_single(GString *out, const char *name, const char *type, const char *help,
		       double value);
/** A value with one label. */
void exposition_labelled(GString *out, const char *name, const char *label, const char *text,
			 double value);
/** name="text", escaped.  Caller frees. */
char *exposition_label(const char *label, const char *text);

#endif
