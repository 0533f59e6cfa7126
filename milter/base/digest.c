/*
 * digest.c - see digest.h.  A struct digest is libcrypto's EVP_MD_CTX.
 *
 * The algorithm is fetched once: EVP_sha256() would look it up by name, under a lock, at every use.
 * Only an installation of libcrypto without SHA-256 and no memory can make these calls fail; as
 * with GLib's allocations, there is no going on then.
 */
#include "base/digest.h"

#include <openssl/evp.h>

static const EVP_MD *
sha256(void)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		EVP_MD *found = EVP_MD_fetch(NULL, "SHA256", NULL);

		if (!found)
			g_error("libcrypto has no SHA-256");
		g_once_init_leave(&once, (gsize)found);
	}
	return (const EVP_MD *)once;
}

static EVP_MD_CTX *
context_of(struct digest *digest)
{
	return (EVP_MD_CTX *)digest;
}

struct digest *
digest_new(void)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	if (!context || !EVP_DigestInit_ex(context, sha256(), NULL))
		g_error("libcrypto: no memory for a digest");
	return (struct digest *)context;
}

void
digest_add(struct digest *digest, const void *bytes, gsize length)
{
	EVP_DigestUpdate(context_of(digest), bytes, length);
}

void
digest_end(struct digest *digest, guint8 ret[DIGEST_SIZE])
{
	EVP_DigestFinal_ex(context_of(digest), ret, NULL);
	EVP_MD_CTX_free(context_of(digest));
}

char *
digest_end_hex(struct digest *digest)
{
	static const char digits[] = "0123456789abcdef";
	guint8 bytes[DIGEST_SIZE];
	char *hex = g_malloc(2 * DIGEST_SIZE + 1);

	digest_end(digest, bytes);
	for (int i = 0; i < DIGEST_SIZE; i++) {
		hex[2 * i] = digits[bytes[i] >> 4];
		hex[2 * i + 1] = digits[bytes[i] & 15];
	}
	hex[2 * DIGEST_SIZE] = '\0';
	return hex;
}
