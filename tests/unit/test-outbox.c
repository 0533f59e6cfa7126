/* test-outbox.c - deliveries: per-lead order, claims, results, parking, many waiting. */
#include "store_help.c"

#include "driver_fault.c"

#include <pthread.h>

#define MINUTE ((gint64)60 * CLOCK_SECOND)

struct fixture {
	struct scratch scratch;
	struct config *config;
	struct store *store;
	guint messages;
};

static void
reopen(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	store_close(fixture->store);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	store_set_endpoints(fixture->store, fixture->config);
}

static void
set_up(struct fixture *fixture, gconstpointer globs)
{
	scratch_make(&fixture->scratch);
	fixture->config = config_default();
	help_add_endpoint(fixture->config, "crm", globs ? globs : "*");
	reopen(fixture);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	config_unref(fixture->config);
	scratch_remove(&fixture->scratch);
}

/* A mail of person n: one event. */
static void
write_mail(struct fixture *fixture, guint person, gboolean shadow)
{
	g_autofree char *from = g_strdup_printf("p%u@example.org", person);
	g_autofree char *key = g_strdup_printf("k%u", fixture->messages++);
	struct message message = { .from = from, .key = key };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };

	store_message(fixture->store, facts, NULL, HELP_NOW, 0, shadow, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
}

static GPtrArray *
claim(struct fixture *fixture, gint64 now, guint most, guint expected)
{
	g_autoptr(GError) error = NULL;
	GPtrArray *claimed =
		store_outbox_claim(fixture->store, "crm", now, most, help_next, NULL, &error);

	g_assert_no_error(error);
	g_assert_cmpuint(claimed->len, ==, expected);
	return claimed;
}

static void
settle(struct fixture *fixture, const struct delivery_result *result)
{
	g_autoptr(GError) error = NULL;

	store_outbox_settle(fixture->store, result, 1, &error);
	g_assert_no_error(error);
}

static void
settle_as(struct fixture *fixture, gint64 id, enum delivery_state state, gint64 next)
{
	settle(fixture,
	       &(struct delivery_result){ .id = id,
					  .state = state,
					  .next = next,
					  .status = state == DELIVERY_DELIVERED ? 200 : 500 });
}

static struct endpoint_status
status_of(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = store_endpoint_status(fixture->store, &error);
	struct endpoint_status status;

	g_assert_no_error(error);
	g_assert_cmpuint(list->len, ==, 1);
	status = *(struct endpoint_status *)list->pdata[0];
	g_assert_cmpstr(status.name, ==, "crm");
	status.name = status.reason = NULL;
	return status;
}

static gint64
id_at(const GPtrArray *deliveries, guint n)
{
	return ((struct delivery *)deliveries->pdata[n])->id;
}

/* --- order --- */

