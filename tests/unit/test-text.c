/* test-text.c - charsets, encoded words, format=flowed, message ids and dates. */
#include "base/limits.h"
#include "mail/charset.h"
#include "mail/date.h"
#include "mail/encoded.h"
#include "mail/flowed.h"
#include "mail/ids.h"
#include "cpu_time.h"

#include <string.h>

static const struct {
	const char *bytes, *charset, *want;
} charset_cases[] = {
	{ "plain", NULL, "plain" },
	{ "gr\xC3\xBC\xC3\x9F", NULL, "grüß" },
	{ "gr\xFC\xDF", NULL, "grüß" },
	{ "gr\xFC\xDF", "us-ascii", "grüß" },
	{ "gr\xFC\xDF", "x-unknown", "grüß" },
	{ "gr\xFC\xDF", "utf-8", "grüß" },
	{ "gr\xC3\xBC\xC3\x9F", "iso-8859-1", "grüß" },
	{ "\x93quoted\x94 \x80", "ISO-8859-1", "“quoted” €" },
	{ "\x81", "windows-1252", "\xEF\xBF\xBD" },
	{ "\xD0\x9F\xD1\x80\xD0\xB8\xD0\xB2\xFF", NULL, "Прив\xEF\xBF\xBD" },
	{ "cut \xD0\x9F\xD1", "utf-8", "cut П" },
	{ "\xF0\xD2\xC9\xD7\xC5\xD4", "koi8-r", "Привет" },
	{ "\xCF\xF0\xE8\xE2\xE5\xF2", "\"Windows-1251\"", "Привет" },
	{ "\xCF\xF0\xE8\xE2\xE5\xF2", "cp1251", "Привет" },
	{ "\xE8\xFC", "iso-8859-2", "čü" },
	{ "\xA4", "ISO_8859-15", "€" },
	{ "\xC4\xE3\xBA\xC3", "gb2312", "你好" },
	{ "\xC4\xE3\xBA\xC3", "GB18030", "你好" },
	{ "\xA7\x41\xA6\x6E", "big5", "你好" },
	{ "\x82\xA0", "shift_jis", "あ" },
	{ "\x87\x40", "Shift_JIS", "①" },
	{ "\xA4\xA2", "euc-jp", "あ" },
	{ "\033$B$\"\033(B!", "iso-2022-jp", "あ!" },
	{ "\033$B$\"\033(B!", "us-ascii", "あ!" },
	{ "\033$B-!\033(B", "iso-2022-jp", "①" },
	{ "\033(I1\033(B", "iso-2022-jp", "ｱ" },
	{ "\xBE\xC8\xB3\xE7", "ks_c_5601-1987", "안녕" },
	{ "M+APw-ller", "utf-7", "Müller" },
	{ "plain", "utf-16", "plain" },
	{ "\xC4\xE3\xFF\xFF\xBA\xC3", "gb18030", "你\xEF\xBF\xBD\xEF\xBF\xBD好" },
	{ "gr\xC3\xBC\xC3\x9F\xE2\x82\xAC", "euc-kr", NULL },
	{ "caf\xE9", "utf-8; format=flowed", "café" },
	{ "caf\xE9", "//TRANSLIT", "café" },
	{ "caf\xE9", "", "café" },
};

static void
test_charset(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(charset_cases); i++) {
		const char *bytes = charset_cases[i].bytes;
		g_autofree char *got =
			charset_to_utf8(bytes, strlen(bytes), charset_cases[i].charset);
		g_assert_true(g_utf8_validate(got, -1, NULL));
		if (charset_cases[i].want)
			g_assert_cmpstr(got, ==, charset_cases[i].want);
	}
}

static void
test_charset_wide(void)
{
	static const struct {
		const char *bytes;
		gsize length;
		const char *charset;
	} cases[] = {
		{ "h\0i\0", 4, "utf-16le" },         { "\0h\0i", 4, "utf-16be" },
		{ "\xFF\xFEh\0i\0", 6, "utf-16" },   { "\xFE\xFF\0h\0i", 6, "utf-16" },
		{ "h\0i\0", 4, "utf-16" },           { "\0h\0i", 4, "utf-16" },
		{ "h\0\0\0i\0\0\0", 8, "utf-32le" }, { "h\0i", 3, NULL },
		{ "\0h\0i\0", 5, "utf-8" },          { "h\0i", 3, "koi8-r" },
		{ "h\0i\0\x31", 5, "utf-16le" },
	};
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got =
			charset_to_utf8(cases[i].bytes, cases[i].length, cases[i].charset);
		g_assert_cmpstr(got, ==, "hi");
	}
}

