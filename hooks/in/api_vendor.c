/*
 * api_vendor.c - a vendor's own webhook at POST /v1/in/CLIENT: an adapter checks it and says it in
 * our words, then it is checked and done as if it had come in them.
 *
 * Who sends it is the adapter's to find out (each vendor signs in a way of its own), so the client
 * is known by the path; its networks, rate and scopes hold as for everybody.
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/log.h"
#include "hooks/in/auth.h"

/* What an adapter may say, and what does it. */
static const struct {
	const char *list, *scope, *schema;
	void (*run)(struct api_call *call);
} LISTS[] = {
	{ "touches", "touches", "TouchBatch", api_post_touches },
	{ "outcomes", "outcomes", "OutcomeBatch", api_post_outcomes },
	{ "customers", "customers", "CustomerBatch", api_post_customers },
	{ "leads", "leads", "LeadBatch", api_post_leads },
};

static const struct config_client *
find_client(const struct api_call *call)
{
	const GPtrArray *clients = call->view.config->clients;

	for (guint i = 0; i < clients->len; i++) {
		const struct config_client *client = clients->pdata[i];

		if (client->adapter && strcmp(client->name, call->parameter) == 0)
			return client;
	}
	return NULL;
}

/* --- what the adapter says --- */

static enum lua_receive_result
translate(struct api_call *call, char **ret_json, char **ret_reason)
{
	const struct server_call *http = call->http;
	g_autoptr(GPtrArray) headers = server_call_headers(http);
	g_autofree char *query = server_call_query_text(http);
	const struct lua_inbound request = { .method = http->method,
					     .path = http->path,
					     .query = query,
					     .headers = headers,
					     .body = http->body,
					     .length = http->length };

	return vendors_receive(call->view.vendors, call->client, &request, call->now, ret_json,
			       ret_reason);
}

/* --- doing it --- */

/* @return what was answered, or NULL when the whole request must be answered so */
static cJSON *
run_list(struct api_call *call, guint list, const cJSON *items)
{
	cJSON *body = cJSON_CreateObject();
	struct server_answer answer = { .status = 500 };
	struct api_call one = *call;
	cJSON *value, *results;

	cJSON_AddItemToObject(body, LISTS[list].list, cJSON_Duplicate(items, TRUE));
	one.answer = &answer;
	one.body = body;
	if (!auth_allows(call->client, LISTS[list].scope))
		api_answer_error(&one, 403, "forbidden", "not in the client's scopes", NULL);
	else if (api_check(&one, LISTS[list].schema, body))
		LISTS[list].run(&one);
	cJSON_Delete(body);
	if (answer.status != 200) {
		*call->answer = answer;
		return NULL;
	}
	value = cJSON_Parse(answer.body);
	results = cJSON_DetachItemFromObjectCaseSensitive(value, "results");
	cJSON_Delete(value);
	g_free(answer.body);
	g_clear_pointer(&answer.headers, g_ptr_array_unref);
	return results;
}

static void
run_all(struct api_call *call, const cJSON *said)
{
	cJSON *value = cJSON_CreateObject();

	for (guint i = 0; i < G_N_ELEMENTS(LISTS); i++) {
		const cJSON *items = cJSON_GetObjectItemCaseSensitive(said, LISTS[i].list);
		cJSON *results;

		if (!cJSON_IsArray(items) || !items->child)
			continue;
		results = run_list(call, i, items);
		if (!results) {
			cJSON_Delete(value);
			return;
		}
		cJSON_AddItemToObject(value, LISTS[i].list, results);
	}
	api_answer_json(call, 200, value);
}

static void
run_said(struct api_call *call, const char *json)
{
	cJSON *said = cJSON_Parse(json);

	run_all(call, said);
	cJSON_Delete(said);
}

void
api_post_vendor(struct api_call *call)
{
	g_autofree char *json = NULL, *reason = NULL;

	call->client = find_client(call);
	if (!call->client || !auth_may_come_from(call->client, call->http->peer)) {
		api_answer_error(call, 404, "not_found", "no such resource", NULL);
		return;
	}
	if (!api_take_turn(call))
		return;
	switch (translate(call, &json, &reason)) {
	case LUA_RECEIVED:
		run_said(call, json);
		return;
	case LUA_REFUSED:
		api_refuse_client(call, reason);
		return;
	default:
		log_warning("hook: %s from %s: %s", call->http->path, call->http->peer, reason);
		api_answer_error(call, 422, "invalid", "the adapter can't read this request", NULL);
	}
}
