/*
 * charset.c - see charset.h.
 *
 * Labels are compared by their letters and digits alone ("ISO_8859-1" = "iso8859-1"), as
 * Unicode TS 22 says, and a label means the superset that senders really use, as the WHATWG
 * Encoding Standard has it: ISO-8859-1 is windows-1252, GB2312 is GB18030, Shift_JIS is
 * CP932, EUC-KR is CP949.  Single-byte charsets are turned into a table of 128 characters at their
 * first use, since opening iconv costs more than converting a mail; the others go through iconv.
 */
#include "mail/charset.h"

#include <errno.h>
#include <string.h>

#define REPLACEMENT 0xFFFD
#define LABEL_MAX 40

enum how {
	HOW_GUESS, /* ASCII, Latin 1 and unknown: UTF-8 if it is that, else windows-1252 */
	HOW_UTF8,
	HOW_SINGLE,
	HOW_ICONV,
	HOW_ISO2022JP
};

struct charset {
	const char *label; /* letters and digits only, lower case */
	enum how how;
	const char *iconv_name;
};

static const struct charset charsets[] = {
	{ "utf8", HOW_UTF8, NULL },
	{ "unicode11utf8", HOW_UTF8, NULL },
	{ "utf8mb4", HOW_UTF8, NULL },
	{ "unicode20utf8", HOW_UTF8, NULL },
	{ "usascii", HOW_GUESS, NULL },
	{ "ascii", HOW_GUESS, NULL },
	{ "ansix341968", HOW_GUESS, NULL },
	{ "iso646us", HOW_GUESS, NULL },
	{ "iso88591", HOW_GUESS, NULL },
	{ "latin1", HOW_GUESS, NULL },
	{ "l1", HOW_GUESS, NULL },
	{ "windows1252", HOW_GUESS, NULL },
	{ "cp1252", HOW_GUESS, NULL },
	{ "xansi", HOW_GUESS, NULL },
	{ "ansi", HOW_GUESS, NULL },
	{ "iso88592", HOW_SINGLE, "ISO-8859-2" },
	{ "latin2", HOW_SINGLE, "ISO-8859-2" },
	{ "iso88593", HOW_SINGLE, "ISO-8859-3" },
	{ "iso88594", HOW_SINGLE, "ISO-8859-4" },
	{ "iso88595", HOW_SINGLE, "ISO-8859-5" },
	{ "iso88596", HOW_SINGLE, "ISO-8859-6" },
	{ "iso88597", HOW_SINGLE, "ISO-8859-7" },
	{ "iso88598", HOW_SINGLE, "ISO-8859-8" },
	{ "iso88598i", HOW_SINGLE, "ISO-8859-8" },
	{ "iso88598e", HOW_SINGLE, "ISO-8859-8" },
	{ "iso88599", HOW_SINGLE, "WINDOWS-1254" },
	{ "latin5", HOW_SINGLE, "WINDOWS-1254" },
	{ "iso885910", HOW_SINGLE, "ISO-8859-10" },
	{ "iso885911", HOW_SINGLE, "CP874" },
	{ "iso885913", HOW_SINGLE, "ISO-8859-13" },
	{ "iso885914", HOW_SINGLE, "ISO-8859-14" },
	{ "iso885915", HOW_SINGLE, "ISO-8859-15" },
	{ "latin9", HOW_SINGLE, "ISO-8859-15" },
	{ "iso885916", HOW_SINGLE, "ISO-8859-16" },
	{ "tis620", HOW_SINGLE, "CP874" },
	{ "windows874", HOW_SINGLE, "CP874" },
	{ "cp874", HOW_SINGLE, "CP874" },
	{ "windows1250", HOW_SINGLE, "CP1250" },
	{ "cp1250", HOW_SINGLE, "CP1250" },
	{ "windows1251", HOW_SINGLE, "CP1251" },
	{ "cp1251", HOW_SINGLE, "CP1251" },
	{ "win1251", HOW_SINGLE, "CP1251" },
	{ "windows1253", HOW_SINGLE, "CP1253" },
	{ "cp1253", HOW_SINGLE, "CP1253" },
	{ "windows1254", HOW_SINGLE, "CP1254" },
	{ "cp1254", HOW_SINGLE, "CP1254" },
	{ "windows1255", HOW_SINGLE, "CP1255" },
	{ "cp1255", HOW_SINGLE, "CP1255" },
	{ "windows1256", HOW_SINGLE, "CP1256" },
	{ "cp1256", HOW_SINGLE, "CP1256" },
	{ "windows1257", HOW_SINGLE, "CP1257" },
	{ "cp1257", HOW_SINGLE, "CP1257" },
	{ "windows1258", HOW_ICONV, "CP1258" },
	{ "cp1258", HOW_ICONV, "CP1258" },
	{ "koi8r", HOW_SINGLE, "KOI8-R" },
	{ "koi8", HOW_SINGLE, "KOI8-R" },
	{ "cskoi8r", HOW_SINGLE, "KOI8-R" },
	{ "koi8u", HOW_SINGLE, "KOI8-U" },
	{ "koi8ru", HOW_SINGLE, "KOI8-U" },
	{ "ibm437", HOW_SINGLE, "CP437" },
	{ "cp437", HOW_SINGLE, "CP437" },
	{ "ibm850", HOW_SINGLE, "CP850" },
	{ "cp850", HOW_SINGLE, "CP850" },
	{ "ibm852", HOW_SINGLE, "CP852" },
	{ "cp852", HOW_SINGLE, "CP852" },
	{ "cp858", HOW_SINGLE, "CP858" },
	{ "ibm866", HOW_SINGLE, "CP866" },
	{ "cp866", HOW_SINGLE, "CP866" },
	{ "macintosh", HOW_SINGLE, "MACINTOSH" },
	{ "macroman", HOW_SINGLE, "MACINTOSH" },
	{ "xmacroman", HOW_SINGLE, "MACINTOSH" },
	{ "xmaccyrillic", HOW_SINGLE, "MAC-CYRILLIC" },
	{ "xmacce", HOW_SINGLE, "MAC-CENTRALEUROPE" },
	{ "viscii", HOW_ICONV, "VISCII" },
	{ "utf7", HOW_ICONV, "UTF-7" },
	{ "unicode11utf7", HOW_ICONV, "UTF-7" },
	{ "utf16", HOW_ICONV, "UTF-16" },
	{ "unicode", HOW_ICONV, "UTF-16" },
	{ "utf16le", HOW_ICONV, "UTF-16LE" },
	{ "utf16be", HOW_ICONV, "UTF-16BE" },
	{ "ucs2", HOW_ICONV, "UTF-16" },
	{ "utf32", HOW_ICONV, "UTF-32" },
	{ "utf32le", HOW_ICONV, "UTF-32LE" },
	{ "utf32be", HOW_ICONV, "UTF-32BE" },
	{ "gb2312", HOW_ICONV, "GB18030" },
	{ "gb231280", HOW_ICONV, "GB18030" },
	{ "euccn", HOW_ICONV, "GB18030" },
	{ "xeuccn", HOW_ICONV, "GB18030" },
	{ "gbk", HOW_ICONV, "GB18030" },
	{ "xgbk", HOW_ICONV, "GB18030" },
	{ "cp936", HOW_ICONV, "GB18030" },
	{ "windows936", HOW_ICONV, "GB18030" },
	{ "ms936", HOW_ICONV, "GB18030" },
	{ "gb18030", HOW_ICONV, "GB18030" },
	{ "iso2022cn", HOW_ICONV, "ISO-2022-CN" },
	{ "big5", HOW_ICONV, "BIG5-HKSCS" },
	{ "cnbig5", HOW_ICONV, "BIG5-HKSCS" },
	{ "big5hkscs", HOW_ICONV, "BIG5-HKSCS" },
	{ "xxbig5", HOW_ICONV, "BIG5-HKSCS" },
	{ "cp950", HOW_ICONV, "CP950" },
	{ "windows950", HOW_ICONV, "CP950" },
	{ "euctw", HOW_ICONV, "EUC-TW" },
	{ "shiftjis", HOW_ICONV, "CP932" },
	{ "sjis", HOW_ICONV, "CP932" },
	{ "xsjis", HOW_ICONV, "CP932" },
	{ "windows31j", HOW_ICONV, "CP932" },
	{ "cswindows31j", HOW_ICONV, "CP932" },
	{ "mskanji", HOW_ICONV, "CP932" },
	{ "cp932", HOW_ICONV, "CP932" },
	{ "eucjp", HOW_ICONV, "EUC-JP-MS" },
	{ "xeucjp", HOW_ICONV, "EUC-JP-MS" },
	{ "iso2022jp", HOW_ISO2022JP, NULL },
	{ "iso2022jp1", HOW_ISO2022JP, NULL },
	{ "iso2022jp2", HOW_ISO2022JP, NULL },
	{ "iso2022jp3", HOW_ISO2022JP, NULL },
	{ "iso2022jpms", HOW_ISO2022JP, NULL },
	{ "cp50220", HOW_ISO2022JP, NULL },
	{ "cp50221", HOW_ISO2022JP, NULL },
	{ "euckr", HOW_ICONV, "CP949" },
	{ "ksc5601", HOW_ICONV, "CP949" },
	{ "ksc56011987", HOW_ICONV, "CP949" },
	{ "ksc56011989", HOW_ICONV, "CP949" },
	{ "korean", HOW_ICONV, "CP949" },
	{ "cp949", HOW_ICONV, "CP949" },
	{ "uhc", HOW_ICONV, "CP949" },
	{ "iso2022kr", HOW_ICONV, "ISO-2022-KR" },
	{ "johab", HOW_ICONV, "JOHAB" },
	{ "armscii8", HOW_SINGLE, "ARMSCII-8" },
	{ "georgianps", HOW_SINGLE, "GEORGIAN-PS" },
	{ "ptcp154", HOW_SINGLE, "PT154" },
	{ "tcvn", HOW_ICONV, "TCVN5712-1" },
};

