/*
 * store_site.c - a test's store with an endpoint that gets all events, and a configured site;
 * looked through when the test is over.  Included, not linked.
 */
#include "store_help.c"

#include "outside-fixture.h"

struct fixture {
	struct scratch scratch;
	struct store *store;
	struct site site;
};

static void
set_up(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = config_default();

	scratch_make(&fixture->scratch);
	fixture->store = help_open(fixture->scratch.path, STORE_WRITE, &error);
	g_assert_no_error(error);
	help_add_endpoint(config, "crm", "*");
	store_set_endpoints(fixture->store, config);
	site_init(&fixture->site, "");
}

static void
tear_down(struct fixture *fixture, G_GNUC_UNUSED gconstpointer data)
{
	store_close(fixture->store);
	help_verify(fixture->scratch.path);
	scratch_remove(&fixture->scratch);
	site_clear(&fixture->site);
}
