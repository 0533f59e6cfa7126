/* store_merge.c - one person, two cards: the jobs of store_change.h. */
#include "store/store_change.h"

#include <string.h>

#include "base/error.h"
#include "lead/identity.h"
#include "lead/merge.h"
#include "mail/address.h"
#include "store/apply.h"
#include "store/conversation.h"
#include "store/gather.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/private.h"

#define TOUCHES_MOST 20000 /* renumbered in one transaction: a tenth of a second */

struct merge_job {
	struct store *store;
	const char *lead, *other; /* id or address */
	const char *domain; /* of the organisation of an address that is divided off, or NULL */
	struct scorecards *scorecards;
	gint64 now;
	struct answer answer;
};

/* --- loading --- */

static struct person_row *
find_row(struct database *database, const char *name, GError **error)
{
	g_autofree char *normalised = address_normalise(name);
	g_autofree char *key = keys_of_address(normalised);
	g_autoptr(GPtrArray) rows = NULL;
	struct person_row *row = NULL;
	GError *failure = NULL;

	if (key)
		rows = people_by_key(database, key, &failure);
	if (rows && rows->len)
		row = g_ptr_array_steal_index(rows, 0);
	else if (!failure)
		row = people_by_id(database, name, &failure);
	if (failure)
		g_propagate_error(error, failure);
	else if (!row)
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no lead '%s'", name);
	return row;
}

/* Takes the lead out of the row; its whole ledger with it. */
static gboolean
add_whole(struct gather *gather, struct person_row *row)
{
	struct known *known = gather->known;
	GPtrArray *touches = people_touches(gather->database, row->number, 0, 0, gather->error);
	struct candidate *candidate;

	if (!touches)
		return FALSE;
	candidate = g_new0(struct candidate, 1);
	candidate->lead = g_steal_pointer(&row->lead);
	candidate->match = MATCHED_TOKEN;
	if (known->candidates->len == 0) {
		g_ptr_array_unref(known->touches);
		known->touches = touches;
	} else {
		candidate->touches = touches;
	}
	g_ptr_array_add(known->candidates, candidate);
	g_array_append_val(gather->numbers, row->number);
	return TRUE;
}

static gboolean
check_size(guint touches, GError **error)
{
	if (touches <= TOUCHES_MOST)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
		    "the cards have %u touches; more than %d are not put together", touches,
		    TOUCHES_MOST);
	return FALSE;
}

/* --- merging --- */

static gboolean
check_two(const struct person_row *one, const struct person_row *other, GError **error)
{
	if (one->number != other->number)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "both are the lead %s", one->lead->id);
	return FALSE;
}

static gboolean
load_two(struct gather *gather, const struct merge_job *job)
{
	struct person_row *one = find_row(gather->database, job->lead, gather->error);
	struct person_row *other =
		one ? find_row(gather->database, job->other, gather->error) : NULL;
	gboolean done = other && check_two(one, other, gather->error) && add_whole(gather, one) &&
			add_whole(gather, other);

	people_row_free(one);
	people_row_free(other);
	return done;
}

static const char *
account_of(const struct known *known)
{
	return ((struct candidate *)known->candidates->pdata[0])->lead->account;
}

/* Where each touch came from, before merge_decide() puts them in order. */
static GHashTable *
note_places(const struct gather *gather)
{
	GHashTable *places = g_hash_table_new_full(NULL, NULL, NULL, g_free);

	for (guint i = 0; i < gather->numbers->len; i++) {
		const struct candidate *candidate = gather->known->candidates->pdata[i];
		const GPtrArray *touches = i == 0 ? gather->known->touches : candidate->touches;

		for (guint t = 0; t < touches->len; t++) {
			struct people_move *move = g_new0(struct people_move, 1);

			move->from = g_array_index(gather->numbers, gint64, i);
			move->from_sequence = ((struct touch *)touches->pdata[t])->sequence;
			g_hash_table_insert(places, touches->pdata[t], move);
		}
	}
	return places;
}

static gboolean
is_moved(const struct people_move *move, gint64 to, gint64 sequence)
{
	return move->from != to || move->from_sequence != sequence;
}

static void
add_moves(GArray *moves, GHashTable *places, const GPtrArray *touches, gint64 to)
{
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		struct people_move *move = g_hash_table_lookup(places, touch);

		if (!is_moved(move, to, touch->sequence))
			continue;
		move->to = to;
		move->to_sequence = touch->sequence;
		move->origin = touch->origin;
		g_array_append_val(moves, *move);
	}
}

static gboolean
write_moves(struct database *database, const GArray *moves, GError **error)
{
	return people_number_touches(database, (const struct people_move *)(void *)moves->data,
				     moves->len, error);
}

/* What is kept beside a ledger. */
static gboolean
hand_on(struct database *database, const GArray *numbers, GError **error)
{
	gint64 one = g_array_index(numbers, gint64, 0), other = g_array_index(numbers, gint64, 1);

	return ledger_forget_summary(database, one, error) &&
	       ledger_forget_summary(database, other, error) &&
	       journal_move_lead(database, other, one, error);
}

