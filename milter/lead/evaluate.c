/*
 * evaluate.c - running compiled conditions over the signals of one message (expression.h).
 *
 * The tree is only read; what is worked out once per message (which phrase lists matched, when
 * touches of a name happened) is kept in the struct evaluation.  No step can fail: a value that is
 * not known makes its test false.  Recursion follows the nesting of the tree, which is bounded when
 * compiled.
 */
#include <math.h>
#include <string.h>

#include "base/limits.h"
#include "lead/expression_node.h"
#include "lead/summary.h"

#define BITS 64

static gboolean test_node(const struct node *node, struct evaluation *evaluation);

/* --- what is worked out once a message --- */

void
expression_begin(struct evaluation *evaluation, const struct expression_names *names,
		 const struct signal_input *input)
{
	*evaluation = (struct evaluation){ .input = *input, .names = names };
}

void
expression_end(struct evaluation *evaluation)
{
	if (evaluation->histories != NULL) {
		guint count = g_hash_table_size(evaluation->names->touches);

		for (guint i = 0; i < count; i++)
			g_clear_pointer(&evaluation->histories[i], g_array_unref);
	}
	g_clear_pointer(&evaluation->histories, g_free);
	g_clear_pointer(&evaluation->hits, g_free);
	g_clear_pointer(&evaluation->folded, g_hash_table_unref);
}

static const GPtrArray *
hits_of(const struct evaluation *evaluation)
{
	const struct facts *facts = evaluation->input.facts;

	return facts != NULL && facts->content != NULL ? facts->content->hits : NULL;
}

static void
mark_hits(struct evaluation *evaluation)
{
	const GPtrArray *hits = hits_of(evaluation);
	GHashTable *phrases = evaluation->names->phrases;

	evaluation->hits = g_new0(guint64, g_hash_table_size(phrases) / BITS + 1);
	for (guint i = 0; hits != NULL && i < hits->len; i++) {
		const struct content_hit *hit = hits->pdata[i];
		guint number = GPOINTER_TO_UINT(g_hash_table_lookup(phrases, hit->name));

		if (number > 0)
			evaluation->hits[(number - 1) / BITS] |= G_GUINT64_CONSTANT(1)
								 << (number - 1) % BITS;
	}
}

static int
compare_times(gconstpointer a, gconstpointer b)
{
	gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

	return (left > right) - (left < right);
}

static void
read_histories(struct evaluation *evaluation)
{
	const GPtrArray *touches = evaluation->input.touches;
	GHashTable *names = evaluation->names->touches;
	guint count = g_hash_table_size(names);

	evaluation->histories = g_new0(GArray *, count + 1);
	for (guint i = 0; touches != NULL && i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		guint number = touch->name == NULL
				       ? 0
				       : GPOINTER_TO_UINT(g_hash_table_lookup(names, touch->name));
		GArray **history;

		if (number == 0)
			continue;
		history = &evaluation->histories[number - 1];
		if (*history == NULL)
			*history = g_array_new(FALSE, FALSE, sizeof(gint64));
		g_array_append_val(*history, touch->time);
	}
	for (guint i = 0; i < count; i++) {
		if (evaluation->histories[i] != NULL)
			g_array_sort(evaluation->histories[i], compare_times);
	}
}

static const GArray *
history_of(struct evaluation *evaluation, guint id)
{
	if (evaluation->histories == NULL)
		read_histories(evaluation);
	return evaluation->histories[id];
}

/* The entry at the head of the ledger that stands for early touches, or NULL. */
static const struct summary *
summary_of(const struct evaluation *evaluation)
{
	const GPtrArray *touches = evaluation->input.touches;

	return touches != NULL && touches->len > 0
		       ? ((const struct touch *)touches->pdata[0])->summary
		       : NULL;
}

/* Touches of a name from `window` microseconds ago until now. */
static guint
count_touches(struct evaluation *evaluation, const struct node *node)
{
	const GArray *history = history_of(evaluation, node->id);
	const struct summary *summary = summary_of(evaluation);
	double begin = (double)evaluation->input.now - node->high;
	guint low = 0, high = history != NULL ? history->len : 0;
	guint length = high;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if ((double)g_array_index(history, gint64, middle) < begin)
			low = middle + 1;
		else
			high = middle;
	}
	return length - low + (summary != NULL ? summary_count(summary, node->text, begin) : 0);
}

/* When one of a name last happened; 0 never. */
static gint64
last_touch(struct evaluation *evaluation, const struct node *node)
{
	const GArray *history = history_of(evaluation, node->id);
	const struct summary *summary = summary_of(evaluation);
	const struct summary_name *early =
		summary != NULL ? summary_find(summary, node->text) : NULL;
	gint64 last = early != NULL ? early->last : 0;

	if (history != NULL && history->len > 0)
		last = MAX(last, g_array_index(history, gint64, history->len - 1));
	return last;
}

