/* test-deliver.c - the delivery engine against real HTTP servers on the loopback, with an outbox in
 * memory that can fail (outbox_double.h). */
#include "hooks/out/deliver.h"
#include "base/limits.h"
#include "hooks/out/sign.h"
#include "loopback.h"
#include "loopback_tls.h"
#include "outbox_double.h"

#include <stdio.h>

#define SECRET "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define START (1790000000 * (gint64)CLOCK_SECOND)
#define REPLY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

/* --- set-up --- */

static struct config *
config_of(struct config *config, const char *name, const char *url, guint concurrency)
{
	struct config_endpoint *e = g_new0(struct config_endpoint, 1);
	e->name = g_strdup(name);
	e->url = g_strdup(url);
	e->concurrency = concurrency;
	e->timeout_seconds = 5;
	e->secrets = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(e->secrets, g_strdup(SECRET));
	e->events = g_ptr_array_new_with_free_func(g_free);
	e->headers = g_ptr_array_new_with_free_func(g_free);
	if (!config)
		config = config_default();
	g_ptr_array_add(config->endpoints, e);
	return config;
}

static struct config_endpoint *
endpoint_of(struct config *config, guint i)
{
	return g_ptr_array_index(config->endpoints, i);
}

static struct config *
config_at(const char *name, guint16 port, guint concurrency)
{
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/hook", port);
	return config_of(NULL, name, url, concurrency);
}

struct fixture {
	struct store *store;
	struct loopback *server;
	struct config *config;
	struct deliver *deliver;
};

static void
begin(struct fixture *f, loopback_script *script, gpointer data, guint concurrency)
{
	clock_fix(START);
	f->store = outbox_new();
	f->server = loopback_start(0, script, data);
	f->config = config_at("crm", f->server->port, concurrency);
}

static void
launch(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	f->deliver = deliver_start(f->store, f->config, &error);
	g_assert_no_error(error);
}

static void
end(struct fixture *f)
{
	deliver_stop(f->deliver, 0);
	loopback_stop(f->server);
	config_unref(f->config);
	outbox_free(f->store);
	clock_fix(0);
}

static void
advance(struct fixture *f, gint64 seconds)
{
	clock_fix(clock_now() + seconds * CLOCK_SECOND);
	deliver_wake(f->deliver);
}

/* Conditions to wait for. */

static gboolean
all_delivered(struct store *store, gpointer endpoint)
{
	for (guint i = 0; i < store->rows->len; i++) {
		struct row *row = g_ptr_array_index(store->rows, i);
		if (row->state != DELIVERY_DELIVERED &&
		    (!endpoint || !strcmp(row->endpoint, endpoint)))
			return FALSE;
	}
	return TRUE;
}

/* Something was tried and its result is on disk. */
static gboolean
first_tried(struct store *store, G_GNUC_UNUSED gpointer data)
{
	struct row *row = g_ptr_array_index(store->rows, 0);
	return row->settled > 0;
}

static gboolean
is_parked(struct store *store, gpointer endpoint)
{
	return g_hash_table_contains(store->parked, endpoint);
}

struct expected {
	guint row, attempts;
};

/* The result of so many attempts is written. */
static gboolean
attempted(struct store *store, gpointer data)
{
	const struct expected *e = data;
	struct row *row = g_ptr_array_index(store->rows, e->row);
	return row->settled == e->attempts;
}

static guint
count_rows(struct store *store, gboolean (*holds)(const struct row *row))
{
	guint count = 0;
	pthread_mutex_lock(&store->lock);
	for (guint i = 0; i < store->rows->len; i++)
		count += holds(g_ptr_array_index(store->rows, i));
	pthread_mutex_unlock(&store->lock);
	return count;
}

static gboolean
is_delivered(const struct row *row)
{
	return row->state == DELIVERY_DELIVERED;
}

static gboolean
is_tried(const struct row *row)
{
	return row->attempts > 0;
}

/* --- one delivery --- */

static void
check_signature(const struct loopback_request *request, const char *want_time)
{
	g_autoptr(GPtrArray) secrets = g_ptr_array_new();
	g_ptr_array_add(secrets, (gpointer)SECRET);
	g_autofree char *id = loopback_field(request, "webhook-id");
	g_autofree char *time = loopback_field(request, "webhook-timestamp");
	g_autofree char *signature = loopback_field(request, "webhook-signature");
	g_assert_cmpstr(time, ==, want_time);
	g_autofree char *want = sign_webhook(secrets, id, g_ascii_strtoll(time, NULL, 10),
					     request->body, strlen(request->body));
	g_assert_cmpstr(signature, ==, want);
}

