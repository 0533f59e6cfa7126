/* owner.c - see owner.h. */
#include "lead/owner.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"

/* Made for each decision, so it borrows texts and lists instead of copying them. */
struct owners {
	GHashTable *by_address; /* address → struct owner *, without regard to case */
	GPtrArray *sorted; /* struct owner *, those who may get leads */
	struct owner *all;
	guint count;
};

/* --- both sources as one --- */

static guint
hash_address(gconstpointer address)
{
	guint hash = 5381;

	for (const char *at = address; *at != '\0'; at++)
		hash = hash * 33 + (guchar)g_ascii_tolower(*at);
	return hash;
}

static gboolean
same_address(gconstpointer a, gconstpointer b)
{
	return g_ascii_strcasecmp(a, b) == 0;
}

static const GPtrArray *
no_words(void)
{
	static GPtrArray *none;
	static gsize once;

	if (g_once_init_enter(&once)) {
		none = g_ptr_array_new();
		g_once_init_leave(&once, 1);
	}
	return none;
}

static void
replace_words(GPtrArray **words, GPtrArray *with)
{
	if (with != NULL && with->len > 0)
		*words = with;
}

static void
replace_text(char **text, char *with)
{
	if (with != NULL && with[0] != '\0')
		*text = with;
}

/* The one of that address, begun when it is new; there is room for each name there may be. */
static struct owner *
get_owner(struct owners *owners, const char *address)
{
	struct owner *owner = g_hash_table_lookup(owners->by_address, address);

	if (owner != NULL)
		return owner;
	owner = &owners->all[owners->count++];
	owner->address = (char *)address;
	owner->languages = owner->countries = owner->products = (GPtrArray *)no_words();
	g_hash_table_insert(owners->by_address, (gpointer)address, owner);
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

	owner->name = config->name;
	owner->team = config->team;
	owner->substitute = config->substitute;
	replace_words(&owner->languages, config->languages);
	replace_words(&owner->countries, config->countries);
	replace_words(&owner->products, config->products);
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
	replace_words(&owner->languages, imported->languages);
	replace_words(&owner->countries, imported->countries);
	replace_words(&owner->products, imported->products);
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

static gboolean
is_address(const char *name)
{
	return strchr(name, '@') != NULL;
}

/* Who is named by a rule or stands in needs no section of their own. */
static void
add_named(struct owners *owners, const GPtrArray *assigns)
{
	for (guint i = 0; assigns != NULL && i < assigns->len; i++) {
		const struct config_assign *assign = assigns->pdata[i];

		for (guint k = 0; k < assign->owners->len; k++) {
			if (is_address(assign->owners->pdata[k]))
				get_owner(owners, assign->owners->pdata[k]);
		}
	}
	for (guint i = 0; i < owners->count; i++) {
		struct owner *owner = &owners->all[i];

		owner->weight = MAX(owner->weight, 1);
		if (owner->substitute != NULL)
			get_owner(owners, owner->substitute);
	}
}

/* As many as there can be: each one may name another. */
static guint
count_names(const struct config *config, const GPtrArray *imported)
{
	guint count = (config->owners != NULL ? config->owners->len : 0) +
		      (imported != NULL ? imported->len : 0);
	guint named = 0;

	for (guint i = 0; config->assigns != NULL && i < config->assigns->len; i++)
		named += ((const struct config_assign *)config->assigns->pdata[i])->owners->len;
	return 2 * count + named;
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

	owners->by_address = g_hash_table_new(hash_address, same_address);
	owners->sorted = g_ptr_array_new();
	owners->all = g_new0(struct owner, count_names(config, imported));
	for (guint i = 0; config->owners != NULL && i < config->owners->len; i++)
		add_configured(owners, config->owners->pdata[i]);
	for (guint i = 0; imported != NULL && i < imported->len; i++) {
		const struct owner *owner = imported->pdata[i];

		if (owner->address != NULL && owner->address[0] != '\0')
			add_imported(owners, owner);
	}
	add_named(owners, config->assigns);
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
	g_free(owners->all);
	g_free(owners);
}

const struct owner *
owners_find(const struct owners *owners, const char *address)
{
	return address != NULL ? g_hash_table_lookup(owners->by_address, address) : NULL;
}

const struct owner *
owners_nth(const struct owners *owners, guint i)
{
	return i < owners->sorted->len ? owners->sorted->pdata[i] : NULL;
}

/* Case-folded and in one form of Unicode; caller frees. */
static char *
fold_name(const char *name)
{
	g_autofree char *whole = g_utf8_normalize(name, -1, G_NORMALIZE_ALL_COMPOSE);

	return whole != NULL ? g_utf8_casefold(whole, -1) : NULL;
}

const struct owner *
owners_find_name(const struct owners *owners, const char *name)
{
	g_autofree char *wanted = fold_name(name);
	const struct owner *found = NULL;

	for (guint i = 0; wanted != NULL && i < owners->sorted->len; i++) {
		const struct owner *owner = owners->sorted->pdata[i];
		g_autofree char *folded = owner->name != NULL ? fold_name(owner->name) : NULL;

		if (g_strcmp0(folded, wanted) != 0)
			continue;
		if (found != NULL)
			return NULL;
		found = owner;
	}
	return found;
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
