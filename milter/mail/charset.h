/*
 * charset.h - bytes in any character set as UTF-8, without ever failing.
 *
 * What comes out is valid UTF-8 without NUL.  A label is a hint: unknown ones, and those
 * the bytes contradict, are replaced by a guess (UTF-8 if it is that, else windows-1252), and
 * what still can't be converted becomes U+FFFD or a windows-1252 character.  Only charsets of a
 * fixed table are ever handed to iconv.  Pure but for conversion tables made once; any thread.
 */
#ifndef LEADMILTER_CHARSET_H
#define LEADMILTER_CHARSET_H

#include <glib.h>

/**
 * Append bytes to `out`, converted.
 * @param charset label as found in mail, any case, or NULL when there is none
 */
void charset_append(GString *out, const char *bytes, gsize length, const char *charset);

/** The same into a new string; caller frees. */
char *charset_to_utf8(const char *bytes, gsize length, const char *charset);

/** TRUE when the label names a charset that can be converted. */
gboolean charset_is_known(const char *charset);

/** Cut valid UTF-8 to at most `limit` bytes without splitting a character. @return new length */
gsize charset_cut(const char *text, gsize length, gsize limit);

#endif
