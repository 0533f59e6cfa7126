/*
 * leadctl_import.c - import: tables of other programs into the store.
 *
 * Rows are picked by the file's header (lead/import.h) and asked for in requests of at most
 * LIMIT_IMPORT_BATCH rows and BATCH_BYTES bytes.  A row that is wrong is told with its line and
 * left out; everything else goes in.  Said again a row changes nothing, so a file that was
 * interrupted is simply imported again.
 */
#include "leadctl.h"
#include "base/csvfile.h"
#include "base/error.h"
#include "base/limits.h"
#include "control.h"
#include "lead/import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BATCH_BYTES (512 * 1024)
#define PROGRESS_STEP (G_USEC_PER_SEC / 5)

struct importing {
	struct leadctl *leadctl;
	enum import_kind kind;
	gboolean dry_run, create, shadow, strict;
	char **mappings;
	struct csvfile *file;
	struct import_plan *plan;
	cJSON *rows; /* of the request being made */
	GArray *lines; /* guint: where each of them stands */
	GHashTable *noted; /* what was told of the file's rows once */
	gsize bytes;
	gint64 shown; /* monotonic: when progress was last shown */
	guint64 total, created, updated, unchanged, bad;
};

/* --- what is shown --- */

static void
show_progress(struct importing *importing, gboolean end)
{
	gint64 size, now = g_get_monotonic_time();
	if (!isatty(STDERR_FILENO) || (!end && now - importing->shown < PROGRESS_STEP))
		return;
	importing->shown = now;
	gint64 position = csvfile_position(importing->file, &size);
	if (end)
		fprintf(stderr, "\r\033[K");
	else if (size > 0)
		fprintf(stderr, "\r%s: %" G_GUINT64_FORMAT " rows, %d %%",
			csvfile_path(importing->file), importing->total,
			(int)(100 * position / size));
	else
		fprintf(stderr, "\r%s: %" G_GUINT64_FORMAT " rows", csvfile_path(importing->file),
			importing->total);
}

static void
report_bad(struct importing *importing, const char *message)
{
	importing->bad++;
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K");
	fprintf(stderr, "%s\n", message);
}

static void
print_ignored(const struct importing *importing)
{
	const GPtrArray *ignored = importing->plan->ignored;
	if (!ignored->len)
		return;
	fprintf(stderr, "%s: columns not used:", csvfile_path(importing->file));
	for (guint i = 0; i < ignored->len; i++)
		fprintf(stderr, "%s %s", i ? "," : "", (char *)g_ptr_array_index(ignored, i));
	fprintf(stderr, "\n");
}

static void
print_summary(const struct importing *importing)
{
	const struct {
		const char *name;
		guint64 value;
	} figures[] = {
		{ "rows", importing->total },      { "created", importing->created },
		{ "updated", importing->updated }, { "unchanged", importing->unchanged },
		{ "bad", importing->bad },
	};
	if (importing->leadctl->json) {
		cJSON *object = cJSON_CreateObject();
		cJSON_AddStringToObject(object, "file", csvfile_path(importing->file));
		cJSON_AddStringToObject(object, "kind", import_kind_name(importing->kind));
		cJSON_AddBoolToObject(object, "dry_run", importing->dry_run);
		for (guint i = 0; i < G_N_ELEMENTS(figures); i++)
			cJSON_AddNumberToObject(object, figures[i].name, (double)figures[i].value);
		cJSON *ignored = cJSON_AddArrayToObject(object, "ignored_columns");
		for (guint i = 0; i < importing->plan->ignored->len; i++)
			cJSON_AddItemToArray(ignored, cJSON_CreateString(g_ptr_array_index(
							      importing->plan->ignored, i)));
		leadctl_print_json(object);
		return;
	}
	printf("%s: %" G_GUINT64_FORMAT " %s:", csvfile_path(importing->file), importing->total,
	       import_kind_name(importing->kind));
	if (importing->dry_run)
		printf(" %" G_GUINT64_FORMAT " good", importing->total - importing->bad);
	else
		for (guint i = 1; i + 1 < G_N_ELEMENTS(figures); i++)
			printf(" %" G_GUINT64_FORMAT " %s%s", figures[i].value, figures[i].name,
			       i + 2 < G_N_ELEMENTS(figures) ? "," : "");
	printf(", %" G_GUINT64_FORMAT " bad%s\n", importing->bad,
	       importing->dry_run ? "; nothing was written" : "");
}

/* --- one request --- */

/* The line of a row an answer is about. */
static guint
line_of(const struct importing *importing, const cJSON *about)
{
	double row = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(about, "row"));
	return row >= 0 && row < importing->lines->len
		       ? g_array_index(importing->lines, guint, (guint)row)
		       : 0;
}

/* Once for each text: where it stands first. */
static void
report_notes(struct importing *importing, const cJSON *reply)
{
	const cJSON *notes = cJSON_GetObjectItemCaseSensitive(reply, "notes"), *each;
	cJSON_ArrayForEach(each, notes)
	{
		const char *what =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(each, "note"));
		if (!what || !g_hash_table_add(importing->noted, g_strdup(what)))
			continue;
		if (isatty(STDERR_FILENO))
			fprintf(stderr, "\r\033[K");
		fprintf(stderr, "%s:%u: note: %s\n", csvfile_path(importing->file),
			line_of(importing, each), what);
	}
}

