/* merge.c - see merge.h. */
#include "lead/merge.h"

#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/card.h"
#include "lead/change.h"
#include "lead/event.h"
#include "lead/identity.h"
#include "lead/sweep.h"

/* --- values of two cards --- */

static void
set(char **field, const char *value)
{
	char *copy = g_strdup(value); /* may be a part of the field */

	g_free(*field);
	*field = copy;
}

static void
fill(struct lead *lead, const struct lead *other)
{
#define FIELD(name) \
	{ \
		&lead->name, other->name \
	}
	const struct {
		char **field;
		const char *value;
	} FIELDS[] = {
		FIELD(title), FIELD(rank),    FIELD(company), FIELD(country),   FIELD(language),
		FIELD(phone), FIELD(account), FIELD(owner),   FIELD(scorecard), FIELD(customer),
	};
#undef FIELD

	if (lead->owner == NULL && other->owner != NULL) {
		set(&lead->owner_reason, other->owner_reason);
		lead->owner_since = other->owner_since;
	}
	if (lead->name == NULL) {
		set(&lead->name, other->name);
		set(&lead->prefix, other->prefix);
		set(&lead->first_name, other->first_name);
		set(&lead->last_name, other->last_name);
	}
	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++) {
		if (*FIELDS[i].field == NULL)
			set(FIELDS[i].field, FIELDS[i].value);
	}
}

/* The source is that of the first message of either. */
static void
take_source(struct lead *lead, const struct lead *other)
{
	set(&lead->source, other->source);
	set(&lead->source_mailbox, other->source_mailbox);
	set(&lead->source_tag, other->source_tag);
	set(&lead->source_form, other->source_form);
	set(&lead->source_campaign, other->source_campaign);
	set(&lead->source_forwarder, other->source_forwarder);
	set(&lead->source_referrer, other->source_referrer);
}

static void
add_all(GPtrArray *list, const GPtrArray *other, guint most)
{
	for (guint i = 0; i < other->len && list->len < most; i++)
		lead_add_text(list, other->pdata[i], most);
}

static gboolean
has_own_address(const struct lead *lead)
{
	return lead->normalised != NULL && !identity_is_shadow(lead);
}

static void
take_addresses(struct lead *lead, const struct lead *other)
{
	if (!has_own_address(lead) && has_own_address(other)) {
		set(&lead->normalised, other->normalised);
		set(&lead->address, other->address);
	}
	if (has_own_address(other))
		card_add_address(lead, other->normalised);
	for (guint i = 0; i < other->addresses->len; i++)
		card_add_address(lead, other->addresses->pdata[i]);
}

static void
drop_duplicate(struct lead *lead, const char *id)
{
	guint at;

	if (!g_ptr_array_find_with_equal_func(lead->possible_duplicates, id, g_str_equal, &at))
		return;
	g_ptr_array_remove_index(lead->possible_duplicates, at);
	if (at < lead->duplicate_reasons->len)
		g_ptr_array_remove_index(lead->duplicate_reasons, at);
}

static void
take_duplicates(struct lead *lead, const struct lead *other)
{
	add_all(lead->apart, other->apart, LIMIT_APART);
	for (guint i = 0; i < other->possible_duplicates->len; i++)
		card_add_duplicate(lead, other->possible_duplicates->pdata[i],
				   i < other->duplicate_reasons->len
					   ? other->duplicate_reasons->pdata[i]
					   : "not recorded");
	drop_duplicate(lead, other->id);
	if (g_strcmp0(lead->linked, other->id) == 0)
		g_clear_pointer(&lead->linked, g_free);
}

static gint64
earlier(gint64 one, gint64 other)
{
	return one == 0 || other == 0 ? MAX(one, other) : MIN(one, other);
}

static void
add_counts(struct lead *lead, const struct lead *other)
{
	lead->created = earlier(lead->created, other->created);
	lead->first_inbound = earlier(lead->first_inbound, other->first_inbound);
	lead->last_inbound = MAX(lead->last_inbound, other->last_inbound);
	lead->first_response = earlier(lead->first_response, other->first_response);
	lead->first_due = earlier(lead->first_due, other->first_due);
	lead->last_outbound = MAX(lead->last_outbound, other->last_outbound);
	lead->inbound_count += other->inbound_count;
	lead->outbound_count += other->outbound_count;
	lead->touch_count += other->touch_count;
	lead->unverified = lead->unverified && other->unverified;
	lead->unreachable = lead->unreachable && other->unreachable;
	lead->opted_out = lead->opted_out || other->opted_out;
}

