/* test-phrases.c - folding, phrase files, word boundaries, positions, many threads at once. */
#include "mail/phrases.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/fold.h"

static void
check_fold(const char *text, const char *want, guint pad)
{
	static const char pads[] = "XXXXXXXX", folded_pads[] = "xxxxxxxx";
	struct fold_text folded;
	g_autofree char *padded = g_strconcat(pads + 8 - pad, text, pads, NULL);
	g_autofree char *wanted = g_strconcat(folded_pads + 8 - pad, want, folded_pads, NULL);
	gsize length = strlen(padded);
	fold_text(padded, length, &folded);
	g_assert_cmpstr(folded.bytes, ==, wanted);
	g_assert_cmpuint(folded.length, ==, strlen(wanted));
	g_assert_cmpuint(folded.origin[folded.length], ==, length);
	for (gsize k = 0; k < folded.length; k++)
		g_assert_cmpuint(folded.origin[k], <=, folded.origin[k + 1]);
	fold_text_clear(&folded);
}

static void
test_fold(void)
{
	static const struct {
		const char *text, *want;
	} want[] = {
		{ "", "" },
		{ "Plain TEXT", "plain text" },
		{ "@AZ[`az{|}~/09:!", "@az[`az{|}~/09:!" },
		{ "a\001b\037c\177d e", "a b c d e" },
		{ "a\177 b  c", "a b c" },
		{ "a \t\r\n\302\240\343\200\200b", "a b" },
		{ "Pre\305\243 \310\230i PRE\310\232", "pret si pret" },
		{ "stra\303\237e \303\204\303\226\303\234", "strasse aou" },
		{ "\320\201\320\273\320\272\320\260 \320\271",
		  "\320\265\320\273\320\272\320\260 \320\271" },
		{ "\316\234\316\254\316\257\316\277\317\202",
		  "\316\274\316\261\316\271\316\277\317\202" },
		{ "don\342\200\231t \342\200\223 \342\200\234q\342\200\235", "don't - \"q\"" },
		{ "soft\302\255hy\342\200\213phen", "softhyphen" },
		{ "\357\274\262\357\274\246\357\274\260\357\274\237", "rfp?" },
		{ "\345\240\261\345\203\271", "\345\240\261\345\203\271" },
		{ "bad\377\376bytes\303", "bad bytes " },
		{ "\340\200\200x\355\240\200y", " x y" },
		{ "\304\260stanbul \305\201\303\263d\305\272", "istanbul lodz" },
		{ "\303\206\305\223", "aeoe" },
	};
	/* eight bytes are folded at once: every text at every place among them */
	for (guint i = 0; i < G_N_ELEMENTS(want); i++)
		for (guint pad = 0; pad <= 8; pad++)
			check_fold(want[i].text, want[i].want, pad);
}

