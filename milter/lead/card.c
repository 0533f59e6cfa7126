/* card.c - see card.h. */
#include "lead/card.h"

#include <string.h>

#include "base/limits.h"
#include "lead/identity.h"

static void
set(char **field, const char *value)
{
	if (g_strcmp0(*field, value) == 0)
		return;
	g_free(*field);
	*field = g_strdup(value);
}

/* Write a value that is known; over another one only when the person said it themself. */
static void
put(char **field, const char *value, gboolean replace)
{
	if (value == NULL || *value == '\0' || (*field != NULL && !replace))
		return;
	set(field, value);
}

static gboolean
is_stated(enum person_origin origin)
{
	return origin == FROM_SIGNATURE || origin == FROM_FORM;
}

/* A person is called on a mobile rather than on a desk, never on a fax. */
static guint
phone_worth(const struct phone *phone)
{
	static const struct {
		const char *kind;
		guint worth;
	} KINDS[] = { { "fax", 0 }, { "toll_free", 1 }, { "switchboard", 1 }, { "mobile", 4 } };

	if (phone->e164 == NULL)
		return 0;
	for (guint i = 0; i < G_N_ELEMENTS(KINDS); i++) {
		if (g_strcmp0(phone->kind, KINDS[i].kind) == 0)
			return KINDS[i].worth;
	}
	return phone->extension != NULL ? 3 : 2;
}

static void
write_phones(struct lead *lead, const struct person *person, gboolean replace)
{
	const struct phone *best = NULL;

	for (guint i = 0; i < person->phones->len; i++) {
		const struct phone *phone = person->phones->pdata[i];

		if (phone->e164 != NULL)
			lead_add_text(lead->phones, phone->e164, LIMIT_PHONES);
		if (phone_worth(phone) > (best != NULL ? phone_worth(best) : 0))
			best = phone;
	}
	if (best != NULL)
		put(&lead->phone, best->e164, replace);
}

static void
write_name(struct lead *lead, const struct person *person, gboolean replace)
{
	gboolean whole;

	if (person->name == NULL || person->implausible_name)
		return;
	/* "anna" must not replace "Anna Schmidt". */
	whole = person->first_name != NULL && person->last_name != NULL;
	if (lead->name != NULL && !(replace && whole))
		return;
	set(&lead->name, person->name);
	set(&lead->prefix, person->prefix);
	set(&lead->first_name, person->first_name);
	set(&lead->last_name, person->last_name);
}

static void
write_address(struct lead *lead, const struct person *person)
{
	if (person->normalised == NULL)
		return;
	if (lead->normalised == NULL) {
		set(&lead->normalised, person->normalised);
		set(&lead->address, person->address);
	} else if (strcmp(lead->normalised, person->normalised) == 0) {
		put(&lead->address, person->address, TRUE);
	}
}

static void
forget(struct lead *lead)
{
	char **fields[] = { &lead->name,     &lead->prefix, &lead->first_name, &lead->last_name,
			    &lead->title,    &lead->rank,   &lead->company,    &lead->country,
			    &lead->language, &lead->phone };

	for (guint i = 0; i < G_N_ELEMENTS(fields); i++)
		g_clear_pointer(fields[i], g_free);
	g_ptr_array_set_size(lead->phones, 0);
	g_ptr_array_set_size(lead->urls, 0);
}

void
card_write(struct lead *lead, const struct facts *facts, enum card_trust trust)
{
	const struct person *person = facts->person;
	gboolean replace = trust != CARD_FILL;

	if (trust == CARD_REPLACE)
		forget(lead);
	write_address(lead, person);
	write_name(lead, person, replace);
	put(&lead->title, person->title, replace);
	if (person->rank != RANK_UNKNOWN)
		put(&lead->rank, title_rank_name(person->rank), replace);
	if (!person->company_is_isp)
		put(&lead->company, person->company, replace && is_stated(person->company_origin));
	put(&lead->country, person->country, replace && is_stated(person->country_origin));
	if (facts->forward == NULL)
		put(&lead->language, facts->text->language, replace);
	write_phones(lead, person, replace && is_stated(person->title_origin));
	for (guint i = 0; i < person->urls->len; i++)
		lead_add_text(lead->urls, person->urls->pdata[i], LIMIT_URLS);
	put(&lead->account, identity_account(&facts->person_sender), FALSE);
}

