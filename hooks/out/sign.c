/*
 * sign.c - see sign.h.  Standard Webhooks 1.0, "Signature scheme"; libcrypto only here.
 *
 * A key lives on the stack for the time of one signature and is wiped after it: no decoded
 * secret stays in memory beside the configuration's own text.
 */
#include "hooks/out/sign.h"
#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <string.h>

#define SYMMETRIC "whsec_"
#define ASYMMETRIC "whsk_"
#define PUBLIC "whpk_"
#define KEY_LEAST 24
#define KEY_MOST 64
#define RAW_MOST 256
#define ED25519_BYTES 32 /* of a seed and of a public key */

struct key {
	guchar bytes[RAW_MOST];
	gsize length;
	gboolean is_private; /* ed25519 */
};

/* Base64 of the standard alphabet, padded or not; the reference libraries read both. */
static gboolean
decode_base64(const char *text, struct key *key)
{
	gsize length = strlen(text);
	if (length > (KEY_MOST + 2) / 3 * 4)
		return FALSE;
	gsize digits = length;
	while (digits > 0 && text[digits - 1] == '=' && length - digits < 2)
		digits--;
	for (gsize i = 0; i < digits; i++)
		if (!g_ascii_isalnum(text[i]) && text[i] != '+' && text[i] != '/')
			return FALSE;
	if (digits % 4 == 1 || (length != digits && length % 4 != 0))
		return FALSE;
	int state = 0;
	guint save = 0;
	key->length = g_base64_decode_step(text, digits, key->bytes, &state, &save);
	if (digits % 4)
		key->length += g_base64_decode_step("==", 4 - digits % 4, key->bytes + key->length,
						    &state, &save);
	return TRUE;
}

static EVP_PKEY *
private_key(const struct key *key)
{
	return EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, key->bytes, ED25519_BYTES);
}

static gboolean
read_public(EVP_PKEY *pair, guchar bytes[ED25519_BYTES])
{
	gsize length = ED25519_BYTES;
	return pair && EVP_PKEY_get_raw_public_key(pair, bytes, &length) == 1;
}

/* A public key beside the seed must be the seed's: a key cut from two others signs nothing. */
static gboolean
is_pair(const struct key *key)
{
	guchar public[ED25519_BYTES];
	EVP_PKEY *pair = private_key(key);
	gboolean good = read_public(pair, public) &&
			(key->length == ED25519_BYTES ||
			 !memcmp(public, key->bytes + ED25519_BYTES, ED25519_BYTES));
	EVP_PKEY_free(pair);
	return good;
}

static gboolean
read_key(const char *secret, struct key *key)
{
	key->is_private = g_str_has_prefix(secret, ASYMMETRIC);
	if (key->is_private)
		return decode_base64(secret + strlen(ASYMMETRIC), key) &&
		       (key->length == ED25519_BYTES || key->length == 2 * ED25519_BYTES);
	if (g_str_has_prefix(secret, SYMMETRIC))
		return decode_base64(secret + strlen(SYMMETRIC), key) && key->length >= KEY_LEAST &&
		       key->length <= KEY_MOST;
	key->length = strlen(secret);
	if (key->length < KEY_LEAST || key->length > RAW_MOST)
		return FALSE;
	memcpy(key->bytes, secret, key->length);
	return TRUE;
}

static const char *
expected_form(const char *secret)
{
	if (g_str_has_prefix(secret, ASYMMETRIC))
		return "a secret after \"whsk_\" must be base64 of an ed25519 private key, 32 "
		       "bytes, or 64 with its public key";
	if (g_str_has_prefix(secret, SYMMETRIC))
		return "a secret after \"whsec_\" must be base64 of 24 to 64 bytes";
	return "a secret must be \"whsec_\" and base64 of 24 to 64 bytes, or plain text of 24 to "
	       "256 bytes";
}

gboolean
sign_secret_check(const char *secret, GError **error)
{
	struct key key;
	gboolean good = read_key(secret, &key) && (!key.is_private || is_pair(&key));
	OPENSSL_cleanse(&key, sizeof key);
	if (!good)
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_CONFIG, expected_form(secret));
	return good;
}

char *
sign_public_key(const char *secret)
{
	struct key key;
	guchar public[ED25519_BYTES];
	gboolean good = read_key(secret, &key) && key.is_private;
	EVP_PKEY *pair = good ? private_key(&key) : NULL;
	good = read_public(pair, public);
	EVP_PKEY_free(pair);
	OPENSSL_cleanse(&key, sizeof key);
	g_autofree char *base64 = good ? g_base64_encode(public, sizeof public) : NULL;
	return good ? g_strconcat(PUBLIC, base64, NULL) : NULL;
}

static void
append(GString *out, const char *version, const guchar *bytes, gsize length)
{
	g_autofree char *base64 = g_base64_encode(bytes, length);
	g_string_append_printf(out, "%s%s,%s", out->len ? " " : "", version, base64);
}

static void
append_mac(GString *out, const struct key *key, const GString *content)
{
	guchar mac[EVP_MAX_MD_SIZE];
	guint length = 0;
	HMAC(EVP_sha256(), key->bytes, (int)key->length, (const guchar *)content->str, content->len,
	     mac, &length);
	append(out, "v1", mac, length);
}

static void
append_signature(GString *out, const struct key *key, const GString *content)
{
	guchar signature[2 * ED25519_BYTES];
	gsize length = sizeof signature;
	EVP_PKEY *pair = private_key(key);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	if (pair && EVP_DigestSignInit(context, NULL, NULL, NULL, pair) == 1 &&
	    EVP_DigestSign(context, signature, &length, (const guchar *)content->str,
			   content->len) == 1)
		append(out, "v1a", signature, length);
	EVP_MD_CTX_free(context);
	EVP_PKEY_free(pair);
}

char *
sign_webhook(const GPtrArray *secrets, const char *id, gint64 time_seconds, const char *body,
	     gsize length)
{
	g_autoptr(GString) content = g_string_sized_new(length + strlen(id) + 24);
	g_string_append_printf(content, "%s.%" G_GINT64_FORMAT ".", id, time_seconds);
	g_string_append_len(content, body, length);
	GString *out = g_string_new(NULL);
	struct key key;
	for (guint i = 0; i < secrets->len; i++)
		if (read_key(g_ptr_array_index(secrets, i), &key))
			(key.is_private ? append_signature : append_mac)(out, &key, content);
	OPENSSL_cleanse(&key, sizeof key);
	return g_string_free(out, FALSE);
}
