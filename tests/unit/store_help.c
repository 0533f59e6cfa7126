/*
 * store_help.c - for tests and benchmarks of the store: a scratch directory, messages made by hand
 * and a decision that is easy to foresee.  Included, not linked.
 */
#include <glib.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "mail/address.h"
#include "store/postgres.h"
#include "store/private.h"
#include "store/sqlite.h"
#include "store/tools.h"

#define HELP_NOW ((gint64)1763800000 * CLOCK_SECOND)

/* --- a server --- */

/* LEADMILTER_TEST_STORE=postgresql: every scratch store is a database of a cluster of this test. */
static G_GNUC_UNUSED gboolean
help_is_server(void)
{
	return !g_strcmp0(g_getenv("LEADMILTER_TEST_STORE"), "postgresql");
}

/* For tests of what only a file has. @return TRUE: it is skipped */
static G_GNUC_UNUSED gboolean
help_skip_server(void)
{
	if (help_is_server())
		g_test_skip("of a file");
	return help_is_server();
}

#ifdef TEST_DATA
/* Tell the cluster something; it is started with the first. @return its answer, caller frees */
static char *
help_cluster(const char *line)
{
	static FILE *to, *from;
	static const char *const command[] = { TEST_DATA "/../unit/postgres-cluster", NULL };
	char answer[512] = "";

	if (!to) {
		GError *error = NULL;
		int in, out;

		g_spawn_async_with_pipes(NULL, (char **)command, NULL, G_SPAWN_DEFAULT, NULL, NULL,
					 NULL, &in, &out, NULL, &error);
		g_assert_no_error(error);
		to = fdopen(in, "w");
		from = fdopen(out, "r");
	}
	fprintf(to, "%s\n", line);
	fflush(to);
	if (!fgets(answer, sizeof answer, from))
		g_error("the test's PostgreSQL does not answer");
	return g_strdup(g_strchomp(answer));
}
#else
static char *
help_cluster(const char *line)
{
	g_error("no cluster for %s", line);
	return NULL;
}
#endif

/* --- scratch --- */

struct scratch {
	char *directory, *path; /* of the store, or its URL */
};

static G_GNUC_UNUSED void
scratch_make(struct scratch *scratch)
{
	static guint count;
	g_autofree char *name = g_strdup_printf("test%u", count++);

	scratch->directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_assert_nonnull(scratch->directory);
	postgres_verify(help_is_server());
	scratch->path = help_is_server()
				? help_cluster(name)
				: g_build_filename(scratch->directory, "leads.db", NULL);
}

/* --- looking into a store --- */

static G_GNUC_UNUSED struct database *
help_database(const char *path)
{
	g_autoptr(GError) error = NULL;
	struct database *database = database_open(
		postgres_is_url(path) ? &postgres_driver : &sqlite_driver, path, TRUE, &error);

	g_assert_no_error(error);
	return database;
}

/* Statements that give no rows. */
static G_GNUC_UNUSED void
help_sql(const char *path, const char *text)
{
	g_autoptr(database_owned) database = help_database(path);
	g_autoptr(GError) error = NULL;
	int version;

	database->driver->version(database->connection, &version, NULL);
	database->driver->exec(database->connection, text, &error);
	g_assert_no_error(error);
}

/* The first column of the first row, -1 without one. */
static G_GNUC_UNUSED gint64
help_number(const char *path, const char *text)
{
	g_autoptr(database_owned) database = help_database(path);
	const struct driver *driver = database->driver;
	g_autoptr(GError) error = NULL;
	struct driver_statement *row = driver->prepare(database->connection, text, &error);
	gint64 number = -1;

	g_assert_no_error(error);
	if (driver->step(database->connection, row, &error) == DRIVER_ROW)
		number = driver->column_integer(row, 0);
	g_assert_no_error(error);
	driver->finalize(row);
	return number;
}

static void
remove_tree(const char *path)
{
	GDir *directory = g_dir_open(path, 0, NULL);
	const char *name;

	while (directory && (name = g_dir_read_name(directory))) {
		g_autofree char *entry = g_build_filename(path, name, NULL);

		remove_tree(entry);
	}
	if (directory)
		g_dir_close(directory);
	g_remove(path);
}

static G_GNUC_UNUSED void
scratch_remove(struct scratch *scratch)
{
	remove_tree(scratch->directory);
	g_free(scratch->directory);
	g_free(scratch->path);
}

/* --- facts --- */

/* What a test says of a message; everything else is as of an ordinary mail. */
struct message {
	const char *from; /* "name <address>" is not read: address only */
	const char *name;
	const char *id; /* NULL: made of the key */
	const char *key; /* NULL: made of the id */
	const char *answers; /* In-Reply-To */
	const char *to; /* the envelope recipient */
	const char *subject, *thread_index, *phone;
	const char *mail_from; /* NULL: as from */
	const char *account; /* registrable domain of an organisation */
	enum direction direction;
	enum mail_kind kind; /* 0 is KIND_COMPLAINT: helper takes it for KIND_HUMAN */
	gint64 time; /* 0: HELP_NOW */
	struct bounce *bounce; /* moved in */
};

