/*
 * score_card.c - a card of the configuration as scores are counted by it: its rules and touches
 * with their dimensions, groups and half-lives, found by name.
 */
#include "lead/score_sums.h"

#include <string.h>

static enum dimension
dimension_of(const char *name)
{
	for (guint i = 0; name != NULL && i < DIMENSION_COUNT; i++) {
		if (strcmp(name, dimension_name((enum dimension)i)) == 0)
			return (enum dimension)i;
	}
	return DIMENSION_ENGAGEMENT;
}

gboolean
score_tells_need(const char *name)
{
	return strncmp(name, "need", 4) == 0 && (name[4] == '\0' || name[4] == '-');
}

static double
half_life_of(const struct score_card *card, enum dimension dimension, double days)
{
	if (dimension != DIMENSION_ENGAGEMENT)
		return 0;
	return days >= 0 ? days : card->config->half_life_days;
}

static int
group_index(const struct config_scorecard *config, const char *name)
{
	for (guint i = 0; name != NULL && i < config->groups->len; i++) {
		if (strcmp(((const struct config_group *)config->groups->pdata[i])->name, name) ==
		    0)
			return (int)i;
	}
	return -1;
}

static void
add_rule(struct score_card *card, const struct score_rule *rule)
{
	card->rules[card->count++] = *rule;
	g_hash_table_insert(card->places, (gpointer)rule->name, GUINT_TO_POINTER(card->count));
}

static void
take_rule(struct score_card *card, const struct config_rule *config)
{
	struct score_rule rule = {
		.name = config->name,
		.group = g_intern_string(config->group),
		.group_index = group_index(card->config, config->group),
		.points = config->points + config->importance,
		.importance = config->importance,
		.dimension = dimension_of(config->dimension),
		.is_explicit = g_strcmp0(config->kind, "explicit") == 0,
		.has_value = config->value != NULL && config->value[0] != '\0',
		.tells_need = score_tells_need(config->name),
	};

	rule.is_property =
		rule.dimension != DIMENSION_ENGAGEMENT && g_strcmp0(config->count, "person") == 0;
	rule.half_life_days = half_life_of(card, rule.dimension, config->half_life_days);
	add_rule(card, &rule);
}

static void
take_touch(struct score_card *card, const struct config_touch *config)
{
	struct score_rule rule = {
		.name = config->name,
		.group_index = -1,
		.points = config->points + config->importance,
		.importance = config->importance,
		.dimension = dimension_of(config->dimension),
		.tells_need = score_tells_need(config->name),
	};

	rule.half_life_days = half_life_of(card, rule.dimension, config->half_life_days);
	add_rule(card, &rule);
}

struct score_card *
score_card_new(const struct config_scorecard *config, gboolean is_first)
{
	struct score_card *card = g_new0(struct score_card, 1);

	card->config = config;
	card->is_first = is_first;
	card->rules = g_new0(struct score_rule, config->rules->len + config->touches->len);
	card->places = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < config->rules->len; i++)
		take_rule(card, config->rules->pdata[i]);
	card->rule_count = card->count;
	for (guint i = 0; i < config->touches->len; i++)
		take_touch(card, config->touches->pdata[i]);
	return card;
}

void
score_card_free(struct score_card *card)
{
	if (card == NULL)
		return;
	g_hash_table_unref(card->places);
	g_free(card->rules);
	g_free(card);
}

const struct score_rule *
score_card_rule(const struct score_card *card, const char *name)
{
	guint place = name != NULL ? GPOINTER_TO_UINT(g_hash_table_lookup(card->places, name)) : 0;

	return place > 0 ? &card->rules[place - 1] : NULL;
}