static gboolean
merge(struct transaction *transaction, struct merge_job *job, struct gather *gather, GError **error)
{
	g_autoptr(GHashTable) places = NULL;
	g_autoptr(GArray) moves = g_array_new(FALSE, TRUE, sizeof(struct people_move));
	g_autoptr(decision_owned) decision = NULL;
	gboolean changes;
	gint64 number;

	if (!load_two(gather, job) || !gather_account(gather, account_of(gather->known)))
		return FALSE;
	places = note_places(gather);
	if (!check_size(g_hash_table_size(places), error))
		return FALSE;
	decision = merge_decide(gather->known, job->scorecards, job->now);
	if (!apply_decision(transaction, job->store->endpoints, decision, FALSE, &number, &changes,
			    error))
		return FALSE;
	add_moves(moves, places, gather->known->touches, number);
	answer_clear(&job->answer);
	apply_answer(decision, NULL, &job->answer);
	return write_moves(transaction->database, moves, error) &&
	       hand_on(transaction->database, gather->numbers, error);
}

static gboolean
run_with_known(struct transaction *transaction, struct merge_job *job,
	       gboolean (*run)(struct transaction *transaction, struct merge_job *job,
			       struct gather *gather, GError **error),
	       GError **error)
{
	g_autoptr(known_owned) known = known_new();
	struct gather gather;
	gboolean done =
		gather_begin(&gather, transaction, job->now, job->scorecards, known, error) &&
		run(transaction, job, &gather, error);

	gather_end(&gather);
	return done;
}

static gboolean
run_merge(struct transaction *transaction, gpointer data, GError **error)
{
	return run_with_known(transaction, data, merge, error);
}

/* @param ret or NULL */
static gboolean
run_job(struct store *store,
	gboolean (*run)(struct transaction *transaction, gpointer data, GError **error),
	struct merge_job *job, struct answer *ret, GError **error)
{
	gboolean done = store_run(store, run, job, error);

	if (done && ret)
		*ret = job->answer;
	else
		answer_clear(&job->answer);
	return done;
}

gboolean
store_merge(struct store *store, const char *lead, const char *other, struct scorecards *scorecards,
	    gint64 now, struct answer *ret, GError **error)
{
	struct merge_job job = {
		.store = store, .lead = lead, .other = other, .scorecards = scorecards, .now = now
	};

	return run_job(store, run_merge, &job, ret, error);
}

/* --- dividing --- */

/* The card the address' touches were first written into, if that was another one; NULL is none. */
static const char *
origin_of_address(const GPtrArray *touches, const char *address)
{
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		const char *last = touch->origin ? strrchr(touch->origin, '/') : NULL;

		if (touch->origin && !g_strcmp0(touch->author, address))
			return last ? last + 1 : touch->origin;
	}
	return NULL;
}

/* Takes the sign out of the list. @return NULL without an error: none has the address */
static struct person_row *
sign_with_address(struct database *database, const char *id, const char *address, GError **error)
{
	g_autoptr(GPtrArray) signs = people_signs(database, id, error);

	for (guint i = 0; signs && i < signs->len; i++) {
		const struct person_row *row = signs->pdata[i];

		if (identity_has_address(row->lead, address))
			return g_ptr_array_steal_index(signs, i);
	}
	return NULL;
}

/* Who the address belonged to before it came to the card. @return FALSE with an error */
static gboolean
find_person(struct gather *gather, const char *id, struct merge_part *part, struct person_row **ret)
{
	const char *origin = origin_of_address(gather->known->touches, part->address);

	if (origin)
		*ret = people_row_by_id(gather->database, origin, gather->error);
	if (!*ret && !*gather->error)
		*ret = sign_with_address(gather->database, id, part->address, gather->error);
	if (*ret && identity_has_address((*ret)->lead, part->address))
		part->person = (*ret)->lead;
	return !*gather->error;
}

static gboolean
find_sign(struct gather *gather, const struct merge_job *job, const char *id,
	  struct merge_part *part, struct person_row **ret)
{
	*ret = people_row_by_id(gather->database, job->other, gather->error);
	if (*ret && !g_strcmp0((*ret)->lead->merged_into, id)) {
		part->sign = (*ret)->lead;
		return TRUE;
	}
	if (!*gather->error)
		g_set_error(gather->error, LEADMILTER_ERROR, ERROR_INPUT,
			    "'%s' is no address, and no card that was merged into %s", job->other,
			    id);
	return FALSE;
}

/* The card's own account stays what is known. @return FALSE with an error */
static gboolean
find_part_account(struct gather *gather, const char *domain, struct merge_part *part)
{
	struct known *known = gather->known;
	struct account *account = g_steal_pointer(&known->account);
	gboolean done = gather_account(gather, domain);

	part->account = known->account;
	known->account = account;
	return done;
}

/* @return FALSE with an error */
static gboolean
find_part(struct gather *gather, const struct merge_job *job, struct merge_part *ret,
	  struct person_row **ret_row, char **ret_address)
{
	const char *id = ((struct candidate *)gather->known->candidates->pdata[0])->lead->id;

