/*
 * quota.h - how many mails somebody gets in an hour, and what is gathered for later: values only.
 *
 * An hour begins with the first mail after the last one ended.  What is over the bound waits for
 * its end, and what waited long, for that or because the mail server was away, is told in one mail.
 * Belongs to one thread.
 */
#ifndef LEADMILTER_QUOTA_H
#define LEADMILTER_QUOTA_H

#include <glib.h>

struct quota;

/** @param per_hour mails to one receiver, 0: any number */
struct quota *quota_new(guint per_hour);
void quota_free(struct quota *quota);

struct quota_turn {
	guint count; /* of the events may go now, the first ones */
	gboolean together; /* in one mail */
	gint64 next; /* when the others may */
};

/**
 * Some events are due for a receiver; what may go is counted as sent.
 * @param count  of them, at least 1
 * @param oldest time of the first of them
 */
struct quota_turn quota_take(struct quota *quota, const char *receiver, guint count, gint64 oldest,
			     gint64 now);

/** A mail that was counted did not go. */
void quota_return(struct quota *quota, const char *receiver);

#endif
