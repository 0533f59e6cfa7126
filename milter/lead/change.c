/* change.c - see change.h. */
#include "lead/change.h"

#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "lead/card.h"
#include "lead/event.h"
#include "lead/summary.h"
#include "lead/worktime.h"

/* Clocks of others may be ahead of ours by so much. */
#define MOST_AHEAD (10 * 60 * (gint64)CLOCK_SECOND)
#define MOST_BEHIND (20 * 365 * CLOCK_DAY)

#define REPEAT_WINDOW 32 /* touches: what comes for several recipients comes close together */

struct change_context
change_context_of(struct known *known, const struct scorecards *scorecards, gint64 time, gint64 now)
{
	return (struct change_context){
		.known = known,
		.scorecards = scorecards,
		.config = scorecards_config(scorecards),
		.now = now,
		.time = time > 0 ? MIN(time, now) : now,
	};
}

struct decision *
change_decision(enum action action, char *reason)
{
	struct decision *decision = g_new0(struct decision, 1);

	decision->action = action;
	decision->reason = reason;
	decision->events = g_ptr_array_new_with_free_func((GDestroyNotify)event_free);
	return decision;
}

struct decision *
change_duplicate(const struct known *known)
{
	struct decision *decision =
		change_decision(ACTION_DUPLICATE, g_strdup("this was decided before"));

	decision->lead = lead_copy(known->previous);
	return decision;
}

/* --- ledger and score --- */

gboolean
change_is_repeated(const GPtrArray *ledger, const char *message_id)
{
	guint oldest = ledger->len - MIN(ledger->len, REPEAT_WINDOW);

	for (guint i = ledger->len; message_id != NULL && i > oldest; i--) {
		const struct touch *touch = ledger->pdata[i - 1];

		if (g_strcmp0(touch->message_id, message_id) == 0)
			return TRUE;
	}
	return FALSE;
}

gboolean
change_is_watched(const struct change_context *context)
{
	const GPtrArray *candidates = context->known->candidates;
	gboolean conversations = context->config->watch_conversations;

	if (context->facts->mailboxes->len > 0 || (conversations && context->known->replied_to))
		return TRUE;
	for (guint i = 0; i < candidates->len; i++) {
		enum match match = ((const struct candidate *)candidates->pdata[i])->match;

		if (match == MATCHED_TOKEN || (conversations && match == MATCHED_REFERENCES))
			return TRUE;
	}
	return FALSE;
}

/* Of those summed up the days are known: when the last of them is in the window, so is every later
 * touch, and the days that reach into it are taken as a whole. */
static guint
count_early(const GPtrArray *ledger, gint64 begin)
{
	const struct touch *first = ledger->len > 0 ? ledger->pdata[0] : NULL;
	const struct summary *summary = first != NULL ? first->summary : NULL;
	static const char *const MAILS[] = { "mail", "reply", "form", "forward", "owner_reply" };
	guint count = 0;

	if (summary == NULL || summary->last <= begin)
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS(MAILS); i++)
		count += summary_count(summary, MAILS[i], (double)(begin - CLOCK_DAY));
	return count;
}

gboolean
change_is_flood(const struct change_context *context, const GPtrArray *ledger)
{
	gint64 begin = context->time - context->config->flood_window;
	guint count = count_early(ledger, begin);

	for (guint i = ledger->len; i > 0 && count < context->config->flood_messages; i--) {
		const struct touch *touch = ledger->pdata[i - 1];

		count += touch->message_id != NULL && touch->time > begin &&
			 touch->time <= context->time;
	}
	return count >= context->config->flood_messages;
}

/* Make `candidate` the first one, so that known->touches is its ledger. */
void
change_promote(struct known *known, struct candidate *candidate)
{
	struct candidate *first = known->candidates->pdata[0];
	guint place = 0;

	if (candidate == first || !g_ptr_array_find(known->candidates, candidate, &place))
		return;
	first->touches = known->touches;
	known->touches = candidate->touches;
	candidate->touches = NULL;
	if (known->touches == NULL)
		known->touches = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	known->candidates->pdata[place] = first;
	known->candidates->pdata[0] = candidate;
}

/* A message from an archive may be older than what the ledger holds: the card shows the score as of
 * its newest touch, or what came later would count for nothing. */
static gint64
newest_time(const GPtrArray *touches, gint64 now)
{
	for (guint i = 0; i < touches->len; i++)
		now = MAX(now, ((const struct touch *)touches->pdata[i])->time);
	return now;
}

void
change_evaluate(const struct change_context *context, struct lead *lead, GPtrArray *touches,
		gint64 now, struct score *ret)
{
	score_evaluate_all(context->scorecards, touches, lead, now, ret);
	score_keep(ret, lead);
}

/* Evaluate a ledger and a new touch, and keep the figures in the lead.  `ret_all` holds what the
 * score points into. */
void
change_score(const struct change_context *context, struct lead *lead, const GPtrArray *ledger,
	     struct touch *touch, struct score *ret, GPtrArray **ret_all)
{
	GPtrArray *all = g_ptr_array_sized_new(ledger->len + 1);

	for (guint i = 0; i < ledger->len; i++)
		g_ptr_array_add(all, ledger->pdata[i]);
	if (touch != NULL)
		g_ptr_array_add(all, touch);
	change_drop_words(context, touch);
	change_evaluate(context, lead, all, newest_time(all, context->now), ret);
	*ret_all = all;
}

