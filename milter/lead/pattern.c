/*
 * pattern.c - glob patterns (* and ?) over whole folded texts, in linear time.
 *
 * A pattern is cut at its stars.  The pieces must follow one another: the first at the start,
 * the last at the end, each of the others where it is found first, which is never worse than
 * a later place.  A piece without '?' is found by memmem(3), which is linear; one with '?' by
 * trying each place, which costs its length (bounded by LIMIT_PATTERN) more.  Pure; any thread.
 */
#include <string.h>

#include "lead/expression_node.h"

struct pattern *
pattern_new(const char *glob)
{
	struct pattern *pattern = g_new0(struct pattern, 1);
	g_autofree char *folded = g_utf8_casefold(glob, -1);

	pattern->pieces = g_strsplit(folded, "*", -1);
	pattern->count = g_strv_length(pattern->pieces);
	/* g_strsplit() makes no piece of an empty text, which matches the empty text. */
	if (pattern->count == 0) {
		g_strfreev(pattern->pieces);
		pattern->pieces = g_new0(char *, 2);
		pattern->pieces[0] = g_strdup("");
		pattern->count = 1;
	}
	pattern->has_any = strchr(folded, '?') != NULL;
	return pattern;
}

void
pattern_free(struct pattern *pattern)
{
	if (pattern == NULL)
		return;
	g_strfreev(pattern->pieces);
	g_free(pattern);
}

/* The piece stands at `text`. @return bytes it covers there, or -1. */
static gssize
piece_at(const char *piece, const char *text, const char *end)
{
	const char *at = text;

	for (; *piece != '\0'; piece++) {
		if (at >= end)
			return -1;
		if (*piece == '?')
			at = g_utf8_next_char(at);
		else if (*piece == *at)
			at++;
		else
			return -1;
	}
	return at <= end ? at - text : -1;
}

/* Where the piece is found first. @return what follows it, or NULL. */
static const char *
find_piece(const struct pattern *pattern, const char *piece, const char *text, const char *end)
{
	if (!pattern->has_any) {
		gsize length = strlen(piece);
		const char *found = memmem(text, end - text, piece, length);

		return found != NULL ? found + length : NULL;
	}
	for (; text <= end; text++) {
		gssize length = ((guchar)*text & 0xc0) == 0x80 ? -1 : piece_at(piece, text, end);

		if (length >= 0)
			return text + length;
	}
	return NULL;
}

/* The last piece stands so that it reaches to the end. */
static gboolean
ends_with(const char *piece, const char *text, const char *end)
{
	glong characters = g_utf8_strlen(piece, -1);
	const char *at = end;

	for (; characters > 0 && at > text; characters--)
		at = g_utf8_prev_char(at);
	return characters == 0 && at >= text && piece_at(piece, at, end) == end - at;
}

gboolean
pattern_matches(const struct pattern *pattern, const char *text, gsize length)
{
	const char *end = text + length;
	gssize covered = piece_at(pattern->pieces[0], text, end);

	if (covered < 0)
		return FALSE;
	text += covered;
	if (pattern->count == 1)
		return text == end;
	for (guint i = 1; i + 1 < pattern->count; i++) {
		text = find_piece(pattern, pattern->pieces[i], text, end);
		if (text == NULL)
			return FALSE;
	}
	return ends_with(pattern->pieces[pattern->count - 1], text, end);
}
