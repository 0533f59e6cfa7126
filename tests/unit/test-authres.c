/* test-authres.c - Authentication-Results: the grammar of RFC 8601, and which fields are believed.
 */
#include "mail/authres.h"

#include <string.h>

#define ID "mx.ours.example"
#define AR "Authentication-Results: "
#define FROM "From: Anna Kern <anna@corp.example>\n"
#define STRANGER "Received: from a.example (b [192.0.2.1])\n\tby relay.stranger.example with SMTP\n"

static void
read_message(const char *headers, struct authres *ret)
{
	g_autoptr(GPtrArray) trusted = g_ptr_array_new();
	g_ptr_array_add(trusted, ID);
	g_ptr_array_add(trusted, "gateway.ours.example");
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_set_sender(raw, "<anna@corp.example>");
	raw_mail_read(raw, headers, strlen(headers));
	authres_read(raw, trusted, ret);
}

/* "spf=pass/corp.example dkim=none/- dmarc=fail/x.example" */
static char *
summary(const struct authres *auth)
{
	return g_strdup_printf(
		"%s/%s %s/%s %s/%s", auth_result_name(auth->spf),
		auth->spf_domain ? auth->spf_domain : "-", auth_result_name(auth->dkim),
		auth->dkim_domain ? auth->dkim_domain : "-", auth_result_name(auth->dmarc),
		auth->dmarc_domain ? auth->dmarc_domain : "-");
}

struct want {
	const char *headers, *summary;
};

static void
check(const struct want *want, guint n)
{
	for (guint i = 0; i < n; i++) {
		struct authres auth;
		read_message(want[i].headers, &auth);
		g_autofree char *got = summary(&auth);
		if (strcmp(got, want[i].summary))
			g_test_message("%s", want[i].headers);
		g_assert_cmpstr(got, ==, want[i].summary);
		authres_clear(&auth);
	}
}

#define NOTHING "none/- none/- none/-"

static void
test_grammar(void)
{
	static const struct want want[] = {
		{ AR ID "; none\n" FROM, NOTHING },
		{ AR ID " 1; none\n" FROM, NOTHING },
		{ AR ID "\n" FROM, NOTHING },
		{ AR ID "; spf=pass smtp.mailfrom=anna@corp.example\n" FROM,
		  "pass/corp.example none/- none/-" },
		{ AR "MX.Ours.Example; SPF=Pass SMTP.MailFrom=corp.example\n" FROM,
		  "pass/corp.example none/- none/-" },
		{ AR ID " 1 ; spf/1 = pass smtp . mailfrom = corp.example ;\n" FROM,
		  "pass/corp.example none/- none/-" },
		{ AR
		  "(a (nested \\) one) comment) " ID " (x) 1 (y);\n\tdkim=pass (2048-bit key; "
		  "unprotected) reason=\"good; really\" header.d=corp.example "
		  "header.i=@corp.example"
		  " header.b=\"AbC;d=x\";\n\tdmarc=pass (p=none) header.from=corp.example\n" FROM,
		  "none/- pass/corp.example pass/corp.example" },
		{ AR "\"" ID "\"; dkim=pass header.i=\"anna k\"@corp.example\n" FROM,
		  "none/- pass/corp.example none/-" },
		{ AR ID "; spf=softfail smtp.mailfrom=<anna@corp.example>\n" FROM,
		  "softfail/corp.example none/- none/-" },
		{ AR ID "; spf=hardfail; dkim=policy; dmarc=permerror\n" FROM,
		  "fail/- policy/- permerror/-" },
		{ AR ID "; spf=neutral; dkim=temperror; dmarc=bestguesspass\n" FROM,
		  "neutral/- temperror/- none/-" },
		{ AR ID "; dmarc=pass action=none header.from=corp.example;compauth=pass\n" FROM,
		  "none/- none/- pass/corp.example" },
		{ AR ID "; auth=pass smtp.auth=x; iprev=pass policy.iprev=192.0.2.1; arc=fail;"
			"x-own=pass; dkim=fail header.d=corp.example\n" FROM,
		  "none/- fail/corp.example none/-" },
		{ AR ID "; spf=pass smtp.mailfrom=b\303\274ro.example\n" FROM,
		  "pass/xn--bro-hoa.example none/- none/-" },
		/* HELO stands for the sender only when there is none */
		{ AR ID "; spf=pass smtp.helo=corp.example\n" FROM, "pass/- none/- none/-" },
		{ "Return-Path: <>\n" AR ID "; spf=pass smtp.helo=corp.example\n" FROM,
		  "pass/- none/- none/-" },
	};
	check(want, G_N_ELEMENTS(want));
}

