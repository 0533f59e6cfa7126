/*
 * config_file.c - a configuration file read with libconfuse; see config_file.h.
 *
 * The option table (config_options.c) is turned into libconfuse's option arrays, and after parsing
 * every value is copied into its struct member by the same table; so an option exists in exactly
 * one place.  libconfuse reports errors through a callback without user data: one mutex makes
 * reading single-file-at-a-time, which is all a daemon needs.
 */
#include "base/config_file.h"
#include "base/clock.h"
#include "base/config_options.h"
#include "base/error.h"
#include "base/secret.h"
#include "base/shipped.h"

#include <confuse.h>
#include <gio/gio.h>
#include <math.h>
#include <string.h>

struct config_file {
	const char *path;
	char *directory; /* relative paths stand against it */
	GHashTable *lines; /* cfg_opt_t * or cfg_t * -> line */
	GString *problem; /* the first complaint */
	gboolean leaves_secrets; /* those that stand elsewhere */
};

static pthread_mutex_t reader_mutex = PTHREAD_MUTEX_INITIALIZER;
static struct config_file *current; /* under reader_mutex */

static cfg_t *
confuse_part(struct config_part *part)
{
	return (cfg_t *)(void *)part;
}

static void
on_error(cfg_t *cfg, const char *format, va_list args)
{
	if (current->problem->len)
		return;
	g_string_printf(current->problem, "%s:%d: ", current->path, cfg ? cfg->line : 0);
	g_string_append_vprintf(current->problem, format, args);
}

static int
on_value(cfg_t *cfg, cfg_opt_t *option)
{
	g_hash_table_insert(current->lines, option, GINT_TO_POINTER(cfg->line));
	return 0;
}

static int
on_section(cfg_t *cfg, cfg_opt_t *option)
{
	cfg_t *section = cfg_opt_getnsec(option, cfg_opt_size(option) - 1);
	g_hash_table_insert(current->lines, section, GINT_TO_POINTER(cfg->line));
	return 0;
}

static void
set_problem(const struct config_file *file, gconstpointer at, GError **error, const char *format,
	    va_list args)
{
	g_autofree char *what = g_strdup_vprintf(format, args);
	g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s:%d: %s", file->path,
		    GPOINTER_TO_INT(g_hash_table_lookup(file->lines, at)), what);
}

/* @return FALSE */
static gboolean
problem(const struct config_file *file, gconstpointer at, GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	set_problem(file, at, error, format, args);
	va_end(args);
	return FALSE;
}

static cfg_opt_t
confuse_option(const struct option_row *row)
{
	cfg_opt_t list = CFG_STR_LIST(row->name, 0, CFGF_NONE);
	cfg_opt_t integer = CFG_INT(row->name, strtol(row->fallback, NULL, 10), CFGF_NONE);
	cfg_opt_t boolean = CFG_BOOL(row->name, !strcmp(row->fallback, "true"), CFGF_NONE);
	cfg_opt_t number =
		CFG_FLOAT(row->name, *row->fallback ? atof(row->fallback) : NAN, CFGF_NONE);
	cfg_opt_t text = CFG_STR(row->name, row->fallback, CFGF_NONE);
	switch (row->type) {
	case OPTION_LIST:
	case OPTION_PATHS:
	case OPTION_NETWORKS:
	case OPTION_SECRETS:
	case OPTION_FIELDS:
	case OPTION_SETTINGS:
		return list;
	case OPTION_UNSIGNED:
	case OPTION_BYTES:
		return integer;
	case OPTION_BOOLEAN:
		return boolean;
	case OPTION_FLOAT:
		return number;
	default:
		return text;
	}
}

/* The libconfuse array of one section; `sections` is a NULL-terminated list to nest in it. */
static cfg_opt_t *
confuse_options(const char *section, const char *const *sections)
{
	GArray *options = g_array_new(FALSE, TRUE, sizeof(cfg_opt_t));
	for (guint i = 0; i < option_row_count; i++)
		if (!strcmp(option_rows[i].section, section)) {
			cfg_opt_t option = confuse_option(&option_rows[i]);
			option.validcb = on_value;
			g_array_append_val(options, option);
		}
	for (; sections && *sections; sections++) {
		cfg_opt_t nested = CFG_SEC(*sections, confuse_options(*sections, NULL),
					   CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
		nested.validcb = on_section;
		g_array_append_val(options, nested);
	}
	cfg_opt_t end = CFG_END();
	g_array_append_val(options, end);
	return (cfg_opt_t *)(void *)g_array_free(options, FALSE);
}

static void
confuse_options_free(cfg_opt_t *options)
{
	for (cfg_opt_t *option = options; option->type != CFGT_NONE; option++)
		if (option->type == CFGT_SEC)
			g_free(option->subopts);
	g_free(options);
}

static char *
absolute_path(const struct config_file *file, const char *path)
{
	return shipped_path(path, file->directory);
}

static GPtrArray *
read_list(const struct config_file *file, cfg_t *section, const struct option_row *row)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		g_ptr_array_add(list, row->type == OPTION_PATHS ? absolute_path(file, item)
								: g_strdup(item));
	}
	return list;
}

