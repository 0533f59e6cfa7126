/*
 * cpu_time.h - how long the calling thread has worked, in microseconds: a busy machine makes a
 * test wait, not work.
 */
#ifndef TEST_CPU_TIME_H
#define TEST_CPU_TIME_H

#include <glib.h>
#include <time.h>

static inline gint64
cpu_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return now.tv_sec * (gint64)G_USEC_PER_SEC + now.tv_nsec / 1000;
}

#endif
