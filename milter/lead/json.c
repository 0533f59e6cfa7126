/* json.c - see json.h.  RFC 8259; the calendar is Howard Hinnant's civil_from_days. */
#include "lead/json.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/eight.h"

#define REPLACEMENT "\xef\xbf\xbd"
#define NUMBER_LENGTH 32 /* of any number or time we write */
#define FIRST_DAY (-719162) /* 0001-01-01 */
#define LAST_DAY 2932896 /* 9999-12-31 */

/* Where `length` bytes and the final NUL may be written; written_to() says how many were. */
static inline char *
room_for(GString *out, gsize length)
{
	gsize before = out->len;

	if (before + length >= out->allocated_len) {
		g_string_set_size(out, before + length);
		out->len = before;
	}
	return out->str + before;
}

static inline void
written_to(GString *out, char *end)
{
	*end = '\0';
	out->len = (gsize)(end - out->str);
}

static void
begin_value(GString *out, const char *key)
{
	char last = out->len > 0 ? out->str[out->len - 1] : '{';
	gsize length = key != NULL ? strlen(key) : 0;
	char *at = room_for(out, length + 4);

	if (last != '{' && last != '[')
		*at++ = ',';
	if (key != NULL) {
		*at++ = '"';
		memcpy(at, key, length);
		at += length;
		*at++ = '"';
		*at++ = ':';
	}
	written_to(out, at);
}

void
json_open(GString *out, const char *key, char bracket)
{
	begin_value(out, key);
	g_string_append_c(out, bracket);
}

void
json_close(GString *out, char bracket)
{
	g_string_append_c(out, bracket);
}

/* What stands for an ASCII byte that can't stand for itself. */
static const char *
escape_of(guchar byte)
{
	switch (byte) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\t':
		return "\\t";
	case '\r':
		return "\\r";
	default:
		return byte < 0x20 || byte == 0x7f ? REPLACEMENT : NULL;
	}
}

static void
append_escaped(GString *out, const char *text, gsize length)
{
	gsize plain = 0;

	for (gsize i = 0; i < length; i++) {
		const char *escape = escape_of((guchar)text[i]);

		if (escape == NULL)
			continue;
		g_string_append_len(out, text + plain, (gssize)(i - plain));
		g_string_append(out, escape);
		plain = i + 1;
	}
	g_string_append_len(out, text + plain, (gssize)(length - plain));
}

/* The longest prefix of at most `most` bytes that does not end inside a character. */
static gsize
cut(const char *value, gsize most)
{
	gsize length = strnlen(value, most + 1);

	if (length <= most)
		return length;
	for (length = most; length > 0 && ((guchar)value[length] & 0xc0) == 0x80; length--)
		;
	return length;
}

/* Eight bytes of printable ASCII without quote and backslash. */
static inline gboolean
are_plain(guint64 bytes)
{
	return !eight_wide(bytes) &&
	       (eight_between(bytes, ' ', 0x7e) & ~eight_between(bytes, '"', '"') &
		~eight_between(bytes, '\\', '\\')) == EIGHT_UPPER;
}

/* Most values are. */
static gboolean
is_plain(const char *value, gsize length)
{
	char rest[8] = "        ";
	gsize whole = length & ~(gsize)7;

	for (gsize i = 0; i < whole; i += 8)
		if (!are_plain(eight_read(value + i)))
			return FALSE;
	memcpy(rest, value + whole, length - whole);
	return are_plain(eight_read(rest));
}

static void
append_any(GString *out, const char *value, gsize length)
{
	const char *bad;

	while (!g_utf8_validate(value, (gssize)length, &bad)) {
		append_escaped(out, value, (gsize)(bad - value));
		g_string_append(out, REPLACEMENT);
		length -= (gsize)(bad - value) + 1;
		value = bad + 1;
	}
	append_escaped(out, value, length);
}

void
json_string(GString *out, const char *key, const char *value, gsize most)
{
	gsize length;
	char *at;

	if (value == NULL) {
		json_null(out, key);
		return;
	}
	begin_value(out, key);
	length = cut(value, most);
	at = room_for(out, length + 2);
	*at++ = '"';
	if (is_plain(value, length)) {
		memcpy(at, value, length);
		at += length;
		*at++ = '"';
		written_to(out, at);
	} else {
		written_to(out, at);
		append_any(out, value, length);
		g_string_append_c(out, '"');
	}
}

