/* test-config-scorecard.c - scorecards that include files: what counts, and what is refused. */
#include <glib/gstdio.h>
#include <string.h>

#include "base/config.h"
#include "base/error.h"
#include "base/limits.h"

static char *directory;

static char *
place(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

static void
put(const char *name, const char *text)
{
	g_autofree char *path = place(name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
clear(void)
{
	GDir *files = g_dir_open(directory, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(files)) != NULL) {
		g_autofree char *path = place(name);

		g_remove(path);
	}
	g_dir_close(files);
}

static struct config_scorecard *
load(const char *name, GError **error)
{
	g_autofree char *path = place(name);

	return config_scorecard_load(path, error);
}

static char *
describe(const struct config_scorecard *card)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < card->rules->len; i++) {
		const struct config_rule *rule = card->rules->pdata[i];
		g_autofree char *file = g_path_get_basename(rule->file);

		g_string_append_printf(text, "%s %g %s:%d;", rule->name, rule->points, file,
				       rule->line);
	}
	for (guint i = 0; i < card->groups->len; i++)
		g_string_append_printf(text, "%s %g;",
				       ((struct config_group *)card->groups->pdata[i])->name,
				       ((struct config_group *)card->groups->pdata[i])->cap);
	for (guint i = 0; i < card->touches->len; i++)
		g_string_append_printf(text, "%s %g;",
				       ((struct config_touch *)card->touches->pdata[i])->name,
				       ((struct config_touch *)card->touches->pdata[i])->points);
	return g_string_free(text, FALSE);
}

static void
test_merged(void)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *text = NULL;
	struct config_scorecard *card;

	put("base.conf", "name = \"base\" mql = 5.0\n"
			 "group \"g\" { cap = 1.0 }\n"
			 "rule \"a\" { when = \"true\" points = 1.0 group = \"g\" }\n"
			 "rule \"b\" { when = \"true\" points = 2.0 }\n"
			 "touch \"t\" { points = 1.0 }\n");
	put("more.conf", "rule \"b\" { when = \"true\" points = 20.0 }\n"
			 "rule \"c\" { when = \"true\" points = 3.0 }\n");
	put("card.conf", "name = \"card\"\ninclude = {\"base.conf\", \"more.conf\"}\n"
			 "group \"g\" { cap = 9.0 }\n"
			 "rule \"c\" { when = \"true\" points = 30.0 }\n"
			 "rule \"d\" { when = \"true\" points = 4.0 group = \"g\" }\n"
			 "touch \"t\" { points = 7.0 }\ntouch \"u\" { points = 8.0 }\n");
	card = load("card.conf", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(card->name, ==, "card");
	g_assert_cmpfloat(card->mql, ==, 65);
	text = describe(card);
	g_assert_cmpstr(text, ==,
			"a 1 base.conf:3;b 20 more.conf:1;c 30 card.conf:4;d 4 card.conf:5;"
			"g 9;t 7;u 8;");
	config_scorecard_free(card);
	clear();
}

static void
test_deep(void)
{
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card;

	put("end.conf", "rule \"a\" { when = \"true\" points = 1.0 }\n");
	put("b.conf", "include = \"end.conf\"\n");
	put("a.conf", "name = \"a\"\ninclude = {\"b.conf\", \"end.conf\"}\n");
	card = load("a.conf", &error); /* twice the same file is no cycle */
	g_assert_no_error(error);
	g_assert_cmpuint(card->rules->len, ==, 1);
	config_scorecard_free(card);
	clear();
}

static void
test_refused(void)
{
	static const struct {
		const char *a, *b, *c;
		const char *want; /* with DIR for the directory */
	} want[] = {
		{ "name = \"a\"\n\ninclude = {\"a.conf\"}\n", "", "",
		  "DIR/a.conf:3: includes itself" },
		{ "name = \"a\"\ninclude = {\"b.conf\"}\n", "\n\ninclude = {\"a.conf\"}\n", "",
		  "DIR/b.conf:3: includes DIR/a.conf, which includes this file again "
		  "(DIR/a.conf:2)" },
		{ "name = \"a\"\ninclude = {\"b.conf\"}\n", "include = {\"c.conf\"}\n",
		  "\ninclude = {\"a.conf\"}\n",
		  "DIR/c.conf:2: includes DIR/a.conf, which includes this file again "
		  "(DIR/a.conf:2)" },
		{ "name = \"a\"\ninclude = {\"none.conf\"}\n", "", "",
		  "DIR/none.conf:0: No such file or directory" },
		{ "name = \"a\"\ninclude = {\"b.conf\"}\n",
		  "rule \"r\" {\n\twhen = \"true\"\n\tgroup = \"g\"\n}\n", "",
		  "DIR/b.conf:3: rule \"r\": no group \"g\" in this file" },
		{ "name = \"a\"\ninclude = {\"b.conf\"}\ntouch \"r\" { points = 1.0 }\n",
		  "rule \"r\" { when = \"true\" }\n", "",
		  "DIR/a.conf:3: touch \"r\": a rule has that name (DIR/b.conf:1)" },
		{ "include = {\"b.conf\"}\n", "name = \"b\"\n", "",
		  "DIR/a.conf:0: expected name = \"…\" of the scorecard" },
		{ "name = \"a\"\ninclude = {\"b.conf\"}\n", "rule \"r\" { points = x }\n", "",
		  "DIR/b.conf:1: invalid floating point value for option 'points'" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GError) error = NULL;
		g_auto(GStrv) pieces = g_strsplit(want[i].want, "DIR", -1);
		g_autofree char *message = g_strjoinv(directory, pieces);

		put("a.conf", want[i].a);
		put("b.conf", want[i].b);
		put("c.conf", want[i].c);
		g_assert_null(load("a.conf", &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, message);
		clear();
	}
}

static void
test_too_deep(void)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < LIMIT_INCLUDES + 2; i++) {
		g_autofree char *name = g_strdup_printf("%u.conf", i);
		g_autofree char *text =
			g_strdup_printf("name = \"x\"\ninclude = {\"%u.conf\"}\n", i + 1);

		put(name, text);
	}
	g_assert_null(load("0.conf", &error));
	g_assert_nonnull(strstr(error->message, "files include each other more than"));
	clear();
}

int
main(int argc, char **argv)
{
	int code;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_test_add_func("/config-scorecard/merged", test_merged);
	g_test_add_func("/config-scorecard/deep", test_deep);
	g_test_add_func("/config-scorecard/refused", test_refused);
	g_test_add_func("/config-scorecard/too-deep", test_too_deep);
	code = g_test_run();
	g_rmdir(directory);
	g_free(directory);
	return code;
}
