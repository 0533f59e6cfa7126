/*
 * scorecard.c - scorecards compiled from the configuration; scorecard_apply.c applies them.
 *
 * Everything that depends on the configuration alone is done once in scorecards_new(): conditions,
 * values and reasons compiled and type-checked, names of rules indexed, limits checked.  All
 * cards share one table of phrase lists and touch names, so that a message's text is matched
 * once for all of them.  Immutable and reference counted after it was made; any thread.
 */
#include <string.h>

#include "base/error.h"
#include "lead/assign_rules.h"
#include "lead/place.h"
#include "lead/route.h"
#include "lead/scorecard_rules.h"
#include "lead/worktime.h"

/* --- where an option of a rule stands --- */

static void
find_source(const struct config_rule *rule, const char *option, struct expression_source *ret)
{
	g_autofree char *heading = g_strdup_printf("rule \"%s\"", rule->name);

	place_find(rule->file, heading, rule->line, option, ret);
}

/* --- compiling --- */

static gboolean
fail(const struct config_rule *rule, const char *option, GError **error, const char *what)
{
	struct expression_source source;

	find_source(rule, option, &source);
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d:%d: rule \"%s\": %s", source.file,
		    source.line, source.column, rule->name, what);
	return FALSE;
}

static struct expression *
compile(struct expression *(*compiler)(const char *text, const struct expression_source *source,
				       struct expression_names *names, GError **error),
	const char *text, const struct config_rule *rule, const char *option,
	struct expression_names *names, GError **error)
{
	struct expression_source source = { "scorecard", 1, 1 };
	struct expression *expression = compiler(text, &source, names, NULL);

	/* The place is looked up only when there is something to say about it; a file the condition
	 * names is relative to the scorecard's. */
	if (expression != NULL && strstr(text, "file") == NULL)
		return expression;
	expression_free(expression);
	find_source(rule, option, &source);
	return compiler(text, &source, names, error);
}

static gboolean
name_index(const char *name, const char *const *names, const char *fallback, guint *ret_index)
{
	if (name == NULL || name[0] == '\0')
		name = fallback;
	for (guint i = 0; names[i] != NULL; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret_index = i;
			return TRUE;
		}
	}
	return FALSE;
}

static gboolean
compile_words(struct rule *rule, GError **error)
{
	static const char *const DIMENSIONS[] = { "fit", "engagement", "quality", NULL };
	static const char *const COUNTS[] = { "message", "day", "person", NULL };
	static const char *const SORTS[] = { "implicit", "explicit", NULL };
	const struct config_rule *config = rule->config;
	guint dimension, counting, sort;

	if (!name_index(config->dimension, DIMENSIONS, "engagement", &dimension))
		return fail(config, "dimension", error, "expected fit, engagement or quality");
	if (!name_index(config->count, COUNTS, "message", &counting))
		return fail(config, "count", error, "expected message, day or person");
	if (!name_index(config->kind, SORTS, "implicit", &sort))
		return fail(config, "kind", error, "expected explicit or implicit");
	if (dimension != DIMENSION_ENGAGEMENT && config->half_life_days > 0)
		return fail(config, "half_life", error, "only engagement decays, expected 0");
	rule->counting = (enum counting)counting;
	return TRUE;
}

static gboolean
compile_rule(struct rule *rule, struct expression_names *names, GError **error)
{
	const struct config_rule *config = rule->config;
	const char *reason = config->reason != NULL ? config->reason : config->name;
	struct expression_source source;

	if (config->when == NULL)
		return fail(config, "rule", error, "expected a condition, when = \"…\"");
	if (!compile_words(rule, error))
		return FALSE;
	rule->when = compile(expression_compile, config->when, config, "when", names, error);
	if (rule->when == NULL)
		return FALSE;
	if (config->value != NULL && config->value[0] != '\0') {
		rule->value = compile(expression_compile_number, config->value, config, "value",
				      names, error);
		if (rule->value == NULL)
			return FALSE;
	}
	source = (struct expression_source){ "scorecard", 1, 1 };
	rule->reason = reason_compile(reason, &source, NULL);
	if (rule->reason == NULL) {
		find_source(config, "reason", &source);
		rule->reason = reason_compile(reason, &source, error);
	}
	return rule->reason != NULL;
}

