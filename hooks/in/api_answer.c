/* api_answer.c - what requests are answered with; see api_call.h. */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"

void
api_answer_json(struct api_call *call, guint status, cJSON *value)
{
	call->answer->status = status;
	call->answer->body = cJSON_PrintUnformatted(value);
	call->answer->length = call->answer->body ? strlen(call->answer->body) : 0;
	cJSON_Delete(value);
}

void
api_answer_done(struct api_call *call)
{
	cJSON *value = cJSON_CreateObject();

	cJSON_AddBoolToObject(value, "ok", TRUE);
	api_answer_json(call, 200, value);
}

void
api_answer_error(struct api_call *call, guint status, const char *code, const char *message,
		 cJSON *details)
{
	cJSON *value = cJSON_CreateObject();
	cJSON *error = cJSON_AddObjectToObject(value, "error");

	cJSON_AddStringToObject(error, "code", code);
	cJSON_AddStringToObject(error, "message", message);
	if (details)
		cJSON_AddItemToObject(error, "details", details);
	api_answer_json(call, status, value);
}

void
api_answer_failure(struct api_call *call, const GError *error)
{
	if (g_error_matches(error, LEADMILTER_ERROR, ERROR_NOT_FOUND)) {
		api_answer_error(call, 404, "not_found", error->message, NULL);
	} else if (g_error_matches(error, LEADMILTER_ERROR, ERROR_INPUT)) {
		api_answer_error(call, 422, "invalid", error->message, NULL);
	} else {
		log_warning("hook: %s %s: %s", call->http->method, call->http->path,
			    error->message);
		api_answer_error(call, 503, "unavailable", "the store can't take it now", NULL);
	}
}

void
api_add_header(struct api_call *call, char *header)
{
	if (!call->answer->headers)
		call->answer->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(call->answer->headers, header);
}

/* --- values of bodies --- */

const char *
api_text(const cJSON *object, const char *key)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));

	return text && *text ? text : NULL;
}

gint64
api_time(const cJSON *object, const char *key)
{
	const char *text = api_text(object, key);

	return text ? clock_parse(text, NULL) : 0;
}
