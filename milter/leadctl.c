/*
 * leadctl.c - the administrator's program: global options, finding the command, shared helpers.
 *
 * The commands stand in leadctl_mail.c (messages), leadctl_leads.c and leadctl_show.c (leads),
 * leadctl_people.c (changing them, accounts, owners), leadctl_import.c (tables) and leadctl_admin.c
 * (deliveries, the daemon), leadctl_store.c (whole stores), leadctl_adapter.c (CRM adapters).
 * Reading never takes the store's lock; writing goes through the daemon's control socket, or takes
 * the lock when no daemon runs.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "control.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define INSTALLED_CONFIG LEADMILTER_SYSCONFDIR "/leadmilter.conf"

static const struct leadctl_command *const tables[] = {
	leadctl_mail_commands,    leadctl_lead_commands,    leadctl_show_commands,
	leadctl_report_commands,  leadctl_people_commands,  leadctl_import_commands,
	leadctl_privacy_commands, leadctl_admin_commands,   leadctl_store_commands,
	leadctl_doctor_commands,  leadctl_adapter_commands, leadctl_audit_commands,
};

int
leadctl_fail(const GError *error)
{
	fprintf(stderr, "leadctl: %s\n", error ? error->message : "failed");
	return error && error->code == ERROR_NOT_FOUND ? LEADCTL_NEGATIVE : LEADCTL_FAILURE;
}

int
leadctl_usage(const struct leadctl_command *command)
{
	fprintf(stderr, "usage: leadctl %s %s\n", command->name, command->arguments);
	return LEADCTL_USAGE;
}

const struct leadctl_command *
leadctl_find(const struct leadctl_command *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table;
	g_assert_not_reached();
}

gboolean
leadctl_options(const struct leadctl_command *command, const GOptionEntry *entries, int *argc,
		char ***argv)
{
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_help_enabled(context, FALSE);
	if (g_option_context_parse(context, argc, argv, &error))
		return TRUE;
	fprintf(stderr, "leadctl %s: %s\n", command->name, error->message);
	leadctl_usage(command);
	return FALSE;
}

struct generation *
leadctl_generation(struct leadctl *leadctl)
{
	g_autoptr(GError) error = NULL;
	if (!leadctl->generation)
		leadctl->generation = generation_load(leadctl->config_path, &error);
	if (!leadctl->generation)
		leadctl_fail(error);
	return leadctl->generation;
}

struct config *
leadctl_config(struct leadctl *leadctl, GError **error)
{
	if (leadctl->generation)
		return config_ref(leadctl->generation->config);
	if (!leadctl->config)
		leadctl->config = leadctl->config_path
					  ? config_load_options(leadctl->config_path, error)
					  : config_default();
	return leadctl->config ? config_ref(leadctl->config) : NULL;
}

struct store *
leadctl_store(struct leadctl *leadctl)
{
	g_autoptr(GError) error = NULL;
	if (leadctl->store)
		return leadctl->store;
	g_autoptr(config_owned) config = leadctl_config(leadctl, &error);
	if (config)
		leadctl->store = store_open(config->store, STORE_READ, &error);
	if (!leadctl->store)
		leadctl_fail(error);
	return leadctl->store;
}

/* What decides nothing works without scorecards and lists, and so when they are wrong. */
static gboolean
needs_store_alone(const cJSON *request)
{
	static const char *const commands[] = { "outbox retry",  "outbox drop", "endpoint resume",
						"endpoint park", "forget",      "compact",
						"expire",        NULL };
	const char *command =
		cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(request, "command"));
	return command && g_strv_contains(commands, command);
}

static struct generation *
generation_for(struct leadctl *leadctl, const cJSON *request, GError **error)
{
	if (leadctl->generation || !needs_store_alone(request))
		return leadctl_generation(leadctl);
	struct config *config = leadctl_config(leadctl, error);
	if (!config)
		return NULL;
	leadctl->generation = g_new0(struct generation, 1);
	leadctl->generation->references = 1;
	leadctl->generation->config = config;
	return leadctl->generation;
}

