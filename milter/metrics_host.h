/*
 * metrics_host.h - what stands around the daemon: its process, the disks it writes to, the age of
 * its lists.  Looked at when asked for; any thread.
 */
#ifndef LEADMILTER_METRICS_HOST_H
#define LEADMILTER_METRICS_HOST_H

#include "base/config.h"

/** @param first the configuration of the start: where store and spool are
 *  @param present the one in force: whose lists */
void metrics_host_write(const struct config *first, const struct config *present, GString *out);

#endif
