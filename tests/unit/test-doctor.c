/* test-doctor.c - every finding of leadctl doctor: a site where all is well, spoiled in one way at
 * a time; and how the MTA's configuration is read. */
#include "base/clock.h"
#include "base/error.h"
#include "doctor_look.h"

#include <string.h>

#define NOW (1795300000 * (gint64)G_USEC_PER_SEC)
#define QUEUE "/var/spool/postfix"

/* --- a site where all is well --- */

static struct doctor_path *
path_new(const char *names, const char *modes, const char *owners)
{
	struct doctor_path *path = doctor_path_new();
	g_auto(GStrv) name = g_strsplit(names, " ", -1);
	g_auto(GStrv) mode = g_strsplit(modes, " ", -1);
	g_auto(GStrv) owner = g_strsplit(owners, " ", -1);
	for (guint i = 0; name[i]; i++) {
		struct doctor_node *node = g_new0(struct doctor_node, 1);
		g_auto(GStrv) ids = g_strsplit(owner[i], ":", 2);
		node->path = g_strdup(name[i]);
		node->mode = (guint)g_ascii_strtoull(mode[i], NULL, 8);
		node->uid = (guint)atoi(ids[0]);
		node->gid = (guint)atoi(ids[1]);
		node->is_directory = name[i + 1] != NULL;
		node->is_socket = g_str_has_suffix(name[i], ".sock");
		g_ptr_array_add(path->nodes, node);
		g_free(path->real);
		path->real = g_strdup(name[i]);
	}
	return path;
}

static struct doctor_node *
last(struct doctor_path *path)
{
	return g_ptr_array_index(path->nodes, path->nodes->len - 1);
}

static void
set(GHashTable *table, const char *name, const char *value)
{
	g_hash_table_replace(table, g_strdup(name), g_strdup(value));
}

static void
set_user(struct doctor_user *user, const char *name, guint uid, guint group, guint other)
{
	user->name = g_strdup(name);
	user->uid = uid;
	g_array_append_val(user->groups, group);
	g_array_append_val(user->groups, other);
}

static struct config *
healthy_config(void)
{
	struct config *config = config_default();
	g_free(config->socket);
	config->socket = g_strdup("unix:" QUEUE "/leadmilter/milter.sock");
	g_ptr_array_add(config->own_domains, g_strdup("example.test"));
	return config;
}

