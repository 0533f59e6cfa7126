/*
 * server.h - an HTTP/1.1 server for small requests: each is read whole, handed to one function,
 * answered whole, or from a source that goes on.
 *
 * It knows nothing of leads.  What hurts a server is bounded here: connections, size of the header
 * block and body, and the time from a request's first byte to its last, however slowly the bytes
 * drip (libmicrohttpd's own timeout starts again with every byte).  libmicrohttpd is known to
 * server.c only.  TLS is a proxy's work: it listens on loopback or a unix socket.
 */
#ifndef LEADMILTER_SERVER_H
#define LEADMILTER_SERVER_H

#include <glib.h>

struct server_options {
	const char *listen; /* "127.0.0.1:8025", "[::1]:8025" or "unix:/path": the configuration
			       checked it */
	guint socket_mode; /* of a unix socket */
	guint threads; /* requests handled at once */
	guint max_connections;
	guint request_seconds; /* for a request to arrive, and for an idle connection */
	gsize max_body; /* bytes */
};

struct server_call {
	const char *method; /* "GET" … */
	const char *path; /* "/v1/leads", percent-decoded; never NULL */
	const char *peer; /* address as text, or "local" */
	const char *body; /* `length` bytes and a NUL */
	gsize length;
	gpointer request; /* the server's */
};
/** A header field's value, or NULL.  Valid during the call. */
const char *server_call_header(const struct server_call *call, const char *name);
/** Of a field that is there more than once, which a sender may put before what a proxy adds, the
 *  last. */
const char *server_call_last_header(const struct server_call *call, const char *name);
/** A query parameter's value, percent-decoded, or NULL. */
const char *server_call_query(const struct server_call *call, const char *name);

/** All header fields, "Name: value" each. @return char *, caller unrefs */
GPtrArray *server_call_headers(const struct server_call *call);
/** The query as text, "a=1&b=2"; "" without one.  Caller frees. */
char *server_call_query_text(const struct server_call *call);

/* A body that comes bit by bit, for as long as the connection holds. */
struct server_source {
	/** Fill a buffer; must not block. @return bytes, 0 nothing now (it is asked again after
	 *  server_wake()), -1 the end */
	gssize (*read)(char *buffer, gsize most, gpointer data);
	void (*close)(gpointer data); /* once, whatever happens */
	gpointer data;
};

struct server_answer {
	guint status;
	const char *type; /* Content-Type, static; NULL: application/json */
	char *body; /* taken over, freed with g_free() */
	const void *fixed; /* instead of `body`: stays as it is while the program runs */
	gsize length; /* of either */
	struct server_source source; /* instead of both when its `read` is set */
	gboolean may_be_kept; /* its headers say for how long; else nobody keeps it */
	GPtrArray *headers; /* char *, "Name: value" each; or NULL; unreffed */
};

struct server;

/**
 * Listen and serve on threads of its own.
 * @param handle called on any of them, several at once; fills the answer (status 500 if it
 *        doesn't)
 * @return NULL with ERROR_SYSTEM or ERROR_CONFIG
 */
struct server *server_start(const struct server_options *options,
			    void (*handle)(const struct server_call *call,
					   struct server_answer *ret, gpointer data),
			    gpointer data, GError **error);
/** Answer what is being handled, stop and free.  A unix socket's file is removed. */
void server_stop(struct server *server);

/** Sources that had nothing are asked again, on their own threads.  Any thread; doesn't block. */
void server_wake(struct server *server);

struct server_stats {
	guint64 requests; /* handled */
	guint64 too_large, too_slow; /* refused */
	guint connections; /* open now */
	guint streams; /* of them with a source */
};
void server_stats(struct server *server, struct server_stats *ret);

#endif
