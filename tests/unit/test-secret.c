/* test-secret.c - secrets that stand elsewhere, and what is said of them. */
#include "base/secret.h"
#include "base/error.h"
#include "base/limits.h"

#include <glib/gstdio.h>
#include <string.h>

static char *directory;

static char *
place(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

static void
put(const char *name, const char *content, gssize length, int mode)
{
	g_autofree char *path = place(name);
	g_assert_true(g_file_set_contents(path, content, length, NULL));
	g_assert_cmpint(g_chmod(path, mode), ==, 0);
}

static const struct {
	const char *value, *want; /* NULL: an error, whose message begins with */
	const char *error;
} cases[] = {
	{ "plain", "plain", NULL },
	{ "", "", NULL },
	{ "file:key", "from a file", NULL },
	{ "file:sub/../key", "from a file", NULL },
	{ "env:LEADMILTER_TEST", "from the environment", NULL },
	{ "credential:key", "from a file", NULL },
	{ "file:none", NULL, "secret \"file:none\": " },
	{ "file:empty", NULL, "secret \"file:empty\": the file is empty" },
	{ "file:long", NULL, "secret \"file:long\": the file is too long" },
	{ "env:LEADMILTER_NONE", NULL, "secret \"env:LEADMILTER_NONE\" is not in the environment" },
	{ "credential:none", NULL, "secret \"credential:none\": " },
};

static void
test_read(void)
{
	g_autofree char *endless = g_strnfill(LIMIT_SECRET_FILE + 1, 'x');
	put("key", "  from a file\n", -1, 0600);
	put("empty", " \n", -1, 0600);
	put("long", endless, -1, 0600);
	g_setenv("LEADMILTER_TEST", "from the environment", TRUE);
	g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_autoptr(GError) error = NULL;
		g_autofree char *got = secret_read(cases[i].value, directory, &error);
		g_assert_cmpstr(got, ==, cases[i].want);
		if (!cases[i].error)
			continue;
		g_assert_error(error, LEADMILTER_ERROR, ERROR_CONFIG);
		g_assert_true(g_str_has_prefix(error->message, cases[i].error));
	}
	g_unsetenv("CREDENTIALS_DIRECTORY");
	g_autoptr(GError) error = NULL;
	g_assert_null(secret_read("credential:key", directory, &error));
	g_assert_nonnull(strstr(error->message, "CREDENTIALS_DIRECTORY is not set"));
}

static void
test_elsewhere(void)
{
	static const char *const there[] = { "file:a", "credential:a", "env:A" };
	g_assert_false(secret_is_elsewhere("whsec_bGVhZG1pbHRlcg=="));
	g_assert_false(secret_is_elsewhere(""));
	for (guint i = 0; i < G_N_ELEMENTS(there); i++) {
		g_autofree char *stand_in = secret_stand_in(there[i]);
		g_assert_true(secret_is_elsewhere(there[i]));
		g_assert_true(g_str_has_suffix(stand_in, there[i]));
	}
}

static const struct {
	const char *field, *want;
} fields[] = {
	{ "X-Tenant: 7", "X-Tenant: 7" },
	{ "X-Api-Key: file:key", "X-Api-Key: from a file" },
	{ "X-Api-Key:env:LEADMILTER_TEST", "X-Api-Key:from the environment" },
	{ "no colon", "no colon" },
	{ "X-Empty:", "X-Empty:" },
	{ "X-Api-Key: file:none", NULL },
};

static void
test_fields(void)
{
	put("key", "from a file\n", -1, 0600);
	g_setenv("LEADMILTER_TEST", "from the environment", TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(fields); i++) {
		g_autofree char *got = secret_read_field(fields[i].field, directory, NULL);
		g_assert_cmpstr(got, ==, fields[i].want);
	}
}

static const struct {
	int mode;
	gboolean warns;
} modes[] = {
	{ 0400, FALSE }, { 0600, FALSE }, { 0640, FALSE }, { 0644, TRUE },
	{ 0660, TRUE },  { 0602, TRUE },  { 0666, TRUE },
};

/* The warning names the file and its mode, and nothing of what is in it. */
static void
test_permissions(void)
{
	if (g_test_subprocess()) {
		g_autofree char *secret = secret_read(g_getenv("LEADMILTER_CASE"), directory, NULL);
		g_assert_cmpstr(secret, ==, "hunter2");
		return;
	}
	for (guint i = 0; i < G_N_ELEMENTS(modes); i++) {
		put("key", "hunter2\n", -1, modes[i].mode);
		g_autofree char *path = place("key");
		g_autofree char *value = g_strconcat("file:", path, NULL);
		g_setenv("LEADMILTER_CASE", value, TRUE);
		g_test_trap_subprocess(NULL, 0, 0);
		g_test_trap_assert_passed();
		g_test_trap_assert_stderr_unmatched("*hunter2*");
		if (modes[i].warns)
			g_test_trap_assert_stderr("*lets others at this secret*");
		else
			g_test_trap_assert_stderr_unmatched("*lets others*");
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("leadmilter-secret-XXXXXX", NULL);
	g_test_add_func("/secret/read", test_read);
	g_test_add_func("/secret/elsewhere", test_elsewhere);
	g_test_add_func("/secret/fields", test_fields);
	g_test_add_func("/secret/permissions", test_permissions);
	int result = g_test_run();
	static const char *const files[] = { "key", "empty", "long" };
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path = place(files[i]);
		g_unlink(path);
	}
	g_rmdir(directory);
	g_free(directory);
	return result;
}
