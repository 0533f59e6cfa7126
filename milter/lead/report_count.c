/*
 * report_count.c - what counts as what: a lead, or the mails of a day, in the cells of its report.
 *
 * How far a lead got is when it first reached a stage or one beyond it, so that who comes as MQL
 * has passed NQL and EQL at the same moment, and who falls back later got there all the same.  A
 * cohort is whoever was captured (sources, funnel), taken (owners) or wrote first (response) in a
 * period, and what became of them until now.  leadctl(1) has the definitions for people.
 */
#include "lead/report_cells.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "lead/stage.h"

/* --- durations --- */

static guint32
seconds_between(gint64 begin, gint64 end)
{
	return (guint32)CLAMP((end - begin) / CLOCK_SECOND, 0, (gint64)G_MAXUINT32);
}

static void
load_work(struct report *report)
{
	const struct report_span *span = &report->request.span;
	gint64 before = 0;

	report->work = worktime_ranges(report->worktime, MAX(span->first, 0) - 1,
				       worktime_day(report->worktime, report->request.now) + 1);
	report->work_before = g_array_new(FALSE, FALSE, sizeof(gint64));
	for (guint i = 0; i < report->work->len; i++) {
		const struct worktime_range *range =
			&g_array_index(report->work, struct worktime_range, i);

		g_array_append_val(report->work_before, before);
		before += range->end - range->begin;
	}
}

