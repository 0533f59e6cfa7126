/*
 * part.c - see part.h.  RFC 2045, 2046, 2183, 2231.
 *
 * Only GMime's decoders are used, on values of at most LIMIT_HEADER_VALUE and bodies of at most
 * LIMIT_BODY bytes.  Its message parser is not: it recurses on address groups, also those of nested
 * messages, and makes objects for every part before anything could count them.
 */
#include "mail/part.h"
#include "base/limits.h"
#include "mail/charset.h"
#include "mail/encoded.h"
#include "mail/fields.h"

#include <gmime/gmime.h>
#include <string.h>

#define META_SEARCHED 2048 /* bytes of HTML in which its charset is looked for */

static gpointer
start_gmime(G_GNUC_UNUSED gpointer unused)
{
	g_mime_init();
	return NULL;
}

/* --- parameters --- */

static const char *
get_param(GMimeParamList *params, const char *name)
{
	GMimeParam *param = params ? g_mime_param_list_get_parameter(params, name) : NULL;
	return param ? g_mime_param_get_value(param) : NULL;
}

const char *
part_type_param(const struct part *part, const char *name)
{
	return get_param(part->type_params, name);
}

const char *
part_disposition_param(const struct part *part, const char *name)
{
	return get_param(part->disposition_params, name);
}

gboolean
part_is_disposition(const struct part *part, const char *disposition)
{
	return part->disposition && strcmp(part->disposition, disposition) == 0;
}

gboolean
part_has_name(const struct part *part)
{
	return part_disposition_param(part, "filename") || part_type_param(part, "name");
}

/*
 * Line ends of folding go.  A backslash that escapes neither a quote nor itself is doubled, so
 * that unquoting leaves it: Windows programs write paths without escaping them.
 */
static char *
prepare_params(const char *params)
{
	GString *ret = g_string_sized_new(strlen(params) + 1);
	for (const char *p = params; *p; p++) {
		if (*p == '\r' || *p == '\n')
			continue;
		g_string_append_c(ret, *p);
		if (*p != '\\')
			continue;
		g_string_append_c(ret, p[1] == '"' || p[1] == '\\' ? *++p : '\\');
	}
	return g_string_free(ret, FALSE);
}

/* Parameters begin after the first ';', or where that was forgotten after the first space. */
static GMimeParamList *
read_params(const char *value, const char *charset)
{
	static GOnce once = G_ONCE_INIT;
	const char *p = strchr(value, ';');
	if (!p)
		p = strchr(value, '=') ? strpbrk(value, " \t\r\n") : NULL;
	if (!p || !strchr(p, '='))
		return NULL;
	g_once(&once, start_gmime, NULL);
	g_autofree char *prepared = prepare_params(p + 1);
	g_autofree char *utf8 = charset_to_utf8(prepared, strlen(prepared), charset);
	return g_mime_param_list_parse(NULL, utf8);
}

/* --- fields --- */

/* The value up to its parameters, lower case, without comments and white space. */
static char *
read_token(const char *value)
{
	value += strspn(value, " \t\r\n\"");
	gsize n = strcspn(value, ";( \t\r\n\"");
	char *token = charset_to_utf8(value, n, NULL);
	for (char *p = token; *p; p++)
		*p = g_ascii_tolower(*p);
	return token;
}

/* A type that isn't one means text/plain (RFC 2045 section 5.2). */
static char *
read_type(const char *value)
{
	g_autofree char *type = read_token(value);
	const char *slash = strchr(type, '/');
	if (slash && slash != type && slash[1])
		return g_steal_pointer(&type);
	if (strcmp(type, "multipart") == 0)
		return g_strdup("multipart/mixed");
	return g_strdup(strcmp(type, "html") == 0 ? "text/html" : "text/plain");
}

static void
add_type(struct part *part, const char *value)
{
	if (part->type)
		return;
	part->type = read_type(value);
	part->type_params = read_params(value, part->charset);
}

static void
add_disposition(struct part *part, const char *value)
{
	if (part->disposition)
		return;
	part->disposition = read_token(value);
	part->disposition_params = read_params(value, part->charset);
}

