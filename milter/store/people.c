/* people.c - see people.h.  Ids of touches: schema.c. */
#include "store/people.h"

#include "base/error.h"
#include "base/limits.h"
#include "mail/address.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/progress.h"
#include "store/record.h"
#include "store/roster.h"
#include "store/search.h"
#include "store/store.h"

#define TOUCH_BITS 20
#define FIRST_TOUCH(lead) ((lead) << TOUCH_BITS)
#define LAST_TOUCH(lead) (((lead) << TOUCH_BITS) | ((1 << TOUCH_BITS) - 1))

void
people_row_free(struct person_row *row)
{
	if (!row)
		return;
	lead_free(row->lead);
	g_free(row);
}

/* --- writing --- */

/* What of a lead's row decides what else is written, as it was. */
struct before {
	gint64 number; /* 0: a new lead */
	GPtrArray *keys; /* struct key * */
	char *stage; /* name */
	gboolean is_sign;
	char *owner; /* who had it as an open lead, or NULL */
	gboolean reported_same; /* what the row of reports tells besides its stage (progress.h) */
	/* what it is found by in the search index */
	char *name_key, *company, *normalised, *account, *addresses, *phones;
};

static void
before_clear(struct before *before)
{
	g_clear_pointer(&before->keys, g_ptr_array_unref);
	g_free(before->stage);
	g_free(before->owner);
	g_free(before->name_key);
	g_free(before->company);
	g_free(before->normalised);
	g_free(before->account);
	g_free(before->addresses);
	g_free(before->phones);
}
typedef struct before before_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(before_owned, before_clear)

/* Whose load it counts for. */
static const char *
open_owner(enum stage stage, const char *owner, const char *merged_into)
{
	return merged_into || stage == STAGE_CUSTOMER || stage == STAGE_DISQUALIFIED ||
			       stage == STAGE_RECYCLED
		       ? NULL
		       : owner;
}

/* A card that is only a sign to another one isn't found by anything but its number and id. */
static GPtrArray *
make_keys(const struct key_source *source, const char *merged_into)
{
	static const struct key_source nothing;

	return keys_of_lead(merged_into ? &nothing : source);
}

/* Columns of QUERY_LEAD_BEFORE that reports are made of. */
static gboolean
is_reported_same(struct database *database, struct driver_statement *row, const struct lead *lead)
{
	const struct {
		int column;
		gint64 value;
	} TIMES[] = {
		{ 10, lead->created },   { 11, lead->first_inbound }, { 12, lead->first_response },
		{ 13, lead->first_due }, { 14, lead->owner_since },
	};
	const struct {
		int column;
		const char *value;
	} TEXTS[] = { { 6, lead->owner },
		      { 15, lead->scorecard },
		      { 16, lead->source },
		      { 17, lead->source_mailbox } };

	for (guint i = 0; i < G_N_ELEMENTS(TIMES); i++)
		if (database_column(database, row, TIMES[i].column) != TIMES[i].value)
			return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(TEXTS); i++)
		if (g_strcmp0(database_column_text(database, row, TEXTS[i].column), TEXTS[i].value))
			return FALSE;
	return TRUE;
}

static gboolean
read_before(struct database *database, const struct lead *lead, struct before *ret, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_LEAD_BEFORE, error, "s", lead->id);
	int got = row ? database_next(database, row, error) : -1;
	enum stage stage = STAGE_INTEREST;

	if (got <= 0)
		return got == 0;
	ret->number = database_column(database, row, 0);
	ret->keys = make_keys(
		&(struct key_source){
			.normalised = database_column_text(database, row, 1),
			.account = database_column_text(database, row, 2),
			.name_key = database_column_text(database, row, 3),
			.phones = database_column_text(database, row, 4),
			.last_inbound = database_column(database, row, 5),
			.owner = database_column_text(database, row, 6),
			.addresses = database_column_text(database, row, 8),
		},
		database_column_text(database, row, 9));
	ret->stage = g_strdup(database_column_text(database, row, 7));
	ret->is_sign = database_column_text(database, row, 9) != NULL;
	ret->reported_same = is_reported_same(database, row, lead);
	ret->normalised = g_strdup(database_column_text(database, row, 1));
	ret->account = g_strdup(database_column_text(database, row, 2));
	ret->name_key = g_strdup(database_column_text(database, row, 3));
	ret->phones = g_strdup(database_column_text(database, row, 4));
	ret->addresses = g_strdup(database_column_text(database, row, 8));
	ret->company = g_strdup(database_column_text(database, row, 18));
	stage_from_name(ret->stage, &stage);
	ret->owner = g_strdup(open_owner(stage, database_column_text(database, row, 6),
					 database_column_text(database, row, 9)));
	database_end(database, row);
	return TRUE;
}

