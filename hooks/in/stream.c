/* stream.c - see stream.h. */
#include "hooks/in/stream.h"

#include <cJSON.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "lead/show.h"

#define ALIVE (15 * (gint64)G_USEC_PER_SEC) /* a sign of life after so long */
#define TICK (1 * (gint64)G_USEC_PER_SEC)
#define PAUSE (200 * 1000) /* between two looks at what is new */
#define DEAF (60 * (gint64)G_USEC_PER_SEC) /* without a listener nothing is kept */
#define SINGLY 50 /* changes told one by one at a time */

struct message {
	guint64 id;
	char *text; /* "event: …\ndata: …\n\n" */
};

struct streams {
	struct stream_host host;
	struct server *server;
	char boot[9]; /* ids of another start are none of ours */
	pthread_t thread;
	gboolean running, stopping, looks;
	pthread_mutex_t mutex; /* for all but host, server and thread */
	pthread_cond_t wake;
	GArray *news; /* struct store_news: told by the writer, not yet in the ring */
	gboolean many; /* more than that */
	GQueue ring; /* struct message *, oldest first */
	guint64 last_id, first_id; /* given last; oldest that is kept, or would be */
	GHashTable *listeners; /* of struct listener */
	gboolean is_listening; /* to the store */
	gint64 left; /* when the last listener left */
	gint64 foreign; /* count of what others changed, -1 not known */
};

struct listener {
	struct streams *streams;
	char *key;
	guint64 seen; /* id */
	gboolean began, must_reset;
	gint64 sent; /* monotonic */
};

static void
message_free(gpointer data)
{
	struct message *message = data;

	g_free(message->text);
	g_free(message);
}

/* --- the ring --- */

/* Under the lock.  Takes the data. */
static void
publish(struct streams *streams, const char *event, cJSON *data)
{
	struct message *message = g_new(struct message, 1);
	char *json = cJSON_PrintUnformatted(data);

	message->id = ++streams->last_id;
	message->text = g_strdup_printf("id: %s-%" G_GUINT64_FORMAT "\nevent: %s\ndata: %s\n\n",
					streams->boot, message->id, event, json);
	g_queue_push_tail(&streams->ring, message);
	while (streams->ring.length > LIMIT_STREAM_RING)
		message_free(g_queue_pop_head(&streams->ring));
	streams->first_id = ((struct message *)g_queue_peek_head(&streams->ring))->id;
	cJSON_free(json);
	cJSON_Delete(data);
}

static cJSON *
lead_event(const char *id, const char *change)
{
	cJSON *data = cJSON_CreateObject();

	show_add_text(data, "id", id);
	show_add_text(data, "change", change);
	return data;
}

static cJSON *
delivery_event(const struct delivery *delivery)
{
	static const char *const states[] = { "waiting", "delivered", "dead", "dropped" };
	cJSON *data = cJSON_CreateObject();

	if (delivery)
		cJSON_AddNumberToObject(data, "id", (double)delivery->id);
	else
		cJSON_AddNullToObject(data, "id");
	show_add_text(data, "lead", delivery ? delivery->lead : NULL);
	show_add_text(data, "endpoint", delivery ? delivery->endpoint : NULL);
	show_add_text(data, "state", delivery ? states[delivery->state] : NULL);
	return data;
}

/* --- what is new --- */

static void
told(const struct store_news *news, guint count, gpointer data)
{
	struct streams *streams = data;

	pthread_mutex_lock(&streams->mutex);
	if (streams->news->len + count > LIMIT_NEWS)
		streams->many = TRUE;
	else
		g_array_append_vals(streams->news, news, count);
	pthread_cond_signal(&streams->wake);
	pthread_mutex_unlock(&streams->mutex);
}

static const char *
change_of(enum store_news_kind kind)
{
	static const char *const words[] = {
		[NEWS_LEAD_CREATED] = "created",
		[NEWS_LEAD_CHANGED] = "changed",
		[NEWS_LEAD_MERGED] = "merged",
		[NEWS_LEAD_FORGOTTEN] = "forgotten",
	};

	return words[kind];
}

