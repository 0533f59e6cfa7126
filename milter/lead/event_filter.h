/*
 * event_filter.h - whether an endpoint wants an event: an endpoint's `when`, a condition over the
 * event and the card of its lead as the event left it.
 *
 * Signals of the message are refused when it is compiled: an event isn't always one of a
 * message, and what is unknown would silently be false.  Immutable; any thread.
 */
#ifndef LEADMILTER_EVENT_FILTER_H
#define LEADMILTER_EVENT_FILTER_H

#include "lead/expression.h"

struct event_filter;

/** @return NULL with ERROR_CONFIG "line:column: what is wrong"; caller frees */
struct event_filter *event_filter_new(const char *when, const struct expression_source *source,
				      GError **error);
void event_filter_free(struct event_filter *filter);

/** @param lead as the event leaves it, or NULL */
gboolean event_filter_takes(const struct event_filter *filter, const struct event *event,
			    const struct lead *lead, gint64 now);

#endif
