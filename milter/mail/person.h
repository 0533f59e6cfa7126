/*
 * person.h - who wrote: name, title, company, phones, addresses, each with where it was found.
 *
 * The sender's own data only, never those of people quoted or in Cc.  Pure; any thread.
 */
#ifndef LEADMILTER_PERSON_H
#define LEADMILTER_PERSON_H

#include <glib.h>

#include "mail/domain.h"
#include "mail/form.h"
#include "mail/forward.h"
#include "mail/reply.h"

enum person_origin {
	FROM_NONE,
	FROM_FROM,
	FROM_REPLY_TO,
	FROM_SIGNATURE,
	FROM_FORM,
	FROM_FORWARD,
	FROM_DOMAIN
};
enum title_rank { RANK_UNKNOWN, RANK_USER, RANK_INFLUENCER, RANK_DECISION_MAKER };

struct phone {
	char *raw; /* as written */
	char *e164; /* "+40213112233", or NULL when not valid */
	char *region; /* "RO", or NULL */
	char *kind; /* "mobile", "fixed", "fixed_or_mobile", "toll_free", "switchboard", "voip",
		     * "fax", "unknown", …; never NULL */
	char *extension; /* or NULL */
};

struct person {
	char *address; /* the person's own address, as written, or NULL */
	char *normalised; /* or NULL */
	char *name; /* whole name in the order it is read, or NULL */
	char *prefix, *first_name, *last_name, *suffix; /* or NULL */
	char *title; /* job title, or NULL */
	enum title_rank rank;
	char *company; /* or NULL */
	char *country; /* ISO 3166 alpha-2, or NULL */
	GPtrArray *phones; /* struct phone *, none of them a fax */
	GPtrArray *faxes; /* struct phone *, of kind "fax": nobody is found or reached by them */
	GPtrArray *urls; /* char * */
	enum person_origin name_origin, title_origin, company_origin, country_origin;
	gboolean implausible_name; /* no vowel in a script that writes them */
	gboolean company_is_isp;
	gboolean reachable; /* a person can be reached: not only a role address or switchboard */
};

struct person_input {
	const struct mail *mail;
	const struct sender *sender;
	const struct reply_text *text;
	const struct forward *forward; /* or NULL: then the person is the original sender */
	const struct form *form; /* or NULL */
	const char *default_region; /* ISO 3166 alpha-2 for phones without +, or NULL */
};

struct person *person_find(const struct person_input *input);
void person_free(struct person *person);
/** Free one struct phone; a GDestroyNotify. */
void person_phone_free(gpointer phone);
typedef struct person person_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(person_owned, person_free)

const char *person_origin_name(enum person_origin origin);
const char *title_rank_name(enum title_rank rank);

#endif
