/*
 * test-store-verify.c - each way in which rows can contradict each other is found, told by its
 * name, and repaired where other rows say how.
 */
#include "store_help.c"

#include <sqlite3.h>

#include "store/store_change.h"

#define PEOPLE 12

struct fixture {
	struct scratch scratch;
};

static void
sql(const char *path, const char *text)
{
	char *words = NULL;
	sqlite3 *db;

	g_assert_cmpint(sqlite3_open(path, &db), ==, SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &words);
	g_assert_cmpstr(words, ==, NULL);
	sqlite3_close(db);
}

/* --- a store that was lived in --- */

static void
send_mail(struct store *store, guint person, guint n)
{
	g_autofree char *from = g_strdup_printf("p%u@buyers%u.example", person, person % 3);
	g_autofree char *account = g_strdup_printf("buyers%u.example", person % 3);
	g_autofree char *name = g_strdup_printf("Person %c", 'A' + (int)person);
	g_autofree char *phone = g_strdup_printf("+402131122%02u", person);
	g_autofree char *key = g_strdup_printf("mail %u %u", person, n);
	const struct message message = {
		.from = from, .name = name, .account = account, .phone = phone, .key = key
	};
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;

	store_message(store, facts, NULL, HELP_NOW + n, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
}

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(config_owned) config = config_default();
	g_autoptr(GError) error = NULL;
	struct store *store;

	scratch_make(&fixture->scratch);
	store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	help_add_endpoint(config, "crm", NULL);
	store_set_endpoints(store, config);
	for (guint n = 0; n < 3; n++)
		for (guint person = 0; person < PEOPLE; person++)
			send_mail(store, person, n);
	store_close(store);
	sql(fixture->scratch.path,
	    "INSERT INTO account(number, domain, created) VALUES(1, 'buyers1.example', 1);"
	    "INSERT INTO account_domain VALUES('buyers1.example', 1);"
	    "INSERT INTO outcome(lead, what, time) VALUES(1, 'won', 5);"
	    "INSERT INTO customer(id, lead) VALUES('c1', 1);"
	    "INSERT INTO contact VALUES('k', 'c@buyers1.example', 'C', 1, 1, 2, 1);"
	    "INSERT INTO journal SELECT id, 'made', '1' FROM delivery LIMIT 1;"
	    "INSERT INTO remembered VALUES(1, 1, 'record', '9');"
	    "INSERT INTO summary VALUES(1, 5, '[]', '');");
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_remove(&fixture->scratch);
}

/* --- looking --- */

struct seen {
	GString *names; /* of checks with findings, once each */
	gint64 more; /* findings told as a number only */
};

static void
note(const struct finding *finding, gint64 count, gpointer data)
{
	struct seen *seen = data;
	g_autofree char *name = g_strconcat(finding->check, " ", NULL);

	g_assert_nonnull(finding->table);
	g_assert_nonnull(finding->problem);
	g_assert_nonnull(finding->action);
	if (!strstr(seen->names->str, name))
		g_string_append(seen->names, name);
	if (!finding->key)
		seen->more += count;
}

static char *
look(const char *path, gboolean repair, gboolean prune, struct verify_report *report,
     gint64 *ret_more)
{
	struct seen seen = { g_string_new(NULL), 0 };
	const struct verify_options options = { repair, prune, note, NULL, &seen };
	g_autoptr(GError) error = NULL;

	g_assert_true(tools_verify(path, &options, report, &error));
	g_assert_no_error(error);
	if (ret_more)
		*ret_more = seen.more;
	return g_string_free(seen.names, FALSE);
}

/* --- tests --- */

static void
test_sound(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct verify_report report;
	g_autofree char *names = look(fixture->scratch.path, FALSE, FALSE, &report, NULL);

	g_assert_cmpstr(names, ==, "");
	g_assert_cmpuint(report.checks, >, 25);
}

enum cure { BY_REPAIR, BY_PRUNING, BY_HAND };