/* Made once, at load: a wrong one must not silently match nothing. */
static gboolean
read_networks(struct config_file *file, cfg_t *section, const struct option_row *row,
	      GPtrArray **member, GError **error)
{
	*member = g_ptr_array_new_with_free_func(g_object_unref);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		GInetAddressMask *mask = g_inet_address_mask_new_from_string(item, NULL);
		if (!mask)
			return problem(file, cfg_getopt(section, row->name), error,
				       "%s: \"%s\" is no network; expected \"192.0.2.0/24\"",
				       row->name, item);
		g_ptr_array_add(*member, mask);
	}
	return TRUE;
}

static char *
read_one_secret(const struct config_file *file, enum option_type type, const char *value,
		GError **error)
{
	if (type == OPTION_FIELDS)
		return secret_read_field(value, file->directory, error);
	if (type == OPTION_SETTINGS)
		return secret_read_setting(value, file->directory, error);
	return secret_read(value, file->directory, error);
}

static char *
take_secret(const struct config_file *file, enum option_type type, const char *value,
	    GError **error)
{
	if (!file->leaves_secrets)
		return read_one_secret(file, type, value, error);
	return secret_is_elsewhere(value) ? secret_stand_in(value) : g_strdup(value);
}

/* Secrets, each of which may stand elsewhere. */
static gboolean
read_secrets(struct config_file *file, cfg_t *section, const struct option_row *row,
	     GPtrArray **member, GError **error)
{
	*member = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < cfg_size(section, row->name); i++) {
		const char *item = cfg_getnstr(section, row->name, i);
		g_autoptr(GError) why = NULL;
		char *secret = take_secret(file, row->type, item, &why);
		if (!secret)
			return problem(file, cfg_getopt(section, row->name), error, "%s",
				       why->message);
		g_ptr_array_add(*member, secret);
	}
	return TRUE;
}

static gboolean
read_secret(struct config_file *file, cfg_t *section, const struct option_row *row, char **member,
	    GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	g_autoptr(GError) why = NULL;
	*member = *value ? take_secret(file, row->type, value, &why) : NULL;
	return !why || problem(file, cfg_getopt(section, row->name), error, "%s", why->message);
}

static gboolean
is_choice(const char *choices, const char *value)
{
	g_auto(GStrv) each = g_strsplit(choices, "|", -1);
	return g_strv_contains((const char *const *)each, value);
}

static gboolean
read_duration(struct config_file *file, cfg_t *section, const struct option_row *row, void *member,
	      GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	gconstpointer at = cfg_getopt(section, row->name);
	g_autoptr(GError) why = NULL;
	gint64 length = clock_parse_duration(value, &why);
	if (length < 0)
		return problem(file, at, error, "%s: %s", row->name, why->message);
	if (length < row->least * CLOCK_SECOND || length > row->most * CLOCK_SECOND)
		return problem(file, at, error, "%s = \"%s\": expected %.16g to %.16g seconds",
			       row->name, value, row->least, row->most);
	*(gint64 *)member = length;
	return TRUE;
}

static gboolean
read_text(struct config_file *file, cfg_t *section, const struct option_row *row, void *member,
	  GError **error)
{
	const char *value = cfg_getstr(section, row->name);
	gconstpointer at = cfg_getopt(section, row->name);
	if (row->choices && !is_choice(row->choices, value))
		return problem(file, at, error, "%s = \"%s\": expected one of %s", row->name, value,
			       row->choices);
	switch (row->type) {
	case OPTION_MODE: {
		char *end;
		*(guint *)member = (guint)strtoul(value, &end, 8);
		if (!*value || *end || *(guint *)member > 0777)
			return problem(file, at, error,
				       "%s = \"%s\": expected an octal mode such as \"0660\"",
				       row->name, value);
		return TRUE;
	}
	case OPTION_TIME:
		*(gint64 *)member = 0;
		if (*value) {
			g_autoptr(GError) why = NULL;
			*(gint64 *)member = clock_parse(value, &why);
			if (why)
				return problem(file, at, error, "%s: %s", row->name, why->message);
		}
		return TRUE;
	case OPTION_DURATION:
		return read_duration(file, section, row, member, error);
	case OPTION_SECRET:
		return read_secret(file, section, row, member, error);
	default:
		*(char **)member = !value || !*value          ? NULL
				   : row->type == OPTION_PATH ? absolute_path(file, value)
							      : g_strdup(value);
		return TRUE;
	}
}

static gboolean
in_range(const struct option_row *row, double value)
{
	if (isnan(value)) /* unset, where that may be */
		return !*row->fallback;
	return (row->least == 0 && row->most == 0) || (value >= row->least && value <= row->most);
}

