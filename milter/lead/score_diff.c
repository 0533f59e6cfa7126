/* score_diff.c - see score_diff.h. */
#include "lead/score_diff.h"

#include <math.h>
#include <string.h>

#include "lead/json.h"

#define NAME_MOST 512

struct score_diff {
	guint messages, changed;
	guint qualified_before, qualified_after, gained, lost;
	guint grades_before[4], grades_after[4], better, worse;
	guint hotter, colder;
	double total_before, total_after;
	GPtrArray *rules; /* struct score_diff_rule *, in the order they were met */
	GHashTable *by_name; /* of them */
};

static void
rule_free(gpointer data)
{
	struct score_diff_rule *rule = data;

	g_free(rule->rule);
	g_free(rule);
}

struct score_diff *
score_diff_new(void)
{
	struct score_diff *diff = g_new0(struct score_diff, 1);

	diff->rules = g_ptr_array_new_with_free_func(rule_free);
	diff->by_name = g_hash_table_new(g_str_hash, g_str_equal);
	return diff;
}

void
score_diff_free(struct score_diff *diff)
{
	if (diff == NULL)
		return;
	g_hash_table_unref(diff->by_name);
	g_ptr_array_unref(diff->rules);
	g_free(diff);
}

void
score_diff_message_free(struct score_diff_message *message)
{
	if (message == NULL)
		return;
	g_ptr_array_unref(message->rules);
	g_free(message);
}

/* --- comparing --- */

static struct score_diff_rule *
find_rule(GPtrArray *rules, GHashTable *by_name, const char *name)
{
	struct score_diff_rule *rule = g_hash_table_lookup(by_name, name);

	if (rule != NULL)
		return rule;
	rule = g_new0(struct score_diff_rule, 1);
	rule->rule = g_strdup(name);
	g_ptr_array_add(rules, rule);
	g_hash_table_insert(by_name, rule->rule, rule);
	return rule;
}

static void
add_points(GPtrArray *rules, GHashTable *by_name, const struct score *score, gboolean after)
{
	for (guint i = 0; i < score->contributions->len; i++) {
		const struct contribution *contribution = score->contributions->pdata[i];
		struct score_diff_rule *rule = find_rule(rules, by_name, contribution->rule);

		*(after ? &rule->after : &rule->before) += contribution->points;
		*(after ? &rule->messages_after : &rule->messages_before) += 1;
	}
}

static struct score_diff_side
side_of(const struct score *score)
{
	return (struct score_diff_side){ score->total, score->grade, score->temperature,
					 score->qualified };
}

static gboolean
differ(double before, double after)
{
	return fabs(before - after) >= 0.00005;
}

static struct score_diff_message *
compare(const struct score *before, const struct score *after)
{
	struct score_diff_message *message = g_new0(struct score_diff_message, 1);
	g_autoptr(GHashTable) by_name = g_hash_table_new(g_str_hash, g_str_equal);

	message->before = side_of(before);
	message->after = side_of(after);
	message->rules = g_ptr_array_new_with_free_func(rule_free);
	add_points(message->rules, by_name, before, FALSE);
	add_points(message->rules, by_name, after, TRUE);
	return message;
}

static void
count_rules(struct score_diff *diff, const GPtrArray *rules)
{
	for (guint i = 0; i < rules->len; i++) {
		const struct score_diff_rule *one = rules->pdata[i];
		struct score_diff_rule *all = find_rule(diff->rules, diff->by_name, one->rule);

		all->before += one->before;
		all->after += one->after;
		all->messages_before += one->messages_before > 0;
		all->messages_after += one->messages_after > 0;
	}
}

static guint
grade_place(char grade)
{
	return grade >= 'A' && grade <= 'D' ? (guint)(grade - 'A') : 3;
}

