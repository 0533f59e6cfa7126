/*
 * form_fields.h - the labelled values in a text.
 *
 * Inner header of form.c.  Pure, linear; any thread.
 */
#ifndef LEADMILTER_FORM_FIELDS_H
#define LEADMILTER_FORM_FIELDS_H

#include "mail/form.h"

/**
 * @param own_labels normalised label (form_labels.h) → key of a configured profile, or NULL
 * @return struct form_field *, at most LIMIT_FORM_FIELDS, none of them empty; caller unrefs
 */
GPtrArray *form_fields_read(const char *text, GHashTable *own_labels);

/** Append a field. @param key NULL or "" for none. @return the field, owned by `fields` */
struct form_field *form_fields_add(GPtrArray *fields, const char *label, gsize length,
				   const char *key, const char *value);

/** The first field with that key, or NULL. */
struct form_field *form_fields_find(const GPtrArray *fields, const char *key);

#endif
