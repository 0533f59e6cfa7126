/* fuzz-reply.c - reply_split() on text, and on HTML when the first byte is a '<'. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "mail/reply.h"

static void
check(const struct reply_text *split)
{
	const char *const texts[] = { split->new_text, split->quoted, split->signature };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert(g_utf8_validate(texts[i], -1, NULL));
	g_assert(strlen(split->language) < sizeof split->language);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LIMIT_TEXT)
		return 0;
	g_autofree char *text = g_utf8_make_valid((const char *)data, size);
	g_autoptr(html_text_owned) html = *text == '<' ? html_to_text(text, strlen(text)) : NULL;
	struct mail_address author = { "Ana Berg", "ana.berg@north.example" };
	struct mail mail = { .text = html ? (char *)"" : text, .from = g_ptr_array_new() };

	if (html)
		mail.html_text = html->text;
	g_ptr_array_add(mail.from, &author);
	g_autoptr(reply_text_owned) split = reply_split(&mail, html);
	check(split);
	/* nothing shows up from nowhere */
	const char *shown = html ? html->text : text;
	g_assert(strlen(split->new_text) + strlen(split->signature) <= strlen(shown) + 1);
	g_ptr_array_unref(mail.from);
	return 0;
}
