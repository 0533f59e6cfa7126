/*
 * test-store-report.c - rows of reports in the store: they are what leads and their moves say,
 * whatever happens to those; mails are counted once, whatever fails; and reports read all of it.
 */
#include "store_help.c"

#include "lead/report.h"
#include "store/people.h"
#include "store/report.h"
#include "store/store_privacy.h"

#define WAIT (60 * G_USEC_PER_SEC)

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct worktime *worktime;
};

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct config config = { .path = "/nowhere/leadmilter.conf",
				 .time_zone = (char *)"Europe/Bucharest",
				 .working_hours = (char *)"Mon-Fri 09:00-18:00" };
	g_autoptr(GError) error = NULL;

	scratch_make(&fixture->scratch);
	fixture->worktime = worktime_new(&config, &error);
	g_assert_no_error(error);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	worktime_free(fixture->worktime);
	scratch_remove(&fixture->scratch);
}

static void
reopen(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	store_close(fixture->store);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
}

/* --- what leads and their moves say --- */

#define AT_LEAST(stages) \
	"(SELECT min(s.time) FROM stage_change s WHERE s.lead=l.number AND s.stage_to IN (" stages \
	"))"
#define SAID \
	"SELECT l.number, l.created, l.scorecard, l.stage, l.source_mailbox, l.source, l.owner, " \
	"CASE WHEN l.owner IS NOT NULL THEN CASE l.owner_since WHEN 0 THEN l.created ELSE " \
	"l.owner_since END END, coalesce(l.first_inbound, 0), coalesce(l.first_response, " \
	"0), " AT_LEAST("'nql','eql','mql','sal','sql','customer'") ", " AT_LEAST( \
		"'eql','mql','sal','sql','customer'") ", " AT_LEAST("'mql','sal','sql','" \
								    "customer'") ", " AT_LEAST("'" \
											       "s" \
											       "a" \
											       "l" \
											       "'" \
											       "," \
											       "'" \
											       "s" \
											       "q" \
											       "l" \
											       "'" \
											       "," \
											       "'" \
											       "c" \
											       "u" \
											       "s" \
											       "t" \
											       "o" \
											       "m" \
											       "e" \
											       "r" \
											       "'") ", " AT_LEAST("'sql','customer'") ", " AT_LEAST("'customer'") " FROM lead l WHERE l.merged_into IS NULL"
#define KEPT \
	"SELECT lead, created, scorecard, stage, mailbox, source, owner, owned, " \
	"coalesce(wrote, 0), coalesce(answered, 0), nql, eql, mql, sal, sql, customer FROM " \
	"progress"

static void
check_progress(struct fixture *fixture)
{
	const char *path = fixture->scratch.path;

	g_assert_cmpint(help_number(path, "SELECT count(*) FROM (" SAID " EXCEPT " KEPT ") AS x"),
			==, 0);
	g_assert_cmpint(help_number(path, "SELECT count(*) FROM (" KEPT " EXCEPT " SAID ") AS x"),
			==, 0);
}

/* --- leads at random --- */

#define PEOPLE 40

struct change {
	struct lead *leads[PEOPLE];
	gboolean known[PEOPLE];
	guint count; /* how many change in one job */
	gint64 now;
};

static gint64
later(struct change *change)
{
	return change->now += g_test_rand_int_range(1, 1000000);
}

static struct lead *
random_person(struct change *change, guint i)
{
	struct lead *lead = lead_new();

	lead->id = g_strdup_printf("ld_%026u", i);
	lead->created = lead->updated = lead->stage_since = later(change);
	lead->normalised = g_strdup_printf("p%u@x.test", i);
	lead->stage = (enum stage)g_test_rand_int_range(0, STAGE_COUNT);
	lead->source = g_strdup(i % 2 ? "sales" : "form:offer");
	lead->source_mailbox = g_strdup("sales@x.test");
	lead->touch_count = i % 3;
	lead->total = i;
	return lead;
}