static struct doctor_facts *
healthy(void)
{
	struct doctor_facts *facts = doctor_facts_new();
	facts->now = NOW;
	facts->newest = NOW - CLOCK_SECOND;
	facts->clock_known = facts->clock_synchronised = facts->as_root = TRUE;
	facts->config = healthy_config();
	/* the daemon is user 100, group 200, Postfix 101, group 201 */
	set_user(&facts->user, "leadmilter", 100, 200, 201);
	set_user(&facts->postfix.owner, "postfix", 101, 201, 201);
	facts->config_file =
		path_new("/ /etc /etc/leadmilter.conf", "755 755 640", "0:0 0:0 0:200");
	struct doctor_secret *secret = g_new0(struct doctor_secret, 1);
	secret->path = g_strdup("/etc/crm.secret");
	secret->node = path_new("/ /etc /etc/crm.secret", "755 755 640", "0:0 0:0 0:200");
	g_ptr_array_add(facts->secrets, secret);
	facts->daemon.asked = facts->daemon.runs = TRUE;
	facts->daemon.version = g_strdup(LEADMILTER_VERSION);
	facts->daemon.pid = 77;
	facts->daemon.open_files = 8192;
	facts->socket.path =
		path_new("/ /var " QUEUE " " QUEUE "/leadmilter " QUEUE "/leadmilter/milter.sock",
			 "755 755 755 750 660", "0:0 0:0 0:0 100:201 100:201");
	facts->socket.tried = facts->socket.answers = TRUE;
	facts->postfix.found = facts->postfix.runs = TRUE;
	doctor_postfix_read(&facts->postfix,
			    "queue_directory = " QUEUE "\nmail_owner = postfix\n"
			    "smtpd_milters = inet:localhost:8891, { unix:leadmilter/milter.sock, "
			    "default_action = accept, content_timeout=10s }\n"
			    "non_smtpd_milters = unix:/leadmilter/milter.sock\n"
			    "milter_default_action = accept\nmilter_protocol = 6\n"
			    "milter_connect_timeout = 30s\nmilter_command_timeout = 30s\n"
			    "milter_content_timeout = 15s\nmilter_mail_macros = i {auth_authen}\n",
			    "smtp       inet  n - y - - smtpd\n"
			    "submission inet  n - n - - smtpd -o syslog_name=postfix/submission\n"
			    "cleanup    unix  n - y - 0 cleanup\nqmgr unix n - n 300 1 qmgr\n",
			    "submission/inet/syslog_name = postfix/submission\n");
	facts->store = path_new("/ /lib /lib/leads.db", "755 700 600", "0:0 100:200 100:200");
	facts->password = path_new("/ /etc /etc/pgpass", "755 755 600", "0:0 0:0 100:200");
	facts->spool = path_new("/ /lib /lib/spool", "755 700 700", "0:0 100:200 100:200");
	for (guint i = 0; i < G_N_ELEMENTS(facts->disks); i++)
		facts->disks[i] =
			(struct doctor_disk){ i ? "spool" : "store", TRUE, 1000, 500, 100, 50 };
	facts->spool_known = TRUE;
	struct doctor_endpoint *endpoint = g_new0(struct doctor_endpoint, 1);
	endpoint->name = g_strdup("crm");
	endpoint->waiting = 3;
	endpoint->oldest = NOW - 60 * (gint64)CLOCK_SECOND;
	endpoint->probed = TRUE;
	g_ptr_array_add(facts->endpoints, endpoint);
	struct doctor_list *list = g_new0(struct doctor_list, 1);
	list->name = "freemail";
	list->path = g_strdup("/etc/freemail.txt");
	list->modified = NOW - 30 * CLOCK_DAY;
	list->lines = 4000;
	g_ptr_array_add(facts->lists, list);
	struct doctor_certificate *certificate = g_new0(struct doctor_certificate, 1);
	certificate->path = g_strdup("/etc/client.pem");
	certificate->expires = NOW + 90 * CLOCK_DAY;
	g_ptr_array_add(facts->certificates, certificate);
	return facts;
}

/* --- spoiling it --- */

#define SPOIL(name, code) \
	static void name(struct doctor_facts *facts) \
	{ \
		code; \
	}
#define ENDPOINT ((struct doctor_endpoint *)facts->endpoints->pdata[0])
#define LIST ((struct doctor_list *)facts->lists->pdata[0])
#define CERTIFICATE ((struct doctor_certificate *)facts->certificates->pdata[0])
#define SECRET ((struct doctor_secret *)facts->secrets->pdata[0])
#define POSTFIX(name, value) set(facts->postfix.parameters, name, value)
#define SERVICE(i) ((struct doctor_service *)facts->postfix.services->pdata[i])

static void
miss(struct doctor_path *path)
{
	path->missing = g_strdup(path->real);
}

static void
drop_postfix(struct doctor_facts *facts)
{
	facts->postfix.found = FALSE;
	facts->sendmail.path = g_strdup("/etc/mail/sendmail.cf");
	facts->sendmail.text = g_strdup("O InputMailFilters=other\nXother, S=inet:1@localhost\n");
}

static void
another_daemon(struct doctor_facts *facts)
{
	guint pid = 78;
	g_array_append_val(facts->daemon.others, pid);
}

static void
add_endpoints(struct doctor_facts *facts)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *directory = g_dir_make_tmp("leadmilter-doctor-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "a.conf", NULL);
	g_file_set_contents(path,
			    "mailbox \"a@b.test\" {\n}\nown_domains = {\"b.test\"}\n"
			    "socket = \"unix:" QUEUE "/leadmilter/milter.sock\"\n"
			    "list_directory = \"" TEST_CONF "/lists\"\n"
			    "endpoint \"e\" {\nurl = \"https://e.test/\"\n"
			    "secrets = {\"whsec_bGVhZG1pbHRlciBkZW1vIHNlY3JldCBrZXkgMDE=\"}\n}\n",
			    -1, NULL);
	config_unref(facts->config);
	facts->config = config_load(path, &error);
	g_assert_no_error(error);
	unlink(path);
	rmdir(directory);
}

static void
readable_config(struct doctor_facts *facts)
{
	add_endpoints(facts);
	last(facts->config_file)->mode = 0644;
}

