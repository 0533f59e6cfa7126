/* lane.c - see lane.h. */
#include "hooks/out/lane.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hooks/out/request.h"

#include <math.h>
#include <string.h>

#define AHEAD_TIME (G_USEC_PER_SEC / 10) /* of the endpoint's pace is claimed ahead */
#define CLAIM_PATIENCE (5 * G_USEC_PER_SEC) /* a claimed delivery waits so long to be sent */
#define LEASE_MARGIN (15 * (gint64)CLOCK_SECOND) /* that, and the time to write the result */
#define NEWS_PACE (10 * (gint64)1000) /* between claims that news ask for */
#define POLL CLOCK_SECOND /* what other hosts leave or tell is looked for so often */
#define LOOK_AGAIN (50 * (gint64)CLOCK_SECOND / 1000) /* due, but not handed out: not at once */

static void unlatch(struct lane *lane);
static void take_settings(struct lane *lane);

struct lane *
lane_new(const struct config_endpoint *endpoint, struct clerk *clerk)
{
	struct lane *lane = g_new0(struct lane, 1);
	lane->endpoint = endpoint;
	lane->name = g_strdup(endpoint->name);
	lane->clerk = clerk;
	lane->shared = clerk_is_shared(clerk);
	lane->batch = 1;
	lane->mark = request_mark(endpoint);
	breaker_init(&lane->breaker, endpoint->concurrency);
	take_settings(lane);
	unlatch(lane);
	g_autofree char *origin = request_origin(endpoint->url);
	log_info("endpoint %s: delivering to %s", lane->name, origin);
	return lane;
}

void
lane_free(struct lane *lane)
{
	g_queue_clear_full(&lane->claimed, (GDestroyNotify)delivery_free);
	g_free(lane->name);
	g_free(lane->mark);
	g_free(lane);
}

gboolean
lane_is_empty(const struct lane *lane)
{
	return !lane->claimed.length && !lane->in_flight && !lane->unsettled && !lane->orders;
}

static void
unlatch(struct lane *lane)
{
	lane->orders++;
	clerk_unlatch(lane->clerk, lane, lane->name, lane->mark);
}

static void
take_settings(struct lane *lane)
{
	lane->rate.per_second = lane->endpoint->rate;
	lane->breaker.limit = MAX(lane->endpoint->concurrency, 1);
	lane->breaker.window = MIN(lane->breaker.window, lane->breaker.limit);
}

void
lane_configure(struct lane *lane, const struct config_endpoint *endpoint)
{
	gboolean was_retired = lane->retired;
	lane->endpoint = endpoint;
	lane->retired = !endpoint;
	if (!endpoint) {
		lane_give_back(lane, clock_now());
		return;
	}
	g_autofree char *before = g_steal_pointer(&lane->mark);
	lane->mark = request_mark(endpoint);
	take_settings(lane);
	if (strcmp(before, lane->mark) || was_retired) {
		unlatch(lane);
		lane_resume(lane);
	}
}

static void
hurry(struct lane *lane)
{
	lane->orders++;
	clerk_hurry(lane->clerk, lane, lane->name);
	lane_wake(lane);
}

void
lane_resume(struct lane *lane)
{
	guint generation = lane->breaker.generation;
	breaker_init(&lane->breaker, lane->endpoint->concurrency);
	lane->breaker.generation = generation + 1;
	hurry(lane);
}

void
lane_wake(struct lane *lane)
{
	lane->look_at = 0;
}

void
lane_news(struct lane *lane)
{
	if (!lane->news_at)
		lane->news_at = MAX(lane->ordered_at + NEWS_PACE, 1);
}

gint64
lane_rest(const struct lane *lane)
{
	if (!lane->news_at || lane->retired || lane->claiming || lane->parking)
		return -1;
	return MAX(lane->news_at - g_get_monotonic_time(), 0);
}

/* --- claiming --- */

