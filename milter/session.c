/*
 * session.c - see session.h.
 *
 * Mail policy in one sentence: the mail always goes on.  What a failure changes is only the
 * X-Lead-Status field and the log.
 */
#include "session.h"
#include "base/clock.h"
#include "base/limits.h"
#include "mail/address.h"
#include "mail/authres.h"
#include "mail/mailbox.h"
#include "mail/token.h"

#include <string.h>

struct session {
	struct runtime *runtime;
	struct generation *generation; /* of the transaction; NULL between transactions */
	struct raw_mail *raw;
	gboolean interested;
	gboolean unsure; /* only if it belongs to a conversation, which its header will say */
	gboolean unknown; /* the store doesn't say whether it does: decided later, from the spool */
};

/* The fields that are ours to write; anybody else's are forged. */
static const char *const lead_fields[] = {
	"X-Lead-Id",    "X-Lead-Score",  "X-Lead-Grade", "X-Lead-Stage",
	"X-Lead-Owner", "X-Lead-Status", ROUTE_MARK,     "X-Lead-Original-To",
};

struct session *
session_new(struct runtime *runtime)
{
	struct generation *generation = runtime_generation(runtime);
	guint most = generation->config->max_sessions;
	generation_unref(generation);
	g_atomic_pointer_add(&runtime->counters.connections, 1);
	if ((guint)g_atomic_int_add(&runtime->counters.sessions, 1) >= most) {
		g_atomic_int_add(&runtime->counters.sessions, -1);
		g_atomic_pointer_add(&runtime->counters.refused_sessions, 1);
		return NULL;
	}
	struct session *session = g_new0(struct session, 1);
	session->runtime = runtime;
	return session;
}

void
session_free(struct session *session)
{
	if (!session)
		return;
	session_reset(session);
	raw_mail_free(session->raw);
	g_atomic_int_add(&session->runtime->counters.sessions, -1);
	g_free(session);
}

static struct raw_mail *
session_raw(struct session *session)
{
	if (!session->raw)
		session->raw = raw_mail_new(clock_now());
	return session->raw;
}

static void
set_text(char **member, const char *text)
{
	g_free(*member);
	*member = text ? g_strndup(text, LIMIT_MACRO) : NULL;
}

void
session_connect(struct session *session, const char *host, const char *address)
{
	struct raw_mail *raw = session_raw(session);
	set_text(&raw->client_name, host);
	set_text(&raw->client_address, address);
}

void
session_helo(struct session *session, const char *helo)
{
	set_text(&session_raw(session)->helo, helo);
}

void
session_reset(struct session *session)
{
	if (session->raw)
		raw_mail_reset(session->raw, 0);
	g_clear_pointer(&session->generation, generation_unref);
	session->interested = FALSE;
	session->unsure = FALSE;
	session->unknown = FALSE;
}

void
session_mail(struct session *session, const char *sender, const char *login,
	     const char *daemon_name)
{
	session_reset(session);
	struct raw_mail *raw = session_raw(session);
	raw_mail_reset(raw, clock_now());
	session->generation = runtime_generation(session->runtime);
	raw_mail_set_sender(raw, sender ? sender : "");
	set_text(&raw->auth_login, login);
	set_text(&raw->daemon_name, daemon_name);
}

void
session_recipient(struct session *session, const char *recipient)
{
	if (session->generation && recipient)
		raw_mail_add_recipient(session->raw, recipient);
}

enum verdict_code
session_data(struct session *session)
{
	if (!session->generation)
		return SESSION_ACCEPT;
	const struct analysis *analysis = session->generation->analysis;
	session->interested = facts_interested(analysis, session->raw);
	session->unsure = !session->interested && facts_may_answer(analysis, session->raw);
	session->interested = session->interested || session->unsure;
	return session->interested ? SESSION_CONTINUE : SESSION_ACCEPT;
}

void
session_header(struct session *session, const char *name, const char *value)
{
	if (session->interested)
		raw_mail_add_header(session->raw, name, value);
}

/* The header is complete: does it answer a message of a conversation we know?
 * @return as intake_has_message() */
static int
belongs_to_conversation(const struct session *session)
{
	g_autoptr(GPtrArray) ids = facts_answered_ids(session->raw);
	if (facts_may_be_report(session->raw))
		return 1;
	return ids->len ? intake_has_message(session->runtime, session->generation, ids) : 0;
}

static void
make_sure(struct session *session)
{
	if (!session->unsure)
		return;
	session->unsure = FALSE;
	int known = belongs_to_conversation(session);
	session->interested = known != 0;
	session->unknown = known < 0;
}

enum verdict_code
session_body(struct session *session, const void *bytes, gsize length)
{
	gboolean was_unsure = session->unsure;
	make_sure(session);
	if (!session->interested)
		return was_unsure ? SESSION_ACCEPT : SESSION_SKIP;
	return raw_mail_add_body(session->raw, bytes, length) ? SESSION_CONTINUE : SESSION_SKIP;
}

