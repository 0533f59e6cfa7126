/*
 * reply_line.h - the lines of a message as reply.c and its recognisers see them.
 *
 * Inner header of reply*.c.  Lines point into the text they were made of and never own it.
 */
#ifndef LEADMILTER_REPLY_LINE_H
#define LEADMILTER_REPLY_LINE_H

#include <glib.h>

#include "mail/html.h"

struct reply_line {
	const char *begin; /* as in the message */
	const char *text; /* after quote marks and spaces */
	guint length; /* from begin, without the line end */
	guint text_length; /* of text, trimmed; 0 is an empty line */
	guint depth; /* quote marks in front */
	enum html_mark mark;
	guint quote_depth; /* html_line.quote_depth */
	guint16 labels; /* header labels on it, as reply_header_block.c found them; 0: not asked */
};

/** The end of `begin`..`end` without the blanks before it: spaces, tabs, CR and NBSP. */
const char *reply_line_trim(const char *begin, const char *end);
/** Fill `line` from a line without its end; the HTML fields are left alone. */
void reply_line_read(struct reply_line *line, const char *begin, const char *end);

/* The words of a date, time or address a line shows. */
enum reply_evidence {
	EVIDENCE_DATE = 1 << 0,
	EVIDENCE_TIME = 1 << 1,
	EVIDENCE_ADDRESS = 1 << 2,
	EVIDENCE_BRACKETED = 1 << 3, /* the address stands in <> or () or [] */
	EVIDENCE_VERB = 1 << 4, /* "wrote" in some language */
	EVIDENCE_VERB_LAST = 1 << 5,
	EVIDENCE_COLON = 1 << 6, /* it ends with one */
	EVIDENCE_EARLY = 1 << 7, /* a number stands among its first words */
	EVIDENCE_PRONOUN = 1 << 8, /* "I wrote": prose */
	EVIDENCE_DASHES = 1 << 9, /* dashes on both sides */
};

/**
 * Does an attribution ("On …, X wrote:") end on this line?
 * @param first the earliest line it may begin on
 * @param ret_certain TRUE when it needs no quote marks after it to be believed
 * @return its first line, or -1
 */
int reply_attribution_find(const struct reply_line *lines, guint first, guint last,
			   gboolean *ret_certain);

/* The fields of a header block. */
enum reply_label {
	LABEL_NONE,
	LABEL_FROM,
	LABEL_DATE,
	LABEL_TO,
	LABEL_CC,
	LABEL_SUBJECT,
	LABEL_OTHER
};

/** The field a name stands for, in many languages; blanks and marks of bold text may be around. */
enum reply_label reply_label_lookup(const char *name, gsize length);

/** The field a line begins with. @param ret_value behind the colon, or NULL; set if there is one */
enum reply_label reply_line_label(const struct reply_line *line, const char **ret_value);

/** Lines of the header block ("From: … Sent: …") that begins here, 0 when none does. */
guint reply_header_block_length(struct reply_line *lines, guint index, guint count);

enum reply_separator {
	SEPARATOR_NONE,
	SEPARATOR_RULE, /* a line of dashes or underscores: means something before a header block */
	SEPARATOR_ANNOUNCED, /* "Begin forwarded message:": the same */
	SEPARATOR_ORIGINAL, /* "-----Original Message-----" */
	SEPARATOR_REPLY_ABOVE, /* "-- reply above this line --" */
};
enum reply_separator reply_separator_kind(const struct reply_line *line);

#endif
