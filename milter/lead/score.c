/*
 * score.c - a score as a pure function of a ledger and a time; the definitions are in score.h.
 *
 * Any thread, as long as nobody else uses the same ledger: decayed and points of its
 * contributions are written.  10,000 touches take well under a millisecond, so nothing is allocated
 * per contribution: one pass decays and sums groups, one applies their limits, one adds
 * up.  A limited group's points are scaled by limit / sum and rounded as shown; what
 * the rounding left over goes to the largest of them, so that the group sums to its limit and the
 * whole to the total without a rest.
 */
#include "lead/score.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

/* Points are told to a ten-thousandth. */
#define STEPS 10000.0
/* Beyond this a double doesn't hold that. */
#define MOST_POINTS 1e9

struct group_sum {
	const struct config_group *limits;
	double decayed, points;
	double factor; /* limit / decayed where the limit is passed, else 1 */
	double limit; /* NAN when it is not passed */
	struct contribution *largest;
};

struct evaluation {
	const struct config_scorecard *card;
	gint64 now;
	struct group_sum *groups;
	guint group_count;
	GPtrArray *counted_groups; /* struct group_sum * or NULL, parallel to the contributions */
	gboolean need;
	GHashTable *newest; /* rule name → struct property *, of properties */
	struct score *score;
};

/* The newest judgement of a property rule seen so far. */
struct property {
	struct contribution *contribution;
	gint64 sequence;
};

static double
quantize(double points)
{
	return nearbyint(CLAMP(points, -MOST_POINTS, MOST_POINTS) * STEPS) / STEPS;
}

double
score_decay(double raw, gint64 age, double half_life_days)
{
	if (half_life_days <= 0 || age <= 0)
		return raw;
	return raw * exp2(-(double)age / (half_life_days * (double)CLOCK_DAY));
}

/* --- the ledger in order --- */

/* A touch that was not written yet has no number and is the last. */
static gint64
place(const struct touch *touch)
{
	return touch->sequence > 0 ? touch->sequence : G_MAXINT64;
}

static int
compare_touches(gconstpointer a, gconstpointer b)
{
	const struct touch *left = *(const struct touch *const *)a;
	const struct touch *right = *(const struct touch *const *)b;

	if (place(left) != place(right))
		return place(left) < place(right) ? -1 : 1;
	return (left->time > right->time) - (left->time < right->time);
}

/* The touches by sequence: the array itself when it is so already, as it mostly is. */
static GPtrArray *
in_order(GPtrArray *touches)
{
	GPtrArray *sorted;
	gboolean ordered = TRUE;

	for (guint i = 1; ordered && i < touches->len; i++)
		ordered = compare_touches(&touches->pdata[i - 1], &touches->pdata[i]) <= 0;
	if (ordered)
		return g_ptr_array_ref(touches);
	sorted = g_ptr_array_sized_new(touches->len);
	for (guint i = 0; i < touches->len; i++)
		g_ptr_array_add(sorted, touches->pdata[i]);
	g_ptr_array_sort(sorted, compare_touches);
	return sorted;
}

/* --- which contributions count --- */

/* A contribution without a rule's name can't be told from others: it simply counts. */
static gboolean
is_property(const struct contribution *contribution)
{
	return contribution->is_property && contribution->rule != NULL;
}

static void
note_property(struct evaluation *evaluation, struct contribution *contribution, gint64 sequence)
{
	struct property *newest;

	if (evaluation->newest == NULL)
		evaluation->newest = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
	newest = g_hash_table_lookup(evaluation->newest, contribution->rule);
	if (newest == NULL) {
		newest = g_new(struct property, 1);
		g_hash_table_insert(evaluation->newest, contribution->rule, newest);
	} else if (contribution->time < newest->contribution->time ||
		   (contribution->time == newest->contribution->time &&
		    sequence < newest->sequence)) {
		return;
	}
	*newest = (struct property){ contribution, sequence };
}

static struct group_sum *
find_group(const struct evaluation *evaluation, const char *name)
{
	for (guint i = 0; name != NULL && i < evaluation->group_count; i++) {
		if (strcmp(evaluation->groups[i].limits->name, name) == 0)
			return &evaluation->groups[i];
	}
	return NULL;
}

static gboolean
is_newest(const struct evaluation *evaluation, const struct contribution *contribution)
{
	const struct property *newest = g_hash_table_lookup(evaluation->newest, contribution->rule);

	return newest->contribution == contribution && contribution->raw != 0;
}

