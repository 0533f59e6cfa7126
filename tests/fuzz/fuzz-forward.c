/* fuzz-forward.c - forward_detect(): the first line is the subject, the rest the text. */
#include <stdint.h>
#include <string.h>

#include "base/limits.h"
#include "mail/forward.h"

static void
check(const struct forward *forward, gsize size)
{
	const char *const texts[] = { forward->by,      forward->name, forward->address,
				      forward->subject, forward->text, forward->note };
	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert(!texts[i] || g_utf8_validate(texts[i], -1, NULL));
	g_assert(forward->text && forward->note);
	/* nothing shows up from nowhere */
	g_assert(strlen(forward->text) + strlen(forward->note) <= size + 2);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > LIMIT_TEXT)
		return 0;
	g_autofree char *text = g_utf8_make_valid((const char *)data, size);
	gsize length = strlen(text);
	char *body = strchr(text, '\n');
	if (body)
		*body++ = 0;
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	struct mail mail = { .subject = text,
			     .text = body ? body : (char *)"",
			     .from = none,
			     .to = none,
			     .cc = none,
			     .in_reply_to = none,
			     .references = none };
	g_autoptr(forward_owned) forward = forward_detect(&mail);
	if (forward)
		check(forward, length);
	return 0;
}
