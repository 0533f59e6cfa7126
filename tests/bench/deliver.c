/*
 * deliver.c - events per second from the store (durable: every claim and every result is committed
 * with synchronous=FULL) through signing and HTTP to a receiver, and what a full outbox costs.
 *
 *   build/bench/deliver [EVENTS [CONCURRENCY [DELAY_MS]]]   a receiver in the same process
 *   build/bench/deliver --url URL [EVENTS [CONCURRENCY]]    another one, events of 4 KB
 *   build/bench/deliver --waiting EVENTS                    memory while so many wait
 *
 * Without arguments: a fast receiver, one that takes 100 ms as CRMs do, and memory with a thousand
 * and a million waiting.
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

static struct store *
open_store(struct scratch *scratch)
{
	g_autoptr(GError) error = NULL;
	scratch_make(scratch);
	struct store *store = help_open(scratch->path, STORE_WRITE, &error);
	if (!store)
		g_error("%s", error->message);
	return store;
}

static void
print_rate(const char *what, guint events, guint concurrency, int delay_ms, double seconds,
	   guint64 delivered)
{
	printf("deliver to=%s events=%u concurrency=%u answer_ms=%d per_second=%.0f "
	       "delivered=%" G_GUINT64_FORMAT "\n",
	       what, events, concurrency, delay_ms, events / seconds, delivered);
	fflush(stdout);
}

static guint64
count_delivered(struct store *store)
{
	struct store_stats stats;
	return store_stats(store, &stats, NULL) ? stats.delivered : 0;
}

static void
measure(guint events, guint concurrency, int delay_ms)
{
	struct finished finished = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, events,
				     delay_ms };
	struct scratch scratch;
	struct store *store = open_store(&scratch);
	struct loopback *server = loopback_start(0, script_count, &finished);
	server->keep = FALSE;
	g_autoptr(config_owned) config = make_config(server->port, concurrency);
	store_set_endpoints(store, config);
	fill_outbox(store, events);
	double seconds = run_engine(store, config, &finished);
	print_rate("itself", events, concurrency, delay_ms, seconds, count_delivered(store));
	loopback_stop(server);
	store_close(store);
	scratch_remove(&scratch);
}

/* --- rows made in the store itself: many in little time --- */

struct rows {
	guint count, bytes;
};

static gboolean
make_rows(struct transaction *transaction, gpointer data, GError **error)
{
	const struct rows *rows = data;
	g_autofree char *text = g_strdup_printf(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%u) "
		"INSERT INTO event(number, id, type, lead, time, has_text, body) SELECT i, "
		"printf('evt_%%026d', i), 'lead.created', i, %" G_GINT64_FORMAT "+i, 0, "
		"printf('{\"type\":\"lead.created\",\"data\":{\"n\":%%d,\"x\":\"%%.*c\"}}', "
		"i, %u, 'x') FROM n; "
		"INSERT INTO delivery(id, endpoint, lead, state, head, due) "
		"SELECT (number<<10)|1, 1, lead, 0, 1, time FROM event; "
		"UPDATE endpoint SET waiting=%u",
		rows->count, HELP_NOW, rows->bytes, rows->count);
	return transaction->database->driver->exec(transaction->database->connection, text, error);
}

static struct store *
filled_store(struct scratch *scratch, const struct config *config, guint count, guint bytes)
{
	struct store *store = open_store(scratch);
	struct rows rows = { count, bytes };
	g_autoptr(GError) error = NULL;
	store_set_endpoints(store, config);
	if (!store_run(store, make_rows, &rows, &error))
		g_error("%s", error->message);
	return store;
}

/* From its start until `count` are delivered on disk. */
static double
deliver_so_many(struct store *store, struct config *config, guint count)
{
	gint64 start = g_get_monotonic_time();
	g_autoptr(GError) error = NULL;
	struct deliver *deliver = deliver_start(store, config, &error);
	if (!deliver)
		g_error("%s", error->message);
	while (count_delivered(store) < count)
		g_usleep(5000);
	double seconds = (double)(g_get_monotonic_time() - start) / G_USEC_PER_SEC;
	deliver_stop(deliver, G_USEC_PER_SEC);
	return seconds;
}

static void
measure_url(const char *url, guint events, guint concurrency)
{
	g_autoptr(config_owned) config = make_config(1, concurrency);
	struct config_endpoint *e = g_ptr_array_index(config->endpoints, 0);
	struct scratch scratch;
	g_free(e->url);
	e->url = g_strdup(url);
	struct store *store = filled_store(&scratch, config, events, 4096);
	double seconds = deliver_so_many(store, config, events);
	print_rate(url, events, concurrency, 0, seconds, count_delivered(store));
	store_close(store);
	scratch_remove(&scratch);
}

static guint
resident_kib(void)
{
	g_autofree char *status = NULL;
	g_file_get_contents("/proc/self/status", &status, NULL, NULL);
	const char *line = status ? strstr(status, "VmRSS:") : NULL;
	return line ? (guint)g_ascii_strtoull(line + strlen("VmRSS:"), NULL, 10) : 0;
}

/* What is resident once some thousands of the waiting ones are delivered. */
static void
measure_waiting(guint waiting)
{
	struct finished never = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, G_MAXUINT,
				  0 };
	struct scratch scratch;
	struct loopback *server = loopback_start(0, script_count, &never);
	server->keep = FALSE;
	g_autoptr(config_owned) config = make_config(server->port, 8);
	store_close(filled_store(&scratch, config, waiting, 200));
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(scratch.path, STORE_WRITE, &error);
	if (!store)
		g_error("%s", error->message);
	store_set_endpoints(store, config);
	guint count = MIN(waiting, 20000);
	double seconds = deliver_so_many(store, config, count);
	printf("deliver waiting=%u per_second=%.0f resident_kib=%u\n", waiting, count / seconds,
	       resident_kib());
	fflush(stdout);
	loopback_stop(server);
	store_close(store);
	scratch_remove(&scratch);
}

/* Each in a process of its own, so that one's memory isn't the other's. */
static void
measure_waiting_apart(const char *program, const char *waiting)
{
	const char *const command[] = { program, "--waiting", waiting, NULL };
	g_spawn_sync(NULL, (char **)command, NULL, G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL,
		     NULL, NULL, NULL);
}

static guint
argument(int argc, char **argv, int i, guint fallback)
{
	return argc > i ? (guint)strtoul(argv[i], NULL, 10) : fallback;
}

int
main(int argc, char **argv)
{
	log_open("bench", FALSE, LOG_LEVEL_ERROR);
	if (argc > 2 && !strcmp(argv[1], "--url"))
		measure_url(argv[2], argument(argc, argv, 3, 20000), argument(argc, argv, 4, 16));
	else if (argc > 2 && !strcmp(argv[1], "--waiting"))
		measure_waiting(argument(argc, argv, 2, 1000));
	else if (argc > 1)
		measure(argument(argc, argv, 1, 0), argument(argc, argv, 2, 8),
			(int)argument(argc, argv, 3, 0));
	else {
		measure(20000, 8, 0);
		measure(20000, 64, 0);
		measure(800, 8, 100);
		measure(3200, 64, 100);
		measure_waiting_apart(argv[0], "1000");
		measure_waiting_apart(argv[0], "1000000");
	}
	return 0;
}
