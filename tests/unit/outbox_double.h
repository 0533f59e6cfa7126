/*
 * outbox_double.h - the outbox of store.h in memory, with failures on order and a way to wait for
 * what the delivery engine writes.  Linked instead of the store by tests that define it.
 */
#ifndef OUTBOX_DOUBLE_H
#define OUTBOX_DOUBLE_H

#include "base/clock.h"
#include "base/error.h"
#include "store/store.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <time.h>

struct row {
	gint64 id;
	char *endpoint, *lead, *event, *body;
	guint attempts, settled; /* made; those whose result is written */
	gint64 next, time;
	enum delivery_state state;
	int status;
	char *error, *response;
};

struct store {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	GPtrArray *rows; /* struct row *, by id */
	GHashTable *parked; /* endpoint → reason */
	GHashTable *marks; /* endpoint → mark it was parked with, or "" */
	guint claims, settles, hurries, claimed_rows, given_back, results;
	int fail_claims, fail_settles; /* so many times */
};

static void
row_free(gpointer data)
{
	struct row *row = data;
	g_free(row->endpoint);
	g_free(row->lead);
	g_free(row->event);
	g_free(row->body);
	g_free(row->error);
	g_free(row->response);
	g_free(row);
}

static struct store *
outbox_new(void)
{
	struct store *store = g_new0(struct store, 1);
	pthread_mutex_init(&store->lock, NULL);
	pthread_cond_init(&store->changed, NULL);
	store->rows = g_ptr_array_new_with_free_func(row_free);
	store->parked = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	store->marks = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return store;
}

static void
outbox_free(struct store *store)
{
	g_ptr_array_unref(store->rows);
	g_hash_table_unref(store->parked);
	g_hash_table_unref(store->marks);
	pthread_mutex_destroy(&store->lock);
	pthread_cond_destroy(&store->changed);
	g_free(store);
}

/* Lead and event are numbers; the body names both. */
G_GNUC_UNUSED static struct row *
outbox_add(struct store *store, const char *endpoint, guint lead, guint event)
{
	struct row *row = g_new0(struct row, 1);
	row->endpoint = g_strdup(endpoint);
	row->lead = g_strdup_printf("lead_%u", lead);
	row->event = g_strdup_printf("evt_%u_%u", lead, event);
	row->body = g_strdup_printf("{\"type\":\"lead.updated\",\"data\":{\"lead\":%u,\"n\":%u}}",
				    lead, event);
	pthread_mutex_lock(&store->lock);
	g_ptr_array_add(store->rows, row);
	row->id = store->rows->len;
	row->next = row->time = clock_now();
	pthread_mutex_unlock(&store->lock);
	return row;
}

static struct timespec
outbox_deadline(gint64 wait)
{
	gint64 end = g_get_real_time() + wait;
	return (struct timespec){ end / G_USEC_PER_SEC, end % G_USEC_PER_SEC * 1000 };
}

#define OUTBOX_PATIENCE (60 * (gint64)G_USEC_PER_SEC)

/* Until when a loop of glances may go on, and whether it still may: by the real clock. */
G_GNUC_UNUSED static gint64
outbox_patience(void)
{
	return g_get_monotonic_time() + OUTBOX_PATIENCE;
}

G_GNUC_UNUSED static gboolean
outbox_may_wait(gint64 patience)
{
	return g_get_monotonic_time() < patience;
}

typedef gboolean outbox_condition(struct store *store, gpointer data);

/* Wait until a condition, which is asked under the lock after every change, holds. */
G_GNUC_UNUSED static void
outbox_wait(struct store *store, outbox_condition *holds, gpointer data)
{
	struct timespec end = outbox_deadline(30 * G_USEC_PER_SEC);
	pthread_mutex_lock(&store->lock);
	while (!holds(store, data))
		if (pthread_cond_timedwait(&store->changed, &store->lock, &end) == ETIMEDOUT)
			g_error("the outbox did not come to what was expected");
	pthread_mutex_unlock(&store->lock);
}

/* Wait for any change, but not for long: for a driver that moves the clock on.  Rounds of that
 * are no measure of patience, since every change ends one: see outbox_patience(). */
G_GNUC_UNUSED static void
outbox_glance(struct store *store)
{
	struct timespec end = outbox_deadline(2000);
	pthread_mutex_lock(&store->lock);
	pthread_cond_timedwait(&store->changed, &store->lock, &end);
	pthread_mutex_unlock(&store->lock);
}

void
delivery_free(struct delivery *delivery)
{
	if (!delivery)
		return;
	g_free(delivery->endpoint);
	g_free(delivery->event);
	g_free(delivery->type);
	g_free(delivery->lead);
	g_free(delivery->body);
	g_free(delivery->error);
	g_free(delivery->response);
	g_free(delivery);
}

static struct delivery *
row_delivery(const struct row *row)
{
	struct delivery *d = g_new0(struct delivery, 1);
	d->id = row->id;
	d->endpoint = g_strdup(row->endpoint);
	d->lead = g_strdup(row->lead);
	d->event = g_strdup(row->event);
	d->body = g_strdup(row->body);
	d->attempts = row->attempts;
	d->next = row->next;
	d->time = row->time;
	d->status = row->status;
	d->type = g_strdup("lead.updated");
	return d;
}

static int
by_next(gconstpointer a, gconstpointer b)
{
	const struct row *x = *(struct row *const *)a, *y = *(struct row *const *)b;
	if (x->next != y->next)
		return x->next < y->next ? -1 : 1;
	return x->id < y->id ? -1 : 1;
}