static void
change_lead(struct change *change, struct lead *lead)
{
	switch (g_test_rand_int_range(0, 8)) {
	case 0:
	case 1:
		lead->stage = (enum stage)g_test_rand_int_range(0, STAGE_COUNT);
		lead->stage_since = later(change);
		break;
	case 2:
		g_free(lead->owner);
		lead->owner = g_test_rand_bit() ? g_strdup("ann@x.test") : NULL;
		lead->owner_since = lead->owner ? later(change) : 0;
		break;
	case 3:
		lead->first_inbound = lead->last_inbound = later(change);
		break;
	case 4:
		lead->first_response = later(change);
		break;
	case 5:
		g_free(lead->scorecard);
		lead->scorecard = g_strdup(g_test_rand_bit() ? "default" : "shop");
		break;
	case 6: /* a sign to another card, or a card again */
		if (lead->merged_into)
			g_clear_pointer(&lead->merged_into, g_free);
		else
			lead->merged_into = g_strdup("ld_other");
		break;
	default:
		lead->created = MIN(lead->created, HELP_NOW - g_test_rand_int_range(0, 1000));
		lead->total += 1;
	}
}

static gboolean
run_change(struct transaction *transaction, gpointer data, GError **error)
{
	struct change *change = data;
	gint64 number;

	for (guint k = 0; k < change->count; k++) {
		guint i = (guint)g_test_rand_int_range(0, PEOPLE);
		gboolean is_new = !change->known[i];

		if (is_new)
			change->leads[i] = random_person(change, i);
		else
			change_lead(change, change->leads[i]);
		change->known[i] = TRUE;
		change->leads[i]->updated = change->now;
		if (!people_write(transaction, change->leads[i], is_new, &number, error))
			return FALSE;
	}
	return TRUE;
}

static void
test_moves(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct change change = { .now = HELP_NOW };
	g_autoptr(GError) error = NULL;

	for (guint round = 0; round < 80; round++) {
		change.count = (guint)g_test_rand_int_range(1, 30);
		store_run(fixture->store, run_change, &change, &error);
		g_assert_no_error(error);
		check_progress(fixture);
	}
	for (guint i = 0; i < PEOPLE; i++)
		lead_free(change.leads[i]);
}

/* More leads in one transaction than are noted at once. */
static gboolean
run_many(struct transaction *transaction, gpointer data, GError **error)
{
	struct change change = { .now = HELP_NOW };
	guint count = *(guint *)data;

	for (guint i = 0; i < count; i++) {
		g_autoptr(lead_owned) lead = random_person(&change, 1000 + i);
		gint64 number;

		if (!people_write(transaction, lead, TRUE, &number, error))
			return FALSE;
	}
	return TRUE;
}

static void
test_many(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	guint count = 3 * LIMIT_BATCH + 5;

	store_run(fixture->store, run_many, &count, &error);
	g_assert_no_error(error);
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT count(*) FROM progress"), ==,
			count);
	check_progress(fixture);
}

/* The score of a lead is that of its capture; whose never was scored has none. */
static void
test_score(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	const char *path = fixture->scratch.path;
	g_autoptr(GError) error = NULL;
	struct change change = { .now = HELP_NOW };
	guint count = 9;

	store_run(fixture->store, run_many, &count, &error);
	g_assert_no_error(error);
	g_assert_cmpint(help_number(path, "SELECT count(*) FROM progress WHERE score IS NULL"), ==,
			3);
	g_assert_cmpint(
		help_number(path, "SELECT CAST(score AS INTEGER) FROM progress WHERE lead=1"), ==,
		1000);
	for (guint i = 0; i < 9; i++) {
		change.leads[0] =
			store_lead(fixture->store, "ld_00000000000000000000001000", &error);
		g_assert_no_error(error);
		change.leads[0]->total = 7;
		change.leads[0]->scorecard = g_strdup_printf("card %u", i);
		change.known[0] = TRUE;
		lead_free(change.leads[0]);
	}
	g_assert_cmpint(
		help_number(path, "SELECT CAST(first_score AS INTEGER) FROM lead WHERE number=1"),
		==, 1000);
}

/* --- mails --- */