static const gunichar2 windows_1252[128] = {
	0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
	0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
	0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178, 0x00A0,
	0x00A1, 0x00A2, 0x00A3, 0x00A4, 0x00A5, 0x00A6, 0x00A7, 0x00A8, 0x00A9, 0x00AA, 0x00AB,
	0x00AC, 0x00AD, 0x00AE, 0x00AF, 0x00B0, 0x00B1, 0x00B2, 0x00B3, 0x00B4, 0x00B5, 0x00B6,
	0x00B7, 0x00B8, 0x00B9, 0x00BA, 0x00BB, 0x00BC, 0x00BD, 0x00BE, 0x00BF, 0x00C0, 0x00C1,
	0x00C2, 0x00C3, 0x00C4, 0x00C5, 0x00C6, 0x00C7, 0x00C8, 0x00C9, 0x00CA, 0x00CB, 0x00CC,
	0x00CD, 0x00CE, 0x00CF, 0x00D0, 0x00D1, 0x00D2, 0x00D3, 0x00D4, 0x00D5, 0x00D6, 0x00D7,
	0x00D8, 0x00D9, 0x00DA, 0x00DB, 0x00DC, 0x00DD, 0x00DE, 0x00DF, 0x00E0, 0x00E1, 0x00E2,
	0x00E3, 0x00E4, 0x00E5, 0x00E6, 0x00E7, 0x00E8, 0x00E9, 0x00EA, 0x00EB, 0x00EC, 0x00ED,
	0x00EE, 0x00EF, 0x00F0, 0x00F1, 0x00F2, 0x00F3, 0x00F4, 0x00F5, 0x00F6, 0x00F7, 0x00F8,
	0x00F9, 0x00FA, 0x00FB, 0x00FC, 0x00FD, 0x00FE, 0x00FF,
};

