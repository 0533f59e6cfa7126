/* test-vendors.c - adapters of vendors' webhooks: loaded with the configuration, and again when
 * their file has changed, whoever runs them meanwhile. */
#include "base/clock.h"
#include "base/config.h"
#include "hooks/in/vendors.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW (1795000000 * (gint64)CLOCK_SECOND)
#define THREADS 4
#define RUNS 50

struct site {
	char *directory;
	struct config *config;
};

static void
write_adapter(const struct site *site, const char *name, const char *text)
{
	g_autofree char *path = g_strdup_printf("%s/%s.lua", site->directory, name);

	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void
set_up(struct site *site, gconstpointer clients)
{
	g_autofree char *path = NULL, *text = NULL;
	g_autoptr(GError) error = NULL;

	site->directory = g_dir_make_tmp("leadmilter-vendors-XXXXXX", &error);
	g_assert_no_error(error);
	path = g_build_filename(site->directory, "leadmilter.conf", NULL);
	text = g_strdup_printf("adapter_directory = \"%s\"\n%s", site->directory,
			       (const char *)clients);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	write_adapter(site, "one",
		      "return { name = 'one', needs = { 'key' }, receive = function(request, hook) "
		      "return { said = hook.config.key } end }\n");
	write_adapter(site, "deaf", "return { name = 'deaf', deliver = function() end }\n");
	site->config = config_load(path, &error);
	g_assert_no_error(error);
}

static void
tear_down(struct site *site, G_GNUC_UNUSED gconstpointer clients)
{
	static const char *const names[] = { "leadmilter.conf", "one.lua", "deaf.lua" };

	config_unref(site->config);
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = g_build_filename(site->directory, names[i], NULL);

		g_remove(path);
	}
	g_rmdir(site->directory);
	g_free(site->directory);
}

/* What client `n` answers, or why it doesn't. */
static char *
ask(struct vendors *vendors, const struct site *site, guint n, enum lua_receive_result want)
{
	g_autoptr(GPtrArray) headers = g_ptr_array_new();
	const struct lua_inbound request = {
		.method = "POST", .path = "/v1/in/x", .headers = headers, .body = "", .length = 0
	};
	char *json = NULL, *reason = NULL;

	g_assert_cmpint(vendors_receive(vendors, site->config->clients->pdata[n], &request, NOW,
					&json, &reason),
			==, want);
	return json ? json : reason;
}

#define ONE "client \"a\" {\nadapter = \"one\"\nscopes = {\"touches\"}\nsettings = {\"key=1\"}\n}\n"
#define OTHER \
	"client \"b\" {\nadapter = \"one\"\nscopes = {\"touches\"}\nsettings = {\"key=2\"}\n}\n"

static void
test_settings(struct site *site, G_GNUC_UNUSED gconstpointer clients)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(vendors_owned) vendors = vendors_load(site->config, &error);
	g_autofree char *one = NULL, *other = NULL;

	g_assert_no_error(error);
	one = ask(vendors, site, 0, LUA_RECEIVED);
	other = ask(vendors, site, 1, LUA_RECEIVED);
	g_assert_cmpstr(one, ==, "{\"said\":\"1\"}");
	g_assert_cmpstr(other, ==, "{\"said\":\"2\"}");
}

static const struct {
	const char *name, *clients, *says;
} REFUSED[] = {
	{ "/vendors/refused/none",
	  "client \"a\" {\nadapter = \"gone\"\nscopes = {\"touches\"}\n}\n",
	  "no adapter \"gone\"" },
	{ "/vendors/refused/deaf",
	  ONE "client \"b\" {\nadapter = \"deaf\"\nscopes = {\"touches\"}\n}\n",
	  "client \"b\": adapter \"deaf\" has no function receive" },
	{ "/vendors/refused/setting",
	  "client \"a\" {\nadapter = \"one\"\nscopes = {\"touches\"}\n}\n", "\"key\"" },
};

static void
test_refused(struct site *site, gconstpointer clients)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(vendors_load(site->config, &error));
	g_assert_nonnull(error);
	for (guint i = 0; i < G_N_ELEMENTS(REFUSED); i++)
		if (REFUSED[i].clients == clients)
			g_assert_nonnull(strstr(error->message, REFUSED[i].says));
	g_assert_nonnull(strstr(error->message, "leadmilter.conf:"));
}

static void
test_changed(struct site *site, G_GNUC_UNUSED gconstpointer clients)
{
	static const struct {
		const char *text;
		enum lua_receive_result result;
		const char *says;
	} wants[] = {
		{ "return { name = 'one', needs = { 'key' }, receive = function() return { said = "
		  "'new' } end }\n",
		  LUA_RECEIVED, "{\"said\":\"new\"}" },
		{ "return { name = 'one', needs = { 'key' }, receive = function( }\n",
		  LUA_UNREADABLE, "one.lua:1" },
		{ "return { name = 'one', deliver = function() end }\n", LUA_UNREADABLE,
		  "no function receive" },
		{ "return { name = 'one', needs = { 'key' }, receive = function() return { said = "
		  "'good' } end }\n",
		  LUA_RECEIVED, "{\"said\":\"good\"}" },
	};
	g_autoptr(vendors_owned) vendors = vendors_load(site->config, NULL);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autofree char *said = NULL;

		write_adapter(site, "one", wants[i].text);
		said = ask(vendors, site, 0, wants[i].result);
		g_assert_nonnull(strstr(said, wants[i].says));
	}
}

struct asker {
	struct vendors *vendors;
	const struct site *site;
};

static gpointer
ask_often(gpointer data)
{
	const struct asker *asker = data;

	for (guint i = 0; i < RUNS; i++)
		g_free(ask(asker->vendors, asker->site, i % 2, LUA_RECEIVED));
	return NULL;
}

static void
test_threads(struct site *site, G_GNUC_UNUSED gconstpointer clients)
{
	g_autoptr(vendors_owned) vendors = vendors_load(site->config, NULL);
	struct asker asker = { vendors, site };
	GThread *threads[THREADS];

	for (guint i = 0; i < THREADS; i++)
		threads[i] = g_thread_new("ask", ask_often, &asker);
	for (guint i = 0; i < RUNS; i++) {
		g_autofree char *text =
			g_strdup_printf("return { name = 'one', needs = { 'key' }, receive = "
					"function() return {} end } -- %*s\n",
					(int)i, "");

		write_adapter(site, "one", text);
	}
	for (guint i = 0; i < THREADS; i++)
		g_thread_join(threads[i]);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_setenv("LEADMILTER_CONF_DIR", TEST_CONF, TRUE);
	g_test_add("/vendors/settings", struct site, ONE OTHER, set_up, test_settings, tear_down);
	for (guint i = 0; i < G_N_ELEMENTS(REFUSED); i++)
		g_test_add(REFUSED[i].name, struct site, REFUSED[i].clients, set_up, test_refused,
			   tear_down);
	g_test_add("/vendors/changed", struct site, ONE, set_up, test_changed, tear_down);
	g_test_add("/vendors/threads", struct site, ONE OTHER, set_up, test_threads, tear_down);
	return g_test_run();
}
