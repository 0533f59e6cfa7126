/* rehearsal.c - see rehearsal.h. */
#include "hooks/out/rehearsal.h"

#include <string.h>

#include "base/clock.h"
#include "hooks/out/schedule.h"

static const cJSON *
member(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *
text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(member(object, name));
}

static void
add_settings(GPtrArray *settings, const cJSON *object)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		if (cJSON_IsString(item))
			g_ptr_array_add(settings,
					g_strconcat(item->string, "=", item->valuestring, NULL));
	}
}

GPtrArray *
rehearsal_settings(const cJSON *script, const cJSON *scenario)
{
	GPtrArray *settings = g_ptr_array_new_with_free_func(g_free);

	add_settings(settings, member(script, "settings"));
	add_settings(settings, member(scenario, "settings"));
	return settings;
}

/* --- what was kept before --- */

static void
add_entries(GPtrArray *entries, const cJSON *object, gboolean of_lead)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, object)
	{
		struct journal_entry *entry = g_new0(struct journal_entry, 1);
		char *value = cJSON_PrintUnformatted(item);

		entry->of_lead = of_lead;
		entry->key = g_strdup(item->string);
		entry->value = g_strdup(value);
		cJSON_free(value);
		g_ptr_array_add(entries, entry);
	}
}

static struct journal *
open_journal(const cJSON *scenario)
{
	g_autoptr(GPtrArray) entries =
		g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);

	add_entries(entries, member(scenario, "remembered"), TRUE);
	add_entries(entries, member(scenario, "done"), FALSE);
	return journal_new(entries);
}

static void
note_saves(cJSON *saved, const struct lua_step *step)
{
	for (guint i = 0; step->saves != NULL && i < step->saves->len; i++) {
		const struct journal_entry *entry = step->saves->pdata[i];
		cJSON *object = cJSON_CreateObject();

		cJSON_AddStringToObject(object, "key", entry->key);
		cJSON_AddItemToObject(object, "value",
				      entry->value ? cJSON_Parse(entry->value)
						   : cJSON_CreateNull());
		cJSON_AddBoolToObject(object, "remembered", entry->of_lead);
		cJSON_AddItemToArray(saved, object);
	}
}

/* --- requests and answers --- */

static cJSON *
describe_request(const struct lua_request *request)
{
	cJSON *object = cJSON_CreateObject(), *headers, *body = NULL;

	cJSON_AddStringToObject(object, "method", request->method);
	cJSON_AddStringToObject(object, "url", request->url);
	headers = cJSON_AddArrayToObject(object, "headers");
	for (guint i = 0; i < request->headers->len; i++)
		cJSON_AddItemToArray(headers, cJSON_CreateString(request->headers->pdata[i]));
	if (request->body != NULL) {
		body = cJSON_ParseWithOpts(request->body, NULL, 1);
		cJSON_AddItemToObject(object, "body",
				      body ? body : cJSON_CreateString(request->body));
	}
	return object;
}

/* The next of the script; without one the rehearsal ends there. */
static cJSON *
scripted_answer(const cJSON *scenario, int n)
{
	const cJSON *answer = cJSON_GetArrayItem(member(scenario, "answers"), n);
	cJSON *none;

	if (answer != NULL)
		return cJSON_Duplicate(answer, TRUE);
	none = cJSON_CreateObject();
	cJSON_AddStringToObject(none, "error", "the script has no further answer");
	return none;
}

struct reply {
	struct lua_response response;
	GPtrArray *headers;
	char *body;
};

static void
read_reply(const cJSON *answer, gint64 now, struct reply *ret)
{
	const cJSON *body = member(answer, "body"), *item;
	const char *error = text_of(answer, "error");

	ret->headers = g_ptr_array_new_with_free_func(g_free);
	cJSON_ArrayForEach(item, member(answer, "headers"))
	{
		const char *field = cJSON_GetStringValue(item);

		if (field == NULL)
			continue;
		g_ptr_array_add(ret->headers, g_strdup(field));
		if (g_ascii_strncasecmp(field, "retry-after:", 12) == 0)
			ret->response.retry_after = schedule_retry_after(field + 12, now);
	}
	if (cJSON_IsString(body))
		ret->body = g_strdup(body->valuestring);
	else if (body != NULL)
		ret->body = cJSON_PrintUnformatted(body);
	ret->response.headers = ret->headers;
	ret->response.body = ret->body ? ret->body : "";
	ret->response.length = strlen(ret->response.body);
	ret->response.status = error ? 0 : (long)cJSON_GetNumberValue(member(answer, "status"));
	ret->response.error = error;
}

static const struct lua_step *
exchange(const struct rehearsal *rehearsal, struct lua_run *run, const struct lua_step *step,
	 cJSON *exchanges)
{
	struct reply reply = { 0 };
	cJSON *entry = cJSON_CreateObject(), *answer;
	const struct lua_step *next;

	cJSON_AddItemToObject(entry, "request", describe_request(&step->request));
	answer = rehearsal->ask
			 ? rehearsal->ask(&step->request, rehearsal->data)
			 : scripted_answer(rehearsal->scenario, cJSON_GetArraySize(exchanges));
	cJSON_AddItemToObject(entry, "answer", answer);
	cJSON_AddItemToArray(exchanges, entry);
	read_reply(answer, rehearsal->now, &reply);
	next = lua_run_next(run, &reply.response, rehearsal->now);
	g_ptr_array_unref(reply.headers);
	g_free(reply.body);
	return next;
}

/* --- the end --- */

static const char *const kinds[] = {
	[LUA_DONE] = "done",     [LUA_RETRY] = "retry",   [LUA_HOLD] = "hold",
	[LUA_DENIED] = "denied", [LUA_FAILED] = "failed", [LUA_EXHAUSTED] = "exhausted",
};

static cJSON *
describe_outcome(const struct lua_step *step, gint64 now)
{
	cJSON *object = cJSON_CreateObject();

	cJSON_AddStringToObject(object, "kind", kinds[step->kind]);
	if (step->id)
		cJSON_AddStringToObject(object, "id", step->id);
	if (step->reason)
		cJSON_AddStringToObject(object, "reason", step->reason);
	if (step->after)
		cJSON_AddNumberToObject(object, "after",
					(double)((step->after - now) / CLOCK_SECOND));
	if (step->status)
		cJSON_AddNumberToObject(object, "status", (double)step->status);
	return object;
}

cJSON *
rehearsal_run(const struct rehearsal *rehearsal)
{
	struct lua_event event = { rehearsal->event_id, rehearsal->event_body, 1, rehearsal->now };
	g_autoptr(journal_owned) journal = open_journal(rehearsal->scenario);
	struct lua_session *session = lua_session_new();
	struct lua_run *run =
		lua_run_new(rehearsal->adapter, rehearsal->target, &event, journal, session);
	const struct lua_step *step = lua_run_next(run, NULL, rehearsal->now);
	cJSON *transcript = cJSON_CreateObject();
	cJSON *exchanges = cJSON_AddArrayToObject(transcript, "exchange");
	cJSON *saved = cJSON_AddArrayToObject(transcript, "saved");

	while (note_saves(saved, step), step->kind < LUA_DONE)
		step = step->kind == LUA_REQUEST ? exchange(rehearsal, run, step, exchanges)
						 : lua_run_next(run, NULL, rehearsal->now);
	cJSON_AddItemToObject(transcript, "outcome", describe_outcome(step, rehearsal->now));
	lua_run_free(run);
	lua_session_free(session);
	return transcript;
}
