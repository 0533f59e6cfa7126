/* test-config.c - leadmilter.conf and scorecard files: every option, every complaint with its line.
 */
#include "base/clock.h"
#include "base/config.h"
#include "base/error.h"
#include "base/limits.h"
#include "runtime.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#define SECRET "whsec_bGVhZG1pbHRlciBkZW1vIHNlY3JldCBrZXkgMDE="

static char *scratch, *main_file;

static char *
place(const char *name)
{
	return g_build_filename(scratch, name, NULL);
}

static void
put(const char *name, const char *text)
{
	g_autofree char *path = place(name);
	g_autofree char *parent = g_path_get_dirname(path);
	g_assert_cmpint(g_mkdir_with_parents(parent, 0700), ==, 0);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

/* "DIR" in a wanted text stands for the scratch directory. */
static char *
in_scratch(const char *text)
{
	g_auto(GStrv) parts = g_strsplit(text, "DIR", -1);
	return g_strjoinv(scratch, parts);
}

static struct config *
load(const char *text)
{
	g_autoptr(GError) error = NULL;
	put("main.conf", text);
	struct config *config = config_load(main_file, &error);
	g_assert_no_error(error);
	return config;
}

static void
assert_list(const GPtrArray *list, const char *want)
{
	GString *got = g_string_new(NULL);
	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(got, "%s%s", i ? " " : "",
				       (char *)g_ptr_array_index(list, i));
	g_autofree char *wanted = in_scratch(want);
	g_assert_cmpstr(got->str, ==, wanted);
	g_string_free(got, TRUE);
}

static void
assert_networks(const GPtrArray *list, const char *want)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < list->len; i++)
		g_ptr_array_add(names, g_inet_address_mask_to_string(g_ptr_array_index(list, i)));
	assert_list(names, want);
}

static void
assert_path(const char *path, const char *want)
{
	g_autofree char *wanted = in_scratch(want);
	g_assert_cmpstr(path, ==, wanted);
}

/* --- what is wrong, and where --- */

struct complaint {
	const char *text;
	const char *want; /* after the file's name */
};

