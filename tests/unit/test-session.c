/* test-session.c - sessions on a real store: what the MTA is told when all is well, when the store
 * or the spool fails, when there are too many, and across a reload. */
#include "driver_fault.c"

#include <glib/gstdio.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "session.h"
#include "store/private.h"

#define NOW (G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND)

static char *scratch, *config_path;
static struct generation *shared; /* loading one takes a second */

/* --- a site --- */

struct site {
	struct runtime *runtime;
	struct driver_fault fault;
	char *directory;
};

static void
write_config(const char *path, const char *mailbox)
{
	g_autofree char *text = g_strdup_printf(
		"mailbox \"%s\" {\n}\nown_domains = {\"example.test\"}\n"
		"own_networks = {\"10.0.0.0/8\"}\ntrusted_authserv_ids = {\"mx.example.test\"}\n"
		"hostname = \"mx.example.test\"\nlist_directory = \"" TEST_CONF "/lists\"\n"
		"phrase_files = {\"" TEST_CONF "/lists/phrases/en.phrases\"}\n"
		"scorecards = {\"" TEST_CONF "/scorecards/default.conf\"}\n"
		"log_target = \"stderr\"\nlog_level = \"error\"\n",
		mailbox);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
site_open(struct site *site, gint64 spool_bytes)
{
	g_autoptr(GError) error = NULL;
	static guint number;
	site->directory = g_strdup_printf("%s/%u", scratch, ++number);
	g_assert_cmpint(g_mkdir(site->directory, 0700), ==, 0);
	g_autofree char *database = g_build_filename(site->directory, "leads.db", NULL);
	g_autofree char *spool = g_build_filename(site->directory, "spool", NULL);
	driver_fault_init(&site->fault);
	site->runtime = runtime_open(config_path, generation_ref(shared), 0, &error);
	g_assert_no_error(error);
	const struct store_options options = { .driver = &site->fault.driver };
	site->runtime->store = store_open_with(database, STORE_WRITE, &options, &error);
	g_assert_no_error(error);
	site->runtime->spool = spool_open(spool, spool_bytes, &error);
	g_assert_no_error(error);
}

static void
site_close(struct site *site)
{
	runtime_close(site->runtime, 0);
	g_free(site->directory);
}

static guint
count_leads(struct site *site)
{
	const struct lead_filter all = { .stage = -1, .most = 1000 };
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) leads = store_leads(site->runtime->store, &all, &error);
	g_assert_no_error(error);
	return leads->len;
}

/* --- a message --- */

struct letter {
	const char *from, *to; /* of the envelope */
	const char *login;
	const char *headers; /* "Name: value\n" each, before the usual ones */
	const char *id; /* local part of the Message-ID */
	const char *queue_id;
};

static void
tell_headers(struct session *session, const struct letter *letter)
{
	g_auto(GStrv) lines = g_strsplit(letter->headers ? letter->headers : "", "\n", -1);
	for (char **line = lines; *line && **line; line++) {
		char *colon = strchr(*line, ':');
		*colon = '\0';
		session_header(session, *line, colon + 2);
	}
	g_autofree char *author = g_strdup_printf("Ada Smith <%s>", letter->from);
	g_autofree char *id = g_strdup_printf("<%s@buyers.test>", letter->id);
	session_header(session, "From", author);
	session_header(session, "To", letter->to);
	session_header(session, "Subject", "An offer, please");
	session_header(session, "Message-ID", id);
	session_header(session, "Date", "Sat, 21 Nov 2026 10:00:00 +0000");
}

/* One transaction.  @return what end-of-message asks for, NULL when it was let go before */
static GPtrArray *
tell(struct session *session, const struct letter *letter)
{
	static const char body[] = "Hello,\r\n\r\nplease send us an offer for two machines.\r\n";
	session_mail(session, letter->from, letter->login, NULL);
	session_recipient(session, letter->to);
	if (session_data(session) == SESSION_ACCEPT)
		return NULL;
	tell_headers(session, letter);
	if (session_body(session, body, sizeof body - 1) == SESSION_ACCEPT)
		return NULL;
	return session_end(session, letter->queue_id ? letter->queue_id : "4ABC");
}

