/*
 * auth.h - who sends a request to the inbound hook, and what that client may do: values only.
 *
 * A client proves itself by a Standard Webhooks signature over id, time and body (any of its
 * secrets; the time within five minutes) or by a bearer token, and must come from one of its
 * networks when it has any.  Secrets and signatures are compared in constant time.  What was wrong
 * is for the log; the answer says only that it was.  Pure; any thread.
 */
#ifndef LEADMILTER_AUTH_H
#define LEADMILTER_AUTH_H

#include "base/config.h"

#define AUTH_TOLERANCE_SECONDS 300

struct auth_request {
	const char *id, *timestamp, *signature; /* webhook-…, or NULL */
	const char *authorization; /* or NULL */
	const char *peer; /* address as text, or "local" */
	const char *body;
	gsize length;
};

/** @param clients struct config_client * @param now microseconds
 *  @return the client, or NULL with ERROR_INPUT saying why for the log */
const struct config_client *auth_identify(const GPtrArray *clients,
					  const struct auth_request *request, gint64 now,
					  GError **error);

/** It has no networks, or `peer` is in one of them. */
gboolean auth_may_come_from(const struct config_client *client, const char *peer);
/** The client may do what a scope names ("touches", "read" …). */
gboolean auth_allows(const struct config_client *client, const char *scope);

/* How often a client may ask: a bucket of tokens that fills with time.  Not locked. */
struct auth_bucket {
	double tokens;
	gint64 filled; /* monotonic */
};
/** @param rate per second, 0 no limit; bursts of twice as many
 *  @return 0 when it may, else seconds to wait (>= 1) */
guint auth_take(struct auth_bucket *bucket, guint rate, gint64 monotonic);

#endif