static struct runtime *
local_runtime(struct leadctl *leadctl, const cJSON *request, GError **error)
{
	if (leadctl->local)
		return leadctl->local;
	struct generation *generation = generation_for(leadctl, request, error);
	if (!generation)
		return NULL;
	/* mails in the spool may be of somebody to be forgotten; where none is, none ever waited */
	gboolean spool = g_file_test(generation->config->spool_directory, G_FILE_TEST_IS_DIR);
	leadctl->local = runtime_open(leadctl->config_path, generation_ref(generation),
				      RUNTIME_STORE | (spool ? RUNTIME_SPOOL : 0), error);
	return leadctl->local;
}

static cJSON *
ask_anyone(struct leadctl *leadctl, const cJSON *request, GError **error)
{
	g_autoptr(config_owned) config = leadctl_config(leadctl, error);
	if (!config)
		return NULL;
	g_autoptr(GError) unreachable = NULL;
	cJSON *reply =
		leadctl->local ? NULL : control_call(config->control_socket, request, &unreachable);
	if (reply)
		return reply;
	if (unreachable && unreachable->code != ERROR_NOT_FOUND) {
		g_propagate_error(error, g_steal_pointer(&unreachable));
		return NULL;
	}
	struct runtime *runtime = local_runtime(leadctl, request, error);
	return runtime ? control_execute(runtime, request, NULL) : NULL;
}

/* An answer that says no is an error to whoever asked. */
static cJSON *
checked(cJSON *reply, GError **error)
{
	if (!reply || cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(reply, "ok")))
		return reply;
	const char *what = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply, "error"));
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(reply, "code");
	g_set_error(error, LEADMILTER_ERROR, cJSON_IsNumber(code) ? code->valueint : ERROR_STORE,
		    "%s", what ? what : "failed");
	cJSON_Delete(reply);
	return NULL;
}

cJSON *
leadctl_ask(struct leadctl *leadctl, const cJSON *request)
{
	g_autoptr(GError) error = NULL;
	cJSON *reply = checked(ask_anyone(leadctl, request, &error), &error);
	if (!reply) /* without an error it was printed already */
		leadctl->failure = error ? leadctl_fail(error) : LEADCTL_FAILURE;
	return reply;
}

/* Where the daemon listens.  When the installed file has a mistake, or names a secret that only the
 * daemon sees, a daemon in the usual place shall say so itself. */
static struct config *
where_to_ask(struct leadctl *leadctl, GError **error)
{
	g_autoptr(GError) failure = NULL;
	struct config *config = leadctl_config(leadctl, &failure);
	if (config)
		return config;
	config = config_default();
	if (!g_strcmp0(leadctl->config_path, INSTALLED_CONFIG) &&
	    g_file_test(config->control_socket, G_FILE_TEST_EXISTS))
		return config;
	config_unref(config);
	g_propagate_error(error, g_steal_pointer(&failure));
	return NULL;
}

cJSON *
leadctl_ask_daemon(struct leadctl *leadctl, const char *command, GError **error)
{
	g_autoptr(config_owned) config = where_to_ask(leadctl, error);
	if (!config)
		return NULL;
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", command);
	cJSON *reply = checked(control_call(config->control_socket, request, error), error);
	cJSON_Delete(request);
	return reply;
}

void
leadctl_print_json(cJSON *json)
{
	char *text = cJSON_PrintUnformatted(json);
	puts(text);
	cJSON_free(text);
	cJSON_Delete(json);
}

char *
leadctl_time(gint64 time)
{
	if (!time)
		return g_strdup("-");
	g_autoptr(GDateTime) t = g_date_time_new_from_unix_local(time / CLOCK_SECOND);
	return t ? g_date_time_format(t, "%Y-%m-%d %H:%M %Z") : g_strdup("-");
}

char *
leadctl_column(const char *text, glong width)
{
	glong length = g_utf8_strlen(text, -1);
	if (length > width)
		return g_utf8_substring(text, 0, width);
	return g_strdup_printf("%s%*s", text, (int)(width - length), "");
}

static glong
terminal_width(void)
{
	struct winsize size = { 0 };
	return isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col
										     : 0;
}

void
leadctl_line(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	g_autofree char *line = g_strchomp(g_strdup_vprintf(format, args));
	va_end(args);
	glong width = terminal_width();
	if (width > 0 && g_utf8_strlen(line, -1) > width) {
		g_autofree char *cut = g_utf8_substring(line, 0, width - 1);
		printf("%s…\n", cut);
	} else
		puts(line);
}

