/*
 * leadctl_store.c - whole stores: check, migrate, copy, backup, restore.
 *
 * They need the store's option alone, and none that names the stores themselves: they work when
 * scorecards, lists or the database are wrong, which is when they are wanted.
 */
#include "leadctl.h"
#include "base/clock.h"
#include "base/error.h"
#include "lead/show.h"
#include "store/tools.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BAR_WIDTH 30
#define BAR_PAUSE (G_USEC_PER_SEC / 10)

/* --- progress --- */

struct bar {
	gint64 began, shown;
	gboolean on; /* stderr is a terminal */
};

static void
bar_begin(struct bar *bar)
{
	*bar = (struct bar){ g_get_monotonic_time(), 0, isatty(STDERR_FILENO) };
}

static void
bar_draw(struct bar *bar, double part, const char *words)
{
	gint64 now = g_get_monotonic_time();
	int filled = (int)(CLAMP(part, 0.0, 1.0) * BAR_WIDTH);
	double left =
		part > 0.01 ? (double)(now - bar->began) / G_USEC_PER_SEC * (1 - part) / part : 0;

	if (!bar->on || now < bar->shown + BAR_PAUSE)
		return;
	bar->shown = now;
	fprintf(stderr, "\r[%.*s%*s] %3.0f %%  %-36.36s", filled, "##############################",
		BAR_WIDTH - filled, "", 100 * CLAMP(part, 0.0, 1.0), words);
	if (left >= 1)
		fprintf(stderr, " %.0f s left", left);
	fprintf(stderr, "\033[K");
}

static void
bar_end(struct bar *bar)
{
	if (bar->on && bar->shown)
		fprintf(stderr, "\r\033[K");
	bar->on = FALSE;
}

static void
tell_copy(const struct copy_progress *progress, gpointer data)
{
	g_autofree char *words = g_strdup_printf(
		"%s %s", progress->verifying ? "comparing" : "copying", progress->table);

	bar_draw(data, progress->all ? (double)progress->done / progress->all : 1, words);
}

/* --- the store that is meant --- */

/* An argument, or that of the configuration; NULL after an error was printed. */
static char *
store_name(struct leadctl *leadctl, int argc, char **argv)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(config_owned) config = argc > 1 ? NULL : leadctl_config(leadctl, &error);

	if (argc > 1)
		return g_strdup(argv[1]);
	if (!config)
		leadctl_fail(error);
	return config ? g_strdup(config->store) : NULL;
}

static void
add_number(cJSON *object, const char *name, gint64 value)
{
	cJSON_AddNumberToObject(object, name, (double)value);
}

/* --- check --- */

struct check_output {
	struct bar bar;
	gboolean json;
};

static void
tell_finding(const struct finding *finding, gint64 count, gpointer data)
{
	const struct check_output *output = data;

	if (output->json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "check", finding->check);
		show_add_text(object, "table", finding->table);
		show_add_text(object, "key", finding->key);
		add_number(object, "count", count);
		show_add_text(object, "problem", finding->problem);
		show_add_text(object, "action", finding->action);
		cJSON_AddBoolToObject(object, "repairable", finding->repairable);
		cJSON_AddBoolToObject(object, "prunable", finding->prunable);
		cJSON_AddBoolToObject(object, "repaired", finding->repaired);
		leadctl_print_json(object);
		return;
	}
	if (finding->key)
		printf("%s %s: %s", finding->table, finding->key, finding->problem);
	else
		printf("%s: %" G_GINT64_FORMAT " more: %s", finding->table, count,
		       finding->problem);
	printf(" (%s%s)\n",
	       finding->repaired     ? "done: "
	       : finding->repairable ? "--repair "
	       : finding->prunable   ? "restore a backup, or --repair --prune "
				     : "",
	       finding->action);
}

static void
tell_check(const char *check, guint done, guint all, gpointer data)
{
	struct check_output *output = data;

	bar_draw(&output->bar, (double)done / all, check);
}

static void
print_verdict(const struct verify_report *report, gboolean json, gboolean repair, const char *name)
{
	if (json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "store", name);
		add_number(object, "schema", report->schema);
		add_number(object, "checks", report->checks);
		add_number(object, "findings", report->findings);
		add_number(object, "repairable", report->repairable);
		add_number(object, "prunable", report->prunable);
		add_number(object, "repaired", report->repaired);
		leadctl_print_json(object);
		return;
	}
	if (!report->findings)
		printf("%s: sound (schema %d, %u checks)\n", name, report->schema, report->checks);
	else if (repair)
		printf("%s: %" G_GINT64_FORMAT " repaired, %" G_GINT64_FORMAT " left\n", name,
		       report->repaired, report->findings - report->repaired);
	else
		printf("%s: %" G_GINT64_FORMAT " findings, %" G_GINT64_FORMAT
		       " can be repaired (--repair)\n",
		       name, report->findings, report->repairable);
}

