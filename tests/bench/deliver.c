/*
 * deliver.c - events per second from the store (durable: every claim and every result is committed
 * with synchronous=FULL) through signing and HTTP to a trivial receiver in the same process.
 *
 *   build/bench/deliver [EVENTS [CONCURRENCY [DELAY_MS]]]
 *
 * Without arguments: a fast receiver, and one that takes 100 ms as CRMs do.
 */
#include "../unit/loopback.h"
#include "../unit/store_help.c"
#include "base/log.h"
#include "hooks/out/deliver.h"

#include <stdio.h>
#include <stdlib.h>

struct filling {
	struct store *store;
	guint first, count;
};

struct finished {
	pthread_mutex_t lock;
	pthread_cond_t all;
	guint wanted;
	int delay_ms;
};

static void
script_count(struct loopback *server, const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	struct finished *finished = server->data;
	reply->delay_ms = finished->delay_ms;
	if (request->number + 1 < finished->wanted)
		return;
	pthread_mutex_lock(&finished->lock);
	finished->wanted = 0;
	pthread_cond_signal(&finished->all);
	pthread_mutex_unlock(&finished->lock);
}

static gpointer
fill(gpointer data)
{
	struct filling *filling = data;
	for (guint i = filling->first; i < filling->first + filling->count; i++) {
		g_autofree char *from = g_strdup_printf("person.%u@customer%u.example", i, i);
		g_autofree char *id = g_strdup_printf("%u@mail.example", i);
		g_autofree char *account = g_strdup_printf("customer%u.example", i);
		struct message message = { .from = from,
					   .name = "A Person",
					   .id = id,
					   .account = account,
					   .to = "sales@example.com",
					   .subject = "an offer" };
		g_autoptr(facts_owned) facts = help_facts(&message);
		g_autoptr(GError) error = NULL;
		struct answer answer;
		if (!store_message(filling->store, facts, NULL, HELP_NOW + i, 0, FALSE, &answer,
				   &error))
			g_error("%s", error->message);
		answer_clear(&answer);
	}
	return NULL;
}

/* Many threads, so that the writer commits them together. */
static void
fill_outbox(struct store *store, guint events)
{
	enum { THREADS = 32 };
	struct filling parts[THREADS];
	GThread *threads[THREADS];
	for (guint i = 0; i < THREADS; i++) {
		guint first = events * (guint64)i / THREADS;
		guint end = events * (guint64)(i + 1) / THREADS;
		parts[i] = (struct filling){ store, first, end - first };
		threads[i] = g_thread_new("fill", fill, &parts[i]);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
}

static struct config *
make_config(guint16 port, guint concurrency)
{
	struct config *config = config_default();
	help_add_endpoint(config, "crm", "*");
	struct config_endpoint *e = g_ptr_array_index(config->endpoints, 0);
	g_free(e->url);
	e->url = g_strdup_printf("http://127.0.0.1:%u/", port);
	e->concurrency = concurrency;
	e->timeout_seconds = 15;
	g_ptr_array_add(e->secrets, g_strdup("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	return config;
}

/* From the start of the engine until its last result is on disk. */
static double
run_engine(struct store *store, struct config *config, struct finished *finished)
{
	gint64 start = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;
	struct deliver *deliver = deliver_start(store, config, &error);
	if (!deliver)
		g_error("%s", error->message);
	store_on_delivery(store, deliver_wake, deliver);
	pthread_mutex_lock(&finished->lock);
	while (finished->wanted)
		pthread_cond_wait(&finished->all, &finished->lock);
	pthread_mutex_unlock(&finished->lock);
	store_on_delivery(store, NULL, NULL);
	deliver_stop(deliver, 20 * G_USEC_PER_SEC);
	return (g_get_monotonic_time() - start) / 1e6;
}

static void
measure(guint events, guint concurrency, int delay_ms)
{
	struct finished finished = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, events,
				     delay_ms };
	struct scratch scratch;
	scratch_make(&scratch);
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(scratch.path, STORE_WRITE, &error);
	if (!store)
		g_error("%s", error->message);
	struct loopback *server = loopback_start(0, script_count, &finished);
	server->keep = FALSE;
	g_autoptr(config_owned) config = make_config(server->port, concurrency);
	store_set_endpoints(store, config);
	fill_outbox(store, events);
	double seconds = run_engine(store, config, &finished);
	struct store_stats stats;
	store_stats(store, &stats, NULL);
	printf("deliver events=%u concurrency=%u answer_ms=%d per_second=%.0f requests=%u "
	       "delivered=%" G_GUINT64_FORMAT "\n",
	       events, concurrency, delay_ms, events / seconds, loopback_count(server),
	       stats.delivered);
	fflush(stdout);
	loopback_stop(server);
	store_close(store);
	scratch_remove(&scratch);
}

int
main(int argc, char **argv)
{
	log_open("bench", FALSE, LOG_LEVEL_ERROR);
	if (argc > 1) {
		measure(atoi(argv[1]), argc > 2 ? atoi(argv[2]) : 8, argc > 3 ? atoi(argv[3]) : 0);
		return 0;
	}
	measure(20000, 8, 0);
	measure(20000, 64, 0);
	measure(800, 8, 100);
	measure(3200, 64, 100);
	return 0;
}
