/*
 * summary.c - the early touches of a ledger, summed up; what is kept and why is in summary.h.
 *
 * Contributions of the summary are found by card and rule in a list: there are as many as rules
 * that ever counted, and touches are folded some dozens at a time.  Pure; any thread.
 */
#include "lead/summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/score.h"
#include "lead/scorecard.h"

/* Half-life of a sum whose rule was not known: no rule has it. */
#define UNKNOWN (-1.0)

static void
name_free(gpointer data)
{
	struct summary_name *name = data;

	g_free(name->name);
	g_array_unref(name->days);
	g_free(name);
}

void
summary_free(struct summary *summary)
{
	if (summary == NULL)
		return;
	g_ptr_array_unref(summary->names);
	g_free(summary);
}

struct touch *
summary_new(void)
{
	struct touch *touch = touch_new();

	touch->name = g_strdup("earlier");
	touch->direction = g_strdup("earlier");
	touch->summary = g_new0(struct summary, 1);
	touch->summary->names = g_ptr_array_new_with_free_func(name_free);
	return touch;
}

/* --- what was touched --- */

const struct summary_name *
summary_find(const struct summary *summary, const char *name)
{
	for (guint i = 0; i < summary->names->len; i++) {
		const struct summary_name *found = summary->names->pdata[i];

		if (strcmp(found->name, name) == 0)
			return found;
	}
	return NULL;
}

static struct summary_name *
name_new(struct summary *summary, const char *name)
{
	struct summary_name *new = g_new0(struct summary_name, 1);

	new->name = g_strdup(name);
	new->days = g_array_new(FALSE, FALSE, sizeof(struct summary_day));
	g_ptr_array_add(summary->names, new);
	return new;
}

/* Days stay ascending; the oldest go when there are too many. */
static void
count_day(struct summary_name *name, gint64 day)
{
	struct summary_day new = { day, 1 };
	guint at = name->days->len;

	while (at > 0 && g_array_index(name->days, struct summary_day, at - 1).day > day)
		at--;
	if (at > 0 && g_array_index(name->days, struct summary_day, at - 1).day == day) {
		g_array_index(name->days, struct summary_day, at - 1).count++;
		return;
	}
	g_array_insert_val(name->days, at, new);
	if (name->days->len > SUMMARY_DAYS)
		g_array_remove_index(name->days, 0);
}

static void
note_time(gint64 *first, gint64 *last, guint count, gint64 time)
{
	*first = count == 0 ? time : MIN(*first, time);
	*last = count == 0 ? time : MAX(*last, time);
}

static void
count_touch(struct summary *summary, const struct touch *touch)
{
	const char *name = touch->name != NULL ? touch->name : "";
	struct summary_name *found = (struct summary_name *)summary_find(summary, name);

	note_time(&summary->first, &summary->last, summary->count, touch->time);
	summary->count++;
	/* A name more than anybody configures is counted among all only. */
	if (found == NULL && summary->names->len >= LIMIT_SUMMARY_NAMES)
		return;
	if (found == NULL)
		found = name_new(summary, name);
	note_time(&found->first, &found->last, found->count, touch->time);
	found->count++;
	count_day(found, touch->time / CLOCK_DAY);
}

guint
summary_count(const struct summary *summary, const char *name, double begin)
{
	const struct summary_name *found = summary_find(summary, name);
	guint count = 0;

	if (found == NULL || (double)found->first >= begin)
		return found != NULL ? found->count : 0;
	for (guint i = found->days->len; i > 0; i--) {
		const struct summary_day *day =
			&g_array_index(found->days, struct summary_day, i - 1);

		if ((double)(day->day * CLOCK_DAY) < begin)
			break;
		count += day->count;
	}
	return count;
}

/* --- what it was worth --- */

static const struct score_rule *
rule_of(const struct scorecards *scorecards, const struct contribution *contribution)
{
	const struct score_card *card = scorecards_card(scorecards, contribution->card);

	return card != NULL ? score_card_rule(card, contribution->rule) : NULL;
}

