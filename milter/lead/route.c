/*
 * route.c - see route.h.
 *
 * Everything the configuration alone can get wrong is refused when it is loaded: addresses outside
 * our domains, watched ones, fields that are the MTA's or ours.  What only a message shows (an
 * owner elsewhere) is left out then, and told.
 */
#include "lead/route.h"

#include <stdarg.h>
#include <string.h>

#include "base/error.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/mailbox.h"
#include "mail/token.h"

#define OWNER "owner"
/* A line of route_to_text() that no rule is called. */
#define REPLY_LINE "\treply"

struct rule {
	const struct config_route *config;
	struct expression *when; /* NULL: always */
	gboolean for_machines; /* asks for the kind, and so may hold for mail of no person */
	GPtrArray *recipients; /* char *, addresses or "owner" */
	gboolean replaces;
	GPtrArray *fields; /* struct route_field * */
};

struct route_rules {
	const struct config *config; /* of the scorecards, which outlive us */
	const struct expression_names *names;
	const struct word_list *targets;
	GPtrArray *rules; /* struct rule * */
	GPtrArray *fields; /* char * */
	guint actions;
};

static gboolean
has_text(const GPtrArray *texts, const char *text)
{
	for (guint i = 0; i < texts->len; i++) {
		if (g_ascii_strcasecmp(texts->pdata[i], text) == 0)
			return TRUE;
	}
	return FALSE;
}

static void
add_text(GPtrArray *texts, const char *text)
{
	if (!has_text(texts, text))
		g_ptr_array_add(texts, g_strdup(text));
}

/* --- what may be added --- */

static gboolean
is_watched(const struct config *config, const char *address)
{
	return mailbox_find(config, address, NULL) != NULL;
}

static gboolean
is_allowed_domain(const struct config *config, const char *address)
{
	return mailbox_list_matches(config->own_domains, address) ||
	       mailbox_list_matches(config->route_domains, address);
}

/* Goes into an SMTP command as it is. */
static gboolean
is_plain_address(const char *address)
{
	if (strlen(address) > LIMIT_ADDRESS || !address_is_valid(address))
		return FALSE;
	for (const char *p = address; *p != '\0'; p++) {
		if ((guchar)*p <= ' ' || *p == 0x7f || strchr("<>()\"\\,;:", *p) != NULL)
			return FALSE;
	}
	return TRUE;
}

/* @return NULL when it may be added */
static const char *
find_objection(const struct config *config, const char *address)
{
	if (!is_plain_address(address))
		return "is no address";
	if (!is_allowed_domain(config, address))
		return "is neither in own_domains nor in route_domains";
	return is_watched(config, address) ? "is a watched mailbox itself" : NULL;
}

/* --- compiling --- */

static void G_GNUC_PRINTF(5, 6) complain(const struct route_rules *rules, const struct rule *rule,
					 int line, GError **error, const char *format, ...)
{
	g_autofree char *what = NULL;
	va_list arguments;

	va_start(arguments, format);
	what = g_strdup_vprintf(format, arguments);
	va_end(arguments);
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: route \"%s\": %s",
		    rules->config->path, line, rule->config->name, what);
}

static gboolean
add_recipient(const struct route_rules *rules, struct rule *rule, int line, const char *address,
	      GError **error)
{
	gboolean is_owner = g_ascii_strcasecmp(address, OWNER) == 0;
	const char *objection = is_owner ? NULL : find_objection(rules->config, address);

	if (objection != NULL) {
		complain(rules, rule, line, error, "\"%s\" %s", address, objection);
		return FALSE;
	}
	if (rule->recipients->len >= LIMIT_ROUTED) {
		complain(rules, rule, line, error, "more than %d recipients", LIMIT_ROUTED);
		return FALSE;
	}
	g_ptr_array_add(rule->recipients, g_strdup(is_owner ? OWNER : address));
	return TRUE;
}

