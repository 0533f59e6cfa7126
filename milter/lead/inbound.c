/*
 * inbound.c - a person writes to us: a new lead, or one more touch of a known one.
 *
 * Mail that fails authentication never writes into a card it did not make: it gets a flagged
 * candidate of its own, earns no points by what it claims, and its first proven successor
 * takes the candidate over.  The same mail coming for a second mailbox is a touch of the same lead
 * and counts no points twice.
 */
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "lead/card.h"
#include "lead/change.h"
#include "lead/identity.h"
#include "lead/sweep.h"
#include "lead/task.h"

/* --- what stands behind a stage --- */

static gboolean
domain_is_listed(const GPtrArray *domains, const char *domain)
{
	gsize length = domain != NULL ? strlen(domain) : 0;

	for (guint i = 0; length > 0 && i < domains->len; i++) {
		const char *listed = domains->pdata[i];
		gsize tail = strlen(listed);

		if (tail <= length && g_ascii_strcasecmp(domain + length - tail, listed) == 0 &&
		    (tail == length || domain[length - tail - 1] == '.'))
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_target(const struct change_context *context)
{
	const struct account *account = context->known->account;

	return (account != NULL && account->target) ||
	       domain_is_listed(context->config->target_domains,
				context->facts->person_sender.domain);
}

static guint
bant_of_rule(const char *rule)
{
	static const struct {
		const char *word;
		enum bant bant;
	} WORDS[] = { { "budget", BANT_BUDGET },
		      { "authority", BANT_AUTHORITY },
		      { "need", BANT_NEED },
		      { "timeline", BANT_TIMELINE } };

	for (guint i = 0; rule != NULL && i < G_N_ELEMENTS(WORDS); i++) {
		const char *at = strstr(rule, WORDS[i].word);
		const char *end = at != NULL ? at + strlen(WORDS[i].word) : NULL;

		if (at != NULL && (at == rule || !g_ascii_isalnum(at[-1])) &&
		    !g_ascii_isalnum(*end))
			return WORDS[i].bant;
	}
	return 0;
}

/* What this message tells, and what rules named after it gave for earlier ones. */
static guint
find_bant(const struct content *content, const GPtrArray *ledger)
{
	guint bant = (content->budget ? BANT_BUDGET : 0) |
		     (content->authority ? BANT_AUTHORITY : 0) | (content->need ? BANT_NEED : 0) |
		     (content->timeline ? BANT_TIMELINE : 0);

	for (guint i = 0; bant != 0 && i < ledger->len; i++) {
		const struct touch *touch = ledger->pdata[i];

		for (guint c = 0; c < touch->contributions->len; c++) {
			const struct contribution *contribution = touch->contributions->pdata[c];

			if (contribution->is_explicit && contribution->raw > 0)
				bant |= bant_of_rule(contribution->rule);
		}
	}
	return bant;
}

/* --- the card and its touch --- */

struct inbound {
	struct identity identity;
	struct lead *lead;
	const struct lead *before;
	const GPtrArray *ledger;
	struct touch *touch;
	const struct lead *card; /* what rules may read of `before`: nothing a forger wrote */
	gboolean repeated; /* the same mail came for another mailbox before */
	gboolean opts_out;
	gboolean flood; /* not counted, not told */
	gboolean assigned;
	struct stage_result stage;
};

static gboolean
opts_out(const struct facts *facts, enum proof proof)
{
	return facts->content->opt_out && proof >= PROOF_ACCEPTED && facts->forward == NULL &&
	       facts->form == NULL;
}

static struct lead *
begin_lead(const struct change_context *context, const struct identity *identity)
{
	const struct person *person = context->facts->person;
	struct lead *lead = lead_new();

	lead->id = clock_new_id("ld_", context->time);
	lead->created = context->time;
	lead->unverified = identity->proof < PROOF_ACCEPTED;
	if (identity->claimed != NULL) {
		lead->linked = g_strdup(identity->claimed->id);
		lead->address = g_strdup(person->address);
		if (person->normalised != NULL)
			lead->normalised = g_strconcat(DECIDE_UNVERIFIED, person->normalised, NULL);
	} else if (lead->unverified && context->known->is_customer) {
		lead->linked = g_strdup(person->normalised);
	}
	card_write_source(lead, context->facts);
	return lead;
}

/* The first proven mail takes over a card that unproven mail began.  What a form or a forward told
 * is the person's own, only unproven until now; what a forger wrote is not. */
static enum card_trust
find_trust(const struct identity *identity, struct lead *lead)
{
	if (identity->proof < PROOF_ACCEPTED)
		return CARD_FILL;
	if (lead->unverified) {
		lead->unverified = FALSE;
		g_clear_pointer(&lead->linked, g_free);
		if (lead->source_form == NULL && lead->source_forwarder == NULL)
			return CARD_REPLACE;
	}
	return identity->is_same_address || identity->resolves_interest ? CARD_UPDATE : CARD_FILL;
}

static void
note_duplicates(struct lead *lead, const struct identity *identity)
{
	for (guint i = 0; i < identity->possible_duplicates->len; i++)
		card_add_duplicate(lead, identity->possible_duplicates->pdata[i],
				   identity->duplicate_reasons->pdata[i]);
}

static void
open_card(const struct change_context *context, struct inbound *in)
{
	struct candidate *candidate = in->identity.candidate;
	enum card_trust trust;

	if (candidate != NULL) {
		change_promote(context->known, candidate);
		in->before = candidate->lead;
		in->lead = lead_copy(candidate->lead);
		in->ledger = context->known->touches;
		if (in->identity.resolves_interest) {
			g_clear_pointer(&in->lead->normalised, g_free);
			g_clear_pointer(&in->lead->address, g_free);
		}
	} else {
		in->lead = begin_lead(context, &in->identity);
	}
	trust = find_trust(&in->identity, in->lead);
	in->card = trust == CARD_REPLACE ? NULL : in->before;
	card_write(in->lead, context->facts, trust);
	card_write_account(in->lead, context->facts, context->known);
	if (in->identity.adds_address)
		card_add_address(in->lead, context->facts->person->normalised);
	note_duplicates(in->lead, &in->identity);
}

static const char *
name_touch(const struct facts *facts)
{
	if (facts->form != NULL)
		return "form";
	if (facts->forward != NULL)
		return "forward";
	return facts->kind->kind == KIND_HUMAN_REPLY ? "reply" : "mail";
}

/* The other watched mailboxes of the envelope, and what a calendar says. */
static char *
make_note(const struct facts *facts)
{
	const struct calendar *calendar = facts->kind->calendar;
	GString *note = g_string_new(NULL);

	if (calendar != NULL && calendar->response != NULL)
		g_string_append_printf(note, "calendar: %s", calendar->response);
	for (guint i = 1; i < facts->mailbox_addresses->len && note->len < LIMIT_NOTE; i++)
		g_string_append_printf(note, "%s%s", note->len == 0 ? "also to " : ", also to ",
				       (const char *)facts->mailbox_addresses->pdata[i]);
	return g_string_free(note, note->len == 0);
}

/* Our mail they answer: only what comes next after it is an answer to it.  0 none. */
static gint64
find_answered(const struct change_context *context, const struct inbound *in)
{
	gint64 ours = context->known->last_outbound;

	if (in->before != NULL)
		ours = MAX(ours, in->before->last_outbound);
	if (ours > context->time || (in->before != NULL && in->before->last_inbound > ours))
		return 0;
	return ours;
}

static void
drop_points(GPtrArray *contributions)
{
	for (guint i = contributions->len; i > 0; i--) {
		if (((const struct contribution *)contributions->pdata[i - 1])->raw > 0)
			g_ptr_array_remove_index(contributions, i - 1);
	}
}

/* Who writes now is one of those active at the account, too, unless the store has counted them. */
static void
warm_account(const struct change_context *context, const struct inbound *in)
{
	struct account *account = context->known->account;
	gint64 last = in->before != NULL ? in->before->last_inbound : 0;

	if (account != NULL && in->identity.proof != PROOF_REFUTED &&
	    in->identity.claimed == NULL && last < context->now - context->config->account_heat)
		account->active_people++;
}

static void
add_inbound_touch(const struct change_context *context, struct inbound *in)
{
	const struct facts *facts = context->facts;
	struct touch *touch = change_touch(context, name_touch(facts), "inbound");

	touch->note = make_note(facts);
	touch->author = g_strdup(facts->person->normalised);
	change_latency(context, touch, find_answered(context, in));
	context->known->working_latency = MAX(touch->working_latency, 0);
	if (change_keeps_text(context->config))
		touch->excerpt = change_cut_text(facts->forward != NULL ? facts->forward->text
									: facts->text->new_text,
						 LIMIT_EXCERPT);
	in->repeated = change_is_repeated(in->ledger, touch->message_id);
	in->flood = change_is_flood(context, in->ledger);
	if (!in->repeated && !in->flood) {
		g_ptr_array_unref(touch->contributions);
		touch->contributions =
			scorecards_apply(context->scorecards, NULL, facts, context->known, in->card,
					 in->ledger, context->now);
		if (in->identity.proof == PROOF_REFUTED || in->identity.claimed != NULL)
			drop_points(touch->contributions);
	}
	in->touch = touch;
}

static void
count_inbound(const struct change_context *context, const struct inbound *in)
{
	struct lead *lead = in->lead;
	gint64 time = context->time;

	lead->created = MIN(lead->created, time);
	lead->first_inbound = lead->first_inbound == 0 ? time : MIN(lead->first_inbound, time);
	lead->last_inbound = MAX(lead->last_inbound, time);
	lead->inbound_count += !in->repeated;
	lead->touch_count++;
	lead->unreachable = FALSE;
	lead->updated = context->now;
}

static void
move_inbound(const struct change_context *context, struct inbound *in, const struct score *score)
{
	const struct facts *facts = context->facts;
	gboolean proven = in->identity.proof >= PROOF_ACCEPTED;
	gboolean refuted = in->identity.proof == PROOF_REFUTED || in->identity.claimed != NULL;
	gboolean target = !refuted && is_target(context);
	const struct stage_input input = {
		.act = in->opts_out ? STAGE_ACT_OPTED_OUT : STAGE_ACT_WROTE,
		.is_new = in->before == NULL,
		.current = in->lead->stage,
		.has_written = in->before != NULL && in->before->inbound_count > 0,
		.is_customer = proven && context->known->is_customer,
		.reachable = facts->person->reachable &&
			     (facts->person->name != NULL || !facts->person_sender.role),
		.unqualified =
			refuted || (facts->content->vendor_pitch && !target && !score->qualified),
		.is_target = target,
		.bant = find_bant(facts->content, in->ledger),
		.total = score->total,
		.threshold = scorecards_find(context->scorecards, in->lead->scorecard)->mql,
		.qualified = score->qualified,
	};

	in->lead->opted_out |= in->opts_out;
	stage_decide(&input, &in->stage);
	change_stage(context, in->lead, &in->stage);
}

/* The owner, and what is to be done next. */
static void
assign_lead(const struct change_context *context, struct inbound *in, struct decision *decision)
{
	const struct assign_input input = {
		.config = context->config,
		.scorecards = context->scorecards,
		.facts = context->facts,
		.known = context->known,
		.lead = in->lead,
		.before = in->before,
		.touches = in->ledger,
		.conversation = in->identity.conversation,
		.claimed = in->identity.claimed,
		.time = context->time,
	};
	struct assignment assignment;

	assign_inbound(&input, &assignment);
	in->assigned = change_owner(context, decision, &assignment);
	if (stage_is_closed(in->lead->stage))
		task_clear(in->lead);
	else if (!in->repeated && task_is_wanted(in->lead, context->facts))
		task_open(in->lead, scorecards_worktime(context->scorecards),
			  assign_response_within(&input), context->time, context->now);
}

/* A new lead is told by one event that carries stage and owner; a known one by what changed. */
static void
name_inbound_events(const struct inbound *in, struct change_types *types)
{
	gboolean is_new = in->before == NULL;
	gboolean customer = in->lead->stage == STAGE_CUSTOMER;
	gboolean was_qualified = !is_new && stage_is_qualified(in->before->stage);
	gboolean qualified = stage_is_qualified(in->lead->stage);

	change_add_type(types, customer && !in->flood, "customer.activity");
	change_add_type(types, is_new && !customer && !in->opts_out, "lead.created");
	change_add_type(types, !is_new && !customer && !in->flood, "lead.updated");
	change_add_type(types, in->opts_out, "contact.opted_out");
	change_add_type(types, in->stage.reopened, "lead.reopened");
	change_add_type(types, qualified && !was_qualified && !customer, "lead.qualified");
	change_add_type(types, !is_new && in->stage.changed, "lead.stage_changed");
	change_add_type(types, !is_new && in->assigned, "lead.assigned");
}

static char *
explain_inbound(const struct change_context *context, const struct inbound *in)
{
	const char *flag = in->flood                      ? ", flood: not told"
			   : in->identity.claimed != NULL ? ", unverified: claims another card"
			   : in->lead->unverified         ? ", unverified"
							  : "";

	if (in->before == NULL)
		return g_strdup_printf("new lead%s%s%s", in->lead->account != NULL ? " at " : "",
				       in->lead->account != NULL ? in->lead->account : "", flag);
	return g_strdup_printf("%s by %s%s", kind_name(context->facts->kind->kind),
			       match_name(in->identity.candidate->match), flag);
}

static struct decision *
close_inbound(const struct change_context *context, struct inbound *in)
{
	struct decision *decision = change_decision(
		in->before == NULL ? ACTION_CREATE : ACTION_ATTACH, explain_inbound(context, in));

	decision->lead = in->lead;
	decision->before = in->before;
	decision->touch = in->touch;
	decision->record_message = TRUE;
	decision->match = in->before != NULL ? in->identity.candidate->match : MATCHED_NOTHING;
	return decision;
}

static gboolean
is_flood(const struct change_context *context, const struct identity *identity)
{
	return identity->candidate == NULL && identity->proof != PROOF_VOUCHED &&
	       context->known->sender_new_leads >= context->config->flood_new_leads;
}

/* A mailbox that nobody asked us to watch makes no leads; an address that we signed does. */
static gboolean
may_make_lead(const struct change_context *context)
{
	const GPtrArray *candidates = context->known->candidates;

	for (guint i = 0; i < candidates->len; i++) {
		if (((const struct candidate *)candidates->pdata[i])->match == MATCHED_TOKEN)
			return TRUE;
	}
	return context->facts->mailboxes->len > 0;
}

static char *
find_refusal(const struct change_context *context, const struct identity *identity)
{
	if (identity->candidate == NULL && !may_make_lead(context))
		return g_strdup("no watched mailbox, and no lead we know");
	if (is_flood(context, identity))
		return g_strdup_printf("%u new leads of this sender already",
				       context->known->sender_new_leads);
	return NULL;
}

struct decision *
inbound_decide(const struct change_context *context)
{
	char *refusal;
	g_autoptr(GPtrArray) nothing = g_ptr_array_new();
	g_autoptr(GPtrArray) all = NULL;
	struct inbound in = { .ledger = nothing };
	struct decision *decision;
	struct change_types types = { .count = 0 };
	struct score score;

	identity_choose(context->facts, context->known, &in.identity);
	refusal = find_refusal(context, &in.identity);
	if (refusal != NULL) {
		identity_clear(&in.identity);
		return change_decision(ACTION_NONE, refusal);
	}
	in.opts_out = opts_out(context->facts, in.identity.proof);
	open_card(context, &in);
	warm_account(context, &in);
	add_inbound_touch(context, &in);
	count_inbound(context, &in);
	change_score(context, in.lead, in.ledger, in.touch, &score, &all);
	move_inbound(context, &in, &score);
	decision = close_inbound(context, &in);
	assign_lead(context, &in, decision);
	in.lead->due = sweep_due(in.lead, all, context->scorecards, context->now);
	name_inbound_events(&in, &types);
	change_add_events(context, decision, &score, &types);
	score_clear(&score);
	g_free(in.stage.cause);
	identity_clear(&in.identity);
	return decision;
}
