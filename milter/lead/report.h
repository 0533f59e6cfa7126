/*
 * report.h - figures over any period: how far leads get, where they come from, what owners do, how
 * long people wait for an answer, what kinds of mail there are.
 *
 * Rows go in one at a time (the store reads them, store_report()), what comes out is a text: a
 * table for people, CSV, JSON (conf/schemas/report-*.schema.json), or a chart as SVG.  leadctl(1)
 * says what each figure means; report_count.c counts them.  In memory are only counts by period and
 * source or owner, and the durations that percentiles are made of (report_sample.h).
 *
 * Pure: neither clock nor store; a report belongs to one thread at a time.
 */
#ifndef LEADMILTER_REPORT_H
#define LEADMILTER_REPORT_H

#include "lead/lead.h"
#include "lead/owner.h"
#include "lead/report_span.h"
#include "mail/facts.h"

enum report_name {
	REPORT_FUNNEL,
	REPORT_SOURCES,
	REPORT_OWNERS,
	REPORT_RESPONSE,
	REPORT_KINDS,
	REPORT_COUNT
};
const char *report_name(enum report_name name);

/* What rows are told apart by besides the period. */
enum report_by {
	REPORT_BY_SOURCE,
	REPORT_BY_MAILBOX,
	REPORT_BY_TAG,
	REPORT_BY_FORM,
	REPORT_BY_CAMPAIGN,
	REPORT_BY_REFERRER,
	REPORT_BY_FORWARDER,
	REPORT_BY_OWNER,
	REPORT_BY_NOTHING
};

/* What is asked, as people write it; NULL where nothing is said. */
struct report_query {
	const char *since, *until, *during, *period, *mailbox, *scorecard, *by, *limit;
};

struct report_request {
	enum report_name name;
	enum report_period period;
	enum report_by by;
	struct report_span span; /* local days */
	gint64 since, until; /* moments; since 0: no beginning */
	char *mailbox, *scorecard; /* or NULL */
	guint limit; /* sources, owners: so many singly in a period */
	gint64 now;
};

struct report;

/**
 * @param name     "funnel" …; ERROR_NOT_FOUND when there is none of that name
 * @param worktime days and working hours; stays until report_free()
 * @return NULL with ERROR_INPUT when the query isn't understood.  Caller frees.
 */
struct report *report_new(const char *name, const struct report_query *query,
			  const struct worktime *worktime, gint64 now, GError **error);
void report_free(struct report *report);
typedef struct report report_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(report_owned, report_free)

const struct report_request *report_request(const struct report *report);

/* A lead, as far as reports look at it. */
struct report_lead {
	gint64 created;
	gint64 reached[STAGE_CUSTOMER +
		       1]; /* first got so far or farther; 0 never; interest: unused */
	enum stage stage; /* now */
	gint64 wrote, answered, due; /* first message, first answer, when that was due; 0 none */
	gint64 owned; /* since when by its owner */
	gboolean is_scored;
	double score; /* when it was captured */
	const char *group; /* what `by` names, or NULL */
};
void report_add(struct report *report, const struct report_lead *lead);

/* Mails of a day. */
struct report_mails {
	gint64 day; /* local */
	enum mail_kind kind;
	enum direction direction;
	const char *mailbox; /* or NULL */
	gint64 count;
};
void report_add_mails(struct report *report, const struct report_mails *mails);

/** After the last row. @param owners tell their names; or NULL
 *  @return FALSE with ERROR_INPUT when there are more periods than a report may have */
gboolean report_finish(struct report *report, const struct owners *owners, GError **error);

enum report_format { REPORT_TABLE, REPORT_CSV, REPORT_JSON, REPORT_SVG };
gboolean report_format_from_name(const char *name, enum report_format *ret);
/** Of a finished report.  Caller frees the string. */
GString *report_show(struct report *report, enum report_format format);

#endif
