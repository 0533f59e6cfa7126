/* test-archive.c - messages from files, mbox files, Maildirs, directories and standard input. */
#include "archive.h"
#include "base/error.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ONE "From: a@x.test\nSubject: one\n\nfirst\n"
#define TWO "From: b@x.test\nSubject: two\n\nsecond\n"
#define FROM_A "From a@x.test Sat Nov 21 10:00:00 2026\n"
#define FROM_B "From MAILER-DAEMON Sat Nov 21 10:00:01 2026\n"

/* --- a scratch directory --- */

static char *scratch;

static void
put(const char *name, const char *text)
{
	g_autofree char *path = g_build_filename(scratch, name, NULL);
	g_autofree char *parent = g_path_get_dirname(path);
	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	if (text)
		g_assert_true(g_file_set_contents(path, text, -1, NULL));
	else
		g_assert_cmpint(g_mkdir_with_parents(path, 0700), ==, 0);
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir =
		g_file_test(path, G_FILE_TEST_IS_SYMLINK) ? NULL : g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *entry = g_build_filename(path, name, NULL);
		remove_tree(entry);
	}
	g_remove(path);
}

static void
make_scratch(void)
{
	scratch = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_assert_nonnull(scratch);
}

static void
drop_scratch(void)
{
	remove_tree(scratch);
	g_clear_pointer(&scratch, g_free);
}

/* --- what a walk gave: "name=length first-line-of-body" --- */

struct seen {
	GString *names; /* without the scratch directory */
	GPtrArray *texts;
	guint most; /* then the walk is ended; 0 no end */
};

static gboolean
note(const char *name, const void *bytes, gsize length, gpointer data)
{
	struct seen *seen = data;
	if (g_str_has_prefix(name, scratch))
		name += strlen(scratch) + 1;
	g_string_append_printf(seen->names, "%s%s", seen->names->len ? " " : "", name);
	g_assert_nonnull(bytes);
	g_ptr_array_add(seen->texts, g_strndup(bytes, length));
	return seen->texts->len != seen->most;
}

static void
walk(struct seen *seen, const char *name, guint most)
{
	g_autofree char *path = g_build_filename(scratch, name, NULL);
	g_autoptr(GError) error = NULL;
	*seen = (struct seen){ g_string_new(NULL), g_ptr_array_new_with_free_func(g_free), most };
	gboolean ok = archive_walk(path, note, seen, &error);
	g_assert_no_error(error);
	g_assert_true(ok);
}

static void
seen_clear(struct seen *seen)
{
	g_string_free(seen->names, TRUE);
	g_ptr_array_unref(seen->texts);
}

/* --- mbox --- */

