/*
 * calendar.c - see calendar.h.
 *
 * One pass over the unfolded content lines.  Only the first VEVENT (or VTODO) counts.  A local
 * start time is read with the offsets its VTIMEZONE names for winter and summer, so no time zone
 * database and no name of a foreign system's zones is needed.
 */
#include "mail/calendar.h"
#include "base/limits.h"
#include "mail/dates.h"

#include <string.h>

#define ZONES 8

/* One STANDARD or DAYLIGHT block: from that day of the year on, this offset. */
struct observance {
	gint offset; /* seconds */
	gint month, nth, weekday; /* BYMONTH, BYDAY=nth weekday (Sunday 0), month 0: always */
};

struct zone {
	char *name;
	struct observance observances[2];
	guint count;
};

struct reader {
	struct calendar *calendar;
	struct zone zones[ZONES];
	guint zone_count;
	struct observance *observance; /* of the block being read, or NULL */
	gboolean in_event, event_done, in_alarm, cancelled;
	char *start, *start_zone, *partstat;
};

/* One content line in its pieces; all point into the line. */
struct line {
	char *name, *parameters, *value;
};

static gboolean
split_line(char *text, struct line *ret_line)
{
	gboolean quoted = FALSE;
	ret_line->name = text;
	ret_line->parameters = NULL;
	for (char *p = text; *p; p++) {
		if (*p == '"')
			quoted = !quoted;
		else if (*p == ';' && !quoted && !ret_line->parameters) {
			*p = '\0';
			ret_line->parameters = p + 1;
		} else if (*p == ':' && !quoted) {
			*p = '\0';
			ret_line->value = p + 1;
			return TRUE;
		}
	}
	return FALSE;
}

/* A parameter's value, unquoted; caller frees. */
static char *
parameter(const char *parameters, const char *name)
{
	gsize length = strlen(name);
	for (const char *p = parameters; p && *p;) {
		const char *value = NULL;
		if (!g_ascii_strncasecmp(p, name, length) && p[length] == '=')
			value = p + length + 1;
		gboolean quoted = FALSE;
		const char *end = p;
		while (*end && (quoted || *end != ';'))
			if (*end++ == '"')
				quoted = !quoted;
		if (value) {
			char *copy = g_strndup(value, end - value);
			g_strdelimit(copy, "\"", ' ');
			return g_strstrip(copy);
		}
		p = *end ? end + 1 : end;
	}
	return NULL;
}

/* RFC 5545 section 3.3.11: \n \, \; \\ in TEXT. */
static char *
unescape(const char *value)
{
	GString *text = g_string_sized_new(strlen(value));
	for (const char *p = value; *p; p++) {
		if (*p == '\\' && p[1]) {
			p++;
			g_string_append_c(text, *p == 'n' || *p == 'N' ? '\n' : *p);
		} else if ((guchar)*p >= ' ' || *p == '\t') {
			g_string_append_c(text, *p);
		}
	}
	g_strstrip(text->str);
	return g_string_free(text, FALSE);
}

static gint
two_digits(const char *p)
{
	return g_ascii_isdigit(p[0]) && g_ascii_isdigit(p[1]) ? (p[0] - '0') * 10 + p[1] - '0' : -1;
}

/* "+0100", "-043000" */
static gint
read_offset(const char *value)
{
	gsize length = strlen(value);
	if (length < 5 || (*value != '+' && *value != '-'))
		return 0;
	gint hours = two_digits(value + 1), minutes = two_digits(value + 3);
	if (hours < 0 || hours > 14 || minutes < 0 || minutes > 59)
		return 0;
	return (*value == '-' ? -1 : 1) * (hours * 3600 + minutes * 60);
}

static const char *
rule_part(const char *rule, const char *name)
{
	const char *p = strstr(rule, name);
	return p ? p + strlen(name) : NULL;
}

/* RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3 */
static void
read_rule(struct observance *observance, const char *rule)
{
	static const char days[] = "SUMOTUWETHFRSA";
	const char *month = rule_part(rule, "BYMONTH="), *day = rule_part(rule, "BYDAY=");
	if (!month || !day)
		return;
	char *name = NULL;
	gint64 nth = g_ascii_strtoll(day, &name, 10);
	gint64 number = g_ascii_strtoll(month, NULL, 10);
	if (number < 1 || number > 12 || nth < -5 || nth > 5 || !nth || strlen(name) < 2)
		return;
	for (gint i = 0; i < 7; i++)
		if (!strncmp(name, days + 2 * i, 2)) {
			observance->month = (gint)number;
			observance->nth = (gint)nth;
			observance->weekday = i;
		}
}

