/*
 * signals_table.h - what a row of the signal table is, and how rows are written; between signals.c,
 * signals_mail.c and signals_people.c.
 */
#ifndef LEADMILTER_SIGNALS_TABLE_H
#define LEADMILTER_SIGNALS_TABLE_H

#include <string.h>

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
	RECORD_LEAD,
	RECORD_EVENT
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

/* --- values --- */

static inline struct value
number(double value)
{
	return (struct value){ .known = TRUE, .number = value };
}

static inline struct value
choice(guint value, const char *const *names)
{
	return (struct value){ .known = value < g_strv_length((char **)names), .number = value };
}

static inline struct value
named_choice(const char *name, const char *const *names)
{
	for (guint i = 0; name != NULL && names[i] != NULL; i++) {
		if (strcmp(name, names[i]) == 0)
			return number(i);
	}
	return (struct value){ .known = FALSE };
}

static inline struct value
text(const char *value)
{
	return (struct value){ .known = value != NULL && value[0] != '\0', .text = value };
}

#define UNKNOWN ((struct value){ .known = FALSE })

static inline const struct content *
content_of(const struct signal_input *input)
{
	return input->facts != NULL ? input->facts->content : NULL;
}

/* What this mail says, or else the card. */
static inline const char *
either(const char *here, const char *there)
{
	return here != NULL && here[0] != '\0' ? here : there;
}

/* --- rows --- */

/* clang-format off */
#define OFFSET(record, member) G_STRUCT_OFFSET(struct record, member)
#define FIELD(name, type, RECORD, FIELD, record, member, doc) \
	{ name, VALUE_##type, RECORD_##RECORD, FIELD_##FIELD, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, 0, doc }
#define FLAG(name, RECORD, record, member, evidence, doc) \
	{ name, VALUE_BOOLEAN, RECORD_##RECORD, FIELD_FLAG, OFFSET(record, member), \
	  0, NULL, NULL, evidence, NULL, 0, doc }
#define DOMAIN(name, RECORD, record, member, doc) \
	{ name, VALUE_TEXT, RECORD_##RECORD, FIELD_TEXT, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, SIGNAL_DOMAIN, doc }
#define PERSON(name, member, lead_member, doc) \
	{ name, VALUE_TEXT, RECORD_PERSON, FIELD_TEXT, OFFSET(person, member), \
	  OFFSET(lead, lead_member), NULL, NULL, NULL, NULL, 0, doc }
#define DERIVED(name, type, get, evidence, doc) \
	{ name, VALUE_##type, RECORD_NONE, FIELD_NONE, 0, 0, get, NULL, evidence, NULL, 0, doc }
#define CHOICE(name, get, evidence, choices, flags, doc) \
	{ name, VALUE_CHOICE, RECORD_NONE, FIELD_NONE, 0, 0, get, NULL, evidence, choices, flags, doc }
#define ITEMS(name, item, flags, doc) \
	{ name, VALUE_LIST, RECORD_NONE, FIELD_NONE, 0, 0, NULL, item, NULL, NULL, flags, doc }
#define STRINGS(name, RECORD, record, member, doc) \
	{ name, VALUE_LIST, RECORD_##RECORD, FIELD_STRINGS, OFFSET(record, member), \
	  0, NULL, NULL, NULL, NULL, 0, doc }
/* clang-format on */

extern const struct signal signals_mail_rows[];
extern const guint signals_mail_count;
extern const struct signal signals_people_rows[];
extern const guint signals_people_count;

#endif