static const struct {
	const char *label, *text;
	const char *want[4]; /* the messages; NULL ends */
} mbox_cases[] = {
	{ "no mbox: one message as it is", ONE, { ONE } },
	{ "an empty file", "", { "" } },
	{ "one message", FROM_A ONE, { FROM_A ONE } },
	{ "two", FROM_A ONE "\n" FROM_B TWO, { FROM_A ONE, FROM_B TWO } },
	{ "three",
	  FROM_A ONE "\n" FROM_B TWO "\n" FROM_A ONE,
	  { FROM_A ONE, FROM_B TWO, FROM_A ONE } },
	{ "two with CRLF",
	  "From a@x.test Sat Nov 21 10:00:00 2026\r\nSubject: 1\r\n\r\nx\r\n\r\n"
	  "From b@x.test Sat Nov 21 10:00:00 2026\r\nSubject: 2\r\n\r\ny\r\n",
	  { "From a@x.test Sat Nov 21 10:00:00 2026\r\nSubject: 1\r\n\r\nx\r\n",
	    "From b@x.test Sat Nov 21 10:00:00 2026\r\nSubject: 2\r\n\r\ny\r\n" } },
	{ "quoted From_ in a body", FROM_A ONE "\n>" FROM_B TWO, { FROM_A ONE "\n>" FROM_B TWO } },
	{ "a sentence that begins with From",
	  FROM_A ONE "\nFrom now on: all is well\nx: y\n",
	  { FROM_A ONE "\nFrom now on: all is well\nx: y\n" } },
	{ "a separator without a header after it",
	  FROM_A ONE "\n" FROM_B "and so on\n",
	  { FROM_A ONE "\n" FROM_B "and so on\n" } },
	{ "a separator without an empty line before it",
	  FROM_A ONE FROM_B TWO,
	  { FROM_A ONE FROM_B TWO } },
	{ "a separator at the very end", FROM_A ONE "\n" FROM_B, { FROM_A ONE "\n" FROM_B } },
	{ "no time of day", "From a@x.test\n" ONE, { "From a@x.test\n" ONE } },
	{ "a From field is no separator",
	  "From: a@x.test Sat Nov 21 10:00:00 2026\nSubject: x\n\n",
	  { "From: a@x.test Sat Nov 21 10:00:00 2026\nSubject: x\n\n" } },
	{ "an mbox in a message is a part of it", ONE "\n" FROM_B TWO, { ONE "\n" FROM_B TWO } },
	{ "as the format has it, an empty line after each",
	  FROM_A ONE "\n" FROM_B TWO "\n",
	  { FROM_A ONE, FROM_B TWO } },
	{ "empty lines of the message itself stay",
	  FROM_A ONE "\n\n\n" FROM_B TWO "\n",
	  { FROM_A ONE "\n\n", FROM_B TWO } },
	{ "a header block only", FROM_A "A: b\n\n", { FROM_A "A: b\n" } },
	{ "a last message without a line end",
	  FROM_A ONE "\n" FROM_B "Subject: z",
	  { FROM_A ONE, FROM_B "Subject: z" } },
};

static void
test_mbox(void)
{
	make_scratch();
	for (guint i = 0; i < G_N_ELEMENTS(mbox_cases); i++) {
		guint want = 0;
		while (want < 4 && mbox_cases[i].want[want])
			want++;
		put("box", mbox_cases[i].text);
		struct seen seen;
		walk(&seen, "box", 0);
		g_test_message("%s: %s", mbox_cases[i].label, seen.names->str);
		g_assert_cmpuint(seen.texts->len, ==, want);
		for (guint j = 0; j < want; j++)
			g_assert_cmpstr(g_ptr_array_index(seen.texts, j), ==,
					mbox_cases[i].want[j]);
		g_assert_cmpstr(seen.names->str, ==,
				want == 1   ? "box"
				: want == 2 ? "box#1 box#2"
					    : "box#1 box#2 box#3");
		seen_clear(&seen);
	}
	drop_scratch();
}

/* --- directories --- */

static void
check_walk(const char *name, const char *want, guint files)
{
	g_autofree char *path = g_build_filename(scratch, name, NULL);
	struct seen seen;
	walk(&seen, name, 0);
	g_assert_cmpstr(seen.names->str, ==, want);
	g_assert_cmpuint(archive_count(path), ==, files);
	seen_clear(&seen);
}

static void
test_directory(void)
{
	make_scratch();
	put("mails/b.eml", TWO);
	put("mails/a.eml", ONE);
	put("mails/.hidden", ONE);
	put("mails/deep/er/c.eml", ONE);
	put("mails/box", FROM_A ONE "\n" FROM_B TWO);
	put("mails/empty", NULL);
	check_walk("mails", "mails/a.eml mails/b.eml mails/box#1 mails/box#2 mails/deep/er/c.eml",
		   4);
	check_walk("mails/deep", "mails/deep/er/c.eml", 1);
	check_walk("mails/empty", "", 0);
	drop_scratch();
}