static void
count_message(struct score_diff *diff, const struct score_diff_message *message)
{
	const struct score_diff_side *before = &message->before, *after = &message->after;

	diff->messages++;
	diff->changed += score_diff_message_differs(message);
	diff->qualified_before += before->qualified;
	diff->qualified_after += after->qualified;
	diff->gained += after->qualified && !before->qualified;
	diff->lost += before->qualified && !after->qualified;
	diff->grades_before[grade_place(before->grade)]++;
	diff->grades_after[grade_place(after->grade)]++;
	diff->better += after->grade < before->grade;
	diff->worse += after->grade > before->grade;
	diff->hotter += after->temperature > before->temperature;
	diff->colder += after->temperature < before->temperature;
	diff->total_before += before->total;
	diff->total_after += after->total;
}

static void
keep_different(GPtrArray *rules)
{
	for (guint i = rules->len; i > 0; i--) {
		const struct score_diff_rule *rule = rules->pdata[i - 1];

		if (!differ(rule->before, rule->after))
			g_ptr_array_remove_index(rules, i - 1);
	}
}

struct score_diff_message *
score_diff_add(struct score_diff *diff, const struct score *before, const struct score *after)
{
	struct score_diff_message *message = compare(before, after);

	count_rules(diff, message->rules);
	keep_different(message->rules);
	count_message(diff, message);
	return message;
}

gboolean
score_diff_message_differs(const struct score_diff_message *message)
{
	const struct score_diff_side *before = &message->before, *after = &message->after;

	return message->rules->len > 0 || differ(before->total, after->total) ||
	       before->grade != after->grade || before->temperature != after->temperature ||
	       before->qualified != after->qualified;
}

/* --- text --- */

static const char *
qualification(const struct score_diff_message *message)
{
	if (message->before.qualified == message->after.qualified)
		return "";
	return message->after.qualified ? ", now qualified" : ", no longer qualified";
}

char *
score_diff_message_to_text(const struct score_diff_message *message, const char *file)
{
	const struct score_diff_side *before = &message->before, *after = &message->after;
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%s\n  %.1f -> %.1f (%+.1f)", file, before->total,
			       after->total, after->total - before->total);
	if (before->grade != after->grade)
		g_string_append_printf(text, ", grade %c -> %c", before->grade, after->grade);
	if (before->temperature != after->temperature)
		g_string_append_printf(text, ", %s -> %s", temperature_name(before->temperature),
				       temperature_name(after->temperature));
	g_string_append_printf(text, "%s\n", qualification(message));
	for (guint i = 0; i < message->rules->len; i++) {
		const struct score_diff_rule *rule = message->rules->pdata[i];

		g_string_append_printf(text, "    %+7.1f -> %+7.1f  %s\n", rule->before,
				       rule->after, rule->rule);
	}
	return g_string_free(text, FALSE);
}

/* The largest change first. */
static gint
by_change(gconstpointer one, gconstpointer other)
{
	const struct score_diff_rule *a = *(const struct score_diff_rule *const *)one;
	const struct score_diff_rule *b = *(const struct score_diff_rule *const *)other;
	double left = fabs(a->after - a->before), right = fabs(b->after - b->before);

	if (left != right)
		return left > right ? -1 : 1;
	return strcmp(a->rule, b->rule);
}

static gboolean
rule_differs(const struct score_diff_rule *rule)
{
	return differ(rule->before, rule->after) || rule->messages_before != rule->messages_after;
}

/* Rules that give something else than before; not owned, caller unrefs. */
static GPtrArray *
changed_rules(const struct score_diff *diff)
{
	GPtrArray *rules = g_ptr_array_new();

	for (guint i = 0; i < diff->rules->len; i++) {
		if (rule_differs(diff->rules->pdata[i]))
			g_ptr_array_add(rules, diff->rules->pdata[i]);
	}
	g_ptr_array_sort(rules, by_change);
	return rules;
}

static double
average(double sum, guint count)
{
	return count > 0 ? sum / count : 0;
}

