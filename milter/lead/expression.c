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
#include "lead/expression_node.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/expression_tokens.h"

struct parser {
	const char *text;
	const struct expression_source *source;
	struct expression_names *names;
	struct expression *expression;
	struct token token;
	guint depth;
	GError *error;
};

static struct node *parse_or(struct parser *parser);
static struct node *parse_operand(struct parser *parser);

/* --- errors --- */

static void
find_place(const struct parser *parser, guint offset, int *ret_line, int *ret_column)
{
	const char *text = parser->text, *start = text;
	int line = parser->source->line;

	for (guint i = 0; i < offset && text[i] != '\0'; i++) {
		if (text[i] == '\n') {
			line++;
			start = text + i + 1;
		}
	}
	*ret_line = line;
	*ret_column = (int)g_utf8_pointer_to_offset(start, text + offset) +
		      (start == text ? parser->source->column : 1);
}

static struct node *fail_at(struct parser *parser, guint offset, const char *format, ...)
	G_GNUC_PRINTF(3, 4);

static struct node *
fail_at(struct parser *parser, guint offset, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list arguments;
	int line, column;

	if (parser->error != NULL)
		return NULL;
	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	find_place(parser, offset, &line, &column);
	g_set_error(&parser->error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d:%d: %s",
		    parser->source->file, line, column, what);
	return NULL;
}

/* "expected …, found …" at the current token. */
static struct node *
fail_expected(struct parser *parser, const char *expected)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_BAD)
		return fail_at(parser, token->begin, "%s", token->text->str);
	if (token->kind == TOKEN_END)
		return fail_at(parser, token->begin, "expected %s, found the end", expected);
	return fail_at(parser, token->begin, "expected %s, found \"%.*s\"", expected,
		       (int)MIN(token->end - token->begin, 60), parser->text + token->begin);
}

static char *
describe(const struct node *node)
{
	const char *type = signals_type_name(node->type);

	if (node->kind == NODE_SIGNAL)
		return g_strdup_printf("%s, a %s", signals_name(node->signal), type);
	if (node->kind == NODE_TEXT)
		return g_strdup_printf("the text '%.60s'", node->text);
	return g_strdup_printf("a %s", type);
}

static struct node *
fail_type(struct parser *parser, const struct node *node, const char *expected)
{
	g_autofree char *found = describe(node);

	return fail_at(parser, node->column, "expected %s, found %s", expected, found);
}

/* --- tokens and nodes --- */

static void
advance(struct parser *parser)
{
	expression_next_token(parser->text, &parser->token);
}

static gboolean
at_word(const struct parser *parser, const char *word)
{
	enum token_kind kind = g_ascii_isalpha(word[0]) ? TOKEN_NAME : TOKEN_SYMBOL;

	return parser->token.kind == kind && strcmp(parser->token.text->str, word) == 0;
}

static gboolean
accept(struct parser *parser, const char *word)
{
	if (!at_word(parser, word))
		return FALSE;
	advance(parser);
	return TRUE;
}

static gboolean
expect(struct parser *parser, const char *word)
{
	g_autofree char *quoted = NULL;

	if (accept(parser, word))
		return TRUE;
	quoted = g_strdup_printf("\"%s\"", word);
	fail_expected(parser, quoted);
	return FALSE;
}

static void
node_free(gpointer data)
{
	struct node *node = data;

	g_free(node->text);
	g_free(node->folded);
	g_clear_pointer(&node->numbers, g_array_unref);
	g_clear_pointer(&node->words, g_hash_table_unref);
	g_clear_pointer(&node->patterns, g_ptr_array_unref);
	g_free(node);
}

static struct node *
add_node(struct parser *parser, enum node_kind kind, enum value_type type, guint column)
{
	struct node *node = g_new0(struct node, 1);

	node->kind = kind;
	node->type = type;
	node->column = column;
	g_ptr_array_add(parser->expression->nodes, node);
	return node;
}

static struct node *
add_test(struct parser *parser, enum node_kind kind, struct node *left)
{
	struct node *node = add_node(parser, kind, VALUE_BOOLEAN, left->column);

	node->left = left;
	return node;
}

static struct node *
add_text(struct parser *parser, enum node_kind kind, enum value_type type)
{
	struct node *node = add_node(parser, kind, type, parser->token.begin);

	node->text = g_strdup(parser->token.text->str);
	node->folded = g_utf8_casefold(node->text, -1);
	return node;
}

