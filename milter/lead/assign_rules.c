/*
 * assign_rules.c - see assign_rules.h.
 *
 * Weighted round robin: each turn every candidate gains their weight, and who gets the lead pays
 * what all gained, so turns sum to zero.  Who gets it is R. Tijdeman's rule ("The chairman
 * assignment problem", 1980): of those owed more than a small part of a lead, whose next is due
 * first.  That keeps everybody within one lead of their share at every moment; giving it to
 * whoever is owed most, as HTTP balancers do, doesn't (1.2 with 40 unequal weights).
 * Turns are kept by rule; candidates who are left out of a choice (absent, full, not of the lead's
 * language) neither gain nor pay.
 */
#include "lead/assign_rules.h"

#include <string.h>

#include "base/limits.h"
#include "lead/place.h"

#define ROUNDING 1e-9 /* turns are sums of whole weights, thresholds are not */

struct assign_rule {
	const struct config_assign *config;
	struct expression *when; /* NULL: always */
	enum strategy strategy;
};

struct assign_rules {
	const struct config *config;
	const struct expression_names *names;
	struct assign_rule *rules;
	guint count;
};

/* --- compiling --- */

static enum strategy
strategy_from_name(const char *name)
{
	static const char *const NAMES[] = { "pool", "fixed", "least_loaded", "round_robin",
					     "manual" };

	for (guint i = 0; name != NULL && i < G_N_ELEMENTS(NAMES); i++) {
		if (strcmp(NAMES[i], name) == 0)
			return (enum strategy)i;
	}
	return STRATEGY_ROUND_ROBIN;
}

static gboolean
compile_rule(struct assign_rule *rule, const struct config *config, struct expression_names *names,
	     GError **error)
{
	g_autofree char *heading = g_strdup_printf("assign \"%s\"", rule->config->name);
	struct expression_source source;

	rule->strategy = strategy_from_name(rule->config->strategy);
	if (rule->config->when == NULL)
		return TRUE;
	place_find(config->path, heading, rule->config->line, "when", &source);
	rule->when = expression_compile(rule->config->when, &source, names, error);
	return rule->when != NULL;
}

struct assign_rules *
assign_rules_new(const struct config *config, struct expression_names *names, GError **error)
{
	struct assign_rules *rules = g_new0(struct assign_rules, 1);

	rules->config = config;
	rules->names = names;
	rules->count = config->assigns != NULL ? config->assigns->len : 0;
	rules->rules = g_new0(struct assign_rule, rules->count);
	for (guint i = 0; i < rules->count; i++) {
		rules->rules[i].config = config->assigns->pdata[i];
		if (!compile_rule(&rules->rules[i], config, names, error)) {
			assign_rules_free(rules);
			return NULL;
		}
	}
	return rules;
}

void
assign_rules_free(struct assign_rules *rules)
{
	if (rules == NULL)
		return;
	for (guint i = 0; i < rules->count; i++)
		expression_free(rules->rules[i].when);
	g_free(rules->rules);
	g_free(rules);
}

void
assign_choice_clear(struct assign_choice *choice)
{
	g_clear_pointer(&choice->reason, g_free);
	g_clear_pointer(&choice->credits, g_ptr_array_unref);
}

/* --- who may get it --- */

/* One asking of the rules. */
struct asking {
	const struct assign_rules *rules;
	const struct signal_input *input;
	const struct owners *owners;
	const GPtrArray *credits;
	gint64 time;
	const struct assign_rule *rule; /* in turn */
	GPtrArray *candidates; /* const struct owner * */
	GHashTable *seen; /* the same, as a set */
	GString *preferred; /* what they were preferred for */
	guint absent, full;
};

static void
add_candidate(struct asking *asking, const struct owner *owner)
{
	if (owner != NULL && g_hash_table_add(asking->seen, (gpointer)owner))
		g_ptr_array_add(asking->candidates, (gpointer)owner);
}

static void
add_team(struct asking *asking, const char *team)
{
	const struct owner *owner;

	for (guint i = 0; (owner = owners_nth(asking->owners, i)) != NULL; i++) {
		if (team == NULL ||
		    (owner->team != NULL && g_ascii_strcasecmp(owner->team, team) == 0))
			add_candidate(asking, owner);
	}
}