static const struct complaint complaints[] = {
	/* options that are not there */
	{ "nonsense = 1\n", ":1: no such option 'nonsense'" },
	{ "# one\n\n/* two\nthree */ nonsense = 1\n", ":4: no such option 'nonsense'" },
	{ "# one\n# two\n\n// three\nmax_sessions = 5 # four\n/**/\nnonsense = 1\n",
	  ":7: no such option 'nonsense'" },
	{ "hostname = \"a\\\"#\\\nb // /*\" # c\nnonsense = 1\n", ":3: no such option 'nonsense'" },
	{ "hostname = '# }' /* } */\nnonsense = 1\n", ":2: no such option 'nonsense'" },
	{ "mailbox \"a@x.test\" {\n\tpoints = 1\n}\n", ":2: no such option 'points'" },
	{ "tag = \"x\"\n", ":1: no such option 'tag'" },
	{ "rule \"x\" {\n}\n", ":1: no such option 'rule'" },
	{ "include(\"other.conf\")\n", ":1: no such option 'include'" },
	{ "\xff\xfe = 1\n", ":1: no such option '\xff\xfe'" },
	/* integers */
	{ "max_sessions = 0\n", ":1: max_sessions = 0: expected 1 to 100000" },
	{ "\nmax_sessions = -5\n", ":2: max_sessions = -5: expected 1 to 100000" },
	{ "max_sessions = 100001\n", ":1: max_sessions = 100001: expected 1 to 100000" },
	{ "max_sessions = 4294967297\n", ":1: max_sessions = 4294967297: expected 1 to 100000" },
	{ "max_sessions = 99999999999999999999\n",
	  ":1: integer value for option 'max_sessions' is out of range" },
	{ "max_sessions = many\n", ":1: invalid integer value for option 'max_sessions'" },
	{ "max_sessions = 1.5\n", ":1: invalid integer value for option 'max_sessions'" },
	{ "max_sessions = {1}\n", ":1: unexpected token '{'" },
	{ "max_sessions\n", ":2: premature end of file" },
	{ "max_sessions += 1\n", ":1: attempt to append to non-list option 'max_sessions'" },
	{ "store_deadline_ms = 10001\n", ":1: store_deadline_ms = 10001: expected 0 to 10000" },
	{ "silence_after = \"soon\"\n",
	  ":1: silence_after: 'soon' is not a duration; write a number with "
	  "s, m, h, d or w, such as 90m or 14d" },
	{ "flood_window = \"5s\"\n", ":1: flood_window = \"5s\": expected 60 to 2592000 seconds" },
	{ "retention_days = -1\n", ":1: retention_days = -1: expected 0 to 36500" },
	{ "conversation_days = 0\n", ":1: conversation_days = 0: expected 1 to 36500" },
	{ "spool_max_bytes = 1048575\n",
	  ":1: spool_max_bytes = 1048575: expected 1048576 to 1000000000000000" },
	{ "endpoint \"x\" {\n\tconcurrency = 257\n}\n",
	  ":2: concurrency = 257: expected 1 to 256" },
	{ "endpoint \"x\" {\n\ttimeout_seconds = 0\n}\n",
	  ":2: timeout_seconds = 0: expected 1 to 300" },
	/* booleans, modes, choices */
	{ "store_text = maybe\n", ":1: invalid boolean value for option 'store_text'" },
	{ "add_headers = 1\n", ":1: invalid boolean value for option 'add_headers'" },
	{ "socket_mode = \"0999\"\n",
	  ":1: socket_mode = \"0999\": expected an octal mode such as \"0660\"" },
	{ "socket_mode = \"1777\"\n",
	  ":1: socket_mode = \"1777\": expected an octal mode such as \"0660\"" },
	{ "socket_mode = \"\"\n",
	  ":1: socket_mode = \"\": expected an octal mode such as \"0660\"" },
	{ "socket_mode = \"-1\"\n",
	  ":1: socket_mode = \"-1\": expected an octal mode such as \"0660\"" },
	{ "log_level = \"loud\"\n",
	  ":1: log_level = \"loud\": expected one of error|warning|notice|info|debug" },
	{ "log_level = \"\"\n",
	  ":1: log_level = \"\": expected one of error|warning|notice|info|debug" },
	{ "\n\nlog_target = \"file\"\n",
	  ":3: log_target = \"file\": expected one of syslog|stderr" },
	/* what has a form */
	{ "socket = \"nowhere\"\n",
	  ":1: socket = \"nowhere\": expected \"unix:/path\" or \"inet:port@host\"" },
	{ "socket = \"unix:relative\"\n",
	  ":1: socket = \"unix:relative\": expected \"unix:/path\" or \"inet:port@host\"" },
	{ "socket = \"\"\n", ":1: socket = \"\": expected \"unix:/path\" or \"inet:port@host\"" },
	{ "store = \"/leads.db\"\n", ":1: store = \"/leads.db\": expected \"sqlite:/path\" or "
				     "\"postgresql://host/database\"" },
	{ "store = \"sqlite:leads.db\"\n",
	  ":1: store = \"sqlite:leads.db\": expected \"sqlite:/path\" or "
	  "\"postgresql://host/database\"" },
	{ "own_networks = {\"10.0.0.0/8\",\n\t\"10.0.0.0/33\"}\n",
	  ":2: own_networks: \"10.0.0.0/33\" is no network; expected \"192.0.2.0/24\"" },
	{ "form \"contact\" {\n\tclients = {\"192.0.2.1\",\n\t\t\"192.0.2.300\"}\n}\n",
	  ":3: clients: \"192.0.2.300\" is no network; expected \"192.0.2.0/24\"" },
	{ "own_networks = {\"example.com\"}\n",
	  ":1: own_networks: \"example.com\" is no network; expected \"192.0.2.0/24\"" },
	{ "default_region = \"gb\"\n",
	  ":1: default_region = \"gb\": expected a country code such as \"RO\"" },
	{ "default_region = \"Gb\"\n",
	  ":1: default_region = \"Gb\": expected a country code such as \"RO\"" },
	{ "default_region = \"GBR\"\n",
	  ":1: default_region = \"GBR\": expected a country code such as \"RO\"" },
	/* sections */
	{ "mailbox {\n}\n", ":1: missing title for section 'mailbox'" },
	{ "mailbox = \"a@x.test\"\n", ":1: missing title for section 'mailbox'" },
	{ "mailbox \"a\" \"b\" {\n}\n", ":1: missing opening brace for section 'mailbox'" },
	{ "mailbox \"\" {\n}\n", ":2: mailbox \"\": expected an address, a domain or a pattern" },
	{ "mailbox \"a@x.test\" {\n}\nmailbox \"a@x.test\" {\n}\n",
	  ":3: found duplicate title 'a@x.test'" },
	{ "mailbox \"a@x.test\" {\n\tsource = \"s\"\n\tscorecard = \"gone\"\n}\n",
	  ":3: mailbox \"a@x.test\": no scorecard \"gone\"" },
	{ "endpoint \"x\" {\n}\n",
	  ":2: endpoint \"x\": expected url = \"https://…\" or \"http://…\"" },
	{ "endpoint \"x\" {\n\turl = \"ftp://x.test/\"\n}\n",
	  ":2: endpoint \"x\": expected url = \"https://…\" or \"http://…\"" },
	{ "endpoint \"x\" {\n\turl = \"http://x.test/\"\n}\n",
	  ":3: endpoint \"x\": expected secrets = {\"whsec_…\"}, since every request is signed" },
	{ "endpoint \"x\" {\n\turl = \"http://x.test/\"\n\tsecrets = "
	  "{\"env:LEADMILTER_NONE\"}\n}\n",
	  ":3: secret \"env:LEADMILTER_NONE\" is not in the environment" },
	{ "endpoint \"x\" {\n\turl = \"http://x.test/\"\n\tsecrets = {\"credential:crm\"}\n}\n",
	  ":3: secret \"credential:crm\": CREDENTIALS_DIRECTORY is not set; systemd has its "
	  "credentials only while the service runs: name it by LoadCredential= (systemctl edit "
	  "leadmilter), and start or restart the service" },
	{ "form \"x\" {\n\tfields = {\"Name=name\",\n\t\t\"Mail\"}\n}\n",
	  ":3: form \"x\": field \"Mail\": expected \"label=key\"" },
	/* who sells */
	{ "response_within = \"soon\"\n",
	  ":1: response_within: 'soon' is not a duration; write a number with "
	  "s, m, h, d or w, such as 90m or 14d" },
	{ "response_within = \"59s\"\n",
	  ":1: response_within = \"59s\": expected 60 to 3600000 seconds" },
	{ "owner \"maria\" {\n}\n", ":2: owner \"maria\": expected an address" },
	{ "owner \"m@x.test\" {\n\tweight = 0\n}\n", ":2: weight = 0: expected 1 to 1000" },
	{ "owner \"m@x.test\" {\n\tabsent_from = \"2026-07-02\"\n"
	  "\tabsent_until = \"2026-07-02\"\n}\n",
	  ":3: owner \"m@x.test\": absent_until is not after absent_from" },
	{ "owner \"m@x.test\" {\n\tsubstitute = \"olga\"\n}\n",
	  ":2: owner \"m@x.test\": substitute = \"olga\": expected an address" },
	{ "owner \"m@x.test\" {\n}\nowner \"M@x.test\" {\n}\n", ":4: a second owner \"M@x.test\"" },
	{ "assign \"a\" {\n\tstrategy = \"random\"\n}\n",
	  ":2: strategy = \"random\": expected one of "
	  "pool|fixed|least_loaded|round_robin|manual" },
	{ "assign \"a\" {\n\n\towners = {\"m@x.test\", \"team:\"}\n}\n",
	  ":3: assign \"a\": owners: \"team:\": expected an address, \"team:NAME\" or \"all\"" },
	{ "assign \"a\" {\n\tstrategy = \"fixed\"\n}\n",
	  ":3: assign \"a\": strategy \"fixed\": expected owners = {\"…\"}" },
	/* what is never closed, or never opened */
	{ "mailbox \"a@x.test\" {\n\n\n", ":1: this { is never closed" },
	{ "own_domains = {\"a.test\"}\nmailbox \"a@x.test\" {\n\tfoo {\n\t}\n",
	  ":2: this { is never closed" },
	{ "\nown_domains = {\"a.test\",\n", ":2: this { is never closed" },
	{ "hostname = \"a\n\n\n", ":1: this \" is never closed" },
	{ "\n\nhostname = 'a\n", ":3: this ' is never closed" },
	{ "hostname = \"a\"\n/* and so on {\n", ":2: this /* is never closed" },
	{ "}\n", ":1: unexpected closing brace" },
	{ "mailbox \"a@x.test\" {\n}\n}\n", ":3: unexpected closing brace" },
	{ "hostname = \"{\"\n# {\n// {\n/* { */\n}\n", ":5: unexpected closing brace" },
	{ "endpoint \"x\" {\n\turl = http://x.test/{\n}\n", ":1: this { is never closed" },
	{ "endpoint \"x\" {\n\turl = http://x.test/ # }\n}\n",
	  ":3: endpoint \"x\": expected secrets = {\"whsec_…\"}, since every request is signed" },
};

