/*
 * lead.c - the records of the domain: making, copying and freeing them, their names, and
 * contributions as JSON for the ledger.
 *
 * Owns nothing but the values it is given; any thread.  Strings of a record are rows of a table of
 * offsets, so that a new field is copied and freed by being listed.  Arrays of a
 * record are never NULL.  The JSON of contributions is what the store keeps of a score: it
 * holds what a rule gave (raw points, half-life, time), never what it is worth today, since that
 * is a function of the time (score.h).  It is written with json.h, since every message of a lead
 * writes one, and in letters, since every byte of it goes to the disk twice: rule r, group g,
 * why (reason) w, evidence e, dimension d (0 left out), explicit x, property p, raw points n,
 * half-life h, time t (left out when it is that of the one before).  Reading it back believes
 * nothing: text of the wrong shape is an ERROR_STORE, unknown keys are left out, numbers are
 * brought into their range.
 */
#include "lead/lead.h"

#include <math.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/error.h"
#include "lead/json.h"

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
static const gsize CONTRIBUTION_STRINGS[] = {
	G_STRUCT_OFFSET(struct contribution, rule),
	G_STRUCT_OFFSET(struct contribution, card),
	G_STRUCT_OFFSET(struct contribution, group),
	G_STRUCT_OFFSET(struct contribution, reason),
	G_STRUCT_OFFSET(struct contribution, evidence),
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
	G_STRUCT_OFFSET(struct event, id),
	G_STRUCT_OFFSET(struct event, type),
	G_STRUCT_OFFSET(struct event, lead),
	G_STRUCT_OFFSET(struct event, body),
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

struct lead_score *
lead_score_new(void)
{
	struct lead_score *score = g_new0(struct lead_score, 1);

	score->grade = 'D';
	return score;
}

struct lead_score *
lead_score_copy(const struct lead_score *score)
{
	struct lead_score *copy = g_new(struct lead_score, 1);

	*copy = *score;
	copy->card = g_strdup(score->card);
	return copy;
}

void
lead_score_free(struct lead_score *score)
{
	if (score == NULL)
		return;
	g_free(score->card);
	g_free(score);
}

struct lead_score *
lead_score_of(const struct lead *lead, const char *card)
{
	for (guint i = 0; card != NULL && i < lead->scores->len; i++) {
		struct lead_score *score = lead->scores->pdata[i];

		if (g_strcmp0(score->card, card) == 0)
			return score;
	}
	return NULL;
}

struct contribution *
contribution_new(void)
{
	struct contribution *contribution = g_new0(struct contribution, 1);

	contribution->value = 1;
	return contribution;
}

void
contribution_free(struct contribution *contribution)
{
	if (contribution == NULL)
		return;
	free_strings(contribution, CONTRIBUTION_STRINGS, G_N_ELEMENTS(CONTRIBUTION_STRINGS));
	g_free(contribution);
}

static GPtrArray *
contributions_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
}

struct touch *
touch_new(void)
{
	struct touch *touch = g_new0(struct touch, 1);

	touch->latency = -1;
	touch->working_latency = -1;
	touch->contributions = contributions_new();
	return touch;
}

