/*
 * forget.c - see forget.h.
 *
 * A card's row stays with its id alone, so that deliveries of contact.forgotten have a lead, and
 * its number is never given to somebody else.  It is a sign to nowhere: no search finds it.
 * Hashes of the forgotten are salted with 32 random bytes that stay in this store: they can be
 * compared with an address one has, not turned back into one without trying all.
 */
#include "store/forget.h"

#include <string.h>
#include <sys/random.h>

#include "base/digest.h"
#include "base/error.h"
#include "lead/event.h"
#include "mail/address.h"
#include "store/conversation.h"
#include "store/journal.h"
#include "store/keys.h"
#include "store/ledger.h"
#include "store/people.h"

#define SALT "salt"
#define SALT_SIZE 32
#define LOOKED_AT_ONCE 1000 /* rows */

struct forget *
forget_new(void)
{
	struct forget *forget = g_new0(struct forget, 1);

	forget->addresses = g_ptr_array_new_with_free_func(g_free);
	forget->ids = g_ptr_array_new_with_free_func(g_free);
	forget->texts = g_ptr_array_new_with_free_func(g_free);
	forget->leads = g_array_new(FALSE, FALSE, sizeof(gint64));
	return forget;
}

void
forget_free(struct forget *forget)
{
	if (!forget)
		return;
	g_ptr_array_unref(forget->addresses);
	g_ptr_array_unref(forget->ids);
	g_ptr_array_unref(forget->texts);
	g_array_unref(forget->leads);
	g_free(forget);
}

/* --- finding --- */

static void
add_text(struct forget *forget, const char *text)
{
	if (text && *text &&
	    !g_ptr_array_find_with_equal_func(forget->texts, text, g_str_equal, NULL))
		g_ptr_array_add(forget->texts, g_strdup(text));
}

static void
add_address(struct forget *forget, const char *normalised)
{
	if (normalised && g_str_has_prefix(normalised, DECIDE_UNVERIFIED))
		normalised += strlen(DECIDE_UNVERIFIED);
	if (normalised &&
	    !g_ptr_array_find_with_equal_func(forget->addresses, normalised, g_str_equal, NULL))
		g_ptr_array_add(forget->addresses, g_strdup(normalised));
	add_text(forget, normalised);
}

static void
add_lead(struct forget *forget, gint64 number, const struct lead *lead)
{
	for (guint i = 0; i < forget->leads->len; i++)
		if (g_array_index(forget->leads, gint64, i) == number)
			return;
	g_array_append_val(forget->leads, number);
	g_ptr_array_add(forget->ids, g_strdup(lead->id));
	add_address(forget, lead->normalised);
	add_text(forget, lead->address);
	for (guint i = 0; i < lead->addresses->len; i++)
		add_address(forget, lead->addresses->pdata[i]);
}

static gboolean
add_key(struct database *database, struct forget *forget, const char *normalised, GError **error)
{
	g_autofree char *key = keys_of_address(normalised);
	g_autoptr(GPtrArray) rows = key ? people_by_key(database, key, error) : NULL;

	for (guint i = 0; rows && i < rows->len; i++) {
		const struct person_row *row = rows->pdata[i];

		add_lead(forget, row->number, row->lead);
	}
	return rows || !key;
}

/* Cards that were merged into one of them; more of them until none is new. */
static gboolean
add_signs(struct database *database, struct forget *forget, GError **error)
{
	for (guint i = 0; i < forget->ids->len; i++) {
		g_autoptr(GPtrArray) rows = people_signs(database, forget->ids->pdata[i], error);

		for (guint k = 0; rows && k < rows->len; k++) {
			const struct person_row *row = rows->pdata[k];

			add_lead(forget, row->number, row->lead);
		}
		if (!rows)
			return FALSE;
	}
	return TRUE;
}

