/*
 * signals.c - reading signals: the generic readers of fields, and what is asked of the table.
 *
 * The rows stand in signals_mail.c and signals_people.c; a row names a record (the message, its
 * person, the account …) and a field of it, or a function that derives the value.  Everything here
 * is a function of its input and of constant tables (the index of names is made once under g_once);
 * any thread. Nothing fails: a record that is not there makes its signals unknown.
 */
#include "lead/signals.h"

#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/signals_table.h"

static const char *const TYPE_NAMES[] = { "boolean", "number", "duration", "time",
					  "choice",  "text",   "list" };

/* --- fields of records --- */

/* The record a signal's field stands in, or NULL when there is none in this input. */
static const void *
record_of(const struct signal_input *input, enum signal_record record)
{
	const struct facts *facts = input->facts;

	if (record == RECORD_KNOWN)
		return input->known;
	if (record == RECORD_ACCOUNT)
		return input->known != NULL ? input->known->account : NULL;
	if (record == RECORD_LEAD)
		return input->lead;
	if (record == RECORD_EVENT)
		return input->event;
	if (facts == NULL)
		return NULL;
	switch (record) {
	case RECORD_FACTS:
		return facts;
	case RECORD_MAIL:
		return facts->mail;
	case RECORD_TEXT:
		return facts->text;
	case RECORD_KIND:
		return facts->kind;
	case RECORD_SENDER:
		return &facts->person_sender;
	case RECORD_AUTHOR:
		return &facts->sender;
	case RECORD_PERSON:
		return facts->person;
	case RECORD_CONTENT:
		return facts->content;
	case RECORD_FORM:
		return facts->form;
	case RECORD_FORWARD:
		return facts->forward;
	default:
		return NULL;
	}
}

static struct value
text_value(const char *text)
{
	return (struct value){ .known = text != NULL && text[0] != '\0', .text = text };
}

static struct value
field_value(const struct signal *signal, const void *record)
{
	const void *field = (const char *)record + signal->offset;
	gint64 time;

	switch (signal->field) {
	case FIELD_FLAG:
		return (struct value){ .known = TRUE, .number = *(const gboolean *)field != 0 };
	case FIELD_COUNT:
		return (struct value){ .known = TRUE, .number = *(const guint *)field };
	case FIELD_REAL:
		return (struct value){ .known = TRUE, .number = *(const double *)field };
	case FIELD_INTEGER:
		/* Imported figures and times: 0 stands for not known. */
		time = *(const gint64 *)field;
		return (struct value){ .known = time != 0, .number = (double)time };
	case FIELD_TEXT:
		return text_value(*(const char *const *)field);
	default:
		return (struct value){ .known = FALSE };
	}
}

static const GPtrArray *
field_strings(const struct signal *signal, const struct signal_input *input)
{
	const void *record = record_of(input, signal->record);

	return record == NULL ? NULL
			      : *(GPtrArray *const *)(gconstpointer)((const char *)record +
								     signal->offset);
}

const char *
signals_item(const struct signal *signal, const struct signal_input *input, guint i)
{
	const GPtrArray *strings;

	if (signal->type != VALUE_LIST)
		return NULL;
	if (signal->item != NULL)
		return signal->item(input, i);
	strings = field_strings(signal, input);
	return strings != NULL && i < strings->len ? strings->pdata[i] : NULL;
}

static struct value
list_length(const struct signal *signal, const struct signal_input *input)
{
	guint length = 0;

	while (signals_item(signal, input, length) != NULL)
		length++;
	return (struct value){ .known = TRUE, .number = length };
}

struct value
signals_read(const struct signal *signal, const struct signal_input *input)
{
	struct value value = { .known = FALSE };
	const void *record;

	if (signal->type == VALUE_LIST)
		return list_length(signal, input);
	if (signal->get != NULL)
		return signal->get(input);
	record = record_of(input, signal->record);
	if (record != NULL)
		value = field_value(signal, record);
	if (!value.known && signal->field == FIELD_TEXT && signal->lead_offset != 0 &&
	    input->lead != NULL)
		value = text_value(G_STRUCT_MEMBER(char *, input->lead, signal->lead_offset));
	return value;
}

