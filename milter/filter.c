/*
 * filter.c - see filter.h.
 *
 * libmilter runs a connection on many threads, one at a time: all state hangs on
 * smfi_setpriv.  smfi_main returns while callbacks still run, so they are counted, and
 * filter_drain waits for them before anything they use is freed.  A connection that closes at once
 * (a health probe) makes no session.  Every callback answers continue, skip or accept: no
 * failure of ours is the MTA's.  Where "no reply" was negotiated (SMFIP_NR_*) a callback must
 * say SMFIS_NOREPLY: libmilter opens syslog and complains of anything else, at every call.
 */
#include "filter.h"
#include "base/error.h"
#include "base/limits.h"
#include "session.h"

#include <arpa/inet.h>
#include <errno.h>
#include <grp.h>
#include <libmilter/mfapi.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define DESCRIPTORS 1024 /* the listener is among the first */
#define KNOCK_MS 20
#define DRAIN_QUIET (200 * 1000) /* microseconds without a callback */
#define DRAIN_LOOK (5 * 1000)

/* Where libmilter listens: set by filter_open. */
static struct {
	struct sockaddr_storage address;
	socklen_t length;
} listening;
static struct runtime *serving; /* set before smfi_main, cleared after filter_drain */
static struct {
	pthread_mutex_t mutex;
	guint running;
	gint64 entered; /* monotonic: when the last callback began */
	gboolean closed; /* no callback may start work any more */
} gate = { .mutex = PTHREAD_MUTEX_INITIALIZER };

/* --- which callbacks run --- */

static gboolean
enter(void)
{
	pthread_mutex_lock(&gate.mutex);
	gboolean open = !gate.closed;
	if (open) {
		gate.running++;
		gate.entered = g_get_monotonic_time();
	}
	pthread_mutex_unlock(&gate.mutex);
	return open;
}

static void
leave(void)
{
	pthread_mutex_lock(&gate.mutex);
	gate.running--;
	pthread_mutex_unlock(&gate.mutex);
}

/* libmilter's threads finish what they have begun to read after smfi_main has returned: what they
 * then call must still find us, or an answered mail would be in no store. */
gboolean
filter_drain(gint64 until)
{
	gboolean idle = FALSE;
	pthread_mutex_lock(&gate.mutex);
	while (!idle && g_get_monotonic_time() < until) {
		pthread_mutex_unlock(&gate.mutex);
		g_usleep(DRAIN_LOOK);
		pthread_mutex_lock(&gate.mutex);
		idle = gate.running == 0 && g_get_monotonic_time() - gate.entered > DRAIN_QUIET;
	}
	gate.closed = TRUE;
	idle = gate.running == 0;
	pthread_mutex_unlock(&gate.mutex);
	return idle;
}

/* --- callbacks --- */

/* What hangs on a libmilter context, from negotiation to close. */
struct connection {
	unsigned long steps; /* negotiated SMFIP_* */
	struct session *session; /* NULL when there are too many */
};

static sfsistat
answer(enum verdict_code code)
{
	switch (code) {
	case SESSION_ACCEPT:
		return SMFIS_ACCEPT;
	case SESSION_SKIP:
		return SMFIS_SKIP;
	default:
		return SMFIS_CONTINUE;
	}
}

/* No more than the rules for routing need: the MTA knows then that mail goes where it was sent. */
static unsigned long
wanted_actions(void)
{
	unsigned long actions = SMFIF_ADDHDRS | SMFIF_CHGHDRS;
	if (!enter())
		return actions;
	struct generation *generation = runtime_generation(serving);
	guint wanted = route_rules_actions(scorecards_routes(generation->scorecards));
	generation_unref(generation);
	leave();
	if (wanted & ROUTE_RECIPIENTS)
		actions |= SMFIF_ADDRCPT | SMFIF_ADDRCPT_PAR;
	if (wanted & ROUTE_REPLACEMENT)
		actions |= SMFIF_DELRCPT;
	if (wanted & ROUTE_QUARANTINE)
		actions |= SMFIF_QUARANTINE;
	return actions;
}