static int
run_store_check(struct leadctl *leadctl, int argc, char **argv)
{
	static gboolean repair, prune;
	const struct leadctl_command *command = leadctl_find(leadctl_store_commands, "store check");
	const GOptionEntry entries[] = {
		{ "repair", 0, 0, G_OPTION_ARG_NONE, &repair, NULL, NULL },
		{ "prune", 0, 0, G_OPTION_ARG_NONE, &prune, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 2 || (prune && !repair))
		return leadctl_usage(command);
	g_autofree char *where = store_name(leadctl, argc, argv);
	if (!where)
		return LEADCTL_FAILURE;
	g_autofree char *name = tools_name(where);
	g_autoptr(GError) error = NULL;
	struct check_output output = { .json = leadctl->json };
	const struct verify_options options = { repair, repair && prune, tell_finding, tell_check,
						&output };
	struct verify_report report;
	bar_begin(&output.bar);
	gboolean done = tools_verify(where, &options, &report, &error);
	bar_end(&output.bar);
	if (!done)
		return leadctl_fail(error);
	print_verdict(&report, leadctl->json, repair, name);
	return report.findings > report.repaired ? LEADCTL_NEGATIVE : LEADCTL_OK;
}

/* --- migrate --- */

static int
run_store_migrate(struct leadctl *leadctl, int argc, char **argv)
{
	static gboolean dry_run;
	const struct leadctl_command *command =
		leadctl_find(leadctl_store_commands, "store migrate");
	const GOptionEntry entries[] = {
		{ "dry-run", 0, 0, G_OPTION_ARG_NONE, &dry_run, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc > 2)
		return leadctl_usage(command);
	g_autofree char *where = store_name(leadctl, argc, argv);
	if (!where)
		return LEADCTL_FAILURE;
	g_autofree char *name = tools_name(where);
	g_autoptr(GError) error = NULL;
	struct tools_migration migration;
	if (!tools_migrate(where, dry_run, &migration, &error))
		return leadctl_fail(error);
	double seconds = (double)migration.duration / G_USEC_PER_SEC;
	if (leadctl->json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "store", name);
		add_number(object, "before", migration.before);
		add_number(object, "after", migration.after);
		cJSON_AddNumberToObject(object, "seconds", seconds);
		cJSON_AddBoolToObject(object, "dry_run", dry_run);
		leadctl_print_json(object);
	} else if (migration.before == migration.after)
		printf("%s: has schema version %d already\n", name, migration.after);
	else
		printf("%s: schema version %d %s %d in %.1f s%s\n", name, migration.before,
		       dry_run ? "could be brought to" : "brought to", migration.after, seconds,
		       dry_run ? "; nothing was changed" : "");
	return LEADCTL_OK;
}

/* --- copy --- */

static void
print_copy(const struct leadctl *leadctl, const struct copy_report *report, const char *from,
	   const char *to)
{
	cJSON *object = cJSON_CreateObject();
	cJSON *tables = cJSON_AddArrayToObject(object, "tables");
	show_add_text(object, "from", from);
	show_add_text(object, "to", to);
	add_number(object, "rows", report->rows);
	add_number(object, "written", report->written);
	add_number(object, "texts_repaired", report->repaired);
	cJSON_AddBoolToObject(object, "resumed", report->resumed);
	for (guint i = 0; i < report->tables->len; i++) {
		const struct copy_table *table = report->tables->pdata[i];
		cJSON *one = cJSON_CreateObject();
		show_add_text(one, "table", table->name);
		add_number(one, "rows", table->rows);
		show_add_text(one, "sum", table->sum);
		cJSON_AddItemToArray(tables, one);
		if (!leadctl->json)
			printf("%-16s %12" G_GINT64_FORMAT "  %s\n", table->name, table->rows,
			       table->sum);
	}
	if (leadctl->json) {
		leadctl_print_json(object);
		return;
	}
	cJSON_Delete(object);
	printf("%s: is %s, all %" G_GINT64_FORMAT " rows compared%s\n", to, from, report->rows,
	       report->resumed ? " (gone on with after an interruption)" : "");
	if (report->repaired)
		printf("%u texts were not UTF-8, what was wrong in them is now U+FFFD\n",
		       report->repaired);
}

static int
run_store_copy(struct leadctl *leadctl, int argc, char **argv)
{
	static gboolean anew;
	const struct leadctl_command *command = leadctl_find(leadctl_store_commands, "store copy");
	const GOptionEntry entries[] = {
		{ "anew", 0, 0, G_OPTION_ARG_NONE, &anew, NULL, NULL },
		{ NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL },
	};
	if (!leadctl_options(command, entries, &argc, &argv))
		return LEADCTL_USAGE;
	if (argc != 3)
		return leadctl_usage(command);
	g_autoptr(GError) error = NULL;
	g_autofree char *from = tools_name(argv[1]), *to = tools_name(argv[2]);
	struct bar bar;
	const struct copy_options options = { NULL, anew, tell_copy, &bar };
	struct copy_report report = { 0 };
	bar_begin(&bar);
	gboolean done = tools_copy(argv[1], argv[2], &options, &report, &error);
	bar_end(&bar);
	if (done)
		print_copy(leadctl, &report, from, to);
	copy_report_clear(&report);
	return done ? LEADCTL_OK : leadctl_fail(error);
}

/* --- backup and restore --- */

/* What waits in the spool is in no store yet: said, because it is in no backup either. */
static guint
count_spooled(struct leadctl *leadctl, char **ret_directory)
{
	g_autoptr(config_owned) config = leadctl_config(leadctl, NULL);
	GDir *directory = config ? g_dir_open(config->spool_directory, 0, NULL) : NULL;
	const char *name;
	guint count = 0;

	*ret_directory = config ? g_strdup(config->spool_directory) : NULL;
	while (directory && (name = g_dir_read_name(directory)))
		count += g_str_has_suffix(name, ".mail");
	if (directory)
		g_dir_close(directory);
	return count;
}

static int
run_backup(struct leadctl *leadctl, int argc, char **argv)
{
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_store_commands, "backup"));
	g_autofree char *where = store_name(leadctl, 1, NULL);
	if (!where)
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	g_autofree char *spool = NULL;
	struct tools_backup backup = { 0 };
	struct bar bar;
	const struct copy_options options = { NULL, FALSE, tell_copy, &bar };
	bar_begin(&bar);
	gboolean done = tools_backup(where, argv[1], &options, &backup, &error);
	bar_end(&bar);
	if (!done)
		return leadctl_fail(error);
	guint spooled = count_spooled(leadctl, &spool);
	if (leadctl->json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "file", argv[1]);
		add_number(object, "bytes", backup.bytes);
		add_number(object, "leads", backup.leads);
		add_number(object, "schema", backup.schema);
		show_add_text(object, "spool", spool);
		add_number(object, "spooled", spooled);
		leadctl_print_json(object);
		return LEADCTL_OK;
	}
	printf("%s: %" G_GINT64_FORMAT " leads, %" G_GINT64_FORMAT " bytes, schema version %d\n",
	       argv[1], backup.leads, backup.bytes, backup.schema);
	if (spooled)
		printf("%u messages wait in %s: they are not in it\n", spooled, spool);
	return LEADCTL_OK;
}