/* The upper halves of the single-byte charsets, made at first use, never freed. */
static gsize single_tables[G_N_ELEMENTS(charsets)];

static gpointer
make_index(G_GNUC_UNUSED gpointer unused)
{
	GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);
	for (gsize i = 0; i < G_N_ELEMENTS(charsets); i++)
		g_hash_table_insert(index, (gpointer)charsets[i].label, (gpointer)&charsets[i]);
	return index;
}

static const struct charset *
charset_find(const char *label)
{
	static GOnce once = G_ONCE_INIT;
	char key[LABEL_MAX + 1];
	gsize n = 0;

	if (!label)
		return NULL;
	for (const char *p = label; *p && !strchr("*,;", *p); p++) {
		if (!g_ascii_isalnum(*p))
			continue;
		if (n == LABEL_MAX)
			return NULL;
		key[n++] = g_ascii_tolower(*p);
	}
	key[n] = '\0';
	return g_hash_table_lookup(g_once(&once, make_index, NULL), key);
}

gboolean
charset_is_known(const char *charset)
{
	return charset_find(charset) != NULL;
}

/* Append a stretch that is valid UTF-8 but may hold NUL. */
static void
append_without_nul(GString *out, const char *bytes, gsize length)
{
	while (length) {
		const char *nul = memchr(bytes, 0, length);
		gsize n = nul ? (gsize)(nul - bytes) : length;
		g_string_append_len(out, bytes, n);
		if (nul)
			n++;
		bytes += n;
		length -= n;
	}
}

