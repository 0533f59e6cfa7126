/*
 * test-report.c - what counts as what, by examples that can be reckoned by hand and against a naive
 * count of random leads; and how figures are written.
 */
#include "lead/report.h"
#include "lead/stage.h"

#include <cJSON.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#define BUCHAREST "Europe/Bucharest"
#define NOW "2026-11-22T10:00:00Z" /* a Sunday */
#define HOUR (3600 * (gint64)CLOCK_SECOND)

static struct worktime *
zone(const char *name)
{
	struct config config = { .path = "/nowhere/leadmilter.conf",
				 .time_zone = (char *)name,
				 .working_hours = (char *)"Mon-Fri 09:00-18:00" };
	g_autoptr(GError) error = NULL;
	struct worktime *worktime = worktime_new(&config, &error);

	g_assert_no_error(error);
	return worktime;
}

/* A moment; of "" none. */
static gint64
at(const char *text)
{
	g_autoptr(GError) error = NULL;
	gint64 time = text && *text ? clock_parse(text, &error) : 0;

	g_assert_no_error(error);
	return time;
}

static struct report *
make(const struct worktime *worktime, const char *name, struct report_query query)
{
	g_autoptr(GError) error = NULL;
	struct report *report = report_new(name, &query, worktime, at(NOW), &error);

	g_assert_no_error(error);
	return report;
}

static char *
show(struct report *report, enum report_format format)
{
	g_autoptr(GError) error = NULL;

	g_assert_true(report_finish(report, NULL, &error));
	g_assert_no_error(error);
	return g_string_free(report_show(report, format), FALSE);
}

/* --- worked examples: leads in, CSV out --- */

struct example {
	const char *captured;
	enum stage stage; /* now */
	const char *nql, *eql, *mql, *sal, *sql, *customer;
	const char *wrote, *answered, *due, *owned;
	double score; /* 0: none */
	const char *group;
};

static void
add_examples(struct report *report, const struct example *examples, guint count)
{
	for (guint i = 0; i < count; i++) {
		const struct example *e = &examples[i];
		const struct report_lead lead = {
			.created = at(e->captured),
			.reached = { 0, at(e->nql), at(e->eql), at(e->mql), at(e->sal), at(e->sql),
				     at(e->customer) },
			.stage = e->stage,
			.wrote = at(e->wrote),
			.answered = at(e->answered),
			.due = at(e->due),
			.owned = at(e->owned),
			.is_scored = e->score != 0,
			.score = e->score,
			.group = e->group,
		};

		report_add(report, &lead);
	}
}

/* November 2026: four captured, one of them nobody known; one of October who became MQL then. */
static const struct example PEOPLE[] = {
	{ .captured = "2026-11-02T08:00:00Z", .stage = STAGE_INTEREST },
	{ .captured = "2026-11-03T08:00:00Z",
	  .stage = STAGE_EQL,
	  .nql = "2026-11-03T08:00:00Z",
	  .eql = "2026-11-03T08:00:00Z" },
	{ .captured = "2026-11-04T08:00:00Z",
	  .stage = STAGE_DISQUALIFIED,
	  .nql = "2026-11-04T08:00:00Z",
	  .eql = "2026-11-05T08:00:00Z",
	  .mql = "2026-11-05T09:00:00Z" },
	{ .captured = "2026-11-06T08:00:00Z",
	  .stage = STAGE_CUSTOMER,
	  .nql = "2026-11-06T08:00:00Z",
	  .eql = "2026-11-06T08:00:00Z",
	  .mql = "2026-11-06T10:00:00Z",
	  .sal = "2026-11-06T12:00:00Z",
	  .sql = "2026-11-06T12:00:00Z",
	  .customer = "2026-11-10T08:00:00Z" },
	{ .captured = "2026-10-20T08:00:00Z",
	  .stage = STAGE_MQL,
	  .nql = "2026-10-20T08:00:00Z",
	  .eql = "2026-10-20T08:00:00Z",
	  .mql = "2026-11-01T08:00:00Z" },
};

#define FUNNEL_HEAD \
	"period,stage,reached,step_rate,overall_rate,entered,from_first_count," \
	"from_first_median_seconds,from_first_p90_seconds,from_previous_count," \
	"from_previous_median_seconds,from_previous_p90_seconds\r\n"

