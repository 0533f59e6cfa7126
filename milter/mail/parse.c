/*
 * parse.c - mail_parse(): a raw_mail as struct mail.
 *
 * The structure of parts is walked here, over the bytes, without copying; GMime decodes what stands
 * in them: transfer encodings, parameters (RFC 2231), dates.  GMime's own parser is not used: it
 * recurses on addresses, reads those of nested messages too, and makes objects for every part
 * before one could count them.  Ceilings: LIMIT_PARTS over the whole message,
 * LIMIT_NESTING for multiparts and embedded messages together, LIMIT_TEXT for what is kept.
 * Each level scans its bytes once, so the cost is linear.
 *
 * RFC 2045-2047, 2183, 2231, 3462, 3464, 3676, 5322, 5965, 6532, 6533.
 */
#include "mail/mail.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/encoded.h"
#include "mail/fields.h"
#include "mail/flowed.h"

#include <gmime/gmime.h>
#include <string.h>

/* A stretch of the message. */
struct span {
	const char *bytes;
	gsize length;
};

/* One MIME part: the fields that matter, read, and its body. */
struct part {
	char *type; /* "text/plain", lower case, never NULL once read */
	GMimeParamList *type_params; /* or NULL */
	char *disposition; /* lower case, or NULL */
	GMimeParamList *disposition_params; /* or NULL */
	GMimeContentEncoding encoding;
	gboolean has_id; /* a Content-ID */
	struct span body;
};

/* What a multipart/alternative has given so far: only the first of each is shown. */
struct choice {
	gboolean text, html;
};

/* Where in the structure a part stands. */
struct place {
	guint depth;
	gboolean top; /* the message itself */
	gboolean report; /* directly in multipart/report */
	gboolean digest; /* directly in multipart/digest */
	gboolean related; /* in multipart/related */
	struct choice *choice; /* in multipart/alternative, else NULL */
};

/* State of one message's walk. */
struct walk {
	struct mail *mail;
	guint *parts; /* left, shared with embedded messages */
	GString *text, *html;
	char *charset; /* of the first shown text, for raw 8-bit header fields */
	gboolean body_truncated;
	gboolean shown_last; /* the last part was shown text */
};

static struct mail *parse_message(const struct raw_mail *raw, guint depth, guint *parts);
static void walk_part(struct walk *walk, const struct part *part, struct place place);

/* --- the fields of a part --- */

static const char *
get_param(GMimeParamList *params, const char *name)
{
	GMimeParam *param = params ? g_mime_param_list_get_parameter(params, name) : NULL;
	return param ? g_mime_param_get_value(param) : NULL;
}

/* Parameters begin after the first ';', or where that was forgotten after the first space. */
static GMimeParamList *
read_params(const char *value)
{
	const char *p = strchr(value, ';');
	if (!p)
		p = strchr(value, '=') ? strpbrk(value, " \t\r\n") : NULL;
	if (!p || !strchr(p, '='))
		return NULL;
	g_autofree char *utf8 = charset_to_utf8(p + 1, strlen(p + 1), NULL);
	return g_mime_param_list_parse(NULL, utf8);
}

/* The value up to its parameters, lower case, without comments and white space. */
static char *
read_token(const char *value)
{
	value += strspn(value, " \t\r\n\"");
	gsize n = strcspn(value, ";( \t\r\n\"");
	char *token = g_ascii_strdown(value, (gssize)n);
	char *utf8 = charset_to_utf8(token, n, NULL);
	g_free(token);
	return utf8;
}

/* A type that isn't one means text/plain (RFC 2045 section 5.2). */
static char *
read_type(const char *value)
{
	char *type = read_token(value);
	char *slash = strchr(type, '/');
	if (slash && slash != type && slash[1])
		return type;
	const char *known = strcmp(type, "multipart") == 0 ? "multipart/mixed"
			    : strcmp(type, "html") == 0    ? "text/html"
							   : "text/plain";
	g_free(type);
	return g_strdup(known);
}

static void
part_add_type(struct part *part, const char *value)
{
	if (part->type)
		return;
	part->type = read_type(value);
	part->type_params = read_params(value);
}

static void
part_add_disposition(struct part *part, const char *value)
{
	if (part->disposition)
		return;
	part->disposition = read_token(value);
	part->disposition_params = read_params(value);
}