static void
mail_in(struct fixture *fixture, const char *key, enum mail_kind kind, enum direction direction,
	gint64 time)
{
	struct message message = { .from = "ada@customer.example",
				   .name = "Ada Byron",
				   .account = "customer.example",
				   .key = key,
				   .to = "sales@example.com",
				   .kind = kind,
				   .direction = direction,
				   .time = time };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer;

	store_message(fixture->store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
}

static char *
report_csv(struct fixture *fixture, const char *name, struct report_query query)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(report_owned) report =
		report_new(name, &query, fixture->worktime, HELP_NOW, &error);

	g_assert_no_error(error);
	store_report(fixture->store, report, NULL, &error);
	g_assert_no_error(error);
	return g_string_free(report_show(report, REPORT_CSV), FALSE);
}

#define KINDS_HEAD "period,watched,kind,inbound,outbound,internal\r\n"

static void
test_census(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *csv = NULL, *by_mailbox = NULL;

	mail_in(fixture, "one", KIND_HUMAN, DIRECTION_INBOUND, 0);
	mail_in(fixture, "one", KIND_HUMAN, DIRECTION_INBOUND, 0); /* the MTA tries again */
	mail_in(fixture, "two", KIND_HUMAN, DIRECTION_INBOUND, 0);
	mail_in(fixture, "three", KIND_HUMAN_REPLY, DIRECTION_OUTBOUND, 0);
	mail_in(fixture, "four", KIND_NEWSLETTER, DIRECTION_INBOUND, 0);
	mail_in(fixture, "five", KIND_NEWSLETTER, DIRECTION_INBOUND, HELP_NOW - 3 * CLOCK_DAY);
	reopen(fixture); /* what waited is written at the end */
	csv = report_csv(fixture, "kinds", (struct report_query){ .since = "10d" });
	g_assert_cmpstr(csv, ==,
			KINDS_HEAD "all,,human,2,0,0\r\n"
				   "all,,human_reply,0,1,0\r\n"
				   "all,,newsletter,2,0,0\r\n");
	by_mailbox = report_csv(fixture, "kinds",
				(struct report_query){ .since = "2d", .by = "mailbox" });
	g_assert_cmpstr(by_mailbox, ==,
			KINDS_HEAD "all,sales@example.com,human,2,0,0\r\n"
				   "all,sales@example.com,newsletter,1,0,0\r\n"
				   "all,,human_reply,0,1,0\r\n");
}

/* A newsletter costs no write of its own, and is seen soon all the same. */
static void
test_waiting(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	const char *path = fixture->scratch.path,
		   *COUNT = "SELECT coalesce(sum(mails), 0) FROM mail_day";
	gint64 end = g_get_monotonic_time() + WAIT, mails;

	for (guint i = 0; i < 100; i++) {
		g_autofree char *key = g_strdup_printf("letter %u", i);

		mail_in(fixture, key, KIND_NEWSLETTER, DIRECTION_INBOUND, 0);
	}
	do {
		mails = help_number(path, COUNT);
		if (mails < 100)
			g_usleep(2000);
	} while (mails < 100 && g_get_monotonic_time() < end);
	g_assert_cmpint(mails, ==, 100);
	/* The next ones go with whatever else is written. */
	mail_in(fixture, "letter", KIND_NEWSLETTER, DIRECTION_INBOUND, 0);
	mail_in(fixture, "word", KIND_HUMAN, DIRECTION_INBOUND, 0);
	g_assert_cmpint(help_number(path, COUNT), ==, 102);
	reopen(fixture);
	g_assert_cmpint(help_number(path, COUNT), ==, 102);
}

/* More different counts than are kept in memory. */
static void
test_days(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	for (guint i = 0; i < 3 * LIMIT_CENSUS; i++) {
		g_autofree char *key = g_strdup_printf("letter %u", i);

		mail_in(fixture, key, KIND_NEWSLETTER, DIRECTION_INBOUND, HELP_NOW - i * CLOCK_DAY);
	}
	reopen(fixture);
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT count(*) FROM mail_day"), ==,
			3 * LIMIT_CENSUS);
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT sum(mails) FROM mail_day"), ==,
			3 * LIMIT_CENSUS);
}

