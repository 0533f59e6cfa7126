/* test-asker.c - whoever asks goes on at the deadline, whatever the database does. */
#include "store_help.c"

#include "store/sqlite.h"

struct place {
	struct scratch scratch;
	int opened, fail_opens;
	int abandoned; /* atomic */
};

static struct place place;

static struct database *
open_place(gpointer data, GError **error)
{
	struct place *p = data;

	p->opened++;
	if (p->fail_opens > 0) {
		p->fail_opens--;
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "away");
		return NULL;
	}
	return database_open(&sqlite_driver, p->scratch.path, TRUE, error);
}

struct question {
	guint milliseconds;
	gboolean fails;
	int answer;
};

static gboolean
ask(struct database *database, gpointer data, GError **error)
{
	struct question *question = data;

	g_assert_nonnull(database);
	g_usleep(question->milliseconds * 1000);
	if (question->fails)
		g_set_error(error, LEADMILTER_ERROR, ERROR_STORE, "broken");
	question->answer = 42;
	return !question->fails;
}

static void
abandon(gpointer question)
{
	g_free(question);
	g_atomic_int_inc(&place.abandoned);
}

static struct asker *
start(int fail_opens)
{
	struct asker *asker;

	scratch_make(&place.scratch);
	place.opened = place.abandoned = 0;
	place.fail_opens = fail_opens;
	asker = asker_start(open_place, &place, NULL);
	g_assert_nonnull(asker);
	return asker;
}

static void
test_answers(void)
{
	struct asker *asker = start(1);
	struct question question = { 0 };
	g_autoptr(GError) error = NULL;

	g_assert_false(asker_ask(asker, ask, &question, abandon, 0, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_clear_error(&error);
	g_assert_true(asker_ask(asker, ask, &question, abandon, 0, &error));
	g_assert_cmpint(question.answer, ==, 42);
	question.fails = TRUE;
	g_assert_false(asker_ask(asker, ask, &question, abandon, 0, &error));
	g_clear_error(&error);
	question.fails = FALSE;
	g_assert_true(asker_ask(asker, ask, &question, abandon,
				g_get_monotonic_time() + 60 * G_USEC_PER_SEC, &error));
	asker_stop(asker);
	g_assert_cmpint(place.opened, ==, 3); /* anew after each failure */
	g_assert_cmpint(place.abandoned, ==, 0);
	scratch_remove(&place.scratch);
}

/* One is being asked, the other still waits: both go on. */
static void
test_deadline(void)
{
	struct asker *asker = start(0);
	gint64 began = g_get_monotonic_time();

	for (guint i = 0; i < 2; i++) {
		struct question *question = g_new0(struct question, 1);
		g_autoptr(GError) error = NULL;

		question->milliseconds = 3000;
		g_assert_false(asker_ask(asker, ask, question, abandon,
					 g_get_monotonic_time() + 20 * 1000, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_TIMEOUT);
	}
	g_assert_cmpint(g_get_monotonic_time() - began, <, 2900 * 1000);
	asker_stop(asker);
	g_assert_cmpint(place.abandoned, ==, 2);
	scratch_remove(&place.scratch);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/asker/answers", test_answers);
	g_test_add_func("/asker/deadline", test_deadline);
	return g_test_run();
}
