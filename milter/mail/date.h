/*
 * date.h - the Date field (RFC 5322 section 3.3, the obsolete zones of 4.3) and the other
 * spellings seen in mail: ctime, ISO 8601, English words, zone names.  Pure; any thread.
 */
#ifndef LEADMILTER_DATE_H
#define LEADMILTER_DATE_H

#include <glib.h>

/**
 * @param ret_offset seconds east of UTC, 0 when the field has none; untouched on failure
 * @return microseconds since the epoch, or 0 when there is no date in the text
 */
gint64 date_parse(const char *value, int *ret_offset);

#endif
