/* browse_lists.c - the lists of browse.h but for leads. */
#include "store/browse_private.h"

#include <string.h>

#include "base/error.h"
#include "base/log.h"
#include "store/gather.h"
#include "store/keys.h"
#include "store/outbox.h"
#include "store/people.h"
#include "store/record.h"
#include "store/search.h"

#define REST (100 * 1000) /* microseconds that a list waits for the leads not entered */

/* Where the next page of a list begins that has one more than asked for. */
static void
cut_page(struct browse_page *page, guint most, char way,
	 gint64 (*number_of)(gconstpointer item, gint64 *ret_time))
{
	struct browse_place place = { 0 };

	if (page->items->len <= most || most == 0)
		return;
	g_ptr_array_set_size(page->items, (int)most);
	place.number = number_of(page->items->pdata[most - 1], &place.time);
	page->more = TRUE;
	page->next = browse_make_cursor(way, &place);
}

/* --- touches of a lead --- */

static gint64
touch_number(gconstpointer item, G_GNUC_UNUSED gint64 *ret_time)
{
	return ((const struct touch *)item)->sequence;
}

static GPtrArray *
read_touches(struct database *database, const char *lead, const char *direction,
	     gboolean oldest_first, const char *cursor, guint most, GError **error)
{
	struct browse_place place;
	struct person_row *row;
	GPtrArray *touches;
	gint64 from = 0;

	if (!browse_read_cursor(cursor, BROWSE_BY_SEQUENCE, &place, error))
		return NULL;
	row = people_named(database, lead, error);
	if (!row)
		return NULL;
	from = cursor ? place.number : oldest_first ? 0 : G_MAXINT32;
	touches = people_touches_page(database, row->number, direction, oldest_first, from, most,
				      error);
	people_row_free(row);
	return touches;
}

gboolean
browse_touches(struct store *store, const char *lead, const char *direction, gboolean oldest_first,
	       const char *cursor, guint most, struct browse_page *ret, GError **error)
{
	struct database *database = browse_begin(store, error);

	*ret = (struct browse_page){ 0 };
	if (!database)
		return FALSE;
	ret->items = read_touches(database, lead, direction, oldest_first, cursor, most + 1, error);
	browse_end(store);
	if (ret->items)
		cut_page(ret, most, BROWSE_BY_SEQUENCE, touch_number);
	return ret->items != NULL;
}

GPtrArray *
browse_merged(struct store *store, const char *lead, GError **error)
{
	struct database *database = browse_begin(store, error);
	GPtrArray *rows = database ? people_signs(database, lead, error) : NULL;
	GPtrArray *ids = rows ? g_ptr_array_new_with_free_func(g_free) : NULL;

	if (database)
		browse_end(store);
	for (guint i = 0; rows && i < rows->len; i++)
		g_ptr_array_add(ids, g_strdup(((struct person_row *)rows->pdata[i])->lead->id));
	if (rows)
		g_ptr_array_unref(rows);
	return ids;
}

/* --- deliveries --- */

static gint64
delivery_number(gconstpointer item, G_GNUC_UNUSED gint64 *ret_time)
{
	return ((const struct delivery *)item)->id;
}

gboolean
browse_deliveries(struct store *store, const struct browse_deliveries *filter,
		  struct browse_page *ret, GError **error)
{
	struct browse_place place;
	struct database *database;
	gint64 before;

	*ret = (struct browse_page){ 0 };
	if (!browse_read_cursor(filter->cursor, BROWSE_BY_DELIVERY, &place, error))
		return FALSE;
	before = place.number;
	database = browse_begin(store, error);
	if (!database)
		return FALSE;
	ret->items = outbox_page(database, filter->state, filter->endpoint, filter->lead, before,
				 filter->most + 1, error);
	browse_end(store);
	if (ret->items)
		cut_page(ret, filter->most, BROWSE_BY_DELIVERY, delivery_number);
	return ret->items != NULL;
}

/* --- possible duplicates --- */

