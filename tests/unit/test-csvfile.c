/* test-csvfile.c - tables as programs write them, and files that want to hurt. */
#include "base/csvfile.h"
#include "cpu_time.h"

#include <string.h>

#include <glib/gstdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"

static char *
write_file(const char *bytes, gssize length)
{
	char *path = NULL;
	int fd = g_file_open_tmp("csvfile-XXXXXX.csv", &path, NULL);
	g_assert_cmpint(fd, >=, 0);
	close(fd);
	g_assert_true(g_file_set_contents(path, bytes, length, NULL));
	return path;
}

/* All of a file in one line: "a|b / 2:1|2 / 3! / 4:…", fields of rows with their lines, a line
 * with "!" for each row that can't be read; "#" and the message when the file can't. */
static char *
read_all(const char *bytes, gssize length)
{
	g_autofree char *path = write_file(bytes, length);
	g_autoptr(GError) error = NULL;
	g_autoptr(csvfile_owned) file = csvfile_open(path, &error);
	const GPtrArray *fields = NULL;
	enum csvfile_result result;
	GString *all = g_string_new(NULL);

	g_unlink(path);
	if (!file) {
		g_assert_true(g_str_has_prefix(error->message, path));
		g_string_printf(all, "#%s", error->message + strlen(path));
		return g_string_free(all, FALSE);
	}
	for (guint i = 0; i < csvfile_header(file)->len; i++)
		g_string_append_printf(all, "%s%s", i ? "|" : "",
				       (char *)csvfile_header(file)->pdata[i]);
	while ((result = csvfile_next(file, &fields, &error)) != CSVFILE_END) {
		g_string_append_printf(all, " / %u%c", csvfile_line(file),
				       result == CSVFILE_ROW ? ':' : '!');
		for (guint i = 0; result == CSVFILE_ROW && i < fields->len; i++)
			g_string_append_printf(all, "%s%s", i ? "|" : "", (char *)fields->pdata[i]);
		if (result != CSVFILE_ROW) {
			g_autofree char *prefix =
				g_strdup_printf("%s:%u: ", path, csvfile_line(file));
			g_assert_cmpint(result, ==, CSVFILE_BAD);
			g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
			g_assert_true(g_str_has_prefix(error->message, prefix));
			g_clear_error(&error);
		}
	}
	g_assert_no_error(error);
	return g_string_free(all, FALSE);
}

