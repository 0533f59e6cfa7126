/*
 * config.c - leadmilter.conf and scorecard files, read with libconfuse into plain structs.
 *
 * The option table (config_options.c) is turned into libconfuse's option arrays, and after parsing
 * every value is copied into its struct member by the same table; so an option exists in exactly
 * one place.  libconfuse reports errors through a callback without user data: one mutex makes
 * reading single-file-at-a-time, which is all a daemon needs.  Every message begins with
 * "file:line: ".
 */
#include "base/config.h"
#include "base/clock.h"
#include "base/config_options.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/secret.h"

#include <confuse.h>
#include <gio/gio.h>
#include <math.h>
#include <string.h>

/* --- libconfuse: one file at a time --- */

struct reader {
	const char *path;
	char *directory; /* relative paths stand against it */
	GHashTable *lines; /* cfg_opt_t * or cfg_t * -> line */
	GString *problem; /* the first complaint */
};

static pthread_mutex_t reader_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct reader *current; /* under reader_mutex */

static void
on_error(cfg_t *cfg, const char *format, va_list args)
{
	if (current->problem->len)
		return;
	g_string_printf(current->problem, "%s:%d: ", current->path, cfg ? cfg->line : 0);
	g_string_append_vprintf(current->problem, format, args);
}

static int
on_value(cfg_t *cfg, cfg_opt_t *option)
{
	g_hash_table_insert(current->lines, option, GINT_TO_POINTER(cfg->line));
	return 0;
}

static int
on_section(cfg_t *cfg, cfg_opt_t *option)
{
	cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
	g_hash_table_insert(current->lines, section, GINT_TO_POINTER(cfg->line));
	return 0;
}

static gboolean
problem(struct reader *reader, gconstpointer at, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *what = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: %s", reader->path,
		    GPOINTER_TO_INT(g_hash_table_lookup(reader->lines, at)), what);
	return FALSE;
}

static cfg_opt_t
confuse_option(const struct option_row *row)
{
	cfg_opt_t list = CFG_STR_LIST(row->name, 0, CFGF_NONE);
	cfg_opt_t integer = CFG_INT(row->name, strtol(row->fallback, NULL, 10), CFGF_NONE);
	cfg_opt_t boolean = CFG_BOOL(row->name, !strcmp(row->fallback, "true"), CFGF_NONE);
	cfg_opt_t number =
		CFG_FLOAT(row->name, *row->fallback ? atof(row->fallback) : NAN, CFGF_NONE);
	cfg_opt_t text = CFG_STR(row->name, row->fallback, CFGF_NONE);
	switch (row->type) {
	case OPTION_LIST:
	case OPTION_PATHS:
	case OPTION_NETWORKS:
	case OPTION_SECRETS:
	case OPTION_FIELDS:
	case OPTION_SETTINGS:
		return list;
	case OPTION_UNSIGNED:
	case OPTION_BYTES:
		return integer;
	case OPTION_BOOLEAN:
		return boolean;
	case OPTION_FLOAT:
		return number;
	default:
		return text;
	}
}

/* The libconfuse array of one section; `sections` is a NULL-terminated list to nest in it. */
static cfg_opt_t *
confuse_options(const char *section, const char *const *sections)
{
	GArray *options = g_array_new(FALSE, TRUE, sizeof(cfg_opt_t));
	for (guint i = 0; i < option_row_count; i++)
		if (!strcmp(option_rows[i].section, section)) {
			cfg_opt_t option = confuse_option(&option_rows[i]);
			option.validcb = on_value;
			g_array_append_val(options, option);
		}
	for (; sections && *sections; sections++) {
		cfg_opt_t nested = CFG_SEC(*sections, confuse_options(*sections, NULL),
					   CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
		nested.validcb = on_section;
		g_array_append_val(options, nested);
	}
	cfg_opt_t end = CFG_END();
	g_array_append_val(options, end);
	return (cfg_opt_t *)(void *)g_array_free(options, FALSE);
}

static void
confuse_options_free(cfg_opt_t *options)
{
	for (cfg_opt_t *option = options; option->type != CFGT_NONE; option++)
		if (option->type == CFGT_SEC)
			g_free(option->subopts);
	g_free(options);
}

static char *
absolute_path(const struct reader *reader, const char *path)
{
	return g_canonicalize_filename(path, reader->directory);
}

static GPtrArray *
read_list(const struct reader *reader, cfg_t *section, const struct option_row *row)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		g_ptr_array_add(list, row->type == OPTION_PATHS ? absolute_path(reader, item)
								: g_strdup(item));
	}
	return list;
}

