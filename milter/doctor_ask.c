/* doctor_ask.c - see doctor_look.h: what the daemon, its socket, the store and endpoints answer. */
#include "doctor_look.h"
#include "base/error.h"
#include "control.h"
#include "store/store.h"

#include <errno.h>
#include <gio/gio.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define ANSWER_MS 5000
#define PROBE_SECONDS 10

/* --- the daemon --- */

static cJSON *
ask(const struct doctor_facts *facts, const char *command, GError **error)
{
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", command);
	cJSON *reply =
		control_call_within(facts->config->control_socket, request, ANSWER_MS, error);
	cJSON_Delete(request);
	return reply;
}

static double
open_files_of(guint pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/limits", pid), *text = NULL;
	if (!pid || !g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	const char *line = strstr(text, "Max open files");
	return line ? g_ascii_strtod(line + strlen("Max open files"), NULL) : 0;
}

static void
take_ping(struct doctor_daemon *daemon, const cJSON *reply)
{
	const char *version = cJSON_GetStringValue(cJSON_GetObjectItem(reply, "version"));
	const cJSON *pid = cJSON_GetObjectItem(reply, "pid");
	daemon->runs = TRUE;
	daemon->version = g_strdup(version ? version : "unknown");
	daemon->pid = cJSON_IsNumber(pid) ? (guint)pid->valuedouble : 0;
	daemon->open_files = open_files_of(daemon->pid);
}

static void
take_stats(struct doctor_daemon *daemon, const cJSON *reply)
{
	const cJSON *item;
	cJSON_ArrayForEach(item, cJSON_GetObjectItem(reply, "restart_needed"))
		g_ptr_array_add(daemon->restart_needed, g_strdup(cJSON_GetStringValue(item)));
	daemon->reload_failed =
		cJSON_GetNumberValue(cJSON_GetObjectItem(reply, "reload_failed")) > 0;
	if (!g_strcmp0(cJSON_GetStringValue(cJSON_GetObjectItem(reply, "store_outage")), "away")) {
		const char *why =
			cJSON_GetStringValue(cJSON_GetObjectItem(reply, "store_away_because"));
		daemon->store_away = g_strdup(why ? why : "it does not answer");
	}
}

/* A process that serves the same configuration. */
static gboolean
is_another(guint pid, const struct doctor_facts *facts)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/cmdline", pid), *line = NULL;
	gsize length = 0;
	gboolean same = !strcmp(facts->config->path, LEADMILTER_SYSCONFDIR "/leadmilter.conf");
	if (pid == facts->daemon.pid || !g_file_get_contents(path, &line, &length, NULL) || !length)
		return FALSE;
	g_autofree char *program = g_path_get_basename(line);
	if (strcmp(program, "leadmilter") != 0)
		return FALSE;
	for (const char *word = line; word < line + length; word += strlen(word) + 1) {
		if (g_str_has_prefix(word, "-t"))
			return FALSE;
		if (word > line && word[0] != '-')
			same = !strcmp(word, facts->config->path);
	}
	return same;
}

static void
look_for_others(struct doctor_facts *facts)
{
	g_autoptr(GDir) processes = g_dir_open("/proc", 0, NULL);
	const char *name;
	while (processes && (name = g_dir_read_name(processes))) {
		guint pid = (guint)g_ascii_strtoull(name, NULL, 10);
		if (pid && is_another(pid, facts))
			g_array_append_val(facts->daemon.others, pid);
	}
}

void
doctor_ask_daemon(struct doctor_facts *facts)
{
	g_autoptr(GError) error = NULL;
	cJSON *ping = ask(facts, "ping", &error);
	facts->daemon.asked = TRUE;
	if (ping) {
		cJSON *stats = ask(facts, "stats", NULL);
		take_ping(&facts->daemon, ping);
		take_stats(&facts->daemon, stats);
		cJSON_Delete(stats);
		look_for_others(facts);
	} else if (error->code != ERROR_NOT_FOUND)
		facts->daemon.error = g_strdup(error->message);
	cJSON_Delete(ping);
}

/* --- the milter protocol --- */

static int
connect_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address.sun_path)
		return -1;
	strcpy(address.sun_path, path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

/* "inet:port@host"; a wildcard host is asked at loopback. */
static int
connect_inet(const char *spec)
{
	g_auto(GStrv) parts = g_strsplit(strchr(spec, ':') + 1, "@", 2);
	const char *host =
		parts[0] && parts[1] && strcmp(parts[1], "0.0.0.0") ? parts[1] : "localhost";
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	int fd = -1;
	if (getaddrinfo(host, parts[0], &hints, &found) != 0)
		return -1;
	for (const struct addrinfo *a = found; a && fd < 0; a = a->ai_next) {
		fd = socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol);
		if (fd >= 0 && connect(fd, a->ai_addr, a->ai_addrlen) != 0) {
			close(fd);
			fd = -1;
		}
	}
	freeaddrinfo(found);
	return fd;
}

static gboolean
read_all(int fd, guchar *bytes, gsize length)
{
	struct pollfd wait = { fd, POLLIN, 0 };
	for (gsize done = 0; done < length;) {
		if (poll(&wait, 1, ANSWER_MS) <= 0)
			return FALSE;
		ssize_t n = recv(fd, bytes + done, length - done, 0);
		if (n <= 0)
			return FALSE;
		done += (gsize)n;
	}
	return TRUE;
}

