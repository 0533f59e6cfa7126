/* test-address.c - address lists and addresses. */
#include "mail/address.h"
#include "base/limits.h"
#include "cpu_time.h"

#include <string.h>

struct list_case {
	const char *value;
	const char *want; /* "name|address" joined with newlines */
};

static const struct list_case list_cases[] = {
	{ "", "" },
	{ "jane@example.com", "|jane@example.com" },
	{ "<jane@example.com>", "|jane@example.com" },
	{ "Jane Doe <jane@example.com>", "Jane Doe|jane@example.com" },
	{ "\"Doe, Jane\" <jane@example.com>", "Doe, Jane|jane@example.com" },
	{ "\"Jane \\\"JD\\\" Doe\" <jane@example.com>", "Jane \"JD\" Doe|jane@example.com" },
	{ "jane@example.com (Jane Doe)", "Jane Doe|jane@example.com" },
	{ "jane@example.com (Jane (the (second)))", "Jane (the (second))|jane@example.com" },
	{ "a@example.com, b@example.com,,c@example.com,",
	  "|a@example.com\n|b@example.com\n|c@example.com" },
	{ "a@example.com; Bob <b@example.com>", "|a@example.com\nBob|b@example.com" },
	{ "Sales: Ann <a@example.com>, b@example.com;, c@example.com",
	  "Ann|a@example.com\n|b@example.com\n|c@example.com" },
	{ "undisclosed-recipients:;", "" },
	{ "Undisclosed recipients:;", "" },
	{ "<Undisclosed Recipients>", "" },
	/* unquoted commas in names, as Outlook writes them */
	{ "Doe, Jane <jane@example.com>, Roe, Rick <rick@example.com>",
	  "Doe, Jane|jane@example.com\nRoe, Rick|rick@example.com" },
	{ "=?utf-8?Q?Doe,_J=C3=A4ne?= <jane@example.com>", "Doe, Jäne|jane@example.com" },
	{ "=?utf-8?B?SsOkbmU=?= =?utf-8?Q?_Doe?= <jane@example.com>", "Jäne Doe|jane@example.com" },
	{ "\"=?utf-8?Q?J=C3=A4ne?=\" <jane@example.com>", "Jäne|jane@example.com" },
	{ "'Jane Doe' <jane@example.com>", "Jane Doe|jane@example.com" },
	{ "\"'jane@example.com'\" <jane@example.com>", "|jane@example.com" },
	{ "jane@example.com <jane@example.com>", "|jane@example.com" },
	{ "Jane jane@example.com", "Jane|jane@example.com" },
	{ "jane . doe @ example . com", "|jane.doe@example.com" },
	{ "Pete(wow) <pete(his account)@silly.example(his host)>", "Pete|pete@silly.example" },
	{ "<mailto:jane@example.com>", "|jane@example.com" },
	{ "mailto:jane@example.com", "|jane@example.com" },
	{ "<@relay.example,@other.example:jane@example.com>", "|jane@example.com" },
	{ "Jane <jane@example.com", "Jane|jane@example.com" },
	{ "Jane <jane@example.com, Bob <bob@example.com>",
	  "Jane|jane@example.com\nBob|bob@example.com" },
	{ "Jane <<jane@example.com>>", "Jane|jane@example.com" },
	{ "Jane <jane> <jane@example.com>", "Jane|jane@example.com" },
	{ "\"Jane Doe <jane@example.com>", "Jane Doe|jane@example.com" },
	{ "Jane (Sales <jane@example.com>", "Jane Sales|jane@example.com" },
	{ "\"john smith\"@example.com", "|\"john smith\"@example.com" },
	{ "Jane\r\n\tDoe\r\n <jane@example.com>", "Jane Doe|jane@example.com" },
	{ "MAILER-DAEMON (Mail Delivery System)", "Mail Delivery System|MAILER-DAEMON" },
	{ "MAILER-DAEMON <>", "|MAILER-DAEMON" },
	{ "Jane Doe <>", "" },
	{ "Мария <maria@почта.рф>", "Мария|maria@почта.рф" },
	{ "J\xE4ne <jane@example.com>", "Jäne|jane@example.com" },
	{ "Jane <jane@[192.0.2.1]>", "Jane|jane@[192.0.2.1]" },
	{ "@", "" },
	{ "<>", "" },
	{ ",;:<>\"()\\", "" },
};

static char *
join(const GPtrArray *addresses)
{
	GString *ret = g_string_new(NULL);
	for (guint i = 0; i < addresses->len; i++) {
		const struct mail_address *address = g_ptr_array_index(addresses, i);
		g_string_append_printf(ret, "%s%s|%s", i ? "\n" : "",
				       address->name ? address->name : "", address->address);
	}
	return g_string_free(ret, FALSE);
}

static void
test_list(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(list_cases); i++) {
		g_autoptr(GPtrArray) addresses = address_parse_list(list_cases[i].value);
		g_autofree char *got = join(addresses);
		g_test_message("%s", list_cases[i].value);
		g_assert_cmpstr(got, ==, list_cases[i].want);
	}
}

static void
test_no_value(void)
{
	g_autoptr(GPtrArray) addresses = address_parse_list(NULL);
	g_assert_cmpuint(addresses->len, ==, 0);
}

static char *
repeat(const char *unit, gsize bytes)
{
	GString *ret = g_string_sized_new(bytes + strlen(unit));
	while (ret->len < bytes)
		g_string_append(ret, unit);
	return g_string_free(ret, FALSE);
}

