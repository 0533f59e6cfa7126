/*
 * html_marks.h - what an HTML start tag means for the text: line ends, hidden, quoted, signature.
 *
 * Inner header of html*.c.  Pure; any thread.
 */
#ifndef LEADMILTER_HTML_MARKS_H
#define LEADMILTER_HTML_MARKS_H

#include <glib.h>

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

/**
 * @param element_name   lower case
 * @param attributes     name, value (or NULL), …, NULL; or NULL
 * @param in_gmail_quote an ELEMENT_GMAIL is open
 * @param ret_href       of a link, or NULL; owned by `attributes`
 * @return enum element_flag
 */
guint html_tag_flags(const char *element_name, const char *const *attributes,
		     gboolean in_gmail_quote, const char **ret_href);

#endif
