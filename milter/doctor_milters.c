/* doctor_milters.c - see doctor.h: milters as Postfix (postconf(5), MILTER_README) and Sendmail
 * write them. */
#include "doctor.h"

#include <string.h>

void
doctor_milter_free(struct doctor_milter *milter)
{
	g_free(milter->endpoint);
	g_hash_table_unref(milter->own);
	g_free(milter);
}

static struct doctor_milter *
milter_new(char *endpoint)
{
	struct doctor_milter *milter = g_new0(struct doctor_milter, 1);
	milter->endpoint = endpoint;
	milter->own = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return milter;
}

#define SEPARATORS " \t\r\n,"

/* "{ endpoint, name=value … }", without its braces.  Blanks around "=" are allowed there. */
static struct doctor_milter *
read_group(const char *text)
{
	g_autoptr(GRegex) blanks = g_regex_new("\\s*=\\s*", 0, 0, NULL);
	g_autofree char *plain = g_regex_replace_literal(blanks, text, -1, 0, "=", 0, NULL);
	g_auto(GStrv) words = g_strsplit_set(plain ? plain : text, SEPARATORS, -1);
	struct doctor_milter *milter = NULL;
	for (char **word = words; *word; word++) {
		char *equals = strchr(*word, '=');
		if (!**word)
			continue;
		if (!milter)
			milter = milter_new(g_strdup(*word));
		else if (equals)
			g_hash_table_insert(milter->own, g_strndup(*word, equals - *word),
					    g_strdup(equals + 1));
	}
	return milter;
}

GPtrArray *
doctor_milters_read(const char *value)
{
	GPtrArray *milters = g_ptr_array_new_with_free_func((GDestroyNotify)doctor_milter_free);
	while (value && *value) {
		value += strspn(value, SEPARATORS);
		gboolean group = *value == '{';
		gsize length = group ? strcspn(++value, "}") : strcspn(value, SEPARATORS "{");
		g_autofree char *text = g_strndup(value, length);
		struct doctor_milter *milter = group    ? read_group(text)
					       : length ? milter_new(g_strdup(text))
							: NULL;
		if (milter)
			g_ptr_array_add(milters, milter);
		value += length + (group && value[length] == '}');
	}
	return milters;
}

/* Postfix enters its queue directory, so a relative path stands against that, chroot or not. */
char *
doctor_milter_path(const char *endpoint, const char *queue_directory, gboolean in_chroot)
{
	const char *path = strchr(endpoint, ':');
	if (!path ||
	    (!g_str_has_prefix(endpoint, "unix:") && !g_str_has_prefix(endpoint, "local:")))
		return NULL;
	path++;
	if (*path == '/' && !in_chroot)
		return g_canonicalize_filename(path, "/");
	path += strspn(path, "/");
	return g_canonicalize_filename(path, queue_directory);
}

static gboolean
is_same_host(const char *a, gsize a_length, const char *b)
{
	static const char *const local[] = { "127.0.0.1", "localhost", "[127.0.0.1]", "" };
	g_autofree char *host = g_strndup(a, a_length);
	return !g_ascii_strcasecmp(host, b) ||
	       (g_strv_contains(local, host) && g_strv_contains(local, b));
}

gboolean
doctor_milter_is_inet(const char *endpoint, const char *socket)
{
	if (!g_str_has_prefix(endpoint, "inet:") || !g_str_has_prefix(socket, "inet:"))
		return FALSE;
	const char *port = strrchr(endpoint + 5, ':'), *at = strchr(socket, '@');
	g_autofree char *ours = at ? g_strndup(socket + 5, at - socket - 5) : g_strdup(socket + 5);
	if (!port || strcmp(port + 1, ours) != 0)
		return FALSE;
	return !at || !strcmp(at + 1, "0.0.0.0") ||
	       is_same_host(endpoint + 5, port - endpoint - 5, at + 1);
}

double
doctor_seconds(const char *value)
{
	static const struct {
		char unit;
		double seconds;
	} units[] = { { '\0', 1 },   { 's', 1 },     { 'm', 60 },
		      { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 } };
	char *end = NULL;
	double number = value ? g_ascii_strtod(value, &end) : -1;
	if (!value || end == value || number < 0)
		return -1;
	for (guint i = 0; i < G_N_ELEMENTS(units); i++)
		if (*end == units[i].unit && (!*end || !end[1]))
			return number * units[i].seconds;
	return -1;
}

/* --- Sendmail --- */

static char *
equate(const char *line, char key)
{
	g_auto(GStrv) parts = g_strsplit(line, ",", -1);
	for (char **part = parts; *part; part++) {
		g_strstrip(*part);
		if ((*part)[0] == key && (*part)[1] == '=')
			return g_strdup(*part + 2);
	}
	return NULL;
}

static gboolean
is_our_socket(const char *written, const char *socket)
{
	if (!written)
		return FALSE;
	const char *name = g_str_has_prefix(written, "local:")  ? written + 6
			   : g_str_has_prefix(written, "unix:") ? written + 5
								: NULL;
	return name ? g_str_has_prefix(socket, "unix:") && !strcmp(name, socket + 5)
		    : !strcmp(written, socket);
}

static gboolean
names_filter(char **lines, const char *name)
{
	for (char **line = lines; *line; line++) {
		if (!g_str_has_prefix(*line, "O InputMailFilters="))
			continue;
		g_auto(GStrv) names = g_strsplit_set(*line + 19, ", ;\t", -1);
		if (g_strv_contains((const char *const *)names, name))
			return TRUE;
	}
	return FALSE;
}

char *
doctor_sendmail_filter(const char *text, const char *socket, gboolean *ret_listed)
{
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		g_autofree char *written = **line == 'X' ? equate(*line, 'S') : NULL;
		if (!is_our_socket(written, socket))
			continue;
		g_autofree char *name = g_strndup(*line + 1, strcspn(*line + 1, ","));
		char *flags = equate(*line, 'F');
		*ret_listed = names_filter(lines, g_strstrip(name));
		return flags ? flags : g_strdup("");
	}
	*ret_listed = FALSE;
	return NULL;
}
