/* api_read.c - leads page by page, and one lead with everything about it. */
#include "hooks/in/api_call.h"

#include <string.h>

#include "base/error.h"
#include "lead/score.h"
#include "lead/scorecard.h"
#include "lead/show.h"
#include "store/browse.h"
#include "store/store_import.h"

#define TOUCHES_SHOWN 200
#define SKIP_MOST 10000
#define WHOLE_LEDGER (1 << 20)

static const char *const TEMPERATURES[] = { "cold", "warm", "hot", NULL };
static const char *const GRADES[] = { "A", "B", "C", "D", NULL };

/* --- leads --- */

static gboolean
read_stage(struct api_call *call, const char **ret)
{
	const char *names[STAGE_COUNT + 1] = { NULL };
	guint place = STAGE_COUNT;

	for (guint i = 0; i < STAGE_COUNT; i++)
		names[i] = stage_name((enum stage)i);
	if (!api_read_choice(call, "stage", names, &place))
		return FALSE;
	*ret = names[place];
	return TRUE;
}

static gboolean
read_name(struct api_call *call, const char *name, const char *const *names, const char **ret)
{
	guint none = g_strv_length((char **)names), place = none;

	if (!api_read_choice(call, name, names, &place))
		return FALSE;
	*ret = place == none ? NULL : names[place];
	return TRUE;
}

static gboolean
read_sort(struct api_call *call, enum browse_sort *ret)
{
	static const char *const names[] = { "updated", "created", "score", "name", NULL };
	guint place = BROWSE_UPDATED;

	if (!api_read_choice(call, "sort", names, &place))
		return FALSE;
	*ret = (enum browse_sort)place;
	return TRUE;
}

static gboolean
read_filter(struct api_call *call, struct browse_filter *ret)
{
	*ret = (struct browse_filter){ .most = API_PAGE };
	return api_read_text(call, "q", &ret->text) && read_stage(call, &ret->stage) &&
	       api_read_text(call, "owner", &ret->owner) &&
	       api_read_text(call, "account", &ret->account) &&
	       api_read_text(call, "scorecard", &ret->scorecard) &&
	       api_read_text(call, "source", &ret->source) &&
	       read_name(call, "temperature", TEMPERATURES, &ret->temperature) &&
	       read_name(call, "grade", GRADES, &ret->grade) &&
	       api_read_flag(call, "unowned", &ret->unowned) &&
	       api_read_time(call, "since", &ret->since) &&
	       api_read_time(call, "until", &ret->until) && read_sort(call, &ret->sort) &&
	       api_read_text(call, "cursor", &ret->cursor) &&
	       api_read_count(call, "limit", 1, API_PAGE_MOST, &ret->most);
}

/* Page after page, for who doesn't know cursors. */
static gboolean
skip(struct api_call *call, struct browse_filter *filter, guint count, char **cursor,
     GError **error)
{
	guint most = filter->most;

	while (count > 0) {
		g_auto(browse_page_owned) page = { 0 };

		filter->most = MIN(count, API_PAGE_MOST);
		if (!browse_leads(call->host->store, filter, &page, error))
			return FALSE;
		count -= page.items->len;
		g_free(*cursor);
		*cursor = g_steal_pointer(&page.next);
		if (!page.more)
			return TRUE;
		filter->cursor = *cursor;
	}
	filter->most = most;
	return TRUE;
}

static void
answer_leads(struct api_call *call, const struct browse_page *page)
{
	cJSON *value = cJSON_CreateObject();
	cJSON *list = api_show_page(value, "leads", page->more, page->next);

	for (guint i = 0; page->items && i < page->items->len; i++)
		cJSON_AddItemToArray(list, api_show_listed(page->items->pdata[i], call->now));
	api_answer_json(call, 200, value);
}

void
api_list_leads(struct api_call *call)
{
	g_auto(browse_page_owned) page = { 0 };
	g_autofree char *cursor = NULL;
	g_autoptr(GError) error = NULL;
	struct browse_filter filter;
	guint skipped = 0;
	gboolean done;

	if (!read_filter(call, &filter) || !api_read_count(call, "skip", 0, SKIP_MOST, &skipped))
		return;
	done = skip(call, &filter, skipped, &cursor, &error) &&
	       (skipped == 0 || cursor ? browse_leads(call->host->store, &filter, &page, &error)
				       : TRUE); /* nothing is left after those */
	if (done)
		answer_leads(call, &page);
	else
		api_answer_failure(call, error);
}

