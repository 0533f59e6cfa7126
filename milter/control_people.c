/* control_people.c - what the administrator or sales change of leads by hand. */
#include "control_command.h"
#include "base/error.h"
#include "store/store_change.h"

static cJSON *
reply_with(struct answer *answer, gboolean done)
{
	cJSON *reply = done ? control_answer(answer) : NULL;
	answer_clear(answer);
	return reply;
}

static cJSON *
do_outcome(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *lead = control_needed_text(request, "lead", error);
	const char *what = lead ? control_needed_text(request, "outcome", error) : NULL;
	if (!what)
		return NULL;
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	const struct outcome outcome = { .what = what,
					 .value = control_text(request, "value"),
					 .reason = control_text(request, "reason"),
					 .source = "leadctl",
					 .time = control_number(request, "time") };
	struct answer answer = { 0 };
	gboolean done = store_outcome(runtime->store, lead, &outcome, generation->scorecards,
				      control_now(request), FALSE, &answer, error);
	return reply_with(&answer, done);
}

static cJSON *
do_merge(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *lead = control_needed_text(request, "lead", error);
	const char *other = lead ? control_needed_text(request, "other", error) : NULL;
	if (!other)
		return NULL;
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	struct answer answer = { 0 };
	gboolean done = store_merge(runtime->store, lead, other, generation->scorecards,
				    control_now(request), &answer, error);
	return reply_with(&answer, done);
}

static cJSON *
do_split(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *lead = control_needed_text(request, "lead", error);
	const char *what = lead ? control_needed_text(request, "what", error) : NULL;
	if (!what)
		return NULL;
	g_autoptr(generation_owned) generation = runtime_generation(runtime);
	struct answer answer = { 0 };
	g_autofree char *domain = runtime_organisation(generation, what);
	gboolean done = store_split(runtime->store, lead, what, domain, generation->scorecards,
				    control_now(request), &answer, error);
	return reply_with(&answer, done);
}

static cJSON *
do_keep_apart(struct runtime *runtime, const cJSON *request, GError **error)
{
	const char *lead = control_needed_text(request, "lead", error);
	const char *other = lead ? control_needed_text(request, "other", error) : NULL;
	if (!other || !store_keep_apart(runtime->store, lead, other, error))
		return NULL;
	return control_success();
}

const struct control_command control_people_commands[] = {
	{ "outcome", do_outcome },       { "merge", do_merge }, { "split", do_split },
	{ "keep-apart", do_keep_apart }, { NULL, NULL },
};
