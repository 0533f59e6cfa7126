/*
 * config_options.h - the one table of options: what the parser accepts, checks, and the manual
 * lists.
 *
 * Private to the files of this layer that are named config*.  A row says where an option stands
 * (section), its type, default, permitted values and the struct member it fills.
 */
#ifndef LEADMILTER_CONFIG_OPTIONS_H
#define LEADMILTER_CONFIG_OPTIONS_H

#include "base/config.h"

enum option_type {
	OPTION_STRING, /* char *, NULL when empty */
	OPTION_PATH, /* char *, made absolute against the file's directory; NULL when empty */
	OPTION_LIST, /* GPtrArray of char * */
	OPTION_PATHS, /* the same, made absolute */
	OPTION_SECRET, /* char * that may stand elsewhere (secret.h); NULL when empty */
	OPTION_SECRETS, /* GPtrArray of char *, each of which may */
	OPTION_FIELDS, /* GPtrArray of char *, header fields whose values may */
	OPTION_SETTINGS, /* the same, "name=value" */
	OPTION_NETWORKS, /* GPtrArray of GInetAddressMask *, a reference each */
	OPTION_UNSIGNED, /* guint */
	OPTION_BYTES, /* gint64 */
	OPTION_MODE, /* guint, octal string */
	OPTION_BOOLEAN, /* gboolean */
	OPTION_FLOAT, /* double; NAN for "" */
	OPTION_TIME, /* gint64 microseconds, 0 for "" */
	OPTION_DURATION /* gint64 microseconds: "90m"; least and most are in seconds */
};

struct option_row {
	const char *section; /* "" top level of leadmilter.conf, "card" top level of a scorecard */
	const char *name;
	enum option_type type;
	const char *fallback;
	gsize offset; /* of the member in the section's struct */
	const char *choices; /* "fit|engagement", or NULL */
	double least, most; /* for numbers; both 0: any */
};

extern const struct option_row option_rows[];
extern const guint option_row_count;

/** A file's text, comments blanked. @return NULL with ERROR_CONFIG naming path and line; caller
 *  frees */
char *config_text(const char *path, GError **error);
/** Free what the rows of a section fill. */
void config_section_clear(const char *section, void *target);
/** Fill a member with its row's default (a list with nothing). */
void config_fallback(const struct option_row *row, void *member);
/** Paths of lists, phrases and scorecard that were not set; host name and log level.
 *  @param beside the configuration file's directory, or NULL */
void config_complete(struct config *config, const char *beside);

#endif
