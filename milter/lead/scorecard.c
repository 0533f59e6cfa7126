/*
 * scorecard.c - scorecards compiled from the configuration, and applied to messages.
 *
 * Everything that depends on the configuration alone is done once in scorecards_new(): conditions,
 * values and reasons compiled and type-checked, names of rules indexed, limits checked.  Applying a
 * card to a message then evaluates its rules one after another; only a rule that holds costs
 * allocations.  The ledger is read once per message, for the rules that count by day or person.
 * Immutable and reference counted after it was made; any thread.
 */
#include "lead/scorecard.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "lead/assign_rules.h"
#include "lead/expression.h"
#include "lead/place.h"
#include "lead/reason.h"
#include "lead/route.h"
#include "lead/worktime.h"
#include "mail/lists.h"

enum counting { COUNT_MESSAGE, COUNT_DAY, COUNT_PERSON };

struct rule {
	const struct config_rule *config;
	struct expression *when, *value; /* value may be NULL */
	struct reason *reason;
	enum dimension dimension;
	enum counting counting;
	gboolean is_explicit, is_property;
	double half_life_days;
};

struct card {
	const struct config_scorecard *config;
	struct rule *rules;
	guint rule_count;
	GHashTable *indices; /* rule's name → index + 1 */
	GHashTable *touches; /* name → const struct config_touch * */
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
compile_words(struct rule *rule, const struct config_scorecard *card, GError **error)
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
	rule->dimension = (enum dimension)dimension;
	rule->counting = (enum counting)counting;
	rule->is_explicit = sort == 1;
	rule->is_property = counting == COUNT_PERSON && dimension != DIMENSION_ENGAGEMENT;
	rule->half_life_days = config->half_life_days;
	if (rule->dimension != DIMENSION_ENGAGEMENT && rule->half_life_days > 0)
		return fail(config, "half_life", error, "only engagement decays, expected 0");
	if (rule->dimension != DIMENSION_ENGAGEMENT)
		rule->half_life_days = 0;
	else if (rule->half_life_days < 0)
		rule->half_life_days = card->half_life_days;
	return TRUE;
}

static gboolean
compile_rule(struct rule *rule, const struct config_scorecard *card, struct expression_names *names,
	     GError **error)
{
	const struct config_rule *config = rule->config;
	const char *reason = config->reason != NULL ? config->reason : config->name;
	struct expression_source source;

	if (config->when == NULL)
		return fail(config, "rule", error, "expected a condition, when = \"…\"");
	if (!compile_words(rule, card, error))
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
	g_free(card->rules);
	g_hash_table_unref(card->indices);
	g_hash_table_unref(card->touches);
	g_free(card);
}

static struct card *
card_new(const struct config_scorecard *config)
{
	struct card *card = g_new0(struct card, 1);

	card->config = config;
	card->rule_count = config->rules->len;
	card->rules = g_new0(struct rule, card->rule_count);
	card->indices = g_hash_table_new(g_str_hash, g_str_equal);
	card->touches = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < config->touches->len; i++) {
		struct config_touch *touch = config->touches->pdata[i];

		g_hash_table_insert(card->touches, touch->name, touch);
	}
	return card;
}

static gboolean
compile_card(struct card *card, struct expression_names *names, GError **error)
{
	if (!check_groups(card->config, error))
		return FALSE;
	for (guint i = 0; i < card->rule_count; i++) {
		struct rule *rule = &card->rules[i];

		rule->config = card->config->rules->pdata[i];
		if (!compile_rule(rule, card->config, names, error))
			return FALSE;
		if (!g_hash_table_insert(card->indices, rule->config->name,
					 GUINT_TO_POINTER(i + 1)))
			return fail(rule->config, "when", error, "a second rule of that name");
	}
	return TRUE;
}

