/* store_import.c - what the CRM knows: the jobs of store_import.h. */
#include "store/store_import.h"

#include "base/error.h"
#include "mail/domain.h"
#include "store/account.h"
#include "store/customer.h"
#include "store/gather.h"
#include "store/private.h"
#include "store/roster.h"

void
import_report_clear(struct import_report *report)
{
	g_clear_pointer(&report->conflicts, g_ptr_array_unref);
	*report = (struct import_report){ 0 };
}

/* --- steps --- */

struct import_job {
	const GPtrArray *rows;
	guint start, end; /* of this step */
	gint64 now;
	struct import_report report; /* of this step */
	gboolean (*one)(struct transaction *transaction, struct import_job *job, gpointer row,
			GError **error);
};

static void
count(struct import_report *report, int change)
{
	report->unchanged += change == 0;
	report->updated += change == 1;
	report->created += change == 2;
}

static void G_GNUC_PRINTF(2, 3) add_conflict(struct import_job *job, const char *format, ...)
{
	g_autofree char *text = NULL;
	va_list args;

	va_start(args, format);
	text = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(job->report.conflicts,
			g_strdup_printf("row %u: %s", job->start + job->report.done + 1, text));
}

static gboolean
run_import(struct transaction *transaction, gpointer data, GError **error)
{
	struct import_job *job = data;

	import_report_clear(&job->report);
	job->report.conflicts = g_ptr_array_new_with_free_func(g_free);
	for (guint i = job->start; i < job->end; i++) {
		if (!job->one(transaction, job, job->rows->pdata[i], error))
			return FALSE;
		job->report.done++;
	}
	return TRUE;
}

static void
add_report(struct import_report *report, struct import_report *step)
{
	report->created += step->created;
	report->updated += step->updated;
	report->unchanged += step->unchanged;
	report->moved += step->moved;
	report->done += step->done;
	g_ptr_array_extend_and_steal(report->conflicts, g_steal_pointer(&step->conflicts));
}

static gboolean
import(struct store *store, struct import_job *job, struct import_report *report, GError **error)
{
	gboolean done = TRUE;

	*report = (struct import_report){ .conflicts = g_ptr_array_new_with_free_func(g_free) };
	for (; done && job->start < job->rows->len; job->start = job->end) {
		job->end = MIN(job->start + LIMIT_BATCH, job->rows->len);
		done = store_run(store, run_import, job, error);
		if (done)
			add_report(report, &job->report);
		import_report_clear(&job->report);
	}
	return done;
}

/* --- owners --- */

static gboolean
import_owner(struct transaction *transaction, struct import_job *job, gpointer row, GError **error)
{
	const struct owner *owner = row;
	int change;

	if (!owner->address || !*owner->address) {
		add_conflict(job, "an owner without an address");
		return TRUE;
	}
	if (!roster_import(transaction->roster, transaction->database, owner, &change, error))
		return FALSE;
	if (change < 0)
		add_conflict(job, "%s: more than %d owners", owner->address, LIMIT_OWNERS);
	else
		count(&job->report, change);
	return TRUE;
}

gboolean
store_import_owners(struct store *store, const GPtrArray *rows, gint64 now,
		    struct import_report *report, GError **error)
{
	struct import_job job = { .rows = rows, .now = now, .one = import_owner };

	return import(store, &job, report, error);
}

/* --- accounts --- */

/* Takes the conflict. */
static void
conclude(struct import_job *job, int change, char *conflict)
{
	if (change < 0)
		add_conflict(job, "%s", conflict);
	else
		count(&job->report, change);
	g_free(conflict);
}

static gboolean
import_account(struct transaction *transaction, struct import_job *job, gpointer row,
	       GError **error)
{
	char *conflict;
	int change;

	transaction->accounts = PRESENCE_UNKNOWN;
	transaction->tally.changed = TRUE;
	if (!account_import(transaction->database, row, job->now, &change, &conflict, error))
		return FALSE;
	conclude(job, change, conflict);
	return TRUE;
}

struct move_job {
	const GPtrArray *rows;
	guint start; /* row to go on with */
	guint at; /* where this step got to */
	guint count;
};

