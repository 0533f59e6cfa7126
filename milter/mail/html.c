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
 * border of a blockquote, Outlook's top border); see marks[] for which client does which.
 */
#include "mail/html.h"

#include <string.h>

#include <libxml/HTMLparser.h>

#include "base/limits.h"

enum element_flag {
	ELEMENT_HIDDEN = 1 << 0,
	ELEMENT_PRE = 1 << 1,
	ELEMENT_QUOTE = 1 << 2,
	ELEMENT_MAYBE_QUOTE = 1 << 3, /* a blockquote without any sign of a client */
	ELEMENT_SIGNATURE = 1 << 4,
	ELEMENT_HEADER = 1 << 5,
	ELEMENT_BLOCK = 1 << 6, /* begins and ends a line */
	ELEMENT_SPACED = 1 << 7, /* with an empty line around it */
	ELEMENT_CELL = 1 << 8,
	ELEMENT_BREAK = 1 << 9,
	ELEMENT_BLOCKQUOTE = 1 << 10,
	ELEMENT_GMAIL = 1 << 11, /* Gmail's wrapper: a blockquote in it is a quote */
	ELEMENT_NEXT_HEADER = 1 << 12, /* a void element after which the quote's head stands */
	ELEMENT_LINK = 1 << 13,
};

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

struct named_flags {
	const char *name;
	guint flags;
};

/* Sorted by name. */
static const struct named_flags elements[] = {
	{ "a", ELEMENT_LINK },
	{ "address", ELEMENT_BLOCK },
	{ "article", ELEMENT_BLOCK },
	{ "aside", ELEMENT_BLOCK },
	{ "blockquote", ELEMENT_BLOCK | ELEMENT_BLOCKQUOTE },
	{ "body", ELEMENT_BLOCK },
	{ "br", ELEMENT_BREAK },
	{ "button", ELEMENT_HIDDEN },
	{ "caption", ELEMENT_BLOCK },
	{ "center", ELEMENT_BLOCK },
	{ "dd", ELEMENT_BLOCK },
	{ "details", ELEMENT_BLOCK },
	{ "div", ELEMENT_BLOCK },
	{ "dl", ELEMENT_BLOCK },
	{ "dt", ELEMENT_BLOCK },
	{ "fieldset", ELEMENT_BLOCK },
	{ "figcaption", ELEMENT_BLOCK },
	{ "figure", ELEMENT_BLOCK },
	{ "footer", ELEMENT_BLOCK },
	{ "form", ELEMENT_BLOCK },
	{ "h1", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "h2", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "h3", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "h4", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "h5", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "h6", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "header", ELEMENT_BLOCK },
	{ "hr", ELEMENT_BLOCK },
	{ "html", ELEMENT_BLOCK },
	{ "iframe", ELEMENT_HIDDEN },
	{ "li", ELEMENT_BLOCK },
	{ "main", ELEMENT_BLOCK },
	{ "nav", ELEMENT_BLOCK },
	{ "noscript", ELEMENT_HIDDEN },
	{ "object", ELEMENT_HIDDEN },
	{ "ol", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "option", ELEMENT_HIDDEN },
	{ "p", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "pre", ELEMENT_BLOCK | ELEMENT_PRE },
	{ "script", ELEMENT_HIDDEN },
	{ "section", ELEMENT_BLOCK },
	{ "select", ELEMENT_HIDDEN },
	{ "style", ELEMENT_HIDDEN },
	{ "summary", ELEMENT_BLOCK },
	{ "svg", ELEMENT_HIDDEN },
	{ "table", ELEMENT_BLOCK },
	{ "tbody", ELEMENT_BLOCK },
	{ "td", ELEMENT_CELL },
	{ "template", ELEMENT_HIDDEN },
	{ "tfoot", ELEMENT_BLOCK },
	{ "th", ELEMENT_CELL },
	{ "thead", ELEMENT_BLOCK },
	{ "title", ELEMENT_HIDDEN },
	{ "tr", ELEMENT_BLOCK },
	{ "ul", ELEMENT_BLOCK | ELEMENT_SPACED },
	{ "xml", ELEMENT_HIDDEN },
};