static GPtrArray *
strings(const char *one)
{
	GPtrArray *array = g_ptr_array_new_with_free_func(g_free);

	if (one)
		g_ptr_array_add(array, g_strdup(one));
	return array;
}

static struct mail *
make_mail(const struct message *message, const char *id)
{
	struct mail *mail = g_new0(struct mail, 1);
	GPtrArray **lists[] = { &mail->from, &mail->sender, &mail->reply_to, &mail->to, &mail->cc };

	mail->headers = g_ptr_array_new();
	mail->message_id = g_strdup(id);
	mail->in_reply_to = strings(message->answers);
	mail->references = strings(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++)
		*lists[i] = g_ptr_array_new_with_free_func((GDestroyNotify)mail_address_free);
	if (message->from)
		g_ptr_array_add(mail->from, mail_address_new(message->name, message->from));
	mail->subject = g_strdup(message->subject ? message->subject : "");
	mail->text = g_strdup("");
	mail->attachments = g_ptr_array_new();
	mail->status_groups = g_ptr_array_new();
	return mail;
}

static void
phone_free_one(gpointer data)
{
	struct phone *phone = data;

	g_free(phone->e164);
	g_free(phone->kind);
	g_free(phone);
}

static struct person *
make_person(const struct message *message)
{
	struct person *person = g_new0(struct person, 1);

	person->address = g_strdup(message->from);
	person->normalised = message->from ? address_normalise(message->from) : NULL;
	person->name = g_strdup(message->name);
	person->phones = g_ptr_array_new_with_free_func(phone_free_one);
	person->urls = strings(NULL);
	if (message->phone) {
		struct phone *phone = g_new0(struct phone, 1);

		phone->e164 = g_strdup(message->phone);
		phone->kind = g_strdup("mobile");
		g_ptr_array_add(person->phones, phone);
	}
	return person;
}

/* The defaults, read once: reading them looks for files. */
static struct config *
help_config(void)
{
	static gsize once;
	static struct config *config;

	if (g_once_init_enter(&once)) {
		config = config_default();
		g_once_init_leave(&once, 1);
	}
	return config;
}

static G_GNUC_UNUSED struct facts *
help_facts(const struct message *message)
{
	struct facts *facts = g_new0(struct facts, 1);
	g_autofree char *id = message->id    ? g_strdup(message->id)
			      : message->key ? g_strconcat(message->key, "@test", NULL)
					     : g_strdup("id@test");
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);

	g_checksum_update(sum, (const guchar *)(message->key ? message->key : id), -1);
	facts->references = 1;
	facts->key = g_strdup(g_checksum_get_string(sum));
	facts->received = message->time ? message->time : HELP_NOW;
	facts->direction = message->direction;
	facts->mailboxes = g_ptr_array_new();
	facts->mailbox_addresses = strings(message->to);
	facts->mailbox_tags = strings(NULL);
	facts->recipients = strings(message->to);
	facts->mail_from = g_strdup(message->mail_from ? message->mail_from : message->from);
	facts->thread_index = g_strdup(message->thread_index);
	facts->subject_normalised = g_strdup(message->subject);
	facts->mail = make_mail(message, id);
	facts->kind = g_new0(struct kind, 1);
	facts->kind->kind = message->kind == KIND_COMPLAINT ? KIND_HUMAN : message->kind;
	facts->kind->evidence = g_strdup("test");
	facts->kind->bounce = message->bounce;
	facts->person = make_person(message);
	facts->person_sender.org_domain = g_strdup(message->account);
	facts->person_sender.freemail = message->account == NULL;
	facts->config = config_ref(help_config());
	return facts;
}

/* --- a decision easy to foresee --- */

static struct contribution *
make_contribution(const char *rule, double points)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule);
	contribution->reason = g_strdup("because the test says so");
	contribution->evidence = g_strdup("some words of the mail");
	contribution->value = points;
	contribution->time = HELP_NOW;
	return contribution;
}

static struct touch *
make_touch(const struct facts *facts)
{
	static const char *const rules[] = { "reply", "question", "intent_price",
					     "title", "company",  "phone" };
	struct touch *touch = touch_new();

	touch->name = g_strdup("mail");
	touch->direction = g_strdup("inbound");
	touch->time = facts->received;
	touch->message_key = g_strdup(facts->key);
	touch->message_id = g_strdup(facts->mail->message_id);
	touch->subject = g_strdup(facts->mail->subject);
	touch->author = g_strdup(facts->person->normalised);
	for (guint i = 0; i < G_N_ELEMENTS(rules); i++)
		g_ptr_array_add(touch->contributions, make_contribution(rules[i], 5));
	return touch;
}

static struct event *
make_event(const char *type, const struct lead *lead, gint64 now)
{
	static const char filler[] =
		"\"name\":\"Somebody\",\"title\":\"Head of Purchasing\",\"company\":\"Example\",";
	struct event *event = g_new0(struct event, 1);
	GString *body = g_string_new("{\"type\":\"");

	g_string_append_printf(body, "%s\",\"data\":{", type);
	while (body->len < 1500)
		g_string_append(body, filler);
	g_string_append(body, "\"end\":1}}");
	event->id = clock_new_id("evt_", now);
	event->type = g_strdup(type);
	event->lead = g_strdup(lead->id);
	event->time = now;
	event->body = g_string_free(body, FALSE);
	return event;
}

