/*
 * api_act.c - what operators do: leads are claimed, given, moved, merged; deliveries are tried
 * again or dropped; endpoints resumed and tried.  All by the functions that leadctl's commands end
 * in.
 */
#include "hooks/in/api_call.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/trial.h"
#include "lead/show.h"
#include "store/store_change.h"

/* --- leads --- */

static void
answer_changed(struct api_call *call, const struct answer *answer)
{
	cJSON *value = cJSON_CreateObject();

	cJSON_AddStringToObject(value, "action", action_name(answer->action));
	show_add_text(value, "reason", answer->reason);
	show_add_text(value, "lead", answer->lead);
	call->host->changed(call->host->data);
	api_answer_json(call, 200, value);
}

/* Clears the answer. @param refusal code of what the decision refuses */
static void
finish(struct api_call *call, gboolean done, struct answer *answer, guint refusal,
       const GError *error)
{
	if (!done)
		api_answer_failure(call, error);
	else if (answer->action == ACTION_NONE)
		api_answer_error(call, refusal, refusal == 409 ? "conflict" : "invalid",
				 answer->reason, NULL);
	else
		answer_changed(call, answer);
	answer_clear(answer);
}

static void
tell_outcome(struct api_call *call, struct outcome *outcome, guint refusal)
{
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;
	gboolean done;

	outcome->source = api_who(call);
	done = store_outcome(call->host->store, call->parameter, outcome, call->view.scorecards,
			     call->now, FALSE, &answer, &error);
	finish(call, done, &answer, refusal, error);
}

void
api_claim_lead(struct api_call *call)
{
	const char *owner = api_text(call->body, "owner");
	struct outcome outcome = { .what = "owner", .claims = TRUE };

	outcome.value = owner ? owner : call->login ? call->login->user->owner : NULL;
	if (outcome.value)
		tell_outcome(call, &outcome, 409);
	else
		api_answer_error(call, 422, "invalid", "owner: the user has no address of an owner",
				 NULL);
}

void
api_assign_lead(struct api_call *call)
{
	struct outcome outcome = { .what = "owner",
				   .value = api_text(call->body, "owner"),
				   .reason = api_text(call->body, "reason") };

	tell_outcome(call, &outcome, 422);
}

void
api_move_lead(struct api_call *call)
{
	struct outcome outcome = { .what = "stage",
				   .value = api_text(call->body, "stage"),
				   .reason = api_text(call->body, "reason") };

	tell_outcome(call, &outcome, 422);
}

void
api_merge_lead(struct api_call *call)
{
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;
	gboolean done =
		store_merge(call->host->store, call->parameter, api_text(call->body, "other"),
			    call->view.scorecards, call->now, &answer, &error);

	finish(call, done, &answer, 422, error);
}

void
api_keep_apart(struct api_call *call)
{
	struct answer answer = { .action = ACTION_ATTACH };
	g_autoptr(GError) error = NULL;
	gboolean done = store_keep_apart(call->host->store, call->parameter,
					 api_text(call->body, "other"), &error);

	answer.lead = g_strdup(call->parameter);
	finish(call, done, &answer, 422, error);
}

void
api_split_lead(struct api_call *call)
{
	const char *what = api_text(call->body, "what");
	g_autofree char *domain = call->host->organisation(&call->view, what, call->host->data);
	struct answer answer = { 0 };
	g_autoptr(GError) error = NULL;
	gboolean done = store_split(call->host->store, call->parameter, what, domain,
				    call->view.scorecards, call->now, &answer, &error);

	finish(call, done, &answer, 422, error);
}

/* --- deliveries --- */

static void
answer_count(struct api_call *call, gint count, const GError *error)
{
	cJSON *value;

	if (count < 0) {
		api_answer_failure(call, error);
		return;
	}
	call->host->resume(NULL, call->host->data);
	value = cJSON_CreateObject();
	cJSON_AddNumberToObject(value, "count", count);
	api_answer_json(call, 200, value);
}

static gboolean
read_delivery(struct api_call *call, gint64 *ret)
{
	if (g_ascii_string_to_signed(call->parameter, 10, 1, G_MAXINT64, ret, NULL))
		return TRUE;
	api_answer_error(call, 404, "not_found", "no such delivery", NULL);
	return FALSE;
}

static gboolean
is_there(struct api_call *call, gint64 id)
{
	g_autoptr(GError) error = NULL;
	struct delivery *delivery = store_outbox_get(call->host->store, id, &error);

	if (!delivery && error)
		api_answer_failure(call, error);
	else if (!delivery)
		api_answer_error(call, 404, "not_found", "no such delivery", NULL);
	delivery_free(delivery);
	return delivery != NULL;
}

void
api_retry_delivery(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	gint64 id = 0;

	if (strcmp(call->parameter, "dead") == 0 ||
	    (read_delivery(call, &id) && is_there(call, id)))
		answer_count(call, store_outbox_retry(call->host->store, id, call->now, &error),
			     error);
}

void
api_drop_delivery(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	gint64 id = 0;

	if (read_delivery(call, &id) && is_there(call, id))
		answer_count(call, store_outbox_drop(call->host->store, id, &error), error);
}

/* --- endpoints --- */

void
api_resume_endpoint(struct api_call *call)
{
	g_autoptr(GError) error = NULL;

	if (!store_endpoint_resume(call->host->store, call->parameter, &error)) {
		api_answer_failure(call, error);
		return;
	}
	call->host->resume(call->parameter, call->host->data);
	api_answer_done(call);
}

/* A receiver may let us wait, and every one who waits has a thread: one at a time. */
static pthread_mutex_t trying = PTHREAD_MUTEX_INITIALIZER;

static void
run_trial(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	struct trial trial;
	cJSON *value;

	if (!trial_run(call->view.config, call->parameter, FALSE, &trial, &error)) {
		if (g_error_matches(error, LEADMILTER_ERROR, ERROR_CONFIG))
			api_answer_error(call, 422, "invalid", error->message, NULL);
		else
			api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	cJSON_AddBoolToObject(value, "delivered", trial.delivered);
	if (trial.status)
		cJSON_AddNumberToObject(value, "status", (double)trial.status);
	else
		cJSON_AddNullToObject(value, "status");
	cJSON_AddNumberToObject(value, "seconds", (double)trial.duration / CLOCK_SECOND);
	show_add_text(value, "error", trial.error);
	show_add_text(value, "response", trial.response);
	trial_clear(&trial);
	api_answer_json(call, 200, value);
}

void
api_test_endpoint(struct api_call *call)
{
	if (pthread_mutex_trylock(&trying) != 0) {
		api_answer_error(call, 429, "too_many", "another test is under way", NULL);
		api_add_header(call, g_strdup("Retry-After: 5"));
		return;
	}
	run_trial(call);
	pthread_mutex_unlock(&trying);
}