static double
half_life_of(const struct score_rule *rule)
{
	return rule != NULL ? rule->half_life_days : UNKNOWN;
}

gboolean
summary_is_current(const struct touch *folded, const struct scorecards *scorecards)
{
	for (guint i = 0; i < folded->contributions->len; i++) {
		const struct contribution *sum = folded->contributions->pdata[i];
		const struct score_rule *rule = rule_of(scorecards, sum);

		if (sum->half_life_days != half_life_of(rule) ||
		    sum->is_property != (rule != NULL && rule->is_property))
			return FALSE;
	}
	return TRUE;
}

static struct contribution *
find_sum(const struct touch *folded, const struct contribution *contribution)
{
	for (guint i = 0; i < folded->contributions->len; i++) {
		struct contribution *sum = folded->contributions->pdata[i];

		if (g_strcmp0(sum->rule, contribution->rule) == 0 &&
		    g_strcmp0(sum->card, contribution->card) == 0)
			return sum;
	}
	return NULL;
}

static void
set_text(char **text, const char *value)
{
	if (g_strcmp0(*text, value) == 0)
		return;
	g_free(*text);
	*text = g_strdup(value);
}

/* Both are of one rule, `last` dated the last of them: what is shown is that one's. */
static void
take_last(struct contribution *sum, const struct contribution *last)
{
	set_text(&sum->reason, last->reason);
	set_text(&sum->evidence, last->evidence);
	sum->time = last->time;
}

static void
add_value(struct contribution *sum, const struct contribution *contribution, double half_life)
{
	gint64 age = contribution->time - sum->time;

	if (age >= 0) {
		sum->value = score_decay(sum->value, age, half_life) + contribution->value;
		take_last(sum, contribution);
	} else {
		sum->value += score_decay(contribution->value, -age, half_life);
	}
}

static void
begin_sum(struct touch *folded, const struct contribution *contribution,
	  const struct score_rule *rule)
{
	struct contribution *sum = contribution_new();

	sum->rule = g_strdup(contribution->rule);
	sum->card = g_strdup(contribution->card);
	sum->value = contribution->value;
	sum->half_life_days = half_life_of(rule);
	sum->is_property = rule != NULL && rule->is_property;
	sum->times = contribution->times;
	take_last(sum, contribution);
	g_ptr_array_add(folded->contributions, sum);
}

static void
add_contribution(struct touch *folded, const struct contribution *contribution,
		 const struct score_rule *rule)
{
	struct contribution *sum = find_sum(folded, contribution);

	if (sum == NULL) {
		begin_sum(folded, contribution, rule);
		return;
	}
	sum->times += contribution->times;
	sum->half_life_days = half_life_of(rule);
	sum->is_property = rule != NULL && rule->is_property;
	if (!sum->is_property) {
		add_value(sum, contribution, MAX(sum->half_life_days, 0));
	} else if (contribution->time >= sum->time) {
		sum->value = contribution->value;
		take_last(sum, contribution);
	}
}

void
summary_add(struct touch *folded, const struct touch *touch, const struct scorecards *scorecards)
{
	g_autoptr(GPtrArray) one = g_ptr_array_new();

	g_ptr_array_add(one, (gpointer)touch);
	score_resolve(scorecards, one);
	count_touch(folded->summary, touch);
	folded->sequence = MAX(folded->sequence, touch->sequence);
	folded->time = MAX(folded->time, touch->time);
	for (guint i = 0; touch->contributions != NULL && i < touch->contributions->len; i++) {
		const struct contribution *contribution = touch->contributions->pdata[i];

		add_contribution(folded, contribution, rule_of(scorecards, contribution));
	}
}