/* TRUE when the bytes at the end may be a character cut off by a ceiling. */
static gboolean
is_cut_character(const char *bytes, gsize length)
{
	return length < 4 && *bytes && g_utf8_get_char_validated(bytes, length) == (gunichar)-2;
}

/* UTF-8, with U+FFFD for every byte that isn't part of a character. */
static void
append_utf8(GString *out, const char *bytes, gsize length)
{
	const char *end = bytes + length, *bad;
	for (; bytes < end; bytes = bad + 1) {
		gboolean good = g_utf8_validate_len(bytes, end - bytes, &bad);
		g_string_append_len(out, bytes, bad - bytes);
		if (good || is_cut_character(bad, end - bad))
			return;
		if (*bad)
			g_string_append_unichar(out, REPLACEMENT);
	}
}

static void
append_single(GString *out, const char *bytes, gsize length, const gunichar2 *upper)
{
	const char *end = bytes + length, *start = bytes;
	for (; bytes < end; bytes++) {
		guchar c = *bytes;
		if (c && c < 0x80)
			continue;
		g_string_append_len(out, start, bytes - start);
		if (c)
			g_string_append_unichar(out, upper[c - 0x80]);
		start = bytes + 1;
	}
	g_string_append_len(out, start, end - start);
}

static gsize
make_single(const char *iconv_name)
{
	gunichar2 *upper = g_new(gunichar2, 128);
	for (guint i = 0; i < 128; i++) {
		char byte = (char)(0x80 + i);
		g_autofree char *utf8 = g_convert(&byte, 1, "UTF-8", iconv_name, NULL, NULL, NULL);
		gunichar c = utf8 && *utf8 ? g_utf8_get_char(utf8) : REPLACEMENT;
		upper[i] = c < 0x10000 && c >= 0xA0 ? c : REPLACEMENT;
	}
	return (gsize)upper;
}

static const gunichar2 *
single_table(const struct charset *charset)
{
	gsize *slot = &single_tables[charset - charsets];
	if (g_once_init_enter(slot))
		g_once_init_leave(slot, make_single(charset->iconv_name));
	return (const gunichar2 *)*slot;
}

/*
 * Convert through iconv, a bad byte becoming U+FFFD.  @return how many were bad, or -1 when
 * there is no such converter.
 */
static int
append_iconv(GString *out, const char *bytes, gsize length, const char *iconv_name)
{
	GIConv converter = g_iconv_open("UTF-8", iconv_name);
	char buffer[4096];
	char *in = (char *)bytes;
	gsize left = length;
	int bad = 0;

	if (converter == (GIConv)-1)
		return -1;
	for (gboolean flushing = FALSE; !flushing;) {
		char *to = buffer;
		gsize room = sizeof(buffer);
		flushing = left == 0;
		errno = 0;
		g_iconv(converter, flushing ? NULL : &in, &left, &to, &room);
		int failure = errno;
		append_without_nul(out, buffer, to - buffer);
		if (failure == EINVAL) { /* a character cut off by a ceiling */
			left = 0;
		} else if (failure == EILSEQ && left) {
			g_string_append_unichar(out, REPLACEMENT);
			bad++;
			in++;
			left--;
		}
	}
	g_iconv_close(converter);
	return bad;
}

