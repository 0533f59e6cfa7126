/*
 * fold.c - see fold.h.
 *
 * Latin, Greek and Cyrillic (up to U+052F) go through a table made once from Unicode's
 * decompositions; the CJK blocks are copied; what is left asks GLib.
 */
#include "mail/fold.h"

#include <string.h>

#define TABLE_END 0x530 /* Latin, Greek, Cyrillic and what lies between */
#define FOLDED_BYTES 4 /* of one character, at most */

struct folded_character {
	guint8 length; /* 0: left out */
	char bytes[FOLDED_BYTES];
};

struct writer {
	struct fold_text *out;
	gboolean space; /* the last byte written is a space */
};

static const struct {
	gunichar from;
	const char *to;
} special[] = {
	{ 0xad, "" }, /* soft hyphen */
	{ 0xdf, "ss" },   { 0xe6, "ae" },   { 0xf8, "o" },    { 0xfe, "th" },   { 0x111, "d" },
	{ 0x127, "h" },   { 0x130, "i" },   { 0x131, "i" },   { 0x142, "l" },   { 0x153, "oe" },
	{ 0xab, "\"" },   { 0xbb, "\"" },   { 0xb4, "'" },    { 0x2bc, "'" },   { 0x451, "е" },
	{ 0x450, "е" },   { 0x45d, "и" },   { 0x200b, "" },   { 0x200c, "" },   { 0x200d, "" },
	{ 0x2010, "-" },  { 0x2011, "-" },  { 0x2012, "-" },  { 0x2013, "-" },  { 0x2014, "-" },
	{ 0x2015, "-" },  { 0x2018, "'" },  { 0x2019, "'" },  { 0x201a, "'" },  { 0x201b, "'" },
	{ 0x201c, "\"" }, { 0x201d, "\"" }, { 0x201e, "\"" }, { 0x201f, "\"" }, { 0x2032, "'" },
	{ 0x2060, "" },   { 0x2212, "-" },  { 0xfeff, "" },
};

static const char *
special_form(gunichar c)
{
	for (guint i = 0; i < G_N_ELEMENTS(special); i++)
		if (special[i].from == c)
			return special[i].to;
	return NULL;
}

static gboolean
is_accentless(gunichar c)
{
	return g_ascii_isalpha(c) || (c >= 0x391 && c <= 0x3c9);
}

/* The letter under the accents, for the scripts whose writers leave them away. */
static gunichar
base_letter(gunichar c)
{
	gunichar parts[G_UNICHAR_MAX_DECOMPOSITION_LENGTH];
	gsize n = g_unichar_fully_decompose(c, FALSE, parts, G_N_ELEMENTS(parts));
	return n > 1 && is_accentless(parts[0]) ? parts[0] : c;
}

static void
fold_character(gunichar c, struct folded_character *ret)
{
	if (c >= 0xff01 && c <= 0xff5e)
		c -= 0xff01 - '!';
	c = g_unichar_tolower(c);
	const char *form = special_form(c);
	if (form) {
		ret->length = strlen(form);
		memcpy(ret->bytes, form, ret->length);
	} else if (g_unichar_isspace(c) || c < ' ' || c == 0x7f) {
		ret->length = 1;
		ret->bytes[0] = ' ';
	} else {
		char bytes[6];
		ret->length = g_unichar_to_utf8(base_letter(c), bytes);
		memcpy(ret->bytes, bytes, FOLDED_BYTES);
	}
}

static const struct folded_character *
folded_table(void)
{
	static gsize made;
	static struct folded_character table[TABLE_END];
	if (g_once_init_enter(&made)) {
		for (gunichar c = 0; c < TABLE_END; c++)
			fold_character(c, &table[c]);
		g_once_init_leave(&made, 1);
	}
	return table;
}

/* Bytes of the character at `p`, its value in *ret; 0 where it is not UTF-8. */
static guint
decode(const guchar *p, gsize left, gunichar *ret)
{
	if (p[0] >= 0xc2 && p[0] < 0xe0 && left >= 2 && (p[1] & 0xc0) == 0x80) {
		*ret = (p[0] & 0x1f) << 6 | (p[1] & 0x3f);
		return 2;
	}
	if (p[0] >= 0xe1 && p[0] < 0xed && left >= 3 && (p[1] & 0xc0) == 0x80 &&
	    (p[2] & 0xc0) == 0x80) {
		*ret = (p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f);
		return 3;
	}
	gunichar c = g_utf8_get_char_validated((const char *)p, MIN(left, 4));
	if (c >= (gunichar)-2)
		return 0;
	*ret = c;
	return g_utf8_skip[p[0]];
}

static void
write_bytes(struct writer *writer, const char *bytes, guint n, guint32 origin)
{
	struct fold_text *out = writer->out;
	if (n == 1 && bytes[0] == ' ') {
		if (writer->space)
			return;
		writer->space = TRUE;
	} else if (n > 0) {
		writer->space = FALSE;
	}
	for (guint i = 0; i < n; i++) {
		out->bytes[out->length] = bytes[i];
		out->origin[out->length++] = origin;
	}
}

