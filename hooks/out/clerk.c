/* clerk.c - see clerk.h.  pthread's own locks, so that ThreadSanitizer sees them. */
#include "hooks/out/clerk.h"
#include "base/clock.h"
#include "base/log.h"
#include "hooks/out/schedule.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#define PATIENCE_SECONDS 1 /* between two tries of what the store refused */

struct order {
	struct clerk_answer answer; /* task and owner; the rest when carried out */
	char *endpoint, *reason, *mark;
	gint64 lease; /* or until when it rests */
	guint most;
	gboolean alone;
	GArray *results; /* struct delivery_result, their texts belong to it */
	gboolean (*work)(struct store *store, gpointer data, GError **error);
	void (*done)(gboolean written, gpointer data);
	gpointer data;
	gboolean carried_out;
};

struct clerk {
	struct store *store;
	void (*done)(gpointer data);
	gpointer data;
	GThread *thread;

	/* the starter's thread only */
	struct order *noted; /* results to be ordered */
	guint settling; /* orders of results not answered yet */
	gboolean refused; /* the clerk's thread: the last claim was, and it was told */
	GHashTable *held; /* ids of deliveries claimed and not settled on disk */

	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t ordered;
	GQueue orders, carried_out; /* struct order * */
	gboolean stopping;
};

static void
result_clear(gpointer data)
{
	struct delivery_result *result = data;
	g_free((char *)result->error);
	g_free((char *)result->response);
}

static struct order *
order_new(enum clerk_task task, gpointer owner, const char *endpoint)
{
	struct order *order = g_new0(struct order, 1);
	order->answer.task = task;
	order->answer.owner = owner;
	order->endpoint = g_strdup(endpoint);
	if (task == CLERK_SETTLE) {
		order->results = g_array_new(FALSE, FALSE, sizeof(struct delivery_result));
		g_array_set_clear_func(order->results, result_clear);
		order->answer.owners = g_ptr_array_new();
	}
	return order;
}

static void
order_clear(struct order *order)
{
	g_clear_pointer(&order->results, g_array_unref);
	g_clear_pointer(&order->answer.owners, g_ptr_array_unref);
	g_clear_pointer(&order->answer.deliveries, g_ptr_array_unref);
	g_free(order->endpoint);
	g_free(order->reason);
	g_free(order->mark);
}

void
clerk_answer_free(struct clerk_answer *answer)
{
	struct order *order = (struct order *)answer; /* its first member */
	order_clear(order);
	g_free(order);
}

/* --- the clerk's thread --- */

/* For a delivery that vanishes in a crash: its next try of the schedule, but not while the
 * request may still be under way. */
static gint64
leased_until(guint attempts, gint64 now, gpointer data)
{
	const struct order *order = data;
	return MAX(schedule_next(attempts, now, g_random_double()), now + order->lease);
}

#define LEASE_NAME "endpoint:"

/* Claiming takes the turn of all hosts, looking doesn't.  @return FALSE with an error */
static gboolean
look(struct store *store, struct order *order, gboolean *ret_claim, GError **error)
{
	struct clerk_answer *answer = &order->answer;
	struct store_outlook outlook;
	g_autofree char *lease = g_strconcat(LEASE_NAME, order->endpoint, NULL);
	gint64 now = clock_now();
	if (!store_outbox_look(store, order->endpoint, &outlook, error))
		return FALSE;
	answer->next = outlook.rest > now && outlook.rest < G_MAXINT64
			       ? MAX(outlook.rest, outlook.next)
			       : outlook.next;
	answer->rest = outlook.rest;
	*ret_claim = order->most && outlook.next && outlook.next <= now && outlook.rest <= now &&
		     (!order->alone || store_holds(store, lease));
	if (!*ret_claim)
		answer->deliveries = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	return TRUE;
}

static gboolean
run_claim(struct store *store, struct order *order, GError **error)
{
	struct clerk_answer *answer = &order->answer;
	gboolean claim = TRUE;
	answer->began = g_get_monotonic_time();
	if (store_is_shared(store) && !look(store, order, &claim, error))
		return FALSE;
	if (!claim)
		return TRUE;
	answer->next = 0;
	answer->deliveries = store_outbox_claim(store, order->endpoint, clock_now(), order->most,
						leased_until, order, error);
	answer->full = answer->deliveries && answer->deliveries->len >= order->most;
	if (answer->deliveries && !answer->full)
		answer->next = store_outbox_next(store, order->endpoint, error);
	return answer->deliveries && answer->next >= 0;
}

