/*
 * spool_look.h - what lies in a spool's directory, seen from outside: for figures and for the
 * administrator's check.  Reads the directory, opens no file.  Any thread, any process.
 */
#ifndef LEADMILTER_SPOOL_LOOK_H
#define LEADMILTER_SPOOL_LOOK_H

#include <glib.h>

struct spool_look {
	guint files; /* waiting */
	gint64 bytes; /* of them */
	gint64 oldest; /* when the oldest of them came, 0 none */
	guint bad; /* moved aside, since they are damaged or were refused */
};

/** @param ret untouched on failure @return FALSE with ERROR_SPOOL */
gboolean spool_look(const char *directory, struct spool_look *ret, GError **error);

#endif
