/* api.c - see api.h. */
#include "hooks/in/api_call.h"

#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "hooks/in/auth.h"
#include "hooks/in/jsonschema.h"
#include "hooks/in/page.h"
#include "hooks/in/stream.h"
#include "store/browse.h"

#define CLIENTS_MOST 2000 /* whose rate is kept */
#define CATCH_UP (300 * 1000) /* microseconds of each second, while no mail waits */
#define CATCH_UP_LEAST 64 /* leads */
#define USER_RATE 50 /* requests a second of one user */

enum { STATUS_CLASSES = 6 };

struct operation {
	const char *id; /* operationId */
	const char *method, *path; /* "{…}" is a parameter, up to the next "/" */
	/* of a client; a viewer of the page may what is "read", an operator "operate" too, and only
	 * they "session"; NULL: nobody need prove anything */
	const char *scope;
	void (*run)(struct api_call *call);
	const char *schema; /* of the body, or NULL */
};

struct api {
	struct api_host host;
	char *text; /* of the description */
	cJSON *document;
	GHashTable *schemas; /* name → struct jsonschema * */
	struct logins *logins;
	struct streams *streams;
	pthread_mutex_t mutex; /* for what follows */
	GHashTable *buckets; /* client's name → struct auth_bucket * */
	guint64 answers[STATUS_CLASSES]; /* by hundreds of the status */
	guint64 unauthorised, limited;
};

static void get_openapi(struct api_call *call);
static void get_health(struct api_call *call);
static void get_ready(struct api_call *call);
static void get_metrics(struct api_call *call);

static const struct operation OPERATIONS[] = {
	{ "postTouches", "POST", "/v1/touches", "touches", api_post_touches, "TouchBatch" },
	{ "postOutcomes", "POST", "/v1/outcomes", "outcomes", api_post_outcomes, "OutcomeBatch" },
	{ "postCustomers", "POST", "/v1/customers", "customers", api_post_customers,
	  "CustomerBatch" },
	{ "postLead", "POST", "/v1/leads", "leads", api_post_lead, "Lead" },
	{ "postVendor", "POST", "/v1/in/{client}", NULL, api_post_vendor, NULL },
	{ "listLeads", "GET", "/v1/leads", "read", api_list_leads, NULL },
	{ "getLead", "GET", "/v1/leads/{lead}", "read", api_get_lead, NULL },
	{ "getReport", "GET", "/v1/reports/{report}", "read", api_get_report, NULL },
	{ "login", "POST", "/v1/session", NULL, api_login, "SessionRequest" },
	{ "getTimeline", "GET", "/v1/leads/{lead}/timeline", "read", api_get_timeline, NULL },
	{ "getScores", "GET", "/v1/leads/{lead}/scores", "read", api_get_scores, NULL },
	{ "getStages", "GET", "/v1/leads/{lead}/stages", "read", api_get_stages, NULL },
	{ "getLeadDeliveries", "GET", "/v1/leads/{lead}/deliveries", "read",
	  api_get_lead_deliveries, NULL },
	{ "explainLead", "GET", "/v1/leads/{lead}/explain", "read", api_explain_lead, NULL },
	{ "claimLead", "POST", "/v1/leads/{lead}/claim", "operate", api_claim_lead,
	  "ClaimRequest" },
	{ "assignLead", "POST", "/v1/leads/{lead}/assign", "operate", api_assign_lead,
	  "AssignRequest" },
	{ "moveLead", "POST", "/v1/leads/{lead}/stage", "operate", api_move_lead, "StageRequest" },
	{ "mergeLead", "POST", "/v1/leads/{lead}/merge", "operate", api_merge_lead,
	  "OtherRequest" },
	{ "keepApart", "POST", "/v1/leads/{lead}/apart", "operate", api_keep_apart,
	  "OtherRequest" },
	{ "splitLead", "POST", "/v1/leads/{lead}/split", "operate", api_split_lead,
	  "SplitRequest" },
	{ "listDuplicates", "GET", "/v1/duplicates", "read", api_list_duplicates, NULL },
	{ "listAccounts", "GET", "/v1/accounts", "read", api_list_accounts, NULL },
	{ "getAccount", "GET", "/v1/accounts/{domain}", "read", api_get_account, NULL },
	{ "listOwners", "GET", "/v1/owners", "read", api_list_owners, NULL },
	{ "listChoices", "GET", "/v1/choices", "read", api_list_choices, NULL },
	{ "getOverview", "GET", "/v1/overview", "read", api_get_overview, NULL },
	{ "listOutbox", "GET", "/v1/outbox", "read", api_list_outbox, NULL },
	{ "getDelivery", "GET", "/v1/outbox/{id}", "read", api_get_delivery, NULL },
	{ "retryDelivery", "POST", "/v1/outbox/{id}/retry", "operate", api_retry_delivery,
	  "Empty" },
	{ "dropDelivery", "POST", "/v1/outbox/{id}/drop", "operate", api_drop_delivery, "Empty" },
	{ "listEndpoints", "GET", "/v1/endpoints", "read", api_list_endpoints, NULL },
	{ "resumeEndpoint", "POST", "/v1/endpoints/{name}/resume", "operate", api_resume_endpoint,
	  "Empty" },
	{ "testEndpoint", "POST", "/v1/endpoints/{name}/test", "operate", api_test_endpoint,
	  "Empty" },
	{ "listScorecards", "GET", "/v1/scorecards", "read", api_list_scorecards, NULL },
	{ "tryMessage", "POST", "/v1/try", "read", api_try_message, "TryRequest" },
	{ "listAudit", "GET", "/v1/audit", "operate", api_list_audit, NULL },
	{ "getStream", "GET", "/v1/stream", "read", api_get_stream, NULL },
	{ "getSession", "GET", "/v1/session", "session", api_get_session, NULL },
	{ "logout", "DELETE", "/v1/session", "session", api_logout, NULL },
	{ "getOpenapi", "GET", "/v1/openapi.json", NULL, get_openapi, NULL },
	{ "getHealth", "GET", "/healthz", NULL, get_health, NULL },
	{ "getReady", "GET", "/readyz", NULL, get_ready, NULL },
	{ "getMetrics", "GET", "/metrics", NULL, get_metrics, NULL },
};

