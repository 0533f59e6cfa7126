/*
 * reply.h - what was newly written in a message, apart from what it quotes and its signature.
 *
 * Pure, linear in the size, any thread.  In doubt nothing is cut: the unstripped text is
 * always at hand in mail_shown_text().
 */
#ifndef LEADMILTER_REPLY_H
#define LEADMILTER_REPLY_H

#include <glib.h>

#include "mail/html.h"
#include "mail/mail.h"

struct reply_text {
	char *new_text; /* newly written, trimmed, without the signature; never NULL */
	char *quoted; /* what was quoted, "" when nothing */
	char *signature; /* "" when none; without the "-- " line */
	char language[4]; /* ISO 639-1 of new_text ("en", "zh"), "" unknown */
	gboolean truncated; /* the message was larger than what was held */
};

/**
 * Split a message's shown text.
 * @param html the marked text of the HTML part, or NULL; used when there is no text/plain
 */
struct reply_text *reply_split(const struct mail *mail, const struct html_text *html);
void reply_text_free(struct reply_text *text);
typedef struct reply_text reply_text_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(reply_text_owned, reply_text_free)

#endif