/* What an MTA does first (libmilter's SMFIC_OPTNEG): version 6, all actions and steps; then quit.
 * No session begins. */
static gboolean
shake_hands(int fd)
{
	static const guchar offer[] = { 0, 0, 0, 13,   'O', 0,    0,    0,   6,
					0, 0, 1, 0xff, 0,   0x1f, 0xff, 0xff };
	static const guchar quit[] = { 0, 0, 0, 1, 'Q' };
	guchar answer[5] = { 0 };
	if (send(fd, offer, sizeof offer, MSG_NOSIGNAL) != (ssize_t)sizeof offer ||
	    !read_all(fd, answer, sizeof answer))
		return FALSE;
	if (send(fd, quit, sizeof quit, MSG_NOSIGNAL) < 0)
		return FALSE;
	return answer[4] == 'O';
}

void
doctor_ask_socket(struct doctor_facts *facts)
{
	const char *spec = facts->config->socket;
	const char *path = g_str_has_prefix(spec, "unix:") ? spec + 5 : NULL;
	if (path)
		facts->socket.path = doctor_look_path(path);
	errno = 0;
	int fd = path ? connect_unix(path) : connect_inet(spec);
	facts->socket.tried = TRUE;
	facts->socket.answers = fd >= 0 && shake_hands(fd);
	if (!facts->socket.answers)
		facts->socket.error = g_strdup(fd < 0 ? g_strerror(errno ? errno : ENXIO)
						      : "no answer in the milter protocol");
	if (fd >= 0)
		close(fd);
}

/* --- the store --- */

static void
fail_store(struct doctor_facts *facts, const GError *error)
{
	facts->store_code = error->code;
	facts->store_error = g_strdup(error->message);
}

static void
take_endpoints(struct doctor_facts *facts, const GPtrArray *status)
{
	for (guint i = 0; status && i < status->len; i++) {
		const struct endpoint_status *from = g_ptr_array_index(status, i);
		struct doctor_endpoint *endpoint = g_new0(struct doctor_endpoint, 1);
		endpoint->name = g_strdup(from->name);
		endpoint->parked = from->parked;
		endpoint->reason = g_strdup(from->reason);
		endpoint->waiting = from->waiting;
		endpoint->dead = from->dead;
		endpoint->oldest = from->oldest_waiting;
		g_ptr_array_add(facts->endpoints, endpoint);
	}
}

static void
read_store(struct doctor_facts *facts, struct store *store, gboolean fast)
{
	g_autoptr(GError) error = NULL;
	struct store_stats stats = { 0 };
	g_autoptr(GPtrArray) status = NULL;
	if (store_stats(store, &stats, &error))
		status = store_endpoint_status(store, &error);
	if (status)
		store_clock(store, &facts->store_ahead, &error);
	if (status && !error && !fast)
		store_check(store, &error);
	facts->store_log_bytes = stats.log_bytes;
	take_endpoints(facts, status);
	if (error)
		fail_store(facts, error);
}

void
doctor_ask_store(struct doctor_facts *facts, const struct doctor_options *options)
{
	g_autoptr(GError) error = NULL;
	if ((facts->store && facts->store->missing) || (!facts->store && options->no_network))
		return;
	g_autoptr(store_owned) store = store_open(facts->config->store, STORE_READ, &error);
	if (store)
		read_store(facts, store, options->fast);
	else
		fail_store(facts, error);
}

/* --- endpoints --- */

static struct doctor_endpoint *
find_endpoint(struct doctor_facts *facts, const char *name)
{
	for (guint i = 0; i < facts->endpoints->len; i++) {
		struct doctor_endpoint *endpoint = g_ptr_array_index(facts->endpoints, i);
		if (!strcmp(endpoint->name, name))
			return endpoint;
	}
	struct doctor_endpoint *endpoint = g_new0(struct doctor_endpoint, 1);
	endpoint->name = g_strdup(name);
	g_ptr_array_add(facts->endpoints, endpoint);
	return endpoint;
}

static guint16
usual_port(const char *url)
{
	return g_str_has_prefix(url, "https:")   ? 443
	       : g_str_has_prefix(url, "smtps:") ? 465
	       : g_str_has_prefix(url, "smtp:")  ? 25
						 : 80;
}

/* A connection, and nothing said on it.  The URL may hold a secret: no message shows it. */
static char *
probe(const struct config_endpoint *configured)
{
	const char *url = configured->proxy    ? configured->proxy
			  : configured->notify ? configured->notify->smtp
					       : configured->url;
	g_autoptr(GSocketClient) client = g_socket_client_new();
	g_autoptr(GError) error = NULL;
	g_socket_client_set_timeout(client, PROBE_SECONDS);
	g_socket_client_set_enable_proxy(client, FALSE);
	g_autoptr(GSocketConnectable) place =
		url ? g_network_address_parse_uri(url, usual_port(url), NULL) : NULL;
	if (!place)
		return g_strdup("its URL names no host");
	g_autoptr(GSocketConnection) connection =
		g_socket_client_connect(client, place, NULL, &error);
	return connection ? NULL : g_strdup(error->message);
}

void
doctor_ask_endpoints(struct doctor_facts *facts)
{
	for (guint i = 0; i < facts->config->endpoints->len; i++) {
		const struct config_endpoint *configured =
			g_ptr_array_index(facts->config->endpoints, i);
		struct doctor_endpoint *endpoint = find_endpoint(facts, configured->name);
		endpoint->probed = TRUE;
		endpoint->unreachable = probe(configured);
	}
}
