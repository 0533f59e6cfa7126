/* test-search.c - words of leads, and what somebody typed. */
#include "store/search.h"

#include <string.h>

static gboolean
has(const GPtrArray *words, const char *word)
{
	return g_ptr_array_find_with_equal_func((GPtrArray *)words, word, g_str_equal, NULL);
}

static void
test_words(void)
{
	static const char *const wants[] = {
		"=ada m\xc3\xbcller",
		"#engines.test",
		"ada",
		"m\xc3\xbcller",
		"muller",
		"analytical",
		"engines",
		"ada.m@engines.test",
		"engines.test",
		"m",
		"second@home.test",
		"+442079460018",
	};
	const struct search_source source = {
		.name_key = "ada m\xc3\xbcller",
		.company = "Analytical Engines",
		.normalised = "ada.m@engines.test",
		.account = "engines.test",
		.addresses = "second@home.test",
		.phones = "+442079460018",
	};
	const struct search_source nothing = { 0 };
	g_autoptr(GPtrArray) words = search_words(&source), none = search_words(&nothing);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_test_message("%s", wants[i]);
		g_assert_true(has(words, wants[i]));
	}
	for (guint i = 1; i < words->len; i++)
		g_assert_cmpint(strcmp(words->pdata[i - 1], words->pdata[i]), <, 0);
	g_assert_cmpuint(none->len, ==, 0);
}

static void
test_chinese(void)
{
	const struct search_source source = { .name_key = "\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e" };
	g_autoptr(GPtrArray) words = search_words(&source);

	g_assert_true(has(words, "\xe7\x8e\x8b\xe5\xb0\x8f\xe6\x98\x8e"));
	g_assert_true(has(words, "\xe5\xb0\x8f\xe6\x98\x8e"));
	g_assert_true(has(words, "\xe6\x98\x8e"));
}

/* However much there is, few words are kept, and no character is cut in two. */
static void
test_bounds(void)
{
	g_autoptr(GString) company = g_string_new(NULL);
	struct search_source source = { 0 };
	g_autoptr(GPtrArray) words = NULL;

	for (guint i = 0; i < 5000; i++)
		g_string_append_printf(company, "word%u ", i);
	for (guint i = 0; i < 100; i++)
		g_string_append(company, "\xe7\x8e\x8b");
	source.company = company->str;
	words = search_words(&source);
	g_assert_cmpuint(words->len, ==, LIMIT_SEARCH_WORDS);
	source.company = company->str + company->len - 300;
	g_ptr_array_unref(words);
	words = search_words(&source);
	for (guint i = 0; i < words->len; i++) {
		g_assert_cmpuint(strlen(words->pdata[i]), <=, LIMIT_SEARCH_WORD);
		g_assert_true(g_utf8_validate(words->pdata[i], -1, NULL));
	}
	source.company = "\xff\xfe";
	g_ptr_array_unref(words);
	words = search_words(&source);
	g_assert_cmpuint(words->len, ==, 0);
}

static void
test_fits(void)
{
	static const struct {
		const char *typed;
		gboolean want;
	} wants[] = {
		{ "", TRUE },
		{ " , ", TRUE },
		{ "ada", TRUE },
		{ "AD", TRUE },
		{ "da", FALSE },
		{ "lovelace ada", TRUE },
		{ "ada byron", FALSE },
		{ "ada@eng", TRUE },
		{ "engines.t", TRUE },
		{ "ngines.test", FALSE },
		{ "ada-lovelace", TRUE },
		{ "'ada'", TRUE },
		{ "%", TRUE }, /* nothing that could be a word */
		{ "=ada", TRUE },
		{ "\xff", TRUE },
	};
	const struct search_source source = { .name_key = "ada lovelace",
					      .normalised = "ada@engines.test",
					      .account = "engines.test" };
	g_autoptr(GPtrArray) words = search_words(&source);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autoptr(GPtrArray) terms = search_terms(wants[i].typed);

		g_test_message("%s", wants[i].typed);
		g_assert_cmpuint(terms->len, <=, LIMIT_SEARCH_TERMS);
		g_assert_cmpint(search_fits(words, terms), ==, wants[i].want);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/search/words", test_words);
	g_test_add_func("/search/chinese", test_chinese);
	g_test_add_func("/search/bounds", test_bounds);
	g_test_add_func("/search/fits", test_fits);
	return g_test_run();
}