static void
take_task(struct lead *lead, const struct lead *other)
{
	if (other->task == NULL || (lead->task != NULL && lead->task_due <= other->task_due))
		return;
	set(&lead->task, other->task);
	lead->task_due = other->task_due;
	lead->task_breached = other->task_breached;
}

/* --- the stage --- */

/* How much a stage counts against the other card's. */
static guint
weigh(const struct lead *lead, gboolean opted_out)
{
	if (lead->stage == STAGE_CUSTOMER)
		return STAGE_COUNT + 1;
	if (stage_is_closed(lead->stage))
		return opted_out && lead->stage == STAGE_DISQUALIFIED ? STAGE_COUNT : 0;
	return 1 + lead->stage;
}

static void
take_stage(struct lead *lead, const struct lead *other)
{
	gboolean opted_out = lead->opted_out || other->opted_out;
	guint own = weigh(lead, opted_out), others = weigh(other, opted_out);

	if (own > others || (own == others && lead->stage_since >= other->stage_since))
		return;
	lead->stage = other->stage;
	lead->stage_since = MAX(lead->stage_since, other->stage_since);
	set(&lead->stage_cause, other->stage_cause);
}

/* --- ledgers --- */

/* What came from a third card before goes back to that by the same way: "last/first". */
static void
mark_origin(GPtrArray *touches, const char *origin)
{
	for (guint i = 0; i < touches->len; i++) {
		struct touch *touch = touches->pdata[i];
		char *way = g_strjoin("/", origin, touch->origin, NULL);

		g_free(touch->origin);
		touch->origin = way;
	}
}

static gboolean
is_from(const struct touch *touch, const char *origin)
{
	gsize length = strlen(origin);

	return g_str_has_prefix(touch->origin, origin) &&
	       (touch->origin[length] == '\0' || touch->origin[length] == '/');
}

static void
unmark_origin(struct touch *touch)
{
	const char *rest = touch->origin != NULL ? strchr(touch->origin, '/') : NULL;

	set(&touch->origin, rest != NULL ? rest + 1 : NULL);
}

static gint
by_time(gconstpointer one, gconstpointer other)
{
	const struct touch *a = *(const struct touch *const *)one;
	const struct touch *b = *(const struct touch *const *)other;

	return (a->time > b->time) - (a->time < b->time);
}

static void
number(GPtrArray *touches)
{
	for (guint i = 0; i < touches->len; i++)
		((struct touch *)touches->pdata[i])->sequence = i + 1;
}

/* g_ptr_array_sort() is stable: touches of one time stay in the order they were made. */
static void
join_ledgers(struct known *known)
{
	struct candidate *other = known->candidates->pdata[1];

	mark_origin(other->touches, other->lead->id);
	g_ptr_array_extend_and_steal(known->touches, g_steal_pointer(&other->touches));
	g_ptr_array_sort(known->touches, by_time);
	number(known->touches);
}

/* --- events --- */

static void
add_events(const struct change_context *context, struct decision *decision,
	   const struct score *score, const char *const *types, const struct lead *other)
{
	const struct event_input input = {
		.lead = decision->lead,
		.before = decision->before,
		.other = other,
		.score = score,
		.account = context->known->account,
		.time = context->now,
		.without_content = !change_keeps_words(context->config),
		.match = MATCHED_NOTHING,
	};

	event_add_all(decision->events, &input, types);
}

/* Figures, due time and events of a card whose ledger is another one now. */
static void
conclude(const struct change_context *context, struct decision *decision, GPtrArray *touches,
	 const char *const *types, const struct lead *other)
{
	struct lead *lead = decision->lead;
	struct score score;

	lead->updated = context->now;
	change_evaluate(context, lead, touches, context->now, &score);
	lead->due = sweep_due(lead, touches, context->scorecards, context->now);
	add_events(context, decision, &score, types, other);
	score_clear(&score);
}

/* --- two become one --- */

static struct lead *
make_sign(const struct lead *other, const struct lead *lead, gint64 now)
{
	struct lead *sign = lead_copy(other);

	set(&sign->merged_into, lead->id);
	sign->updated = now;
	sign->due = 0;
	return sign;
}

static struct lead *
join_cards(const struct lead *one, const struct lead *other)
{
	struct lead *lead = lead_copy(one);

	if (other->created < one->created)
		take_source(lead, other);
	take_stage(lead, other);
	fill(lead, other);
	take_addresses(lead, other);
	add_all(lead->phones, other->phones, LIMIT_PHONES);
	add_all(lead->urls, other->urls, LIMIT_URLS);
	take_duplicates(lead, other);
	add_counts(lead, other);
	take_task(lead, other);
	return lead;
}