/* --- operands --- */

static struct value
text_of(const char *text)
{
	return (struct value){ .known = text != NULL && text[0] != '\0', .text = text };
}

static struct value
header_value(const struct node *node, const struct signal_input *input)
{
	return text_of(input->facts != NULL && input->facts->mail != NULL
			       ? mail_header(input->facts->mail, node->text)
			       : NULL);
}

static struct value
utm_value(const struct node *node, const struct signal_input *input)
{
	const struct facts *facts = input->facts;
	const char *value = NULL;

	if (facts != NULL && facts->content != NULL && facts->content->utm != NULL)
		value = g_hash_table_lookup(facts->content->utm, node->text);
	if (value == NULL && facts != NULL && facts->form != NULL)
		value = form_value(facts->form, node->text);
	return text_of(value);
}

static struct value
form_key_value(const struct node *node, const struct signal_input *input)
{
	return text_of(input->facts != NULL && input->facts->form != NULL
			       ? form_value(input->facts->form, node->text)
			       : NULL);
}

static struct value
age_of(struct value time, gint64 now)
{
	if (time.known)
		time.number = MAX((double)now - time.number, 0);
	return time;
}

static struct value
touch_age(const struct node *node, struct evaluation *evaluation)
{
	gint64 last = last_touch(evaluation, node);

	return age_of((struct value){ .known = last != 0, .number = (double)last },
		      evaluation->input.now);
}

static struct value
known_number(double number)
{
	return (struct value){ .known = TRUE, .number = number };
}

static struct value
value_of(const struct node *node, struct evaluation *evaluation)
{
	const struct signal_input *input = &evaluation->input;

	switch (node->kind) {
	case NODE_NUMBER:
		return known_number(node->number);
	case NODE_TEXT:
		return text_of(node->text);
	case NODE_SIGNAL:
	case NODE_COUNT_LIST:
		return signals_read(node->signal, input);
	case NODE_COUNT_TOUCH:
		return known_number(count_touches(evaluation, node));
	case NODE_AGE:
		return age_of(value_of(node->left, evaluation), input->now);
	case NODE_AGE_TOUCH:
		return touch_age(node, evaluation);
	case NODE_HEADER:
		return header_value(node, input);
	case NODE_UTM:
		return utm_value(node, input);
	case NODE_FORM:
		return form_key_value(node, input);
	default:
		return known_number(test_node(node, evaluation));
	}
}

/* --- texts --- */

/* The text folded for comparing, up to LIMIT_PATTERN_TEXT bytes: short ASCII in `buffer`, anything
 * else once per message, so that a hundred rules on a long text cost no more than one. */
static const char *
fold(struct evaluation *evaluation, const char *text, char *buffer, gsize size)
{
	g_autofree char *start = NULL;
	const char *end;
	char *folded;
	gsize i;

	for (i = 0; text[i] != '\0' && (guchar)text[i] < 0x80 && i < size - 1; i++)
		buffer[i] = g_ascii_tolower(text[i]);
	buffer[i] = '\0';
	if (text[i] == '\0')
		return buffer;
	if (evaluation->folded == NULL)
		evaluation->folded = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	folded = g_hash_table_lookup(evaluation->folded, text);
	if (folded != NULL)
		return folded;
	end = text + strnlen(text, LIMIT_PATTERN_TEXT + 1);
	if (end - text > LIMIT_PATTERN_TEXT) {
		end = g_utf8_find_prev_char(text, end);
		start = g_strndup(text, end != NULL ? end - text : 0);
	}
	folded = g_utf8_casefold(start != NULL ? start : text, -1);
	g_hash_table_insert(evaluation->folded, (gpointer)text, folded);
	return folded;
}

static gboolean
equal_texts(const char *text, const struct node *other, struct evaluation *evaluation,
	    gboolean *ret_known)
{
	char buffer[256], other_buffer[256];
	const char *folded = other->folded;

	*ret_known = TRUE;
	if (other->kind != NODE_TEXT) {
		struct value value = value_of(other, evaluation);

		*ret_known = value.known;
		if (!value.known)
			return FALSE;
		folded = fold(evaluation, value.text, other_buffer, sizeof other_buffer);
	}
	return strcmp(fold(evaluation, text, buffer, sizeof buffer), folded) == 0;
}

static gboolean
word_is_in(const struct node *node, struct evaluation *evaluation, const char *text,
	   gboolean parents)
{
	char buffer[256];
	const char *folded = fold(evaluation, text, buffer, sizeof buffer);

	while (folded != NULL) {
		const char *dot;

		if (g_hash_table_contains(node->words, folded))
			return TRUE;
		dot = parents ? strchr(folded, '.') : NULL;
		folded = dot != NULL ? dot + 1 : NULL;
	}
	return FALSE;
}