static gboolean
add_card(struct scorecards *scorecards, const struct config_scorecard *config, GError **error)
{
	struct card *card = card_new(config);

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

static const struct card *
find_card(const struct scorecards *scorecards, const char *name)
{
	const struct card *card =
		name != NULL ? g_hash_table_lookup(scorecards->by_name, name) : NULL;

	return card != NULL ? card : scorecards->cards->pdata[0];
}

const struct config_scorecard *
scorecards_find(const struct scorecards *scorecards, const char *name)
{
	return find_card(scorecards, name)->config;
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

/* --- applying --- */

/* What the ledger holds of a rule. */
struct standing {
	const struct contribution *newest;
	gint64 sequence;
	gboolean today;
};

struct application {
	const struct card *card;
	struct evaluation evaluation;
	gint64 time; /* of the message */
	gboolean is_human;
	struct standing *standings; /* per rule, or NULL without a ledger */
	GArray *orphans; /* struct standing, or NULL */
	GPtrArray *contributions;
};

static gint64
day_of(gint64 time)
{
	return time / CLOCK_DAY;
}

static void
renew_standing(struct standing *standing, const struct contribution *contribution, gint64 sequence)
{
	if (standing->newest != NULL &&
	    (contribution->time < standing->newest->time ||
	     (contribution->time == standing->newest->time && sequence < standing->sequence)))
		return;
	standing->newest = contribution;
	standing->sequence = sequence;
}

/* A judgement of a rule that the scorecard no longer has, or no longer has as a judgement. */
static void
note_orphan(struct application *application, const struct contribution *contribution,
	    gint64 sequence)
{
	struct standing new = { NULL, 0, FALSE };

	if (application->orphans == NULL)
		application->orphans = g_array_new(FALSE, FALSE, sizeof(struct standing));
	for (guint i = 0; i < application->orphans->len; i++) {
		struct standing *standing =
			&g_array_index(application->orphans, struct standing, i);

		if (strcmp(standing->newest->rule, contribution->rule) == 0) {
			renew_standing(standing, contribution, sequence);
			return;
		}
	}
	renew_standing(&new, contribution, sequence);
	g_array_append_val(application->orphans, new);
}

static void
note_standing(struct application *application, const struct contribution *contribution,
	      gint64 sequence)
{
	const struct card *card = application->card;
	struct standing *standing;
	guint index;

	if (contribution->rule == NULL)
		return;
	index = GPOINTER_TO_UINT(g_hash_table_lookup(card->indices, contribution->rule));
	if (contribution->is_property && (index == 0 || !card->rules[index - 1].is_property)) {
		note_orphan(application, contribution, sequence);
	} else if (index != 0) {
		standing = &application->standings[index - 1];
		standing->today |= day_of(contribution->time) == day_of(application->time);
		renew_standing(standing, contribution, sequence);
	}
}

static void
read_ledger(struct application *application, const GPtrArray *touches)
{
	if (touches == NULL || touches->len == 0)
		return;
	application->standings = g_new0(struct standing, application->card->rule_count);
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		const GPtrArray *contributions = touch->contributions;

		for (guint j = 0; contributions != NULL && j < contributions->len; j++)
			note_standing(application, contributions->pdata[j], touch->sequence);
	}
}

static struct contribution *
add_contribution(struct application *application, const struct rule *rule, double raw, char *reason)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule->config->name);
	contribution->group = g_strdup(rule->config->group);
	contribution->reason = reason;
	contribution->dimension = rule->dimension;
	contribution->is_explicit = rule->is_explicit;
	contribution->is_property = rule->is_property;
	contribution->raw = raw;
	contribution->half_life_days = rule->half_life_days;
	contribution->time = application->time;
	g_ptr_array_add(application->contributions, contribution);
	return contribution;
}

static double
raw_points(const struct rule *rule, struct evaluation *evaluation)
{
	double value = rule->value != NULL ? expression_number(rule->value, evaluation) : 1;
	double points = rule->config->points * value + rule->config->importance;

	return isfinite(points) ? points : 0;
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
	if (standing == NULL || rule->is_property || rule->counting == COUNT_MESSAGE)
		return FALSE;
	return rule->counting == COUNT_DAY ? standing->today : standing->newest != NULL;
}

