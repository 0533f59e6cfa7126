/* outside.c - see outside.h. */
#include "lead/outside.h"

#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/change.h"
#include "lead/identity.h"
#include "lead/signals.h"
#include "lead/sweep.h"
#include "mail/address.h"

/* --- may it be taken --- */

static GPtrArray *
known_names(const struct scorecards *scorecards)
{
	const GPtrArray *cards = scorecards_config(scorecards)->scorecards;
	GPtrArray *names = g_ptr_array_new();

	for (guint i = 0; i < cards->len; i++) {
		const struct config_scorecard *card = cards->pdata[i];

		for (guint j = 0; j < card->touches->len; j++)
			g_ptr_array_add(names,
					((struct config_touch *)card->touches->pdata[j])->name);
	}
	return names;
}

static gboolean
is_one_of(const GPtrArray *names, const char *name)
{
	for (guint i = 0; i < names->len; i++) {
		if (strcmp(names->pdata[i], name) == 0)
			return TRUE;
	}
	return FALSE;
}

static gboolean
check_name(const char *name, const struct scorecards *scorecards, GError **error)
{
	g_autoptr(GPtrArray) names = known_names(scorecards);
	const char *nearest;

	if (name == NULL || *name == '\0' || strlen(name) > LIMIT_TOUCH_NAME) {
		g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT,
			    "a touch needs a name of at most %d bytes", LIMIT_TOUCH_NAME);
		return FALSE;
	}
	if (is_one_of(names, name))
		return TRUE;
	nearest = signals_nearest_name(name, (const char *const *)names->pdata, names->len);
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "no scorecard knows a touch \"%s\"%s%s%s",
		    name, nearest != NULL ? "; the nearest is \"" : "",
		    nearest != NULL ? nearest : "", nearest != NULL ? "\"" : "");
	return FALSE;
}

static gboolean
check_person(const struct outside_touch *touch, GError **error)
{
	if (touch->lead != NULL || touch->phone != NULL)
		return TRUE;
	if (touch->address == NULL) {
		g_set_error_literal(
			error, LEADMILTER_ERROR, ERROR_INPUT,
			"a touch names nobody: a lead, an address or a phone is needed");
		return FALSE;
	}
	if (address_is_valid(touch->address))
		return TRUE;
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "\"%.*s\" is not an address", LIMIT_SHOWN,
		    touch->address);
	return FALSE;
}

gboolean
outside_check(const struct outside_touch *touch, const struct scorecards *scorecards, gint64 now,
	      GError **error)
{
	return check_name(touch->name, scorecards, error) &&
	       change_check_time(touch->time, now, error) && check_person(touch, error);
}

/* --- by what it is known --- */

static void
add_part(struct digest *digest, const char *text)
{
	const char *part = text != NULL ? text : "";

	digest_add(digest, part, strlen(part) + 1);
}

/* Without an id it is the same touch when the same person did the same at the same moment. */
static char *
hash_of(const struct outside_touch *touch)
{
	g_autofree char *normalised =
		touch->address != NULL ? address_normalise(touch->address) : NULL;
	struct digest *digest = digest_new();
	char *hash;

	add_part(digest, touch->lead);
	add_part(digest, normalised != NULL ? normalised : touch->address);
	add_part(digest, touch->phone);
	add_part(digest, touch->name);
	add_part(digest, touch->id);
	digest_add(digest, &touch->time, sizeof touch->time);
	hash = digest_end_hex(digest);
	hash[32] = '\0';
	return hash;
}

char *
outside_key(const struct outside_touch *touch)
{
	const char *source = touch->source != NULL ? touch->source : "";
	g_autofree char *hash = NULL;

	if (touch->id != NULL && strlen(touch->id) <= LIMIT_OUTSIDE_ID)
		return g_strdup_printf("touch:%s:%s", source, touch->id);
	if (touch->id == NULL && touch->time == 0)
		return NULL;
	hash = hash_of(touch);
	return g_strdup_printf("touch:%s:%s", source, hash);
}

/* --- the card --- */