/* "+Name=value" and "-Name n", separated by a space; values that differ each time left out. */
static char *
changes_text(const GPtrArray *changes)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < changes->len; i++) {
		const struct mail_change *change = g_ptr_array_index(changes, i);
		g_assert_true((change->value != NULL) == (change->occurrence == 0));
		if (text->len)
			g_string_append_c(text, ' ');
		if (!change->value)
			g_string_append_printf(text, "-%s %u", change->name, change->occurrence);
		else if (!strcmp(change->name, "X-Lead-Id") ||
			 !strcmp(change->name, "X-Lead-Score"))
			g_string_append_printf(text, "+%s", change->name);
		else
			g_string_append_printf(text, "+%s=%s", change->name, change->value);
	}
	return g_string_free(text, FALSE);
}

static const char *
added(const GPtrArray *changes, const char *name)
{
	for (guint i = 0; i < changes->len; i++) {
		const struct mail_change *change = g_ptr_array_index(changes, i);
		if (!strcmp(change->name, name) && !change->occurrence)
			return change->value;
	}
	return NULL;
}

static struct session *
begin(struct site *site)
{
	struct session *session = session_new(site->runtime);
	g_assert_nonnull(session);
	session_connect(session, "client.test", "192.0.2.7");
	session_helo(session, "client.test");
	return session;
}

static void
assert_status(struct site *site, struct session *session, const char *id, const char *want)
{
	const struct letter letter = { "ada@buyers.test", "sales@example.test", .id = id };
	g_autoptr(GPtrArray) changes = tell(session, &letter);
	g_assert_nonnull(changes);
	g_assert_cmpstr(added(changes, "X-Lead-Status"), ==, want);
	g_assert_true((added(changes, "X-Lead-Id") == NULL) == (want != NULL));
	(void)site;
}

/* --- when all is well --- */