static sfsistat
on_negotiate(SMFICTX *context, unsigned long actions, unsigned long steps, unsigned long unused2,
	     unsigned long unused3, unsigned long *ret_actions, unsigned long *ret_steps,
	     unsigned long *ret_unused2, unsigned long *ret_unused3)
{
	(void)unused2;
	(void)unused3;
	/* DATA and BODY are answered: one lets go what is of no interest, the other skips.  EOH is
	 * asked for: without it libmilter knows no step from DATA to BODY for a mail without
	 * header fields, and leaves the MTA waiting. */
	const unsigned long silent = SMFIP_NR_CONN | SMFIP_NR_HELO | SMFIP_NR_MAIL | SMFIP_NR_RCPT |
				     SMFIP_NR_UNKN | SMFIP_NR_HDR | SMFIP_NR_EOH;
	struct connection *connection = smfi_getpriv(context);
	if (!connection)
		connection = g_new0(struct connection, 1);
	connection->steps = steps & (silent | SMFIP_SKIP | SMFIP_NOUNKNOWN);
	smfi_setpriv(context, connection);
	*ret_actions = actions & wanted_actions();
	*ret_steps = connection->steps;
	*ret_unused2 = 0;
	*ret_unused3 = 0;
	return SMFIS_CONTINUE;
}

static const char *
address_text(const _SOCK_ADDR *address, char *buffer, socklen_t length)
{
	if (!address)
		return NULL;
	if (address->sa_family == AF_INET)
		return inet_ntop(AF_INET,
				 &((const struct sockaddr_in *)(const void *)address)->sin_addr,
				 buffer, length);
	if (address->sa_family == AF_INET6)
		return inet_ntop(AF_INET6,
				 &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
				 buffer, length);
	return "local";
}

/* What a callback says when it has nothing to say: nothing, where that was agreed. */
static sfsistat
silence(const struct connection *connection, unsigned long no_reply, sfsistat otherwise)
{
	return connection && connection->steps & no_reply ? SMFIS_NOREPLY : otherwise;
}

static sfsistat
on_connect(SMFICTX *context, char *host, _SOCK_ADDR *address)
{
	struct connection *connection = smfi_getpriv(context);
	if (!connection || !enter())
		return silence(connection, SMFIP_NR_CONN, SMFIS_ACCEPT);
	char buffer[INET6_ADDRSTRLEN];
	connection->session = session_new(serving);
	if (connection->session)
		session_connect(connection->session, host,
				address_text(address, buffer, sizeof buffer));
	leave();
	return silence(connection, SMFIP_NR_CONN,
		       connection->session ? SMFIS_CONTINUE : SMFIS_ACCEPT);
}

/* Run `code` with the session, if there is one and we still serve; else accept. */
#define WITH_SESSION(context, no_reply, code) \
	do { \
		struct connection *connection = smfi_getpriv(context); \
		struct session *session = connection ? connection->session : NULL; \
		sfsistat status = session ? SMFIS_CONTINUE : SMFIS_ACCEPT; \
		if (!session || !enter()) \
			return silence(connection, no_reply, SMFIS_ACCEPT); \
		code; \
		leave(); \
		return silence(connection, no_reply, status); \
	} while (0)

static sfsistat
on_helo(SMFICTX *context, char *helo)
{
	WITH_SESSION(context, SMFIP_NR_HELO, session_helo(session, helo));
}

static sfsistat
on_mail(SMFICTX *context, char **arguments)
{
	WITH_SESSION(context, SMFIP_NR_MAIL,
		     session_mail(session, arguments[0], smfi_getsymval(context, "{auth_authen}"),
				  smfi_getsymval(context, "{daemon_name}")));
}

