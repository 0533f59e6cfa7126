/*
 * parse.c - mail_parse(): a raw_mail as struct mail.
 *
 * The structure of parts is walked over the bytes, without copying; part.c decodes what stands in
 * them.  Ceilings: LIMIT_PARTS over the whole message, LIMIT_NESTING for multiparts and
 * embedded messages together (which bounds the recursion), LIMIT_TEXT for what is kept of text.
 * Each level scans its bytes once, so the cost is linear.
 *
 * RFC 2046, 2387, 3462, 3464, 3676, 5322, 5965, 6533.
 */
#include "mail/mail.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/fields.h"
#include "mail/flowed.h"
#include "mail/ids.h"
#include "mail/part.h"

#include <string.h>

/* What a multipart/alternative's earlier children gave: only the first of each is shown. */
struct choice {
	gboolean text, html;
};

/* Where in the structure a part stands. */
struct place {
	guint depth;
	gboolean top; /* the message itself */
	gboolean report; /* in multipart/report */
	gboolean digest; /* directly in multipart/digest */
	gboolean related; /* in multipart/related */
	gboolean alternative; /* in multipart/alternative, at any depth */
	struct choice shown; /* of its alternatives: not to be shown once more */
	struct choice *choice; /* directly in multipart/alternative, else NULL */
};

/* State of one message's walk. */
struct walk {
	struct mail *mail;
	guint *parts; /* left, shared with embedded messages */
	GString *text, *html; /* html NULL until there is some */
	char *charset; /* of the first shown text, for raw 8-bit header fields */
	const char *body_end;
	gboolean body_truncated;
	gboolean text_cut, html_cut; /* a ceiling took something away */
};

static struct mail *parse_message(const struct raw_mail *raw, guint depth, guint *parts);
static void walk_part(struct walk *walk, const struct part *part, struct place place);

/* --- text that is shown --- */

static gboolean
append_limited(GString *to, const char *text, gsize length)
{
	gsize room = to->len < LIMIT_TEXT ? LIMIT_TEXT - to->len : 0;
	gsize n = charset_cut(text, length, room);
	g_string_append_len(to, text, (gssize)n);
	return n < length;
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
	walk->html_cut |= append_limited(walk->html, html, length);
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

/* A parameter's value in lower or upper case, or NULL. */
static char *
dup_param(const struct part *part, const char *name, char *(*change)(const gchar *, gssize))
{
	const char *value = part_type_param(part, name);
	g_autofree char *utf8 = value ? charset_to_utf8(value, strlen(value), NULL) : NULL;
	return utf8 ? change(utf8, -1) : NULL;
}

static gboolean
has_param(const struct part *part, const char *name, const char *value)
{
	const char *param = part_type_param(part, name);
	return param && g_ascii_strcasecmp(param, value) == 0;
}

static void
show_plain(struct walk *walk, const struct part *part, struct place place, const GString *text)
{
	g_autoptr(GString) flowed = NULL;
	if (has_param(part, "format", "flowed")) {
		flowed = g_string_sized_new(text->len + 1);
		flowed_append(flowed, text->str, text->len, has_param(part, "delsp", "yes"));
		text = flowed;
	}
	if (walk->html && !walk->text->len && !place.alternative) {
		show_text_in_html(walk, text->str);
		return;
	}
	append_separator(walk->text);
	walk->text_cut |= append_limited(walk->text, text->str, text->len);
}

static void
show(struct walk *walk, const struct part *part, struct place place)
{
	gboolean html = strcmp(part->type, "text/html") == 0;
	if (html ? place.shown.html : place.shown.text)
		return;
	if (walk->body_truncated && part->body.bytes + part->body.length == walk->body_end)
		*(html ? &walk->html_cut : &walk->text_cut) = TRUE;
	g_autoptr(GString) text = part_get_text(part);
	if (!walk->charset)
		walk->charset = g_strdup(part_type_param(part, "charset"));
	if (html)
		show_html(walk, text->str, text->len);
	else
		show_plain(walk, part, place, text);
}

/* Unknown subtypes of text could be shown (RFC 2046 section 4.1.4); these really are. */
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
	gboolean named = part_has_name(part);
	if (!is_shown_type(part->type))
		return FALSE;
	if (part_is_disposition(part, "attachment"))
		return place.top && !named;
	return !named || place.top || part_is_disposition(part, "inline") ||
	       (!walk->text->len && !walk->html);
}