static gboolean
text_matches(const struct node *node, struct evaluation *evaluation, const char *text,
	     G_GNUC_UNUSED gboolean parents)
{
	char buffer[256];
	const char *folded = fold(evaluation, text, buffer, sizeof buffer);
	gsize length = strlen(folded);

	for (guint i = 0; i < node->patterns->len; i++) {
		if (pattern_matches(node->patterns->pdata[i], folded, length))
			return TRUE;
	}
	return FALSE;
}

/* A text, or any item of a list, passes. */
static gboolean
any_text(const struct node *node, struct evaluation *evaluation,
	 gboolean (*passes)(const struct node *node, struct evaluation *evaluation,
			    const char *text, gboolean parents))
{
	const struct node *left = node->left;
	gboolean parents = left->signal != NULL && signals_is_domain(left->signal);
	const char *item;
	struct value value;

	if (left->type != VALUE_LIST) {
		value = value_of(left, evaluation);
		return value.known && passes(node, evaluation, value.text, parents);
	}
	for (guint i = 0; (item = signals_item(left->signal, &evaluation->input, i)) != NULL; i++) {
		if (passes(node, evaluation, item, parents))
			return TRUE;
	}
	return FALSE;
}

/* --- tests --- */

static gboolean
test_and(const struct node *node, struct evaluation *evaluation)
{
	for (const struct node *child = node->left; child != NULL; child = child->next) {
		if (!test_node(child, evaluation))
			return FALSE;
	}
	return TRUE;
}

static gboolean
test_or(const struct node *node, struct evaluation *evaluation)
{
	for (const struct node *child = node->left; child != NULL; child = child->next) {
		if (test_node(child, evaluation))
			return TRUE;
	}
	return FALSE;
}

static gboolean
test_not(const struct node *node, struct evaluation *evaluation)
{
	return !test_node(node->left, evaluation);
}

static gboolean
test_truth(const struct node *node, struct evaluation *evaluation)
{
	struct value value = value_of(node->left, evaluation);

	return value.known && value.number != 0;
}

static gboolean
holds(enum comparison comparison, double left, double right)
{
	switch (comparison) {
	case EQUAL:
		return left == right;
	case NOT_EQUAL:
		return left != right;
	case LESS:
		return left < right;
	case AT_MOST:
		return left <= right;
	case GREATER:
		return left > right;
	default:
		return left >= right;
	}
}

static gboolean
test_compare(const struct node *node, struct evaluation *evaluation)
{
	struct value left = value_of(node->left, evaluation);
	struct value right = value_of(node->right, evaluation);

	return left.known && right.known && holds(node->comparison, left.number, right.number);
}

static gboolean
test_equal_text(const struct node *node, struct evaluation *evaluation)
{
	struct value left = value_of(node->left, evaluation);
	gboolean known, equal;

	if (!left.known)
		return FALSE;
	equal = equal_texts(left.text, node->right, evaluation, &known);
	return known && equal == (node->comparison == EQUAL);
}

static gboolean
test_range(const struct node *node, struct evaluation *evaluation)
{
	struct value value = value_of(node->left, evaluation);

	return value.known && value.number >= node->number && value.number <= node->high;
}

static gboolean
test_in_numbers(const struct node *node, struct evaluation *evaluation)
{
	struct value value = value_of(node->left, evaluation);

	for (guint i = 0; value.known && i < node->numbers->len; i++) {
		if (g_array_index(node->numbers, double, i) == value.number)
			return TRUE;
	}
	return FALSE;
}

static gboolean
test_in_words(const struct node *node, struct evaluation *evaluation)
{
	return any_text(node, evaluation, word_is_in);
}

static gboolean
test_matches(const struct node *node, struct evaluation *evaluation)
{
	return any_text(node, evaluation, text_matches);
}

static gboolean
test_phrases(const struct node *node, struct evaluation *evaluation)
{
	if (evaluation->hits == NULL)
		mark_hits(evaluation);
	for (guint i = 0; i < node->numbers->len; i++) {
		guint id = g_array_index(node->numbers, guint, i);

		if (evaluation->hits[id / BITS] >> id % BITS & 1)
			return TRUE;
	}
	return FALSE;
}

static gboolean
test_has(const struct node *node, struct evaluation *evaluation)
{
	if (node->left->type == VALUE_LIST)
		return signals_item(node->left->signal, &evaluation->input, 0) != NULL;
	return value_of(node->left, evaluation).known;
}

static gboolean
test_within(const struct node *node, struct evaluation *evaluation)
{
	struct value age = age_of(value_of(node->left, evaluation), evaluation->input.now);

	return age.known && age.number <= node->high;
}

static gboolean
test_within_touch(const struct node *node, struct evaluation *evaluation)
{
	gint64 last = last_touch(evaluation, node);

	return last != 0 && (double)last >= (double)evaluation->input.now - node->high;
}