static void
test_funnel(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) report =
		make(worktime, "funnel", (struct report_query){ .during = "2026-11" });
	g_autofree char *csv = NULL;

	add_examples(report, PEOPLE, G_N_ELEMENTS(PEOPLE));
	csv = show(report, REPORT_CSV);
	g_assert_cmpstr(
		csv, ==,
		FUNNEL_HEAD
		"all,interest,4,,,4,0,,,0,,\r\n"
		"all,nql,3,0.7500,1.0000,3,3,0.0,0.0,3,0.0,0.0\r\n"
		/* 0, 1 day, 0 */
		"all,eql,3,1.0000,1.0000,3,3,0.0,69120.0,3,0.0,69120.0\r\n"
		/* 25 hours and 2; from eql 1 hour and 2; entered by October's, too */
		"all,mql,2,0.6667,0.6667,3,2,48600.0,81720.0,2,5400.0,6840.0\r\n"
		"all,sal,1,0.5000,0.3333,1,1,14400.0,14400.0,1,7200.0,7200.0\r\n"
		"all,sql,1,1.0000,0.3333,1,1,14400.0,14400.0,1,0.0,0.0\r\n"
		"all,customer,1,1.0000,0.3333,1,1,345600.0,345600.0,1,331200.0,331200.0\r\n");
}

static const struct example ORIGINS[] = {
	{ .captured = "2026-11-02T08:00:00Z", .stage = STAGE_INTEREST, .group = "sales@x.test" },
	{ .captured = "2026-11-02T08:00:00Z",
	  .stage = STAGE_NQL,
	  .nql = "2026-11-02T08:00:00Z",
	  .score = 10,
	  .group = "sales@x.test" },
	{ .captured = "2026-11-02T08:00:00Z",
	  .stage = STAGE_CUSTOMER,
	  .nql = "2026-11-02T08:00:00Z",
	  .mql = "2026-11-02T08:00:00Z",
	  .customer = "2026-11-04T08:00:00Z",
	  .score = -3.5,
	  .group = "sales@x.test" },
	{ .captured = "2026-11-02T08:00:00Z",
	  .stage = STAGE_DISQUALIFIED,
	  .nql = "2026-11-02T08:00:00Z",
	  .score = 70.25,
	  .group = "=HYPERLINK(\"http://x\",1)" },
	{ .captured = "2026-11-02T08:00:00Z", .stage = STAGE_EQL, .nql = "2026-11-02T08:00:00Z" },
	{ .captured = "2026-12-01T00:00:00Z",
	  .stage = STAGE_EQL,
	  .nql = "2026-12-01T00:00:00Z",
	  .group = "later" },
};

#define SOURCES_HEAD \
	"period,source,leads,interests,qualified,qualified_rate,customers,customer_rate," \
	"disqualified,median_score,lead_time_count,lead_time_median_seconds," \
	"lead_time_p90_seconds\r\n"

static void
test_sources(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) report =
		make(worktime, "sources", (struct report_query){ .during = "2026-11" });
	g_autofree char *csv = NULL;

	add_examples(report, ORIGINS, G_N_ELEMENTS(ORIGINS));
	csv = show(report, REPORT_CSV);
	g_assert_cmpstr(
		csv, ==,
		SOURCES_HEAD
		"all,sales@x.test,2,1,1,0.5000,1,0.5000,0,3.25,1,172800.0,172800.0\r\n"
		"all,,1,0,0,0.0000,0,0.0000,0,,0,,\r\n"
		"all,\"'=HYPERLINK(\"\"http://x\"\",1)\",1,0,0,0.0000,0,0.0000,1,70.25,0,,\r\n");
}

/* What is too many stands as the rest. */
static void
test_rest(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) report = make(
		worktime, "sources",
		(struct report_query){
			.limit = "1", .since = "2026-10", .until = "2026-12", .period = "month" });
	g_autofree char *csv = NULL;

	add_examples(report, ORIGINS, G_N_ELEMENTS(ORIGINS));
	csv = show(report, REPORT_CSV);
	g_assert_cmpstr(csv, ==,
			SOURCES_HEAD
			"2026-11,sales@x.test,2,1,1,0.5000,1,0.5000,0,3.25,1,172800.0,172800.0\r\n"
			"2026-11,(rest),2,0,0,0.0000,0,0.0000,1,70.25,0,,\r\n");
}

static void
test_cells(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) report =
		make(worktime, "sources", (struct report_query){ .limit = "1000" });
	g_autofree char *text = NULL;
	struct report_lead lead = { .created = at(NOW), .stage = STAGE_NQL };
	cJSON *json, *rows, *last;

	lead.reached[STAGE_NQL] = at(NOW);
	for (guint i = 0; i < LIMIT_REPORT_CELLS + 500; i++) {
		g_autofree char *group = g_strdup_printf("source %u", i);

		lead.group = group;
		report_add(report, &lead);
	}
	lead.group = "source 7";
	report_add(report, &lead);
	text = show(report, REPORT_JSON);
	json = cJSON_Parse(text);
	rows = cJSON_GetObjectItem(json, "rows");
	g_assert_cmpint(cJSON_GetArraySize(rows), ==, 1001);
	g_assert_cmpstr(
		cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 0), "source")),
		==, "source 7");
	last = cJSON_GetArrayItem(rows, 1000);
	g_assert_true(cJSON_IsTrue(cJSON_GetObjectItem(last, "rest")));
	g_assert_cmpint(cJSON_GetObjectItem(last, "leads")->valueint, ==,
			LIMIT_REPORT_CELLS + 500 - 1000);
	g_assert_cmpint(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "total"), "leads")->valueint,
			==, LIMIT_REPORT_CELLS + 501);
	cJSON_Delete(json);
}

