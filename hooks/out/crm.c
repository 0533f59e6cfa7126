/*
 * crm.c - see crm.h.
 *
 * An attempt is: read the journal (on the clerk's thread), then step after step of the adapter's
 * run.  What a step wants on disk goes there first; then its request is sent, or it waits until
 * another attempt of the endpoint has made a step (a login under way), or it is the end.
 */
#include "hooks/out/crm.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"
#include "hooks/out/adapter.h"
#include "hooks/out/request.h"

#define LOOK_EVERY (1 * G_USEC_PER_SEC) /* at an adapter's file */
#define SECOND_CHANCE (5 * (gint64)CLOCK_SECOND) /* for a key that is refused */

struct crm {
	const struct courier_context *context;
	struct http_transport transport;
	struct lua_adapter *adapter;
	struct lua_target *target;
	struct lua_session *session;
	char *broken; /* why there is no adapter, or what is wrong with its changed file */
	gint64 looked_at; /* monotonic */
	guint attempts; /* under way */
	guint refusals; /* in a row */
	GPtrArray *waiting; /* struct attempt *, not owned: for another one's step */
	gboolean waking;
};

struct attempt {
	struct crm *crm;
	struct delivery *delivery; /* the host's, until the end */
	gint64 id; /* its */
	courier_done *done;
	gpointer data;
	guint refusals; /* when it began */
	struct journal *journal;
	struct lua_run *run;
	struct http_exchange *exchange;
	const struct lua_step *step; /* to be carried out once its saves are on disk */
	gboolean working, cancelled; /* the clerk has it; nobody wants its answer */
};

/* --- the adapter --- */

static struct lua_target *
make_target(const struct config_endpoint *endpoint, const struct lua_adapter *adapter,
	    GError **error)
{
	return lua_target_new(adapter, endpoint->url, endpoint->settings, error);
}

/* Load what the configuration names; what was loaded before stays when that fails. */
static void
load(struct crm *crm)
{
	const struct config_endpoint *endpoint = crm->context->endpoint;
	g_autoptr(GError) error = NULL;
	g_autoptr(lua_adapter_owned) adapter =
		adapter_load(crm->context->config, endpoint->adapter, &error);
	g_autoptr(lua_target_owned) target = NULL;

	if (adapter != NULL)
		target = make_target(endpoint, adapter, &error);
	if (target == NULL) {
		if (g_strcmp0(crm->broken, error->message) != 0)
			log_error("endpoint %s: %s%s", endpoint->name, error->message,
				  crm->adapter ? "; the adapter as it was before goes on" : "");
		g_free(crm->broken);
		crm->broken = g_strdup(error->message);
		return;
	}
	if (crm->adapter != NULL)
		log_notice("endpoint %s: adapter %s was changed and is loaded again",
			   endpoint->name, adapter->name);
	g_clear_pointer(&crm->broken, g_free);
	lua_adapter_unref(crm->adapter);
	lua_target_unref(crm->target);
	crm->adapter = g_steal_pointer(&adapter);
	crm->target = g_steal_pointer(&target);
}

static void
look_at_file(struct crm *crm)
{
	gint64 now = g_get_monotonic_time();

	if (crm->adapter != NULL && now - crm->looked_at < LOOK_EVERY)
		return;
	crm->looked_at = now;
	if (crm->adapter == NULL || lua_adapter_is_stale(crm->adapter))
		load(crm);
}

/* --- the end of an attempt --- */

static void
attempt_free(struct attempt *attempt)
{
	lua_run_free(attempt->run);
	journal_free(attempt->journal);
	g_free(attempt);
}

static void wake_waiting(struct crm *crm);

static void
end(struct attempt *attempt, struct lane_answer *answer)
{
	struct crm *crm = attempt->crm;
	gboolean last = --crm->attempts == 0;

	attempt->done(answer, attempt->data); /* after the last one the courier may be closed */
	attempt_free(attempt);
	if (!last)
		wake_waiting(crm);
}

/* A key that is refused gets a second chance, after the pause that the breaker makes; a login
 * that is refused, or a token right after a new login, gets none: accounts are locked for that. */