/* --- attachments and calendars --- */

static void
attach(struct walk *walk, const struct part *part, struct place place)
{
	if (walk->mail->attachments->len >= LIMIT_ATTACHMENTS)
		return;
	struct mail_attachment *attachment = g_new(struct mail_attachment, 1);
	attachment->filename = part_get_filename(part);
	attachment->type = g_strdup(part->type);
	attachment->bytes = part_get_size(part);
	attachment->is_inline =
		part_is_disposition(part, "inline") ||
		(place.related && part->has_id && !part_is_disposition(part, "attachment"));
	g_ptr_array_add(walk->mail->attachments, attachment);
}

/* A variant of the text that nobody is shown (AMP, watch faces) is no attachment. */
static void
take_other(struct walk *walk, const struct part *part, struct place place)
{
	gboolean variant =
		place.choice && g_str_has_prefix(part->type, "text/") && !part_has_name(part);
	if (!variant)
		attach(walk, part, place);
}

static void
take_text(struct walk *walk, const struct part *part, struct place place)
{
	gboolean shown = is_shown(walk, part, place);
	if (shown)
		show(walk, part, place);
	/* a file that is shown in its place is still a file */
	if (!shown || (part_has_name(part) && !place.top && part->disposition))
		attach(walk, part, place);
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
		mail->calendar =
			g_strndup(text->str, charset_cut(text->str, text->len, LIMIT_TEXT));
		mail->calendar_method = dup_param(part, "method", g_ascii_strup);
		if (!mail->calendar_method)
			mail->calendar_method = find_calendar_method(mail->calendar);
	}
	if (!place.alternative || part_is_disposition(part, "attachment"))
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

static void
add_header(GPtrArray *headers, const char *name, gsize name_length, const char *value,
	   const char *charset)
{
	struct mail_header *header = g_new(struct mail_header, 1);
	header->name = charset_to_utf8(name, name_length, NULL);
	header->value = encoded_decode(value, charset);
	g_ptr_array_add(headers, header);
}

/* Fields up to an empty line; lines that are none are passed over. */
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
			add_header(group->fields, field.name, field.name_length, value, NULL);
		}
	}
	return group;
}

static void
take_status(struct walk *walk, const struct part *part, G_GNUC_UNUSED struct place place)
{
	GPtrArray *groups = walk->mail->status_groups;
	g_autofree char *buffer = NULL;
	struct span content = part_decode(part, &buffer);
	struct fields_reader reader;

	fields_init(&reader, content.bytes, content.length);
	/* one group for the message, one for each recipient */
	while (reader.p < reader.end && groups->len <= LIMIT_DSN_RECIPIENTS) {
		struct mail_status_group *group = read_group(&reader);
		if (group->fields->len)
			g_ptr_array_add(groups, group);
		else
			free_status_group(group);
	}
}

static void
take_feedback(struct walk *walk, const struct part *part, G_GNUC_UNUSED struct place place)
{
	g_autofree char *buffer = NULL;
	struct span content = part_decode(part, &buffer);
	struct fields_reader reader;

	fields_init(&reader, content.bytes, content.length);
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
	struct span content = part_decode(part, &buffer);
	g_autoptr(raw_mail_owned) raw = raw_mail_new(0);
	raw_mail_read(raw, content.bytes, content.length);
	raw->body_truncated |=
		walk->body_truncated && part->body.bytes + part->body.length == walk->body_end;
	walk->mail->embedded = parse_message(raw, place.depth + 1, walk->parts);
	walk->mail->embedded_is_report = place.report;
}

/* --- the walk --- */

enum delimiter { DELIMITER_NONE, DELIMITER_PART, DELIMITER_CLOSE };

