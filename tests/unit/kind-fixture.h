/*
 * kind-fixture.h - a message as bytes, understood as far as the kind needs it.
 */
#ifndef TEST_KIND_FIXTURE_H
#define TEST_KIND_FIXTURE_H

#include <glib.h>
#include <string.h>

#include "mail/forward.h"
#include "mail/html.h"
#include "mail/kind.h"
#include "mail/mail.h"
#include "mail/reply.h"

#define RECEIVED G_GINT64_CONSTANT(1795255200000000) /* 2026-11-21 10:00 UTC */

struct message {
	struct raw_mail *raw;
	struct mail *mail;
	struct html_text *html;
	struct forward *forward;
	struct reply_text *text;
	struct kind *kind;
};

static inline struct message *
message_new(const char *bytes, gsize length)
{
	struct message *message = g_new0(struct message, 1);
	message->raw = raw_mail_new(RECEIVED);
	raw_mail_read(message->raw, bytes, length);
	message->mail = mail_parse(message->raw);
	if (message->mail->html) {
		message->html = html_to_text(message->mail->html, strlen(message->mail->html));
		mail_set_html_text(message->mail, message->html->text);
	}
	message->forward = forward_detect(message->mail);
	message->text = reply_split(message->mail, message->html);
	message->kind = kind_classify(message->raw, message->mail, message->forward, message->text);
	return message;
}

static inline void
message_free(struct message *message)
{
	kind_free(message->kind);
	reply_text_free(message->text);
	forward_free(message->forward);
	html_text_free(message->html);
	mail_free(message->mail);
	raw_mail_free(message->raw);
	g_free(message);
}
typedef struct message message_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(message_owned, message_free)

#endif
