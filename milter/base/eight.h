/*
 * eight.h - eight bytes of text at once, in one integer: the first byte is the lowest.
 *
 * Loops over text cost by the byte, and most text is ASCII in which nothing special stands: these
 * tell so for eight bytes in a handful of instructions.  The results have the upper bit of every
 * byte it is true of.
 */
#ifndef LEADMILTER_BASE_EIGHT_H
#define LEADMILTER_BASE_EIGHT_H

#include <glib.h>
#include <string.h>

#define EIGHT_OF(byte) (0x0101010101010101u * (byte)) /* the same byte eight times */
#define EIGHT_UPPER EIGHT_OF(0x80)

static inline guint64
eight_read(const char *p)
{
	guint64 bytes;

	memcpy(&bytes, p, sizeof bytes);
	return GUINT64_FROM_LE(bytes);
}

/** Bytes beyond ASCII. */
static inline guint64
eight_wide(guint64 bytes)
{
	return bytes & EIGHT_UPPER;
}

/** Bytes from `first` to `last`; all eight are ASCII. */
static inline guint64
eight_between(guint64 bytes, guchar first, guchar last)
{
	return (bytes + EIGHT_OF(0x80 - first)) & ~(bytes + EIGHT_OF(0x7f - last)) & EIGHT_UPPER;
}

/** How many bytes a result is true of. */
static inline guint
eight_count(guint64 result)
{
	return ((result >> 7) * EIGHT_OF(1)) >> 56;
}

#endif