static gboolean
is_test(const struct node *node)
{
	return node->kind >= NODE_AND;
}

static gboolean
enter(struct parser *parser)
{
	if (parser->depth >= LIMIT_EXPRESSION_DEPTH) {
		fail_at(parser, parser->token.begin, "nested deeper than %d",
			LIMIT_EXPRESSION_DEPTH);
		return FALSE;
	}
	parser->depth++;
	return TRUE;
}

/* --- constants --- */

static guint
choices_count(const struct node *node)
{
	return g_strv_length((char **)signals_choices(node->signal));
}

/* A text that names a value of a choice becomes its number. */
static gboolean
to_choice(struct parser *parser, struct node *constant, const struct node *like)
{
	const char *const *choices = signals_choices(like->signal);
	g_autofree char *all = g_strjoinv(", ", (char **)choices);
	const char *nearest;

	for (guint i = 0; choices[i] != NULL; i++) {
		if (g_ascii_strcasecmp(choices[i], constant->text) == 0) {
			constant->kind = NODE_NUMBER;
			constant->type = VALUE_CHOICE;
			constant->number = i;
			return TRUE;
		}
	}
	nearest = signals_nearest_name(constant->text, choices, choices_count(like));
	fail_at(parser, constant->column, "%s is never '%.60s'%s%s%s; expected one of %s",
		signals_name(like->signal), constant->text,
		nearest != NULL ? ": did you mean '" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "'?" : "", all);
	return FALSE;
}

static gboolean
to_time(struct parser *parser, struct node *constant)
{
	g_autoptr(GError) error = NULL;
	gint64 time = clock_parse(constant->text, &error);

	if (error != NULL) {
		fail_at(parser, constant->column,
			"expected a time like '2026-01-31' or '2026-01-31 12:00', found '%.60s'",
			constant->text);
		return FALSE;
	}
	constant->kind = NODE_NUMBER;
	constant->type = VALUE_TIME;
	constant->number = (double)time;
	return TRUE;
}

/* Give a constant the type of what it is compared with, where a text stands for another type. */
static gboolean
convert(struct parser *parser, struct node *constant, const struct node *like)
{
	if (constant->kind != NODE_TEXT)
		return TRUE;
	if (like->type == VALUE_CHOICE && like->signal != NULL)
		return to_choice(parser, constant, like);
	if (like->type == VALUE_TIME)
		return to_time(parser, constant);
	return TRUE;
}

static struct node *
parse_literal(struct parser *parser)
{
	const struct token *token = &parser->token;
	struct node *node = NULL;

	if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_DURATION) {
		node = add_node(parser, NODE_NUMBER,
				token->kind == TOKEN_NUMBER ? VALUE_NUMBER : VALUE_DURATION,
				token->begin);
		node->number = token->number;
	} else if (token->kind == TOKEN_TEXT) {
		node = add_text(parser, NODE_TEXT, VALUE_TEXT);
	} else if (at_word(parser, "true") || at_word(parser, "false")) {
		node = add_node(parser, NODE_NUMBER, VALUE_BOOLEAN, token->begin);
		node->number = at_word(parser, "true");
	}
	if (node != NULL)
		advance(parser);
	return node;
}

/* --- functions --- */

static gboolean
parse_window(struct parser *parser, struct node *node)
{
	if (parser->token.kind != TOKEN_DURATION) {
		fail_expected(parser, "a duration like 30d or 2h");
		return FALSE;
	}
	node->high = parser->token.number;
	advance(parser);
	return TRUE;
}

/* A node about the touches of a name, from the text at hand. */
static struct node *
parse_touch(struct parser *parser, enum node_kind kind, enum value_type type)
{
	struct node *node = add_text(parser, kind, type);

	node->id = expression_names_touch(parser->names, node->text);
	node->high = INFINITY;
	advance(parser);
	return node;
}

static struct node *
parse_count(struct parser *parser)
{
	struct node *node, *list;

	if (parser->token.kind == TOKEN_TEXT) {
		node = parse_touch(parser, NODE_COUNT_TOUCH, VALUE_NUMBER);
		return accept(parser, ",") && !parse_window(parser, node) ? NULL : node;
	}
	list = parse_operand(parser);
	if (list == NULL)
		return NULL;
	if (list->type != VALUE_LIST)
		return fail_type(parser, list, "a list or the name of a touch in quotes");
	node = add_node(parser, NODE_COUNT_LIST, VALUE_NUMBER, list->column);
	node->signal = list->signal;
	return node;
}