static gboolean
run_badly(G_GNUC_UNUSED struct transaction *transaction, G_GNUC_UNUSED gpointer data,
	  GError **error)
{
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_INPUT, "as the test wants it");
	return FALSE;
}

static gpointer
fail_often(gpointer data)
{
	struct fixture *fixture = data;

	for (guint i = 0; i < 200; i++) {
		g_autoptr(GError) error = NULL;

		g_assert_false(store_run(fixture->store, run_badly, NULL, &error));
	}
	return NULL;
}

struct sending {
	struct fixture *fixture;
	guint number;
};

static gpointer
send_often(gpointer data)
{
	const struct sending *sender = data;

	for (guint i = 0; i < 100; i++) {
		g_autofree char *key = g_strdup_printf("%u/%u", sender->number, i);

		mail_in(sender->fixture, key, i % 2 ? KIND_NEWSLETTER : KIND_HUMAN,
			DIRECTION_INBOUND, HELP_NOW - i % 5 * CLOCK_DAY);
	}
	return NULL;
}

/* A batch that is run again because one of its jobs failed counts once. */
static void
test_failing(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct sending senders[4];
	GThread *threads[5];

	threads[4] = g_thread_new("failing", fail_often, fixture);
	for (guint i = 0; i < 4; i++) {
		senders[i] = (struct sending){ fixture, i };
		threads[i] = g_thread_new("sending", send_often, &senders[i]);
	}
	for (guint i = 0; i < 5; i++)
		g_thread_join(threads[i]);
	reopen(fixture);
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT sum(mails) FROM mail_day"), ==,
			400);
	g_assert_cmpint(help_number(fixture->scratch.path,
				    "SELECT sum(mails) FROM mail_day WHERE kind='newsletter'"),
			==, 200);
	check_progress(fixture);
}

/* --- reports --- */

#define ROW(lead, day, more) "INSERT INTO progress VALUES(" #lead ", " day ", 'default', " more ");"
#define DAY(n) "1763800000000000-" #n "*86400000000"

/* created; stage, mailbox, source, tag, form, campaign, referrer, forwarder, score, owner, owned,
 * wrote, answered, due, nql … customer */
static const char ROWS[] =
	ROW(1, DAY(3),
	    "'customer', 'sales@x.test', 'sales', 'fair', 'offer', 'spring', 'ref', 'fwd', 50.5, "
	    "'ann@x.test', " DAY(3) ", " DAY(3) ", " DAY(2) ", " DAY(1) ", " DAY(3) ", " DAY(
		    3) ", " DAY(2) ", " DAY(2) ", " DAY(1) ", " DAY(1))
		ROW(2, DAY(2),
		    "'interest', 'info@x.test', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, "
		    "NULL, NULL, "
		    "NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL")
			ROW(3, DAY(90),
			    "'mql', 'sales@x.test', 'sales', NULL, NULL, NULL, NULL, NULL, 10, "
			    "'ann@x.test', " DAY(90) ", " DAY(90) ", NULL, " DAY(89) ", " DAY(
				    90) ", " DAY(90) ", " DAY(1) ", NULL, NULL, NULL");

static const struct {
	const char *name;
	struct report_query query;
	const char *contains;
} read_cases[] = {
	{ "funnel", { .since = "5d" }, "all,interest,2,,,2,0" },
	{ "funnel", { .since = "5d" }, "all,mql,1,1.0000,1.0000,2,1,86400.0" },
	{ "funnel", { .since = "5d" }, "all,customer,1,1.0000,1.0000,1,1,172800.0" },
	{ "funnel", { .mailbox = "info@x.test" }, "all,interest,1," },
	{ "funnel", { .mailbox = "nobody@x.test" }, "all,interest,0," },
	{ "funnel", { .scorecard = "shop" }, "all,interest,0," },
	{ "sources", { .since = "5d" }, "all,sales,1,0,1,1.0000,1,1.0000,0,50.50,1,172800.0" },
	{ "sources", { 0 }, "all,sales,2,0,2,1.0000,1,0.5000,0,30.25," },
	{ "sources", { .by = "mailbox" }, "all,info@x.test,0,1," },
	{ "sources", { .by = "tag" }, "all,fair,1,0," },
	{ "sources", { .by = "form" }, "all,offer,1,0," },
	{ "sources", { .by = "campaign" }, "all,spring,1,0," },
	{ "sources", { .by = "referrer" }, "all,ref,1,0," },
	{ "sources", { .by = "forwarder" }, "all,fwd,1,0," },
	{ "owners", { 0 }, "all,ann@x.test,,2,1,1,1,1,1,86400.0,86400.0," },
	{ "owners", { .since = "5d" }, "all,ann@x.test,,1,1,1,0,0,1," },
	{ "response", { 0 }, "all,2,1,1,1,0,1,0.5000,1,86400.0" },
	{ "response", { .since = "5d" }, "all,1,1,0,1,0,0,1.0000,1," },
};

