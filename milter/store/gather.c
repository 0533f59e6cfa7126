/* gather.c - see gather.h. */
#include "store/gather.h"

#include "mail/address.h"
#include "store/account.h"
#include "store/conversation.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/outbox.h"
#include "store/roster.h"

#define CANDIDATES_MOST 8

gboolean
gather_begin(struct gather *gather, struct transaction *transaction, gint64 now,
	     const struct scorecards *scorecards, struct known *known, GError **error)
{
	*gather = (struct gather){
		.transaction = transaction,
		.database = transaction->database,
		.now = now,
		.scorecards = scorecards,
		.known = known,
		.numbers = g_array_new(FALSE, FALSE, sizeof(gint64)),
		.error = error,
	};
	return !transaction->roster ||
	       roster_lend(transaction->roster, transaction->database, known, error);
}

void
gather_end(struct gather *gather)
{
	g_clear_pointer(&gather->numbers, g_array_unref);
}

/* --- candidates --- */

static gboolean
has_candidate(const struct gather *gather, gint64 number)
{
	for (guint i = 0; i < gather->numbers->len; i++)
		if (g_array_index(gather->numbers, gint64, i) == number)
			return TRUE;
	return FALSE;
}

static gboolean
is_full(const struct gather *gather)
{
	return gather->numbers->len >= CANDIDATES_MOST;
}

/* Takes the lead out of the row. */
static void
add_candidate(struct gather *gather, struct person_row *row, enum match match)
{
	struct candidate *candidate;

	if (has_candidate(gather, row->number) || is_full(gather))
		return;
	candidate = g_new0(struct candidate, 1);
	candidate->lead = g_steal_pointer(&row->lead);
	candidate->match = match;
	g_ptr_array_add(gather->known->candidates, candidate);
	g_array_append_val(gather->numbers, row->number);
}

/* Takes the row, which may be NULL; `failure` too. */
static gboolean
add_row(struct gather *gather, struct person_row *row, enum match match, GError *failure)
{
	if (row)
		add_candidate(gather, row, match);
	people_row_free(row);
	if (failure)
		g_propagate_error(gather->error, failure);
	return failure == NULL;
}

/* Whoever is found is most likely asked for the ledger, and written to. */
static gboolean
foresee_lead(struct gather *gather, gint64 number)
{
	gboolean done;

	if (!database_foresee(gather->database, TRUE))
		return TRUE;
	done = people_foresee_row(gather->database, number, gather->error) &&
	       outbox_foresee(gather->database, gather->transaction->endpoints, number,
			      gather->error);
	database_foresee(gather->database, FALSE);
	return done;
}

gboolean
gather_lead(struct gather *gather, gint64 number, enum match match)
{
	GError *failure = NULL;
	struct person_row *row;

	if (number == 0 || has_candidate(gather, number) || is_full(gather))
		return TRUE;
	if (!foresee_lead(gather, number))
		return FALSE;
	row = people_by_number(gather->database, number, &failure);
	return add_row(gather, row, match, failure);
}

gboolean
gather_key(struct gather *gather, const char *key, enum match match)
{
	g_autoptr(GArray) numbers = people_numbers_by_key(gather->database, key, gather->error);

	for (guint i = 0; numbers && i < numbers->len; i++)
		if (!gather_lead(gather, g_array_index(numbers, gint64, i), match))
			return FALSE;
	return numbers != NULL;
}

gboolean
gather_id(struct gather *gather, const char *id, enum match match)
{
	GError *failure = NULL;
	struct person_row *row = people_by_id(gather->database, id, &failure);

	return add_row(gather, row, match, failure);
}

gboolean
gather_address(struct gather *gather, const char *normalised)
{
	g_autofree char *key = keys_of_address(normalised);

	return !key || gather_key(gather, key, MATCHED_LEAD_ADDRESS);
}

gboolean
gather_written_address(struct gather *gather, const char *address)
{
	g_autofree char *normalised = address ? address_normalise(address) : NULL;

	return gather_address(gather, normalised);
}

/* --- the account --- */

