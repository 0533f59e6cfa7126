/* test-journal.c - what adapters did and know, in memory and on disk. */
#include "store_help.c"

#include "hooks/out/journal.h"

struct fixture {
	struct scratch scratch;
	struct config *config;
	struct store *store;
	guint messages;
};

static void
reopen(struct fixture *fixture)
{
	g_autoptr(GError) error = NULL;

	store_close(fixture->store);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	store_set_endpoints(fixture->store, fixture->config);
}

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	scratch_make(&fixture->scratch);
	fixture->config = config_default();
	help_add_endpoint(fixture->config, "crm", "*");
	help_add_endpoint(fixture->config, "other", "*");
	reopen(fixture);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	config_unref(fixture->config);
	scratch_remove(&fixture->scratch);
}

/* A mail of person n. @return the newest delivery to the endpoint */
static gint64
write_mail(struct fixture *fixture, guint person, const char *endpoint)
{
	g_autofree char *from = g_strdup_printf("p%u@example.org", person);
	g_autofree char *key = g_strdup_printf("k%u", fixture->messages++);
	struct message message = { .from = from, .key = key };
	g_autoptr(facts_owned) facts = help_facts(&message);
	g_autoptr(GError) error = NULL;
	struct answer answer = { 0 };

	store_message(fixture->store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	answer_clear(&answer);
	g_autoptr(GPtrArray) list =
		store_outbox_list(fixture->store, -1, endpoint, NULL, 1, &error);
	g_assert_cmpuint(list->len, ==, 1);
	return ((struct delivery *)list->pdata[0])->id;
}

/* Put one thing as an adapter's run does, and on disk. */
static void
put(struct fixture *fixture, gint64 delivery, gboolean of_lead, const char *key, const char *value)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) before = store_journal(fixture->store, delivery, &error);
	g_autoptr(journal_owned) journal = journal_new(before);
	g_autoptr(GPtrArray) news = NULL;

	g_assert_no_error(error);
	journal_put(journal, of_lead, key, value);
	news = journal_take_news(journal);
	g_assert_false(journal_has_news(journal));
	store_journal_add(fixture->store, delivery, news, &error);
	g_assert_no_error(error);
}

static void
expect(struct fixture *fixture, gint64 delivery, gboolean of_lead, const char *key,
       const char *value)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) entries = store_journal(fixture->store, delivery, &error);
	g_autoptr(journal_owned) journal = journal_new(entries);

	g_assert_no_error(error);
	g_assert_cmpstr(journal_get(journal, of_lead, key), ==, value);
	g_assert_false(journal_has_news(journal));
}

static void
test_kept(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	gint64 first = write_mail(fixture, 1, "crm");

	put(fixture, first, FALSE, "create", "7");
	put(fixture, first, TRUE, "record", "\"a\"");
	reopen(fixture);
	expect(fixture, first, FALSE, "create", "7");
	expect(fixture, first, TRUE, "record", "\"a\"");
	expect(fixture, first, TRUE, "create", NULL);
	put(fixture, first, FALSE, "create", "8");
	put(fixture, first, TRUE, "record", "\"b\"");
	expect(fixture, first, FALSE, "create", "8");
	expect(fixture, first, TRUE, "record", "\"b\"");
	put(fixture, first, TRUE, "record", NULL);
	expect(fixture, first, TRUE, "record", NULL);
}

/* A lead is remembered per endpoint, across its events; what was done is of one delivery. */
static void
test_whose(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	gint64 first = write_mail(fixture, 1, "crm"), second, stranger, other;

	put(fixture, first, FALSE, "create", "7");
	put(fixture, first, TRUE, "record", "7");
	second = write_mail(fixture, 1, "crm");
	other = write_mail(fixture, 1, "other");
	stranger = write_mail(fixture, 2, "crm");
	g_assert_cmpint(second, !=, first);
	expect(fixture, second, FALSE, "create", NULL);
	expect(fixture, second, TRUE, "record", "7");
	expect(fixture, other, TRUE, "record", NULL);
	expect(fixture, stranger, TRUE, "record", NULL);
	expect(fixture, stranger, FALSE, "create", NULL);
}

static void
test_gone(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	gint64 first = write_mail(fixture, 1, "crm"), later = HELP_NOW + 40 * CLOCK_DAY;

	put(fixture, 999999, FALSE, "create", "7");
	expect(fixture, 999999, FALSE, "create", NULL);
	put(fixture, first, FALSE, "create", "7");
	put(fixture, first, TRUE, "record", "7");
	g_autoptr(GPtrArray) all = store_outbox_list(fixture->store, -1, NULL, NULL, 9, &error);
	for (guint i = 0; i < all->len; i++)
		store_outbox_drop(fixture->store, ((struct delivery *)all->pdata[i])->id, &error);
	fixture->config->retention_days = 30;
	g_assert_cmpint(store_expire(fixture->store, fixture->config, later, &error), >, 0);
	g_assert_no_error(error);
	expect(fixture, first, FALSE, "create", NULL);
	/* the lead is still there, and known */
	expect(fixture, write_mail(fixture, 1, "crm"), TRUE, "record", "7");
}

static void
test_news(void)
{
	g_autoptr(journal_owned) journal = journal_new(NULL);

	g_assert_null(journal_get(journal, FALSE, "a"));
	journal_put(journal, FALSE, "a", "1");
	journal_put(journal, FALSE, "a", "1"); /* nothing new */
	journal_put(journal, TRUE, "a", "2");
	g_assert_true(journal_has_news(journal));
	g_autoptr(GPtrArray) news = journal_take_news(journal);
	g_assert_cmpuint(news->len, ==, 2);
	g_assert_cmpstr(((struct journal_entry *)news->pdata[1])->value, ==, "2");
	g_assert_cmpstr(journal_get(journal, FALSE, "a"), ==, "1");
	g_assert_false(journal_has_news(journal));
}

#define TEST(name, function) \
	g_test_add("/journal/" name, struct fixture, NULL, set_up, function, tear_down)

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/journal/news", test_news);
	TEST("kept", test_kept);
	TEST("whose", test_whose);
	TEST("gone", test_gone);
	return g_test_run();
}
