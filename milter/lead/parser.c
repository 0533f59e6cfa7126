/*
 * parser.c - what reading a condition stands on: its tokens, its nodes, its errors (parser.h).
 */
#include "lead/parser.h"

#include <string.h>

#include "base/error.h"
#include "base/limits.h"

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

struct node *
parser_fail(struct parser *parser, guint offset, const char *format, ...)
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
struct node *
parser_fail_expected(struct parser *parser, const char *expected)
{
	const struct token *token = &parser->token;

	if (token->kind == TOKEN_BAD)
		return parser_fail(parser, token->begin, "%s", token->text->str);
	if (token->kind == TOKEN_END)
		return parser_fail(parser, token->begin, "expected %s, found the end", expected);
	return parser_fail(parser, token->begin, "expected %s, found \"%.*s\"", expected,
			   (int)MIN(token->end - token->begin, 60), parser->text + token->begin);
}

char *
parser_describe(const struct node *node)
{
	const char *type = signals_type_name(node->type);

	if (node->kind == NODE_SIGNAL)
		return g_strdup_printf("%s, a %s", signals_name(node->signal), type);
	if (node->kind == NODE_TEXT)
		return g_strdup_printf("the text '%.60s'", node->text);
	return g_strdup_printf("a %s", type);
}

struct node *
parser_fail_type(struct parser *parser, const struct node *node, const char *expected)
{
	g_autofree char *found = parser_describe(node);

	return parser_fail(parser, node->column, "expected %s, found %s", expected, found);
}

/* --- tokens and nodes --- */

void
parser_advance(struct parser *parser)
{
	expression_next_token(parser->text, &parser->token);
}

gboolean
parser_at(const struct parser *parser, const char *word)
{
	enum token_kind kind = g_ascii_isalpha(word[0]) ? TOKEN_NAME : TOKEN_SYMBOL;

	return parser->token.kind == kind && strcmp(parser->token.text->str, word) == 0;
}

gboolean
parser_accept(struct parser *parser, const char *word)
{
	if (!parser_at(parser, word))
		return FALSE;
	parser_advance(parser);
	return TRUE;
}

gboolean
parser_expect(struct parser *parser, const char *word)
{
	g_autofree char *quoted = NULL;

	if (parser_accept(parser, word))
		return TRUE;
	quoted = g_strdup_printf("\"%s\"", word);
	parser_fail_expected(parser, quoted);
	return FALSE;
}

void
parser_free_node(gpointer data)
{
	struct node *node = data;

	g_free(node->text);
	g_free(node->folded);
	g_clear_pointer(&node->numbers, g_array_unref);
	g_clear_pointer(&node->words, g_hash_table_unref);
	g_clear_pointer(&node->patterns, g_ptr_array_unref);
	g_free(node);
}

struct node *
parser_add_node(struct parser *parser, enum node_kind kind, enum value_type type, guint column)
{
	struct node *node = g_new0(struct node, 1);

	node->kind = kind;
	node->type = type;
	node->column = column;
	g_ptr_array_add(parser->expression->nodes, node);
	return node;
}

struct node *
parser_add_test(struct parser *parser, enum node_kind kind, struct node *left)
{
	struct node *node = parser_add_node(parser, kind, VALUE_BOOLEAN, left->column);

	node->left = left;
	return node;
}

struct node *
parser_add_text(struct parser *parser, enum node_kind kind, enum value_type type)
{
	struct node *node = parser_add_node(parser, kind, type, parser->token.begin);

	node->text = g_strdup(parser->token.text->str);
	node->folded = g_utf8_casefold(node->text, -1);
	return node;
}

gboolean
parser_enter(struct parser *parser)
{
	if (parser->depth >= LIMIT_EXPRESSION_DEPTH) {
		parser_fail(parser, parser->token.begin, "nested deeper than %d",
			    LIMIT_EXPRESSION_DEPTH);
		return FALSE;
	}
	parser->depth++;
	return TRUE;
}
