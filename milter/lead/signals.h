/*
 * signals.h - the table of typed signals: every fact of a message, person, account,
 * conversation and history that a rule's condition may test.
 *
 * A row says name, type, meaning and where the value comes from; the same table drives the
 * type check, evaluation, `leadctl signals` and the "did you mean" of errors.  Reading a signal is
 * a few loads, allocates nothing and can't fail: what is not known (no store, no phone in the mail)
 * is "unknown", and every test of an unknown value is false.  Any thread.
 */
#ifndef LEADMILTER_SIGNALS_H
#define LEADMILTER_SIGNALS_H

#include "lead/decide.h"
#include "mail/facts.h"

enum value_type {
	VALUE_BOOLEAN,
	VALUE_NUMBER,
	VALUE_DURATION, /* microseconds */
	VALUE_TIME, /* microseconds since the epoch */
	VALUE_CHOICE, /* one of an ordered set of names; the number is its index */
	VALUE_TEXT,
	VALUE_LIST /* of texts, read one by one */
};

struct value {
	gboolean known;
	double number; /* booleans 0 or 1; times are exact until the year 2255 */
	const char *text; /* VALUE_TEXT; owned by the input */
};

/* What signals are read from; any pointer may be NULL. */
struct signal_input {
	const struct facts *facts;
	const struct known *known;
	const struct lead *lead; /* the person's card as it was before this message */
	const GPtrArray *touches; /* struct touch *: its ledger */
	const struct event *event; /* what an endpoint's filter is asked about */
	const struct word_list *targets; /* domains of the target account list */
	gint64 now;
};

struct signal;

/** By exact name, or NULL.  Static. */
const struct signal *signals_find(const char *name);
/** The signal whose name is fewest edits away, or NULL when none is near. */
const struct signal *signals_nearest(const char *name);
/** The closest of `count` names, or NULL when none is near enough to be a slip of the hand. */
const char *signals_nearest_name(const char *name, const char *const *names, guint count);
/** The whole table, in the order of its topics. @param i from 0; NULL past the end. */
const struct signal *signals_nth(guint i);

const char *signals_name(const struct signal *signal);
enum value_type signals_type(const struct signal *signal);
const char *signals_doc(const struct signal *signal);
/** The names of a VALUE_CHOICE in their order, NULL-terminated; NULL for other types. */
const char *const *signals_choices(const struct signal *signal);
/** `in` a list of domains finds parents too: "mail.example.com" is in ("example.com"). */
gboolean signals_is_domain(const struct signal *signal);
/** The list is that of the phrase lists found in the new text. */
gboolean signals_is_phrases(const struct signal *signal);
/** The text phrase lists are matched against. */
gboolean signals_is_new_text(const struct signal *signal);
/** Says of which kind or direction the message is. */
gboolean signals_is_kind(const struct signal *signal);

/** Value of any signal but a list (of a list: its length). */
struct value signals_read(const struct signal *signal, const struct signal_input *input);
/** Item `i` of a VALUE_LIST, NULL past the end; owned by the input. */
const char *signals_item(const struct signal *signal, const struct signal_input *input, guint i);

/** The value for people, for placeholders in reasons: "" when unknown.  Caller frees. */
char *signals_format(const struct signal *signal, const struct signal_input *input);
/** What in the mail made the signal so (the words, the header field), capped; NULL when there is
 *  nothing to show.  Caller frees. */
char *signals_evidence(const struct signal *signal, const struct signal_input *input);

/** Names of the types: "number", "duration" … */
const char *signals_type_name(enum value_type type);
/** The table as text for `leadctl signals`: name, type, meaning, a line each.  Caller frees. */
char *signals_to_text(void);

#endif
