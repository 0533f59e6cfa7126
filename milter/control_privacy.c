/* control_privacy.c - a person is forgotten, and no trace is left in the file. */
#include "control_command.h"
#include "store/store_privacy.h"

static cJSON *
do_forget(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *who = control_needed_text(request, "who", error);
	struct forget_report report = { 0 };
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	gboolean remember =
		generation->config->remember_forgotten || control_flag(request, "remember");
	if (!who || !store_forget(runtime->store, runtime->spool, who, remember,
				  control_now(request), &report, error))
		return NULL;
	const struct {
		const char *name;
		guint count;
	} rows[] = {
		{ "leads", report.leads },       { "touches", report.touches },
		{ "messages", report.messages }, { "events", report.events },
		{ "contacts", report.contacts }, { "spooled", report.spooled },
	};
	cJSON *reply = control_success();
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		cJSON_AddNumberToObject(reply, rows[i].name, rows[i].count);
	return reply;
}

static cJSON *
do_compact(struct runtime *runtime, const cJSON *request, GError **error)
{
	(void)request;
	return store_compact(runtime->store, error) ? control_success() : NULL;
}

const struct control_command control_privacy_commands[] = {
	{ "forget", do_forget },
	{ "compact", do_compact },
	{ NULL, NULL },
};
