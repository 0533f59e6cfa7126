/*
 * rehearsal.h - an adapter's run on its own: an event, answers from a script (or from a function
 * that asks the CRM), and a transcript of all that was asked and said.
 *
 * A script is a JSON file (leadmilter-adapters(7)): {adapter, url, settings, scenarios: {NAME:
 * {event, settings, remembered, done, answers: [{status, headers, body}], requests, outcome}}}. One
 * answer serves one request, in order.
 */
#ifndef LEADMILTER_REHEARSAL_H
#define LEADMILTER_REHEARSAL_H

#include <cJSON.h>

#include "hooks/out/lua.h"

/** Answers a request. @return {status, headers: ["Name: value"], body, error}; owned by caller */
typedef cJSON *rehearsal_ask(const struct lua_request *request, gpointer data);

struct rehearsal {
	struct lua_adapter *adapter;
	struct lua_target *target;
	const char *event_id, *event_body;
	gint64 now;
	const cJSON *scenario; /* remembered, done and answers; or NULL */
	rehearsal_ask *ask; /* instead of the scenario's answers, or NULL */
	gpointer data;
};

/**
 * Run it to the end.
 * @return {exchange: [{request: {method, url, headers, body}, answer}], saved: [{key, value,
 *         remembered}], outcome: {kind, id, reason, after, status}}; caller deletes
 */
cJSON *rehearsal_run(const struct rehearsal *rehearsal);

/** "name=value" of a script's settings, then of a scenario's. @return char *, caller unrefs */
GPtrArray *rehearsal_settings(const cJSON *script, const cJSON *scenario);

#endif