static sfsistat
on_recipient(SMFICTX *context, char **arguments)
{
	WITH_SESSION(context, SMFIP_NR_RCPT, session_recipient(session, arguments[0]));
}

static sfsistat
on_data(SMFICTX *context)
{
	WITH_SESSION(context, 0, status = answer(session_data(session)));
}

static sfsistat
on_header(SMFICTX *context, char *name, char *value)
{
	WITH_SESSION(context, SMFIP_NR_HDR, session_header(session, name, value));
}

static sfsistat
on_end_of_header(SMFICTX *context)
{
	return silence(smfi_getpriv(context), SMFIP_NR_EOH, SMFIS_CONTINUE);
}

static sfsistat
on_body(SMFICTX *context, unsigned char *bytes, size_t length)
{
	WITH_SESSION(context, 0, status = answer(session_body(session, bytes, length)));
}

/* A copy for an owner must not send reports of its fate to the writer, who knows of the watched
 * mailbox only; what takes its place must. */
static int
add_recipient(SMFICTX *context, struct mail_change *change, gboolean replaces)
{
	if (!replaces && smfi_addrcpt_par(context, change->value, "NOTIFY=NEVER") == MI_SUCCESS)
		return MI_SUCCESS;
	return smfi_addrcpt(context, change->value);
}

static int
apply_change(SMFICTX *context, struct mail_change *change, gboolean replaces)
{
	switch (change->kind) {
	case CHANGE_ADD_FIELD:
		return smfi_addheader(context, change->name, change->value);
	case CHANGE_REPLACE_FIELD:
		return smfi_chgheader(context, change->name, 1, change->value);
	case CHANGE_REMOVE_FIELD:
		return smfi_chgheader(context, change->name, (int)change->occurrence, NULL);
	case CHANGE_ADD_RECIPIENT:
		return add_recipient(context, change, replaces);
	case CHANGE_REMOVE_RECIPIENT:
		return smfi_delrcpt(context, change->value);
	default:
		return smfi_quarantine(context, change->value);
	}
}

static gboolean
has_kind(const GPtrArray *changes, enum change_kind kind)
{
	for (guint i = 0; i < changes->len; i++)
		if (((const struct mail_change *)g_ptr_array_index(changes, i))->kind == kind)
			return TRUE;
	return FALSE;
}

/* The original recipient stays unless everybody who takes its place was added. */
static void
apply_changes(SMFICTX *context, struct session *session, const char *queue_id, GPtrArray *changes)
{
	static const char *const names[] = {
		[CHANGE_ADD_RECIPIENT] = "adding a recipient",
		[CHANGE_REMOVE_RECIPIENT] = "removing a recipient",
		[CHANGE_QUARANTINE] = "quarantine",
	};
	gboolean replaces = has_kind(changes, CHANGE_REMOVE_RECIPIENT), added = TRUE;
	for (guint i = 0; i < changes->len; i++) {
		struct mail_change *change = g_ptr_array_index(changes, i);
		if (change->kind == CHANGE_REMOVE_RECIPIENT && !added)
			continue;
		if (apply_change(context, change, replaces) == MI_SUCCESS)
			continue;
		if (change->kind == CHANGE_ADD_RECIPIENT)
			added = FALSE;
		session_refused(session);
		log_warning("%s: the MTA refused %s %s", queue_id,
			    change->name ? "a change of" : names[change->kind],
			    change->name ? change->name : change->value);
	}
}

static void
end_message(SMFICTX *context, struct session *session)
{
	const char *queue_id = smfi_getsymval(context, "i");
	g_autoptr(GPtrArray) changes = session_end(session, queue_id);
	apply_changes(context, session, queue_id ? queue_id : "-", changes);
}

/* Where all is over, the mail says that nobody looked at it. */
static sfsistat
on_end(SMFICTX *context)
{
	struct connection *connection = smfi_getpriv(context);
	if (!connection || !connection->session)
		return SMFIS_ACCEPT;
	if (enter()) {
		end_message(context, connection->session);
		leave();
		return SMFIS_CONTINUE;
	}
	smfi_addheader(context, "X-Lead-Status", "unprocessed");
	return SMFIS_ACCEPT;
}

