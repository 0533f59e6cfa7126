/*
 * deliver.c - see deliver.h.
 *
 * One thread runs everything here: it takes the clerk's answers, lets each lane (lane.h) claim
 * and its courier (courier.h) send, moves the transfers, and sleeps in http_wait() until a socket,
 * a time or http_wake() ends it.  Other threads only set what stands under the lock and wake it.
 */
#include "hooks/out/deliver.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hooks/out/clerk.h"
#include "hooks/out/figures.h"
#include "hooks/out/http.h"
#include "hooks/out/lane.h"
#include "lead/event_filter.h"
#include "hooks/out/courier.h"

#include <pthread.h>
#include <string.h>

#define SLEEP_MOST_MS 10000 /* so that a clock that was set is noticed */

/* One attempt under way. */
struct transfer {
	struct deliver *deliver;
	struct lane *lane;
	struct courier *courier;
	GPtrArray *deliveries; /* struct delivery * */
	guint generation;
	gint64 began; /* monotonic */
	gpointer attempt; /* the courier's */
	gboolean starting, answered; /* its answer may come before start returns */
	struct lane_answer answer;
};

struct deliver {
	struct clerk *clerk;
	struct http *http;
	GThread *thread;

	/* the thread's own */
	struct config *config;
	GPtrArray *lanes; /* struct lane * */
	GHashTable *transfers; /* struct transfer *, in flight */
	gint64 stop_at; /* monotonic, once stopping */

	int pacing; /* atomic: it looks again within a moment anyway */
	int woken, signalled; /* atomic: look at the outbox; a wake-up is on its way */
	pthread_mutex_t lock; /* guards what follows */
	struct config *new_config;
	GPtrArray *resumed; /* char *, endpoints; "" all */
	gboolean stopping;
	gint64 grace;
	struct deliver_stats stats;
	GPtrArray *figures; /* struct figures *, of every endpoint there ever was */
};

/* --- one transfer --- */

static void
transfer_free(gpointer data)
{
	struct transfer *t = data;
	courier_unref(t->courier);
	g_free(t);
}

static void
count(struct deliver *deliver, guint attempts, guint delivered, guint failed)
{
	pthread_mutex_lock(&deliver->lock);
	deliver->stats.attempts += attempts;
	deliver->stats.delivered += delivered;
	deliver->stats.failed += failed;
	deliver->stats.in_flight = g_hash_table_size(deliver->transfers);
	pthread_mutex_unlock(&deliver->lock);
}

static void
finish(struct transfer *t)
{
	struct deliver *deliver = t->deliver;
	guint deliveries = t->deliveries->len;
	figures_count(t->lane->figures, t->deliveries, &t->answer,
		      g_get_monotonic_time() - t->began, clock_now());
	gboolean delivered = lane_finish(t->lane, t->deliveries, &t->answer, clock_now());
	g_hash_table_remove(deliver->transfers, t); /* which frees it */
	count(deliver, 0, delivered ? deliveries : 0, delivered ? 0 : deliveries);
}

static void
take_answer(struct lane_answer *answer, gpointer data)
{
	struct transfer *t = data;
	t->answer = *answer;
	t->answer.generation = t->generation;
	t->answered = TRUE;
	if (!t->starting)
		finish(t);
}

static void
send_load(struct deliver *deliver, struct lane *lane, GPtrArray *deliveries)
{
	struct transfer *t = g_new0(struct transfer, 1);
	t->deliver = deliver;
	t->lane = lane;
	t->courier = courier_ref(lane->courier);
	t->deliveries = deliveries;
	t->generation = lane_generation(lane);
	t->began = g_get_monotonic_time();
	g_hash_table_add(deliver->transfers, t);
	t->starting = TRUE;
	t->attempt = courier_start(t->courier, deliveries, take_answer, t);
	t->starting = FALSE;
	if (t->answered)
		finish(t);
}

/* --- the loop --- */

static struct lane *
find_lane(const struct deliver *deliver, const char *name)
{
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		if (!strcmp(lane->name, name))
			return lane;
	}
	return NULL;
}

static const struct config_endpoint *
find_endpoint(const struct config *config, const char *name)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *e = g_ptr_array_index(config->endpoints, i);
		if (!strcmp(e->name, name))
			return e;
	}
	return NULL;
}

