/* test-lead.c - records: defaults, deep copies, names, contributions through JSON and back. */
#include "lead/lead.h"

#include <math.h>
#include <string.h>

#include "base/error.h"

static void
test_new_records_have_usable_defaults(void)
{
	g_autoptr(lead_owned) lead = lead_new();
	g_autoptr(touch_owned) touch = touch_new();
	g_autoptr(account_owned) account = account_new();

	g_assert_cmpuint(lead->phones->len + lead->urls->len + lead->possible_duplicates->len, ==,
			 0);
	g_assert_cmpint(lead->grade, ==, 'D');
	g_assert_cmpint(lead->stage, ==, STAGE_INTEREST);
	g_assert_cmpint(touch->latency, ==, -1);
	g_assert_cmpuint(touch->contributions->len, ==, 0);
	g_assert_null(account->domain);
	g_assert_null(lead_copy(NULL));
	lead_free(NULL);
	touch_free(NULL);
	account_free(NULL);
	contribution_free(NULL);
	event_free(NULL);
}

static void
test_copy_is_deep(void)
{
	struct lead *lead = lead_new();
	g_autoptr(lead_owned) copy = NULL;

	lead->id = g_strdup("ld_1");
	lead->linked = g_strdup("ld_0");
	lead->source_campaign = g_strdup("spring");
	lead->total = 12.5;
	lead->opted_out = TRUE;
	g_ptr_array_add(lead->phones, g_strdup("+40213112233"));
	g_ptr_array_add(lead->possible_duplicates, g_strdup("ld_2"));
	g_clear_pointer(&lead->urls, g_ptr_array_unref);
	copy = lead_copy(lead);
	lead_free(lead);
	g_assert_cmpstr(copy->id, ==, "ld_1");
	g_assert_cmpstr(copy->linked, ==, "ld_0");
	g_assert_cmpstr(copy->source_campaign, ==, "spring");
	g_assert_null(copy->name);
	g_assert_cmpfloat(copy->total, ==, 12.5);
	g_assert_true(copy->opted_out);
	g_assert_cmpstr(copy->phones->pdata[0], ==, "+40213112233");
	g_assert_cmpstr(copy->possible_duplicates->pdata[0], ==, "ld_2");
	g_assert_cmpuint(copy->urls->len, ==, 0);
	g_ptr_array_add(copy->urls, g_strdup("https://example.com/"));
}

static void
test_names_round_trip(void)
{
	enum stage stage;

	for (guint i = 0; i < STAGE_COUNT; i++) {
		g_assert_true(stage_from_name(stage_name((enum stage)i), &stage));
		g_assert_cmpint(stage, ==, i);
	}
	g_assert_true(stage_from_name("MQL", &stage));
	g_assert_cmpint(stage, ==, STAGE_MQL);
	stage = STAGE_SAL;
	g_assert_false(stage_from_name("lukewarm", &stage));
	g_assert_false(stage_from_name(NULL, &stage));
	g_assert_cmpint(stage, ==, STAGE_SAL);
	g_assert_cmpstr(stage_name(STAGE_COUNT), ==, "unknown");
	g_assert_cmpstr(dimension_name(DIMENSION_FIT), ==, "fit");
	g_assert_cmpstr(dimension_name(DIMENSION_ENGAGEMENT), ==, "engagement");
	g_assert_cmpstr(dimension_name(DIMENSION_QUALITY), ==, "quality");
	g_assert_cmpstr(dimension_name(DIMENSION_COUNT), ==, "unknown");
	g_assert_cmpstr(temperature_name(TEMPERATURE_COLD), ==, "cold");
	g_assert_cmpstr(temperature_name(TEMPERATURE_HOT), ==, "hot");
	g_assert_cmpstr(temperature_name((enum temperature)9), ==, "unknown");
}

static void
free_contribution(gpointer contribution)
{
	contribution_free(contribution);
}

static void
test_contributions_round_trip(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_contribution);
	g_autoptr(GPtrArray) again = NULL;
	g_autofree char *json = NULL;
	g_autofree char *second = NULL;
	g_autoptr(GError) error = NULL;
	struct contribution *one = contribution_new();
	const struct contribution *read;

	one->rule = g_strdup("budget");
	one->card = g_strdup("shop");
	one->reason = g_strdup("names a budget (\"50 000 €\")");
	one->evidence = g_strdup("50 000 €\n\x01");
	one->value = 0.1 + 0.2;
	one->raw = 5;
	one->time = 1763719200123456;
	one->decayed = 7;
	g_ptr_array_add(list, one);
	g_ptr_array_add(list, contribution_new());
	json = contributions_to_json(list);
	g_assert_null(strchr(json, '\n'));
	again = contributions_from_json(json, &error);
	g_assert_no_error(error);
	g_assert_cmpuint(again->len, ==, 2);
	read = again->pdata[0];
	g_assert_cmpstr(read->rule, ==, one->rule);
	g_assert_cmpstr(read->card, ==, one->card);
	g_assert_cmpstr(read->reason, ==, one->reason);
	g_assert_cmpstr(read->evidence, ==, "50 000 €\n\xef\xbf\xbd"); /* no control characters */
	g_assert_cmpfloat(read->value, ==, one->value);
	g_assert_cmpuint(read->times, ==, 1);
	g_assert_cmpfloat(read->raw, ==, 0); /* what it is worth is never stored */
	g_assert_cmpint(read->time, ==, one->time);
	g_assert_cmpfloat(read->decayed, ==, 0);
	read = again->pdata[1];
	g_assert_cmpstr(read->rule, ==, "");
	g_assert_null(read->card);
	g_assert_null(read->evidence);
	g_assert_cmpfloat(read->value, ==, 1);
	second = contributions_to_json(again);
	g_assert_true(g_str_has_prefix(second, "[{\"r\":\"budget\""));
}

