/*
 * scorecard_apply.c - what a message or a named touch is worth on the scorecards that apply.
 *
 * Rules are evaluated one after another; only one that holds costs allocations.  Conditions of all
 * cards are run over the same message in one struct evaluation, so what is worked out for one
 * is there for the others.  The ledger is read once for each card, for the rules that count by
 * day or person.  Pure; any thread, as long as nobody else uses the same ledger.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "lead/scorecard_rules.h"

/* What the ledger holds of a rule. */
struct standing {
	const struct contribution *newest;
	gint64 sequence;
	gboolean today;
};

struct application {
	const struct card *card;
	struct evaluation *evaluation;
	const GPtrArray *touches;
	gint64 time; /* of the message */
	gboolean is_human;
	struct standing *standings; /* per rule, or NULL without a ledger */
	GPtrArray *contributions;
};

/* --- which cards --- */

/* The mailboxes the message came to name it; @return FALSE when none of them names any. */
static gboolean
is_named(const struct facts *facts, const char *card, gboolean *ret_any)
{
	gboolean named = FALSE;

	*ret_any = FALSE;
	for (guint i = 0; facts->mailboxes != NULL && i < facts->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = facts->mailboxes->pdata[i];
		const GPtrArray *names = mailbox->scorecards;

		for (guint j = 0; names != NULL && j < names->len; j++) {
			*ret_any = TRUE;
			named |= strcmp(names->pdata[j], card) == 0;
		}
	}
	return named;
}

static gboolean
has_score(const struct lead *lead, const struct card *card)
{
	return lead != NULL && lead_score_of(lead, card->config->name) != NULL;
}

/* What comes to no mailbox of ours (a bounce) counts where the lead has a score already. */
static gboolean
is_elsewhere(const struct scorecards *scorecards, const struct facts *facts,
	     const struct lead *lead)
{
	if (facts->mailboxes != NULL && facts->mailboxes->len > 0)
		return FALSE;
	for (guint i = 0; i < scorecards->cards->len; i++) {
		if (has_score(lead, scorecards->cards->pdata[i]))
			return TRUE;
	}
	return FALSE;
}

static gboolean
applies(const struct scorecards *scorecards, const struct card *card, struct evaluation *evaluation)
{
	const struct signal_input *input = &evaluation->input;
	gboolean any, named = is_named(input->facts, card->config->name, &any);

	if (any)
		return named;
	if (is_elsewhere(scorecards, input->facts, input->lead))
		return has_score(input->lead, card);
	if (card->applies == NULL)
		return card == scorecards->cards->pdata[0];
	return expression_test(card->applies, evaluation);
}

/* --- what the ledger holds --- */

static gint64
day_of(gint64 time)
{
	return time / CLOCK_DAY;
}

static void
note_standing(struct application *application, const struct contribution *contribution,
	      gint64 sequence)
{
	const struct score_rule *rule =
		score_card_rule(application->card->score, contribution->rule);
	guint place = rule != NULL ? (guint)(rule - application->card->score->rules) : G_MAXUINT;
	struct standing *standing;

	if (place >= application->card->rule_count)
		return;
	standing = &application->standings[place];
	standing->today |= day_of(contribution->time) == day_of(application->time);
	if (standing->newest != NULL &&
	    (contribution->time < standing->newest->time ||
	     (contribution->time == standing->newest->time && sequence < standing->sequence)))
		return;
	standing->newest = contribution;
	standing->sequence = sequence;
}

static gboolean
is_of_card(const struct contribution *contribution, const struct card *card)
{
	return contribution->card != NULL ? strcmp(contribution->card, card->config->name) == 0
					  : card->score->is_first;
}

static void
read_ledger(struct application *application)
{
	const GPtrArray *touches = application->touches;

	if (touches == NULL || touches->len == 0)
		return;
	application->standings = g_new0(struct standing, application->card->rule_count + 1);
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		const GPtrArray *contributions = touch->contributions;

		for (guint j = 0; contributions != NULL && j < contributions->len; j++) {
			if (is_of_card(contributions->pdata[j], application->card))
				note_standing(application, contributions->pdata[j],
					      touch->sequence);
		}
	}
}

/* --- rules --- */

static struct contribution *
new_contribution(const struct score_card *card, const struct score_rule *rule, double value,
		 char *reason, gint64 time)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule->name);
	contribution->card = g_strdup(card->config->name);
	contribution->reason = reason;
	contribution->value = value;
	contribution->time = time;
	contribution->group = rule->group;
	contribution->dimension = rule->dimension;
	contribution->is_explicit = rule->is_explicit;
	contribution->is_property = rule->is_property;
	contribution->raw = rule->points * value;
	contribution->half_life_days = rule->half_life_days;
	return contribution;
}

static struct contribution *
add_contribution(struct application *application, const struct rule *rule, double value,
		 char *reason)
{
	struct contribution *contribution = new_contribution(application->card->score, rule->score,
							     value, reason, application->time);

	g_ptr_array_add(application->contributions, contribution);
	return contribution;
}

/* What the rule's points are multiplied with: 0 when it gives nothing. */
static double
value_of(const struct rule *rule, struct evaluation *evaluation)
{
	double value = rule->value != NULL ? expression_number(rule->value, evaluation) : 1;

	return isfinite(value * rule->score->points) ? value : 0;
}

static gboolean
is_active(const struct config_rule *rule, gint64 time)
{
	return (rule->from == 0 || time >= rule->from) && (rule->until == 0 || time < rule->until);
}

