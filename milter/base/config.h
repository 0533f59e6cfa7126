/*
 * config.h - the administrator's configuration, read and checked once, then immutable.
 *
 * config_load() reads leadmilter.conf and everything it names that is configuration (scorecards);
 * libconfuse is known to config_file.c only.  Options are rows of one table (config_options) that
 * drives the parser, the check, `leadctl check` and the test that holds the manual complete.
 * A struct config is reference counted: a session keeps the one it started with across a
 * reload.  Everything in it is read-only and may be read from any thread.
 */
#ifndef LEADMILTER_CONFIG_H
#define LEADMILTER_CONFIG_H

#include <glib.h>

#include "base/log.h"

enum mailbox_match { MATCH_ADDRESS, MATCH_DOMAIN, MATCH_PATTERN };

/* A watched mailbox.  Matching ignores case and, for addresses, the +tag. */
struct config_mailbox {
	char *name; /* the section's title as written */
	enum mailbox_match match;
	char *address; /* "sales@example.com", "example.com" or a glob "sales-*@example.com" */
	char *tag; /* only mail with this +tag, or NULL for any */
	GPtrArray *scorecards; /* char *, names; empty: those whose `applies` holds */
	char *source; /* recorded with the lead, or NULL: the mailbox's address */
	char *owner; /* address of the fixed owner, or NULL */
	gint64 response_within; /* of working time, 0: the site's */
	int line; /* of its scorecard, else of its end, for messages */
};

/* One who sells. */
struct config_owner {
	char *address; /* the section's title */
	char *name, *team; /* or NULL */
	guint capacity; /* open leads at most, 0 no limit */
	guint weight; /* share among others */
	GPtrArray *languages, *countries, *products; /* char *; empty: all */
	gint64 absent_from, absent_until; /* 0 not */
	char *substitute; /* address, or NULL */
};

/* Who gets a lead that nobody has. */
struct config_assign {
	char *name;
	char *when; /* condition; NULL: always */
	char *strategy; /* "pool", "fixed", "least_loaded", "round_robin", "manual" */
	GPtrArray *owners; /* char *, addresses, "team:NAME" or "all"; empty: all */
	gint64 response_within; /* of working time, 0: the mailbox's or the site's */
	int line; /* of its condition, else of its end, for messages */
};

/* What a `notify` section says beside what every endpoint has: a mail for owners
 * (hooks/out/notify_mail.h). */
struct config_notify {
	char *smtp; /* URL of the server */
	char *from; /* the author: "Leads <leads@example.com>" */
	char *sender; /* of the envelope, NULL: none */
	GPtrArray *to; /* char *, "owner" or addresses */
	GPtrArray *events; /* char *, globs */
	char *when; /* or NULL */
	char *url; /* of a lead's card, with placeholders, or NULL */
	guint per_hour; /* mails to one receiver, 0: any number */
};

/* A receiver of events.  Members that may be secret hold it, wherever it stood (secret.h). */
struct config_endpoint {
	char *name;
	char *url;
	GPtrArray *secrets; /* char *, "whsec_…" and "whsk_…" (base64) or raw text; all sign */
	GPtrArray *events; /* char *, globs of event types; empty: all */
	char *when; /* condition over the event and its lead, or NULL: any */
	char *cloudevents; /* "off" (or NULL), "binary", "structured", "batch" */
	guint batch_events, batch_bytes; /* of one request */
	GPtrArray *headers; /* char *, "Name: value" */
	char *bearer, *basic; /* token; "user:password"; or NULL */
	char *oauth_token_url, *oauth_client_id, *oauth_client_secret, *oauth_scope; /* or NULL */
	char *oauth_refresh_token; /* or NULL: the grant is that of client credentials */
	char *oauth_client_auth; /* "basic" (or NULL), "post" */
	char *ca_file; /* or NULL: the system's */
	char *client_cert, *client_key; /* PEM files, or NULL */
	char *proxy; /* URL, or NULL: none */
	guint concurrency; /* requests in flight */
	double rate; /* requests a second, 0: any */
	guint timeout_seconds; /* whole request */
	guint give_up_days; /* after which a delivery that fails is dead, 0: never */
	gboolean include_text; /* the capped excerpt of the new text is sent */
	char *adapter; /* what speaks to it, by name, or NULL: the generic webhook */
	GPtrArray *settings; /* char *, "name=value": the adapter's; a value may stand elsewhere */
	struct config_notify *notify; /* told by mail, or NULL */
	int line; /* of its secrets or its end, for messages */
};

