/*
 * leadctl_report.c - figures over any period: leadctl report funnel|sources|owners|response|kinds.
 *
 * The store is only read; what is counted how stands in lead/report_count.c.  Without a file the
 * report goes to standard output; a file is written whole or not at all.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "lead/report.h"
#include "lead/worktime.h"
#include "store/report.h"

#include <stdio.h>
#include <string.h>

struct report_options {
	char *since, *until, *during, *period, *mailbox, *scorecard, *by, *limit, *format, *output;
};

static void
report_options_clear(struct report_options *options)
{
	char *const texts[] = { options->since,  options->until,   options->during,
				options->period, options->mailbox, options->scorecard,
				options->by,     options->limit,   options->format,
				options->output };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_free(texts[i]);
}

static int
write_report(const GString *text, const char *path)
{
	g_autoptr(GError) error = NULL;
	if (!path || !strcmp(path, "-"))
		return fwrite(text->str, 1, text->len, stdout) == text->len && !fflush(stdout)
			       ? LEADCTL_OK
			       : LEADCTL_FAILURE;
	if (g_file_set_contents(path, text->str, (gssize)text->len, &error))
		return LEADCTL_OK;
	return leadctl_fail(error);
}

/* What was asked wrongly is wrong usage. */
static int
complain(const GError *error)
{
	fprintf(stderr, "leadctl report: %s\n", error->message);
	return LEADCTL_USAGE;
}

static int
make_report(struct leadctl *leadctl, const char *name, const struct report_options *options,
	    enum report_format format)
{
	const struct report_query query = {
		.since = options->since,
		.until = options->until,
		.during = options->during,
		.period = options->period,
		.mailbox = options->mailbox,
		.scorecard = options->scorecard,
		.by = options->by,
		.limit = options->limit,
	};
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = leadctl_config(leadctl, &error);
	g_autoptr(worktime_owned) worktime = config ? worktime_new(config, &error) : NULL;
	if (!worktime)
		return leadctl_fail(error);
	g_autoptr(report_owned) report = report_new(name, &query, worktime, leadctl->now, &error);
	if (!report)
		return complain(error);
	if (!leadctl_store(leadctl))
		return LEADCTL_FAILURE;
	if (!store_report(leadctl->store, report, config, &error))
		return error->code == ERROR_INPUT ? complain(error) : leadctl_fail(error);
	GString *text = report_show(report, format);
	int code = write_report(text, options->output);
	g_string_free(text, TRUE);
	return code;
}

static int
run_report(struct leadctl *leadctl, int argc, char **argv)
{
	struct report_options options = { 0 };
	const struct leadctl_command *command = leadctl_find(leadctl_report_commands, "report");
	const GOptionEntry entries[] = {
		{ "since", 0, 0, G_OPTION_ARG_STRING, &options.since, NULL, NULL },
		{ "until", 0, 0, G_OPTION_ARG_STRING, &options.until, NULL, NULL },
		{ "during", 0, 0, G_OPTION_ARG_STRING, &options.during, NULL, NULL },
		{ "period", 0, 0, G_OPTION_ARG_STRING, &options.period, NULL, NULL },
		{ "mailbox", 0, 0, G_OPTION_ARG_STRING, &options.mailbox, NULL, NULL },
		{ "scorecard", 0, 0, G_OPTION_ARG_STRING, &options.scorecard, NULL, NULL },
		{ "by", 0, 0, G_OPTION_ARG_STRING, &options.by, NULL, NULL },
		{ "limit", 0, 0, G_OPTION_ARG_STRING, &options.limit, NULL, NULL },
		{ "format", 0, 0, G_OPTION_ARG_STRING, &options.format, NULL, NULL },
		{ "output", 'o', 0, G_OPTION_ARG_FILENAME, &options.output, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	enum report_format format = leadctl->json ? REPORT_JSON : REPORT_TABLE;
	int code = LEADCTL_USAGE;
	if (!leadctl_options(command, entries, &argc, &argv))
		;
	else if (argc != 2)
		leadctl_usage(command);
	else if (options.format && !report_format_from_name(options.format, &format))
		fprintf(stderr, "leadctl report: --format: expected table, csv, json or svg\n");
	else
		code = make_report(leadctl, argv[1], &options, format);
	report_options_clear(&options);
	return code;
}

const struct leadctl_command leadctl_report_commands[] = {
	{ "report",
	  "funnel|sources|owners|response|kinds [--since TIME] [--until TIME] [--during SPAN] "
	  "[--period P] [--mailbox A] [--scorecard NAME] [--by WHAT] [--limit N] [--format F] "
	  "[--output FILE]",
	  "figures over any period, as a table, CSV, JSON or chart", run_report },
	{ NULL, NULL, NULL, NULL },
};