static const struct {
	const char *field, *want; /* NULL: absent */
} fields_wanted[] = {
	{ "webhook-id", "evt_1_1" },
	{ "content-type", "application/json" },
	{ "user-agent", "leadmilter/" LEADMILTER_VERSION },
	{ "x-tenant", "acme" },
	{ "authorization", "Basic dXNlcjpwYXNzd29yZA==" },
	{ "expect", NULL },
	{ "x-broken", NULL },
	{ "transfer-encoding", NULL },
};

static void
check_result(struct fixture *f)
{
	struct row *row = g_ptr_array_index(f->store->rows, 0);
	g_assert_cmpint(row->status, ==, 200);
	g_assert_cmpstr(row->response, ==, "ok");
	g_assert_cmpuint(row->attempts, ==, 1);
	struct deliver_stats stats;
	deliver_stats(f->deliver, &stats);
	g_assert_cmpuint(stats.attempts, ==, 1);
	g_assert_cmpuint(stats.delivered, ==, 1);
	g_assert_cmpuint(stats.failed, ==, 0);
	g_assert_cmpuint(stats.in_flight, ==, 0);
}

static void
test_request(void)
{
	struct fixture f;
	begin(&f, NULL, NULL, 4);
	struct config_endpoint *e = endpoint_of(f.config, 0);
	g_free(e->url);
	e->url = g_strdup_printf("http://user:password@127.0.0.1:%u/hook?tenant=1", f.server->port);
	g_ptr_array_add(e->headers, g_strdup("X-Tenant: acme"));
	g_ptr_array_add(e->headers, g_strdup("webhook-id: forged"));
	g_ptr_array_add(e->headers, g_strdup("X-Broken: a\r\nX-Injected: b"));
	outbox_add(f.store, "crm", 1, 1);
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(f.server->requests->len, ==, 1);
	struct loopback_request *request = g_ptr_array_index(f.server->requests, 0);
	g_assert_true(g_str_has_prefix(request->head, "POST /hook?tenant=1 HTTP/1.1\r\n"));
	g_assert_null(strstr(request->head, "X-Injected"));
	for (guint i = 0; i < G_N_ELEMENTS(fields_wanted); i++) {
		g_autofree char *got = loopback_field(request, fields_wanted[i].field);
		g_assert_cmpstr(got, ==, fields_wanted[i].want);
	}
	g_assert_cmpstr(request->body, ==,
			"{\"type\":\"lead.updated\",\"data\":{\"lead\":1,\"n\":1}}");
	check_signature(request, "1790000000");
	check_result(&f);
	end(&f);
}