static void
wrong_store(struct doctor_facts *facts, int code)
{
	facts->store_code = code;
	facts->store_error = g_strdup("/lib/leads.db: something");
}

SPOIL(not_root, facts->as_root = FALSE)
SPOIL(config_wrong, facts->config_error = g_strdup("a.conf:3: unknown option"))
SPOIL(config_writable, last(facts->config_file)->mode = 0660)
SPOIL(config_unreadable, last(facts->config_file)->gid = 0)
SPOIL(scorecard_unreadable,
      g_ptr_array_add(facts->scorecards,
		      path_new("/ /etc /etc/ours.conf", "755 755 600", "0:0 0:0 0:0")))
SPOIL(secret_readable, last(SECRET->node)->mode = 0644)
SPOIL(secret_writable, last(SECRET->node)->mode = 0660)
SPOIL(secret_unreadable, last(SECRET->node)->gid = 9)
SPOIL(no_mailbox, g_ptr_array_set_size(facts->config->mailboxes, 0))
SPOIL(no_own_domains, g_ptr_array_set_size(facts->config->own_domains, 0))
SPOIL(daemon_down, facts->daemon.runs = FALSE)
SPOIL(daemon_silent, facts->daemon.runs = FALSE; facts->daemon.error = g_strdup("no answer"))
SPOIL(daemon_version, facts->daemon.version[0] = '9')
SPOIL(daemon_files, facts->daemon.open_files = 1024)
SPOIL(restart_needed, g_ptr_array_add(facts->daemon.restart_needed, g_strdup("socket")))
SPOIL(reload_failed, facts->daemon.reload_failed = TRUE)
SPOIL(socket_missing, miss(facts->socket.path))
SPOIL(socket_wrong, last(facts->socket.path)->is_socket = FALSE)
SPOIL(socket_silent, facts->socket.answers = FALSE)
SPOIL(socket_mode, last(facts->socket.path)->mode = 0600)
SPOIL(socket_directory, ((struct doctor_node *)facts->socket.path->nodes->pdata[3])->mode = 0700)
SPOIL(socket_above, ((struct doctor_node *)facts->socket.path->nodes->pdata[1])->mode = 0700)
SPOIL(mta_none, facts->postfix.found = FALSE)
SPOIL(postfix_wrong, facts->postfix.error = g_strdup("bad main.cf"))
SPOIL(postfix_down, facts->postfix.runs = FALSE)
SPOIL(postfix_unseen, facts->postfix.runs = facts->as_root = FALSE)
SPOIL(milter_missing, POSTFIX("smtpd_milters", "inet:localhost:8891"))
SPOIL(milter_chroot, POSTFIX("smtpd_milters", "unix:" QUEUE "/leadmilter/milter.sock");
      set(SERVICE(1)->own, "smtpd_milters", "unix:leadmilter/milter.sock"))
SPOIL(milter_overridden, set(SERVICE(1)->own, "smtpd_milters", ""))
SPOIL(milter_local, POSTFIX("non_smtpd_milters", ""))
SPOIL(milter_action, POSTFIX("milter_default_action", "tempfail"))
SPOIL(milter_action_own,
      POSTFIX("smtpd_milters", "{ unix:leadmilter/milter.sock, default_action=reject }"))
SPOIL(milter_protocol, POSTFIX("milter_protocol", "2"))
SPOIL(milter_short, POSTFIX("milter_content_timeout", "1s"))
SPOIL(milter_short_command, POSTFIX("milter_command_timeout", "0"))
SPOIL(milter_long, POSTFIX("milter_content_timeout", "5m"))
SPOIL(milter_macros, POSTFIX("milter_mail_macros", "i {mail_addr}"))
SPOIL(sendmail_missing, drop_postfix(facts))
SPOIL(sendmail_action, drop_postfix(facts); g_free(facts->sendmail.text);
      facts->sendmail.text = g_strdup("O InputMailFilters=a, lead\nXlead, S=local:" QUEUE
				      "/leadmilter/milter.sock, F=T, T=C:2s\n"))
