/*
 * server.c - see server.h.
 *
 * A watch thread ends connections whose request takes too long: libmicrohttpd tells when one is
 * opened and when it is about to be closed, both under our lock, so a descriptor that is shut
 * down here is always still that connection's.
 *
 * A connection whose source has nothing is suspended and costs no thread; server_wake() resumes it.
 * The stream's own lock is held over both, so that no call to wake is lost in between.
 */
#include "hooks/in/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"
#include "hooks/in/listener.h"

#define CONNECTION_MEMORY (24 * 1024) /* holds the header block of a request */
#define STREAM_BLOCK (16 * 1024) /* asked of a source at once */

struct connection {
	int descriptor;
	gint64 since; /* monotonic: when it was opened, its request's header block was read or its
			 last request answered; 0: while one is being handled */
};

struct server {
	struct server_options options;
	char *unix_path; /* or NULL */
	int listener;
	struct MHD_Daemon *daemon;
	void (*handle)(const struct server_call *call, struct server_answer *ret, gpointer data);
	gpointer data;
	pthread_mutex_t mutex; /* for what follows */
	pthread_cond_t wake;
	GHashTable *connections; /* of struct connection */
	gboolean stopping;
	struct server_stats stats;
	pthread_t watch;
	gboolean watching;
	pthread_mutex_t streams_mutex; /* for what follows and every stream's state */
	GHashTable *streams; /* of struct stream */
	gboolean closing; /* sources are at their end */
};

/* A connection that is answered from a source. */
struct stream {
	struct server *server;
	struct MHD_Connection *connection;
	struct server_source source;
	gboolean is_suspended, was_woken;
};

/* One request while it arrives. */
struct request {
	struct MHD_Connection *connection;
	GByteArray *body;
	gboolean too_large;
};

/* --- connections and their time --- */

static void
on_connection(gpointer data, struct MHD_Connection *handle, void **socket_context,
	      enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;
	struct connection *connection;

	pthread_mutex_lock(&server->mutex);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		connection = g_new0(struct connection, 1);
		connection->descriptor =
			MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)
				->connect_fd;
		connection->since = g_get_monotonic_time();
		*socket_context = connection;
		g_hash_table_add(server->connections, connection);
		server->stats.connections++;
	} else {
		server->stats.connections--;
		g_hash_table_remove(server->connections, *socket_context);
	}
	pthread_mutex_unlock(&server->mutex);
}

static void
set_busy(struct server *server, struct MHD_Connection *handle, gboolean busy)
{
	struct connection *connection =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;

	pthread_mutex_lock(&server->mutex);
	connection->since = busy ? 0 : g_get_monotonic_time();
	pthread_mutex_unlock(&server->mutex);
}

/* Under the lock. */
static void
end_slow(struct server *server)
{
	gint64 before =
		g_get_monotonic_time() - server->options.request_seconds * (gint64)G_USEC_PER_SEC;
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, server->connections);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		struct connection *connection = key;

		if (connection->since == 0 || connection->since > before)
			continue;
		shutdown(connection->descriptor, SHUT_RDWR);
		connection->since = 0;
		server->stats.too_slow++;
	}
}

static void *
watch(void *data)
{
	struct server *server = data;

	pthread_mutex_lock(&server->mutex);
	while (!server->stopping) {
		struct timespec until;

		end_slow(server);
		clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec++;
		pthread_cond_timedwait(&server->wake, &server->mutex, &until);
	}
	pthread_mutex_unlock(&server->mutex);
	return NULL;
}

/* --- answering --- */

static void
add_headers(struct MHD_Response *response, const struct server_answer *answer)
{
	MHD_add_response_header(response, "Content-Type",
				answer->type ? answer->type : "application/json");
	if (!answer->may_be_kept)
		MHD_add_response_header(response, "Cache-Control", "no-store");
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	for (guint i = 0; answer->headers && i < answer->headers->len; i++) {
		const char *header = answer->headers->pdata[i];
		const char *colon = strchr(header, ':');
		g_autofree char *name = colon ? g_strndup(header, colon - header) : NULL;

		if (name)
			MHD_add_response_header(response, name, colon + 1 + strspn(colon + 1, " "));
	}
}

/* --- streams --- */

static void
close_stream(gpointer data)
{
	struct stream *stream = data;
	struct server *server = stream->server;

	pthread_mutex_lock(&server->streams_mutex);
	g_hash_table_remove(server->streams, stream);
	pthread_mutex_unlock(&server->streams_mutex);
	stream->source.close(stream->source.data);
	g_free(stream);
}

