/* listener.c - see listener.h. */
#include "hooks/in/listener.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/error.h"

#define BACKLOG 512

/* Tells what errno says and closes what was opened. @return -1 */
static int
fail(GError **error, const char *where, const char *what, int opened)
{
	g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s: %s", where, what,
		    g_strerror(errno));
	if (opened >= 0)
		close(opened);
	return -1;
}

/* --- unix --- */

/* A socket file nobody listens at is left from a crash. */
static gboolean
remove_stale(const struct sockaddr_un *address)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	gboolean used = probe >= 0 &&
			connect(probe, (const struct sockaddr *)address, sizeof *address) == 0;

	if (probe >= 0)
		close(probe);
	if (used) {
		errno = EADDRINUSE;
		return FALSE;
	}
	return unlink(address->sun_path) == 0 || errno == ENOENT;
}

static int
listen_unix(const char *path, mode_t mode, char **ret_path, GError **error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener;

	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	if (!remove_stale(&address))
		return fail(error, path, "in use", -1);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0)
		return fail(error, path, "bind", listener);
	if (chmod(path, mode) != 0 || listen(listener, BACKLOG) != 0) {
		fail(error, path, "listen", listener);
		unlink(path);
		return -1;
	}
	*ret_path = g_strdup(path);
	return listener;
}

/* --- TCP --- */

static gboolean
split_address(const char *listen, char **ret_host, char **ret_port)
{
	const char *colon = strrchr(listen, ':');
	gsize length = colon ? (gsize)(colon - listen) : 0;
	guint64 port;

	if (!colon || !g_ascii_string_to_unsigned(colon + 1, 10, 0, 65535, &port, NULL))
		return FALSE;
	if (length >= 2 && listen[0] == '[' && listen[length - 1] == ']') {
		listen++;
		length -= 2;
	} else if (memchr(listen, ':', length)) {
		return FALSE;
	}
	*ret_host = g_strndup(listen, length);
	*ret_port = g_strdup(colon + 1);
	return **ret_host != '\0';
}

static int
listen_tcp(const char *where, GError **error)
{
	g_autofree char *host = NULL, *port = NULL;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM,
					.ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *found = NULL;
	gboolean done;
	int yes = 1, code, listener;

	if (!split_address(where, &host, &port)) {
		errno = EINVAL;
		return fail(error, where, "address", -1);
	}
	code = getaddrinfo(host, port, &hints, &found);
	if (code != 0) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: %s", where,
			    gai_strerror(code));
		return -1;
	}
	listener = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	done = listener >= 0 &&
	       setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) == 0 &&
	       bind(listener, found->ai_addr, found->ai_addrlen) == 0 &&
	       listen(listener, BACKLOG) == 0;
	freeaddrinfo(found);
	return done ? listener : fail(error, where, "listen", listener);
}

/* --- either --- */

int
listener_open(const char *where, mode_t mode, char **ret_path, GError **error)
{
	if (g_str_has_prefix(where, "unix:"))
		return listen_unix(where + strlen("unix:"), mode, ret_path, error);
	return listen_tcp(where, error);
}
