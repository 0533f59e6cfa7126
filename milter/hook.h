/*
 * hook.h - the inbound hook of the running daemon: an HTTP server (hooks/in) that works through the
 * daemon's runtime.
 */
#ifndef LEADMILTER_HOOK_H
#define LEADMILTER_HOOK_H

#include "runtime.h"

struct hook;

/** Serve where the configuration says. @param ret_hook NULL when it says nowhere
 *  @return FALSE with an error */
gboolean hook_start(struct runtime *runtime, struct hook **ret_hook, GError **error);
/** Finish what is being handled, stop and free. */
void hook_stop(struct hook *hook);

#endif
