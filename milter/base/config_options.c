/* config_options.c - the option table; see config_options.h. */
#include "base/config_options.h"

#include <stddef.h>

#define TOP(member) offsetof(struct config, member)
#define MAILBOX(member) offsetof(struct config_mailbox, member)
#define ENDPOINT(member) offsetof(struct config_endpoint, member)
#define OWNER(member) offsetof(struct config_owner, member)
#define ASSIGN(member) offsetof(struct config_assign, member)
#define CLIENT(member) offsetof(struct config_client, member)
#define USER(member) offsetof(struct config_page_user, member)
#define FORM(member) offsetof(struct config_form, member)
#define ROUTE(member) offsetof(struct config_route, member)
#define NOTIFY(member) offsetof(struct config_notify, member)
#define CARD(member) offsetof(struct config_scorecard, member)
#define RULE(member) offsetof(struct config_rule, member)
#define GROUP(member) offsetof(struct config_group, member)
#define TOUCH(member) offsetof(struct config_touch, member)
#define YEARS 36500.0
#define AGES (YEARS * 86400)
#define RESPONSE (1000.0 * 3600) /* seconds of working time */

const struct option_row option_rows[] = {
	/* clang-format off */
	{ "", "socket", OPTION_STRING, "unix:/run/leadmilter/leadmilter.sock", TOP(socket), NULL, 0, 0 },
	{ "", "socket_group", OPTION_STRING, "", TOP(socket_group), NULL, 0, 0 },
	{ "", "socket_mode", OPTION_MODE, "0660", TOP(socket_mode), NULL, 0, 0 },
	{ "", "user", OPTION_STRING, "", TOP(user), NULL, 0, 0 },
	{ "", "group", OPTION_STRING, "", TOP(group), NULL, 0, 0 },
	{ "", "pid_file", OPTION_PATH, "", TOP(pid_file), NULL, 0, 0 },
	{ "", "control_socket", OPTION_PATH, "/run/leadmilter/control.sock", TOP(control_socket), NULL, 0, 0 },
	{ "", "store", OPTION_STRING, "sqlite:/var/lib/leadmilter/leadmilter.db", TOP(store), NULL, 0, 0 },
	{ "", "store_shared", OPTION_BOOLEAN, "false", TOP(store_shared), NULL, 0, 0 },
	{ "", "store_deadline_ms", OPTION_UNSIGNED, "0", TOP(store_deadline_ms), NULL, 0, 10000 },
	{ "", "store_text", OPTION_BOOLEAN, "false", TOP(store_text), NULL, 0, 0 },
	{ "", "spool_directory", OPTION_PATH, "/var/lib/leadmilter/spool", TOP(spool_directory), NULL, 0, 0 },
	{ "", "spool_max_bytes", OPTION_BYTES, "1073741824", TOP(spool_max_bytes), NULL, 1048576, 1e15 },
	{ "", "content", OPTION_STRING, "facts", TOP(content), "none|facts|text", 0, 0 },
	{ "", "retention_days", OPTION_UNSIGNED, "0", TOP(retention_days), NULL, 0, YEARS },
	{ "", "retention_messages_days", OPTION_UNSIGNED, "0", TOP(retention_messages_days), NULL, 0, YEARS },
	{ "", "retention_events_days", OPTION_UNSIGNED, "0", TOP(retention_events_days), NULL, 0, YEARS },
	{ "", "retention_texts_days", OPTION_UNSIGNED, "0", TOP(retention_texts_days), NULL, 0, YEARS },
	{ "", "retention_touches_days", OPTION_UNSIGNED, "0", TOP(retention_touches_days), NULL, 0, YEARS },
	{ "", "retention_audit_days", OPTION_UNSIGNED, "365", TOP(retention_audit_days), NULL, 0, YEARS },
	{ "", "remember_forgotten", OPTION_BOOLEAN, "false", TOP(remember_forgotten), NULL, 0, 0 },
	{ "", "conversation_days", OPTION_UNSIGNED, "60", TOP(conversation_days), NULL, 1, YEARS },
	{ "", "watch_conversations", OPTION_BOOLEAN, "true", TOP(watch_conversations), NULL, 0, 0 },
	{ "", "silence_after", OPTION_DURATION, "7d", TOP(silence_after), NULL, 0, AGES },
	{ "", "account_heat", OPTION_DURATION, "14d", TOP(account_heat), NULL, 0, AGES },
	{ "", "recycle_after", OPTION_DURATION, "0", TOP(recycle_after), NULL, 0, AGES },
	{ "", "flood_new_leads", OPTION_UNSIGNED, "20", TOP(flood_new_leads), NULL, 1, 1000 },
	{ "", "flood_messages", OPTION_UNSIGNED, "40", TOP(flood_messages), NULL, 1, 500 },
	{ "", "flood_window", OPTION_DURATION, "120m", TOP(flood_window), NULL, 60, 30 * 86400 },
	{ "", "own_domains", OPTION_LIST, "", TOP(own_domains), NULL, 0, 0 },
	{ "", "own_networks", OPTION_NETWORKS, "", TOP(own_networks), NULL, 0, 0 },
	{ "", "never_log", OPTION_LIST, "", TOP(never_log), NULL, 0, 0 },
	{ "", "partner_domains", OPTION_LIST, "", TOP(partner_domains), NULL, 0, 0 },
	{ "", "target_domains", OPTION_LIST, "", TOP(target_domains), NULL, 0, 0 },
	{ "", "trusted_authserv_ids", OPTION_LIST, "", TOP(trusted_authserv_ids), NULL, 0, 0 },
	{ "", "scorecards", OPTION_PATHS, "", TOP(scorecard_files), NULL, 0, 0 },
	{ "", "adapter_directory", OPTION_PATH, "", TOP(adapter_directory), NULL, 0, 0 },
	{ "", "list_directory", OPTION_PATH, "", TOP(list_directory), NULL, 0, 0 },
	{ "", "freemail_list", OPTION_PATH, "", TOP(freemail_list), NULL, 0, 0 },
	{ "", "disposable_list", OPTION_PATH, "", TOP(disposable_list), NULL, 0, 0 },
	{ "", "relay_list", OPTION_PATH, "", TOP(relay_list), NULL, 0, 0 },
	{ "", "role_list", OPTION_PATH, "", TOP(role_list), NULL, 0, 0 },
	{ "", "isp_list", OPTION_PATH, "", TOP(isp_list), NULL, 0, 0 },
	{ "", "phrase_files", OPTION_PATHS, "", TOP(phrase_files), NULL, 0, 0 },
	{ "", "default_region", OPTION_STRING, "", TOP(default_region), NULL, 0, 0 },
	{ "", "fallback_owner", OPTION_STRING, "", TOP(fallback_owner), NULL, 0, 0 },
	{ "", "response_within", OPTION_DURATION, "2h", TOP(response_within), NULL, 60, RESPONSE },
	{ "", "working_hours", OPTION_STRING, "Mon-Fri 09:00-18:00", TOP(working_hours), NULL, 0, 0 },
	{ "", "time_zone", OPTION_STRING, "", TOP(time_zone), NULL, 0, 0 },
	{ "", "holidays", OPTION_LIST, "", TOP(holidays), NULL, 0, 0 },
	{ "", "hostname", OPTION_STRING, "", TOP(hostname), NULL, 0, 0 },
	{ "", "max_sessions", OPTION_UNSIGNED, "2000", TOP(max_sessions), NULL, 1, 100000 },
	{ "", "add_headers", OPTION_BOOLEAN, "true", TOP(add_headers), NULL, 0, 0 },
	{ "", "route_domains", OPTION_LIST, "", TOP(route_domains), NULL, 0, 0 },
	{ "", "recipient_delimiter", OPTION_STRING, "+", TOP(recipient_delimiter), NULL, 0, 0 },
	{ "", "reply_token", OPTION_BOOLEAN, "false", TOP(reply_token), NULL, 0, 0 },
	{ "", "reply_token_secret", OPTION_SECRETS, "", TOP(reply_token_secret), NULL, 0, 0 },
	{ "", "reply_token_days", OPTION_UNSIGNED, "0", TOP(reply_token_days), NULL, 0, 10000 },
	{ "", "hook_listen", OPTION_STRING, "", TOP(hook_listen), NULL, 0, 0 },
	{ "", "hook_socket_mode", OPTION_MODE, "0660", TOP(hook_socket_mode), NULL, 0, 0 },
	{ "", "hook_max_body", OPTION_BYTES, "262144", TOP(hook_max_body), NULL, 1024, 16777216 },
	{ "", "hook_max_connections", OPTION_UNSIGNED, "256", TOP(hook_max_connections), NULL, 4, 10000 },
	{ "", "hook_request_seconds", OPTION_UNSIGNED, "10", TOP(hook_request_seconds), NULL, 1, 300 },
	{ "", "page_hosts", OPTION_LIST, "", TOP(page_hosts), NULL, 0, 0 },
	{ "", "page_proxies", OPTION_NETWORKS, "", TOP(page_proxies), NULL, 0, 0 },
	{ "", "page_secure", OPTION_STRING, "auto", TOP(page_secure), "auto|always", 0, 0 },
	{ "", "page_idle", OPTION_DURATION, "2h", TOP(page_idle), NULL, 60, 30 * 86400 },
	{ "", "page_life", OPTION_DURATION, "12h", TOP(page_life), NULL, 60, 30 * 86400 },
	{ "", "log_level", OPTION_STRING, "info", TOP(log_level_name), "error|warning|notice|info|debug", 0, 0 },
	{ "", "log_target", OPTION_STRING, "syslog", TOP(log_target), "syslog|stderr", 0, 0 },

	{ "mailbox", "tag", OPTION_STRING, "", MAILBOX(tag), NULL, 0, 0 },
	{ "mailbox", "scorecard", OPTION_LIST, "", MAILBOX(scorecards), NULL, 0, 0 },
	{ "mailbox", "source", OPTION_STRING, "", MAILBOX(source), NULL, 0, 0 },
	{ "mailbox", "owner", OPTION_STRING, "", MAILBOX(owner), NULL, 0, 0 },
	{ "mailbox", "response_within", OPTION_DURATION, "0", MAILBOX(response_within), NULL, 0, RESPONSE },

	{ "owner", "name", OPTION_STRING, "", OWNER(name), NULL, 0, 0 },
	{ "owner", "team", OPTION_STRING, "", OWNER(team), NULL, 0, 0 },
	{ "owner", "capacity", OPTION_UNSIGNED, "0", OWNER(capacity), NULL, 0, 1000000 },
	{ "owner", "weight", OPTION_UNSIGNED, "1", OWNER(weight), NULL, 1, 1000 },
	{ "owner", "languages", OPTION_LIST, "", OWNER(languages), NULL, 0, 0 },
	{ "owner", "countries", OPTION_LIST, "", OWNER(countries), NULL, 0, 0 },
	{ "owner", "products", OPTION_LIST, "", OWNER(products), NULL, 0, 0 },
	{ "owner", "absent_from", OPTION_TIME, "", OWNER(absent_from), NULL, 0, 0 },
	{ "owner", "absent_until", OPTION_TIME, "", OWNER(absent_until), NULL, 0, 0 },
	{ "owner", "substitute", OPTION_STRING, "", OWNER(substitute), NULL, 0, 0 },

	{ "assign", "when", OPTION_STRING, "", ASSIGN(when), NULL, 0, 0 },
	{ "assign", "strategy", OPTION_STRING, "round_robin", ASSIGN(strategy), "pool|fixed|least_loaded|round_robin|manual", 0, 0 },
	{ "assign", "owners", OPTION_LIST, "", ASSIGN(owners), NULL, 0, 0 },
	{ "assign", "response_within", OPTION_DURATION, "0", ASSIGN(response_within), NULL, 0, RESPONSE },

	{ "endpoint", "url", OPTION_SECRET, "", ENDPOINT(url), NULL, 0, 0 },
	{ "endpoint", "secrets", OPTION_SECRETS, "", ENDPOINT(secrets), NULL, 0, 0 },
	{ "endpoint", "events", OPTION_LIST, "", ENDPOINT(events), NULL, 0, 0 },
	{ "endpoint", "when", OPTION_STRING, "", ENDPOINT(when), NULL, 0, 0 },
	{ "endpoint", "cloudevents", OPTION_STRING, "off", ENDPOINT(cloudevents), "off|binary|structured|batch", 0, 0 },
	{ "endpoint", "batch_events", OPTION_UNSIGNED, "100", ENDPOINT(batch_events), NULL, 1, 1000 },
	{ "endpoint", "batch_bytes", OPTION_UNSIGNED, "262144", ENDPOINT(batch_bytes), NULL, 1024, 16777216 },
	{ "endpoint", "headers", OPTION_FIELDS, "", ENDPOINT(headers), NULL, 0, 0 },
	{ "endpoint", "bearer", OPTION_SECRET, "", ENDPOINT(bearer), NULL, 0, 0 },
	{ "endpoint", "basic", OPTION_SECRET, "", ENDPOINT(basic), NULL, 0, 0 },
	{ "endpoint", "oauth_token_url", OPTION_STRING, "", ENDPOINT(oauth_token_url), NULL, 0, 0 },
	{ "endpoint", "oauth_client_id", OPTION_STRING, "", ENDPOINT(oauth_client_id), NULL, 0, 0 },
	{ "endpoint", "oauth_client_secret", OPTION_SECRET, "", ENDPOINT(oauth_client_secret), NULL, 0, 0 },
	{ "endpoint", "oauth_refresh_token", OPTION_SECRET, "", ENDPOINT(oauth_refresh_token), NULL, 0, 0 },
	{ "endpoint", "oauth_scope", OPTION_STRING, "", ENDPOINT(oauth_scope), NULL, 0, 0 },
	{ "endpoint", "oauth_client_auth", OPTION_STRING, "basic", ENDPOINT(oauth_client_auth), "basic|post", 0, 0 },
	{ "endpoint", "ca_file", OPTION_PATH, "", ENDPOINT(ca_file), NULL, 0, 0 },
	{ "endpoint", "client_cert", OPTION_PATH, "", ENDPOINT(client_cert), NULL, 0, 0 },
	{ "endpoint", "client_key", OPTION_PATH, "", ENDPOINT(client_key), NULL, 0, 0 },
	{ "endpoint", "proxy", OPTION_SECRET, "", ENDPOINT(proxy), NULL, 0, 0 },
	{ "endpoint", "rate", OPTION_FLOAT, "0", ENDPOINT(rate), NULL, 0, 100000 },
	{ "endpoint", "give_up_days", OPTION_UNSIGNED, "0", ENDPOINT(give_up_days), NULL, 0, YEARS },
	{ "endpoint", "concurrency", OPTION_UNSIGNED, "8", ENDPOINT(concurrency), NULL, 1, 256 },
	{ "endpoint", "timeout_seconds", OPTION_UNSIGNED, "15", ENDPOINT(timeout_seconds), NULL, 1, 300 },
	{ "endpoint", "include_text", OPTION_BOOLEAN, "false", ENDPOINT(include_text), NULL, 0, 0 },
	{ "endpoint", "adapter", OPTION_STRING, "", ENDPOINT(adapter), NULL, 0, 0 },
	{ "endpoint", "settings", OPTION_SETTINGS, "", ENDPOINT(settings), NULL, 0, 0 },

	{ "client", "secrets", OPTION_SECRETS, "", CLIENT(secrets), NULL, 0, 0 },
	{ "client", "tokens", OPTION_SECRETS, "", CLIENT(tokens), NULL, 0, 0 },
	{ "client", "scopes", OPTION_LIST, "", CLIENT(scopes), NULL, 0, 0 },
	{ "client", "networks", OPTION_NETWORKS, "", CLIENT(networks), NULL, 0, 0 },
	{ "client", "adapter", OPTION_STRING, "", CLIENT(adapter), NULL, 0, 0 },
	{ "client", "settings", OPTION_SETTINGS, "", CLIENT(settings), NULL, 0, 0 },
	{ "client", "endpoint", OPTION_STRING, "", CLIENT(endpoint), NULL, 0, 0 },
	{ "client", "rate", OPTION_UNSIGNED, "100", CLIENT(rate), NULL, 0, 100000 },

	{ "page_user", "token", OPTION_SECRET, "", USER(token), NULL, 0, 0 },
	{ "page_user", "role", OPTION_STRING, "viewer", USER(role), "viewer|operator", 0, 0 },
	{ "page_user", "owner", OPTION_STRING, "", USER(owner), NULL, 0, 0 },

	{ "form", "senders", OPTION_LIST, "", FORM(senders), NULL, 0, 0 },
	{ "form", "clients", OPTION_NETWORKS, "", FORM(clients), NULL, 0, 0 },
	{ "form", "logins", OPTION_LIST, "", FORM(logins), NULL, 0, 0 },
	{ "form", "fields", OPTION_LIST, "", FORM(fields), NULL, 0, 0 },
	{ "form", "source", OPTION_STRING, "", FORM(source), NULL, 0, 0 },

	{ "route", "when", OPTION_STRING, "", ROUTE(when), NULL, 0, 0 },
	{ "route", "add", OPTION_LIST, "", ROUTE(add), NULL, 0, 0 },
	{ "route", "replace", OPTION_STRING, "", ROUTE(replace), NULL, 0, 0 },
	{ "route", "keep_copy", OPTION_STRING, "", ROUTE(keep_copy), NULL, 0, 0 },
	{ "route", "headers", OPTION_LIST, "", ROUTE(headers), NULL, 0, 0 },
	{ "route", "subject_tag", OPTION_STRING, "", ROUTE(subject_tag), NULL, 0, 0 },
	{ "route", "quarantine", OPTION_STRING, "", ROUTE(quarantine), NULL, 0, 0 },
	{ "route", "stop", OPTION_BOOLEAN, "false", ROUTE(stop), NULL, 0, 0 },

	{ "notify", "smtp", OPTION_SECRET, "smtp://127.0.0.1:25", NOTIFY(smtp), NULL, 0, 0 },
	{ "notify", "from", OPTION_STRING, "", NOTIFY(from), NULL, 0, 0 },
	{ "notify", "sender", OPTION_STRING, "", NOTIFY(sender), NULL, 0, 0 },
	{ "notify", "to", OPTION_LIST, "", NOTIFY(to), NULL, 0, 0 },
	{ "notify", "events", OPTION_LIST, "", NOTIFY(events), NULL, 0, 0 },
	{ "notify", "when", OPTION_STRING, "", NOTIFY(when), NULL, 0, 0 },
	{ "notify", "url", OPTION_STRING, "", NOTIFY(url), NULL, 0, 0 },
	{ "notify", "per_hour", OPTION_UNSIGNED, "30", NOTIFY(per_hour), NULL, 0, 100000 },

	{ "card", "name", OPTION_STRING, "", CARD(name), NULL, 0, 0 },
	{ "card", "include", OPTION_PATHS, "", CARD(includes), NULL, 0, 0 },
	{ "card", "applies", OPTION_STRING, "", CARD(applies), NULL, 0, 0 },
	{ "card", "half_life", OPTION_FLOAT, "30", CARD(half_life_days), NULL, 0.01, YEARS },
	{ "card", "mql", OPTION_FLOAT, "65", CARD(mql), NULL, -10000, 10000 },
	{ "card", "grade_a", OPTION_FLOAT, "22", CARD(grade_a), NULL, -10000, 10000 },
	{ "card", "grade_b", OPTION_FLOAT, "15", CARD(grade_b), NULL, -10000, 10000 },
	{ "card", "grade_c", OPTION_FLOAT, "8", CARD(grade_c), NULL, -10000, 10000 },
	{ "card", "hot", OPTION_FLOAT, "30", CARD(hot), NULL, -10000, 10000 },
	{ "card", "warm", OPTION_FLOAT, "10", CARD(warm), NULL, -10000, 10000 },

	{ "rule", "when", OPTION_STRING, "", RULE(when), NULL, 0, 0 },
	{ "rule", "points", OPTION_FLOAT, "0", RULE(points), NULL, -10000, 10000 },
	{ "rule", "value", OPTION_STRING, "", RULE(value), NULL, 0, 0 },
	{ "rule", "importance", OPTION_FLOAT, "0", RULE(importance), NULL, -10000, 10000 },
	{ "rule", "dimension", OPTION_STRING, "engagement", RULE(dimension), "fit|engagement|quality", 0, 0 },
	{ "rule", "kind", OPTION_STRING, "implicit", RULE(kind), "explicit|implicit", 0, 0 },
	{ "rule", "group", OPTION_STRING, "", RULE(group), NULL, 0, 0 },
	{ "rule", "reason", OPTION_STRING, "", RULE(reason), NULL, 0, 0 },
	{ "rule", "count", OPTION_STRING, "message", RULE(count), "message|day|person", 0, 0 },
	{ "rule", "half_life", OPTION_FLOAT, "-1", RULE(half_life_days), NULL, -1, YEARS },
	{ "rule", "from", OPTION_TIME, "", RULE(from), NULL, 0, 0 },
	{ "rule", "until", OPTION_TIME, "", RULE(until), NULL, 0, 0 },

	{ "group", "cap", OPTION_FLOAT, "", GROUP(cap), NULL, -10000, 10000 },
	{ "group", "floor", OPTION_FLOAT, "", GROUP(floor), NULL, -10000, 10000 },

	{ "touch", "points", OPTION_FLOAT, "0", TOUCH(points), NULL, -10000, 10000 },
	{ "touch", "importance", OPTION_FLOAT, "0", TOUCH(importance), NULL, -10000, 10000 },
	{ "touch", "half_life", OPTION_FLOAT, "-1", TOUCH(half_life_days), NULL, -1, YEARS },
	{ "touch", "dimension", OPTION_STRING, "engagement", TOUCH(dimension), "fit|engagement|quality", 0, 0 },
	{ "touch", "reason", OPTION_STRING, "", TOUCH(reason), NULL, 0, 0 },
	/* clang-format on */
};

