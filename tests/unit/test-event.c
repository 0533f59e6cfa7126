/*
 * test-event.c - events as JSON: the golden files of tests/data/events, the ceilings, hostile
 * strings; and the writer underneath.
 *
 * LEADMILTER_UPDATE=1 writes the golden files anew.
 */
#include "lead/event.h"
#include "cpu_time.h"

#include <math.h>
#include <cjson/cJSON.h>

#include "base/limits.h"
#include "lead/json.h"
#include "lead-fixture.h"

/* --- the writer --- */

static void
test_numbers(void)
{
	static const struct {
		double value;
		guint decimals;
		const char *want;
	} CASES[] = {
		{ 0, 2, "0" },
		{ 65, 2, "65" },
		{ 12.5, 2, "12.5" },
		{ -3.14159, 2, "-3.14" },
		{ 2.675, 4, "2.675" },
		{ 0.005, 2, "0.01" },
		{ -0.001, 2, "0" },
		{ 0.0001, 4, "0.0001" },
		{ 10.05, 2, "10.05" },
		{ 99.999, 2, "100" },
		{ 33.8, 0, "34" },
		{ 1e300, 2, "1000000000000" },
		{ -1e300, 0, "-1000000000000" },
		{ NAN, 2, "0" },
		{ INFINITY, 2, "0" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_number(out, NULL, CASES[i].value, CASES[i].decimals);
		g_assert_cmpstr(out->str, ==, CASES[i].want);
	}
}

static void
test_exact_numbers(void)
{
	static const double CASES[] = { 0,
					0.1,
					1e-9,
					-12.75,
					1.0 / 3,
					65.0001,
					1e15,
					1e22,
					5e-324,
					123456789.1234,
					-0.30000000000000004 };
	g_autoptr(GString) bad = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_exact(out, NULL, CASES[i]);
		g_assert_cmpfloat(g_ascii_strtod(out->str, NULL), ==, CASES[i]);
	}
	json_exact(bad, NULL, NAN);
	g_assert_cmpstr(bad->str, ==, "0");
}

static void
test_integers(void)
{
	static const struct {
		gint64 value;
		const char *want;
	} CASES[] = { { 0, "0" },
		      { 7, "7" },
		      { -10, "-10" },
		      { G_MAXINT64, "9223372036854775807" },
		      { G_MININT64, "-9223372036854775808" } };

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_integer(out, NULL, CASES[i].value);
		g_assert_cmpstr(out->str, ==, CASES[i].want);
	}
}

static void
test_times(void)
{
	static const char *const CASES[] = {
		"1970-01-01T00:00:01.000Z", "1999-12-31T23:59:59.999Z", "2000-02-29T12:00:00.000Z",
		"2024-02-29T23:59:59.001Z", "2025-03-01T00:00:00.000Z", "2026-11-21T10:00:00.123Z",
		"2100-02-28T00:00:00.000Z", "1969-07-20T20:17:40.000Z", "0001-01-01T00:00:00.000Z",
		"9999-12-31T23:59:59.000Z",
	};
	g_autoptr(GString) none = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GString) out = g_string_new(NULL);
		g_autofree char *want = g_strdup_printf("\"%s\"", CASES[i]);

		json_time(out, NULL, clock_parse(CASES[i], NULL));
		g_assert_cmpstr(out->str, ==, want);
	}
	json_open(none, NULL, '[');
	json_time(none, NULL, 0);
	json_time(none, NULL, G_MAXINT64);
	json_time(none, NULL, G_MININT64);
	json_close(none, ']');
	g_assert_cmpstr(none->str, ==, "[null,null,null]");
}

