/*
 * test-store-migrate.c - a store of version 1, as it is on disks, with people in it: brought to the
 * version of today nothing is lost, and everything works on.
 */
#include "store_help.c"

#include <sqlite3.h>

#include "store/schema.h"
#include "store/store_import.h"
#include "store/store_privacy.h"

/* As the first release made it. */
static const char SCHEMA[] =
	"CREATE TABLE lead(number INTEGER PRIMARY KEY, id TEXT NOT NULL, normalised TEXT, "
	" account TEXT, created INTEGER, updated INTEGER, address TEXT, name TEXT, name_key TEXT, "
	" prefix TEXT, first_name TEXT, last_name TEXT, title TEXT, rank TEXT, company TEXT, "
	" country TEXT, language TEXT, phone TEXT, phones TEXT, urls TEXT, scorecard TEXT, "
	" stage TEXT, stage_since INTEGER, stage_cause TEXT, owner TEXT, owner_reason TEXT, "
	" source TEXT, source_mailbox TEXT, source_tag TEXT, source_form TEXT, "
	" source_campaign TEXT, source_forwarder TEXT, first_inbound INTEGER, "
	" last_inbound INTEGER, first_response INTEGER, last_outbound INTEGER, "
	" inbound_count INTEGER, outbound_count INTEGER, touch_count INTEGER, unverified INTEGER, "
	" unreachable INTEGER, opted_out INTEGER, linked TEXT, possible_duplicates TEXT, "
	" total REAL, fit REAL, engagement REAL, quality REAL, completeness REAL, grade TEXT, "
	" temperature TEXT);"
	"CREATE UNIQUE INDEX lead_id ON lead(id);"
	"CREATE INDEX lead_updated ON lead(updated);"
	"CREATE TABLE identity(key TEXT, lead INTEGER, time INTEGER, owner TEXT, "
	" PRIMARY KEY(key, lead)) WITHOUT ROWID;"
	"CREATE TABLE touch(id INTEGER PRIMARY KEY, name TEXT, direction TEXT, time INTEGER, "
	" message_key TEXT, message_id TEXT, subject TEXT, mailbox TEXT, note TEXT, excerpt TEXT, "
	" latency INTEGER, contributions TEXT);"
	"CREATE TABLE stage_change(lead INTEGER, time INTEGER, stage_to TEXT, stage_from TEXT, "
	" cause TEXT, PRIMARY KEY(lead, time, stage_to)) WITHOUT ROWID;"
	"CREATE TABLE message(number INTEGER PRIMARY KEY, message_id TEXT, time INTEGER, "
	" recorded INTEGER, direction TEXT, lead INTEGER, mailbox TEXT, author TEXT, kind TEXT, "
	" match TEXT, score REAL, grade TEXT, stage TEXT, links BLOB);"
	"CREATE TABLE conversation(hash INTEGER, tag INTEGER, message INTEGER, "
	" PRIMARY KEY(hash, tag, message)) WITHOUT ROWID;"
	"CREATE TABLE endpoint(number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, "
	" parked INTEGER NOT NULL DEFAULT 0, reason TEXT, waiting INTEGER NOT NULL DEFAULT 0, "
	" delivered INTEGER NOT NULL DEFAULT 0, dead INTEGER NOT NULL DEFAULT 0);"
	"CREATE TABLE event(number INTEGER PRIMARY KEY, id TEXT NOT NULL, type TEXT, lead INTEGER, "
	" time INTEGER, has_text INTEGER, body TEXT);"
	"CREATE INDEX event_lead ON event(lead);"
	"CREATE TABLE delivery(id INTEGER PRIMARY KEY, endpoint INTEGER, lead INTEGER, "
	" state INTEGER, head INTEGER, due INTEGER, attempts INTEGER NOT NULL DEFAULT 0, "
	" status INTEGER NOT NULL DEFAULT 0, error TEXT, response TEXT);"
	"CREATE INDEX delivery_due ON delivery(endpoint, due) WHERE head>0;"
	"CREATE INDEX delivery_claimed ON delivery(endpoint) WHERE head=2;"
	"CREATE INDEX delivery_lead ON delivery(endpoint, lead) WHERE state=0;"
	"CREATE INDEX delivery_dead ON delivery(endpoint) WHERE state=2;"
	"CREATE TABLE tally(number INTEGER PRIMARY KEY, interest INTEGER NOT NULL DEFAULT 0, "
	" nql INTEGER NOT NULL DEFAULT 0, eql INTEGER NOT NULL DEFAULT 0, "
	" mql INTEGER NOT NULL DEFAULT 0, sal INTEGER NOT NULL DEFAULT 0, "
	" sql INTEGER NOT NULL DEFAULT 0, customer INTEGER NOT NULL DEFAULT 0, "
	" disqualified INTEGER NOT NULL DEFAULT 0, recycled INTEGER NOT NULL DEFAULT 0, "
	" touches INTEGER NOT NULL DEFAULT 0, messages INTEGER NOT NULL DEFAULT 0);"
	"INSERT INTO tally(number) VALUES(1);";

