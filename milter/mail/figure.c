/*
 * figure.c - see figure.h.
 *
 * Every figure has a digit: the scan stops at each number, looks which unit stands behind it and
 * which before, and goes on behind the number.  How far it looks is bounded, so a text is read in
 * time linear in its length.
 */
#include "mail/figure.h"

#include <string.h>

#include "mail/figure_units.h"

#define NUMBER_LENGTH 32 /* longer is no amount */
#define WORD_LENGTH 24 /* of a unit with its ending */

/* --- units --- */

struct reader {
	const struct fold_text *text;
	const char *original;
};

static gboolean
word_begins(const struct reader *r, gsize at)
{
	return at < r->text->length && fold_is_word(g_utf8_get_char(r->text->bytes + at)) &&
	       !g_ascii_isdigit(r->text->bytes[at]);
}

static gboolean
word_ends(const struct reader *r, gsize at)
{
	return at > 0 && fold_is_word(g_utf8_get_char(g_utf8_prev_char(r->text->bytes + at)));
}

static gboolean
in_capitals(const struct reader *r, gsize at, gsize length)
{
	for (gsize i = 0; i < length; i++)
		if (!g_ascii_isupper(r->original[r->text->origin[at + i]]))
			return FALSE;
	return TRUE;
}

static gsize
word_rest(const struct reader *r, gsize at)
{
	gsize end = at;
	while (end - at < WORD_LENGTH && word_begins(r, end))
		end = g_utf8_next_char(r->text->bytes + end) - r->text->bytes;
	return end;
}

/* The end of the longest unit that begins at `at`, or 0. @param glued nothing came before it */
static gsize
unit_at(const struct reader *r, gsize at, gboolean glued, enum figure_unit_kind kind)
{
	const struct figure_units *units = figure_units(kind);
	gsize longest = 0;
	for (guint i = units->first[(guchar)r->text->bytes[at]]; i; i = units->next[i]) {
		const struct figure_unit *unit = &units->rows[i - 1];
		gsize length = strlen(unit->word);
		if (strncmp(r->text->bytes + at, unit->word, length) ||
		    ((unit->flags & UNIT_GLUED) && !glued))
			continue;
		gsize end = at + length;
		if (unit->flags & UNIT_OPEN)
			end = word_rest(r, end);
		else if (word_begins(r, end) && word_ends(r, end))
			continue;
		if ((unit->flags & UNIT_CAPITALS) && !in_capitals(r, at, length))
			continue;
		longest = MAX(longest, end);
	}
	return longest;
}

/* The begin of a currency that ends at `end`, or `end` when there is none. */
static gsize
currency_before(const struct reader *r, gsize end)
{
	const struct figure_units *units = figure_units(UNIT_CURRENCY);
	guint i = end > 0 ? units->last[(guchar)r->text->bytes[end - 1]] : 0;
	for (; i; i = units->previous[i]) {
		const struct figure_unit *unit = &units->rows[i - 1];
		gsize length = strlen(unit->word);
		if (length > end)
			continue;
		gsize begin = end - length;
		if (!memcmp(r->text->bytes + begin, unit->word, length) &&
		    !(word_ends(r, begin) && word_begins(r, begin)) &&
		    (!(unit->flags & UNIT_CAPITALS) || in_capitals(r, begin, length)))
			return begin;
	}
	return end;
}

static gsize
skip_space(const struct reader *r, gsize at)
{
	return at + (r->text->bytes[at] == ' ');
}

/* --- numbers --- */

static gboolean
digit_at(const struct reader *r, gsize at)
{
	return at < r->text->length && g_ascii_isdigit(r->text->bytes[at]);
}

static gsize
digits_end(const struct reader *r, gsize at)
{
	while (digit_at(r, at))
		at++;
	return at;
}

/* "5", "5,000.50", "5 000", "1'200": groups by spaces have three digits. */
static gsize
number_end(const struct reader *r, gsize at)
{
	gsize begin = at;
	for (at = digits_end(r, at); at - begin < NUMBER_LENGTH;) {
		char separator = r->text->bytes[at];
		gsize next = digits_end(r, at + 1);
		if (next == at + 1 || !strchr(".,' ", separator))
			break;
		if (separator == ' ' && next != at + 4)
			break;
		at = next;
	}
	return at;
}

static guint
number_value(const struct reader *r, gsize begin, gsize end)
{
	guint value = 0;
	for (gsize i = begin; i < end && i < begin + 5; i++)
		value = value * 10 + (r->text->bytes[i] - '0');
	return value;
}

/* --- dates --- */

/* Part of something longer, such as an address or a version: "192.168.10.12", "v1.2". */
static gboolean
is_joined(const struct reader *r, gsize begin, gsize end)
{
	const char *bytes = r->text->bytes;
	if (word_ends(r, begin) ||
	    (bytes[end] && strchr("./-", bytes[end]) && digit_at(r, end + 1)))
		return TRUE;
	return begin >= 2 && strchr("./-", bytes[begin - 1]) && g_ascii_isalnum(bytes[begin - 2]);
}

