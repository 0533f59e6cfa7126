/* fuzz-token.c - any address, subject and mark: nothing but what we signed is good, and what we
 * sign is read back. */
#include "mail/facts.h"
#include "mail/token.h"

#include <string.h>

#include "base/clock.h"

#define NOW (G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND)
#define LEAD "ld_01KAK3Z7A0QWERTYUPASDFGHJK"

static struct config *
site(void)
{
	static struct config config;
	if (!config.hostname) {
		config.hostname = (char *)"mx.example.test";
		config.recipient_delimiter = (char *)"+-";
		config.reply_token_secret = g_ptr_array_new();
		g_ptr_array_add(config.reply_token_secret, (gpointer) "0123456789abcdef");
	}
	return &config;
}

static void
check_address(const struct config *config, const char *address)
{
	g_autofree char *lead = NULL, *again = NULL;
	g_autofree char *bare = token_strip(config, address);
	enum token_result result = token_read(config, address, NOW, &lead);
	g_assert_true((bare != NULL) == (result != TOKEN_NONE));
	g_assert_true((lead != NULL) == (result == TOKEN_GOOD));
	g_autofree char *made = token_address(config, address, LEAD, NOW);
	if (!made)
		return;
	g_assert_cmpuint(strrchr(made, '@') - made, <=, 64);
	g_assert_cmpint(token_read(config, made, NOW, &again), ==, TOKEN_GOOD);
	g_assert_true(g_str_has_prefix(LEAD, again));
	g_autofree char *back = token_strip(config, made);
	g_assert_cmpstr(back, ==, address);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize size)
{
	const struct config *config = site();
	g_autofree char *text = g_strndup((const char *)data, size);
	g_autofree char *mark = token_mark(config, text);
	check_address(config, text);
	g_assert_true(token_mark_is_ours(config, mark, text));
	g_assert_false(token_mark_is_ours(config, text, "1@example.test"));
	g_autofree char *tagged = subject_add_tag(text, "[h\xc3\xb6t]");
	g_autofree char *twice = tagged ? subject_add_tag(tagged, "[h\xc3\xb6t]") : NULL;
	g_assert_true(!tagged || strlen(tagged) < strlen(text) + 64);
	g_assert_null(twice);
	return 0;
}