static gboolean
write_row(struct database *database, const struct lead *lead, const char *name_key, gint64 *number,
	  GError **error)
{
	const struct driver *driver = database->driver;
	gboolean is_new = *number == 0;
	struct driver_statement *row =
		database_statement(database, is_new ? QUERY_LEAD_INSERT : QUERY_LEAD_UPDATE, error);

	if (!row)
		return FALSE;
	if (!is_new)
		driver->bind_integer(row, 1, *number);
	driver->bind_text(row, is_new ? 1 : 2, name_key, TRUE);
	if (is_new && lead->touch_count > 0)
		driver->bind_real(row, 2, lead->total);
	else if (is_new)
		driver->bind_text(row, 2, NULL, FALSE); /* nothing of it has been scored */
	record_bind(is_new ? &record_lead : &record_lead_state, driver, row, 3, lead);
	if (!database_finish(database, row, error))
		return FALSE;
	if (is_new)
		*number = driver->last_row(database->connection);
	return TRUE;
}

static gboolean
has_key(GPtrArray *keys, const struct key *key)
{
	return keys && g_ptr_array_find_with_equal_func(keys, key, keys_equal, NULL);
}

static gboolean
write_keys(struct database *database, gint64 lead, GPtrArray *old, GPtrArray *new, GError **error)
{
	for (guint i = 0; old && i < old->len; i++) {
		const struct key *key = old->pdata[i];

		if (!has_key(new, key) &&
		    !database_run(database, QUERY_KEY_DELETE, error, "si", key->text, lead))
			return FALSE;
	}
	for (guint i = 0; i < new->len; i++) {
		const struct key *key = new->pdata[i];

		if (!has_key(old, key) && !database_run(database, QUERY_KEY_INSERT, error, "siis",
							key->text, lead, key->time, key->owner))
			return FALSE;
	}
	return TRUE;
}

/* Signs to other cards are no leads. */
static void
count_stage(struct transaction *transaction, const struct lead *lead, const struct before *before)
{
	enum stage old;

	if (!lead->merged_into)
		transaction->tally.stages[lead->stage]++;
	if (!before->is_sign && stage_from_name(before->stage, &old))
		transaction->tally.stages[old]--;
}

static gboolean
write_stage(struct transaction *transaction, const struct lead *lead, gint64 number,
	    const struct before *before, GError **error)
{
	const char *now = stage_name(lead->stage);

	count_stage(transaction, lead, before);
	return !g_strcmp0(before->stage, now) ||
	       database_run(transaction->database, QUERY_STAGE_INSERT, error, "iisss", number,
			    lead->stage_since ? lead->stage_since : lead->updated, now,
			    before->stage, lead->stage_cause);
}

static gboolean
count_owner(struct transaction *transaction, const char *before, const struct lead *lead,
	    GError **error)
{
	return !transaction->roster ||
	       roster_count(transaction->roster, transaction->database, before,
			    open_owner(lead->stage, lead->owner, lead->merged_into), error);
}

/* A card that is only a sign to another one is in no report. */
static gboolean
write_progress(struct transaction *transaction, const struct lead *lead, gint64 number,
	       const struct before *before, GError **error)
{
	if (lead->merged_into)
		return before->is_sign || progress_drop(transaction, number, error);
	return (before->reported_same && !before->is_sign &&
		!g_strcmp0(before->stage, stage_name(lead->stage)) &&
		!progress_is_new(transaction, number)) ||
	       progress_note(transaction, number, before->number == 0, error);
}

/* A new lead is entered later (search.h); signs to others aren't found. */
static gboolean
write_words(struct database *database, gint64 number, const struct lead *lead, const char *name_key,
	    const char *addresses, const char *phones, const struct before *before, GError **error)
{
	static const struct search_source nothing;
	const struct search_source old = {
		.name_key = before->name_key,
		.company = before->company,
		.normalised = before->normalised,
		.account = before->account,
		.addresses = before->addresses,
		.phones = before->phones,
	};
	const struct search_source new = {
		.name_key = name_key,
		.company = lead->company,
		.normalised = lead->normalised,
		.account = lead->account,
		.addresses = *addresses ? addresses : NULL,
		.phones = *phones ? phones : NULL,
	};

	return before->number == 0 ||
	       search_change(database, number, before->is_sign ? &nothing : &old,
			     lead->merged_into ? &nothing : &new, error);
}

