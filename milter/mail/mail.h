/*
 * mail.h - a parsed message: what the standards say is in it, nothing interpreted.
 *
 * Made by mail_parse() from a raw_mail (part.c is the only file that knows GMime).  Bad mail
 * never fails: it yields fewer parts.  Every string here is valid UTF-8 without NUL; text has LF
 * line ends.  Immutable after it was made, so it may be read from any thread.
 */
#ifndef LEADMILTER_MAIL_H
#define LEADMILTER_MAIL_H

#include <glib.h>

#include "mail/raw.h"

struct mail_header {
	char *name; /* as written */
	char *value; /* unfolded, RFC 2047 decoded */
};

struct mail_address {
	char *name; /* display name, decoded, unquoted; NULL when there is none */
	char *address; /* local@domain as written (domain U-label or A-label); never NULL */
};

struct mail_attachment {
	char *filename; /* NULL when unnamed */
	char *type; /* "application/pdf", lower case */
	guint64 bytes; /* decoded, as far as held */
	gboolean is_inline; /* Content-Disposition: inline or a cid: image */
};

/* One group of fields of a message/delivery-status or message/feedback-report part. */
struct mail_status_group {
	GPtrArray *fields; /* struct mail_header * */
};

struct mail {
	GPtrArray *headers; /* struct mail_header *, in order */
	char *message_id; /* without <>, NULL when missing */
	GPtrArray *in_reply_to; /* char *, ids without <> */
	GPtrArray *references; /* char *, ids without <>, the last LIMIT_REFERENCES */
	GPtrArray *from, *sender, *reply_to, *to, *cc; /* struct mail_address *, never NULL */
	char *subject; /* "" when missing */
	gint64 date; /* microseconds, 0 when missing or unreadable */
	int date_offset; /* seconds east of UTC of the Date field */
	char *content_type; /* of the top: "multipart/report", lower case */
	char *report_type; /* its report-type parameter, lower case, or NULL */
	char *text; /* all shown text/plain parts; "" when none; format=flowed undone */
	char *html; /* the shown text/html parts, decoded, still HTML; NULL when none */
	char *html_text; /* html as text (html_to_text); NULL when none */
	gboolean truncated; /* something shown is missing because of a ceiling */
	GPtrArray *attachments; /* struct mail_attachment * */
	GPtrArray *status_groups; /* struct mail_status_group *, of message/delivery-status */
	struct mail_status_group *feedback; /* of message/feedback-report (ARF), or NULL */
	char *calendar; /* text of the first text/calendar part, or NULL */
	char *calendar_method; /* its method parameter, upper case, or NULL */
	struct mail *
		embedded; /* first message/rfc822, message/global or text/rfc822-headers, or NULL */
	gboolean embedded_is_report; /* it sat inside a multipart/report */
};

/** Parse within the ceilings of limits.h.  Never NULL, never fails.  Caller frees. */
struct mail *mail_parse(const struct raw_mail *raw);
void mail_free(struct mail *mail);
typedef struct mail mail_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(mail_owned, mail_free)

/** Give a message its HTML as text; copied.  For facts.c, before the message is shared. */
void mail_set_html_text(struct mail *mail, const char *text);

/** The first field of that name (case-insensitive), decoded, or NULL; owned by `mail`. */
const char *mail_header(const struct mail *mail, const char *name);
/** The n-th (from 0) field of that name, or NULL. */
const char *mail_header_nth(const struct mail *mail, const char *name, guint n);
/** The first field of that name in a status group, or NULL. */
const char *mail_status_field(const struct mail_status_group *group, const char *name);
/** The text a person would be shown: text/plain, else the HTML as text; never NULL. */
const char *mail_shown_text(const struct mail *mail);
/** From's first address, or NULL. */
const struct mail_address *mail_author(const struct mail *mail);

#endif
