/*
 * report_cells.h - a report's figures: a cell of counts and samples for each period and group, and
 * what they are called.  Between the files of report.h; nobody else's.
 */
#ifndef LEADMILTER_REPORT_CELLS_H
#define LEADMILTER_REPORT_CELLS_H

#include "lead/report.h"
#include "lead/report_sample.h"

#define REPORT_STAGES (STAGE_CUSTOMER + 1) /* parts of a funnel */
#define REPORT_HOURS (7 * 24)
#define REPORT_SCORE_SCALE 100 /* points are kept in hundredths … */
#define REPORT_SCORE_SHIFT 10000 /* … above the least they may be */

/* Counts; those followed by a part are numbered from it on. */
enum { /* funnel */
       FUNNEL_DISQUALIFIED,
       FUNNEL_RECYCLED,
       FUNNEL_REACHED, /* by stage */
       FUNNEL_ENTERED = FUNNEL_REACHED + REPORT_STAGES, /* by stage */
       FUNNEL_COUNTS = FUNNEL_ENTERED + REPORT_STAGES
};
enum { FUNNEL_FIRST, FUNNEL_PREVIOUS = REPORT_STAGES, FUNNEL_SAMPLES = 2 * REPORT_STAGES };
enum {
	SOURCES_LEADS,
	SOURCES_INTERESTS,
	SOURCES_QUALIFIED,
	SOURCES_CUSTOMERS,
	SOURCES_DISQUALIFIED,
	SOURCES_COUNTS
};
enum { SOURCES_SCORE, SOURCES_LEAD_TIME, SOURCES_SAMPLES };
enum {
	OWNERS_TAKEN,
	OWNERS_OPEN,
	OWNERS_ANSWERED,
	OWNERS_WAITING,
	OWNERS_BREACHED,
	OWNERS_WON,
	OWNERS_LOST,
	OWNERS_COUNTS
};
enum {
	RESPONSE_LEADS,
	RESPONSE_ANSWERED,
	RESPONSE_WAITING,
	RESPONSE_WITHIN,
	RESPONSE_LATE,
	RESPONSE_OVERDUE,
	RESPONSE_COUNTS
};
enum { RESPONSE_FIRST, RESPONSE_WORKING, RESPONSE_SAMPLES }; /* of owners, too */
enum {
	KINDS_MAILS,
	KINDS_DIRECTION, /* by enum direction */
	KINDS_INBOUND = KINDS_DIRECTION + 3, /* by kind, in the order shown */
	KINDS_OUTBOUND = KINDS_INBOUND + KIND_COUNT,
	KINDS_INTERNAL = KINDS_OUTBOUND + KIND_COUNT,
	KINDS_COUNTS = KINDS_INTERNAL + KIND_COUNT
};

struct report_cell {
	int period;
	const char *group; /* the report's, or NULL */
	gboolean is_rest; /* of those not shown singly */
	gint64 *counts;
	struct report_sample *samples;
};

/* A figure that is shown, made of counts and samples. */
enum report_type { REPORT_NUMBER, REPORT_SHARE, REPORT_SPREAD, REPORT_SCORE };
struct report_column {
	const char *name; /* key of JSON, heading of CSV */
	const char *heading; /* for people */
	enum report_type type;
	guint index; /* of the count or the sample */
	guint of[3]; /* REPORT_SHARE: counts that are added up to what it is a share of */
	guint parts; /* how many of `of` */
	gboolean of_parts; /* `of` goes on by part as `index` does */
	guint first; /* the first part it is said of */
};

struct report_definition {
	const char *name;
	const char *title; /* of a chart */
	enum report_by by; /* without a word of the user's */
	const char *group; /* what the group is called, or NULL: none */
	guint counts, samples;
	const struct report_column *columns; /* ends with a NULL name */
	/* what a row is made of, each with columns of its own whose indices go on by part: */
	const char *parts; /* "stages", "kinds", or NULL */
	const char *part; /* "stage", "kind" */
	guint part_count;
	const struct report_column *part_columns;
	guint order; /* count by which groups are ordered */
};
extern const struct report_definition REPORTS[REPORT_COUNT];

struct report {
	struct report_request request;
	const struct report_definition *definition;
	const struct worktime *worktime;
	struct report_calendar *calendar;
	struct report_budget budget;
	GHashTable *by_key; /* struct report_cell * → the same */
	GHashTable *groups; /* char * → the same */
	GPtrArray *cells; /* struct report_cell *; ordered when finished */
	struct report_cell *total;
	struct report_cell **hours; /* of the response report: REPORT_HOURS, or NULL */
	GArray *work; /* struct worktime_range, of the response report and owners */
	GArray *work_before; /* gint64: working time before each of them */
	GHashTable *names; /* owner → name */
};

struct report_cell *report_cell_new(const struct report *report, int period, const char *group);
void report_cell_free(const struct report *report, struct report_cell *cell);
/** The cell of a period and a group, made when there is none. */
struct report_cell *report_cell_get(struct report *report, int period, const char *group);
/** Name of a part. */
const char *report_part_name(const struct report *report, guint part);
/** Working time between two moments. */
gint64 report_working(const struct report *report, gint64 begin, gint64 end);

/* What is shown of a cell (report_value.c). */
/** @return FALSE: of nothing */
gboolean report_share(const struct report_cell *cell, const struct report_column *column,
		      guint part, double *ret);
gboolean report_percentile(const struct report_cell *cell, const struct report_column *column,
			   guint part, double share, double *ret);
gint64 report_count(const struct report_cell *cell, const struct report_column *column, guint part);
/** Whether a column is said of a part. */
gboolean report_has(const struct report_column *column, guint part);
/** A part that the row tells something of. */
gboolean report_has_part(const struct report *report, const struct report_cell *cell, guint part);
/** "2 h 05 min", "3.4 d"; of seconds.  Caller frees. */
char *report_duration(double seconds);
/** What its row is called besides the period, for people; caller frees. */
char *report_group_label(const struct report *report, const struct report_cell *cell);

void report_write_json(struct report *report, GString *out);
void report_write_csv(struct report *report, GString *out);
void report_write_table(struct report *report, GString *out);
void report_write_svg(struct report *report, GString *out);

#endif