void
card_write_account(struct lead *lead, const struct facts *facts, const struct known *known)
{
	const char *domain = identity_account(&facts->person_sender);

	if (domain != NULL && g_strcmp0(lead->account, domain) == 0)
		set(&lead->account, identity_account_of(facts, known));
}

void
card_add_address(struct lead *lead, const char *normalised)
{
	if (g_strcmp0(lead->normalised, normalised) != 0)
		lead_add_text(lead->addresses, normalised, LIMIT_LEAD_ADDRESSES);
}

void
card_add_duplicate(struct lead *lead, const char *id, const char *reason)
{
	GPtrArray *ids = lead->possible_duplicates, *reasons = lead->duplicate_reasons;

	if (ids->len >= LIMIT_DUPLICATES || g_strcmp0(lead->id, id) == 0 ||
	    g_ptr_array_find_with_equal_func(ids, id, g_str_equal, NULL) ||
	    g_ptr_array_find_with_equal_func(lead->apart, id, g_str_equal, NULL))
		return;
	/* Those of the first schema have no reasons. */
	while (reasons->len < ids->len)
		g_ptr_array_add(reasons, g_strdup("not recorded"));
	g_ptr_array_set_size(reasons, ids->len);
	g_ptr_array_add(ids, g_strdup(id));
	g_ptr_array_add(reasons, g_strdup(reason));
}

/* --- source --- */

const struct config_mailbox *
card_mailbox(const struct facts *facts)
{
	return facts->mailboxes->len > 0 ? facts->mailboxes->pdata[0] : NULL;
}

const char *
card_mailbox_address(const struct facts *facts)
{
	return facts->mailbox_addresses->len > 0 ? facts->mailbox_addresses->pdata[0] : NULL;
}

static const char *
campaign(const struct facts *facts)
{
	const char *named = NULL;

	if (facts->form != NULL)
		named = form_value(facts->form, "utm_campaign");
	if (named == NULL && facts->content->utm != NULL)
		named = g_hash_table_lookup(facts->content->utm, "utm_campaign");
	return named;
}

/* The configured source of the form's profile, or NULL. */
static const char *
source_of_profile(const struct facts *facts)
{
	for (guint i = 0; i < facts->config->forms->len; i++) {
		const struct config_form *form = facts->config->forms->pdata[i];

		if (g_strcmp0(form->name, facts->form->name) == 0)
			return form->source;
	}
	return NULL;
}

static char *
name_source(const struct facts *facts)
{
	const struct config_mailbox *mailbox = card_mailbox(facts);
	const char *source = facts->form != NULL ? source_of_profile(facts) : NULL;

	if (source != NULL)
		return g_strdup(source);
	if (facts->form != NULL)
		return g_strconcat("form:", facts->form->name, NULL);
	if (mailbox != NULL && mailbox->source != NULL)
		return g_strdup(mailbox->source);
	return g_strdup(card_mailbox_address(facts));
}

void
card_write_source(struct lead *lead, const struct facts *facts)
{
	g_free(lead->source);
	lead->source = name_source(facts);
	set(&lead->source_mailbox, card_mailbox_address(facts));
	if (facts->mailbox_tags->len > 0)
		set(&lead->source_tag, facts->mailbox_tags->pdata[0]);
	if (facts->form != NULL) {
		set(&lead->source_form, facts->form->name);
		set(&lead->source_referrer, form_value(facts->form, "referrer"));
	}
	set(&lead->source_campaign, campaign(facts));
	if (facts->forward != NULL)
		set(&lead->source_forwarder, facts->forward->by);
}

gboolean
card_has_contact(const struct facts *facts)
{
	const struct person *person = facts->person;

	return person->normalised != NULL || person->name != NULL || person->phones->len > 0;
}