static void
change_free(gpointer data)
{
	struct mail_change *change = data;
	g_free(change->name);
	g_free(change->value);
	g_free(change);
}

/* @param value is taken */
static void
add_change(GPtrArray *changes, enum change_kind kind, const char *name, guint occurrence,
	   char *value)
{
	struct mail_change *change = g_new(struct mail_change, 1);
	*change = (struct mail_change){ kind, g_strdup(name), occurrence, value };
	g_ptr_array_add(changes, change);
}

static void
add_field(GPtrArray *changes, const char *name, char *value)
{
	add_change(changes, CHANGE_ADD_FIELD, name, 0, value);
}

/* Counted as the MTA counts: per name, from 1. */
static void
remove_fields(const struct raw_mail *raw, const char *name, GPtrArray *changes)
{
	guint count = 0;
	for (guint i = 0; i < raw->headers->len; i++) {
		const struct raw_header *header = g_ptr_array_index(raw->headers, i);
		if (!g_ascii_strcasecmp(header->name, name))
			count++;
	}
	for (; count > 0; count--)
		add_change(changes, CHANGE_REMOVE_FIELD, name, count, NULL);
}

/* Fields that pretend to be ours: no filter behind us may be led astray by what a stranger wrote,
 * also not those that rules for routing set. */
static void
remove_forged_lead_fields(const struct session *session, GPtrArray *changes)
{
	const struct generation *generation = session->generation;
	const GPtrArray *routed = route_rules_fields(scorecards_routes(generation->scorecards));
	for (guint f = 0; f < G_N_ELEMENTS(lead_fields); f++)
		remove_fields(session->raw, lead_fields[f], changes);
	if (mailbox_client_is_ours(generation->config, session->raw))
		return;
	for (guint f = 0; f < routed->len; f++)
		remove_fields(session->raw, g_ptr_array_index(routed, f), changes);
}

static void
remove_forged_results(const struct authres *authres, GPtrArray *changes)
{
	for (guint i = authres->forged ? authres->forged->len : 0; i > 0; i--)
		add_change(changes, CHANGE_REMOVE_FIELD, "Authentication-Results",
			   g_array_index(authres->forged, guint, i - 1), NULL);
}

static void
add_answer_fields(GPtrArray *changes, const struct answer *answer)
{
	if (!answer->lead)
		return;
	char grade[2] = { answer->grade ? answer->grade : 'D', '\0' };
	add_field(changes, "X-Lead-Id", g_strdup(answer->lead));
	add_field(changes, "X-Lead-Score", g_strdup_printf("%.1f", answer->score));
	add_field(changes, "X-Lead-Grade", g_strdup(grade));
	add_field(changes, "X-Lead-Stage", g_strdup(stage_name(answer->stage)));
	if (answer->owner)
		add_field(changes, "X-Lead-Owner", g_strdup(answer->owner));
}

/* --- our own mail --- */

/* The author's name as it was written, when the field is "NAME <ADDRESS>" and nothing else. */
static char *
written_name(const char *from, const char *address)
{
	const char *open = strrchr(from, '<');
	gsize length = strlen(address);
	if (!open || open == from || g_ascii_strncasecmp(open + 1, address, length) ||
	    open[1 + length] != '>')
		return NULL;
	const char *rest = open + 1 + length + 1;
	return rest[strspn(rest, " \t\r\n")] ? NULL : g_strndup(from, open - from);
}

static guint
count_fields(const struct raw_mail *raw, const char *name)
{
	guint count = 0;
	for (guint i = 0; i < raw->headers->len; i++)
		count += !g_ascii_strcasecmp(
			((const struct raw_header *)g_ptr_array_index(raw->headers, i))->name,
			name);
	return count;
}

/* Only where it changes nobody's will: the author named no other address for answers, and nothing
 * was signed yet. */
static void
add_reply_to(struct session *session, GPtrArray *changes, const char *lead)
{
	const struct raw_mail *raw = session->raw;
	const struct config *config = session->generation->config;
	const char *from = raw_mail_header(raw, "From");
	if (!from || count_fields(raw, "From") != 1 || count_fields(raw, "Reply-To") ||
	    count_fields(raw, "DKIM-Signature") || raw->headers_truncated ||
	    strlen(from) >= LIMIT_HEADER_VALUE)
		return;
	g_autoptr(GPtrArray) authors = address_parse_list(from);
	const struct mail_address *author = authors->len == 1 ? authors->pdata[0] : NULL;
	if (!author || !mailbox_list_matches(config->own_domains, author->address))
		return;
	g_autofree char *address = token_address(config, author->address, lead, clock_now());
	if (!address)
		return;
	g_autofree char *name = written_name(from, author->address);
	add_field(changes, "Reply-To",
		  name ? g_strdup_printf("%s<%s>", name, address) : g_strdup(address));
	g_atomic_pointer_add(&session->runtime->counters.reply_tokens, 1);
}