static void
test_lead(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	const struct letter letter = { "ada@buyers.test", "sales@example.test", .id = "1" };
	g_autoptr(GPtrArray) changes = tell(session, &letter);
	const char *id = added(changes, "X-Lead-Id");
	g_assert_nonnull(id);
	g_autoptr(GError) error = NULL;
	g_autoptr(lead_owned) lead = store_lead(site.runtime->store, id, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(lead->address, ==, "ada@buyers.test");
	g_autofree char *score = g_strdup_printf("%.1f", lead->total);
	g_assert_cmpstr(added(changes, "X-Lead-Score"), ==, score);
	g_assert_cmpint(added(changes, "X-Lead-Grade")[0], ==, lead->grade);
	g_assert_cmpstr(added(changes, "X-Lead-Stage"), ==, stage_name(lead->stage));
	g_assert_cmpstr(added(changes, "X-Lead-Owner"), ==, lead->owner);
	g_assert_null(added(changes, "X-Lead-Status"));
	g_assert_cmpuint(site.runtime->counters.created, ==, 1);
	g_assert_cmpuint(site.runtime->counters.messages, ==, 1);
	/* the MTA tries again: the same answer, no second lead */
	g_autoptr(GPtrArray) again = tell(session, &letter);
	g_assert_cmpstr(added(again, "X-Lead-Id"), ==, id);
	g_assert_cmpuint(site.runtime->counters.duplicates, ==, 1);
	g_assert_cmpuint(count_leads(&site), ==, 1);
	session_free(session);
	g_assert_cmpint(site.runtime->counters.sessions, ==, 0);
	site_close(&site);
}

static const struct {
	const char *label, *from, *to, *login;
	gboolean wanted;
} interest_cases[] = {
	{ "to a watched mailbox", "ada@buyers.test", "sales@example.test", NULL, TRUE },
	{ "to one with a tag", "ada@buyers.test", "Sales+Fair@example.test", NULL, TRUE },
	{ "to somebody else", "ada@buyers.test", "warehouse@example.test", NULL, FALSE },
	{ "from us to a buyer", "boss@example.test", "ada@buyers.test", "boss", TRUE },
	{ "in our name without a login", "boss@example.test", "ada@buyers.test", NULL, FALSE },
	{ "between us", "boss@example.test", "warehouse@example.test", "boss", FALSE },
	{ "a bounce to a watched mailbox", "", "sales@example.test", NULL, TRUE },
	{ "a bounce to somebody else", "", "warehouse@example.test", NULL, FALSE },
};

static void
test_interest(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	for (guint i = 0; i < G_N_ELEMENTS(interest_cases); i++) {
		g_autofree char *id = g_strdup_printf("i%u", i);
		const struct letter letter = { interest_cases[i].from,
					       interest_cases[i].to,
					       interest_cases[i].login,
					       NULL,
					       id,
					       NULL };
		g_test_message("%s", interest_cases[i].label);
		g_autoptr(GPtrArray) changes = tell(session, &letter);
		g_assert_cmpint(changes != NULL, ==, interest_cases[i].wanted);
	}
	session_free(session);
	site_close(&site);
}

static const struct {
	const char *label, *from, *headers;
	gboolean looked_at; /* else it was let go at its header */
	gboolean attached;
} answer_cases[] = {
	{ "answers what we wrote", "ada@buyers.test", "In-Reply-To: <o1@buyers.test>\n", TRUE,
	  TRUE },
	{ "in its references", "ada@buyers.test",
	  "References: <x@y> <o1@buyers.test> <never@seen>\n", TRUE, TRUE },
	{ "answers nothing we know", "ada@buyers.test", "In-Reply-To: <never@seen>\n", FALSE,
	  FALSE },
	{ "answers nothing", "ada@buyers.test", NULL, FALSE, FALSE },
	{ "she writes from another address", "ada@other.test", "In-Reply-To: <o1@buyers.test>\n",
	  TRUE, TRUE },
	{ "a report that may be about ours", "",
	  "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n", TRUE,
	  FALSE },
};

/* What comes to the boss's own mailbox is seen when it belongs to a conversation of a lead, and
 * makes no lead ever. */
static void
test_conversation(void)
{
	const struct letter first = { "ada@buyers.test", "sales@example.test", .id = "a1" };
	const struct letter ours = { "boss@example.test",
				     "ada@buyers.test",
				     "boss",
				     "In-Reply-To: <a1@buyers.test>\n",
				     "o1",
				     NULL };
	struct site site;

	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	g_ptr_array_unref(tell(session, &first));
	g_ptr_array_unref(tell(session, &ours));
	for (guint i = 0; i < G_N_ELEMENTS(answer_cases); i++) {
		g_autofree char *id = g_strdup_printf("r%u", i);
		const struct letter letter = { answer_cases[i].from,
					       "boss@example.test",
					       NULL,
					       answer_cases[i].headers,
					       id,
					       NULL };
		GPtrArray *changes = tell(session, &letter);

		g_test_message("%s", answer_cases[i].label);
		g_assert_cmpint(changes != NULL, ==, answer_cases[i].looked_at);
		g_assert_cmpint(changes != NULL && added(changes, "X-Lead-Id") != NULL, ==,
				answer_cases[i].attached);
		if (changes != NULL)
			g_ptr_array_unref(changes);
	}
	g_assert_cmpuint(count_leads(&site), ==, 1);
	session_free(session);
	site_close(&site);
}

/* After DATA said so, nothing of the transaction is looked at; the next one is. */
static void
test_let_go(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, "otto@elsewhere.test");
	g_assert_cmpint(session_data(session), ==, SESSION_ACCEPT);
	session_header(session, "X-Lead-Id", "forged");
	g_assert_cmpint(session_body(session, "x", 1), ==, SESSION_SKIP);
	g_autoptr(GPtrArray) nothing = session_end(session, "4ABC");
	g_assert_cmpuint(nothing->len, ==, 0);
	g_assert_cmpuint(site.runtime->counters.messages, ==, 0);
	assert_status(&site, session, "1", NULL);
	session_free(session);
	site_close(&site);
}

/* --- forged fields --- */

static const struct {
	const char *label, *headers, *want;
} forged_cases[] = {
	{ "none", "X-Other: 1\n", "" },
	{ "one of each",
	  "X-Lead-Id: 1\nX-Lead-Score: 1\nX-Lead-Grade: A\nX-Lead-Stage: mql\nX-Lead-Owner: x\n"
	  "X-Lead-Status: spooled\n",
	  "-X-Lead-Id 1 -X-Lead-Score 1 -X-Lead-Grade 1 -X-Lead-Stage 1 -X-Lead-Owner 1 "
	  "-X-Lead-Status 1 " },
	{ "several, in any case, the last one first",
	  "x-lead-score: 1\nReceived: x\nX-LEAD-SCORE: 2\nX-Lead-Score: 3\n",
	  "-X-Lead-Score 3 -X-Lead-Score 2 -X-Lead-Score 1 " },
	{ "names that only begin so", "X-Lead-Ids: 1\nX-Lead: 2\nLead-Id: 3\n", "" },
	{ "results in our name that came from outside",
	  "Authentication-Results: other.test; spf=pass\n"
	  "Received: from x\nAuthentication-Results: mx.example.test; dmarc=pass\n",
	  "-Authentication-Results 2 " },
};

