/*
 * lead.c - the records of the domain: making, copying and freeing them, and their names.
 *
 * Owns nothing but the values it is given; any thread.  Strings of a record are rows of a table of
 * offsets, so that a new field is copied and freed by being listed.  Arrays of a
 * record are never NULL.
 */
#include "lead/lead.h"

#include <string.h>

#include "lead/summary.h"

static const char *const STAGE_NAMES[STAGE_COUNT] = {
	"interest", "nql", "eql", "mql", "sal", "sql", "customer", "disqualified", "recycled",
};
static const char *const DIMENSION_NAMES[DIMENSION_COUNT] = { "fit", "engagement", "quality" };
static const char *const TEMPERATURE_NAMES[] = { "cold", "warm", "hot" };

static const gsize LEAD_STRINGS[] = {
	G_STRUCT_OFFSET(struct lead, id),
	G_STRUCT_OFFSET(struct lead, address),
	G_STRUCT_OFFSET(struct lead, normalised),
	G_STRUCT_OFFSET(struct lead, name),
	G_STRUCT_OFFSET(struct lead, prefix),
	G_STRUCT_OFFSET(struct lead, first_name),
	G_STRUCT_OFFSET(struct lead, last_name),
	G_STRUCT_OFFSET(struct lead, title),
	G_STRUCT_OFFSET(struct lead, rank),
	G_STRUCT_OFFSET(struct lead, company),
	G_STRUCT_OFFSET(struct lead, country),
	G_STRUCT_OFFSET(struct lead, language),
	G_STRUCT_OFFSET(struct lead, phone),
	G_STRUCT_OFFSET(struct lead, account),
	G_STRUCT_OFFSET(struct lead, scorecard),
	G_STRUCT_OFFSET(struct lead, stage_cause),
	G_STRUCT_OFFSET(struct lead, owner),
	G_STRUCT_OFFSET(struct lead, owner_reason),
	G_STRUCT_OFFSET(struct lead, source),
	G_STRUCT_OFFSET(struct lead, source_mailbox),
	G_STRUCT_OFFSET(struct lead, source_tag),
	G_STRUCT_OFFSET(struct lead, source_form),
	G_STRUCT_OFFSET(struct lead, source_campaign),
	G_STRUCT_OFFSET(struct lead, source_forwarder),
	G_STRUCT_OFFSET(struct lead, source_referrer),
	G_STRUCT_OFFSET(struct lead, linked),
	G_STRUCT_OFFSET(struct lead, merged_into),
	G_STRUCT_OFFSET(struct lead, customer),
	G_STRUCT_OFFSET(struct lead, task),
};
static const gsize LEAD_ARRAYS[] = {
	G_STRUCT_OFFSET(struct lead, phones),
	G_STRUCT_OFFSET(struct lead, urls),
	G_STRUCT_OFFSET(struct lead, possible_duplicates),
	G_STRUCT_OFFSET(struct lead, duplicate_reasons),
	G_STRUCT_OFFSET(struct lead, addresses),
	G_STRUCT_OFFSET(struct lead, apart),
};
static const gsize TOUCH_STRINGS[] = {
	G_STRUCT_OFFSET(struct touch, name),        G_STRUCT_OFFSET(struct touch, direction),
	G_STRUCT_OFFSET(struct touch, message_key), G_STRUCT_OFFSET(struct touch, message_id),
	G_STRUCT_OFFSET(struct touch, subject),     G_STRUCT_OFFSET(struct touch, mailbox),
	G_STRUCT_OFFSET(struct touch, note),        G_STRUCT_OFFSET(struct touch, excerpt),
	G_STRUCT_OFFSET(struct touch, author),      G_STRUCT_OFFSET(struct touch, origin),
};
static const gsize ACCOUNT_STRINGS[] = {
	G_STRUCT_OFFSET(struct account, domain),   G_STRUCT_OFFSET(struct account, company),
	G_STRUCT_OFFSET(struct account, industry), G_STRUCT_OFFSET(struct account, country),
	G_STRUCT_OFFSET(struct account, owner),
};
static const gsize OWNER_STRINGS[] = {
	G_STRUCT_OFFSET(struct owner, address),
	G_STRUCT_OFFSET(struct owner, name),
	G_STRUCT_OFFSET(struct owner, team),
	G_STRUCT_OFFSET(struct owner, substitute),
};
static const gsize OWNER_ARRAYS[] = {
	G_STRUCT_OFFSET(struct owner, languages),
	G_STRUCT_OFFSET(struct owner, countries),
	G_STRUCT_OFFSET(struct owner, products),
};
static const gsize CUSTOMER_STRINGS[] = {
	G_STRUCT_OFFSET(struct customer, id),      G_STRUCT_OFFSET(struct customer, address),
	G_STRUCT_OFFSET(struct customer, name),    G_STRUCT_OFFSET(struct customer, phone),
	G_STRUCT_OFFSET(struct customer, company), G_STRUCT_OFFSET(struct customer, account),
	G_STRUCT_OFFSET(struct customer, owner),
};
static const gsize OUTCOME_STRINGS[] = {
	G_STRUCT_OFFSET(struct lead_outcome, what),
	G_STRUCT_OFFSET(struct lead_outcome, reason),
	G_STRUCT_OFFSET(struct lead_outcome, source),
	G_STRUCT_OFFSET(struct lead_outcome, snapshot),
};
static const gsize EVENT_STRINGS[] = {
	G_STRUCT_OFFSET(struct event, id),      G_STRUCT_OFFSET(struct event, type),
	G_STRUCT_OFFSET(struct event, lead),    G_STRUCT_OFFSET(struct event, body),
	G_STRUCT_OFFSET(struct event, mailbox),
};