static void
test_lower(void)
{
	static const struct {
		const char *text;
		gssize length;
		const char *want;
	} want[] = {
		{ "", -1, "" },
		{ "@AZ[`az{ 09", -1, "@az[`az{ 09" },
		{ "ABCDEF", 3, "abc" },
		{ "AB", 9, "ab" },
		{ "PRE\310\232 A", -1, "pre\310\233 a" },
		{ "PRE\310\232 A", 5, "pre\310\233" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *lower = fold_lower(want[i].text, want[i].length);
		g_assert_cmpstr(lower, ==, want[i].want);
	}
}

static struct phrases *
example(void)
{
	struct phrases *phrases = phrases_new();
	static const struct {
		const char *list, *phrase;
	} add[] = {
		{ "price", "How much" },
		{ "price", "pre\310\233" },
		{ "price", "\321\201\321\202\320\276\320\270\320\274\320\276\321\201\321\202*" },
		{ "price", "\346\212\245\344\273\267" },
		{ "price", "*preis*" },
		{ "demo", "demo" },
		{ "again", "demo" },
		{ "odd", "c++ (a|b)?" },
		{ "refusal", "don't contact" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(add); i++)
		phrases_add(phrases, add[i].list, add[i].phrase);
	g_autoptr(GError) error = NULL;
	g_assert_true(phrases_compile(phrases, &error));
	g_assert_no_error(error);
	return phrases;
}

/* "list=matched words" of each match, joined by '|' */
static char *
scan_text(const struct phrases *phrases, const char *text)
{
	g_autoptr(GArray) matches = phrases_scan(phrases, text, strlen(text));
	g_autoptr(GString) got = g_string_new(NULL);
	for (guint i = 0; i < matches->len; i++) {
		const struct phrase_match *m = &g_array_index(matches, struct phrase_match, i);
		g_string_append_printf(got, "%s%s=%.*s", i ? "|" : "", m->list,
				       (int)(m->end - m->begin), text + m->begin);
	}
	return g_string_free(g_steal_pointer(&got), FALSE);
}

static void
test_scan(void)
{
	g_autoptr(phrases_owned) phrases = example();
	static const struct {
		const char *text, *want;
	} want[] = {
		{ "", "" },
		{ "HOW MUCH is it?", "price=HOW MUCH" },
		{ "how\n  much", "price=how\n  much" },
		{ "somehow much", "" },
		{ "how muchness", "" },
		{ "(how much)", "price=how much" },
		{ "care este pretul? Ce PRE\305\242 are", "price=PRE\305\242" },
		{ "\320\241\321\202\320\276\320\270\320\274\320\276\321\201\321\202\321\214\321\216"
		  "!",
		  "price="
		  "\320\241\321\202\320\276\320\270\320\274\320\276\321\201\321\202\321\214\321"
		  "\216" },
		{ "\350\257\267\346\212\245\344\273\267\345\215\225",
		  "price=\346\212\245\344\273\267" },
		{ "Ihre Sonderpreise bitte", "price=Sonderpreise" },
		{ "a demo.", "demo=demo|again=demo" },
		{ "demonstrate demo2 2demo d\303\251mo", "demo=d\303\251mo|again=d\303\251mo" },
		{ "\344\270\200\344\270\252demo\345\220\227", "demo=demo|again=demo" },
		{ "I like C++ (a|b)?", "odd=C++ (a|b)?" },
		{ "I like C+ a", "" },
		{ "please don\342\200\231t contact me", "refusal=don\342\200\231t contact" },
		{ "de\302\255mo", "demo=de\302\255mo|again=de\302\255mo" },
		{ "\377demo\377", "demo=demo|again=demo" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *got = scan_text(phrases, want[i].text);
		g_assert_cmpstr(got, ==, want[i].want);
	}
}

static void
test_order_and_ceiling(void)
{
	g_autoptr(phrases_owned) phrases = example();
	g_autoptr(GString) text = g_string_new(NULL);
	while (text->len < 2 * LIMIT_TEXT)
		g_string_append(text, "demo price how much ");
	g_autoptr(GArray) matches = phrases_scan(phrases, text->str, text->len);
	g_assert_cmpuint(matches->len, ==, LIMIT_PHRASE_MATCHES);
	for (guint i = 1; i < matches->len; i++)
		g_assert_cmpuint(g_array_index(matches, struct phrase_match, i - 1).end, <=,
				 g_array_index(matches, struct phrase_match, i).end);
}

static void
test_empty(void)
{
	g_autoptr(phrases_owned) phrases = phrases_new();
	g_autoptr(GError) error = NULL;
	phrases_add(phrases, "x", "  ");
	phrases_add(phrases, "x", "\302\255");
	g_assert_true(phrases_compile(phrases, &error));
	g_assert_true(phrases_compile(phrases, &error));
	g_autoptr(GArray) matches = phrases_scan(phrases, "text", 4);
	g_assert_cmpuint(matches->len, ==, 0);
}

static gboolean
load_text(struct phrases *phrases, const char *text, GError **error)
{
	g_autofree char *path = NULL;
	int fd = g_file_open_tmp("phrases-XXXXXX", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	gboolean ok = phrases_add_file(phrases, path, error);
	g_unlink(path);
	return ok;
}

static void
test_file(void)
{
	g_autoptr(phrases_owned) phrases = phrases_new();
	g_autoptr(GError) error = NULL;
	g_assert_true(load_text(phrases,
				"# head\r\n\r\n[opt_out]\r\nunsubscribe me # note\r\n[opt_out:ro]\n"
				"dezabonare\n[need:zh-tw]\nC# developer",
				&error));
	g_assert_no_error(error);
	g_assert_true(phrases_compile(phrases, &error));
	g_autofree char *got = scan_text(phrases, "Dezabonare! Unsubscribe me, C# developer");
	g_assert_cmpstr(got, ==, "opt_out=Dezabonare|opt_out=Unsubscribe me|need=C# developer");
}

static void
test_file_faults(void)
{
	g_autofree char *longest = g_strnfill(LIMIT_LIST_LINE + 1, 'a');
	const struct {
		const char *text, *at;
	} want[] = {
		{ "early\n", ":1: " },
		{ "[a]\nx\n[b\n", ":3: " },
		{ "[]\n", ":1: " },
		{ "[A]\n", ":1: " },
		{ "[a b]\n", ":1: " },
		{ "[a:]\n", ":1: " },
		{ "[a:EN]\n", ":1: " },
		{ "[a]\n\302\255\n", ":2: " },
		{ "[a]\n\377\n", ": not UTF-8" },
		{ "[a]\nx* y\n", ":2: " },
		{ longest, ":1: " },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(phrases_owned) phrases = phrases_new();
		g_autoptr(GError) error = NULL;
		g_assert_false(load_text(phrases, want[i].text, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_nonnull(strstr(error->message, want[i].at));
	}
	g_autoptr(phrases_owned) phrases = phrases_new();
	g_autoptr(GError) error = NULL;
	g_assert_false(phrases_add_file(phrases, "/nowhere/x.phrases", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
}

static gpointer
scan_often(gpointer data)
{
	for (guint i = 0; i < 2000; i++) {
		g_autofree char *got = scan_text(data, "a demo, how much?");
		g_assert_cmpstr(got, ==, "demo=demo|again=demo|price=how much");
	}
	return NULL;
}

static void
test_threads(void)
{
	g_autoptr(phrases_owned) phrases = example();
	GThread *threads[4];
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		threads[i] = g_thread_new("scan", scan_often, phrases);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++)
		g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/phrases/fold", test_fold);
	g_test_add_func("/phrases/lower", test_lower);
	g_test_add_func("/phrases/scan", test_scan);
	g_test_add_func("/phrases/order-and-ceiling", test_order_and_ceiling);
	g_test_add_func("/phrases/empty", test_empty);
	g_test_add_func("/phrases/file", test_file);
	g_test_add_func("/phrases/file-faults", test_file_faults);
	g_test_add_func("/phrases/threads", test_threads);
	return g_test_run();
}
