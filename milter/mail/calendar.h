/*
 * calendar.h - what a text/calendar part asks or answers: RFC 5545 and RFC 5546 (iTIP).
 *
 * Linear in the part's size, pure, any thread.
 */
#ifndef LEADMILTER_CALENDAR_H
#define LEADMILTER_CALENDAR_H

#include <glib.h>

#include "mail/kind.h"

/**
 * @param text   the part's text, NULL gives NULL
 * @param method the Content-Type's method parameter, upper case, or NULL: then the METHOD
 *               property counts
 * @return what it says, or NULL when it is no calendar; caller frees
 */
struct calendar *calendar_read(const char *text, const char *method);
void calendar_free(struct calendar *calendar);

/** TRUE when it asks or answers (an iTIP message), FALSE for an event merely published. */
gboolean calendar_is_scheduling(const struct calendar *calendar);

#endif
