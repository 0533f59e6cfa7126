/*
 * http.h - HTTP exchanges, and mails handed to an SMTP server, many at once on one thread; the
 * only user of libcurl.
 *
 * What every exchange keeps to: http and https only, TLS verified, HTTP/2 where offered, no
 * redirects, no proxy of the environment, a ceiling for its time and for the size of the answer.
 * An answer counts when it is complete: one that breaks off has no status.  Nothing here
 * logs, and no error names more of a URL than its host and port, since paths carry tokens.
 *
 * One thread, that of http_run(), calls everything but http_wake().
 */
#ifndef LEADMILTER_HTTP_H
#define LEADMILTER_HTTP_H

#include "hooks/out/rate.h"

struct http;
struct http_exchange;

/* How an endpoint is reached.  The texts and `rate` must stay until the exchange is over. */
struct http_transport {
	const char *ca_file; /* PEM, or NULL: the system's */
	const char *client_cert, *client_key; /* PEM files (the key may be in the first), or NULL */
	const char *proxy; /* URL, or NULL: none */
	guint timeout_seconds; /* of the entire exchange, 0: 1 */
	gsize most; /* bytes of an answer, header fields included; 0: LIMIT_RESPONSE */
	struct rate *rate; /* shared by an endpoint's exchanges, or NULL; see http_send() */
};

struct http_request {
	const char *method; /* "GET", "POST", "PATCH" … */
	const char *url;
	const GPtrArray *headers; /* char *, "Name: value", or NULL; "Name:" takes one of curl's
				     away */
	const char *body; /* or NULL */
	gsize length;
	const struct http_transport *transport;
};

/* Valid during the callback only. */
struct http_response {
	long status; /* 0: no complete answer, see `error` */
	GPtrArray *headers; /* char *, "Name: value", of the last answer's head */
	const char *body; /* NUL-terminated, never NULL; what came before it broke off, too */
	gsize length;
	gboolean cut; /* longer than the ceiling: the status counts, the body ends early */
	const char *error; /* when there is no status: why, without path and query */
	gboolean unreachable; /* no name, connection or TLS: the receiver saw nothing of the
				 request */
	gint64 retry_after; /* time not to ask before, 0 none: Retry-After; when throttled also
			       the fields for it that are not of the standard */
	gint64 duration; /* microseconds from the first byte of work to the end */
};

typedef void http_done(const struct http_response *response, gpointer data);

/** Call first on a thread that will run exchanges: blocks SIGPIPE there, since OpenSSL writes to
 *  connections that the receiver may have closed. */
void http_enter_thread(void);

/** @return NULL with ERROR_SYSTEM */
struct http *http_new(GError **error);
/** Ends what is under way without calling back. */
void http_free(struct http *http);

/**
 * Begin an exchange.  Everything but the transport's texts is copied; nothing is refused here:
 * what can't be sent is an answer with an error.
 * @param done called exactly once, from http_run(), never from in here; it may send and cancel
 *        other exchanges
 * With a transport's rate, the request takes its place in it and leaves when its turn comes.
 */
struct http_exchange *http_send(struct http *http, const struct http_request *request,
				http_done *done, gpointer data);
/* A mail for an SMTP server (RFC 5321): smtp:// or smtps://, in its path what we are called there.
 * The transport's ca_file and time-out hold. */
struct http_mail {
	const char *url;
	const char *sender; /* envelope; "": none */
	const GPtrArray *recipients; /* char * */
	const char *text; /* with CRLF line ends */
	gsize length;
	const struct http_transport *transport;
};

/** As http_send(); the response's status is that of SMTP.  2xx: it was taken for at least one
 *  recipient. */
struct http_exchange *http_send_mail(struct http *http, const struct http_mail *mail,
				     http_done *done, gpointer data);
/** End it without calling back. */
void http_cancel(struct http_exchange *exchange);

/** A header field's value without blanks around it, the last if there are several; or NULL. */
const char *http_header(const struct http_response *response, const char *name);

/** Do what can be done without waiting, and call back for what is finished. */
void http_run(struct http *http);
/** Wait for the network, http_wake() or `most_ms`. */
void http_wait(struct http *http, int most_ms);
/** End the wait, or the next one.  Any thread. */
void http_wake(struct http *http);
/** Connections worth keeping open when idle. */
void http_keep(struct http *http, guint connections);
/** Exchanges begun and not over. */
guint http_count(const struct http *http);

#endif