static const struct {
	const char *damage, *found; /* names, in their order */
	enum cure cure;
} WANTED[] = {
	{ "UPDATE lead SET stage='dreaming' WHERE number=2", "stage progress_row tally_stages ",
	  BY_HAND },
	{ "UPDATE lead SET merged_into='ld_none' WHERE number=2",
	  "merged identity_lead progress_lead tally_stages owner_load ", BY_HAND },
	{ "UPDATE lead SET merged_into=(SELECT id FROM lead WHERE number=3) WHERE number=2;"
	  "UPDATE lead SET merged_into=(SELECT id FROM lead WHERE number=2) WHERE number=3",
	  "merged_chain identity_lead progress_lead tally_stages owner_load ", BY_HAND },
	{ "INSERT INTO identity VALUES('x', 999, NULL, NULL)", "identity_lead ", BY_REPAIR },
	{ "INSERT INTO identity VALUES('x', 3, NULL, NULL)", "identity_stale ", BY_REPAIR },
	{ "DELETE FROM identity WHERE lead=4", "identity_missing ", BY_REPAIR },
	{ "UPDATE identity SET owner='somebody' WHERE lead=4 AND time>0", "identity_missing ",
	  BY_REPAIR },
	{ "INSERT INTO touch(id) VALUES(999<<20|1)", "touch_lead tally_touches ", BY_PRUNING },
	{ "UPDATE touch SET id=-id WHERE id=(1<<20|1)", "touch_lead touch_number ", BY_HAND },
	{ "UPDATE stage_change SET lead=999 WHERE lead=2", "stage_change_lead ", BY_PRUNING },
	{ "UPDATE summary SET lead=999", "summary_lead ", BY_REPAIR },
	{ "UPDATE outcome SET lead=999", "outcome_lead ", BY_PRUNING },
	{ "UPDATE customer SET lead=999", "customer_lead ", BY_PRUNING },
	{ "UPDATE remembered SET lead=999", "remembered_lead ", BY_PRUNING },
	{ "UPDATE contact SET lead=999", "contact_lead ", BY_PRUNING },
	{ "UPDATE message SET lead=999 WHERE lead=2", "message_lead ", BY_PRUNING },
	{ "DELETE FROM message WHERE number=5", "conversation_message tally_messages ", BY_REPAIR },
	{ "DELETE FROM conversation WHERE message=5", "message_links ", BY_REPAIR },
	{ "UPDATE account_domain SET account=9", "account_domain ", BY_REPAIR },
	{ "DELETE FROM account_domain", "account_primary ", BY_REPAIR },
	{ "DELETE FROM event WHERE number=5", "delivery_event ", BY_REPAIR },
	{ "UPDATE delivery SET endpoint=9 WHERE lead=5", "delivery_endpoint endpoint_counts ",
	  BY_REPAIR },
	{ "UPDATE delivery SET head=1 WHERE lead=6", "delivery_head ", BY_REPAIR },
	{ "UPDATE delivery SET state=1 WHERE lead=6 AND head=1",
	  "delivery_head delivery_stuck endpoint_counts ", BY_REPAIR },
	{ "UPDATE delivery SET head=0 WHERE lead=6", "delivery_stuck ", BY_REPAIR },
	{ "INSERT INTO progress(lead) VALUES(999)", "progress_lead ", BY_REPAIR },
	{ "UPDATE progress SET stage='nql' WHERE lead=3", "progress_row ", BY_REPAIR },
	{ "DELETE FROM progress WHERE lead=4", "progress_row ", BY_REPAIR },
	{ "INSERT INTO search VALUES('word', 999)", "search_lead ", BY_REPAIR },
	{ "UPDATE journal SET delivery=77", "journal_delivery ", BY_REPAIR },
	{ "DELETE FROM tally", "tally_row tally_stages tally_touches tally_messages ", BY_REPAIR },
	{ "UPDATE tally SET eql=eql-1, nql=5", "tally_stages ", BY_REPAIR },
	{ "UPDATE tally SET touches=0", "tally_touches ", BY_REPAIR },
	{ "UPDATE tally SET messages=9", "tally_messages ", BY_REPAIR },
	{ "UPDATE endpoint SET waiting=1, dead=4", "endpoint_counts ", BY_REPAIR },
	{ "UPDATE owner SET load=99", "owner_load ", BY_REPAIR },
	{ "DELETE FROM owner", "owner_missing ", BY_REPAIR },
	{ "DROP TABLE audit", "tables ", BY_HAND },
	{ "ALTER TABLE lead RENAME COLUMN company TO firm", "tables ", BY_HAND },
};