/* Values of class, id, name and data-marker that mail clients write.  Sorted, lower case. */
static const struct named_flags marks[] = {
	{ "-x-evo-attribution", ELEMENT_QUOTE }, /* Evolution */
	{ "-x-evo-signature", ELEMENT_SIGNATURE },
	{ "__aliyun_previous_quote", ELEMENT_QUOTE },
	{ "__divider__", ELEMENT_NEXT_HEADER }, /* Zimbra */
	{ "__quoted_text__", ELEMENT_QUOTE },
	{ "__sig_post__", ELEMENT_SIGNATURE },
	{ "__sig_pre__", ELEMENT_SIGNATURE },
	{ "acompli_signature", ELEMENT_SIGNATURE }, /* Outlook for phones, early */
	{ "airmail_on", ELEMENT_QUOTE }, /* Airmail's attribution */
	{ "aolmail_quote", ELEMENT_QUOTE },
	{ "appendonsend", ELEMENT_NEXT_HEADER }, /* Outlook on the web */
	{ "applemailsignature", ELEMENT_SIGNATURE },
	{ "bloop_sign", ELEMENT_SIGNATURE }, /* Airmail */
	{ "divrplyfwdmsg", ELEMENT_HEADER }, /* Outlook on the web */
	{ "email-signature", ELEMENT_SIGNATURE },
	{ "front-blockquote", ELEMENT_QUOTE },
	{ "front-signature", ELEMENT_SIGNATURE },
	{ "gmail_attr", ELEMENT_QUOTE },
	{ "gmail_quote", ELEMENT_GMAIL },
	{ "gmail_signature", ELEMENT_SIGNATURE },
	{ "gmx_quote", ELEMENT_QUOTE },
	{ "isreplycontent", ELEMENT_QUOTE }, /* NetEase 163 */
	{ "mail-editor-reference-message-container", ELEMENT_QUOTE }, /* Outlook for Mac */
	{ "messagereplysection", ELEMENT_QUOTE }, /* Spark */
	{ "messagesignaturesection", ELEMENT_SIGNATURE },
	{ "missive_quote", ELEMENT_QUOTE },
	{ "moz-cite-prefix", ELEMENT_QUOTE }, /* Thunderbird's attribution */
	{ "moz-email-headers-table", ELEMENT_HEADER },
	{ "moz-signature", ELEMENT_SIGNATURE },
	{ "ms-outlook-mobile-reference-message", ELEMENT_QUOTE },
	{ "ms-outlook-mobile-signature", ELEMENT_SIGNATURE },
	{ "olk_src_body_section", ELEMENT_QUOTE }, /* Outlook 2011 for Mac */
	{ "outlookmessageheader", ELEMENT_HEADER }, /* Outlook 2003 */
	{ "protonmail_quote", ELEMENT_QUOTE },
	{ "protonmail_signature_block", ELEMENT_SIGNATURE },
	{ "qt", ELEMENT_QUOTE }, /* Fastmail */
	{ "reply-intro", ELEMENT_QUOTE }, /* Roundcube's attribution */
	{ "replyforwardmessage", ELEMENT_QUOTE },
	{ "signature", ELEMENT_SIGNATURE }, /* Outlook, many webmails */
	{ "stopspelling", ELEMENT_NEXT_HEADER }, /* Hotmail */
	{ "tutanota_quote", ELEMENT_QUOTE },
	{ "x_divrplyfwdmsg", ELEMENT_HEADER },
	{ "yahoo_quoted", ELEMENT_QUOTE },
	{ "ymail_android_signature", ELEMENT_SIGNATURE },
	{ "zmail_extra", ELEMENT_QUOTE }, /* Zoho */
	{ "zwchr", ELEMENT_NEXT_HEADER }, /* Zimbra */
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

static int
compare_named(const void *key, const void *row)
{
	return g_ascii_strcasecmp(key, ((const struct named_flags *)row)->name);
}

static guint
named_lookup(const struct named_flags *table, gsize rows, const char *name)
{
	const struct named_flags *row = bsearch(name, table, rows, sizeof *table, compare_named);

	return row ? row->flags : 0;
}

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

/* The value of a CSS property inside a style attribute, or NULL. */
static const char *
style_value(const char *style, const char *property)
{
	gsize length = strlen(property);

	for (; *style; style++) {
		while (is_space(*style) || *style == ';')
			style++;
		if (g_ascii_strncasecmp(style, property, length) == 0) {
			const char *p = style + length;

			while (is_space(*p))
				p++;
			if (*p == ':') {
				do
					p++;
				while (is_space(*p));
				return p;
			}
		}
		style = strchr(style, ';');
		if (!style)
			break;
	}
	return NULL;
}

static gboolean
style_is(const char *style, const char *property, const char *value)
{
	const char *found = style_value(style, property);

	return found && g_ascii_strncasecmp(found, value, strlen(value)) == 0;
}

static gboolean
style_hides(const char *style)
{
	return style_is(style, "display", "none") || style_is(style, "visibility", "hidden") ||
	       style_is(style, "mso-hide", "all");
}

/* Outlook's line above a quoted message: the two greys it has used since 2007. */
static gboolean
style_is_outlook_border(const char *style)
{
	const char *border = style_value(style, "border-top");

	return border && g_ascii_strncasecmp(border, "solid #", 7) == 0 &&
	       (g_ascii_strncasecmp(border + 7, "e1e1e1", 6) == 0 ||
		g_ascii_strncasecmp(border + 7, "b5c4df", 6) == 0);
}

static gboolean
style_has_left_border(const char *style)
{
	const char *border = style_value(style, "border-left");

	if (!border)
		border = style_value(style, "border-left-style");
	return border && *border != '0' && g_ascii_strncasecmp(border, "none", 4) != 0 &&
	       g_ascii_strncasecmp(border, "medium none", 11) != 0;
}

/* The marks among the space-separated words of a class or id. */
static guint
words_flags(const char *words)
{
	char word[64];
	guint flags = 0;
	gsize length;

	for (; *words; words += length) {
		words += strspn(words, " \t\r\n\"\\");
		length = strcspn(words, " \t\r\n\"\\");
		if (length == 0 || length >= sizeof word)
			continue;
		memcpy(word, words, length);
		word[length] = 0;
		if (g_ascii_strncasecmp(word, "yahoo_quoted", 12) == 0)
			word[12] = 0;
		flags |= named_lookup(marks, G_N_ELEMENTS(marks), word);
	}
	return flags;
}

struct tag {
	guint flags;
	const char *style, *href;
	gboolean cite; /* type="cite" */
	gboolean is_word; /* class="Mso…": margins are none unless the style says so */
};

static void
tag_read_attribute(struct tag *tag, const char *name, const char *value)
{
	if (strcmp(name, "class") == 0 || strcmp(name, "id") == 0) {
		tag->is_word |= strncmp(value, "Mso", 3) == 0;
		tag->flags |= words_flags(value);
	} else if (strcmp(name, "style") == 0)
		tag->style = value;
	else if (strcmp(name, "href") == 0)
		tag->href = value;
	else if (strcmp(name, "type") == 0)
		tag->cite = g_ascii_strcasecmp(value, "cite") == 0;
	else if (strcmp(name, "name") == 0 && strcmp(value, "quote") == 0) /* GMX, Web.de */
		tag->flags |= ELEMENT_QUOTE;
	else if (strcmp(name, "data-marker") == 0 || strcmp(name, "name") == 0 ||
		 strcmp(name, "data-smartmail") == 0)
		tag->flags |= words_flags(value);
	else if (strcmp(name, "data-signatureblock") == 0) /* Windows Mail */
		tag->flags |= ELEMENT_SIGNATURE;
}

static guint
tag_flags(const struct builder *b, guint element, const xmlChar **attributes, const char **ret_href)
{
	struct tag tag = { .flags = element };

	*ret_href = NULL;
	for (; attributes && attributes[0]; attributes += 2) {
		if (strcmp((const char *)attributes[0], "hidden") == 0)
			tag.flags |= ELEMENT_HIDDEN;
		else if (attributes[1])
			tag_read_attribute(&tag, (const char *)attributes[0],
					   (const char *)attributes[1]);
	}
	if (tag.style && style_hides(tag.style))
		tag.flags |= ELEMENT_HIDDEN;
	if (tag.style && style_is_outlook_border(tag.style))
		tag.flags |= ELEMENT_HEADER;
	if (tag.is_word)
		tag.flags &= ~ELEMENT_SPACED;
	if (element & ELEMENT_BLOCKQUOTE) {
		if (tag.cite || b->open[OPEN_GMAIL] ||
		    (tag.style && style_has_left_border(tag.style)))
			tag.flags |= ELEMENT_QUOTE;
		if (!(tag.flags & ELEMENT_QUOTE))
			tag.flags |= ELEMENT_MAYBE_QUOTE;
		tag.flags &= ~ELEMENT_GMAIL;
	}
	if (element & ELEMENT_LINK) {
		*ret_href = tag.href;
		/* Word names anchors after what they point at */
		tag.flags &= ELEMENT_LINK | ELEMENT_HIDDEN;
	}
	return tag.flags;
}

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
	guint flags = named_lookup(elements, G_N_ELEMENTS(elements), (const char *)name);
	const char *href;

	flags = tag_flags(b, flags, attributes, &href);
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
	const char *unfed; /* what comes next for the parser */
	guint started; /* start tags since the parser was last fed */
	guint dropped; /* start tags deeper than the ceiling */
};

