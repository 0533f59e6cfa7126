/*
 * load.c - a milter client (protocol 6) that plays an MTA under load and measures the answers.
 *
 * usage: load --socket SPEC [-c CONNECTIONS] [-n MESSAGES] [--per-connection N] [--size BYTES]
 *             [--senders unique|N] [--rcpt ADDRESS] [--idle N] [--seed N] [--record FILE]
 *
 * N threads, a connection each.  As Postfix does, commands that need no reply (SMFIP_NR_*) are
 * buffered and written together with the next one that does.  Latency is taken from writing
 * end-of-message to its final reply.  Prints one line of JSON.  With --record every message
 * answered is noted with its Message-ID, for tests that kill the filter.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NR_HDR 0x80
#define SKIP 0x400
#define NR_CONN 0x1000
#define NR_HELO 0x2000
#define NR_MAIL 0x4000
#define NR_RCPT 0x8000
#define NR_DATA 0x10000
#define NR_EOH 0x40000
#define NR_BODY 0x80000
#define NO_EOH 0x40
#define NO_UNKNOWN 0x100
#define NO_DATA 0x200

static char *socket_spec, *rcpt = "sales@example.test", *senders = "unique", *record_path;
static int connections = 4, messages = 20000, per_connection = 100, size = 5000, idle, seed;
static FILE *record;
static pthread_mutex_t record_mutex = PTHREAD_MUTEX_INITIALIZER;
static gint next_message; /* atomic */

struct client {
	pthread_t thread;
	int fd;
	guint32 steps;
	GByteArray *out;
	GArray *latencies; /* gint64, microseconds */
	guint64 answered, accepted, marked, failed;
};