static gboolean
run(struct store *store, struct order *order, GError **error)
{
	switch (order->answer.task) {
	case CLERK_CLAIM:
		return run_claim(store, order, error);
	case CLERK_SETTLE:
		return store_outbox_settle(store, (struct delivery_result *)order->results->data,
					   order->results->len, error);
	case CLERK_HURRY:
		return store_outbox_hurry(store, order->endpoint, clock_now(), error) >= 0;
	case CLERK_REST:
		return store_endpoint_rest(store, order->endpoint, order->lease, error);
	case CLERK_PARK:
		return store_endpoint_park(store, order->endpoint, order->reason, order->mark,
					   clock_now(), error);
	case CLERK_UNLATCH:
		return store_endpoint_unlatch(store, order->endpoint, order->mark, error) >= 0;
	case CLERK_WORK:
		return order->work(store, order->data, error);
	}
	return TRUE;
}

/* @return FALSE when stopping */
static gboolean
wait_patiently(struct clerk *clerk)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += PATIENCE_SECONDS;
	pthread_mutex_lock(&clerk->lock);
	while (!clerk->stopping &&
	       pthread_cond_timedwait(&clerk->ordered, &clerk->lock, &until) != ETIMEDOUT)
		;
	gboolean go_on = !clerk->stopping;
	pthread_mutex_unlock(&clerk->lock);
	return go_on;
}

/* Once, however long it takes and however many lanes ask. */
static void
tell_refusal(struct clerk *clerk, const struct order *order, const GError *error)
{
	if (!clerk->refused)
		log_error("outbox%s%s: the store refuses: %s", order->endpoint ? " of " : "",
			  order->endpoint ? order->endpoint : "",
			  error ? error->message : "no reason given");
	clerk->refused = TRUE;
}

/* A claim that is refused goes back as it is, after a pause: its owner asks again. */
static void
carry_out(struct clerk *clerk, struct order *order)
{
	for (;;) {
		g_autoptr(GError) error = NULL;
		order->carried_out = run(clerk->store, order, &error);
		if (order->carried_out) {
			clerk->refused = FALSE;
			return;
		}
		tell_refusal(clerk, order, error);
		if (!wait_patiently(clerk) || order->answer.task == CLERK_CLAIM)
			return;
	}
}

static struct order *
take_order(struct clerk *clerk)
{
	pthread_mutex_lock(&clerk->lock);
	while (!clerk->orders.length && !clerk->stopping)
		pthread_cond_wait(&clerk->ordered, &clerk->lock);
	struct order *order = g_queue_pop_head(&clerk->orders);
	pthread_mutex_unlock(&clerk->lock);
	return order;
}

static gpointer
clerk_main(gpointer data)
{
	struct clerk *clerk = data;
	struct order *order;
	while ((order = take_order(clerk))) {
		carry_out(clerk, order);
		pthread_mutex_lock(&clerk->lock);
		g_queue_push_tail(&clerk->carried_out, order);
		pthread_mutex_unlock(&clerk->lock);
		clerk->done(clerk->data);
	}
	return NULL;
}

/* --- the starter's thread --- */

static void
init_locks(struct clerk *clerk)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&clerk->ordered, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&clerk->lock, NULL);
}

struct clerk *
clerk_start(struct store *store, void (*done)(gpointer data), gpointer data)
{
	struct clerk *clerk = g_new0(struct clerk, 1);
	clerk->store = store;
	clerk->done = done;
	clerk->data = data;
	clerk->held = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	init_locks(clerk);
	clerk->thread = g_thread_new("outbox", clerk_main, clerk);
	return clerk;
}

static void
give_order(struct clerk *clerk, struct order *order)
{
	pthread_mutex_lock(&clerk->lock);
	g_queue_push_tail(&clerk->orders, order);
	pthread_cond_signal(&clerk->ordered);
	pthread_mutex_unlock(&clerk->lock);
}

gboolean
clerk_is_shared(const struct clerk *clerk)
{
	return store_is_shared(clerk->store);
}

void
clerk_claim(struct clerk *clerk, gpointer owner, const char *endpoint, guint most, gint64 lease,
	    gboolean alone)
{
	struct order *order = order_new(CLERK_CLAIM, owner, endpoint);
	order->most = most;
	order->lease = lease;
	order->alone = alone;
	give_order(clerk, order);
}