/* Made once, at load: a wrong one must not silently match nothing. */
static gboolean
read_networks(struct reader *reader, cfg_t *section, const struct option_row *row,
	      GPtrArray **member, GError **error)
{
	*member = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		GInetAddressMask *mask = g_inet_address_mask_new_from_string(item, NULL);
		if (!mask)
			return problem(reader, cfg_getopt(section, row->name), error,
				       "%s: \"%s\" is no network; expected \"192.0.2.0/24\"",
				       row->name, item);
		g_ptr_array_add(*member, mask);
	}
	return TRUE;
}

/* Secrets, each of which may stand elsewhere. */
static gboolean
read_secrets(struct reader *reader, cfg_t *section, const struct option_row *row,
	     GPtrArray **member, GError **error)
{
	*member = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		g_autoptr(GError) why = NULL;
		char *secret = row->type == OPTION_FIELDS
				       ? secret_read_field(item, reader->directory, &why)
			       : row->type == OPTION_SETTINGS
				       ? secret_read_setting(item, reader->directory, &why)
				       : secret_read(item, reader->directory, &why);
		if (!secret)
			return problem(reader, cfg_getopt(section, row->name), error, "%s",
				       why->message);
		g_ptr_array_add(*member, secret);
	}
	return TRUE;
}

static gboolean
read_secret(struct reader *reader, cfg_t *section, const struct option_row *row, char **member,
	    GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	g_autoptr(GError) why = NULL;
	*member = *value ? secret_read(value, reader->directory, &why) : NULL;
	return !why || problem(reader, cfg_getopt(section, row->name), error, "%s", why->message);
}

static gboolean
is_choice(const char *choices, const char *value)
{
	g_auto(GStrv) each = g_strsplit(choices, "|", -1);
	return g_strv_contains((const char *const *)each, value);
}

static gboolean
read_duration(struct reader *reader, cfg_t *section, const struct option_row *row, void *member,
	      GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	gconstpointer at = cfg_getopt(section, row->name);
	g_autoptr(GError) why = NULL;
	gint64 length = clock_parse_duration(value, &why);
	if (length < 0)
		return problem(reader, at, error, "%s: %s", row->name, why->message);
	if (length < row->least * CLOCK_SECOND || length > row->most * CLOCK_SECOND)
		return problem(reader, at, error, "%s = \"%s\": expected %.16g to %.16g seconds",
			       row->name, value, row->least, row->most);
	*(gint64 *)member = length;
	return TRUE;
}

static gboolean
read_text(struct reader *reader, cfg_t *section, const struct option_row *row, void *member,
	  GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	gconstpointer at = cfg_getopt(section, row->name);
	if (row->choices && !is_choice(row->choices, value))
		return problem(reader, at, error, "%s = \"%s\": expected one of %s", row->name,
			       value, row->choices);
	switch (row->type) {
	case OPTION_MODE: {
		char *end;
		*(guint *)member = (guint)strtoul(value, &end, 8);
		if (!*value || *end || *(guint *)member > 0777)
			return problem(reader, at, error,
				       "%s = \"%s\": expected an octal mode such as \"0660\"",
				       row->name, value);
		return TRUE;
	}
	case OPTION_TIME:
		*(gint64 *)member = 0;
		if (*value) {
			g_autoptr(GError) why = NULL;
			*(gint64 *)member = clock_parse(value, &why);
			if (why)
				return problem(reader, at, error, "%s: %s", row->name,
					       why->message);
		}
		return TRUE;
	case OPTION_DURATION:
		return read_duration(reader, section, row, member, error);
	case OPTION_SECRET:
		return read_secret(reader, section, row, member, error);
	default:
		*(char **)member = !value || !*value          ? NULL
				   : row->type == OPTION_PATH ? absolute_path(reader, value)
							      : g_strdup(value);
		return TRUE;
	}
}