char *
change_cut_text(const char *text, gsize most)
{
	gsize length = strnlen(text, most);

	while (length > 0 && ((guchar)text[length] & 0xc0) == 0x80)
		length--;
	return g_strndup(text, length);
}

gboolean
change_keeps_words(const struct config *config)
{
	return g_strcmp0(config->content, "none") != 0;
}

gboolean
change_keeps_text(const struct config *config)
{
	return change_keeps_words(config) &&
	       (config->store_text || g_strcmp0(config->content, "text") == 0);
}

void
change_drop_words(const struct change_context *context, struct touch *touch)
{
	if (touch == NULL || change_keeps_words(context->config))
		return;
	for (guint i = 0; i < touch->contributions->len; i++) {
		struct contribution *contribution = touch->contributions->pdata[i];

		g_clear_pointer(&contribution->evidence, g_free);
		g_clear_pointer(&contribution->reason, g_free);
	}
}

struct touch *
change_touch(const struct change_context *context, const char *name, const char *direction)
{
	const struct facts *facts = context->facts;
	struct touch *touch = touch_new();

	touch->name = g_strdup(name);
	touch->direction = g_strdup(direction);
	touch->time = context->time;
	touch->message_key = g_strdup(facts->key);
	touch->message_id = g_strdup(facts->mail->message_id);
	if (change_keeps_words(context->config))
		touch->subject = g_strdup(facts->mail->subject);
	touch->mailbox = g_strdup(card_mailbox_address(facts));
	return touch;
}

/* --- without a message --- */

gboolean
change_check_time(gint64 time, gint64 now, GError **error)
{
	g_autofree char *words = NULL;

	if (time == 0 || (time <= now + MOST_AHEAD && time >= now - MOST_BEHIND))
		return TRUE;
	words = clock_format(time);
	g_set_error(error, LEADMILTER_ERROR, ERROR_INPUT, "%s is %s", words,
		    time > now ? "in the future" : "more than 20 years ago");
	return FALSE;
}

GPtrArray *
change_touch_points(const struct change_context *context, const struct lead *lead, const char *name)
{
	return scorecards_touch(context->scorecards, lead, name, context->time);
}

void
change_latency(const struct change_context *context, struct touch *touch, gint64 since)
{
	if (since == 0 || since > touch->time)
		return;
	touch->latency = touch->time - since;
	touch->working_latency =
		worktime_between(scorecards_worktime(context->scorecards), since, touch->time);
}

/* --- events --- */

void
change_add_type(struct change_types *types, gboolean when, const char *name)
{
	if (when && types->count + 1 < G_N_ELEMENTS(types->name))
		types->name[types->count++] = name;
}

static gboolean
wants_text(const struct config *config)
{
	for (guint i = 0; i < config->endpoints->len; i++) {
		if (((const struct config_endpoint *)config->endpoints->pdata[i])->include_text)
			return TRUE;
	}
	return change_keeps_text(config);
}

void
change_add_events(const struct change_context *context, struct decision *decision,
		  const struct score *score, const struct change_types *types)
{
	const struct event_input input = {
		.lead = decision->lead,
		.before = decision->before,
		.score = score,
		.account = context->known->account,
		.touch = decision->touch,
		.facts = context->facts,
		.time = context->now,
		.with_text = wants_text(context->config),
		.without_content = !change_keeps_words(context->config),
		.match = decision->match,
	};

	if (types->count > 0)
		event_add_all(decision->events, &input, types->name);
}

/* --- stage and owner --- */

void
change_stage(const struct change_context *context, struct lead *lead, struct stage_result *result)
{
	if (!result->changed)
		return;
	lead->stage = result->stage;
	lead->stage_since = MAX(context->time, lead->stage_since);
	g_free(lead->stage_cause);
	lead->stage_cause = g_steal_pointer(&result->cause);
}

static void
append_words(char **text, const char *words)
{
	g_autofree char *before = g_steal_pointer(text);
	g_autofree char *all =
		before != NULL ? g_strdup_printf("%s; %s", before, words) : g_strdup(words);

	*text = change_cut_text(all, LIMIT_NOTE);
}

gboolean
change_owner(const struct change_context *context, struct decision *decision,
	     struct assignment *assignment)
{
	gboolean changed =
		assign_to(decision->lead, assignment->owner, assignment->reason, context->time);

	if (assignment->notice != NULL) {
		append_words(&decision->reason, assignment->notice);
		if (decision->touch != NULL)
			append_words(&decision->touch->note, assignment->notice);
	}
	g_clear_pointer(&decision->credits, g_ptr_array_unref);
	decision->credits = g_steal_pointer(&assignment->credits);
	assignment_clear(assignment);
	return changed;
}

gboolean
change_assign(const struct change_context *context, struct decision *decision)
{
	const struct assign_input input = { .config = context->config,
					    .scorecards = context->scorecards,
					    .facts = context->facts,
					    .known = context->known,
					    .lead = decision->lead,
					    .before = decision->before,
					    .touches = context->known->touches,
					    .time = context->time };
	struct assignment assignment;

	assign_inbound(&input, &assignment);
	return change_owner(context, decision, &assignment);
}
