/*
 * fields.h - header fields in a block of bytes: lines, folding, the field's name and value.
 *
 * The one reader for messages, parts and delivery reports.  Nothing is copied.  LF and CRLF are
 * line ends, and a lone CR where the first line ends with one.  Pure; any thread.
 */
#ifndef LEADMILTER_FIELDS_H
#define LEADMILTER_FIELDS_H

#include <glib.h>

struct fields_reader {
	const char *p, *end; /* what is still to be read */
	gboolean lone_cr;
};

struct field {
	const char *name, *value; /* not terminated; value still folded, without its first space */
	gsize name_length, value_length;
};

enum fields_line {
	FIELDS_FIELD,
	FIELDS_EMPTY, /* the empty line that ends a block; it was consumed */
	FIELDS_OTHER, /* something else; not consumed */
	FIELDS_END
};

/** Begin to read `bytes`, which may be empty but not NULL. */
void fields_init(struct fields_reader *reader, const char *bytes, gsize length);

/** Read the next field.  `ret` is set for FIELDS_FIELD only. */
enum fields_line fields_next(struct fields_reader *reader, struct field *ret);

/** Read one line without its end.  @return FALSE at the end of the bytes */
gboolean fields_next_line(struct fields_reader *reader, const char **ret_line, gsize *ret_length);

/** Skip lines that continue the one before. */
void fields_skip_folded(struct fields_reader *reader);

/** The value as a string, at most `limit` bytes, NULs made spaces.  Caller frees. */
char *fields_dup_value(const struct field *field, gsize limit);

#endif
