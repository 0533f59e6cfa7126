/*
 * reason.h - reasons with placeholders: "free-mail address ({sender.domain})".
 *
 * A placeholder is the name of a signal in braces; "{{" is a brace.  Immutable; any thread.
 */
#ifndef LEADMILTER_REASON_H
#define LEADMILTER_REASON_H

#include "lead/expression.h"

struct reason;

/** @return NULL with ERROR_CONFIG naming the place and the nearest signal.  Caller frees. */
struct reason *reason_compile(const char *text, const struct expression_source *source,
			      GError **error);
void reason_free(struct reason *reason);
/** The reason with its placeholders filled in; caller frees. */
char *reason_fill(const struct reason *reason, const struct signal_input *input);

#endif