static enum delimiter
find_delimiter(const char *line, gsize length, const char *boundary, gsize boundary_length)
{
	if (length < boundary_length + 2 || memcmp(line, "--", 2) != 0 ||
	    memcmp(line + 2, boundary, boundary_length) != 0)
		return DELIMITER_NONE;
	line += boundary_length + 2;
	length -= boundary_length + 2;
	for (; length && g_ascii_isspace(*line); length--)
		line++;
	if (length >= 2 && memcmp(line, "--", 2) == 0)
		return DELIMITER_CLOSE;
	return length ? DELIMITER_NONE : DELIMITER_PART;
}

/* Without a usable parameter: the first line that looks like a delimiter before part fields. */
static char *
guess_boundary(struct span body)
{
	struct fields_reader reader;
	const char *line;
	gsize length;

	fields_init(&reader, body.bytes, body.length);
	while (fields_next_line(&reader, &line, &length))
		if (length > 2 && length < 80 && memcmp(line, "--", 2) == 0 &&
		    reader.end - reader.p > 8 && g_ascii_strncasecmp(reader.p, "Content-", 8) == 0)
			return g_strchomp(g_strndup(line + 2, length - 2));
	return NULL;
}

static char *
get_boundary(const struct part *part)
{
	const char *param = part_type_param(part, "boundary");
	g_autofree char *boundary = g_strchomp(g_strdup(param ? param : ""));
	return *boundary ? g_steal_pointer(&boundary) : guess_boundary(part->body);
}

static gsize
html_length(const struct walk *walk)
{
	return walk->html ? walk->html->len : 0;
}

static void
walk_child(struct walk *walk, const char *begin, const char *end, struct place place)
{
	g_auto(part_owned) child = { 0 };
	gsize text = walk->text->len, html = html_length(walk);

	if (!*walk->parts) {
		walk->text_cut = TRUE;
		return;
	}
	--*walk->parts;
	/* the line end before a delimiter belongs to the delimiter */
	if (end > begin && end < walk->body_end && end[-1] == '\n')
		end--;
	if (end > begin && end < walk->body_end && end[-1] == '\r')
		end--;
	part_read(&child, (struct span){ begin, (gsize)(end - begin) },
		  place.digest ? "message/rfc822" : "text/plain", walk->charset);
	if (place.choice) {
		place.shown.text |= place.choice->text;
		place.shown.html |= place.choice->html;
	}
	walk_part(walk, &child, place);
	if (place.choice) {
		place.choice->text |= walk->text->len > text;
		place.choice->html |= html_length(walk) > html;
	}
}

/* @return FALSE when no part was found */
static gboolean
walk_children(struct walk *walk, struct span body, const char *boundary, struct place place)
{
	struct fields_reader reader;
	const char *line, *begin = NULL;
	gsize length, boundary_length = strlen(boundary);
	enum delimiter delimiter = DELIMITER_NONE;
	gboolean found = FALSE;

	fields_init(&reader, body.bytes, body.length);
	while (delimiter != DELIMITER_CLOSE && fields_next_line(&reader, &line, &length)) {
		delimiter = find_delimiter(line, length, boundary, boundary_length);
		if (delimiter == DELIMITER_NONE)
			continue;
		if (begin)
			walk_child(walk, begin, line, place);
		found |= begin || delimiter == DELIMITER_PART;
		begin = reader.p;
	}
	if (delimiter != DELIMITER_CLOSE && begin && begin < reader.end)
		walk_child(walk, begin, reader.end, place);
	return found;
}

/* Subtypes that change what their children mean; all others are multipart/mixed. */
static struct place
place_inside(const char *type, struct place outside, struct choice *choice)
{
	struct place inside = outside;
	inside.depth++;
	inside.top = FALSE;
	inside.digest = strcmp(type, "multipart/digest") == 0;
	inside.report |= strcmp(type, "multipart/report") == 0;
	inside.related |= strcmp(type, "multipart/related") == 0;
	inside.choice = strcmp(type, "multipart/alternative") == 0 ? choice : NULL;
	inside.alternative |= inside.choice != NULL;
	return inside;
}

