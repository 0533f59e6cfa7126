/* test-token.c - signed tokens in Reply-To addresses, and the mark of routed mail. */
#include "mail/token.h"

#include <string.h>

#include "base/clock.h"

#define NOW (G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND) /* 2026-11-21 */
#define LEAD "ld_01KAK3Z7A0QWERTYUPASDFGHJK"
#define BEGIN "ld_01KAK3Z7A0QWER"

static struct config *
make_config(const char *secrets, const char *delimiter, guint days)
{
	struct config *config = g_new0(struct config, 1);
	g_auto(GStrv) each = g_strsplit(secrets, " ", -1);
	config->reply_token_secret = g_ptr_array_new_with_free_func(g_free);
	for (char **secret = each; *secret; secret++)
		if (**secret)
			g_ptr_array_add(config->reply_token_secret, g_strdup(*secret));
	config->recipient_delimiter = g_strdup(delimiter);
	config->reply_token_days = days;
	config->hostname = g_strdup("mx.example.test");
	return config;
}

static void
config_end(struct config *config)
{
	g_ptr_array_unref(config->reply_token_secret);
	g_free(config->recipient_delimiter);
	g_free(config->hostname);
	g_free(config);
}

#define SECRET "0123456789abcdef"

static void
test_round_trip(void)
{
	struct config *config = make_config(SECRET, "+", 0);
	g_autofree char *address = token_address(config, "Anna@example.test", LEAD, NOW);
	g_assert_cmpstr(address, ==, "Anna+lm-cj2rtktd7hkax4oy5kasyg7sheu5gbjr@example.test");
	g_autofree char *bare = token_strip(config, address);
	g_assert_cmpstr(bare, ==, "Anna@example.test");
	g_autofree char *lead = NULL;
	g_assert_cmpint(token_read(config, address, NOW, &lead), ==, TOKEN_GOOD);
	g_assert_cmpstr(lead, ==, BEGIN);
	g_assert_cmpint(token_read(config, address, NOW, NULL), ==, TOKEN_GOOD);
	/* some mail programs and servers change the case */
	g_autofree char *upper = g_ascii_strup(address, -1);
	g_autofree char *again = NULL;
	g_assert_cmpint(token_read(config, upper, NOW, &again), ==, TOKEN_GOOD);
	g_assert_cmpstr(again, ==, BEGIN);
	config_end(config);
}

/* Every id of any time until 2109 comes back. */
static void
test_ids(void)
{
	struct config *config = make_config(SECRET, "+", 0);
	for (guint i = 0; i < 2000; i++) {
		gint64 time = (gint64)g_random_int() * CLOCK_SECOND + g_random_int();
		g_autofree char *id = clock_new_id("ld_", time);
		g_autofree char *address = token_address(config, "a@example.test", id, NOW);
		g_autofree char *lead = NULL;
		g_assert_nonnull(address);
		g_assert_cmpint(token_read(config, address, NOW, &lead), ==, TOKEN_GOOD);
		g_assert_cmpuint(strlen(lead), ==, 17);
		g_assert_true(g_str_has_prefix(id, lead));
	}
	config_end(config);
}

/* No bit may change, no token may move. */
static void
test_forged(void)
{
	struct config *config = make_config(SECRET, "+", 0);
	g_autofree char *address = token_address(config, "anna@example.test", LEAD, NOW);
	char *begin = strstr(address, "+lm-") + 4;
	for (guint i = 0; i < 32; i++) {
		char was = begin[i];
		for (const char *c = "abcdefghijklmnopqrstuvwxyz234567"; *c; c++) {
			begin[i] = *c;
			g_assert_cmpint(token_read(config, address, NOW, NULL), ==,
					*c == was ? TOKEN_GOOD : TOKEN_FORGED);
		}
		begin[i] = was;
	}
	static const char *const others[] = { "bob", "anna1", "ann", "anna.popescu" };
	for (guint i = 0; i < G_N_ELEMENTS(others); i++) {
		g_autofree char *moved = g_strdup_printf("%s%s", others[i], strchr(address, '+'));
		g_assert_cmpint(token_read(config, moved, NOW, NULL), ==, TOKEN_FORGED);
	}
	g_autofree char *domain =
		g_strdup_printf("%.*s@example.org", (int)(strchr(address, '@') - address), address);
	g_assert_cmpint(token_read(config, domain, NOW, NULL), ==, TOKEN_FORGED);
	config_end(config);
}

