/*
 * test-store-import.c - accounts with several domains, customers and their cards, owners: said
 * again nothing changes, what contradicts itself is reported, what is known is found.
 */
#include "store_fixture.c"

#include "store/store_change.h"
#include "store/store_import.h"

struct wanted {
	guint created, updated, unchanged, moved, conflicts;
};

static void
check_report(struct import_report *report, guint rows, const struct wanted *wanted)
{
	for (guint i = 0; i < report->conflicts->len; i++)
		g_test_message("%s", (char *)report->conflicts->pdata[i]);
	g_assert_cmpuint(report->created, ==, wanted->created);
	g_assert_cmpuint(report->updated, ==, wanted->updated);
	g_assert_cmpuint(report->unchanged, ==, wanted->unchanged);
	g_assert_cmpuint(report->moved, ==, wanted->moved);
	g_assert_cmpuint(report->conflicts->len, ==, wanted->conflicts);
	g_assert_cmpuint(report->done, ==, rows);
	import_report_clear(report);
}

/* --- accounts --- */

static GPtrArray *
add_account(GPtrArray *rows, const char *domains, const char *company)
{
	struct account *account = account_new();
	g_auto(GStrv) list = g_strsplit(domains, " ", -1);

	if (!rows)
		rows = g_ptr_array_new_with_free_func((GDestroyNotify)account_free);
	account->domain = g_strdup(list[0]);
	for (guint i = 0; list[0] && list[i]; i++)
		g_ptr_array_add(account->domains, g_strdup(list[i]));
	account->company = g_strdup(company);
	account->employees = 100;
	g_ptr_array_add(rows, account);
	return rows;
}

static void
import_accounts(struct store *store, GPtrArray *rows, struct wanted wanted)
{
	struct import_report report;
	g_autoptr(GError) error = NULL;

	store_import_accounts(store, rows, HELP_NOW, &report, &error);
	g_assert_no_error(error);
	check_report(&report, rows->len, &wanted);
	g_ptr_array_unref(rows);
}

static char *
account_of(struct store *store, const char *lead)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) found = store_lead(store, lead, &error);

	g_assert_no_error(error);
	return g_strdup(found->account);
}

