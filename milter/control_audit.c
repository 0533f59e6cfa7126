/*
 * control_audit.c - see control_audit.h.
 *
 * Rows of an import and messages are counted, not kept; and of somebody who is forgotten not even
 * the address.
 */
#include "control_audit.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "control_command.h"

#include <pwd.h>
#include <string.h>
#include <unistd.h>

#define VALUE_KEPT 200

/* Commands that change nothing, or (replay) each of thousands of mails. */
static const char *const only_looking[] = { "ping", "stats", "replay", NULL };

char *
control_audit_user(uid_t uid)
{
	struct passwd entry, *found = NULL;
	char buffer[4096];
	if (getpwuid_r(uid, &entry, buffer, sizeof buffer, &found) == 0 && found)
		return g_strdup(found->pw_name);
	return g_strdup_printf("uid %u", (guint)uid);
}

static gboolean
is_kept(const cJSON *item)
{
	static const char *const apart[] = { "command", "now", "lead", "endpoint", NULL };
	return !g_strv_contains(apart, item->string);
}

/* The arguments; lists and long texts as how much they are.  Caller frees. */
static char *
make_detail(const cJSON *request)
{
	cJSON *detail = cJSON_CreateObject();
	const cJSON *item;
	cJSON_ArrayForEach(item, request)
	{
		const char *text = cJSON_GetStringValue(item);
		if (!item->string || !is_kept(item))
			continue;
		if (cJSON_IsArray(item) || cJSON_IsObject(item))
			cJSON_AddNumberToObject(detail, item->string, cJSON_GetArraySize(item));
		else if (text && strlen(text) > VALUE_KEPT)
			cJSON_AddNumberToObject(detail, item->string, (double)strlen(text));
		else
			cJSON_AddItemToObject(detail, item->string, cJSON_Duplicate(item, TRUE));
	}
	char *printed = cJSON_PrintUnformatted(detail);
	char *kept = g_strdup(printed);
	cJSON_free(printed);
	cJSON_Delete(detail);
	return kept;
}

gint64
control_audit_begin(struct runtime *runtime, const cJSON *request, const char *who)
{
	const char *command = control_text(request, "command");
	if (!command || !runtime->store || g_strv_contains(only_looking, command))
		return 0;
	gboolean is_private = !strcmp(command, "forget");
	const char *lead = control_text(request, "lead");
	g_autofree char *self = control_audit_user(getuid());
	g_autofree char *detail = is_private ? NULL : make_detail(request);
	const struct store_audit entry = {
		.time = clock_now(),
		.who = (char *)(who ? who : self),
		.role = (char *)"leadctl",
		.peer = (char *)"local",
		.action = (char *)command,
		.target = (char *)(lead ? lead : control_text(request, "endpoint")),
		.detail = detail,
	};
	g_autoptr(GError) error = NULL;
	gint64 id = store_audit_write(runtime->store, &entry, &error);
	if (!id)
		log_info("audit: %s by %s: %s", command, entry.who, error->message);
	return id;
}

void
control_audit_end(struct runtime *runtime, gint64 id, const cJSON *reply)
{
	gboolean done = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(reply, "ok"));
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(reply, "code");
	g_autoptr(GError) error = NULL;
	if (!id)
		return;
	int status = done                                                 ? 200
		     : (int)cJSON_GetNumberValue(code) == ERROR_NOT_FOUND ? 404
		     : (int)cJSON_GetNumberValue(code) == ERROR_INPUT     ? 422
									  : 500;
	if (!store_audit_end(runtime->store, id, status, &error))
		log_info("audit: entry %" G_GINT64_FORMAT ": %s", id, error->message);
}