static void
tell(struct transaction *transaction, const struct lead *lead, gboolean is_new)
{
	enum store_news_kind kind = is_new               ? NEWS_LEAD_CREATED
				    : !lead->merged_into ? NEWS_LEAD_CHANGED
				    : *lead->merged_into ? NEWS_LEAD_MERGED
							 : NEWS_LEAD_FORGOTTEN;

	transaction_tell(transaction, kind, lead->id, 0);
}

gboolean
people_write(struct transaction *transaction, const struct lead *lead, gboolean is_new,
	     gint64 *ret_number, GError **error)
{
	struct database *database = transaction->database;
	g_autofree char *name_key = keys_fold_name(lead->name);
	g_autofree char *phones = search_join(lead->phones);
	g_autofree char *addresses = search_join(lead->addresses);
	g_autoptr(GPtrArray) keys = make_keys(
		&(struct key_source){
			.normalised = lead->normalised,
			.account = lead->account,
			.name_key = name_key,
			.phones = phones,
			.last_inbound = lead->last_inbound,
			.owner = lead->owner,
			.addresses = addresses,
		},
		lead->merged_into);
	g_auto(before_owned) before = { 0 };

	if (!is_new && !read_before(database, lead, &before, error))
		return FALSE;
	*ret_number = before.number;
	tell(transaction, lead, before.number == 0);
	return write_row(database, lead, name_key, ret_number, error) &&
	       write_keys(database, *ret_number, before.keys, keys, error) &&
	       write_words(database, *ret_number, lead, name_key, addresses, phones, &before,
			   error) &&
	       write_stage(transaction, lead, *ret_number, &before, error) &&
	       write_progress(transaction, lead, *ret_number, &before, error) &&
	       count_owner(transaction, before.owner, lead, error);
}

gboolean
people_write_customer(struct database *database, gint64 lead, const char *id, gint64 since,
		      GError **error)
{
	return (!id || database_run(database, QUERY_CUSTOMER_FREE_ID, error, "si", id, lead)) &&
	       database_run(database, QUERY_CUSTOMER_WRITE, error, "sii", id, lead, since);
}

gboolean
people_foresee(struct database *database, const struct lead *lead, gint64 number, GError **error)
{
	g_auto(before_owned) nothing = { 0 };
	gint64 none;

	return read_before(database, lead, &nothing, error) &&
	       database_integer(database, QUERY_TOUCH_LAST, 0, &none, error, "ii",
				FIRST_TOUCH(number), LAST_TOUCH(number));
}

gint64
people_append_touch(struct transaction *transaction, gint64 lead, const struct touch *touch,
		    gboolean is_first, GError **error)
{
	struct database *database = transaction->database;
	const struct driver *driver = database->driver;
	struct driver_statement *row;
	gint64 last = FIRST_TOUCH(lead);

	if (!is_first && !database_integer(database, QUERY_TOUCH_LAST, FIRST_TOUCH(lead), &last,
					   error, "ii", FIRST_TOUCH(lead), LAST_TOUCH(lead)))
		return 0;
	row = database_statement(database, QUERY_TOUCH_INSERT, error);
	if (!row)
		return 0;
	last = MIN(last + 1, LAST_TOUCH(lead)); /* a million touches: the last is written over */
	driver->bind_integer(row, 1, last);
	record_bind(&record_touch, driver, row, 2, touch);
	if (!database_finish(database, row, error))
		return 0;
	transaction->tally.touches++;
	return last - FIRST_TOUCH(lead);
}

/* --- moving --- */

gint
people_delete_touches(struct transaction *transaction, gint64 lead, GError **error)
{
	struct database *database = transaction->database;
	gint count;

	if (!database_run(database, QUERY_TOUCHES_DELETE, error, "ii", FIRST_TOUCH(lead),
			  LAST_TOUCH(lead)))
		return -1;
	count = database->driver->changes(database->connection);
	transaction->tally.touches -= count;
	return count;
}

/* Out of everybody's way, so that numbers can be given anew. */
static gint64
aside(gint64 id)
{
	return -id;
}

/* What was summed up of those who lose or gain touches holds no longer. */
static gboolean
forget_summaries(struct database *database, const struct people_move *moves, guint count,
		 GError **error)
{
	gint64 from = 0, to = 0;

	for (guint i = 0; i < count; i++) {
		if (moves[i].from != from && !ledger_forget_summary(database, moves[i].from, error))
			return FALSE;
		if (moves[i].to != to && !ledger_forget_summary(database, moves[i].to, error))
			return FALSE;
		from = moves[i].from;
		to = moves[i].to;
	}
	return TRUE;
}

