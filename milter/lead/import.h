/*
 * import.h - rows of a table as records: accounts, customers, owners, touches, outcomes.
 *
 * One table of columns per kind says what each is called (with the names other programs give it),
 * how its text is read and where it goes; it drives the mapping of a file's header, the checks,
 * and the manual.  leadctl reads files with it, the daemon reads the rows of a request with it
 * again. Pure; any thread.
 */
#ifndef LEADMILTER_IMPORT_H
#define LEADMILTER_IMPORT_H

#include "lead/lead.h"

enum import_kind {
	IMPORT_ACCOUNTS, /* struct account */
	IMPORT_CUSTOMERS, /* struct customer */
	IMPORT_OWNERS, /* struct owner */
	IMPORT_TOUCHES, /* struct import_touch */
	IMPORT_OUTCOMES, /* struct import_outcome */
	IMPORT_KIND_COUNT
};

const char *import_kind_name(enum import_kind kind); /* "accounts" … */
gboolean import_kind_from_name(const char *name, enum import_kind *ret_kind);

#define IMPORT_MOST_COLUMNS 12
#define IMPORT_UNSAID (-1) /* `target` and `customer` of an account that the row leaves open */

struct import_touch {
	char *touch, *address, *phone, *person, *note, *campaign, *id; /* or NULL */
	gint64 time; /* 0: not said */
};

struct import_outcome {
	char *lead, *address, *what, *value, *reason, *customer, *id; /* or NULL */
	gint64 time; /* 0: not said */
};

/** Name of column `i` of a kind, from 0; NULL past the end. */
const char *import_column(enum import_kind kind, guint i);
/** What stands in it, for people. */
const char *import_column_doc(enum import_kind kind, guint i);

/* --- the header of a file --- */

struct import_plan {
	enum import_kind kind;
	int cell[IMPORT_MOST_COLUMNS]; /* of each column: the place in a row, -1 when there is none
					*/
	GPtrArray *ignored; /* char *: headers that no column has, in their order */
};

/**
 * Find out which column of a file is which.
 * @param header char *; case, spaces and punctuation of names don't matter
 * @param mappings "column=header" by hand, NULL-terminated, or NULL
 * @return NULL with ERROR_INPUT: a needed column is missing, one is there twice, a mapping names
 *         what is not there.  Caller frees.
 */
struct import_plan *import_plan_new(enum import_kind kind, const GPtrArray *header,
				    const char *const *mappings, GError **error);
void import_plan_free(struct import_plan *plan);
typedef struct import_plan import_plan_owned;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(import_plan_owned, import_plan_free)

/** The cells of a row in the order of the kind's columns, "" where the file has none.
 *  @param ret room for IMPORT_MOST_COLUMNS, filled with pointers into `fields` */
void import_plan_pick(const struct import_plan *plan, const GPtrArray *fields, const char **ret);

/* --- a row --- */

struct import_context {
	const char *default_region; /* of phones without a country, or NULL */
	/** Registrable domain of a host name (either form), or NULL; caller frees.  NULL: the host
	 *  name itself is taken */
	char *(*registrable)(const char *host, gpointer data);
	/** Address of the one owner of that name, or NULL; caller frees.  NULL: nobody is known */
	char *(*owner)(const char *name, gpointer data);
	/** Told what is left out of a row that is taken, as an error is written; or NULL */
	void (*note)(const char *what, gpointer data);
	gpointer data;
};

/**
 * Read a row.
 * @param cells one per column of the kind, "" (or NULL) for nothing
 * @return the kind's record, or NULL with ERROR_INPUT "column: what is wrong, expected what";
 *         free with import_record_free()
 */
gpointer import_read(enum import_kind kind, const char *const *cells,
		     const struct import_context *context, GError **error);
void import_record_free(enum import_kind kind, gpointer record);
/** The kind's records' destructor, for a GPtrArray. */
GDestroyNotify import_record_destroy(enum import_kind kind);

#endif