/* The last to write come first. */
static gboolean
count_people(struct gather *gather, struct account *account)
{
	struct database *database = gather->database;
	struct known *known = gather->known;
	g_autofree char *first = NULL, *end = NULL;
	struct driver_statement *row;
	gint64 window = gather->scorecards ? scorecards_config(gather->scorecards)->account_heat
					   : ACCOUNT_HEAT_WINDOW;
	int got = -1;

	keys_of_activity(account->domain, &first, &end);
	row = database_select(database, QUERY_ACCOUNT_PEOPLE, gather->error, "ss", first, end);
	while (row && (got = database_next(database, row, gather->error)) > 0) {
		const char *owner = database_column_text(database, row, 1);

		account->people++;
		if (database_column(database, row, 0) >= gather->now - window)
			account->active_people++;
		if (owner && !known->account_owner)
			known->account_owner = g_strdup(owner);
	}
	return got == 0;
}

/* @return FALSE with an error */
static gboolean
know_accounts(struct gather *gather)
{
	g_autoptr(GPtrArray) first = NULL;

	if (gather->transaction->accounts != PRESENCE_UNKNOWN)
		return TRUE;
	first = account_list(gather->database, 1, 0, gather->error);
	if (first)
		gather->transaction->accounts = first->len ? PRESENCE_SOME : PRESENCE_NONE;
	return first != NULL;
}

gboolean
gather_account(struct gather *gather, const char *domain)
{
	struct account *account = NULL;

	if (!domain)
		return TRUE;
	if (!know_accounts(gather) ||
	    (gather->transaction->accounts == PRESENCE_SOME &&
	     !account_find(gather->database, domain, NULL, &account, gather->error)))
		return FALSE;
	if (!account) {
		account = account_new();
		account->domain = g_strdup(domain);
	}
	account_free(gather->known->account);
	gather->known->account = account;
	return count_people(gather, account);
}

gboolean
gather_outbound(struct gather *gather, const char *address)
{
	struct known *known = gather->known;
	gint64 last;

	if (!address)
		return TRUE;
	if (!database_integer(gather->database, QUERY_CONVERSATION_NEWEST, 0, &last, gather->error,
			      "i", conversation_hash(CONVERSATION_OUTBOUND, address, NULL)))
		return FALSE;
	known->we_wrote = known->we_wrote || last != 0;
	known->last_outbound = MAX(known->last_outbound, last);
	return TRUE;
}

/* --- ledgers --- */

static int
by_strength(gconstpointer a, gconstpointer b)
{
	const struct candidate *one = *(struct candidate *const *)a;
	const struct candidate *other = *(struct candidate *const *)b;

	return (int)other->match - (int)one->match;
}

#define CANDIDATES_FORESEEN 2

static gboolean
foresee_candidate(struct gather *gather, guint i)
{
	const struct candidate *candidate = gather->known->candidates->pdata[i];
	gint64 number = g_array_index(gather->numbers, gint64, i);
	g_autoptr(GPtrArray) nothing =
		ledger_load(gather->database, number, candidate->lead->touch_count,
			    gather->scorecards, gather->error);

	return nothing && people_foresee(gather->database, candidate->lead, number, gather->error);
}

/* The ledgers, and what is read when somebody's next touch is written. */
static gboolean
foresee_candidates(struct gather *gather)
{
	guint count = MIN(gather->known->candidates->len, CANDIDATES_FORESEEN);
	gboolean done = TRUE;

	if (count == 0 || !database_foresee(gather->database, TRUE))
		return TRUE;
	for (guint i = 0; done && i < count; i++)
		done = foresee_candidate(gather, i);
	database_foresee(gather->database, FALSE);
	return done;
}

/* g_ptr_array_sort() is stable: equals stay in the order they were found. */
gboolean
gather_ledgers(struct gather *gather)
{
	GPtrArray *candidates = gather->known->candidates;

	if (!foresee_candidates(gather))
		return FALSE;
	for (guint i = 0; i < candidates->len; i++) {
		struct candidate *candidate = candidates->pdata[i];

		candidate->touches = ledger_load(
			gather->database, g_array_index(gather->numbers, gint64, i),
			candidate->lead->touch_count, gather->scorecards, gather->error);
		if (!candidate->touches)
			return FALSE;
	}
	g_ptr_array_sort(candidates, by_strength);
	if (candidates->len) {
		struct candidate *first = candidates->pdata[0];

		g_ptr_array_unref(gather->known->touches);
		gather->known->touches = g_steal_pointer(&first->touches);
	}
	return TRUE;
}
