/*
 * card.h - what a message says about its person, written into the lead's card.
 *
 * A card tells what is known, so a message adds and never empties.  What the person writes
 * of themself (signature, form) replaces what was there; what was only inferred fills gaps.
 * The source is that of the first message and stays.  Pure; any thread.
 */
#ifndef LEADMILTER_CARD_H
#define LEADMILTER_CARD_H

#include "lead/decide.h"

enum card_trust {
	CARD_FILL, /* add what is missing */
	CARD_UPDATE, /* the person says so: newer replaces older */
	CARD_REPLACE /* what was there came from mail without proof: forget it */
};

void card_write(struct lead *lead, const struct facts *facts, enum card_trust trust);

/** The organisation, by its first domain where it has several. */
void card_write_account(struct lead *lead, const struct facts *facts, const struct known *known);
/** One more normalised address the person writes from. */
void card_add_address(struct lead *lead, const char *normalised);

/** Somebody who may be the same person, and why; nobody who was said not to be. */
void card_add_duplicate(struct lead *lead, const char *id, const char *reason);

/** Mailbox, tag, form, campaign and forwarder of a lead's first message. */
void card_write_source(struct lead *lead, const struct facts *facts);

/** The message names somebody at all: an address, a name or a phone. */
gboolean card_has_contact(const struct facts *facts);

/** The first watched mailbox addressed, or NULL; and its address as the sender wrote it. */
const struct config_mailbox *card_mailbox(const struct facts *facts);
const char *card_mailbox_address(const struct facts *facts);

#endif
