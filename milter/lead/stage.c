/* stage.c - see stage.h; the table of stages and who moves a lead is the domain's. */
#include "lead/stage.h"

struct move {
	enum stage stage;
	const char *cause; /* NULL: the score, which is put into words when needed */
};

gboolean
stage_is_qualified(enum stage stage)
{
	return stage >= STAGE_MQL && stage <= STAGE_CUSTOMER;
}

gboolean
stage_is_closed(enum stage stage)
{
	return stage == STAGE_DISQUALIFIED || stage == STAGE_RECYCLED;
}

/* The stage a message of the person amounts to by itself. */
static struct move
stage_of_writer(const struct stage_input *input)
{
	if (input->unqualified)
		return (struct move){ STAGE_NQL, "not qualified" };
	if (input->is_target)
		return (struct move){ STAGE_MQL, "target account" };
	if (!input->reachable)
		return (struct move){ STAGE_INTEREST, "no reachable person" };
	if (input->bant == BANT_ALL)
		return (struct move){ STAGE_SQL, "budget, authority, need and timeline known" };
	if (input->qualified)
		return (struct move){ STAGE_MQL, NULL };
	if (input->total < 0)
		return (struct move){ STAGE_NQL, "score below zero" };
	return (struct move){ STAGE_EQL, "wrote" };
}

/* A click is not a human response: it qualifies by its points only. */
static struct move
stage_of_touch(const struct stage_input *input)
{
	struct stage_input points = *input;
	gboolean proper = input->reachable && !input->unqualified;

	points.is_target = FALSE;
	points.bant = 0;
	if (!input->is_new && input->current == STAGE_RECYCLED && !(proper && input->qualified))
		return (struct move){ STAGE_RECYCLED, NULL };
	if (proper && !input->qualified && input->total >= 0)
		return (struct move){ STAGE_EQL, "responded" };
	return stage_of_writer(&points);
}

static struct move
stage_of_act(const struct stage_input *input)
{
	switch (input->act) {
	case STAGE_ACT_OPTED_OUT:
		return (struct move){ STAGE_DISQUALIFIED, "opt-out" };
	case STAGE_ACT_BOUNCED:
		return (struct move){ STAGE_DISQUALIFIED, "hard bounce" };
	case STAGE_ACT_ANSWERED:
		if (input->has_written && !input->is_new && input->current > STAGE_INTEREST)
			return (struct move){ STAGE_SAL, "answered" };
		return (struct move){ input->current, NULL };
	case STAGE_ACT_TOUCHED:
		return stage_of_touch(input);
	case STAGE_ACT_TOLD:
		return (struct move){ input->told, input->cause };
	case STAGE_ACT_AGED:
		return (struct move){ STAGE_RECYCLED, input->cause };
	default:
		return stage_of_writer(input);
	}
}

/* May a lead at `current` go to `next` by this act? */
static gboolean
is_allowed(const struct stage_input *input, enum stage next)
{
	if (input->is_new || input->act == STAGE_ACT_TOLD)
		return TRUE;
	if (input->act == STAGE_ACT_AGED)
		return stage_is_qualified(input->current) && input->current != STAGE_CUSTOMER;
	if (next == STAGE_DISQUALIFIED)
		return input->current != STAGE_CUSTOMER && input->current != STAGE_DISQUALIFIED;
	if (stage_is_closed(input->current))
		return input->act == STAGE_ACT_WROTE ||
		       (input->act == STAGE_ACT_TOUCHED && input->current == STAGE_RECYCLED);
	return next > input->current;
}

static char *
put_in_words(const struct stage_input *input, const struct move *move)
{
	if (move->cause != NULL)
		return g_strdup(move->cause);
	return g_strdup_printf("score %.4g reaches %.4g", input->total, input->threshold);
}

void
stage_decide(const struct stage_input *input, struct stage_result *ret)
{
	struct move move = stage_of_act(input);

	if (input->is_customer && input->act != STAGE_ACT_TOLD)
		move = (struct move){ STAGE_CUSTOMER, "known customer" };
	*ret = (struct stage_result){ .stage = input->current };
	if (!is_allowed(input, move.stage))
		return;
	ret->stage = move.stage;
	ret->changed = input->is_new || move.stage != input->current;
	ret->reopened = ret->changed && !input->is_new && stage_is_closed(input->current) &&
			!stage_is_closed(move.stage);
	if (ret->changed)
		ret->cause = put_in_words(input, &move);
}
