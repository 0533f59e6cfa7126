/*
 * keys.h - by what a lead is found, as text: rows of the table `identity`.
 *
 * What belongs to an organisation begins with its domain, labels reversed
 * ("example.customer"), so that the rows of one new lead go to one page instead of four:
 *   "example.customer @ada"      address, the local part after the sign
 *   "example.customer =ada byron" name within the account
 *   "example.customer !…"        activity of the account: newest first, with time and owner
 *   "+40213112233"               phone
 * Pure; any thread.
 */
#ifndef LEADMILTER_KEYS_H
#define LEADMILTER_KEYS_H

#include <glib.h>

struct key {
	char *text;
	gint64 time; /* of an activity, else 0 */
	char *owner; /* of an activity, or NULL */
};

/* What of a lead keys are made of; any may be NULL. */
struct key_source {
	const char *normalised, *account, *name_key, *owner;
	const char *phones, *addresses; /* one a line */
	gint64 last_inbound;
};

/** @return struct key *, no text twice; caller unrefs */
GPtrArray *keys_of_lead(const struct key_source *source);
gboolean keys_equal(gconstpointer key, gconstpointer other);

/* Single keys; callers free; NULL for NULL. */
char *keys_of_address(const char *normalised);
char *keys_of_name(const char *account, const char *name_key);
/** "example.customer" of "customer.example". */
char *keys_of_domain(const char *domain);
/** All activity of an account is at or after the first and before the second. */
void keys_of_activity(const char *account, char **ret_first, char **ret_end);

/** What names are compared by: case folded, compatibility forms made one; NULL for none. */
char *keys_fold_name(const char *name);

#endif
