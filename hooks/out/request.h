/*
 * request.h - what the generic webhook sends for one attempt, and what is kept of the answer:
 * values only.
 *
 * Content-Type is application/json, and a +json type only where the administrator asks for it: two
 * widely used receivers hand an empty body on for those, answering 200.  The body is valid UTF-8,
 * since verifiers decode before they check the signature.  Every attempt is signed anew, under
 * the same id: receivers refuse a timestamp five minutes old.  Any thread.
 */
#ifndef LEADMILTER_REQUEST_H
#define LEADMILTER_REQUEST_H

#include "base/config.h"
#include "store/store.h"

enum request_mode {
	REQUEST_PLAIN, /* the event's body */
	REQUEST_BINARY, /* the same, with ce-* header fields */
	REQUEST_STRUCTURED, /* a CloudEvent as JSON */
	REQUEST_BATCH /* an array of them */
};
enum request_mode request_mode_of(const struct config_endpoint *endpoint);

/* The message of an attempt and of its repetition after a new login. */
struct request_message {
	char *id; /* webhook-id */
	const char *body;
	gsize length;
	const char *type; /* Content-Type */
	GPtrArray *fields; /* char *, of the mode */
	char *made; /* where the body isn't the delivery's */
};

/**
 * Make the message for deliveries: one, or several in batch mode.
 * @param source     of CloudEvents
 * @param deliveries struct delivery *; their bodies become what this endpoint is to get, and must
 *        stay as long as the message
 */
void request_make(const struct config_endpoint *endpoint, const char *source,
		  const GPtrArray *deliveries, struct request_message *ret);
void request_clear(struct request_message *message);

/**
 * The header fields of an attempt, "Name: value" each.  The endpoint's own fields are added, or
 * replace ours except what signing and framing need.
 * @param authorization value of that field, or NULL: none but the endpoint's own
 * @return char *; caller unrefs
 */
GPtrArray *request_headers(const struct config_endpoint *endpoint,
			   const struct request_message *message, const char *authorization,
			   gint64 now);

/** The Authorization value that the configuration gives, or NULL. @return caller frees */
char *request_authorization(const struct config_endpoint *endpoint);
/** Whether its requests carry credentials that the receiver may refuse. */
gboolean request_logs_in(const struct config_endpoint *endpoint);

/** Changes when the receiver or what we prove ourselves with does; too short to guess a secret
 *  from.
 *  @return caller frees */
char *request_mark(const struct config_endpoint *endpoint);

/** Make a delivery's body what this endpoint is to get: without the mail's text unless it asked for
 *  it, and valid UTF-8 in any case. */
void request_prepare_body(const struct config_endpoint *endpoint, struct delivery *delivery);

/** "https://crm.example.com:8443": what may be said of a URL in a log or error. Caller frees. */
char *request_origin(const char *url);

/** What is kept of an answer: valid UTF-8, no NUL, at most 512 bytes. @return caller frees, NULL
 *  when nothing came */
char *request_excerpt(const char *bytes, gsize length);

#define REQUEST_EXCERPT 512

#endif
