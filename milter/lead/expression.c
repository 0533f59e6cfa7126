/*
 * expression.c - reading a condition into a tree and checking its types; the language is described
 * in expression.h.
 *
 * Recursive descent over `not` and parentheses, bounded by LIMIT_EXPRESSION_DEPTH; chains of
 * `and` and `or` are lists, so their length costs no stack.  The first error stops the reading and
 * names its place and what was expected.  Everything that can be worked out once is: texts
 * are folded, dates parsed, names of choices made numbers, phrase lists and touch names
 * numbered, files read.  Nodes belong to the expression, so an error frees what was built.  Pure
 * but for `in file`; any thread.
 */
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "lead/parser.h"

static struct node *parse_or(struct parser *parser);

/* --- comparisons --- */

static const struct {
	const char *symbol;
	enum comparison comparison, mirrored;
} COMPARISONS[] = {
	{ "==", EQUAL, EQUAL },      { "=", EQUAL, EQUAL },  { "!=", NOT_EQUAL, NOT_EQUAL },
	{ "<=", AT_MOST, AT_LEAST }, { "<", LESS, GREATER }, { ">=", AT_LEAST, AT_MOST },
	{ ">", GREATER, LESS },
};

static struct node *
fail_mixed(struct parser *parser, const struct node *left, const struct node *right)
{
	g_autofree char *one = parser_describe(left);
	g_autofree char *other = parser_describe(right);
	const char *hint = "";

	if (left->type == VALUE_DURATION || right->type == VALUE_DURATION)
		hint = ": write a duration with its unit, like 2h or 30d";
	else if (left->type == VALUE_LIST || right->type == VALUE_LIST)
		hint = ": ask has(list, 'item') or count(list)";
	return parser_fail(parser, right->column, "expected a %s to compare with %s, found %s%s",
			   left->type == VALUE_LIST ? "text" : signals_type_name(left->type), one,
			   other, hint);
}

static struct node *
compare(struct parser *parser, struct node *left, struct node *right, enum comparison comparison)
{
	gboolean ordered = comparison != EQUAL && comparison != NOT_EQUAL;
	struct node *node;

	if (!operand_convert(parser, right, left) || !operand_convert(parser, left, right))
		return NULL;
	if (left->type != right->type || left->type == VALUE_LIST)
		return fail_mixed(parser, left, right);
	if (left->type == VALUE_CHOICE && left->signal != NULL && right->signal != NULL &&
	    signals_choices(left->signal) != signals_choices(right->signal))
		return fail_mixed(parser, left, right);
	if (ordered && (left->type == VALUE_TEXT || left->type == VALUE_BOOLEAN))
		return parser_fail_type(parser, left,
					"a number, duration, time or choice on both sides");
	node = parser_add_test(parser, left->type == VALUE_TEXT ? NODE_EQUAL_TEXT : NODE_COMPARE,
			       left);
	node->right = right;
	node->comparison = comparison;
	return node;
}

static struct node *
parse_comparison(struct parser *parser, struct node *left)
{
	struct node *right;

	for (guint i = 0; i < G_N_ELEMENTS(COMPARISONS); i++) {
		if (!parser_accept(parser, COMPARISONS[i].symbol))
			continue;
		right = operand_parse(parser);
		if (right == NULL)
			return NULL;
		/* A constant stands on the right. */
		if (left->kind == NODE_TEXT || left->kind == NODE_NUMBER)
			return compare(parser, right, left, COMPARISONS[i].mirrored);
		return compare(parser, left, right, COMPARISONS[i].comparison);
	}
	return left;
}

/* --- in --- */

/* One entry a line, spaces inside allowed, '#' begins a comment line. */
static gboolean
read_words(struct node *node, char *text, GError **error)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", LIMIT_LIST_LINES + 1);

	for (guint i = 0; lines[i] != NULL; i++) {
		char *line = g_strstrip(lines[i]);
		g_autofree char *folded = NULL;

		if (line[0] == '\0' || line[0] == '#')
			continue;
		if (i >= LIMIT_LIST_LINES || strlen(line) > LIMIT_LIST_LINE ||
		    !g_utf8_validate(line, -1, NULL)) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "line %u of the list is too long, one too many or not UTF-8",
				    i + 1);
			return FALSE;
		}
		folded = g_utf8_casefold(line, -1);
		operand_add_word(node, folded);
	}
	return TRUE;
}

