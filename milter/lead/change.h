/*
 * change.h - what every decision is made of: touch, score, stage, owner and events of a lead,
 * changed together.  Between decide.c and the files that decide for one way of mail each; nobody
 * else's.
 *
 * Everything a message changes is dated by the message (an archive is replayed that way);
 * scores and events by `now`.  Touches from outside, outcomes and time change leads without a
 * message.
 */
#ifndef LEADMILTER_CHANGE_H
#define LEADMILTER_CHANGE_H

#include "lead/assign.h"
#include "lead/decide.h"
#include "lead/score.h"
#include "lead/stage.h"

struct change_context {
	const struct facts *facts; /* NULL: no message makes the change */
	struct known *known;
	const struct scorecards *scorecards;
	const struct config *config;
	gint64 now;
	gint64 time; /* of the message or touch, never after now */
};

/** What a decision is made in: no message, until its facts are set.
 *  @param time of what happened, as others say; 0 is now */
struct change_context change_context_of(struct known *known, const struct scorecards *scorecards,
					gint64 time, gint64 now);

/* Types of the events to make, NULL-terminated. */
struct change_types {
	const char *name[8];
	guint count;
};
void change_add_type(struct change_types *types, gboolean when, const char *name);

/** @param reason is taken */
struct decision *change_decision(enum action action, char *reason);

/** What was decided before: the answer of then. */
struct decision *change_duplicate(const struct known *known);

/** The ledger has this message already: the same mail came for another recipient. */
gboolean change_is_repeated(const GPtrArray *ledger, const char *message_id);
/** It came to a watched mailbox, or belongs to a conversation we know (which makes no lead). */
gboolean change_is_watched(const struct change_context *context);
/** More messages of this conversation came within flood_window than flood_messages: a robot
 *  answers a robot, perhaps.  They are kept, but neither counted nor told. */
gboolean change_is_flood(const struct change_context *context, const GPtrArray *ledger);
/** Make `candidate` the first one, so that known->touches is its ledger. */
void change_promote(struct known *known, struct candidate *candidate);

struct touch *change_touch(const struct change_context *context, const char *name,
			   const char *direction);
/** How long a touch took to answer what was written at `since`, in real and in working time; 0:
 *  it answers nothing. */
void change_latency(const struct change_context *context, struct touch *touch, gint64 since);
/** A time others gave for what happened: not ahead of us by more than clocks differ, not ages ago;
 *  0 is now. @return FALSE with ERROR_INPUT */
gboolean change_check_time(gint64 time, gint64 now, GError **error);
/** What a named touch gives on every card of the lead. @return struct contribution *, caller
 *  unrefs */
GPtrArray *change_touch_points(const struct change_context *context, const struct lead *lead,
			       const char *name);
/** What the configuration lets be kept of a mail: its words at all; an excerpt. */
gboolean change_keeps_words(const struct config *config);
gboolean change_keeps_text(const struct config *config);
/** Take the words that rules found out of a touch where none are kept. */
void change_drop_words(const struct change_context *context, struct touch *touch);
/** The longest beginning of at most `most` bytes, cut between characters.  Caller frees. */
char *change_cut_text(const char *text, gsize most);

/** Evaluate a ledger and a new touch (or NULL), and keep the figures in the lead.
 *  @param ret_all holds what the score points into; caller unrefs after score_clear() */
void change_score(const struct change_context *context, struct lead *lead, const GPtrArray *ledger,
		  struct touch *touch, struct score *ret, GPtrArray **ret_all);
/** The same for a whole ledger as of a time. */
void change_evaluate(const struct change_context *context, struct lead *lead, GPtrArray *touches,
		     gint64 now, struct score *ret);
/** Takes the cause out of `result`. */
void change_stage(const struct change_context *context, struct lead *lead,
		  struct stage_result *result);
/** Write an assignment into the decision: its lead's owner, turns, what the reason should tell.
 *  Clears `assignment`. @return TRUE when the owner is another one than before. */
gboolean change_owner(const struct change_context *context, struct decision *decision,
		      struct assignment *assignment);
/** The same for what assign_inbound() says when no message was sent by the lead. */
gboolean change_assign(const struct change_context *context, struct decision *decision);
/** The events of a decision, once its lead and touch are final. */
void change_add_events(const struct change_context *context, struct decision *decision,
		       const struct score *score, const struct change_types *types);

/** A person writes to us. */
struct decision *inbound_decide(const struct change_context *context);
/** One of us writes to people, leads perhaps. */
struct decision *outbound_decide(const struct change_context *context);
/** Our mail comes back (returned.c). */
struct decision *returned_decide_bounce(const struct change_context *context);
/** A machine answers for the person (returned.c). */
struct decision *returned_decide_reply(const struct change_context *context);
/** The return date that an absence note's touch tells, 0 none. */
gint64 returned_absent_until(const struct touch *touch);

#endif
