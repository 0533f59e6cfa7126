/* leadctl_doctor.c - `leadctl doctor`: what is wrong with this installation, and what to do. */
#include "base/clock.h"
#include "doctor_look.h"
#include "leadctl.h"

#include <stdio.h>

struct outcome {
	guint errors, warnings;
};

static struct outcome
count_findings(const GPtrArray *findings)
{
	struct outcome outcome = { 0 };
	for (guint i = 0; i < findings->len; i++) {
		const struct doctor_finding *finding = g_ptr_array_index(findings, i);
		if (doctor_kind(finding->id)->is_error)
			outcome.errors++;
		else
			outcome.warnings++;
	}
	return outcome;
}

static cJSON *
finding_to_json(const struct doctor_finding *finding)
{
	const struct doctor_kind *kind = doctor_kind(finding->id);
	cJSON *object = cJSON_CreateObject();
	cJSON_AddStringToObject(object, "id", kind->name);
	cJSON_AddStringToObject(object, "severity", kind->is_error ? "error" : "warning");
	cJSON_AddStringToObject(object, "what", finding->what);
	cJSON_AddStringToObject(object, "advice", kind->advice);
	return object;
}

static void
print_json(const struct doctor_facts *facts, const GPtrArray *findings,
	   const struct outcome *outcome)
{
	g_autofree char *time = clock_format(facts->now);
	cJSON *object = cJSON_CreateObject();
	cJSON_AddNumberToObject(object, "schema", 1);
	cJSON_AddStringToObject(object, "time", time);
	cJSON_AddStringToObject(object, "version", LEADMILTER_VERSION);
	cJSON_AddStringToObject(object, "mta",
				facts->postfix.found   ? "postfix"
				: facts->sendmail.path ? "sendmail"
						       : "none");
	cJSON_AddNumberToObject(object, "errors", outcome->errors);
	cJSON_AddNumberToObject(object, "warnings", outcome->warnings);
	cJSON *list = cJSON_AddArrayToObject(object, "findings");
	for (guint i = 0; i < findings->len; i++)
		cJSON_AddItemToArray(list, finding_to_json(g_ptr_array_index(findings, i)));
	leadctl_print_json(object);
}

static void
print_text(const GPtrArray *findings, const struct outcome *outcome)
{
	for (guint i = 0; i < findings->len; i++) {
		const struct doctor_finding *finding = g_ptr_array_index(findings, i);
		const struct doctor_kind *kind = doctor_kind(finding->id);
		printf("%s %s: %s\n    %s\n", kind->is_error ? "error  " : "warning", kind->name,
		       finding->what, kind->advice);
	}
	if (outcome->errors || outcome->warnings)
		printf("%u error%s, %u warning%s\n", outcome->errors,
		       outcome->errors == 1 ? "" : "s", outcome->warnings,
		       outcome->warnings == 1 ? "" : "s");
	else
		printf("all is well\n");
}

static int
run_doctor(struct leadctl *leadctl, int argc, char **argv)
{
	static struct doctor_options options;
	static gboolean strict, quiet;
	const GOptionEntry entries[] = {
		{ "probe", 0, 0, G_OPTION_ARG_NONE, &options.probe, NULL, NULL },
		{ "no-network", 0, 0, G_OPTION_ARG_NONE, &options.no_network, NULL, NULL },
		{ "fast", 0, 0, G_OPTION_ARG_NONE, &options.fast, NULL, NULL },
		{ "postfix", 0, 0, G_OPTION_ARG_FILENAME, &options.postfix, NULL, NULL },
		{ "sendmail", 0, 0, G_OPTION_ARG_FILENAME, &options.sendmail, NULL, NULL },
		{ "strict", 0, 0, G_OPTION_ARG_NONE, &strict, NULL, NULL },
		{ "quiet", 0, 0, G_OPTION_ARG_NONE, &quiet, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	const struct leadctl_command *command = leadctl_find(leadctl_doctor_commands, "doctor");
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 1)
		return leadctl_usage(command);
	log_set_level(LOG_LEVEL_ERROR); /* what reading warns of is among the findings */
	options.config_path = leadctl->config_path;
	g_autoptr(doctor_facts_owned) facts = doctor_look(&options);
	g_autoptr(GPtrArray) findings = doctor_judge(facts);
	struct outcome outcome = count_findings(findings);
	gboolean bad = outcome.errors || (strict && outcome.warnings);
	if (leadctl->json)
		print_json(facts, findings, &outcome);
	else if (!quiet || bad)
		print_text(findings, &outcome);
	return bad ? LEADCTL_NEGATIVE : LEADCTL_OK;
}

const struct leadctl_command leadctl_doctor_commands[] = {
	{ "doctor",
	  "[--probe] [--no-network] [--fast] [--strict] [--quiet] [--postfix DIR] "
	  "[--sendmail FILE]",
	  "what is wrong here, and what to do", run_doctor },
	{ NULL, NULL, NULL, NULL },
};