/* Friday 17:00 to Monday 10:00 in Bucharest: 65 hours, of which two are worked. */
static const struct example ANSWERS[] = {
	{ .wrote = "2026-11-13T15:00:00Z",
	  .answered = "2026-11-16T08:00:00Z",
	  .due = "2026-11-16T08:00:00Z",
	  .owned = "2026-11-13T15:00:00Z",
	  .stage = STAGE_SAL,
	  .group = "ann@x.test" },
	{ .wrote = "2026-11-16T08:00:00Z",
	  .answered = "2026-11-16T09:00:00Z",
	  .due = "2026-11-16T08:30:00Z",
	  .owned = "2026-11-16T08:00:00Z",
	  .stage = STAGE_CUSTOMER,
	  .group = "ann@x.test" },
	{ .wrote = "2026-11-16T08:00:00Z", /* still waits, and too long */
	  .due = "2026-11-20T08:00:00Z",
	  .owned = "2026-11-16T08:00:00Z",
	  .stage = STAGE_EQL,
	  .group = "ann@x.test" },
	{ .wrote = "2026-11-22T08:00:00Z", /* not too long */
	  .due = "2026-11-23T09:00:00Z",
	  .owned = "2026-11-22T08:00:00Z",
	  .stage = STAGE_EQL,
	  .group = "ben@x.test" },
	{ .wrote = "2026-11-16T08:00:00Z", /* nobody waits for that any more */
	  .due = "2026-11-16T10:00:00Z",
	  .owned = "2026-11-16T08:00:00Z",
	  .stage = STAGE_DISQUALIFIED,
	  .group = "ben@x.test" },
	{ .wrote = "2026-11-16T08:00:00Z", /* when it was due is not known */
	  .answered = "2026-11-16T08:00:10Z",
	  .owned = "2026-10-16T08:00:00Z",
	  .stage = STAGE_SAL,
	  .group = "ben@x.test" },
};

static void
test_response(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);
	g_autoptr(report_owned) report =
		make(worktime, "response",
		     (struct report_query){ .during = "2026-11", .period = "week" });
	g_autofree char *csv = NULL;

	add_examples(report, ANSWERS, G_N_ELEMENTS(ANSWERS));
	csv = show(report, REPORT_CSV);
	g_assert_cmpstr(csv, ==,
			"period,leads,answered,waiting,within,late,overdue,within_rate,first_"
			"response_count,"
			"first_response_median_seconds,first_response_p90_seconds,"
			"first_response_working_count,first_response_working_median_seconds,"
			"first_response_working_p90_seconds\r\n"
			"2026-W44,0,0,0,0,0,0,,0,,,0,,\r\n"
			"2026-W45,0,0,0,0,0,0,,0,,,0,,\r\n"
			"2026-W46,1,1,0,1,0,0,1.0000,1,234000.0,234000.0,1,7200.0,7200.0\r\n"
			"2026-W47,4,2,2,0,1,1,0.0000,2,1805.0,3241.0,2,1805.0,3241.0\r\n"
			"2026-W48,0,0,0,0,0,0,,0,,,0,,\r\n"
			"2026-W49,0,0,0,0,0,0,,0,,,0,,\r\n");
}

static void
test_hours(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);
	g_autoptr(report_owned) report =
		make(worktime, "response", (struct report_query){ .during = "2026-11" });
	g_autofree char *text = NULL;
	cJSON *json, *hours, *hour;
	int leads = 0;

	add_examples(report, ANSWERS, G_N_ELEMENTS(ANSWERS));
	text = show(report, REPORT_JSON);
	json = cJSON_Parse(text);
	hours = cJSON_GetObjectItem(json, "hours");
	g_assert_cmpint(cJSON_GetArraySize(hours), ==, 168);
	cJSON_ArrayForEach(hour, hours)
	{
		leads += cJSON_GetObjectItem(hour, "leads")->valueint;
	}
	g_assert_cmpint(leads, ==, 5);
	hour = cJSON_GetArrayItem(hours, 10); /* Monday 10:00 */
	g_assert_cmpint(cJSON_GetObjectItem(hour, "weekday")->valueint, ==, 1);
	g_assert_cmpint(cJSON_GetObjectItem(hour, "hour")->valueint, ==, 10);
	g_assert_cmpint(cJSON_GetObjectItem(hour, "leads")->valueint, ==, 3);
	g_assert_cmpint(cJSON_GetObjectItem(hour, "answered")->valueint, ==, 2);
	g_assert_cmpfloat(cJSON_GetObjectItem(hour, "median_seconds")->valuedouble, ==, 1805);
	cJSON_Delete(json);
}