/* Whatever repeats, time and stack stay bounded. */
static void
test_hostile(void)
{
	static const char *const units[] = {
		"a:",     "(",        "((",    "\"",  "<",  "<\"",        "=?",
		"=?a?Q?", "=?=?a?B?", "a@b,",  "\\",  "()", "( ",         "a ",
		". @ ",   "\"a\" ",   "<a@b>", ";:,", "'",  "=?a?Q?\?=20"
	};
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autofree char *value = repeat(units[i], 200 * 1024);
		gint64 begin = cpu_time();
		g_autoptr(GPtrArray) addresses = address_parse_list(value);
		gint64 took = cpu_time() - begin;
		g_test_message("%s: %" G_GINT64_FORMAT " us", units[i], took);
		g_assert_cmpuint(addresses->len, <=, LIMIT_ADDRESSES);
		g_assert_cmpint(took, <, 2 * G_USEC_PER_SEC);
	}
}

static void
test_too_long(void)
{
	g_autofree char *local = g_strnfill(LIMIT_ADDRESS, 'a');
	g_autofree char *value = g_strdup_printf("%s@example.com, b@example.com", local);
	g_autoptr(GPtrArray) addresses = address_parse_list(value);
	g_autofree char *got = join(addresses);
	g_assert_cmpstr(got, ==, "|b@example.com");
}

static const struct {
	const char *address;
	gboolean want;
} valid_cases[] = {
	{ "jane@example.com", TRUE },
	{ "jane.doe+x@mail.example.co.uk", TRUE },
	{ "\"a b\"@example.com", TRUE },
	{ "jane@[192.0.2.1]", TRUE },
	{ "мария@почта.рф", TRUE },
	{ "jane@xn--80a1acny.xn--p1ai", TRUE },
	{ "jane", FALSE },
	{ "", FALSE },
	{ "@example.com", FALSE },
	{ "jane@", FALSE },
	{ "jane@example", FALSE },
	{ "jane@.example.com", FALSE },
	{ "jane@example..com", FALSE },
	{ "jane@-example.com", FALSE },
	{ "jane@example-.com", FALSE },
	{ "jane doe@example.com", FALSE },
	{ "jane@exam ple.com", FALSE },
	{ "<jane@example.com>", FALSE },
	{ "a@b@example.com", FALSE },
	{ "jane@example.com.", FALSE },
	{ "jane@[", FALSE },
	{ "jane@exa/mple.com", FALSE },
};

static void
test_valid(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(valid_cases); i++) {
		g_test_message("%s", valid_cases[i].address);
		g_assert_cmpint(address_is_valid(valid_cases[i].address), ==, valid_cases[i].want);
	}
	g_assert_false(address_is_valid(NULL));
	g_autofree char *local = g_strnfill(LIMIT_ADDRESS, 'a');
	g_autofree char *too_long = g_strconcat(local, "@example.com", NULL);
	g_assert_false(address_is_valid(too_long));
	g_assert_true(address_is_valid(too_long + LIMIT_ADDRESS - 100));
}

static const struct {
	const char *address, *want;
} normal_cases[] = {
	{ "Jane.Doe@Example.COM", "jane.doe@example.com" },
	{ "jane+news@example.com", "jane@example.com" },
	{ "jane+a+b@example.com", "jane@example.com" },
	{ "+49123@example.com", "+49123@example.com" },
	{ "J.A.N.E+x@gmail.com", "jane@gmail.com" },
	{ "jane@googlemail.com", "jane@gmail.com" },
	{ "jane@me.com", "jane@icloud.com" },
	{ "jane_doe@pm.me", "janedoe@proton.me" },
	{ "jane@ya.ru", "jane@yandex.ru" },
	{ "jane-shop@yahoo.com", "jane@yahoo.com" },
	{ "jane-shop@example.com", "jane-shop@example.com" },
	{ "МАРИЯ@ПОЧТА.РФ", "мария@xn--80a1acny.xn--p1ai" },
	{ "jane@example.com.", "jane@example.com" },
	{ "jane", NULL },
	{ "@example.com", NULL },
	{ "jane@", NULL },
};

static void
test_normalise(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(normal_cases); i++) {
		g_autofree char *got = address_normalise(normal_cases[i].address);
		g_assert_cmpstr(got, ==, normal_cases[i].want);
	}
}

static const struct {
	const char *address, *domain, *tag;
} tag_cases[] = {
	{ "sales+web@example.com", "example.com", "web" },
	{ "sales@example.com", "example.com", NULL },
	{ "sales+a+b@example.com", "example.com", "a+b" },
	{ "sales+@example.com", "example.com", "" },
	{ "+sales@example.com", "example.com", NULL },
	{ "\"a@b\"@example.com", "example.com", NULL },
	{ "sales@exa+mple.com", "exa+mple.com", NULL },
	{ "sales", NULL, NULL },
	{ "sales@", NULL, NULL },
};

static void
test_tag(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(tag_cases); i++) {
		g_autofree char *tag = address_tag(tag_cases[i].address);
		g_assert_cmpstr(tag, ==, tag_cases[i].tag);
		g_assert_cmpstr(address_domain(tag_cases[i].address), ==, tag_cases[i].domain);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/address/list", test_list);
	g_test_add_func("/address/no-value", test_no_value);
	g_test_add_func("/address/hostile", test_hostile);
	g_test_add_func("/address/too-long", test_too_long);
	g_test_add_func("/address/valid", test_valid);
	g_test_add_func("/address/normalise", test_normalise);
	g_test_add_func("/address/tag", test_tag);
	return g_test_run();
}
