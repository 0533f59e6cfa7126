/*
 * sqlite_log.h - an SQLite VFS that writes the write-ahead log in large pieces.
 *
 * SQLite writes every page of a commit with two small system calls (frame header, page).  Here the
 * pieces of the log are gathered and written in one call when the log is synchronised, which
 * with synchronous=FULL is before a commit becomes visible to anybody: what is on disk when COMMIT
 * returns is the same.  All other files are those of the system's own VFS, untouched.
 */
#ifndef LEADMILTER_SQLITE_LOG_H
#define LEADMILTER_SQLITE_LOG_H

/** The name for sqlite3_open_v2().  NULL, the default VFS, when SQLite could not take it.  Any
 *  thread. */
const char *sqlite_log_vfs(void);

#endif