static void
test_order(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *lead = NULL;

	for (guint i = 0; i < 3; i++)
		write_mail(fixture, 1, FALSE);
	write_mail(fixture, 2, FALSE);
	g_autoptr(GPtrArray) first = claim(fixture, HELP_NOW, 10, 2); /* one of each lead */
	const struct delivery *delivery = first->pdata[0];
	g_assert_cmpstr(delivery->type, ==, "lead.created");
	g_assert_cmpstr(delivery->endpoint, ==, "crm");
	g_assert_true(g_str_has_prefix(delivery->event, "evt_"));
	g_assert_true(g_str_has_prefix(delivery->body, "{\"type\":\"lead.created\""));
	g_assert_cmpuint(delivery->attempts, ==, 1);
	g_assert_cmpint(delivery->next, ==, HELP_NOW + MINUTE);
	g_assert_cmpint(delivery->time, ==, HELP_NOW);
	lead = g_strdup(delivery->lead);
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 0)); /* both are under way */
	settle_as(fixture, id_at(first, 0), DELIVERY_DELIVERED, 0);
	g_autoptr(GPtrArray) second = claim(fixture, HELP_NOW, 10, 1);
	g_assert_cmpint(id_at(second, 0), >, id_at(first, 0));
	g_assert_cmpstr(((struct delivery *)second->pdata[0])->lead, ==, lead);
	g_assert_cmpstr(((struct delivery *)second->pdata[0])->type, ==, "lead.touched");
	settle_as(fixture, id_at(second, 0), DELIVERY_WAITING, HELP_NOW + 7 * MINUTE);
	g_ptr_array_unref(claim(fixture, HELP_NOW + 1, 10, 0)); /* its successor waits too */
	g_assert_cmpint(store_outbox_next(fixture->store, "crm", NULL), ==, HELP_NOW + MINUTE);
	settle_as(fixture, id_at(first, 1), DELIVERY_DELIVERED, 0);
	g_assert_cmpint(store_outbox_next(fixture->store, "crm", NULL), ==, HELP_NOW + 7 * MINUTE);
	g_assert_cmpint(store_outbox_next(fixture->store, NULL, NULL), ==, HELP_NOW + 7 * MINUTE);
	g_autoptr(GPtrArray) third = claim(fixture, HELP_NOW + 7 * MINUTE, 10, 1);
	g_assert_cmpint(id_at(third, 0), ==, id_at(second, 0));
	g_assert_cmpuint(((struct delivery *)third->pdata[0])->attempts, ==, 2);
	g_assert_cmpint(((struct delivery *)third->pdata[0])->status, ==, 500);
	settle_as(fixture, id_at(third, 0), DELIVERY_DEAD, 0);
	g_autoptr(GPtrArray) last = claim(fixture, HELP_NOW + 7 * MINUTE, 10, 1);
	settle_as(fixture, id_at(last, 0), DELIVERY_DELIVERED, 0);
	g_assert_cmpint(store_outbox_next(fixture->store, NULL, NULL), ==, 0);
	struct endpoint_status status = status_of(fixture);
	g_assert_cmpuint(status.waiting, ==, 0);
	g_assert_cmpuint(status.delivered, ==, 3);
	g_assert_cmpuint(status.dead, ==, 1);
}

static void
test_most_and_oldest(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	for (guint i = 0; i < 10; i++)
		write_mail(fixture, i, FALSE);
	g_autoptr(GPtrArray) first = claim(fixture, HELP_NOW, 3, 3);
	g_autoptr(GPtrArray) second = claim(fixture, HELP_NOW, 100, 7);
	g_assert_cmpint(id_at(first, 2), <, id_at(second, 0));
	g_assert_cmpuint(status_of(fixture).waiting, ==, 10);
	g_assert_cmpint(status_of(fixture).oldest_waiting, ==, HELP_NOW);
}

static void
test_results(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *long_response = g_strnfill(511, 'x');
	g_autofree char *response = g_strconcat(long_response, "ä and more", NULL);
	g_autoptr(GError) error = NULL;

	write_mail(fixture, 1, FALSE);
	g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, 1, 1);
	settle(fixture, &(struct delivery_result){ .id = id_at(claimed, 0),
						   .state = DELIVERY_WAITING,
						   .next = HELP_NOW + MINUTE,
						   .status = 503,
						   .error = "busy",
						   .response = response });
	struct delivery *got = store_outbox_get(fixture->store, id_at(claimed, 0), &error);
	g_assert_no_error(error);
	g_assert_cmpint(got->state, ==, DELIVERY_WAITING);
	g_assert_cmpint(got->status, ==, 503);
	g_assert_cmpstr(got->error, ==, "busy");
	g_assert_cmpstr(got->response, ==, long_response); /* no half a character */
	g_assert_cmpint(got->next, ==, HELP_NOW + MINUTE);
	delivery_free(got);
	g_assert_null(store_outbox_get(fixture->store, 12345, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
	settle_as(fixture, 12345, DELIVERY_DELIVERED, 0); /* expired meanwhile: nothing */
}

static void
test_unsent(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	write_mail(fixture, 1, FALSE);
	g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, 1, 1);
	settle(fixture, &(struct delivery_result){
				.id = id_at(claimed, 0), .next = HELP_NOW, .unsent = TRUE });
	g_autoptr(GPtrArray) again = claim(fixture, HELP_NOW, 1, 1);
	g_assert_cmpint(id_at(again, 0), ==, id_at(claimed, 0));
	g_assert_cmpuint(((struct delivery *)again->pdata[0])->attempts, ==, 1);
	g_assert_cmpint(((struct delivery *)again->pdata[0])->status, ==, 0);
}

