/*
 * signals_table.h - what a row of the signal table is; between signals.c and signals_table.c.
 */
#ifndef LEADMILTER_SIGNALS_TABLE_H
#define LEADMILTER_SIGNALS_TABLE_H

#include "lead/signals.h"

/* Where a field stands. */
enum signal_record {
	RECORD_NONE, /* the value is derived by a function */
	RECORD_FACTS,
	RECORD_MAIL,
	RECORD_TEXT,
	RECORD_KIND,
	RECORD_SENDER, /* of the address the person is reached at */
	RECORD_AUTHOR, /* of the From field */
	RECORD_PERSON,
	RECORD_CONTENT,
	RECORD_FORM,
	RECORD_FORWARD,
	RECORD_KNOWN,
	RECORD_ACCOUNT,
	RECORD_LEAD
};

/* How it is stored there. */
enum signal_field {
	FIELD_NONE,
	FIELD_FLAG, /* gboolean */
	FIELD_COUNT, /* guint */
	FIELD_REAL, /* double */
	FIELD_INTEGER, /* gint64; 0 is unknown */
	FIELD_TEXT, /* char *; NULL and "" are unknown */
	FIELD_STRINGS /* GPtrArray of char * */
};

enum signal_flag {
	SIGNAL_DOMAIN = 1 << 0,
	SIGNAL_PHRASES = 1 << 1,
	SIGNAL_NEW_TEXT = 1 << 2,
	SIGNAL_KIND = 1 << 3
};

struct signal {
	const char *name;
	enum value_type type;
	enum signal_record record;
	enum signal_field field;
	gsize offset;
	gsize lead_offset; /* the card's field that stands in when the mail shows none; 0 none */
	struct value (*get)(const struct signal_input *input); /* instead of a field, or NULL */
	const char *(*item)(const struct signal_input *input, guint i); /* of a list, or NULL */
	char *(*evidence)(const struct signal_input *input); /* or NULL: the value itself */
	const char *const *choices;
	guint flags;
	const char *doc;
};

extern const struct signal signals_rows[];
extern const guint signals_row_count;

#endif
