/* doctor.c - see doctor.h: the kinds of findings, and what is judged without looking at files and
 * MTA. */
#include "doctor.h"
#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define SPOOL_OLD (600 * (gint64)CLOCK_SECOND)
#define EVENT_OLD (4 * 3600 * (gint64)CLOCK_SECOND)
#define LIST_OLD (180 * CLOCK_DAY)
#define LIST_LEAST 10
#define CLOCK_SLACK (300 * (gint64)CLOCK_SECOND)
#define STORE_SLACK (30 * (gint64)CLOCK_SECOND)
#define EXPIRES_SOON (14 * CLOCK_DAY)
#define FILES_BESIDE 512 /* descriptors beside those of sessions (main.c) */

/* clang-format off */
static const struct doctor_kind KINDS[] = {
	[DOCTOR_NOT_ROOT] = { "not-root", FALSE, "run leadctl doctor as root, so that it can look at everything" },
	[DOCTOR_CONFIG_WRONG] = { "config-wrong", TRUE, "correct the file; leadmilter -t checks it" },
	[DOCTOR_CONFIG_WRITABLE] = { "config-writable", TRUE, "chmod go-w it: whoever writes it commands the daemon" },
	[DOCTOR_CONFIG_READABLE] = { "config-readable", FALSE, "chmod o= it, or keep secrets in files of their own (file:PATH)" },
	[DOCTOR_CONFIG_UNREADABLE] = { "config-unreadable", TRUE, "chgrp it to the daemon's group and chmod 0640 it; the next reload or start would fail" },
	[DOCTOR_SECRET_READABLE] = { "secret-readable", TRUE, "chmod 0640 it, root and the daemon's group, and change the secret: others may have read it" },
	[DOCTOR_SECRET_WRITABLE] = { "secret-writable", TRUE, "chmod go-w it" },
	[DOCTOR_SECRET_UNREADABLE] = { "secret-unreadable", TRUE, "chgrp it to the daemon's group and chmod 0640 it; the next reload would fail" },
	[DOCTOR_NO_MAILBOX] = { "no-mailbox", TRUE, "add a mailbox section: without one no mail is looked at" },
	[DOCTOR_NO_OWN_DOMAINS] = { "no-own-domains", FALSE, "set own_domains, or our own people become leads and nobody's answers are seen" },
	[DOCTOR_DAEMON_DOWN] = { "daemon-down", TRUE, "start it (systemctl start leadmilter); its log says why it ended" },
	[DOCTOR_DAEMON_SILENT] = { "daemon-silent", TRUE, "it hangs or control_socket belongs to somebody else: look at its log, then restart it" },
	[DOCTOR_DAEMON_SECOND] = { "daemon-second", TRUE, "stop one of them: two daemons with one configuration take each other's socket" },
	[DOCTOR_DAEMON_VERSION] = { "daemon-version", TRUE, "restart the daemon: it still runs what was installed before" },
	[DOCTOR_DAEMON_FILES] = { "daemon-files", TRUE, "raise LimitNOFILE of the unit to max_sessions and 512 more" },
	[DOCTOR_RESTART_NEEDED] = { "restart-needed", FALSE, "restart the daemon at a quiet moment" },
	[DOCTOR_RELOAD_FAILED] = { "reload-failed", TRUE, "correct the configuration and leadctl reload; the old one is in force" },
	[DOCTOR_SOCKET_MISSING] = { "socket-missing", TRUE, "restart the daemon; nobody else may remove files from the socket's directory" },
	[DOCTOR_SOCKET_WRONG] = { "socket-wrong", TRUE, "move the file away, or name another socket" },
	[DOCTOR_SOCKET_SILENT] = { "socket-silent", TRUE, "the daemon takes no mail: look at its log, then restart it" },
	[DOCTOR_SOCKET_UNREACHABLE] = { "socket-unreachable", TRUE, "set socket_group = \"postfix\", socket_mode = \"0660\", and give the directory chmod g+x and the group postfix" },
	[DOCTOR_MTA_NONE] = { "mta-none", FALSE, "nothing asks the milter on this host; name Postfix' configuration with --postfix DIRECTORY" },
	[DOCTOR_POSTFIX_WRONG] = { "postfix-wrong", TRUE, "correct main.cf or master.cf; postfix check helps" },
	[DOCTOR_POSTFIX_DOWN] = { "postfix-down", FALSE, "start it (systemctl start postfix)" },
	[DOCTOR_MILTER_MISSING] = { "milter-missing", TRUE, "add it to smtpd_milters as in postfix-main.cf (contrib, or /usr/share/doc/leadmilter/examples), then postfix reload" },
	[DOCTOR_MILTER_CHROOT] = { "milter-chroot", TRUE, "put the socket below the queue directory (socket = \"unix:/var/spool/postfix/leadmilter/milter.sock\") and name it unix:leadmilter/milter.sock in smtpd_milters" },
	[DOCTOR_MILTER_OVERRIDDEN] = { "milter-overridden", FALSE, "add it to the -o smtpd_milters of that service in master.cf, or its mail is not seen" },
	[DOCTOR_MILTER_LOCAL] = { "milter-local", FALSE, "set non_smtpd_milters = $smtpd_milters, or mail of programs on this host is not seen" },
	[DOCTOR_MILTER_ACTION] = { "milter-action", TRUE, "set default_action=accept for it, or mail stops while the daemon is away" },
	[DOCTOR_MILTER_PROTOCOL] = { "milter-protocol", TRUE, "set milter_protocol = 6" },
	[DOCTOR_MILTER_SHORT] = { "milter-short", TRUE, "give it longer than store_deadline_ms and a second, or mail goes on before it is kept" },
	[DOCTOR_MILTER_LONG] = { "milter-long", FALSE, "set content_timeout=10s and command_timeout=5s for it: so long a hanging daemon holds each mail" },
	[DOCTOR_MILTER_MACROS] = { "milter-macros", FALSE, "leave milter_mail_macros at its default: without the login our own people are taken for strangers" },
	[DOCTOR_SENDMAIL_MISSING] = { "sendmail-missing", TRUE, "add the line of contrib/sendmail.mc to sendmail.mc, make sendmail.cf and restart sendmail" },
	[DOCTOR_SENDMAIL_ACTION] = { "sendmail-action", TRUE, "leave F= empty, or mail stops while the daemon is away" },
	[DOCTOR_STORE_MISSING] = { "store-missing", TRUE, "the daemon makes it when it starts; if it was there, restore it from a backup" },
	[DOCTOR_STORE_SCHEMA] = { "store-schema", TRUE, "start the daemon of this version once, or install the version that wrote the store" },
	[DOCTOR_STORE_CORRUPT] = { "store-corrupt", TRUE, "stop the daemon, keep the file, restore a backup or begin a new one with leadctl replay" },
	[DOCTOR_STORE_UNREADABLE] = { "store-unreadable", TRUE, "see what the message says; mail goes to the spool meanwhile" },
	[DOCTOR_STORE_OPEN] = { "store-open", TRUE, "chmod 0600 it: it holds personal data" },
	[DOCTOR_STORE_UNWRITABLE] = { "store-unwritable", TRUE, "chown it to the daemon's user, with its directory" },
	[DOCTOR_STORE_LOG] = { "store-log", FALSE, "find who keeps the store open for reading (fuser): the log is not cut until they end" },
	[DOCTOR_STORE_AWAY] = { "store-away", TRUE, "mail goes to the spool until the daemon itself reaches the store: leadctl check, run as the daemon's user, tries that" },
	[DOCTOR_STORE_PASSWORD] = { "store-password", TRUE, "chown it to the daemon's user and chmod 0600 it: libpq takes no password from it else" },
	[DOCTOR_SPOOL_MISSING] = { "spool-missing", TRUE, "restart the daemon, which makes it, or make it for the daemon's user" },
	[DOCTOR_SPOOL_UNWRITABLE] = { "spool-unwritable", TRUE, "chown it to the daemon's user: without it mail goes on unprocessed when the store fails" },
	[DOCTOR_SPOOL_OPEN] = { "spool-open", TRUE, "chmod 0700 it: it holds whole mails" },
	[DOCTOR_SPOOL_WAITING] = { "spool-waiting", FALSE, "a running daemon takes it by itself" },
	[DOCTOR_SPOOL_OLD] = { "spool-old", TRUE, "the log says why the store does not take it" },
	[DOCTOR_SPOOL_FULL] = { "spool-full", TRUE, "bring the store back, or raise spool_max_bytes and restart: mail goes on unprocessed once it is full" },
	[DOCTOR_SPOOL_BAD] = { "spool-bad", FALSE, "the log names each file and why; leadctl replay the mail from its mailbox, then remove the file" },
	[DOCTOR_DISK_FULL] = { "disk-full", TRUE, "make room" },
	[DOCTOR_DISK_LOW] = { "disk-low", FALSE, "make room, or bound the store by retention_days" },
	[DOCTOR_INODES_LOW] = { "inodes-low", TRUE, "remove small files, or make the file system anew with more inodes" },
	[DOCTOR_CLOCK_BEHIND] = { "clock-behind", TRUE, "set the clock (timedatectl): files of ours are from the future, scores and tasks are wrong" },
	[DOCTOR_CLOCK_STORE] = { "clock-store", TRUE, "set the clocks of all hosts and of the database by the same servers: hosts that share a store compare their times" },
	[DOCTOR_CLOCK_UNSYNCHRONISED] = { "clock-unsynchronised", FALSE, "run chrony or systemd-timesyncd: signatures of webhooks hold for five minutes only" },
	[DOCTOR_ENDPOINT_PARKED] = { "endpoint-parked", TRUE, "repair the receiver or its credentials, then leadctl endpoint resume" },
	[DOCTOR_ENDPOINT_OLD] = { "endpoint-old", FALSE, "leadctl outbox list --state waiting shows the answers" },
	[DOCTOR_ENDPOINT_DEAD] = { "endpoint-dead", FALSE, "leadctl outbox list --state dead shows why; leadctl outbox retry dead tries them again" },
	[DOCTOR_ENDPOINT_UNREACHABLE] = { "endpoint-unreachable", TRUE, "check name, port, firewall and proxy; leadctl endpoint test sends it one event" },
	[DOCTOR_LIST_MISSING] = { "list-missing", TRUE, "install it again" },
	[DOCTOR_LIST_EMPTY] = { "list-empty", TRUE, "it was cut off: install it again" },
	[DOCTOR_LIST_OLD] = { "list-old", FALSE, "update the package, and remove a copy beside the configuration that is not yours; or run contrib/update-lists and leadctl reload" },
	[DOCTOR_CERTIFICATE_EXPIRED] = { "certificate-expired", TRUE, "replace it; deliveries fail" },
	[DOCTOR_CERTIFICATE_EXPIRES] = { "certificate-expires", FALSE, "replace it before" },
	[DOCTOR_CERTIFICATE_WRONG] = { "certificate-wrong", TRUE, "name a PEM file that the daemon can read" },
};
/* clang-format on */
G_STATIC_ASSERT(G_N_ELEMENTS(KINDS) == DOCTOR_COUNT);

