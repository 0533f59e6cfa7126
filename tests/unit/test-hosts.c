/*
 * test-hosts.c - two daemons on one store: what one claimed is its own until it leaves or dies,
 * what one finds of an endpoint the other knows, and what only one does one does.
 */
#include "store_help.c"

#include <sqlite3.h>

#include "store/store_import.h"

struct pair {
	struct scratch scratch;
	struct store *one, *other;
	struct config *config;
};

static struct store *
open_one(struct pair *pair, const char *id)
{
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(pair->scratch.path, STORE_SHARED, &error);

	g_assert_no_error(error);
	store_set_host(store, id, id);
	store_set_endpoints(store, pair->config);
	return store;
}

static void
pair_open(struct pair *pair)
{
	scratch_make(&pair->scratch);
	pair->config = config_default();
	help_add_endpoint(pair->config, "crm", "*");
	pair->one = open_one(pair, "one");
	pair->other = open_one(pair, "other");
	g_assert_true(store_is_shared(pair->one));
}

static void
pair_close(struct pair *pair)
{
	store_close(pair->one);
	store_close(pair->other);
	config_unref(pair->config);
	scratch_remove(&pair->scratch);
}

static void
receive(struct store *store, const char *from, const char *key)
{
	struct message message = { .from = from, .key = key };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;

	store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
}

/* @return ids claimed, "" none; caller frees */
static char *
claim(struct store *store, gint64 now, guint most)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) got =
		store_outbox_claim(store, "crm", now, most, help_next, NULL, &error);
	GString *leads = g_string_new(NULL);

	g_assert_no_error(error);
	for (guint i = 0; i < got->len; i++)
		g_string_append_printf(leads, "%s%" G_GINT64_FORMAT, i ? " " : "",
				       ((struct delivery *)got->pdata[i])->id);
	return g_string_free(leads, FALSE);
}

static void
assert_claims(struct store *store, gint64 now, guint most, const char *expected)
{
	g_autofree char *got = claim(store, now, most);

	g_assert_cmpstr(got, ==, expected);
}

static void
settle(struct store *store, gint64 id, enum delivery_state state)
{
	struct delivery_result result = { .id = id, .state = state, .next = HELP_NOW };
	g_autoptr(GError) error = NULL;

	g_assert_true(store_outbox_settle(store, &result, 1, &error));
}