static void
check_complaints(const struct complaint *rows, guint count, const char *file,
		 gboolean (*read)(GError **error))
{
	for (guint i = 0; i < count; i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *path = place(file);
		g_autofree char *want = g_strconcat(path, rows[i].want, NULL);
		put(file, rows[i].text);
		g_assert_false(read(&error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, want);
	}
}

static gboolean
read_main(GError **error)
{
	g_autoptr(config_owned) config = config_load(main_file, error);
	return config != NULL;
}

static void
test_complaints(void)
{
	check_complaints(complaints, G_N_ELEMENTS(complaints), "main.conf", read_main);
}

/* Scorecards named by the main file. */
static const struct {
	const char *one, *two, *want;
} card_file_cases[] = {
	{ "name = \"a\"\n", "name = \"a\"\n", "DIR/two.conf:0: a second scorecard named \"a\"" },
	{ "name = \"a\"\n", "name = \"b\"\nx = 1\n", "DIR/two.conf:2: no such option 'x'" },
	{ "name = \"a\"\n", NULL, "DIR/two.conf:0: No such file or directory" },
};

static void
test_card_files(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(card_file_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *want = in_scratch(card_file_cases[i].want);
		g_autofree char *two = place("two.conf");
		put("one.conf", card_file_cases[i].one);
		g_remove(two);
		if (card_file_cases[i].two)
			put("two.conf", card_file_cases[i].two);
		put("main.conf", "scorecards = {\"one.conf\", \"two.conf\"}\n");
		g_assert_false(read_main(&error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, want);
	}
}

static void
test_unreadable(void)
{
	g_autofree char *directory = place("");
	g_autofree char *large = place("large.conf");
	g_autofree char *text = g_strnfill(LIMIT_CONFIG_FILE + 1, '\n');
	put("large.conf", text);
	const struct {
		const char *path, *want;
	} cases[] = {
		{ "/nowhere/leadmilter.conf", ":0: No such file or directory" },
		{ directory, ":0: not a regular file of at most 1048576 bytes" },
		{ large, ":0: not a regular file of at most 1048576 bytes" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *want = g_strconcat(cases[i].path, cases[i].want, NULL);
		g_assert_null(config_load(cases[i].path, &error));
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_cmpstr(error->message, ==, want);
	}
}

/* --- what is read --- */

static void
test_top(void)
{
	g_autoptr(config_owned) config = load(
		"socket = \"inet:8891@127.0.0.1\"\nsocket_group = \"mail\"\nsocket_mode = "
		"\"0600\"\n"
		"user = \"lead\"\ngroup = \"lead\"\npid_file = \"run/pid\"\n"
		"control_socket = \"../control\"\nstore = \"sqlite:/x/leads.db\"\n"
		"store_deadline_ms = 10\nstore_text = yes\nspool_directory = \"spool\"\n"
		"spool_max_bytes = 5000000000\nretention_days = 30\nconversation_days = 7\n"
		"silence_after = \"36h\"\nrecycle_after = \"180d\"\naccount_heat = "
		"\"21d\"\nflood_new_leads = 5\n"
		"flood_messages = 6\nflood_window = \"1.5 h\"\n"
		"own_domains = {\"a.test\", \"b.test\"}\nown_networks = {\"10.0.0.0/8\", \"::1\"}\n"
		"never_log = {\"c.test\"}\npartner_domains = {\"d.test\"}\n"
		"target_domains = {\"e.test\"}\ntrusted_authserv_ids = {\"mx.a.test\"}\n"
		"freemail_list = \"f.txt\"\ndisposable_list = \"/abs/d.txt\"\n"
		"phrase_files = {\"p.phrases\", \"./q/../q.phrases\"}\n"
		"default_region = \"GB\"\nfallback_owner = \"boss@a.test\"\n"
		"hostname = \"mx.a.test\"\nmax_sessions = 100000\nadd_headers = off\n"
		"log_level = \"debug\"\nlog_target = \"stderr\"\n");
	g_assert_cmpstr(config->path, ==, main_file);
	g_assert_cmpstr(config->socket, ==, "inet:8891@127.0.0.1");
	g_assert_cmpstr(config->socket_group, ==, "mail");
	g_assert_cmpuint(config->socket_mode, ==, 0600);
	g_assert_cmpstr(config->user, ==, "lead");
	g_assert_cmpstr(config->group, ==, "lead");
	assert_path(config->pid_file, "DIR/run/pid");
	g_autofree char *above = g_path_get_dirname(scratch);
	g_autofree char *control = g_build_filename(above, "control", NULL);
	g_assert_cmpstr(config->control_socket, ==, control);
	g_assert_cmpstr(config->store, ==, "sqlite:/x/leads.db");
	g_assert_cmpuint(config->store_deadline_ms, ==, 10);
	g_assert_true(config->store_text);
	assert_path(config->spool_directory, "DIR/spool");
	g_assert_cmpint(config->spool_max_bytes, ==, G_GINT64_CONSTANT(5000000000));
	g_assert_cmpuint(config->retention_days, ==, 30);
	g_assert_cmpuint(config->conversation_days, ==, 7);
	g_assert_cmpint(config->silence_after, ==, 36 * 3600 * (gint64)CLOCK_SECOND);
	g_assert_cmpint(config->recycle_after, ==, 180 * CLOCK_DAY);
	g_assert_cmpint(config->account_heat, ==, 21 * CLOCK_DAY);
	g_assert_cmpuint(config->flood_new_leads, ==, 5);
	g_assert_cmpuint(config->flood_messages, ==, 6);
	g_assert_cmpint(config->flood_window, ==, 5400 * (gint64)CLOCK_SECOND);
	assert_list(config->own_domains, "a.test b.test");
	assert_networks(config->own_networks, "10.0.0.0/8 ::1");
	assert_list(config->never_log, "c.test");
	assert_list(config->partner_domains, "d.test");
	assert_list(config->target_domains, "e.test");
	assert_list(config->trusted_authserv_ids, "mx.a.test");
	assert_path(config->freemail_list, "DIR/f.txt");
	g_assert_cmpstr(config->disposable_list, ==, "/abs/d.txt");
	assert_list(config->phrase_files, "DIR/p.phrases DIR/q.phrases");
	g_assert_cmpstr(config->default_region, ==, "GB");
	g_assert_cmpstr(config->fallback_owner, ==, "boss@a.test");
	g_assert_cmpstr(config->hostname, ==, "mx.a.test");
	g_assert_cmpuint(config->max_sessions, ==, 100000);
	g_assert_false(config->add_headers);
	g_assert_cmpint(config->log_level, ==, LOG_LEVEL_DEBUG);
	g_assert_cmpstr(config->log_target, ==, "stderr");
}

/* What a file leaves out is as the table says; lists and scorecards are the shipped ones. */
static void
test_fallbacks(void)
{
	g_autoptr(config_owned) config = load("");
	g_autoptr(config_owned) defaults = config_default();
	const struct config *const both[] = { config, defaults };
	for (guint i = 0; i < G_N_ELEMENTS(both); i++) {
		g_assert_cmpstr(both[i]->socket, ==, "unix:/run/leadmilter/leadmilter.sock");
		g_assert_null(both[i]->socket_group);
		g_assert_cmpuint(both[i]->socket_mode, ==, 0660);
		g_assert_null(both[i]->user);
		g_assert_null(both[i]->pid_file);
		g_assert_cmpstr(both[i]->store, ==, "sqlite:/var/lib/leadmilter/leadmilter.db");
		g_assert_cmpuint(both[i]->store_deadline_ms, ==, 2000);
		g_assert_false(both[i]->store_text);
		g_assert_cmpint(both[i]->spool_max_bytes, ==, 1 << 30);
		g_assert_cmpuint(both[i]->retention_days, ==, 0);
		g_assert_cmpuint(both[i]->conversation_days, ==, 60);
		g_assert_cmpint(both[i]->silence_after, ==, 7 * CLOCK_DAY);
		g_assert_cmpint(both[i]->recycle_after, ==, 0);
		g_assert_cmpint(both[i]->account_heat, ==, 14 * CLOCK_DAY);
		g_assert_cmpuint(both[i]->flood_new_leads, ==, 20);
		g_assert_cmpint(both[i]->flood_window, ==, 7200 * (gint64)CLOCK_SECOND);
		g_assert_cmpuint(both[i]->own_domains->len, ==, 0);
		g_assert_null(both[i]->default_region);
		g_assert_cmpstr(both[i]->hostname, ==, g_get_host_name());
		g_assert_cmpuint(both[i]->max_sessions, ==, 2000);
		g_assert_true(both[i]->add_headers);
		g_assert_cmpint(both[i]->log_level, ==, LOG_LEVEL_INFO);
		g_assert_cmpuint(both[i]->mailboxes->len, ==, 0);
		g_assert_cmpuint(both[i]->endpoints->len, ==, 0);
		g_assert_cmpstr(both[i]->freemail_list, ==, TEST_CONF "/lists/freemail.txt");
		g_assert_cmpuint(both[i]->phrase_files->len, >, 5);
		g_assert_cmpint(both[i]->response_within, ==, (gint64)7200 * CLOCK_SECOND);
		g_assert_cmpstr(both[i]->working_hours, ==, "Mon-Fri 09:00-18:00");
		g_assert_null(both[i]->time_zone);
		g_assert_cmpuint(both[i]->scorecards->len, ==, 1);
		const struct config_scorecard *card = g_ptr_array_index(both[i]->scorecards, 0);
		g_assert_cmpstr(card->name, ==, "default");
	}
}

/* The manual's table names every option with a default that the parser takes. */
static void
test_option_table(void)
{
	guint count;
	const struct config_option *options = config_options(&count);
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < count; i++) {
		if (*options[i].section)
			continue;
		gboolean quoted =
			strcmp(options[i].type, "integer") && strcmp(options[i].type, "boolean");
		if (!strcmp(options[i].type, "list"))
			g_string_append_printf(text, "%s = {}\n", options[i].name);
		else
			g_string_append_printf(text, quoted ? "%s = \"%s\"\n" : "%s = %s\n",
					       options[i].name, options[i].fallback);
	}
	g_autoptr(config_owned) config = load(text->str);
	g_assert_cmpuint(config->max_sessions, ==, 2000);
	g_string_free(text, TRUE);
}

static const struct {
	const char *title, *address;
	enum mailbox_match match;
} mailbox_cases[] = {
	{ "Sales@Example.com", "sales@example.com", MATCH_ADDRESS },
	{ "Example.com", "example.com", MATCH_DOMAIN },
	{ "sales-*@example.com", "sales-*@example.com", MATCH_PATTERN },
	{ "team?", "team?", MATCH_PATTERN },
};

static void
test_mailboxes(void)
{
	GString *text = g_string_new(NULL);
	for (guint i = 0; i < G_N_ELEMENTS(mailbox_cases); i++)
		g_string_append_printf(text,
				       "mailbox \"%s\" {\n\ttag = \"t%u\"\n\tsource = \"s%u\"\n"
				       "\tscorecard = \"default\"\n\towner = \"o%u@x.test\"\n}\n",
				       mailbox_cases[i].title, i, i, i);
	g_string_append(text, "mailbox \"bare@example.com\" {}\n");
	g_autoptr(config_owned) config = load(text->str);
	g_assert_cmpuint(config->mailboxes->len, ==, G_N_ELEMENTS(mailbox_cases) + 1);
	for (guint i = 0; i < G_N_ELEMENTS(mailbox_cases); i++) {
		const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, i);
		g_autofree char *tag = g_strdup_printf("t%u", i);
		g_autofree char *source = g_strdup_printf("s%u", i);
		g_autofree char *owner = g_strdup_printf("o%u@x.test", i);
		g_assert_cmpstr(mailbox->name, ==, mailbox_cases[i].title);
		g_assert_cmpstr(mailbox->address, ==, mailbox_cases[i].address);
		g_assert_cmpint(mailbox->match, ==, mailbox_cases[i].match);
		g_assert_cmpstr(mailbox->tag, ==, tag);
		g_assert_cmpstr(mailbox->source, ==, source);
		g_assert_cmpstr(mailbox->owner, ==, owner);
		g_assert_cmpuint(mailbox->scorecards->len, ==, 1);
		g_assert_cmpstr(mailbox->scorecards->pdata[0], ==, "default");
	}
	const struct config_mailbox *bare = g_ptr_array_index(config->mailboxes, 4);
	g_assert_null(bare->tag);
	g_assert_null(bare->source);
	g_assert_null(bare->owner);
	g_assert_cmpuint(bare->scorecards->len, ==, 0);
	g_string_free(text, TRUE);
}

/* --- who sells --- */

static void
test_owners(void)
{
	g_autoptr(config_owned) config = load(
		"owner \"maria@x.test\" {\n\tname = \"Maria\"\n\tteam = \"emea\"\n\tcapacity = 30\n"
		"\tweight = 2\n\tlanguages = {\"en\", \"ro\"}\n\tcountries = {\"RO\"}\n"
		"\tproducts = {\"pumps\"}\n\tabsent_from = \"@5\"\n\tabsent_until = \"@6\"\n"
		"\tsubstitute = \"olga@x.test\"\n}\nowner \"olga@x.test\" {}\n"
		"assign \"emea\" {\n\twhen = \"sender.freemail\"\n\tstrategy = \"least_loaded\"\n"
		"\towners = {\"team:emea\", \"olga@x.test\"}\n\tresponse_within = \"30m\"\n}\n"
		"assign \"rest\" {}\n"
		"mailbox \"a@x.test\" {\n\tresponse_within = \"90m\"\n}\n"
		"working_hours = \"Mon 09:00-10:00\"\ntime_zone = \"UTC\"\nholidays = "
		"{\"12-25\"}\n");
	const struct config_owner *maria = g_ptr_array_index(config->owners, 0);
	const struct config_owner *olga = g_ptr_array_index(config->owners, 1);
	const struct config_assign *emea = g_ptr_array_index(config->assigns, 0);
	const struct config_assign *rest = g_ptr_array_index(config->assigns, 1);
	const struct config_mailbox *mailbox = g_ptr_array_index(config->mailboxes, 0);
	g_assert_cmpstr(maria->address, ==, "maria@x.test");
	g_assert_cmpstr(maria->name, ==, "Maria");
	g_assert_cmpstr(maria->team, ==, "emea");
	g_assert_cmpuint(maria->capacity, ==, 30);
	g_assert_cmpuint(maria->weight, ==, 2);
	assert_list(maria->languages, "en ro");
	assert_list(maria->countries, "RO");
	assert_list(maria->products, "pumps");
	g_assert_cmpint(maria->absent_from, ==, 5 * CLOCK_SECOND);
	g_assert_cmpint(maria->absent_until, ==, 6 * CLOCK_SECOND);
	g_assert_cmpstr(maria->substitute, ==, "olga@x.test");
	g_assert_cmpuint(olga->weight, ==, 1);
	g_assert_cmpuint(olga->capacity, ==, 0);
	g_assert_null(olga->team);
	g_assert_cmpint(olga->absent_from, ==, 0);
	g_assert_cmpstr(emea->name, ==, "emea");
	g_assert_cmpstr(emea->when, ==, "sender.freemail");
	g_assert_cmpstr(emea->strategy, ==, "least_loaded");
	assert_list(emea->owners, "team:emea olga@x.test");
	g_assert_cmpint(emea->response_within, ==, (gint64)1800 * CLOCK_SECOND);
	g_assert_null(rest->when);
	g_assert_cmpstr(rest->strategy, ==, "round_robin");
	g_assert_cmpint(rest->response_within, ==, 0);
	g_assert_cmpint(mailbox->response_within, ==, (gint64)5400 * CLOCK_SECOND);
	g_assert_cmpint(config->response_within, ==, (gint64)7200 * CLOCK_SECOND);
	g_assert_cmpstr(config->working_hours, ==, "Mon 09:00-10:00");
	g_assert_cmpstr(config->time_zone, ==, "UTC");
	assert_list(config->holidays, "12-25");
}

/* --- endpoints and their secrets --- */

static void
test_endpoint(void)
{
	g_autoptr(config_owned) config = load(
		"endpoint \"crm\" {\n\turl = \"https://crm.test/x\"\n\tsecrets = {\"a\", \"b\"}\n"
		"\tevents = {\"lead.*\"}\n\theaders = {\"X-A: b\"}\n\tca_file = \"ca.pem\"\n"
		"\tconcurrency = 256\n\ttimeout_seconds = 300\n\tinclude_text = true\n}\n"
		"endpoint \"log\" {\n\turl = \"http://[::1]:8080/\"\n\tsecrets = {\"c\"}\n}\n");
	g_assert_cmpuint(config->endpoints->len, ==, 2);
	const struct config_endpoint *crm = g_ptr_array_index(config->endpoints, 0);
	g_assert_cmpstr(crm->name, ==, "crm");
	g_assert_cmpstr(crm->url, ==, "https://crm.test/x");
	assert_list(crm->secrets, "a b");
	assert_list(crm->events, "lead.*");
	assert_list(crm->headers, "X-A: b");
	assert_path(crm->ca_file, "DIR/ca.pem");
	g_assert_cmpuint(crm->concurrency, ==, 256);
	g_assert_cmpuint(crm->timeout_seconds, ==, 300);
	g_assert_true(crm->include_text);
	const struct config_endpoint *log = g_ptr_array_index(config->endpoints, 1);
	g_assert_cmpstr(log->name, ==, "log");
	g_assert_cmpuint(log->events->len, ==, 0);
	g_assert_cmpuint(log->headers->len, ==, 0);
	g_assert_null(log->ca_file);
	g_assert_cmpuint(log->concurrency, ==, 8);
	g_assert_cmpuint(log->timeout_seconds, ==, 15);
	g_assert_false(log->include_text);
}

static void
test_secrets(void)
{
	g_autofree char *credentials = place("credentials");
	put("keys/crm", "  from-a-file \n");
	put("credentials/crm", "from-systemd\n");
	g_setenv("CREDENTIALS_DIRECTORY", credentials, TRUE);
	g_setenv("LEADMILTER_TEST_SECRET", "from-the-environment", TRUE);
	g_autofree char *absolute = in_scratch("file:DIR/keys/crm");
	g_autofree char *text = g_strdup_printf(
		"endpoint \"x\" {\n\turl = \"http://x.test/\"\n\tsecrets = {\"plain\", "
		"\"file:keys/crm\", \"%s\", \"credential:crm\", "
		"\"env:LEADMILTER_TEST_SECRET\"}\n}\n",
		absolute);
	g_autoptr(config_owned) config = load(text);
	const struct config_endpoint *endpoint = g_ptr_array_index(config->endpoints, 0);
	assert_list(endpoint->secrets,
		    "plain from-a-file from-a-file from-systemd from-the-environment");
	put("main.conf", "endpoint \"x\" {\n\turl = \"http://x.test/\"\n"
			 "\tsecrets = {\"credential:none\"}\n}\n");
	g_autoptr(GError) error = NULL;
	g_assert_false(read_main(&error));
	g_autofree char *begin = g_strconcat(main_file, ":3: secret \"credential:none\": ", NULL);
	g_assert_true(g_str_has_prefix(error->message, begin));
	g_clear_error(&error);
	put("main.conf", "endpoint \"x\" {\n\turl = \"http://x.test/\"\n"
			 "\tsecrets = {\"plain\",\n\t\t\"file:keys/none\"}\n}\n");
	g_assert_false(read_main(&error));
	g_autofree char *file = g_strconcat(main_file, ":4: secret \"file:keys/none\": ", NULL);
	g_assert_true(g_str_has_prefix(error->message, file));
	g_unsetenv("CREDENTIALS_DIRECTORY");
	g_unsetenv("LEADMILTER_TEST_SECRET");
}

/* A secret no receiver could verify is a matter of the program above, which names the place, too.
 */
static const struct {
	const char *secret, *want; /* NULL: good */
} secret_cases[] = {
	{ SECRET, NULL },
	{ "a plain text of enough bytes", NULL },
	{ "short", ":4: endpoint \"x\": " },
	{ "whsec_!!!", ":4: endpoint \"x\": " },
	{ "whsec_c2hvcnQ=", ":4: endpoint \"x\": " },
};

static void
test_secret_form(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(secret_cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *text = g_strdup_printf(
			"endpoint \"x\" {\n\turl = \"http://x.test/\"\n\n\tsecrets = {\"%s\"}\n}\n",
			secret_cases[i].secret);
		put("main.conf", text);
		g_autoptr(generation_owned) generation = generation_load(main_file, &error);
		if (!secret_cases[i].want) {
			g_assert_no_error(error);
			g_assert_nonnull(generation);
			continue;
		}
		g_autofree char *want = g_strconcat(main_file, secret_cases[i].want, NULL);
		g_assert_null(generation);
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_true(g_str_has_prefix(error->message, want));
		g_assert_null(strstr(error->message, secret_cases[i].secret));
	}
}

static void
test_form(void)
{
	g_autoptr(config_owned) config = load(
		"form \"contact\" {\n\tsenders = {\"www@a.test\"}\n\tclients = {\"10.0.0.1\"}\n"
		"\tlogins = {\"www\"}\n\tfields = {\"Your name=name\", \"E-Mail=email\"}\n"
		"\tsource = \"website\"\n}\nform \"other\" {\n}\n");
	g_assert_cmpuint(config->forms->len, ==, 2);
	const struct config_form *form = g_ptr_array_index(config->forms, 0);
	g_assert_cmpstr(form->name, ==, "contact");
	assert_list(form->senders, "www@a.test");
	assert_networks(form->clients, "10.0.0.1");
	assert_list(form->logins, "www");
	assert_list(form->fields, "Your name=name E-Mail=email");
	g_assert_cmpstr(form->source, ==, "website");
	const struct config_form *other = g_ptr_array_index(config->forms, 1);
	g_assert_cmpuint(other->fields->len, ==, 0);
	g_assert_null(other->source);
}

/* --- scorecards --- */

static const struct complaint card_complaints[] = {
	{ "", ":0: expected name = \"…\" of the scorecard" },
	{ "name = \"\"\n", ":1: expected name = \"…\" of the scorecard" },
	{ "name = \"c\"\nmax_sessions = 5\n", ":2: no such option 'max_sessions'" },
	{ "name = \"c\"\nhalf_life = 0\n", ":2: half_life = 0: expected 0.01 to 36500" },
	{ "name = \"c\"\nhalf_life = nan\n", ":2: half_life = nan: expected 0.01 to 36500" },
	{ "name = \"c\"\nmql = inf\n", ":2: mql = inf: expected -10000 to 10000" },
	{ "name = \"c\"\nmql = 1e9\n", ":2: mql = 1000000000: expected -10000 to 10000" },
	{ "name = \"c\"\ngrade_a = A\n", ":2: invalid floating point value for option 'grade_a'" },
	{ "name = \"c\"\nrule \"r\" {\n}\n",
	  ":3: rule \"r\" has no condition: expected when = \"…\"" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\n\tgroup = \"g\"\n}\n",
	  ":5: rule \"r\": no group \"g\" in this file" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tdimension = \"size\"\n}\n",
	  ":4: dimension = \"size\": expected one of fit|engagement|quality" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tkind = \"x\"\n}\n",
	  ":4: kind = \"x\": expected one of explicit|implicit" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tcount = \"week\"\n}\n",
	  ":4: count = \"week\": expected one of message|day|person" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\thalf_life = -2\n}\n",
	  ":4: half_life = -2: expected -1 to 36500" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tpoints = 10001\n}\n",
	  ":4: points = 10001: expected -10000 to 10000" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tpoints = nan\n}\n",
	  ":4: points = nan: expected -10000 to 10000" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n\tfrom = \"tomorrow\"\n}\n",
	  ":4: from: 'tomorrow' is not a time; write 2026-11-21T10:00:00Z, 2026-11-21 or "
	  "@SECONDS" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n}\nrule \"r\" {\n\twhen = \"y\"\n}\n",
	  ":5: found duplicate title 'r'" },
	{ "name = \"c\"\ngroup \"g\" {\n\tcap = 1\n\tfloor = 2\n}\n",
	  ":5: group \"g\": cap below floor" },
	{ "name = \"c\"\ngroup \"g\" {\n\tcap = \"x\"\n}\n",
	  ":3: invalid floating point value for option 'cap'" },
	{ "name = \"c\"\ntouch \"t\" {\n\tdimension = \"x\"\n}\n",
	  ":3: dimension = \"x\": expected one of fit|engagement|quality" },
	{ "name = \"c\"\ntouch \"t\" {\n\twhen = \"x\"\n}\n", ":3: no such option 'when'" },
	{ "name = \"c\"\nrule \"r\" {\n\twhen = \"x\"\n", ":2: this { is never closed" },
};