/* --- one lead --- */

/* What is read of a lead. */
struct history {
	struct lead *lead;
	GPtrArray *touches;
	GPtrArray *changes; /* of stage; or NULL */
};

static void
history_clear(struct history *history)
{
	lead_free(history->lead);
	g_clear_pointer(&history->touches, g_ptr_array_unref);
	g_clear_pointer(&history->changes, g_ptr_array_unref);
}
typedef struct history history_owned;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(history_owned, history_clear)

/* Answers when it can't. */
static gboolean
load(struct api_call *call, gboolean with_changes, struct history *ret)
{
	struct store *store = call->host->store;
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(GError) error = NULL;

	ret->lead = store_lead(store, call->parameter, &error);
	if (ret->lead &&
	    browse_touches(store, ret->lead->id, NULL, TRUE, NULL, WHOLE_LEDGER, &page, &error)) {
		ret->touches = g_steal_pointer(&page.items);
		if (!with_changes)
			return TRUE;
		ret->changes = store_stage_changes(store, ret->lead->id, &error);
		if (ret->changes)
			return TRUE;
	}
	api_answer_failure(call, error);
	return FALSE;
}

static void
add_touches(cJSON *value, const GPtrArray *touches)
{
	cJSON *list = cJSON_AddArrayToObject(value, "touches");

	for (guint i = touches->len > TOUCHES_SHOWN ? touches->len - TOUCHES_SHOWN : 0;
	     i < touches->len; i++)
		cJSON_AddItemToArray(list, api_show_touch(touches->pdata[i]));
}

static void
add_stages(cJSON *value, const GPtrArray *changes)
{
	cJSON *list = cJSON_AddArrayToObject(value, "stages");

	for (guint i = 0; i < changes->len; i++)
		cJSON_AddItemToArray(list, api_show_stage(changes->pdata[i]));
}

static gboolean
add_merged(struct api_call *call, cJSON *value, const struct lead *lead, GError **error)
{
	g_autoptr(GPtrArray) ids = browse_merged(call->host->store, lead->id, error);
	cJSON *list = cJSON_AddArrayToObject(value, "merged");

	for (guint i = 0; ids && i < ids->len; i++)
		cJSON_AddItemToArray(list, cJSON_CreateString(ids->pdata[i]));
	return ids != NULL;
}

static void
answer_lead(struct api_call *call, const struct history *history, gint64 now)
{
	struct lead *lead = history->lead;
	g_autoptr(account_owned) account = NULL;
	g_autoptr(GError) error = NULL;
	struct score score;
	cJSON *value;

	if (lead->account)
		account = store_account_heat(call->host->store, lead->account,
					     call->view.scorecards, now, &error);
	if (error) {
		api_answer_failure(call, error);
		return;
	}
	score_evaluate_all(call->view.scorecards, history->touches, lead, now, &score);
	score_keep(&score, lead);
	value = api_show_snapshot(lead, account, &score, now);
	add_touches(value, history->touches);
	add_stages(value, history->changes);
	score_clear(&score);
	if (add_merged(call, value, lead, &error)) {
		api_answer_json(call, 200, value);
		return;
	}
	cJSON_Delete(value);
	api_answer_failure(call, error);
}

void
api_get_lead(struct api_call *call)
{
	g_auto(history_owned) history = { 0 };
	gint64 now = call->now;

	if (api_read_time(call, "now", &now) && load(call, TRUE, &history))
		answer_lead(call, &history, now);
}

void
api_get_stages(struct api_call *call)
{
	g_autoptr(GError) error = NULL;
	g_autoptr(GPtrArray) changes =
		store_stage_changes(call->host->store, call->parameter, &error);
	cJSON *value;

	if (!changes) {
		api_answer_failure(call, error);
		return;
	}
	value = cJSON_CreateObject();
	add_stages(value, changes);
	api_answer_json(call, 200, value);
}

