/* assign.c - see assign.h. */
#include "lead/assign.h"

#include <string.h>

#include "lead/assign_rules.h"
#include "lead/stage.h"
#include "mail/address.h"

static const char FALLBACK[] = "fallback owner";

void
assignment_clear(struct assignment *assignment)
{
	g_clear_pointer(&assignment->owner, g_free);
	g_clear_pointer(&assignment->reason, g_free);
	g_clear_pointer(&assignment->notice, g_free);
	g_clear_pointer(&assignment->credits, g_ptr_array_unref);
}

/* --- who is meant --- */

/* A shared mailbox is nobody's: mail from sales@ doesn't say who of us wrote. */
static gboolean
is_watched(const struct config *config, const char *address)
{
	for (guint i = 0; i < config->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = config->mailboxes->pdata[i];

		if (mailbox->match == MATCH_ADDRESS &&
		    g_ascii_strcasecmp(mailbox->address, address) == 0)
			return TRUE;
	}
	return FALSE;
}

static const char *
one_person(const struct config *config, const char *address)
{
	if (address == NULL || !address_is_valid(address) || is_watched(config, address))
		return NULL;
	return address;
}

static const char *
owner_of_account(const struct assign_input *input)
{
	const struct account *account = input->known->account;

	if (input->lead->account == NULL)
		return NULL;
	if (account != NULL && account->owner != NULL)
		return account->owner;
	return input->known->account_owner;
}

static const char *
owner_of_conversation(const struct assign_input *input)
{
	return input->conversation != NULL ? input->conversation->owner : NULL;
}

static const char *
owner_of_claimed(const struct assign_input *input)
{
	return input->claimed != NULL ? input->claimed->owner : NULL;
}

static const char *
whom_they_answer(const struct assign_input *input)
{
	return one_person(input->config, input->known->replied_to);
}

static const char *
owner_of_mailbox(const struct assign_input *input)
{
	for (guint i = 0; input->facts != NULL && i < input->facts->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = input->facts->mailboxes->pdata[i];

		if (mailbox->owner != NULL)
			return mailbox->owner;
	}
	return NULL;
}

static const char *
who_wrote(const struct assign_input *input)
{
	const char *author = one_person(input->config, input->facts->sender.address);

	return author != NULL ? author : one_person(input->config, input->facts->auth_login);
}

/* --- who is there --- */

/* How an absence is taken: somebody known stays with whom they know. */
enum bond { BOND_PERSON, BOND_PLACE };

/* Give it to `address`, or to who stands in.  @return FALSE when they have left and nobody does */
static gboolean
give(const struct assign_input *input, const struct owners *owners, const char *address,
     enum bond bond, const char *reason, struct assignment *ret)
{
	const struct owner *owner = owners_find(owners, address);
	enum presence presence = owner != NULL ? owner_presence(owner, input->time) : PRESENT;
	const struct owner *other = NULL;

	if (presence == LEFT || (presence == ABSENT && bond == BOND_PLACE))
		other = owners_stand_in(owners, owner, input->time);
	if (presence == LEFT && other == NULL)
		return FALSE;
	if (other != NULL) {
		g_autofree char *notice = owners_notice(owners, address, input->time);

		ret->owner = g_strdup(other->address);
		ret->reason = g_strdup_printf("%s (%s %s)", reason, owner->address, notice);
		return TRUE;
	}
	/* Of two spellings of an address the listed one counts, or loads would be counted apart. */
	ret->owner = g_strdup(owner != NULL ? owner->address : address);
	ret->reason = g_strdup(reason);
	if (presence == ABSENT) {
		g_autofree char *notice = owners_notice(owners, address, input->time);

		ret->notice = g_strdup_printf("%s %s", owner->address, notice);
	}
	return TRUE;
}

/* --- rules of the configuration --- */

/* What conditions may read: the card as the message leaves it, but counts and times of before, or a
 * first mail would look like a second one. */
static struct lead
view_lead(const struct assign_input *input)
{
	static const struct lead NOTHING;
	const struct lead *before = input->before != NULL ? input->before : &NOTHING;
	struct lead view = *input->lead;

	view.created = before->created;
	view.first_inbound = before->first_inbound;
	view.last_inbound = before->last_inbound;
	view.first_response = before->first_response;
	view.last_outbound = before->last_outbound;
	view.inbound_count = before->inbound_count;
	view.outbound_count = before->outbound_count;
	view.touch_count = before->touch_count;
	return view;
}

static struct signal_input
read_signals(const struct assign_input *input, const struct lead *view)
{
	return (struct signal_input){ .facts = input->facts,
				      .known = input->known,
				      .lead = view,
				      .touches = input->touches,
				      .targets = scorecards_targets(input->scorecards),
				      .now = input->time };
}

/* @return TRUE when a rule decided; else ret->reason says why those that hold did not, if any */
static gboolean
ask_rules(const struct assign_input *input, const struct owners *owners, struct assignment *ret)
{
	const struct lead view = view_lead(input);
	struct assign_choice choice;
	struct signal_input signals;

	if (input->scorecards == NULL || input->config->assigns->len == 0)
		return FALSE;
	signals = read_signals(input, &view);
	assign_rules_choose(scorecards_assign_rules(input->scorecards), &signals, owners,
			    input->known->credits, input->time, &choice);
	ret->owner = g_strdup(choice.owner);
	ret->reason = g_steal_pointer(&choice.reason);
	ret->credits = g_steal_pointer(&choice.credits);
	assign_choice_clear(&choice);
	return choice.rule != NULL;
}

