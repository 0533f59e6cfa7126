/*
 * expression_tokens.h - the words of a condition, one after another.
 */
#ifndef LEADMILTER_EXPRESSION_TOKENS_H
#define LEADMILTER_EXPRESSION_TOKENS_H

#include <glib.h>

enum token_kind {
	TOKEN_END,
	TOKEN_NAME,
	TOKEN_NUMBER,
	TOKEN_DURATION,
	TOKEN_TEXT,
	TOKEN_SYMBOL,
	TOKEN_BAD /* `text` says why */
};

struct token {
	enum token_kind kind;
	guint begin, end; /* bytes of the source */
	double number; /* durations in microseconds */
	GString *text; /* name, symbol, or text without its quotes */
};

/** Read the token at token->end into `token`, whose `text` the caller made. */
void expression_next_token(const char *source, struct token *token);

#endif
