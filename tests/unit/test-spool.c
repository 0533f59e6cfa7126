/* test-spool.c - messages kept as files: durable, in order, bounded, never lost to damage. */
#include "store_help.c"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utime.h>

#include "store/spool.h"

static struct raw_mail *
make_raw(guint number)
{
	struct raw_mail *raw = raw_mail_new(HELP_NOW + number);
	g_autofree char *id = g_strdup_printf("<%u@test>", number);
	g_autofree char *queue = g_strdup_printf("Q%u", number);

	raw->queue_id = g_steal_pointer(&queue);
	raw_mail_set_sender(raw, "ada@example.org");
	raw_mail_add_recipient(raw, "sales@example.com");
	raw_mail_add_header(raw, "Message-ID", id);
	raw_mail_add_header(raw, "Subject", "an offer, please");
	raw_mail_add_body(raw, "Hello\r\n", 7);
	return raw;
}

static void
put(struct spool *spool, guint number)
{
	g_autoptr(raw_mail_owned) raw = make_raw(number);
	g_autoptr(GError) error = NULL;

	g_assert_true(spool_put(spool, raw, &error));
	g_assert_no_error(error);
}

struct taken {
	GString *ids; /* queue ids, separated by a space */
	const char *refuse; /* this one is always refused */
	guint most; /* then the store is away; 0 no end */
	guint count;
};

static enum spool_fate
take_one(const struct raw_mail *raw, struct taken *taken)
{
	if (taken->most && taken->count >= taken->most)
		return SPOOL_AWAY;
	if (taken->refuse && !strcmp(taken->refuse, raw->queue_id))
		return SPOOL_REFUSED;
	g_string_append_printf(taken->ids, "%s%s", taken->ids->len ? " " : "", raw->queue_id);
	taken->count++;
	g_assert_cmpstr(raw->mail_from, ==, "ada@example.org");
	g_assert_cmpstr(raw_mail_header(raw, "Subject"), ==, "an offer, please");
	g_assert_cmpuint(raw->body->len, ==, 7);
	return SPOOL_TAKEN;
}

static void
take(struct spool_item *items, guint count, gpointer data)
{
	for (guint i = 0; i < count; i++) {
		items[i].fate = take_one(items[i].raw, data);
		if (items[i].fate != SPOOL_TAKEN)
			items[i].reason = g_strdup("by the test");
	}
}

static char *
drain_by(struct spool *spool, guint together, const char *refuse, guint most, gint expected)
{
	struct taken taken = { g_string_new(NULL), refuse, most, 0 };
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(spool_drain(spool, together, take, &taken, &error), ==, expected);
	g_assert_no_error(error);
	return g_string_free(taken.ids, FALSE);
}

static char *
drain(struct spool *spool, const char *refuse, guint most, gint expected)
{
	return drain_by(spool, 1, refuse, most, expected);
}

static int
by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The n-th entry (sorted) of the directory with that suffix, or NULL. */
static char *
nth_file(const char *directory, const char *suffix, guint n)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	GDir *listing = g_dir_open(directory, 0, NULL);
	const char *name;

	while (listing && (name = g_dir_read_name(listing)))
		if (g_str_has_suffix(name, suffix))
			g_ptr_array_add(names, g_build_filename(directory, name, NULL));
	if (listing)
		g_dir_close(listing);
	g_ptr_array_sort(names, by_text);
	return n < names->len ? g_strdup(names->pdata[n]) : NULL;
}

static void
test_order(void)
{
	struct scratch scratch;
	g_autofree char *ids = NULL;
	g_autoptr(GError) error = NULL;
	struct stat info;
	gint64 bytes;

	scratch_make(&scratch);
	g_autofree char *path = g_build_filename(scratch.directory, "deep", "spool", NULL);
	struct spool *spool = spool_open(path, 0, &error);
	g_assert_no_error(error);
	g_assert_cmpint(g_stat(path, &info), ==, 0);
	g_assert_cmpint(info.st_mode & 0777, ==, 0700);
	clock_fix(HELP_NOW); /* the same microsecond for all */
	for (guint i = 1; i <= 20; i++)
		put(spool, i);
	clock_fix(0);
	g_assert_cmpuint(spool_count(spool, &bytes), ==, 20);
	g_assert_cmpint(bytes, >, 20 * 48);
	spool_close(spool);
	spool = spool_open(path, 0, &error);
	g_assert_cmpuint(spool_count(spool, NULL), ==, 20);
	ids = drain(spool, NULL, 0, 20);
	g_assert_cmpstr(ids, ==,
			"Q1 Q2 Q3 Q4 Q5 Q6 Q7 Q8 Q9 Q10 Q11 Q12 Q13 Q14 Q15 Q16 Q17 Q18 Q19 Q20");
	g_assert_cmpuint(spool_count(spool, &bytes), ==, 0);
	g_assert_cmpint(bytes, ==, 0);
	spool_close(spool);
	scratch_remove(&scratch);
}