static void
test_owners(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);
	g_autoptr(report_owned) report =
		make(worktime, "owners", (struct report_query){ .during = "2026-11" });
	struct owner ann = { .address = (char *)"ann@x.test", .name = (char *)"Ann, of sales" };
	g_autoptr(GPtrArray) imported = g_ptr_array_new();
	g_autoptr(config_owned) config = config_default();
	g_autoptr(owners_owned) owners = NULL;
	g_autoptr(GString) csv = NULL;

	ann.imported = TRUE;
	ann.languages = ann.countries = ann.products = g_ptr_array_new();
	g_ptr_array_add(imported, &ann);
	owners = owners_new(config, imported);
	add_examples(report, ANSWERS, G_N_ELEMENTS(ANSWERS));
	g_assert_true(report_finish(report, owners, NULL));
	csv = report_show(report, REPORT_CSV);
	g_assert_cmpstr(
		csv->str, ==,
		"period,owner,name,taken,open,answered,waiting,breached,first_response_count,"
		"first_response_median_seconds,first_response_p90_seconds,"
		"first_response_working_count,first_response_working_median_seconds,"
		"first_response_working_p90_seconds,won,lost,win_rate\r\n"
		/* 65 hours and one */
		"all,ann@x.test,\"Ann, of "
		"sales\",3,2,2,1,2,2,118800.0,210960.0,2,5400.0,6840.0,1,0,"
		"0.3333\r\n"
		/* of October's lead only that it is open */
		"all,ben@x.test,,2,2,0,1,0,0,,,0,,,0,1,0.0000\r\n");
	g_ptr_array_unref(ann.languages);
}

/* In rows of single periods what is open was taken then; the total is all that is open. */
static void
test_open(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);
	g_autoptr(report_owned) report =
		make(worktime, "owners",
		     (struct report_query){ .during = "2026-11", .period = "month" });
	g_autofree char *text = NULL;
	cJSON *json, *rows;

	add_examples(report, ANSWERS, G_N_ELEMENTS(ANSWERS));
	text = show(report, REPORT_JSON);
	json = cJSON_Parse(text);
	rows = cJSON_GetObjectItem(json, "rows");
	g_assert_cmpint(cJSON_GetArraySize(rows), ==, 2);
	g_assert_cmpint(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 0), "open")->valueint, ==, 2);
	g_assert_cmpint(cJSON_GetObjectItem(cJSON_GetArrayItem(rows, 1), "open")->valueint, ==, 1);
	g_assert_cmpint(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "total"), "open")->valueint,
			==, 4);
	cJSON_Delete(json);
}

static const struct {
	gint64 day; /* of November 2026 */
	enum mail_kind kind;
	enum direction direction;
	const char *mailbox;
	gint64 count;
} MAILS[] = {
	{ 1, KIND_HUMAN, DIRECTION_INBOUND, "sales@x.test", 10 },
	{ 1, KIND_NEWSLETTER, DIRECTION_INBOUND, "sales@x.test", 5 },
	{ 1, KIND_NEWSLETTER, DIRECTION_INBOUND, "info@x.test", 2 },
	{ 2, KIND_HUMAN_REPLY, DIRECTION_OUTBOUND, NULL, 4 },
	{ 2, KIND_HUMAN, DIRECTION_INTERNAL, NULL, 1 },
	{ 30, KIND_HUMAN, DIRECTION_INBOUND, "info@x.test", 7 },
	{ 31, KIND_HUMAN, DIRECTION_INBOUND, "info@x.test", 99 }, /* the first of December */
};

static const struct {
	const char *period, *by, *csv;
} kinds_cases[] = {
	{ "all", NULL,
	  "all,,human,17,0,1\r\n"
	  "all,,human_reply,0,4,0\r\n"
	  "all,,newsletter,7,0,0\r\n" },
	{ "all", "mailbox",
	  "all,sales@x.test,human,10,0,0\r\n"
	  "all,sales@x.test,newsletter,5,0,0\r\n"
	  "all,info@x.test,human,7,0,0\r\n"
	  "all,info@x.test,newsletter,2,0,0\r\n"
	  "all,,human,0,0,1\r\n"
	  "all,,human_reply,0,4,0\r\n" },
	{ "week", NULL,
	  "2026-W44,,human,10,0,0\r\n"
	  "2026-W44,,newsletter,7,0,0\r\n"
	  "2026-W45,,human,0,0,1\r\n"
	  "2026-W45,,human_reply,0,4,0\r\n"
	  "2026-W49,,human,7,0,0\r\n" },
};

