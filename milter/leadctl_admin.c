/*
 * leadctl_admin.c - commands on deliveries, endpoints and the daemon.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "lead/show.h"
#include "base/error.h"
#include "hooks/out/sign.h"
#include "store/tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const state_names[] = { "waiting", "delivered", "dead", "dropped" };

static int
state_from_name(const char *name)
{
	for (guint i = 0; i < G_N_ELEMENTS(state_names); i++)
		if (!strcmp(state_names[i], name))
			return (int)i;
	return -1;
}

/* --- outbox --- */

static cJSON *
delivery_to_json(const struct delivery *delivery, gboolean with_body)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "id", (double)delivery->id);
	show_add_text(object, "event", delivery->event);
	show_add_text(object, "type", delivery->type);
	show_add_text(object, "endpoint", delivery->endpoint);
	show_add_text(object, "lead", delivery->lead);
	show_add_text(object, "state", state_names[delivery->state]);
	cJSON_AddNumberToObject(object, "attempts", delivery->attempts);
	show_add_time(object, "time", delivery->time);
	show_add_time(object, "next", delivery->state == DELIVERY_WAITING ? delivery->next : 0);
	cJSON_AddNumberToObject(object, "status", delivery->status);
	show_add_text(object, "error", delivery->error);
	show_add_text(object, "response", delivery->response);
	if (with_body)
		cJSON_AddItemToObject(object, "body", cJSON_Parse(delivery->body));
	return object;
}

static void
print_delivery(const struct delivery *delivery)
{
	g_autofree char *when = leadctl_time(delivery->time);
	g_autofree char *next =
		delivery->state == DELIVERY_WAITING ? leadctl_time(delivery->next) : g_strdup("-");
	printf("%8" G_GINT64_FORMAT "  %s  %-9s %-14s %-20s %-29s tries %u  next %s  %s\n",
	       delivery->id, when, state_names[delivery->state], delivery->endpoint, delivery->type,
	       delivery->lead, delivery->attempts, next, delivery->error ? delivery->error : "");
}

