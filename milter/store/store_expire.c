/*
 * store_expire.c - retention, of each kind of data by itself: store_expire() of store.h.
 *
 * Messages and events lie in the order they came, so a call ends at the first that is young.
 * Touches lie by lead: a call looks at a part of them and keeps its place (in `meta`), so that
 * every touch is looked at in some calls, however many there are.
 */
#include "store/private.h"

#include "base/clock.h"
#include "store/partitions.h"
#include "store/ledger.h"
#include "store/people.h"
#include "store/store_audit.h"

#define PLACE "retention"
#define STEPS_MOST 400 /* of LIMIT_BATCH touches in one call */

/* --- messages and events --- */

struct expire_job {
	gint (*step)(struct transaction *transaction, gint64 *after, gint64 before,
		     gboolean *ret_more, GError **error);
	gint64 start, after; /* number to go on from: before and after the step */
	gint64 before; /* time */
	gboolean more;
	gint count;
};

static gboolean
run_expire(struct transaction *transaction, gpointer data, GError **error)
{
	struct expire_job *job = data;

	job->after = job->start;
	job->count = job->step(transaction, &job->after, job->before, &job->more, error);
	return job->count >= 0;
}

/* In steps, so that messages get in between. */
static gint64
expire(struct store *store, struct expire_job *job, GError **error)
{
	gint64 total = 0;

	do {
		if (!store_run(store, run_expire, job, error))
			return -1;
		job->start = job->after;
		total += job->count;
	} while (job->more);
	return total;
}

static guint
days_of(guint own, guint common)
{
	return own > 0 ? own : common;
}

/* On a server whole parts are dropped; what can't be is done row by row, as in a file.
 * @param ret_before of what is left to do, 0 nothing */
static gint64
expire_parts(struct store *store, enum partitions_of which, guint days, gint64 now,
	     gint64 *ret_before, GError **error)
{
	g_autoptr(database_owned) database = NULL;

	*ret_before = now - days * CLOCK_DAY;
	if (!store->driver->is_server)
		return 0;
	database = database_open(store->driver, store->path, TRUE, error);
	return database ? partitions_expire(database, which, days, now, ret_before, error) : -1;
}

/* @return -1 with an error */
static gint64
expire_old(struct store *store, enum partitions_of which,
	   gint (*step)(struct transaction *transaction, gint64 *after, gint64 before,
			gboolean *ret_more, GError **error),
	   guint days, gint64 now, GError **error)
{
	struct expire_job job = { .step = step };
	gint64 dropped, singly;

	if (days == 0)
		return 0;
	dropped = expire_parts(store, which, days, now, &job.before, error);
	singly = dropped < 0 ? -1 : job.before ? expire(store, &job, error) : 0;
	return singly < 0 ? -1 : dropped + singly;
}

/* --- touches --- */

struct touches_job {
	gint64 texts_before, touches_before; /* times, 0: everything stays */
	gint64 start, after; /* id of a touch: before and after the step */
	gboolean more;
	gint count;
};

static gboolean
read_place(struct database *database, gint64 *ret, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_META, error, "s", PLACE);
	int got = row ? database_next(database, row, error) : -1;

	*ret = 0;
	if (got > 0) {
		*ret = g_ascii_strtoll(database_column_text(database, row, 0), NULL, 10);
		database_end(database, row);
	}
	return got >= 0;
}

static gboolean
write_place(struct database *database, gint64 place, GError **error)
{
	char text[24];

	g_snprintf(text, sizeof text, "%" G_GINT64_FORMAT, place);
	return database_run(database, QUERY_META_WRITE, error, "ss", PLACE, text);
}

/* @return what is removed: 1, or 0; -1 with an error */
static gint
expire_touch(struct transaction *transaction, const struct touches_job *job,
	     const struct people_touch *touch, GError **error)
{
	if (touch->touch->time < job->touches_before)
		return people_delete_touch(transaction, touch, error) ? 1 : -1;
	if (touch->touch->time >= job->texts_before || !people_touch_has_words(touch->touch))
		return 0;
	return people_drop_words(transaction->database, touch, error) ? 1 : -1;
}

static gboolean
run_touches(struct transaction *transaction, gpointer data, GError **error)
{
	struct touches_job *job = data;
	g_autoptr(GPtrArray) touches = NULL;

	job->count = 0;
	job->after = job->start;
	if (job->start < 0 && !read_place(transaction->database, &job->after, error))
		return FALSE;
	touches = people_touches_after(transaction->database, job->after, error);
	for (guint i = 0; touches && i < touches->len; i++) {
		const struct people_touch *touch = touches->pdata[i];
		gint count = expire_touch(transaction, job, touch, error);

		if (count < 0)
			return FALSE;
		job->count += count;
		job->after = touch->id;
	}
	job->more = touches && touches->len == LIMIT_BATCH;
	if (!job->more)
		job->after = 0; /* from the beginning next time */
	transaction->tally.erased |= job->count > 0;
	return touches && write_place(transaction->database, job->after, error);
}

static gint64
expire_touches(struct store *store, const struct config *config, gint64 now, GError **error)
{
	struct touches_job job = { .start = -1, .more = TRUE };
	gint64 total = 0;

	if (config->retention_texts_days > 0)
		job.texts_before = now - config->retention_texts_days * CLOCK_DAY;
	if (config->retention_touches_days > 0)
		job.touches_before = now - config->retention_touches_days * CLOCK_DAY;
	for (guint i = 0; i < STEPS_MOST && job.more && (job.texts_before || job.touches_before);
	     i++) {
		if (!store_run(store, run_touches, &job, error))
			return -1;
		job.start = job.after;
		total += job.count;
	}
	return total;
}

gint64
store_expire(struct store *store, const struct config *config, gint64 now, GError **error)
{
	guint common = config->retention_days;
	gint64 touches = expire_touches(store, config, now, error);
	gint64 messages = touches < 0 ? -1
				      : expire_old(store, PARTITIONS_MESSAGES, receive_expire,
						   days_of(config->retention_messages_days, common),
						   now, error);
	gint64 events = messages < 0 ? -1
				     : expire_old(store, PARTITIONS_EVENTS, outbox_expire,
						  days_of(config->retention_events_days, common),
						  now, error);

	gint64 audit =
		events < 0 || !config->retention_audit_days
			? 0
			: store_audit_expire(store, now - config->retention_audit_days * CLOCK_DAY,
					     error);

	return events < 0 || audit < 0 ? -1 : touches + messages + events + audit;
}