static gboolean
read_card(GError **error)
{
	g_autofree char *path = place("card.conf");
	struct config_scorecard *card = config_scorecard_load(path, error);
	config_scorecard_free(card);
	return card != NULL;
}

static void
test_card_complaints(void)
{
	check_complaints(card_complaints, G_N_ELEMENTS(card_complaints), "card.conf", read_card);
}

static void
check_rules(const struct config_scorecard *card)
{
	const struct config_rule *one = g_ptr_array_index(card->rules, 0);
	g_assert_cmpstr(one->name, ==, "one");
	g_assert_cmpstr(one->when, ==, "sender.freemail");
	g_assert_cmpfloat(one->points, ==, -2.5);
	g_assert_cmpstr(one->value, ==, "text.words");
	g_assert_cmpfloat(one->importance, ==, 3);
	g_assert_cmpstr(one->dimension, ==, "quality");
	g_assert_cmpstr(one->kind, ==, "explicit");
	g_assert_cmpstr(one->group, ==, "g");
	g_assert_cmpstr(one->reason, ==, "because");
	g_assert_cmpstr(one->count, ==, "person");
	g_assert_cmpfloat(one->half_life_days, ==, 0);
	g_assert_cmpint(one->from, ==, G_GINT64_CONSTANT(1795219200) * CLOCK_SECOND);
	g_assert_cmpint(one->until, ==, CLOCK_SECOND);
	g_assert_cmpstr(one->file, ==, card->file);
	g_assert_cmpint(one->line, ==, 4);
	const struct config_rule *two = g_ptr_array_index(card->rules, 1);
	g_assert_cmpstr(two->reason, ==, "two");
	g_assert_cmpfloat(two->points, ==, 0);
	g_assert_null(two->value);
	g_assert_null(two->group);
	g_assert_cmpstr(two->dimension, ==, "engagement");
	g_assert_cmpstr(two->kind, ==, "implicit");
	g_assert_cmpstr(two->count, ==, "message");
	g_assert_cmpfloat(two->half_life_days, ==, -1);
	g_assert_cmpint(two->from, ==, 0);
	g_assert_cmpint(two->until, ==, 0);
}

