/*
 * form_fields.c - the labelled values in a text: "Label: value", "Label<tab>value", a label above
 * its value.
 *
 * A value ends where its line ends; a message's where the next known label or the form's footer
 * begins, so that no line with a colon cuts it short.
 */
#include "mail/form_fields.h"
#include "mail/reply_line.h"

#include <string.h>

#include "base/limits.h"
#include "mail/address.h"
#include "mail/form_labels.h"

#define VALUE_DISTANCE 2 /* empty lines between a label and its value */

/* One line of the text, and what it says. */
struct row {
	const char *text, *end; /* without blanks around it */
	const char *label_end; /* NULL: no label */
	const char *value;
	const char *key; /* NULL: unknown label */
};

struct scan {
	GHashTable *own_labels; /* normalised label → key of the profile, or NULL */
	GPtrArray *fields;
	struct form_field *open; /* whose value still grows, in fields */
	GString *value;
	guint blank_lines; /* since the last text */
	gboolean has_from, has_to; /* both: a message's head, no form */
};

static void
field_free(gpointer data)
{
	struct form_field *field = data;
	g_free(field->label);
	g_free(field->key);
	g_free(field->value);
	g_free(field);
}

struct form_field *
form_fields_add(GPtrArray *fields, const char *label, gsize length, const char *key,
		const char *value)
{
	struct form_field *field = g_new0(struct form_field, 1);
	field->label = g_strndup(label, length);
	field->key = key && *key ? g_strdup(key) : NULL;
	field->value = g_strdup(value);
	g_ptr_array_add(fields, field);
	return field;
}

struct form_field *
form_fields_find(const GPtrArray *fields, const char *key)
{
	for (guint i = 0; i < fields->len; i++) {
		struct form_field *field = g_ptr_array_index(fields, i);
		if (field->key && !strcmp(field->key, key))
			return field;
	}
	return NULL;
}

/* --- rows --- */

static const char *
skip_blank(const char *p, const char *end)
{
	for (;;) {
		if (p < end && strchr(" \t\r", *p))
			p++;
		else if (end - p >= 2 && !memcmp(p, "\xc2\xa0", 2))
			p += 2;
		else if (end - p >= 3 && (!memcmp(p, "\xe2\x80\x8b", 3) ||
					  !memcmp(p, "\xef\xbb\xbf", 3) || !memcmp(p, "　", 3)))
			p += 3;
		else
			return p;
	}
}

/* Bytes of what separates a label from its value at `p`, 0 when nothing does. */
static gsize
separator_length(const char *p, const char *end)
{
	if (*p == '\t' || *p == '|' || *p == '=')
		return 1;
	if (*p == ':')
		return end - p >= 3 && p[1] == '/' && p[2] == '/' ? 0 : 1;
	return end - p >= 3 && !memcmp(p, "：", 3) ? 3 : 0;
}

static const char *
lookup(const struct scan *scan, const char *label, gsize length)
{
	g_autofree char *normalised = form_label_normalise(label, length);
	if (!normalised)
		return NULL;
	const char *key =
		scan->own_labels ? g_hash_table_lookup(scan->own_labels, normalised) : NULL;
	return key ? key : form_label_key(normalised);
}

/* Words enough for a sentence, or no letter in front: no label anybody gave a field. */
static gboolean
is_plausible_label(const char *label, gsize length)
{
	g_autofree char *normalised = form_label_normalise(label, length);
	guint words = 1;
	for (const char *p = normalised; p && *p; p++)
		words += *p == ' ';
	return normalised && words <= 6 && !strchr(normalised, '@');
}

/* After a separator: the marks of bold text, further blanks. */
static const char *
skip_marks(const char *p, const char *end)
{
	for (;;) {
		const char *q = skip_blank(p, end);
		while (q < end && *q == '*')
			q++;
		if (q == p)
			return p;
		p = q;
	}
}

/* @return FALSE when the line has no separator behind a label */
static gboolean
row_read_label(const struct scan *scan, struct row *row)
{
	const char *limit =
		row->end - row->text > LIMIT_FORM_LABEL ? row->text + LIMIT_FORM_LABEL : row->end;
	for (const char *p = row->text; p < limit; p++) {
		gsize width = separator_length(p, row->end);
		if (!width)
			continue;
		const char *key = lookup(scan, row->text, p - row->text);
		if (!key &&
		    (*p == '=' || *p == '|' || !is_plausible_label(row->text, p - row->text)))
			return FALSE;
		row->key = key;
		row->label_end = reply_line_trim(row->text, p);
		row->value = skip_marks(p + width, row->end);
		if (*p == '\t' && row->value < row->end && *row->value == ':')
			row->value = skip_marks(row->value + 1, row->end);
		return TRUE;
	}
	return FALSE;
}

static void
row_read(const struct scan *scan, struct row *row, const char *begin, const char *end)
{
	*row = (struct row){ .text = skip_blank(begin, end) };
	row->end = reply_line_trim(row->text, end);
	if (row->text == row->end || row_read_label(scan, row))
		return;
	const char *key = lookup(scan, row->text, row->end - row->text);
	if (!key || !strcmp(key, FORM_KEY_FROM) || !strcmp(key, FORM_KEY_TO))
		return;
	row->key = key;
	row->label_end = row->value = row->end;
}

