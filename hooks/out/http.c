/* http.c - see http.h.  libcurl's multi interface; named here only. */
#include "hooks/out/http.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "hooks/out/schedule.h"

#include <curl/curl.h>
#include <signal.h>
#include <string.h>

#define CONNECT_TIMEOUT_MS 10000

struct http {
	CURLM *multi;
	GHashTable *exchanges; /* struct http_exchange *, all */
	GQueue waiting; /* struct http_exchange *, for their turn, the next one first */
};

struct http_exchange {
	struct http *http;
	http_done *done;
	gpointer data;
	CURL *easy;
	struct curl_slist *fields;
	gint64 not_before; /* its turn; 0 it has begun */
	char *problem; /* why it can't be sent, or NULL */
	gsize most;
	gsize received; /* of the answer, head and body */
	GPtrArray *headers; /* char *, of the newest head */
	gboolean head_complete; /* curl takes the end of the connection for the end of the head */
	GString *body;
	gboolean is_mail; /* SMTP: every line of the server is one of `headers` */
	char *text; /* of the mail */
	gsize length, sent;
	struct curl_slist *recipients;
	char error[CURL_ERROR_SIZE];
};

/* --- what comes back --- */

static gboolean
is_over(const struct http_exchange *e)
{
	return e->received > e->most;
}

static size_t
keep_body(char *data, size_t size, size_t count, void *user)
{
	struct http_exchange *e = user;
	gsize length = size * count;
	gsize room = e->most > e->received ? e->most - e->received : 0;
	g_string_append_len(e->body, data, MIN(length, room));
	e->received += length;
	return is_over(e) ? 0 : length;
}

/* An interim answer (103 and the like) has a head of its own; a trailer belongs to none. */
static size_t
keep_field(char *data, size_t size, size_t count, void *user)
{
	struct http_exchange *e = user;
	gsize length = size * count;
	e->received += length;
	if (length >= 5 && !memcmp(data, "HTTP/", 5)) {
		g_ptr_array_set_size(e->headers, 0);
		e->head_complete = FALSE;
	} else if (length <= 2 && (data[0] == '\r' || data[0] == '\n'))
		e->head_complete = TRUE;
	else if (!e->head_complete && !is_over(e))
		g_ptr_array_add(e->headers, g_strchomp(g_strndup(data, length)));
	return is_over(e) ? 0 : length;
}

const char *
http_header(const struct http_response *response, const char *name)
{
	gsize length = strlen(name);
	for (guint i = response->headers->len; i > 0; i--) {
		const char *field = g_ptr_array_index(response->headers, i - 1);
		if (g_ascii_strncasecmp(field, name, length) || field[length] != ':')
			continue;
		const char *value = field + length + 1;
		return value + strspn(value, " \t");
	}
	return NULL;
}

/* Where receivers say how long their throttle lasts; seconds, or a time, since 1970 perhaps. */
static const char *const reset_fields[] = { "x-ratelimit-reset", "x-rate-limit-reset",
					    "ratelimit-reset" };

static gboolean
is_throttled(const struct http_response *response)
{
	const char *left = http_header(response, "x-ratelimit-remaining");
	return response->status == 429 ||
	       ((response->status == 403 || response->status == 503) && left && !strcmp(left, "0"));
}

static gint64
read_retry_after(const struct http_response *response, gint64 now)
{
	const char *value = http_header(response, "retry-after");
	gint64 time = value ? schedule_retry_after(value, now) : 0;
	for (guint i = 0; !time && i < G_N_ELEMENTS(reset_fields); i++) {
		value = is_throttled(response) ? http_header(response, reset_fields[i]) : NULL;
		time = value ? schedule_reset(value, now) : 0;
	}
	return time;
}

/* --- what goes out --- */

static void
exchange_free(gpointer data)
{
	struct http_exchange *e = data;
	if (e->not_before)
		g_queue_remove(&e->http->waiting, e);
	else
		curl_multi_remove_handle(e->http->multi, e->easy);
	curl_easy_cleanup(e->easy);
	curl_slist_free_all(e->fields);
	g_ptr_array_unref(e->headers);
	g_string_free(e->body, TRUE);
	curl_slist_free_all(e->recipients);
	g_free(e->text);
	g_free(e->problem);
	g_free(e);
}

static void
set_transport(struct http_exchange *e, const struct http_transport *transport)
{
	CURL *easy = e->easy;
	long timeout = MAX(transport->timeout_seconds, 1) * 1000L;
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* a name server that hangs: don't wait for the resolver's thread beyond the time-out */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, MIN(timeout, CONNECT_TIMEOUT_MS));
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	/* "": none from the environment either */
	curl_easy_setopt(easy, CURLOPT_PROXY, transport->proxy ? transport->proxy : "");
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	if (transport->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, transport->ca_file);
	if (transport->client_cert)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, transport->client_cert);
	if (transport->client_key)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, transport->client_key);
}