static void
decay_contributions(struct evaluation *evaluation, GPtrArray *contributions, gint64 sequence)
{
	for (guint i = 0; contributions != NULL && i < contributions->len; i++) {
		struct contribution *contribution = contributions->pdata[i];

		contribution->decayed = contribution->points = 0;
		if (contribution->time > evaluation->now)
			continue;
		if (is_property(contribution))
			note_property(evaluation, contribution, sequence);
		contribution->decayed =
			score_decay(contribution->raw, evaluation->now - contribution->time,
				    contribution->half_life_days);
	}
}

/* A rule named "need" or "need-…" gave points. */
static gboolean
says_need(const struct contribution *contribution)
{
	const char *rule = contribution->rule;

	return rule != NULL && strncmp(rule, "need", 4) == 0 && contribution->raw > 0 &&
	       (rule[4] == '\0' || rule[4] == '-');
}

/* Take what counts into the score's list and into its group's sum. */
static void
count_contributions(struct evaluation *evaluation, const GPtrArray *contributions)
{
	for (guint i = 0; contributions != NULL && i < contributions->len; i++) {
		struct contribution *contribution = contributions->pdata[i];
		struct group_sum *group;

		if (contribution->time > evaluation->now)
			continue;
		if (is_property(contribution) && !is_newest(evaluation, contribution)) {
			contribution->decayed = 0;
			continue;
		}
		contribution->points = contribution->decayed;
		group = find_group(evaluation, contribution->group);
		if (group != NULL)
			group->decayed += contribution->decayed;
		evaluation->need = evaluation->need || says_need(contribution);
		g_ptr_array_add(evaluation->score->contributions, contribution);
		g_ptr_array_add(evaluation->counted_groups, group);
	}
}

/* --- groups --- */

static void
set_limits(struct evaluation *evaluation)
{
	for (guint i = 0; i < evaluation->group_count; i++) {
		struct group_sum *group = &evaluation->groups[i];

		/* Caps are not negative and floors not positive (scorecards_new() sees to it), so a
		 * passed limit never turns a sign. */
		group->factor = 1;
		group->limit = NAN;
		if (group->decayed > group->limits->cap)
			group->limit = quantize(group->limits->cap);
		else if (group->decayed < group->limits->floor)
			group->limit = quantize(group->limits->floor);
		if (!isnan(group->limit))
			group->factor = group->limit / group->decayed;
	}
}

static void
limit_contribution(struct group_sum *group, struct contribution *contribution)
{
	if (group == NULL) {
		contribution->points = quantize(contribution->decayed);
		return;
	}
	contribution->points = quantize(contribution->decayed * group->factor);
	group->points += contribution->points;
	if (group->largest == NULL || fabs(contribution->points) > fabs(group->largest->points))
		group->largest = contribution;
}

static void
limit_groups(struct evaluation *evaluation)
{
	const GPtrArray *counted = evaluation->score->contributions;

	set_limits(evaluation);
	for (guint i = 0; i < counted->len; i++)
		limit_contribution(evaluation->counted_groups->pdata[i], counted->pdata[i]);
	for (guint i = 0; i < evaluation->group_count; i++) {
		struct group_sum *group = &evaluation->groups[i];

		if (!isnan(group->limit) && group->largest != NULL)
			group->largest->points =
				quantize(group->largest->points + group->limit - group->points);
	}
}

/* --- the score --- */

static void
add_up(struct evaluation *evaluation)
{
	struct score *score = evaluation->score;
	double sums[DIMENSION_COUNT] = { 0 };

	for (guint i = 0; i < score->contributions->len; i++) {
		const struct contribution *contribution = score->contributions->pdata[i];
		guint dimension = MIN((guint)contribution->dimension, DIMENSION_COUNT - 1);

		sums[dimension] += contribution->points;
		score->total += contribution->points;
	}
	score->fit = quantize(sums[DIMENSION_FIT]);
	score->engagement = quantize(sums[DIMENSION_ENGAGEMENT]);
	score->quality = quantize(sums[DIMENSION_QUALITY]);
}

static char
grade_of(const struct config_scorecard *card, double fit)
{
	if (fit >= card->grade_a)
		return 'A';
	if (fit >= card->grade_b)
		return 'B';
	return fit >= card->grade_c ? 'C' : 'D';
}

