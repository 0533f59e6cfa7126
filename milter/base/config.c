/*
 * config.c - leadmilter.conf: what its sections mean, and what must hold for all of it.
 *
 * Files are read in config_file.c, scorecards in config_scorecard.c.
 */
#include "base/config.h"
#include "base/config_file.h"
#include "base/config_options.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

static void
mailbox_free(gpointer data)
{
	struct config_mailbox *mailbox = data;
	config_section_clear("mailbox", mailbox);
	g_free(mailbox->name);
	g_free(mailbox->address);
	g_free(mailbox);
}

static void
endpoint_free(gpointer data)
{
	struct config_endpoint *endpoint = data;
	config_section_clear("endpoint", endpoint);
	if (endpoint->notify)
		config_section_clear("notify", endpoint->notify);
	g_free(endpoint->notify);
	g_free(endpoint->name);
	g_free(endpoint);
}

static void
form_free(gpointer data)
{
	struct config_form *form = data;
	config_section_clear("form", form);
	g_free(form->name);
	g_free(form);
}

static void
owner_free(gpointer data)
{
	struct config_owner *owner = data;
	config_section_clear("owner", owner);
	g_free(owner->address);
	g_free(owner);
}

static void
assign_free(gpointer data)
{
	struct config_assign *assign = data;
	config_section_clear("assign", assign);
	g_free(assign->name);
	g_free(assign);
}

static void
route_free(gpointer data)
{
	struct config_route *route = data;
	config_section_clear("route", route);
	g_free(route->name);
	g_free(route);
}

static void
client_free(gpointer data)
{
	struct config_client *client = data;
	config_section_clear("client", client);
	g_free(client->name);
	g_free(client);
}

static void
page_user_free(gpointer data)
{
	struct config_page_user *user = data;
	config_section_clear("page_user", user);
	g_free(user->name);
	g_free(user);
}

static struct config *
config_new(const char *path)
{
	struct config *config = g_new0(struct config, 1);
	config->references = 1;
	config->path = g_strdup(path);
	config->mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
	config->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
	config->clients = g_ptr_array_new_with_free_func(client_free);
	config->page_users = g_ptr_array_new_with_free_func(page_user_free);
	config->forms = g_ptr_array_new_with_free_func(form_free);
	config->owners = g_ptr_array_new_with_free_func(owner_free);
	config->assigns = g_ptr_array_new_with_free_func(assign_free);
	config->routes = g_ptr_array_new_with_free_func(route_free);
	config->scorecards = g_ptr_array_new_with_free_func((GDestroyNotify)config_scorecard_free);
	return config;
}

struct config *
config_ref(struct config *config)
{
	g_atomic_int_inc(&config->references);
	return config;
}

void
config_unref(struct config *config)
{
	if (!config || !g_atomic_int_dec_and_test(&config->references))
		return;
	config_section_clear("", config);
	g_free(config->path);
	g_ptr_array_unref(config->mailboxes);
	g_ptr_array_unref(config->clients);
	g_ptr_array_unref(config->page_users);
	g_ptr_array_unref(config->endpoints);
	g_ptr_array_unref(config->forms);
	g_ptr_array_unref(config->owners);
	g_ptr_array_unref(config->assigns);
	g_ptr_array_unref(config->routes);
	g_ptr_array_unref(config->scorecards);
	g_free(config);
}

static gboolean
read_mailbox(struct config_file *file, struct config_part *section, struct config *config,
	     GError **error)
{
	struct config_mailbox *mailbox = g_new0(struct config_mailbox, 1);
	g_ptr_array_add(config->mailboxes, mailbox);
	mailbox->name = g_strdup(config_part_title(section));
	mailbox->address = g_ascii_strdown(mailbox->name, -1);
	if (!strpbrk(mailbox->name, "@.*?") || strlen(mailbox->name) > LIMIT_ADDRESS)
		return config_part_problem(
			file, section, NULL, error,
			"mailbox \"%s\": expected an address, a domain or a pattern",
			mailbox->name);
	mailbox->match = strpbrk(mailbox->address, "*?") ? MATCH_PATTERN
			 : strchr(mailbox->address, '@') ? MATCH_ADDRESS
							 : MATCH_DOMAIN;
	mailbox->line = config_part_line(file, section, NULL);
	if (!config_part_read(file, section, "mailbox", mailbox, error))
		return FALSE;
	if (mailbox->scorecards->len)
		mailbox->line = config_part_line(file, section, "scorecard");
	return TRUE;
}