/* Half of what the pace since the last claim suggests, half of what was thought before. */
static void
measure_pace(struct lane *lane, gint64 monotonic)
{
	gint64 elapsed = MAX(monotonic - lane->ordered_at, 1000);
	guint pace = MIN(lane->finished * (gint64)AHEAD_TIME / elapsed, LIMIT_CLAIM);
	lane->ahead = (lane->ahead + pace + 1) / 2;
	lane->finished = 0;
	lane->ordered_at = monotonic;
}

static guint
wanted(const struct lane *lane, gint64 now)
{
	guint room = breaker_allowance(&lane->breaker, now);
	guint have = lane->on_the_way + lane->claimed.length;
	if (lane->breaker.open || !room)
		return room > have ? room - have : 0;
	room *= lane->batch;
	if (lane->rate.per_second > 0) /* no more than what can go in a second */
		room = (guint)CLAMP(ceil(lane->rate.per_second) * lane->batch, 1, room);
	guint most = room + lane->ahead;
	if (have >= room && lane->claimed.length > lane->ahead / 2)
		return 0;
	return most > have ? MIN(most - have, MAX(LIMIT_CLAIM, lane->batch)) : 0;
}

void
lane_claim(struct lane *lane, gint64 now)
{
	gint64 monotonic = g_get_monotonic_time();
	if (lane->claimed.length && monotonic - lane->claimed_at > CLAIM_PATIENCE)
		lane_give_back(lane, now);
	if (lane_rest(lane) == 0) {
		lane->news_at = 0;
		lane_wake(lane);
	}
	if (lane->retired || lane->claiming || lane->parking || lane->look_at > now)
		return;
	guint most = wanted(lane, now);
	if (!most && !(lane->shared && lane->breaker.open))
		return;
	measure_pace(lane, monotonic);
	lane->claiming = TRUE;
	lane->orders++;
	lane->look_at = G_MAXINT64;
	gint64 timeout = lane->endpoint->timeout_seconds * (gint64)CLOCK_SECOND;
	clerk_claim(lane->clerk, lane, lane->name, most, timeout + LEASE_MARGIN, lane->alone);
}

gint64
lane_next(const struct lane *lane)
{
	if (lane->retired || lane->claiming || lane->parking)
		return G_MAXINT64;
	if (lane->breaker.open && !lane->shared)
		return lane->in_flight ? G_MAXINT64 : MAX(lane->look_at, lane->breaker.next_probe);
	gint64 claim = wanted(lane, 0) || lane->breaker.open ? lane->look_at : G_MAXINT64;
	gint64 turn = lane->claimed.length && lane->in_flight < lane->breaker.window
			      ? rate_next(&lane->rate, 0)
			      : G_MAXINT64;
	return MIN(claim, turn);
}

static gint64
look_after_claim(const struct lane *lane, const struct clerk_answer *answer, gint64 now)
{
	gint64 look = answer->next ? MAX(answer->next, now + LOOK_AGAIN) : G_MAXINT64;
	if (!answer->deliveries || answer->full)
		return 0;
	if (!lane->shared)
		return look;
	return answer->deliveries->len ? MIN(look, now + LOOK_AGAIN) : MIN(look, now + POLL);
}

/* What other hosts know of the endpoint. */
static void
follow_others(struct lane *lane, gint64 rest, gint64 now)
{
	if (rest == G_MAXINT64)
		return;
	if (rest && breaker_follow(&lane->breaker, rest, now)) {
		log_info("endpoint %s: another host found it away", lane->name);
		lane->told = TRUE;
		if (rest > now)
			lane_give_back(lane, now);
	} else if (!rest && lane->breaker.open && lane->told) {
		guint generation = lane->breaker.generation;
		log_info("endpoint %s: another host found that it answers", lane->name);
		breaker_init(&lane->breaker, lane->endpoint->concurrency);
		lane->breaker.generation = generation + 1;
		lane->told = FALSE;
	}
}

