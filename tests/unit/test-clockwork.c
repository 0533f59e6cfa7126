/* test-clockwork.c - what is due is swept: at once when asked, by the daemon's thread in its time.
 */
#include "clockwork.h"

#include <glib/gstdio.h>

#include "base/clock.h"
#include "driver_fault.c"
#include "store/private.h"
#include "store/store_change.h"

#define NOW (G_GINT64_CONSTANT(1795255200) * CLOCK_SECOND)
#define LEADS 70

struct site {
	char *directory;
	struct runtime *runtime;
	struct driver_fault fault;
};

static void
site_open(struct site *site)
{
	g_autoptr(GError) error = NULL;
	static const char CARD[] =
		"name = \"test\"\nhalf_life = 10.0\ntouch \"demo\" { points = 20.0 }\n";

	site->directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_autofree char *card = g_build_filename(site->directory, "card.conf", NULL);
	g_autofree char *config = g_build_filename(site->directory, "main.conf", NULL);
	g_autofree char *database = g_build_filename(site->directory, "leads.db", NULL);
	g_assert_true(g_file_set_contents(card, CARD, -1, NULL));
	g_assert_true(
		g_file_set_contents(config,
				    "scorecards = {\"card.conf\"}\nlist_directory = "
				    "\"" TEST_CONF "/lists\"\n"
				    "endpoint \"crm\" {\n\turl = \"http://127.0.0.1:9/\"\n"
				    "\tsecrets = {\"the secret of a test, long enough\"}\n}\n",
				    -1, NULL));
	struct generation *generation = generation_load(config, &error);
	g_assert_no_error(error);
	site->runtime = runtime_open(config, generation, 0, &error);
	g_assert_no_error(error);
	driver_fault_init(&site->fault);
	const struct store_options options = { .driver = &site->fault.driver };
	site->runtime->store = store_open_with(database, STORE_WRITE, &options, &error);
	g_assert_no_error(error);
	store_set_endpoints(site->runtime->store, generation->config);
}

static void
site_close(struct site *site)
{
	runtime_close(site->runtime, 0);
	g_autoptr(GDir) directory = g_dir_open(site->directory, 0, NULL);
	for (const char *name; (name = g_dir_read_name(directory)) != NULL;) {
		g_autofree char *path = g_build_filename(site->directory, name, NULL);
		g_remove(path);
	}
	g_rmdir(site->directory);
	g_free(site->directory);
}

/* People who are warm until ten days from NOW. */
static void
add_leads(struct site *site, guint count)
{
	g_autoptr(generation_owned) generation = runtime_generation(site->runtime);

	for (guint i = 0; i < count; i++) {
		g_autofree char *address = g_strdup_printf("p%u@buyers.test", i);
		const struct outside_touch touch = { .name = "demo",
						     .address = address,
						     .person = "Ada Smith",
						     .time = NOW,
						     .create = TRUE };
		g_autoptr(GError) error = NULL;

		g_assert_true(store_touch(site->runtime->store, &touch, generation->scorecards, NOW,
					  FALSE, NULL, &error));
		g_assert_no_error(error);
	}
}

static guint
count_events(struct site *site, const char *type)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) list =
		store_outbox_list(site->runtime->store, -1, NULL, NULL, 1000, &error);
	guint count = 0;

	g_assert_no_error(error);
	for (guint i = 0; i < list->len; i++)
		count += !strcmp(((struct delivery *)list->pdata[i])->type, type);
	return count;
}

static void
test_sweep(void)
{
	const gint64 later = NOW + 11 * CLOCK_DAY;
	g_autoptr(GError) error = NULL;
	struct site site;

	site_open(&site);
	add_leads(&site, LEADS);
	gint64 due = store_next_due(site.runtime->store, &error);
	g_assert_no_error(error);
	g_assert_cmpint(due, >, NOW + 9 * CLOCK_DAY);
	g_assert_cmpint(due, <, later);
	g_assert_cmpint(clockwork_sweep(site.runtime, NOW, 0, &error), ==, 0);
	g_assert_cmpint(clockwork_sweep(site.runtime, later, 5, &error), ==, 5);
	g_assert_cmpuint(count_events(&site, "lead.cooled"), ==, 5);
	g_assert_cmpint(clockwork_sweep(site.runtime, later, 0, &error), ==, LEADS - 5);
	g_assert_cmpuint(count_events(&site, "lead.cooled"), ==, LEADS);
	g_assert_cmpint(clockwork_sweep(site.runtime, later, 0, &error), ==, 0);
	g_assert_no_error(error);
	site_close(&site);
}

static void
test_thread(void)
{
	g_autoptr(GError) error = NULL;
	struct site site;

	site_open(&site);
	add_leads(&site, LEADS);
	clock_fix(NOW);
	struct clockwork *clockwork = clockwork_start(site.runtime, &error);
	g_assert_no_error(error);
	clock_fix(NOW + 11 * CLOCK_DAY);
	for (gint64 end = g_get_monotonic_time() + 20 * G_USEC_PER_SEC;
	     count_events(&site, "lead.cooled") < LEADS;) {
		g_assert_cmpint(g_get_monotonic_time(), <, end);
		g_usleep(10000);
	}
	clockwork_stop(clockwork);
	g_assert_cmpint(store_next_due(site.runtime->store, &error), ==, 0);
	clock_fix(0);
	site_close(&site);
}

/* A store that fails is told of and tried again; the end doesn't wait for that. */
static void
test_failure(void)
{
	g_autoptr(GError) error = NULL;
	struct site site;

	site_open(&site);
	add_leads(&site, 1);
	driver_fault_set(&site.fault, FAULT_FULL, FALSE, 0);
	g_assert_cmpint(clockwork_sweep(site.runtime, NOW + 11 * CLOCK_DAY, 0, &error), ==, -1);
	g_assert_nonnull(error);
	g_clear_error(&error);
	driver_fault_clear(&site.fault);
	g_assert_cmpint(clockwork_sweep(site.runtime, NOW + 11 * CLOCK_DAY, 0, &error), ==, 1);
	g_assert_cmpuint(count_events(&site, "lead.cooled"), ==, 1);
	clockwork_stop(NULL);
	site_close(&site);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	log_set_level(LOG_LEVEL_ERROR);
	g_test_add_func("/clockwork/sweep", test_sweep);
	g_test_add_func("/clockwork/thread", test_thread);
	g_test_add_func("/clockwork/failure", test_failure);
	return g_test_run();
}