/* By what a receiver may know that a request is ours. */
static gboolean
proves_itself(const struct config_endpoint *endpoint)
{
	return endpoint->secrets->len || endpoint->bearer || endpoint->basic ||
	       endpoint->oauth_token_url || endpoint->client_cert || endpoint->adapter;
}

static gboolean
is_url(const char *url)
{
	return url && (g_str_has_prefix(url, "https://") || g_str_has_prefix(url, "http://"));
}

/* Options that need each other. */
static gboolean
check_endpoint(struct config_file *file, struct config_part *section,
	       const struct config_endpoint *endpoint, GError **error)
{
	gboolean oauth = endpoint->oauth_token_url != NULL;
	if (!is_url(endpoint->url))
		return config_part_problem(
			file, section, endpoint->url ? "url" : NULL, error,
			"endpoint \"%s\": expected url = \"https://…\" or \"http://…\"",
			endpoint->name);
	if (!proves_itself(endpoint))
		return config_part_problem(
			file, section, NULL, error,
			"endpoint \"%s\": expected secrets = {\"whsec_…\"}, since every "
			"request is signed",
			endpoint->name);
	if ((oauth && !is_url(endpoint->oauth_token_url)) || oauth != !!endpoint->oauth_client_id)
		return config_part_problem(
			file, section, NULL, error,
			"endpoint \"%s\": expected oauth_token_url = \"https://…\" and "
			"oauth_client_id together",
			endpoint->name);
	if (!!endpoint->bearer + !!endpoint->basic + oauth > 1)
		return config_part_problem(
			file, section, NULL, error,
			"endpoint \"%s\": expected one of bearer, basic and oauth_token_url",
			endpoint->name);
	return TRUE;
}

static gboolean
read_endpoint(struct config_file *file, struct config_part *section, struct config *config,
	      GError **error)
{
	struct config_endpoint *endpoint = g_new0(struct config_endpoint, 1);
	g_ptr_array_add(config->endpoints, endpoint);
	endpoint->name = g_strdup(config_part_title(section));
	endpoint->line = config_part_line(file, section, "secrets");
	if (!endpoint->line)
		endpoint->line = config_part_line(file, section, NULL);
	return config_part_read(file, section, "endpoint", endpoint, error) &&
	       check_endpoint(file, section, endpoint, error);
}

static gboolean
read_client(struct config_file *file, struct config_part *section, struct config *config,
	    GError **error)
{
	static const char *const scopes[] = { "touches", "outcomes", "customers", "leads",
					      "read",    "operate",  NULL };
	struct config_client *client = g_new0(struct config_client, 1);
	g_ptr_array_add(config->clients, client);
	client->name = g_strdup(config_part_title(section));
	if (!config_part_read(file, section, "client", client, error))
		return FALSE;
	client->line = config_part_line(file, section, NULL);
	for (guint i = 0; i < client->scopes->len; i++)
		if (!g_strv_contains(scopes, g_ptr_array_index(client->scopes, i)))
			return config_part_problem(
				file, section, "scopes", error,
				"client \"%s\": scope \"%s\": expected touches, outcomes, "
				"customers, leads, read or operate",
				client->name, (char *)g_ptr_array_index(client->scopes, i));
	for (guint i = 0; i < client->tokens->len; i++)
		if (strlen(g_ptr_array_index(client->tokens, i)) < 24)
			return config_part_problem(
				file, section, "tokens", error,
				"client \"%s\": a token must have 24 characters at least",
				client->name);
	if (!client->secrets->len && !client->tokens->len && !client->adapter)
		return config_part_problem(
			file, section, NULL, error,
			"client \"%s\": expected secrets = {\"whsec_…\"}, tokens = {…} or "
			"adapter = \"…\"",
			client->name);
	return TRUE;
}

