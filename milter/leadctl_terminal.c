/*
 * leadctl_terminal.c - what leadctl prints to a terminal holds other people's words: a subject or a
 * line of a mail must not move the cursor, rename the window or write over what stands above.
 *
 * All of stdout goes through a stream that shows controls as "?" and those above 0x7f, which UTF-8
 * writes as C2 80 to C2 9F, as "¿".  What goes into a file or a pipe stays as it is.
 */
#include "leadctl.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#define BLOCK 4096

static char
clean(guchar before, guchar byte)
{
	if (before == 0xC2 && byte >= 0x80 && byte < 0xA0)
		return (char)0xBF;
	return byte == 0x7F || (byte < ' ' && byte != '\n' && byte != '\t') ? '?' : (char)byte;
}

static gboolean
write_all(const char *bytes, gsize length)
{
	while (length > 0) {
		ssize_t written = write(STDOUT_FILENO, bytes, length);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return FALSE;
		bytes += written;
		length -= (gsize)written;
	}
	return TRUE;
}

static ssize_t
write_clean(void *cookie, const char *bytes, size_t length)
{
	guchar *before = cookie;
	for (size_t done = 0; done < length;) {
		char block[BLOCK];
		size_t n = MIN(length - done, BLOCK);
		for (size_t i = 0; i < n; i++) {
			guchar byte = (guchar)bytes[done + i];
			block[i] = clean(*before, byte);
			*before = byte;
		}
		if (!write_all(block, n))
			return 0;
		done += n;
	}
	return (ssize_t)length;
}

void
leadctl_guard_terminal(void)
{
	static guchar before;
	FILE *guarded;
	if (!isatty(STDOUT_FILENO))
		return;
	guarded = fopencookie(&before, "w", (cookie_io_functions_t){ .write = write_clean });
	if (!guarded)
		return;
	setvbuf(guarded, NULL, _IOLBF, BUFSIZ);
	stdout = guarded;
}
