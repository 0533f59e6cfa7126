/* score-fixture.h - small facts, cards and ledgers, written out by hand for the tests of scoring.
 */
#ifndef LEADMILTER_SCORE_FIXTURE_H
#define LEADMILTER_SCORE_FIXTURE_H

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

static inline struct contribution *
fixture_contribution(struct touch *touch, const char *rule, const char *group,
		     enum dimension dimension, double raw, double half_life)
{
	struct contribution *contribution = contribution_new();

	contribution->rule = g_strdup(rule);
	contribution->group = g_strdup(group);
	contribution->reason = g_strdup(rule);
	contribution->dimension = dimension;
	contribution->raw = raw;
	contribution->half_life_days = half_life;
	contribution->time = touch->time;
	g_ptr_array_add(touch->contributions, contribution);
	return contribution;
}

static inline GPtrArray *
fixture_touches(void)
{
	return g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
}

#endif