const struct doctor_kind *
doctor_kind(enum doctor_id id)
{
	return &KINDS[id];
}

void
doctor_find(GPtrArray *findings, enum doctor_id id, const char *format, ...)
{
	struct doctor_finding *finding = g_new0(struct doctor_finding, 1);
	va_list args;
	va_start(args, format);
	finding->id = id;
	finding->what = g_strdup_vprintf(format, args);
	va_end(args);
	g_ptr_array_add(findings, finding);
}

static void
finding_free(gpointer data)
{
	struct doctor_finding *finding = data;
	g_free(finding->what);
	g_free(finding);
}

/* "5 h" */
static char *
duration(gint64 time)
{
	gint64 minutes = time / (60 * (gint64)CLOCK_SECOND);
	if (minutes < 120)
		return g_strdup_printf("%" G_GINT64_FORMAT " min", minutes);
	if (minutes < 48 * 60)
		return g_strdup_printf("%" G_GINT64_FORMAT " h", minutes / 60);
	return g_strdup_printf("%" G_GINT64_FORMAT " d", minutes / (24 * 60));
}

/* --- configuration and daemon --- */

static void
judge_config(const struct doctor_facts *facts, GPtrArray *findings)
{
	if (!facts->as_root)
		doctor_find(findings, DOCTOR_NOT_ROOT, "some files can't be looked at");
	if (facts->config_error)
		doctor_find(findings, DOCTOR_CONFIG_WRONG, "%s", facts->config_error);
	if (!facts->config)
		return;
	if (!facts->config->mailboxes->len)
		doctor_find(findings, DOCTOR_NO_MAILBOX, "%s", facts->config->path);
	if (!facts->config->own_domains->len)
		doctor_find(findings, DOCTOR_NO_OWN_DOMAINS, "%s", facts->config->path);
}

