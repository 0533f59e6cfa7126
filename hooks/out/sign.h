/*
 * sign.h - Standard Webhooks 1.0 signatures (github.com/standard-webhooks/standard-webhooks).
 *
 * Signed content: id "." seconds "." body.  Two kinds of secret:
 *   symmetric   "whsec_" + base64 of the key, or the key itself where it has no such prefix (not
 *               every receiver's product lets one choose); "v1," + base64(HMAC-SHA256)
 *   asymmetric  "whsk_" + base64 of an ed25519 private key: its seed, or the seed and the public
 *               key after it, as other tools write it; "v1a," + base64(signature).  The receiver
 *               gets the "whpk_" key only, and so can't forge what it verifies.
 * Pure; any thread.  libcrypto is known here only.
 */
#ifndef LEADMILTER_SIGN_H
#define LEADMILTER_SIGN_H

#include <glib.h>

/** Check a secret's form: "whsec_" + base64 of 24 to 64 bytes, "whsk_" + base64 of a private key,
 *  or plain text of 24 to 256 bytes.
 *  @return FALSE with ERROR_CONFIG, whose message doesn't repeat the secret */
gboolean sign_secret_check(const char *secret, GError **error);

/** What a receiver verifies an asymmetric secret's signatures with: "whpk_" + base64.
 *  @return caller frees; NULL for other secrets */
char *sign_public_key(const char *secret);

/**
 * The webhook-signature value: one "v1,…" or "v1a,…" per secret, separated by a space.
 * @param secrets char *; all checked before
 * @param time    seconds since the epoch, as sent in webhook-timestamp
 * @return caller frees
 */
char *sign_webhook(const GPtrArray *secrets, const char *id, gint64 time_seconds, const char *body,
		   gsize length);

#endif