/* Every connection that may be in use is worth keeping open; curl's own measure would close
 * them whenever traffic pauses. */
static void
keep_connections(struct deliver *deliver)
{
	guint most = 0;
	for (guint i = 0; i < deliver->config->endpoints->len; i++) {
		const struct config_endpoint *e = g_ptr_array_index(deliver->config->endpoints, i);
		most += MAX(e->concurrency, 1);
	}
	http_keep(deliver->http, most);
}

static void
drop_courier(struct lane *lane)
{
	g_clear_pointer(&lane->courier, courier_unref);
}

/* A courier per configuration: what is under way ends with the one it began with. */
static void
open_courier(struct deliver *deliver, struct lane *lane, struct config *config)
{
	drop_courier(lane);
	lane->courier =
		courier_new(config, lane->endpoint, &lane->rate, deliver->http, deliver->clerk);
	lane->batch = courier_batch(lane->courier, &lane->batch_bytes);
	lane->alone = lane->endpoint->rate > 0 || courier_kind_of(lane->endpoint)->alone;
}

static struct figures *
find_figures(struct deliver *deliver, const char *endpoint)
{
	struct figures *figures = NULL;
	pthread_mutex_lock(&deliver->lock);
	for (guint i = 0; i < deliver->figures->len && !figures; i++) {
		struct figures *one = g_ptr_array_index(deliver->figures, i);
		figures = strcmp(one->endpoint, endpoint) ? NULL : one;
	}
	if (!figures) {
		figures = figures_new(endpoint);
		g_ptr_array_add(deliver->figures, figures);
	}
	pthread_mutex_unlock(&deliver->lock);
	return figures;
}

static void
add_lane(struct deliver *deliver, const struct config_endpoint *endpoint)
{
	struct lane *lane = lane_new(endpoint, deliver->clerk);
	lane->figures = find_figures(deliver, endpoint->name);
	g_ptr_array_add(deliver->lanes, lane);
}

static void
apply_config(struct deliver *deliver, struct config *config)
{
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		lane_configure(lane, find_endpoint(config, lane->name));
	}
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *e = g_ptr_array_index(config->endpoints, i);
		if (!find_lane(deliver, e->name))
			add_lane(deliver, e);
	}
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		if (lane->endpoint)
			open_courier(deliver, lane, config);
	}
	g_clear_pointer(&deliver->config, config_unref);
	deliver->config = config;
	keep_connections(deliver);
}

static void
drop_retired(struct deliver *deliver)
{
	for (guint i = deliver->lanes->len; i > 0; i--) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i - 1);
		if (!lane->retired || !lane_is_empty(lane))
			continue;
		drop_courier(lane);
		g_ptr_array_remove_index_fast(deliver->lanes, i - 1); /* frees it */
	}
}

static void
resume(struct deliver *deliver, const GPtrArray *names)
{
	for (guint n = 0; n < names->len; n++)
		for (guint i = 0; i < deliver->lanes->len; i++) {
			struct lane *lane = g_ptr_array_index(deliver->lanes, i);
			const char *name = g_ptr_array_index(names, n);
			if (!lane->retired && (!*name || !strcmp(name, lane->name)))
				lane_resume(lane);
		}
}

static void
begin_stop(struct deliver *deliver, gint64 grace)
{
	deliver->stop_at = g_get_monotonic_time() + grace;
	for (guint i = 0; i < deliver->lanes->len; i++)
		lane_configure(g_ptr_array_index(deliver->lanes, i), NULL);
}

/* What other threads asked for. */
static void
take_requests(struct deliver *deliver)
{
	g_atomic_int_set(&deliver->signalled, 0);
	pthread_mutex_lock(&deliver->lock);
	struct config *config = g_steal_pointer(&deliver->new_config);
	g_autoptr(GPtrArray) resumed = g_steal_pointer(&deliver->resumed);
	gboolean stopping = deliver->stopping;
	gint64 grace = deliver->grace;
	pthread_mutex_unlock(&deliver->lock);
	if (config && !deliver->stop_at)
		apply_config(deliver, config);
	else if (config)
		config_unref(config);
	if (resumed)
		resume(deliver, resumed);
	g_atomic_int_set(&deliver->pacing, 0);
	if (g_atomic_int_exchange(&deliver->woken, 0))
		for (guint i = 0; i < deliver->lanes->len; i++)
			lane_news(g_ptr_array_index(deliver->lanes, i));
	if (stopping && !deliver->stop_at)
		begin_stop(deliver, grace);
}

