/*
 * browse.c - leads page by page; see browse.h.
 *
 * Three ways: along the index of the order, with the other columns of the filter in it; the few
 * leads that a word or an account leaves, each looked at and sorted here; by name along the search
 * index.  A cursor is "way:place:number", so that one of another order is refused.
 */
#include "store/browse_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "store/keys.h"
#include "store/record.h"
#include "store/search.h"

void
browse_page_clear(struct browse_page *page)
{
	g_clear_pointer(&page->items, g_ptr_array_unref);
	g_clear_pointer(&page->next, g_free);
}

#define FEW (2 * LIMIT_SEARCH_CANDIDATES) /* leads that are looked at one by one */

/* --- cursors --- */

gboolean
browse_bad_cursor(GError **error)
{
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "cursor: expected `next` of the page before");
	return FALSE;
}

gboolean
browse_read_cursor(const char *cursor, char way, struct browse_place *ret, GError **error)
{
	g_auto(GStrv) parts = NULL;
	char *end = NULL;

	*ret = (struct browse_place){ G_MAXINT64, G_MAXDOUBLE, G_MAXINT64 };
	if (!cursor)
		return TRUE;
	if (strnlen(cursor, LIMIT_CURSOR + 1) > LIMIT_CURSOR)
		return browse_bad_cursor(error);
	parts = g_strsplit(cursor, ":", 4);
	if (g_strv_length(parts) != 3 || parts[0][0] != way || parts[0][1] ||
	    !g_ascii_string_to_signed(parts[2], 10, 0, G_MAXINT64, &ret->number, NULL))
		return browse_bad_cursor(error);
	if (way == BROWSE_BY_SCORE) {
		ret->score = g_ascii_strtod(parts[1], &end);
		return (end > parts[1] && !*end) || browse_bad_cursor(error);
	}
	return g_ascii_string_to_signed(parts[1], 10, G_MININT64, G_MAXINT64, &ret->time, NULL) ||
	       browse_bad_cursor(error);
}

char *
browse_make_cursor(char way, const struct browse_place *place)
{
	char score[G_ASCII_DTOSTR_BUF_SIZE];

	if (way == BROWSE_BY_SCORE)
		return g_strdup_printf("%c:%s:%" G_GINT64_FORMAT, way,
				       g_ascii_dtostr(score, sizeof score, place->score),
				       place->number);
	return g_strdup_printf("%c:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT, way, place->time,
			       place->number);
}

/* --- the connection --- */

struct database *
browse_begin(struct store *store, GError **error)
{
	pthread_mutex_lock(&store->browsing_mutex);
	if (!store->browsing)
		store->browsing = store_open_reader(store, error);
	if (!store->browsing)
		pthread_mutex_unlock(&store->browsing_mutex);
	return store->browsing;
}

void
browse_end(struct store *store)
{
	pthread_mutex_unlock(&store->browsing_mutex);
}

/* --- one lead --- */

struct row {
	gint64 number;
	struct lead *lead;
};

static void
row_free(gpointer data)
{
	struct row *row = data;

	lead_free(row->lead);
	g_free(row);
}

static struct row *
read_row(struct database *database, struct driver_statement *statement)
{
	struct row *row = g_new(struct row, 1);

	row->number = database_column(database, statement, 0);
	row->lead = lead_new();
	record_read(&record_lead, database->driver, statement, 1, row->lead);
	return row;
}

static gboolean
is_wanted(const char *value, const char *wanted)
{
	return !wanted || !g_strcmp0(value, wanted);
}

static gboolean
is_in_time(const struct lead *lead, const struct browse_filter *filter)
{
	return lead->updated >= filter->since && (!filter->until || lead->updated < filter->until);
}

static gboolean
has_grade(const struct lead *lead, const char *grade)
{
	return !grade || (grade[0] == lead->grade && !grade[1]);
}

static gboolean
fits(const struct lead *lead, const struct browse_filter *filter)
{
	return !lead->merged_into && is_in_time(lead, filter) &&
	       is_wanted(stage_name(lead->stage), filter->stage) &&
	       is_wanted(lead->owner, filter->owner) && (!filter->unowned || !lead->owner) &&
	       is_wanted(lead->account, filter->account) &&
	       is_wanted(lead->scorecard, filter->scorecard) &&
	       is_wanted(lead->source, filter->source) &&
	       is_wanted(temperature_name(lead->temperature), filter->temperature) &&
	       has_grade(lead, filter->grade);
}

