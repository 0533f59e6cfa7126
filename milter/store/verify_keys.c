/*
 * verify_keys.c - by which keys leads and messages are found, held against what their rows say; see
 * verify.h.
 *
 * The keys are made by the functions that write them (keys.h, conversation.h).  Rows are read some
 * at a time, since a repair may write between.
 */
#include "store/verify.h"

#include <string.h>

#include "base/limits.h"
#include "store/conversation.h"
#include "store/keys.h"

#define CARD "l.normalised, l.account, l.name_key, l.owner, l.phones, l.addresses, l.last_inbound"

/* --- a pass over a table, some rows at a time --- */

static gboolean
has_row(struct database *database, struct driver_statement *statement, gboolean *ret,
	GError **error)
{
	int got = database_next(database, statement, error);

	*ret = got > 0;
	if (got > 0)
		database_end(database, statement);
	return got >= 0;
}

static struct key_source
read_source(struct database *database, struct driver_statement *row, int first)
{
	return (struct key_source){
		.normalised = database_column_text(database, row, first),
		.account = database_column_text(database, row, first + 1),
		.name_key = database_column_text(database, row, first + 2),
		.owner = database_column_text(database, row, first + 3),
		.phones = database_column_text(database, row, first + 4),
		.addresses = database_column_text(database, row, first + 5),
		.last_inbound = database_column(database, row, first + 6),
	};
}

struct card {
	gint64 number;
	GPtrArray *keys; /* struct key * */
};

static void
card_clear(gpointer card)
{
	g_ptr_array_unref(((struct card *)card)->keys);
}

static GArray *
next_cards(struct database *database, struct driver_statement *row, gint64 after, GError **error)
{
	GArray *cards = g_array_new(FALSE, FALSE, sizeof(struct card));
	int got;

	g_array_set_clear_func(cards, card_clear);
	database->driver->bind_integer(row, 1, after);
	while ((got = database_next(database, row, error)) > 0) {
		const struct key_source source = read_source(database, row, 1);
		struct card card = { database_column(database, row, 0), keys_of_lead(&source) };

		g_array_append_val(cards, card);
	}
	if (got == 0)
		return cards;
	g_array_unref(cards);
	return NULL;
}

/* --- keys that are missing --- */

struct missing {
	struct database *database;
	struct driver_statement *cards, *row;
	gboolean repair;
	verify_found found;
	gpointer data;
};

static gboolean
check_key(const struct missing *missing, gint64 lead, const struct key *key, GError **error)
{
	struct database *database = missing->database;
	const struct driver *driver = database->driver;
	g_autofree char *name = NULL;
	gboolean there;

	driver->bind_text(missing->row, 1, key->text, TRUE);
	driver->bind_integer(missing->row, 2, lead);
	driver->bind_integer(missing->row, 3, key->time);
	driver->bind_text(missing->row, 4, key->owner, TRUE);
	if (!has_row(database, missing->row, &there, error))
		return FALSE;
	if (there)
		return TRUE;
	name = g_strdup_printf("%s of lead %" G_GINT64_FORMAT, key->text, lead);
	missing->found(missing->data, name);
	return !missing->repair || database_run(database, QUERY_KEY_INSERT, error, "siis",
						key->text, lead, key->time, key->owner);
}

static gboolean
check_card(const struct missing *missing, const struct card *card, GError **error)
{
	for (guint i = 0; i < card->keys->len; i++)
		if (!check_key(missing, card->number, card->keys->pdata[i], error))
			return FALSE;
	return TRUE;
}

static gboolean
check_cards(const struct missing *missing, GError **error)
{
	gint64 after = 0;

	for (;;) {
		g_autoptr(GArray) cards =
			next_cards(missing->database, missing->cards, after, error);

		for (guint i = 0; cards && i < cards->len; i++)
			if (!check_card(missing, &g_array_index(cards, struct card, i), error))
				return FALSE;
		if (!cards || cards->len == 0)
			return cards != NULL;
		after = g_array_index(cards, struct card, cards->len - 1).number;
	}
}

gboolean
verify_missing_keys(struct database *database, gboolean repair, verify_found found, gpointer data,
		    GError **error)
{
	const struct driver *driver = database->driver;
	struct missing missing = { database, NULL, NULL, repair, found, data };
	gboolean done;

	missing.cards = driver->prepare(database->connection,
					"SELECT l.number, " CARD
					" FROM lead l WHERE l.number>?1 AND l.merged_into IS NULL "
					"ORDER BY l.number LIMIT " G_STRINGIFY(LIMIT_COPY_PAGE),
					error);
	if (missing.cards)
		missing.row = driver->prepare(
			database->connection,
			"SELECT 1 FROM identity WHERE key=?1 AND lead=?2 AND "
			"coalesce(time, 0)=?3 AND coalesce(owner, '')=coalesce(?4, '')",
			error);
	done = missing.row && check_cards(&missing, error);
	if (missing.cards)
		driver->finalize(missing.cards);
	if (missing.row)
		driver->finalize(missing.row);
	return done;
}

/* --- keys too many --- */

struct stale {
	char *key;
	gint64 lead;
};

static void
stale_clear(gpointer stale)
{
	g_free(((struct stale *)stale)->key);
}

static gboolean
is_of_card(const char *text, const GPtrArray *keys)
{
	for (guint i = 0; i < keys->len; i++)
		if (!strcmp(((const struct key *)keys->pdata[i])->text, text))
			return TRUE;
	return FALSE;
}

