/*
 * config_scorecard.c - a scorecard as a whole: its file, what that includes, and what must hold
 * for all of it together.
 *
 * Included files are read first, depth first, in the order they are named.  One of the same name in
 * the including file takes the place of an included rule, group or touch, so that a site keeps to
 * a shipped file and changes single rules.  What is being read is a chain from a file up to
 * the one that named it: a file found in it again is an error with both places.
 */
#include "base/config.h"
#include "base/config_file.h"
#include "base/config_options.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

struct chain {
	const struct config_scorecard *card; /* whose includes are read */
	const struct chain *up;
};

static void
rule_free(gpointer data)
{
	struct config_rule *rule = data;
	config_section_clear("rule", rule);
	g_free(rule->name);
	g_free(rule->file);
	g_free(rule);
}

static void
group_free(gpointer data)
{
	struct config_group *group = data;
	g_free(group->name);
	g_free(group->file);
	g_free(group);
}

static void
touch_free(gpointer data)
{
	struct config_touch *touch = data;
	config_section_clear("touch", touch);
	g_free(touch->name);
	g_free(touch->file);
	g_free(touch);
}

void
config_scorecard_free(struct config_scorecard *card)
{
	if (!card)
		return;
	config_section_clear("card", card);
	g_free(card->file);
	g_ptr_array_unref(card->rules);
	g_ptr_array_unref(card->groups);
	g_ptr_array_unref(card->touches);
	g_free(card);
}

static struct config_scorecard *
card_new(const char *path)
{
	struct config_scorecard *card = g_new0(struct config_scorecard, 1);
	card->file = g_strdup(path);
	card->rules = g_ptr_array_new_with_free_func(rule_free);
	card->groups = g_ptr_array_new_with_free_func(group_free);
	card->touches = g_ptr_array_new_with_free_func(touch_free);
	return card;
}

/* --- one file --- */

static gboolean
read_rule(struct config_file *file, struct config_part *section, struct config_scorecard *card,
	  GError **error)
{
	struct config_rule *rule = g_new0(struct config_rule, 1);
	g_ptr_array_add(card->rules, rule);
	rule->name = g_strdup(config_part_title(section));
	rule->file = g_strdup(config_file_path(file));
	rule->line = config_part_line(file, section, NULL);
	if (!config_part_read(file, section, "rule", rule, error))
		return FALSE;
	int when = config_part_line(file, section, "when");
	if (!rule->when)
		return config_part_problem(file, section, NULL, error,
					   "rule \"%s\" has no condition: expected when = \"…\"",
					   rule->name);
	rule->line = when;
	rule->group_line = config_part_line(file, section, "group");
	if (!rule->reason)
		rule->reason = g_strdup(rule->name);
	if (card->rules->len > LIMIT_RULES)
		return config_part_problem(file, section, NULL, error, "more than %d rules",
					   LIMIT_RULES);
	return TRUE;
}

static gboolean
fill_scorecard(struct config_file *file, struct config_part *whole, void *target, GError **error)
{
	struct config_scorecard *card = target;
	if (!config_part_read(file, whole, "card", card, error))
		return FALSE;
	card->includes_line = config_part_line(file, whole, "include");
	card->name_line = config_part_line(file, whole, "name");
	card->applies_line = config_part_line(file, whole, "applies");
	for (guint i = 0; i < config_part_count(whole, "rule"); i++)
		if (!read_rule(file, config_part_nth(whole, "rule", i), card, error))
			return FALSE;
	for (guint i = 0; i < config_part_count(whole, "group"); i++) {
		struct config_part *section = config_part_nth(whole, "group", i);
		struct config_group *group = g_new0(struct config_group, 1);
		g_ptr_array_add(card->groups, group);
		group->name = g_strdup(config_part_title(section));
		group->file = g_strdup(config_file_path(file));
		group->line = config_part_line(file, section, NULL);
		if (!config_part_read(file, section, "group", group, error))
			return FALSE;
		if (group->cap < group->floor)
			return config_part_problem(file, section, NULL, error,
						   "group \"%s\": cap below floor", group->name);
	}
	for (guint i = 0; i < config_part_count(whole, "touch"); i++) {
		struct config_part *section = config_part_nth(whole, "touch", i);
		struct config_touch *touch = g_new0(struct config_touch, 1);
		g_ptr_array_add(card->touches, touch);
		touch->name = g_strdup(config_part_title(section));
		touch->file = g_strdup(config_file_path(file));
		touch->line = config_part_line(file, section, NULL);
		if (!config_part_read(file, section, "touch", touch, error))
			return FALSE;
	}
	return TRUE;
}

static gboolean
parse_card(struct config_scorecard *card, GError **error)
{
	static const char *const sections[] = { "rule", "group", "touch", NULL };
	return config_file_read(card->file, "card", sections, fill_scorecard, card, error);
}

/* --- includes --- */

static const char *
name_of(const void *entry, gsize offset)
{
	return *(const char *const *)(const void *)((const char *)entry + offset);
}

