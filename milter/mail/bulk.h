/*
 * bulk.h - mail to many, and mail from machines: lists, newsletters, notifications.
 *
 * A list says so in its header.  Many newsletters don't: they are known by the sum of small
 * hints, against which the traces of a person's own mail program count.  Linear, pure, any thread.
 */
#ifndef LEADMILTER_BULK_H
#define LEADMILTER_BULK_H

#include <glib.h>

#include "mail/mail.h"
#include "mail/marks.h"
#include "mail/reply.h"

struct bulk_question {
	const struct raw_mail *raw;
	const struct mail *mail;
	const struct marks *marks;
	const struct reply_text *text;
	gboolean forward; /* a person forwarded something */
};

/** @return what says so, for people; NULL when it isn't one; caller frees.  ret_confidence
 *  is set only then. */
char *bulk_detect_list(const struct bulk_question *question, double *ret_confidence);
char *bulk_detect_newsletter(const struct bulk_question *question, double *ret_confidence);
char *bulk_detect_notification(const struct bulk_question *question, double *ret_confidence);

/** TRUE when the message answers another: In-Reply-To, References or a reply subject. */
gboolean bulk_is_answer(const struct mail *mail);

/** TRUE when From names no person: no-reply, notifications, root, ... */
gboolean bulk_author_is_machine(const struct mail *mail);

#endif
