/*
 * private.h - what the files behind store.h share, and how a test opens a store its own way.
 */
#ifndef LEADMILTER_STORE_PRIVATE_H
#define LEADMILTER_STORE_PRIVATE_H

#include <pthread.h>

#include "store/asker.h"
#include "store/hosts.h"
#include "store/receive.h"
#include "store/store.h"
#include "store/writer.h"

struct store {
	char *path;
	int lock; /* descriptor of the lock file, -1 none */
	int gate, turn; /* of a shared store, else -1: who is writing, who is next */
	gboolean is_alone; /* nobody else had it open when it was opened */
	const struct driver *driver;
	struct decision *(*decide)(const struct facts *facts, struct known *known,
				   const struct scorecards *scorecards, gint64 now);
	struct writer *writer; /* NULL: STORE_READ */
	struct database *writing; /* the writer's */
	struct outbox_endpoints *endpoints; /* the writer thread's */
	struct roster *roster; /* the same */
	struct feed *feed;
	struct hosts *hosts;
	int is_ready; /* atomic; of a server: it was reached, and its schema is ours */
	struct asker *asker; /* what a mail waits for; NULL: STORE_READ */
	pthread_mutex_t reading_mutex;
	struct database *reading; /* under reading_mutex */
	gsize events[TALLY_EVENTS]; /* written since it was opened; atomic */
	pthread_mutex_t browsing_mutex;
	struct database *browsing; /* under browsing_mutex; NULL until somebody does */
	pthread_mutex_t wake_mutex; /* guards what follows */
	struct outbox_endpoints *new_endpoints; /* to be taken by the writer, or NULL */
	void (*wake)(gpointer data);
	gpointer wake_data;
};

struct store_options {
	const struct driver *driver; /* NULL: SQLite */
	/** NULL: decide_message() */
	struct decision *(*decide)(const struct facts *facts, struct known *known,
				   const struct scorecards *scorecards, gint64 now);
};
struct store *store_open_with(const char *where, enum store_mode mode,
			      const struct store_options *options, GError **error);

/** Another connection that reads. */
struct database *store_open_reader(const struct store *store, GError **error);

/** Run a job, or fail with ERROR_STORE when the store was opened to read. */
gboolean store_run(struct store *store,
		   gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
		   gpointer data, GError **error);

#endif