/* Every byte and pair of bytes in every charset gives valid UTF-8. */
static void
test_charset_all_bytes(void)
{
	static const char *const names[] = {
		"utf-8",       "us-ascii",  "koi8-u",      "windows-1255", "macintosh",
		"utf-7",       "utf-16",    "utf-32",      "gb18030",      "big5",
		"shift_jis",   "euc-jp",    "iso-2022-jp", "iso-2022-kr",  "iso-2022-cn",
		"euc-kr",      "johab",     "viscii",      "windows-1258", "tcvn",
		"iso-8859-16", "armscii-8", "euc-tw",      "cp950",        "x-nothing",
	};
	g_autoptr(GString) bytes = g_string_new("\033$B");
	for (guint i = 0; i < 65536; i += 7) {
		g_string_append_c(bytes, (char)(i >> 8));
		g_string_append_c(bytes, (char)i);
	}
	for (gsize i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *got = charset_to_utf8(bytes->str, bytes->len, names[i]);
		g_test_message("%s: %s", names[i],
			       charset_is_known(names[i]) ? "known" : "unknown");
		g_assert_true(g_utf8_validate(got, -1, NULL));
	}
}

static void
test_cut(void)
{
	static const char text[] = "aü€";
	static const gsize want[] = { 0, 1, 1, 3, 3, 3, 6, 6 };
	for (gsize i = 0; i < G_N_ELEMENTS(want); i++)
		g_assert_cmpuint(charset_cut(text, strlen(text), i), ==, want[i]);
}

static const struct {
	const char *value, *charset, *want;
} encoded_cases[] = {
	{ "", NULL, "" },
	{ "plain", NULL, "plain" },
	{ "  plain  ", NULL, "plain" },
	{ "folded\r\n\tline\n  here", NULL, "folded line here" },
	{ "=?utf-8?Q?J=C3=A4ne_Doe?=", NULL, "Jäne Doe" },
	{ "=?UTF-8?b?SsOkbmU=?=", NULL, "Jäne" },
	{ "=?iso-8859-1*de?q?gr=FC=DF?=", NULL, "grüß" },
	{ "=?utf-8?Q?a?= =?utf-8?Q?b?=", NULL, "ab" },
	{ "=?utf-8?Q?a?=\r\n =?koi8-r?Q?=C1?=", NULL, "aа" },
	{ "=?utf-8?Q?a?= b =?utf-8?Q?c?=", NULL, "a b c" },
	{ "Re: =?utf-8?Q?a?=: b", NULL, "Re: a: b" },
	{ "(=?utf-8?Q?a?=)", NULL, "(a)" },
	/* a character and a base64 quantum split between two words */
	{ "=?utf-8?Q?=C3?= =?utf-8?Q?=BC?=", NULL, "ü" },
	{ "=?utf-8?B?w?= =?utf-8?B?7w=?=", NULL, "ü" },
	{ "=?utf-8?B?YQ==?= =?UTF-8?B?Yg==?=", NULL, "ab" },
	/* broken words as clients write them */
	{ "=?utf-8?Q?two words?=", NULL, "two words" },
	{ "=?utf-8?Q?why?=20not=3F?=", NULL, "why? not?" },
	{ "=?utf-8?Q?open", NULL, "=?utf-8?Q?open" },
	{ "=?utf-8?X?a?=", NULL, "=?utf-8?X?a?=" },
	{ "=??Q?a?=", NULL, "=??Q?a?=" },
	{ "=?nothing?Q?gr=FC?=", NULL, "grü" },
	{ "=?utf-8?Q?a=0D=0AX-Evil:_b?=", NULL, "a X-Evil: b" },
	{ "=?utf-8?Q?a=00b?=", NULL, "ab" },
	{ "=?utf-8?Q?=ZZ=?=", NULL, "=ZZ=" },
	{ "a\001b\177c", NULL, "a b c" },
	/* raw bytes */
	{ "gr\xC3\xBC\xC3\x9F", "koi8-r", NULL },
	{ "gr\xC3\xBC\xC3\x9F", NULL, "grüß" },
	{ "gr\xFC\xDF", NULL, "grüß" },
	{ "\xF0\xD2\xC9", "koi8-r", "При" },
	{ "\033$B$\"\033(B", NULL, "あ" },
};

