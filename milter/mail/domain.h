/*
 * domain.h - who a sender's domain is: registrable domain, free-mail, disposable, relay
 * alias, role account, own or partner domain.
 *
 * Lists and the public suffix list are loaded once into a domain_lists and only read after that;
 * any thread.
 */
#ifndef LEADMILTER_DOMAIN_H
#define LEADMILTER_DOMAIN_H

#include <glib.h>

#include "mail/authres.h"
#include "mail/lists.h"

struct config;

struct domain_lists;

/**
 * Load the lists a configuration names (free-mail, disposable, relay, role, partner, ISP) and
 * the public suffix list.  @return NULL with ERROR_CONFIG.  Caller frees.
 */
struct domain_lists *domain_lists_new(const struct config *config, GError **error);
void domain_lists_free(struct domain_lists *lists);
typedef struct domain_lists domain_lists_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(domain_lists_owned, domain_lists_free)

struct sender {
	char *address; /* the author's address as written, or NULL */
	char *normalised; /* address_normalise() of it, or NULL */
	char *name; /* display name, or NULL */
	char *domain; /* host part, A-label, lower case, or NULL */
	char *domain_unicode; /* the same as U-label */
	char *org_domain; /* registrable domain, or NULL */
	gboolean freemail, disposable, role, relay, own, partner, isp;
	gboolean verified; /* the From domain is backed by DMARC pass (or aligned DKIM or SPF) */
	gboolean spoofed; /* DMARC says fail */
	struct authres auth;
};

/** Fill `ret` for an address. @param auth is moved into it. Free with sender_clear(). */
void sender_classify(const struct domain_lists *lists, const char *name, const char *address,
		     struct authres *auth, struct sender *ret);
void sender_clear(struct sender *sender);

/** Registrable domain of a host name (either IDN form), A-label; caller frees; NULL if none. */
char *domain_registrable(const struct domain_lists *lists, const char *host);
/** A-label, lower case, of either form, or NULL when it is no host name.  Caller frees. */
char *domain_to_ascii(const char *host);
/** U-label form for people; caller frees. */
char *domain_to_unicode(const char *host);
/** The address's domain is one of ours (own_domains). */
gboolean domain_is_own(const struct domain_lists *lists, const char *domain);

#endif
