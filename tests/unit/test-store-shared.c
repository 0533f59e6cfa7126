/*
 * test-store-shared.c - two processes with one store: the first mails of the same people at the
 * same time give one lead each, and nothing is counted twice or lost.
 */
#include "store_help.c"

#include <sys/wait.h>
#include <unistd.h>

#include "store/store_import.h"

#define PEOPLE 60
#define ROUNDS 4
#define THREADS 4

struct writing {
	struct store *store;
	guint process, thread;
};

static gpointer
send_all(gpointer data)
{
	const struct writing *sender = data;

	for (guint i = 0; i < PEOPLE * ROUNDS / THREADS; i++) {
		guint person = (i * THREADS + sender->thread) % PEOPLE;
		g_autofree char *from = g_strdup_printf("p%u@customer.example", person);
		g_autofree char *key =
			g_strdup_printf("%u.%u.%u", sender->process, sender->thread, i);
		struct message message = { .from = from, .key = key };
		g_autoptr(facts_owned) facts = help_facts(&message);
		g_autoptr(GError) error = NULL;
		struct answer answer;

		store_message(sender->store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
		g_assert_no_error(error);
		answer_clear(&answer);
	}
	return NULL;
}

/* One process's part. */
static void
work(const char *path, guint process)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = config_default();
	struct store *store = help_open(path, STORE_SHARED, &error);
	struct writing senders[THREADS];
	GThread *threads[THREADS];

	g_assert_no_error(error);
	help_add_endpoint(config, "crm", "*");
	store_set_endpoints(store, config);
	for (guint i = 0; i < THREADS; i++) {
		senders[i] = (struct writing){ store, process, i };
		threads[i] = g_thread_new("sender", send_all, &senders[i]);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
	store_close(store);
}

static void
check_all(const char *path)
{
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(path, STORE_WRITE, &error);
	g_autoptr(GPtrArray) leads = NULL, owners = NULL, deliveries = NULL;
	const struct lead_filter filter = { .stage = -1 };
	struct store_stats stats;

	g_assert_no_error(error);
	g_assert_true(store_check(store, &error));
	leads = store_leads(store, &filter, &error);
	g_assert_cmpuint(leads->len, ==, PEOPLE);
	for (guint i = 0; i < leads->len; i++)
		g_assert_cmpuint(((struct lead *)leads->pdata[i])->touch_count, ==, 2 * ROUNDS);
	g_assert_true(store_stats(store, &stats, &error));
	g_assert_cmpuint(stats.leads, ==, PEOPLE);
	g_assert_cmpuint(stats.touches, ==, 2 * PEOPLE * ROUNDS);
	g_assert_cmpuint(stats.waiting, ==, 2 * PEOPLE * ROUNDS);
	owners = store_owners(store, &error);
	g_assert_cmpuint(owners->len, ==, 1);
	g_assert_cmpuint(((struct owner *)owners->pdata[0])->load, ==, PEOPLE);
	deliveries =
		store_outbox_claim(store, "crm", HELP_NOW * 2, PEOPLE * 2, help_next, NULL, &error);
	g_assert_cmpuint(deliveries->len, ==, PEOPLE); /* one head a lead */
	store_close(store);
}

static void
test_two(void)
{
	struct scratch scratch;
	pid_t child;
	int status;

	scratch_make(&scratch);
	child = fork();
	g_assert_cmpint(child, >=, 0);
	if (child == 0) {
		work(scratch.path, 1);
		_exit(0);
	}
	work(scratch.path, 0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	check_all(scratch.path);
	scratch_remove(&scratch);
}

/* Who wants the store alone and who shares it exclude each other. */
static void
test_refused(void)
{
	static const enum store_mode MODES[][2] = { { STORE_SHARED, STORE_WRITE },
						    { STORE_WRITE, STORE_SHARED } };

	for (guint i = 0; i < G_N_ELEMENTS(MODES); i++) {
		struct scratch scratch;
		g_autoptr(GError) error = NULL;
		struct store *store;

		scratch_make(&scratch);
		store = help_open(scratch.path, MODES[i][0], &error);
		g_assert_no_error(error);
		g_assert_null(help_open(scratch.path, MODES[i][1], &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
		store_close(store);
		scratch_remove(&scratch);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store-shared/two", test_two);
	g_test_add_func("/store-shared/refused", test_refused);
	return g_test_run();
}
