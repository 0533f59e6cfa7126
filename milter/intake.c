/*
 * intake.c - see intake.h.
 *
 * A store that doesn't answer must not make every mail wait for its deadline: after a failure
 * messages go straight to the spool for a moment (STORE_PAUSE), then one tries again.
 */
#include "intake.h"
#include "base/clock.h"
#include "base/error.h"

#define STORE_PAUSE (2 * G_USEC_PER_SEC)

gboolean
intake_store_is_paused(struct runtime *runtime)
{
	gint64 now = g_get_monotonic_time();
	pthread_mutex_lock(&runtime->mutex);
	gboolean paused = runtime->store_retry > now;
	pthread_mutex_unlock(&runtime->mutex);
	return paused;
}

static void
pause_store(struct runtime *runtime)
{
	pthread_mutex_lock(&runtime->mutex);
	runtime->store_retry = g_get_monotonic_time() + STORE_PAUSE;
	pthread_mutex_unlock(&runtime->mutex);
}

static void
count(gsize *counter)
{
	g_atomic_pointer_add(counter, 1);
}

static void
count_answer(struct counters *counters, const struct facts *facts, enum action action)
{
	gsize *const by_action[] = {
		[ACTION_NONE] = &counters->ignored,         [ACTION_CREATE] = &counters->created,
		[ACTION_ATTACH] = &counters->attached,      [ACTION_OUTBOUND] = &counters->outbound,
		[ACTION_DUPLICATE] = &counters->duplicates,
	};
	count(&counters->messages);
	count(&counters->kinds[facts->kind->kind]);
	count(by_action[action]);
	g_atomic_pointer_add(&counters->tokens_refused, facts->tokens_refused);
	if (facts->token_lead)
		count(&counters->tokens_matched);
}

static enum intake_result
spool_message(struct runtime *runtime, const struct raw_mail *raw, const char *why)
{
	const char *id = raw->queue_id ? raw->queue_id : "-";
	g_autoptr(GError) error = NULL;
	if (runtime->spool && spool_put(runtime->spool, raw, &error)) {
		count(&runtime->counters.spooled);
		log_warning("%s: spooled, since the store could not take it: %s", id, why);
		return INTAKE_SPOOLED;
	}
	count(&runtime->counters.unprocessed);
	log_error("%s: unprocessed: store: %s; spool: %s", id, why,
		  error ? error->message : "none");
	return INTAKE_UNPROCESSED;
}

static enum intake_result
take_message(struct runtime *runtime, struct generation *generation, const struct raw_mail *raw,
	     struct authres *auth, struct answer *answer)
{
	gint64 start = g_get_monotonic_time();
	gint64 deadline = start + generation->config->store_deadline_ms * (gint64)1000;
	g_autoptr(facts_owned) facts =
		auth ? facts_new_authenticated(generation->analysis, raw, auth)
		     : facts_new(generation->analysis, raw);
	g_autoptr(GError) error = NULL;
	gint64 understood = g_get_monotonic_time();
	gboolean stored = store_message(runtime->store, facts, generation->scorecards, clock_now(),
					deadline, FALSE, answer, &error);
	histogram_add(&runtime->counters.analysis, understood - start);
	histogram_add(&runtime->counters.storing, g_get_monotonic_time() - understood);
	if (stored) {
		count_answer(&runtime->counters, facts, answer->action);
		return INTAKE_STORED;
	}
	if (g_error_matches(error, LEADMILTER_ERROR, ERROR_TIMEOUT))
		count(&runtime->counters.deadlines_missed);
	pause_store(runtime);
	return spool_message(runtime, raw, error->message);
}

enum intake_result
intake_message(struct runtime *runtime, struct generation *generation, const struct raw_mail *raw,
	       struct authres *auth, struct answer *answer)
{
	gint64 start = g_get_monotonic_time();
	enum intake_result result;
	*answer = (struct answer){ 0 };
	result = intake_store_is_paused(runtime)
			 ? spool_message(runtime, raw, "still paused")
			 : take_message(runtime, generation, raw, auth, answer);
	histogram_add(&runtime->counters.answering, g_get_monotonic_time() - start);
	return result;
}

gboolean
intake_archived(struct runtime *runtime, struct generation *generation, const struct raw_mail *raw,
		gboolean shadow, struct answer *answer, GError **error)
{
	*answer = (struct answer){ 0 };
	g_autoptr(facts_owned) facts = facts_new(generation->analysis, raw);
	gint64 now = raw->received ? raw->received : clock_now();
	if (!store_message(runtime->store, facts, generation->scorecards, now, 0, shadow, answer,
			   error))
		return FALSE;
	count_answer(&runtime->counters, facts, answer->action);
	return TRUE;
}

const char *
intake_result_name(enum intake_result result)
{
	static const char *const names[] = { "stored", "spooled", "unprocessed" };
	return names[result];
}