static gboolean
in_range(const struct option_row *row, double value)
{
	if (isnan(value)) /* unset, where that may be */
		return !*row->fallback;
	return (row->least == 0 && row->most == 0) || (value >= row->least && value <= row->most);
}

static gboolean
read_number(struct reader *reader, cfg_t *section, const struct option_row *row, void *member,
	    GError **error)
{
	double value = row->type == OPTION_FLOAT ? cfg_getfloat(section, row->name)
						 : (double)cfg_getint(section, row->name);
	if (!in_range(row, value))
		return problem(reader, cfg_getopt(section, row->name), error,
			       "%s = %.16g: expected %.16g to %.16g", row->name, value, row->least,
			       row->most);
	if (row->type == OPTION_FLOAT)
		*(double *)member = value;
	else if (row->type == OPTION_BYTES)
		*(gint64 *)member = cfg_getint(section, row->name);
	else
		*(guint *)member = (guint)cfg_getint(section, row->name);
	return TRUE;
}

/* Copy a section's values into its struct. */
static gboolean
read_section(struct reader *reader, cfg_t *section, const char *name, void *target, GError **error)
{
	for (guint i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (strcmp(row->section, name))
			continue;
		void *member = (char *)target + row->offset;
		gboolean ok = TRUE;
		if (row->type == OPTION_LIST || row->type == OPTION_PATHS)
			*(GPtrArray **)member = read_list(reader, section, row);
		else if (row->type == OPTION_NETWORKS)
			ok = read_networks(reader, section, row, member, error);
		else if (row->type == OPTION_SECRETS || row->type == OPTION_FIELDS ||
			 row->type == OPTION_SETTINGS)
			ok = read_secrets(reader, section, row, member, error);
		else if (row->type == OPTION_BOOLEAN)
			*(gboolean *)member = cfg_getbool(section, row->name);
		else if (row->type == OPTION_UNSIGNED || row->type == OPTION_BYTES ||
			 row->type == OPTION_FLOAT)
			ok = read_number(reader, section, row, member, error);
		else
			ok = read_text(reader, section, row, member, error);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

void
config_section_clear(const char *name, void *target)
{
	for (guint i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (strcmp(row->section, name))
			continue;
		void *member = (char *)target + row->offset;
		if (row->type == OPTION_LIST || row->type == OPTION_PATHS ||
		    row->type == OPTION_NETWORKS || row->type == OPTION_SECRETS ||
		    row->type == OPTION_FIELDS || row->type == OPTION_SETTINGS)
			g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
		else if (row->type == OPTION_STRING || row->type == OPTION_PATH ||
			 row->type == OPTION_SECRET)
			g_clear_pointer((char **)member, g_free);
	}
}

/* Parse a file and let `fill` copy it; everything of libconfuse ends here. */
static gboolean
read_file(const char *path, const char *top, const char *const *sections,
	  gboolean (*fill)(struct reader *reader, cfg_t *cfg, void *target, GError **error),
	  void *target, GError **error)
{
	g_autofree char *text = config_text(path, error);
	if (!text)
		return FALSE;
	struct reader reader = { path, g_path_get_dirname(path), g_hash_table_new(NULL, NULL),
				 g_string_new(NULL) };
	char *here = g_get_current_dir();
	char *directory = g_canonicalize_filename(reader.directory, here);
	g_free(reader.directory);
	g_free(here);
	reader.directory = directory;
	pthread_mutex_lock(&reader_mutex);
	current = &reader;
	cfg_opt_t *options = confuse_options(top, sections);
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	gboolean ok = cfg_parse_buf(cfg, text) == CFG_SUCCESS && !reader.problem->len;
	if (!ok)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s",
			    reader.problem->len ? reader.problem->str : "unreadable");
	else
		ok = fill(&reader, cfg, target, error);
	cfg_free(cfg);
	confuse_options_free(options);
	current = NULL;
	pthread_mutex_unlock(&reader_mutex);
	g_hash_table_unref(reader.lines);
	g_string_free(reader.problem, TRUE);
	g_free(reader.directory);
	return ok;
}

static int
line_of(const struct reader *reader, gconstpointer at)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(reader->lines, at));
}

