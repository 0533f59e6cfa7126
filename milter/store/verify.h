/*
 * verify.h - does what a store says hold together?
 *
 * The database's own check finds damaged pages; this finds rows that contradict each other: what
 * points to nothing, counters that are not what counting says, deliveries nobody would send.  All
 * is seen in one snapshot.  What can be made of other rows again is repaired when asked for.
 */
#ifndef LEADMILTER_VERIFY_H
#define LEADMILTER_VERIFY_H

#include "store/database.h"

struct finding {
	const char *check; /* a short name */
	const char *table;
	const char *key; /* of the row, for people */
	const char *problem, *action; /* what is wrong; what a repair does, or to do by hand */
	gboolean repairable, prunable; /* with `repair`, with `prune` */
	gboolean repaired; /* by this run */
};

struct verify_options {
	gboolean repair; /* what can be made of other rows */
	gboolean prune; /* history whose lead is gone is removed; with `repair` */
	/** The first LIMIT_FINDINGS of each check, then one with key NULL when there are more. */
	void (*tell)(const struct finding *finding, gint64 count, gpointer data);
	void (*progress)(const char *check, guint done, guint all, gpointer data); /* or NULL */
	gpointer data;
};

struct verify_report {
	int schema;
	guint checks;
	gint64 findings, repairable, prunable, repaired;
};

/**
 * @param database opened to read; or, to repair, to write and nobody else's
 * @return FALSE when it could not be looked through: ERROR_STORE_CORRUPT when the database itself
 *         says it is damaged
 */
gboolean verify_store(struct database *database, const struct verify_options *options,
		      struct verify_report *ret, GError **error);

/* --- checks that are more than a question to the database (verify_keys.c) --- */

/** Called with the key of a row. */
typedef void (*verify_found)(gpointer data, const char *key);

/** Keys that leads should be found by, and aren't. @param repair write them */
gboolean verify_missing_keys(struct database *database, gboolean repair, verify_found found,
			     gpointer data, GError **error);
/** Keys that leads are found by, and shouldn't be. */
gboolean verify_stale_keys(struct database *database, gboolean repair, verify_found found,
			   gpointer data, GError **error);
/** Messages that can't be found again by what their rows say. */
gboolean verify_links(struct database *database, gboolean repair, verify_found found, gpointer data,
		      GError **error);
/** Leads whose row for reports (progress.h) is missing or behind. */
gboolean verify_progress(struct database *database, gboolean repair, verify_found found,
			 gpointer data, GError **error);

#endif