static gboolean
add_by_addresses(struct database *database, struct forget *forget, GError **error)
{
	for (guint i = 0; i < forget->addresses->len; i++) {
		g_autofree char *shadow =
			g_strconcat(DECIDE_UNVERIFIED, forget->addresses->pdata[i], NULL);

		if (!add_key(database, forget, forget->addresses->pdata[i], error) ||
		    !add_key(database, forget, shadow, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
forget_find(struct database *database, struct forget *forget, const char *who, GError **error)
{
	g_autofree char *normalised = address_normalise(who);
	GError *failure = NULL;
	struct person_row *row = normalised ? NULL : people_by_id(database, who, &failure);

	add_address(forget, normalised);
	if (row)
		add_lead(forget, row->number, row->lead);
	people_row_free(row);
	if (failure) {
		g_propagate_error(error, failure);
		return FALSE;
	}
	if (!row && !normalised) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND, "no lead '%s'", who);
		return FALSE;
	}
	return add_by_addresses(database, forget, error) && add_signs(database, forget, error);
}

/* --- cards --- */

static gboolean
tell(struct transaction *transaction, struct outbox_endpoints *endpoints, const struct lead *lead,
     gint64 number, gint64 now, GError **error)
{
	const struct event_input input = { .type = EVENT_FORGOTTEN, .lead = lead, .time = now };
	struct event *event = event_new(&input);
	gboolean done = outbox_add(transaction, endpoints, event, number, FALSE, FALSE, error);

	event_free(event);
	return done;
}

static gboolean
erase_row(struct transaction *transaction, const char *id, GError **error)
{
	g_autoptr(lead_owned) bare = lead_new();
	gint64 number;

	bare->id = g_strdup(id);
	bare->merged_into = g_strdup(""); /* a sign to nowhere */
	return people_write(transaction, bare, FALSE, &number, error);
}

static gboolean
erase_rest(struct database *database, gint64 lead, GError **error)
{
	static const enum query QUERIES[] = { QUERY_STAGES_DELETE, QUERY_OUTCOMES_DELETE,
					      QUERY_CUSTOMER_DELETE };

	for (guint i = 0; i < G_N_ELEMENTS(QUERIES); i++)
		if (!database_run(database, QUERIES[i], error, "i", lead))
			return FALSE;
	return ledger_forget_summary(database, lead, error) &&
	       journal_delete_lead(database, lead, error);
}

static gboolean
forget_card(struct transaction *transaction, gint64 number, struct outbox_endpoints *endpoints,
	    gint64 now, struct forget_report *report, GError **error)
{
	struct database *database = transaction->database;
	struct person_row *row = people_row_by_number(database, number, error);
	gint touches, events;
	gboolean done;

	if (!row)
		return FALSE;
	touches = people_delete_touches(transaction, number, error);
	events = touches < 0 ? -1 : outbox_delete_events(transaction, number, error);
	done = events >= 0 && erase_rest(database, number, error) &&
	       (!row->lead->merged_into || *row->lead->merged_into) &&
	       erase_row(transaction, row->lead->id, error) &&
	       database_run(database, QUERY_STAGES_DELETE, error, "i", number) &&
	       tell(transaction, endpoints, row->lead, number, now, error);
	people_row_free(row);
	if (done) {
		report->leads++;
		report->touches += touches;
		report->events += events;
	}
	return done;
}

gboolean
forget_cards(struct transaction *transaction, const struct forget *forget,
	     struct outbox_endpoints *endpoints, gint64 now, struct forget_report *report,
	     GError **error)
{
	for (guint i = 0; i < forget->leads->len; i++)
		if (!forget_card(transaction, g_array_index(forget->leads, gint64, i), endpoints,
				 now, report, error))
			return FALSE;
	return TRUE;
}

/* --- messages --- */

static gboolean
forget_message(struct transaction *transaction, gint64 number, struct forget_report *report,
	       GError **error)
{
	struct database *database = transaction->database;
	struct driver_statement *row =
		database_select(database, QUERY_MESSAGE_LINKS, error, "i", number);
	int got = row ? database_next(database, row, error) : -1;
	g_autofree void *links = NULL;
	const void *blob;
	gsize size = 0;

	if (got <= 0)
		return got == 0;
	blob = database->driver->column_blob(row, 0, &size);
	links = g_memdup2(blob, size);
	database_end(database, row);
	report->messages++;
	transaction->tally.messages--;
	return conversation_delete(database, links, size, number, error) &&
	       database_run(database, QUERY_MESSAGE_DELETE, error, "i", number);
}

gboolean
forget_messages(struct transaction *transaction, const gint64 *numbers, guint count,
		struct forget_report *report, GError **error)
{
	for (guint i = 0; i < count; i++)
		if (!forget_message(transaction, numbers[i], report, error))
			return FALSE;
	return TRUE;
}

static gboolean
is_wanted(const struct forget *forget, gint64 lead, const char *author)
{
	g_autofree char *normalised = NULL;

	for (guint i = 0; lead && i < forget->leads->len; i++)
		if (g_array_index(forget->leads, gint64, i) == lead)
			return TRUE;
	normalised = author ? address_normalise(author) : NULL;
	return normalised &&
	       g_ptr_array_find_with_equal_func(forget->addresses, normalised, g_str_equal, NULL);
}

/* Mail of ours to the addresses: it names them in its hashes. */
static gboolean
list_outbound(struct database *database, const struct forget *forget, GArray *numbers,
	      GError **error)
{
	for (guint i = 0; i < forget->addresses->len; i++) {
		struct driver_statement *row =
			database_select(database, QUERY_CONVERSATION_MESSAGES, error, "i",
					conversation_hash(CONVERSATION_OUTBOUND,
							  forget->addresses->pdata[i], NULL));
		int got = -1;

		while (row && (got = database_next(database, row, error)) > 0) {
			gint64 number = database_column(database, row, 0);

			g_array_append_val(numbers, number);
		}
		if (got < 0)
			return FALSE;
	}
	return TRUE;
}

/* --- looking through everything --- */

/* What a server answers stands in memory as a whole and must come within its limit, so all rows are
 * read some at a time.
 * @param is_wanted_row  the first column of every row is its number */
static gboolean
look_through(struct database *database, enum query query, const struct forget *forget,
	     gboolean (*is_wanted_row)(struct database *database, struct driver_statement *row,
				       const struct forget *forget),
	     GArray *numbers, GError **error)
{
	gint64 after = G_MININT64;
	guint seen;
	int got;

	do {
		struct driver_statement *row =
			database_select(database, query, error, "in", after, LOOKED_AT_ONCE);

		seen = 0;
		got = -1;
		while (row && (got = database_next(database, row, error)) > 0) {
			after = database_column(database, row, 0);
			seen++;
			if (is_wanted_row(database, row, forget))
				g_array_append_val(numbers, after);
		}
	} while (got == 0 && seen == LOOKED_AT_ONCE);
	return got == 0;
}

static gboolean
is_their_message(struct database *database, struct driver_statement *row,
		 const struct forget *forget)
{
	return is_wanted(forget, database_column(database, row, 1),
			 database_column_text(database, row, 2));
}

GArray *
forget_list_messages(struct database *database, const struct forget *forget, GError **error)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!look_through(database, QUERY_MESSAGES_AFTER, forget, is_their_message, numbers,
			  error) ||
	    !list_outbound(database, forget, numbers, error))
		return NULL;
	return g_steal_pointer(&numbers);
}

