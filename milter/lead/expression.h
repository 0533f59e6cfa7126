/*
 * expression.h - conditions over signals: the language of a scorecard's `when` and `value`.
 *
 *   condition  = and-term { "or" and-term }
 *   and-term   = not-term { "and" not-term }
 *   not-term   = "not" not-term | "(" condition ")" | test
 *   test       = operand [ ("==" | "!=" | "<" | "<=" | ">" | ">=") operand
 *                        | [ "not" ] "in" set
 *                        | [ "not" ] "matches" ( text | "(" text, … ")" | "phrases" text-or-list )
 * ] set        = "(" literal, … ")" | low ".." high | "file" text operand    = signal | function
 * "(" arguments ")" | literal literal    = number | duration (30d, 2h, 15m, 90s, 2w, "30 days") |
 * text | true | false
 *
 * Text is in 'single' or "double" quotes, with \ before a quote or a \.  "=" is "==", "&&", "||"
 * and "!" are the words; words of the language are lower case; '#' begins a comment to the end of
 * a line.  Types are those of the signals (signals.h) and are checked when it is compiled: a
 * boolean signal alone is a test, other types are compared with their own type only.  A time is
 * compared with a text ("2026-01-31"), a choice with the name of one of its values, which are
 * ordered.  Text is compared without regard to case, up to LIMIT_PATTERN_TEXT bytes; `in` on a
 * domain finds parents; `in` and `matches` on a list ask whether any item does.  Patterns are globs
 * (* and ?) of the whole text.
 *
 *   count(list)            items            count('touch')         such touches in the ledger
 *   count('touch', 30d)    of late          age(time)              duration since
 *   age('touch')           since the last   within(time, 7d)       at most so long ago
 *   within('touch', 7d)    a touch of late  has(signal)            it is known and not empty
 *   has(list, 'item')      contains         has('touch')           the ledger has one
 *   header('X-Name'), utm('source'), form('key')  texts of the mail
 *
 * A test of something unknown is false, `not` of it true.  Evaluation can't fail, doesn't recurse
 * deeper than LIMIT_EXPRESSION_DEPTH, and costs a few loads a test: phrase lists and touch names
 * are numbered when compiled (struct expression_names) and looked up once per message.
 *
 * Expressions are immutable; any thread.  A struct evaluation belongs to one message on one thread.
 */
#ifndef LEADMILTER_EXPRESSION_H
#define LEADMILTER_EXPRESSION_H

#include "lead/signals.h"

/* The phrase lists and touch names that a set of expressions asks for. */
struct expression_names;
struct expression_names *expression_names_new(void);
void expression_names_free(struct expression_names *names);
/** Such a phrase list exists.  Once one is allowed, others are errors of what is compiled after. */
void expression_names_allow(struct expression_names *names, const char *list);

/* Where an expression stands. */
struct expression_source {
	const char *file; /* for messages */
	int line, column; /* of its first character, from 1 */
};

struct expression;

/**
 * Compile a condition.
 * @param names grows; must outlive the expression
 * @return NULL with ERROR_CONFIG "file:line:column: what is wrong, expected what".  Caller frees.
 */
struct expression *expression_compile(const char *text, const struct expression_source *source,
				      struct expression_names *names, GError **error);
/** Compile what gives a number: a number signal, a list (its length), a boolean, count(…). */
struct expression *expression_compile_number(const char *text,
					     const struct expression_source *source,
					     struct expression_names *names, GError **error);
void expression_free(struct expression *expression);
typedef struct expression expression_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(expression_owned, expression_free)

/** It asks of which kind or direction the message is, and so may hold for mail of no person. */
gboolean expression_asks_kind(const struct expression *expression);

/** The first thing it asks for that isn't a signal which `allows`: a signal's name or what else it
 *  reads of mail and history.  NULL when there is none. */
const char *expression_asks_beyond(const struct expression *expression,
				   gboolean (*allows)(const struct signal *signal));

/* What is worked out once per message for all expressions; filled on first use. */
struct evaluation {
	struct signal_input input;
	const struct expression_names *names;
	guint64 *hits; /* a bit per phrase list */
	GArray **histories; /* per touch name: gint64 times, ascending */
	GHashTable *folded; /* long text → itself folded for comparing */
};

/** @param input its pointers must stay until expression_end() */
void expression_begin(struct evaluation *evaluation, const struct expression_names *names,
		      const struct signal_input *input);
void expression_end(struct evaluation *evaluation);

gboolean expression_test(const struct expression *expression, struct evaluation *evaluation);
/** Of expression_compile_number(); 0 when unknown. */
double expression_number(const struct expression *expression, struct evaluation *evaluation);
/** What made a condition true: the words or header field of each test that did, at most
 *  LIMIT_SHOWN bytes; NULL when there is nothing to show.  Caller frees. */
char *expression_evidence(const struct expression *expression, struct evaluation *evaluation);

#endif
