/*
 * roster.h - those who sell, with how many open leads they own, and whose turn it is: in memory.
 *
 * Every decision needs them and few change them, so the writer thread holds the tables `owner`
 * and `credit`: read once, shared with each decision, what changed is written once a commit.
 * After a rollback memory may hold what the file doesn't: it is read anew.  Writer thread only.
 */
#ifndef LEADMILTER_ROSTER_H
#define LEADMILTER_ROSTER_H

#include "lead/decide.h"
#include "store/database.h"

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *roster);
/** What is in memory may not be what is in the file. */
void roster_forget(struct roster *roster);
/** @param ret_changed set to TRUE when there was something
 *  Write what changed since; with the tallies, before a commit or the end of a savepoint. */
gboolean roster_flush(struct roster *roster, struct database *database, gboolean *ret_changed,
		      GError **error);

/** Lend all to a decision. */
gboolean roster_lend(struct roster *roster, struct database *database, struct known *known,
		     GError **error);
/** A lead goes from one owner to another; NULL is nobody (or a lead that isn't open). */
gboolean roster_count(struct roster *roster, struct database *database, const char *from,
		      const char *to, GError **error);
/** What a choice of an owner changed: struct credit *. */
gboolean roster_take_turns(struct roster *roster, struct database *database,
			   const GPtrArray *credits, GError **error);

/** An owner as imported. @param ret_change 0 nothing new, 1 changed, 2 new, -1 no room */
gboolean roster_import(struct roster *roster, struct database *database, const struct owner *owner,
		       int *ret_change, GError **error);

/** All owners as rows, by address: for any connection. @return struct owner * */
GPtrArray *roster_read(struct database *database, GError **error);

#endif