/* --- what needs nobody's permission --- */

static void
get_openapi(struct api_call *call)
{
	call->answer->status = 200;
	call->answer->body = g_strdup(call->api->text);
	call->answer->length = strlen(call->api->text);
}

static void
answer_health(struct api_call *call, const char *reason)
{
	cJSON *value = cJSON_CreateObject();

	cJSON_AddStringToObject(value, "status", reason ? "not ready" : "ok");
	cJSON_AddStringToObject(value, "version", LEADMILTER_VERSION);
	if (reason)
		cJSON_AddStringToObject(value, "reason", reason);
	api_answer_json(call, reason ? 503 : 200, value);
}

static void
get_health(struct api_call *call)
{
	answer_health(call, NULL);
}

static void
get_ready(struct api_call *call)
{
	g_autofree char *reason = call->host->unready(call->host->data);

	answer_health(call, reason);
}

static void
get_metrics(struct api_call *call)
{
	GString *out = g_string_sized_new(8192);

	call->host->metrics(out, call->host->data);
	api_metrics(call->api, out);
	call->answer->status = 200;
	call->answer->type = "text/plain; version=0.0.4; charset=utf-8";
	call->answer->length = out->len;
	call->answer->body = g_string_free(out, FALSE);
}

void
api_metrics(struct api *api, GString *out)
{
	pthread_mutex_lock(&api->mutex);
	g_string_append(out,
			"# HELP leadmilter_hook_responses_total Requests at the inbound hook by "
			"class of their status.\n"
			"# TYPE leadmilter_hook_responses_total counter\n");
	for (guint i = 2; i < STATUS_CLASSES; i++)
		g_string_append_printf(out,
				       "leadmilter_hook_responses_total{status=\"%uxx\"} "
				       "%" G_GUINT64_FORMAT "\n",
				       i, api->answers[i]);
	g_string_append_printf(
		out,
		"# HELP leadmilter_hook_unauthorised_total Requests without good credentials.\n"
		"# TYPE leadmilter_hook_unauthorised_total counter\n"
		"leadmilter_hook_unauthorised_total %" G_GUINT64_FORMAT "\n"
		"# HELP leadmilter_hook_limited_total Requests over a client's rate.\n"
		"# TYPE leadmilter_hook_limited_total counter\n"
		"leadmilter_hook_limited_total %" G_GUINT64_FORMAT "\n",
		api->unauthorised, api->limited);
	pthread_mutex_unlock(&api->mutex);
	g_string_append_printf(out,
			       "# HELP leadmilter_hook_streams Streams of events open now.\n"
			       "# TYPE leadmilter_hook_streams gauge\n"
			       "leadmilter_hook_streams %u\n"
			       "# HELP leadmilter_page_sessions Sessions of users of the page.\n"
			       "# TYPE leadmilter_page_sessions gauge\n"
			       "leadmilter_page_sessions %u\n",
			       stream_count(api->streams), login_count(api->logins));
}

