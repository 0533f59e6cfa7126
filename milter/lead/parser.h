/*
 * parser.h - reading a condition: between expression.c (tests), operand.c (operands) and parser.c.
 *
 * Every function that returns a node returns NULL after an error; the first error is kept.
 */
#ifndef LEADMILTER_PARSER_H
#define LEADMILTER_PARSER_H

#include "lead/expression_node.h"
#include "lead/expression_tokens.h"

struct parser {
	const char *text;
	const struct expression_source *source;
	struct expression_names *names;
	struct expression *expression;
	struct token token; /* the one at hand */
	guint depth;
	GError *error;
};

/** "file:line:column: …" at an offset of the text. @return NULL */
struct node *parser_fail(struct parser *parser, guint offset, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/** "expected …, found …" at the token at hand. @return NULL */
struct node *parser_fail_expected(struct parser *parser, const char *expected);
/** "expected …, found person.name, a text" at a node. @return NULL */
struct node *parser_fail_type(struct parser *parser, const struct node *node, const char *expected);
/** A node for people; caller frees. */
char *parser_describe(const struct node *node);

void parser_advance(struct parser *parser);
/** The token at hand is that word or symbol. */
gboolean parser_at(const struct parser *parser, const char *word);
gboolean parser_accept(struct parser *parser, const char *word);
gboolean parser_expect(struct parser *parser, const char *word);
/** One level deeper; the caller takes one off `depth` after it. @return FALSE: too deep */
gboolean parser_enter(struct parser *parser);

struct node *parser_add_node(struct parser *parser, enum node_kind kind, enum value_type type,
			     guint column);
struct node *parser_add_test(struct parser *parser, enum node_kind kind, struct node *left);
/** A node with the text of the token at hand. */
struct node *parser_add_text(struct parser *parser, enum node_kind kind, enum value_type type);
void parser_free_node(gpointer node);

struct node *operand_parse(struct parser *parser);
/** A constant; NULL, without an error, when there is none at hand. */
struct node *operand_parse_literal(struct parser *parser);
/** Give a constant text the type of what it is compared with. */
gboolean operand_convert(struct parser *parser, struct node *constant, const struct node *like);
void operand_add_word(struct node *node, const char *folded);
/** @param list a text constant with the list's name */
gboolean operand_add_phrases(struct parser *parser, struct node *node, const struct node *list);

#endif
