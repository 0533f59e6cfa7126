/*
 * worktime.c - see worktime.h.
 *
 * A day is the number of a local calendar day since 1970-01-01.  Its ranges of wall clock
 * become ranges of real time one day at a time, so that a change of clocks inside of one is
 * nothing special: only days near a change ask the time zone more than twice.
 */
#include "lead/worktime.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/place.h"

#define DAY_SECONDS 86400
#define JULIAN_EPOCH 719163 /* GDate's number of 1970-01-01 */

/* Seconds of a day on the wall clock. */
struct range {
	gint64 begin, end;
};

struct worktime {
	GTimeZone *zone;
	GArray *weekdays[7]; /* struct range, from Monday; in order, disjoint */
	GHashTable *holidays; /* numbers of days */
	guint32 yearly[13]; /* by month from 1: a bit per day of it */
};

/* --- reading --- */

struct reader {
	const struct config *config;
	const char *option;
	const char *text; /* of the option, from the beginning */
	const char *at;
	GError **error;
};

static gboolean
complain(const struct reader *reader, const char *expected)
{
	struct expression_source source;

	place_find(reader->config->path, NULL, 1, reader->option, &source);
	g_set_error(reader->error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d:%d: %s: expected %s",
		    source.file, source.line, source.column + (int)(reader->at - reader->text),
		    reader->option, expected);
	return FALSE;
}

static void
skip_blanks(struct reader *reader)
{
	reader->at += strspn(reader->at, " \t\r\n");
}

static gboolean
skip(struct reader *reader, char character)
{
	skip_blanks(reader);
	if (*reader->at != character)
		return FALSE;
	reader->at++;
	return TRUE;
}

/* @return the weekday from Monday, or -1 */
static int
read_weekday(struct reader *reader)
{
	static const char *const NAMES[] = { "monday", "tuesday",  "wednesday", "thursday",
					     "friday", "saturday", "sunday" };
	gsize length = 0;

	skip_blanks(reader);
	while (g_ascii_isalpha(reader->at[length]))
		length++;
	for (int day = 0; day < 7; day++) {
		if ((length == 3 || length == strlen(NAMES[day])) &&
		    g_ascii_strncasecmp(NAMES[day], reader->at, length) == 0) {
			reader->at += length;
			return day;
		}
	}
	return -1;
}

/* "Mon", "Mon-Fri", "Sat,Mon-Tue" as bits. */
static gboolean
read_weekdays(struct reader *reader, guint *ret_days)
{
	static const char EXPECTED[] = "a day (Mon, Tue, Wed, Thu, Fri, Sat, Sun)";

	*ret_days = 0;
	do {
		int first = read_weekday(reader), last = first;

		if (first >= 0 && skip(reader, '-'))
			last = read_weekday(reader);
		if (first < 0 || last < 0)
			return complain(reader, EXPECTED);
		for (int day = first; day != last; day = (day + 1) % 7)
			*ret_days |= 1U << day;
		*ret_days |= 1U << last;
	} while (skip(reader, ','));
	return TRUE;
}

/* "09:00" as seconds, or -1 */
static gint64
read_hour(struct reader *reader)
{
	gint64 hour = 0, minute = 0;
	const char *at;

	skip_blanks(reader);
	at = reader->at;
	if (!g_ascii_isdigit(*at))
		return -1;
	for (int i = 0; i < 2 && g_ascii_isdigit(*at); i++)
		hour = hour * 10 + (*at++ - '0');
	if (*at != ':' || !g_ascii_isdigit(at[1]) || !g_ascii_isdigit(at[2]) ||
	    g_ascii_isdigit(at[3]))
		return -1;
	minute = (at[1] - '0') * 10 + (at[2] - '0');
	if (minute > 59 || hour * 60 + minute > 24 * 60)
		return -1;
	reader->at = at + 3;
	return (hour * 60 + minute) * 60;
}

static gboolean
read_ranges(struct reader *reader, guint days, struct worktime *worktime)
{
	do {
		struct range range = { read_hour(reader), -1 };

		if (range.begin < 0)
			return complain(reader, "an hour, 00:00 to 24:00");
		if (!skip(reader, '-'))
			return complain(reader, "09:00-18:00");
		range.end = read_hour(reader);
		if (range.end < 0)
			return complain(reader, "an hour, 00:00 to 24:00");
		if (range.end <= range.begin)
			return complain(reader, "an end after the beginning (over midnight: two "
						"ranges, 22:00-24:00 and 00:00-06:00)");
		for (int day = 0; day < 7; day++) {
			if ((days & 1U << day) != 0)
				g_array_append_val(worktime->weekdays[day], range);
		}
	} while (skip(reader, ','));
	return TRUE;
}

