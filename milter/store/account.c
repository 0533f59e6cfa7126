/* account.c - see account.h. */
#include "store/account.h"

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
