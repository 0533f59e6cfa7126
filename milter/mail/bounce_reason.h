/*
 * bounce_reason.h - why a server refused a message, read from its words and codes.
 *
 * The question behind it: is the address dead?  Only an unknown user or host, a person
 * who moved, a domain that takes no mail make a failure permanent.  A full mailbox, a blocked
 * sender, spam and policy refusals, time-outs say nothing of the address, whatever the digit.
 * Pure, linear, any thread.
 */
#ifndef LEADMILTER_BOUNCE_REASON_H
#define LEADMILTER_BOUNCE_REASON_H

#include <glib.h>

enum bounce_reason {
	BOUNCE_REASON_NONE, /* nothing said */
	BOUNCE_REASON_USER_UNKNOWN,
	BOUNCE_REASON_USER_UNSURE, /* unknown, in the words filters use as well */
	BOUNCE_REASON_HOST_UNKNOWN,
	BOUNCE_REASON_MOVED,
	BOUNCE_REASON_NO_MAIL, /* the host takes no mail: null MX, RFC 7505 */
	BOUNCE_REASON_MAILBOX_FULL,
	BOUNCE_REASON_SUSPENDED,
	BOUNCE_REASON_TOO_LARGE,
	BOUNCE_REASON_SENDER, /* the sender, its host, domain or authentication was refused */
	BOUNCE_REASON_CONTENT, /* spam, virus, malformed, forbidden content */
	BOUNCE_REASON_POLICY,
	BOUNCE_REASON_RATE,
	BOUNCE_REASON_EXPIRED,
	BOUNCE_REASON_NETWORK,
	BOUNCE_REASON_SYSTEM,
	BOUNCE_REASON_FILTERED, /* unknown only after the message was seen: a filter's answer */
	BOUNCE_REASON_REPORT /* the words of a report, no reason */
};

/** From a server's words: phrases first, then its innermost RFC 3463 code. */
enum bounce_reason bounce_reason_of_text(const char *text, gsize length);

/** From an RFC 3463 code alone; NONE for codes that say nothing (5.0.0). */
enum bounce_reason bounce_reason_of_status(const char *status);

/** TRUE when the address itself is dead. */
gboolean bounce_reason_is_permanent(enum bounce_reason reason);

/** How much a text has the words of a delivery report: 2 what only reports say, 1 words that
 *  tell of an address that doesn't exist, 0 neither. */
guint bounce_text_is_report(const char *text, gsize length);

/** The last "x.y.z" code in a text, or NULL; caller frees. */
char *bounce_find_status(const char *text, gsize length);

#endif
