/* test-sign.c - Standard Webhooks 1.0: the vector of its reference libraries, rotation, and the
 * secrets that are refused. */
#include "hooks/out/sign.h"
#include "base/error.h"

#include <string.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define GOOD "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
/* RFC 8032 section 7.1, test 1; the signature is by another implementation (Node's). */
#define SEED "whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A="
#define PAIR \
	"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2DXWpgBgrEKt9VL/" \
	"tPJZAc6DuFy89qmIyWvAhpo9wdRGg=="
#define NO_PAIR \
	"whsk_nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2CdYbGd7/" \
	"1aYLqESvSS7CzEREnFaXsyaRlwO6wDHK5/YA=="
#define PUBLIC "whpk_11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
#define GOOD_A \
	"v1a," \
	"fldxM4gAKugP6nnt1hdz3sgGfZ6d99nzrMFnZOELIxbzEHoVmAb2ADpkJK7zgPePmPsle0zV9jSeGlHFG2NVAw=="
#define PLAIN "a plain secret of the receiver"

static const struct {
	const char *name;
	const char *secrets[3];
	const char *id, *body;
	gint64 time;
	const char *want;
} signatures[] = {
	{ "reference vector",
	  { SECRET },
	  "msg_p5jXN8AQM9LWM0D4loKWxJek",
	  "{\"test\": 2432232314}",
	  1614265330,
	  GOOD },
	{ "rotation: both secrets sign",
	  { SECRET, SECRET },
	  "msg_p5jXN8AQM9LWM0D4loKWxJek",
	  "{\"test\": 2432232314}",
	  1614265330,
	  GOOD " " GOOD },
	{ "an ed25519 seed",
	  { SEED },
	  "msg_p5jXN8AQM9LWM0D4loKWxJek",
	  "{\"test\": 2432232314}",
	  1614265330,
	  GOOD_A },
	{ "rotation between the kinds, a seed with its public key",
	  { SECRET, PAIR },
	  "msg_p5jXN8AQM9LWM0D4loKWxJek",
	  "{\"test\": 2432232314}",
	  1614265330,
	  GOOD " " GOOD_A },
	{ "no secret, no signature", { NULL }, "msg_1", "{}", 1614265330, "" },
};

static void
test_signatures(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(signatures); i++) {
		g_autoptr(GPtrArray) secrets = g_ptr_array_new();
		for (guint k = 0; signatures[i].secrets[k]; k++)
			g_ptr_array_add(secrets, (gpointer)signatures[i].secrets[k]);
		g_autofree char *got = sign_webhook(secrets, signatures[i].id, signatures[i].time,
						    signatures[i].body, strlen(signatures[i].body));
		g_test_message("%s", signatures[i].name);
		g_assert_cmpstr(got, ==, signatures[i].want);
	}
}

/* GLib's own HMAC is an independent implementation. */
static char *
expected(const guchar *key, gsize key_length, const char *content, gsize length)
{
	g_autoptr(GHmac) hmac = g_hmac_new(G_CHECKSUM_SHA256, key, key_length);
	g_hmac_update(hmac, (const guchar *)content, length);
	guint8 digest[32];
	gsize digest_length = sizeof digest;
	g_hmac_get_digest(hmac, digest, &digest_length);
	g_autofree char *base64 = g_base64_encode(digest, digest_length);
	return g_strconcat("v1,", base64, NULL);
}

static void
check_signature(const char *secret, const guchar *key, gsize length)
{
	g_assert_true(sign_secret_check(secret, NULL));
	g_autoptr(GPtrArray) secrets = g_ptr_array_new();
	g_ptr_array_add(secrets, (gpointer)secret);
	g_autofree char *got = sign_webhook(secrets, "id", 1, "body", 4);
	g_autofree char *want = expected(key, length, "id.1.body", strlen("id.1.body"));
	g_assert_cmpstr(got, ==, want);
}

static void
test_key_forms(void)
{
	guchar key[64];
	for (guint i = 0; i < sizeof key; i++)
		key[i] = i * 37 + 1;
	for (gsize length = 24; length <= sizeof key; length++) {
		g_autofree char *base64 = g_base64_encode(key, length);
		g_autofree char *padded = g_strconcat("whsec_", base64, NULL);
		g_autofree char *bare = g_strdup(padded);
		bare[strcspn(bare, "=")] = '\0';
		check_signature(padded, key, length);
		check_signature(bare, key, length);
	}
	check_signature(PLAIN, (const guchar *)PLAIN, strlen(PLAIN));
}

static const struct {
	const char *secret;
	gboolean want;
} secrets_wanted[] = {
	{ SECRET, TRUE },
	{ PLAIN, TRUE },
	{ SEED, TRUE },
	{ PAIR, TRUE },
	{ NO_PAIR, FALSE },
	{ "whsk_", FALSE },
	{ "whsk_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", FALSE }, /* 24 bytes */
	{ "", FALSE },
	{ "short", FALSE },
	{ "whsec_", FALSE },
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa==", FALSE }, /* 22 bytes */
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS", FALSE }, /* 23 bytes */
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwA", FALSE }, /* one digit too many */
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2Laa===", FALSE },
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS!", FALSE },
	{ "whsec_MfKQ9r8GKYqrTwjU PD8ILPZIo2LaLaSw", FALSE },
	{ "whsec_MfKQ9r8GKYqrTwjUPD8ILPZI_2LaLaSw", FALSE }, /* the URL alphabet */
};

static void
test_secret_check(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(secrets_wanted); i++) {
		g_autoptr(GError) error = NULL;
		const char *secret = secrets_wanted[i].secret;
		gboolean got = sign_secret_check(secret, &error);
		g_test_message("%s", secret);
		g_assert_cmpint(got, ==, secrets_wanted[i].want);
		if (got) {
			g_assert_no_error(error);
			continue;
		}
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		if (strlen(secret) > 6)
			g_assert_null(strstr(error->message, secret));
	}
	g_autofree char *raw = g_strnfill(999, 'A');
	g_assert_false(sign_secret_check(raw, NULL));
	memcpy(raw, "whsec_", 6);
	g_assert_false(sign_secret_check(raw, NULL));
}

static void
test_public_key(void)
{
	g_autofree char *of_seed = sign_public_key(SEED), *of_pair = sign_public_key(PAIR);
	g_assert_cmpstr(of_seed, ==, PUBLIC);
	g_assert_cmpstr(of_pair, ==, PUBLIC);
	g_assert_null(sign_public_key(SECRET));
	g_assert_null(sign_public_key(PLAIN));
	g_assert_null(sign_public_key("whsk_"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sign/signatures", test_signatures);
	g_test_add_func("/sign/key-forms", test_key_forms);
	g_test_add_func("/sign/public-key", test_public_key);
	g_test_add_func("/sign/secret-check", test_secret_check);
	return g_test_run();
}
