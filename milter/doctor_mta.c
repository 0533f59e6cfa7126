/* doctor_mta.c - see doctor.h: does the MTA ask us, and can it reach us? */
#include "doctor.h"

#include <string.h>

#define LONG_WAIT 60.0 /* seconds of mail that a hanging daemon would hold */
#define MARGIN 1.0 /* seconds, beyond what the store is given */

/* A parameter as a service sees it. */
static const char *
parameter(const struct doctor_postfix *postfix, const struct doctor_service *service,
	  const char *name)
{
	const char *own = service ? g_hash_table_lookup(service->own, name) : NULL;
	const char *value = own ? own : g_hash_table_lookup(postfix->parameters, name);
	return value ? value : "";
}

static const char *
queue_directory(const struct doctor_postfix *postfix)
{
	return parameter(postfix, NULL, "queue_directory");
}

static gboolean
is_ours(const struct doctor_facts *facts, const char *endpoint, gboolean in_chroot)
{
	const char *socket = facts->config->socket;
	if (!g_str_has_prefix(socket, "unix:"))
		return doctor_milter_is_inet(endpoint, socket);
	g_autofree char *path =
		doctor_milter_path(endpoint, queue_directory(&facts->postfix), in_chroot);
	const char *real = path ? g_hash_table_lookup(facts->postfix.real, path) : NULL;
	const char *ours = facts->socket.path ? facts->socket.path->real : NULL;
	return path && (!strcmp(path, socket + 5) || (real && ours && !strcmp(real, ours)));
}

static const struct doctor_milter *
find_ours(const struct doctor_facts *facts, const GPtrArray *milters, gboolean in_chroot)
{
	for (guint i = 0; i < milters->len; i++) {
		const struct doctor_milter *milter = g_ptr_array_index(milters, i);
		if (is_ours(facts, milter->endpoint, in_chroot))
			return milter;
	}
	return NULL;
}

/* --- how the milter is asked --- */

static const char *
setting(const struct doctor_facts *facts, const struct doctor_service *service,
	const struct doctor_milter *milter, const char *name)
{
	const char *own = g_hash_table_lookup(milter->own, name);
	g_autofree char *global = g_strconcat("milter_", name, NULL);
	return own ? own : parameter(&facts->postfix, service, global);
}

static void
judge_times(const struct doctor_facts *facts, const struct doctor_service *service,
	    const struct doctor_milter *milter, GPtrArray *findings)
{
	double content = doctor_seconds(setting(facts, service, milter, "content_timeout"));
	double command = doctor_seconds(setting(facts, service, milter, "command_timeout"));
	double least = facts->config->store_deadline_ms / 1000.0 + MARGIN;
	if (content >= 0 && content < least)
		doctor_find(findings, DOCTOR_MILTER_SHORT,
			    "%s: content_timeout of %g s; the store alone may take %g s",
			    service->name, content, least - MARGIN);
	if (command >= 0 && command < 1)
		doctor_find(findings, DOCTOR_MILTER_SHORT, "%s: command_timeout of %g s",
			    service->name, command);
	if (content > LONG_WAIT || command > LONG_WAIT)
		doctor_find(findings, DOCTOR_MILTER_LONG,
			    "%s: command_timeout of %g s, content_timeout of %g s", service->name,
			    command, content);
}

static void
judge_settings(const struct doctor_facts *facts, const struct doctor_service *service,
	       const struct doctor_milter *milter, GPtrArray *findings)
{
	const char *action = setting(facts, service, milter, "default_action");
	const char *protocol = setting(facts, service, milter, "protocol");
	const char *macros = parameter(&facts->postfix, service, "milter_mail_macros");
	if (*action && strcmp(action, "accept") != 0)
		doctor_find(findings, DOCTOR_MILTER_ACTION, "%s: default_action=%s", service->name,
			    action);
	if (*protocol && g_ascii_strtod(protocol, NULL) < 6)
		doctor_find(findings, DOCTOR_MILTER_PROTOCOL, "%s: protocol %s", service->name,
			    protocol);
	if (*macros && !strstr(macros, "auth_authen"))
		doctor_find(findings, DOCTOR_MILTER_MACROS,
			    "%s: milter_mail_macros = %s lacks {auth_authen}", service->name,
			    macros);
	judge_times(facts, service, milter, findings);
}

static void
judge_reach(const struct doctor_facts *facts, const struct doctor_service *service,
	    GPtrArray *findings)
{
	const struct doctor_path *path = facts->socket.path;
	const struct doctor_user *owner = &facts->postfix.owner;
	if (!path || path->missing || !owner->name)
		return;
	const char *below = service->in_chroot ? queue_directory(&facts->postfix) : NULL;
	const struct doctor_node *node = doctor_blocker(owner, path, 6, below);
	if (node)
		doctor_find(findings, DOCTOR_SOCKET_UNREACHABLE,
			    "%s (user %s) is kept out by %s, mode %04o", service->name, owner->name,
			    node->path, node->mode & 07777);
}

/* --- who asks it --- */

