/*
 * glib_locks.c - GLib's mutexes and condition variables on top of pthread's, for ThreadSanitizer.
 *
 * GLib's own are futexes inside an uninstrumented library: the sanitizer can't see that they order
 * anything and reports every access they guard.  Linked (before libglib) into
 * programs built with SANITIZE=thread only; the layouts allow it, since GLib has the same
 * implementation for systems without futexes.
 */
#include <glib.h>
#include <pthread.h>
#include <time.h>

static pthread_mutex_t *
mutex_new(void)
{
	pthread_mutex_t *mutex = g_new(pthread_mutex_t, 1);
	pthread_mutex_init(mutex, NULL);
	return mutex;
}

static pthread_mutex_t *
mutex_of(GMutex *mutex)
{
	pthread_mutex_t *own = g_atomic_pointer_get(&mutex->p);
	if (own)
		return own;
	pthread_mutex_t *made = mutex_new();
	if (g_atomic_pointer_compare_and_exchange(&mutex->p, NULL, made))
		return made;
	pthread_mutex_destroy(made);
	g_free(made);
	return g_atomic_pointer_get(&mutex->p);
}

void
g_mutex_init(GMutex *mutex)
{
	mutex->p = mutex_new();
}

void
g_mutex_clear(GMutex *mutex)
{
	if (!mutex->p)
		return;
	pthread_mutex_destroy(mutex->p);
	g_free(mutex->p);
	mutex->p = NULL;
}

void
g_mutex_lock(GMutex *mutex)
{
	pthread_mutex_lock(mutex_of(mutex));
}

void
g_mutex_unlock(GMutex *mutex)
{
	pthread_mutex_unlock(mutex_of(mutex));
}

gboolean
g_mutex_trylock(GMutex *mutex)
{
	return !pthread_mutex_trylock(mutex_of(mutex));
}

static pthread_cond_t *
cond_new(void)
{
	pthread_cond_t *cond = g_new(pthread_cond_t, 1);
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
	return cond;
}

static pthread_cond_t *
cond_of(GCond *cond)
{
	pthread_cond_t *own = g_atomic_pointer_get(&cond->p);
	if (own)
		return own;
	pthread_cond_t *made = cond_new();
	if (g_atomic_pointer_compare_and_exchange(&cond->p, NULL, made))
		return made;
	pthread_cond_destroy(made);
	g_free(made);
	return g_atomic_pointer_get(&cond->p);
}

void
g_cond_init(GCond *cond)
{
	cond->p = cond_new();
}

void
g_cond_clear(GCond *cond)
{
	if (!cond->p)
		return;
	pthread_cond_destroy(cond->p);
	g_free(cond->p);
	cond->p = NULL;
}

void
g_cond_wait(GCond *cond, GMutex *mutex)
{
	pthread_cond_wait(cond_of(cond), mutex_of(mutex));
}

gboolean
g_cond_wait_until(GCond *cond, GMutex *mutex, gint64 end_time)
{
	struct timespec until = { end_time / G_USEC_PER_SEC, end_time % G_USEC_PER_SEC * 1000 };
	return !pthread_cond_timedwait(cond_of(cond), mutex_of(mutex), &until);
}

void
g_cond_signal(GCond *cond)
{
	pthread_cond_signal(cond_of(cond));
}

void
g_cond_broadcast(GCond *cond)
{
	pthread_cond_broadcast(cond_of(cond));
}
