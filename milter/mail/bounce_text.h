/*
 * bounce_text.h - what a delivery report says in plain text, above the message it returns.
 *
 * Linear, pure, any thread.
 */
#ifndef LEADMILTER_BOUNCE_TEXT_H
#define LEADMILTER_BOUNCE_TEXT_H

#include <glib.h>

#include "mail/bounce_reason.h"
#include "mail/mail.h"

struct bounce_text {
	const char *report; /* points into the mail's text */
	gsize report_length; /* up to the returned message */
	gboolean returns_message; /* something is returned below the report */
	gboolean delayed; /* it warns only */
	gboolean after_data; /* the server refused once it had seen the message */
	gboolean at_recipient; /* the server refused the recipient: RCPT is spoken of */
	enum bounce_reason reason;
	char *recipient, *diagnostic, *status, *original_message_id; /* or NULL */
};

struct bounce_text *bounce_text_read(const struct mail *mail);
void bounce_text_free(struct bounce_text *text);
typedef struct bounce_text bounce_text_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(bounce_text_owned, bounce_text_free)

/** The first plausible address in a stretch of text, or NULL; caller frees. */
char *bounce_text_find_address(const char *text, gsize length);

#endif
