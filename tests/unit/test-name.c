/* test-name.c - the parts of names, and what is none. */
#include <string.h>

#include "mail/name.h"

struct want {
	const char *shown, *whole, *prefix, *first, *last, *suffix, *organisation;
};

static const struct want wanted[] = {
	{ "Ana Berg", "Ana Berg", NULL, "Ana", "Berg", NULL, NULL },
	{ "Ana", "Ana", NULL, "Ana", NULL, NULL, NULL },
	{ "  \"Ana Berg\" ", "Ana Berg", NULL, "Ana", "Berg", NULL, NULL },
	{ "Berg, Ana", "Ana Berg", NULL, "Ana", "Berg", NULL, NULL },
	{ "Ana Berg, PhD", "Ana Berg, PhD", NULL, "Ana", "Berg", "PhD", NULL },
	{ "Dr. Ana Berg", "Dr. Ana Berg", "Dr.", "Ana", "Berg", NULL, NULL },
	{ "Prof. Dr. Ana Berg", "Prof. Dr. Ana Berg", "Prof. Dr.", "Ana", "Berg", NULL, NULL },
	{ "Dipl.-Ing. Uwe Kranz", "Dipl.-Ing. Uwe Kranz", "Dipl.-Ing.", "Uwe", "Kranz", NULL,
	  NULL },
	{ "Sam Till Jr.", "Sam Till Jr.", NULL, "Sam", "Till", "Jr.", NULL },
	{ "Sam B. Till", "Sam B. Till", NULL, "Sam", "Till", NULL, NULL },
	{ "Jan van der Meer", "Jan van der Meer", NULL, "Jan", "van der Meer", NULL, NULL },
	{ "Maria de la Cruz", "Maria de la Cruz", NULL, "Maria", "de la Cruz", NULL, NULL },
	{ "Ludwig von Thal", "Ludwig von Thal", NULL, "Ludwig", "von Thal", NULL, NULL },
	{ "DUMONT Claire", "DUMONT Claire", NULL, "Claire", "DUMONT", NULL, NULL },
	{ "Иван Петров", "Иван Петров", NULL, "Иван", "Петров", NULL, NULL },
	{ "Петров Иван Сергеевич", "Петров Иван Сергеевич", NULL, "Иван", "Петров", NULL, NULL },
	{ "Иван Сергеевич Петров", "Иван Сергеевич Петров", NULL, "Иван", "Петров", NULL, NULL },
	{ "王小明", "王小明", NULL, "小明", "王", NULL, NULL },
	{ "欧阳雪", "欧阳雪", NULL, "雪", "欧阳", NULL, NULL },
	{ "王小明先生", "王小明", NULL, "小明", "王", NULL, NULL },
	{ "山田 太郎", "山田 太郎", NULL, "太郎", "山田", NULL, NULL },
	{ "김민수", "김민수", NULL, "민수", "김", NULL, NULL },
	{ "Ana Berg (North Ltd)", "Ana Berg", NULL, "Ana", "Berg", NULL, "North Ltd" },
	{ "Ana Berg | North Ltd", "Ana Berg", NULL, "Ana", "Berg", NULL, "North Ltd" },
	{ "Ana Berg at North", "Ana Berg", NULL, "Ana", "Berg", NULL, "North" },
	{ "Ana Berg via Portal", "Ana Berg", NULL, "Ana", "Berg", NULL, NULL },
	{ "", NULL, NULL, NULL, NULL, NULL, NULL },
	{ " \" \" ", NULL, NULL, NULL, NULL, NULL, NULL },
	{ NULL, NULL, NULL, NULL, NULL, NULL, NULL },
};

static void
test_split(void)
{
	for (gsize i = 0; i < G_N_ELEMENTS(wanted); i++) {
		const struct want *want = &wanted[i];
		struct name_parts parts;

		g_test_message("%s", want->shown ? want->shown : "(null)");
		name_split(want->shown, &parts);
		g_assert_cmpstr(parts.whole, ==, want->whole);
		g_assert_cmpstr(parts.prefix, ==, want->prefix);
		g_assert_cmpstr(parts.first, ==, want->first);
		g_assert_cmpstr(parts.last, ==, want->last);
		g_assert_cmpstr(parts.suffix, ==, want->suffix);
		g_assert_cmpstr(parts.organisation, ==, want->organisation);
		name_parts_clear(&parts);
	}
}

static void
test_judgements(void)
{
	static const struct {
		const char *name;
		gboolean implausible, impersonal, personal;
	} judged[] = {
		{ "Ana Berg", FALSE, FALSE, TRUE },
		{ "Xkcd Qwrt", TRUE, FALSE, TRUE },
		{ "Вктр", TRUE, FALSE, TRUE },
		{ "Виктор", FALSE, FALSE, TRUE },
		{ "J. T.", FALSE, FALSE, TRUE },
		{ "王小明", FALSE, FALSE, TRUE },
		{ "דוד כהן", FALSE, FALSE, TRUE },
		{ "Lynn Byrd", FALSE, FALSE, TRUE },
		{ "Sales Team", FALSE, TRUE, FALSE },
		{ "info@north.example", FALSE, TRUE, FALSE },
		{ "Отдел продаж", FALSE, TRUE, FALSE },
		{ "North GmbH", FALSE, TRUE, FALSE },
		{ "we take forty", FALSE, FALSE, FALSE },
		{ "Room 12", FALSE, FALSE, FALSE },
		{ "Jan van der Meer", FALSE, FALSE, TRUE },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(judged); i++) {
		const char *name = judged[i].name;

		g_test_message("%s", name);
		g_assert_cmpint(name_is_implausible(name), ==, judged[i].implausible);
		g_assert_cmpint(name_is_impersonal(name), ==, judged[i].impersonal);
		g_assert_cmpint(name_looks_personal(name, strlen(name)), ==, judged[i].personal);
	}
	g_assert_false(name_is_implausible(NULL));
	g_assert_true(name_shares_word("Ana Berg", 8, "BERG, Ana"));
	g_assert_false(name_shares_word("Ana Berg", 8, "Jan van Till"));
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/name/split", test_split);
	g_test_add_func("/name/judgements", test_judgements);
	return g_test_run();
}