char *
score_diff_to_text(const struct score_diff *diff)
{
	g_autoptr(GPtrArray) rules = changed_rules(diff);
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, "%u messages of people, %u score differently\n",
			       diff->messages, diff->changed);
	g_string_append_printf(text, "  average    %.1f -> %.1f\n",
			       average(diff->total_before, diff->messages),
			       average(diff->total_after, diff->messages));
	g_string_append_printf(text, "  qualified  %u -> %u (%u more, %u no longer)\n",
			       diff->qualified_before, diff->qualified_after, diff->gained,
			       diff->lost);
	g_string_append(text, "  grades    ");
	for (guint i = 0; i < G_N_ELEMENTS(diff->grades_before); i++)
		g_string_append_printf(text, " %c %u -> %u%s", 'A' + (char)i,
				       diff->grades_before[i], diff->grades_after[i],
				       i < 3 ? "," : "");
	g_string_append_printf(text, " (%u better, %u worse)\n", diff->better, diff->worse);
	g_string_append_printf(text, "  hotter     %u, colder %u\n", diff->hotter, diff->colder);
	if (rules->len > 0)
		g_string_append(text, "  rules, messages and points\n");
	for (guint i = 0; i < rules->len; i++) {
		const struct score_diff_rule *rule = rules->pdata[i];

		g_string_append_printf(text, "    %-24s %5u -> %-5u %+9.1f -> %+9.1f\n", rule->rule,
				       rule->messages_before, rule->messages_after, rule->before,
				       rule->after);
	}
	return g_string_free(text, FALSE);
}

/* --- JSON --- */

static void
put_side(GString *out, const char *key, const struct score_diff_side *side)
{
	const char grade[2] = { side->grade, '\0' };

	json_open(out, key, '{');
	json_number(out, "total", side->total, 4);
	json_string(out, "grade", grade, 1);
	json_string(out, "temperature", temperature_name(side->temperature), NAME_MOST);
	json_boolean(out, "qualified", side->qualified);
	json_close(out, '}');
}

char *
score_diff_message_to_json(const struct score_diff_message *message, const char *file)
{
	GString *out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_string(out, "file", file, G_MAXSIZE - 1);
	put_side(out, "before", &message->before);
	put_side(out, "after", &message->after);
	json_open(out, "rules", '[');
	for (guint i = 0; i < message->rules->len; i++) {
		const struct score_diff_rule *rule = message->rules->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "rule", rule->rule, NAME_MOST);
		json_number(out, "before", rule->before, 4);
		json_number(out, "after", rule->after, 4);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	return g_string_free(out, FALSE);
}

static void
put_total(GString *out, const char *key, guint qualified, const guint *grades, double total,
	  guint messages)
{
	json_open(out, key, '{');
	json_integer(out, "qualified", qualified);
	json_number(out, "average", average(total, messages), 4);
	json_open(out, "grades", '{');
	for (guint i = 0; i < 4; i++) {
		const char grade[2] = { (char)('A' + i), '\0' };

		json_integer(out, grade, grades[i]);
	}
	json_close(out, '}');
	json_close(out, '}');
}

char *
score_diff_to_json(const struct score_diff *diff)
{
	g_autoptr(GPtrArray) rules = changed_rules(diff);
	GString *out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_open(out, "summary", '{');
	json_integer(out, "messages", diff->messages);
	json_integer(out, "changed", diff->changed);
	put_total(out, "before", diff->qualified_before, diff->grades_before, diff->total_before,
		  diff->messages);
	put_total(out, "after", diff->qualified_after, diff->grades_after, diff->total_after,
		  diff->messages);
	json_integer(out, "qualified_gained", diff->gained);
	json_integer(out, "qualified_lost", diff->lost);
	json_integer(out, "grade_better", diff->better);
	json_integer(out, "grade_worse", diff->worse);
	json_integer(out, "hotter", diff->hotter);
	json_integer(out, "colder", diff->colder);
	json_open(out, "rules", '[');
	for (guint i = 0; i < rules->len; i++) {
		const struct score_diff_rule *rule = rules->pdata[i];

		json_open(out, NULL, '{');
		json_string(out, "rule", rule->rule, NAME_MOST);
		json_integer(out, "messages_before", rule->messages_before);
		json_integer(out, "messages_after", rule->messages_after);
		json_number(out, "before", rule->before, 4);
		json_number(out, "after", rule->after, 4);
		json_close(out, '}');
	}
	json_close(out, ']');
	json_close(out, '}');
	json_close(out, '}');
	return g_string_free(out, FALSE);
}
