/*
 * expression_node.h - the tree of a compiled condition; between expression.c, which builds and
 * checks it, and evaluate.c, which runs it.
 */
#ifndef LEADMILTER_EXPRESSION_NODE_H
#define LEADMILTER_EXPRESSION_NODE_H

#include "lead/expression.h"

enum node_kind {
	/* operands */
	NODE_NUMBER, /* any type whose value is a number; known at load */
	NODE_TEXT,
	NODE_SIGNAL,
	NODE_COUNT_LIST,
	NODE_COUNT_TOUCH,
	NODE_AGE,
	NODE_AGE_TOUCH,
	NODE_HEADER,
	NODE_UTM,
	NODE_FORM,
	/* tests: boolean */
	NODE_AND,
	NODE_OR,
	NODE_NOT,
	NODE_TRUTH,
	NODE_COMPARE,
	NODE_EQUAL_TEXT,
	NODE_RANGE,
	NODE_IN_NUMBERS,
	NODE_IN_WORDS,
	NODE_MATCHES,
	NODE_PHRASES,
	NODE_HAS,
	NODE_WITHIN,
	NODE_WITHIN_TOUCH
};

enum comparison { EQUAL, NOT_EQUAL, LESS, AT_MOST, GREATER, AT_LEAST };

struct node {
	enum node_kind kind;
	enum value_type type;
	guint column; /* offset in the text, for messages */
	enum comparison comparison;
	struct node *left, *right; /* operands, or the first child of and, or, not */
	struct node *next; /* the next child of and, or */
	const struct signal *signal;
	double number, high; /* constant; low and high of a range; a window (high) */
	char *text; /* constant, or an argument */
	char *folded; /* of `text` */
	guint id; /* of a touch name */
	GArray *numbers; /* double, or guint ids of phrase lists */
	GHashTable *words; /* folded */
	GPtrArray *patterns; /* struct pattern * */
};

/* A glob, cut at its stars; folded. */
struct pattern {
	char **pieces;
	guint count;
	gboolean has_any; /* a piece holds '?' */
};

struct expression {
	GPtrArray *nodes; /* owns all of them */
	struct node *root;
	gboolean asks_kind;
};

/** Number of a name, given when first asked for. */
guint expression_names_phrase(struct expression_names *names, const char *list);
guint expression_names_touch(struct expression_names *names, const char *touch);

struct expression_names {
	GHashTable *phrases; /* name → number + 1 */
	GHashTable *touches; /* name → number + 1 */
	GPtrArray *lists; /* char *: the phrase lists there are; empty: not known */
};

struct pattern *pattern_new(const char *glob);
void pattern_free(struct pattern *pattern);
/** @param text folded */
gboolean pattern_matches(const struct pattern *pattern, const char *text, gsize length);

#endif