/* Enough to tell an address from a slip of the hand. */
static gboolean
looks_like_address(const char *text)
{
	const char *at = strrchr(text, '@');
	return at && at > text && at[1] && !strpbrk(text, " \t<>,;*?") &&
	       strlen(text) <= LIMIT_ADDRESS;
}

/* Two users with one token could not be told apart. */
static gboolean
is_token_of_another(const struct config *config, const struct config_page_user *user)
{
	for (guint i = 0; i < config->page_users->len; i++) {
		const struct config_page_user *other = g_ptr_array_index(config->page_users, i);
		if (other != user && !g_strcmp0(other->token, user->token))
			return TRUE;
	}
	return FALSE;
}

static gboolean
read_page_user(struct config_file *file, struct config_part *section, struct config *config,
	       GError **error)
{
	struct config_page_user *user = g_new0(struct config_page_user, 1);
	g_ptr_array_add(config->page_users, user);
	user->name = g_strdup(config_part_title(section));
	if (!config_part_read(file, section, "page_user", user, error))
		return FALSE;
	if (!user->token || strlen(user->token) < LIMIT_TOKEN_LEAST)
		return config_part_problem(
			file, section, user->token ? "token" : NULL, error,
			"page_user \"%s\": expected token = \"file:…\" with %d characters at "
			"least",
			user->name, LIMIT_TOKEN_LEAST);
	if (is_token_of_another(config, user))
		return config_part_problem(file, section, "token", error,
					   "page_user \"%s\": another user has that token",
					   user->name);
	if (user->owner && !looks_like_address(user->owner))
		return config_part_problem(file, section, "owner", error,
					   "page_user \"%s\": owner = \"%s\": expected an address",
					   user->name, user->owner);
	return TRUE;
}

/* What of an endpoint a notification has: its mails go one after another. */
static void
fill_notify_endpoint(struct config_endpoint *endpoint)
{
	static const char *const usual[] = { "lead.created", "lead.assigned", "lead.reopened",
					     "lead.sla_breached", "contact.bounced" };
	struct config_notify *notify = endpoint->notify;
	endpoint->url = g_strdup(notify->smtp);
	endpoint->when = g_strdup(notify->when);
	endpoint->secrets = g_ptr_array_new_with_free_func(g_free);
	endpoint->headers = g_ptr_array_new_with_free_func(g_free);
	endpoint->events = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < notify->events->len; i++)
		g_ptr_array_add(endpoint->events, g_strdup(g_ptr_array_index(notify->events, i)));
	for (guint i = 0; !notify->events->len && i < G_N_ELEMENTS(usual); i++)
		g_ptr_array_add(endpoint->events, g_strdup(usual[i]));
	if (!notify->to->len)
		g_ptr_array_add(notify->to, g_strdup("owner"));
	endpoint->concurrency = 1;
	endpoint->timeout_seconds = 30;
}

/* A receiver of events like an endpoint, and one by its name. */
static gboolean
read_notify(struct config_file *file, struct config_part *section, struct config *config,
	    GError **error)
{
	struct config_endpoint *endpoint = g_new0(struct config_endpoint, 1);
	const char *smtp;
	g_ptr_array_add(config->endpoints, endpoint);
	endpoint->notify = g_new0(struct config_notify, 1);
	endpoint->name = g_strdup(config_part_title(section));
	endpoint->line = config_part_line(file, section, NULL);
	for (guint i = 0; i + 1 < config->endpoints->len; i++)
		if (!strcmp(((struct config_endpoint *)config->endpoints->pdata[i])->name,
			    endpoint->name))
			return config_part_problem(file, section, NULL, error,
						   "notify \"%s\": an endpoint has that name",
						   endpoint->name);
	if (!config_part_read(file, section, "notify", endpoint->notify, error))
		return FALSE;
	smtp = endpoint->notify->smtp;
	if (!smtp || (!g_str_has_prefix(smtp, "smtp://") && !g_str_has_prefix(smtp, "smtps://")))
		return config_part_problem(file, section, "smtp", error,
					   "notify \"%s\": expected smtp = \"smtp://host:25\"",
					   endpoint->name);
	fill_notify_endpoint(endpoint);
	return TRUE;
}

