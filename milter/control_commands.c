/*
 * control_commands.c - what can be asked of a running daemon about itself and its deliveries, and
 * the way from a command's name to its function.
 */
#include "control_audit.h"
#include "control_command.h"
#include "clockwork.h"
#include "base/clock.h"
#include "base/error.h"
#include "hooks/out/trial.h"
#include "intake.h"

#include <string.h>
#include <unistd.h>

static cJSON *
failure(const GError *error)
{
	cJSON *reply = cJSON_CreateObject();
	cJSON_AddBoolToObject(reply, "ok", FALSE);
	cJSON_AddStringToObject(reply, "error", error ? error->message : "bad request");
	cJSON_AddNumberToObject(reply, "code", error ? error->code : ERROR_INPUT);
	return reply;
}

/* --- requests and answers --- */

cJSON *
control_success(void)
{
	cJSON *reply = cJSON_CreateObject();
	cJSON_AddBoolToObject(reply, "ok", TRUE);
	return reply;
}

const char *
control_text(const cJSON *request, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, name));
}

const char *
control_needed_text(const cJSON *request, const char *name, GError **error)
{
	const char *value = control_text(request, name);
	if (value && *value)
		return value;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "the request lacks \"%s\"", name);
	return NULL;
}

gint64
control_number(const cJSON *request, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(request, name);
	return cJSON_IsNumber(item) ? (gint64)item->valuedouble : 0;
}

gboolean
control_flag(const cJSON *request, const char *name)
{
	return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(request, name));
}

gint64
control_now(const cJSON *request)
{
	gint64 now = control_number(request, "now");
	return now ? now : clock_now();
}

cJSON *
control_answer(const struct answer *answer)
{
	cJSON *reply = control_success();
	cJSON_AddStringToObject(reply, "action", action_name(answer->action));
	cJSON_AddStringToObject(reply, "reason", answer->reason ? answer->reason : "");
	cJSON_AddStringToObject(reply, "kind", answer->kind ? answer->kind : "");
	if (answer->lead) {
		cJSON_AddStringToObject(reply, "lead", answer->lead);
		cJSON_AddNumberToObject(reply, "score", answer->score);
		cJSON_AddStringToObject(reply, "stage", stage_name(answer->stage));
	}
	return reply;
}

/* --- the daemon --- */

static cJSON *
do_ping(struct runtime *runtime, const cJSON *request, GError **error)
{
	(void)runtime;
	(void)request;
	(void)error;
	cJSON *reply = control_success();
	cJSON_AddStringToObject(reply, "version", LEADMILTER_VERSION);
	cJSON_AddNumberToObject(reply, "pid", getpid());
	return reply;
}

/* Names of options that were changed and wait for a start. */
static void
add_restart_needed(cJSON *reply, struct runtime *runtime)
{
	g_autoptr(GPtrArray) names = runtime_restart_needed(runtime);
	cJSON *list = cJSON_AddArrayToObject(reply, "restart_needed");
	for (guint i = 0; i < names->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(g_ptr_array_index(names, i)));
}

static cJSON *
do_reload(struct runtime *runtime, const cJSON *request, GError **error)
{
	(void)request;
	if (!runtime_reload(runtime, error))
		return NULL;
	cJSON *reply = control_success();
	add_restart_needed(reply, runtime);
	return reply;
}

static void
add_counters(cJSON *reply, struct counters *counters)
{
	const struct {
		const char *name;
		gsize *value;
	} rows[] = {
		{ "messages", &counters->messages },
		{ "ignored", &counters->ignored },
		{ "created", &counters->created },
		{ "attached", &counters->attached },
		{ "outbound", &counters->outbound },
		{ "duplicates", &counters->duplicates },
		{ "spooled", &counters->spooled },
		{ "unprocessed", &counters->unprocessed },
		{ "spool_taken", &counters->spool_taken },
		{ "deadlines_missed", &counters->deadlines_missed },
		{ "connections", &counters->connections },
		{ "routed", &counters->routed },
		{ "routes_refused", &counters->routes_refused },
		{ "changes_refused", &counters->changes_refused },
		{ "reply_tokens", &counters->reply_tokens },
		{ "tokens_matched", &counters->tokens_matched },
		{ "tokens_refused", &counters->tokens_refused },
		{ "refused_sessions", &counters->refused_sessions },
		{ "reloads", &counters->reloads },
		{ "reload_failures", &counters->reload_failures },
	};
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cJSON_AddNumberToObject(reply, rows[i].name,
					(double)(gsize)g_atomic_pointer_get(rows[i].value));
	cJSON_AddNumberToObject(reply, "sessions", g_atomic_int_get(&counters->sessions));
	cJSON *kinds = cJSON_AddObjectToObject(reply, "kinds");
	for (int kind = 0; kind < KIND_COUNT; kind++)
		cJSON_AddNumberToObject(
			kinds, kind_name(kind),
			(double)(gsize)g_atomic_pointer_get(&counters->kinds[kind]));
}