static void
test_strings(void)
{
	static const struct {
		const char *value;
		gsize most;
		const char *want;
	} CASES[] = {
		{ NULL, 9, "null" },
		{ "", 9, "\"\"" },
		{ "plain", 9, "\"plain\"" },
		{ "a\"b\\c/d", 9, "\"a\\\"b\\\\c/d\"" },
		{ "a\nb\tc\r", 9, "\"a\\nb\\tc\\r\"" },
		{ "a\x01z\x7f", 9, "\"a\xef\xbf\xbdz\xef\xbf\xbd\"" },
		{ "Привет", 12, "\"Привет\"" },
		{ "Привет", 11, "\"Приве\"" },
		{ "Привет", 1, "\"\"" },
		{ "王小明", 4, "\"王\"" },
		{ "a\xff\xfe!", 9, "\"a\xef\xbf\xbd\xef\xbf\xbd!\"" },
		{ "a\xd0", 9, "\"a\xef\xbf\xbd\"" },
		{ "\xed\xa0\x80", 9, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		json_string(out, NULL, CASES[i].value, CASES[i].most);
		g_assert_cmpstr(out->str, ==, CASES[i].want);
	}
}

static void
test_nesting(void)
{
	g_autoptr(GString) out = g_string_new(NULL);

	json_open(out, NULL, '{');
	json_open(out, "a", '[');
	json_close(out, ']');
	json_open(out, "b", '[');
	json_integer(out, NULL, 1);
	json_string(out, NULL, "[", 9);
	json_boolean(out, NULL, TRUE);
	json_open(out, NULL, '{');
	json_close(out, '}');
	json_close(out, ']');
	json_null(out, "c");
	json_raw(out, "d", "{}", 2);
	json_close(out, '}');
	g_assert_cmpstr(out->str, ==, "{\"a\":[],\"b\":[1,\"[\",true,{}],\"c\":null,\"d\":{}}");
}

/* --- events --- */

struct sample {
	struct lead *lead, *before, *other;
	struct account *account;
	struct touch *touch;
	struct facts *facts;
	struct score score;
	struct config *config;
};

static void
add_points(struct sample *sample, const char *rule, enum dimension dimension, double points,
	   const char *evidence)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule);
	contribution->card = g_strdup("default");
	contribution->group = dimension == DIMENSION_FIT ? "demographic" : NULL;
	contribution->reason = g_strdup_printf("reason of %s", rule);
	contribution->evidence = g_strdup(evidence);
	contribution->dimension = dimension;
	contribution->is_explicit = dimension == DIMENSION_FIT;
	contribution->raw = contribution->decayed = contribution->points = points;
	contribution->time = sample->touch->time;
	g_ptr_array_add(sample->touch->contributions, contribution);
	g_ptr_array_add(sample->score.contributions, contribution);
	sample->score.total += points;
}

static void
add_scores(struct lead *lead, const char *card, double total, gboolean qualified)
{
	struct lead_score *figures = lead_score_new();

	figures->card = g_strdup(card);
	figures->total = total;
	figures->fit = 20;
	figures->engagement = total - 15;
	figures->quality = -5;
	figures->grade = 'B';
	figures->temperature = qualified ? TEMPERATURE_HOT : TEMPERATURE_COLD;
	figures->qualified = qualified;
	g_ptr_array_add(lead->scores, figures);
}

static void
fill_lead(struct lead *lead)
{
	lead->prefix = g_strdup("Dr.");
	lead->first_name = g_strdup("Anna");
	lead->last_name = g_strdup("Schmidt");
	lead->title = g_strdup("Head of Purchasing");
	lead->rank = g_strdup("decision_maker");
	lead->company = g_strdup("Kunde GmbH");
	lead->country = g_strdup("DE");
	lead->language = g_strdup("en");
	lead->phone = g_strdup("+493012345678");
	g_ptr_array_add(lead->phones, g_strdup("+493012345678"));
	g_ptr_array_add(lead->urls, g_strdup("https://kunde.example"));
	lead->stage = STAGE_MQL;
	lead->stage_since = FIXTURE_NOW;
	lead->stage_cause = g_strdup("score 66.5 reaches 65");
	lead->owner = g_strdup("petra@our.example");
	lead->owner_reason = g_strdup("owner of the mailbox");
	lead->source = g_strdup("sales");
	lead->source_mailbox = g_strdup("sales@our.example");
	lead->source_campaign = g_strdup("spring");
	lead->total = 66.5;
	lead->fit = 20;
	lead->engagement = 51.5;
	lead->quality = -5;
	lead->completeness = 85.714285;
	lead->grade = 'B';
	lead->temperature = TEMPERATURE_HOT;
	lead->scorecard = g_strdup("default");
	add_scores(lead, "default", 66.5, TRUE);
	add_scores(lead, "spares", 12.25, FALSE);
	g_ptr_array_add(lead->addresses, g_strdup("a.schmidt@kunde.example"));
	g_ptr_array_add(lead->possible_duplicates, g_strdup("ld_01KAJT2K0000000000000000C3"));
	g_ptr_array_add(lead->duplicate_reasons, g_strdup("the same telephone number"));
	lead->task = g_strdup("reply");
	lead->task_due = FIXTURE_NOW + 120 * MINUTE;
	lead->last_inbound = FIXTURE_NOW;
	lead->inbound_count = lead->touch_count = 2;
	lead->updated = FIXTURE_NOW;
}