static void
test_accounts(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct store *store = fixture->store;
	g_autoptr(GError) error = NULL;
	g_autoptr(account_owned) account = NULL;

	import_accounts(store, add_account(NULL, "Acme.Example", "Acme"),
			(struct wanted){ .created = 1 });
	import_accounts(store, add_account(NULL, "acme.example", "Acme"),
			(struct wanted){ .unchanged = 1 });
	import_accounts(store, add_account(NULL, "acme.example", "Acme Ltd"),
			(struct wanted){ .updated = 1 });
	import_accounts(store, add_account(NULL, "acme.example", NULL),
			(struct wanted){ .unchanged = 1 });
	import_accounts(store, add_account(NULL, "acme-group.example acme.example", NULL),
			(struct wanted){ .updated = 1 });
	import_accounts(store, add_account(NULL, "other.example", "Other"),
			(struct wanted){ .created = 1 });
	import_accounts(
		store,
		add_account(add_account(NULL, "other.example acme.example", "Both"), "", "Nobody"),
		(struct wanted){ .conflicts = 2 });
	account = store_account(store, "acme-group.example", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(account->domain, ==, "acme.example");
	g_assert_cmpstr(account->company, ==, "Acme Ltd");
	g_assert_cmpuint(account->domains->len, ==, 2);
	g_assert_cmpint(account->employees, ==, 100);
	g_assert_null(store_account(store, "nobody.example", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
}

/* More leads than one step moves. */
static void
test_move(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct store *store = fixture->store;
	g_autofree char *first = NULL, *account = NULL;
	struct message other = { .from = "eve@acme.example",
				 .account = "acme.example",
				 .key = "e" };
	g_autofree char *eve = help_receive(store, &other);

	for (guint i = 0; i < LIMIT_BATCH + 10; i++) {
		g_autofree char *from = g_strdup_printf("p%u@second.example", i);
		struct message message = { .from = from, .account = "second.example", .key = from };
		g_autofree char *id = help_receive(store, &message);

		first = first ? first : g_strdup(id);
	}
	import_accounts(store, add_account(NULL, "acme.example second.example", "Acme"),
			(struct wanted){ .created = 1, .moved = LIMIT_BATCH + 10 });
	account = account_of(store, first);
	g_assert_cmpstr(account, ==, "acme.example");
	import_accounts(store, add_account(NULL, "acme.example second.example", "Acme"),
			(struct wanted){ .unchanged = 1 });
	g_assert_cmpstr(eve, !=, first);
}

/* --- customers --- */

static GPtrArray *
add_customer(GPtrArray *rows, const char *id, const char *address, const char *name,
	     const char *phone, const char *account)
{
	struct customer *customer = customer_new();

	if (!rows)
		rows = g_ptr_array_new_with_free_func((GDestroyNotify)customer_free);
	customer->id = g_strdup(id);
	customer->address = g_strdup(address);
	customer->name = g_strdup(name);
	customer->phone = g_strdup(phone);
	customer->account = g_strdup(account);
	g_ptr_array_add(rows, customer);
	return rows;
}

static void
import_customers(struct store *store, GPtrArray *rows, struct wanted wanted)
{
	struct import_report report;
	g_autoptr(GError) error = NULL;

	store_import_customers(store, rows, HELP_NOW, &report, &error);
	g_assert_no_error(error);
	check_report(&report, rows->len, &wanted);
	g_ptr_array_unref(rows);
}

static struct lead *
find(struct store *store, const char *who)
{
	g_autoptr(GError) error = NULL;
	struct lead *lead = store_lead(store, who, &error);

	g_assert_no_error(error);
	return lead;
}

static void
test_customers(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct store *store = fixture->store;
	struct message message = { .from = "Ada@customer.example",
				   .name = "Ada Byron",
				   .account = "customer.example",
				   .phone = "+40213112233",
				   .key = "1" };
	g_autofree char *ada = help_receive(store, &message);
	g_autoptr(lead_owned) by_address = NULL, made = NULL;
	struct store_stats stats;
	g_autoptr(GError) error = NULL;

	import_customers(store,
			 add_customer(NULL, "C1", "ada@customer.example", "Ada Byron", NULL, NULL),
			 (struct wanted){ .updated = 1 });
	import_customers(store,
			 add_customer(NULL, "C1", "ada@customer.example", "Ada Byron", NULL, NULL),
			 (struct wanted){ .unchanged = 1 });
	/* A second address of the same customer, and their phone, are theirs. */
	import_customers(store,
			 add_customer(NULL, "C1", "ada.byron@home.example", NULL, NULL, NULL),
			 (struct wanted){ .updated = 1 });
	by_address = find(store, "ada.byron@home.example");
	g_assert_cmpstr(by_address->id, ==, ada);
	g_assert_cmpint(by_address->stage, ==, STAGE_CUSTOMER);
	g_assert_cmpstr(by_address->customer, ==, "C1");
	/* By phone with a like name, by name at the account. */
	import_customers(store, add_customer(NULL, NULL, NULL, "A. Byron", "+40213112233", NULL),
			 (struct wanted){ .updated = 1 });
	import_customers(store,
			 add_customer(NULL, "C2", "bob@customer.example", "Bob Babbage",
				      "+40213112233", "customer.example"),
			 (struct wanted){ .created = 1 });
	made = find(store, "bob@customer.example");
	g_assert_cmpuint(made->inbound_count, ==, 0);
	g_assert_cmpstr(made->source, ==, "import");
	g_assert_cmpstr(made->last_name, ==, "Babbage");
	/* What contradicts itself is left out. */
	import_customers(store,
			 add_customer(add_customer(add_customer(NULL, "C1", "bob@customer.example",
								NULL, NULL, NULL),
						   "C3", "bob@customer.example", NULL, NULL, NULL),
				      NULL, NULL, "Somebody", NULL, NULL),
			 (struct wanted){ .conflicts = 3 });
	g_assert_true(store_stats(store, &stats, &error));
	g_assert_cmpuint(stats.leads, ==, 2);
	g_assert_cmpuint(stats.leads_by_stage[STAGE_CUSTOMER], ==, 2);
}

/* --- owners --- */

static void
import_owner(struct store *store, const char *address, const char *language, guint capacity,
	     struct wanted wanted)
{
	g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
	struct owner *owner = owner_new();
	struct import_report report;
	g_autoptr(GError) error = NULL;

	owner->address = g_strdup(address);
	owner->capacity = capacity;
	if (language)
		g_ptr_array_add(owner->languages, g_strdup(language));
	g_ptr_array_add(rows, owner);
	store_import_owners(store, rows, HELP_NOW, &report, &error);
	g_assert_no_error(error);
	check_report(&report, rows->len, &wanted);
}

static void
test_owners(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct store *store = fixture->store;
	struct message message = { .from = "ada@customer.example", .key = "1" };
	g_autofree char *ada = NULL;
	g_autoptr(GPtrArray) owners = NULL;
	g_autoptr(GError) error = NULL;
	const struct owner *owner;

	ada = help_receive(store, &message); /* owned by owner@example.com */
	g_assert_nonnull(ada);
	import_owner(store, "anna@example.com", "de", 10, (struct wanted){ .created = 1 });
	import_owner(store, "anna@example.com", "de", 10, (struct wanted){ .unchanged = 1 });
	import_owner(store, "anna@example.com", NULL, 20, (struct wanted){ .updated = 1 });
	import_owner(store, "owner@example.com", "en", 0, (struct wanted){ .created = 1 });
	import_owner(store, "", NULL, 0, (struct wanted){ .conflicts = 1 });
	owners = store_owners(store, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(owners->len, ==, 2);
	owner = owners->pdata[0];
	g_assert_cmpstr(owner->address, ==, "anna@example.com");
	g_assert_cmpuint(owner->capacity, ==, 20);
	g_assert_cmpstr(owner->languages->pdata[0], ==, "de");
	owner = owners->pdata[1];
	g_assert_cmpuint(owner->load, ==, 1);
	g_assert_true(owner->imported);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-import/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("accounts", test_accounts);
	ADD("move", test_move);
	ADD("customers", test_customers);
	ADD("owners", test_owners);
	return g_test_run();
}
