/* escape.c - see escape.h. */
#include "hooks/out/escape.h"

#include <string.h>

static char *
escape(const char *text, const char *special, const char *(*replacement)(char c))
{
	GString *out = g_string_sized_new(strlen(text) + 16);

	for (const char *p = text; *p != '\0'; p++) {
		if (g_ascii_iscntrl(*p))
			g_string_append_c(out, ' ');
		else if (strchr(special, *p) != NULL)
			g_string_append(out, replacement(*p));
		else
			g_string_append_c(out, *p);
	}
	return g_string_free(out, FALSE);
}

static const char *
backslashed(char c)
{
	switch (c) {
	case '\'':
		return "\\'";
	case '"':
		return "\\\"";
	case '%':
		return "\\%";
	case '_':
		return "\\_";
	default:
		return "\\\\";
	}
}

char *
escape_soql(const char *text)
{
	return escape(text, "\\'\"", backslashed);
}

char *
escape_ticketsql(const char *text)
{
	return escape(text, "\\'", backslashed);
}

char *
escape_ilike(const char *text)
{
	return escape(text, "\\%_", backslashed);
}

char *
escape_uri(const char *text)
{
	return g_uri_escape_bytes((const guint8 *)text, strlen(text), NULL);
}

static const char *
entity(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	default:
		return "&#39;";
	}
}

/* Lines stay lines. */
char *
escape_html(const char *text)
{
	GString *out = g_string_sized_new(strlen(text) + 64);

	for (const char *p = text; *p != '\0'; p++) {
		if (strchr("&<>\"'", *p) != NULL)
			g_string_append(out, entity(*p));
		else
			g_string_append_c(out, *p);
	}
	return g_string_free(out, FALSE);
}

char *
escape_trim(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	const char *begin = valid, *end = valid + strlen(valid);

	while (*begin != '\0' && g_unichar_isspace(g_utf8_get_char(begin)))
		begin = g_utf8_next_char(begin);
	while (end > begin) {
		const char *last = g_utf8_prev_char(end);

		if (!g_unichar_isspace(g_utf8_get_char(last)))
			break;
		end = last;
	}
	return g_strndup(begin, end - begin);
}

char *
escape_cut(const char *text, gsize bytes, gsize characters)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	const char *p = valid;

	for (gsize n = 0; *p != '\0'; n++) {
		const char *next = g_utf8_next_char(p);

		if ((characters != 0 && n == characters) ||
		    (bytes != 0 && (gsize)(next - valid) > bytes))
			break;
		p = next;
	}
	return g_strndup(valid, p - valid);
}