static struct node *
parse_time(struct parser *parser)
{
	struct node *time = parse_operand(parser);

	if (time != NULL && time->type != VALUE_TIME)
		return fail_type(parser, time, "a time or the name of a touch in quotes");
	return time;
}

static struct node *
parse_age(struct parser *parser)
{
	struct node *node, *time;

	if (parser->token.kind == TOKEN_TEXT)
		return parse_touch(parser, NODE_AGE_TOUCH, VALUE_DURATION);
	time = parse_time(parser);
	if (time == NULL)
		return NULL;
	node = add_node(parser, NODE_AGE, VALUE_DURATION, time->column);
	node->left = time;
	return node;
}

static struct node *
parse_within(struct parser *parser)
{
	struct node *node, *time;

	if (parser->token.kind == TOKEN_TEXT) {
		node = parse_touch(parser, NODE_WITHIN_TOUCH, VALUE_BOOLEAN);
	} else {
		time = parse_time(parser);
		if (time == NULL)
			return NULL;
		node = add_test(parser, NODE_WITHIN, time);
	}
	return expect(parser, ",") && parse_window(parser, node) ? node : NULL;
}

static void
add_word(struct node *node, const char *folded)
{
	if (node->words == NULL)
		node->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_add(node->words, g_strdup(folded));
}

static void
add_phrases(struct parser *parser, struct node *node, const char *list)
{
	guint id = expression_names_phrase(parser->names, list);

	if (node->numbers == NULL)
		node->numbers = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_val(node->numbers, id);
}

static struct node *
parse_has_item(struct parser *parser, struct node *list)
{
	struct node *node;

	if (list->type != VALUE_LIST)
		return fail_type(parser, list, "a list before the \",\"");
	if (parser->token.kind != TOKEN_TEXT)
		return fail_expected(parser, "an item in quotes");
	if (signals_is_phrases(list->signal)) {
		node = add_test(parser, NODE_PHRASES, list);
		add_phrases(parser, node, parser->token.text->str);
	} else {
		g_autofree char *folded = g_utf8_casefold(parser->token.text->str, -1);

		node = add_test(parser, NODE_IN_WORDS, list);
		add_word(node, folded);
	}
	advance(parser);
	return node;
}

static struct node *
parse_has(struct parser *parser)
{
	struct node *operand;

	if (parser->token.kind == TOKEN_TEXT)
		return parse_touch(parser, NODE_WITHIN_TOUCH, VALUE_BOOLEAN);
	operand = parse_operand(parser);
	if (operand == NULL)
		return NULL;
	if (accept(parser, ","))
		return parse_has_item(parser, operand);
	if (operand->type == VALUE_BOOLEAN)
		return fail_type(parser, operand,
				 "something that may be empty: a boolean stands alone");
	return add_test(parser, NODE_HAS, operand);
}

static struct node *
parse_text_function(struct parser *parser, enum node_kind kind)
{
	struct node *node;

	if (parser->token.kind != TOKEN_TEXT)
		return fail_expected(parser, "a name in quotes");
	node = add_text(parser, kind, VALUE_TEXT);
	advance(parser);
	return node;
}

static struct node *
parse_header(struct parser *parser)
{
	return parse_text_function(parser, NODE_HEADER);
}

static struct node *
parse_utm(struct parser *parser)
{
	struct node *node = parse_text_function(parser, NODE_UTM);

	/* utm('source') and utm('utm_source') are the same. */
	if (node != NULL && !g_str_has_prefix(node->text, "utm_")) {
		char *key = g_strconcat("utm_", node->text, NULL);

		g_free(node->text);
		node->text = key;
	}
	return node;
}

static struct node *
parse_form(struct parser *parser)
{
	return parse_text_function(parser, NODE_FORM);
}

static const struct {
	const char *name;
	struct node *(*parse)(struct parser *parser);
} FUNCTIONS[] = {
	{ "count", parse_count }, { "age", parse_age },       { "within", parse_within },
	{ "has", parse_has },     { "header", parse_header }, { "utm", parse_utm },
	{ "form", parse_form },
};

