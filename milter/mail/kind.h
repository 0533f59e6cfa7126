/*
 * kind.h - of which kind a message is, with the evidence.
 *
 * Decided in the order of the enum from complaint downwards.  Only human, human_reply,
 * forward and calendar are acts of a person.  Pure; any thread.
 */
#ifndef LEADMILTER_KIND_H
#define LEADMILTER_KIND_H

#include <glib.h>

#include "mail/form.h"
#include "mail/forward.h"
#include "mail/mail.h"
#include "mail/reply.h"

enum mail_kind {
	KIND_COMPLAINT,
	KIND_BOUNCE,
	KIND_CHALLENGE,
	KIND_AUTO_REPLY,
	KIND_CALENDAR,
	KIND_LIST,
	KIND_NEWSLETTER,
	KIND_NOTIFICATION,
	KIND_FORWARD,
	KIND_HUMAN_REPLY,
	KIND_HUMAN,
	KIND_EMPTY,
	KIND_COUNT
};

/* A delivery report.  class: what the report says happened. */
enum bounce_class { BOUNCE_PERMANENT, BOUNCE_TEMPORARY, BOUNCE_DELAYED, BOUNCE_DELIVERED };

struct bounce {
	char *recipient; /* the failed address, or NULL */
	char *status; /* RFC 3463 code "5.1.1", or NULL */
	char *diagnostic; /* the remote server's words, or NULL */
	char *original_message_id; /* without <>, or NULL */
	enum bounce_class class;
	gboolean permanent; /* class == BOUNCE_PERMANENT */
};

struct auto_reply {
	char *reason; /* "out_of_office", "auto_generated", "challenge", … */
	gint64 until; /* the return date, 0 unknown */
	char *substitute_name, *substitute_address; /* who stands in, or NULL */
};

struct calendar {
	char *method; /* REQUEST, REPLY, CANCEL, … */
	char *response; /* "invitation", "accepted", "declined", "tentative", "cancelled" */
	char *summary;
	gint64 start; /* 0 unknown */
};

struct kind {
	enum mail_kind kind;
	double confidence; /* 0..1 */
	char *evidence; /* e.g. "Auto-Submitted: auto-replied"; never NULL */
	struct bounce *bounce; /* when kind is KIND_BOUNCE, else NULL */
	struct auto_reply *auto_reply; /* when KIND_AUTO_REPLY or KIND_CHALLENGE */
	struct calendar *calendar; /* when there is a text/calendar part */
};

/**
 * @param forward what forward_detect() found, or NULL
 * @param text    what reply_split() found, not NULL
 * @return never NULL; caller frees
 */
struct kind *kind_classify(const struct raw_mail *raw, const struct mail *mail,
			   const struct forward *forward, const struct reply_text *text);
void kind_free(struct kind *kind);

/**
 * A web form was recognised in the message: a machine sent it, a person filled it in.  What
 * only looked like a notification or like nothing at all becomes human, a newsletter if the
 * form is one that was configured: footers have labels and values, too.
 */
void kind_take_form(struct kind *kind, const struct form *form);

typedef struct kind kind_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(kind_owned, kind_free)

/** "human_reply"; the names of `inspect`.  Static. */
const char *kind_name(enum mail_kind kind);
/** An act of a person: human, human_reply, forward, calendar. */
gboolean kind_is_human(enum mail_kind kind);

#endif