/* Day and month alone: "15.03", "5.3." or "3/15"; "2.4" is more often a version. */
static gboolean
is_short_date(const struct reader *r, gsize begin, gsize end, char separator)
{
	gsize middle = digits_end(r, begin);
	guint first = number_value(r, begin, middle), second = number_value(r, middle + 1, end);
	if (separator == '-' || middle - begin > 2 || end - middle > 3 || first < 1 || second < 1)
		return FALSE;
	if (separator == '/')
		return MIN(first, second) <= 12 && MAX(first, second) <= 31 && end - begin > 3;
	gboolean dotted = r->text->bytes[end] == '.' && r->text->bytes[end + 1] == ' ';
	return first <= 31 && second <= 12 &&
	       (dotted || (middle - begin == 2 && end - middle == 3));
}

/* "15.03.2027", "2027-03-15", "3/15/27", "15.03" */
static gsize
numeric_date(const struct reader *r, gsize begin)
{
	guint part[3] = { 0 }, parts = 0;
	gsize at = begin, end = 0;
	char separator = 0;
	while (parts < 3 && digit_at(r, at)) {
		gsize stop = digits_end(r, at);
		if (stop - at > 4)
			return 0;
		part[parts++] = number_value(r, at, stop);
		end = stop;
		char next = r->text->bytes[stop];
		if (!next || !strchr("./-", next) || (separator && next != separator))
			break;
		separator = next;
		at = stop + 1;
	}
	if (parts < 2 || digit_at(r, end) || is_joined(r, begin, end))
		return 0;
	gboolean year_first = part[0] > 1900 && part[0] < 2200;
	guint day = year_first ? part[2] : part[0], month = part[1];
	if (parts == 2)
		return is_short_date(r, begin, end, separator) ? end : 0;
	if (month > 12 && day <= 12 && !year_first) {
		guint swapped = month;
		month = day;
		day = swapped;
	}
	gboolean year = year_first || part[2] < 100 || (part[2] > 1900 && part[2] < 2200);
	return year && month >= 1 && month <= 12 && day >= 1 && day <= 31 ? end : 0;
}

/* A year of four digits behind a date, with what joins it: ", 2027", " de 2027". */
static gsize
year_behind(const struct reader *r, gsize end)
{
	gsize at = end + (r->text->bytes[end] == ',');
	at = skip_space(r, at);
	gsize filler = unit_at(r, at, FALSE, UNIT_FILLER);
	if (filler)
		at = skip_space(r, filler);
	gsize stop = digits_end(r, at);
	guint year = stop - at == 4 ? number_value(r, at, stop) : 0;
	return year > 1900 && year < 2200 ? stop : end;
}

/* "5 march", "5th of march 2027", "5. marz"; "2027年3月5日", "3月5日" */
static gsize
day_then_month(const struct reader *r, gsize begin)
{
	static const char year_sign[] = "年", day_signs[2][4] = { "日", "号" };
	gsize end = digits_end(r, begin);
	const char *behind = r->text->bytes + end;
	if (end - begin == 4 && g_str_has_prefix(behind, year_sign)) {
		begin = skip_space(r, end + 3);
		end = digits_end(r, begin);
	}
	if (end == begin || end - begin > 2)
		return 0;
	gsize at = end;
	gsize filler = unit_at(r, at, TRUE, UNIT_FILLER);
	at = filler ? filler : at + (r->text->bytes[at] == '.');
	at = skip_space(r, at);
	filler = unit_at(r, at, FALSE, UNIT_FILLER);
	at = filler ? skip_space(r, filler) : at;
	gsize month = unit_at(r, at, FALSE, UNIT_MONTH);
	if (!month)
		return 0;
	gsize day = digits_end(r, month);
	for (guint i = 0; i < 2; i++)
		if (day > month && g_str_has_prefix(r->text->bytes + day, day_signs[i]))
			return day + 3;
	gsize dotted = month + (r->text->bytes[month] == '.');
	gsize year = year_behind(r, dotted);
	return year > dotted ? year : month;
}

/* "march 5, 2027", "march 2027", "q3 2027": what stands before the number makes it a date. */
static gsize
month_then_day(const struct reader *r, gsize number, gsize *begin)
{
	gsize end = digits_end(r, number);
	guint value = number_value(r, number, end);
	const char *bytes = r->text->bytes;
	if (number >= 1 && bytes[number - 1] == 'q' && end == number + 1 && value >= 1 &&
	    value <= 4 && !word_ends(r, number - 1)) {
		*begin = number - 1;
		return year_behind(r, end);
	}
	if (number < 4 || bytes[number - 1] != ' ')
		return 0;
	gsize word = number - 1 - (bytes[number - 2] == '.'), start = word;
	while (start > 0 && word - start < WORD_LENGTH && word_ends(r, start) &&
	       !g_ascii_isdigit(bytes[start - 1]))
		start = g_utf8_prev_char(bytes + start) - bytes;
	if (start == word || unit_at(r, start, FALSE, UNIT_MONTH) != word)
		return 0;
	*begin = start;
	if (end - number == 4)
		return value > 1900 && value < 2200 ? end : 0;
	if (end - number > 2 || value < 1 || value > 31)
		return 0;
	gsize filler = unit_at(r, end, TRUE, UNIT_FILLER);
	return year_behind(r, filler ? filler : end);
}

