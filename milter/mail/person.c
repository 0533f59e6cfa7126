/*
 * person.c - see person.h.
 *
 * Sources in the order they are believed: the form's fields, the signature of the text the
 * person wrote (a forward's is the original's), From and Reply-To, the domain's country.
 */
#include "mail/person.h"

#include <string.h>

#include "base/limits.h"
#include "mail/address.h"
#include "mail/company.h"
#include "mail/contact_block.h"
#include "mail/country.h"
#include "mail/name.h"
#include "mail/person_lines.h"
#include "mail/title.h"
#include "mail/weblink.h"

void
person_phone_free(gpointer data)
{
	struct phone *phone = data;

	g_free(phone->raw);
	g_free(phone->e164);
	g_free(phone->region);
	g_free(phone->kind);
	g_free(phone->extension);
	g_free(phone);
}

static struct person *
person_new(void)
{
	struct person *person = g_new0(struct person, 1);

	person->phones = g_ptr_array_new_with_free_func(person_phone_free);
	person->faxes = g_ptr_array_new_with_free_func(person_phone_free);
	person->urls = g_ptr_array_new_with_free_func(g_free);
	return person;
}

/* --- the name --- */

static void
take_parts(struct person *person, struct name_parts *parts, enum person_origin origin)
{
	g_free(person->name);
	g_free(person->prefix);
	g_free(person->first_name);
	g_free(person->last_name);
	g_free(person->suffix);
	person->name = g_steal_pointer(&parts->whole);
	person->prefix = g_steal_pointer(&parts->prefix);
	person->first_name = g_steal_pointer(&parts->first);
	person->last_name = g_steal_pointer(&parts->last);
	person->suffix = g_steal_pointer(&parts->suffix);
	person->name_origin = person->name ? origin : FROM_NONE;
}

/* @return FALSE when what is shown is no person's name */
static gboolean
take_name(struct person *person, const char *shown, enum person_origin origin)
{
	struct name_parts parts;
	gboolean personal;

	if (!shown)
		return FALSE;
	name_split(shown, &parts);
	personal = parts.whole && !name_is_impersonal(parts.whole);
	if (personal)
		take_parts(person, &parts, origin);
	if (personal && parts.organisation && !person->company) {
		struct words words;
		gsize end;

		words_split(parts.organisation, strlen(parts.organisation), &words);
		if (company_judge(parts.organisation, strlen(parts.organisation), &words, NULL,
				  &end) >= COMPANY_WORD) {
			person->company = g_strndup(parts.organisation, end);
			person->company_origin = origin;
		}
	}
	name_parts_clear(&parts);
	return personal;
}

static gboolean
is_same_address(const char *one, const char *other)
{
	return one && other && g_ascii_strcasecmp(one, other) == 0;
}

static enum person_origin
header_origin(const struct person_input *input)
{
	if (input->forward)
		return FROM_FORWARD;
	if (input->form &&
	    is_same_address(form_value(input->form, "email"), input->sender->address))
		return FROM_FORM;
	return FROM_FROM;
}

/* Reply-To's name, when it is of the same mailbox or From shows none. */
static void
name_from_headers(struct person *person, const struct person_input *input)
{
	const struct sender *sender = input->sender;

	if (take_name(person, sender->name, header_origin(input)) || input->forward)
		return;
	for (guint i = 0; i < input->mail->reply_to->len; i++) {
		const struct mail_address *address = input->mail->reply_to->pdata[i];

		if (is_same_address(address->address, sender->address) &&
		    take_name(person, address->name, FROM_REPLY_TO))
			return;
	}
}

/* The signature's name, when it is fuller than what the header shows. */
static void
name_from_signature(struct person *person, const char *shown)
{
	struct name_parts parts;

	if (!shown)
		return;
	name_split(shown, &parts);
	if (parts.whole && !name_is_impersonal(parts.whole) &&
	    (!person->name || (!person->last_name && parts.last)))
		take_parts(person, &parts, FROM_SIGNATURE);
	name_parts_clear(&parts);
}

/* --- the form --- */

static void
set(char **field, const char *value, enum person_origin *origin)
{
	if (!value || !*value)
		return;
	g_free(*field);
	*field = g_strdup(value);
	*origin = FROM_FORM;
}

static void
read_form_name(struct person *person, const struct form *form)
{
	const char *first = form_value(form, "first_name"), *last = form_value(form, "last_name");
	g_autofree char *both = first && last ? g_strconcat(first, " ", last, NULL) : NULL;
	const char *name = form_value(form, "name");

	if (both || !name)
		name = both ? both : first ? first : last;
	if (!take_name(person, name, FROM_FORM) || !both)
		return;
	g_free(person->first_name);
	g_free(person->last_name);
	person->first_name = g_strdup(first);
	person->last_name = g_strdup(last);
}

static void
read_form(struct person *person, const struct person_context *context, const struct form *form)
{
	const char *country = form_value(form, "country"), *url = form_value(form, "url"), *code;

	read_form_name(person, form);
	set(&person->company, form_value(form, "company"), &person->company_origin);
	set(&person->title, form_value(form, "title"), &person->title_origin);
	code = country ? country_of_name(country, strlen(country)) : NULL;
	set(&person->country, code, &person->country_origin);
	for (guint i = 0; i < form->fields->len; i++) {
		const struct form_field *field = form->fields->pdata[i];

		if (g_strcmp0(field->key, "phone") == 0 && field->value)
			person_add_phone(person, context, field->value);
	}
	if (url)
		weblink_find(url, strlen(url), context->domain, person->urls);
	if (person->title)
		person->rank = title_rank_of(person->title);
}