/* The included entries, but for those that an own one takes the place of, then the own. */
static void
merge(GPtrArray **own, GPtrArray **included, gsize name, GDestroyNotify free_entry)
{
	g_autoptr(GHashTable) named = g_hash_table_new(g_str_hash, g_str_equal);
	GPtrArray *merged = g_ptr_array_new_with_free_func(free_entry);

	g_ptr_array_set_free_func(*own, NULL);
	g_ptr_array_set_free_func(*included, NULL);
	for (guint i = 0; i < (*own)->len; i++)
		g_hash_table_insert(named, (gpointer)name_of((*own)->pdata[i], name),
				    &(*own)->pdata[i]);
	for (guint i = 0; i < (*included)->len; i++) {
		gpointer entry = (*included)->pdata[i];
		gpointer *other = g_hash_table_lookup(named, name_of(entry, name));

		g_ptr_array_add(merged, other ? *other : entry);
		if (other) {
			g_hash_table_remove(named, name_of(entry, name));
			*other = NULL;
			free_entry(entry);
		}
	}
	for (guint i = 0; i < (*own)->len; i++)
		if ((*own)->pdata[i])
			g_ptr_array_add(merged, (*own)->pdata[i]);
	g_ptr_array_unref(*own);
	g_ptr_array_set_size(*included, 0);
	*own = merged;
}

static gboolean
fail(const char *file, int line, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: %s", file, line, what);
	return FALSE;
}

static gboolean
check_chain(const struct chain *chain, const char *path, GError **error)
{
	const struct config_scorecard *card = chain->card;
	guint depth = 0;

	for (const struct chain *at = chain; at; at = at->up, depth++) {
		if (!strcmp(at->card->file, path) && at == chain)
			return fail(card->file, card->includes_line, error, "includes itself");
		if (!strcmp(at->card->file, path))
			return fail(card->file, card->includes_line, error,
				    "includes %s, which includes this file again (%s:%d)", path,
				    path, at->card->includes_line);
	}
	if (depth > LIMIT_INCLUDES)
		return fail(card->file, card->includes_line, error,
			    "files include each other more than %d deep", LIMIT_INCLUDES);
	return TRUE;
}

/* `card` with what `all` has besides. */
static void
merge_cards(struct config_scorecard *card, struct config_scorecard *all)
{
	merge(&card->rules, &all->rules, G_STRUCT_OFFSET(struct config_rule, name), rule_free);
	merge(&card->groups, &all->groups, G_STRUCT_OFFSET(struct config_group, name), group_free);
	merge(&card->touches, &all->touches, G_STRUCT_OFFSET(struct config_touch, name),
	      touch_free);
}

static gboolean read_card(struct config_scorecard *card, const struct chain *up, GError **error);

/* What `card` includes; a later file's entries take the place of an earlier one's. */
static struct config_scorecard *
read_includes(const struct chain *chain, GError **error)
{
	const struct config_scorecard *card = chain->card;
	struct config_scorecard *all = card_new(card->file);

	for (guint i = 0; i < card->includes->len; i++) {
		struct config_scorecard *one = card_new(card->includes->pdata[i]);
		gboolean ok = check_chain(chain, one->file, error) && read_card(one, chain, error);

		if (ok)
			merge_cards(one, all);
		config_scorecard_free(ok ? all : one);
		if (!ok) {
			config_scorecard_free(all);
			return NULL;
		}
		all = one;
	}
	return all;
}

static gboolean
read_card(struct config_scorecard *card, const struct chain *up, GError **error)
{
	const struct chain chain = { card, up };
	struct config_scorecard *all;

	if (!parse_card(card, error))
		return FALSE;
	if (card->includes->len == 0)
		return TRUE;
	all = read_includes(&chain, error);
	if (all)
		merge_cards(card, all);
	config_scorecard_free(all);
	return all != NULL;
}

/* --- the whole --- */

static gboolean
check_groups(const struct config_scorecard *card, GError **error)
{
	g_autoptr(GHashTable) groups = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < card->groups->len; i++)
		g_hash_table_add(groups, ((struct config_group *)card->groups->pdata[i])->name);
	for (guint i = 0; i < card->rules->len; i++) {
		const struct config_rule *rule = card->rules->pdata[i];

		if (rule->group && !g_hash_table_contains(groups, rule->group))
			return fail(rule->file, rule->group_line, error,
				    "rule \"%s\": no group \"%s\" in this file", rule->name,
				    rule->group);
	}
	return TRUE;
}

/* Contributions are known by the name of what gave them. */
static gboolean
check_names(const struct config_scorecard *card, GError **error)
{
	g_autoptr(GHashTable) rules = g_hash_table_new(g_str_hash, g_str_equal);

	for (guint i = 0; i < card->rules->len; i++)
		g_hash_table_insert(rules, ((struct config_rule *)card->rules->pdata[i])->name,
				    card->rules->pdata[i]);
	for (guint i = 0; i < card->touches->len; i++) {
		const struct config_touch *touch = card->touches->pdata[i];
		const struct config_rule *rule = g_hash_table_lookup(rules, touch->name);

		if (rule)
			return fail(touch->file, touch->line, error,
				    "touch \"%s\": a rule has that name (%s:%d)", touch->name,
				    rule->file, rule->line);
	}
	return TRUE;
}

struct config_scorecard *
config_scorecard_load(const char *path, GError **error)
{
	struct config_scorecard *card = card_new(path);

	if (read_card(card, NULL, error) &&
	    (card->name ||
	     fail(card->file, card->name_line, error, "expected name = \"…\" of the scorecard")) &&
	    (card->rules->len <= LIMIT_RULES ||
	     fail(card->file, 0, error, "more than %d rules", LIMIT_RULES)) &&
	    check_groups(card, error) && check_names(card, error))
		return card;
	config_scorecard_free(card);
	return NULL;
}