static struct sample *
sample_new(void)
{
	static const struct mail_sample MAIL = { .kind = KIND_HUMAN_REPLY,
						 .name = "Anna Schmidt",
						 .subject = "Re: \"Pumps\" für Köln",
						 .text = "We need 20 pumps.\nBudget: 20.000 €" };
	struct sample *sample = g_new0(struct sample, 1);

	sample->config = fixture_config();
	sample->facts = fixture_facts(sample->config, &MAIL);
	sample->lead = fixture_lead("ld_01KAJT2K0000000000000000A1", "Anna@kunde.example",
				    "Dr. Anna Schmidt");
	fill_lead(sample->lead);
	sample->before = fixture_lead(sample->lead->id, "anna@kunde.example", NULL);
	sample->before->total = 20;
	sample->before->grade = 'C';
	sample->other = fixture_lead("ld_01KAJT2K0000000000000000B2", "schmidt@kunde.example",
				     "A. Schmidt");
	sample->account = account_new();
	sample->account->domain = g_strdup("kunde.example");
	sample->account->people = 2;
	sample->account->active_people = 1;
	sample->touch = touch_new();
	sample->touch->name = g_strdup("reply");
	sample->touch->direction = g_strdup("inbound");
	sample->touch->time = FIXTURE_NOW;
	sample->touch->latency = sample->touch->working_latency = 25 * MINUTE;
	sample->touch->author = g_strdup("anna@kunde.example");
	sample->score.contributions = g_ptr_array_new();
	add_points(sample, "title", DIMENSION_FIT, 20, "Head of Purchasing");
	add_points(sample, "budget", DIMENSION_ENGAGEMENT, 30, "20.000 €");
	add_points(sample, "quick-reply", DIMENSION_ENGAGEMENT, 21.5, NULL);
	add_points(sample, "shared-address", DIMENSION_QUALITY, -5, NULL);
	return sample;
}

static void
sample_free(struct sample *sample)
{
	lead_free(sample->lead);
	lead_free(sample->before);
	lead_free(sample->other);
	account_free(sample->account);
	touch_free(sample->touch);
	fixture_facts_free(sample->facts);
	g_ptr_array_unref(sample->score.contributions);
	config_unref(sample->config);
	g_free(sample);
}

static struct event_input
sample_input(const struct sample *sample, const char *type)
{
	return (struct event_input){ .type = type,
				     .lead = sample->lead,
				     .before = sample->before,
				     .score = &sample->score,
				     .account = sample->account,
				     .touch = sample->touch,
				     .facts = sample->facts,
				     .time = FIXTURE_NOW,
				     .match = MATCHED_REFERENCES };
}

static char *
reprint(const char *json, gboolean pretty)
{
	cJSON *tree = cJSON_Parse(json);
	char *printed, *copy;

	g_assert_nonnull(tree);
	printed = pretty ? cJSON_Print(tree) : cJSON_PrintUnformatted(tree);
	copy = g_strdup(printed);
	cJSON_free(printed);
	cJSON_Delete(tree);
	return copy;
}

static void
check_golden(const char *type, const char *body)
{
	g_autofree char *path = g_strconcat(TEST_DATA "/events/", type, ".json", NULL);
	g_autofree char *golden = NULL, *want = NULL, *got = reprint(body, FALSE);
	g_autoptr(GError) error = NULL;

	if (g_getenv("LEADMILTER_UPDATE") != NULL) {
		g_autofree char *pretty = reprint(body, TRUE);
		g_autofree char *line = g_strconcat(pretty, "\n", NULL);

		g_file_set_contents(path, line, -1, &error);
		g_assert_no_error(error);
	}
	g_file_get_contents(path, &golden, NULL, &error);
	g_assert_no_error(error);
	want = reprint(golden, FALSE);
	g_assert_cmpstr(got, ==, want);
}

static const char *const TYPES[] = {
	"lead.created",      "lead.updated",  "lead.qualified",  "lead.stage_changed",
	"lead.assigned",     "lead.reopened", "contact.bounced", "contact.opted_out",
	"customer.activity", "lead.merged",   "lead.cooled",     "lead.sla_breached",
	"contact.forgotten", "lead.split",
};