/* The first waiting row of each lead.  Lock held. */
static GPtrArray *
outbox_heads(struct store *store, const char *endpoint)
{
	GPtrArray *heads = g_ptr_array_new();
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	if (g_hash_table_contains(store->parked, endpoint))
		return heads;
	for (guint i = 0; i < store->rows->len; i++) {
		struct row *row = g_ptr_array_index(store->rows, i);
		if (row->state == DELIVERY_WAITING && !strcmp(row->endpoint, endpoint) &&
		    g_hash_table_add(seen, row->lead))
			g_ptr_array_add(heads, row);
	}
	g_ptr_array_sort(heads, by_next);
	return heads;
}

static gboolean
outbox_fails(int *times, GError **error)
{
	if (*times <= 0)
		return FALSE;
	--*times;
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_STORE, "refused by the test");
	return TRUE;
}

GPtrArray *
store_outbox_claim(struct store *store, const char *endpoint, gint64 now, guint most,
		   gint64 (*next)(guint attempts, gint64 now, gpointer data), gpointer data,
		   GError **error)
{
	GPtrArray *out = NULL;
	pthread_mutex_lock(&store->lock);
	store->claims++;
	if (!outbox_fails(&store->fail_claims, error)) {
		g_autoptr(GPtrArray) heads = outbox_heads(store, endpoint);
		out = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
		for (guint i = 0; i < heads->len && out->len < most; i++) {
			struct row *row = g_ptr_array_index(heads, i);
			if (row->next > now)
				break;
			row->attempts++;
			row->next = next(row->attempts, now, data);
			g_assert_cmpint(row->next, >, now);
			g_ptr_array_add(out, row_delivery(row));
			store->claimed_rows++;
		}
	}
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return out;
}

gint64
store_outbox_next(struct store *store, const char *endpoint, G_GNUC_UNUSED GError **error)
{
	pthread_mutex_lock(&store->lock);
	g_autoptr(GPtrArray) heads = outbox_heads(store, endpoint);
	gint64 next = heads->len ? ((struct row *)g_ptr_array_index(heads, 0))->next : 0;
	pthread_mutex_unlock(&store->lock);
	return next;
}

/* Nobody else is there. */
gboolean
store_is_shared(G_GNUC_UNUSED const struct store *store)
{
	return FALSE;
}

gboolean
store_holds(G_GNUC_UNUSED struct store *store, G_GNUC_UNUSED const char *name)
{
	return TRUE;
}

gboolean
store_outbox_look(struct store *store, const char *endpoint, struct store_outlook *ret,
		  GError **error)
{
	*ret = (struct store_outlook){ .next = store_outbox_next(store, endpoint, error) };
	return TRUE;
}

gboolean
store_endpoint_rest(G_GNUC_UNUSED struct store *store, G_GNUC_UNUSED const char *endpoint,
		    G_GNUC_UNUSED gint64 until, G_GNUC_UNUSED GError **error)
{
	return TRUE;
}

static void
row_settle(struct store *store, const struct delivery_result *result)
{
	struct row *row = g_ptr_array_index(store->rows, result->id - 1);
	g_assert_cmpint(row->state, ==, DELIVERY_WAITING);
	row->state = result->state;
	row->next = result->next;
	if (result->unsent) {
		g_assert_cmpint(row->attempts, >, 0);
		row->attempts--;
		store->given_back++;
		return;
	}
	store->results++;
	row->settled = row->attempts;
	row->status = result->status;
	g_free(row->error);
	row->error = g_strdup(result->error);
	g_free(row->response);
	row->response = g_strdup(result->response);
}

gboolean
store_outbox_settle(struct store *store, const struct delivery_result *results, guint count,
		    GError **error)
{
	pthread_mutex_lock(&store->lock);
	gboolean fails = outbox_fails(&store->fail_settles, error);
	store->settles++;
	for (guint i = 0; i < count && !fails; i++)
		row_settle(store, &results[i]);
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return !fails;
}

gint
store_outbox_hurry(struct store *store, const char *endpoint, gint64 now,
		   G_GNUC_UNUSED GError **error)
{
	gint count = 0;
	pthread_mutex_lock(&store->lock);
	store->hurries++;
	for (guint i = 0; i < store->rows->len; i++) {
		struct row *row = g_ptr_array_index(store->rows, i);
		if (row->state == DELIVERY_WAITING && !strcmp(row->endpoint, endpoint) &&
		    row->next > now) {
			row->next = now;
			count++;
		}
	}
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return count;
}

gboolean
store_endpoint_park(struct store *store, const char *endpoint, const char *reason, const char *mark,
		    G_GNUC_UNUSED gint64 now, G_GNUC_UNUSED GError **error)
{
	pthread_mutex_lock(&store->lock);
	g_hash_table_replace(store->parked, g_strdup(endpoint), g_strdup(reason));
	g_hash_table_replace(store->marks, g_strdup(endpoint), g_strdup(mark ? mark : ""));
	pthread_cond_broadcast(&store->changed);
	pthread_mutex_unlock(&store->lock);
	return TRUE;
}

gint
store_endpoint_unlatch(struct store *store, const char *endpoint, const char *mark,
		       G_GNUC_UNUSED GError **error)
{
	pthread_mutex_lock(&store->lock);
	const char *with = g_hash_table_lookup(store->marks, endpoint);
	gboolean changed = with && *with && strcmp(with, mark);
	if (changed)
		g_hash_table_remove(store->parked, endpoint);
	pthread_mutex_unlock(&store->lock);
	return changed;
}

gboolean
store_endpoint_resume(struct store *store, const char *endpoint, G_GNUC_UNUSED GError **error)
{
	pthread_mutex_lock(&store->lock);
	g_hash_table_remove(store->parked, endpoint);
	pthread_mutex_unlock(&store->lock);
	return TRUE;
}

#endif
