/* schedule.c - see schedule.h.  Standard Webhooks 1.0, "Retries"; RFC 9110 section 10.2.3. */
#include "hooks/out/schedule.h"
#include "base/clock.h"

#include <stdio.h>
#include <string.h>

#define RETRY_AFTER_MOST CLOCK_DAY
#define LIMIT_DATE 64

/* Seconds until the next try after so many tries; the last one for ever. */
static const int delays[] = { 5,         5 * 60,    30 * 60,   2 * 3600, 5 * 3600,
			      10 * 3600, 14 * 3600, 20 * 3600, 24 * 3600 };

gint64
schedule_next(guint attempts, gint64 now, double chance)
{
	guint i = CLAMP(attempts, 1, G_N_ELEMENTS(delays)) - 1;
	double jitter = 0.9 + 0.2 * CLAMP(chance, 0, 1);
	return now + (gint64)(delays[i] * (double)CLOCK_SECOND * jitter);
}

struct date {
	int year, day, hour, minute, second;
	char month[4];
};

/* The three forms of section 5.6.7; a recipient must read them all. */
static gboolean
scan_date(const char *text, struct date *d)
{
	int end = 0;
	sscanf(text, "%*[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT%n", &d->day, d->month,
	       &d->year, &d->hour, &d->minute, &d->second, &end);
	if (end && !text[end])
		return TRUE;
	end = 0;
	sscanf(text, "%*[A-Za-z], %2d-%3[A-Za-z]-%2d %2d:%2d:%2d GMT%n", &d->day, d->month,
	       &d->year, &d->hour, &d->minute, &d->second, &end);
	if (end && !text[end]) {
		d->year += d->year < 70 ? 2000 : 1900;
		return TRUE;
	}
	end = 0;
	sscanf(text, "%*[A-Za-z] %3[A-Za-z] %2d %2d:%2d:%2d %4d%n", d->month, &d->day, &d->hour,
	       &d->minute, &d->second, &d->year, &end);
	return end && !text[end];
}

static int
month_number(const char *name)
{
	static const char names[][4] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
					 "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
	for (guint i = 0; i < G_N_ELEMENTS(names); i++)
		if (!strcmp(name, names[i]))
			return i + 1;
	return 0;
}

static gint64
http_date(const char *text)
{
	struct date d;
	if (strlen(text) > LIMIT_DATE || !scan_date(text, &d) || d.year < 1970)
		return 0;
	g_autoptr(GDateTime) t = g_date_time_new_utc(d.year, month_number(d.month), d.day, d.hour,
						     d.minute, d.second);
	return t ? g_date_time_to_unix(t) * CLOCK_SECOND : 0;
}

static gint64
delay_seconds(const char *text)
{
	gint64 seconds = 0;
	for (const char *p = text; *p; p++) {
		if (!g_ascii_isdigit(*p))
			return -1;
		seconds = MIN(seconds * 10 + *p - '0', RETRY_AFTER_MOST / CLOCK_SECOND);
	}
	return *text ? seconds : -1;
}

gint64
schedule_retry_after(const char *value, gint64 now)
{
	g_autofree char *text = g_strstrip(g_strdup(value));
	gint64 seconds = delay_seconds(text);
	gint64 time = seconds >= 0 ? now + seconds * CLOCK_SECOND : http_date(text);
	return MIN(time, now + RETRY_AFTER_MOST);
}

/* The smallest numbers taken for seconds and milliseconds since 1970, both in 2001. */
#define LEAST_SECONDS 1000000000.0
#define LEAST_MILLISECONDS 1000000000000.0

gint64
schedule_reset(const char *value, gint64 now)
{
	char *end = NULL;
	double number = g_ascii_isdigit(*value) ? g_ascii_strtod(value, &end) : -1;
	if (number < 0 || *end)
		return 0;
	double time = number * (double)CLOCK_SECOND;
	if (number >= LEAST_MILLISECONDS)
		time = number * 1000;
	else if (number < LEAST_SECONDS)
		time += (double)now;
	return (gint64)MIN(time, (double)(now + RETRY_AFTER_MOST));
}

enum verdict
schedule_verdict(long status)
{
	if (status >= 200 && status < 300)
		return VERDICT_DELIVERED;
	return status == 410 ? VERDICT_PARK : status == 413 ? VERDICT_DEAD : VERDICT_RETRY;
}