static const struct {
	const char *address;
	enum token_result want;
	const char *bare;
} shape_cases[] = {
	{ "anna@example.test", TOKEN_NONE, NULL },
	{ "anna+fair@example.test", TOKEN_NONE, NULL },
	{ "anna+lm-abc@example.test", TOKEN_NONE, NULL },
	{ "anna+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test", TOKEN_NONE, NULL },
	{ "anna+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test", TOKEN_FORGED,
	  "anna@example.test" },
	{ "anna+lm-00000000000000000000000000000000@example.test", TOKEN_FORGED,
	  "anna@example.test" },
	{ "anna+lm-\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4"
	  "\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4\xc3\xa4@example.test",
	  TOKEN_FORGED, "anna@example.test" },
	{ "a+b+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test", TOKEN_FORGED,
	  "a+b@example.test" },
	{ "anna-lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test", TOKEN_NONE, NULL },
	{ "+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test", TOKEN_NONE, NULL },
	{ "anna+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", TOKEN_NONE, NULL },
	{ "", TOKEN_NONE, NULL },
	{ "@", TOKEN_NONE, NULL },
};

static void
test_shapes(void)
{
	struct config *config = make_config(SECRET, "+", 0);
	for (guint i = 0; i < G_N_ELEMENTS(shape_cases); i++) {
		char *lead = (char *)"untouched";
		g_test_message("%s", shape_cases[i].address);
		g_assert_cmpint(token_read(config, shape_cases[i].address, NOW, &lead), ==,
				shape_cases[i].want);
		g_assert_null(lead);
		g_autofree char *bare = token_strip(config, shape_cases[i].address);
		g_assert_cmpstr(bare, ==, shape_cases[i].bare);
	}
	config_end(config);
}

static const struct {
	const char *label, *secrets, *delimiter, *address, *lead;
	gint64 now;
	gboolean want;
} address_cases[] = {
	{ "as it should be", SECRET, "+", "anna@example.test", LEAD, NOW, TRUE },
	{ "28 octets fit", SECRET, "+", "abcdefghijklmnopqrstuvwxyz12@example.test", LEAD, NOW,
	  TRUE },
	{ "29 do not", SECRET, "+", "abcdefghijklmnopqrstuvwxyz123@example.test", LEAD, NOW,
	  FALSE },
	{ "a tag of her own", SECRET, "+", "anna+crm@example.test", LEAD, NOW, TRUE },
	{ "one token is enough", SECRET, "+", "a+lm-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@example.test",
	  LEAD, NOW, FALSE },
	{ "no secret", "", "+", "anna@example.test", LEAD, NOW, FALSE },
	{ "no tags at this site", SECRET, NULL, "anna@example.test", LEAD, NOW, FALSE },
	{ "another delimiter", SECRET, "-+", "anna@example.test", LEAD, NOW, TRUE },
	{ "not ASCII", SECRET, "+", "\xc3\xa4nne@example.test", LEAD, NOW, FALSE },
	{ "a quoted local part", SECRET, "+", "\"a b\"@example.test", LEAD, NOW, FALSE },
	{ "a line of its own", SECRET, "+", "a\r\nBcc: x@example.test", LEAD, NOW, FALSE },
	{ "no local part", SECRET, "+", "@example.test", LEAD, NOW, FALSE },
	{ "no address", SECRET, "+", "anna", LEAD, NOW, FALSE },
	{ "an id of another form", SECRET, "+", "anna@example.test", "ld_1", NOW, FALSE },
	{ "an id of another kind", SECRET, "+", "anna@example.test",
	  "ev_01KAK3Z7A0QWERTYUPASDFGHJK", NOW, FALSE },
	{ "letters no id has", SECRET, "+", "anna@example.test", "ld_01KAK3Z7A0QWILOU", NOW,
	  FALSE },
	{ "an id of the year 9999", SECRET, "+", "anna@example.test",
	  "ld_7ZZZZZZZZZQWERTYUPASDFGHJK", NOW, FALSE },
	{ "before its time", SECRET, "+", "anna@example.test", LEAD, CLOCK_DAY, FALSE },
	{ "after its time", SECRET, "+", "anna@example.test", LEAD, 40000 * CLOCK_DAY, FALSE },
};

static void
test_addresses(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(address_cases); i++) {
		struct config *config =
			make_config(address_cases[i].secrets, address_cases[i].delimiter, 0);
		g_test_message("%s", address_cases[i].label);
		g_autofree char *address =
			token_address(config, address_cases[i].address, address_cases[i].lead,
				      address_cases[i].now);
		g_assert_cmpint(address != NULL, ==, address_cases[i].want);
		if (address) {
			g_assert_cmpuint(strchr(address, '@') - address, <=, 64);
			g_assert_cmpint(token_read(config, address, address_cases[i].now, NULL), ==,
					TOKEN_GOOD);
		}
		config_end(config);
	}
}