/* Nothing to send now. @return FALSE: somebody called while the source was asked */
static gboolean
suspend_stream(struct stream *stream)
{
	struct server *server = stream->server;
	gboolean waits;

	pthread_mutex_lock(&server->streams_mutex);
	waits = !stream->was_woken && !server->closing;
	stream->was_woken = FALSE;
	if (waits) {
		stream->is_suspended = TRUE;
		MHD_suspend_connection(stream->connection);
	}
	pthread_mutex_unlock(&server->streams_mutex);
	return waits;
}

static gboolean
is_closing(struct server *server)
{
	gboolean closing;

	pthread_mutex_lock(&server->streams_mutex);
	closing = server->closing;
	pthread_mutex_unlock(&server->streams_mutex);
	return closing;
}

static ssize_t
read_stream(void *data, G_GNUC_UNUSED uint64_t position, char *buffer, size_t most)
{
	struct stream *stream = data;
	gssize got;

	do {
		if (is_closing(stream->server))
			return MHD_CONTENT_READER_END_OF_STREAM;
		got = stream->source.read(buffer, most, stream->source.data);
	} while (got == 0 && !suspend_stream(stream));
	return got < 0 ? MHD_CONTENT_READER_END_OF_STREAM : got;
}

/* Under the lock. */
static void
wake_streams(struct server *server)
{
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, server->streams);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		struct stream *stream = key;

		stream->was_woken = !stream->is_suspended;
		if (stream->is_suspended)
			MHD_resume_connection(stream->connection);
		stream->is_suspended = FALSE;
	}
}

void
server_wake(struct server *server)
{
	pthread_mutex_lock(&server->streams_mutex);
	wake_streams(server);
	pthread_mutex_unlock(&server->streams_mutex);
}

static struct MHD_Response *
make_stream(struct server *server, struct MHD_Connection *connection,
	    const struct server_source *source)
{
	struct stream *stream = g_new0(struct stream, 1);
	struct MHD_Response *response;

	stream->server = server;
	stream->connection = connection;
	stream->source = *source;
	pthread_mutex_lock(&server->streams_mutex);
	g_hash_table_add(server->streams, stream);
	pthread_mutex_unlock(&server->streams_mutex);
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_BLOCK, read_stream,
						     stream, close_stream);
	if (!response)
		close_stream(stream);
	return response;
}

/* --- answers --- */

static struct MHD_Response *
make_copy(const struct server_answer *answer)
{
	gsize length = answer->body ? answer->length : 0;
	char *body = malloc(length + 1); /* libmicrohttpd frees it with free() */
	struct MHD_Response *response;

	if (!body)
		return NULL;
	if (length)
		memcpy(body, answer->body, length);
	response = MHD_create_response_from_buffer(length, body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(body);
	return response;
}

/* Takes the answer's contents. */
static enum MHD_Result
send_answer(struct server *server, struct MHD_Connection *connection, struct server_answer *answer)
{
	struct MHD_Response *response =
		answer->source.read ? make_stream(server, connection, &answer->source)
		: answer->fixed
			? MHD_create_response_from_buffer(answer->length, (void *)answer->fixed,
							  MHD_RESPMEM_PERSISTENT)
			: make_copy(answer);
	enum MHD_Result done = MHD_NO;

	if (response) {
		add_headers(response, answer);
		done = MHD_queue_response(connection, answer->status, response);
		MHD_destroy_response(response);
	}
	g_free(answer->body);
	g_clear_pointer(&answer->headers, g_ptr_array_unref);
	return done;
}

static enum MHD_Result
refuse_size(struct server *server, struct MHD_Connection *connection)
{
	struct server_answer answer = { .status = MHD_HTTP_CONTENT_TOO_LARGE };

	pthread_mutex_lock(&server->mutex);
	server->stats.too_large++;
	pthread_mutex_unlock(&server->mutex);
	answer.body = g_strdup_printf("{\"error\":{\"code\":\"too_large\",\"message\":"
				      "\"a request has at most %" G_GSIZE_FORMAT " bytes\"}}",
				      server->options.max_body);
	answer.length = strlen(answer.body);
	answer.headers = g_ptr_array_new_with_free_func(g_free);
	g_ptr_array_add(answer.headers, g_strdup("Connection: close"));
	return send_answer(server, connection, &answer);
}

static char *
peer_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;
	char text[INET6_ADDRSTRLEN] = "local";

	if (address && address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)address)->sin_addr, text,
			  sizeof text);
	else if (address && address->sa_family == AF_INET6)
		inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)address)->sin6_addr, text,
			  sizeof text);
	return g_strdup(text);
}

