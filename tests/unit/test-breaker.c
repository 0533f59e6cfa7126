/* test-breaker.c - the circuit breaker as a play of answers over time. */
#include "hooks/out/breaker.h"
#include "base/clock.h"

#define NOW (1790000000 * (gint64)CLOCK_SECOND)
#define SECONDS(n) ((n) * (gint64)CLOCK_SECOND)

struct step {
	int at; /* seconds since the start */
	gint64 delivery;
	long status; /* 0 no answer, -1 unreachable */
	int retry_after; /* seconds since the start, 0 none */
	gboolean stale; /* sent before the breaker opened last */
	enum breaker_change change;
	int allowance; /* right after */
	int next; /* seconds since the start of the next probe, 0: closed */
};

static const struct play {
	const char *name;
	struct step steps[8];
} plays[] = {
	{ "three deliveries in a row",
	  { { 0, 1, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 2, 502, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 3, 0, 0, FALSE, BREAKER_OPENED, 0, 5 },
	    { 5, 4, 500, 0, FALSE, BREAKER_SAME, 0, 15 },
	    { 15, 4, 200, 0, FALSE, BREAKER_CLOSED, 1, 0 },
	    { 15, 5, 200, 0, FALSE, BREAKER_SAME, 2, 0 },
	    { 15, 6, 200, 0, FALSE, BREAKER_SAME, 3, 0 } } },
	{ "a success between",
	  { { 0, 1, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 2, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 3, 200, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 4, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 5, 500, 0, FALSE, BREAKER_SAME, 8, 0 } } },
	{ "one delivery is not the endpoint",
	  { { 0, 1, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 9, 1, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 400, 1, 0, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 4000, 1, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 5000, 2, 500, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 5000, 1, 500, 0, FALSE, BREAKER_OPENED, 0, 5005 } } },
	{ "unreachable at once",
	  { { 0, 1, -1, 0, FALSE, BREAKER_OPENED, 0, 5 },
	    { 5, 1, -1, 0, FALSE, BREAKER_SAME, 0, 15 },
	    { 15, 1, -1, 0, FALSE, BREAKER_SAME, 0, 35 },
	    { 35, 1, -1, 0, FALSE, BREAKER_SAME, 0, 75 },
	    { 75, 1, -1, 0, FALSE, BREAKER_SAME, 0, 135 },
	    { 135, 1, -1, 0, FALSE, BREAKER_SAME, 0, 195 },
	    { 1900, 1, -1, 0, FALSE, BREAKER_SAME, 0, 2200 },
	    { 2200, 1, 204, 0, FALSE, BREAKER_CLOSED, 1, 0 } } },
	{ "retry-after",
	  { { 0, 1, 429, 100, FALSE, BREAKER_OPENED, 0, 100 },
	    { 1, 2, 429, 120, TRUE, BREAKER_SAME, 0, 120 },
	    { 2, 3, 429, 90, TRUE, BREAKER_SAME, 0, 120 },
	    { 120, 1, 503, 500, FALSE, BREAKER_SAME, 0, 500 },
	    { 500, 1, 200, 0, FALSE, BREAKER_CLOSED, 1, 0 } } },
	{ "429 without a time", { { 0, 1, 429, 0, FALSE, BREAKER_OPENED, 0, 5 } } },
	{ "a retry-after that has passed", { { 9, 1, 503, 5, FALSE, BREAKER_SAME, 8, 0 } } },
	{ "the event's own fault",
	  { { 0, 1, 400, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 2, 413, 100, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 3, 422, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 4, 409, 0, FALSE, BREAKER_SAME, 8, 0 } } },
	{ "a probe's event is at fault: the endpoint is there",
	  { { 0, 1, -1, 0, FALSE, BREAKER_OPENED, 0, 5 },
	    { 5, 1, 422, 0, FALSE, BREAKER_CLOSED, 1, 0 } } },
	{ "misconfigured",
	  { { 0, 1, 404, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 2, 302, 0, FALSE, BREAKER_SAME, 8, 0 },
	    { 0, 3, 401, 0, FALSE, BREAKER_OPENED, 0, 5 } } },
	{ "a success from before closes nothing",
	  { { 0, 1, -1, 0, FALSE, BREAKER_OPENED, 0, 5 },
	    { 1, 2, 200, 0, TRUE, BREAKER_SAME, 0, 5 },
	    { 2, 3, 500, 0, TRUE, BREAKER_SAME, 0, 5 },
	    { 6, 1, 200, 0, FALSE, BREAKER_CLOSED, 1, 0 } } },
};

