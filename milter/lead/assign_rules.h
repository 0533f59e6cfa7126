/*
 * assign_rules.h - the `assign` sections compiled: conditions over signals, and who is asked.
 *
 * Rules are tried in the order of the file.  A rule that holds gives the lead to one of its
 * owners who is present and has room for one more open lead; of these, who speaks the lead's
 * language is preferred, of those who knows its country, then its product: a preference nobody
 * meets is passed over.  A rule that has nobody free hands on to the next.
 *
 * Immutable after it was made; any thread.
 */
#ifndef LEADMILTER_ASSIGN_RULES_H
#define LEADMILTER_ASSIGN_RULES_H

#include "base/config.h"
#include "lead/expression.h"
#include "lead/owner.h"

enum strategy {
	STRATEGY_POOL, /* nobody yet: the first of our people to answer, or to claim it */
	STRATEGY_FIXED, /* the first of the list who is free */
	STRATEGY_LEAST_LOADED, /* fewest open leads for their weight; ties by address */
	STRATEGY_ROUND_ROBIN, /* weighted; within one lead of the share at every moment */
	STRATEGY_MANUAL /* nobody until somebody says so */
};

struct assign_rules;

/* How the reason of a lead begins that only somebody's word gives to anybody. */
#define ASSIGN_BY_HAND "by hand"

/** @param names grows; must outlive the rules, as must the configuration
 *  @return NULL with ERROR_CONFIG "file:line:column: …" */
struct assign_rules *assign_rules_new(const struct config *config, struct expression_names *names,
				      GError **error);
void assign_rules_free(struct assign_rules *rules);

/* What a rule says of a lead. */
struct assign_choice {
	const struct config_assign *rule; /* NULL: no rule gives it to anybody */
	enum strategy strategy;
	const char *owner; /* NULL with a pool or "manual"; owned by `owners` */
	char *reason; /* or NULL */
	GPtrArray *credits; /* struct credit *, or NULL */
};
void assign_choice_clear(struct assign_choice *choice);

/**
 * Ask the rules.
 * @param owners everybody, loads included
 * @param credits struct credit *: the turns so far
 * @param time who is absent then
 * @param ret the reason tells also, without a rule, why those that hold gave it to nobody
 */
void assign_rules_choose(const struct assign_rules *rules, const struct signal_input *input,
			 const struct owners *owners, const GPtrArray *credits, gint64 time,
			 struct assign_choice *ret);

/** response_within of the first rule that holds and has one; 0 none. */
gint64 assign_rules_response_within(const struct assign_rules *rules,
				    const struct signal_input *input);

#endif