static gboolean
compile_recipients(const struct route_rules *rules, struct rule *rule, GError **error)
{
	const struct config_route *config = rule->config;
	const char *replace = config->replace;

	for (guint i = 0; i < config->add->len; i++) {
		if (!add_recipient(rules, rule, config->add_line, config->add->pdata[i], error))
			return FALSE;
	}
	rule->replaces = replace != NULL && g_ascii_strcasecmp(replace, "false") != 0;
	if (rule->replaces && g_ascii_strcasecmp(replace, "true") != 0 &&
	    !add_recipient(rules, rule, config->line, replace, error))
		return FALSE;
	if (rule->replaces && rule->recipients->len == 0) {
		complain(rules, rule, config->line, error,
			 "replace = \"true\": expected somebody in add");
		return FALSE;
	}
	if (config->keep_copy == NULL)
		return TRUE;
	if (!rule->replaces) {
		complain(rules, rule, config->line, error,
			 "keep_copy without replace: the recipient gets the mail anyway");
		return FALSE;
	}
	return g_ascii_strcasecmp(config->keep_copy, OWNER) != 0
		       ? add_recipient(rules, rule, config->line, config->keep_copy, error)
		       : (complain(rules, rule, config->line, error,
				   "keep_copy: expected an address"),
			  FALSE);
}

static void
field_free(gpointer data)
{
	struct route_field *field = data;

	g_free(field->name);
	g_free(field->value);
	g_free(field);
}