/* What differs from the sample for a type. */
static void
change_sample(struct sample *sample, const char *type, struct event_input *input)
{
	struct lead *lead = sample->lead;

	if (strcmp(type, "lead.created") == 0) {
		input->before = NULL;
		input->match = MATCHED_NOTHING;
		input->with_text = TRUE;
	} else if (strcmp(type, "customer.activity") == 0) {
		lead->stage = sample->before->stage = STAGE_CUSTOMER;
	} else if (strcmp(type, "contact.opted_out") == 0) {
		lead->opted_out = TRUE;
		lead->stage = STAGE_DISQUALIFIED;
	} else if (strcmp(type, "contact.bounced") == 0) {
		lead->unreachable = TRUE;
		lead->stage = STAGE_DISQUALIFIED;
		g_free(sample->touch->name);
		sample->touch->name = g_strdup("bounce");
		sample->touch->note = g_strdup("hard bounce of anna@kunde.example: 5.1.1");
		sample->touch->latency = -1;
	} else if (strcmp(type, "lead.reopened") == 0) {
		sample->before->stage = STAGE_DISQUALIFIED;
	}
}

/* Of events that no message makes. */
static void
change_silent_sample(struct sample *sample, const char *type, struct event_input *input)
{
	input->touch = NULL;
	input->facts = NULL;
	input->match = MATCHED_NOTHING;
	if (strcmp(type, "lead.merged") == 0 || strcmp(type, "lead.split") == 0) {
		input->other = sample->other;
	} else if (strcmp(type, "lead.sla_breached") == 0) {
		sample->lead->task_due = FIXTURE_NOW - 5 * MINUTE;
		sample->lead->task_breached = FIXTURE_NOW - 5 * MINUTE;
	} else {
		sample->before->temperature = TEMPERATURE_HOT;
		sample->lead->temperature = TEMPERATURE_COLD;
	}
}

static gboolean
is_silent(const char *type)
{
	static const char *const SILENT[] = { "lead.merged", "lead.split", "lead.cooled",
					      "lead.sla_breached", NULL };

	return g_strv_contains(SILENT, type);
}

static void
test_golden(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(TYPES); i++) {
		struct sample *sample = sample_new();
		struct event_input input = sample_input(sample, TYPES[i]);
		struct event *event;

		g_test_message("%s", TYPES[i]);
		if (is_silent(TYPES[i]))
			change_silent_sample(sample, TYPES[i], &input);
		else
			change_sample(sample, TYPES[i], &input);
		event = event_new(&input);
		g_assert_cmpstr(event->type, ==, TYPES[i]);
		g_assert_cmpstr(event->lead, ==, sample->lead->id);
		g_assert_cmpint(event->time, ==, FIXTURE_NOW);
		g_assert_true(g_str_has_prefix(event->id, "evt_"));
		g_assert_cmpint(event->has_text, ==, input.with_text && input.facts);
		check_golden(TYPES[i], event->body);
		event_free(event);
		sample_free(sample);
	}
}

static void
test_golden_test(void)
{
	struct event *event = event_new_test("crm", FIXTURE_NOW);

	g_assert_cmpstr(event->type, ==, EVENT_TEST);
	g_assert_null(event->lead);
	check_golden(EVENT_TEST, event->body);
	event_free(event);
}

/* Not a word of the person's is left, whichever way the event is made. */
static void
test_forgotten(void)
{
	static const char *const SOME[] = { EVENT_FORGOTTEN, NULL };
	static const char *const WORDS[] = { "Anna",   "anna",   "Schmidt", "kunde",
					     "+49",    "Pumps",  "Budget",  "petra",
					     "spring", "20.000", "sales@" };
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, EVENT_FORGOTTEN);
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);

	input.with_text = TRUE;
	event_add_all(events, &input, SOME);
	g_ptr_array_add(events, event_new(&input));
	for (guint i = 0; i < events->len; i++) {
		const struct event *event = events->pdata[i];

		g_assert_false(event->has_text);
		g_assert_nonnull(strstr(event->body, sample->lead->id));
		for (guint k = 0; k < G_N_ELEMENTS(WORDS); k++)
			g_assert_null(strstr(event->body, WORDS[k]));
	}
	sample_free(sample);
}

