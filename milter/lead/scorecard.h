/*
 * scorecard.h - scorecards compiled from the configuration: rules whose conditions are
 * type-checked expressions over the signals of a message, person and account.
 *
 * Immutable after scorecards_new(); reference counted; any thread.
 */
#ifndef LEADMILTER_SCORECARD_H
#define LEADMILTER_SCORECARD_H

#include "base/config.h"
#include "lead/lead.h"
#include "mail/facts.h"

struct known;
struct route_rules;
struct scorecards;
struct assign_rules;
struct worktime;
struct word_list;

/** Compile all scorecards of a configuration. @return one reference, or NULL with
 *  ERROR_CONFIG "file:line:column: …, expected …". */
struct scorecards *scorecards_new(struct config *config, GError **error);
struct scorecards *scorecards_ref(struct scorecards *scorecards);
void scorecards_unref(struct scorecards *scorecards);
typedef struct scorecards scorecards_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(scorecards_owned, scorecards_unref)

/** The configuration of a scorecard: by name, or the first one for NULL or an unknown name. */
const struct config_scorecard *scorecards_find(const struct scorecards *scorecards,
					       const char *name);
/** The rules for routing mail (route.h), compiled with the same names. */
const struct route_rules *scorecards_routes(const struct scorecards *scorecards);
/** What scores need of it: by name, the first for NULL; NULL for an unknown name. */
const struct score_card *scorecards_card(const struct scorecards *scorecards, const char *name);
/** Those a ledger has contributions for, in configured order; the first one when there are none.
 *  @return const struct score_card *; caller unrefs */
GPtrArray *scorecards_of_ledger(const struct scorecards *scorecards, const GPtrArray *touches);
guint scorecards_count(const struct scorecards *scorecards);
/** The configuration all of them came from. */
const struct config *scorecards_config(const struct scorecards *scorecards);
/** What was compiled with them from the same configuration. */
const struct assign_rules *scorecards_assign_rules(const struct scorecards *scorecards);
const struct worktime *scorecards_worktime(const struct scorecards *scorecards);
/** Domains of the target account list, for signals. */
const struct word_list *scorecards_targets(const struct scorecards *scorecards);

/*
 * Which cards apply to a message: those that the mailboxes it came to name; when they name none,
 * those whose `applies` holds, or which is the first and has no `applies`.  What came to no
 * mailbox (a bounce) counts on the cards its lead has scores on.
 *
 * How often a rule counts (its `count`):
 *  "message"  with each message;
 *  "day"      at most once on one day (UTC) of the ledger; of touches that are summed up
 * (summary.h) the last day is known; "person"   engagement: once ever.  Fit and quality: the rule
 * describes the person, so it is judged with each message; the ledger gets a contribution when the
 * judgement changed, and one with value 0 when the rule no longer holds (score.h). Only what people
 * do counts: on any other kind of mail (bounce, auto-reply, list …) just the rules whose condition
 * asks for the kind or direction of the message are evaluated. Engagement decays with the rule's
 * half-life, or else the scorecard's; fit and quality don't.
 */

/**
 * What a message's touch is worth on the scorecards that apply: evaluate every rule of them.
 * @param only  this card alone, whether it applies or not; NULL: those that apply
 * @param known may be NULL (`leadctl score` without a store)
 * @param lead the card as it was, or NULL
 * @param touches the lead's ledger so far (for "once per person" and "per day"), or NULL
 * @return struct contribution *, with raw points and evidence; caller unrefs
 */
GPtrArray *scorecards_apply(const struct scorecards *scorecards, const char *only,
			    const struct facts *facts, const struct known *known,
			    const struct lead *lead, const GPtrArray *touches, gint64 now);

/**
 * What a named touch from outside (a click, a visit, a call) is worth: a contribution for each
 * card that has a touch of that name, of those the lead has scores on, or of all the first.
 * @param lead or NULL
 * @return struct contribution *, none when no such card has it; caller unrefs
 */
GPtrArray *scorecards_touch(const struct scorecards *scorecards, const struct lead *lead,
			    const char *touch, gint64 time);
/** Some card has a touch of that name. @param ret_nearest else the closest name, or NULL; may be
 *  NULL */
gboolean scorecards_has_touch(const struct scorecards *scorecards, const char *touch,
			      const char **ret_nearest);

#endif