static void
judge_refusal(struct attempt *attempt, const struct lua_step *step, struct lane_answer *answer)
{
	struct crm *crm = attempt->crm;

	if (step->is_final || attempt->refusals > 0) {
		answer->verdict = VERDICT_REFUSED;
		return;
	}
	crm->refusals++;
	answer->verdict = VERDICT_RETRY;
	answer->retry_after = clock_now() + SECOND_CHANCE;
}

static const enum verdict verdicts[] = {
	[LUA_DONE] = VERDICT_DELIVERED, [LUA_RETRY] = VERDICT_RETRY,
	[LUA_HOLD] = VERDICT_HOLD,      [LUA_DENIED] = VERDICT_REFUSED,
	[LUA_FAILED] = VERDICT_HOLD,    [LUA_EXHAUSTED] = VERDICT_RETRY,
};

static void
end_with(struct attempt *attempt, const struct lua_step *step)
{
	struct lane_answer answer = {
		.verdict = verdicts[step->kind],
		.status = step->status,
		.retry_after = step->after,
		.error = g_strdup(step->reason),
		.response = g_strdup(step->response),
	};

	if (step->kind == LUA_DONE && step->id != NULL)
		answer.response = g_strdup_printf("record %s", step->id);
	if (step->kind == LUA_DENIED)
		judge_refusal(attempt, step, &answer);
	else if (step->kind == LUA_DONE)
		attempt->crm->refusals = 0;
	end(attempt, &answer);
}

static void
end_for(struct attempt *attempt, const char *reason)
{
	struct lane_answer answer = { .verdict = VERDICT_RETRY, .error = g_strdup(reason) };

	end(attempt, &answer);
}

/* --- steps --- */

static void take_step(struct attempt *attempt, const struct lua_step *step);

static void
take_response(const struct http_response *response, gpointer data)
{
	struct attempt *attempt = data;
	struct lua_response answer = {
		.status = response->cut ? 0 : response->status,
		.headers = response->headers,
		.body = response->body,
		.length = response->length,
		.retry_after = response->retry_after,
		.error = response->cut ? "the answer is too long" : response->error,
	};

	attempt->exchange = NULL;
	take_step(attempt, lua_run_next(attempt->run, &answer, clock_now()));
}

static void
send_request(struct attempt *attempt, const struct lua_request *asked)
{
	struct http_request request = { asked->method, asked->url,    asked->headers,
					asked->body,   asked->length, &attempt->crm->transport };

	attempt->exchange =
		http_send(attempt->crm->context->http, &request, take_response, attempt);
}

/* What a step asks for, its saves being on disk. */
static void
carry_out(struct attempt *attempt, const struct lua_step *step)
{
	switch (step->kind) {
	case LUA_REQUEST:
		send_request(attempt, &step->request);
		break;
	case LUA_SAVE:
		take_step(attempt, lua_run_next(attempt->run, NULL, clock_now()));
		return;
	case LUA_WAIT:
		g_ptr_array_add(attempt->crm->waiting, attempt);
		return;
	default:
		end_with(attempt, step);
		return;
	}
	wake_waiting(attempt->crm);
}

/* Whoever waits looks again whether it still must.  With the last one's step the courier may be
 * closed. */
static void
wake_waiting(struct crm *crm)
{
	g_autoptr(GPtrArray) waiting = NULL;

	if (crm->waking || crm->waiting->len == 0)
		return;
	crm->waking = TRUE;
	waiting = g_steal_pointer(&crm->waiting);
	crm->waiting = g_ptr_array_new();
	for (guint i = 0; i < waiting->len; i++) {
		struct attempt *attempt = waiting->pdata[i];

		if (i + 1 == waiting->len)
			crm->waking = FALSE;
		take_step(attempt, lua_run_next(attempt->run, NULL, clock_now()));
	}
}

static gboolean
write_saves(struct store *store, gpointer data, GError **error)
{
	const struct attempt *attempt = data;

	return store_journal_add(store, attempt->id, attempt->step->saves, error);
}

static void
saves_written(gboolean written, gpointer data)
{
	struct attempt *attempt = data;

	attempt->working = FALSE;
	if (attempt->cancelled)
		attempt_free(attempt);
	else if (!written)
		end_for(attempt, "stopped before what was done could be noted");
	else
		carry_out(attempt, g_steal_pointer(&attempt->step));
}