/* The ledger already has what such a rule may give. */
static gboolean
is_counted(const struct rule *rule, const struct standing *standing)
{
	if (standing == NULL || rule->score->is_property || rule->counting == COUNT_MESSAGE)
		return FALSE;
	return rule->counting == COUNT_DAY ? standing->today : standing->newest != NULL;
}

/* A property that held and no longer does. */
static void
withdraw(struct application *application, const struct rule *rule, const struct standing *standing)
{
	const char *was;

	if (!rule->score->is_property || standing == NULL || standing->newest == NULL ||
	    standing->newest->value == 0)
		return;
	was = standing->newest->reason != NULL ? standing->newest->reason : rule->config->name;
	add_contribution(application, rule, 0, g_strdup_printf("no longer: %s", was));
}

static gboolean
is_unchanged(const struct rule *rule, const struct standing *standing, double value,
	     const char *reason)
{
	return rule->score->is_property && standing != NULL && standing->newest != NULL &&
	       standing->newest->value == value && g_strcmp0(standing->newest->reason, reason) == 0;
}

static void
apply_rule(struct application *application, guint index)
{
	const struct rule *rule = &application->card->rules[index];
	const struct standing *standing =
		application->standings != NULL ? &application->standings[index] : NULL;
	struct evaluation *evaluation = application->evaluation;
	g_autofree char *reason = NULL;
	double value;

	if (!application->is_human && !expression_asks_kind(rule->when))
		return;
	if (is_counted(rule, standing))
		return;
	value = is_active(rule->config, application->time) &&
				expression_test(rule->when, evaluation)
			? value_of(rule, evaluation)
			: 0;
	if (value == 0) {
		withdraw(application, rule, standing);
		return;
	}
	reason = reason_fill(rule->reason, &evaluation->input);
	if (!is_unchanged(rule, standing, value, reason))
		add_contribution(application, rule, value, g_steal_pointer(&reason))->evidence =
			expression_evidence(rule->when, evaluation);
}

static void
apply_card(struct application *application, const struct card *card)
{
	application->card = card;
	read_ledger(application);
	for (guint i = 0; i < card->rule_count; i++)
		apply_rule(application, i);
	g_clear_pointer(&application->standings, g_free);
}

GPtrArray *
scorecards_apply(const struct scorecards *scorecards, const char *only, const struct facts *facts,
		 const struct known *known, const struct lead *lead, const GPtrArray *touches,
		 gint64 now)
{
	struct evaluation evaluation;
	struct application application = {
		.evaluation = &evaluation,
		.touches = touches,
		.time = facts->received > 0 ? MIN(facts->received, now) : now,
		.is_human = facts->kind == NULL || kind_is_human(facts->kind->kind),
		.contributions = g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free),
	};
	struct signal_input input = { .facts = facts,
				      .known = known,
				      .lead = lead,
				      .touches = touches,
				      .targets = scorecards->targets,
				      .now = application.time };

	score_resolve(scorecards, touches);
	expression_begin(&evaluation, scorecards->names, &input);
	for (guint i = 0; i < scorecards->cards->len; i++) {
		const struct card *card = scorecards->cards->pdata[i];

		if (only != NULL ? strcmp(only, card->config->name) == 0
				 : applies(scorecards, card, &evaluation))
			apply_card(&application, card);
	}
	expression_end(&evaluation);
	return application.contributions;
}

/* --- named touches --- */

/* The names of touches come after those of rules. */
static const struct config_touch *
find_touch(const struct score_card *card, const struct score_rule *rule)
{
	guint place = rule != NULL ? (guint)(rule - card->rules) : 0;

	return place >= card->rule_count && rule != NULL
		       ? card->config->touches->pdata[place - card->rule_count]
		       : NULL;
}

static void
add_touch(GPtrArray *contributions, const struct score_card *card, const char *touch, gint64 time)
{
	const struct score_rule *rule = score_card_rule(card, touch);
	const struct config_touch *config = find_touch(card, rule);
	char *reason;

	if (config == NULL)
		return;
	reason = g_strdup(config->reason != NULL ? config->reason : config->name);
	g_ptr_array_add(contributions, new_contribution(card, rule, 1, reason, time));
}

GPtrArray *
scorecards_touch(const struct scorecards *scorecards, const struct lead *lead, const char *touch,
		 gint64 time)
{
	GPtrArray *contributions =
		g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	gboolean scored = FALSE;

	for (guint i = 0; i < scorecards->cards->len; i++) {
		const struct card *card = scorecards->cards->pdata[i];

		if (!has_score(lead, card))
			continue;
		scored = TRUE;
		add_touch(contributions, card->score, touch, time);
	}
	if (!scored)
		add_touch(contributions, scorecards_card(scorecards, NULL), touch, time);
	return contributions;
}

gboolean
scorecards_has_touch(const struct scorecards *scorecards, const char *touch,
		     const char **ret_nearest)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();

	for (guint i = 0; i < scorecards->cards->len; i++) {
		const struct card *card = scorecards->cards->pdata[i];

		for (guint j = card->rule_count; j < card->score->count; j++) {
			if (strcmp(card->score->rules[j].name, touch) == 0)
				return TRUE;
			g_ptr_array_add(names, (gpointer)card->score->rules[j].name);
		}
	}
	if (ret_nearest != NULL)
		*ret_nearest =
			signals_nearest_name(touch, (const char *const *)names->pdata, names->len);
	return FALSE;
}
