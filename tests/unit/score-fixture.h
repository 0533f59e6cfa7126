/* score-fixture.h - small facts, cards and ledgers, written out by hand for the tests of scoring.
 */
#ifndef LEADMILTER_SCORE_FIXTURE_H
#define LEADMILTER_SCORE_FIXTURE_H

#include <glib/gstdio.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "lead/decide.h"
#include "lead/scorecard.h"

#define NOW G_GINT64_CONSTANT(1763719200000000) /* 2025-11-21 10:00 UTC, a Friday */

/* A message in which everything is there and nothing is said. */
struct fixture {
	struct facts facts;
	struct mail mail;
	struct reply_text text;
	struct kind kind;
	struct person person;
	struct content content;
	struct bounce bounce;
	struct calendar calendar;
	struct form form;
	struct forward forward;
	struct known known;
	struct account account;
	GPtrArray *hits, *kinds, *phones;
};

static inline void
fixture_init(struct fixture *fixture)
{
	memset(fixture, 0, sizeof *fixture);
	fixture->hits = g_ptr_array_new_with_free_func(g_free);
	fixture->kinds = g_ptr_array_new();
	fixture->phones = g_ptr_array_new_with_free_func(g_free);
	fixture->content.hits = fixture->hits;
	fixture->content.attachment_kinds = fixture->kinds;
	fixture->person.phones = fixture->phones;
	fixture->person.reachable = TRUE;
	fixture->text.new_text = (char *)"";
	fixture->mail.subject = (char *)"";
	fixture->kind.kind = KIND_HUMAN;
	fixture->kind.evidence = (char *)"no mark of a machine";
	fixture->facts.received = NOW;
	fixture->facts.mail = &fixture->mail;
	fixture->facts.text = &fixture->text;
	fixture->facts.kind = &fixture->kind;
	fixture->facts.person = &fixture->person;
	fixture->facts.content = &fixture->content;
}

static inline void
fixture_clear(struct fixture *fixture)
{
	g_ptr_array_unref(fixture->hits);
	g_ptr_array_unref(fixture->kinds);
	g_ptr_array_unref(fixture->phones);
	if (fixture->content.utm != NULL)
		g_hash_table_unref(fixture->content.utm);
}

static inline void
fixture_hit(struct fixture *fixture, const char *name, const char *evidence)
{
	struct content_hit *hit = g_new0(struct content_hit, 1);

	hit->name = name;
	hit->evidence = (char *)evidence;
	g_ptr_array_add(fixture->hits, hit);
}

static inline void
fixture_phone(struct fixture *fixture, const char *e164, const char *kind)
{
	struct phone *phone = g_new0(struct phone, 1);

	phone->e164 = phone->raw = (char *)e164;
	phone->region = (char *)"RO";
	phone->kind = (char *)kind;
	g_ptr_array_add(fixture->phones, phone);
}

static inline struct touch *
fixture_touch(GPtrArray *touches, const char *name, gint64 time)
{
	struct touch *touch = touch_new();

	touch->name = g_strdup(name);
	touch->time = time;
	touch->sequence = touches->len + 1;
	g_ptr_array_add(touches, touch);
	return touch;
}

/* What a rule of a card gave for a touch. @param card NULL: the first one */
static inline struct contribution *
fixture_gave(struct touch *touch, const char *card, const char *rule, double value)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule);
	contribution->card = g_strdup(card);
	contribution->reason = g_strdup(rule);
	contribution->value = value;
	contribution->time = touch->time;
	g_ptr_array_add(touch->contributions, contribution);
	return contribution;
}

/* Cards as an administrator would write them, one text each, NULL at the end. */
static inline struct scorecards *
fixture_cards(const char *const *texts, GError **error)
{
	g_autofree char *directory = g_dir_make_tmp("scorecard-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "card.conf", NULL);
	g_autoptr(config_owned) config = config_default();
	struct scorecards *scorecards = NULL;
	gboolean ok = TRUE;

	g_ptr_array_set_size(config->scorecards, 0);
	g_ptr_array_add(config->target_domains, g_strdup("target.example"));
	for (; ok && *texts != NULL; texts++) {
		struct config_scorecard *card;

		g_assert_true(g_file_set_contents(path, *texts, -1, NULL));
		card = config_scorecard_load(path, error);
		ok = card != NULL;
		if (ok)
			g_ptr_array_add(config->scorecards, card);
	}
	if (ok)
		scorecards = scorecards_new(config, error);
	g_remove(path);
	g_remove(directory);
	return scorecards;
}

static inline struct scorecards *
fixture_card(const char *text, GError **error)
{
	const char *const texts[] = { text, NULL };

	return fixture_cards(texts, error);
}

static inline GPtrArray *
fixture_touches(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
}

#endif
