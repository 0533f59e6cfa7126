/*
 * signature.h - where a signature begins in newly written text.
 *
 * Pure, linear, any thread.  In doubt it finds none.
 */
#ifndef LEADMILTER_SIGNATURE_H
#define LEADMILTER_SIGNATURE_H

#include <glib.h>

/**
 * @param text           UTF-8 with LF line ends, quotes already removed
 * @param author_name    From's display name, or NULL
 * @param author_address From's address, or NULL
 * @return offset of the signature's first line (a "-- " line included), or `length`
 */
gsize signature_begin(const char *text, gsize length, const char *author_name,
		      const char *author_address);

/** TRUE when the text shows a telephone number, an address or a link. */
gboolean signature_has_contact(const char *text, gsize length);

/** TRUE for a line of what companies, lists and virus scanners append. */
gboolean signature_is_boilerplate(const char *line, gsize length);

#endif