static gboolean
is_utf8(const char *bytes, gsize length)
{
	const char *end = bytes + length, *bad;
	while (!g_utf8_validate_len(bytes, end - bytes, &bad)) {
		if (*bad)
			return is_cut_character(bad, end - bad);
		bytes = bad + 1;
	}
	return TRUE;
}

/* UTF-8 with a few bytes broken on the way: far more characters than bad bytes. */
static gboolean
is_mostly_utf8(const char *bytes, gsize length)
{
	const char *end = bytes + length, *bad;
	gsize broken = 0, characters = 0;
	for (const char *p = bytes; p < end; p = bad + 1) {
		gboolean good = g_utf8_validate_len(p, end - p, &bad);
		for (; p < bad; p++)
			characters += ((guchar)*p & 0xC0) == 0xC0;
		if (good)
			break;
		/* a last character cut off is no sign of another charset, if there are others */
		broken += *bad && (!characters || !is_cut_character(bad, end - bad));
	}
	return characters >= broken * 4;
}

/* What an escape of ISO-2022-JP switches to; the byte that marks it in EUC, 0 for none. */
struct jis_escape {
	const char *escape;
	guchar width; /* 1 ASCII, 2 double-byte */
	guchar prefix;
};

static const struct jis_escape jis_escapes[] = {
	{ "\033(B", 1, 0 }, { "\033(J", 1, 0 },  { "\033(I", 2, 0x8E },  { "\033$@", 2, 0 },
	{ "\033$B", 2, 0 }, { "\033$(B", 2, 0 }, { "\033$(D", 2, 0x8F },
};

static const struct jis_escape *
find_jis_escape(const char *p, const char *end)
{
	for (gsize i = 0; i < G_N_ELEMENTS(jis_escapes); i++) {
		gsize n = strlen(jis_escapes[i].escape);
		if ((gsize)(end - p) >= n && memcmp(p, jis_escapes[i].escape, n) == 0)
			return &jis_escapes[i];
	}
	return NULL;
}

/*
 * ISO-2022-JP as EUC-JP, which iconv reads with the characters of NEC and IBM that Windows
 * programs send under that label.
 */
static GString *
jis_to_euc(const char *bytes, gsize length)
{
	const char *end = bytes + length;
	const struct jis_escape *set = &jis_escapes[0], *next;
	GString *euc = g_string_sized_new(length + 1);

	for (const char *p = bytes; p < end; p++) {
		if (*p == '\033' && (next = find_jis_escape(p, end))) {
			set = next;
			p += strlen(set->escape) - 1;
			continue;
		}
		gboolean plain = set->width == 1 || (guchar)*p <= ' ';
		if (*p == '\n') /* every line begins in ASCII */
			set = &jis_escapes[0];
		if (plain) {
			g_string_append_c(euc, *p);
			continue;
		}
		if (set->prefix)
			g_string_append_c(euc, (char)set->prefix);
		g_string_append_c(euc, (char)(*p | 0x80));
		if (set->prefix != 0x8E && p + 1 < end && (guchar)p[1] > ' ')
			g_string_append_c(euc, (char)(*++p | 0x80));
	}
	return euc;
}

static void
append_iso2022jp(GString *out, const char *bytes, gsize length)
{
	g_autoptr(GString) euc = jis_to_euc(bytes, length);
	if (append_iconv(out, euc->str, euc->len, "EUC-JP-MS") < 0)
		append_utf8(out, bytes, length);
}