static void
take_step(struct breaker *breaker, const struct step *s)
{
	gint64 now = NOW + SECONDS(s->at);
	struct breaker_answer answer = {
		.delivery = s->delivery,
		.status = MAX(s->status, 0),
		.unreachable = s->status < 0,
		.retry_after = s->retry_after ? NOW + SECONDS(s->retry_after) : 0,
		.generation = breaker->generation - s->stale,
	};
	g_assert_cmpint(breaker_take(breaker, &answer, now, 0.5), ==, s->change);
	g_assert_cmpuint(breaker_allowance(breaker, now), ==, s->allowance);
	g_assert_cmpint(breaker->open, ==, s->next != 0);
	if (!s->next)
		return;
	g_assert_cmpint(breaker->next_probe, ==, NOW + SECONDS(s->next));
	g_assert_cmpuint(breaker_allowance(breaker, breaker->next_probe - 1), ==, 0);
	g_assert_cmpuint(breaker_allowance(breaker, breaker->next_probe), ==, 1);
}

static void
test_plays(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(plays); i++) {
		struct breaker breaker;
		g_test_message("%s", plays[i].name);
		breaker_init(&breaker, 8);
		g_assert_cmpuint(breaker_allowance(&breaker, NOW), ==, 8);
		for (guint k = 0; k < 8 && plays[i].steps[k].delivery; k++)
			take_step(&breaker, &plays[i].steps[k]);
	}
}

/* The window grows to the limit and never beyond; probes are spread by a tenth. */
static void
test_window_and_jitter(void)
{
	struct breaker breaker;
	breaker_init(&breaker, 0);
	g_assert_cmpuint(breaker_allowance(&breaker, NOW), ==, 1);
	breaker_init(&breaker, 3);
	struct breaker_answer down = { .delivery = 1, .unreachable = TRUE };
	for (guint i = 0; i <= 10; i++) {
		struct breaker_answer good = { .delivery = i, .status = 200 };
		breaker_init(&breaker, 3);
		breaker_take(&breaker, &down, NOW, i / 10.0);
		g_assert_cmpint(breaker.next_probe, >=, NOW + SECONDS(5) * 9 / 10);
		g_assert_cmpint(breaker.next_probe, <=, NOW + SECONDS(5) * 11 / 10 + 1);
		good.generation = breaker.generation;
		for (guint k = 1; k <= 9; k++) {
			breaker_take(&breaker, &good, NOW + SECONDS(9), 0);
			g_assert_cmpuint(breaker_allowance(&breaker, NOW + SECONDS(9)), ==,
					 MIN(k, 3));
		}
	}
}

/* What another host found out: it opens here too, and one success closes it. */
static void
test_follow(void)
{
	struct breaker breaker;
	breaker_init(&breaker, 4);
	g_assert_true(breaker_follow(&breaker, 1000, 500));
	g_assert_cmpuint(breaker_allowance(&breaker, 999), ==, 0);
	g_assert_false(breaker_follow(&breaker, 2000, 600)); /* asked meanwhile, in vain */
	g_assert_cmpuint(breaker_allowance(&breaker, 1999), ==, 0);
	g_assert_false(breaker_follow(&breaker, 700, 800)); /* that was earlier */
	g_assert_cmpuint(breaker_allowance(&breaker, 2000), ==, 1);
	const struct breaker_answer good = { .delivery = 1,
					     .status = 200,
					     .generation = breaker.generation };
	g_assert_cmpint(breaker_take(&breaker, &good, 2001, 0.5), ==, BREAKER_CLOSED);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/breaker/plays", test_plays);
	g_test_add_func("/breaker/window-and-jitter", test_window_and_jitter);
	g_test_add_func("/breaker/follow", test_follow);
	return g_test_run();
}