static struct node *
parse_function(struct parser *parser, const char *name, guint column)
{
	const char *names[G_N_ELEMENTS(FUNCTIONS)], *nearest;
	struct node *node;

	for (guint i = 0; i < G_N_ELEMENTS(FUNCTIONS); i++) {
		names[i] = FUNCTIONS[i].name;
		if (strcmp(FUNCTIONS[i].name, name) != 0)
			continue;
		if (!enter(parser))
			return NULL;
		node = FUNCTIONS[i].parse(parser);
		parser->depth--;
		return node != NULL && expect(parser, ")") ? node : NULL;
	}
	nearest = signals_nearest_name(name, names, G_N_ELEMENTS(names));
	return fail_at(
		parser, column,
		"no function \"%.60s\"%s%s%s; expected one of count, age, within, has, header, "
		"utm, form",
		name, nearest != NULL ? ": did you mean \"" : "", nearest != NULL ? nearest : "",
		nearest != NULL ? "\"?" : "");
}

/* --- operands --- */

static struct node *
add_signal(struct parser *parser, const char *name, guint column)
{
	const struct signal *signal = signals_find(name);
	struct node *node;

	if (signal == NULL) {
		const struct signal *nearest = signals_nearest(name);

		if (nearest != NULL)
			return fail_at(parser, column,
				       "unknown signal \"%.80s\": did you mean \"%s\"?", name,
				       signals_name(nearest));
		return fail_at(parser, column,
			       "unknown signal \"%.80s\", expected one of `leadctl signals`", name);
	}
	node = add_node(parser, NODE_SIGNAL, signals_type(signal), column);
	node->signal = signal;
	if (signals_is_kind(signal) || strcmp(name, "message.human") == 0)
		parser->expression->asks_kind = TRUE;
	return node;
}

static gboolean
is_reserved(const char *name)
{
	static const char *const RESERVED[] = { "and",     "or",   "not",     "in",
						"matches", "file", "phrases", NULL };

	return g_strv_contains(RESERVED, name);
}

static struct node *
parse_operand(struct parser *parser)
{
	struct node *node = parse_literal(parser);
	g_autofree char *name = NULL;
	guint column = parser->token.begin;

	if (node != NULL)
		return node;
	if (parser->token.kind != TOKEN_NAME || is_reserved(parser->token.text->str))
		return fail_expected(parser, "a signal, a function or a value");
	name = g_strdup(parser->token.text->str);
	advance(parser);
	if (accept(parser, "("))
		return parse_function(parser, name, column);
	return add_signal(parser, name, column);
}

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
	g_autofree char *one = describe(left);
	g_autofree char *other = describe(right);
	const char *hint = "";

	if (left->type == VALUE_DURATION || right->type == VALUE_DURATION)
		hint = ": write a duration with its unit, like 2h or 30d";
	else if (left->type == VALUE_LIST || right->type == VALUE_LIST)
		hint = ": ask has(list, 'item') or count(list)";
	return fail_at(parser, right->column, "expected a %s to compare with %s, found %s%s",
		       left->type == VALUE_LIST ? "text" : signals_type_name(left->type), one,
		       other, hint);
}

static struct node *
compare(struct parser *parser, struct node *left, struct node *right, enum comparison comparison)
{
	gboolean ordered = comparison != EQUAL && comparison != NOT_EQUAL;
	struct node *node;

	if (!convert(parser, right, left) || !convert(parser, left, right))
		return NULL;
	if (left->type != right->type || left->type == VALUE_LIST)
		return fail_mixed(parser, left, right);
	if (left->type == VALUE_CHOICE && left->signal != NULL && right->signal != NULL &&
	    signals_choices(left->signal) != signals_choices(right->signal))
		return fail_mixed(parser, left, right);
	if (ordered && (left->type == VALUE_TEXT || left->type == VALUE_BOOLEAN))
		return fail_type(parser, left, "a number, duration, time or choice on both sides");
	node = add_test(parser, left->type == VALUE_TEXT ? NODE_EQUAL_TEXT : NODE_COMPARE, left);
	node->right = right;
	node->comparison = comparison;
	return node;
}