static void
part_add_encoding(struct part *part, const char *value)
{
	g_autofree char *token = read_token(value);
	if (part->encoding == GMIME_CONTENT_ENCODING_DEFAULT)
		part->encoding = g_mime_content_encoding_from_string(token);
}

static void
part_add_id(struct part *part, const char *value)
{
	part->has_id = *value != '\0';
}

static const struct {
	const char *name;
	void (*add)(struct part *part, const char *value);
} part_fields[] = {
	{ "Content-Type", part_add_type },
	{ "Content-Disposition", part_add_disposition },
	{ "Content-Transfer-Encoding", part_add_encoding },
	{ "Content-ID", part_add_id },
};

static void
part_add_field(struct part *part, const char *name, gsize length, const char *value)
{
	for (gsize i = 0; i < G_N_ELEMENTS(part_fields); i++)
		if (strlen(part_fields[i].name) == length &&
		    g_ascii_strncasecmp(part_fields[i].name, name, length) == 0)
			part_fields[i].add(part, value);
}

static void
part_clear(struct part *part)
{
	g_free(part->type);
	g_free(part->disposition);
	g_clear_object(&part->type_params);
	g_clear_object(&part->disposition_params);
}

/* Fields of a part, then its body.  A part that begins with no field is all body. */
static void
part_read(struct part *part, struct span span, gboolean digest)
{
	struct fields_reader reader = { span.bytes, span.bytes + span.length };
	struct field field;
	while (fields_next(&reader, &field) == FIELDS_FIELD) {
		if (field.name_length < 8 || g_ascii_strncasecmp(field.name, "Content-", 8) != 0)
			continue;
		g_autofree char *value = fields_dup_value(&field, LIMIT_HEADER_VALUE);
		part_add_field(part, field.name, field.name_length, value);
	}
	part->body = (struct span){ reader.p, (gsize)(reader.end - reader.p) };
	if (!part->type)
		part->type = g_strdup(digest ? "message/rfc822" : "text/plain");
}

/* --- decoding --- */

