/*
 * sweep.c - see sweep.h.
 *
 * Everything that can be due is a row of one table: when it is next, and what it does then.
 * sweep_due() is the least of the moments; sweep_decide() does what has come, each dated by its
 * own moment, and asks again.
 */
#include "lead/sweep.h"

#include "lead/change.h"
#include "lead/identity.h"
#include "lead/task.h"

#define NO_ANSWER "no_answer"
/* A score that passes its thresholds more often than this between two sweeps is taken as it is. */
#define MOST_CROSSINGS 64

struct sweep {
	const struct lead *lead;
	const GPtrArray *touches;
	const struct scorecards *scorecards;
	const struct config *config;
	gint64 now;
};

static gint64
earlier(gint64 one, gint64 other)
{
	if (one == 0 || other == 0)
		return MAX(one, other);
	return MIN(one, other);
}

/* Cards that only point elsewhere, and those forgers wrote, do not live. */
static gboolean
is_alive(const struct lead *lead)
{
	return lead->merged_into == NULL && !identity_is_shadow(lead);
}

/* --- when --- */

/* What is out of the funnel, or at its end, doesn't cool. */
static gint64
next_score(const struct sweep *sweep)
{
	if (stage_is_closed(sweep->lead->stage) || sweep->lead->stage == STAGE_CUSTOMER)
		return 0;
	return score_next_change(sweep->scorecards, (GPtrArray *)sweep->touches, sweep->now);
}

static gint64
next_task(const struct sweep *sweep)
{
	return task_next(sweep->lead);
}

static gboolean
is_noted(const struct sweep *sweep, gint64 since)
{
	for (guint i = sweep->touches->len; i > 0; i--) {
		const struct touch *touch = sweep->touches->pdata[i - 1];

		if (touch->time > since && g_strcmp0(touch->name, NO_ANSWER) == 0)
			return TRUE;
	}
	return FALSE;
}

/* Who is away can't answer: until when, as their absence notes to our last mail say. */
static gint64
away_until(const struct sweep *sweep, gint64 since)
{
	gint64 until = 0;

	for (guint i = sweep->touches->len; i > 0; i--) {
		const struct touch *touch = sweep->touches->pdata[i - 1];

		if (touch->time >= since)
			until = MAX(until, returned_absent_until(touch));
	}
	return until;
}

/* The last word is ours, to somebody who could answer.  Who bought owes us no answer. */
static gint64
next_silence(const struct sweep *sweep)
{
	const struct lead *lead = sweep->lead;
	gint64 after = sweep->config->silence_after, since = lead->last_outbound;

	if (after == 0 || since == 0 || since <= lead->last_inbound || lead->unreachable ||
	    lead->opted_out || stage_is_closed(lead->stage) || lead->stage == STAGE_CUSTOMER)
		return 0;
	if (is_noted(sweep, since))
		return 0;
	return MAX(since, away_until(sweep, since)) + after;
}

/* Of the person or of us; what the sweep or the CRM noted is nobody's act. */
static gboolean
is_act(const struct touch *touch)
{
	return g_strcmp0(touch->direction, "outside") != 0 ||
	       (touch->contributions->len > 0 && g_strcmp0(touch->name, NO_ANSWER) != 0);
}

static gint64
last_act(const struct sweep *sweep)
{
	gint64 last = MAX(sweep->lead->last_inbound, sweep->lead->last_outbound);

	for (guint i = 0; i < sweep->touches->len; i++) {
		const struct touch *touch = sweep->touches->pdata[i];

		if (is_act(touch))
			last = MAX(last, touch->time);
	}
	return MAX(last, sweep->lead->stage_since);
}

static gint64
next_recycling(const struct sweep *sweep)
{
	gint64 after = sweep->config->recycle_after;

	if (after == 0 || !stage_is_qualified(sweep->lead->stage) ||
	    sweep->lead->stage == STAGE_CUSTOMER)
		return 0;
	return last_act(sweep) + after;
}

static gint64
next_of_all(const struct sweep *sweep)
{
	gint64 (*const moments[])(const struct sweep *sweep) = { next_score, next_task,
								 next_silence, next_recycling };
	gint64 due = 0;

	for (guint i = 0; is_alive(sweep->lead) && i < G_N_ELEMENTS(moments); i++)
		due = earlier(due, moments[i](sweep));
	return due;
}