struct outside {
	const struct outside_touch *touch;
	const struct lead *before;
	struct lead *lead;
	const GPtrArray *ledger;
	struct touch *made;
	struct stage_result stage;
	gboolean assigned;
};

static struct candidate *
find_card(const struct known *known)
{
	for (guint i = 0; i < known->candidates->len; i++) {
		struct candidate *candidate = known->candidates->pdata[i];

		if (!identity_is_shadow(candidate->lead))
			return candidate;
	}
	return NULL;
}

static gboolean
is_taken(const GPtrArray *ledger, const char *key)
{
	for (guint i = 0; key != NULL && i < ledger->len; i++) {
		const struct touch *touch = ledger->pdata[i];

		if (g_strcmp0(touch->message_key, key) == 0)
			return TRUE;
	}
	return FALSE;
}

static struct lead *
begin_lead(const struct change_context *context, const struct outside_touch *touch)
{
	struct lead *lead = lead_new();

	lead->id = clock_new_id("ld_", context->time);
	lead->created = context->time;
	lead->address = g_strdup(touch->address);
	lead->normalised = touch->address != NULL ? address_normalise(touch->address) : NULL;
	lead->name = touch->person != NULL ? change_cut_text(touch->person, LIMIT_NAME) : NULL;
	lead->phone = g_strdup(touch->phone);
	if (touch->phone != NULL)
		g_ptr_array_add(lead->phones, g_strdup(touch->phone));
	if (touch->sender != NULL)
		lead->account = g_strdup(identity_account(touch->sender));
	lead->source = g_strdup(touch->source != NULL ? touch->source : "outside");
	lead->source_campaign = g_strdup(touch->campaign);
	lead->scorecard = g_strdup(scorecards_find(context->scorecards, NULL)->name);
	return lead;
}

static struct touch *
make_touch(const struct change_context *context, const struct outside *outside)
{
	const struct outside_touch *from = outside->touch;
	struct touch *touch = touch_new();
	GPtrArray *points;

	touch->name = g_strdup(from->name);
	touch->direction = g_strdup("outside");
	touch->time = context->time;
	touch->message_key = outside_key(from);
	touch->note = from->note != NULL ? change_cut_text(from->note, LIMIT_NOTE) : NULL;
	touch->author = from->address != NULL ? address_normalise(from->address) : NULL;
	points = change_touch_points(context, outside->lead, from->name);
	g_ptr_array_unref(touch->contributions);
	touch->contributions = points;
	return touch;
}

/* A named person at an address that is not an office's, or with a telephone. */
static gboolean
is_reachable(const struct outside *outside)
{
	const struct sender *sender = outside->touch->sender;

	if (outside->before != NULL && outside->before->stage != STAGE_INTEREST)
		return TRUE;
	return outside->lead->name != NULL &&
	       (outside->lead->phone != NULL || sender == NULL || !sender->role);
}

static void
move_stage(const struct change_context *context, struct outside *outside, const struct score *score)
{
	const struct sender *sender = outside->touch->sender;
	const struct stage_input input = {
		.act = STAGE_ACT_TOUCHED,
		.is_new = outside->before == NULL,
		.current = outside->lead->stage,
		.has_written = outside->lead->inbound_count > 0,
		.is_customer = context->known->is_customer,
		.reachable = is_reachable(outside),
		.unqualified = outside->lead->unverified || (sender != NULL && sender->disposable),
		.total = score->total,
		.threshold = scorecards_find(context->scorecards, outside->lead->scorecard)->mql,
		.qualified = score->qualified,
	};

	stage_decide(&input, &outside->stage);
	change_stage(context, outside->lead, &outside->stage);
}