static gboolean
is_coded(GMimeContentEncoding encoding)
{
	return encoding == GMIME_CONTENT_ENCODING_BASE64 ||
	       encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* The body without its transfer encoding; `ret_buffer` holds it when it had one. */
static struct span
decode_transfer(const struct part *part, char **ret_buffer)
{
	if (!is_coded(part->encoding))
		return part->body;
	GMimeEncoding state;
	g_mime_encoding_init_decode(&state, part->encoding);
	*ret_buffer = g_malloc(g_mime_encoding_outlen(&state, part->body.length) + 1);
	gsize length =
		g_mime_encoding_flush(&state, part->body.bytes, part->body.length, *ret_buffer);
	return (struct span){ *ret_buffer, length };
}

/* CRLF and lone CR become LF. */
static void
make_lf(GString *text)
{
	char *to = memchr(text->str, '\r', text->len);
	if (!to)
		return;
	for (const char *p = to, *end = text->str + text->len; p < end; p++) {
		if (*p != '\r')
			*to++ = *p;
		else if (p + 1 == end || p[1] != '\n')
			*to++ = '\n';
	}
	g_string_truncate(text, (gsize)(to - text->str));
}

/* What an HTML document says of its own charset, when its part says nothing. */
static char *
find_meta_charset(struct span html)
{
	const char *p = html.bytes, *end = p + MIN(html.length, 2048);
	for (; end - p > 8; p++) {
		if (g_ascii_strncasecmp(p, "charset=", 8) != 0)
			continue;
		p += 8;
		p += p < end && (*p == '"' || *p == '\'');
		const char *start = p;
		while (p < end && (g_ascii_isalnum(*p) || strchr("-_.:", *p)))
			p++;
		return g_strndup(start, (gsize)(p - start));
	}
	return NULL;
}

/* A text part's content as UTF-8 with LF. */
static GString *
part_get_text(const struct part *part)
{
	g_autofree char *buffer = NULL;
	struct span span = decode_transfer(part, &buffer);
	g_autofree char *charset = g_strdup(get_param(part->type_params, "charset"));
	if (!charset_is_known(charset) && strcmp(part->type, "text/html") == 0) {
		g_free(charset);
		charset = find_meta_charset(span);
	}
	GString *text = g_string_sized_new(span.length + 1);
	charset_append(text, span.bytes, span.length, charset);
	make_lf(text);
	if (g_str_has_prefix(text->str, "\xEF\xBB\xBF"))
		g_string_erase(text, 0, 3);
	return text;
}

/* --- what becomes of a part --- */

static void
append_limited(struct walk *walk, GString *to, const char *text, gsize length)
{
	gsize room = to->len < LIMIT_TEXT ? LIMIT_TEXT - to->len : 0;
	gsize n = charset_cut(text, length, room);
	g_string_append_len(to, text, (gssize)n);
	if (n < length)
		walk->mail->truncated = TRUE;
}

static void
append_separator(GString *to)
{
	if (to->len && to->str[to->len - 1] != '\n')
		g_string_append_c(to, '\n');
}

static void
show_html(struct walk *walk, const char *html, gsize length)
{
	if (!walk->html)
		walk->html = g_string_sized_new(MIN(length, LIMIT_TEXT) + 1);
	append_separator(walk->html);
	append_limited(walk, walk->html, html, length);
}

/* Plain text that follows a message in HTML only, such as a list's footer. */
static void
show_text_in_html(struct walk *walk, const char *text)
{
	g_autofree char *escaped = g_markup_escape_text(text, -1);
	g_auto(GStrv) lines = g_strsplit(escaped, "\n", -1);
	g_autofree char *joined = g_strjoinv("<br>\n", lines);
	g_autofree char *html = g_strdup_printf("<div>%s</div>", joined);
	show_html(walk, html, strlen(html));
}

static void
show_plain(struct walk *walk, const struct part *part, struct place place, const GString *text)
{
	const char *format = get_param(part->type_params, "format");
	const char *delsp = get_param(part->type_params, "delsp");
	g_autoptr(GString) flowed = NULL;

	if (format && g_ascii_strcasecmp(format, "flowed") == 0) {
		flowed = g_string_sized_new(text->len + 1);
		flowed_append(flowed, text->str, text->len,
			      delsp && g_ascii_strcasecmp(delsp, "yes") == 0);
		text = flowed;
	}
	if (walk->html && !walk->text->len && !place.choice) {
		show_text_in_html(walk, text->str);
		return;
	}
	append_separator(walk->text);
	append_limited(walk, walk->text, text->str, text->len);
}

static void
show(struct walk *walk, const struct part *part, struct place place)
{
	gboolean html = strcmp(part->type, "text/html") == 0;
	gboolean *chosen = !place.choice ? NULL : html ? &place.choice->html : &place.choice->text;
	walk->shown_last = TRUE;
	if (chosen && *chosen)
		return;
	g_autoptr(GString) text = part_get_text(part);
	if (!walk->charset)
		walk->charset = g_strdup(get_param(part->type_params, "charset"));
	if (html)
		show_html(walk, text->str, text->len);
	else
		show_plain(walk, part, place, text);
	if (chosen && text->len)
		*chosen = TRUE;
}

/* The last component: a path in a file name means nothing here (RFC 2183 section 2.3). */
static char *
part_get_filename(const struct part *part)
{
	const char *name = get_param(part->disposition_params, "filename");
	if (!name || !*name)
		name = get_param(part->type_params, "name");
	if (!name || !*name)
		return NULL;
	g_autofree char *decoded = encoded_decode(name, NULL);
	const char *base = decoded;
	for (const char *p = decoded; *p; p++)
		if ((*p == '/' || *p == '\\') && p[1])
			base = p + 1;
	if (!*base)
		return NULL;
	return g_strndup(base, charset_cut(base, strlen(base), LIMIT_FILENAME));
}

static guint64
part_get_size(const struct part *part)
{
	g_autofree char *buffer = NULL;
	struct span span = decode_transfer(part, &buffer);
	return span.length;
}

static gboolean
is_disposition(const struct part *part, const char *disposition)
{
	return part->disposition && strcmp(part->disposition, disposition) == 0;
}

static void
attach(struct walk *walk, const struct part *part, struct place place)
{
	if (walk->mail->attachments->len >= LIMIT_ATTACHMENTS)
		return;
	struct mail_attachment *attachment = g_new0(struct mail_attachment, 1);
	attachment->filename = part_get_filename(part);
	attachment->type = g_strdup(part->type);
	attachment->bytes = part_get_size(part);
	attachment->is_inline =
		is_disposition(part, "inline") ||
		(place.related && part->has_id && !is_disposition(part, "attachment"));
	g_ptr_array_add(walk->mail->attachments, attachment);
}

/* Text of these types is shown as it is (RFC 2046 section 4.1.4 says: all unknown ones). */
static gboolean
is_shown_type(const char *type)
{
	static const char *const shown[] = { "text/plain",     "text/html",     "text/markdown",
					     "text/enriched",  "text/richtext", "text/unknown",
					     "text/x-unknown", "text/text",     "text/ascii" };
	for (gsize i = 0; i < G_N_ELEMENTS(shown); i++)
		if (strcmp(shown[i], type) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
is_shown(const struct walk *walk, const struct part *part, struct place place)
{
	if (!is_shown_type(part->type))
		return FALSE;
	gboolean named = get_param(part->disposition_params, "filename") ||
			 get_param(part->type_params, "name");
	if (is_disposition(part, "attachment"))
		return place.top && !named;
	return !named || place.top || is_disposition(part, "inline") ||
	       (!walk->text->len && !walk->html);
}

static char *
find_calendar_method(const char *text)
{
	for (const char *p = text; p; p = strchr(p, '\n')) {
		p += *p == '\n';
		if (g_ascii_strncasecmp(p, "METHOD:", 7) == 0)
			return g_ascii_strup(p + 7, (gssize)strcspn(p + 7, " ;\n"));
	}
	return NULL;
}

static void
take_calendar(struct walk *walk, const struct part *part, struct place place)
{
	struct mail *mail = walk->mail;
	if (!mail->calendar) {
		g_autoptr(GString) text = part_get_text(part);
		const char *method = get_param(part->type_params, "method");
		gsize n = charset_cut(text->str, text->len, LIMIT_TEXT);
		mail->calendar = g_strndup(text->str, n);
		mail->calendar_method =
			method ? g_ascii_strup(method, -1) : find_calendar_method(mail->calendar);
	}
	if (!place.choice || is_disposition(part, "attachment"))
		attach(walk, part, place);
}

/* --- reports and embedded messages --- */

static void
free_header(gpointer data)
{
	struct mail_header *header = data;
	g_free(header->name);
	g_free(header->value);
	g_free(header);
}

static void
free_status_group(gpointer data)
{
	struct mail_status_group *group = data;
	g_ptr_array_unref(group->fields);
	g_free(group);
}

static struct mail_header *
make_header(char *name, char *value)
{
	struct mail_header *header = g_new(struct mail_header, 1);
	header->name = name;
	header->value = value;
	return header;
}

static struct mail_status_group *
read_group(struct fields_reader *reader)
{
	struct mail_status_group *group = g_new(struct mail_status_group, 1);
	struct field field;
	enum fields_line line;
	const char *skipped;
	gsize length;

	group->fields = g_ptr_array_new_with_free_func(free_header);
	while ((line = fields_next(reader, &field)) == FIELDS_FIELD || line == FIELDS_OTHER) {
		if (line == FIELDS_OTHER) {
			fields_next_line(reader, &skipped, &length);
		} else if (group->fields->len < LIMIT_HEADER_FIELDS) {
			g_autofree char *value = fields_dup_value(&field, LIMIT_HEADER_VALUE);
			g_ptr_array_add(group->fields,
					make_header(g_strndup(field.name, field.name_length),
						    encoded_decode(value, NULL)));
		}
	}
	return group;
}

static void
take_status(struct walk *walk, const struct part *part)
{
	GPtrArray *groups = walk->mail->status_groups;
	g_autofree char *buffer = NULL;
	struct span span = decode_transfer(part, &buffer);
	struct fields_reader reader = { span.bytes, span.bytes + span.length };
	while (reader.p < reader.end && groups->len <= LIMIT_DSN_RECIPIENTS) {
		struct mail_status_group *group = read_group(&reader);
		if (group->fields->len)
			g_ptr_array_add(groups, group);
		else
			free_status_group(group);
	}
}

static void
take_feedback(struct walk *walk, const struct part *part)
{
	g_autofree char *buffer = NULL;
	struct span span = decode_transfer(part, &buffer);
	struct fields_reader reader = { span.bytes, span.bytes + span.length };
	if (!walk->mail->feedback)
		walk->mail->feedback = read_group(&reader);
}

static void
take_message(struct walk *walk, const struct part *part, struct place place)
{
	if (!place.report)
		attach(walk, part, place);
	if (walk->mail->embedded || place.depth >= LIMIT_NESTING)
		return;
	g_autofree char *buffer = NULL;
	struct span span = decode_transfer(part, &buffer);
	g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
	raw_mail_read(raw, span.bytes, span.length);
	raw->body_truncated |= walk->body_truncated && !*walk->parts;
	walk->mail->embedded = parse_message(raw, place.depth + 1, walk->parts);
	walk->mail->embedded_is_report = place.report;
}

/* --- the walk --- */

/* Is this line the delimiter?  0 no, 1 yes, 2 the closing one. */
static guint
is_delimiter(const char *line, gsize length, const char *boundary, gsize boundary_length)
{
	if (length < boundary_length + 2 || memcmp(line, "--", 2) != 0 ||
	    memcmp(line + 2, boundary, boundary_length) != 0)
		return 0;
	line += boundary_length + 2;
	length -= boundary_length + 2;
	if (length >= 2 && memcmp(line, "--", 2) == 0)
		return 2;
	while (length && g_ascii_isspace(line[length - 1]))
		length--;
	return length == 0;
}

/* Without a usable parameter: the first line that looks like a delimiter before part fields. */
static char *
guess_boundary(struct span body)
{
	struct fields_reader reader = { body.bytes, body.bytes + body.length };
	const char *line;
	gsize length;
	while (fields_next_line(&reader, &line, &length))
		if (length > 4 && length < 80 && memcmp(line, "--", 2) == 0 &&
		    reader.end - reader.p > 8 && g_ascii_strncasecmp(reader.p, "Content-", 8) == 0)
			return g_strchomp(g_strndup(line + 2, length - 2));
	return NULL;
}

static char *
get_boundary(const struct part *part)
{
	const char *param = get_param(part->type_params, "boundary");
	g_autofree char *boundary = g_strdup(param ? param : "");
	g_strchomp(boundary);
	return *boundary ? g_steal_pointer(&boundary) : guess_boundary(part->body);
}

static void
walk_child(struct walk *walk, struct span span, struct place place)
{
	if (!*walk->parts) {
		walk->mail->truncated = TRUE;
		return;
	}
	struct part child = { 0 };
	--*walk->parts;
	part_read(&child, span, place.digest);
	walk_part(walk, &child, place);
	part_clear(&child);
}

/* The bytes between two delimiters, without the line end that belongs to the second. */
static struct span
between(const char *begin, const char *end)
{
	if (end > begin && end[-1] == '\n')
		end--;
	if (end > begin && end[-1] == '\r')
		end--;
	return (struct span){ begin, (gsize)(end - begin) };
}

/* @return FALSE when there is no delimiter at all */
static gboolean
walk_children(struct walk *walk, struct span body, const char *boundary, struct place place)
{
	struct fields_reader reader = { body.bytes, body.bytes + body.length };
	const char *line, *begin = NULL;
	gsize length, boundary_length = strlen(boundary);
	guint delimiter = 0;

	while (delimiter != 2 && fields_next_line(&reader, &line, &length)) {
		delimiter = is_delimiter(line, length, boundary, boundary_length);
		if (!delimiter)
			continue;
		if (begin)
			walk_child(walk, between(begin, line), place);
		begin = delimiter == 1 ? reader.p : reader.end;
	}
	if (delimiter != 2 && begin && begin < reader.end)
		walk_child(walk, between(begin, reader.end), place);
	return begin != NULL;
}

static void
walk_multipart(struct walk *walk, const struct part *part, struct place place)
{
	struct choice choice = { 0 };
	const char *subtype = part->type + strlen("multipart/");
	struct place inside = { .depth = place.depth + 1,
				.related = place.related,
				.choice = place.choice };

	inside.report = strcmp(subtype, "report") == 0;
	inside.digest = strcmp(subtype, "digest") == 0;
	inside.related |= strcmp(subtype, "related") == 0;
	if (strcmp(subtype, "alternative") == 0)
		inside.choice = &choice;
	if (inside.depth > LIMIT_NESTING) {
		walk->mail->truncated = TRUE;
		return;
	}
	g_autofree char *boundary = get_boundary(part);
	if (boundary && walk_children(walk, part->body, boundary, inside))
		return;
	/* no parts in it: what is there is shown rather than lost */
	struct part plain = { .type = (char *)"text/plain",
			      .encoding = part->encoding,
			      .body = part->body };
	show(walk, &plain, place);
}

static void
take_attachment(struct walk *walk, const struct part *part, struct place place)
{
	gboolean variant = place.choice && g_str_has_prefix(part->type, "text/") &&
			   !get_param(part->disposition_params, "filename");
	if (!variant)
		attach(walk, part, place);
}

static gboolean
is_message_type(const char *type)
{
	static const char *const types[] = {
		"message/rfc822",     "message/global",         "text/rfc822-headers",
		"text/rfc822-header", "message/rfc822-headers", "message/global-headers",
		"text/rfc822"
	};
	for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
		if (strcmp(types[i], type) == 0)
			return TRUE;
	return FALSE;
}

static void
walk_part(struct walk *walk, const struct part *part, struct place place)
{
	const char *type = part->type;
	if (g_str_has_prefix(type, "multipart/")) {
		walk_multipart(walk, part, place);
		return;
	}
	walk->shown_last = FALSE;
	if (is_message_type(type))
		take_message(walk, part, place);
	else if (strcmp(type, "message/delivery-status") == 0 ||
		 strcmp(type, "message/global-delivery-status") == 0)
		take_status(walk, part);
	else if (strcmp(type, "message/feedback-report") == 0)
		take_feedback(walk, part);
	else if (strcmp(type, "text/calendar") == 0)
		take_calendar(walk, part, place);
	else if (is_shown(walk, part, place))
		show(walk, part, place);
	else
		take_attachment(walk, part, place);
}

/* --- the message's own fields --- */

static gboolean
is_id_end(char c, gboolean bracketed)
{
	return c == '\0' || c == '<' || c == '>' ||
	       (!bracketed && (c == ',' || c == ';' || g_ascii_isspace(c)));
}

/* Add an id without the white space that folding put into it. */
static void
add_id(GPtrArray *ids, const char *id, gsize length, gboolean bracketed)
{
	GString *clean = g_string_sized_new(length);
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isspace(id[i]))
			g_string_append_c(clean, id[i]);
	gboolean null = g_ascii_strcasecmp(clean->str, "null") == 0;
	if (!clean->len || clean->len > LIMIT_MESSAGE_ID || null ||
	    (!bracketed && !strchr(clean->str, '@'))) {
		g_string_free(clean, TRUE);
		return;
	}
	if (ids->len == LIMIT_REFERENCES)
		g_ptr_array_remove_index(ids, 0);
	g_ptr_array_add(ids, g_string_free(clean, FALSE));
}

/*
 * Message ids are what stands in <...>.  A bracket that never closes ends at white space; words
 * outside are ids only when they have an @ and nothing in brackets is there, since old
 * In-Reply-To fields hold phrases with addresses (RFC 5322 section 4.5.4).
 */
static void
read_ids(GPtrArray *ids, const char *value, gboolean words)
{
	for (const char *p = value; *p;) {
		gboolean bracketed = *p == '<';
		const char *start = p + bracketed, *end = start;
		while (!is_id_end(*end, bracketed))
			end++;
		if (bracketed && *end != '>') {
			for (end = start; !is_id_end(*end, FALSE);)
				end++;
		}
		if (bracketed || words)
			add_id(ids, start, (gsize)(end - start), bracketed);
		p = end;
		while (*p && *p != '<' && is_id_end(*p, FALSE))
			p++;
	}
}

static GPtrArray *
parse_ids(const struct mail *mail, const char *name)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	const char *value = mail_header(mail, name);
	if (value)
		read_ids(ids, value, !strchr(value, '<'));
	return ids;
}

/* The id, also without brackets or an @, as some senders write it. */
static char *
parse_message_id(const struct mail *mail)
{
	g_autoptr(GPtrArray) ids = parse_ids(mail, "Message-ID");
	const char *value = mail_header(mail, "Message-ID");
	if (ids->len)
		return g_strdup(g_ptr_array_index(ids, 0));
	if (!value || !*value || *value == '<' || strpbrk(value, " \t") ||
	    strlen(value) > LIMIT_MESSAGE_ID || g_ascii_strcasecmp(value, "null") == 0)
		return NULL;
	return g_strdup(value);
}

static void
parse_date(struct mail *mail)
{
	const char *value = mail_header(mail, "Date");
	g_autoptr(GDateTime) date = value ? g_mime_utils_header_decode_date(value) : NULL;
	if (!date)
		return;
	mail->date = g_date_time_to_unix(date) * G_USEC_PER_SEC;
	mail->date_offset = (int)(g_date_time_get_utc_offset(date) / G_TIME_SPAN_SECOND);
}

static void
free_address(gpointer data)
{
	mail_address_free(data);
}

/* Several fields of one name are read as one list. */
static GPtrArray *
parse_addresses(const struct raw_mail *raw, const char *name, const char *charset)
{
	GPtrArray *all = g_ptr_array_new_with_free_func(free_address);
	for (guint i = 0; i < raw->headers->len && all->len < LIMIT_ADDRESSES; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		if (g_ascii_strcasecmp(header->name, name) != 0)
			continue;
		g_autofree char *utf8 =
			charset_to_utf8(header->value, strlen(header->value), charset);
		g_ptr_array_extend_and_steal(all, address_parse_list(utf8));
	}
	if (all->len > LIMIT_ADDRESSES)
		g_ptr_array_set_size(all, LIMIT_ADDRESSES);
	return all;
}

static void
parse_headers(struct mail *mail, const struct raw_mail *raw, const char *charset)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		g_ptr_array_add(
			mail->headers,
			make_header(charset_to_utf8(header->name, strlen(header->name), NULL),
				    encoded_decode(header->value, charset)));
	}
}

