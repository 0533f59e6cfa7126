/*
 * certificate.h - how long a certificate in a PEM file is good.
 */
#ifndef LEADMILTER_CERTIFICATE_H
#define LEADMILTER_CERTIFICATE_H

#include <glib.h>

/** When the first certificate of a file ends.  Any thread.
 *  @return the time, or 0 with ERROR_CONFIG that names the file */
gint64 certificate_expires(const char *path, GError **error);

#endif
