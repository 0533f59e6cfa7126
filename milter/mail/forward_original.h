/*
 * forward_original.h - what the head of a forwarded message says: who wrote it, when, about what.
 *
 * Inner header of forward.c.  Pure; any thread.
 */
#ifndef LEADMILTER_FORWARD_ORIGINAL_H
#define LEADMILTER_FORWARD_ORIGINAL_H

#include "mail/forward.h"
#include "mail/reply_line.h"

/**
 * Name and address of "Name <address>" and of what clients make of it: "[mailto:…]", doubled
 * addresses, "Last, First", "on behalf of".  @return FALSE when nothing was there
 */
gboolean forward_original_read_sender(struct forward *forward, const char *text, gsize length);

/** The same of an attribution ("On …, Name <address> wrote:") or a line with an unknown label. */
gboolean forward_original_read_attribution(struct forward *forward, const char *text, gsize length);

/** A date in any spelling. @param reference microseconds, of the forward itself */
gint64 forward_original_read_date(const char *text, gsize length, gint64 reference);

/** The fields of a header block of `count` lines. */
void forward_original_read_block(struct forward *forward, const struct reply_line *lines,
				 guint count, gint64 reference);

/** The fields of a header block without line ends: "From: A <a@b>To: …Sent: …Subject: …". */
void forward_original_read_inline(struct forward *forward, const char *text, gsize length,
				  gint64 reference);

#endif
