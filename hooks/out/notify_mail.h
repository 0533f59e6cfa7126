/*
 * notify_mail.h - the mails that tell owners about their leads: values only.
 *
 * One event is one mail, several are a digest.  RFC 5322, UTF-8 in quoted-printable, an answer to
 * the lead's own message so that it stands beside it.  Everything taken from an event was
 * written by strangers: no character of it can end a line, begin a field or leave its word.
 *
 * Nothing can loop: Auto-Submitted (RFC 3834), X-Auto-Response-Suppress for Exchange, a sender
 * nobody can answer, and X-LeadMilter, by which we know our own mail wherever it comes back.
 * Any thread.
 */
#ifndef LEADMILTER_NOTIFY_MAIL_H
#define LEADMILTER_NOTIFY_MAIL_H

#include "base/config.h"

/* What of an event's body a mail shows; strings are NULL when unknown. */
struct notify_event {
	char *id; /* of the event */
	char *type;
	gint64 time;
	char *lead, *name, *company, *address, *phone, *title;
	char *subject, *message_id, *mailbox, *note;
	char *stage, *grade, *temperature;
	char *owner, *owner_reason;
	char *task, *task_due; /* what is to be done, and until when */
	double total;
	gboolean has_score;
	GPtrArray *reasons; /* char *, the weightiest first */
};

/** Read an event's JSON. @return NULL when it is none; caller frees */
struct notify_event *notify_event_new(const char *id, const char *body);
void notify_event_free(struct notify_event *event);

/** To whom: the event's owner where the configuration says so, and the addresses it names; a test
 *  without any goes to its own author.
 *  @return char *, lower case, sorted, no two alike; caller unrefs */
GPtrArray *notify_recipients(const struct config_notify *notify, const struct notify_event *event);

/** Check `url` and `from`. @return NULL when they can be used, else what is wrong; caller frees */
char *notify_check(const struct config_notify *notify);

/**
 * @param recipients as notify_recipients() gives them
 * @param events     struct notify_event *, one or more
 * @return a message with CRLF line ends; caller frees
 */
char *notify_mail(const struct config_notify *notify, const char *hostname,
		  const GPtrArray *recipients, const GPtrArray *events, gint64 now);

#endif