static gboolean
fits_text(const struct lead *lead, const GPtrArray *terms)
{
	g_autoptr(GPtrArray) words = terms->len ? search_words_of(lead) : NULL;

	return !words || search_fits(words, terms);
}

/* --- a page in the making --- */

struct leads_page {
	const struct browse_filter *filter;
	GPtrArray *terms; /* of filter->text */
	char way;
	struct browse_page *page;
};

static char
way_of(enum browse_sort sort)
{
	static const char ways[] = { BROWSE_BY_UPDATED, BROWSE_BY_CREATED, BROWSE_BY_SCORE,
				     BROWSE_BY_NAME };

	return ways[sort];
}

static void
end_page(struct leads_page *leads, const struct row *last)
{
	struct browse_place place = { last->lead->updated, last->lead->total, last->number };

	if (leads->way == BROWSE_BY_CREATED)
		place.time = 0;
	leads->page->more = TRUE;
	leads->page->next = browse_make_cursor(leads->way, &place);
}

static void
take(struct leads_page *leads, struct row *row)
{
	g_ptr_array_add(leads->page->items, g_steal_pointer(&row->lead));
}

/* --- along an index --- */

static enum query
query_of(const struct leads_page *leads)
{
	if (leads->way == BROWSE_BY_CREATED)
		return QUERY_BROWSE_CREATED;
	if (leads->way == BROWSE_BY_SCORE)
		return QUERY_BROWSE_SCORE;
	return leads->filter->unowned ? QUERY_BROWSE_UNOWNED : QUERY_BROWSE_UPDATED;
}

static struct driver_statement *
select_leads(struct database *database, const struct leads_page *leads,
	     const struct browse_place *from, guint most, GError **error)
{
	const struct browse_filter *f = leads->filter;
	gint64 until = f->until ? f->until : G_MAXINT64;
	enum query query = query_of(leads);

	if (query == QUERY_BROWSE_SCORE)
		return database_select(database, query, error, "risssssssniin", from->score,
				       from->number, f->stage, f->owner, f->account, f->temperature,
				       f->grade, f->scorecard, f->source, f->unowned, f->since,
				       until, (int)most);
	return database_select(database, query, error, "iisssssssniin", from->time, from->number,
			       f->stage, f->owner, f->account, f->temperature, f->grade,
			       f->scorecard, f->source, f->unowned, f->since, until, (int)most);
}

/* The words of those that pass are looked at here, of so many at most. */
static gboolean
walk(struct database *database, struct leads_page *leads, const struct browse_place *from,
     GError **error)
{
	guint most = leads->filter->most, looked = 0;
	guint bound = leads->terms->len ? LIMIT_WALK : most + 1;
	struct driver_statement *statement = select_leads(database, leads, from, bound, error);
	struct row *last = NULL;
	int got = -1;

	while (statement && (got = database_next(database, statement, error)) > 0) {
		struct row *row = read_row(database, statement);
		struct lead *kept = row->lead;

		if (leads->page->items->len == most) {
			end_page(leads, last);
			row_free(row);
			database_end(database, statement);
			got = 0;
			break;
		}
		g_clear_pointer(&last, row_free);
		last = row;
		looked++;
		if (fits_text(kept, leads->terms))
			g_ptr_array_add(leads->page->items, lead_copy(kept));
	}
	if (got == 0 && !leads->page->more && looked == bound)
		end_page(leads, last);
	g_clear_pointer(&last, row_free);
	return got == 0;
}

/* --- few leads --- */

static int
compare(const struct row *a, const struct row *b, char way)
{
	int order = way == BROWSE_BY_SCORE
			    ? (a->lead->total < b->lead->total) - (a->lead->total > b->lead->total)
		    : way == BROWSE_BY_UPDATED ? (a->lead->updated < b->lead->updated) -
							 (a->lead->updated > b->lead->updated)
					       : 0;

	return order ? order : (a->number < b->number) - (a->number > b->number);
}