void
leadctl_row(const char *label, const char *value)
{
	if (value && *value)
		leadctl_line("  %-14s %s", label, value);
}

#define HELP_COLUMN 30

static void
print_help(FILE *out)
{
	fprintf(out, "usage: leadctl [OPTION]… COMMAND …\n\n"
		     "  -c, --config FILE              the configuration\n"
		     "  --json                         one JSON document a line, times in UTC\n"
		     "  --now TIME                     as of then (UTC)\n"
		     "  -h, --help                     this list\n"
		     "  --version                      the version\n\n");
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const struct leadctl_command *c = tables[i]; c->name; c++) {
			g_autofree char *usage = g_strconcat(c->name, " ", c->arguments, NULL);
			gboolean fits = g_utf8_strlen(usage, -1) <= HELP_COLUMN;
			fprintf(out, "  %-*s%s%*s %s\n", fits ? HELP_COLUMN : 0, usage,
				fits ? "" : "\n", fits ? 0 : HELP_COLUMN + 2, "", c->help);
		}
	fprintf(out, "\nleadctl(1) explains them.\n");
}

/* The longest command whose words begin argv. */
static const struct leadctl_command *
find_command(int argc, char **argv, int *ret_words)
{
	g_autofree char *one = argc > 0 ? g_strdup(argv[0]) : NULL;
	g_autofree char *two = argc > 1 ? g_strconcat(argv[0], " ", argv[1], NULL) : NULL;
	for (guint i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const struct leadctl_command *c = tables[i]; c->name; c++) {
			gboolean long_match = two && !strcmp(c->name, two);
			if (long_match || (one && !strcmp(c->name, one))) {
				*ret_words = long_match ? 2 : 1;
				return c;
			}
		}
	return NULL;
}

static gboolean
parse_global(struct leadctl *leadctl, int *argc, char ***argv)
{
	static char *config_path, *now;
	static gboolean help, version;
	const GOptionEntry entries[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_path, NULL, NULL },
		{ "json", 0, 0, G_OPTION_ARG_NONE, &leadctl->json, NULL, NULL },
		{ "now", 0, 0, G_OPTION_ARG_STRING, &now, NULL, NULL },
		{ "help", 'h', 0, G_OPTION_ARG_NONE, &help, NULL, NULL },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(NULL);
	g_autoptr(GError) error = NULL;
	g_option_context_add_main_entries(context, entries, NULL);
	g_option_context_set_help_enabled(context, FALSE);
	g_option_context_set_ignore_unknown_options(context, TRUE);
	if (!g_option_context_parse(context, argc, argv, &error)) {
		fprintf(stderr, "leadctl: %s\n", error->message);
		return FALSE;
	}
	if (help || version) {
		if (version)
			printf("leadctl %s\n", LEADMILTER_VERSION);
		else
			print_help(stdout);
		exit(LEADCTL_OK);
	}
	leadctl->now = clock_now();
	if (now) {
		leadctl->now = clock_parse(now, &error);
		if (error) {
			fprintf(stderr, "leadctl: --now: %s\n", error->message);
			return FALSE;
		}
		clock_fix(leadctl->now);
	}
	leadctl->config_path = config_path;
	return TRUE;
}

int
main(int argc, char **argv)
{
	setlocale(LC_ALL, "");
	leadctl_guard_terminal();
	log_open("leadctl", FALSE, LOG_LEVEL_WARNING);
	struct leadctl leadctl = { 0 };
	if (!parse_global(&leadctl, &argc, &argv))
		return LEADCTL_USAGE;
	if (!leadctl.config_path && access(INSTALLED_CONFIG, F_OK) == 0)
		leadctl.config_path = INSTALLED_CONFIG;
	int words = 0;
	const struct leadctl_command *command = find_command(argc - 1, argv + 1, &words);
	if (!command) {
		print_help(stderr);
		return LEADCTL_USAGE;
	}
	if (!*command->arguments && argc - words > 1)
		return leadctl_usage(command);
	int code = command->run(&leadctl, argc - words, argv + words);
	if (leadctl.store)
		store_close(leadctl.store);
	runtime_close(leadctl.local, 0);
	generation_unref(leadctl.generation);
	config_unref(leadctl.config);
	return code;
}