static void
take_clerk_answers(struct deliver *deliver, gint64 now)
{
	struct clerk_answer *next;
	while ((next = clerk_answer(deliver->clerk))) {
		g_autoptr(clerk_answer_owned) answer = next;
		if (answer->owner)
			lane_clerk_answer(answer->owner, answer, now);
		for (guint i = 0; answer->owners && i < answer->owners->len; i++)
			lane_settled(g_ptr_array_index(answer->owners, i));
	}
}

static void
send_what_may_go(struct deliver *deliver, gint64 now)
{
	guint sent = 0;
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		GPtrArray *deliveries;
		lane_claim(lane, now);
		while ((deliveries = lane_take(lane, now))) {
			sent += deliveries->len;
			send_load(deliver, lane, deliveries);
		}
	}
	if (sent)
		count(deliver, sent, 0, 0);
}

static int
sleep_ms(const struct deliver *deliver, gint64 now)
{
	gint64 most = SLEEP_MOST_MS * (gint64)1000;
	if (deliver->stop_at)
		most = CLAMP(deliver->stop_at - g_get_monotonic_time(), 0, most);
	for (guint i = 0; i < deliver->lanes->len; i++) {
		gint64 next = lane_next(g_ptr_array_index(deliver->lanes, i));
		gint64 rest = lane_rest(g_ptr_array_index(deliver->lanes, i));
		if (next != G_MAXINT64)
			most = CLAMP(next - now, 0, most);
		if (rest >= 0)
			most = MIN(most, rest);
	}
	return (int)((most + 999) / 1000);
}

/* @return FALSE when there is nothing left to do before the end */
static gboolean
goes_on(const struct deliver *deliver)
{
	if (!deliver->stop_at)
		return TRUE;
	return g_hash_table_size(deliver->transfers) && g_get_monotonic_time() < deliver->stop_at;
}

/* In a burst of mail the next look is a few milliseconds away: commits need not say so. */
static void
set_pace(struct deliver *deliver)
{
	gboolean soon = FALSE;
	for (guint i = 0; i < deliver->lanes->len && !soon; i++)
		soon = lane_rest(g_ptr_array_index(deliver->lanes, i)) >= 0;
	g_atomic_int_set(&deliver->pacing, soon);
}

static void
show_breakers(struct deliver *deliver)
{
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		g_atomic_int_set(&lane->figures->resting, lane->breaker.open && !lane->retired);
	}
}

static void
run_pass(struct deliver *deliver)
{
	take_requests(deliver);
	gint64 now = clock_now();
	take_clerk_answers(deliver, now);
	http_run(deliver->http);
	send_what_may_go(deliver, now);
	clerk_flush(deliver->clerk);
	show_breakers(deliver);
	drop_retired(deliver);
	set_pace(deliver);
}

static void
abandon(struct deliver *deliver)
{
	GHashTableIter iter;
	gpointer key;
	g_hash_table_iter_init(&iter, deliver->transfers);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		struct transfer *t = key;
		courier_cancel(t->courier, t->attempt);
		lane_abandon(t->lane, t->deliveries, clock_now());
		g_hash_table_iter_remove(&iter);
	}
}

static gpointer
deliver_main(gpointer data)
{
	struct deliver *deliver = data;
	http_enter_thread();
	while (goes_on(deliver)) {
		run_pass(deliver);
		if (goes_on(deliver))
			http_wait(deliver->http, sleep_ms(deliver, clock_now()));
	}
	abandon(deliver);
	return NULL;
}

/* --- other threads --- */

/* Wake-ups in bursts of mail cost one system call a pass. */
static void
signal_thread(struct deliver *deliver)
{
	if (!g_atomic_int_exchange(&deliver->signalled, 1))
		http_wake(deliver->http);
}

static void
clerk_done(gpointer data)
{
	signal_thread(data);
}