SPOIL(store_missing, miss(facts->store))
SPOIL(store_schema, wrong_store(facts, ERROR_STORE_SCHEMA))
SPOIL(store_corrupt, wrong_store(facts, ERROR_STORE_CORRUPT))
SPOIL(store_unreadable, wrong_store(facts, ERROR_STORE))
SPOIL(store_open, last(facts->store)->mode = 0644)
SPOIL(store_unwritable, last(facts->store)->uid = 0)
SPOIL(store_directory, ((struct doctor_node *)facts->store->nodes->pdata[1])->mode = 0500)
SPOIL(store_log, facts->store_log_bytes = (gint64)1 << 30)
SPOIL(store_away, facts->daemon.store_away = g_strdup("no password supplied"))
SPOIL(password_missing, miss(facts->password))
SPOIL(password_of_root, last(facts->password)->uid = 0)
SPOIL(password_for_group, last(facts->password)->mode = 0640)
SPOIL(spool_missing, miss(facts->spool))
SPOIL(spool_unwritable, last(facts->spool)->uid = 0)
SPOIL(spool_open, last(facts->spool)->mode = 0755)
SPOIL(spool_waiting, facts->spool_files = 2; facts->spool_oldest = NOW - CLOCK_SECOND)
SPOIL(spool_old, facts->spool_files = 2; facts->spool_oldest = NOW - CLOCK_DAY)
SPOIL(spool_full, facts->spool_bytes = 1000000000)
SPOIL(spool_bad, facts->spool_bad = 1)
SPOIL(disk_full, facts->disks[0].free = 40)
SPOIL(disk_low, facts->disks[1].free = 100)
SPOIL(inodes_low, facts->disks[1].free_files = 2)
SPOIL(clock_behind, facts->newest = NOW + CLOCK_DAY)
SPOIL(clock_store, facts->store_ahead = -45 * (gint64)CLOCK_SECOND)
SPOIL(clock_unsynchronised, facts->clock_synchronised = FALSE)
SPOIL(endpoint_parked, ENDPOINT->parked = TRUE)
SPOIL(endpoint_old, ENDPOINT->oldest = NOW - CLOCK_DAY)
SPOIL(endpoint_dead, ENDPOINT->dead = 5)
SPOIL(endpoint_unreachable, ENDPOINT->unreachable = g_strdup("connection refused"))
SPOIL(list_missing, LIST->modified = 0)
SPOIL(list_empty, LIST->lines = 0)
SPOIL(list_old, LIST->modified = NOW - 200 * CLOCK_DAY)
SPOIL(certificate_expired, CERTIFICATE->expires = NOW - CLOCK_DAY)
SPOIL(certificate_expires, CERTIFICATE->expires = NOW + CLOCK_DAY)
SPOIL(certificate_wrong, CERTIFICATE->error = g_strdup("/etc/client.pem: no certificate in PEM"))