static sfsistat
on_abort(SMFICTX *context)
{
	WITH_SESSION(context, 0, session_reset(session));
}

static sfsistat
on_close(SMFICTX *context)
{
	struct connection *connection = smfi_getpriv(context);
	if (!connection || !enter())
		return SMFIS_CONTINUE;
	session_free(connection->session);
	g_free(connection);
	smfi_setpriv(context, NULL);
	leave();
	return SMFIS_CONTINUE;
}

/* --- the socket --- */

static gboolean
system_error(GError **error, const char *socket_name, const char *what)
{
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s: %s", socket_name, what,
		    g_strerror(errno));
	return FALSE;
}

/* libmilter removes no stale socket as root.  One that somebody answers on is not stale. */
static gboolean
remove_stale_socket(const char *path, GError **error)
{
	struct stat st;
	if (lstat(path, &st) < 0)
		return errno == ENOENT ? TRUE : system_error(error, path, "stat");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (!S_ISSOCK(st.st_mode) || strlen(path) >= sizeof address.sun_path) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM,
			    "%s: exists and is no socket, or its name is too long", path);
		return FALSE;
	}
	strcpy(address.sun_path, path);
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gboolean answered =
		probe >= 0 && connect(probe, (struct sockaddr *)&address, sizeof address) == 0;
	if (probe >= 0)
		close(probe);
	if (answered) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM,
			    "%s: another program is serving this socket", path);
		return FALSE;
	}
	return unlink(path) == 0 ? TRUE : system_error(error, path, "removing the stale socket");
}

/* Under our unit groups of others can't be given away; the directory's setgid bit has done it. */
static gboolean
inherits_group(const char *path)
{
	g_autofree char *directory = g_path_get_dirname(path);
	struct stat st;
	return stat(directory, &st) == 0 && st.st_mode & S_ISGID;
}

static gboolean
set_socket_permissions(const struct config *config, const char *path, GError **error)
{
	if (config->socket_group) {
		const struct group *group = getgrnam(config->socket_group);
		if (!group) {
			g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
				    "%s:0: socket_group: no group \"%s\"", config->path,
				    config->socket_group);
			return FALSE;
		}
		if (chown(path, (uid_t)-1, group->gr_gid) < 0 && !inherits_group(path))
			return system_error(error, path, "setting the group");
	}
	return chmod(path, config->socket_mode) == 0
		       ? TRUE
		       : system_error(error, path, "setting the mode");
}

/* Two small writes at end-of-message meet Nagle and delayed ACK: 40 ms a message.  Accepted
 * sockets inherit TCP_NODELAY from the listener, which libmilter doesn't show: find it. */
static void
set_nodelay(int fd)
{
	int on = 1;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

static gboolean
is_listening(int fd)
{
	int accepts = 0;
	socklen_t length = sizeof accepts;
	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &accepts, &length) == 0 && accepts;
}

/* A socket that listens now and is none of `before`. */
static int
find_listener(const gboolean before[DESCRIPTORS])
{
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		if (!before[fd] && is_listening(fd))
			return fd;
	return -1;
}

static void
note_listener(int fd)
{
	listening.length = sizeof listening.address;
	if (getsockname(fd, (struct sockaddr *)&listening.address, &listening.length) < 0)
		listening.length = 0;
}