static int
run_outbox_list(struct leadctl *leadctl, int argc, char **argv)
{
	static char *state, *endpoint, *lead;
	static int most = 50;
	const struct leadctl_command *command = leadctl_find(leadctl_admin_commands, "outbox list");
	const GOptionEntry entries[] = {
		{ "state", 0, 0, G_OPTION_ARG_STRING, &state, NULL, NULL },
		{ "endpoint", 0, 0, G_OPTION_ARG_STRING, &endpoint, NULL, NULL },
		{ "lead", 0, 0, G_OPTION_ARG_STRING, &lead, NULL, NULL },
		{ "most", 0, 0, G_OPTION_ARG_INT, &most, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 1 || (state && state_from_name(state) < 0))
		return leadctl_usage(command);
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list =
		store_outbox_list(leadctl->store, state ? state_from_name(state) : -1, endpoint,
				  lead, (guint)MAX(most, 0), &error);
	if (!list)
		return leadctl_fail(error);
	for (guint i = 0; i < list->len; i++)
		if (leadctl->json)
			leadctl_print_json(delivery_to_json(g_ptr_array_index(list, i), FALSE));
		else
			print_delivery(g_ptr_array_index(list, i));
	return list->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

static int
run_outbox_show(struct leadctl *leadctl, int argc, char **argv)
{
	char *end = NULL;
	gint64 id = argc == 2 ? g_ascii_strtoll(argv[1], &end, 10) : 0;
	if (id <= 0 || *end)
		return leadctl_usage(leadctl_find(leadctl_admin_commands, "outbox show"));
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	struct delivery *delivery = store_outbox_get(leadctl->store, id, &error);
	if (!delivery)
		return leadctl_fail(error);
	if (leadctl->json)
		leadctl_print_json(delivery_to_json(delivery, TRUE));
	else {
		print_delivery(delivery);
		printf("%s\n", delivery->body);
		if (delivery->response)
			printf("last answer: %d %s\n", delivery->status, delivery->response);
	}
	delivery_free(delivery);
	return LEADCTL_OK;
}

static int
print_count(struct leadctl *leadctl, cJSON *reply, const char *what)
{
	if (!reply)
		return leadctl->failure;
	int count = (int)cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(reply, "count"));
	if (leadctl->json)
		leadctl_print_json(reply);
	else {
		printf("%d %s\n", count, what);
		cJSON_Delete(reply);
	}
	return count > 0 ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

static int
change_outbox(struct leadctl *leadctl, const char *name, const char *what, int argc, char **argv)
{
	char *end = NULL;
	gint64 id = argc == 2 ? g_ascii_strtoll(argv[1], &end, 10) : 0;
	gboolean all = argc == 2 && !strcmp(argv[1], "dead") && !strcmp(name, "outbox retry");
	if (argc != 2 || (!all && (id <= 0 || *end)))
		return leadctl_usage(leadctl_find(leadctl_admin_commands, name));
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", name);
	cJSON_AddNumberToObject(request, "id", all ? 0 : (double)id);
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	return print_count(leadctl, reply, what);
}

static int
run_outbox_retry(struct leadctl *leadctl, int argc, char **argv)
{
	return change_outbox(leadctl, "outbox retry", "due now", argc, argv);
}

static int
run_outbox_drop(struct leadctl *leadctl, int argc, char **argv)
{
	return change_outbox(leadctl, "outbox drop", "dropped", argc, argv);
}

/* --- endpoints --- */

static cJSON *
endpoint_to_json(const struct endpoint_status *status)
{
	cJSON *object = cJSON_CreateObject();
	show_add_text(object, "endpoint", status->name);
	cJSON_AddBoolToObject(object, "parked", status->parked);
	show_add_text(object, "reason", status->reason);
	show_add_time(object, "parked_since", status->parked_since);
	cJSON_AddNumberToObject(object, "waiting", (double)status->waiting);
	cJSON_AddNumberToObject(object, "delivered", (double)status->delivered);
	cJSON_AddNumberToObject(object, "dead", (double)status->dead);
	show_add_time(object, "oldest_waiting", status->oldest_waiting);
	return object;
}

static int
run_endpoint_status(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list = store_endpoint_status(leadctl->store, &error);
	if (!list)
		return leadctl_fail(error);
	gboolean parked = FALSE;
	for (guint i = 0; i < list->len; i++) {
		const struct endpoint_status *status = g_ptr_array_index(list, i);
		parked |= status->parked;
		g_autofree char *oldest = leadctl_time(status->oldest_waiting);
		if (leadctl->json)
			leadctl_print_json(endpoint_to_json(status));
		else
			printf("%-20s %-8s waiting %" G_GUINT64_FORMAT
			       " (oldest %s)  delivered %" G_GUINT64_FORMAT
			       "  dead %" G_GUINT64_FORMAT "  %s\n",
			       status->name, status->parked ? "parked" : "open", status->waiting,
			       oldest, status->delivered, status->dead,
			       status->reason ? status->reason : "");
	}
	return parked ? LEADCTL_NEGATIVE : LEADCTL_OK;
}

static int
change_endpoint(struct leadctl *leadctl, const char *name, int argc, char **argv)
{
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_admin_commands, name));
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", name);
	cJSON_AddStringToObject(request, "endpoint", argv[1]);
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	cJSON_Delete(reply);
	return LEADCTL_OK;
}

static int
run_endpoint_resume(struct leadctl *leadctl, int argc, char **argv)
{
	return change_endpoint(leadctl, "endpoint resume", argc, argv);
}

static int
run_endpoint_park(struct leadctl *leadctl, int argc, char **argv)
{
	return change_endpoint(leadctl, "endpoint park", argc, argv);
}

static void
print_test(const cJSON *reply, const char *name)
{
	const char *request = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "request"));
	const char *error = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "error"));
	const char *response = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "response"));
	double seconds = cJSON_GetNumberValue(cJSON_GetObjectItem(reply, "seconds"));
	int status = (int)cJSON_GetNumberValue(cJSON_GetObjectItem(reply, "status"));
	if (request)
		printf("%s", request);
	else if (error)
		printf("%s: not taken after %.3f s: %s\n", name, seconds, error);
	else
		printf("%s: taken after %.3f s (HTTP %d)\n", name, seconds, status);
	if (response)
		printf("%s\n", response);
}

