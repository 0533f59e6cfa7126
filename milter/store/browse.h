/*
 * browse.h - lists for people to look through: leads, a lead's touches, deliveries, possible
 * duplicates, accounts.
 *
 * A page of a list ends with a cursor, which says where the next one begins; nothing is counted or
 * skipped, so the last page costs what the first one does.  Each request looks at a bounded number
 * of rows where an index can't answer it: then it may give fewer than asked for, with `more` set,
 * and the next one goes on.  All read on a connection of their own, so that mail never waits for
 * them. Any thread; any store_mode.
 */
#ifndef LEADMILTER_BROWSE_H
#define LEADMILTER_BROWSE_H

#include "store/store.h"

enum browse_sort { BROWSE_UPDATED, BROWSE_CREATED, BROWSE_SCORE, BROWSE_NAME };

/* A page of any list. */
struct browse_page {
	GPtrArray *items; /* what the function says */
	gboolean more;
	char *next; /* cursor, NULL without `more` */
};
void browse_page_clear(struct browse_page *page);
typedef struct browse_page browse_page_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(browse_page_owned, browse_page_clear)

/* NULL and 0 are any. */
struct browse_filter {
	const char *text; /* beginnings of words of name, address, company, domain */
	const char *stage, *owner, *account, *scorecard, *source, *temperature, *grade;
	gboolean unowned;
	gint64 since, until; /* of the last change: at or after, before */
	enum browse_sort sort; /* of a text with few matches; others come by `updated` */
	const char *cursor; /* of the page before, or NULL */
	guint most;
};
/** struct lead * @return FALSE with ERROR_INPUT (cursor) or the store's error */
gboolean browse_leads(struct store *store, const struct browse_filter *filter,
		      struct browse_page *ret, GError **error);

/** struct touch * of a lead. @param direction or NULL */
gboolean browse_touches(struct store *store, const char *lead, const char *direction,
			gboolean oldest_first, const char *cursor, guint most,
			struct browse_page *ret, GError **error);

struct browse_deliveries {
	int state; /* -1 any */
	const char *endpoint, *lead; /* or NULL */
	const char *cursor;
	guint most;
};
/** struct delivery *, newest first. */
gboolean browse_deliveries(struct store *store, const struct browse_deliveries *filter,
			   struct browse_page *ret, GError **error);

/* Two leads that may be one person. */
struct browse_pair {
	struct lead *lead, *other;
	GPtrArray *reasons; /* char * */
};
void browse_pair_free(struct browse_pair *pair);
/** struct browse_pair *, those whose lead changed last first. */
gboolean browse_pairs(struct store *store, const char *cursor, guint most, struct browse_page *ret,
		      GError **error);

struct browse_account {
	struct account *account; /* with its heat; never NULL */
	gint64 last; /* when one of its leads changed last, 0 unknown */
};
void browse_account_free(struct browse_account *account);
/** struct browse_account *. @param text beginning of the domain, or NULL
 *  @param by_domain by letter; else the last active first */
gboolean browse_accounts(struct store *store, const char *text, gboolean by_domain,
			 struct scorecards *scorecards, gint64 now, const char *cursor, guint most,
			 struct browse_page *ret, GError **error);
/** When one of an account's leads changed last. @return 0 when there is none, -1 with an error */
gint64 browse_account_last(struct store *store, const char *domain, GError **error);
/** Ids of cards that were merged into a lead. @return char *; caller unrefs */
GPtrArray *browse_merged(struct store *store, const char *lead, GError **error);

/** Enter leads into the search index for about so long, while no mail waits.
 *  @param least do nothing for fewer leads: a search looks at those itself
 *  @return TRUE when so few are left */
gboolean browse_catch_up(struct store *store, gint64 microseconds, guint least, GError **error);
/** The same for whoever walks along the index, which the leads not entered are not in.  What can't
 *  be entered now is missing. */
void browse_enter_rest(struct store *store);

#endif
