/*
 * account.c - see account.h.
 *
 * A domain belongs to one account.  The list of domains is kept in the account's row too, so that
 * a message reads one row.
 */
#include "store/account.h"

#include <string.h>

#include "base/limits.h"
#include "mail/domain.h"
#include "store/keys.h"
#include "store/people.h"
#include "store/record.h"

gboolean
account_find(struct database *database, const char *domain, gint64 *ret_number,
	     struct account **ret_account, GError **error)
{
	struct driver_statement *row =
		database_select(database, QUERY_ACCOUNT_BY_DOMAIN, error, "s", domain);
	int got = row ? database_next(database, row, error) : -1;

	*ret_account = NULL;
	if (got <= 0)
		return got == 0;
	*ret_account = account_new();
	if (ret_number)
		*ret_number = database_column(database, row, 0);
	record_read(&record_account, database->driver, row, 1, *ret_account);
	database_end(database, row);
	return TRUE;
}

GPtrArray *
account_list(struct database *database, guint most, guint skip, GError **error)
{
	GPtrArray *accounts = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	struct driver_statement *row = database_select(database, QUERY_ACCOUNTS, error, "nn",
						       most ? (int)MIN(most, G_MAXINT) : G_MAXINT,
						       (int)MIN(skip, G_MAXINT));
	int got = -1;

	while (row && (got = database_next(database, row, error)) > 0) {
		struct account *account = account_new();

		record_read(&record_account, database->driver, row, 0, account);
		g_ptr_array_add(accounts, account);
	}
	if (got == 0)
		return accounts;
	g_ptr_array_unref(accounts);
	return NULL;
}

/* --- importing --- */

static gboolean
add_domain(GPtrArray *domains, const char *written)
{
	g_autofree char *domain = written ? domain_to_ascii(written) : NULL;

	if (!domain || g_ptr_array_find_with_equal_func(domains, domain, g_str_equal, NULL))
		return FALSE;
	g_ptr_array_add(domains, g_steal_pointer(&domain));
	return TRUE;
}

static GPtrArray *
domains_of(const struct account *row)
{
	GPtrArray *domains = g_ptr_array_new_with_free_func(g_free);

	add_domain(domains, row->domain);
	for (guint i = 0; row->domains && i < row->domains->len && i < LIMIT_ACCOUNT_DOMAINS; i++)
		add_domain(domains, row->domains->pdata[i]);
	return domains;
}

/* The one account any of the domains belongs to; two are a conflict. */
static gboolean
find_known(struct database *database, const GPtrArray *domains, gint64 *ret_number,
	   struct account **ret_known, char **ret_conflict, GError **error)
{
	*ret_number = 0;
	*ret_known = NULL;
	for (guint i = 0; i < domains->len; i++) {
		struct account *account;
		gint64 number = 0;

		if (!account_find(database, domains->pdata[i], &number, &account, error))
			return FALSE;
		if (account && *ret_known && number != *ret_number)
			*ret_conflict = g_strdup_printf("%s is a domain of the account %s, not %s",
							(char *)domains->pdata[i], account->domain,
							(*ret_known)->domain);
		if (*ret_known || !account) {
			account_free(account);
		} else {
			*ret_known = account;
			*ret_number = number;
		}
		if (*ret_conflict)
			return TRUE;
	}
	return TRUE;
}

/* A file without such a column leaves it open (IMPORT_UNSAID). */
static gboolean
put_flag(gboolean *known, gboolean said)
{
	gboolean changed = said >= 0 && *known != said;

	if (changed)
		*known = said;
	return changed;
}