static void
take_claimed(struct lane *lane, struct clerk_answer *answer, gint64 now)
{
	lane->claiming = FALSE;
	GPtrArray *deliveries = answer->deliveries;
	for (guint i = 0; deliveries && i < deliveries->len; i++)
		g_queue_push_tail(&lane->claimed, g_ptr_array_index(deliveries, i));
	if (deliveries)
		g_ptr_array_set_free_func(deliveries, NULL);
	if (lane->shared && answer->deliveries && lane->endpoint)
		follow_others(lane, answer->rest, now);
	lane->look_at = MIN(lane->look_at, look_after_claim(lane, answer, now));
	lane->claimed_at = MAX(lane->claimed_at, answer->began);
	if (lane->retired || lane->parking)
		lane_give_back(lane, now);
}

void
lane_clerk_answer(struct lane *lane, struct clerk_answer *answer, gint64 now)
{
	lane->orders--;
	if (answer->task == CLERK_CLAIM)
		take_claimed(lane, answer, now);
	else if (answer->task == CLERK_PARK)
		lane->parking = FALSE;
	else if (answer->task == CLERK_REST)
		lane->told = lane->breaker.open;
	else
		lane_wake(lane);
}

void
lane_settled(struct lane *lane)
{
	lane->unsettled--;
	lane_wake(lane);
}

/* --- sending --- */

/* The receiver didn't take this very event: in a batch it would hold up the others. */
static gboolean
goes_alone(const struct delivery *delivery)
{
	return delivery->status >= 400 && !breaker_blames_endpoint(delivery->status);
}

static gboolean
fits(struct lane *lane, const GPtrArray *load, gsize bytes)
{
	const struct delivery *next = g_queue_peek_head(&lane->claimed);
	if (!next || load->len >= lane->batch || goes_alone(next))
		return FALSE;
	return !lane->batch_bytes || bytes + strlen(next->body) <= lane->batch_bytes;
}

GPtrArray *
lane_take(struct lane *lane, gint64 now)
{
	if (!lane->claimed.length || lane->in_flight >= breaker_allowance(&lane->breaker, now) ||
	    rate_next(&lane->rate, now) > now)
		return NULL;
	GPtrArray *load = g_ptr_array_new_with_free_func((GDestroyNotify)delivery_free);
	struct delivery *delivery = g_queue_pop_head(&lane->claimed);
	gboolean alone = goes_alone(delivery) || lane->batch <= 1;
	gsize bytes = strlen(delivery->body);
	g_ptr_array_add(load, delivery);
	while (!alone && fits(lane, load, bytes)) {
		delivery = g_queue_pop_head(&lane->claimed);
		bytes += strlen(delivery->body);
		g_ptr_array_add(load, delivery);
	}
	lane->in_flight++;
	lane->on_the_way += load->len;
	return load;
}

guint
lane_generation(const struct lane *lane)
{
	return lane->breaker.generation;
}

static void
note(struct lane *lane, const struct delivery_result *result, char *error, char *response)
{
	lane->unsettled++;
	clerk_result(lane->clerk, lane, result, error, response);
}

void
lane_give_back(struct lane *lane, gint64 now)
{
	struct delivery *delivery;
	while ((delivery = g_queue_pop_head(&lane->claimed))) {
		struct delivery_result result = {
			.id = delivery->id, .state = DELIVERY_WAITING, .next = now, .unsent = TRUE
		};
		note(lane, &result, NULL, NULL);
		delivery_free(delivery);
	}
}

static char *
describe(struct lane_answer *answer)
{
	if (answer->error)
		return g_steal_pointer(&answer->error);
	if (!answer->status)
		return g_strdup("no answer");
	return g_strdup_printf("HTTP %ld%s", answer->status,
			       answer->status / 100 == 3 ? " (redirects are not followed)" : "");
}