/* Working time before a moment, since the first range. */
static gint64
work_before(const struct report *report, gint64 time)
{
	guint low = 0, high = report->work->len;
	const struct worktime_range *range;

	while (low < high) {
		guint middle = low + (high - low) / 2;

		if (g_array_index(report->work, struct worktime_range, middle).begin <= time)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return 0;
	range = &g_array_index(report->work, struct worktime_range, low - 1);
	return g_array_index(report->work_before, gint64, low - 1) + MIN(time, range->end) -
	       range->begin;
}

gint64
report_working(const struct report *report, gint64 begin, gint64 end)
{
	return end > begin ? work_before(report, end) - work_before(report, begin) : 0;
}

/* --- one lead --- */

/* In its group's cell and in the total, which may be the same. */
struct cells {
	struct report_cell *cell[2];
	guint count;
};

static struct cells
cells_of(struct report *report, int period, const char *group)
{
	struct report_cell *cell = report_cell_get(report, period, group);

	return (struct cells){ { cell, report->total }, cell == report->total ? 1 : 2 };
}

static void
count(const struct cells *cells, guint index)
{
	for (guint i = 0; i < cells->count; i++)
		cells->cell[i]->counts[index]++;
}

static void
sample(struct report *report, const struct cells *cells, guint index, guint32 value)
{
	for (guint i = 0; i < cells->count; i++)
		report_sample_add(&cells->cell[i]->samples[index], value, &report->budget);
}

static gint64
reached(const struct report_lead *lead, guint stage)
{
	return stage == STAGE_INTEREST ? lead->created : lead->reached[stage];
}

static void
count_captured(struct report *report, const struct report_lead *lead, const struct cells *cells)
{
	for (guint stage = 0; stage < REPORT_STAGES; stage++) {
		if (reached(lead, stage) == 0)
			continue;
		count(cells, FUNNEL_REACHED + stage);
		if (stage == STAGE_INTEREST)
			continue;
		sample(report, cells, FUNNEL_FIRST + stage,
		       seconds_between(lead->created, lead->reached[stage]));
		sample(report, cells, FUNNEL_PREVIOUS + stage,
		       seconds_between(reached(lead, stage - 1), lead->reached[stage]));
	}
	if (lead->stage == STAGE_DISQUALIFIED)
		count(cells, FUNNEL_DISQUALIFIED);
	if (lead->stage == STAGE_RECYCLED)
		count(cells, FUNNEL_RECYCLED);
}

static void
add_funnel(struct report *report, const struct report_lead *lead)
{
	int period = report_calendar_find(report->calendar, lead->created);

	if (period >= 0) {
		const struct cells cells = cells_of(report, period, NULL);

		count_captured(report, lead, &cells);
	}
	for (guint stage = 0; stage < REPORT_STAGES; stage++) {
		gint64 time = reached(lead, stage);

		period = time != 0 ? report_calendar_find(report->calendar, time) : -1;
		if (period >= 0) {
			const struct cells cells = cells_of(report, period, NULL);

			count(&cells, FUNNEL_ENTERED + stage);
		}
	}
}

static guint32
score_value(double score)
{
	double shifted =
		round(score * REPORT_SCORE_SCALE) + REPORT_SCORE_SHIFT * REPORT_SCORE_SCALE;

	return (guint32)CLAMP(shifted, 0, 4e9);
}

static void
add_source(struct report *report, const struct report_lead *lead)
{
	int period = report_calendar_find(report->calendar, lead->created);
	struct cells cells;

	if (period < 0)
		return;
	cells = cells_of(report, period, lead->group);
	if (lead->reached[STAGE_NQL] == 0) {
		count(&cells, SOURCES_INTERESTS);
		return;
	}
	count(&cells, SOURCES_LEADS);
	if (lead->reached[STAGE_MQL] != 0)
		count(&cells, SOURCES_QUALIFIED);
	if (lead->stage == STAGE_DISQUALIFIED)
		count(&cells, SOURCES_DISQUALIFIED);
	if (lead->is_scored)
		for (guint i = 0; i < cells.count; i++)
			report_sample_add(&cells.cell[i]->samples[SOURCES_SCORE],
					  score_value(lead->score), NULL);
	if (lead->reached[STAGE_CUSTOMER] == 0)
		return;
	count(&cells, SOURCES_CUSTOMERS);
	sample(report, &cells, SOURCES_LEAD_TIME,
	       seconds_between(lead->created, lead->reached[STAGE_CUSTOMER]));
}

static void
sample_response(struct report *report, const struct report_lead *lead, const struct cells *cells)
{
	if (report->work == NULL)
		load_work(report);
	sample(report, cells, RESPONSE_FIRST, seconds_between(lead->wrote, lead->answered));
	sample(report, cells, RESPONSE_WORKING,
	       seconds_between(0, report_working(report, lead->wrote, lead->answered)));
}

static gboolean
is_overdue(const struct report *report, const struct report_lead *lead)
{
	return lead->due != 0 && lead->due <= report->request.now;
}

static gboolean
is_open(const struct report_lead *lead)
{
	return lead->stage != STAGE_CUSTOMER && !stage_is_closed(lead->stage);
}

static void
count_taken(struct report *report, const struct report_lead *lead, const struct cells *cells)
{
	gboolean waits = lead->wrote != 0 && lead->answered == 0 && !stage_is_closed(lead->stage);

	count(cells, OWNERS_TAKEN);
	if (lead->answered != 0) {
		count(cells, OWNERS_ANSWERED);
		sample_response(report, lead, cells);
	}
	if (waits)
		count(cells, OWNERS_WAITING);
	if (lead->answered != 0 ? lead->due != 0 && lead->answered > lead->due
				: waits && is_overdue(report, lead))
		count(cells, OWNERS_BREACHED);
	if (lead->stage == STAGE_CUSTOMER)
		count(cells, OWNERS_WON);
	if (lead->stage == STAGE_DISQUALIFIED)
		count(cells, OWNERS_LOST);
}

/* What is open now is open whenever it was taken; only a row for one period says how much of that
 * was taken then. */
static void
add_owner(struct report *report, const struct report_lead *lead)
{
	int period = report_calendar_find(report->calendar, lead->owned);
	struct report_cell *cell = NULL;

	if (period >= 0) {
		const struct cells cells = cells_of(report, period, lead->group);

		count_taken(report, lead, &cells);
	}
	if (!is_open(lead))
		return;
	report->total->counts[OWNERS_OPEN]++;
	if (period >= 0 || report->request.period == REPORT_ALL)
		cell = report_cell_get(report, MAX(period, 0), lead->group);
	if (cell != NULL)
		cell->counts[OWNERS_OPEN]++;
}

static void
add_response(struct report *report, const struct report_lead *lead)
{
	int period = report_calendar_find(report->calendar, lead->wrote);
	struct report_cell *hour;
	struct cells cells;

	if (period < 0 || (lead->answered == 0 && stage_is_closed(lead->stage)))
		return;
	cells = cells_of(report, period, NULL);
	hour = report->hours[worktime_hour(report->worktime, lead->wrote)];
	count(&cells, RESPONSE_LEADS);
	hour->counts[RESPONSE_LEADS]++;
	if (lead->answered == 0) {
		count(&cells, RESPONSE_WAITING);
		if (is_overdue(report, lead))
			count(&cells, RESPONSE_OVERDUE);
		return;
	}
	count(&cells, RESPONSE_ANSWERED);
	sample_response(report, lead, &cells);
	hour->counts[RESPONSE_ANSWERED]++;
	report_sample_add(&hour->samples[RESPONSE_FIRST],
			  seconds_between(lead->wrote, lead->answered), &report->budget);
	if (lead->due != 0)
		count(&cells, lead->answered <= lead->due ? RESPONSE_WITHIN : RESPONSE_LATE);
}

void
report_add(struct report *report, const struct report_lead *lead)
{
	static void (*const ADD[REPORT_COUNT])(struct report *, const struct report_lead *) = {
		[REPORT_FUNNEL] = add_funnel,
		[REPORT_SOURCES] = add_source,
		[REPORT_OWNERS] = add_owner,
		[REPORT_RESPONSE] = add_response,
	};

	if (ADD[report->request.name] != NULL)
		ADD[report->request.name](report, lead);
}

/* --- mails --- */

/* From people to machines. */
static const enum mail_kind SHOWN[KIND_COUNT] = {
	KIND_HUMAN,      KIND_HUMAN_REPLY, KIND_FORWARD,      KIND_CALENDAR,
	KIND_AUTO_REPLY, KIND_BOUNCE,      KIND_COMPLAINT,    KIND_CHALLENGE,
	KIND_LIST,       KIND_NEWSLETTER,  KIND_NOTIFICATION, KIND_EMPTY,
};

static guint
place_of(enum mail_kind kind)
{
	guint place = 0;

	while (place < KIND_COUNT - 1 && SHOWN[place] != kind)
		place++;
	return place;
}

void
report_add_mails(struct report *report, const struct report_mails *mails)
{
	static const guint DIRECTIONS[] = {
		[DIRECTION_INBOUND] = KINDS_INBOUND,
		[DIRECTION_OUTBOUND] = KINDS_OUTBOUND,
		[DIRECTION_INTERNAL] = KINDS_INTERNAL,
	};
	int period = report_calendar_find_day(report->calendar, mails->day);
	const char *group = report->request.by == REPORT_BY_MAILBOX ? mails->mailbox : NULL;
	struct cells cells;

	if (period < 0)
		return;
	cells = cells_of(report, period, group);
	for (guint i = 0; i < cells.count; i++) {
		gint64 *counts = cells.cell[i]->counts;

		counts[KINDS_MAILS] += mails->count;
		counts[KINDS_DIRECTION + mails->direction] += mails->count;
		counts[DIRECTIONS[mails->direction] + place_of(mails->kind)] += mails->count;
	}
}

const char *
report_part_name(const struct report *report, guint part)
{
	return report->request.name == REPORT_KINDS ? kind_name(SHOWN[part])
						    : stage_name((enum stage)part);
}
