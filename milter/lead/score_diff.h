/*
 * score_diff.h - what another scorecard does to an archive of mail, before it goes live.
 *
 * Every message is scored alone on both cards; what differs is told for each message, and summed
 * up for all of them and for each rule.  Rules are compared by name, points as they count.  Pure;
 * any thread, one diff on one at a time.
 */
#ifndef LEADMILTER_SCORE_DIFF_H
#define LEADMILTER_SCORE_DIFF_H

#include "lead/score.h"

/* One rule in one message, or in all. */
struct score_diff_rule {
	char *rule;
	double before, after; /* points */
	guint messages_before, messages_after; /* in which it gave any */
};

/* One message. */
struct score_diff_message {
	struct score_diff_side {
		double total;
		char grade;
		enum temperature temperature;
		gboolean qualified;
	} before, after;
	GPtrArray *rules; /* struct score_diff_rule *, those whose points differ */
};

struct score_diff;

struct score_diff *score_diff_new(void);
void score_diff_free(struct score_diff *diff);
typedef struct score_diff score_diff_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(score_diff_owned, score_diff_free)

/** Compare a message's scores, and count it. @return what differs; caller frees */
struct score_diff_message *score_diff_add(struct score_diff *diff, const struct score *before,
					  const struct score *after);
void score_diff_message_free(struct score_diff_message *message);
typedef struct score_diff_message score_diff_message_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(score_diff_message_owned, score_diff_message_free)
/** Anything differs that somebody would see. */
gboolean score_diff_message_differs(const struct score_diff_message *message);

/** For people, some lines; for programs, one line.  Caller frees. */
char *score_diff_message_to_text(const struct score_diff_message *message, const char *file);
char *score_diff_message_to_json(const struct score_diff_message *message, const char *file);
char *score_diff_to_text(const struct score_diff *diff);
char *score_diff_to_json(const struct score_diff *diff);

#endif