/* Midnight of the nth weekday of a month, in microseconds. */
static gint64
nth_weekday(gint year, const struct observance *observance)
{
	gint64 one_day = 24 * 3600 * G_TIME_SPAN_SECOND;
	if (observance->nth > 0) {
		gint64 first = dates_day(year, observance->month, 1);
		gint weekday = (gint)((first / one_day + 4) % 7);
		gint ahead = (observance->weekday - weekday + 7) % 7 + 7 * (observance->nth - 1);
		return first + ahead * one_day;
	}
	gint next_month = observance->month % 12 + 1;
	gint64 last = dates_day(next_month == 1 ? year + 1 : year, next_month, 1) - one_day;
	gint weekday = (gint)((last / one_day + 4) % 7);
	gint back = (weekday - observance->weekday + 7) % 7 + 7 * (-observance->nth - 1);
	return last - back * one_day;
}

/* The offset in force: that of the observance that began last before that local time. */
static gint
zone_offset(const struct zone *zone, gint64 local, gint year)
{
	if (zone->count < 2 || !zone->observances[0].month || !zone->observances[1].month)
		return zone->count ? zone->observances[0].offset : 0;
	gint64 starts[2] = { nth_weekday(year, &zone->observances[0]),
			     nth_weekday(year, &zone->observances[1]) };
	guint earlier = starts[0] < starts[1] ? 0 : 1, later = 1 - earlier;
	if (local >= starts[later] || local < starts[earlier])
		return zone->observances[later].offset;
	return zone->observances[earlier].offset;
}

/* 20261121T100000Z, 20261121T100000 with a zone, 20261121; 0 when it is none of them. */
static gint64
read_time(const struct reader *reader)
{
	const char *value = reader->start;
	gsize length = value ? strlen(value) : 0;
	if (length < 8)
		return 0;
	gint year = two_digits(value) * 100 + two_digits(value + 2);
	gint64 day = dates_day(year, two_digits(value + 4), two_digits(value + 6));
	if (!day || length < 15 || value[8] != 'T')
		return day;
	gint hour = two_digits(value + 9), minute = two_digits(value + 11),
	     second = two_digits(value + 13);
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
		return day;
	gint64 local = day + (hour * 3600 + minute * 60 + second) * G_TIME_SPAN_SECOND;
	if (value[15] == 'Z' || !reader->start_zone)
		return local;
	for (guint i = 0; i < reader->zone_count; i++)
		if (!g_strcmp0(reader->zones[i].name, reader->start_zone))
			return local -
			       zone_offset(&reader->zones[i], local, year) * G_TIME_SPAN_SECOND;
	return local;
}

static void
begin_block(struct reader *reader, const char *name)
{
	struct zone *zone = reader->zone_count ? &reader->zones[reader->zone_count - 1] : NULL;
	if (!g_ascii_strcasecmp(name, "VTIMEZONE") && reader->zone_count < ZONES)
		reader->zone_count++;
	else if (zone && zone->count < 2 &&
		 (!g_ascii_strcasecmp(name, "STANDARD") || !g_ascii_strcasecmp(name, "DAYLIGHT")))
		reader->observance = &zone->observances[zone->count++];
	else if (!g_ascii_strcasecmp(name, "VALARM"))
		reader->in_alarm = TRUE;
	else if (!g_ascii_strcasecmp(name, "VEVENT") || !g_ascii_strcasecmp(name, "VTODO"))
		reader->in_event = !reader->event_done;
}

static void
end_block(struct reader *reader, const char *name)
{
	if (!g_ascii_strcasecmp(name, "VALARM"))
		reader->in_alarm = FALSE;
	else if (!g_ascii_strcasecmp(name, "STANDARD") || !g_ascii_strcasecmp(name, "DAYLIGHT"))
		reader->observance = NULL;
	else if (!g_ascii_strcasecmp(name, "VEVENT") || !g_ascii_strcasecmp(name, "VTODO")) {
		reader->event_done = reader->event_done || reader->in_event;
		reader->in_event = FALSE;
	}
}

static void
replace(char **slot, char *value)
{
	g_free(*slot);
	*slot = value;
}

static void
read_event_line(struct reader *reader, const struct line *line)
{
	if (!g_ascii_strcasecmp(line->name, "SUMMARY")) {
		replace(&reader->calendar->summary, unescape(line->value));
	} else if (!g_ascii_strcasecmp(line->name, "DTSTART")) {
		replace(&reader->start, g_strdup(line->value));
		replace(&reader->start_zone, parameter(line->parameters, "TZID"));
	} else if (!g_ascii_strcasecmp(line->name, "STATUS")) {
		reader->cancelled = !g_ascii_strcasecmp(line->value, "CANCELLED");
	} else if (!g_ascii_strcasecmp(line->name, "ATTENDEE") && !reader->partstat) {
		reader->partstat = parameter(line->parameters, "PARTSTAT");
	}
}