static void
test_forged(void)
{
	static const char ours[] = "+X-Lead-Id +X-Lead-Score +X-Lead-Grade=";
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	for (guint i = 0; i < G_N_ELEMENTS(forged_cases); i++) {
		g_autofree char *id = g_strdup_printf("f%u", i);
		struct letter letter = { "ada@buyers.test", "sales@example.test", .id = id };
		letter.headers = forged_cases[i].headers;
		g_autoptr(GPtrArray) changes = tell(session, &letter);
		g_autofree char *text = changes_text(changes);
		g_autofree char *want = g_strconcat(forged_cases[i].want, ours, NULL);
		g_test_message("%s: %s", forged_cases[i].label, text);
		g_assert_true(g_str_has_prefix(text, want));
	}
	/* fields of the message before don't count for this one */
	g_autoptr(GPtrArray) clean =
		tell(session,
		     &(struct letter){ "ada@buyers.test", "sales@example.test", .id = "clean" });
	g_autofree char *text = changes_text(clean);
	g_assert_true(g_str_has_prefix(text, ours));
	/* without fields of our own forged ones still go */
	shared->config->add_headers = FALSE;
	g_autoptr(GPtrArray) bare =
		tell(session, &(struct letter){ "ada@buyers.test", "sales@example.test",
						.headers = "X-Lead-Id: 1\n", .id = "bare" });
	shared->config->add_headers = TRUE;
	g_autofree char *removed = changes_text(bare);
	g_assert_cmpstr(removed, ==, "-X-Lead-Id 1");
	session_free(session);
	site_close(&site);
}

/* --- when something fails --- */

static const enum fault_kind faults[] = { FAULT_FULL, FAULT_BUSY, FAULT_CORRUPT };

/* A store that fails: spooled, the next ones without asking it, and taken once it works. */
static void
test_spooled(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(faults); i++) {
		struct site site;
		site_open(&site, 1 << 20);
		struct session *session = begin(&site);
		driver_fault_set(&site.fault, faults[i], FALSE, 0);
		assert_status(&site, session, "1", "spooled");
		driver_fault_clear(&site.fault);
		assert_status(&site, session, "2", "spooled");
		g_assert_cmpuint(site.runtime->counters.spooled, ==, 2);
		g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 2);
		outage_look(site.runtime->outage);
		g_assert_false(outage_is_on(site.runtime->outage));
		assert_status(&site, session, "3", NULL);
		g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 0);
		g_assert_cmpuint(site.runtime->counters.spool_taken, ==, 2);
		g_assert_cmpuint(site.runtime->counters.messages, ==, 3);
		g_assert_cmpuint(count_leads(&site), ==, 1);
		session_free(session);
		site_close(&site);
	}
}

/* A store that is too slow may still have taken the message: from the spool it is a duplicate. */
static void
test_slow(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	shared->config->store_deadline_ms = 20;
	__atomic_store_n(&site.fault.commit_delay_ms, 200, __ATOMIC_SEQ_CST);
	gint64 began = g_get_monotonic_time();
	assert_status(&site, session, "1", "spooled");
	g_assert_cmpint(g_get_monotonic_time() - began, <, 190 * 1000);
	__atomic_store_n(&site.fault.commit_delay_ms, 0, __ATOMIC_SEQ_CST);
	shared->config->store_deadline_ms = 2000;
	outage_look(site.runtime->outage);
	g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 0);
	g_assert_cmpuint(count_leads(&site), ==, 1);
	g_assert_cmpuint(site.runtime->counters.duplicates, ==, 1);
	session_free(session);
	site_close(&site);
}