static gboolean
read_form(struct config_file *file, struct config_part *section, struct config *config,
	  GError **error)
{
	struct config_form *form = g_new0(struct config_form, 1);
	g_ptr_array_add(config->forms, form);
	form->name = g_strdup(config_part_title(section));
	if (!config_part_read(file, section, "form", form, error))
		return FALSE;
	for (guint i = 0; i < form->fields->len; i++)
		if (!strchr(g_ptr_array_index(form->fields, i), '='))
			return config_part_problem(
				file, section, "fields", error,
				"form \"%s\": field \"%s\": expected \"label=key\"", form->name,
				(char *)g_ptr_array_index(form->fields, i));
	return TRUE;
}

static gboolean
read_route(struct config_file *file, struct config_part *section, struct config *config,
	   GError **error)
{
	struct config_route *route = g_new0(struct config_route, 1);
	g_ptr_array_add(config->routes, route);
	route->name = g_strdup(config_part_title(section));
	route->line = config_part_line(file, section, NULL);
	if (!config_part_read(file, section, "route", route, error))
		return FALSE;
	route->add_line = config_part_line(file, section, "add");
	route->headers_line = config_part_line(file, section, "headers");
	if (route->when)
		route->line = config_part_line(file, section, "when");
	return TRUE;
}

/* Short keys can be guessed: a token is as good as its secret. */
static gboolean
read_token_secrets(struct config_file *file, struct config_part *whole, struct config *config,
		   GError **error)
{
	for (guint i = 0; i < config->reply_token_secret->len; i++) {
		const char *secret = g_ptr_array_index(config->reply_token_secret, i);
		if (strlen(secret) < LIMIT_SECRET_LEAST)
			return config_part_problem(
				file, whole, "reply_token_secret", error,
				"reply_token_secret: expected at least %d characters",
				LIMIT_SECRET_LEAST);
	}
	if (config->reply_token && !config->reply_token_secret->len)
		return config_part_problem(
			file, whole, "reply_token", error,
			"reply_token: expected reply_token_secret = {\"file:…\"}");
	if (config->reply_token && !config->recipient_delimiter)
		return config_part_problem(
			file, whole, "reply_token", error,
			"reply_token: expected a recipient_delimiter such as \"+\"");
	return TRUE;
}

static gboolean
read_owner(struct config_file *file, struct config_part *section, struct config *config,
	   GError **error)
{
	struct config_owner *owner = g_new0(struct config_owner, 1);
	g_ptr_array_add(config->owners, owner);
	owner->address = g_strdup(config_part_title(section));
	if (!looks_like_address(owner->address))
		return config_part_problem(file, section, NULL, error,
					   "owner \"%s\": expected an address", owner->address);
	for (guint i = 0; i + 1 < config->owners->len; i++)
		if (!g_ascii_strcasecmp(
			    ((struct config_owner *)g_ptr_array_index(config->owners, i))->address,
			    owner->address))
			return config_part_problem(file, section, NULL, error,
						   "a second owner \"%s\"", owner->address);
	if (config->owners->len > LIMIT_OWNERS)
		return config_part_problem(file, section, NULL, error, "more than %d owners",
					   LIMIT_OWNERS);
	if (!config_part_read(file, section, "owner", owner, error))
		return FALSE;
	if (owner->absent_until && owner->absent_until <= owner->absent_from)
		return config_part_problem(file, section, "absent_until", error,
					   "owner \"%s\": absent_until is not after absent_from",
					   owner->address);
	if (owner->substitute && !looks_like_address(owner->substitute))
		return config_part_problem(file, section, "substitute", error,
					   "owner \"%s\": substitute = \"%s\": expected an address",
					   owner->address, owner->substitute);
	return TRUE;
}