static void
walk_multipart(struct walk *walk, const struct part *part, struct place place)
{
	struct choice choice = { 0 };
	struct place inside = place_inside(part->type, place, &choice);

	if (inside.depth > LIMIT_NESTING) {
		walk->text_cut = TRUE;
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

static const struct {
	const char *type;
	void (*take)(struct walk *walk, const struct part *part, struct place place);
} takers[] = {
	{ "text/calendar", take_calendar },
	{ "application/ics", take_calendar },
	{ "message/rfc822", take_message },
	{ "message/global", take_message },
	{ "message/news", take_message },
	{ "text/rfc822-headers", take_message },
	{ "text/rfc822-header", take_message },
	{ "text/rfc822", take_message },
	{ "message/rfc822-headers", take_message },
	{ "message/global-headers", take_message },
	{ "message/delivery-status", take_status },
	{ "message/global-delivery-status", take_status },
	{ "message/feedback-report", take_feedback },
};

static void
walk_part(struct walk *walk, const struct part *part, struct place place)
{
	if (g_str_has_prefix(part->type, "multipart/")) {
		walk_multipart(walk, part, place);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(takers); i++) {
		if (strcmp(takers[i].type, part->type) == 0) {
			takers[i].take(walk, part, place);
			return;
		}
	}
	(is_shown_type(part->type) ? take_text : take_other)(walk, part, place);
}

/* --- the message's own fields --- */

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

/* The first id; when there is none in the field, nothing stands for it. */
static char *
parse_message_id(const struct mail *mail)
{
	g_autoptr(GPtrArray) ids = ids_parse(mail_header(mail, "Message-ID"));
	return ids->len ? g_strdup(g_ptr_array_index(ids, 0)) : NULL;
}

static void
parse_fields(struct mail *mail, const struct raw_mail *raw, const char *charset)
{
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		add_header(mail->headers, header->name, strlen(header->name), header->value,
			   charset);
	}
	const char *subject = mail_header(mail, "Subject"), *date = mail_header(mail, "Date");
	subject = subject ? subject : "";
	mail->subject = g_strndup(subject, charset_cut(subject, strlen(subject), LIMIT_SUBJECT));
	mail->date = date ? date_parse(date, &mail->date_offset) : 0;
	mail->message_id = parse_message_id(mail);
	mail->in_reply_to = ids_parse(mail_header(mail, "In-Reply-To"));
	mail->references = ids_parse(mail_header(mail, "References"));
	mail->from = parse_addresses(raw, "From", charset);
	mail->sender = parse_addresses(raw, "Sender", charset);
	mail->reply_to = parse_addresses(raw, "Reply-To", charset);
	mail->to = parse_addresses(raw, "To", charset);
	mail->cc = parse_addresses(raw, "Cc", charset);
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

/* HTML that was cut matters only where it is what is shown. */
static gboolean
is_truncated(const struct walk *walk)
{
	return walk->text_cut || (walk->html_cut && !walk->text->len);
}

static struct mail *
parse_message(const struct raw_mail *raw, guint depth, guint *parts)
{
	struct mail *mail = new_mail();
	struct walk walk = { .mail = mail,
			     .parts = parts,
			     .text = g_string_new(NULL),
			     .body_truncated = raw->body_truncated };
	g_auto(part_owned) top = { 0 };

	part_read_top(&top, raw);
	walk.body_end = top.body.bytes + top.body.length;
	mail->content_type = g_strdup(top.type);
	mail->report_type = dup_param(&top, "report-type", g_ascii_strdown);
	walk_part(&walk, &top, (struct place){ .depth = depth, .top = TRUE });
	parse_fields(mail, raw, walk.charset);
	mail->truncated = is_truncated(&walk);
	mail->text = g_string_free(walk.text, FALSE);
	mail->html = walk.html ? g_string_free(walk.html, FALSE) : NULL;
	g_free(walk.charset);
	return mail;
}

struct mail *
mail_parse(const struct raw_mail *raw)
{
	guint parts = LIMIT_PARTS;
	return parse_message(raw, 0, &parts);
}
