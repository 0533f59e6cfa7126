/*
 * deliver.c - events per second from the outbox in memory through signing and HTTP to a trivial
 * receiver in the same process.
 *
 * usage: deliver [EVENTS [CONCURRENCY [DELAY_MS]]]
 */
#include "../unit/loopback.h"
#include "../unit/outbox_double.h"
#include "base/log.h"
#include "hooks/out/deliver.h"

#include <stdio.h>
#include <stdlib.h>

static void
script_delay(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	reply->delay_ms = *(const int *)server->data;
}

static struct config *
make_config(guint16 port, guint concurrency)
{
	struct config *config = config_default();
	struct config_endpoint *e = g_new0(struct config_endpoint, 1);
	e->name = g_strdup("bench");
	e->url = g_strdup_printf("http://127.0.0.1:%u/", port);
	e->concurrency = concurrency;
	e->timeout_seconds = 15;
	e->secrets = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(e->secrets, g_strdup("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	e->events = g_ptr_array_new_with_free_func(g_free);
	e->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(config->endpoints, e);
	return config;
}

static guint64
wait_for(struct deliver *deliver, guint64 events)
{
	struct deliver_stats stats;
	do {
		g_usleep(1000);
		deliver_stats(deliver, &stats);
	} while (stats.delivered < events);
	return stats.attempts;
}

int
main(int argc, char **argv)
{
	guint events = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
	guint concurrency = argc > 2 ? strtoul(argv[2], NULL, 10) : 8;
	int delay_ms = argc > 3 ? atoi(argv[3]) : 0;
	log_open("bench", FALSE, LOG_LEVEL_ERROR);
	struct store *store = outbox_new();
	for (guint i = 1; i <= events; i++) {
		struct row *row = outbox_add(store, "bench", i, 1);
		g_free(row->body);
		row->body = g_strdup_printf("{\"type\":\"lead.created\",\"data\":\"%2000u\"}", i);
	}
	struct loopback *server = loopback_start(0, script_delay, &delay_ms);
	server->keep = FALSE;
	g_autoptr(config_owned) config = make_config(server->port, concurrency);
	gint64 start = g_get_monotonic_time();
	struct deliver *deliver = deliver_start(store, config, NULL);
	guint64 attempts = wait_for(deliver, events);
	double seconds = (g_get_monotonic_time() - start) / 1e6;
	deliver_stop(deliver, 0);
	g_assert_cmpuint(loopback_count(server), ==, attempts);
	printf("%u events, concurrency %u, answers after %d ms: %.2f s, %.0f events/s, "
	       "%" G_GUINT64_FORMAT " requests\n",
	       events, concurrency, delay_ms, seconds, events / seconds, attempts);
	loopback_stop(server);
	outbox_free(store);
	return 0;
}