/* --- events about others --- */

/* The next of the words in a text, whatever its case. @return NULL when there is none */
static const char *
find_word(const char *text, const GPtrArray *words, gsize *ret_length)
{
	const char *first = NULL;

	for (guint i = 0; i < words->len; i++) {
		const char *found = strcasestr(text, words->pdata[i]);

		if (!found || (first && found >= first))
			continue;
		first = found;
		*ret_length = strlen(words->pdata[i]);
	}
	return first;
}

static gboolean
names_them(struct database *database, struct driver_statement *row, const struct forget *forget)
{
	const char *body = database_column_text(database, row, 1);
	gsize length;

	return body && find_word(body, forget->texts, &length);
}

GArray *
forget_list_events(struct database *database, const struct forget *forget, GError **error)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!look_through(database, QUERY_EVENTS_AFTER, forget, names_them, numbers, error))
		return NULL;
	return g_steal_pointer(&numbers);
}

static gboolean
blank_event(struct database *database, gint64 number, const GPtrArray *words, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_EVENT_BODY, error, "i", number);
	int got = row ? database_next(database, row, error) : -1;
	g_autofree char *body = NULL;
	g_autoptr(GString) blank = g_string_new(NULL);
	const char *at, *found;
	gsize length = 0;

	if (got <= 0)
		return got == 0;
	at = body = g_strdup(database_column_text(database, row, 0));
	database_end(database, row);
	for (; (found = find_word(at, words, &length)); at = found + length) {
		g_string_append_len(blank, at, found - at);
		g_string_append(blank, "forgotten");
	}
	g_string_append(blank, at);
	return database_run(database, QUERY_EVENT_BLANK, error, "is", number, blank->str);
}

