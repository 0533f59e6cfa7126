/* log.c - see log.h. */
#include "base/log.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

static struct {
	const char *ident;
	gboolean to_syslog;
	int most; /* enum log_level, atomic */
} logger = { "leadmilter", FALSE, LOG_LEVEL_INFO };

static const struct {
	const char *name;
	int priority;
} levels[] = {
	[LOG_LEVEL_ERROR] = { "error", LOG_ERR },
	[LOG_LEVEL_WARNING] = { "warning", LOG_WARNING },
	[LOG_LEVEL_NOTICE] = { "notice", LOG_NOTICE },
	[LOG_LEVEL_INFO] = { "info", LOG_INFO },
	[LOG_LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

void
log_open(const char *ident, gboolean to_syslog, enum log_level most)
{
	logger.ident = ident;
	logger.to_syslog = to_syslog;
	log_set_level(most);
	if (to_syslog)
		openlog(ident, LOG_PID | LOG_NDELAY, LOG_MAIL);
}

void
log_set_level(enum log_level most)
{
	g_atomic_int_set(&logger.most, most);
}

gboolean
log_level_from_name(const char *name, enum log_level *ret_level)
{
	for (guint i = 0; i < G_N_ELEMENTS(levels); i++)
		if (!strcmp(name, levels[i].name)) {
			*ret_level = i;
			return TRUE;
		}
	return FALSE;
}

static void
write_line(enum log_level level, const char *format, va_list args)
{
	if ((int)level > g_atomic_int_get(&logger.most))
		return;
	g_autofree char *line = g_strdup_vprintf(format, args);
	for (char *p = line; *p; p++)
		if ((guchar)*p < ' ' || *p == 0x7f)
			*p = '?';
		else if ((guchar)p[0] == 0xc2 && (guchar)p[1] >= 0x80 && (guchar)p[1] < 0xa0)
			*++p = (char)0xbf; /* controls above 0x7f, in UTF-8 */
	if (logger.to_syslog)
		syslog(levels[level].priority, "%s", line);
	else
		fprintf(stderr, "%s: %s: %s\n", logger.ident, levels[level].name, line);
}

#define LOG_FUNCTION(name, level) \
	void name(const char *format, ...) \
	{ \
		va_list args; \
		va_start(args, format); \
		write_line(level, format, args); \
		va_end(args); \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_notice, LOG_LEVEL_NOTICE)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)