static void
take_step(struct attempt *attempt, const struct lua_step *step)
{
	if (step->saves == NULL) {
		carry_out(attempt, step);
		return;
	}
	attempt->step = step;
	attempt->working = TRUE;
	clerk_work(attempt->crm->context->clerk, write_saves, saves_written, attempt);
}

/* --- the beginning --- */

static gboolean
read_journal(struct store *store, gpointer data, GError **error)
{
	struct attempt *attempt = data;
	g_autoptr(GPtrArray) entries = store_journal(store, attempt->id, error);

	if (entries != NULL)
		attempt->journal = journal_new(entries);
	return entries != NULL;
}

static void
begin(gboolean done, gpointer data)
{
	struct attempt *attempt = data;
	struct crm *crm = attempt->crm;
	const struct delivery *delivery = attempt->delivery; /* gone when cancelled */

	attempt->working = FALSE;
	if (attempt->cancelled) {
		attempt_free(attempt);
		return;
	}
	if (!done || attempt->journal == NULL) {
		end_for(attempt, "stopped before it was known what was done");
		return;
	}
	struct lua_event event = { delivery->event, delivery->body, delivery->attempts,
				   clock_now() };
	attempt->run =
		lua_run_new(crm->adapter, crm->target, &event, attempt->journal, crm->session);
	take_step(attempt, lua_run_next(attempt->run, NULL, clock_now()));
}

static gpointer
start(gpointer self, const GPtrArray *deliveries, courier_done *done, gpointer data)
{
	struct crm *crm = self;
	struct attempt *attempt = g_new0(struct attempt, 1);

	attempt->crm = crm;
	attempt->delivery = deliveries->pdata[0];
	attempt->id = attempt->delivery->id;
	attempt->done = done;
	attempt->data = data;
	attempt->refusals = crm->refusals;
	if (crm->attempts++ == 0) /* nobody comes here after a refusal but by the host's will */
		lua_session_allow(crm->session);
	look_at_file(crm);
	if (crm->adapter == NULL) {
		end_for(attempt, crm->broken);
		return NULL;
	}
	request_prepare_body(crm->context->endpoint, attempt->delivery);
	attempt->working = TRUE;
	clerk_work(crm->context->clerk, read_journal, begin, attempt);
	return attempt;
}

static void
cancel(gpointer data)
{
	struct attempt *attempt = data;

	attempt->crm->attempts--;
	g_ptr_array_remove_fast(attempt->crm->waiting, attempt);
	if (attempt->exchange != NULL)
		http_cancel(attempt->exchange);
	if (attempt->working)
		attempt->cancelled = TRUE;
	else
		attempt_free(attempt);
}

/* --- the courier --- */

static gboolean
takes(const struct config_endpoint *endpoint)
{
	return endpoint->adapter != NULL;
}

static gboolean
check(const struct config *config, const struct config_endpoint *endpoint, GError **error)
{
	g_autoptr(lua_adapter_owned) adapter = NULL;
	g_autoptr(lua_target_owned) target = NULL;

	adapter = adapter_load(config, endpoint->adapter, error);
	if (adapter != NULL && !adapter->delivers)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "adapter \"%s\" has no function deliver", endpoint->adapter);
	else if (adapter != NULL)
		target = make_target(endpoint, adapter, error);
	return target != NULL;
}

static gpointer
open_crm(const struct courier_context *context)
{
	struct crm *crm = g_new0(struct crm, 1);

	crm->context = context;
	crm->transport = *context->transport;
	crm->transport.most = LIMIT_ADAPTER_ANSWER;
	crm->session = lua_session_new();
	crm->waiting = g_ptr_array_new();
	crm->looked_at = g_get_monotonic_time();
	load(crm);
	return crm;
}

static void
close_crm(gpointer self)
{
	struct crm *crm = self;

	lua_adapter_unref(crm->adapter);
	lua_target_unref(crm->target);
	lua_session_free(crm->session);
	g_ptr_array_unref(crm->waiting);
	g_free(crm->broken);
	g_free(crm);
}

const struct courier_kind crm_courier = {
	.name = "crm",
	.takes = takes,
	.check = check,
	.open = open_crm,
	.close = close_crm,
	.start = start,
	.cancel = cancel,
};