static gboolean
merge_row(struct account *known, const struct account *row, const GPtrArray *domains)
{
	gboolean changed = lead_put_text(&known->company, row->company);

	changed |= lead_put_text(&known->industry, row->industry);
	changed |= lead_put_text(&known->country, row->country);
	changed |= lead_put_text(&known->owner, row->owner);
	changed |= put_flag(&known->target, row->target);
	changed |= put_flag(&known->customer, row->customer);
	if (row->employees && known->employees != row->employees) {
		known->employees = row->employees;
		changed = TRUE;
	}
	if (row->revenue != 0 && known->revenue != row->revenue) {
		known->revenue = row->revenue;
		changed = TRUE;
	}
	for (guint i = 0; i < domains->len; i++)
		changed |= add_domain(known->domains, domains->pdata[i]);
	return changed;
}

static gboolean
write_account(struct database *database, gint64 *number, const struct account *account,
	      GError **error)
{
	struct driver_statement *row = database_statement(
		database, *number ? QUERY_ACCOUNT_UPDATE : QUERY_ACCOUNT_INSERT, error);

	if (!row)
		return FALSE;
	if (*number)
		database->driver->bind_integer(row, 1, *number);
	record_bind(&record_account, database->driver, row, 2, account);
	if (!database_finish(database, row, error))
		return FALSE;
	if (*number == 0)
		*number = database->driver->last_row(database->connection);
	for (guint i = 0; i < account->domains->len; i++)
		if (!database_run(database, QUERY_ACCOUNT_DOMAIN_WRITE, error, "si",
				  account->domains->pdata[i], *number))
			return FALSE;
	return TRUE;
}

gboolean
account_import(struct database *database, const struct account *row, gint64 now, int *ret_change,
	       char **ret_conflict, GError **error)
{
	g_autoptr(GPtrArray) domains = domains_of(row);
	g_autoptr(account_owned) account = NULL;
	gboolean changed;
	gint64 number = 0;

	*ret_change = -1;
	*ret_conflict = NULL;
	if (domains->len == 0)
		*ret_conflict =
			g_strdup_printf("'%s' is no domain", row->domain ? row->domain : "");
	else if (!find_known(database, domains, &number, &account, ret_conflict, error))
		return FALSE;
	if (*ret_conflict)
		return TRUE;
	if (!account) {
		account = account_new();
		account->domain = g_strdup(domains->pdata[0]);
		account->created = now;
	}
	changed = merge_row(account, row, domains);
	*ret_change = number == 0 ? 2 : changed;
	return *ret_change == 0 || write_account(database, &number, account, error);
}

/* --- leads of a domain that became a second one --- */

static GArray *
leads_of(struct database *database, const char *domain, GError **error)
{
	g_autofree char *first = NULL, *end = NULL;

	keys_of_activity(domain, &first, &end);
	return database_numbers(
		database, database_select(database, QUERY_ACCOUNT_LEADS, error, "ss", first, end),
		error);
}

static gboolean
move_lead(struct transaction *transaction, gint64 number, const char *domain, const char *account,
	  gboolean *ret_moved, GError **error)
{
	GError *failure = NULL;
	struct person_row *row = people_by_number(transaction->database, number, &failure);
	gboolean done = failure == NULL;

	*ret_moved = row && !g_strcmp0(row->lead->account, domain);
	if (*ret_moved) {
		g_free(row->lead->account);
		row->lead->account = g_strdup(account);
		done = people_write(transaction, row->lead, FALSE, &number, error);
	}
	people_row_free(row);
	if (failure)
		g_propagate_error(error, failure);
	return done;
}

gint
account_move(struct transaction *transaction, const char *domain, GError **error)
{
	g_autoptr(account_owned) account = NULL;
	g_autoptr(GArray) numbers = NULL;
	gint count = 0;

	if (!account_find(transaction->database, domain, NULL, &account, error))
		return -1;
	if (!account || !strcmp(account->domain, domain))
		return 0;
	numbers = leads_of(transaction->database, domain, error);
	for (guint i = 0; numbers && i < numbers->len; i++) {
		gboolean moved;

		if (!move_lead(transaction, g_array_index(numbers, gint64, i), domain,
			       account->domain, &moved, error))
			return -1;
		count += moved;
	}
	return numbers ? count : -1;
}
