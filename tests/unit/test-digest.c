/* test-digest.c - SHA-256, against the examples of FIPS 180-2 and against GLib's. */
#include "base/digest.h"

#include <string.h>

static void
test_known(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct digest *digest = digest_new();
		digest_add(digest, cases[i].text, strlen(cases[i].text));
		g_autofree char *got = digest_end_hex(digest);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
}

static void
test_pieces(void)
{
	guint8 bytes[1000], got[DIGEST_SIZE], want[DIGEST_SIZE];

	for (gsize i = 0; i < sizeof bytes; i++)
		bytes[i] = i * 7;
	for (gsize cut = 0; cut <= sizeof bytes; cut += 125) {
		struct digest *digest = digest_new();
		g_autoptr(GChecksum) other = g_checksum_new(G_CHECKSUM_SHA256);
		gsize length = sizeof want;

		digest_add(digest, bytes, cut);
		digest_add(digest, bytes + cut, sizeof bytes - cut);
		digest_end(digest, got);
		g_checksum_update(other, bytes, sizeof bytes);
		g_checksum_get_digest(other, want, &length);
		g_assert_cmpmem(got, sizeof got, want, length);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/digest/known", test_known);
	g_test_add_func("/digest/pieces", test_pieces);
	return g_test_run();
}
