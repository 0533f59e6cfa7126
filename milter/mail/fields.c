/* fields.c - see fields.h.  RFC 5322 sections 2.2 and 4.5. */
#include "mail/fields.h"

#include <string.h>

static gsize
count_cr(const char *p, const char *end)
{
	gsize n = 0;
	while (p + n < end && p[n] == '\r')
		n++;
	return n;
}

void
fields_init(struct fields_reader *reader, const char *bytes, gsize length)
{
	const char *lf = memchr(bytes, '\n', length);
	const char *cr = memchr(bytes, '\r', lf ? (gsize)(lf - bytes) : length);
	reader->p = bytes;
	reader->end = bytes + length;
	/* "\r\r\n" is seen as one line end, so only a CR with text after it ends a line itself */
	reader->lone_cr = cr && cr + count_cr(cr, reader->end) != lf;
}

gboolean
fields_next_line(struct fields_reader *reader, const char **ret_line, gsize *ret_length)
{
	const char *p = reader->p, *end = reader->end, *stop = NULL;
	if (p >= end)
		return FALSE;
	if (reader->lone_cr)
		stop = memchr(p, '\r', (gsize)(end - p));
	const char *lf = memchr(p, '\n', (gsize)((stop ? stop : end) - p));
	stop = lf ? lf : stop ? stop : end;
	reader->p = MIN(stop + 1, end);
	if (stop < end && *stop == '\r' && reader->p < end && *reader->p == '\n')
		reader->p++;
	while (stop > p && stop[-1] == '\r')
		stop--;
	*ret_line = p;
	*ret_length = (gsize)(stop - p);
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

void
fields_skip_folded(struct fields_reader *reader)
{
	const char *line;
	gsize length;
	while (is_folded(reader) && fields_next_line(reader, &line, &length))
		continue;
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