static int
compare_errors(gconstpointer a, gconstpointer b)
{
	const cJSON *const *one = a, *const *other = b;
	double x = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(*one, "row"));
	double y = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(*other, "row"));
	return x < y ? -1 : x > y;
}

/* In the order of the file, whatever order they were found in. */
static void
report_errors(struct importing *importing, const cJSON *reply)
{
	g_autoptr(GPtrArray) sorted = g_ptr_array_new();
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(reply, "errors"), *each;
	cJSON_ArrayForEach(each, errors)
	{
		g_ptr_array_add(sorted, (gpointer)each);
	}
	g_ptr_array_sort(sorted, compare_errors);
	for (guint i = 0; i < sorted->len; i++) {
		const cJSON *one = g_ptr_array_index(sorted, i);
		const char *what =
			cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(one, "error"));
		g_autofree char *message =
			g_strdup_printf("%s:%u: %s", csvfile_path(importing->file),
					line_of(importing, one), what ? what : "refused");
		report_bad(importing, message);
		if (importing->strict)
			return;
	}
}

static guint64
figure(const cJSON *reply, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(reply, name);
	return cJSON_IsNumber(item) ? (guint64)item->valuedouble : 0;
}

/* Looking needs no daemon and no lock, only what is there to be read. */
static cJSON *
look(struct importing *importing, const cJSON *request)
{
	struct runtime runtime = { .generation = importing->leadctl->generation };
	const char *path = strchr(runtime.generation->config->store, ':') + 1;
	if (g_file_test(path, G_FILE_TEST_EXISTS)) {
		runtime.store = leadctl_store(importing->leadctl);
		if (!runtime.store)
			return NULL;
	}
	pthread_mutex_init(&runtime.mutex, NULL);
	cJSON *reply = control_execute(&runtime, request, NULL);
	pthread_mutex_destroy(&runtime.mutex);
	return reply;
}

/* @return FALSE when nothing more can be done */
static gboolean
send_rows(struct importing *importing)
{
	if (!cJSON_GetArraySize(importing->rows))
		return TRUE;
	cJSON *request = cJSON_CreateObject();
	cJSON_AddStringToObject(request, "command", "import");
	cJSON_AddStringToObject(request, "kind", import_kind_name(importing->kind));
	cJSON_AddBoolToObject(request, "create", importing->create);
	cJSON_AddBoolToObject(request, "shadow", importing->shadow);
	cJSON_AddBoolToObject(request, "dry_run", importing->dry_run);
	cJSON_AddNumberToObject(request, "now", (double)importing->leadctl->now);
	cJSON_AddItemToObject(request, "rows", importing->rows);
	cJSON *reply = importing->dry_run ? look(importing, request)
					  : leadctl_ask(importing->leadctl, request);
	cJSON_Delete(request);
	importing->rows = cJSON_CreateArray();
	if (reply) {
		importing->created += figure(reply, "created");
		importing->updated += figure(reply, "updated");
		importing->unchanged += figure(reply, "unchanged");
		report_notes(importing, reply);
		report_errors(importing, reply);
		cJSON_Delete(reply);
	}
	g_array_set_size(importing->lines, 0);
	importing->bytes = 0;
	show_progress(importing, FALSE);
	return reply && !(importing->strict && importing->bad);
}

static void
add_row(struct importing *importing, const GPtrArray *fields)
{
	const char *cells[IMPORT_MOST_COLUMNS];
	guint line = csvfile_line(importing->file), count = IMPORT_MOST_COLUMNS;
	cJSON *row = cJSON_CreateArray();
	import_plan_pick(importing->plan, fields, cells);
	while (count && !*cells[count - 1])
		count--;
	for (guint i = 0; i < count; i++) {
		cJSON_AddItemToArray(row,
				     *cells[i] ? cJSON_CreateString(cells[i]) : cJSON_CreateNull());
		importing->bytes += strlen(cells[i]);
	}
	cJSON_AddItemToArray(importing->rows, row);
	g_array_append_val(importing->lines, line);
}

/* --- a file --- */

/* @return FALSE when the end wasn't reached */
static gboolean
import_rows(struct importing *importing)
{
	for (;;) {
		const GPtrArray *fields = NULL;
		g_autoptr(GError) error = NULL;
		enum csvfile_result result = csvfile_next(importing->file, &fields, &error);
		if (result == CSVFILE_END)
			return send_rows(importing);
		if (result == CSVFILE_FAILED) {
			leadctl_fail(error);
			return FALSE;
		}
		importing->total++;
		if (result == CSVFILE_BAD)
			report_bad(importing, error->message);
		else
			add_row(importing, fields);
		if (importing->strict && importing->bad)
			return FALSE;
		if ((importing->lines->len >= LIMIT_IMPORT_BATCH ||
		     importing->bytes >= BATCH_BYTES) &&
		    !send_rows(importing))
			return FALSE;
	}
}