/* Fields that others rely on, and ours. */
static gboolean
is_reserved_field(const char *name)
{
	static const char *const RESERVED[] = {
		"from",        "to",       "cc",          "bcc",          "sender",
		"reply-to",    "subject",  "date",        "message-id",   "references",
		"in-reply-to", "received", "return-path", "mime-version",
	};
	static const char *const FAMILIES[] = { "x-lead", "content-", "resent-", "authentication-",
						"arc-",   "dkim-",    "list-" };
	g_autofree char *lower = g_ascii_strdown(name, -1);

	for (guint i = 0; i < G_N_ELEMENTS(RESERVED); i++) {
		if (strcmp(lower, RESERVED[i]) == 0)
			return TRUE;
	}
	for (guint i = 0; i < G_N_ELEMENTS(FAMILIES); i++) {
		if (g_str_has_prefix(lower, FAMILIES[i]))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_line(const char *text)
{
	for (const char *p = text; *p != '\0'; p++) {
		if ((guchar)*p < ' ' || *p == 0x7f)
			return FALSE;
	}
	return strlen(text) <= LIMIT_ROUTE_TEXT && g_utf8_validate(text, -1, NULL);
}

static struct route_field *
parse_field(const char *text)
{
	const char *colon = strchr(text, ':');
	struct route_field *field;

	if (colon == NULL || colon == text || !is_line(text))
		return NULL;
	for (const char *p = text; p < colon; p++) {
		if (!g_ascii_isalnum(*p) && *p != '-' && *p != '_')
			return NULL;
	}
	field = g_new(struct route_field, 1);
	field->name = g_strndup(text, colon - text);
	field->value = g_strstrip(g_strdup(colon + 1));
	return field;
}

static gboolean
compile_fields(struct route_rules *rules, struct rule *rule, GError **error)
{
	const struct config_route *config = rule->config;

	for (guint i = 0; i < config->headers->len; i++) {
		struct route_field *field = parse_field(config->headers->pdata[i]);

		if (field == NULL || is_reserved_field(field->name)) {
			complain(rules, rule, config->headers_line, error,
				 "header \"%s\": expected \"X-Name: value\"%s",
				 (const char *)config->headers->pdata[i],
				 field != NULL ? ", of a name that is not in use" : "");
			if (field != NULL)
				field_free(field);
			return FALSE;
		}
		g_ptr_array_add(rule->fields, field);
		add_text(rules->fields, field->name);
	}
	return TRUE;
}

static gboolean
compile_condition(struct rule *rule, const char *file, struct expression_names *names,
		  GError **error)
{
	const struct config_route *config = rule->config;
	const struct expression_source source = { file, config->line, 1 };

	if (config->when == NULL)
		return TRUE;
	rule->when = expression_compile(config->when, &source, names, error);
	if (rule->when == NULL)
		return FALSE;
	rule->for_machines = expression_asks_kind(rule->when);
	return TRUE;
}

static gboolean
check_texts(const struct route_rules *rules, const struct rule *rule, GError **error)
{
	const struct config_route *config = rule->config;
	const char *const texts[] = { config->name, config->subject_tag, config->quarantine };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		if (texts[i] != NULL && !is_line(texts[i])) {
			complain(rules, rule, config->line, error,
				 "expected texts of one line and at most %d bytes",
				 LIMIT_ROUTE_TEXT);
			return FALSE;
		}
	}
	return TRUE;
}

static void
note_actions(struct route_rules *rules, const struct rule *rule)
{
	rules->actions |= rule->recipients->len > 0 ? ROUTE_RECIPIENTS : 0;
	rules->actions |= rule->replaces ? ROUTE_REPLACEMENT : 0;
	rules->actions |= rule->config->quarantine != NULL ? ROUTE_QUARANTINE : 0;
}

static void
rule_free(gpointer data)
{
	struct rule *rule = data;

	expression_free(rule->when);
	g_ptr_array_unref(rule->recipients);
	g_ptr_array_unref(rule->fields);
	g_free(rule);
}

static gboolean
compile_rule(struct route_rules *rules, const struct config_route *config,
	     struct expression_names *names, GError **error)
{
	struct rule *rule = g_new0(struct rule, 1);

	g_ptr_array_add(rules->rules, rule);
	rule->config = config;
	rule->recipients = g_ptr_array_new_with_free_func(g_free);
	rule->fields = g_ptr_array_new_with_free_func(field_free);
	if (!check_texts(rules, rule, error) ||
	    !compile_condition(rule, rules->config->path, names, error) ||
	    !compile_recipients(rules, rule, error) || !compile_fields(rules, rule, error))
		return FALSE;
	note_actions(rules, rule);
	return TRUE;
}

struct route_rules *
route_rules_new(struct config *config, struct expression_names *names,
		const struct word_list *targets, GError **error)
{
	struct route_rules *rules = g_new0(struct route_rules, 1);

	rules->config = config;
	rules->names = names;
	rules->targets = targets;
	rules->rules = g_ptr_array_new_with_free_func(rule_free);
	rules->fields = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; config->routes != NULL && i < config->routes->len; i++) {
		if (!compile_rule(rules, config->routes->pdata[i], names, error)) {
			route_rules_free(rules);
			return NULL;
		}
	}
	if (rules->rules->len <= LIMIT_ROUTES)
		return rules;
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:0: more than %d routes",
		    config->path, LIMIT_ROUTES);
	route_rules_free(rules);
	return NULL;
}

void
route_rules_free(struct route_rules *rules)
{
	if (rules == NULL)
		return;
	g_ptr_array_unref(rules->rules);
	g_ptr_array_unref(rules->fields);
	g_free(rules);
}

guint
route_rules_actions(const struct route_rules *rules)
{
	return rules->actions;
}

const GPtrArray *
route_rules_fields(const struct route_rules *rules)
{
	return rules->fields;
}

/* --- deciding --- */

struct routes {
	const struct route_rules *rules;
	const struct route_input *input;
	struct routing *routing;
	gboolean routed_before;
};

static struct routing *
routing_new(void)
{
	struct routing *routing = g_new0(struct routing, 1);

	routing->rules = g_ptr_array_new_with_free_func(g_free);
	routing->add = g_ptr_array_new_with_free_func(g_free);
	routing->remove = g_ptr_array_new_with_free_func(g_free);
	routing->refused = g_ptr_array_new_with_free_func(g_free);
	routing->fields = g_ptr_array_new_with_free_func(field_free);
	return routing;
}