/* What each answer means for the delivery and what is kept of it. */
static const struct answer_case {
	const char *name, *bytes;
	int status;
	enum delivery_state state;
	const char *error; /* begins so; NULL none */
	const char *response;
	int least, most; /* seconds until the next try */
} answers[] = {
	{ "200", LOOPBACK_OK, 200, DELIVERY_DELIVERED, NULL, "ok", 0, 0 },
	{ "204", "HTTP/1.1 204 No Content\r\n\r\n", 204, DELIVERY_DELIVERED, NULL, NULL, 0, 0 },
	{ "500", REPLY("500 Oh"), 500, DELIVERY_WAITING, "HTTP 500", NULL, 4, 6 },
	{ "404 is held", REPLY("404 No"), 404, DELIVERY_WAITING, "HTTP 404", NULL, 4, 6 },
	{ "401", REPLY("401 No"), 401, DELIVERY_WAITING, "HTTP 401", NULL, 4, 6 },
	{ "302 is not followed",
	  "HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n", 302,
	  DELIVERY_WAITING, "HTTP 302 (redirects are not followed)", NULL, 4, 6 },
	{ "422", "HTTP/1.1 422 No\r\nContent-Length: 9\r\n\r\nbad field", 422, DELIVERY_WAITING,
	  "HTTP 422", "bad field", 4, 6 },
	{ "429 with seconds", "HTTP/1.1 429 Slow\r\nRetry-After: 1000\r\nContent-Length: 0\r\n\r\n",
	  429, DELIVERY_WAITING, "HTTP 429", NULL, 1000, 1000 },
	{ "503 with a date",
	  "HTTP/1.1 503 Later\r\nRetry-After: Mon, 21 Sep 2026 14:30:00 GMT\r\n"
	  "Content-Length: 0\r\n\r\n",
	  503, DELIVERY_WAITING, "HTTP 503", NULL, 1000, 1000 },
	{ "503 with a word", "HTTP/1.1 503 Later\r\nRetry-After: soon\r\nContent-Length: 0\r\n\r\n",
	  503, DELIVERY_WAITING, "HTTP 503", NULL, 4, 6 },
	{ "200 that breaks off", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", 0,
	  DELIVERY_WAITING, "the answer (HTTP 200) broke off: ", "half", 4, 6 },
	{ "head that breaks off", "HTTP/1.1 200 OK\r\nContent-Le", 0, DELIVERY_WAITING, "", NULL, 4,
	  6 },
	{ "garbage", "\x80\x81 this is no HTTP at all\r\n\r\n", 0, DELIVERY_WAITING, "", NULL, 4,
	  6 },
	{ "nothing", NULL, 0, DELIVERY_WAITING, "Empty reply from server", NULL, 4, 6 },
	{ "no UTF-8", "HTTP/1.1 500 Oh\r\nContent-Length: 3\r\n\r\n\xe4\xf6\xfc", 500,
	  DELIVERY_WAITING, "HTTP 500", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", 4, 6 },
	{ "interim answers",
	  "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n", 201,
	  DELIVERY_DELIVERED, NULL, NULL, 0, 0 },
	{ "hangs", LOOPBACK_HANG, 0, DELIVERY_WAITING, "Operation timed out", NULL, 4, 6 },
};

static void
script_answer(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
	      struct loopback_reply *reply)
{
	const struct answer_case *c = server->data;
	reply->bytes = c->bytes;
	reply->close = TRUE;
}

static void
test_answer(gconstpointer data)
{
	const struct answer_case *c = data;
	struct fixture f;
	begin(&f, script_answer, (gpointer)c, 4);
	endpoint_of(f.config, 0)->timeout_seconds = 1;
	struct row *row = outbox_add(f.store, "crm", 1, 1);
	launch(&f);
	outbox_wait(f.store, first_tried, NULL);
	g_assert_cmpint(row->status, ==, c->status);
	g_assert_cmpint(row->state, ==, c->state);
	g_assert_cmpuint(row->attempts, ==, 1);
	g_assert_cmpstr(row->response, ==, c->response);
	if (!c->error)
		g_assert_null(row->error);
	else
		g_assert_true(row->error && g_str_has_prefix(row->error, c->error));
	if (c->most) {
		g_assert_cmpint(row->next - START, >=, c->least * (gint64)CLOCK_SECOND);
		g_assert_cmpint(row->next - START, <=, c->most * (gint64)CLOCK_SECOND);
	}
	g_assert_cmpuint(f.server->requests->len, ==, 1);
	end(&f);
}

static void
script_huge(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
	    struct loopback_reply *reply)
{
	const GString *huge = server->data;
	reply->bytes = huge->str;
	reply->length = huge->len;
	reply->close = TRUE;
}

/* Bodies and heads without end are cut off; the status counts once it is there. */
static void
test_huge_answers(void)
{
	static const struct {
		const char *start, *repeat;
		enum delivery_state state;
	} cases[] = {
		{ "HTTP/1.1 200 OK\r\nContent-Length: 40000000\r\n\r\n", "xxxxxxxxxx",
		  DELIVERY_DELIVERED },
		{ "HTTP/1.1 500 Oh\r\nContent-Length: 40000000\r\n\r\n", "xxxxxxxxxx",
		  DELIVERY_WAITING },
		{ "HTTP/1.1 200 OK\r\n", "X-Noise: 12345678901234567890\r\n", DELIVERY_DELIVERED },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GString) huge = g_string_new(cases[i].start);
		while (huge->len < 4000000)
			g_string_append(huge, cases[i].repeat);
		struct fixture f;
		begin(&f, script_huge, huge, 4);
		struct row *row = outbox_add(f.store, "crm", 1, 1);
		launch(&f);
		outbox_wait(f.store, first_tried, NULL);
		g_assert_cmpint(row->state, ==, cases[i].state);
		if (row->response)
			g_assert_cmpuint(strlen(row->response), ==, 512);
		end(&f);
	}
}

static void
test_body_is_utf8(void)
{
	struct fixture f;
	begin(&f, NULL, NULL, 4);
	struct row *row = outbox_add(f.store, "crm", 1, 1);
	g_free(row->body);
	row->body = g_strdup("{\"name\":\"M\xfcller\"}");
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	struct loopback_request *request = g_ptr_array_index(f.server->requests, 0);
	g_assert_cmpstr(request->body, ==, "{\"name\":\"M\xef\xbf\xbdller\"}");
	check_signature(request, "1790000000");
	end(&f);
}

/* --- again --- */

static void
script_statuses(struct loopback *server, const struct loopback_request *request,
		struct loopback_reply *reply)
{
	const char *const *replies = server->data;
	guint i = 0;
	while (i < request->number && replies[i + 1])
		i++;
	reply->bytes = replies[i];
}