/* --- the text --- */

/* A forward's text, split as the message it was. */
static struct reply_text *
split_forward(const struct forward *forward)
{
	struct mail_address author = { forward->name, forward->address };
	g_autoptr(GPtrArray) from = g_ptr_array_new();
	struct mail mail = { .text = forward->text, .from = from, .subject = (char *)"" };

	if (forward->address)
		g_ptr_array_add(from, &author);
	return reply_split(&mail, NULL);
}

static void
read_text(struct person *person, const struct person_context *context,
	  const struct reply_text *text)
{
	g_autofree char *name = NULL;
	struct contact_block block;

	contact_block_find(text->signature, text->new_text, context->name, &block);
	if (block.count > 0)
		person_lines_read(&block, context, person, &name);
	name_from_signature(person, name);
	if (person->phones->len == 0)
		person_lines_read_prose(text->new_text, context, person);
}

static void
read_written(struct person *person, struct person_context *context,
	     const struct person_input *input)
{
	g_autoptr(reply_text_owned) original = NULL;
	const struct reply_text *text = input->text;

	if (input->forward)
		text = original = split_forward(input->forward);
	context->name = person->name;
	if (text)
		read_text(person, context, text);
}

/* --- conclusions --- */

static void
guess_country(struct person *person, const struct sender *sender)
{
	const char *code = country_of_domain(sender->domain);

	for (guint i = 0; i < person->phones->len && !person->country; i++) {
		const struct phone *phone = person->phones->pdata[i];

		if (!phone->region || !strchr(phone->raw, '+'))
			continue;
		person->country = g_strdup(phone->region);
		person->country_origin = FROM_SIGNATURE;
	}
	if (person->country || !code)
		return;
	person->country = g_strdup(code);
	person->country_origin = FROM_DOMAIN;
}

static gboolean
is_provider(const char *company, const struct sender *sender)
{
	struct words words;

	if (!company || !(sender->isp || sender->freemail))
		return FALSE;
	words_split(company, strlen(company), &words);
	return company_is_domain(&words, sender->org_domain ? sender->org_domain : sender->domain);
}

/* A number that rings at this person, not at an office or a hotline. */
static gboolean
has_personal_phone(const struct person *person)
{
	static const char *const shared[] = { "toll_free", "switchboard", "premium", "shared_cost",
					      "company" };

	for (guint i = 0; i < person->phones->len; i++) {
		const struct phone *phone = person->phones->pdata[i];
		gboolean personal = TRUE;

		for (gsize k = 0; k < G_N_ELEMENTS(shared); k++)
			personal &= strcmp(phone->kind, shared[k]) != 0;
		if (personal || phone->extension)
			return TRUE;
	}
	return FALSE;
}

static gboolean
is_reachable(const struct person *person, const struct sender *sender)
{
	if (person->address && !sender->role)
		return TRUE;
	return person->name && (person->address || has_personal_phone(person));
}

static void
find_regions(struct person_context *context, const struct person_input *input)
{
	const char *code = country_of_domain(input->sender->domain);
	guint n = 0;

	if (code)
		context->regions[n++] = code;
	if (input->default_region && *input->default_region &&
	    g_strcmp0(code, input->default_region) != 0)
		context->regions[n++] = input->default_region;
}

struct person *
person_find(const struct person_input *input)
{
	const struct sender *sender = input->sender;
	struct person *person = person_new();
	struct person_context context = { 0 };

	if (!sender->freemail && !sender->isp && !sender->relay)
		context.domain = sender->org_domain ? sender->org_domain : sender->domain;
	find_regions(&context, input);
	person->address = g_strdup(sender->address);
	person->normalised = g_strdup(sender->normalised);
	name_from_headers(person, input);
	if (input->form)
		read_form(person, &context, input->form);
	else
		read_written(person, &context, input);
	guess_country(person, sender);
	person->implausible_name = name_is_implausible(person->name);
	person->company_is_isp = is_provider(person->company, sender);
	person->reachable = is_reachable(person, sender);
	return person;
}

void
person_free(struct person *person)
{
	if (!person)
		return;
	g_ptr_array_unref(person->phones);
	g_clear_pointer(&person->faxes, g_ptr_array_unref);
	g_ptr_array_unref(person->urls);
	g_free(person->address);
	g_free(person->normalised);
	g_free(person->name);
	g_free(person->prefix);
	g_free(person->first_name);
	g_free(person->last_name);
	g_free(person->suffix);
	g_free(person->title);
	g_free(person->company);
	g_free(person->country);
	g_free(person);
}

const char *
person_origin_name(enum person_origin origin)
{
	static const char *const names[] = { "",     "from",    "reply_to", "signature",
					     "form", "forward", "domain" };
	return names[origin];
}

const char *
title_rank_name(enum title_rank rank)
{
	static const char *const names[] = { "", "user", "influencer", "decision_maker" };
	return names[rank];
}
