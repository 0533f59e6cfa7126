/*
 * customer.c - see customer.h.
 *
 * The CRM's word counts: no proof is asked for, but a card is found by the same evidence as for a
 * message: the CRM's own id, the address, then a phone whose owner has a like name, then
 * the name at the account.  Two cards for one row are a conflict for people to solve.
 */
#include "store/customer.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/identity.h"
#include "mail/address.h"
#include "mail/name.h"
#include "store/account.h"
#include "store/keys.h"
#include "store/people.h"

/* --- finding --- */

/* The first lead of a key that is like the row; NULL without an error when there is none. */
static struct person_row *
find_by_key(struct database *database, const char *key, const struct customer *row,
	    enum name_relation least, GError **error)
{
	g_autoptr(GPtrArray) rows = key ? people_by_key(database, key, error) : NULL;

	for (guint i = 0; rows && i < rows->len; i++) {
		const struct person_row *found = rows->pdata[i];

		if (identity_is_shadow(found->lead))
			continue;
		if (least == NAMES_UNKNOWN ||
		    identity_compare_names(row->name, found->lead->name) >= least)
			return g_ptr_array_steal_index(rows, i);
	}
	return NULL;
}

static struct person_row *
find_by_id(struct database *database, const char *id, GError **error)
{
	gint64 number;

	if (!database_integer(database, QUERY_CUSTOMER_LEAD, 0, &number, error, "s", id))
		return NULL;
	return number ? people_by_number(database, number, error) : NULL;
}

struct found {
	struct person_row *by_id, *by_address, *by_likeness;
};

static void
found_clear(struct found *found)
{
	people_row_free(found->by_id);
	people_row_free(found->by_address);
	people_row_free(found->by_likeness);
}
typedef struct found found_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(found_owned, found_clear)

static gboolean
find(struct database *database, const struct customer *row, const char *normalised,
     const char *account, struct found *ret, GError **error)
{
	g_autofree char *address = keys_of_address(normalised);
	g_autofree char *folded = keys_fold_name(row->name);
	g_autofree char *name = keys_of_name(account, folded);
	GError *failure = NULL;

	if (row->id)
		ret->by_id = find_by_id(database, row->id, &failure);
	if (!failure && address)
		ret->by_address = find_by_key(database, address, row, NAMES_UNKNOWN, &failure);
	if (!failure && !ret->by_id && !ret->by_address && row->phone)
		ret->by_likeness =
			find_by_key(database, row->phone, row, NAMES_COMPATIBLE, &failure);
	if (!failure && !ret->by_id && !ret->by_address && !ret->by_likeness && name)
		ret->by_likeness = find_by_key(database, name, row, NAMES_SAME, &failure);
	if (failure)
		g_propagate_error(error, failure);
	return failure == NULL;
}

static char *
find_conflict(const struct customer *row, const char *normalised, const struct found *found)
{
	const struct person_row *one = found->by_id, *other = found->by_address;
	const struct lead *lead = other ? other->lead : NULL;

	if (!normalised && !row->phone && !row->id)
		return g_strdup_printf("'%s' has no address, phone or id of the CRM",
				       row->name ? row->name : "");
	if (row->address && *row->address && !normalised)
		return g_strdup_printf("'%s' is no address", row->address);
	if (one && other && one->number != other->number)
		return g_strdup_printf("customer %s has the card %s, but %s is on the card %s",
				       row->id, one->lead->id, row->address, other->lead->id);
	if (!one && lead && lead->customer && row->id && strcmp(lead->customer, row->id) != 0)
		return g_strdup_printf("%s is the customer %s already", row->address,
				       lead->customer);
	return NULL;
}

/* --- writing --- */

static gboolean
put_name(struct lead *lead, const char *name)
{
	struct name_parts parts;

	if (!lead_put_text(&lead->name, name))
		return FALSE;
	name_split(name, &parts);
	lead_put_text(&lead->first_name, parts.first);
	lead_put_text(&lead->last_name, parts.last);
	lead_put_text(&lead->prefix, parts.prefix);
	name_parts_clear(&parts);
	return TRUE;
}

static gboolean
put_address(struct lead *lead, const char *address, const char *normalised)
{
	if (!normalised || !g_strcmp0(lead->normalised, normalised))
		return FALSE;
	if (lead->normalised)
		return lead_add_text(lead->addresses, normalised, LIMIT_LEAD_ADDRESSES);
	lead_put_text(&lead->normalised, normalised);
	lead_put_text(&lead->address, address);
	return TRUE;
}

static gboolean
put_stage(struct lead *lead, gint64 since)
{
	if (lead->stage == STAGE_CUSTOMER)
		return FALSE;
	lead->stage = STAGE_CUSTOMER;
	lead->stage_since = since;
	lead_put_text(&lead->stage_cause, "imported");
	return TRUE;
}

static gboolean
write_card(struct lead *lead, const struct customer *row, const char *normalised,
	   const char *account, gint64 now)
{
	gboolean changed = put_address(lead, row->address, normalised);

	changed |= put_name(lead, row->name);
	changed |= lead_put_text(&lead->company, row->company);
	changed |= lead_put_text(&lead->account, lead->account ? NULL : account);
	changed |= lead_put_text(&lead->customer, row->id);
	changed |= lead_add_text(lead->phones, row->phone, LIMIT_PHONES);
	changed |= lead_put_text(&lead->phone, lead->phone ? NULL : row->phone);
	changed |= put_stage(lead, row->since ? row->since : now);
	if (lead_put_text(&lead->owner, row->owner)) {
		lead_put_text(&lead->owner_reason, "imported");
		lead->owner_since = now;
		changed = TRUE;
	}
	changed |= lead->unverified;
	lead->unverified = FALSE;
	if (changed)
		lead->updated = now;
	return changed;
}

static struct lead *
new_card(gint64 now)
{
	struct lead *lead = lead_new();

	lead->id = clock_new_id("ld_", now);
	lead->created = now;
	lead->source = g_strdup("import");
	lead->grade = 'D';
	return lead;
}

/* @return FALSE with an error; the account's own domain, or NULL, in *ret */
static gboolean
account_of(struct database *database, const struct customer *row, char **ret, GError **error)
{
	struct account *account = NULL;

	*ret = NULL;
	if (!row->account)
		return TRUE;
	if (!account_find(database, row->account, NULL, &account, error))
		return FALSE;
	*ret = g_strdup(account ? account->domain : row->account);
	account_free(account);
	return TRUE;
}

gboolean
customer_import(struct transaction *transaction, const struct customer *row, gint64 now,
		int *ret_change, char **ret_conflict, GError **error)
{
	struct database *database = transaction->database;
	g_autofree char *normalised = row->address ? address_normalise(row->address) : NULL;
	g_autofree char *account = NULL;
	g_auto(found_owned) found = { 0 };
	const struct person_row *best;
	g_autoptr(lead_owned) lead = NULL;
	gint64 number;

	*ret_change = -1;
	*ret_conflict = NULL;
	if (!account_of(database, row, &account, error) ||
	    !find(database, row, normalised, account, &found, error))
		return FALSE;
	*ret_conflict = find_conflict(row, normalised, &found);
	if (*ret_conflict)
		return TRUE;
	best = found.by_id ? found.by_id : found.by_address ? found.by_address : found.by_likeness;
	lead = best ? lead_copy(best->lead) : new_card(now);
	*ret_change = write_card(lead, row, normalised, account, now) ? best ? 1 : 2 : 0;
	return *ret_change == 0 ||
	       (people_write(transaction, lead, !best, &number, error) &&
		people_write_customer(database, number, row->id, row->since, error));
}
