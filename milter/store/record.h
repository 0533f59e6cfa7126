/*
 * record.h - the values of lead.h as rows: one table of columns per record drives the SQL text,
 * what is bound and what is read, so that a new field is one line.
 */
#ifndef LEADMILTER_RECORD_H
#define LEADMILTER_RECORD_H

#include "store/driver.h"

struct record_field;

struct record {
	const struct record_field *fields;
	guint count;
};

extern const struct record record_lead, record_touch, record_delivery, record_owner, record_account;
/* record_lead without its id: that never changes, and updating it would rewrite its index. */
extern const struct record record_lead_state;

/** "a, b, c", each with `prefix` before it ("l.", or ""). */
char *record_columns(const struct record *record, const char *prefix);
/** "?2, ?3", one per column, numbered from `first`. */
char *record_values(const struct record *record, int first);
/** "a=?2, b=?3". */
char *record_assignments(const struct record *record, int first);

/** Bind all fields from parameter `first` on.  `value` must stay until the step. */
void record_bind(const struct record *record, const struct driver *driver,
		 struct driver_statement *statement, int first, const void *value);
/** Read all columns from `first` on into `value`, which is fresh from its _new(). */
void record_read(const struct record *record, const struct driver *driver,
		 struct driver_statement *statement, int first, void *value);

/** All columns of a value as members of the object that is open in `out`. */
void record_to_json(const struct record *record, const void *value, GString *out);

#endif
