/*
 * event.h - events as JSON: {type, timestamp, data}, valid UTF-8 always.  cJSON is known here
 * and in the other files that make JSON, nowhere else.
 */
#ifndef LEADMILTER_EVENT_H
#define LEADMILTER_EVENT_H

#include "lead/decide.h"
#include "lead/score.h"

struct event_input {
	const char *type;
	const struct lead *lead;
	const struct lead *before; /* for `previous`, or NULL */
	const struct score *score;
	const struct account *account; /* or NULL */
	const struct touch *touch; /* or NULL */
	const struct facts *facts; /* or NULL */
	gint64 time;
	gboolean with_text;
};

struct event *event_new(const struct event_input *input);

#endif
