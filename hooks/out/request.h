/*
 * request.h - what goes over the wire for one delivery, and what is kept of the answer: values
 * only.
 *
 * Content-Type is application/json and never a +json type: two widely used receivers hand an
 * empty body on for those, answering 200.  The body is valid UTF-8, since verifiers decode
 * before they check the signature.  Every attempt is signed anew: receivers refuse a timestamp
 * five minutes old.  Any thread.
 */
#ifndef LEADMILTER_REQUEST_H
#define LEADMILTER_REQUEST_H

#include "base/config.h"
#include "store/store.h"

/**
 * The header fields of an attempt, "Name: value" each; an empty value removes one curl would send.
 * The endpoint's own fields are added, or replace ours except what signing and framing need.
 * @return char *; caller unrefs
 */
GPtrArray *request_headers(const struct config_endpoint *endpoint, const struct delivery *delivery,
			   gint64 now);

/** Make a delivery's body what this endpoint is to get: without the mail's text unless it asked for
 *  it, and valid UTF-8 in any case. */
void request_prepare_body(const struct config_endpoint *endpoint, struct delivery *delivery);

/** "https://crm.example.com:8443": what may be said of a URL in a log or error. Caller frees. */
char *request_origin(const char *url);

/** What is kept of an answer: valid UTF-8, no NUL, at most 512 bytes. @return caller frees, NULL
 * when nothing came */
char *request_excerpt(const char *bytes, gsize length);

#define REQUEST_EXCERPT 512

#endif