/* Ada, owned by anna, wrote twice; Bob, a customer of bert's; an event that waits. */
static const char ROWS[] =
	"INSERT INTO lead(number, id, normalised, account, created, updated, address, name, "
	" name_key, phone, phones, scorecard, stage, stage_since, stage_cause, owner, "
	"owner_reason, "
	" source, first_inbound, last_inbound, first_response, last_outbound, inbound_count, "
	" outbound_count, touch_count, unverified, unreachable, opted_out, possible_duplicates, "
	" total, fit, engagement, quality, completeness, grade, temperature) VALUES"
	"(1, 'ld_ada', 'ada@customer.example', 'customer.example', 1000, 2000, "
	" 'Ada@customer.example', 'Ada Byron', 'ada byron', '+40213112233', '+40213112233', "
	" 'default', 'eql', 1000, 'wrote', 'anna@example.com', 'first to answer', 'sales', 1000, "
	" 2000, 0, 0, 2, 0, 2, 0, 0, 0, 'ld_bob', 12.5, 2.5, 10, 0, 50, 'B', 'warm'),"
	"(2, 'ld_bob', 'bob@customer.example', 'customer.example', 1500, 1500, "
	" 'bob@customer.example', 'Bob Babbage', 'bob babbage', NULL, NULL, 'default', 'customer', "
	" 1500, 'won', 'bert@example.com', NULL, 'sales', 1500, 1500, 0, 0, 1, 0, 1, 0, 0, 0, "
	"NULL, "
	" 5, 5, 0, 0, 30, 'C', 'cold');"
	"INSERT INTO identity VALUES('example.customer @ada', 1, NULL, NULL), "
	" ('example.customer =ada byron', 1, NULL, NULL), "
	" ('example.customer !7ffffffffffff82f', 1, 2000, 'anna@example.com'), "
	" ('+40213112233', 1, NULL, NULL), ('example.customer @bob', 2, NULL, NULL), "
	" ('example.customer =bob babbage', 2, NULL, NULL), "
	" ('example.customer !7ffffffffffffa23', 2, 1500, 'bert@example.com');"
	"INSERT INTO touch VALUES(1048577, 'mail', 'inbound', 1000, 'k1', 'm1@customer.example', "
	" 'first', 'sales@example.com', NULL, NULL, -1, "
	" '[{\"r\":\"reply\",\"d\":1,\"n\":10,\"h\":30,\"t\":1000}]'), "
	" (1048578, 'reply', 'inbound', 2000, 'k2', 'm2@customer.example', 'second', "
	" 'sales@example.com', NULL, NULL, 60, NULL), "
	" (2097153, 'mail', 'inbound', 1500, 'k3', 'm3@customer.example', 'third', "
	" 'sales@example.com', NULL, NULL, -1, NULL);"
	"INSERT INTO stage_change VALUES(1, 1000, 'eql', NULL, 'wrote'), "
	" (2, 1500, 'customer', 'mql', 'won');"
	"INSERT INTO message VALUES(1, 'm1@customer.example', 1000, 1000, 'inbound', 1, "
	" 'sales@example.com', 'Ada@customer.example', 'human', 'nothing', 10, 'B', 'eql', x'');"
	"INSERT INTO endpoint(number, name, waiting) VALUES(1, 'crm', 1);"
	"INSERT INTO event VALUES(1, 'evt_1', 'lead.created', 1, 1000, 0, '{}');"
	"INSERT INTO delivery(id, endpoint, lead, state, head, due) VALUES(1025, 1, 1, 0, 1, 1000);"
	"UPDATE tally SET eql=1, customer=1, touches=3, messages=1;"
	"PRAGMA application_id=1280142452; PRAGMA user_version=1; PRAGMA journal_mode=WAL;";

