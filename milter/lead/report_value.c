/*
 * report_value.c - what reports are made of, by name: their figures as columns, and a figure of a
 * cell.
 */
#include "lead/report_cells.h"

#include <math.h>

#define NUMBER(name, heading, index) \
	{ \
		name, heading, REPORT_NUMBER, index, { 0 }, 0, FALSE, 0 \
	}
#define SHARE(name, heading, index, of) \
	{ \
		name, heading, REPORT_SHARE, index, { of }, 1, FALSE, 0 \
	}
#define SPREAD(name, heading, index) \
	{ \
		name, heading, REPORT_SPREAD, index, { 0 }, 0, FALSE, 0 \
	}
#define END \
	{ \
		NULL, NULL, REPORT_NUMBER, 0, { 0 }, 0, FALSE, 0 \
	}

static const struct report_column FUNNEL[] = {
	NUMBER("captured", "captured", FUNNEL_REACHED),
	NUMBER("leads", "leads", FUNNEL_REACHED + STAGE_NQL),
	NUMBER("disqualified", "disqualified", FUNNEL_DISQUALIFIED),
	NUMBER("recycled", "recycled", FUNNEL_RECYCLED),
	END,
};
static const struct report_column FUNNEL_STAGES[] = {
	NUMBER("reached", "reached", FUNNEL_REACHED),
	{ "step_rate",
	  "of last",
	  REPORT_SHARE,
	  FUNNEL_REACHED,
	  { FUNNEL_REACHED - 1 },
	  1,
	  TRUE,
	  1 },
	{ "overall_rate",
	  "of leads",
	  REPORT_SHARE,
	  FUNNEL_REACHED,
	  { FUNNEL_REACHED + STAGE_NQL },
	  1,
	  FALSE,
	  1 },
	NUMBER("entered", "entered", FUNNEL_ENTERED),
	{ "from_first", "since capture", REPORT_SPREAD, FUNNEL_FIRST, { 0 }, 0, FALSE, 1 },
	{ "from_previous", "since last", REPORT_SPREAD, FUNNEL_PREVIOUS, { 0 }, 0, FALSE, 1 },
	END,
};
static const struct report_column SOURCES[] = {
	NUMBER("leads", "leads", SOURCES_LEADS),
	NUMBER("interests", "interests", SOURCES_INTERESTS),
	NUMBER("qualified", "qualified", SOURCES_QUALIFIED),
	SHARE("qualified_rate", "of leads", SOURCES_QUALIFIED, SOURCES_LEADS),
	NUMBER("customers", "customers", SOURCES_CUSTOMERS),
	SHARE("customer_rate", "of leads", SOURCES_CUSTOMERS, SOURCES_LEADS),
	NUMBER("disqualified", "disqualified", SOURCES_DISQUALIFIED),
	{ "median_score", "score", REPORT_SCORE, SOURCES_SCORE, { 0 }, 0, FALSE, 0 },
	SPREAD("lead_time", "lead time", SOURCES_LEAD_TIME),
	END,
};
static const struct report_column OWNERS[] = {
	NUMBER("taken", "taken", OWNERS_TAKEN),
	NUMBER("open", "open", OWNERS_OPEN),
	NUMBER("answered", "answered", OWNERS_ANSWERED),
	NUMBER("waiting", "waiting", OWNERS_WAITING),
	NUMBER("breached", "breached", OWNERS_BREACHED),
	SPREAD("first_response", "response", RESPONSE_FIRST),
	SPREAD("first_response_working", "working time", RESPONSE_WORKING),
	NUMBER("won", "won", OWNERS_WON),
	NUMBER("lost", "lost", OWNERS_LOST),
	SHARE("win_rate", "won of taken", OWNERS_WON, OWNERS_TAKEN),
	END,
};
static const struct report_column RESPONSE[] = {
	NUMBER("leads", "leads", RESPONSE_LEADS),
	NUMBER("answered", "answered", RESPONSE_ANSWERED),
	NUMBER("waiting", "waiting", RESPONSE_WAITING),
	NUMBER("within", "within", RESPONSE_WITHIN),
	NUMBER("late", "late", RESPONSE_LATE),
	NUMBER("overdue", "overdue", RESPONSE_OVERDUE),
	{ "within_rate",
	  "in time",
	  REPORT_SHARE,
	  RESPONSE_WITHIN,
	  { RESPONSE_WITHIN, RESPONSE_LATE, RESPONSE_OVERDUE },
	  3,
	  FALSE,
	  0 },
	SPREAD("first_response", "response", RESPONSE_FIRST),
	SPREAD("first_response_working", "working time", RESPONSE_WORKING),
	END,
};
static const struct report_column KINDS[] = {
	NUMBER("mails", "mails", KINDS_MAILS),
	NUMBER("inbound", "inbound", KINDS_DIRECTION + DIRECTION_INBOUND),
	NUMBER("outbound", "outbound", KINDS_DIRECTION + DIRECTION_OUTBOUND),
	NUMBER("internal", "internal", KINDS_DIRECTION + DIRECTION_INTERNAL),
	END,
};
static const struct report_column KINDS_PARTS[] = {
	NUMBER("inbound", "inbound", KINDS_INBOUND),
	NUMBER("outbound", "outbound", KINDS_OUTBOUND),
	NUMBER("internal", "internal", KINDS_INTERNAL),
	END,
};