static enum temperature
temperature_of(const struct config_scorecard *card, double engagement)
{
	if (engagement >= card->hot)
		return TEMPERATURE_HOT;
	return engagement >= card->warm ? TEMPERATURE_WARM : TEMPERATURE_COLD;
}

static double
completeness_of(const struct lead *lead, gboolean need)
{
	struct score_fields fields = { .need = need };

	if (lead != NULL) {
		fields.name = lead->name;
		fields.first_name = lead->first_name;
		fields.last_name = lead->last_name;
		fields.address = lead->address;
		fields.phone = lead->phone;
		fields.company = lead->company;
		fields.title = lead->title;
		fields.country = lead->country;
	}
	return score_completeness(&fields);
}

static void
evaluate_ledger(struct evaluation *evaluation, GPtrArray *touches, GPtrArray *person)
{
	decay_contributions(evaluation, person, 0);
	for (guint i = 0; touches != NULL && i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];

		decay_contributions(evaluation, touch->contributions, place(touch));
	}
	count_contributions(evaluation, person);
	for (guint i = 0; touches != NULL && i < touches->len; i++)
		count_contributions(evaluation,
				    ((const struct touch *)touches->pdata[i])->contributions);
	limit_groups(evaluation);
	add_up(evaluation);
}

void
score_evaluate(const struct config_scorecard *card, GPtrArray *touches, GPtrArray *person,
	       const struct lead *lead, gint64 now, struct score *ret)
{
	g_autofree struct group_sum *groups = g_new0(struct group_sum, card->groups->len);
	g_autoptr(GPtrArray) ledger = touches != NULL ? in_order(touches) : NULL;
	struct evaluation evaluation = { .card = card,
					 .now = now,
					 .groups = groups,
					 .group_count = card->groups->len,
					 .score = ret };

	*ret = (struct score){ .scorecard = card->name };
	ret->contributions = g_ptr_array_sized_new(touches != NULL ? touches->len : 0);
	evaluation.counted_groups = g_ptr_array_sized_new(touches != NULL ? touches->len : 0);
	for (guint i = 0; i < card->groups->len; i++)
		groups[i].limits = card->groups->pdata[i];
	evaluate_ledger(&evaluation, ledger, person);
	g_clear_pointer(&evaluation.newest, g_hash_table_unref);
	g_ptr_array_unref(evaluation.counted_groups);
	ret->completeness = completeness_of(lead, evaluation.need);
	ret->grade = grade_of(card, ret->fit);
	ret->temperature = temperature_of(card, ret->engagement);
	/* As it is shown: 0.1 + 0.2 passes a threshold of 0.3. */
	ret->qualified = quantize(ret->total) >= card->mql;
}

void
score_clear(struct score *score)
{
	g_clear_pointer(&score->contributions, g_ptr_array_unref);
	memset(score, 0, sizeof *score);
}

/* --- completeness --- */

static gboolean
is_known(const char *field)
{
	return field != NULL && field[0] != '\0';
}

/* Two halves of a name: given and family name, or two words, or two characters of a script that
 * writes names without a space. */
static guint
name_halves(const struct score_fields *fields)
{
	gboolean first = is_known(fields->first_name), last = is_known(fields->last_name);

	if (first && last)
		return 2;
	if (!is_known(fields->name))
		return first || last;
	if (strchr(fields->name, ' ') != NULL)
		return 2;
	if (g_unichar_iswide(g_utf8_get_char(fields->name)))
		return MIN((guint)g_utf8_strlen(fields->name, -1), 2);
	return 1;
}

double
score_completeness(const struct score_fields *fields)
{
	const char *const whole[] = { fields->address, fields->phone, fields->company,
				      fields->title, fields->country };
	guint halves = name_halves(fields) + (fields->need ? 2 : 0);

	for (guint i = 0; i < G_N_ELEMENTS(whole); i++)
		halves += is_known(whole[i]) ? 2 : 0;
	return 100.0 * halves / 14;
}

gboolean
score_need_is_known(const GPtrArray *touches)
{
	for (guint i = 0; touches != NULL && i < touches->len; i++) {
		const GPtrArray *contributions =
			((const struct touch *)touches->pdata[i])->contributions;

		for (guint j = 0; contributions != NULL && j < contributions->len; j++) {
			if (says_need(contributions->pdata[j]))
				return TRUE;
		}
	}
	return FALSE;
}