static int
run_endpoint_test(struct leadctl *leadctl, int argc, char **argv)
{
	static gboolean dry_run;
	const struct leadctl_command *command =
		leadctl_find(leadctl_admin_commands, "endpoint test");
	const GOptionEntry entries[] = {
		{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc != 2)
		return leadctl_usage(command);
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", "endpoint test");
	cJSON_AddStringToObject(request, "endpoint", argv[1]);
	cJSON_AddBoolToObject(request, "dry_run", dry_run);
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	gboolean good = dry_run || cJSON_IsTrue(cJSON_GetObjectItem(reply, "delivered"));
	if (!leadctl->json)
		print_test(reply, argv[1]);
	leadctl->json ? leadctl_print_json(reply) : cJSON_Delete(reply);
	return good ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* What receivers verify asymmetric signatures with. */
static guint
print_keys(const struct leadctl *leadctl, const struct config_endpoint *endpoint)
{
	guint count = 0;
	for (guint i = 0; i < endpoint->secrets->len; i++) {
		g_autofree char *key = sign_public_key(g_ptr_array_index(endpoint->secrets, i));
		count += key != NULL;
		if (key && !leadctl->json)
			printf("%s\n", key);
		else if (key) {
			cJSON *object = cJSON_CreateObject();
			show_add_text(object, "endpoint", endpoint->name);
			show_add_text(object, "key", key);
			leadctl_print_json(object);
		}
	}
	return count;
}

static int
run_endpoint_key(struct leadctl *leadctl, int argc, char **argv)
{
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_admin_commands, "endpoint key"));
	struct generation *generation = leadctl_generation(leadctl);
	if (!generation)
		return LEADCTL_FAILURE;
	const GPtrArray *endpoints = generation->config->endpoints;
	guint count = 0;
	gboolean known = FALSE;
	for (guint i = 0; i < endpoints->len; i++) {
		const struct config_endpoint *endpoint = g_ptr_array_index(endpoints, i);
		if (strcmp(endpoint->name, argv[1]) != 0)
			continue;
		known = TRUE;
		count += print_keys(leadctl, endpoint);
	}
	if (!known)
		fprintf(stderr, "leadctl: no endpoint \"%s\" in %s\n", argv[1],
			generation->config->path);
	else if (!count)
		fprintf(stderr, "leadctl: endpoint \"%s\" has no ed25519 secret (whsk_)\n",
			argv[1]);
	return count ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* --- the daemon --- */

static int
run_check(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	struct generation *generation = leadctl_generation(leadctl);
	if (!generation)
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	const struct config *config = generation->config;
	g_autofree char *store = tools_name(config->store);
	gboolean sound = TRUE;
	if (strstr(store, "://") || g_file_test(store, G_FILE_TEST_EXISTS))
		sound = leadctl_store(leadctl) && store_check(leadctl->store, &error);
	if (!sound)
		return error ? leadctl_fail(error) : LEADCTL_FAILURE;
	if (leadctl->json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "config", config->path);
		cJSON_AddNumberToObject(object, "mailboxes", config->mailboxes->len);
		cJSON_AddNumberToObject(object, "endpoints", config->endpoints->len);
		cJSON_AddNumberToObject(object, "scorecards", config->scorecards->len);
		show_add_text(object, "store", strstr(store, "://") ? store : config->store);
		leadctl_print_json(object);
	} else
		printf("%s: ok: %u mailboxes, %u endpoints, %u scorecards; store %s\n",
		       config->path, config->mailboxes->len, config->endpoints->len,
		       config->scorecards->len, leadctl->store ? "sound" : "not made yet");
	return LEADCTL_OK;
}

static void
print_list(const cJSON *list)
{
	const cJSON *item;
	printf("%-22s", list->string);
	cJSON_ArrayForEach(item, list) printf(" %s", cJSON_GetStringValue(item));
	printf("%s\n", list->child ? "" : " -");
}

