/* clock.c - see clock.h.  ULID: github.com/ulid/spec. */
#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static gint64 fixed_time; /* atomic */

gint64
clock_now(void)
{
	gint64 fixed = __atomic_load_n(&fixed_time, __ATOMIC_RELAXED);
	return fixed ? fixed : g_get_real_time();
}

void
clock_fix(gint64 fixed)
{
	__atomic_store_n(&fixed_time, fixed, __ATOMIC_RELAXED);
}

char *
clock_format(gint64 time)
{
	gint64 whole = time / CLOCK_SECOND, part = time % CLOCK_SECOND;
	if (part < 0) {
		whole--;
		part += CLOCK_SECOND;
	}
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_utc(whole);
	if (!t)
		return g_strdup("");
	g_autofree char *seconds = g_date_time_format(t, "%Y-%m-%dT%H:%M:%S");
	return g_strdup_printf("%s.%03dZ", seconds, (int)(part / 1000));
}

/* "@1795255200", or NULL */
static GDateTime *
parse_seconds(const char *text)
{
	char *end = NULL;
	gint64 seconds = g_ascii_strtoll(text + 1, &end, 10);
	return g_ascii_isdigit(text[1]) && !*end ? g_date_time_new_from_unix_utc(seconds) : NULL;
}

static GDateTime *
parse_date(const char *text)
{
	g_autoptr(GTimeZone) utc = g_time_zone_new_utc();
	g_autofree char *iso = g_strdup(text);
	if (strlen(iso) == 10) {
		g_autofree char *day = g_steal_pointer(&iso);
		iso = g_strconcat(day, "T00:00:00", NULL);
	} else if (strlen(iso) == 16) {
		g_autofree char *minute = g_steal_pointer(&iso);
		iso = g_strconcat(minute, ":00", NULL);
	}
	return g_date_time_new_from_iso8601(iso, utc);
}

gint64
clock_parse(const char *text, GError **error)
{
	g_autoptr(GDateTime) t = text[0] == '@' ? parse_seconds(text) : parse_date(text);
	if (!t) {
		g_set_error(
			error, LEADMILTER_ERROR, ERROR_INPUT,
			"'%s' is not a time; write 2026-11-21T10:00:00Z, 2026-11-21 or @SECONDS",
			text);
		return 0;
	}
	return g_date_time_to_unix(t) * CLOCK_SECOND + g_date_time_get_microsecond(t);
}

static const struct {
	const char *name;
	gint64 length;
} units[] = {
	{ "s", CLOCK_SECOND },
	{ "second", CLOCK_SECOND },
	{ "seconds", CLOCK_SECOND },
	{ "m", 60 * (gint64)CLOCK_SECOND },
	{ "min", 60 * (gint64)CLOCK_SECOND },
	{ "minute", 60 * (gint64)CLOCK_SECOND },
	{ "minutes", 60 * (gint64)CLOCK_SECOND },
	{ "h", 3600 * (gint64)CLOCK_SECOND },
	{ "hour", 3600 * (gint64)CLOCK_SECOND },
	{ "hours", 3600 * (gint64)CLOCK_SECOND },
	{ "d", CLOCK_DAY },
	{ "day", CLOCK_DAY },
	{ "days", CLOCK_DAY },
	{ "w", 7 * CLOCK_DAY },
	{ "week", 7 * CLOCK_DAY },
	{ "weeks", 7 * CLOCK_DAY },
	{ "month", 30 * CLOCK_DAY },
	{ "months", 30 * CLOCK_DAY },
	{ "year", 365 * CLOCK_DAY },
	{ "years", 365 * CLOCK_DAY },
};

gint64
clock_unit(const char *name, gsize length)
{
	for (guint i = 0; i < G_N_ELEMENTS(units); i++)
		if (strlen(units[i].name) == length && !memcmp(units[i].name, name, length))
			return units[i].length;
	return 0;
}

gint64
clock_parse_duration(const char *text, GError **error)
{
	char *end = NULL;
	double number = g_ascii_isdigit(text[0]) ? g_ascii_strtod(text, &end) : -1;
	gint64 unit = 0;
	if (number >= 0) {
		end += strspn(end, " ");
		unit = !*end && number == 0 ? CLOCK_SECOND : clock_unit(end, strlen(end));
	}
	if (unit > 0 && number * (double)unit < (double)G_MAXINT64 / 4)
		return (gint64)(number * (double)unit);
	g_set_error(
		error, LEADMILTER_ERROR, ERROR_INPUT,
		"'%s' is not a duration; write a number with s, m, h, d or w, such as 90m or 14d",
		text);
	return -1;
}

static void
random_bytes(guint8 *out, size_t n)
{
	while (n > 0) {
		ssize_t got = getrandom(out, n, 0);
		if (got < 0 && errno != EINTR)
			g_error("getrandom: %s", g_strerror(errno));
		if (got > 0) {
			out += got;
			n -= got;
		}
	}
}

char *
clock_new_id(const char *prefix, gint64 time)
{
	static const char alphabet[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	guint64 ms = (guint64)(time / 1000) & 0xffffffffffffULL;
	guint8 random[10];
	random_bytes(random, sizeof random);
	char id[27];
	for (int i = 9; i >= 0; i--, ms >>= 5)
		id[i] = alphabet[ms & 31];
	for (int half = 0; half < 2; half++) {
		guint64 bits = 0;
		for (int i = 0; i < 5; i++)
			bits = bits << 8 | random[half * 5 + i];
		for (int i = 7; i >= 0; i--, bits >>= 5)
			id[10 + half * 8 + i] = alphabet[bits & 31];
	}
	id[26] = '\0';
	return g_strconcat(prefix, id, NULL);
}
