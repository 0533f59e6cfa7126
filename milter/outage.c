/*
 * outage.c - see outage.h.
 *
 * The line is a read-write lock: whoever spools a message holds it for reading, and the thread
 * holds it for writing while it hands the last of the spool to the store, so that no message gets
 * into the spool behind its back.  The state is read without a lock where messages go to the store,
 * and is looked at again inside the line by who would spool.
 */
#include "outage.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "intake.h"

#include <errno.h>
#include <pthread.h>

#define PROBE_FIRST (G_USEC_PER_SEC / 8)
#define PROBE_MOST (10 * G_USEC_PER_SEC)
#define PROBE_PATIENCE (2 * G_USEC_PER_SEC) /* of one question */
#define DRAIN_PATIENCE \
	(10 * G_USEC_PER_SEC) /* of one lot: a host of the same store may be slow \
			       */
#define IDLE (1 * G_USEC_PER_SEC)
#define TOGETHER 32 /* messages that share a commit */
#define LAST_MOST 256 /* the same of those that mail waits for, so that it waits for no commit */

enum state { NONE, AWAY, RETURNING };

struct outage {
	struct runtime *runtime;
	int state; /* enum state; atomic, changed under the mutex */
	pthread_rwlock_t line;
	pthread_t thread;
	gboolean has_thread;
	/* the thread's own */
	gint64 pause; /* until the next probe */
	gboolean line_held, failed;
	gint taken;
	pthread_mutex_t mutex; /* guards what follows */
	pthread_cond_t wake;
	gboolean stopping, news;
	gint64 since, began; /* time, monotonic */
	guint count;
	char *why; /* what the store said last; NULL: it answers, or nothing is known */
};

/* --- states --- */

static enum state
state_of(const struct outage *outage)
{
	return g_atomic_int_get(&outage->state);
}

gboolean
outage_is_on(const struct outage *outage)
{
	return state_of(outage) != NONE;
}

/* @param only_from_none  a state that is on its way back stays */
static void
go_away(struct outage *outage, const GError *why, gboolean only_from_none)
{
	gboolean is_new = FALSE;

	pthread_mutex_lock(&outage->mutex);
	if (!only_from_none || state_of(outage) == NONE) {
		is_new = outage->began == 0;
		g_atomic_int_set(&outage->state, AWAY);
		outage->news = only_from_none;
		pthread_cond_signal(&outage->wake);
	}
	if (why) {
		g_free(outage->why);
		outage->why = g_strdup(why->message);
	}
	if (is_new) {
		outage->since = clock_now();
		outage->began = g_get_monotonic_time();
		outage->count++;
	}
	pthread_mutex_unlock(&outage->mutex);
	if (is_new)
		log_error("the store is away: %s; messages go to the spool until it answers",
			  why ? why->message : "no answer");
}

void
outage_begin(struct outage *outage, const GError *why)
{
	go_away(outage, why, TRUE);
}

static void
set_state(struct outage *outage, enum state state)
{
	pthread_mutex_lock(&outage->mutex);
	g_atomic_int_set(&outage->state, state);
	pthread_mutex_unlock(&outage->mutex);
}

void
outage_status(struct outage *outage, struct outage_status *ret)
{
	static const char *const NAMES[] = { "none", "away", "returning" };
	enum state state;

	pthread_mutex_lock(&outage->mutex);
	state = state_of(outage);
	*ret = (struct outage_status){ NAMES[state], state == NONE ? 0 : outage->since,
				       outage->count };
	pthread_mutex_unlock(&outage->mutex);
}

char *
outage_why(struct outage *outage)
{
	char *why;

	pthread_mutex_lock(&outage->mutex);
	why = outage_is_on(outage) ? g_strdup(outage->why) : NULL;
	pthread_mutex_unlock(&outage->mutex);
	return why;
}

gboolean
outage_spool(struct outage *outage, const struct raw_mail *raw, GError **error)
{
	gboolean spooled;

	pthread_rwlock_rdlock(&outage->line);
	spooled = spool_put(outage->runtime->spool, raw, error);
	pthread_rwlock_unlock(&outage->line);
	return spooled;
}

/* --- the way back --- */

/* The last of the spool stands in the store's queue: what comes now comes behind it. */
static void
open_the_way(gpointer data)
{
	struct outage *outage = data;

	if (!outage->line_held)
		return;
	set_state(outage, NONE);
	outage->line_held = FALSE;
	pthread_rwlock_unlock(&outage->line);
}

static void
take_lot(struct spool_item *items, guint count, gpointer data)
{
	struct outage *outage = data;
	gboolean is_last = outage->line_held && spool_count(outage->runtime->spool, NULL) <= count;

	intake_spooled(outage->runtime, items, count, is_last ? open_the_way : NULL, outage,
		       g_get_monotonic_time() + DRAIN_PATIENCE);
	for (guint i = 0; i < count; i++)
		outage->failed |= items[i].fate == SPOOL_AWAY;
}

static gboolean
drain(struct outage *outage)
{
	g_autoptr(GError) error = NULL;
	gint taken = spool_drain(outage->runtime->spool, outage->line_held ? LAST_MOST : TOGETHER,
				 take_lot, outage, &error);

	if (taken > 0)
		outage->taken += taken;
	if (error)
		log_warning("spool: %s", error->message);
	return taken >= 0 && !outage->failed;
}

