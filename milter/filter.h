/*
 * filter.h - the milter: libmilter's callbacks on one side, sessions on the other.
 *
 * libmilter is known in filter.c only.
 */
#ifndef LEADMILTER_FILTER_H
#define LEADMILTER_FILTER_H

#include "runtime.h"

/**
 * Open the MTA's socket as configured: a stale Unix socket is removed (one that answers is not),
 * group and mode are set, TCP_NODELAY on an inet: listener.  Call as root if the socket's
 * directory or group needs it, before privileges are dropped.
 */
gboolean filter_open(const struct config *config, GError **error);

/** Serve until SIGTERM, SIGINT or SIGHUP, which every thread must have blocked.  For the main
 *  thread. @return FALSE when libmilter gave up. */
gboolean filter_run(struct runtime *runtime);

/** Wait until no callback runs any more.
 *  @param until monotonic
 *  @return FALSE when some still do */
gboolean filter_drain(gint64 until);

#endif