static const struct {
	void (*spoil)(struct doctor_facts *facts);
	const char *want; /* names of all findings */
} spoiled[] = {
	{ not_root, "not-root" },
	{ config_wrong, "config-wrong" },
	{ config_writable, "config-writable" },
	{ readable_config, "config-readable" },
	{ config_unreadable, "config-unreadable" },
	{ scorecard_unreadable, "config-unreadable" },
	{ secret_readable, "secret-readable" },
	{ secret_writable, "secret-writable" },
	{ secret_unreadable, "secret-unreadable" },
	{ no_mailbox, "no-mailbox" },
	{ no_own_domains, "no-own-domains" },
	{ daemon_down, "daemon-down" },
	{ daemon_silent, "daemon-silent" },
	{ another_daemon, "daemon-second" },
	{ daemon_version, "daemon-version" },
	{ daemon_files, "daemon-files" },
	{ restart_needed, "restart-needed" },
	{ reload_failed, "reload-failed" },
	{ socket_missing, "socket-missing" },
	{ socket_wrong, "socket-wrong" },
	{ socket_silent, "socket-silent" },
	{ socket_mode, "socket-unreachable socket-unreachable socket-unreachable" },
	{ socket_directory, "socket-unreachable socket-unreachable socket-unreachable" },
	{ socket_above, "socket-unreachable" }, /* the others are in the chroot */
	{ mta_none, "mta-none" },
	{ postfix_wrong, "postfix-wrong" },
	{ postfix_down, "postfix-down" },
	{ postfix_unseen, "not-root" },
	{ milter_missing, "milter-missing milter-missing" },
	{ milter_chroot, "milter-chroot" },
	{ milter_overridden, "milter-overridden" },
	{ milter_local, "milter-local" },
	{ milter_action, "milter-action" },
	{ milter_action_own, "milter-action milter-action" },
	{ milter_protocol, "milter-protocol milter-protocol milter-protocol" },
	{ milter_short, "milter-short" },
	{ milter_short_command, "milter-short milter-short milter-short" },
	{ milter_long, "milter-long" },
	{ milter_macros, "milter-macros milter-macros milter-macros" },
	{ sendmail_missing, "sendmail-missing" },
	{ sendmail_action, "sendmail-action" },
	{ store_missing, "store-missing" },
	{ store_schema, "store-schema" },
	{ store_corrupt, "store-corrupt" },
	{ store_unreadable, "store-unreadable" },
	{ store_open, "store-open" },
	{ store_unwritable, "store-unwritable" },
	{ store_directory, "store-unwritable" },
	{ store_log, "store-log" },
	{ store_away, "store-away" },
	{ password_missing, "store-password" },
	{ password_of_root, "store-password" },
	{ password_for_group, "store-password" },
	{ spool_missing, "spool-missing" },
	{ spool_unwritable, "spool-unwritable" },
	{ spool_open, "spool-open" },
	{ spool_waiting, "spool-waiting" },
	{ spool_old, "spool-old" },
	{ spool_full, "spool-full" },
	{ spool_bad, "spool-bad" },
	{ disk_full, "disk-full" },
	{ disk_low, "disk-low" },
	{ inodes_low, "inodes-low" },
	{ clock_behind, "clock-behind" },
	{ clock_store, "clock-store" },
	{ clock_unsynchronised, "clock-unsynchronised" },
	{ endpoint_parked, "endpoint-parked" },
	{ endpoint_old, "endpoint-old" },
	{ endpoint_dead, "endpoint-dead" },
	{ endpoint_unreachable, "endpoint-unreachable" },
	{ list_missing, "list-missing" },
	{ list_empty, "list-empty" },
	{ list_old, "list-old" },
	{ certificate_expired, "certificate-expired" },
	{ certificate_expires, "certificate-expires" },
	{ certificate_wrong, "certificate-wrong" },
};

static char *
names_of(const GPtrArray *findings)
{
	GString *names = g_string_new(NULL);
	for (guint i = 0; i < findings->len; i++) {
		const struct doctor_finding *finding = g_ptr_array_index(findings, i);
		g_string_append_printf(names, "%s%s", i ? " " : "", doctor_kind(finding->id)->name);
		g_assert_cmpuint(strlen(finding->what), >, 0);
	}
	return g_string_free(names, FALSE);
}

/* config_default() watches no mailbox. */
static struct doctor_facts *
site(void)
{
	struct doctor_facts *facts = healthy();
	struct config_mailbox *mailbox = g_new0(struct config_mailbox, 1);
	mailbox->name = g_strdup("sales@example.test");
	mailbox->address = g_strdup("sales@example.test");
	mailbox->scorecards = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(facts->config->mailboxes, mailbox);
	return facts;
}

static void
test_healthy(void)
{
	g_autoptr(doctor_facts_owned) facts = site();
	g_autoptr(GPtrArray) findings = doctor_judge(facts);
	g_autofree char *names = names_of(findings);
	g_assert_cmpstr(names, ==, "");
}

static void
test_spoiled(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(spoiled); i++) {
		g_autoptr(doctor_facts_owned) facts = site();
		spoiled[i].spoil(facts);
		g_autoptr(GPtrArray) findings = doctor_judge(facts);
		g_autofree char *names = names_of(findings);
		g_assert_cmpstr(names, ==, spoiled[i].want);
	}
}

/* The table above leaves out no kind, and kinds have names and advice of their own. */
static void
test_complete(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
	for (int id = 0; id < DOCTOR_COUNT; id++) {
		const struct doctor_kind *kind = doctor_kind(id);
		gboolean tested = FALSE;
		for (guint i = 0; i < G_N_ELEMENTS(spoiled) && !tested; i++) {
			g_auto(GStrv) words = g_strsplit(spoiled[i].want, " ", -1);
			tested = g_strv_contains((const char *const *)words, kind->name);
		}
		if (!tested)
			g_test_message("no test of %s", kind->name);
		g_assert_true(tested);
		g_assert_true(g_hash_table_add(seen, (gpointer)kind->name));
		g_assert_cmpuint(strlen(kind->advice), >, 8);
	}
}