static void
list_candidates(struct asking *asking)
{
	const GPtrArray *named = asking->rule->config->owners;

	for (guint i = 0; i < named->len; i++) {
		const char *name = named->pdata[i];

		if (g_str_has_prefix(name, "team:"))
			add_team(asking, name + strlen("team:"));
		else if (strcmp(name, "all") == 0)
			add_team(asking, NULL);
		else
			add_candidate(asking, owners_find(asking->owners, name));
	}
	if (named->len == 0)
		add_team(asking, NULL);
}

static gint
compare_addresses(gconstpointer a, gconstpointer b)
{
	const struct owner *const *x = a, *const *y = b;

	return g_ascii_strcasecmp((*x)->address, (*y)->address);
}

/* Who is present and has room; for a fixed owner who is not present, who stands in. */
static void
keep_free(struct asking *asking)
{
	GPtrArray *all = asking->candidates;

	asking->candidates = g_ptr_array_new();
	g_hash_table_remove_all(asking->seen);
	for (guint i = 0; i < all->len; i++) {
		const struct owner *owner = all->pdata[i];

		if (owner_presence(owner, asking->time) != PRESENT) {
			asking->absent++;
			if (asking->rule->strategy != STRATEGY_FIXED)
				continue;
			owner = owners_stand_in(asking->owners, owner, asking->time);
			if (owner == NULL)
				continue;
		}
		if (owner_has_room(owner))
			add_candidate(asking, owner);
		else
			asking->full++;
	}
	g_ptr_array_unref(all);
}

/* --- whom the lead would like --- */

static gboolean
has_word(const GPtrArray *words, const char *word)
{
	for (guint i = 0; word != NULL && i < words->len; i++) {
		if (g_ascii_strcasecmp(words->pdata[i], word) == 0)
			return TRUE;
	}
	return FALSE;
}

static const char *
language_of(const struct asking *asking)
{
	const struct facts *facts = asking->input->facts;

	if (facts != NULL && facts->text != NULL && facts->text->language[0] != '\0')
		return facts->text->language;
	return asking->input->lead != NULL ? asking->input->lead->language : NULL;
}

static const char *
country_of(const struct asking *asking)
{
	const struct facts *facts = asking->input->facts;

	if (asking->input->lead != NULL && asking->input->lead->country != NULL)
		return asking->input->lead->country;
	return facts != NULL && facts->person != NULL ? facts->person->country : NULL;
}

static const char *
product_of_form(const struct facts *facts)
{
	const struct form *form = facts != NULL ? facts->form : NULL;

	for (guint i = 0; form != NULL && i < form->fields->len; i++) {
		const struct form_field *field = form->fields->pdata[i];

		if ((field->key != NULL && strcmp(field->key, "product") == 0) ||
		    g_ascii_strcasecmp(field->label, "product") == 0)
			return field->value;
	}
	return NULL;
}

/* The scorecard names a product line when there are several. */
static const char *
product_of(const struct asking *asking)
{
	const struct lead *lead = asking->input->lead;
	const char *form = product_of_form(asking->input->facts);

	if (form != NULL && form[0] != '\0')
		return form;
	if (lead != NULL && lead->source_tag != NULL && lead->source_tag[0] != '\0')
		return lead->source_tag;
	if (lead != NULL && asking->rules->config->scorecards->len > 1)
		return lead->scorecard;
	return NULL;
}

static const struct wish {
	const char *what;
	gsize offset; /* of the words in struct owner */
	const char *(*of_lead)(const struct asking *asking);
} WISHES[] = {
	{ "language", G_STRUCT_OFFSET(struct owner, languages), language_of },
	{ "country", G_STRUCT_OFFSET(struct owner, countries), country_of },
	{ "product", G_STRUCT_OFFSET(struct owner, products), product_of },
};

/* Those who meet a wish, unless that is nobody. */
static void
prefer(struct asking *asking, const struct wish *wish)
{
	const char *word = wish->of_lead(asking);
	GPtrArray *found;

	if (word == NULL || word[0] == '\0')
		return;
	found = g_ptr_array_new();
	for (guint i = 0; i < asking->candidates->len; i++) {
		struct owner *owner = asking->candidates->pdata[i];
		const GPtrArray *words = G_STRUCT_MEMBER(GPtrArray *, owner, wish->offset);

		if (words->len == 0 || has_word(words, word))
			g_ptr_array_add(found, owner);
	}
	if (found->len > 0 && found->len < asking->candidates->len) {
		g_string_append_printf(asking->preferred, ", %s %.40s", wish->what, word);
		g_ptr_array_ref(found);
		g_ptr_array_unref(asking->candidates);
		asking->candidates = found;
	}
	g_ptr_array_unref(found);
}