/* Of a Maildir only cur and new are mail: neither tmp nor what a server keeps beside them. */
static void
test_maildir(void)
{
	make_scratch();
	put("box/new/2.host", TWO);
	put("box/cur/1.host:2,S", ONE);
	put("box/tmp/3.host", ONE);
	put("box/dovecot-uidlist", "3 V1 N4 G1\n");
	put("box/subscriptions", "Sent\n");
	put("box/.Sent/cur/4.host:2,S", ONE);
	put("box/.Sent/new", NULL);
	check_walk("box", "box/cur/1.host:2,S box/new/2.host", 2);
	check_walk("box/.Sent", "box/.Sent/cur/4.host:2,S", 1);
	check_walk("", "box/cur/1.host:2,S box/new/2.host", 2);
	drop_scratch();
}

/* What is no file is no mail; a FIFO without a writer would wait for ever. */
static void
test_other_files(void)
{
	make_scratch();
	put("mails/a.eml", ONE);
	g_autofree char *fifo = g_build_filename(scratch, "mails", "fifo", NULL);
	g_autofree char *loop = g_build_filename(scratch, "mails", "loop", NULL);
	g_autofree char *gone = g_build_filename(scratch, "mails", "gone", NULL);
	g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
	g_assert_cmpint(symlink("nowhere", gone), ==, 0);
	check_walk("mails", "mails/a.eml", 1);
	/* a circle of links ends */
	g_assert_cmpint(symlink(".", loop), ==, 0);
	struct seen seen;
	walk(&seen, "mails", 0);
	g_assert_cmpuint(seen.texts->len, <=, 17);
	seen_clear(&seen);
	drop_scratch();
}

static void
test_end(void)
{
	make_scratch();
	put("mails/a.eml", ONE);
	put("mails/b", FROM_A ONE "\n" FROM_B TWO "\n" FROM_A ONE);
	put("mails/c.eml", ONE);
	const char *want[] = { NULL, "mails/a.eml", "mails/a.eml mails/b#1",
			       "mails/a.eml mails/b#1 mails/b#2" };
	for (guint most = 1; most < G_N_ELEMENTS(want); most++) {
		struct seen seen;
		walk(&seen, "mails", most);
		g_assert_cmpstr(seen.names->str, ==, want[most]);
		seen_clear(&seen);
	}
	drop_scratch();
}

static void
test_missing(void)
{
	make_scratch();
	g_autofree char *path = g_build_filename(scratch, "nowhere", NULL);
	g_autoptr(GError) error = NULL;
	g_assert_false(archive_walk(path, note, NULL, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	g_assert_true(g_str_has_prefix(error->message, path));
	drop_scratch();
}

/* --- standard input --- */

static const struct {
	const char *text, *names;
} stdin_cases[] = {
	{ ONE, "-" },
	{ FROM_A ONE "\n" FROM_B TWO, "-#1 -#2" },
	{ "", "-" },
};

static void
test_stdin(void)
{
	make_scratch();
	for (guint i = 0; i < G_N_ELEMENTS(stdin_cases); i++) {
		put("in", stdin_cases[i].text);
		g_autofree char *path = g_build_filename(scratch, "in", NULL);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		g_assert_cmpint(dup2(fd, STDIN_FILENO), ==, STDIN_FILENO);
		close(fd);
		struct seen seen = { g_string_new(NULL), g_ptr_array_new_with_free_func(g_free),
				     0 };
		g_autoptr(GError) error = NULL;
		g_assert_true(archive_walk("-", note, &seen, &error));
		g_assert_cmpstr(seen.names->str, ==, stdin_cases[i].names);
		g_assert_cmpuint(archive_count("-"), ==, 1);
		seen_clear(&seen);
	}
	close(STDIN_FILENO);
	g_autoptr(GError) error = NULL;
	g_assert_false(archive_walk("-", note, NULL, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	g_assert_nonnull(strstr(error->message, "standard input"));
	drop_scratch();
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/archive/mbox", test_mbox);
	g_test_add_func("/archive/directory", test_directory);
	g_test_add_func("/archive/maildir", test_maildir);
	g_test_add_func("/archive/other-files", test_other_files);
	g_test_add_func("/archive/end", test_end);
	g_test_add_func("/archive/missing", test_missing);
	g_test_add_func("/archive/stdin", test_stdin);
	return g_test_run();
}
