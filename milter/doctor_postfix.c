/* doctor_postfix.c - see doctor_look.h: Postfix as postconf(1) shows it, Sendmail as its
 * sendmail.cf does. */
#include "doctor_look.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

/* --- what postconf prints --- */

/* "name = value" */
static gboolean
split(const char *line, char **ret_name, const char **ret_value)
{
	const char *equals = strchr(line, '=');
	if (!equals)
		return FALSE;
	*ret_name = g_strchomp(g_strndup(line, equals - line));
	*ret_value = equals + 1 + strspn(equals + 1, " ");
	return TRUE;
}

static void
read_parameters(GHashTable *parameters, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *name;
		const char *value;
		if (split(*line, &name, &value))
			g_hash_table_replace(parameters, name, g_strdup(value));
	}
}

/* "smtp inet n - y - - smtpd -o …": name, type, private, unprivileged, chroot, wakeup, most,
 * program */
static struct doctor_service *
read_service(const char *line)
{
	g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
	g_auto(GStrv) parts = g_strsplit_set(line, " \t", -1);
	for (char **part = parts; *part && words->len < 8; part++)
		if (**part)
			g_ptr_array_add(words, g_strdup(*part));
	if (words->len < 8)
		return NULL;
	const char *program = words->pdata[7];
	gboolean is_smtpd = !strcmp(program, "smtpd"), is_cleanup = !strcmp(program, "cleanup");
	if (!is_smtpd && !is_cleanup)
		return NULL;
	struct doctor_service *service = g_new0(struct doctor_service, 1);
	service->name = g_strdup_printf("%s/%s", (char *)words->pdata[0], (char *)words->pdata[1]);
	service->is_smtpd = is_smtpd;
	service->in_chroot = !strcmp(words->pdata[4], "y");
	service->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return service;
}

static void
read_services(GPtrArray *services, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		struct doctor_service *service = read_service(*line);
		if (service)
			g_ptr_array_add(services, service);
	}
}

/* "submission/inet/smtpd_milters = value" */
static void
read_overrides(GPtrArray *services, const char *text)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_autofree char *name = NULL;
		const char *value;
		char *slash = split(*line, &name, &value) ? strrchr(name, '/') : NULL;
		if (!slash)
			continue;
		*slash = '\0';
		for (guint i = 0; i < services->len; i++) {
			struct doctor_service *service = g_ptr_array_index(services, i);
			if (!strcmp(service->name, name))
				g_hash_table_replace(service->own, g_strdup(slash + 1),
						     g_strdup(value));
		}
	}
}

void
doctor_postfix_read(struct doctor_postfix *postfix, const char *parameters, const char *services,
		    const char *overrides)
{
	read_parameters(postfix->parameters, parameters);
	read_services(postfix->services, services);
	read_overrides(postfix->services, overrides);
}

/* --- asking --- */

/* @return what it printed, or NULL with an error; caller frees */
static char *
run_postconf(const char *directory, const char *option, GError **error)
{
	char *command[6] = { (char *)"postconf" };
	guint n = 1;
	if (directory) {
		command[n++] = (char *)"-c";
		command[n++] = (char *)directory;
	}
	command[n++] = (char *)option;
	char *out = NULL;
	g_autofree char *said = NULL;
	int status = 0;
	if (!g_spawn_sync(NULL, command, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &out, &said,
			  &status, error))
		return NULL;
	if (g_spawn_check_wait_status(status, error))
		return out;
	g_prefix_error(error, "%s: ", g_strstrip(said));
	g_free(out);
	return NULL;
}

static gboolean
master_runs(const char *queue_directory)
{
	g_autofree char *path = g_build_filename(queue_directory, "pid/master.pid", NULL);
	g_autofree char *text = NULL;
	if (!g_file_get_contents(path, &text, NULL, NULL))
		return FALSE;
	pid_t pid = (pid_t)g_ascii_strtoll(g_strstrip(text), NULL, 10);
	return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

static void
note_real(struct doctor_postfix *postfix, const char *value, const char *queue_directory)
{
	g_autoptr(GPtrArray) milters = doctor_milters_read(value);
	for (guint i = 0; i < 2 * milters->len; i++) {
		const struct doctor_milter *milter = g_ptr_array_index(milters, i / 2);
		g_autofree char *path =
			doctor_milter_path(milter->endpoint, queue_directory, i % 2 == 0);
		struct doctor_path *found = path ? doctor_look_path(path) : NULL;
		if (found && found->real)
			g_hash_table_replace(postfix->real, g_strdup(path), g_strdup(found->real));
		doctor_path_free(found);
	}
}

static void
look_around(struct doctor_postfix *postfix)
{
	const char *queue = g_hash_table_lookup(postfix->parameters, "queue_directory");
	const char *owner = g_hash_table_lookup(postfix->parameters, "mail_owner");
	static const char *const values[] = { "smtpd_milters", "non_smtpd_milters" };
	postfix->runs = queue && master_runs(queue);
	doctor_look_user(owner ? owner : "postfix", 0, &postfix->owner);
	for (guint v = 0; queue && v < G_N_ELEMENTS(values); v++) {
		note_real(postfix, g_hash_table_lookup(postfix->parameters, values[v]), queue);
		for (guint i = 0; i < postfix->services->len; i++) {
			struct doctor_service *service = g_ptr_array_index(postfix->services, i);
			note_real(postfix, g_hash_table_lookup(service->own, values[v]), queue);
		}
	}
}

void
doctor_ask_postfix(struct doctor_facts *facts, const char *directory)
{
	struct doctor_postfix *postfix = &facts->postfix;
	g_autofree char *program = g_find_program_in_path("postconf");
	g_autofree char *main_cf =
		g_build_filename(directory ? directory : "/etc/postfix", "main.cf", NULL);
	g_autoptr(GError) error = NULL;
	if (!program || (!directory && !g_file_test(main_cf, G_FILE_TEST_EXISTS)))
		return;
	postfix->found = TRUE;
	g_autofree char *parameters = run_postconf(directory, "-x", &error);
	g_autofree char *services = parameters ? run_postconf(directory, "-M", &error) : NULL;
	g_autofree char *overrides = services ? run_postconf(directory, "-Px", &error) : NULL;
	if (!overrides) {
		postfix->error = g_strdup(error->message);
		return;
	}
	doctor_postfix_read(postfix, parameters, services, overrides);
	look_around(postfix);
}

void
doctor_look_sendmail(struct doctor_facts *facts, const char *path)
{
	const char *place = path ? path : "/etc/mail/sendmail.cf";
	char *text = NULL;
	if (!g_file_get_contents(place, &text, NULL, NULL))
		return;
	facts->sendmail.path = g_strdup(place);
	facts->sendmail.text = text;
}