static void
test_hurry(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 600; i++)
		write_mail(fixture, i, FALSE);
	g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, 1000, 600);
	for (guint i = 0; i < 599; i++)
		settle_as(fixture, id_at(claimed, i), DELIVERY_WAITING, HELP_NOW + 60 * MINUTE);
	g_assert_cmpint(store_outbox_hurry(fixture->store, "crm", HELP_NOW + 1, &error), ==, 599);
	g_assert_cmpint(store_outbox_hurry(fixture->store, "crm", HELP_NOW + 1, &error), ==, 0);
	g_assert_cmpint(store_outbox_hurry(fixture->store, "none", HELP_NOW, &error), ==, 0);
	g_ptr_array_unref(claim(fixture, HELP_NOW + 1, 1000, 599)); /* not the one under way */
	if (help_is_server())
		return; /* claims of a host that is gone: when its lease ends */
	reopen(fixture); /* whoever had claimed them is gone */
	g_assert_cmpint(store_outbox_hurry(fixture->store, "crm", HELP_NOW + 2, &error), ==, 600);
	g_ptr_array_unref(claim(fixture, HELP_NOW + 2, 1000, 600));
	g_assert_no_error(error);
}

/* --- by hand --- */

static void
test_drop_and_retry(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	for (guint i = 0; i < 3; i++)
		write_mail(fixture, 1, FALSE);
	g_autoptr(GPtrArray) list = store_outbox_list(fixture->store, -1, NULL, NULL, 10, &error);
	g_assert_cmpuint(list->len, ==, 3);
	gint64 one = id_at(list, 2), two = id_at(list, 1), three = id_at(list, 0);
	g_assert_cmpint(one, <, two);
	g_assert_cmpint(store_outbox_drop(fixture->store, one, &error), ==, 1);
	g_assert_cmpint(store_outbox_drop(fixture->store, one, &error), ==, 0);
	g_assert_cmpint(store_outbox_drop(fixture->store, 999, &error), ==, 0);
	g_autoptr(GPtrArray) next = claim(fixture, HELP_NOW, 10, 1);
	g_assert_cmpint(id_at(next, 0), ==, two);
	settle_as(fixture, two, DELIVERY_DEAD, 0);
	g_assert_cmpuint(status_of(fixture).dead, ==, 1);
	/* both older ones again: they come before the third */
	g_assert_cmpint(store_outbox_retry(fixture->store, 0, HELP_NOW + 1, &error), ==, 1);
	g_assert_cmpint(store_outbox_retry(fixture->store, one, HELP_NOW + 1, &error), ==, 1);
	g_assert_cmpint(store_outbox_retry(fixture->store, 999, HELP_NOW + 1, &error), ==, 0);
	const gint64 order[] = { one, two, three };
	for (guint i = 0; i < 3; i++) {
		g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW + 1, 10, 1);

		g_assert_cmpint(id_at(claimed, 0), ==, order[i]);
		settle_as(fixture, order[i], DELIVERY_DELIVERED, 0);
	}
	g_assert_cmpuint(status_of(fixture).dead, ==, 0);
	g_assert_cmpuint(status_of(fixture).waiting, ==, 0);
	g_assert_cmpuint(status_of(fixture).delivered, ==, 3);
	g_assert_no_error(error);
}

/* Dropped while its request is under way. */
static void
test_drop_claimed(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	write_mail(fixture, 1, FALSE);
	g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, 1, 1);
	g_assert_cmpint(store_outbox_drop(fixture->store, id_at(claimed, 0), &error), ==, 1);
	settle_as(fixture, id_at(claimed, 0), DELIVERY_WAITING, HELP_NOW);
	g_ptr_array_unref(claim(fixture, HELP_NOW + MINUTE, 10, 0));
	struct delivery *got = store_outbox_get(fixture->store, id_at(claimed, 0), &error);
	g_assert_cmpint(got->state, ==, DELIVERY_DROPPED);
	delivery_free(got);
}

