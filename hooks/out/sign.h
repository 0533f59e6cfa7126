/*
 * sign.h - Standard Webhooks 1.0 signatures (github.com/standard-webhooks/standard-webhooks).
 *
 * Signed content: id "." seconds "." body; key: the bytes after base64 decoding what follows
 * "whsec_", or the secret itself where it has no such prefix (not every receiver's product lets one
 * choose); "v1," + base64(HMAC-SHA256).  Pure; any thread.  libcrypto is known here only.
 */
#ifndef LEADMILTER_SIGN_H
#define LEADMILTER_SIGN_H

#include <glib.h>

/** Check a secret's form: "whsec_" + base64 of 24 to 64 bytes, or plain text of 24 to 256 bytes.
 *  @return FALSE with ERROR_CONFIG, whose message doesn't repeat the secret */
gboolean sign_secret_check(const char *secret, GError **error);

/**
 * The webhook-signature value: one "v1,…" per secret, separated by a space.
 * @param secrets char *; all checked before
 * @param time    seconds since the epoch, as sent in webhook-timestamp
 * @return caller frees
 */
char *sign_webhook(const GPtrArray *secrets, const char *id, gint64 time_seconds, const char *body,
		   gsize length);

#endif