gboolean
forget_events(struct transaction *transaction, const struct forget *forget, const gint64 *numbers,
	      guint count, struct forget_report *report, GError **error)
{
	for (guint i = 0; i < count; i++)
		if (!blank_event(transaction->database, numbers[i], forget->texts, error))
			return FALSE;
	report->events += count;
	return TRUE;
}

/* --- addresses --- */

static gboolean
read_salt(struct database *database, char **ret, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_META, error, "s", SALT);
	int got = row ? database_next(database, row, error) : -1;

	*ret = NULL;
	if (got > 0) {
		*ret = g_strdup(database_column_text(database, row, 0));
		database_end(database, row);
	}
	return got >= 0;
}

static gboolean
make_salt(struct database *database, char **ret, GError **error)
{
	guint8 bytes[SALT_SIZE];
	GString *hex = g_string_new(NULL);

	if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
		g_string_free(hex, TRUE);
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "no random bytes");
		return FALSE;
	}
	for (guint i = 0; i < sizeof bytes; i++)
		g_string_append_printf(hex, "%02x", bytes[i]);
	*ret = g_string_free(hex, FALSE);
	return database_run(database, QUERY_META_WRITE, error, "ss", SALT, *ret);
}

static char *
hash_address(const char *salt, const char *normalised)
{
	struct digest *digest = digest_new();

	digest_add(digest, salt, strlen(salt));
	digest_add(digest, normalised, strlen(normalised));
	return digest_end_hex(digest);
}

static gboolean
remember_one(struct database *database, const char *normalised, gint64 now, GError **error)
{
	g_autofree char *salt = NULL, *hash = NULL;

	if (!read_salt(database, &salt, error) || (!salt && !make_salt(database, &salt, error)))
		return FALSE;
	hash = hash_address(salt, normalised);
	return database_run(database, QUERY_FORGOTTEN_WRITE, error, "si", hash, now);
}

static gboolean
forget_contact(struct transaction *transaction, const char *normalised,
	       struct forget_report *report, GError **error)
{
	struct database *database = transaction->database;
	g_autofree char *key = keys_of_address(normalised);

	if (!database_run(database, QUERY_CONTACT_DELETE, error, "s", key))
		return FALSE;
	report->contacts += database->driver->changes(database->connection);
	return TRUE;
}

gboolean
forget_remember(struct transaction *transaction, const struct forget *forget, gint64 now,
		GError **error)
{
	transaction->forgotten = PRESENCE_UNKNOWN;
	transaction->tally.changed = TRUE;
	for (guint i = 0; i < forget->addresses->len; i++)
		if (!remember_one(transaction->database, forget->addresses->pdata[i], now, error))
			return FALSE;
	return TRUE;
}

gboolean
forget_addresses(struct transaction *transaction, const struct forget *forget,
		 struct forget_report *report, GError **error)
{
	struct database *database = transaction->database;

	for (guint i = 0; i < forget->addresses->len; i++) {
		const char *normalised = forget->addresses->pdata[i];

		if (!forget_contact(transaction, normalised, report, error) ||
		    !database_run(database, QUERY_CONVERSATION_FORGET, error, "i",
				  conversation_hash(CONVERSATION_OUTBOUND, normalised, NULL)) ||
		    !database_run(database, QUERY_CONVERSATION_FORGET, error, "i",
				  conversation_hash(CONVERSATION_SENDER, normalised, NULL)) ||
		    !database_run(database, QUERY_AUDIT_FORGET, error, "s", normalised))
			return FALSE;
	}
	return TRUE;
}

gboolean
forget_is_forgotten(struct transaction *transaction, const char *normalised, gint64 time,
		    gboolean *ret, GError **error)
{
	struct database *database = transaction->database;
	g_autofree char *salt = NULL, *hash = NULL;
	gint64 since = 0;

	*ret = FALSE;
	if (!normalised || transaction->forgotten == PRESENCE_NONE)
		return TRUE;
	if (!read_salt(database, &salt, error))
		return FALSE;
	transaction->forgotten = salt ? PRESENCE_SOME : PRESENCE_NONE;
	if (!salt)
		return TRUE;
	hash = hash_address(salt, normalised);
	if (!database_integer(database, QUERY_FORGOTTEN, 0, &since, error, "s", hash))
		return FALSE;
	*ret = since != 0 && time <= since;
	return TRUE;
}