static void
test_park(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	write_mail(fixture, 1, FALSE);
	g_assert_true(store_endpoint_park(fixture->store, "crm", "410", NULL, HELP_NOW, &error));
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 0));
	g_assert_cmpint(store_outbox_next(fixture->store, "crm", &error), ==, 0);
	g_assert_cmpint(store_outbox_next(fixture->store, NULL, &error), ==, 0);
	g_assert_true(status_of(fixture).parked);
	g_assert_cmpint(status_of(fixture).parked_since, ==, HELP_NOW);
	write_mail(fixture, 2, FALSE); /* still written */
	reopen(fixture); /* still parked */
	g_assert_true(status_of(fixture).parked);
	g_assert_true(store_endpoint_resume(fixture->store, "crm", &error));
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 2));
	g_assert_no_error(error);
	g_assert_false(store_endpoint_park(fixture->store, "none", "", NULL, HELP_NOW, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
}

/* Parked since our credentials were refused: others end it, an administrator's parking they don't.
 */
static void
test_unlatch(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct store *store = fixture->store;
	g_autoptr(GError) error = NULL;

	write_mail(fixture, 1, FALSE);
	g_assert_cmpint(store_endpoint_unlatch(store, "crm", "one", &error), ==, 0);
	g_assert_true(store_endpoint_park(store, "crm", "refused", "one", HELP_NOW, &error));
	g_assert_cmpint(store_endpoint_unlatch(store, "crm", "one", &error), ==, 0);
	reopen(fixture);
	store = fixture->store;
	g_assert_true(status_of(fixture).parked);
	g_assert_cmpint(store_endpoint_unlatch(store, "crm", "two", &error), ==, 1);
	g_assert_false(status_of(fixture).parked);
	g_assert_true(store_endpoint_park(store, "crm", "410", NULL, HELP_NOW, &error));
	g_assert_cmpint(store_endpoint_unlatch(store, "crm", "three", &error), ==, 0);
	g_assert_true(status_of(fixture).parked);
	g_assert_cmpint(store_endpoint_unlatch(store, "none", "one", &error), ==, 0);
	g_assert_no_error(error);
}

/* --- who gets what --- */

static const struct {
	const char *when;
	guint deliveries; /* of two persons' first mails */
} FILTERS[] = {
	{ "event.type == 'lead.created'", 2 },
	{ "event.type == 'lead.cooled'", 0 },
	{ "lead.inbound >= 0 and not lead.opted_out", 2 },
	{ "has(lead.created) and lead.stage >= 'sql'", 0 },
	{ "this is no condition", 2 }, /* nothing is lost by it */
};

static void
test_filters(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct config_endpoint *endpoint = fixture->config->endpoints->pdata[0];
	guint waiting = 0;

	for (guint i = 0; i < G_N_ELEMENTS(FILTERS); i++) {
		endpoint->when = (char *)FILTERS[i].when;
		g_test_message("%s", FILTERS[i].when);
		store_set_endpoints(fixture->store, fixture->config);
		write_mail(fixture, 2 * i + 1, FALSE);
		write_mail(fixture, 2 * i + 2, FALSE);
		waiting += FILTERS[i].deliveries;
		g_assert_cmpuint(status_of(fixture).waiting, ==, waiting);
	}
	endpoint->when = NULL;
}

static void
test_globs(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	write_mail(fixture, 1, FALSE); /* lead.created */
	write_mail(fixture, 1, FALSE); /* lead.touched: not wanted */
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 1));
	g_assert_cmpuint(status_of(fixture).waiting, ==, 1);
}

static void
test_shadow(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	write_mail(fixture, 1, TRUE);
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 0));
	g_assert_cmpuint(status_of(fixture).delivered, ==, 1);
	write_mail(fixture, 1, FALSE);
	g_ptr_array_unref(claim(fixture, HELP_NOW, 10, 1));
}