/* The forged fields of a mail nobody could take go all the same, and so does the mail. */
static void
test_unprocessed(void)
{
	struct site site;
	site_open(&site, 100); /* less than any message */
	struct session *session = begin(&site);
	driver_fault_set(&site.fault, FAULT_FULL, FALSE, 0);
	g_autoptr(GPtrArray) changes =
		tell(session, &(struct letter){ "ada@buyers.test", "sales@example.test",
						.headers = "X-Lead-Score: 99\n", .id = "1" });
	g_autofree char *text = changes_text(changes);
	g_assert_cmpstr(text, ==, "-X-Lead-Score 1 +X-Lead-Status=unprocessed");
	g_assert_cmpuint(site.runtime->counters.unprocessed, ==, 1);
	g_assert_cmpuint(site.runtime->counters.messages, ==, 0);
	/* no spool at all */
	spool_close(g_steal_pointer(&site.runtime->spool));
	assert_status(&site, session, "2", "unprocessed");
	driver_fault_clear(&site.fault);
	outage_look(site.runtime->outage);
	assert_status(&site, session, "3", NULL);
	session_free(session);
	site_close(&site);
}

/* A drain that meets a failing store leaves the files where they are. */
static void
test_drain_fails(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	driver_fault_set(&site.fault, FAULT_BUSY, FALSE, 0);
	for (guint i = 0; i < 3; i++) {
		g_autofree char *id = g_strdup_printf("%u", i);
		assert_status(&site, session, id, "spooled");
	}
	outage_look(site.runtime->outage);
	g_assert_true(outage_is_on(site.runtime->outage));
	g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 3);
	driver_fault_clear(&site.fault);
	outage_look(site.runtime->outage);
	g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 0);
	g_assert_false(outage_is_on(site.runtime->outage));
	session_free(session);
	site_close(&site);
}

/* Whether it answers a mail of ours nobody can say now: it is kept, and nothing is written into it.
 */
static void
test_unknown(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	const struct letter letter = { "ada@buyers.test", "colleague@example.test", .id = "unknown",
				       .headers = "In-Reply-To: <ours@example.test>\n" };
	outage_begin(site.runtime->outage, NULL);
	g_autoptr(GPtrArray) changes = tell(session, &letter);
	g_assert_null(added(changes, "X-Lead-Status"));
	g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 1);
	outage_look(site.runtime->outage);
	g_assert_cmpuint(spool_count(site.runtime->spool, NULL), ==, 0);
	g_assert_cmpuint(site.runtime->counters.ignored, ==, 1);
	g_assert_cmpuint(count_leads(&site), ==, 0);
	session_free(session);
	site_close(&site);
}

/* --- bounds and odd orders --- */

static void
test_most_sessions(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	guint most = shared->config->max_sessions;
	shared->config->max_sessions = 3;
	struct session *open[3];
	for (guint round = 0; round < 2; round++) {
		for (guint i = 0; i < 3; i++)
			open[i] = begin(&site);
		g_assert_null(session_new(site.runtime));
		g_assert_null(session_new(site.runtime));
		g_assert_cmpint(site.runtime->counters.sessions, ==, 3);
		g_assert_cmpuint(site.runtime->counters.refused_sessions, ==, 2 * (round + 1));
		for (guint i = 0; i < 3; i++)
			session_free(open[i]);
		g_assert_cmpint(site.runtime->counters.sessions, ==, 0);
	}
	shared->config->max_sessions = most;
	session_free(NULL);
	site_close(&site);
}

/* Callbacks in an order no MTA uses, with what may be missing missing. */
static void
test_odd_orders(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = session_new(site.runtime);
	session_recipient(session, "sales@example.test");
	session_header(session, "Subject", "x");
	g_assert_cmpint(session_data(session), ==, SESSION_ACCEPT);
	g_assert_cmpint(session_body(session, "x", 1), ==, SESSION_SKIP);
	g_ptr_array_unref(session_end(session, NULL));
	session_reset(session);
	session_connect(session, NULL, NULL);
	session_helo(session, NULL);
	session_mail(session, NULL, NULL, NULL);
	session_recipient(session, NULL);
	session_recipient(session, "<sales@example.test>");
	g_assert_cmpint(session_data(session), ==, SESSION_CONTINUE);
	g_autoptr(GPtrArray) empty = session_end(session, NULL);
	g_assert_null(added(empty, "X-Lead-Status"));
	/* once ended, nothing is left of it */
	g_autoptr(GPtrArray) after = session_end(session, NULL);
	g_assert_cmpuint(after->len, ==, 0);
	/* MAIL twice: the second counts */
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, "sales@example.test");
	session_mail(session, "ada@buyers.test", NULL, NULL);
	g_assert_cmpint(session_data(session), ==, SESSION_ACCEPT);
	/* an abort in the middle */
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, "sales@example.test");
	g_assert_cmpint(session_data(session), ==, SESSION_CONTINUE);
	session_header(session, "Subject", "x");
	session_reset(session);
	g_assert_cmpint(session_body(session, "x", 1), ==, SESSION_SKIP);
	session_free(session);
	site_close(&site);
}

