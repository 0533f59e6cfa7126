/*
 * absence.h - what an absence note says: until when, and who stands in.
 *
 * Linear in the text (its first LIMIT_ABSENCE_NOTE bytes), pure, any thread.
 */
#ifndef LEADMILTER_ABSENCE_H
#define LEADMILTER_ABSENCE_H

#include <glib.h>

#include "mail/kind.h"
#include "mail/mail.h"

/** TRUE when the words are those of somebody who is away. */
gboolean absence_is_told(const char *text);

/**
 * Fill in until, substitute_name and substitute_address as far as the note gives them.
 * @param received microseconds, stands for a missing Date
 */
void absence_read(const struct mail *mail, const char *text, const char *language, gint64 received,
		  struct auto_reply *reply);

#endif
