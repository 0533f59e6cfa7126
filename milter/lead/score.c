/*
 * score.c - a score as a pure function of a ledger, a scorecard and a time; the definitions are in
 * score.h.
 *
 * Any thread, as long as nobody else uses the same ledger: what a card says of its contributions is
 * written into them.  10,000 touches take well under a millisecond, so nothing is allocated
 * per contribution: one pass asks the card for each and decays it, one sums rules, then rules
 * are limited and rounded (score_sums.h) and their points spread over their contributions.  What
 * rounding leaves over goes to the largest of them.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "lead/score_sums.h"
#include "lead/scorecard.h"

/* Points are told to a ten-thousandth. */
#define STEPS 10000.0
/* Beyond this a double doesn't hold that. */
#define MOST_POINTS 1e9
/* 1.5 * 2^52: a double of this size holds integers only, so adding it rounds to nearest. */
#define ROUNDER 6755399441055744.0
/* Rules looked up lately, in one evaluation. */
#define RECENT 64

/* A contribution that counts, or may. */
struct entry {
	struct contribution *contribution;
	guint place; /* of its rule */
	double decayed;
};

/* What is known of a rule while a ledger is read. */
struct standing {
	struct contribution *newest; /* of a property */
	gint64 sequence;
	struct contribution *largest;
	double spread; /* points given to its contributions */
};

struct evaluation {
	const struct score_card *card;
	gint64 now;
	gint64 next; /* the first time after it that is in the ledger */
	gboolean fills; /* decayed and points of the contributions are written */
	GArray *entries; /* struct entry */
	struct standing *standings; /* per rule */
	struct score_sum *sums; /* per rule */
	gboolean need;
	const struct score_rule *recent[RECENT]; /* by the beginning of their names */
};