static gboolean
is_parked(struct store *store, const char *name)
{
	g_autoptr(GPtrArray) list = store_endpoint_status(store, NULL);

	for (guint i = 0; list && i < list->len; i++) {
		const struct endpoint_status *status = list->pdata[i];

		if (!strcmp(status->name, name))
			return status->parked;
	}
	return FALSE;
}

/* An event's name and data; asks the store for what the news didn't say. */
static const char *
describe(struct streams *streams, const struct store_news *news, cJSON **ret_data)
{
	struct store *store = streams->host.store;
	struct delivery *delivery;

	if (news->kind == NEWS_MANY) {
		*ret_data = lead_event(NULL, "changed");
		return "lead";
	}
	if (news->kind == NEWS_ENDPOINT) {
		*ret_data = cJSON_CreateObject();
		show_add_text(*ret_data, "name", news->id);
		cJSON_AddBoolToObject(*ret_data, "parked", is_parked(store, news->id));
		return "endpoint";
	}
	if (news->kind != NEWS_DELIVERY) {
		*ret_data = lead_event(news->id, change_of(news->kind));
		return "lead";
	}
	delivery = store_outbox_get(store, news->number, NULL);
	*ret_data = delivery_event(delivery);
	delivery_free(delivery);
	return "delivery";
}

static void
tell_one(struct streams *streams, const struct store_news *news)
{
	cJSON *data;
	const char *event = describe(streams, news, &data);

	pthread_mutex_lock(&streams->mutex);
	publish(streams, event, data);
	pthread_mutex_unlock(&streams->mutex);
}

static void
tell_many(struct streams *streams)
{
	pthread_mutex_lock(&streams->mutex);
	publish(streams, "lead", lead_event(NULL, "changed"));
	publish(streams, "delivery", delivery_event(NULL));
	pthread_mutex_unlock(&streams->mutex);
}

/* @return TRUE when there was any */
static gboolean
tell_news(struct streams *streams)
{
	g_autoptr(GArray) news = NULL;
	gboolean many;

	pthread_mutex_lock(&streams->mutex);
	news = streams->news;
	many = streams->many || news->len > SINGLY;
	streams->news = g_array_new(FALSE, FALSE, sizeof(struct store_news));
	streams->many = FALSE;
	pthread_mutex_unlock(&streams->mutex);
	if (many)
		tell_many(streams);
	for (guint i = 0; !many && i < news->len; i++)
		tell_one(streams, &g_array_index(news, struct store_news, i));
	return many || news->len > 0;
}

/* @return TRUE when another host changed something */
static gboolean
tell_foreign(struct streams *streams)
{
	gint64 before = streams->foreign;

	streams->foreign = store_foreign_changes(streams->host.store, NULL);
	if (before < 0 || streams->foreign <= before)
		return FALSE;
	tell_many(streams);
	return TRUE;
}

/* --- the thread --- */

/* Under the lock.  Nobody has been there for long: nothing is kept any more. */
static void
become_deaf(struct streams *streams, gint64 now)
{
	if (!streams->is_listening || g_hash_table_size(streams->listeners) > 0 ||
	    now - streams->left < DEAF)
		return;
	streams->is_listening = FALSE;
	g_queue_clear_full(&streams->ring, message_free);
	streams->first_id = streams->last_id + 2; /* whoever saw the last one missed some since */
	streams->last_id++;
	pthread_mutex_unlock(&streams->mutex);
	store_on_news(streams->host.store, NULL, NULL);
	pthread_mutex_lock(&streams->mutex);
}

static void
wait_for_news(struct streams *streams, gint64 until)
{
	const struct timespec end = { until / G_USEC_PER_SEC, until % G_USEC_PER_SEC * 1000 };

	pthread_mutex_lock(&streams->mutex);
	while (!streams->stopping && !streams->looks && !streams->many && !streams->news->len &&
	       pthread_cond_timedwait(&streams->wake, &streams->mutex, &end) == 0)
		;
	streams->looks = FALSE;
	become_deaf(streams, g_get_monotonic_time());
	pthread_mutex_unlock(&streams->mutex);
}