	ret->address = *ret_address = address_normalise(job->other);
	if (*ret_address)
		return find_person(gather, id, ret, ret_row) &&
		       find_part_account(gather, job->domain, ret);
	return find_sign(gather, job, id, ret, ret_row) &&
	       find_part_account(gather, ret->sign->account, ret);
}

static gboolean
load_one(struct gather *gather, const struct merge_job *job)
{
	struct person_row *row = find_row(gather->database, job->lead, gather->error);
	gboolean done = row && add_whole(gather, row) &&
			check_size(gather->known->touches->len, gather->error) &&
			gather_account(gather, account_of(gather->known));

	people_row_free(row);
	return done;
}

/* Replies to them belong to the part from now on. */
static gboolean
move_messages(struct database *database, const GPtrArray *touches, gint64 to, GError **error)
{
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];
		gint64 hash, tag;

		if (!touch->message_key)
			continue;
		conversation_of_ids(touch->message_id, touch->message_key, &hash, &tag);
		if (!database_run(database, QUERY_MESSAGE_MOVE, error, "iii", hash, tag, to))
			return FALSE;
	}
	return TRUE;
}

static gboolean
write_parts(struct transaction *transaction, struct merge_job *job, struct gather *gather,
	    const struct decision *decision, const GPtrArray *taken, GHashTable *places,
	    GError **error)
{
	struct database *database = transaction->database;
	g_autoptr(GArray) moves = g_array_new(FALSE, TRUE, sizeof(struct people_move));
	struct person_row *part;
	gboolean changes, done;
	gint64 number;

	if (!apply_decision(transaction, job->store->endpoints, decision, FALSE, &number, &changes,
			    error))
		return FALSE;
	part = people_row_by_id(database, decision->next->lead->id, error);
	if (!part)
		return FALSE;
	add_moves(moves, places, gather->known->touches, number);
	add_moves(moves, places, taken, part->number);
	done = write_moves(database, moves, error) &&
	       ledger_forget_summary(database, number, error) &&
	       move_messages(database, taken, part->number, error);
	people_row_free(part);
	return done;
}

static gboolean
divide_part(struct transaction *transaction, struct merge_job *job, struct gather *gather,
	    const struct merge_part *part, GError **error)
{
	g_autoptr(GHashTable) places = note_places(gather);
	g_autoptr(GPtrArray) taken = NULL;
	g_autoptr(decision_owned) decision =
		merge_divide(part, gather->known, job->scorecards, job->now, &taken);

	answer_clear(&job->answer);
	if (!decision->lead) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s: %s", job->other,
			    decision->reason);
		return FALSE;
	}
	apply_answer(decision->next, NULL, &job->answer);
	return write_parts(transaction, job, gather, decision, taken, places, error);
}

static gboolean
divide(struct transaction *transaction, struct merge_job *job, struct gather *gather,
       GError **error)
{
	g_autofree char *address = NULL;
	struct person_row *row = NULL;
	struct merge_part part = { 0 };
	GError *failure = NULL;
	gboolean done;

	gather->error = &failure;
	done = load_one(gather, job) && find_part(gather, job, &part, &row, &address) &&
	       divide_part(transaction, job, gather, &part, &failure);
	account_free(part.account);
	people_row_free(row);
	if (failure)
		g_propagate_error(error, failure);
	return done;
}

static gboolean
run_divide(struct transaction *transaction, gpointer data, GError **error)
{
	return run_with_known(transaction, data, divide, error);
}

gboolean
store_split(struct store *store, const char *lead, const char *what, const char *domain,
	    struct scorecards *scorecards, gint64 now, struct answer *ret, GError **error)
{
	struct merge_job job = { .store = store,
				 .lead = lead,
				 .other = what,
				 .domain = domain,
				 .scorecards = scorecards,
				 .now = now };

	return run_job(store, run_divide, &job, ret, error);
}

/* --- two people --- */

static gboolean
write_apart(struct transaction *transaction, const struct lead *before, const char *other,
	    GError **error)
{
	g_autoptr(lead_owned) lead = lead_copy(before);
	gint64 number;

	merge_set_apart(lead, other);
	return people_write(transaction, lead, FALSE, &number, error);
}

static gboolean
run_apart(struct transaction *transaction, gpointer data, GError **error)
{
	const struct merge_job *job = data;
	struct database *database = transaction->database;
	struct person_row *one = find_row(database, job->lead, error);
	struct person_row *other = one ? find_row(database, job->other, error) : NULL;
	gboolean done = other && check_two(one, other, error) &&
			write_apart(transaction, one->lead, other->lead->id, error) &&
			write_apart(transaction, other->lead, one->lead->id, error);

	people_row_free(one);
	people_row_free(other);
	return done;
}

gboolean
store_keep_apart(struct store *store, const char *lead, const char *other, GError **error)
{
	struct merge_job job = { .store = store, .lead = lead, .other = other };

	return store_run(store, run_apart, &job, error);
}
