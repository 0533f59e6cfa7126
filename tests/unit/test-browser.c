/* test-browser.c - what a browser's request says of itself. */
#include "hooks/in/browser.h"

#include <gio/gio.h>

static void
test_cookie(void)
{
	static const struct {
		const char *header, *want;
	} wants[] = {
		{ NULL, NULL },
		{ "", NULL },
		{ "s=abc", "abc" },
		{ "a=b; s=abc; c=d", "abc" },
		{ "a=b;s=abc", "abc" },
		{ "s=abc ", "abc" },
		{ " s=abc\t;", "abc" },
		{ "s=a-_Z9", "a-_Z9" },
		{ "s=", NULL },
		{ "s", NULL },
		{ "S=abc", NULL },
		{ "xs=abc", NULL },
		{ "s =abc", NULL },
		{ "s=abc; s=abc", NULL },
		{ "s=abc; s=", NULL },
		{ "s=\"abc\"", NULL },
		{ "s=a b", NULL },
		{ "s=a,b", NULL },
		{ "s=a=", NULL },
		{ "s=\xc3\xa4", NULL },
		{ ";;;; ; =; s=abc", "abc" },
	};
	g_autofree char *long_one = g_strnfill(9000, 'a');
	g_autofree char *field = g_strconcat("s=", long_one, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autofree char *got = browser_cookie(wants[i].header, "s");

		g_test_message("%s", wants[i].header ? wants[i].header : "(none)");
		g_assert_cmpstr(got, ==, wants[i].want);
	}
	g_assert_null(browser_cookie(field, "s"));
}

static struct config *
make_config(const char *listen)
{
	struct config *config = g_new0(struct config, 1);

	config->hook_listen = g_strdup(listen);
	config->page_hosts = g_ptr_array_new_with_free_func(g_free);
	config->page_proxies = g_ptr_array_new_with_free_func(g_object_unref);
	return config;
}

static void
free_config(struct config *config)
{
	g_free(config->hook_listen);
	g_ptr_array_unref(config->page_hosts);
	g_ptr_array_unref(config->page_proxies);
	g_free(config);
}

static void
test_host(void)
{
	static const struct {
		const char *host;
		gboolean want;
	} wants[] = {
		{ NULL, FALSE },
		{ "", FALSE },
		{ "localhost", TRUE },
		{ "LOCALHOST:1", TRUE },
		{ "127.0.0.1:8025", TRUE },
		{ "127.9.9.9", TRUE },
		{ "[::1]", TRUE },
		{ "[::1]:99", TRUE },
		{ "192.0.2.5", TRUE },
		{ "192.0.2.6", FALSE },
		{ "leads.example", TRUE },
		{ "Leads.Example:443", TRUE },
		{ "leads.example.", FALSE },
		{ "leads.example.evil.test", FALSE },
		{ "evil.test", FALSE },
		{ "localhost.evil.test", FALSE },
		{ "127.0.0.1.evil.test", FALSE },
		{ "localhost:", TRUE },
		{ "localhost:x", FALSE },
		{ "localhost:1:2", FALSE },
		{ "[::1", FALSE },
		{ "[::1]x", FALSE },
		{ "[]", FALSE },
		{ ":80", FALSE },
		{ "127.0.0.1@evil.test", FALSE },
		{ "localhost/", FALSE },
		{ "0x7f.1", FALSE },
	};
	struct config *config = make_config("192.0.2.5:8025");
	g_autofree char *long_one = g_strnfill(300, 'a');

	g_ptr_array_add(config->page_hosts, g_strdup("leads.example"));
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_test_message("%s", wants[i].host ? wants[i].host : "(none)");
		g_assert_cmpint(browser_host_allowed(wants[i].host, config), ==, wants[i].want);
	}
	g_assert_false(browser_host_allowed(long_one, config));
	free_config(config);
	config = make_config("0.0.0.0:8025");
	g_assert_false(browser_host_allowed("0.0.0.0", config));
	free_config(config);
	config = make_config("unix:/run/x");
	g_assert_true(browser_host_allowed("localhost", config));
	free_config(config);
}

static void
test_origin(void)
{
	static const struct {
		const char *origin, *site, *host;
		gboolean want;
	} wants[] = {
		{ NULL, NULL, "h", FALSE },
		{ "http://h", NULL, "h", TRUE },
		{ "https://H", NULL, "h", TRUE },
		{ "http://h:1", NULL, "h:1", TRUE },
		{ "http://h:1", NULL, "h", FALSE },
		{ "http://h", NULL, "h:1", FALSE },
		{ "http://h", "same-origin", "h", TRUE },
		{ NULL, "same-origin", "h", TRUE },
		{ NULL, "none", "h", FALSE },
		{ "http://h", "same-site", "h", FALSE },
		{ "http://h", "cross-site", "h", FALSE },
		{ "http://e", "same-origin", "h", FALSE },
		{ "null", NULL, "h", FALSE },
		{ "", NULL, "h", FALSE },
		{ "file://h", NULL, "h", FALSE },
		{ "http://h.e", NULL, "h", FALSE },
		{ "http://h", NULL, NULL, FALSE },
		{ "http://", NULL, "", FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++)
		g_assert_cmpint(
			browser_is_same_origin(wants[i].origin, wants[i].site, wants[i].host), ==,
			wants[i].want);
}

static void
test_json(void)
{
	g_assert_true(browser_is_json("application/json"));
	g_assert_true(browser_is_json("Application/JSON; charset=utf-8"));
	g_assert_false(browser_is_json(NULL));
	g_assert_false(browser_is_json("application/jsonp"));
	g_assert_false(browser_is_json("text/plain; application/json"));
}

static void
test_proxy(void)
{
	static const struct {
		const char *field, *want;
	} wants[] = {
		{ NULL, NULL },
		{ "192.0.2.1", "192.0.2.1" },
		{ "evil, 192.0.2.1", "192.0.2.1" },
		{ "192.0.2.1, ::1", "::1" },
		{ "192.0.2.1,", NULL },
		{ "evil", NULL },
		{ "192.0.2.1:80", NULL },
	};
	struct config *config = make_config(NULL);

	g_ptr_array_add(config->page_proxies,
			g_inet_address_mask_new_from_string("192.0.2.0/24", NULL));
	g_assert_true(browser_is_proxy("192.0.2.9", config));
	g_assert_true(browser_is_proxy("local", config));
	g_assert_false(browser_is_proxy("127.0.0.1", config));
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autofree char *got = browser_forwarded_for(wants[i].field);

		g_assert_cmpstr(got, ==, wants[i].want);
	}
	free_config(config);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/browser/cookie", test_cookie);
	g_test_add_func("/browser/host", test_host);
	g_test_add_func("/browser/origin", test_origin);
	g_test_add_func("/browser/json", test_json);
	g_test_add_func("/browser/proxy", test_proxy);
	return g_test_run();
}
