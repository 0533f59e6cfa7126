/*
 * control.c - the control socket's two ends; the commands stand in control_commands.c.
 *
 * One thread, one connection after another, each bounded in time and size: the peers are
 * the administrator's own leadctl.
 */
#include "control.h"
#include "control_audit.h"
#include "base/error.h"
#include "base/limits.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CONTROL_TIMEOUT_MS 10000
#define CONTROL_ANSWER_MS 120000

struct control {
	struct runtime *runtime;
	char *path;
	int listener;
	int stop; /* eventfd */
	pthread_t thread;
};

static gboolean
system_error(GError **error, int code, const char *path, const char *what)
{
	g_set_error(error, LEADMILTER_ERROR, code, "%s: %s: %s", path, what, g_strerror(errno));
	return FALSE;
}

static gboolean
set_address(struct sockaddr_un *address, const char *path, GError **error)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof address->sun_path) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG,
			    "%s: control_socket: longer than %zu bytes", path,
			    sizeof address->sun_path - 1);
		return FALSE;
	}
	strcpy(address->sun_path, path);
	return TRUE;
}

/* Read up to a line end. @return NULL when the peer went away, was slow or sent too much */
static char *
read_line(int fd, int stop, int timeout_ms)
{
	g_autoptr(GString) line = g_string_new(NULL);
	char chunk[16384];
	for (;;) {
		struct pollfd wait[2] = { { fd, POLLIN, 0 }, { stop, POLLIN, 0 } };
		int ready = poll(wait, stop >= 0 ? 2 : 1, timeout_ms);
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0 || (stop >= 0 && wait[1].revents))
			return NULL;
		ssize_t n = recv(fd, chunk, sizeof chunk, 0);
		if (n <= 0)
			return NULL;
		g_string_append_len(line, chunk, n);
		if (line->str[line->len - 1] == '\n')
			return g_strndup(line->str, line->len - 1);
		if (line->len > LIMIT_CONTROL_LINE)
			return NULL;
	}
}

static gboolean
write_line(int fd, const cJSON *object)
{
	char *text = cJSON_PrintUnformatted(object);
	g_autofree char *line = g_strconcat(text, "\n", NULL);
	cJSON_free(text);
	for (gsize done = 0, length = strlen(line); done < length;) {
		ssize_t n = send(fd, line + done, length - done, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return FALSE;
		done += MAX(n, 0);
	}
	return TRUE;
}

static void
serve_connection(struct control *control, int fd)
{
	struct timeval limit = { CONTROL_TIMEOUT_MS / 1000, 0 };
	struct ucred peer = { .uid = (uid_t)-1 };
	socklen_t size = sizeof peer;
	getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
	g_autofree char *who = control_audit_user(peer.uid);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	for (;;) {
		g_autofree char *line = read_line(fd, control->stop, CONTROL_TIMEOUT_MS);
		if (!line)
			return;
		cJSON *request = cJSON_Parse(line);
		cJSON *reply = control_execute(control->runtime, request, who);
		gboolean sent = write_line(fd, reply);
		cJSON_Delete(request);
		cJSON_Delete(reply);
		if (!sent)
			return;
	}
}

static void *
serve(void *data)
{
	struct control *control = data;
	for (;;) {
		struct pollfd wait[2] = { { control->listener, POLLIN, 0 },
					  { control->stop, POLLIN, 0 } };
		if (poll(wait, 2, -1) < 0 && errno != EINTR)
			break;
		if (wait[1].revents)
			break;
		int fd = accept4(control->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		serve_connection(control, fd);
		close(fd);
	}
	return NULL;
}

static int
listen_at(const char *path, GError **error)
{
	struct sockaddr_un address;
	if (!set_address(&address, path, error))
		return -1;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0) {
		close(fd);
		errno = EADDRINUSE;
		system_error(error, ERROR_SYSTEM, path, "another daemon is running");
		return -1;
	}
	unlink(path);
	mode_t old = umask(0177);
	gboolean bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
			 listen(fd, 16) == 0;
	umask(old);
	if (bound)
		return fd;
	system_error(
		error, ERROR_SYSTEM, path,
		"cannot listen (its directory must exist and be writable for the daemon's user)");
	if (fd >= 0)
		close(fd);
	return -1;
}

struct control *
control_start(struct runtime *runtime, const char *path, GError **error)
{
	int fd = listen_at(path, error);
	if (fd < 0)
		return NULL;
	struct control *control = g_new0(struct control, 1);
	control->runtime = runtime;
	control->path = g_strdup(path);
	control->listener = fd;
	control->stop = eventfd(0, EFD_CLOEXEC);
	int failed = pthread_create(&control->thread, NULL, serve, control);
	if (!failed)
		return control;
	errno = failed;
	system_error(error, ERROR_SYSTEM, path, "starting a thread");
	close(fd);
	close(control->stop);
	g_free(control->path);
	g_free(control);
	return NULL;
}

void
control_stop(struct control *control)
{
	if (!control)
		return;
	eventfd_write(control->stop, 1);
	pthread_join(control->thread, NULL);
	close(control->listener);
	close(control->stop);
	unlink(control->path);
	g_free(control->path);
	g_free(control);
}

cJSON *
control_call(const char *path, const cJSON *request, GError **error)
{
	return control_call_within(path, request, CONTROL_ANSWER_MS, error);
}

cJSON *
control_call_within(const char *path, const cJSON *request, int most, GError **error)
{
	struct sockaddr_un address;
	if (!set_address(&address, path, error))
		return NULL;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cJSON *answer = NULL;
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
		gboolean nobody = errno == ENOENT || errno == ECONNREFUSED;
		system_error(error, nobody ? ERROR_NOT_FOUND : ERROR_SYSTEM, path,
			     "no daemon answers");
	} else {
		g_autofree char *line = write_line(fd, request) ? read_line(fd, -1, most) : NULL;
		answer = line ? cJSON_Parse(line) : NULL;
		if (!answer)
			g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM,
				    "%s: the daemon gave no answer", path);
	}
	if (fd >= 0)
		close(fd);
	return answer;
}
