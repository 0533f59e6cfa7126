/*
 * flowed.h - format=flowed (RFC 3676) undone: soft line breaks joined, quote levels kept as a
 * run of '>' with one space.  Linear; pure; any thread.
 */
#ifndef LEADMILTER_FLOWED_H
#define LEADMILTER_FLOWED_H

#include <glib.h>

/**
 * @param text   UTF-8 with LF line ends
 * @param delsp  the DelSp=yes parameter: the space before a soft break is no part of the text
 */
void flowed_append(GString *out, const char *text, gsize length, gboolean delsp);

#endif
