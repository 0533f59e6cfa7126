/*
 * event.h - events as JSON: {type, timestamp, data}, valid UTF-8 always, below LIMIT_EVENT.
 *
 * The shape is conf/schemas/event.schema.json; keys come in one fixed order and unknown values are
 * null.  An event of type EVENT_FORGOTTEN has nothing but the lead's id, times and stage: what
 * it tells of is gone.  Contributions sum to the score's total: what is over
 * LIMIT_EVENT_CONTRIBUTIONS is one entry "others".  Times are RFC 3339 UTC, durations seconds. Pure
 * but for the event's id; any thread.
 */
#ifndef LEADMILTER_EVENT_H
#define LEADMILTER_EVENT_H

#include "lead/decide.h"
#include "lead/score.h"

#define EVENT_SCHEMA 1
#define EVENT_TEST "leadmilter.test"
#define EVENT_FORGOTTEN "contact.forgotten"

struct event_input {
	const char *type;
	const struct lead *lead;
	const struct lead *before; /* for `previous`, or NULL */
	const struct lead *other; /* the other card of a merge or a division, or NULL */
	const struct score *score; /* or NULL: the lead's cached figures, no contributions */
	const struct account *account; /* or NULL */
	const struct touch *touch; /* or NULL */
	const struct facts *facts; /* or NULL */
	gint64 time;
	gboolean with_text;
	gboolean without_content; /* no subject, text, names of attachments, words of evidence */
	enum match match; /* why this lead; MATCHED_NOTHING when it is new or not by mail */
};

struct event *event_new(const struct event_input *input);

/** The same event under several types (NULL-terminated; input->type is not read), appended
 *  to `events` (struct event *): data is written once. */
void event_add_all(GPtrArray *events, const struct event_input *input, const char *const *types);

/** An event of type leadmilter.test, of no lead, by which an administrator tries an endpoint. */
struct event *event_new_test(const char *endpoint, gint64 time);

/** An event's body without data.message.text, for an endpoint that must not get it.  Caller
 *  frees. */
char *event_body_without_text(const struct event *event);

#endif