static gboolean
read_file(struct parser *parser, struct node *node, const char *path)
{
	g_autofree char *text = NULL;
	g_autoptr(GError) error = NULL;

	node->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	if (g_file_get_contents(path, &text, NULL, &error) && read_words(node, text, &error))
		return TRUE;
	parser_fail(parser, parser->token.begin, "%s: %s", path, error->message);
	return FALSE;
}

static struct node *
parse_in_file(struct parser *parser, struct node *left)
{
	struct node *node = parser_add_test(parser, NODE_IN_WORDS, left);
	const char *name = parser->token.text->str;
	g_autofree char *directory = g_path_get_dirname(parser->source->file);
	g_autofree char *path = NULL;

	if (left->type != VALUE_TEXT && left->type != VALUE_LIST)
		return parser_fail_type(parser, left, "a text or list before \"in file\"");
	if (parser->token.kind != TOKEN_TEXT)
		return parser_fail_expected(parser, "the path of a file in quotes");
	path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(directory, name, NULL);
	if (!read_file(parser, node, path))
		return NULL;
	parser_advance(parser);
	return node;
}

static gboolean
add_item(struct parser *parser, struct node *node, const struct node *left, struct node *item)
{
	gboolean words = left->type == VALUE_TEXT || left->type == VALUE_LIST;

	if (!operand_convert(parser, item, left))
		return FALSE;
	if (item->type != (words ? VALUE_TEXT : left->type)) {
		fail_mixed(parser, left, item);
		return FALSE;
	}
	if (!words)
		g_array_append_val(node->numbers, item->number);
	else if (node->kind == NODE_PHRASES)
		return operand_add_phrases(parser, node, item);
	else
		operand_add_word(node, item->folded);
	return TRUE;
}

static enum node_kind
set_kind(const struct node *left)
{
	if (left->type == VALUE_LIST && signals_is_phrases(left->signal))
		return NODE_PHRASES;
	return left->type == VALUE_TEXT || left->type == VALUE_LIST ? NODE_IN_WORDS
								    : NODE_IN_NUMBERS;
}

static struct node *
parse_in_list(struct parser *parser, struct node *left, const char *closing)
{
	struct node *node = parser_add_test(parser, set_kind(left), left), *item;

	if (node->kind == NODE_IN_NUMBERS)
		node->numbers = g_array_new(FALSE, FALSE, sizeof(double));
	do {
		item = operand_parse_literal(parser);
		if (item == NULL)
			return parser_fail_expected(parser, "a value");
		if (!add_item(parser, node, left, item))
			return NULL;
	} while (parser_accept(parser, ","));
	return parser_expect(parser, closing) ? node : NULL;
}

static struct node *
parse_in_range(struct parser *parser, struct node *left)
{
	struct node *low, *high, *node;

	if (left->type == VALUE_TEXT || left->type == VALUE_LIST || left->type == VALUE_BOOLEAN)
		return parser_fail_expected(parser, "a list in parentheses or file '…'");
	low = operand_parse_literal(parser);
	if (low == NULL)
		return parser_fail_expected(
			parser, "a list in parentheses, file '…' or a range like 5..10");
	if (!parser_expect(parser, ".."))
		return NULL;
	high = operand_parse_literal(parser);
	if (high == NULL)
		return parser_fail_expected(parser, "the end of the range");
	if (!operand_convert(parser, low, left) || !operand_convert(parser, high, left))
		return NULL;
	if (low->type != left->type)
		return fail_mixed(parser, left, low);
	if (high->type != left->type)
		return fail_mixed(parser, left, high);
	if (low->number > high->number)
		return parser_fail(parser, low->column, "the range ends before it begins");
	node = parser_add_test(parser, NODE_RANGE, left);
	node->number = low->number;
	node->high = high->number;
	return node;
}

static struct node *
parse_in(struct parser *parser, struct node *left)
{
	if (parser_accept(parser, "file"))
		return parse_in_file(parser, left);
	if (parser_accept(parser, "("))
		return parse_in_list(parser, left, ")");
	if (parser_accept(parser, "["))
		return parse_in_list(parser, left, "]");
	return parse_in_range(parser, left);
}

/* --- matches --- */