/* ISO 2022 is 7-bit, so it is seen without a label too; its escapes mean nothing else. */
static gboolean
append_iso2022(GString *out, const char *bytes, gsize length)
{
	const char *escape = memmem(bytes, length, "\033$", 2);
	if (!escape || bytes + length - escape < 3)
		return FALSE;
	if (escape[2] == ')')
		return append_iconv(out, bytes, length, "ISO-2022-KR") >= 0;
	if (escape[2] != '@' && escape[2] != 'B' && escape[2] != '(')
		return FALSE;
	append_iso2022jp(out, bytes, length);
	return TRUE;
}

/* Bytes of ASCII without NUL in front, which mean the same in every charset here. */
static gsize
plain_length(const char *bytes, gsize length)
{
	const guint64 ones = 0x0101010101010101u, upper = ones << 7;
	gsize n = 0;
	for (guint64 word; length - n >= sizeof word; n += sizeof word) {
		memcpy(&word, bytes + n, sizeof word);
		if ((word | (word - ones)) & upper)
			break;
	}
	while (n < length && bytes[n] && !(bytes[n] & 0x80))
		n++;
	return n;
}

/* UTF-8 when it is or nearly is that, else windows-1252. */
static void
append_8bit(GString *out, const char *bytes, gsize length)
{
	gsize plain = plain_length(bytes, length);
	g_string_append_len(out, bytes, plain);
	bytes += plain;
	length -= plain;
	if (!length)
		return;
	if (is_mostly_utf8(bytes, length))
		append_utf8(out, bytes, length);
	else
		append_single(out, bytes, length, windows_1252);
}

static void
append_guess(GString *out, const char *bytes, gsize length)
{
	if (!append_iso2022(out, bytes, length))
		append_8bit(out, bytes, length);
}

/* UTF-16 without a byte order mark: most text has its zeros in the upper bytes. */
static const char *
find_byte_order(const char *bytes, gsize length)
{
	gsize zeros[2] = { 0, 0 };
	if (length >= 2 && (!memcmp(bytes, "\xFF\xFE", 2) || !memcmp(bytes, "\xFE\xFF", 2)))
		return "UTF-16";
	for (gsize i = 0; i < MIN(length, 512); i++)
		zeros[i & 1] += bytes[i] == 0;
	return zeros[0] > zeros[1] ? "UTF-16BE" : "UTF-16LE";
}

/* A label the bytes contradict although they are UTF-8 is wrong. */
static void
append_labelled(GString *out, const char *bytes, gsize length, const char *iconv_name)
{
	gsize before = out->len;
	gboolean wide =
		g_str_has_prefix(iconv_name, "UTF-16") || g_str_has_prefix(iconv_name, "UTF-32");
	if (strcmp(iconv_name, "UTF-16") == 0)
		iconv_name = find_byte_order(bytes, length);
	int bad = wide && !memchr(bytes, 0, length) && is_utf8(bytes, length)
			  ? -1
			  : append_iconv(out, bytes, length, iconv_name);
	if (bad == 0 || (bad > 0 && !is_utf8(bytes, length)))
		return;
	g_string_truncate(out, before);
	append_guess(out, bytes, length);
}

void
charset_append(GString *out, const char *bytes, gsize length, const char *charset)
{
	const struct charset *found = charset_find(charset);
	enum how how = found ? found->how : HOW_GUESS;

	if (how == HOW_UTF8)
		append_8bit(out, bytes, length);
	else if (how == HOW_SINGLE)
		append_single(out, bytes, length, single_table(found));
	else if (how == HOW_ISO2022JP)
		append_iso2022jp(out, bytes, length);
	else if (how == HOW_ICONV)
		append_labelled(out, bytes, length, found->iconv_name);
	else
		append_guess(out, bytes, length);
}

char *
charset_to_utf8(const char *bytes, gsize length, const char *charset)
{
	GString *out = g_string_sized_new(length + 1);
	charset_append(out, bytes, length, charset);
	return g_string_free(out, FALSE);
}

gsize
charset_cut(const char *text, gsize length, gsize limit)
{
	if (length <= limit)
		return length;
	while (limit && ((guchar)text[limit] & 0xC0) == 0x80)
		limit--;
	return limit;
}
