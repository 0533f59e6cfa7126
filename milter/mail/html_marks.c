/*
 * html_marks.c - which elements, classes, ids and styles mean what; see marks[] for the clients.
 */
#include "mail/html_marks.h"

#include <stdlib.h>
#include <string.h>

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

/* The value of a CSS property inside a style attribute, or NULL. */
static const char *
style_value(const char *style, const char *property)
{
	gsize length = strlen(property);

	for (; *style; style++) {
		while (g_ascii_isspace(*style) || *style == ';')
			style++;
		if (g_ascii_strncasecmp(style, property, length) == 0) {
			const char *p = style + length;

			while (g_ascii_isspace(*p))
				p++;
			if (*p == ':') {
				do
					p++;
				while (g_ascii_isspace(*p));
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

guint
html_tag_flags(const char *element_name, const char *const *attributes, gboolean in_gmail_quote,
	       const char **ret_href)
{
	guint element = named_lookup(elements, G_N_ELEMENTS(elements), element_name);
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
		if (tag.cite || in_gmail_quote || (tag.style && style_has_left_border(tag.style)))
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
