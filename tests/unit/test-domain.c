/* test-domain.c - host names in both forms, registrable domains, sender classes, roles, proof. */
#include "mail/domain.h"
#include "cpu_time.h"

#include <string.h>

#include "base/config.h"
#include "base/error.h"

static struct domain_lists *
load_lists(void)
{
	g_autoptr(GPtrArray) own = g_ptr_array_new();
	g_ptr_array_add(own, "ours.example");
	g_ptr_array_add(own, "b\303\274ro.example");
	g_autoptr(GPtrArray) partner = g_ptr_array_new();
	g_ptr_array_add(partner, "partner.example");
	g_ptr_array_add(partner, "orange.fr");
	struct config config = {
		.own_domains = own,
		.partner_domains = partner,
		.freemail_list = TEST_CONF "/lists/freemail.txt",
		.disposable_list = TEST_CONF "/lists/disposable.txt",
		.relay_list = TEST_CONF "/lists/relay.txt",
		.role_list = TEST_CONF "/lists/role.txt",
		.isp_list = TEST_CONF "/lists/isp.txt",
	};
	g_autoptr(GError) error = NULL;
	struct domain_lists *lists = domain_lists_new(&config, &error);
	g_assert_no_error(error);
	return lists;
}

static void
test_to_ascii(void)
{
	static const struct {
		const char *host, *want;
	} want[] = {
		{ "Example.COM", "example.com" },
		{ "example.com.", "example.com" },
		{ "m\303\274nchen.de", "xn--mnchen-3ya.de" },
		{ "M\303\234NCHEN.DE", "xn--mnchen-3ya.de" },
		{ "xn--mnchen-3ya.de", "xn--mnchen-3ya.de" },
		{ "\320\277\321\200\320\270\320\274\320\265\321\200.\321\200\321\204",
		  "xn--e1afmkfd.xn--p1ai" },
		{ "\344\276\213\345\255\220\343\200\202\344\270\255\345\233\275",
		  "xn--fsqu00a.xn--fiqs8s" },
		{ "stra\303\237e.de", "xn--strae-oqa.de" },
		{ "a_b.example", "a_b.example" },
		{ "localhost", "localhost" },
		{ "1.2.3.4", NULL },
		{ "[1.2.3.4]", NULL },
		{ "3m.com", "3m.com" },
		{ "", NULL },
		{ ".", NULL },
		{ "a..b", NULL },
		{ ".example.com", NULL },
		{ "exa mple.com", NULL },
		{ "a/b.com", NULL },
		{ "\377.com", NULL },
		{ "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijklm.com", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *ascii = domain_to_ascii(want[i].host);
		g_assert_cmpstr(ascii, ==, want[i].want);
	}
	g_autofree char *longest = g_strnfill(100000, '\303');
	g_assert_null(domain_to_ascii(longest));
}

static void
test_to_unicode(void)
{
	static const struct {
		const char *host, *want;
	} want[] = {
		{ "example.com", "example.com" },
		{ "xn--mnchen-3ya.de", "m\303\274nchen.de" },
		{ "www.xn--e1afmkfd.xn--p1ai",
		  "www.\320\277\321\200\320\270\320\274\320\265\321\200.\321\200\321\204" },
		{ "xn--zzzzzzzz999.de", "xn--zzzzzzzz999.de" },
		{ "", "" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *unicode = domain_to_unicode(want[i].host);
		g_assert_cmpstr(unicode, ==, want[i].want);
	}
}

static void
test_registrable(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	static const struct {
		const char *host, *want;
	} want[] = {
		{ "example.com", "example.com" },
		{ "mail.eu.Example.com", "example.com" },
		{ "www.example.co.uk", "example.co.uk" },
		{ "a.b.gov.uk", "b.gov.uk" },
		{ "mail.ru", "mail.ru" },
		{ "sub.duck.com", "duck.com" },
		{ "privaterelay.appleid.com", "appleid.com" },
		{ "someone.github.io", "someone.github.io" },
		{ "github.io", "github.io" },
		{ "blogspot.com", "blogspot.com" },
		{ "s3.amazonaws.com", "amazonaws.com" },
		{ "co.uk", NULL },
		{ "com", NULL },
		{ "localhost", NULL },
		{ "[192.0.2.1]", NULL },
		{ "mail.m\303\274nchen.de", "xn--mnchen-3ya.de" },
		{ "\320\277\320\276\321\207\321\202\320\260."
		  "\320\277\321\200\320\270\320\274\320\265"
		  "\321\200.\321\200\321\204",
		  "xn--e1afmkfd.xn--p1ai" },
		{ "a.b.unknown-tld", "b.unknown-tld" },
		{ "", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *domain = domain_registrable(lists, want[i].host);
		g_assert_cmpstr(domain, ==, want[i].want);
	}
}

static const char *
class_of(const struct sender *sender)
{
	return sender->disposable ? "disposable"
	       : sender->freemail ? "free"
	       : sender->relay    ? "relay"
				  : "corporate";
}

/* tests/data/domain-probes.csv: the true class of domains chosen by hand. */
static void
test_probes(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	g_autofree char *text = NULL;
	g_assert_true(g_file_get_contents(TEST_DATA "/domain-probes.csv", &text, NULL, NULL));
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	guint probes = 0;
	for (char **line = lines; *line; line++) {
		g_auto(GStrv) field = g_strsplit(*line, ",", 2);
		if (**line == '#' || !field[0] || !field[1] || !strcmp(field[1], "class"))
			continue;
		g_autofree char *address = g_strconcat("anna.kern@", field[0], NULL);
		struct sender sender;
		sender_classify(lists, NULL, address, NULL, &sender);
		if (strcmp(class_of(&sender), field[1]))
			g_test_message("%s is %s, found %s", field[0], field[1], class_of(&sender));
		g_assert_cmpstr(class_of(&sender), ==, field[1]);
		sender_clear(&sender);
		probes++;
	}
	g_assert_cmpuint(probes, >=, 150);
}

static void
test_sender(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	struct sender s;
	sender_classify(lists, "Anna Kern", "Anna.Kern+x@M\303\234NCHEN.de", NULL, &s);
	g_assert_cmpstr(s.address, ==, "Anna.Kern+x@M\303\234NCHEN.de");
	g_assert_cmpstr(s.normalised, ==, "anna.kern@xn--mnchen-3ya.de");
	g_assert_cmpstr(s.name, ==, "Anna Kern");
	g_assert_cmpstr(s.domain, ==, "xn--mnchen-3ya.de");
	g_assert_cmpstr(s.domain_unicode, ==, "m\303\274nchen.de");
	g_assert_cmpstr(s.org_domain, ==, "xn--mnchen-3ya.de");
	g_assert_false(s.own || s.partner || s.role || s.isp || s.verified || s.spoofed);
	sender_clear(&s);
	g_assert_null(s.address);

	sender_classify(lists, "", "x@mail.b\303\274ro.example", NULL, &s);
	g_assert_null(s.name);
	g_assert_true(s.own);
	sender_clear(&s);
	sender_classify(lists, NULL, "x@orange.fr", NULL, &s);
	g_assert_true(s.partner && s.isp && !s.freemail);
	sender_clear(&s);
	sender_classify(lists, NULL, "x@comcast.net", NULL, &s);
	g_assert_true(s.isp && s.freemail);
	sender_clear(&s);
	static const char *const odd[] = { "x@[192.0.2.7]", "nobody",    "@",     "x@",
					   "@example.com",  "\377@\377", "x@a..b" };
	for (guint i = 0; i < G_N_ELEMENTS(odd); i++) {
		sender_classify(lists, NULL, odd[i], NULL, &s);
		g_assert_cmpstr(s.address, ==, odd[i]);
		sender_clear(&s);
	}
	sender_classify(lists, NULL, NULL, NULL, &s);
	g_assert_null(s.domain);
	sender_clear(&s);
	g_assert_true(domain_is_own(lists, "mx.ours.example"));
	g_assert_false(domain_is_own(lists, "yours.example"));
}

static void
test_role(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	static const struct {
		const char *local;
		gboolean role;
	} want[] = {
		{ "info", TRUE },
		{ "INFO", TRUE },
		{ "sales", TRUE },
		{ "sales.us", TRUE },
		{ "info-de", TRUE },
		{ "info2", TRUE },
		{ "support+case-17", TRUE },
		{ "no-reply", TRUE },
		{ "no_reply", TRUE },
		{ "noreply-orders", TRUE },
		{ "calendar-notification", TRUE },
		{ "bounces-1234", TRUE },
		{ "bounce-sales.anna", TRUE },
		{ "buchhaltung", TRUE },
		{ "b\303\274ro", TRUE },
		{ "B\303\234RO", TRUE },
		{ "\320\270\320\275\321\204\320\276", TRUE },
		{ "\320\237\320\240\320\236\320\224\320\220\320\226\320\230", TRUE },
		{ "otdel.prodazh", TRUE },
		{ "vanzari", TRUE },
		{ "service-clients", TRUE },
		{ "compras", TRUE },
		{ "biuro", TRUE },
		{ "\"info\"", TRUE },
		{ "anna", FALSE },
		{ "anna.sales", FALSE },
		{ "sales.anna", FALSE },
		{ "informant", FALSE },
		{ "salesman", FALSE },
		{ "a.info", FALSE },
		{ "mark.post", FALSE },
		{ "12345", FALSE },
		{ "-", FALSE },
		{ "+tag", FALSE },
		{ "", FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *address = g_strconcat(want[i].local, "@example.com", NULL);
		struct sender sender;
		sender_classify(lists, NULL, address, NULL, &sender);
		if (sender.role != want[i].role)
			g_test_message("%s", want[i].local);
		g_assert_cmpint(sender.role, ==, want[i].role);
		sender_clear(&sender);
	}
	g_autofree char *longest = g_strnfill(100000, '-');
	struct sender sender;
	sender_classify(lists, NULL, longest, NULL, &sender);
	g_assert_false(sender.role);
	sender_clear(&sender);
}

static void
test_proof(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	static const struct {
		const char *from;
		enum auth_result dmarc;
		const char *dmarc_domain;
		enum auth_result dkim;
		const char *dkim_domain;
		enum auth_result spf;
		const char *spf_domain;
		gboolean verified, spoofed;
	} want[] = {
		{ "a@x.com", AUTH_PASS, "x.com", AUTH_NONE, NULL, AUTH_NONE, NULL, TRUE, FALSE },
		{ "a@x.com", AUTH_PASS, NULL, AUTH_NONE, NULL, AUTH_NONE, NULL, TRUE, FALSE },
		{ "a@m.x.com", AUTH_PASS, "x.com", AUTH_NONE, NULL, AUTH_NONE, NULL, TRUE, FALSE },
		{ "a@x.com", AUTH_PASS, "y.com", AUTH_NONE, NULL, AUTH_NONE, NULL, FALSE, FALSE },
		{ "a@x.com", AUTH_FAIL, "x.com", AUTH_PASS, "x.com", AUTH_PASS, "x.com", FALSE,
		  TRUE },
		{ "a@x.com", AUTH_NONE, NULL, AUTH_PASS, "x.com", AUTH_NONE, NULL, TRUE, FALSE },
		{ "a@b.x.com", AUTH_NONE, NULL, AUTH_PASS, "a.x.com", AUTH_NONE, NULL, TRUE,
		  FALSE },
		{ "a@x.com", AUTH_NONE, NULL, AUTH_PASS, "y.com", AUTH_FAIL, "x.com", FALSE,
		  FALSE },
		{ "a@x.com", AUTH_NONE, NULL, AUTH_FAIL, "x.com", AUTH_PASS, "bounce.x.com", TRUE,
		  FALSE },
		{ "a@x.com", AUTH_TEMPERROR, NULL, AUTH_NONE, NULL, AUTH_PASS, "x.com", TRUE,
		  FALSE },
		{ "a@x.com", AUTH_NONE, NULL, AUTH_NONE, NULL, AUTH_SOFTFAIL, "x.com", FALSE,
		  FALSE },
		{ "a@x.com", AUTH_NONE, NULL, AUTH_PASS, NULL, AUTH_PASS, NULL, FALSE, FALSE },
		{ "a@x.github.io", AUTH_NONE, NULL, AUTH_PASS, "y.github.io", AUTH_NONE, NULL,
		  FALSE, FALSE },
		{ "a@[1.2.3.4]", AUTH_PASS, NULL, AUTH_NONE, NULL, AUTH_NONE, NULL, FALSE, FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct authres auth = {
			.dmarc = want[i].dmarc,
			.dmarc_domain = g_strdup(want[i].dmarc_domain),
			.dkim = want[i].dkim,
			.dkim_domain = g_strdup(want[i].dkim_domain),
			.spf = want[i].spf,
			.spf_domain = g_strdup(want[i].spf_domain),
		};
		struct sender sender;
		sender_classify(lists, NULL, want[i].from, &auth, &sender);
		g_assert_null(auth.dmarc_domain); /* moved */
		g_assert_cmpint(sender.verified, ==, want[i].verified);
		g_assert_cmpint(sender.spoofed, ==, want[i].spoofed);
		sender_clear(&sender);
	}
}

static void
test_missing_list(void)
{
	g_autoptr(GError) error = NULL;
	struct config config = { .role_list = "/nowhere/role.txt" };
	g_assert_null(domain_lists_new(&config, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
	g_clear_error(&error);
	struct config bare = { 0 };
	g_autoptr(domain_lists_owned) lists = domain_lists_new(&bare, &error);
	g_assert_no_error(error);
	struct sender sender;
	sender_classify(lists, NULL, "info@gmail.com", NULL, &sender);
	g_assert_false(sender.freemail || sender.role);
	sender_clear(&sender);
}

static void
test_speed(void)
{
	g_autoptr(domain_lists_owned) lists = load_lists();
	const guint rounds = 20000;
	gint64 begin = cpu_time();
	for (guint i = 0; i < rounds; i++) {
		g_autofree char *address = g_strdup_printf("anna.kern%u@mail%u.example.com", i, i);
		struct sender sender;
		sender_classify(lists, "Anna Kern", address, NULL, &sender);
		sender_clear(&sender);
	}
	g_test_message("%.2f us a sender", (cpu_time() - begin) / (double)rounds);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/domain/to-ascii", test_to_ascii);
	g_test_add_func("/domain/to-unicode", test_to_unicode);
	g_test_add_func("/domain/registrable", test_registrable);
	g_test_add_func("/domain/probes", test_probes);
	g_test_add_func("/domain/sender", test_sender);
	g_test_add_func("/domain/role", test_role);
	g_test_add_func("/domain/proof", test_proof);
	g_test_add_func("/domain/missing-list", test_missing_list);
	g_test_add_func("/domain/speed", test_speed);
	return g_test_run();
}
