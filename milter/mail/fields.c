/* fields.c - see fields.h.  RFC 5322 sections 2.2 and 4.5. */
#include "mail/fields.h"

#include <string.h>

gboolean
fields_next_line(struct fields_reader *reader, const char **ret_line, gsize *ret_length)
{
	const char *p = reader->p;
	if (p >= reader->end)
		return FALSE;
	while (p < reader->end && *p != '\n' && *p != '\r')
		p++;
	*ret_line = reader->p;
	*ret_length = (gsize)(p - reader->p);
	if (reader->end - p >= 2 && p[0] == '\r' && p[1] == '\n')
		p++;
	reader->p = MIN(p + 1, reader->end);
	return TRUE;
}

/* Length of the field name a line begins with, 0 when it is no header field. */
static gsize
field_name_length(const char *line, gsize length)
{
	gsize n = 0;
	while (n < length && line[n] > ' ' && line[n] < 0x7F && line[n] != ':')
		n++;
	gsize colon = n; /* the obsolete syntax allows white space here, section 4.5 */
	while (colon < length && (line[colon] == ' ' || line[colon] == '\t'))
		colon++;
	return colon < length && line[colon] == ':' ? n : 0;
}

static gboolean
is_folded(const struct fields_reader *reader)
{
	return reader->p < reader->end && (*reader->p == ' ' || *reader->p == '\t');
}

enum fields_line
fields_next(struct fields_reader *reader, struct field *ret)
{
	const char *begin = reader->p, *line, *next;
	gsize length, n;

	if (!fields_next_line(reader, &line, &length))
		return FIELDS_END;
	if (!length)
		return FIELDS_EMPTY;
	ret->name = line;
	ret->name_length = field_name_length(line, length);
	if (!ret->name_length) {
		reader->p = begin;
		return FIELDS_OTHER;
	}
	while (is_folded(reader) && fields_next_line(reader, &next, &n))
		length = (gsize)(next + n - line);
	ret->value = (const char *)memchr(line, ':', length) + 1;
	ret->value_length = (gsize)(line + length - ret->value);
	if (ret->value_length && *ret->value == ' ') {
		ret->value++;
		ret->value_length--;
	}
	return FIELDS_FIELD;
}

char *
fields_dup_value(const struct field *field, gsize limit)
{
	gsize length = MIN(field->value_length, limit);
	char *value = g_malloc(length + 1);
	memcpy(value, field->value, length);
	value[length] = '\0';
	for (char *nul = value; (nul = memchr(nul, '\0', (gsize)(value + length - nul)));)
		*nul = ' ';
	return value;
}
