/*
 * store_change.h - changes that no message makes: touches from outside, outcomes, what time alone
 * changes, two cards that are one person.
 *
 * All are jobs of the writer: load what is known, decide (a pure function of that), write, commit.
 * Nothing else can come in between, so two of them can't race each other or a message.  A job may
 * run twice when another one in its batch fails: the decision must not keep anything of the first
 * time.  Safe from any thread.
 */
#ifndef LEADMILTER_STORE_CHANGE_H
#define LEADMILTER_STORE_CHANGE_H

#include "lead/outcome.h"
#include "lead/outside.h"
#include "store/store.h"

/* Whom a change is about.  NULL is not given. */
struct store_whom {
	const char *lead; /* id: that card or none (a merged one's leads to what it became) */
	/* else everybody who is found, the strongest first */
	const char *customer; /* id in the CRM */
	const char *address; /* as written */
	const char *phone; /* E.164 */
	const char *account; /* registrable domain when nobody is found, for known->account */
	const char *key; /* of this change: one that was made is `is_duplicate` (and not made again)
			  */
	gboolean must_exist; /* nobody found is ERROR_NOT_FOUND */
};

/* Decides what becomes of them, on the writer thread; must not block.
 * `known` has candidates by id or customer (MATCHED_TOKEN), normalised address
 * (MATCHED_LEAD_ADDRESS) and phone (MATCHED_PHONE), the ledger of the first, its account, owners
 * and credits, is_duplicate with `previous`; it may be changed and is freed after the writing.
 * Returns what to write, or NULL: nothing. */
struct store_decide {
	struct decision *(*decide)(struct known *known, gint64 now, gpointer data);
	gpointer data;
	const struct scorecards *scorecards; /* what early touches of a ledger are summed up with;
						NULL: all touches are read */
};

/**
 * Load, decide, write.
 * @param shadow events are written as already delivered
 * @param ret    what became of it, or NULL; untouched on failure; caller clears it
 * @return FALSE with ERROR_NOT_FOUND (an id nobody has, or must_exist) or the store's error
 */
gboolean store_change(struct store *store, const struct store_whom *whom,
		      const struct store_decide *decide, gint64 now, gboolean shadow,
		      struct answer *ret, GError **error);

/** A touch that did not come by mail (outside.h). @return FALSE with ERROR_INPUT as well */
gboolean store_touch(struct store *store, const struct outside_touch *touch,
		     struct scorecards *scorecards, gint64 now, gboolean shadow, struct answer *ret,
		     GError **error);

/** What the CRM or sales say became of a lead (outcome.h), named by id, address or the
 *  customer's id in the CRM. */
gboolean store_outcome(struct store *store, const char *lead, const struct outcome *outcome,
		       struct scorecards *scorecards, gint64 now, gboolean shadow,
		       struct answer *ret, GError **error);

/**
 * Leads whose `due` is not after `now`, the longest due first: decide and write each.  One that
 * would still be due is left for the next time it is written, so that a sweep ends.
 * @param most in this call, which is one transaction; at most LIMIT_BATCH are done
 * @return how many were looked at (fewer than asked for: no more are due), or -1
 */
gint store_due(struct store *store, const struct store_decide *decide, gint64 now, guint most,
	       gboolean shadow, GError **error);
/** All that are due, with sweep_decide(), in bounded steps. @return how many, or -1 */
gint64 store_sweep(struct store *store, struct scorecards *scorecards, gint64 now, GError **error);
/** When the next lead is due, 0 none; -1 with an error. */
gint64 store_next_due(struct store *store, GError **error);

/* --- one person, two cards --- */

/**
 * Two cards are one person: the other's history moves to `lead` (lead/merge.h), whose id and
 * addresses from then on lead there; lead.merged is told.
 * @return FALSE with ERROR_NOT_FOUND, ERROR_INPUT (the same card) or the store's error
 */
gboolean store_merge(struct store *store, const char *lead, const char *other,
		     struct scorecards *scorecards, gint64 now, struct answer *ret, GError **error);
/**
 * Undo that, or divide a card.
 * @param what id of a card that was merged into this one, or an address: what was written from it
 *        becomes a lead of its own
 * @param domain of such an address: its organisation's registrable domain, or NULL where it says
 *        nothing about one (identity_account())
 * @param ret  of the card that is made
 */
gboolean store_split(struct store *store, const char *lead, const char *what, const char *domain,
		     struct scorecards *scorecards, gint64 now, struct answer *ret, GError **error);
/** They are not one person: no longer possible duplicates, now and later. */
gboolean store_keep_apart(struct store *store, const char *lead, const char *other, GError **error);

#endif