static gboolean
read_assign(struct config_file *file, struct config_part *section, struct config *config,
	    GError **error)
{
	struct config_assign *assign = g_new0(struct config_assign, 1);
	g_ptr_array_add(config->assigns, assign);
	assign->name = g_strdup(config_part_title(section));
	if (!config_part_read(file, section, "assign", assign, error))
		return FALSE;
	assign->line = config_part_line(file, section, assign->when ? "when" : NULL);
	for (guint i = 0; i < assign->owners->len; i++) {
		const char *owner = g_ptr_array_index(assign->owners, i);
		if (strcmp(owner, "all") && !looks_like_address(owner) &&
		    !(g_str_has_prefix(owner, "team:") && owner[5]))
			return config_part_problem(
				file, section, "owners", error,
				"assign \"%s\": owners: \"%s\": expected an address, "
				"\"team:NAME\" or \"all\"",
				assign->name, owner);
	}
	if (!strcmp(assign->strategy, "fixed") && !assign->owners->len)
		return config_part_problem(
			file, section, NULL, error,
			"assign \"%s\": strategy \"fixed\": expected owners = {\"…\"}",
			assign->name);
	return TRUE;
}

/* "127.0.0.1:8025", "[::1]:8025" or "unix:/path"; a socket's path has at most 107 bytes. */
static gboolean
is_listen_address(const char *listen)
{
	const char *colon = strrchr(listen, ':');
	gsize length = colon ? (gsize)(colon - listen) : 0;
	g_autofree char *host = NULL;
	guint64 port;
	if (g_str_has_prefix(listen, "unix:"))
		return listen[5] == '/' && strlen(listen + 5) <= 107;
	if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
		return FALSE;
	if (listen[0] == '[' && length > 2 && listen[length - 1] == ']')
		host = g_strndup(listen + 1, length - 2);
	else if (!memchr(listen, ':', length))
		host = g_strndup(listen, length);
	return host && g_hostname_is_ip_address(host);
}

static gboolean
is_store(const char *where)
{
	return where &&
	       (g_str_has_prefix(where, "sqlite:/") || g_str_has_prefix(where, "postgresql://") ||
		g_str_has_prefix(where, "postgres://"));
}

/* What isn't understood may hold a password. */
static const char *
shown_store(const char *where)
{
	return !where ? "" : strchr(where, '@') ? "..." : where;
}

static gboolean
check_top(struct config_file *file, struct config_part *whole, struct config *config,
	  GError **error)
{
	if (!config->socket || (!g_str_has_prefix(config->socket, "unix:/") &&
				!g_str_has_prefix(config->socket, "inet:") &&
				!g_str_has_prefix(config->socket, "inet6:")))
		return config_part_problem(
			file, whole, "socket", error,
			"socket = \"%s\": expected \"unix:/path\" or \"inet:port@host\"",
			config->socket ? config->socket : "");
	if (!is_store(config->store))
		return config_part_problem(file, whole, "store", error,
					   "store = \"%s\": expected \"sqlite:/path\" or "
					   "\"postgresql://host/database\"",
					   shown_store(config->store));
	if (config->hook_listen && !is_listen_address(config->hook_listen))
		return config_part_problem(file, whole, "hook_listen", error,
					   "hook_listen = \"%s\": expected \"127.0.0.1:8025\", "
					   "\"[::1]:8025\" or \"unix:/path\"",
					   config->hook_listen);
	if (config->default_region &&
	    (strlen(config->default_region) != 2 || !g_ascii_isupper(config->default_region[0]) ||
	     !g_ascii_isupper(config->default_region[1])))
		return config_part_problem(
			file, whole, "default_region", error,
			"default_region = \"%s\": expected a country code such as \"RO\"",
			config->default_region);
	return TRUE;
}