static void
judge_running(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_daemon *daemon = &facts->daemon;
	double files = facts->config ? facts->config->max_sessions + FILES_BESIDE : 0;
	if (strcmp(daemon->version, LEADMILTER_VERSION) != 0)
		doctor_find(findings, DOCTOR_DAEMON_VERSION, "the daemon is %s, leadctl is %s",
			    daemon->version, LEADMILTER_VERSION);
	if (daemon->open_files > 0 && daemon->open_files < files)
		doctor_find(findings, DOCTOR_DAEMON_FILES,
			    "process %u may open %.0f files; max_sessions needs %.0f", daemon->pid,
			    daemon->open_files, files);
	if (daemon->reload_failed)
		doctor_find(findings, DOCTOR_RELOAD_FAILED, "the last reload was refused");
	if (daemon->store_away)
		doctor_find(findings, DOCTOR_STORE_AWAY, "the daemon has no store: %s",
			    daemon->store_away);
	for (guint i = 0; daemon->restart_needed && i < daemon->restart_needed->len; i++)
		doctor_find(findings, DOCTOR_RESTART_NEEDED, "%s was changed",
			    (const char *)g_ptr_array_index(daemon->restart_needed, i));
}

static void
judge_daemon(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_daemon *daemon = &facts->daemon;
	if (daemon->asked && !daemon->runs)
		doctor_find(findings, daemon->error ? DOCTOR_DAEMON_SILENT : DOCTOR_DAEMON_DOWN,
			    "%s: %s", facts->config ? facts->config->control_socket : "-",
			    daemon->error ? daemon->error : "no daemon answers");
	else if (daemon->runs)
		judge_running(facts, findings);
	for (guint i = 0; daemon->others && i < daemon->others->len; i++)
		doctor_find(findings, DOCTOR_DAEMON_SECOND, "process %u beside %u",
			    g_array_index(daemon->others, guint, i), daemon->pid);
}

