/*
 * session.c - see session.h.
 *
 * Mail policy in one sentence: the mail always goes on.  What a failure changes is only the
 * X-Lead-Status field and the log.
 */
#include "session.h"
#include "base/clock.h"
#include "base/limits.h"
#include "mail/authres.h"

#include <string.h>

struct session {
	struct runtime *runtime;
	struct generation *generation; /* of the transaction; NULL between transactions */
	struct raw_mail *raw;
	gboolean interested;
};

/* The fields that are ours to write; anybody else's are forged. */
static const char *const lead_fields[] = {
	"X-Lead-Id",    "X-Lead-Score", "X-Lead-Grade",
	"X-Lead-Stage", "X-Lead-Owner", "X-Lead-Status",
};

struct session *
session_new(struct runtime *runtime)
{
	struct generation *generation = runtime_generation(runtime);
	guint most = generation->config->max_sessions;
	generation_unref(generation);
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
	session->interested = session->generation &&
			      facts_interested(session->generation->analysis, session->raw);
	return session->interested ? SESSION_CONTINUE : SESSION_ACCEPT;
}

void
session_header(struct session *session, const char *name, const char *value)
{
	if (session->interested)
		raw_mail_add_header(session->raw, name, value);
}

enum verdict_code
session_body(struct session *session, const void *bytes, gsize length)
{
	if (!session->interested)
		return SESSION_SKIP;
	return raw_mail_add_body(session->raw, bytes, length) ? SESSION_CONTINUE : SESSION_SKIP;
}

static void
header_change_free(gpointer data)
{
	struct header_change *change = data;
	g_free(change->value);
	g_free(change);
}

static void
add_change(GPtrArray *changes, const char *name, guint occurrence, char *value)
{
	struct header_change *change = g_new(struct header_change, 1);
	*change = (struct header_change){ name, occurrence, value };
	g_ptr_array_add(changes, change);
}

/* Fields that pretend to be ours, counted as the MTA counts: per name, from 1. */
static void
remove_forged_lead_fields(const struct raw_mail *raw, GPtrArray *changes)
{
	for (guint f = 0; f < G_N_ELEMENTS(lead_fields); f++) {
		guint count = 0;
		for (guint i = 0; i < raw->headers->len; i++) {
			const struct raw_header *header = g_ptr_array_index(raw->headers, i);
			if (!g_ascii_strcasecmp(header->name, lead_fields[f]))
				count++;
		}
		for (; count > 0; count--)
			add_change(changes, lead_fields[f], count, NULL);
	}
}

static void
remove_forged_results(const struct session *session, GPtrArray *changes)
{
	struct authres authres = { 0 };
	authres_read(session->raw, session->generation->config->trusted_authserv_ids, &authres);
	for (guint i = authres.forged ? authres.forged->len : 0; i > 0; i--)
		add_change(changes, "Authentication-Results",
			   g_array_index(authres.forged, guint, i - 1), NULL);
	authres_clear(&authres);
}

static void
add_answer_fields(GPtrArray *changes, const struct answer *answer)
{
	if (!answer->lead)
		return;
	char grade[2] = { answer->grade ? answer->grade : 'D', '\0' };
	add_change(changes, "X-Lead-Id", 0, g_strdup(answer->lead));
	add_change(changes, "X-Lead-Score", 0, g_strdup_printf("%.1f", answer->score));
	add_change(changes, "X-Lead-Grade", 0, g_strdup(grade));
	add_change(changes, "X-Lead-Stage", 0, g_strdup(stage_name(answer->stage)));
	if (answer->owner)
		add_change(changes, "X-Lead-Owner", 0, g_strdup(answer->owner));
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
	GPtrArray *changes = g_ptr_array_new_with_free_func(header_change_free);
	if (!session->interested)
		return changes;
	gint64 began = g_get_monotonic_time();
	set_text(&session->raw->queue_id, queue_id);
	remove_forged_lead_fields(session->raw, changes);
	remove_forged_results(session, changes);
	struct answer answer = { 0 };
	enum intake_result result =
		intake_message(session->runtime, session->generation, session->raw, &answer);
	if (session->generation->config->add_headers) {
		add_answer_fields(changes, &answer);
		if (result != INTAKE_STORED)
			add_change(changes, "X-Lead-Status", 0,
				   g_strdup(intake_result_name(result)));
	}
	log_message(session->raw, result, &answer, began);
	answer_clear(&answer);
	session_reset(session);
	return changes;
}