static int
by_way(gconstpointer one, gconstpointer other, gpointer way)
{
	return compare(*(struct row *const *)one, *(struct row *const *)other, *(char *)way);
}

static gboolean
is_after(const struct row *row, const struct browse_place *from, char way)
{
	struct lead at = { .total = from->score, .updated = from->time };
	const struct row place = { from->number, &at };

	return compare(row, &place, way) > 0;
}

/* @return FALSE with an error */
static gboolean
add_fitting(struct database *database, const struct leads_page *leads, gint64 number,
	    GPtrArray *rows, GError **error)
{
	struct driver_statement *statement =
		database_select(database, QUERY_LEAD_BY_NUMBER, error, "i", number);
	int got = statement ? database_next(database, statement, error) : -1;
	struct row *row;

	if (got <= 0)
		return got == 0;
	row = read_row(database, statement);
	database_end(database, statement);
	if (fits(row->lead, leads->filter) && fits_text(row->lead, leads->terms))
		g_ptr_array_add(rows, row);
	else
		row_free(row);
	return TRUE;
}

static int
by_number(gconstpointer one, gconstpointer other)
{
	gint64 a = *(const gint64 *)one, b = *(const gint64 *)other;

	return (a > b) - (a < b);
}

static gboolean
sift(struct database *database, struct leads_page *leads, GArray *numbers,
     const struct browse_place *from, GError **error)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);
	gint64 before = 0;

	g_array_sort(numbers, by_number);
	for (guint i = 0; i < numbers->len; i++) {
		gint64 number = g_array_index(numbers, gint64, i);

		if (number != before && !add_fitting(database, leads, number, rows, error))
			return FALSE;
		before = number;
	}
	g_ptr_array_sort_with_data(rows, by_way, &leads->way);
	for (guint i = 0; i < rows->len; i++) {
		struct row *row = rows->pdata[i];

		if (!is_after(row, from, leads->way))
			continue;
		if (leads->page->items->len == leads->filter->most) {
			end_page(leads, rows->pdata[i - 1]);
			break;
		}
		g_ptr_array_add(leads->page->items, lead_copy(row->lead));
	}
	return TRUE;
}

/* --- who may be meant --- */

/* Leads that are not yet in the search index; of many only so many that all are too many. */
static gboolean
add_tail(struct database *database, GArray *numbers, GError **error)
{
	gint64 until;

	return search_until(database, &until, error) &&
	       database_add_numbers(
		       database,
		       database_select(database, QUERY_BROWSE_TAIL, error, "in", until, FEW + 1),
		       numbers, error);
}

/* Those of the term that the fewest leads have. */
static GArray *
find_by_terms(struct database *database, const GPtrArray *terms, GError **error)
{
	GArray *best = NULL;

	for (guint i = 0; i < terms->len; i++) {
		GArray *found =
			search_find(database, terms->pdata[i], LIMIT_SEARCH_CANDIDATES + 1, error);

		if (!found) {
			g_clear_pointer(&best, g_array_unref);
			return NULL;
		}
		if (best && best->len <= found->len) {
			g_array_unref(found);
			continue;
		}
		g_clear_pointer(&best, g_array_unref);
		best = found;
	}
	if (best && best->len <= LIMIT_SEARCH_CANDIDATES && !add_tail(database, best, error))
		g_clear_pointer(&best, g_array_unref);
	return best;
}

static GArray *
find_by_account(struct database *database, const char *account, GError **error)
{
	g_autofree char *first = NULL, *end = NULL;

	keys_of_activity(account, &first, &end);
	return database_numbers(database,
				database_select(database, QUERY_BROWSE_ACCOUNT, error, "ssn", first,
						end, LIMIT_SEARCH_CANDIDATES + 1),
				error);
}

/* @param ret_numbers NULL when they are too many to look at each, or anybody */
static gboolean
find_few(struct database *database, const struct leads_page *leads, GArray **ret_numbers,
	 GError **error)
{
	gboolean narrow = leads->filter->account || leads->terms->len;
	GArray *numbers = leads->filter->account
				  ? find_by_account(database, leads->filter->account, error)
			  : leads->terms->len ? find_by_terms(database, leads->terms, error)
					      : NULL;

	*ret_numbers = NULL;
	if (!numbers)
		return !narrow;
	if (numbers->len <= FEW)
		*ret_numbers = numbers;
	else
		g_array_unref(numbers);
	return TRUE;
}