static void
free_strings(gpointer record, const gsize *offsets, guint count)
{
	for (guint i = 0; i < count; i++)
		g_free(G_STRUCT_MEMBER(char *, record, offsets[i]));
}

/* After a structure assignment both records share their strings: give `record` its own. */
static void
own_strings(gpointer record, const gsize *offsets, guint count)
{
	for (guint i = 0; i < count; i++) {
		char **string = &G_STRUCT_MEMBER(char *, record, offsets[i]);

		*string = g_strdup(*string);
	}
}

static gpointer
copy_string(gconstpointer string, G_GNUC_UNUSED gpointer data)
{
	return g_strdup(string);
}

/* --- records --- */

struct lead *
lead_new(void)
{
	struct lead *lead = g_new0(struct lead, 1);

	for (guint i = 0; i < G_N_ELEMENTS(LEAD_ARRAYS); i++)
		G_STRUCT_MEMBER(GPtrArray *, lead, LEAD_ARRAYS[i]) =
			g_ptr_array_new_with_free_func(g_free);
	lead->scores = g_ptr_array_new_with_free_func((GDestroyNotify)lead_score_free);
	lead->grade = 'D';
	return lead;
}

static gpointer
copy_score(gconstpointer score, G_GNUC_UNUSED gpointer data)
{
	return lead_score_copy(score);
}

struct lead *
lead_copy(const struct lead *lead)
{
	struct lead *copy;

	if (lead == NULL)
		return NULL;
	copy = g_new(struct lead, 1);
	*copy = *lead;
	own_strings(copy, LEAD_STRINGS, G_N_ELEMENTS(LEAD_STRINGS));
	for (guint i = 0; i < G_N_ELEMENTS(LEAD_ARRAYS); i++) {
		GPtrArray **array = &G_STRUCT_MEMBER(GPtrArray *, copy, LEAD_ARRAYS[i]);

		*array = *array != NULL ? g_ptr_array_copy(*array, copy_string, NULL)
					: g_ptr_array_new();
		g_ptr_array_set_free_func(*array, g_free);
	}
	copy->scores = copy->scores != NULL ? g_ptr_array_copy(copy->scores, copy_score, NULL)
					    : g_ptr_array_new();
	g_ptr_array_set_free_func(copy->scores, (GDestroyNotify)lead_score_free);
	return copy;
}

void
lead_free(struct lead *lead)
{
	if (lead == NULL)
		return;
	free_strings(lead, LEAD_STRINGS, G_N_ELEMENTS(LEAD_STRINGS));
	for (guint i = 0; i < G_N_ELEMENTS(LEAD_ARRAYS); i++)
		g_clear_pointer(&G_STRUCT_MEMBER(GPtrArray *, lead, LEAD_ARRAYS[i]),
				g_ptr_array_unref);
	g_clear_pointer(&lead->scores, g_ptr_array_unref);
	g_free(lead);
}