gboolean
people_number_touches(struct database *database, const struct people_move *moves, guint count,
		      GError **error)
{
	if (!forget_summaries(database, moves, count, error))
		return FALSE;
	for (guint i = 0; i < count; i++) {
		gint64 from = FIRST_TOUCH(moves[i].from) + moves[i].from_sequence;

		if (!database_run(database, QUERY_TOUCH_MOVE, error, "iis", from, aside(from),
				  moves[i].origin))
			return FALSE;
	}
	for (guint i = 0; i < count; i++) {
		gint64 from = FIRST_TOUCH(moves[i].from) + moves[i].from_sequence;

		if (!database_run(database, QUERY_TOUCH_MOVE, error, "iis", aside(from),
				  FIRST_TOUCH(moves[i].to) + moves[i].to_sequence, moves[i].origin))
			return FALSE;
	}
	return TRUE;
}

/* --- reading --- */

static struct person_row *
read_row(struct database *database, struct driver_statement *statement)
{
	struct person_row *row = g_new(struct person_row, 1);

	row->number = database_column(database, statement, 0);
	row->lead = lead_new();
	record_read(&record_lead, database->driver, statement, 1, row->lead);
	return row;
}

static GPtrArray *
read_rows(struct database *database, struct driver_statement *statement, GError **error)
{
	GPtrArray *rows = g_ptr_array_new_with_free_func((GDestroyNotify)people_row_free);
	int got = -1;

	while (statement && (got = database_next(database, statement, error)) > 0)
		g_ptr_array_add(rows, read_row(database, statement));
	if (got == 0)
		return rows;
	g_ptr_array_unref(rows);
	return NULL;
}

GPtrArray *
people_by_key(struct database *database, const char *key, GError **error)
{
	return read_rows(database, database_select(database, QUERY_LEADS_BY_KEY, error, "s", key),
			 error);
}

GArray *
people_numbers_by_key(struct database *database, const char *key, GError **error)
{
	return database_numbers(
		database, database_select(database, QUERY_NUMBERS_BY_KEY, error, "s", key), error);
}

GPtrArray *
people_signs(struct database *database, const char *id, GError **error)
{
	return read_rows(database, database_select(database, QUERY_LEADS_MERGED, error, "s", id),
			 error);
}

static struct person_row *
first_row(struct database *database, struct driver_statement *statement, GError **error)
{
	struct person_row *row = NULL;

	if (statement && database_next(database, statement, error) > 0) {
		row = read_row(database, statement);
		database_end(database, statement);
	}
	return row;
}

/* Takes the row.  A circle, which only a damaged store could have, ends too. */
static struct person_row *
follow(struct database *database, struct person_row *row, GError **error)
{
	for (guint i = 0; row && row->lead->merged_into && i < LIMIT_MERGES; i++) {
		struct driver_statement *statement = database_select(
			database, QUERY_LEAD_BY_ID, error, "s", row->lead->merged_into);
		struct person_row *next = first_row(database, statement, error);

		people_row_free(row);
		row = next;
	}
	return row;
}

struct person_row *
people_by_number(struct database *database, gint64 number, GError **error)
{
	return follow(database,
		      first_row(database,
				database_select(database, QUERY_LEAD_BY_NUMBER, error, "i", number),
				error),
		      error);
}

gboolean
people_foresee_row(struct database *database, gint64 number, GError **error)
{
	GError *failure = NULL;
	g_autoptr(GPtrArray) nothing = NULL;
	struct person_row *row = people_by_number(database, number, &failure);

	people_row_free(row);
	if (failure) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	nothing = people_touches(database, number, 0, LIMIT_LEDGER_CHUNK, error);
	return nothing != NULL;
}

struct person_row *
people_row_by_number(struct database *database, gint64 number, GError **error)
{
	return first_row(database,
			 database_select(database, QUERY_LEAD_BY_NUMBER, error, "i", number),
			 error);
}

struct person_row *
people_row_by_id(struct database *database, const char *id, GError **error)
{
	return first_row(database, database_select(database, QUERY_LEAD_BY_ID, error, "s", id),
			 error);
}

struct person_row *
people_by_id(struct database *database, const char *id, GError **error)
{
	return follow(database, people_row_by_id(database, id, error), error);
}

static struct touch *
read_touch(struct database *database, struct driver_statement *statement, gint64 lead)
{
	struct touch *touch = touch_new();

	touch->sequence = database_column(database, statement, 0) - FIRST_TOUCH(lead);
	record_read(&record_touch, database->driver, statement, 1, touch);
	return touch;
}

