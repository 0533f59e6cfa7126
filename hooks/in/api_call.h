/*
 * api_call.h - one request while it is handled; between api.c, api_write.c and api_read.c.
 */
#ifndef LEADMILTER_API_CALL_H
#define LEADMILTER_API_CALL_H

#include <cJSON.h>

#include "hooks/in/api.h"

struct api_call {
	const struct server_call *http;
	struct server_answer *answer;
	struct api *api;
	const struct api_host *host;
	struct api_view view;
	const struct config_client *client; /* NULL where none is needed */
	const cJSON *body; /* checked against its schema; NULL without one */
	const char *parameter; /* what stands for {…} in the path, or NULL */
	const char *id; /* webhook-id, or NULL */
	guint place; /* of `body` in a list */
	gint64 now;
};

/** A JSON value as the answer; deletes it. */
void api_answer_json(struct api_call *call, guint status, cJSON *value);
/** {"error": {"code", "message", "details"}}. @param details or NULL; deleted */
void api_answer_error(struct api_call *call, guint status, const char *code, const char *message,
		      cJSON *details);
/** The store's or program's failure as an answer. */
void api_answer_failure(struct api_call *call, const GError *error);

/** The client's rate; answers 429 when it is over it. */
gboolean api_take_turn(struct api_call *call);
/** Answer 401. @param why for the log */
void api_refuse_client(struct api_call *call, const char *why);
/** Whether a body is what a schema of the description says; answers 422 when not. */
gboolean api_check(struct api_call *call, const char *schema, const cJSON *body);

/** A member's text, or NULL. */
const char *api_text(const cJSON *object, const char *key);
/** A member's time, or 0. */
gint64 api_time(const cJSON *object, const char *key);

/* The operations; names as in the description. */
void api_post_touches(struct api_call *call);
void api_post_outcomes(struct api_call *call);
void api_post_customers(struct api_call *call);
void api_post_lead(struct api_call *call);
void api_post_leads(struct api_call *call); /* several */
void api_post_vendor(struct api_call *call);
void api_list_leads(struct api_call *call);
void api_get_lead(struct api_call *call);
void api_get_report(struct api_call *call); /* api_report.c */

#endif