static void
test_card(void)
{
	put("card.conf",
	    "name = \"c\"\n\nrule \"one\" {\n\twhen = \"sender.freemail\"\n\tpoints = -2.5\n"
	    "\tvalue = \"text.words\"\n\timportance = 3\n\tdimension = \"quality\"\n"
	    "\tkind = \"explicit\"\n\tgroup = \"g\"\n\treason = \"because\"\n\tcount = \"person\"\n"
	    "\thalf_life = 0\n\tfrom = \"2026-11-21\"\n\tuntil = \"@1\"\n}\n"
	    "rule \"two\" {\n\twhen = \"x\"\n}\n"
	    "group \"g\" {\n\tcap = 30\n}\ngroup \"h\" {\n\tfloor = -5.5\n}\n"
	    "touch \"pricing_page\" {\n\tpoints = 10\n\timportance = 1\n\thalf_life = 7\n"
	    "\treason = \"saw the prices\"\n}\n"
	    "half_life = 14\nmql = 70\ngrade_a = 1\ngrade_b = -1\ngrade_c = -2\nhot = 3\nwarm = "
	    "2\n");
	g_autofree char *path = place("card.conf");
	g_autoptr(GError) error = NULL;
	struct config_scorecard *card = config_scorecard_load(path, &error);
	g_assert_no_error(error);
	g_assert_cmpstr(card->name, ==, "c");
	g_assert_cmpstr(card->file, ==, path);
	g_assert_cmpfloat(card->half_life_days, ==, 14);
	g_assert_cmpfloat(card->mql, ==, 70);
	g_assert_cmpfloat(card->grade_a, ==, 1);
	g_assert_cmpfloat(card->grade_b, ==, -1);
	g_assert_cmpfloat(card->grade_c, ==, -2);
	g_assert_cmpfloat(card->hot, ==, 3);
	g_assert_cmpfloat(card->warm, ==, 2);
	g_assert_cmpuint(card->rules->len, ==, 2);
	check_rules(card);
	const struct config_group *g = g_ptr_array_index(card->groups, 0);
	const struct config_group *h = g_ptr_array_index(card->groups, 1);
	g_assert_cmpfloat(g->cap, ==, 30);
	g_assert_true(isnan(g->floor));
	g_assert_true(isnan(h->cap));
	g_assert_cmpfloat(h->floor, ==, -5.5);
	const struct config_touch *touch = g_ptr_array_index(card->touches, 0);
	g_assert_cmpstr(touch->name, ==, "pricing_page");
	g_assert_cmpfloat(touch->points, ==, 10);
	g_assert_cmpfloat(touch->importance, ==, 1);
	g_assert_cmpfloat(touch->half_life_days, ==, 7);
	g_assert_cmpstr(touch->dimension, ==, "engagement");
	g_assert_cmpstr(touch->reason, ==, "saw the prices");
	config_scorecard_free(card);
}