const char *
server_call_header(const struct server_call *call, const char *name)
{
	const struct request *request = call->request;

	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

struct field {
	const char *name, *value; /* NULL until it is found */
};

static enum MHD_Result
take_field(gpointer data, G_GNUC_UNUSED enum MHD_ValueKind kind, const char *name,
	   const char *value)
{
	struct field *field = data;

	if (!g_ascii_strcasecmp(name, field->name))
		field->value = value;
	return MHD_YES;
}

const char *
server_call_last_header(const struct server_call *call, const char *name)
{
	const struct request *request = call->request;
	struct field field = { name, NULL };

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, take_field, &field);
	return field.value;
}

const char *
server_call_query(const struct server_call *call, const char *name)
{
	const struct request *request = call->request;

	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

static enum MHD_Result
add_field(gpointer data, G_GNUC_UNUSED enum MHD_ValueKind kind, const char *name, const char *value)
{
	g_ptr_array_add(data, g_strdup_printf("%s: %s", name, value ? value : ""));
	return MHD_YES;
}

GPtrArray *
server_call_headers(const struct server_call *call)
{
	const struct request *request = call->request;
	GPtrArray *headers = g_ptr_array_new_with_free_func(g_free);

	MHD_get_connection_values(request->connection, MHD_HEADER_KIND, add_field, headers);
	return headers;
}

static enum MHD_Result
add_parameter(gpointer data, G_GNUC_UNUSED enum MHD_ValueKind kind, const char *name,
	      const char *value)
{
	GString *text = data;
	g_autofree char *left = g_uri_escape_string(name, NULL, FALSE);
	g_autofree char *right = g_uri_escape_string(value ? value : "", NULL, FALSE);

	g_string_append_printf(text, "%s%s=%s", text->len ? "&" : "", left, right);
	return MHD_YES;
}

char *
server_call_query_text(const struct server_call *call)
{
	const struct request *request = call->request;
	GString *text = g_string_new(NULL);

	MHD_get_connection_values(request->connection, MHD_GET_ARGUMENT_KIND, add_parameter, text);
	return g_string_free(text, FALSE);
}

static enum MHD_Result
handle_request(struct server *server, struct request *request, const char *url, const char *method)
{
	g_autofree char *peer = peer_of(request->connection);
	struct server_answer answer = { .status = MHD_HTTP_INTERNAL_SERVER_ERROR };
	struct server_call call = { .method = method,
				    .path = url,
				    .peer = peer,
				    .length = request->body->len,
				    .request = request };

	g_byte_array_append(request->body, (const guint8 *)"", 1);
	call.body = (const char *)request->body->data;
	set_busy(server, request->connection, TRUE);
	server->handle(&call, &answer, server->data);
	if (!answer.source.read) /* a stream takes as long as it takes */
		set_busy(server, request->connection, FALSE);
	pthread_mutex_lock(&server->mutex);
	server->stats.requests++;
	pthread_mutex_unlock(&server->mutex);
	return send_answer(server, request->connection, &answer);
}

/* The length a request announces is over the ceiling. */
static gboolean
announces_too_much(const struct server *server, struct MHD_Connection *connection)
{
	const char *length =
		MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Content-Length");

	return length && g_ascii_strtoull(length, NULL, 10) > server->options.max_body;
}

/* What comes beyond the ceiling is read and dropped, so that the refusal can be heard, until
 * the request's time is over. */
static enum MHD_Result
take_body(struct server *server, struct request *request, const char *bytes, size_t *length)
{
	if (request->body->len + *length > server->options.max_body) {
		request->too_large = TRUE;
		g_byte_array_set_size(request->body, 0);
	}
	if (!request->too_large)
		g_byte_array_append(request->body, (const guint8 *)bytes, *length);
	*length = 0;
	return MHD_YES;
}

static enum MHD_Result
on_request(gpointer data, struct MHD_Connection *connection, const char *url, const char *method,
	   G_GNUC_UNUSED const char *version, const char *upload, size_t *upload_length,
	   void **context)
{
	struct server *server = data;
	struct request *request = *context;

	if (!request) {
		if (announces_too_much(server, connection))
			return refuse_size(server, connection);
		request = g_new0(struct request, 1);
		request->connection = connection;
		request->body = g_byte_array_new();
		*context = request;
		set_busy(server, connection, FALSE);
		return MHD_YES;
	}
	if (*upload_length)
		return take_body(server, request, upload, upload_length);
	if (request->too_large)
		return refuse_size(server, connection);
	return handle_request(server, request, url, method);
}

static void
on_completed(gpointer data, struct MHD_Connection *connection, void **context,
	     G_GNUC_UNUSED enum MHD_RequestTerminationCode code)
{
	struct request *request = *context;

	if (!request)
		return;
	set_busy(data, connection, FALSE);
	g_byte_array_unref(request->body);
	g_free(request);
	*context = NULL;
}

static void G_GNUC_PRINTF(2, 0)
	on_log(G_GNUC_UNUSED gpointer data, const char *format, va_list arguments)
{
	g_autofree char *text = g_strdup_vprintf(format, arguments);

	log_debug("http: %s", g_strstrip(text));
}

/* --- beginning and end --- */

static gboolean
start_daemon(struct server *server, GError **error)
{
	const struct server_options *options = &server->options;

	server->daemon = MHD_start_daemon(
		MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_EPOLL | MHD_USE_ERROR_LOG |
			MHD_ALLOW_SUSPEND_RESUME,
		0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, server->listener, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server,
		MHD_OPTION_CONNECTION_LIMIT, options->max_connections,
		MHD_OPTION_CONNECTION_TIMEOUT, options->request_seconds,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY,
		MHD_OPTION_THREAD_POOL_SIZE, options->threads, MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1,
		MHD_OPTION_END);
	if (!server->daemon) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM,
			    "%s: the HTTP server does not start: %s", options->listen,
			    g_strerror(errno));
		return FALSE;
	}
	server->watching = pthread_create(&server->watch, NULL, watch, server) == 0;
	if (!server->watching)
		g_set_error(error, LEADMILTER_ERROR, ERROR_SYSTEM, "%s: no thread: %s",
			    options->listen, g_strerror(errno));
	return server->watching;
}