static void
log_change(const struct lane *lane, enum breaker_change change, const char *event, const char *why,
	   gint64 now)
{
	const struct breaker *breaker = &lane->breaker;
	if (change == BREAKER_OPENED)
		log_warning("endpoint %s: event %s: %s; deliveries wait, one tries again in %d s",
			    lane->name, event, why,
			    (int)((breaker->next_probe - now) / CLOCK_SECOND));
	else if (change == BREAKER_CLOSED)
		log_notice("endpoint %s answers again after %d s; what waits is sent now",
			   lane->name, (int)((now - breaker->opened_at) / CLOCK_SECOND));
}

/* @param probe when it was to be asked again before this answer */
static void
follow_change(struct lane *lane, enum breaker_change change, gint64 probe, gint64 now)
{
	if (change == BREAKER_OPENED)
		lane_give_back(lane, now);
	else if (change == BREAKER_CLOSED) {
		lane->told = FALSE;
		hurry(lane);
	}
	if (!lane->shared || !lane->breaker.open || lane->breaker.next_probe == probe)
		return;
	lane->orders++;
	clerk_rest(lane->clerk, lane, lane->name, lane->breaker.next_probe);
}

static void
park(struct lane *lane, enum verdict verdict, const char *why, gint64 now)
{
	gboolean refused = verdict == VERDICT_REFUSED;
	g_autofree char *reason =
		refused ? g_strconcat("credentials refused: ", why, NULL) : g_strdup(why);
	if (lane->parking)
		return;
	log_error("endpoint %s: %s: %s and parked; nothing is lost, see "
		  "'leadctl endpoint resume %s'",
		  lane->name, why, refused ? "it refuses our credentials" : "it is gone",
		  lane->name);
	lane->parking = TRUE;
	lane->orders++;
	lane_give_back(lane, now);
	clerk_park(lane->clerk, lane, lane->name, reason, refused ? lane->mark : NULL);
}

static gint64
next_try(const struct lane *lane, const struct delivery *delivery, const struct lane_answer *answer,
	 gint64 now)
{
	if (lane->breaker.open)
		return lane->breaker.next_probe;
	return MAX(schedule_next(delivery->attempts, now, g_random_double()), answer->retry_after);
}

static void
log_failure(const struct lane *lane, const struct delivery *delivery, const char *why,
	    const struct delivery_result *result, gint64 now)
{
	if (result->state == DELIVERY_DEAD)
		log_error("endpoint %s: event %s: %s; given up, see 'leadctl outbox show "
			  "%" G_GINT64_FORMAT "'",
			  lane->name, delivery->event, why, delivery->id);
	else if (lane->breaker.open)
		log_info("endpoint %s: %s (event %s)", lane->name, why, delivery->event);
	else
		log_warning("endpoint %s: event %s: %s; attempt %u, next in %d s", lane->name,
			    delivery->event, why, delivery->attempts,
			    (int)((result->next - now) / CLOCK_SECOND));
}

/* What the breaker is told when a courier judged by more than the status. */
static long
status_of_endpoint(enum verdict verdict, const struct lane_answer *answer)
{
	if (verdict == VERDICT_DELIVERED)
		return 200;
	return verdict == VERDICT_HOLD || verdict == VERDICT_DEAD ? 422 : answer->status;
}

static enum breaker_change
tell_breaker(struct lane *lane, const struct delivery *delivery, const struct lane_answer *answer,
	     enum verdict verdict, gint64 now)
{
	struct breaker_answer said = { delivery->id, status_of_endpoint(verdict, answer),
				       answer->unreachable, answer->retry_after,
				       answer->generation };
	if (verdict == VERDICT_PARK || verdict == VERDICT_REFUSED || verdict == VERDICT_LATER)
		return BREAKER_SAME;
	return breaker_take(&lane->breaker, &said, now, g_random_double());
}

