/* fuzz-browser.c - cookies, hosts, origins and search terms as a browser sends them: fields one a
 * line. */
#include <string.h>

#include "hooks/in/browser.h"
#include "store/search.h"

static void
check_cookie(const char *field)
{
	g_autofree char *value = browser_cookie(field, "leadmilter_session");

	g_assert(!value || (*value && !strpbrk(value, ";= \t\"")));
}

static void
check_terms(const char *typed)
{
	const struct search_source source = { .name_key = typed, .company = typed };
	g_autoptr(GPtrArray) terms = search_terms(typed);
	g_autoptr(GPtrArray) words = search_words(&source);

	g_assert(terms->len <= LIMIT_SEARCH_TERMS && words->len <= LIMIT_SEARCH_WORDS);
	search_fits(words, terms);
	for (guint i = 0; i < words->len; i++)
		g_assert(strlen(words->pdata[i]) <= LIMIT_SEARCH_WORD);
}

int
LLVMFuzzerTestOneInput(const guint8 *bytes, gsize length)
{
	g_autofree char *text = g_strndup((const char *)bytes, length);
	g_auto(GStrv) lines = g_strsplit(text, "\n", 5);
	g_autoptr(GPtrArray) hosts = g_ptr_array_new(), proxies = g_ptr_array_new();
	struct config config = { .hook_listen = (char *)"127.0.0.1:8025",
				 .page_hosts = hosts,
				 .page_proxies = proxies };
	g_autofree char *peer = NULL;

	if (g_strv_length(lines) < 5)
		return 0;
	g_ptr_array_add(hosts, (char *)"leads.example.com");
	check_cookie(lines[0]);
	browser_host_allowed(lines[1], &config);
	browser_is_same_origin(lines[2], NULL, lines[1]);
	browser_is_json(lines[3]);
	peer = browser_forwarded_for(lines[3]);
	check_terms(lines[4]);
	return 0;
}