static void
test_large_body(void)
{
	struct site site;
	site_open(&site, 4 << 20);
	struct session *session = begin(&site);
	g_autofree char *chunk = g_strnfill(65535, 'x');
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, "sales@example.test");
	g_assert_cmpint(session_data(session), ==, SESSION_CONTINUE);
	tell_headers(session,
		     &(struct letter){ "ada@buyers.test", "sales@example.test", .id = "large" });
	guint chunks = 0;
	while (session_body(session, chunk, 65535) == SESSION_CONTINUE)
		chunks++;
	g_assert_cmpuint(chunks, ==, LIMIT_BODY / 65535);
	g_assert_cmpint(session_body(session, chunk, 65535), ==, SESSION_SKIP);
	g_autoptr(GPtrArray) changes = session_end(session, "4ABC");
	g_assert_nonnull(added(changes, "X-Lead-Id"));
	session_free(session);
	site_close(&site);
}

/* --- reload --- */

static gboolean
wants(struct session *session, const char *recipient)
{
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, recipient);
	return session_data(session) == SESSION_CONTINUE &&
	       session_body(session, "x", 1) == SESSION_CONTINUE;
}

/* A transaction keeps the configuration it began with; the next one has the new one. */
static void
test_reload(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	struct session *session = begin(&site);
	g_autoptr(GError) error = NULL;
	session_mail(session, "ada@buyers.test", NULL, NULL);
	session_recipient(session, "sales@example.test");
	write_config(config_path, "other@example.test");
	g_assert_true(runtime_reload(site.runtime, &error));
	g_assert_no_error(error);
	g_assert_cmpint(session_data(session), ==, SESSION_CONTINUE);
	tell_headers(session,
		     &(struct letter){ "ada@buyers.test", "sales@example.test", .id = "old" });
	session_body(session, "Please send an offer.\r\n", 23);
	g_autoptr(GPtrArray) changes = session_end(session, "4ABC");
	g_assert_nonnull(added(changes, "X-Lead-Id"));
	g_assert_false(wants(session, "sales@example.test"));
	g_assert_true(wants(session, "other@example.test"));
	/* a wrong file changes nothing, whatever is wrong about it */
	static const char *const wrong[] = { "nonsense = 1\n", "freemail_list = \"/nowhere\"\n",
					     "scorecards = {\"/nowhere\"}\n",
					     "phrase_files = {\"/nowhere\"}\n" };
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_assert_true(g_file_set_contents(config_path, wrong[i], -1, NULL));
		g_assert_false(runtime_reload(site.runtime, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_clear_error(&error);
		g_assert_true(wants(session, "other@example.test"));
	}
	g_assert_cmpuint(site.runtime->counters.reloads, ==, 1);
	g_assert_cmpuint(site.runtime->counters.reload_failures, ==, G_N_ELEMENTS(wrong));
	write_config(config_path, "sales@example.test");
	session_free(session);
	site_close(&site);
}

/* --- routing --- */

static const char rules[] =
	"reply_token = true\nreply_token_secret = {\"0123456789abcdef\"}\n"
	"route \"urgent\" {\nwhen = \"header('X-Case') matches '*urgent*'\"\n"
	"add = {\"team@example.test\"}\nreplace = \"true\"\nheaders = {\"X-Team: a\"}\n"
	"subject_tag = \"[hot]\"\nquarantine = \"look\"\n}\n";

/* "kind name=value" a line, what X-Lead tells of the lead left out. */
static char *
routing_text(const GPtrArray *changes)
{
	static const char *const kinds[] = { "add", "replace", "remove", "+", "-", "hold" };
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < changes->len; i++) {
		const struct mail_change *change = g_ptr_array_index(changes, i);
		if (change->kind == CHANGE_ADD_FIELD && g_str_has_prefix(change->name, "X-Lead-") &&
		    strcmp(change->name, "X-Lead-Original-To"))
			continue;
		g_string_append_printf(text, "%s%s%s%s%s", text->len ? "; " : "",
				       kinds[change->kind], change->name ? " " : "",
				       change->name ? change->name : "", change->value ? "=" : "");
		g_string_append(text, change->value ? change->value : "");
	}
	return g_string_free(text, FALSE);
}

