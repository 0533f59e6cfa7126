/*
 * feed.h - what a transaction changed that the page shows, told after its commit.
 *
 * Filled by the writer's thread while jobs run, emptied by it when their batch is committed or
 * rolled back.  While nobody listens nothing is kept.  Of too much, and of what a batch told before
 * one of its jobs was rolled back, only the fact is kept: who hears of it looks at everything
 * again.
 */
#ifndef LEADMILTER_FEED_H
#define LEADMILTER_FEED_H

#include "store/store.h"

struct feed;

struct feed *feed_new(void);
void feed_free(struct feed *feed);
/** Called on the writer's thread, must not block. @param told NULL: nobody */
void feed_listen(struct feed *feed,
		 void (*told)(const struct store_news *news, guint count, gpointer data),
		 gpointer data);

/** Writer's thread. @param kind enum store_news_kind */
void feed_add(struct feed *feed, int kind, const char *id, gint64 number);
/** The batch is committed. @param changed it counts as a change (tally.changes) */
void feed_committed(struct feed *feed, gboolean changed);
void feed_rolled_back(struct feed *feed);
/** Commits of this process that counted. */
gint64 feed_own_changes(struct feed *feed);

#endif