static void
set_method(struct http_exchange *e, const struct http_request *request)
{
	CURL *easy = e->easy;
	gboolean is_post = !strcmp(request->method, "POST");
	if (request->body || is_post) {
		const char *body = request->body ? request->body : "";
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
				 (curl_off_t)(request->body ? request->length : 0));
		curl_easy_setopt(easy, CURLOPT_COPYPOSTFIELDS, body);
	}
	if (!strcmp(request->method, "HEAD"))
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	else if (!is_post)
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request->method);
}

/* No field may bring another one, or the body, with it. */
static gboolean
is_field(const char *field)
{
	const char *colon = strchr(field, ':');
	if (!colon || colon == field)
		return FALSE;
	for (const char *p = field; *p; p++)
		if (((guchar)*p < ' ' && *p != '\t') || *p == 0x7f || (p < colon && *p == ' '))
			return FALSE;
	return TRUE;
}

static gboolean
is_method(const char *method)
{
	return *method && strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(method);
}

static void
set_fields(struct http_exchange *e, const GPtrArray *headers)
{
	/* no waiting for "100 Continue" */
	e->fields = curl_slist_append(NULL, "Expect:");
	for (guint i = 0; headers && i < headers->len; i++) {
		const char *field = g_ptr_array_index(headers, i);
		if (is_field(field))
			e->fields = curl_slist_append(e->fields, field);
		else if (!e->problem) /* whose value may be a secret */
			e->problem = g_strdup_printf("header field \"%.*s\" can't be sent",
						     (int)strcspn(field, ":\r\n"), field);
	}
	curl_easy_setopt(e->easy, CURLOPT_HTTPHEADER, e->fields);
}

static void
set_callbacks(struct http_exchange *e)
{
	CURL *easy = e->easy;
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, keep_field);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, e);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, keep_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, e);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, e->error);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, e);
}

/* Its place among those that wait, the latest last: nearly always at the end. */
static void
enqueue(struct http *http, struct http_exchange *e)
{
	GList *at = http->waiting.tail;
	while (at && ((struct http_exchange *)at->data)->not_before > e->not_before)
		at = at->prev;
	if (at)
		g_queue_insert_after(&http->waiting, at, e);
	else
		g_queue_push_head(&http->waiting, e);
}

static void
begin(struct http_exchange *e, struct rate *rate)
{
	gint64 now = clock_now();
	if (rate && !e->problem) {
		e->not_before = rate_next(rate, now);
		rate_take(rate, now);
	}
	if (e->problem)
		e->not_before = 1;
	if (e->problem || e->not_before > now) {
		enqueue(e->http, e);
		return;
	}
	e->not_before = 0;
	curl_multi_add_handle(e->http->multi, e->easy);
}

static struct http_exchange *
exchange_new(struct http *http, const struct http_transport *transport, http_done *done,
	     gpointer data)
{
	struct http_exchange *e = g_new0(struct http_exchange, 1);
	e->http = http;
	e->done = done;
	e->data = data;
	e->most = transport->most ? transport->most : LIMIT_RESPONSE;
	e->headers = g_ptr_array_new_with_free_func(g_free);
	e->body = g_string_new(NULL);
	e->easy = curl_easy_init();
	set_transport(e, transport);
	set_callbacks(e);
	g_hash_table_add(http->exchanges, e);
	return e;
}

struct http_exchange *
http_send(struct http *http, const struct http_request *request, http_done *done, gpointer data)
{
	const struct http_transport *transport = request->transport;
	struct http_exchange *e = exchange_new(http, transport, done, data);
	curl_easy_setopt(e->easy, CURLOPT_URL, request->url);
	curl_easy_setopt(e->easy, CURLOPT_USERAGENT, "leadmilter/" LEADMILTER_VERSION);
	/* over TLS wait for the first connection, which may carry them all (HTTP/2) */
	curl_easy_setopt(e->easy, CURLOPT_PIPEWAIT,
			 g_str_has_prefix(request->url, "https:") ? 1L : 0L);
	if (is_method(request->method))
		set_method(e, request);
	else
		e->problem = g_strdup("no such HTTP method");
	set_fields(e, request->headers);
	begin(e, transport->rate);
	return e;
}

/* --- mail --- */

static size_t
give_text(char *buffer, size_t size, size_t count, void *user)
{
	struct http_exchange *e = user;
	gsize length = MIN(size * count, e->length - e->sent);
	memcpy(buffer, e->text + e->sent, length);
	e->sent += length;
	return length;
}

static void
set_mail(struct http_exchange *e, const struct http_mail *mail)
{
	CURL *easy = e->easy;
	e->is_mail = TRUE;
	e->text = g_memdup2(mail->text, mail->length);
	e->length = mail->length;
	for (guint i = 0; i < mail->recipients->len; i++)
		e->recipients =
			curl_slist_append(e->recipients, g_ptr_array_index(mail->recipients, i));
	curl_easy_setopt(easy, CURLOPT_URL, mail->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
	curl_easy_setopt(easy, CURLOPT_MAIL_FROM, mail->sender);
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT, e->recipients);
	/* one who is gone must not keep it from the others */
	curl_easy_setopt(easy, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);
	curl_easy_setopt(easy, CURLOPT_UPLOAD, 1L);
	curl_easy_setopt(easy, CURLOPT_READFUNCTION, give_text);
	curl_easy_setopt(easy, CURLOPT_READDATA, e);
	curl_easy_setopt(easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)mail->length);
}