static void
parse_fields(struct mail *mail, const struct raw_mail *raw, const char *charset)
{
	parse_headers(mail, raw, charset);
	const char *subject = mail_header(mail, "Subject");
	subject = subject ? subject : "";
	mail->subject = g_strndup(subject, charset_cut(subject, strlen(subject), LIMIT_SUBJECT));
	mail->message_id = parse_message_id(mail);
	mail->in_reply_to = parse_ids(mail, "In-Reply-To");
	mail->references = parse_ids(mail, "References");
	mail->from = parse_addresses(raw, "From", charset);
	mail->sender = parse_addresses(raw, "Sender", charset);
	mail->reply_to = parse_addresses(raw, "Reply-To", charset);
	mail->to = parse_addresses(raw, "To", charset);
	mail->cc = parse_addresses(raw, "Cc", charset);
	parse_date(mail);
}

static void
free_attachment(gpointer data)
{
	struct mail_attachment *attachment = data;
	g_free(attachment->filename);
	g_free(attachment->type);
	g_free(attachment);
}

static struct mail *
new_mail(void)
{
	struct mail *mail = g_new0(struct mail, 1);
	mail->headers = g_ptr_array_new_with_free_func(free_header);
	mail->attachments = g_ptr_array_new_with_free_func(free_attachment);
	mail->status_groups = g_ptr_array_new_with_free_func(free_status_group);
	return mail;
}

