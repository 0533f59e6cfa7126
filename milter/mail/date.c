/*
 * date.c - see date.h.
 *
 * The text is read as a row of tokens, numbers and words, each of which says by its form what it
 * is; so order, missing seconds, commas and comments don't matter.
 */
#include "mail/date.h"

#include <string.h>

#define HOUR 3600
#define TOKENS_MAX 32

struct moment {
	int year, month, day; /* -1, 0, 0 until known */
	int hour, minute, second; /* hour -1 until known */
	int offset; /* seconds east */
	gboolean has_offset;
};

static const char months[] = "janfebmaraprmayjunjulaugsepoctnovdec";

static const struct {
	const char *name;
	gint16 minutes;
} zones[] = {
	{ "ut", 0 },      { "utc", 0 },    { "gmt", 0 },    { "z", 0 },      { "wet", 0 },
	{ "west", 60 },   { "bst", 60 },   { "cet", 60 },   { "met", 60 },   { "cest", 120 },
	{ "mest", 120 },  { "eet", 120 },  { "sast", 120 }, { "eest", 180 }, { "msk", 180 },
	{ "msd", 240 },   { "sgt", 480 },  { "hkt", 480 },  { "awst", 480 }, { "jst", 540 },
	{ "kst", 540 },   { "aest", 600 }, { "aedt", 660 }, { "nzst", 720 }, { "nzdt", 780 },
	{ "brt", -180 },  { "edt", -240 }, { "est", -300 }, { "cdt", -300 }, { "cst", -360 },
	{ "mdt", -360 },  { "mst", -420 }, { "pdt", -420 }, { "pst", -480 }, { "akdt", -480 },
	{ "akst", -540 }, { "hst", -600 },
};

/* Up to `most` digits; a longer number is none. */
static int
read_number(const char **p, guint most)
{
	int n = 0;
	guint digits = 0;
	while (g_ascii_isdigit(**p)) {
		if (++digits > most)
			return -1;
		n = n * 10 + (*(*p)++ - '0');
	}
	return digits ? n : -1;
}

/* ":mm", ":mm:ss" or ".mm.ss" after an hour, with fractions of a second ignored. */
static gboolean
read_time(struct moment *moment, int hour, const char **p)
{
	char separator = **p;
	const char *q = *p + 1;
	int minute = read_number(&q, 2), second = 0;
	if (minute < 0 || hour > 23 || minute > 59)
		return FALSE;
	if (*q == separator && g_ascii_isdigit(q[1])) {
		q++;
		second = read_number(&q, 2);
	}
	if (second < 0 || second > 60)
		return FALSE;
	if (*q == '.' && g_ascii_isdigit(q[1]))
		q += 1 + strspn(q + 1, "0123456789");
	moment->hour = hour;
	moment->minute = minute;
	moment->second = MIN(second, 59);
	*p = q;
	return TRUE;
}

/* "+0200", "+02:00", "+2", "-0000". */
static void
read_offset(struct moment *moment, const char **p)
{
	int sign = **p == '-' ? -1 : 1;
	const char *start = ++*p;
	int n = read_number(p, 4);
	gsize digits = (gsize)(*p - start);
	if (n < 0)
		return;
	int hours = digits <= 2 ? n : n / 100, minutes = digits <= 2 ? 0 : n % 100;
	if (digits <= 2 && **p == ':') {
		++*p;
		minutes = read_number(p, 2);
	}
	if (hours > 23 || minutes < 0 || minutes > 59)
		return;
	moment->offset = sign * (hours * HOUR + minutes * 60);
	moment->has_offset = TRUE;
}

/* Short years as RFC 5322 section 4.3 has them; "0126" is a three-digit one, padded. */
static int
full_year(int year)
{
	if (year < 50)
		return 2000 + year;
	return year < 1000 ? 1900 + year : year;
}

