/*
 * leadctl_privacy.c - what a person may ask for: all that is kept of them, and that it is erased.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "mail/address.h"
#include "store/store_privacy.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* --- export --- */

static int
run_export(struct leadctl *leadctl, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_privacy_commands, "export"));
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autofree char *text = store_export(leadctl->store, argv[1], &error);
	if (!text)
		return leadctl_fail(error);
	cJSON *document = leadctl->json ? NULL : cJSON_Parse(text);
	char *pretty = document ? cJSON_Print(document) : NULL;
	puts(pretty ? pretty : text);
	cJSON_free(pretty);
	cJSON_Delete(document);
	return LEADCTL_OK;
}

/* --- forget --- */

/* @return FALSE when the answer isn't yes, or nobody can be asked */
static gboolean
is_sure(const char *who, int *ret_code)
{
	char line[16];
	*ret_code = LEADCTL_USAGE;
	if (!isatty(STDIN_FILENO)) {
		fprintf(stderr, "leadctl forget: asks before it erases; say --yes where nobody can "
				"answer\n");
		return FALSE;
	}
	printf("Erase everything that is kept of %s? It can't be brought back. [y/N] ", who);
	fflush(stdout);
	*ret_code = LEADCTL_NEGATIVE;
	if (fgets(line, sizeof line, stdin) && (line[0] == 'y' || line[0] == 'Y') &&
	    strchr("\n", line[1]))
		return TRUE;
	printf("nothing was erased\n");
	return FALSE;
}

/* What was erased, in words. @return TRUE when there was anything */
static gboolean
print_report(const char *who, const cJSON *reply)
{
	static const struct {
		const char *name, *one, *many;
	} rows[] = {
		{ "leads", "lead", "leads" },
		{ "touches", "touch", "touches" },
		{ "messages", "message", "messages" },
		{ "events", "event", "events" },
		{ "contacts", "contact", "contacts" },
		{ "spooled", "spooled mail", "spooled mails" },
	};
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		guint count = (guint)cJSON_GetNumberValue(
			cJSON_GetObjectItemCaseSensitive(reply, rows[i].name));
		if (count)
			g_string_append_printf(text, "%s%u %s", text->len ? ", " : "", count,
					       count == 1 ? rows[i].one : rows[i].many);
	}
	gboolean anything = text->len > 0;
	if (anything)
		printf("%s: erased: %s\n", who, text->str);
	else
		printf("%s: nothing was kept\n", who);
	g_string_free(text, TRUE);
	return anything;
}

static gboolean
has_any(const cJSON *reply)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, reply)
	{
		if (cJSON_IsNumber(item) && item->valuedouble > 0)
			return TRUE;
	}
	return FALSE;
}

static int
forget(struct leadctl *leadctl, const char *who, gboolean remember)
{
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", "forget");
	cJSON_AddStringToObject(request, "who", who);
	cJSON_AddBoolToObject(request, "remember", remember);
	cJSON_AddNumberToObject(request, "now", (double)leadctl->now);
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	gboolean anything = has_any(reply);
	if (leadctl->json) {
		cJSON_DeleteItemFromObject(reply, "ok");
		leadctl_print_json(reply);
		return anything ? LEADCTL_OK : LEADCTL_NEGATIVE;
	}
	print_report(who, reply);
	cJSON_Delete(reply);
	return anything ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

/* An id or an address; a name is too little for what can't be undone. */
static gboolean
names_somebody(const char *who)
{
	if (g_str_has_prefix(who, "ld_") || address_is_valid(who))
		return TRUE;
	fprintf(stderr, "leadctl forget: '%s' is neither an address nor a lead's id\n", who);
	return FALSE;
}

static int
run_forget(struct leadctl *leadctl, int argc, char **argv)
{
	gboolean yes = FALSE, remember = FALSE;
	const struct leadctl_command *command = leadctl_find(leadctl_privacy_commands, "forget");
	const GOptionEntry entries[] = {
		{ "yes", 0, 0, G_OPTION_ARG_NONE, &yes, NULL, NULL },
		{ "remember", 0, 0, G_OPTION_ARG_NONE, &remember, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	int code = LEADCTL_USAGE;
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc != 2)
		return leadctl_usage(command);
	if (!names_somebody(argv[1]) || (!yes && !is_sure(argv[1], &code)))
		return code;
	return forget(leadctl, argv[1], remember);
}

static int
run_compact(struct leadctl *leadctl, int argc, char **argv)
{
	(void)argc;
	(void)argv;
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", "compact");
	cJSON *reply = leadctl_ask(leadctl, request);
	cJSON_Delete(request);
	if (!reply)
		return leadctl->failure;
	cJSON_Delete(reply);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_privacy_commands[] = {
	{ "export", "LEAD|ADDRESS", "all that is kept of a person", run_export },
	{ "forget", "LEAD|ADDRESS [--yes] [--remember]", "erase a person", run_forget },
	{ "compact", "", "write the store's file anew", run_compact },
	{ NULL, NULL, NULL, NULL },
};
