/* test-delivery.c - the delivery engine on the real store: order, outage, parking and the end of
 * the program, as the outbox on disk remembers them. */
#include "hooks/out/deliver.h"
#include "loopback.h"
#include "store_help.c"

#define START (1790000000 * (gint64)CLOCK_SECOND)
#define REPLY(status) "HTTP/1.1 " status "\r\nContent-Length: 0\r\n\r\n"

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct loopback *server;
	struct config *config;
	struct deliver *deliver;
};

static void
begin(struct fixture *f, guint16 port, loopback_script *script, gpointer data)
{
	g_autoptr(GError) error = NULL;
	clock_fix(START);
	scratch_make(&f->scratch);
	f->store = help_open(f->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	f->server = port ? NULL : loopback_start(0, script, data);
	f->config = config_default();
	help_add_endpoint(f->config, "crm", "*");
	struct config_endpoint *e = g_ptr_array_index(f->config->endpoints, 0);
	g_free(e->url);
	e->url = g_strdup_printf("http://127.0.0.1:%u/", port ? port : f->server->port);
	e->concurrency = 4;
	e->timeout_seconds = 5;
	g_ptr_array_add(e->secrets, g_strdup("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
	store_set_endpoints(f->store, f->config);
}

static void
launch(struct fixture *f)
{
	g_autoptr(GError) error = NULL;
	f->deliver = deliver_start(f->store, f->config, &error);
	g_assert_no_error(error);
	store_on_delivery(f->store, deliver_wake, f->deliver);
}

static void
halt(struct fixture *f, gint64 grace)
{
	store_on_delivery(f->store, NULL, NULL);
	deliver_stop(f->deliver, grace);
	f->deliver = NULL;
}

static void
end(struct fixture *f)
{
	if (f->deliver)
		halt(f, 0);
	loopback_stop(f->server);
	store_close(f->store);
	config_unref(f->config);
	scratch_remove(&f->scratch);
	clock_fix(0);
}

static void
advance(struct fixture *f, gint64 seconds)
{
	clock_fix(clock_now() + seconds * CLOCK_SECOND);
	deliver_wake(f->deliver);
}

static void
receive_mail(struct fixture *f, guint sender, guint number)
{
	g_autofree char *from = g_strdup_printf("person.%u@customer%u.example", sender, sender);
	g_autofree char *id = g_strdup_printf("%u.%u@mail.example", sender, number);
	struct message message = {
		.from = from, .name = "A Person", .id = id, .to = "sales@example.com"
	};
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	g_assert_true(store_message(f->store, facts, NULL, clock_now(), 0, FALSE, &answer, &error));
	g_assert_no_error(error);
	answer_clear(&answer);
}

static void
receive_mails(struct fixture *f, guint senders, guint each)
{
	for (guint n = 1; n <= each; n++)
		for (guint sender = 1; sender <= senders; sender++)
			receive_mail(f, sender, n);
}

static guint64
delivered(struct fixture *f)
{
	struct store_stats stats;
	g_assert_true(store_stats(f->store, &stats, NULL));
	return stats.delivered;
}

/* The engine tells nobody that a result is on disk: ask until it is. */
static void
wait_for_delivered(struct fixture *f, guint64 count)
{
	gint64 end = g_get_monotonic_time() + 30 * G_USEC_PER_SEC;
	while (delivered(f) < count) {
		g_assert_cmpint(g_get_monotonic_time(), <, end);
		g_usleep(500);
	}
}

static GPtrArray *
list_outbox(struct fixture *f, int state)
{
	GPtrArray *list = store_outbox_list(f->store, state, NULL, NULL, 100000, NULL);
	g_assert_nonnull(list);
	return list;
}

/* Every event came once, and a lead's events in the order of the outbox. */
static void
check_order(struct fixture *f)
{
	g_autoptr(GPtrArray) list = list_outbox(f, -1);
	g_autoptr(GHashTable) at = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autoptr(GHashTable) last = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < f->server->requests->len; i++) {
		char *id = loopback_field(g_ptr_array_index(f->server->requests, i), "webhook-id");
		g_assert_true(g_hash_table_insert(at, id, GUINT_TO_POINTER(i + 1)));
	}
	for (guint i = list->len; i > 0; i--) { /* newest first */
		const struct delivery *d = g_ptr_array_index(list, i - 1);
		guint came = GPOINTER_TO_UINT(g_hash_table_lookup(at, d->event));
		g_assert_cmpuint(came, >, GPOINTER_TO_UINT(g_hash_table_lookup(last, d->lead)));
		g_hash_table_insert(last, d->lead, GUINT_TO_POINTER(came));
	}
}

static void
test_order(void)
{
	struct fixture f;
	begin(&f, 0, NULL, NULL);
	launch(&f);
	receive_mails(&f, 60, 4);
	wait_for_delivered(&f, 240);
	g_assert_cmpuint(loopback_count(f.server), ==, 240);
	check_order(&f);
	g_autoptr(GPtrArray) list = list_outbox(&f, DELIVERY_DELIVERED);
	for (guint i = 0; i < list->len; i++) {
		const struct delivery *d = g_ptr_array_index(list, i);
		g_assert_cmpint(d->status, ==, 200);
		g_assert_cmpuint(d->attempts, ==, 1);
	}
	g_assert_cmpint(store_outbox_next(f.store, "crm", NULL), ==, 0);
	halt(&f, G_USEC_PER_SEC);
	launch(&f);
	advance(&f, 1000000);
	halt(&f, G_USEC_PER_SEC);
	g_assert_cmpuint(loopback_count(f.server), ==, 240);
	end(&f);
}

/* Nobody listens for three days: one delivery at a time tries, and all come within the minute after
 * the first success. */
static void
test_outage(void)
{
	enum { HOURS = 72 };
	struct fixture f;
	guint16 port = loopback_free_port();
	begin(&f, port, NULL, NULL);
	receive_mails(&f, 50, 3);
	launch(&f);
	struct deliver_stats stats;
	guint64 probes = 0;
	while (clock_now() < START + HOURS * 3600 * (gint64)CLOCK_SECOND) {
		do
			deliver_stats(f.deliver, &stats);
		while (stats.failed <= probes);
		probes = stats.failed;
		advance(&f, 331);
	}
	g_assert_cmpuint(probes, <, HOURS * 3600 / 270);
	f.server = loopback_start(port, NULL, NULL);
	advance(&f, 331);
	gint64 back = clock_now();
	wait_for_delivered(&f, 150);
	g_assert_cmpint(clock_now() - back, <, 60 * CLOCK_SECOND);
	check_order(&f);
	end(&f);
}

static void
script_gone(struct loopback *server, const struct loopback_request *request,
	    struct loopback_reply *reply)
{
	const guint *gone = server->data;
	if (request->number < *gone)
		reply->bytes = REPLY("410 Gone");
}

static const struct endpoint_status *
status_of(GPtrArray *list)
{
	g_assert_cmpuint(list->len, ==, 1);
	return g_ptr_array_index(list, 0);
}

static void
test_parked(void)
{
	struct fixture f;
	guint gone = 4;
	begin(&f, 0, script_gone, &gone);
	receive_mails(&f, 20, 1);
	launch(&f);
	for (gboolean parked = FALSE; !parked; g_usleep(500)) {
		g_autoptr(GPtrArray) list = store_endpoint_status(f.store, NULL);
		parked = status_of(list)->parked;
	}
	halt(&f, G_USEC_PER_SEC);
	guint sent = loopback_count(f.server);
	g_assert_cmpuint(sent, <=, 4);
	g_autoptr(GPtrArray) list = store_endpoint_status(f.store, NULL);
	g_assert_cmpstr(status_of(list)->reason, ==, "HTTP 410");
	g_assert_cmpuint(status_of(list)->waiting, ==, 20);
	launch(&f);
	receive_mail(&f, 99, 1);
	advance(&f, 86400);
	halt(&f, G_USEC_PER_SEC);
	g_assert_cmpuint(loopback_count(f.server), ==, sent);
	launch(&f);
	gone = 0;
	g_assert_true(store_endpoint_resume(f.store, "crm", NULL));
	deliver_resume(f.deliver, "crm");
	wait_for_delivered(&f, 21);
	end(&f);
}

static void
script_hang(G_GNUC_UNUSED struct loopback *server,
	    G_GNUC_UNUSED const struct loopback_request *request, struct loopback_reply *reply)
{
	reply->bytes = LOOPBACK_HANG;
}

/* What hadn't left when the program ended is as if it had never been claimed. */
static void
test_stop(void)
{
	struct fixture f;
	begin(&f, 0, script_hang, NULL);
	receive_mails(&f, 30, 2);
	launch(&f);
	while (loopback_count(f.server) < 4)
		g_thread_yield();
	halt(&f, 1000);
	g_autoptr(GPtrArray) list = list_outbox(&f, DELIVERY_WAITING);
	g_assert_cmpuint(list->len, ==, 60);
	guint attempts = 0;
	for (guint i = 0; i < list->len; i++) {
		const struct delivery *d = g_ptr_array_index(list, i);
		attempts += d->attempts;
		g_assert_cmpint(!d->attempts, ==, !d->error);
	}
	g_assert_cmpuint(attempts, ==, 4);
	end(&f);
}

/* An administrator's drop and retry while the endpoint refuses one event. */
static void
script_refuse_first(struct loopback *server, const struct loopback_request *request,
		    struct loopback_reply *reply)
{
	const char *const *refused = server->data;
	g_autofree char *id = loopback_field(request, "webhook-id");
	if (*refused && !strcmp(id, *refused))
		reply->bytes = REPLY("422 No");
}

static void
test_by_hand(void)
{
	struct fixture f;
	const char *refused = NULL;
	begin(&f, 0, script_refuse_first, &refused);
	receive_mails(&f, 2, 2);
	g_autoptr(GPtrArray) list = list_outbox(&f, -1);
	const struct delivery *first = g_ptr_array_index(list, list->len - 1);
	refused = first->event;
	launch(&f);
	wait_for_delivered(&f, 2); /* the other lead's */
	gint64 id = first->id;
	for (guint tries = 0; tries < 1; g_usleep(500)) {
		struct delivery *d = store_outbox_get(f.store, id, NULL);
		tries = d->status == 422;
		delivery_free(d);
	}
	g_assert_cmpint(store_outbox_retry(f.store, id, clock_now(), NULL), ==, 1);
	for (guint tries = 0; tries < 2; g_usleep(500)) {
		struct delivery *d = store_outbox_get(f.store, id, NULL);
		tries = d->attempts;
		delivery_free(d);
	}
	while (loopback_count(f.server) < 4)
		g_thread_yield();
	g_assert_cmpint(store_outbox_drop(f.store, id, NULL), ==, 1);
	deliver_wake(f.deliver);
	wait_for_delivered(&f, 3); /* the next of the same lead */
	end(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/delivery/order", test_order);
	g_test_add_func("/delivery/outage", test_outage);
	g_test_add_func("/delivery/parked", test_parked);
	g_test_add_func("/delivery/stop", test_stop);
	g_test_add_func("/delivery/by-hand", test_by_hand);
	return g_test_run();
}
