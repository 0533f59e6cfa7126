/*
 * contact.c - see contact.h.
 *
 * The key is that of an address (keys.h), so the contacts of an organisation and of its
 * subdomains lie together.
 */
#include "store/contact.h"

#include <string.h>

#include "base/limits.h"
#include "mail/address.h"
#include "mail/mailbox.h"
#include "store/keys.h"

void
contact_free(struct contact *contact)
{
	if (!contact)
		return;
	g_free(contact->address);
	g_free(contact->name);
	g_free(contact->lead);
	g_free(contact);
}

static gboolean
is_within(const char *domain, const char *whole)
{
	gsize length = strlen(domain), tail = whole ? strlen(whole) : 0;

	return tail > 0 && tail <= length && !strcmp(domain + length - tail, whole) &&
	       (tail == length || domain[length - tail - 1] == '.');
}

static gboolean
is_of_account(const struct account *account, const char *normalised)
{
	const char *domain = address_domain(normalised);

	if (!domain)
		return FALSE;
	for (guint i = 0; i < account->domains->len; i++)
		if (is_within(domain, account->domains->pdata[i]))
			return TRUE;
	return is_within(domain, account->domain);
}

static gboolean
record_one(struct database *database, const struct facts *facts, const struct known *known,
	   const struct mail_address *seen, gint64 lead, gint64 time, GError **error)
{
	g_autofree char *normalised = seen->address ? address_normalise(seen->address) : NULL;
	g_autofree char *key = NULL;

	if (!normalised || !is_of_account(known->account, normalised) ||
	    !g_strcmp0(normalised, facts->person->normalised) ||
	    mailbox_list_matches(facts->config->never_log, seen->address))
		return TRUE;
	key = keys_of_address(normalised);
	return database_run(database, QUERY_CONTACT_WRITE, error, "sssii", key, seen->address,
			    seen->name, lead, time);
}

gboolean
contact_record(struct database *database, const struct facts *facts, const struct known *known,
	       gint64 lead, gint64 time, GError **error)
{
	const GPtrArray *lists[] = { facts->mail->cc, facts->mail->to };
	guint left = LIMIT_CONTACTS;

	if (!known->account || !facts->person || lead == 0)
		return TRUE;
	for (guint list = 0; list < G_N_ELEMENTS(lists); list++) {
		guint count = lists[list] ? MIN(lists[list]->len, left) : 0;

		for (guint i = 0; i < count; i++)
			if (!record_one(database, facts, known, lists[list]->pdata[i], lead, time,
					error))
				return FALSE;
		left -= count;
	}
	return TRUE;
}

/* --- reading --- */

static gboolean
add_range(struct database *database, GPtrArray *contacts, const char *first, const char *end,
	  GError **error)
{
	struct driver_statement *row = database_select(database, QUERY_CONTACTS, error, "ssn",
						       first, end, LIMIT_CONTACTS_SHOWN);
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct contact *contact = g_new0(struct contact, 1);

		contact->address = g_strdup(database_column_text(database, row, 0));
		contact->name = g_strdup(database_column_text(database, row, 1));
		contact->lead = g_strdup(database_column_text(database, row, 2));
		contact->first_seen = database_column(database, row, 3);
		contact->last_seen = database_column(database, row, 4);
		contact->mails = database_column(database, row, 5);
		g_ptr_array_add(contacts, contact);
	}
	return got == 0;
}

/* The organisation's own domain and what lies below it: two ranges, since "-" sorts between. */
GPtrArray *
contact_list(struct database *database, const char *domain, GError **error)
{
	GPtrArray *contacts = g_ptr_array_new_with_free_func((GDestroyNotify)contact_free);
	g_autofree char *place = keys_of_domain(domain);
	g_autofree char *own = g_strconcat(place, " ", NULL);
	g_autofree char *own_end = g_strconcat(place, "!", NULL);
	g_autofree char *below = g_strconcat(place, ".", NULL);
	g_autofree char *below_end = g_strconcat(place, "/", NULL);

	if (add_range(database, contacts, own, own_end, error) &&
	    add_range(database, contacts, below, below_end, error))
		return contacts;
	g_ptr_array_unref(contacts);
	return NULL;
}