static void
test_order(void)
{
	g_autoptr(doctor_facts_owned) facts = site();
	not_root(facts);
	disk_low(facts);
	spool_open(facts);
	list_empty(facts);
	g_autoptr(GPtrArray) findings = doctor_judge(facts);
	g_autofree char *names = names_of(findings);
	g_assert_cmpstr(names, ==, "spool-open list-empty not-root disk-low");
}

/* Nothing known, nothing found but that. */
static void
test_empty(void)
{
	g_autoptr(doctor_facts_owned) facts = doctor_facts_new();
	facts->config_error = g_strdup("gone");
	g_autoptr(GPtrArray) findings = doctor_judge(facts);
	g_autofree char *names = names_of(findings);
	g_assert_cmpstr(names, ==, "config-wrong not-root");
}

/* --- reading --- */

static void
test_milters(void)
{
	static const struct {
		const char *value, *want; /* endpoint[name=value;…] … */
	} cases[] = {
		{ "", "" },
		{ "  ,, ", "" },
		{ "unix:a", "unix:a" },
		{ "unix:a, inet:h:1\tunix:b", "unix:a inet:h:1 unix:b" },
		{ "{ unix:a }", "unix:a" },
		{ "{unix:a, default_action=accept}", "unix:a[default_action=accept]" },
		{ "{ unix:a, default_action = accept,\n content_timeout=10s } inet:h:2",
		  "unix:a[content_timeout=10s;default_action=accept] inet:h:2" },
		{ "unix:a{ unix:b }", "unix:a unix:b" },
		{ "{ unix:a", "unix:a" },
		{ "{ }", "" },
		{ "}", "}" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) milters = doctor_milters_read(cases[i].value);
		g_autoptr(GString) got = g_string_new(NULL);
		for (guint j = 0; j < milters->len; j++) {
			const struct doctor_milter *milter = g_ptr_array_index(milters, j);
			g_autoptr(GList) keys = g_list_sort(g_hash_table_get_keys(milter->own),
							    (GCompareFunc)strcmp);
			g_string_append_printf(got, "%s%s", j ? " " : "", milter->endpoint);
			for (GList *key = keys; key; key = key->next)
				g_string_append_printf(
					got, "%s%s=%s%s", key == keys ? "[" : ";",
					(char *)key->data,
					(char *)g_hash_table_lookup(milter->own, key->data),
					key->next ? "" : "]");
		}
		g_assert_cmpstr(got->str, ==, cases[i].want);
	}
}

