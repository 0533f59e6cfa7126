/*
 * archive.c - see archive.h.
 *
 * mbox (RFC 4155): a message begins at a line "From sender date" at the start of the file or after
 * an empty line, when the line after it looks like a header field; so an unquoted "From " in a
 * body seldom splits a message.
 */
#include "archive.h"
#include "base/error.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define STDIN_MOST (64 << 20)

struct walk {
	archive_message_func each;
	gpointer data;
	gboolean stopped;
};

static const char *
line_end(const char *p, const char *end)
{
	const char *newline = memchr(p, '\n', end - p);
	return newline ? newline + 1 : end;
}

static gboolean
looks_like_header(const char *p, const char *end)
{
	const char *start = p;
	while (p<end && * p> ' ' && *p < 0x7f && *p != ':')
		p++;
	return p > start && p < end && *p == ':';
}

/* "From x@y Sat Jan  3 01:05:34 1996": sender, then something with a time of day. */
static gboolean
is_separator(const char *line, const char *end)
{
	if (end - line < 5 || memcmp(line, "From ", 5))
		return FALSE;
	const char *after = line_end(line, end);
	const char *colon = memchr(line, ':', after - line);
	return colon && g_ascii_isdigit(colon[-1]) && colon + 1 < after &&
	       g_ascii_isdigit(colon[1]) && looks_like_header(after, end);
}

/* An mbox has an empty line after each message that is not part of it. */
static gsize
without_last_empty_line(const char *p, const char *end)
{
	gsize length = end - p;
	if (length > 1 && end[-1] == '\n' && end[-2] == '\n')
		return length - 1;
	if (length > 3 && !memcmp(end - 4, "\r\n\r\n", 4))
		return length - 2;
	return length;
}

/* The start of the next message after `p`, or `end`. */
static const char *
next_message(const char *p, const char *end)
{
	gboolean after_empty = FALSE;
	for (p = line_end(p, end); p < end; p = line_end(p, end)) {
		if (after_empty && is_separator(p, end))
			return p;
		after_empty = *p == '\n' || (*p == '\r' && p + 1 < end && p[1] == '\n');
	}
	return end;
}

static void
walk_bytes(struct walk *walk, const char *path, const char *bytes, gsize length)
{
	const char *end = bytes + length;
	if (!is_separator(bytes, end)) {
		walk->stopped = !walk->each(path, bytes, length, walk->data);
		return;
	}
	guint n = 0;
	for (const char *p = bytes, *next; p < end && !walk->stopped; p = next) {
		next = next_message(p, end);
		gboolean alone = p == bytes && next == end;
		g_autofree char *name =
			alone ? g_strdup(path) : g_strdup_printf("%s#%u", path, ++n);
		walk->stopped = !walk->each(name, p, without_last_empty_line(p, next), walk->data);
	}
}

static gboolean
walk_file(struct walk *walk, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GMappedFile) file = g_mapped_file_new(path, FALSE, &why);
	if (!file) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: %s", path, why->message);
		return FALSE;
	}
	const char *bytes = g_mapped_file_get_contents(file);
	walk_bytes(walk, path, bytes ? bytes : "", g_mapped_file_get_length(file));
	return TRUE;
}

static gboolean
walk_stdin(struct walk *walk, GError **error)
{
	g_autoptr(GByteArray) all = g_byte_array_new();
	char chunk[65536];
	ssize_t n;
	while ((n = read(STDIN_FILENO, chunk, sizeof chunk)) > 0 && all->len < STDIN_MOST)
		g_byte_array_append(all, (const guint8 *)chunk, n);
	if (n < 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "standard input: %s",
			    g_strerror(errno));
		return FALSE;
	}
	walk_bytes(walk, "-", all->len ? (const char *)all->data : "", all->len);
	return TRUE;
}

static gint
compare_names(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static gboolean
has_directory(const char *path, const char *name)
{
	g_autofree char *below = g_build_filename(path, name, NULL);
	return g_file_test(below, G_FILE_TEST_IS_DIR);
}

/* The entries to look at in a directory.  Of a Maildir cur/ and new/ only: tmp/ is nobody's mail,
 * and servers keep files of their own beside them.  What is neither file nor directory is left
 * out: a FIFO would be waited for. */
static GPtrArray *
directory_entries(const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	g_autoptr(GDir) dir = g_dir_open(path, 0, &why);
	if (!dir) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: %s", path, why->message);
		return NULL;
	}
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	gboolean maildir = has_directory(path, "cur") && has_directory(path, "new");
	for (const char *name; (name = g_dir_read_name(dir));) {
		g_autofree char *entry = g_build_filename(path, name, NULL);
		gboolean wanted =
			maildir ? !strcmp(name, "cur") || !strcmp(name, "new") : name[0] != '.';
		if (wanted && (g_file_test(entry, G_FILE_TEST_IS_DIR) ||
			       g_file_test(entry, G_FILE_TEST_IS_REGULAR)))
			g_ptr_array_add(names, g_steal_pointer(&entry));
	}
	g_ptr_array_sort(names, compare_names);
	return names;
}

static gboolean
walk_path(struct walk *walk, const char *path, guint depth, GError **error)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return walk_file(walk, path, error);
	g_autoptr(GPtrArray) names = directory_entries(path, error);
	if (!names)
		return FALSE;
	for (guint i = 0; i < names->len && !walk->stopped; i++)
		if (depth < 16 && !walk_path(walk, g_ptr_array_index(names, i), depth + 1, error))
			return FALSE;
	return TRUE;
}

gboolean
archive_walk(const char *path, archive_message_func each, gpointer data, GError **error)
{
	struct walk walk = { each, data, FALSE };
	return strcmp(path, "-") ? walk_path(&walk, path, 0, error) : walk_stdin(&walk, error);
}

static guint
count_path(const char *path, guint depth)
{
	if (!g_file_test(path, G_FILE_TEST_IS_DIR))
		return 1;
	g_autoptr(GPtrArray) names = directory_entries(path, NULL);
	guint count = 0;
	for (guint i = 0; names && depth < 16 && i < names->len; i++)
		count += count_path(g_ptr_array_index(names, i), depth + 1);
	return count;
}

guint
archive_count(const char *path)
{
	return strcmp(path, "-") ? count_path(path, 0) : 1;
}