/* Digits of `value`, at least `width` of them. */
static char *
put_digits(char *at, guint64 value, guint width)
{
	char buffer[24], *begin = buffer + sizeof buffer;
	gsize length;

	do {
		*--begin = (char)('0' + value % 10);
		value /= 10;
		if (width > 0)
			width--;
	} while (value > 0 || width > 0);
	length = (gsize)(buffer + sizeof buffer - begin);
	memcpy(at, begin, length);
	return at + length;
}

static char *
put_two(char *at, guint value)
{
	*at++ = (char)('0' + value / 10);
	*at++ = (char)('0' + value % 10);
	return at;
}

void
json_number(GString *out, const char *key, double value, guint decimals)
{
	static const guint POWERS[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	guint power = POWERS[MIN(decimals, 6)];
	gint64 scaled;
	guint64 part;
	char *at;

	begin_value(out, key);
	if (!isfinite(value))
		value = 0;
	scaled = llround(CLAMP(value, -1e12, 1e12) * power);
	at = room_for(out, NUMBER_LENGTH);
	if (scaled < 0)
		*at++ = '-';
	at = put_digits(at, (guint64)ABS(scaled) / power, 1);
	part = (guint64)ABS(scaled) % power;
	if (part > 0) {
		for (decimals = MIN(decimals, 6); part % 10 == 0; decimals--)
			part /= 10;
		*at++ = '.';
		at = put_digits(at, part, decimals);
	}
	written_to(out, at);
}

void
json_exact(GString *out, const char *key, double value)
{
	char digits[G_ASCII_DTOSTR_BUF_SIZE];

	if (!isfinite(value))
		value = 0;
	/* Points and days have few decimals: the division gives the nearest double again. */
	if (fabs(value) < 1e9 && (double)llround(value * 10000) / 10000 == value) {
		json_number(out, key, value, 4);
		return;
	}
	g_ascii_formatd(digits, sizeof digits, "%.15g", value);
	if (g_ascii_strtod(digits, NULL) != value)
		g_ascii_formatd(digits, sizeof digits, "%.17g", value);
	json_raw(out, key, digits, strlen(digits));
}

void
json_integer(GString *out, const char *key, gint64 value)
{
	char *at;

	begin_value(out, key);
	at = room_for(out, NUMBER_LENGTH);
	if (value < 0)
		*at++ = '-';
	written_to(out, put_digits(at, value < 0 ? 0 - (guint64)value : (guint64)value, 1));
}

void
json_boolean(GString *out, const char *key, gboolean value)
{
	begin_value(out, key);
	g_string_append(out, value ? "true" : "false");
}

void
json_null(GString *out, const char *key)
{
	begin_value(out, key);
	g_string_append_len(out, "null", 4);
}

static char *
put_date(char *at, gint64 days)
{
	gint64 shifted = days + 719468; /* from 0000-03-01 */
	gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	guint day_of_era = (guint)(shifted - era * 146097);
	guint year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	guint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	guint month = (5 * day_of_year + 2) / 153;
	gint64 year = year_of_era + era * 400 + (month >= 10);

	at = put_digits(at, (guint64)year, 4);
	*at++ = '-';
	at = put_two(at, month < 10 ? month + 3 : month - 9);
	*at++ = '-';
	return put_two(at, day_of_year - (153 * month + 2) / 5 + 1);
}

static char *
put_time_of_day(char *at, guint milliseconds)
{
	at = put_two(at, milliseconds / 3600000);
	*at++ = ':';
	at = put_two(at, milliseconds / 60000 % 60);
	*at++ = ':';
	at = put_two(at, milliseconds / 1000 % 60);
	*at++ = '.';
	return put_digits(at, milliseconds % 1000, 3);
}

void
json_time(GString *out, const char *key, gint64 time)
{
	gint64 days = time / CLOCK_DAY, rest = time % CLOCK_DAY;
	char *at;

	if (rest < 0) {
		rest += CLOCK_DAY;
		days--;
	}
	if (time == 0 || days < FIRST_DAY || days > LAST_DAY) {
		json_null(out, key);
		return;
	}
	begin_value(out, key);
	at = room_for(out, NUMBER_LENGTH);
	*at++ = '"';
	at = put_date(at, days);
	*at++ = 'T';
	at = put_time_of_day(at, (guint)(rest / 1000));
	*at++ = 'Z';
	*at++ = '"';
	written_to(out, at);
}

void
json_raw(GString *out, const char *key, const char *json, gsize length)
{
	begin_value(out, key);
	g_string_append_len(out, json, (gssize)length);
}
