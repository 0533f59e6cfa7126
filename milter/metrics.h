/*
 * metrics.h - the daemon's figures in Prometheus' text format (0.0.4), named by its conventions:
 * leadmilter_ before every name, base units, _total for what only grows.
 */
#ifndef LEADMILTER_METRICS_H
#define LEADMILTER_METRICS_H

#include "runtime.h"

/** Any thread.  What can't be read (a busy store) is left out. */
void metrics_write(struct runtime *runtime, GString *out);

#endif