static gboolean
open_file(struct importing *importing, const char *path)
{
	g_autoptr(GError) error = NULL;
	importing->file = csvfile_open(path, &error);
	if (importing->file)
		importing->plan = import_plan_new(importing->kind, csvfile_header(importing->file),
						  (const char *const *)importing->mappings, &error);
	if (importing->plan)
		return TRUE;
	if (importing->file)
		fprintf(stderr, "leadctl: %s:%u: %s\n", path, csvfile_line(importing->file),
			error->message);
	else
		fprintf(stderr, "leadctl: %s\n", error->message);
	g_clear_pointer(&importing->file, csvfile_close);
	return FALSE;
}

static void
close_file(struct importing *importing)
{
	g_clear_pointer(&importing->plan, import_plan_free);
	g_clear_pointer(&importing->file, csvfile_close);
	importing->total = importing->created = importing->updated = importing->unchanged = 0;
	importing->bad = 0;
	cJSON_Delete(importing->rows);
	importing->rows = cJSON_CreateArray();
	g_array_set_size(importing->lines, 0);
	importing->bytes = 0;
}

/* One reading of a file. */
static int
import_file(struct importing *importing, const char *path, gboolean quiet)
{
	if (!open_file(importing, path))
		return LEADCTL_FAILURE;
	if (!quiet)
		print_ignored(importing);
	gboolean whole = import_rows(importing);
	gboolean bad = importing->bad > 0;
	show_progress(importing, TRUE);
	if (!whole && !(importing->strict && bad))
		fprintf(stderr, "%s: stopped at line %u; what came before is done: run it again\n",
			path, csvfile_line(importing->file));
	if (!quiet || bad)
		print_summary(importing);
	close_file(importing);
	return bad ? LEADCTL_NEGATIVE : whole ? LEADCTL_OK : LEADCTL_FAILURE;
}

/* Strictly: the whole file is looked at first, and nothing is written unless all of it is good. */
static int
import_strictly(struct importing *importing, const char *path)
{
	gboolean dry_run = importing->dry_run;
	importing->dry_run = TRUE;
	int code = import_file(importing, path, !dry_run);
	importing->dry_run = dry_run;
	return code != LEADCTL_OK || dry_run ? code : import_file(importing, path, FALSE);
}

static int
check_arguments(const struct leadctl_command *command, const struct importing *importing, int argc,
		char **argv)
{
	if (argc < 3)
		return leadctl_usage(command);
	for (int i = 2; importing->strict && i < argc; i++)
		if (!strcmp(argv[i], "-")) {
			fprintf(stderr,
				"leadctl import: --strict reads a file twice, which standard "
				"input can't be\n");
			return LEADCTL_USAGE;
		}
	return LEADCTL_OK;
}

static int
run_import(struct leadctl *leadctl, int argc, char **argv)
{
	struct importing importing = { .leadctl = leadctl };
	const struct leadctl_command *command = leadctl_find(leadctl_import_commands, "import");
	const GOptionEntry entries[] = {
		{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &importing.dry_run, NULL, NULL },
		{ "create", 0, 0, G_OPTION_ARG_NONE, &importing.create, NULL, NULL },
		{ "shadow", 0, 0, G_OPTION_ARG_NONE, &importing.shadow, NULL, NULL },
		{ "strict", 0, 0, G_OPTION_ARG_NONE, &importing.strict, NULL, NULL },
		{ "map", 0, 0, G_OPTION_ARG_STRING_ARRAY, &importing.mappings, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	int code = check_arguments(command, &importing, argc, argv);
	if (code == LEADCTL_OK && !import_kind_from_name(argv[1], &importing.kind)) {
		fprintf(stderr, "leadctl import: nothing is called \"%s\"\n", argv[1]);
		code = leadctl_usage(command);
	}
	if (code == LEADCTL_OK && !leadctl_generation(leadctl))
		code = LEADCTL_FAILURE;
	importing.rows = cJSON_CreateArray();
	importing.lines = g_array_new(FALSE, FALSE, sizeof(guint));
	importing.noted = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	for (int i = 2; code != LEADCTL_USAGE && code != LEADCTL_FAILURE && i < argc; i++) {
		g_hash_table_remove_all(importing.noted);
		int each = importing.strict ? import_strictly(&importing, argv[i])
					    : import_file(&importing, argv[i], FALSE);
		code = MAX(code, each);
	}
	cJSON_Delete(importing.rows);
	g_array_unref(importing.lines);
	g_hash_table_unref(importing.noted);
	g_strfreev(importing.mappings);
	return code;
}

const struct leadctl_command leadctl_import_commands[] = {
	{ "import",
	  "accounts|customers|owners|touches|outcomes [--dry-run] [--strict] [--create] [--shadow] "
	  "[--map COLUMN=HEADER]… FILE.csv…",
	  "what other programs know", run_import },
	{ NULL, NULL, NULL, NULL },
};