/* What is done with mail to a watched mailbox (lead/route.h). */
struct config_route {
	char *name;
	char *when; /* condition, or NULL: always */
	GPtrArray *add; /* char *, addresses, or "owner" */
	char *replace; /* NULL or "false": no; "true": by those of `add`; else "owner" or the
			  address that takes the watched recipient's place */
	char *keep_copy; /* address that gets the mail whenever `replace` took a recipient away,
			    or NULL */
	GPtrArray *headers; /* char *, "Name: value" */
	char *subject_tag; /* or NULL */
	char *quarantine; /* reason, or NULL */
	gboolean stop; /* no later rule applies */
	int line; /* of its condition, else of its end */
	int add_line, headers_line;
};

struct config_rule {
	char *name;
	char *when; /* condition, in the expression language */
	double points;
	char *value; /* signal whose value is multiplied with points, or NULL */
	double importance; /* added to points */
	char *dimension; /* "fit", "engagement", "quality" */
	char *kind; /* "explicit", "implicit" */
	char *group; /* or NULL */
	char *reason; /* with {signal} placeholders */
	char *count; /* "message", "day", "person" */
	double half_life_days; /* 0: none; -1: the scorecard's default */
	gint64 from, until; /* active period, 0 unbounded */
	char *file; /* where it stands, for messages */
	int line;
	int group_line;
};

struct config_group {
	char *name;
	double cap, floor; /* NAN when unset */
	char *file; /* where it stands, for messages */
	int line;
};

struct config_touch {
	char *name; /* "pricing_page" */
	double points, importance;
	double half_life_days; /* -1: default */
	char *dimension;
	char *reason;
	char *file; /* where it stands, for messages */
	int line;
};

struct config_scorecard {
	char *name;
	char *file;
	GPtrArray *includes; /* char *, paths of files whose rules, groups and touches it takes */
	int includes_line;
	char *applies; /* condition of messages whose mailbox names no scorecard, or NULL */
	int applies_line;
	int name_line;
	double half_life_days; /* engagement's default, 30 */
	double mql; /* threshold, 65 */
	double grade_a, grade_b, grade_c; /* fit at least */
	double hot, warm; /* engagement at least */
	GPtrArray *rules; /* struct config_rule * */
	GPtrArray *groups; /* struct config_group * */
	GPtrArray *touches; /* struct config_touch * */
};

struct config_form {
	char *name;
	GPtrArray *senders; /* char *, addresses or domains */
	GPtrArray *clients; /* GInetAddressMask * */
	GPtrArray *logins; /* char *, SASL logins */
	GPtrArray *fields; /* char *, "label=key" */
	char *source; /* or NULL */
};

/* Who may tell or ask something at the inbound hook. */
struct config_client {
	char *name;
	GPtrArray *secrets; /* char *, of signed requests (Standard Webhooks) */
	GPtrArray *tokens; /* char *, bearer tokens */
	GPtrArray *scopes; /* char *: "touches", "outcomes", "customers", "leads", "read",
			      "operate" */
	GPtrArray *networks; /* GInetAddressMask *, where it may come from; empty: anywhere */
	char *adapter; /* that reads its webhooks, or NULL */
	GPtrArray *settings; /* char *, "name=value", for the adapter */
	char *endpoint; /* whose records it names, or NULL */
	guint rate; /* requests a second, 0 no limit */
	int line;
};

/* Who may open the page. */
struct config_page_user {
	char *name;
	char *token; /* what they log in with */
	char *role; /* "viewer", "operator" */
	char *owner; /* address under which they own leads, or NULL */
};