gboolean
summary_ledger(GPtrArray *touches, const struct scorecards *scorecards)
{
	struct touch *folded = touches->len > 0 ? touches->pdata[0] : NULL;
	guint first = folded != NULL && folded->summary != NULL ? 1 : 0, count;

	if (touches->len - first <= LIMIT_LEDGER)
		return FALSE;
	if (first == 0) {
		folded = summary_new();
		g_ptr_array_insert(touches, 0, folded);
		first = 1;
	}
	count = touches->len - first - LIMIT_LEDGER_KEPT;
	for (guint i = 0; i < count; i++)
		summary_add(folded, touches->pdata[first + i], scorecards);
	g_ptr_array_remove_range(touches, first, count);
	return TRUE;
}

/* --- as text --- */

/*
 * A line of count, first and last time of all, then for each name: the name, its count, first and
 * last time, and "day:count" of each day.
 */
char *
summary_names_to_text(const struct summary *summary)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%u %" G_GINT64_FORMAT " %" G_GINT64_FORMAT, summary->count,
			       summary->first, summary->last);
	for (guint i = 0; i < summary->names->len; i++) {
		const struct summary_name *name = summary->names->pdata[i];

		g_string_append_c(text, '\n');
		g_string_append_uri_escaped(text, name->name, NULL, TRUE);
		g_string_append_printf(text, " %u %" G_GINT64_FORMAT " %" G_GINT64_FORMAT,
				       name->count, name->first, name->last);
		for (guint j = 0; j < name->days->len; j++) {
			const struct summary_day *day =
				&g_array_index(name->days, struct summary_day, j);

			g_string_append_printf(text, " %" G_GINT64_FORMAT ":%u", day->day,
					       day->count);
		}
	}
	return g_string_free(text, FALSE);
}

/* A number and what follows it: a space, a colon or the end. @return NULL when there is none */
static const char *
read_number(const char *at, gint64 *ret)
{
	char *end;

	if (at == NULL || (*at != '-' && !g_ascii_isdigit(*at)))
		return NULL;
	*ret = g_ascii_strtoll(at, &end, 10);
	return *end == ' ' || *end == ':' ? end + 1 : *end == '\0' ? end : NULL;
}

static const char *
read_counts(const char *at, guint *ret_count, gint64 *ret_first, gint64 *ret_last)
{
	gint64 count = 0;

	at = read_number(at, &count);
	*ret_count = (guint)CLAMP(count, 0, G_MAXINT32);
	return read_number(read_number(at, ret_first), ret_last);
}

static gboolean
read_name(struct summary *summary, const char *line)
{
	const char *space = strchr(line, ' ');
	g_autofree char *escaped = space != NULL ? g_strndup(line, space - line) : NULL;
	g_autofree char *text = escaped != NULL ? g_uri_unescape_string(escaped, NULL) : NULL;
	struct summary_name *name;
	const char *at;

	if (text == NULL || summary->names->len >= LIMIT_SUMMARY_NAMES)
		return FALSE;
	name = name_new(summary, text);
	at = read_counts(space + 1, &name->count, &name->first, &name->last);
	while (at != NULL && *at != '\0') {
		struct summary_day day = { 0, 0 };
		gint64 count = 0;

		at = read_number(read_number(at, &day.day), &count);
		day.count = (guint)CLAMP(count, 0, G_MAXINT32);
		g_array_append_val(name->days, day);
	}
	return at != NULL;
}

struct touch *
summary_from_text(gint64 until, GPtrArray *contributions, const char *names)
{
	g_auto(GStrv) lines = g_strsplit(names != NULL ? names : "", "\n", LIMIT_SUMMARY_NAMES + 2);
	g_autoptr(touch_owned) folded = summary_new();
	struct summary *summary = folded->summary;

	g_ptr_array_unref(folded->contributions);
	folded->contributions =
		contributions != NULL
			? contributions
			: g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	if (contributions == NULL || lines[0] == NULL ||
	    read_counts(lines[0], &summary->count, &summary->first, &summary->last) == NULL)
		return NULL;
	for (guint i = 1; lines[i] != NULL; i++) {
		if (!read_name(summary, lines[i]))
			return NULL;
	}
	folded->sequence = until;
	folded->time = summary->last;
	return g_steal_pointer(&folded);
}
