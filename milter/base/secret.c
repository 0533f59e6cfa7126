/* secret.c - see secret.h. */
#include "base/secret.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/log.h"

#include <string.h>
#include <sys/stat.h>

static char *
problem(GError **error, const char *value, const char *what)
{
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "secret \"%s\"%s", value, what);
	return NULL;
}

static void
warn_of_permissions(const char *path)
{
	struct stat info;
	if (!stat(path, &info) && (info.st_mode & (S_IRWXO | S_IWGRP)))
		log_warning("%s: mode %04o lets others at this secret; 0600 or 0640 is enough",
			    path, info.st_mode & 07777);
}

static char *
read_file(const char *value, const char *path, GError **error)
{
	g_autoptr(GError) why = NULL;
	char *content = NULL;
	gsize length = 0;
	if (!g_file_get_contents(path, &content, &length, &why)) {
		g_autofree char *what = g_strconcat(": ", why->message, NULL);
		return problem(error, value, what);
	}
	warn_of_permissions(path);
	if (*g_strstrip(content) && length <= LIMIT_SECRET_FILE)
		return content;
	g_autofree char *useless = content;
	return problem(error, value, *useless ? ": the file is too long" : ": the file is empty");
}

/* The daemon's, for a leadctl beside it. */
static const char *
credentials_directory(void)
{
	static const char of_service[] = "/run/credentials/leadmilter.service";
	const char *named = g_getenv("CREDENTIALS_DIRECTORY");
	if (named)
		return named;
	return g_file_test(of_service, G_FILE_TEST_IS_DIR) ? of_service : NULL;
}

char *
secret_read(const char *value, const char *directory, GError **error)
{
	if (g_str_has_prefix(value, "file:")) {
		g_autofree char *path = g_canonicalize_filename(value + 5, directory);
		return read_file(value, path, error);
	}
	if (g_str_has_prefix(value, "credential:")) {
		const char *credentials = credentials_directory();
		if (!credentials)
			return problem(error, value,
				       ": CREDENTIALS_DIRECTORY is not set; systemd has its "
				       "credentials only while the service runs: name it by "
				       "LoadCredential= (systemctl edit leadmilter), and start or "
				       "restart the service");
		g_autofree char *path = g_build_filename(credentials, value + 11, NULL);
		return read_file(value, path, error);
	}
	if (!g_str_has_prefix(value, "env:"))
		return g_strdup(value);
	const char *found = g_getenv(value + 4);
	return found ? g_strdup(found) : problem(error, value, " is not in the environment");
}

gboolean
secret_is_elsewhere(const char *value)
{
	return g_str_has_prefix(value, "file:") || g_str_has_prefix(value, "credential:") ||
	       g_str_has_prefix(value, "env:");
}

/* What any option with a secret takes: an URL, long, and another one for each place (RFC 6761). */
char *
secret_stand_in(const char *value)
{
	return g_strconcat("https://secret-not-read.invalid/", value, NULL);
}

static char *
read_behind(char mark, const char *text, const char *directory, GError **error)
{
	const char *at = strchr(text, mark);
	if (!at)
		return g_strdup(text);
	const char *value = at + 1 + strspn(at + 1, " \t");
	g_autofree char *content = secret_read(value, directory, error);
	return content ? g_strdup_printf("%.*s%s", (int)(value - text), text, content) : NULL;
}

char *
secret_read_field(const char *field, const char *directory, GError **error)
{
	return read_behind(':', field, directory, error);
}

char *
secret_read_setting(const char *setting, const char *directory, GError **error)
{
	return read_behind('=', setting, directory, error);
}
