/* person.c - see person.h. */
#include "mail/person.h"

static void
phone_free(gpointer data)
{
	struct phone *phone = data;
	g_free(phone->raw);
	g_free(phone->e164);
	g_free(phone->region);
	g_free(phone->kind);
	g_free(phone->extension);
	g_free(phone);
}

struct person *
person_find(const struct person_input *input)
{
	struct person *person = g_new0(struct person, 1);
	person->phones = g_ptr_array_new_with_free_func(phone_free);
	person->urls = g_ptr_array_new_with_free_func(g_free);
	person->address = g_strdup(input->sender->address);
	person->normalised = g_strdup(input->sender->normalised);
	person->name = g_strdup(input->sender->name);
	person->name_origin = person->name ? FROM_FROM : FROM_NONE;
	person->reachable = person->address && !input->sender->role;
	return person;
}

void
person_free(struct person *person)
{
	if (!person)
		return;
	g_ptr_array_unref(person->phones);
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
