/*
 * forward.h - forwarded messages: inline, in the forms of the mail clients, and message/rfc822.
 *
 * A forwarded lead belongs to the original sender.  Replies that quote headers are no
 * forwards.  Pure, linear, any thread.
 */
#ifndef LEADMILTER_FORWARD_H
#define LEADMILTER_FORWARD_H

#include <glib.h>

#include "mail/mail.h"

struct forward {
	char *by; /* address of who forwarded */
	char *name; /* original sender's display name, or NULL */
	char *address; /* original sender's address, or NULL when the forward doesn't show one */
	gint64 date; /* of the original, 0 unknown */
	char *subject; /* of the original, or NULL */
	char *text; /* of the original, "" when empty */
	char *note; /* what the forwarder wrote on top, "" when nothing */
};

/** @return NULL when the message is not a forward; caller frees. */
struct forward *forward_detect(const struct mail *mail);
void forward_free(struct forward *forward);
typedef struct forward forward_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(forward_owned, forward_free)

#endif