double
score_quantize(double points)
{
	double steps = CLAMP(points, -MOST_POINTS, MOST_POINTS) * STEPS + ROUNDER;

	return (steps - ROUNDER) / STEPS;
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
place_of(const struct touch *touch)
{
	return touch->sequence > 0 ? touch->sequence : G_MAXINT64;
}

static int
compare_touches(gconstpointer a, gconstpointer b)
{
	const struct touch *left = *(const struct touch *const *)a;
	const struct touch *right = *(const struct touch *const *)b;

	if (place_of(left) != place_of(right))
		return place_of(left) < place_of(right) ? -1 : 1;
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

/* --- what today's card says of a contribution --- */

static gboolean
is_of_card(const struct contribution *contribution, const struct score_card *card)
{
	return contribution->card != NULL ? strcmp(contribution->card, card->config->name) == 0
					  : card->is_first;
}

/* An old ledger kept points: those of a rule with a value are divided by what it gives today. */
static void
take_raw(struct contribution *contribution, const struct score_rule *rule)
{
	double points = rule->points - rule->importance;

	contribution->is_raw = FALSE;
	contribution->value = contribution->raw != 0;
	if (rule->has_value && points != 0 && contribution->value != 0)
		contribution->value = (contribution->raw - rule->importance) / points;
}

static void
resolve(struct contribution *contribution, const struct score_rule *rule)
{
	if (contribution->is_raw)
		take_raw(contribution, rule);
	contribution->group = rule->group;
	contribution->dimension = rule->dimension;
	contribution->is_explicit = rule->is_explicit;
	contribution->is_property = rule->is_property;
	contribution->half_life_days = rule->half_life_days;
	contribution->raw = rule->points * contribution->value;
	if (!isfinite(contribution->raw))
		contribution->raw = 0;
}

/* The rule is gone, or the card is. */
static void
forget(struct contribution *contribution)
{
	contribution->group = NULL;
	contribution->is_property = FALSE;
	if (!contribution->is_raw)
		contribution->raw = 0;
	contribution->half_life_days = -1;
}

void
score_resolve(const struct scorecards *scorecards, const GPtrArray *touches)
{
	for (guint i = 0; touches != NULL && i < touches->len; i++) {
		const GPtrArray *contributions =
			((const struct touch *)touches->pdata[i])->contributions;

		for (guint j = 0; contributions != NULL && j < contributions->len; j++) {
			struct contribution *contribution = contributions->pdata[j];
			const struct score_card *card =
				scorecards_card(scorecards, contribution->card);
			const struct score_rule *rule =
				card != NULL ? score_card_rule(card, contribution->rule) : NULL;

			if (rule != NULL)
				resolve(contribution, rule);
			else
				forget(contribution);
		}
	}
}

/* --- which contributions count --- */

static void
note_property(struct standing *standing, struct contribution *contribution, gint64 sequence)
{
	if (standing->newest != NULL &&
	    (contribution->time < standing->newest->time ||
	     (contribution->time == standing->newest->time && sequence < standing->sequence)))
		return;
	standing->newest = contribution;
	standing->sequence = sequence;
}

/* A ledger of thousands names some dozens of rules. */
static const struct score_rule *
find_rule(struct evaluation *evaluation, const char *name)
{
	const guchar *start = (const guchar *)(name != NULL ? name : "");
	guint slot = start[0] != '\0' ? (start[0] * 5u + start[1]) % RECENT : 0;
	const struct score_rule **recent = &evaluation->recent[slot];

	if (name == NULL || *recent == NULL || strcmp((*recent)->name, name) != 0)
		*recent = score_card_rule(evaluation->card, name);
	return *recent;
}

static void
read_contribution(struct evaluation *evaluation, struct contribution *contribution, gint64 sequence)
{
	const struct score_rule *rule = find_rule(evaluation, contribution->rule);
	guint place = rule != NULL ? (guint)(rule - evaluation->card->rules) : 0;
	struct entry entry = { contribution, place, 0 };

	if (evaluation->fills)
		contribution->decayed = contribution->points = 0;
	if (rule == NULL) {
		forget(contribution);
		return;
	}
	resolve(contribution, rule);
	if (contribution->time > evaluation->now) {
		if (evaluation->next == 0 || contribution->time < evaluation->next)
			evaluation->next = contribution->time;
		return;
	}
	if (rule->is_property)
		note_property(&evaluation->standings[place], contribution, sequence);
	else
		entry.decayed = score_decay(contribution->raw, evaluation->now - contribution->time,
					    rule->half_life_days);
	g_array_append_val(evaluation->entries, entry);
}

static void
read_ledger(struct evaluation *evaluation, const GPtrArray *touches)
{
	for (guint i = 0; touches != NULL && i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		const GPtrArray *contributions = touch->contributions;

		for (guint j = 0; contributions != NULL && j < contributions->len; j++) {
			if (is_of_card(contributions->pdata[j], evaluation->card))
				read_contribution(evaluation, contributions->pdata[j],
						  place_of(touch));
		}
	}
}

/* Of judgements only the newest is left, if it still says something; rules are summed. */
static void
sum_entries(struct evaluation *evaluation)
{
	GArray *entries = evaluation->entries;
	guint kept = 0;

	for (guint i = 0; i < entries->len; i++) {
		struct entry entry = g_array_index(entries, struct entry, i);
		struct contribution *contribution = entry.contribution;

		if (contribution->raw == 0)
			continue;
		if (contribution->is_property) {
			if (evaluation->standings[entry.place].newest != contribution)
				continue;
			entry.decayed = contribution->raw;
		}
		evaluation->sums[entry.place].decayed += entry.decayed;
		evaluation->sums[entry.place].rule = &evaluation->card->rules[entry.place];
		evaluation->need |=
			evaluation->card->rules[entry.place].tells_need && contribution->raw > 0;
		g_array_index(entries, struct entry, kept++) = entry;
	}
	g_array_set_size(entries, kept);
}

/* --- rules and groups --- */

static double
limit_of(const struct config_group *group, double sum)
{
	/* Caps are not negative and floors not positive (scorecards_new() sees to it), so a passed
	 * limit never turns a sign.  What is not set is NAN, which nothing passes. */
	if (sum > group->cap)
		return score_quantize(group->cap);
	return sum < group->floor ? score_quantize(group->floor) : NAN;
}

/* The rules of a group that passed its limit share the limit; rounding goes to the largest. */
static void
limit_group(struct score_sum *sums, guint count, int group, double sum, double limit)
{
	struct score_sum *largest = NULL;
	double points = 0;

	for (guint i = 0; i < count; i++) {
		if (sums[i].rule == NULL || sums[i].rule->group_index != group ||
		    sums[i].decayed == 0)
			continue;
		sums[i].factor = limit / sum;
		sums[i].points = score_quantize(sums[i].decayed * sums[i].factor);
		points += sums[i].points;
		if (largest == NULL || fabs(sums[i].points) > fabs(largest->points))
			largest = &sums[i];
	}
	if (largest != NULL)
		largest->points = score_quantize(largest->points + limit - points);
}

void
score_limit(const struct score_card *card, struct score_sum *sums, guint count)
{
	const GPtrArray *groups = card->config->groups;
	double few[8] = { 0 };
	g_autofree double *many = groups->len > 8 ? g_new0(double, groups->len) : NULL;
	double *group_sums = many != NULL ? many : few;

	for (guint i = 0; i < count; i++) {
		if (sums[i].rule == NULL)
			continue;
		sums[i].factor = 1;
		sums[i].points = score_quantize(sums[i].decayed);
		if (sums[i].rule->group_index >= 0)
			group_sums[sums[i].rule->group_index] += sums[i].decayed;
	}
	for (guint i = 0; i < groups->len; i++) {
		double limit = limit_of(groups->pdata[i], group_sums[i]);

		if (!isnan(limit))
			limit_group(sums, count, (int)i, group_sums[i], limit);
	}
}

static void
spread_points(struct evaluation *evaluation)
{
	for (guint i = 0; i < evaluation->entries->len; i++) {
		const struct entry *entry = &g_array_index(evaluation->entries, struct entry, i);
		struct standing *standing = &evaluation->standings[entry->place];
		struct contribution *contribution = entry->contribution;

		contribution->decayed = entry->decayed;
		contribution->points =
			score_quantize(entry->decayed * evaluation->sums[entry->place].factor);
		standing->spread += contribution->points;
		if (standing->largest == NULL ||
		    fabs(contribution->points) > fabs(standing->largest->points))
			standing->largest = contribution;
	}
	for (guint i = 0; i < evaluation->card->count; i++) {
		struct standing *standing = &evaluation->standings[i];

		if (standing->largest != NULL)
			standing->largest->points =
				score_quantize(standing->largest->points +
					       evaluation->sums[i].points - standing->spread);
	}
}

/* --- the score --- */

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

void
score_figures(const struct score_card *card, const struct score_sum *sums, guint count,
	      struct score_figures *ret)
{
	double dimensions[DIMENSION_COUNT] = { 0 };

	for (guint i = 0; i < count; i++) {
		if (sums[i].rule != NULL)
			dimensions[sums[i].rule->dimension] += sums[i].points;
	}
	ret->fit = score_quantize(dimensions[DIMENSION_FIT]);
	ret->engagement = score_quantize(dimensions[DIMENSION_ENGAGEMENT]);
	ret->quality = score_quantize(dimensions[DIMENSION_QUALITY]);
	/* As they are shown: 0.1 + 0.2 passes a threshold of 0.3. */
	ret->total = score_quantize(ret->fit + ret->engagement + ret->quality);
	ret->grade = grade_of(card->config, ret->fit);
	ret->temperature = temperature_of(card->config, ret->engagement);
	ret->qualified = ret->total >= card->config->mql;
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
begin(struct evaluation *evaluation, const struct score_card *card, gint64 now, guint touches)
{
	*evaluation = (struct evaluation){ .card = card, .now = now };
	evaluation->entries = g_array_sized_new(FALSE, FALSE, sizeof(struct entry), touches);
	evaluation->standings = g_new0(struct standing, card->count + 1);
	evaluation->sums = g_new0(struct score_sum, card->count + 1);
}

static void
end(struct evaluation *evaluation)
{
	g_array_unref(evaluation->entries);
	g_free(evaluation->standings);
	g_free(evaluation->sums);
}

void
score_evaluate(const struct score_card *card, GPtrArray *touches, const struct lead *lead,
	       gint64 now, struct score *ret)
{
	g_autoptr(GPtrArray) ledger = touches != NULL ? in_order(touches) : NULL;
	struct evaluation evaluation;
	struct score_figures figures;

	begin(&evaluation, card, now, touches != NULL ? touches->len : 0);
	evaluation.fills = TRUE;
	read_ledger(&evaluation, ledger);
	sum_entries(&evaluation);
	score_limit(card, evaluation.sums, card->count);
	spread_points(&evaluation);
	score_figures(card, evaluation.sums, card->count, &figures);
	*ret = (struct score){
		.scorecard = card->config->name,
		.total = figures.total,
		.fit = figures.fit,
		.engagement = figures.engagement,
		.quality = figures.quality,
		.completeness = completeness_of(lead, evaluation.need),
		.grade = figures.grade,
		.temperature = figures.temperature,
		.qualified = figures.qualified,
		.contributions = g_ptr_array_sized_new(evaluation.entries->len),
	};
	for (guint i = 0; i < evaluation.entries->len; i++)
		g_ptr_array_add(ret->contributions,
				g_array_index(evaluation.entries, struct entry, i).contribution);
	end(&evaluation);
}

GArray *
score_sum_ledger(const struct score_card *card, GPtrArray *touches, gint64 now, gint64 *ret_next)
{
	g_autoptr(GPtrArray) ledger = touches != NULL ? in_order(touches) : NULL;
	GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct score_sum));
	struct evaluation evaluation;

	begin(&evaluation, card, now, touches != NULL ? touches->len : 0);
	read_ledger(&evaluation, ledger);
	sum_entries(&evaluation);
	for (guint i = 0; i < card->count; i++) {
		if (evaluation.sums[i].rule != NULL)
			g_array_append_val(sums, evaluation.sums[i]);
	}
	*ret_next = evaluation.next;
	end(&evaluation);
	return sums;
}

/* --- all cards --- */

/* How far beyond its threshold, in proportion to it. */
static double
lead_of(const struct score *score, const struct config_scorecard *card)
{
	return (score->total - card->mql) / (card->mql != 0 ? fabs(card->mql) : 1);
}

static struct score *
evaluate_new(const struct score_card *card, GPtrArray *touches, const struct lead *lead, gint64 now)
{
	struct score *score = g_new(struct score, 1);

	score_evaluate(card, touches, lead, now, score);
	return score;
}

static void
score_free(gpointer score)
{
	score_clear(score);
	g_free(score);
}

void
score_evaluate_all(const struct scorecards *scorecards, GPtrArray *touches, const struct lead *lead,
		   gint64 now, struct score *ret)
{
	g_autoptr(GPtrArray) cards = scorecards_of_ledger(scorecards, touches);
	GPtrArray *scores = g_ptr_array_new_with_free_func(score_free);
	guint leading = 0;
	struct score *taken;

	if (cards->len == 1) {
		score_evaluate(cards->pdata[0], touches, lead, now, ret);
		g_ptr_array_unref(scores);
		return;
	}
	for (guint i = 0; i < cards->len; i++) {
		const struct score_card *best = cards->pdata[leading], *card = cards->pdata[i];

		g_ptr_array_add(scores, evaluate_new(card, touches, lead, now));
		if (lead_of(scores->pdata[i], card->config) >
		    lead_of(scores->pdata[leading], best->config))
			leading = i;
	}
	taken = g_ptr_array_steal_index(scores, leading);
	*ret = *taken;
	ret->others = scores;
	g_free(taken);
}

void
score_clear(struct score *score)
{
	g_clear_pointer(&score->contributions, g_ptr_array_unref);
	g_clear_pointer(&score->others, g_ptr_array_unref);
	memset(score, 0, sizeof *score);
}

static void
keep_one(const struct score *score, struct lead *lead)
{
	struct lead_score *kept = lead_score_new();

	kept->card = g_strdup(score->scorecard);
	kept->total = score->total;
	kept->fit = score->fit;
	kept->engagement = score->engagement;
	kept->quality = score->quality;
	kept->grade = score->grade;
	kept->temperature = score->temperature;
	kept->qualified = score->qualified;
	g_ptr_array_add(lead->scores, kept);
}

void
score_keep(const struct score *score, struct lead *lead)
{
	g_ptr_array_set_size(lead->scores, 0);
	keep_one(score, lead);
	for (guint i = 0; score->others != NULL && i < score->others->len; i++)
		keep_one(score->others->pdata[i], lead);
	if (g_strcmp0(lead->scorecard, score->scorecard) != 0) {
		g_free(lead->scorecard);
		lead->scorecard = g_strdup(score->scorecard);
	}
	lead->total = score->total;
	lead->fit = score->fit;
	lead->engagement = score->engagement;
	lead->quality = score->quality;
	lead->completeness = score->completeness;
	lead->grade = score->grade;
	lead->temperature = score->temperature;
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
			const struct contribution *contribution = contributions->pdata[j];

			if (contribution->raw > 0 && contribution->rule != NULL &&
			    score_tells_need(contribution->rule))
				return TRUE;
		}
	}
	return FALSE;
}