static const struct {
	guint days; /* allowed */
	int age; /* days */
	enum token_result want;
} expiry_cases[] = {
	{ 0, 0, TOKEN_GOOD },   { 0, 5000, TOKEN_GOOD },   { 30, 0, TOKEN_GOOD },
	{ 30, 30, TOKEN_GOOD }, { 30, 31, TOKEN_EXPIRED }, { 30, 400, TOKEN_EXPIRED },
	{ 1, -1, TOKEN_GOOD }, /* a host whose clock is behind */
};

static void
test_expiry(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(expiry_cases); i++) {
		struct config *config = make_config(SECRET, "+", expiry_cases[i].days);
		g_autofree char *address = token_address(config, "anna@example.test", LEAD, NOW);
		char *lead = NULL;
		g_assert_cmpint(
			token_read(config, address, NOW + expiry_cases[i].age * CLOCK_DAY, &lead),
			==, expiry_cases[i].want);
		g_assert_true((lead != NULL) == (expiry_cases[i].want == TOKEN_GOOD));
		g_free(lead);
		config_end(config);
	}
}

/* The first secret signs, all verify: a new one comes in front, the old one goes later. */
static void
test_rotation(void)
{
	struct config *old = make_config("old-secret-of-ours", "+", 0);
	struct config *both = make_config("new-secret-of-ours old-secret-of-ours", "+", 0);
	struct config *new = make_config("new-secret-of-ours", "+", 0);
	g_autofree char *then = token_address(old, "anna@example.test", LEAD, NOW);
	g_autofree char *now = token_address(both, "anna@example.test", LEAD, NOW);
	g_assert_cmpint(token_read(both, then, NOW, NULL), ==, TOKEN_GOOD);
	g_assert_cmpint(token_read(both, now, NOW, NULL), ==, TOKEN_GOOD);
	g_assert_cmpint(token_read(new, now, NOW, NULL), ==, TOKEN_GOOD);
	g_assert_cmpint(token_read(new, then, NOW, NULL), ==, TOKEN_FORGED);
	g_assert_cmpint(token_read(old, now, NOW, NULL), ==, TOKEN_FORGED);
	config_end(old);
	config_end(both);
	config_end(new);
}

static void
test_marks(void)
{
	struct config *secret = make_config(SECRET, "+", 0);
	struct config *rotated = make_config("another-secret-now " SECRET, "+", 0);
	struct config *plain = make_config("", "+", 0);
	struct config *elsewhere = make_config("", "+", 0);
	g_free(elsewhere->hostname);
	elsewhere->hostname = g_strdup("mx.elsewhere.test");
	g_autofree char *signed_mark = token_mark(secret, "1@example.test");
	g_autofree char *plain_mark = token_mark(plain, "1@example.test");
	const struct {
		const struct config *config;
		const char *mark, *id;
		gboolean want;
	} cases[] = {
		{ secret, signed_mark, "1@example.test", TRUE },
		{ rotated, signed_mark, "1@example.test", TRUE },
		{ secret, signed_mark, "2@example.test", FALSE },
		{ secret, signed_mark, NULL, FALSE },
		{ secret, plain_mark, "1@example.test", FALSE },
		{ secret, "s=", "1@example.test", FALSE },
		{ secret, "", "1@example.test", FALSE },
		{ plain, plain_mark, "1@example.test", TRUE },
		{ plain, plain_mark, "2@example.test", TRUE },
		{ plain, plain_mark, NULL, TRUE },
		{ plain, signed_mark, "1@example.test", FALSE },
		{ elsewhere, plain_mark, "1@example.test", FALSE },
	};
	g_assert_cmpstr(plain_mark, ==, "by=mx.example.test");
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(token_mark_is_ours(cases[i].config, cases[i].mark, cases[i].id), ==,
				cases[i].want);
	config_end(secret);
	config_end(rotated);
	config_end(plain);
	config_end(elsewhere);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/token/round-trip", test_round_trip);
	g_test_add_func("/token/ids", test_ids);
	g_test_add_func("/token/forged", test_forged);
	g_test_add_func("/token/shapes", test_shapes);
	g_test_add_func("/token/addresses", test_addresses);
	g_test_add_func("/token/expiry", test_expiry);
	g_test_add_func("/token/rotation", test_rotation);
	g_test_add_func("/token/marks", test_marks);
	return g_test_run();
}