static void
feed_until(struct feed *feed, const char *p, const char *next)
{
	if (p > feed->unfed)
		htmlParseChunk(feed->parser, feed->unfed, p - feed->unfed, 0);
	feed->unfed = next;
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
	feed->started = 0;
	if (feed->parser->nameNr < LIMIT_HTML_DEPTH || tag_closes_itself(tag + 1, name_length))
		return FALSE;
	feed->started = LIMIT_HTML_DEPTH; /* look again at the next one */
	feed->dropped++;
	return TRUE;
}

static gboolean
tag_is_outermost(const char *name, gsize length)
{
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
	if (tag_is_outermost(name, name_end - name) ||
	    feed_is_too_deep(feed, p, name_end - name, is_end))
		feed_until(feed, p, close + 1);
	else if (close - p > LIMIT_HTML_TAG) {
		gsize length = MIN(name_end - p, 64);

		feed_until(feed, p, close + 1);
		htmlParseChunk(feed->parser, p, length, 0);
		htmlParseChunk(feed->parser, ">", 1, 0);
	}
	return close + 1;
}

static const char *
feed_comment(const char *p, const char *end)
{
	const char *close = g_strstr_len(p, end - p, "-->");

	return close ? close + 3 : NULL;
}

static void
feed_all(struct feed *feed, const char *html, gsize length)
{
	const char *p = html, *end = html + length, *close;
	gboolean closable = TRUE, comments = TRUE; /* a '>', a "-->" may still come */

	feed->unfed = html;
	while ((p = memchr(p, '<', end - p))) {
		if (end - p >= 4 && memcmp(p, "<!--", 4) == 0 && comments) {
			close = feed_comment(p, end);
			comments = close != NULL;
			p = close ? close : p + 4;
			if (!comments)
				feed_until(feed, p - 4, p); /* show what was to be hidden */
			continue;
		}
		if (end - p < 2 || !(g_ascii_isalpha(p[1]) || p[1] == '/')) {
			p++;
			continue;
		}
		close = closable ? tag_end(p, end) : NULL;
		if (!close) {
			closable = FALSE;
			feed_until(feed, p, p + 1);
			htmlParseChunk(feed->parser, "&lt;", 4, 0);
			p++;
			continue;
		}
		p = feed_tag(feed, p, close);
	}
	feed_until(feed, end, end);
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
	htmlParseChunk(feed.parser, "<html><body>", 12, 0);
	feed_all(&feed, html, length);
	htmlParseChunk(feed.parser, NULL, 0, 1);
	htmlFreeParserCtxt(feed.parser);
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
