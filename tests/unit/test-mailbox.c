/* test-mailbox.c - watched mailboxes, never-log entries and our own clients. */
#include "mail/mailbox.h"

#include <gio/gio.h>
#include <string.h>

static GPtrArray *
list_of(const char *words)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) each = g_strsplit(words, " ", -1);
	for (char **word = each; *word; word++)
		if (**word)
			g_ptr_array_add(list, g_strdup(*word));
	return list;
}

static GPtrArray *
networks_of(const char *words)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_object_unref);
	g_autoptr(GPtrArray) each = list_of(words);
	for (guint i = 0; i < each->len; i++)
		g_ptr_array_add(list, g_inet_address_mask_new_from_string(
					      g_ptr_array_index(each, i), NULL));
	return list;
}

/* --- which mailbox --- */

static struct config_mailbox mailboxes[] = {
	{ .name = "fair", .match = MATCH_ADDRESS, .address = "sales@example.com", .tag = "Fair" },
	{ .name = "sales", .match = MATCH_ADDRESS, .address = "sales@example.com" },
	{ .name = "tagged", .match = MATCH_ADDRESS, .address = "info+web@example.com" },
	{ .name = "pattern", .match = MATCH_PATTERN, .address = "sales-*@example.com" },
	{ .name = "one letter", .match = MATCH_PATTERN, .address = "team?@example.com" },
	{ .name = "tag pattern", .match = MATCH_PATTERN, .address = "*+lead@example.com" },
	{ .name = "domain tag", .match = MATCH_DOMAIN, .address = "example.net", .tag = "vip" },
	{ .name = "domain", .match = MATCH_DOMAIN, .address = "example.org" },
	{ .name = "late", .match = MATCH_ADDRESS, .address = "early@example.org" },
};

static const struct {
	const char *recipient, *want, *tag;
} find_cases[] = {
	{ "sales@example.com", "sales", NULL },
	{ "Sales@EXAMPLE.Com", "sales", NULL },
	{ "sales+spring@example.com", "sales", "spring" },
	{ "sales+Spring@example.com", "sales", "spring" },
	{ "sales+fair@example.com", "fair", "fair" },
	{ "SALES+FAIR@example.com", "fair", "fair" },
	{ "sales+fair2@example.com", "sales", "fair2" },
	{ "sales+a+b@example.com", "sales", "a+b" },
	{ "sales+@example.com", "sales", "" },
	{ "sale@example.com", NULL, NULL },
	{ "sales@example.co", NULL, NULL },
	{ "sales@sub.example.com", NULL, NULL },
	{ "presales@example.com", NULL, NULL },
	{ "info@example.com", NULL, NULL },
	{ "info+web@example.com", "tagged", "web" },
	{ "info+other@example.com", NULL, NULL },
	{ "sales-uk@example.com", "pattern", NULL },
	{ "SALES-UK+x@example.com", "pattern", "x" },
	{ "sales-@example.com", "pattern", NULL },
	{ "team1@example.com", "one letter", NULL },
	{ "team12@example.com", NULL, NULL },
	{ "anybody+lead@example.com", "tag pattern", "lead" },
	{ "anybody@example.net", NULL, NULL },
	{ "anybody+vip@example.net", "domain tag", "vip" },
	{ "anybody@example.org", "domain", NULL },
	{ "early@example.org", "domain", NULL },
	{ "+x@example.org", "domain", NULL },
	{ "x@y@example.org", "domain", NULL },
	{ "anybody@sub.example.org", NULL, NULL },
	{ "example.org", NULL, NULL },
	{ "@example.org", "domain", NULL },
	{ "", NULL, NULL },
	{ "sales", NULL, NULL },
};

static void
test_find(void)
{
	struct config config = { .mailboxes = g_ptr_array_new(),
				 .recipient_delimiter = (char *)"+" };
	for (guint i = 0; i < G_N_ELEMENTS(mailboxes); i++)
		g_ptr_array_add(config.mailboxes, &mailboxes[i]);
	for (guint i = 0; i < G_N_ELEMENTS(find_cases); i++) {
		char *tag = NULL;
		const struct config_mailbox *got =
			mailbox_find(&config, find_cases[i].recipient, &tag);
		g_test_message("%s", find_cases[i].recipient);
		g_assert_cmpstr(got ? got->name : NULL, ==, find_cases[i].want);
		g_assert_cmpstr(tag, ==, find_cases[i].tag);
		g_assert_true(got == mailbox_find(&config, find_cases[i].recipient, NULL));
		g_free(tag);
	}
	g_ptr_array_unref(config.mailboxes);
}

/* --- entries of lists --- */