static void
test_kinds(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);
	gint64 october = worktime_day(worktime, at("2026-10-31T12:00:00Z"));

	for (gsize i = 0; i < G_N_ELEMENTS(kinds_cases); i++) {
		g_autoptr(report_owned) report =
			make(worktime, "kinds",
			     (struct report_query){ .during = "2026-11",
						    .period = kinds_cases[i].period,
						    .by = kinds_cases[i].by });
		g_autofree char *expected =
			g_strconcat("period,watched,kind,inbound,outbound,internal\r\n",
				    kinds_cases[i].csv, NULL);
		g_autofree char *csv = NULL;

		for (gsize k = 0; k < G_N_ELEMENTS(MAILS); k++)
			report_add_mails(
				report, &(struct report_mails){ october + MAILS[k].day,
								MAILS[k].kind, MAILS[k].direction,
								MAILS[k].mailbox, MAILS[k].count });
		csv = show(report, REPORT_CSV);
		g_assert_cmpstr(csv, ==, expected);
	}
}

/* --- what is asked --- */

static const struct {
	const char *name;
	struct report_query query;
	const char *complaint; /* begins with that; NULL: none */
} query_cases[] = {
	{ "funnel", { .since = "2026-Q1", .until = "2026-Q2" }, NULL },
	{ "funnel", { .since = "30d" }, NULL },
	{ "funnel", { .mailbox = "", .scorecard = "" }, NULL },
	{ "funnel", { .since = "2026", .until = "2026" }, "until: expected a day after" },
	{ "funnel", { .since = "2027" }, "until: expected a day after" },
	{ "funnel", { .since = "2026", .during = "2026" }, "during: expected no since" },
	{ "funnel", { .since = "x" }, "since: \"x\": expected a day" },
	{ "funnel", { .until = "2026-02-30" }, "until: \"2026-02-30\"" },
	{ "funnel", { .period = "hour" }, "period: expected day" },
	{ "funnel", { .by = "source" }, "by: expected nothing" },
	{ "sources", { .by = "campaign" }, NULL },
	{ "sources", { .by = "weather" }, "by: expected source" },
	{ "kinds", { .by = "mailbox" }, NULL },
	{ "kinds", { .by = "source" }, "by: expected mailbox" },
	{ "kinds", { .scorecard = "default" }, "scorecard: expected nothing" },
	{ "owners", { .limit = "0" }, "limit: expected a number" },
	{ "owners", { .limit = "1001" }, "limit: expected a number" },
	{ "owners", { .limit = "7x" }, "limit: expected a number" },
	{ "owner", { .limit = "7" }, "no report \"owner\"" },
};

