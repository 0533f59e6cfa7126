/*
 * intake.c - see intake.h.
 *
 * A store that doesn't answer must not make every mail wait for its deadline: the first failure
 * begins an outage (outage.h), and messages go straight to the spool until it is over.
 */
#include "intake.h"
#include "base/clock.h"
#include "base/error.h"

gint64
intake_deadline(const struct generation *generation)
{
	return g_get_monotonic_time() + generation->config->store_deadline_ms * (gint64)1000;
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

/* What was spooled during an outage is told once, by outage.c. */
static void
log_spooled(const struct raw_mail *raw, const GError *why)
{
	if (g_error_matches(why, LEADMILTER_ERROR, ERROR_STORE_REFUSED))
		log_warning("%s: spooled, since the store refuses it: %s",
			    raw->queue_id ? raw->queue_id : "-", why->message);
}

/* @param why NULL: there is an outage */
static enum intake_result
spool_message(struct runtime *runtime, const struct raw_mail *raw, const GError *why)
{
	g_autoptr(GError) error = NULL;
	if (runtime->spool && outage_spool(runtime->outage, raw, &error)) {
		count(&runtime->counters.spooled);
		log_spooled(raw, why);
		return INTAKE_SPOOLED;
	}
	count(&runtime->counters.unprocessed);
	log_error("%s: unprocessed: store: %s; spool: %s", raw->queue_id ? raw->queue_id : "-",
		  why ? why->message : "away", error ? error->message : "none");
	return INTAKE_UNPROCESSED;
}

static enum intake_result
take_message(struct runtime *runtime, struct generation *generation, const struct raw_mail *raw,
	     struct authres *auth, struct answer *answer)
{
	gint64 start = g_get_monotonic_time();
	gint64 deadline = intake_deadline(generation);
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
	if (!g_error_matches(error, LEADMILTER_ERROR, ERROR_STORE_REFUSED))
		outage_begin(runtime->outage, error);
	return spool_message(runtime, raw, error);
}

enum intake_result
intake_message(struct runtime *runtime, struct generation *generation, const struct raw_mail *raw,
	       struct authres *auth, struct answer *answer)
{
	gint64 start = g_get_monotonic_time();
	enum intake_result result;
	*answer = (struct answer){ 0 };
	result = outage_is_on(runtime->outage)
			 ? spool_message(runtime, raw, NULL)
			 : take_message(runtime, generation, raw, auth, answer);
	histogram_add(&runtime->counters.answering, g_get_monotonic_time() - start);
	return result;
}

enum intake_result
intake_later(struct runtime *runtime, const struct raw_mail *raw)
{
	return spool_message(runtime, raw, NULL);
}

int
intake_has_message(struct runtime *runtime, struct generation *generation, const GPtrArray *ids)
{
	g_autoptr(GError) error = NULL;
	gboolean known = FALSE;
	if (outage_is_on(runtime->outage))
		return -1;
	if (store_has_message(runtime->store, ids, intake_deadline(generation), &known, &error))
		return known;
	outage_begin(runtime->outage, error);
	return -1;
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

/* --- from the spool --- */

static void
prepare_letter(struct generation *generation, const struct raw_mail *raw,
	       struct store_letter *letter)
{
	letter->facts = facts_new(generation->analysis, raw);
	letter->scorecards = generation->scorecards;
	letter->now = raw->received ? raw->received : clock_now();
}

static void
finish_item(struct runtime *runtime, struct spool_item *item, struct store_letter *letter)
{
	if (!letter->error) {
		item->fate = SPOOL_TAKEN;
		count_answer(&runtime->counters, letter->facts, letter->answer.action);
		count(&runtime->counters.spool_taken);
		log_info("%s: decision=%s lead=%s from=spool",
			 item->raw->queue_id ? item->raw->queue_id : "-",
			 action_name(letter->answer.action),
			 letter->answer.lead ? letter->answer.lead : "-");
	} else {
		if (g_error_matches(letter->error, LEADMILTER_ERROR, ERROR_STORE_REFUSED))
			item->fate = SPOOL_REFUSED;
		item->reason = g_strdup(letter->error->message);
	}
	answer_clear(&letter->answer);
	g_clear_error(&letter->error);
	facts_unref(letter->facts);
}

void
intake_spooled(struct runtime *runtime, struct spool_item *items, guint count,
	       void (*queued)(gpointer data), gpointer data, gint64 deadline)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	g_autofree struct store_letter *letters = g_new0(struct store_letter, count);
	for (guint i = 0; i < count; i++)
		prepare_letter(generation, items[i].raw, &letters[i]);
	store_messages(runtime->store, letters, count, queued, data, deadline);
	for (guint i = 0; i < count; i++)
		finish_item(runtime, &items[i], &letters[i]);
}

const char *
intake_result_name(enum intake_result result)
{
	static const char *const names[] = { "stored", "spooled", "unprocessed" };
	return names[result];
}
