/* owner.c - see owner.h. */
#include "lead/owner.h"

#include "base/clock.h"
#include "base/limits.h"

struct owners {
	GHashTable *by_address; /* in lower case → struct owner * */
	GPtrArray *sorted; /* struct owner *, those who may get leads */
	GPtrArray *all; /* struct owner *, owned */
};

/* --- both sources as one --- */

static GPtrArray *
copy_strings(const GPtrArray *strings)
{
	GPtrArray *copy = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; strings != NULL && i < strings->len; i++)
		g_ptr_array_add(copy, g_strdup(strings->pdata[i]));
	return copy;
}

static void
replace_strings(GPtrArray **strings, const GPtrArray *with)
{
	if (with == NULL || with->len == 0)
		return;
	g_ptr_array_unref(*strings);
	*strings = copy_strings(with);
}

static void
replace_text(char **text, const char *with)
{
	if (with == NULL || with[0] == '\0')
		return;
	g_free(*text);
	*text = g_strdup(with);
}

/* The one of that address, made when it is new. */
static struct owner *
get_owner(struct owners *owners, const char *address)
{
	char *key = g_ascii_strdown(address, -1);
	struct owner *owner = g_hash_table_lookup(owners->by_address, key);

	if (owner != NULL) {
		g_free(key);
		return owner;
	}
	owner = owner_new();
	owner->address = g_strdup(address);
	owner->weight = 0;
	g_hash_table_insert(owners->by_address, key, owner);
	g_ptr_array_add(owners->all, owner);
	return owner;
}

/* `imported` tells here that they may get leads. */
static void
list_owner(struct owners *owners, struct owner *owner)
{
	if (!owner->imported)
		g_ptr_array_add(owners->sorted, owner);
	owner->imported = TRUE;
}

static void
add_configured(struct owners *owners, const struct config_owner *config)
{
	struct owner *owner = get_owner(owners, config->address);

	replace_text(&owner->name, config->name);
	replace_text(&owner->team, config->team);
	replace_text(&owner->substitute, config->substitute);
	replace_strings(&owner->languages, config->languages);
	replace_strings(&owner->countries, config->countries);
	replace_strings(&owner->products, config->products);
	owner->capacity = config->capacity;
	owner->weight = config->weight;
	owner->absent_from = config->absent_from;
	owner->absent_until = config->absent_until;
	list_owner(owners, owner);
}

static void
add_imported(struct owners *owners, const struct owner *imported)
{
	struct owner *owner = get_owner(owners, imported->address);

	owner->load += imported->load;
	if (!imported->imported)
		return;
	replace_text(&owner->name, imported->name);
	replace_text(&owner->team, imported->team);
	replace_text(&owner->substitute, imported->substitute);
	replace_strings(&owner->languages, imported->languages);
	replace_strings(&owner->countries, imported->countries);
	replace_strings(&owner->products, imported->products);
	if (imported->capacity != 0)
		owner->capacity = imported->capacity;
	if (imported->weight != 0)
		owner->weight = imported->weight;
	if (imported->absent_from != 0 || imported->absent_until != 0) {
		owner->absent_from = imported->absent_from;
		owner->absent_until = imported->absent_until;
	}
	list_owner(owners, owner);
}

/* Who stands in needs no section of their own. */
static void
add_substitutes(struct owners *owners)
{
	for (guint i = 0; i < owners->all->len; i++) {
		struct owner *owner = owners->all->pdata[i];

		owner->weight = MAX(owner->weight, 1);
		if (owner->substitute != NULL)
			get_owner(owners, owner->substitute);
	}
}

static gint
compare_addresses(gconstpointer a, gconstpointer b)
{
	const struct owner *const *x = a, *const *y = b;

	return g_ascii_strcasecmp((*x)->address, (*y)->address);
}

struct owners *
owners_new(const struct config *config, const GPtrArray *imported)
{
	struct owners *owners = g_new0(struct owners, 1);

	owners->by_address = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	owners->all = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
	owners->sorted = g_ptr_array_new();
	for (guint i = 0; config->owners != NULL && i < config->owners->len; i++)
		add_configured(owners, config->owners->pdata[i]);
	for (guint i = 0; imported != NULL && i < imported->len; i++) {
		const struct owner *owner = imported->pdata[i];

		if (owner->address != NULL && owner->address[0] != '\0')
			add_imported(owners, owner);
	}
	add_substitutes(owners);
	g_ptr_array_sort(owners->sorted, compare_addresses);
	return owners;
}

void
owners_free(struct owners *owners)
{
	if (owners == NULL)
		return;
	g_hash_table_unref(owners->by_address);
	g_ptr_array_unref(owners->sorted);
	g_ptr_array_unref(owners->all);
	g_free(owners);
}

const struct owner *
owners_find(const struct owners *owners, const char *address)
{
	g_autofree char *key = address != NULL ? g_ascii_strdown(address, -1) : NULL;

	return key != NULL ? g_hash_table_lookup(owners->by_address, key) : NULL;
}

const struct owner *
owners_nth(const struct owners *owners, guint i)
{
	return i < owners->sorted->len ? owners->sorted->pdata[i] : NULL;
}

/* --- one of them --- */

enum presence
owner_presence(const struct owner *owner, gint64 time)
{
	if (owner->absent_from == 0 && owner->absent_until == 0)
		return PRESENT;
	if (time < owner->absent_from)
		return PRESENT;
	if (owner->absent_until == 0)
		return LEFT;
	return time < owner->absent_until ? ABSENT : PRESENT;
}

gboolean
owner_has_room(const struct owner *owner)
{
	return owner->capacity == 0 || owner->load < owner->capacity;
}

const struct owner *
owners_stand_in(const struct owners *owners, const struct owner *owner, gint64 time)
{
	for (guint turn = 0; turn < LIMIT_SUBSTITUTES; turn++) {
		owner = owner != NULL ? owners_find(owners, owner->substitute) : NULL;
		if (owner == NULL || owner_presence(owner, time) == PRESENT)
			return owner;
	}
	return NULL;
}

char *
owners_notice(const struct owners *owners, const char *address, gint64 time)
{
	const struct owner *owner = owners_find(owners, address);
	enum presence presence = owner != NULL ? owner_presence(owner, time) : PRESENT;
	const struct owner *other;
	GString *notice;

	if (presence == PRESENT)
		return NULL;
	other = owners_stand_in(owners, owner, time);
	notice = g_string_new(presence == LEFT ? "has left" : "absent until ");
	if (presence == ABSENT) {
		g_autofree char *until = clock_format(owner->absent_until);

		g_string_append_len(notice, until, 10); /* the day */
	}
	if (other != NULL)
		g_string_append_printf(notice, "; %s stands in", other->address);
	return g_string_free(notice, FALSE);
}