/* Those few are collected before any is removed. */
static gboolean
list_stale(struct database *database, GArray *list, GError **error)
{
	struct driver_statement *row = database->driver->prepare(
		database->connection,
		"SELECT i.key, i.lead, " CARD " FROM identity i JOIN lead l ON l.number=i.lead "
		"WHERE l.merged_into IS NULL",
		error);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		const struct key_source source = read_source(database, row, 2);
		g_autoptr(GPtrArray) keys = keys_of_lead(&source);
		const char *text = database_column_text(database, row, 0);
		struct stale stale = { NULL, database_column(database, row, 1) };

		if (is_of_card(text, keys))
			continue;
		stale.key = g_strdup(text);
		g_array_append_val(list, stale);
	}
	if (row)
		database->driver->finalize(row);
	return got == 0;
}

gboolean
verify_stale_keys(struct database *database, gboolean repair, verify_found found, gpointer data,
		  GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(struct stale));

	g_array_set_clear_func(list, stale_clear);
	if (!list_stale(database, list, error))
		return FALSE;
	for (guint i = 0; i < list->len; i++) {
		const struct stale *stale = &g_array_index(list, struct stale, i);
		g_autofree char *name =
			g_strdup_printf("%s of lead %" G_GINT64_FORMAT, stale->key, stale->lead);

		found(data, name);
		if (repair &&
		    !database_run(database, QUERY_KEY_DELETE, error, "si", stale->key, stale->lead))
			return FALSE;
	}
	return TRUE;
}

/* --- what reports read --- */

static gboolean
list_behind(struct database *database, GArray *list, GError **error)
{
	struct driver_statement *row = database->driver->prepare(
		database->connection,
		"SELECT l.number FROM lead l LEFT JOIN progress p ON p.lead=l.number WHERE "
		"l.merged_into IS NULL AND (p.lead IS NULL OR "
		"coalesce(p.stage, '')<>coalesce(l.stage, '') OR "
		"coalesce(p.owner, '')<>coalesce(l.owner, '') OR "
		"coalesce(p.created, 0)<>coalesce(l.created, 0) OR "
		"coalesce(p.answered, 0)<>coalesce(l.first_response, 0))",
		error);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		gint64 lead = database_column(database, row, 0);

		g_array_append_val(list, lead);
	}
	if (row)
		database->driver->finalize(row);
	return got == 0;
}

gboolean
verify_progress(struct database *database, gboolean repair, verify_found found, gpointer data,
		GError **error)
{
	g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(gint64));

	if (!list_behind(database, list, error))
		return FALSE;
	for (guint i = 0; i < list->len; i++) {
		gint64 lead = g_array_index(list, gint64, i);
		g_autofree char *name = g_strdup_printf("lead %" G_GINT64_FORMAT, lead);

		found(data, name);
		if (repair && !database_run(database, QUERY_PROGRESS_AGAIN, error, "i", lead))
			return FALSE;
	}
	return TRUE;
}

/* --- messages --- */

struct linked {
	gint64 number;
	GArray *links; /* struct conversation_link */
};

static void
linked_clear(gpointer linked)
{
	g_array_unref(((struct linked *)linked)->links);
}

static GArray *
next_messages(struct database *database, gint64 after, GError **error)
{
	GArray *messages = g_array_new(FALSE, FALSE, sizeof(struct linked));
	struct driver_statement *row =
		database_select(database, QUERY_MESSAGES_OLDEST, error, "i", after);
	int got = -1;

	g_array_set_clear_func(messages, linked_clear);
	while (row && (got = database_next(database, row, error)) > 0) {
		struct linked linked = { database_column(database, row, 0), NULL };
		gsize size;
		const void *bytes = database->driver->column_blob(row, 2, &size);

		linked.links = g_array_new(FALSE, FALSE, sizeof(struct conversation_link));
		g_array_append_vals(linked.links, bytes, size / sizeof(struct conversation_link));
		g_array_append_val(messages, linked);
	}
	if (got == 0)
		return messages;
	g_array_unref(messages);
	return NULL;
}

static gboolean
has_links(struct database *database, struct driver_statement *row, const struct linked *linked,
	  gboolean *ret, GError **error)
{
	*ret = TRUE;
	for (guint i = 0; i < linked->links->len && *ret; i++) {
		const struct conversation_link *link =
			&g_array_index(linked->links, struct conversation_link, i);

		database->driver->bind_integer(row, 1, link->hash);
		database->driver->bind_integer(row, 2, link->tag);
		database->driver->bind_integer(row, 3, linked->number);
		if (!has_row(database, row, ret, error))
			return FALSE;
	}
	return TRUE;
}

/* @return how many messages were looked at, -1 with an error */
static int
check_messages(const struct missing *missing, gint64 *after, GError **error)
{
	g_autoptr(GArray) messages = next_messages(missing->database, *after, error);

	for (guint i = 0; messages && i < messages->len; i++) {
		const struct linked *linked = &g_array_index(messages, struct linked, i);
		g_autofree char *name = NULL;
		gboolean there;

		*after = linked->number;
		if (!has_links(missing->database, missing->row, linked, &there, error))
			return -1;
		if (there)
			continue;
		name = g_strdup_printf("message %" G_GINT64_FORMAT, linked->number);
		missing->found(missing->data, name);
		if (missing->repair &&
		    !conversation_insert(missing->database, linked->links, linked->number, error))
			return -1;
	}
	return messages ? (int)messages->len : -1;
}

gboolean
verify_links(struct database *database, gboolean repair, verify_found found, gpointer data,
	     GError **error)
{
	struct missing missing = { database, NULL, NULL, repair, found, data };
	gint64 after = 0;
	int count;

	missing.row = database->driver->prepare(
		database->connection,
		"SELECT 1 FROM conversation WHERE hash=?1 AND tag=?2 AND message=?3", error);
	if (!missing.row)
		return FALSE;
	while ((count = check_messages(&missing, &after, error)) > 0)
		;
	database->driver->finalize(missing.row);
	return count == 0;
}
