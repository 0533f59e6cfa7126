/* clockwork.c - see clockwork.h. */
#include "clockwork.h"

#include "base/clock.h"
#include "base/error.h"
#include "lead/sweep.h"
#include "store/store_change.h"

#include <string.h>

#define LOOK_EVERY (1 * G_USEC_PER_SEC)
#define AFTER_FAILURE (60 * G_USEC_PER_SEC)
#define STEP 32 /* leads in one job of the writer: a few milliseconds */

struct clockwork {
	struct runtime *runtime;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t wake; /* by the monotonic clock */
	gboolean stopping; /* under mutex */
};

static struct decision *
decide(struct known *known, gint64 now, gpointer scorecards)
{
	return sweep_decide(known, scorecards, now);
}

/* One batch, under the present configuration. */
static gint
step(struct runtime *runtime, gint64 now, guint most, GError **error)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	const struct store_decide how = { decide, generation->scorecards, generation->scorecards };

	return store_due(runtime->store, &how, now, most, FALSE, error);
}

gint64
clockwork_sweep(struct runtime *runtime, gint64 now, guint most, GError **error)
{
	gint64 total = 0;
	gint count, asked;

	do {
		asked = most > 0 ? (gint)MIN(STEP, most - total) : STEP;
		count = step(runtime, now, (guint)asked, error);
		if (count < 0)
			return -1;
		total += count;
	} while (count == asked && (most == 0 || total < most));
	return total;
}

/* @return FALSE when it is time to end */
static gboolean
rest(struct clockwork *clockwork, gint64 length)
{
	gint64 end = g_get_monotonic_time() + length;
	const struct timespec until = { end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000 };
	gboolean stopping;

	pthread_mutex_lock(&clockwork->mutex);
	while (!clockwork->stopping &&
	       pthread_cond_timedwait(&clockwork->wake, &clockwork->mutex, &until) == 0)
		;
	stopping = clockwork->stopping;
	pthread_mutex_unlock(&clockwork->mutex);
	return !stopping;
}

/* @return how long to rest now */
static gint64
look(struct runtime *runtime)
{
	gint64 began = g_get_monotonic_time(), now = clock_now();
	g_autoptr(GError) error = NULL;
	if (outage_is_on(runtime->outage) || !store_holds(runtime->store, "sweep"))
		return LOOK_EVERY;
	gint64 due = store_next_due(runtime->store, &error);
	gint count = due > 0 && due <= now ? step(runtime, now, STEP, &error) : 0;

	if (error != NULL) {
		log_warning("sweep: %s", error->message);
		return AFTER_FAILURE;
	}
	if (count > 0)
		log_debug("%d leads were due", count);
	return count == STEP ? g_get_monotonic_time() - began : LOOK_EVERY;
}

static void *
run(void *data)
{
	struct clockwork *clockwork = data;

	while (rest(clockwork, look(clockwork->runtime)))
		;
	return NULL;
}

static void
clockwork_free(struct clockwork *clockwork)
{
	pthread_mutex_destroy(&clockwork->mutex);
	pthread_cond_destroy(&clockwork->wake);
	g_free(clockwork);
}

static struct clockwork *
clockwork_new(struct runtime *runtime)
{
	struct clockwork *clockwork = g_new0(struct clockwork, 1);
	pthread_condattr_t attributes;

	clockwork->runtime = runtime;
	pthread_mutex_init(&clockwork->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&clockwork->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return clockwork;
}

struct clockwork *
clockwork_start(struct runtime *runtime, GError **error)
{
	struct clockwork *clockwork = clockwork_new(runtime);
	int failed = pthread_create(&clockwork->thread, NULL, run, clockwork);

	if (!failed)
		return clockwork;
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "starting a thread: %s",
		    g_strerror(failed));
	clockwork_free(clockwork);
	return NULL;
}

void
clockwork_stop(struct clockwork *clockwork)
{
	if (clockwork == NULL)
		return;
	pthread_mutex_lock(&clockwork->mutex);
	clockwork->stopping = TRUE;
	pthread_cond_signal(&clockwork->wake);
	pthread_mutex_unlock(&clockwork->mutex);
	pthread_join(clockwork->thread, NULL);
	clockwork_free(clockwork);
}
