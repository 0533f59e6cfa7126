/*
 * decide.h - the decision: a pure function of (facts, what the store knows, configuration, now).
 *
 * The writer thread calls it inside the open transaction, one message after another, so
 * that two first mails of one person can't race.  It reads nothing and writes nothing: `known`
 * is what the store found, the returned decision is what the store shall write.
 */
#ifndef LEADMILTER_DECIDE_H
#define LEADMILTER_DECIDE_H

#include "lead/lead.h"
#include "lead/scorecard.h"
#include "mail/facts.h"

/* How strongly a message belongs to a lead; the order of the enum is the order of strength. */
enum match {
	MATCHED_NOTHING,
	MATCHED_NAME, /* person name within the same account */
	MATCHED_SUBJECT, /* subject and correspondent within the window */
	MATCHED_PHONE,
	MATCHED_LEAD_ADDRESS, /* normalised address */
	MATCHED_THREAD_INDEX,
	MATCHED_REFERENCES, /* In-Reply-To or References name a message of the conversation */
	MATCHED_TOKEN /* the signed token of a Reply-To address of ours */
};

struct candidate {
	struct lead *lead;
	enum match match;
	GPtrArray *touches; /* struct touch *: its ledger; NULL for the first candidate, whose
			       ledger is known->touches */
};

/*
 * What the store knows that matters for this message.  Candidates are looked for
 *  - inbound, by the conversation (In-Reply-To, References, Thread-Index, subject), the person's
 *    normalised address, E.164 phones and name within the account; when identity_proof() is below
 *    PROOF_ACCEPTED the address also with DECIDE_UNVERIFIED before it: the key of a candidate
 *    beside the card it claims;
 *  - for a bounce, by its original Message-ID (MATCHED_REFERENCES) and its failed
 *    recipient's normalised address (MATCHED_LEAD_ADDRESS);
 *  - outbound, by the normalised address of every To and Cc and envelope recipient.
 */
#define DECIDE_UNVERIFIED "unverified:"
struct known {
	GPtrArray *
		owners; /* struct owner *: who was imported and whoever owns leads, with their
			   loads, in the order of their addresses (owner.h adds those configured) */
	GPtrArray *credits; /* struct credit *: the turns of weighted round robin */
	gboolean is_duplicate; /* this message key was decided before: `previous` says with what */
	struct lead *previous; /* the lead it went to then, or NULL */
	GPtrArray *candidates; /* struct candidate *, strongest first; leads distinct */
	GPtrArray *touches; /* struct touch *: the ledger of the first candidate's lead */
	struct account *account; /* of the person's registrable domain, or NULL */
	char *account_owner; /* owner of another lead at the account, or NULL */
	gboolean is_customer; /* the address is an imported customer */
	guint sender_new_leads; /* leads created from this envelope sender's domain-independent
				   address in the flood window */
	gboolean we_wrote; /* an outbound mail of ours to this address is recorded */
	gint64 last_outbound; /* our last mail to the person, 0 never */
	gint64 working_latency; /* filled in by the decision: what the answer took of working time,
				   for rules; 0 none */
	char *replied_to; /* address of our person whose message this answers, or NULL */
	gboolean bounce_is_ours; /* the mail a bounce reports on is a recorded outbound mail */
};

/* Whose turn it is in a pool of owners (weighted round robin, assign_rules.c). */
struct credit {
	char *pool; /* name of the assignment rule */
	char *owner; /* address */
	double credit;
};
void credit_free(struct credit *credit);

enum action {
	ACTION_NONE, /* nothing to do with leads; `reason` says why */
	ACTION_CREATE,
	ACTION_ATTACH,
	ACTION_OUTBOUND, /* recorded; `lead` when it goes to one */
	ACTION_DUPLICATE /* seen before: answer as then */
};

struct decision {
	enum action action;
	char *reason; /* one line for the log and `show`; never NULL */
	struct lead *lead; /* its new state, to insert or update; NULL with ACTION_NONE.  The
			      address and normalised address of an existing lead may change */
	const struct lead *before; /* as it was, owned by `known`; NULL when it is new */
	struct touch *touch; /* to append to the lead's ledger, or NULL */
	GPtrArray *events; /* struct event * */
	enum match match; /* why this lead */
	gboolean record_message; /* remember the Message-ID for conversation matching */
	GPtrArray *credits; /* struct credit *: what the choice of an owner changed; or NULL */
	struct lead_outcome *outcome; /* to be kept for learning, or NULL */
	struct decision *next; /* an outbound mail to several leads: what the next one's lead, touch
				  and events are; written alike, NULL at the end */
};

/** @param known owned by the caller, may be changed (scores filled in). @return never NULL. */
struct decision *decide_message(const struct facts *facts, struct known *known,
				const struct scorecards *scorecards, gint64 now);
void decision_free(struct decision *decision);
typedef struct decision decision_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(decision_owned, decision_free)

struct known *known_new(void);
void known_free(struct known *known);
typedef struct known known_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(known_owned, known_free)

const char *action_name(enum action action);
const char *match_name(enum match match);

#endif