/* One character beyond ASCII; returns its bytes. */
static guint
fold_wide(struct writer *writer, const struct folded_character *table, const char *p, gsize left,
	  guint32 origin)
{
	gunichar c;
	guint n = decode((const guchar *)p, left, &c);
	if (n == 0) {
		write_bytes(writer, " ", 1, origin);
		return 1;
	}
	if (c < TABLE_END) {
		write_bytes(writer, table[c].bytes, table[c].length, origin);
	} else if (c > 0x3000 && c < 0xfb00) {
		write_bytes(writer, p, n, origin);
	} else {
		struct folded_character folded;
		fold_character(c, &folded);
		write_bytes(writer, folded.bytes, folded.length, origin);
	}
	return n;
}

#define BYTES(b) (0x0101010101010101u * (b)) /* the same byte eight times */

/* Eight ASCII bytes at once, among them no two spaces in a row; FALSE: nothing was written. */
static gboolean
fold_plain(struct writer *writer, const char *p, guint32 origin)
{
	struct fold_text *out = writer->out;
	guint64 word;
	memcpy(&word, p, sizeof word);
	word = GUINT64_FROM_LE(word);
	if (word & BYTES(0x80))
		return FALSE;
	/* the upper bit of each byte: up to ' ' and DEL, 'A' to 'Z' */
	guint64 spaces = (~(word + BYTES(0x7f - ' ')) | (word + BYTES(1))) & BYTES(0x80);
	guint64 capitals = (word + BYTES(0x80 - 'A')) & ~(word + BYTES(0x7f - 'Z')) & BYTES(0x80);
	if (spaces & (spaces << 8 | (writer->space ? 0x80 : 0)))
		return FALSE;
	guint64 blank = (spaces >> 7) * 0xff;
	word = ((word | capitals >> 2) & ~blank) | (BYTES(' ') & blank);
	writer->space = spaces >> 63;
	word = GUINT64_TO_LE(word);
	memcpy(out->bytes + out->length, &word, sizeof word);
	for (guint i = 0; i < sizeof word; i++)
		out->origin[out->length + i] = origin + i;
	out->length += sizeof word;
	return TRUE;
}

/* One ASCII byte; written in any case: a branch on each space can't be foreseen. */
static void
fold_byte(struct writer *writer, char folded, guint32 origin)
{
	struct fold_text *out = writer->out;
	gboolean space = folded == ' ';
	out->bytes[out->length] = folded;
	out->origin[out->length] = origin;
	out->length += !(space & writer->space);
	writer->space = space;
}

void
fold_text(const char *text, gsize length, struct fold_text *ret)
{
	const struct folded_character *table = folded_table();
	struct writer writer = { ret, FALSE };
	ret->length = 0;
	ret->bytes = g_malloc(2 * length + 1); /* lower case can be a byte longer */
	ret->origin = g_new(guint32, 2 * length + 1);
	for (gsize i = 0; i < length;) {
		if (length - i >= 8 && fold_plain(&writer, text + i, i)) {
			i += 8;
			continue;
		}
		for (gsize stop = MIN(i + 8, length); i < stop;) {
			guchar byte = text[i];
			if (byte < 0x80)
				fold_byte(&writer, table[byte].bytes[0], i++);
			else
				i += fold_wide(&writer, table, text + i, length - i, i);
		}
	}
	ret->bytes[ret->length] = '\0';
	ret->origin[ret->length] = length;
}

void
fold_text_clear(struct fold_text *folded)
{
	g_free(folded->bytes);
	g_free(folded->origin);
	memset(folded, 0, sizeof *folded);
}

char *
fold_lower(const char *text, gssize length)
{
	gsize n = length < 0 ? strlen(text) : strnlen(text, length);
	char *lower = g_malloc(n + 1), bits = 0;
	for (gsize i = 0; i < n; i++) {
		char c = text[i];
		lower[i] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
		bits |= c;
	}
	lower[n] = '\0';
	if (!(bits & 0x80))
		return lower;
	g_free(lower);
	return g_utf8_strdown(text, length);
}

gboolean
fold_is_word(gunichar c)
{
	if (c < 0x80)
		return g_ascii_isalnum(c);
	if (!g_unichar_isalnum(c) && !g_unichar_ismark(c))
		return FALSE;
	switch (g_unichar_get_script(c)) {
	case G_UNICODE_SCRIPT_HAN:
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
	case G_UNICODE_SCRIPT_BOPOMOFO:
	case G_UNICODE_SCRIPT_HANGUL: /* its particles follow the word without a space */
	case G_UNICODE_SCRIPT_THAI:
	case G_UNICODE_SCRIPT_LAO:
	case G_UNICODE_SCRIPT_KHMER:
	case G_UNICODE_SCRIPT_MYANMAR:
		return FALSE;
	default:
		return TRUE;
	}
}