/* --- amounts and spans --- */

/* Behind a number: "k", " mii de", " тыс. "; the end of it, or of the number. */
static gsize
magnitude_behind(const struct reader *r, gsize end)
{
	gsize at = skip_space(r, end);
	gsize filler = unit_at(r, at, FALSE, UNIT_FILLER);
	if (filler)
		at = skip_space(r, filler);
	gsize magnitude = unit_at(r, at, at == end, UNIT_MAGNITUDE);
	if (!magnitude)
		return end;
	return magnitude + (r->text->bytes[magnitude] == '.');
}

static gsize
currency_behind(const struct reader *r, gsize end)
{
	gsize at = end;
	if (!strncmp(r->text->bytes + at, ",-", 2) || !strncmp(r->text->bytes + at, ".-", 2))
		at += 2;
	gboolean glued = r->text->bytes[at] != ' ';
	at = skip_space(r, at);
	gsize filler = unit_at(r, at, FALSE, UNIT_FILLER);
	if (filler)
		at = skip_space(r, filler);
	return unit_at(r, at, glued, UNIT_CURRENCY);
}

static gboolean
amount_at(const struct reader *r, gsize number, struct figure *ret)
{
	gsize end = number_end(r, number);
	gsize magnitude = magnitude_behind(r, end);
	if (magnitude == number + 1) /* "$1": a token of something else */
		return FALSE;
	gsize currency = currency_behind(r, magnitude);
	ret->kind = FIGURE_AMOUNT;
	ret->begin = number;
	if (currency) {
		ret->end = currency;
		return TRUE;
	}
	gsize before = number;
	before -= before > 0 && r->text->bytes[before - 1] == ' ';
	before -= before > 1 && r->text->bytes[before - 1] == '.'; /* "Rs. 500" */
	ret->begin = currency_before(r, before);
	ret->end = magnitude;
	if (ret->begin == before)
		return FALSE;
	/* "US$ 500", "R$ 500": letters right before the sign belong to it */
	for (guint i = 0; i < 2 && r->text->bytes[before - 1] == '$' && ret->begin > 0 &&
			  g_ascii_isalpha(r->text->bytes[ret->begin - 1]);
	     i++)
		ret->begin--;
	return TRUE;
}

static gboolean
date_at(const struct reader *r, gsize number, struct figure *ret)
{
	ret->kind = FIGURE_DATE;
	ret->begin = number;
	ret->end = numeric_date(r, number);
	if (!ret->end)
		ret->end = day_then_month(r, number);
	if (!ret->end)
		ret->end = month_then_day(r, number, &ret->begin);
	return ret->end > 0;
}

static gboolean
span_at(const struct reader *r, gsize number, struct figure *ret)
{
	gsize end = digits_end(r, number);
	if (end - number > 3)
		return FALSE;
	if (r->text->bytes[end] == '-' && digit_at(r, end + 1)) /* "2-3 weeks" */
		end = digits_end(r, end + 1);
	ret->kind = FIGURE_SPAN;
	ret->begin = number;
	ret->end = unit_at(r, skip_space(r, end), FALSE, UNIT_SPAN);
	return ret->end > 0;
}

/* The next digit from `i` on, or the end; over eight bytes without one at once. */
static gsize
next_digit(const struct fold_text *text, gsize i)
{
	const guint64 ones = 0x0101010101010101u, upper = ones << 7;
	for (guint64 word; i + sizeof word <= text->length; i += sizeof word) {
		memcpy(&word, text->bytes + i, sizeof word);
		guint64 low = word & ~upper; /* sums stay in their byte */
		guint64 from_0 = low + ones * (0x80 - '0'), above_9 = low + ones * (0x7f - '9');
		if (from_0 & ~above_9 & ~word & upper)
			break;
	}
	while (i < text->length && !g_ascii_isdigit(text->bytes[i]))
		i++;
	return i;
}

gboolean
figure_next(const struct fold_text *text, const char *original, gsize *at, struct figure *ret)
{
	const struct reader r = { text, original };
	gsize i;
	for (i = next_digit(text, *at); i < text->length; i = next_digit(text, i)) {
		if (amount_at(&r, i, ret) || span_at(&r, i, ret) || date_at(&r, i, ret)) {
			*at = MAX(ret->end, i + 1);
			return TRUE;
		}
		i = digits_end(&r, i);
	}
	*at = i;
	return FALSE;
}
