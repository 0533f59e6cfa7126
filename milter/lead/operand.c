/*
 * operand.c - the operands of a condition: constants, signals and functions (parser.h).
 *
 * What can be worked out once is: texts are folded, dates parsed, names of choices made numbers,
 * phrase lists and touch names numbered.
 */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/parser.h"

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
	parser_fail(parser, constant->column, "%s is never '%.60s'%s%s%s; expected one of %s",
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
		parser_fail(
			parser, constant->column,
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
gboolean
operand_convert(struct parser *parser, struct node *constant, const struct node *like)
{
	if (constant->kind != NODE_TEXT)
		return TRUE;
	if (like->type == VALUE_CHOICE && like->signal != NULL)
		return to_choice(parser, constant, like);
	if (like->type == VALUE_TIME)
		return to_time(parser, constant);
	return TRUE;
}

struct node *
operand_parse_literal(struct parser *parser)
{
	const struct token *token = &parser->token;
	struct node *node = NULL;

	if (token->kind == TOKEN_NUMBER || token->kind == TOKEN_DURATION) {
		node = parser_add_node(parser, NODE_NUMBER,
				       token->kind == TOKEN_NUMBER ? VALUE_NUMBER : VALUE_DURATION,
				       token->begin);
		node->number = token->number;
	} else if (token->kind == TOKEN_TEXT) {
		node = parser_add_text(parser, NODE_TEXT, VALUE_TEXT);
	} else if (parser_at(parser, "true") || parser_at(parser, "false")) {
		node = parser_add_node(parser, NODE_NUMBER, VALUE_BOOLEAN, token->begin);
		node->number = parser_at(parser, "true");
	}
	if (node != NULL)
		parser_advance(parser);
	return node;
}

/* --- functions --- */

static gboolean
parse_window(struct parser *parser, struct node *node)
{
	if (parser->token.kind != TOKEN_DURATION) {
		parser_fail_expected(parser, "a duration like 30d or 2h");
		return FALSE;
	}
	node->high = parser->token.number;
	parser_advance(parser);
	return TRUE;
}

/* A node about the touches of a name, from the text at hand. */
static struct node *
parse_touch(struct parser *parser, enum node_kind kind, enum value_type type)
{
	struct node *node = parser_add_text(parser, kind, type);

	node->id = expression_names_touch(parser->names, node->text);
	node->high = INFINITY;
	parser_advance(parser);
	return node;
}

static struct node *
parse_count(struct parser *parser)
{
	struct node *node, *list;

	if (parser->token.kind == TOKEN_TEXT) {
		node = parse_touch(parser, NODE_COUNT_TOUCH, VALUE_NUMBER);
		return parser_accept(parser, ",") && !parse_window(parser, node) ? NULL : node;
	}
	list = operand_parse(parser);
	if (list == NULL)
		return NULL;
	if (list->type != VALUE_LIST)
		return parser_fail_type(parser, list, "a list or the name of a touch in quotes");
	node = parser_add_node(parser, NODE_COUNT_LIST, VALUE_NUMBER, list->column);
	node->signal = list->signal;
	return node;
}

static struct node *
parse_time(struct parser *parser)
{
	struct node *time = operand_parse(parser);

	if (time != NULL && time->type != VALUE_TIME)
		return parser_fail_type(parser, time, "a time or the name of a touch in quotes");
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
	node = parser_add_node(parser, NODE_AGE, VALUE_DURATION, time->column);
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
		node = parser_add_test(parser, NODE_WITHIN, time);
	}
	return parser_expect(parser, ",") && parse_window(parser, node) ? node : NULL;
}

void
operand_add_word(struct node *node, const char *folded)
{
	if (node->words == NULL)
		node->words = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_add(node->words, g_strdup(folded));
}

static gboolean
is_list(struct parser *parser, const struct node *list)
{
	const GPtrArray *lists = parser->names->lists;
	const char *nearest;

	if (lists->len == 0 ||
	    g_ptr_array_find_with_equal_func((GPtrArray *)lists, list->text, g_str_equal, NULL))
		return TRUE;
	nearest = signals_nearest_name(list->text, (const char *const *)lists->pdata, lists->len);
	parser_fail(parser, list->column, "no phrase list '%.60s'%s%s%s", list->text,
		    nearest != NULL ? ": did you mean '" : ", expected one of conf/lists/phrases",
		    nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
	return FALSE;
}

gboolean
operand_add_phrases(struct parser *parser, struct node *node, const struct node *list)
{
	guint id;

	if (!is_list(parser, list))
		return FALSE;
	id = expression_names_phrase(parser->names, list->text);
	if (node->numbers == NULL)
		node->numbers = g_array_new(FALSE, FALSE, sizeof(guint));
	g_array_append_val(node->numbers, id);
	return TRUE;
}

static struct node *
parse_has_item(struct parser *parser, struct node *list)
{
	struct node *node, *item;

	if (list->type != VALUE_LIST)
		return parser_fail_type(parser, list, "a list before the \",\"");
	if (parser->token.kind != TOKEN_TEXT)
		return parser_fail_expected(parser, "an item in quotes");
	item = operand_parse_literal(parser);
	if (signals_is_phrases(list->signal)) {
		node = parser_add_test(parser, NODE_PHRASES, list);
		return operand_add_phrases(parser, node, item) ? node : NULL;
	}
	node = parser_add_test(parser, NODE_IN_WORDS, list);
	operand_add_word(node, item->folded);
	return node;
}

static struct node *
parse_has(struct parser *parser)
{
	struct node *operand;

	if (parser->token.kind == TOKEN_TEXT)
		return parse_touch(parser, NODE_WITHIN_TOUCH, VALUE_BOOLEAN);
	operand = operand_parse(parser);
	if (operand == NULL)
		return NULL;
	if (parser_accept(parser, ","))
		return parse_has_item(parser, operand);
	if (operand->type == VALUE_BOOLEAN)
		return parser_fail_type(parser, operand,
					"something that may be empty: a boolean stands alone");
	return parser_add_test(parser, NODE_HAS, operand);
}

static struct node *
parse_text_function(struct parser *parser, enum node_kind kind)
{
	struct node *node;

	if (parser->token.kind != TOKEN_TEXT)
		return parser_fail_expected(parser, "a name in quotes");
	node = parser_add_text(parser, kind, VALUE_TEXT);
	parser_advance(parser);
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
		if (!parser_enter(parser))
			return NULL;
		node = FUNCTIONS[i].parse(parser);
		parser->depth--;
		return node != NULL && parser_expect(parser, ")") ? node : NULL;
	}
	nearest = signals_nearest_name(name, names, G_N_ELEMENTS(names));
	return parser_fail(
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
			return parser_fail(parser, column,
					   "unknown signal \"%.80s\": did you mean \"%s\"?", name,
					   signals_name(nearest));
		return parser_fail(parser, column,
				   "unknown signal \"%.80s\", expected one of `leadctl signals`",
				   name);
	}
	node = parser_add_node(parser, NODE_SIGNAL, signals_type(signal), column);
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

struct node *
operand_parse(struct parser *parser)
{
	struct node *node = operand_parse_literal(parser);
	g_autofree char *name = NULL;
	guint column = parser->token.begin;

	if (node != NULL)
		return node;
	if (parser->token.kind != TOKEN_NAME || is_reserved(parser->token.text->str))
		return parser_fail_expected(parser, "a signal, a function or a value");
	name = g_strdup(parser->token.text->str);
	parser_advance(parser);
	if (parser_accept(parser, "("))
		return parse_function(parser, name, column);
	return add_signal(parser, name, column);
}
