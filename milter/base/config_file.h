/*
 * config_file.h - a configuration file as parts (itself and its sections) that fill structs by the
 * option table.  Private to config.c and config_scorecard.c.
 *
 * Every message begins with "file:line: ".  A file being read and its parts exist while `fill`
 * runs, on one thread.
 */
#ifndef LEADMILTER_CONFIG_FILE_H
#define LEADMILTER_CONFIG_FILE_H

#include <glib.h>

struct config_file;
struct config_part; /* the file as a whole, or one of its sections */

/**
 * Parse a file and let `fill` take what it needs.
 * @param top section of the option table for what stands outside of sections
 * @param sections names of those that may follow, NULL-terminated
 */
gboolean config_file_read(const char *path, const char *top, const char *const *sections,
			  gboolean (*fill)(struct config_file *file, struct config_part *whole,
					   void *target, GError **error),
			  void *target, GError **error);
/** For `fill`, before it takes anything: secrets that stand elsewhere are not read. */
void config_file_leave_secrets(struct config_file *file);
const char *config_file_path(const struct config_file *file);
/** Absolute: what paths in the file are relative to. */
const char *config_file_directory(const struct config_file *file);

const char *config_part_title(struct config_part *part);
/** How many sections of that name there are, and one of them. */
guint config_part_count(struct config_part *part, const char *section);
struct config_part *config_part_nth(struct config_part *part, const char *section, guint i);
/** Copy the values of a part into its struct, by the rows of `section`. */
gboolean config_part_read(struct config_file *file, struct config_part *part, const char *section,
			  void *target, GError **error);
/** Of an option, or (NULL) of the part's end; 0 when it isn't written. */
int config_part_line(const struct config_file *file, struct config_part *part, const char *option);
/** Sets the error, naming the place. @return FALSE */
gboolean config_part_problem(const struct config_file *file, struct config_part *part,
			     const char *option, GError **error, const char *format, ...)
	G_GNUC_PRINTF(5, 6);

#endif