static void
test_card_fallbacks(void)
{
	put("card.conf", "name = \"c\"\n");
	g_autofree char *path = place("card.conf");
	struct config_scorecard *card = config_scorecard_load(path, NULL);
	g_assert_cmpfloat(card->half_life_days, ==, 30);
	g_assert_cmpfloat(card->mql, ==, 65);
	g_assert_cmpfloat(card->grade_a, ==, 22);
	g_assert_cmpfloat(card->hot, ==, 30);
	g_assert_cmpuint(card->rules->len + card->groups->len + card->touches->len, ==, 0);
	config_scorecard_free(card);
}

/* Lists beside the file come before the installed ones. */
static void
test_beside(void)
{
	put("site/lists/phrases/b.phrases", "");
	put("site/lists/phrases/a.phrases", "");
	put("site/lists/phrases/README", "");
	put("site/scorecards/default.conf", "name = \"mine\"\n");
	put("site/leadmilter.conf", "");
	g_autofree char *path = place("site/leadmilter.conf");
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = config_load(path, &error);
	g_assert_no_error(error);
	assert_path(config->list_directory, "DIR/site/lists");
	assert_path(config->role_list, "DIR/site/lists/role.txt");
	assert_list(config->phrase_files,
		    "DIR/site/lists/phrases/a.phrases DIR/site/lists/phrases/b.phrases");
	const struct config_scorecard *card = g_ptr_array_index(config->scorecards, 0);
	g_assert_cmpstr(card->name, ==, "mine");
	/* and a path that is relative to where the program was started is as good */
	g_autofree char *here = g_get_current_dir();
	g_assert_cmpint(g_chdir(scratch), ==, 0);
	g_autoptr(config_owned) again = config_load("site/leadmilter.conf", &error);
	g_assert_no_error(error);
	assert_path(again->role_list, "DIR/site/lists/role.txt");
	g_assert_cmpint(g_chdir(here), ==, 0);
}

