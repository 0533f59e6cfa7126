/*
 * test-ledger-load.c - ledgers in the store: early touches are summed up beside them, decisions and
 * explain agree, a summary that no longer holds is made again, old ledgers are told their card.
 */
#include "store_help.c"

#include <glib/gstdio.h>
#include <sqlite3.h>

#include "lead/score.h"
#include "lead/scorecard.h"
#include "store/schema.c"
#include "store/store_change.h"

#define HOUR (3600 * (gint64)CLOCK_SECOND)

static const char CARD[] = "name = \"one\" mql = 50.0 half_life = 30.0\n"
			   "touch \"click\" { points = 3.0 }\n"
			   "touch \"visit\" { points = 1.0 half_life = 0.0 }\n";
static const char FASTER[] = "name = \"one\" mql = 50.0 half_life = 3.0\n"
			     "touch \"click\" { points = 3.0 }\n"
			     "touch \"visit\" { points = 1.0 half_life = 0.0 }\n";

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct scorecards *scorecards, *faster;
};

static struct scorecards *
load_card(const char *text)
{
	g_autofree char *directory = g_dir_make_tmp("scorecard-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "card.conf", NULL);
	g_autoptr(config_owned) config = config_default();
	struct scorecards *scorecards;

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->scorecards, config_scorecard_load(path, NULL));
	scorecards = scorecards_new(config, NULL);
	g_assert_nonnull(scorecards);
	g_remove(path);
	g_rmdir(directory);
	return scorecards;
}

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	scratch_make(&fixture->scratch);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	fixture->scorecards = load_card(CARD);
	fixture->faster = load_card(FASTER);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	scratch_remove(&fixture->scratch);
	scorecards_unref(fixture->scorecards);
	scorecards_unref(fixture->faster);
}

/* One act; the lead is made by the first. @return its id */
static char *
act(struct fixture *fixture, struct scorecards *scorecards, const char *address, guint n,
    gint64 time)
{
	g_autofree char *id = g_strdup_printf("%s-%u", address, n);
	const struct outside_touch touch = { .name = n % 3 == 0 ? "visit" : "click",
					     .time = time,
					     .source = "test",
					     .id = id,
					     .address = address,
					     .person = "Ada Byron",
					     .create = TRUE };
	g_autoptr(GError) error = NULL;
	struct answer answer = { .action = ACTION_NONE };
	char *lead;

	store_touch(fixture->store, &touch, scorecards, time, FALSE, &answer, &error);
	g_assert_no_error(error);
	lead = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	g_assert_nonnull(lead);
	return lead;
}

static char *
act_often(struct fixture *fixture, struct scorecards *scorecards, const char *address, guint first,
	  guint count)
{
	char *lead = NULL;

	for (guint i = first; i < first + count; i++) {
		g_free(lead);
		lead = act(fixture, scorecards, address, i, HELP_NOW + i * HOUR);
	}
	return lead;
}

static gint64
ask(const struct fixture *fixture, const char *sql)
{
	return help_number(fixture->scratch.path, sql);
}

/* What the card was told when it was written is what every touch says, one by one. */
static void
check_total(struct fixture *fixture, const struct scorecards *scorecards, const char *id,
	    gint64 now, guint touches)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = store_lead(fixture->store, id, &error);
	g_autoptr(GPtrArray) ledger = store_touches(fixture->store, id, &error);
	struct score score;

	g_assert_no_error(error);
	g_assert_cmpuint(ledger->len, ==, touches);
	score_evaluate_all(scorecards, ledger, lead, now, &score);
	g_assert_cmpfloat(score.total, ==, lead->total);
	g_assert_cmpuint(lead->scores->len, ==, 1);
	g_assert_cmpfloat(((struct lead_score *)lead->scores->pdata[0])->total, ==, score.total);
	score_clear(&score);
}

static void
test_summed_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *few = act_often(fixture, fixture->scorecards, "few@example.org", 0, 20);
	g_autofree char *many = act_often(fixture, fixture->scorecards, "many@example.org", 0, 400);
	gint64 until;

	check_total(fixture, fixture->scorecards, few, HELP_NOW + 19 * HOUR, 20);
	check_total(fixture, fixture->scorecards, many, HELP_NOW + 399 * HOUR, 400);
	g_assert_cmpint(ask(fixture, "SELECT count(*) FROM summary"), ==, 1);
	until = ask(fixture, "SELECT until FROM summary");
	g_assert_cmpint(until, >=, 400 - LIMIT_LEDGER - 1);
	g_assert_cmpint(until, <=, 400 - LIMIT_LEDGER_KEPT);
}

static void
test_other_half_life(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *lead = act_often(fixture, fixture->scorecards, "a@example.org", 0, 150);
	g_autofree char *again = act_often(fixture, fixture->faster, "a@example.org", 150, 1);
	g_autofree char *back = NULL;

	g_assert_cmpstr(lead, ==, again);
	check_total(fixture, fixture->faster, lead, HELP_NOW + 150 * HOUR, 151);
	back = act_often(fixture, fixture->scorecards, "a@example.org", 151, 1);
	check_total(fixture, fixture->scorecards, lead, HELP_NOW + 151 * HOUR, 152);
}