static gboolean
add_match(struct parser *parser, struct node *node)
{
	if (parser->token.kind != TOKEN_TEXT) {
		parser_fail_expected(parser, "a pattern in quotes");
		return FALSE;
	}
	if (node->kind == NODE_PHRASES) {
		struct node *list = operand_parse_literal(parser);

		return operand_add_phrases(parser, node, list);
	}
	if (parser->token.text->len > LIMIT_PATTERN) {
		parser_fail(parser, parser->token.begin, "a pattern of more than %d bytes",
			    LIMIT_PATTERN);
		return FALSE;
	}
	g_ptr_array_add(node->patterns, pattern_new(parser->token.text->str));
	parser_advance(parser);
	return TRUE;
}

static struct node *
add_matches(struct parser *parser, struct node *left, gboolean phrases)
{
	struct node *node;

	if (left->type != VALUE_TEXT && left->type != VALUE_LIST)
		return parser_fail_type(parser, left, "a text or list before \"matches\"");
	if (phrases && (left->signal == NULL || !signals_is_new_text(left->signal)))
		return parser_fail_type(parser, left, "text.new before \"matches phrases\"");
	node = parser_add_test(parser, phrases ? NODE_PHRASES : NODE_MATCHES, left);
	if (!phrases)
		node->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)pattern_free);
	return node;
}

static struct node *
parse_matches(struct parser *parser, struct node *left)
{
	struct node *node = add_matches(parser, left, parser_accept(parser, "phrases"));

	if (node == NULL)
		return NULL;
	if (!parser_accept(parser, "("))
		return add_match(parser, node) ? node : NULL;
	do {
		if (!add_match(parser, node))
			return NULL;
	} while (parser_accept(parser, ","));
	return parser_expect(parser, ")") ? node : NULL;
}

/* --- tests, not, and, or --- */

static gboolean
is_test(const struct node *node)
{
	return node->kind >= NODE_AND;
}

static struct node *
as_test(struct parser *parser, struct node *node)
{
	if (is_test(node))
		return node;
	if (node->type != VALUE_BOOLEAN) {
		g_autofree char *found = parser_describe(node);

		return parser_fail(parser, node->column,
				   "expected a condition, found %s: compare it, or ask has(…)",
				   found);
	}
	return parser_add_test(parser, NODE_TRUTH, node);
}

static struct node *
parse_test(struct parser *parser)
{
	struct node *left = operand_parse(parser), *test;
	gboolean negated;

	if (left == NULL)
		return NULL;
	if (parser->token.kind == TOKEN_BAD)
		return parser_fail_expected(parser, "");
	negated = parser_accept(parser, "not");
	if (parser_accept(parser, "in"))
		test = parse_in(parser, left);
	else if (parser_accept(parser, "matches"))
		test = parse_matches(parser, left);
	else if (negated)
		return parser_fail_expected(parser, "\"in\" or \"matches\" after \"not\"");
	else
		test = parse_comparison(parser, left);
	if (test == NULL)
		return NULL;
	test = as_test(parser, test);
	return negated && test != NULL ? parser_add_test(parser, NODE_NOT, test) : test;
}

static struct node *
parse_not(struct parser *parser)
{
	struct node *node;

	if (parser_at(parser, "not") || parser_at(parser, "!")) {
		if (!parser_enter(parser))
			return NULL;
		parser_advance(parser);
		node = parse_not(parser);
		parser->depth--;
		return node != NULL ? parser_add_test(parser, NODE_NOT, node) : NULL;
	}
	if (parser_at(parser, "(")) {
		if (!parser_enter(parser))
			return NULL;
		parser_advance(parser);
		node = parse_or(parser);
		parser->depth--;
		return node != NULL && parser_expect(parser, ")") ? node : NULL;
	}
	return parse_test(parser);
}

static struct node *
parse_chain(struct parser *parser, enum node_kind kind, const char *word, const char *symbol,
	    struct node *(*parse_term)(struct parser *parser))
{
	struct node *first = parse_term(parser), *last = first, *chain;

	if (first == NULL || (!parser_at(parser, word) && !parser_at(parser, symbol)))
		return first;
	chain = parser_add_test(parser, kind, first);
	while (parser_accept(parser, word) || parser_accept(parser, symbol)) {
		struct node *term = parse_term(parser);

		if (term == NULL)
			return NULL;
		last->next = term;
		last = term;
	}
	return chain;
}

static struct node *
parse_and(struct parser *parser)
{
	return parse_chain(parser, NODE_AND, "and", "&&", parse_not);
}

static struct node *
parse_or(struct parser *parser)
{
	return parse_chain(parser, NODE_OR, "or", "||", parse_and);
}

