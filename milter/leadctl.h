/*
 * leadctl.h - what the commands of leadctl share: options, the store, the daemon, output.
 *
 * Exit codes: 0 ok, 1 negative answer, 2 usage, 70 failure.
 */
#ifndef LEADMILTER_LEADCTL_H
#define LEADMILTER_LEADCTL_H

#include "runtime.h"

#include <cJSON.h>

enum leadctl_exit { LEADCTL_OK = 0, LEADCTL_NEGATIVE = 1, LEADCTL_USAGE = 2, LEADCTL_FAILURE = 70 };

struct leadctl {
	const char *config_path; /* NULL: built-in defaults */
	gboolean json;
	gint64 now; /* as of when; the real time unless --now */
	struct generation *generation; /* loaded on demand */
	struct config *config; /* the same without lists and rules, read on demand */
	struct store *store; /* opened for reading on demand */
	struct runtime *local; /* opened when no daemon runs */
	int failure; /* exit code of the last leadctl_ask() or leadctl_lead() that gave NULL */
};

/** One command: its words ("outbox list"), the words after it, a line of help. */
struct leadctl_command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(struct leadctl *leadctl, int argc, char **argv);
};

extern const struct leadctl_command leadctl_mail_commands[];
extern const struct leadctl_command leadctl_lead_commands[];
extern const struct leadctl_command leadctl_show_commands[];
extern const struct leadctl_command leadctl_report_commands[];
extern const struct leadctl_command leadctl_audit_commands[]; /* leadctl_audit.c */
extern const struct leadctl_command leadctl_admin_commands[];
extern const struct leadctl_command leadctl_import_commands[];
extern const struct leadctl_command leadctl_people_commands[];
extern const struct leadctl_command leadctl_privacy_commands[];
extern const struct leadctl_command leadctl_store_commands[];
extern const struct leadctl_command leadctl_adapter_commands[];
extern const struct leadctl_command leadctl_doctor_commands[];

/** The configuration, compiled; NULL after an error was printed. */
struct generation *leadctl_generation(struct leadctl *leadctl);
/** Only what says where the store and the daemon are: quick, and works with broken lists and
 *  scorecards.  One reference, or NULL. */
struct config *leadctl_config(struct leadctl *leadctl, GError **error);
/** The store for reading; NULL after an error was printed. */
struct store *leadctl_store(struct leadctl *leadctl);
/** Ask the daemon, or do it here when none runs.  NULL after an error was printed. */
cJSON *leadctl_ask(struct leadctl *leadctl, const cJSON *request);

/** Ask the running daemon only. @return NULL with ERROR_NOT_FOUND when none runs. */
cJSON *leadctl_ask_daemon(struct leadctl *leadctl, const char *command, GError **error);

/** Parse a command's options (GOption); prints usage on a mistake. @return FALSE then */
gboolean leadctl_options(const struct leadctl_command *command, const GOptionEntry *entries,
			 int *argc, char ***argv);
const struct leadctl_command *leadctl_find(const struct leadctl_command *table, const char *name);

/** Print "leadctl: …" on stderr. @return LEADCTL_FAILURE */
int leadctl_fail(const GError *error);
int leadctl_usage(const struct leadctl_command *command);
/** Print one JSON document a line and delete it. */
void leadctl_print_json(cJSON *json);
/** Local time with its zone, for people; "-" for 0.  Caller frees. */
char *leadctl_time(gint64 time);
/** Exactly `width` characters, whatever their script: cut or filled up.  Caller frees. */
char *leadctl_column(const char *text, glong width);
/** Print a line, cut to the width of the terminal when there is one. */
void leadctl_line(const char *format, ...) G_GNUC_PRINTF(1, 2);
/** Print "  label          value" when there is a value. */
void leadctl_row(const char *label, const char *value);

/* --- leadctl_terminal.c --- */

/** From now on stdout, when it is a terminal, shows controls other than line ends and tabs as "?" or
 * "¿". */
void leadctl_guard_terminal(void);

/* --- leadctl_leads.c --- */

struct score;

/**
 * The lead that somebody means: an id, an address or, where `by_name`, what fits one lead only.
 * @return NULL after an error was printed with the nearest leads; leadctl->failure is the exit code
 */
struct lead *leadctl_lead(struct leadctl *leadctl, const char *key, gboolean by_name);
/** What conf/schemas/lead.schema.json describes. @param score as of now, or NULL: as stored */
cJSON *leadctl_lead_to_json(const struct lead *lead, const struct score *score);
void leadctl_print_lead(const struct lead *lead);
/** @param contacts struct contact * */
cJSON *leadctl_contacts_to_json(const GPtrArray *contacts);
void leadctl_print_contacts(const GPtrArray *contacts);

#endif
