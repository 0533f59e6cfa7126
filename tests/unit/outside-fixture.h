/*
 * outside-fixture.h - what tests of changes without a message share: a configuration with a
 * scorecard of touches, and a lead that the store knows.
 */
#ifndef LEADMILTER_TEST_OUTSIDE_FIXTURE_H
#define LEADMILTER_TEST_OUTSIDE_FIXTURE_H

#include <glib/gstdio.h>

#include "lead-fixture.h"
#include "lead/scorecard.h"

#define DAYS(n) ((n)*CLOCK_DAY)

struct site {
	struct config *config;
	struct scorecards *scorecards;
};

/* `more` is configuration text. */
static inline void
site_init(struct site *site, const char *more)
{
	static const char CARD[] = "name = \"test\"\nhalf_life = 10.0\nmql = 40.0\nhot = 30.0\n"
				   "warm = 10.0\n"
				   "touch \"demo\" { points = 20.0 }\n"
				   "touch \"visit\" { points = 1.0 }\n"
				   "touch \"no_answer\" { points = -5.0 }\n"
				   "touch \"rejected\" { points = -10.0 }\n";
	g_autofree char *directory = g_dir_make_tmp("leadmilter-XXXXXX", NULL);
	g_autofree char *card = g_build_filename(directory, "card.conf", NULL);
	g_autofree char *path = g_build_filename(directory, "main.conf", NULL);
	g_autofree char *text = g_strdup_printf("scorecards = {\"card.conf\"}\n%s", more);
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(card, CARD, -1, NULL));
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	site->config = config_load(path, &error);
	g_assert_no_error(error);
	site->scorecards = scorecards_new(site->config, &error);
	g_assert_no_error(error);
	g_remove(card);
	g_remove(path);
	g_rmdir(directory);
}

static inline void
site_clear(struct site *site)
{
	scorecards_unref(site->scorecards);
	config_unref(site->config);
}

/* Types of the events, separated by spaces. */
static inline char *
event_types(const struct decision *decision)
{
	GString *types = g_string_new(NULL);

	for (guint i = 0; i < decision->events->len; i++) {
		const struct event *event = decision->events->pdata[i];

		g_string_append_printf(types, "%s%s", i > 0 ? " " : "", event->type);
	}
	return g_string_free(types, FALSE);
}

/* A touch in the known lead's ledger; with points when the scorecard has some for it. */
static inline struct touch *
add_touch(const struct site *site, struct known *known, const char *name, const char *direction,
	  gint64 time)
{
	struct touch *touch = touch_new();
	GPtrArray *points = scorecards_touch(site->scorecards, NULL, name, time);

	touch->sequence = known->touches->len + 1;
	touch->name = g_strdup(name);
	touch->direction = g_strdup(direction);
	touch->time = time;
	g_ptr_array_unref(touch->contributions);
	touch->contributions = points;
	g_ptr_array_add(known->touches, touch);
	return touch;
}

#endif
