/*
 * doctor.h - what is wrong with an installation: facts in, findings out.
 *
 * Looking (doctor_look.c, doctor_ask.c) fills struct doctor_facts and judges nothing;
 * doctor_judge() is a pure function of them.  What was not looked at is left zero or NULL and gives
 * no finding. Every kind of finding is a row of one table, which is explained in leadctl(1).
 */
#ifndef LEADMILTER_DOCTOR_H
#define LEADMILTER_DOCTOR_H

#include "base/config.h"

/* --- facts --- */

/* Somebody who must reach a file. */
struct doctor_user {
	char *name; /* NULL: unknown */
	guint uid;
	GArray *groups; /* guint, the primary one among them */
};

/* A file or directory and those above it. */
struct doctor_node {
	char *path;
	guint uid, gid, mode;
	gboolean is_directory, is_socket;
};
struct doctor_path {
	GPtrArray *nodes; /* struct doctor_node *, from "/" on; the last is the thing itself */
	char *missing; /* the first that isn't there or can't be looked at, or NULL */
	char *real; /* without symbolic links, or NULL */
};

struct doctor_secret {
	char *path; /* as written in the configuration, made absolute */
	struct doctor_path *node;
};

struct doctor_disk {
	const char *name; /* static: "store", "spool" */
	gboolean known;
	double size, free; /* bytes */
	double files, free_files; /* files 0: any number */
};

struct doctor_daemon {
	gboolean asked, runs;
	char *error; /* why it doesn't answer */
	char *version;
	guint pid; /* 0 unknown */
	GArray *others; /* guint: pids of daemons with the same configuration */
	double open_files; /* its limit, 0 unknown */
	GPtrArray *restart_needed; /* char *, names of options */
	gboolean reload_failed;
	char *store_away; /* why the daemon has no store; NULL: it has */
};

struct doctor_socket {
	struct doctor_path *path; /* NULL: inet */
	gboolean tried, answers; /* the milter protocol */
	char *error;
};

/* A service of master.cf that may ask milters. */
struct doctor_service {
	char *name; /* "smtp/inet" */
	gboolean is_smtpd; /* else cleanup */
	gboolean in_chroot;
	GHashTable *own; /* name → value of its -o options */
};

struct doctor_postfix {
	gboolean found, runs;
	char *error; /* postconf's, or NULL */
	GHashTable *parameters; /* name → value, expanded */
	GPtrArray *services; /* struct doctor_service * */
	struct doctor_user owner; /* mail_owner */
	GHashTable *real; /* path of a milter's socket → the same without symbolic links */
};

struct doctor_sendmail {
	char *path; /* of sendmail.cf, NULL: none */
	char *text;
};

struct doctor_endpoint {
	char *name;
	gboolean parked;
	char *reason; /* or NULL */
	guint64 waiting, dead;
	gint64 oldest; /* 0 none */
	gboolean probed;
	char *unreachable; /* why, or NULL */
};

struct doctor_list {
	const char *name; /* static */
	char *path;
	gint64 modified; /* 0: not there */
	guint lines; /* that say something */
};

struct doctor_certificate {
	char *path;
	gint64 expires; /* 0 unknown */
	char *error;
};

struct doctor_facts {
	gint64 now;
	gint64 newest; /* of the files we write, 0 unknown */
	gint64 store_ahead; /* the clock of the store's server */
	gboolean clock_known, clock_synchronised;
	gboolean as_root;
	char *config_error; /* it can't be used, or NULL */
	struct config *config; /* NULL when config_error is set */
	struct doctor_path *config_file;
	GPtrArray *scorecards; /* struct doctor_path *, of the files */
	GPtrArray *secrets; /* struct doctor_secret * */
	struct doctor_user user; /* the daemon's */
	struct doctor_daemon daemon;
	struct doctor_socket socket;
	struct doctor_postfix postfix;
	struct doctor_sendmail sendmail;
	struct doctor_disk disks[2];
	struct doctor_path *store; /* NULL: no file */
	struct doctor_path *spool;
	struct doctor_path *password; /* the passfile of a store on a server, NULL: none */
	int store_code; /* enum leadmilter_error of store_error */
	char *store_error; /* it can't be read or is damaged, or NULL */
	gint64 store_log_bytes; /* of the WAL */
	gboolean spool_known;
	guint spool_files, spool_bad;
	gint64 spool_bytes, spool_oldest;
	GPtrArray *endpoints; /* struct doctor_endpoint * */
	GPtrArray *lists; /* struct doctor_list * */
	GPtrArray *certificates; /* struct doctor_certificate * */
};

struct doctor_facts *doctor_facts_new(void);
void doctor_facts_free(struct doctor_facts *facts);
typedef struct doctor_facts doctor_facts_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(doctor_facts_owned, doctor_facts_free)
struct doctor_path *doctor_path_new(void); /* nodes freed with g_free(), their paths too */
void doctor_path_free(struct doctor_path *path);
void doctor_secret_free(struct doctor_secret *secret);
void doctor_service_free(struct doctor_service *service);
void doctor_endpoint_free(struct doctor_endpoint *endpoint);
void doctor_list_free(struct doctor_list *list);
void doctor_certificate_free(struct doctor_certificate *certificate);

/* --- findings --- */

