/* report.c - see report.h. */
#include "store/report.h"

#include <string.h>

#include "base/limits.h"
#include "store/private.h"
#include "store/store_import.h"

/* --- columns --- */

/* Names as the store writes them; one that a newer program wrote counts as the first. */
static enum stage
stage_at(struct database *database, struct driver_statement *row, int n)
{
	enum stage stage = STAGE_INTEREST;

	stage_from_name(database_column_text(database, row, n), &stage);
	return stage;
}

static void
read_funnel(struct database *database, struct driver_statement *row, struct report_lead *ret)
{
	ret->created = database_column(database, row, 1);
	ret->stage = stage_at(database, row, 2);
	for (int stage = STAGE_NQL; stage <= STAGE_CUSTOMER; stage++)
		ret->reached[stage] = database_column(database, row, 2 + stage);
}

static void
read_source(struct database *database, struct driver_statement *row, struct report_lead *ret)
{
	ret->created = database_column(database, row, 1);
	ret->stage = stage_at(database, row, 2);
	ret->reached[STAGE_NQL] = database_column(database, row, 3);
	ret->reached[STAGE_MQL] = database_column(database, row, 4);
	ret->reached[STAGE_CUSTOMER] = database_column(database, row, 5);
	ret->is_scored = database_column_text(database, row, 6) != NULL;
	ret->score = database_column_real(database, row, 6);
	ret->group = database_column_text(database, row, 7);
}

static void
read_owner(struct database *database, struct driver_statement *row, struct report_lead *ret)
{
	ret->owned = database_column(database, row, 1);
	ret->stage = stage_at(database, row, 2);
	ret->group = database_column_text(database, row, 3);
	ret->wrote = database_column(database, row, 4);
	ret->answered = database_column(database, row, 5);
	ret->due = database_column(database, row, 6);
	ret->reached[STAGE_CUSTOMER] = database_column(database, row, 7);
}

static void
read_response(struct database *database, struct driver_statement *row, struct report_lead *ret)
{
	ret->wrote = database_column(database, row, 1);
	ret->stage = stage_at(database, row, 2);
	ret->answered = database_column(database, row, 3);
	ret->due = database_column(database, row, 4);
}

static const struct {
	enum query query;
	void (*read)(struct database *database, struct driver_statement *row,
		     struct report_lead *ret);
} READS[] = {
	[REPORT_FUNNEL] = { QUERY_REPORT_FUNNEL, read_funnel },
	[REPORT_SOURCES] = { QUERY_REPORT_SOURCES, read_source },
	[REPORT_OWNERS] = { QUERY_REPORT_OWNERS, read_owner },
	[REPORT_RESPONSE] = { QUERY_REPORT_RESPONSE, read_response },
};

/* --- leads --- */

static struct driver_statement *
select_leads(struct database *database, const struct report_request *request, gint64 first,
	     GError **error)
{
	enum query query = READS[request->name].query;
	gint64 last = first + LIMIT_REPORT_PAGE - 1;

	if (request->name == REPORT_SOURCES)
		return database_select(database, query, error, "iiissin", first, request->since,
				       request->until, request->mailbox, request->scorecard, last,
				       (int)request->by);
	return database_select(database, query, error, "iiissi", first, request->since,
			       request->until, request->mailbox, request->scorecard, last);
}

/* Leads of so many numbers from the first there is after one: a range costs a database the same
 * whatever it thinks of the conditions, while for a LIMIT it may sort the whole table.
 * @param after moves on; 0 when there was none left */
static gboolean
read_page(struct database *database, struct report *report, gint64 *after, GError **error)
{
	const struct report_request *request = report_request(report);
	struct driver_statement *row;
	gint64 first = 0;
	int got = -1;

	if (!database_integer(database, QUERY_REPORT_NEXT, 0, &first, error, "i", *after))
		return FALSE;
	*after = first > 0 ? first + LIMIT_REPORT_PAGE - 1 : 0;
	if (first <= 0)
		return TRUE;
	row = select_leads(database, request, first, error);
	while (row && (got = database_next(database, row, error)) > 0) {
		struct report_lead lead = { 0 };

		READS[request->name].read(database, row, &lead);
		report_add(report, &lead);
	}
	return got == 0;
}

static gboolean
read_leads(struct store *store, struct report *report, GError **error)
{
	gint64 after = 0;
	gboolean done;

	do {
		pthread_mutex_lock(&store->reading_mutex);
		done = read_page(store->reading, report, &after, error);
		pthread_mutex_unlock(&store->reading_mutex);
	} while (done && after > 0);
	return done;
}

/* --- mails --- */

static int
number_of(const char *name, const char *(*name_of)(int), int count)
{
	for (int i = 0; name && i < count; i++)
		if (!strcmp(name, name_of(i)))
			return i;
	return -1;
}

static const char *
name_of_kind(int kind)
{
	return kind_name((enum mail_kind)kind);
}

static const char *
name_of_direction(int direction)
{
	return direction_name((enum direction)direction);
}

static void
add_mails(struct database *database, struct driver_statement *row, struct report *report)
{
	const char *mailbox = database_column_text(database, row, 1);
	int kind = number_of(database_column_text(database, row, 2), name_of_kind, KIND_COUNT);
	int direction = number_of(database_column_text(database, row, 3), name_of_direction,
				  DIRECTION_INTERNAL + 1);

	if (kind >= 0 && direction >= 0)
		report_add_mails(report, &(struct report_mails){
						 .day = database_column(database, row, 0),
						 .kind = (enum mail_kind)kind,
						 .direction = (enum direction)direction,
						 .mailbox = mailbox && *mailbox ? mailbox : NULL,
						 .count = database_column(database, row, 4),
					 });
}

static gboolean
read_mails(struct store *store, struct report *report, GError **error)
{
	const struct report_request *request = report_request(report);
	struct driver_statement *row;
	int got = -1;

	pthread_mutex_lock(&store->reading_mutex);
	row = database_select(store->reading, QUERY_REPORT_KINDS, error, "iis", request->span.first,
			      request->span.end, request->mailbox);
	while (row && (got = database_next(store->reading, row, error)) > 0)
		add_mails(store->reading, row, report);
	pthread_mutex_unlock(&store->reading_mutex);
	return got == 0;
}

/* --- all of it --- */

/* Who is only configured has a name there. */
static gboolean
finish(struct store *store, struct report *report, const struct config *config, GError **error)
{
	g_autoptr(GPtrArray) imported = NULL;
	g_autoptr(owners_owned) owners = NULL;

	if (report_request(report)->name != REPORT_OWNERS || !config)
		return report_finish(report, NULL, error);
	imported = store_owners(store, error);
	if (!imported)
		return FALSE;
	owners = owners_new(config, imported);
	return report_finish(report, owners, error);
}

gboolean
store_report(struct store *store, struct report *report, const struct config *config,
	     GError **error)
{
	gboolean mails = report_request(report)->name == REPORT_KINDS;

	return (mails ? read_mails(store, report, error) : read_leads(store, report, error)) &&
	       finish(store, report, config, error);
}