/* --- strategies --- */

static const char *
rule_name(const struct asking *asking)
{
	return asking->rule->config->name;
}

static void
choose_nobody(struct asking *asking, struct assign_choice *ret)
{
	const char *format = asking->rule->strategy == STRATEGY_MANUAL
				     ? ASSIGN_BY_HAND ": rule '%s'"
				     : "pool of rule '%s': whoever answers first";

	ret->reason = g_strdup_printf(format, rule_name(asking));
}

static void
choose_fixed(struct asking *asking, struct assign_choice *ret)
{
	const struct owner *owner = asking->candidates->pdata[0];

	ret->owner = owner->address;
	ret->reason = g_strdup_printf("fixed by rule '%s': %s (%u open)", rule_name(asking),
				      owner->address, owner->load);
}

static gboolean
is_less_loaded(const struct owner *owner, const struct owner *than)
{
	return (guint64)owner->load * than->weight < (guint64)than->load * owner->weight;
}

static void
choose_least_loaded(struct asking *asking, struct assign_choice *ret)
{
	const struct owner *best = asking->candidates->pdata[0];

	for (guint i = 1; i < asking->candidates->len; i++) {
		if (is_less_loaded(asking->candidates->pdata[i], best))
			best = asking->candidates->pdata[i];
	}
	ret->owner = best->address;
	ret->reason =
		g_strdup_printf("least loaded of rule '%s': %s (%u open, weight %u, of %u free%s)",
				rule_name(asking), best->address, best->load, best->weight,
				asking->candidates->len, asking->preferred->str);
}

/* The turns of the rule in turn: owner → const struct credit *. */
static GHashTable *
index_credits(const struct asking *asking)
{
	GHashTable *index = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; asking->credits != NULL && i < asking->credits->len; i++) {
		struct credit *credit = asking->credits->pdata[i];

		if (strcmp(credit->pool, rule_name(asking)) == 0)
			g_hash_table_insert(index, credit->owner, credit);
	}
	return index;
}

static struct credit *
take_turn(const char *pool, const struct owner *owner, const struct credit *before, double total)
{
	struct credit *credit = g_new0(struct credit, 1);

	credit->pool = g_strdup(pool);
	credit->owner = g_strdup(owner->address);
	/* Weights may have changed since: nobody is owed more than one round. */
	credit->credit = before != NULL ? CLAMP(before->credit, -total, total) : 0;
	credit->credit += owner->weight;
	return credit;
}

/* Everybody's turns after gaining, in the order of the candidates. */
static GPtrArray *
gain_turns(const struct asking *asking, double total)
{
	GPtrArray *credits = g_ptr_array_new_with_free_func((GDestroyNotify)credit_free);
	g_autoptr(GHashTable) index = index_credits(asking);

	for (guint i = 0; i < asking->candidates->len; i++) {
		const struct owner *owner = asking->candidates->pdata[i];
		const struct credit *before = g_hash_table_lookup(index, owner->address);

		g_ptr_array_add(credits, take_turn(rule_name(asking), owner, before, total));
	}
	return credits;
}

/* Of those who are owed enough of a lead, whose next one is due first. */
static guint
find_turn(const GPtrArray *candidates, const GPtrArray *credits, double total)
{
	double enough = candidates->len > 1 ? total / (2.0 * candidates->len - 2) : 0;
	double soonest = G_MAXDOUBLE, most = -G_MAXDOUBLE;
	guint best = 0;

	for (guint i = 0; i < candidates->len; i++) {
		const struct owner *owner = candidates->pdata[i];
		double credit = ((const struct credit *)credits->pdata[i])->credit;
		double due = (total - enough - credit) / owner->weight;

		if (credit >= enough - ROUNDING && due < soonest - ROUNDING) {
			soonest = due;
			best = i;
		} else if (soonest == G_MAXDOUBLE && credit > most + ROUNDING) {
			best = i; /* those who are owed most are away */
		}
		most = MAX(most, credit);
	}
	return best;
}

