/* json.c - see json.h.  RFC 8259; the calendar is Howard Hinnant's civil_from_days. */
#include "lead/json.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"

#define REPLACEMENT "\xef\xbf\xbd"

static void
begin_value(GString *out, const char *key)
{
	char last = out->len > 0 ? out->str[out->len - 1] : '{';

	if (last != '{' && last != '[')
		g_string_append_c(out, ',');
	if (key != NULL) {
		g_string_append_c(out, '"');
		g_string_append(out, key);
		g_string_append_len(out, "\":", 2);
	}
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

void
json_string(GString *out, const char *key, const char *value, gsize most)
{
	gsize length;
	const char *bad;

	if (value == NULL) {
		json_null(out, key);
		return;
	}
	begin_value(out, key);
	length = cut(value, most);
	g_string_append_c(out, '"');
	while (!g_utf8_validate(value, (gssize)length, &bad)) {
		append_escaped(out, value, (gsize)(bad - value));
		g_string_append(out, REPLACEMENT);
		length -= (gsize)(bad - value) + 1;
		value = bad + 1;
	}
	append_escaped(out, value, length);
	g_string_append_c(out, '"');
}

/* Digits of `value`, at least `width` of them, into the end of a buffer. */
static char *
digits(char *end, guint64 value, guint width)
{
	do {
		*--end = (char)('0' + value % 10);
		value /= 10;
		if (width > 0)
			width--;
	} while (value > 0 || width > 0);
	return end;
}

static void
append_digits(GString *out, guint64 value, guint width)
{
	char buffer[24], *begin = digits(buffer + sizeof buffer, value, width);

	g_string_append_len(out, begin, buffer + sizeof buffer - begin);
}

void
json_number(GString *out, const char *key, double value, guint decimals)
{
	static const guint POWERS[] = { 1, 10, 100, 1000, 10000, 100000, 1000000 };
	guint power = POWERS[MIN(decimals, 6)];
	gint64 scaled;
	guint64 whole, part;

	begin_value(out, key);
	if (!isfinite(value))
		value = 0;
	scaled = llround(CLAMP(value, -1e12, 1e12) * power);
	if (scaled < 0)
		g_string_append_c(out, '-');
	whole = (guint64)ABS(scaled) / power;
	part = (guint64)ABS(scaled) % power;
	append_digits(out, whole, 1);
	if (part == 0)
		return;
	for (decimals = MIN(decimals, 6); part % 10 == 0; decimals--)
		part /= 10;
	g_string_append_c(out, '.');
	append_digits(out, part, decimals);
}

void
json_integer(GString *out, const char *key, gint64 value)
{
	begin_value(out, key);
	if (value < 0)
		g_string_append_c(out, '-');
	append_digits(out, value < 0 ? 0 - (guint64)value : (guint64)value, 1);
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

static void
append_date(GString *out, gint64 days)
{
	gint64 shifted = days + 719468; /* from 0000-03-01 */
	gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
	guint day_of_era = (guint)(shifted - era * 146097);
	guint year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	guint day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	guint month = (5 * day_of_year + 2) / 153;
	gint64 year = year_of_era + era * 400 + (month >= 10);

	append_digits(out, (guint64)year, 4);
	g_string_append_c(out, '-');
	append_digits(out, month < 10 ? month + 3 : month - 9, 2);
	g_string_append_c(out, '-');
	append_digits(out, day_of_year - (153 * month + 2) / 5 + 1, 2);
}

void
json_time(GString *out, const char *key, gint64 time)
{
	gint64 days = time / CLOCK_DAY, rest = time % CLOCK_DAY;
	guint milliseconds;

	if (rest < 0) {
		rest += CLOCK_DAY;
		days--;
	}
	if (time == 0 || days < -719162 || days > 2932896) {
		json_null(out, key);
		return;
	}
	milliseconds = (guint)(rest / 1000);
	begin_value(out, key);
	g_string_append_c(out, '"');
	append_date(out, days);
	g_string_append_c(out, 'T');
	append_digits(out, milliseconds / 3600000, 2);
	g_string_append_c(out, ':');
	append_digits(out, milliseconds / 60000 % 60, 2);
	g_string_append_c(out, ':');
	append_digits(out, milliseconds / 1000 % 60, 2);
	g_string_append_c(out, '.');
	append_digits(out, milliseconds % 1000, 3);
	g_string_append_len(out, "Z\"", 2);
}

void
json_raw(GString *out, const char *key, const char *json, gsize length)
{
	begin_value(out, key);
	g_string_append_len(out, json, (gssize)length);
}