static void
test_damaged_summary(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const char *const DAMAGES[] = {
		"UPDATE summary SET contributions='[{'",
		"UPDATE summary SET names=NULL",
		"UPDATE summary SET contributions=NULL, names='x'",
		"DELETE FROM summary",
	};
	g_autofree char *lead = act_often(fixture, fixture->scorecards, "a@example.org", 0, 200);

	for (guint i = 0; i < G_N_ELEMENTS(DAMAGES); i++) {
		g_autofree char *again = NULL;

		/* Only one may write the file: as a crash between two runs would leave it. */
		store_close(fixture->store);
		ask(fixture, DAMAGES[i]);
		fixture->store = help_open(fixture->scratch.path, STORE_WRITE, NULL);
		again = act_often(fixture, fixture->scorecards, "a@example.org", 200 + i, 1);
		check_total(fixture, fixture->scorecards, lead, HELP_NOW + (200 + i) * HOUR,
			    201 + i);
	}
}

/* A merged ledger is another one. */
static void
test_merged(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *one = act_often(fixture, fixture->scorecards, "a@example.org", 0, 200);
	g_autofree char *other = act_often(fixture, fixture->scorecards, "b@example.org", 0, 180);
	g_autofree char *again = NULL;
	g_autoptr(GError) error = NULL;

	g_assert_cmpint(ask(fixture, "SELECT count(*) FROM summary"), ==, 2);
	store_merge(fixture->store, one, other, fixture->scorecards, HELP_NOW + 200 * HOUR, NULL,
		    &error);
	g_assert_no_error(error);
	g_assert_cmpint(ask(fixture, "SELECT count(*) FROM summary"), ==, 0);
	again = act_often(fixture, fixture->scorecards, "a@example.org", 201, 1);
	g_assert_cmpstr(again, ==, one);
	check_total(fixture, fixture->scorecards, one, HELP_NOW + 201 * HOUR, 381);
	g_assert_cmpint(ask(fixture, "SELECT count(*) FROM summary"), ==, 1);
}

/* Version 1 had the points and the lead's card only. */
static void
test_old_store(void)
{
	static const char ROWS[] =
		"PRAGMA application_id=1280142452; PRAGMA user_version=1;"
		"INSERT INTO lead(number, id, normalised, address, scorecard, stage, touch_count) "
		" VALUES(1, 'ld_1', 'a@example.org', 'a@example.org', 'sh\"op', 'eql', 2);"
		"INSERT INTO lead(number, id, normalised, address, stage, touch_count) "
		" VALUES(2, 'ld_2', 'b@example.org', 'b@example.org', 'eql', 1);"
		"INSERT INTO touch(id, name, direction, time, contributions) VALUES"
		" ((1<<20)|1, 'mail', 'inbound', 5, "
		"'[{\"r\":\"a\",\"n\":8,\"d\":1,\"h\":30,\"t\":5},"
		"{\"r\":\"b\",\"p\":1,\"n\":0}]'),"
		" ((1<<20)|2, 'mail', 'inbound', 6, '[]'), ((1<<20)|3, 'mail', 'inbound', 6, NULL),"
		" ((2<<20)|1, 'mail', 'inbound', 5, '[{\"r\":\"a\",\"n\":8}]');";
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) touches = NULL;
	g_autoptr(GPtrArray) others = NULL;
	struct scratch scratch;
	struct store *store;
	const struct contribution *contribution;
	sqlite3 *db;

	if (help_skip_server())
		return;
	scratch_make(&scratch);
	g_assert_cmpint(sqlite3_open(scratch.path, &db), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(db, VERSION_1, NULL, NULL, NULL), ==, SQLITE_OK);
	g_assert_cmpint(sqlite3_exec(db, ROWS, NULL, NULL, NULL), ==, SQLITE_OK);
	sqlite3_close(db);
	store = help_open(scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	touches = store_touches(store, "ld_1", &error);
	g_assert_no_error(error);
	g_assert_cmpuint(touches->len, ==, 3);
	g_assert_cmpuint(((struct touch *)touches->pdata[1])->contributions->len, ==, 0);
	contribution = ((struct touch *)touches->pdata[0])->contributions->pdata[0];
	g_assert_cmpstr(contribution->rule, ==, "a");
	g_assert_cmpstr(contribution->card, ==, "sh\"op");
	g_assert_true(contribution->is_raw);
	g_assert_cmpfloat(contribution->raw, ==, 8);
	contribution = ((struct touch *)touches->pdata[0])->contributions->pdata[1];
	g_assert_cmpstr(contribution->card, ==, "sh\"op");
	g_assert_cmpfloat(contribution->value, ==, 0);
	others = store_touches(store, "ld_2", &error);
	contribution = ((struct touch *)others->pdata[0])->contributions->pdata[0];
	g_assert_null(contribution->card);
	store_close(store);
	scratch_remove(&scratch);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, test) g_test_add(name, struct fixture, NULL, set_up, test, tear_down)
	ADD("/ledger-load/summed-up", test_summed_up);
	ADD("/ledger-load/half-life", test_other_half_life);
	ADD("/ledger-load/damaged", test_damaged_summary);
	ADD("/ledger-load/merged", test_merged);
	g_test_add_func("/ledger-load/old-store", test_old_store);
	return g_test_run();
}