/* --- scorecards --- */

static gboolean
read_rule(struct reader *reader, cfg_t *section, struct config_scorecard *card, GError **error)
{
	struct config_rule *rule = g_new0(struct config_rule, 1);
	g_ptr_array_add(card->rules, rule);
	rule->name = g_strdup(cfg_title(section));
	rule->file = g_strdup(reader->path);
	rule->line = line_of(reader, section);
	if (!read_section(reader, section, "rule", rule, error))
		return FALSE;
	int when = line_of(reader, cfg_getopt(section, "when"));
	if (!rule->when)
		return problem(reader, section, error,
			       "rule \"%s\" has no condition: expected when = \"…\"", rule->name);
	rule->line = when;
	rule->group_line = line_of(reader, cfg_getopt(section, "group"));
	if (!rule->reason)
		rule->reason = g_strdup(rule->name);
	if (card->rules->len > LIMIT_RULES)
		return problem(reader, section, error, "more than %d rules", LIMIT_RULES);
	return TRUE;
}

static gboolean
fill_scorecard(struct reader *reader, cfg_t *cfg, void *target, GError **error)
{
	struct config_scorecard *card = target;
	if (!read_section(reader, cfg, "card", card, error))
		return FALSE;
	card->includes_line = line_of(reader, cfg_getopt(cfg, "include"));
	card->name_line = line_of(reader, cfg_getopt(cfg, "name"));
	card->applies_line = line_of(reader, cfg_getopt(cfg, "applies"));
	for (guint i = 0; i < cfg_size(cfg, "rule"); i++)
		if (!read_rule(reader, cfg_getnsec(cfg, "rule", i), card, error))
			return FALSE;
	for (guint i = 0; i < cfg_size(cfg, "group"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "group", i);
		struct config_group *group = g_new0(struct config_group, 1);
		g_ptr_array_add(card->groups, group);
		group->name = g_strdup(cfg_title(section));
		group->file = g_strdup(reader->path);
		group->line = line_of(reader, section);
		if (!read_section(reader, section, "group", group, error))
			return FALSE;
		if (group->cap < group->floor)
			return problem(reader, section, error, "group \"%s\": cap below floor",
				       group->name);
	}
	for (guint i = 0; i < cfg_size(cfg, "touch"); i++) {
		cfg_t *section = cfg_getnsec(cfg, "touch", i);
		struct config_touch *touch = g_new0(struct config_touch, 1);
		g_ptr_array_add(card->touches, touch);
		touch->name = g_strdup(cfg_title(section));
		touch->file = g_strdup(reader->path);
		touch->line = line_of(reader, section);
		if (!read_section(reader, section, "touch", touch, error))
			return FALSE;
	}
	return TRUE;
}

gboolean
config_scorecard_read(struct config_scorecard *card, GError **error)
{
	static const char *const sections[] = { "rule", "group", "touch", NULL };
	return read_file(card->file, "card", sections, fill_scorecard, card, error);
}

/* --- leadmilter.conf --- */

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

static struct config *
config_new(const char *path)
{
	struct config *config = g_new0(struct config, 1);
	config->references = 1;
	config->path = g_strdup(path);
	config->mailboxes = g_ptr_array_new_with_free_func(mailbox_free);
	config->endpoints = g_ptr_array_new_with_free_func(endpoint_free);
	config->clients = g_ptr_array_new_with_free_func(client_free);
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
	g_ptr_array_unref(config->endpoints);
	g_ptr_array_unref(config->forms);
	g_ptr_array_unref(config->owners);
	g_ptr_array_unref(config->assigns);
	g_ptr_array_unref(config->routes);
	g_ptr_array_unref(config->scorecards);
	g_free(config);
}