static gboolean
is_over(struct streams *streams)
{
	gboolean over;

	pthread_mutex_lock(&streams->mutex);
	over = streams->stopping;
	pthread_mutex_unlock(&streams->mutex);
	return over;
}

static gboolean
hears(struct streams *streams)
{
	gboolean hears;

	pthread_mutex_lock(&streams->mutex);
	hears = streams->is_listening;
	pthread_mutex_unlock(&streams->mutex);
	return hears;
}

static void *
serve(void *data)
{
	struct streams *streams = data;
	gint64 tick = g_get_monotonic_time();

	while (!is_over(streams)) {
		wait_for_news(streams, tick + TICK);
		tell_news(streams);
		if (g_get_monotonic_time() >= tick + TICK) {
			tick = g_get_monotonic_time();
			if (hears(streams))
				tell_foreign(streams);
			streams->host.tick(streams->host.data);
		}
		server_wake(streams->server);
		g_usleep(PAUSE);
	}
	return NULL;
}

/* --- beginning and end --- */

struct streams *
stream_new(const struct stream_host *host)
{
	struct streams *streams = g_new0(struct streams, 1);
	pthread_condattr_t attributes;

	streams->host = *host;
	g_snprintf(streams->boot, sizeof streams->boot, "%08x", g_random_int());
	streams->news = g_array_new(FALSE, FALSE, sizeof(struct store_news));
	streams->listeners = g_hash_table_new(NULL, NULL);
	streams->first_id = 1;
	streams->foreign = -1;
	g_queue_init(&streams->ring);
	pthread_mutex_init(&streams->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&streams->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	return streams;
}

gboolean
stream_start(struct streams *streams, struct server *server, GError **error)
{
	int failed;

	streams->server = server;
	failed = pthread_create(&streams->thread, NULL, serve, streams);
	streams->running = !failed;
	if (failed)
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "no thread: %s",
			    g_strerror(failed));
	return !failed;
}

void
stream_stop(struct streams *streams)
{
	if (!streams || !streams->running)
		return;
	store_on_news(streams->host.store, NULL, NULL);
	pthread_mutex_lock(&streams->mutex);
	streams->stopping = TRUE;
	pthread_cond_signal(&streams->wake);
	pthread_mutex_unlock(&streams->mutex);
	pthread_join(streams->thread, NULL);
	streams->running = FALSE;
}

void
stream_free(struct streams *streams)
{
	if (!streams)
		return;
	g_array_unref(streams->news);
	g_queue_clear_full(&streams->ring, message_free);
	g_hash_table_unref(streams->listeners);
	pthread_cond_destroy(&streams->wake);
	pthread_mutex_destroy(&streams->mutex);
	g_free(streams);
}

void
stream_look(struct streams *streams)
{
	pthread_mutex_lock(&streams->mutex);
	streams->looks = TRUE;
	pthread_cond_signal(&streams->wake);
	pthread_mutex_unlock(&streams->mutex);
}

guint
stream_count(struct streams *streams)
{
	guint count;

	pthread_mutex_lock(&streams->mutex);
	count = g_hash_table_size(streams->listeners);
	pthread_mutex_unlock(&streams->mutex);
	return count;
}

/* --- listeners --- */

/* Append a text to a source's buffer. @return FALSE when it doesn't fit */
static gboolean
put(char *buffer, gsize most, gsize *length, const char *text)
{
	gsize size = strlen(text);

	if (size > most - *length)
		return FALSE;
	memcpy(buffer + *length, text, size);
	*length += size;
	return TRUE;
}

/* Under the lock.  Where the ring goes on for this listener: from its newest end back. */
static GList *
next_message(struct streams *streams, guint64 seen)
{
	GList *at = streams->ring.tail;

	if (!at || ((struct message *)at->data)->id <= seen)
		return NULL;
	while (at->prev && ((struct message *)at->prev->data)->id > seen)
		at = at->prev;
	return at;
}