static void
test_encoded(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(encoded_cases); i++) {
		g_autofree char *got =
			encoded_decode(encoded_cases[i].value, encoded_cases[i].charset);
		g_assert_true(g_utf8_validate(got, -1, NULL));
		if (encoded_cases[i].want)
			g_assert_cmpstr(got, ==, encoded_cases[i].want);
	}
}

static void
test_encoded_linear(void)
{
	static const char *const units[] = {
		"=?",          "=?a?Q?",     "=?a?B?",          "?=", "=?=?",
		"=?a?Q?\?=20", "=?a?Q?x?= ", "=?utf-7?B?KwA?=", "\n "
	};
	for (gsize i = 0; i < G_N_ELEMENTS(units); i++) {
		g_autoptr(GString) value = g_string_new(NULL);
		while (value->len < 256 * 1024)
			g_string_append(value, units[i]);
		gint64 begin = cpu_time();
		g_autofree char *got = encoded_decode(value->str, NULL);
		g_assert_cmpint(cpu_time() - begin, <, 2 * G_USEC_PER_SEC);
		g_assert_true(g_utf8_validate(got, -1, NULL));
	}
}

static const struct {
	const char *text;
	gboolean delsp;
	const char *want;
} flowed_cases[] = {
	{ "", FALSE, "" },
	{ "one \ntwo\n", FALSE, "one two\n" },
	{ "one \ntwo", TRUE, "onetwo" },
	{ "one\n\ntwo\n", FALSE, "one\n\ntwo\n" },
	{ "> a \n> b\n", FALSE, "> a b\n" },
	{ ">> a \n> b\n", FALSE, ">> a \n> b\n" },
	{ "> a \nreply\n", FALSE, "> a \nreply\n" },
	{ ">\n>a\n", FALSE, ">\n> a\n" },
	{ " >not quoted\n", FALSE, ">not quoted\n" },
	{ " From me\n", FALSE, "From me\n" },
	{ "bye \n-- \nJane\n", FALSE, "bye \n-- \nJane\n" },
	{ "-- \nJane\nSales \nManager\n", FALSE, "-- \nJane\nSales Manager\n" },
};

static void
test_flowed(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(flowed_cases); i++) {
		g_autoptr(GString) got = g_string_new(NULL);
		flowed_append(got, flowed_cases[i].text, strlen(flowed_cases[i].text),
			      flowed_cases[i].delsp);
		g_assert_cmpstr(got->str, ==, flowed_cases[i].want);
	}
}

static const struct {
	const char *value, *want; /* ids joined with spaces */
} id_cases[] = {
	{ "<a@b>", "a@b" },
	{ "<a@b> <c@d>", "a@b c@d" },
	{ "<a@b><c@d>", "a@b c@d" },
	{ "<a@b>,<c@d>", "a@b c@d" },
	{ "<a b@c>", "ab@c" },
	{ "<a@b <c@d>", "a@b c@d" },
	{ "<a@b", "a@b" },
	{ "<a@b> <c@", "a@b c@" },
	{ "a@b", "a@b" },
	{ "a@b c@d", "a@b c@d" },
	{ "a@b>", "a@b" },
	{ "ABC123", "ABC123" },
	{ "Your message of \"Mon\" <a@b>", "a@b" },
	{ "Message from jane@example.com of Monday", "" },
	{ "null", "" },
	{ "<null> <a@b>", "a@b" },
	{ "<>", "" },
	{ "", "" },
	{ " ", "" },
	{ "<<a@b>>", "a@b" },
	{ NULL, "" },
};

static void
test_ids(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(id_cases); i++) {
		g_autoptr(GPtrArray) ids = ids_parse(id_cases[i].value);
		g_ptr_array_add(ids, NULL);
		g_autofree char *got = g_strjoinv(" ", (char **)ids->pdata);
		g_assert_cmpstr(got, ==, id_cases[i].want);
	}
}

