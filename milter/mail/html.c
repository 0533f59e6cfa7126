/*
 * html.c - HTML mail as text through libxml2's SAX push parser; the only file that names it.
 *
 * The parser is linear only in well-behaved input: each end tag walks its stack of open
 * elements, each attribute is compared with those before it.  So the bytes go through a scanner
 * first that drops start tags (and their end tags) nested deeper than LIMIT_HTML_DEPTH and the
 * attributes of tags longer than LIMIT_HTML_TAG, and turns a '<' that nothing ever closes into
 * text.  No text is lost that way.  The document element is ours: the mail's own html, head and
 * body tags are dropped, or whatever gateways append after </html> would be lost.
 *
 * Marks come from what the mail clients write around a quote (ids, classes, cite, the left
 * border of a blockquote, Outlook's top border): html_marks.c.
 */
#include "mail/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/limits.h"
#include "mail/html_marks.h"

/* What is counted while open; index of builder.open[]. */
static const guint counted[] = {
	ELEMENT_HIDDEN,    ELEMENT_PRE,    ELEMENT_QUOTE, ELEMENT_MAYBE_QUOTE,
	ELEMENT_SIGNATURE, ELEMENT_HEADER, ELEMENT_GMAIL,
};

enum {
	OPEN_HIDDEN,
	OPEN_PRE,
	OPEN_QUOTE,
	OPEN_MAYBE_QUOTE,
	OPEN_SIGNATURE,
	OPEN_HEADER,
	OPEN_GMAIL
};

struct builder {
	struct html_text *result;
	GString *text;
	guint16 flags[LIMIT_HTML_DEPTH * 4]; /* of the open elements */
	guint depth;
	guint open[G_N_ELEMENTS(counted)];
	gsize line_begin;
	gboolean line_started; /* something visible stands on this line */
	gboolean space, cell; /* owed before the next visible character */
	gboolean gap; /* an empty line is owed before the next line */
	gboolean next_header; /* the next line is the head of a quote */
};

/* --- lines --- */

static void
line_record(struct builder *b)
{
	struct html_line line = { .offset = b->line_begin,
				  .quote_depth = b->open[OPEN_QUOTE] + b->open[OPEN_MAYBE_QUOTE] };

	if (b->open[OPEN_HEADER] || (b->next_header && b->line_started))
		line.mark = HTML_MARK_HEADER;
	else if (b->open[OPEN_QUOTE])
		line.mark = HTML_MARK_QUOTE;
	else if (b->open[OPEN_SIGNATURE])
		line.mark = HTML_MARK_SIGNATURE;
	if (b->line_started)
		b->next_header = FALSE;
	g_array_append_val(b->result->lines, line);
}

static void
line_end(struct builder *b)
{
	if (!b->line_started)
		line_record(b);
	g_string_append_c(b->text, '\n');
	b->line_begin = b->text->len;
	b->line_started = FALSE;
	b->space = b->cell = FALSE;
}

/* End the line if there is anything on it. */
static void
line_break(struct builder *b)
{
	if (b->line_started)
		line_end(b);
	b->space = b->cell = FALSE;
}

static void
visible_begin(struct builder *b)
{
	if (!b->line_started) {
		if (b->gap && b->text->len > 0 &&
		    !(b->text->len > 1 && b->text->str[b->text->len - 2] == '\n'))
			line_end(b);
		b->gap = FALSE;
		b->line_started = TRUE;
		line_record(b);
	} else if (b->cell)
		g_string_append_c(b->text, '\t');
	else if (b->space)
		g_string_append_c(b->text, ' ');
	b->space = b->cell = FALSE;
}

static void
append_visible(struct builder *b, const char *bytes, gsize length)
{
	if (b->text->len + length > LIMIT_TEXT) {
		b->result->truncated = TRUE;
		return;
	}
	visible_begin(b);
	g_string_append_len(b->text, bytes, length);
}

/* Characters that show nothing or a space: U+00A0, U+00AD, U+200B, U+FEFF, U+2028.
 * @return their length, 0 for any other. */
