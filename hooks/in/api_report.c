/*
 * api_report.c - GET /v1/reports/{report}: what `leadctl report` prints, with the same words.
 *
 * One report is made at a time, whoever asks: each may keep millions of durations in memory
 * (lead/report_sample.h), and this is the process that takes mail.
 */
#include "hooks/in/api_call.h"

#include <pthread.h>

#include "base/error.h"
#include "lead/report.h"
#include "lead/scorecard.h"
#include "store/report.h"

static const char *const TYPES[] = {
	[REPORT_CSV] = "text/csv; charset=utf-8; header=present",
	[REPORT_JSON] = "application/json",
	[REPORT_SVG] = "image/svg+xml",
};

/* A parameter without a value says nothing. */
static const char *
parameter(const struct api_call *call, const char *name)
{
	const char *text = server_call_query(call->http, name);

	return text && *text ? text : NULL;
}

static gboolean
read_format(struct api_call *call, enum report_format *ret)
{
	const char *format = parameter(call, "format");

	*ret = REPORT_JSON;
	if (!format || (report_format_from_name(format, ret) && *ret != REPORT_TABLE))
		return TRUE;
	api_answer_error(call, 422, "invalid", "format: expected json, csv or svg", NULL);
	return FALSE;
}

static void
add_header(struct api_call *call, char *header)
{
	if (!call->answer->headers)
		call->answer->headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(call->answer->headers, header);
}

/* A chart that is opened by itself loads nothing and runs nothing. */
static void
answer_report(struct api_call *call, struct report *report, enum report_format format)
{
	GString *text = report_show(report, format);

	call->answer->status = 200;
	call->answer->type = TYPES[format];
	call->answer->length = text->len;
	call->answer->body = g_string_free(text, FALSE);
	if (format == REPORT_CSV)
		add_header(call, g_strdup_printf("Content-Disposition: attachment; "
						 "filename=\"leadmilter-%s.csv\"",
						 report_name(report_request(report)->name)));
	if (format == REPORT_SVG)
		add_header(call, g_strdup("Content-Security-Policy: default-src 'none'; "
					  "style-src 'unsafe-inline'"));
}

void
api_get_report(struct api_call *call)
{
	static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
	const struct report_query query = {
		.since = parameter(call, "since"),
		.until = parameter(call, "until"),
		.during = parameter(call, "during"),
		.period = parameter(call, "period"),
		.mailbox = parameter(call, "mailbox"),
		.scorecard = parameter(call, "scorecard"),
		.by = parameter(call, "by"),
		.limit = parameter(call, "limit"),
	};
	g_autoptr(report_owned) report = NULL;
	g_autoptr(GError) error = NULL;
	enum report_format format;
	gboolean done;

	if (!read_format(call, &format))
		return;
	report = report_new(call->parameter, &query, scorecards_worktime(call->view.scorecards),
			    call->now, &error);
	if (report) {
		pthread_mutex_lock(&one_at_a_time);
		done = store_report(call->host->store, report, call->view.config, &error);
		pthread_mutex_unlock(&one_at_a_time);
		if (done)
			answer_report(call, report, format);
	}
	if (error)
		api_answer_failure(call, error);
}