static void
choose_in_turn(struct asking *asking, struct assign_choice *ret)
{
	const struct owner *best;
	guint total = 0, turn;

	for (guint i = 0; i < asking->candidates->len; i++)
		total += ((const struct owner *)asking->candidates->pdata[i])->weight;
	ret->credits = gain_turns(asking, total);
	turn = find_turn(asking->candidates, ret->credits, total);
	((struct credit *)ret->credits->pdata[turn])->credit -= total;
	best = asking->candidates->pdata[turn];
	ret->owner = best->address;
	ret->reason = g_strdup_printf("round robin of rule '%s': %s (weight %u of %u, %u open%s)",
				      rule_name(asking), best->address, best->weight, total,
				      best->load, asking->preferred->str);
}

static void (*const CHOOSERS[])(struct asking *asking, struct assign_choice *ret) = {
	[STRATEGY_POOL] = choose_nobody,
	[STRATEGY_FIXED] = choose_fixed,
	[STRATEGY_LEAST_LOADED] = choose_least_loaded,
	[STRATEGY_ROUND_ROBIN] = choose_in_turn,
	[STRATEGY_MANUAL] = choose_nobody,
};

/* --- one rule after another --- */

static gboolean
needs_candidates(enum strategy strategy)
{
	return strategy != STRATEGY_POOL && strategy != STRATEGY_MANUAL;
}

/* Why a rule that holds gave it to nobody. */
static void
note_nobody(const struct asking *asking, guint asked, GString *skipped)
{
	if (skipped->len > LIMIT_NOTE)
		return;
	g_string_append_printf(skipped, "%srule '%.80s': nobody free of %u",
			       skipped->len > 0 ? "; " : "", rule_name(asking), asked);
	if (asked > 0)
		g_string_append_printf(skipped, " (%u absent, %u full)", asking->absent,
				       asking->full);
}

static gboolean
ask_rule(struct asking *asking, GString *skipped, struct assign_choice *ret)
{
	guint asked;
	gboolean found;

	asking->candidates = g_ptr_array_new();
	asking->seen = g_hash_table_new(NULL, NULL);
	asking->preferred = g_string_new(NULL);
	asking->absent = asking->full = 0;
	list_candidates(asking);
	asked = asking->candidates->len;
	if (asking->rule->strategy != STRATEGY_FIXED)
		g_ptr_array_sort(asking->candidates, compare_addresses);
	keep_free(asking);
	for (guint i = 0; i < G_N_ELEMENTS(WISHES) && asking->rule->strategy != STRATEGY_FIXED; i++)
		prefer(asking, &WISHES[i]);
	found = asking->candidates->len > 0 || !needs_candidates(asking->rule->strategy);
	if (found) {
		ret->rule = asking->rule->config;
		ret->strategy = asking->rule->strategy;
		CHOOSERS[asking->rule->strategy](asking, ret);
	} else {
		note_nobody(asking, asked, skipped);
	}
	g_ptr_array_unref(asking->candidates);
	g_hash_table_unref(asking->seen);
	g_string_free(asking->preferred, TRUE);
	return found;
}

static gboolean
holds(const struct assign_rule *rule, struct evaluation *evaluation)
{
	return rule->when == NULL || expression_test(rule->when, evaluation);
}

void
assign_rules_choose(const struct assign_rules *rules, const struct signal_input *input,
		    const struct owners *owners, const GPtrArray *credits, gint64 time,
		    struct assign_choice *ret)
{
	struct asking asking = {
		.rules = rules, .input = input, .owners = owners, .credits = credits, .time = time
	};
	GString *skipped = g_string_new(NULL);
	struct evaluation evaluation;
	gboolean found = FALSE;

	*ret = (struct assign_choice){ .rule = NULL };
	expression_begin(&evaluation, rules->names, input);
	for (guint i = 0; i < rules->count && !found; i++) {
		asking.rule = &rules->rules[i];
		if (holds(asking.rule, &evaluation))
			found = ask_rule(&asking, skipped, ret);
	}
	expression_end(&evaluation);
	if (!found && skipped->len > 0)
		ret->reason = g_string_free(g_steal_pointer(&skipped), FALSE);
	else
		g_string_free(skipped, TRUE);
}

gint64
assign_rules_response_within(const struct assign_rules *rules, const struct signal_input *input)
{
	struct evaluation evaluation;
	gint64 within = 0;

	expression_begin(&evaluation, rules->names, input);
	for (guint i = 0; i < rules->count && within == 0; i++) {
		const struct assign_rule *rule = &rules->rules[i];

		if (rule->config->response_within > 0 && holds(rule, &evaluation))
			within = rule->config->response_within;
	}
	expression_end(&evaluation);
	return within;
}