static int
run_restore(struct leadctl *leadctl, int argc, char **argv)
{
	if (argc != 2)
		return leadctl_usage(leadctl_find(leadctl_store_commands, "restore"));
	g_autofree char *where = store_name(leadctl, 1, NULL);
	if (!where)
		return LEADCTL_FAILURE;
	g_autoptr(GError) error = NULL;
	struct tools_restored restored;
	struct bar bar;
	const struct copy_options options = { NULL, FALSE, tell_copy, &bar };
	bar_begin(&bar);
	gboolean done = tools_restore(argv[1], where, &options, &restored, &error);
	bar_end(&bar);
	g_autofree char *aside = restored.aside, *name = tools_name(where);
	if (!done && aside)
		fprintf(stderr, "leadctl: what was there before is now %s\n", aside);
	if (!done)
		return leadctl_fail(error);
	if (leadctl->json) {
		cJSON *object = cJSON_CreateObject();
		show_add_text(object, "store", name);
		show_add_text(object, "replaced", aside);
		add_number(object, "leads", restored.leads);
		add_number(object, "schema", restored.schema);
		leadctl_print_json(object);
		return LEADCTL_OK;
	}
	printf("%s: %" G_GINT64_FORMAT " leads, schema version %d\n", name, restored.leads,
	       restored.schema);
	if (aside)
		printf("what was there before is now %s\n", aside);
	return LEADCTL_OK;
}

const struct leadctl_command leadctl_store_commands[] = {
	{ "store check", "[--repair [--prune]] [STORE]", "does what it holds fit together?",
	  run_store_check },
	{ "store migrate", "[--dry-run] [STORE]", "bring it to this program's schema",
	  run_store_migrate },
	{ "store copy", "[--anew] FROM TO", "all of a store into an empty place", run_store_copy },
	{ "backup", "FILE", "save the store, beside the running daemon", run_backup },
	{ "restore", "FILE", "put a backup in the store's place", run_restore },
	{ NULL, NULL, NULL, NULL },
};
