/*
 * csvfile.h - a table exported by another program, row by row: RFC 4180 and what is really written.
 *
 * The first row names the columns.  The delimiter is a comma, semicolon, tab or bar: the one the
 * header holds most of, or what Excel's "sep=" line says.  Lines end with LF, CRLF or CR;
 * quoted fields may hold any of them and doubled quotes; a byte order mark is skipped; rows with
 * nothing in them too; fields are trimmed of spaces outside of quotes.  Text is UTF-8.
 *
 * A row that can't be read (a quote that never ends, a byte that is no UTF-8, NUL, more than
 * LIMIT_CSV_ROW bytes or fields than columns) costs that row alone: reading goes on at the line
 * after the one where it began.  Memory stays within a few LIMIT_CSV_ROW whatever the file is, time
 * linear.  One thread at a time.
 */
#ifndef LEADMILTER_CSVFILE_H
#define LEADMILTER_CSVFILE_H

#include <glib.h>

struct csvfile;

/**
 * Open a file and read its header.
 * @param path "-" is standard input
 * @return NULL with ERROR_INPUT "FILE:LINE: what is wrong" or ERROR_SYSTEM
 */
struct csvfile *csvfile_open(const char *path, GError **error);
void csvfile_close(struct csvfile *file);
typedef struct csvfile csvfile_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(csvfile_owned, csvfile_close)

/** The columns' names as written (char *), trimmed; owned by the file. */
const GPtrArray *csvfile_header(const struct csvfile *file);

enum csvfile_result {
	CSVFILE_ROW,
	CSVFILE_BAD, /* this row can't be read: the error says "FILE:LINE: …"; go on with the next
		      */
	CSVFILE_END,
	CSVFILE_FAILED /* the file can't be read */
};

/**
 * The next row.
 * @param ret_fields char *, as many as the header has columns ("" for what the row lacks);
 *        owned by the file until the next call; set with CSVFILE_ROW only
 */
enum csvfile_result csvfile_next(struct csvfile *file, const GPtrArray **ret_fields,
				 GError **error);
/** Where the last row began, from 1. */
guint csvfile_line(const struct csvfile *file);
/** How far reading came, for progress. @param ret_size 0 when it isn't known */
gint64 csvfile_position(const struct csvfile *file, gint64 *ret_size);
const char *csvfile_path(const struct csvfile *file);

#endif