/* --- time --- */

static void
judge_clock(const struct doctor_facts *facts, GPtrArray *findings)
{
	if (facts->newest > facts->now + CLOCK_SLACK) {
		g_autofree char *ahead = duration(facts->newest - facts->now);
		doctor_find(findings, DOCTOR_CLOCK_BEHIND, "a file of ours is %s ahead", ahead);
	}
	if (ABS(facts->store_ahead) > STORE_SLACK)
		doctor_find(findings, DOCTOR_CLOCK_STORE,
			    "the database's clock is %" G_GINT64_FORMAT " s %s",
			    ABS(facts->store_ahead) / CLOCK_SECOND,
			    facts->store_ahead > 0 ? "ahead" : "behind");
	if (facts->clock_known && !facts->clock_synchronised)
		doctor_find(findings, DOCTOR_CLOCK_UNSYNCHRONISED,
			    "the kernel's clock is not synchronised");
}

/* --- what waits --- */

static void
judge_spool(const struct doctor_facts *facts, GPtrArray *findings)
{
	gint64 age = facts->spool_oldest ? facts->now - facts->spool_oldest : 0;
	g_autofree char *old = duration(age);
	if (!facts->spool_known || !facts->config)
		return;
	if (facts->spool_files && age > SPOOL_OLD)
		doctor_find(findings, DOCTOR_SPOOL_OLD, "%u messages, the oldest for %s",
			    facts->spool_files, old);
	else if (facts->spool_files)
		doctor_find(findings, DOCTOR_SPOOL_WAITING, "%u messages", facts->spool_files);
	if ((double)facts->spool_bytes > 0.8 * (double)facts->config->spool_max_bytes)
		doctor_find(findings, DOCTOR_SPOOL_FULL,
			    "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " bytes",
			    facts->spool_bytes, facts->config->spool_max_bytes);
	if (facts->spool_bad)
		doctor_find(findings, DOCTOR_SPOOL_BAD, "%u files in %s/bad", facts->spool_bad,
			    facts->config->spool_directory);
}

