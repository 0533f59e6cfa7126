/* assign.c - see assign.h. */
#include "lead/assign.h"

#include <string.h>

#include "mail/address.h"

static const char FALLBACK[] = "fallback owner";

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
	for (guint i = 0; i < input->facts->mailboxes->len; i++) {
		const struct config_mailbox *mailbox = input->facts->mailboxes->pdata[i];

		if (mailbox->owner != NULL)
			return mailbox->owner;
	}
	return NULL;
}

static const char *
owner_of_nothing(const struct assign_input *input)
{
	return input->config->fallback_owner;
}

static const char *
who_wrote(const struct assign_input *input)
{
	const char *author = one_person(input->config, input->facts->sender.address);

	return author != NULL ? author : one_person(input->config, input->facts->auth_login);
}

struct rule {
	const char *(*owner)(const struct assign_input *input);
	const char *reason;
};

static struct assignment
assign_by(const struct rule *rules, guint count, const struct assign_input *input)
{
	for (guint i = 0; i < count; i++) {
		const char *owner = rules[i].owner(input);

		if (owner != NULL && *owner != '\0')
			return (struct assignment){ owner, rules[i].reason };
	}
	return (struct assignment){ NULL, NULL };
}

static struct assignment
keep(const struct lead *lead)
{
	return (struct assignment){ lead->owner, lead->owner_reason };
}

struct assignment
assign_inbound(const struct assign_input *input)
{
	static const struct rule RULES[] = {
		{ owner_of_claimed, "owner of the card it claims" },
		{ owner_of_account, "owner of the account" },
		{ owner_of_conversation, "owner of the conversation" },
		{ whom_they_answer, "answers this person" },
		{ owner_of_mailbox, "owner of the mailbox" },
		{ owner_of_nothing, FALLBACK },
	};

	if (input->lead->owner != NULL)
		return keep(input->lead);
	return assign_by(RULES, G_N_ELEMENTS(RULES), input);
}

struct assignment
assign_outbound(const struct assign_input *input)
{
	static const struct rule RULES[] = {
		{ who_wrote, "first to answer" },
	};
	struct assignment found;

	if (input->lead->owner != NULL && g_strcmp0(input->lead->owner_reason, FALLBACK) != 0)
		return keep(input->lead);
	found = assign_by(RULES, G_N_ELEMENTS(RULES), input);
	return found.owner != NULL ? found : keep(input->lead);
}