/* A property that held and no longer does. */
static void
withdraw(struct application *application, const struct rule *rule, const struct standing *standing)
{
	const char *was;

	if (!rule->is_property || standing == NULL || standing->newest == NULL ||
	    standing->newest->raw == 0)
		return;
	was = standing->newest->reason != NULL ? standing->newest->reason : rule->config->name;
	add_contribution(application, rule, 0, g_strdup_printf("no longer: %s", was));
}

static gboolean
is_unchanged(const struct rule *rule, const struct standing *standing, double raw,
	     const char *reason)
{
	return rule->is_property && standing != NULL && standing->newest != NULL &&
	       standing->newest->raw == raw && g_strcmp0(standing->newest->reason, reason) == 0;
}

static void
apply_rule(struct application *application, guint index)
{
	const struct rule *rule = &application->card->rules[index];
	const struct standing *standing =
		application->standings != NULL ? &application->standings[index] : NULL;
	struct evaluation *evaluation = &application->evaluation;
	g_autofree char *reason = NULL;
	double raw;

	if (!application->is_human && !expression_asks_kind(rule->when))
		return;
	if (is_counted(rule, standing))
		return;
	raw = is_active(rule->config, application->time) && expression_test(rule->when, evaluation)
		      ? raw_points(rule, evaluation)
		      : 0;
	if (raw == 0) {
		withdraw(application, rule, standing);
		return;
	}
	reason = reason_fill(rule->reason, &evaluation->input);
	if (!is_unchanged(rule, standing, raw, reason))
		add_contribution(application, rule, raw, g_steal_pointer(&reason))->evidence =
			expression_evidence(rule->when, evaluation);
}

static void
withdraw_orphans(struct application *application)
{
	for (guint i = 0; application->orphans != NULL && i < application->orphans->len; i++) {
		const struct contribution *old =
			g_array_index(application->orphans, struct standing, i).newest;
		struct contribution *contribution;

		if (old->raw == 0)
			continue;
		contribution = contribution_new();
		contribution->rule = g_strdup(old->rule);
		contribution->reason = g_strdup("the scorecard no longer says so");
		contribution->dimension = old->dimension;
		contribution->is_property = TRUE;
		contribution->time = application->time;
		g_ptr_array_add(application->contributions, contribution);
	}
	g_clear_pointer(&application->orphans, g_array_unref);
}

GPtrArray *
scorecards_apply(const struct scorecards *scorecards, const char *name, const struct facts *facts,
		 const struct known *known, const struct lead *lead, const GPtrArray *touches,
		 gint64 now)
{
	struct application application = {
		.card = find_card(scorecards, name),
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

	expression_begin(&application.evaluation, scorecards->names, &input);
	read_ledger(&application, touches);
	for (guint i = 0; i < application.card->rule_count; i++)
		apply_rule(&application, i);
	withdraw_orphans(&application);
	expression_end(&application.evaluation);
	g_free(application.standings);
	return application.contributions;
}

/* --- named touches --- */

GPtrArray *
scorecards_touch(const struct scorecards *scorecards, const char *name, const char *touch,
		 gint64 time)
{
	const struct card *card = find_card(scorecards, name);
	const struct config_touch *config = g_hash_table_lookup(card->touches, touch);
	struct contribution *contribution;
	GPtrArray *contributions;

	if (config == NULL)
		return NULL;
	contribution = contribution_new();
	contribution->rule = g_strdup(config->name);
	contribution->reason = g_strdup(config->reason != NULL ? config->reason : config->name);
	contribution->dimension = DIMENSION_ENGAGEMENT;
	for (guint i = 0; config->dimension != NULL && i < DIMENSION_COUNT; i++) {
		if (strcmp(config->dimension, dimension_name((enum dimension)i)) == 0)
			contribution->dimension = (enum dimension)i;
	}
	contribution->raw = config->points + config->importance;
	if (contribution->dimension == DIMENSION_ENGAGEMENT)
		contribution->half_life_days = config->half_life_days >= 0
						       ? config->half_life_days
						       : card->config->half_life_days;
	contribution->time = time;
	contributions = g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	g_ptr_array_add(contributions, contribution);
	return contributions;
}
