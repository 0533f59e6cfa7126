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
struct scorecards;

/** Compile all scorecards of a configuration. @return one reference, or NULL with
 *  ERROR_CONFIG "file:line:column: …, expected …". */
struct scorecards *scorecards_new(struct config *config, GError **error);
struct scorecards *scorecards_ref(struct scorecards *scorecards);
void scorecards_unref(struct scorecards *scorecards);
typedef struct scorecards scorecards_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(scorecards_owned, scorecards_unref)

/** The configuration of a scorecard: by name, or the default one for NULL or an unknown name. */
const struct config_scorecard *scorecards_find(const struct scorecards *scorecards,
					       const char *name);
/** The configuration all of them came from. */
const struct config *scorecards_config(const struct scorecards *scorecards);

/**
 * What a message's touch is worth on a scorecard: evaluate every rule.
 * @param known may be NULL (`leadctl score` without a store)
 * @param touches the lead's ledger so far (for "once per person" and "per day"), or NULL
 * @return struct contribution *, with raw points and evidence; caller unrefs
 */
GPtrArray *scorecards_apply(const struct scorecards *scorecards, const char *name,
			    const struct facts *facts, const struct known *known,
			    const struct lead *lead, const GPtrArray *touches, gint64 now);

#endif
