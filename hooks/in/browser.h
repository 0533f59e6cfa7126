/*
 * browser.h - what a browser's request says of itself: its cookie, the host it asked for, the page
 * it comes from.  Values only; any thread.
 *
 * A page of somebody else may make a browser send us requests: with our cookie (cross-site request
 * forgery; RFC 6265bis SameSite, the Fetch standard's Sec-Fetch-Site and RFC 6454's Origin are
 * against it), or under a name of its own that it made lead here (DNS rebinding; only the Host
 * field tells).  All input is hostile; time is linear in it.
 */
#ifndef LEADMILTER_BROWSER_H
#define LEADMILTER_BROWSER_H

#include "base/config.h"

/**
 * The value of a cookie.  Two of one name are none: somebody else may have set one of them.
 * @param header of the field Cookie, or NULL
 * @return NULL when there is none, it is empty or has other characters than base64url's; caller
 *         frees
 */
char *browser_cookie(const char *header, const char *name);

/** May the page be asked for under this name?  Loopback's names, the address it listens at and
 *  those of the configuration, with any port (a tunnel may have its own).
 *  @param host field of the request, or NULL (no) */
gboolean browser_host_allowed(const char *host, const struct config *config);

/** Does a request that changes something come from the page itself?  Fields or NULL; one of the
 *  first two must be there: every browser of today sends Origin with what is not GET. */
gboolean browser_is_same_origin(const char *origin, const char *fetch_site, const char *host);

/** The media type is that of JSON, whatever its parameters. */
gboolean browser_is_json(const char *content_type);

/** The peer is a proxy that the configuration trusts; "local" is one on a unix socket. */
gboolean browser_is_proxy(const char *peer, const struct config *config);

/** The last address of X-Forwarded-For (that of whom the proxy talked to), or NULL when it is no
 *  address; caller frees. */
char *browser_forwarded_for(const char *header);

#endif
