/* utm.c - see utm.h.  Percent-encoding as HTML forms do it: '+' is a space. */
#include "mail/utm.h"

#include <string.h>

#include "base/limits.h"

static const char prefix[] = "utm_";

/* Bytes before the first of `stop`, looking no further than `most` + 1. */
static gsize
span_until(const char *text, const char *stop, gsize most)
{
	gsize length = 0;
	while (length <= most && text[length] && !strchr(stop, text[length]))
		length++;
	return length;
}

/* The value from `begin` to the next parameter, decoded; NULL when it isn't text. */
static char *
decode_value(const char *begin)
{
	gsize length = span_until(begin, "&#;\"'<>() \t\r\n", LIMIT_UTM);
	if (length == 0 || length > LIMIT_UTM)
		return NULL;
	GString *value = g_string_sized_new(length);
	for (const char *p = begin; p < begin + length; p++) {
		if (*p == '%' && g_ascii_isxdigit(p[1]) && g_ascii_isxdigit(p[2])) {
			g_string_append_c(value, g_ascii_xdigit_value(p[1]) * 16 +
							 g_ascii_xdigit_value(p[2]));
			p += 2;
		} else {
			g_string_append_c(value, *p == '+' ? ' ' : *p);
		}
	}
	gboolean text = g_utf8_validate(value->str, value->len, NULL);
	for (const char *p = value->str; *p && text; p++)
		text = (guchar)*p >= ' ' && *p != 0x7f;
	return g_string_free(value, !text);
}

static gboolean
is_name(const char *text, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_islower(text[i]) && text[i] != '_')
			return FALSE;
	return TRUE;
}

/* By its last byte, which is rare: memmem() takes ten times as long. */
static const char *
next_prefix(const char *p, const char *end)
{
	const gsize before = strlen(prefix) - 1;
	while (end - p > (gssize)before &&
	       (p = memchr(p + before, prefix[before], end - p - before))) {
		if (!memcmp(p - before, prefix, before))
			return p - before;
		p -= before - 1;
	}
	return NULL;
}

static void
find_in(const char *text, GHashTable *found)
{
	const char *end = text + strlen(text);
	for (const char *p = text; (p = next_prefix(p, end)); p++) {
		gsize name = span_until(p, "=&#; \n", LIMIT_UTM_NAME);
		if (p == text || !strchr("?&;", p[-1]) || p[name] != '=' || name > LIMIT_UTM_NAME ||
		    !is_name(p, name))
			continue;
		if (g_hash_table_size(found) >= LIMIT_UTMS)
			return;
		g_autofree char *key = g_strndup(p, name);
		char *value = decode_value(p + name + 1);
		if (value && !g_hash_table_contains(found, key))
			g_hash_table_insert(found, g_steal_pointer(&key), value);
		else
			g_free(value);
	}
}

GHashTable *
utm_find(const char *text, const GPtrArray *links)
{
	GHashTable *found = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	find_in(text, found);
	for (guint i = 0; links && i < links->len; i++)
		find_in(g_ptr_array_index(links, i), found);
	return found;
}