/* --- routing --- */

static void
add_recipients(GPtrArray *changes, const struct routing *routing)
{
	for (guint i = 0; i < routing->add->len; i++)
		add_change(changes, CHANGE_ADD_RECIPIENT, NULL, 0,
			   g_strdup(g_ptr_array_index(routing->add, i)));
	for (guint i = 0; i < routing->remove->len; i++) {
		const char *recipient = g_ptr_array_index(routing->remove, i);
		add_change(changes, CHANGE_REMOVE_RECIPIENT, NULL, 0, g_strdup(recipient));
		add_field(changes, "X-Lead-Original-To", g_strdup(recipient));
	}
	if (routing->mark)
		add_field(changes, ROUTE_MARK, g_strdup(routing->mark));
}

static void
add_subject_tag(GPtrArray *changes, const struct raw_mail *raw, const char *tag)
{
	const char *subject = raw_mail_header(raw, "Subject");
	char *tagged = subject_add_tag(subject, tag);
	if (tagged)
		add_change(changes, subject ? CHANGE_REPLACE_FIELD : CHANGE_ADD_FIELD, "Subject", 0,
			   tagged);
}

static void
log_rules(const struct raw_mail *raw, const struct routing *routing)
{
	g_autofree char *names = route_to_text(routing);
	log_info("%s: routed by %s", raw->queue_id ? raw->queue_id : "-",
		 g_strdelimit(names, "\n", ','));
}

static void
add_routing(struct session *session, GPtrArray *changes, const struct routing *routing)
{
	struct counters *counters = &session->runtime->counters;
	add_recipients(changes, routing);
	for (guint i = 0; i < routing->fields->len; i++) {
		const struct route_field *field = g_ptr_array_index(routing->fields, i);
		add_field(changes, field->name, g_strdup(field->value));
	}
	if (routing->subject_tag)
		add_subject_tag(changes, session->raw, routing->subject_tag);
	if (routing->quarantine)
		add_change(changes, CHANGE_QUARANTINE, NULL, 0, g_strdup(routing->quarantine));
	if (routing->reply_lead)
		add_reply_to(session, changes, routing->reply_lead);
	else if (routing->rules->len) {
		g_atomic_pointer_add(&counters->routed, 1);
		log_rules(session->raw, routing);
	}
	for (guint i = 0; i < routing->refused->len; i++) {
		g_atomic_pointer_add(&counters->routes_refused, 1);
		log_warning("%s: not routed to %s: it is watched, or in no domain of ours",
			    session->raw->queue_id ? session->raw->queue_id : "-",
			    (char *)g_ptr_array_index(routing->refused, i));
	}
}

void
session_refused(struct session *session)
{
	g_atomic_pointer_add(&session->runtime->counters.changes_refused, 1);
}

static void
log_message(const struct raw_mail *raw, enum intake_result result, const struct answer *answer,
	    gint64 began)
{
	double ms = (g_get_monotonic_time() - began) / 1000.0;
	const char *id = raw->queue_id ? raw->queue_id : "-";
	if (result != INTAKE_STORED)
		log_info("%s: decision=%s time=%.1fms", id, intake_result_name(result), ms);
	else
		log_info("%s: decision=%s lead=%s score=%.1f grade=%c stage=%s owner=%s kind=%s "
			 "time=%.1fms (%s)",
			 id, action_name(answer->action), answer->lead ? answer->lead : "-",
			 answer->score, answer->grade ? answer->grade : '-',
			 answer->lead ? stage_name(answer->stage) : "-",
			 answer->owner ? answer->owner : "-", answer->kind ? answer->kind : "-", ms,
			 answer->reason ? answer->reason : "");
}

GPtrArray *
session_end(struct session *session, const char *queue_id)
{
	GPtrArray *changes = g_ptr_array_new_with_free_func(change_free);
	make_sure(session);
	if (!session->interested)
		return changes;
	gint64 began = g_get_monotonic_time();
	set_text(&session->raw->queue_id, queue_id);
	remove_forged_lead_fields(session, changes);
	struct authres authres = { 0 };
	authres_read(session->raw, session->generation->config->trusted_authserv_ids, &authres);
	remove_forged_results(&authres, changes);
	struct answer answer = { 0 };
	enum intake_result result = session->unknown
					    ? intake_later(session->runtime, session->raw)
					    : intake_message(session->runtime, session->generation,
							     session->raw, &authres, &answer);
	authres_clear(&authres);
	if (session->generation->config->add_headers && !session->unknown) {
		add_answer_fields(changes, &answer);
		if (result != INTAKE_STORED)
			add_field(changes, "X-Lead-Status", g_strdup(intake_result_name(result)));
	}
	if (answer.routing)
		add_routing(session, changes, answer.routing);
	log_message(session->raw, result, &answer, began);
	answer_clear(&answer);
	session_reset(session);
	return changes;
}