void
clerk_result(struct clerk *clerk, gpointer owner, const struct delivery_result *result, char *error,
	     char *response)
{
	if (!clerk->noted)
		clerk->noted = order_new(CLERK_SETTLE, NULL, NULL);
	struct delivery_result copy = *result;
	copy.error = error;
	copy.response = response;
	g_array_append_val(clerk->noted->results, copy);
	g_ptr_array_add(clerk->noted->answer.owners, owner);
}

static void
order_results(struct clerk *clerk)
{
	if (!clerk->noted)
		return;
	clerk->settling++;
	give_order(clerk, g_steal_pointer(&clerk->noted));
}

void
clerk_flush(struct clerk *clerk)
{
	if (!clerk->settling)
		order_results(clerk);
}

void
clerk_hurry(struct clerk *clerk, gpointer owner, const char *endpoint)
{
	order_results(clerk);
	give_order(clerk, order_new(CLERK_HURRY, owner, endpoint));
}

void
clerk_rest(struct clerk *clerk, gpointer owner, const char *endpoint, gint64 until)
{
	order_results(clerk);
	struct order *order = order_new(CLERK_REST, owner, endpoint);
	order->lease = until;
	give_order(clerk, order);
}

void
clerk_park(struct clerk *clerk, gpointer owner, const char *endpoint, const char *reason,
	   const char *mark)
{
	order_results(clerk);
	struct order *order = order_new(CLERK_PARK, owner, endpoint);
	order->reason = g_strdup(reason);
	order->mark = g_strdup(mark);
	give_order(clerk, order);
}

void
clerk_unlatch(struct clerk *clerk, gpointer owner, const char *endpoint, const char *mark)
{
	struct order *order = order_new(CLERK_UNLATCH, owner, endpoint);
	order->mark = g_strdup(mark);
	give_order(clerk, order);
}

void
clerk_work(struct clerk *clerk,
	   gboolean (*work)(struct store *store, gpointer data, GError **error),
	   void (*done)(gboolean written, gpointer data), gpointer data)
{
	order_results(clerk);
	struct order *order = order_new(CLERK_WORK, NULL, NULL);
	order->work = work;
	order->done = done;
	order->data = data;
	give_order(clerk, order);
}

/* A lease that ran out early (the clock was set) must not put a delivery on the way twice. */
static void
hold_claimed(struct clerk *clerk, GPtrArray *deliveries)
{
	for (guint i = 0; deliveries && i < deliveries->len;) {
		struct delivery *delivery = g_ptr_array_index(deliveries, i);
		if (g_hash_table_contains(clerk->held, &delivery->id)) {
			g_ptr_array_remove_index(deliveries, i);
			continue;
		}
		g_hash_table_add(clerk->held, g_memdup2(&delivery->id, sizeof delivery->id));
		i++;
	}
}

static void
release_settled(struct clerk *clerk, const GArray *results)
{
	clerk->settling--;
	for (guint i = 0; i < results->len; i++)
		g_hash_table_remove(clerk->held,
				    &g_array_index(results, struct delivery_result, i).id);
}

struct clerk_answer *
clerk_answer(struct clerk *clerk)
{
	pthread_mutex_lock(&clerk->lock);
	struct order *order = g_queue_pop_head(&clerk->carried_out);
	pthread_mutex_unlock(&clerk->lock);
	if (!order)
		return NULL;
	if (order->answer.task == CLERK_CLAIM)
		hold_claimed(clerk, order->answer.deliveries);
	else if (order->answer.task == CLERK_SETTLE)
		release_settled(clerk, order->results);
	else if (order->answer.task == CLERK_WORK)
		order->done(order->carried_out, order->data);
	return &order->answer;
}

void
clerk_stop(struct clerk *clerk)
{
	order_results(clerk);
	pthread_mutex_lock(&clerk->lock);
	clerk->stopping = TRUE;
	pthread_cond_signal(&clerk->ordered);
	pthread_mutex_unlock(&clerk->lock);
	g_thread_join(clerk->thread);
	struct clerk_answer *answer;
	while ((answer = clerk_answer(clerk)))
		clerk_answer_free(answer);
	g_hash_table_unref(clerk->held);
	pthread_mutex_destroy(&clerk->lock);
	pthread_cond_destroy(&clerk->ordered);
	g_free(clerk);
}