static void
add_encoding(struct part *part, const char *value)
{
	g_autofree char *token = read_token(value);
	if (part->encoding == GMIME_CONTENT_ENCODING_DEFAULT)
		part->encoding = g_mime_content_encoding_from_string(token);
}

static void
add_id(struct part *part, const char *value)
{
	part->has_id = *value != '\0';
}

static const struct {
	const char *name;
	void (*add)(struct part *part, const char *value);
} part_fields[] = {
	{ "content-type", add_type },
	{ "content-disposition", add_disposition },
	{ "content-transfer-encoding", add_encoding },
	{ "content-id", add_id },
};

static void
add_field(struct part *part, const char *name, const char *value)
{
	for (gsize i = 0; i < G_N_ELEMENTS(part_fields); i++)
		if (g_ascii_strcasecmp(part_fields[i].name, name) == 0)
			part_fields[i].add(part, value);
}

static gboolean
is_content_field(const char *name, gsize length)
{
	return length > 8 && length < 32 && g_ascii_strncasecmp(name, "content-", 8) == 0;
}

void
part_read(struct part *part, struct span span, const char *type_default, const char *charset)
{
	struct fields_reader reader;
	struct field field;
	char name[32];

	part->charset = charset;
	fields_init(&reader, span.bytes, span.length);
	while (fields_next(&reader, &field) == FIELDS_FIELD) {
		if (!is_content_field(field.name, field.name_length))
			continue;
		g_autofree char *value = fields_dup_value(&field, LIMIT_HEADER_VALUE);
		memcpy(name, field.name, field.name_length);
		name[field.name_length] = '\0';
		add_field(part, name, value);
	}
	part->body = (struct span){ reader.p, (gsize)(reader.end - reader.p) };
	if (!part->type)
		part->type = g_strdup(type_default);
}

void
part_read_top(struct part *part, const struct raw_mail *raw)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		if (is_content_field(header->name, strlen(header->name)))
			add_field(part, header->name, header->value);
	}
	if (!part->type)
		part->type = g_strdup("text/plain");
	part->body = (struct span){ (const char *)raw->body->data, raw->body->len };
	if (!part->body.bytes)
		part->body.bytes = "";
}

void
part_clear(struct part *part)
{
	g_clear_pointer(&part->type, g_free);
	g_clear_pointer(&part->disposition, g_free);
	g_clear_object(&part->type_params);
	g_clear_object(&part->disposition_params);
}

/* --- the file name --- */

/* Paths mean nothing here (RFC 2183 section 2.3). */
static const char *
last_component(const char *path)
{
	const char *ret = path;
	for (const char *p = path; *p; p++)
		if ((*p == '/' || *p == '\\') && p[1])
			ret = p + 1;
	return ret;
}

char *
part_get_filename(const struct part *part)
{
	const char *name = part_disposition_param(part, "filename");
	if (!name || !*name)
		name = part_type_param(part, "name");
	if (!name)
		return NULL;
	g_autofree char *decoded = encoded_decode(name, NULL);
	const char *begin = last_component(decoded);
	gsize length = strlen(begin);
	gboolean quoted = length > 1 && *begin == '\'' && begin[length - 1] == '\'';
	begin += quoted || *begin == '"'; /* a quote that was never closed */
	length = strlen(begin) - quoted;
	return length ? g_strndup(begin, charset_cut(begin, length, LIMIT_FILENAME)) : NULL;
}

/* --- content --- */

static gboolean
is_base64_character(char c)
{
	return g_ascii_isalnum(c) || c == '+' || c == '/' || c == '-' || c == '_';
}

/*
 * A mailing list's footer appended in clear to a base64 body would be decoded to garbage: the
 * coded text ends where, after padding or an empty line, something stands that can't be base64.
 */
static gsize
find_base64_end(struct span body)
{
	struct fields_reader reader;
	const char *line;
	gsize length;
	gboolean ended = FALSE;

	fields_init(&reader, body.bytes, body.length);
	while (fields_next_line(&reader, &line, &length)) {
		gsize good = 0;
		while (good < length && is_base64_character(line[good]))
			good++;
		gboolean padding = good < length && line[good] == '=';
		if (ended && good < length && !padding)
			return (gsize)(line - body.bytes);
		ended = (ended && good == length) || padding || (!length && line > body.bytes);
	}
	return body.length;
}

