/*
 * contribution.c - what is kept of scores: contributions as JSON for the ledger, and a lead's
 * scores as text.
 *
 * The JSON of contributions holds what happened, never what it is worth, which today's scorecard
 * says (score.h).  It is written with json.h, since every message of a lead writes one, and in
 * letters, since every byte of it goes to the disk twice: rule r, card c (left out when it is
 * that of the one before), why (reason) w, evidence e, value v (1 left out), time t (left out
 * when it is that of the one before).  The summary of early touches (summary.h) says besides how
 * many it stands for, k, with which half-life it was made, h, and p for a property.  Old ledgers
 * have what a rule gave then: raw points n instead of v, and group, dimension and so on, which are
 * no longer read.  Reading it back believes nothing: text of the wrong shape is an ERROR_STORE,
 * unknown keys are left out, numbers are brought into their range.
 */
#include "lead/lead.h"

#include <math.h>
#include <string.h>
#include <cjson/cJSON.h>

#include "base/error.h"
#include "lead/json.h"

/* --- records --- */

struct contribution *
contribution_new(void)
{
	struct contribution *contribution = g_new0(struct contribution, 1);

	contribution->value = 1;
	contribution->times = 1;
	return contribution;
}

void
contribution_free(struct contribution *contribution)
{
	if (contribution == NULL)
		return;
	g_free(contribution->rule);
	g_free(contribution->card);
	g_free(contribution->reason);
	g_free(contribution->evidence);
	g_free(contribution);
}

static GPtrArray *
contributions_new(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);
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

/* --- scores as text --- */

static void
put_score(GString *out, const struct lead_score *score)
{
	const double figures[] = { score->total, score->fit, score->engagement, score->quality };

	if (out->len > 0)
		g_string_append_c(out, ';');
	/* Without the spaces and semicolons a name may have. */
	g_string_append_uri_escaped(out, score->card != NULL ? score->card : "", NULL, TRUE);
	for (guint i = 0; i < G_N_ELEMENTS(figures); i++) {
		char text[G_ASCII_DTOSTR_BUF_SIZE];

		g_string_append_c(out, ' ');
		g_string_append(out, g_ascii_formatd(text, sizeof text, "%.10g", figures[i]));
	}
	g_string_append_printf(out, " %c %s %d", score->grade >= 'A' ? score->grade : 'D',
			       temperature_name(score->temperature), score->qualified);
}

char *
lead_scores_to_text(const GPtrArray *scores)
{
	GString *out = g_string_new(NULL);

	for (guint i = 0; scores != NULL && i < scores->len; i++)
		put_score(out, scores->pdata[i]);
	return g_string_free(out, FALSE);
}

static struct lead_score *
read_score(const char *text)
{
	enum { CARD, TOTAL, FIT, ENGAGEMENT, QUALITY, GRADE, TEMPERATURE, QUALIFIED, WORDS };
	g_auto(GStrv) words = g_strsplit(text, " ", WORDS);
	struct lead_score *score;
	double *figures[4];

	if (g_strv_length(words) != WORDS || words[GRADE][0] < 'A' || words[GRADE][0] > 'D')
		return NULL;
	score = lead_score_new();
	score->card = g_uri_unescape_string(words[CARD], NULL);
	figures[0] = &score->total;
	figures[1] = &score->fit;
	figures[2] = &score->engagement;
	figures[3] = &score->quality;
	for (guint i = 0; i < G_N_ELEMENTS(figures); i++) {
		double figure = g_ascii_strtod(words[TOTAL + i], NULL);

		*figures[i] = isfinite(figure) ? figure : 0;
	}
	score->grade = words[GRADE][0];
	for (int i = TEMPERATURE_COLD; i <= TEMPERATURE_HOT; i++) {
		if (strcmp(words[TEMPERATURE], temperature_name((enum temperature)i)) == 0)
			score->temperature = (enum temperature)i;
	}
	score->qualified = words[QUALIFIED][0] == '1';
	return score;
}

GPtrArray *
lead_scores_from_text(const char *text)
{
	GPtrArray *scores = g_ptr_array_new_with_free_func((GDestroyNotify)lead_score_free);
	g_auto(GStrv) each = g_strsplit(text != NULL ? text : "", ";", -1);

	for (guint i = 0; each[i] != NULL; i++) {
		struct lead_score *score = read_score(each[i]);

		if (score != NULL && score->card != NULL)
			g_ptr_array_add(scores, score);
		else
			lead_score_free(score);
	}
	return scores;
}

