/*
 * authres.h - SPF, DKIM and DMARC results from Authentication-Results fields (RFC 8601).
 *
 * Only fields whose authserv-id the administrator trusts count; the others, and those with our
 * id that came from outside, are forgeries to be ignored and removed (section 5).  Pure; any
 * thread.
 */
#ifndef LEADMILTER_AUTHRES_H
#define LEADMILTER_AUTHRES_H

#include <glib.h>

#include "mail/raw.h"

enum auth_result {
	AUTH_NONE,
	AUTH_PASS,
	AUTH_FAIL,
	AUTH_SOFTFAIL,
	AUTH_NEUTRAL,
	AUTH_POLICY,
	AUTH_TEMPERROR,
	AUTH_PERMERROR
};

struct authres {
	enum auth_result spf, dkim, dmarc;
	char *spf_domain; /* smtp.mailfrom's domain, or NULL */
	char *dkim_domain; /* header.d of the best signature, or NULL */
	char *dmarc_domain; /* header.from, or NULL */
	gboolean seen; /* a trusted field was there */
	GArray *forged; /* guint: 1-based occurrences of Authentication-Results to remove */
};

/**
 * @param trusted authserv-ids (char *), may be empty: then nothing is believed or removed
 */
void authres_read(const struct raw_mail *raw, const GPtrArray *trusted, struct authres *ret);
void authres_clear(struct authres *authres);
/** "none", "pass", … Static. */
const char *auth_result_name(enum auth_result result);

#endif