static int
open_socket(void)
{
	if (g_str_has_prefix(socket_spec, "inet:")) {
		struct sockaddr_in address = { .sin_family = AF_INET,
					       .sin_port = htons((guint16)atoi(socket_spec + 5)),
					       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
			return fd;
		close(fd);
		return -1;
	}
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = g_str_has_prefix(socket_spec, "unix:") ? socket_spec + 5 : socket_spec;
	g_strlcpy(address.sun_path, path, sizeof address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

static void
put(struct client *client, char command, const void *data, guint32 length)
{
	guint32 total = htonl(length + 1);
	g_byte_array_append(client->out, (const guint8 *)&total, 4);
	g_byte_array_append(client->out, (const guint8 *)&command, 1);
	g_byte_array_append(client->out, data, length);
}

static gboolean
flush(struct client *client)
{
	for (guint done = 0; done < client->out->len;) {
		ssize_t n = send(client->fd, client->out->data + done, client->out->len - done,
				 MSG_NOSIGNAL);
		if (n <= 0)
			return FALSE;
		done += n;
	}
	g_byte_array_set_size(client->out, 0);
	return TRUE;
}

static gboolean
read_all(int fd, void *buffer, gsize length)
{
	for (char *p = buffer; length > 0;) {
		ssize_t n = recv(fd, p, length, 0);
		if (n <= 0)
			return FALSE;
		p += n;
		length -= n;
	}
	return TRUE;
}

/* One packet of the filter; its command byte, 0 on failure. */
static char
get(struct client *client, guint8 *data, guint32 most, guint32 *ret_length)
{
	guint32 length;
	if (!read_all(client->fd, &length, 4))
		return 0;
	length = ntohl(length);
	if (length < 1 || length > most || !read_all(client->fd, data, length))
		return 0;
	*ret_length = length - 1;
	return (char)data[0];
}

static gboolean
negotiate(struct client *client)
{
	guint32 offer[3] = { htonl(6), htonl(0x1ff), htonl(0x1fffff) };
	guint8 data[65536];
	guint32 length;
	put(client, 'O', offer, sizeof offer);
	if (!flush(client) || get(client, data, sizeof data, &length) != 'O' || length < 12)
		return FALSE;
	guint32 steps;
	memcpy(&steps, data + 9, 4);
	client->steps = ntohl(steps);
	return TRUE;
}

/* Send a command; wait for its reply unless the filter said it gives none. */
static char
step(struct client *client, char command, const void *data, guint32 length, guint32 silent)
{
	guint8 reply[65536];
	guint32 got;
	put(client, command, data, length);
	if (client->steps & silent)
		return 'c';
	return flush(client) ? get(client, reply, sizeof reply, &got) : 0;
}

static gboolean
begin(struct client *client)
{
	static const char macros[] = "Cj\0mx.example.test\0{daemon_name}\0smtpd";
	static const char peer[] = "client.test\0"
				   "4\x30\x39"
				   "192.0.2.7";
	client->fd = open_socket();
	if (client->fd < 0 || !negotiate(client))
		return FALSE;
	put(client, 'D', macros, sizeof macros);
	return step(client, 'C', peer, sizeof peer, NR_CONN) &&
	       step(client, 'H', "client.test", 12, NR_HELO);
}

static void
put_header(struct client *client, const char *name, const char *value)
{
	g_autoptr(GByteArray) field = g_byte_array_new();
	g_byte_array_append(field, (const guint8 *)name, strlen(name) + 1);
	g_byte_array_append(field, (const guint8 *)value, strlen(value) + 1);
	put(client, 'L', field->data, field->len);
}

/*
 * What is sent is a mix as mailboxes of sales see it: of eight messages three are signed with a
 * telephone, one names a budget and a date, all are of the same size.
 */
static const char prose[] =
	"We make pumps for dairies and breweries in the north and have looked at your machines "
	"at\r\n"
	"the fair in autumn. My colleagues in production liked the quiet drive and the short "
	"set-up\r\n"
	"times. Before we go on I would like to understand how the smaller model is cleaned and\r\n"
	"which of the parts our own people may change without your service.\r\n\r\n";
static const char wish[] = "Could you send me the documents for both models?\r\n\r\n";
static const char budget[] =
	"We need an offer for two lines before the end of March; our budget is about 40,000 EUR "
	"for\r\n"
	"each. Could you send the price list and say whether a demo is possible next week?\r\n\r\n";

static GString *
make_body(void)
{
	GString *body = g_string_new("Hello,\r\n\r\n");
	while ((int)body->len < size - 700)
		g_string_append(body, prose);
	return body;
}

/* The end of a message; every sender has a telephone of their own, since the same name and
 * telephone are one person. */
static void
finish_body(GString *body, gsize common_length, int person)
{
	g_string_truncate(body, common_length);
	g_string_append(body, person % 8 == 0 ? budget : wish);
	g_string_append(body, "Kind regards\r\nAnna Weber\r\nWeber Pumps Ltd\r\n");
	if (person % 8 < 3)
		g_string_append_printf(body, "Head of Purchasing\r\n+44 20 7%03d %04d\r\n",
				       person / 10000 % 1000, person % 10000);
}

static gboolean
headers(struct client *client, const char *sender, int number)
{
	g_autofree char *from = g_strdup_printf("Anna Weber <%s>", sender);
	g_autofree char *id = g_strdup_printf("<%d.%d@load.test>", seed, number);
	const char *const fields[][2] = {
		{ "Received", "from client.test (client.test [192.0.2.7])\n\tby mx.example.test" },
		{ "From", from },
		{ "To", rcpt },
		{ "Subject", "Offer for two packaging lines" },
		{ "Message-ID", id },
		{ "Date", "Sat, 21 Nov 2026 10:00:00 +0000" },
		{ "MIME-Version", "1.0" },
		{ "Content-Type", "text/plain; charset=utf-8" },
		{ "X-Mailer", "load 1.0" },
	};
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		put_header(client, fields[i][0], fields[i][1]);
		if (!(client->steps & NR_HDR)) {
			guint8 reply[65536];
			guint32 got;
			if (!flush(client) || !get(client, reply, sizeof reply, &got))
				return FALSE;
		}
	}
	return TRUE;
}

static gboolean
finish(struct client *client, int number)
{
	guint8 reply[65536];
	guint32 got;
	gint64 began = g_get_monotonic_time();
	gboolean marked = FALSE;
	put(client, 'E', NULL, 0);
	if (!flush(client))
		return FALSE;
	for (;;) {
		char command = get(client, reply, sizeof reply, &got);
		if (!command)
			return FALSE;
		marked |= (command == 'h' || command == 'i') &&
			  g_str_has_prefix((char *)reply + 1, "X-Lead-Id");
		if (strchr("acdrty", command)) {
			client->accepted += command == 'a' || command == 'c';
			break;
		}
	}
	gint64 took = g_get_monotonic_time() - began;
	g_array_append_val(client->latencies, took);
	client->answered++;
	client->marked += marked;
	if (record) {
		pthread_mutex_lock(&record_mutex);
		fprintf(record, "%d.%d@load.test\n", seed, number);
		fflush(record);
		pthread_mutex_unlock(&record_mutex);
	}
	return TRUE;
}

/* Nothing more is sent of this message. */
static gboolean
let_go(struct client *client)
{
	client->answered++;
	client->accepted++;
	return TRUE;
}

static gboolean
send_message(struct client *client, GString *body, gsize common_length, int number)
{
	int many = atoi(senders);
	finish_body(body, common_length, many ? number % many : seed * 50000 + number);
	g_autofree char *sender =
		many ? g_strdup_printf("anna.weber@weber%d.co.uk", number % many)
		     : g_strdup_printf("anna.weber@weber%d-%d.co.uk", seed, number);
	g_autofree char *mail = g_strdup_printf("<%s>", sender);
	g_autofree char *to = g_strdup_printf("<%s>", rcpt);
	if (!step(client, 'M', mail, strlen(mail) + 1, NR_MAIL) ||
	    !step(client, 'R', to, strlen(to) + 1, NR_RCPT))
		return FALSE;
	if (!(client->steps & NO_DATA)) {
		char answer = step(client, 'T', NULL, 0, NR_DATA);
		if (answer == 'a')
			return let_go(client);
		if (!answer)
			return FALSE;
	}
	if (!headers(client, sender, number))
		return FALSE;
	if (!(client->steps & NO_EOH) && !step(client, 'N', NULL, 0, NR_EOH))
		return FALSE;
	char answer = step(client, 'B', body->str, body->len, NR_BODY);
	if (answer == 'a')
		return let_go(client);
	if (!answer)
		return FALSE;
	g_autofree char *id = g_strdup_printf("Q%d", number);
	g_autoptr(GByteArray) macros = g_byte_array_new();
	g_byte_array_append(macros, (const guint8 *)"Ei", 3);
	g_byte_array_append(macros, (const guint8 *)id, strlen(id) + 1);
	put(client, 'D', macros->data, macros->len);
	return finish(client, number);
}

static void
end(struct client *client)
{
	if (client->fd >= 0) {
		put(client, 'Q', NULL, 0);
		flush(client);
		close(client->fd);
	}
	client->fd = -1;
	g_byte_array_set_size(client->out, 0);
}

static void *
run(void *data)
{
	struct client *client = data;
	g_autoptr(GString) body = make_body();
	gsize common_length = body->len;
	for (;;) {
		gboolean open = begin(client);
		for (int i = 0; open && i < per_connection; i++) {
			int number = g_atomic_int_add(&next_message, 1);
			if (number >= messages) {
				end(client);
				return NULL;
			}
			if (!send_message(client, body, common_length, number)) {
				client->failed++;
				open = FALSE;
			}
		}
		end(client);
		if (!open && (client->failed > 1000 || g_atomic_int_get(&next_message) >= messages))
			return NULL;
		if (!open && g_atomic_int_add(&next_message, 1) >= messages)
			return NULL;
	}
}

static gint
compare(gconstpointer a, gconstpointer b)
{
	gint64 x = *(const gint64 *)a, y = *(const gint64 *)b;
	return (x > y) - (x < y);
}

static void
report(struct client *clients, double seconds)
{
	g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(gint64));
	guint64 answered = 0, accepted = 0, marked = 0, failed = 0;
	for (int i = 0; i < connections; i++) {
		g_array_append_vals(all, clients[i].latencies->data, clients[i].latencies->len);
		answered += clients[i].answered;
		accepted += clients[i].accepted;
		marked += clients[i].marked;
		failed += clients[i].failed;
	}
	g_array_sort(all, compare);
	gint64 p50 = all->len ? g_array_index(all, gint64, all->len / 2) : 0;
	gint64 p99 = all->len ? g_array_index(all, gint64, all->len * 99 / 100) : 0;
	gint64 most = all->len ? g_array_index(all, gint64, all->len - 1) : 0;
	printf("{\"answered\":%" G_GUINT64_FORMAT ",\"accepted\":%" G_GUINT64_FORMAT
	       ",\"marked\":%" G_GUINT64_FORMAT ",\"failed\":%" G_GUINT64_FORMAT
	       ",\"seconds\":%.3f,\"per_second\":%.0f,\"p50_ms\":%.3f,\"p99_ms\":%.3f,"
	       "\"max_ms\":%.3f}\n",
	       answered, accepted, marked, failed, seconds, answered / seconds, p50 / 1e3,
	       p99 / 1e3, most / 1e3);
}

/* Connections that only negotiated, held open while the load runs and until standard input ends. */
static void
hold_idle(struct client *held)
{
	for (int i = 0; i < idle; i++) {
		held[i].out = g_byte_array_new();
		held[i].fd = -1;
		if (!begin(&held[i]) || !flush(&held[i])) {
			fprintf(stderr, "only %d idle connections: %s\n", i, g_strerror(errno));
			exit(1);
		}
	}
}

int
main(int argc, char **argv)
{
	const GOptionEntry entries[] = {
		{ "socket", 's', 0, G_OPTION_ARG_STRING, &socket_spec, "filter's socket", "SPEC" },
		{ "connections", 'c', 0, G_OPTION_ARG_INT, &connections, NULL, NULL },
		{ "messages", 'n', 0, G_OPTION_ARG_INT, &messages, NULL, NULL },
		{ "per-connection", 0, 0, G_OPTION_ARG_INT, &per_connection, NULL, NULL },
		{ "size", 0, 0, G_OPTION_ARG_INT, &size, NULL, NULL },
		{ "senders", 0, 0, G_OPTION_ARG_STRING, &senders, NULL, NULL },
		{ "rcpt", 0, 0, G_OPTION_ARG_STRING, &rcpt, NULL, NULL },
		{ "idle", 0, 0, G_OPTION_ARG_INT, &idle, NULL, NULL },
		{ "seed", 0, 0, G_OPTION_ARG_INT, &seed, NULL, NULL },
		{ "record", 0, 0, G_OPTION_ARG_FILENAME, &record_path, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new("- load a milter");
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) || !socket_spec) {
		fprintf(stderr, "load: %s\n", error ? error->message : "--socket is needed");
		return 2;
	}
	if (record_path && !(record = fopen(record_path, "a")))
		return 1;
	struct client *held = g_new0(struct client, idle + 1);
	struct client *clients = g_new0(struct client, connections);
	hold_idle(held);
	gint64 began = g_get_monotonic_time();
	for (int i = 0; i < connections; i++) {
		clients[i].out = g_byte_array_new();
		clients[i].latencies = g_array_new(FALSE, FALSE, sizeof(gint64));
		clients[i].fd = -1;
		pthread_create(&clients[i].thread, NULL, run, &clients[i]);
	}
	for (int i = 0; i < connections; i++)
		pthread_join(clients[i].thread, NULL);
	report(clients, (g_get_monotonic_time() - began) / 1e6);
	fflush(stdout);
	char wait;
	while (idle && read(STDIN_FILENO, &wait, 1) > 0)
		;
	return 0;
}
