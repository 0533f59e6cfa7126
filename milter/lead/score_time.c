/*
 * score_time.c - when time alone changes a score (score_next_change(), score_crossing()).
 *
 * A rule's contributions have one half-life, so what it gives in all decays as one term, and a card
 * is a sum of as many terms as it has rules that counted.  Total and engagement can't move faster
 * than the sum of their slopes, which only gets smaller: from a time at which the nearest threshold
 * is d points away nothing happens for d / slope, so the search goes on from there.  For
 * terms of one sign these are Newton's steps, a handful; where a term of each sign all but cancel
 * they are many, and the search ends early with what it has reached, which is asked again then.
 * Below an hour the search looks an hour ahead, and halves the hour in which the state changed.
 * Pure; any thread.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "lead/score_sums.h"
#include "lead/scorecard.h"

#define STEP (CLOCK_DAY / 24)
#define MOST_STEPS 200
#define FOREVER (36500 * CLOCK_DAY)

struct model {
	const struct score_card *card;
	gint64 start;
	GArray *base; /* struct score_sum, at `start` */
	GArray *sums; /* the same at the time asked for */
	guint fading; /* how many of them fade */
	gboolean mixed; /* fit may change, sharing a group's limit with what fades */
	gint64 next; /* what counts then doesn't yet */
	gint64 grain; /* how exactly a change is looked for */
};

static struct score_sum *
sum_at(const GArray *sums, guint i)
{
	return &g_array_index(sums, struct score_sum, i);
}

static void
model_clear(struct model *model)
{
	g_array_unref(model->base);
	g_array_unref(model->sums);
}

static gboolean
shares_group(const GArray *sums, int group)
{
	for (guint i = 0; group >= 0 && i < sums->len; i++) {
		const struct score_rule *rule = sum_at(sums, i)->rule;

		if (rule->group_index == group && rule->dimension == DIMENSION_FIT)
			return TRUE;
	}
	return FALSE;
}

static void
model_init(struct model *model, const struct score_card *card, GPtrArray *touches, gint64 now)
{
	*model = (struct model){ .card = card, .start = now };
	model->base = score_sum_ledger(card, touches, now, &model->next);
	model->sums = g_array_copy(model->base);
	for (guint i = 0; i < model->base->len; i++) {
		const struct score_rule *rule = sum_at(model->base, i)->rule;

		if (rule->half_life_days <= 0)
			continue;
		model->fading++;
		model->mixed |= shares_group(model->base, rule->group_index);
	}
}

/* Figures at a time, how fast they may move at most (points a microsecond), and how far in all. */
static void
figures_at(struct model *model, gint64 time, struct score_figures *ret, double *ret_slope,
	   double *ret_rest)
{
	struct score_sum *sums = sum_at(model->sums, 0);

	*ret_slope = *ret_rest = 0;
	for (guint i = 0; i < model->base->len; i++) {
		const struct score_sum *base = sum_at(model->base, i);
		double half_life = base->rule->half_life_days;
		double left = score_decay(base->decayed, time - model->start, half_life);

		sums[i].decayed = left;
		if (half_life <= 0)
			continue;
		*ret_rest += fabs(left);
		*ret_slope += fabs(left) * G_LN2 / (half_life * (double)CLOCK_DAY);
	}
	score_limit(model->card, sums, model->sums->len);
	score_figures(model->card, sums, model->sums->len, ret);
}

static gboolean
is_same(const struct score_figures *one, const struct score_figures *other)
{
	return one->grade == other->grade && one->temperature == other->temperature &&
	       one->qualified == other->qualified;
}

/* Points to the nearest threshold that something fading can pass. */
static double
distance(const struct model *model, const struct score_figures *figures)
{
	const struct config_scorecard *card = model->card->config;
	double nearest = fabs(figures->total - card->mql);
	/* Each rule is rounded, and each group once more. */
	double slack = (model->fading + 2) * 0.0001;

	nearest = MIN(nearest, fabs(figures->engagement - card->hot));
	nearest = MIN(nearest, fabs(figures->engagement - card->warm));
	return MAX(nearest - slack, 0);
}

static gboolean
differs_at(struct model *model, gint64 time, const struct score_figures *first)
{
	struct score_figures figures;
	double slope, rest;

	figures_at(model, time, &figures, &slope, &rest);
	return !is_same(&figures, first);
}