struct http_exchange *
http_send_mail(struct http *http, const struct http_mail *mail, http_done *done, gpointer data)
{
	struct http_exchange *e = exchange_new(http, mail->transport, done, data);
	set_mail(e, mail);
	begin(e, mail->transport->rate);
	return e;
}

void
http_cancel(struct http_exchange *exchange)
{
	g_hash_table_remove(exchange->http->exchanges, exchange); /* frees it */
}

/* --- the end of an exchange --- */

/* An answer that we cut off for its size was an answer. */
static gboolean
is_complete(const struct http_exchange *e, CURLcode code, long status)
{
	if (e->is_mail) /* a server that says no ends the exchange with an error of its own */
		return code == CURLE_OK || status >= 400;
	if (code == CURLE_OK)
		return e->head_complete;
	return code == CURLE_WRITE_ERROR && is_over(e);
}

static char *
describe_failure(const struct http_exchange *e, CURLcode code, long status)
{
	const char *why = e->problem         ? e->problem
			  : e->error[0]      ? e->error
			  : code == CURLE_OK ? "no end of the header fields"
					     : curl_easy_strerror(code);
	if (e->is_mail)
		return g_strdup(why);
	return status ? g_strdup_printf("the answer (HTTP %ld) broke off: %s", status, why)
		      : g_strdup(why);
}

static void
finish(struct http_exchange *e, CURLcode code)
{
	struct http_response response = { .headers = e->headers,
					  .body = e->body->str,
					  .length = e->body->len };
	g_autofree char *error = NULL;
	curl_off_t sending = 0, took = 0;
	long status = 0;
	curl_easy_getinfo(e->easy, CURLINFO_PRETRANSFER_TIME_T, &sending);
	curl_easy_getinfo(e->easy, CURLINFO_TOTAL_TIME_T, &took);
	curl_easy_getinfo(e->easy, CURLINFO_RESPONSE_CODE, &status);
	response.duration = took;
	if (!e->problem && is_complete(e, code, status)) {
		response.status = status;
		if (e->is_mail && e->headers->len) {
			response.body = g_ptr_array_index(e->headers, e->headers->len - 1);
			response.length = strlen(response.body);
		}
		response.cut = is_over(e);
		response.retry_after = read_retry_after(&response, clock_now());
	} else {
		response.unreachable = !e->problem && !sending;
		response.error = error = describe_failure(e, code, status);
	}
	g_hash_table_steal(e->http->exchanges, e);
	e->done(&response, e->data);
	exchange_free(e);
}

static void
start_those_due(struct http *http)
{
	gint64 now = clock_now();
	struct http_exchange *e;
	while ((e = g_queue_peek_head(&http->waiting)) && e->not_before <= now) {
		if (e->problem) {
			finish(e, CURLE_OK);
			continue;
		}
		g_queue_pop_head(&http->waiting);
		e->not_before = 0;
		curl_multi_add_handle(http->multi, e->easy);
	}
}

void
http_run(struct http *http)
{
	const CURLMsg *message;
	int running, left;
	start_those_due(http);
	curl_multi_perform(http->multi, &running);
	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct http_exchange *e = NULL;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &e);
		finish(e, message->data.result);
	}
}

void
http_wait(struct http *http, int most_ms)
{
	const struct http_exchange *next = g_queue_peek_head(&http->waiting);
	if (next) {
		gint64 ms = (next->not_before - clock_now() + 999) / 1000;
		most_ms = (int)CLAMP(ms, 0, most_ms);
	}
	curl_multi_poll(http->multi, NULL, 0, most_ms, NULL);
}

void
http_wake(struct http *http)
{
	curl_multi_wakeup(http->multi);
}

void
http_keep(struct http *http, guint connections)
{
	curl_multi_setopt(http->multi, CURLMOPT_MAXCONNECTS, (long)MAX(connections, 1));
}

guint
http_count(const struct http *http)
{
	return g_hash_table_size(http->exchanges);
}

/* --- begin and end --- */

void
http_enter_thread(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
}

static gpointer
init_curl(G_GNUC_UNUSED gpointer data)
{
	return GINT_TO_POINTER(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK);
}

struct http *
http_new(GError **error)
{
	static GOnce once = G_ONCE_INIT;
	CURLM *multi = g_once(&once, init_curl, NULL) ? curl_multi_init() : NULL;
	if (!multi) {
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_SYSTEM,
				    "libcurl can't be initialised");
		return NULL;
	}
	struct http *http = g_new0(struct http, 1);
	http->multi = multi;
	http->exchanges = g_hash_table_new_full(NULL, NULL, exchange_free, NULL);
	return http;
}

void
http_free(struct http *http)
{
	g_hash_table_unref(http->exchanges);
	curl_multi_cleanup(http->multi);
	g_free(http);
}