gint64
sweep_due(const struct lead *lead, const GPtrArray *touches, const struct scorecards *scorecards,
	  gint64 now)
{
	const struct sweep sweep = { lead, touches, scorecards, scorecards_config(scorecards),
				     now };

	return next_of_all(&sweep);
}

/* --- what --- */

/* A decision that grows: several things may have come between two sweeps. */
struct changes {
	struct change_context context; /* `time` and `now` are the moment's while it is told */
	struct decision *decision;
	GPtrArray *all; /* the ledger and what is new of it */
	gint64 now;
	GString *words;
};

static void
say(struct changes *changes, const char *words)
{
	if (changes->words->len > 0)
		g_string_append(changes->words, ", ");
	g_string_append(changes->words, words);
}

static void
set_moment(struct changes *changes, gint64 moment)
{
	changes->context.time = moment;
	changes->context.now = moment;
}

/* An alarm about what is long past helps nobody. */
static void
tell(struct changes *changes, const char *type, gboolean is_alarm)
{
	const struct change_types types = { .name = { type }, .count = 1 };
	struct change_context *context = &changes->context;
	struct score score;

	if (is_alarm && context->time + SWEEP_STALE < changes->now)
		return;
	change_evaluate(context, changes->decision->lead, changes->all, context->time, &score);
	change_add_events(context, changes->decision, &score, &types);
	score_clear(&score);
}

static struct sweep
sweep_of(const struct changes *changes, gint64 now)
{
	return (struct sweep){ changes->decision->lead, changes->all, changes->context.scorecards,
			       changes->context.config, now };
}

static gboolean
has_come(gint64 moment, gint64 now)
{
	return moment != 0 && moment <= now;
}

static gboolean
is_cooler(const struct lead *before, const struct lead *lead, double threshold)
{
	if (lead->temperature < before->temperature || lead->grade > before->grade ||
	    (before->total >= threshold && lead->total < threshold))
		return TRUE;
	for (guint i = 0; i < before->scores->len; i++) {
		const struct lead_score *then = before->scores->pdata[i];
		const struct lead_score *score = lead_score_of(lead, then->card);

		if (score != NULL &&
		    ((then->qualified && !score->qualified) ||
		     score->temperature < then->temperature || score->grade > then->grade))
			return TRUE;
	}
	return FALSE;
}

/* The last moment until now when a threshold was passed; 0 none since the figures were kept. */
static gint64
last_crossing(const struct changes *changes)
{
	const struct scorecards *scorecards = changes->context.scorecards;
	enum stage stage = changes->decision->lead->stage;
	gint64 from = changes->decision->before->updated, last = 0;

	if (stage_is_closed(stage) || stage == STAGE_CUSTOMER)
		return 0;
	for (guint i = 0; i < MOST_CROSSINGS; i++) {
		gint64 next = score_crossing(scorecards, changes->all, from, changes->now);

		if (next <= from)
			break;
		from = last = next;
	}
	return last;
}

static void
evaluate_now(struct changes *changes)
{
	struct score score;

	change_evaluate(&changes->context, changes->decision->lead, changes->all, changes->now,
			&score);
	score_clear(&score);
}

static void
cool(struct changes *changes)
{
	const struct lead *before = changes->decision->before;
	double threshold = scorecards_find(changes->context.scorecards, before->scorecard)->mql;
	gint64 moment = last_crossing(changes);

	evaluate_now(changes);
	if (moment == 0 || !is_cooler(before, changes->decision->lead, threshold))
		return;
	set_moment(changes, moment);
	say(changes, "cooled");
	tell(changes, "lead.cooled", TRUE);
}

static void
miss_task(struct changes *changes)
{
	const struct sweep sweep = sweep_of(changes, changes->now);
	gint64 moment = next_task(&sweep);

	if (!has_come(moment, changes->now) || !task_breach(changes->decision->lead, changes->now))
		return;
	set_moment(changes, moment);
	say(changes, "task missed");
	tell(changes, "lead.sla_breached", TRUE);
}

static struct touch *
make_no_answer(const struct changes *changes)
{
	struct touch *touch = touch_new();

	touch->name = g_strdup(NO_ANSWER);
	touch->direction = g_strdup("outside");
	touch->time = changes->context.time;
	touch->note = g_strdup("our mail was not answered");
	g_ptr_array_unref(touch->contributions);
	touch->contributions =
		change_touch_points(&changes->context, changes->decision->lead, NO_ANSWER);
	return touch;
}

