/* test-clerk.c - work for the store between two requests: in its order, tried until the store takes
 * it, and told of in any case. */
#include "hooks/out/clerk.h"
#include "outbox_double.h"

#include <stdio.h>

struct work {
	GString *order; /* of what ran and was told, shared */
	pthread_mutex_t *lock;
	char name;
	guint refused; /* so many times first */
	gboolean *written;
};

static void
note(struct work *work, char what)
{
	pthread_mutex_lock(work->lock);
	g_string_append_c(work->order, work->name);
	g_string_append_c(work->order, what);
	pthread_mutex_unlock(work->lock);
}

static gboolean
run(G_GNUC_UNUSED struct store *store, gpointer data, GError **error)
{
	struct work *work = data;
	note(work, work->refused ? '-' : '+');
	if (!work->refused)
		return TRUE;
	work->refused--;
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_STORE, "refused by the test");
	return FALSE;
}

static void
done(gboolean written, gpointer data)
{
	struct work *work = data;
	*work->written = written;
	note(work, '!');
	g_free(work);
}

struct fixture {
	struct store *store;
	struct clerk *clerk;
	GString *order;
	pthread_mutex_t lock;
	int told; /* atomic */
	gboolean written[8];
};

static void
wake(gpointer data)
{
	struct fixture *f = data;
	g_atomic_int_inc(&f->told);
}

static void
begin(struct fixture *f)
{
	memset(f, 0, sizeof *f);
	pthread_mutex_init(&f->lock, NULL);
	f->order = g_string_new(NULL);
	f->store = outbox_new();
	f->clerk = clerk_start(f->store, wake, f);
}

static void
end(struct fixture *f)
{
	outbox_free(f->store);
	g_string_free(f->order, TRUE);
	pthread_mutex_destroy(&f->lock);
}

static void
order(struct fixture *f, char name, guint refused)
{
	struct work *work = g_new0(struct work, 1);
	*work = (struct work){ f->order, &f->lock, name, refused, &f->written[name - 'a'] };
	clerk_work(f->clerk, run, done, work);
}

static void
take_answers(struct fixture *f, int count)
{
	while (g_atomic_int_get(&f->told) < count)
		g_usleep(1000);
	struct clerk_answer *answer;
	while ((answer = clerk_answer(f->clerk))) {
		g_assert_cmpint(answer->task, ==, CLERK_WORK);
		g_assert_null(answer->owner);
		clerk_answer_free(answer);
	}
}

static void
test_order(void)
{
	struct fixture f;
	begin(&f);
	order(&f, 'a', 0);
	order(&f, 'b', 1); /* again after a second */
	order(&f, 'c', 0);
	take_answers(&f, 3);
	clerk_stop(f.clerk);
	g_assert_true(f.written[0] && f.written[1] && f.written[2]);
	g_assert_cmpint(strstr(f.order->str, "b+") - f.order->str, <,
			strstr(f.order->str, "c+") - f.order->str);
	g_assert_cmpint(strstr(f.order->str, "b-") - f.order->str, <,
			strstr(f.order->str, "b+") - f.order->str);
	for (const char *name = "abc"; *name; name++) {
		char told[] = { *name, '!', '\0' };
		g_assert_nonnull(strstr(f.order->str, told));
	}
	end(&f);
}

/* What the store never took by the end of the program is told of as such, once. */
static void
test_stop(void)
{
	struct fixture f;
	begin(&f);
	order(&f, 'a', 1000000);
	order(&f, 'b', 0);
	clerk_stop(f.clerk);
	g_assert_false(f.written[0]);
	g_assert_true(f.written[1]);
	g_assert_true(g_str_has_suffix(f.order->str, "a!b!"));
	end(&f);
}

/* Who takes the answer late, since all of the program hung, learns how old it is. */
static void
test_late(void)
{
	struct fixture f;
	begin(&f);
	clerk_claim(f.clerk, &f, "crm", 1, CLOCK_SECOND, FALSE);
	while (!g_atomic_int_get(&f.told))
		g_usleep(1000);
	gint64 told = g_get_monotonic_time();
	g_usleep(20 * 1000);
	g_autoptr(clerk_answer_owned) answer = clerk_answer(f.clerk);
	g_assert_cmpint(answer->task, ==, CLERK_CLAIM);
	g_assert_cmpint(answer->began, >, 0);
	g_assert_cmpint(answer->began, <=, told);
	clerk_stop(f.clerk);
	end(&f);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/clerk/order", test_order);
	g_test_add_func("/clerk/late", test_late);
	g_test_add_func("/clerk/stop", test_stop);
	return g_test_run();
}