static void
init_lock(struct server *server)
{
	pthread_condattr_t attributes;

	pthread_mutex_init(&server->mutex, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&server->wake, &attributes);
	pthread_condattr_destroy(&attributes);
}

struct server *
server_start(const struct server_options *options,
	     void (*handle)(const struct server_call *call, struct server_answer *ret,
			    gpointer data),
	     gpointer data, GError **error)
{
	struct server *server = g_new0(struct server, 1);

	server->options = *options;
	server->options.listen = g_strdup(options->listen);
	server->handle = handle;
	server->data = data;
	server->connections = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	server->streams = g_hash_table_new(NULL, NULL);
	pthread_mutex_init(&server->streams_mutex, NULL);
	init_lock(server);
	server->listener =
		listener_open(options->listen, options->socket_mode, &server->unix_path, error);
	if (server->listener >= 0 && start_daemon(server, error))
		return server;
	server_stop(server);
	return NULL;
}

/* libmicrohttpd doesn't stop while a connection is suspended. */
static void
end_streams(struct server *server)
{
	pthread_mutex_lock(&server->streams_mutex);
	server->closing = TRUE;
	wake_streams(server);
	pthread_mutex_unlock(&server->streams_mutex);
}

void
server_stop(struct server *server)
{
	if (!server)
		return;
	pthread_mutex_lock(&server->mutex);
	server->stopping = TRUE;
	pthread_cond_signal(&server->wake);
	pthread_mutex_unlock(&server->mutex);
	if (server->watching)
		pthread_join(server->watch, NULL);
	end_streams(server);
	if (server->daemon)
		MHD_stop_daemon(server->daemon); /* closes the listener */
	else if (server->listener >= 0)
		close(server->listener);
	if (server->unix_path)
		unlink(server->unix_path);
	g_hash_table_unref(server->connections);
	g_hash_table_unref(server->streams);
	pthread_mutex_destroy(&server->streams_mutex);
	pthread_cond_destroy(&server->wake);
	pthread_mutex_destroy(&server->mutex);
	g_free((char *)server->options.listen);
	g_free(server->unix_path);
	g_free(server);
}

void
server_stats(struct server *server, struct server_stats *ret)
{
	pthread_mutex_lock(&server->mutex);
	*ret = server->stats;
	pthread_mutex_unlock(&server->mutex);
	pthread_mutex_lock(&server->streams_mutex);
	ret->streams = g_hash_table_size(server->streams);
	pthread_mutex_unlock(&server->streams_mutex);
}