static void
test_read(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	help_sql(fixture->scratch.path, ROWS);
	for (gsize i = 0; i < G_N_ELEMENTS(read_cases); i++) {
		g_autofree char *csv = report_csv(fixture, read_cases[i].name, read_cases[i].query);

		if (!strstr(csv, read_cases[i].contains))
			g_error("%s: no %s in %s", read_cases[i].name, read_cases[i].contains, csv);
	}
}

/* Several pages, none of the leads twice or not at all. */
static void
test_pages(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *expected =
		g_strdup_printf("all,interest,%d,,,", 3 * LIMIT_REPORT_PAGE + 1);
	g_autofree char *text = g_strdup_printf(
		"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i<%d) "
		"INSERT INTO progress(lead, created, stage) SELECT 3*i, 1763700000000000, "
		"'interest' FROM n",
		3 * LIMIT_REPORT_PAGE + 1);
	g_autofree char *csv = NULL;

	help_sql(fixture->scratch.path, text);
	csv = report_csv(fixture, "funnel", (struct report_query){ 0 });
	g_assert_nonnull(strstr(csv, expected));
}

/* Who is forgotten is in no report. */
static void
test_forgotten(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct forget_report forgotten;
	g_autoptr(GError) error = NULL;

	mail_in(fixture, "one", KIND_HUMAN, DIRECTION_INBOUND, 0);
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT count(*) FROM progress"), ==, 1);
	g_assert_true(store_forget(fixture->store, NULL, "ada@customer.example", FALSE, HELP_NOW,
				   &forgotten, &error));
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT count(*) FROM progress"), ==, 0);
	check_progress(fixture);
}

/* --- stores from before --- */

static void
test_migrated(void)
{
	struct fixture fixture = { 0 };
	g_autoptr(GError) error = NULL;
	const char *path;

	if (help_skip_server())
		return;
	scratch_make(&fixture.scratch);
	path = fixture.scratch.path;
	for (int version = 1; version <= 2; version++)
		for (int what = 0; what < 2; what++) {
			g_autofree char *name = g_strdup_printf("%s/stores/%s-%d.sql", TEST_DATA,
								what ? "rows" : "schema", version);
			g_autofree char *text = NULL;

			g_assert_true(g_file_get_contents(name, &text, NULL, NULL));
			help_sql(path, text);
		}
	help_sql(path, "PRAGMA journal_mode=WAL");
	fixture.store = help_open(path, STORE_WRITE, &error);
	g_assert_no_error(error);
	g_assert_cmpint(help_number(path, "SELECT count(*) FROM progress"), >, 0);
	check_progress(&fixture);
	g_assert_cmpint(help_number(path, "SELECT sum(mails) FROM mail_day"), ==,
			help_number(path, "SELECT count(*) FROM message"));
	store_close(fixture.store);
	scratch_remove(&fixture.scratch);
}

#define ADD(name, test) \
	g_test_add("/store-report/" name, struct fixture, NULL, set_up, test, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD("moves", test_moves);
	ADD("many", test_many);
	ADD("score", test_score);
	ADD("census", test_census);
	ADD("waiting", test_waiting);
	ADD("days", test_days);
	ADD("failing", test_failing);
	ADD("read", test_read);
	ADD("pages", test_pages);
	ADD("forgotten", test_forgotten);
	g_test_add_func("/store-report/migrated", test_migrated);
	return g_test_run();
}
