/* test-import.c - headers of other programs, cells as values, rows as records. */
#include "lead/import.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

static GPtrArray *
split(const char *text)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) each = g_strsplit(text, "|", -1);

	for (char **word = each; *word; word++)
		g_ptr_array_add(list, g_strdup(*word));
	return list;
}

/* "domain=0 company=2 / Notes": where each column was found, and what is ignored. */
static char *
plan(enum import_kind kind, const char *header, const char *mapping, GError **error)
{
	g_autoptr(GPtrArray) columns = split(header);
	g_auto(GStrv) mappings = g_strsplit(mapping, " ", -1);
	g_autoptr(import_plan_owned) made =
		import_plan_new(kind, columns, (const char *const *)mappings, error);
	GString *all = g_string_new(NULL);

	if (made == NULL) {
		g_string_free(all, TRUE);
		return NULL;
	}
	for (guint i = 0; import_column(kind, i) != NULL; i++) {
		if (made->cell[i] >= 0)
			g_string_append_printf(all, "%s%s=%d", all->len ? " " : "",
					       import_column(kind, i), made->cell[i]);
	}
	for (guint i = 0; i < made->ignored->len; i++)
		g_string_append_printf(all, " / %s", (char *)made->ignored->pdata[i]);
	return g_string_free(all, FALSE);
}

