/* test-score-diff.c - two scorecards beside each other: what differs, and in all. */
#include "lead/score_diff.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "score-fixture.h"

static const char OLD[] = "name = \"x\" mql = 20.0 hot = 20.0\n"
			  "rule \"same\" { when = \"true\" points = 10.0 }\n"
			  "rule \"more\" { when = \"true\" points = 5.0 }\n"
			  "rule \"gone\" { when = \"true\" points = 3.0 dimension = \"fit\" }\n";
static const char NEW[] = "name = \"y\" mql = 20.0 hot = 19.0 grade_c = 2.0\n"
			  "rule \"same\" { when = \"true\" points = 10.0 }\n"
			  "rule \"more\" { when = \"true\" points = 9.5 }\n"
			  "rule \"new\" { when = \"true\" points = 2.0 dimension = \"fit\" }\n";

/* A message that gave these rules, NULL at the end. */
static void
score_of(const struct scorecards *scorecards, const char *const *rules, GPtrArray *touches,
	 struct score *ret)
{
	struct touch *touch = fixture_touch(touches, "mail", NOW);

	for (; *rules != NULL; rules++)
		fixture_gave(touch, NULL, *rules, 1);
	score_evaluate_all(scorecards, touches, NULL, NOW, ret);
}

static struct score_diff_message *
add(struct score_diff *diff, const char *const *rules)
{
	g_autoptr(scorecards_owned) old = fixture_card(OLD, NULL);
	g_autoptr(scorecards_owned) new = fixture_card(NEW, NULL);
	g_autoptr(GPtrArray) before = fixture_touches();
	g_autoptr(GPtrArray) after = fixture_touches();
	struct score_diff_message *message;
	struct score old_score, new_score;

	score_of(old, rules, before, &old_score);
	score_of(new, rules, after, &new_score);
	message = score_diff_add(diff, &old_score, &new_score);
	score_clear(&old_score);
	score_clear(&new_score);
	return message;
}

static double
number_at(const cJSON *object, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, ".", -1);

	for (guint i = 0; keys[i] != NULL; i++) {
		object = g_ascii_isdigit(keys[i][0])
				 ? cJSON_GetArrayItem(object, atoi(keys[i]))
				 : cJSON_GetObjectItemCaseSensitive(object, keys[i]);
		g_assert_nonnull(object);
	}
	return cJSON_IsBool(object) ? cJSON_IsTrue(object) : cJSON_GetNumberValue(object);
}

static void
test_messages(void)
{
	static const char *const same[] = { "same", NULL };
	static const char *const all[] = { "same", "more", "gone", "new", NULL };
	static const char *const twice[] = { "same", "more", "more", NULL };
	g_autoptr(score_diff_owned) diff = score_diff_new();
	g_autoptr(score_diff_message_owned) one = add(diff, same);
	g_autoptr(score_diff_message_owned) two = add(diff, all);
	g_autoptr(score_diff_message_owned) three = add(diff, twice);
	g_autofree char *text = score_diff_message_to_text(two, "a/b.eml");
	g_autofree char *json = score_diff_message_to_json(two, "a/\"b\".eml");
	g_autofree char *summary = score_diff_to_json(diff);
	cJSON *object;

	g_assert_false(score_diff_message_differs(one));
	g_assert_true(score_diff_message_differs(two));
	g_assert_cmpfloat(two->before.total, ==, 18);
	g_assert_cmpfloat(two->after.total, ==, 21.5);
	g_assert_cmpuint(two->rules->len, ==, 3);
	g_assert_cmpstr(text, ==,
			"a/b.eml\n"
			"  18.0 -> 21.5 (+3.5), grade D -> C, warm -> hot, now qualified\n"
			"       +5.0 ->    +9.5  more\n"
			"       +3.0 ->    +0.0  gone\n"
			"       +0.0 ->    +2.0  new\n");
	object = cJSON_Parse(json);
	g_assert_cmpfloat(number_at(object, "before.total"), ==, 18);
	g_assert_cmpfloat(number_at(object, "after.qualified"), ==, TRUE);
	g_assert_cmpfloat(number_at(object, "rules.0.after"), ==, 9.5);
	cJSON_Delete(object);
	object = cJSON_Parse(summary);
	g_assert_cmpfloat(number_at(object, "summary.messages"), ==, 3);
	g_assert_cmpfloat(number_at(object, "summary.changed"), ==, 2);
	g_assert_cmpfloat(number_at(object, "summary.before.qualified"), ==, 1);
	g_assert_cmpfloat(number_at(object, "summary.after.qualified"), ==, 2);
	g_assert_cmpfloat(number_at(object, "summary.qualified_gained"), ==, 1);
	g_assert_cmpfloat(number_at(object, "summary.qualified_lost"), ==, 0);
	g_assert_cmpfloat(number_at(object, "summary.grade_better"), ==, 1);
	g_assert_cmpfloat(number_at(object, "summary.hotter"), ==, 1);
	g_assert_cmpfloat(number_at(object, "summary.rules.0.before"), ==, 15);
	g_assert_cmpfloat(number_at(object, "summary.rules.0.after"), ==, 28.5);
	g_assert_cmpfloat(number_at(object, "summary.rules.0.messages_after"), ==, 2);
	cJSON_Delete(object);
	g_assert_cmpfloat(three->before.total, ==, 20);
}

static void
test_nothing(void)
{
	g_autoptr(score_diff_owned) diff = score_diff_new();
	g_autofree char *text = score_diff_to_text(diff);
	g_autofree char *json = score_diff_to_json(diff);
	cJSON *object = cJSON_Parse(json);

	g_assert_nonnull(strstr(text, "0 messages of people"));
	g_assert_cmpfloat(number_at(object, "summary.before.average"), ==, 0);
	cJSON_Delete(object);
	score_diff_free(NULL);
	score_diff_message_free(NULL);
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/score-diff/messages", test_messages);
	g_test_add_func("/score-diff/nothing", test_nothing);
	return g_test_run();
}