static gint
compare_ranges(gconstpointer a, gconstpointer b)
{
	const struct range *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* What overlaps or touches becomes one. */
static void
merge_ranges(GArray *ranges)
{
	guint kept = 0;

	g_array_sort(ranges, compare_ranges);
	for (guint i = 0; i < ranges->len; i++) {
		struct range range = g_array_index(ranges, struct range, i);
		struct range *last =
			kept > 0 ? &g_array_index(ranges, struct range, kept - 1) : NULL;

		if (last != NULL && range.begin <= last->end)
			last->end = MAX(last->end, range.end);
		else
			g_array_index(ranges, struct range, kept++) = range;
	}
	g_array_set_size(ranges, kept);
}

static gboolean
read_hours(struct worktime *worktime, const struct config *config, GError **error)
{
	const char *text = config->working_hours != NULL ? config->working_hours : "";
	struct reader reader = { config, "working_hours", text, text, error };
	gboolean more;
	guint days;

	do {
		if (!read_weekdays(&reader, &days) || !read_ranges(&reader, days, worktime))
			return FALSE;
		for (int day = 0; day < 7; day++) {
			if (worktime->weekdays[day]->len > LIMIT_WORKING_RANGES)
				return complain(&reader, "fewer ranges");
			merge_ranges(worktime->weekdays[day]);
		}
		more = skip(&reader, ';');
		skip_blanks(&reader);
	} while (more && *reader.at != '\0');
	return *reader.at == '\0' ? TRUE : complain(&reader, "\";\" or the end");
}

static gboolean
read_zone(struct worktime *worktime, const struct config *config, GError **error)
{
	const char *name = config->time_zone;
	struct reader reader = { config, "time_zone", name, name, error };

	if (name == NULL) {
		worktime->zone = g_time_zone_new_local();
		return TRUE;
	}
	worktime->zone = g_time_zone_new_identifier(name);
	return worktime->zone != NULL ? TRUE
				      : complain(&reader, "a time zone such as Europe/Bucharest");
}

/* --- holidays --- */

/* A number of so many digits, or -1. */
static int
read_digits(const char *text, int count)
{
	int number = 0;

	for (int i = 0; i < count; i++) {
		if (!g_ascii_isdigit(text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
	}
	return number;
}

/* "2026-12-25" or "12-25", and anything after a blank. */
static gboolean
add_holiday(struct worktime *worktime, const char *text)
{
	gsize length = strcspn(text, " \t\r");
	const char *rest = length == 10 ? text + 5 : text;
	int year = length == 10 ? read_digits(text, 4) : 2000; /* which has a 29 February */
	int month, day;
	GDate date;

	if ((length != 10 && length != 5) || rest[2] != '-' || (length == 10 && text[4] != '-'))
		return FALSE;
	month = read_digits(rest, 2);
	day = read_digits(rest + 3, 2);
	if (year < 1 || month < 1 || day < 1 ||
	    !g_date_valid_dmy((GDateDay)day, (GDateMonth)month, (GDateYear)year))
		return FALSE;
	if (length == 5) {
		worktime->yearly[month] |= 1U << day;
		return TRUE;
	}
	g_date_clear(&date, 1);
	g_date_set_dmy(&date, (GDateDay)day, (GDateMonth)month, (GDateYear)year);
	g_hash_table_add(worktime->holidays,
			 GINT_TO_POINTER((int)g_date_get_julian(&date) - JULIAN_EPOCH));
	return g_hash_table_size(worktime->holidays) <= LIMIT_HOLIDAYS;
}

static gboolean
read_holiday_file(struct worktime *worktime, const struct config *config, const char *name,
		  GError **error)
{
	g_autofree char *directory = g_path_get_dirname(config->path);
	g_autofree char *path = g_canonicalize_filename(name, directory);
	struct reader reader = { config, "holidays", name, name, error };
	g_autoptr(GError) why = NULL;
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, &why))
		return complain(&reader, why->message);
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		lines[i][strcspn(lines[i], "#")] = '\0';
		g_strstrip(lines[i]);
		if (lines[i][0] != '\0' && !add_holiday(worktime, lines[i])) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "%s:%u:1: \"%.40s\": expected a day, 2026-12-25 or 12-25, at "
				    "most %d of them",
				    path, i + 1, lines[i], LIMIT_HOLIDAYS);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
read_holidays(struct worktime *worktime, const struct config *config, GError **error)
{
	for (guint i = 0; config->holidays != NULL && i < config->holidays->len; i++) {
		const char *text = config->holidays->pdata[i];
		struct reader reader = { config, "holidays", text, text, error };
		g_autofree char *wrong = NULL;

		if (g_str_has_prefix(text, "file:")) {
			if (!read_holiday_file(worktime, config, text + 5, error))
				return FALSE;
		} else if (!add_holiday(worktime, text)) {
			wrong = g_strdup_printf(
				"a day, 2026-12-25 or 12-25, or file:PATH, at most %d of "
				"them, not \"%.40s\"",
				LIMIT_HOLIDAYS, text);
			return complain(&reader, wrong);
		}
	}
	return TRUE;
}

struct worktime *
worktime_new(const struct config *config, GError **error)
{
	struct worktime *worktime = g_new0(struct worktime, 1);

	for (int day = 0; day < 7; day++)
		worktime->weekdays[day] = g_array_new(FALSE, FALSE, sizeof(struct range));
	worktime->holidays = g_hash_table_new(NULL, NULL);
	if (read_hours(worktime, config, error) && read_zone(worktime, config, error) &&
	    read_holidays(worktime, config, error))
		return worktime;
	worktime_free(worktime);
	return NULL;
}

void
worktime_free(struct worktime *worktime)
{
	if (worktime == NULL)
		return;
	for (int day = 0; day < 7; day++)
		g_array_unref(worktime->weekdays[day]);
	g_hash_table_unref(worktime->holidays);
	g_clear_pointer(&worktime->zone, g_time_zone_unref);
	g_free(worktime);
}

/* --- the calendar --- */

/* Seconds east of UTC at a moment. */
static gint64
offset_at(const struct worktime *worktime, gint64 seconds)
{
	gint interval = g_time_zone_find_interval(worktime->zone, G_TIME_TYPE_UNIVERSAL, seconds);

	return g_time_zone_get_offset(worktime->zone, interval);
}

static gint64
divide_down(gint64 number, gint64 by)
{
	return number / by - (number % by < 0);
}

static gint64
local_day(const struct worktime *worktime, gint64 time)
{
	gint64 seconds = divide_down(time, CLOCK_SECOND);

	return divide_down(seconds + offset_at(worktime, seconds), DAY_SECONDS);
}

static gboolean
is_holiday(const struct worktime *worktime, gint64 day)
{
	gint64 julian = day + JULIAN_EPOCH;
	GDate date;

	if (julian < 1 || julian > G_MAXINT32)
		return FALSE;
	if (g_hash_table_contains(worktime->holidays, GINT_TO_POINTER((int)day)))
		return TRUE;
	g_date_clear(&date, 1);
	g_date_set_julian(&date, (guint32)julian);
	return (worktime->yearly[g_date_get_month(&date)] & 1U << g_date_get_day(&date)) != 0;
}

/* One local day: the time zone's offsets before and after it differ when clocks change. */
struct work_day {
	const struct worktime *worktime;
	gint64 midnight; /* on the wall clock */
	gint64 before, after;
	const GArray *ranges; /* NULL on holidays */
};

static void
open_day(const struct worktime *worktime, gint64 day, struct work_day *ret)
{
	gint64 weekday = (((day + 3) % 7) + 7) % 7; /* 1970-01-01 was a Thursday */

	*ret = (struct work_day){ .worktime = worktime, .midnight = day * DAY_SECONDS };
	if (worktime->weekdays[weekday]->len == 0 || is_holiday(worktime, day))
		return;
	ret->ranges = worktime->weekdays[weekday];
	ret->before = offset_at(worktime, ret->midnight - DAY_SECONDS);
	ret->after = offset_at(worktime, ret->midnight + 2 * DAY_SECONDS);
}

/* The moment clocks change between two, the offset before being `before`. */
static gint64
find_change(const struct worktime *worktime, gint64 before, gint64 low, gint64 high)
{
	while (high - low > 1) {
		gint64 middle = low + (high - low) / 2;

		if (offset_at(worktime, middle) == before)
			low = middle;
		else
			high = middle;
	}
	return high;
}

/* The moment of a wall clock time; of one that comes twice the first, or `late` the second. */
static gint64
find_moment(const struct work_day *day, gint64 wall, gboolean late)
{
	gint64 first = day->midnight + wall - day->before;
	gint64 second = day->midnight + wall - day->after;
	gboolean is_first, is_second;

	if (first == second)
		return first;
	is_first = offset_at(day->worktime, first) == day->before;
	is_second = offset_at(day->worktime, second) == day->after;
	if (is_first && is_second)
		return late ? second : first;
	if (is_first || is_second)
		return is_first ? first : second;
	return find_change(day->worktime, day->before, MIN(first, second) - 1, MAX(first, second));
}

/* The part of a range that lies from `from` to `until`; FALSE when there is none. */
static gboolean
clip_range(const struct work_day *day, guint i, gint64 from, gint64 until, gint64 *ret_begin,
	   gint64 *ret_end)
{
	const struct range *range = &g_array_index(day->ranges, struct range, i);
	gint64 begin = find_moment(day, range->begin, FALSE);
	gint64 end = find_moment(day, range->end, range->end < DAY_SECONDS);

	*ret_begin = MAX(begin * CLOCK_SECOND, from);
	*ret_end = MIN(end * CLOCK_SECOND, until);
	return *ret_begin < *ret_end;
}

gint64
worktime_add(const struct worktime *worktime, gint64 from, gint64 duration)
{
	gint64 first = local_day(worktime, from) - 1, left = duration;

	for (gint64 day = first; left > 0 && day < first + LIMIT_WORK_DAYS; day++) {
		struct work_day work;
		gint64 begin, end;

		open_day(worktime, day, &work);
		for (guint i = 0; work.ranges != NULL && i < work.ranges->len; i++) {
			if (!clip_range(&work, i, from, G_MAXINT64, &begin, &end))
				continue;
			if (left <= end - begin)
				return begin + left;
			left -= end - begin;
		}
	}
	return left <= 0 ? from : from + LIMIT_WORK_DAYS * CLOCK_DAY;
}

gint64
worktime_between(const struct worktime *worktime, gint64 begin, gint64 end)
{
	gint64 first, last, sum = 0;

	if (end <= begin)
		return 0;
	first = local_day(worktime, begin) - 1;
	last = MIN(local_day(worktime, end) + 1, first + LIMIT_WORK_DAYS);
	for (gint64 day = first; day <= last; day++) {
		struct work_day work;
		gint64 from, until;

		open_day(worktime, day, &work);
		for (guint i = 0; work.ranges != NULL && i < work.ranges->len; i++) {
			if (clip_range(&work, i, begin, end, &from, &until))
				sum += until - from;
		}
	}
	return sum;
}

/* --- the calendar, for reports --- */

gint64
worktime_day(const struct worktime *worktime, gint64 time)
{
	return worktime != NULL ? local_day(worktime, time) : divide_down(time, CLOCK_DAY);
}

guint
worktime_hour(const struct worktime *worktime, gint64 time)
{
	gint64 seconds = divide_down(time, CLOCK_SECOND);
	gint64 hours = divide_down(seconds + offset_at(worktime, seconds), 3600) + 3 * 24;

	return (guint)(((hours % (7 * 24)) + 7 * 24) % (7 * 24)); /* 1970-01-01 was a Thursday */
}

gint64
worktime_midnight(const struct worktime *worktime, gint64 day)
{
	struct work_day work = { .worktime = worktime, .midnight = day * DAY_SECONDS };

	if (worktime == NULL)
		return day * CLOCK_DAY;
	work.before = offset_at(worktime, work.midnight - DAY_SECONDS);
	work.after = offset_at(worktime, work.midnight + 2 * DAY_SECONDS);
	return find_moment(&work, 0, FALSE) * CLOCK_SECOND;
}

GArray *
worktime_ranges(const struct worktime *worktime, gint64 first, gint64 last)
{
	GArray *ranges = g_array_new(FALSE, FALSE, sizeof(struct worktime_range));

	for (gint64 day = first; day <= last && day - first < LIMIT_WORK_DAYS; day++) {
		struct worktime_range range;
		struct work_day work;

		open_day(worktime, day, &work);
		for (guint i = 0; work.ranges != NULL && i < work.ranges->len; i++) {
			if (clip_range(&work, i, G_MININT64, G_MAXINT64, &range.begin, &range.end))
				g_array_append_val(ranges, range);
		}
	}
	return ranges;
}

const char *
worktime_zone(const struct worktime *worktime)
{
	return g_time_zone_get_identifier(worktime->zone);
}
