/*
 * signature_words.h - the phrases signatures are known by, in many languages.
 *
 * Every argument is lower case, NUL-terminated UTF-8.  Any thread.
 */
#ifndef LEADMILTER_SIGNATURE_WORDS_H
#define LEADMILTER_SIGNATURE_WORDS_H

#include <glib.h>

/** Bytes of the longest closing ("kind regards") the line begins with, 0 when none. */
gsize signature_words_closing(const char *line);
/** Does the line begin like what telephones add ("sent from my …")? */
gboolean signature_words_sent_from(const char *line);
/** Does the line hold words only companies' and lists' boilerplate has? */
gboolean signature_words_boilerplate(const char *line);

#endif
