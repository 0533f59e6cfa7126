/*
 * store.c - how many messages a second the store takes: new leads of unique senders, one event
 * each, from 1, 4 and 64 threads, and the same leads writing again.
 *
 *   build/bench/store [MESSAGES] [DIRECTORY or postgresql://…]
 */
#include "../unit/store_help.c"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

struct run {
	struct store *store;
	guint first, count; /* numbers of senders */
	guint distinct; /* so many of them, over and over */
	guint thread, round;
	gint64 *latencies;
};

static void
send_one(const struct run *run, guint i)
{
	guint sender = run->first + i % run->distinct;
	g_autofree char *from = g_strdup_printf("person.%u@customer%u.example", sender, sender);
	g_autofree char *account = g_strdup_printf("customer%u.example", sender);
	g_autofree char *id = g_strdup_printf("%08x.%u.%u@mail.example", g_random_int(),
					      run->first + i, run->round);
	g_autofree char *name = g_strdup_printf("Person Number%u", sender);
	struct message message = { .from = from,
				   .name = name,
				   .id = id,
				   .account = account,
				   .to = "sales@example.com",
				   .subject = "an offer" };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	gint64 start = g_get_monotonic_time();

	if (!store_message(run->store, facts, NULL, HELP_NOW + i, 0, FALSE, &answer, &error)) {
		fprintf(stderr, "%s\n", error->message);
		exit(1);
	}
	run->latencies[i] = g_get_monotonic_time() - start;
	answer_clear(&answer);
}

static gpointer
run_thread(gpointer data)
{
	struct run *run = data;

	for (guint i = 0; i < run->count; i++)
		send_one(run, i);
	return NULL;
}

static int
by_size(gconstpointer a, gconstpointer b)
{
	gint64 one = *(const gint64 *)a, other = *(const gint64 *)b;

	return (one > other) - (one < other);
}

/* Processor time of the whole process: says more than the clock on a machine that is shared. */
static gint64
cpu_time(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * G_USEC_PER_SEC +
	       usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static void
measure(struct store *store, guint first, guint total, guint threads, guint round, guint distinct)
{
	g_autofree struct run *runs = g_new0(struct run, threads);
	g_autofree GThread **handles = g_new0(GThread *, threads);
	guint each = total / threads;
	g_autofree gint64 *latencies = g_new0(gint64, each * threads);
	gint64 start = g_get_monotonic_time(), cpu = cpu_time(), end;

	for (guint i = 0; i < threads; i++) {
		runs[i] = (struct run){
			store, first + i * each,    each, distinct ? distinct : each, i,
			round, latencies + i * each
		};
		handles[i] = g_thread_new("sender", run_thread, &runs[i]);
	}
	for (guint i = 0; i < threads; i++)
		g_thread_join(handles[i]);
	end = g_get_monotonic_time();
	qsort(latencies, each * threads, sizeof *latencies, by_size);
	printf("store threads=%u round=%u messages=%u per_second=%.0f p50_us=%" G_GINT64_FORMAT
	       " p99_us=%" G_GINT64_FORMAT " max_us=%" G_GINT64_FORMAT " cpu_us=%.1f\n",
	       threads, round, each * threads, each * threads * 1e6 / (end - start),
	       latencies[each * threads / 2], latencies[each * threads * 99 / 100],
	       latencies[each * threads - 1], (double)(cpu_time() - cpu) / (each * threads));
	fflush(stdout);
}

int
main(int argc, char **argv)
{
	static const guint threads[] = { 1, 4, 64 };
	guint total = argc > 1 ? atoi(argv[1]) : 20000, first = 0;
	g_autofree char *made = argc > 2 ? NULL : g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	const char *directory = argc > 2 ? argv[2] : made;
	g_autofree char *path = g_str_has_prefix(directory, "postgres")
					? g_strdup(directory)
					: g_build_filename(directory, "bench.db", NULL);
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	g_autoptr(store_owned) store = help_open(path, STORE_WRITE, &error);

	if (!store) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	help_add_endpoint(config, "crm", "*");
	store_set_endpoints(store, config);
	for (guint i = 0; i < G_N_ELEMENTS(threads); i++, first += total)
		measure(store, first, total, threads[i], 0, 0);
	for (guint round = 1; round <= 2; round++)
		measure(store, 0, total, 4, round, 0);
	/* leads with a long history: a hundred of each thread write again and again */
	measure(store, 0, total, 4, 3, 100);
	store_close(g_steal_pointer(&store));
	if (made)
		remove_tree(made);
	return 0;
}
