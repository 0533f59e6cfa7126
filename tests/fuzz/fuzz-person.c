/* fuzz-person.c - person_find() on a signature below a From name: the first line is the name. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "mail/person.h"

static void
check_text(const char *text)
{
	if (text)
		g_assert(g_utf8_validate(text, -1, NULL));
}

static void
check_phones(const GPtrArray *phones)
{
	g_assert(phones->len <= LIMIT_PHONES);
	for (guint i = 0; i < phones->len; i++) {
		const struct phone *phone = phones->pdata[i];

		g_assert(phone->raw && phone->kind);
		g_assert(!phone->e164 || *phone->e164 == '+');
		check_text(phone->raw);
	}
}

static void
check(const struct person *person)
{
	const char *const texts[] = { person->name,      person->prefix, person->first_name,
				      person->last_name, person->suffix, person->title,
				      person->company,   person->country };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		check_text(texts[i]);
	for (guint i = 0; i < person->urls->len; i++)
		check_text(person->urls->pdata[i]);
	g_assert(person->urls->len <= LIMIT_URLS);
	check_phones(person->phones);
	check_phones(person->faxes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 16384)
		return 0;
	g_autofree char *text = g_utf8_make_valid((const char *)data, size);
	char *signature = text + strcspn(text, "\n");

	if (*signature)
		*signature++ = '\0';
	struct sender sender = { .address = (char *)"ana@north.co.uk",
				 .domain = (char *)"north.co.uk",
				 .org_domain = (char *)"north.co.uk",
				 .name = text };
	struct mail mail = { .reply_to = g_ptr_array_new() };
	struct reply_text below = { .new_text = (char *)"Hi.",
				    .quoted = (char *)"",
				    .signature = signature };
	struct reply_text above = { .new_text = signature,
				    .quoted = (char *)"",
				    .signature = (char *)"" };
	struct forward forward = { .name = text, .address = sender.address, .text = signature };
	const struct person_input inputs[] = { { &mail, &sender, &below, NULL, NULL, "RO" },
					       { &mail, &sender, &above, NULL, NULL, NULL },
					       { &mail, &sender, &above, &forward, NULL, "US" } };

	for (guint i = 0; i < G_N_ELEMENTS(inputs); i++) {
		g_autoptr(person_owned) person = person_find(&inputs[i]);

		check(person);
	}
	g_ptr_array_unref(mail.reply_to);
	return 0;
}
