/* alone.c - see alone.h. */
#include "lead/alone.h"

#include "lead/card.h"

void
alone_clear(struct alone *alone)
{
	score_clear(&alone->score);
	lead_free(alone->lead);
	g_ptr_array_unref(alone->touches);
}

void
alone_score(const struct scorecards *cards, const char *only, const struct facts *facts, gint64 now,
	    struct alone *ret)
{
	struct touch *touch = touch_new();

	touch->time = now;
	if (kind_is_human(facts->kind->kind)) {
		g_ptr_array_unref(touch->contributions);
		touch->contributions = scorecards_apply(cards, only, facts, NULL, NULL, NULL, now);
	}
	*ret = (struct alone){ .touches =
				       g_ptr_array_new_with_free_func((GDestroyNotify)touch_free),
			       .lead = lead_new() };
	g_ptr_array_add(ret->touches, touch);
	card_write(ret->lead, facts, CARD_FILL);
	score_evaluate_all(cards, ret->touches, ret->lead, now, &ret->score);
}
