/* breaker.c - see breaker.h. */
#include "hooks/out/breaker.h"
#include "base/clock.h"

#define THRESHOLD 3
#define LONG_OUTAGE (1800 * (gint64)CLOCK_SECOND)

/* Seconds before the next probe after so many that failed. */
static const int probe_delays[] = { 5, 10, 20, 40, 60 };
#define PROBE_LONG_OUTAGE 300

/* What a status says of the endpoint, by the weight of one answer; the rest is about the event. */
static const struct {
	long first, last;
	guint weight;
} statuses[] = {
	{ 0, 0, 1 }, /* broke off, timed out, garbage */
	{ 300, 399, 1 }, /* moved: no delivery gets through until the URL is corrected */
	{ 401, 401, 1 }, { 403, 405, 1 }, /* a CRM's workflow that is switched off answers 404 */
	{ 407, 408, 1 }, { 429, 429, THRESHOLD }, { 500, 599, 1 },
};

void
breaker_init(struct breaker *breaker, guint concurrency)
{
	*breaker = (struct breaker){ .limit = MAX(concurrency, 1), .window = MAX(concurrency, 1) };
}

gboolean
breaker_follow(struct breaker *breaker, gint64 next_probe, gint64 now)
{
	gboolean is_news = !breaker->open;

	if (is_news) {
		breaker->open = TRUE;
		breaker->generation++;
		breaker->probes = 1;
		breaker->opened_at = now;
		breaker->next_probe = next_probe;
	} else if (next_probe > now)
		breaker->next_probe = MAX(breaker->next_probe, next_probe);
	return is_news;
}

guint
breaker_allowance(const struct breaker *breaker, gint64 now)
{
	if (!breaker->open)
		return breaker->window;
	return now >= breaker->next_probe ? 1 : 0;
}

static guint
weight_of_status(long status)
{
	for (guint i = 0; i < G_N_ELEMENTS(statuses); i++)
		if (status >= statuses[i].first && status <= statuses[i].last)
			return statuses[i].weight;
	return 0;
}

gboolean
breaker_blames_endpoint(long status)
{
	return weight_of_status(status) > 0;
}

static guint
weight(const struct breaker_answer *answer, gint64 now)
{
	guint by = weight_of_status(answer->status);
	if (answer->unreachable || (by && answer->retry_after > now))
		return THRESHOLD;
	return by;
}

static void
plan_probe(struct breaker *breaker, gint64 retry_after, gint64 now, double chance)
{
	int seconds = probe_delays[MIN(breaker->probes, G_N_ELEMENTS(probe_delays) - 1)];
	if (now - breaker->opened_at >= LONG_OUTAGE)
		seconds = PROBE_LONG_OUTAGE;
	double jitter = 0.9 + 0.2 * CLAMP(chance, 0, 1);
	breaker->next_probe =
		MAX(now + (gint64)(seconds * (double)CLOCK_SECOND * jitter), retry_after);
}

static enum breaker_change
take_good(struct breaker *breaker, const struct breaker_answer *answer)
{
	if (breaker->open && answer->generation != breaker->generation)
		return BREAKER_SAME;
	breaker->failures = 0;
	breaker->last_failed = 0;
	if (!breaker->open) {
		breaker->window = MIN(breaker->window + 1, breaker->limit);
		return BREAKER_SAME;
	}
	breaker->open = FALSE;
	breaker->window = 1;
	return BREAKER_CLOSED;
}

static enum breaker_change
take_bad(struct breaker *breaker, const struct breaker_answer *answer, guint by, gint64 now,
	 double chance)
{
	/* one delivery that fails again and again may itself be the reason */
	if (by >= THRESHOLD || breaker->last_failed != answer->delivery)
		breaker->failures += by;
	breaker->last_failed = answer->delivery;
	if (breaker->failures < THRESHOLD)
		return BREAKER_SAME;
	breaker->open = TRUE;
	breaker->generation++;
	breaker->probes = 0;
	breaker->opened_at = now;
	plan_probe(breaker, answer->retry_after, now, chance);
	return BREAKER_OPENED;
}

enum breaker_change
breaker_take(struct breaker *breaker, const struct breaker_answer *answer, gint64 now,
	     double chance)
{
	guint by = weight(answer, now);
	if (!by)
		return take_good(breaker, answer);
	if (!breaker->open)
		return take_bad(breaker, answer, by, now, chance);
	if (answer->generation == breaker->generation) {
		breaker->probes++;
		plan_probe(breaker, answer->retry_after, now, chance);
	} else /* sent before it opened: only its Retry-After is news */
		breaker->next_probe = MAX(breaker->next_probe, answer->retry_after);
	return BREAKER_SAME;
}
