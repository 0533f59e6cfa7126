/* lane.c - see lane.h. */
#include "hooks/out/lane.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "hooks/out/request.h"
#include "hooks/out/schedule.h"

#include <string.h>

#define AHEAD_TIME (G_USEC_PER_SEC / 10) /* of the endpoint's pace is claimed ahead */
#define CLAIM_PATIENCE (5 * G_USEC_PER_SEC) /* a claimed delivery waits so long to be sent */
#define LEASE_MARGIN (15 * (gint64)CLOCK_SECOND) /* that, and the time to write the result */
#define NEWS_PACE (10 * (gint64)1000) /* between claims that news ask for */
#define LOOK_AGAIN (50 * (gint64)CLOCK_SECOND / 1000) /* due, but not handed out: not at once */

struct lane *
lane_new(const struct config_endpoint *endpoint, struct clerk *clerk)
{
	struct lane *lane = g_new0(struct lane, 1);
	lane->endpoint = endpoint;
	lane->name = g_strdup(endpoint->name);
	lane->clerk = clerk;
	breaker_init(&lane->breaker, endpoint->concurrency);
	g_autofree char *origin = request_origin(endpoint->url);
	log_info("endpoint %s: delivering to %s", lane->name, origin);
	return lane;
}

void
lane_free(struct lane *lane)
{
	g_queue_clear_full(&lane->claimed, (GDestroyNotify)delivery_free);
	g_free(lane->name);
	g_free(lane);
}

gboolean
lane_is_empty(const struct lane *lane)
{
	return !lane->claimed.length && !lane->in_flight && !lane->unsettled && !lane->orders;
}

static gboolean
same_strings(const GPtrArray *a, const GPtrArray *b)
{
	guint length = a ? a->len : 0;
	if (length != (b ? b->len : 0))
		return FALSE;
	for (guint i = 0; i < length; i++)
		if (strcmp(g_ptr_array_index(a, i), g_ptr_array_index(b, i)))
			return FALSE;
	return TRUE;
}

static gboolean
same_target(const struct config_endpoint *a, const struct config_endpoint *b)
{
	return !g_strcmp0(a->url, b->url) && !g_strcmp0(a->ca_file, b->ca_file) &&
	       same_strings(a->secrets, b->secrets) && same_strings(a->headers, b->headers);
}

void
lane_configure(struct lane *lane, const struct config_endpoint *endpoint)
{
	const struct config_endpoint *before = lane->endpoint;
	lane->endpoint = endpoint;
	lane->retired = !endpoint;
	if (!endpoint)
		lane_give_back(lane, clock_now());
	else if (!before || !same_target(before, endpoint))
		lane_resume(lane);
	else {
		lane->breaker.limit = MAX(endpoint->concurrency, 1);
		lane->breaker.window = MIN(lane->breaker.window, lane->breaker.limit);
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
	guint have = lane->in_flight + lane->claimed.length;
	if (lane->breaker.open || !room)
		return room > have ? room - have : 0;
	guint most = room + lane->ahead;
	if (have >= room && lane->claimed.length > lane->ahead / 2)
		return 0;
	return most > have ? MIN(most - have, LIMIT_CLAIM) : 0;
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
	if (!most)
		return;
	measure_pace(lane, monotonic);
	lane->claiming = TRUE;
	lane->orders++;
	lane->look_at = G_MAXINT64;
	gint64 timeout = lane->endpoint->timeout_seconds * (gint64)CLOCK_SECOND;
	clerk_claim(lane->clerk, lane, lane->name, most, timeout + LEASE_MARGIN);
}

gint64
lane_next(const struct lane *lane)
{
	if (lane->retired || lane->claiming || lane->parking)
		return G_MAXINT64;
	if (lane->breaker.open)
		return lane->in_flight ? G_MAXINT64 : MAX(lane->look_at, lane->breaker.next_probe);
	return wanted(lane, 0) ? lane->look_at : G_MAXINT64;
}

static gint64
look_after_claim(const struct clerk_answer *answer, gint64 now)
{
	if (!answer->deliveries || answer->full)
		return 0;
	return answer->next ? MAX(answer->next, now + LOOK_AGAIN) : G_MAXINT64;
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
	lane->look_at = MIN(lane->look_at, look_after_claim(answer, now));
	lane->claimed_at = g_get_monotonic_time();
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

struct delivery *
lane_take(struct lane *lane, gint64 now)
{
	if (lane->in_flight >= breaker_allowance(&lane->breaker, now))
		return NULL;
	struct delivery *delivery = g_queue_pop_head(&lane->claimed);
	if (delivery)
		lane->in_flight++;
	return delivery;
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
	if (!answer->status)
		return answer->error ? g_steal_pointer(&answer->error) : g_strdup("no answer");
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

static void
follow_change(struct lane *lane, enum breaker_change change, gint64 now)
{
	if (change == BREAKER_OPENED)
		lane_give_back(lane, now);
	else if (change == BREAKER_CLOSED)
		hurry(lane);
}

static void
park(struct lane *lane, const char *why, gint64 now)
{
	if (lane->parking)
		return;
	log_error("endpoint %s: %s: it is gone and parked; nothing is lost, see "
		  "'leadctl endpoint resume %s'",
		  lane->name, why, lane->name);
	lane->parking = TRUE;
	lane->orders++;
	lane_give_back(lane, now);
	clerk_park(lane->clerk, lane, lane->name, why);
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
log_failure(const struct lane *lane, const struct delivery *delivery, const char *why, gint64 next,
	    gint64 now)
{
	if (lane->breaker.open)
		log_info("endpoint %s: %s (event %s)", lane->name, why, delivery->event);
	else
		log_warning("endpoint %s: event %s: %s; attempt %u, next in %d s", lane->name,
			    delivery->event, why, delivery->attempts,
			    (int)((next - now) / CLOCK_SECOND));
}

gboolean
lane_finish(struct lane *lane, struct delivery *delivery, struct lane_answer *answer, gint64 now)
{
	enum verdict verdict = schedule_verdict(answer->status);
	enum breaker_change change = BREAKER_SAME;
	lane->in_flight--;
	lane->finished++;
	if (verdict != VERDICT_PARK) {
		struct breaker_answer said = { delivery->id, answer->status, answer->unreachable,
					       answer->retry_after, answer->generation };
		change = breaker_take(&lane->breaker, &said, now, g_random_double());
	}
	g_autofree char *why = verdict == VERDICT_DELIVERED ? NULL : describe(answer);
	struct delivery_result result = { .id = delivery->id,
					  .state = DELIVERY_DELIVERED,
					  .status = (int)answer->status };
	if (verdict != VERDICT_DELIVERED) {
		result.state = DELIVERY_WAITING;
		result.next = next_try(lane, delivery, answer, now);
		if (change == BREAKER_SAME)
			log_failure(lane, delivery, why, result.next, now);
	}
	note(lane, &result, g_strdup(why), g_steal_pointer(&answer->response));
	log_change(lane, change, delivery->event, why, now);
	follow_change(lane, change, now);
	if (verdict == VERDICT_PARK)
		park(lane, why, now);
	g_clear_pointer(&answer->error, g_free);
	delivery_free(delivery);
	return verdict == VERDICT_DELIVERED;
}

void
lane_abandon(struct lane *lane, struct delivery *delivery, gint64 now)
{
	struct delivery_result result = {
		.id = delivery->id,
		.state = DELIVERY_WAITING,
		.next = schedule_next(delivery->attempts, now, g_random_double()),
	};
	lane->in_flight--;
	note(lane, &result, g_strdup("stopped before the answer came"), NULL);
	delivery_free(delivery);
}
