/* postgres_url.c - see postgres_url.h. */
#include "store/postgres_url.h"

#include <string.h>

#define CONNECT_SECONDS "2" /* a host; libpq knows nothing shorter */

/* --- what it says --- */

static char *
option_value(const PQconninfoOption *options, const char *name)
{
	for (guint i = 0; options && options[i].keyword; i++)
		if (!strcmp(options[i].keyword, name) && options[i].val && *options[i].val)
			return g_strdup(options[i].val);
	return NULL;
}

/* A password with a "/", "@" or "?" in it lands in other parts of the URL. */
static gboolean
is_readable(const char *host, const char *port, const char *database)
{
	return (!host || !strchr(host, '@')) && !strpbrk(database, "@/") &&
	       (!port || !port[strspn(port, "0123456789,")]);
}

static void
describe(struct postgres_url *url)
{
	PQconninfoOption *options = PQconninfoParse(url->text, NULL);
	PQconninfoOption *defaults = PQconndefaults();
	g_autofree char *host = option_value(options, "host");
	g_autofree char *port = option_value(options, "port");

	if (options) {
		url->secret = option_value(options, "password");
		url->passfile = option_value(options, "passfile");
		url->user = option_value(options, "user");
		url->user = url->user ? url->user : option_value(defaults, "user");
		url->user = url->user ? url->user : g_strdup(g_get_user_name());
		url->database = option_value(options, "dbname");
		url->database = url->database ? url->database : g_strdup(url->user);
	}
	if (options && is_readable(host, port, url->database))
		url->label = g_strdup_printf("postgresql://%s%s%s/%s", host ? host : "",
					     port ? ":" : "", port ? port : "", url->database);
	PQconninfoFree(options);
	PQconninfoFree(defaults);
}

struct postgres_url *
postgres_url_new(const char *text)
{
	struct postgres_url *url = g_new0(struct postgres_url, 1);

	url->text = g_strdup(text);
	describe(url);
	return url;
}

void
postgres_url_free(struct postgres_url *url)
{
	g_free(url->text);
	g_free(url->label);
	g_free(url->secret);
	g_free(url->passfile);
	g_free(url->user);
	g_free(url->database);
	g_free(url);
}

/* A parameter that libpq doesn't know, when what stands there can't be a part of a password.
 * Caller frees. */
static char *
unknown_parameter(const char *text)
{
	PQconninfoOption *known = PQconndefaults();
	const char *query = strchr(text, '?');
	g_auto(GStrv) pairs = g_strsplit(query && !strchr(query, '@') ? query + 1 : "", "&", -1);
	char *unknown = NULL;

	for (guint i = 0; pairs[i] && known && !unknown; i++) {
		gboolean is_known = g_str_has_prefix(pairs[i], "ssl=");

		*strchrnul(pairs[i], '=') = '\0';
		for (guint k = 0; known[k].keyword && !is_known; k++)
			is_known = !strcmp(known[k].keyword, pairs[i]);
		unknown = is_known ? NULL : g_strdup(pairs[i]);
	}
	PQconninfoFree(known);
	return unknown;
}

char *
postgres_url_problem(const struct postgres_url *url)
{
	g_autofree char *unknown = unknown_parameter(url->text);

	if (unknown)
		return g_strdup_printf("\"%s\" in the postgresql:// URL is no parameter of libpq",
				       unknown);
	return g_strdup("the postgresql:// URL can't be read; write @ : / ? # % in a user or "
			"password as %40 %3A %2F %3F %23 %25");
}

/* --- going there --- */

struct parameters {
	GPtrArray *names, *values;
};

static void
add_parameter(struct parameters *parameters, const char *name, const char *value)
{
	g_ptr_array_add(parameters->names, g_strdup(name));
	g_ptr_array_add(parameters->values, g_strdup(value));
}