static void
test_hostile_contributions(void)
{
	static const struct {
		const char *json;
		int count; /* -1: an error */
	} want[] = {
		{ "[]", 0 },
		{ NULL, -1 },
		{ "", -1 },
		{ "{}", -1 },
		{ "[1]", -1 },
		{ "[{}", -1 },
		{ "[{},[]]", -1 },
		{ "[{}]", 1 },
		{ "[{\"rule\":5,\"raw\":\"x\",\"time\":1e999,\"dimension\":\"none\"}]", 1 },
		{ "[{\"r\":5,\"n\":\"x\",\"t\":1e999,\"d\":9,\"x\":7},{}]", 2 },
		{ "[{\"r\":5,\"v\":\"x\",\"k\":-7,\"c\":[]},{\"v\":1e999,\"k\":1e300,\"h\":-1e9}]",
		  2 },
		{ "[{\"rule\":\"a\",\"time\":-5,\"half_life\":-3,\"later\":{\"x\":[]}}]", 1 },
	};

	for (guint i = 0; i < G_N_ELEMENTS(want); i++) {
		g_autoptr(GError) error = NULL;
		g_autoptr(GPtrArray) list = contributions_from_json(want[i].json, &error);

		if (want[i].count < 0) {
			g_assert_null(list);
			g_assert_error(error, LEADMILTER_ERROR, ERROR_STORE);
			continue;
		}
		g_assert_no_error(error);
		g_assert_cmpint(list->len, ==, want[i].count);
		for (guint j = 0; j < list->len; j++) {
			const struct contribution *read = list->pdata[j];

			g_assert_nonnull(read->rule);
			g_assert_true(isfinite(read->raw));
			g_assert_cmpint(read->time, >=, 0);
			g_assert_cmpfloat(read->half_life_days, >=, -1);
			g_assert_true(isfinite(read->value));
			g_assert_cmpuint(read->times, >, 0);
		}
	}
}

static void
test_bad_values_make_good_json(void)
{
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(free_contribution);
	g_autoptr(GPtrArray) again = NULL;
	g_autofree char *json = NULL;
	g_autofree char *none = contributions_to_json(NULL);
	struct contribution *one = contribution_new();

	one->evidence = g_strdup("\xff\xfe");
	one->value = NAN;
	g_ptr_array_add(list, one);
	json = contributions_to_json(list);
	g_assert_true(g_utf8_validate(json, -1, NULL));
	again = contributions_from_json(json, NULL);
	g_assert_cmpuint(again->len, ==, 1);
	g_assert_cmpstr(none, ==, "[]");
}

static void
test_put_text(void)
{
	static const struct {
		const char *old, *value, *want;
		gboolean changed;
	} wants[] = {
		{ NULL, "a", "a", TRUE },  { "a", "b", "b", TRUE }, { "a", "a", "a", FALSE },
		{ "a", NULL, "a", FALSE }, { "a", "", "a", FALSE }, { NULL, NULL, NULL, FALSE },
	};
	char *field = g_strdup("whole part");

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++) {
		g_autofree char *text = g_strdup(wants[i].old);

		g_assert_cmpint(lead_put_text(&text, wants[i].value), ==, wants[i].changed);
		g_assert_cmpstr(text, ==, wants[i].want);
	}
	g_assert_true(lead_put_text(&field, field + strlen("whole ")));
	g_assert_cmpstr(field, ==, "part");
	g_free(field);
}

static void
test_add_text(void)
{
	static const struct {
		const char *value;
		gboolean added;
	} wants[] = {
		{ "a", TRUE },   { "b", TRUE }, { "a", FALSE },
		{ NULL, FALSE }, { "c", TRUE }, { "d", FALSE }, /* one too many */
	};
	g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(g_free);

	for (guint i = 0; i < G_N_ELEMENTS(wants); i++)
		g_assert_cmpint(lead_add_text(list, wants[i].value, 3), ==, wants[i].added);
	g_assert_cmpuint(list->len, ==, 3);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lead/defaults", test_new_records_have_usable_defaults);
	g_test_add_func("/lead/copy", test_copy_is_deep);
	g_test_add_func("/lead/names", test_names_round_trip);
	g_test_add_func("/lead/contributions", test_contributions_round_trip);
	g_test_add_func("/lead/contributions/hostile", test_hostile_contributions);
	g_test_add_func("/lead/contributions/bad-values", test_bad_values_make_good_json);
	g_test_add_func("/lead/put_text", test_put_text);
	g_test_add_func("/lead/add_text", test_add_text);
	return g_test_run();
}
