/* fuzz-import.c - bytes as a table of the kind its first byte says: rows and records are bounded,
 * every error has its place, and what is read is one line of valid UTF-8. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/csvfile.h"
#include "base/limits.h"
#include "lead/import.h"

static void
check_text(const char *text)
{
	if (text && (!g_utf8_validate(text, -1, NULL) || strpbrk(text, "\r\n")))
		abort();
}

static void
check_record(enum import_kind kind, gpointer record)
{
	const struct account *account = record;
	const struct import_touch *touch = record;

	if (kind == IMPORT_ACCOUNTS) {
		check_text(account->company);
		if (!account->domain || account->domains->len > LIMIT_IMPORT_VALUES)
			abort();
	} else if (kind == IMPORT_TOUCHES) {
		check_text(touch->touch);
		check_text(touch->note);
		check_text(touch->address);
	}
}

static void
read_rows(struct csvfile *file, const struct import_plan *plan)
{
	const struct import_context context = { .default_region = "GB" };
	const char *cells[IMPORT_MOST_COLUMNS];
	const GPtrArray *fields = NULL;
	enum csvfile_result result;
	guint line = 0;

	for (;;) {
		g_autoptr(GError) error = NULL;
		result = csvfile_next(file, &fields, &error);
		if ((result == CSVFILE_ROW) != !error && result != CSVFILE_END)
			abort();
		if (result == CSVFILE_END || result == CSVFILE_FAILED)
			return;
		if (csvfile_line(file) <= line)
			abort();
		line = csvfile_line(file);
		if (result == CSVFILE_BAD || !plan)
			continue;
		import_plan_pick(plan, fields, cells);
		gpointer record = import_read(plan->kind, cells, &context, &error);
		if (!record != !!error)
			abort();
		if (record)
			check_record(plan->kind, record);
		import_record_free(plan->kind, record);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1)
		return 0;
	g_autofree char *path = NULL;
	int fd = memfd_create("table", 0);
	if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)size - 1)
		return 0;
	path = g_strdup_printf("/proc/self/fd/%d", fd);
	g_autoptr(GError) error = NULL;
	g_autoptr(csvfile_owned) file = csvfile_open(path, &error);
	close(fd);
	if (!file != !!error)
		abort();
	if (!file)
		return 0;
	g_autoptr(import_plan_owned) plan =
		import_plan_new(data[0] % IMPORT_KIND_COUNT, csvfile_header(file), NULL, NULL);
	read_rows(file, plan);
	return 0;
}