static gboolean (*const TESTS[])(const struct node *node, struct evaluation *evaluation) = {
	[NODE_AND] = test_and,           [NODE_OR] = test_or,
	[NODE_NOT] = test_not,           [NODE_TRUTH] = test_truth,
	[NODE_COMPARE] = test_compare,   [NODE_EQUAL_TEXT] = test_equal_text,
	[NODE_RANGE] = test_range,       [NODE_IN_NUMBERS] = test_in_numbers,
	[NODE_IN_WORDS] = test_in_words, [NODE_MATCHES] = test_matches,
	[NODE_PHRASES] = test_phrases,   [NODE_HAS] = test_has,
	[NODE_WITHIN] = test_within,     [NODE_WITHIN_TOUCH] = test_within_touch,
};

static gboolean
test_node(const struct node *node, struct evaluation *evaluation)
{
	return TESTS[node->kind](node, evaluation);
}

gboolean
expression_test(const struct expression *expression, struct evaluation *evaluation)
{
	return test_node(expression->root, evaluation);
}

double
expression_number(const struct expression *expression, struct evaluation *evaluation)
{
	struct value value = value_of(expression->root, evaluation);

	return value.known ? value.number : 0;
}

/* --- evidence --- */

static void
add_evidence(GString *all, const char *evidence)
{
	if (evidence == NULL || evidence[0] == '\0' || strstr(all->str, evidence) != NULL)
		return;
	if (all->len > 0)
		g_string_append(all, "; ");
	g_string_append(all, evidence);
}

static void
phrase_evidence(const struct node *node, struct evaluation *evaluation, GString *all)
{
	const GPtrArray *hits = hits_of(evaluation);

	for (guint i = 0; hits != NULL && i < hits->len; i++) {
		const struct content_hit *hit = hits->pdata[i];
		guint number = GPOINTER_TO_UINT(
			g_hash_table_lookup(evaluation->names->phrases, hit->name));

		for (guint j = 0; number > 0 && j < node->numbers->len; j++) {
			if (g_array_index(node->numbers, guint, j) == number - 1)
				add_evidence(all, hit->evidence);
		}
	}
}

/* The item of the list that passed. */
static void
item_evidence(const struct node *node, struct evaluation *evaluation, GString *all)
{
	gboolean (*passes)(const struct node *node, struct evaluation *evaluation, const char *text,
			   gboolean parents) =
		node->kind == NODE_IN_WORDS ? word_is_in : text_matches;
	const char *item;

	for (guint i = 0; (item = signals_item(node->left->signal, &evaluation->input, i)) != NULL;
	     i++) {
		if (passes(node, evaluation, item, FALSE)) {
			add_evidence(all, item);
			return;
		}
	}
}

static void
operand_evidence(const struct node *node, struct evaluation *evaluation, GString *all)
{
	g_autofree char *evidence = NULL;

	if (node == NULL)
		return;
	if (node->kind == NODE_AGE || node->kind == NODE_TRUTH)
		node = node->left;
	if (node->signal != NULL)
		evidence = signals_evidence(node->signal, &evaluation->input);
	else if (node->kind >= NODE_HEADER && node->kind <= NODE_FORM)
		evidence = g_strdup(value_of(node, evaluation).text);
	add_evidence(all, evidence);
}

static void
collect(const struct node *node, struct evaluation *evaluation, GString *all)
{
	gboolean is_list = node->left != NULL && node->left->type == VALUE_LIST;

	if (all->len > LIMIT_SHOWN)
		return;
	switch (node->kind) {
	case NODE_AND:
	case NODE_OR:
		for (const struct node *child = node->left; child != NULL; child = child->next) {
			if (node->kind == NODE_AND || test_node(child, evaluation))
				collect(child, evaluation, all);
		}
		break;
	case NODE_NOT:
		/* What is not there can't be shown. */
		break;
	case NODE_PHRASES:
		phrase_evidence(node, evaluation, all);
		break;
	case NODE_IN_WORDS:
	case NODE_MATCHES:
		if (is_list) {
			item_evidence(node, evaluation, all);
			break;
		}
		operand_evidence(node->left, evaluation, all);
		break;
	default:
		operand_evidence(node->left, evaluation, all);
		break;
	}
}

char *
expression_evidence(const struct expression *expression, struct evaluation *evaluation)
{
	GString *all = g_string_new(NULL);

	if (expression->root->kind >= NODE_AND)
		collect(expression->root, evaluation, all);
	if (all->len > LIMIT_SHOWN) {
		const char *end = g_utf8_find_prev_char(all->str, all->str + LIMIT_SHOWN + 1);

		g_string_truncate(all, end != NULL ? (gsize)(end - all->str) : 0);
		g_string_append(all, "…");
	}
	return g_string_free(all, all->len == 0);
}