void
touch_free(struct touch *touch)
{
	if (touch == NULL)
		return;
	free_strings(touch, TOUCH_STRINGS, G_N_ELEMENTS(TOUCH_STRINGS));
	g_clear_pointer(&touch->contributions, g_ptr_array_unref);
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

/* --- contributions as JSON --- */

static void
put_text(GString *out, const char *key, const char *value)
{
	if (value != NULL)
		json_string(out, key, value, G_MAXSIZE - 1);
}

/* Those of one touch have one time mostly: only another one than before is written. */
static void
put_contribution(GString *out, const struct contribution *contribution, gint64 before)
{
	json_open(out, NULL, '{');
	put_text(out, "r", contribution->rule);
	put_text(out, "g", contribution->group);
	put_text(out, "w", contribution->reason);
	put_text(out, "e", contribution->evidence);
	if (contribution->dimension != DIMENSION_FIT)
		json_integer(out, "d", contribution->dimension);
	if (contribution->is_explicit)
		json_integer(out, "x", 1);
	if (contribution->is_property)
		json_integer(out, "p", 1);
	json_exact(out, "n", contribution->raw);
	if (contribution->half_life_days > 0)
		json_exact(out, "h", contribution->half_life_days);
	if (contribution->time != before)
		json_integer(out, "t", contribution->time);
	json_close(out, '}');
}

char *
contributions_to_json(const GPtrArray *contributions)
{
	guint count = contributions != NULL ? contributions->len : 0;
	GString *out = g_string_sized_new(128 * (count + 1));
	gint64 time = 0;

	json_open(out, NULL, '[');
	for (guint i = 0; i < count; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		put_contribution(out, contribution, time);
		time = contribution->time;
	}
	json_close(out, ']');
	return g_string_free(out, FALSE);
}

/* By its letter, or by the word that stood there before. */
static const cJSON *
member(const cJSON *object, const char *letter, const char *word)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, letter);

	return found != NULL ? found : cJSON_GetObjectItemCaseSensitive(object, word);
}

static char *
get_string(const cJSON *object, const char *letter, const char *word)
{
	return g_strdup(cJSON_GetStringValue(member(object, letter, word)));
}

static double
get_number(const cJSON *object, const char *letter, const char *word)
{
	double number = cJSON_GetNumberValue(member(object, letter, word));

	return isfinite(number) ? number : 0;
}

static gboolean
get_flag(const cJSON *object, const char *letter, const char *word)
{
	const cJSON *found = member(object, letter, word);

	return cJSON_IsTrue(found) || cJSON_GetNumberValue(found) == 1;
}

static gint64
get_time(const cJSON *object, gint64 before)
{
	if (member(object, "t", "time") == NULL)
		return before;
	/* Doubles hold microseconds exactly up to 2^53, the year 2255. */
	return (gint64)CLAMP(get_number(object, "t", "time"), 0.0, 9007199254740992.0);
}

static enum dimension
get_dimension(const cJSON *object)
{
	const cJSON *found = member(object, "d", "dimension");
	const char *name = cJSON_GetStringValue(found);

	for (guint i = 0; i < DIMENSION_COUNT; i++) {
		if (name != NULL ? strcmp(name, DIMENSION_NAMES[i]) == 0
				 : cJSON_GetNumberValue(found) == i)
			return (enum dimension)i;
	}
	return DIMENSION_FIT;
}

static struct contribution *
contribution_from_object(const cJSON *object, gint64 before)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = get_string(object, "r", "rule");
	contribution->group = get_string(object, "g", "group");
	contribution->reason = get_string(object, "w", "reason");
	contribution->evidence = get_string(object, "e", "evidence");
	contribution->dimension = get_dimension(object);
	contribution->is_explicit = get_flag(object, "x", "explicit");
	contribution->is_property = get_flag(object, "p", "property");
	contribution->raw = get_number(object, "n", "raw");
	contribution->half_life_days = MAX(get_number(object, "h", "half_life"), 0.0);
	contribution->time = get_time(object, before);
	if (contribution->rule == NULL)
		contribution->rule = g_strdup("");
	return contribution;
}

GPtrArray *
contributions_from_json(const char *json, GError **error)
{
	cJSON *array = json != NULL ? cJSON_Parse(json) : NULL;
	GPtrArray *contributions = contributions_new();
	const cJSON *object;
	gint64 time = 0;

	if (!cJSON_IsArray(array))
		goto bad;
	cJSON_ArrayForEach(object, array)
	{
		if (!cJSON_IsObject(object))
			goto bad;
		struct contribution *contribution = contribution_from_object(object, time);

		g_ptr_array_add(contributions, contribution);
		time = contribution->time;
	}
	cJSON_Delete(array);
	return contributions;
bad:
	cJSON_Delete(array);
	g_ptr_array_unref(contributions);
	g_set_error_literal(error, LEADMILTER_ERROR, ERROR_STORE,
			    "contributions are not a JSON array of objects");
	return NULL;
}