void
deliver_wake(gpointer data)
{
	struct deliver *deliver = data;
	g_atomic_int_set(&deliver->woken, 1);
	if (!g_atomic_int_get(&deliver->pacing))
		signal_thread(deliver);
}

/* The store reads it again for what it writes. */
static gboolean
check_filter(const struct config *config, const struct config_endpoint *endpoint, GError **error)
{
	struct expression_source source = { config->path, endpoint->line, 1 };
	struct event_filter *filter =
		endpoint->when ? event_filter_new(endpoint->when, &source, error) : NULL;
	gboolean good = filter || !endpoint->when;
	event_filter_free(filter);
	return good;
}

gboolean
deliver_check(const struct config *config, GError **error)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *endpoint = g_ptr_array_index(config->endpoints, i);
		if (!check_filter(config, endpoint, error))
			return FALSE;
		if (!courier_kind_of(endpoint)->check(config, endpoint, error)) {
			g_prefix_error(error, "%s:%d: endpoint \"%s\": ", config->path,
				       endpoint->line, endpoint->name);
			return FALSE;
		}
	}
	return TRUE;
}

struct deliver *
deliver_start(struct store *store, struct config *config, GError **error)
{
	if (!deliver_check(config, error))
		return NULL;
	struct http *http = http_new(error);
	if (!http)
		return NULL;
	struct deliver *deliver = g_new0(struct deliver, 1);
	pthread_mutex_init(&deliver->lock, NULL);
	deliver->http = http;
	deliver->clerk = clerk_start(store, clerk_done, deliver);
	deliver->lanes = g_ptr_array_new_with_free_func((GDestroyNotify)lane_free);
	deliver->figures = g_ptr_array_new_with_free_func((GDestroyNotify)figures_free);
	deliver->transfers = g_hash_table_new_full(NULL, NULL, transfer_free, NULL);
	apply_config(deliver, config_ref(config));
	deliver->thread = g_thread_new("deliver", deliver_main, deliver);
	return deliver;
}

void
deliver_reconfigure(struct deliver *deliver, struct config *config)
{
	pthread_mutex_lock(&deliver->lock);
	struct config *unused = deliver->new_config;
	deliver->new_config = config_ref(config);
	pthread_mutex_unlock(&deliver->lock);
	if (unused)
		config_unref(unused);
	signal_thread(deliver);
}

void
deliver_resume(struct deliver *deliver, const char *endpoint)
{
	pthread_mutex_lock(&deliver->lock);
	if (!deliver->resumed)
		deliver->resumed = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(deliver->resumed, g_strdup(endpoint ? endpoint : ""));
	pthread_mutex_unlock(&deliver->lock);
	signal_thread(deliver);
}

void
deliver_stop(struct deliver *deliver, gint64 grace)
{
	pthread_mutex_lock(&deliver->lock);
	deliver->stopping = TRUE;
	deliver->grace = grace;
	pthread_mutex_unlock(&deliver->lock);
	signal_thread(deliver);
	g_thread_join(deliver->thread);
	clerk_stop(deliver->clerk);
	for (guint i = 0; i < deliver->lanes->len; i++)
		drop_courier(g_ptr_array_index(deliver->lanes, i));
	g_ptr_array_unref(deliver->lanes);
	g_ptr_array_unref(deliver->figures);
	g_hash_table_unref(deliver->transfers);
	http_free(deliver->http);
	g_clear_pointer(&deliver->config, config_unref);
	g_clear_pointer(&deliver->new_config, config_unref);
	g_clear_pointer(&deliver->resumed, g_ptr_array_unref);
	pthread_mutex_destroy(&deliver->lock);
	g_free(deliver);
}

void
deliver_stats(struct deliver *deliver, struct deliver_stats *ret)
{
	pthread_mutex_lock(&deliver->lock);
	*ret = deliver->stats;
	pthread_mutex_unlock(&deliver->lock);
}

GPtrArray *
deliver_figures(struct deliver *deliver)
{
	GPtrArray *figures = g_ptr_array_new();
	pthread_mutex_lock(&deliver->lock);
	for (guint i = 0; i < deliver->figures->len; i++)
		g_ptr_array_add(figures, g_ptr_array_index(deliver->figures, i));
	pthread_mutex_unlock(&deliver->lock);
	return figures;
}