void
browse_pair_free(struct browse_pair *pair)
{
	if (!pair)
		return;
	lead_free(pair->lead);
	lead_free(pair->other);
	if (pair->reasons)
		g_ptr_array_unref(pair->reasons);
	g_free(pair);
}

static gboolean
names(const struct lead *lead, const char *id)
{
	return lead->possible_duplicates &&
	       g_ptr_array_find_with_equal_func(lead->possible_duplicates, id, g_str_equal, NULL);
}

static struct browse_pair *
make_pair(const struct lead *lead, guint i, struct lead *other)
{
	struct browse_pair *pair = g_new0(struct browse_pair, 1);
	GPtrArray *reasons = lead->duplicate_reasons;

	pair->lead = lead_copy(lead);
	pair->other = other;
	pair->reasons = g_ptr_array_new_with_free_func(g_free);
	if (reasons && i < reasons->len)
		g_ptr_array_add(pair->reasons, g_strdup(reasons->pdata[i]));
	return pair;
}

/* Of two that name each other the pair is told once: with the one that has the lower id. */
static gboolean
add_pairs(struct database *database, const struct lead *lead, GPtrArray *pairs, GError **error)
{
	for (guint i = 0; lead->possible_duplicates && i < lead->possible_duplicates->len; i++) {
		const char *id = lead->possible_duplicates->pdata[i];
		GError *failure = NULL;
		struct person_row *row = people_by_id(database, id, &failure);

		if (failure) {
			g_propagate_error(error, failure);
			return FALSE;
		}
		if (row && row->lead && strcmp(row->lead->id, lead->id) != 0 &&
		    !(names(row->lead, lead->id) && strcmp(row->lead->id, lead->id) < 0))
			g_ptr_array_add(pairs, make_pair(lead, i, g_steal_pointer(&row->lead)));
		people_row_free(row);
	}
	return TRUE;
}

/* @return the leads, one more than asked for; NULL with an error */
static GPtrArray *
read_doubtful(struct database *database, const struct browse_place *from, guint most,
	      GArray *numbers, GError **error)
{
	GPtrArray *leads = g_ptr_array_new_with_free_func((GDestroyNotify)lead_free);
	struct driver_statement *row = database_select(database, QUERY_BROWSE_DOUBTFUL, error,
						       "iin", from->time, from->number, (int)most);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct lead *lead = lead_new();
		gint64 number = database_column(database, row, 0);

		record_read(&record_lead, database->driver, row, 1, lead);
		g_ptr_array_add(leads, lead);
		g_array_append_val(numbers, number);
	}
	if (got == 0)
		return leads;
	g_ptr_array_unref(leads);
	return NULL;
}

static gboolean
fill_pairs(struct database *database, const char *cursor, guint most, struct browse_page *page,
	   GError **error)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
	g_autoptr(GPtrArray) leads = NULL;
	struct browse_place from;

	if (!browse_read_cursor(cursor, BROWSE_BY_PAIR, &from, error))
		return FALSE;
	leads = read_doubtful(database, &from, most + 1, numbers, error);
	for (guint i = 0; leads && i < leads->len && i < most; i++) {
		const struct lead *lead = leads->pdata[i];

		if (!add_pairs(database, lead, page->items, error))
			return FALSE;
		from.time = lead->updated;
		from.number = g_array_index(numbers, gint64, i);
	}
	if (leads && leads->len > most) {
		page->more = TRUE;
		page->next = browse_make_cursor(BROWSE_BY_PAIR, &from);
	}
	return leads != NULL;
}

gboolean
browse_pairs(struct store *store, const char *cursor, guint most, struct browse_page *ret,
	     GError **error)
{
	struct database *database = browse_begin(store, error);
	gboolean done;

	*ret = (struct browse_page){ 0 };
	if (!database)
		return FALSE;
	ret->items = g_ptr_array_new_with_free_func((GDestroyNotify)browse_pair_free);
	done = fill_pairs(database, cursor, most, ret, error);
	browse_end(store);
	if (!done)
		browse_page_clear(ret);
	return done;
}

/* --- accounts --- */

void
browse_account_free(struct browse_account *account)
{
	if (!account)
		return;
	account_free(account->account);
	g_free(account);
}