/* --- one request --- */

/* @param ret_parameter what stands for {…}; caller frees */
static gboolean
path_fits(const char *pattern, const char *path, char **ret_parameter)
{
	const char *brace = strchr(pattern, '{'), *rest = brace ? strchr(brace, '}') : NULL;
	gsize before = rest ? (gsize)(brace - pattern) : strlen(pattern), length;

	if (!rest)
		return strcmp(pattern, path) == 0;
	if (strncmp(pattern, path, before) != 0)
		return FALSE;
	length = strcspn(path + before, "/");
	if (length == 0 || strcmp(path + before + length, rest + 1) != 0)
		return FALSE;
	*ret_parameter = g_strndup(path + before, length);
	return TRUE;
}

/* HEAD is answered as GET; the server leaves out the body. */
static const struct operation *
find_operation(struct api_call *call)
{
	const struct server_call *http = call->http;
	const char *method = strcmp(http->method, "HEAD") == 0 ? "GET" : http->method;
	g_autoptr(GString) allowed = g_string_new("Allow: ");
	gsize nothing = allowed->len;

	for (guint i = 0; i < G_N_ELEMENTS(OPERATIONS); i++) {
		const struct operation *operation = &OPERATIONS[i];

		g_clear_pointer(&call->parameter, g_free);
		if (!path_fits(operation->path, http->path, &call->parameter))
			continue;
		if (strcmp(operation->method, method) == 0)
			return operation;
		g_string_append_printf(allowed, "%s%s", allowed->len > nothing ? ", " : "",
				       operation->method);
	}
	if (allowed->len == nothing) {
		api_answer_error(call, 404, "not_found", "no such resource", NULL);
	} else {
		api_answer_error(call, 405, "method_not_allowed", "not by this method", NULL);
		api_add_header(call, g_strdup(allowed->str));
	}
	return NULL;
}

void
api_refuse_client(struct api_call *call, const char *why)
{
	/* The peer first: what follows is the client's, and may hold words of this line. */
	log_notice("hook: refused %s: %s: %s %s", call->http->peer, why, call->http->method,
		   call->http->path);
	pthread_mutex_lock(&call->api->mutex);
	call->api->unauthorised++;
	pthread_mutex_unlock(&call->api->mutex);
	api_answer_error(call, 401, "unauthorized", "no or wrong credentials", NULL);
	api_add_header(call, g_strdup("WWW-Authenticate: Bearer"));
}

static gboolean
know_client(struct api_call *call)
{
	const struct server_call *http = call->http;
	const struct auth_request request = {
		.id = call->id,
		.timestamp = server_call_header(http, "webhook-timestamp"),
		.signature = server_call_header(http, "webhook-signature"),
		.authorization = server_call_header(http, "Authorization"),
		.peer = http->peer,
		.body = http->body,
		.length = http->length,
	};
	g_autoptr(GError) error = NULL;

	call->client = auth_identify(call->view.config->clients, &request, call->now, &error);
	if (!call->client)
		api_refuse_client(call, error->message);
	return call->client != NULL;
}