static void
name_events(const struct outside *outside, struct change_types *types)
{
	gboolean is_new = outside->before == NULL;
	gboolean customer = outside->lead->stage == STAGE_CUSTOMER;
	gboolean was = !is_new && stage_is_qualified(outside->before->stage);

	change_add_type(types, customer, "customer.activity");
	change_add_type(types, is_new && !customer, "lead.created");
	change_add_type(types, !is_new && !customer, "lead.updated");
	change_add_type(types, outside->stage.reopened, "lead.reopened");
	change_add_type(types, stage_is_qualified(outside->lead->stage) && !was && !customer,
			"lead.qualified");
	change_add_type(types, !is_new && outside->stage.changed, "lead.stage_changed");
	change_add_type(types, !is_new && outside->assigned, "lead.assigned");
}

static struct decision *
close_outside(const struct outside *outside, enum match match)
{
	struct decision *decision = change_decision(
		outside->before == NULL ? ACTION_CREATE : ACTION_ATTACH,
		g_strdup_printf("touch %s by %s", outside->touch->name,
				outside->touch->source != NULL ? outside->touch->source : "?"));

	decision->lead = outside->lead;
	decision->before = outside->before;
	decision->touch = outside->made;
	decision->match = outside->before != NULL ? match : MATCHED_NOTHING;
	return decision;
}

static void
open_card(const struct change_context *context, struct outside *outside,
	  struct candidate *candidate)
{
	if (candidate != NULL) {
		outside->before = candidate->lead;
		outside->lead = lead_copy(candidate->lead);
		outside->ledger = context->known->touches;
	} else {
		outside->lead = begin_lead(context, outside->touch);
	}
	outside->lead->created = MIN(outside->lead->created, context->time);
	outside->lead->touch_count++;
	outside->lead->updated = context->now;
}

static struct decision *
take(const struct change_context *context, const struct outside_touch *touch,
     struct candidate *candidate)
{
	g_autoptr(GPtrArray) nothing = g_ptr_array_new();
	struct outside outside = { .touch = touch, .ledger = nothing };
	struct change_types types = { .count = 0 };
	g_autoptr(GPtrArray) all = NULL;
	struct decision *decision;
	struct score score;

	open_card(context, &outside, candidate);
	outside.made = make_touch(context, &outside);
	change_score(context, outside.lead, outside.ledger, outside.made, &score, &all);
	move_stage(context, &outside, &score);
	decision = close_outside(&outside, candidate != NULL ? candidate->match : MATCHED_NOTHING);
	outside.assigned = change_assign(context, decision);
	outside.lead->due = sweep_due(outside.lead, all, context->scorecards, context->now);
	name_events(&outside, &types);
	change_add_events(context, decision, &score, &types);
	score_clear(&score);
	return decision;
}

static char *
find_refusal(const struct outside_touch *touch, const struct candidate *candidate)
{
	if (touch->sender != NULL && touch->sender->own)
		return g_strdup("one of us");
	if (candidate != NULL)
		return NULL;
	if (touch->lead != NULL)
		return g_strdup_printf("there is no lead %.*s", LIMIT_SHOWN, touch->lead);
	if (!touch->create)
		return g_strdup_printf("nobody known is %.*s", LIMIT_SHOWN,
				       touch->address != NULL ? touch->address : touch->phone);
	return NULL;
}

struct decision *
outside_decide(const struct outside_touch *touch, struct known *known,
	       const struct scorecards *scorecards, gint64 now)
{
	const struct change_context context =
		change_context_of(known, scorecards, touch->time, now);
	struct candidate *candidate = find_card(known);
	g_autofree char *key = outside_key(touch);
	g_autoptr(GError) error = NULL;
	char *refusal;

	if (known->is_duplicate)
		return change_duplicate(known);
	if (!outside_check(touch, scorecards, now, &error))
		return change_decision(ACTION_NONE, g_strdup(error->message));
	refusal = find_refusal(touch, candidate);
	if (refusal != NULL)
		return change_decision(ACTION_NONE, refusal);
	if (candidate != NULL)
		change_promote(known, candidate);
	if (candidate != NULL && is_taken(known->touches, key)) {
		struct decision *again =
			change_decision(ACTION_DUPLICATE, g_strdup("this touch is known already"));

		again->lead = lead_copy(candidate->lead);
		return again;
	}
	return take(&context, touch, candidate);
}
