/*
 * stream.h - server-sent events (HTML standard, 9.2): what changes in the store, told to browsers.
 *
 * An event says only what changed and which: the page asks for the rest.  The last
 * LIMIT_STREAM_RING are kept in memory, so that who comes back with Last-Event-ID misses nothing;
 * who missed more, or what happened while nobody listened, is told `reset`.  Many changes at once
 * are one event without an id.  What other hosts change is found by a counter in the store, looked
 * at each second.  A thread of its own does all that, while somebody listens; a stream costs no
 * thread.  Any thread.
 */
#ifndef LEADMILTER_STREAM_H
#define LEADMILTER_STREAM_H

#include "hooks/in/server.h"
#include "store/store.h"

struct streams;

struct stream_host {
	struct store *store;
	/** Is that listener's session open still? @param key as given to stream_open() */
	gboolean (*is_open)(const char *key, gpointer data);
	/** Called about each second on the thread of the streams. */
	void (*tick)(gpointer data);
	gpointer data;
};

struct streams *stream_new(const struct stream_host *host);
/** @param server is woken; must stay until stream_stop() @return FALSE: no thread */
gboolean stream_start(struct streams *streams, struct server *server, GError **error);
void stream_stop(struct streams *streams);
void stream_free(struct streams *streams);

/**
 * A listener more.
 * @param key   whose session: LIMIT_SESSION_STREAMS each
 * @param after id of the last event seen, or NULL
 * @return FALSE when there are too many
 */
gboolean stream_open(struct streams *streams, const char *key, const char *after,
		     struct server_source *ret);
/** Sessions may have ended: look now. */
void stream_look(struct streams *streams);
guint stream_count(struct streams *streams);

#endif