static guint
take_turn(struct api *api, const char *name, guint rate)
{
	struct auth_bucket *bucket;
	guint wait;

	pthread_mutex_lock(&api->mutex);
	bucket = g_hash_table_lookup(api->buckets, name);
	if (!bucket) {
		if (g_hash_table_size(api->buckets) >= CLIENTS_MOST)
			g_hash_table_remove_all(api->buckets);
		bucket = g_new0(struct auth_bucket, 1);
		g_hash_table_insert(api->buckets, g_strdup(name), bucket);
	}
	wait = auth_take(bucket, rate, g_get_monotonic_time());
	api->limited += wait > 0;
	pthread_mutex_unlock(&api->mutex);
	return wait;
}

gboolean
api_take_turn(struct api_call *call)
{
	g_autofree char *name = g_strdup_printf("%c%s", call->login ? 'u' : 'c', api_who(call));
	guint wait = take_turn(call->api, name, call->login ? USER_RATE : call->client->rate);

	if (wait == 0)
		return TRUE;
	api_answer_error(call, 429, "too_many", "too many requests", NULL);
	api_add_header(call, g_strdup_printf("Retry-After: %u", wait));
	return FALSE;
}

const char *
api_who(const struct api_call *call)
{
	return call->login ? call->login->user->name : call->client ? call->client->name : NULL;
}

struct logins *
api_logins(struct api *api)
{
	return api->logins;
}

struct streams *
api_streams(struct api *api)
{
	return api->streams;
}

/* Whoever brings a client's credentials is one, cookie or not. */
static gboolean
is_client(const struct api_call *call)
{
	return server_call_header(call->http, "Authorization") ||
	       server_call_header(call->http, "webhook-signature");
}

static gboolean
is_for_users(const struct operation *operation)
{
	static const char *const scopes[] = { "read", "operate", "session", NULL };

	return g_strv_contains(scopes, operation->scope);
}

static gboolean
may_run(struct api_call *call, const struct operation *operation)
{
	if (!operation->scope)
		return TRUE;
	if (is_for_users(operation) && !is_client(call))
		return api_session_may(call, operation->scope) && api_take_turn(call);
	if (!know_client(call) || !api_take_turn(call))
		return FALSE;
	if (auth_allows(call->client, operation->scope))
		return TRUE;
	api_answer_error(call, 403, "forbidden", "not in the client's scopes", NULL);
	return FALSE;
}

static cJSON *
make_details(const GPtrArray *findings)
{
	cJSON *details = cJSON_CreateArray();

	for (guint i = 0; i < findings->len; i++) {
		const struct jsonschema_finding *finding = findings->pdata[i];
		cJSON *one = cJSON_CreateObject();

		cJSON_AddStringToObject(one, "pointer", finding->pointer);
		cJSON_AddStringToObject(one, "message", finding->message);
		cJSON_AddItemToArray(details, one);
	}
	return details;
}

/* A NUL inside would end the text early for whoever reads it. */
static cJSON *
parse_body(const struct server_call *http)
{
	const char *end = NULL;
	cJSON *body;

	if (http->length == 0 || memchr(http->body, '\0', http->length) ||
	    !g_utf8_validate(http->body, (gssize)http->length, NULL) ||
	    strstr(http->body, "\\u0000"))
		return NULL;
	body = cJSON_ParseWithLengthOpts(http->body, http->length, &end, FALSE);
	while (body && end < http->body + http->length && g_ascii_isspace(*end))
		end++;
	if (body && end == http->body + http->length)
		return body;
	cJSON_Delete(body);
	return NULL;
}

gboolean
api_check(struct api_call *call, const char *schema, const cJSON *body)
{
	g_autoptr(GPtrArray) findings =
		jsonschema_check(g_hash_table_lookup(call->api->schemas, schema), body);

	if (findings->len > 0)
		api_answer_error(call, 422, "invalid", "the body is not what the schema says",
				 make_details(findings));
	return findings->len == 0;
}