static gboolean
is_coded(const struct part *part)
{
	return part->encoding == GMIME_CONTENT_ENCODING_BASE64 ||
	       part->encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

static gsize
decode_bytes(const struct part *part, const char *bytes, gsize length, char *to)
{
	GMimeEncoding state;
	g_mime_encoding_init_decode(&state, (GMimeContentEncoding)part->encoding);
	return g_mime_encoding_flush(&state, bytes, length, to);
}

/* Some programs join pieces that were each padded; every one is decoded for itself. */
static gsize
decode_base64(const struct part *part, char *to)
{
	const char *p = part->body.bytes, *end = p + find_base64_end(part->body);
	gsize length = 0;
	while (p < end) {
		const char *stop = memchr(p, '=', (gsize)(end - p));
		while (stop && stop < end && *stop == '=')
			stop++;
		stop = stop ? stop : end;
		length += decode_bytes(part, p, (gsize)(stop - p), to + length);
		p = stop;
	}
	return length;
}

struct span
part_decode(const struct part *part, char **ret_buffer)
{
	GMimeEncoding state;

	if (!is_coded(part))
		return part->body;
	g_mime_encoding_init_decode(&state, (GMimeContentEncoding)part->encoding);
	*ret_buffer = g_malloc(g_mime_encoding_outlen(&state, part->body.length) + 4);
	gsize length =
		part->encoding == GMIME_CONTENT_ENCODING_BASE64
			? decode_base64(part, *ret_buffer)
			: decode_bytes(part, part->body.bytes, part->body.length, *ret_buffer);
	return (struct span){ *ret_buffer, length };
}

gsize
part_get_size(const struct part *part)
{
	gsize characters = 0;
	if (part->encoding != GMIME_CONTENT_ENCODING_BASE64) {
		g_autofree char *buffer = NULL;
		return part_decode(part, &buffer).length;
	}
	for (gsize i = 0; i < part->body.length; i++)
		characters += is_base64_character(part->body.bytes[i]);
	return characters * 3 / 4;
}

/* CRLF, CRCRLF and lone CR become LF. */
static void
make_lf(GString *text)
{
	char *to = memchr(text->str, '\r', text->len);
	if (!to)
		return;
	const char *p = to, *end = text->str + text->len;
	while (p < end) {
		if (*p == '\r') {
			if (p[1] != '\n' && p[1] != '\r')
				*to++ = '\n';
			p++;
			continue;
		}
		const char *stop = memchr(p, '\r', (gsize)(end - p));
		gsize n = (gsize)((stop ? stop : end) - p);
		memmove(to, p, n);
		to += n;
		p += n;
	}
	g_string_truncate(text, (gsize)(to - text->str));
}

static gboolean
is_charset_character(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.' || c == ':';
}

/* What an HTML document says of its own charset.  What says it in ASCII isn't UTF-16. */
static char *
find_meta_charset(struct span html)
{
	const char *p = html.bytes, *end = p + MIN(html.length, META_SEARCHED);
	for (; end - p > 8; p++) {
		if (g_ascii_strncasecmp(p, "charset=", 8) != 0)
			continue;
		p += 8;
		p += *p == '"' || *p == '\'';
		const char *start = p;
		while (p < end && is_charset_character(*p))
			p++;
		gboolean wide = g_ascii_strncasecmp(start, "utf-16", 6) == 0 ||
				g_ascii_strncasecmp(start, "utf-32", 6) == 0;
		return wide ? NULL : g_strndup(start, (gsize)(p - start));
	}
	return NULL;
}

GString *
part_get_text(const struct part *part)
{
	g_autofree char *buffer = NULL, *meta = NULL;
	struct span content = part_decode(part, &buffer);
	const char *charset = part_type_param(part, "charset");
	if (!charset_is_known(charset) && strcmp(part->type, "text/html") == 0)
		charset = meta = find_meta_charset(content);
	GString *text = g_string_sized_new(content.length + 1);
	charset_append(text, content.bytes, content.length, charset);
	make_lf(text);
	if (g_str_has_prefix(text->str, "\xEF\xBB\xBF"))
		g_string_erase(text, 0, 3);
	return text;
}