/* Under the lock. */
static void
put_messages(struct listener *listener, char *buffer, gsize most, gsize *length)
{
	struct streams *streams = listener->streams;
	char reset[80];

	if (listener->must_reset || listener->seen + 1 < streams->first_id) {
		g_snprintf(reset, sizeof reset,
			   "id: %s-%" G_GUINT64_FORMAT "\nevent: reset\ndata: {}\n\n",
			   streams->boot, streams->last_id);
		put(buffer, most, length, reset);
		listener->must_reset = FALSE;
		listener->seen = streams->last_id;
	}
	for (GList *at = next_message(streams, listener->seen); at; at = at->next) {
		const struct message *message = at->data;

		if (!put(buffer, most, length, message->text))
			return;
		listener->seen = message->id;
	}
}

static void
put_sign_of_life(struct listener *listener, char *buffer, gsize most, gsize *length)
{
	gint64 now = g_get_monotonic_time();

	if (!listener->began)
		put(buffer, most, length, "retry: 3000\n\n");
	else if (*length == 0 && now - listener->sent >= ALIVE)
		put(buffer, most, length, ": alive\n\n");
	listener->began = TRUE;
	if (*length)
		listener->sent = now;
}

static gssize
read_listener(char *buffer, gsize most, gpointer data)
{
	struct listener *listener = data;
	struct streams *streams = listener->streams;
	gsize length = 0;

	if (!listener->key)
		return -1;
	if (!streams->host.is_open(listener->key, streams->host.data)) {
		g_clear_pointer(&listener->key, g_free);
		put(buffer, most, &length, "event: end\ndata: {}\n\n");
		return (gssize)length;
	}
	pthread_mutex_lock(&streams->mutex);
	put_messages(listener, buffer, most, &length);
	pthread_mutex_unlock(&streams->mutex);
	put_sign_of_life(listener, buffer, most, &length);
	return (gssize)length;
}

static void
close_listener(gpointer data)
{
	struct listener *listener = data;
	struct streams *streams = listener->streams;

	pthread_mutex_lock(&streams->mutex);
	g_hash_table_remove(streams->listeners, listener);
	streams->left = g_get_monotonic_time();
	pthread_mutex_unlock(&streams->mutex);
	g_free(listener->key);
	g_free(listener);
}

/* Under the lock. */
static guint
count_of(struct streams *streams, const char *key)
{
	GHashTableIter iter;
	gpointer each;
	guint count = 0;

	g_hash_table_iter_init(&iter, streams->listeners);
	while (g_hash_table_iter_next(&iter, &each, NULL))
		count += !g_strcmp0(((struct listener *)each)->key, key);
	return count;
}

/* Under the lock.  An id of ours that was given, else what is missed is everything. */
static void
begin_after(struct streams *streams, struct listener *listener, const char *after)
{
	gsize boot = strlen(streams->boot);
	guint64 id;

	listener->seen = streams->last_id;
	if (!after)
		return;
	if (strncmp(after, streams->boot, boot) == 0 && after[boot] == '-' &&
	    g_ascii_string_to_unsigned(after + boot + 1, 10, 0, streams->last_id, &id, NULL))
		listener->seen = id;
	else
		listener->must_reset = TRUE;
}

gboolean
stream_open(struct streams *streams, const char *key, const char *after, struct server_source *ret)
{
	struct listener *listener = NULL;
	gboolean begins = FALSE;

	pthread_mutex_lock(&streams->mutex);
	if (g_hash_table_size(streams->listeners) < LIMIT_STREAMS &&
	    count_of(streams, key) < LIMIT_SESSION_STREAMS) {
		listener = g_new0(struct listener, 1);
		listener->streams = streams;
		listener->key = g_strdup(key);
		begin_after(streams, listener, after);
		g_hash_table_add(streams->listeners, listener);
		begins = !streams->is_listening;
		streams->is_listening = TRUE;
	}
	pthread_mutex_unlock(&streams->mutex);
	if (begins)
		store_on_news(streams->host.store, told, streams);
	if (listener)
		*ret = (struct server_source){ read_listener, close_listener, listener };
	return listener != NULL;
}
