/*
 * control.h - how leadctl talks to the running daemon: one JSON object a line, one back.
 *
 * Request {"command": …, arguments}; answer {"ok": true, …} or {"ok": false, "error": …,
 * "code": N}.  The socket belongs to the daemon's user (mode 0600).  The same command
 * functions serve leadctl directly on the store when no daemon runs.
 */
#ifndef LEADMILTER_CONTROL_H
#define LEADMILTER_CONTROL_H

#include "runtime.h"

#include <cJSON.h>

/** Execute one request.  Never NULL; caller deletes.
 *  @param who for the audit log: user of the system; NULL: of this process */
cJSON *control_execute(struct runtime *runtime, const cJSON *request, const char *who);

struct control;

/** Listen and serve on a thread of its own. */
struct control *control_start(struct runtime *runtime, const char *path, GError **error);
void control_stop(struct control *control);

/**
 * Send one request to a daemon.
 * @return its answer, or NULL with ERROR_NOT_FOUND when none listens, ERROR_SYSTEM otherwise
 */
cJSON *control_call(const char *path, const cJSON *request, GError **error);
/** The same with an end of the wait. @param most milliseconds */
cJSON *control_call_within(const char *path, const cJSON *request, int most, GError **error);

#endif