static void
test_lists(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		int state;
		const char *endpoint;
		guint most, count;
	} wants[] = {
		{ -1, NULL, 100, 12 },
		{ -1, "crm", 100, 6 },
		{ -1, "none", 100, 0 },
		{ -1, NULL, 5, 5 },
		{ DELIVERY_WAITING, NULL, 100, 10 },
		{ DELIVERY_WAITING, "crm", 100, 4 },
		{ DELIVERY_WAITING, NULL, 3, 3 },
		{ DELIVERY_DEAD, NULL, 100, 1 },
		{ DELIVERY_DEAD, "second", 100, 0 },
		{ DELIVERY_DELIVERED, NULL, 100, 1 },
		{ DELIVERY_DROPPED, NULL, 100, 0 },
	};
	g_autoptr(GError) error = NULL;

	help_add_endpoint(fixture->config, "second", "lead.*");
	store_set_endpoints(fixture->store, fixture->config);
	for (guint i = 0; i < 6; i++)
		write_mail(fixture, i % 3, FALSE);
	g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, 2, 2);
	settle_as(fixture, id_at(claimed, 0), DELIVERY_DEAD, 0);
	settle_as(fixture, id_at(claimed, 1), DELIVERY_DELIVERED, 0);
	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autoptr(GPtrArray) list =
			store_outbox_list(fixture->store, wants[i].state, wants[i].endpoint, NULL,
					  wants[i].most, &error);

		g_assert_no_error(error);
		g_assert_cmpuint(list->len, ==, wants[i].count);
		for (guint n = 1; n < list->len; n++)
			g_assert_cmpint(id_at(list, n - 1), >, id_at(list, n));
	}
	const char *lead = ((struct delivery *)claimed->pdata[0])->lead;
	g_autoptr(GPtrArray) of_lead =
		store_outbox_list(fixture->store, -1, NULL, lead, 100, &error);
	g_assert_cmpuint(of_lead->len, ==, 4);
	g_autoptr(GPtrArray) waiting =
		store_outbox_list(fixture->store, DELIVERY_WAITING, "crm", lead, 100, &error);
	g_assert_cmpuint(waiting->len, ==, 1);
}

static void
count_wake(gpointer data)
{
	__atomic_fetch_add((int *)data, 1, __ATOMIC_SEQ_CST);
}

static void
test_wake(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	int woken = 0;

	store_on_delivery(fixture->store, count_wake, &woken);
	write_mail(fixture, 1, TRUE);
	g_assert_cmpint(__atomic_load_n(&woken, __ATOMIC_SEQ_CST), ==, 0);
	write_mail(fixture, 1, FALSE);
	g_assert_cmpint(__atomic_load_n(&woken, __ATOMIC_SEQ_CST), ==, 1);
	g_ptr_array_unref(claim(fixture, HELP_NOW, 1, 1));
	g_assert_cmpint(__atomic_load_n(&woken, __ATOMIC_SEQ_CST), ==, 1);
	store_on_delivery(fixture->store, NULL, NULL);
}

/* The endpoint's row could not be made when the configuration was taken: the next message makes it.
 */
static void
test_late_endpoint(void)
{
	struct fixture fixture = { 0 };
	struct driver_fault fault;
	const struct store_options options = { &fault.driver, help_decide };
	g_autoptr(GError) error = NULL;

	if (help_skip_server())
		return;
	driver_fault_init(&fault);
	scratch_make(&fixture.scratch);
	fixture.config = config_default();
	help_add_endpoint(fixture.config, "crm", "*");
	fixture.store = store_open_with(fixture.scratch.path, STORE_WRITE, &options, &error);
	g_assert_no_error(error);
	driver_fault_set(&fault, FAULT_FULL, FALSE, 0);
	store_set_endpoints(fixture.store, fixture.config);
	driver_fault_clear(&fault);
	write_mail(&fixture, 1, FALSE);
	g_ptr_array_unref(claim(&fixture, HELP_NOW, 10, 1));
	driver_fault_set(&fault, FAULT_FULL, FALSE, 0);
	g_assert_null(store_outbox_claim(fixture.store, "crm", HELP_NOW + 90 * MINUTE, 10,
					 help_next, NULL, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_FULL);
	driver_fault_clear(&fault);
	tear_down(&fixture, NULL);
}

/* --- many --- */

static void
fill(const char *path, guint count)
{
	g_autofree char *text = g_strdup_printf(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%u) "
		"INSERT INTO event(id, type, lead, time, body) SELECT 'evt_'||i, 'x', i/4, i, '{}' "
		"FROM n; INSERT INTO delivery(id, endpoint, lead, state, head, due) SELECT "
		"number<<10|1, 1, lead, 0, CASE number%%4 WHEN 0 THEN 1 ELSE 0 END, time FROM event",
		count);

	help_sql(path, text);
}