void
route_free(struct routing *routing)
{
	if (routing == NULL)
		return;
	g_ptr_array_unref(routing->rules);
	g_ptr_array_unref(routing->add);
	g_ptr_array_unref(routing->remove);
	g_ptr_array_unref(routing->refused);
	g_ptr_array_unref(routing->fields);
	g_free(routing->subject_tag);
	g_free(routing->quarantine);
	g_free(routing->mark);
	g_free(routing->reply_lead);
	g_free(routing);
}

/* @return TRUE when the recipient gets the mail, by us or anyway */
static gboolean
route_to(struct routes *routes, const char *recipient)
{
	const struct lead *lead = routes->input->lead;
	const char *address = recipient;

	if (strcmp(recipient, OWNER) == 0) {
		address = lead != NULL ? lead->owner : NULL;
		if (address == NULL)
			return FALSE;
		if (find_objection(routes->rules->config, address) != NULL) {
			add_text(routes->routing->refused, address);
			return FALSE;
		}
	}
	if (has_text(routes->input->facts->recipients, address))
		return TRUE;
	if (routes->routing->add->len >= LIMIT_ROUTED)
		return FALSE;
	add_text(routes->routing->add, address);
	return TRUE;
}

/* The watched mailbox the lead came by, as the envelope has it. */
static const char *
find_replaceable(const struct routes *routes)
{
	const struct facts *facts = routes->input->facts;
	const char *watched = facts->mailbox_addresses->pdata[0];

	for (guint i = 0; i < facts->recipients->len; i++) {
		const char *recipient = facts->recipients->pdata[i];
		g_autofree char *bare = token_strip(routes->rules->config, recipient);

		if (g_ascii_strcasecmp(bare != NULL ? bare : recipient, watched) == 0)
			return recipient;
	}
	return NULL;
}

static void
route_recipients(struct routes *routes, const struct rule *rule)
{
	const char *replaced = rule->replaces ? find_replaceable(routes) : NULL;
	const char *copy = rule->config->keep_copy;
	guint reached = 0;

	for (guint i = 0; i < rule->recipients->len; i++) {
		const char *recipient = rule->recipients->pdata[i];

		/* the copy alone is no replacement: it is the last one */
		if (copy != NULL && i + 1 == rule->recipients->len && reached == 0)
			break;
		reached += route_to(routes, recipient);
	}
	if (replaced != NULL && reached > 0)
		add_text(routes->routing->remove, replaced);
}

static void
apply_rule(struct routes *routes, const struct rule *rule)
{
	struct routing *routing = routes->routing;

	g_ptr_array_add(routing->rules, g_strdup(rule->config->name));
	if (!routes->routed_before)
		route_recipients(routes, rule);
	for (guint i = 0; i < rule->fields->len; i++) {
		const struct route_field *field = rule->fields->pdata[i];
		struct route_field *copy = g_new(struct route_field, 1);

		copy->name = g_strdup(field->name);
		copy->value = g_strdup(field->value);
		g_ptr_array_add(routing->fields, copy);
	}
	if (routing->subject_tag == NULL)
		routing->subject_tag = g_strdup(rule->config->subject_tag);
	if (routing->quarantine == NULL)
		routing->quarantine = g_strdup(rule->config->quarantine);
}

/* As the rules see it: what the person is and has now, what was counted before this mail. */
static void
read_lead(const struct route_input *input, struct lead *ret)
{
	*ret = *input->lead;
	ret->inbound_count = input->before != NULL ? input->before->inbound_count : 0;
	ret->outbound_count = input->before != NULL ? input->before->outbound_count : 0;
	ret->last_inbound = input->before != NULL ? input->before->last_inbound : 0;
	ret->last_outbound = input->before != NULL ? input->before->last_outbound : 0;
}

