/*
 * outside.h - a named touch that did not come by mail: a click, a visit, a call, a fair, a form.
 *
 * Somebody (an import, a marketing tool at the inbound hook) says that a person did something.  A
 * touch of a known person goes to their card with the points every scorecard of the lead has
 * for it; one of an unknown person is refused, unless the caller wants a card made of it.  It
 * moves a lead forward by its score, never back, and brings a recycled lead back when
 * the score is enough again; only writing reopens what was disqualified.  Nothing counts twice: the
 * touch's key is its source and id, or else who, what and when.
 */
#ifndef LEADMILTER_OUTSIDE_H
#define LEADMILTER_OUTSIDE_H

#include "lead/decide.h"

struct sender;

struct outside_touch {
	const char *name; /* of a touch some scorecard knows */
	gint64 time; /* 0: now */
	const char *note; /* or NULL */
	const char *source; /* who says so: "import", the name of the hook's client; or NULL */
	const char *id; /* the source's own for this touch, or NULL */
	/* whose it is: the first that is given counts */
	const char *lead; /* id */
	const char *address, *phone; /* phone: E.164 */
	const char *person; /* name, or NULL */
	const char *campaign; /* or NULL */
	const struct sender *sender; /* sender_classify() of the address: its account, is it a role,
					one of ours; NULL: nothing is known of it */
	gboolean create; /* make a card of somebody unknown */
};

/**
 * May it be taken at all: is the touch known to a scorecard, is its time a real one, does it
 * name somebody?  Pure; any thread.
 * @return FALSE with ERROR_INPUT; an unknown touch is named with the nearest known one
 */
gboolean outside_check(const struct outside_touch *touch, const struct scorecards *scorecards,
		       gint64 now, GError **error);

/** What a touch that was taken before is known by (struct touch's message_key):
 *  "touch:SOURCE:ID", or "touch:SOURCE:" and a hash of who, what and when.  Caller frees.
 *  @return NULL for one with neither id nor time: it is always a new one */
char *outside_key(const struct outside_touch *touch);

/**
 * The decision for a touch, as decide_message() for a message.
 * @param known candidates by lead id (MATCHED_TOKEN), normalised address (MATCHED_LEAD_ADDRESS) or
 *        phone (MATCHED_PHONE), the ledger of the first; account and owners; is_duplicate with
 *        `previous` when outside_key() was written before
 * @return never NULL; ACTION_NONE with a reason for a touch that is refused
 */
struct decision *outside_decide(const struct outside_touch *touch, struct known *known,
				const struct scorecards *scorecards, gint64 now);

#endif