/* --- fields --- */

static void
scan_close(struct scan *scan)
{
	if (!scan->open)
		return;
	g_strchomp(scan->value->str);
	g_free(scan->open->value);
	scan->open->value = g_utf8_make_valid(scan->value->str, -1);
	scan->open = NULL;
}

static void
scan_append(struct scan *scan, const char *text, const char *end)
{
	gsize room = LIMIT_FORM_VALUE - MIN(scan->value->len, LIMIT_FORM_VALUE);
	gsize length = MIN((gsize)(end - text), room);
	while (length > 0 && length < (gsize)(end - text) && (text[length] & 0xc0) == 0x80)
		length--;
	g_string_append_len(scan->value, text, length);
}

/* "From: Name <address>", as Contact Form 7 writes it. */
static void
take_from(struct scan *scan, const struct row *row)
{
	g_autofree char *value =
		g_strndup(row->value, MIN(row->end - row->value, LIMIT_FORM_VALUE));
	g_autoptr(GPtrArray) list = address_parse_list(value);
	const struct mail_address *from = list->len ? g_ptr_array_index(list, 0) : NULL;
	gsize length = row->label_end - row->text;
	if (!from || !address_is_valid(from->address))
		return;
	scan->has_from = TRUE;
	form_fields_add(scan->fields, row->text, length, "email", from->address);
	if (from->name)
		form_fields_add(scan->fields, row->text, length, "name", from->name);
}

static void
take_label(struct scan *scan, const struct row *row)
{
	scan_close(scan);
	if (row->key && !strcmp(row->key, FORM_KEY_TO)) {
		scan->has_to = TRUE;
		return;
	}
	if (row->key && !strcmp(row->key, FORM_KEY_FROM)) {
		take_from(scan, row);
		return;
	}
	scan->open =
		form_fields_add(scan->fields, row->text, row->label_end - row->text, row->key, "");
	g_string_truncate(scan->value, 0);
	scan_append(scan, row->value, row->end);
}

static gboolean
is_message(const struct form_field *field)
{
	return field && field->key && !strcmp(field->key, "message");
}

static void
take_blank(struct scan *scan)
{
	scan->blank_lines++;
	if (is_message(scan->open))
		return;
	if (scan->value->len || scan->blank_lines > VALUE_DISTANCE)
		scan_close(scan);
}

static void
take_text(struct scan *scan, const struct row *row)
{
	if (!scan->open)
		return;
	if (!is_message(scan->open) && scan->value->len) {
		scan_close(scan);
		return;
	}
	if (scan->value->len)
		g_string_append(scan->value, scan->blank_lines ? "\n\n" : "\n");
	scan_append(scan, row->text, row->end);
}

/* Inside a message only a known label ends it, one without a colon only after an empty line. */
static gboolean
is_label_here(const struct scan *scan, const struct row *row)
{
	if (!row->label_end)
		return FALSE;
	if (!is_message(scan->open) || !scan->value->len)
		return row->key || scan->fields->len;
	return row->key && (row->value > row->label_end || scan->blank_lines);
}

static void
scan_line(struct scan *scan, const char *begin, const char *end)
{
	struct row row;
	row_read(scan, &row, begin, end);
	if (row.text == row.end) {
		take_blank(scan);
		return;
	}
	if (*row.text == '>')
		return;
	if (form_label_is_footer(row.text, row.end - row.text))
		scan_close(scan);
	else if (is_label_here(scan, &row))
		take_label(scan, &row);
	else
		take_text(scan, &row);
	scan->blank_lines = 0;
}

/* "............" is a line to fill in. */
static gboolean
has_content(const char *value)
{
	for (const char *p = value; *p; p = g_utf8_next_char(p))
		if (g_unichar_isalnum(g_utf8_get_char(p)))
			return TRUE;
	return FALSE;
}

static void
drop_empty(GPtrArray *fields)
{
	for (guint i = fields->len; i-- > 0;) {
		const struct form_field *field = g_ptr_array_index(fields, i);
		if (!has_content(field->value))
			g_ptr_array_remove_index(fields, i);
	}
}

GPtrArray *
form_fields_read(const char *text, GHashTable *own_labels)
{
	struct scan scan = { .own_labels = own_labels,
			     .fields = g_ptr_array_new_with_free_func(field_free),
			     .value = g_string_new(NULL) };
	const char *end = text + strlen(text);
	guint lines = 0;
	while (text < end && lines++ < LIMIT_LINES && scan.fields->len < LIMIT_FORM_FIELDS) {
		const char *newline = memchr(text, '\n', end - text);
		scan_line(&scan, text, newline ? newline : end);
		text = newline ? newline + 1 : end;
	}
	scan_close(&scan);
	g_string_free(scan.value, TRUE);
	drop_empty(scan.fields);
	if (scan.has_from && scan.has_to)
		g_ptr_array_set_size(scan.fields, 0);
	return scan.fields;
}