static void
test_without_content(void)
{
	static const char *const WORDS[] = { "Pumps", "Budget", "20.000", "offer.pdf", "a note" };
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, "lead.updated");
	struct event *event;

	sample->touch->note = g_strdup("a note");
	input.with_text = TRUE;
	for (gboolean without = FALSE; without <= TRUE; without++) {
		input.without_content = without;
		event = event_new(&input);
		g_assert_cmpint(event->has_text, ==, !without);
		g_assert_nonnull(strstr(event->body, "Anna"));
		for (guint k = 0; k < G_N_ELEMENTS(WORDS); k++)
			g_assert_cmpint(strstr(event->body, WORDS[k]) != NULL, ==,
					!without && k != 3);
		event_free(event);
	}
	sample_free(sample);
}

static void
test_several_types(void)
{
	static const char *const SOME[] = { "lead.updated", "lead.assigned", NULL };
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, NULL);
	g_autoptr(GPtrArray) events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);

	event_add_all(events, &input, SOME);
	g_assert_cmpuint(events->len, ==, 2);
	for (guint i = 0; i < 2; i++) {
		struct event *event = events->pdata[i], *single;

		input.type = SOME[i];
		single = event_new(&input);
		g_assert_cmpstr(event->body, ==, single->body);
		g_assert_cmpstr(event->id, !=, single->id);
		event_free(single);
	}
	sample_free(sample);
}

static void
test_text_is_taken_out(void)
{
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, "lead.updated");
	struct event *with, *without;
	g_autofree char *cut = NULL, *same = NULL;

	g_free(sample->facts->mail->subject);
	sample->facts->mail->subject = g_strdup("\\\",\"text\":\"not this one\"");
	g_free(sample->facts->text->new_text);
	sample->facts->text->new_text = g_strdup("Budget: 20.000\\\",\"text\":\"\\");

	without = event_new(&input);
	input.with_text = TRUE;
	with = event_new(&input);
	g_assert_nonnull(strstr(with->body, "Budget: 20.000"));
	g_assert_null(strstr(without->body, "Budget: 20.000"));
	cut = event_body_without_text(with);
	same = event_body_without_text(without);
	g_assert_cmpstr(cut, ==, without->body);
	g_assert_cmpstr(same, ==, without->body);
	event_free(with);
	event_free(without);
	sample_free(sample);
}

/* By the CRM or a form: no message, no score, no account. */
static void
test_bare_lead(void)
{
	g_autoptr(lead_owned) lead = lead_new();
	struct event_input input = { .type = "lead.updated", .lead = lead };
	struct event *event;
	g_autofree char *printed = NULL;

	lead->id = g_strdup("ld_1");
	event = event_new(&input);
	printed = reprint(event->body, FALSE);
	g_assert_nonnull(strstr(printed, "\"account\":null"));
	g_assert_nonnull(strstr(printed, "\"message\":null"));
	g_assert_nonnull(strstr(printed, "\"previous\":null"));
	g_assert_nonnull(strstr(printed, "\"contributions\":[]"));
	event_free(event);
}

static double
sum_of_points(const char *body, int *ret_count)
{
	cJSON *tree = cJSON_Parse(body);
	const cJSON *contributions = cJSON_GetObjectItem(
		cJSON_GetObjectItem(cJSON_GetObjectItem(tree, "data"), "score"), "contributions");
	const cJSON *item;
	double sum = 0;

	cJSON_ArrayForEach(item, contributions)
	{
		sum += cJSON_GetNumberValue(cJSON_GetObjectItem(item, "points"));
	}
	*ret_count = cJSON_GetArraySize(contributions);
	cJSON_Delete(tree);
	return sum;
}

static void
test_contributions_sum_up(void)
{
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, "lead.updated");
	struct event *event;
	int count;

	for (guint i = 0; i < 5000; i++)
		add_points(sample, "click", DIMENSION_ENGAGEMENT, i % 7 == 0 ? -1 : 0.5, NULL);
	event = event_new(&input);
	g_assert_cmpfloat_with_epsilon(sum_of_points(event->body, &count), sample->score.total,
				       0.01);
	g_assert_cmpint(count, ==, LIMIT_EVENT_CONTRIBUTIONS + 1);
	event_free(event);
	sample_free(sample);
}

static void
spoil(char **string, const char *unit)
{
	GString *bad = g_string_new(NULL);

	while (bad->len < 20000)
		g_string_append(bad, unit);
	g_free(*string);
	*string = g_string_free(bad, FALSE);
}

