/*
 * cloudevents.h - an event as CloudEvents 1.0 (github.com/cloudevents/spec): header fields of the
 * HTTP binding's binary mode, and the JSON of structured and batch mode.
 *
 * The data of the CloudEvent is the same in all modes: the entire body {type, timestamp, data} that
 * is posted without CloudEvents, too.  id is the event's, type the event's, source names this
 * program and its host, subject the lead.  Pure; any thread.
 */
#ifndef LEADMILTER_CLOUDEVENTS_H
#define LEADMILTER_CLOUDEVENTS_H

#include "store/store.h"

/* Without a charset, which JSON doesn't have: the JavaScript SDK refuses one. */
#define CLOUDEVENTS_STRUCTURED "application/cloudevents+json"
#define CLOUDEVENTS_BATCH "application/cloudevents-batch+json"

/** The source attribute, a URI. @return caller frees */
char *cloudevents_source(const char *hostname);

/** The value as it may stand in a header field: percent-encoded as the HTTP binding demands
 *  (section 3.1.3.2). @return caller frees */
char *cloudevents_encode(const char *value);

/** Add "ce-…: value" for every attribute. @param fields char * */
void cloudevents_add_fields(GPtrArray *fields, const struct delivery *delivery, const char *source);

/** Append the event as JSON; in an array, a comma first where one is needed. */
void cloudevents_append(GString *out, const struct delivery *delivery, const char *source);

#endif
