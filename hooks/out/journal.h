/*
 * journal.h - what an adapter has done for one event, and what it knows of the event's lead at
 * its endpoint: in memory, while the event is under way.
 *
 * A write to a CRM is noted here under the name of its step; the host puts what is new into the
 * store (store_journal_add()) before the adapter goes on, and fills the journal from there
 * (store_journal()) when the event is tried again.  So a crash repeats at most the one
 * write whose note was not on disk yet, and for that one the adapter looks whether it is there.
 * Values are JSON texts.  Not thread-safe.
 */
#ifndef LEADMILTER_JOURNAL_H
#define LEADMILTER_JOURNAL_H

#include "store/store.h"

struct journal;

/** @param entries struct journal_entry *, as stored; NULL none */
struct journal *journal_new(const GPtrArray *entries);
void journal_free(struct journal *journal);
typedef struct journal journal_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(journal_owned, journal_free)

/** @param of_lead what is known of the lead, else what was done for the event
 *  @return NULL when there is nothing */
const char *journal_get(const struct journal *journal, gboolean of_lead, const char *key);
/** @param value NULL forgets it */
void journal_put(struct journal *journal, gboolean of_lead, const char *key, const char *value);

gboolean journal_has_news(const struct journal *journal);
/** What was put since the last call, in that order: struct journal_entry *. Caller unrefs. */
GPtrArray *journal_take_news(struct journal *journal);

#endif