static gboolean
register_filter(GError **error)
{
	struct smfiDesc description = {
		.xxfi_name = "leadmilter",
		.xxfi_version = SMFI_VERSION,
		.xxfi_flags = SMFIF_ADDHDRS | SMFIF_CHGHDRS,
		.xxfi_connect = on_connect,
		.xxfi_helo = on_helo,
		.xxfi_envfrom = on_mail,
		.xxfi_envrcpt = on_recipient,
		.xxfi_header = on_header,
		.xxfi_eoh = on_end_of_header,
		.xxfi_body = on_body,
		.xxfi_eom = on_end,
		.xxfi_abort = on_abort,
		.xxfi_close = on_close,
		.xxfi_data = on_data,
		.xxfi_negotiate = on_negotiate,
	};
	if (smfi_register(description) == MI_SUCCESS &&
	    smfi_setmaxdatasize(LIMIT_MILTER_PACKET) < LIMIT_MILTER_PACKET)
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "libmilter refused to register");
	return FALSE;
}

gboolean
filter_open(const struct config *config, GError **error)
{
	const char *path = g_str_has_prefix(config->socket, "unix:") ? config->socket + 5 : NULL;
	if (path && !remove_stale_socket(path, error))
		return FALSE;
	if (!register_filter(error))
		return FALSE;
	gboolean before[DESCRIPTORS];
	for (int fd = 0; fd < DESCRIPTORS; fd++)
		before[fd] = is_listening(fd);
	mode_t old = umask(0177);
	errno = 0;
	gboolean opened =
		smfi_setconn(config->socket) == MI_SUCCESS && smfi_opensocket(FALSE) == MI_SUCCESS;
	umask(old);
	if (!opened)
		return system_error(
			error, config->socket,
			path ? "cannot listen (its directory must exist and be writable)"
			     : "cannot listen");
	int listener = find_listener(before);
	note_listener(listener);
	if (path)
		return set_socket_permissions(config, path, error);
	set_nodelay(listener);
	return TRUE;
}

/* --- serving --- */

/* libmilter's listener looks up every five seconds, or when somebody connects: so somebody does.
 * To it that is a health probe. */
static void
knock(void)
{
	int fd = socket(listening.address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	if (connect(fd, (struct sockaddr *)&listening.address, listening.length) < 0 &&
	    errno == EINPROGRESS) {
		struct pollfd connected = { .fd = fd, .events = POLLOUT };
		poll(&connected, 1, KNOCK_MS);
	}
	close(fd);
}

struct server {
	pthread_t waiting; /* for signals */
	int result, ended; /* of smfi_main; atomic */
};

static void *
serve(void *data)
{
	struct server *server = data;
	server->result = smfi_main();
	__atomic_store_n(&server->ended, 1, __ATOMIC_RELEASE);
	pthread_kill(server->waiting, SIGTERM);
	return NULL;
}

/* It notes that the end has come, and then waits for the listener. */
static void *
stop(G_GNUC_UNUSED void *data)
{
	smfi_stop();
	return NULL;
}

/* Whether the note was taken before the knock can't be seen: so knock until it opens. */
static void
end_serving(const struct server *server, const sigset_t *signals)
{
	const struct timespec pause = { .tv_nsec = KNOCK_MS * 1000000L };
	pthread_t stopper;
	if (pthread_create(&stopper, NULL, stop, NULL) != 0)
		return;
	while (!__atomic_load_n(&server->ended, __ATOMIC_ACQUIRE)) {
		knock();
		sigtimedwait(signals, NULL, &pause);
	}
	pthread_join(stopper, NULL);
}

/* libmilter has a thread that waits for these signals, too; Linux gives a process's signal to its
 * main thread if that wants it.  Should libmilter's be faster, it takes the five seconds. */
static void
wait_for_end(const struct server *server)
{
	sigset_t signals;
	int number;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigwait(&signals, &number);
	end_serving(server, &signals);
}

gboolean
filter_run(struct runtime *runtime)
{
	serving = runtime;
	smfi_settimeout(7210);
	struct server server = { .waiting = pthread_self() };
	pthread_t thread;
	if (pthread_create(&thread, NULL, serve, &server) != 0)
		return FALSE;
	wait_for_end(&server);
	pthread_join(thread, NULL);
	return server.result == MI_SUCCESS;
}