static gboolean
is_action(const struct operation *operation)
{
	return operation->scope && !strcmp(operation->scope, "operate") &&
	       strcmp(operation->method, "GET") != 0;
}

/* What can't be written down is not done. */
static void
run_audited(struct api_call *call, const struct operation *operation)
{
	char *detail;
	gint64 id;

	if (!is_action(operation)) {
		operation->run(call);
		return;
	}
	detail = call->body ? cJSON_PrintUnformatted(call->body) : NULL;
	id = api_audit(call, operation->id, call->parameter, detail, 0);
	cJSON_free(detail);
	if (!id) {
		api_answer_error(call, 503, "unavailable", "the store can't take it now", NULL);
		return;
	}
	operation->run(call);
	api_audit_end(call, id);
}

static void
run_with_body(struct api_call *call, const struct operation *operation)
{
	cJSON *body = parse_body(call->http);

	if (!body) {
		api_answer_error(call, 400, "no_json", "the body is no JSON in UTF-8", NULL);
		return;
	}
	if (api_check(call, operation->schema, body)) {
		call->body = body;
		run_audited(call, operation);
	}
	cJSON_Delete(body);
}

static void
run(struct api_call *call)
{
	const struct operation *operation = find_operation(call);

	if (!operation || !may_run(call, operation))
		return;
	if (operation->schema)
		run_with_body(call, operation);
	else
		run_audited(call, operation);
}

/* The page's files are nobody's secret, but not for a page under another name. */
static gboolean
answer_page(struct api_call *call)
{
	return page_file_find(call->http->path) &&
	       (!api_session_check_host(call) || page_answer(call->http, call->answer));
}

void
api_handle(const struct server_call *http, struct server_answer *ret, gpointer data)
{
	struct api *api = data;
	struct api_call call = { .http = http,
				 .answer = ret,
				 .api = api,
				 .host = &api->host,
				 .id = server_call_header(http, "webhook-id"),
				 .now = clock_now() };

	api->host.acquire(&call.view, api->host.data);
	api_session_look(&call);
	if (!answer_page(&call)) {
		run(&call);
		page_add_headers(ret, TRUE);
	}
	api_session_clear(&call);
	g_free(call.parameter);
	api->host.release(&call.view, api->host.data);
	pthread_mutex_lock(&api->mutex);
	api->answers[MIN(ret->status / 100, STATUS_CLASSES - 1)]++;
	pthread_mutex_unlock(&api->mutex);
}

/* --- streams --- */

/* "u7" is a user's session, "cNAME" a client. */
static gboolean
listener_is_open(const char *key, gpointer data)
{
	struct api *api = data;
	struct api_view view;
	gboolean open;

	if (*key != 'u')
		return TRUE;
	api->host.acquire(&view, api->host.data);
	open = login_is_open(api->logins, g_ascii_strtoull(key + 1, NULL, 10),
			     view.config->page_users, clock_now());
	api->host.release(&view, api->host.data);
	return open;
}

void
api_get_stream(struct api_call *call)
{
	const char *last = server_call_header(call->http, "Last-Event-ID");
	g_autofree char *key = call->login
				       ? g_strdup_printf("u%" G_GUINT64_FORMAT, call->login->serial)
				       : g_strconcat("c", call->client->name, NULL);

	if (!stream_open(call->api->streams, key,
			 last ? last : server_call_query(call->http, "after"),
			 &call->answer->source)) {
		api_answer_error(call, 429, "too_many", "too many streams", NULL);
		api_add_header(call, g_strdup("Retry-After: 30"));
		return;
	}
	call->answer->status = 200;
	call->answer->type = "text/event-stream";
	api_add_header(call, g_strdup("X-Accel-Buffering: no")); /* nginx passes it on at once */
}

/* Whoever can ask may search. */
static gboolean
may_search(const struct config *config)
{
	for (guint i = 0; i < config->clients->len; i++)
		if (auth_allows(config->clients->pdata[i], "read"))
			return TRUE;
	return config->page_users->len > 0;
}