static int
read_month(const char *word, gsize length)
{
	char name[4] = { 0 };
	if (length < 3)
		return 0;
	for (gsize i = 0; i < 3; i++)
		name[i] = g_ascii_tolower(word[i]);
	for (int i = 0; i < 12; i++)
		if (memcmp(months + (gsize)i * 3, name, 3) == 0)
			return i + 1;
	return 0;
}

static void
read_word(struct moment *moment, const char **p)
{
	const char *word = *p;
	while (g_ascii_isalpha(**p))
		++*p;
	gsize length = (gsize)(*p - word);
	int month = read_month(word, length);
	/* the last one before the time: "mar, 3 nov" has a French Tuesday */
	if (month && (!moment->month || moment->hour < 0)) {
		moment->month = month;
		return;
	}
	if (length == 2 && moment->hour >= 0 && g_ascii_tolower(word[1]) == 'm') {
		if (g_ascii_tolower(word[0]) == 'p' && moment->hour < 12)
			moment->hour += 12;
		else if (g_ascii_tolower(word[0]) == 'a' && moment->hour == 12)
			moment->hour = 0;
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(zones) && !moment->has_offset; i++)
		if (strlen(zones[i].name) == length &&
		    g_ascii_strncasecmp(zones[i].name, word, length) == 0)
			moment->offset = zones[i].minutes * 60;
}

/* "2026-11-21", after its year. */
static gboolean
read_iso_date(struct moment *moment, int year, const char **p)
{
	const char *q = *p + 1;
	int month = read_number(&q, 2);
	if (month < 1 || month > 12 || *q != **p)
		return FALSE;
	q++;
	int day = read_number(&q, 2);
	if (day < 1 || day > 31)
		return FALSE;
	moment->year = year;
	moment->month = month;
	moment->day = day;
	*p = q + (*q == 'T' && g_ascii_isdigit(q[1]));
	return TRUE;
}

static void
read_digits(struct moment *moment, const char **p)
{
	const char *start = *p;
	int n = read_number(p, 4);
	gsize digits = (gsize)(*p - start);
	if (n < 0) {
		*p += strspn(*p, "0123456789");
		return;
	}
	gboolean time = **p == ':' || (**p == '.' && moment->day);
	if (time && moment->hour < 0 && digits <= 2 && read_time(moment, n, p))
		return;
	if (digits == 4 && (**p == '-' || **p == '/') && !moment->month &&
	    read_iso_date(moment, n, p))
		return;
	if (digits <= 2 && !moment->day && n >= 1 && n <= 31)
		moment->day = n;
	else if (moment->year < 0)
		moment->year = full_year(n);
}

/* A comment, however deep it nests. */
static void
skip_comment(const char **p)
{
	guint depth = 0;
	for (; **p; ++*p) {
		if (**p == '(')
			depth++;
		else if (**p == ')' && --depth == 0) {
			++*p;
			return;
		}
	}
}

static void
read_tokens(struct moment *moment, const char *p)
{
	for (guint i = 0; *p && i < TOKENS_MAX; i++) {
		if (g_ascii_isdigit(*p))
			read_digits(moment, &p);
		else if (g_ascii_isalpha(*p))
			read_word(moment, &p);
		else if ((*p == '+' || *p == '-') && moment->hour >= 0 && !moment->has_offset &&
			 g_ascii_isdigit(p[1]))
			read_offset(moment, &p);
		else if (*p == '(')
			skip_comment(&p);
		else
			p++;
		p += strspn(p, " \t\r\n,");
	}
}

gint64
date_parse(const char *value, int *ret_offset)
{
	struct moment moment = { .year = -1, .hour = -1 };
	read_tokens(&moment, value);
	if (moment.year < 1 || !moment.month || !moment.day)
		return 0;
	moment.hour = MAX(moment.hour, 0);
	g_autoptr(GDateTime) utc = g_date_time_new_utc(moment.year, moment.month, moment.day,
						       moment.hour, moment.minute, moment.second);
	if (!utc)
		return 0;
	*ret_offset = moment.offset;
	return (g_date_time_to_unix(utc) - moment.offset) * G_USEC_PER_SEC;
}
