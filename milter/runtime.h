/*
 * runtime.h - what a running program holds together: configuration, store, spool, delivery.
 *
 * A generation is everything one reading of the configuration made.  Sessions keep the one
 * they began with; a reload makes a new one or, when anything in it is wrong, keeps the old.  The
 * daemon and leadctl (when no daemon runs) both work through a runtime.
 */
#ifndef LEADMILTER_RUNTIME_H
#define LEADMILTER_RUNTIME_H

#include "base/histogram.h"
#include "hooks/out/deliver.h"
#include "mail/facts.h"
#include "store/spool.h"
#include "outage.h"
#include "store/store.h"

#include <pthread.h>

struct generation {
	int references; /* atomic */
	struct config *config;
	struct analysis *analysis;
	struct scorecards *scorecards;
	struct vendors *vendors;
};

/** Read and compile everything. @param path NULL: the built-in defaults.
 *  @return NULL with ERROR_CONFIG "file:line: …" */
struct generation *generation_load(const char *path, GError **error);
struct generation *generation_ref(struct generation *generation);
void generation_unref(struct generation *generation);
typedef struct generation generation_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(generation_owned, generation_unref)

/* Counted since the start; read with the atomic functions of GLib. */
struct counters {
	gsize messages, ignored, created, attached, outbound, duplicates;
	gsize spooled, unprocessed, spool_taken, refused_sessions, reloads, reload_failures;
	gsize routed, routes_refused, changes_refused;
	gsize reply_tokens, tokens_matched, tokens_refused;
	gsize connections, deadlines_missed;
	gsize kinds[KIND_COUNT];
	struct histogram analysis, storing, answering; /* of one message */
	int sessions; /* open now */
};

struct runtime {
	char *config_path;
	gint64 started;
	pthread_mutex_t mutex; /* for what follows, up to `store` */
	struct generation *generation;
	struct config *first; /* that the program was started with */
	gint64 reloaded; /* when a configuration was taken last */
	gboolean reload_failed; /* the last reading was refused */
	struct store *store;
	struct spool *spool;
	struct outage *outage; /* whether the store is asked */
	struct deliver *deliver; /* NULL in leadctl */
	struct counters counters;
};

enum runtime_part {
	RUNTIME_STORE = 1, /* opened for writing: takes the lock */
	RUNTIME_SPOOL = 2,
	RUNTIME_DELIVER = 4
};

/** @param generation moved into the runtime. @return NULL with an error. */
struct runtime *runtime_open(const char *config_path, struct generation *generation, guint parts,
			     GError **error);
/** Stop delivery (within `grace` microseconds), close spool and store. */
void runtime_close(struct runtime *runtime, gint64 grace);

/** The present generation, one reference.  Any thread. */
struct generation *runtime_generation(struct runtime *runtime);
/** Read the configuration again; on an error the old one stays.  The log tells either. */
gboolean runtime_reload(struct runtime *runtime, GError **error);
/** The options whose present value takes effect at the next start only. @return const char *,
 *  names; caller unrefs */
GPtrArray *runtime_restart_needed(struct runtime *runtime);

/** When the configuration was taken last, and whether a later one was refused.  Any thread. */
gint64 runtime_reloaded(struct runtime *runtime, gboolean *ret_failed);

/** The account an address belongs to, as of a new lead's; NULL is none.  Caller frees. */
char *runtime_organisation(const struct generation *generation, const char *address);

#endif