static void
tick(gpointer data)
{
	struct api *api = data;
	g_autoptr(GError) error = NULL;
	struct api_view view;
	gboolean wanted;

	api->host.acquire(&view, api->host.data);
	wanted = may_search(view.config);
	api->host.release(&view, api->host.data);
	if (!wanted)
		return;
	if (!browse_catch_up(api->host.store, CATCH_UP, CATCH_UP_LEAST, &error) && error)
		log_debug("search index: %s", error->message);
}

gboolean
api_start(struct api *api, struct server *server, GError **error)
{
	return stream_start(api->streams, server, error);
}

void
api_stop(struct api *api)
{
	if (api)
		stream_stop(api->streams);
}

/* --- the description --- */

static gboolean
is_described(const cJSON *paths, const struct operation *operation)
{
	g_autofree char *method = g_ascii_strdown(operation->method, -1);
	const cJSON *path = cJSON_GetObjectItemCaseSensitive(paths, operation->path);
	const cJSON *described = cJSON_GetObjectItemCaseSensitive(path, method);

	return g_strcmp0(api_text(described, "operationId"), operation->id) == 0;
}

static gboolean
check_described(const struct api *api, GError **error)
{
	const cJSON *paths = cJSON_GetObjectItemCaseSensitive(api->document, "paths");

	for (guint i = 0; i < G_N_ELEMENTS(OPERATIONS); i++) {
		if (is_described(paths, &OPERATIONS[i]))
			continue;
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "openapi.json: %s %s with operationId %s is not described",
			    OPERATIONS[i].method, OPERATIONS[i].path, OPERATIONS[i].id);
		return FALSE;
	}
	return TRUE;
}

static gboolean
load_schema(struct api *api, const char *name, GError **error)
{
	g_autofree char *pointer = g_strdup_printf("/components/schemas/%s", name);
	struct jsonschema *schema = jsonschema_new(api->document, pointer, error);

	if (schema)
		g_hash_table_replace(api->schemas, (gpointer)name, schema);
	else
		g_prefix_error(error, "openapi.json: ");
	return schema != NULL;
}

static gboolean
load_schemas(struct api *api, GError **error)
{
	for (guint i = 0; i < G_N_ELEMENTS(OPERATIONS); i++)
		if (OPERATIONS[i].schema && !load_schema(api, OPERATIONS[i].schema, error))
			return FALSE;
	return load_schema(api, "LeadBatch", error); /* of a vendor's webhook */
}

static gboolean
count_described(const struct api *api, GError **error)
{
	const cJSON *paths = cJSON_GetObjectItemCaseSensitive(api->document, "paths"), *path;
	int count = 0;

	cJSON_ArrayForEach(path, paths)
	{
		count += cJSON_GetArraySize(path);
	}
	if (count == (int)G_N_ELEMENTS(OPERATIONS))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
		    "openapi.json: describes %d operations, this program has %d", count,
		    (int)G_N_ELEMENTS(OPERATIONS));
	return FALSE;
}

struct api *
api_new(const struct api_host *host, const char *openapi, GError **error)
{
	struct api *api = g_new0(struct api, 1);
	gboolean good;

	api->host = *host;
	api->text = g_strdup(openapi);
	api->document = cJSON_Parse(openapi);
	api->schemas = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					     (GDestroyNotify)jsonschema_free);
	api->buckets = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	api->logins = login_new();
	api->streams = stream_new(&(struct stream_host){
		.store = host->store, .is_open = listener_is_open, .tick = tick, .data = api });
	pthread_mutex_init(&api->mutex, NULL);
	good = api->document != NULL;
	if (!good)
		g_set_error_literal(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "openapi.json: is no JSON");
	if (good && check_described(api, error) && count_described(api, error) &&
	    load_schemas(api, error))
		return api;
	api_free(api);
	return NULL;
}

void
api_free(struct api *api)
{
	if (!api)
		return;
	pthread_mutex_destroy(&api->mutex);
	login_free(api->logins);
	stream_free(api->streams);
	g_hash_table_unref(api->buckets);
	g_hash_table_unref(api->schemas);
	cJSON_Delete(api->document);
	g_free(api->text);
	g_free(api);
}