static struct node *
parse_comparison(struct parser *parser, struct node *left)
{
	struct node *right;

	for (guint i = 0; i < G_N_ELEMENTS(COMPARISONS); i++) {
		if (!accept(parser, COMPARISONS[i].symbol))
			continue;
		right = parse_operand(parser);
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
		add_word(node, folded);
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
	fail_at(parser, parser->token.begin, "%s: %s", path, error->message);
	return FALSE;
}

static struct node *
parse_in_file(struct parser *parser, struct node *left)
{
	struct node *node = add_test(parser, NODE_IN_WORDS, left);
	const char *name = parser->token.text->str;
	g_autofree char *directory = g_path_get_dirname(parser->source->file);
	g_autofree char *path = NULL;

	if (left->type != VALUE_TEXT && left->type != VALUE_LIST)
		return fail_type(parser, left, "a text or list before \"in file\"");
	if (parser->token.kind != TOKEN_TEXT)
		return fail_expected(parser, "the path of a file in quotes");
	path = g_path_is_absolute(name) ? g_strdup(name) : g_build_filename(directory, name, NULL);
	if (!read_file(parser, node, path))
		return NULL;
	advance(parser);
	return node;
}

static gboolean
add_item(struct parser *parser, struct node *node, const struct node *left, struct node *item)
{
	gboolean words = left->type == VALUE_TEXT || left->type == VALUE_LIST;

	if (!convert(parser, item, left))
		return FALSE;
	if (item->type != (words ? VALUE_TEXT : left->type)) {
		fail_mixed(parser, left, item);
		return FALSE;
	}
	if (!words)
		g_array_append_val(node->numbers, item->number);
	else if (node->kind == NODE_PHRASES)
		add_phrases(parser, node, item->text);
	else
		add_word(node, item->folded);
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
	struct node *node = add_test(parser, set_kind(left), left), *item;

	if (node->kind == NODE_IN_NUMBERS)
		node->numbers = g_array_new(FALSE, FALSE, sizeof(double));
	do {
		item = parse_literal(parser);
		if (item == NULL)
			return fail_expected(parser, "a value");
		if (!add_item(parser, node, left, item))
			return NULL;
	} while (accept(parser, ","));
	return expect(parser, closing) ? node : NULL;
}

static struct node *
parse_in_range(struct parser *parser, struct node *left)
{
	struct node *low, *high, *node;

	if (left->type == VALUE_TEXT || left->type == VALUE_LIST || left->type == VALUE_BOOLEAN)
		return fail_expected(parser, "a list in parentheses or file '…'");
	low = parse_literal(parser);
	if (low == NULL)
		return fail_expected(parser,
				     "a list in parentheses, file '…' or a range like 5..10");
	if (!expect(parser, ".."))
		return NULL;
	high = parse_literal(parser);
	if (high == NULL)
		return fail_expected(parser, "the end of the range");
	if (!convert(parser, low, left) || !convert(parser, high, left))
		return NULL;
	if (low->type != left->type)
		return fail_mixed(parser, left, low);
	if (high->type != left->type)
		return fail_mixed(parser, left, high);
	if (low->number > high->number)
		return fail_at(parser, low->column, "the range ends before it begins");
	node = add_test(parser, NODE_RANGE, left);
	node->number = low->number;
	node->high = high->number;
	return node;
}

static struct node *
parse_in(struct parser *parser, struct node *left)
{
	if (accept(parser, "file"))
		return parse_in_file(parser, left);
	if (accept(parser, "("))
		return parse_in_list(parser, left, ")");
	if (accept(parser, "["))
		return parse_in_list(parser, left, "]");
	return parse_in_range(parser, left);
}

/* --- matches --- */

static gboolean
add_match(struct parser *parser, struct node *node)
{
	if (parser->token.kind != TOKEN_TEXT) {
		fail_expected(parser, "a pattern in quotes");
		return FALSE;
	}
	if (node->kind == NODE_PHRASES) {
		add_phrases(parser, node, parser->token.text->str);
	} else if (parser->token.text->len > LIMIT_PATTERN) {
		fail_at(parser, parser->token.begin, "a pattern of more than %d bytes",
			LIMIT_PATTERN);
		return FALSE;
	} else {
		g_ptr_array_add(node->patterns, pattern_new(parser->token.text->str));
	}
	advance(parser);
	return TRUE;
}

static struct node *
add_matches(struct parser *parser, struct node *left, gboolean phrases)
{
	struct node *node;

	if (left->type != VALUE_TEXT && left->type != VALUE_LIST)
		return fail_type(parser, left, "a text or list before \"matches\"");
	if (phrases && (left->signal == NULL || !signals_is_new_text(left->signal)))
		return fail_type(parser, left, "text.new before \"matches phrases\"");
	node = add_test(parser, phrases ? NODE_PHRASES : NODE_MATCHES, left);
	if (!phrases)
		node->patterns = g_ptr_array_new_with_free_func((GDestroyNotify)pattern_free);
	return node;
}

static struct node *
parse_matches(struct parser *parser, struct node *left)
{
	struct node *node = add_matches(parser, left, accept(parser, "phrases"));

	if (node == NULL)
		return NULL;
	if (!accept(parser, "("))
		return add_match(parser, node) ? node : NULL;
	do {
		if (!add_match(parser, node))
			return NULL;
	} while (accept(parser, ","));
	return expect(parser, ")") ? node : NULL;
}

/* --- tests, not, and, or --- */

static struct node *
as_test(struct parser *parser, struct node *node)
{
	if (is_test(node))
		return node;
	if (node->type != VALUE_BOOLEAN) {
		g_autofree char *found = describe(node);

		return fail_at(parser, node->column,
			       "expected a condition, found %s: compare it, or ask has(…)", found);
	}
	return add_test(parser, NODE_TRUTH, node);
}

static struct node *
parse_test(struct parser *parser)
{
	struct node *left = parse_operand(parser), *test;
	gboolean negated;

	if (left == NULL)
		return NULL;
	if (parser->token.kind == TOKEN_BAD)
		return fail_expected(parser, "");
	negated = accept(parser, "not");
	if (accept(parser, "in"))
		test = parse_in(parser, left);
	else if (accept(parser, "matches"))
		test = parse_matches(parser, left);
	else if (negated)
		return fail_expected(parser, "\"in\" or \"matches\" after \"not\"");
	else
		test = parse_comparison(parser, left);
	if (test == NULL)
		return NULL;
	test = as_test(parser, test);
	return negated && test != NULL ? add_test(parser, NODE_NOT, test) : test;
}

static struct node *
parse_not(struct parser *parser)
{
	struct node *node;

	if (at_word(parser, "not") || at_word(parser, "!")) {
		if (!enter(parser))
			return NULL;
		advance(parser);
		node = parse_not(parser);
		parser->depth--;
		return node != NULL ? add_test(parser, NODE_NOT, node) : NULL;
	}
	if (at_word(parser, "(")) {
		if (!enter(parser))
			return NULL;
		advance(parser);
		node = parse_or(parser);
		parser->depth--;
		return node != NULL && expect(parser, ")") ? node : NULL;
	}
	return parse_test(parser);
}

static struct node *
parse_chain(struct parser *parser, enum node_kind kind, const char *word, const char *symbol,
	    struct node *(*parse_term)(struct parser *parser))
{
	struct node *first = parse_term(parser), *last = first, *chain;

	if (first == NULL || (!at_word(parser, word) && !at_word(parser, symbol)))
		return first;
	chain = add_test(parser, kind, first);
	while (accept(parser, word) || accept(parser, symbol)) {
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
	struct node *node = parse_operand(parser), *count;

	if (node == NULL)
		return NULL;
	if (node->type == VALUE_LIST) {
		count = add_node(parser, NODE_COUNT_LIST, VALUE_NUMBER, node->column);
		count->signal = node->signal;
		return count;
	}
	if (node->type != VALUE_NUMBER && node->type != VALUE_BOOLEAN)
		return fail_type(parser, node, "a number, a list or a boolean");
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

	expression->nodes = g_ptr_array_new_with_free_func(node_free);
	parser.token.text = g_string_new(NULL);
	if (strlen(text) > LIMIT_EXPRESSION) {
		fail_at(&parser, 0, "a condition of more than %d bytes", LIMIT_EXPRESSION);
	} else if (!g_utf8_validate(text, -1, NULL)) {
		fail_at(&parser, 0, "the condition is not UTF-8");
	} else {
		advance(&parser);
		expression->root = parse(&parser);
		if (expression->root != NULL && parser.token.kind != TOKEN_END)
			fail_expected(&parser, "\"and\", \"or\" or the end");
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

/* --- names --- */

struct expression_names *
expression_names_new(void)
{
	struct expression_names *names = g_new0(struct expression_names, 1);

	names->phrases = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	names->touches = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return names;
}

void
expression_names_free(struct expression_names *names)
{
	if (names == NULL)
		return;
	g_hash_table_unref(names->phrases);
	g_hash_table_unref(names->touches);
	g_free(names);
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
