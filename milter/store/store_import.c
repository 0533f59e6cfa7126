/* store_import.c - what the CRM knows: the jobs of store_import.h. */
#include "store/store_import.h"

#include "base/error.h"
#include "store/account.h"
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

/* --- reading --- */

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