/* A rule's `value`: anything that has a number. */
static struct node *
parse_value(struct parser *parser)
{
	struct node *node = operand_parse(parser), *count;

	if (node == NULL)
		return NULL;
	if (node->type == VALUE_LIST) {
		count = parser_add_node(parser, NODE_COUNT_LIST, VALUE_NUMBER, node->column);
		count->signal = node->signal;
		return count;
	}
	if (node->type != VALUE_NUMBER && node->type != VALUE_BOOLEAN)
		return parser_fail_type(parser, node, "a number, a list or a boolean");
	return node;
}

static struct expression *
compile(const char *text, const struct expression_source *source, struct expression_names *names,
	struct node *(*parse)(struct parser *parser), GError **error)
{
	struct expression *expression = g_new0(struct expression, 1);
	struct parser parser = {
		.text = text, .source = source, .names = names, .expression = expression
	};

	expression->nodes = g_ptr_array_new_with_free_func(parser_free_node);
	parser.token.text = g_string_new(NULL);
	if (strlen(text) > LIMIT_EXPRESSION) {
		parser_fail(&parser, 0, "a condition of more than %d bytes", LIMIT_EXPRESSION);
	} else if (!g_utf8_validate(text, -1, NULL)) {
		parser_fail(&parser, 0, "the condition is not UTF-8");
	} else {
		parser_advance(&parser);
		expression->root = parse(&parser);
		if (expression->root != NULL && parser.token.kind != TOKEN_END)
			parser_fail_expected(&parser, "\"and\", \"or\" or the end");
	}
	g_string_free(parser.token.text, TRUE);
	if (parser.error == NULL)
		return expression;
	g_propagate_error(error, parser.error);
	expression_free(expression);
	return NULL;
}

struct expression *
expression_compile(const char *text, const struct expression_source *source,
		   struct expression_names *names, GError **error)
{
	return compile(text, source, names, parse_or, error);
}

struct expression *
expression_compile_number(const char *text, const struct expression_source *source,
			  struct expression_names *names, GError **error)
{
	return compile(text, source, names, parse_value, error);
}

void
expression_free(struct expression *expression)
{
	if (expression == NULL)
		return;
	g_ptr_array_unref(expression->nodes);
	g_free(expression);
}

gboolean
expression_asks_kind(const struct expression *expression)
{
	return expression->asks_kind;
}

/* What reads the mail or the ledger without naming a signal. */
static const char *
reads_beyond(enum node_kind kind)
{
	switch (kind) {
	case NODE_HEADER:
		return "header()";
	case NODE_UTM:
		return "utm()";
	case NODE_FORM:
		return "form()";
	case NODE_COUNT_TOUCH:
	case NODE_AGE_TOUCH:
	case NODE_WITHIN_TOUCH:
		return "the history of touches";
	default:
		return NULL;
	}
}

const char *
expression_asks_beyond(const struct expression *expression,
		       gboolean (*allows)(const struct signal *signal))
{
	for (guint i = 0; i < expression->nodes->len; i++) {
		const struct node *node = expression->nodes->pdata[i];

		if (reads_beyond(node->kind))
			return reads_beyond(node->kind);
		if (node->signal && !allows(node->signal))
			return signals_name(node->signal);
	}
	return NULL;
}

/* --- names --- */

struct expression_names *
expression_names_new(void)
{
	struct expression_names *names = g_new0(struct expression_names, 1);

	names->phrases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	names->touches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	names->lists = g_ptr_array_new_with_free_func(g_free);
	return names;
}

void
expression_names_free(struct expression_names *names)
{
	if (names == NULL)
		return;
	g_hash_table_unref(names->phrases);
	g_hash_table_unref(names->touches);
	g_ptr_array_unref(names->lists);
	g_free(names);
}

void
expression_names_allow(struct expression_names *names, const char *list)
{
	if (!g_ptr_array_find_with_equal_func(names->lists, list, g_str_equal, NULL))
		g_ptr_array_add(names->lists, g_strdup(list));
}

static guint
number_of(GHashTable *names, const char *name)
{
	guint number = GPOINTER_TO_UINT(g_hash_table_lookup(names, name));

	if (number == 0) {
		number = g_hash_table_size(names) + 1;
		g_hash_table_insert(names, g_strdup(name), GUINT_TO_POINTER(number));
	}
	return number - 1;
}

guint
expression_names_phrase(struct expression_names *names, const char *list)
{
	return number_of(names->phrases, list);
}

guint
expression_names_touch(struct expression_names *names, const char *touch)
{
	return number_of(names->touches, touch);
}
