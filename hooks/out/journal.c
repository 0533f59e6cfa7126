/* journal.c - see journal.h. */
#include "hooks/out/journal.h"

#include <string.h>

struct journal {
	GHashTable *values[2]; /* by of_lead: key → JSON */
	GPtrArray *news; /* struct journal_entry * */
};

static GPtrArray *
new_entries(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)journal_entry_free);
}

static void
keep(struct journal *journal, gboolean of_lead, const char *key, const char *value)
{
	GHashTable *values = journal->values[of_lead ? 1 : 0];

	if (value != NULL)
		g_hash_table_replace(values, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(values, key);
}

struct journal *
journal_new(const GPtrArray *entries)
{
	struct journal *journal = g_new0(struct journal, 1);

	for (guint i = 0; i < 2; i++)
		journal->values[i] = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	journal->news = new_entries();
	for (guint i = 0; entries != NULL && i < entries->len; i++) {
		const struct journal_entry *entry = entries->pdata[i];

		keep(journal, entry->of_lead, entry->key, entry->value);
	}
	return journal;
}

void
journal_free(struct journal *journal)
{
	if (journal == NULL)
		return;
	for (guint i = 0; i < 2; i++)
		g_hash_table_unref(journal->values[i]);
	g_ptr_array_unref(journal->news);
	g_free(journal);
}

const char *
journal_get(const struct journal *journal, gboolean of_lead, const char *key)
{
	return g_hash_table_lookup(journal->values[of_lead ? 1 : 0], key);
}

void
journal_put(struct journal *journal, gboolean of_lead, const char *key, const char *value)
{
	struct journal_entry *entry;

	if (g_strcmp0(journal_get(journal, of_lead, key), value) == 0)
		return;
	keep(journal, of_lead, key, value);
	entry = g_new0(struct journal_entry, 1);
	entry->of_lead = of_lead;
	entry->key = g_strdup(key);
	entry->value = g_strdup(value);
	g_ptr_array_add(journal->news, entry);
}

gboolean
journal_has_news(const struct journal *journal)
{
	return journal->news->len > 0;
}

GPtrArray *
journal_take_news(struct journal *journal)
{
	GPtrArray *news = journal->news;

	journal->news = new_entries();
	return news;
}
