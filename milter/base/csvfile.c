/*
 * csvfile.c - see csvfile.h.  libcsv (LGPL) is known here only.
 *
 * libcsv gets one line at a time, so that lines are counted here and a row that is given up can be
 * left at the end of its first line.  It is strict: a quote inside of an unquoted field is
 * an error instead of a guess.
 */
#include "base/csvfile.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/limits.h"

#define CHUNK (64 * 1024)

struct csvfile {
	char *path;
	int fd;
	gint64 size, position;
	GString *buffer; /* read, and from `start` on not yet taken */
	gsize start;
	gboolean ended; /* nothing more to read */
	guint line; /* of buffer[start], from 1 */
	guint row_line; /* where the last row began */
	struct csv_parser parser;
	GPtrArray *header;
	GPtrArray *fields; /* GString *: room, kept */
	guint count; /* of fields in use */
	gboolean complete; /* the row ended */
	GPtrArray *row; /* char *, of fields */
};

static gboolean bad(const struct csvfile *file, guint line, GError **error, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

static gboolean
bad(const struct csvfile *file, guint line, GError **error, const char *format, ...)
{
	va_list args;
	g_autofree char *what = NULL;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s:%u: %s", file->path, line, what);
	return FALSE;
}

/* --- bytes --- */

/* @return FALSE with an error; at the end of the file TRUE and `ended` */
static gboolean
read_more(struct csvfile *file, GError **error)
{
	gsize had = file->buffer->len;
	ssize_t n;

	g_string_set_size(file->buffer, had + CHUNK);
	do
		n = read(file->fd, file->buffer->str + had, CHUNK);
	while (n < 0 && errno == EINTR);
	g_string_set_size(file->buffer, had + MAX(n, 0));
	file->ended = n == 0;
	if (n >= 0) {
		file->position += n;
		return TRUE;
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s", file->path, g_strerror(errno));
	return FALSE;
}

static void
drop_taken(struct csvfile *file)
{
	if (file->start < CHUNK)
		return;
	g_string_erase(file->buffer, 0, (gssize)file->start);
	file->start = 0;
}

enum line_result { LINE_FOUND, LINE_NONE, LINE_TOO_LONG, LINE_FAILED };

/* Where the line that begins at `from` ends, its line end included.  No more than LIMIT_CSV_ROW
 * bytes from `start` on are looked at. */
static enum line_result
find_line_end(struct csvfile *file, gsize from, gsize *ret_end, GError **error)
{
	gsize at = from;

	for (;;) {
		for (; at < file->buffer->len; at++) {
			char c = file->buffer->str[at];

			if (c != '\n' && c != '\r')
				continue;
			if (c == '\r' && at + 1 == file->buffer->len && !file->ended)
				break; /* LF may follow */
			*ret_end = at + 1;
			if (c == '\r' && file->buffer->str[at + 1] == '\n')
				++*ret_end;
			return LINE_FOUND;
		}
		if (at - file->start > LIMIT_CSV_ROW)
			return LINE_TOO_LONG;
		if (file->ended)
			break;
		if (!read_more(file, error))
			return LINE_FAILED;
	}
	*ret_end = file->buffer->len;
	return *ret_end > from ? LINE_FOUND : LINE_NONE;
}

/* Go to the end of the line at `start`, however far that is. */
static gboolean
skip_line(struct csvfile *file, GError **error)
{
	gsize end;

	for (;;) {
		switch (find_line_end(file, file->start, &end, error)) {
		case LINE_FAILED:
			return FALSE;
		case LINE_TOO_LONG:
			/* the last byte stays: it may be half of CRLF */
			file->start = file->buffer->len - 1;
			drop_taken(file);
			continue;
		case LINE_FOUND:
			file->line++;
			file->start = end;
			return TRUE;
		case LINE_NONE:
			return TRUE;
		}
	}
}

/* --- rows --- */

static void
take_field(void *bytes, size_t length, void *data)
{
	struct csvfile *file = data;
	GString *field;

	if (file->count++ >= LIMIT_CSV_COLUMNS)
		return;
	if (file->count > file->fields->len)
		g_ptr_array_add(file->fields, g_string_new(NULL));
	field = file->fields->pdata[file->count - 1];
	g_string_truncate(field, 0);
	g_string_append_len(field, bytes, (gssize)length);
}

static void
end_row(int ending, void *data)
{
	(void)ending;
	((struct csvfile *)data)->complete = TRUE;
}

static void
free_field(gpointer data)
{
	g_string_free(data, TRUE);
}

static void
restart_parser(struct csvfile *file)
{
	char delimiter = (char)csv_get_delim(&file->parser);

	csv_free(&file->parser);
	csv_init(&file->parser, CSV_STRICT | CSV_STRICT_FINI);
	csv_set_delim(&file->parser, (guchar)delimiter);
}

/* The row can't be read: whatever of it was taken as text of a quoted field is looked at again. */
static enum csvfile_result
give_up(struct csvfile *file, GError **error)
{
	GError *failure = NULL;

	restart_parser(file);
	file->line = file->row_line;
	if (skip_line(file, &failure)) {
		drop_taken(file);
		return CSVFILE_BAD;
	}
	g_clear_error(error);
	g_propagate_error(error, failure);
	return CSVFILE_FAILED;
}

static enum csvfile_result
give_up_long(struct csvfile *file, GError **error)
{
	bad(file, file->row_line, error,
	    "longer than %d bytes, or the quote of field %u never ends", LIMIT_CSV_ROW,
	    file->count + 1);
	return give_up(file, error);
}

static gboolean
feed(struct csvfile *file, const char *bytes, gsize length, GError **error)
{
	if (csv_parse(&file->parser, bytes, length, take_field, end_row, file) == length)
		return TRUE;
	return bad(file, file->row_line, error,
		   "field %u: a quote inside of a field; expected the whole field in quotes and "
		   "quotes "
		   "in it doubled",
		   file->count + 1);
}

/* The file ends in the middle of a row. */
static gboolean
feed_end(struct csvfile *file, GError **error)
{
	if (csv_fini(&file->parser, take_field, end_row, file) == 0)
		return TRUE;
	return bad(file, file->row_line, error, "field %u: its quote never ends", file->count + 1);
}

static gboolean
is_blank(const struct csvfile *file)
{
	for (guint i = 0; i < MIN(file->count, file->fields->len); i++) {
		if (((const GString *)file->fields->pdata[i])->len > 0)
			return FALSE;
	}
	return TRUE;
}

/* Lines until a row is complete.  @return CSVFILE_ROW also for a blank one */
static enum csvfile_result
read_row(struct csvfile *file, GError **error)
{
	gsize at = file->start, end = at;

	file->count = 0;
	file->complete = FALSE;
	file->row_line = file->line;
	while (!file->complete) {
		switch (find_line_end(file, at, &end, error)) {
		case LINE_FAILED:
			return CSVFILE_FAILED;
		case LINE_TOO_LONG:
			return give_up_long(file, error);
		case LINE_NONE:
			if (!feed_end(file, error))
				return give_up(file, error);
			file->start = at;
			return file->complete ? CSVFILE_ROW : CSVFILE_END;
		case LINE_FOUND:
			if (end - file->start > LIMIT_CSV_ROW)
				return give_up_long(file, error);
			if (!feed(file, file->buffer->str + at, end - at, error))
				return give_up(file, error);
			break;
		}
		file->line++;
		if (file->count == 0 && !file->complete && file->parser.pstate == 0) {
			file->start = end; /* an empty line */
			file->row_line = file->line;
		}
		at = end;
	}
	file->start = at;
	drop_taken(file);
	return CSVFILE_ROW;
}

static const char *
column_name(const struct csvfile *file, guint i)
{
	return file->header && i < file->header->len ? file->header->pdata[i] : "header";
}

static gboolean
check_field(const struct csvfile *file, guint i, GError **error)
{
	const GString *field = file->fields->pdata[i];
	const char *wrong;

	if (g_utf8_validate(field->str, (gssize)field->len, &wrong))
		return TRUE;
	if (*wrong == '\0')
		return bad(file, file->row_line, error, "%s: a NUL byte; expected text",
			   column_name(file, i));
	return bad(file, file->row_line, error,
		   "%s: byte 0x%02x is no UTF-8; expected a file saved as \"CSV UTF-8\"",
		   column_name(file, i), (guchar)*wrong);
}

/* Programs leave out empty fields at the end of a row (Excel does), but never name more of them
 * than columns: then something wasn't quoted. */
static gboolean
check_row(struct csvfile *file, GError **error)
{
	if (file->count > LIMIT_CSV_COLUMNS)
		return bad(file, file->row_line, error, "%u fields, expected at most %d",
			   file->count, LIMIT_CSV_COLUMNS);
	for (guint i = 0; i < file->count; i++) {
		const GString *field = file->fields->pdata[i];

		if (file->header && i >= file->header->len && field->len > 0)
			return bad(file, file->row_line, error,
				   "%u fields, expected %u as in the header", file->count,
				   file->header->len);
		if (!check_field(file, i, error))
			return FALSE;
	}
	return TRUE;
}

static enum csvfile_result
next_row(struct csvfile *file, GError **error)
{
	enum csvfile_result result;

	do
		result = read_row(file, error);
	while (result == CSVFILE_ROW && is_blank(file) && file->count <= LIMIT_CSV_COLUMNS);
	return result == CSVFILE_ROW && !check_row(file, error) ? CSVFILE_BAD : result;
}

enum csvfile_result
csvfile_next(struct csvfile *file, const GPtrArray **ret_fields, GError **error)
{
	enum csvfile_result result = next_row(file, error);

	if (result != CSVFILE_ROW)
		return result;
	g_ptr_array_set_size(file->row, 0);
	for (guint i = 0; i < file->header->len; i++)
		g_ptr_array_add(file->row, i < file->count
						   ? ((GString *)file->fields->pdata[i])->str
						   : (char *)"");
	*ret_fields = file->row;
	return CSVFILE_ROW;
}

/* --- the beginning --- */

static gboolean
skip_byte_order_mark(struct csvfile *file, GError **error)
{
	const GString *buffer = file->buffer;

	while (!file->ended && buffer->len < 4) {
		if (!read_more(file, error))
			return FALSE;
	}
	if (g_str_has_prefix(buffer->str, "\xef\xbb\xbf"))
		file->start = 3;
	if (g_str_has_prefix(buffer->str, "\xff\xfe") || g_str_has_prefix(buffer->str, "\xfe\xff"))
		return bad(file, 1, error, "is UTF-16; expected a file saved as \"CSV UTF-8\"");
	if (g_str_has_prefix(buffer->str, "PK\x03\x04"))
		return bad(file, 1, error,
			   "is a spreadsheet; expected a file saved as \"CSV UTF-8\"");
	return TRUE;
}

static gboolean
take_separator_line(struct csvfile *file, gsize end)
{
	const char *line = file->buffer->str + file->start;

	if (end - file->start < 5 || strncmp(line, "sep=", 4) != 0 || !strchr(",;\t|", line[4]))
		return FALSE;
	csv_set_delim(&file->parser, (guchar)line[4]);
	file->start = end;
	file->line++;
	return TRUE;
}

/* Whichever the header holds most of, outside of quotes. */
static char
guess_delimiter(const char *line, gsize length)
{
	static const char candidates[] = ",;\t|";
	guint counts[sizeof candidates] = { 0 };
	gboolean quoted = FALSE;
	guint best = 0;

	for (gsize i = 0; i < length; i++) {
		const char *found = line[i] ? strchr(candidates, line[i]) : NULL;

		quoted ^= line[i] == '"';
		if (found && !quoted)
			counts[found - candidates]++;
	}
	for (guint i = 1; candidates[i]; i++) {
		if (counts[i] > counts[best])
			best = i;
	}
	return candidates[best];
}

static gboolean
find_delimiter(struct csvfile *file, GError **error)
{
	gsize end = file->start;
	enum line_result found = find_line_end(file, file->start, &end, error);

	if (found == LINE_FAILED)
		return FALSE;
	if (found == LINE_FOUND && !take_separator_line(file, end))
		csv_set_delim(&file->parser,
			      (guchar)guess_delimiter(file->buffer->str + file->start,
						      end - file->start));
	return TRUE;
}

static gboolean
read_header(struct csvfile *file, GError **error)
{
	switch (next_row(file, error)) {
	case CSVFILE_END:
		return bad(file, 1, error, "is empty; expected a row with the columns' names");
	case CSVFILE_BAD:
	case CSVFILE_FAILED:
		return FALSE;
	case CSVFILE_ROW:
		break;
	}
	file->header = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < file->count; i++)
		g_ptr_array_add(file->header, g_strdup(((GString *)file->fields->pdata[i])->str));
	while (file->header->len && !*(char *)file->header->pdata[file->header->len - 1])
		g_ptr_array_set_size(file->header, (gint)file->header->len - 1);
	return TRUE;
}

static gboolean
open_file(struct csvfile *file, GError **error)
{
	struct stat info = { 0 };

	file->fd = strcmp(file->path, "-") ? open(file->path, O_RDONLY | O_CLOEXEC)
					   : dup(STDIN_FILENO);
	if (file->fd >= 0 && fstat(file->fd, &info) == 0 && S_ISDIR(info.st_mode))
		errno = EISDIR;
	else if (file->fd >= 0) {
		file->size = S_ISREG(info.st_mode) ? info.st_size : 0;
		return TRUE;
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s", file->path, g_strerror(errno));
	return FALSE;
}

struct csvfile *
csvfile_open(const char *path, GError **error)
{
	g_autoptr(csvfile_owned) file = g_new0(struct csvfile, 1);

	file->path = g_strdup(path);
	file->line = file->row_line = 1;
	file->buffer = g_string_sized_new(2 * CHUNK);
	file->fields = g_ptr_array_new_with_free_func(free_field);
	file->row = g_ptr_array_new();
	csv_init(&file->parser, CSV_STRICT | CSV_STRICT_FINI);
	if (!open_file(file, error) || !skip_byte_order_mark(file, error) ||
	    !find_delimiter(file, error) || !read_header(file, error))
		return NULL;
	return g_steal_pointer(&file);
}

void
csvfile_close(struct csvfile *file)
{
	if (!file)
		return;
	if (file->fd >= 0)
		close(file->fd);
	csv_free(&file->parser);
	g_string_free(file->buffer, TRUE);
	g_ptr_array_unref(file->fields);
	g_ptr_array_unref(file->row);
	if (file->header)
		g_ptr_array_unref(file->header);
	g_free(file->path);
	g_free(file);
}

/* --- what is asked of it --- */

const GPtrArray *
csvfile_header(const struct csvfile *file)
{
	return file->header;
}

guint
csvfile_line(const struct csvfile *file)
{
	return file->row_line;
}

gint64
csvfile_position(const struct csvfile *file, gint64 *ret_size)
{
	*ret_size = file->size;
	return file->position - (gint64)(file->buffer->len - file->start);
}

const char *
csvfile_path(const struct csvfile *file)
{
	return file->path;
}
