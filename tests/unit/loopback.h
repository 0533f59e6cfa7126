/*
 * loopback.h - a real HTTP server on 127.0.0.1 for tests and benchmarks: one thread, poll(2), any
 * number of connections, and raw bytes for answers, so that it can also misbehave.
 *
 * A script is called under the lock for every complete request and says what goes back.
 */
#ifndef LOOPBACK_H
#define LOOPBACK_H

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LOOPBACK_OK "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define LOOPBACK_HANG ((const char *)1) /* never answer */

struct loopback_request {
	char *head; /* request line and fields */
	char *body;
	guint number; /* from 0 */
};

struct loopback_reply {
	const char *bytes; /* NULL: close without a word */
	gsize length; /* 0: strlen */
	gint delay_ms;
	gboolean close; /* after the answer */
	gboolean reset; /* close with RST */
};

struct loopback;
typedef void loopback_script(struct loopback *server, const struct loopback_request *request,
			     struct loopback_reply *reply);

struct loopback {
	guint16 port;
	loopback_script *script;
	gpointer data;
	pthread_mutex_t lock; /* guards what follows */
	guint count, most_open, open; /* requests; answers outstanding */
	guint connections;
	gboolean keep; /* keep requests */
	GPtrArray *requests; /* struct loopback_request * */

	int listener, wake[2];
	GThread *thread;
};

struct loopback_connection {
	int fd;
	GString *in, *out;
	gint64 answer_at; /* monotonic; 0 nothing to say */
	gboolean waiting, close, reset;
};

static void
loopback_request_free(gpointer data)
{
	struct loopback_request *request = data;
	g_free(request->head);
	g_free(request->body);
	g_free(request);
}

/* The value of a field of a request, or NULL.  Caller frees. */
G_GNUC_UNUSED static char *
loopback_field(const struct loopback_request *request, const char *name)
{
	g_auto(GStrv) lines = g_strsplit(request->head, "\r\n", -1);
	for (guint i = 1; lines[0] && lines[i]; i++) {
		gsize length = strlen(name);
		if (!g_ascii_strncasecmp(lines[i], name, length) && lines[i][length] == ':')
			return g_strstrip(g_strdup(lines[i] + length + 1));
	}
	return NULL;
}

static gsize
loopback_body_length(const char *head)
{
	const char *at = strcasestr(head, "\r\ncontent-length:");
	return at ? g_ascii_strtoull(at + strlen("\r\ncontent-length:"), NULL, 10) : 0;
}

static void
loopback_answer(struct loopback *server, struct loopback_connection *c,
		struct loopback_request *request)
{
	struct loopback_reply reply = { LOOPBACK_OK, 0, 0, FALSE, FALSE };
	pthread_mutex_lock(&server->lock);
	request->number = server->count++;
	server->open++;
	server->most_open = MAX(server->most_open, server->open);
	if (server->script)
		server->script(server, request, &reply);
	if (server->keep)
		g_ptr_array_add(server->requests, request);
	pthread_mutex_unlock(&server->lock);
	if (!server->keep)
		loopback_request_free(request);
	c->waiting = TRUE;
	c->close = reply.close || !reply.bytes;
	c->reset = reply.reset;
	if (reply.bytes == LOOPBACK_HANG) {
		c->answer_at = G_MAXINT64;
		return;
	}
	if (reply.bytes)
		g_string_append_len(c->out, reply.bytes,
				    reply.length ? reply.length : strlen(reply.bytes));
	c->answer_at = g_get_monotonic_time() + reply.delay_ms * 1000;
}

/* @return FALSE when the connection is to be closed */
static gboolean
loopback_read(struct loopback *server, struct loopback_connection *c)
{
	char buffer[16384];
	ssize_t got = recv(c->fd, buffer, sizeof buffer, MSG_DONTWAIT);
	if (got <= 0)
		return got < 0 && errno == EAGAIN;
	g_string_append_len(c->in, buffer, got);
	const char *end = strstr(c->in->str, "\r\n\r\n");
	if (!end)
		return TRUE;
	gsize head = end + 4 - c->in->str;
	gsize body = loopback_body_length(c->in->str);
	if (c->in->len < head + body)
		return TRUE;
	struct loopback_request *request = g_new0(struct loopback_request, 1);
	request->head = g_strndup(c->in->str, head);
	request->body = g_strndup(c->in->str + head, body);
	g_string_erase(c->in, 0, head + body);
	loopback_answer(server, c, request);
	return TRUE;
}