const guint option_row_count = G_N_ELEMENTS(option_rows);

static const char *const type_names[] = {
	[OPTION_STRING] = "string", [OPTION_PATH] = "path",         [OPTION_LIST] = "list",
	[OPTION_PATHS] = "list",    [OPTION_UNSIGNED] = "integer",  [OPTION_BYTES] = "integer",
	[OPTION_MODE] = "string",   [OPTION_BOOLEAN] = "boolean",   [OPTION_FLOAT] = "float",
	[OPTION_TIME] = "time",     [OPTION_DURATION] = "duration", [OPTION_NETWORKS] = "list",
	[OPTION_SECRET] = "string", [OPTION_SECRETS] = "list",      [OPTION_FIELDS] = "list",
	[OPTION_SETTINGS] = "list",
};

const struct config_option *
config_options(guint *ret_count)
{
	static struct config_option *options;
	static gsize once;
	if (g_once_init_enter(&once)) {
		options = g_new0(struct config_option, option_row_count);
		for (guint i = 0; i < option_row_count; i++)
			options[i] =
				(struct config_option){ option_rows[i].section, option_rows[i].name,
							type_names[option_rows[i].type],
							option_rows[i].fallback };
		g_once_init_leave(&once, 1);
	}
	*ret_count = option_row_count;
	return options;
}
