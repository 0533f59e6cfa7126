/* test-owner.c - who sells: configured and imported as one, absences, and who stands in. */
#include "lead/owner.h"

#include "base/clock.h"

#define DAY CLOCK_DAY

static void
add_strings(GPtrArray *list, const char *words)
{
	g_auto(GStrv) each = g_strsplit(words != NULL ? words : "", " ", -1);

	for (guint i = 0; each[i] != NULL; i++)
		g_ptr_array_add(list, g_strdup(each[i]));
}

static void
assert_strings(const GPtrArray *list, const char *want)
{
	GString *got = g_string_new(NULL);

	for (guint i = 0; i < list->len; i++)
		g_string_append_printf(got, "%s%s", i > 0 ? " " : "", (char *)list->pdata[i]);
	g_assert_cmpstr(got->str, ==, want);
	g_string_free(got, TRUE);
}

/* One owner's words of each source; `configured` and `imported` say which there are. */
struct source {
	gboolean given;
	const char *name, *team, *languages, *substitute;
	guint capacity, weight;
	gint64 from, until;
};

static const struct {
	const char *label;
	struct source configured, imported;
	struct source want;
} merge_cases[] = {
	{ "configured alone",
	  { TRUE, "Maria", "emea", "en ro", "o@x.test", 30, 2, 5, 6 },
	  { .given = FALSE },
	  { TRUE, "Maria", "emea", "en ro", "o@x.test", 30, 2, 5, 6 } },
	{ "imported alone",
	  { .given = FALSE },
	  { TRUE, "Maria", "emea", "en", "o@x.test", 30, 2, 5, 6 },
	  { TRUE, "Maria", "emea", "en", "o@x.test", 30, 2, 5, 6 } },
	{ "imported alone, empty",
	  { .given = FALSE },
	  { .given = TRUE },
	  { .given = TRUE, .weight = 1 } },
	{ "the import wins",
	  { TRUE, "Maria", "emea", "en ro", "o@x.test", 30, 2, 5, 6 },
	  { TRUE, "Mary", "us", "es", "p@x.test", 10, 3, 7, 0 },
	  { TRUE, "Mary", "us", "es", "p@x.test", 10, 3, 7, 0 } },
	{ "but not with nothing",
	  { TRUE, "Maria", "emea", "en ro", "o@x.test", 30, 2, 5, 6 },
	  { TRUE, "", NULL, NULL, "", 0, 0, 0, 0 },
	  { TRUE, "Maria", "emea", "en ro", "o@x.test", 30, 2, 5, 6 } },
};

static struct config_owner *
configure(const struct source *source)
{
	struct config_owner *owner = g_new0(struct config_owner, 1);

	owner->address = g_strdup("Maria@x.test");
	owner->name = g_strdup(source->name);
	owner->team = g_strdup(source->team);
	owner->substitute = g_strdup(source->substitute);
	owner->languages = g_ptr_array_new_with_free_func(g_free);
	owner->countries = g_ptr_array_new_with_free_func(g_free);
	owner->products = g_ptr_array_new_with_free_func(g_free);
	if (source->languages != NULL)
		add_strings(owner->languages, source->languages);
	owner->capacity = source->capacity;
	owner->weight = source->weight;
	owner->absent_from = source->from;
	owner->absent_until = source->until;
	return owner;
}

static void
config_owner_free(gpointer data)
{
	struct config_owner *owner = data;

	g_free(owner->address);
	g_free(owner->name);
	g_free(owner->team);
	g_free(owner->substitute);
	g_ptr_array_unref(owner->languages);
	g_ptr_array_unref(owner->countries);
	g_ptr_array_unref(owner->products);
	g_free(owner);
}

static struct owner *
import(const struct source *source, guint load)
{
	struct owner *owner = owner_new();

	owner->address = g_strdup("maria@X.test");
	owner->name = g_strdup(source->name);
	owner->team = g_strdup(source->team);
	owner->substitute = g_strdup(source->substitute);
	if (source->languages != NULL)
		add_strings(owner->languages, source->languages);
	owner->capacity = source->capacity;
	owner->weight = source->weight;
	owner->absent_from = source->from;
	owner->absent_until = source->until;
	owner->imported = source->given;
	owner->load = load;
	return owner;
}

static void
test_merge(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(merge_cases); i++) {
		g_autoptr(GPtrArray) sections = g_ptr_array_new_with_free_func(config_owner_free);
		g_autoptr(GPtrArray) imported =
			g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
		struct config config = { .owners = sections };
		const struct source *want = &merge_cases[i].want;
		const struct owner *got;

		g_test_message("%s", merge_cases[i].label);
		if (merge_cases[i].configured.given)
			g_ptr_array_add(sections, configure(&merge_cases[i].configured));
		g_ptr_array_add(imported, import(&merge_cases[i].imported, 7));
		g_autoptr(owners_owned) owners = owners_new(&config, imported);

		got = owners_nth(owners, 0);
		g_assert_nonnull(got);
		g_assert_null(owners_nth(owners, 1));
		g_assert_true(got == owners_find(owners, "MARIA@x.test"));
		g_assert_cmpstr(got->name, ==, want->name);
		g_assert_true(want->name == NULL || got == owners_find_name(owners, want->name));
		g_assert_null(owners_find_name(owners, "Nobody"));
		g_assert_cmpstr(got->team, ==, want->team);
		g_assert_cmpstr(got->substitute, ==, want->substitute);
		assert_strings(got->languages, want->languages != NULL ? want->languages : "");
		g_assert_cmpuint(got->capacity, ==, want->capacity);
		g_assert_cmpuint(got->weight, ==, want->weight);
		g_assert_cmpint(got->absent_from, ==, want->from);
		g_assert_cmpint(got->absent_until, ==, want->until);
		g_assert_cmpuint(got->load, ==, 7);
	}
}