/* A field that breaks the grammar says nothing, whatever stood in it before or after. */
static void
test_broken(void)
{
	static const struct want want[] = {
		{ AR "\n" FROM, NOTHING },
		{ AR ";\n" FROM, NOTHING },
		{ AR "spf=pass smtp.mailfrom=corp.example; dkim=pass\n" FROM, NOTHING },
		{ AR ID " spf=pass\n" FROM, NOTHING },
		{ AR ID "; spf=pass (unclosed; dmarc=pass\n" FROM, NOTHING },
		{ AR ID "; dmarc=pass header.from=\"corp.example\n" FROM, NOTHING },
		{ AR ID "; dmarc=pass header.from\n" FROM, NOTHING },
		{ AR ID "; dmarc=\n" FROM, NOTHING },
		{ AR ID "; =pass; dmarc=pass\n" FROM, NOTHING },
		{ AR ID "; dmarc=pass, dkim=pass\n" FROM, NOTHING },
		{ AR ID "; spf=pass smtp.mailfrom=\\; dmarc pass\n" FROM, NOTHING },
		{ AR ID "; \377=pass\n" FROM, NOTHING },
		{ AR ID "; dkim=pass header.d=\377\n" FROM, "none/- pass/- none/-" },
	};
	check(want, G_N_ELEMENTS(want));
}

/* Several results: the aligned signature, the worst DMARC verdict, the topmost field. */
static void
test_several(void)
{
	static const struct want want[] = {
		{ AR ID "; dkim=pass header.d=esp.example; dkim=pass header.d=corp.example;"
			" dkim=pass header.d=other.example\n" FROM,
		  "none/- pass/corp.example none/-" },
		{ AR ID "; dkim=pass header.d=b.corp.example; dkim=pass header.d=esp.example\n"
			"From: anna@a.corp.example\n",
		  "none/- pass/b.corp.example none/-" },
		{ AR ID "; dkim=fail header.d=corp.example; dkim=pass header.d=esp.example\n" FROM,
		  "none/- pass/esp.example none/-" },
		{ AR ID "; dkim=none; dkim=fail header.d=corp.example\n" FROM,
		  "none/- fail/corp.example none/-" },
		{ AR ID
		  "; dmarc=pass header.from=corp.example; dmarc=fail header.from=x.example\n" FROM,
		  "none/- none/- fail/x.example" },
		{ AR ID
		  "; dmarc=fail header.from=x.example; dmarc=pass header.from=corp.example\n" FROM,
		  "none/- none/- fail/x.example" },
		{ AR ID
		  "; dkim=fail header.d=corp.example\n" AR ID
		  "; dkim=pass header.d=corp.example; spf=pass smtp.mailfrom=corp.example\n" FROM,
		  "pass/corp.example fail/corp.example none/-" },
		{ AR "other.example; dmarc=fail\n" AR ID
		     "; dmarc=pass header.from=corp.example\n" FROM,
		  "none/- none/- pass/corp.example" },
		/* two authors: a pass must say for whom it is */
		{ AR ID "; dmarc=pass\n" FROM "From: eve@evil.example\n", NOTHING },
		{ AR ID "; dmarc=pass header.from=evil.example\n" FROM "From: eve@evil.example\n",
		  "none/- none/- pass/evil.example" },
		{ AR ID "; dmarc=pass\n" FROM, "none/- none/- pass/-" },
	};
	check(want, G_N_ELEMENTS(want));
}

