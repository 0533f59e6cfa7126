/* keys.c - see keys.h. */
#include "store/keys.h"

#include <string.h>

/* "mail.customer.example" as "example.customer.mail". */
static void
append_reversed(GString *out, const char *domain, gsize length)
{
	while (length > 0) {
		gsize start = length;

		while (start > 0 && domain[start - 1] != '.')
			start--;
		g_string_append_len(out, domain + start, length - start);
		if (start > 0)
			g_string_append_c(out, '.');
		length = start > 0 ? start - 1 : 0;
	}
}

static GString *
begin(const char *domain, char sign)
{
	GString *key = g_string_sized_new(64);

	append_reversed(key, domain, strlen(domain));
	g_string_append_c(key, ' ');
	g_string_append_c(key, sign);
	return key;
}

char *
keys_of_domain(const char *domain)
{
	GString *key = g_string_sized_new(64);

	append_reversed(key, domain, strlen(domain));
	return g_string_free(key, FALSE);
}

char *
keys_of_address(const char *normalised)
{
	const char *at = normalised ? strrchr(normalised, '@') : NULL;
	GString *key;

	if (!normalised)
		return NULL;
	if (!at)
		return g_strconcat(" @", normalised, NULL);
	key = begin(at + 1, '@');
	g_string_append_len(key, normalised, at - normalised);
	return g_string_free(key, FALSE);
}

char *
keys_of_name(const char *account, const char *name_key)
{
	GString *key;

	if (!account || !name_key)
		return NULL;
	key = begin(account, '=');
	g_string_append(key, name_key);
	return g_string_free(key, FALSE);
}

static char *
key_of_time(const char *account, gint64 time)
{
	GString *key = begin(account, '!');

	g_string_append_printf(key, "%016" G_GINT64_MODIFIER "x", (guint64)(G_MAXINT64 - time));
	return g_string_free(key, FALSE);
}

void
keys_of_activity(const char *account, char **ret_first, char **ret_end)
{
	*ret_first = g_string_free(begin(account, '!'), FALSE);
	*ret_end = g_string_free(begin(account, '!' + 1), FALSE);
}

static gboolean
is_ascii(const char *text)
{
	while (*text && !(*text & 0x80))
		text++;
	return !*text;
}

char *
keys_fold_name(const char *name)
{
	g_autofree char *one = NULL;

	if (!name || !*name)
		return NULL;
	if (is_ascii(name))
		return g_ascii_strdown(name, -1);
	one = g_utf8_normalize(name, -1, G_NORMALIZE_ALL_COMPOSE);
	return one ? g_utf8_casefold(one, -1) : NULL;
}

/* --- all of a lead --- */

static void
key_free(gpointer data)
{
	struct key *key = data;

	g_free(key->text);
	g_free(key->owner);
	g_free(key);
}

gboolean
keys_equal(gconstpointer key, gconstpointer other)
{
	const struct key *a = key, *b = other;

	return !strcmp(a->text, b->text) && a->time == b->time && !g_strcmp0(a->owner, b->owner);
}

static gboolean
same_text(gconstpointer key, gconstpointer text)
{
	return !strcmp(((const struct key *)key)->text, text);
}

/* Takes the text. */
static void
add(GPtrArray *keys, char *text, gint64 time, const char *owner)
{
	struct key *key;

	if (!text || g_ptr_array_find_with_equal_func(keys, text, same_text, NULL)) {
		g_free(text);
		return;
	}
	key = g_new(struct key, 1);
	key->text = text;
	key->time = time;
	key->owner = g_strdup(owner);
	g_ptr_array_add(keys, key);
}

/* The first line of `*text`, and go on to the next; NULL at the end. */
static char *
take_line(const char **text)
{
	const char *start = *text, *end = start ? strchrnul(start, '\n') : NULL;

	if (!start || !*start)
		return NULL;
	*text = *end ? end + 1 : end;
	return g_strndup(start, end - start);
}

static void
add_phones(GPtrArray *keys, const char *phones)
{
	char *phone;

	while ((phone = take_line(&phones)))
		add(keys, phone, 0, NULL);
}

static void
add_addresses(GPtrArray *keys, const char *addresses)
{
	char *address;

	while ((address = take_line(&addresses))) {
		add(keys, keys_of_address(address), 0, NULL);
		g_free(address);
	}
}

GPtrArray *
keys_of_lead(const struct key_source *source)
{
	GPtrArray *keys = g_ptr_array_new_with_free_func(key_free);

	add(keys, keys_of_address(source->normalised), 0, NULL);
	add(keys, keys_of_name(source->account, source->name_key), 0, NULL);
	if (source->account)
		add(keys, key_of_time(source->account, source->last_inbound), source->last_inbound,
		    source->owner);
	add_phones(keys, source->phones);
	add_addresses(keys, source->addresses);
	return keys;
}