static void
test_headers(void)
{
	static const struct {
		enum import_kind kind;
		const char *header, *mapping, *want;
	} cases[] = {
		{ IMPORT_ACCOUNTS, "domain|company|owner", "", "domain=0 company=1 owner=2" },
		{ IMPORT_ACCOUNTS, "Website|Account Name|Annual Revenue|Billing Country|Notes", "",
		  "domain=0 company=1 revenue=2 country=3 / Notes" },
		{ IMPORT_ACCOUNTS,
		  "Company name|Company Domain Name|Number of Employees|Country/Region|Company "
		  "owner",
		  "", "domain=1 company=0 employees=2 country=3 owner=4" },
		{ IMPORT_ACCOUNTS, "Organization - Name|Organization - Website", "",
		  "domain=1 company=0" },
		{ IMPORT_CUSTOMERS,
		  "Person - ID|Person - Name|Person - Email - Work|Person - Phone - Work|Person - "
		  "Organization",
		  "", "email=2 name=1 company=4 phone=3 id=0" },
		{ IMPORT_CUSTOMERS, "Email|Associated Company|Became a Customer Date", "",
		  "email=0 company=1 since=2" },
		{ IMPORT_TOUCHES, "Email|Activity|Activity Date", "", "email=0 touch=1 time=2" },
		{ IMPORT_ACCOUNTS, "Name|Domain|URL", "", "domain=1 company=0 / URL" },
		{ IMPORT_ACCOUNTS, "Name|Company|Domain", "", "domain=2 company=1 / Name" },
		{ IMPORT_ACCOUNTS, "a|b|c", "domain=b company=C", "domain=1 company=2 / a" },
		{ IMPORT_ACCOUNTS, "Website|Domain", "domain=Website", "domain=0 / Domain" },
		{ IMPORT_CUSTOMERS, "E-Mail|First Name|Last Name|Organisation|Record ID", "",
		  "email=0 first_name=1 last_name=2 company=3 id=4" },
		{ IMPORT_CUSTOMERS, "e_mail address|Full name|Phone Number|Customer since", "",
		  "email=0 name=1 phone=2 since=3" },
		{ IMPORT_OWNERS, "email|name|max leads|Speaks", "",
		  "address=0 name=1 capacity=2 languages=3" },
		{ IMPORT_TOUCHES, "EMAIL|Activity type|Date|Comment", "",
		  "email=0 touch=1 time=2 note=3" },
		{ IMPORT_TOUCHES, "address|event|when", "", "email=0 touch=1 time=2" },
		{ IMPORT_OUTCOMES, "Lead ID|Result|Close date|Lost reason", "",
		  "lead=0 outcome=1 time=2 reason=3" },
		{ IMPORT_OUTCOMES, "email|outcome||", "", "email=0 outcome=1" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *got =
			plan(cases[i].kind, cases[i].header, cases[i].mapping, &error);

		g_assert_no_error(error);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
}

static void
test_wrong_headers(void)
{
	static const struct {
		enum import_kind kind;
		const char *header, *mapping, *want;
	} cases[] = {
		{ IMPORT_ACCOUNTS, "company|owner", "",
		  "no column \"domain\"; expected a header with "
		  "domain, company, " },
		{ IMPORT_TOUCHES, "email|time", "", "no column \"touch\"" },
		{ IMPORT_TOUCHES, "email|touch", "", "no column \"time\"" },
		{ IMPORT_OWNERS, "name", "", "no column \"address\"" },
		{ IMPORT_ACCOUNTS, "domain|Domain", "",
		  "the column \"domain\" is there twice; say which with --map domain=HEADER" },
		{ IMPORT_ACCOUNTS, "domain", "nonsense=domain",
		  "\"nonsense=domain\": expected COLUMN=HEADER with one of domain, company" },
		{ IMPORT_ACCOUNTS, "domain", "domain", "\"domain\": expected COLUMN=HEADER" },
		{ IMPORT_ACCOUNTS, "domain", "company=Firm",
		  "\"company=Firm\": the file has no column \"Firm\"" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;

		g_assert_null(plan(cases[i].kind, cases[i].header, cases[i].mapping, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
		if (!g_str_has_prefix(error->message, cases[i].want))
			g_error("%s", error->message);
	}
}

static void
test_pick(void)
{
	g_autoptr(GPtrArray) header = split("x|owner|domain");
	g_autoptr(GPtrArray) fields = split("1|2|3");
	const char *cells[IMPORT_MOST_COLUMNS];
	g_autoptr(import_plan_owned) made = import_plan_new(IMPORT_ACCOUNTS, header, NULL, NULL);

	import_plan_pick(made, fields, cells);
	g_assert_cmpstr(cells[0], ==, "3");
	g_assert_cmpstr(cells[1], ==, "");
	g_assert_cmpstr(cells[8], ==, "2");
}

/* --- rows --- */

/* As the public suffix list would have it for these tests; gmail.com is nobody's. */
static char *
registrable(const char *host, gpointer data)
{
	const char *dot = strrchr(host, '.');

	(void)data;
	while (dot > host && dot[-1] != '.')
		dot--;
	return strcmp(dot, "gmail.com") == 0 ? NULL : g_strdup(dot);
}

static const struct import_context CONTEXT = { .default_region = "GB", .registrable = registrable };

static gpointer
read_row(enum import_kind kind, const char *row, GError **error)
{
	g_auto(GStrv) given = g_strsplit(row, "|", -1);
	const char *cells[IMPORT_MOST_COLUMNS] = { NULL };

	for (guint i = 0; given[i] != NULL && i < IMPORT_MOST_COLUMNS; i++)
		cells[i] = given[i];
	return import_read(kind, cells, &CONTEXT, error);
}

static char *
join(const GPtrArray *texts)
{
	GString *all = g_string_new(NULL);

	for (guint i = 0; i < texts->len; i++)
		g_string_append_printf(all, "%s%s", i ? "," : "", (char *)texts->pdata[i]);
	return g_string_free(all, FALSE);
}

static void
test_accounts(void)
{
	static const struct {
		const char *row, *domains, *company, *country;
		gint64 employees;
		double revenue;
		int target;
	} cases[] = {
		{ "acme.example", "acme.example", NULL, NULL, 0, 0, -1 },
		{ " ACME.example |Acme  Ltd\n(old)", "acme.example", "Acme Ltd (old)", NULL, 0, 0,
		  -1 },
		{ "https://www.acme.example:8080/about?x=1|A", "acme.example", "A", NULL, 0, 0,
		  -1 },
		{ "acme.example; acme.test www.acme.example|A||51-200|12.5M|Germany|yes",
		  "acme.example,acme.test", "A", "DE", 51, 12500000, 1 },
		{ "info@acme.example|A||1,200|EUR 3.000.000|RO|No", "acme.example", "A", "RO", 1200,
		  3000000, 0 },
		{ "b\303\274cher.example.|||10k|\342\202\254 1.234,50||x", "xn--bcher-kva.example",
		  NULL, NULL, 10000, 1234.5, 1 },
		{ "acme.example|||1000+|1 200 000||0", "acme.example", NULL, NULL, 1000, 1200000,
		  0 },
		{ "acme.example|||11 - 50|$2bn||1", "acme.example", NULL, NULL, 11, 2e9, 1 },
		{ "acme.example|||7|1.5 million USD||n", "acme.example", NULL, NULL, 7, 1500000,
		  0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(account_owned) got = read_row(IMPORT_ACCOUNTS, cases[i].row, &error);

		g_test_message("%s", cases[i].row);
		g_assert_no_error(error);
		g_autofree char *domains = join(got->domains);
		g_assert_cmpstr(domains, ==, cases[i].domains);
		g_assert_cmpstr(got->domain, ==, got->domains->pdata[0]);
		g_assert_cmpstr(got->company, ==, cases[i].company);
		g_assert_cmpstr(got->country, ==, cases[i].country);
		g_assert_cmpint(got->employees, ==, cases[i].employees);
		g_assert_cmpfloat(got->revenue, ==, cases[i].revenue);
		g_assert_cmpint(got->target, ==, cases[i].target);
		g_assert_cmpint(got->customer, ==, IMPORT_UNSAID);
	}
}

static void
test_customers(void)
{
	static const struct {
		const char *row, *address, *name, *phone, *id;
		gint64 since;
	} cases[] = {
		{ "Ada@Acme.example", "Ada@Acme.example", NULL, NULL, NULL, 0 },
		{ "Ada Byron <ada@acme.example>|Ada|Byron", "ada@acme.example", "Ada Byron", NULL,
		  NULL, 0 },
		{ "|Ada|Byron|Ada Lovelace|Acme|020 7946 0018||C-1|2026-01-02", NULL,
		  "Ada Lovelace", "+442079460018", "C-1", (gint64)1767312000 * CLOCK_SECOND },
		{ "||||||||@1", NULL, NULL, NULL, NULL, -1 },
		{ "|||||+40 21 311 2233", NULL, NULL, "+40213112233", NULL, 0 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		struct customer *got = read_row(IMPORT_CUSTOMERS, cases[i].row, &error);

		g_test_message("%s", cases[i].row);
		if (cases[i].since < 0) {
			g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
			continue;
		}
		g_assert_no_error(error);
		g_assert_cmpstr(got->address, ==, cases[i].address);
		g_assert_cmpstr(got->name, ==, cases[i].name);
		g_assert_cmpstr(got->phone, ==, cases[i].phone);
		g_assert_cmpstr(got->id, ==, cases[i].id);
		g_assert_cmpint(got->since, ==, cases[i].since);
		customer_free(got);
	}
}

static char *
find_maria(const char *name, G_GNUC_UNUSED gpointer data)
{
	return g_strdup(g_ascii_strcasecmp(name, "maria ionescu") == 0 ? "maria@x.example" : NULL);
}

static void
keep_note(const char *what, gpointer data)
{
	g_string_append_printf(data, "%s\n", what);
}

static void
test_owner_names(void)
{
	static const char NOBODY[] =
		"owner: \"Maria I.\" is neither an address nor the name of one owner; taken "
		"without owner\n";
	static const struct {
		const char *cell, *owner, *notes;
	} cases[] = {
		{ "maria@x.example", "maria@x.example", "" },
		{ "Maria <maria@x.example>", "maria@x.example", "" },
		{ " Maria\n Ionescu ", "maria@x.example", "" },
		{ "Maria I.", NULL, NOBODY },
		{ "", NULL, "" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		GString *notes = g_string_new(NULL);
		const struct import_context context = { .owner = find_maria,
							.note = keep_note,
							.data = notes };
		const char *account[IMPORT_MOST_COLUMNS] = { "a.example", [8] = cases[i].cell };
		const char *customer[IMPORT_MOST_COLUMNS] = { "a@a.example", [6] = cases[i].cell };
		struct account *one = import_read(IMPORT_ACCOUNTS, account, &context, &error);
		struct customer *two;

		g_assert_no_error(error);
		g_assert_cmpstr(one->owner, ==, cases[i].owner);
		g_assert_cmpstr(notes->str, ==, cases[i].notes);
		two = import_read(IMPORT_CUSTOMERS, customer, &context, &error);
		g_assert_no_error(error);
		g_assert_cmpstr(two->owner, ==, cases[i].owner);
		import_record_free(IMPORT_ACCOUNTS, one);
		import_record_free(IMPORT_CUSTOMERS, two);
		g_string_free(notes, TRUE);
	}
}

static void
test_owners(void)
{
	g_autoptr(GError) error = NULL;
	struct owner *got =
		read_row(IMPORT_OWNERS,
			 "sam@example.test|Sam|north|10|2|en, de-AT|DE AT|pumps; valves, "
			 "big pipes|2026-12-20|2027-01-07|kim@example.test",
			 &error);

	g_assert_no_error(error);
	g_autofree char *languages = join(got->languages);
	g_autofree char *countries = join(got->countries);
	g_autofree char *products = join(got->products);
	g_assert_cmpstr(languages, ==, "en,de");
	g_assert_cmpstr(countries, ==, "DE,AT");
	g_assert_cmpstr(products, ==, "pumps,valves,big pipes");
	g_assert_cmpuint(got->capacity, ==, 10);
	g_assert_cmpuint(got->weight, ==, 2);
	g_assert_cmpstr(got->substitute, ==, "kim@example.test");
	g_assert_cmpint(got->absent_until - got->absent_from, ==, 18 * CLOCK_DAY);
	owner_free(got);

	/* what isn't said is not 1 */
	got = read_row(IMPORT_OWNERS, "sam@example.test", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(got->weight, ==, 0);
	owner_free(got);
	got = read_row(IMPORT_OWNERS, "sam@example.test||||||South Africa", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(got->countries->pdata[0], ==, "ZA");
	owner_free(got);
}

static void
test_acts(void)
{
	g_autoptr(GError) error = NULL;
	struct import_touch *touch = read_row(
		IMPORT_TOUCHES, "a@b.example||webinar|2026-11-01 10:00|hi|T1|Ada|spring", &error);

	g_assert_no_error(error);
	g_assert_cmpstr(touch->touch, ==, "webinar");
	g_assert_cmpstr(touch->note, ==, "hi");
	g_assert_cmpstr(touch->id, ==, "T1");
	g_assert_cmpstr(touch->person, ==, "Ada");
	g_assert_cmpstr(touch->campaign, ==, "spring");
	g_assert_cmpint(touch->time, ==, (gint64)1793527200 * CLOCK_SECOND);
	import_record_free(IMPORT_TOUCHES, touch);

	struct import_outcome *outcome = read_row(
		IMPORT_OUTCOMES, "ld_01|a@b.example|lost|x|2026-11-01|too dear|C1|O1", &error);
	g_assert_no_error(error);
	g_assert_cmpstr(outcome->lead, ==, "ld_01");
	g_assert_cmpstr(outcome->what, ==, "lost");
	g_assert_cmpstr(outcome->reason, ==, "too dear");
	g_assert_cmpstr(outcome->customer, ==, "C1");
	g_assert_cmpstr(outcome->id, ==, "O1");
	import_record_free(IMPORT_OUTCOMES, outcome);
	import_record_free(IMPORT_OUTCOMES, NULL);
}

static void
test_wrong_rows(void)
{
	static const struct {
		enum import_kind kind;
		const char *row, *want;
	} cases[] = {
		{ IMPORT_ACCOUNTS, "", "domain: nothing, expected registrable domain" },
		{ IMPORT_ACCOUNTS, " ; ,", "domain: nothing, expected one like example.com" },
		{ IMPORT_ACCOUNTS, "localhost",
		  "domain: \"localhost\" is no domain of an organisation, expected one like "
		  "example.com" },
		{ IMPORT_ACCOUNTS, "acme.example gmail.com",
		  "domain: \"gmail.com\" is no domain of an organisation" },
		{ IMPORT_ACCOUNTS, "http://", "domain: \"http://\" is no domain" },
		{ IMPORT_ACCOUNTS, "a..b", "domain: \"a..b\" is no domain" },
		{ IMPORT_ACCOUNTS, "a.example|||many", "employees: \"many\" is no number" },
		{ IMPORT_ACCOUNTS, "a.example|||-5", "employees: \"-5\" is no number" },
		{ IMPORT_ACCOUNTS, "a.example|||10-", "employees: \"10-\" is no number" },
		{ IMPORT_ACCOUNTS, "a.example||||a lot", "revenue: \"a lot\" is no amount" },
		{ IMPORT_ACCOUNTS, "a.example||||1e999", "revenue: \"1e999\" is no amount" },
		{ IMPORT_ACCOUNTS, "a.example|||||Atlantis",
		  "country: \"Atlantis\" is no country, expected a name or a code such as RO" },
		{ IMPORT_ACCOUNTS, "a.example||||||maybe",
		  "target: \"maybe\" is neither yes nor no" },
		{ IMPORT_ACCOUNTS, "a.example||||||||sam@", "owner: \"sam@\" is no address" },
		{ IMPORT_CUSTOMERS, "", "email: nothing, expected an address, a phone or an id" },
		{ IMPORT_CUSTOMERS, "a@b.example, c@d.example",
		  "email: \"a@b.example, c@d.example\" is several addresses, expected one" },
		{ IMPORT_CUSTOMERS, "a@b@c", "email: \"a@b@c\" is no address" },
		{ IMPORT_CUSTOMERS, "|||||12", "phone: \"12\" is no telephone number" },
		{ IMPORT_CUSTOMERS, "|||||||a b",
		  "id: \"a b\" is no id, expected one without spaces" },
		{ IMPORT_CUSTOMERS, "a@b.example||||||||01/02/2026",
		  "since: \"01/02/2026\" is no time, expected 2026-11-21" },
		{ IMPORT_OWNERS, "", "address: nothing, expected address" },
		{ IMPORT_OWNERS, "a@b.example|||-1", "capacity: \"-1\" is no number" },
		{ IMPORT_OWNERS, "a@b.example|||||English!", NULL },
		{ IMPORT_OWNERS, "a@b.example|||||1", "languages: \"1\" is no language" },
		{ IMPORT_OWNERS, "a@b.example||||||XQ", "countries: \"XQ\" is no country" },
		{ IMPORT_OWNERS, "a@b.example||||||||2026-02-01|2026-01-01",
		  "absent_until: not after absent_from" },
		{ IMPORT_TOUCHES, "a@b.example||visit",
		  "time: nothing, expected when it happened" },
		{ IMPORT_TOUCHES, "a@b.example|||2026-01-01", "touch: nothing, expected name" },
		{ IMPORT_TOUCHES, "||visit|2026-01-01",
		  "email: nothing, expected an address or a phone" },
		{ IMPORT_TOUCHES, "a@b.example||visit|yesterday",
		  "time: \"yesterday\" is no time" },
		{ IMPORT_OUTCOMES, "||won", "lead: nothing, expected a lead's id" },
		{ IMPORT_OUTCOMES, "ld_1", "outcome: nothing, expected won" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		gpointer record = read_row(cases[i].kind, cases[i].row, &error);

		g_test_message("%s", cases[i].row);
		import_record_free(cases[i].kind, record);
		g_assert_null(record);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_INPUT);
		if (cases[i].want != NULL && !g_str_has_prefix(error->message, cases[i].want))
			g_error("%s", error->message);
	}
}

static void
test_bounds(void)
{
	g_autofree char *long_text = g_strnfill(LIMIT_IMPORT_TEXT + 1, 'x');
	g_autofree char *row = g_strconcat("a.example|", long_text, NULL);
	g_autoptr(GError) error = NULL;
	GString *many = g_string_new(NULL);

	g_assert_null(read_row(IMPORT_ACCOUNTS, row, &error));
	g_assert_cmpstr(error->message, ==, "company: 1025 bytes, expected at most 1024");
	g_clear_error(&error);
	row[strlen(row) - 1] = '\0';
	import_record_free(IMPORT_ACCOUNTS, read_row(IMPORT_ACCOUNTS, row, &error));
	g_assert_no_error(error);
	for (guint i = 0; i <= LIMIT_IMPORT_VALUES; i++)
		g_string_append_printf(many, "a%u.example ", i);
	g_assert_null(read_row(IMPORT_ACCOUNTS, many->str, &error));
	g_assert_cmpstr(error->message, ==, "domain: more than 100 values");
	g_string_free(many, TRUE);
}

static void
test_tables(void)
{
	for (guint kind = 0; kind < IMPORT_KIND_COUNT; kind++) {
		enum import_kind found;
		guint i = 0;

		g_assert_true(import_kind_from_name(import_kind_name(kind), &found));
		g_assert_cmpint(found, ==, kind);
		for (; import_column(kind, i) != NULL; i++)
			g_assert_nonnull(import_column_doc(kind, i));
		g_assert_cmpuint(i, <=, IMPORT_MOST_COLUMNS);
		g_assert_null(import_column(kind, IMPORT_MOST_COLUMNS));
		g_assert_true(import_record_destroy(kind) != NULL);
	}
	g_assert_false(import_kind_from_name("nonsense", &(enum import_kind){ 0 }));
	g_assert_false(import_kind_from_name(NULL, &(enum import_kind){ 0 }));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/import/headers", test_headers);
	g_test_add_func("/import/wrong-headers", test_wrong_headers);
	g_test_add_func("/import/pick", test_pick);
	g_test_add_func("/import/accounts", test_accounts);
	g_test_add_func("/import/customers", test_customers);
	g_test_add_func("/import/owner-names", test_owner_names);
	g_test_add_func("/import/owners", test_owners);
	g_test_add_func("/import/acts", test_acts);
	g_test_add_func("/import/wrong-rows", test_wrong_rows);
	g_test_add_func("/import/bounds", test_bounds);
	g_test_add_func("/import/tables", test_tables);
	return g_test_run();
}