static gboolean
check_scorecards(const struct config *config, const struct config_mailbox *mailbox,
		 GHashTable *names, GError **error)
{
	for (guint i = 0; i < mailbox->scorecards->len; i++) {
		const char *name = g_ptr_array_index(mailbox->scorecards, i);
		if (!g_hash_table_contains(names, name)) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "%s:%d: mailbox \"%s\": no scorecard \"%s\"", config->path,
				    mailbox->line, mailbox->name, name);
			return FALSE;
		}
	}
	return TRUE;
}

static gboolean
load_scorecards(struct config *config, GError **error)
{
	g_autoptr(GHashTable) names = g_hash_table_new(g_str_hash, g_str_equal);
	for (guint i = 0; i < config->scorecard_files->len; i++) {
		const char *path = g_ptr_array_index(config->scorecard_files, i);
		struct config_scorecard *card = config_scorecard_load(path, error);
		if (!card)
			return FALSE;
		g_ptr_array_add(config->scorecards, card);
		if (!g_hash_table_add(names, card->name)) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "%s:0: a second scorecard named \"%s\"", path, card->name);
			return FALSE;
		}
	}
	for (guint i = 0; i < config->mailboxes->len; i++)
		if (!check_scorecards(config, g_ptr_array_index(config->mailboxes, i), names,
				      error))
			return FALSE;
	return TRUE;
}

static gboolean
fill_config(struct config_file *file, struct config_part *whole, void *target, GError **error)
{
	struct config *config = target;
	static const struct {
		const char *name;
		gboolean (*read)(struct config_file *file, struct config_part *section,
				 struct config *config, GError **error);
	} sections[] = { { "mailbox", read_mailbox },    { "owner", read_owner },
			 { "assign", read_assign },      { "endpoint", read_endpoint },
			 { "form", read_form },          { "route", read_route },
			 { "client", read_client },      { "notify", read_notify },
			 { "page_user", read_page_user } };
	if (!config_part_read(file, whole, "", config, error) ||
	    !check_top(file, whole, config, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		for (guint j = 0; j < config_part_count(whole, sections[i].name); j++)
			if (!sections[i].read(file, config_part_nth(whole, sections[i].name, j),
					      config, error))
				return FALSE;
	if (!read_token_secrets(file, whole, config, error))
		return FALSE;
	config_complete(config, config_file_directory(file));
	return TRUE;
}

static gboolean
fill_without_secrets(struct config_file *file, struct config_part *whole, void *target,
		     GError **error)
{
	config_file_leave_secrets(file);
	return fill_config(file, whole, target, error);
}

static struct config *
read_config(const char *path, gboolean secrets, GError **error)
{
	static const char *const sections[] = { "mailbox", "owner",  "assign", "endpoint",  "form",
						"route",   "client", "notify", "page_user", NULL };
	g_autoptr(config_owned) config = config_new(path);
	return config_file_read(path, "", sections, secrets ? fill_config : fill_without_secrets,
				config, error)
		       ? g_steal_pointer(&config)
		       : NULL;
}

struct config *
config_load_options(const char *path, GError **error)
{
	return read_config(path, FALSE, error);
}

struct config *
config_load(const char *path, GError **error)
{
	g_autoptr(config_owned) config = read_config(path, TRUE, error);
	return config && load_scorecards(config, error) ? g_steal_pointer(&config) : NULL;
}

struct config *
config_default(void)
{
	struct config *config = config_new("(defaults)");
	for (guint i = 0; i < option_row_count; i++)
		if (!*option_rows[i].section)
			config_fallback(&option_rows[i], (char *)config + option_rows[i].offset);
	config_complete(config, NULL);
	g_autoptr(GError) error = NULL;
	if (!load_scorecards(config, &error))
		log_warning("built-in defaults: %s", error->message);
	return config;
}