/* A list of accounts in the making. */
struct accounts_page {
	struct database *database;
	struct scorecards *scorecards;
	gint64 now;
	guint most;
	struct browse_page *page;
	GHashTable *seen; /* domains */
};

static gint64
last_of(struct database *database, const char *domain, GError **error)
{
	g_autofree char *first = NULL, *end = NULL;
	gint64 last;

	keys_of_activity(domain, &first, &end);
	return database_integer(database, QUERY_BROWSE_ACCOUNT_LAST, 0, &last, error, "ss", first,
				end)
		       ? last
		       : -1;
}

static struct account *
heat_of(const struct accounts_page *accounts, const char *domain, GError **error)
{
	g_autoptr(known_owned) known = known_new();
	struct transaction reading = { .accounts = PRESENCE_SOME };
	struct gather gather = { .transaction = &reading,
				 .database = accounts->database,
				 .scorecards = accounts->scorecards,
				 .now = accounts->now,
				 .known = known,
				 .error = error };

	return gather_account(&gather, domain) ? g_steal_pointer(&known->account) : NULL;
}

static gboolean
add_account(struct accounts_page *accounts, const char *domain, gint64 last, GError **error)
{
	struct account *account = heat_of(accounts, domain, error);
	struct browse_account *item;

	if (!account)
		return FALSE;
	item = g_new0(struct browse_account, 1);
	item->account = account;
	item->last = last;
	if (!account->domain)
		account->domain = g_strdup(domain);
	g_ptr_array_add(accounts->page->items, item);
	return TRUE;
}

/* One whose last change lies on an earlier page was told there. */
static gboolean
take_active(struct accounts_page *accounts, const char *domain, const struct browse_place *from,
	    GError **error)
{
	gint64 last;

	if (!g_hash_table_add(accounts->seen, g_strdup(domain)))
		return TRUE;
	last = last_of(accounts->database, domain, error);
	if (last < 0)
		return FALSE;
	return last > from->time || add_account(accounts, domain, last, error);
}

struct active {
	char *domain;
	struct browse_place place;
};

static void
active_clear(gpointer active)
{
	g_free(((struct active *)active)->domain);
}

static GArray *
read_active(struct database *database, const struct browse_place *from, GError **error)
{
	GArray *list = g_array_new(FALSE, TRUE, sizeof(struct active));
	struct driver_statement *row = database_select(database, QUERY_BROWSE_ACTIVE, error, "iin",
						       from->time, from->number, LIMIT_WALK);
	int got = -1;

	g_array_set_clear_func(list, active_clear);
	while (row && (got = database_next(database, row, error)) > 0) {
		struct active active = { g_strdup(database_column_text(database, row, 2)),
					 { database_column(database, row, 1), 0,
					   database_column(database, row, 0) } };

		g_array_append_val(list, active);
	}
	if (got == 0)
		return list;
	g_array_unref(list);
	return NULL;
}

static gboolean
fill_active(struct accounts_page *accounts, const char *cursor, GError **error)
{
	struct browse_page *page = accounts->page;
	g_autoptr(GArray) list = NULL;
	struct browse_place from, at;
	guint i;

	if (!browse_read_cursor(cursor, BROWSE_BY_ACTIVITY, &from, error))
		return FALSE;
	at = from;
	list = read_active(accounts->database, &from, error);
	for (i = 0; list && i < list->len && page->items->len < accounts->most; i++) {
		const struct active *active = &g_array_index(list, struct active, i);

		if (active->domain && !take_active(accounts, active->domain, &from, error))
			return FALSE;
		at = active->place;
	}
	if (list && (i < list->len || list->len == LIMIT_WALK)) {
		page->more = TRUE;
		page->next = browse_make_cursor(BROWSE_BY_ACTIVITY, &at);
	}
	return list != NULL;
}

