/*
 * deliver.c - see deliver.h.  The only file that knows libcurl.
 *
 * One thread runs everything here: it takes the clerk's answers, lets each lane (lane.h) claim
 * and send, moves the transfers, and sleeps in curl_multi_poll() until a socket, a time or
 * curl_multi_wakeup() ends it.  Other threads only set what stands under the lock and wake it.
 *
 * An answer counts when it is complete (or was cut off by us at LIMIT_RESPONSE): one that breaks
 * off is none, and the event goes out again under its id.  Nothing said about an
 * endpoint names more of its URL than scheme, host and port, since paths and queries carry tokens.
 */
#include "hooks/out/deliver.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "hooks/out/clerk.h"
#include "hooks/out/lane.h"
#include "hooks/out/request.h"
#include "hooks/out/schedule.h"
#include "hooks/out/sign.h"

#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000
#define SLEEP_MOST_MS 10000 /* so that a clock that was set is noticed */

struct transfer {
	struct deliver *deliver;
	struct lane *lane;
	struct delivery *delivery;
	guint generation;
	CURL *easy;
	struct curl_slist *headers;
	char *retry_after;
	gboolean head_complete; /* curl takes the end of the connection for the end of the head */
	gsize received; /* of the answer, head and body */
	gsize kept;
	char response[REQUEST_EXCERPT];
	char error[CURL_ERROR_SIZE];
};

struct deliver {
	struct clerk *clerk;
	CURLM *multi;
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
};

/* --- one transfer --- */

static size_t
keep_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	gsize length = size * count;
	gsize keep = MIN(length, sizeof t->response - t->kept);
	memcpy(t->response + t->kept, data, keep);
	t->kept += keep;
	t->received += length;
	return t->received > LIMIT_RESPONSE ? 0 : length;
}

static size_t
keep_header(char *data, size_t size, size_t count, void *user)
{
	static const char name[] = "retry-after:";
	struct transfer *t = user;
	gsize length = size * count;
	t->received += length;
	t->head_complete = length <= 2 && (data[0] == '\r' || data[0] == '\n'); /* the empty line */
	if (length > strlen(name) && !g_ascii_strncasecmp(data, name, strlen(name))) {
		g_free(t->retry_after);
		t->retry_after = g_strndup(data + strlen(name), length - strlen(name));
	}
	return t->received > LIMIT_RESPONSE ? 0 : length;
}

static struct curl_slist *
header_list(const struct transfer *t, gint64 now)
{
	g_autoptr(GPtrArray) fields = request_headers(t->lane->endpoint, t->delivery, now);
	struct curl_slist *list = NULL;
	for (guint i = 0; i < fields->len; i++)
		list = curl_slist_append(list, g_ptr_array_index(fields, i));
	return list;
}

static void
set_limits(CURL *easy, const struct config_endpoint *endpoint)
{
	long timeout = MAX(endpoint->timeout_seconds, 1) * 1000L;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* a name server that hangs: don't wait for the resolver's thread beyond the time-out */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, MIN(timeout, CONNECT_TIMEOUT_MS));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_PROXY, ""); /* none from the environment */
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	if (endpoint->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->ca_file);
}

static void
set_request(struct transfer *t)
{
	CURL *easy = t->easy;
	const char *body = t->delivery->body;
	const char *url = t->lane->endpoint->url;
	curl_easy_setopt(easy, CURLOPT_URL, url);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "leadmilter/" LEADMILTER_VERSION);
	curl_easy_setopt(easy, CURLOPT_POST, 1L);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body);
	curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)strlen(body));
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->headers);
	/* over TLS wait for the first connection, which may carry them all (HTTP/2) */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, g_str_has_prefix(url, "https:") ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, t);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, t);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, t);
}