/* The top part's fields come from the message. */
static void
read_top(struct part *part, const struct raw_mail *raw)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		part_add_field(part, header->name, strlen(header->name), header->value);
	}
	if (!part->type)
		part->type = g_strdup("text/plain");
	part->body = (struct span){ (const char *)raw->body->data, raw->body->len };
	if (!part->body.bytes)
		part->body.bytes = "";
}

static struct mail *
parse_message(const struct raw_mail *raw, guint depth, guint *parts)
{
	struct walk walk = { .mail = new_mail(),
			     .parts = parts,
			     .text = g_string_new(NULL),
			     .body_truncated = raw->body_truncated };
	struct part top = { 0 };
	const char *report_type;

	read_top(&top, raw);
	walk.mail->content_type = g_strdup(top.type);
	report_type = get_param(top.type_params, "report-type");
	walk.mail->report_type = report_type ? g_ascii_strdown(report_type, -1) : NULL;
	walk_part(&walk, &top, (struct place){ .depth = depth, .top = TRUE });
	parse_fields(walk.mail, raw, walk.charset);
	walk.mail->text = g_string_free(walk.text, FALSE);
	walk.mail->html = walk.html ? g_string_free(walk.html, FALSE) : NULL;
	walk.mail->truncated |= raw->body_truncated && walk.shown_last;
	g_free(walk.charset);
	part_clear(&top);
	return walk.mail;
}

static gpointer
start_gmime(G_GNUC_UNUSED gpointer unused)
{
	g_mime_init();
	return NULL;
}

struct mail *
mail_parse(const struct raw_mail *raw)
{
	static GOnce once = G_ONCE_INIT;
	guint parts = LIMIT_PARTS;
	g_once(&once, start_gmime, NULL);
	return parse_message(raw, 0, &parts);
}