static GPtrArray *
read_touches(struct database *database, struct driver_statement *statement, gint64 lead,
	     GError **error)
{
	GPtrArray *touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	int got = -1;

	while (statement && (got = database_next(database, statement, error)) > 0)
		g_ptr_array_add(touches, read_touch(database, statement, lead));
	if (got == 0)
		return touches;
	g_ptr_array_unref(touches);
	return NULL;
}

GPtrArray *
people_touches(struct database *database, gint64 lead, gint64 after, guint most, GError **error)
{
	return read_touches(database,
			    database_select(database, QUERY_TOUCHES, error, "iii",
					    FIRST_TOUCH(lead) + after + 1, LAST_TOUCH(lead),
					    most > 0 ? (gint64)most : (gint64)-1),
			    lead, error);
}

GPtrArray *
people_touches_page(struct database *database, gint64 lead, const char *direction,
		    gboolean oldest_first, gint64 from, guint most, GError **error)
{
	gint64 first = FIRST_TOUCH(lead), last = LAST_TOUCH(lead);
	enum query query = oldest_first ? QUERY_TOUCHES_UP : QUERY_TOUCHES_DOWN;
	gint64 least = oldest_first ? MIN(first + from + 1, last) : first + 1;
	gint64 greatest = oldest_first ? last : MIN(first + from - 1, last);

	return read_touches(database,
			    database_select(database, query, error, "iisn", least, greatest,
					    direction, (int)most),
			    lead, error);
}

static struct person_row *
by_address(struct database *database, const char *address, GError **error)
{
	g_autofree char *normalised = address_normalise(address);
	g_autofree char *key = keys_of_address(normalised);
	g_autoptr(GPtrArray) rows = key ? people_by_key(database, key, error) : NULL;

	return rows && rows->len ? g_ptr_array_steal_index(rows, 0) : NULL;
}

struct person_row *
people_named(struct database *database, const char *name, GError **error)
{
	GError *failure = NULL;
	struct person_row *row = people_by_id(database, name, &failure);

	if (!row && !failure)
		row = by_address(database, name, &failure);
	if (failure)
		g_propagate_error(error, failure);
	else if (!row)
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no lead '%s'", name);
	return row;
}

/* --- touches by age --- */

static void
people_touch_free(gpointer data)
{
	struct people_touch *touch = data;

	touch_free(touch->touch);
	g_free(touch);
}

GPtrArray *
people_touches_after(struct database *database, gint64 id, GError **error)
{
	GPtrArray *touches = g_ptr_array_new_with_free_func(people_touch_free);
	struct driver_statement *row =
		database_select(database, QUERY_TOUCHES_AFTER, error, "i", id);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct people_touch *touch = g_new(struct people_touch, 1);

		touch->id = database_column(database, row, 0);
		touch->touch = touch_new();
		record_read(&record_touch, database->driver, row, 1, touch->touch);
		g_ptr_array_add(touches, touch);
	}
	if (got == 0)
		return touches;
	g_ptr_array_unref(touches);
	return NULL;
}

gboolean
people_touch_has_words(const struct touch *touch)
{
	for (guint i = 0; i < touch->contributions->len; i++)
		if (((struct contribution *)touch->contributions->pdata[i])->evidence)
			return TRUE;
	return touch->subject || touch->excerpt || touch->note;
}

gboolean
people_drop_words(struct database *database, const struct people_touch *touch, GError **error)
{
	struct touch *bare = touch->touch;
	struct driver_statement *row;

	g_clear_pointer(&bare->subject, g_free);
	g_clear_pointer(&bare->excerpt, g_free);
	g_clear_pointer(&bare->note, g_free);
	for (guint i = 0; i < bare->contributions->len; i++)
		g_clear_pointer(&((struct contribution *)bare->contributions->pdata[i])->evidence,
				g_free);
	row = database_statement(database, QUERY_TOUCH_INSERT, error);
	if (!row)
		return FALSE;
	database->driver->bind_integer(row, 1, touch->id);
	record_bind(&record_touch, database->driver, row, 2, bare);
	return database_finish(database, row, error) &&
	       ledger_forget_summary(database, touch->id >> TOUCH_BITS, error);
}

gboolean
people_delete_touch(struct transaction *transaction, const struct people_touch *touch,
		    GError **error)
{
	struct database *database = transaction->database;

	transaction->tally.touches--;
	return database_run(database, QUERY_TOUCHES_DELETE, error, "ii", touch->id, touch->id) &&
	       ledger_forget_summary(database, touch->id >> TOUCH_BITS, error);
}