static void
test_paths(void)
{
	static const struct {
		const char *endpoint;
		gboolean in_chroot;
		const char *want;
	} cases[] = {
		{ "unix:leadmilter/m.sock", TRUE, QUEUE "/leadmilter/m.sock" },
		{ "unix:leadmilter/m.sock", FALSE, QUEUE "/leadmilter/m.sock" },
		{ "unix:/leadmilter/m.sock", TRUE, QUEUE "/leadmilter/m.sock" },
		{ "unix:/leadmilter/m.sock", FALSE, "/leadmilter/m.sock" },
		{ "local:/run/m.sock", FALSE, "/run/m.sock" },
		{ "unix:/run/../m.sock", FALSE, "/m.sock" },
		{ "inet:localhost:1", FALSE, NULL },
		{ "nonsense", FALSE, NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *path =
			doctor_milter_path(cases[i].endpoint, QUEUE, cases[i].in_chroot);
		g_assert_cmpstr(path, ==, cases[i].want);
	}
}

static void
test_inet(void)
{
	static const struct {
		const char *endpoint, *socket;
		gboolean want;
	} cases[] = {
		{ "inet:127.0.0.1:8899", "inet:8899@127.0.0.1", TRUE },
		{ "inet:localhost:8899", "inet:8899@127.0.0.1", TRUE },
		{ "inet:localhost:8899", "inet:8899", TRUE },
		{ "inet:10.0.0.9:8899", "inet:8899@0.0.0.0", TRUE },
		{ "inet:[::1]:8899", "inet:8899@[::1]", TRUE },
		{ "inet:127.0.0.1:8898", "inet:8899@127.0.0.1", FALSE },
		{ "inet:10.0.0.9:8899", "inet:8899@127.0.0.1", FALSE },
		{ "unix:8899", "inet:8899@127.0.0.1", FALSE },
		{ "inet:", "inet:8899@127.0.0.1", FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpint(doctor_milter_is_inet(cases[i].endpoint, cases[i].socket), ==,
				cases[i].want);
}

static void
test_seconds(void)
{
	static const struct {
		const char *value;
		double want;
	} cases[] = {
		{ "10s", 10 },    { "5m", 300 },  { "1h", 3600 }, { "2d", 172800 },
		{ "1w", 604800 }, { "7", 7 },     { "", -1 },     { "x", -1 },
		{ "-1s", -1 },    { "5min", -1 }, { NULL, -1 },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++)
		g_assert_cmpfloat(doctor_seconds(cases[i].value), ==, cases[i].want);
}

static void
test_sendmail(void)
{
	static const struct {
		const char *text, *socket, *want;
		gboolean listed;
	} cases[] = {
		{ "O InputMailFilters=lead\nXlead, S=local:/run/l.sock, F=, T=C:2s\n",
		  "unix:/run/l.sock", "", TRUE },
		{ "O InputMailFilters=dkim, lead\nXlead,\tS=local:/run/l.sock, F=R\n",
		  "unix:/run/l.sock", "R", TRUE },
		{ "#O InputMailFilters=lead\nXlead, S=unix:/run/l.sock\n", "unix:/run/l.sock", "",
		  FALSE },
		{ "Xlead, S=inet:99@localhost, F=T\nO InputMailFilters=lead\n", "inet:99@localhost",
		  "T", TRUE },
		{ "Xlead, S=local:/run/other.sock\n", "unix:/run/l.sock", NULL, FALSE },
		{ "", "unix:/run/l.sock", NULL, FALSE },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		gboolean listed = 2;
		g_autofree char *flags =
			doctor_sendmail_filter(cases[i].text, cases[i].socket, &listed);
		g_assert_cmpstr(flags, ==, cases[i].want);
		g_assert_cmpint(listed, ==, cases[i].listed);
	}
}

static void
test_secrets(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "secrets = {\"file:crm.secret\", \"file:/etc/b\"}", "/base/crm.secret /etc/b" },
		{ "settings = {\"key=file:odoo.key\"}", "/base/odoo.key" },
		{ "headers = {\"X-Key: file:h.key\"}", "/base/h.key" },
		{ "# secrets = {\"file:a\"}\nbearer = \"file: t \"", "/base/t" },
		{ "holidays = {\"file:days.txt\",\n\"file:more.txt\"}\nbasic = \"file:b\"",
		  "/base/b" },
		{ "name = \"profile:x\"", "" },
		{ "", "" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GPtrArray) paths = doctor_look_secrets(cases[i].text, "/base");
		g_ptr_array_add(paths, NULL);
		g_autofree char *got = g_strjoinv(" ", (char **)paths->pdata);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
}

static void
test_passfile(void)
{
	static const struct {
		const char *store, *want;
	} cases[] = {
		{ "postgresql://db/leads?user=u&passfile=/etc/pgpass", "/etc/pgpass" },
		{ "postgres://db/leads?passfile=/etc/a%20b&user=u", "/etc/a b" },
		{ "postgresql://db/leads?user=passfile=", NULL },
		{ "postgresql://db/leads", NULL },
		{ "sqlite:/lib/a?passfile=/etc/b", NULL },
		{ "/lib/a?passfile=/etc/b", NULL },
	};
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autofree char *got = doctor_look_passfile(cases[i].store);
		g_assert_cmpstr(got, ==, cases[i].want);
	}
}

int
main(int argc, char **argv)
{
	g_setenv("LEADMILTER_CONF_DIR", TEST_CONF, TRUE);
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/doctor/healthy", test_healthy);
	g_test_add_func("/doctor/spoiled", test_spoiled);
	g_test_add_func("/doctor/complete", test_complete);
	g_test_add_func("/doctor/order", test_order);
	g_test_add_func("/doctor/empty", test_empty);
	g_test_add_func("/doctor/milters", test_milters);
	g_test_add_func("/doctor/paths", test_paths);
	g_test_add_func("/doctor/inet", test_inet);
	g_test_add_func("/doctor/seconds", test_seconds);
	g_test_add_func("/doctor/sendmail", test_sendmail);
	g_test_add_func("/doctor/secrets", test_secrets);
	g_test_add_func("/doctor/passfile", test_passfile);
	return g_test_run();
}