static gint64
time_of_claims(struct fixture *fixture, guint count)
{
	gint64 start = g_get_monotonic_time();

	for (guint i = 0; i < 50; i++) {
		g_autoptr(GPtrArray) claimed = claim(fixture, HELP_NOW, count, count);

		settle_as(fixture, id_at(claimed, 0), DELIVERY_DELIVERED, 0);
		g_assert_cmpint(store_outbox_next(fixture->store, "crm", NULL), >, 0);
	}
	return g_get_monotonic_time() - start;
}

/* A claim costs the same whether a hundred or hundreds of thousands wait. */
static void
test_many(void)
{
	static const guint counts[] = { 1000, 200000 };
	gint64 times[2];

	for (guint i = 0; i < 2; i++) {
		struct fixture fixture = { 0 };

		set_up(&fixture, NULL);
		store_close(g_steal_pointer(&fixture.store));
		fill(fixture.scratch.path, counts[i]);
		reopen(&fixture);
		times[i] = time_of_claims(&fixture, 4);
		tear_down(&fixture, NULL);
	}
	g_test_message("claims with 1,000 waiting: %d us, with 200,000: %d us", (int)times[0],
		       (int)times[1]);
	/* a server has to look at rows it has just been given before it may skip them */
	g_assert_cmpint(times[1], <, times[0] * 10 + (help_is_server() ? 3000000 : 100000));
}

/* --- threads --- */

struct worker {
	struct fixture *fixture;
	guint number;
	int *delivered;
};

static void *
write_many(void *data)
{
	const struct worker *worker = data;

	for (guint i = 0; i < 40; i++) {
		g_autofree char *from = g_strdup_printf("p%u@example.org", i % 10);
		g_autofree char *key = g_strdup_printf("w%u.%u", worker->number, i);
		struct message message = { .from = from, .key = key };
		g_autoptr(facts_owned) facts = help_facts(&message);
		struct answer answer = { 0 };

		g_assert_true(store_message(worker->fixture->store, facts, NULL, HELP_NOW, 0, FALSE,
					    &answer, NULL));
		answer_clear(&answer);
	}
	return NULL;
}

static void *
deliver_many(void *data)
{
	const struct worker *worker = data;

	while (__atomic_load_n(worker->delivered, __ATOMIC_SEQ_CST) < 160) {
		g_autoptr(GPtrArray) claimed = store_outbox_claim(
			worker->fixture->store, "crm", HELP_NOW, 5, help_next, NULL, NULL);

		for (guint i = 0; i < claimed->len; i++)
			settle_as(worker->fixture, id_at(claimed, i), DELIVERY_DELIVERED, 0);
		__atomic_fetch_add(worker->delivered, claimed->len, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void
test_threads(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct worker workers[6];
	pthread_t threads[6];
	int delivered = 0;

	for (guint i = 0; i < 6; i++) {
		workers[i] = (struct worker){ fixture, i, &delivered };
		pthread_create(&threads[i], NULL, i < 4 ? write_many : deliver_many, &workers[i]);
	}
	for (guint i = 0; i < 6; i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpuint(status_of(fixture).delivered, ==, 160);
	g_assert_cmpuint(status_of(fixture).waiting, ==, 0);
}

#define ADD(path, glob, test) \
	g_test_add("/outbox/" path, struct fixture, glob, set_up, test, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("order", NULL, test_order);
	ADD("most-and-oldest", NULL, test_most_and_oldest);
	ADD("results", NULL, test_results);
	ADD("unsent", NULL, test_unsent);
	ADD("hurry", NULL, test_hurry);
	ADD("drop-and-retry", NULL, test_drop_and_retry);
	ADD("drop-claimed", NULL, test_drop_claimed);
	ADD("park", NULL, test_park);
	ADD("unlatch", NULL, test_unlatch);
	ADD("globs", "lead.created", test_globs);
	ADD("filters", "lead.created", test_filters);
	ADD("shadow", NULL, test_shadow);
	ADD("lists", NULL, test_lists);
	ADD("wake", NULL, test_wake);
	g_test_add_func("/outbox/late-endpoint", test_late_endpoint);
	g_test_add_func("/outbox/many", test_many);
	ADD("threads", NULL, test_threads);
	return g_test_run();
}
