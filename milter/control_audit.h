/*
 * control_audit.h - what leadctl has done goes to the audit log, as what users of the page do.
 */
#ifndef LEADMILTER_CONTROL_AUDIT_H
#define LEADMILTER_CONTROL_AUDIT_H

#include "control.h"

/** Write a command down before it runs. @param who user of the system, or NULL: of this process
 *  @return its id, or 0: it only looks, or can't be written down (which the log tells) */
gint64 control_audit_begin(struct runtime *runtime, const cJSON *request, const char *who);
/** How it ended. @param reply of the command */
void control_audit_end(struct runtime *runtime, gint64 id, const cJSON *reply);

/** Name of a user, or his number.  Caller frees. */
char *control_audit_user(uid_t uid);

#endif