/* --- contributions as JSON --- */

static void
put_text(GString *out, const char *key, const char *value)
{
	if (value != NULL)
		json_string(out, key, value, G_MAXSIZE - 1);
}

/* Those of one touch have one time and card mostly: only another than before is written. */
static void
put_contribution(GString *out, const struct contribution *contribution,
		 const struct contribution *before, gboolean folded)
{
	json_open(out, NULL, '{');
	put_text(out, "r", contribution->rule);
	if (g_strcmp0(contribution->card, before != NULL ? before->card : NULL) != 0)
		json_string(out, "c", contribution->card, G_MAXSIZE - 1);
	put_text(out, "w", contribution->reason);
	put_text(out, "e", contribution->evidence);
	if (contribution->is_raw)
		json_exact(out, "n", contribution->raw);
	else if (contribution->value != 1)
		json_exact(out, "v", contribution->value);
	if (folded) {
		json_integer(out, "k", contribution->times);
		json_exact(out, "h", contribution->half_life_days);
		if (contribution->is_property)
			json_integer(out, "p", 1);
	}
	if (contribution->time != (before != NULL ? before->time : 0))
		json_integer(out, "t", contribution->time);
	json_close(out, '}');
}

static char *
to_json(const GPtrArray *contributions, gboolean folded)
{
	guint count = contributions != NULL ? contributions->len : 0;
	GString *out = g_string_sized_new(128 * (count + 1));
	const struct contribution *before = NULL;

	json_open(out, NULL, '[');
	for (guint i = 0; i < count; i++) {
		const struct contribution *contribution = contributions->pdata[i];

		put_contribution(out, contribution, before, folded);
		before = contribution;
	}
	json_close(out, ']');
	return g_string_free(out, FALSE);
}

char *
contributions_to_json(const GPtrArray *contributions)
{
	return to_json(contributions, FALSE);
}

char *
contributions_to_folded_json(const GPtrArray *contributions)
{
	return to_json(contributions, TRUE);
}

/* By its letter, or by the word that stood there before. */
static const cJSON *
member(const cJSON *object, const char *letter, const char *word)
{
	const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, letter);

	return found != NULL || word == NULL ? found
					     : cJSON_GetObjectItemCaseSensitive(object, word);
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
get_time(const cJSON *object, const struct contribution *before)
{
	if (member(object, "t", "time") == NULL)
		return before != NULL ? before->time : 0;
	/* Doubles hold microseconds exactly up to 2^53, the year 2255. */
	return (gint64)CLAMP(get_number(object, "t", "time"), 0.0, 9007199254740992.0);
}

/* What it counts for: a value, or the points of an old ledger. */
static void
get_value(const cJSON *object, struct contribution *contribution)
{
	if (member(object, "v", NULL) != NULL) {
		contribution->value = get_number(object, "v", NULL);
	} else if (member(object, "n", "raw") != NULL) {
		contribution->is_raw = TRUE;
		contribution->raw = get_number(object, "n", "raw");
		contribution->value = contribution->raw != 0;
	}
}

static struct contribution *
contribution_from_object(const cJSON *object, const struct contribution *before)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = get_string(object, "r", "rule");
	contribution->card = member(object, "c", NULL) != NULL || before == NULL
				     ? get_string(object, "c", NULL)
				     : g_strdup(before->card);
	contribution->reason = get_string(object, "w", "reason");
	contribution->evidence = get_string(object, "e", "evidence");
	contribution->is_property = get_flag(object, "p", "property");
	get_value(object, contribution);
	if (member(object, "k", NULL) != NULL)
		contribution->times = (guint)CLAMP(get_number(object, "k", NULL), 1.0, 1e9);
	contribution->half_life_days = MAX(get_number(object, "h", "half_life"), -1.0);
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
	struct contribution *before = NULL;
	const cJSON *object;

	if (!cJSON_IsArray(array))
		goto bad;
	cJSON_ArrayForEach(object, array)
	{
		if (!cJSON_IsObject(object))
			goto bad;
		before = contribution_from_object(object, before);
		g_ptr_array_add(contributions, before);
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
