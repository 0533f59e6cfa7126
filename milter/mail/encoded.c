/*
 * encoded.c - see encoded.h.
 *
 * The bytes of neighbouring words with one charset are joined before they are converted, since
 * many senders split words in the middle of a character, or of a base64 quantum.
 */
#include "mail/encoded.h"
#include "mail/charset.h"

#include <string.h>

#define CHARSET_MAX 63
#define WORD_MAX 512 /* looked at by encoded_word_length(), which may be asked at any byte */

/* One =?charset?X?text?=, pointing into the value. */
struct word {
	char charset[CHARSET_MAX + 1];
	char encoding; /* 'B' or 'Q' */
	const char *text;
	gsize text_length;
	gsize length; /* of it all */
};

/* What is being collected of neighbouring words. */
struct run {
	GString *bytes;
	guint32 bits; /* of an unfinished base64 quantum */
	guint bit_count;
	char charset[CHARSET_MAX + 1]; /* "" outside of a run */
};

static gboolean
is_hex_pair(const char *p, const char *end)
{
	return end - p >= 2 && g_ascii_isxdigit(p[0]) && g_ascii_isxdigit(p[1]);
}

/*
 * Where the text of a word ends.  A question mark left raw before an encoded character
 * ("why?=20not?=") looks like the end; it is not when a better one follows in the word.
 */
static const char *
find_word_end(const char *p, const char *end, char encoding)
{
	const char *first = NULL;
	for (; end - p >= 2; p++) {
		if (p[0] == '=' && p[1] == '?' && first)
			return first;
		if (p[0] != '?' || p[1] != '=')
			continue;
		if (encoding == 'B' || !is_hex_pair(p + 2, end))
			return p;
		if (!first)
			first = p;
	}
	return first;
}

/* The end of "=?charset?X?", or NULL. */
static const char *
read_word_head(const char *p, const char *end, struct word *ret)
{
	gsize n = 0;
	if (end - p < 8 || p[0] != '=' || p[1] != '?')
		return NULL;
	for (p += 2; p < end && *p != '?' && n < CHARSET_MAX; p++) {
		if (!g_ascii_isgraph(*p) || *p == '=')
			return NULL;
		ret->charset[n++] = *p;
	}
	ret->charset[n] = '\0';
	if (!n || end - p < 4 || p[0] != '?' || p[2] != '?')
		return NULL;
	ret->encoding = g_ascii_toupper(p[1]);
	return ret->encoding == 'B' || ret->encoding == 'Q' ? p + 3 : NULL;
}

/* @param last where the value's last "?=" is, so that a search for one never fails twice */
static gboolean
read_word(const char *p, const char *end, const char *last, struct word *ret)
{
	const char *text = read_word_head(p, end, ret);
	const char *stop = text && text <= last ? find_word_end(text, end, ret->encoding) : NULL;
	if (!stop)
		return FALSE;
	ret->text = text;
	ret->text_length = stop - text;
	ret->length = stop + 2 - p;
	return TRUE;
}

gsize
encoded_word_length(const char *text, gsize length)
{
	struct word word;
	length = MIN(length, WORD_MAX);
	return read_word(text, text + length, text + length, &word) ? word.length : 0;
}

static void
decode_q(struct run *run, const struct word *word)
{
	const char *p = word->text, *end = p + word->text_length;
	for (; p < end; p++) {
		char c = *p == '_' ? ' ' : *p;
		if (c == '=' && is_hex_pair(p + 1, end)) {
			c = (char)(g_ascii_xdigit_value(p[1]) << 4 | g_ascii_xdigit_value(p[2]));
			p += 2;
		}
		g_string_append_c(run->bytes, c);
	}
}

static int
base64_value(char c)
{
	if (g_ascii_isupper(c))
		return c - 'A';
	if (g_ascii_islower(c))
		return c - 'a' + 26;
	if (g_ascii_isdigit(c))
		return c - '0' + 52;
	return c == '+' || c == '-' ? 62 : c == '/' || c == '_' ? 63 : -1;
}

static void
decode_b(struct run *run, const struct word *word)
{
	for (gsize i = 0; i < word->text_length; i++) {
		int value = base64_value(word->text[i]);
		if (word->text[i] == '=')
			run->bit_count = 0;
		if (value < 0)
			continue;
		run->bits = run->bits << 6 | (guint32)value;
		run->bit_count += 6;
		if (run->bit_count >= 8) {
			run->bit_count -= 8;
			g_string_append_c(run->bytes, (char)(run->bits >> run->bit_count));
		}
	}
}

static void
end_run(struct run *run, GString *out)
{
	if (run->charset[0])
		charset_append(out, run->bytes->str, run->bytes->len, run->charset);
	g_string_truncate(run->bytes, 0);
	run->charset[0] = '\0';
	run->bit_count = 0;
}

static void
add_word(struct run *run, GString *out, const struct word *word)
{
	if (g_ascii_strcasecmp(run->charset, word->charset) != 0) {
		end_run(run, out);
		memcpy(run->charset, word->charset, sizeof(run->charset));
	}
	if (word->encoding == 'Q') {
		run->bit_count = 0;
		decode_q(run, word);
	} else {
		decode_b(run, word);
	}
}

static const char *
skip_blanks(const char *p, const char *end)
{
	while (p < end && g_ascii_isspace(*p))
		p++;
	return p;
}

static const char *
find_last(const char *value, gsize length)
{
	const char *last = g_strrstr_len(value, length, "?=");
	return last ? last : value;
}

static GString *
decode_words(const char *value, gsize length, const char *charset)
{
	const char *end = value + length, *last = find_last(value, length), *raw = value;
	GString *out = g_string_sized_new(length + 1);
	struct run run = { .bytes = g_string_new(NULL) };
	struct word word;

	for (const char *p = value; p < end;) {
		if (*p != '=' || !read_word(p, end, last, &word)) {
			p++;
			continue;
		}
		/* white space between two words is not shown */
		if (!run.charset[0] || skip_blanks(raw, p) != p) {
			end_run(&run, out);
			charset_append(out, raw, (gsize)(p - raw), charset);
		}
		add_word(&run, out, &word);
		p += word.length;
		raw = p;
	}
	end_run(&run, out);
	charset_append(out, raw, (gsize)(end - raw), charset);
	g_string_free(run.bytes, TRUE);
	return out;
}

/* Line ends with the white space after them become one space, other controls a space each. */
static void
make_one_line(char *text)
{
	char *to = text;
	for (const char *p = text; *p;) {
		if (*p == '\r' || *p == '\n') {
			while (g_ascii_isspace(*p))
				p++;
			*to++ = ' ';
		} else {
			*to++ = (guchar)*p < 0x20 || *p == 0x7F ? ' ' : *p;
			p++;
		}
	}
	while (to > text && to[-1] == ' ')
		to--;
	*to = '\0';
}

/* Most values need nothing: printable ASCII with neither folds nor words. */
static gsize
plain_length(const char *value)
{
	const char *p = value;
	while ((guchar)*p >= 0x20 && (guchar)*p < 0x7F && !(p[0] == '=' && p[1] == '?'))
		p++;
	return p - value;
}

char *
encoded_decode(const char *value, const char *charset)
{
	while (g_ascii_isspace(*value))
		value++;
	gsize plain = plain_length(value);
	if (!value[plain]) {
		while (plain && value[plain - 1] == ' ')
			plain--;
		return g_strndup(value, plain);
	}
	char *text = g_string_free(decode_words(value, strlen(value), charset), FALSE);
	make_one_line(text);
	return text;
}
