/* store_acts.c - touches, outcomes and sweeps of store_change.h: which decision each takes. */
#include "store/store_change.h"

#include <string.h>

#include "lead/sweep.h"

#define STEP 64 /* leads in one transaction: messages wait for it */

struct act {
	const struct outside_touch *touch;
	const struct outcome *outcome;
	struct scorecards *scorecards;
};

static struct decision *
decide_touch(struct known *known, gint64 now, gpointer data)
{
	const struct act *act = data;

	return outside_decide(act->touch, known, act->scorecards, now);
}

gboolean
store_touch(struct store *store, const struct outside_touch *touch, struct scorecards *scorecards,
	    gint64 now, gboolean shadow, struct answer *ret, GError **error)
{
	struct act act = { .touch = touch, .scorecards = scorecards };
	const struct store_decide decide = { decide_touch, &act, scorecards };
	g_autofree char *key = NULL;
	struct store_whom whom = {
		.lead = touch->lead,
		.address = touch->address,
		.phone = touch->phone,
	};

	if (!outside_check(touch, scorecards, now, error))
		return FALSE;
	whom.key = key = outside_key(touch);
	return store_change(store, &whom, &decide, now, shadow, ret, error);
}

static struct decision *
decide_outcome(struct known *known, gint64 now, gpointer data)
{
	const struct act *act = data;

	return outcome_decide(act->outcome, known, act->scorecards, now);
}

gboolean
store_outcome(struct store *store, const char *lead, const struct outcome *outcome,
	      struct scorecards *scorecards, gint64 now, gboolean shadow, struct answer *ret,
	      GError **error)
{
	struct act act = { .outcome = outcome, .scorecards = scorecards };
	const struct store_decide decide = { decide_outcome, &act, scorecards };
	g_autofree char *key = NULL;
	struct store_whom whom = { .must_exist = TRUE };

	if (!outcome_check(outcome, now, error))
		return FALSE;
	whom.key = key = outcome_key(outcome);
	if (strchr(lead, '@'))
		whom.address = lead;
	else if (g_str_has_prefix(lead, "ld_"))
		whom.lead = lead;
	else
		whom.customer = lead;
	return store_change(store, &whom, &decide, now, shadow, ret, error);
}

static struct decision *
decide_sweep(struct known *known, gint64 now, gpointer data)
{
	return sweep_decide(known, data, now);
}

gint64
store_sweep(struct store *store, struct scorecards *scorecards, gint64 now, GError **error)
{
	const struct store_decide decide = { decide_sweep, scorecards, scorecards };
	gint64 total = 0;
	gint count;

	do {
		count = store_due(store, &decide, now, STEP, FALSE, error);
		if (count < 0)
			return -1;
		total += count;
	} while (count == STEP);
	return total;
}