static void
add_store(cJSON *reply, struct runtime *runtime)
{
	struct outage_status outage;
	struct store_stats stats;
	outage_status(runtime->outage, &outage);
	g_autofree char *why = outage_why(runtime->outage);
	cJSON_AddStringToObject(reply, "store_outage", outage.state);
	if (why)
		cJSON_AddStringToObject(reply, "store_away_because", why);
	cJSON_AddNumberToObject(reply, "store_outages", outage.count);
	if (outage.since)
		cJSON_AddNumberToObject(reply, "store_away_seconds",
					(double)(clock_now() - outage.since) / CLOCK_SECOND);
	if (outage.since || !store_stats(runtime->store, &stats, NULL))
		return;
	cJSON_AddNumberToObject(reply, "store_queue", stats.queued);
	cJSON_AddNumberToObject(reply, "store_commits", (double)stats.commits);
	cJSON_AddNumberToObject(reply, "store_jobs", (double)stats.jobs);
	cJSON_AddNumberToObject(reply, "store_failed_jobs", (double)stats.failed_jobs);
}

static cJSON *
do_stats(struct runtime *runtime, const cJSON *request, GError **error)
{
	(void)request;
	(void)error;
	cJSON *reply = control_success();
	cJSON_AddStringToObject(reply, "version", LEADMILTER_VERSION);
	cJSON_AddNumberToObject(reply, "uptime_seconds",
				(double)((clock_now() - runtime->started) / CLOCK_SECOND));
	add_counters(reply, &runtime->counters);
	add_restart_needed(reply, runtime);
	gboolean failed = FALSE;
	runtime_reloaded(runtime, &failed);
	cJSON_AddNumberToObject(reply, "reload_failed", failed);
	add_store(reply, runtime);
	if (runtime->spool) {
		gint64 bytes = 0;
		cJSON_AddNumberToObject(reply, "spool_files", spool_count(runtime->spool, &bytes));
		cJSON_AddNumberToObject(reply, "spool_bytes", (double)bytes);
	}
	if (runtime->deliver) {
		struct deliver_stats deliveries;
		deliver_stats(runtime->deliver, &deliveries);
		cJSON_AddNumberToObject(reply, "delivery_attempts", (double)deliveries.attempts);
		cJSON_AddNumberToObject(reply, "deliveries", (double)deliveries.delivered);
		cJSON_AddNumberToObject(reply, "delivery_failures", (double)deliveries.failed);
		cJSON_AddNumberToObject(reply, "in_flight", deliveries.in_flight);
	}
	return reply;
}

/* The administrator says: now, whatever happened before. */
static void
resume_delivery(struct runtime *runtime, const char *endpoint)
{
	if (runtime->deliver)
		deliver_resume(runtime->deliver, endpoint);
}

static cJSON *
count_reply(struct runtime *runtime, gint count)
{
	if (count < 0)
		return NULL;
	resume_delivery(runtime, NULL);
	cJSON *reply = control_success();
	cJSON_AddNumberToObject(reply, "count", count);
	return reply;
}

static cJSON *
do_outbox_retry(struct runtime *runtime, const cJSON *request, GError **error)
{
	return count_reply(runtime,
			   store_outbox_retry(runtime->store, control_number(request, "id"),
					      control_now(request), error));
}

static cJSON *
do_outbox_drop(struct runtime *runtime, const cJSON *request, GError **error)
{
	return count_reply(runtime,
			   store_outbox_drop(runtime->store, control_number(request, "id"), error));
}

static cJSON *
do_endpoint_resume(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *endpoint = control_needed_text(request, "endpoint", error);
	if (!endpoint || !store_endpoint_resume(runtime->store, endpoint, error))
		return NULL;
	resume_delivery(runtime, endpoint);
	return control_success();
}

