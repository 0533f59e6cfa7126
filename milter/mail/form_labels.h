/*
 * form_labels.h - what the labels of web forms mean, in the languages forms are written in.
 *
 * Inner header of form.c.  Pure; any thread.
 */
#ifndef LEADMILTER_FORM_LABELS_H
#define LEADMILTER_FORM_LABELS_H

#include <glib.h>

/* Keys that mean something to form.c only. */
#define FORM_KEY_META "" /* known and of no use: date, IP address, consent */
#define FORM_KEY_FROM "from" /* "Name <address>" */
#define FORM_KEY_TO "to" /* tells the head of a quoted message from a form */

/**
 * A label in the form labels are compared in: folded (fold.h), without bullets, numbers, marks
 * of required fields and remarks in brackets; '_', '-' and the like are spaces.
 * @param length at most LIMIT_FORM_LABEL; a longer one is no label
 * @return NULL when nothing is left; caller frees
 */
char *form_label_normalise(const char *label, gsize length);

/** What a normalised label means: one of form.h's keys or FORM_KEY_*, NULL unknown. */
const char *form_label_key(const char *normalised);

/** Does this line end a form ("This e-mail was sent from a contact form on …", a rule)? */
gboolean form_label_is_footer(const char *line, gsize length);

#endif
