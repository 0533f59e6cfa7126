/*
 * scorecard_rules.h - compiled scorecards, between scorecard.c, which makes them, and
 * scorecard_apply.c.  Nobody else's.
 */
#ifndef LEADMILTER_SCORECARD_RULES_H
#define LEADMILTER_SCORECARD_RULES_H

#include "lead/expression.h"
#include "lead/reason.h"
#include "lead/score.h"
#include "lead/scorecard.h"
#include "mail/lists.h"

enum counting { COUNT_MESSAGE, COUNT_DAY, COUNT_PERSON };

struct rule {
	const struct config_rule *config;
	const struct score_rule *score;
	struct expression *when, *value; /* value may be NULL */
	struct reason *reason;
	enum counting counting;
};

struct card {
	const struct config_scorecard *config;
	struct score_card *score;
	struct rule *rules; /* the first ones of score->rules */
	guint rule_count;
	struct expression *applies; /* or NULL */
};

struct scorecards {
	int references; /* atomic */
	struct config *config;
	struct config_scorecard *empty; /* stands in when none is configured */
	GPtrArray *cards; /* struct card *, the first is the default */
	GHashTable *by_name;
	struct expression_names *names;
	struct word_list *targets;
	struct route_rules *routes;
	struct assign_rules *assign_rules;
	struct worktime *worktime;
};

#endif