static void
read_line(struct reader *reader, const struct line *line)
{
	struct zone *zone = reader->zone_count ? &reader->zones[reader->zone_count - 1] : NULL;
	if (!g_ascii_strcasecmp(line->name, "BEGIN"))
		begin_block(reader, line->value);
	else if (!g_ascii_strcasecmp(line->name, "END"))
		end_block(reader, line->value);
	else if (reader->observance && !g_ascii_strcasecmp(line->name, "TZOFFSETTO"))
		reader->observance->offset = read_offset(line->value);
	else if (reader->observance && !g_ascii_strcasecmp(line->name, "RRULE"))
		read_rule(reader->observance, line->value);
	else if (reader->in_event && !reader->in_alarm)
		read_event_line(reader, line);
	else if (zone && !zone->name && !g_ascii_strcasecmp(line->name, "TZID"))
		zone->name = g_strdup(line->value);
	else if (!reader->calendar->method && !g_ascii_strcasecmp(line->name, "METHOD"))
		reader->calendar->method = g_ascii_strup(line->value, -1);
}

/* RFC 5545 section 3.1: a line that begins with white space continues the one before. */
static char *
next_line(const char **p)
{
	GString *line = g_string_new(NULL);
	for (;;) {
		gsize length = strcspn(*p, "\r\n");
		g_string_append_len(
			line, *p, MIN(length, LIMIT_FORM_VALUE - MIN(line->len, LIMIT_FORM_VALUE)));
		*p += length;
		*p += **p == '\r';
		*p += **p == '\n';
		if (**p != ' ' && **p != '\t')
			return g_string_free(line, FALSE);
		++*p;
	}
}

/* What the sender says with it. */
static const char *
response(const struct reader *reader)
{
	static const struct {
		const char *method, *partstat, *response;
	} responses[] = {
		{ "CANCEL", NULL, "cancelled" },        { "REPLY", "ACCEPTED", "accepted" },
		{ "REPLY", "DECLINED", "declined" },    { "REPLY", "TENTATIVE", "tentative" },
		{ "REPLY", "DELEGATED", "delegated" },  { "REPLY", "COMPLETED", "accepted" },
		{ "DECLINECOUNTER", NULL, "declined" }, { "COUNTER", NULL, "tentative" },
		{ "REQUEST", NULL, "invitation" },      { "ADD", NULL, "invitation" },
		{ "PUBLISH", NULL, "invitation" },
	};
	const char *method = reader->calendar->method;
	if (reader->cancelled)
		return "cancelled";
	for (guint i = 0; method && i < G_N_ELEMENTS(responses); i++)
		if (!strcmp(method, responses[i].method) &&
		    (!responses[i].partstat ||
		     (reader->partstat &&
		      !g_ascii_strcasecmp(reader->partstat, responses[i].partstat))))
			return responses[i].response;
	return NULL;
}

static void
reader_clear(struct reader *reader)
{
	for (guint i = 0; i < reader->zone_count; i++)
		g_free(reader->zones[i].name);
	g_free(reader->start);
	g_free(reader->start_zone);
	g_free(reader->partstat);
}

struct calendar *
calendar_read(const char *text, const char *method)
{
	if (!text || !strcasestr(text, "BEGIN:V"))
		return NULL;
	struct reader reader = { .calendar = g_new0(struct calendar, 1) };
	reader.calendar->method = g_strdup(method);
	for (const char *p = text; *p;) {
		g_autofree char *unfolded = next_line(&p);
		struct line line;
		if (split_line(unfolded, &line))
			read_line(&reader, &line);
	}
	reader.calendar->start = read_time(&reader);
	reader.calendar->response = g_strdup(response(&reader));
	reader_clear(&reader);
	return reader.calendar;
}

void
calendar_free(struct calendar *calendar)
{
	if (!calendar)
		return;
	g_free(calendar->method);
	g_free(calendar->response);
	g_free(calendar->summary);
	g_free(calendar);
}

gboolean
calendar_is_scheduling(const struct calendar *calendar)
{
	static const char *const methods[] = { "REQUEST", "REPLY",   "CANCEL", "COUNTER",
					       "ADD",     "REFRESH", NULL };
	return calendar && calendar->method && g_strv_contains(methods, calendar->method);
}
