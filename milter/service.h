/*
 * service.h - what systemd is told of the daemon: ready, reloading, stopping, alive, and a line of
 * status for `systemctl status`.  Without systemd nothing happens.  Any thread.
 */
#ifndef LEADMILTER_SERVICE_H
#define LEADMILTER_SERVICE_H

#include <glib.h>

/** The store is being opened; don't lose patience for so many seconds from now. */
void service_starting(guint seconds);
/** It serves. @param socket as configured */
void service_ready(const char *socket);
/** The configuration is read again; service_reloaded() follows.
 *  @param refusal why it was not taken, or NULL */
void service_reloading(void);
void service_reloaded(const char *refusal);
/** How many messages wait in the spool; told when it changed. */
void service_spooled(guint count);
void service_stopping(void);

/** Whether somebody wants service_alive(). */
gboolean service_is_watched(void);
void service_alive(void);

#endif