struct decision *
merge_decide(struct known *known, const struct scorecards *scorecards, gint64 now)
{
	static const char *const TYPES[] = { "lead.merged", NULL };
	const struct change_context context = change_context_of(known, scorecards, 0, now);
	const struct lead *one = ((struct candidate *)known->candidates->pdata[0])->lead;
	const struct lead *other = ((struct candidate *)known->candidates->pdata[1])->lead;
	struct decision *decision =
		change_decision(ACTION_ATTACH, g_strdup_printf("%s is the same person", other->id));

	decision->lead = join_cards(one, other);
	decision->before = one;
	join_ledgers(known);
	conclude(&context, decision, known->touches, TYPES, other);
	decision->next = change_decision(ACTION_ATTACH, g_strdup_printf("merged into %s", one->id));
	decision->next->lead = make_sign(other, one, now);
	decision->next->before = other;
	return decision;
}

/* --- one becomes two --- */

gboolean
merge_takes(const struct merge_part *part, const struct lead *lead, const struct touch *touch)
{
	if (part->sign == NULL)
		return g_strcmp0(touch->author, part->address) == 0;
	if (touch->origin != NULL)
		return is_from(touch, part->sign->id);
	return identity_has_address(part->sign, touch->author) &&
	       g_strcmp0(touch->author, lead->normalised) != 0;
}

static void
divide_ledger(const struct merge_part *part, const struct lead *lead, GPtrArray *touches,
	      GPtrArray *taken)
{
	g_autoptr(GPtrArray) left = g_ptr_array_sized_new(touches->len);

	g_ptr_array_set_free_func(touches, NULL);
	for (guint i = 0; i < touches->len; i++)
		g_ptr_array_add(merge_takes(part, lead, touches->pdata[i]) ? taken : left,
				touches->pdata[i]);
	g_ptr_array_set_size(touches, 0);
	g_ptr_array_set_free_func(touches, (GDestroyNotify)touch_free);
	g_ptr_array_extend(touches, left, NULL, NULL);
	number(touches);
	number(taken);
	for (guint i = 0; part->sign != NULL && i < taken->len; i++)
		unmark_origin(taken->pdata[i]);
}

/* What the ledger says of how often and when. */
static void
count_ledger(struct lead *lead, const GPtrArray *touches)
{
	lead->first_inbound = lead->last_inbound = lead->first_response = lead->last_outbound = 0;
	lead->inbound_count = lead->outbound_count = 0;
	lead->touch_count = touches->len;
	for (guint i = 0; i < touches->len; i++) {
		const struct touch *touch = touches->pdata[i];

		if (g_strcmp0(touch->direction, "inbound") == 0) {
			lead->first_inbound = earlier(lead->first_inbound, touch->time);
			lead->last_inbound = MAX(lead->last_inbound, touch->time);
			lead->inbound_count++;
		} else if (g_strcmp0(touch->direction, "outbound") == 0) {
			if (lead->first_inbound != 0 && touch->time >= lead->first_inbound)
				lead->first_response = earlier(lead->first_response, touch->time);
			lead->last_outbound = MAX(lead->last_outbound, touch->time);
			lead->outbound_count++;
		}
	}
}

void
merge_set_apart(struct lead *lead, const char *id)
{
	drop_duplicate(lead, id);
	if (g_ptr_array_find_with_equal_func(lead->apart, id, g_str_equal, NULL))
		return;
	if (lead->apart->len >= LIMIT_APART)
		g_ptr_array_remove_index(lead->apart, 0);
	g_ptr_array_add(lead->apart, g_strdup(id));
}

static void
drop_address(struct lead *lead, const char *normalised)
{
	guint at;

	if (normalised != NULL &&
	    g_ptr_array_find_with_equal_func(lead->addresses, normalised, g_str_equal, &at))
		g_ptr_array_remove_index(lead->addresses, at);
}

/* The address the card goes on with when its own is divided off. */
static void
drop_own_address(struct lead *lead)
{
	const char *next = lead->addresses->len > 0 ? lead->addresses->pdata[0] : NULL;

	set(&lead->normalised, next);
	set(&lead->address, next);
	if (next != NULL)
		g_ptr_array_remove_index(lead->addresses, 0);
}