/* The schedule is kept, the id stays, the signature is new. */
static void
test_retries(void)
{
	static const char *const replies[] = { REPLY("500 Oh"), REPLY("422 No"), REPLY("500 Oh"),
					       LOOPBACK_OK, NULL };
	static const gint64 waits[] = { 6, 331, 1981 };
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies, 4);
	struct row *row = outbox_add(f.store, "crm", 1, 1);
	launch(&f);
	gint64 passed = 0;
	for (guint i = 0; i < G_N_ELEMENTS(waits); i++) {
		struct expected e = { 0, i + 1 };
		outbox_wait(f.store, attempted, &e);
		advance(&f, waits[i]);
		passed += waits[i];
	}
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(row->attempts, ==, 4);
	g_assert_null(row->error);
	g_assert_cmpuint(f.server->requests->len, ==, 4);
	g_autofree char *last = g_strdup_printf("%" G_GINT64_FORMAT, 1790000000 + passed);
	for (guint i = 0; i < 4; i++) {
		g_autofree char *id =
			loopback_field(g_ptr_array_index(f.server->requests, i), "webhook-id");
		g_assert_cmpstr(id, ==, "evt_1_1");
	}
	check_signature(g_ptr_array_index(f.server->requests, 3), last);
	end(&f);
}

/* --- many --- */

struct order_check {
	GHashTable *last; /* lead → highest n accepted */
	GHashTable *ids; /* webhook-id of all that came */
	GHashTable *in_flight;
	guint accepted, repeated;
	gboolean wrong;
	GRand *random; /* NULL: no chaos */
	gint delay_ms;
};

