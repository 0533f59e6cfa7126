/*
 * expression_tokens.c - cutting a condition into words; see expression.h for what they are.
 *
 * Pure, linear, any thread.  Whatever the bytes, a token is never empty but at the end, so a
 * reader always comes to one.
 */
#include "lead/expression_tokens.h"

#include <string.h>

#include "base/clock.h"

static const char *const SYMBOLS[] = { "==", "!=", "<=", ">=", "&&", "||", "..", "=",
				       "<",  ">",  "!",  "(",  ")",  ",",  "[",  "]" };

static gboolean
is_name_byte(char c)
{
	return g_ascii_isalnum(c) || c == '_' || c == '.' || c == '-';
}

static guint
skip_blanks(const char *source, guint at)
{
	for (;;) {
		while (g_ascii_isspace(source[at]))
			at++;
		if (source[at] != '#')
			return at;
		while (source[at] != '\0' && source[at] != '\n')
			at++;
	}
}

static void
bad(struct token *token, const char *why)
{
	token->kind = TOKEN_BAD;
	g_string_assign(token->text, why);
}

static void
read_text(const char *source, struct token *token)
{
	char quote = source[token->begin];
	guint at = token->begin + 1;

	token->kind = TOKEN_TEXT;
	for (; source[at] != '\0' && source[at] != quote; at++) {
		if (source[at] == '\\' &&
		    (source[at + 1] == '\\' || source[at + 1] == '\'' || source[at + 1] == '"'))
			at++;
		g_string_append_c(token->text, source[at]);
	}
	token->end = at;
	if (source[at] == '\0')
		bad(token, "text without its closing quote");
	else
		token->end++;
}

/* A unit right after a number, or after blanks, makes it a duration. */
static void
read_unit(const char *source, struct token *token)
{
	guint begin = skip_blanks(source, token->end), end = begin;
	gint64 unit;

	while (g_ascii_isalpha(source[end]))
		end++;
	unit = clock_unit(source + begin, end - begin);
	if (unit > 0) {
		token->kind = TOKEN_DURATION;
		token->number *= (double)unit;
		token->end = end;
	} else if (end > begin && begin == token->end) {
		token->end = end;
		bad(token,
		    "a number with an unknown unit, expected s, m, h, d, w, months or years");
	}
}

static void
read_number(const char *source, struct token *token)
{
	guint at = token->begin + (source[token->begin] == '-');

	while (g_ascii_isdigit(source[at]))
		at++;
	/* "5..10" is a range. */
	if (source[at] == '.' && g_ascii_isdigit(source[at + 1])) {
		at++;
		while (g_ascii_isdigit(source[at]))
			at++;
	}
	g_string_append_len(token->text, source + token->begin, at - token->begin);
	token->kind = TOKEN_NUMBER;
	token->number = g_ascii_strtod(token->text->str, NULL);
	token->end = at;
	if (token->text->len > 32)
		bad(token, "a number of more than 32 digits");
	else
		read_unit(source, token);
}

static void
read_name(const char *source, struct token *token)
{
	guint at = token->begin;

	while (is_name_byte(source[at]))
		at++;
	token->kind = TOKEN_NAME;
	token->end = at;
	g_string_append_len(token->text, source + token->begin, at - token->begin);
}

static void
read_symbol(const char *source, struct token *token)
{
	for (guint i = 0; i < G_N_ELEMENTS(SYMBOLS); i++) {
		if (g_str_has_prefix(source + token->begin, SYMBOLS[i])) {
			token->kind = TOKEN_SYMBOL;
			token->end = token->begin + (guint)strlen(SYMBOLS[i]);
			g_string_append(token->text, SYMBOLS[i]);
			return;
		}
	}
	token->end = token->begin + 1;
	bad(token, "a character that means nothing here");
}

void
expression_next_token(const char *source, struct token *token)
{
	guint at = skip_blanks(source, token->end);
	char c = source[at];

	token->begin = token->end = at;
	token->number = 0;
	g_string_truncate(token->text, 0);
	if (c == '\0')
		token->kind = TOKEN_END;
	else if (c == '\'' || c == '"')
		read_text(source, token);
	else if (g_ascii_isdigit(c) || (c == '-' && g_ascii_isdigit(source[at + 1])))
		read_number(source, token);
	else if (g_ascii_isalpha(c))
		read_name(source, token);
	else
		read_symbol(source, token);
}