static cJSON *
do_endpoint_park(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *endpoint = control_needed_text(request, "endpoint", error);
	if (!endpoint ||
	    !store_endpoint_park(runtime->store, endpoint, "parked by the administrator", NULL,
				 control_now(request), error))
		return NULL;
	return control_success();
}

static void
add_text(cJSON *reply, const char *key, const char *text)
{
	if (text)
		cJSON_AddStringToObject(reply, key, text);
}

static cJSON *
do_endpoint_test(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *endpoint = control_needed_text(request, "endpoint", error);
	gboolean dry_run = control_flag(request, "dry_run");
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	struct trial trial;
	if (!endpoint || !trial_run(generation->config, endpoint, dry_run, &trial, error))
		return NULL;
	cJSON *reply = control_success();
	cJSON_AddBoolToObject(reply, "delivered", trial.delivered);
	cJSON_AddNumberToObject(reply, "status", (double)trial.status);
	cJSON_AddNumberToObject(reply, "seconds", (double)trial.duration / CLOCK_SECOND);
	add_text(reply, "error", trial.error);
	add_text(reply, "response", trial.response);
	add_text(reply, "request", trial.request);
	trial_clear(&trial);
	return reply;
}

/* A message of an archive, as raw_mail_to_bytes() in base64. */
static cJSON *
do_replay(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *text = control_needed_text(request, "mail", error);
	if (!text)
		return NULL;
	gsize length = 0;
	guchar *decoded = g_base64_decode(text, &length);
	g_autoptr(GBytes) bytes = g_bytes_new_take(decoded, length);
	g_autoptr(raw_mail_owned) raw = raw_mail_from_bytes(bytes, error);
	if (!raw)
		return NULL;
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	gboolean shadow = control_flag(request, "shadow");
	struct answer answer = { 0 };
	cJSON *reply = intake_archived(runtime, generation, raw, shadow, &answer, error)
			       ? control_answer(&answer)
			       : NULL;
	answer_clear(&answer);
	return reply;
}

/* What is due as of a time, which may be later than now: `leadctl sweep --now`. */
static cJSON *
do_sweep(struct runtime *runtime, const cJSON *request, GError **error)
{
	gint64 count = clockwork_sweep(runtime, control_now(request),
				       (guint)MAX(control_number(request, "most"), 0), error);
	if (count < 0)
		return NULL;
	cJSON *reply = control_success();
	cJSON_AddNumberToObject(reply, "count", (double)count);
	return reply;
}

/* What is past its retention, now: `leadctl expire`. */
static cJSON *
do_expire(struct runtime *runtime, const cJSON *request, GError **error)
{
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	gint64 count =
		store_expire(runtime->store, generation->config, control_now(request), error);
	if (count < 0)
		return NULL;
	cJSON *reply = control_success();
	cJSON_AddNumberToObject(reply, "count", (double)count);
	return reply;
}

const struct control_command control_daemon_commands[] = {
	{ "ping", do_ping },
	{ "reload", do_reload },
	{ "stats", do_stats },
	{ "outbox retry", do_outbox_retry },
	{ "outbox drop", do_outbox_drop },
	{ "endpoint resume", do_endpoint_resume },
	{ "endpoint park", do_endpoint_park },
	{ "endpoint test", do_endpoint_test },
	{ "replay", do_replay },
	{ "sweep", do_sweep },
	{ "expire", do_expire },
	{ NULL, NULL },
};

static const struct control_command *
find_command(const char *name)
{
	const struct control_command *const tables[] = { control_daemon_commands,
							 control_people_commands,
							 control_import_commands,
							 control_privacy_commands };
	for (guint i = 0; name && i < G_N_ELEMENTS(tables); i++)
		for (const struct control_command *c = tables[i]; c->name; c++)
			if (!strcmp(c->name, name))
				return c;
	return NULL;
}

cJSON *
control_execute(struct runtime *runtime, const cJSON *request, const char *who)
{
	const char *name = control_text(request, "command");
	const struct control_command *command = find_command(name);
	g_autoptr(GError) error = NULL;
	if (command) {
		gint64 audit = control_audit_begin(runtime, request, who);
		cJSON *reply = command->run(runtime, request, &error);
		reply = reply ? reply : failure(error);
		control_audit_end(runtime, audit, reply);
		return reply;
	}
	g_set_error(&error, LEADMILTER_ERROR, ERROR_INPUT, "unknown command \"%s\"",
		    name ? name : "");
	return failure(error);
}