enum doctor_id {
	DOCTOR_NOT_ROOT,
	DOCTOR_CONFIG_WRONG,
	DOCTOR_CONFIG_WRITABLE,
	DOCTOR_CONFIG_READABLE,
	DOCTOR_CONFIG_UNREADABLE,
	DOCTOR_SECRET_READABLE,
	DOCTOR_SECRET_WRITABLE,
	DOCTOR_SECRET_UNREADABLE,
	DOCTOR_NO_MAILBOX,
	DOCTOR_NO_OWN_DOMAINS,
	DOCTOR_DAEMON_DOWN,
	DOCTOR_DAEMON_SILENT,
	DOCTOR_DAEMON_SECOND,
	DOCTOR_DAEMON_VERSION,
	DOCTOR_DAEMON_FILES,
	DOCTOR_RESTART_NEEDED,
	DOCTOR_RELOAD_FAILED,
	DOCTOR_SOCKET_MISSING,
	DOCTOR_SOCKET_WRONG,
	DOCTOR_SOCKET_SILENT,
	DOCTOR_SOCKET_UNREACHABLE,
	DOCTOR_MTA_NONE,
	DOCTOR_POSTFIX_WRONG,
	DOCTOR_POSTFIX_DOWN,
	DOCTOR_MILTER_MISSING,
	DOCTOR_MILTER_CHROOT,
	DOCTOR_MILTER_OVERRIDDEN,
	DOCTOR_MILTER_LOCAL,
	DOCTOR_MILTER_ACTION,
	DOCTOR_MILTER_PROTOCOL,
	DOCTOR_MILTER_SHORT,
	DOCTOR_MILTER_LONG,
	DOCTOR_MILTER_MACROS,
	DOCTOR_SENDMAIL_MISSING,
	DOCTOR_SENDMAIL_ACTION,
	DOCTOR_STORE_MISSING,
	DOCTOR_STORE_SCHEMA,
	DOCTOR_STORE_CORRUPT,
	DOCTOR_STORE_UNREADABLE,
	DOCTOR_STORE_OPEN,
	DOCTOR_STORE_UNWRITABLE,
	DOCTOR_STORE_LOG,
	DOCTOR_STORE_AWAY,
	DOCTOR_STORE_PASSWORD,
	DOCTOR_SPOOL_MISSING,
	DOCTOR_SPOOL_UNWRITABLE,
	DOCTOR_SPOOL_OPEN,
	DOCTOR_SPOOL_WAITING,
	DOCTOR_SPOOL_OLD,
	DOCTOR_SPOOL_FULL,
	DOCTOR_SPOOL_BAD,
	DOCTOR_DISK_FULL,
	DOCTOR_DISK_LOW,
	DOCTOR_INODES_LOW,
	DOCTOR_CLOCK_BEHIND,
	DOCTOR_CLOCK_STORE,
	DOCTOR_CLOCK_UNSYNCHRONISED,
	DOCTOR_ENDPOINT_PARKED,
	DOCTOR_ENDPOINT_OLD,
	DOCTOR_ENDPOINT_DEAD,
	DOCTOR_ENDPOINT_UNREACHABLE,
	DOCTOR_LIST_MISSING,
	DOCTOR_LIST_EMPTY,
	DOCTOR_LIST_OLD,
	DOCTOR_CERTIFICATE_EXPIRED,
	DOCTOR_CERTIFICATE_EXPIRES,
	DOCTOR_CERTIFICATE_WRONG,
	DOCTOR_COUNT
};

struct doctor_kind {
	const char *name; /* "milter-missing" */
	gboolean is_error; /* else a warning */
	const char *advice; /* what to do */
};
const struct doctor_kind *doctor_kind(enum doctor_id id);

struct doctor_finding {
	enum doctor_id id;
	char *what; /* names the thing */
};

/** Judge, errors first. @return struct doctor_finding *; caller unrefs */
GPtrArray *doctor_judge(const struct doctor_facts *facts);

/* --- between the files of the judge --- */

void doctor_find(GPtrArray *findings, enum doctor_id id, const char *format, ...)
	G_GNUC_PRINTF(3, 4);
/** Whether a user may do `bits` (4 read, 2 write, 1 enter) with a node. */
gboolean doctor_may(const struct doctor_user *user, const struct doctor_node *node, guint bits);
/**
 * Whether a user may do `bits` with what a path ends in, and enter all above it.
 * @param below what stands at or above this directory doesn't count (a chroot), or NULL
 * @return NULL when they may, else the node that keeps them out
 */
const struct doctor_node *doctor_blocker(const struct doctor_user *user,
					 const struct doctor_path *path, guint bits,
					 const char *below);
void doctor_judge_mta(const struct doctor_facts *facts, GPtrArray *findings);
void doctor_judge_files(const struct doctor_facts *facts, GPtrArray *findings);

/* --- doctor_milters.c: what an MTA's configuration says --- */

struct doctor_milter {
	char *endpoint; /* "unix:/path", "inet:host:port", as written */
	GHashTable *own; /* name → value of its { … } */
};
void doctor_milter_free(struct doctor_milter *milter);
/** Read a value of smtpd_milters, expanded. @return struct doctor_milter *; caller unrefs */
GPtrArray *doctor_milters_read(const char *value);
/** The path on the host of a milter's unix socket; NULL for others.  Caller frees. */
char *doctor_milter_path(const char *endpoint, const char *queue_directory, gboolean in_chroot);
/** Whether an endpoint is our inet: socket ("inet:port@host" of leadmilter.conf). */
gboolean doctor_milter_is_inet(const char *endpoint, const char *socket);
/** Postfix' time with a unit (s when there is none). @return seconds, or -1 */
double doctor_seconds(const char *value);
/** The X line of a filter in sendmail.cf that has our socket, and whether InputMailFilters names
 *  it. @return its flags (F=), or NULL when there is no such line; caller frees */
char *doctor_sendmail_filter(const char *text, const char *socket, gboolean *ret_listed);

#endif
