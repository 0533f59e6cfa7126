/*
 * score.h - a score as a pure function of a ledger, today's scorecard and a time.
 *
 * The ledger says what happened: name of the rule (or touch), scorecard, value, time.  What that is
 * worth is said by the scorecard of today:
 *
 *   raw = (points + importance) * value          decayed = raw * 2^(-(now - time) / half_life)
 *
 * Points, half-life, group, dimension and the way of counting are those the rule of that name has
 * now.  So a changed scorecard changes every lead at once, wherever it is read; what a
 * rule that is gone gave counts nothing, and counts again when the rule comes back; a new rule
 * counts from a person's next message on, since whether its condition held before is not known.
 *
 * What counts:
 *  - touches and contributions later than `now` have not happened yet;
 *  - of properties (fit and quality rules with count "person": what the person is, judged anew
 *    with each message) only the newest of each rule counts, by time, then by the touch's
 *    sequence.  scorecards_apply() writes one only when the judgement changed, and one
 *    with value 0 when it no longer holds;
 *  - all others add up, each decaying from its own time.
 *
 * What a rule gives in all is rounded to 0.0001; groups are capped and floored on the decayed sum
 * of their rules.  Roundings and the effect of a cap are spread over the contributions,
 * so that they always sum to the total as shown.  Since rules are rounded, not their parts, a
 * ledger whose early touches are summed up (summary.h) has the same score.
 *
 * A lead has a score on every scorecard its ledger has contributions for (on the first one
 * when there are none).  The leading one is that with the highest (total - mql) / |mql|, which is
 * the highest total in proportion to its threshold, also where a threshold is negative; a
 * threshold of 0 counts as the size 1; of equals the first in configured order leads.  So a lead
 * is qualified on the leading card when it is on any.
 * A ledger is read in the order of its sequence numbers, however the array is sorted.
 */
#ifndef LEADMILTER_SCORE_H
#define LEADMILTER_SCORE_H

#include "base/config.h"
#include "lead/lead.h"

struct scorecards;

/* What a rule or touch of a scorecard is worth. */
struct score_rule {
	const char *name;
	const char *group; /* or NULL; interned */
	int group_index; /* -1 none */
	double points; /* with importance */
	double importance;
	double half_life_days; /* 0 none */
	enum dimension dimension;
	gboolean is_explicit, is_property;
	gboolean has_value; /* a signal is multiplied with its points */
	gboolean tells_need;
};

/* A scorecard as scores need it; immutable. */
struct score_card {
	const struct config_scorecard *config;
	gboolean is_first; /* counts what names no card */
	struct score_rule *rules; /* rules, then touches */
	guint count;
	guint rule_count; /* of them rules */
	GHashTable *places; /* name → place in `rules` + 1 */
};
/** @param config must outlive it; words that it doesn't know are taken for their defaults */
struct score_card *score_card_new(const struct config_scorecard *config, gboolean is_first);
void score_card_free(struct score_card *card);
/** By name, or NULL. */
const struct score_rule *score_card_rule(const struct score_card *card, const char *name);

struct score {
	const char *scorecard;
	double total, fit, engagement, quality;
	double completeness; /* 0..100 */
	char grade; /* 'A'..'D' from fit */
	enum temperature temperature; /* from engagement */
	gboolean qualified; /* total >= the scorecard's mql threshold */
	GPtrArray *contributions; /* const struct contribution *, in ledger order, those that
				     count; not owned */
	GPtrArray *others; /* struct score *: on the other cards, in configured order; or NULL */
};

/**
 * Evaluate a ledger on one card as of `now`, filling in every contribution of that card.
 * @param touches struct touch *
 */
void score_evaluate(const struct score_card *card, GPtrArray *touches, const struct lead *lead,
		    gint64 now, struct score *ret);
/** On all cards of the ledger: the leading one, with the others in `others`. */
void score_evaluate_all(const struct scorecards *scorecards, GPtrArray *touches,
			const struct lead *lead, gint64 now, struct score *ret);
void score_clear(struct score *score);
/** Keep the figures in the lead: `scores`, `scorecard` and the leading one's. */
void score_keep(const struct score *score, struct lead *lead);

/** What is left of `raw` points after `age` microseconds; ages below 0 count as 0. */
double score_decay(double raw, gint64 age, double half_life_days);
/** Fill in what today's cards say of every contribution of a ledger, but for points. */
void score_resolve(const struct scorecards *scorecards, const GPtrArray *touches);

/**
 * The earliest time after `now` at which time alone may change grade, temperature or
 * `qualified` on any card of the ledger: the first whole second at which it has, or a time before
 * it where that takes too long to find (contributions of both signs and several half-lives); never
 * late, except that what changes for less than an hour may be passed over.  0: never.
 */
gint64 score_next_change(const struct scorecards *scorecards, GPtrArray *touches, gint64 now);
/** When it first was another one than at `from`, at `to` at the latest, to the microsecond; 0: it
 *  was not. */
gint64 score_crossing(const struct scorecards *scorecards, GPtrArray *touches, gint64 from,
		      gint64 to);

/* The seven key fields.  NULL or "" is not known. */
struct score_fields {
	const char *name, *first_name, *last_name;
	const char *address, *phone, *company, *title, *country;
	gboolean need;
};

/**
 * How much of the key fields is known: 100 when all seven are, 50 when half are.  Each field is a
 * seventh; the name alone has halves (given and family name), so that half of seven exists:
 * three fields and half a name are exactly 50.
 */
double score_completeness(const struct score_fields *fields);
/** The need is known when the ledger holds points of a rule named "need" or "need-…".
 *  @param touches resolved */
gboolean score_need_is_known(const GPtrArray *touches);

#endif
