/*
 * contact_block.h - the lines of a message where its author says who they are.
 *
 * The signature; where none was told apart, the short lines at the end of the new text.  Lines
 * point into the text.  Pure, linear, any thread.
 */
#ifndef LEADMILTER_CONTACT_BLOCK_H
#define LEADMILTER_CONTACT_BLOCK_H

#include <glib.h>

#define CONTACT_BLOCK_LINES 32

struct contact_line {
	const char *text; /* trimmed of spaces, marks of lists and emphasis */
	guint length; /* never 0 */
};

struct contact_block {
	struct contact_line line[CONTACT_BLOCK_LINES];
	guint count;
};

/**
 * @param signature "" when none was found
 * @param new_text  what stands above it
 * @param name      the author's, or NULL
 */
void contact_block_find(const char *signature, const char *new_text, const char *name,
			struct contact_block *ret);

/** The next part of a line between "|", "•", tabs and wide gaps. @return FALSE at its end */
gboolean contact_line_next(const struct contact_line *line, guint *position,
			   struct contact_line *ret);

#endif
