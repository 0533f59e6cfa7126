/*
 * forward_marks.h - the lines mail clients put above a forwarded message.
 *
 * Inner header of forward.c.  Pure; any thread.
 */
#ifndef LEADMILTER_FORWARD_MARKS_H
#define LEADMILTER_FORWARD_MARKS_H

#include <glib.h>

#include "mail/reply_line.h"

enum forward_mark {
	FORWARD_MARK_NONE,
	FORWARD_MARK_SEPARATOR, /* "---------- Forwarded message ---------" */
	FORWARD_MARK_ANNOUNCED, /* "Begin forwarded message:" */
};

/**
 * @param ret_rest what stands behind the closing dashes on the same line (Yahoo's whole header
 *                 block), or NULL; set when there is a mark
 */
enum forward_mark forward_mark_kind(const struct reply_line *line, const char **ret_rest);

/** Does a forwarded message end with this line: a rule, or one that says so between dashes? */
gboolean forward_mark_is_end(const struct reply_line *line);

#endif
