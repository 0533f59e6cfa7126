/*
 * autoreply.h - answers no person wrote: absence notes, acknowledgements, read receipts, and the
 * challenges of filters that want to see a person first.
 *
 * The header is believed first (RFC 3834 and what the mail systems add), then the subject in
 * the words the systems write by themselves, then the words of the text, which alone never
 * suffice.  A reply to such an answer is a person's.  Pure, linear, any thread.
 */
#ifndef LEADMILTER_AUTOREPLY_H
#define LEADMILTER_AUTOREPLY_H

#include <glib.h>

#include "mail/kind.h"
#include "mail/mail.h"
#include "mail/marks.h"

struct auto_reply_question {
	const struct raw_mail *raw;
	const struct mail *mail;
	const struct marks *marks;
	const struct reply_text *text;
	const struct forward *forward; /* or NULL */
};

/**
 * @param ret_evidence, ret_confidence set only when something is returned
 * @return NULL when it isn't one; caller frees
 */
struct auto_reply *auto_reply_detect(const struct auto_reply_question *question,
				     char **ret_evidence, double *ret_confidence);
struct auto_reply *auto_reply_detect_challenge(const struct auto_reply_question *question,
					       char **ret_evidence, double *ret_confidence);
void auto_reply_free(struct auto_reply *reply);
typedef struct auto_reply auto_reply_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(auto_reply_owned, auto_reply_free)

#endif