static void
test_query(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");

	for (gsize i = 0; i < G_N_ELEMENTS(query_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(report_owned) report = report_new(
			query_cases[i].name, &query_cases[i].query, worktime, at(NOW), &error);

		if (query_cases[i].complaint == NULL) {
			g_assert_no_error(error);
			g_assert_nonnull(report);
			continue;
		}
		g_assert_null(report);
		g_assert_nonnull(error);
		g_assert_true(g_str_has_prefix(error->message, query_cases[i].complaint));
	}
}

static void
test_periods(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) day =
		make(worktime, "funnel", (struct report_query){ .period = "day" });
	g_autoptr(report_owned) month =
		make(worktime, "funnel", (struct report_query){ .period = "month" });
	struct report_lead lead = { .created = at("2016-05-05T00:00:00Z") };
	g_autoptr(GError) error = NULL;
	g_autofree char *csv = NULL;

	report_add(day, &lead);
	report_add(month, &lead);
	g_assert_false(report_finish(day, NULL, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
	/* Without a beginning rows begin with the first that has anything. */
	csv = show(month, REPORT_CSV);
	g_assert_nonnull(strstr(csv, "\r\n2016-05,interest,1,"));
	g_assert_null(strstr(csv, "2016-04"));
	g_assert_nonnull(strstr(csv, "\r\n2016-06,interest,0,"));
	g_assert_nonnull(strstr(csv, "\r\n2026-11,customer,0,"));
	g_assert_null(strstr(csv, "2026-12"));
}

/* --- against a naive count --- */

static gint64
some_time(gint64 from, gint64 days)
{
	return from + (gint64)(g_test_rand_double() * (double)days * (double)CLOCK_DAY);
}

static struct report_lead
random_lead(gint64 begin)
{
	struct report_lead lead = { .created = some_time(begin, 120) };
	gint64 time = lead.created;
	int far = g_test_rand_int_range(STAGE_INTEREST, STAGE_CUSTOMER + 1);

	for (int stage = STAGE_NQL; stage <= far; stage++) {
		time = g_test_rand_bit() ? time : some_time(time, 20);
		lead.reached[stage] = time;
	}
	lead.stage = g_test_rand_int_range(0, 5)
			     ? (enum stage)far
			     : (enum stage)g_test_rand_int_range(STAGE_DISQUALIFIED, STAGE_COUNT);
	lead.wrote = lead.created;
	lead.answered = g_test_rand_bit() ? some_time(lead.wrote, 3) : 0;
	lead.due = g_test_rand_bit() ? some_time(lead.wrote, 2) : 0;
	return lead;
}

static gint
compare_doubles(gconstpointer one, gconstpointer other)
{
	double a = *(const double *)one, b = *(const double *)other;

	return a < b ? -1 : a > b;
}

static double
naive_percentile(GArray *values, double share)
{
	double place = share * (values->len - 1);
	guint low = (guint)floor(place), high = (guint)ceil(place);

	g_array_sort(values, compare_doubles);
	return g_array_index(values, double, low) +
	       (place - low) *
		       (g_array_index(values, double, high) - g_array_index(values, double, low));
}

static double
number(const cJSON *object, const char *key)
{
	return cJSON_GetObjectItem(object, key)->valuedouble;
}

static void
check_spread(const cJSON *spread, GArray *values)
{
	g_assert_cmpint((int)number(spread, "count"), ==, values->len);
	if (values->len == 0) {
		g_assert_true(cJSON_IsNull(cJSON_GetObjectItem(spread, "median_seconds")));
		return;
	}
	g_assert_cmpfloat_with_epsilon(number(spread, "median_seconds"),
				       naive_percentile(values, 0.5), 0.051);
	g_assert_cmpfloat_with_epsilon(number(spread, "p90_seconds"), naive_percentile(values, 0.9),
				       0.051);
}

static void
add_seconds(GArray *values, gint64 from, gint64 to)
{
	double seconds = floor((double)(to - from) / CLOCK_SECOND);

	g_array_append_val(values, seconds);
}

/* A stage of a row, by going through all leads. */
static void
check_stage(const cJSON *row, int stage, const struct report_lead *leads, guint count)
{
	const cJSON *shown = cJSON_GetArrayItem(cJSON_GetObjectItem(row, "stages"), stage);
	gint64 begin = clock_parse(cJSON_GetObjectItem(row, "begin")->valuestring, NULL);
	gint64 end = clock_parse(cJSON_GetObjectItem(row, "end")->valuestring, NULL);
	g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(double));
	g_autoptr(GArray) previous = g_array_new(FALSE, FALSE, sizeof(double));
	int reached = 0, entered = 0, known = 0, before = 0;

	for (guint i = 0; i < count; i++) {
		const struct report_lead *lead = &leads[i];
		gboolean captured = lead->created >= begin && lead->created < end;
		gint64 time = stage ? lead->reached[stage] : lead->created;
		gint64 last = stage > 1 ? lead->reached[stage - 1] : lead->created;

		entered += time && time >= begin && time < end;
		reached += captured && time;
		known += captured && lead->reached[STAGE_NQL];
		before += captured && last;
		if (captured && time && stage) {
			add_seconds(first, lead->created, time);
			add_seconds(previous, last, time);
		}
	}
	g_assert_cmpint((int)number(shown, "reached"), ==, reached);
	g_assert_cmpint((int)number(shown, "entered"), ==, entered);
	if (stage && known)
		g_assert_cmpfloat_with_epsilon(number(shown, "overall_rate"),
					       (double)reached / known, 1e-4);
	if (stage && before)
		g_assert_cmpfloat_with_epsilon(number(shown, "step_rate"), (double)reached / before,
					       1e-4);
	check_spread(cJSON_GetObjectItem(shown, "from_first"), first);
	check_spread(cJSON_GetObjectItem(shown, "from_previous"), previous);
}

static void
check_response(const cJSON *row, const struct report_lead *leads, guint count)
{
	gint64 begin = clock_parse(cJSON_GetObjectItem(row, "begin")->valuestring, NULL);
	gint64 end = clock_parse(cJSON_GetObjectItem(row, "end")->valuestring, NULL), now = at(NOW);
	g_autoptr(GArray) first = g_array_new(FALSE, FALSE, sizeof(double));
	int answered = 0, waiting = 0, within = 0, late = 0, overdue = 0;

	for (guint i = 0; i < count; i++) {
		const struct report_lead *lead = &leads[i];
		gboolean waits = !lead->answered && !stage_is_closed(lead->stage);

		if (lead->wrote < begin || lead->wrote >= end)
			continue;
		answered += lead->answered != 0;
		waiting += waits;
		within += lead->answered && lead->due && lead->answered <= lead->due;
		late += lead->answered && lead->due && lead->answered > lead->due;
		overdue += waits && lead->due && lead->due <= now;
		if (lead->answered)
			add_seconds(first, lead->wrote, lead->answered);
	}
	g_assert_cmpint((int)number(row, "leads"), ==, answered + waiting);
	g_assert_cmpint((int)number(row, "answered"), ==, answered);
	g_assert_cmpint((int)number(row, "waiting"), ==, waiting);
	g_assert_cmpint((int)number(row, "within"), ==, within);
	g_assert_cmpint((int)number(row, "late"), ==, late);
	g_assert_cmpint((int)number(row, "overdue"), ==, overdue);
	check_spread(cJSON_GetObjectItem(row, "first_response"), first);
}

static void
check_random(const struct worktime *worktime, const char *name, const char *period, guint count)
{
	g_autofree struct report_lead *leads = g_new(struct report_lead, count);
	g_autoptr(report_owned) report =
		make(worktime, name,
		     (struct report_query){
			     .since = "2026-08-03", .until = "2026-11-10", .period = period });
	g_autofree char *text = NULL;
	cJSON *json, *row;

	for (guint i = 0; i < count; i++) {
		leads[i] = random_lead(at("2026-07-20T00:00:00Z"));
		report_add(report, &leads[i]);
	}
	text = show(report, REPORT_JSON);
	json = cJSON_Parse(text);
	cJSON_ArrayForEach(row, cJSON_GetObjectItem(json, "rows"))
	{
		for (int stage = 0; !strcmp(name, "funnel") && stage <= STAGE_CUSTOMER; stage++)
			check_stage(row, stage, leads, count);
		if (!strcmp(name, "response"))
			check_response(row, leads, count);
	}
	row = cJSON_GetObjectItem(json, "total");
	if (!strcmp(name, "response"))
		check_response(row, leads, count);
	else
		check_stage(row, STAGE_MQL, leads, count);
	cJSON_Delete(json);
}

static void
test_random(void)
{
	static const char *const PERIODS[] = { "all", "day", "week", "month" };

	for (guint round = 0; round < 16; round++) {
		g_autoptr(worktime_owned) worktime = zone(round & 1 ? BUCHAREST : "UTC");
		guint count = (guint)g_test_rand_int_range(0, 400);

		check_random(worktime, "funnel", PERIODS[round % 4], count);
		check_random(worktime, "response", PERIODS[round % 4], count);
	}
}

/* Working time by the report's table is what worktime.c says. */
static void
test_working(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);

	for (guint i = 0; i < 300; i++) {
		g_autoptr(report_owned) report =
			make(worktime, "response", (struct report_query){ 0 });
		gint64 wrote = some_time(at("2025-12-01T00:00:00Z"), 340);
		gint64 answered = some_time(wrote, 14), working;
		const struct report_lead lead = { .wrote = wrote, .answered = answered };
		g_autofree char *text = NULL;
		cJSON *json, *total;

		report_add(report, &lead);
		text = show(report, REPORT_JSON);
		json = cJSON_Parse(text);
		total = cJSON_GetObjectItem(json, "total");
		working = worktime_between(worktime, wrote, answered) / CLOCK_SECOND;
		g_assert_cmpint((gint64)number(cJSON_GetObjectItem(total, "first_response_working"),
					       "median_seconds"),
				==, working);
		cJSON_Delete(json);
	}
}

