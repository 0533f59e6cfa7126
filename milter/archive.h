/*
 * archive.h - stored messages: a file, "-" for standard input, an mbox, a Maildir or a directory.
 *
 * Files are mapped, not read into memory, and given in a stable order (sorted by name), so
 * that `replay` can be restarted.  Of a Maildir cur/ and new/ are read; elsewhere every file of
 * every directory whose name doesn't begin with a dot.  One thread.
 */
#ifndef LEADMILTER_ARCHIVE_H
#define LEADMILTER_ARCHIVE_H

#include <glib.h>

/**
 * @param name  the path; with "#N" behind it for the N-th message of an mbox of several
 * @return FALSE ends the walk
 */
typedef gboolean (*archive_message_func)(const char *name, const void *bytes, gsize length,
					 gpointer data);

/** Give every message of `path` to `each`.  @return FALSE with ERROR_INPUT naming the path. */
gboolean archive_walk(const char *path, archive_message_func each, gpointer data, GError **error);

/** How many files archive_walk() would open, for a progress bar (an mbox counts as one). */
guint archive_count(const char *path);

#endif
