/*
 * html.h - HTML mail as text, with the places where a client quoted something marked.
 *
 * libxml2's SAX interface, so cost and memory are linear; no tree.  Hidden elements, style,
 * script, head and comments give nothing; blocks, list items and <br> give line ends, table
 * cells a tab; links give their text.  Pure; any thread.  Never fails: broken HTML gives what is
 * readable.
 *
 * A plain <blockquote>, which people also use to indent, is no mark by itself: it only counts
 * in quote_depth, and reply.c decides by what stands around it.
 */
#ifndef LEADMILTER_HTML_H
#define LEADMILTER_HTML_H

#include <glib.h>

/* A stretch of the text that the markup itself says somebody else wrote. */
enum html_mark {
	HTML_MARK_NONE,
	HTML_MARK_QUOTE, /* blockquote, gmail_quote, yahoo_quoted, cite … */
	HTML_MARK_SIGNATURE, /* gmail_signature, moz-signature, Signature ids … */
	HTML_MARK_HEADER, /* head of a quote that no element encloses: Outlook's divRplyFwdMsg … */
};

struct html_line {
	guint offset; /* of the line's first byte in text */
	enum html_mark mark;
	guint quote_depth; /* how many quoting elements are open */
};

struct html_text {
	char *text; /* UTF-8, LF */
	GArray *lines; /* struct html_line, one a line of text */
	GPtrArray *links; /* char *, href values of <a> outside quotes, at most LIMIT_URLS */
	gboolean truncated;
};

/** @param html UTF-8 of `length` bytes.  Never NULL; caller frees. */
struct html_text *html_to_text(const char *html, gsize length);
void html_text_free(struct html_text *text);
typedef struct html_text html_text_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(html_text_owned, html_text_free)

#endif