static struct lead *
make_lead(const struct facts *facts, gint64 now)
{
	struct lead *lead = lead_new();

	lead->id = clock_new_id("ld_", now);
	lead->created = now;
	lead->address = g_strdup(facts->person->address);
	lead->normalised = g_strdup(facts->person->normalised);
	lead->name = g_strdup(facts->person->name);
	lead->account = g_strdup(facts->person_sender.org_domain);
	lead->scorecard = g_strdup("default");
	lead->source = g_strdup("sales");
	lead->stage = STAGE_EQL;
	lead->stage_since = now;
	lead->stage_cause = g_strdup("wrote");
	lead->owner = g_strdup("owner@example.com");
	lead->first_inbound = facts->received;
	for (guint i = 0; i < facts->person->phones->len; i++)
		g_ptr_array_add(lead->phones,
				g_strdup(((struct phone *)facts->person->phones->pdata[i])->e164));
	return lead;
}

static GPtrArray *
one_event(const char *type, const struct lead *lead, gint64 now)
{
	GPtrArray *events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);

	g_ptr_array_add(events, make_event(type, lead, now));
	return events;
}

static void
decide_person(struct decision *decision, const struct facts *facts, const struct known *known,
	      gint64 now)
{
	const struct candidate *candidate =
		known->candidates->len ? known->candidates->pdata[0] : NULL;

	decision->action = candidate ? ACTION_ATTACH : ACTION_CREATE;
	decision->match = candidate ? candidate->match : MATCHED_NOTHING;
	decision->lead = candidate ? lead_copy(candidate->lead) : make_lead(facts, now);
	decision->before = candidate ? candidate->lead : NULL;
	decision->lead->updated = now;
	decision->lead->last_inbound = facts->received;
	decision->lead->touch_count++;
	decision->lead->total = 5 * decision->lead->touch_count;
	decision->lead->grade = 'B';
	decision->touch = make_touch(facts);
	decision->record_message = TRUE;
	g_ptr_array_unref(decision->events);
	decision->events =
		one_event(candidate ? "lead.touched" : "lead.created", decision->lead, now);
}

/* Duplicates are answered, newsletters are nothing, outbound mail is recorded; the rest goes to the
 * first candidate or makes a lead. */
static G_GNUC_UNUSED struct decision *
help_decide(const struct facts *facts, struct known *known,
	    G_GNUC_UNUSED const struct scorecards *scorecards, gint64 now)
{
	struct decision *decision = g_new0(struct decision, 1);

	decision->reason = g_strdup("the test's decision");
	decision->events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
	if (known->is_duplicate)
		decision->action = ACTION_DUPLICATE;
	else if (facts->kind->kind == KIND_NEWSLETTER)
		decision->action = ACTION_NONE;
	else if (facts->direction == DIRECTION_OUTBOUND) {
		decision->action = ACTION_OUTBOUND;
		decision->record_message = TRUE;
	} else
		decide_person(decision, facts, known, now);
	return decision;
}

/* --- configuration --- */

static G_GNUC_UNUSED void
help_add_endpoint(struct config *config, const char *name, const char *glob)
{
	struct config_endpoint *endpoint = g_new0(struct config_endpoint, 1);

	endpoint->name = g_strdup(name);
	endpoint->url = g_strdup("http://127.0.0.1:9/");
	endpoint->secrets = strings(NULL);
	endpoint->events = strings(glob);
	endpoint->headers = strings(NULL);
	g_ptr_array_add(config->endpoints, endpoint);
}

static G_GNUC_UNUSED struct store *
help_open(const char *path, enum store_mode mode, GError **error)
{
	const struct store_options options = { .decide = help_decide };

	return store_open_with(path, mode, &options, error);
}

static G_GNUC_UNUSED gint64
help_next(guint attempts, gint64 now, G_GNUC_UNUSED gpointer data)
{
	return now + attempts * (gint64)60 * CLOCK_SECOND;
}

/* --- what it left --- */

static void
tell_help_finding(const struct finding *finding, G_GNUC_UNUSED gint64 count,
		  G_GNUC_UNUSED gpointer data)
{
	g_test_message("%s: %s %s: %s", finding->check, finding->table, finding->key,
		       finding->problem);
}

/* Whatever was done to a store, its rows fit together. */
static G_GNUC_UNUSED void
help_verify(const char *path)
{
	const struct verify_options options = { .tell = tell_help_finding };
	g_autoptr(GError) error = NULL;
	struct verify_report report = { 0 };

	if (help_is_server())
		return; /* it reads files; a server's rows are compared by leadctl store copy */
	tools_verify(path, &options, &report, &error);
	g_assert_no_error(error);
	g_assert_cmpint(report.findings, ==, 0);
}