static void
test_trust(void)
{
	static const struct {
		const char *headers;
		gboolean seen;
		enum auth_result dmarc;
		const char *forged;
	} want[] = {
		{ AR ID "; dmarc=pass\n" STRANGER FROM, TRUE, AUTH_PASS, "" },
		{ STRANGER AR ID "; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "1" },
		{ AR ID "; dmarc=fail\n" STRANGER AR ID "; dmarc=pass\n" FROM, TRUE, AUTH_FAIL,
		  "2" },
		{ AR "stranger.example; dmarc=pass\n" AR ID "; dmarc=fail\n" STRANGER AR
		     "stranger.example; dmarc=pass\n" AR "mx.OURS.example 1; dmarc=pass\n" AR
		     "gateway.ours.example; none\n" FROM,
		  TRUE, AUTH_FAIL, "4 5" },
		/* below the author's own fields */
		{ FROM AR ID "; dmarc=pass\n", FALSE, AUTH_NONE, "1" },
		{ "Subject: x\n" AR ID "; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "1" },
		/* broken as it is, it claims our id */
		{ STRANGER AR ID "; dmarc=pass (\n" FROM, FALSE, AUTH_NONE, "1" },
		{ STRANGER AR "(x) \"" ID "\" ; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "1" },
		/* stamped by the gateway in front of us */
		{ "Received: from mail.corp.example (HELO x) by gateway.ours.example\n\t(Postfix) "
		  "with "
		  "ESMTPS; Sat, 21 Nov 2026 10:00:00 +0000\n" AR
		  "gateway.ours.example; dmarc=pass\n" STRANGER AR
		  "gateway.ours.example; dmarc=fail\n" FROM,
		  TRUE, AUTH_PASS, "2" },
		{ STRANGER "Received: from x by gateway.ours.example\n" AR ID "; dmarc=pass\n" FROM,
		  FALSE, AUTH_NONE, "1" },
		{ "Received: from by by relay.example (by " ID ")\n" AR ID "; dmarc=pass\n" FROM,
		  FALSE, AUTH_NONE, "1" },
		{ "Received: (by " ID "\n" AR ID "; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "1" },
		{ "Received: by " ID ";\n" AR ID "; dmarc=pass\n" FROM, TRUE, AUTH_PASS, "" },
		{ "Received: ; by " ID "\n" AR ID "; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "1" },
		{ AR "notmx.ours.example; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "" },
		{ "authentication-results: " ID "; dmarc=pass\n" FROM, TRUE, AUTH_PASS, "" },
		{ "X-Authentication-Results: " ID "; dmarc=pass\n" FROM, FALSE, AUTH_NONE, "" },
		{ FROM, FALSE, AUTH_NONE, "" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		struct authres auth;
		read_message(want[i].headers, &auth);
		g_autoptr(GString) forged = g_string_new(NULL);
		for (guint k = 0; k < auth.forged->len; k++)
			g_string_append_printf(forged, "%s%u", k ? " " : "",
					       g_array_index(auth.forged, guint, k));
		if (auth.seen != want[i].seen || strcmp(forged->str, want[i].forged))
			g_test_message("%s", want[i].headers);
		g_assert_cmpint(auth.seen, ==, want[i].seen);
		g_assert_cmpint(auth.dmarc, ==, want[i].dmarc);
		g_assert_cmpstr(forged->str, ==, want[i].forged);
		authres_clear(&auth);
	}
}

/* Without trusted ids nothing is believed and nothing removed. */
static void
test_nobody_trusted(void)
{
	static const char headers[] = AR ID "; dmarc=pass\n" FROM AR ID "; dmarc=pass\n";
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_read(raw, headers, strlen(headers));
	g_autoptr(GPtrArray) nobody = g_ptr_array_new();
	const GPtrArray *lists[] = { NULL, nobody };
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct authres auth;
		authres_read(raw, lists[i], &auth);
		g_assert_false(auth.seen);
		g_assert_cmpint(auth.dmarc, ==, AUTH_NONE);
		g_assert_cmpuint(auth.forged->len, ==, 0);
		authres_clear(&auth);
		authres_clear(&auth);
	}
}

static void
test_null_sender(void)
{
	static const char headers[] = AR ID "; spf=pass smtp.helo=corp.example\n" FROM;
	g_autoptr(GPtrArray) trusted = g_ptr_array_new();
	g_ptr_array_add(trusted, ID);
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	raw_mail_set_sender(raw, "<>");
	raw_mail_read(raw, headers, strlen(headers));
	struct authres auth;
	authres_read(raw, trusted, &auth);
	g_assert_cmpstr(auth.spf_domain, ==, "corp.example");
	authres_clear(&auth);
}

/* Any length and shape is read once. */
static void
test_large(void)
{
	static const char *const units[] = {
		"(", "; dkim=pass header.d=a.example", "\"", "a.", "=", ";", "\\"
	};
	for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) text = g_string_new(AR ID " ; ");
		while (text->len < 7000)
			g_string_append(text, units[i]);
		g_string_append(text, "\n" FROM);
		struct authres auth;
		read_message(text->str, &auth);
		authres_clear(&auth);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/authres/grammar", test_grammar);
	g_test_add_func("/authres/broken", test_broken);
	g_test_add_func("/authres/several", test_several);
	g_test_add_func("/authres/trust", test_trust);
	g_test_add_func("/authres/nobody-trusted", test_nobody_trusted);
	g_test_add_func("/authres/null-sender", test_null_sender);
	g_test_add_func("/authres/large", test_large);
	return g_test_run();
}