/* What an endpoint refuses that takes others: an outage, however long, ends no delivery. */
static gboolean
is_too_old(const struct lane *lane, const struct delivery *delivery, gint64 now)
{
	guint days = lane->endpoint ? lane->endpoint->give_up_days : 0;
	return days && !lane->breaker.open && now - delivery->time > days * (gint64)CLOCK_DAY;
}

static void
postpone(struct lane *lane, const struct delivery *delivery, gint64 not_before)
{
	struct delivery_result result = {
		.id = delivery->id, .state = DELIVERY_WAITING, .next = not_before, .unsent = TRUE
	};
	note(lane, &result, NULL, NULL);
}

static void
settle(struct lane *lane, const struct delivery *delivery, const struct lane_answer *answer,
       enum verdict verdict, const char *why, gboolean is_news, gint64 now)
{
	struct delivery_result result = { .id = delivery->id,
					  .state = DELIVERY_DELIVERED,
					  .status = (int)answer->status };
	if (verdict == VERDICT_DEAD ||
	    (verdict != VERDICT_DELIVERED && is_too_old(lane, delivery, now)))
		result.state = DELIVERY_DEAD;
	else if (verdict != VERDICT_DELIVERED) {
		result.state = DELIVERY_WAITING;
		result.next = next_try(lane, delivery, answer, now);
	}
	if (why && (!is_news || result.state == DELIVERY_DEAD))
		log_failure(lane, delivery, why, &result, now);
	note(lane, &result, g_strdup(why), g_strdup(answer->response));
}

gboolean
lane_finish(struct lane *lane, GPtrArray *deliveries, struct lane_answer *answer, gint64 now)
{
	enum verdict verdict = answer->verdict ? answer->verdict : schedule_verdict(answer->status);
	const struct delivery *first = g_ptr_array_index(deliveries, 0);
	lane->in_flight--;
	lane->on_the_way -= deliveries->len;
	lane->finished += deliveries->len;
	gint64 probe = lane->breaker.open ? lane->breaker.next_probe : 0;
	enum breaker_change change = tell_breaker(lane, first, answer, verdict, now);
	g_autofree char *why =
		verdict == VERDICT_DELIVERED && !answer->error ? NULL : describe(answer);
	for (guint i = 0; i < deliveries->len; i++) {
		const struct delivery *delivery = g_ptr_array_index(deliveries, i);
		const struct lane_single all = { verdict, answer->retry_after };
		const struct lane_single *own =
			answer->each ? &g_array_index(answer->each, struct lane_single, i) : &all;
		if (own->verdict == VERDICT_LATER)
			postpone(lane, delivery, own->not_before);
		else
			settle(lane, delivery, answer, own->verdict,
			       own->verdict == VERDICT_DELIVERED ? NULL : why,
			       change != BREAKER_SAME, now);
	}
	log_change(lane, change, first->event, why, now);
	follow_change(lane, change, probe, now);
	if (verdict == VERDICT_PARK || verdict == VERDICT_REFUSED)
		park(lane, verdict, why, now);
	g_clear_pointer(&answer->error, g_free);
	g_clear_pointer(&answer->response, g_free);
	g_clear_pointer(&answer->each, g_array_unref);
	g_ptr_array_unref(deliveries);
	return verdict == VERDICT_DELIVERED;
}

void
lane_abandon(struct lane *lane, GPtrArray *deliveries, gint64 now)
{
	lane->in_flight--;
	lane->on_the_way -= deliveries->len;
	for (guint i = 0; i < deliveries->len; i++) {
		const struct delivery *delivery = g_ptr_array_index(deliveries, i);
		struct delivery_result result = {
			.id = delivery->id,
			.state = DELIVERY_WAITING,
			.next = schedule_next(delivery->attempts, now, g_random_double()),
		};
		note(lane, &result, g_strdup("stopped before the answer came"), NULL);
	}
	g_ptr_array_unref(deliveries);
}
