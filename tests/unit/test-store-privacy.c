/*
 * test-store-privacy.c - what is forgotten is gone: from every table, from the files, from the
 * spool, and doesn't come back by a replay; what is kept is shown whole.
 */
#include "store_site.c"

#include <cjson/cJSON.h>

#include "store/store_change.h"
#include "store/store_privacy.h"

static char *
receive(struct fixture *fixture, const struct message *message)
{
	g_autoptr(facts_owned) facts = help_facts(message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	char *lead;

	if (message->direction == DIRECTION_INBOUND)
		g_ptr_array_add(facts->mail->cc,
				mail_address_new("Zacharias Friend", "zacharias@one.example"));
	store_message(fixture->store, facts, NULL, facts->received, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	lead = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	return lead;
}

/* So many that events and ledgers fill pages of their own. */
static char *
write_much(struct fixture *fixture, const char *from, const char *name, const char *mark)
{
	char *lead = NULL;

	for (guint i = 0; i < 30; i++) {
		g_autofree char *key = g_strdup_printf("%s-%u", mark, i);
		g_autofree char *subject = g_strdup_printf("about %s %u", mark, i);
		struct message message = { .from = from,
					   .name = name,
					   .account = "one.example",
					   .key = key,
					   .to = "sales@example.com",
					   .subject = subject,
					   .time = HELP_NOW + i };
		struct message answer = { .from = "anna@example.com",
					  .to = from,
					  .key = subject,
					  .subject = subject,
					  .direction = DIRECTION_OUTBOUND,
					  .time = HELP_NOW + i };

		g_free(lead);
		lead = receive(fixture, &message);
		g_free(receive(fixture, &answer));
	}
	return lead;
}

static guint
count_in(const char *path, const char *suffix, const char *word)
{
	g_autofree char *name = g_strconcat(path, suffix, NULL);
	g_autofree char *text = NULL;
	gsize size = 0, length = strlen(word);
	guint count = 0;

	if (!g_file_get_contents(name, &text, &size, NULL))
		return 0;
	for (gsize i = 0; i + length <= size; i++)
		count += g_ascii_strncasecmp(text + i, word, length) == 0;
	return count;
}

/* A server's files are its own. */
static guint
count_in_rows(struct fixture *fixture, const char *word)
{
	static const char *const tables[] = {
		"lead",     "identity", "touch",   "message",  "event",
		"delivery", "contact",  "summary", "progress", "search",
		"outcome",  "account",  "journal", "customer", "remembered",
	};
	guint count = 0;

	for (guint i = 0; i < G_N_ELEMENTS(tables); i++) {
		g_autofree char *text = g_strdup_printf(
			"SELECT count(*) FROM %s t WHERE CAST(t AS text) LIKE '%%%s%%'", tables[i],
			word);

		count += help_number(fixture->scratch.path, text);
	}
	return count;
}

static guint
count_in_files(struct fixture *fixture, const char *word)
{
	if (help_is_server())
		return count_in_rows(fixture, word);
	return count_in(fixture->scratch.path, "", word) +
	       count_in(fixture->scratch.path, "-wal", word);
}

static void
forget(struct fixture *fixture, const char *who, gboolean remember, struct forget_report *report)
{
	g_autoptr(GError) error = NULL;

	store_forget(fixture->store, NULL, who, remember, HELP_NOW + CLOCK_DAY, report, &error);
	g_assert_no_error(error);
}

static void
test_forget(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *eve = write_much(fixture, "Evelyn@one.example", "Evelyn Quux", "quux");
	g_autofree char *bob = write_much(fixture, "robert@one.example", "Robert Babbage", "babba");
	struct forget_report report;
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) left = NULL, touches = NULL;
	g_autoptr(lead_owned) lead = NULL;
	struct store_stats stats;
	const struct delivery *delivery;

	g_assert_cmpuint(count_in_files(fixture, "quux"), >, 10);
	forget(fixture, "evelyn@one.example", FALSE, &report);
	g_assert_cmpuint(report.leads, ==, 1);
	g_assert_cmpuint(report.touches, ==, 30);
	g_assert_cmpuint(report.messages, ==, 60);
	g_assert_cmpuint(report.events, ==, 30);
	g_assert_cmpuint(count_in_files(fixture, "quux"), ==, 0);
	g_assert_cmpuint(count_in_files(fixture, "evelyn"), ==, 0);
	/* The other is as before. */
	g_assert_cmpuint(count_in_files(fixture, "babba"), >, 10);
	touches = store_touches(fixture->store, bob, &error);
	g_assert_cmpuint(touches->len, ==, 30);
	g_assert_true(store_stats(fixture->store, &stats, &error));
	g_assert_cmpuint(stats.leads, ==, 1);
	g_assert_cmpuint(stats.touches, ==, 30);
	g_assert_cmpuint(stats.messages, ==, 60);
	g_assert_cmpuint(stats.waiting, ==, 31);
	/* The endpoint hears of it, by nothing but the id. */
	left = store_outbox_list(fixture->store, -1, NULL, eve, 100, &error);
	g_assert_cmpuint(left->len, ==, 1);
	delivery = left->pdata[0];
	g_assert_cmpstr(delivery->type, ==, "contact.forgotten");
	g_assert_cmpstr(delivery->lead, ==, eve);
	lead = store_lead(fixture->store, eve, &error);
	g_assert_null(lead);
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
	g_clear_error(&error);
	/* Again there is nothing; somebody nobody knows is nothing too. */
	forget(fixture, "evelyn@one.example", FALSE, &report);
	g_assert_cmpuint(report.leads + report.touches + report.messages + report.events, ==, 0);
	g_assert_false(
		store_forget(fixture->store, NULL, "ld_nobody", FALSE, HELP_NOW, &report, &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
}

/* Everything is looked through some rows at a time: the first and the last are found. */
static void
test_forget_among_many(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree G_GNUC_UNUSED char *eve =
		write_much(fixture, "evelyn@one.example", "Evelyn Quux", "quux");
	g_autofree char *later = NULL;
	struct forget_report report;

	for (guint i = 0; i < 36; i++) {
		g_autofree char *from = g_strdup_printf("p%u@one.example", i);

		g_free(write_much(fixture, from, "Somebody", from));
	}
	later = write_much(fixture, "evelyn@one.example", "Evelyn Quux", "quux2");
	g_assert_cmpint(help_number(fixture->scratch.path, "SELECT count(*) FROM event"), >, 1000);
	forget(fixture, "evelyn@one.example", FALSE, &report);
	g_assert_cmpuint(report.messages, ==, 120);
	g_assert_cmpuint(count_in_files(fixture, "quux"), ==, 0);
}

/* A merged card, a second address, an event of somebody else that names them. */
static void
test_forget_merged(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree G_GNUC_UNUSED char *eve =
		write_much(fixture, "evelyn@one.example", "Evelyn Quux", "quux");
	g_autofree char *home = write_much(fixture, "equux@home.example", NULL, "quux2");
	g_autofree G_GNUC_UNUSED char *bob =
		write_much(fixture, "robert@one.example", "Robert", "rob");
	struct forget_report report;
	g_autoptr(GError) error = NULL;

	g_assert_true(store_merge(fixture->store, bob, eve, fixture->site.scorecards, HELP_NOW,
				  NULL, &error));
	g_assert_true(store_split(fixture->store, bob, eve, NULL, fixture->site.scorecards,
				  HELP_NOW, NULL, &error));
	g_assert_true(store_merge(fixture->store, eve, home, fixture->site.scorecards, HELP_NOW,
				  NULL, &error));
	forget(fixture, home, FALSE, &report);
	g_assert_no_error(error);
	g_assert_cmpuint(report.leads, ==, 2);
	g_assert_cmpuint(report.touches, ==, 60);
	g_assert_cmpuint(count_in_files(fixture, "evelyn@one"), ==, 0);
	g_assert_cmpuint(count_in_files(fixture, "equux"), ==, 0);
}

static void
test_remembered(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	struct message old = { .from = "evelyn@one.example", .key = "1", .time = HELP_NOW };
	struct message again = { .from = "Evelyn@one.example", .key = "2", .time = HELP_NOW };
	struct message new = { .from = "evelyn@one.example",
			       .key = "3",
			       .time = HELP_NOW + 2 * CLOCK_DAY };
	g_autofree char *eve = receive(fixture, &old), *none = NULL, *later = NULL;
	struct forget_report report;

	g_assert_nonnull(eve);
	forget(fixture, "evelyn@one.example", TRUE, &report);
	g_assert_cmpuint(count_in_files(fixture, "evelyn"), ==, 0);
	none = receive(fixture, &again);
	g_assert_null(none);
	g_assert_cmpuint(count_in_files(fixture, "evelyn"), ==, 0);
	later = receive(fixture, &new);
	g_assert_nonnull(later);
}

static void
test_contact(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree G_GNUC_UNUSED char *bob =
		write_much(fixture, "robert@one.example", "Robert", "rob");
	struct forget_report report;

	g_assert_cmpuint(count_in_files(fixture, "zacharias"), >, 0);
	forget(fixture, "zacharias@one.example", FALSE, &report);
	g_assert_cmpuint(report.contacts, ==, 1);
	g_assert_cmpuint(count_in_files(fixture, "zacharias"), ==, 0);
}

static void
spool_one(struct spool *spool, const char *from, const char *recipient)
{
	g_autoptr(raw_mail_owned) raw = raw_mail_new(HELP_NOW);
	g_autoptr(GError) error = NULL;

	raw_mail_set_sender(raw, from);
	raw_mail_add_recipient(raw, recipient);
	raw_mail_add_header(raw, "From", from);
	g_assert_true(spool_put(spool, raw, &error));
}

static void
test_spool(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autofree char *directory = g_build_filename(fixture->scratch.directory, "spool", NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(spool_owned) spool = spool_open(directory, 1 << 20, &error);
	struct forget_report report;
	gint64 bytes;

	g_assert_no_error(error);
	spool_one(spool, "Evelyn@one.example", "sales@example.com");
	spool_one(spool, "robert@one.example", "sales@example.com");
	spool_one(spool, "anna@example.com", "evelyn@one.example");
	g_assert_true(store_forget(fixture->store, spool, "evelyn@one.example", FALSE, HELP_NOW,
				   &report, &error));
	g_assert_cmpuint(report.spooled, ==, 2);
	g_assert_cmpuint(spool_count(spool, &bytes), ==, 1);
}

static void
test_export(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		const char *key;
		int count;
	} WANTED[] = { { "leads", 1 },   { "touches", 30 },  { "stage_changes", 1 },
		       { "events", 30 }, { "messages", 60 }, { "outcomes", 0 },
		       { "contacts", 0 } };
	g_autofree G_GNUC_UNUSED char *eve =
		write_much(fixture, "evelyn@one.example", "Evelyn Quux", "quux");
	g_autoptr(GError) error = NULL;
	g_autofree char *text = store_export(fixture->store, "evelyn@one.example", &error);
	cJSON *root;

	g_assert_no_error(error);
	root = cJSON_Parse(text);
	g_assert_nonnull(root);
	for (guint i = 0; i < G_N_ELEMENTS(WANTED); i++) {
		const cJSON *list = cJSON_GetObjectItem(root, WANTED[i].key);

		g_test_message("%s", WANTED[i].key);
		g_assert_cmpint(cJSON_GetArraySize(list), ==, WANTED[i].count);
	}
	cJSON_Delete(root);
	g_assert_null(store_export(fixture->store, "ld_nobody", &error));
	g_assert_error(error, LEADMILTER_ERROR, ERROR_NOT_FOUND);
}

/* --- retention --- */

static struct config *
keep(guint texts, guint touches, guint messages, guint events)
{
	struct config *config = config_default();

	config->retention_texts_days = texts;
	config->retention_touches_days = touches;
	config->retention_messages_days = messages;
	config->retention_events_days = events;
	return config;
}

/* Each kind goes at its own age. */
static void
test_retention(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	static const struct {
		guint texts, touches, messages, events;
		guint left_touches, left_messages, words;
	} STEPS[] = {
		{ 0, 0, 0, 0, 30, 60, 30 }, { 20, 0, 0, 0, 30, 60, 30 }, { 5, 0, 0, 0, 30, 60, 0 },
		{ 5, 0, 5, 0, 30, 0, 0 },   { 5, 5, 5, 5, 0, 0, 0 },
	};
	g_autofree G_GNUC_UNUSED char *eve =
		write_much(fixture, "evelyn@one.example", "Evelyn Quux", "quux");
	g_autoptr(GError) error = NULL;

	if (help_skip_server()) /* there history goes by whole partitions */
		return;
	for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
		g_autoptr(config_owned) config =
			keep(STEPS[i].texts, STEPS[i].touches, STEPS[i].messages, STEPS[i].events);
		g_autoptr(GPtrArray) touches = NULL;
		struct store_stats stats;
		guint words = 0;

		g_test_message("%u", i);
		g_assert_cmpint(
			store_expire(fixture->store, config, HELP_NOW + 10 * CLOCK_DAY, &error), >=,
			0);
		g_assert_true(store_stats(fixture->store, &stats, &error));
		g_assert_cmpuint(stats.touches, ==, STEPS[i].left_touches);
		g_assert_cmpuint(stats.messages, ==, STEPS[i].left_messages);
		touches = store_touches(fixture->store, eve, &error);
		g_assert_cmpuint(touches->len, ==, STEPS[i].left_touches);
		for (guint t = 0; t < touches->len; t++)
			words += ((struct touch *)touches->pdata[t])->subject != NULL;
		g_assert_cmpuint(words, ==, STEPS[i].words);
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) \
	g_test_add("/store-privacy/" name, struct fixture, NULL, set_up, function, tear_down)
	ADD("forget", test_forget);
	ADD("merged", test_forget_merged);
	ADD("among-many", test_forget_among_many);
	ADD("remembered", test_remembered);
	ADD("contact", test_contact);
	ADD("spool", test_spool);
	ADD("export", test_export);
	ADD("retention", test_retention);
	return g_test_run();
}