static gsize
odd_space(const char *p, gsize left, gboolean *ret_is_space)
{
	*ret_is_space = FALSE;
	if (left >= 2 && p[0] == '\xc2' && (p[1] == '\xa0' || p[1] == '\xad')) {
		*ret_is_space = p[1] == '\xa0';
		return 2;
	}
	if (left >= 3 && (memcmp(p, "\xe2\x80\x8b", 3) == 0 || memcmp(p, "\xef\xbb\xbf", 3) == 0))
		return 3;
	if (left >= 3 && memcmp(p, "\xe2\x80\xa8", 3) == 0) {
		*ret_is_space = TRUE;
		return 3;
	}
	return 0;
}

static inline gboolean
is_space(char c)
{
	return c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
}

static void
space_in_pre(struct builder *b, char c)
{
	if (c == '\n')
		line_end(b);
	else if (c != '\r')
		append_visible(b, &c, 1);
}

static void
on_characters(void *data, const xmlChar *bytes, int length)
{
	struct builder *b = data;
	const char *p = (const char *)bytes, *end = p + length, *run;
	gboolean shows_space;
	gsize odd;

	if (b->open[OPEN_HIDDEN] || b->result->truncated)
		return;
	while (p < end) {
		if (is_space(*p)) {
			if (b->open[OPEN_PRE])
				space_in_pre(b, *p);
			else
				b->space = TRUE;
			p++;
			continue;
		}
		odd = odd_space(p, end - p, &shows_space);
		if (odd) {
			if (shows_space && b->line_started)
				append_visible(b, " ", 1);
			p += odd;
			continue;
		}
		run = p;
		do
			p++;
		while (p < end && !is_space(*p) && *p != '\xc2' && *p != '\xe2' && *p != '\xef');
		append_visible(b, run, p - run);
	}
}

/* --- elements --- */

static void
add_link(struct builder *b, const char *href)
{
	if (href && *href && !b->open[OPEN_HIDDEN] && !b->open[OPEN_QUOTE] &&
	    b->result->links->len < LIMIT_URLS)
		g_ptr_array_add(b->result->links, g_strdup(href));
}

static void
on_start_element(void *data, const xmlChar *name, const xmlChar **attributes)
{
	struct builder *b = data;
	const char *href;
	guint flags = html_tag_flags((const char *)name, (const char *const *)attributes,
				     b->open[OPEN_GMAIL] > 0, &href);

	if (flags & ELEMENT_LINK)
		add_link(b, href);
	if (b->depth < G_N_ELEMENTS(b->flags))
		b->flags[b->depth] = flags;
	b->depth++;
	if (!b->open[OPEN_HIDDEN]) {
		if (flags & ELEMENT_BREAK)
			line_end(b);
		if (flags & (ELEMENT_BLOCK | ELEMENT_QUOTE | ELEMENT_SIGNATURE | ELEMENT_HEADER))
			line_break(b);
		b->gap |= (flags & ELEMENT_SPACED) != 0;
		b->cell |= (flags & ELEMENT_CELL) && b->line_started;
		b->next_header |= (flags & ELEMENT_NEXT_HEADER) != 0;
	}
	if (b->depth <= G_N_ELEMENTS(b->flags))
		for (guint i = 0; i < G_N_ELEMENTS(counted); i++)
			b->open[i] += (flags & counted[i]) != 0;
}

static void
on_end_element(void *data, const xmlChar *name G_GNUC_UNUSED)
{
	struct builder *b = data;
	guint flags;

	if (b->depth == 0 || --b->depth >= G_N_ELEMENTS(b->flags))
		return;
	flags = b->flags[b->depth];
	if (!b->open[OPEN_HIDDEN]) {
		if (flags & (ELEMENT_BLOCK | ELEMENT_QUOTE | ELEMENT_SIGNATURE | ELEMENT_HEADER))
			line_break(b);
		b->gap |= (flags & ELEMENT_SPACED) != 0;
	}
	for (guint i = 0; i < G_N_ELEMENTS(counted); i++)
		b->open[i] -= (flags & counted[i]) != 0;
}

/* --- the parser and the scanner before it --- */

static xmlSAXHandler handler = {
	.startElement = on_start_element,
	.endElement = on_end_element,
	.characters = on_characters,
	.ignorableWhitespace = on_characters,
};

