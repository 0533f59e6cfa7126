/* metrics_host.c - see metrics_host.h.  The names process_* are those of all Prometheus clients. */
#include "metrics_host.h"

#include "base/exposition.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- the process --- */

static double
cpu_seconds(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_SELF, &usage) != 0)
		return 0;
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static double
resident_bytes(void)
{
	unsigned long size = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "re");

	if (!file)
		return 0;
	if (fscanf(file, "%lu %lu", &size, &resident) != 2)
		resident = 0;
	fclose(file);
	return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

static guint
open_files(void)
{
	g_autoptr(GDir) files = g_dir_open("/proc/self/fd", 0, NULL);
	guint count = 0;

	while (files && g_dir_read_name(files))
		count++;
	return count ? count - 1 : 0; /* the listing's own */
}

static double
most_files(void)
{
	struct rlimit limit = { 0 };

	getrlimit(RLIMIT_NOFILE, &limit);
	return (double)limit.rlim_cur;
}

static void
write_process(GString *out)
{
	exposition_single(out, "process_cpu_seconds_total", "counter",
			  "User and system CPU time of the daemon.", cpu_seconds());
	exposition_single(out, "process_resident_memory_bytes", "gauge", "Resident memory.",
			  resident_bytes());
	exposition_single(out, "process_open_fds", "gauge", "Open file descriptors.", open_files());
	exposition_single(out, "process_max_fds", "gauge", "File descriptors it may open.",
			  most_files());
}

/* --- disks --- */

/* @return NULL for a store that is no file here; caller frees */
static char *
store_directory(const struct config *config)
{
	const char *path = config->store;

	if (g_str_has_prefix(path, "sqlite:"))
		path += strlen("sqlite:");
	return *path == '/' ? g_path_get_dirname(path) : NULL;
}

static void
write_disks(const struct config *config, GString *out)
{
	g_autofree char *store = store_directory(config);
	static const struct {
		const char *name, *help;
	} METRICS[] = {
		{ "leadmilter_filesystem_size_bytes", "Size of the file system of a directory." },
		{ "leadmilter_filesystem_free_bytes", "What is left of it." },
		{ "leadmilter_filesystem_size_files", "Files it can hold; 0: any number." },
		{ "leadmilter_filesystem_free_files", "How many more it can hold." },
	};
	const struct {
		const char *label, *path;
	} places[] = { { "store", store }, { "spool", config->spool_directory } };
	struct statvfs disks[G_N_ELEMENTS(places)];
	gboolean known[G_N_ELEMENTS(places)];

	for (guint p = 0; p < G_N_ELEMENTS(places); p++)
		known[p] = places[p].path && statvfs(places[p].path, &disks[p]) == 0;
	for (guint i = 0; i < G_N_ELEMENTS(METRICS); i++) {
		exposition_head(out, METRICS[i].name, "gauge", METRICS[i].help);
		for (guint p = 0; p < G_N_ELEMENTS(places); p++) {
			const struct statvfs *disk = &disks[p];

			if (!known[p])
				continue;
			const double values[] = {
				(double)disk->f_blocks * (double)disk->f_frsize,
				(double)disk->f_bavail * (double)disk->f_frsize,
				(double)disk->f_files,
				(double)disk->f_favail,
			};
			exposition_labelled(out, METRICS[i].name, "directory", places[p].label,
					    values[i]);
		}
	}
}

/* --- lists --- */

static void
write_lists(const struct config *config, GString *out)
{
	const struct {
		const char *label, *path;
	} lists[] = {
		{ "freemail", config->freemail_list }, { "disposable", config->disposable_list },
		{ "relay", config->relay_list },       { "role", config->role_list },
		{ "isp", config->isp_list },
	};

	exposition_head(out, "leadmilter_list_modified_timestamp_seconds", "gauge",
			"When the file of a list was written.");
	for (guint i = 0; i < G_N_ELEMENTS(lists); i++) {
		struct stat info;

		if (lists[i].path && stat(lists[i].path, &info) == 0)
			exposition_labelled(out, "leadmilter_list_modified_timestamp_seconds",
					    "list", lists[i].label, (double)info.st_mtime);
	}
}

void
metrics_host_write(const struct config *first, const struct config *present, GString *out)
{
	write_process(out);
	write_disks(first, out);
	write_lists(present, out);
}
