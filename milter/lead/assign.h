/*
 * assign.h - whose lead it is, with the reason.
 *
 * Two salespeople must never talk to one company unaware of each other, so what is owned stays
 * with its owner: the person's own, then the account's, then whoever the person is
 * answering.  Next come the mailbox's fixed owner and, for what nobody owns, the first
 * of our people whose answer is seen; a lead that only fell to the fallback owner counts as
 * owned by nobody then.  Pure; any thread.
 */
#ifndef LEADMILTER_ASSIGN_H
#define LEADMILTER_ASSIGN_H

#include "lead/decide.h"

struct assign_input {
	const struct config *config;
	const struct facts *facts;
	const struct known *known;
	const struct lead *lead; /* as it is, owner included */
	const struct lead *conversation; /* somebody else whose conversation this is, or NULL */
	const struct lead *claimed; /* the card an unverified candidate claims, or NULL */
};

struct assignment {
	const char *owner; /* NULL: nobody; else owned by the input */
	const char *reason; /* static; NULL without owner */
};

/** The owner after an inbound message. */
struct assignment assign_inbound(const struct assign_input *input);
/** The owner after a message of our people to the lead. */
struct assignment assign_outbound(const struct assign_input *input);

#endif