struct feed {
	htmlParserCtxtPtr parser;
	GString *clean; /* what the parser gets next */
	const char *unfed; /* what was not copied there so far */
	guint started; /* start tags since the parser was last fed */
	guint dropped; /* start tags deeper than the ceiling */
	gboolean no_tag_ends, no_comment_ends; /* no '>', no "-->" is left */
};

/* Copy up to p and go on at `next`. */
static void
feed_until(struct feed *feed, const char *p, const char *next)
{
	g_string_append_len(feed->clean, feed->unfed, p - feed->unfed);
	feed->unfed = next;
}

static void
feed_parser(struct feed *feed)
{
	if (feed->clean->len > 0)
		htmlParseChunk(feed->parser, feed->clean->str, feed->clean->len, 0);
	g_string_truncate(feed->clean, 0);
	feed->started = 0;
}

/* The '>' of the tag at p.  In a tag over the ceiling quotes no longer count, so that no
 * forgotten quote swallows the message. */
static const char *
tag_end(const char *p, const char *end)
{
	const char *limit = end - p > LIMIT_HTML_TAG ? p + LIMIT_HTML_TAG : end;
	char quote = 0;

	for (const char *q = p + 1; q < limit; q++) {
		if (quote)
			quote = *q == quote ? 0 : quote;
		else if (*q == '>')
			return q;
		else if ((*q == '"' || *q == '\'') && q[-1] == '=')
			quote = *q;
	}
	return memchr(limit, '>', end - limit);
}

/* Elements the parser closes by itself or that have no content: they cannot pile up. */
static gboolean
tag_closes_itself(const char *name, gsize length)
{
	static const char *const names[] = { "br", "dd", "dt", "hr", "img", "li",
					     "p",  "td", "th", "tr", "wbr" };

	for (gsize i = 0; i < G_N_ELEMENTS(names); i++)
		if (strlen(names[i]) == length && g_ascii_strncasecmp(names[i], name, length) == 0)
			return TRUE;
	return FALSE;
}

/* The parser's own stack tells the depth; it is only fed to find out when that may matter. */
static gboolean
feed_is_too_deep(struct feed *feed, const char *tag, gsize name_length, gboolean is_end)
{
	if (is_end) {
		if (feed->dropped == 0 || tag_closes_itself(tag + 2, name_length))
			return FALSE;
		feed->dropped--;
		return TRUE;
	}
	if (feed->started++ < LIMIT_HTML_DEPTH / 2)
		return FALSE;
	feed_until(feed, tag, tag);
	feed_parser(feed);
	if (feed->parser->nameNr < LIMIT_HTML_DEPTH || tag_closes_itself(tag + 1, name_length))
		return FALSE;
	feed->started = LIMIT_HTML_DEPTH; /* look again at the next one */
	feed->dropped++;
	return TRUE;
}

/* The document element is ours; Word's own elements (o:p, v:shape) only make the parser
 * compose error messages. */
static gboolean
tag_is_dropped(const char *name, gsize length)
{
	if (memchr(name, ':', length))
		return TRUE;
	return length == 4 && (g_ascii_strncasecmp(name, "html", 4) == 0 ||
			       g_ascii_strncasecmp(name, "body", 4) == 0 ||
			       g_ascii_strncasecmp(name, "head", 4) == 0);
}

/* @return where to go on. */
static const char *
feed_tag(struct feed *feed, const char *p, const char *close)
{
	gboolean is_end = p[1] == '/';
	const char *name = p + 1 + is_end, *name_end = name;

	while (name_end < close && !is_space(*name_end) && *name_end != '/' && *name_end != '>')
		name_end++;
	if (tag_is_dropped(name, name_end - name) ||
	    feed_is_too_deep(feed, p, name_end - name, is_end))
		feed_until(feed, p, close + 1);
	else if (close - p > LIMIT_HTML_TAG) {
		gsize length = MIN(name_end - p, 64);

		feed_until(feed, p, close + 1);
		g_string_append_len(feed->clean, p, length);
		g_string_append_c(feed->clean, '>');
	}
	return close + 1;
}