/* What a drain does with five files: which is refused, after how many the store is away. */
static void
test_refusals(void)
{
	static const struct {
		const char *refuse;
		guint most;
		gint count;
		const char *taken;
		guint left, bad, together;
	} wants[] = {
		{ NULL, 0, 5, "Q1 Q2 Q3 Q4 Q5", 0, 0, 1 },
		{ NULL, 2, 2, "Q1 Q2", 3, 0, 1 },
		{ "Q1", 0, 4, "Q2 Q3 Q4 Q5", 0, 1, 1 },
		{ "Q3", 0, 4, "Q1 Q2 Q4 Q5", 0, 1, 1 },
		/* none after it: nothing shows whose fault */
		{ "Q5", 0, 4, "Q1 Q2 Q3 Q4", 1, 0, 1 },
		{ NULL, 0, 5, "Q1 Q2 Q3 Q4 Q5", 0, 0, 2 },
		{ NULL, 2, 2, "Q1 Q2", 3, 0, 5 },
		{ "Q1", 2, 2, "Q2 Q3", 3, 0, 5 },
		{ "Q5", 0, 4, "Q1 Q2 Q3 Q4", 0, 1, 5 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		struct scratch scratch;
		g_autofree char *ids = NULL, *bad = NULL, *moved = NULL;

		scratch_make(&scratch);
		struct spool *spool = spool_open(scratch.directory, 0, NULL);
		for (guint n = 1; n <= 5; n++)
			put(spool, n);
		ids = drain_by(spool, wants[i].together, wants[i].refuse, wants[i].most,
			       wants[i].count);
		g_assert_cmpstr(ids, ==, wants[i].taken);
		g_assert_cmpuint(spool_count(spool, NULL), ==, wants[i].left);
		bad = g_build_filename(scratch.directory, "bad", NULL);
		moved = nth_file(bad, ".mail", 0);
		g_assert_cmpint(moved != NULL, ==, wants[i].bad);
		spool_close(spool);
		scratch_remove(&scratch);
	}
}

static void
truncate_file(char *data, gsize *size)
{
	(void)data;
	*size -= 3;
}

static void
empty_file(char *data, gsize *size)
{
	(void)data;
	*size = 0;
}

static void
flip_last(char *data, gsize *size)
{
	data[*size - 1] ^= 1;
}

static void
flip_magic(char *data, gsize *size)
{
	(void)size;
	data[0] ^= 1;
}

static void
other_version(char *data, gsize *size)
{
	(void)size;
	data[11] = 9;
}

static void
test_damage(void)
{
	static void (*const damages[])(char *data, gsize *size) = {
		truncate_file, empty_file, flip_last, flip_magic, other_version,
	};

	for (guint i = 0; i < G_N_ELEMENTS(damages); i++) {
		struct scratch scratch;
		g_autofree char *file = NULL, *data = NULL, *bad = NULL, *ids = NULL, *moved = NULL;
		gsize size;

		scratch_make(&scratch);
		struct spool *spool = spool_open(scratch.directory, 0, NULL);
		for (guint n = 1; n <= 3; n++)
			put(spool, n);
		file = nth_file(scratch.directory, ".mail", 1);
		g_assert_true(g_file_get_contents(file, &data, &size, NULL));
		damages[i](data, &size);
		g_assert_true(g_file_set_contents(file, data, size, NULL));
		ids = drain(spool, NULL, 0, 2);
		g_assert_cmpstr(ids, ==, "Q1 Q3");
		bad = g_build_filename(scratch.directory, "bad", NULL);
		moved = nth_file(bad, ".mail", 0);
		g_assert_nonnull(moved);
		g_assert_cmpuint(spool_count(spool, NULL), ==, 0);
		spool_close(spool);
		scratch_remove(&scratch);
	}
}

static void
test_ceiling(void)
{
	struct scratch scratch;
	g_autoptr(raw_mail_owned) raw = make_raw(3);
	g_autoptr(GError) error = NULL;
	g_autofree char *ids = NULL;
	gint64 one;

	scratch_make(&scratch);
	struct spool *spool = spool_open(scratch.directory, 0, NULL);
	put(spool, 1);
	spool_count(spool, &one);
	spool_close(spool);
	spool = spool_open(scratch.directory, 2 * one + one / 2, NULL);
	put(spool, 2);
	g_assert_false(spool_put(spool, raw, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SPOOL);
	ids = drain(spool, NULL, 0, 2);
	put(spool, 3); /* room again */
	spool_close(spool);
	scratch_remove(&scratch);
}

static void
test_unfinished(void)
{
	struct scratch scratch;
	struct utimbuf old = { 1, 1 };

	scratch_make(&scratch);
	g_autofree char *young = g_build_filename(scratch.directory, "tmp.1.young", NULL);
	g_autofree char *aged = g_build_filename(scratch.directory, "tmp.1.old", NULL);
	g_assert_true(g_file_set_contents(young, "x", 1, NULL));
	g_assert_true(g_file_set_contents(aged, "x", 1, NULL));
	g_assert_cmpint(utime(aged, &old), ==, 0);
	struct spool *spool = spool_open(scratch.directory, 0, NULL);
	g_assert_cmpuint(spool_count(spool, NULL), ==, 0);
	g_assert_true(g_file_test(young, G_FILE_TEST_EXISTS));
	g_assert_false(g_file_test(aged, G_FILE_TEST_EXISTS));
	spool_close(spool);
	scratch_remove(&scratch);
}

/* A file that can't grow stands for a full disk: both end in a write that fails. */
static void
test_full(void)
{
	struct scratch scratch;
	g_autoptr(raw_mail_owned) raw = make_raw(1);
	g_autoptr(GError) error = NULL;
	g_autofree char *left = NULL;
	struct rlimit before, small;

	scratch_make(&scratch);
	struct spool *spool = spool_open(scratch.directory, 0, NULL);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &before);
	small = before;
	small.rlim_cur = 100;
	setrlimit(RLIMIT_FSIZE, &small);
	gboolean done = spool_put(spool, raw, &error);
	setrlimit(RLIMIT_FSIZE, &before);
	g_assert_false(done);
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SPOOL);
	left = nth_file(scratch.directory, "", 0);
	g_assert_null(left);
	g_assert_cmpuint(spool_count(spool, NULL), ==, 0);
	put(spool, 1);
	spool_close(spool);
	scratch_remove(&scratch);
}