const struct report_definition REPORTS[REPORT_COUNT] = {
	[REPORT_FUNNEL] = { .name = "funnel",
			    .title = "Lead funnel",
			    .by = REPORT_BY_NOTHING,
			    .counts = FUNNEL_COUNTS,
			    .samples = FUNNEL_SAMPLES,
			    .columns = FUNNEL,
			    .parts = "stages",
			    .part = "stage",
			    .part_count = REPORT_STAGES,
			    .part_columns = FUNNEL_STAGES,
			    .order = FUNNEL_REACHED },
	[REPORT_SOURCES] = { .name = "sources",
			     .title = "Leads by source",
			     .by = REPORT_BY_SOURCE,
			     .group = "source",
			     .counts = SOURCES_COUNTS,
			     .samples = SOURCES_SAMPLES,
			     .columns = SOURCES,
			     .order = SOURCES_LEADS },
	[REPORT_OWNERS] = { .name = "owners",
			    .title = "Owners",
			    .by = REPORT_BY_OWNER,
			    .group = "owner",
			    .counts = OWNERS_COUNTS,
			    .samples = RESPONSE_SAMPLES,
			    .columns = OWNERS,
			    .order = OWNERS_TAKEN },
	[REPORT_RESPONSE] = { .name = "response",
			      .title = "First response time",
			      .by = REPORT_BY_NOTHING,
			      .counts = RESPONSE_COUNTS,
			      .samples = RESPONSE_SAMPLES,
			      .columns = RESPONSE,
			      .order = RESPONSE_LEADS },
	[REPORT_KINDS] = { .name = "kinds",
			   .title = "Mail by kind",
			   .by = REPORT_BY_NOTHING,
			   .group = "watched",
			   .counts = KINDS_COUNTS,
			   .samples = 0,
			   .columns = KINDS,
			   .parts = "kinds",
			   .part = "kind",
			   .part_count = KIND_COUNT,
			   .part_columns = KINDS_PARTS,
			   .order = KINDS_MAILS },
};

gboolean
report_has(const struct report_column *column, guint part)
{
	return part >= column->first;
}

gint64
report_count(const struct report_cell *cell, const struct report_column *column, guint part)
{
	return cell->counts[column->index + part];
}

gboolean
report_share(const struct report_cell *cell, const struct report_column *column, guint part,
	     double *ret)
{
	gint64 of = 0;

	for (guint i = 0; i < column->parts && report_has(column, part); i++)
		of += cell->counts[column->of[i] + (column->of_parts ? part : 0)];
	if (of > 0)
		*ret = (double)report_count(cell, column, part) / (double)of;
	return of > 0;
}

gboolean
report_percentile(const struct report_cell *cell, const struct report_column *column, guint part,
		  double share, double *ret)
{
	struct report_sample *sample = &cell->samples[column->index + part];

	if (sample->count == 0)
		return FALSE;
	*ret = report_sample_percentile(sample, share);
	if (column->type == REPORT_SCORE)
		*ret = *ret / REPORT_SCORE_SCALE - REPORT_SCORE_SHIFT;
	return TRUE;
}

gboolean
report_has_part(const struct report *report, const struct report_cell *cell, guint part)
{
	const struct report_column *column = report->definition->part_columns;

	if (report->request.name == REPORT_FUNNEL)
		return TRUE;
	for (; column->name != NULL; column++)
		if (report_count(cell, column, part) != 0)
			return TRUE;
	return FALSE;
}

char *
report_duration(double seconds)
{
	gint64 minutes = llround(seconds / 60);

	if (seconds < 59.5)
		return g_strdup_printf("%.0f s", seconds);
	if (minutes < 60)
		return g_strdup_printf("%d min", (int)minutes);
	if (minutes < 48 * 60)
		return g_strdup_printf("%d h %02d min", (int)(minutes / 60), (int)(minutes % 60));
	return g_strdup_printf("%.1f d", seconds / 86400);
}

char *
report_group_label(const struct report *report, const struct report_cell *cell)
{
	const char *name =
		cell->group != NULL ? g_hash_table_lookup(report->names, cell->group) : NULL;

	if (cell == report->total)
		return g_strdup("total");
	if (cell->is_rest)
		return g_strdup("the rest");
	if (name != NULL)
		return g_strdup(name);
	return g_strdup(cell->group != NULL && *cell->group != '\0' ? cell->group : "(none)");
}