/* It differs at `high` and not at `low`. @return the first time at which it does, of those that
 * are whole multiples of the grain: so it is the same wherever the search came from */
static gint64
halve(struct model *model, gint64 low, gint64 high, const struct score_figures *first)
{
	gint64 grain = model->grain;

	low -= low % grain;
	high += (grain - high % grain) % grain;
	while (high - low > grain) {
		gint64 middle = low + (high - low) / grain / 2 * grain;

		if (differs_at(model, middle, first))
			high = middle;
		else
			low = middle;
	}
	return high;
}

static gint64
next_step(const struct model *model, const struct score_figures *figures, double slope)
{
	double step = slope > 0 ? distance(model, figures) / slope : (double)FOREVER;

	/* A shared limit moves fit in ways the slope says nothing of. */
	if (model->mixed)
		step = MIN(step, (double)CLOCK_DAY);
	return (gint64)CLAMP(step, (double)STEP, (double)FOREVER);
}

/* @return 0: never; else the time of the change, or one before it */
static gint64
find_change(struct model *model, gint64 until)
{
	struct score_figures first, figures;
	double slope, rest;
	gint64 time = model->start;

	if (model->fading == 0)
		return 0;
	figures_at(model, time, &first, &slope, &rest);
	figures = first;
	for (guint i = 0; i < MOST_STEPS && time < until; i++) {
		gint64 next;

		if (!model->mixed && rest < distance(model, &figures))
			return 0;
		if (time - model->start >= FOREVER || slope < 1e-30)
			return 0;
		next = MIN(time + next_step(model, &figures, slope), until);
		figures_at(model, next, &figures, &slope, &rest);
		if (!is_same(&figures, &first))
			return halve(model, time, next, &first);
		time = next;
	}
	return time;
}

static gint64
earlier(gint64 one, gint64 other)
{
	if (one == 0 || other == 0)
		return MAX(one, other);
	return MIN(one, other);
}

static gint64
next_on_card(const struct score_card *card, GPtrArray *touches, gint64 now, gint64 until,
	     gint64 grain)
{
	struct model model;
	gint64 change;

	model_init(&model, card, touches, now);
	model.grain = grain;
	change = earlier(find_change(&model, until), model.next);
	model_clear(&model);
	return change;
}

gint64
score_next_change(const struct scorecards *scorecards, GPtrArray *touches, gint64 now)
{
	g_autoptr(GPtrArray) cards = scorecards_of_ledger(scorecards, touches);
	gint64 until = now < G_MAXINT64 - 2 * FOREVER ? now + 2 * FOREVER : G_MAXINT64, next = 0;

	for (guint i = 0; i < cards->len; i++)
		next = earlier(next,
			       next_on_card(cards->pdata[i], touches, now, until, CLOCK_SECOND));
	return next;
}

/* The state of a card as the ledger tells it at a time. */
static void
figures_of_ledger(const struct score_card *card, GPtrArray *touches, gint64 time,
		  struct score_figures *ret)
{
	struct model model;
	double slope, rest;

	model_init(&model, card, touches, time);
	figures_at(&model, time, ret, &slope, &rest);
	model_clear(&model);
}

static gint64
crossing_on_card(const struct score_card *card, GPtrArray *touches, gint64 from, gint64 to)
{
	struct score_figures first, figures;
	gint64 time = from;

	figures_of_ledger(card, touches, from, &first);
	for (guint i = 0; i < MOST_STEPS && time < to; i++) {
		gint64 next = next_on_card(card, touches, time, to, 1);

		if (next == 0 || next > to || next <= time)
			return 0;
		figures_of_ledger(card, touches, next, &figures);
		if (!is_same(&figures, &first))
			return next;
		time = next;
	}
	return 0;
}

gint64
score_crossing(const struct scorecards *scorecards, GPtrArray *touches, gint64 from, gint64 to)
{
	g_autoptr(GPtrArray) cards = scorecards_of_ledger(scorecards, touches);
	gint64 first = 0;

	for (guint i = 0; i < cards->len; i++)
		first = earlier(first, crossing_on_card(cards->pdata[i], touches, from, to));
	return first;
}