/* A '<' that opens nothing. */
static const char *
feed_less_than(struct feed *feed, const char *p)
{
	feed_until(feed, p, p + 1);
	g_string_append(feed->clean, "&lt;");
	return p + 1;
}

/* "<!-- … -->" shows nothing; one that never ends shows what it was to hide. */
static const char *
feed_comment(struct feed *feed, const char *p, const char *end)
{
	const char *close = feed->no_comment_ends ? NULL : g_strstr_len(p, end - p, "-->");

	feed->no_comment_ends = close == NULL;
	feed_until(feed, p, close ? close + 3 : p + 4);
	return feed->unfed;
}

/* "<!DOCTYPE …>", "<![if !mso]>", "<?xml …>" show nothing either. */
static const char *
feed_declaration(struct feed *feed, const char *p, const char *end)
{
	const char *close = feed->no_tag_ends ? NULL : memchr(p, '>', end - p);

	feed->no_tag_ends = close == NULL;
	if (!close)
		return feed_less_than(feed, p);
	feed_until(feed, p, close + 1);
	return close + 1;
}

static const char *
feed_element(struct feed *feed, const char *p, const char *end)
{
	const char *close = feed->no_tag_ends ? NULL : tag_end(p, end);

	feed->no_tag_ends = close == NULL;
	return close ? feed_tag(feed, p, close) : feed_less_than(feed, p);
}

static void
feed_all(struct feed *feed, const char *html, gsize length)
{
	const char *p = html, *end = html + length;

	feed->unfed = html;
	while ((p = memchr(p, '<', end - p))) {
		char next = end - p > 1 ? p[1] : 0;

		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0)
			p = feed_comment(feed, p, end);
		else if (next == '!' || next == '?')
			p = feed_declaration(feed, p, end);
		else if (g_ascii_isalpha(next) || next == '/')
			p = feed_element(feed, p, end);
		else
			p = feed_less_than(feed, p);
	}
	feed_until(feed, end, end);
	feed_parser(feed);
}

static void *
init_libxml2(void *unused G_GNUC_UNUSED)
{
	xmlInitParser();
	return NULL;
}

static void
parse(struct builder *b, const char *html, gsize length)
{
	static GOnce once = G_ONCE_INIT;
	struct feed feed = { 0 };

	g_once(&once, init_libxml2, NULL);
	feed.parser = htmlCreatePushParserCtxt(&handler, b, NULL, 0, NULL, XML_CHAR_ENCODING_UTF8);
	if (!feed.parser)
		return;
	htmlCtxtUseOptions(feed.parser, HTML_PARSE_RECOVER | HTML_PARSE_NONET | HTML_PARSE_NOERROR |
						HTML_PARSE_NOWARNING | HTML_PARSE_NODEFDTD |
						HTML_PARSE_NOIMPLIED | HTML_PARSE_IGNORE_ENC |
						HTML_PARSE_COMPACT);
	feed.clean = g_string_sized_new(length + 64);
	g_string_append(feed.clean, "<html><body>");
	feed_all(&feed, html, length);
	htmlParseChunk(feed.parser, NULL, 0, 1);
	htmlFreeParserCtxt(feed.parser);
	g_string_free(feed.clean, TRUE);
}

struct html_text *
html_to_text(const char *html, gsize length)
{
	struct html_text *result = g_new0(struct html_text, 1);
	struct builder b = { .result = result, .text = g_string_sized_new(length / 4 + 64) };

	result->lines = g_array_new(FALSE, FALSE, sizeof(struct html_line));
	result->links = g_ptr_array_new_with_free_func(g_free);
	if (length > 0)
		parse(&b, html, length);
	line_break(&b);
	result->text = g_string_free(b.text, FALSE);
	if (!g_utf8_validate(result->text, -1, NULL)) {
		char *valid = g_utf8_make_valid(result->text, -1);

		/* replacement characters move the offsets: better no marks than wrong ones */
		g_free(result->text);
		result->text = valid;
		g_array_set_size(result->lines, 0);
	}
	return result;
}

void
html_text_free(struct html_text *text)
{
	if (!text)
		return;
	g_free(text->text);
	g_array_unref(text->lines);
	g_ptr_array_unref(text->links);
	g_free(text);
}