/* The same file for each damage. */
static void
spoil(const char *from, const char *path, const char *damage)
{
	g_autofree char *bytes = NULL;
	gsize length;

	g_assert_true(g_file_get_contents(from, &bytes, &length, NULL));
	g_assert_true(g_file_set_contents(path, bytes, length, NULL));
	sql(path, damage);
}

/* A missing row of counters is made by the repair, and counted in the same run. */
static gboolean
finds_what_it_made(const char *found)
{
	return strstr(found, "tally_row") || strstr(found, "delivery_event") ||
	       strstr(found, "touch_lead") || strstr(found, "delivery_endpoint");
}

static void
test_damages(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *path = g_build_filename(fixture->scratch.directory, "bad.db", NULL);

	sql(fixture->scratch.path, "PRAGMA wal_checkpoint(TRUNCATE);PRAGMA journal_mode=DELETE");
	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		struct verify_report report, repaired, after;
		g_autofree char *names = NULL, *again = NULL, *left = NULL;

		g_test_message("%s", WANTED[i].damage);
		spoil(fixture->scratch.path, path, WANTED[i].damage);
		names = look(path, FALSE, FALSE, &report, NULL);
		if (!finds_what_it_made(WANTED[i].found))
			g_assert_cmpstr(names, ==, WANTED[i].found);
		g_assert_nonnull(strstr(WANTED[i].found, strtok(names, " ")));
		g_assert_cmpint(report.repaired, ==, 0);
		again = look(path, TRUE, WANTED[i].cure == BY_PRUNING, &repaired, NULL);
		left = look(path, FALSE, FALSE, &after, NULL);
		if (WANTED[i].cure == BY_HAND) {
			g_assert_cmpint(after.findings, >, 0);
			continue;
		}
		g_assert_cmpstr(left, ==, "");
		g_assert_cmpint(repaired.repaired, ==, repaired.findings);
	}
}

/* History is not removed by a repair alone. */
static void
test_not_pruned(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct verify_report report;
	g_autofree char *names = NULL, *again = NULL;

	sql(fixture->scratch.path, "INSERT INTO touch(id) VALUES(999<<20|1)");
	names = look(fixture->scratch.path, TRUE, FALSE, &report, NULL);
	g_assert_cmpint(report.prunable, ==, 1);
	again = look(fixture->scratch.path, FALSE, FALSE, &report, NULL);
	g_assert_cmpstr(again, ==, "touch_lead ");
}

/* A thousand findings of one kind are twenty lines and a number. */
static void
test_many(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct verify_report report;
	gint64 more;
	g_autofree char *names = NULL;

	sql(fixture->scratch.path,
	    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<1000) "
	    "INSERT INTO identity SELECT 'x'||i, 999, NULL, NULL FROM n");
	names = look(fixture->scratch.path, FALSE, FALSE, &report, &more);
	g_assert_cmpstr(names, ==, "identity_lead ");
	g_assert_cmpint(report.findings, ==, 1000);
	g_assert_cmpint(more, ==, 1000 - LIMIT_FINDINGS);
}

/* Beside a daemon that writes it sees one moment; to repair it needs the daemon stopped. */
static void
test_beside(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	struct store *store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	struct seen seen = { g_string_new(NULL), 0 };
	const struct verify_options options = { TRUE, FALSE, note, NULL, &seen };
	struct verify_report report;
	g_autofree char *names = NULL;

	g_assert_no_error(error);
	send_mail(store, 3, 99);
	names = look(fixture->scratch.path, FALSE, FALSE, &report, NULL);
	g_assert_cmpstr(names, ==, "");
	g_assert_false(tools_verify(fixture->scratch.path, &options, &report, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
	g_string_free(seen.names, TRUE);
	store_close(store);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-verify/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("sound", test_sound);
	ADD("damages", test_damages);
	ADD("not-pruned", test_not_pruned);
	ADD("many", test_many);
	ADD("beside", test_beside);
	return g_test_run();
}