/* Who owns leads and is no owner (any more) is found, but never a candidate; loads add up. */
static void
test_only_loaded(void)
{
	static const struct source NOTHING = { .given = FALSE };
	g_autoptr(GPtrArray) imported = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);
	struct config config = { .owners = NULL };

	g_ptr_array_add(imported, import(&NOTHING, 3));
	g_ptr_array_add(imported, import(&NOTHING, 4));
	g_autoptr(owners_owned) owners = owners_new(&config, imported);

	g_assert_null(owners_nth(owners, 0));
	g_assert_cmpuint(owners_find(owners, "maria@x.test")->load, ==, 7);
	g_assert_null(owners_find(owners, "olga@x.test"));
	g_assert_null(owners_find(owners, NULL));
}

static const struct {
	gint64 from, until, time;
	enum presence want;
} presence_cases[] = {
	{ 0, 0, 10, PRESENT },  { 5, 15, 4, PRESENT },  { 5, 15, 5, ABSENT },
	{ 5, 15, 14, ABSENT },  { 5, 15, 15, PRESENT }, { 0, 15, 10, ABSENT },
	{ 0, 15, 15, PRESENT }, { 5, 0, 4, PRESENT },   { 5, 0, 5, LEFT },
	{ 5, 0, 5000, LEFT },
};

static void
test_presence(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(presence_cases); i++) {
		struct owner owner = { .absent_from = presence_cases[i].from,
				       .absent_until = presence_cases[i].until };

		g_assert_cmpint(owner_presence(&owner, presence_cases[i].time), ==,
				presence_cases[i].want);
	}
}

static void
test_room(void)
{
	static const struct {
		guint capacity, load;
		gboolean want;
	} CASES[] = { { 0, 1000000, TRUE }, { 2, 1, TRUE }, { 2, 2, FALSE }, { 2, 3, FALSE } };

	for (guint i = 0; i < G_N_ELEMENTS(CASES); i++) {
		struct owner owner = { .capacity = CASES[i].capacity, .load = CASES[i].load };

		g_assert_cmpint(owner_has_room(&owner), ==, CASES[i].want);
	}
}

/* "a>b" is absent and names b, "a" present, "a!b" has left; on day 10 of absences from 5 to 15. */
static const struct {
	const char *people;
	const char *want; /* who stands in for a */
	const char *notice;
} stand_in_cases[] = {
	{ "a", NULL, NULL },
	{ "a>b b", "b@x.test", "absent until 1970-01-16; b@x.test stands in" },
	{ "a!b b", "b@x.test", "has left; b@x.test stands in" },
	{ "a>b b>c c", "c@x.test", "absent until 1970-01-16; c@x.test stands in" },
	{ "a>", NULL, "absent until 1970-01-16" },
	{ "a!", NULL, "has left" },
	{ "a>b b>a", NULL, "absent until 1970-01-16" },
	{ "a>a", NULL, "absent until 1970-01-16" },
	/* who is no owner stands in all the same */
	{ "a>z", "z@x.test", "absent until 1970-01-16; z@x.test stands in" },
};

static GPtrArray *
make_people(const char *people)
{
	g_auto(GStrv) each = g_strsplit(people, " ", -1);
	GPtrArray *owners = g_ptr_array_new_with_free_func((GDestroyNotify)owner_free);

	for (guint i = 0; each[i] != NULL; i++) {
		struct owner *owner = owner_new();

		owner->address = g_strdup_printf("%c@x.test", each[i][0]);
		owner->imported = TRUE;
		if (each[i][1] != '\0') {
			owner->absent_from = 5 * DAY;
			owner->absent_until = each[i][1] == '!' ? 0 : 15 * DAY;
			if (each[i][2] != '\0')
				owner->substitute = g_strdup_printf("%c@X.test", each[i][2]);
		}
		g_ptr_array_add(owners, owner);
	}
	return owners;
}

static void
test_stand_in(void)
{
	struct config config = { .owners = NULL };

	for (guint i = 0; i < G_N_ELEMENTS(stand_in_cases); i++) {
		g_autoptr(GPtrArray) people = make_people(stand_in_cases[i].people);
		g_autoptr(owners_owned) owners = owners_new(&config, people);
		const struct owner *a = owners_find(owners, "a@x.test");
		g_autofree char *notice = owners_notice(owners, "A@x.test", 10 * DAY);
		const struct owner *got = owner_presence(a, 10 * DAY) == PRESENT
						  ? NULL
						  : owners_stand_in(owners, a, 10 * DAY);

		g_test_message("%s", stand_in_cases[i].people);
		if (stand_in_cases[i].want == NULL)
			g_assert_null(got);
		else
			g_assert_cmpint(g_ascii_strcasecmp(got->address, stand_in_cases[i].want),
					==, 0);
		g_assert_true((notice == NULL) == (stand_in_cases[i].notice == NULL));
		if (notice != NULL)
			g_assert_cmpint(g_ascii_strcasecmp(notice, stand_in_cases[i].notice), ==,
					0);
		g_assert_null(owners_notice(owners, "nobody@x.test", 10 * DAY));
	}
}

int
main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/owner/merge", test_merge);
	g_test_add_func("/owner/only-loaded", test_only_loaded);
	g_test_add_func("/owner/presence", test_presence);
	g_test_add_func("/owner/room", test_room);
	g_test_add_func("/owner/stand-in", test_stand_in);
	return g_test_run();
}