static const struct {
	const char *label;
	struct letter letter;
	const char *want; /* "TOKEN" stands for the signed part */
} routing_cases[] = {
	{ "no rule holds", { "ada@buyers.test", "sales@example.test", .id = "r1" }, "" },
	{ "all there is",
	  { "ada@buyers.test", "sales@example.test", .id = "r2", .headers = "X-Case: urgent\n" },
	  "+=team@example.test; -=sales@example.test; add X-Lead-Original-To=sales@example.test; "
	  "add X-Team=a; replace Subject=[hot] An offer, please; hold=look" },
	{ "again, as the MTA tries again",
	  { "ada@buyers.test", "sales@example.test", .id = "r2", .headers = "X-Case: urgent\n" },
	  "+=team@example.test; -=sales@example.test; add X-Lead-Original-To=sales@example.test; "
	  "add X-Team=a; replace Subject=[hot] An offer, please; hold=look" },
	{ "fields of rules, forged",
	  { "ada@buyers.test", "sales@example.test", .id = "r3",
	    .headers = "X-Team: a\nx-team: b\nX-Lead-Routed: x\n" },
	  "remove X-Lead-Routed; remove X-Team; remove X-Team" },
	{ "to a lead of ours",
	  { "anna@example.test", "ada@buyers.test", "anna", .id = "s1" },
	  "add Reply-To=Ada Smith <anna+lm-TOKEN@example.test>" },
	{ "again",
	  { "anna@example.test", "ada@buyers.test", "anna", .id = "s1" },
	  "add Reply-To=Ada Smith <anna+lm-TOKEN@example.test>" },
	{ "to nobody known", { "anna@example.test", "new@buyers.test", "anna", .id = "s2" }, "" },
	{ "who said where answers shall go",
	  { "anna@example.test", "ada@buyers.test", "anna", .id = "s3",
	    .headers = "reply-to: office@example.test\n" },
	  "" },
	{ "signed already",
	  { "anna@example.test", "ada@buyers.test", "anna", .id = "s4",
	    .headers = "DKIM-Signature: v=1\n" },
	  "" },
	{ "two authors",
	  { "anna@example.test", "ada@buyers.test", "anna", .id = "s5",
	    .headers = "From: Bob <bob@example.test>\n" },
	  "" },
	{ "no room in the address",
	  { "anna.with.a.name.of.29.letter@example.test", "ada@buyers.test", "anna", .id = "s6" },
	  "" },
};

static char *
without_tokens(char *text)
{
	char *token = strstr(text, "+lm-");
	if (!token || strspn(token + 4, "abcdefghijklmnopqrstuvwxyz234567") != 32)
		return text;
	char *plain = g_strdup_printf("%.*s+lm-TOKEN%s", (int)(token - text), text, token + 36);
	g_free(text);
	return plain;
}

static void
test_routing(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	g_autofree char *before = NULL;
	g_assert_true(g_file_get_contents(config_path, &before, NULL, NULL));
	g_autofree char *with_rules = g_strconcat(rules, before, NULL);
	g_assert_true(g_file_set_contents(config_path, with_rules, -1, NULL));
	g_autoptr(GError) error = NULL;
	g_assert_true(runtime_reload(site.runtime, &error));
	g_assert_no_error(error);
	struct session *session = begin(&site);
	for (guint i = 0; i < G_N_ELEMENTS(routing_cases); i++) {
		g_test_message("%s", routing_cases[i].label);
		g_autoptr(GPtrArray) changes = tell(session, &routing_cases[i].letter);
		g_assert_nonnull(changes);
		g_autofree char *got = without_tokens(routing_text(changes));
		g_assert_cmpstr(got, ==, routing_cases[i].want);
	}
	g_assert_cmpuint(site.runtime->counters.routed, ==, 2);
	g_assert_cmpuint(site.runtime->counters.reply_tokens, ==, 2);
	session_refused(session);
	g_assert_cmpuint(site.runtime->counters.changes_refused, ==, 1);
	session_free(session);
	site_close(&site);
	write_config(config_path, "sales@example.test");
}

