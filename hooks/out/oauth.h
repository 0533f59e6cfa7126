/*
 * oauth.h - access tokens of OAuth 2.0 (RFC 6749): client credentials or a refresh token, fetched
 * once for all who wait, kept until shortly before they expire.
 *
 * On the delivery thread only.  Neither tokens nor secrets are logged or part of an error.
 */
#ifndef LEADMILTER_OAUTH_H
#define LEADMILTER_OAUTH_H

#include "hooks/out/http.h"

/* The texts must stay as long as the struct oauth. */
struct oauth_client {
	const char *token_url, *id, *secret; /* secret: or NULL */
	const char *scope; /* or NULL */
	const char *refresh_token; /* or NULL: client credentials */
	gboolean in_body; /* id and secret in the form, not in Authorization (section 2.3.1) */
	const struct http_transport *transport;
};

struct oauth;

struct oauth_answer {
	const char *token; /* NULL: see below */
	const char *error; /* why there is none; never holds what the server wrote but its code */
	gboolean refused; /* our credentials are wrong: asking again changes nothing */
	gboolean unreachable;
	gint64 retry_after; /* time, 0 none */
	long status; /* of the token's server, 0 none */
};
typedef void oauth_done(const struct oauth_answer *answer, gpointer data);

struct oauth *oauth_new(struct http *http, const struct oauth_client *client);
/** Nobody waits any more who isn't told. */
void oauth_free(struct oauth *oauth);

/** Ask for a token. @param done called exactly once: in here when there is one, or later from
 *  http_run() */
void oauth_get(struct oauth *oauth, oauth_done *done, gpointer data);
/** Don't call back: the one who asked with `data` waits no longer. */
void oauth_cancel(struct oauth *oauth, gpointer data);
/** A receiver refused this token: it isn't given out again. */
void oauth_reject(struct oauth *oauth, const char *token);

#endif
