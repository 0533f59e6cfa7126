/* ids.c - see ids.h.  RFC 5322 sections 3.6.4 and 4.5.4. */
#include "mail/ids.h"
#include "base/limits.h"

#include <string.h>

/* What programs write when they have no id. */
static const char *const no_ids[] = { "null", "undefined", "none", "nil", "unknown" };

static gboolean
is_no_id(const char *id)
{
	for (gsize i = 0; i < G_N_ELEMENTS(no_ids); i++)
		if (g_ascii_strcasecmp(no_ids[i], id) == 0)
			return TRUE;
	return FALSE;
}

static gboolean
is_separator(char c)
{
	return c == ',' || c == ';' || g_ascii_isspace(c);
}

/* Add an id without the white space that folding put into it. */
static void
add_id(GPtrArray *ids, const char *id, gsize length)
{
	GString *clean = g_string_sized_new(MIN(length, LIMIT_MESSAGE_ID) + 1);
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isspace(id[i]))
			g_string_append_c(clean, id[i]);
	if (!clean->len || clean->len > LIMIT_MESSAGE_ID || is_no_id(clean->str)) {
		g_string_free(clean, TRUE);
		return;
	}
	if (ids->len == LIMIT_REFERENCES)
		g_ptr_array_remove_index(ids, 0);
	g_ptr_array_add(ids, g_string_free(clean, FALSE));
}

/* What stands in brackets; one that never closes ends at white space. */
static void
read_bracketed(GPtrArray *ids, const char *value)
{
	for (const char *p = strchr(value, '<'); p; p = strchr(p, '<')) {
		const char *start = ++p;
		p += strcspn(p, "<>");
		gsize length = (gsize)(p - start);
		if (*p != '>')
			for (length = 0; start + length < p && !is_separator(start[length]);)
				length++;
		add_id(ids, start, length);
	}
}

/* Words are ids when all of them could be: a lone one, or each with an @. */
static gboolean
are_ids(const char *value)
{
	guint words = 0, with_at = 0;
	for (const char *p = value; *p; words++) {
		gboolean at = FALSE;
		for (; *p && !is_separator(*p); p++) {
			at |= *p == '@';
			if (*p == '"' || *p == '(')
				return FALSE;
		}
		with_at += at;
		while (is_separator(*p))
			p++;
	}
	return words == 1 || words == with_at;
}

static void
read_words(GPtrArray *ids, const char *value)
{
	for (const char *p = value; *p;) {
		const char *start = p;
		while (*p && !is_separator(*p))
			p++;
		const char *end = p;
		while (end > start && end[-1] == '>')
			end--;
		add_id(ids, start, (gsize)(end - start));
		while (is_separator(*p))
			p++;
	}
}

/*
 * Words outside of brackets count only when nothing is in brackets, since old In-Reply-To
 * fields hold phrases with addresses.
 */
GPtrArray *
ids_parse(const char *value)
{
	GPtrArray *ids = g_ptr_array_new_with_free_func(g_free);
	if (!value)
		return ids;
	while (is_separator(*value))
		value++;
	if (strchr(value, '<'))
		read_bracketed(ids, value);
	else if (are_ids(value))
		read_words(ids, value);
	return ids;
}