/* @return FALSE with an error */
static gboolean
move_domain(struct transaction *transaction, struct move_job *job, const char *written,
	    GError **error)
{
	g_autofree char *domain = written ? domain_to_ascii(written) : NULL;
	gint moved = domain ? account_move(transaction, domain, error) : 0;

	job->count += MAX(moved, 0);
	return moved >= 0;
}

static gboolean
move_row(struct transaction *transaction, struct move_job *job, const struct account *row,
	 GError **error)
{
	if (!move_domain(transaction, job, row->domain, error))
		return FALSE;
	for (guint i = 0; row->domains && i < row->domains->len; i++)
		if (!move_domain(transaction, job, row->domains->pdata[i], error))
			return FALSE;
	return TRUE;
}

/* A row whose leads were moved is looked at again: there may be more of them. */
static gboolean
run_move(struct transaction *transaction, gpointer data, GError **error)
{
	struct move_job *job = data;
	guint end = MIN(job->start + LIMIT_BATCH, job->rows->len);

	job->count = 0;
	for (job->at = job->start; job->at < end; job->at++) {
		if (!move_row(transaction, job, job->rows->pdata[job->at], error))
			return FALSE;
		if (job->count > 0)
			return TRUE;
	}
	return TRUE;
}

/* In steps, so that messages get in between; also those an import that failed left behind. */
static gboolean
move_all(struct store *store, const GPtrArray *rows, guint *moved, GError **error)
{
	struct move_job job = { .rows = rows };

	while (job.start < rows->len) {
		if (!store_run(store, run_move, &job, error))
			return FALSE;
		*moved += job.count;
		job.start = job.at;
	}
	return TRUE;
}

gboolean
store_import_accounts(struct store *store, const GPtrArray *rows, gint64 now,
		      struct import_report *report, GError **error)
{
	struct import_job job = { .rows = rows, .now = now, .one = import_account };

	return import(store, &job, report, error) && move_all(store, rows, &report->moved, error);
}

/* --- customers --- */

static gboolean
import_customer(struct transaction *transaction, struct import_job *job, gpointer row,
		GError **error)
{
	char *conflict;
	int change;

	if (!customer_import(transaction, row, job->now, &change, &conflict, error))
		return FALSE;
	conclude(job, change, conflict);
	return TRUE;
}

gboolean
store_import_customers(struct store *store, const GPtrArray *rows, gint64 now,
		       struct import_report *report, GError **error)
{
	struct import_job job = { .rows = rows, .now = now, .one = import_customer };

	return import(store, &job, report, error);
}

/* --- reading --- */

GPtrArray *
store_accounts(struct store *store, guint most, guint skip, GError **error)
{
	GPtrArray *accounts;

	pthread_mutex_lock(&store->reading_mutex);
	accounts = account_list(store->reading, most, skip, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return accounts;
}

GPtrArray *
store_owners(struct store *store, GError **error)
{
	GPtrArray *owners;

	pthread_mutex_lock(&store->reading_mutex);
	owners = roster_read(store->reading, error);
	pthread_mutex_unlock(&store->reading_mutex);
	return owners;
}

struct account *
store_account(struct store *store, const char *domain, GError **error)
{
	struct account *account = NULL;
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	done = account_find(store->reading, domain, NULL, &account, error);
	pthread_mutex_unlock(&store->reading_mutex);
	if (done && !account)
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no account '%s'", domain);
	return account;
}

struct account *
store_account_heat(struct store *store, const char *domain, struct scorecards *scorecards,
		   gint64 now, GError **error)
{
	g_autoptr(known_owned) known = known_new();
	struct transaction reading = { .accounts = PRESENCE_SOME }; /* so that it looks */
	struct gather gather = { .transaction = &reading,
				 .database = store->reading,
				 .scorecards = scorecards,
				 .now = now,
				 .known = known,
				 .error = error };
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	done = gather_account(&gather, domain);
	pthread_mutex_unlock(&store->reading_mutex);
	return done ? g_steal_pointer(&known->account) : NULL;
}
