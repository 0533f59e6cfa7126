/*
 * store_fixture.c - a test's store in a scratch place, looked through when the test is over.
 * Included, not linked.
 */
#include "store_help.c"

struct fixture {
	struct scratch scratch;
	struct store *store;
};

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;

	scratch_make(&fixture->scratch);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	help_verify(fixture->scratch.path);
	scratch_remove(&fixture->scratch);
}

/* @return the lead's id, or NULL; caller frees */
static G_GNUC_UNUSED char *
help_receive(struct store *store, const struct message *message)
{
	g_autoptr(facts_owned) facts = help_facts(message);
	g_autoptr(GError) error = NULL;
	struct answer answer;
	char *lead;

	store_message(store, facts, NULL, HELP_NOW, 0, FALSE, &answer, &error);
	g_assert_no_error(error);
	lead = g_steal_pointer(&answer.lead);
	answer_clear(&answer);
	return lead;
}
