/*
 * config_text.c - a configuration file's text, made so that libconfuse reads it right.
 *
 * libconfuse 3.3 takes the end of the file for the end of a section or a comment, and counts a
 * line with a comment more than once: what is never closed is reported here, and comments
 * become spaces.
 */
#include "base/config_options.h"
#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static gboolean
check_file(const char *path, GError **error)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:0: %s", path,
			    g_strerror(errno));
		return FALSE;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > LIMIT_CONFIG_FILE) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s:0: not a regular file of at most %d bytes", path,
			    LIMIT_CONFIG_FILE);
		return FALSE;
	}
	return TRUE;
}

/* The end of a quoted string or a comment that begins at `p`; `p` itself when none does, NULL when
 * it never ends.  Two slashes inside of a word, as in http://, begin none. */
static char *
skip_opaque(const char *text, char *p)
{
	if (*p == '"' || *p == '\'') {
		char *end = p + 1;
		for (; *end && *end != *p; end++)
			if (*end == '\\' && end[1])
				end++;
		return *end ? end + 1 : NULL;
	}
	gboolean word = p > text && !strchr(" \t\r\n={}()+,\"'", p[-1]);
	if (*p == '#' || (*p == '/' && p[1] == '/' && !word))
		return p + strcspn(p, "\n");
	if (*p == '/' && p[1] == '*') {
		char *end = strstr(p + 2, "*/");
		return end ? end + 2 : NULL;
	}
	return p;
}

/* Make spaces of comments.  @return the first brace, quote or comment that is never closed, or NULL
 */
static char *
blank_comments(char *text)
{
	char *opened = NULL;
	int depth = 0;
	for (char *p = text, *end; *p; p = end) {
		end = skip_opaque(text, p);
		if (!end)
			return p;
		gboolean comment = end > p && *p != '"' && *p != '\'';
		for (char *q = p; comment && q < end; q++)
			if (*q != '\n')
				*q = ' ';
		if (end > p)
			continue;
		if (*p == '{' && depth++ == 0)
			opened = p;
		depth -= *p == '}';
		end = p + 1;
	}
	return depth > 0 ? opened : NULL;
}

char *
config_text(const char *path, GError **error)
{
	if (!check_file(path, error))
		return NULL;
	g_autofree char *text = NULL;
	g_autoptr(GError) why = NULL;
	gsize length;
	if (!g_file_get_contents(path, &text, &length, &why) || strlen(text) < length) {
		gboolean kept_out = g_error_matches(why, G_FILE_ERROR, G_FILE_ERROR_ACCES);
		g_autofree char *more =
			kept_out ? g_strdup_printf(" for the user %s: give it the daemon's group "
						   "and mode 0640, or run this as root",
						   g_get_user_name())
				 : NULL;
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:0: %s%s", path,
			    why ? why->message : "not a text", more ? more : "");
		return NULL;
	}
	const char *at = blank_comments(text);
	if (!at)
		return g_steal_pointer(&text);
	int line = 1;
	for (const char *p = text; p < at; p++)
		line += *p == '\n';
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: this %.*s is never closed", path,
		    line, *at == '/' ? 2 : 1, at);
	return NULL;
}
