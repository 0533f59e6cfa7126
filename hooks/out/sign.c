/*
 * sign.c - see sign.h.  Standard Webhooks 1.0, "Signature scheme"; libcrypto only here.
 *
 * A key lives on the stack for the time of one signature and is wiped after it: no decoded
 * secret stays in memory beside the configuration's own text.
 */
#include "hooks/out/sign.h"
#include "base/error.h"

#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#define PREFIX "whsec_"
#define KEY_LEAST 24
#define KEY_MOST 64
#define RAW_MOST 256

struct key {
	guchar bytes[RAW_MOST];
	gsize length;
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

static gboolean
read_key(const char *secret, struct key *key)
{
	if (g_str_has_prefix(secret, PREFIX))
		return decode_base64(secret + strlen(PREFIX), key) && key->length >= KEY_LEAST &&
		       key->length <= KEY_MOST;
	key->length = strlen(secret);
	if (key->length < KEY_LEAST || key->length > RAW_MOST)
		return FALSE;
	memcpy(key->bytes, secret, key->length);
	return TRUE;
}

gboolean
sign_secret_check(const char *secret, GError **error)
{
	struct key key;
	gboolean good = read_key(secret, &key);
	OPENSSL_cleanse(&key, sizeof key);
	if (!good)
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    g_str_has_prefix(secret, PREFIX)
					    ? "a secret after \"whsec_\" must be base64 of 24 to "
					      "64 bytes"
					    : "a secret must be \"whsec_\" and base64 of 24 to 64 "
					      "bytes, or plain text of 24 to 256 bytes");
	return good;
}

static void
append_signature(GString *out, const struct key *key, const GString *signed_content)
{
	guchar mac[EVP_MAX_MD_SIZE];
	guint length = 0;
	HMAC(EVP_sha256(), key->bytes, key->length, (const guchar *)signed_content->str,
	     signed_content->len, mac, &length);
	g_autofree char *base64 = g_base64_encode(mac, length);
	g_string_append_printf(out, "%sv1,%s", out->len ? " " : "", base64);
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
			append_signature(out, &key, content);
	OPENSSL_cleanse(&key, sizeof key);
	return g_string_free(out, FALSE);
}