static void
note_silence(struct changes *changes)
{
	const struct sweep sweep = sweep_of(changes, changes->now);
	gint64 moment = next_silence(&sweep);

	if (!has_come(moment, changes->now))
		return;
	set_moment(changes, moment);
	changes->decision->touch = make_no_answer(changes);
	changes->decision->lead->touch_count++;
	g_ptr_array_add(changes->all, changes->decision->touch);
	say(changes, "no answer");
	tell(changes, "lead.updated", TRUE);
}

/* The stage is what a CRM follows: it is told however late. */
static void
recycle(struct changes *changes)
{
	const struct sweep sweep = sweep_of(changes, changes->now);
	gint64 moment = next_recycling(&sweep);
	g_autofree char *cause = g_strdup_printf(
		"no touch for %d days", (int)(changes->context.config->recycle_after / CLOCK_DAY));
	const struct stage_input input = { .act = STAGE_ACT_AGED,
					   .current = changes->decision->lead->stage,
					   .cause = cause };
	struct stage_result stage;

	if (!has_come(moment, changes->now))
		return;
	set_moment(changes, moment);
	stage_decide(&input, &stage);
	change_stage(&changes->context, changes->decision->lead, &stage);
	task_clear(changes->decision->lead);
	say(changes, "recycled");
	tell(changes, "lead.stage_changed", FALSE);
}

/* What came first is told first. */
static void
do_in_order(struct changes *changes)
{
	static const struct {
		gint64 (*when)(const struct sweep *sweep);
		void (*act)(struct changes *changes);
	} ROWS[] = { { next_task, miss_task },
		     { next_silence, note_silence },
		     { next_recycling, recycle } };

	for (guint step = 0; step < G_N_ELEMENTS(ROWS); step++) {
		const struct sweep sweep = sweep_of(changes, changes->now);
		guint first = G_N_ELEMENTS(ROWS);
		gint64 earliest = 0;

		for (guint i = 0; i < G_N_ELEMENTS(ROWS); i++) {
			gint64 moment = ROWS[i].when(&sweep);

			if (has_come(moment, changes->now) &&
			    (earliest == 0 || moment < earliest)) {
				earliest = moment;
				first = i;
			}
		}
		if (first == G_N_ELEMENTS(ROWS))
			return;
		ROWS[first].act(changes);
	}
}

static int
by_time(gconstpointer a, gconstpointer b)
{
	const struct event *one = *(const struct event *const *)a;
	const struct event *other = *(const struct event *const *)b;

	return (one->time > other->time) - (one->time < other->time);
}

static void
begin(struct changes *changes, struct candidate *candidate)
{
	const GPtrArray *touches = changes->context.known->touches;

	changes->decision = change_decision(ACTION_ATTACH, NULL);
	changes->decision->match = candidate->match;
	changes->decision->before = candidate->lead;
	changes->decision->lead = lead_copy(candidate->lead);
	changes->all = g_ptr_array_sized_new(touches->len + 1);
	for (guint i = 0; i < touches->len; i++)
		g_ptr_array_add(changes->all, touches->pdata[i]);
	changes->words = g_string_new(NULL);
}

static struct decision *
end(struct changes *changes)
{
	struct decision *decision = changes->decision;
	const struct sweep sweep = sweep_of(changes, changes->now);
	gint64 due = next_of_all(&sweep);

	evaluate_now(changes);
	if (changes->words->len > 0)
		decision->lead->updated = changes->now;
	/* What is due is done: whatever it was, it is not due again. */
	decision->lead->due = due > changes->now ? due : 0;
	g_ptr_array_sort(decision->events, by_time);
	g_ptr_array_unref(changes->all);
	if (changes->words->len == 0)
		say(changes, "nothing has changed");
	decision->reason = g_string_free(changes->words, FALSE);
	return decision;
}

struct decision *
sweep_decide(struct known *known, const struct scorecards *scorecards, gint64 now)
{
	struct changes changes = {
		.context = change_context_of(known, scorecards, 0, now),
		.now = now,
	};
	struct candidate *candidate =
		known->candidates->len > 0 ? known->candidates->pdata[0] : NULL;

	if (candidate == NULL)
		return change_decision(ACTION_NONE, g_strdup("there is no such lead"));
	begin(&changes, candidate);
	if (is_alive(candidate->lead)) {
		do_in_order(&changes);
		set_moment(&changes, now);
		cool(&changes);
	}
	return end(&changes);
}