/* New messages line up behind while there are many; the last ones are taken with the line held. */
static gboolean
drain_in_line(struct outage *outage)
{
	struct spool *spool = outage->runtime->spool;
	guint before = 0, left = spool ? spool_count(spool, NULL) : 0;

	while (left > TOGETHER && left != before) {
		if (!drain(outage))
			return FALSE;
		before = left;
		left = spool_count(spool, NULL);
	}
	pthread_rwlock_wrlock(&outage->line);
	outage->line_held = TRUE;
	if (spool && spool_count(spool, NULL))
		drain(outage);
	if (!outage->failed)
		open_the_way(outage);
	if (outage->line_held)
		pthread_rwlock_unlock(&outage->line);
	outage->line_held = FALSE;
	return !outage->failed;
}

static void
tell_return(struct outage *outage)
{
	gint64 began;

	pthread_mutex_lock(&outage->mutex);
	began = outage->began;
	outage->began = 0;
	g_clear_pointer(&outage->why, g_free);
	pthread_mutex_unlock(&outage->mutex);
	if (began)
		log_notice("the store answers again after %.1f s; %d messages were taken from the "
			   "spool",
			   (double)(g_get_monotonic_time() - began) / G_USEC_PER_SEC,
			   outage->taken);
	else if (outage->taken)
		log_notice("%d messages taken from the spool", outage->taken);
	outage->taken = 0;
}

/* The way may have been opened for messages already when a commit fails. */
static gboolean
come_back(struct outage *outage)
{
	g_autoptr(GError) error = NULL;

	outage->failed = FALSE;
	if (store_ping(outage->runtime->store, g_get_monotonic_time() + PROBE_PATIENCE, &error)) {
		set_state(outage, RETURNING);
		if (drain_in_line(outage))
			return TRUE;
	}
	go_away(outage, error, FALSE);
	return FALSE;
}

/* Files that were refused, or put there by hand. */
static gboolean
look_at_spool(struct outage *outage)
{
	struct spool *spool = outage->runtime->spool;

	outage->failed = FALSE;
	if (!spool || !spool_count(spool, NULL))
		return TRUE;
	drain(outage);
	if (outage->failed)
		outage_begin(outage, NULL);
	else
		tell_return(outage);
	return !outage->failed && !spool_count(spool, NULL);
}

gint64
outage_look(struct outage *outage)
{
	gint64 pause = MAX(outage->pause, PROBE_FIRST);
	gboolean was_on = outage_is_on(outage);

	if (was_on ? come_back(outage) : look_at_spool(outage)) {
		if (was_on)
			tell_return(outage);
		outage->pause = PROBE_FIRST;
		return IDLE;
	}
	outage->pause = MIN(pause * 2, PROBE_MOST);
	return pause;
}

/* --- the thread --- */

/* @return FALSE when it is time to end */
static gboolean
rest(struct outage *outage, gint64 length)
{
	gint64 end = g_get_monotonic_time() + length;
	const struct timespec until = { end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000 };
	gboolean stopping;

	pthread_mutex_lock(&outage->mutex);
	while (!outage->stopping && !outage->news &&
	       pthread_cond_timedwait(&outage->wake, &outage->mutex, &until) != ETIMEDOUT)
		;
	outage->news = FALSE;
	stopping = outage->stopping;
	pthread_mutex_unlock(&outage->mutex);
	return !stopping;
}

static void *
run(void *data)
{
	struct outage *outage = data;

	while (rest(outage, outage_look(outage)))
		;
	return NULL;
}

struct outage *
outage_new(struct runtime *runtime)
{
	struct outage *outage = g_new0(struct outage, 1);
	pthread_rwlockattr_t fair;
	pthread_condattr_t monotonic;

	outage->runtime = runtime;
	pthread_mutex_init(&outage->mutex, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&outage->wake, &monotonic);
	pthread_condattr_destroy(&monotonic);
	/* Messages that keep coming must not keep the thread out. */
	pthread_rwlockattr_init(&fair);
	pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
	pthread_rwlock_init(&outage->line, &fair);
	pthread_rwlockattr_destroy(&fair);
	return outage;
}

gboolean
outage_start(struct outage *outage, GError **error)
{
	int failed;

	if (!store_is_ready(outage->runtime->store)) {
		go_away(outage, NULL, FALSE);
	} else if (outage->runtime->spool && spool_count(outage->runtime->spool, NULL)) {
		outage->since = clock_now();
		set_state(outage, RETURNING);
	}
	failed = pthread_create(&outage->thread, NULL, run, outage);
	outage->has_thread = !failed;
	if (failed)
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "starting a thread: %s",
			    g_strerror(failed));
	return !failed;
}

void
outage_free(struct outage *outage)
{
	if (!outage)
		return;
	pthread_mutex_lock(&outage->mutex);
	outage->stopping = TRUE;
	pthread_cond_signal(&outage->wake);
	pthread_mutex_unlock(&outage->mutex);
	if (outage->has_thread)
		pthread_join(outage->thread, NULL);
	pthread_rwlock_destroy(&outage->line);
	pthread_cond_destroy(&outage->wake);
	pthread_mutex_destroy(&outage->mutex);
	g_free(outage->why);
	g_free(outage);
}