void
api_get_timeline(struct api_call *call)
{
	static const char *const orders[] = { "newest", "oldest", NULL };
	static const char *const directions[] = { "inbound", "outbound", "outside", NULL };
	g_auto(browse_page_owned) page = { 0 };
	g_autoptr(GError) error = NULL;
	const char *cursor, *direction;
	guint order = 0, most = API_PAGE;
	cJSON *value, *list;

	if (!api_read_choice(call, "order", orders, &order) ||
	    !read_name(call, "direction", directions, &direction) ||
	    !api_read_text(call, "cursor", &cursor) ||
	    !api_read_count(call, "limit", 1, API_PAGE_MOST, &most))
		return;
	if (!browse_touches(call->host->store, call->parameter, direction, order == 1, cursor, most,
			    &page, &error)) {
		api_answer_failure(call, error);
		return;
	}
	score_resolve(call->view.scorecards, page.items);
	value = cJSON_CreateObject();
	list = api_show_page(value, "touches", page.more, page.next);
	for (guint i = 0; i < page.items->len; i++)
		cJSON_AddItemToArray(list, api_show_touch(page.items->pdata[i]));
	api_answer_json(call, 200, value);
}

/* --- explained --- */

static void
add_grade(cJSON *object, char grade)
{
	char text[2] = { grade, '\0' };

	show_add_text(object, "grade", grade >= 'A' && grade <= 'D' ? text : NULL);
}

static void
add_figures(cJSON *object, const struct score *score)
{
	show_add_points(object, "total", score->total);
	show_add_points(object, "fit", score->fit);
	show_add_points(object, "engagement", score->engagement);
	show_add_points(object, "quality", score->quality);
	add_grade(object, score->grade);
	show_add_text(object, "temperature", temperature_name(score->temperature));
}

static cJSON *
explain_contribution(const struct contribution *contribution)
{
	cJSON *one = cJSON_CreateObject();

	show_add_text(one, "rule", contribution->rule);
	show_add_text(one, "group", contribution->group);
	show_add_text(one, "dimension", dimension_name(contribution->dimension));
	show_add_text(one, "kind", contribution->is_explicit ? "explicit" : "implicit");
	show_add_text(one, "reason", contribution->reason);
	show_add_text(one, "evidence", contribution->evidence);
	show_add_time(one, "time", contribution->time);
	cJSON_AddNumberToObject(one, "times", MAX(contribution->times, 1));
	cJSON_AddNumberToObject(one, "value", contribution->value);
	show_add_points(one, "raw", contribution->raw);
	show_add_points(one, "decayed", contribution->decayed);
	show_add_points(one, "points", contribution->points);
	if (contribution->half_life_days > 0)
		cJSON_AddNumberToObject(one, "half_life_days", contribution->half_life_days);
	else
		cJSON_AddNullToObject(one, "half_life_days");
	return one;
}

static cJSON *
explain_score(struct api_call *call, const struct score *score, gboolean leading)
{
	cJSON *one = cJSON_CreateObject(), *list;

	show_add_text(one, "scorecard", score->scorecard);
	cJSON_AddBoolToObject(one, "leading", leading);
	add_figures(one, score);
	show_add_points(one, "completeness", score->completeness);
	cJSON_AddBoolToObject(one, "qualified", score->qualified);
	cJSON_AddItemToObject(
		one, "thresholds",
		api_show_thresholds(scorecards_find(call->view.scorecards, score->scorecard)));
	list = cJSON_AddArrayToObject(one, "contributions");
	for (guint i = 0; i < score->contributions->len; i++)
		cJSON_AddItemToArray(list, explain_contribution(score->contributions->pdata[i]));
	return one;
}