static void
test_cannot_open(void)
{
	struct scratch scratch;
	g_autoptr(GError) error = NULL;

	scratch_make(&scratch);
	g_assert_true(g_file_set_contents(scratch.path, "x", 1, NULL));
	g_assert_null(spool_open(scratch.path, 0, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_SPOOL);
	scratch_remove(&scratch);
}

static void *
put_many(void *data)
{
	for (guint i = 0; i < 25; i++)
		put(data, g_random_int());
	return NULL;
}

static void
test_threads(void)
{
	struct scratch scratch;
	pthread_t threads[4];
	g_autofree char *ids = NULL;

	scratch_make(&scratch);
	struct spool *spool = spool_open(scratch.directory, 0, NULL);
	for (guint i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, put_many, spool);
	for (guint i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpuint(spool_count(spool, NULL), ==, 100);
	ids = drain(spool, NULL, 0, 100);
	spool_close(spool);
	scratch_remove(&scratch);
}

/* Two processes, one directory: all messages are there. */
static void
test_processes(void)
{
	struct scratch scratch;
	g_autofree char *ids = NULL;
	int status;

	scratch_make(&scratch);
	clock_fix(HELP_NOW);
	pid_t child = fork();
	struct spool *spool = spool_open(scratch.directory, 0, NULL);
	for (guint i = 0; i < 50; i++)
		put(spool, i * 2 + (child == 0));
	spool_close(spool);
	if (child == 0)
		_exit(0);
	g_assert_cmpint(waitpid(child, &status, 0), ==, child);
	g_assert_cmpint(status, ==, 0);
	clock_fix(0);
	spool = spool_open(scratch.directory, 0, NULL);
	ids = drain(spool, NULL, 0, 100);
	spool_close(spool);
	scratch_remove(&scratch);
}

struct late_put {
	struct spool *spool;
	guint number;
	int done; /* atomic */
};

static void *
put_late(void *data)
{
	struct late_put *late = data;

	put(late->spool, late->number);
	g_atomic_int_set(&late->done, 1);
	return NULL;
}

/* What is being put while the spool is drained counts, so that somebody comes for it. */
static void
test_meanwhile(void)
{
	struct scratch scratch;
	g_autoptr(spool_owned) spool = NULL;
	struct taken taken = { g_string_new(NULL), NULL, 0, 0 };

	scratch_make(&scratch);
	spool = spool_open(scratch.directory, 0, NULL);
	for (guint i = 0; i < 50; i++) {
		struct late_put late = { spool, i, 0 };
		pthread_t thread;

		g_assert_cmpint(pthread_create(&thread, NULL, put_late, &late), ==, 0);
		while (!g_atomic_int_get(&late.done))
			if (spool_count(spool, NULL))
				spool_drain(spool, 1, take, &taken, NULL);
		pthread_join(thread, NULL);
		while (spool_count(spool, NULL))
			spool_drain(spool, 1, take, &taken, NULL);
		g_assert_cmpuint(taken.count, ==, i + 1);
	}
	g_string_free(taken.ids, TRUE);
	scratch_remove(&scratch);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/spool/order", test_order);
	g_test_add_func("/spool/refusals", test_refusals);
	g_test_add_func("/spool/damage", test_damage);
	g_test_add_func("/spool/ceiling", test_ceiling);
	g_test_add_func("/spool/unfinished", test_unfinished);
	g_test_add_func("/spool/full", test_full);
	g_test_add_func("/spool/cannot-open", test_cannot_open);
	g_test_add_func("/spool/threads", test_threads);
	g_test_add_func("/spool/meanwhile", test_meanwhile);
	g_test_add_func("/spool/processes", test_processes);
	return g_test_run();
}
