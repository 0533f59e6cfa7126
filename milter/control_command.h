/*
 * control_command.h - what the files with commands of the control socket share: a table each, and
 * how requests are read and answers made.
 */
#ifndef LEADMILTER_CONTROL_COMMAND_H
#define LEADMILTER_CONTROL_COMMAND_H

#include "control.h"

struct control_command {
	const char *name;
	/** @return the answer, or NULL with an error */
	cJSON *(*run)(struct runtime *runtime, const cJSON *request, GError **error);
};

/* Each ends with a row without a name. */
extern const struct control_command control_daemon_commands[]; /* control_commands.c */
extern const struct control_command control_people_commands[]; /* control_people.c */
extern const struct control_command control_import_commands[]; /* control_import.c */
extern const struct control_command control_privacy_commands[]; /* control_privacy.c */

/** {"ok": true} */
cJSON *control_success(void);
/** NULL when it isn't a text. */
const char *control_text(const cJSON *request, const char *name);
/** The same; an error when it is missing or empty. */
const char *control_needed_text(const cJSON *request, const char *name, GError **error);
gint64 control_number(const cJSON *request, const char *name);
gboolean control_flag(const cJSON *request, const char *name);
/** "now" of the request, or the time. */
gint64 control_now(const cJSON *request);
/** Action, reason and the lead as it is now. */
cJSON *control_answer(const struct answer *answer);

#endif
