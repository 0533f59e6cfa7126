/*
 * smtp_server.h - a small SMTP server on 127.0.0.1 for tests: one thread, one connection at a time,
 * mails kept, replies on order.
 */
#ifndef SMTP_SERVER_H
#define SMTP_SERVER_H

#include <arpa/inet.h>
#include <glib.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct smtp_mail {
	char *from; /* of the envelope */
	GPtrArray *to; /* char *, recipients that were taken */
	char *text;
	char *helo;
};

struct smtp_server {
	guint16 port;
	int listener;
	GThread *thread;
	pthread_mutex_t lock; /* guards what follows */
	GPtrArray *mails; /* struct smtp_mail * */
	const char *refused; /* recipient that gets 550 */
	const char *answer; /* to the end of a mail, NULL: 250 */
	guint connections;
};

static void
smtp_mail_free(gpointer data)
{
	struct smtp_mail *mail = data;
	g_free(mail->from);
	g_free(mail->text);
	g_free(mail->helo);
	g_ptr_array_unref(mail->to);
	g_free(mail);
}

static struct smtp_mail *
smtp_mail_new(void)
{
	struct smtp_mail *mail = g_new0(struct smtp_mail, 1);
	mail->to = g_ptr_array_new_with_free_func(g_free);
	return mail;
}

static void
smtp_say(int fd, const char *text)
{
	ssize_t ignored = write(fd, text, strlen(text));
	(void)ignored;
}

/* What stands between < and >. */
static char *
smtp_path(const char *line)
{
	const char *begin = strchr(line, '<'), *end = begin ? strchr(begin, '>') : NULL;
	return end ? g_strndup(begin + 1, end - begin - 1) : g_strdup("");
}

static void
smtp_recipient(struct smtp_server *server, struct smtp_mail *mail, int fd, const char *line)
{
	char *to = smtp_path(line);
	gboolean refused = server->refused && !strcmp(to, server->refused);
	if (refused)
		g_free(to);
	else
		g_ptr_array_add(mail->to, to);
	smtp_say(fd, refused ? "550 5.1.1 nobody of that name\r\n" : "250 ok\r\n");
}

/* @return FALSE when the line was the last */
static gboolean
smtp_line(struct smtp_server *server, struct smtp_mail **mail, int fd, char *line)
{
	g_strchomp(line);
	if (!g_ascii_strncasecmp(line, "EHLO ", 5)) {
		g_free((*mail)->helo);
		(*mail)->helo = g_strdup(line + 5);
		smtp_say(fd, "250 test\r\n");
	} else if (!g_ascii_strncasecmp(line, "MAIL FROM:", 10)) {
		g_free((*mail)->from);
		(*mail)->from = smtp_path(line);
		smtp_say(fd, "250 ok\r\n");
	} else if (!g_ascii_strncasecmp(line, "RCPT TO:", 8))
		smtp_recipient(server, *mail, fd, line);
	else if (!g_ascii_strncasecmp(line, "DATA", 4))
		smtp_say(fd, "354 go on\r\n");
	else if (!g_ascii_strncasecmp(line, "QUIT", 4)) {
		smtp_say(fd, "221 bye\r\n");
		return FALSE;
	} else
		smtp_say(fd, "250 ok\r\n");
	return TRUE;
}

static void
smtp_end_mail(struct smtp_server *server, struct smtp_mail **mail, int fd, const GString *text)
{
	if (server->answer) {
		smtp_say(fd, server->answer);
		return;
	}
	struct smtp_mail *next = smtp_mail_new();
	next->helo = g_strdup((*mail)->helo);
	(*mail)->text = g_strdup(text->str);
	g_ptr_array_add(server->mails, *mail);
	*mail = next;
	smtp_say(fd, "250 queued\r\n");
}

static void
smtp_serve(struct smtp_server *server, int fd)
{
	struct smtp_mail *mail = smtp_mail_new();
	GString *in = g_string_new(NULL), *text = NULL;
	gboolean open = TRUE;
	char buffer[4096];
	ssize_t got;
	smtp_say(fd, "220 test ESMTP\r\n");
	while (open && (got = read(fd, buffer, sizeof buffer)) > 0) {
		g_string_append_len(in, buffer, got);
		for (char *end; open && (end = strstr(in->str, "\r\n"));) {
			g_autofree char *line = g_strndup(in->str, end - in->str);
			g_string_erase(in, 0, end - in->str + 2);
			pthread_mutex_lock(&server->lock);
			if (text && !strcmp(line, ".")) {
				smtp_end_mail(server, &mail, fd, text);
				g_string_free(g_steal_pointer(&text), TRUE);
			} else if (text)
				g_string_append_printf(text, "%s\n", line);
			else {
				open = smtp_line(server, &mail, fd, line);
				if (!g_ascii_strncasecmp(line, "DATA", 4))
					text = g_string_new(NULL);
			}
			pthread_mutex_unlock(&server->lock);
		}
	}
	if (text)
		g_string_free(text, TRUE);
	g_string_free(in, TRUE);
	smtp_mail_free(mail);
	close(fd);
}

static gpointer
smtp_main(gpointer data)
{
	struct smtp_server *server = data;
	int fd;
	while ((fd = accept(server->listener, NULL, NULL)) >= 0) {
		pthread_mutex_lock(&server->lock);
		server->connections++;
		pthread_mutex_unlock(&server->lock);
		smtp_serve(server, fd);
	}
	return NULL;
}

static struct smtp_server *
smtp_start(void)
{
	struct smtp_server *server = g_new0(struct smtp_server, 1);
	struct sockaddr_in address = { .sin_family = AF_INET,
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof address;
	pthread_mutex_init(&server->lock, NULL);
	server->mails = g_ptr_array_new_with_free_func(smtp_mail_free);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(bind(server->listener, (struct sockaddr *)&address, length), ==, 0);
	g_assert_cmpint(getsockname(server->listener, (struct sockaddr *)&address, &length), ==, 0);
	g_assert_cmpint(listen(server->listener, 8), ==, 0);
	server->port = ntohs(address.sin_port);
	server->thread = g_thread_new("smtp", smtp_main, server);
	return server;
}

/* After the client has closed its connections. */
static void
smtp_stop(struct smtp_server *server)
{
	shutdown(server->listener, SHUT_RDWR);
	g_thread_join(server->thread);
	close(server->listener);
	g_ptr_array_unref(server->mails);
	pthread_mutex_destroy(&server->lock);
	g_free(server);
}

#endif