static gboolean
read_number(struct config_file *file, cfg_t *section, const struct option_row *row, void *member,
	    GError **error)
{
	double value = row->type == OPTION_FLOAT ? cfg_getfloat(section, row->name)
						 : (double)cfg_getint(section, row->name);
	if (!in_range(row, value))
		return problem(file, cfg_getopt(section, row->name), error,
			       "%s = %.16g: expected %.16g to %.16g", row->name, value, row->least,
			       row->most);
	if (row->type == OPTION_FLOAT)
		*(double *)member = value;
	else if (row->type == OPTION_BYTES)
		*(gint64 *)member = cfg_getint(section, row->name);
	else
		*(guint *)member = (guint)cfg_getint(section, row->name);
	return TRUE;
}

/* Copy a section's values into its struct. */
gboolean
config_part_read(struct config_file *file, struct config_part *part, const char *name, void *target,
		 GError **error)
{
	cfg_t *section = confuse_part(part);

	for (guint i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (strcmp(row->section, name))
			continue;
		void *member = (char *)target + row->offset;
		gboolean ok = TRUE;
		if (row->type == OPTION_LIST || row->type == OPTION_PATHS)
			*(GPtrArray **)member = read_list(file, section, row);
		else if (row->type == OPTION_NETWORKS)
			ok = read_networks(file, section, row, member, error);
		else if (row->type == OPTION_SECRETS || row->type == OPTION_FIELDS ||
			 row->type == OPTION_SETTINGS)
			ok = read_secrets(file, section, row, member, error);
		else if (row->type == OPTION_BOOLEAN)
			*(gboolean *)member = cfg_getbool(section, row->name);
		else if (row->type == OPTION_UNSIGNED || row->type == OPTION_BYTES ||
			 row->type == OPTION_FLOAT)
			ok = read_number(file, section, row, member, error);
		else
			ok = read_text(file, section, row, member, error);
		if (!ok)
			return FALSE;
	}
	return TRUE;
}

void
config_section_clear(const char *name, void *target)
{
	for (guint i = 0; i < option_row_count; i++) {
		const struct option_row *row = &option_rows[i];
		if (strcmp(row->section, name))
			continue;
		void *member = (char *)target + row->offset;
		if (row->type == OPTION_LIST || row->type == OPTION_PATHS ||
		    row->type == OPTION_NETWORKS || row->type == OPTION_SECRETS ||
		    row->type == OPTION_FIELDS || row->type == OPTION_SETTINGS)
			g_clear_pointer((GPtrArray **)member, g_ptr_array_unref);
		else if (row->type == OPTION_STRING || row->type == OPTION_PATH ||
			 row->type == OPTION_SECRET)
			g_clear_pointer((char **)member, g_free);
	}
}

/* --- what others see of it --- */

static gconstpointer
place_of(struct config_part *part, const char *option)
{
	return option ? (gconstpointer)cfg_getopt(confuse_part(part), option) : confuse_part(part);
}

int
config_part_line(const struct config_file *file, struct config_part *part, const char *option)
{
	return GPOINTER_TO_INT(g_hash_table_lookup(file->lines, place_of(part, option)));
}

gboolean
config_part_problem(const struct config_file *file, struct config_part *part, const char *option,
		    GError **error, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	set_problem(file, place_of(part, option), error, format, args);
	va_end(args);
	return FALSE;
}

const char *
config_part_title(struct config_part *part)
{
	return cfg_title(confuse_part(part));
}

guint
config_part_count(struct config_part *part, const char *section)
{
	return cfg_size(confuse_part(part), section);
}

struct config_part *
config_part_nth(struct config_part *part, const char *section, guint i)
{
	return (struct config_part *)cfg_getnsec(confuse_part(part), section, i);
}

void
config_file_leave_secrets(struct config_file *file)
{
	file->leaves_secrets = TRUE;
}

const char *
config_file_path(const struct config_file *file)
{
	return file->path;
}

const char *
config_file_directory(const struct config_file *file)
{
	return file->directory;
}

gboolean
config_file_read(const char *path, const char *top, const char *const *sections,
		 gboolean (*fill)(struct config_file *file, struct config_part *whole, void *target,
				  GError **error),
		 void *target, GError **error)
{
	g_autofree char *text = config_text(path, error);
	if (!text)
		return FALSE;
	g_autofree char *here = g_get_current_dir();
	g_autofree char *beside = g_path_get_dirname(path);
	g_autofree char *directory = g_canonicalize_filename(beside, here);
	struct config_file file = { path, directory, g_hash_table_new(NULL, NULL),
				    g_string_new(NULL), FALSE };
	pthread_mutex_lock(&reader_mutex);
	current = &file;
	cfg_opt_t *options = confuse_options(top, sections);
	cfg_t *cfg = cfg_init(options, CFGF_NONE);
	cfg_set_error_function(cfg, on_error);
	gboolean ok = cfg_parse_buf(cfg, text) == CFG_SUCCESS && !file.problem->len;
	if (!ok)
		g_set_error(error, LEADMILTER_ERROR, ERROR_CONFIG, "%s",
			    file.problem->len ? file.problem->str : "unreadable");
	else
		ok = fill(&file, (struct config_part *)cfg, target, error);
	cfg_free(cfg);
	confuse_options_free(options);
	current = NULL;
	pthread_mutex_unlock(&reader_mutex);
	g_hash_table_unref(file.lines);
	g_string_free(file.problem, TRUE);
	return ok;
}
