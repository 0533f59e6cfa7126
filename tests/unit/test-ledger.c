/* test-ledger.c - the fast reader says what the general one says, or nothing. */
#include <glib.h>
#include <string.h>

#include "store/ledger.h"

static void
assert_same(const GPtrArray *one, const GPtrArray *other)
{
	g_assert_cmpuint(one->len, ==, other->len);
	for (guint i = 0; i < one->len; i++) {
		const struct contribution *a = one->pdata[i], *b = other->pdata[i];

		g_assert_cmpstr(a->rule, ==, b->rule);
		g_assert_cmpstr(a->card, ==, b->card);
		g_assert_cmpstr(a->reason, ==, b->reason);
		g_assert_cmpstr(a->evidence, ==, b->evidence);
		g_assert_cmpfloat(a->value, ==, b->value);
		g_assert_cmpuint(a->times, ==, b->times);
		g_assert_cmpint(a->is_raw, ==, b->is_raw);
		g_assert_cmpint(a->is_property, ==, b->is_property);
		g_assert_cmpfloat(a->raw, ==, b->raw);
		g_assert_cmpfloat(a->half_life_days, ==, b->half_life_days);
		g_assert_cmpint(a->time, ==, b->time);
	}
}

/* What is written is read by the fast reader, and the same by both. */
static void
test_written(void)
{
	static const char *const texts[] = {
		"",          "plain",        "\"quoted\" \\ and /", "line\nend\ttab\r\b\f",
		"Иван 王 é", "\x01\x02\x1f", "{\"a\":[1,2]}",       "😀",
		"a\xff z",
	};
	static const double numbers[] = { 0,
					  1,
					  -5,
					  0.1,
					  2.5,
					  -3.75,
					  1e-7,
					  1e20,
					  33.8,
					  1.0 / 3,
					  12345678901234567.0,
					  -0.00015,
					  65,
					  1e15,
					  123456.789 };

	for (guint t = 0; t < G_N_ELEMENTS(texts); t++) {
		g_autoptr(GPtrArray) written =
			g_ptr_array_new_with_free_func((GDestroyNotify)contribution_free);

		for (guint n = 0; n < G_N_ELEMENTS(numbers); n++) {
			struct contribution *c = contribution_new();

			c->rule = g_strdup(texts[t]);
			c->card = g_strdup(n % 4 < 2 ? NULL : texts[t]);
			c->reason = g_strdup(texts[(t + n) % G_N_ELEMENTS(texts)]);
			c->evidence = n % 3 ? g_strdup(texts[t]) : NULL;
			c->is_property = n % 3 == 0;
			c->times = n + 1;
			c->value = numbers[n];
			c->half_life_days = numbers[(n + t) % G_N_ELEMENTS(numbers)];
			c->time = (gint64)(n / 2) * 1763800000123456;
			g_ptr_array_add(written, c);
		}
		g_autofree char *json = contributions_to_folded_json(written);
		g_autoptr(GPtrArray) fast = ledger_read(json);
		g_autoptr(GPtrArray) slow = contributions_from_json(json, NULL);
		g_assert_nonnull(slow);
		g_assert_nonnull(fast);
		assert_same(fast, slow);
		for (guint n = 0; n < G_N_ELEMENTS(numbers); n++) {
			const struct contribution *c = fast->pdata[n], *was = written->pdata[n];

			g_assert_cmpfloat(c->value, ==, was->value);
			g_assert_cmpuint(c->times, ==, was->times);
			g_assert_cmpint(c->is_property, ==, was->is_property);
			g_assert_cmpint(c->time, ==, MIN(was->time, 9007199254740992));
		}
	}
}

/* Other forms: left to the general reader, or read the same. */
static void
test_others(void)
{
	static const char *const texts[] = {
		"",
		"[",
		"[]",
		"[ ]",
		"{}",
		"[{}]",
		"[{\"rule\":\"a\"}]",
		"[{\"rule\":\"a\"},]",
		"[{\"rule\":\"a\"}",
		"[{\"rule\":\"a\",}]",
		"[{\"rule\":\"a}]",
		"[{\"rule\":\"a\\",
		"[{\"rule\":\"a\\u12",
		"[{\"rule\":\"\\ud83d\\ude00\"}]",
		"[{\"rule\":\"\\u00e9\\u4e16\"}]",
		"[{\"rule\":\"a\",\"new\":1}]",
		"[{\"rule\":\"a\",\"raw\":}]",
		"[{\"rule\":\"a\",\"raw\":-}]",
		"[{\"rule\":\"a\",\"raw\":1.}]",
		"[{\"rule\":\"a\",\"raw\":1e3}]",
		"[{\"rule\":\"a\",\"raw\":1e999}]",
		"[{\"rule\":\"a\",\"raw\":123456789012345678901234567890}]",
		"[{\"rule\":\"a\",\"time\":99999999999999999}]",
		"[{\"rule\":\"a\",\"time\":-5}]",
		"[{\"rule\":\"a\",\"half_life\":-5}]",
		"[{\"rule\":\"a\",\"explicit\":false}]",
		"[{\"rule\":\"a\",\"dimension\":\"other\"}]",
		"[{\"rule\":\"a\"}] ",
		"[{\"r\":\"a\",\"g\":\"b\",\"w\":\"c\",\"e\":\"d\",\"d\":2,\"x\":1,\"p\":1,\"n\":-"
		"2.5,\"h\":30,\"t\":5},{\"r\":\"b\",\"n\":1}]",
		"[{\"rule\":\"a\",\"time\":7},{\"r\":\"b\"},{\"r\":\"c\",\"t\":0},{\"r\":\"d\"}]",
		"[{\"r\":\"a\",\"d\":3}]",
		"[{\"r\":\"a\",\"c\":\"x\"},{\"r\":\"b\"},{\"r\":\"c\",\"c\":null},{\"r\":\"d\","
		"\"c\":\"y\",\"v\":0}]",
		"[{\"r\":\"a\",\"k\":5,\"h\":-1,\"p\":1,\"v\":0.5}]",
		"[{\"r\":\"a\",\"n\":0}]",
		"[{\"r\":\"a\",\"k\":-5,\"h\":-7}]",
		"[{\"r\":\"a\",\"d\":-1}]",
		"[{\"r\":\"a\",\"d\":12}]",
		"[{\"r\":\"a\",\"d\":\"quality\"}]",
		"[{\"r\":\"a\",\"x\":true}]",
		"[{\"r\":\"a\",\"x\":10}]",
		"[{\"r\":\"a\",\"q\":1}]",
		"[{\"r\":5}]",
		"[{\"rule\":\"a\",\"rule\":\"b\"}]",
	};

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autoptr(GPtrArray) fast = ledger_read(texts[i]);
		g_autoptr(GPtrArray) slow = contributions_from_json(texts[i], NULL);

		g_test_message("%s: %s", texts[i], fast ? "read" : "left");
		if (fast && strcmp(texts[i], "[{\"rule\":\"a\",\"rule\":\"b\"}]") &&
		    strcmp(texts[i], "[{\"rule\":\"a\",\"raw\":1.}]")) {
			g_assert_nonnull(slow);
			assert_same(fast, slow);
		}
	}
	g_assert_null(ledger_read(NULL));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ledger/written", test_written);
	g_test_add_func("/ledger/others", test_others);
	return g_test_run();
}
