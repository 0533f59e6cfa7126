/*
 * identity.h - who a message is about: the choice among what the store found, and how far
 * the claim may be believed.
 *
 * One person has one card, and a card is written by its person only.  From the strongest
 * evidence down: the person's own normalised address; the conversation; phone; name within the
 * account.  Evidence other than the address names a conversation or an organisation, not yet
 * a person, so the name decides then whether it is the same one: a colleague who answers in
 * a thread becomes a new lead of the same account and owner, a person who writes from a second
 * address stays one lead.  Nothing is merged by name alone; what could be the same person
 * but can't be shown to be is recorded as a possible duplicate.  Pure; any thread.
 */
#ifndef LEADMILTER_IDENTITY_H
#define LEADMILTER_IDENTITY_H

#include "lead/decide.h"

/* What backs the claim that the person wrote this. */
enum proof {
	PROOF_REFUTED, /* From fails DMARC */
	PROOF_CLAIMED, /* only the body says so: a form or forward nobody of ours stands for */
	PROOF_ACCEPTED, /* nothing speaks against it */
	PROOF_VOUCHED /* somebody of ours, or a site the administrator named, stands for it */
};

struct identity {
	enum proof proof;
	struct candidate *candidate; /* the card to write into, or NULL: a new one */
	const struct lead *claimed; /* the card an unproven mail claims but may not write, or NULL
				     */
	gboolean is_same_address; /* of candidate and person */
	gboolean resolves_interest; /* the candidate was an office; now a person of it is known */
	const struct lead *conversation; /* somebody else whose conversation this is, or NULL */
	GPtrArray *possible_duplicates; /* const char * ids, owned by the leads */
	GPtrArray *duplicate_reasons; /* const char *, static: why each of them */
	gboolean adds_address; /* candidate is known by another address, and this one is proven */
};

void identity_choose(const struct facts *facts, const struct known *known, struct identity *ret);
void identity_clear(struct identity *identity);

/** An unverified candidate beside the card it claims: written by unproven mail only, and known
 *  by its address with DECIDE_UNVERIFIED before it. */
gboolean identity_is_shadow(const struct lead *lead);

enum proof identity_proof(const struct facts *facts);

enum name_relation { NAMES_UNKNOWN, NAMES_DIFFERENT, NAMES_COMPATIBLE, NAMES_SAME };
/** Two whole names in any order of their words: the same words; some as initials
 *  (compatible); unknown when either is no given and family name. */
enum name_relation identity_compare_names(const char *one, const char *other);

/** The account a person belongs to: the registrable domain, or NULL where a domain says
 *  nothing about an organisation (free-mail, disposable, relay, provider). */
const char *identity_account(const struct sender *sender);
/** The same where several domains may be one organisation's: the first of them. */
const char *identity_account_of(const struct facts *facts, const struct known *known);

/** The lead is known by this normalised address: its own, or a second one. */
gboolean identity_has_address(const struct lead *lead, const char *normalised);

#endif