static void
make_old(const char *path)
{
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(db, SCHEMA, NULL, NULL, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(db, ROWS, NULL, NULL, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_close(db), ==, SQLITE_OK);
}

static void
check_leads(struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) ada = store_lead(store, "ada@customer.example", &error);
	g_autoptr(GPtrArray) touches = store_touches(store, "ld_ada", &error);
	const struct touch *first;

	g_assert_no_error(error);
	g_assert_cmpstr(ada->id, ==, "ld_ada");
	g_assert_cmpstr(ada->phones->pdata[0], ==, "+40213112233");
	g_assert_cmpstr(ada->possible_duplicates->pdata[0], ==, "ld_bob");
	g_assert_cmpuint(ada->addresses->len, ==, 0);
	g_assert_null(ada->merged_into);
	g_assert_cmpint(ada->due, ==, 0);
	g_assert_cmpfloat(ada->total, ==, 12.5);
	g_assert_cmpuint(touches->len, ==, 2);
	first = touches->pdata[0];
	g_assert_cmpuint(first->contributions->len, ==, 1);
	g_assert_cmpstr(((struct contribution *)first->contributions->pdata[0])->card, ==,
			"default");
	g_assert_cmpint(first->working_latency, ==, -1);
}

static void
check_figures(struct store *store)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) owners = store_owners(store, &error);
	struct store_stats stats;

	g_assert_no_error(error);
	g_assert_cmpuint(owners->len, ==, 1); /* of open leads */
	g_assert_cmpstr(((struct owner *)owners->pdata[0])->address, ==, "anna@example.com");
	g_assert_cmpuint(((struct owner *)owners->pdata[0])->load, ==, 1);
	g_assert_true(store_stats(store, &stats, &error));
	g_assert_cmpuint(stats.leads, ==, 2);
	g_assert_cmpuint(stats.waiting, ==, 1);
	g_assert_cmpint(stats.schema, ==, schema_version());
}

/* Their next mail, and what version 2 brought. */
static void
go_on(struct store *store)
{
	struct message message = { .from = "ada@customer.example",
				   .name = "Ada Byron",
				   .account = "customer.example",
				   .key = "new" };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct forget_report report;
	struct answer answer;

	store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(answer.lead, ==, "ld_ada");
	g_assert_cmpstr(answer.match, ==, "address");
	answer_clear(&answer);
	g_assert_true(store_forget(store, NULL, "ld_bob", FALSE, HELP_NOW, &report, &error));
	g_assert_cmpuint(report.touches, ==, 1);
	g_assert_true(store_check(store, &error));
}

static void
test_migrate(void)
{
	struct scratch scratch;
	g_autoptr(GError) error = NULL;
	struct store *store;

	scratch_make(&scratch);
	make_old(scratch.path);
	store = help_open(scratch.path, STORE_READ, &error);
	g_assert_null(store); /* only who may write brings it up to date */
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE_SCHEMA);
	g_clear_error(&error);
	for (guint i = 0; i < 2; i++) {
		store = help_open(scratch.path, STORE_WRITE, &error);
		g_assert_no_error(error);
		check_leads(store);
		check_figures(store);
		if (i == 0)
			store_close(store);
	}
	go_on(store);
	store_close(store);
	scratch_remove(&scratch);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/store-migrate/version-1", test_migrate);
	return g_test_run();
}