static void
drop_part(struct lead *lead, const struct merge_part *part)
{
	const struct lead *sign = part->sign;

	if (sign == NULL && g_strcmp0(lead->normalised, part->address) == 0)
		drop_own_address(lead);
	drop_address(lead, sign != NULL ? sign->normalised : part->address);
	for (guint i = 0; sign != NULL && i < sign->addresses->len; i++)
		drop_address(lead, sign->addresses->pdata[i]);
	if (sign != NULL && sign->customer != NULL &&
	    g_strcmp0(lead->customer, sign->customer) == 0)
		g_clear_pointer(&lead->customer, g_free);
}

/* Who it is, and not what became of them. */
static void
know_person(struct lead *card, const struct lead *person)
{
#define FIELD(name) \
	{ \
		&card->name, person->name \
	}
	const struct {
		char **field;
		const char *value;
	} FIELDS[] = {
		FIELD(name), FIELD(prefix),  FIELD(first_name), FIELD(last_name), FIELD(title),
		FIELD(rank), FIELD(company), FIELD(country),    FIELD(language),  FIELD(phone),
	};
#undef FIELD

	for (guint i = 0; i < G_N_ELEMENTS(FIELDS); i++)
		set(FIELDS[i].field, FIELDS[i].value);
	add_all(card->phones, person->phones, LIMIT_PHONES);
}

/* Of somebody who was never merged only the address is known. */
static struct lead *
new_card(const struct merge_part *part, const struct lead *lead, const GPtrArray *touches,
	 gint64 now)
{
	struct lead *card = lead_new();

	card->id = clock_new_id("ld_", now);
	card->created = touches->len > 0 ? ((struct touch *)touches->pdata[0])->time : now;
	set(&card->normalised, part->address);
	set(&card->address, part->address);
	set(&card->account, part->account != NULL ? part->account->domain : NULL);
	if (part->person != NULL)
		know_person(card, part->person);
	set(&card->scorecard, lead->scorecard);
	set(&card->owner, lead->owner);
	set(&card->owner_reason, lead->owner != NULL ? "divided off a lead of theirs" : NULL);
	card->owner_since = lead->owner != NULL ? now : 0;
	take_source(card, lead);
	card->stage = STAGE_EQL;
	card->stage_since = now;
	set(&card->stage_cause, "divided");
	return card;
}

static struct lead *
part_card(const struct merge_part *part, const struct lead *lead, const GPtrArray *touches,
	  gint64 now)
{
	struct lead *card;

	if (part->sign == NULL)
		return new_card(part, lead, touches, now);
	card = lead_copy(part->sign);
	g_clear_pointer(&card->merged_into, g_free);
	return card;
}

struct decision *
merge_divide(const struct merge_part *part, struct known *known,
	     const struct scorecards *scorecards, gint64 now, GPtrArray **ret_ledger)
{
	static const char *const SPLIT[] = { "lead.split", NULL };
	static const char *const CREATED[] = { "lead.created", NULL };
	static const char *const UPDATED[] = { "lead.updated", NULL };
	const struct change_context context = change_context_of(known, scorecards, 0, now);
	struct known theirs = *known; /* borrowed, but for the account */
	struct change_context part_context = context;
	const struct lead *before = ((struct candidate *)known->candidates->pdata[0])->lead;
	GPtrArray *taken = g_ptr_array_new_with_free_func((GDestroyNotify)touch_free);
	struct decision *decision, *other;

	theirs.account = part->account;
	part_context.known = &theirs;
	divide_ledger(part, before, known->touches, taken);
	*ret_ledger = taken;
	if (part->sign == NULL && (taken->len == 0 || known->touches->len == 0))
		return change_decision(ACTION_NONE,
				       g_strdup(taken->len == 0
							? "nothing was written from that address"
							: "all was written from that address"));
	decision = change_decision(ACTION_ATTACH, g_strdup("divided"));
	decision->before = before;
	decision->lead = lead_copy(before);
	decision->next = other = change_decision(part->sign != NULL ? ACTION_ATTACH : ACTION_CREATE,
						 g_strdup_printf("divided off %s", before->id));
	other->before = part->sign;
	other->lead = part_card(part, before, taken, now);
	drop_part(decision->lead, part);
	count_ledger(decision->lead, known->touches);
	count_ledger(other->lead, taken);
	merge_set_apart(decision->lead, other->lead->id);
	merge_set_apart(other->lead, before->id);
	conclude(&context, decision, known->touches, SPLIT, other->lead);
	conclude(&part_context, other, taken, part->sign != NULL ? UPDATED : CREATED, NULL);
	return decision;
}