static const struct {
	const char *entry, *address;
	gboolean want;
} entry_cases[] = {
	{ "ada@example.com", "ada@example.com", TRUE },
	{ "Ada@Example.com", "ada@EXAMPLE.com", TRUE },
	{ "ada@example.com", "adam@example.com", FALSE },
	{ "ada@example.com", "ada@example.com.org", FALSE },
	{ "example.com", "ada@example.com", TRUE },
	{ "EXAMPLE.com", "ada@example.COM", TRUE },
	{ "example.com", "ada@mail.example.com", TRUE },
	{ "example.com", "ada@a.b.example.com", TRUE },
	{ "example.com", "ada@notexample.com", FALSE },
	{ "example.com", "ada@example.com.org", FALSE },
	{ "example.com", "example.com", FALSE },
	{ "mail.example.com", "ada@example.com", FALSE },
	{ "@example.com", "ada@example.com", TRUE },
	{ "@example.com", "ada@mail.example.com", TRUE },
	{ "@example.com", "ada@notexample.com", FALSE },
	{ "*@example.com", "ada@example.com", TRUE },
	{ "*@example.com", "ada@mail.example.com", FALSE },
	{ "*@*.example.com", "ada@mail.example.com", TRUE },
	{ "no-reply*", "NO-REPLY-7@example.com", TRUE },
	{ "no-reply*", "x-no-reply@example.com", FALSE },
	{ "?@example.com", "a@example.com", TRUE },
	{ "?@example.com", "ab@example.com", FALSE },
	{ "*", "", TRUE },
	{ "example.com", "", FALSE },
	{ "example.com", "@example.com", TRUE },
};

static void
test_entry(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(entry_cases); i++) {
		g_test_message("%s | %s", entry_cases[i].entry, entry_cases[i].address);
		g_assert_cmpint(mailbox_entry_matches(entry_cases[i].entry, entry_cases[i].address),
				==, entry_cases[i].want);
	}
}

static void
test_list(void)
{
	g_autoptr(GPtrArray) list = list_of("ada@example.com supplier.test *+news@*");
	g_autoptr(GPtrArray) empty = list_of("");
	g_assert_true(mailbox_list_matches(list, "ADA@example.com"));
	g_assert_true(mailbox_list_matches(list, "bob@eu.supplier.test"));
	g_assert_true(mailbox_list_matches(list, "bob+news@example.org"));
	g_assert_false(mailbox_list_matches(list, "bob@example.com"));
	g_assert_false(mailbox_list_matches(list, NULL));
	g_assert_false(mailbox_list_matches(empty, "ada@example.com"));
}

/* --- clients --- */

static const struct {
	const char *client, *login;
	gboolean want;
} client_cases[] = {
	{ NULL, NULL, FALSE },
	{ NULL, "ada", TRUE },
	{ "203.0.113.5", "ada", TRUE },
	{ "203.0.113.5", "", FALSE },
	{ "203.0.113.5", NULL, FALSE },
	{ "192.0.2.0", NULL, TRUE },
	{ "192.0.2.127", NULL, TRUE },
	{ "192.0.2.128", NULL, FALSE },
	{ "198.51.100.7", NULL, TRUE },
	{ "198.51.100.8", NULL, FALSE },
	{ "2001:db8::1", NULL, TRUE },
	{ "2001:DB8:0:0:ffff::1", NULL, TRUE },
	{ "2001:db9::1", NULL, FALSE },
	{ "::1", NULL, FALSE },
	{ "local", NULL, FALSE },
	{ "", NULL, FALSE },
	{ "192.0.2.1.example.com", NULL, FALSE },
	{ "192.0.2.1 ", NULL, FALSE },
};

static void
test_client(void)
{
	struct config config = { .own_networks =
					 networks_of("192.0.2.0/25 198.51.100.7 2001:db8::/32") };
	struct config none = { .own_networks = networks_of("") };
	for (guint i = 0; i < G_N_ELEMENTS(client_cases); i++) {
		struct raw_mail raw = { .client_address = (char *)client_cases[i].client,
					.auth_login = (char *)client_cases[i].login };
		g_test_message("%s %s", client_cases[i].client, client_cases[i].login);
		g_assert_cmpint(mailbox_client_is_ours(&config, &raw), ==, client_cases[i].want);
		g_assert_cmpint(mailbox_client_is_ours(&none, &raw), ==,
				raw.auth_login && *raw.auth_login);
	}
	g_ptr_array_unref(config.own_networks);
	g_ptr_array_unref(none.own_networks);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mailbox/find", test_find);
	g_test_add_func("/mailbox/entry", test_entry);
	g_test_add_func("/mailbox/list", test_list);
	g_test_add_func("/mailbox/client", test_client);
	return g_test_run();
}
