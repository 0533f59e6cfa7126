/* leadctl_audit.c - the audit log: who did what on the page, through the API and by leadctl. */
#include "leadctl.h"
#include "lead/show.h"

#include <stdio.h>

static cJSON *
to_json(const struct store_audit *entry)
{
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "id", (double)entry->id);
	show_add_time(object, "time", entry->time);
	show_add_text(object, "who", entry->who);
	show_add_text(object, "role", entry->role);
	show_add_text(object, "peer", entry->peer);
	show_add_text(object, "action", entry->action);
	show_add_text(object, "target", entry->target);
	show_add_text(object, "detail", entry->detail);
	cJSON_AddNumberToObject(object, "status", entry->status);
	return object;
}

static void
print(const struct store_audit *entry)
{
	g_autofree char *when = leadctl_time(entry->time);
	g_autofree char *who = leadctl_column(entry->who ? entry->who : "-", 16);
	g_autofree char *action = leadctl_column(entry->action, 16);
	printf("%s  %s %-8s %-15s %s %3d  %s  %s\n", when, who, entry->role ? entry->role : "-",
	       entry->peer ? entry->peer : "-", action, entry->status,
	       entry->target ? entry->target : "-", entry->detail ? entry->detail : "");
}

static int
run_audit(struct leadctl *leadctl, int argc, char **argv)
{
	static char *who, *action;
	static int most = 50;
	const struct leadctl_command *command = leadctl_find(leadctl_audit_commands, "audit");
	const GOptionEntry entries[] = {
		{ "who", 0, 0, G_OPTION_ARG_STRING, &who, NULL, NULL },
		{ "action", 0, 0, G_OPTION_ARG_STRING, &action, NULL, NULL },
		{ "most", 0, 0, G_OPTION_ARG_INT, &most, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 1)
		return leadctl_usage(command);
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list =
		store_audit_list(leadctl->store, who, action, 0, (guint)MAX(most, 0), &error);
	if (!list)
		return leadctl_fail(error);
	for (guint i = 0; i < list->len; i++)
		if (leadctl->json)
			leadctl_print_json(to_json(g_ptr_array_index(list, i)));
		else
			print(g_ptr_array_index(list, i));
	return list->len ? LEADCTL_OK : LEADCTL_NEGATIVE;
}

const struct leadctl_command leadctl_audit_commands[] = {
	{ "audit", "[--who NAME] [--action A] [--most N]", "who did what, newest first",
	  run_audit },
	{ NULL, NULL, NULL, NULL },
};