/* What isn't beside the file may be meant of the shipped ones, whole sets and single files. */
static void
test_shipped(void)
{
	put("own/scorecards/ours.conf", "name = \"ours\"\ninclude = {\"default.conf\"}\n");
	put("own/scorecards/shop.conf", "name = \"my shop\"\n");
	put("own/lists/role.txt", "");
	put("own/leadmilter.conf",
	    "scorecards = {\"scorecards/ours.conf\", \"scorecards/shop.conf\","
	    " \"scorecards/agency.conf\"}\nrole_list = \"lists/role.txt\"\n"
	    "isp_list = \"lists/isp.txt\"\n");
	g_autofree char *path = place("own/leadmilter.conf");
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = config_load(path, &error);
	g_assert_no_error(error);
	const char *names[] = { "ours", "my shop", "agency" };
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		const struct config_scorecard *card = g_ptr_array_index(config->scorecards, i);
		g_assert_cmpstr(card->name, ==, names[i]);
		g_assert_cmpint(card->rules->len > 0, ==, i != 1);
	}
	assert_path(config->role_list, "DIR/own/lists/role.txt");
	assert_path(config->adapter_directory, "DIR/own/adapters");
	g_assert_cmpstr(config->isp_list, ==, TEST_CONF "/lists/isp.txt");
	g_assert_cmpstr(config->list_directory, ==, TEST_CONF "/lists");
	put("own/leadmilter.conf", "scorecards = {\"scorecards/gone.conf\"}\n");
	g_autoptr(config_owned) gone = config_load(path, &error);
	g_assert_null(gone);
	g_assert_nonnull(strstr(error->message, "own/scorecards/gone.conf"));
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
	g_setenv("LEADMILTER_CONF_DIR", TEST_CONF, TRUE);
	g_unsetenv("CREDENTIALS_DIRECTORY");
	scratch = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	main_file = place("main.conf");
	g_test_add_func("/config/complaints", test_complaints);
	g_test_add_func("/config/card-files", test_card_files);
	g_test_add_func("/config/unreadable", test_unreadable);
	g_test_add_func("/config/top", test_top);
	g_test_add_func("/config/fallbacks", test_fallbacks);
	g_test_add_func("/config/option-table", test_option_table);
	g_test_add_func("/config/mailboxes", test_mailboxes);
	g_test_add_func("/config/owners", test_owners);
	g_test_add_func("/config/endpoint", test_endpoint);
	g_test_add_func("/config/secrets", test_secrets);
	g_test_add_func("/config/secret-form", test_secret_form);
	g_test_add_func("/config/form", test_form);
	g_test_add_func("/config/card-complaints", test_card_complaints);
	g_test_add_func("/config/card", test_card);
	g_test_add_func("/config/card-fallbacks", test_card_fallbacks);
	g_test_add_func("/config/beside", test_beside);
	g_test_add_func("/config/shipped", test_shipped);
	int code = g_test_run();
	remove_tree(scratch);
	g_free(main_file);
	g_free(scratch);
	return code;
}