static void
apply_rules(struct routes *routes)
{
	const struct route_input *input = routes->input;
	gboolean is_human = kind_is_human(input->facts->kind->kind);
	struct evaluation evaluation;
	struct lead lead;
	struct signal_input signals = { .facts = input->facts,
					.known = input->known,
					.touches = input->touches,
					.targets = routes->rules->targets,
					.now = input->now };

	if (input->lead != NULL) {
		read_lead(input, &lead);
		signals.lead = &lead;
	}
	expression_begin(&evaluation, routes->rules->names, &signals);
	for (guint i = 0; i < routes->rules->rules->len; i++) {
		const struct rule *rule = routes->rules->rules->pdata[i];

		if (!is_human && !rule->for_machines)
			continue;
		if (rule->when != NULL && !expression_test(rule->when, &evaluation))
			continue;
		apply_rule(routes, rule);
		if (rule->config->stop)
			break;
	}
	expression_end(&evaluation);
}

/* The rules of then, as they are called; one that is gone is not missed. */
static void
apply_again(struct routes *routes)
{
	g_auto(GStrv) names = g_strsplit(routes->input->then, "\n", -1);

	for (char **name = names; *name != NULL; name++) {
		for (guint i = 0; i < routes->rules->rules->len; i++) {
			const struct rule *rule = routes->rules->rules->pdata[i];

			if (strcmp(rule->config->name, *name) == 0)
				apply_rule(routes, rule);
		}
	}
}

static gboolean
was_routed(const struct route_rules *rules, const struct facts *facts)
{
	const char *mark;

	for (guint i = 0; (mark = mail_header_nth(facts->mail, ROUTE_MARK, i)) != NULL; i++) {
		if (token_mark_is_ours(rules->config, mark, facts->mail->message_id))
			return TRUE;
	}
	return FALSE;
}

static struct routing *
decide_inbound(const struct route_rules *rules, const struct route_input *input)
{
	struct routes routes = { rules, input, routing_new(), was_routed(rules, input->facts) };
	struct routing *routing = routes.routing;

	if (!input->is_again)
		apply_rules(&routes);
	else if (input->then != NULL)
		apply_again(&routes);
	if (routes.routed_before || routing->add->len > 0 || routing->remove->len > 0)
		routing->mark = token_mark(rules->config, input->facts->mail->message_id);
	if (routing->rules->len > 0 || routing->mark != NULL)
		return routing;
	route_free(routing);
	return NULL;
}

/* The token names one lead, and whoever answers is taken to speak of that one. */
static struct routing *
decide_outbound(const struct route_rules *rules, const struct route_input *input)
{
	gboolean wanted = input->is_again
				  ? input->then != NULL && strcmp(input->then, REPLY_LINE) == 0
				  : input->only_lead;
	struct routing *routing;

	if (!rules->config->reply_token || !wanted || input->lead == NULL)
		return NULL;
	routing = routing_new();
	routing->reply_lead = g_strdup(input->lead->id);
	return routing;
}

struct routing *
route_decide(const struct route_rules *rules, const struct route_input *input)
{
	const struct facts *facts = input->facts;

	if (facts->direction == DIRECTION_OUTBOUND)
		return decide_outbound(rules, input);
	if (rules->rules->len == 0 || facts->direction != DIRECTION_INBOUND ||
	    facts->mailboxes->len == 0 || facts->own_notification)
		return NULL;
	return decide_inbound(rules, input);
}

char *
route_to_text(const struct routing *routing)
{
	GString *text;

	if (routing == NULL)
		return NULL;
	if (routing->reply_lead != NULL)
		return g_strdup(REPLY_LINE);
	text = g_string_new(NULL);
	for (guint i = 0; i < routing->rules->len; i++)
		g_string_append_printf(text, "%s%s", i > 0 ? "\n" : "",
				       (const char *)routing->rules->pdata[i]);
	return g_string_free(text, text->len == 0);
}