/* What the URL leaves open; what it says is libpq's alone. */
static const char *
value_or_default(const PQconninfoOption *option)
{
	static const struct {
		const char *name, *value;
	} defaults[] = {
		{ "connect_timeout", CONNECT_SECONDS },
		{ "fallback_application_name", "leadmilter" },
		{ "client_encoding", "UTF8" },
		{ "keepalives_idle", "15" },
		{ "keepalives_interval", "5" },
		{ "keepalives_count", "3" },
		{ "tcp_user_timeout", "10000" },
	};

	if (option->val)
		return option->val;
	for (guint i = 0; i < G_N_ELEMENTS(defaults); i++)
		if (!strcmp(option->keyword, defaults[i].name))
			return defaults[i].value;
	return NULL;
}

PGconn *
postgres_url_connect(const struct postgres_url *url)
{
	struct parameters parameters = { g_ptr_array_new_with_free_func(g_free),
					 g_ptr_array_new_with_free_func(g_free) };
	PQconninfoOption *options = PQconninfoParse(url->text, NULL);
	PGconn *connection;

	for (guint i = 0; options && options[i].keyword; i++) {
		const char *value = value_or_default(&options[i]);

		if (value)
			add_parameter(&parameters, options[i].keyword, value);
	}
	add_parameter(&parameters, NULL, NULL);
	PQconninfoFree(options);
	connection = PQconnectdbParams((const char *const *)parameters.names->pdata,
				       (const char *const *)parameters.values->pdata, 0);
	g_ptr_array_unref(parameters.names);
	g_ptr_array_unref(parameters.values);
	return connection;
}

/* --- words --- */

char *
postgres_url_clean(const struct postgres_url *url, const char *words)
{
	GString *text = g_string_new(words);

	if (url->secret && *url->secret)
		g_string_replace(text, url->secret, "***", 0);
	for (gsize i = 0; i < text->len; i++)
		if ((guchar)text->str[i] < ' ')
			text->str[i] = ' ';
	return g_strchomp(g_string_free(text, FALSE));
}

char *
postgres_url_advice(const struct postgres_url *url, const char *words)
{
	if (strstr(words, "database ") && strstr(words, " does not exist"))
		return g_strdup_printf("; make it: CREATE DATABASE \"%s\" OWNER \"%s\" ENCODING "
				       "'UTF8' TEMPLATE template0;",
				       url->database, url->user);
	if (strstr(words, "role ") && strstr(words, " does not exist"))
		return g_strdup_printf("; make it: CREATE ROLE \"%s\" LOGIN; or name another one "
				       "in the URL (user=); without one it is whoever runs this",
				       url->user);
	if (strstr(words, "permission denied for database"))
		return g_strdup_printf("; allow it: GRANT CONNECT, CREATE ON DATABASE \"%s\" TO "
				       "\"%s\";",
				       url->database, url->user);
	if (strstr(words, "Peer authentication failed"))
		return g_strdup_printf("; over the server's local socket only the system's user "
				       "\"%s\" may be this role: run this as that user, or map "
				       "others in pg_hba.conf and pg_ident.conf",
				       url->user);
	if (strstr(words, "session is read-only"))
		return g_strdup("; this server takes no writes, as a standby does: name the "
				"others of its cluster in the URL too, or look why it is the only "
				"one");
	if (strstr(words, "no password supplied"))
		return g_strdup("; put the password into a file that only the daemon's user may "
				"read, and name it in the URL (passfile=)");
	/* Before pg_hba.conf: libpq may have tried once more without TLS. */
	if (strstr(words, "authentication failed"))
		return g_strdup_printf("; the server has another password for \"%s\": correct "
				       "what passfile= or the URL holds, or ALTER ROLE",
				       url->user);
	if (strstr(words, "no pg_hba.conf entry"))
		return g_strdup_printf("; let it in: a line such as \"hostssl %s %s "
				       "CLIENT/32 scram-sha-256\" in the server's pg_hba.conf, "
				       "then SELECT pg_reload_conf();",
				       url->database, url->user);
	return g_strdup("");
}
