/*
 * error.h - the GError domains and codes of all layers.
 *
 * A failure travels up as a GError whose message names the thing that failed (file:line for
 * configuration, queue id for mail, event id for delivery).  Only milter/intake.c turns one into
 * what becomes of a mail, which goes on in any case (session.h).
 */
#ifndef LEADMILTER_ERROR_H
#define LEADMILTER_ERROR_H

#include <glib.h>

#define LEADMILTER_ERROR (leadmilter_error_quark())

enum leadmilter_error {
	ERROR_CONFIG, /* the administrator's files: message starts with file:line: */
	ERROR_INPUT, /* bad input from a command line, CSV, HTTP or archive */
	ERROR_STORE, /* the store refused; the work may be tried again */
	ERROR_STORE_FULL, /* no space left on the store's device */
	ERROR_STORE_CORRUPT, /* the store's file is damaged or not ours */
	ERROR_STORE_SCHEMA, /* schema newer than this program, or a migration failed */
	ERROR_TIMEOUT, /* a deadline passed */
	ERROR_SPOOL,
	ERROR_NETWORK,
	ERROR_NOT_FOUND,
	ERROR_SYSTEM, /* a system call failed; message carries strerror */
	ERROR_STORE_REFUSED /* by the store, for a reason in this piece of work alone */
};

GQuark leadmilter_error_quark(void);

#endif
