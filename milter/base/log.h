/*
 * log.h - where the program's own words go: stderr in the foreground, syslog (which the
 * journal reads) as a daemon.  Any thread.  A message is one line; control characters in
 * it are replaced, so that mail can't forge log lines.
 */
#ifndef LEADMILTER_LOG_H
#define LEADMILTER_LOG_H

#include <glib.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_NOTICE,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

/** Open the log. @param ident program name, static; @param to_syslog FALSE for stderr. */
void log_open(const char *ident, gboolean to_syslog, enum log_level most);
/** Change how much is logged. */
void log_set_level(enum log_level most);
/** @return TRUE and the level for "error", "warning", "notice", "info", "debug". */
gboolean log_level_from_name(const char *name, enum log_level *ret_level);

void log_error(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_warning(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_notice(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_info(const char *format, ...) G_GNUC_PRINTF(1, 2);
void log_debug(const char *format, ...) G_GNUC_PRINTF(1, 2);

#endif