static gboolean
read_mailbox(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_mailbox *mailbox = g_new0(struct config_mailbox, 1);
	g_ptr_array_add(config->mailboxes, mailbox);
	mailbox->name = g_strdup(cfg_title(section));
	mailbox->address = g_ascii_strdown(mailbox->name, -1);
	if (!strpbrk(mailbox->name, "@.*?") || strlen(mailbox->name) > LIMIT_ADDRESS)
		return problem(reader, section, error,
			       "mailbox \"%s\": expected an address, a domain or a pattern",
			       mailbox->name);
	mailbox->match = strpbrk(mailbox->address, "*?") ? MATCH_PATTERN
			 : strchr(mailbox->address, '@') ? MATCH_ADDRESS
							 : MATCH_DOMAIN;
	mailbox->line = line_of(reader, section);
	if (!read_section(reader, section, "mailbox", mailbox, error))
		return FALSE;
	if (mailbox->scorecards->len)
		mailbox->line = line_of(reader, cfg_getopt(section, "scorecard"));
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
check_endpoint(struct reader *reader, cfg_t *section, const struct config_endpoint *endpoint,
	       GError **error)
{
	gboolean oauth = endpoint->oauth_token_url != NULL;
	if (!is_url(endpoint->url))
		return problem(
			reader, endpoint->url ? (gconstpointer)cfg_getopt(section, "url") : section,
			error, "endpoint \"%s\": expected url = \"https://…\" or \"http://…\"",
			endpoint->name);
	if (!proves_itself(endpoint))
		return problem(reader, section, error,
			       "endpoint \"%s\": expected secrets = {\"whsec_…\"}, since every "
			       "request is signed",
			       endpoint->name);
	if ((oauth && !is_url(endpoint->oauth_token_url)) || oauth != !!endpoint->oauth_client_id)
		return problem(reader, section, error,
			       "endpoint \"%s\": expected oauth_token_url = \"https://…\" and "
			       "oauth_client_id together",
			       endpoint->name);
	if (!!endpoint->bearer + !!endpoint->basic + oauth > 1)
		return problem(reader, section, error,
			       "endpoint \"%s\": expected one of bearer, basic and oauth_token_url",
			       endpoint->name);
	return TRUE;
}

static gboolean
read_endpoint(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_endpoint *endpoint = g_new0(struct config_endpoint, 1);
	g_ptr_array_add(config->endpoints, endpoint);
	endpoint->name = g_strdup(cfg_title(section));
	endpoint->line = line_of(reader, cfg_getopt(section, "secrets"));
	if (!endpoint->line)
		endpoint->line = line_of(reader, section);
	return read_section(reader, section, "endpoint", endpoint, error) &&
	       check_endpoint(reader, section, endpoint, error);
}

static gboolean
read_client(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	static const char *const scopes[] = { "touches", "outcomes", "customers",
					      "leads",   "read",     NULL };
	struct config_client *client = g_new0(struct config_client, 1);
	g_ptr_array_add(config->clients, client);
	client->name = g_strdup(cfg_title(section));
	if (!read_section(reader, section, "client", client, error))
		return FALSE;
	client->line = line_of(reader, section);
	for (guint i = 0; i < client->scopes->len; i++)
		if (!g_strv_contains(scopes, g_ptr_array_index(client->scopes, i)))
			return problem(reader, cfg_getopt(section, "scopes"), error,
				       "client \"%s\": scope \"%s\": expected touches, outcomes, "
				       "customers, leads or read",
				       client->name, (char *)g_ptr_array_index(client->scopes, i));
	for (guint i = 0; i < client->tokens->len; i++)
		if (strlen(g_ptr_array_index(client->tokens, i)) < 24)
			return problem(reader, cfg_getopt(section, "tokens"), error,
				       "client \"%s\": a token must have 24 characters at least",
				       client->name);
	if (!client->secrets->len && !client->tokens->len && !client->adapter)
		return problem(reader, section, error,
			       "client \"%s\": expected secrets = {\"whsec_…\"}, tokens = {…} or "
			       "adapter = \"…\"",
			       client->name);
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
read_notify(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_endpoint *endpoint = g_new0(struct config_endpoint, 1);
	const char *smtp;
	g_ptr_array_add(config->endpoints, endpoint);
	endpoint->notify = g_new0(struct config_notify, 1);
	endpoint->name = g_strdup(cfg_title(section));
	endpoint->line = line_of(reader, section);
	for (guint i = 0; i + 1 < config->endpoints->len; i++)
		if (!strcmp(((struct config_endpoint *)config->endpoints->pdata[i])->name,
			    endpoint->name))
			return problem(reader, section, error,
				       "notify \"%s\": an endpoint has that name", endpoint->name);
	if (!read_section(reader, section, "notify", endpoint->notify, error))
		return FALSE;
	smtp = endpoint->notify->smtp;
	if (!smtp || (!g_str_has_prefix(smtp, "smtp://") && !g_str_has_prefix(smtp, "smtps://")))
		return problem(reader, cfg_getopt(section, "smtp"), error,
			       "notify \"%s\": expected smtp = \"smtp://host:25\"", endpoint->name);
	fill_notify_endpoint(endpoint);
	return TRUE;
}

static gboolean
read_form(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_form *form = g_new0(struct config_form, 1);
	g_ptr_array_add(config->forms, form);
	form->name = g_strdup(cfg_title(section));
	if (!read_section(reader, section, "form", form, error))
		return FALSE;
	for (guint i = 0; i < form->fields->len; i++)
		if (!strchr(g_ptr_array_index(form->fields, i), '='))
			return problem(reader, cfg_getopt(section, "fields"), error,
				       "form \"%s\": field \"%s\": expected \"label=key\"",
				       form->name, (char *)g_ptr_array_index(form->fields, i));
	return TRUE;
}

static gboolean
read_route(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_route *route = g_new0(struct config_route, 1);
	g_ptr_array_add(config->routes, route);
	route->name = g_strdup(cfg_title(section));
	route->line = line_of(reader, section);
	if (!read_section(reader, section, "route", route, error))
		return FALSE;
	route->add_line = line_of(reader, cfg_getopt(section, "add"));
	route->headers_line = line_of(reader, cfg_getopt(section, "headers"));
	if (route->when)
		route->line = line_of(reader, cfg_getopt(section, "when"));
	return TRUE;
}

/* Short keys can be guessed: a token is as good as its secret. */
static gboolean
read_token_secrets(struct reader *reader, cfg_t *cfg, struct config *config, GError **error)
{
	gconstpointer at = cfg_getopt(cfg, "reply_token_secret");
	for (guint i = 0; i < config->reply_token_secret->len; i++) {
		const char *secret = g_ptr_array_index(config->reply_token_secret, i);
		if (strlen(secret) < LIMIT_SECRET_LEAST)
			return problem(reader, at, error,
				       "reply_token_secret: expected at least %d characters",
				       LIMIT_SECRET_LEAST);
	}
	if (config->reply_token && !config->reply_token_secret->len)
		return problem(reader, cfg_getopt(cfg, "reply_token"), error,
			       "reply_token: expected reply_token_secret = {\"file:…\"}");
	if (config->reply_token && !config->recipient_delimiter)
		return problem(reader, cfg_getopt(cfg, "reply_token"), error,
			       "reply_token: expected a recipient_delimiter such as \"+\"");
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

static gboolean
read_owner(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_owner *owner = g_new0(struct config_owner, 1);
	g_ptr_array_add(config->owners, owner);
	owner->address = g_strdup(cfg_title(section));
	if (!looks_like_address(owner->address))
		return problem(reader, section, error, "owner \"%s\": expected an address",
			       owner->address);
	for (guint i = 0; i + 1 < config->owners->len; i++)
		if (!g_ascii_strcasecmp(
			    ((struct config_owner *)g_ptr_array_index(config->owners, i))->address,
			    owner->address))
			return problem(reader, section, error, "a second owner \"%s\"",
				       owner->address);
	if (config->owners->len > LIMIT_OWNERS)
		return problem(reader, section, error, "more than %d owners", LIMIT_OWNERS);
	if (!read_section(reader, section, "owner", owner, error))
		return FALSE;
	if (owner->absent_until && owner->absent_until <= owner->absent_from)
		return problem(reader, cfg_getopt(section, "absent_until"), error,
			       "owner \"%s\": absent_until is not after absent_from",
			       owner->address);
	if (owner->substitute && !looks_like_address(owner->substitute))
		return problem(reader, cfg_getopt(section, "substitute"), error,
			       "owner \"%s\": substitute = \"%s\": expected an address",
			       owner->address, owner->substitute);
	return TRUE;
}

static gboolean
read_assign(struct reader *reader, cfg_t *section, struct config *config, GError **error)
{
	struct config_assign *assign = g_new0(struct config_assign, 1);
	g_ptr_array_add(config->assigns, assign);
	assign->name = g_strdup(cfg_title(section));
	if (!read_section(reader, section, "assign", assign, error))
		return FALSE;
	assign->line = line_of(reader,
			       assign->when ? (gconstpointer)cfg_getopt(section, "when") : section);
	for (guint i = 0; i < assign->owners->len; i++) {
		const char *owner = g_ptr_array_index(assign->owners, i);
		if (strcmp(owner, "all") && !looks_like_address(owner) &&
		    !(g_str_has_prefix(owner, "team:") && owner[5]))
			return problem(reader, cfg_getopt(section, "owners"), error,
				       "assign \"%s\": owners: \"%s\": expected an address, "
				       "\"team:NAME\" or \"all\"",
				       assign->name, owner);
	}
	if (!strcmp(assign->strategy, "fixed") && !assign->owners->len)
		return problem(reader, section, error,
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
check_top(struct reader *reader, cfg_t *cfg, struct config *config, GError **error)
{
	if (!config->socket || (!g_str_has_prefix(config->socket, "unix:/") &&
				!g_str_has_prefix(config->socket, "inet:") &&
				!g_str_has_prefix(config->socket, "inet6:")))
		return problem(reader, cfg_getopt(cfg, "socket"), error,
			       "socket = \"%s\": expected \"unix:/path\" or \"inet:port@host\"",
			       config->socket ? config->socket : "");
	if (!config->store || !g_str_has_prefix(config->store, "sqlite:/"))
		return problem(reader, cfg_getopt(cfg, "store"), error,
			       "store = \"%s\": expected \"sqlite:/path\"",
			       config->store ? config->store : "");
	if (config->hook_listen && !is_listen_address(config->hook_listen))
		return problem(reader, cfg_getopt(cfg, "hook_listen"), error,
			       "hook_listen = \"%s\": expected \"127.0.0.1:8025\", "
			       "\"[::1]:8025\" or \"unix:/path\"",
			       config->hook_listen);
	if (config->default_region &&
	    (strlen(config->default_region) != 2 || !g_ascii_isupper(config->default_region[0]) ||
	     !g_ascii_isupper(config->default_region[1])))
		return problem(reader, cfg_getopt(cfg, "default_region"), error,
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
fill_config(struct reader *reader, cfg_t *cfg, void *target, GError **error)
{
	struct config *config = target;
	static const struct {
		const char *name;
		gboolean (*read)(struct reader *reader, cfg_t *section, struct config *config,
				 GError **error);
	} sections[] = { { "mailbox", read_mailbox }, { "owner", read_owner },
			 { "assign", read_assign },   { "endpoint", read_endpoint },
			 { "form", read_form },       { "route", read_route },
			 { "client", read_client },   { "notify", read_notify } };
	if (!read_section(reader, cfg, "", config, error) || !check_top(reader, cfg, config, error))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(sections); i++)
		for (guint j = 0; j < cfg_size(cfg, sections[i].name); j++)
			if (!sections[i].read(reader, cfg_getnsec(cfg, sections[i].name, j), config,
					      error))
				return FALSE;
	if (!read_token_secrets(reader, cfg, config, error))
		return FALSE;
	config_complete(config, reader->directory);
	return TRUE;
}

struct config *
config_load(const char *path, GError **error)
{
	static const char *const sections[] = { "mailbox", "owner",  "assign", "endpoint", "form",
						"route",   "client", "notify", NULL };
	g_autoptr(config_owned) config = config_new(path);
	if (!read_file(path, "", sections, fill_config, config, error) ||
	    !load_scorecards(config, error))
		return NULL;
	return g_steal_pointer(&config);
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
		log_warning("%s", error->message);
	return config;
}
