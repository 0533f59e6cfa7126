/*
 * assign.h - whose lead it is, with the reason.
 *
 * Two salespeople must never talk to one company unaware of each other, so what is owned stays
 * with its owner, in this order:
 *  1. the person's own owner; only when that one has left (owner.h) is the lead given anew, to
 *     the one named to stand in, or else by what follows;
 *  2. the owner of the card an unverified candidate claims, of the account, of the conversation;
 *  3. whom of us the person answers;
 *  4. the mailbox's fixed owner (while absent: who stands in);
 *  5. the first assignment rule whose condition holds and that has somebody free
 *     (assign_rules.h);
 *  6. the fallback owner.
 * A rule may give it to nobody, which ends the search all the same: a pool waits for the first of
 * our people whose answer is seen, "manual" for somebody to say so.  A lead that only fell to the
 * fallback owner is as free as one of a pool.  Neither rules nor the fallback are asked for a lead
 * that is disqualified or recycled.
 *
 * Decisions run one after another, each sees the loads and turns the one before left, so the
 * shares hold however many sessions there are.  Pure; any thread.
 */
#ifndef LEADMILTER_ASSIGN_H
#define LEADMILTER_ASSIGN_H

#include "lead/decide.h"

struct assign_input {
	const struct config *config;
	const struct scorecards *scorecards; /* NULL: no assignment rules */
	const struct facts *facts; /* NULL: it did not come by mail */
	const struct known *known;
	const struct lead *lead; /* as it is after what came, owner as before */
	const struct lead *before; /* as it was; NULL when it is new */
	const GPtrArray *touches; /* struct touch *: its ledger before what came; or NULL */
	const struct lead *conversation; /* somebody else whose conversation this is, or NULL */
	const struct lead *claimed; /* the card an unverified candidate claims, or NULL */
	gint64 time; /* of the message: who is absent then */
};

struct assignment {
	char *owner; /* NULL: nobody */
	char *reason; /* one line: rule, strategy and figures; NULL when nothing is to be said */
	char *notice; /* the owner is absent: until when, and who stands in; or NULL */
	GPtrArray *credits; /* struct credit *: turns taken, to be written back; or NULL */
};
void assignment_clear(struct assignment *assignment);

/** The owner after an inbound message, or a touch from outside. */
void assign_inbound(const struct assign_input *input, struct assignment *ret);
/** The owner after a message of our people to the lead. */
void assign_outbound(const struct assign_input *input, struct assignment *ret);

/** By hand or by the CRM: `owner` (NULL or "": nobody) gets the lead at `time` because of `reason`.
 *  @return TRUE when the owner is another one than before. */
gboolean assign_to(struct lead *lead, const char *owner, const char *reason, gint64 time);

/** Within which working time this message wants an answer: of the first assignment rule that holds
 *  and has one, else of the mailbox, else the site's. */
gint64 assign_response_within(const struct assign_input *input);

#endif