void
api_explain_lead(struct api_call *call)
{
	g_auto(history_owned) history = { 0 };
	gint64 now = call->now;
	struct score score;
	cJSON *value, *list;

	if (!api_read_time(call, "now", &now) || !load(call, FALSE, &history))
		return;
	score_evaluate_all(call->view.scorecards, history.touches, history.lead, now, &score);
	value = cJSON_CreateObject();
	show_add_text(value, "lead", history.lead->id);
	show_add_time(value, "as_of", now);
	list = cJSON_AddArrayToObject(value, "scores");
	cJSON_AddItemToArray(list, explain_score(call, &score, TRUE));
	for (guint i = 0; score.others && i < score.others->len; i++)
		cJSON_AddItemToArray(list, explain_score(call, score.others->pdata[i], FALSE));
	score_clear(&score);
	api_answer_json(call, 200, value);
}

/* --- score over time --- */

#define WORK_MOST 2000000 /* touches looked at for all points of a line */

struct moment {
	gint64 time;
	const char *touch; /* what happened then, or NULL */
};

static int
by_time(gconstpointer one, gconstpointer other)
{
	const struct moment *a = one, *b = other;

	return (a->time > b->time) - (a->time < b->time);
}

/* Every touch, and evenly between: as many as a long ledger leaves time for. */
static GArray *
choose_moments(const GPtrArray *touches, gint64 since, gint64 until, guint points)
{
	GArray *moments = g_array_new(FALSE, FALSE, sizeof(struct moment));
	guint most = MAX(20, WORK_MOST / MAX(touches->len, 1));
	guint step = touches->len / MIN(most, 1000) + 1;

	points = MIN(points, most);
	for (guint i = 0; i < touches->len; i += step) {
		const struct touch *touch = touches->pdata[i];
		const struct moment moment = { touch->time, touch->name };

		if (touch->time >= since && touch->time <= until)
			g_array_append_val(moments, moment);
	}
	for (guint i = 0; i < points && until > since; i++) {
		const struct moment moment = {
			since + (gint64)((double)(until - since) / (points - 1) * i), NULL
		};

		g_array_append_val(moments, moment);
	}
	g_array_sort(moments, by_time);
	return moments;
}

static cJSON *
show_point(const struct score_card *card, const struct history *history,
	   const struct moment *moment)
{
	cJSON *one = cJSON_CreateObject();
	struct score score;

	score_evaluate(card, history->touches, history->lead, moment->time, &score);
	show_add_time(one, "time", moment->time);
	add_figures(one, &score);
	show_add_text(one, "touch", moment->touch);
	score_clear(&score);
	return one;
}

static gint64
first_time(const GPtrArray *touches, gint64 otherwise)
{
	gint64 first = otherwise;

	for (guint i = 0; i < touches->len; i++)
		first = MIN(first, ((const struct touch *)touches->pdata[i])->time);
	return first;
}

static void
answer_scores(struct api_call *call, const struct history *history, const char *name, gint64 since,
	      gint64 until, guint points)
{
	const struct score_card *card = scorecards_card(
		call->view.scorecards,
		name ? name
		     : scorecards_find(call->view.scorecards, history->lead->scorecard)->name);
	g_autoptr(GArray) moments = NULL;
	cJSON *value, *list;

	if (!card) {
		api_answer_error(call, 422, "invalid", "scorecard: there is none of that name",
				 NULL);
		return;
	}
	since = since ? since : first_time(history->touches, until);
	moments = choose_moments(history->touches, since, until, points);
	value = cJSON_CreateObject();
	show_add_text(value, "scorecard", card->config->name);
	cJSON_AddItemToObject(value, "thresholds", api_show_thresholds(card->config));
	list = cJSON_AddArrayToObject(value, "points");
	for (guint i = 0; i < moments->len; i++)
		cJSON_AddItemToArray(
			list, show_point(card, history, &g_array_index(moments, struct moment, i)));
	add_stages(value, history->changes);
	api_answer_json(call, 200, value);
}

void
api_get_scores(struct api_call *call)
{
	g_auto(history_owned) history = { 0 };
	gint64 since = 0, until = call->now;
	const char *card;
	guint points = 120;

	if (api_read_text(call, "scorecard", &card) && api_read_time(call, "since", &since) &&
	    api_read_time(call, "until", &until) &&
	    api_read_count(call, "points", 2, 500, &points) && load(call, TRUE, &history))
		answer_scores(call, &history, card, since, until, points);
}