static void
run_sql(struct pair *pair, const char *text)
{
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(pair->scratch.path, &db), ==, SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	g_assert_cmpint(sqlite3_exec(db, text, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(db);
}

#define ID(event) (((gint64)(event) << 10) | 1)
#define LATER(days) (HELP_NOW + (days)*CLOCK_DAY)

/* However long it takes, another's claim is another's; and events of a lead keep their order. */
static void
test_claims(void)
{
	struct pair pair;

	pair_open(&pair);
	receive(pair.one, "ada@customer.example", "1");
	receive(pair.other, "ada@customer.example", "2");
	receive(pair.other, "bob@customer.example", "3");
	assert_claims(pair.one, LATER(1), 1, "1025");
	assert_claims(pair.other, LATER(2), 10, "3073");
	assert_claims(pair.other, LATER(3), 10, "3073"); /* its own come again */
	settle(pair.one, ID(1), DELIVERY_DELIVERED);
	assert_claims(pair.other, LATER(4), 10, "2049 3073");
	assert_claims(pair.one, LATER(5), 10, "");
	g_assert_cmpint(store_outbox_next(pair.one, "crm", NULL), ==, 0);
	/* A clean end. */
	g_assert_true(store_leave(pair.other, NULL));
	assert_claims(pair.one, LATER(6), 10, "2049 3073");
	pair_close(&pair);
}

static void
test_death(void)
{
	struct pair pair;

	pair_open(&pair);
	receive(pair.one, "ada@customer.example", "1");
	assert_claims(pair.one, HELP_NOW, 1, "1025");
	g_assert_true(store_keep(pair.other, NULL));
	assert_claims(pair.other, LATER(1), 10, "");
	run_sql(&pair, "UPDATE host SET until=0 WHERE id='one'");
	g_assert_true(store_keep(pair.other, NULL));
	assert_claims(pair.other, HELP_NOW, 10, ""); /* not before its time */
	assert_claims(pair.other, LATER(2), 10, "1025");
	/* The one that was taken for dead, and isn't. */
	settle(pair.one, ID(1), DELIVERY_DELIVERED);
	settle(pair.other, ID(1), DELIVERY_DELIVERED);
	assert_claims(pair.one, LATER(3), 10, "");
	/* Killed and started again: it takes its own place. */
	receive(pair.one, "ada@customer.example", "2");
	assert_claims(pair.one, HELP_NOW, 1, "2049");
	store_close(pair.one);
	pair.one = open_one(&pair, "one");
	g_assert_true(store_keep(pair.one, NULL));
	assert_claims(pair.one, LATER(4), 10, "2049");
	pair_close(&pair);
}

static gint64
number_of(struct pair *pair, const char *what, gint64 id)
{
	g_autofree char *text =
		g_strdup_printf("SELECT %s FROM delivery WHERE id=%" G_GINT64_FORMAT, what, id);

	return help_number(pair->scratch.path, text);
}

/* One that hung for so long that it was taken for dead writes down what came of its deliveries:
 * whoever has them now, or had them, is not disturbed. */
static void
test_late(void)
{
	static const enum delivery_state LATE[] = { DELIVERY_WAITING, DELIVERY_DEAD };

	for (guint i = 0; i < G_N_ELEMENTS(LATE); i++) {
		const struct delivery_result unsent = { .id = ID(1), .unsent = TRUE };
		struct pair pair;

		pair_open(&pair);
		receive(pair.one, "ada@customer.example", "1");
		assert_claims(pair.one, HELP_NOW, 1, "1025");
		run_sql(&pair, "UPDATE host SET until=0 WHERE id='one'");
		g_assert_true(store_keep(pair.other, NULL));
		assert_claims(pair.other, LATER(2), 10, "1025");
		/* under way at the other */
		settle(pair.one, ID(1), LATE[i]);
		g_assert_true(store_outbox_settle(pair.one, &unsent, 1, NULL));
		assert_claims(pair.one, LATER(9), 10, "");
		g_assert_cmpint(number_of(&pair, "head", ID(1)), ==, 2);
		/* delivered by the other */
		settle(pair.other, ID(1), DELIVERY_DELIVERED);
		settle(pair.one, ID(1), LATE[i]);
		g_assert_cmpint(number_of(&pair, "state", ID(1)), ==, DELIVERY_DELIVERED);
		receive(pair.other, "ada@customer.example", "2");
		assert_claims(pair.other, LATER(9), 10, "2049");
		/* and what it did deliver is delivered */
		run_sql(&pair, "UPDATE host SET until=0 WHERE id='other'");
		g_assert_true(store_keep(pair.one, NULL));
		assert_claims(pair.one, LATER(12), 10, "2049");
		settle(pair.other, ID(2), DELIVERY_DELIVERED);
		settle(pair.one, ID(2), DELIVERY_WAITING);
		g_assert_cmpint(number_of(&pair, "state", ID(2)), ==, DELIVERY_DELIVERED);
		g_assert_cmpint(help_number(pair.scratch.path,
					    "SELECT waiting FROM endpoint WHERE name='crm'"),
				==, 0);
		pair_close(&pair);
	}
}

/* The number of what a failover lost is given again: results of the lost one are not the new one's.
 */
static void
test_lost(void)
{
	struct pair pair;

	pair_open(&pair);
	receive(pair.other, "ada@customer.example", "1");
	settle(pair.one, ID(1), DELIVERY_DELIVERED);
	settle(pair.one, ID(1), DELIVERY_DEAD);
	assert_claims(pair.other, HELP_NOW, 1, "1025");
	pair_close(&pair);
}

/* One that was made as a copy of another one, with its id: they don't take each other for dead. */
static void
test_copied(void)
{
	struct pair pair;

	pair_open(&pair);
	store_set_host(pair.other, "one", "other");
	g_assert_true(store_keep(pair.one, NULL));
	g_assert_true(store_keep(pair.other, NULL));
	g_assert_true(store_keep(pair.one, NULL));
	receive(pair.one, "ada@customer.example", "1");
	receive(pair.one, "bob@customer.example", "2");
	assert_claims(pair.one, HELP_NOW, 1, "1025");
	assert_claims(pair.other, HELP_NOW, 1, "2049");
	for (guint i = 0; i < 2; i++) {
		g_assert_true(store_keep(pair.one, NULL));
		g_assert_true(store_keep(pair.other, NULL));
	}
	assert_claims(pair.one, LATER(2), 10, "1025");
	assert_claims(pair.other, LATER(3), 10, "2049");
	g_assert_cmpint(help_number(pair.scratch.path, "SELECT count(*) FROM host"), ==, 2);
	pair_close(&pair);
}

/* What one finds of an endpoint holds for both; then one asks, with one delivery. */
static void
test_rest(void)
{
	struct pair pair;
	struct store_outlook outlook;

	pair_open(&pair);
	receive(pair.one, "ada@customer.example", "1");
	receive(pair.one, "bob@customer.example", "2");
	g_assert_true(store_endpoint_rest(pair.one, "crm", HELP_NOW + 10, NULL));
	assert_claims(pair.other, HELP_NOW, 10, "");
	g_assert_true(store_outbox_look(pair.other, "crm", &outlook, NULL));
	g_assert_cmpint(outlook.rest, ==, HELP_NOW + 10);
	g_assert_cmpint(outlook.next, ==, HELP_NOW);
	assert_claims(pair.other, HELP_NOW + 10, 10, "1025");
	assert_claims(pair.one, HELP_NOW + 10, 10, ""); /* somebody asks already */
	settle(pair.other, ID(1), DELIVERY_DELIVERED);
	g_assert_cmpint(store_outbox_hurry(pair.other, "crm", HELP_NOW + 20, NULL), ==, 0);
	g_assert_true(store_outbox_look(pair.one, "crm", &outlook, NULL));
	g_assert_cmpint(outlook.rest, ==, 0);
	assert_claims(pair.one, HELP_NOW + 20, 10, "2049");
	g_assert_true(store_endpoint_park(pair.one, "crm", "gone", NULL, HELP_NOW, NULL));
	g_assert_true(store_outbox_look(pair.other, "crm", &outlook, NULL));
	g_assert_cmpint(outlook.rest, ==, G_MAXINT64);
	pair_close(&pair);
}

static void
test_leases(void)
{
	struct pair pair;

	pair_open(&pair);
	g_assert_true(store_holds(pair.one, "sweep"));
	g_assert_false(store_holds(pair.other, "sweep"));
	g_assert_true(store_holds(pair.other, "retention"));
	g_assert_true(store_holds(pair.one, "sweep"));
	g_assert_true(store_keep(pair.one, NULL));
	run_sql(&pair, "UPDATE lease SET until=0 WHERE name='retention'");
	g_assert_true(store_holds(pair.one, "retention"));
	g_assert_true(store_leave(pair.one, NULL));
	g_assert_true(store_holds(pair.other, "endpoint:crm"));
	pair_close(&pair);
}

/* Loads of owners stand in the memory of each. */
static void
test_memory(void)
{
	struct pair pair;
	g_autoptr(GPtrArray) owners = NULL;

	pair_open(&pair);
	for (guint i = 0; i < 20; i++) {
		g_autofree char *from = g_strdup_printf("p%u@customer.example", i);
		g_autofree char *key = g_strdup_printf("%u", i);

		receive(i % 3 ? pair.one : pair.other, from, key);
	}
	owners = store_owners(pair.one, NULL);
	g_assert_cmpuint(owners->len, ==, 1);
	g_assert_cmpuint(((struct owner *)owners->pdata[0])->load, ==, 20);
	pair_close(&pair);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hosts/claims", test_claims);
	g_test_add_func("/hosts/death", test_death);
	g_test_add_func("/hosts/late", test_late);
	g_test_add_func("/hosts/lost", test_lost);
	g_test_add_func("/hosts/copied", test_copied);
	g_test_add_func("/hosts/rest", test_rest);
	g_test_add_func("/hosts/leases", test_leases);
	g_test_add_func("/hosts/memory", test_memory);
	return g_test_run();
}