static gboolean
check_groups(const struct config_scorecard *card, GError **error)
{
	for (guint i = 0; i < card->groups->len; i++) {
		const struct config_group *group = card->groups->pdata[i];
		const char *wrong = group->cap < 0     ? "a cap below 0"
				    : group->floor > 0 ? "a floor above 0"
						       : NULL;

		if (wrong != NULL) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "%s:0:0: group \"%s\" has %s, expected cap >= 0 >= floor",
				    card->file != NULL ? card->file : "scorecard", group->name,
				    wrong);
			return FALSE;
		}
	}
	return TRUE;
}

static void
card_free(gpointer data)
{
	struct card *card = data;

	for (guint i = 0; i < card->rule_count; i++) {
		expression_free(card->rules[i].when);
		expression_free(card->rules[i].value);
		reason_free(card->rules[i].reason);
	}
	expression_free(card->applies);
	score_card_free(card->score);
	g_free(card->rules);
	g_free(card);
}

static struct card *
card_new(const struct config_scorecard *config, gboolean is_first)
{
	struct card *card = g_new0(struct card, 1);

	card->config = config;
	card->score = score_card_new(config, is_first);
	card->rule_count = config->rules->len;
	card->rules = g_new0(struct rule, card->rule_count);
	return card;
}

/* Of messages whose mailbox names no card. */
static gboolean
compile_applies(struct card *card, struct expression_names *names, GError **error)
{
	const struct config_scorecard *config = card->config;
	struct expression_source source;

	if (config->applies == NULL)
		return TRUE;
	place_find(config->file, NULL, config->applies_line, "applies", &source);
	card->applies = expression_compile(config->applies, &source, names, error);
	return card->applies != NULL;
}

static gboolean
compile_card(struct card *card, struct expression_names *names, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);

	if (!check_groups(card->config, error) || !compile_applies(card, names, error))
		return FALSE;
	for (guint i = 0; i < card->rule_count; i++) {
		struct rule *rule = &card->rules[i];

		rule->config = card->config->rules->pdata[i];
		rule->score = &card->score->rules[i];
		if (!compile_rule(rule, names, error))
			return FALSE;
		if (!g_hash_table_add(seen, rule->config->name))
			return fail(rule->config, "when", error, "a second rule of that name");
	}
	return TRUE;
}

static gboolean
add_card(struct scorecards *scorecards, const struct config_scorecard *config, GError **error)
{
	struct card *card = card_new(config, scorecards->cards->len == 0);

	g_ptr_array_add(scorecards->cards, card);
	g_hash_table_insert(scorecards->by_name, config->name, card);
	return compile_card(card, scorecards->names, error);
}

static gboolean
compile_cards(struct scorecards *scorecards, GError **error)
{
	const GPtrArray *cards = scorecards->config->scorecards;

	/* Without any there is still a card to ask, which gives no points. */
	if (cards == NULL || cards->len == 0)
		return add_card(scorecards, scorecards->empty, error);
	for (guint i = 0; i < cards->len; i++) {
		if (!add_card(scorecards, cards->pdata[i], error))
			return FALSE;
	}
	return TRUE;
}

static struct config_scorecard *
empty_scorecard(void)
{
	struct config_scorecard *empty = g_new0(struct config_scorecard, 1);

	empty->name = g_strdup("default");
	empty->half_life_days = 30;
	empty->mql = 65;
	empty->grade_a = 22;
	empty->grade_b = 15;
	empty->grade_c = 8;
	empty->hot = 30;
	empty->warm = 10;
	empty->rules = g_ptr_array_new();
	empty->groups = g_ptr_array_new();
	empty->touches = g_ptr_array_new();
	return empty;
}

/* The headings "[name]" and "[name:language]" of a file of phrases. */
static void
allow_lists(struct expression_names *names, const char *path)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	/* A file that can't be read is an error of whoever compiles the phrases. */
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return;
	lines = g_strsplit(text, "\n", -1);
	for (guint i = 0; lines[i] != NULL; i++) {
		if (lines[i][0] != '[')
			continue;
		lines[i][strcspn(lines[i], ":]")] = '\0';
		expression_names_allow(names, lines[i] + 1);
	}
}

/* What decisions need besides. */
static gboolean
compile_rest(struct scorecards *scorecards, GError **error)
{
	scorecards->assign_rules = assign_rules_new(scorecards->config, scorecards->names, error);
	if (scorecards->assign_rules == NULL)
		return FALSE;
	scorecards->worktime = worktime_new(scorecards->config, error);
	if (scorecards->worktime == NULL)
		return FALSE;
	scorecards->routes =
		route_rules_new(scorecards->config, scorecards->names, scorecards->targets, error);
	return scorecards->routes != NULL;
}