/* --- by name --- */

char *
browse_word_cursor(char way, const char *word, gint64 lead)
{
	g_autofree char *coded = g_base64_encode((const guchar *)word, strlen(word));

	return g_strdup_printf("%c:%s:%" G_GINT64_FORMAT, way, coded, lead);
}

char *
browse_read_word(const char *cursor, char way, char sign, gint64 *ret_lead, GError **error)
{
	g_auto(GStrv) parts = NULL;
	g_autofree char *word = NULL;
	gsize length;

	if (strnlen(cursor, LIMIT_CURSOR + 1) <= LIMIT_CURSOR)
		parts = g_strsplit(cursor, ":", 4);
	if (!parts || g_strv_length(parts) != 3 || parts[0][0] != way || parts[0][1] ||
	    !g_ascii_string_to_signed(parts[2], 10, 0, G_MAXINT64, ret_lead, NULL)) {
		browse_bad_cursor(error);
		return NULL;
	}
	word = (char *)g_base64_decode(parts[1], &length);
	if (length == 0 || word[0] != sign || !g_utf8_validate(word, (gssize)length, NULL)) {
		browse_bad_cursor(error);
		return NULL;
	}
	return g_strndup(word, length);
}

static gboolean
walk_names(struct database *database, struct leads_page *leads, GError **error)
{
	const struct browse_filter *filter = leads->filter;
	char first[2] = { SEARCH_NAME, '\0' }, end[2] = { SEARCH_NAME + 1, '\0' };
	gint64 lead = 0;
	g_autofree char *word = filter->cursor ? browse_read_word(filter->cursor, leads->way,
								  SEARCH_NAME, &lead, error)
					       : g_strdup(first);
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func(row_free);

	for (guint looked = 0; word; looked++) {
		g_autofree char *next = NULL;
		gint64 number = 0;

		if (!search_next(database, word, lead, end, &next, &number, error))
			return FALSE;
		if (!next)
			break;
		if (rows->len == filter->most || looked == LIMIT_WALK) {
			leads->page->more = TRUE;
			leads->page->next = browse_word_cursor(leads->way, word, lead);
			break;
		}
		if (!add_fitting(database, leads, number, rows, error))
			return FALSE;
		g_free(word);
		word = g_steal_pointer(&next);
		lead = number;
	}
	for (guint i = 0; i < rows->len; i++)
		take(leads, rows->pdata[i]);
	return word != NULL;
}

/* --- the way there --- */

static gboolean
fill_page(struct database *database, struct leads_page *leads, GError **error)
{
	g_autoptr(GArray) numbers = NULL;
	struct browse_place from;

	if (!find_few(database, leads, &numbers, error))
		return FALSE;
	if (!numbers && leads->way == BROWSE_BY_NAME)
		return walk_names(database, leads, error);
	if (leads->way == BROWSE_BY_NAME)
		leads->way = BROWSE_BY_UPDATED;
	if (!browse_read_cursor(leads->filter->cursor, leads->way, &from, error))
		return FALSE;
	return numbers ? sift(database, leads, numbers, &from, error)
		       : walk(database, leads, &from, error);
}

gboolean
browse_leads(struct store *store, const struct browse_filter *filter, struct browse_page *ret,
	     GError **error)
{
	g_autoptr(GPtrArray) terms = search_terms(filter->text ? filter->text : "");
	struct leads_page leads = { filter, terms, way_of(filter->sort), ret };
	struct database *database;
	gboolean done;

	*ret = (struct browse_page){ 0 };
	if (leads.way == BROWSE_BY_NAME && !filter->cursor)
		browse_enter_rest(store);
	database = browse_begin(store, error);
	if (!database)
		return FALSE;
	ret->items = g_ptr_array_new_with_free_func((GDestroyNotify)lead_free);
	done = fill_page(database, &leads, error);
	browse_end(store);
	if (!done)
		browse_page_clear(ret);
	return done;
}