struct touch *
touch_new(void)
{
	struct touch *touch = g_new0(struct touch, 1);

	touch->latency = -1;
	touch->working_latency = -1;
	touch->contributions = g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
	return touch;
}

void
touch_free(struct touch *touch)
{
	if (touch == NULL)
		return;
	free_strings(touch, TOUCH_STRINGS, G_N_ELEMENTS(TOUCH_STRINGS));
	g_clear_pointer(&touch->contributions, g_ptr_array_unref);
	summary_free(touch->summary);
	g_free(touch);
}

struct account *
account_new(void)
{
	struct account *account = g_new0(struct account, 1);

	account->domains = g_ptr_array_new_with_free_func(g_free);
	return account;
}

void
account_free(struct account *account)
{
	if (account == NULL)
		return;
	free_strings(account, ACCOUNT_STRINGS, G_N_ELEMENTS(ACCOUNT_STRINGS));
	g_clear_pointer(&account->domains, g_ptr_array_unref);
	g_free(account);
}

struct owner *
owner_new(void)
{
	struct owner *owner = g_new0(struct owner, 1);

	for (guint i = 0; i < G_N_ELEMENTS(OWNER_ARRAYS); i++)
		G_STRUCT_MEMBER(GPtrArray *, owner, OWNER_ARRAYS[i]) =
			g_ptr_array_new_with_free_func(g_free);
	owner->weight = 1;
	return owner;
}

void
owner_free(struct owner *owner)
{
	if (owner == NULL)
		return;
	free_strings(owner, OWNER_STRINGS, G_N_ELEMENTS(OWNER_STRINGS));
	for (guint i = 0; i < G_N_ELEMENTS(OWNER_ARRAYS); i++)
		g_clear_pointer(&G_STRUCT_MEMBER(GPtrArray *, owner, OWNER_ARRAYS[i]),
				g_ptr_array_unref);
	g_free(owner);
}

struct customer *
customer_new(void)
{
	return g_new0(struct customer, 1);
}

void
customer_free(struct customer *customer)
{
	if (customer == NULL)
		return;
	free_strings(customer, CUSTOMER_STRINGS, G_N_ELEMENTS(CUSTOMER_STRINGS));
	g_free(customer);
}

void
lead_outcome_free(struct lead_outcome *outcome)
{
	if (outcome == NULL)
		return;
	free_strings(outcome, OUTCOME_STRINGS, G_N_ELEMENTS(OUTCOME_STRINGS));
	g_free(outcome);
}

void
event_free(struct event *event)
{
	if (event == NULL)
		return;
	free_strings(event, EVENT_STRINGS, G_N_ELEMENTS(EVENT_STRINGS));
	g_free(event);
}

/* --- names --- */

gboolean
lead_put_text(char **field, const char *value)
{
	char *copy;

	if (value == NULL || *value == '\0' || g_strcmp0(*field, value) == 0)
		return FALSE;
	copy = g_strdup(value); /* may be a part of the field */
	g_free(*field);
	*field = copy;
	return TRUE;
}

gboolean
lead_add_text(GPtrArray *list, const char *value, guint most)
{
	if (value == NULL || list->len >= most ||
	    g_ptr_array_find_with_equal_func(list, value, g_str_equal, NULL))
		return FALSE;
	g_ptr_array_add(list, g_strdup(value));
	return TRUE;
}

const char *
stage_name(enum stage stage)
{
	return (guint)stage < STAGE_COUNT ? STAGE_NAMES[stage] : "unknown";
}

gboolean
stage_from_name(const char *name, enum stage *ret_stage)
{
	for (guint i = 0; name != NULL && i < STAGE_COUNT; i++) {
		if (g_ascii_strcasecmp(name, STAGE_NAMES[i]) == 0) {
			*ret_stage = (enum stage)i;
			return TRUE;
		}
	}
	return FALSE;
}

const char *
dimension_name(enum dimension dimension)
{
	return (guint)dimension < DIMENSION_COUNT ? DIMENSION_NAMES[dimension] : "unknown";
}

const char *
temperature_name(enum temperature temperature)
{
	return (guint)temperature < G_N_ELEMENTS(TEMPERATURE_NAMES) ? TEMPERATURE_NAMES[temperature]
								    : "unknown";
}