static void
transfer_free(gpointer data)
{
	struct transfer *t = data;
	curl_multi_remove_handle(t->deliver->multi, t->easy);
	curl_easy_cleanup(t->easy);
	curl_slist_free_all(t->headers);
	g_free(t->retry_after);
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
send_delivery(struct deliver *deliver, struct lane *lane, struct delivery *delivery, gint64 now)
{
	struct transfer *t = g_new0(struct transfer, 1);
	t->deliver = deliver;
	t->lane = lane;
	t->delivery = delivery;
	t->generation = lane_generation(lane);
	request_prepare_body(lane->endpoint, delivery);
	t->headers = header_list(t, now);
	t->easy = curl_easy_init();
	set_limits(t->easy, lane->endpoint);
	set_request(t);
	curl_multi_add_handle(deliver->multi, t->easy);
	g_hash_table_add(deliver->transfers, t);
}

/* An answer that we cut off for its size was an answer. */
static gboolean
is_complete(const struct transfer *t, CURLcode code)
{
	if (code == CURLE_OK)
		return t->head_complete;
	return code == CURLE_WRITE_ERROR && t->received > LIMIT_RESPONSE;
}

static char *
describe_failure(const struct transfer *t, CURLcode code, long status)
{
	const char *why = t->error[0]        ? t->error
			  : code == CURLE_OK ? "no end of the header fields"
					     : curl_easy_strerror(code);
	return status ? g_strdup_printf("the answer (HTTP %ld) broke off: %s", status, why)
		      : g_strdup(why);
}

static void
read_answer(const struct transfer *t, CURLcode code, gint64 now, struct lane_answer *answer)
{
	curl_off_t sending = 0;
	long status = 0;
	curl_easy_getinfo(t->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
	curl_easy_getinfo(t->easy, CURLINFO_RESPONSE_CODE, &status);
	answer->generation = t->generation;
	answer->response = request_excerpt(t->response, t->kept);
	if (is_complete(t, code)) {
		answer->status = status;
		if (t->retry_after)
			answer->retry_after = schedule_retry_after(t->retry_after, now);
	} else {
		answer->unreachable = !sending;
		answer->error = describe_failure(t, code, status);
	}
}

static void
finish(struct transfer *t, struct lane_answer *answer, gint64 now)
{
	struct deliver *deliver = t->deliver;
	struct lane *lane = t->lane;
	struct delivery *delivery = t->delivery;
	g_hash_table_remove(deliver->transfers, t); /* which frees it */
	gboolean delivered = lane_finish(lane, delivery, answer, now);
	count(deliver, 0, delivered, !delivered);
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
	long most = 0;
	for (guint i = 0; i < deliver->config->endpoints->len; i++) {
		const struct config_endpoint *e = g_ptr_array_index(deliver->config->endpoints, i);
		most += MAX(e->concurrency, 1);
	}
	curl_multi_setopt(deliver->multi, CURLMOPT_MAXCONNECTS, MAX(most, 1));
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
			g_ptr_array_add(deliver->lanes, lane_new(e, deliver->clerk));
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
		if (lane->retired && lane_is_empty(lane))
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
take_transfers(struct deliver *deliver, gint64 now)
{
	int left;
	const CURLMsg *message;
	while ((message = curl_multi_info_read(deliver->multi, &left))) {
		struct transfer *t = NULL;
		struct lane_answer answer = { 0 };
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &t);
		read_answer(t, message->data.result, now, &answer);
		finish(t, &answer, now);
	}
}

static void
send_what_may_go(struct deliver *deliver, gint64 now)
{
	guint sent = 0;
	for (guint i = 0; i < deliver->lanes->len; i++) {
		struct lane *lane = g_ptr_array_index(deliver->lanes, i);
		struct delivery *delivery;
		lane_claim(lane, now);
		for (; (delivery = lane_take(lane, now)); sent++)
			send_delivery(deliver, lane, delivery, now);
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
run_pass(struct deliver *deliver)
{
	int running;
	take_requests(deliver);
	gint64 now = clock_now();
	take_clerk_answers(deliver, now);
	curl_multi_perform(deliver->multi, &running);
	take_transfers(deliver, now);
	send_what_may_go(deliver, now);
	clerk_flush(deliver->clerk);
	drop_retired(deliver);
	set_pace(deliver);
}

static void
abandon(struct deliver *deliver)
{
	GHashTableIter iter;
	gpointer key;
	for (;;) {
		g_hash_table_iter_init(&iter, deliver->transfers);
		if (!g_hash_table_iter_next(&iter, &key, NULL))
			return;
		struct transfer *t = key;
		struct lane *lane = t->lane;
		struct delivery *delivery = t->delivery;
		g_hash_table_remove(deliver->transfers, t);
		lane_abandon(lane, delivery, clock_now());
	}
}

/* OpenSSL writes to connections that the receiver may have closed; the signal goes to the thread
 * that wrote. */
static void
block_sigpipe(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static gpointer
deliver_main(gpointer data)
{
	struct deliver *deliver = data;
	block_sigpipe();
	while (goes_on(deliver)) {
		run_pass(deliver);
		if (goes_on(deliver))
			curl_multi_poll(deliver->multi, NULL, 0, sleep_ms(deliver, clock_now()),
					NULL);
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
		curl_multi_wakeup(deliver->multi);
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

static gboolean
check_endpoint(const struct config_endpoint *endpoint, GError **error)
{
	if (!g_str_has_prefix(endpoint->url, "https://") &&
	    !g_str_has_prefix(endpoint->url, "http://")) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "endpoint \"%s\": the URL must begin with https:// or http://",
			    endpoint->name);
		return FALSE;
	}
	for (guint i = 0; endpoint->secrets && i < endpoint->secrets->len; i++)
		if (!sign_secret_check(g_ptr_array_index(endpoint->secrets, i), error)) {
			g_prefix_error(error, "endpoint \"%s\": ", endpoint->name);
			return FALSE;
		}
	return TRUE;
}

gboolean
deliver_check(const struct config *config, GError **error)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		const struct config_endpoint *endpoint = g_ptr_array_index(config->endpoints, i);
		if (!check_endpoint(endpoint, error)) {
			g_prefix_error(error, "%s:%d: ", config->path, endpoint->line);
			return FALSE;
		}
	}
	return TRUE;
}

static gpointer
init_curl(G_GNUC_UNUSED gpointer data)
{
	return GINT_TO_POINTER(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct deliver *
deliver_start(struct store *store, struct config *config, GError **error)
{
	static GOnce once = G_ONCE_INIT;
	if (!deliver_check(config, error))
		return NULL;
	CURLM *multi = g_once(&once, init_curl, NULL) ? curl_multi_init() : NULL;
	if (!multi) {
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_SYSTEM,
				    "libcurl can't be initialised");
		return NULL;
	}
	struct deliver *deliver = g_new0(struct deliver, 1);
	pthread_mutex_init(&deliver->lock, NULL);
	deliver->multi = multi;
	deliver->clerk = clerk_start(store, clerk_done, deliver);
	deliver->lanes = g_ptr_array_new_with_free_func((GDestroyNotify)lane_free);
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
	g_ptr_array_unref(deliver->lanes);
	g_hash_table_unref(deliver->transfers);
	curl_multi_cleanup(deliver->multi);
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