static void
order_init(struct order_check *check)
{
	memset(check, 0, sizeof *check);
	check->last = g_hash_table_new(NULL, NULL);
	check->ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void
order_clear(struct order_check *check)
{
	g_hash_table_unref(check->last);
	g_hash_table_unref(check->ids);
	g_clear_pointer(&check->random, g_rand_free);
}

/* What an idempotent receiver does: the next event of a lead is accepted once. */
static void
accept_event(struct order_check *check, const struct loopback_request *request)
{
	guint lead = 0, n = 0;
	const char *at = strstr(request->body, "\"lead\":");
	if (!at || sscanf(at, "\"lead\":%u,\"n\":%u", &lead, &n) != 2) {
		check->wrong = TRUE;
		return;
	}
	g_hash_table_add(check->ids, loopback_field(request, "webhook-id"));
	guint last = GPOINTER_TO_UINT(g_hash_table_lookup(check->last, GUINT_TO_POINTER(lead)));
	if (n == last + 1) {
		g_hash_table_insert(check->last, GUINT_TO_POINTER(lead), GUINT_TO_POINTER(n));
		check->accepted++;
	} else if (n == last)
		check->repeated++;
	else
		check->wrong = TRUE;
}

static void
script_order(struct loopback *server, const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	struct order_check *check = server->data;
	accept_event(check, request);
	reply->delay_ms = check->delay_ms;
}

static void
test_order(void)
{
	struct order_check check;
	struct fixture f;
	order_init(&check);
	check.delay_ms = 2;
	begin(&f, script_order, &check, 8);
	for (guint n = 1; n <= 5; n++)
		for (guint lead = 1; lead <= 60; lead++)
			outbox_add(f.store, "crm", lead, n);
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_false(check.wrong);
	g_assert_cmpuint(check.accepted, ==, 300);
	g_assert_cmpuint(check.repeated, ==, 0);
	g_assert_cmpuint(f.server->most_open, <=, 8);
	g_assert_cmpuint(f.server->most_open, >, 4);
	g_assert_cmpuint(f.server->connections, <=, 8); /* kept open and used again */
	g_assert_cmpuint(count_rows(f.store, is_tried), ==, 300);
	order_clear(&check);
	end(&f);
}

/* New deliveries are noticed when told, and due ones by themselves. */
static void
test_wakes(void)
{
	struct fixture f;
	begin(&f, NULL, NULL, 4);
	clock_fix(0);
	launch(&f);
	for (guint i = 1; i <= 20; i++) {
		outbox_add(f.store, "crm", i, 1);
		deliver_wake(f.deliver);
		outbox_wait(f.store, all_delivered, NULL);
	}
	struct row *row = outbox_add(f.store, "crm", 99, 1);
	pthread_mutex_lock(&f.store->lock);
	row->next = clock_now() + CLOCK_SECOND / 5;
	pthread_mutex_unlock(&f.store->lock);
	deliver_wake(f.deliver);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpint(clock_now(), >=, row->next);
	end(&f);
}

enum chaos {
	CHAOS_OK,
	CHAOS_500,
	CHAOS_DROP,
	CHAOS_RESET,
	CHAOS_TRUNCATE,
	CHAOS_LATE,
	CHAOS_LOST,
	CHAOS_TWICE
};

static void
script_chaos(struct loopback *server, const struct loopback_request *request,
	     struct loopback_reply *reply)
{
	static const char *const bytes[] = {
		[CHAOS_OK] = LOOPBACK_OK,
		[CHAOS_500] = REPLY("500 Oh"),
		[CHAOS_DROP] = NULL,
		[CHAOS_RESET] = NULL,
		[CHAOS_LATE] = LOOPBACK_OK,
		[CHAOS_LOST] = NULL,
		[CHAOS_TWICE] = LOOPBACK_OK,
		[CHAOS_TRUNCATE] = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n",
	};
	struct order_check *check = server->data;
	int dice = g_rand_int_range(check->random, 0, 24);
	enum chaos what = dice <= CHAOS_TWICE ? (enum chaos)dice : CHAOS_OK;
	reply->bytes = bytes[what];
	reply->reset = what == CHAOS_RESET;
	reply->close = what == CHAOS_TRUNCATE;
	reply->delay_ms = what == CHAOS_LATE ? 5 : 0;
	/* with LOST and TRUNCATE the receiver took it, but we can't know */
	if (what == CHAOS_500 || what == CHAOS_DROP || what == CHAOS_RESET)
		return;
	accept_event(check, request);
	if (what == CHAOS_TWICE) /* somebody between us repeats it */
		accept_event(check, request);
}

/* 10,000 events: each arrives, in order of its lead, and is accepted once by a receiver that knows
 * what it has. */
static void
test_chaos(void)
{
	enum { LEADS = 2000, EACH = 5 };
	struct order_check check;
	struct fixture f;
	order_init(&check);
	check.random = g_rand_new_with_seed(7);
	begin(&f, script_chaos, &check, 16);
	for (guint n = 1; n <= EACH; n++)
		for (guint lead = 1; lead <= LEADS; lead++)
			outbox_add(f.store, "crm", lead, n);
	launch(&f);
	gint64 patience = outbox_patience();
	while (count_rows(f.store, is_delivered) < LEADS * EACH) {
		g_assert_true(outbox_may_wait(patience));
		advance(&f, 30);
		outbox_glance(f.store);
	}
	g_assert_false(check.wrong);
	g_assert_cmpuint(check.accepted, ==, LEADS * EACH);
	g_assert_cmpuint(g_hash_table_size(check.ids), ==, LEADS * EACH);
	order_clear(&check);
	end(&f);
}

/* --- endpoints that fail --- */

/* Everything claimed has come back, and something was tried. */
static gboolean
all_back(struct store *store, G_GNUC_UNUSED gpointer data)
{
	return store->results && store->results + store->given_back == store->claimed_rows;
}

static gboolean
more_attempts(struct store *store, gpointer data)
{
	guint sum = 0;
	for (guint i = 0; i < store->rows->len; i++)
		sum += ((struct row *)g_ptr_array_index(store->rows, i))->attempts;
	return sum > *(guint *)data;
}

static guint
sum_attempts(struct store *store)
{
	guint sum = 0;
	pthread_mutex_lock(&store->lock);
	for (guint i = 0; i < store->rows->len; i++)
		sum += ((struct row *)g_ptr_array_index(store->rows, i))->attempts;
	pthread_mutex_unlock(&store->lock);
	return sum;
}

/* Three days with nobody listening: one delivery at a time probes, and when the endpoint is back
 * all arrive in order without the clock moving much. */
static void
test_outage(void)
{
	enum { LEADS = 200, EACH = 3, HOURS = 72 };
	struct order_check check;
	struct fixture f;
	order_init(&check);
	clock_fix(START);
	guint16 port = loopback_free_port();
	f.store = outbox_new();
	f.config = config_at("crm", port, 8);
	for (guint n = 1; n <= EACH; n++)
		for (guint lead = 1; lead <= LEADS; lead++)
			outbox_add(f.store, "crm", lead, n);
	launch(&f);
	outbox_wait(f.store, all_back, NULL);
	g_assert_cmpuint(sum_attempts(f.store), <=, 8);
	guint probes = 0;
	for (; clock_now() < START + HOURS * 3600 * (gint64)CLOCK_SECOND; probes++) {
		guint sum = sum_attempts(f.store);
		advance(&f, 331);
		outbox_wait(f.store, more_attempts, &sum);
		outbox_wait(f.store, all_back, NULL);
	}
	g_assert_cmpuint(sum_attempts(f.store), <=, 8 + probes);
	g_assert_cmpuint(count_rows(f.store, is_delivered), ==, 0);
	f.server = loopback_start(port, script_order, &check);
	advance(&f, 331);
	gint64 back = g_get_monotonic_time();
	outbox_wait(f.store, all_delivered, NULL); /* with the clock at rest */
	g_assert_cmpint(g_get_monotonic_time() - back, <, 60 * G_USEC_PER_SEC);
	g_assert_false(check.wrong);
	g_assert_cmpuint(check.accepted, ==, LEADS * EACH);
	g_assert_cmpuint(check.repeated, ==, 0);
	order_clear(&check);
	end(&f);
}

struct throttle {
	gint64 allowed_from; /* by the clock */
	guint early, refused;
};

static void
script_throttle(struct loopback *server, G_GNUC_UNUSED const struct loopback_request *request,
		struct loopback_reply *reply)
{
	struct throttle *throttle = server->data;
	if (clock_now() >= throttle->allowed_from)
		return;
	throttle->refused++;
	reply->bytes = "HTTP/1.1 429 Slow\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n";
}

/* One 429 stops the whole endpoint until its time, not only the delivery that met it. */
static void
test_retry_after(void)
{
	struct throttle throttle = { START + 60 * (gint64)CLOCK_SECOND, 0, 0 };
	struct fixture f;
	begin(&f, script_throttle, &throttle, 2);
	struct loopback *fence = loopback_start(0, NULL, NULL);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", fence->port);
	config_of(f.config, "fence", url, 1);
	for (guint lead = 1; lead <= 50; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	outbox_wait(f.store, all_back, NULL);
	g_assert_cmpuint(loopback_count(f.server), <=, 2);
	guint refused = loopback_count(f.server);
	advance(&f, 59);
	outbox_add(f.store, "fence", 1, 1);
	deliver_wake(f.deliver);
	outbox_wait(f.store, all_delivered, "fence");
	g_assert_cmpuint(loopback_count(f.server), ==, refused);
	advance(&f, 2);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(loopback_count(f.server), ==, refused + 50);
	loopback_stop(fence);
	end(&f);
}

static void
script_hang(G_GNUC_UNUSED struct loopback *server,
	    G_GNUC_UNUSED const struct loopback_request *request, struct loopback_reply *reply)
{
	reply->bytes = LOOPBACK_HANG;
}

static gboolean
other_delivered(struct store *store, G_GNUC_UNUSED gpointer data)
{
	return all_delivered(store, "other");
}

/* An endpoint that never answers holds nobody up. */
static void
test_independence(void)
{
	struct fixture f;
	begin(&f, script_hang, NULL, 4);
	struct loopback *other = loopback_start(0, NULL, NULL);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/", other->port);
	config_of(f.config, "other", url, 4);
	for (guint lead = 1; lead <= 200; lead++) {
		outbox_add(f.store, "crm", lead, 1);
		outbox_add(f.store, "other", lead, 1);
	}
	launch(&f);
	gint64 start = g_get_monotonic_time();
	outbox_wait(f.store, other_delivered, NULL);
	g_assert_cmpint(g_get_monotonic_time() - start, <, 4 * G_USEC_PER_SEC);
	g_assert_cmpuint(loopback_count(f.server), <=, 4);
	loopback_stop(other);
	end(&f);
}

static gboolean
nothing_in_flight(struct fixture *f)
{
	struct deliver_stats stats;
	deliver_stats(f->deliver, &stats);
	return !stats.in_flight;
}

/* 410: parked, everything kept, and sent when the administrator resumes. */
static void
test_gone(void)
{
	static const char *const replies[] = { REPLY("410 Gone"), LOOPBACK_OK, NULL };
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies, 1);
	for (guint lead = 1; lead <= 10; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	outbox_wait(f.store, is_parked, "crm");
	while (!nothing_in_flight(&f))
		g_thread_yield();
	g_assert_cmpuint(loopback_count(f.server), ==, 1);
	g_assert_cmpuint(count_rows(f.store, is_delivered), ==, 0);
	pthread_mutex_lock(&f.store->lock);
	g_assert_cmpstr(g_hash_table_lookup(f.store->parked, "crm"), ==, "HTTP 410");
	pthread_mutex_unlock(&f.store->lock);
	store_endpoint_resume(f.store, "crm", NULL);
	deliver_resume(f.deliver, "crm");
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(loopback_count(f.server), ==, 11);
	end(&f);
}

/* The administrator's word opens what the breaker holds. */
static void
test_resume(void)
{
	static const char *const replies[] = {
		"HTTP/1.1 503 Later\r\nRetry-After: 80000\r\nContent-Length: 0\r\n\r\n",
		LOOPBACK_OK, NULL
	};
	struct fixture f;
	begin(&f, script_statuses, (gpointer)replies, 1);
	for (guint lead = 1; lead <= 10; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	outbox_wait(f.store, all_back, NULL);
	g_assert_cmpuint(loopback_count(f.server), ==, 1);
	deliver_resume(f.deliver, NULL);
	outbox_wait(f.store, all_delivered, NULL);
	end(&f);
}

/* --- configuration, store, end --- */

static void
test_reconfigure(void)
{
	struct fixture f;
	begin(&f, script_hang, NULL, 2);
	struct loopback *second = loopback_start(0, NULL, NULL);
	for (guint lead = 1; lead <= 20; lead++) {
		outbox_add(f.store, "crm", lead, 1);
		outbox_add(f.store, "new", lead, 1);
	}
	endpoint_of(f.config, 0)->timeout_seconds = 1;
	launch(&f);
	while (loopback_count(f.server) < 2)
		g_thread_yield();
	struct config *config = config_at("crm", second->port, 2);
	g_autofree char *url = g_strdup_printf("http://127.0.0.1:%u/new", second->port);
	config_of(config, "new", url, 2);
	deliver_reconfigure(f.deliver, config);
	config_unref(config);
	/* the two that hang under the old configuration fail, and go again when due */
	outbox_wait(f.store, all_delivered, "new");
	while (count_rows(f.store, is_delivered) < 40) {
		advance(&f, 60);
		outbox_glance(f.store);
	}
	g_assert_cmpuint(loopback_count(f.server), ==, 2);
	config = config_default();
	deliver_reconfigure(f.deliver, config);
	config_unref(config);
	loopback_stop(second);
	end(&f);
}

/* A store that refuses for a while: nothing is sent twice, no result is lost. */
static void
test_store_refuses(void)
{
	struct fixture f;
	begin(&f, NULL, NULL, 4);
	for (guint lead = 1; lead <= 10; lead++)
		outbox_add(f.store, "crm", lead, 1);
	f.store->fail_claims = 1;
	f.store->fail_settles = 1;
	launch(&f);
	outbox_wait(f.store, all_delivered, NULL);
	g_assert_cmpuint(loopback_count(f.server), ==, 10);
	end(&f);
}

/* The certificate must be trusted, for this host, and valid; nothing is sent before that. */
static void
test_tls(void)
{
	static const struct {
		const char *names;
		int days;
		gboolean trusted;
		const char *error; /* part of it; NULL: delivered */
	} cases[] = {
		{ "IP:127.0.0.1", 1, TRUE, NULL },
		{ "IP:127.0.0.1", 1, FALSE, "certificate" },
		{ "DNS:crm.example.com", 1, TRUE, "127.0.0.1" },
		{ "IP:127.0.0.1", -1, TRUE, "expired" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct fixture f;
		struct loopback_tls *server = loopback_tls_start(cases[i].names, cases[i].days);
		begin(&f, NULL, NULL, 2);
		struct config_endpoint *e = endpoint_of(f.config, 0);
		g_free(e->url);
		e->url = g_strdup_printf("https://127.0.0.1:%u/hook", server->port);
		e->ca_file = cases[i].trusted ? g_strdup(server->ca_file) : NULL;
		struct row *row = outbox_add(f.store, "crm", 1, 1);
		launch(&f);
		outbox_wait(f.store, first_tried, NULL);
		g_assert_cmpint(row->state == DELIVERY_DELIVERED, ==, !cases[i].error);
		g_assert_cmpint(g_atomic_int_get(&server->requests), ==, !cases[i].error);
		if (cases[i].error)
			g_assert_nonnull(strstr(row->error, cases[i].error));
		end(&f);
		loopback_tls_stop(server);
	}
}

static gboolean
is_untried(const struct row *row)
{
	return row->attempts == 0 && row->state == DELIVERY_WAITING;
}

/* Stopping doesn't wait longer than it may; what was on the way counts as an attempt, the rest
 * does not. */
static void
test_stop(void)
{
	struct fixture f;
	begin(&f, script_hang, NULL, 3);
	for (guint lead = 1; lead <= 30; lead++)
		outbox_add(f.store, "crm", lead, 1);
	launch(&f);
	while (loopback_count(f.server) < 3)
		g_thread_yield();
	gint64 start = g_get_monotonic_time();
	deliver_stop(f.deliver, G_USEC_PER_SEC / 5);
	gint64 took = g_get_monotonic_time() - start;
	g_assert_cmpint(took, >=, G_USEC_PER_SEC / 5);
	g_assert_cmpint(took, <, 3 * G_USEC_PER_SEC);
	g_assert_cmpuint(count_rows(f.store, is_untried), ==, 27);
	/* and a new start, with a server that answers slowly, lets it finish */
	loopback_stop(f.server);
	struct order_check check;
	order_init(&check);
	check.delay_ms = 100;
	f.server = loopback_start(0, script_order, &check);
	config_unref(f.config);
	f.config = config_at("crm", f.server->port, 3);
	launch(&f);
	while (loopback_count(f.server) < 3)
		g_thread_yield();
	deliver_stop(f.deliver, 10 * G_USEC_PER_SEC);
	guint sent = loopback_count(f.server);
	g_assert_cmpuint(count_rows(f.store, is_delivered), ==, sent);
	order_clear(&check);
	loopback_stop(f.server);
	config_unref(f.config);
	outbox_free(f.store);
	clock_fix(0);
}

static void
test_check(void)
{
	static const struct {
		const char *url, *secret;
		gboolean want;
	} cases[] = {
		{ "https://crm.example.com/hook", SECRET, TRUE },
		{ "http://127.0.0.1/", SECRET, TRUE },
		{ "ftp://crm.example.com/hook", SECRET, FALSE },
		{ "file:///etc/passwd", SECRET, FALSE },
		{ "https://crm.example.com/hook", "whsec_short", FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(config_owned) config = config_of(NULL, "crm", cases[i].url, 1);
		GPtrArray *secrets = endpoint_of(config, 0)->secrets;
		g_ptr_array_add(secrets, g_strdup(cases[i].secret));
		g_autoptr(GError) error = NULL;
		g_assert_cmpint(deliver_check(config, &error), ==, cases[i].want);
		if (cases[i].want)
			continue;
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		struct store *store = outbox_new();
		g_assert_null(deliver_start(store, config, NULL));
		outbox_free(store);
	}
}

/* Whatever happens, the log and the outbox name no secret, password, path or query. */
static void
test_discretion(void)
{
	if (!g_test_subprocess()) {
		g_test_trap_subprocess(NULL, 0, 0);
		g_test_trap_assert_passed();
		g_test_trap_assert_stderr("*endpoint crm: *http://127.0.0.1*");
		g_test_trap_assert_stderr_unmatched("*hunter2*");
		g_test_trap_assert_stderr_unmatched("*MfKQ9r8*");
		return;
	}
	static const char *const replies[] = { REPLY("500 Oh"), NULL,
					       "HTTP/1.1 302 Found\r\nLocation: "
					       "http://x/hunter2\r\nContent-Length: 0\r\n\r\n",
					       REPLY("410 Gone"), NULL };
	for (guint i = 0; i < G_N_ELEMENTS(replies); i++) {
		struct fixture f;
		const char *const reply[] = { replies[i] ? replies[i] : "garbage", NULL };
		begin(&f, script_statuses, (gpointer)reply, 1);
		struct config_endpoint *e = endpoint_of(f.config, 0);
		g_free(e->url);
		e->url = g_strdup_printf("http://u:hunter2@127.0.0.1:%u/hunter2?token=hunter2",
					 i == 4 ? loopback_free_port() : f.server->port);
		for (guint lead = 1; lead <= 5; lead++) {
			struct row *row = outbox_add(f.store, "crm", lead, 1);
			g_free(row->body);
			row->body = g_strdup("{\"x\":\"hunter2\"}");
		}
		launch(&f);
		outbox_wait(f.store, first_tried, NULL);
		struct row *row = g_ptr_array_index(f.store->rows, 0);
		g_assert_true(!row->error || !strstr(row->error, "hunter2"));
		end(&f);
	}
}

int
main(int argc, char **argv)
{
	/* a proxy of the environment must not be used */
	g_setenv("http_proxy", "http://127.0.0.1:1", TRUE);
	g_setenv("all_proxy", "http://127.0.0.1:1", TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/deliver/request", test_request);
	for (guint i = 0; i < G_N_ELEMENTS(answers); i++) {
		g_autofree char *path = g_strconcat("/deliver/answer/", answers[i].name, NULL);
		g_test_add_data_func(path, &answers[i], test_answer);
	}
	g_test_add_func("/deliver/huge-answers", test_huge_answers);
	g_test_add_func("/deliver/body-is-utf8", test_body_is_utf8);
	g_test_add_func("/deliver/retries", test_retries);
	g_test_add_func("/deliver/order", test_order);
	g_test_add_func("/deliver/wakes", test_wakes);
	g_test_add_func("/deliver/chaos", test_chaos);
	g_test_add_func("/deliver/outage", test_outage);
	g_test_add_func("/deliver/retry-after", test_retry_after);
	g_test_add_func("/deliver/independence", test_independence);
	g_test_add_func("/deliver/gone", test_gone);
	g_test_add_func("/deliver/resume", test_resume);
	g_test_add_func("/deliver/reconfigure", test_reconfigure);
	g_test_add_func("/deliver/tls", test_tls);
	g_test_add_func("/deliver/store-refuses", test_store_refuses);
	g_test_add_func("/deliver/stop", test_stop);
	g_test_add_func("/deliver/check", test_check);
	g_test_add_func("/deliver/discretion", test_discretion);
	return g_test_run();
}