static void
test_rows(void)
{
	static const struct {
		const char *bytes, *want;
	} cases[] = {
		/* RFC 4180 */
		{ "a,b\r\n1,2\r\n", "a|b / 2:1|2" },
		{ "a,b\n1,2", "a|b / 2:1|2" },
		{ "a,b\r1,2\r3,4", "a|b / 2:1|2 / 3:3|4" },
		{ "a,b\n\"1,5\",\"say \"\"hi\"\"\"\n", "a|b / 2:1,5|say \"hi\"" },
		{ "a,b\n\"1\n2\",3\n4,5\n", "a|b / 2:1\n2|3 / 4:4|5" },
		{ "a,b\r\n\"1\r\n2\",3\r\n4,5\r\n", "a|b / 2:1\r\n2|3 / 4:4|5" },
		/* what programs write */
		{ "\xef\xbb\xbf"
		  "a,b\n1,2\n",
		  "a|b / 2:1|2" },
		{ "\xef\xbb\xbf\"a\",b\n1,2\n", "a|b / 2:1|2" },
		{ "a;b\n1,5;2\n", "a|b / 2:1,5|2" },
		{ "a\tb c\td\n1\t\t2\n", "a|b c|d / 2:1||2" },
		{ "a|b\n1|2\n", "a|b / 2:1|2" },
		{ "\"a;b;c\",d\n1,2\n", "a;b;c|d / 2:1|2" },
		{ "sep=;\r\na,x;b\r\n1;2\r\n", "a,x|b / 3:1|2" },
		{ "a\n1\n", "a / 2:1" },
		{ " a , b \n 1 ,\" 2 \"\n", "a|b / 2:1| 2 " },
		{ "a,b\n\n1,2\n\n\n3,4\n\n", "a|b / 3:1|2 / 6:3|4" },
		{ "\n\na,b\n1,2\n", "a|b / 4:1|2" },
		{ "a,b\n,\n1,2\n,,,\n \n", "a|b / 3:1|2" },
		{ "a,b,\n1,2,\n", "a|b / 2:1|2" },
		{ "a,b,c\n1\n1,2\n", "a|b|c / 2:1|| / 3:1|2|" },
		{ "a,b\n1,2,,\n", "a|b / 2:1|2" },
		{ "a,b\n\"\",x\n", "a|b / 2:|x" },
		{ "a,b\n\303\251,\360\237\230\200\n", "a|b / 2:\303\251|\360\237\230\200" },
		{ "a,b\n", "a|b" },
		/* rows that cost themselves alone */
		{ "a,b\n1,2,3\n4,5\n", "a|b / 2! / 3:4|5" },
		{ "a,b\n1,\351\n4,5\n", "a|b / 2! / 3:4|5" },
		{ "a,b\n1,x\"y\n4,5\n", "a|b / 2! / 3:4|5" },
		{ "a,b\n\"1\"2,3\n4,5\n", "a|b / 2! / 3:4|5" },
		{ "a,b\n1,\"2\n4,5\n6,7", "a|b / 2! / 3:4|5 / 4:6|7" },
		{ "a,b\n1,\"2\n4,\"5\n6,7\n", "a|b / 2! / 3! / 4:6|7" },
		/* files that can't be read */
		{ "", "#:1: is empty; expected a row with the columns' names" },
		{ "\n\n \n", "#:1: is empty; expected a row with the columns' names" },
		{ "\xef\xbb\xbf", "#:1: is empty; expected a row with the columns' names" },
		{ "\xff\xfe"
		  "a,b",
		  "#:1: is UTF-16; expected a file saved as \"CSV UTF-8\"" },
		{ "PK\x03\x04zip",
		  "#:1: is a spreadsheet; expected a file saved as \"CSV UTF-8\"" },
		{ "a,\351\n1,2\n",
		  "#:1: header: byte 0xe9 is no UTF-8; expected a file saved as \"CSV UTF-8\"" },
		{ "a,\"b\n1,2\n", "#:1: field 2: its quote never ends" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = read_all(cases[i].bytes, -1);
		g_test_message("%s", cases[i].bytes);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
}

static void
test_messages(void)
{
	static const struct {
		const char *bytes;
		gssize length;
		const char *want;
	} cases[] = {
		{ "a,b\n1,2,3\n", -1, ":2: 3 fields, expected 2 as in the header" },
		{ "a,b\n1,\351t\351\n", -1,
		  ":2: b: byte 0xe9 is no UTF-8; expected a file saved as \"CSV UTF-8\"" },
		{ "a,b\n1,x\0y\n", 10, ":2: b: a NUL byte; expected text" },
		{ "a,b\nx\"y,2\n", -1,
		  ":2: field 1: a quote inside of a field; expected the whole field in quotes and "
		  "quotes in it doubled" },
		{ "a,b\n\n\n1,\"2", -1, ":4: field 2: its quote never ends" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path = write_file(cases[i].bytes, cases[i].length);
		g_autoptr(GError) error = NULL;
		g_autoptr(csvfile_owned) file = csvfile_open(path, &error);
		const GPtrArray *fields = NULL;
		g_assert_no_error(error);
		g_assert_cmpint(csvfile_next(file, &fields, &error), ==, CSVFILE_BAD);
		g_assert_cmpstr(error->message + strlen(path), ==, cases[i].want);
		g_unlink(path);
	}
}

/* Memory is bounded and time linear, whatever stands in the file. */
static void
test_large(void)
{
	static const struct {
		const char *before, *many, *after;
		guint times;
		const char *want;
	} cases[] = {
		{ "a,b\n", "x", ",1\n2,3\n", 8 << 20, "a|b / 2! / 3:2|3" },
		{ "a,b\n\"", "x", "\"\n2,3\n", 8 << 20, "a|b / 2! / 3:2|3" },
		{ "a,b\n", ",", "\n2,3\n", 8 << 20, "a|b / 2! / 3:2|3" },
		{ "a,b\n\"", "\"\"", "\"\n2,3\n", 4 << 20, "a|b / 2! / 3:2|3" },
		{ "a,b\n1,2\n", "\n", "3,4\n", 1 << 20, "a|b / 2:1|2 / 1048579:3|4" },
		{ "a,b\n", "x", ",1\n2,3\n", LIMIT_CSV_ROW - 3, NULL },
		{ "a,b\n", "x", ",1\n2,3\n", LIMIT_CSV_ROW - 2, "a|b / 2! / 3:2|3" },
		{ "a,b\n", ",", "x\n2,3\n", LIMIT_CSV_COLUMNS, "a|b / 2! / 3:2|3" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		GString *bytes = g_string_new(cases[i].before);
		for (guint n = 0; n < cases[i].times; n++)
			g_string_append(bytes, cases[i].many);
		g_string_append(bytes, cases[i].after);
		gint64 began = cpu_time();
		g_autofree char *got = read_all(bytes->str, (gssize)bytes->len);
		g_test_message("%u: %" G_GINT64_FORMAT " us", i, cpu_time() - began);
		if (cases[i].want)
			g_assert_cmpstr(got, ==, cases[i].want);
		else
			g_assert_nonnull(strstr(got, "xxx|1 / 3:2|3"));
		g_string_free(bytes, TRUE);
	}
}

/* Each line opens a quote that the next one would close: none is lost, none is read twice over. */
static void
test_unterminated_everywhere(void)
{
	GString *bytes = g_string_new("a,b\n");
	for (guint i = 0; i < 100000; i++)
		g_string_append(bytes, i % 2 ? "1,2\n" : "x,\"open\n");
	gint64 began = cpu_time();
	g_autofree char *got = read_all(bytes->str, (gssize)bytes->len);
	g_assert_cmpint(cpu_time() - began, <, 20 * G_USEC_PER_SEC);
	guint rows = 0;
	for (const char *p = got; (p = strstr(p, ":1|2")); p++)
		rows++;
	g_assert_cmpuint(rows, ==, 50000);
	g_string_free(bytes, TRUE);
}

static void
test_no_file(void)
{
	g_autoptr(GError) error = NULL;
	g_assert_null(csvfile_open("/nowhere/at-all.csv", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SYSTEM);
	g_assert_true(g_str_has_prefix(error->message, "/nowhere/at-all.csv: "));
	g_clear_error(&error);
	g_assert_null(csvfile_open("/", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SYSTEM);
}

static void
test_position(void)
{
	g_autofree char *path = write_file("a,b\n1,2\n3,4\n", -1);
	g_autoptr(GError) error = NULL;
	g_autoptr(csvfile_owned) file = csvfile_open(path, &error);
	const GPtrArray *fields = NULL;
	gint64 size = 0;
	g_assert_no_error(error);
	g_assert_cmpstr(csvfile_path(file), ==, path);
	g_assert_cmpint(csvfile_position(file, &size), ==, 4);
	g_assert_cmpint(size, ==, 12);
	g_assert_cmpint(csvfile_next(file, &fields, &error), ==, CSVFILE_ROW);
	g_assert_cmpint(csvfile_position(file, &size), ==, 8);
	g_assert_cmpint(csvfile_next(file, &fields, &error), ==, CSVFILE_ROW);
	g_assert_cmpint(csvfile_next(file, &fields, &error), ==, CSVFILE_END);
	g_assert_cmpint(csvfile_position(file, &size), ==, 12);
	g_unlink(path);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/csvfile/rows", test_rows);
	g_test_add_func("/csvfile/messages", test_messages);
	g_test_add_func("/csvfile/large", test_large);
	g_test_add_func("/csvfile/unterminated", test_unterminated_everywhere);
	g_test_add_func("/csvfile/no-file", test_no_file);
	g_test_add_func("/csvfile/position", test_position);
	return g_test_run();
}
