/* asker.c - see asker.h.  pthread's own locks, so that ThreadSanitizer sees them. */
#include "store/asker.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/error.h"

#define THREAD_STACK (2 * 1024 * 1024)

enum state { WAITING, ASKED, ANSWERED };

struct inquiry {
	gboolean (*ask)(struct database *database, gpointer question, GError **error);
	gpointer question;
	void (*abandon)(gpointer question);
	enum state state;
	gboolean abandoned; /* nobody waits any more: the thread frees it */
	GError *error;
	pthread_cond_t done;
};

struct asker {
	struct database *(*open)(gpointer data, GError **error);
	gpointer data;
	pthread_t thread;
	struct database *database; /* the thread's own; NULL: to be opened */
	pthread_mutex_t mutex; /* guards what follows and the inquiries' states */
	pthread_cond_t wanted;
	GQueue waiting; /* struct inquiry * */
	gboolean stopping;
};

static void
condition_init(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void
inquiry_free(struct inquiry *inquiry)
{
	pthread_cond_destroy(&inquiry->done);
	g_clear_error(&inquiry->error);
	g_free(inquiry);
}

/* --- the thread --- */

/* A connection that failed is made anew: it may be dead, and the one it led to another's. */
static gboolean
answer(struct asker *asker, struct inquiry *inquiry, GError **error)
{
	if (!asker->database)
		asker->database = asker->open(asker->data, error);
	if (!asker->database)
		return FALSE;
	if (inquiry->ask(asker->database, inquiry->question, error))
		return TRUE;
	g_clear_pointer(&asker->database, database_close);
	return FALSE;
}

static struct inquiry *
take(struct asker *asker)
{
	struct inquiry *inquiry;

	pthread_mutex_lock(&asker->mutex);
	while (!asker->waiting.length && !asker->stopping)
		pthread_cond_wait(&asker->wanted, &asker->mutex);
	inquiry = g_queue_pop_head(&asker->waiting);
	if (inquiry)
		inquiry->state = ASKED;
	pthread_mutex_unlock(&asker->mutex);
	return inquiry;
}

static void
give(struct asker *asker, struct inquiry *inquiry, GError *error)
{
	gboolean abandoned;

	pthread_mutex_lock(&asker->mutex);
	inquiry->error = error;
	inquiry->state = ANSWERED;
	abandoned = inquiry->abandoned;
	pthread_cond_signal(&inquiry->done);
	pthread_mutex_unlock(&asker->mutex);
	if (!abandoned)
		return;
	inquiry->abandon(inquiry->question);
	inquiry_free(inquiry);
}

static void *
asker_main(void *data)
{
	struct asker *asker = data;
	struct inquiry *inquiry;

	while ((inquiry = take(asker))) {
		GError *error = NULL;

		if (!answer(asker, inquiry, &error) && !error)
			g_set_error(&error, LEADMILTER_ERROR, ERROR_STORE, "no answer");
		give(asker, inquiry, error);
	}
	g_clear_pointer(&asker->database, database_close);
	return NULL;
}

/* --- whoever asks --- */

struct asker *
asker_start(struct database *(*open)(gpointer data, GError **error), gpointer data, GError **error)
{
	struct asker *asker = g_new0(struct asker, 1);
	pthread_attr_t attributes;
	int failed;

	asker->open = open;
	asker->data = data;
	pthread_mutex_init(&asker->mutex, NULL);
	condition_init(&asker->wanted);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, THREAD_STACK);
	failed = pthread_create(&asker->thread, &attributes, asker_main, asker);
	pthread_attr_destroy(&attributes);
	if (!failed)
		return asker;
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "starting a thread: %s",
		    g_strerror(failed));
	pthread_cond_destroy(&asker->wanted);
	pthread_mutex_destroy(&asker->mutex);
	g_free(asker);
	return NULL;
}

void
asker_stop(struct asker *asker)
{
	if (!asker)
		return;
	pthread_mutex_lock(&asker->mutex);
	asker->stopping = TRUE;
	pthread_cond_signal(&asker->wanted);
	pthread_mutex_unlock(&asker->mutex);
	pthread_join(asker->thread, NULL);
	pthread_cond_destroy(&asker->wanted);
	pthread_mutex_destroy(&asker->mutex);
	g_free(asker);
}

/* @return FALSE when the deadline passed first: the inquiry is taken out, or left to the thread */
static gboolean
wait_for_answer(struct asker *asker, struct inquiry *inquiry, gint64 deadline)
{
	const struct timespec end = { .tv_sec = deadline / G_USEC_PER_SEC,
				      .tv_nsec = deadline % G_USEC_PER_SEC * 1000 };
	int result = 0;

	while (inquiry->state != ANSWERED && result != ETIMEDOUT)
		result = deadline ? pthread_cond_timedwait(&inquiry->done, &asker->mutex, &end)
				  : pthread_cond_wait(&inquiry->done, &asker->mutex);
	if (inquiry->state == ANSWERED)
		return TRUE;
	inquiry->abandoned = inquiry->state == ASKED;
	if (!inquiry->abandoned)
		g_queue_remove(&asker->waiting, inquiry);
	return FALSE;
}

static gboolean
give_up(struct inquiry *inquiry, gboolean is_ours, GError **error)
{
	if (is_ours) {
		inquiry->abandon(inquiry->question);
		inquiry_free(inquiry);
	}
	g_set_error(error, LEADMILTER_ERROR, ERROR_TIMEOUT,
		    "the store did not answer within its deadline");
	return FALSE;
}

gboolean
asker_ask(struct asker *asker,
	  gboolean (*ask)(struct database *database, gpointer question, GError **error),
	  gpointer question, void (*abandon)(gpointer question), gint64 deadline, GError **error)
{
	struct inquiry *inquiry = g_new0(struct inquiry, 1);
	gboolean answered, is_ours, done;

	inquiry->ask = ask;
	inquiry->question = question;
	inquiry->abandon = abandon;
	condition_init(&inquiry->done);
	pthread_mutex_lock(&asker->mutex);
	g_queue_push_tail(&asker->waiting, inquiry);
	pthread_cond_signal(&asker->wanted);
	answered = wait_for_answer(asker, inquiry, deadline);
	is_ours = !inquiry->abandoned;
	pthread_mutex_unlock(&asker->mutex);
	if (!answered)
		return give_up(inquiry, is_ours, error);
	done = inquiry->error == NULL;
	if (!done)
		g_propagate_error(error, g_steal_pointer(&inquiry->error));
	inquiry_free(inquiry);
	return done;
}
