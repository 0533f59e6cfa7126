/* fuzz-form.c - form_detect() on the text of a website's message, HTML when it begins with '<'. */
#include <stdint.h>
#include <string.h>

#include "base/config.h"
#include "base/limits.h"
#include "mail/form.h"

static void
check(const struct form *form)
{
	g_assert(form->fields->len <= LIMIT_FORM_FIELDS + 2);
	for (guint i = 0; i < form->fields->len; i++) {
		const struct form_field *field = g_ptr_array_index(form->fields, i);
		g_assert(*field->value && strlen(field->value) <= 2 * LIMIT_FORM_VALUE);
		g_assert(g_utf8_validate(field->value, -1, NULL));
		g_assert(g_utf8_validate(field->label, -1, NULL));
		g_assert(!field->key || *field->key);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LIMIT_TEXT)
		return 0;
	g_autofree char *text = g_utf8_make_valid((const char *)data, size);
	g_autoptr(html_text_owned) html = *text == '<' ? html_to_text(text, strlen(text)) : NULL;
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GPtrArray) senders = g_ptr_array_new();
	g_autoptr(raw_mail_owned) raw = raw_mail_new(1);
	struct mail_address site = { (char *)"Site", (char *)"noreply@web.example" };
	struct mail_address lead = { (char *)"Luis", (char *)"luis@north.example" };
	struct config config = { .forms = none, .own_domains = none };
	struct mail mail = { .text = html ? (char *)"" : text,
			     .html_text = html ? html->text : NULL,
			     .headers = none,
			     .from = senders,
			     .to = none,
			     .reply_to = none,
			     .in_reply_to = none };

	g_ptr_array_add(senders, &site);
	g_autoptr(form_owned) plain = form_detect(&config, raw, &mail, html);
	if (plain)
		check(plain);
	g_autoptr(GPtrArray) answers = g_ptr_array_new();
	g_ptr_array_add(answers, &lead);
	mail.reply_to = answers;
	g_autoptr(form_owned) answered = form_detect(&config, raw, &mail, html);
	if (answered)
		check(answered);
	return 0;
}
