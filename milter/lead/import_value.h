/*
 * import_value.h - the text of one cell as a value, strictly: what isn't understood is an error
 * that says what was expected.  Between import.c and import_value.c.  Pure; any thread.
 */
#ifndef LEADMILTER_IMPORT_VALUE_H
#define LEADMILTER_IMPORT_VALUE_H

#include "lead/import.h"

/**
 * One way to read a cell.
 * @param text   trimmed, not empty, valid UTF-8
 * @param member where it goes
 * @return FALSE with ERROR_INPUT "what is wrong, expected what"
 */
typedef gboolean import_value(const char *text, const struct import_context *context,
			      gpointer member, GError **error);

/* Into a char *. */
import_value import_value_text; /* one line, control characters are spaces */
import_value import_value_more; /* the same behind what is there, after a space */
import_value import_value_address; /* "a@b.example" or "Name <a@b.example>" */
import_value import_value_owner; /* an address, or an owner's name; a name of nobody is nothing */
import_value import_value_phone; /* E.164 */
import_value import_value_country; /* ISO 3166 alpha-2, of a code or a name */
import_value import_value_id; /* printable, no spaces */
/* Into a GPtrArray of char *; separated by spaces, commas or semicolons (products: not spaces). */
import_value import_value_domains;
import_value import_value_languages;
import_value import_value_countries;
import_value import_value_words;
/* Into a gboolean, guint, gint64, double. */
import_value import_value_flag;
import_value import_value_unsigned;
import_value import_value_count; /* "1,200", "51-200" (the lower end), "10k" */
import_value import_value_amount; /* the same with decimals and a currency */
import_value import_value_time;

#endif