static void
spoil_sample(struct sample *sample, const char *unit)
{
	struct lead *lead = sample->lead;
	char **strings[] = { &lead->address,
			     &lead->name,
			     &lead->prefix,
			     &lead->first_name,
			     &lead->last_name,
			     &lead->title,
			     &lead->rank,
			     &lead->company,
			     &lead->country,
			     &lead->language,
			     &lead->phone,
			     &lead->stage_cause,
			     &lead->owner,
			     &lead->owner_reason,
			     &lead->source,
			     &lead->source_mailbox,
			     &lead->source_tag,
			     &lead->source_form,
			     &lead->source_campaign,
			     &lead->source_forwarder,
			     &lead->scorecard,
			     &sample->account->company,
			     &sample->touch->note,
			     &sample->facts->mail->subject,
			     &sample->facts->mail->message_id,
			     &sample->facts->text->new_text,
			     &sample->facts->key };

	for (guint i = 0; i < G_N_ELEMENTS(strings); i++)
		spoil(strings[i], unit);
	for (guint i = 0; i < 200; i++) {
		char *value = NULL;

		add_points(sample, lead->name, DIMENSION_FIT, 1, lead->name);
		spoil(&value, unit);
		g_ptr_array_add(lead->urls, value);
		g_ptr_array_add(lead->addresses, g_strdup(value));
		g_ptr_array_add(lead->duplicate_reasons, g_strdup(value));
		add_scores(lead, value, 1, TRUE);
		g_ptr_array_add(lead->possible_duplicates, g_strdup(value));
		g_ptr_array_add(lead->phones, g_strdup(value));
		g_ptr_array_add(sample->facts->mail->references, value);
	}
}

static void
test_hostile_strings(void)
{
	static const char *const UNITS[] = { "a",
					     "\"",
					     "\\",
					     "\x01",
					     "\xff",
					     "\xd0",
					     "Ж",
					     "\n",
					     "\xf0\x9f\x8e\x89",
					     "\",\"type\":\"" };

	for (guint i = 0; i < G_N_ELEMENTS(UNITS); i++) {
		struct sample *sample = sample_new();
		struct event_input input = sample_input(sample, "lead.updated");
		struct event *event;
		int count;

		spoil_sample(sample, UNITS[i]);
		input.with_text = TRUE;
		event = event_new(&input);
		g_assert_cmpuint(strlen(event->body), <, LIMIT_EVENT);
		g_assert_true(g_utf8_validate(event->body, -1, NULL));
		g_assert_cmpfloat_with_epsilon(sum_of_points(event->body, &count),
					       sample->score.total, 0.01);
		event_free(event);
		sample_free(sample);
	}
}

static void
test_speed(void)
{
	struct sample *sample = sample_new();
	struct event_input input = sample_input(sample, "lead.created");
	gint64 begin;
	gsize length = 0;

	for (guint i = 0; i < 16; i++)
		add_points(sample, "asks_price", DIMENSION_ENGAGEMENT, 10.125, "what does it cost");
	begin = cpu_time();
	for (guint i = 0; i < 10000; i++) {
		struct event *event = event_new(&input);

		length = strlen(event->body);
		event_free(event);
	}
	g_test_message("%.1f us for an event of %" G_GSIZE_FORMAT " bytes, 20 contributions",
		       (double)(cpu_time() - begin) / 10000, length);
	sample_free(sample);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/json/numbers", test_numbers);
	g_test_add_func("/json/exact-numbers", test_exact_numbers);
	g_test_add_func("/json/integers", test_integers);
	g_test_add_func("/json/times", test_times);
	g_test_add_func("/json/strings", test_strings);
	g_test_add_func("/json/nesting", test_nesting);
	g_test_add_func("/event/golden", test_golden);
	g_test_add_func("/event/golden-test", test_golden_test);
	g_test_add_func("/event/forgotten", test_forgotten);
	g_test_add_func("/event/without-content", test_without_content);
	g_test_add_func("/event/several-types", test_several_types);
	g_test_add_func("/event/text-is-taken-out", test_text_is_taken_out);
	g_test_add_func("/event/bare-lead", test_bare_lead);
	g_test_add_func("/event/contributions-sum-up", test_contributions_sum_up);
	g_test_add_func("/event/hostile-strings", test_hostile_strings);
	g_test_add_func("/event/speed", test_speed);
	return g_test_run();
}