static void
fall_back(const struct assign_input *input, const struct owners *owners, struct assignment *ret)
{
	g_autofree char *why = g_steal_pointer(&ret->reason);
	g_autofree char *reason =
		why != NULL ? g_strdup_printf("%s: %s", FALLBACK, why) : g_strdup(FALLBACK);

	if (input->config->fallback_owner == NULL ||
	    !give(input, owners, input->config->fallback_owner, BOND_PLACE, reason, ret))
		ret->reason = g_steal_pointer(&why);
}

/* --- decisions --- */

static gboolean
is_fallback(const struct lead *lead)
{
	return lead->owner_reason != NULL && g_str_has_prefix(lead->owner_reason, FALLBACK);
}

static void
keep(const struct lead *lead, struct assignment *ret)
{
	ret->owner = g_strdup(lead->owner);
	ret->reason = g_strdup(lead->owner_reason);
}

static gboolean
keep_owner(const struct assign_input *input, const struct owners *owners, struct assignment *ret)
{
	const struct lead *lead = input->lead;
	const struct owner *owner = owners_find(owners, lead->owner);

	if (lead->owner == NULL)
		return FALSE;
	if (owner != NULL && owner_presence(owner, input->time) == LEFT)
		return give(input, owners, lead->owner, BOND_PERSON, "was theirs", ret);
	keep(lead, ret);
	ret->notice = owners_notice(owners, lead->owner, input->time);
	if (ret->notice != NULL) {
		g_autofree char *words = g_steal_pointer(&ret->notice);

		ret->notice = g_strdup_printf("%s %s", lead->owner, words);
	}
	return TRUE;
}

void
assign_inbound(const struct assign_input *input, struct assignment *ret)
{
	static const struct {
		const char *(*owner)(const struct assign_input *input);
		enum bond bond;
		const char *reason;
	} STEPS[] = {
		{ owner_of_claimed, BOND_PERSON, "owner of the card it claims" },
		{ owner_of_account, BOND_PERSON, "owner of the account" },
		{ owner_of_conversation, BOND_PERSON, "owner of the conversation" },
		{ whom_they_answer, BOND_PERSON, "answers this person" },
		{ owner_of_mailbox, BOND_PLACE, "owner of the mailbox" },
	};
	g_autoptr(owners_owned) owners = owners_new(input->config, input->known->owners);

	*ret = (struct assignment){ .owner = NULL };
	if (keep_owner(input, owners, ret))
		return;
	for (guint i = 0; i < G_N_ELEMENTS(STEPS); i++) {
		const char *owner = STEPS[i].owner(input);

		if (owner != NULL && *owner != '\0' &&
		    give(input, owners, owner, STEPS[i].bond, STEPS[i].reason, ret))
			return;
	}
	/* What is closed is nobody's work; when it is reopened the rules are asked. */
	if (!stage_is_closed(input->lead->stage) && !ask_rules(input, owners, ret))
		fall_back(input, owners, ret);
}

static gboolean
waits_for_a_word(const struct lead *lead)
{
	return lead->owner == NULL && lead->owner_reason != NULL &&
	       g_str_has_prefix(lead->owner_reason, ASSIGN_BY_HAND);
}

/* Who answers a lead that is nobody's, or only fell to the fallback owner, owns it. */
static gboolean
is_free(const struct assign_input *input, const struct owners *owners)
{
	const struct lead *lead = input->lead;
	const struct owner *owner = owners_find(owners, lead->owner);

	if (lead->owner == NULL)
		return !waits_for_a_word(lead);
	return is_fallback(lead) || (owner != NULL && owner_presence(owner, input->time) == LEFT);
}

void
assign_outbound(const struct assign_input *input, struct assignment *ret)
{
	g_autoptr(owners_owned) owners = owners_new(input->config, input->known->owners);
	const char *author = who_wrote(input);
	const struct owner *owner = owners_find(owners, author);

	*ret = (struct assignment){ .owner = NULL };
	if (author == NULL || !is_free(input, owners)) {
		keep(input->lead, ret);
		return;
	}
	ret->owner = g_strdup(owner != NULL ? owner->address : author);
	ret->reason = g_strdup("first to answer");
}

gboolean
assign_to(struct lead *lead, const char *owner, const char *reason, gint64 time)
{
	char *address = owner != NULL && owner[0] != '\0' ? g_strdup(owner) : NULL;
	char *words = g_strdup(reason);
	gboolean changed = g_strcmp0(lead->owner, address) != 0;

	g_free(lead->owner);
	g_free(lead->owner_reason);
	lead->owner = address;
	lead->owner_reason = words;
	if (changed)
		lead->owner_since = address != NULL ? time : 0;
	return changed;
}

gint64
assign_response_within(const struct assign_input *input)
{
	const GPtrArray *mailboxes = input->facts != NULL ? input->facts->mailboxes : NULL;
	const struct lead view = view_lead(input);
	gint64 within = 0;

	if (input->scorecards != NULL && input->config->assigns->len > 0) {
		const struct signal_input signals = read_signals(input, &view);

		within = assign_rules_response_within(scorecards_assign_rules(input->scorecards),
						      &signals);
	}
	for (guint i = 0; mailboxes != NULL && i < mailboxes->len && within == 0; i++)
		within = ((const struct config_mailbox *)mailboxes->pdata[i])->response_within;
	return within != 0 ? within : input->config->response_within;
}