struct scorecards *
scorecards_new(struct config *config, GError **error)
{
	struct scorecards *scorecards = g_new0(struct scorecards, 1);

	scorecards->references = 1;
	scorecards->config = config_ref(config);
	scorecards->empty = empty_scorecard();
	scorecards->cards = g_ptr_array_new_with_free_func(card_free);
	scorecards->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	scorecards->names = expression_names_new();
	for (guint i = 0; config->phrase_files != NULL && i < config->phrase_files->len; i++)
		allow_lists(scorecards->names, config->phrase_files->pdata[i]);
	scorecards->targets = word_list_new();
	for (guint i = 0; config->target_domains != NULL && i < config->target_domains->len; i++)
		word_list_add(scorecards->targets, config->target_domains->pdata[i]);
	if (compile_cards(scorecards, error) && compile_rest(scorecards, error))
		return scorecards;
	scorecards_unref(scorecards);
	return NULL;
}

struct scorecards *
scorecards_ref(struct scorecards *scorecards)
{
	g_atomic_int_inc(&scorecards->references);
	return scorecards;
}

void
scorecards_unref(struct scorecards *scorecards)
{
	if (scorecards == NULL || !g_atomic_int_dec_and_test(&scorecards->references))
		return;
	route_rules_free(scorecards->routes);
	g_ptr_array_unref(scorecards->cards);
	g_hash_table_unref(scorecards->by_name);
	assign_rules_free(scorecards->assign_rules);
	worktime_free(scorecards->worktime);
	expression_names_free(scorecards->names);
	word_list_free(scorecards->targets);
	config_scorecard_free(scorecards->empty);
	config_unref(scorecards->config);
	g_free(scorecards);
}

const struct route_rules *
scorecards_routes(const struct scorecards *scorecards)
{
	return scorecards->routes;
}

const struct config_scorecard *
scorecards_find(const struct scorecards *scorecards, const char *name)
{
	const struct card *card =
		name != NULL ? g_hash_table_lookup(scorecards->by_name, name) : NULL;

	return card != NULL ? card->config
			    : ((const struct card *)scorecards->cards->pdata[0])->config;
}

const struct score_card *
scorecards_card(const struct scorecards *scorecards, const char *name)
{
	const struct card *card = name != NULL ? g_hash_table_lookup(scorecards->by_name, name)
					       : scorecards->cards->pdata[0];

	return card != NULL ? card->score : NULL;
}

guint
scorecards_count(const struct scorecards *scorecards)
{
	return scorecards->cards->len;
}

/* Contributions of one card mostly follow one another: the last one is asked first. */
static void
mark_cards(const struct scorecards *scorecards, const GPtrArray *contributions, gboolean *marks)
{
	const char *last = NULL;

	for (guint i = 0; contributions != NULL && i < contributions->len; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		if (i > 0 && g_strcmp0(contribution->card, last) == 0)
			continue;
		last = contribution->card;
		for (guint c = 0; c < scorecards->cards->len; c++) {
			const struct card *card = scorecards->cards->pdata[c];

			if (last == NULL ? c == 0 : strcmp(card->config->name, last) == 0)
				marks[c] = TRUE;
		}
	}
}

GPtrArray *
scorecards_of_ledger(const struct scorecards *scorecards, const GPtrArray *touches)
{
	guint count = scorecards->cards->len;
	g_autofree gboolean *marks = g_new0(gboolean, count);
	GPtrArray *cards = g_ptr_array_sized_new(count);

	for (guint i = 0; count > 1 && touches != NULL && i < touches->len; i++)
		mark_cards(scorecards, ((const struct touch *)touches->pdata[i])->contributions,
			   marks);
	for (guint i = 0; i < count; i++) {
		if (marks[i])
			g_ptr_array_add(cards, ((struct card *)scorecards->cards->pdata[i])->score);
	}
	if (cards->len == 0)
		g_ptr_array_add(cards, ((struct card *)scorecards->cards->pdata[0])->score);
	return cards;
}

const struct config *
scorecards_config(const struct scorecards *scorecards)
{
	return scorecards->config;
}

const struct assign_rules *
scorecards_assign_rules(const struct scorecards *scorecards)
{
	return scorecards->assign_rules;
}

const struct worktime *
scorecards_worktime(const struct scorecards *scorecards)
{
	return scorecards->worktime;
}

const struct word_list *
scorecards_targets(const struct scorecards *scorecards)
{
	return scorecards->targets;
}