static void
test_ids_ceilings(void)
{
	g_autoptr(GString) value = g_string_new(NULL);
	for (guint i = 0; i < 100; i++)
		g_string_append_printf(value, "<%u@x> ", i);
	g_autoptr(GPtrArray) ids = ids_parse(value->str);
	g_assert_cmpuint(ids->len, ==, LIMIT_REFERENCES);
	g_assert_cmpstr(g_ptr_array_index(ids, LIMIT_REFERENCES - 1), ==, "99@x");
	g_autofree char *id = g_strnfill(LIMIT_MESSAGE_ID + 1, 'a');
	g_autoptr(GPtrArray) none = ids_parse(id);
	g_assert_cmpuint(none->len, ==, 0);
}

#define NOON G_GINT64_CONSTANT(1795255200) /* 2026-11-21 10:00 UTC */

static const struct {
	const char *value;
	gint64 seconds; /* 0: unreadable */
	int offset;
} date_cases[] = {
	{ "Sat, 21 Nov 2026 10:00:00 +0000", NOON, 0 },
	{ "Sat, 21 Nov 2026 12:00:00 +0200", NOON, 7200 },
	{ "Sat, 21 Nov 2026 12:00:00 +0200 (EET)", NOON, 7200 },
	{ "Sat, 21 Nov 2026 05:00:00 (EST) -0500", NOON, -18000 },
	{ "21 Nov 2026 10:00 GMT", NOON, 0 },
	{ "21 Nov 26 10:00 GMT", NOON, 0 },
	{ "21 Nov 126 10:00:00 GMT", NOON, 0 },
	{ "21 Nov 0126 10:00:00 GMT", NOON, 0 },
	{ "Sat,21 Nov 2026 12:00:00+0200", NOON, 7200 },
	{ "Sat, 21 Nov 2026 12:00:00 +02:00", NOON, 7200 },
	{ "Sat, 21 Nov 2026 12:00:00 GMT+0200", NOON, 7200 },
	{ "Sat, 21 Nov 2026 05:00:00 EST", NOON, -18000 },
	{ "Sat, 21 Nov 2026 12:00:00 cest", NOON, 7200 },
	{ "Sat, 21 Nov 2026 13:00:00 MSK", NOON, 10800 },
	{ "Sat Nov 21 10:00:00 2026", NOON, 0 },
	{ "Saturday, November 21, 2026 10:00 AM", NOON, 0 },
	{ "21 Nov 2026 10:00:00 PM", NOON + 12 * 3600, 0 },
	{ "2026-11-21T10:00:00Z", NOON, 0 },
	{ "2026-11-21 12:00:00.25 +0200", NOON, 7200 },
	{ "Sat, 21-Nov-2026 10:00:00", NOON, 0 },
	{ "Sat, 21 Nov 2026 10.00.00 +0000", NOON, 0 },
	{ "mar, 21 nov 2026 10:00:00 +0000", NOON, 0 },
	{ "Thu, 1 Jan 1970 00:00:01 +0000", 1, 0 },
	{ "31 Dec 1969 23:59:59 GMT", -1, 0 },
	{ "Sat, 31 Feb 2026 10:00:00 +0000", 0, 0 },
	{ "Sat, 21 Nov 2026 10:00:00 +9999", NOON, 0 },
	{ "((((((", 0, 0 },
	{ "yesterday", 0, 0 },
	{ "99999999999999999999", 0, 0 },
	{ "", 0, 0 },
};

static void
test_date(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(date_cases); i++) {
		int offset = 0;
		g_test_message("%s", date_cases[i].value);
		g_assert_cmpint(date_parse(date_cases[i].value, &offset), ==,
				date_cases[i].seconds * G_USEC_PER_SEC);
		g_assert_cmpint(offset, ==, date_cases[i].offset);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/text/charset", test_charset);
	g_test_add_func("/text/charset-wide", test_charset_wide);
	g_test_add_func("/text/charset-all-bytes", test_charset_all_bytes);
	g_test_add_func("/text/cut", test_cut);
	g_test_add_func("/text/encoded", test_encoded);
	g_test_add_func("/text/encoded-linear", test_encoded_linear);
	g_test_add_func("/text/flowed", test_flowed);
	g_test_add_func("/text/ids", test_ids);
	g_test_add_func("/text/ids-ceilings", test_ids_ceilings);
	g_test_add_func("/text/date", test_date);
	return g_test_run();
}