static void
judge_absence(const struct doctor_facts *facts, const struct doctor_service *service,
	      const GPtrArray *milters, const char *value, gboolean others, GPtrArray *findings)
{
	const struct doctor_milter *elsewhere = find_ours(facts, milters, !service->in_chroot);
	const char *name = service->is_smtpd ? "smtpd_milters" : "non_smtpd_milters";
	if (elsewhere)
		doctor_find(findings, DOCTOR_MILTER_CHROOT, "%s runs %s: %s is another file there",
			    service->name,
			    service->in_chroot ? "in the chroot" : "without a chroot",
			    elsewhere->endpoint);
	else if (!service->is_smtpd)
		doctor_find(findings, DOCTOR_MILTER_LOCAL, "%s = %s", name, value);
	else
		doctor_find(findings, others ? DOCTOR_MILTER_OVERRIDDEN : DOCTOR_MILTER_MISSING,
			    "%s: %s = %s has no %s", service->name, name, value,
			    facts->config->socket);
}

static GPtrArray *
milters_of(const struct doctor_facts *facts, const struct doctor_service *service,
	   const char **ret_value)
{
	*ret_value = parameter(&facts->postfix, service,
			       service->is_smtpd ? "smtpd_milters" : "non_smtpd_milters");
	return doctor_milters_read(*ret_value);
}

static gboolean
asks_us(const struct doctor_facts *facts, const struct doctor_service *service)
{
	const char *value;
	g_autoptr(GPtrArray) milters = milters_of(facts, service, &value);
	return find_ours(facts, milters, service->in_chroot) != NULL;
}

static gboolean
any_asks_us(const struct doctor_facts *facts)
{
	for (guint i = 0; i < facts->postfix.services->len; i++) {
		const struct doctor_service *service =
			g_ptr_array_index(facts->postfix.services, i);
		if (service->is_smtpd && asks_us(facts, service))
			return TRUE;
	}
	return FALSE;
}

static void
judge_service(const struct doctor_facts *facts, const struct doctor_service *service,
	      gboolean others, GPtrArray *findings)
{
	const char *value;
	g_autoptr(GPtrArray) milters = milters_of(facts, service, &value);
	const struct doctor_milter *ours = find_ours(facts, milters, service->in_chroot);
	if (!ours) {
		judge_absence(facts, service, milters, value, others, findings);
		return;
	}
	judge_settings(facts, service, ours, findings);
	judge_reach(facts, service, findings);
}

static void
judge_postfix(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_postfix *postfix = &facts->postfix;
	if (postfix->error) {
		doctor_find(findings, DOCTOR_POSTFIX_WRONG, "%s", postfix->error);
		return;
	}
	if (!postfix->runs && facts->as_root) /* others don't see its lock */
		doctor_find(findings, DOCTOR_POSTFIX_DOWN, "no master process of %s",
			    queue_directory(postfix));
	gboolean any = any_asks_us(facts);
	for (guint i = 0; i < postfix->services->len; i++)
		judge_service(facts, g_ptr_array_index(postfix->services, i), any, findings);
}

static void
judge_sendmail(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_sendmail *sendmail = &facts->sendmail;
	gboolean listed;
	g_autofree char *flags =
		doctor_sendmail_filter(sendmail->text, facts->config->socket, &listed);
	if (!flags || !listed)
		doctor_find(findings, DOCTOR_SENDMAIL_MISSING, "%s: %s", sendmail->path,
			    flags ? "InputMailFilters does not name the filter"
				  : "no filter has our socket");
	else if (*flags)
		doctor_find(findings, DOCTOR_SENDMAIL_ACTION, "%s: F=%s", sendmail->path, flags);
}

static void
judge_socket(const struct doctor_facts *facts, GPtrArray *findings)
{
	const struct doctor_socket *socket = &facts->socket;
	const struct doctor_path *path = socket->path;
	if (path && path->missing) {
		if (facts->daemon.runs)
			doctor_find(findings, DOCTOR_SOCKET_MISSING, "%s: %s is not there",
				    facts->config->socket, path->missing);
		return;
	}
	const struct doctor_node *last =
		path && path->nodes->len ? g_ptr_array_index(path->nodes, path->nodes->len - 1)
					 : NULL;
	if (last && !last->is_socket)
		doctor_find(findings, DOCTOR_SOCKET_WRONG, "%s is no socket", last->path);
	else if (socket->tried && !socket->answers && facts->daemon.runs)
		doctor_find(findings, DOCTOR_SOCKET_SILENT, "%s: %s", facts->config->socket,
			    socket->error ? socket->error : "no answer");
}

void
doctor_judge_mta(const struct doctor_facts *facts, GPtrArray *findings)
{
	if (!facts->config)
		return;
	judge_socket(facts, findings);
	if (facts->postfix.found)
		judge_postfix(facts, findings);
	else if (facts->sendmail.path)
		judge_sendmail(facts, findings);
	else
		doctor_find(findings, DOCTOR_MTA_NONE, "neither postconf nor sendmail.cf is here");
}