/* --- showing --- */

static char *
format_duration(double microseconds)
{
	static const struct {
		double length;
		const char *unit;
	} units[] = { { 86400e6, "days" }, { 3600e6, "hours" }, { 60e6, "minutes" } };

	for (guint i = 0; i < G_N_ELEMENTS(units); i++) {
		if (microseconds >= units[i].length * 2)
			return g_strdup_printf("%" G_GINT64_FORMAT " %s",
					       (gint64)(microseconds / units[i].length + 0.5),
					       units[i].unit);
	}
	return g_strdup_printf("%" G_GINT64_FORMAT " seconds", (gint64)(microseconds / 1e6 + 0.5));
}

/* Counts, as nearly all numbers are, without the cost of printing a fraction. */
static char *
format_number(double number)
{
	if (fabs(number) < 1e15 && number == floor(number))
		return g_strdup_printf("%" G_GINT64_FORMAT, (gint64)number);
	return g_strdup_printf("%.1f", number);
}

/* At most LIMIT_SHOWN bytes, on one line, cut at a character. */
static char *
shorten(const char *text)
{
	gsize length = text != NULL ? strlen(text) : 0;
	char *shown;

	if (length == 0)
		return NULL;
	if (length <= LIMIT_SHOWN) {
		shown = g_strdup(text);
	} else {
		const char *end = g_utf8_find_prev_char(text, text + LIMIT_SHOWN + 1);
		g_autofree char *start = g_strndup(text, end != NULL ? end - text : 0);

		shown = g_strconcat(start, "…", NULL);
	}
	return g_strdelimit(shown, "\r\n\t", ' ');
}

static char *
format_list(const struct signal *signal, const struct signal_input *input)
{
	g_autoptr(GString) joined = g_string_new(NULL);
	const char *item;

	for (guint i = 0;
	     (item = signals_item(signal, input, i)) != NULL && joined->len < LIMIT_SHOWN; i++) {
		if (i > 0)
			g_string_append(joined, ", ");
		g_string_append(joined, item);
	}
	return shorten(joined->str);
}

static char *
format_known(const struct signal *signal, struct value value)
{
	switch (signal->type) {
	case VALUE_BOOLEAN:
		return g_strdup(value.number != 0 ? "yes" : "no");
	case VALUE_DURATION:
		return format_duration(value.number);
	case VALUE_TIME: {
		char *time = clock_format((gint64)value.number);

		time[MIN(strlen(time), strlen("YYYY-MM-DD"))] = '\0';
		return time;
	}
	case VALUE_CHOICE:
		return g_strdup(signal->choices[(guint)value.number]);
	case VALUE_TEXT:
		return shorten(value.text);
	default:
		return format_number(value.number);
	}
}

char *
signals_format(const struct signal *signal, const struct signal_input *input)
{
	struct value value = { .known = FALSE };
	char *text;

	if (signal->type == VALUE_LIST) {
		text = format_list(signal, input);
	} else {
		value = signals_read(signal, input);
		text = value.known ? format_known(signal, value) : NULL;
	}
	return text != NULL ? text : g_strdup("");
}

char *
signals_evidence(const struct signal *signal, const struct signal_input *input)
{
	g_autofree char *shown = NULL;

	if (signal->evidence != NULL) {
		shown = signal->evidence(input);
		return shorten(shown);
	}
	/* That a flag is set says no more than the rule's reason. */
	if (signal->type == VALUE_BOOLEAN)
		return NULL;
	shown = signals_format(signal, input);
	if (shown[0] == '\0')
		return NULL;
	if (signal->type == VALUE_TEXT || signal->type == VALUE_LIST)
		return g_steal_pointer(&shown);
	return g_strconcat(signal->name, " ", shown, NULL);
}

/* --- the table --- */

static guint
row_count(void)
{
	return signals_mail_count + signals_people_count;
}

const struct signal *
signals_nth(guint i)
{
	if (i < signals_mail_count)
		return &signals_mail_rows[i];
	return i < row_count() ? &signals_people_rows[i - signals_mail_count] : NULL;
}

const char *
signals_name(const struct signal *signal)
{
	return signal->name;
}