/* --- how it is written --- */

static const char *const NAMES[] = { "funnel", "sources", "owners", "response", "kinds" };

static void
fill(struct report *report, const char *group)
{
	for (guint i = 0; i < 40; i++) {
		struct report_lead lead = random_lead(at("2026-09-01T00:00:00Z"));

		lead.owned = lead.created;
		lead.is_scored = i % 2;
		lead.score = i;
		lead.group = i % 3 ? group : NULL;
		report_add(report, &lead);
	}
	report_add_mails(report,
			 &(struct report_mails){ 20770, KIND_HUMAN, DIRECTION_INBOUND, group, 5 });
}

/* Whatever a source or owner is called: no markup, no formula, no control of a terminal. */
static const char *const HOSTILE[] = { "</text><script>alert(1)</script>",
				       "\"onload=alert(1) x=\"",
				       "]]>&lol;<!ENTITY",
				       "=cmd|' /C calc'!A0",
				       "@SUM(1+1)",
				       "+1",
				       "-1",
				       "\t=1",
				       "\xef\xbc\x9dSUM(A1)",
				       "\xef\xbc\xa0SUM(A1)",
				       "\033[2J\033]0;x\007",
				       "line\r\nbreak,\"quoted\"",
				       "\xff\xfe not UTF-8",
				       "\xef\xbf\xbe\x01" };

