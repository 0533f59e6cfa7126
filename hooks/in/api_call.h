/*
 * api_call.h - one request while it is handled; between the files named api*.c.
 */
#ifndef LEADMILTER_API_CALL_H
#define LEADMILTER_API_CALL_H

#include <cJSON.h>

#include "hooks/in/api.h"
#include "hooks/in/login.h"
#include "lead/score.h"

struct api_call {
	const struct server_call *http;
	struct server_answer *answer;
	struct api *api;
	const struct api_host *host;
	struct api_view view;
	const struct config_client *client; /* NULL where none is needed, or a user asks: */
	const struct login *login; /* the user's session, or NULL */
	struct login login_space;
	const char *cookie; /* value of the session's cookie, or NULL */
	const char *peer; /* who asks: behind a proxy whom that names */
	gboolean is_secure; /* came to a proxy over TLS, or must have */
	const cJSON *body; /* checked against its schema; NULL without one */
	char *parameter; /* what stands for {…} in the path, or NULL */
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

/** A header field of the answer; taken. */
void api_add_header(struct api_call *call, char *header);
/** Name of the user or client who asks, NULL nobody. */
const char *api_who(const struct api_call *call);

/** The client's rate; answers 429 when it is over it. */
gboolean api_take_turn(struct api_call *call);
/** Answer 401. @param why for the log */
void api_refuse_client(struct api_call *call, const char *why);
/** Whether a body is what a schema of the description says; answers 422 when not. */
gboolean api_check(struct api_call *call, const char *schema, const cJSON *body);

/** {"ok": true} */
void api_answer_done(struct api_call *call);
/** Write down what is about to be done, or (with a status) was. @param detail or NULL
 *  @return its id for api_audit_end(), 0 when it can't be written: then nothing may be done */
gint64 api_audit(struct api_call *call, const char *action, const char *target, const char *detail,
		 int status);
/** How it ended: the answer's status. */
void api_audit_end(struct api_call *call, gint64 id);

struct streams;
struct streams *api_streams(struct api *api);

/* Query parameters; FALSE answers 422.  What isn't given leaves `ret` as it is. */
gboolean api_read_count(struct api_call *call, const char *name, guint least, guint most,
			guint *ret);
gboolean api_read_time(struct api_call *call, const char *name, gint64 *ret);
gboolean api_read_flag(struct api_call *call, const char *name, gboolean *ret);
/** @param names NULL-terminated */
gboolean api_read_choice(struct api_call *call, const char *name, const char *const *names,
			 guint *ret);
/** A text of bounded length, valid UTF-8; NULL when it isn't given. */
gboolean api_read_text(struct api_call *call, const char *name, const char **ret);
#define API_PAGE 50
#define API_PAGE_MOST 500

/* What answers show (api_show.c). */
/** As `data` of an event. @param account, score or NULL */
cJSON *api_show_snapshot(const struct lead *lead, const struct account *account,
			 const struct score *score, gint64 now);
/** The same in a list: of its account only whose it is. */
cJSON *api_show_listed(const struct lead *lead, gint64 now);
cJSON *api_show_touch(const struct touch *touch);
cJSON *api_show_stage(const struct stage_change *change);
cJSON *api_show_delivery(const struct delivery *delivery);
cJSON *api_show_thresholds(const struct config_scorecard *card);
/** {name: [], "more", "next"} @return the list */
cJSON *api_show_page(cJSON *value, const char *name, gboolean more, const char *next);

/** The program's sessions. */
struct logins *api_logins(struct api *api);

/* Of api_session.c: a request that has no client's credentials. */
/** Look at peer, cookie and TLS. */
void api_session_look(struct api_call *call);
void api_session_clear(struct api_call *call);
/** The session, checked for what a browser may have been made to send; answers when it's no good.
 *  @param scope "read", "operate" or "session" */
gboolean api_session_may(struct api_call *call, const char *scope);
/** The name the page was asked for under is ours; answers 421 when not. */
gboolean api_session_check_host(struct api_call *call);

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
void api_login(struct api_call *call);
void api_logout(struct api_call *call);
void api_get_session(struct api_call *call);
void api_get_timeline(struct api_call *call);
void api_get_scores(struct api_call *call);
void api_get_stages(struct api_call *call);
void api_get_lead_deliveries(struct api_call *call);
void api_explain_lead(struct api_call *call);
void api_claim_lead(struct api_call *call);
void api_assign_lead(struct api_call *call);
void api_move_lead(struct api_call *call);
void api_merge_lead(struct api_call *call);
void api_keep_apart(struct api_call *call);
void api_split_lead(struct api_call *call);
void api_list_duplicates(struct api_call *call);
void api_list_accounts(struct api_call *call);
void api_get_account(struct api_call *call);
void api_list_owners(struct api_call *call);
void api_list_choices(struct api_call *call);
void api_get_overview(struct api_call *call);
void api_list_outbox(struct api_call *call);
void api_get_delivery(struct api_call *call);
void api_retry_delivery(struct api_call *call);
void api_drop_delivery(struct api_call *call);
void api_list_endpoints(struct api_call *call);
void api_resume_endpoint(struct api_call *call);
void api_test_endpoint(struct api_call *call);
void api_list_scorecards(struct api_call *call);
void api_try_message(struct api_call *call);
void api_list_audit(struct api_call *call);
void api_get_stream(struct api_call *call);

#endif
