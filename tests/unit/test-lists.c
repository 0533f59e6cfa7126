/* test-lists.c - word lists: folding, order, walking up the labels, and files with faults. */
#include "mail/lists.h"
#include "cpu_time.h"

#include <string.h>

#include <unistd.h>

#include <glib/gstdio.h>

#include "base/error.h"
#include "base/limits.h"

static char *
write_file(const char *text, gssize length)
{
	char *path = NULL;
	int fd = g_file_open_tmp("lists-XXXXXX", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, text, length, NULL));
	return path;
}

static struct word_list *
load_text(const char *text, gssize length, GError **error)
{
	g_autofree char *path = write_file(text, length);
	struct word_list *list = word_list_load(path, error);
	g_unlink(path);
	return list;
}

static void
test_load(void)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(word_list_owned) list = load_text(
		"# a head\n\nzebra.example\r\n  Alpha.Example  # a remark\nalpha.example\n"
		"no#comment.example\nm\303\274nchen."
		"example\n\320\230\320\235\320\244\320\236\nlast",
		-1, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(word_list_size(list), ==, 6);
	static const struct {
		const char *word;
		gboolean listed;
	} want[] = {
		{ "zebra.example", TRUE },
		{ "ALPHA.example", TRUE },
		{ "alpha", FALSE },
		{ "no#comment.example", TRUE },
		{ "xn--mnchen-3ya.example", TRUE },
		{ "M\303\234NCHEN.example", TRUE },
		{ "\320\270\320\275\321\204\320\276", TRUE },
		{ "last", TRUE },
		{ "", FALSE },
		{ "\377\376", FALSE },
		{ "a remark", FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++)
		g_assert_cmpint(word_list_has(list, want[i].word), ==, want[i].listed);
}

static void
test_match_domain(void)
{
	g_autoptr(word_list_owned) list = word_list_new();
	g_assert_null(word_list_match_domain(list, "example.com"));
	static const char *const entries[] = {
		"Example.com", "a.b.example.net", "b\303\274cher.de", "example.com", "", "localhost"
	};
	for (guint i = 0; i < G_N_ELEMENTS(entries); i++)
		word_list_add(list, entries[i]);
	g_assert_cmpuint(word_list_size(list), ==, 4);
	static const struct {
		const char *domain, *entry;
	} want[] = {
		{ "example.com", "example.com" },
		{ "Mail.EXAMPLE.com", "example.com" },
		{ "x.y.z.example.com", "example.com" },
		{ "notexample.com", NULL },
		{ "example.com.evil.org", NULL },
		{ "com", NULL },
		{ "b.example.net", NULL },
		{ "c.a.b.example.net", "a.b.example.net" },
		{ "www.xn--bcher-kva.de", "xn--bcher-kva.de" },
		{ "www.B\303\234CHER.de", "xn--bcher-kva.de" },
		{ "localhost", "localhost" },
		{ "", NULL },
		{ ".", NULL },
		{ "..example.com", "example.com" },
		{ "example.com.", NULL },
		{ "\377.example.com", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++)
		g_assert_cmpstr(word_list_match_domain(list, want[i].domain), ==, want[i].entry);
	g_autofree char *longest = g_strnfill(5000, 'a');
	g_assert_null(word_list_match_domain(list, longest));
}

static void
test_faults(void)
{
	g_autofree char *longest = g_strnfill(LIMIT_LIST_LINE + 1, 'a');
	const struct {
		const char *text;
		gssize length;
		const char *at;
	} want[] = {
		{ "good\ntwo words\n", -1, ":2: " },
		{ "good\n\nbad\377\n", -1, ":3: " },
		{ "nul\0in it\n", 10, ":1: " },
		{ longest, -1, ":1: " },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GError) error = NULL;
		g_assert_null(load_text(want[i].text, want[i].length, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_nonnull(strstr(error->message, want[i].at));
	}
	g_autoptr(GError) error = NULL;
	g_assert_null(word_list_load("/nowhere/at-all.txt", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
	g_assert_true(g_str_has_prefix(error->message, "/nowhere/at-all.txt: "));
}

static void
test_too_many_lines(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *newlines = g_strnfill(LIMIT_LIST_LINES + 1, '\n');
	g_assert_null(load_text(newlines, -1, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
	newlines[LIMIT_LIST_LINES] = '\0';
	g_clear_error(&error);
	g_autoptr(word_list_owned) list = load_text(newlines, -1, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(word_list_size(list), ==, 0);
}

/* The lists that are shipped: readable, each entry once, and in the order that loads fast. */
static void
test_shipped(void)
{
	static const struct {
		const char *file;
		guint least;
	} want[] = {
		{ "freemail.txt", 4000 }, { "disposable.txt", 100000 }, { "relay.txt", 40 },
		{ "role.txt", 500 },      { "isp.txt", 200 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autofree char *path = g_build_filename(TEST_CONF, "lists", want[i].file, NULL);
		g_autoptr(GError) error = NULL;
		gint64 begin = cpu_time();
		g_autoptr(word_list_owned) list = word_list_load(path, &error);
		g_assert_no_error(error);
		g_assert_cmpuint(word_list_size(list), >, want[i].least);
		g_test_message("%s: %u entries in %" G_GINT64_FORMAT " us", want[i].file,
			       word_list_size(list), cpu_time() - begin);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lists/load", test_load);
	g_test_add_func("/lists/match-domain", test_match_domain);
	g_test_add_func("/lists/faults", test_faults);
	g_test_add_func("/lists/too-many-lines", test_too_many_lines);
	g_test_add_func("/lists/shipped", test_shipped);
	return g_test_run();
}