static gboolean
loopback_write(struct loopback *server, struct loopback_connection *c)
{
	if (c->waiting) {
		pthread_mutex_lock(&server->lock);
		server->open--;
		pthread_mutex_unlock(&server->lock);
		c->waiting = FALSE;
	}
	ssize_t put = send(c->fd, c->out->str, c->out->len, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (put < 0 && errno != EAGAIN)
		return FALSE;
	g_string_erase(c->out, 0, MAX(put, 0));
	if (!c->out->len)
		c->answer_at = 0;
	return c->out->len || !c->close;
}

static void
loopback_close(struct loopback *server, struct loopback_connection *c)
{
	struct linger now = { 1, 0 };
	if (c->reset)
		setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
	if (c->waiting) {
		pthread_mutex_lock(&server->lock);
		server->open--;
		pthread_mutex_unlock(&server->lock);
	}
	close(c->fd);
	g_string_free(c->in, TRUE);
	g_string_free(c->out, TRUE);
	g_free(c);
}

static void
loopback_accept(struct loopback *server, GPtrArray *connections)
{
	int fd = accept(server->listener, NULL, NULL), one = 1;
	if (fd < 0)
		return;
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	struct loopback_connection *c = g_new0(struct loopback_connection, 1);
	c->fd = fd;
	c->in = g_string_new(NULL);
	c->out = g_string_new(NULL);
	g_ptr_array_add(connections, c);
	pthread_mutex_lock(&server->lock);
	server->connections++;
	pthread_mutex_unlock(&server->lock);
}

static int
loopback_prepare(GArray *fds, GPtrArray *connections)
{
	gint64 now = g_get_monotonic_time(), soonest = G_MAXINT64;
	g_array_set_size(fds, 2);
	for (guint i = 0; i < connections->len; i++) {
		struct loopback_connection *c = g_ptr_array_index(connections, i);
		gboolean due = c->answer_at && c->answer_at <= now;
		struct pollfd fd = { c->fd, due ? POLLOUT : POLLIN, 0 };
		if (c->answer_at && !due)
			soonest = MIN(soonest, c->answer_at);
		g_array_append_val(fds, fd);
	}
	return soonest == G_MAXINT64 ? -1 : (int)((soonest - now + 999) / 1000);
}

static gpointer
loopback_main(gpointer data)
{
	struct loopback *server = data;
	g_autoptr(GPtrArray) connections = g_ptr_array_new();
	g_autoptr(GArray) fds = g_array_new(FALSE, TRUE, sizeof(struct pollfd));
	struct pollfd own[] = { { server->listener, POLLIN, 0 }, { server->wake[0], POLLIN, 0 } };
	g_array_append_vals(fds, own, 2);
	for (;;) {
		int timeout = loopback_prepare(fds, connections);
		struct pollfd *p = (struct pollfd *)fds->data;
		poll(p, fds->len, timeout);
		if (p[1].revents)
			break;
		for (guint i = fds->len; i > 2; i--) {
			struct loopback_connection *c = g_ptr_array_index(connections, i - 3);
			gboolean good = TRUE;
			if (p[i - 1].revents && p[i - 1].events == POLLOUT)
				good = loopback_write(server, c);
			else if (p[i - 1].revents)
				good = loopback_read(server, c);
			if (!good) {
				loopback_close(server, c);
				g_ptr_array_remove_index(connections, i - 3);
			}
		}
		if (p[0].revents)
			loopback_accept(server, connections);
	}
	for (guint i = 0; i < connections->len; i++)
		loopback_close(server, g_ptr_array_index(connections, i));
	return NULL;
}

/* @param port 0 for any */
static struct loopback *
loopback_start(guint16 port, loopback_script *script, gpointer data)
{
	struct loopback *server = g_new0(struct loopback, 1);
	struct sockaddr_in at = { .sin_family = AF_INET, .sin_port = htons(port) };
	socklen_t length = sizeof at;
	int one = 1;
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	pthread_mutex_init(&server->lock, NULL);
	server->script = script;
	server->data = data;
	server->keep = TRUE;
	server->requests = g_ptr_array_new_with_free_func(loopback_request_free);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(server->listener, (struct sockaddr *)&at, sizeof at) ||
	    listen(server->listener, 1024) ||
	    getsockname(server->listener, (struct sockaddr *)&at, &length) || pipe(server->wake))
		g_error("loopback server: %s", g_strerror(errno));
	server->port = ntohs(at.sin_port);
	server->thread = g_thread_new("loopback", loopback_main, server);
	return server;
}

static void
loopback_stop(struct loopback *server)
{
	if (write(server->wake[1], "x", 1) != 1)
		g_error("loopback server: %s", g_strerror(errno));
	g_thread_join(server->thread);
	close(server->listener);
	close(server->wake[0]);
	close(server->wake[1]);
	g_ptr_array_unref(server->requests);
	pthread_mutex_destroy(&server->lock);
	g_free(server);
}

G_GNUC_UNUSED static guint
loopback_count(struct loopback *server)
{
	pthread_mutex_lock(&server->lock);
	guint count = server->count;
	pthread_mutex_unlock(&server->lock);
	return count;
}

/* A port nobody listens on. */
G_GNUC_UNUSED static guint16
loopback_free_port(void)
{
	struct loopback *server = loopback_start(0, NULL, NULL);
	guint16 port = server->port;
	loopback_stop(server);
	return port;
}

#endif
