/* service.c - see service.h. */
#include "service.h"

#include <pthread.h>
#include <string.h>
#include <systemd/sd-daemon.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static char *serving, *refused, *told; /* under mutex, and */
static guint spooled;

/* Under the mutex. @param state "READY=1\n" or nothing, before the status */
static void
tell(const char *state)
{
	if (!serving)
		return;
	g_autoptr(GString) text = g_string_new(state);
	g_string_append_printf(text, "STATUS=serving %s", serving);
	if (spooled)
		g_string_append_printf(text, "; %u messages wait in the spool", spooled);
	if (refused)
		g_string_append_printf(text, "; a changed configuration was not taken: %s",
				       refused);
	if (*state || g_strcmp0(text->str, told))
		sd_notify(0, text->str);
	g_free(told);
	told = g_strdup(strstr(text->str, "STATUS="));
}

void
service_starting(guint seconds)
{
	sd_notifyf(0, "EXTEND_TIMEOUT_USEC=%u000000\nSTATUS=opening the store", seconds);
}

void
service_ready(const char *socket)
{
	pthread_mutex_lock(&mutex);
	g_free(serving);
	serving = g_strdup(socket);
	tell("READY=1\n");
	pthread_mutex_unlock(&mutex);
}

void
service_reloading(void)
{
	sd_notify(0, "RELOADING=1");
}

void
service_reloaded(const char *refusal)
{
	pthread_mutex_lock(&mutex);
	g_free(refused);
	refused = g_strdup(refusal);
	tell("READY=1\n");
	pthread_mutex_unlock(&mutex);
}

void
service_spooled(guint count)
{
	pthread_mutex_lock(&mutex);
	spooled = count;
	tell("");
	pthread_mutex_unlock(&mutex);
}

void
service_stopping(void)
{
	sd_notify(0, "STOPPING=1\nSTATUS=sessions at work finish");
}

gboolean
service_is_watched(void)
{
	uint64_t interval = 0;
	return sd_watchdog_enabled(0, &interval) > 0;
}

void
service_alive(void)
{
	sd_notify(0, "WATCHDOG=1");
}
