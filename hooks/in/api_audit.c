/*
 * api_audit.c - the audit log: what is done is written down before it is done, and then how it
 * ended.
 */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/limits.h"
#include "base/log.h"
#include "lead/show.h"

static const char *
role_of(const struct api_call *call)
{
	return call->login ? call->login->user->role : call->client ? "client" : NULL;
}

gint64
api_audit(struct api_call *call, const char *action, const char *target, const char *detail,
	  int status)
{
	g_autofree char *short_detail =
		detail ? g_utf8_make_valid(detail, (gssize)MIN(strlen(detail), LIMIT_AUDIT_DETAIL))
		       : NULL;
	const struct store_audit entry = {
		.time = call->now,
		.who = (char *)api_who(call),
		.role = (char *)role_of(call),
		.peer = (char *)call->peer,
		.action = (char *)action,
		.target = (char *)target,
		.detail = short_detail,
		.status = status,
	};
	g_autoptr(GError) error = NULL;
	gint64 id = store_audit_write(call->host->store, &entry, &error);

	if (!id)
		log_warning("audit: %s by %s: %s", action, entry.who ? entry.who : "nobody",
			    error->message);
	return id;
}

void
api_audit_end(struct api_call *call, gint64 id)
{
	g_autoptr(GError) error = NULL;

	if (!store_audit_end(call->host->store, id, (int)call->answer->status, &error))
		log_warning("audit: entry %" G_GINT64_FORMAT ": %s", id, error->message);
}

static cJSON *
show_entry(const struct store_audit *entry)
{
	cJSON *one = cJSON_CreateObject();

	cJSON_AddNumberToObject(one, "id", (double)entry->id);
	show_add_time(one, "time", entry->time);
	show_add_text(one, "who", entry->who);
	show_add_text(one, "role", entry->role);
	show_add_text(one, "peer", entry->peer);
	show_add_text(one, "action", entry->action);
	show_add_text(one, "target", entry->target);
	show_add_text(one, "detail", entry->detail);
	cJSON_AddNumberToObject(one, "status", entry->status);
	return one;
}

static gboolean
read_cursor(struct api_call *call, gint64 *ret)
{
	const char *cursor;

	if (!api_read_text(call, "cursor", &cursor))
		return FALSE;
	if (!cursor || g_ascii_string_to_signed(cursor, 10, 1, G_MAXINT64, ret, NULL))
		return TRUE;
	api_answer_error(call, 422, "invalid", "cursor: expected `next` of the page before", NULL);
	return FALSE;
}

static void
answer_entries(struct api_call *call, const GPtrArray *entries, guint most)
{
	gboolean more = entries->len > most;
	g_autofree char *next =
		more ? g_strdup_printf("%" G_GINT64_FORMAT,
				       ((struct store_audit *)entries->pdata[most - 1])->id)
		     : NULL;
	cJSON *value = cJSON_CreateObject();
	cJSON *list = api_show_page(value, "entries", more, next);

	for (guint i = 0; i < MIN(entries->len, most); i++)
		cJSON_AddItemToArray(list, show_entry(entries->pdata[i]));
	api_answer_json(call, 200, value);
}

void
api_list_audit(struct api_call *call)
{
	g_autoptr(GPtrArray) entries = NULL;
	g_autoptr(GError) error = NULL;
	const char *who, *action;
	guint most = API_PAGE;
	gint64 before = 0;

	if (!api_read_text(call, "who", &who) || !api_read_text(call, "action", &action) ||
	    !read_cursor(call, &before) || !api_read_count(call, "limit", 1, API_PAGE_MOST, &most))
		return;
	entries = store_audit_list(call->host->store, who, action, before, most + 1, &error);
	if (entries)
		answer_entries(call, entries, most);
	else
		api_answer_failure(call, error);
}