struct config {
	int references; /* atomic */
	char *path; /* of the main file */
	GPtrArray *mailboxes; /* struct config_mailbox *, in order: the first that matches counts */
	GPtrArray *own_domains; /* char * */
	GPtrArray *own_networks; /* GInetAddressMask * */
	GPtrArray *never_log; /* char *, addresses, domains or globs */
	GPtrArray *partner_domains;
	GPtrArray *target_domains; /* accounts that are MQL at once on a human response */
	GPtrArray *trusted_authserv_ids;
	GPtrArray *endpoints; /* struct config_endpoint * */
	GPtrArray *scorecard_files; /* char *, paths */
	GPtrArray *scorecards; /* struct config_scorecard *, the first is the default */
	GPtrArray *forms; /* struct config_form * */
	GPtrArray *owners; /* struct config_owner *, in order */
	GPtrArray *assigns; /* struct config_assign *, in order: the first that can counts */
	GPtrArray *routes; /* struct config_route *, in order */
	GPtrArray *route_domains; /* char *, recipients may be added there, too */
	GPtrArray *clients; /* struct config_client * */
	GPtrArray *page_users; /* struct config_page_user * */
	GPtrArray *page_hosts; /* char *, names under which browsers reach the page */
	GPtrArray *page_proxies; /* GInetAddressMask *, whose X-Forwarded-… is believed */
	char *page_secure; /* "auto", "always": the session's cookie goes over TLS only */
	gint64 page_idle, page_life; /* of a session */
	char *hook_listen; /* address of the inbound hook, or NULL: none */
	guint hook_socket_mode; /* of a unix socket */
	gint64 hook_max_body; /* bytes of a request */
	guint hook_max_connections;
	guint hook_request_seconds; /* a request must have arrived by then */
	GPtrArray *phrase_files; /* char *, paths */
	char *socket; /* "unix:/path" or "inet:port@host" */
	char *socket_group; /* or NULL */
	guint socket_mode; /* 0660 */
	char *user; /* or NULL: stay */
	char *group;
	char *pid_file; /* or NULL */
	char *control_socket; /* path */
	char *store; /* "sqlite:/path" or "postgresql://host/database" */
	char *spool_directory;
	guint store_deadline_ms;
	gint64 spool_max_bytes;
	char *adapter_directory; /* adapters of one's own, before the installed ones; or NULL */
	char *list_directory; /* free-mail etc. */
	char *freemail_list, *disposable_list, *relay_list, *role_list, *isp_list; /* paths */
	char *default_region; /* for phones, or NULL */
	char *fallback_owner; /* or NULL */
	gint64 response_within; /* of working time: until then a lead wants an answer */
	char *working_hours; /* "Mon-Fri 09:00-18:00", see worktime.h */
	char *time_zone; /* "Europe/Bucharest", or NULL: the system's */
	GPtrArray *holidays; /* char *, "2026-12-25", "12-25" or "file:PATH" */
	char *hostname; /* our authserv-id and HELO name; default gethostname */
	guint max_sessions;
	char *content; /* of mail that is kept and told: "none", "facts", "text" */
	guint retention_days; /* of messages and events, unless the next two say; 0 for ever */
	guint retention_messages_days, retention_events_days;
	guint retention_texts_days; /* subjects, excerpts, notes, evidence of touches */
	guint retention_touches_days; /* touches, with their points */
	guint retention_audit_days; /* of the audit log; 0 for ever */
	gboolean remember_forgotten; /* keep salted hashes of the addresses of the forgotten */
	guint conversation_days; /* subject match window */
	gboolean watch_conversations; /* answers that come to our people's own mailboxes */
	gint64 silence_after; /* our mail without answer for so long is a touch; 0 never */
	gint64 account_heat; /* who wrote within it is active at the account */
	gint64 recycle_after; /* without any touch since, a qualified lead is recycled; 0 never */
	guint flood_new_leads; /* of one sender within flood_window */
	guint flood_messages; /* of one lead within flood_window that make events */
	gint64 flood_window;
	gboolean store_shared; /* with other daemons of this machine */
	gboolean store_text; /* keep a capped excerpt of new text */
	gboolean add_headers;
	gboolean reply_token; /* our mail to a lead gets a Reply-To that names the lead */
	GPtrArray *reply_token_secret; /* char *; the first signs, all verify */
	guint reply_token_days; /* how long a token holds, 0 for ever */
	char *recipient_delimiter; /* what may begin a +tag, the first is written; NULL: no tags */
	char *log_level_name;
	enum log_level log_level; /* from log_level_name */
	char *log_target; /* "syslog", "stderr" */
};

/**
 * Read and check a configuration.
 * @return one reference, or NULL with ERROR_CONFIG "file:line: what is wrong"
 */
struct config *config_load(const char *path, GError **error);
/** The same without the scorecards it names and the secrets that stand elsewhere, which look like
 *  ones but are none: for what works when those are wrong, or are systemd's credentials and the
 *  service is stopped. */
struct config *config_load_options(const char *path, GError **error);
/** The built-in defaults without a file (for `leadctl inspect`); lists are the installed ones. */
struct config *config_default(void);
struct config *config_ref(struct config *config);
void config_unref(struct config *config);
typedef struct config config_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(config_owned, config_unref)

/**
 * Read one scorecard file and what it includes.  Rules, groups and touches of included files come
 * first, in the order they are named; one of the same name in the including file takes the place
 * of an included one.  Of an included file nothing else counts.
 * @return NULL with ERROR_CONFIG; files that include each other are one, naming both places.
 * Caller frees.
 */
struct config_scorecard *config_scorecard_load(const char *path, GError **error);
void config_scorecard_free(struct config_scorecard *scorecard);

/** One row of the option table, for the manual's test: where it stands, its name, type and
 *  default. */
struct config_option {
	const char *section; /* "" top level, "mailbox", "endpoint", "rule" … */
	const char *name;
	const char *type; /* "string", "list", "integer", "boolean", "float" */
	const char *fallback; /* default as written in the manual */
};
const struct config_option *config_options(guint *ret_count);

#endif