static void
print_stats(const cJSON *reply)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, reply)
	{
		if (cJSON_IsNumber(item))
			printf("%-22s %.0f\n", item->string, item->valuedouble);
		else if (cJSON_IsString(item))
			printf("%-22s %s\n", item->string, item->valuestring);
		else if (cJSON_IsArray(item))
			print_list(item);
		else if (cJSON_IsObject(item))
			print_stats(item);
	}
}

static cJSON *
store_to_json(const struct store_stats *stats)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "leads", (double)stats->leads);
	cJSON_AddNumberToObject(object, "touches", (double)stats->touches);
	cJSON_AddNumberToObject(object, "store_messages", (double)stats->messages);
	cJSON_AddNumberToObject(object, "outbox_waiting", (double)stats->waiting);
	cJSON_AddNumberToObject(object, "outbox_delivered", (double)stats->delivered);
	cJSON_AddNumberToObject(object, "outbox_dead", (double)stats->dead);
	cJSON_AddNumberToObject(object, "store_bytes", (double)stats->bytes);
	cJSON_AddNumberToObject(object, "schema", stats->schema);
	cJSON *stages = cJSON_AddObjectToObject(object, "stages");
	for (int stage = 0; stage < STAGE_COUNT; stage++)
		cJSON_AddNumberToObject(stages, stage_name(stage),
					(double)stats->leads_by_stage[stage]);
	return object;
}

/* Without a store that answers the daemon's figures say most. */
static cJSON *
read_stats(struct leadctl *leadctl)
{
	g_autoptr(GError) error = NULL;
	struct store_stats stats;
	if (!leadctl_store(leadctl))
		return NULL;
	if (store_stats(leadctl->store, &stats, &error))
		return store_to_json(&stats);
	leadctl_fail(error);
	return NULL;
}

static int
run_stats(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	g_autoptr(GError) error = NULL;
	cJSON *read = read_stats(leadctl);
	cJSON *object = read ? read : cJSON_CreateObject();
	cJSON *daemon = leadctl_ask_daemon(leadctl, "stats", &error);
	if (daemon)
		cJSON_AddItemToObject(object, "daemon", daemon);
	else
		cJSON_AddNullToObject(object, "daemon");
	if (leadctl->json)
		leadctl_print_json(object);
	else {
		print_stats(object);
		if (!daemon)
			printf("%-22s %s\n", "daemon",
			       error && error->code == ERROR_NOT_FOUND ? "not running"
								       : "not known");
		cJSON_Delete(object);
	}
	return read ? LEADCTL_OK : LEADCTL_FAILURE;
}

static int
run_reload(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	g_autoptr(GError) error = NULL;
	cJSON *reply = leadctl_ask_daemon(leadctl, "reload", &error);
	if (!reply)
		return leadctl_fail(error);
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(reply, "restart_needed"))
		fprintf(stderr, "leadctl: %s was changed; it takes effect at the next start\n",
			cJSON_GetStringValue(item));
	if (leadctl->json)
		leadctl_print_json(reply);
	else
		cJSON_Delete(reply);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_admin_commands[] = {
	{ "outbox list", "[--state S] [--endpoint E] [--lead L] [--most N]", "deliveries",
	  run_outbox_list },
	{ "outbox show", "ID", "one delivery with its body", run_outbox_show },
	{ "outbox retry", "ID|dead", "try again now", run_outbox_retry },
	{ "outbox drop", "ID", "give a delivery up", run_outbox_drop },
	{ "endpoint status", "", "endpoints: waiting, parked", run_endpoint_status },
	{ "endpoint resume", "NAME", "deliver to it again", run_endpoint_resume },
	{ "endpoint park", "NAME", "stop delivering to it", run_endpoint_park },
	{ "endpoint test", "[--dry-run] NAME", "send it one leadmilter.test event",
	  run_endpoint_test },
	{ "endpoint key", "NAME", "its public keys for v1a signatures", run_endpoint_key },
	{ "check", "", "configuration and store", run_check },
	{ "stats", "", "figures of the store and the running daemon", run_stats },
	{ "reload", "", "the daemon reads its configuration again", run_reload },
	{ NULL, NULL, NULL, NULL },
};
