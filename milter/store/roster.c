/*
 * roster.c - see roster.h.
 *
 * A row of `owner` that was not imported is known by its load only: owners of the configuration
 * have theirs there.  A load never goes below nothing, whatever a row edited by hand says.
 */
#include "store/roster.h"

#include <string.h>

#include "base/limits.h"
#include "store/record.h"

struct roster {
	gboolean loaded;
	GPtrArray *owners; /* struct owner *, by address */
	GHashTable *by_address; /* address -> struct owner *, both the array's */
	GHashTable *changed_owners; /* struct owner *: load to be written */
	GPtrArray *credits; /* struct credit * */
	GHashTable *by_pool; /* credit_key() -> struct credit * of the array */
	GHashTable *changed_credits;
};

/* --- memory --- */

static void
clear(struct roster *roster)
{
	g_clear_pointer(&roster->changed_owners, g_hash_table_unref);
	g_clear_pointer(&roster->by_address, g_hash_table_unref);
	g_clear_pointer(&roster->owners, g_ptr_array_unref);
	g_clear_pointer(&roster->changed_credits, g_hash_table_unref);
	g_clear_pointer(&roster->by_pool, g_hash_table_unref);
	g_clear_pointer(&roster->credits, g_ptr_array_unref);
	roster->loaded = FALSE;
}

/* New arrays: a decision may still hold the old ones. */
static void
renew(struct roster *roster)
{
	clear(roster);
	roster->by_address = g_hash_table_new(g_str_hash, g_str_equal);
	roster->changed_owners = g_hash_table_new(NULL, NULL);
	roster->credits = g_ptr_array_new_with_free_func((GDestroyNotify)credit_free);
	roster->by_pool = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	roster->changed_credits = g_hash_table_new(NULL, NULL);
}

struct roster *
roster_new(void)
{
	return g_new0(struct roster, 1);
}

void
roster_free(struct roster *roster)
{
	if (!roster)
		return;
	clear(roster);
	g_free(roster);
}

void
roster_forget(struct roster *roster)
{
	roster->loaded = FALSE;
}

static char *
credit_key(const char *pool, const char *owner)
{
	return g_strconcat(pool ? pool : "", "\n", owner, NULL);
}

/* Takes the credit. */
static void
add_credit(struct roster *roster, struct credit *credit)
{
	g_ptr_array_add(roster->credits, credit);
	g_hash_table_insert(roster->by_pool, credit_key(credit->pool, credit->owner), credit);
}

/* --- reading --- */

GPtrArray *
roster_read(struct database *database, GError **error)
{
	GPtrArray *owners = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
	struct driver_statement *row = database_select(database, QUERY_OWNERS, error, "");
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct owner *owner = owner_new();

		record_read(&record_owner, database->driver, row, 0, owner);
		g_ptr_array_add(owners, owner);
	}
	if (got == 0)
		return owners;
	g_ptr_array_unref(owners);
	return NULL;
}

static gboolean
read_credits(struct roster *roster, struct database *database, GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_CREDITS, error, "");
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct credit *credit = g_new0(struct credit, 1);

		credit->pool = g_strdup(database_column_text(database, row, 0));
		credit->owner = g_strdup(database_column_text(database, row, 1));
		credit->credit = database_column_real(database, row, 2);
		add_credit(roster, credit);
	}
	return got == 0;
}

static gboolean
load(struct roster *roster, struct database *database, GError **error)
{
	if (roster->loaded)
		return TRUE;
	renew(roster);
	roster->owners = roster_read(database, error);
	if (!roster->owners || !read_credits(roster, database, error))
		return FALSE;
	for (guint i = 0; i < roster->owners->len; i++) {
		struct owner *owner = roster->owners->pdata[i];

		g_hash_table_insert(roster->by_address, owner->address, owner);
	}
	roster->loaded = TRUE;
	return TRUE;
}

gboolean
roster_lend(struct roster *roster, struct database *database, struct known *known, GError **error)
{
	if (!load(roster, database, error))
		return FALSE;
	g_ptr_array_unref(known->owners);
	known->owners = g_ptr_array_ref(roster->owners);
	g_ptr_array_unref(known->credits);
	known->credits = g_ptr_array_ref(roster->credits);
	return TRUE;
}

/* --- changing --- */

static int
by_address(gconstpointer a, gconstpointer b)
{
	const struct owner *one = *(struct owner *const *)a, *other = *(struct owner *const *)b;

	return strcmp(one->address, other->address);
}

/* Takes the owner. */
static void
add_owner(struct roster *roster, struct owner *owner)
{
	g_ptr_array_add(roster->owners, owner);
	g_ptr_array_sort(roster->owners, by_address);
	g_hash_table_insert(roster->by_address, owner->address, owner);
}

/* @return NULL when there are too many already: their loads are not counted then */
static struct owner *
find_or_add(struct roster *roster, const char *address)
{
	struct owner *owner = g_hash_table_lookup(roster->by_address, address);

	if (owner || roster->owners->len >= LIMIT_OWNERS)
		return owner;
	owner = owner_new();
	owner->address = g_strdup(address);
	add_owner(roster, owner);
	return owner;
}

