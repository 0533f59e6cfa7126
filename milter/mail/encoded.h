/*
 * encoded.h - header values as people write them: unfolded, encoded words decoded (RFC 2047),
 * raw 8-bit bytes guessed.  Lenient as mail clients are: words anywhere, with spaces, split in the
 * middle of a character.  Linear; pure; any thread.
 */
#ifndef LEADMILTER_ENCODED_H
#define LEADMILTER_ENCODED_H

#include <glib.h>

/**
 * Decode a field's value.
 * @param value   folded or not, any bytes
 * @param charset what raw 8-bit bytes are in when they aren't UTF-8, or NULL: windows-1252
 * @return UTF-8 on one line without control characters; caller frees
 */
char *encoded_decode(const char *value, const char *charset);

/** Length of the encoded word that begins at `text`, or 0 when none does. */
gsize encoded_word_length(const char *text, gsize length);

#endif