static void
judge_endpoint(const struct doctor_facts *facts, const struct doctor_endpoint *endpoint,
	       GPtrArray *findings)
{
	gint64 age = endpoint->oldest ? facts->now - endpoint->oldest : 0;
	if (endpoint->parked)
		doctor_find(findings, DOCTOR_ENDPOINT_PARKED,
			    "%s: %s; %" G_GUINT64_FORMAT " events wait", endpoint->name,
			    endpoint->reason ? endpoint->reason : "no reason kept",
			    endpoint->waiting);
	else if (age > EVENT_OLD) {
		g_autofree char *old = duration(age);
		doctor_find(findings, DOCTOR_ENDPOINT_OLD,
			    "%s: %" G_GUINT64_FORMAT " events wait, the oldest for %s",
			    endpoint->name, endpoint->waiting, old);
	}
	if (endpoint->dead)
		doctor_find(findings, DOCTOR_ENDPOINT_DEAD,
			    "%s: %" G_GUINT64_FORMAT " deliveries were given up", endpoint->name,
			    endpoint->dead);
	if (endpoint->probed && endpoint->unreachable)
		doctor_find(findings, DOCTOR_ENDPOINT_UNREACHABLE, "%s: %s", endpoint->name,
			    endpoint->unreachable);
}

/* --- lists and certificates --- */

static void
judge_list(const struct doctor_facts *facts, const struct doctor_list *list, GPtrArray *findings)
{
	gint64 age = facts->now - list->modified;
	if (!list->modified)
		doctor_find(findings, DOCTOR_LIST_MISSING, "%s", list->path);
	else if (list->lines < LIST_LEAST)
		doctor_find(findings, DOCTOR_LIST_EMPTY, "%s has %u entries", list->path,
			    list->lines);
	else if (age > LIST_OLD) {
		g_autofree char *old = duration(age);
		doctor_find(findings, DOCTOR_LIST_OLD, "%s is %s old", list->path, old);
	}
}

static void
judge_certificate(const struct doctor_facts *facts, const struct doctor_certificate *certificate,
		  GPtrArray *findings)
{
	gint64 left = certificate->expires - facts->now;
	g_autofree char *time = duration(ABS(left));
	if (certificate->error)
		doctor_find(findings, DOCTOR_CERTIFICATE_WRONG, "%s", certificate->error);
	else if (left <= 0)
		doctor_find(findings, DOCTOR_CERTIFICATE_EXPIRED, "%s, %s ago", certificate->path,
			    time);
	else if (left < EXPIRES_SOON)
		doctor_find(findings, DOCTOR_CERTIFICATE_EXPIRES, "%s, in %s", certificate->path,
			    time);
}

static void
judge_lists(const struct doctor_facts *facts, GPtrArray *findings)
{
	for (guint i = 0; i < facts->endpoints->len; i++)
		judge_endpoint(facts, g_ptr_array_index(facts->endpoints, i), findings);
	for (guint i = 0; i < facts->lists->len; i++)
		judge_list(facts, g_ptr_array_index(facts->lists, i), findings);
	for (guint i = 0; i < facts->certificates->len; i++)
		judge_certificate(facts, g_ptr_array_index(facts->certificates, i), findings);
}

/* --- all --- */

static void
move_warnings_back(GPtrArray *findings)
{
	guint errors = 0;
	for (guint i = 0; i < findings->len; i++) {
		struct doctor_finding *finding = g_ptr_array_index(findings, i);
		if (!KINDS[finding->id].is_error)
			continue;
		finding = g_ptr_array_steal_index(findings, i);
		g_ptr_array_insert(findings, (int)errors++, finding);
	}
}

GPtrArray *
doctor_judge(const struct doctor_facts *facts)
{
	GPtrArray *findings = g_ptr_array_new_with_free_func(finding_free);
	judge_config(facts, findings);
	judge_daemon(facts, findings);
	doctor_judge_mta(facts, findings);
	doctor_judge_files(facts, findings);
	judge_spool(facts, findings);
	judge_clock(facts, findings);
	judge_lists(facts, findings);
	move_warnings_back(findings);
	return findings;
}
