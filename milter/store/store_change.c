/* store_change.c - changes that no message makes: the jobs of store_change.h. */
#include "store/store_change.h"

#include "base/error.h"
#include "store/apply.h"
#include "store/conversation.h"
#include "store/gather.h"
#include "store/private.h"

/* --- whom it is about --- */

static gboolean
gather_customer(struct gather *gather, const char *id)
{
	gint64 lead;

	return database_integer(gather->database, QUERY_CUSTOMER_LEAD, 0, &lead, gather->error, "s",
				id) &&
	       gather_lead(gather, lead, MATCHED_TOKEN);
}

static gboolean
gather_candidates(struct gather *gather, const struct store_whom *whom)
{
	if (whom->lead)
		return gather_id(gather, whom->lead, MATCHED_TOKEN);
	return (!whom->customer || gather_customer(gather, whom->customer)) &&
	       gather_written_address(gather, whom->address) &&
	       (!whom->phone || gather_key(gather, whom->phone, MATCHED_PHONE));
}

static gboolean
check_found(const struct gather *gather, const struct store_whom *whom)
{
	const char *name = whom->lead       ? whom->lead
			   : whom->customer ? whom->customer
			   : whom->address  ? whom->address
			   : whom->phone    ? whom->phone
					    : "";

	if (gather->known->candidates->len > 0 || (!whom->lead && !whom->must_exist))
		return TRUE;
	g_set_error(gather->error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no lead '%s'", name);
	return FALSE;
}

/* @return FALSE with an error */
static gboolean
gather_rest(struct gather *gather, const char *account)
{
	const GPtrArray *candidates = gather->known->candidates;
	const struct lead *lead =
		candidates->len ? ((struct candidate *)candidates->pdata[0])->lead : NULL;

	return gather_account(gather, lead ? lead->account : account) &&
	       gather_outbound(gather, lead ? lead->normalised : NULL);
}

/* @return FALSE with an error */
static gboolean
gather_previous(struct gather *gather, const char *key)
{
	struct known *known = gather->known;
	GError *failure = NULL;
	struct person_row *row;
	gint64 hash, tag, lead;

	if (!key)
		return TRUE;
	conversation_of_key(key, &hash, &tag);
	if (!database_integer(gather->database, QUERY_MESSAGE_BY_KEY, -1, &lead, gather->error,
			      "ii", hash, tag))
		return FALSE;
	known->is_duplicate = lead >= 0;
	row = lead > 0 ? people_by_number(gather->database, lead, &failure) : NULL;
	if (row)
		known->previous = g_steal_pointer(&row->lead);
	people_row_free(row);
	if (failure)
		g_propagate_error(gather->error, failure);
	return failure == NULL;
}

static gboolean
gather_whom(struct gather *gather, const struct store_whom *whom)
{
	return gather_previous(gather, whom->key) && gather_candidates(gather, whom) &&
	       check_found(gather, whom) && gather_ledgers(gather) &&
	       gather_rest(gather, whom->account);
}

/* --- one change --- */

struct change_job {
	struct store *store;
	const struct store_whom *whom;
	const struct store_decide *decide;
	gint64 now;
	gboolean shadow;
	struct answer answer;
};

/* So that it is known when it is said again. */
static gboolean
write_key(struct transaction *transaction, const char *key, const struct decision *decision,
	  gint64 lead, gint64 now, GError **error)
{
	struct database *database = transaction->database;
	const struct lead *state = decision->lead;
	char grade[2] = { state ? state->grade : 0, 0 };
	g_autoptr(GArray) links = conversation_links_of_key(key);

	if (!database_run(database, QUERY_MESSAGE_INSERT, error, "siisissssrssb", NULL, now, now,
			  "outside", lead, NULL, NULL, NULL, match_name(decision->match),
			  state ? state->total : 0.0, grade,
			  state ? stage_name(state->stage) : NULL, (const void *)links->data,
			  (gsize)(links->len * sizeof(struct conversation_link))))
		return FALSE;
	transaction->tally.messages++;
	return conversation_insert(database, links,
				   database->driver->last_row(database->connection), error);
}

static gboolean
write_change(struct transaction *transaction, const struct change_job *job,
	     const struct decision *decision, GError **error)
{
	const char *key = job->whom ? job->whom->key : NULL;
	gboolean changes;
	gint64 lead;

	return apply_decision(transaction, job->store->endpoints, decision, job->shadow, &lead,
			      &changes, error) &&
	       (!key || !changes || write_key(transaction, key, decision, lead, job->now, error));
}

static gboolean
decide_and_write(struct transaction *transaction, struct change_job *job, struct known *known,
		 GError **error)
{
	g_autoptr(decision_owned) decision =
		job->decide->decide(known, job->now, job->decide->data);
	gint64 time;

	answer_clear(&job->answer);
	if (!decision)
		return TRUE;
	time = decision->touch ? decision->touch->time : job->now;
	decision = apply_respect(transaction, g_steal_pointer(&decision), time, error);
	if (!decision)
		return FALSE;
	if (!known->is_duplicate && !write_change(transaction, job, decision, error))
		return FALSE;
	apply_answer(decision, NULL, &job->answer);
	return TRUE;
}

static gboolean
run_change(struct transaction *transaction, gpointer data, GError **error)
{
	struct change_job *job = data;
	g_autoptr(known_owned) known = known_new();
	struct gather gather;
	gboolean done = gather_begin(&gather, transaction, job->now, job->decide->scorecards, known,
				     error) &&
			gather_whom(&gather, job->whom);

	gather_end(&gather);
	return done && decide_and_write(transaction, job, known, error);
}

gboolean
store_change(struct store *store, const struct store_whom *whom, const struct store_decide *decide,
	     gint64 now, gboolean shadow, struct answer *ret, GError **error)
{
	struct change_job job = {
		.store = store, .whom = whom, .decide = decide, .now = now, .shadow = shadow
	};
	gboolean done = store_run(store, run_change, &job, error);

	if (done && ret)
		*ret = job.answer;
	else
		answer_clear(&job.answer);
	return done;
}

/* --- what time alone changes --- */

struct due_job {
	struct change_job change;
	guint most;
	gint count;
};

static GArray *
read_due(struct database *database, gint64 now, guint most, GError **error)
{
	return database_numbers(database,
				database_select(database, QUERY_LEADS_DUE, error, "in", now,
						(int)MIN(most, LIMIT_BATCH)),
				error);
}

static gboolean
change_due(struct transaction *transaction, struct change_job *job, gint64 number, GError **error)
{
	g_autoptr(known_owned) known = known_new();
	struct gather gather;
	gboolean done = gather_begin(&gather, transaction, job->now, job->decide->scorecards, known,
				     error) &&
			gather_lead(&gather, number, MATCHED_TOKEN) && gather_ledgers(&gather) &&
			gather_rest(&gather, NULL);

	gather_end(&gather);
	if (!done || (known->candidates->len && !decide_and_write(transaction, job, known, error)))
		return FALSE;
	return database_run(transaction->database, QUERY_LEAD_DUE_CLEAR, error, "ii", number,
			    job->now);
}

static gboolean
run_due(struct transaction *transaction, gpointer data, GError **error)
{
	struct due_job *job = data;
	g_autoptr(GArray) numbers =
		read_due(transaction->database, job->change.now, job->most, error);

	job->count = numbers ? (gint)numbers->len : -1;
	for (guint i = 0; numbers && i < numbers->len; i++)
		if (!change_due(transaction, &job->change, g_array_index(numbers, gint64, i),
				error))
			return FALSE;
	return numbers != NULL;
}

gint
store_due(struct store *store, const struct store_decide *decide, gint64 now, guint most,
	  gboolean shadow, GError **error)
{
	struct due_job job = {
		.change = { .store = store, .decide = decide, .now = now, .shadow = shadow },
		.most = most,
	};
	gboolean done = store_run(store, run_due, &job, error);

	answer_clear(&job.change.answer);
	return done ? job.count : -1;
}

gint64
store_next_due(struct store *store, GError **error)
{
	gint64 due = 0;
	gboolean done;

	pthread_mutex_lock(&store->reading_mutex);
	done = database_integer(store->reading, QUERY_LEAD_NEXT_DUE, 0, &due, error, "");
	pthread_mutex_unlock(&store->reading_mutex);
	return done ? due : -1;
}