static void
count_one(struct roster *roster, const char *address, int by)
{
	struct owner *owner = address ? find_or_add(roster, address) : NULL;

	if (!owner)
		return;
	owner->load = by < 0 && owner->load == 0 ? 0 : owner->load + by;
	g_hash_table_add(roster->changed_owners, owner);
}

gboolean
roster_count(struct roster *roster, struct database *database, const char *from, const char *to,
	     GError **error)
{
	if (!g_strcmp0(from, to))
		return TRUE;
	if (!load(roster, database, error))
		return FALSE;
	count_one(roster, from, -1);
	count_one(roster, to, 1);
	return TRUE;
}

gboolean
roster_take_turns(struct roster *roster, struct database *database, const GPtrArray *credits,
		  GError **error)
{
	if (!credits || credits->len == 0)
		return TRUE;
	if (!load(roster, database, error))
		return FALSE;
	for (guint i = 0; i < credits->len; i++) {
		const struct credit *new = credits->pdata[i];
		g_autofree char *key = credit_key(new->pool, new->owner);
		struct credit *credit = g_hash_table_lookup(roster->by_pool, key);

		if (!credit) {
			if (roster->credits->len >= LIMIT_CREDITS)
				continue;
			credit = g_new0(struct credit, 1);
			credit->pool = g_strdup(new->pool);
			credit->owner = g_strdup(new->owner);
			add_credit(roster, credit);
		}
		credit->credit = new->credit;
		g_hash_table_add(roster->changed_credits, credit);
	}
	return TRUE;
}

/* --- importing --- */

static gboolean
same_list(const GPtrArray *one, const GPtrArray *other)
{
	if (one->len != other->len)
		return FALSE;
	for (guint i = 0; i < one->len; i++)
		if (strcmp(one->pdata[i], other->pdata[i]) != 0)
			return FALSE;
	return TRUE;
}

static gboolean
set_text(char **text, const char *to)
{
	if (!to || !*to || !g_strcmp0(*text, to))
		return FALSE;
	g_free(*text);
	*text = g_strdup(to);
	return TRUE;
}

static gboolean
set_list(GPtrArray *list, const GPtrArray *to)
{
	if (!to || to->len == 0 || same_list(list, to))
		return FALSE;
	g_ptr_array_set_size(list, 0);
	for (guint i = 0; i < to->len; i++)
		g_ptr_array_add(list, g_strdup(to->pdata[i]));
	return TRUE;
}

/* Capacity, weight and absence are as the row says: nothing there is a statement too. */
static gboolean
set_owner(struct owner *owner, const struct owner *to)
{
	gboolean changed = !owner->imported || owner->capacity != to->capacity ||
			   owner->weight != to->weight || owner->absent_from != to->absent_from ||
			   owner->absent_until != to->absent_until;

	changed |= set_text(&owner->name, to->name);
	changed |= set_text(&owner->team, to->team);
	changed |= set_text(&owner->substitute, to->substitute);
	changed |= set_list(owner->languages, to->languages);
	changed |= set_list(owner->countries, to->countries);
	changed |= set_list(owner->products, to->products);
	owner->imported = TRUE;
	owner->capacity = to->capacity;
	owner->weight = to->weight;
	owner->absent_from = to->absent_from;
	owner->absent_until = to->absent_until;
	return changed;
}

static gboolean
write_owner(struct database *database, const struct owner *owner, GError **error)
{
	struct driver_statement *row = database_statement(database, QUERY_OWNER_WRITE, error);

	if (!row)
		return FALSE;
	record_bind(&record_owner, database->driver, row, 1, owner);
	return database_finish(database, row, error);
}

gboolean
roster_import(struct roster *roster, struct database *database, const struct owner *owner,
	      int *ret_change, GError **error)
{
	struct owner *known;
	gboolean is_new;

	if (!load(roster, database, error))
		return FALSE;
	known = g_hash_table_lookup(roster->by_address, owner->address);
	is_new = !known || !known->imported;
	known = find_or_add(roster, owner->address);
	*ret_change = !known ? -1 : !set_owner(known, owner) ? 0 : is_new ? 2 : 1;
	return *ret_change <= 0 || write_owner(database, known, error);
}

/* --- writing --- */

gboolean
roster_flush(struct roster *roster, struct database *database, gboolean *ret_changed,
	     GError **error)
{
	GHashTableIter iter;
	gpointer changed;

	if (!roster->loaded)
		return TRUE;
	if (g_hash_table_size(roster->changed_owners) || g_hash_table_size(roster->changed_credits))
		*ret_changed = TRUE;
	g_hash_table_iter_init(&iter, roster->changed_owners);
	while (g_hash_table_iter_next(&iter, &changed, NULL)) {
		if (!write_owner(database, changed, error))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	g_hash_table_iter_init(&iter, roster->changed_credits);
	while (g_hash_table_iter_next(&iter, &changed, NULL)) {
		const struct credit *credit = changed;

		if (!database_run(database, QUERY_CREDIT_WRITE, error, "ssr", credit->pool,
				  credit->owner, credit->credit))
			return FALSE;
		g_hash_table_iter_remove(&iter);
	}
	return TRUE;
}