/* Past all leads of the account. */
static gboolean
fill_by_domain(struct accounts_page *accounts, const char *text, const char *cursor, GError **error)
{
	g_autofree char *start = g_strdup_printf("%c%s", SEARCH_ACCOUNT, text ? text : "");
	g_autofree char *end = g_strconcat(start, "\xf4\x8f\xbf\xbf", NULL);
	gint64 lead = 0;
	g_autofree char *word =
		cursor ? browse_read_word(cursor, BROWSE_BY_DOMAIN, SEARCH_ACCOUNT, &lead, error)
		       : g_strdup(start);

	while (word) {
		g_autofree char *next = NULL;
		gint64 number, last;

		if (!search_next(accounts->database, word, lead, end, &next, &number, error))
			return FALSE;
		if (!next)
			return TRUE;
		if (accounts->page->items->len == accounts->most) {
			accounts->page->more = TRUE;
			accounts->page->next = browse_word_cursor(BROWSE_BY_DOMAIN, word, lead);
			return TRUE;
		}
		last = last_of(accounts->database, next + 1, error);
		if (last < 0 || (last > 0 && !add_account(accounts, next + 1, last, error)))
			return FALSE;
		g_free(word);
		word = g_steal_pointer(&next);
		lead = G_MAXINT64;
	}
	return FALSE;
}

gboolean
browse_accounts(struct store *store, const char *text, gboolean by_domain,
		struct scorecards *scorecards, gint64 now, const char *cursor, guint most,
		struct browse_page *ret, GError **error)
{
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_autofree char *folded = text ? g_ascii_strdown(text, -1) : NULL;
	struct accounts_page accounts = {
		.scorecards = scorecards, .now = now, .most = most, .page = ret, .seen = seen
	};
	gboolean done;

	*ret = (struct browse_page){ 0 };
	if ((by_domain || folded) && !cursor)
		browse_enter_rest(store);
	accounts.database = browse_begin(store, error);
	if (!accounts.database)
		return FALSE;
	ret->items = g_ptr_array_new_with_free_func((GDestroyNotify)browse_account_free);
	done = by_domain || folded ? fill_by_domain(&accounts, folded, cursor, error)
				   : fill_active(&accounts, cursor, error);
	browse_end(store);
	if (!done)
		browse_page_clear(ret);
	return done;
}

gint64
browse_account_last(struct store *store, const char *domain, GError **error)
{
	struct database *database = browse_begin(store, error);
	gint64 last = database ? last_of(database, domain, error) : -1;

	if (database)
		browse_end(store);
	return last;
}

/* --- the search index --- */

static gboolean
run_catch_up(struct transaction *transaction, gpointer data, GError **error)
{
	gint *count = data;

	*count = search_catch_up(transaction, error);
	return *count >= 0;
}

/* Mail goes first. */
static gboolean
is_busy(struct store *store)
{
	struct writer_stats stats;

	writer_stats(store->writer, &stats);
	return stats.queued > 0;
}

static gint
count_tail(struct store *store, guint most, GError **error)
{
	struct database *database = browse_begin(store, error);
	struct driver_statement *row;
	gint64 number;
	int got = -1;
	gint count = -1;

	if (database && search_until(database, &number, error)) {
		row = database_select(database, QUERY_BROWSE_TAIL, error, "in", number, (int)most);
		while (row && (got = database_next(database, row, error)) > 0)
			count++;
	}
	if (database)
		browse_end(store);
	return got == 0 ? count + 1 : -1;
}

gboolean
browse_catch_up(struct store *store, gint64 microseconds, guint least, GError **error)
{
	gint64 until = g_get_monotonic_time() + microseconds;
	gint count = 0;

	if (!store->writer)
		return TRUE;
	count = count_tail(store, least, error);
	if (count < 0 || count < (gint)least)
		return count >= 0;
	do {
		if (is_busy(store))
			return FALSE;
		if (!store_run(store, run_catch_up, &count, error))
			return FALSE;
	} while (count == LIMIT_SEARCH_STEP && g_get_monotonic_time() < until);
	return count < LIMIT_SEARCH_STEP;
}

void
browse_enter_rest(struct store *store)
{
	g_autoptr(GError) error = NULL;

	if (!browse_catch_up(store, REST, 1, &error) && error)
		log_debug("search index: %s", error->message);
}
