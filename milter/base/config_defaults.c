/*
 * config_defaults.c - what holds where the administrator wrote nothing: fallbacks of the option
 * table, and the lists and scorecard that were shipped.
 */
#include "base/clock.h"
#include "base/config_options.h"
#include "base/shipped.h"

#include <stdlib.h>
#include <string.h>

static void
set_default(char **member, const char *directory, const char *name)
{
	if (!*member)
		*member = g_build_filename(directory, name, NULL);
}

static gint
compare_strings(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void
default_phrase_files(struct config *config)
{
	g_autofree char *directory = g_build_filename(config->list_directory, "phrases", NULL);
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	for (const char *name; dir && (name = g_dir_read_name(dir));)
		if (g_str_has_suffix(name, ".phrases"))
			g_ptr_array_add(config->phrase_files,
					g_build_filename(directory, name, NULL));
	g_ptr_array_sort(config->phrase_files, compare_strings);
}

/* A server elsewhere may answer late or never: mail must not wait for it. */
static guint
default_deadline(const char *store)
{
	return store && strstr(store, "://") ? 200 : 2000;
}

void
config_complete(struct config *config, const char *beside)
{
	if (!config->store_deadline_ms)
		config->store_deadline_ms = default_deadline(config->store);
	g_autofree char *shipped = shipped_directory(beside);
	set_default(&config->list_directory, shipped, "lists");
	set_default(&config->adapter_directory, beside ? beside : LEADMILTER_SYSCONFDIR,
		    "adapters");
	const char *lists = config->list_directory;
	set_default(&config->freemail_list, lists, "freemail.txt");
	set_default(&config->disposable_list, lists, "disposable.txt");
	set_default(&config->relay_list, lists, "relay.txt");
	set_default(&config->role_list, lists, "role.txt");
	set_default(&config->isp_list, lists, "isp.txt");
	if (!config->phrase_files->len)
		default_phrase_files(config);
	if (!config->scorecard_files->len)
		g_ptr_array_add(config->scorecard_files,
				shipped_path("scorecards/default.conf", shipped));
	if (!config->hostname)
		config->hostname = g_strdup(g_get_host_name());
	log_level_from_name(config->log_level_name, &config->log_level);
}

void
config_fallback(const struct option_row *row, void *member)
{
	switch (row->type) {
	case OPTION_LIST:
	case OPTION_PATHS:
	case OPTION_NETWORKS:
	case OPTION_SECRETS:
	case OPTION_FIELDS:
	case OPTION_SETTINGS:
		*(GPtrArray **)member = g_ptr_array_new_with_free_func(g_free);
		break;
	case OPTION_UNSIGNED:
		*(guint *)member = (guint)strtoul(row->fallback, NULL, 10);
		break;
	case OPTION_BYTES:
		*(gint64 *)member = g_ascii_strtoll(row->fallback, NULL, 10);
		break;
	case OPTION_DURATION:
		*(gint64 *)member = clock_parse_duration(row->fallback, NULL);
		break;
	case OPTION_MODE:
		*(guint *)member = (guint)strtoul(row->fallback, NULL, 8);
		break;
	case OPTION_BOOLEAN:
		*(gboolean *)member = !strcmp(row->fallback, "true");
		break;
	default:
		if (*row->fallback)
			*(char **)member = g_strdup(row->fallback);
	}
}