static void
check_svg(const char *svg)
{
	GMarkupParser parser = { 0 };
	GMarkupParseContext *context = g_markup_parse_context_new(&parser, 0, NULL, NULL);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_utf8_validate(svg, -1, NULL));
	g_assert_true(g_markup_parse_context_parse(context, svg, -1, &error) &&
		      g_markup_parse_context_end_parse(context, &error));
	g_assert_no_error(error);
	g_markup_parse_context_free(context);
	g_assert_null(strstr(svg, "<script"));
	g_assert_null(strstr(svg, "href"));
	g_assert_null(strstr(svg, "url("));
	g_assert_nonnull(strstr(svg, "<title id="));
	g_assert_nonnull(strstr(svg, "<desc id="));
	for (const char *at_ = svg; *at_; at_++)
		g_assert_true((guchar)*at_ >= ' ' || *at_ == '\n');
}

static void
check_csv(const char *csv)
{
	gboolean is_quoted = FALSE, is_start = TRUE;

	for (const char *at_ = csv; *at_; at_++) {
		if (is_start && !is_quoted && !g_str_has_prefix(at_, "\r\n"))
			g_assert_null(strchr("=+@\t\r", *at_));
		if (*at_ == '"' && is_start)
			g_assert_null(strchr("=+@\t\r", at_[1]));
		g_assert_false(is_start && (g_str_has_prefix(at_, "\xef\xbc\x9d") ||
					    g_str_has_prefix(at_, "\xef\xbc\xa0")));
		is_quoted ^= *at_ == '"';
		is_start = !is_quoted && (*at_ == ',' || *at_ == '\n');
	}
	g_assert_false(is_quoted);
}

static void
test_hostile(void)
{
	g_autoptr(worktime_owned) worktime = zone(BUCHAREST);

	for (gsize i = 0; i < G_N_ELEMENTS(NAMES) * G_N_ELEMENTS(HOSTILE); i++) {
		const char *name = NAMES[i / G_N_ELEMENTS(HOSTILE)];
		const char *group = HOSTILE[i % G_N_ELEMENTS(HOSTILE)];
		g_autoptr(report_owned) report = make(
			worktime, name,
			(struct report_query){ .mailbox = group,
					       .period = i % 2 ? "month" : "all",
					       .by = !strcmp(name, "kinds") ? "mailbox" : NULL });
		g_autofree char *svg = NULL;
		g_autoptr(GString) csv = NULL, table = NULL, text = NULL;
		cJSON *json;

		fill(report, group);
		svg = show(report, REPORT_SVG);
		csv = report_show(report, REPORT_CSV);
		table = report_show(report, REPORT_TABLE);
		text = report_show(report, REPORT_JSON);
		json = cJSON_Parse(text->str);
		check_svg(svg);
		check_csv(csv->str);
		g_assert_nonnull(json);
		g_assert_true(g_utf8_validate(text->str, -1, NULL));
		g_assert_null(strpbrk(table->str, "\033\007\r\t\001"));
		cJSON_Delete(json);
	}
}

static void
test_table(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");
	g_autoptr(report_owned) report =
		make(worktime, "sources", (struct report_query){ .during = "2026-11" });
	g_autofree char *table = NULL;

	add_examples(report, ORIGINS, 3);
	table = show(report, REPORT_TABLE);
	g_assert_cmpstr(
		table, ==,
		"period  source        leads  interests  qualified  of leads  customers  of leads  "
		"disqualified  score  lead time   90 %\n"
		"all     sales@x.test      2          1          1    50.0 %          1    50.0 %  "
		"           0    3.2      2.0 d  2.0 d\n"
		"all     total             2          1          1    50.0 %          1    50.0 %  "
		"           0    3.2      2.0 d  2.0 d\n");
}

static void
test_nothing(void)
{
	g_autoptr(worktime_owned) worktime = zone("UTC");

	for (gsize i = 0; i < G_N_ELEMENTS(NAMES); i++)
		for (enum report_format format = REPORT_TABLE; format <= REPORT_SVG; format++) {
			g_autoptr(report_owned) report =
				make(worktime, NAMES[i],
				     (struct report_query){ .since = "2w",
							    .period = format % 2 ? "day" : "all" });
			g_autofree char *text = show(report, format);

			g_assert_nonnull(strchr(text, '\n') ? text : strchr(text, '{'));
			if (format == REPORT_SVG)
				check_svg(text);
		}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/report/funnel", test_funnel);
	g_test_add_func("/report/sources", test_sources);
	g_test_add_func("/report/rest", test_rest);
	g_test_add_func("/report/cells", test_cells);
	g_test_add_func("/report/response", test_response);
	g_test_add_func("/report/hours", test_hours);
	g_test_add_func("/report/owners", test_owners);
	g_test_add_func("/report/open", test_open);
	g_test_add_func("/report/kinds", test_kinds);
	g_test_add_func("/report/query", test_query);
	g_test_add_func("/report/periods", test_periods);
	g_test_add_func("/report/random", test_random);
	g_test_add_func("/report/working", test_working);
	g_test_add_func("/report/hostile", test_hostile);
	g_test_add_func("/report/table", test_table);
	g_test_add_func("/report/nothing", test_nothing);
	return g_test_run();
}