/* What could not be decided in time goes on as it came. */
static void
test_spooled_unrouted(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	g_autofree char *before = NULL;
	g_assert_true(g_file_get_contents(config_path, &before, NULL, NULL));
	g_autofree char *with_rules = g_strconcat(rules, before, NULL);
	g_assert_true(g_file_set_contents(config_path, with_rules, -1, NULL));
	g_assert_true(runtime_reload(site.runtime, NULL));
	struct session *session = begin(&site);
	const struct letter letter = { "ada@buyers.test", "sales@example.test", .id = "spooled",
				       .headers = "X-Case: urgent\nX-Team: forged\n" };
	outage_begin(site.runtime->outage, NULL);
	g_autoptr(GPtrArray) changes = tell(session, &letter);
	g_autofree char *got = routing_text(changes);
	g_assert_cmpstr(got, ==, "remove X-Team");
	g_assert_cmpstr(added(changes, "X-Lead-Status"), ==, "spooled");
	session_free(session);
	site_close(&site);
	write_config(config_path, "sales@example.test");
}

/* --- many threads --- */

#define THREADS 8
#define LETTERS 10

static void *
work(void *data)
{
	struct site *site = data;
	static gint number;
	struct session *session = begin(site);
	for (guint i = 0; i < LETTERS; i++) {
		int n = g_atomic_int_add(&number, 1);
		g_autofree char *id = g_strdup_printf("t%d", n);
		g_autofree char *from = g_strdup_printf("p%d@buyers%d.test", n % 20, n % 20);
		const struct letter letter = { from, "sales@example.test", .id = id };
		g_autoptr(GPtrArray) changes = tell(session, &letter);
		g_assert_nonnull(added(changes, "X-Lead-Id"));
	}
	session_free(session);
	return NULL;
}

/* Sessions side by side while the configuration is read again: two first mails of one person
 * are one lead. */
static void
test_threads(void)
{
	struct site site;
	site_open(&site, 1 << 20);
	pthread_t threads[THREADS];
	for (guint i = 0; i < THREADS; i++)
		g_assert_cmpint(pthread_create(&threads[i], NULL, work, &site), ==, 0);
	g_autoptr(GError) error = NULL;
	g_assert_true(runtime_reload(site.runtime, &error));
	g_assert_no_error(error);
	for (guint i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	g_assert_cmpuint(site.runtime->counters.messages, ==, THREADS * LETTERS);
	g_assert_cmpuint(site.runtime->counters.created, ==, 20);
	g_assert_cmpuint(count_leads(&site), ==, 20);
	g_assert_cmpint(site.runtime->counters.sessions, ==, 0);
	site_close(&site);
}

static void
remove_tree(const char *path)
{
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));) {
		g_autofree char *entry = g_build_filename(path, name, NULL);
		remove_tree(entry);
	}
	g_remove(path);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_open("test-session", FALSE, LOG_LEVEL_ERROR);
	scratch = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	config_path = g_build_filename(scratch, "leadmilter.conf", NULL);
	write_config(config_path, "sales@example.test");
	g_autoptr(GError) error = NULL;
	shared = generation_load(config_path, &error);
	g_assert_no_error(error);
	clock_fix(NOW);
	g_test_add_func("/session/lead", test_lead);
	g_test_add_func("/session/interest", test_interest);
	g_test_add_func("/session/conversation", test_conversation);
	g_test_add_func("/session/let-go", test_let_go);
	g_test_add_func("/session/forged", test_forged);
	g_test_add_func("/session/spooled", test_spooled);
	g_test_add_func("/session/slow", test_slow);
	g_test_add_func("/session/unprocessed", test_unprocessed);
	g_test_add_func("/session/drain-fails", test_drain_fails);
	g_test_add_func("/session/unknown", test_unknown);
	g_test_add_func("/session/most-sessions", test_most_sessions);
	g_test_add_func("/session/odd-orders", test_odd_orders);
	g_test_add_func("/session/large-body", test_large_body);
	g_test_add_func("/session/reload", test_reload);
	g_test_add_func("/session/routing", test_routing);
	g_test_add_func("/session/spooled-unrouted", test_spooled_unrouted);
	g_test_add_func("/session/threads", test_threads);
	int code = g_test_run();
	generation_unref(shared);
	remove_tree(scratch);
	g_free(config_path);
	g_free(scratch);
	return code;
}