enum value_type
signals_type(const struct signal *signal)
{
	return signal->type;
}

const char *
signals_doc(const struct signal *signal)
{
	return signal->doc;
}

const char *const *
signals_choices(const struct signal *signal)
{
	return signal->choices;
}

gboolean
signals_is_domain(const struct signal *signal)
{
	return (signal->flags & SIGNAL_DOMAIN) != 0;
}

gboolean
signals_is_phrases(const struct signal *signal)
{
	return (signal->flags & SIGNAL_PHRASES) != 0;
}

gboolean
signals_is_new_text(const struct signal *signal)
{
	return (signal->flags & SIGNAL_NEW_TEXT) != 0;
}

gboolean
signals_is_kind(const struct signal *signal)
{
	return (signal->flags & SIGNAL_KIND) != 0;
}

const char *
signals_type_name(enum value_type type)
{
	return (guint)type < G_N_ELEMENTS(TYPE_NAMES) ? TYPE_NAMES[type] : "unknown";
}

const struct signal *
signals_find(const char *name)
{
	static GHashTable *index;
	static gsize once;

	if (g_once_init_enter(&once)) {
		index = g_hash_table_new(g_str_hash, g_str_equal);
		for (guint i = 0; i < row_count(); i++)
			g_hash_table_insert(index, (gpointer)signals_nth(i)->name,
					    (gpointer)signals_nth(i));
		g_once_init_leave(&once, 1);
	}
	return g_hash_table_lookup(index, name);
}

/* Edits (insert, delete, replace, swap of neighbours) between names, at most 64 bytes of each. */
static guint
edit_distance(const char *a, const char *b)
{
	enum { MOST = 64 };
	guint rows[3][MOST + 1];
	guint a_length = (guint)strnlen(a, MOST), b_length = (guint)strnlen(b, MOST);

	for (guint j = 0; j <= b_length; j++)
		rows[0][j] = j;
	for (guint i = 1; i <= a_length; i++) {
		guint *row = rows[i % 3];
		const guint *above = rows[(i + 2) % 3], *above2 = rows[(i + 1) % 3];

		row[0] = i;
		for (guint j = 1; j <= b_length; j++) {
			guint best = above[j - 1] + (a[i - 1] != b[j - 1]);

			best = MIN(best, MIN(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, above2[j - 2] + 1);
			row[j] = best;
		}
	}
	return rows[a_length % 3][b_length];
}

const char *
signals_nearest_name(const char *name, const char *const *names, guint count)
{
	guint best = MAX((guint)strlen(name) / 3, 2) + 1;
	const char *nearest = NULL;

	for (guint i = 0; i < count; i++) {
		guint distance = edit_distance(name, names[i]);

		if (distance < best) {
			best = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

/* `freemail` for `sender.freemail`: the part after the dot alone is what was meant. */
static const struct signal *
find_by_last_part(const char *name)
{
	for (guint i = 0; i < row_count(); i++) {
		const char *dot = strchr(signals_nth(i)->name, '.');

		if (dot != NULL && g_ascii_strcasecmp(dot + 1, name) == 0)
			return signals_nth(i);
	}
	return NULL;
}

const struct signal *
signals_nearest(const char *name)
{
	g_autofree const char **names = g_new(const char *, row_count());
	const struct signal *signal = find_by_last_part(name);
	const char *nearest;

	if (signal != NULL)
		return signal;
	for (guint i = 0; i < row_count(); i++)
		names[i] = signals_nth(i)->name;
	nearest = signals_nearest_name(name, names, row_count());
	return nearest != NULL ? signals_find(nearest) : NULL;
}

char *
signals_to_text(void)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < row_count(); i++) {
		const struct signal *signal = signals_nth(i);

		g_string_append_printf(text, "%-28s %-9s %s", signal->name,
				       signals_type_name(signal->type), signal->doc);
		for (guint j = 0; signal->choices != NULL && signal->choices[j] != NULL; j++)
			g_string_append_printf(text, "%s%s", j == 0 ? ": " : ", ",
					       signal->choices[j]);
		g_string_append_c(text, '\n');
	}
	return g_string_free(text, FALSE);
}
